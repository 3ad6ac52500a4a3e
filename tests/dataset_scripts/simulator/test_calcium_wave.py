"""Calcium wave: the stated speed, one firing per site, a fading wake, and pixels that agree."""

from __future__ import annotations

import math
import re
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataset_scripts.simulator.clip import simulate_clip, simulate_state
from dataset_scripts.simulator.core import SimulatorError
from dataset_scripts.simulator.models.excitable_medium import (
    integrate,
    lattice_slowing,
    rate_constant,
    travel_time,
)
from dataset_scripts.simulator.phenomena import calcium_wave as world

NAME = "calcium_wave"
DIRECTIONS = ("left_to_right", "right_to_left", "outward")


@cache
def sample():
    """150 random clips of 17 frames and 20 each of 33 and 81."""
    seeds = [(17, s) for s in range(150)] + [(t, s) for t in (33, 81) for s in range(150, 170)]
    return [simulate_state(NAME, num_frames=t, seed=s) for t, s in seeds]


def running_frames(clock, state) -> np.ndarray:
    """Frames before any ray of the front has met the membrane."""
    hits = [e.frame for e in state.truth.events if e.name == "front_meets_membrane"]
    return np.arange(clock.num_frames) < (hits[0] if hits else clock.num_frames)


def measured_speed(p, clock, state) -> float:
    """The plane front's speed from the front's path, corrected by D/R for a ring beyond 15 µm."""
    path = state.truth.series["front_distance"][1]
    use = running_frames(clock, state)
    if p["direction"] == "outward":
        # dR/dt = c0 − D/R makes R + (D/c0) ln(R − D/c0) grow at c0; c0 from a few rounds of this.
        use &= path > 15
        speed = p["speed"] * 0.7
        for _ in range(20):
            length = p["diffusion"] / speed
            corrected = path[use] + length * np.log(path[use] - length)
            speed = np.polyfit(clock.times_s[use], corrected, 1)[0]
        return float(speed)
    use &= path > 12
    return float(np.polyfit(clock.times_s[use], path[use], 1)[0])


def plane_speed(c0: float, diffusion: float, cell: float, step: float) -> float:
    """Speed (µm/s) of a plane front integrated with `cell` front widths per grid cell."""
    width = diffusion * (1 - 2 * 0.1) / c0
    h = cell * width
    rows, n = 5, math.ceil(60 / cell)
    x = np.arange(n) * h
    u = np.zeros((n, n), np.float32)
    inside = np.zeros((n, n), np.float32)
    inside[1 : rows - 1, 1:-1] = 1
    u[:] = inside / (1 + np.exp(np.clip((x - 12 * width) / width, -30, 30)))
    arrival = np.where(u >= 0.5, 0, 1e9).astype(np.float32)
    dt = step * h * h / diffusion
    steps = int(40 * width / c0 / dt)
    k = rate_constant(c0, diffusion)
    f = np.float32
    integrate(
        inside, u, arrival, f(step), f(k * dt), f(0.1), f(dt), f(1e3), f(0), f(0), steps, 2, 0
    )
    known = (arrival[2] > 0.2 * steps * dt) & (arrival[2] < 1e8)
    return float(1 / np.polyfit(x[known], arrival[2, known], 1)[0])


@pytest.mark.parametrize("c0, diffusion", [(11.0, 32.0), (25.0, 22.0)])
def test_plane_front_converges_to_the_analytic_speed(c0, diffusion):
    coarse, middle, fine = (plane_speed(c0, diffusion, cell, 0.05) for cell in (1.0, 0.7, 0.35))
    assert fine == pytest.approx(c0, rel=0.005)
    # Second order: the error falls as the square of the cell.
    assert (c0 - coarse) / (c0 - middle) == pytest.approx(1 / 0.7**2, rel=0.15)


@pytest.mark.parametrize("cell", [0.6, 0.8, 1.0])
def test_lattice_slowing_is_what_plane_fronts_show(cell):
    slow = 1 - plane_speed(18.0, 27.0, cell, world.STEP) / 18.0
    assert slow == pytest.approx(lattice_slowing(cell, world.STEP), abs=0.004)


def test_front_travels_at_the_stated_speed():
    errors = [measured_speed(p, clock, state) / p["speed"] - 1 for p, clock, state in sample()]
    assert np.abs(errors).max() < 0.10
    assert np.abs(np.mean(errors)) < 0.02


def test_ring_is_slower_than_a_plane_front_by_its_curvature():
    """At the drawn range's strongest curvature the uncorrected speed is visibly too low."""
    fixed = {"direction": "outward", "speed": 11.5, "diffusion": 31.0, "field_of_view": 84.0}
    for seed in range(4):
        p, clock, state = simulate_state(NAME, num_frames=65, seed=seed, parameters=fixed)
        radius, t = state.truth.series["front_distance"][1], clock.times_s
        ring = running_frames(clock, state) & (radius > 12) & (radius < 18)
        slow = np.polyfit(t[ring], radius[ring], 1)[0] / p["speed"]
        expected = 1 - p["diffusion"] / p["speed"] / radius[ring].mean()
        assert slow < 0.88
        assert slow == pytest.approx(expected, abs=0.04)


@given(
    speed=st.floats(11, 25), diffusion=st.floats(22, 32),
    start=st.floats(5, 9), distance=st.floats(1, 40),
)  # fmt: skip
def test_travel_time_solves_the_eikonal_equation(speed, diffusion, start, distance):
    e = 1e-3
    later = travel_time(distance + e, speed, diffusion, start)
    later -= travel_time(distance - e, speed, diffusion, start)
    assert 2 * e / later == pytest.approx(speed - diffusion / (start + distance), rel=1e-4)
    assert travel_time(distance, speed, diffusion) == pytest.approx(distance / speed)


def test_every_site_fires_once_and_falls_silent():
    for p, clock, state in sample()[:60] + sample()[-20:]:
        calcium = state["calcium"][:, state["inside"]]
        active = calcium >= 0.5
        rises = (active[1:] & ~active[:-1]).sum(0) + active[0]
        assert rises.max() == 1
        passed = clock.times_s[-1] - state["arrival_s"][state["inside"]]
        # Well behind the band calcium is back near rest, inside it is near its peak.
        passed /= p["pulse"] / p["speed"]
        behind, crest = passed > 2.2, np.abs(passed - 0.4) < 0.1
        if behind.any():
            assert calcium[-1][behind].max() < 0.25
        if crest.any():
            assert calcium[-1][crest].mean() > 0.8
        assert calcium.min() > -1e-3 and calcium.max() < 1.02


def test_active_fraction_and_calcium_stay_in_physical_bounds():
    for p, clock, state in sample()[:60]:
        series = state.truth.series
        assert all(len(values) == clock.num_frames for _, values in series.values())
        assert all(np.isfinite(values).all() for _, values in series.values())
        active = series["active_fraction"][1]
        assert 0 < active.max() < 0.8 and active.min() >= 0
        mean = series["mean_calcium"][1]
        assert mean.min() > 0.09 and mean.max() < p["peak_calcium"]


@pytest.mark.parametrize("num_frames", [17, 33, 81])
def test_wave_shows_its_whole_story_in_a_clip(num_frames):
    for p, clock, state in sample():
        if clock.num_frames != num_frames:
            continue
        path = state.truth.series["front_distance"][1]
        length = (2 if p["direction"] != "outward" else 1) * 0.44 * p["field_of_view"]
        assert path[0] < 0.40 * length
        # A ring's late rays are cut by the membrane one after the other.
        assert path[-1] > (0.78 if p["direction"] == "outward" else 0.84) * length
        step = np.diff(path)[running_frames(clock, state)[1:]]
        assert step.min() > 0.2 * 17 / num_frames
        assert step.max() < 0.3 * length


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_tracks_and_events_follow_the_direction(direction):
    for seed in range(8):
        fixed = {"direction": direction}
        p, _, state = simulate_state(NAME, num_frames=17, seed=seed, parameters=fixed)
        first = state.truth.events[0]
        assert (first.name, first.frame, first.t_s) == ("initiation", 0, 0.0)
        ids = {row[0] for row in state.truth.tracks}
        assert len(ids) == 8
        for number in ids:
            xy = np.array([row[3:] for row in state.truth.tracks if row[0] == number])
            assert (xy > 0).all() and (xy < p["field_of_view"]).all()
            move = xy[-1] - xy[0]
            if direction == "outward":
                assert move @ (xy[-1] - p["field_of_view"] / 2) > 0
            else:
                assert move[0] * (1 if direction == "left_to_right" else -1) > 30


@pytest.mark.parametrize("num_frames", [2, 3, 5, 17, 241])
@pytest.mark.parametrize("direction", DIRECTIONS)
def test_any_length_works_at_the_corners_of_the_ranges(num_frames, direction):
    for speed, diffusion, field in ((11.0, 32.0, 62.0), (25.0, 22.0, 86.0)):
        fixed = {"direction": direction, "speed": speed, "diffusion": diffusion,
                 "field_of_view": field}  # fmt: skip
        p, clock, state = simulate_state(NAME, num_frames=num_frames, seed=1, parameters=fixed)
        _, start, way = world._plan(p)
        ring = start if p["direction"] == "outward" else None
        needed = travel_time(way, p["speed"], p["diffusion"], ring)
        assert clock.s_per_frame * (num_frames - 1) <= needed * 1.001
        assert clock.s_per_frame <= 0.3 * needed * 1.001
        path = state.truth.series["front_distance"][1]
        assert path[-1] > path[0] + 3


@pytest.mark.parametrize("style", ["illustration", "fluorescence", "bright_field"])
@pytest.mark.parametrize("direction", DIRECTIONS)
def test_pixels_show_the_front_where_truth_says(style, direction):
    """Along each ray the pixels that the wave has changed end at the front.

    Rays near the nucleus are left out, since it is drawn over the wave.
    """
    clip = simulate_clip(NAME, size=96, num_frames=17, seed=5, style=style,
                         parameters={"direction": direction})  # fmt: skip
    x, y, reach, *_ = simulate_state(
        NAME, num_frames=17, seed=5, parameters={"direction": direction}
    )[2]["nucleus"]
    first = clip.frames[0].astype(int)
    along = np.arange(-9, 9, 0.5)
    ends = []
    for frame in range(3, 13):
        change = np.abs(clip.frames[frame].astype(int) - first).sum(2)
        now = {r[0]: np.array(r[3:]) for r in clip.truth.tracks if r[2] == frame}
        before = {r[0]: np.array(r[3:]) for r in clip.truth.tracks if r[2] == frame - 1}
        for number, point in now.items():
            if np.hypot(*(point - [x, y])) < reach + 5:
                continue
            way = (point - before[number]) / np.hypot(*(point - before[number]))
            px = ((point + along[:, None] * way) / clip.um_per_px).astype(int).clip(0, 95)
            profile = change[px[:, 1], px[:, 0]]
            ends.append(along[profile > 0.5 * profile.max()].max())
    assert len(ends) >= 8
    assert abs(np.median(ends)) <= 1.0
    assert np.abs(ends).max() <= 2.5


def test_clip_is_deterministic_and_physics_does_not_know_the_look():
    one, two = (simulate_clip(NAME, size=64, num_frames=5, seed=9) for _ in range(2))
    assert np.array_equal(one.frames, two.frames)
    assert one.caption == two.caption
    looks = [simulate_clip(NAME, size=64, num_frames=5, seed=9, style=s)
             for s in ("illustration", "fluorescence", "bright_field")]  # fmt: skip
    assert looks[0].truth.tracks == looks[1].truth.tracks == looks[2].truth.tracks
    assert not np.array_equal(looks[0].frames, looks[1].frames)
    other = simulate_clip(NAME, size=64, num_frames=5, seed=10)
    assert other.truth.tracks != one.truth.tracks


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_words_carry_the_direction_and_the_held_out_ones_are_no_surprise(direction):
    p, _, state = simulate_state(NAME, num_frames=5, seed=2, parameters={"direction": direction})
    said = {
        "left_to_right": r"left to (the )?right|left end to right|rightwards",
        "right_to_left": r"right to (the )?left|right end to left|leftwards",
        "outward": r"outward",
    }[direction]
    for texts, fewest, most in (
        (world.captions(p, state), 5, 22),
        (world.prompts(p, state), 9, 12),
    ):
        assert len(texts) >= fewest
        assert all(re.search(said, text) and len(text.split()) <= most for text in texts)
        known = {w.strip(",") for text in texts[:-1] for w in text.split()}
        assert {w.strip(",") for w in texts[-1].split()} <= known
    assert all("µm/s" in text for text in world.captions(p, state))
    assert not any(re.search(r"\d", text) for text in world.prompts(p, state))


def test_parameters_out_of_range_are_refused():
    with pytest.raises(SimulatorError, match="speed"):
        simulate_state(NAME, num_frames=5, seed=0, parameters={"speed": 80.0})
    with pytest.raises(SimulatorError, match="direction"):
        simulate_state(NAME, num_frames=5, seed=0, parameters={"direction": "up"})
