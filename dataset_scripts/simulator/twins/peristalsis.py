"""Law-breaking twins of peristalsis.

- `bolus_grows`, `bolus_shrinks`: the liquid becomes more, or less, by `RATIO`, though none comes or
  goes: it is incompressible (Li & Brasseur 1993, J. Fluid Mech. 248:129). Only draws whose changed
  volume is one that true clips have too, so that size alone tells nothing.
- `ring_jumps`: the wave leaps over a stretch of wall from one frame to the next and then goes on
  more slowly, to where it would have been. A wave excites every stretch of wall in turn (Huizinga &
  Lammers 2009, Am. J. Physiol. Gastrointest. Liver Physiol. 296:G1).
- `ring_ahead`: closed rings slip through their boluses, which then follow them. Contraction drives
  from the oral side, and the wall ahead is relaxed (Bayliss & Starling 1899, J. Physiol. 24:99).
- `against_wave`: the bolus slips back through the closed ring and travels to the mouth, while the
  ring goes on. No liquid passes a ring that shuts the bore (Shapiro, Jaffrin & Weinberg 1969,
  J. Fluid Mech. 37:799). One that leaks lets it back, so such draws have no twin of these two.
"""

from __future__ import annotations

import numpy as np

from ..core import Clock, Event, NoTwin, Parameters, Range, State, Truth, Violation
from ..models import peristaltic_tube
from ..models.peristaltic_tube import Tube
from ..phenomena import peristalsis as world

VIOLATIONS = (
    Violation("bolus_grows", "the liquid in the tube does not become more"),
    Violation("bolus_shrinks", "the liquid in the tube does not become less"),
    Violation("ring_jumps", "the ring passes every stretch of wall in turn"),
    Violation("ring_ahead", "the contraction is on the oral side of the bolus it drives"),
    Violation("against_wave", "the bolus travels in the same sense as the wave"),
)
RATIO = 1.6
"""Volume at the end over that at the start in `bolus_grows`; its inverse in `bolus_shrinks`."""
_LATEST = 0.4  # onset, as a share of the clip
_LEAP = 0.33  # of the way in a clip that `ring_jumps` leaps over
_SLIP = 0.28  # of the clip while a bolus passes a ring
_HURRY = 0.3  # by which a ring goes faster once its bolus runs back
_EDGE = 0.04  # of the field that a bolus or ring keeps clear of its ends


def violate(
    name: str, parameters: Parameters, state: State, clock: Clock, rng: np.random.Generator
) -> State:
    """The twin of `state` that breaks the law `name`; needs at least 6 frames.

    The event's value: ratio of volumes (`bolus_grows`, `bolus_shrinks`), mm leapt over
    (`ring_jumps`), mm that the ring leads the bolus by (`ring_ahead`), mm that the bolus runs back
    (`against_wave`). Raises `NoTwin` where the module's docstring says so.
    """
    p = parameters
    if clock.num_frames < 6:
        raise NoTwin(f"peristalsis: {name} needs at least 6 frames, got {clock.num_frames}")
    last = max(1, int(_LATEST * clock.num_frames))
    if name in ("bolus_grows", "bolus_shrinks"):
        first = int(rng.integers(1, max(1, last // 2) + 1))
        flow, value, unit = _changed(name, p, state, clock, first)
    elif name == "ring_jumps":
        first = int(rng.integers(max(1, last // 2), last + 1))
        flow, value, unit = _leapt(p, state, clock, first)
    else:
        if p["closure"] == "leaky":
            raise NoTwin(f"peristalsis: {name} needs a ring that closes, this one leaks")
        # The ring that goes ahead needs time to be seen there, the bolus that returns needs room.
        low, high = (last // 4, last // 2) if name == "ring_ahead" else (3 * last // 4, last)
        first = int(rng.integers(max(1, low), max(1, high) + 1))
        flow, value, unit = _slipped(name, p, state, clock, first)
    arrays = dict(state.arrays)
    for key, values in flow.items():
        if key != "x":
            arrays[key] = np.concatenate([state[key][:first], values[first:]])
    twin = State(state.field_um, arrays, Truth())
    world.tell(p, clock, twin)
    twin.truth.events.append(
        Event("violation", first, first * clock.s_per_frame, value=float(value), unit=unit)
    )
    twin.truth.events.sort(key=lambda event: event.frame)
    return twin


_Result = tuple[dict[str, np.ndarray], float, str]


def _changed(name: str, p: Parameters, state: State, clock: Clock, first: int) -> _Result:
    ratio = RATIO if name == "bolus_grows" else 1 / RATIO
    ranges = {spec.name: spec for spec in world.PARAMETERS if isinstance(spec, Range)}
    if not ranges["volume"].low <= ratio * p["volume"] <= ranges["volume"].high:
        raise NoTwin(f"peristalsis: {name} would leave the volumes that true clips have")
    frames = np.arange(clock.num_frames)
    end = max(first + 1, int(0.92 * clock.num_frames))
    during = (frames >= first) & (frames < end)
    source = during * np.log(ratio) / (during.sum() * clock.s_per_frame)
    flow = world.flow(p, clock.times_s, source)
    total = flow["liquid"].sum(axis=1)
    return flow, float(total[-1] / total[0]), "volume at the end / at the start"


def _leapt(p: Parameters, state: State, clock: Clock, first: int) -> _Result:
    _, way = world.plan(p)
    leap = min(_LEAP * way, 0.9 * world.speed(p) * (clock.num_frames - 1 - first)
               * clock.s_per_frame)  # fmt: skip
    frames = np.arange(clock.num_frames)
    left = np.clip((clock.num_frames - 1 - frames) / max(1, clock.num_frames - 1 - first), 0, 1)
    shown = clock.times_s + np.where(frames >= first, leap * left / world.speed(p), 0.0)
    flow = world.flow(p, shown)
    went = flow["rings"][first, 0] - state["rings"][first - 1, 0]
    return flow, float(went), "mm in one frame"


def _slipped(name: str, p: Parameters, state: State, clock: Clock, first: int) -> _Result:
    body, x, field = world.tube(p), state["x"], p["field_of_view"]
    if name == "against_wave" and world.boluses(p) > 1:
        raise NoTwin("peristalsis: against_wave needs one bolus, two would meet the next ring")
    begin, rings = first - 1, state["rings"].copy()
    middles = state["middles"].copy()
    volumes = peristaltic_tube.portions(x, state["rings"], state["liquid"])[begin, 1:]
    slip = max(2, round(_SLIP * clock.num_frames))
    through = np.clip((np.arange(clock.num_frames) - begin) / slip, 0, 1)
    reach = float((middles[begin] - rings[begin]).mean())
    # Rings hurry, as far as the field has room: liquid that lags or turns back moves less.
    room = max(0.0, (1 - _EDGE) * field - 0.7 * body.ring - rings[-1, -1])
    if name == "ring_ahead":
        rings += through[:, None] * min(room, 0.9 * reach)
        virtual = rings
    else:
        after = np.clip(np.arange(clock.num_frames) - begin, 0, None)
        rings += min(room, _HURRY * (rings[-1, 0] - rings[begin, 0])) * (after / after[-1])[:, None]
        # The bolus runs back as if from a ring of its own, which does not squeeze.
        turn = min(begin + slip, clock.num_frames - 2)
        share = np.clip(after - (turn - begin), 0, None) / (clock.num_frames - 1 - turn)
        back = min(rings[turn, 0] - _EDGE * field - 2 * reach,
                   body.speed * clock.s_per_frame * (clock.num_frames - 1 - turn))  # fmt: skip
        if back < 0:
            raise NoTwin("peristalsis: against_wave has no room for the bolus to run back")
        virtual = np.where(share[:, None] > 0, rings[turn] - back * share[:, None], rings)
    liquid, rest = state["liquid"].copy(), state["rest"].copy()
    for frame in range(first, clock.num_frames):
        shape = [
            _either_side(body, x, state, begin, i, through[frame], volumes[i], virtual[frame, i])
            for i in range(len(volumes))
        ]
        liquid[frame] = sum(one for one, _ in shape)
        middles[frame] = [(one * x).sum() / one.sum() for one, _ in shape]
        radius = body.radius + sum(rise for _, rise in shape)
        for ring in rings[frame]:
            radius = radius * (1 - (1 - body.opening) * body.squeeze(x, ring))
        rest[frame] = np.pi * radius**2
        # What a shut ring had let through before stays where it is.
        film = state["liquid"][begin] * (x < state["rings"][begin, 0])
        liquid[frame] += film
    flow = {"liquid": liquid, "rest": rest, "rings": rings, "middles": middles}
    if name == "ring_ahead":
        return flow, float((rings[-1] - middles[-1]).mean()), "mm from bolus to ring"
    return flow, float((middles[begin] - middles[-1]).mean()), "mm run back"


def _either_side(
    body: Tube, x: np.ndarray, state: State, begin: int, i: int, through: float, volume: float,
    ring: float,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Section (mm²) of a bolus of which a share `through` is behind its `ring`; rise of the wall.

    Its shape is what it had in frame `begin`, shorter by the liquid that is on the other side.
    """
    width = x[1] - x[0]
    before = state["rings"][begin, i]
    swollen = np.maximum(state["liquid"][begin] / state["rest"][begin], 1.0)
    full = float(state["lengths"][begin, i])
    liquid, rise = np.zeros_like(x), np.zeros_like(x)
    for side, part in ((1.0, 1 - through), (-1.0, through)):
        length = full * float(body.stretch(part * volume) / body.stretch(volume))
        away = side * (x - ring)
        lifted = np.where(away > 0, body.yielding(away, 0.0, length), 0.0)
        radius = (body.radius + lifted) * (1 - (1 - body.opening) * body.squeeze(away, 0.0))
        holds = np.pi * radius**2 * np.interp(before + away, x, swollen) * width
        order = np.argsort(np.abs(away))
        order = order[away[order] >= 0]
        inner = np.cumsum(holds[order]) - holds[order]
        liquid[order] += np.clip(part * volume - inner, 0, holds[order]) / width
        rise += lifted
    return liquid, rise
