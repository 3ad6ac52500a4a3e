"""Dynamic instability: exponential phases of steady speed, a fixed lattice, and washout."""

from __future__ import annotations

import re
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.integrate import solve_ivp

from dataset_scripts.simulator import STYLES, SimulatorError, simulate_clip, simulate_state
from dataset_scripts.simulator.core import Range
from dataset_scripts.simulator.models import dynamic_ends as ends
from dataset_scripts.simulator.phenomena import microtubule_instability as world

NAME = "microtubule_instability"
ASSAYS = ("cell_edge", "speckled", "washout")


@cache
def sample() -> list:
    lengths = (17, 33, 81)
    return [simulate_state(NAME, num_frames=lengths[s % 3], seed=s) for s in range(120)]


def free(count: int, duration: float, growing: bool, start: float = 0.0) -> ends.Paths:
    return ends.wander(
        np.full(count, start), np.full(count, growing), (0.12, 0.29), (0.014, 0.044), duration,
        np.random.default_rng(5),
    )  # fmt: skip


def test_phases_last_exponentially_distributed_times():
    paths = free(4000, 1e4, True)
    lasts = np.diff(paths.t, axis=1)[:, :10]
    for phase, rate in ((1, 0.014), (-1, 0.044)):
        mine = lasts[paths.phase[:, :10] == phase]
        assert stats.kstest(mine, stats.expon(scale=1 / rate).cdf).pvalue > 0.01
    # Successive phases know nothing of one another.
    assert abs(np.corrcoef(lasts[:, 0], lasts[:, 1])[0, 1]) < 0.05
    speed = np.diff(paths.s, axis=1)[:, :10] / lasts
    assert np.allclose(speed, np.where(paths.phase[:, :10] > 0, 0.12, -0.29))


def test_mean_length_follows_the_equations_of_dogterom_and_leibler():
    """dp₊/dt = −f₊₋ p₊ + f₋₊ p₋ and d⟨L⟩/dt = v₊ p₊ − v₋ p₋, by scipy's integrator."""

    def rates(_t, y):
        return [-0.014 * y[0] + 0.044 * (1 - y[0]), 0.12 * y[0] - 0.29 * (1 - y[0])]

    times = np.array([20.0, 60.0, 150.0])
    exact = solve_ivp(rates, (0, 150), [1.0, 0.0], t_eval=times, rtol=1e-8).y
    tip, phase = free(6000, 200.0, True).at(times)
    assert np.allclose((phase > 0).mean(axis=1), exact[0], atol=0.02)
    error = tip.std(axis=1) / np.sqrt(tip.shape[1])
    assert (np.abs(tip.mean(axis=1) - exact[1]) < 4 * error).all()


def test_spread_approaches_the_diffusion_constant_of_the_bounded_model():
    """Far from its start an end diffuses with D = f₊₋ f₋₊ (v₊ + v₋)² / (f₊₋ + f₋₊)³."""
    tip, _ = free(6000, 400.0, True).at(np.array([250.0, 350.0]))
    slope = np.diff(tip.var(axis=1))[0] / 100
    d = 0.014 * 0.044 * (0.12 + 0.29) ** 2 / (0.014 + 0.044) ** 3
    assert slope == pytest.approx(2 * d, rel=0.12)


def test_pure_tubulin_grows_from_its_critical_concentration_on():
    assert ends.pure_growth(ends.OFF_PER_S / ends.ON_PER_UM_S) == pytest.approx(0)
    assert 60 * ends.pure_growth(world.TUBULIN_UM) == pytest.approx(3.0, abs=0.1)
    collapse = 60 * ends.COLLAPSE_PER_S / ends.DIMERS_PER_UM
    assert collapse == pytest.approx(27, abs=0.5)


def test_after_dilution_ends_wait_and_shrink_to_nothing():
    waits = np.array([0.5, 4.0])
    paths = ends.dilute(np.array([5.0, 6.0]), 30.0, waits, (0.05, 0.45), 80.0)
    tip, phase = paths.at(np.linspace(0, 80, 4001))
    assert np.allclose(tip.max(axis=0), [6.5, 7.5]) and np.allclose(tip[-1], 0)
    assert (phase[-1] == 0).all() and (phase[0] == 1).all()
    for k, wait in enumerate(waits):
        assert (phase[:, k] < 0).mean() * 80 == pytest.approx(tip[:, k].max() / 0.45, abs=0.05)
        assert np.linspace(0, 80, 4001)[phase[:, k] < 0][0] == pytest.approx(30 + wait, abs=0.05)


def test_every_step_has_one_of_two_speeds_and_turns_are_sudden():
    for p, clock, state in sample():
        tip, phase = state["tip"], state["phase"]
        up, down = world.speeds(p)
        assert down > 1.5 * up, "shrinkage is faster than growth"
        rate = np.diff(tip, axis=0) / clock.s_per_frame
        assert rate.min() > -down * (1 + 1e-9) and rate.max() < up * (1 + 1e-9)
        # A frame whose state is that of its successor lies within one phase, but for a phase
        # shorter than a frame.
        steady = phase[1:] == phase[:-1]
        wanted = np.choose(phase[1:] + 1, [-down, 0.0, up])
        agree = np.isclose(rate, wanted, atol=1e-9)[steady]
        assert agree.mean() > 0.93 and np.isfinite(tip).all()


def test_the_story_is_told_in_every_clip():
    for p, clock, state in sample():
        names = [event.name for event in state.truth.events]
        frames = [event.frame for event in state.truth.events]
        assert frames == sorted(frames) and "catastrophe" in names
        tip = state["tip"]
        if p["assay"] == "washout":
            assert names[0] == "washout" and "rescue" not in names
            assert names.count("back_at_seed") == tip.shape[1] and (tip[-1] == 0).all()
            share = frames[0] / (clock.num_frames - 1)
            assert 0.4 < share < 0.62
            before = tip[: frames[0]]
            assert (np.diff(before, axis=0) > 0).all()
            last = max(e.t_s for e in state.truth.events if e.name == "catastrophe")
            assert last - state["washout_s"] < 20
            assert np.allclose(tip.max(axis=0), np.clip(tip.max(axis=0), 4, 10.6))
        elif p["assay"] == "speckled":
            for k in range(tip.shape[1]):
                mine = [e for e in state.truth.events if e.object_id == k]
                assert [e.name for e in mine] == ["catastrophe", "rescue"]
                turn, back = (e.frame for e in mine)
                low = tip[turn : back + 1, k].min()
                assert 1 < tip[turn - 1 : turn + 1, k].max() - low < 7.5
                assert tip[-1, k] - low > 0.5
        else:
            depth = np.maximum.accumulate(tip, axis=0) - tip
            assert depth.max() > 2.0, "a retreat comes into view"


def test_microtubules_switch_on_their_own():
    apart, seen, together = 0, 0, []
    for p, _, state in sample():
        if p["assay"] == "cell_edge":
            phase = state["phase"]
            seen += 1
            apart += ((phase > 0).any(axis=1) & (phase < 0).any(axis=1)).any()
            if np.ptp(phase[:, :2], axis=0).min() > 0:
                together.append(np.corrcoef(phase[:, 0], phase[:, 1])[0, 1])
    assert apart >= 0.9 * seen > 10
    assert abs(np.mean(together)) < 0.25


def test_tips_stay_in_view_inside_the_cell_and_apart():
    for p, _, state in sample():
        field, tip, reach = state.field_um, state["tip"], state["reach"]
        x = np.stack([state["lines"][k].at(tip[:, k]) for k in range(tip.shape[1])], 1)
        assert x.min() > 0.05 * field and x.max() < 0.95 * field
        assert (tip <= reach[:, 1] + 1e-9).all() and (tip >= reach[:, 0] - 1e-9).all()
        if p["assay"] == "cell_edge":
            edge = world.cell_edge_x(x[..., 1], field)
            assert (edge - x[..., 0]).min() > 0.02 * field
        # Lines do not cross, nor do drawn tubes touch.
        u = np.linspace(0.0, 0.45 if p["assay"] == "washout" else 0.9, 40) * field
        ways = np.stack([line.at(u) for line in state["lines"]])
        for k in range(1, len(ways)):
            gap = np.hypot(*(ways[k][:, None] - ways[k - 1][None]).transpose(2, 0, 1)).min()
            assert gap > 2.4 * world.width_um(p)


def test_speckles_stay_in_place_until_the_tip_takes_them_away():
    for _, _, state in sample():
        tip, marks = state["tip"], state["marks"]
        for k, s, born, lost in zip(marks.owner, marks.s, marks.born, marks.lost, strict=True):
            born, lost = int(born), int(lost)
            assert (tip[born:lost, k] >= s).all(), "a speckle beyond the tip"
            if born:
                assert tip[born - 1, k] < s
            if lost < len(tip):
                assert tip[lost, k] < s


def test_regrown_lattice_has_new_speckles():
    pool = ends.speckle_pool(1, 0.0, 20.0, 0.5, np.random.default_rng(1))
    tip = np.array([12.0, 8.0, 4.0, 8.0, 12.0])[:, None]
    marks = ends.lay_marks(pool, tip)
    old = marks.s[(marks.born == 0) & (marks.s > 4)]
    new = marks.s[marks.born > 0]
    assert len(old) > 5 and len(new) > 5 and not set(old) & set(new)
    kept = marks.s[(marks.born == 0) & (marks.s <= 4)]
    assert len(kept) and (marks.lost[marks.s <= 4] == 5).all()


@given(st.lists(st.floats(0.5, 19.0), min_size=3, max_size=12), st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_speckles_do_not_foresee_the_tip(path, seed):
    pool = ends.speckle_pool(1, -5.0, 25.0, 1.0, np.random.default_rng(seed))
    whole, part = (ends.lay_marks(pool, np.array(path[:n])[:, None]) for n in (len(path), 2))
    for frame in (0, 1):
        seen = [
            sorted(marks.s[(marks.born <= frame) & (frame < marks.lost)]) for marks in (whole, part)
        ]
        assert seen[0] == seen[1]


def test_truth_tells_tips_seeds_and_lengths():
    for p, clock, state in sample()[:60]:
        field = state.field_um
        tracks: dict = {}
        for number, kind, _, x, y in state.truth.tracks:
            assert 0 <= x <= field and 0 <= y <= field
            tracks.setdefault((kind, number), []).append((x, y))
        sign = 1 if p["direction"] == "left_to_right" else -1
        count = world.COUNTS[p["assay"]][p["count"] == "many"]
        assert sum(kind == "plus_end" for kind, _ in tracks) == count
        for (kind, number), xy in tracks.items():
            x = np.array(xy)[:, 0]
            assert len(x) == clock.num_frames
            if kind == "seed":
                assert np.ptp(x) == 0
                continue
            tip = state["tip"][:, number]
            assert np.corrcoef(sign * x, tip)[0, 1] > 0.98
            assert np.allclose(state.truth.series[f"length_{number + 1}"][1], tip)
        assert sum(kind == "seed" for kind, _ in tracks) == count * (p["assay"] == "washout")


NUMBERS = {spec.name: (spec.low, spec.high) for spec in world.PARAMETERS
           if isinstance(spec, Range)}  # fmt: skip


@given(
    st.fixed_dictionaries(
        {name: st.sampled_from(span) | st.floats(*span) for name, span in NUMBERS.items()}
    ),
    st.sampled_from(ASSAYS), st.sampled_from(["few", "many"]), st.integers(0, 2**31),
    st.sampled_from([2, 3, 9, 17, 241]),
)  # fmt: skip
@settings(max_examples=40, deadline=None)
def test_the_corners_of_the_ranges_stay_in_view(numbers, assay, count, seed, frames):
    fixed = {**numbers, "assay": assay, "count": count}
    _, _, state = simulate_state(NAME, num_frames=frames, seed=seed, parameters=fixed)
    assert state["tip"].shape == (frames, world.COUNTS[assay][count == "many"])
    assert (state["tip"] <= state["reach"][:, 1]).all() and (state["tip"] >= 0).all()
    step = np.abs(np.diff(state["tip"], axis=0)).max()
    assert step <= 0.09 * state.field_um
    if frames >= 17:
        assert any(event.name == "catastrophe" for event in state.truth.events)


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("assay", ASSAYS)
def test_pixels_show_tubes_up_to_their_tips(style, assay):
    for direction, seed in (("left_to_right", 3), ("right_to_left", 8)):
        fixed = {"assay": assay, "count": "many", "direction": direction}
        ask = {"num_frames": 9, "seed": seed, "parameters": fixed}
        clip = simulate_clip(NAME, size=128, style=style, **ask)
        p, _, state = simulate_state(NAME, **ask)
        greens = {"on": [], "off": []}
        for frame in (0, 3):
            for k in range(state["tip"].shape[1]):
                tip = state["tip"][frame, k]
                half = world.width_um(p)
                for name, s in (("on", tip - 4.5 * half), ("off", tip + 3.5 * half)):
                    column, row = (world.places(state, k, s) / clip.um_per_px).astype(int)
                    patch = clip.frames[frame, row - 1 : row + 2, column - 1 : column + 2]
                    r, g, b = patch.reshape(-1, 3).astype(float).mean(axis=0)
                    greens[name].append(g - 0.5 * (r + b))
        assert np.median(greens["on"]) > np.median(greens["off"]) + 12
        agree = np.array(greens["on"]) > np.median(greens["off"]) + 6
        assert agree.mean() > 0.9, "a tube is greener than what lies beyond its tip"


@pytest.mark.parametrize("style", STYLES)
def test_pixels_show_red_seeds_at_rest(style):
    fixed = {"assay": "washout", "count": "few"}
    ask = {"num_frames": 9, "seed": 2, "parameters": fixed}
    clip = simulate_clip(NAME, size=128, style=style, **ask)
    rows = [(f, x, y) for _, kind, f, x, y in clip.truth.tracks if kind == "seed"]
    assert rows
    for frame, x, y in rows:
        column, row = int(x / clip.um_per_px), int(y / clip.um_per_px)
        patch = clip.frames[frame, row - 1 : row + 2, column - 1 : column + 2]
        r, g, b = patch.reshape(-1, 3).astype(float).mean(axis=0)
        assert r > 1.4 * max(g, b)


def test_clip_is_deterministic_and_physics_does_not_know_the_look():
    clips = [simulate_clip(NAME, size=64, num_frames=5, seed=9, style=s) for s in STYLES]
    again = simulate_clip(NAME, size=64, num_frames=5, seed=9, style=STYLES[0])
    assert np.array_equal(clips[0].frames, again.frames)
    assert clips[0].truth.tracks == clips[1].truth.tracks == clips[2].truth.tracks


SAID = {
    "left_to_right": r"left to right|rightwards|to the right|the right cell edge",
    "right_to_left": r"right to left|leftwards|to the left|the left cell edge",
    "cell_edge": r"edge|flat margin",
    "speckled": r"speckle",
    "washout": r"wash",
}
COUNT_WORDS = {("cell_edge", "few"): "three", ("cell_edge", "many"): "six",
               ("speckled", "few"): "one", ("speckled", "many"): "three",
               ("washout", "few"): "two", ("washout", "many"): "four"}  # fmt: skip


def tokens(text: str) -> set[str]:
    return set(re.findall(r"[a-z]+", text.lower()))


def test_words_carry_every_label_and_the_held_out_ones_are_no_surprise():
    for (assay, count), number in COUNT_WORDS.items():
        for direction, other in (
            ("left_to_right", "right_to_left"),
            ("right_to_left", "left_to_right"),
        ):
            fixed = {"assay": assay, "count": count, "direction": direction}
            p, _, state = simulate_state(NAME, num_frames=5, seed=2, parameters=fixed)
            short, rich = world.captions(p, state), world.descriptions(p, state)
            asked = world.prompts(p, state)
            assert len(short) >= 7 and len(rich) >= 5 and len(asked) >= 10
            assert max(len(text.split()) for text in short) <= 16
            assert all(75 <= len(text.split()) <= 135 for text in rich)
            assert max(len(text.split()) for text in asked) <= 12
            for texts in (short, rich, asked):
                assert len(set(texts)) == len(texts)
                assert tokens(texts[-1]) <= set().union(*map(tokens, texts[:-1]))
                for text in texts:
                    assert re.search(SAID[assay], text), text
                    assert re.search(SAID[direction], text), text
                    assert not re.search(SAID[other], text), text
                    assert number in tokens(text), text
                    wrong = {"one", "two", "three", "four", "six"} - {number, "one", "two"}
                    assert not wrong & tokens(text), text
            assert all("µm/min" in text for text in short[:2] + rich)
            up, down = (60 * v for v in world.speeds(p))
            for text in short + rich:
                said = [float(v) for v in re.findall(r"\d+\.?\d*", text)]
                assert sorted(said) == pytest.approx([up, down], rel=0.06), text
            assert all(text.endswith(".") for text in rich)
            assert not any(re.search(r"\d", text) for text in asked)


def test_parameters_out_of_range_are_refused():
    with pytest.raises(SimulatorError, match="growth"):
        simulate_state(NAME, num_frames=5, seed=0, parameters={"growth": 3.0})
    with pytest.raises(SimulatorError, match="assay"):
        simulate_state(NAME, num_frames=5, seed=0, parameters={"assay": "axoneme"})
