"""Ciliary clearance: two-phase beat, locked row, mucus without inertia, and pixels that agree."""

from __future__ import annotations

import itertools
import re
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from dataset_scripts.simulator.clip import simulate_clip, simulate_state
from dataset_scripts.simulator.core import SimulatorError
from dataset_scripts.simulator.models import airway_epithelium, ciliary_beat, ciliary_row
from dataset_scripts.simulator.phenomena import ciliary_clearance as world

NAME = "ciliary_clearance"
STYLES = ("illustration", "fluorescence", "bright_field")
ROW = {"mucus": "yes", "paralysis": "no", "direction": "left_to_right"}
SHARE, SWEEP, LENGTH = 0.32, np.radians(86.0), 6.5


@cache
def sample():
    """100 random clips of 17 frames and 15 each of 33 and 81."""
    seeds = [(17, s) for s in range(100)] + [(t, s) for t in (33, 81) for s in range(100, 115)]
    return [simulate_state(NAME, num_frames=t, seed=s) for t, s in seeds]


def cilium(phase, share=SHARE, sweep=SWEEP, length=LENGTH):
    """Shapes at `phase` in full beat, points (…, POINTS, 2)."""
    phase = np.asarray(phase, float)
    one, none = np.ones_like(phase), np.zeros_like(phase)
    return ciliary_beat.shapes(phase, one, none, share, sweep, length)


@given(
    share=st.floats(0.28, 0.36), degrees=st.floats(76, 96), length=st.floats(6, 7),
    amplitude=st.floats(0, 1), rest=st.floats(-0.3, 0.3),
)  # fmt: skip
@settings(max_examples=30, deadline=None)
def test_a_cilium_keeps_its_length_and_stays_above_the_cell(
    share, degrees, length, amplitude, rest
):
    phase = np.linspace(-1, 2, 200)
    xy = ciliary_beat.shapes(
        phase, np.full(200, amplitude), np.full(200, rest), share, np.radians(degrees), length
    )
    steps = np.hypot(*np.diff(xy, axis=1).transpose(2, 0, 1))
    assert np.allclose(steps.sum(axis=1), length)
    assert (xy[:, 0] == 0).all()
    assert xy[..., 1].min() > -0.05
    # One beat later the same shape; no jump where one stroke passes into the other.
    assert np.allclose(
        cilium(phase, share, np.radians(degrees), length),
        cilium(phase + 1, share, np.radians(degrees), length), atol=1e-6,
    )  # fmt: skip
    for junction in (share, 1.0):
        before, after = cilium(
            [junction - 1e-5, junction + 1e-5], share, np.radians(degrees), length
        )
        assert np.abs(before - after).max() < 0.01


def test_the_effective_stroke_is_straight_and_forward_and_the_recovery_bent_and_low():
    out, back = cilium(np.linspace(0, SHARE, 30)), cilium(np.linspace(SHARE, 1, 60))

    def bend(xy):
        way = np.diff(xy, axis=1)
        angle = np.arctan2(way[..., 0], way[..., 1])
        return np.degrees(angle.max(axis=1) - angle.min(axis=1))

    assert bend(out).max() < 15
    assert np.median(bend(back)) > 100
    assert (np.diff(out[:, -1, 0]) > 0).all()
    assert back[-1, -1, 0] < back[0, -1, 0] - LENGTH
    assert out[15, -1, 1] > 0.97 * LENGTH
    # Only the effective stroke reaches the mucus.
    assert out[..., 1].max() > ciliary_beat.UNDERSIDE * LENGTH > back[..., 1].max()
    # The bend runs from the base to the tip.
    curl = np.abs(np.diff(np.unwrap(np.arctan2(*np.diff(back, axis=1).transpose(2, 0, 1)))))
    place = (curl * np.arange(curl.shape[1])).sum(axis=1) / np.maximum(curl.sum(axis=1), 1e-9)
    assert (np.diff(place[8:-8]) > -1e-6).all() and place[-8] > place[8] + 6


def test_coupled_phases_agree_with_an_adaptive_solver_and_converge():
    rng = np.random.default_rng(0)
    count, lag, coupling = 12, 0.05, 2.0
    start = lag * np.arange(count) + rng.normal(0, 0.05, count)
    own = 12 * (1 + rng.normal(0, 0.02, count))

    def rate(_, phase):
        total = own.copy()
        for k, j in itertools.product(range(count), range(count)):
            if abs(k - j) == 1:
                gap = phase[j] - phase[k] - (j - k) * lag
                total[k] += coupling * np.sin(2 * np.pi * gap) / (2 * np.pi)
        return total

    exact = solve_ivp(rate, (0, 0.2), start, rtol=1e-10, atol=1e-12).y[:, -1]
    errors = []
    for steps in (20, 40, 80):
        drive = np.ones(2 * steps + 1)
        found = ciliary_beat.locked_phases(start, own, lag, coupling, drive, 0.2 / steps)
        errors.append(np.abs(found[-1] - exact).max())
    assert errors[-1] < 1e-4
    assert errors[0] / errors[1] == pytest.approx(4, rel=0.3)  # second order


def test_two_neighbours_lock_at_the_closed_form_rate():
    """A small difference from the lag of two equal oscillators decays as exp(-2 K t)."""
    steps, dt, coupling = 200, 0.001, 3.0
    phases = ciliary_beat.locked_phases(
        np.array([0.0, 0.051]), np.array([12.0, 12.0]), 0.05, coupling, np.ones(2 * steps + 1), dt
    )
    left = (phases[-1, 1] - phases[-1, 0] - 0.05) / 0.001
    assert left == pytest.approx(np.exp(-2 * coupling * steps * dt), rel=1e-3)


def sheet(phase: np.ndarray, speed: float = 70.0) -> np.ndarray:
    xy = cilium(phase)
    return ciliary_beat.sheet_shift(
        xy, LENGTH, ciliary_beat.load(speed, 12.0, SHARE, SWEEP, LENGTH)
    )


@given(st.integers(0, 10**6), st.floats(45, 95))
@settings(max_examples=15, deadline=None)
def test_a_reciprocal_stroke_carries_nothing(seed, speed):
    """Scallop theorem: any to and fro through one row of shapes, at any pace, ends at zero."""
    rng = np.random.default_rng(seed)
    out = np.cumsum(rng.uniform(0, 0.02, (60, 1)), axis=0) + rng.uniform(0, 1, 20)
    there = sheet(out, speed)
    back = sheet(np.vstack([out, out[-2::-1]]), speed)
    assert back[-1] == pytest.approx(0, abs=1e-9)
    assert np.allclose(back[: len(there)], there)


def test_the_shift_depends_on_the_shapes_and_not_on_the_pace_and_converges():
    offsets = np.arange(24) / 24
    fine, coarse, uneven = (
        sheet(clock[:, None] + offsets)[-1]
        for clock in (
            np.linspace(0, 2, 385),
            np.linspace(0, 2, 193),
            2 * np.linspace(0, 1, 385) ** 2,
        )
    )
    assert coarse == pytest.approx(fine, rel=0.01)
    assert uneven == pytest.approx(fine, rel=0.01)
    assert fine == pytest.approx(2 * 70 / 12, rel=0.03)  # two beats at 12 Hz of 70 µm/s
    # Backwards it carries as far the other way.
    assert sheet(-np.linspace(0, 2, 385)[:, None] + offsets)[-1] == pytest.approx(-fine, rel=1e-6)


def test_load_and_drag_balance_on_the_sheet():
    """Σ ∫ ζ (v − U) ds = Λ U in every step."""
    xy = cilium(np.linspace(0, 1, 97)[:, None] + np.arange(15) / 15)
    loaded = ciliary_beat.load(60.0, 12.0, SHARE, SWEEP, LENGTH)
    moved = np.diff(ciliary_beat.sheet_shift(xy, LENGTH, loaded))
    way, held = ciliary_beat.traction(xy, LENGTH)
    assert np.allclose(way - held * moved, loaded * moved)
    assert loaded > 0


def test_mucus_goes_the_stroke_s_way_at_the_stated_speed_and_only_while_cilia_beat():
    for p, clock, state in sample():
        shift = state["shift"]
        assert np.isfinite(shift).all() and shift[0] == 0
        signed = state.truth.series["mucus_shift"][1]
        assert np.array_equal(signed, shift if p["direction"] == "left_to_right" else -shift)
        if p["mucus"] == "no":
            assert (shift == 0).all()
            continue
        still = state["amplitude"][:, 0] <= 0
        assert np.abs(np.diff(shift)[still[1:] & still[:-1]]).max(initial=0) < 1e-9
        beating = state["amplitude"][:, 0] >= 1
        last = int(np.flatnonzero(beating)[-1])
        if p["paralysis"] == "no":
            assert last == clock.num_frames - 1 and not still.any()
            assert shift[-1] / clock.times_s[-1] == pytest.approx(p["mucus_speed"], rel=0.06)
        else:
            assert still[-1]
            assert shift[-1] > 0.25 * p["mucus_speed"] * clock.times_s[-1]
            # No coasting: what is left when the strokes begin to fade is less than a cilium.
            assert 0 <= shift[-1] - shift[last] < p["cilium_length"]


def test_states_are_in_range_and_events_in_order():
    for p, clock, state in sample():
        n = clock.num_frames
        assert np.isfinite(state["cilia"]).all()
        assert clock.s_per_frame * p["frequency"] <= 1 / 8 + 1e-9  # at least 8 frames a beat
        turns = state["phase"][-1] - state["phase"][0]
        if p["paralysis"] == "no":
            assert turns.mean() > 1.95 and (np.abs(turns - turns.mean()) < 0.25).all()
        # The row keeps its wave.
        gaps = np.diff(state["phase"][-1])
        assert np.abs(gaps.mean() - state["lag"]) < 0.06
        assert np.abs(gaps - state["lag"]).max() < 0.12
        assert len(ciliary_row.in_view(state)) == (3 if p["mucus"] == "no" else
                                                   len(ciliary_row.in_view(state)))  # fmt: skip
        assert 3 <= len(ciliary_row.in_view(state)) <= 15
        # Bases stay; tips stay within a cilium of them.
        tips = state["cilia"][:, :, -1] - state["bases"]
        assert np.ptp(state["cilia"][:, :, 0], axis=0).max() == 0
        assert np.hypot(*tips.transpose(2, 0, 1)).max() < p["cilium_length"] + 1e-6
        frames = [event.frame for event in state.truth.events]
        assert frames == sorted(frames) and all(0 <= f < n for f in frames)
        names = [event.name for event in state.truth.events]
        stops = [names.count(name) for name in ("paralysis", "standstill")]
        assert stops == ([1, 1] if p["paralysis"] == "yes" else [0, 0])
        if p["paralysis"] == "yes":
            assert n / 3 < frames[names.index("standstill")] <= 2 / 3 * n
            assert frames[-1] == frames[names.index("standstill")]
        for k in ciliary_row.in_view(state):
            mine = [e.name for e in state.truth.events if e.object_id == 1000 + k]
            assert all(a != b for a, b in itertools.pairwise(mine))


def test_dust_neither_overlaps_nor_leaves_the_sheet_nor_outruns_the_gate():
    for p, _, state in sample():
        if p["mucus"] == "no":
            assert len(state["specks"]) == 0
            continue
        x, y, r, _ = state["specks"].T
        apart = np.hypot(x[:, None] - x, y[:, None] - y) + 99 * np.eye(len(x))
        assert (apart > r[:, None] + r).all()
        top, under = state["band"]
        assert (y - r > top).all() and (y + r < under).all()
        assert ((x > 0) & (x < state.field_um)).sum() == p["specks"]
        assert np.diff(state["shift"]).max() < 0.3 * apart.min()


@pytest.mark.parametrize("num_frames", [2, 3, 5, 17, 241])
@pytest.mark.parametrize(("mucus", "paralysis"), list(itertools.product(("yes", "no"), repeat=2)))
def test_any_length_works_at_the_corners_of_the_ranges(num_frames, mucus, paralysis):
    numbers = [spec for spec in world.PARAMETERS if hasattr(spec, "low")]
    for end in ("low", "high"):
        fixed = {spec.name: getattr(spec, end) for spec in numbers}
        fixed |= {"mucus": mucus, "paralysis": paralysis, "specks": int(fixed["specks"])}
        _, _, state = simulate_state(NAME, num_frames=num_frames, seed=1, parameters=fixed)
        assert np.isfinite(state["cilia"]).all() and len(state["cilia"]) == num_frames
        assert all(len(v) == num_frames for _, v in state.truth.series.values())
        if mucus == "yes":
            assert ((state["specks"][:, 0] > 0).sum()) == fixed["specks"]


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("direction", ["left_to_right", "right_to_left"])
def test_pixels_show_cilia_and_dust_where_truth_says(style, direction):
    clip = simulate_clip(
        NAME,
        size=128,
        num_frames=17,
        seed=3,
        style=style,
        parameters={**ROW, "direction": direction},
    )
    _, _, state = simulate_state(
        NAME, num_frames=17, seed=3, parameters={**ROW, "direction": direction}
    )
    assert clip.truth.tracks == state.truth.tracks
    gray = clip.frames.astype(float).mean(axis=3)
    contrast = 1 if style == "fluorescence" else -1
    top, under = (np.array(state["band"]) / clip.um_per_px).astype(int)
    moved = []
    for row in clip.truth.tracks:
        if row[1] != "speck" or not 3 < row[3] < clip.field_um - 3:
            continue
        x, y = (int(v / clip.um_per_px) for v in row[3:])
        here = gray[row[2], y - 1 : y + 2, x - 1 : x + 2].mean()
        moved.append(contrast * (here - np.median(gray[row[2], top:under])))
    assert len(moved) > 50 and np.mean(np.array(moved) > 12) > 0.9
    # Around each cilium's middle, across it, the darkest (or brightest) pixel is on it.
    hits = []
    for frame in range(17):
        for k in ciliary_row.in_view(state):
            points = state["cilia"][frame, k] / clip.um_per_px
            x, y = points[5]
            if not 6 < x < 122:
                continue
            on = gray[frame, int(y), int(x)]
            beside = np.median(gray[frame, int(y), int(x) - 6 : int(x) + 7])
            hits.append(contrast * (on - beside))
    assert np.mean(np.array(hits) > 2) > 0.65


@pytest.mark.parametrize("style", STYLES)
def test_pixels_stop_with_the_cilia(style):
    clip = simulate_clip(NAME, size=64, num_frames=33, seed=4, style=style,
                         parameters={"mucus": "yes", "paralysis": "yes"})  # fmt: skip
    blocks = clip.frames.astype(float).reshape(33, 32, 2, 32, 2, 3).mean(axis=(2, 4, 5))
    change = np.abs(np.diff(blocks, axis=0)).mean(axis=(1, 2))
    still = next(e.frame for e in clip.truth.events if e.name == "standstill")
    slow = next(e.frame for e in clip.truth.events if e.name == "paralysis")
    noise = {"illustration": 0.05}.get(style, 2.0)
    assert change[still:].max() < noise
    assert change[: slow - 1].min() > 1.3 * change[still:].max()


def test_clip_is_deterministic_and_physics_does_not_know_the_look():
    one, two = (simulate_clip(NAME, size=64, num_frames=5, seed=9) for _ in range(2))
    assert np.array_equal(one.frames, two.frames) and one.caption == two.caption
    looks = [simulate_clip(NAME, size=64, num_frames=5, seed=9, style=s) for s in STYLES]
    assert looks[0].truth.tracks == looks[1].truth.tracks == looks[2].truth.tracks


def test_goblet_granules_stay_in_their_cups():
    rng = np.random.default_rng(2)
    joints = np.arange(-4.0, 50.0, 8.6)
    found = airway_epithelium.goblets(40.0, joints, 25.0, rng)
    assert len(found["cups"]) == 2
    for x, y, r in found["granules"]:
        cup = min(found["cups"], key=lambda c: abs(c[:, 0].mean() - x))
        edge = np.interp(y, cup[:13, 1], cup[:13, 0])
        assert abs(x - cup[:, 0].mean()) + r <= edge - cup[:, 0].mean() + 1e-9


@pytest.mark.parametrize(
    ("mucus", "paralysis", "direction"),
    list(itertools.product(("yes", "no"), ("yes", "no"), ("left_to_right", "right_to_left"))),
)
def test_words_carry_every_label(mucus, paralysis, direction):
    fixed = {"mucus": mucus, "paralysis": paralysis, "direction": direction}
    p, _, state = simulate_state(NAME, num_frames=5, seed=2, parameters=fixed)
    ways = {"left_to_right": r"left to right|rightwards|to the right",
            "right_to_left": r"right to left|leftwards|to the left"}  # fmt: skip
    other = ways["right_to_left" if direction == "left_to_right" else "left_to_right"]
    stops = r"paraly|stands? still|then stop|stops? (as|beating)|until .* (stop|halt)|to rest"
    steady = r"steadily|keep|without (pause|stopping)|never stop|without pause"
    layer = r"without mucus|no mucus|saline"
    groups = (world.captions(p, state), world.descriptions(p, state), world.prompts(p, state))
    for texts, fewest, least, most in zip(
        groups, (7, 5, 10), (1, 75, 1), (16, 135, 12), strict=True
    ):
        assert len(texts) >= fewest and len(set(texts)) == len(texts)
        for text in texts:
            assert "{" not in text and least <= len(text.split()) <= most, text
            assert re.search(ways[direction], text) and not re.search(other, text), text
            assert bool(re.search(layer, text)) == (mucus == "no"), text
            assert bool(re.search(stops, text)) == (paralysis == "yes"), text
            if paralysis == "no":
                assert re.search(steady, text), text
            assert "cilia" in text
    for texts in (groups[0], groups[2]):
        known = {w.strip(",:") for text in texts[:-1] for w in text.split()}
        assert {w.strip(",:") for w in texts[-1].split()} <= known
    unit = "µm/s" if mucus == "yes" else "Hz"
    assert all(unit in text for text in groups[0] + groups[1])
    assert not any(re.search(r"\d", text) for text in groups[2])
    assert all(text[0].islower() and not text.endswith(".") for text in groups[0])
    assert all(text.endswith(".") for text in groups[1])


def test_parameters_out_of_range_are_refused():
    with pytest.raises(SimulatorError, match="frequency"):
        simulate_state(NAME, num_frames=5, seed=0, parameters={"frequency": 40.0})
    with pytest.raises(SimulatorError, match="mucus"):
        simulate_state(NAME, num_frames=5, seed=0, parameters={"mucus": "thick"})
