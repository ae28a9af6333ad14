#!/usr/bin/env python3
"""Our programs and the peers, interleaved in one run; then a table of times and rates, and one of ratios.

    run.py                          five rounds of everything, waiting for an idle machine before each program
    run.py --repeats 1 --seconds 1  one round of everything, in some twelve minutes
    run.py --only W1 --repeats 9    one workload
    run.py --only '/(ours|jax)'     some of the programs
    run.py --no-ours                the peers alone
    run.py --wait 0 --strict 0      on a busy machine, to see that the programs work (believe no number)
    run.py --table results.jsonl    the table of an earlier run

Rounds are outside and programs inside, so that a slow spell of the machine hits all alike. Each program is a fresh process on as
many cores as it has threads. While it runs, the CPU that other processes took is noted (`other_cpu`, in cores); a run with more
than --strict of it is repeated once. Everything is appended to $PEERS_DIR/results.jsonl.

Our programs lie in one folder (--programs), are run in the repository's root with BENCH_THREADS, BENCH_SECONDS and PEERS_DATA set, and
print the same lines of JSON as the peers:
    {"peer": "ours", "workload": "W1", "metric": "train", "value": 0.9, "unit": "s/epoch", "threads": 2}
    {"peer": "ours", "workload": "W4a", "metric": "p50 latency", "value": 12.0, "unit": "us", "threads": 1, "check": 0.08}
Further lines of other metrics are shown too; one whose metric is "fma peak", of all its threads at the same time, becomes the machine's, and the
time of W1's matrix products at that peak is given with it.
"""
import argparse
import json
import os
import re
import resource
import shlex
import signal
import statistics
import subprocess
import sys
import time

KIT = os.path.dirname(os.path.abspath(__file__))
REPO = os.path.abspath(os.path.join(KIT, "../../.."))
ROOT = os.environ.setdefault("PEERS_DIR", os.path.join(REPO, "target/peers"))
PYTHON = os.environ.get("PEERS_PYTHON", f"{ROOT}/venv/bin/python")
HZ = os.sysconf("SC_CLK_TCK")
STEPS, PRODUCTS, READING, PEAK = 375, "matrix products of an epoch", "read the weights once", "fma peak"
TIMES = ("s/epoch", "us")  # less is better; of all other units more is
FAMILIES = ("torch", "jax", "keras", "onnxruntime", "numpy", "burn", "candle", "tract", "dfdx")
TORCH, JAX, KERAS = "torch_workloads.py", "jax_workloads.py", "keras_workloads.py"
BURN, CANDLE, TRACT, DFDX = "peer-burn", "peer-candle", "peer-tract", "peer-dfdx"  # programs of the folder `rust`
ONE_THREAD = ("W4a", "W4c", "GEMM1")


def torch(*variants):
    return [(f"torch-{v}", TORCH, v) for v in variants]


def keras(*backends):
    return [(f"keras-{b}", KERAS, b) for b in backends]


def burn(*variants):
    return [(f"burn-{v.replace(' ', '-')}", BURN, *v.split()) for v in variants]


BLAS = [("numpy-openblas", "gemm_blas.py", "openblas"), ("torch-mkl", "gemm_blas.py", "mkl")]
RUST = [*burn("flex"), ("candle", CANDLE), ("tract", TRACT)]
INFERENCE = [*torch("eager", "jit", "compile"), ("jax", JAX), ("onnxruntime", "ort_w4.py"), ("onnxruntime-still", "ort_w4.py", "still"), *RUST]
# Workload: our program, and the peers' (name, script or program, arguments after the workload).
WORKLOADS = {
    "W1": ("bench_w1", [("torch.mm", "gemm_w1.py"), ("torch-eager", "torch_w1.py", "eager"), ("jax-step", "jax_w1.py", "step"),
                        ("jax-scan", "jax_w1.py", "scan"), *keras("jax"), ("numpy", "numpy_w1.py"),
                        *burn("flex"), ("candle", CANDLE), ("dfdx", DFDX)]),
    "W2": ("bench_workloads", [*torch("eager", "channels_last"), ("jax", JAX), *keras("jax", "tensorflow"), *burn("flex"), ("candle", CANDLE)]),
    "W3a": ("bench_workloads", [*torch("eager"), ("jax", JAX), *keras("jax"), *burn("flex", "flex fused"), ("candle", CANDLE)]),
    "W3b": ("bench_workloads", [*torch("eager"), ("jax", JAX), *keras("jax")]),
    "W3c": ("bench_workloads", [*torch("eager"), ("jax", JAX), *keras("jax"), *burn("flex", "flex fused"), ("candle", CANDLE)]),
    "W4a": ("bench_w4", [("sdot", "read_w4.py"), *INFERENCE, *keras("jax"), ("numpy", "numpy_w4.py"), ("dfdx", DFDX)]),
    "W4b": ("bench_workloads", [*INFERENCE, *keras("jax"), ("numpy", "numpy_w4.py"), ("dfdx", DFDX)]),
    "W4c": ("bench_workloads", [*INFERENCE, *torch("channels_last"), *keras("jax")]),
    "W4d": ("bench_workloads", [*INFERENCE, *torch("channels_last"), *keras("jax", "tensorflow")]),
    "W7a": ("bench_workloads", [*torch("channels_last", "compile"), ("jax", JAX), *keras("jax", "tensorflow")]),
    "W7b": ("bench_workloads", [*torch("eager", "compile"), ("jax", JAX), *keras("jax")]),
    "GEMM1": ("bench_products", BLAS),
    "GEMM2": ("bench_products", BLAS),
}


def cases(a):
    """(workload, name, command, threads)"""
    c = []
    for workload, (ours, peers) in WORKLOADS.items():
        threads = 1 if workload in ONE_THREAD else a.threads
        if a.ours:
            c.append((workload, "ours", [f"{a.programs}/{ours}", workload], threads))
        for name, what, *more in peers:
            program = [PYTHON, f"{KIT}/{what}"] if what.endswith(".py") else [f"{a.rust}/{what}"]
            if a.list or os.path.exists(program[-1]):
                c.append((workload, name, [*program, workload, *more], threads))
    return [x for x in c if re.search(a.only, f"{x[0]}/{x[1]}")]


def busy():
    """Jiffies that the machine spent on anything but idling, waiting and being stolen from."""
    f = list(map(int, open("/proc/stat").readline().split()[1:]))
    return sum(f[:3]) + f[5] + f[6]


def wait_idle(limit):
    """Until two seconds in a row had less than a tenth of a core busy; gives up after `limit` seconds."""
    start, quiet = time.time(), 0
    while quiet < 2 and time.time() - start < limit:
        b = busy()
        time.sleep(1.0)
        quiet = quiet + 1 if (busy() - b) / HZ < 0.10 else 0
    return time.time() - start


def once(workload, name, cmd, threads, a):
    n = str(threads)
    env = dict(os.environ, BENCH_THREADS=n, OMP_NUM_THREADS=n, MKL_NUM_THREADS=n, OPENBLAS_NUM_THREADS=n, RAYON_NUM_THREADS=n,
               BENCH_SECONDS=str(a.seconds), PEERS_DATA=f"{ROOT}/data", PYTHONWARNINGS="ignore", TORCHINDUCTOR_CACHE_DIR=f"{ROOT}/inductor")
    for k in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):  # they can make numpy's BLAS much slower than it is
        env.pop(k, None)
    cores = sorted(os.sched_getaffinity(0))[-threads:]

    def child():
        os.setsid()
        os.sched_setaffinity(0, cores)

    b0, r0, t0 = busy(), resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    p = subprocess.Popen(cmd, cwd=REPO, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=child)
    try:
        out, err = p.communicate(timeout=a.timeout)
    except subprocess.TimeoutExpired:
        os.killpg(p.pid, signal.SIGKILL)
        out, err = p.communicate()
        err += f"\ntook more than {a.timeout} s"
    wall, b1, r1 = time.perf_counter() - t0, busy(), resource.getrusage(resource.RUSAGE_CHILDREN)
    own = r1.ru_utime + r1.ru_stime - r0.ru_utime - r0.ru_stime
    common = dict(case=f"{workload}/{name}", cores=len(cores), other_cpu=round(max(0.0, ((b1 - b0) / HZ - own) / wall), 3), wall_s=round(wall, 2), cpu_s=round(own, 2),
                  at=time.strftime("%Y-%m-%d %H:%M:%S"))
    rows = [json.loads(l) | common for l in out.splitlines() if l.startswith("{")] if p.returncode == 0 else []
    return rows or [common | dict(error=f"rc {p.returncode}: " + (err.strip().splitlines() or ["printed no JSON"])[-1][:300])]


def si(v):
    return f"{v:.4g}"


def table(rows):
    series = {}  # (case, metric) -> rows
    for r in rows:
        if "value" in r:
            series.setdefault((r["case"], r["metric"]), []).append(r)
    errors = {r["case"]: r["error"] for r in rows if "error" in r}
    values = lambda case, metric: [r["value"] for r in series.get((case, metric), [])]
    out = ["| program | metric | threads | runs | min | median | max | unit | other CPU | version |", "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"]
    for (case, metric), rs in sorted(series.items()):
        v = [r["value"] for r in rs]
        out.append(f"| {case} | {metric} | {rs[0].get('threads', '')} | {len(v)} | {si(min(v))} | {si(statistics.median(v))} | {si(max(v))} "
                   f"| {rs[0]['unit']} | {max(r['other_cpu'] for r in rs):.2f} | {rs[0].get('version', '')} |")
    out += [f"| {c} | failed | | | | | | | | {e} |" for c, e in errors.items()]

    median = statistics.median
    best = lambda v, unit, key=None: (min if unit in TIMES else max)(v, key=key)

    def faster(ours, theirs, unit):
        """How many times as fast, by medians and by the best."""
        r = median(ours) / median(theirs), best(ours, unit) / best(theirs, unit)
        return " / ".join(f"{1 / x if unit in TIMES else x:.2f}" for x in r)

    out += ["", "Ours, and the best program of each peer; how many times as fast ours is, by the medians / by the best of all rounds.", "",
            "| workload | unit | ours | " + " | ".join(FAMILIES) + " |", "| --- | --- | --- |" + " --- |" * len(FAMILIES)]
    for workload in WORKLOADS:
        case = f"{workload}/ours"
        for metric in sorted({m for c, m in series if c.startswith(workload + "/") and not c.endswith("/ours")} - {PRODUCTS, READING}):
            unit = next(rs[0]["unit"] for (c, m), rs in series.items() if c.startswith(workload + "/") and m == metric)
            ours, cells = values(case, metric), []
            for family in FAMILIES:
                theirs = {c: values(c, m) for c, m in series if m == metric and re.match(f"{workload}/{family}(-|$)", c)}
                if not theirs:
                    cells.append("")
                    continue
                name = best(theirs, unit, key=lambda c: median(theirs[c]))
                variant = name.partition("-")[2]
                cells.append(si(median(theirs[name])) + (f" ({variant})" if variant else "") + (f": {faster(ours, theirs[name], unit)}" if ours else ""))
            out.append(f"| {workload} {metric} | {unit} | {si(median(ours)) if ours else ''} | " + " | ".join(cells) + " |")

    out.append("")
    for what, ours, theirs in (("W1: ours takes {} times as long as its matrix products alone", ("W1/ours", "train"), ("W1/torch.mm", PRODUCTS)),
                               ("W4a: ours takes {} times as long as reading the weights once", ("W4a/ours", "p50 latency"), ("W4a/sdot", READING))):
        o, t = values(*ours), values(*theirs)
        if o and t:
            out.append(what.format(f"{median(o) / median(t):.2f} (medians), {min(o) / min(t):.2f} (minima)") + ".")
    peaks = {}
    for (_, metric), rs in series.items():
        for r in rs if metric == PEAK else ():
            peaks[r["threads"]] = max(peaks.get(r["threads"], 0), r["value"])
    for threads, peak in sorted(peaks.items()):
        out.append(f"FMA peak of {threads} threads: {peak:.1f} GFLOP/s." if threads > 1 else f"FMA peak of one thread: {peak:.1f} GFLOP/s.")
    flop = next((r["mflop_per_step"] for r in rows if "mflop_per_step" in r), 0) * STEPS / 1e3
    o, threads = values("W1/ours", "train"), next((r["threads"] for r in rows if r["case"] == "W1/torch.mm" and "threads" in r), 1)
    if flop and o and threads in peaks:
        bound = flop / peaks[threads]
        out.append(f"W1's matrix products at that peak: {bound:.3f} s/epoch; ours takes {median(o) / bound:.2f} times as long.")
    for network in (("W4a", "W4b"), ("W4c", "W4d")):
        checks = {r["case"]: r["check"] for r in rows if r.get("check") and r["case"].split("/")[0] in network}
        if checks and max(checks.values()) - min(checks.values()) > 1e-5:
            out.append(f"{' and '.join(network)} DISAGREE on the first probability: {checks}")
    return "\n".join(out)


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--repeats", type=int, default=5)
    p.add_argument("--seconds", type=float, default=5, help="of each measurement, after what a program does to get ready and warm")
    p.add_argument("--threads", type=int, default=2, help="W4a and W4c have one")
    p.add_argument("--only", default="", help="a regular expression that a case's name holds: W1, W4, W3c/torch")
    p.add_argument("--list", action="store_true", help="no runs: the cases")
    p.add_argument("--no-ours", dest="ours", action="store_false")
    p.add_argument("--build", default="cargo build --release --package examples " + " ".join(f"--example {x}" for x in sorted({ours for ours, _ in WORKLOADS.values()})), help="run once before the first round; '' for none")
    p.add_argument("--programs", default=os.path.join(os.environ.get("CARGO_TARGET_DIR", f"{REPO}/target"), "release/examples"), help="where ours are")
    p.add_argument("--rust", default=os.environ.get("PEERS_RUST", f"{REPO}/target/peers/rust/release"), help="where the peers in Rust are")
    p.add_argument("--wait", type=float, default=300, help="longest wait for an idle machine, seconds")
    p.add_argument("--strict", type=float, default=0.15, help="other CPU (cores) above which a run is repeated once; 0: never")
    p.add_argument("--timeout", type=float, default=300)
    p.add_argument("--out", default=f"{ROOT}/results.jsonl")
    p.add_argument("--table", metavar="FILE", help="no runs: the table of the lines in FILE")
    a = p.parse_args()
    if a.list:
        print(*(f"{c[0]}/{c[1]}" for c in cases(a)), sep="\n")
        return
    if a.table:
        print(table([json.loads(l) for l in open(a.table)]))
        return
    if not os.path.exists(f"{ROOT}/data/cnn.onnx"):
        sys.exit(f"no data in {ROOT}/data: run `{PYTHON} {KIT}/gen_data.py` first (README.md)")
    if a.ours and a.build:
        subprocess.run(shlex.split(a.build), cwd=REPO, check=True)
    if not os.path.exists(a.rust):
        print(f"no peers in Rust in {a.rust}: left out (README.md says how to build them)", file=sys.stderr)
    rows, broken = [], set()
    for rep in range(a.repeats):
        for workload, name, cmd, threads in cases(a):
            if (workload, name) in broken:
                continue
            for attempt in (0, 1):
                waited = wait_idle(a.wait)
                got = [r | dict(rep=rep, waited_s=round(waited, 1)) for r in once(workload, name, cmd, threads, a)]
                again = attempt == 0 and a.strict and got[0]["other_cpu"] > a.strict and "error" not in got[0]
                if not again:
                    break
            rows += got
            with open(a.out, "a") as f:
                f.writelines(json.dumps(r) + "\n" for r in got)
            for r in got:
                if "error" in r:
                    broken.add((workload, name))
                print(f"{r['case']:16s} {r.get('metric', 'failed'):28s} {r.get('value', r.get('error'))} {r.get('unit', '')}  (other CPU {r['other_cpu']})",
                      file=sys.stderr, flush=True)
    print(table(rows))


if __name__ == "__main__":
    main()
