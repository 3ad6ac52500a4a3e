"""Law-breaking twins of capillary flow.

- `through_wall`: red cells leave the lumen through the closed wall of a capillary and travel on in
  the tissue, at their old speed. Plasma filters through the wall, cells stay inside (Hall 2016,
  Guyton and Hall Textbook of Medical Physiology, 13th ed., ch. 16).
- `faster_in_wide`: speed grows with the section instead of falling with it, u ∝ A (or its root) for
  u = Q / A; the time across the view stays the same. Continuity demands the opposite (Fung 1997,
  Biomechanics: Circulation). Needs a narrowing: of two daughters of a fork the wider *is* faster.
- `lost_cells`: at a fork, or at one place of an unbranched vessel, every third cell is gone. Blood
  cells are conserved: what enters leaves (Pries et al. 1989, Microvasc Res 38:81). This law is
  about count: the number in view falls by about a fifth, by one cell at a time.
- `overtakes`: cells in single file run through the cell ahead and come out in front, the other
  falling back as far. In a bore that a cell fills there is no room to pass (Secomb 2011, Med Eng
  Phys 33:800).
- `swells`: each cell grows, or shrinks, to 2.2 times (or 1/2.2 of) its area along the vessel, at
  nearly constant mean area. A red cell keeps its volume, and its membrane withstands only a few per
  cent of stretch (Evans, Waugh & Melnik 1976, Biophys J 16:585).
"""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np

from ..core import Clock, Event, NoTwin, Parameters, State, Truth, Violation
from ..phenomena import capillary_flow as world

VIOLATIONS = (
    Violation("through_wall", "Red cells stay inside the vessel."),
    Violation(
        "faster_in_wide", "One flux passes every section: cells are faster where it narrows."
    ),
    Violation("lost_cells", "As many red cells leave as enter: none is lost on the way."),
    Violation("overtakes", "Red cells in single file cannot pass through one another."),
    Violation("swells", "A red cell keeps its size along an even vessel."),
)

_LATEST = 0.4  # onset, as a share of the clip, so that most of it shows the broken law
_WALL_UM = 1.5
_SMALL, _LARGE = 0.75, 1.11  # linear size of a cell at the ends of the view in `swells`


def violate(
    name: str, parameters: Parameters, state: State, clock: Clock, rng: np.random.Generator
) -> State:
    """The twin of `state` that breaks the law `name`; see the package for the contract."""
    breaks = {
        "through_wall": _through_wall,
        "faster_in_wide": _faster_in_wide,
        "lost_cells": _lost_cells,
        "overtakes": _overtakes,
        "swells": _swells,
    }
    return breaks[name](parameters, state, clock, rng)


def _onsets(clock: Clock, rng: np.random.Generator) -> list[int]:
    """Allowed first frames of a violation, in random order."""
    return [int(f) for f in rng.permutation(np.arange(1, int(_LATEST * clock.num_frames) + 1))]


def _along(p: Parameters, state: State, x: np.ndarray) -> np.ndarray:
    """Distance (µm) from the edge of the view at which the blood comes in."""
    return state.field_um - x if p["direction"] == "right_to_left" else x


def _moved(p: Parameters, state: State, age: np.ndarray, first: int) -> dict[str, Any]:
    """The arrays of `state` with the cells at another `age` (T, N) from frame `first` on."""
    arrays = dict(state.arrays)
    placed = world.place(state["routes"], state["taken"], age)
    if p["direction"] == "right_to_left":
        # The routes of a mirrored state are mirrored already, but not their headings.
        placed["heading"] = np.pi - placed["heading"]
    same = np.broadcast_to((age == state["age"]).all(axis=0), age.shape).copy()
    same[:first] = True
    for name, values in placed.items():
        arrays[name] = np.where(same, state[name], values)
    arrays["age"] = age
    _look(arrays, state.field_um)
    return arrays


def _look(arrays: dict[str, Any], field_um: float) -> None:
    x = arrays["x"]
    arrays["seen"] = arrays["present"] & (x >= 0) & (x <= field_um)


def _finish(
    p: Parameters, state: State, clock: Clock, arrays: dict[str, Any], first: int, value: float,
    unit: str, cell: int = -1,
) -> State:  # fmt: skip
    truth: Truth = world.tell(p, clock, arrays, state.field_um)
    t = first * clock.s_per_frame
    truth.events.append(Event("violation", first, t, cell, value=float(value), unit=unit))
    return State(state.field_um, arrays, truth)


def _arcs(route: dict[str, np.ndarray]) -> np.ndarray:
    """Length along the centre line (µm) at each of its points."""
    steps = np.linalg.norm(np.diff(route["xy"], axis=0), axis=1)
    return np.concatenate([[0.0], np.cumsum(steps)])


def _through_wall(p: Parameters, state: State, clock: Clock, rng: np.random.Generator) -> State:
    up = float(rng.choice([-1.0, 1.0]))
    along = _along(p, state, state["x"])
    for first in _onsets(clock, rng):
        here = state["seen"][first - 1] & (along[first - 1] < 0.6 * state.field_um)
        for lead in rng.permutation(np.flatnonzero(here)):
            for side in (up, -up):
                twin = _leak(p, state, clock, first, int(lead), side)
                if twin is not None:
                    return twin
    raise NoTwin("through_wall: no red cell has the way left to leave the vessel")


def _leak(
    p: Parameters, state: State, clock: Clock, first: int, lead: int, up: float
) -> State | None:
    """Cell `lead` and some that follow leave upwards in the picture (`up` -1) or downwards (1)."""
    which = int(state["taken"][lead])
    if len(state["routes"]) == 2:
        up = (-1.0, 1.0)[which]  # away from the other branch
    route = state["routes"][which]
    arc = _arcs(route)
    s = np.interp(state["age"], route["time"], arc)
    hole = s[first - 1, lead]
    widest = float(route["bore"][arc >= hole].max())
    width = float(state["width"][first - 1, lead])
    far = widest / 2 + _WALL_UM + width / 2 + 0.4
    # Sideways the cell follows a smooth ramp, and keeps its speed along the oblique path.
    ramp = 1.8 * far
    gone = np.linspace(0.0, arc[-1] + ramp, 800)
    u = np.clip(gone / ramp, 0, 1)
    slope = far / ramp * 6 * u * (1 - u)
    ahead = np.concatenate([[0.0], np.cumsum(np.sqrt(1 - slope[:-1] ** 2) * np.diff(gone))])
    followers = np.flatnonzero((state["taken"] == which) & (np.arange(s.shape[1]) >= lead))
    chosen = followers[:: 3 if p["count"] == "many" else 2]
    age = state["age"].copy()
    travelled = np.clip(s[:, chosen] - hole, 0, None)
    past = travelled > 0
    past[:first] = False
    place = np.interp(hole + np.interp(travelled, gone, ahead), arc, route["time"])
    age[:, chosen] = np.where(past, place, age[:, chosen])
    arrays = _moved(p, state, age, first)
    aside = np.where(past, far * _smooth(travelled / ramp), 0.0)
    heading = arrays["heading"][:, chosen]
    sense = up * np.sign(np.cos(heading))
    arrays["x"][:, chosen] += -np.sin(heading) * sense * aside
    arrays["y"][:, chosen] += np.cos(heading) * sense * aside
    arrays["heading"][:, chosen] += sense * np.arcsin(np.interp(travelled, gone, slope)) * past
    # Out of the vessel nothing squeezes the cell any more: it keeps the shape that it had.
    arrays["width"][:, chosen] = np.where(past, width, arrays["width"][:, chosen])
    arrays["offset"] = np.zeros_like(age)
    arrays["offset"][:, chosen] = aside
    _look(arrays, state.field_um)
    seen = arrays["seen"][:, chosen]
    outside = seen & (aside > widest / 2 + width / 2)
    low, high = arrays["y"][:, chosen] < 2, arrays["y"][:, chosen] > state.field_um - 2
    if outside[:, 0].sum() < 2 or (outside & (low | high)).any():
        return None
    value = float((aside - widest / 2)[seen].max())
    return _finish(p, state, clock, arrays, first, value, "µm beyond the lumen", lead)


def _smooth(u: np.ndarray) -> np.ndarray:
    """0 to 1 over u from 0 to 1, smooth at both ends."""
    u = np.clip(u, 0, 1)
    return u * u * (3 - 2 * u)


def _faster_in_wide(p: Parameters, state: State, clock: Clock, rng: np.random.Generator) -> State:
    if p["layout"] != "narrowing":
        raise NoTwin("faster_in_wide: the vessel does not narrow")
    route = state["routes"][0]
    arc, x = _arcs(route), route["xy"][:, 0]
    inside = (x[1:] >= 0) & (x[1:] <= state.field_um)
    steps = np.diff(arc)
    waist = int(np.argmin(route["bore"]))
    # Cells bunch where they are slow: what makes them collide is tried at half the strength.
    for first, power in product(_onsets(clock, rng), (1.0, 0.5)):
        wrong = route["speed"] ** -power
        time = np.concatenate([[0.0], np.cumsum(steps * 2 / (wrong[1:] + wrong[:-1]))])
        # Every cell takes as long across the view as it would have.
        time *= np.diff(route["time"])[inside].sum() / np.diff(time)[inside].sum()
        known = state["age"][first - 1]
        begin = np.where(known > 0, np.interp(known, route["time"], time), known)
        later = clock.times_s - clock.times_s[first - 1]
        wronged = begin[None, :] + np.clip(later, 0, None)[:, None]
        # Back to the ages at which the true cell would be at the same place.
        age = np.where(wronged > 0, np.interp(wronged, time, route["time"]), wronged)
        age[:first] = state["age"][:first]
        arrays = _moved(p, state, age, first)
        s = np.interp(age[first:], route["time"], arc)
        squeezed = arrays["seen"][first:] & (np.abs(s - arc[waist]) < 5.0)
        free = arrays["seen"][first:] & (np.abs(s - arc[waist]) > 10.0)
        # A pair of frames is the least that shows the speed of a cell.
        shown = (squeezed.sum(axis=0) >= 2).any() and (free.sum(axis=0) >= 2).any()
        gap = world.closest_gap(arrays)
        if shown and not (np.nanmin(gap, initial=np.inf) < 0):
            ratio = wrong[waist] / wrong[0]
            return _finish(p, state, clock, arrays, first, ratio, "speed in the waist / outside it")
    raise NoTwin("faster_in_wide: slower cells in the waist would run into one another")


def _lost_cells(p: Parameters, state: State, clock: Clock, rng: np.random.Generator) -> State:
    along = _along(p, state, state["x"])
    last = int(_LATEST * clock.num_frames)
    if p["layout"] == "fork":
        upper, lower = (route["xy"] for route in state["routes"])
        apart = np.abs(upper[:, 1] - lower[:, 1]) > 2.0
        apex = float(_along(p, state, upper[:, 0])[apart].min())
        places = [apex + shift for shift in rng.permutation(np.linspace(0.0, 8.0, 5))]
    else:
        places = list(rng.uniform(0.45, 0.75, 8) * state.field_um)
    for place in places:
        passed = (along[1:] > place) & (along[:-1] <= place) & state["seen"][1:]
        when = np.where(passed.any(axis=0), 1 + passed.argmax(axis=0), clock.num_frames)
        order = np.argsort(when, kind="stable")
        order = order[when[order] < clock.num_frames]
        # Cells go from the first that comes early enough on; the rest of the view is as it was.
        if len(order) == 0 or not 1 <= when[order[0]] <= last:
            continue
        lost = order[::3]
        arrays = dict(state.arrays)
        for name in ("x", "y", "present"):
            arrays[name] = arrays[name].copy()
        for k in lost:
            arrays["present"][when[k] :, k] = False
            for name in ("x", "y"):
                arrays[name][when[k] :, k] = arrays[name][when[k] - 1, k]
        _look(arrays, state.field_um)
        share = len(lost) / len(order)
        first = int(when[order[0]])
        twin = _finish(
            p, state, clock, arrays, first, share, "lost of the cells that arrive", int(order[0])
        )
        # They do not leave: what the true state told of their exit does not happen.
        gone = {int(k) for k in lost}
        twin.truth.events[:] = [
            e for e in twin.truth.events if not (e.name == "leaves" and e.object_id in gone)
        ]
        return twin
    raise NoTwin("lost_cells: no red cell passes the place of loss early enough")


def _overtakes(p: Parameters, state: State, clock: Clock, rng: np.random.Generator) -> State:
    taken, true = state["taken"], state["age"]
    pairs = np.flatnonzero(taken[1:] == taken[:-1])
    for first in _onsets(clock, rng):
        age = true.copy()
        found: list[int] = []
        for front in rng.permutation(pairs):
            rear = front + 1
            lead = true[0, front] - true[0, rear]
            # The two swap places in some eight frames; the one passed still creeps forwards.
            frames = int(np.ceil(lead / (0.85 * clock.s_per_frame)))
            frames = max(frames, min(clock.num_frames // 2, 8))
            middle, end = first - 1 + frames // 2, first - 1 + frames
            both = state["seen"][:, front] & state["seen"][:, rear]
            if end >= clock.num_frames or not both[[first, middle, end]].all():
                continue
            if found and min(abs(front - other) for other in found) < 2:
                continue
            share = np.clip((np.arange(clock.num_frames) - first + 1) / frames, 0, 1)
            age[:, front] = true[:, front] - share * lead
            age[:, rear] = true[:, rear] + share * lead
            found.append(int(front))
            if len(found) == 2:
                break
        if found:
            arrays = _moved(p, state, age, first)
            overlap = -np.nanmin(world.closest_gap(arrays))
            if overlap > 1.5:
                return _finish(
                    p, state, clock, arrays, first, overlap, "µm of overlap", found[0] + 1
                )
    raise NoTwin("overtakes: no two cells are close enough for one to pass the other in the clip")


def _swells(p: Parameters, state: State, clock: Clock, rng: np.random.Generator) -> State:
    first = _onsets(clock, rng)[0]
    ends = (_SMALL, _LARGE) if rng.random() < 0.5 else (_LARGE, _SMALL)
    share = np.clip(_along(p, state, state["x"]) / state.field_um, 0, 1)
    wanted = ends[0] + (ends[1] - ends[0]) * share
    # Sizes go over to the new law in a few frames: none of them jumps.
    passing = max(2.0, 0.2 * clock.num_frames)
    begun = np.clip((np.arange(clock.num_frames) - first + 1) / passing, 0, 1)[:, None]
    size = 1 + begun * (wanted - 1)
    arrays = dict(state.arrays)
    arrays["width"] = state["width"] * size
    arrays["volume"] = state["volume"] * size**3
    ratio = (ends[1] / ends[0]) ** 2
    return _finish(p, state, clock, arrays, first, ratio, "area at the exit / at the entrance")
