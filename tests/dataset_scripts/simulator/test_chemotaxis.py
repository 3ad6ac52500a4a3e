"""Chemotaxis: speeds, the stated index and its sign, room for every cell, and the walk's laws."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import iv

from dataset_scripts.simulator import simulate_clip, simulate_state
from dataset_scripts.simulator.models.crawling_cells import (
    concentration_of_heading,
    crawl,
    settle,
    uphill,
)
from dataset_scripts.simulator.phenomena import chemotaxis as world

SEEDS = range(60)
NO_LOSS = 1e9
FAR = np.array([[1e6, 5e5, 1.0]])


def states(num_frames=17, **parameters):
    for seed in SEEDS:
        yield simulate_state("chemotaxis", num_frames=num_frames, seed=seed, parameters=parameters)


def free_walk(kappa, persistence, dt, seconds, n=1200, seed=0, speed=0.2):
    """Cells without neighbours, borders or source nearby; the gradient points to +x."""
    rng = np.random.default_rng(seed)
    heading = rng.vonmises(0.0, kappa, n) if kappa else rng.uniform(0, 2 * np.pi, n)
    kicks = rng.standard_normal((round(seconds / dt), n))
    # One cell at a time in the middle of a huge chamber: nothing can block it.
    runs = [
        crawl(
            np.array([[5e5, 5e5]]), heading[i : i + 1], np.array([speed]), kicks[:, i : i + 1], dt,
            kappa, persistence, 1.0, FAR, NO_LOSS, 1.0, 2e6,
        )
        for i in range(n)
    ]  # fmt: skip
    return [np.concatenate([run[k] for run in runs], axis=1) for k in range(4)]


@pytest.mark.parametrize("bias", ["towards", "away"])
def test_index_and_speed_are_those_stated(bias):
    sign = 1 if bias == "towards" else -1
    errors = []
    for p, clock, state in states(bias=bias):
        index = sign * state.truth.series["chemotactic_index"][1][-1]
        errors.append(index - p["chemotactic_index"])
        speeds = state["path"][-1] / clock.times_s[-1] * 60
        assert speeds.min() > 1 and speeds.max() < 20
        assert 0.6 * p["speed"] < speeds.mean() <= 1.01 * p["speed"]
    # 8-10 cells over at least 4.3 persistence times: one clip scatters by about 0.045.
    assert np.max(np.abs(errors)) < 0.25
    assert 0.02 < np.std(errors) < 0.07
    assert abs(np.mean(errors)) < 0.03


@pytest.mark.parametrize("bias", ["towards", "away"])
def test_the_index_follows_from_the_tracks_alone(bias):
    """Frame positions, bead positions and nothing else give the stated index."""
    sign = 1 if bias == "towards" else -1
    errors = []
    for p, _, state in states(num_frames=81, bias=bias):
        xy, beads = state["xy"], state["beads"]
        steps = np.diff(xy, axis=0)
        to_bead = beads[None, None, :, :2] - xy[:-1, :, None]
        images = [to_bead]
        for border in (0.0, state.field_um):
            image = beads[:, :2] * (1, -1) + (0, 2 * border)
            images.append(image[None, None] - xy[:-1, :, None])
        pull = np.concatenate(images, axis=2)
        r = np.linalg.norm(pull, axis=3, keepdims=True)
        up = np.sum(
            np.exp(-r / world.DECAY_UM) * (1 / r + 1 / world.DECAY_UM) / r**2 * pull, axis=2
        )
        up /= np.linalg.norm(up, axis=2, keepdims=True)
        index = sign * np.sum(steps * up) / np.sum(np.linalg.norm(steps, axis=2))
        errors.append(index - p["chemotactic_index"])
    assert abs(np.mean(errors)) < 0.03 and np.max(np.abs(errors)) < 0.25


def test_every_clip_shows_the_migration_in_the_stated_direction():
    for bias, side in itertools.product(("towards", "away"), ("left", "right")):
        toward_right = (side == "right") == (bias == "towards")
        for p, clock, state in states(bias=bias, source_side=side):
            drift = np.diff(state.truth.series["mean_x"][1][[0, -1]])[0] / state.field_um
            assert (drift if toward_right else -drift) > 0.22
            gap = state.truth.series["distance_to_source"][1]
            assert (gap[-1] < gap[0]) == (bias == "towards")
            assert 8 <= p["cell_count"] <= 10
            assert clock.times_s[-1] >= 4 * p["persistence_time"]
            assert (state["beads"][:, 0].mean() < state.field_um / 2) == (side == "left")


def test_cells_never_overlap_and_stay_in_the_chamber():
    for num_frames in (17, 81):
        for p, _, state in states(num_frames=num_frames):
            xy, reach = state["xy"], state["reach"]
            assert xy.shape == (num_frames, p["cell_count"], 2)
            gaps = np.linalg.norm(xy[:, :, None] - xy[:, None], axis=3)
            gaps[:, range(p["cell_count"]), range(p["cell_count"])] = np.inf
            assert gaps.min() >= 2 * reach - 1e-9
            beads = state["beads"]
            away = np.linalg.norm(xy[:, :, None] - beads[None, None, :, :2], axis=3) - beads[:, 2]
            assert away.min() >= reach - 1e-9
            assert xy.min() >= reach - 1e-9 and xy.max() <= state.field_um - reach + 1e-9


def test_drawn_outlines_stay_within_the_reach_that_keeps_cells_apart():
    class Recorder:
        def __init__(self):
            self.outlines = []

        def polygon(self, points, material, **_):
            self.outlines.append(points)

        def disc(self, *_, **__): ...

        def polyline(self, *_, **__): ...

        def ellipse(self, *_, **__): ...

    for p, _, state in itertools.islice(states(), 12):
        for frame in (0, 5, 16):
            recorder = Recorder()
            world.draw(p, state, frame, recorder)  # type: ignore[arg-type]
            assert len(recorder.outlines) == 2 * p["cell_count"]
            for k, outline in enumerate(recorder.outlines):
                far = np.linalg.norm(outline - state["xy"][frame, k // 2], axis=1).max()
                assert far <= 1.01 * state["reach"]


def test_places_are_found_in_a_box_too_small_for_the_gap_that_was_asked():
    """One draw in some thousand asks for more room than there is; it once looked for ever."""
    lower, upper = np.array([20.1, 8.8]), np.array([47.9, 75.3])
    spots = settle(lower, upper, 10, 19.56, np.random.default_rng(1))
    gaps = np.hypot(*(spots[:, None] - spots[None]).T)[np.triu_indices(10, 1)]
    assert 15.6 < gaps.min() < 19.56  # two cells of that draw touch at 15.6
    assert (spots >= lower).all() and (spots <= upper).all()


@pytest.mark.parametrize("num_frames", [2, 5, 16, 17, 33, 81, 241])
def test_no_clip_is_aliased(num_frames):
    for p, clock, state in itertools.islice(states(num_frames=num_frames), 12):
        gaps = np.linalg.norm(state["xy"][:, :, None] - state["xy"][:, None], axis=3)
        gaps[:, range(p["cell_count"]), range(p["cell_count"])] = np.inf
        assert p["speed"] / 60 * clock.s_per_frame <= 0.3 * gaps.min(axis=2).mean()


def test_without_bias_the_walk_follows_fuerth():
    persistence, speed, dt = 30.0, 0.2, 0.5
    xy = free_walk(0.0, persistence, dt, 120.0, speed=speed)[0]
    for seconds in (10.0, 30.0, 120.0):
        moved = xy[round(seconds / dt)] - xy[0]
        msd = np.mean(np.sum(moved**2, axis=1))
        decay = 1 - np.exp(-seconds / persistence)
        expected = 2 * speed**2 * persistence * (seconds - persistence * decay)
        assert msd == pytest.approx(expected, rel=0.12)
        assert np.all(np.abs(moved.mean(axis=0)) < 4.5 * np.sqrt(msd / 2 / len(moved)))


@pytest.mark.parametrize("index", [0.65, 0.85])
def test_free_cells_drift_at_index_times_speed(index):
    kappa, speed, seconds = concentration_of_heading(index), 0.2, 100.0
    drifts = []
    for dt in (0.5, 0.125):
        xy, _, path, climb = free_walk(kappa, 25.0, dt, seconds, speed=speed)
        assert path[-1] == pytest.approx(speed * seconds)
        drifts.append(np.mean(xy[-1, :, 0] - xy[0, :, 0]) / seconds)
        assert np.mean(climb[-1]) == pytest.approx(drifts[-1] * seconds, rel=1e-3)
        assert drifts[-1] == pytest.approx(index * speed, rel=0.03)
    assert drifts[0] == pytest.approx(drifts[1], rel=0.03)  # converged in the time step


def test_the_gradient_is_that_of_the_concentration():
    rng = np.random.default_rng(3)
    beads = np.column_stack([rng.uniform(0, 5, 9), rng.uniform(0, 90, 9), np.full(9, 5.0)])

    def total(x, y):
        r = np.hypot(beads[:, 0] - x, beads[:, 1] - y)
        return np.sum(np.exp(-r / 45.0) / r)

    for x, y in rng.uniform(15, 80, (20, 2)):
        h = 1e-4
        slope = np.array([total(x + h, y) - total(x - h, y), total(x, y + h) - total(x, y - h)])
        assert uphill(x, y, beads, 45.0) == pytest.approx(slope / np.linalg.norm(slope), abs=1e-5)


@settings(max_examples=60, deadline=None)
@given(st.floats(0.01, 0.95))
def test_heading_law_has_the_index_as_its_mean_cosine(index):
    kappa = concentration_of_heading(index)
    assert iv(1, kappa) / iv(0, kappa) == pytest.approx(index, abs=1e-8)


def test_the_other_side_is_the_mirror_image():
    fixed = {"bias": "away"}
    left = simulate_state(
        "chemotaxis", num_frames=17, seed=5, parameters={**fixed, "source_side": "left"}
    )[2]
    right = simulate_state(
        "chemotaxis", num_frames=17, seed=5, parameters={**fixed, "source_side": "right"}
    )[2]
    assert right["xy"][..., 0] == pytest.approx(left.field_um - left["xy"][..., 0])
    assert np.array_equal(right["xy"][..., 1], left["xy"][..., 1])
    assert right["front"][..., 0] == pytest.approx(-left["front"][..., 0])


def test_truth_tracks_every_cell_and_dates_arrivals():
    arrivals = 0
    for p, clock, state in states(bias="towards"):
        truth = state.truth
        assert len(truth.tracks) == p["cell_count"] * clock.num_frames
        for object_id, kind, frame, x, y in truth.tracks:
            assert kind == "neutrophil" and (x, y) == tuple(state["xy"][frame, object_id])
        assert all(values.shape == (clock.num_frames,) for _, values in truth.series.values())
        for event in truth.events:
            arrivals += 1
            beads, cell = state["beads"], state["xy"][:, event.object_id]
            gap = np.linalg.norm(cell[:, None] - beads[None, :, :2], axis=2) - beads[:, 2]
            gap = gap.min(axis=1) - state["reach"]
            assert event.t_s == event.frame * clock.s_per_frame
            assert gap[event.frame] < 0.5 <= gap[: event.frame].min()
    assert arrivals > 20


@pytest.mark.parametrize("style", ["illustration", "fluorescence", "bright_field"])
def test_pixels_agree_with_the_truth(style):
    """The cells' colours are where the tracks say, and nowhere else beyond the source."""
    for seed, bias in ((1, "towards"), (2, "away")):
        clip = simulate_clip(
            "chemotaxis", size=128, num_frames=17, seed=seed, style=style, parameters={"bias": bias}
        )
        at = (np.arange(128) + 0.5) * clip.um_per_px
        radius = clip.parameters["cell_diameter"] / 2
        for frame in (0, 8, 16):
            rgb = clip.frames[frame].astype(float)
            # The nuclei: violet in paint, blue in fluorescence, dark violet in transmitted light.
            if style == "fluorescence":
                nucleus = (rgb[..., 2] > 90) & (rgb[..., 2] > 1.3 * rgb[..., 0])
            elif style == "illustration":
                nucleus = (rgb[..., 2] > 1.5 * rgb[..., 1]) & (rgb[..., 0] > 1.2 * rgb[..., 1])
            else:
                nucleus = (rgb.max(axis=2) < 125) & (rgb[..., 2] > 0.75 * rgb[..., 0])
            cells = [(x, y) for _, _, f, x, y in clip.truth.tracks if f == frame]
            near = np.zeros((128, 128), bool)
            for x, y in cells:
                inside = np.hypot(at[None, :] - x, at[:, None] - y) < 1.25 * radius
                share = nucleus[inside].mean()
                assert 0.05 < share < 0.6, (seed, frame, share)
                near |= inside
            assert nucleus[~near].sum() < 0.05 * nucleus.sum()


def test_physics_is_deterministic_and_knows_no_style():
    clips = {
        style: simulate_clip("chemotaxis", size=64, num_frames=5, seed=9, style=style)
        for style in ("illustration", "fluorescence", "bright_field")
    }
    again = simulate_clip("chemotaxis", size=64, num_frames=5, seed=9, style="fluorescence")
    assert np.array_equal(again.frames, clips["fluorescence"].frames)
    p, _, state = simulate_state("chemotaxis", num_frames=5, seed=9)
    for clip in clips.values():
        assert clip.parameters == p and clip.truth.tracks == state.truth.tracks
    assert not np.array_equal(clips["illustration"].frames, clips["bright_field"].frames)


def _words(sentences):
    return {w for s in sentences for w in s.replace(",", " ").replace(":", " ").lower().split()}


def test_words_carry_the_labels_and_the_held_out_ones_are_not_new():
    for bias, side in itertools.product(("towards", "away"), ("left", "right")):
        fixed = {"bias": bias, "source_side": side}
        p, _, state = simulate_state("chemotaxis", num_frames=17, seed=1, parameters=fixed)
        captions, prompts = world.captions(p, state), world.prompts(p, state)
        assert len(captions) >= 5 and len(prompts) >= 9
        assert len(set(captions)) == len(captions) and len(set(prompts)) == len(prompts)
        signs = {"towards": ("toward", "attract", "chase"), "away": ("away from", "repel", "flee")}
        other = "right" if side == "left" else "left"
        wrong = signs["away" if bias == "towards" else "towards"]
        for text in captions + prompts:
            assert side in text.split() or f"{side}," in text.split()
            assert other not in text.replace(",", "").split()
            assert any(word in text for word in signs[bias])
            assert not any(word in text for word in wrong)
        assert all(len(text.split()) <= 22 and "µm/min" in text for text in captions)
        assert all(4 <= len(text.split()) <= 12 for text in prompts)
        assert not any(ch.isdigit() for text in prompts for ch in text)
        for texts in (captions, prompts):
            assert _words(texts[-1:]) <= _words(texts[:-1])
