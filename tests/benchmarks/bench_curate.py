"""What `microsim curate` finds in a film with known cuts and known faults, and how long it takes.

Simulated clips are spliced to one film; of every eight, three are sound, and the others have black
bars above and below, bars at the sides, burnt-in words, stand still, or show what was there before.

    python -m tests.benchmarks.bench_curate [--clips 200] [--size 192] [--frames 48] [--tasks 2]

200 clips of 48 frames are ten minutes at 16 frames per second.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections import Counter
from pathlib import Path

import av
import numpy as np
from PIL import Image, ImageDraw, ImageFont
from tqdm import tqdm

from dataset_scripts.microsim_10k.cli import main as microsim
from dataset_scripts.simulator import PHENOMENA, STYLES, simulate_clip

WANTED = {
    "sound": "",
    "bars": "black border",
    "words": "burnt-in text",
    "still": "still",
    "again": "near duplicate",
    "pillars": "black border",
}
KINDS = ("sound", "sound", "bars", "words", "still", "again", "sound", "pillars")


def faulty(kind: str, frames: np.ndarray) -> np.ndarray:
    """The clip (T, H, W, 3) with one fault."""
    frames = frames.copy()
    side = frames.shape[1]
    if kind == "bars":
        frames[:, : side // 8], frames[:, -side // 8 :] = 0, 0
    elif kind == "pillars":
        frames[:, :, : side // 12], frames[:, :, -side // 12 :] = 0, 0
    elif kind == "still":
        frames[:] = frames[5]
    elif kind == "words":
        for i, frame in enumerate(frames):
            picture = Image.fromarray(frame)
            ImageDraw.Draw(picture).text(
                (side // 20, side - 30), "Cells in the microscope", fill="white",
                font=ImageFont.load_default(14), stroke_width=1, stroke_fill="black",
            )  # fmt: skip
            frames[i] = np.asarray(picture)
    return frames


def splice(path: Path, clips: int, size: int, length: int) -> list[str]:
    """Write the film; the kind of each of its clips, in order."""
    rng = np.random.default_rng(0)
    sound: list[np.ndarray] = []
    kinds = []
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=16, options={"crf": "23"})
        stream.width = stream.height = size
        stream.pix_fmt = "yuv420p"
        for number in tqdm(range(clips), unit="clip", desc="splice", leave=False):
            kind = KINDS[number % len(KINDS)]
            frames = simulate_clip(
                PHENOMENA[number % len(PHENOMENA)], size=size, num_frames=length,
                seed=7000 + number, style=STYLES[(number // len(PHENOMENA) + number) % 3],
            ).frames  # fmt: skip
            if kind == "again":
                frames = sound[rng.integers(len(sound))]
            elif kind == "sound":
                sound.append(frames)
            for frame in faulty(kind, frames):
                picture = np.ascontiguousarray(frame)
                container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
            kinds.append(kind)
        container.mux(stream.encode())
    return kinds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clips", type=int, default=200)
    parser.add_argument("--size", type=int, default=192, help="px")
    parser.add_argument("--frames", type=int, default=48, help="of each clip")
    parser.add_argument("--tasks", type=int, default=2)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "films").mkdir()
        kinds = splice(folder / "films" / "film.mp4", args.clips, args.size, args.frames)
        start = time.monotonic()
        microsim(
            ["curate", str(folder / "films"), "--out", str(folder / "out"), "--tasks",
             str(args.tasks)]
        )  # fmt: skip
        seconds = time.monotonic() - start
        told = json.loads((folder / "out" / "funnel.json").read_text(encoding="utf-8"))
    became = {t["piece"]["start"]: t["dropped"] for t in told["pieces"].values()}
    right: Counter[str] = Counter()
    cuts = 0
    for number, kind in enumerate(kinds):
        near = [became[start] for start in became if abs(start - number * args.frames) <= 1]
        cuts += bool(near)
        right[kind] += near == [WANTED[kind]]
    print(f"film of {len(kinds) * args.frames / 960:.1f} min, curated in {seconds:.0f} s")
    print(f"cuts found: {cuts} of {len(kinds)}; false cuts: {len(became) - cuts}")
    for kind, count in Counter(kinds).items():
        print(f"  {kind:<8} {right[kind]} of {count} {'kept' if not WANTED[kind] else 'dropped'}")


if __name__ == "__main__":
    main()
