"""Kinesins that break a law of their walk.

In the close-up, from the first step after the onset on:

- `both_heads_off`: the heads go on taking turns, but in each step both come off, and the motor
  goes ahead on thin air until both hold on again. A motor with both heads off diffuses away; one
  head is bound at any time (Alberts et al. 2014, Molecular Biology of the Cell, 6th ed., ch. 16).
- `inchworm`: one head always leads. It reaches forward by one dimer, and the other is drawn up
  behind it. Heads of kinesin take turns (Yildiz et al. 2004, Science 303:676).
- `long_step`: the stalk goes on by three dimers at a time (24 nm; 16 nm at first), in as few steps
  as leave its mean speed the same. Kinesin steps by one dimer (Svoboda et al. 1993, Nature
  365:721).

Among vesicles and single molecules:

- `to_minus_end`: all turn and go to the minus end, at the speeds that they had. Kinesin-1 goes to
  the plus end alone (Vale et al. 1985, Cell 43:623).
- `unbound_travel`: vesicles that touch no microtubule travel through the open, and as many on the
  tracks stand still, which pauses would allow, so that as much moves as before. Without a track a
  vesicle only jitters (Vale et al. 1985, Cell 40:449).

A motor that walks through the lattice is left out: from the side it would look like one on the near
or the far face of the tube, which is legal.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core import Clock, Event, NoTwin, Parameters, State, Truth, Violation
from ..models import kinesin_motor as motor
from ..models import kinesin_scenes as scenes
from ..models.kinesin_motor import Walk, Waypoints

VIOLATIONS = (
    Violation("both_heads_off", "At least one head holds on to the microtubule at any time."),
    Violation("inchworm", "The heads take turns in leading."),
    Violation("long_step", "Each step takes the stalk one tubulin dimer on, about 8 nm."),
    Violation("to_minus_end", "Kinesin goes to the plus end of the microtubule."),
    Violation("unbound_travel", "Only a vesicle on a microtubule travels; a loose one jitters."),
)
_LATEST = 0.4  # onset, as a share of the clip
_HOVER_NM = 5.5  # above the lattice, of the lower head in `both_heads_off`
_PASS_NM = 4.0  # by which the other head then passes higher than in a true step
_STRIDE = 3  # dimers in `long_step`
_LOW = 0.5  # lift of the hops in `inchworm`, over that of a step: there are two of them per step


def violate(
    name: str, parameters: Parameters, state: State, clock: Clock, rng: np.random.Generator
) -> State:
    """The twin of `state` that breaks the law `name`.

    The event's value: nm between the lower head and the lattice, steps without a change of the
    leading head, nm per step, µm gone towards the minus end, µm gone in the open.
    Raises `NoTwin` in a scene where the law cannot be broken, and where no step begins early
    enough or there is no room.
    """
    if name in _STEPPERS:
        if parameters["scene"] != "close_up":
            raise NoTwin(f"{name}: steps are seen in the close-up only")
        return _restepped(name, parameters, state, clock)
    if parameters["scene"] == "close_up":
        raise NoTwin(f"{name}: the close-up shows no long runs")
    last = max(1, int(_LATEST * clock.num_frames))
    onsets = rng.permutation(np.arange(1, last + 1))
    if name == "unbound_travel":
        return _unbound(parameters, state, clock, int(onsets[0]), rng)
    if parameters["scene"] == "two_tracks":
        return _vesicles_back(parameters, state, clock, onsets)
    return _molecules_back(parameters, state, clock, int(onsets[0]))


def _finish(
    p: Parameters, state: State, clock: Clock, changed: dict[str, Any], first: int, value: float,
    unit: str,
) -> State:  # fmt: skip
    twin = State(state.field_um, {**state.arrays, **changed}, Truth())
    scenes.tell(p, clock, twin)
    event = Event("violation", first, first * clock.s_per_frame, value=float(value), unit=unit)
    twin.truth.events.append(event)
    return twin


def _hopping(walk: Walk, first: int) -> list[Waypoints]:
    """True steps, but from step `first` on the head that should hold on comes off as well."""
    begin = walk.off[first]
    # The free head passes higher up, so that both can be seen.
    paths = [[(t, s, h + _PASS_NM * (h > 0 and t >= begin)) for t, s, h in path]
             for path in motor.true_paths(walk)]  # fmt: skip
    for k in range(first, len(walk.off)):
        other = 1 - k % 2
        where = sum(t < walk.off[k] for t, _, _ in paths[other])
        paths[other][where:where] = [
            (float(walk.off[k]), float(k), _HOVER_NM), (float(walk.on[k]), float(k), 0.0)
        ]  # fmt: skip
    return paths


def _creeping(walk: Walk, first: int) -> list[Waypoints]:
    """From step `first` on the head in front hops one dimer, then the other is drawn up."""
    paths = motor.true_paths(walk, before=first)
    rear, front = first % 2, 1 - first % 2
    lift = _LOW * motor.LIFT_NM
    for k in range(first, len(walk.off) - 1):
        off, on = float(walk.off[k]), float(walk.on[k])
        paths[front] += [(off, k + 0.5, lift), (0.5 * (off + on), k + 0.8, lift), (on, k + 1.0, 0)]
        rest = float(walk.off[k + 1]) - on
        up, down = on + 0.1 * rest, on + 0.8 * rest
        paths[rear] += [(up, k - 0.5, lift), (0.5 * (up + down), k - 0.2, lift), (down, k, 0.0)]
    return paths


def _striding(walk: Walk, first: int) -> list[Waypoints]:
    """From step `first` on one swing of a head takes the place of several steps."""
    paths = motor.true_paths(walk, before=first)
    place = [0.0, 0.0]
    place[first % 2], place[1 - first % 2] = first - 1.0, float(first)
    head, k, steps = first % 2, first, _STRIDE - 1
    # The first stride, from heads on neighbouring dimers, takes the stalk on by two dimers only.
    while k + steps < len(walk.off):
        times = np.stack([walk.off, walk.atp, walk.on], axis=1)[k : k + steps].ravel()
        goal = place[1 - head] + _STRIDE
        shares = np.arange(1, len(times) + 1) / len(times)
        for t, share in zip(times, shares, strict=True):
            height = motor.LIFT_NM if share < 1 else 0.0
            paths[head].append((float(t), place[head] + share * (goal - place[head]), height))
        place[head] = goal
        head, k, steps = 1 - head, k + steps, _STRIDE
    return paths


_STEPPERS = {"both_heads_off": _hopping, "inchworm": _creeping, "long_step": _striding}


def _restepped(name: str, p: Parameters, state: State, clock: Clock) -> State:
    walk, dt = state["walk"], clock.s_per_frame
    end = clock.times_s[-1]
    for first in np.flatnonzero(walk.off > 0):
        # Two true steps, or the first long stride in their place, must be seen to the end.
        after = first + 1
        if after >= len(walk.on) - 1 or walk.on[after] > end - 0.5 * dt:
            continue
        paths = _STEPPERS[name](walk, int(first))
        pose = scenes.posed(state, *motor.heads(walk, clock.times_s, paths))
        differs = np.abs(pose["along"] - state["along"]) + np.abs(pose["lift"] - state["lift"])
        changed = np.flatnonzero(differs.max(axis=0) > 0.05)
        if len(changed) and 1 <= changed[0] <= _LATEST * clock.num_frames:
            break
    else:
        raise NoTwin(f"{name}: no step begins early enough")
    onset = int(changed[0])
    # What differs by less than can be seen is the same, to the bit.
    pose = {key: np.concatenate([state[key][..., :onset], values[..., onset:]], axis=-1)
            for key, values in pose.items()}  # fmt: skip
    inside = (walk.off >= walk.off[first]) & (walk.on <= end)
    value, unit = {
        "both_heads_off": (_HOVER_NM, "nm above the lattice"),
        "inchworm": (float(inside.sum()), "steps led by the same head"),
        "long_step": (_STRIDE * motor.DIMER_NM, "nm per step after the first"),
    }[name]
    twin = _finish(p, state, clock, pose, onset, value, unit)
    # The events of the true cycle no longer tell what the heads do.
    truth, start = twin.truth, onset * dt
    truth.events[:] = [e for e in truth.events if e.name == "violation" or e.t_s < start]
    unit, held = truth.series["bound_heads"]
    touching = (pose["lift"] < 0.5 * motor.LIFT_NM * _LOW).sum(axis=0).astype(float)
    held = np.where(np.arange(clock.num_frames) < onset, held, touching)
    truth.series["bound_heads"] = (unit, held)
    return twin


def _vesicles_back(p: Parameters, state: State, clock: Clock, onsets: np.ndarray) -> State:
    rides = state["rides"]
    # No vesicle may be cut by the picture's edge on its way back.
    least = 0.06 * state.field_um + p["vesicle_diameter"]
    for first in onsets:
        back = rides.copy()
        back[first:] = 2 * rides[first - 1] - rides[first:]
        if back.min() >= least:
            gone = float((rides[-1] - rides[first - 1]).mean())
            return _finish(p, state, clock, {"rides": back}, int(first), gone, "µm")
    raise NoTwin("to_minus_end: no room on the way back")


def _molecules_back(p: Parameters, state: State, clock: Clock, first: int) -> State:
    runs, length = state["runs"].copy(), state["tracks"][0].length
    for row in runs:
        seen = np.flatnonzero(np.isfinite(row))
        if seen[-1] < first:
            continue
        # Molecules that land later run back from the site of their landing.
        start = max(first - 1, int(seen[0]))
        row[start:] = 2 * row[start] - row[start:]
        if start > first - 1:
            # A landing in the lower half would run off at once; mirrored, sites are as even.
            row[start:] += length - 2 * row[start]
    # The minus end is the end of the lattice as well.
    runs[:, first:][runs[:, first:] < 0] = np.nan
    here = np.isfinite(runs)
    if here[:, first:].sum() < 0.5 * np.isfinite(state["runs"][:, first:]).sum():
        raise NoTwin("to_minus_end: too few molecules are left on the microtubule")
    gone = float(np.nansum(-np.diff(runs[:, first - 1 :], axis=1)))
    kept = here.any(axis=1)
    changed = {"runs": runs[kept], "spans": _spans(runs[kept]), "gain": state["gain"][kept]}
    return _finish(p, state, clock, changed, first, gone / max(1, kept.sum()), "µm")


def _spans(runs: np.ndarray) -> np.ndarray:
    """Length of path (N,) of the runs in view, µm."""
    return np.nansum(np.abs(np.diff(runs, axis=1)), axis=1)


def _unbound(
    p: Parameters, state: State, clock: Clock, first: int, rng: np.random.Generator
) -> State:
    if p["scene"] != "two_tracks":
        raise NoTwin("unbound_travel: all molecules in view are bound")
    loose, rides, paused = (state[name].copy() for name in ("loose", "rides", "paused"))
    # One vesicle of each track hands its way over to a loose one: the hindmost, so that none is
    # run into.
    givers = [scenes.PER_TRACK - 1, 2 * scenes.PER_TRACK - 1]
    room = (p["vesicle_diameter"], state.field_um)
    # One goes to the left and one to the right, as the vesicles on the tracks do.
    for sign in rng.permutation([-1.0, 1.0]):
        steps = (rides[first:, givers] - rides[first - 1, givers]) * [sign, -sign]
        ways = loose[first:, :, 0] + steps
        if ways.min() > room[0] and ways.max() < room[1] - p["vesicle_diameter"]:
            break
    else:
        raise NoTwin("unbound_travel: no room in the open")
    loose[first:, :, 0] = ways
    for giver in givers:
        rides[first:, giver] = rides[first - 1, giver]
        paused[first:, giver] = True
    gone = float(np.abs(loose[-1, :, 0] - loose[first - 1, :, 0]).mean())
    changed = {"loose": loose, "rides": rides, "paused": paused}
    return _finish(p, state, clock, changed, first, gone, "µm")
