"""Blood flow past a clot in an unbranched venule, and the cells that it carries.

The pressure difference over the whole unbranched path is fixed, ΔP = Q ΣR, and every slice of
length ds adds a Poiseuille resistance dR = 128 μ ds / (π w⁴), w being the local lumen (Sutera &
Skalak 1993, Annu. Rev. Fluid Mech. 25:1). The path outside the field is a resistance in series, so
a partial clot lowers Q a little while the throat runs faster; a closed lumen has infinite
resistance, Q = 0, and the blood rests upstream and downstream alike.

Tracers keep their place η in the local lumen and move at u = 2 Q / (π w² / 4) (1 - η²), which is
continuity plus a Poiseuille profile in every section. They do not act on one another: of many
drawn tracers those are kept that never touch a wall, the clot or another one.

The vessel's own coordinates are `s` along the flow and `v` from the injured wall, in µm; clot
heights are sampled every `GRID_UM` along the vessel.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import ArrayLike

GRID_UM = 0.5
BRIDGED_UM = 2.2
"""A gap narrower than this is closed by one platelet."""
NEIGHBOUR_RATIO = 0.3
"""Largest step of a tracer as a share of the distance to the next one ahead."""
NEAR_UM = 12.0
"""How far outside the field tracers still keep clear of each other."""
RIM_POINTS, ROOM_UM = 24, 0.5
"""Points on a tracer's outline that are tested, and how far they stay from clot and wall."""


@dataclass(frozen=True)
class Venule:
    """A gently bent vessel across a field of `field_um` µm.

    `flow_sign` is 1 for flow to the right, -1 to the left; `middle` the y of its axis, `bend` the
    amplitude of its wave (all µm) and `bend_phase` its phase (rad); `lower` tells whether the
    injured wall is the lower one.
    """

    field_um: float
    diameter: float
    flow_sign: float
    lower: bool
    middle: float
    bend: float
    bend_phase: float

    def place(self, s: ArrayLike, v: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
        """Image coordinates x, y in µm of `s` along the flow and `v` from the injured wall."""
        s, v = np.asarray(s, float), np.asarray(v, float)
        x = s if self.flow_sign > 0 else self.field_um - s
        bend = self.bend * np.sin(2 * np.pi * s / (1.6 * self.field_um) + self.bend_phase)
        half = 0.5 * self.diameter
        return x, self.middle + bend + (half - v if self.lower else v - half)

    def strip(self, lo: float, hi: float) -> np.ndarray:
        """Outline (40, 2) of what lies between heights `lo` and `hi` along the whole vessel."""
        s = np.linspace(-45, self.field_um + 45, 20)
        return np.stack(self.place(np.concatenate([s, s[::-1]]), np.repeat([lo, hi], 20)), axis=1)


def relative_flow(height: np.ndarray, diameter: float, length_um: float) -> np.ndarray:
    """Flow through the path over that without a clot, from clot heights (..., S) in µm.

    Solves ΔP = QΣR for a path of `length_um` µm whose slices of `GRID_UM` resist as lumen⁻⁴.
    """
    lumen = diameter - height
    extra = ((diameter / np.maximum(lumen, 1e-3)) ** 4 - 1).sum(axis=-1) * GRID_UM
    flow = length_um / (length_um + extra)
    return np.where(lumen.min(axis=-1) <= BRIDGED_UM, 0.0, flow)


@njit(cache=True)
def clot_level(height: np.ndarray, first_s: float, s: float) -> float:
    """Clot height at place `s` from `height` (S,) on the grid from `first_s` on; 0 outside."""
    u = (s - first_s) / GRID_UM
    i = math.floor(u)
    if i < 0 or i >= len(height) - 1:
        return 0.0
    return height[i] + (u - i) * (height[i + 1] - height[i])


@njit(cache=True)
def advect(
    start: np.ndarray, eta: np.ndarray, height: np.ndarray, first_s: float, diameter: float,
    centre_speed: np.ndarray, substep_s: float, per_frame: int,
) -> np.ndarray:  # fmt: skip
    """Places (N, T) along the vessel of tracers that start at `start` (N,) with lumen place `eta`.

    `height` (2K+1, S) and the open vessel's centre speed `centre_speed` (2K+1,), µm/s, are sampled
    at half substeps; the midpoint rule is of second order.
    """
    steps = (len(height) - 1) // 2
    out = np.empty((len(start), steps // per_frame + 1))
    for n in range(len(start)):
        s = start[n]
        shape = 1 - eta[n] ** 2
        out[n, 0] = s
        for k in range(steps):
            middle = s
            for half in range(2):
                at = clot_level(height[2 * k + half], first_s, middle)
                squeeze = diameter / max(diameter - at, BRIDGED_UM)
                move = centre_speed[2 * k + half] * shape * squeeze**2 * substep_s
                middle = s + 0.5 * move
            s += move
            if (k + 1) % per_frame == 0:
                out[n, (k + 1) // per_frame] = s
    return out


@njit(cache=True)
def bodies(
    s: np.ndarray, eta: np.ndarray, b0: np.ndarray, a0: float, soft: float, height: np.ndarray,
    first_s: float, diameter: float, field_um: float,
) -> np.ndarray:  # fmt: skip
    """Bodies (5, N, T) of tracers at `s` (N, T): v, half axes a and b, tilt, and room left (µm).

    `v` is measured from the injured wall, `tilt` is the angle of the stream line. `soft` is 1 for
    a cell that a narrowing stream draws out, 0 for one that keeps its shape. The room is the
    smallest distance across the vessel from the outline to clot or wall, where in or near view.
    """
    out = np.empty((5, *s.shape))
    for n in range(s.shape[0]):
        for t in range(s.shape[1]):
            x, row = s[n, t], height[t]
            at = clot_level(row, first_s, x)
            share = max(diameter - at, 0.1) / diameter
            v = at + 0.5 * (diameter - at) * (1 + eta[n])
            a = a0 * min(share ** (-0.3 * soft), 1.4)
            b = b0[n] * share ** (0.65 * soft)
            rise = (clot_level(row, first_s, x + 0.8) - clot_level(row, first_s, x - 0.8)) / 1.6
            tilt = math.atan(0.5 * rise * (1 - eta[n]))
            room = np.inf
            if -NEAR_UM < x < field_um + NEAR_UM:
                c, d = math.cos(tilt), math.sin(tilt)
                for k in range(RIM_POINTS):
                    along = a * math.cos(2 * math.pi * k / RIM_POINTS)
                    across = b * math.sin(2 * math.pi * k / RIM_POINTS)
                    rim = v + d * along + c * across
                    below = rim - clot_level(row, first_s, x + c * along - d * across)
                    room = min(room, below, diameter - rim)
            out[0, n, t], out[1, n, t], out[2, n, t] = v, a, b
            out[3, n, t], out[4, n, t] = tilt, room
    return out


@njit(cache=True)
def _touch(ds: float, dv: float, one: np.ndarray, other: np.ndarray) -> bool:
    """Whether a body (5,) touches a no smaller one `ds`, `dv` µm away, both grown by 10 %."""
    a, b = 1.1 * one[1], 1.1 * one[2]
    u, w = 1.1 * other[1], 1.1 * other[2]
    if math.hypot(ds, dv) > max(a, b) + max(u, w):
        return False
    c, d = math.cos(one[3]), math.sin(one[3])
    e, f = math.cos(other[3]), math.sin(other[3])
    for k in range(RIM_POINTS):
        along = a * math.cos(2 * math.pi * k / RIM_POINTS)
        across = b * math.sin(2 * math.pi * k / RIM_POINTS)
        x, y = c * along - d * across - ds, d * along + c * across - dv
        if ((e * x + f * y) / u) ** 2 + ((e * y - f * x) / w) ** 2 < 1:
            return True
    return False


@njit(cache=True)
def select(
    s: np.ndarray, body: np.ndarray, kinds: np.ndarray, wanted: np.ndarray, field_um: float
) -> np.ndarray:
    """Which tracers (N,) to keep: each, in order, that keeps apart from those kept before it.

    Apart means that in every frame, in or near the view, the ellipses do not overlap and, against
    aliasing, the step of the rear one is at most `NEIGHBOUR_RATIO` of their distance. `wanted` (2,)
    is how many red cells (kind 0) and platelets (kind 1) to keep at most.
    """
    count, frames = s.shape
    kept = np.zeros(count, dtype=np.bool_)
    left = wanted.copy()
    for i in range(count):
        good = left[kinds[i]] > 0 and body[4, i].min() > ROOM_UM
        seen = False
        for t in range(frames):
            if not good:
                break
            if not -NEAR_UM < s[i, t] < field_um + NEAR_UM:
                continue
            seen = True
            f = min(t, frames - 2)
            for j in range(i):
                if not kept[j] or not -NEAR_UM < s[j, t] < field_um + NEAR_UM:
                    continue
                ds, dv = s[j, t] - s[i, t], body[0, j, t] - body[0, i, t]
                rear = i if ds > 0 else j
                step = s[rear, f + 1] - s[rear, f]
                if step > NEIGHBOUR_RATIO * math.hypot(ds, dv) or _touch(
                    ds, dv, body[:, i, t], body[:, j, t]
                ):
                    good = False
                    break
        if good and seen:
            kept[i] = True
            left[kinds[i]] -= 1
    return kept


@dataclass(frozen=True)
class Tracers:
    """Red cells (`kind` 0) and free platelets (1) over time in the vessel's own coordinates, µm.

    `s` runs along the flow, `v` from the injured wall across the vessel, both (N, T); `a` and `b`
    are half length and half height, `tilt` the angle of the stream line; `eta` (N,) is the place
    in the local lumen, -1 at the injured side to 1.
    """

    kind: np.ndarray
    eta: np.ndarray
    s: np.ndarray
    v: np.ndarray
    a: np.ndarray
    b: np.ndarray
    tilt: np.ndarray
