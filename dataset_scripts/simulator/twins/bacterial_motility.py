"""Swimming bacteria that break a law of life at low Reynolds number.

The walk of the true clip is stored step by step, so a twin goes on from its last true frame with
the same speeds, headings and tumbles, and one wrong term:

- `side_slip`: the bodies swing round and travel broadside. A rod is pushed along its long axis by
  the bundle behind it, and sideways drag is nearly twice as large (Berg 2004, E. coli in Motion;
  Turner, Ryu & Berg 2000, J Bacteriol 182:2793). They go slower than in truth, since a rod that
  moves broadside changes more of the picture.
- `coasts`: velocity follows the propulsion with a delay, as if cells had mass: they glide on for
  more than a body length when they tumble, skid sideways, and are slow to start. At this Reynolds
  number the coasting distance is about 0.1 Å (Purcell 1977, Am J Phys 45:3).
- `no_tumbles`: courses change as they do in truth, but each turn is spread over a wide arc that is
  swum without a stop. *E. coli* cannot steer: it changes its course by tumbling (Berg & Brown
  1972, Nature 239:500).
- `mirror_bounce`: cells leave the wall at the angle at which they came. A swimmer is turned
  parallel to a wall and follows it (Berke et al. 2008, Phys Rev Lett 101:038102; Drescher et al.
  2011, Proc Natl Acad Sci USA 108:10940).
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from ..core import Clock, Event, NoTwin, Parameters, State, Violation
from ..models.swimming_rods import Tumbles, Walk, swim, swivel
from ..phenomena import bacterial_motility as world

VIOLATIONS = (
    Violation("side_slip", "a swimming rod moves along its long axis"),
    Violation("coasts", "a cell stops and starts at once, without inertia"),
    Violation("no_tumbles", "a cell changes its course by tumbling, not by steering"),
    Violation(
        "mirror_bounce", "a wall turns swimmers parallel to itself and does not reflect them"
    ),
)
SWING_S = 0.12
"""Time in which a body swings round to travel broadside, about that of a tumble."""
PACE = {"open": 0.34, "open_close": 0.36}
"""Speed broadside by that along the axis, so that as much of the picture changes."""
GLIDE_UM = 5.0
"""Least way that a cell coasts; at least 1.3 times the drawn body (the law: 10⁻⁵ µm)."""
ARC_S = 0.9
"""Time over which a steering cell spreads the turn of one tumble."""
STEEPEST_GRAZE = 18.0
"""A bounce at a smaller angle to the wall, in degrees, looks like the true course."""


def violate(
    name: str, parameters: Parameters, state: State, clock: Clock, rng: np.random.Generator
) -> State:
    """The twin of `state` that breaks the law `name`; needs at least 8 frames.

    The event's value: the mean angle in degrees between a cell's axis and its way (`side_slip`; the
    law: near 0), µm that a cell coasts (`coasts`; 0), tumbles that a viewer misses (`no_tumbles`;
    0), degrees at which the first swimmer bounces off (`mirror_bounce`; 0). Raises `NoTwin` without
    a wall (`mirror_bounce`), or beside one, where all cells lie nearly one way, so that a single
    frame would tell (the others), and where too little of what the law is about is in view.
    """
    frames = clock.num_frames
    if frames < 8:
        raise NoTwin(f"bacterial_motility: {name} needs at least 8 frames, got {frames}")
    if (parameters["wall"] == "yes") != (name == "mirror_bounce"):
        raise NoTwin(f"bacterial_motility: {name} cannot be shown with wall: {parameters['wall']}")
    walk, pf = state["walk"], state["per_frame"]
    last = max(1, int(0.4 * frames))
    if name == "side_slip":
        onset = int(rng.integers(1, max(1, int(0.25 * frames)) + 1))
        walk = _broadside(parameters, walk, (onset - 1) * pf, rng)
        unit = "°"
    elif name == "coasts":
        onset = _first(state, "tumble", last)
        _need_tumbles(state, onset, world.count_of(parameters))
        far = max(GLIDE_UM, 1.3 * world.magnification(parameters) * parameters["body_length"])
        walk, unit = _gliding(walk, (onset - 1) * pf, far / parameters["speed"]), "µm"
    elif name == "no_tumbles":
        onset = int(rng.integers(1, max(1, int(0.25 * frames)) + 1))
        missed = _need_tumbles(state, onset, world.count_of(parameters))
        walk, unit = _steering(walk, (onset - 1) * pf), "tumbles"
    else:
        onset = _first(state, "reaches_wall", last)
        walk, angle = _bouncing(walk, (onset - 1) * pf)
        unit = "°"
    arrays = dict(state.arrays) | {"walk": walk} | world.shown(parameters, clock, walk, pf)
    for key in ("xy", "axis", "splay", "touched"):
        arrays[key] = np.concatenate([state[key][:onset], arrays[key][onset:]])
    truth = world.measured(parameters, clock, arrays)
    if name == "side_slip":
        swung = onset + math.ceil(SWING_S / clock.s_per_frame)
        value = float(truth.series["side_slip"][1][swung:].mean())
    elif name == "coasts":
        value = far
    elif name == "no_tumbles":
        value = float(missed)
    else:
        value = angle
    truth.events.append(
        Event("violation", onset, onset * clock.s_per_frame, value=value, unit=unit)
    )
    return State(state.field_um, arrays, truth)


def _first(state: State, event: str, last: int) -> int:
    """First frame that shows a cell in view tumble or reach the wall, up to `last`."""
    frames = [e.frame for e in state.truth.events if e.name == event and e.frame >= 1]
    if not frames or min(frames) > last:
        raise NoTwin(f"bacterial_motility: no {event} in view early in the clip")
    return min(frames)


def _need_tumbles(state: State, onset: int, cells: int) -> int:
    """How many tumbles are in view after the onset: two at least, where there are two cells."""
    count = sum(e.name == "tumble" and e.frame >= onset for e in state.truth.events)
    if count < min(2, cells):
        raise NoTwin("bacterial_motility: too few tumbles in view after the onset")
    return count


def _broadside(p: Parameters, walk: Walk, since: int, rng: np.random.Generator) -> Walk:
    """Cells on their true ways that turn their flanks ahead, each to one side."""
    share = np.clip((walk.times_s - walk.times_s[since]) / SWING_S, 0, 1)
    side = rng.choice([-1.0, 1.0], len(walk.speed)) * np.radians(rng.uniform(82, 90))
    heading = walk.heading + (share * share * (3 - 2 * share))[:, None] * side
    steps = np.diff(walk.xy[since:], axis=0) * PACE[world.scene_of(p)]
    xy = walk.xy.copy()
    xy[since + 1 :] = xy[since] + np.cumsum(steps, axis=0)
    return replace(walk, xy=xy, heading=heading)


def _gliding(walk: Walk, since: int, delay_s: float) -> Walk:
    """Cells whose velocity follows their propulsion after `delay_s`: m dv/dt = drag (u - v)."""
    push = np.diff(walk.xy, axis=0)
    keep = np.exp(-walk.dt / delay_s)
    step = push.copy()
    for k in range(max(1, since), len(push)):
        step[k] = keep * step[k - 1] + (1 - keep) * push[k]
    xy = walk.xy.copy()
    xy[since + 1 :] = xy[since] + np.cumsum(step[since:], axis=0)
    return replace(walk, xy=xy)


def _steering(walk: Walk, since: int) -> Walk:
    """Cells that swim on through what were tumbles, on arcs, and as far as in truth."""
    t, now, times = walk.tumbles, walk.times_s[since], walk.times_s
    assert t is not None
    later = t.start_s > now
    heading = walk.heading - swivel(replace(t, start_s=np.where(later, t.start_s, np.inf)), times)
    for e in range(len(t.start_s)):
        middle = t.start_s[e] + 0.5 * t.length_s[e]
        begin = np.maximum(now, middle - 0.5 * ARC_S)
        share = np.clip((times[:, None] - begin) / (middle + 0.5 * ARC_S - begin), 0, 1)
        heading = heading + np.where(later[e], t.turn[e] * share, 0)
    left = Tumbles(np.where(later, np.inf, t.start_s), t.length_s, t.turn)
    steering = replace(walk, tumbles=left)
    # Who halts no more swims a little slower: as much moves, though nothing swivels.
    share = walk.run()[since:].sum(axis=0) / np.maximum(steering.run()[since:].sum(axis=0), 1e-9)
    pace = 0.5 * (1 + share)
    xy = walk.xy.copy()
    xy[since:] = swim(
        xy[since], heading[since:], walk.speed * pace, steering.run()[since:], walk.dt
    )
    return replace(steering, xy=xy, heading=heading)


def _bouncing(walk: Walk, since: int) -> tuple[Walk, float]:
    """Cells that leave the wall straight, at the angle at which they came; and the first angle."""
    xy, heading = walk.xy.copy(), walk.heading.copy()
    touches = walk.touches.copy()
    first: tuple[int, float] = (len(xy), 0.0)
    for i in np.flatnonzero(walk.touches.any(axis=0)):
        k = int(np.argmax(walk.touches[:, i]))
        if k <= since:
            continue
        came = heading[k - 1, i]
        heading[k:, i] = -came
        away = walk.speed[i] * walk.dt * np.array([np.cos(came), -abs(np.sin(came))])
        xy[k:, i] = xy[k - 1, i] + np.arange(1, len(xy) - k + 1)[:, None] * away
        touches[k + 1 :, i] = False
        first = min(first, (k, float(np.degrees(np.arcsin(abs(np.sin(came)))))))
    if first[1] < STEEPEST_GRAZE:
        raise NoTwin("bacterial_motility: mirror_bounce needs a steeper approach to the wall")
    return replace(walk, xy=xy, heading=heading, touches=touches), first[1]
