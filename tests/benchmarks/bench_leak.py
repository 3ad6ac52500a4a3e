"""Does anything but the broken law give a twin away? AUROC of a classifier that sees no law.

For each world it draws pairs of a true clip and its law-breaking twin, describes every clip by what
needs no understanding (how one frame looks: colours, contrast, edges, a coarse map of brightness;
the mean flow; the size of the MP4), and asks a logistic regression, cross-validated over pairs,
which is which, from each kind of description alone and from all at once. 0.5 is blind; a world
leaks where one kind alone tells its twins from true clips with more than 0.60. (All at once can
tell more by right: where cells are and how they move on average, together, may be the law itself.)

    python -m tests.benchmarks.bench_leak [--phenomena capillary_flow,mitosis] [--pairs 60]
        [--size 64] [--frames 17] [--seed 5000] [--save]

`--pairs` counts pairs of each violation. The standard error of an AUROC is about 0.29 / √pairs.
`--save` records the figures in bench_leak.json.
"""

from __future__ import annotations

import argparse
import importlib
import json
from itertools import pairwise
from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from tqdm import tqdm

from dataset_scripts.microsim_10k.encode import encode_mp4
from dataset_scripts.simulator import STYLES, simulate_clip, twins
from dataset_scripts.simulator.core import NoTwin

BASELINE = Path(__file__).with_suffix(".json")
LIMIT = 0.60
TRIES = 40
"""Draws for one pair; where the law cannot be broken in most of them, the pair is left out."""


def appearance(frame: np.ndarray) -> list[float]:
    """How one frame (H, W, 3) uint8 looks, as 35 numbers."""
    color = frame.astype(np.float64) / 255
    gray = color.mean(axis=2)
    fine = gray - gaussian_filter(gray, 1.0)
    rough = gaussian_filter(gray, 1.0) - gaussian_filter(gray, 4.0)
    side = len(gray) // 4 * 4
    coarse = gray[:side, :side].reshape(4, side // 4, 4, side // 4).mean(axis=(1, 3))
    shares = np.histogram(gray, np.linspace(0, 1, 9))[0] / gray.size
    spread = [*color.mean(axis=(0, 1)), *color.std(axis=(0, 1))]
    edges = [*np.abs(np.array(np.gradient(gray))).mean(axis=(1, 2)), fine.std(), rough.std()]
    return [*spread, *shares, *edges, gray.max(), *coarse.ravel()]


def mean_flow(frames: np.ndarray) -> list[float]:
    """Mean motion of a clip (T, H, W, 3) uint8: x and y of the frames' best shift (px), the mean
    speed of edges (px) and the mean change of a pixel."""
    gray = np.stack([gaussian_filter(f, 1.0) for f in frames.mean(axis=3) / 255])
    shifts, speeds = [], []
    for before, after in pairwise(gray):
        down, right = np.gradient(0.5 * (before + after))
        normal = np.array(
            [[(right**2).sum(), (right * down).sum()], [(right * down).sum(), (down**2).sum()]]
        )
        change = after - before
        wanted = -np.array([(right * change).sum(), (down * change).sum()])
        shifts.append(np.linalg.solve(normal + 1e-9 * np.eye(2), wanted))
        slope = np.hypot(right, down)
        speeds.append((np.abs(change) * slope).sum() / (slope**2).sum())
    energy = np.abs(np.diff(gray, axis=0)).mean()
    return [*np.mean(shifts, axis=0), float(np.mean(speeds)), float(energy)]


KINDS = {"frame": slice(0, 35), "flow": slice(35, 39), "size": slice(39, 40), "all": slice(0, 40)}
"""Where each kind of description stands among the numbers of `describe`."""


def describe(frames: np.ndarray, fps: int, shown: int) -> list[float]:
    """All that a classifier without any understanding gets of a clip; `shown` is its one frame."""
    size = np.log(len(encode_mp4(frames, fps)))
    return [*appearance(frames[shown]), *mean_flow(frames), float(size)]


def pairs_of(
    world: str, violation: str, count: int, size: int, frames: int, seed: int
) -> tuple[np.ndarray, int]:
    """Descriptions (pairs, 2, N) of true clips and twins, and how many draws had no twin."""
    rows, refused = [], 0
    rng = np.random.default_rng([seed, len(violation)])
    bar = tqdm(total=count, desc=f"{world}: {violation}", unit="pair", leave=False)
    for number in range(count * TRIES):
        ask = {
            "size": size, "num_frames": frames, "seed": seed + number,
            "style": STYLES[number % len(STYLES)],
        }  # fmt: skip
        try:
            twin = simulate_clip(world, violation=violation, **ask)
        except NoTwin:
            refused += 1
            continue
        true = simulate_clip(world, **ask)
        onset = next(e.frame for e in twin.truth.events if e.name == "violation")
        shown = int(rng.integers(onset, frames))
        rows.append([describe(c.frames, c.fps, shown) for c in (true, twin)])
        bar.update()
        if len(rows) == count:
            break
    bar.close()
    return np.array(rows), refused


def auroc(pairs: np.ndarray) -> float:
    """Cross-validated AUROC of a logistic regression on `pairs` (P, 2, N); pairs stay together."""
    x = pairs.reshape(-1, pairs.shape[-1])
    y = np.tile([0, 1], len(pairs))
    pair = np.repeat(np.arange(len(pairs)), 2)
    scores = np.zeros(len(y))
    for fit, test in GroupKFold(5, shuffle=True, random_state=0).split(x, y, pair):
        model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=2000))
        scores[test] = model.fit(x[fit], y[fit]).decision_function(x[test])
    return float(roc_auc_score(y, scores))


def aurocs(pairs: np.ndarray) -> dict[str, float]:
    """AUROC by kind of description."""
    return {kind: round(auroc(pairs[..., part]), 3) for kind, part in KINDS.items()}


def told(world: str, violation: str, values: dict[str, float], remark: str) -> None:
    """Prints one line of figures."""
    cells = "".join(f"{value:7.2f}" for value in values.values())
    print(f"{world:<24} {violation:<24}{cells}  {remark}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--phenomena", help="comma-separated; default all that have twins")
    parser.add_argument("--pairs", type=int, default=60, help="of each violation")
    parser.add_argument("--size", type=int, default=64, help="px")
    parser.add_argument("--frames", type=int, default=17)
    parser.add_argument("--seed", type=int, default=5000)
    parser.add_argument("--save", action="store_true", help="record the figures")
    args = parser.parse_args()
    worlds = args.phenomena.split(",") if args.phenomena else list(twins.NAMES)
    figures: dict[str, dict[str, float]] = {}
    print(f"{'':<49}" + "".join(f"{kind:>7}" for kind in KINDS))
    for world in worlds:
        module = importlib.import_module(f"{twins.__name__}.{world}")
        of_world = {}
        for name in (v.name for v in module.VIOLATIONS):
            found = pairs_of(world, name, args.pairs, args.size, args.frames, args.seed)
            of_world[name] = found[0]
            values = figures[f"{world}: {name}"] = aurocs(found[0])
            told(world, name, values, f"{len(found[0])} pairs, {found[1]} draws had no twin")
        # One classifier for all the violations of a world, as a stranger would train it.
        values = figures[world] = aurocs(np.concatenate(list(of_world.values())))
        worst = max(value for kind, value in values.items() if kind != "all")
        told(world, "all violations", values, "LEAKS" if worst > LIMIT else "")
    if args.save:
        BASELINE.write_text(json.dumps({**vars(args), "auroc": figures}, indent=1) + "\n")


if __name__ == "__main__":
    main()
