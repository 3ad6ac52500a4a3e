"""Twins of cardiac waves: one law of excitable tissue is broken, and little else tells them."""

from __future__ import annotations

import numpy as np
import pytest

from dataset_scripts.simulator.clip import simulate_clip, simulate_state
from dataset_scripts.simulator.core import Clock, NoTwin, SimulatorError, State
from dataset_scripts.simulator.twins import cardiac_wave as twins

NAME = "cardiac_wave"
NAMES = [v.name for v in twins.VIOLATIONS]


def unsteady(state: State) -> float:
    """Highest over lowest speed of the front on its way, or of the spiral."""
    series = state.truth.series
    path = series["turns" if "turns" in series else "front_distance"][1]
    ends = [e.frame for e in state.truth.events if e.name in ("front_meets_border", "collision")]
    step = np.diff(path[: min(ends, default=len(path))])[1:]
    return float(step.max() / max(step.min(), 1e-3 * step.max()))


def backwards(state: State) -> float:
    """Turns of a spiral against its sense."""
    turns = state.truth.series["turns"][1] if "turns" in state.truth.series else np.zeros(2)
    return float(np.maximum.accumulate(turns).max() - turns[-1])


def reawakened(state: State) -> float:
    """Brightest new spike in muscle that has been excited for a while."""
    spike, excited = state["spike"], state["excited"]
    lit = np.minimum.accumulate(excited[::-1], axis=0)[::-1] > 0.95
    rises = np.maximum(np.diff(spike, axis=0), 0)
    return float((rises * lit[:-1]).max())


def palest(state: State, clock: Clock) -> float:
    """Height of the last muscle that is fully lit by that of the first."""
    arrival = twins.world.resampled(np.minimum(state["arrival_s"], 10.0)[None])[0]
    lit = arrival < 0.93 * clock.times_s[-1]
    heights = state["excited"].max(axis=0)[lit][np.argsort(arrival[lit])]
    few = max(1, len(heights) // 30)
    return float(np.median(heights[-few:]) / np.median(heights[:few]))


def squat(state: State, clock: Clock, onset: int) -> float:
    """Speed along by speed across the fibres, from two frames after the onset on."""
    along, across = (state.truth.series[f"{n}_distance"][1] for n in ("front", "across"))
    last = int(np.argmax(np.maximum(along, across) > 0.42 * state.field_um)) or clock.num_frames - 1
    return float((along[last] - along[onset]) / (across[last] - across[onset]))


# Bounds for every single draw: of the true clip (low, high), and of the twin.
LAWS = {
    "surges": ((1.0, 2.0), (4.0, 1e3)), "turns_back": ((0.0, 0.01), (0.8, 2.0)),
    "crosses": ((0.0, 0.25), (0.35, 1.2)), "fades": ((0.97, 1.03), (0.3, 0.8)),
    "wrong_axis": ((1.5, 2.8), (0.2, 0.9)),
}  # fmt: skip


def broken(name: str, state: State, clock: Clock, onset: int) -> float:
    if name == "wrong_axis":
        return squat(state, clock, onset)
    if name == "fades":
        return palest(state, clock)
    return {"surges": unsteady, "turns_back": backwards, "crosses": reawakened}[name](state)


@pytest.mark.parametrize("name", NAMES)
def test_the_law_holds_in_the_true_clip_and_is_broken_in_its_twin(name):
    needed = twins.NEEDED[name]
    for seed in range(max(3, len(needed))):
        way = needed[seed % len(needed)]
        values, clock, state = simulate_state(
            NAME, num_frames=33, seed=seed, parameters={"direction": way}
        )
        before = {key: state[key].copy() for key in ("excited", "spike", "potential")}
        other = twins.violate(name, values, state, clock, np.random.default_rng(seed))
        assert all(np.array_equal(state[key], maps) for key, maps in before.items())
        event = other.truth.events[-1]
        onset = event.frame
        assert event.name == "violation" and event.value is not None and event.unit
        assert 1 <= onset <= 0.4 * 33 and event.t_s == onset * clock.s_per_frame
        for key in ("excited", "spike"):
            assert np.array_equal(state[key][:onset], other[key][:onset])
            assert np.isfinite(other[key]).all() and other[key].min() >= 0
            assert other[key].max() < 1.2
        assert not np.array_equal(state["excited"], other["excited"]) or name == "crosses"
        (low, high), (least, most) = LAWS[name]
        assert low <= broken(name, state, clock, onset) <= high, (seed, way)
        assert least <= broken(name, other, clock, onset) <= most, (seed, way)
        # The other laws stand.
        if name not in ("surges", "turns_back", "wrong_axis", "crosses"):
            assert unsteady(other) == unsteady(state)
        if name != "turns_back":
            assert backwards(other) < 0.01
        if name in ("fades", "wrong_axis", "surges") and way not in twins.world.SPIRALS:
            assert reawakened(other) < 0.3
            area = (other["excited"] > 0.3).mean(axis=(1, 2))
            assert (np.diff(area) > -1e-3).all()
        if name in ("surges", "wrong_axis") and way not in twins.world.SPIRALS:
            assert palest(other, clock) == pytest.approx(1, abs=0.05)


def test_replays_show_true_frames():
    """At its own frames the model that is run again gives the true clip to the bit."""
    for way in ("left_to_right", "clockwise"):
        _, clock, state = simulate_state(NAME, num_frames=17, seed=1, parameters={"direction": way})
        maps, _ = twins._at(state, clock, np.arange(17.0))
        assert all(np.array_equal(maps[key], state[key]) for key in ("excited", "spike"))


def test_the_drawn_course_is_the_models():
    """Muscle lit at given times looks as the model's does, so that no twin is told by its edge."""
    p, clock, state = simulate_state(
        NAME, num_frames=17, seed=2, parameters={"direction": "left_to_right"}
    )
    arrival = twins.world.resampled(np.minimum(state["arrival_s"], 1.0)[None])[0]
    excited, spike = twins._lit(p, clock, arrival)
    known = (slice(2, 14), slice(None), slice(16, 120))
    assert np.abs(excited - state["excited"])[known].mean() < 0.01
    assert np.abs(spike - state["spike"])[known].mean() < 0.03


def test_refusals():
    with pytest.raises(SimulatorError, match="unknown violation 'reflects'"):
        simulate_clip(NAME, size=64, num_frames=8, seed=0, violation="reflects")
    with pytest.raises(NoTwin, match="at least 8 frames"):
        simulate_clip(NAME, size=64, num_frames=4, seed=0, violation="surges")
    for name in NAMES:
        way = "clockwise" if name in ("crosses", "fades", "wrong_axis") else "inward"
        with pytest.raises(NoTwin, match="needs direction"):
            simulate_clip(
                NAME, size=64, num_frames=8, seed=0, violation=name, parameters={"direction": way}
            )
