"""Gas exchange along an alveolus: Fick and Hill, what blood takes up and where, cells in file."""

from __future__ import annotations

import re
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad, simpson

from dataset_scripts.simulator import SimulatorError, simulate_clip, simulate_state
from dataset_scripts.simulator.core import Range
from dataset_scripts.simulator.models import alveolar_wall as wall
from dataset_scripts.simulator.models import blood_oxygen as oxygen
from dataset_scripts.simulator.phenomena import alveolar_gas_exchange as world

NAME = "alveolar_gas_exchange"
LAYOUTS = ("one_alveolus", "lower_flooded", "upper_flooded")
STYLES = ("illustration", "fluorescence", "bright_field")


@cache
def sample() -> list:
    lengths = (17, 33, 81)
    return [simulate_state(NAME, num_frames=lengths[s % 3], seed=s) for s in range(120)]


def test_dissociation_curve_has_its_known_points():
    assert oxygen.saturation(27.0) == pytest.approx(0.5)
    assert oxygen.saturation(40.0) == pytest.approx(0.75, abs=0.02)
    assert oxygen.saturation(104.0) == pytest.approx(0.97, abs=0.01)
    # Arterial blood holds about 20 ml of oxygen in 100 ml, mixed venous blood about 15.
    assert oxygen.content(100.0) == pytest.approx(0.20, abs=0.005)
    assert oxygen.content(40.0) == pytest.approx(0.15, abs=0.005)
    for pressure in (15.0, 27.0, 60.0, 100.0):
        slope = (oxygen.content(pressure + 0.01) - oxygen.content(pressure - 0.01)) / 0.02
        assert oxygen.capacitance(pressure) == pytest.approx(slope, rel=1e-5)


@given(
    p_in=st.floats(20, 45), p_air=st.floats(95, 110), rate=st.floats(0.005, 0.015),
    speed=st.floats(220, 1200),
)  # fmt: skip
@settings(max_examples=40, deadline=None)
def test_uptake_agrees_with_the_integral_of_the_mass_balance(p_in, p_air, rate, speed):
    """The time to reach P is ∫ (dC/dP) / (K (P_air − P)) dP, by an adaptive quadrature."""
    u = np.linspace(0, 250, oxygen.STEPS + 1)
    pressure = oxygen.load(u, np.ones(2 * len(u) - 1), p_in, p_air, rate, speed)
    for i in (20, 120, 240):
        reached = float(pressure[i])
        if p_air - reached > 0.5:
            time, _ = quad(lambda p: oxygen.capacitance(p) / (rate * (p_air - p)), p_in, reached)
            assert time * speed == pytest.approx(u[i], rel=1e-4)


def test_plasma_alone_fills_up_exponentially(monkeypatch):
    monkeypatch.setattr(oxygen, "CAPACITY", 0.0)
    u = np.linspace(0, 1.0, 101)
    pressure = oxygen.load(u, np.ones(201), 40.0, 104.0, 0.0085, 300.0)
    exact = 104 - 64 * np.exp(-0.0085 * u / (300 * oxygen.SOLUBILITY))
    assert np.allclose(pressure, exact, atol=1e-4)


def test_uptake_converges_with_the_fourth_power_of_the_step():
    ends = []
    for steps in (15, 30, 60, 960):
        u = np.linspace(0, 120, steps + 1)
        ends.append(oxygen.load(u, np.ones(2 * steps + 1), 30.0, 104.0, 0.0085, 900.0)[-1])
    errors = np.abs(np.array(ends[:3]) - ends[3])
    assert errors[0] / errors[1] > 10 and errors[1] / errors[2] > 10
    contact = (30.0, 200.0)
    fine, coarse = (
        oxygen.load(np.linspace(0, 250, n + 1), oxygen.coverage(np.linspace(0, 250, 2 * n + 1),
                    contact), 40.0, 104.0, 0.0085, 300.0)[-1] for n in (4000, oxygen.STEPS)
    )  # fmt: skip
    assert coarse == pytest.approx(fine, abs=1e-3)


@given(begin=st.floats(25, 45), speed=st.floats(220, 1200), rate=st.floats(0.008, 0.0095))
@settings(max_examples=25, deadline=None)
def test_blood_gains_what_crosses_the_wall(begin, speed, rate):
    n = 1200
    fine = np.linspace(0, 250, 2 * n + 1)
    covered = oxygen.coverage(fine, (begin, 210.0))
    pressure = oxygen.load(fine[::2], covered, 40.0, 104.0, rate, speed)
    crossed = simpson(rate * covered[::2] * (104 - pressure), x=fine[::2]) / speed
    gained = oxygen.content(pressure[-1]) - oxygen.content(40.0)
    assert gained == pytest.approx(crossed, rel=2e-3)


def test_colour_changes_beside_the_air_and_only_there():
    for p, _, state in sample():
        for stream, (place, redness) in zip(state["streams"], state["profiles"], strict=True):
            begin, end = stream.contact
            assert np.diff(redness).min() > -1e-9, "blood loses oxygen"
            assert redness.min() >= -1e-9 and redness.max() < 1 + 1e-9
            assert np.abs(redness[place < begin - oxygen.EDGE_UM]).max() < 1e-9
            assert np.ptp(redness[place > end + oxygen.EDGE_UM]) < 1e-9
            if not stream.aerated:
                assert np.abs(redness).max() < 1e-9, "fluid gives oxygen"
                continue
            field = p["field_of_view"]
            third, half, most = np.interp(
                np.array([0.40, 0.5, 0.80]) * field, place, redness
            )  # fmt: skip
            if p["activity"] == "rest":
                assert third > world.RED and half > 0.98
            else:
                assert third < 0.65 and 0.4 < half < 0.78 and most > 0.8


def test_cells_keep_their_order_speed_and_place_in_the_vessel():
    for p, clock, state in sample():
        s, y = state["s"], state["y"]
        step = np.diff(s, axis=0)
        assert np.allclose(step, world.flow_speed(p) * clock.s_per_frame)
        assert step.max() <= 0.2 * p["spacing"]
        for number, stream in enumerate(state["streams"]):
            mine = state["stream"] == number
            gaps = -np.diff(s[0, mine])
            assert gaps.min() > 2 * world.CELL_UM[0] + 3.0, "cells overlap"
            middle = np.interp(s[:, mine], stream.arc, stream.line[:, 1])
            assert np.allclose(y[:, mine], middle)
            # The whole view is full of cells in every frame.
            for frame in (0, -1):
                inside = np.sort(s[frame, mine])
                assert inside[0] < p["spacing"] and inside[-1] > p["field_of_view"] - p["spacing"]
        assert world.CELL_UM[1] < 0.5 * wall.LUMEN_UM - 1.0, "cells touch the wall"
        assert np.isfinite(state["redness"]).all()
        assert np.diff(state["redness"], axis=0).min() > -1e-9, "a cell loses oxygen"


def test_alveoli_lie_in_the_field_above_their_capillaries():
    for p, _, state in sample()[:60]:
        assert len(state["streams"]) == (1 if p["layout"] == "one_alveolus" else 2)
        field = p["field_of_view"]
        for stream in state["streams"]:
            rim = stream.outline
            assert rim.min() > 0.02 * field and rim[:, 0].max() < 0.98 * field
            for other in state["streams"]:
                below = np.interp(rim[:, 0], *other.line.T) - rim[:, 1]
                assert (np.abs(below) > 0.5 * wall.LUMEN_UM + 0.9 * wall.BARRIER_UM).all()
            own = np.interp(rim[:, 0], *stream.line.T) - rim[:, 1]
            assert own.min() == pytest.approx(0.5 * wall.LUMEN_UM + wall.BARRIER_UM, abs=0.25)
        aerated = [stream.aerated for stream in state["streams"]]
        wanted = {"one_alveolus": [True], "lower_flooded": [True, False],
                  "upper_flooded": [False, True]}  # fmt: skip
        assert aerated == wanted[p["layout"]]


def test_points_within_an_outline():
    turn = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    disc = 5 + 3 * np.stack([np.cos(turn), np.sin(turn)], 1)
    x, y = np.random.default_rng(0).uniform(0, 10, (2, 4000))
    agree = wall.within(disc, x, y) == (np.hypot(x - 5, y - 5) < 3)
    assert agree.mean() > 0.999
    assert np.allclose(np.hypot(*(wall.widened(disc, 1.0) - 5).T), 4.0, atol=1e-6)
    assert np.allclose(np.hypot(*(wall.widened(disc[::-1], 1.0) - 5).T), 4.0, atol=1e-6)


def test_truth_tells_cells_events_and_uptake():
    for p, clock, state in sample():
        truth, sign = state.truth, 1 if p["direction"] == "left_to_right" else -1
        tracks: dict[int, list] = {}
        for number, kind, frame, x, y in truth.tracks:
            assert kind == "red_cell" and 0 <= x <= p["field_of_view"] >= y >= 0
            tracks.setdefault(number, []).append((frame, x))
        for rows in tracks.values():
            frames, x = np.array(rows).T
            assert (np.diff(frames) == 1).all() and (sign * np.diff(x) > 0).all()
        frames = [event.frame for event in truth.events]
        assert frames == sorted(frames)
        order = ["meets_alveolus", "turns_red", "leaves_alveolus"]
        for number in tracks:
            names = [e.name for e in truth.events if e.object_id == number]
            assert [order.index(n) for n in names] == sorted(order.index(n) for n in names)
        series = {name: values for name, (_, values) in truth.series.items()}
        assert all(len(v) == clock.num_frames and np.isfinite(v).all() for v in series.values())
        low, high = world.saturation_limits(p)
        assert 0 < low < high < 1
        assert np.allclose(series["aerated_entering_saturation"], low, atol=0.03)
        assert (series["aerated_leaving_saturation"] > low + 0.75 * (high - low)).all()
        # About 1 pl/s per capillary at rest: 19 pl of blood, each ml of which takes up 0.045 ml.
        flow = 63.6e-3 * world.flow_speed(p)
        assert series["aerated_uptake"].mean() == pytest.approx(
            flow * 0.201 * (high - low), rel=0.25
        )
        if p["layout"] != "one_alveolus":
            assert np.abs(series["flooded_uptake"]).max() < 1e-9


@pytest.mark.parametrize("num_frames", [2, 3, 17, 81, 241])
def test_any_length_shows_a_share_of_the_way(num_frames):
    for seed in range(12):
        p, _, state = simulate_state(NAME, num_frames=num_frames, seed=seed)
        way = state["s"][-1, 0] - state["s"][0, 0]
        assert way / (num_frames - 1) <= 0.2 * p["spacing"]
        if num_frames >= 17:
            assert way > 0.3 * p["field_of_view"], "a clip shows a good part of the passage"


EXTREMES = {spec.name: (spec.low, spec.high) for spec in world.PARAMETERS
            if isinstance(spec, Range)}  # fmt: skip


@given(
    st.fixed_dictionaries(
        {name: st.sampled_from(ends) | st.floats(*ends) for name, ends in EXTREMES.items()}
    ),
    st.sampled_from(LAYOUTS), st.sampled_from(["rest", "exercise"]), st.integers(0, 2**31),
)  # fmt: skip
@settings(max_examples=30, deadline=None)
def test_the_corners_of_the_ranges_hold_their_labels(numbers, layout, activity, seed):
    fixed = {**numbers, "layout": layout, "activity": activity}
    p, _, state = simulate_state(NAME, num_frames=9, seed=seed, parameters=fixed)
    number = [stream.aerated for stream in state["streams"]].index(True)
    half = np.interp(0.5 * p["field_of_view"], *state["profiles"][number])
    assert half > 0.97 if activity == "rest" else half < 0.78
    assert state["profiles"][number][1][-1] > 0.82
    assert all(np.isfinite(v).all() for v in (state["x"], state["y"], state["redness"]))
    assert -np.diff(state["s"][0, state["stream"] == 0]).min() > 2 * world.CELL_UM[0] + 3


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_pixels_show_each_cell_where_and_as_red_as_truth_says(style, layout):
    for activity, seed in (("rest", 3), ("exercise", 4)):
        fixed = {"layout": layout, "activity": activity}
        clip = simulate_clip(NAME, size=96, num_frames=9, seed=seed, style=style, parameters=fixed)
        _, _, state = simulate_state(NAME, num_frames=9, seed=seed, parameters=fixed)
        seen, true = [], []
        for number, _, frame, x, y in clip.truth.tracks:
            column, row = int(x / clip.um_per_px), int(y / clip.um_per_px)
            if 3 < column < 92:
                patch = clip.frames[frame, row - 1 : row + 2, column - 1 : column + 2]
                seen.append(np.subtract(*patch.reshape(-1, 3).astype(float).mean(0)[[0, 2]]))
                true.append(state["redness"][frame, number])
        # Red minus blue grows with saturation, and the two ends are far apart.
        assert np.corrcoef(seen, true)[0, 1] > 0.93
        color, red = np.array(seen), np.array(true)
        assert color[red > 0.85].min() - color[red < 0.05].max() > 40


@pytest.mark.parametrize("style", STYLES)
def test_air_and_fluid_differ_at_a_glance(style):
    clip = simulate_clip(NAME, size=64, num_frames=3, seed=6, style=style,
                         parameters={"layout": "upper_flooded"})  # fmt: skip
    upper, lower = (clip.frames[0, y - 3 : y + 4, 26:38].reshape(-1, 3).mean(0) for y in (14, 45))
    assert np.abs(upper - lower).max() > 35
    # Fluid is yellow: short of blue beside air.
    assert upper[0] - upper[2] > lower[0] - lower[2] + 30


def test_clip_is_deterministic_and_physics_does_not_know_the_look():
    clips = [simulate_clip(NAME, size=64, num_frames=5, seed=9, style=s) for s in STYLES]
    again = simulate_clip(NAME, size=64, num_frames=5, seed=9, style=STYLES[0])
    assert np.array_equal(clips[0].frames, again.frames)
    assert clips[0].truth.tracks == clips[1].truth.tracks == clips[2].truth.tracks
    assert not np.array_equal(clips[0].frames, clips[1].frames)


SAID = {
    "left_to_right": r"left to right|rightwards|to the right",
    "right_to_left": r"right to left|leftwards|to the left",
    "one_alveolus": r"one alveolus",
    "lower_flooded": r"upper (air|one|alveolus,|aerated)|below (the )?upper|lower [a-z ]*flooded",
    "upper_flooded": r"lower (air|one|alveolus,|aerated)|below (the )?lower|upper [a-z ]*flooded",
    "rest": r"rest|quiet",
    "exercise": r"exercis",
}
FORBIDDEN = {"lower_flooded": r"upper [a-z ]*(flooded|fluid)", "one_alveolus": r"upper|lower",
             "upper_flooded": r"lower [a-z ]*(flooded|fluid)",
             "left_to_right": r"right to left|leftwards",
             "right_to_left": r"left to right|rightwards",
             "rest": "exercis", "exercise": r"\bat rest|resting|quiet"}  # fmt: skip


def tokens(text: str) -> set[str]:
    return set(re.findall(r"[a-z]+", text.lower()))


def test_words_carry_every_label_and_the_held_out_ones_are_no_surprise():
    for direction in ("left_to_right", "right_to_left"):
        for layout in LAYOUTS:
            for activity in ("rest", "exercise"):
                fixed = {"direction": direction, "layout": layout, "activity": activity}
                p, _, state = simulate_state(NAME, num_frames=5, seed=2, parameters=fixed)
                short, rich = world.captions(p, state), world.descriptions(p, state)
                asked = world.prompts(p, state)
                assert len(short) >= 7 and len(rich) >= 5 and len(asked) >= 10
                assert max(len(text.split()) for text in short) <= 16
                assert all(75 <= len(text.split()) <= 135 for text in rich)
                assert max(len(text.split()) for text in asked) <= 12
                for texts in (short, rich, asked):
                    assert len(set(texts)) == len(texts)
                    assert tokens(texts[-1]) <= set().union(*map(tokens, texts[:-1]))
                    for text in texts:
                        for label in fixed.values():
                            assert re.search(SAID[label], text), (label, text)
                            assert not re.search(FORBIDDEN[label], text), (label, text)
                assert all("mm/s" in text for text in short + rich)
                assert all(text.endswith(".") for text in rich)
                assert not any(re.search(r"\d", text) for text in asked)


def test_parameters_out_of_range_are_refused():
    with pytest.raises(SimulatorError, match="transit_time"):
        simulate_state(NAME, num_frames=5, seed=0, parameters={"transit_time": 3.0})
    with pytest.raises(SimulatorError, match="layout"):
        simulate_state(NAME, num_frames=5, seed=0, parameters={"layout": "three"})
