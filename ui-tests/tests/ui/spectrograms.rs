use keras_runtime::keras_model;

keras_model! {
    Step = stft_spectrogram(frame_length = 8, frame_step = 9, input = [32, 1])
    Bins = stft_spectrogram(frame_length = 8, fft_length = 4, input = [32, 1])
    Mode = stft_spectrogram(phase, input = [512, 1])
    Short = stft_spectrogram(input = [100, 1])
    Flat = stft_spectrogram(frame_length = 8, input = 32)
    Longest = mel_spectrogram(8192, input = 16000)
    Length = mel_spectrogram(512, sequence_length = 513, input = 16000)
    Rate = mel_spectrogram(sampling_rate = 0, input = 16000)
    Range = mel_spectrogram(min_freq = 500, max_freq = 200, input = 16000)
    Mirror = mel_spectrogram(512, input = 256)
    Channels = mel_spectrogram(512, input = [1000, 2])
}

fn main() {}
