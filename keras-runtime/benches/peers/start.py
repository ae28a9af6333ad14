#!/usr/bin/env python3
"""W5 beside peers in Rust: a fresh process reads weights from the disk and classifies one digit. Size, wall time and peak memory.

    start.py                         builds all, then 300 starts of each, in turn
    start.py --runs 50 --only ours   some of them

Sizes are of stripped programs, weights not in them; `small` is the profile of rust/Cargo.toml, which `ours-small` has too (but with
keras-runtime at opt-level 3). What ours takes with weights inside of it: `../start/run.sh`. Memory needs GNU time."""
import argparse
import os
import shutil
import statistics
import subprocess
import tempfile
import time

KIT = os.path.dirname(os.path.abspath(__file__))
REPO = os.path.abspath(os.path.join(KIT, "../../.."))
ROOT = os.environ.get("PEERS_DIR", os.path.join(REPO, "target/peers"))
SMALL = dict(LTO="fat", CODEGEN_UNITS="1", PANIC="abort", OPT_LEVEL="s")


def build(command, folder=REPO, **more):
    subprocess.run(["cargo", "build", "--quiet", *command], cwd=folder, check=True, env=os.environ | more)


def programs(only, target):
    """(name, program): our two, those of peers, and one that does nothing."""
    picture, weights, onnx = f"{REPO}/examples/data/seven.raw", f"{ROOT}/data/mlp.safetensors", f"{ROOT}/data/mlp.onnx"
    empty = f"{target}/empty"
    with open(f"{empty}.rs", "w") as f:
        f.write("fn main() {}")
    subprocess.run(["rustc", "-O", "-C", "strip=symbols", f"{empty}.rs", "-o", empty], check=True)
    yield "nothing", [empty]
    if "ours" in only:
        for name, env in (("ours", {}), ("ours-small", {f"CARGO_PROFILE_RELEASE_{k}": v for k, v in SMALL.items()})):
            level = ["--config", "profile.release.package.keras-runtime.opt-level=3"] if env else []
            build(["--release", "-p", "examples", "--example", "classify", "--target-dir", f"{target}/{name}", *level], **env)
            yield name, [f"{target}/{name}/release/examples/classify", weights]
    for peer in ("dfdx", "candle", "tract", "burn"):
        if peer in only:
            for profile in ("release", "small"):
                build(["--profile", profile, "-p", f"peer-{peer}", "--bin", f"start-{peer}", "--target-dir", f"{target}/rust"], f"{KIT}/rust")
                yield f"{peer}-{profile}", [f"{target}/rust/{profile}/start-{peer}", onnx if peer == "tract" else weights, picture]


def start(command):
    begin = time.perf_counter()
    pid = os.posix_spawn(command[0], command, os.environ, file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)])
    status = os.waitpid(pid, 0)[1]
    seconds = time.perf_counter() - begin
    assert status == 0, command
    return seconds * 1e3


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--runs", type=int, default=300)
    p.add_argument("--only", default="ours dfdx candle tract burn")
    p.add_argument("--target", default=f"{ROOT}/start", help="a folder for what is built")
    a = p.parse_args()
    os.makedirs(a.target, exist_ok=True)
    all = list(programs(a.only.split(), a.target))
    times = {name: [] for name, _ in all}
    for _ in range(a.runs):
        for name, command in all:
            times[name].append(start(command))
    print("| program | stripped bytes | without weights | median ms | least ms | peak memory, MiB |", "| --- | --- | --- | --- | --- | --- |", sep="\n")
    for name, command in all:
        with tempfile.NamedTemporaryFile() as stripped:
            subprocess.run(["strip", command[0], "-o", stripped.name], check=True)
            size = os.path.getsize(stripped.name)
        inside = os.path.getsize(f"{REPO}/examples/data/mnist_mlp.safetensors") if name.startswith("ours") else 0
        memory = ""
        if shutil.which("time"):
            told = subprocess.run([shutil.which("time"), "-f", "%M", *command], capture_output=True, text=True, check=True)
            memory = f"{int(told.stderr.split()[-1]) / 1024:.1f}"
        print(f"| {name} | {size:,} | {size - inside:,} | {statistics.median(times[name]):.2f} | {min(times[name]):.2f} | {memory} |")


if __name__ == "__main__":
    main()
