"""DNA replication that breaks a law.

- `ahead_of_fork`: the forks fall behind the strand that is made on one arm, and new DNA grows along
  parental duplex that is still closed. Polymerases copy opened, single template (Alberts et al.
  2014, Molecular Biology of the Cell, 6th ed., ch. 5).
- `grows_to_fork` (close-up): the lagging arm is copied without a break, its strand growing towards
  the fork, against 5' to 3', with as much template bare as before. It is made in fragments that
  grow away from the fork (Okazaki et al. 1968, PNAS 59:598).
- `parents_reanneal`: the forks run back, parental strands close again and what was copied is gone;
  then all goes on. What is copied stays copied.
- `old_with_old`: what is copied from the onset on is two new strands on one arm and two old ones on
  the other. Each daughter keeps one old strand (Meselson & Stahl 1958, PNAS 44:671).
- `missing_daughter` (bubbles and ring): a stretch behind one fork has one daughter only, the
  second is missing. One parental duplex becomes two (Cairns 1963, J Mol Biol 6:208).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core import Clock, Event, NoTwin, Parameters, State, Truth, Violation
from ..models import dna_scenes as scenes
from ..models.dna_layout import CANVAS

VIOLATIONS = (
    Violation("ahead_of_fork", "New DNA is made behind the fork, on templates that are open."),
    Violation("grows_to_fork", "Fragments of the lagging strand grow away from the fork."),
    Violation("parents_reanneal", "What is copied stays copied: forks do not run back."),
    Violation("old_with_old", "Each daughter duplex has one old and one new strand."),
    Violation("missing_daughter", "Behind a fork one duplex has become two."),
)
_LATEST = 0.4  # onset, as a share of the clip
_AHEAD = {"fork": 0.16, "bubbles": 0.13, "ring": 0.14}
"""How far ahead of the forks new DNA gets, as a share of the field."""
_GAIN = 1.5  # how far ahead new DNA gets for each µm that the forks would have gone
_GAP = {"bubbles": 0.11, "ring": 0.17}  # length of the missing daughter, as a share of the field
_BACK = 0.12  # frames that the forks run back, as a share of the clip
_FASTER = 1.2  # their speed afterwards over that of before
_SEEN = 0.6  # units by which a fork must have moved for a change of what it leaves to be seen


def violate(
    name: str, parameters: Parameters, state: State, clock: Clock, rng: np.random.Generator
) -> State:
    """The twin of `state` that breaks the law `name`.

    The event's value: µm that new DNA is ahead of the fork at most, µm of lagging strand grown
    towards the fork, µm that the parents close again, µm copied in a wrong way.
    Raises `NoTwin` in a scene where the law cannot be broken, and where no primer is laid early
    enough.
    """
    last = max(1, int(_LATEST * clock.num_frames))
    if name == "ahead_of_fork":
        return _ahead(parameters, state, clock, int(rng.integers(1, last + 1)))
    if name == "parents_reanneal":
        return _back(parameters, state, clock, last, rng)
    if name == "grows_to_fork":
        return _grows(parameters, state, clock, last)
    if name == "missing_daughter" and parameters["scene"] == "fork":
        raise NoTwin("missing_daughter: a single fork is seen too near for that")
    return _marked(name, parameters, state, clock, int(rng.integers(1, last + 1)), rng)


def _finish(
    p: Parameters, state: State, clock: Clock, changed: dict[str, Any], first: int, value: float
) -> State:
    twin = State(state.field_um, {**state.arrays, **changed}, Truth())
    scenes.tell(p, clock, twin)
    event = Event("violation", first, first * clock.s_per_frame, value=float(value), unit="µm")
    twin.truth.events.append(event)
    return twin


def _lead(state: State, changed: dict[str, Any], first: int, gain: Any) -> None:
    """Sets `fronts`: where the true ones would be behind the changed forks, and `gain` further."""
    lag = (state["fronts"] - state["forks"])[0]
    changed["fronts"] = changed["forks"] + lag + gain
    # What comes before the onset is the same to the bit.
    changed["fronts"][:first] = state["fronts"][:first]


def _ahead(p: Parameters, state: State, clock: Clock, first: int) -> State:
    """Forks slow down and new strands on one arm gain, by as much, until these are ahead."""
    raw, ahead = state["raw"], _AHEAD[p["scene"]] * state.field_um
    gone = np.abs(raw - raw[first - 1])
    apart = np.where(np.arange(len(raw))[:, None] < first, 0.0, np.minimum(_GAIN * gone, ahead))
    way = np.sign(raw[-1] - raw[0])
    changed = scenes.settle(p, {**state.arrays, "raw": raw - 0.5 * apart * way})
    _lead(state, changed, first, apart * way)
    if apart.max() * CANVAS / state.field_um < scenes.LAG_UNITS[p["scene"]] + _SEEN:
        raise NoTwin("ahead_of_fork: the clip ends too soon")
    return _finish(p, state, clock, changed, first, apart.max())


def _back(p: Parameters, state: State, clock: Clock, last: int, rng: np.random.Generator) -> State:
    """Time runs back for a while, then on again, a little faster as some way was lost."""
    count = max(1, round(_BACK * clock.num_frames))
    first = int(rng.integers(min(count + 1, last), last + 1))
    count = min(count, first - 1)
    if count < 1:
        raise NoTwin("parents_reanneal: nothing to close again")
    frames = np.arange(clock.num_frames)
    turn = first - 1 - count
    late = np.minimum(turn + _FASTER * (frames - first - count + 1), clock.num_frames - 1)
    when = np.where(frames < first, frames, np.where(frames < first + count,
                                                     2 * first - 2 - frames, late))  # fmt: skip
    raw = np.stack([np.interp(when, frames, path) for path in state["raw"].T], axis=1)
    changed = scenes.settle(p, {**state.arrays, "raw": raw})
    _lead(state, changed, first, 0.0)
    closed = np.abs(raw[first - 1] - raw[first + count - 1]).max()
    if closed * CANVAS / state.field_um < _SEEN:
        raise NoTwin("parents_reanneal: the forks have hardly moved")
    return _finish(p, state, clock, changed, first, closed)


def _grows(p: Parameters, state: State, clock: Clock, last: int) -> State:
    if p["scene"] != "fork":
        raise NoTwin("grows_to_fork: fragments are seen in the close-up only")
    path = state["forks"][:, 1]
    least = _SEEN * state.field_um / CANVAS
    for site in state["sites"]:
        here = np.flatnonzero(path > site)
        # The fork must be past the site, and the primer laid there, by the onset.
        if site > path[0] and len(here) and 1 <= here[0] <= last:
            twin = _finish(p, state, clock, {"unbroken_from": float(site)}, int(here[0]), 0.0)
            grown = scenes.arm(twin, clock.num_frames - 1).tip - scenes.arm(twin, int(here[0])).tip
            if grown < least:
                raise NoTwin("grows_to_fork: the clip ends too soon")
            changed = {"unbroken_from": float(site)}
            return _finish(p, state, clock, changed, int(here[0]), grown)
    raise NoTwin("grows_to_fork: no primer is laid early enough")


def _marked(
    name: str, p: Parameters, state: State, clock: Clock, first: int, rng: np.random.Generator
) -> State:
    """What the forks open from the frame before `first` on is made in the wrong way."""
    start = state["forks"][first - 1]
    gone = np.abs(state["forks"] - start).sum(axis=1)
    moved = np.flatnonzero((gone > 0) & (np.arange(len(gone)) >= first))
    if len(moved) == 0 or moved[0] > _LATEST * clock.num_frames:
        raise NoTwin(f"{name}: the forks hardly move")
    if gone[-1] * CANVAS / state.field_um < _SEEN * state["forks"].shape[1]:
        raise NoTwin(f"{name}: the clip ends too soon")
    if name == "old_with_old":
        return _finish(p, state, clock, {"swapped_from": start}, int(moved[0]), gone[-1])
    # One fork alone leaves one gap in one daughter, so that the picture hardly gets emptier.
    ways = np.abs(state["forks"] - start)
    number = int(rng.integers(ways.shape[1]))
    longest = _GAP[p["scene"]] * state.field_um
    late = ways[:, number]
    moved = np.flatnonzero((late > 0) & (np.arange(len(late)) >= first))
    if len(moved) == 0 or moved[0] > _LATEST * clock.num_frames or late[-1] < 0.5 * longest:
        raise NoTwin("missing_daughter: the fork hardly moves")
    since = np.where(np.arange(ways.shape[1]) == number, start, np.nan)
    changed = {"missing_from": since, "missing_um": longest,
               "missing_arm": int(rng.choice([-1, 1]))}  # fmt: skip
    return _finish(p, state, clock, changed, int(moved[0]), min(longest, float(late[-1])))
