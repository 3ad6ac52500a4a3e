"""Twins of DNA replication: the named law is broken, the others hold, and little else tells."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from dataset_scripts.simulator.clip import simulate_clip, simulate_state
from dataset_scripts.simulator.core import NoTwin, SimulatorError, State
from dataset_scripts.simulator.models import dna_scenes as scenes
from dataset_scripts.simulator.models.dna_layout import CANVAS, RING_UM
from dataset_scripts.simulator.twins import dna_replication as twins

NAME = "dna_replication"
NAMES = [v.name for v in twins.VIOLATIONS]
CASES = [
    (name, scene)
    for name in NAMES
    for scene in ("fork", "bubbles", "ring")
    if not (name == "grows_to_fork" and scene != "fork")
    and not (name == "missing_daughter" and scene == "fork")
]


def pairs(name: str, scene: str, frames: int = 33, count: int = 8):
    """Parameters, clock, true state, twin and onset of the first draws that can break the law."""
    found = []
    for seed in range(2 * count):
        values, clock, state = simulate_state(
            NAME, num_frames=frames, seed=seed, parameters={"scene": scene}
        )
        try:
            twin = twins.violate(name, values, state, clock, np.random.default_rng(seed))
        except NoTwin:
            continue
        (event,) = [e for e in twin.truth.events if e.name == "violation"]
        assert 1 <= event.frame <= 0.4 * frames and event.value and event.unit == "µm"
        found.append((values, clock, state, twin, event))
        if len(found) == count:
            break
    assert len(found) == count, "most draws must work"
    return found


def runs_back(state: State) -> float:
    """How much copied DNA closes again, µm in all."""
    return float(-np.minimum(np.diff(state.truth.series["copied_um"][1]), 0).sum())


def ahead(state: State, scene: str) -> float:
    """How far new DNA gets ahead of a fork, in units of the picture, on the side of copying."""
    signs = np.array([-1, 1] * (state["forks"].shape[1] // 2))
    lead = ((state["fronts"] - state["forks"]) * signs)[:, 1:] if scene == "fork" else (
        state["fronts"] - state["forks"]) * signs  # fmt: skip
    return float(lead.max() * CANVAS / state.field_um)


def towards_fork(state: State, clock) -> int:
    """Frames in which the lagging tip moves towards the fork while no new primer is laid."""
    made = [scenes.arm(state, f) for f in range(clock.num_frames)]
    return sum(
        b.tip > a.tip + 1e-9 and (a.complete or b.tip - a.tip < 0.2) and len(b.new) == 1
        for a, b in pairwise(made)
    )


def wrong_um(state: State, name: str) -> float:
    """Length of DNA that was copied in a wrong way by the end."""
    found = scenes.stretches_since(state, len(state["forks"]) - 1, name)
    turns = 3 if state["layout"].ring else 1
    return sum(b - a for a, b in found) / turns


@pytest.mark.parametrize(("name", "scene"), CASES)
def test_the_law_is_broken_and_the_others_hold(name, scene):
    for _, clock, state, twin, event in pairs(name, scene):
        broken = {
            "ahead_of_fork": ahead(twin, scene) > 0.6,
            "parents_reanneal": runs_back(twin) > 0,
            "old_with_old": wrong_um(twin, "swapped_from") > 0,
            "missing_daughter": wrong_um(twin, "missing_from") > 0,
        }
        if scene == "fork":
            broken["grows_to_fork"] = towards_fork(twin, clock) >= 2
            assert towards_fork(state, clock) == 0
        assert {k for k, v in broken.items() if v} == {name}
        assert ahead(state, scene) <= 0 and runs_back(state) == 0
        for key in ("raw", "forks", "fronts"):
            assert np.array_equal(state[key][: event.frame], twin[key][: event.frame])
        length = RING_UM if scene == "ring" else state.field_um
        copied, parental = (twin.truth.series[f"{k}_um"][1] for k in ("copied", "parental"))
        assert np.allclose(copied + parental, length)


def test_events_tell_the_size_of_the_effect():
    for _, _, _, twin, event in pairs("parents_reanneal", "fork"):
        assert event.value == pytest.approx(runs_back(twin), rel=1e-6)
        assert event.value > 0.03 * twin.field_um
    for _, _, _, twin, event in pairs("missing_daughter", "ring"):
        assert event.value == pytest.approx(wrong_um(twin, "missing_from"), rel=1e-6)
    for _, _, _, twin, event in pairs("ahead_of_fork", "fork"):
        gained = event.value * CANVAS / twin.field_um - scenes.LAG_UNITS["fork"]
        assert ahead(twin, "fork") == pytest.approx(gained, abs=1e-6)


def test_the_unbroken_lagging_strand_leaves_as_much_bare_and_never_shrinks():
    for _, clock, state, twin, event in pairs("grows_to_fork", "fork"):
        assert np.allclose(
            state.truth.series["single_strand_um"][1], twin.truth.series["single_strand_um"][1]
        )
        made = [scenes.arm(twin, f) for f in range(event.frame, clock.num_frames)]
        assert all(len(m.new) == 1 for m in made)
        assert (np.diff([m.tip for m in made]) >= -1e-9).all()
        assert len(state.truth.events) == len(twin.truth.events) - 1


def test_parents_close_only_for_a_while():
    for _, _, state, twin, event in pairs("parents_reanneal", "bubbles"):
        copied = twin.truth.series["copied_um"][1]
        low = event.frame + int(copied[event.frame :].argmin())
        assert low < 0.6 * len(copied)
        assert (np.diff(copied[low:]) >= -1e-9).all() and copied[-1] > copied[event.frame - 1]
        assert (np.diff(twin["forks"], axis=1) >= -1e-9).all()
        assert state.truth.series["copied_um"][1][-1] >= copied[-1] - 1e-9


def hues(frame: np.ndarray) -> tuple[float, float]:
    """How much blue and how much orange there is in a frame."""
    r, _, b = frame.astype(float).transpose(2, 0, 1)
    return float(np.clip(b - r - 25, 0, None).sum()), float(np.clip(r - b - 25, 0, None).sum())


def test_pixels_show_old_with_old_on_opposite_sides():
    fixed = {"scene": "ring", "direction": "top_to_bottom"}
    request = {"size": 128, "num_frames": 17, "seed": 3, "style": "fluorescence",
               "parameters": fixed}  # fmt: skip
    true = simulate_clip(NAME, **request).frames[-1]
    twin = simulate_clip(NAME, violation="old_with_old", **request).frames[-1]
    y, x = np.mgrid[:128, :128] - 63.5
    inner = (np.hypot(x, y) < 46.4) & (y > 20)
    shares = [hues(f[inner][None])[1] / sum(hues(f[inner][None])) for f in (true, twin)]
    assert shares[1] < 0.6 * shares[0]
    totals = [hues(f)[1] / sum(hues(f)) for f in (true, twin)]
    assert totals[1] == pytest.approx(totals[0], rel=0.15), "as much of each colour as before"


def test_laws_that_a_scene_does_not_show_cannot_be_broken_there():
    for name, scene in (
        ("missing_daughter", "fork"), ("grows_to_fork", "ring"), ("grows_to_fork", "bubbles"),
    ):  # fmt: skip
        values, clock, state = simulate_state(
            NAME, num_frames=17, seed=0, parameters={"scene": scene}
        )
        with pytest.raises(NoTwin):
            twins.violate(name, values, state, clock, np.random.default_rng(0))


def test_short_clips_have_a_twin_or_say_so():
    for name in NAMES:
        for frames in (2, 3, 5):
            try:
                clip = simulate_clip(NAME, size=64, num_frames=frames, seed=1, violation=name)
            except NoTwin:
                continue
            (event,) = [e for e in clip.truth.events if e.name == "violation"]
            assert 1 <= event.frame < frames


def test_unknown_violations_are_refused():
    with pytest.raises(SimulatorError, match="unknown violation"):
        simulate_clip(NAME, size=64, num_frames=5, seed=0, violation="no_helix")
