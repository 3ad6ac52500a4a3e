"""Precision, recall and time of `microsim audit` on planted duplicates.

A training set of simulated clips, and a benchmark that holds some of them in disguise (re-encoded,
resized, trimmed, mirrored, all at once; each re-captioned) among as many clips that are not in the
training set.

    python -m tests.benchmarks.bench_audit [--clips 1000] [--planted 200] [--size 64] [--frames 33]
"""

from __future__ import annotations

import argparse
import io
import json
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import av
import cv2
import numpy as np
from datasets import Video, load_dataset
from tqdm import tqdm

from dataset_scripts.microsim_10k.cli import main as microsim
from dataset_scripts.microsim_10k.encode import decode_mp4, encode_mp4

Disguise = Callable[[np.ndarray], np.ndarray]


def recoded(frames: np.ndarray, crf: int) -> np.ndarray:
    """Frames after one more pass through H.264."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as container:
        options = {"crf": str(crf), "x264-params": "mbtree=0"}  # the same bytes each time
        stream = container.add_stream("libx264", rate=16, options=options)
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = "yuv420p"
        for frame in frames:
            picture = np.ascontiguousarray(frame)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    return decode_mp4(buffer.getvalue())


def resized(frames: np.ndarray, factor: float) -> np.ndarray:
    size = round(frames.shape[1] * factor / 2) * 2
    return np.stack([cv2.resize(f, (size, size), interpolation=cv2.INTER_AREA) for f in frames])


def disguises(frames: int) -> dict[str, Disguise]:
    """What is done to planted clips of so many frames."""
    quarter, half = frames // 4, frames // 2
    return {
        "re-encoded crf 28": lambda f: recoded(f, 28),
        "re-encoded crf 32": lambda f: recoded(f, 32),
        "enlarged": lambda f: resized(f, 2),
        "shrunk": lambda f: resized(f, 0.5),
        "trimmed to half": lambda f: f[quarter : quarter + half + 1],
        "mirrored": lambda f: f[:, :, ::-1],
        "only re-captioned": lambda f: f,
        "all at once": lambda f: recoded(resized(f[3:-3, :, ::-1], 1.5), 28),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clips", type=int, default=1000)
    parser.add_argument("--planted", type=int, default=200)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--frames", type=int, default=33)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        report(Path(folder), args)


def report(parent: Path, args: argparse.Namespace) -> None:
    """Make both sets in `parent`, audit them and print what was found."""
    form = f"--size {args.size} --frames {args.frames}"
    train, fresh = parent / "train-set", parent / "fresh"
    microsim(f"simulate --clips {args.clips} {form} --seed 31 --out {train}".split())
    microsim(f"simulate --clips {args.planted} {form} --seed 32 --out {fresh}".split())
    rows = {
        name: load_dataset(str(folder), split="train+validation+test").cast_column(
            "video", Video(decode=False)
        )
        for name, folder in (("train", train), ("fresh", fresh))
    }
    rng = np.random.default_rng(0)
    kinds = disguises(args.frames)
    bench, truth, asked = [], {}, Counter()
    for number, index in enumerate(
        tqdm(rng.permutation(args.clips)[: args.planted].tolist(), unit="clip", desc="disguise")
    ):
        row = rows["train"][index]
        kind = list(kinds)[number % len(kinds)]
        frames = np.ascontiguousarray(kinds[kind](decode_mp4(row["video"]["bytes"])))
        name = f"plant-{number}"
        (parent / f"{name}.mp4").write_bytes(encode_mp4(frames, 16))
        bench.append({"id": name, "video": f"{name}.mp4", "prompt": f"a clip, number {number}"})
        truth[row["clip_id"], name] = kind
        asked[kind] += 1
    for row in rows["fresh"]:
        (parent / f"{row['clip_id']}.mp4").write_bytes(row["video"]["bytes"])
        bench.append(
            {"id": row["clip_id"], "video": f"{row['clip_id']}.mp4", "prompt": row["caption"]}
        )
    (parent / "bench.json").write_text(json.dumps(bench))
    start = time.monotonic()
    microsim(["audit", str(train), str(parent / "bench.json"), "--out", str(parent / "r.html")])
    seconds = time.monotonic() - start
    told = json.loads((parent / "r.json").read_text())
    found = {(m["train"], m["benchmark"]) for m in told["matches"] if m["duplicate"]}
    right = found & set(truth)
    print(f"{args.clips} clips against {len(bench)}: {seconds:.0f} s")
    print(f"recall {len(right) / len(truth):.3f} ({len(right)} of {len(truth)})")
    print(f"precision {len(right) / max(1, len(found)):.3f} ({len(right)} of {len(found)})")
    hits = Counter(truth[pair] for pair in right)
    for kind, count in asked.items():
        print(f"  {kind:<20} {hits[kind]} of {count}")
    for pair in sorted(found - set(truth)):
        print("  wrongly:", *pair)


if __name__ == "__main__":
    main()
