"""Phagocytosis: the rim's two stages, cytoplasm that is conserved, order of events, and pixels."""

from __future__ import annotations

import itertools
import re
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from dataset_scripts.simulator import simulate_clip, simulate_state
from dataset_scripts.simulator.core import Range, SimulatorError
from dataset_scripts.simulator.models import phagocytic_cup as cup
from dataset_scripts.simulator.models import phagocytic_uptake as uptake
from dataset_scripts.simulator.phenomena import phagocytosis as world

NAME = "phagocytosis"
STYLES = ("illustration", "fluorescence", "bright_field")
CELLS = ("neutrophil", "macrophage")
TARGETS = ("one_bead", "two_bacteria", "coated_and_bare")
SIDES = {"left": (-1, 0), "right": (1, 0), "top": (0, -1), "bottom": (0, 1)}


@cache
def sample():
    """110 random clips of 17 frames and 8 of 33."""
    seeds = [(17, s) for s in range(110)] + [(33, s) for s in range(110, 118)]
    return [simulate_state(NAME, num_frames=t, seed=s) for t, s in seeds]


def at_frame(target: cup.Target, frame: int) -> cup.Target:
    cut = slice(frame, frame + 1)
    return cup.Target(
        target.kind, target.radius, target.length, target.angle, target.centre[cut],
        target.opacity[cut], target.covered[cut], target.thick[cut], target.offset[cut],
        target.pseudopod[cut], target.sunk[cut], target.plate[cut],
    )  # fmt: skip


def cytoplasm(state, frame: int, n: int = 220) -> float:
    """Area (µm²) of the cell without its targets, counted on a fine grid of the whole field."""
    at = (np.arange(n) + 0.5) / n * state.field_um
    xy = np.stack(np.meshgrid(at, at), axis=-1).reshape(1, -1, 2)
    targets = [at_frame(t, frame) for t in state["targets"] if t.kind != "bare"]
    one = slice(frame, frame + 1)
    cell = cup.distance(state["body"], xy, state["radius"][one], state["times"][one], targets) < 0
    for target in targets:
        local = cup.turned(xy - target.centre[:, None], -target.angle)
        over = np.maximum(np.abs(local[..., 0]) - 0.5 * target.length, 0)
        cell &= np.hypot(over, local[..., 1]) > target.radius
    return float(cell.sum()) * (state.field_um / n) ** 2


# The rim ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("arc, diffusion", [(6.1, 0.1), (7.4, 0.3), (3.0, 0.2)])
def test_passive_stage_is_the_similarity_solution(arc, diffusion):
    """Closed-form limit: a = 2 β √(D t), with q = β² exp(β²) E₁(β²), up to half engulfment."""
    rim = uptake.zip_up(arc, 130.0, 0.65, diffusion)
    t_half = 0.65 * 130.0
    beta = 0.5 * arc / (2 * np.sqrt(diffusion * t_half))
    t = np.linspace(1, 0.97 * t_half, 40)
    assert rim.at(t) == pytest.approx(2 * beta * np.sqrt(diffusion * t), rel=0.01)
    assert rim.supply == pytest.approx(uptake.passive_supply(beta))
    assert rim.at(np.array([t_half])) == pytest.approx(arc / 2, rel=0.01)


@pytest.mark.parametrize("arc", [3.0, 7.4])
def test_the_rim_converges_in_time_step_and_grid(arc):
    t = np.linspace(0, 130, 80)
    courses = [uptake.zip_up(arc, 130.0, 0.65, 0.2, refine=r) for r in (1, 2, 4)]
    errors = [np.abs(c.at(t) - courses[2].at(t)).max() / arc for c in courses]
    assert errors[0] < 0.004 and errors[1] < 0.6 * errors[0]
    assert courses[0].drift == pytest.approx(courses[2].drift, rel=0.02)


def test_the_active_stage_agrees_with_an_independent_solver():
    """Method of lines on a uniform grid in the rim's frame, integrated by scipy's stiff solver."""
    arc, time, share, d = 6.6, 130.0, 0.65, 0.2
    rim = uptake.zip_up(arc, time, share, d)
    n, reach = 500, 30.0
    x = np.linspace(0, reach, n + 1)
    h, half, t_half = x[1], 0.5 * arc, share * time
    beta = half / (2 * np.sqrt(d * t_half))
    start = rim.supply * (1 - uptake.exp1((beta * (half + x) / half) ** 2) / uptake.exp1(beta**2))

    def rate(_, y):
        u, a = np.concatenate([[0.0], y[:-1], [rim.supply]]), y[-1]
        slope = (4 * u[1] - u[2]) / (2 * h)
        speed = d * slope + rim.drift * uptake.EDGE
        r = a + x[1:-1]
        ux, uxx = (u[2:] - u[:-2]) / (2 * h), (u[2:] - 2 * u[1:-1] + u[:-2]) / h**2
        du = d * (uxx + ux / r) + rim.drift * (ux + (u[1:-1] + uptake.EDGE) / r) + speed * ux
        return np.append(du, speed)

    later = np.linspace(t_half, time, 12)
    band = np.append(start[1:-1], half)
    solved = solve_ivp(rate, (t_half, time), band, t_eval=later, method="BDF", rtol=1e-5, atol=1e-7)
    assert rim.at(later) == pytest.approx(solved.y[-1], rel=0.015)


@given(
    arc=st.floats(2.9, 7.5), time=st.floats(100, 170), share=st.floats(0.6, 0.7),
    diffusion=st.floats(0.1, 0.3),
)  # fmt: skip
@settings(max_examples=25, deadline=None)
def test_two_stages_over_the_whole_ranges(arc, time, share, diffusion):
    """The rim never turns back, ends in time, slows down at first and then clearly hurries."""
    rim = uptake.zip_up(arc, time, share, diffusion)
    a = rim.at(np.linspace(0, time, 101))
    assert np.isfinite(a).all() and (np.diff(a) > 0).all()
    assert a[-1] == pytest.approx(arc, rel=2e-3) and rim.at(np.array([-1.0, time + 5]))[0] == 0
    early, late = a[20] - a[5], a[55] - a[40]
    fast = (a[100] - a[int(100 * share) + 3]) / (97 - int(100 * share))
    assert early > 1.3 * late and fast > 2 * late / 15
    assert 0 < rim.drift < 0.5


# The clip's state ------------------------------------------------------------------------------


def test_the_cytoplasm_keeps_its_area_and_the_cell_swells_by_what_it_eats():
    for p, _, state in sample()[:8]:
        for frame in (0, 8, 11, 16):
            assert cytoplasm(state, frame) == pytest.approx(state["cytoplasm"], rel=0.012)
        eaten = sum(t.area for t in state["targets"] if t.covered[-1] >= t.arc)
        swollen = np.pi * state["radius"][-1] ** 2 * 1.001
        assert swollen == pytest.approx(state["cytoplasm"] + eaten, rel=0.02)
        assert p["targets"] != "one_bead" or eaten == pytest.approx(
            np.pi * p["bead_diameter"] ** 2 / 4
        )


def test_targets_touch_before_they_are_covered_and_end_inside():
    for p, clock, state in sample():
        body, half = state["body"], state["targets"][0].half
        for number, target in enumerate(state["targets"]):
            away = np.hypot(*(target.centre - body.centre).T)
            gap = away - target.half - state["radius"]
            share = target.covered / target.arc
            assert (np.diff(target.covered) >= 0).all() and share.max() <= 1
            assert (np.diff(away) < 1e-9).all() or target.kind == "bare"
            if target.kind == "bare":
                assert share.max() == 0 and np.abs(gap + uptake.PRESS_UM).max() < 1e-6
                continue
            begun = np.flatnonzero(share > 0)[0]
            reached = (gap[begun] < 0.1) | (target.pseudopod[begun] > away[begun] - half - 0.2)
            assert reached, "the cell touches a target before it covers it"
            if number:
                # The second rod waits outside until the first one is shut in.
                assert state["targets"][0].covered[begun] >= state["targets"][0].arc
                assert gap[0] > 0.5
            assert share[-1] == 1
            assert away[-1] + target.half < state["radius"][-1] - 0.2
            # A few micrometres inwards after closure, as far as the last frames allow.
            closed = np.flatnonzero(share == 1)[0]
            assert away[closed] - away[-1] > 0.5
        if p["targets"] == "one_bead":
            step = np.abs(np.diff(state["targets"][0].centre, axis=0)).max()
            assert step < 0.3 * 2 * half * 17 / clock.num_frames + 0.3


def test_targets_of_one_cell_never_overlap_and_stay_in_the_field():
    for _, _, state in sample():
        for target in state["targets"]:
            assert (target.centre > target.half).all()
            assert (target.centre < state.field_um - target.half).all()
        if len(state["targets"]) == 2:
            one, two = state["targets"]
            apart = np.hypot(*(one.centre - two.centre).T)
            assert apart.min() > one.half + two.half
        line = state["outline"]
        assert np.isfinite(line).all() and line.min() > 0 and line.max() < state.field_um


def test_events_are_in_order_and_truth_is_complete():
    for p, clock, state in sample():
        truth = state.truth
        assert [e.frame for e in truth.events] == sorted(e.frame for e in truth.events)
        count = 1 if p["targets"] == "one_bead" else 2
        assert len({row[0] for row in truth.tracks}) == 1 + count
        assert len(truth.tracks) == (1 + count) * clock.num_frames
        frames = {(e.name, e.object_id): e.frame for e in truth.events}
        taken = (1, 2) if p["targets"] == "two_bacteria" else (1,)
        assert set(frames) == set(
            itertools.product(("cup_starts", "half_engulfed", "closure"), taken)
        )
        for number in taken:
            start, end = frames["cup_starts", number], frames["closure", number]
            assert 0 < start <= frames["half_engulfed", number] < end < clock.num_frames
            took = (end - start) * clock.s_per_frame
            assert took == pytest.approx(p["uptake_time"], abs=1.01 * clock.s_per_frame)
        if len(taken) == 2:
            assert frames["closure", 1] < frames["cup_starts", 2]
        for _, values in truth.series.values():
            assert len(values) == clock.num_frames and np.isfinite(values).all()
        assert truth.series["targets_inside"][1][-1] == len(taken)


@pytest.mark.parametrize("side", SIDES)
def test_the_first_target_lies_at_the_stated_side(side):
    for kind in TARGETS:
        fixed = {"contact_side": side, "targets": kind}
        _, _, state = simulate_state(NAME, num_frames=9, seed=3, parameters=fixed)
        way = [t.centre[0] - state["body"].centre for t in state["targets"]]
        way = [w / np.hypot(*w) for w in way]
        assert way[0] @ SIDES[side] > 0.97
        assert len(way) == 1 or way[1] @ SIDES[side] < -0.9
        kinds = {"one_bead": ["coated"], "two_bacteria": ["bacterium"] * 2}
        assert [t.kind for t in state["targets"]] == kinds.get(kind, ["coated", "bare"])


@pytest.mark.parametrize("num_frames", [2, 3, 7, 8, 241])
def test_any_length_works_at_the_corners_of_the_ranges(num_frames):
    ranges = [spec for spec in world.PARAMETERS if isinstance(spec, Range)]
    for k, (cell, kind) in enumerate(itertools.product(CELLS, TARGETS)):
        fixed = {r.name: (r.low if (k + i) % 2 else r.high) for i, r in enumerate(ranges)}
        fixed.update(phagocyte=cell, targets=kind)
        _, clock, state = simulate_state(NAME, num_frames=num_frames, seed=k, parameters=fixed)
        assert np.isfinite(state["outline"]).all() and np.isfinite(state["radius"]).all()
        if num_frames >= 8:
            assert state["targets"][0].covered[-1] == state["targets"][0].arc
        assert clock.s_per_frame <= uptake.story_s(fixed) / 7 + 1e-9


# Pixels and words ------------------------------------------------------------------------------


@pytest.mark.parametrize("style", STYLES)
def test_pixels_show_the_targets_where_truth_says(style):
    """Green is where the coated bead lies, and pink or red where the rods do."""
    for seed, kind in ((1, "coated_and_bare"), (2, "one_bead"), (3, "two_bacteria")):
        clip = simulate_clip(
            NAME, size=128, num_frames=17, seed=seed, style=style, parameters={"targets": kind}
        )
        at = (np.arange(128) + 0.5) * clip.um_per_px
        for frame in (0, 16) if style != "illustration" else (0, 8, 16):
            red, green, blue = np.moveaxis(clip.frames[frame].astype(float), 2, 0)
            if kind == "two_bacteria":
                hit = (red > 1.35 * green) & (red > (110 if style == "fluorescence" else 90))
                hit &= (blue > 0.45 * red) | (style != "illustration")
                wanted, reach = "bacterium", 1.9
            else:
                hit = (green > 1.12 * red) & (green > 1.12 * blue)
                if style == "fluorescence":
                    hit &= green > 90
                if style == "bright_field":
                    hit = (green > 1.06 * red) & (green > 1.06 * blue)
                wanted, reach = "coated_bead", 2.6
            near = np.zeros((128, 128), bool)
            for _, name, f, x, y in clip.truth.tracks:
                if name == wanted and f == frame:
                    disc = np.hypot(at[None, :] - x, at[:, None] - y) < reach
                    near |= disc
                    if frame == 0 or style == "illustration":
                        assert hit[disc].mean() > 0.1, (kind, frame)
            assert hit[~near].sum() <= 0.25 * max(hit.sum(), 20), (kind, frame)


@pytest.mark.parametrize("style", STYLES)
def test_pixels_show_the_cell_as_wide_as_truth_says(style):
    """Away from the targets the cell's margin is where its radius says."""
    fixed = {"targets": "one_bead", "contact_side": "right"}
    clip = simulate_clip(NAME, size=128, num_frames=17, seed=5, style=style, parameters=fixed)
    _, _, state = simulate_state(NAME, num_frames=17, seed=5, parameters=fixed)
    centre = state["body"].centre
    for frame in (0, 8, 16):
        gray = clip.frames[frame].astype(float).mean(axis=2)
        radius = []
        for phi in np.linspace(1.8, 4.5, 60):
            r = np.arange(0.6, 1.4, 0.02) * state["radius"][frame]
            x = ((centre[0] + r * np.cos(phi)) / clip.um_per_px).astype(int)
            y = ((centre[1] + r * np.sin(phi)) / clip.um_per_px).astype(int)
            profile = np.convolve(gray[y, x], np.ones(5) / 5, "valid")
            jump = np.abs(profile[6:] - profile[:-6])
            radius.append(r[5 + int(np.argmax(jump))])
        assert np.median(radius) == pytest.approx(state["radius"][frame], rel=0.06)


def test_physics_knows_no_look_and_is_deterministic():
    clips = [simulate_clip(NAME, size=64, num_frames=5, seed=9, style=style) for style in STYLES]
    again = simulate_clip(NAME, size=64, num_frames=5, seed=9, style="illustration")
    assert np.array_equal(clips[0].frames, again.frames)
    assert clips[0].truth.tracks == clips[1].truth.tracks == clips[2].truth.tracks
    assert not np.array_equal(clips[0].frames, clips[2].frames)


def words(texts) -> set[str]:
    return {word for text in texts for word in re.findall(r"[a-z'-]+", text.lower())}


def test_words_carry_every_label_and_the_held_out_ones_are_known():
    for cell, kind, side in itertools.product(CELLS, TARGETS, SIDES):
        fixed = {"phagocyte": cell, "targets": kind, "contact_side": side}
        p, _, state = simulate_state(NAME, num_frames=3, seed=2, parameters=fixed)
        captions, prompts = world.captions(p, state), world.prompts(p, state)
        descriptions = world.descriptions(p, state)
        assert len(captions) >= 7 and len(descriptions) >= 5 and len(prompts) >= 10
        said = {"one_bead": "bead", "two_bacteria": "bacteri|rods", "coated_and_bare": "coated"}
        for texts in (captions, descriptions, prompts):
            assert len(set(texts)) == len(texts)
            assert words(texts[-1:]) <= words(texts[:-1])
            for text in texts:
                assert cell in text and side in words([text]) and re.search(said[kind], text)
                assert ("bare" in words([text])) == (kind == "coated_and_bare")
                other = world._OPPOSITE[side]
                if kind == "one_bead" or (kind != "two_bacteria" and text not in descriptions):
                    assert other not in words([text])
                elif kind == "two_bacteria" and other in words([text]):
                    assert text.index(side) < text.index(other)
        assert all(len(c.split()) <= 16 and re.search(r"\d+ s\b", c) for c in captions)
        assert all(75 <= len(d.split()) <= 135 and d.endswith(".") for d in descriptions)
        assert all(len(t.split()) <= 12 and not re.search(r"\d", t) for t in prompts)


def test_held_out_draws_are_a_small_share_and_spare_every_label():
    inside = [world.HELD_OUT.in_combination(p) for p, _, _ in sample()]
    assert 0.03 < np.mean(inside) < 0.16
    inside = [world.HELD_OUT.in_interval(p) for p, _, _ in sample()]
    assert 0.05 < np.mean(inside) < 0.25


def test_parameters_out_of_range_are_refused():
    with pytest.raises(SimulatorError, match="uptake_time"):
        simulate_state(NAME, num_frames=5, seed=0, parameters={"uptake_time": 900.0})
    with pytest.raises(SimulatorError, match="targets"):
        simulate_state(NAME, num_frames=5, seed=0, parameters={"targets": "three_beads"})
