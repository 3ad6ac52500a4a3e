"""Red cells and platelets that blood carries past a clot at any given flow, right or wrong.

`venule_flow` solves for the flow that pressure and resistance allow. Here the flow is given, also
one that they forbid, and may differ on both sides of the clot. Lengths in µm, times in s.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from . import venule_flow
from .venule_flow import Tracers

_SUBSTEPS = 8  # per frame: a cell moves a third of a micrometre
_BLEND_UM = 8.0  # the length over which one flow passes into the other


def levels(s: np.ndarray, grid: np.ndarray, height: np.ndarray) -> np.ndarray:
    """Height (N,) of the clot at places `s` (N,), from `height` (S,) over `grid` (S,)."""
    return np.interp(s, grid, height, left=0.0, right=0.0)


def carry(
    tracers: Tracers, grid: np.ndarray, height: np.ndarray, diameter: float, first: int,
    upstream: np.ndarray, downstream: np.ndarray, squeeze: Callable[[np.ndarray], np.ndarray],
) -> np.ndarray:  # fmt: skip
    """Places (N, T): those of `tracers` before frame `first`, then as the flow takes them.

    `upstream` and `downstream` (T,) are what a cell on the axis of the open vessel goes per frame,
    `squeeze` turns the open share of the diameter into a factor to that. `height` is (T, S). The
    midpoint rule is of second order.
    """
    s, frames, middle = tracers.s.copy(), np.arange(len(height)), float(grid.mean())
    shape = 1 - tracers.eta**2

    def step(f: float, x: np.ndarray) -> np.ndarray:
        i = min(int(f), len(height) - 2)
        row = height[i] + (f - i) * (height[i + 1] - height[i])
        past = np.clip((x - middle) / _BLEND_UM + 0.5, 0, 1)
        flow = (1 - past) * np.interp(f, frames, upstream) + past * np.interp(f, frames, downstream)
        return flow * shape * squeeze(1 - levels(x, grid, row) / diameter) / _SUBSTEPS

    for frame in range(first, s.shape[1]):
        x = s[:, frame - 1]
        for k in range(_SUBSTEPS):
            f = frame - 1 + k / _SUBSTEPS
            x = x + step(f + 0.5 / _SUBSTEPS, x + 0.5 * step(f, x))
        s[:, frame] = x
    return s


def reshaped(
    tracers: Tracers, s: np.ndarray, grid: np.ndarray, height: np.ndarray, floor: np.ndarray,
    diameter: float, sizes: tuple[float, float], first: int, field_um: float,
) -> Tracers:  # fmt: skip
    """`tracers` at the places `s` (N, T) above a clot up to `floor` (T, S) from `first` on.

    `height` (S,) is the clot under the first frame's, `sizes` are the half lengths of a red cell
    and a platelet in the open vessel.
    """
    out = {name: getattr(tracers, name).copy() for name in ("v", "a", "b", "tilt")}
    share = np.maximum(diameter - levels(tracers.s[:, 0], grid, height), 0.1) / diameter
    for kind, size in enumerate(sizes):
        mine, soft = tracers.kind == kind, 1.0 - kind
        free = tracers.b[mine, 0] / share[mine] ** (0.65 * soft)  # half height in the open vessel
        body = venule_flow.bodies(
            s[mine], tracers.eta[mine], free, size, soft, np.ascontiguousarray(floor), grid[0],
            diameter, field_um,
        )  # fmt: skip
        for name, values in zip(("v", "a", "b", "tilt"), body[:4], strict=True):
            out[name][mine, first:] = values[:, first:]
    return replace(tracers, s=s, **out)


def collide(
    tracers: Tracers, grid: np.ndarray, height: np.ndarray, diameter: float, first: int,
    field_um: float,
) -> bool:  # fmt: skip
    """Whether two tracers, shrunk by a fifth, overlap in view from frame `first` on.

    Those in a slit below a third of the bore are hidden by the clot and do not count.
    """
    turn = np.linspace(0, 2 * np.pi, 16, endpoint=False)
    for f in range(first, tracers.s.shape[1]):
        place = tracers.s[:, f]
        shown = (place > 0) & (place < field_um) & (levels(place, grid, height[f]) < diameter / 1.5)
        s, v, a, b, tilt = (getattr(tracers, k)[shown, f] for k in ("s", "v", "a", "b", "tilt"))
        # Axes: the body that is tested, the one whose rim is sampled, the points of that rim.
        a, b, c, d = (w[:, None] for w in (0.8 * a, 0.8 * b, np.cos(tilt), np.sin(tilt)))
        along, across = a * np.cos(turn), b * np.sin(turn)
        ds = s[:, None] + c * along - d * across - s[:, None, None]
        dv = v[:, None] + d * along + c * across - v[:, None, None]
        a, b, c, d = (w[:, None] for w in (a, b, c, d))
        inside = (((c * ds + d * dv) / a) ** 2 + ((c * dv - d * ds) / b) ** 2 < 1).any(axis=2)
        np.fill_diagonal(inside, False)
        if inside.any():
            return True
    return False
