"""Twins of vesicle diffusion: one law of free diffusion is broken, and nothing else tells them."""

from __future__ import annotations

import numpy as np
import pytest

from dataset_scripts.simulator.clip import simulate_clip, simulate_state
from dataset_scripts.simulator.core import NoTwin, SimulatorError, Truth
from dataset_scripts.simulator.twins import vesicle_diffusion as twins

NAME = "vesicle_diffusion"
NAMES = [v.name for v in twins.VIOLATIONS]


def steps_of(truth: Truth, onset: int, frames: int) -> np.ndarray:
    """Steps (S, N, 2) µm from the frame before the onset on; NaN where a vesicle is not seen."""
    number = 1 + max(row[0] for row in truth.tracks)
    xy = np.full((frames, number, 2), np.nan)
    for object_id, _, frame, x, y in truth.tracks:
        xy[frame, object_id] = x, y
    return np.diff(xy[onset - 1 :], axis=0)


def broken(name: str, truth: Truth, onset: int, frames: int) -> float:
    """The quantity whose value the law `name` states, from the published tracks."""
    step = steps_of(truth, onset, frames)
    square = np.nanmean(np.sum(step**2, axis=2))
    if name == "drift":
        return float(np.linalg.norm(np.nanmean(step, axis=(0, 1))) / np.sqrt(square))
    if name == "persistent":
        return float(np.nanmean(np.sum(step[1:] * step[:-1], axis=2)) / square)
    if name == "together":
        return float(np.nanmean(np.sum(step[:, 1:] * step[:, :-1], axis=2)) / square)
    if name == "caged":
        path = np.cumsum(step, axis=0)
        return float(np.nanmean(np.sum((path[8:] - path[:-8]) ** 2, axis=2)) / square)
    axes = np.nanmean(step**2, axis=(0, 1))
    return float(axes.min() / axes.max())


# Bounds on the mean over draws: the true clips' below or above the first, the twins' the second.
LAWS = {"drift": (0.2, 0.45), "persistent": (0.15, 0.6), "together": (0.15, 0.7),
        "caged": (5.0, 2.5), "one_axis": (0.5, 0.1)}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_the_law_holds_in_the_true_clip_and_is_broken_in_its_twin(name):
    true, twin = [], []
    for seed in range(10):
        values, clock, state = simulate_state(NAME, num_frames=17, seed=seed)
        other = twins.violate(name, values, state, clock, np.random.default_rng(seed))
        event = other.truth.events[-1]
        assert event.name == "violation" and event.value is not None and event.unit
        assert 1 <= event.frame <= 0.4 * 17 and event.t_s == event.frame * clock.s_per_frame
        assert not state.truth.events
        true.append(broken(name, state.truth, event.frame, 17))
        twin.append(broken(name, other.truth, event.frame, 17))
        seen = other.truth.series["vesicles_in_view"][1]
        assert np.all(np.abs(seen - state["number"]) <= (2 if name == "together" else 0))
    nature, forced = LAWS[name]
    if nature < forced:
        assert np.mean(true) < nature and np.mean(twin) > forced
    else:
        assert np.mean(true) > nature and np.mean(twin) < forced


def test_refusals():
    with pytest.raises(SimulatorError, match="unknown violation 'larger_faster'"):
        simulate_clip(NAME, size=64, num_frames=8, seed=0, violation="larger_faster")
    with pytest.raises(NoTwin, match="at least 8 frames"):
        simulate_clip(NAME, size=64, num_frames=4, seed=0, violation="drift")
