"""The three scales of DNA replication: one bacterial fork, two human bubbles, a whole chromosome.

Each function runs its forks and returns the arrays that a scene is drawn and told from. They are
raw paths of forks on a frame grid; what is copied follows from them (`told`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core import Clock, Event, Parameters, State
from . import replisome
from .dna_layout import CANVAS, RING_UM, Layout, Strands
from .replisome import FAR, UM_PER_NT, Lagging

SIZES = {
    "fork": Strands(half=1.3, r=0.74, arm=8.0, ramp=6.5),
    "bubbles": Strands(half=0.95, r=0.66, arm=4.6, ramp=3.4),
    "ring": Strands(half=0.58, r=0.5, arm=2.15, ramp=3.0),
}
FIELD_UM = {"fork": 2.0, "bubbles": 100.0, "ring": 700.0}
LAG_UNITS = {"fork": 1.5, "bubbles": 0.9, "ring": 0.8}
"""Drawn distance between a fork and the new strand behind it; 0.07 µm in the close-up."""
START = 0.20  # of the field: where the single fork is at first
CYCLE_FRAMES = 6.0  # frames for each Okazaki fragment, or more
TRAVEL = 0.66  # of the field, by the single fork, at most
MERGED_AT, FINISHED_AT = 0.80, 0.82  # shares of the clip by which forks meet
_STEP_UM = {"fork": 20 * UM_PER_NT, "bubbles": 0.05, "ring": 2.0}
_FIRST_HALF_UM, _SECOND_HALF_UM = 6.5, 3.0  # half-lengths of the bubbles at the start
_RING_HALF_UM = (60.0, 130.0)


def speed_um_s(p: Parameters) -> float:
    """Mean speed of a fork, µm/s."""
    if p["scene"] == "bubbles":
        return float(p["human_speed"]) / 60
    return float(p["bacterial_speed"]) * UM_PER_NT


def travel_um(p: Parameters, num_frames: int) -> float:
    """How far a fork goes in a clip, were nothing in its way."""
    gaps = num_frames - 1
    if p["scene"] == "fork":
        fragment = p["fragment_length"] * 1000 * UM_PER_NT
        return float(min(gaps / CYCLE_FRAMES * fragment, TRAVEL * field_um(p)))
    if p["scene"] == "bubbles":
        return 0.5 * (p["origin_spacing"] - _FIRST_HALF_UM - _SECOND_HALF_UM) / MERGED_AT
    return 0.5 * (RING_UM - sum(_RING_HALF_UM)) / FINISHED_AT


def field_um(p: Parameters) -> float:
    """Width of the field, µm."""
    return float(FIELD_UM[p["scene"]] * p["framing"])


def layout(p: Parameters, field: float, middle: float) -> Layout:
    """Where the DNA of a scene lies in a field of `field` µm."""
    units = CANVAS / field
    ring = RING_UM * units / (2 * np.pi) if p["scene"] == "ring" else 0.0
    return Layout(units, p["direction"], SIZES[p["scene"]], middle, ring)


def forks(p: Parameters, clock: Clock, rng: np.random.Generator) -> dict[str, Any]:
    """Free paths `raw` (T, K) of the forks and, in the close-up, `sites` of primers, µm."""
    field, scene = field_um(p), p["scene"]
    mean, step = speed_um_s(p), _STEP_UM[scene]
    n, dt = clock.num_frames, clock.s_per_frame
    sites = np.zeros(0)
    if scene == "fork":
        start = START * field
        path = start + replisome.advance(mean, step, dt, n, rng)
        path = np.minimum(path, 0.93 * field)
        raw = np.stack([np.full(n, FAR), path], axis=1)
        fragment = p["fragment_length"] * 1000 * UM_PER_NT
        sites = replisome.primer_sites(fragment, start, 1.4 * field, rng)
    elif scene == "bubbles":
        # Forks of one cluster of origins run alike (Conti et al. 2007, Mol Biol Cell 18:3059).
        speeds = mean * rng.uniform(0.93, 1.07, 4)
        ways = np.stack([replisome.advance(v, step, dt, n, rng) for v in speeds], axis=1)
        apart = p["origin_spacing"]
        # The larger bubble gets the more room, so that both outer forks stay in view.
        first = 0.5 * (field - apart + _FIRST_HALF_UM - _SECOND_HALF_UM)
        origins = np.array([first, first, first + apart, first + apart])
        halves = np.array([_FIRST_HALF_UM] * 2 + [_SECOND_HALF_UM] * 2)
        raw = origins + (halves + ways) * np.array([-1, 1, -1, 1])
    else:
        half = rng.uniform(*_RING_HALF_UM)
        speeds = mean * rng.uniform(0.95, 1.05, 2)
        ways = np.stack([replisome.advance(v, step, dt, n, rng) for v in speeds], axis=1)
        raw = (half + ways) * np.array([-1, 1])
    return {"raw": raw, "sites": sites, "unbroken_from": np.inf, "swapped_from": None,
            "missing_from": None, "missing_um": 0.0, "missing_arm": -1}  # fmt: skip


def arm(state: State, frame: int | np.integer[Any]) -> Lagging:
    """The lagging arm of the close-up."""
    place, sites = state["forks"][frame, 1], state["sites"]
    made = replisome.unbroken if place >= state["unbroken_from"] else replisome.lagging
    return made(place, sites)


def new_strands(p: Parameters, state: State, frame: int) -> tuple[list[Any], list[Any]]:
    """Stretches (begin, end) of new strand, µm, on the upper (+1) and the lower (-1) arm."""
    places, fronts = state["forks"][frame], state["fronts"][frame]
    lag = LAG_UNITS[p["scene"]] * state.field_um / CANVAS
    if p["scene"] == "fork":
        lower = [(a, b) for a, b in arm(state, frame).new if b > a]
        return [(FAR, fronts[1])], lower
    upper = bubbles(fronts, state["past"][frame], lag if p["scene"] == "bubbles" else 0.0, state)
    lower = bubbles(places, state["past"][frame], lag, state)
    return (upper if (fronts != places).any() else lower), lower


def bubbles(places: np.ndarray, past: np.ndarray, lag: float, state: State) -> list[Any]:
    """What lies `lag` behind the forks (K,), without gaps where forks have met."""
    ends = [[left + lag, right - lag] for left, right in
            zip(places[::2], places[1::2], strict=True)]  # fmt: skip
    if len(ends) == 1:
        if past[0] > 0 or ends[0][1] - ends[0][0] >= RING_UM:
            return [(places[0], places[0] + RING_UM)]
    elif past[0] > 0 or ends[0][1] >= ends[1][0]:
        ends = [[ends[0][0], ends[1][1]]]
    return [(a, b) for a, b in ends if b > a]


def settle(p: Parameters, state_arrays: dict[str, Any]) -> dict[str, Any]:
    """`state_arrays` with `forks` (T, K) and `past` (T, M) that follow from `raw`, and `fronts`."""
    length = RING_UM if p["scene"] == "ring" else None
    places, past = replisome.meet(state_arrays["raw"], length)
    return {**state_arrays, "forks": places, "past": past, "fronts": places}


def tell(p: Parameters, clock: Clock, state: State) -> None:
    """Tracks of forks and tips, events in time order, and lengths of what is copied."""
    truth, places, past = state.truth, state["forks"], state["past"]
    frames, times = np.arange(clock.num_frames), clock.times_s
    scale = state.field_um / CANVAS
    where: Layout = state["layout"]
    kept = [1] if p["scene"] == "fork" else range(places.shape[1])
    for number, k in enumerate(kept):
        free = np.ones(len(frames), bool)
        for j in range(past.shape[1]):
            if k in (2 * j + 1, (2 * j + 2) % places.shape[1]):
                free = past[:, j] == 0
        if free.any():
            xy = scale * where.place(places[free, k], 0.0)
            truth.add_track(number, "fork", frames[free].tolist(), xy)
    events = []
    total = RING_UM if p["scene"] == "ring" else state.field_um
    inside = np.clip(places, 0, total) if p["scene"] != "ring" else places
    copied = replisome.opened(inside, past)
    truth.series["copied_um"] = ("µm", copied)
    truth.series["parental_um"] = ("µm", total - copied)
    if p["scene"] == "fork":
        made = [arm(state, f) for f in frames]
        tips = np.array([m.tip for m in made])
        height = SIZES["fork"].arm - 2 * SIZES["fork"].half
        truth.add_track(9, "leading_tip", frames.tolist(),
                        scale * where.place(state["fronts"][:, 1], height))  # fmt: skip
        truth.add_track(10, "lagging_tip", frames.tolist(), scale * where.place(tips, -height))
        truth.series["single_strand_um"] = ("µm", np.array([m.single for m in made]))
        for site in replisome.priming_places(state["sites"], places[:, 1]):
            frame = int((places[:, 1] >= site).argmax())
            events.append(Event("priming", frame, float(times[frame]), value=float(site),
                                unit="µm along the DNA"))  # fmt: skip
    for j in range(past.shape[1]):
        if past[-1, j] > 0 and past[0, j] == 0:
            frame = int((past[:, j] > 0).argmax())
            name = "merging" if p["scene"] == "bubbles" else "termination"
            events.append(Event(name, frame, float(times[frame])))
    truth.events.extend(sorted(events, key=lambda e: e.t_s))


def stretches_since(state: State, frame: int, name: str) -> list[tuple[float, float]]:
    """What was opened since the forks were at `state[name]` (K,), µm; nothing where it is None.

    Forks that are NaN there have left nothing; of what is missing, `missing_um` is the most.
    """
    since = state[name]
    if since is None:
        return []
    now = state["forks"][frame]
    found = []
    for k, (a, b) in enumerate(zip(since, now, strict=True)):
        low, high = (b, a) if k % 2 == 0 else (a, b)
        if name == "missing_from":
            low, high = (
                (max(low, high - state["missing_um"]), high)
                if k % 2 == 0
                else (low, min(high, low + state["missing_um"]))
            )
        if high > low and a > FAR:
            # On the ring a fork may pass the place where its count of µm begins anew.
            for turn in (-RING_UM, 0.0, RING_UM) if state["layout"].ring else (0.0,):
                found.append((float(low) + turn, float(high) + turn))
    return found
