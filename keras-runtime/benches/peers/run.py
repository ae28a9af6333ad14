#!/usr/bin/env python3
"""Our programs and the peers, interleaved in one run; then a table of times and ratios.

    run.py                          five rounds of everything, waiting for an idle machine before each program
    run.py --only W1 --repeats 9    one workload
    run.py --no-ours                the peers alone
    run.py --wait 0 --strict 0      on a busy machine, to see that the programs work (believe no number)
    run.py --table results.jsonl    the table of an earlier run

Rounds are outside and programs inside, so that a slow spell of the machine hits all alike. Each program is a fresh process on as
many cores as it has threads. While it runs, the CPU that other processes took is noted (`other_cpu`, in cores); a run with more
than --strict of it is repeated once. Everything is appended to $PEERS_DIR/results.jsonl.

Our programs are commands (--ours-w1, --ours-w4), run in the repository's root with BENCH_THREADS, RAYON_NUM_THREADS and PEERS_DATA
set, that print the same lines of JSON as the peers:
    {"peer": "ours", "workload": "W1", "metric": "train epoch 48k", "value": 0.9, "unit": "s/epoch", "threads": 2}
    {"peer": "ours", "workload": "W4-mlp-b1", "metric": "p50 latency", "value": 12.0, "unit": "us", "threads": 1, "check": 0.08}
Further lines of other metrics are shown too; one whose metric contains "peak" (GFLOP/s over the threads in use) becomes the
machine's FMA peak, and the time of W1's matrix products at that peak is given with it.
"""
import argparse
import json
import os
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
STEPS, TRAINING, INFERENCE = 375, "train epoch 48k", "p50 latency"
PRODUCTS, READING = "matrix products of an epoch", "read the weights once"


def cases(a):
    """(workload, name, command, threads, main metric)"""
    py = lambda s, *v: [PYTHON, f"{KIT}/{s}", *v]
    c = []
    if a.ours:
        c += [("W1", "ours", shlex.split(a.ours_w1), a.threads, TRAINING), ("W4", "ours", shlex.split(a.ours_w4), 1, INFERENCE)]
    c += [("W1", "torch.mm", py("gemm_w1.py"), a.threads, PRODUCTS),
          ("W1", "torch-eager", py("torch_w1.py", "eager"), a.threads, TRAINING),
          ("W1", "jax-step", py("jax_w1.py", "step"), a.threads, TRAINING),
          ("W1", "jax-scan", py("jax_w1.py", "scan"), a.threads, TRAINING),
          ("W1", "numpy", py("numpy_w1.py"), a.threads, TRAINING),
          ("W4", "sdot", py("read_w4.py"), 1, READING),
          ("W4", "torch-eager", py("torch_w4.py", "eager"), 1, INFERENCE),
          ("W4", "torch-jit", py("torch_w4.py", "jit"), 1, INFERENCE),
          ("W4", "jax", py("jax_w4.py"), 1, INFERENCE),
          ("W4", "numpy", py("numpy_w4.py"), 1, INFERENCE)]
    return [x for x in c if a.only in f"{x[0]}/{x[1]}"]


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
               PEERS_DATA=f"{ROOT}/data", PYTHONWARNINGS="ignore")
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
    common = dict(case=f"{workload}/{name}", cores=len(cores), other_cpu=round(max(0.0, ((b1 - b0) / HZ - own) / wall), 3), wall_s=round(wall, 2),
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

    out += ["", "| ratio | of medians | of minima | other is |", "| --- | --- | --- | --- |"]

    def ratio(label, ours, peer, metric, unit):
        o, p = values(*ours), values(peer, metric)
        if o and p:
            med, low = statistics.median(o) / statistics.median(p), min(o) / min(p)
            out.append(f"| {label} | {med:.3f} | {low:.3f} | {1 / med:.2f} x ours; {si(statistics.median(p))} {unit} |")

    w1, w4 = ("W1/ours", TRAINING), ("W4/ours", INFERENCE)
    ratio("W1: ours / matrix products alone", w1, "W1/torch.mm", PRODUCTS, "s")
    for p in ("jax-step", "jax-scan", "torch-eager", "numpy"):
        ratio(f"W1: ours / {p}", w1, f"W1/{p}", TRAINING, "s")
    ratio("W4: ours / reading the weights once", w4, "W4/sdot", READING, "us")
    for p in ("torch-eager", "torch-jit", "jax", "numpy"):
        ratio(f"W4: ours / {p}", w4, f"W4/{p}", INFERENCE, "us")

    for (case, metric), rs in series.items():
        if "peak" in metric and "ours" in case:
            peak = max(r["value"] for r in rs)
            flop = next((r["mflop_per_step"] for r in rows if "mflop_per_step" in r), 0) * STEPS / 1e3
            out += ["", f"FMA peak ({metric}, {rs[0].get('threads', '?')} threads): {peak:.1f} GFLOP/s."]
            if flop and case.startswith("W1"):
                bound = flop / peak
                out[-1] += f" W1's matrix products at that peak: {bound:.3f} s/epoch"
                o = values(*w1)
                out[-1] += f"; ours takes {statistics.median(o) / bound:.2f} times as long." if o else "."
    checks = {r["case"]: r["check"] for r in rows if r.get("check")}
    if checks and max(checks.values()) - min(checks.values()) > 1e-5:
        out += ["", f"W4 programs DISAGREE on the first probability: {checks}"]
    return "\n".join(out)


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--repeats", type=int, default=5)
    p.add_argument("--threads", type=int, default=2, help="of W1; W4 has one")
    p.add_argument("--only", default="", help="part of a case's name, as W1 or W4/torch")
    p.add_argument("--no-ours", dest="ours", action="store_false")
    p.add_argument("--build", default="cargo build --release --package examples --examples", help="run once before the first round; '' for none")
    p.add_argument("--ours-w1", default="cargo run --quiet --release --package examples --example bench_w1")
    p.add_argument("--ours-w4", default="cargo run --quiet --release --package examples --example bench_w4")
    p.add_argument("--wait", type=float, default=300, help="longest wait for an idle machine, seconds")
    p.add_argument("--strict", type=float, default=0.15, help="other CPU (cores) above which a run is repeated once; 0: never")
    p.add_argument("--timeout", type=float, default=300)
    p.add_argument("--out", default=f"{ROOT}/results.jsonl")
    p.add_argument("--table", metavar="FILE", help="no runs: the table of the lines in FILE")
    a = p.parse_args()
    if a.table:
        print(table([json.loads(l) for l in open(a.table)]))
        return
    if not os.path.exists(f"{ROOT}/data/mlp.safetensors"):
        sys.exit(f"no data in {ROOT}/data: run `{PYTHON} {KIT}/gen_data.py` first (README.md)")
    if a.ours and a.build:
        subprocess.run(shlex.split(a.build), cwd=REPO, check=True)
    rows, broken = [], set()
    for rep in range(a.repeats):
        for workload, name, cmd, threads, _ in cases(a):
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
