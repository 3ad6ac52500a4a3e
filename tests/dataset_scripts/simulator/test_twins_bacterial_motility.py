"""Twins of swimming bacteria: each breaks its own law, by as much as it says, and no other."""

from __future__ import annotations

import numpy as np
import pytest

from dataset_scripts.simulator import simulate_clip, simulate_state
from dataset_scripts.simulator.core import NoTwin, SimulatorError, State
from dataset_scripts.simulator.phenomena import bacterial_motility as world
from dataset_scripts.simulator.twins import bacterial_motility as twins

NAME = "bacterial_motility"
NAMES = [v.name for v in twins.VIOLATIONS]
NEEDS = {"coasts": "no", "no_tumbles": "no", "mirror_bounce": "yes", "side_slip": "no"}


def pairs(name: str, frames: int = 33, count: int = 24, **fixed):
    """Parameters, clock, true state, twin and onset."""
    fixed = {"wall": NEEDS[name], **fixed}
    found = 0
    for seed in range(3 * count):
        p, clock, state = simulate_state(NAME, num_frames=frames, seed=seed, parameters=fixed)
        try:
            twin = twins.violate(name, p, state, clock, np.random.default_rng(seed))
        except NoTwin:
            continue
        (event,) = [e for e in twin.truth.events if e.name == "violation"]
        yield p, clock, state, twin, event
        found += 1
        if found == count:
            return
    raise AssertionError(f"only {found} of {3 * count} draws have a twin")


def slips(state: State, since: int) -> float:
    """Mean angle in degrees between axis and way, of frame steps without tumbles, from `since`."""
    step = np.diff(state["xy"], axis=0)[since:]
    axis = 0.5 * (state["axis"][1:] + state["axis"][:-1])[since:]
    steady = (state["splay"][1:] + state["splay"][:-1])[since:] == 0
    way = np.arctan2(step[..., 1], step[..., 0])
    angle = np.degrees(np.arccos(np.clip(np.abs(np.cos(axis - way)), 0, 1)))
    return float(angle[steady].mean())


def rebounds(p: dict, state: State) -> float:
    """Largest angle in degrees to the wall of a cell that has touched it, some frames later."""
    steep = [
        np.degrees(np.arcsin(np.abs(np.sin(state["axis"][e.frame + 5, e.object_id]))))
        for e in state.truth.events
        if e.name == "reaches_wall" and e.frame + 5 < len(state["axis"])
    ]
    return float(np.max(steep, initial=0.0))


@pytest.mark.parametrize("name", NAMES)
def test_a_twin_is_the_true_clip_until_its_onset(name):
    for p, clock, state, twin, event in pairs(name):
        assert 1 <= event.frame <= 0.4 * clock.num_frames
        assert event.t_s == event.frame * clock.s_per_frame and event.unit
        for key in ("xy", "axis", "splay"):
            assert np.array_equal(twin[key][: event.frame], state[key][: event.frame]), key
        assert not np.array_equal(twin["xy"][event.frame], state["xy"][event.frame])
        assert twin["xy"].shape == state["xy"].shape and np.isfinite(twin["xy"]).all()
        n = world.count_of(p)
        seen = twin.truth.series["in_view"][1]
        assert seen[event.frame] == pytest.approx(n, abs=4 if n > 1 else 0)
        if p["wall"] == "yes":
            floor = world.FLOORS[world.scene_of(p)] * state.field_um
            room = floor - twin["xy"][..., 1] - world.rod_of(p).lowest(twin["axis"])
            assert room.min() > -0.15


def test_side_slip():
    for _, clock, state, twin, event in pairs("side_slip"):
        late = event.frame + int(np.ceil(twins.SWING_S / clock.s_per_frame))
        assert slips(state, late) < 12
        # Tumbles happen as in truth; while cells swing back from one they may look aligned.
        assert slips(twin, late) > 65 and event.value > 45
        names = [(e.name, e.object_id) for e in twin.truth.events if e.name == "tumble"]
        assert set(names) <= {("tumble", i) for i in range(len(state["walk"].speed))}
        assert np.array_equal(state["splay"], twin["splay"])


def test_coasts():
    for _, clock, state, twin, event in pairs("coasts"):
        walk, other = state["walk"], twin["walk"]
        tumbles = walk.tumbles
        glided = []
        for e, i in np.argwhere(tumbles.start_s > event.t_s - clock.s_per_frame):
            k = int(np.ceil(tumbles.start_s[e, i] / walk.dt))
            stop = int((tumbles.start_s[e, i] + tumbles.length_s[e, i]) / walk.dt)
            if stop < len(walk.xy):
                assert np.linalg.norm(walk.xy[stop] - walk.xy[k], axis=1)[i] < 0.25
                glided.append(np.linalg.norm(other.xy[stop] - other.xy[k], axis=1)[i])
        # In a tumble of 0.14 s it glides more than half of the stated way, unless just started.
        if glided:
            assert np.max(glided) > 0.25 * event.value
        assert event.value >= 5.0
        assert np.array_equal(state["axis"], twin["axis"])
        # Inertia delays the way and loses none of it.
        length = [np.linalg.norm(np.diff(w.xy, axis=0), axis=2).sum() for w in (walk, other)]
        assert length[1] == pytest.approx(length[0], rel=0.15)


def test_coasting_obeys_newton():
    """An inertial cell that stops being pushed glides on by speed × delay, and no more."""
    p, _, state = simulate_state(
        NAME, num_frames=33, seed=1, parameters={"direction": "left_to_right", "wall": "no"}
    )
    walk = state["walk"]
    k = int(walk.tumbles.start_s[0, 0] / walk.dt)
    still = walk.xy.copy()
    still[k:] = still[k]
    twin = twins._gliding(
        type(walk)(walk.dt, still, walk.heading, walk.speed, walk.tumbles, walk.touches), k, 0.05
    )
    assert np.linalg.norm(twin.xy[-1] - still[k]) == pytest.approx(p["speed"] * 0.05, rel=0.12)


def test_no_tumbles():
    sharp: tuple[list[float], list[float]] = ([], [])
    for _, clock, state, twin, event in pairs("no_tumbles"):
        assert event.value >= 1 and event.unit == "tumbles"
        late = event.frame + 1 + int(np.ceil(0.35 / clock.s_per_frame))
        assert twin["splay"][late:].max(initial=0) <= state["splay"].max()
        begun = [e for e in twin.truth.events if e.name == "tumble" and e.frame > event.frame]
        assert not begun
        assert any(e.name == "tumble" for e in state.truth.events)
        span = round(0.14 / state["walk"].dt)
        for angles, w in zip(sharp, (state["walk"], twin["walk"]), strict=True):
            heading = w.heading[event.frame * state["per_frame"] :]
            angles.extend(np.degrees(np.abs(heading[span:] - heading[:-span])).max(axis=0))
        assert slips(twin, event.frame) < 10
        # Nobody halts: in a true clip somebody does.
        k = (event.frame + 1) * state["per_frame"]
        slow = [
            (np.linalg.norm(np.diff(w.xy[k:], axis=0), axis=2) < 0.3 * w.speed * w.dt).mean()
            for w in (state["walk"], twin["walk"])
        ]
        assert slow[1] < 0.5 * slow[0]
    # Abrupt turns become wide arcs.
    assert np.quantile(sharp[0], 0.8) > 70 and np.quantile(sharp[1], 0.8) < 50


def test_mirror_bounce():
    true, false = [], []
    for p, _, state, twin, event in pairs("mirror_bounce"):
        assert event.value >= twins.STEEPEST_GRAZE and event.unit == "°"
        true.append(rebounds(p, state))
        # Who reached the wall leaves it at the angle at which it came, and goes straight.
        (i, *_) = [e.object_id for e in state.truth.events if e.name == "reaches_wall"]
        axis, xy = twin["axis"][:, i], twin["xy"][:, i]
        assert np.sin(axis[event.frame - 1]) > 0 > np.sin(axis[-1])
        angle = np.degrees(np.arcsin(-np.sin(axis[-1])))
        came = np.degrees(np.arcsin(np.sin(state["axis"][event.frame - 1, i])))
        assert angle == pytest.approx(came, abs=20)
        false.append(angle)
        assert xy[-1, 1] < xy[event.frame, 1] - 1.0
        assert slips(twin, 0) < 10
        assert np.all(twin["splay"] == 0)
    assert np.mean(true) < 15 < np.min(false) and np.mean(false) > 25


def test_refusals():
    with pytest.raises(SimulatorError, match="unknown violation 'sticks'"):
        simulate_clip(NAME, size=64, num_frames=8, seed=0, violation="sticks")
    for name, wall in (
        ("side_slip", "yes"),
        ("coasts", "yes"),
        ("no_tumbles", "yes"),
        ("mirror_bounce", "no"),
    ):
        with pytest.raises(NoTwin, match="wall"):
            simulate_clip(
                NAME, size=64, num_frames=17, seed=0, violation=name, parameters={"wall": wall}
            )
    with pytest.raises(NoTwin, match="at least 8 frames"):
        simulate_clip(NAME, size=64, num_frames=5, seed=0, violation="side_slip")


@pytest.mark.parametrize("name", NAMES)
def test_most_draws_have_a_twin(name):
    made = 0
    for seed in range(40):
        p, clock, state = simulate_state(
            NAME, num_frames=17, seed=seed, parameters={"wall": NEEDS[name]}
        )
        try:
            twins.violate(name, p, state, clock, np.random.default_rng(seed))
            made += 1
        except NoTwin:
            pass
    assert made >= 26
