"""Law-breaking twins of a platelet clot in an unbranched venule.

A resting clip has no motion to give away, so the blood of the first two is slowed from the onset on
and travels about as far in all as it would have.

- `flows_after_closure`: red cells stream on past the plug. A closed lumen has infinite resistance
  and, at any pressure, no flow (Hall 2016, Guyton and Hall Textbook of Medical Physiology, 13th
  ed., ch. 14).
- `one_sided_stop`: blood comes to rest downstream of the plug, upstream it goes on. In an
  unbranched vessel one flow passes every section (Fung 1997, Biomechanics: Circulation).
- `slower_in_throat`: beside a partial clot cells slow down, u ∝ w (or a root of it) for u ∝ 1 / w²,
  w being the open width; all run faster elsewhere, so that the mean speed is the same. Continuity
  speeds the throat up (Nesbitt et al. 2009, Nat Med 15:665).
- `grows_without_arrivals`: the clot goes on growing though no platelet joins it: those that it has
  drift apart and swell. Clots grow by what the blood brings (Falati et al. 2002, Nat Med 8:1175).
- `floats`: a partial clot leaves its wall and hangs in midstream, at rest, with blood on both
  sides. Adhesion to the injury holds a clot (Stalker et al. 2013, Blood 121:1875); torn off, it
  would be carried away.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np

from ..core import Clock, Event, NoTwin, Parameters, State, Truth, Violation
from ..models import carried_tracers
from ..models.platelet_clot import PLATELET_UM
from ..models.venule_flow import Tracers
from ..phenomena import thrombosis as world

VIOLATIONS = (
    Violation("flows_after_closure", "No blood passes a closed vessel."),
    Violation("one_sided_stop", "In an unbranched vessel blood stops on both sides of a plug."),
    Violation("slower_in_throat", "One flow passes every section: cells are faster in the throat."),
    Violation("grows_without_arrivals", "A clot grows by the platelets that join it, no further."),
    Violation("floats", "A clot at rest is attached to the injured wall."),
)

_LATEST = 0.4  # onset, as a share of the clip, so that most of it shows the broken law
_EARLY = 0.13  # the same where flow is to be saved before the vessel closes
# Total flow after the onset over the true one. Slow motion changes more pixels per micrometre, and
# the upstream side is the longer one, which the second factor makes up for.
_MORE, _LESS = 1.1, 0.9
_LEAST = 0.18  # of the open flow: what moves less after closure looks at rest
_SLIT = 0.5  # cells that slip past a plug go as fast as through this share of the bore


def violate(
    name: str, parameters: Parameters, state: State, clock: Clock, rng: np.random.Generator
) -> State:
    """The twin of `state` that breaks the law `name`; see the package for the contract."""
    breaks = {
        "flows_after_closure": _flows_after_closure,
        "one_sided_stop": _one_sided_stop,
        "slower_in_throat": _slower_in_throat,
        "grows_without_arrivals": _grows_without_arrivals,
        "floats": _floats,
    }
    return breaks[name](parameters, state, clock, rng)


def _onsets(clock: Clock, rng: np.random.Generator, latest: float = _LATEST) -> list[int]:
    """Allowed first frames of a violation, in random order."""
    return [int(f) for f in rng.permutation(np.arange(1, int(latest * clock.num_frames) + 1))]


def _finish(
    p: Parameters, state: State, clock: Clock, changed: dict[str, Any], first: int, value: float,
    unit: str, series: dict[str, tuple[str, np.ndarray]] | None = None,
) -> State:  # fmt: skip
    twin = State(state.field_um, {**state.arrays, **changed}, Truth())
    world.tell(p, clock, twin)
    truth = twin.truth
    truth.series.update(series or {})
    # What an occlusion lets through is whatever the twin's blood does.
    flow = truth.series["flow_pl_s"][1]
    truth.events[:] = [
        replace(e, value=float(flow[e.frame])) if e.name == "occlusion" else e for e in truth.events
    ]
    t = first * clock.s_per_frame
    truth.events.append(Event("violation", first, t, value=float(value), unit=unit))
    return twin


def _to_the(power: float) -> Callable[[np.ndarray], np.ndarray]:
    return lambda share: share**power


def _carried(
    p: Parameters, state: State, clock: Clock, first: int, upstream: np.ndarray,
    downstream: np.ndarray, squeeze: Callable[[np.ndarray], np.ndarray],
) -> Tracers:  # fmt: skip
    """The tracers in another flow (T,), relative to that of the open vessel, from `first` on."""
    grid, height, diameter = state["clot_s"], state["height"], state["vessel"].diameter
    step = 1000 * p["centre_speed"] * clock.s_per_frame
    s = carried_tracers.carry(
        state["tracers"], grid, height, diameter, first, step * upstream, step * downstream, squeeze
    )
    return _reshaped(state, s, height, first)


def _reshaped(state: State, s: np.ndarray, floor: np.ndarray, first: int) -> Tracers:
    """The tracers at `s` (N, T) above a clot up to `floor` (T, S) from frame `first` on."""
    return carried_tracers.reshaped(
        state["tracers"], s, state["clot_s"], state["height"][0], floor, state["vessel"].diameter,
        (world.CELL_UM, PLATELET_UM), first, state.field_um,
    )  # fmt: skip


def _keep_apart(name: str, state: State, tracers: Tracers, first: int) -> None:
    grid, height, diameter = state["clot_s"], state["height"], state["vessel"].diameter
    if carried_tracers.collide(tracers, grid, height, diameter, first, state.field_um):
        raise NoTwin(f"{name}: red cells would run into one another")


def _through_slit(share: np.ndarray) -> np.ndarray:
    """Speed in a lumen of this share of the bore, over that in the open vessel; none is shut."""
    return np.maximum(share, _SLIT) ** -2.0


def _plateau(flow: np.ndarray, first: int, total: float) -> np.ndarray:
    """`flow` (T,) that from frame `first` on goes over, in three frames, to one lasting level.

    The level is such that the sum over the frames from `first` on is `total`.
    """
    later = np.arange(len(flow)) - first + 1
    share = np.clip(later / 3, 0, 1)
    begin = flow[first - 1]
    level = (total - (begin * (1 - share))[first:].sum()) / share[first:].sum()
    return np.where(later > 0, begin + share * (level - begin), flow)


def _closing(p: Parameters, state: State, clock: Clock, name: str) -> int:
    """The frame at which the vessel is closed, early enough for what comes after to be seen."""
    closed = np.flatnonzero(state["flow"] == 0)
    if p["occlusion"] == "no" or len(closed) == 0:
        raise NoTwin(f"{name}: the vessel stays open")
    if not 0.2 * clock.num_frames < closed[0] <= 0.65 * clock.num_frames:
        raise NoTwin(f"{name}: the vessel closes too late or too early to show what follows")
    return int(closed[0])


def _flows_after_closure(
    p: Parameters, state: State, clock: Clock, rng: np.random.Generator
) -> State:
    name, true = "flows_after_closure", state["flow"]
    closed = _closing(p, state, clock, name)
    first = _onsets(clock, rng, _EARLY)[0]
    flow = _plateau(true, first, _MORE * true[first:].sum())
    if flow[-1] < _LEAST:
        raise NoTwin(f"{name}: too little flow is left to be spread over the clip")
    tracers = _carried(p, state, clock, first, flow, flow, _through_slit)
    _keep_apart(name, state, tracers, first)
    lumen = 1 - state["height"].max(axis=1) / state["vessel"].diameter
    throat = p["centre_speed"] * flow * _through_slit(lumen)
    series = {"throat_speed_mm_s": ("mm/s", throat)}
    changed = {"tracers": tracers, "flow": flow}
    value, unit = flow[closed:].mean(), "of the open flow after closure"
    return _finish(p, state, clock, changed, first, value, unit, series)


def _one_sided_stop(p: Parameters, state: State, clock: Clock, rng: np.random.Generator) -> State:
    name, true = "one_sided_stop", state["flow"]
    closed = _closing(p, state, clock, name)
    first = _onsets(clock, rng, _EARLY)[0]
    frames = np.arange(clock.num_frames)
    # Downstream the flow fades until the vessel closes; what that spares goes on upstream.
    fading = np.clip((closed - frames) / (closed - first + 1), 0, 1) ** 2
    below = np.where(frames < first, true, true[first - 1] * fading)
    above = _plateau(true, first, _LESS * (2 * true[first:].sum() - below[first:].sum()))
    if above[-1] < _LEAST:
        raise NoTwin(f"{name}: too little flow is left to be spread over the clip")
    tracers = _carried(p, state, clock, first, above, below, _through_slit)
    _keep_apart(name, state, tracers, first)
    open_flow = state.truth.series["flow_pl_s"][1][0] / true[0]
    series = {
        "downstream_flow_pl_s": ("pl/s", open_flow * below),
        "throat_speed_mm_s": ("mm/s", p["centre_speed"] * 0.5 * (above + below)),
    }
    changed = {"tracers": tracers, "flow": above}
    value, unit = above[closed:].mean(), "of the open flow upstream after closure"
    return _finish(p, state, clock, changed, first, value, unit, series)


def _slower_in_throat(p: Parameters, state: State, clock: Clock, rng: np.random.Generator) -> State:
    name, true = "slower_in_throat", state["flow"]
    if p["occlusion"] == "yes":
        raise NoTwin(f"{name}: the throat closes")
    frames = np.arange(clock.num_frames)
    # Cells jam where they are slow: the strongest slowing at which none meets another is taken.
    for power, first in product((1.0, 0.5, 0.25), _onsets(clock, rng)[:3]):
        gain = 1.0
        wanted = _mean_step(state["tracers"].s, state.field_um, first)
        for _ in range(2):
            flow = np.where(frames < first, true, gain * true)
            tracers = _carried(p, state, clock, first, flow, flow, _to_the(power))
            gain *= wanted / _mean_step(tracers.s, state.field_um, first)
        try:
            _keep_apart(name, state, tracers, first)
        except NoTwin:
            continue
        lumen = 1 - state["height"].max(axis=1) / state["vessel"].diameter
        ratio = np.where(frames < first, lumen**-2.0, lumen**power)
        series = {"throat_speed_mm_s": ("mm/s", p["centre_speed"] * flow * ratio)}
        changed = {"tracers": tracers, "flow": flow}
        value, unit = ratio[-1], "speed in the throat / upstream"
        return _finish(p, state, clock, changed, first, value, unit, series)
    raise NoTwin(f"{name}: the cells would jam in the throat")


def _mean_step(s: np.ndarray, field_um: float, first: int) -> float:
    """Mean distance (µm) that the tracers in view go in a frame from `first` on."""
    seen = (s[:, first:] >= 0) & (s[:, first:] <= field_um)
    return float(np.diff(s, axis=1)[:, first - 1 :][seen].mean())


def _grows_without_arrivals(
    p: Parameters, state: State, clock: Clock, rng: np.random.Generator
) -> State:
    area = state["height"].sum(axis=1)
    for first in _onsets(clock, rng):
        here = state["platelets"]["t"] <= state["times"][first - 1]
        gain = area[-1] / max(area[first], 1e-6)
        # Too few platelets would not fill the swollen clot, and a single frame would tell.
        if here.sum() >= 8 and 1.4 <= gain <= 4:
            break
    else:
        raise NoTwin("grows_without_arrivals: the clot hardly grows in this clip")
    platelets = {name: values[here] for name, values in state["platelets"].items()}
    # Those that are there ride on the swelling clot, in their order, until they fill it evenly: a
    # bare cap would tell on a single frame.
    count, grid, final = int(here.sum()), state["clot_s"], state["height"][-1]
    order = np.argsort(platelets["place"])
    place, goal = np.empty(count), np.empty(count)
    below = np.cumsum(final) / final.sum()
    place[order] = np.interp((np.arange(count) + rng.uniform(0.2, 0.8, count)) / count, below, grid)
    goal[order] = (1.0 - (np.arange(count) * 0.618 + rng.uniform()) % 1.0) * 0.95
    goal *= np.interp(place, grid, final)
    swollen = np.clip((area - area[first - 1]) / (area[-1] - area[first - 1]), 0, 1)
    swollen = np.where(np.arange(clock.num_frames) >= first, swollen, 0.0)[:, None]
    wider = min(np.sqrt(area[-1] / area[first - 1]), 1.35)
    changed: dict[str, Any] = {
        "platelets": platelets,
        "places": platelets["place"] + swollen * (place - platelets["place"]),
        "levels": platelets["level"] + swollen * (goal - platelets["level"]),
        "radii": platelets["radius"] * (1 + swollen * (wider - 1)),
    }
    for name in ("platelet_jitter", "platelet_kind", "strand_anchor"):
        changed[name] = state[name][here]
    return _finish(
        p, state, clock, changed, first, gain, "clot area at the end / at the last arrival"
    )


def _floats(p: Parameters, state: State, clock: Clock, rng: np.random.Generator) -> State:
    if p["occlusion"] == "yes":
        raise NoTwin("floats: a clot that fills the vessel touches both walls")
    first = _onsets(clock, rng)[0]
    gap = rng.uniform(4.0, 5.0)
    begun = (np.arange(clock.num_frames) - first + 1) / max(3.0, 0.3 * clock.num_frames)
    begun = np.clip(begun, 0, 1)
    lift = gap * begun * begun * (3 - 2 * begun)
    # The open width stays what it was, so the cells keep their speed and only give way.
    raised = state["height"] + lift[:, None] * np.clip(state["height"] / 3, 0, 1)
    tracers = _reshaped(state, state["tracers"].s, raised, first)
    _keep_apart("floats", state, tracers, first)
    changed = {"lift": lift, "tracers": tracers}
    return _finish(p, state, clock, changed, first, gap, "µm between clot and wall",
                   {"clot_gap_um": ("µm", lift)})  # fmt: skip
