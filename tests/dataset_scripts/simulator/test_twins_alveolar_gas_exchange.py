"""Twins of gas exchange: the blood flows as it did, and its colour breaks one law."""

from __future__ import annotations

import numpy as np
import pytest

from dataset_scripts.simulator.clip import simulate_clip, simulate_state
from dataset_scripts.simulator.core import NoTwin, SimulatorError, State
from dataset_scripts.simulator.models.blood_oxygen import EDGE_UM
from dataset_scripts.simulator.twins import alveolar_gas_exchange as twins

NAME = "alveolar_gas_exchange"
NAMES = [v.name for v in twins.VIOLATIONS]
NEEDS = {"keeps_colour": {"activity": "rest"}, "wrong_alveolus": {"layout": "lower_flooded"}}


def pairs(name: str, count: int, num_frames: int = 33):
    """Parameters, clock, true state, twin and onset of the first draws that have a twin."""
    found = 0
    for seed in range(200):
        values, clock, state = simulate_state(
            NAME, num_frames=num_frames, seed=seed, parameters=NEEDS.get(name)
        )
        try:
            other = twins.violate(name, values, state, clock, np.random.default_rng(seed))
        except NoTwin:
            continue
        yield values, clock, state, other, other.truth.events[-1]
        found += 1
        if found == count:
            return


def measures(state: State, since: int) -> dict[str, float]:
    """What each law is about, from the cells' redness in the frames from `since` on."""
    aerated = [stream.aerated for stream in state["streams"]]
    mine = state["stream"] == aerated.index(True)
    begin, end = state["streams"][aerated.index(True)].contact
    s, redness = state["s"][since:], state["redness"][since:]
    early = mine & (s > 0.6 * begin) & (s < begin - EDGE_UM)
    late = mine & (s > end + EDGE_UM)
    beside = mine & (s > begin) & (s < end)
    # A cell's greatest redness beside the air so far, and how far it then falls there.
    best = np.maximum.accumulate(np.where(beside, redness, -1.0), axis=0)
    fall = np.where(beside, best - redness, 0.0).max()
    rise = np.diff(redness, axis=0)[beside[1:] & beside[:-1]]
    other = ~mine & (s > end)
    return {
        "early": float(redness[early].max(initial=0.0)),
        "late": float(redness[late].min(initial=1.0)),
        "fall": float(fall),
        "rise": float(np.abs(rise).max()),
        "flooded": float(redness[other].max(initial=0.0)),
        "aerated": float(redness[late].max(initial=0.0)),
    }


TRUE = {"early": (0.0, 0.01), "late": (0.78, 1.0), "fall": (0.0, 1e-9), "rise": (0.01, 0.5),
        "flooded": (0.0, 1e-9), "aerated": (0.78, 1.0)}  # fmt: skip
BROKEN = {
    "loses_oxygen": {"early": (0.78, 1.0), "late": (0.0, 0.01), "fall": (0.1, 1.0),
                     "aerated": (0.0, 0.01)},
    "before_contact": {"early": (0.95, 1.0), "rise": (0.0, 0.5)},
    "keeps_colour": {"rise": (0.0, 0.0), "late": (0.0, 1.0)},
    "flips_back": {"fall": (0.45, 1.0), "late": (0.0, 1.0)},
    "wrong_alveolus": {"late": (0.0, 0.01), "aerated": (0.0, 0.01), "flooded": (0.78, 1.0),
                       "rise": (0.0, 0.0)},
}  # fmt: skip
"""Where a twin differs from what holds in true clips, as soon as the broken law has set in."""


@pytest.mark.parametrize("name", NAMES)
def test_the_law_holds_in_the_true_clip_and_is_broken_in_its_twin(name):
    worst = []
    for _, clock, state, other, event in pairs(name, 12):
        since = 0 if name == "flips_back" else event.frame
        if name not in ("flips_back", "keeps_colour"):
            since += int(0.2 * clock.num_frames) + 1  # the colours have gone over
        true, twin = measures(state, since), measures(other, since)
        for law, (low, high) in TRUE.items():
            if law == "flooded" and len(state["streams"]) == 1:
                continue
            assert low <= true[law] <= high, (law, true)
            low, high = BROKEN[name].get(law, (low, high))
            assert low - 1e-9 <= twin[law] <= high + 1e-9, (law, twin)
        worst.append(event.value)
    assert len(worst) == 12
    assert np.abs(worst).min() > 0.08


@pytest.mark.parametrize("name", NAMES)
def test_only_colour_changes_and_not_before_the_onset(name):
    for _, clock, state, other, event in pairs(name, 6, 17):
        assert event.name == "violation" and event.value is not None and event.unit
        assert 1 <= event.frame <= 0.4 * clock.num_frames
        assert all(e.name != "violation" for e in state.truth.events)
        for key in ("s", "x", "y", "heading", "stream"):
            assert np.array_equal(state[key], other[key])
        changed = (state["redness"] != other["redness"]).any(axis=1)
        assert not changed[: event.frame].any() and changed[event.frame]
        assert other["redness"].min() > -1e-9 and other["redness"].max() < 1 + 1e-9
        assert state.truth.tracks == other.truth.tracks
        # No colour jumps: at most a third of the whole range from frame to frame.
        assert np.abs(np.diff(other["redness"], axis=0)).max() < 0.62


def test_the_file_of_a_swapped_or_reversed_clip_looks_like_a_true_one():
    """The share of red in view is what it was: one frame does not tell."""
    for name in ("loses_oxygen", "wrong_alveolus"):
        shares = []
        for p, clock, state, other, event in pairs(name, 12):
            later = event.frame + int(0.2 * clock.num_frames) + 1
            seen = (state["x"] >= 0) & (state["x"] <= p["field_of_view"])
            true, twin = (v["redness"][later:][seen[later:]].mean() for v in (state, other))
            shares.append(twin / true)
        assert np.mean(shares) == pytest.approx(1, abs=0.05)


def test_most_draws_have_a_twin_and_others_say_why_not():
    refused = dict.fromkeys(NAMES, 0)
    for seed in range(40):
        values, clock, state = simulate_state(NAME, num_frames=17, seed=seed)
        for name in NAMES:
            try:
                twins.violate(name, values, state, clock, np.random.default_rng(seed))
            except NoTwin:
                refused[name] += 1
    assert refused["loses_oxygen"] == refused["before_contact"] == 0
    assert max(refused.values()) <= 26
    with pytest.raises(NoTwin, match="at least 8 frames"):
        simulate_clip(NAME, size=64, num_frames=4, seed=0, violation="loses_oxygen")
    with pytest.raises(NoTwin, match="only one alveolus"):
        simulate_clip(NAME, size=64, num_frames=17, seed=0, violation="wrong_alveolus",
                      parameters={"layout": "one_alveolus"})  # fmt: skip
    with pytest.raises(NoTwin, match="exercise"):
        simulate_clip(NAME, size=64, num_frames=17, seed=0, violation="keeps_colour",
                      parameters={"activity": "exercise"})  # fmt: skip
    with pytest.raises(SimulatorError, match="unknown violation"):
        simulate_clip(NAME, size=64, num_frames=17, seed=0, violation="jumps")
