"""Throughput and memory of the judge's run loop, against a loopback server of fixed latency.

    python tests/benchmarks/bench_judge.py [--clips 64] [--latency 1.0] [--slots 16]
        [--size 480x832] [--frames 81] [--memory-clips 459] [--no-memory]

Prints, for the protocols `joint` and `paper`, the time of a run beside the larger of its two
bounds: the ideal (calls x latency / slots) and the floor, the time that decoding and encoding the
same clips takes in this very process without any server. Prints the ratio of image bytes of the
two protocols, and the peak memory of a process that does nothing but such a run. Exits with 1 if a
run takes more than 1.3 of its bound, `joint` sends more than 0.36 of the bytes, or the memory
exceeds 1.5 GiB.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parents[1] / "evaluate_metrics" / "microworldbench"))

from loopback import Loopback, make_row, write_clip

from evaluate_metrics.microworldbench.clips import Clip
from evaluate_metrics.microworldbench.jpegs import FrameUrls, ladder
from evaluate_metrics.microworldbench.judge_openai import OpenAIJudge
from evaluate_metrics.microworldbench.log import CallLog
from evaluate_metrics.microworldbench.run import WORKERS, run_judge_sync

LIMIT_TIME, LIMIT_BYTES, LIMIT_MEMORY = 1.3, 0.36, 1.5 * 2**30


def lay_clips(folder: Path, count: int, size: str, frames: int) -> dict[str, list[Path]]:
    """`count` clips of `size` "HEIGHTxWIDTH". 8 are encoded, the others are copies that end in an
    empty box of their own: the hash tells them apart, the decoder sees the same frames."""
    folder.mkdir(parents=True)
    height, width = (int(part) for part in size.split("x"))
    originals = [
        write_clip(folder / f"original{i}.mp4", frames, (height, width), seed=i).read_bytes()
        for i in range(min(8, count))
    ]
    found = {}
    for i in range(count):
        path = folder / f"t{i:03d}.mp4"
        tail = f"{i:08d}".encode()
        path.write_bytes(originals[i % len(originals)] + b"\x00\x00\x00\x10free" + tail)
        found[path.stem] = [path]
    return found


def floor_seconds(clips: dict[str, list[Path]]) -> float:
    """Decoding, scaling and encoding of every clip by as many threads as a run has."""
    steps = ladder(90)
    start = time.monotonic()
    with ThreadPoolExecutor(WORKERS) as pool:
        frames = [FrameUrls(Clip(paths[0]), steps, lambda: 0) for paths in clips.values()]
        for _ in pool.map(lambda f: len(f.load()[1]), frames):
            pass
    return time.monotonic() - start


def run_once(clips: dict[str, list[Path]], protocol: str, log: Path, slots: int) -> int:
    """One whole run; the number of verdicts."""
    rows = [make_row(task) for task in clips]
    with CallLog(log) as open_log:
        verdicts = run_judge_sync(
            rows, clips, OpenAIJudge("m", protocol), open_log, max_concurrency=slots
        )
    return len(verdicts)


def child(args: argparse.Namespace) -> None:
    """What the memory is measured of: the run alone, the server being another process."""
    import datasets  # noqa: F401  # the metric's own imports count
    import evaluate  # noqa: F401

    clips = {path.stem: [path] for path in sorted(Path(args.child).glob("t*.mp4"))}
    done = run_once(clips, "joint", Path(args.child) / "child.jsonl", args.slots)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"verdicts": done, "peak": peak}))


def timed_runs(args: argparse.Namespace, folder: Path) -> list[str]:
    """Runs both protocols and prints what they took; what broke a limit."""
    clips = lay_clips(folder / "clips", args.clips, args.size, args.frames)
    broken = []
    sent = {}
    warm = {"t000": clips["t000"]}
    for protocol in ("joint", "paper"):
        with Loopback(latency=args.latency) as server:
            os.environ["OPENAI_BASE_URL"] = server.url
            run_once(warm, protocol, folder / f"warm-{protocol}.jsonl", 1)  # imports
            server.seen.clear()
            floor = floor_seconds(clips)
            start = time.monotonic()
            run_once(clips, protocol, folder / f"{protocol}.jsonl", args.slots)
            took = time.monotonic() - start
            calls = len(server.seen)
            sent[protocol] = sum(seen["image_bytes"] for seen in server.seen)
        ideal = calls * args.latency / args.slots
        ratio = took / max(ideal, floor)
        print(
            f"{protocol:6s} {calls:4d} calls  {took:6.1f} s  ideal {ideal:6.1f} s  "
            f"floor {floor:6.1f} s  ratio {ratio:.2f}  at once {server.most_at_once}"
        )
        if ratio > LIMIT_TIME:
            broken.append(f"{protocol}: {ratio:.2f} > {LIMIT_TIME}")
    share = sent["joint"] / sent["paper"]
    print(f"image bytes: joint / paper = {share:.3f}")
    if share > LIMIT_BYTES:
        broken.append(f"image bytes: {share:.3f} > {LIMIT_BYTES}")
    return broken


def memory_run(args: argparse.Namespace, folder: Path) -> list[str]:
    """Peak memory of a child process over `memory_clips` clips; what broke the limit."""
    lay_clips(folder / "many", args.memory_clips, args.size, args.frames)
    with Loopback(latency=args.latency) as server:
        environment = {**os.environ, "OPENAI_BASE_URL": server.url}
        command = [sys.executable, __file__, "--child", str(folder / "many")]
        command += ["--slots", str(args.slots)]
        out = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    told: dict[str, Any] = json.loads(out.stdout.splitlines()[-1])
    print(f"peak memory over {args.memory_clips} clips: {told['peak'] / 2**30:.2f} GiB")
    return [f"memory: {told['peak']} bytes"] if told["peak"] > LIMIT_MEMORY else []


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clips", type=int, default=64)
    parser.add_argument("--latency", type=float, default=1.0, help="seconds per call")
    parser.add_argument("--slots", type=int, default=16)
    parser.add_argument("--size", default="480x832", help="height x width in pixels")
    parser.add_argument("--frames", type=int, default=81)
    parser.add_argument("--memory-clips", type=int, default=459)
    parser.add_argument("--no-memory", action="store_true")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    args = parser.parse_args()
    for name in [name for name in os.environ if name.lower() in ("http_proxy", "all_proxy")]:
        del os.environ[name]
    if args.child:
        child(args)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        broken = timed_runs(args, Path(folder))
        if not args.no_memory:
            broken += memory_run(args, Path(folder))
    for line in broken:
        print(line, file=sys.stderr)
    return int(bool(broken))


if __name__ == "__main__":
    sys.exit(main())
