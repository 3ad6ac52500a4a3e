"""Kinesin: the stepper's speed and randomness, order of steps, tracks obeyed, pixels and words."""

from __future__ import annotations

import re
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from dataset_scripts.simulator.clip import simulate_clip, simulate_state
from dataset_scripts.simulator.core import SimulatorError
from dataset_scripts.simulator.models import kinesin_motor as motor
from dataset_scripts.simulator.models import kinesin_scenes as scenes
from dataset_scripts.simulator.phenomena import kinesin_transport as world

NAME = "kinesin_transport"
SCENES = ("close_up", "two_tracks", "single_molecules")
STYLES = ("illustration", "fluorescence", "bright_field")


@cache
def sample(scene: str):
    """60 random clips of 17 frames, 15 of 33 and 5 of 81, of one scene."""
    lengths = [17] * 60 + [33] * 15 + [81] * 5
    return [
        simulate_state(NAME, num_frames=t, seed=s, parameters={"scene": scene})
        for s, t in enumerate(lengths)
    ]


def along(state, xy: np.ndarray, track: int = 0) -> np.ndarray:
    """Places (µm) of points (..., 2) along a microtubule, towards its plus end."""
    begin, ahead = (state["tracks"][track].place(s) for s in (0.0, 1.0))
    return (xy - begin) @ (ahead - begin)


@pytest.mark.parametrize(("speed", "atp"), [(0.6, 3.0), (0.8, 2.0), (1.1, 1.0)])
def test_stepper_has_the_speed_and_randomness_of_its_cycle(speed, atp):
    rates = motor.stage_rates(speed, atp)
    assert (rates > 0).all()
    assert motor.DIMER_NM / (1000 * (1 / rates).sum()) == pytest.approx(speed)
    assert rates[2] == pytest.approx(1800 * atp)
    ends = motor.step_times(rates, 40_000, np.random.default_rng(0))
    dwell = np.diff(ends[:, 2])
    assert motor.DIMER_NM / 1000 / dwell.mean() == pytest.approx(speed, rel=0.015)
    randomness = (rates**-2.0).sum() / (1 / rates).sum() ** 2
    assert dwell.var() / dwell.mean() ** 2 == pytest.approx(randomness, rel=0.05)
    assert 0.25 <= randomness < 0.4
    # The speed depends on ATP as Michaelis and Menten say.
    slow = motor.DIMER_NM / (1000 * (3 / rates[0] + 1 / (1800 * 0.05)))
    top = motor.DIMER_NM * rates[0] / 3000
    half = rates[0] / 3 / 1800
    assert slow == pytest.approx(top * 0.05 / (0.05 + half))


def test_swing_is_the_exact_relaxation_to_its_waypoints():
    """An independent integration in small steps lands on the same path, the finer the nearer."""
    walk = motor.walk(0.8, 2.0, 0.04, np.random.default_rng(1))
    times = np.linspace(0, 0.04, 9)
    exact, lift = motor.heads(walk, times)
    errors = []
    for cut in (200, 800):
        fine = np.linspace(walk.off[0] - 1e-3, 0.04, 40 * cut)
        dt = fine[1] - fine[0]
        for head, path in enumerate(motor.true_paths(walk)):
            begin = np.array([p[0] for p in path])
            goal = np.array([p[1] for p in path])[np.searchsorted(begin, fine, "right") - 1]
            x = np.empty(len(fine))
            x[0] = head - 1.0
            for i in range(1, len(fine)):
                x[i] = x[i - 1] + dt / walk.tau * (goal[i - 1] - x[i - 1])
            place = motor.DIMER_NM * (np.interp(times, fine, x) - walk.origin)
            errors.append(np.abs(place - exact[head]).max())
    assert max(errors[2:]) < 0.35 * max(errors[:2])
    assert max(errors[2:]) < 0.1
    assert lift.min() >= 0 and lift.max() <= motor.LIFT_NM


def test_heads_take_turns_and_one_is_always_bound():
    for _, clock, state in sample("close_up"):
        walk = state["walk"]
        # Cycles are strictly ordered: off, ATP, on, and only then the other head comes off.
        assert (walk.off < walk.atp).all() and (walk.atp < walk.on).all()
        assert (walk.on[:-1] < walk.off[1:]).all()
        unit, held = state.truth.series["bound_heads"]
        assert unit == "heads" and set(held) <= {1.0, 2.0}
        events = [e for e in state.truth.events if e.name == "head_binding"]
        assert all(a.object_id != b.object_id for a, b in pairwise(events))
        times = [e.t_s for e in state.truth.events]
        assert times == sorted(times) and all(0 <= e.frame < clock.num_frames for e in
                                              state.truth.events)  # fmt: skip
        # Wherever both heads hold on and are at rest they are on neighbouring dimers.
        quiet = (state["lift"] < 0.01).all(axis=0)
        apart = np.abs(np.diff(state["along"], axis=0)[0][quiet])
        assert np.allclose(apart, motor.DIMER_NM, atol=0.2)
        assert (state["lift"].min(axis=0) < 0.7 * motor.LIFT_NM).all()


def test_stalk_goes_one_dimer_per_step_at_the_stated_speed():
    speeds = []
    for p, clock, state in sample("close_up"):
        steps = sum(e.name == "head_binding" for e in state.truth.events)
        assert steps >= 3
        gone = state.truth.series["stalk_nm"][1][-1]
        assert abs(gone - steps * motor.DIMER_NM) < 1.3 * motor.DIMER_NM
        speeds.append(gone / 1000 / clock.times_s[-1] / p["speed"])
        travel = along(state, scenes.head_points(state)[:, -1]) - along(
            state, scenes.head_points(state)[:, 0]
        )
        assert (travel > 0).all()
        x = scenes.head_points(state)[..., 0]
        assert x.min() > 0.02 * state.field_um and x.max() < 0.98 * state.field_um
        assert along(state, scenes.head_points(state)).max() < state["tracks"][0].length - 0.013
    assert np.mean(speeds) == pytest.approx(1, abs=0.03)


def test_vesicles_keep_to_their_track_and_go_to_its_plus_end():
    speeds = []
    for p, clock, state in sample("two_tracks"):
        xy, size = scenes.vesicles(state), p["vesicle_diameter"]
        upper, lower = state["tracks"]
        assert upper.sign == -lower.sign == (1 if p["direction"] == "left_to_right" else -1)
        assert upper.y0 < lower.y0
        for i in range(6):
            s = along(state, xy[:, i], i // 3)
            assert (np.diff(s) >= -1e-9).all()
            still = state["paused"][1:, i]
            speeds.append(np.diff(s)[~still].mean() / clock.s_per_frame / p["speed"])
            assert np.abs(np.diff(s)[still]).max(initial=0) < 1e-9
        assert np.abs(state["height"]).max() < 0.6 * size
        everyone = np.concatenate([xy, state["loose"]], axis=1)
        gaps = np.linalg.norm(everyone[:, :, None] - everyone[:, None], axis=-1)
        gaps[:, np.arange(8), np.arange(8)] = np.inf
        assert gaps.min() > size
        assert everyone.min() > 0 and everyone.max() < state.field_um
        # A loose vesicle keeps off the tracks.
        for track in state["tracks"]:
            line = np.interp(state["loose"][..., 0], *np.sort(track.place([0, track.length]).T))
            assert np.abs(state["loose"][..., 1] - line).min() > size
    assert np.mean(speeds) == pytest.approx(1, abs=0.02)


def test_a_vesicle_queues_behind_a_slower_one():
    rng = np.random.default_rng(3)
    places, _ = motor.rides(0.8, 0.5, 200, np.array([3.0, 1.6, 0.2]), 1.2, 0.1, 0.4, rng)
    assert (-np.diff(places, axis=1) >= 1.2 - 1e-9).all()
    assert (np.diff(places, axis=0) >= -1e-9).all()


def test_long_runs_have_the_variance_of_a_renewal_process():
    rng = np.random.default_rng(0)
    steps = motor.increments(np.array([0.8]), 0.1, 60_000, rng)[:, 0]
    assert steps.mean() == pytest.approx(0.08, rel=0.01)
    variance = motor.RANDOMNESS * motor.DIMER_NM / 1000 * 0.08
    assert steps.var() == pytest.approx(variance, rel=0.03)


def test_single_molecules_run_one_way_and_let_go_by_chance():
    for _, _, state in sample("single_molecules"):
        runs, length = state["runs"], state["tracks"][0].length
        here = np.isfinite(runs)
        assert here.any(axis=1).all()
        assert np.nanmin(runs) >= 0 and np.nanmax(runs) <= length
        assert np.nanmin(np.diff(runs, axis=1)) > 0
        # Each molecule comes once and goes once.
        assert (np.diff(here.astype(int), axis=1) != 0).sum(axis=1).max() <= 2
        names = [e.name for e in state.truth.events]
        assert names.count("landing") >= 3 and names.count("release") >= 3
        points = np.array([row[3:] for row in state.truth.tracks])
        assert (points > 0).all() and (points < state.field_um).all()


def test_run_lengths_are_exponential_where_the_lattice_does_not_end():
    rng = np.random.default_rng(2)
    spans = np.concatenate([motor.runs(0.8, 1.0, 400.0, 50.0, 0.05, 2, rng)[1] for _ in range(8)])
    assert len(spans) > 250
    # Who is in view was chosen by the length of its run: twice as long on average.
    assert stats.kstest(spans, stats.gamma(2, scale=1.0).cdf).pvalue > 0.01


@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize("num_frames", [2, 3, 5, 16, 241])
def test_any_length_works_at_the_corners_of_the_ranges(scene, num_frames):
    for speed, framing in ((0.6, 0.85), (1.1, 1.15)):
        fixed = {"scene": scene, "speed": speed, "framing": framing}
        _, clock, state = simulate_state(NAME, num_frames=num_frames, seed=1, parameters=fixed)
        assert clock.s_per_frame > 0
        assert all(np.isfinite(v).all() for _, v in state.truth.series.values())
        assert np.isfinite([row[3:] for row in state.truth.tracks]).all()


@given(
    scene=st.sampled_from(SCENES), speed=st.floats(0.6, 1.1), atp=st.floats(1.0, 3.0),
    run=st.floats(0.8, 1.2), size=st.floats(0.85, 1.0), framing=st.floats(0.85, 1.15),
    direction=st.sampled_from(["left_to_right", "right_to_left"]), seed=st.integers(0, 2**32),
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_nothing_escapes_for_any_parameters(
    scene, speed, atp, run, size, framing, direction, seed
):  # fmt: skip
    fixed = {"scene": scene, "speed": speed, "atp": atp, "run_length": run,
             "vesicle_diameter": size, "framing": framing, "direction": direction}  # fmt: skip
    _, _, state = simulate_state(NAME, num_frames=17, seed=seed, parameters=fixed)
    points = np.array([row[3:] for row in state.truth.tracks])
    assert np.isfinite(points).all()
    assert points.min() > 0 and points.max() < state.field_um
    right = direction == "left_to_right"
    for number in {row[0] for row in state.truth.tracks if row[1] in ("stalk", "kinesin")}:
        x = [row[3] for row in state.truth.tracks if row[0] == number]
        assert (x[-1] - x[0]) * (1 if right else -1) > 0 or len(x) == 1


@pytest.mark.parametrize("num_frames", [17, 33, 81])
def test_no_step_is_too_long_to_be_followed(num_frames):
    for scene, spacing in (("two_tracks", 2.4), ("single_molecules", motor.BLUR_UM)):
        p, clock, _ = simulate_state(NAME, num_frames=num_frames, seed=0,
                                     parameters={"scene": scene})  # fmt: skip
        assert p["speed"] * clock.s_per_frame < 0.3 * spacing
    p, clock, _ = simulate_state(NAME, num_frames=num_frames, seed=0,
                                 parameters={"scene": "close_up"})  # fmt: skip
    # Both heads have stepped after two dimers: eight frames or more.
    assert 2 * motor.DIMER_NM / 1000 / p["speed"] / clock.s_per_frame >= 8 - 1e-9


def colour(frame: np.ndarray, which: str) -> np.ndarray:
    """How much of a hue (H, W) there is in a frame: red, green or orange over the rest."""
    r, g, b = frame.astype(float).transpose(2, 0, 1)
    return {"red": r - np.maximum(g, b), "green": g - np.maximum(r, b),
            "orange": np.minimum(r, g) - b}[which]  # fmt: skip


def find(clip, xy: np.ndarray, frame: int, which: str, reach_um: float) -> np.ndarray:
    """Centre of that hue (µm) around a point of a frame."""
    n, scale = clip.frames.shape[1], clip.um_per_px
    axis = (np.arange(n) + 0.5) * scale
    near = (axis[None, :] - xy[0]) ** 2 + (axis[:, None] - xy[1]) ** 2 < reach_um**2
    weight = np.clip(colour(clip.frames[frame], which), 0, None) * near
    weight = np.where(weight > 0.5 * weight.max(), weight, 0)
    return np.array([(weight.sum(0) * axis).sum(), (weight.sum(1) * axis).sum()]) / weight.sum()


@pytest.mark.parametrize("style", STYLES)
def test_pixels_show_the_vesicles_and_molecules_where_truth_says(style):
    for scene, kind, reach in (
        ("two_tracks", "vesicle", 1.0),
        ("single_molecules", "kinesin", 0.6),
    ):
        clip = simulate_clip(NAME, size=128, num_frames=17, seed=3, style=style,
                             parameters={"scene": scene})  # fmt: skip
        off = []
        for _, what, frame, x, y in clip.truth.tracks:
            if what == kind and frame % 4 == 0:
                seen = find(clip, np.array([x, y]), frame, "green", reach)
                off.append(np.hypot(*(seen - [x, y])))
        assert len(off) >= 10
        assert np.median(off) < 0.25 * reach


@pytest.mark.parametrize("style", STYLES)
def test_pixels_show_the_heads_where_truth_says(style):
    clip = simulate_clip(NAME, size=128, num_frames=33, seed=2, style=style,
                         parameters={"scene": "close_up"})  # fmt: skip
    heads = np.array([[r[3:] for r in clip.truth.tracks if r[0] == k and r[1] == "head"]
                      for k in (0, 1)])  # fmt: skip
    apart = np.linalg.norm(heads[0] - heads[1], axis=1) > 0.0075
    off = []
    for frame in np.flatnonzero(apart):
        for head, hue in enumerate(("orange", "green")):
            # Heads are drawn above the point that touches the lattice.
            seen = find(clip, heads[head, frame] - [0, 0.0044], int(frame), hue, 0.007)
            off.append(seen[0] - heads[head, frame, 0])
    assert len(off) > 10
    assert np.abs(np.median(off)) < 0.0015
    assert np.quantile(np.abs(off), 0.9) < 0.004


@pytest.mark.parametrize("direction", ["left_to_right", "right_to_left"])
@pytest.mark.parametrize("scene", SCENES)
def test_the_red_end_is_where_the_motors_go(scene, direction):
    for style in STYLES:
        clip = simulate_clip(NAME, size=64, num_frames=2, seed=4, style=style,
                             parameters={"scene": scene, "direction": direction})  # fmt: skip
        red = np.clip(colour(clip.frames[0], "red"), 0, None)
        red = np.where(red > 0.6 * red.max(), red, 0)
        if scene == "two_tracks":
            red[32:] = 0
        x = (red.sum(axis=0) * np.arange(64)).sum() / red.sum()
        assert (x > 40) if direction == "left_to_right" else (x < 24)


def test_clip_is_deterministic_and_physics_does_not_know_the_look():
    for scene in SCENES:
        clips = [
            simulate_clip(NAME, size=64, num_frames=5, seed=9, style=s, parameters={"scene": scene})
            for s in ("illustration", "illustration", "bright_field")
        ]
        assert np.array_equal(clips[0].frames, clips[1].frames)
        assert clips[0].truth.tracks == clips[2].truth.tracks
        assert clips[0].caption.split(",")[0] == clips[2].caption.split(",")[0]


def words(text: str) -> set[str]:
    return set(re.findall(r"[a-zµ/-]+", text.lower()))


@pytest.mark.parametrize("direction", ["left_to_right", "right_to_left"])
@pytest.mark.parametrize("scene", SCENES)
def test_words_carry_the_labels_and_the_held_out_ones_are_no_surprise(scene, direction):
    fixed = {"scene": scene, "direction": direction}
    p, _, state = simulate_state(NAME, num_frames=5, seed=2, parameters=fixed)
    side = "right" if direction == "left_to_right" else "left"
    other = "left" if side == "right" else "right"
    way = rf"from {other} to {side}|{side}wards|to the {side}"
    what = {"close_up": r"(?i)hand over hand|step|strid|walk|close-up",
            "two_tracks": r"(?i)two (straight )?(microtubules|tracks)|upper",
            "single_molecules": r"(?i)single|spots|molecules"}[scene]  # fmt: skip
    captions, prompts = world.captions(p, state), world.prompts(p, state)
    descriptions = world.descriptions(p, state)
    assert len(captions) >= 7 and len(prompts) >= 10 and len(descriptions) >= 5
    assert max(len(t.split()) for t in captions) <= 16
    assert max(len(t.split()) for t in prompts) <= 12
    assert all(75 <= len(t.split()) <= 135 for t in descriptions)
    for text in [*captions, *prompts, *descriptions]:
        assert re.search(way, text) and re.search(what, text), text
        assert "{" not in text
    assert all("µm/s" in text for text in [*captions, *descriptions])
    assert not any(re.search(r"\d", text) for text in prompts)
    assert all(t[0].islower() and t[-1] != "." for t in [*captions, *prompts])
    for texts in (captions, prompts, descriptions):
        known = set().union(*(words(t) for t in [*captions[:-1], *texts[:-1]]))
        assert words(texts[-1]) <= known


def test_parameters_out_of_range_are_refused():
    with pytest.raises(SimulatorError, match="speed"):
        simulate_state(NAME, num_frames=5, seed=0, parameters={"speed": 80.0})
    with pytest.raises(SimulatorError, match="scene"):
        simulate_state(NAME, num_frames=5, seed=0, parameters={"scene": "axon"})
