"""Law-breaking twins of a phagocyte that swallows beads or bacteria.

- `slips_through`: the target slides into the cell through its unbroken surface, which raises no
  cup: as much actin as a cup has lies flat in the surface. A particle enters only by being folded
  in (Swanson 2008, Nat Rev Mol Cell Biol 9:639).
- `no_contact`: the flanks rise around the target and close at a distance, with fluid between them.
  The zipper needs ligand and receptor in contact all the way round (Griffin et al. 1975, J Exp Med
  142:1263).
- `vanishes_outside`: the target fades away in its open cup and appears in the cell, while the empty
  cup closes. Particles are digested in closed vacuoles, and over hours (Kinchen & Ravichandran
  2008, Nat Rev Mol Cell Biol 9:781).
- `takes_bare`: the bare bead is swallowed and the one with antibodies stays outside (Griffin et al.
  1975).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ..core import Clock, Event, NoTwin, Parameters, State, Violation
from ..models.phagocytic_cup import Target, radii, rim_point, turned
from ..models.phagocytic_uptake import PRESS_UM, timetable
from ..phenomena import phagocytosis as world

VIOLATIONS = (
    Violation("slips_through", "A particle enters a cell only in a fold of the cell's surface."),
    Violation("no_contact", "A phagocyte's surface takes up only what it touches all round."),
    Violation("vanishes_outside", "A particle persists until a closed vacuole holds it."),
    Violation("takes_bare", "A phagocyte takes up the coated particle and leaves the bare one."),
)
_TOO_FAR = 0.45  # covered share at which it is too late to undo a cup
_FEWEST = 8
_THINNER = 0.45  # a wider cup has a thinner wall, which makes up for its motion
# A target that slides sways, which makes up for the motion of the flanks: µm, swings in all.
_SWAY_UM, _BOB_UM, _SWINGS = 0.42, 0.22, 3
_PLATE = 1.25  # length of the flat actin over that of the cup


def violate(
    name: str, parameters: Parameters, state: State, clock: Clock, rng: np.random.Generator
) -> State:
    """The twin of `state` that breaks the law `name`; see the package for the contract.

    The event's value is the width of the gap (`no_contact`), the engulfed share when the target was
    half gone (`vanishes_outside`), the way through the surface (`slips_through`) or the number of
    bare beads swallowed (`takes_bare`).
    """
    if clock.num_frames < _FEWEST:
        raise NoTwin(f"{name}: needs at least {_FEWEST} frames, got {clock.num_frames}")
    breaks: dict[str, Callable[..., tuple[list[Target], int, float, str]]] = {
        "slips_through": _slips_through,
        "no_contact": _no_contact,
        "vanishes_outside": _vanishes_outside,
        "takes_bare": _takes_bare,
    }
    targets, first, value, unit = breaks[name](parameters, state, clock, rng)
    shaping = [t for t in targets if t.kind != "bare" or name == "takes_bare"]
    if name == "takes_bare":
        targets = _at_rest(state, targets, first)
        shaping = targets
    radius = radii(state["body"], state["cytoplasm"], clock.times_s, shaping)
    radius = np.concatenate([state["radius"][:first], radius[first:]])
    if name != "takes_bare" and parameters["targets"] == "coated_and_bare":
        targets[1] = replace(targets[1], centre=_ride(state, targets[1], radius, first))
    twin = world.assemble(parameters, clock, state.field_um, dict(state.arrays), targets, radius)
    twin["outline"][:first] = state["outline"][:first]
    truth = twin.truth
    if name == "slips_through":
        # No cup is raised from the onset on.
        truth.events[:] = [e for e in truth.events if e.name == "closure" or e.frame < first]
    if name == "vanishes_outside":
        truth.series["opacity_1"] = ("1", targets[0].opacity)
    truth.events.append(
        Event("violation", first, first * clock.s_per_frame, value=value, unit=unit)
    )
    return twin


def _onset(
    name: str, state: State, clock: Clock, rng: np.random.Generator, low: float, high: float
) -> int:
    """A first frame of the violation between these shares of the clip, while the cup is low."""
    share = state["targets"][0].covered / state["targets"][0].arc
    frames = range(max(1, int(low * clock.num_frames)), int(high * clock.num_frames) + 1)
    span = [f for f in frames if share[f - 1] < _TOO_FAR]
    if not span:
        raise NoTwin(f"{name}: the first cup is too far on")
    return int(rng.choice(span))


def _distances(state: State, target: Target) -> np.ndarray:
    return np.hypot(*(target.centre - state["body"].centre).T)


def _placed(state: State, angle: float, away: np.ndarray) -> np.ndarray:
    """Points (T, 2) at the distances `away` (T,) from the cell's centre."""
    return state["body"].centre + away[:, None] * np.array([np.cos(angle), np.sin(angle)])


def _ease(x: np.ndarray) -> np.ndarray:
    x = np.clip(x, 0, 1)
    return x * x * (3 - 2 * x)


def _ride(state: State, target: Target, radius: np.ndarray, first: int) -> np.ndarray:
    """The places of a resting bead on the twin's margin; the true ones before `first`."""
    rel = target.centre - state["body"].centre
    side = np.arctan2(rel[:, 1], rel[:, 0])
    away = np.hypot(*rel.T) + radius - state["radius"]
    moved = state["body"].centre + away[:, None] * np.stack([np.cos(side), np.sin(side)], 1)
    return np.concatenate([target.centre[:first], moved[first:]])


def _slips_through(
    p: Parameters, state: State, clock: Clock, rng: np.random.Generator
) -> tuple[list[Target], int, float, str]:
    first = _onset("slips_through", state, clock, rng, 0.06, 0.2)
    frames, last = np.arange(clock.num_frames), clock.num_frames - 1
    targets, way, side = list(state["targets"]), 0.0, rng.choice([-1.0, 1.0])
    for number, (start, end) in enumerate(timetable(p)):
        target = targets[number]
        away = _distances(state, target)
        begin = max(first - 1, int(start / clock.s_per_frame))
        stop = last if number or p["targets"] != "two_bacteria" else 1.5 * end / clock.s_per_frame
        stop = min(max(stop, begin + 2), last)
        share = _ease((frames - begin) / (stop - begin))
        slid = away[begin] + share * (away[last] - away[begin])
        slid = np.where(frames <= begin, away, slid)
        radius = state["radius"]
        arcs = np.linspace(0, target.arc, 80)
        points = turned(rim_point(target, arcs, 0.0), target.angle)[None]
        through = np.clip((frames - begin) / (stop - begin), 0, 1)
        sway = _SWAY_UM * side * np.sin(2 * np.pi * _SWINGS * through)
        across = np.array([-np.sin(target.angle), np.cos(target.angle)])
        centre = _placed(state, target.angle, slid) + sway[:, None] * across
        apart = np.hypot(*np.moveaxis(points + centre[:, None] - state["body"].centre, 2, 0))
        # The first point of the outline that lies outside of the cell ends what lies inside.
        out = apart > radius[:, None]
        sunk = np.where(out.any(axis=1), arcs[np.argmax(out, axis=1)], target.arc)
        later = frames >= first
        inside = later & (sunk >= target.arc)
        old = target.covered[first - 1] * np.clip(1 - (frames - first + 1) / 3, 0, 1)
        settled = np.clip(np.cumsum(inside) / 3, 0, 1)
        covered = np.where(later, np.where(inside, target.arc, old), target.covered)
        thick = np.where(inside, target.thick * settled, target.thick)
        plate = np.where(later, _PLATE * target.covered * (1 - settled), 0.0)
        targets[number] = replace(
            target, centre=np.where(later[:, None], centre, target.centre), covered=covered,
            thick=thick, plate=plate, sunk=np.where(later & ~inside, sunk, 0.0),
            pseudopod=np.where(later, 0.0, target.pseudopod),
        )  # fmt: skip
        way = max(way, float(away[begin] - away[last]))
    return targets, first, way, "µm through a surface without a cup"


def _no_contact(
    p: Parameters, state: State, clock: Clock, rng: np.random.Generator
) -> tuple[list[Target], int, float, str]:
    first = _onset("no_contact", state, clock, rng, 0.06, 0.3)
    frames, times = np.arange(clock.num_frames), clock.times_s
    gap = rng.uniform(0.85, 1.1) * (0.85 if p["targets"] == "two_bacteria" else 1.0)
    targets = list(state["targets"])
    for number, (start, end) in enumerate(timetable(p)):
        target = targets[number]
        begin = max(first, int(np.ceil(start / clock.s_per_frame)))
        offset = gap * _ease((frames - begin + 1) / max(3.0, 0.12 * clock.num_frames))
        offset = np.where(frames >= first, offset, 0.0)
        offset *= np.exp(-np.maximum(times - end, 0) / 30.0)
        away = _distances(state, target) + 0.5 * offset
        thick = target.thick * (1 - _THINNER * np.clip(offset / gap, 0, 1))
        pseudopod = np.where(frames >= first, np.minimum(target.pseudopod, away - target.half),
                             target.pseudopod)  # fmt: skip
        moved = np.where((offset > 0)[:, None], _placed(state, target.angle, away), target.centre)
        targets[number] = replace(target, centre=moved, offset=offset, thick=thick,
                                  pseudopod=pseudopod)  # fmt: skip
    return targets, first, gap, "µm between target and cup"


def _vanishes_outside(
    p: Parameters, state: State, clock: Clock, rng: np.random.Generator
) -> tuple[list[Target], int, float, str]:
    first = _onset("vanishes_outside", state, clock, rng, 0.1, 0.4)
    frames, last = np.arange(clock.num_frames), clock.num_frames - 1
    targets = list(state["targets"])
    target = targets[0]
    gone = _ease((frames - first + 1) / max(3.0, 0.15 * clock.num_frames))
    still = np.zeros(clock.num_frames)
    # It bobs at its place until the end, which makes up for the way that it does not take.
    rest = _BOB_UM * np.sin(2 * np.pi * _SWINGS * (last - frames) / (last - first + 1))
    across = np.array([-np.sin(target.angle), np.cos(target.angle)])
    again = replace(
        target, centre=target.centre[last] + rest[:, None] * across, opacity=gone,
        covered=still, pseudopod=still, sunk=np.full(clock.num_frames, target.arc),
    )  # fmt: skip
    targets[0] = replace(target, opacity=1 - gone)
    half = int(np.argmax(gone >= 0.5))
    value = float(target.covered[half] / target.arc)
    if value > 0.8:
        raise NoTwin("vanishes_outside: the first cup is nearly closed by then")
    return [*targets, again], first, value, "engulfed share when half gone"


def _takes_bare(
    p: Parameters, state: State, clock: Clock, rng: np.random.Generator
) -> tuple[list[Target], int, float, str]:
    if p["targets"] != "coated_and_bare":
        raise NoTwin("takes_bare: there is no bare bead")
    coated, bare = state["targets"]
    first = _onset("takes_bare", state, clock, rng, 0.05, 0.12)
    frames = np.arange(clock.num_frames)
    later = frames >= first
    rel = bare.centre[first - 1] - state["body"].centre
    angle = float(np.arctan2(rel[1], rel[0]))
    away = _distances(state, coated)
    away = np.hypot(*rel) + away - away[first - 1]
    covered = np.where(later, coated.covered * np.clip((frames - first + 1) / 2, 0, 1), 0.0)
    covered = np.where(coated.covered >= coated.arc, coated.covered * later, covered)
    moved = np.where(later[:, None], _placed(state, angle, away), bare.centre)
    swallowed = replace(
        bare, angle=angle, centre=moved, covered=covered, thick=np.where(later, coated.thick, 0.0),
    )  # fmt: skip
    back = coated.covered[first - 1] * np.clip(1 - (frames - first + 1) / 3, 0, 1)
    left = replace(coated, covered=np.where(later, back, coated.covered))
    return [left, swallowed], first, 1.0, "bare beads swallowed"


def _at_rest(state: State, targets: list[Target], first: int) -> list[Target]:
    """The coated bead, left on the margin, wobbles as the bare one would have."""
    left, swallowed = targets
    bare = [replace(left, covered=np.zeros_like(left.covered)), swallowed]
    radius = radii(state["body"], state["cytoplasm"], state["times"], bare[1:])
    sunk = radius[first - 1] + left.radius - _distances(state, left)[first - 1]
    since = np.arange(len(radius)) - first + 1
    # A cup that had begun to pull lets go within three frames.
    pressed = PRESS_UM + (sunk - PRESS_UM) * np.clip(1 - since / 3, 0, 1)
    away = radius + left.radius - pressed
    side = left.angle + (state["wobble"] - state["wobble"][first - 1]) / away
    centre = state["body"].centre + away[:, None] * np.stack([np.cos(side), np.sin(side)], 1)
    return [
        replace(left, centre=np.concatenate([left.centre[:first], centre[first:]])), swallowed
    ]  # fmt: skip
