"""Twins of thrombosis: same first frame, one law broken, measured from tracks and series."""

from __future__ import annotations

import numpy as np
import pytest

from dataset_scripts.simulator import SimulatorError, simulate_clip, simulate_state
from dataset_scripts.simulator.core import NoTwin
from dataset_scripts.simulator.twins import thrombosis as twins

# What a draw needs so that the law can be broken in it.
NEEDS = {
    "flows_after_closure": {"occlusion": "yes"},
    "one_sided_stop": {"occlusion": "yes"},
    "slower_in_throat": {"occlusion": "no"},
    "grows_without_arrivals": {},
    "floats": {"occlusion": "no"},
}


def pairs(violation: str, num_frames: int = 17, count: int = 4):
    """(parameters, clock, true state, twin's state) of some seeds."""
    found = 0
    for seed in range(24):
        p, clock, state = simulate_state(
            "thrombosis", num_frames=num_frames, seed=seed, parameters=NEEDS[violation]
        )
        try:
            twin = twins.violate(violation, p, state, clock, np.random.default_rng(seed))
        except NoTwin:
            continue
        yield p, clock, state, twin
        found += 1
        if found == count:
            return
    pytest.fail(f"{violation}: fewer than {count} twins of 24 draws")


def onset(state) -> int:
    (event,) = [e for e in state.truth.events if e.name == "violation"]
    assert event.value is not None and event.unit
    return event.frame


def moved_after_closure(state, closed: int) -> tuple[float, float]:
    """Mean way (µm) of the tracked cells upstream and downstream of the clot once it is shut."""
    frames: dict[int, dict[int, float]] = {}
    for k, _, frame, x, _ in state.truth.tracks:
        frames.setdefault(k, {})[frame] = x
    sign, field = state["vessel"].flow_sign, state.field_um
    middle = state["clot_s"].mean()
    ways: tuple[list[float], list[float]] = ([], [])
    for track in frames.values():
        if closed in track:
            s = track[closed] if sign > 0 else field - track[closed]
            way = sign * (track[max(track)] - track[closed])
            if abs(s - middle) > 8:
                ways[int(s > middle)].append(way)
    return float(np.mean(ways[0])), float(np.mean(ways[1]))


def test_every_violation_is_known() -> None:
    assert [v.name for v in twins.VIOLATIONS] == list(NEEDS)


@pytest.mark.parametrize("num_frames", [8, 33, 81])
@pytest.mark.parametrize("violation", NEEDS)
def test_any_length_and_the_true_state_is_left_alone(violation: str, num_frames: int) -> None:
    made = 0
    for seed in range(8 if num_frames < 80 else 3):
        p, clock, state = simulate_state(
            "thrombosis", num_frames=num_frames, seed=seed, parameters=NEEDS[violation]
        )
        before = {k: v.copy() for k, v in state.arrays.items() if isinstance(v, np.ndarray)}
        true = {k: getattr(state["tracers"], k).copy() for k in ("s", "v", "a", "b", "tilt")}
        told = list(state.truth.tracks), list(state.truth.events)
        try:
            twin = twins.violate(violation, p, state, clock, np.random.default_rng(seed))
        except NoTwin:
            continue
        made += 1
        first = onset(twin)
        assert 1 <= first <= 0.4 * num_frames
        for name, values in true.items():
            assert np.array_equal(getattr(twin["tracers"], name)[:, :first], values[:, :first])
            assert np.array_equal(getattr(state["tracers"], name), values), name
        assert all(np.array_equal(before[k], state[k]) for k in before)
        assert told == (state.truth.tracks, state.truth.events)
    # In 8 frames a closing vessel may leave too little flow to be spread over the rest.
    short = num_frames == 8 and violation in ("flows_after_closure", "one_sided_stop")
    assert made >= (0 if short else 1)


def test_blood_flows_on_past_the_plug() -> None:
    for _, _, state, twin in pairs("flows_after_closure"):
        closed = int(np.flatnonzero(state["flow"] == 0)[0])
        assert moved_after_closure(state, closed) == (0, 0)
        assert min(moved_after_closure(twin, closed)) > 0.8
        flow, lumen = (twin.truth.series[k][1] for k in ("flow_pl_s", "lumen_um"))
        assert (flow[closed:] > 0.1 * flow[0]).all() and lumen[-1] < 0.5


def test_blood_stops_on_one_side_only() -> None:
    for _, _, state, twin in pairs("one_sided_stop"):
        closed = int(np.flatnonzero(state["flow"] == 0)[0])
        assert moved_after_closure(state, closed) == (0, 0)
        above, below = moved_after_closure(twin, closed)
        assert above > 1.0 and below < 0.1 * above


def test_cells_slow_down_in_the_throat() -> None:
    for _, clock, state, twin in pairs("slower_in_throat"):
        first, ratios = max(onset(twin), 9), []
        for shown in (state, twin):
            tracers, grid = shown["tracers"], state["clot_s"]
            speed = np.diff(tracers.s, axis=1)[:, first:] / clock.s_per_frame
            speed /= (1 - tracers.eta**2)[:, None]
            s = (tracers.s[:, first:-1] + tracers.s[:, first + 1 :]) / 2
            at = np.interp(s, grid, state["height"][-1], left=0, right=0)
            high = at > 0.8 * state["height"][-1].max()
            low = (at < 0.3) & (s > 0) & (s < state.field_um)
            ratios.append(np.mean(speed[high]) / np.mean(speed[low]) if high.any() else np.nan)
        if not np.isnan(ratios).any():
            assert ratios[0] > 1.5 and ratios[1] < 0.97


def test_clot_grows_without_arrivals() -> None:
    for _, _, state, twin in pairs("grows_without_arrivals"):
        first = onset(twin)
        for shown, law in ((state, True), (twin, False)):
            area, count = (shown.truth.series[k][1] for k in ("clot_area_um2", "platelets_adhered"))
            grown, joined = area[-1] / area[first], count[-1] / count[first]
            assert grown >= 1.3
            # Platelets are of nearly one size: area and number rise together.
            assert joined > max(1.05, 0.6 * grown) if law else joined == 1
        late = [e for e in twin.truth.events if e.name == "platelet_adhesion" and e.frame > first]
        assert not late


def test_clot_floats_off_the_wall() -> None:
    for _, _, state, twin in pairs("floats"):
        assert (state["lift"] == 0).all()
        gap = twin.truth.series["clot_gap_um"][1]
        assert gap[onset(twin) - 1] == 0 and gap[-1] >= 4 and (np.diff(gap) >= 0).all()
        # Cells go round the raised clot, not through it.
        tracers, grid = twin["tracers"], twin["clot_s"]
        s, v = tracers.s[:, -1], tracers.v[:, -1]
        top = np.interp(s, grid, twin["height"][-1], left=0, right=0)
        tall = (top > 5) & (tracers.kind == 0)
        assert (v[tall] > top[tall] + gap[-1]).all()


def test_what_cannot_be_broken_is_no_twin() -> None:
    for violation, needs in NEEDS.items():
        if needs:
            other = {"occlusion": "no" if needs["occlusion"] == "yes" else "yes"}
            p, clock, state = simulate_state("thrombosis", num_frames=9, seed=1, parameters=other)
            with pytest.raises(NoTwin, match=violation):
                twins.violate(violation, p, state, clock, np.random.default_rng(0))


def test_unknown_violation_is_an_error() -> None:
    with pytest.raises(SimulatorError, match="unknown violation"):
        simulate_clip("thrombosis", size=64, num_frames=9, seed=1, violation="explodes")
