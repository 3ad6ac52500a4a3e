"""Speed of `microsim simulate`: CPU milliseconds per clip by micro-world, and clips per second.

    python tests/benchmarks/bench_simulate.py [--size 128] [--frames 33] [--clips 6] [--save]

Prints physics, drawing and encoding of each micro-world in CPU time of one core, which other work
on the machine hardly disturbs, beside the recorded baseline; then the clips per second of the real
command on two workers. `--save` records a new baseline.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from dataset_scripts.microsim_10k.encode import encode_mp4
from dataset_scripts.simulator import PHENOMENA, STYLES, simulate_clip, simulate_state

BASELINE = Path(__file__).with_suffix(".json")
ROOT = Path(__file__).resolve().parents[2]


def cpu_ms(call: Callable[[], Any]) -> tuple[Any, float]:
    """What `call` returns and the CPU milliseconds that it took."""
    start = time.process_time()
    result = call()
    return result, 1000 * (time.process_time() - start)


def world_ms(phenomenon: str, size: int, frames: int, clips: int) -> dict[str, float]:
    """Mean CPU milliseconds per clip for physics, drawing and encoding, all looks in turn."""
    shares = {"physics": 0.0, "draw": 0.0, "encode": 0.0}
    for seed in range(-len(STYLES), clips):  # the first round compiles and is not counted
        ask = {"num_frames": frames, "seed": seed + len(STYLES)}
        _, physics = cpu_ms(partial(simulate_state, phenomenon, **ask))
        style = STYLES[seed % len(STYLES)]
        clip, whole = cpu_ms(partial(simulate_clip, phenomenon, size=size, style=style, **ask))
        _, encode = cpu_ms(partial(encode_mp4, clip.frames, clip.fps))
        if seed >= 0:
            shares["physics"] += physics / clips
            shares["draw"] += (whole - physics) / clips
            shares["encode"] += encode / clips
    return {**shares, "all": sum(shares.values())}


def command_speed(size: int, frames: int, clips: int) -> tuple[float, float]:
    """Clips per second of `microsim simulate --workers 2`, start-up and assembly included.

    By the clock, and as two cores would make them that had nothing else to do (from CPU time).
    """
    with tempfile.TemporaryDirectory() as folder:
        call = [sys.executable, "-m", "dataset_scripts.microsim_10k.cli", "simulate"]
        what = ["--clips", str(clips), "--size", str(size), "--frames", str(frames)]
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        subprocess.run(
            [*call, *what, "--workers", "2", "--out", f"{folder}/bench"],
            cwd=ROOT,
            check=True,
            capture_output=True,
        )
        seconds = time.monotonic() - start
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return clips / seconds, 2 * clips / cpu


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--frames", type=int, default=33)
    parser.add_argument("--clips", type=int, default=6, help="timed clips of each micro-world")
    parser.add_argument("--total", type=int, default=240, help="clips of the whole command")
    parser.add_argument("--save", action="store_true", help="record as the new baseline")
    args = parser.parse_args()
    old = json.loads(BASELINE.read_text()) if BASELINE.exists() else {"worlds": {}}
    print(f"CPU ms per clip, {args.size} px × {args.frames} frames, mean of {args.clips} clips")
    print(f"{'':18}{'physics':>9}{'draw':>9}{'encode':>9}{'all':>9}{'baseline':>10}")
    worlds = {}
    for name in PHENOMENA:
        ms = worlds[name] = world_ms(name, args.size, args.frames, args.clips)
        was = old["worlds"].get(name, {}).get("all")
        print(
            f"{name:18}" + "".join(f"{ms[k]:9.1f}" for k in ms) + (f"{was:10.1f}" if was else ""),
            flush=True,
        )
    clock, free = command_speed(args.size, args.frames, args.total)
    print(
        f"microsim simulate --workers 2, {args.total} clips: {clock:.2f} clips/s by the clock, "
        f"{free:.2f} by CPU time"
    )
    if args.save:
        record = {
            "machine": platform.processor() or platform.machine(),
            # Above 2 on two cores, the machine had other work and the clock tells little.
            "load_average": round(os.getloadavg()[0], 2),
            "size": args.size,
            "frames": args.frames,
            "worlds": {k: {s: round(v, 1) for s, v in ms.items()} for k, ms in worlds.items()},
            "clips": args.total,
            "clips_per_s": round(clock, 2),
            "clips_per_s_by_cpu_time": round(free, 2),
        }
        BASELINE.write_text(json.dumps(record, indent=2) + "\n")


if __name__ == "__main__":
    main()
