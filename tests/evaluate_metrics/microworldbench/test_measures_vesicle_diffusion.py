"""Measures of vesicle_diffusion on simulated clips, true ones and law-breaking twins."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from dataset_scripts.simulator import simulate_clip
from evaluate_metrics.microworldbench import measures_vesicle_diffusion as measures
from evaluate_metrics.microworldbench import measures_vesicle_diffusion_scene as scenes
from evaluate_metrics.microworldbench.footage import Footage
from evaluate_metrics.microworldbench.reading import NotSeen

LAWS = {"independent": "moves_together", "diffuses": "not_diffusing", "isotropic": "one_line"}
BROKEN = {
    "drift": "independent",
    "together": "independent",
    "persistent": "diffuses",
    "caged": "diffuses",
    "one_axis": "isotropic",
}
STYLES = ("illustration", "fluorescence", "bright_field")


@cache
def clip(seed: int, style: str, count: str, violation: str = "", size: int = 64) -> Any:
    return simulate_clip(
        "vesicle_diffusion", size=size, num_frames=25, seed=seed, style=style,
        parameters={"count": count}, violation=violation,
    )  # fmt: skip


def seen(frames: np.ndarray) -> scenes.Vesicles:
    # Neither scale is right: nothing may depend on them.
    return measures.look(Footage(frames.astype(np.float32) / 255, 123.0, 45.0))


def holds(vesicles: scenes.Vesicles, name: str) -> bool:
    measure = measures.MEASURES[name]
    return measure.holds(measure.read(vesicles))


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("count", ["few", "many"])
def test_true_clips_hold_every_law(style: str, count: str) -> None:
    vesicles = seen(clip(5000, style, count).frames)
    for law, breach in LAWS.items():
        assert holds(vesicles, law), law
        assert not holds(vesicles, breach), breach
    assert not holds(vesicles, "persists")
    assert holds(vesicles, count)
    assert not holds(vesicles, {"few": "many", "many": "few"}[count])


@pytest.mark.parametrize("violation", BROKEN)
@pytest.mark.parametrize(("seed", "count"), [(5000, "few"), (5001, "many")])
def test_every_violation_is_noticed(violation: str, seed: int, count: str) -> None:
    vesicles = seen(clip(seed, STYLES[seed % 3], count, violation).frames)
    law = BROKEN[violation]
    assert not holds(vesicles, law)
    assert holds(vesicles, LAWS[law])
    assert holds(vesicles, "persists") == (violation == "persistent")


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("size", [64, 128])
def test_tracks_are_those_of_the_simulator(style: str, size: int) -> None:
    shown = clip(5002, style, "few", size=size)
    places = seen(shown.frames).places
    number = len({track[0] for track in shown.truth.tracks})
    assert places.shape == (25, number, 2)
    truth = np.zeros((25, number, 2))
    for k, _, frame, x, y in shown.truth.tracks:
        truth[frame, k] = x, y
    truth /= shown.field_um * scenes.DIAMETER
    match = [int(np.argmin(np.linalg.norm(truth[0] - places[0, k], axis=1))) for k in range(number)]
    assert sorted(match) == list(range(number))
    error = places - truth[:, match]
    assert np.linalg.norm(error - np.median(error, axis=(0, 1)), axis=2).max() < 0.15


@pytest.mark.parametrize("kind", ["noise", "blank", "frozen", "noisy frozen"])
def test_without_moving_vesicles_nothing_is_seen(kind: str) -> None:
    rng = np.random.default_rng(0)
    frames = np.repeat(clip(5000, "illustration", "few").frames[:1], 25, axis=0)
    if kind == "noise":
        frames = rng.integers(0, 256, frames.shape)
    elif kind == "blank":
        frames = np.full_like(frames, 128)
    elif kind == "noisy frozen":
        frames = (frames + rng.normal(0, 4, frames.shape)).clip(0, 255)
    with pytest.raises(NotSeen):
        seen(frames)


def test_readings_of_made_up_paths() -> None:
    rng = np.random.default_rng(3)
    steps = rng.normal(0, 0.2, (200, 6, 2))
    free = np.cumsum(steps, axis=0)
    assert measures.drift(free) < 3
    assert abs(measures.shared(free)) < 0.1
    assert abs(measures.heading(free)) < 0.1
    assert measures.held(free) < 0.1
    assert measures.evenness(free) > 0.8
    assert measures.drift(free + 0.1 * np.arange(200)[:, None, None]) > 10
    assert measures.shared(np.cumsum(steps + 3 * steps[:, :1], axis=0)) > 0.7
    assert measures.heading(np.cumsum(free, axis=0)) > 0.9
    assert measures.held(steps) == pytest.approx(1.0, abs=0.1)
    assert measures.evenness(free * [1.0, 0.2]) == pytest.approx(0.04, abs=0.01)


def test_too_few_steps_tell_nothing() -> None:
    short = scenes.Vesicles(np.random.default_rng(1).normal(size=(8, 2, 2)), np.full(8, 2))
    for name in LAWS:
        with pytest.raises(NotSeen):
            measures.MEASURES[name].read(short)
