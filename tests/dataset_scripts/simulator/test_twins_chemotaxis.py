"""Twins of chemotaxis: one law of directed crawling is broken, and nothing else tells them."""

from __future__ import annotations

import numpy as np
import pytest

from dataset_scripts.simulator.clip import simulate_clip, simulate_state
from dataset_scripts.simulator.core import NoTwin, SimulatorError, State
from dataset_scripts.simulator.phenomena import chemotaxis as world
from dataset_scripts.simulator.twins import chemotaxis as twins

NAME = "chemotaxis"
NAMES = [v.name for v in twins.VIOLATIONS]


def tracks(state: State, frames: int) -> np.ndarray:
    xy = np.full((frames, 1 + max(row[0] for row in state.truth.tracks), 2), np.nan)
    for object_id, _, frame, x, y in state.truth.tracks:
        xy[frame, object_id] = x, y
    return xy


def broken(name: str, p: dict, state: State, onset: int, frames: int) -> float:
    """The quantity whose value the law `name` states, from the tracks and the drawn fronts."""
    step = np.diff(tracks(state, frames)[onset - 1 :], axis=0)
    length = np.linalg.norm(step, axis=2)
    if name == "jitter":
        return float(np.sum(step[1:] * step[:-1]) / np.sum(length[1:] * length[:-1]))
    if name == "uropod_first":
        last = step[len(step) // 2 :]
        return float(np.sum(last * state["front"][-len(last) :]) / length[-len(last) :].sum())
    right = (p["source_side"] == "right") == (p["bias"] == "towards")
    return float((1 if right else -1) * step[..., 0].sum() / length.sum())


LAWS = {"reversed_bias": (0.4, -0.2), "no_bias": (0.4, 0.3), "jitter": (0.3, -0.3),
        "uropod_first": (0.7, -0.5)}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_the_law_holds_in_the_true_clip_and_is_broken_in_its_twin(name):
    true, twin = [], []
    for seed in range(10):
        values, clock, state = simulate_state(NAME, num_frames=17, seed=seed)
        before = state["xy"].copy()
        other = twins.violate(name, values, state, clock, np.random.default_rng(seed))
        assert np.array_equal(before, state["xy"])
        event = other.truth.events[-1]
        assert event.name == "violation" and event.value is not None and event.unit == "1"
        assert 1 <= event.frame <= 0.4 * 17 and event.t_s == event.frame * clock.s_per_frame
        assert all(e.name != "violation" for e in state.truth.events)
        true.append(broken(name, values, state, event.frame, 17))
        twin.append(broken(name, values, other, event.frame, 17))
        # Twins keep what the violation is not about: cells apart, inside, and at their speed.
        xy, reach = other["xy"], other["reach"]
        gaps = np.linalg.norm(xy[:, :, None] - xy[:, None], axis=3) + 1e9 * np.eye(xy.shape[1])
        assert gaps.min() >= 2 * reach - 1e-6
        assert xy.min() >= reach - 1e-6 and xy.max() <= state.field_um - reach + 1e-6
        ratio = other["path"][-1].sum() / state["path"][-1].sum()
        assert 0.7 < ratio < 1.25  # who runs into a border is slowed
    nature, forced = LAWS[name]
    assert np.min(true) > nature - 0.2 and np.mean(true) > nature
    assert np.mean(twin) < forced
    if name == "no_bias":
        assert np.mean(np.abs(twin)) < forced


def test_a_true_walk_walked_on_with_the_true_law_is_the_true_walk():
    values, _, state = simulate_state(NAME, num_frames=17, seed=3)
    walk = state["walk"]
    again = twins._rerun(values, state, 4, walk["kappa"], walk["sign"], walk["kicks"], 1.0)
    for name in ("xy", "front", "tail", "path", "climb"):
        assert again[name] == pytest.approx(state[name], abs=1e-9), name
    assert world.poses(
        values, walk["xy"], walk["theta"], walk["dt"], walk["per_frame"]
    )[0].shape == state["front"].shape  # fmt: skip


def test_refusals():
    with pytest.raises(SimulatorError, match="unknown violation 'moved_source'"):
        simulate_clip(NAME, size=64, num_frames=8, seed=0, violation="moved_source")
    with pytest.raises(NoTwin, match="at least 8 frames"):
        simulate_clip(NAME, size=64, num_frames=4, seed=0, violation="jitter")
