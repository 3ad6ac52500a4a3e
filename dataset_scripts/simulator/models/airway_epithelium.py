"""Outlines of airway epithelium in side view: ciliated and goblet cells, with what they hold.

Nothing here acts: the cells stand still under the cilia. Lengths in µm, y downwards as in the
picture; `surface` is the height of the cells' upper faces in the picture.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

DOME_UM = 0.45
"""How much higher a cell's face is in its middle than at its junctions."""


def _bulge(t: np.ndarray) -> np.ndarray:
    """Height of a cell's face, 0 to 1, at `t` from one junction (-1) to the other (1)."""
    return np.sqrt(np.clip(1 - np.abs(t) ** 4, 0, 1))


def face(x: np.ndarray, joints: np.ndarray, surface: float) -> np.ndarray:
    """Picture height (µm) of the cells' faces at `x`; `joints` (C + 1,) are the cells' borders."""
    i = np.clip(np.searchsorted(joints, x) - 1, 0, len(joints) - 2)
    middle, half = (joints[i] + joints[i + 1]) / 2, (joints[i + 1] - joints[i]) / 2
    return surface - DOME_UM * _bulge((x - middle) / half)


def outline(left: float, right: float, surface: float, bottom: float) -> np.ndarray:
    """Outline (K, 2) of a columnar cell between two borders, narrower towards its foot."""
    t = np.linspace(-1, 1, 15)
    middle, half = (left + right) / 2, (right - left) / 2 - 0.08
    top = np.stack([middle + half * t, surface - DOME_UM * _bulge(t)], -1)
    foot = np.array([[middle + 0.985 * half, bottom], [middle - 0.985 * half, bottom]])
    return np.vstack([top, foot])


def tissue(
    field_um: float, surface: float, width: float, rng: np.random.Generator
) -> dict[str, Any]:
    """The cells of a field: borders, outlines, nuclei (K, 5) and mitochondria (K, 2, 2).

    `width` µm is that of a ciliated cell; the field's middle lies in the middle of one.
    """
    reach = int(np.ceil(field_um / width)) + 1
    joints = field_um / 2 + (np.arange(-reach, reach + 1) + 0.5) * width
    # The middle cell keeps its width: in a close-up it is the one that bears the cilia.
    shaken = np.r_[0 : reach - 1, reach + 1 : len(joints)]
    joints[shaken] += rng.uniform(-0.07, 0.07, len(shaken)) * width
    room = field_um - surface
    cells, nuclei = [], []
    bodies: list[np.ndarray] = []
    for left, right in pairwise(joints):
        cells.append(outline(left, right, surface, field_um + 6.0))
        middle = (left + right) / 2
        nuclei.append([
            middle + rng.uniform(-0.06, 0.06) * width,
            surface + max(0.62 * room, 6.4) + rng.uniform(-0.4, 0.4),
            0.27 * width, 3.5, rng.uniform(-0.15, 0.15),
        ])  # fmt: skip
        for _ in range(9):
            at = np.array([middle + rng.uniform(-0.30, 0.30) * width,
                           surface + rng.uniform(1.8, 2.6 + 0.2 * room)])  # fmt: skip
            lean = rng.uniform(1.0, 2.1)
            if all(np.hypot(*(at - other.mean(axis=0))) > 1.3 for other in bodies):
                way = np.array([np.cos(lean), np.sin(lean)]) * rng.uniform(0.35, 0.7)
                bodies.append(np.array([at - way, at + way]))
    return {"joints": joints, "cells": cells, "nuclei": np.array(nuclei),
            "mitochondria": np.array(bodies)}  # fmt: skip


def microvilli(
    field_um: float, joints: np.ndarray, surface: float, rng: np.random.Generator
) -> np.ndarray:
    """Feet and heights (K, 3: x, y, height) of the short microvilli between the cilia."""
    x = np.arange(-1, field_um + 1, 0.42)
    x = x + rng.uniform(-0.1, 0.1, len(x))
    return np.stack([x, face(x, joints, surface), rng.uniform(0.5, 0.8, len(x))], axis=1)


def goblets(
    field_um: float, joints: np.ndarray, surface: float, rng: np.random.Generator
) -> dict[str, Any]:
    """Cups (outlines) of two goblet cells between ciliated ones, and granules (K, 3) in them."""
    inner = joints[(joints > 3) & (joints < field_um - 3)]
    mouths = rng.choice(inner, size=min(2, len(inner)), replace=False)
    cups, discs = [], []
    for mouth in mouths:
        t = np.linspace(0, 1, 13)
        half = 0.55 + 1.75 * np.sin(np.pi * t**0.8) ** 1.2
        y = surface - 0.15 + rng.uniform(8, 10) * t
        cups.append(np.vstack([np.stack([mouth + half, y], -1),
                               np.stack([mouth - half, y], -1)[::-1]]))  # fmt: skip
        found: list[tuple[float, float, float]] = []
        for _ in range(160):
            r, height = rng.uniform(0.42, 0.62), rng.uniform(y[1] + 0.4, y[-2])
            room = float(np.interp(height, y, half)) - r
            if room < 0.1:
                continue
            x = mouth + rng.uniform(-room, room)
            if all(np.hypot(x - a, height - b) > 0.9 * (r + c) for a, b, c in found):
                found.append((x, height, r))
        discs.extend(found)
    return {"cups": cups, "granules": np.array(discs)}


def sheet(
    field_um: float, band: tuple[float, float], way: float, specks: int, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """What a mucus sheet between the heights `band` carries, x in the stroke's frame at the start.

    `specks` of dust (K, 4: x, y, radius, angle) lie in view at first, and as densely upstream,
    whence the sheet comes by `way` µm; strands (K, 4: x, y, half length, slope) of mucin and
    bubbles (K, 3: x, y, radius) lie everywhere.
    """
    top, under = band
    dust: list[tuple[float, float, float, float]] = []
    upstream = max(0, round(specks * (way + 3) / field_um))
    for low, high, count in ((2.0, field_um - 2.0, specks), (-way - 3.0, -1.8, upstream)):
        wanted = len(dust) + count
        for attempt in range(4000):
            if len(dust) == wanted:
                break
            r = rng.uniform(1.15, 1.55)
            x, y = rng.uniform(low, high), rng.uniform(top + 0.9 + r, under - 0.5 - r)
            # The wanted distance shrinks until all have found a place, but never to an overlap.
            apart = 5.0 - 1.7 * attempt / 4000
            if all(np.hypot(x - a, y - b) > apart for a, b, _, _ in dust):
                dust.append((x, y, r, rng.uniform(0, np.pi)))
    n = round((field_um + way + 6) / 1.7)
    along = rng.uniform(-way - 3, field_um + 3, (2, n))
    heights = rng.uniform(top + 0.8, under - 0.5, (2, n))
    half, slope = rng.uniform(0.7, 2.2, n), rng.uniform(-0.3, 0.3, n)
    return {
        "specks": np.array(dust),
        "strands": np.stack([along[0], heights[0], half, slope], axis=1),
        "bubbles": np.stack([along[1], heights[1], rng.uniform(0.22, 0.5, n)], axis=1)[: n // 2],
    }
