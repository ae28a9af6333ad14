"""keras_workloads.py WORKLOAD [jax|tensorflow]: W1 to W7 as Keras's users write them: fit, and predict_on_batch."""
import os
import sys
BACKEND = (sys.argv[2:] + ["jax"])[0]
os.environ.update(KERAS_BACKEND=BACKEND, TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="", JAX_PLATFORMS="cpu")
from common import *
if BACKEND == "tensorflow":
    import tensorflow as backend
    backend.config.threading.set_intra_op_parallelism_threads(THREADS)
    backend.config.threading.set_inter_op_parallelism_threads(THREADS)
else:
    if THREADS == 1:
        os.environ["XLA_FLAGS"] = os.environ.get("XLA_FLAGS", "") + " --xla_cpu_multi_thread_eigen=false"
    import jax as backend
import keras
from keras import layers as K
keras.utils.set_random_seed(0)
V, PEER = f"{keras.__version__} on {BACKEND} {backend.__version__}", f"keras-{BACKEND}"


def mlp():
    return [K.Input((784,)), K.Dense(256, "relu"), K.Dropout(0.4), K.Dense(128, "relu"), K.Dropout(0.3), K.Dense(10, "softmax")]


def cnn():
    return [K.Input((28, 28, 1)), K.Conv2D(32, 3, activation="relu"), K.Conv2D(64, 3, activation="relu"), K.MaxPooling2D(2), K.Dropout(0.25),
            K.Flatten(), K.Dense(128, "relu"), K.Dropout(0.5), K.Dense(10, "softmax")]


def resnet():
    def unit(x, filters, size=3, strides=1):
        return K.BatchNormalization()(K.Conv2D(filters, size, strides, "same", use_bias=False)(x))
    image = K.Input((32, 32, 3))
    x = K.ReLU()(unit(image, 64))
    for filters, strides in STAGES:
        h = unit(K.ReLU()(unit(x, filters, 3, strides)), filters)
        x = K.ReLU()(h + (unit(x, filters, 1, strides) if strides > 1 else x))
    return keras.Model(image, K.Dense(10, "softmax")(K.GlobalAveragePooling2D()(x)))


def encoder():
    x = tokens = K.Input((128, 256))
    for _ in range(4):
        x = K.LayerNormalization()(x + K.MultiHeadAttention(8, 32)(x, x))
        x = K.LayerNormalization()(x + K.Dense(256)(K.Dense(1024, "relu")(x)))
    return keras.Model(tokens, K.Dense(10, "softmax")(K.GlobalAveragePooling1D()(x)))


def text(*layers):
    return [K.Input((40, 57)), *layers, K.Dense(57, "softmax")]


def reviews():
    return [K.Input((80,), dtype="int32"), K.Embedding(20_000, 128), K.LSTM(128), K.Dense(1, "sigmoid")]


m = dict(W1=mlp, W2=cnn, W3a=lambda: text(K.LSTM(128)), W3b=lambda: text(K.LSTM(128, return_sequences=True), K.LSTM(128)), W3c=reviews,
         W4a=mlp, W4b=mlp, W4c=cnn, W4d=cnn, W7a=resnet, W7b=encoder)[W]()
m = keras.Sequential(m) if isinstance(m, list) else m
rms, O = keras.optimizers.RMSprop, keras.optimizers
m.compile({"W1": rms(), "W3a": rms(), "W3b": rms(), "W7a": O.SGD(0.01, momentum=0.9), "W7b": O.Adam(1e-4)}.get(W, O.Adam()),
          "binary_crossentropy" if W == "W3c" else "sparse_categorical_crossentropy")


class Clock(keras.callbacks.Callback):
    """Starts after some batches and stops the training some time later."""
    warm, n, losses = 3, 0, []

    def on_train_batch_end(s, batch, logs=None):
        s.losses.append(float(logs["loss"]))
        s.n += 1
        if s.n == s.warm:
            s.begin = time.perf_counter()
        s.seconds = time.perf_counter() - s.begin if s.n > s.warm else 0
        s.model.stop_training = s.n >= s.warm + 3 and s.seconds > SECONDS


if W == "W1":
    x, y = images("train", TRAIN)
    run_epochs(PEER, V, lambda _: m.fit(x, y, batch_size=BATCH, verbose=0).history["loss"][0])
if W in BATCHES:
    x, y = samples(W)
    clock = Clock()
    m.fit(x, y, batch_size=BATCHES[W], epochs=1_000_000, verbose=0, callbacks=[clock])
    emit(PEER, W, "train", BATCHES[W] * (clock.n - clock.warm) / clock.seconds, unit(W), V, n=clock.n - clock.warm, loss_first=clock.losses[0], loss_last=clock.losses[-1])
if W[:2] in ("W4", "W7"):
    if W[:2] == "W4":
        m.set_weights([w for layer in weights(W) for w in layer])
    for metric, x in inputs(W):
        run_inference(PEER, W, V, metric, len(x), lambda: m.predict_on_batch(x))
