"""DNA replication: laws of copying hold in state and truth, and pixels and words agree."""

from __future__ import annotations

import re
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from dataset_scripts.simulator import STYLES, SimulatorError, simulate_clip, simulate_state
from dataset_scripts.simulator.models import dna_scenes as scenes
from dataset_scripts.simulator.models import replisome
from dataset_scripts.simulator.models.dna_layout import CANVAS, RING_UM
from dataset_scripts.simulator.phenomena import dna_replication as world

NAME = "dna_replication"
SCENES = ("fork", "bubbles", "ring")
DIRECTIONS = ("left_to_right", "right_to_left", "top_to_bottom")


@cache
def sample(scene: str, frames: int = 33, count: int = 40):
    return [
        simulate_state(NAME, num_frames=frames, seed=s, parameters={"scene": scene})
        for s in range(count)
    ]


def track(state, number: int) -> np.ndarray:
    return np.array([row[3:] for row in state.truth.tracks if row[0] == number])


@pytest.mark.parametrize("scene", SCENES)
def test_what_is_lost_by_the_parents_is_gained_by_the_daughters(scene):
    for _, _, state in sample(scene):
        copied, parental = (state.truth.series[f"{k}_um"][1] for k in ("copied", "parental"))
        total = RING_UM if scene == "ring" else state.field_um
        assert np.allclose(copied + parental, total)
        assert (np.diff(copied) >= -1e-9).all(), "what is copied stays copied"
        assert (parental >= -1e-9).all() and copied[-1] > copied[0]


@pytest.mark.parametrize("scene", SCENES)
def test_forks_go_one_way_at_the_stated_speed(scene):
    ratios = []
    for p, clock, state in sample(scene):
        ways = np.abs(state["raw"] - state["raw"][0])
        moving = ways[-1] > 0
        assert (np.diff(ways, axis=0) >= -1e-9).all()
        ratios += list(ways[-1][moving] / clock.times_s[-1] / scenes.speed_um_s(p))
        lengths = [p["bacterial_speed"] * 0.34e-3, p["human_speed"] / 60]
        assert scenes.speed_um_s(p) == pytest.approx(lengths[scene == "bubbles"])
    assert np.mean(ratios) == pytest.approx(1, abs=0.03)
    assert min(ratios) > 0.7 and max(ratios) < 1.3


def test_the_helicase_is_a_poisson_stepper():
    """Mean v t and variance v × step × t, whatever the time between frames."""
    rng = np.random.default_rng(0)
    for frames in (5, 41):
        ways = [
            replisome.advance(0.3, 0.01, 4.0 / (frames - 1), frames, rng)[-1] for _ in range(3000)
        ]
        assert np.mean(ways) == pytest.approx(1.2, rel=0.01)
        assert np.var(ways) == pytest.approx(0.012, rel=0.1)
        counts = np.round(np.array(ways) / 0.01)
        edges = stats.poisson(120).ppf([0.2, 0.4, 0.6, 0.8])
        seen = np.bincount(np.searchsorted(edges, counts), minlength=5) / len(counts)
        exact = np.diff([0, *stats.poisson(120).cdf(edges), 1])
        assert np.abs(seen - exact).max() < 0.04


def test_fragments_begin_at_the_fork_and_lengthen_away_from_it():
    for p, _, state in sample("fork"):
        fragment = p["fragment_length"] * 1000 * 0.34e-3
        sites = state["sites"]
        assert (np.abs(np.diff(sites) / fragment - 1) < 0.25).all()
        before = None
        for fork in state["forks"][:, 1]:
            made = replisome.lagging(fork, sites)
            primer = made.new[-1][1]
            assert primer <= fork and made.tip < primer + 1e-9
            # A primer is laid where the fork is, so no more than a fragment is single.
            assert 0 <= made.single <= 1.25 * fragment
            assert made.new[0][1] <= made.tip + 1e-9, "fragments do not overlap"
            if before is not None and before.new[-1][1] == primer:
                assert made.tip <= before.tip + 1e-12
            if before is not None and primer > before.new[-1][1]:
                assert before.tip - before.new[0][1] < 0.6 * fragment
            before = made
        assert max(np.diff(state["forks"][:, 1])) < 0.3 * fragment


def test_new_and_single_strand_make_up_the_whole_arm():
    """Oracle: the same arm, filled base by base on a fine grid of the fork's way."""
    rng = np.random.default_rng(1)
    sites = replisome.primer_sites(0.5, 0.4, 3.0, rng)
    grid = np.arange(0.4, 1.9, 0.0005)
    covered = np.zeros(len(grid), bool)
    at = grid < sites[np.searchsorted(sites, 0.4) - 1] - 10
    for fork in np.arange(0.4, 1.9, 0.003):
        made = replisome.lagging(fork, sites)
        now = np.zeros(len(grid), bool)
        for a, b in made.new:
            now |= (grid > a) & (grid <= b)
        assert not (covered & ~now).any(), "no base is lost"
        covered = now
        bare = ((grid <= fork) & ~now).sum() * 0.0005
        below = sum(max(0.0, min(0.4, b) - max(0.0, a)) for a, b in made.new if b > 0)
        assert bare <= made.single + 0.002
        if made.tip > 0.41 and made.new[0][1] > 0.41:
            assert bare == pytest.approx(made.single, abs=0.003)
        assert below <= 0.4 and not at.any()


def test_the_leading_strand_keeps_close_behind_the_fork():
    for _, _, state in sample("fork"):
        behind = state["forks"][:, 1] - state["fronts"][:, 1]
        assert (behind > 0).all() and (behind < 0.1 * state.field_um).all()


def test_bubbles_widen_both_ways_and_merge_once():
    for p, clock, state in sample("bubbles"):
        forks = state["forks"]
        middles = 0.5 * (forks[0, ::2] + forks[0, 1::2])
        assert np.diff(middles)[0] == pytest.approx(p["origin_spacing"], abs=1e-6)
        assert 0.3 < np.diff(middles)[0] / state.field_um < 0.5
        assert (np.diff(forks, axis=1) >= -1e-9).all(), "forks never cross"
        assert [e.name for e in state.truth.events] == ["merging"]
        at = state.truth.events[0].frame
        assert 0.5 * clock.num_frames < at < 0.95 * clock.num_frames
        ways = np.abs(state["raw"][at - 1] - state["raw"][0])
        assert ways.max() / ways.min() < 2
        assert forks[-1, 0] > 0 and forks[-1, 3] < state.field_um
        # The origin that fired first has the larger bubble until the end.
        assert (forks[:at, 1] - forks[:at, 0] > forks[:at, 3] - forks[:at, 2]).all()


def test_the_ring_is_copied_whole_from_its_origin():
    for _, clock, state in sample("ring"):
        forks = state["forks"]
        assert [e.name for e in state.truth.events] == ["termination"]
        assert state.truth.events[0].frame < clock.num_frames - 1
        assert state.truth.series["parental_um"][1][-1] == pytest.approx(0, abs=1e-6)
        middle = 0.5 * (forks[:, 0] + forks[:, 1])
        assert np.abs(middle).max() < RING_UM / 8
        # Forty minutes to an hour, as C periods at 1000 to 600 nt/s are.
        assert 30 < clock.times_s[state.truth.events[0].frame] / 60 < 75


def test_meeting_forks_against_a_brute_force_walk():
    raw = np.stack([3 - np.arange(20.0), 3 + np.arange(20.0), 21 - 2 * np.arange(20.0),
                    21 + np.arange(20.0)], axis=1)  # fmt: skip
    forks, past = replisome.meet(raw, None)
    crossing = next(i for i in range(20) if raw[i, 1] >= raw[i, 2])
    assert np.array_equal(forks[:crossing], raw[:crossing])
    assert (past[:crossing] == 0).all() and (past[crossing:] > 0).all()
    assert np.unique(forks[crossing:, 1:3]).size == 1
    assert replisome.opened(forks, past)[-1] == raw[-1, 3] - raw[-1, 0]


@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize("frames", [2, 3, 5, 17, 241])
def test_any_length_works_at_the_corners_of_the_ranges(scene, frames):
    for end in (0, 1):
        fixed = {s.name: (s.low, s.high)[end] for s in world.PARAMETERS if hasattr(s, "low")}
        _, clock, state = simulate_state(
            NAME, num_frames=frames, seed=1, parameters={**fixed, "scene": scene}
        )
        assert clock.s_per_frame > 0
        assert all(np.isfinite(v).all() for _, v in state.truth.series.values())
        assert np.isfinite([row[3:] for row in state.truth.tracks]).all()


@given(
    scene=st.sampled_from(SCENES), direction=st.sampled_from(DIRECTIONS),
    fast=st.floats(600, 1000), human=st.floats(0.35, 0.85), fragment=st.floats(1.2, 1.8),
    apart=st.floats(36, 40), framing=st.floats(0.97, 1.05), seed=st.integers(0, 2**32),
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_nothing_escapes_for_any_parameters(
    scene, direction, fast, human, fragment, apart, framing, seed
):
    fixed = {"scene": scene, "direction": direction, "bacterial_speed": fast, "framing": framing,
             "human_speed": human, "fragment_length": fragment,
             "origin_spacing": apart}  # fmt: skip
    _, clock, state = simulate_state(NAME, num_frames=17, seed=seed, parameters=fixed)
    xy = np.array([row[3:] for row in state.truth.tracks if row[1] == "fork"])
    assert np.isfinite(xy).all()
    assert xy.min() > 0 and xy.max() < state.field_um
    times = [e.t_s for e in state.truth.events]
    assert times == sorted(times)
    assert all(0 <= e.frame < clock.num_frames for e in state.truth.events)
    if scene == "fork":
        gone = track(state, 0)[-1] - track(state, 0)[0]
        axis, sign = {"left_to_right": (0, 1), "right_to_left": (0, -1),
                      "top_to_bottom": (1, 1)}[direction]  # fmt: skip
        assert sign * gone[axis] > 0.3 * state.field_um and abs(gone[1 - axis]) < 1e-9


@pytest.mark.parametrize("frames", [17, 33, 81])
def test_cycles_are_sampled_finely_and_two_of_them_are_shown(frames):
    for fragment in (1.2, 1.8):
        fixed = {"scene": "fork", "fragment_length": fragment}
        p, clock, _ = simulate_state(NAME, num_frames=frames, seed=0, parameters=fixed)
        step = scenes.speed_um_s(p) * clock.s_per_frame / (fragment * 0.34)
        assert 1 / step >= 6 - 1e-6
        assert step * (frames - 1) >= 2


def colour(frame: np.ndarray, which: str) -> np.ndarray:
    r, g, b = frame.astype(float).transpose(2, 0, 1)
    return {"violet": np.minimum(r, b) - g, "orange": np.minimum(r, 1.6 * g) - b}[which]


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("scene", SCENES)
def test_pixels_show_the_forks_where_truth_says(scene, style):
    clip = simulate_clip(NAME, size=128, num_frames=5, seed=3, style=style,
                         parameters={"scene": scene})  # fmt: skip
    axis = (np.arange(128) + 0.5) * clip.um_per_px
    reach, off = 0.07 * clip.field_um, []
    for _, kind, frame, x, y in clip.truth.tracks:
        if kind != "fork":
            continue
        near = (axis[None, :] - x) ** 2 + (axis[:, None] - y) ** 2 < reach**2
        weight = np.clip(colour(clip.frames[frame], "violet"), 0, None) * near
        weight = np.where(weight > 0.6 * weight.max(), weight, 0)
        seen = np.array([(weight.sum(0) * axis).sum(), (weight.sum(1) * axis).sum()])
        off.append(np.hypot(*(seen / weight.sum() - [x, y])))
    assert len(off) >= 5
    assert np.median(off) < 0.025 * clip.field_um


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("direction", DIRECTIONS)
def test_pixels_show_new_dna_behind_the_fork_only(style, direction):
    clip = simulate_clip(NAME, size=96, num_frames=5, seed=2, style=style,
                         parameters={"scene": "fork", "direction": direction})  # fmt: skip
    fork = np.array([row[3:] for row in clip.truth.tracks if row[1] == "fork"]) / clip.field_um
    for frame, place in enumerate(fork):
        picture = colour(clip.frames[frame], "orange")
        picture = picture - np.median(picture)
        if direction == "top_to_bottom":
            picture, place = picture.T, place[::-1]
        elif direction == "right_to_left":
            picture, place = picture[:, ::-1], [1 - place[0], place[1]]
        edge = int(place[0] * 96)
        top = np.clip(picture, 0, None)
        ahead, behind = top[:, edge + 7 :], top[:, : edge - 2]
        assert behind.max() > 40
        assert ahead.max(initial=0) < 0.5 * behind.max()


def test_daughter_strands_of_the_bubbles_are_two_lines_with_a_gap():
    clip = simulate_clip(NAME, size=128, num_frames=5, seed=1, style="illustration",
                         parameters={"scene": "bubbles", "direction": "left_to_right"})  # fmt: skip
    forks = [row for row in clip.truth.tracks if row[1] == "fork" and row[2] == 3]
    x = int(np.mean([row[3] for row in forks][:2]) / clip.um_per_px)
    y = int(forks[0][4] / clip.um_per_px)
    r, _, b = clip.frames[3][:, x].astype(float).T
    orange, blue = r - b > 60, b - r > 60
    for side in (slice(y - 18, y), slice(y, y + 18)):
        assert orange[side].sum() >= 3 and blue[side].sum() >= 3
    assert not orange[y - 3 : y + 3].any() and not blue[y - 3 : y + 3].any()


def test_clip_is_deterministic_and_physics_does_not_know_the_look():
    for scene in SCENES:
        clips = [
            simulate_clip(NAME, size=64, num_frames=3, seed=9, style=s, parameters={"scene": scene})
            for s in ("illustration", "illustration", "bright_field")
        ]
        assert np.array_equal(clips[0].frames, clips[1].frames)
        assert clips[0].truth.tracks == clips[2].truth.tracks


def words(text: str) -> set[str]:
    return set(re.findall(r"[a-zµ/-]+", text.lower()))


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("scene", SCENES)
def test_words_carry_the_labels_and_the_held_out_ones_are_no_surprise(scene, direction):
    fixed = {"scene": scene, "direction": direction}
    p, _, state = simulate_state(NAME, num_frames=5, seed=2, parameters=fixed)
    begin, end = {"left_to_right": ("left", "right"), "right_to_left": ("right", "left"),
                  "top_to_bottom": ("top", "bottom")}[direction]  # fmt: skip
    ward = "downwards" if end == "bottom" else f"{end}wards"
    way = rf"from {begin} to {end}|{ward}|to the {end}"
    if scene == "bubbles":
        way += rf"|the {begin} one"
    if scene == "ring":
        way += rf"|the {begin}|its {begin}"
    what = {
        "fork": r"(?i)\bone\b.*fork|\ba\b.*fork|one arm|single|Okazaki|at one fork",
        "bubbles": r"(?i)bubble|two origins",
        "ring": r"(?i)\bring|circular",
    }[scene]
    captions, prompts = world.captions(p, state), world.prompts(p, state)
    descriptions = world.descriptions(p, state)
    assert len(captions) >= 7 and len(prompts) >= 10 and len(descriptions) >= 5
    assert max(len(t.split()) for t in captions) <= 16
    assert max(len(t.split()) for t in prompts) <= 12
    assert all(75 <= len(t.split()) <= 135 for t in descriptions)
    for text in [*captions, *prompts, *descriptions]:
        assert re.search(way, text) and re.search(what, text), text
        assert "{" not in text
    unit = "µm/min" if scene == "bubbles" else "nt/s"
    assert all(unit in text for text in [*captions, *descriptions])
    assert not any(re.search(r"\d", text) for text in prompts)
    for texts in (captions, prompts, descriptions):
        known = set().union(*(words(t) for t in [*captions[:-1], *texts[:-1]]))
        assert words(texts[-1]) <= known


def test_the_picture_is_drawn_larger_than_life_but_places_are_true():
    for scene in SCENES:
        p, _, state = simulate_state(NAME, num_frames=3, seed=0, parameters={"scene": scene})
        assert state.field_um == pytest.approx(scenes.FIELD_UM[scene] * p["framing"])
        assert state["layout"].units * state.field_um == pytest.approx(CANVAS)


def test_parameters_out_of_range_are_refused():
    with pytest.raises(SimulatorError, match="bacterial_speed"):
        simulate_state(NAME, num_frames=5, seed=0, parameters={"bacterial_speed": 80.0})
    with pytest.raises(SimulatorError, match="scene"):
        simulate_state(NAME, num_frames=5, seed=0, parameters={"scene": "plasmid"})
