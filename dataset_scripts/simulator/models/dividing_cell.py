"""Shape of a dividing cell: a body of revolution whose waist closes at constant volume.

In the frame of the spindle the cell is two caps of radius r joined by a waist, whose volume stays
that of the round mother while the contractile ring's radius shrinks linearly (Carvalho et al. 2009,
Cell 137:926); two equal spheres remain, with 2 (1/2)^(2/3) = 1.26 times her projected area.

A shape is (half, r, waist): the caps' centres lie at ±half µm on the axis, `waist` is the equator's
radius as a share of r.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Pose:
    """Where the spindle's frame lies in the field: its `centre` (2,) in µm and `angle` in rad."""

    centre: np.ndarray
    angle: float

    def at(self, x: Any, y: Any) -> tuple[Any, Any]:
        """Field coordinates of `x`, `y` (µm, numbers or arrays) of the spindle's frame."""
        c, s = math.cos(self.angle), math.sin(self.angle)
        return self.centre[0] + c * x - s * y, self.centre[1] + s * x + c * y

    def points(self, xy: np.ndarray) -> np.ndarray:
        """`at` for points (K, 2)."""
        return np.stack(self.at(xy[:, 0], xy[:, 1]), axis=1)


def waist_profile(half: float, radius: float, waist: float, x: np.ndarray) -> np.ndarray:
    """Radius (µm) of the dividing body at axial positions `x` (µm from the equator).

    Caps of `radius` are centred at ±`half`; between them the section shrinks smoothly to
    `waist` × radius at the equator. With half = radius and waist = 0 these are two touching
    spheres, with half = 0 one sphere.
    """
    x = np.abs(x)
    square = np.clip(radius**2 - np.maximum(x - half, 0.0) ** 2, 0.0, None)
    if half > 0:
        square = square - radius**2 * (1 - waist**2) * _cleft(half, waist, np.minimum(x, half))
    return np.sqrt(np.clip(square, 0.0, None))


def _cleft(half: float, waist: float, x: np.ndarray) -> np.ndarray:
    """1 at the equator, 0 at ±half with zero slope; the narrower the waist, the sharper."""
    blunt = half * (0.01 + 0.5 * waist)
    rise = np.sqrt(x**2 + blunt**2) - blunt
    return (1 - rise / (math.sqrt(half**2 + blunt**2) - blunt)) ** 2


def cap_radius(half: float, waist: float, volume: float) -> float:
    """Cap radius (µm) at which the body of `waist_profile` has `volume` (µm³)."""
    mean_cleft = 0.0
    if half > 0:
        nodes, weights = np.polynomial.legendre.leggauss(48)
        mean_cleft = float(_cleft(half, waist, half * (nodes + 1) / 2) @ weights / 2)
    middle = half * (1 - (1 - waist**2) * mean_cleft)
    r = (volume / (4 / 3 * math.pi)) ** (1 / 3)
    for _ in range(30):
        excess = 2 * math.pi * r * r * (middle + 2 / 3 * r) - volume
        r -= excess / (2 * math.pi * r * (2 * middle + 2 * r))
    return r


def shapes(
    half: np.ndarray, waist: np.ndarray, gap: np.ndarray, divided: np.ndarray, radius: float
) -> np.ndarray:
    """Shapes (T, 3) of the body that was a ball of `radius` µm; all arguments per frame, (T,).

    Once `divided`, they are two balls `gap` µm apart, and `half` and `waist` no longer matter.
    """
    daughter, volume = radius / 2 ** (1 / 3), 4 / 3 * math.pi * radius**3
    body = np.zeros((len(half), 3))
    for i in range(len(half)):
        if divided[i]:
            body[i] = daughter + gap[i] / 2, daughter, 0.0
        else:
            body[i] = half[i], cap_radius(half[i], waist[i], volume), waist[i]
    return body


def inside(body: np.ndarray, divided: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Which points `x`, `y` (T, K) lie inside a cell of shape `body` (T, 3) in their frame."""
    held = np.empty(x.shape, bool)
    for i, (half, r, waist) in enumerate(body):
        if divided[i]:
            held[i] = np.hypot(np.abs(x[i]) - half, y[i]) < r
        else:
            held[i] = np.abs(y[i]) < waist_profile(half, r, waist, x[i])
    return held


def area_volume(body: np.ndarray, divided: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Projected area (µm²) and volume (µm³) of all cells together in each frame."""
    area, volume = np.empty(len(body)), np.empty(len(body))
    for i, (half, r, waist) in enumerate(body):
        if divided[i]:
            area[i], volume[i] = 2 * math.pi * r**2, 8 / 3 * math.pi * r**3
            continue
        # Caps in closed form, the waist on a fine grid.
        x = np.linspace(0, half, 801)
        rho = waist_profile(half, r, waist, x)
        area[i] = math.pi * r**2 + 4 * np.trapezoid(rho, x)
        volume[i] = 4 / 3 * math.pi * r**3 + 2 * math.pi * np.trapezoid(rho**2, x)
    return area, volume


def outline(half: float, r: float, waist: float) -> np.ndarray:
    """Outline (60, 2) of the undivided body in spindle coordinates."""
    cap = np.linspace(0, np.pi / 2, 9)
    inward = half * np.array([0.83, 0.66, 0.50, 0.34, 0.20, 0.08, 0.0])
    x = np.concatenate([half + r * np.cos(cap), inward])
    rho = np.concatenate([r * np.sin(cap), waist_profile(half, r, waist, inward)])
    quarter = np.stack([x, rho], axis=1)
    top = np.concatenate([quarter, quarter[-2::-1] * [-1, 1]])
    return np.concatenate([top, top[-2:0:-1] * [1, -1]])


def granules(radius: float, rng: np.random.Generator) -> np.ndarray:
    """Organelles outside the spindle of the round cell: x, y, width, angle (12, 4) in µm, rad."""
    around = np.linspace(0, 2 * np.pi, 12, endpoint=False) + rng.uniform(-0.2, 0.2, 12)
    far = rng.uniform(0.74, 0.88, 12) * radius
    size = rng.uniform(0.36, 0.60, 12)
    turn = rng.uniform(0, np.pi, 12)
    return np.stack([far * np.cos(around), far * np.sin(around), size, turn], axis=1)


def carry(points: np.ndarray, radius: float, body: np.ndarray, divided: bool) -> np.ndarray:
    """Move material `points` (K, 2) of the round cell with the volume-preserving deformation."""
    half, r, waist = body
    x = np.linspace(0, half + r, 200)
    rho = waist_profile(half, r, waist, x)
    if divided:
        rho = np.sqrt(np.clip(r**2 - (x - half) ** 2, 0, None))
    held = np.concatenate([[0.0], np.cumsum(rho[1:] ** 2 + rho[:-1] ** 2)])
    u = np.abs(points[:, 0]) / radius
    place = np.interp((3 * u - u**3) / 2, held / held[-1], x)
    rise = points[:, 1] / (radius * np.sqrt(1 - u**2))
    room = np.clip(np.interp(place, x, rho) - 0.4, 0, None)
    return np.stack([np.sign(points[:, 0]) * place, rise * room], axis=1)
