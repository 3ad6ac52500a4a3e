"""Mitosis: phases in order, chromatin and volume conserved, capture law, words and pixels."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, ndimage, stats

from dataset_scripts.simulator.canvas import Scene
from dataset_scripts.simulator.clip import simulate_clip, simulate_state
from dataset_scripts.simulator.looks import Look
from dataset_scripts.simulator.models.dividing_cell import cap_radius, waist_profile
from dataset_scripts.simulator.models.spindle import capture
from dataset_scripts.simulator.phenomena import mitosis

PHASES = (
    "prophase", "prometaphase", "last_attachment", "metaphase", "anaphase", "furrow", "telophase",
    "cytokinesis",
)  # fmt: skip
SEEDS = range(120)


@pytest.fixture(scope="module")
def states() -> list:
    return [simulate_state("mitosis", num_frames=17 if s % 2 else 65, seed=s) for s in SEEDS]


def events_of(state) -> dict:
    return {e.name: e for e in state.truth.events if e.name != "attachment"}


def series_of(state) -> dict:
    return {name: values for name, (_, values) in state.truth.series.items()}


def test_phases_come_in_order_inside_the_clip(states: list) -> None:
    for p, clock, state in states:
        events = events_of(state)
        assert tuple(events) == PHASES
        times = [e.t_s for e in events.values()]
        assert times == sorted(times)
        assert times[-1] + 60 * 4 <= clock.times_s[-1]
        for e in state.truth.events:
            assert clock.times_s[e.frame] >= e.t_s - 1e-6
            assert e.frame == 0 or clock.times_s[e.frame - 1] < e.t_s
        phase = series_of(state)["phase"]
        assert (np.diff(phase) >= 0).all() and phase[-1] == len(PHASES) - 1
        wait = (events["anaphase"].t_s - events["last_attachment"].t_s) / 60
        assert wait == pytest.approx(p["checkpoint_delay"])


def test_short_clip_shows_plate_and_daughters() -> None:
    for seed in SEEDS:
        _, clock, state = simulate_state("mitosis", num_frames=17, seed=seed)
        events, series = events_of(state), series_of(state)
        plate = slice(events["metaphase"].frame, events["anaphase"].frame)
        assert plate.stop - plate.start >= 2
        assert (series["plate_width"][plate] < 2 * 1.0 + 1.0).all()
        assert events["prometaphase"].frame >= 1
        assert events["metaphase"].frame - events["prometaphase"].frame >= 1
        assert events["cytokinesis"].frame - events["anaphase"].frame >= 3
        assert clock.num_frames - events["cytokinesis"].frame >= 2


def test_checkpoint_waits_for_every_kinetochore(states: list) -> None:
    for p, clock, state in states:
        caught = [e.t_s for e in state.truth.events if e.name == "attachment"]
        events, series = events_of(state), series_of(state)
        assert len(caught) == 2 * p["chromosomes"]
        assert min(caught) >= events["prometaphase"].t_s
        assert max(caught) == pytest.approx(events["last_attachment"].t_s)
        counted = [(np.array(caught) <= t).sum() for t in clock.times_s + 1e-6]
        assert np.array_equal(series["attached_kinetochores"], counted)


def test_one_cell_becomes_two_with_chromatin_and_volume_conserved(states: list) -> None:
    for p, _, state in states:
        series, events = series_of(state), events_of(state)
        assert series["cells"][0] == 1 and series["cells"][-1] == 2
        assert (np.diff(series["cells"]) >= 0).all()
        assert np.allclose(series["chromatin_total"], 1)
        late = slice(events["anaphase"].frame + 1, None)
        assert np.allclose(series["chromatin_daughter_1"][late], 0.5)
        assert np.allclose(series["chromatin_daughter_2"][late], 0.5)
        assert np.allclose(series["cell_volume"], np.pi / 6 * p["cell_diameter"] ** 3, rtol=1e-4)
        area = series["cell_area"]
        assert area[0] == pytest.approx(np.pi / 4 * p["cell_diameter"] ** 2, rel=1e-6)
        assert area[-1] / area[0] == pytest.approx(2 ** (1 / 3), rel=1e-6)
        assert (np.diff(area) > -0.02 * area[0]).all()


def test_tracks_are_complete_and_in_the_field(states: list) -> None:
    for p, clock, state in states:
        split = clock.times_s > events_of(state)["anaphase"].t_s
        two = series_of(state)["cells"] == 2
        kinds = np.array([row[1] for row in state.truth.tracks])
        frames = np.array([row[2] for row in state.truth.tracks])
        xy = np.array([row[3:] for row in state.truth.tracks])
        assert (xy > 0).all() and (xy < state.field_um).all()
        for i in range(clock.num_frames):
            count = {k: int(((kinds == k) & (frames == i)).sum()) for k in set(kinds)}
            assert count["chromosome"] == (0 if split[i] else p["chromosomes"])
            assert count["chromatid"] == (2 * p["chromosomes"] if split[i] else 0)
            assert count["spindle_pole"] == 2
            assert (count["cell"], count["daughter_cell"]) == ((0, 2) if two[i] else (1, 0))
        ends = xy[(kinds == "daughter_cell") & (frames == clock.num_frames - 1)]
        radius = p["cell_diameter"] / 2 ** (4 / 3)
        assert (ends > radius).all() and (ends < state.field_um - radius).all()
        assert np.hypot(*(ends[1] - ends[0])) > 2 * radius


def test_axis_is_the_named_one(states: list) -> None:
    for p, clock, state in states:
        last = clock.num_frames - 1
        a, b = [row[3:] for row in state.truth.tracks if row[1:3] == ("daughter_cell", last)]
        slope = math.degrees(math.atan2(abs(b[1] - a[1]), abs(b[0] - a[0])))
        named = {"horizontal": 0, "vertical": 90, "diagonal": 45}[p["axis"]]
        assert abs(slope - named) <= 8.01


def test_anaphase_speeds_are_the_stated_ones() -> None:
    for seed in range(12):
        p, clock, state = simulate_state("mitosis", num_frames=241, seed=seed)
        series, start = series_of(state), events_of(state)["anaphase"].t_s
        minutes = (clock.times_s - start) / 60
        early = (minutes > 0.1) & (minutes < 1.5)
        poles = np.polyfit(minutes[early], series["pole_distance"][early], 1)[0]
        assert poles == pytest.approx(p["spindle_elongation"], rel=1e-6)
        tracks: dict[int, dict[Any, np.ndarray]] = {}
        for i, kind, frame, x, y in state.truth.tracks:
            if kind in ("chromatid", "spindle_pole"):
                tracks.setdefault(i, {})[frame] = np.array([x, y])
        n = p["chromosomes"]
        for i in range(n, 3 * n):
            pole = tracks[3 * n + (i - n) % 2]
            away = [np.hypot(*(tracks[i][f] - pole[f])) for f in np.flatnonzero(early)]
            speed = -np.polyfit(minutes[early], away, 1)[0]
            assert speed == pytest.approx(p["chromatid_speed"], rel=1e-6)


def free_capture(rate: float, dt: float, steps: int, n: int, seed: int) -> np.ndarray:
    """Capture times of n chromosomes held on the plate by microtubules of unlimited reach."""
    rng = np.random.default_rng(seed)
    _, times = capture(
        np.zeros((n, 3)), np.zeros(n), 6.0, rate, 1e12, 0.0, 1.0, dt,
        rng.random((steps, n, 2)), np.zeros((steps, n, 2)),
    )  # fmt: skip
    return times


@pytest.mark.parametrize("dt", [1 / 30, 1 / 4])
def test_capture_is_a_poisson_process_at_any_time_step(dt: float) -> None:
    times = free_capture(0.4, dt, int(60 / dt), 1500, 3)
    assert np.isfinite(times).all()
    assert stats.kstest(times.ravel(), stats.expon(scale=1 / 0.4).cdf).pvalue > 1e-3
    # The last of 12 independent captures takes the harmonic number H(12) / rate on average.
    last = times.ravel().reshape(250, 12).max(axis=1)
    expected = sum(1 / k for k in range(1, 13)) / 0.4
    assert abs(last.mean() - expected) < 4 * last.std() / math.sqrt(len(last))


def test_far_kinetochores_are_found_later_by_hills_factor() -> None:
    rng = np.random.default_rng(0)
    steps, n = 800, 3000
    start = np.zeros((n, 3))
    start[:, 0] = 4.0
    _, times = capture(
        start, np.zeros(n), 6.0, 0.4, 10.0, 0.0, 1.0, 0.1,
        rng.random((steps, n, 2)), np.zeros((steps, n, 2)),
    )  # fmt: skip
    ratio = times[:, 0].mean() / times[:, 1].mean()
    assert ratio == pytest.approx(math.exp(8.0 / 10.0), rel=0.08)


def test_congression_follows_the_closed_form() -> None:
    errors = []
    for dt in (0.1, 0.05, 0.025):
        steps = round(4 / dt)
        path, times = capture(
            np.array([[3.0, 0.0, 1.0]]), np.zeros(1), 6.0, 1e9, 10.0, 1e9, 1.2, dt,
            np.full((steps, 1, 2), 0.5), np.zeros((steps, 1, 2)),
        )  # fmt: skip
        assert times.max() < 1e-6
        t = np.arange(steps) * dt
        errors.append(np.abs(path[1:, 0, 0] - 3 * np.exp(-t / 1.2)).max())
    assert errors[2] < 0.02
    assert errors[1] / errors[2] == pytest.approx(2, rel=0.1)  # first order in the step


@settings(max_examples=60, deadline=None)
@given(st.just(0.0) | st.floats(0.01, 8.5), st.floats(0.05, 1))
def test_body_keeps_its_volume(half: float, waist: float) -> None:
    volume = 4 / 3 * math.pi * 10**3
    r = cap_radius(half, waist, volume)

    def section(x: float) -> float:
        return math.pi * float(waist_profile(half, r, waist, np.array(x))) ** 2

    middle = integrate.quad(section, 0, half, limit=200)[0]
    caps = integrate.quad(section, half, half + r)[0]
    assert 2 * (middle + caps) == pytest.approx(volume, rel=1e-4)
    assert float(waist_profile(half, r, waist, np.array(0.0))) == pytest.approx(
        r if half == 0 else r * waist, rel=1e-6
    )


def test_closed_body_is_two_touching_spheres() -> None:
    r = cap_radius(10.0, 0.0, 8 / 3 * math.pi * 10**3)
    assert r == pytest.approx(10, rel=0.01)


def test_story_does_not_depend_on_the_number_of_frames() -> None:
    for seed in range(5):
        _, short, few = simulate_state("mitosis", num_frames=17, seed=seed)
        _, long, many = simulate_state("mitosis", num_frames=161, seed=seed)
        assert [e.t_s for e in few.truth.events] == [e.t_s for e in many.truth.events]
        assert short.times_s[-1] == pytest.approx(long.times_s[-1])
        assert np.allclose(few["chromatid"], many["chromatid"][::10])


@pytest.mark.parametrize("num_frames", [2, 3, 241])
def test_every_length_works(num_frames: int) -> None:
    _, _, state = simulate_state("mitosis", num_frames=num_frames, seed=7)
    assert len(state.truth.series["phase"][1]) == num_frames
    assert series_of(state)["cells"].tolist()[:: num_frames - 1] == [1, 2]


def test_clip_is_deterministic_and_physics_ignores_the_look() -> None:
    clips = [
        simulate_clip("mitosis", size=64, num_frames=5, seed=11, style=style)
        for style in ("fluorescence", "fluorescence", "bright_field")
    ]
    assert np.array_equal(clips[0].frames, clips[1].frames)
    assert not np.array_equal(clips[0].frames, clips[2].frames)
    assert clips[0].truth.tracks == clips[2].truth.tracks
    assert clips[0].truth.events == clips[2].truth.events


@pytest.mark.parametrize("seed", [1, 4, 9])
def test_fluorescence_shows_the_truth(seed: int) -> None:
    clip = simulate_clip("mitosis", size=128, num_frames=17, seed=seed, style="fluorescence")
    last = clip.clock.num_frames - 1
    frames = clip.frames.astype(float) - clip.frames[:, :4, :4].mean((1, 2))[:, None, None]
    assert [cells_seen(frames[i]) for i in (0, last)] == [1, 2]

    # Chromatin light lies where the chromatids are, in equal halves, and is not lost.
    a, b = [np.array(row[3:]) for row in clip.truth.tracks if row[1:3] == ("daughter_cell", last)]
    y, x = (np.indices((128, 128)) + 0.5) * clip.um_per_px
    side = (x - (a + b)[0] / 2) * (b - a)[0] + (y - (a + b)[1] / 2) * (b - a)[1] > 0
    blue = np.clip(frames[..., 2] - 0.3 * frames[..., 1] - 0.3 * frames[..., 0] - 12, 0, None)
    light = blue[last]
    assert light[side].sum() / light[~side].sum() == pytest.approx(1, abs=0.1)
    for daughter, half in ((a, ~side), (b, side)):
        weight = light * half
        centroid = np.array([(weight * x).sum(), (weight * y).sum()]) / weight.sum()
        assert np.hypot(*(centroid - daughter)) < 1.2


@pytest.mark.parametrize("seed", [2, 5, 8])
def test_drawn_chromatin_is_conserved_and_halved(seed: int) -> None:
    """The light of all chromatin before the camera: 1 in the mother, a half in each daughter."""
    p, clock, state = simulate_state("mitosis", num_frames=17, seed=seed)
    look = Look.draw("fluorescence", mitosis.MATERIALS, "#000000", np.random.default_rng(0))
    stained = [name in ("blue", "violet", "chromatin") for name in mitosis.MATERIALS]
    look.materials[~np.array(stained), 10:12] = 0
    # One hue, or blue and violet chromosomes would count differently.
    look.materials[:, 7:10] = 1
    y, x = (np.indices((192, 192)) + 0.5) * state.field_um / 192
    ends = state.truth.tracks
    a, b = [np.array(r[3:]) for r in ends if r[1:3] == ("daughter_cell", clock.num_frames - 1)]
    side = (x - (a + b)[0] / 2) * (b - a)[0] + (y - (a + b)[1] / 2) * (b - a)[1] > 0
    total, share = [], []
    for frame in range(clock.num_frames):
        color, phase = np.zeros((192, 192, 3), np.float32), np.zeros((192, 192), np.float32)
        scene = Scene(state.field_um, mitosis.MATERIALS)
        mitosis.draw(p, state, frame, scene)
        look.paint(scene, color, phase)
        total.append(color.sum())
        share.append(color[side].sum() / color.sum())
    assert np.array(total) / total[8] == pytest.approx(np.ones(clock.num_frames), abs=0.08)
    anaphase = events_of(state)["anaphase"].frame
    assert np.array(share[anaphase + 1 :]) == pytest.approx(0.5, abs=0.02)


def cells_seen(frame: np.ndarray) -> int:
    """Bodies outlined by the red membrane: filled, the thin midbody opened away."""
    rim = ndimage.gaussian_filter(frame[..., 0], 0.7) > 25
    body = ndimage.binary_opening(ndimage.binary_fill_holes(rim), iterations=6)
    return int(ndimage.label(body)[1])


def test_words_state_axis_count_speed_and_stay_short(states: list) -> None:
    for p, _, state in states[:40]:
        captions = mitosis.captions(p, state)
        prompts = mitosis.prompts(p, state)
        assert len(captions) >= 6 and len(prompts) >= 9
        way = mitosis._ALONG[p["axis"]]
        for caption in captions:
            assert len(caption.split()) <= 22, caption
            assert "µm/min" in caption and "chromosomes" in caption
            assert any(word in caption for word in way)
        for prompt in prompts:
            assert 4 <= len(prompt.split()) <= 12
            assert not re.search(r"\d", prompt)
        for phrases in (captions, prompts):
            known = set(re.findall(r"\w+", " ".join(phrases[:-1])))
            assert set(re.findall(r"\w+", phrases[-1])) <= known
