"""Twins of phagocytosis: each breaks its own law in the state, keeps the others and the looks."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from dataset_scripts.simulator.clip import simulate_clip, simulate_state
from dataset_scripts.simulator.core import NoTwin, SimulatorError
from dataset_scripts.simulator.twins import phagocytosis as twins

NAME, FRAMES = "phagocytosis", 17
NAMES = [v.name for v in twins.VIOLATIONS]
NEEDS = {"takes_bare": {"targets": "coated_and_bare"}}


@cache
def drawn(name: str, frames: int = FRAMES):
    """Pairs of states of 24 seeds: parameters, clock, truth, twin and its onset."""
    found = []
    for seed in range(24):
        p, clock, state = simulate_state(
            NAME, num_frames=frames, seed=seed, parameters=NEEDS.get(name)
        )
        try:
            twin = twins.violate(name, p, state, clock, np.random.default_rng(seed))
        except NoTwin:
            continue
        found.append((p, clock, state, twin, twin.truth.events[-1].frame))
    return found


def laws(p, state, first: int) -> dict[str, bool]:
    """Which laws hold from the frame `first` on."""
    centre, radius = state["body"].centre, state["radius"]
    held = dict.fromkeys(NAMES, True)
    for target in state["targets"]:
        away = np.hypot(*(target.centre - centre).T)
        # Where the target is half gone it is seen at both places; count it where it is stronger.
        deep = np.clip((radius + target.half - away) / (2 * target.half), 0, 1)[first:]
        share = (target.covered / target.arc)[first:]
        if (target.opacity > 0.5)[first:][(share < 0.999) & (deep > 0.95)].any():
            held["slips_through"] = False
        if ((target.offset > 0.5)[first:] & (share > 0.2)).any():
            held["no_contact"] = False
        if (target.opacity[first:] < 0.5)[(share > 0) & (share < 1)].any():
            held["vanishes_outside"] = False
        if target.kind == "bare" and share.max() > 0:
            held["takes_bare"] = False
    return held


@pytest.mark.parametrize("name", NAMES)
def test_a_twin_breaks_its_own_law_only(name):
    pairs = drawn(name)
    assert len(pairs) >= 16
    for p, _, state, twin, first in pairs:
        assert all(laws(p, state, 1).values())
        broken = {law for law, holds in laws(p, twin, first).items() if not holds}
        # What appears in the cell without having been wrapped has slipped in, too.
        assert broken - ({"slips_through"} if name == "vanishes_outside" else set()) == {name}


@pytest.mark.parametrize("name", NAMES)
def test_until_the_onset_the_state_is_the_true_one(name):
    for _, clock, state, twin, first in drawn(name):
        event = twin.truth.events[-1]
        assert event.name == "violation" and event.unit and event.value > 0
        assert 1 <= first <= 0.4 * FRAMES and event.t_s == first * clock.s_per_frame
        assert np.array_equal(state["outline"][:first], twin["outline"][:first])
        assert np.array_equal(state["radius"][:first], twin["radius"][:first])
        for one, two in zip(state["targets"], twin["targets"], strict=False):
            assert np.array_equal(one.centre[:first], two.centre[:first])
            assert np.array_equal(one.covered[:first], two.covered[:first])
        assert all(e.name != "violation" for e in state.truth.events)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_leaps_overlaps_or_escapes(name):
    for _, _, state, twin, first in drawn(name):
        assert np.isfinite(twin["outline"]).all() and (twin["radius"] > 0).all()
        assert twin["outline"].min() > 0 and twin["outline"].max() < twin.field_um
        true_step = max(np.abs(np.diff(t.centre, axis=0)).max() for t in state["targets"])
        for target in twin["targets"]:
            step = np.abs(np.diff(target.centre, axis=0))[first - 1 :].max()
            assert step < 1.6 * true_step + 0.7
        seen = sum(t.opacity for t in twin["targets"])
        assert seen == pytest.approx(len(state["targets"])), "one body in all, fading or not"
        # What is swallowed ends where it would have ended.
        if name != "takes_bare":
            for one, two in zip(state["targets"], twin["targets"], strict=False):
                assert np.hypot(*(one.centre[-1] - two.centre[-1])) < 0.75


def test_an_unfolded_surface_is_a_round_one():
    """`slips_through`: from three frames after the onset on the margin has no cup."""
    for _, clock, _, twin, first in drawn("slips_through"):
        radius = twin["radius"][:, None]
        out = np.hypot(*np.moveaxis(twin["outline"] - twin["body"].centre, 2, 0)) - radius
        later = slice(min(first + 4, clock.num_frames - 1), None)
        assert out[later].max() < 0.085 * radius.max()


def test_the_gap_of_a_distant_cup_is_as_wide_as_stated():
    for _, _, _, twin, _ in drawn("no_contact"):
        assert twin["targets"][0].offset.max() == pytest.approx(
            twin.truth.events[-1].value, rel=0.25
        )


def test_refusals():
    with pytest.raises(SimulatorError, match="unknown violation 'explodes'"):
        simulate_clip(NAME, size=64, num_frames=8, seed=0, violation="explodes")
    with pytest.raises(NoTwin, match="no bare bead"):
        simulate_clip(NAME, size=64, num_frames=17, seed=0, violation="takes_bare",
                      parameters={"targets": "one_bead"})  # fmt: skip
    with pytest.raises(NoTwin, match="at least 8 frames"):
        simulate_clip(NAME, size=64, num_frames=5, seed=0, violation="no_contact")
