"""Ciliary clearance that breaks a law of cilia and mucus.

- `against_stroke`: each cilium turns round where one of its strokes ends and beats in mirror image
  from there on. Its straight stroke then goes against the mucus, which moves as before, and
  against the feet of the basal bodies, which point the way of the effective stroke (Gibbons 1961,
  J Biophys Biochem Cytol 11:179; Sleigh, Blake & Liron 1988, Am Rev Respir Dis 137:726).
- `reciprocal_stroke`: each cilium swings to and fro through one and the same row of shapes, those
  of the stroke in which the onset finds it; so some swing straight and the others bent. The mucus
  is carried as before. A reciprocal stroke carries nothing (the scallop theorem: Purcell 1977, Am J
  Phys 45:3).
- `slow_stroke`: the straight stroke takes as long as the bent one should and the other way round.
  The effective stroke is the faster one (Satir & Sleigh 1990, Annu Rev Physiol 52:137).
- `runs_on`: the mucus rests while the cilia still beat, and makes up for it over cilia that stand
  still. It has no inertia and no motor but the cilia.

Shapes and ways are those of the true clip, in another order.
"""

from __future__ import annotations

import numpy as np

from ..core import Clock, Event, NoTwin, Parameters, State, Violation
from ..models import ciliary_row

VIOLATIONS = (
    Violation("against_stroke", "the straight stroke goes the way of the mucus and the basal feet"),
    Violation(
        "reciprocal_stroke", "a cilium returns by other shapes than it went, or carries nothing"
    ),
    Violation("slow_stroke", "the effective stroke takes less time than the recovery"),
    Violation("runs_on", "mucus moves only while the cilia beat"),
)
_LEAST_BEATS = 0.4
"""What is left to beat after the onset, at least: with less, nobody could see the law broken."""
_WINDOW = 0.7
"""Share of the standstill in which the mucus moves in `runs_on`; then it rests."""
_LEAST_WAY = 1 / 25
"""What the mucus moves over resting cilia, at least, in widths of the field."""


def violate(
    name: str, parameters: Parameters, state: State, clock: Clock, rng: np.random.Generator
) -> State:
    """The twin of `state` that breaks the law `name`; needs at least 8 frames.

    The event's value: beats that are beaten wrongly (`against_stroke`, `reciprocal_stroke`; the
    law: 0), duration of the straight stroke by that of the bent one (`slow_stroke`; the law: below
    1), µm that the mucus moves over resting cilia (`runs_on`; the law: 0). Raises `NoTwin` where
    the cilia hardly beat any more, and for `runs_on` without mucus or without paralysis.
    """
    if clock.num_frames < 8:
        raise NoTwin(f"ciliary_clearance: {name} needs at least 8 frames, got {clock.num_frames}")
    if name == "runs_on":
        onset, changed, value = _runs_on(parameters, state, clock, rng)
    else:
        # Early, as cilia may stop in mid-clip.
        onset = int(rng.integers(1, max(2, clock.num_frames // 6 + 1)))
        if state["phase"][-1].mean() - state["phase"][onset - 1].mean() < _LEAST_BEATS:
            raise NoTwin(f"ciliary_clearance: {name} needs cilia that go on beating")
        if name == "against_stroke":
            onset, changed, value = _mirrored(parameters, state, clock, onset)
        else:
            changed, value = _beaten(name, parameters, state, onset)
    unit = {"runs_on": "µm", "slow_stroke": "1"}.get(name, "beats")
    twin = ciliary_row.posed(parameters, clock, state, changed)
    twin.truth.events.append(
        Event("violation", onset, onset * clock.s_per_frame, value=value, unit=unit)
    )
    twin.truth.events.sort(key=lambda event: event.frame)
    return twin


def _mirrored(
    p: Parameters, state: State, clock: Clock, first: int
) -> tuple[int, dict[str, np.ndarray], float]:
    """Onset, phases and facings (T, N) of mirrored beats, and the mean beats made that way.

    A cilium leans forward as far at the end of its effective stroke as its mirror image does at
    the start of one, and backward the other way round; so it can turn there without a jump. All
    turn at that one of the two which the row reaches first.
    """
    phase, share = state["phase"], p["effective_share"]
    x = state["bases"][:, 0]
    drawn = (x > -p["cilium_length"]) & (x < state.field_um + p["cilium_length"])
    found: tuple[int, dict[str, np.ndarray], float] | None = None
    for here, there in ((share, 0.0), (0.0, share)):
        turn = np.ceil(phase[first - 1] - here) + here
        past = phase > turn
        mirrored = {
            "phase": np.where(past, phase - turn + there, phase),
            "facing": np.where(past, -1.0, 1.0),
        }
        onset = int(np.argmax(past[:, drawn].any(axis=1)))
        beats = float(np.clip(phase[-1] - turn, 0, None).mean())
        if found is None or (onset > 0 and onset < found[0]):
            found = onset, mirrored, beats
    assert found is not None
    if not 1 <= found[0] <= 0.4 * clock.num_frames or found[2] < _LEAST_BEATS:
        raise NoTwin("ciliary_clearance: against_stroke needs cilia that go on beating")
    return found


def _beaten(
    name: str, p: Parameters, state: State, onset: int
) -> tuple[dict[str, np.ndarray], float]:
    """Phases (T, N) that break the law from `onset` on, and the size of the effect."""
    phase, share = state["phase"], p["effective_share"]
    last = phase[onset - 1]
    since = phase[onset:] - last
    whole, part = np.floor(last), np.mod(last, 1.0)
    if name == "reciprocal_stroke":
        straight = part < share
        low, width = np.where(straight, 0.0, share), np.where(straight, share, 1 - share)
        # Once to and fro in a beat: a triangle wave, whose period is 2.
        turn = np.mod((part - low) / width + 2 * since, 2.0)
        wrong = whole + low + width * np.minimum(turn, 2 - turn)
        value = float(since[-1].mean())
    else:
        # A clock whose straight stroke lasts 1 - share of a beat.
        shown, told = [0.0, share, 1.0], [0.0, 1 - share, 1.0]
        clocked = np.interp(part, shown, told) + since
        wrong = whole + np.floor(clocked) + np.interp(np.mod(clocked, 1.0), told, shown)
        value = (1 - share) / share
    return {"phase": np.concatenate([phase[:onset], wrong])}, value


def _runs_on(
    p: Parameters, state: State, clock: Clock, rng: np.random.Generator
) -> tuple[int, dict[str, np.ndarray], float]:
    """Onset, shifts (T,) whose later way is made over still cilia, and the size of the effect."""
    if p["mucus"] == "no" or p["paralysis"] == "no":
        raise NoTwin("ciliary_clearance: runs_on needs mucus over cilia that stop")
    shift, last = state["shift"], clock.num_frames - 1
    still = int(np.argmax(state["amplitude"][:, 0] <= 0))
    onset = int(rng.integers(max(1, clock.num_frames // 6), clock.num_frames // 4 + 1))
    value = float(shift[last] - shift[onset - 1])
    if not onset < still < last or value < _LEAST_WAY * state.field_um:
        raise NoTwin("ciliary_clearance: runs_on needs mucus that has moved before it rests")
    # The missing way, backwards in time, so that the sheet sets off as gently as it stopped.
    frames = np.arange(onset, last + 1)
    part = np.clip((frames - still) / max(1.0, _WINDOW * (last - still)), 0, 1)
    source = still - part * (still - onset + 1)
    made = shift[still] - np.interp(source, np.arange(last + 1), shift)
    return onset, {"shift": np.concatenate([shift[:onset], shift[onset - 1] + made])}, value
