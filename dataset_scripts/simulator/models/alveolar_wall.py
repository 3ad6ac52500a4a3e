"""Outlines of alveoli and of the capillaries below them, and what stands still around them.

Lengths in µm. Everything is in the frame of the flow, where blood comes in at x = 0 and moves
towards larger x; the air lies above its capillary.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.ndimage import gaussian_filter

BORE_UM = 9.0
"""True bore of the capillary, 6 to 10 µm in the lung (modelling choice)."""
ENLARGED = 2.1
"""Vessel and cells are drawn so many times as wide as life; lengths along the vessel are true."""
LUMEN_UM = BORE_UM * ENLARGED
REACH_UM = 24.0
"""How far the capillaries go on beyond the edges of the field."""
BARRIER_UM = 4.4
"""Drawn thickness of the wall between air and blood; in life it is below 1 µm."""


@dataclass(frozen=True)
class Stream:
    """A capillary under one alveolus, in the frame of the flow: blood comes in at x = 0.

    `line` (K, 2) is its centre line in µm, `arc` (K,) the length along it from x = 0, `contact`
    begin and end of the air- or fluid-lined stretch as lengths along the line, `outline` (M, 2)
    the rim of the alveolus. `aerated` is false where fluid fills it.
    """

    line: np.ndarray
    arc: np.ndarray
    contact: tuple[float, float]
    outline: np.ndarray
    aerated: bool

    def at(self, s: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Position x, y (µm) and heading (rad) at length `s` along the line."""
        slope = np.gradient(self.line[:, 1], self.line[:, 0])
        x = np.interp(s, self.arc, self.line[:, 0])
        y = np.interp(s, self.arc, self.line[:, 1])
        return x, y, np.arctan(np.interp(s, self.arc, slope))


def streams(layout: str, field: float, rng: np.random.Generator) -> list[Stream]:
    """The capillaries of a `layout`, from the top down, with the alveolus above each."""
    alone = layout == "one_alveolus"
    found = []
    # Level of the capillary and top of its alveolus, as shares of the field.
    places = [(0.735, 0.045)] if alone else [(0.405, 0.045), (0.885, 0.535)]
    for number, (level, top) in enumerate(places):
        sag = field * (rng.uniform(0.035, 0.055) if alone else rng.uniform(0.015, 0.03))
        line, arc = centre_line(field, level * field, sag, REACH_UM)
        begin, end = field * rng.uniform(0.13, 0.17), field * (1 - rng.uniform(0.13, 0.17))
        lobes = np.array([rng.uniform(0.0, 0.03), rng.uniform(0, 2 * np.pi)])
        corner = field * (0.09 if alone else 0.06)
        rim = alveolus(line, begin, end, 0.5 * LUMEN_UM + BARRIER_UM, top * field, corner, lobes)
        contact = float(np.interp(begin, line[:, 0], arc)), float(np.interp(end, line[:, 0], arc))
        aerated = alone or (layout == "lower_flooded") == (number == 0)
        found.append(Stream(line, arc, contact, rim, aerated))
    return found


def centre_line(
    width: float, level: float, sag: float, reach: float
) -> tuple[np.ndarray, np.ndarray]:
    """A capillary that hangs by `sag` µm below its ends at height `level`: line and arc length.

    It goes on `reach` µm beyond both edges of the field of `width` µm.
    """
    x = np.linspace(-reach, width + reach, 160)
    y = level + sag * np.cos(np.pi * (x / width - 0.5))
    arc = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(x), np.diff(y)))])
    return np.stack([x, y], 1), arc - np.interp(0.0, x, arc)


def alveolus(
    line: np.ndarray, begin: float, end: float, gap: float, top: float, corner: float,
    lobes: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """Rim (M, 2) of an air space that lies `gap` µm above the `line` from x = `begin` to `end`.

    Its floor follows the line, its corners have the radius `corner`, its roof is half of a
    superellipse up to y = `top`, made uneven by `lobes` (strength and phase of a third harmonic).
    """
    x = np.linspace(begin, end, 40)
    floor = np.stack([x, np.interp(x, line[:, 0], line[:, 1]) - gap], 1)
    turn = np.linspace(0, 0.5 * np.pi, 10)[1:-1]
    (left, low_left), (right, low_right) = floor[0], floor[-1]
    bend = np.stack([corner * np.sin(turn), -corner * (1 - np.cos(turn))], 1)
    angle = np.linspace(0, np.pi, 60)
    c, s = np.cos(angle), np.sin(angle)
    middle, half = 0.5 * (left + right), 0.5 * (right - left) + corner
    side = low_right + (low_left - low_right) * angle / np.pi - corner
    bulge = 1 + lobes[0] * np.sin(3 * angle + lobes[1]) * s
    roof_x = middle + half * np.sign(c) * np.abs(c) ** 0.85 * bulge
    roof_y = side - (side - top) * np.abs(s) ** 0.85 * bulge
    mirrored = (bend * [-1.0, 1.0])[::-1]
    return np.concatenate(
        [
            floor,
            np.array([right, low_right]) + bend,
            np.stack([roof_x, roof_y], 1),
            np.array([left, low_left]) + mirrored,
        ]
    )


def widened(rim: np.ndarray, by: float) -> np.ndarray:
    """A closed outline (M, 2) moved outwards by `by` µm."""
    ahead = np.roll(rim, -1, 0) - np.roll(rim, 1, 0)
    normal = np.stack([-ahead[:, 1], ahead[:, 0]], 1)
    normal /= np.maximum(np.hypot(normal[:, 0], normal[:, 1]), 1e-9)[:, None]
    area = np.sum(rim[:, 0] * np.roll(rim[:, 1], -1) - np.roll(rim[:, 0], -1) * rim[:, 1])
    return rim - np.sign(area) * by * normal


def ring(rim: np.ndarray, wide: float) -> np.ndarray:
    """The strip of `wide` µm around a closed outline, as one outline with a seam."""
    closed, outer = np.vstack([rim, rim[:1]]), widened(rim, wide)
    return np.concatenate([closed, np.vstack([outer, outer[:1]])[::-1]])


def within(rim: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Whether points lie inside a closed outline: an odd number of edges to their right."""
    inside = np.zeros(x.shape, bool)
    for (x0, y0), (x1, y1) in zip(rim, np.roll(rim, -1, 0), strict=True):
        if y0 != y1:
            crosses = ((y0 > y) != (y1 > y)) & (x < (x1 - x0) * (y - y0) / (y1 - y0) + x0)
            inside ^= crosses
    return inside


def net(rim: np.ndarray, mesh: float, rng: np.random.Generator) -> np.ndarray:
    """Segments (K, 2, 2) of an uneven honeycomb of side `mesh` µm inside a closed outline."""
    low, high = rim.min(axis=0), rim.max(axis=0)
    shape = ((high - low) / (mesh * np.array([np.sqrt(3.0), 1.5]))).astype(int) + 2
    column, row = (v.ravel() for v in np.meshgrid(*(np.arange(n) for n in shape)))
    centre = low + mesh * np.stack([np.sqrt(3.0) * (column + 0.5 * (row % 2)), 1.5 * row], 1)
    turn = np.pi * (np.arange(4) / 3 + 1 / 6)
    corner = centre[:, None] + mesh * np.stack([np.cos(turn), np.sin(turn)], 1)
    # A smooth shift moves the ends of all segments that meet in one point alike.
    phase = rng.uniform(0, 2 * np.pi, 2)
    corner = corner + 0.28 * mesh * np.sin(corner[..., ::-1] * 1.7 / mesh + phase)
    lines = np.stack([corner[:, :3], corner[:, 1:]], 2).reshape(-1, 2, 2)
    inner = widened(rim, -0.35 * mesh)
    return lines[within(inner, lines[..., 0], lines[..., 1]).all(axis=1)]


def band(line: np.ndarray, low: float, high: float) -> np.ndarray:
    """Outline of the strip from `low` to `high` µm below a line (K, 2) that runs along x."""
    ahead = np.gradient(line, axis=0)
    down = np.stack([-ahead[:, 1], ahead[:, 0]], 1) / np.hypot(ahead[:, 0], ahead[:, 1])[:, None]
    return np.concatenate([line + low * down, (line + high * down)[::-1]])


def positions(field: float, arrays: dict[str, Any]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Places x, y (T, N) in µm and headings (T, N) in rad of all cells in the picture."""
    parts = np.empty((3, *arrays["s"].shape))
    for number, stream in enumerate(arrays["streams"]):
        mine = arrays["stream"] == number
        parts[:, :, mine] = stream.at(arrays["s"][:, mine])
    x, y, heading = parts
    return (field - x, y, -heading) if arrays["mirrored"] else (x, y, heading)


def decoration(
    field: float, streams: list[Stream], corners: bool, rng: np.random.Generator
) -> dict[str, Any]:
    """What stands still around the blood, in the frame of the flow; it is drawn but does not act.

    `tissue` (h, w) is its density, 0 in the air spaces and capillaries; `fibres` (K, 4) are end
    points, `nuclei` (K, 4) place, half length and lean; `corners` asks for two `neighbours`, the
    `guests` are two cells on each alveolus, `nets` the capillaries of its far wall; the rest are
    shares.
    """
    cells = 96
    neighbours = []
    if corners:
        for corner in (0.02, 0.98):
            centre = field * np.array([corner, rng.uniform(0.0, 0.04)])
            away = float(np.hypot(*(streams[0].outline - centre).T).min()) - 0.045 * field
            turn = np.linspace(0, 2 * np.pi, 40, endpoint=False)
            neighbours.append(centre + away * np.stack([np.cos(turn), np.sin(turn)], 1))
    axis = (np.arange(cells) + 0.5) / cells * field
    x, y = np.meshgrid(axis, axis)
    solid = np.ones((cells, cells))
    for outline in [stream.outline for stream in streams] + neighbours:
        solid[within(outline, x, y)] = 0
    for stream in streams:
        middle = np.interp(axis, stream.line[:, 0], stream.line[:, 1])
        solid[np.abs(y - middle) < 0.5 * LUMEN_UM + 1.2] = 0
    grain = gaussian_filter(rng.standard_normal((cells, cells)), 2.2, mode="wrap")
    free = gaussian_filter(solid, 1.6) > 0.97

    def in_tissue(points: np.ndarray) -> np.ndarray:
        index = np.clip((points / field * cells).astype(int), 0, cells - 1)
        return free[index[..., 1], index[..., 0]].all(axis=1)

    middle = rng.uniform(0, field, (420, 1, 2))
    lean, reach = rng.normal(0, 0.35, 420), rng.uniform(7, 15, 420)
    ends = np.linspace(-1, 1, 5)[None, :, None] * np.stack(
        [reach * np.cos(lean), reach * np.sin(lean)], 1
    )[:, None]  # fmt: skip
    fits = in_tissue(middle + ends)
    strands = (middle + ends)[fits][:30, [0, -1]].reshape(-1, 4)
    size = rng.uniform(3.4, 5.4, 420)
    spots = np.column_stack([middle[:, 0], size, lean])
    thin = np.linspace(-1, 1, 3)[None, :, None] * np.array([1.0, 0.0]) * size[:, None, None]
    nuclei = spots[~fits & in_tissue(middle + thin)][:14]
    return {
        "tissue": gaussian_filter(solid, 0.7) * np.clip(0.82 + 0.09 * grain / grain.std(), 0.5, 1),
        "neighbours": neighbours,
        "fibres": strands,
        "nuclei": nuclei,
        "guests": rng.uniform(0, 1, (len(streams), 2)),
        "flecks": rng.uniform(0, 1, (len(streams), 60, 3)),
        "nets": [net(stream.outline, 0.075 * field, rng) for stream in streams],
        "lining_nuclei": rng.uniform(0, 1, (len(streams), 5)),
        "wall_nuclei": rng.uniform(-4, 4, (len(streams), 2, 9)),
    }
