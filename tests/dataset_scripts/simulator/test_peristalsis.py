"""Peristalsis: liquid is conserved, the flow is Stokes', rings drive boluses, pixels agree."""

from __future__ import annotations

import math
import re
from functools import cache
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from dataset_scripts.simulator.clip import simulate_clip, simulate_state
from dataset_scripts.simulator.core import Clock, SimulatorError
from dataset_scripts.simulator.models import peristaltic_tube as model
from dataset_scripts.simulator.phenomena import peristalsis as world

NAME = "peristalsis"
DIRECTIONS = ("left_to_right", "right_to_left", "downwards", "upwards")
SWALLOW = {"organ": "oesophagus", "closure": "complete"}


@cache
def sample():
    """90 random clips of 17 frames, and 5 each of 33 and 81."""
    seeds = [(17, s) for s in range(90)] + [(t, s) for t in (33, 81) for s in range(90, 95)]
    return [simulate_state(NAME, num_frames=t, seed=s) for t, s in seeds]


def test_liquid_is_conserved_and_nothing_escapes():
    for p, _, state in sample():
        series = {name: values for name, (_, values) in state.truth.series.items()}
        assert all(np.isfinite(values).all() for values in series.values())
        assert np.abs(series["total_ml"] - p["volume"]).max() < 1e-9
        assert np.abs(series["ahead_ml"] + series["behind_ml"] - p["volume"]).max() < 1e-9
        assert state["liquid"].min() >= 0 and state["rest"].min() > 0
        # The grid's ends stay dry, so that shut ends do not matter.
        assert state["liquid"][:, [0, 1, -2, -1]].max() == 0


def test_rings_go_at_the_stated_speed_and_drive_their_boluses():
    for p, clock, state in sample():
        rings, middles = state["rings"], state["middles"]
        step = np.diff(rings, axis=0) / clock.s_per_frame
        assert np.allclose(step, world.speed(p), rtol=1e-6)
        ahead = middles[:, -1] - rings[:, -1]
        assert ahead.min() > 1 and ahead.max() < 0.3 * p["field_of_view"]
        assert rings.min() > 0 and rings.max() < 0.85 * p["field_of_view"]
        # A step stays well below the distance of two rings, and below the length of a ring.
        assert world.speed(p) * clock.s_per_frame < 0.3 * p["ring_length"]
        # Where there is no thread behind, the bolus advances as fast as the ring.
        if p["closure"] == "complete":
            pace = np.polyfit(clock.times_s, middles[:, -1], 1)[0]
            assert pace == pytest.approx(world.speed(p), rel=0.06)


def test_a_closed_ring_keeps_the_liquid_ahead_and_a_leaky_one_lets_it_back():
    for p, _, state in sample():
        ahead, opening = (state.truth.series[n][1] for n in ("ahead_ml", "opening"))
        lost = 1 - ahead[-1] / ahead[0]
        if p["closure"] == "complete":
            assert lost < 0.08
            assert opening.max() < 0.15
        else:
            assert 0.1 < lost < 0.85
            assert (np.diff(ahead) < 1e-9).all()
            assert opening.min() > 0.2 and opening.max() < 0.6
            # In the frame of the tissue the liquid in the ring runs to the mouth.
            assert state.truth.series["flow_at_ring_ml_s"][1].max() < 0


def test_pressure_falls_along_a_bolus_as_by_poiseuille():
    """A bolus that moves as a whole has Q = c S, so p = 8 π μ c ∫ dx / S up to its front."""
    ratios = []
    for p, _, state in sample():
        if p["closure"] != "complete":
            continue
        x, body = state["x"], world.tube(p)
        liquid, rest, ring = state["liquid"][-1], state["rest"][-1], state["rings"][-1, -1]
        inside = np.flatnonzero((x > ring + 0.5 * body.ring) & (liquid > rest))
        resistance = np.cumsum((1 / liquid[inside])[::-1])[::-1] * (x[1] - x[0])
        expected = 8 * math.pi * body.viscosity * body.speed * resistance
        got = model.pressure(liquid, rest)[inside]
        middle = len(inside) // 3
        ratios.append(got[middle] / expected[middle])
    assert len(ratios) > 30
    assert np.mean(ratios) == pytest.approx(1, abs=0.1)
    assert np.std(ratios) < 0.15


@pytest.mark.parametrize("phi", [0.2, 0.5])
def test_stiff_shut_tube_shows_the_closed_form_pressure(phi):
    """Q = c (S - S(0)) in a shut tube; with SJW's integrals of (1 + φ cos)^-2 and ^-4 over a wave

    Δp = 8 μ c λ / (κ a²) [ (1 + φ cos θ)² I4 - I2 ] where the liquid fills κ A.
    """
    radius, length, speed, viscosity, kappa = 8.0, 60.0, 5.0, 1.0, 1.1
    stiffness, n, end = 2e4, 96, 0.06
    x = (np.arange(n) + 0.5) * length / n

    def section(t: float) -> np.ndarray:
        theta = 2 * np.pi * (x - speed * t) / length
        return np.pi * radius**2 * (1 + phi * np.cos(theta)) ** 2

    liquid = kappa * section(0.0)
    times = np.linspace(0, end, 13)
    for a, b in pairwise(times):
        model.advance(liquid, section(a), section(b), b - a, length / n, stiffness, viscosity, 0.0)
    pressure = stiffness * (liquid / section(end) - 1)
    slope = (pressure[-1] - pressure[0]) / (1 - 1 / n)
    i2, i4 = (1 - phi**2) ** -1.5, (1 + 1.5 * phi**2) * (1 - phi**2) ** -3.5
    first = (1 + phi * np.cos(2 * np.pi * speed * end / length)) ** 2
    expected = 8 * viscosity * speed * length / (kappa * radius**2) * (first * i4 - i2)
    assert slope == pytest.approx(expected, rel=0.03)


def test_an_independent_integrator_agrees():
    """Radau of scipy on the same equation, for a lump of liquid that sinks into an elastic tube."""
    n, width, viscosity = 40, 2.0, 1.0
    x = np.arange(n) * width
    rest = 200 + 60 * np.sin(x / 15)
    start = rest * (1 + 0.5 * np.exp(-(((x - 35) / 12) ** 2)))

    def rate(_: float, s: np.ndarray) -> np.ndarray:
        p = model.STIFFNESS_PA * np.maximum(0, s / rest - 1)
        drop = p[:-1] - p[1:]
        giver = np.where(drop > 0, s[:-1], s[1:])
        q = np.concatenate([[0], giver**2 * drop / (8 * np.pi * viscosity * width), [0]])
        return -np.diff(q) / width

    exact = solve_ivp(rate, (0, 0.1), start, method="Radau", rtol=1e-7, atol=1e-7).y[:, -1]
    liquid = start.copy()
    model.advance(liquid, rest, rest, 0.1, width, model.STIFFNESS_PA, viscosity, 0.0)
    assert np.abs(exact - start).max() > 20
    assert np.abs(liquid - exact).max() < 0.2


def test_the_result_does_not_hang_on_grid_and_step(monkeypatch):
    fixed = {"organ": "oesophagus", "closure": "leaky", "field_of_view": 120.0}
    p, clock, _ = simulate_state(NAME, num_frames=17, seed=3, parameters=fixed)
    body, (places, _) = world.tube(p), world.plan(p)

    def left(cells: int) -> float:
        x = body.grid(cells)
        liquid = model.fill(body, x, places, 1000 * p["volume"])
        found = model.run(body, x, liquid, places, clock.times_s)
        ahead = model.portions(x, found["rings"], found["liquid"])[:, 1]
        return float(ahead[-1] / ahead[0])

    coarse, used, fine = left(64), left(model.CELLS), left(2 * model.CELLS)
    assert abs(used - fine) < 0.05
    assert abs(used - fine) < abs(coarse - fine) + 0.01
    monkeypatch.setattr(model, "_STRIDE", 0.1)
    assert left(model.CELLS) == pytest.approx(used, abs=0.01)


def test_wider_rings_leak_more_and_viscosity_does_not_matter_to_a_shut_one():
    left = []
    for opening in (0.30, 0.35, 0.40):
        fixed = {"organ": "oesophagus", "closure": "leaky", "opening": opening}
        _, _, state = simulate_state(NAME, num_frames=17, seed=5, parameters=fixed)
        ahead = state.truth.series["ahead_ml"][1]
        left.append(ahead[-1] / ahead[0])
    assert left[0] > left[1] + 0.02 > left[2] + 0.04


@given(
    organ=st.sampled_from(("oesophagus", "intestine")),
    closure=st.sampled_from(("complete", "leaky")),
    numbers=st.fixed_dictionaries({
        spec.name: st.one_of(st.sampled_from((spec.low, spec.high)), st.floats(spec.low, spec.high))
        for spec in world.PARAMETERS if hasattr(spec, "low")
    }),
    frames=st.sampled_from((2, 5, 17, 60)),
)  # fmt: skip
@settings(max_examples=25, deadline=None)
def test_any_draw_is_finite_and_conserves_liquid(organ, closure, numbers, frames):
    p = {"organ": organ, "direction": "upwards", "closure": closure, **numbers}
    clock = Clock(frames, world.s_per_frame(p, frames))
    state = world.simulate(p, clock, np.random.default_rng(0))
    assert np.isfinite(state["liquid"]).all() and state["liquid"].min() >= 0
    assert state.truth.series["total_ml"][1] == pytest.approx(p["volume"], rel=1e-9)
    assert state["rings"].max() < p["field_of_view"]
    assert state["liquid"][:, -1].max() == 0
    radius = np.sqrt(np.maximum(state["liquid"], state["rest"]) / np.pi)
    assert radius.max() < 1.3 * p["bore"]


@pytest.mark.parametrize("frames", [2, 241])
def test_shortest_and_longest_clips(frames):
    for organ in ("oesophagus", "intestine"):
        p, clock, state = simulate_state(
            NAME, num_frames=frames, seed=2, parameters={"organ": organ}
        )
        way = state["rings"][-1, 0] - state["rings"][0, 0]
        assert way == pytest.approx(world.speed(p) * clock.times_s[-1])
        assert way <= 0.6001 * p["field_of_view"]
        assert [e.frame for e in state.truth.events] == sorted(e.frame for e in state.truth.events)


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_tracks_follow_the_direction(direction):
    axis, sign = {"left_to_right": (0, 1), "right_to_left": (0, -1), "downwards": (1, 1),
                  "upwards": (1, -1)}[direction]  # fmt: skip
    for seed, organ in product(range(3), ("oesophagus", "intestine")):
        fixed = {"direction": direction, "organ": organ}
        p, _, state = simulate_state(NAME, num_frames=17, seed=seed, parameters=fixed)
        kinds = {(row[0], row[1]) for row in state.truth.tracks}
        assert len(kinds) == 2 * world.boluses(p)
        for number, _ in kinds:
            xy = np.array([row[3:] for row in state.truth.tracks if row[0] == number])
            assert (xy >= 0).all() and (xy <= state.field_um).all()
            if number < 100:
                assert sign * (xy[-1] - xy[0])[axis] > 0.2 * state.field_um
                assert abs((xy[-1] - xy[0])[1 - axis]) < 0.1 * state.field_um


def along(frames: np.ndarray, clip) -> np.ndarray:
    """Frames (T, size, size, 3) turned so that the tube lies across, oral end at the left."""
    way = clip.parameters["direction"]
    if way in ("downwards", "upwards"):
        frames = frames.transpose(0, 2, 1, 3)
    return frames[:, :, ::-1] if way in ("right_to_left", "upwards") else frames


@pytest.mark.parametrize("style", ["illustration", "fluorescence", "bright_field"])
@pytest.mark.parametrize("direction", DIRECTIONS)
def test_pixels_show_ring_and_bolus_where_truth_says(style, direction):
    fixed = {**SWALLOW, "direction": direction, "volume": 12.0, "field_of_view": 130.0}
    clip = simulate_clip(NAME, size=96, num_frames=17, seed=4, style=style, parameters=fixed)
    frames = along(clip.frames, clip).astype(float)[:, 28:68]
    change = np.abs(frames - np.median(frames, axis=0)).sum(axis=(1, 3))
    px = np.arange(96) + 0.5
    seen = (change**2 * px).sum(1) / (change**2).sum(1)
    truth = clip.truth.series["bolus_mm"][1] / 130.0 * 96
    inner = slice(2, 15)
    assert np.corrcoef(seen[inner], truth[inner])[0, 1] > 0.98
    assert np.abs(seen - truth)[inner].max() < 11


def test_the_area_of_the_bolus_in_pixels_is_that_of_its_section():
    fixed = {**SWALLOW, "direction": "left_to_right", "volume": 14.0, "field_of_view": 120.0}
    clip = simulate_clip(
        NAME, size=160, num_frames=9, seed=1, style="fluorescence", parameters=fixed
    )
    _, _, state = simulate_state(NAME, num_frames=9, seed=1, parameters=fixed)
    x, liquid = state["x"], state["liquid"]
    for frame in range(9):
        thick = 2 * np.sqrt(liquid[frame] / np.pi)
        expected = thick[thick > 3].sum() * (x[1] - x[0])
        color = clip.frames[frame].astype(int)
        green = (color[..., 1] > 75) & (color[..., 1] > 1.25 * color[..., 0])
        assert green.sum() * (120 / 160) ** 2 == pytest.approx(expected, rel=0.12)


def test_physics_does_not_know_the_look():
    looks = [simulate_clip(NAME, size=64, num_frames=4, seed=9, style=s)
             for s in ("illustration", "fluorescence", "bright_field")]  # fmt: skip
    assert looks[0].truth.tracks == looks[1].truth.tracks == looks[2].truth.tracks
    again = simulate_clip(NAME, size=64, num_frames=4, seed=9, style="illustration")
    assert np.array_equal(looks[0].frames, again.frames)


SAID = {"left_to_right": r"left to right|rightwards|to the right",
        "right_to_left": r"right to left|leftwards|to the left",
        "downwards": r"top to bottom|downwards|to the bottom",
        "upwards": r"bottom to top|upwards|to the top"}  # fmt: skip


@pytest.mark.parametrize("closure", ["complete", "leaky"])
@pytest.mark.parametrize("organ", ["oesophagus", "intestine"])
@pytest.mark.parametrize("direction", DIRECTIONS)
def test_every_text_carries_every_label(organ, direction, closure):
    fixed = {"organ": organ, "direction": direction, "closure": closure}
    p, _, state = simulate_state(NAME, num_frames=2, seed=2, parameters=fixed)
    ring = "closed" if closure == "complete" else "leaky"
    speed = f"{float(f'{world.speed(p):.2g}'):g} mm/s"
    for texts, fewest, least, most in (
        (world.captions(p, state), 7, 5, 16),
        (world.descriptions(p, state), 5, 75, 135),
        (world.prompts(p, state), 10, 4, 12),
    ):
        assert len(set(texts)) == len(texts) >= fewest
        for text in texts:
            assert least <= len(text.split()) <= most, text
            assert re.search(organ[:8], text) and ring in text and re.search(SAID[direction], text)
            assert "rings" in text if organ == "intestine" else "rings" not in text
            other = "leaky" if ring == "closed" else "closed"
            assert other not in text
            if most > 12:
                assert speed in text and f"{p['volume'] / world.boluses(p):.2g} ml" in text
            else:
                assert not re.search(r"\d", text)
        words = [set(re.findall(r"[a-z]+", text.lower())) for text in texts]
        assert words[-1] <= set().union(*words[:-1])


def test_parameters_out_of_range_are_refused():
    with pytest.raises(SimulatorError, match="volume"):
        simulate_state(NAME, num_frames=5, seed=0, parameters={"volume": 80.0})
    with pytest.raises(SimulatorError, match="direction"):
        simulate_state(NAME, num_frames=5, seed=0, parameters={"direction": "outward"})
