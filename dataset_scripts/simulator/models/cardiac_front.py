"""What is known about the waves of a cardiac sheet: fronts along rays, collisions, turns."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.ndimage import map_coordinates

from ..core import Clock, Event, Truth
from .cardiac_sheet import tips

_RAYS = 12


def measured(
    way: str, field_um: float, clock: Clock, wave: dict[str, Any], potential: np.ndarray,
    gate: np.ndarray, arrival: np.ndarray, shown_s: np.ndarray | None = None,
) -> Truth:  # fmt: skip
    """Tracks, events and series of a clip; lengths in µm, times in s.

    Single fronts: tracks "front" along rays until they meet the border or each other, and the
    series `front_distance`, the mean way from the stimulated edge, or from the stimulated spot
    along the fibres; for an ellipse also `across_distance`. Spirals: track "tip", the series
    `turns`. `shown_s` (T,) are the times of the wave that the frames show, if not their own.
    """
    truth = Truth()
    truth.series["excited_fraction"] = ("1", (potential >= 0.5).mean(axis=(1, 2)))
    truth.events.append(Event("start", 0, 0.0))
    if way in ("clockwise", "counterclockwise"):
        _turns(truth, field_um, clock, wave, potential, gate)
    else:
        times = clock.times_s if shown_s is None else shown_s
        _fronts(truth, way, field_um, clock, wave, arrival, times)
    return truth


def _rays(
    way: str, field_um: float, wave: dict[str, Any]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Origins (K, 2), unit headings (K, 2) and greatest lengths (K,) of the rays, µm."""
    if way == "outward":
        angles = 2 * np.pi * np.arange(_RAYS) / _RAYS
        heading = np.stack([np.cos(angles), np.sin(angles)], -1)
        return np.tile(1000 * wave["site"], (_RAYS, 1)), heading, np.full(_RAYS, field_um)
    height = np.linspace(0.15, 0.85, _RAYS // 2 if way == "inward" else _RAYS) * field_um
    left = np.stack([np.zeros_like(height), height], -1)
    right = left + np.array([field_um, 0.0])
    origin = {"left_to_right": left, "right_to_left": right}.get(way, np.concatenate([left, right]))
    heading = np.where(origin[:, :1] > 0, -1.0, 1.0) * [1.0, 0.0]
    reach = 0.5 if way == "inward" else 1.0
    return origin, heading, np.full(len(origin), reach * field_um)


def _fronts(
    truth: Truth, way: str, field_um: float, clock: Clock, wave: dict[str, Any],
    arrival: np.ndarray, times: np.ndarray,
) -> None:  # fmt: skip
    origin, heading, reach = _rays(way, field_um, wave)
    h = field_um / np.array(arrival.shape[::-1])  # of a column and a row
    spacing = 0.5 * float(h.min())
    count, frames = len(origin), clock.num_frames
    front = np.full((count, frames), np.nan)
    end = np.zeros(count)
    for ray in range(count):
        distance = np.arange(0.0, reach[ray], spacing)
        xy = origin[ray] + distance[:, None] * heading[ray]
        inside = ((xy >= 0) & (xy <= field_um)).all(axis=1)
        distance, xy = distance[inside], xy[inside]
        t = map_coordinates(arrival.astype(float), (xy / h - 0.5).T[::-1], order=1, mode="nearest")
        # Times ahead of the last front are unknown (1e9); one such neighbour spoils the mean.
        known = len(t) if (t < 1e3).all() else int(np.argmax(t >= 1e3))
        if known < 2:
            continue
        t, end[ray] = np.maximum.accumulate(t[:known]), distance[known - 1]
        seen = times <= t[-1]
        # Of the many places that were lit at the start the front is the farthest.
        last = max(int(np.searchsorted(t, t[0], side="right")) - 1, 0)
        front[ray, seen] = np.interp(times[seen], t[last:], distance[last:known])
    points = origin[:, None] + heading[:, None] * np.nan_to_num(front)[..., None]
    for ray in range(count):
        shown = np.flatnonzero(np.isfinite(front[ray]))
        truth.add_track(ray, "front", [int(i) for i in shown], points[ray, shown])
    along, across = np.arange(count), np.arange(0)
    if way == "outward":
        sideways, upright = np.array([0, _RAYS // 2]), np.array([_RAYS // 4, 3 * _RAYS // 4])
        along, across = (sideways, upright) if wave["horizontal"] else (upright, sideways)
    truth.series["front_distance"] = ("µm", _held_mean(front[along], end[along]))
    if len(across):
        truth.series["across_distance"] = ("µm", _held_mean(front[across], end[across]))
    gone = np.flatnonzero(~np.isfinite(front[along]).all(axis=0))
    if len(gone):
        i = int(gone[0])
        name = "collision" if way == "inward" else "front_meets_border"
        value = float(truth.series["front_distance"][1][i])
        truth.events.append(Event(name, i, i * clock.s_per_frame, value=value, unit="µm"))


def _held_mean(front: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Mean of rays (K, T); one that the front has left counts with its end (K,)."""
    return np.asarray(np.where(np.isfinite(front), front, end[:, None]).mean(axis=0))


def _turns(
    truth: Truth, field_um: float, clock: Clock, wave: dict[str, Any], potential: np.ndarray,
    gate: np.ndarray,
) -> None:  # fmt: skip
    """The spiral's inner end and how often it has gone round, by its angle about the core.

    Angles are taken where fronts are equally fast in all directions.
    """
    h = field_um / np.array(potential.shape[:0:-1])
    middle = 0.5 * field_um
    ends = []
    for found in tips(potential, gate):
        xy = (found[:, ::-1] + 0.5) * h
        near = xy[np.argmin(np.hypot(*(xy - middle).T))] if len(xy) else np.full(2, np.nan)
        ends.append(near)
    tip = np.array(ends)
    good = np.isfinite(tip[:, 0])
    truth.add_track(0, "tip", [int(i) for i in np.flatnonzero(good)], tip[good])
    dx, dy = ((tip - middle) * wave["stretch"]).T
    turned = np.zeros(clock.num_frames)
    turned[good] = wave["sense"] * np.unwrap(np.arctan2(dy, dx)[good]) / (2 * np.pi)
    turned -= turned[0]
    truth.series["turns"] = ("turns", turned)
    for number in range(1, int(turned.max()) + 1):
        i = int(np.argmax(turned >= number))
        truth.events.append(Event("turn", i, i * clock.s_per_frame, value=float(number), unit="1"))
