"""A row of epithelial cells, seen from its side, that squeezes one of them out at constant area.

The dying cell signals its neighbours, whose feet run under it while a ring of actin and myosin
tightens around it from its base to its top (Rosenblatt et al. 2001, Curr Biol 11:1847). Here its
half width is f(q) at the base and g(q) at the top, with the caspase dose q, and a smooth step
between; below the tip, which rises once the base is closed, it is 0 and the neighbours meet. What
no longer fits between them bulges out on top as a circular segment over the neck 2g, of the area
that is left of the cell; when the neck closes the segment is a full circle, and the cell is free.
Borders of three cells on each side follow, each cell keeping its area, hence flatter where wider.

Lengths in µm; heights z upwards from the basement membrane, x from the dying cell's middle.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .dying_cell import smooth

SIDE = 3
"""Cells on each side that make up for the one lost."""
CLOSED, RELEASED = 0.50, 0.72
"""Doses at which the neighbours' feet meet and at which the cell has left the row."""
_LEVELS = 9


@dataclass(frozen=True)
class Row:
    """The row in T frames: `foot` and `head` (T, SIDE + 1), x of the borders to the right of the
    middle at base and top; `height` (T, SIDE) of those cells; of the dying cell `base`, `neck`
    (half widths), `tip` (share of the height below which it has left), `cap` (half opening angle of
    its free surface, rad), `middle` (height of its centroid) and `free` (T,) whether it has left.
    """

    foot: np.ndarray
    head: np.ndarray
    height: np.ndarray
    base: np.ndarray
    neck: np.ndarray
    tip: np.ndarray
    cap: np.ndarray
    cap_um: np.ndarray
    middle: np.ndarray
    free: np.ndarray


def cap_angle(neck: np.ndarray, area: np.ndarray) -> np.ndarray:
    """Half opening angle (rad, −π to π) of the circular segment of `area` over the chord 2 `neck`.

    Solves neck² (φ − sin φ cos φ) / sin² φ = area by bisection; negative where the top caves in.
    """
    low, high = np.zeros_like(area), np.full_like(area, math.pi - 1e-4)
    for _ in range(42):
        middle = 0.5 * (low + high)
        held = neck**2 * (middle - np.sin(middle) * np.cos(middle)) / np.sin(middle) ** 2
        low, high = np.where(held < np.abs(area), (middle, high), (low, middle))
    return np.sign(area) * 0.5 * (low + high)


def squeeze(q: np.ndarray, width: float, height: float, area: np.ndarray) -> Row:
    """The row under the dose `q` (T,) of its middle cell, whose section has `area` (T,) in µm²."""
    closing = smooth((q - 0.02) / (CLOSED - 0.02))
    tightening = smooth((q - 0.30) / (RELEASED - 0.30))
    base = 0.5 * width * (1 - closing)
    neck = 0.5 * width * (1 - tightening)
    tip = smooth((q - CLOSED) / (RELEASED - CLOSED))
    order = np.arange(SIDE + 1)
    # Borders at rest, and when the row has closed: SIDE cells then fill the room of SIDE + ½.
    rest, last = (order + 0.5) * width, order * (SIDE + 0.5) / SIDE * width
    foot = rest + closing[:, None] * (last - rest)
    head = rest + tightening[:, None] * (last - rest)
    foot[:, 0], head[:, 0] = base, neck
    mean = base * tip + (1 - tip) * 0.5 * (base + neck)
    inner = np.concatenate([mean[:, None], 0.5 * (foot + head)[:, 1:-1]], axis=1)
    tall = width * height / (0.5 * (foot + head)[:, 1:] - inner)
    free = q >= RELEASED
    within = 2 * mean * tall[:, 0]
    chord = np.maximum(neck, 0.02)
    cap = np.where(free, math.pi, cap_angle(chord, area - within))
    sine = np.where(np.abs(np.sin(cap)) < 1e-3, 1e-3, np.sin(cap))
    ball = np.sqrt(area / math.pi)
    cap_um = np.where(free, ball, np.clip(chord / sine, -200, 200))
    # Centroid: the part in the row, and the segment above it.
    top = tall[:, 0]
    low = 0.5 * top * (1 + tip + 0.1 * (1 - base / np.maximum(neck, 0.1)) * (1 - tip))
    bulge = np.maximum(area - within, 0.0)
    rise = np.where(cap > 0, np.clip(cap_um, 0, ball) * 0.5 * (1 - np.cos(cap)), 0.0)
    middle = (within * low + bulge * (top + rise)) / np.maximum(within + bulge, 1e-9)
    risen = 6.5 * (1 - np.exp(-np.clip(q - RELEASED, 0, None) / 0.15))
    middle = np.where(free, top + ball + risen, middle)
    return Row(foot, head, tall, base, neck, tip, cap, cap_um, middle, free)


def flank(row: Row, frame: int) -> np.ndarray:
    """Points (K, 2), x and z, of the dying cell's right border from the base line to the top."""
    level = np.linspace(0, 1, _LEVELS)
    tip = row.tip[frame]
    inside = smooth((level - tip) / max(1 - tip, 1e-6))
    half = row.base[frame] + (row.neck[frame] - row.base[frame]) * inside
    if row.free[frame]:
        half = np.zeros_like(level)
    return np.stack([half, level * row.height[frame, 0]], axis=1)


def resting_outline(width: float, height: float, k: int) -> np.ndarray:
    """Outline of the `k`-th cell beside the dying one while nothing has moved it."""
    half = 0.5 * width
    corners = [[-half, 0], [-half, height], [0, height + 1.1], [half, height], [half, 0]]
    return np.add(corners, [(k + 1) * width, 0.0])


def middle_of(row: Row, frame: int, k: int) -> float:
    """Distance of the middle of the `k`-th cell beside the dying one."""
    inner = flank(row, frame)[:, 0].mean() if k == 0 else 0.5 * (row.foot + row.head)[frame, k]
    return float(0.5 * inner + 0.25 * (row.foot + row.head)[frame, k + 1])


def dying_outline(row: Row, frame: int) -> np.ndarray:
    """Closed outline (K, 2), x and z, of the dying cell while it is still in the row."""
    right = flank(row, frame)
    right = right[right[:, 1] >= row.tip[frame] * row.height[frame, 0] - 1e-9]
    angle = np.linspace(row.cap[frame], -row.cap[frame], 22)[1:-1]
    r = row.cap_um[frame]
    height = row.height[frame, 0] - r * math.cos(row.cap[frame])
    arc = np.stack([r * np.sin(angle), height + r * np.cos(angle)], axis=1)
    left = right[::-1] * [-1.0, 1.0]
    return np.concatenate([right, arc, left])


def neighbour_outline(row: Row, frame: int, k: int) -> np.ndarray:
    """Outline (K, 2), x and z, of the `k`-th cell (0 to SIDE − 1) to the right of the middle."""
    height = row.height[frame]
    top = height[k]
    before = 0.5 * (top + height[k - 1]) if k else top
    after = 0.5 * (top + height[k + 1]) if k + 1 < SIDE else top
    inner = flank(row, frame) if k == 0 else np.array([
        [row.foot[frame, k], 0.0], [row.head[frame, k], before]])  # fmt: skip
    outer = np.array([[row.head[frame, k + 1], after], [row.foot[frame, k + 1], 0.0]])
    x = np.linspace(inner[-1, 0], outer[0, 0], 7)[1:-1]
    u = np.linspace(0, 1, 7)[1:-1]
    # Apical surfaces bulge a little; corners are shared with the neighbours.
    bulge = 1.1 + 1.3 * (top - 0.5 * (before + after))
    dome = before + (after - before) * u + bulge * np.sin(np.pi * u)
    return np.concatenate([inner, np.stack([x, dome], axis=1), outer])
