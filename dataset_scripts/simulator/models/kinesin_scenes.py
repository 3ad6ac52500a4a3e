"""The three scales at which kinesin-1 is shown: one motor, vesicles, and single molecules.

Each function lays out its microtubules in a field of `field` µm and lets the motors of
`kinesin_motor` go to the plus ends; it returns the arrays that a scene is drawn from.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core import Clock, Event, Parameters, State
from . import kinesin_motor as motor
from .kinesin_motor import DIMER_NM, Track

RADIUS_NM = 12.5  # of a microtubule
PER_TRACK, LOOSE = 3, 2  # vesicles on each microtubule, and in the open
_DIFFUSION = 0.004  # µm²/s of a loose vesicle; the order of Huet et al. 2006, Biophys J 91:3542
_PAUSE_RATE, _PAUSE_S = 0.10, 0.4  # 1/s and s; modelling choice: short and rare
PRESENT = 6.0
"""Single molecules on the microtubule at a time, of which the blur costs a third."""


def travel_um(p: Parameters, num_frames: int) -> float:
    """How far a runner goes in the clip without a pause."""
    gaps = num_frames - 1
    if p["scene"] == "close_up":
        # Four frames or more for a step, eight for a cycle of both heads.
        return DIMER_NM / 1000 * (gaps / 4 if gaps < 16 else float(np.clip(gaps / 8, 4, 6)))
    if p["scene"] == "two_tracks":
        return 0.21 * gaps if gaps < 16 else float(np.clip(0.10 * gaps, 3.4, 4.6))
    return 0.1 * gaps if gaps < 16 else float(np.clip(0.025 * gaps, 1.6, 2.2))


def _track(field: float, sign: float, begin: float, end: float, y: float, slope: float) -> Track:
    """A microtubule between `begin` and `end`, shares of the field counted from its minus side."""
    x0 = field * (begin if sign > 0 else 1 - begin)
    return Track(x0, field * (y - 0.5 * sign * slope), field * (end - begin), sign, slope)


def close_up(
    p: Parameters, clock: Clock, field: float, sign: float, rng: np.random.Generator
) -> dict[str, Any]:
    """One motor on one microtubule: `along`, `lift` (2, T), `neck`, `tail` (T,) in nm from `start`.

    `walk` holds its times; `jitter`, `sway` and `lag` move what is free (see `posed`).
    """
    walk = motor.walk(p["speed"], p["atp"], clock.times_s[-1], rng)
    track = _track(field, sign, -0.1, 0.93, rng.uniform(0.66, 0.74), rng.uniform(-0.03, 0.03))
    travel = travel_um(p, clock.num_frames) + DIMER_NM / 1000
    # The stalk's place at the start, on the track, which begins a tenth outside of the field.
    start = field * 0.1 + rng.uniform(0.18, max(0.19, min(0.45, 0.80 - travel / field))) * field
    along, lift = motor.heads(walk, clock.times_s)
    sway = rng.uniform(0, 6.3) + clock.times_s / walk.tau * rng.uniform(0.1, 0.2)
    shape = {
        "walk": walk, "tracks": (track,), "start": start,
        "jitter": rng.normal(0, 0.5, (2, 2, clock.num_frames)),
        "sway": 2.0 * np.sin(sway),
        "lag": np.exp(-clock.s_per_frame / (4 * walk.tau)),
    }  # fmt: skip
    return {**shape, **posed(shape, along, lift)}


def posed(shape: Any, along: np.ndarray, lift: np.ndarray) -> dict[str, np.ndarray]:
    """Heads and stalk in nm: `along` and `lift` (2, T), `neck` and `tail` (T,) along the track.

    A free head jitters; the neck is between the heads, and the tail lags behind it.
    """
    loose = np.clip(lift / motor.LIFT_NM, 0, 1)
    along = along + loose * shape["jitter"][0]
    neck = along.mean(axis=0)
    tail = neck.copy()
    for i in range(1, len(tail)):
        tail[i] = neck[i] + shape["lag"] * (tail[i - 1] - neck[i])
    return {"along": along, "lift": lift + loose * shape["jitter"][1], "neck": neck,
            "tail": tail + shape["sway"]}  # fmt: skip


def two_tracks(
    p: Parameters, clock: Clock, field: float, sign: float, rng: np.random.Generator
) -> dict[str, Any]:
    """Vesicles on two microtubules of opposite polarity, and loose ones between them.

    `rides` (T, 6) in µm from the minus end and `paused` (T, 6), the foremost of each track first;
    `height` (T, 6) beside the track's axis and `loose` (T, 2, 2), in µm; `inside` places the cargo.
    """
    size, travel, tracks, rows, pauses = p["vesicle_diameter"], travel_um(p, 33), [], [], []
    heights = rng.uniform(0.22, 0.30), rng.uniform(0.70, 0.78)
    for way, y in zip((sign, -sign), heights, strict=True):
        track = _track(field, way, -0.03, rng.uniform(0.93, 0.96), y, rng.uniform(-0.03, 0.03))
        tracks.append(track)
        gap = rng.uniform(2.4, 3.0, PER_TRACK - 1)
        # Room for the way ahead; the same behind, as far as there is some.
        ahead = track.length - 1.2 - max(travel, travel_um(p, clock.num_frames)) * 1.15
        front = rng.uniform(min(ahead, gap.sum() + 1.2 + 0.8 * travel), ahead)
        starts = front - np.concatenate([[0.0], np.cumsum(gap)])
        place, paused = motor.rides(
            p["speed"], clock.s_per_frame, clock.num_frames, starts, 1.3 * size, _PAUSE_RATE,
            _PAUSE_S, rng,
        )  # fmt: skip
        rows.append(np.minimum(place, track.length - 0.6 * size))
        pauses.append(paused)
    number = 2 * PER_TRACK
    wobble = rng.normal(0, 0.02, (clock.num_frames, number))
    steps = rng.normal(0, np.sqrt(2 * _DIFFUSION * clock.s_per_frame), (clock.num_frames, LOOSE, 2))
    steps[0] = 0
    low, high = (h * field + s * 1.8 * size for h, s in zip(heights, (1, -1), strict=True))
    across = rng.permutation(np.linspace(0.25, 0.75, LOOSE)) * (high - low) + low
    across += rng.uniform(-0.08, 0.08, LOOSE) * (high - low)
    begin = np.stack([rng.uniform(0.22, 0.78, LOOSE) * field, across], axis=1)
    return {
        "tracks": tuple(tracks),
        "rides": np.concatenate(rows, axis=1),
        "paused": np.concatenate(pauses, axis=1),
        "height": rng.choice([-1.0, 1.0], number) * 0.38 * size + wobble,
        "loose": begin + np.cumsum(steps, axis=0),
        "inside": rng.uniform(-1, 1, (number + LOOSE, 2)),
    }


def molecules(
    p: Parameters, clock: Clock, field: float, sign: float, rng: np.random.Generator
) -> dict[str, Any]:
    """Molecules on one microtubule: `runs` (N, T) in µm, NaN where not bound, and their `spans`."""
    track = _track(field, sign, 0.05, 0.93, rng.uniform(0.40, 0.60), rng.uniform(-0.05, 0.05))
    places, spans = motor.runs(
        p["speed"], p["run_length"], track.length, PRESENT, clock.s_per_frame, clock.num_frames, rng
    )
    return {"tracks": (track,), "runs": places, "spans": spans,
            "gain": rng.uniform(0.85, 1.05, len(places))}  # fmt: skip


def vesicles(state: State) -> np.ndarray:
    """Centres (T, 6, 2) in µm of the vesicles on the two tracks."""
    parts = [
        track.place(state["rides"][:, i : i + PER_TRACK], state["height"][:, i : i + PER_TRACK])
        for track, i in zip(state["tracks"], (0, PER_TRACK), strict=True)
    ]
    return np.concatenate(parts, axis=1)


def head_points(state: State) -> np.ndarray:
    """Where the two heads touch down, or hover (2, T, 2), µm."""
    s = state["start"] + state["along"] / 1000
    return np.asarray(state["tracks"][0].place(s, (RADIUS_NM + state["lift"]) / 1000))


def tell(p: Parameters, clock: Clock, state: State) -> None:
    """Write tracks, events and series into the state's truth."""
    truth, frames, dt = state.truth, list(range(clock.num_frames)), clock.s_per_frame
    if p["scene"] == "close_up":
        for head, xy in enumerate(head_points(state)):
            truth.add_track(head, "head", frames, xy)
        s = state["start"] + state["neck"] / 1000
        truth.add_track(2, "stalk", frames, state["tracks"][0].place(s, 0.024))
        walk = state["walk"]
        for step, times in enumerate(zip(walk.off, walk.atp, walk.on, strict=True)):
            for name, t in zip(("head_release", "atp_binding", "head_binding"), times, strict=True):
                if 0 < t <= clock.times_s[-1]:
                    value, unit = (DIMER_NM, "nm") if name == "head_binding" else (None, "")
                    frame = int(np.ceil(t / dt - 1e-9))
                    truth.events.append(Event(name, frame, float(t), step % 2, value, unit))
        truth.series["stalk_nm"] = ("nm", state["neck"] - state["neck"][0])
        truth.series["bound_heads"] = ("heads", motor.bound(walk, clock.times_s).astype(float))
    elif p["scene"] == "two_tracks":
        for i, xy in enumerate(np.moveaxis(vesicles(state), 1, 0)):
            truth.add_track(i, "vesicle", frames, xy)
        for i, xy in enumerate(np.moveaxis(state["loose"], 1, 0)):
            truth.add_track(2 * PER_TRACK + i, "loose_vesicle", frames, xy)
        begins = state["paused"][1:] & ~state["paused"][:-1]
        for frame, i in zip(*np.nonzero(begins), strict=True):
            truth.events.append(Event("pause", int(frame) + 1, (frame + 1) * dt, int(i)))
        ridden = (state["rides"] - state["rides"][0]).mean(axis=1)
        truth.series["mean_ride_um"] = ("µm", ridden)
        truth.series["moving"] = ("vesicles", (~state["paused"]).sum(axis=1).astype(float))
    else:
        here = np.isfinite(state["runs"])
        for i, row in enumerate(state["runs"]):
            seen = np.flatnonzero(here[i])
            truth.add_track(i, "kinesin", seen.tolist(), state["tracks"][0].place(row[seen]))
            first, last = int(seen[0]), int(seen[-1])
            if first > 0:
                truth.events.append(Event("landing", first, first * dt, i))
            if last < clock.num_frames - 1:
                run = float(state["spans"][i])
                truth.events.append(Event("release", last + 1, (last + 1) * dt, i, run, "µm"))
        truth.events.sort(key=lambda event: event.t_s)
        truth.series["bound_molecules"] = ("molecules", here.sum(axis=0).astype(float))
