"""Twins of peristalsis: one law of transport by a contraction ring is broken, the others hold."""

from __future__ import annotations

import numpy as np
import pytest

from dataset_scripts.simulator.clip import simulate_state
from dataset_scripts.simulator.core import NoTwin, State
from dataset_scripts.simulator.twins import peristalsis as twins

NAME = "peristalsis"
NAMES = [v.name for v in twins.VIOLATIONS]
NEEDS = {"ring_ahead": {"closure": "complete"},
         "against_wave": {"closure": "complete", "organ": "oesophagus"}}  # fmt: skip


def pairs(name: str, count: int, frames: int = 33):
    """The first pairs (clock, true state, twin) that can break the law, and the draws tried."""
    found = []
    for seed in range(60):
        values, clock, state = simulate_state(
            NAME, num_frames=frames, seed=seed, parameters=NEEDS.get(name)
        )
        kept = {key: np.copy(state[key]) for key in ("liquid", "rest", "rings", "middles")}
        try:
            twin = twins.violate(name, values, state, clock, np.random.default_rng(seed))
        except NoTwin:
            continue
        assert all(np.array_equal(state[key], before) for key, before in kept.items())
        found.append((clock, state, twin))
        if len(found) == count:
            break
    return found, seed + 1


def onset(twin: State) -> int:
    (event,) = [e for e in twin.truth.events if e.name == "violation"]
    assert event.value is not None and event.unit
    return event.frame


def measured(state: State, first: int) -> dict[str, float]:
    """The quantities whose values the laws state, from what is drawn."""
    total = state.truth.series["total_ml"][1]
    step = np.diff(state["rings"][:, -1])
    lead = state["middles"] - state["rings"]
    return {
        "bolus_grows": total.max() / total[0],
        "bolus_shrinks": total.min() / total[0],
        "ring_jumps": step.max() / np.median(step[:first]) if first > 1 else step.max() / step[0],
        "ring_ahead": float(lead[-1].max()),
        "against_wave": float((state["middles"][-1] - state["middles"][first - 1]).max()),
    }


@pytest.mark.parametrize("name", NAMES)
def test_the_law_holds_in_the_true_clip_and_is_broken_in_its_twin(name):
    found, tried = pairs(name, 8)
    assert len(found) == 8 and tried <= 26
    for clock, true, twin in found:
        first = onset(twin)
        assert 1 <= first <= 0.4 * clock.num_frames
        for key in ("liquid", "rest", "rings"):
            assert np.array_equal(true[key][:first], twin[key][:first])
            assert np.isfinite(twin[key]).all() and twin[key].min() >= 0
        before, after = measured(true, first), measured(twin, first)
        assert before["bolus_grows"] < 1.001 and before["bolus_shrinks"] > 0.999
        assert before["ring_jumps"] < 1.01 and before["ring_ahead"] > 2
        assert before["against_wave"] > 5
        if name == "bolus_grows":
            assert after[name] == pytest.approx(1.6, abs=0.01)
        elif name == "bolus_shrinks":
            assert after[name] == pytest.approx(1 / 1.6, abs=0.01)
        else:
            assert abs(after["bolus_grows"] - 1) < 1e-6 and abs(after["bolus_shrinks"] - 1) < 1e-6
        if name == "ring_jumps":
            assert after[name] > 6
        else:
            assert after["ring_jumps"] < 4.5
        if name == "ring_ahead":
            assert after[name] < -3
        elif name == "against_wave":
            assert after[name] < -10 and after["ring_ahead"] < -20
            assert np.diff(twin["rings"][:, 0]).min() > 0
        else:
            # Behind its ring, and moving with it.
            assert after["ring_ahead"] > 1 and after["against_wave"] > 3


def test_a_changed_volume_stays_among_those_of_true_clips():
    for name in ("bolus_grows", "bolus_shrinks"):
        for _, _, twin in pairs(name, 6, frames=9)[0]:
            assert 7 - 1e-9 <= twin.truth.series["total_ml"][1][-1] <= 18 + 1e-9


def test_refusals():
    values, clock, state = simulate_state(NAME, num_frames=4, seed=0)
    with pytest.raises(NoTwin, match="at least 6 frames"):
        twins.violate("ring_jumps", values, state, clock, np.random.default_rng(0))
    leaky = {"closure": "leaky", "organ": "oesophagus", "volume": 17.5}
    values, clock, state = simulate_state(NAME, num_frames=17, seed=0, parameters=leaky)
    for name in ("ring_ahead", "against_wave"):
        with pytest.raises(NoTwin, match="leaks"):
            twins.violate(name, values, state, clock, np.random.default_rng(0))
    with pytest.raises(NoTwin, match="volumes that true clips have"):
        twins.violate("bolus_grows", values, state, clock, np.random.default_rng(0))
    two = {"closure": "complete", "organ": "intestine"}
    values, clock, state = simulate_state(NAME, num_frames=17, seed=0, parameters=two)
    with pytest.raises(NoTwin, match="one bolus"):
        twins.violate("against_wave", values, state, clock, np.random.default_rng(0))
