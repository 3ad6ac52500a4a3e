"""Membrane transport that breaks a law.

A twin is simulated anew from the true clip's start with the same random numbers; from the onset on
the terms change on which molecules are carried, so that as many move as before, and as far.

- `through_lipid`: who would have gone through a protein crosses the bare bilayer beside it. Lipid
  is all but closed to ions and sugars (Alberts et al. 2014, Molecular Biology of the Cell, 6th ed.,
  ch. 11). Gates go on opening and shutting.
- `uphill`: channels and carriers take molecules from the poor side to the rich one only. Without a
  source of energy net transport runs down the gradient (Alberts et al. 2014, ch. 11); single
  molecules may go up. Needs some molecules on the poor side.
- `not_conserved`: four or more molecules fade away in open solution, or, in as many clips, spring
  up there. In a closed box each kind keeps its number (Weiss 1996, Cellular Biophysics, vol. 1).
- `both_gates_open`: the gate towards which a load is carried opens while the other one still is
  open, as long and as often as before. A carrier or pump is open to one side at a time (Jardetzky
  1966, Nature 211:969; Gadsby 2009, Nat Rev Mol Cell Biol 10:344).
- `swapped_ratio`: pumps take two sodium ions out and three potassium ions in. They exchange three
  for two (Post & Jolly 1957, Biochim Biophys Acta 25:118).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ..core import Clock, Event, NoTwin, Parameters, State, Truth, Violation
from ..models import membrane_crossing as crossing
from ..models import membrane_geometry
from ..models.membrane_crossing import LEAD, Load
from ..phenomena import membrane_transport as world

VIOLATIONS = (
    Violation("through_lipid", "Ions and glucose cross through proteins, never through lipid."),
    Violation("uphill", "Through channels and carriers net transport is down the gradient."),
    Violation("not_conserved", "No molecule vanishes or springs up in a closed box."),
    Violation("both_gates_open", "A carrier or pump is never open to both sides at once."),
    Violation("swapped_ratio", "A pump takes three sodium ions out and two potassium ions in."),
)
_LATEST = 0.4  # first frame that differs, as a share of the clip
_LEAST_FRAMES = 8
_TRIES = 10  # onsets that are tried
_LOST = 4, 6  # molecules, at least and at most
_LEAST_CROSSING = 2
SHIFT = 0.38
"""By how much of a cycle the second gate is early in `both_gates_open`."""
_RELEASE_EARLY = (0.22, 0.31)  # shares of the cycle, as in `models.membrane_crossing`
_BIND_EARLY = (0.31, 0.40)


def violate(
    name: str, parameters: Parameters, state: State, clock: Clock, rng: np.random.Generator
) -> State:
    """The twin of `state` that breaks the law `name`.

    The event's value: molecules that cross lipid; molecules gained by the rich side; molecules
    gained (below 0: lost); frames, over all proteins, with both gates more than half open; sodium
    ions per cycle.
    """
    p, n = parameters, clock.num_frames
    if n < _LEAST_FRAMES:
        raise NoTwin(f"{name}: at least {_LEAST_FRAMES} frames are needed to show it")
    if name in ("both_gates_open", "swapped_ratio") and p["protein"] == "channel":
        raise NoTwin(f"{name}: a channel has no cycle")
    if name == "swapped_ratio" and p["protein"] == "carrier":
        raise NoTwin("swapped_ratio: a carrier takes one kind of molecule")
    if name == "uphill" and p["protein"] == "pump":
        raise NoTwin("uphill: pumps do take ions uphill")
    last = max(1, int(_LATEST * n))
    onsets = rng.permutation(np.arange(1, last + 1))
    if name == "not_conserved":
        return _not_conserved(p, state, clock, int(onsets[-1]), rng)
    times = np.linspace(0, world.turns(p, n), n)
    for first in onsets[:_TRIES]:
        twin = _rerun(name, p, state, clock, float(times[first - 1]))
        begin = _first_difference(state, twin)
        if begin is None or begin > last:
            continue
        value, unit = _effect(name, p, twin, begin)
        if value >= _LEAST_CROSSING:
            return _mark(twin, clock, begin, value, unit)
    raise NoTwin(f"{name}: nothing is carried early enough, or no molecule is there to be carried")


def _mark(twin: State, clock: Clock, first: int, value: float, unit: str) -> State:
    event = Event("violation", first, first * clock.s_per_frame, value=float(value), unit=unit)
    twin.truth.events.append(event)
    return twin


def _first_difference(state: State, twin: State) -> int | None:
    apart = np.abs(twin["xy"] - state["xy"]).max(axis=(1, 2))
    apart = np.maximum(apart, np.abs(twin["gates"] - state["gates"]).max(axis=(1, 2)))
    differs = np.flatnonzero(apart > 0)
    return int(differs[0]) if len(differs) else None


def _rerun(name: str, p: Parameters, state: State, clock: Clock, begin: float) -> State:
    """The clip over again, with the law broken by all loads chosen after `begin`, in cycles."""
    if name == "both_gates_open":
        return _early_gate(p, state, clock, begin)
    loads = [
        replace(load, **_terms(name, p, state, load)) if load.start > begin else load
        for load in state["loads"]
    ]
    return world.run(p, clock, state, loads)


def _terms(name: str, p: Parameters, state: State, load: Load) -> dict[str, Any]:
    """What changes for one load."""
    if name == "through_lipid":
        return {"lane": state["membrane"].gap(load.machine)}
    if name == "swapped_ratio":
        return {"count": 5 - load.count}
    if p["protein"] == "channel":
        return {"side": 1, "chance": crossing.ALWAYS}
    return {"chance": crossing.ALWAYS if load.side == 1 else crossing.NEVER}


def _early_gate(p: Parameters, state: State, clock: Clock, begin: float) -> State:
    starts = state["starts"]
    lengths = np.diff(starts, axis=1)
    # A cycle can break the law if its second gate is to open after the onset.
    opens = starts[:, :-1] + (crossing.FACING[1] - crossing.OPENING - SHIFT) * lengths
    since = (opens <= begin).sum(axis=1)
    loads = []
    for load in state["loads"]:
        if load.cycle >= since[load.machine]:
            t0, length = starts[load.machine, load.cycle], lengths[load.machine, load.cycle]

            def at(
                window: tuple[float, float], t0: float = t0, length: float = length
            ) -> tuple[float, float]:
                return float(t0 + window[0] * length), float(t0 + window[1] * length)

            if load.side == 0:
                load = replace(load, leave=at(_RELEASE_EARLY))
            else:
                enter = at(_BIND_EARLY)
                load = replace(load, enter=enter, start=max(begin + 1e-9, enter[0] - LEAD[1]))
        loads.append(load)
    return world.run(p, clock, state, loads, SHIFT, since)


def _effect(name: str, p: Parameters, twin: State, first: int) -> tuple[float, str]:
    """Size and unit of the effect."""
    if name == "both_gates_open":
        both = (twin["gates"][first:] > 0.5).all(axis=-1)
        return float(both.sum()), "frames with both gates open"
    if name == "swapped_ratio":
        return 2.0, "sodium ions out per cycle"
    sides = world.sides_seen(p, twin)
    if name == "uphill":
        gained = (sides[first] == 1).sum() - (sides[-1] == 1).sum()
        return float(gained), "molecules gained by the rich side"
    return float(bare_crossings(p, twin)), "molecules through lipid"


def bare_crossings(p: Parameters, state: State) -> int:
    """How often a molecule went through the middle of the membrane outside all proteins."""
    membrane, xy = state["membrane"], 1000 * state["xy"]
    depth = xy[..., 1] - 0.5 * membrane.field
    within = np.abs(depth) < membrane.half + 0.5 * membrane.radius
    beside = np.abs(xy[..., 0, None] - membrane.axes).min(axis=-1) > membrane.width
    seen = (within & beside & (state["shown"] > 0.5)).astype(int)
    return int(((seen[1:] == 1) & (seen[:-1] == 0)).sum())


def _not_conserved(
    p: Parameters, state: State, clock: Clock, first: int, rng: np.random.Generator
) -> State:
    n, xy, membrane = clock.num_frames, state["xy"], state["membrane"]
    depth = np.abs(1000 * xy[..., 1] - 0.5 * membrane.field)
    free = np.flatnonzero((depth >= membrane.half + membrane.radius).all(axis=0))
    count = int(np.clip(round(0.2 * len(state["kinds"])), *_LOST))
    if len(free) < count:
        raise NoTwin("not_conserved: too few molecules stay in open solution")
    chosen = rng.permutation(free)[:count]
    fading = max(2, round(0.1 * n))
    begins = np.sort(np.r_[first, rng.integers(first, max(first + 1, int(0.6 * n)), count - 1)])
    left = np.clip(1 - (np.arange(n)[:, None] - begins + 1) / fading, 0, 1)
    arrays = {k: state[k] for k in ("xy", "kinds", "sides", "shown")}
    gone = bool(rng.random() < 0.5)
    if gone:
        arrays["shown"] = arrays["shown"].copy()
        arrays["shown"][:, chosen] = left
    else:
        # As many of the same kinds on the same sides, each on a way of its own.
        sides, kinds = state["sides"][chosen], state["kinds"][chosen]
        start = membrane_geometry.scatter(membrane, sides, rng)
        times = np.linspace(0, world.turns(p, n), n)
        paths = crossing.follow(
            membrane, start, sides, kinds, [], times, world.substeps(n),
            world.spread(p, membrane, n), int(rng.integers(2**62)),
        )  # fmt: skip
        more = paths.xy / 1000
        if p["direction"] == "upwards":
            more[..., 1] = state.field_um - more[..., 1]
        new = {"xy": more, "kinds": kinds, "sides": sides, "shown": 1 - left}
        arrays = {
            k: np.concatenate([arrays[k], new[k]], axis=0 if k in ("kinds", "sides") else 1)
            for k in arrays
        }
    twin = State(state.field_um, {**state.arrays, **arrays}, Truth())
    world.tell(p, clock, twin)
    return _mark(twin, clock, first, -count if gone else count, "molecules gained")
