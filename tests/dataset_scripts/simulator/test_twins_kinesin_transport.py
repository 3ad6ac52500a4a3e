"""Twins of kinesins: the named law is broken, the others hold, and little else tells."""

from __future__ import annotations

import numpy as np
import pytest

from dataset_scripts.simulator.clip import simulate_clip, simulate_state
from dataset_scripts.simulator.core import NoTwin, SimulatorError, State
from dataset_scripts.simulator.models.kinesin_motor import DIMER_NM
from dataset_scripts.simulator.models.kinesin_scenes import vesicles
from dataset_scripts.simulator.twins import kinesin_transport as twins

NAME = "kinesin_transport"
NAMES = [v.name for v in twins.VIOLATIONS]
STEPPERS = ["both_heads_off", "inchworm", "long_step"]
DOWN_NM = 2.0  # a head lower than this is taken to touch the lattice


def pairs(name: str, scene: str, frames: int = 33, count: int = 8):
    """True state and twin of the first draws that can break the law, with the onset."""
    found = []
    for seed in range(3 * count):
        values, clock, state = simulate_state(
            NAME, num_frames=frames, seed=seed, parameters={"scene": scene}
        )
        try:
            twin = twins.violate(name, values, state, clock, np.random.default_rng(seed))
        except NoTwin:
            continue
        (event,) = [e for e in twin.truth.events if e.name == "violation"]
        assert 1 <= event.frame <= 0.4 * frames and event.value and event.unit
        found.append((values, clock, state, twin, event))
        if len(found) == count:
            break
    assert len(found) == count
    return found


def both_up(state: State) -> int:
    """Frames in which no head touches the lattice."""
    return int((state["lift"].min(axis=0) > DOWN_NM).sum())


def lead_changes(state: State) -> int:
    """How often the other head gets clearly in front."""
    ahead = state["along"][0] - state["along"][1]
    signs = np.sign(ahead[np.abs(ahead) > 0.5 * DIMER_NM])
    return int((signs[1:] != signs[:-1]).sum())


def longest_reach(state: State) -> float:
    """Greatest distance in nm between the heads."""
    return float(np.abs(state["along"][0] - state["along"][1]).max())


@pytest.mark.parametrize("name", STEPPERS)
def test_a_step_law_is_broken_and_the_others_hold(name):
    for _, clock, state, twin, event in pairs(name, "close_up", 65):
        assert np.array_equal(state["along"][:, : event.frame], twin["along"][:, : event.frame])
        assert np.array_equal(state["lift"][:, : event.frame], twin["lift"][:, : event.frame])
        assert both_up(state) == 0 and lead_changes(state) >= 3
        assert longest_reach(state) < 1.5 * DIMER_NM
        assert (both_up(twin) > 3) == (name == "both_heads_off")
        early = lead_changes(
            State(1.0, {"along": twin["along"][:, : event.frame]}, twin.truth)
        )  # fmt: skip
        assert (lead_changes(twin) <= early + 1) == (name == "inchworm")
        assert (longest_reach(twin) > 2.5 * DIMER_NM) == (name == "long_step")
        # The pace is the true one, and the motor goes to the plus end still.
        gone, true = (s.truth.series["stalk_nm"][1][-1] for s in (twin, state))
        assert gone > 0 and abs(gone - true) < 2.6 * DIMER_NM
        held = twin.truth.series["bound_heads"][1]
        assert (held[event.frame :].min() == 0) == (name == "both_heads_off")
        assert event.t_s == event.frame * clock.s_per_frame


def test_vesicles_of_the_twin_go_to_the_minus_end_on_their_tracks():
    for values, _, state, twin, event in pairs("to_minus_end", "two_tracks"):
        late = np.diff(twin["rides"][event.frame - 1 :], axis=0)
        assert late.max() <= 1e-9 and late.min() < 0
        assert np.allclose(-late, np.diff(state["rides"][event.frame - 1 :], axis=0))
        assert np.array_equal(state["loose"], twin["loose"])
        xy = vesicles(twin)
        assert xy.min() > 0 and xy.max() < twin.field_um
        gaps = np.linalg.norm(xy[:, :, None] - xy[:, None], axis=-1)
        gaps[:, np.arange(6), np.arange(6)] = np.inf
        assert gaps.min() > values["vesicle_diameter"]


def test_molecules_of_the_twin_go_to_the_minus_end_and_keep_their_number():
    numbers = []
    for _, _, state, twin, event in pairs("to_minus_end", "single_molecules"):
        runs = twin["runs"]
        assert np.nanmin(runs) >= 0 and np.nanmax(runs) <= twin["tracks"][0].length
        late = np.diff(runs[:, event.frame - 1 :], axis=1)
        assert np.nanmax(late) < 0
        early = np.diff(runs[:, : event.frame], axis=1)
        assert not np.isfinite(early).any() or np.nanmin(early) > 0
        numbers.append([np.isfinite(s["runs"]).sum() for s in (state, twin)])
    true, broken = np.sum(numbers, axis=0)
    assert broken / true == pytest.approx(1, abs=0.15)


def test_loose_vesicles_travel_while_as_many_on_the_tracks_rest():
    for values, clock, state, twin, event in pairs("unbound_travel", "two_tracks"):
        size, late = values["vesicle_diameter"], slice(event.frame - 1, None)
        path = np.abs(np.diff(twin["loose"][late, :, 0], axis=0)).sum(axis=0)
        assert (np.abs(twin["loose"][-1, :, 0] - twin["loose"][event.frame - 1, :, 0]) > size).all()
        assert path.mean() > 0.3 * values["speed"] * clock.s_per_frame * len(path)
        rest = np.ptp(twin["rides"][late], axis=0) == 0
        assert rest.sum() >= 2 and not rest[[0, 3]].all()
        assert (np.diff(twin["rides"], axis=0) >= 0).all()
        everyone = np.concatenate([vesicles(twin), twin["loose"]], axis=1)
        assert everyone.min() > 0.4 * size and everyone.max() < twin.field_um - 0.4 * size
        assert np.array_equal(state["loose"][: event.frame], twin["loose"][: event.frame])


def test_most_draws_of_the_right_scene_can_break_each_law():
    for name in NAMES:
        scene = "close_up" if name in STEPPERS else "two_tracks"
        for frames in (17, 33):
            tried = 0
            for seed in range(20):
                values, clock, state = simulate_state(
                    NAME, num_frames=frames, seed=seed, parameters={"scene": scene}
                )
                try:
                    twins.violate(name, values, state, clock, np.random.default_rng(seed))
                except NoTwin:
                    continue
                tried += 1
            assert tried >= 10, (name, frames)


def test_refusals():
    with pytest.raises(SimulatorError, match="unknown violation 'flies'"):
        simulate_clip(NAME, size=64, num_frames=8, seed=0, violation="flies")
    for name, scene, why in (
        ("inchworm", "two_tracks", "close-up only"),
        ("to_minus_end", "close_up", "no long runs"),
        ("unbound_travel", "single_molecules", "are bound"),
    ):
        with pytest.raises(NoTwin, match=why):
            simulate_clip(
                NAME, size=64, num_frames=17, seed=0, violation=name, parameters={"scene": scene}
            )
