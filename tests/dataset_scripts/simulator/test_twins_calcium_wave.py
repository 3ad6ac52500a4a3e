"""Twins of calcium waves: one law of regenerative release is broken, and little else tells them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from dataset_scripts.simulator.clip import simulate_clip, simulate_state
from dataset_scripts.simulator.core import NoTwin, SimulatorError, State
from dataset_scripts.simulator.twins import calcium_wave as twins

NAME = "calcium_wave"
NAMES = [v.name for v in twins.VIOLATIONS]
PLANE = {"direction": "left_to_right"}
RING = {"direction": "outward"}


def rises(state: State) -> np.ndarray:
    """How often calcium rises through half its peak at each site of the cytosol."""
    active = state["calcium"][:, state["inside"]] >= 0.5
    return active[0] + (active[1:] & ~active[:-1]).sum(axis=0)


def broken(name: str, state: State, onset: int) -> float:
    """The quantity whose value the law `name` states, from the published front or the calcium."""
    front = state.truth.series["front_distance"][1]
    if name == "runs_back":
        return float(np.diff(front).min())
    if name == "refires":
        return float((rises(state) > 1).mean())
    if name == "jumps_gap":
        lit, number = ndimage.label((state["calcium"][onset] >= 0.5) & state["inside"])
        if number < 2:
            return 0.0
        return float(ndimage.distance_transform_edt(lit != 1)[lit > 1].min() * state["wave"]["h"])
    hits = [e.frame for e in state.truth.events if e.name == "front_meets_membrane"]
    stop = (hits[0] if hits else len(front)) - 1
    early, late = front[onset + 2] - front[onset - 1], front[stop] - front[stop - 3]
    return float(late / early)


# Bounds for every single draw: of the true clip (low, high), and of the twin.
LAWS = {"spreads_as_root": ((0.8, 1.6), (0.0, 0.6)), "speeds_up": ((0.8, 1.6), (2.0, 9.0)),
        "runs_back": ((-0.2, 9.0), (-9.0, -0.5)), "refires": ((0.0, 0.0), (0.1, 0.5)),
        "jumps_gap": ((0.0, 0.0), (7.0, 30.0))}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_the_law_holds_in_the_true_clip_and_is_broken_in_its_twin(name):
    ways = [PLANE, RING] if name not in ("runs_back", "refires") else [PLANE]
    for seed in range(5):
        for fixed in ways:
            values, clock, state = simulate_state(NAME, num_frames=33, seed=seed, parameters=fixed)
            before = state["calcium"].copy()
            other = twins.violate(name, values, state, clock, np.random.default_rng(seed))
            assert np.array_equal(before, state["calcium"])
            event = other.truth.events[-1]
            assert event.name == "violation" and event.value is not None and event.unit
            assert 1 <= event.frame <= 0.4 * 33 and event.t_s == event.frame * clock.s_per_frame
            assert all(e.name != "violation" for e in state.truth.events)
            (low, high), (least, most) = LAWS[name]
            assert low <= broken(name, state, event.frame) <= high, (seed, fixed)
            assert least <= broken(name, other, event.frame) <= most, (seed, fixed)
            inside = state["inside"]
            assert other["calcium"][:, inside].max() < 1.03
            if name == "spreads_as_root":
                assert other["calcium"][-1, inside].max() < 0.8 * state["calcium"][-1, inside].max()
            if name != "refires":
                assert rises(state).max() == 1
            if name in ("spreads_as_root", "speeds_up", "jumps_gap"):
                assert rises(other).max() == 1


def test_the_finer_run_is_the_true_wave():
    """What twins are cut from agrees with the true clip's calcium and indicator at its frames."""
    for fixed in (PLANE, RING):
        values, clock, state = simulate_state(NAME, num_frames=17, seed=1, parameters=fixed)
        calcium, bound = twins._at(values, state, clock, clock.times_s)
        inside = state["inside"]
        assert np.abs(calcium - state["calcium"])[:, inside].max() < 0.06
        assert np.abs(bound - state["bound"])[:, inside].max() < 0.06


def test_refusals():
    with pytest.raises(SimulatorError, match="unknown violation 'crosses'"):
        simulate_clip(NAME, size=64, num_frames=8, seed=0, violation="crosses")
    with pytest.raises(NoTwin, match="at least 8 frames"):
        simulate_clip(NAME, size=64, num_frames=4, seed=0, violation="speeds_up")
    for name in ("runs_back", "refires"):
        with pytest.raises(NoTwin, match="plane front"):
            simulate_clip(
                NAME, size=64, num_frames=17, seed=0, violation=name, parameters=RING
            )  # fmt: skip
