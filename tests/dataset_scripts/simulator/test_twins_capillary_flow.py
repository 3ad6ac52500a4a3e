"""Twins of capillary flow: same first frame, one law broken, measured from the tracks."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest

from dataset_scripts.simulator import SimulatorError, simulate_clip, simulate_state
from dataset_scripts.simulator.core import NoTwin
from dataset_scripts.simulator.phenomena import capillary_flow as world
from dataset_scripts.simulator.twins import capillary_flow as twins

# What a draw needs so that the law can be broken in it.
NEEDS = {
    "through_wall": {},
    "faster_in_wide": {"layout": "narrowing", "count": "few"},
    "lost_cells": {},
    "overtakes": {"count": "many"},
    "swells": {"layout": "straight"},
}


def pairs(violation: str, num_frames: int = 17, count: int = 4, **fixed):
    """(parameters, clock, true state, twin's state) of some seeds."""
    found = 0
    for seed in range(40):
        parameters = {**NEEDS[violation], **fixed}
        drawn = simulate_state(
            "capillary_flow", num_frames=num_frames, seed=seed, parameters=parameters
        )
        p, clock, state = drawn
        try:
            twin = twins.violate(violation, p, state, clock, np.random.default_rng(seed))
        except NoTwin:
            continue
        yield p, clock, state, twin
        found += 1
        if found == count:
            return
    pytest.fail(f"{violation}: fewer than {count} twins of 40 draws")


def onset(state) -> int:
    (event,) = [e for e in state.truth.events if e.name == "violation"]
    assert event.value is not None and event.unit
    return event.frame


def tracks(state) -> dict[int, np.ndarray]:
    """Rows (frame, x, y) by cell."""
    rows = defaultdict(list)
    for k, _, frame, x, y in state.truth.tracks:
        rows[k].append((frame, x, y))
    return {k: np.array(v) for k, v in rows.items()}


def test_every_violation_is_known():
    assert [v.name for v in twins.VIOLATIONS] == list(NEEDS)


@pytest.mark.parametrize("num_frames", [8, 33, 81])
@pytest.mark.parametrize("violation", NEEDS)
def test_any_length_and_the_true_state_is_left_alone(violation, num_frames):
    parameters, made = NEEDS[violation], 0
    for seed in range(12):
        p, clock, state = simulate_state(
            "capillary_flow", num_frames=num_frames, seed=seed, parameters=parameters
        )
        before = {k: v.copy() for k, v in state.arrays.items() if isinstance(v, np.ndarray)}
        told = list(state.truth.tracks), list(state.truth.events)
        try:
            twin = twins.violate(violation, p, state, clock, np.random.default_rng(seed))
        except NoTwin:
            continue
        made += 1
        first = onset(twin)
        assert 1 <= first <= 0.4 * num_frames
        for name in ("x", "y", "heading", "width", "volume", "present"):
            assert np.array_equal(twin[name][:first], state[name][:first]), name
        assert all(np.array_equal(before[k], state[k]) for k in before)
        assert told == (state.truth.tracks, state.truth.events)
    # In a clip as short as 8 frames no cell of a sparse file can pass another.
    assert made >= (2 if num_frames > 8 else 1)


def test_cells_leave_through_the_wall():
    def beyond(state):
        return max(
            min(
                np.min(np.hypot(*(route["xy"] - row[1:]).T)) - np.max(route["bore"]) / 2
                for route in state["routes"]
            )
            for track in tracks(state).values()
            for row in track
        )

    for _, _, state, twin in pairs("through_wall"):
        assert beyond(state) < 0 < 1.5 < beyond(twin)
        assert np.nanmin(twin.truth.series["wall_clearance"][1]) < -3


def test_cells_are_slower_in_the_waist():
    for _, clock, state, twin in pairs("faster_in_wide"):
        route, ratios = state["routes"][0], []
        waist = route["xy"][np.argmin(route["bore"]), 0]
        for shown in (state, twin):
            near, far = [], []
            for track in tracks(shown).values():
                track = track[track[:, 0] >= onset(twin) - 1]
                speed = np.hypot(*np.diff(track[:, 1:], axis=0).T) / clock.s_per_frame
                away = np.abs((track[1:, 1] + track[:-1, 1]) / 2 - waist)
                near.extend(speed[away < 4])
                far.extend(speed[away > 10])
            ratios.append(np.mean(near) / np.mean(far))
        assert ratios[0] > 1.3 and ratios[1] < 0.85


def test_cells_are_lost_in_mid_vessel():
    def lost(state, clock):
        return sum(
            track[-1, 0] < clock.num_frames - 1
            and 0.2 * state.field_um < track[-1, 1] < 0.8 * state.field_um
            for track in tracks(state).values()
        )

    for layout in ("straight", "fork"):
        for _, clock, state, twin in pairs("lost_cells", layout=layout):
            assert lost(state, clock) == 0 and lost(twin, clock) >= 1
            before, after = (s.truth.series["cells_in_view"][1] for s in (state, twin))
            assert (after <= before).all() and after[-1] >= before[-1] - 3


def test_cells_pass_through_one_another():
    for p, _, state, twin in pairs("overtakes"):
        sign = 1 if p["direction"] == "left_to_right" else -1

        def inverted(shown, sign=sign):
            x = sign * shown["x"]
            both = shown["seen"][:, 1:] & shown["seen"][:, :-1]
            same = shown["taken"][1:] == shown["taken"][:-1]
            return ((x[:, 1:] > x[:, :-1]) & both & same).any()

        assert inverted(twin) and not inverted(state)
        assert np.nanmin(twin.truth.series["closest_gap"][1]) < -1.5


def test_cells_swell_or_shrink_on_the_way():
    for p, _, state, twin in pairs("swells"):
        along = state["x"] if p["direction"] == "left_to_right" else state.field_um - state["x"]
        for shown, changes in ((state, False), (twin, True)):
            area = shown["width"] * world.cell_length(shown["width"]) * shown["volume"]
            seen = shown["seen"][12:]
            slope = np.polyfit(along[12:][seen] / state.field_um, area[12:][seen], 1)
            size = abs(slope[0]) / np.polyval(slope, 0.5)
            assert size > 0.5 if changes else size < 1e-6


@pytest.mark.parametrize("layout", ["straight", "fork"])
def test_what_cannot_be_broken_is_no_twin(layout):
    with pytest.raises(NoTwin, match="narrow"):
        simulate_clip(
            "capillary_flow", size=64, num_frames=9, seed=1, parameters={"layout": layout},
            violation="faster_in_wide",
        )  # fmt: skip


def test_unknown_violation_is_an_error():
    with pytest.raises(SimulatorError, match="unknown violation"):
        simulate_clip("capillary_flow", size=64, num_frames=9, seed=1, violation="backwards")
