"""Fits the recogniser of worlds that `presence.py` of the metric uses, and says how good it is.

    python -m tests.benchmarks.fit_presence [--clips 24] [--held-out 8] [--write]
    python -m tests.benchmarks.fit_presence --clips 0 --autoencoder model_cards/microverse-nano

Simulates clips of every measured world in every look, of several sizes and lengths, from the seeds
1000-2999; compresses every other one; fits a linear discriminant; and prints how many clips of
seeds 3000-3999 are accused of being of another world, rightly and wrongly, for each kind of harm
(see `degrade.py`). `--write` replaces `presence_weights.py`; `--clips 0` tests the one that is
there. Run it again whenever a world is added or its drawing changes.
"""

from __future__ import annotations

import argparse
import base64
import textwrap
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from dataset_scripts.simulator import STYLES, simulate_clip
from evaluate_metrics.microworldbench import presence, presence_weights
from evaluate_metrics.microworldbench.decode import shrink
from evaluate_metrics.microworldbench.degrade import Harm, harm
from evaluate_metrics.microworldbench.footage import SIDE, thumbnails
from evaluate_metrics.microworldbench.measures import WORLDS
from evaluate_metrics.microworldbench.presence_features import describe

FORMS = ((64, 17), (128, 33), (64, 33), (96, 25), (64, 49), (128, 17))
"""Size in pixels and number of frames, in turn."""
FIT_SEEDS, TEST_SEEDS = 1000, 3000
SHRINKAGE = 0.05
"""How far the scatter within classes is drawn towards a sphere: what varies little in simulated
clips shall not decide about others."""


def clips(count: int, first_seed: int) -> Iterator[tuple[str, int, np.ndarray]]:
    """`count` clips of every world and look: world, number of the clip, frames (T, H, W, 3)."""
    seed = first_seed
    for number in range(count):
        size, frames = FORMS[number % len(FORMS)]
        for phenomenon in WORLDS:
            for style in STYLES:
                ask = {"size": size, "num_frames": frames, "seed": seed, "style": style}
                yield phenomenon, number, simulate_clip(phenomenon, **ask).frames
                seed += 1


def small(frames: np.ndarray) -> np.ndarray:
    """Thumbnails of a clip as the metric sees it."""
    shrunk = np.stack([shrink(frame, SIDE) for frame in frames])
    return thumbnails(shrunk.astype(np.float32) / 255)


def fit(numbers: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Linear discriminant of `numbers` (clips, N) with `labels` 0 … C-1: mean (N,), axes (K, N)
    and centres (C, K), scaled so that clips scatter about their centre with variance 1."""
    mean, scale = numbers.mean(axis=0), numbers.std(axis=0) + 1e-6
    unit = (numbers - mean) / scale
    centres = np.stack([unit[labels == c].mean(axis=0) for c in range(labels.max() + 1)])
    scatter = np.cov((unit - centres[labels]).T)
    size = np.trace(scatter) / len(scatter)
    scatter = (1 - SHRINKAGE) * scatter + SHRINKAGE * size * np.eye(len(scatter))
    whiten = np.linalg.inv(np.linalg.cholesky(scatter))
    white = centres @ whiten.T
    _, _, directions = np.linalg.svd(white - white.mean(axis=0), full_matrices=False)
    axes = (directions[: len(centres) - 1] @ whiten) / scale
    return mean, axes, np.stack([axes @ (numbers[labels == c].mean(axis=0) - mean)
                                 for c in range(labels.max() + 1)])  # fmt: skip


def source(mean: np.ndarray, axes: np.ndarray, centres: np.ndarray, worlds: list[str]) -> str:
    """The text of `presence_weights.py`."""
    packed = np.concatenate([mean, axes.ravel(), centres.ravel()]).astype("<f4").tobytes()
    lines = textwrap.wrap(base64.b85encode(packed).decode(), 90, break_on_hyphens=False)
    return "\n".join(
        [
            '"""The recogniser of worlds, written by tests/benchmarks/fit_presence.py."""',
            "",
            "# fmt: off",
            f"NUMBERS, AXES = {len(mean)}, {len(axes)}",
            "WORLDS = (",
            *(f'    "{world}",' for world in worlds),
            ")",
            "PACKED = (",
            *(f'    "{line}",' for line in lines),
            ")",
            "",
        ]
    )


def refit(count: int, write: bool) -> None:
    """Fits on `count` clips of each class; uses the result from here on, and keeps it if asked."""
    recompress = harm("recompress")
    found: dict[tuple[str, int], list[np.ndarray]] = {}
    for place, (phenomenon, number, frames) in enumerate(clips(count, FIT_SEEDS)):
        shown = recompress.apply(frames) if number % 2 else frames
        found.setdefault((phenomenon, place % len(STYLES)), []).append(describe(small(shown)))
    numbers = np.concatenate([np.stack(rows) for rows in found.values()])
    labels = np.repeat(np.arange(len(found)), [len(rows) for rows in found.values()])
    text = source(*fit(numbers, labels), [phenomenon for phenomenon, _ in found])
    if write:
        Path(presence_weights.__file__).write_text(text, encoding="utf-8")
    exec(text, presence_weights.__dict__)
    print(f"fitted on {len(numbers)} clips, {len(text) / 1000:.1f} kB of weights")


def report(count: int, harms: list[Harm | None]) -> None:
    """Prints what the recogniser makes of held-out clips, as they are and harmed."""
    print("clips                  true: accused  farthest   other world: caught  smallest gap")
    for harmed in harms:
        accused, caught, farthest, gap = [], [], 0.0, np.inf
        for phenomenon, _, frames in clips(count, TEST_SEEDS):
            squared = presence.distances(small(harmed.apply(frames) if harmed else frames))
            for claimed in WORLDS:
                own, other, _ = presence.compare(squared, claimed)
                verdict = other <= presence.FAMILIAR and own >= other + presence.MARGIN
                if claimed == phenomenon:
                    accused.append(verdict)
                    farthest = max(farthest, own)
                else:
                    caught.append(verdict)
                    gap = min(gap, own - other)
        name = harmed.name if harmed else "as simulated"
        print(
            f"{name:14}{len(accused):6}   {np.mean(accused):12.2%} {farthest:9.0f}"
            f"   {np.mean(caught):19.2%} {gap:13.0f}",
            flush=True,
        )


def main() -> None:
    """Fits, reports, writes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clips", type=int, default=24, help="per world and look, to fit on")
    parser.add_argument("--held-out", type=int, default=8, help="per world and look, to test on")
    parser.add_argument("--autoencoder", help="folder of a model: test its round trip too")
    parser.add_argument("--write", action="store_true", help="replace presence_weights.py")
    args = parser.parse_args()
    if args.clips:
        refit(args.clips, args.write)
    harms: list[Harm | None] = [None, harm("recompress"), harm("resize")]
    if args.autoencoder:
        harms.append(harm(f"roundtrip:{args.autoencoder}"))
    if args.held_out:
        report(args.held_out, harms)


if __name__ == "__main__":
    main()
