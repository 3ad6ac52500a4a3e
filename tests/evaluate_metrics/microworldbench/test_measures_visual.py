"""Measures of any world: true clips pass them all, a made defect fails the one that names it."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from dataset_scripts.simulator import simulate_clip
from evaluate_metrics.microworldbench.degrade import harm
from evaluate_metrics.microworldbench.footage import Footage
from evaluate_metrics.microworldbench.measures_visual import MEASURES

PENALTIES = ("flickers", "freezes", "cuts", "jumps")
SPECIAL = {
    "calcium_wave": {"steady_brightness"},  # it lights up the cell
    "mitosis": {"keeps_moving"},  # slow before anaphase
    "thrombosis": {"keeps_moving", "freezes"},  # blood comes to rest
}
"""Measures that true clips of a world may fail."""
CLIPS = {
    "calcium_wave": "illustration",
    "capillary_flow": "fluorescence",
    "chemotaxis": "bright_field",
    "mitosis": "fluorescence",
    "thrombosis": "bright_field",
    "vesicle_diffusion": "illustration",
}


@cache
def clip(phenomenon: str, seed: int = 8) -> np.ndarray:
    """(25, 64, 64, 3) uint8."""
    style = CLIPS[phenomenon]
    return simulate_clip(phenomenon, size=64, num_frames=25, seed=seed, style=style).frames


def holds(name: str, frames: np.ndarray) -> bool:
    measure = MEASURES[name]
    return measure.holds(measure.read(Footage(frames.astype(np.float32) / 255, 1.0, 1.0)))


@pytest.mark.parametrize("kind", ["", "recompress", "resize"])
@pytest.mark.parametrize("phenomenon", CLIPS)
def test_true_clips_pass(phenomenon: str, kind: str) -> None:
    frames = clip(phenomenon)
    frames = harm(kind).apply(frames) if kind else frames
    for name in sorted(set(MEASURES) - SPECIAL.get(phenomenon, set())):
        assert holds(name, frames) == (name not in PENALTIES), name


def shifted(frames: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """Each frame moved by whole pixels, `steps` (T, 2)."""
    pairs = zip(frames, np.rint(steps).astype(int), strict=True)
    return np.stack([np.roll(frame, tuple(step), (0, 1)) for frame, step in pairs])


def defect(name: str, frames: np.ndarray) -> np.ndarray:
    """`frames` with the defect called `name`."""
    count, rng = len(frames), np.random.default_rng(1)
    swing = np.where(np.arange(count) % 2, 1, -1)[:, None, None, None]
    where = np.arange(count)
    altered = {
        "brightness flicker": lambda: frames * (1 + 0.08 * swing),
        "colour flicker": lambda: frames * (1 + 0.08 * swing * np.array([1, 0, -1])),
        "fading light": lambda: frames * np.linspace(1, 0.6, count)[:, None, None, None],
        "freeze": lambda: frames[np.where((where > 8) & (where < 16), 8, where)],
        "cut": lambda: np.concatenate([frames[:12], clip("mitosis", 9)[:13]]),
        "shuffled": lambda: frames[rng.permutation(count)],
        "shake": lambda: shifted(frames, rng.normal(0, 1.3, (count, 2))),
        "drift": lambda: shifted(frames, np.linspace(0, 4, count)[:, None] * [1, 0.7]),
        "blur": lambda: gaussian_filter(frames.astype(float), (0, 1.25, 1.25, 0)),
        "washed out": lambda: 0.25 * frames + 150,
        "burnt out": lambda: frames * 2.0 + 190,
        "black": lambda: frames * 0.05,
    }[name]()
    return np.clip(np.rint(altered), 0, 255).astype(np.uint8)


NOTICED = {
    "brightness flicker": ["steady_brightness", "flickers"],
    "colour flicker": ["steady_brightness", "flickers"],
    "fading light": ["steady_brightness"],
    "freeze": ["keeps_moving", "freezes"],
    "cut": ["cuts"],
    "shuffled": ["jumps"],
    "shake": ["steady_background"],
    "drift": ["steady_background"],
    "blur": ["sharp"],
    "washed out": ["well_exposed"],
    "burnt out": ["well_exposed"],
    "black": ["well_exposed"],
}


@pytest.mark.parametrize("phenomenon", ["capillary_flow", "chemotaxis", "vesicle_diffusion"])
@pytest.mark.parametrize("name", NOTICED)
def test_defects_are_noticed(name: str, phenomenon: str) -> None:
    frames = defect(name, clip(phenomenon))
    for measure in NOTICED[name]:
        assert holds(measure, frames) == (measure in PENALTIES), measure


def test_a_dropped_stretch_makes_things_jump() -> None:
    frames = clip("calcium_wave")
    assert holds("jumps", np.concatenate([frames[:10], frames[16:]]))


@pytest.mark.parametrize("shape", [(8, 16, 24), (9, 100, 31), (30, 20, 128)])
def test_every_measure_reads_a_number_from_any_shape(shape: tuple[int, int, int]) -> None:
    frames = np.random.default_rng(0).random((*shape, 3), np.float32)
    for shown in (frames, np.zeros_like(frames)):
        footage = Footage(shown, 1.0, 1.0)
        assert all(np.isfinite(measure.read(footage)) for measure in MEASURES.values())
