"""Twins of ciliary clearance: one law of cilia and mucus is broken, and little else tells them."""

from __future__ import annotations

import numpy as np
import pytest

from dataset_scripts.simulator.clip import simulate_clip, simulate_state
from dataset_scripts.simulator.core import NoTwin, SimulatorError, State
from dataset_scripts.simulator.models import ciliary_row
from dataset_scripts.simulator.twins import ciliary_clearance as twins

NAME = "ciliary_clearance"
NAMES = [v.name for v in twins.VIOLATIONS]
STOPS = {"mucus": "yes", "paralysis": "yes"}
GOES_ON = {"mucus": "yes", "paralysis": "no"}
CLOSE_UP = {"mucus": "no", "paralysis": "no"}


def high_tips(state: State, onset: int) -> tuple[np.ndarray, np.ndarray]:
    """Ways (µm, forward positive) in each frame of tips that are high up, and which are high."""
    tips = state["cilia"][onset - 1 :, :, -1]
    height = state["bases"][:, 1] - tips[..., 1]
    high = np.minimum(height[1:], height[:-1]) > 0.8 * np.ptp(state["cilia"][..., 1])
    # Those that turn round in a twin count from then on.
    high &= state["facing"][onset:] == state["facing"][-1]
    return state["sense"] * np.diff(tips[..., 0], axis=0), high


def retraced(state: State, onset: int) -> float:
    """Share of the tips' high sweeps that go backward; 0 in a true beat, 1 in a mirrored one."""
    way, high = high_tips(state, onset)
    return float(-np.minimum(way, 0)[high].sum() / np.abs(way)[high].sum())


def straight_share(state: State, onset: int) -> float:
    """Share of the frames in which a cilium is in its straight stroke."""
    return float(state.truth.series["straight_share"][1][onset:].mean())


def over_still_cilia(state: State) -> float:
    """µm that the mucus moves while no cilium does."""
    still = np.ptp(state["cilia"][1:] - state["cilia"][:-1], axis=(1, 2, 3)) == 0
    return float(np.diff(state["shift"])[still].sum())


@pytest.mark.parametrize("name", NAMES)
def test_the_law_holds_in_the_true_clip_and_is_broken_in_its_twin(name):
    for seed in range(12):
        fixed = STOPS if name == "runs_on" else (GOES_ON, CLOSE_UP)[seed % 2]
        values, clock, state = simulate_state(NAME, num_frames=33, seed=seed, parameters=fixed)
        before = state["cilia"].copy(), state["shift"].copy()
        twin = twins.violate(name, values, state, clock, np.random.default_rng(seed))
        assert np.array_equal(before[0], state["cilia"])
        assert np.array_equal(before[1], state["shift"])
        (event,) = [e for e in twin.truth.events if e.name == "violation"]
        assert event.value is not None and event.unit
        assert 1 <= event.frame <= 0.4 * 33 and event.t_s == event.frame * clock.s_per_frame
        assert all(e.name != "violation" for e in state.truth.events)
        onset = event.frame
        assert np.array_equal(twin["cilia"][:onset], before[0][:onset])
        assert np.array_equal(twin["shift"][:onset], before[1][:onset])
        # Cilia keep their length and their base in any case, and none jumps.
        step = np.hypot(*np.diff(twin["cilia"], axis=2).transpose(3, 0, 1, 2))
        assert np.allclose(step.sum(axis=2), values["cilium_length"])
        jumps = np.abs(np.diff(twin["cilia"], axis=0)).max()
        assert jumps < 2.2 * np.abs(np.diff(state["cilia"], axis=0)).max()
        if name == "runs_on":
            assert over_still_cilia(state) == 0
            assert over_still_cilia(twin) == pytest.approx(event.value, rel=0.02)
            assert twin["shift"][-1] == pytest.approx(state["shift"][-1])
            assert np.array_equal(twin["cilia"], state["cilia"])
            continue
        assert np.array_equal(twin["shift"], state["shift"])
        assert retraced(state, onset) < 0.02
        if name == "against_stroke":
            assert retraced(twin, onset) > 0.95
        elif name == "reciprocal_stroke":
            if high_tips(twin, onset)[1].sum() > 20:
                assert 0.3 < retraced(twin, onset) < 0.7
            # Every cilium stays in one of its strokes.
            straight = np.mod(twin["phase"][onset:], 1.0) <= values["effective_share"] + 1e-9
            assert (straight.all(axis=0) | (~straight).all(axis=0)).mean() > 0.95
        else:
            assert straight_share(twin, onset) > straight_share(state, onset) + 0.12
            assert retraced(twin, onset) < 0.02


def test_a_mirrored_beat_shows_the_mirrored_shapes():
    values, clock, state = simulate_state(NAME, num_frames=33, seed=1, parameters=GOES_ON)
    twin = twins.violate("against_stroke", values, state, clock, np.random.default_rng(0))
    own = (twin["cilia"] - twin["bases"][None, :, None])[-1]
    flipped = {**twin.arrays, "facing": -twin["facing"]}
    again = ciliary_row.posed(values, clock, State(twin.field_um, flipped, twin.truth), {})
    other = (again["cilia"] - again["bases"][None, :, None])[-1]
    assert np.allclose(own, other * [-1, 1])


def test_most_draws_have_twins():
    refused = 0
    for seed in range(40):
        values, clock, state = simulate_state(NAME, num_frames=17, seed=seed)
        for name in ("against_stroke", "reciprocal_stroke", "slow_stroke"):
            try:
                twins.violate(name, values, state, clock, np.random.default_rng(seed))
            except NoTwin:
                refused += 1
    assert refused <= 12


def test_refusals():
    with pytest.raises(SimulatorError, match="unknown violation 'crosses'"):
        simulate_clip(NAME, size=64, num_frames=8, seed=0, violation="crosses")
    with pytest.raises(NoTwin, match="at least 8 frames"):
        simulate_clip(NAME, size=64, num_frames=4, seed=0, violation="slow_stroke")
    for fixed in (GOES_ON, CLOSE_UP):
        with pytest.raises(NoTwin, match="cilia that stop"):
            simulate_clip(NAME, size=64, num_frames=17, seed=0, violation="runs_on",
                          parameters=fixed)  # fmt: skip
