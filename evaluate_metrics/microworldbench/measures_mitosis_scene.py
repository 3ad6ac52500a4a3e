"""Finding a dividing cell and its chromatin in a clip, whatever its look.

Nothing is known of the look but this: cytoplasm differs in tint from the ground around it (warm
tissue colours, a red membrane stain, a brownish lens image), and chromatin is its bluest or most
violet part, as DNA stains show it. Tints are differences of colour channels over their sum, so that
shading, uneven light and grey noise cancel.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .footage import Footage
from .reading import NotSeen

_DARK = 0.15
"""Added to the sum of the channels: the tint of black noise is no tint."""
_LEAST_TINT = 0.012
_CELL_SHARE = (0.07, 0.5)
"""What share of the picture the cell or cells can take."""
_CHROMATIN_SHARE = (0.02, 0.5)
"""What share of the cell its chromatin can take."""


@dataclass(frozen=True)
class Division:
    """One cell that may divide. Lengths in radii of the mother cell, times by frame.

    `radius` of the mother in px; `axis` (2,) unit vector x, y along which the chromatin ends up
    spread; `cell` (T, H, W) mask; `chromatin` (T, H, W) coverage in [0, 1]; `x`, `y` (T, H, W)
    distances from the cell's middle along the axis and across it; `side` px.
    """

    radius: float
    axis: np.ndarray
    cell: np.ndarray
    chromatin: np.ndarray
    x: np.ndarray
    y: np.ndarray


def find_division(shown: Footage) -> Division:
    """The dividing cell of a clip. Raises `NotSeen` where there is none."""
    from scipy.ndimage import gaussian_filter

    count, height, width, _ = shown.frames.shape
    soft = max(height, width) / 110
    rgb = gaussian_filter(shown.frames, (0, soft, soft, 0))
    red, green, blue = np.moveaxis(rgb, 3, 0)
    total = red + green + blue + _DARK
    cell = _cells((red - blue) / total)
    area = cell.sum(axis=(1, 2))
    early = max(2, count // 5)
    radius = float(np.sqrt(np.median(area[:early]) / np.pi))
    chromatin = _chromatin((blue - 0.5 * (red + green)) / total, cell, radius)

    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    middle = np.stack([(cell * c).sum(axis=(1, 2)) / area for c in (columns, rows)], axis=1)
    dx = (columns[None] - middle[:, 0, None, None]) / radius
    dy = (rows[None] - middle[:, 1, None, None]) / radius
    axis = _long_axis(dx, dy, chromatin, max(2, count // 4))
    x = dx * axis[0] + dy * axis[1]
    y = dy * axis[0] - dx * axis[1]
    return Division(radius, axis, cell, chromatin, x, y)


def _otsu(values: np.ndarray) -> float:
    """Threshold between two classes of numbers (Otsu 1979)."""
    counts, edges = np.histogram(values, 128)
    centres = (edges[1:] + edges[:-1]) / 2
    low = np.cumsum(counts)
    high = low[-1] - low
    sums = np.cumsum(counts * centres)
    with np.errstate(invalid="ignore", divide="ignore"):
        between = low * high * (sums / low - (sums[-1] - sums) / high) ** 2
    return float(centres[int(np.nanargmax(between))])


def _cells(warmth: np.ndarray) -> np.ndarray:
    """Mask (T, H, W) of the cell or the two daughters, from the tint of every pixel."""
    from scipy.ndimage import binary_fill_holes, label

    band = max(2, warmth.shape[1] // 20)
    rim = np.concatenate([warmth[:, :band].ravel(), warmth[:, -band:].ravel()])
    above = np.clip(warmth - np.median(rim), 0, None)
    if np.percentile(above, 99) < _LEAST_TINT:
        raise NotSeen("no cell found")
    above = np.minimum(above, np.percentile(above, 99))
    cut = _otsu(above[:: max(1, len(above) // 8)])
    mask = np.zeros(warmth.shape, bool)
    for i, level in enumerate(above):
        filled = binary_fill_holes(level > cut)
        marks, _ = label(filled)
        sizes = np.bincount(marks.ravel())
        sizes[0] = 0
        mask[i] = np.isin(marks, np.flatnonzero(sizes > 0.3 * sizes.max()))
    return mask


def _chromatin(blueness: np.ndarray, cell: np.ndarray, radius: float) -> np.ndarray:
    """How far each pixel of a cell is covered by chromatin, (T, H, W) in [0, 1]."""
    from scipy.ndimage import distance_transform_edt

    inner = np.stack([distance_transform_edt(m) > 0.12 * radius for m in cell])
    values = blueness[inner]
    plain = np.median(values)
    full = np.percentile(blueness[: len(cell) // 2][inner[: len(cell) // 2]], 95)
    if full - plain < 2 * _LEAST_TINT:
        raise NotSeen("no chromatin found")
    z = (blueness - plain) / (full - plain)
    return np.where(inner, np.clip((z - 0.35) / 0.35, 0, 1), 0).astype(np.float32)


def _long_axis(dx: np.ndarray, dy: np.ndarray, weight: np.ndarray, last: int) -> np.ndarray:
    """Unit vector along which the chromatin of the `last` frames is spread most."""
    dx, dy, weight = dx[-last:], dy[-last:], weight[-last:]
    moments = [[float((weight * a * b).sum()) for a in (dx, dy)] for b in (dx, dy)]
    vector = np.linalg.eigh(np.array(moments))[1][:, 1]
    return vector * (np.sign(vector[0]) or 1.0)
