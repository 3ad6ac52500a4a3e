"""Apoptosis: the switch and its oracle, order of events, what is conserved, words and pixels."""

from __future__ import annotations

import math
import re
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, ndimage

from dataset_scripts.simulator.canvas import Scene
from dataset_scripts.simulator.clip import simulate_clip, simulate_state
from dataset_scripts.simulator.core import Range, SimulatorError
from dataset_scripts.simulator.looks import Look
from dataset_scripts.simulator.models import caspase_switch as switch
from dataset_scripts.simulator.models import dying_cell as cell
from dataset_scripts.simulator.models import dying_tissue as tissue
from dataset_scripts.simulator.models import epithelial_row as row_model
from dataset_scripts.simulator.phenomena import apoptosis as world

NAME = "apoptosis"
TISSUES = ("lone_cell", "four_cells", "epithelium")


@cache
def sample() -> list:
    """100 random clips of 17 frames and 20 of 65."""
    plans = [(17, s) for s in range(100)] + [(65, s) for s in range(100, 120)]
    return [simulate_state(NAME, num_frames=t, seed=s) for t, s in plans]


def series(state, name: str, k: int = 1) -> np.ndarray:
    return state.truth.series[f"{name}_{k}"][1]


def times(state, name: str, k: int) -> list[float]:
    return [e.t_s for e in state.truth.events if e.name == name and e.object_id == k]


# The switch


@pytest.mark.parametrize("signal", [0.005, 0.008, 0.012])
def test_switch_agrees_with_a_general_solver(signal: float) -> None:
    def rates(t: float, y: np.ndarray) -> list[float]:
        m, x, c = y
        level = (1 - math.exp(-signal * t)) ** switch.HILL
        gate = level / (switch.THRESHOLD**switch.HILL + level)
        opened = gate * (switch.SEED + switch.FEEDBACK * m) * (1 - m)
        active = switch.ACTIVATION * m * (1 - c) - switch.INHIBITION * x * c
        return [opened, -switch.SMAC * m * x, active]

    opening = switch.opening(signal)
    grid = opening + np.arange(-10.0, 25.0, 1.0)
    oracle = integrate.solve_ivp(
        rates, (0, grid[-1]), [0, 1, 0], t_eval=grid, method="LSODA", rtol=1e-9, atol=1e-12
    )
    fine = np.arange(0.0, grid[-1] + 0.5, switch.STEP_MIN)
    pores = np.interp(grid, fine, switch.pores(fine, signal))
    assert pores == pytest.approx(oracle.y[0], abs=2e-4)
    half = np.interp(0.5, oracle.y[2], grid)
    time, active = switch.effector(signal, 20.0)
    assert np.interp(grid - half, time, active) == pytest.approx(oracle.y[2], abs=2e-3)


def test_switch_converges_with_the_step() -> None:
    reference = switch.effector(0.008, 20.0, 0.005)
    errors = []
    for step in (0.08, 0.04):
        time, active = switch.effector(0.008, 20.0, step)
        errors.append(np.abs(active - np.interp(time, *reference)).max())
    assert errors[1] < 1e-3
    assert errors[0] / errors[1] == pytest.approx(4, rel=0.4)  # second order


def test_waiting_depends_on_the_signal_but_switching_hardly_does() -> None:
    waits, rises = [], []
    for signal in (0.005, 0.010):
        time, active = switch.effector(signal, 30.0)
        waits.append(switch.opening(signal))
        rises.append(np.diff(np.interp([0.1, 0.9], active, time))[0])
    assert waits[0] / waits[1] > 1.7
    assert rises[0] / rises[1] < 1.5
    assert max(rises) < 12
    assert switch.opening(switch.signal_for(80.0)) == pytest.approx(80.0, abs=0.05)


def test_late_activation_has_its_closed_form() -> None:
    """With all pores open and no inhibitor left, 1 − C falls as exp(−k_C t)."""
    time, active = switch.effector(0.012, 30.0, 0.005)
    late = (time > 7) & (time < 9)
    slope = np.polyfit(time[late], np.log(1 - active[late]), 1)[0]
    assert slope == pytest.approx(-switch.ACTIVATION, rel=0.1)
    minutes = np.array([20.0, 25.0])
    assert np.diff(switch.dose(minutes, 0.008, 20.0)[1]) == pytest.approx(0.25, abs=1e-3)


# The cell and its bodies


def test_events_come_in_order_and_the_whole_story_is_shown() -> None:
    for p, clock, state in sample():
        all_times = [e.t_s for e in state.truth.events]
        assert all_times == sorted(all_times)
        for k in range(len(state["dying"])):
            (on,) = times(state, "caspase_switch", k)
            (dense,) = times(state, "nucleus_condensed", k)
            (broken,) = times(state, "nucleus_breaks_up", k)
            parts = times(state, "body_parts", k)
            assert on < dense <= broken <= min(parts)
            share = state["plans"][state["dying"][k]].share
            assert len(parts) == len(share) - 1
            assert max(parts) <= clock.times_s[-1] * 0.97
            few = p["bodies"] == "few"
            assert len(share) in ((3, 4) if few else (7, 8))
        if p["tissue"] == "epithelium":
            (met,) = times(state, "feet_meet", 0)
            (out,) = times(state, "extruded", 0)
            assert met < out < min(times(state, "body_parts", 0))
        if p["tissue"] == "four_cells":
            gap = times(state, "caspase_switch", 1)[0] - times(state, "caspase_switch", 0)[0]
            assert gap / 60 == pytest.approx(p["delay"], abs=1.01 * clock.s_per_frame / 60)
            assert state["starts"][1] - state["starts"][0] == pytest.approx(p["delay"])


def test_volume_chromatin_and_order_of_shrinkage() -> None:
    for p, _, state in sample():
        for k, index in enumerate(state["dying"], start=1):
            plan, path = state["plans"][index], state["paths"][index]
            volume, budded = series(state, "volume", k), series(state, "budded", k)
            assert (np.diff(volume) <= 1e-9).all()
            assert volume.min() >= 1 - p["shrinkage"] - 1e-9 and volume[0] > 0.88
            assert (np.diff(budded / volume) >= -1e-9).all()
            assert budded[-1] == pytest.approx(volume[-1] * (1 - plan.share[0]), rel=1e-6)
            assert np.allclose(series(state, "chromatin", k), 1)
            stain = series(state, "nucleus_area", k) * series(state, "stain_density", k)
            assert stain == pytest.approx(stain[0])
            assert path.lump_um[-1] ** 2 @ np.ones(len(plan.lump_share)) == pytest.approx(
                plan.nucleus_um**2 * path.area[-1]
            )
            count = series(state, "bodies", k)
            assert count[0] == 1 and count[-1] == len(plan.share) >= 3
            assert (np.diff(count) >= 0).all()
            # Clearly smaller, and its nucleus small and dense, before the first body parts.
            first = int((count > 1).argmax())
            assert (
                series(state, "area", k)[first - 1]
                < (0.8 if "row" in state.arrays else 0.6) * (series(state, "area", k)[0])
            )
            assert path.density[first] > 0.8
            assert cell.apart(path) > -1e-9
            assert (path.place > 0).all() and (path.place < state.field_um).all()
            if "row" in state.arrays:
                low = path.place[-1, :, 1] + path.radius[-1]
                assert (low < state["base"] - tissue.HEIGHT_UM + 0.3).all(), (
                    "bodies lie above the row"
                )


def test_cells_that_live_do_not_change_and_never_all_die() -> None:
    for p, _, state in sample():
        alive = [i for i in range(len(state["plans"])) if i not in state["dying"]]
        assert len(alive) == (2 if p["tissue"] == "four_cells" else 0)
        for i in alive:
            path = state["paths"][i]
            assert (path.count == 1).all() and (path.whole == 1).all()
            assert path.rim == pytest.approx(path.rim[0])
            assert not path.bleb_um.any()


def test_lumps_lie_in_the_bodies_that_own_them() -> None:
    for _, _, state in sample():
        for index in state["dying"]:
            plan, path = state["plans"][index], state["paths"][index]
            home = path.place[-1, plan.lump_body]
            away = np.hypot(*(path.lump[-1] - home).T)
            assert (away < path.radius[-1, plan.lump_body]).all()
            assert (path.lump_um[-1] < path.radius[-1, plan.lump_body]).all()
            assert len(set(plan.lump_body)) < len(plan.share) or len(plan.share) <= 4


def test_steps_between_frames_are_small() -> None:
    for _, clock, state in sample():
        if clock.num_frames != 17:
            continue
        for path in state["paths"]:
            count = path.radius.shape[1]
            for b in range(1, count):
                out = path.parted[:, b]
                away = path.place[out, b, None] - path.place[out][:, np.arange(count) != b]
                nearest = np.hypot(away[..., 0], away[..., 1]).min(axis=1)
                step = np.hypot(*np.diff(path.place[out, b], axis=0).T)
                assert (step < 0.3 * nearest[1:]).all()


@settings(max_examples=30, deadline=None)
@given(data=st.data(), seed=st.integers(0, 10**6), frames=st.sampled_from([2, 3, 9, 17, 40]))
def test_whole_ranges_without_nan_or_escape(data, seed: int, frames: int) -> None:
    fixed = {}
    for spec in world.PARAMETERS:
        if isinstance(spec, Range):
            ends = st.sampled_from([spec.low, spec.high])
            fixed[spec.name] = data.draw(ends | st.floats(spec.low, spec.high), spec.name)
        else:
            fixed[spec.name] = data.draw(st.sampled_from(spec.options), spec.name)
    p, clock, state = simulate_state(NAME, num_frames=frames, seed=seed, parameters=fixed)
    for _, values in state.truth.series.values():
        assert len(values) == frames and np.isfinite(values).all()
    xy = np.array([row[3:] for row in state.truth.tracks])
    assert np.isfinite(xy).all() and (xy > 0).all() and (xy < state.field_um).all()
    for path in state["paths"]:
        assert cell.apart(path) > -1e-9
        assert np.isfinite(path.bleb).all() and np.isfinite(path.lump).all()
    assert clock.s_per_frame * (frames - 1) <= 60 * world._span(p) * 1.0001
    assert clock.s_per_frame <= 60 * world._span(p) * 0.3001


def test_blebs_swell_and_draw_back() -> None:
    for _, clock, state in sample():
        if clock.num_frames != 65:
            continue
        path = state["paths"][state["dying"][0]]
        assert path.bleb_um.max() > 1.0 and path.bleb_um.max() <= 2.5
        assert not path.bleb_um[-1].any() and not path.bleb_um[0].any()
        seen = path.bleb_um[:, path.bleb_um.max(axis=0) > 0.5]
        peak = seen.argmax(axis=0)
        for j, i in enumerate(peak):
            rise, fall = np.diff(seen[: i + 1, j]), np.diff(seen[i:, j])
            assert (rise >= -0.3).all() and (fall <= 0.3).all()


def test_spread_outline_has_its_area() -> None:
    _, _, state = simulate_state(NAME, num_frames=5, seed=3, parameters={"tissue": "lone_cell"})
    for adhesion in (1.0, 0.4, 0.0):
        shape = cell.outline(state["plans"][0], 12.0, adhesion, 0.7, count=400)
        assert area_of(shape) == pytest.approx(math.pi * 144, rel=1e-3)


# The epithelium


def area_of(shape: np.ndarray) -> float:
    x, y = shape.T
    return 0.5 * abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1)))


@given(st.floats(0.05, 8), st.floats(-0.9, 60))
def test_free_surface_is_a_segment_of_the_area_that_is_left(neck: float, area: float) -> None:
    angle = float(row_model.cap_angle(np.array([neck]), np.array([area]))[0])
    held = neck**2 * (angle - math.sin(angle) * math.cos(angle)) / max(math.sin(angle) ** 2, 1e-12)
    if abs(area) > 1e-3 and abs(angle) < 3.1:
        assert math.copysign(abs(held), angle) == pytest.approx(area, rel=1e-3, abs=1e-3)
    half = row_model.cap_angle(np.array([neck]), np.array([0.5 * math.pi * neck**2]))[0]
    assert half == pytest.approx(math.pi / 2, abs=1e-4)


def test_row_keeps_its_areas_and_is_never_open() -> None:
    for seed in range(12):
        p, _, state = simulate_state(
            NAME, num_frames=81, seed=seed, parameters={"tissue": "epithelium"}
        )
        row, path, plan = state["row"], state["paths"][0], state["plans"][0]
        wanted = math.pi * plan.round_um**2 * path.volume ** (2 / 3)
        column = p["cell_width"] * tissue.HEIGHT_UM
        for i in range(81):
            if not row.free[i]:
                assert area_of(row_model.dying_outline(row, i)) == pytest.approx(
                    wanted[i], rel=0.03
                )
            inner = row_model.flank(row, i)
            assert (inner[:, 0] >= 0).all()
            # Both neighbours share the dying cell's border: where it has left, they meet.
            below = inner[:, 1] < row.tip[i] * row.height[i, 0] - 1e-6
            assert (inner[below, 0] <= row.base[i] + 1e-9).all()
            # The rounded flank is met by a straight mean within a few percent.
            first = row_model.neighbour_outline(row, i, 0)
            assert area_of(first) == pytest.approx(column, rel=0.12)
        assert (np.diff(row.base) <= 1e-12).all() and (np.diff(row.neck) <= 1e-12).all()
        assert (row.base <= row.neck + 1e-9).all(), "feet go first"
        assert row.base[-1] == 0 and row.neck[-1] == 0 and row.free[-1]
        # It rises bit by bit, also as it is set free.
        assert (np.diff(row.middle) < 2.2).all() and row.middle[-1] > tissue.HEIGHT_UM + 5


# Clips, pixels and words


@pytest.mark.parametrize("num_frames", [2, 3, 5, 241])
@pytest.mark.parametrize("where", TISSUES)
def test_any_length_works(where: str, num_frames: int) -> None:
    _, _, state = simulate_state(NAME, num_frames=num_frames, seed=1, parameters={"tissue": where})
    assert all(len(v) == num_frames for _, v in state.truth.series.values())


@pytest.mark.parametrize("style", ["illustration", "fluorescence", "bright_field"])
@pytest.mark.parametrize("where", TISSUES)
def test_pixels_show_cells_and_bodies_where_truth_says(style: str, where: str) -> None:
    clip = simulate_clip(
        NAME, size=160, num_frames=17, seed=5, style=style,
        parameters={"tissue": where, "bodies": "few"},
    )  # fmt: skip
    last = clip.frames[-1].astype(float)
    sky = np.median(last[:30].reshape(-1, 3), axis=0)
    other = np.abs(ndimage.gaussian_filter(last, (0.8, 0.8, 0)) - sky).sum(axis=2)
    solid = ndimage.binary_fill_holes(other > 45)
    found, count = ndimage.label(ndimage.binary_opening(solid, iterations=2))
    bodies = [np.array(r[3:]) for r in clip.truth.tracks if r[1:3] == ("apoptotic_body", 16)]
    labels = set()
    for xy in bodies:
        column, line = (xy / clip.um_per_px).astype(int)
        assert solid[line, column], "a body shows"
        labels.add(found[line, column])
    assert len(labels) >= len(bodies) - 1, "bodies lie apart"
    if where == "lone_cell":
        # What is seen is what lies there: the flat cell at first, its bodies in the end.
        assert count == pytest.approx(len(bodies), abs=1)
        start = clip.frames[0].astype(float)
        mask = np.abs(ndimage.gaussian_filter(start, (0.8, 0.8, 0)) - sky).sum(axis=2) > 45
        seen = ndimage.binary_fill_holes(mask).sum() * clip.um_per_px**2
        assert seen == pytest.approx(clip.truth.series["area_1"][1][0], rel=0.1)


@pytest.mark.parametrize("where", TISSUES)
def test_drawn_chromatin_keeps_its_light(where: str) -> None:
    """The light of all stained chromatin, before the camera, is the same in every frame."""
    p, clock, state = simulate_state(NAME, num_frames=17, seed=2, parameters={"tissue": where})
    look = Look.draw("fluorescence", world.MATERIALS, "#000000", np.random.default_rng(0))
    stained = [name == "chromatin" for name in world.MATERIALS]
    look.materials[~np.array(stained), 10:12] = 0
    total = []
    for frame in range(clock.num_frames):
        color, phase = np.zeros((192, 192, 3), np.float32), np.zeros((192, 192), np.float32)
        scene = Scene(state.field_um, world.MATERIALS)
        world.draw(p, state, frame, scene)
        look.paint(scene, color, phase)
        total.append(color.sum())
    assert np.array(total) / total[0] == pytest.approx(np.ones(clock.num_frames), abs=0.08)


def test_clip_is_deterministic_and_physics_ignores_the_look() -> None:
    clips = [
        simulate_clip(NAME, size=64, num_frames=5, seed=11, style=style)
        for style in ("fluorescence", "fluorescence", "bright_field")
    ]
    assert np.array_equal(clips[0].frames, clips[1].frames)
    assert not np.array_equal(clips[0].frames, clips[2].frames)
    assert clips[0].truth.tracks == clips[2].truth.tracks
    assert clips[0].truth.events == clips[2].truth.events


SAID = {
    "lone_cell": r"\b(one|single|lone|alone)\b.*cell|flat cell .* alone|cell .* alone",
    "four_cells": r"\bfour\b",
    "epithelium": r"\bepitheli(um|al)\b",
    "few": r"\bfew\b",
    "many": r"\bmany\b|\blots of\b",
}


def words_of(text: str) -> set[str]:
    return {w.strip(".,:;").lower() for w in text.split()}


@pytest.mark.parametrize("number", ["few", "many"])
@pytest.mark.parametrize("where", TISSUES)
def test_words_carry_every_label(where: str, number: str) -> None:
    p, _, state = simulate_state(
        NAME, num_frames=5, seed=2, parameters={"tissue": where, "bodies": number}
    )
    minutes = f"{p['death_time']:.0f} min"
    for texts, fewest, low, high in (
        (world.captions(p, state), 7, 8, 16),
        (world.descriptions(p, state), 5, 75, 135),
        (world.prompts(p, state), 10, 5, 12),
    ):
        assert len(texts) >= fewest and len(set(texts)) == len(texts)
        for text in texts:
            assert low <= len(text.split()) <= high, text
            assert re.search(SAID[where], text.lower()), text
            assert re.search(SAID[number], text), text
            assert not re.search(SAID["many" if number == "few" else "few"], text), text
            if high == 12:
                assert not re.search(r"\d", text)
            else:
                assert minutes in text and "apopto" in text.lower()
        known = set().union(*map(words_of, texts[:-1]))
        assert words_of(texts[-1]) <= known
    assert all(t[0].islower() and not t.endswith(".") for t in world.captions(p, state))
    assert all(t.endswith(".") for t in world.descriptions(p, state))


def test_held_out_draws_are_a_small_share() -> None:
    rng = np.random.default_rng(0)
    draws = [{s.name: s.draw(rng) for s in world.PARAMETERS} for _ in range(2000)]
    for held in (world.HELD_OUT.in_interval, world.HELD_OUT.in_combination):
        assert 0.05 < np.mean([held(d) for d in draws]) < 0.17


def test_parameters_out_of_range_are_refused() -> None:
    with pytest.raises(SimulatorError, match="death_time"):
        simulate_state(NAME, num_frames=5, seed=0, parameters={"death_time": 80.0})
    with pytest.raises(SimulatorError, match="tissue"):
        simulate_state(NAME, num_frames=5, seed=0, parameters={"tissue": "bone"})
