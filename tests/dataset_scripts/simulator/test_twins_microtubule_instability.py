"""Twins of dynamic instability: each breaks its law, and only that, from its onset on."""

from __future__ import annotations

import numpy as np
import pytest

from dataset_scripts.simulator.clip import simulate_clip, simulate_state
from dataset_scripts.simulator.core import NoTwin, SimulatorError, State
from dataset_scripts.simulator.phenomena import microtubule_instability as world
from dataset_scripts.simulator.twins import microtubule_instability as twins

NAME = "microtubule_instability"
NAMES = [v.name for v in twins.VIOLATIONS]


def pairs(name: str, count: int, num_frames: int = 33):
    """Parameters, clock, true state, twin and onset of the first draws that have a twin."""
    found = 0
    for seed in range(100):
        values, clock, state = simulate_state(NAME, num_frames=num_frames, seed=seed)
        try:
            other = twins.violate(name, values, state, clock, np.random.default_rng(seed))
        except NoTwin:
            continue
        (event,) = [e for e in other.truth.events if e.name == "violation"]
        yield values, clock, state, other, event
        found += 1
        if found == count:
            return


def ratio(state: State, since: int, which: slice | np.ndarray = slice(None)) -> float:
    """Fast steps over slow ones: how much faster the tips shrink than they grow (95th percent)."""
    steps = np.diff(state["tip"][since:, which], axis=0)
    grown, shrunk = steps[steps > 1e-6], -steps[steps < -1e-6]
    return float(np.quantile(shrunk, 0.95) / np.quantile(grown, 0.95))


def evenness(state: State, since: int) -> float:
    """Share of frames on whose two sides a tip has the same speed."""
    steps = np.diff(state["tip"][since:], axis=0)
    return float(np.isclose(steps[1:], steps[:-1], atol=1e-6).mean())


def shown(state: State, frame: int) -> set[tuple[int, float]]:
    """Speckles in a frame: whose, and where in the picture's lattice coordinate (0.001 µm)."""
    marks = state["marks"]
    alive = (marks.born <= frame) & (frame < marks.lost)
    at = marks.s[alive] + state["slide"][frame][marks.owner[alive]]
    return {(int(k), round(float(s), 3)) for k, s in zip(marks.owner[alive], at, strict=True)}


def moved(state: State, since: int) -> float:
    """Share of the speckles of one frame that are not in their places in the next, though the tip
    has not come near them."""
    lost = total = 0
    for frame in range(since, len(state["tip"]) - 1):
        reach = np.minimum(state["tip"][frame], state["tip"][frame + 1]) - 0.01
        old = {(k, s) for k, s in shown(state, frame) if 0.5 < s < reach[k]}
        lost += len(old - shown(state, frame + 1))
        total += len(old)
    return lost / max(1, total)


@pytest.mark.parametrize("name", NAMES)
def test_the_law_holds_in_the_true_clip_and_is_broken_in_its_twin(name):
    for p, _, state, other, event in pairs(name, 10):
        first, free = event.frame, p["assay"] != "washout"
        if free:
            assert ratio(state, 0) > 1.4
        assert moved(state, 0) == 0
        assert not np.isfinite(state["gap"]).any()
        assert evenness(state, 0) > 0.7
        if name == "grows_faster":
            wrong = (other["tip"] != state["tip"]).any(axis=0)
            assert wrong.sum() == (len(wrong) + 1) // 2
            assert ratio(other, first, wrong) < 0.75
            speeds = [
                np.abs(np.diff(v["tip"][first - 1 :], axis=0)).ravel() for v in (state, other)
            ]
            assert np.allclose(np.sort(speeds[0]), np.sort(speeds[1]))
        elif name == "sinusoidal":
            assert evenness(other, first) < 0.1
            assert ratio(other, first) == pytest.approx(1, abs=0.45)
            way = [np.abs(np.diff(v["tip"][first - 1 :], axis=0)).sum(0) for v in (state, other)]
            assert np.allclose(*way)
        elif name == "sliding_lattice":
            assert np.array_equal(state["tip"], other["tip"])
            assert moved(other, first) > 0.2
        else:
            torn = np.isfinite(other["gap"][-1, :, 0])
            assert torn.sum() == max(1, len(torn) // 2)
            gap = other["gap"][first:, torn]
            assert (gap[..., 0] >= -1e-9).all() and (
                gap[..., 1] <= other["tip"][first:, torn] + 1e-9
            ).all()
            assert (np.diff(other["tip"][first - 1 :, torn], axis=0) > -1e-9).all(), (
                "lost at its tip"
            )
            # There is as much polymer as in the true clip.
            missing = np.nan_to_num(other["gap"][..., 1] - other["gap"][..., 0])
            assert np.allclose(other["tip"] - missing, state["tip"])
            assert missing.max() == pytest.approx(event.value)
        if name != "mid_lattice":
            assert not np.isfinite(other["gap"]).any()
        if name != "sliding_lattice":
            assert (other["slide"] == 0).all() and moved(other, 0) == 0
        assert (other["tip"] <= np.maximum(state["reach"][:, 1], state["tip"]) + 1e-9).all()
        assert other["tip"].min() > -1e-9
        assert event.value > 1.0


@pytest.mark.parametrize("name", NAMES)
def test_a_twin_is_the_true_clip_until_its_onset(name):
    for _, clock, state, other, event in pairs(name, 6, 17):
        first = event.frame
        assert 1 <= first <= 0.4 * clock.num_frames and event.unit
        assert all(e.name != "violation" for e in state.truth.events)
        for key in ("tip", "phase", "slide"):
            assert np.array_equal(state[key][:first], other[key][:first])
        for frame in range(first):
            assert shown(state, frame) == shown(other, frame)
        for key in ("vesicles", "seed", "tubulin", "lines"):
            assert state[key] is other[key]
        length = [v.truth.series["length_1"][1] for v in (state, other)]
        assert np.array_equal(length[0][:first], length[1][:first])


@pytest.mark.parametrize("name", ["grows_faster", "sinusoidal"])
def test_as_much_microtubule_is_in_view_as_in_true_clips(name):
    shares = []
    for _, _, state, other, event in pairs(name, 12, 17):
        mean = [v["tip"][event.frame :].mean() for v in (state, other)]
        shares.append(mean[1] / mean[0])
    assert np.mean(shares) == pytest.approx(1, abs=0.08)


def test_caps_and_curls_follow_the_tip():
    for name in ("grows_faster", "sinusoidal"):
        for _, _, _, other, event in pairs(name, 4, 17):
            steps = np.diff(other["tip"], axis=0)[event.frame :]
            assert np.array_equal(np.sign(steps), other["phase"][event.frame : -1])


def test_most_draws_have_a_twin_and_others_say_why_not():
    refused = dict.fromkeys(NAMES, 0)
    for seed in range(40):
        values, clock, state = simulate_state(NAME, num_frames=17, seed=seed)
        for name in NAMES:
            try:
                twins.violate(name, values, state, clock, np.random.default_rng(seed))
            except NoTwin:
                refused[name] += 1
    assert refused["sliding_lattice"] <= 2 and refused["mid_lattice"] <= 4
    assert max(refused.values()) <= 22
    with pytest.raises(NoTwin, match="at least 8 frames"):
        simulate_clip(NAME, size=64, num_frames=4, seed=0, violation="mid_lattice")
    for name in ("grows_faster", "sinusoidal"):
        with pytest.raises(NoTwin, match="washout"):
            simulate_clip(NAME, size=64, num_frames=17, seed=0, violation=name,
                          parameters={"assay": "washout"})  # fmt: skip
    with pytest.raises(SimulatorError, match="unknown violation"):
        simulate_clip(NAME, size=64, num_frames=17, seed=0, violation="jumps")


@pytest.mark.parametrize("style", ["illustration", "fluorescence", "bright_field"])
def test_a_gap_is_dark_in_the_picture(style):
    fixed = {"assay": "washout", "count": "many"}
    ask = {"num_frames": 17, "seed": 4, "parameters": fixed}
    clip = simulate_clip(NAME, size=128, style=style, violation="mid_lattice", **ask)
    true = simulate_clip(NAME, size=128, style=style, **ask)
    onset = next(e.frame for e in clip.truth.events if e.name == "violation")
    frame = onset + 2
    _, _, state = simulate_state(NAME, **ask)
    differs = np.abs(clip.frames[frame].astype(float) - true.frames[frame]).max(axis=2)
    gaps = 0
    for k in range(state["tip"].shape[1]):
        middle = world.places(state, k, 0.5 * state["tip"][onset - 1, k]) / clip.um_per_px
        column, row = middle.astype(int)
        gaps += differs[row - 2 : row + 3, column - 2 : column + 3].max() > 25
    assert gaps == state["tip"].shape[1] // 2
