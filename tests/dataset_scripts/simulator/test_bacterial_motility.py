"""Swimming bacteria: runs, tumbles and walls obey their equations, and clips show their labels."""

from __future__ import annotations

import functools
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad, solve_ivp

from dataset_scripts.simulator import simulate_clip, simulate_state
from dataset_scripts.simulator.core import Clock, Range
from dataset_scripts.simulator.models import swimming_rods as rods
from dataset_scripts.simulator.models.swimmers_in_view import spread_out
from dataset_scripts.simulator.phenomena import bacterial_motility as world

NAME = "bacterial_motility"
SCENES = list(itertools.product(("left_to_right", "right_to_left", "every_way"), ("no", "yes")))


@functools.cache
def states(direction: str, wall: str, num_frames: int = 17):
    fixed = {"direction": direction, "wall": wall}
    return [
        simulate_state(NAME, num_frames=num_frames, seed=seed, parameters=fixed)
        for seed in range(20)
    ]


def every_state():
    for direction, wall in SCENES:
        yield from states(direction, wall)


def seen(state) -> np.ndarray:
    return np.all((state["xy"] >= 0) & (state["xy"] <= state.field_um), axis=2)


# The model


def density(theta: float) -> float:
    return 0.5 * (1 + np.cos(theta)) * np.sin(theta)


def test_tumble_angles_follow_their_law():
    assert quad(density, 0, np.pi)[0] == pytest.approx(1)
    assert quad(lambda x: x * density(x), 0, np.pi)[0] == pytest.approx(3 * np.pi / 8)
    for share in (0.01, 0.3, 0.77, 0.999):
        assert quad(density, 0, float(rods.tumble_angle(share)))[0] == pytest.approx(share)
    low, high = 1.0, 2.0
    middle = float(rods.tumble_angle(0.5, low, high))
    assert quad(density, low, middle)[0] == pytest.approx(quad(density, middle, high)[0])


def test_runs_and_tumbles_last_as_stated_and_are_steady():
    tumbles = rods.random_tumbles(4000, 0.86, 0.14, np.random.default_rng(0))
    ends = tumbles.start_s + tumbles.length_s
    runs = tumbles.start_s[1:] - ends[:-1]
    assert runs.mean() == pytest.approx(0.86, rel=0.02)
    assert runs.std() == pytest.approx(0.86, rel=0.03)  # exponential
    assert tumbles.length_s.mean() == pytest.approx(0.14, rel=0.02)
    assert tumbles.length_s.min() >= rods.SHORTEST * 0.14
    for t in (0.0, 1.0, 2.0):
        share = ((tumbles.start_s <= t) & (t < ends)).any(axis=0).mean()
        assert share == pytest.approx(0.14, abs=0.02)
    assert np.degrees(np.abs(tumbles.turn)).mean() == pytest.approx(67.5, abs=1.0)


@pytest.mark.parametrize("noise", [0.0, 0.3])
def test_the_walk_disperses_as_a_run_and_tumble_walk_must(noise):
    """Velocity is forgotten at the rate (1 - <cos>) / run + Dr, here with tumbles of no length."""
    rng = np.random.default_rng(1)
    n, run_s, dt, steps = 2000, 0.5, 0.02, 150
    tumbles = rods.random_tumbles(n, run_s, 1e-4, rng)
    times = np.arange(steps + 1) * dt
    run = rods.running(tumbles, times)
    kicks = np.cumsum(rng.standard_normal((steps, n)) * np.sqrt(2 * noise * dt), axis=0)
    theta = rods.swivel(tumbles, times) + np.vstack([np.zeros(n), kicks])
    xy = rods.swim(np.zeros((n, 2)), theta, np.full(n, 20.0), run, dt)
    memory = 1 / ((1 - 1 / 3) / run_s + noise)
    for k in (50, 150):
        t = times[k]
        expected = 2 * 400 * memory * (t - memory * (1 - np.exp(-t / memory)))
        assert np.sum(xy[k] ** 2, axis=1).mean() == pytest.approx(expected, rel=0.07)


def test_the_time_step_does_not_matter():
    tumbles = rods.random_tumbles(50, 0.8, 0.15, np.random.default_rng(2))
    ends = []
    for steps in (200, 1600):
        times = np.linspace(0, 1.6, steps + 1)
        run = rods.running(tumbles, times)
        theta = rods.swivel(tumbles, times)
        ends.append(rods.swim(np.zeros((50, 2)), theta, np.full(50, 20.0), run, times[1])[-1])
        begun = np.clip(1.6 - tumbles.start_s, 0, tumbles.length_s)
        before = np.clip(-tumbles.start_s, 0, tumbles.length_s)
        assert run.sum(axis=0) * times[1] == pytest.approx(1.6 - (begun - before).sum(axis=0))
    assert ends[0] == pytest.approx(ends[1], abs=0.12)  # of up to 32 µm


ROD = rods.Rod(1.8, 1.1, 0.6)


def beside(steps: int, dipole: float, seconds: float = 0.6, angle: float = -0.8):
    return rods.swim_by_wall(
        np.array([[0.0, 4.0]]), np.array([angle]), np.array([20.0]), np.zeros((steps, 1)),
        seconds / steps, ROD, 0.0, dipole,
    )  # fmt: skip


def test_without_a_dipole_the_wall_turns_a_rod_as_the_contact_equation_says():
    places, turns, touches = beside(6000, 0.0)
    k = int(np.argmax(touches[:, 0]))
    times = np.linspace(0, 0.6, 6001)

    def contact(_, phi):
        s, c = np.sin(phi), np.cos(phi)
        return -3 * ROD.lever * 20 * s * c / (ROD.half**2 + 3 * (ROD.lever * c) ** 2)

    exact = solve_ivp(contact, (0, 0.6), [-0.8], t_eval=times[:-k] - 0.0, rtol=1e-8).y[0]
    assert turns[k:, 0] == pytest.approx(exact, abs=0.01)
    assert turns[:k, 0] == pytest.approx(-0.8)
    # A rod in contact stays in contact: its lower end slides along the wall.
    assert places[k:, 0, 1] == pytest.approx(ROD.lowest(turns[k:, 0]), abs=0.02)


def test_in_the_liquid_a_pusher_follows_the_far_field_of_its_dipole():
    strength = 3 * 0.8 / (64 * np.pi * rods.VISCOSITY)

    def free(_, state):
        h, phi = state
        s, c = np.sin(phi), np.cos(phi)
        turn = -strength / h**3 * s * c * (1 + 0.5 * rods.SLENDER * (1 + s * s))
        return [20 * s - strength / h**2 * (1 - 3 * s * s), turn]

    places, turns, touches = beside(2000, 0.8, 0.1, -0.5)
    assert not touches.any()
    exact = solve_ivp(free, (0, 0.1), [4.0, -0.5], rtol=1e-8).y[:, -1]
    assert [places[-1, 0, 1], turns[-1, 0]] == pytest.approx(exact, abs=2e-3)
    assert turns[-1, 0] > -0.5  # turned parallel, and drawn to the wall:
    assert places[-1, 0, 1] < 4.0 - 20 * 0.1 * np.sin(0.5) + 0.1


def test_the_way_along_the_wall_has_converged_in_the_step():
    coarse, fine = (beside(steps, rods.DIPOLE)[0][-1, 0] for steps in (90, 1440))
    assert coarse == pytest.approx(fine, abs=0.15)
    _, turns, _ = beside(90, rods.DIPOLE)
    assert abs(turns[-1, 0]) < np.radians(6)


def test_spread_out_takes_the_candidate_that_keeps_apart():
    paths = np.zeros((3, 2, 3, 2))
    paths[:, 1, :, 0] = [1.0, 4.0, 9.0]
    assert spread_out(paths, 3.0).tolist() == [0, 1]
    assert spread_out(paths, 20.0).tolist() == [0, 2]


# Clips


def test_cells_keep_their_axis_their_speed_and_their_count():
    for p, clock, state in every_state():
        inside, series = seen(state), state.truth.series
        assert inside[0].sum() == world.count_of(p)
        step = np.linalg.norm(np.diff(state["xy"], axis=0), axis=2) / clock.s_per_frame
        assert np.isfinite(state["xy"]).all() and np.isfinite(state["axis"]).all()
        assert step.max() <= 1.3 * p["speed"] + 13  # the wall's pull adds to the speed nearby
        assert series["side_slip"][1].mean() < 6 and series["side_slip"][1].max() < 30
        assert series["in_view"][1][0] == world.count_of(p)
        assert len(state.truth.tracks) == inside.sum()
        assert [e.t_s for e in state.truth.events] == sorted(e.t_s for e in state.truth.events)
        assert all(len(values) == 17 for _, values in series.values())


@pytest.mark.parametrize("direction", ["left_to_right", "right_to_left"])
def test_one_cell_tumbles_once_in_the_middle_and_leaves_at_the_top(direction):
    sign = 1 if direction == "left_to_right" else -1
    for p, clock, state in states(direction, "no"):
        xy, axis = state["xy"][:, 0] / state.field_um, state["axis"][:, 0]
        (event,) = state.truth.events
        assert event.name == "tumble" and 1 <= event.frame <= 0.4 * 17
        assert 60 < event.value < 105
        assert abs(xy[0, 0] - 0.5) == pytest.approx(0.38, abs=0.01)
        assert sign * (xy[event.frame, 0] - xy[0, 0]) > 0.26
        assert np.hypot(*(xy[event.frame] - (0.5, 0.55))) < 0.12
        assert xy[-1, 1] < 0.2 and abs(xy[-1, 0] - 0.5) < 0.3
        # It halts in the tumble, and lies along its path in both runs.
        stop = event.frame + int(p["tumble_time"] * 0.9 / clock.s_per_frame)
        assert np.linalg.norm(xy[stop] - xy[event.frame]) * state.field_um < 0.5
        assert sign * np.cos(axis[0]) > 0.95 and np.sin(axis[-1]) < -0.5


@pytest.mark.parametrize("direction", ["left_to_right", "right_to_left"])
def test_one_smooth_swimmer_follows_the_wall(direction):
    sign = 1 if direction == "left_to_right" else -1
    followed = []
    for _, _, state in states(direction, "yes"):
        (event,) = state.truth.events
        assert event.name == "reaches_wall" and 2 <= event.frame <= 8
        xy, axis = state["xy"][:, 0], state["axis"][:, 0]
        assert sign * (xy[-1, 0] - xy[0, 0]) > 0.6 * state.field_um
        assert np.all(sign * np.diff(xy[:, 0]) > 0)
        followed.append(state.truth.series["beside_wall"][1][-1])
        assert abs(np.sin(axis[0])) > 0.35 and abs(np.sin(axis[-1])) < 0.35
    assert np.mean(followed) > 0.9


def test_a_group_shares_no_heading_and_tumbles_independently():
    together, tumbles = [], 0
    for p, _, state in states("every_way", "no"):
        n = world.count_of(p)
        heading = state["axis"][0][seen(state)[0]]
        together.append(np.hypot(np.cos(heading).mean(), np.sin(heading).mean()) * np.sqrt(n))
        here = [e for e in state.truth.events if e.name == "tumble"]
        tumbles += len(here)
        assert len({e.t_s for e in here}) == len(here)
    # The mean of n unit vectors without a common heading has a length of about 0.89 / sqrt(n).
    assert np.mean(together) == pytest.approx(0.89, abs=0.3)
    assert tumbles > 60


def test_in_a_tumble_cells_halt_and_between_tumbles_they_go_straight():
    for p, clock, state in states("every_way", "no", 81):
        walk = state["walk"]
        run = walk.run()
        step = np.linalg.norm(np.diff(walk.xy, axis=0), axis=2)
        # A body that turns within a step goes along the mean heading.
        assert step == pytest.approx(walk.speed * run * walk.dt, abs=1e-6)
        inside = walk.speed[: world.count_of(p)]
        assert inside.mean() == pytest.approx(p["speed"])
        turn = np.abs(np.diff(walk.heading, axis=0))
        quiet = (run[1:] == 1) & (run[:-1] == 1)
        assert np.degrees(turn[1:][quiet].max()) < 15
        assert clock.times_s[-1] == pytest.approx(22 / p["speed"])


def test_swimmers_come_to_the_wall_turn_parallel_and_stay():
    angles, arrivals = [], 0
    for p, _, state in states("every_way", "yes"):
        rod, floor = world.rod_of(p), 0.82 * state.field_um
        height = floor - state["xy"][..., 1]
        lowest = rod.lowest(state["axis"])
        assert (height - lowest).min() > -1e-6, "no body enters the wall or its film"
        events = [e for e in state.truth.events if e.name == "reaches_wall"]
        arrivals += len(events)
        assert len(events) >= 2
        for e in events:
            later = state["axis"][e.frame + 5 :, e.object_id]
            angles.extend(np.degrees(np.arcsin(np.abs(np.sin(later)))))
        assert not any(e.name == "tumble" for e in state.truth.events)
    assert arrivals > 50
    assert np.mean(angles) < 12


@pytest.mark.parametrize("num_frames", [2, 5, 17, 33, 81, 241])
def test_clips_of_any_length_hold_the_story_and_no_step_is_aliased(num_frames):
    for direction, wall in SCENES:
        fixed = {"direction": direction, "wall": wall}
        for seed in range(3):
            p, clock, state = simulate_state(
                NAME, num_frames=num_frames, seed=seed, parameters=fixed
            )
            assert state["xy"].shape[0] == num_frames
            if num_frames >= 17:
                assert clock.times_s[-1] == pytest.approx(16 * world.s_per_frame(p, 17))
            if direction == "every_way":
                xy = state["xy"][0][seen(state)[0]]
                gap = np.linalg.norm(xy[:, None] - xy[None], axis=2) + 1e9 * np.eye(len(xy))
                assert p["speed"] * clock.s_per_frame <= 0.3 * gap.min(axis=1).mean()


def test_cells_of_a_group_keep_apart():
    closest = []
    for p, _, state in states("every_way", "no"):
        for xy, inside in zip(state["xy"], seen(state), strict=True):
            gap = np.linalg.norm(xy[inside][:, None] - xy[inside][None], axis=2)
            closest.append((gap + 1e9 * np.eye(len(gap))).min() / p["body_width"])
    assert np.quantile(closest, 0.02) > 1.0


def test_the_other_direction_is_the_mirror_image():
    for wall in ("no", "yes"):
        one, other = (
            simulate_state(NAME, num_frames=17, seed=5, parameters={"direction": d, "wall": wall})
            for d in ("left_to_right", "right_to_left")
        )
        assert other[2]["xy"][..., 0] == pytest.approx(one[2].field_um - one[2]["xy"][..., 0])
        assert np.array_equal(other[2]["xy"][..., 1], one[2]["xy"][..., 1])
        assert np.cos(other[2]["axis"]) == pytest.approx(-np.cos(one[2]["axis"]))


NUMBERS = [spec for spec in world.PARAMETERS if isinstance(spec, Range)]


@settings(max_examples=50, deadline=None)
@given(
    st.sampled_from(SCENES),
    st.lists(st.sampled_from([0.0, 0.5, 1.0]), min_size=len(NUMBERS), max_size=len(NUMBERS)),
    st.integers(2, 40),
    st.integers(0, 2**31),
)
def test_the_whole_range_of_parameters_is_safe(scene, shares, frames, seed):
    p = {"direction": scene[0], "wall": scene[1]}
    for spec, share in zip(NUMBERS, shares, strict=True):
        value = spec.low + share * (spec.high - spec.low)
        p[spec.name] = round(value) if spec.integer else value
    clock = Clock(frames, world.s_per_frame(p, frames))
    state = world.simulate(p, clock, np.random.default_rng(seed))
    assert np.isfinite(state["xy"]).all() and seen(state)[0].sum() == world.count_of(p)
    if p["wall"] == "yes":
        floor = world.FLOORS[world.scene_of(p)] * state.field_um
        room = floor - state["xy"][..., 1] - world.rod_of(p).lowest(state["axis"])
        assert room.min() > -1e-6


# Pictures and words


@pytest.mark.parametrize("style", ["illustration", "fluorescence", "bright_field"])
def test_pixels_agree_with_the_truth(style):
    for (direction, wall), frames in itertools.product(SCENES[1:], (17,)):
        clip = simulate_clip(
            NAME, size=128, num_frames=frames, seed=3, style=style,
            parameters={"direction": direction, "wall": wall},
        )  # fmt: skip
        moving = clip.frames.astype(float).mean(axis=3)
        moving = np.abs(moving - np.median(moving, axis=0))
        at = (np.arange(128) + 0.5) * clip.um_per_px
        length = world.magnification(clip.parameters) * clip.parameters["body_length"]
        for frame in (0, 8, 16):
            cells = np.array([row[3:] for row in clip.truth.tracks if row[2] == frame])
            gap = np.min(
                [np.hypot(at[None, :] - x, at[:, None] - y) for x, y in cells], axis=0
            )  # fmt: skip
            here, far = moving[frame][gap < 0.25 * length], moving[frame][gap > 3.2 * length]
            assert here.mean() > 25, (direction, wall, frame)
            # A cell may rest in its place for long, and cells come in from outside.
            assert far.size == 0 or far.mean() < 0.1 * here.mean()


@pytest.mark.parametrize("style", ["illustration", "fluorescence", "bright_field"])
def test_the_drawn_body_lies_along_the_way(style):
    """The principal axis of what moves is the direction of motion, read from pixels alone."""
    clip = simulate_clip(
        NAME, size=128, num_frames=33, seed=4, style=style,
        parameters={"direction": "left_to_right", "wall": "no"},
    )  # fmt: skip
    gray = clip.frames.astype(float).mean(axis=3)
    gray = np.abs(gray - np.median(gray, axis=0))
    gray[gray < 20] = 0
    for frame in (5, 28):
        middles, axes = [], []
        for weight in gray[frame - 2 : frame + 3 : 4]:
            y, x = np.nonzero(weight)
            w = weight[y, x] / weight[y, x].sum()
            middle = np.array([w @ x, w @ y])
            spread = np.cov(np.stack([x, y]), aweights=w)
            middles.append(middle)
            axes.append(np.linalg.eigh(spread)[1][:, 1])
        way = middles[1] - middles[0]
        assert abs(way @ axes[0]) > 0.85 * np.linalg.norm(way)


def test_physics_is_deterministic_and_knows_no_style():
    clips = [
        simulate_clip(NAME, size=64, num_frames=4, seed=9, style=style)
        for style in ("illustration", "fluorescence", "illustration")
    ]
    assert np.array_equal(clips[0].frames, clips[2].frames)
    assert clips[0].truth.tracks == clips[1].truth.tracks
    assert clips[0].parameters == clips[1].parameters


def words(texts):
    return {w.strip(".,:;").lower() for text in texts for w in text.split()}


SAYS = {
    "left_to_right": ("left to right", "rightwards", "to the right", "from the left"),
    "right_to_left": ("right to left", "leftwards", "to the left", "from the right"),
    "every_way": ("every way", "all directions", "every direction", "all ways", "many-way"),
}


@pytest.mark.parametrize(("direction", "wall"), SCENES)
def test_words_carry_the_labels_and_held_out_ones_are_not_new(direction, wall):
    p, _, state = states(direction, wall)[1]
    sentences, texts, short = (
        make(p, state) for make in (world.captions, world.descriptions, world.prompts)
    )
    assert len(set(sentences)) >= 7 and len(set(texts)) >= 5 and len(set(short)) >= 10
    assert all(len(text.split()) <= 16 and "µm/s" in text for text in sentences)
    assert all(75 <= len(text.split()) <= 135 and text.endswith(".") for text in texts)
    assert all(len(text.split()) <= 12 for text in short)
    assert not any(ch.isdigit() for text in short for ch in text)
    wrong = [says for name, says in SAYS.items() if name != direction]
    for text in (t.lower() for t in sentences + texts + short):
        assert any(saying in text for saying in SAYS[direction]), text
        if direction != "every_way":
            assert not any(saying in text for says in wrong for saying in says), text
        if wall == "yes":
            assert "wall" in text and "open" not in text, text
        else:
            assert "open liquid" in text or "no wall" in text or "without a wall" in text, text
    for made in (sentences, short):
        assert words(made[-1:]) <= words(made[:-1])
        assert all(text[0].islower() or text[:2] == "E." for text in made)
