"""Finding a dividing cell and its chromatin in a clip, whatever its look.

Nothing is known of the look but this: cytoplasm differs from the ground around it in tint (warm
tissue colours, a red membrane stain) or darkness, and chromatin is the bluest or darkest part of
the cell, as DNA stains show it. Tints are differences of colour channels over their sum, so that
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
_CELL_SHARE = (0.06, 0.6)
"""What share of the picture the cell can take."""
_CHROMATIN_SHARE = (0.02, 0.5)
"""What share of the cell its chromatin can take."""
_ROUND = 0.72
"""Least area of the mother cell over that of the circle around her: she rounds up to divide."""
_MOVES = 0.25
"""Least change of the chromatin's places, 0 (the same) to 1 (no pixel in common)."""
_EDGE = 0.12
"""How far from the cell's outline, in radii, its tint mixes with the ground's."""


@dataclass(frozen=True)
class Division:
    """One cell that may divide, in T frames of H × W px.

    `radius` of the mother in px; `axis` (2,) unit vector x, y along which the chromatin ends up
    spread; `cell` mask; `chromatin` coverage in [0, 1]; `tone` how alike chromatin, 0 for bare
    cytoplasm and about 1 for condensed chromosomes; `stuff` amount of chromatin, in a unit of the
    clip's own; `x`, `y` distances in radii from the cell's middle along the axis and across it;
    all (T, H, W). `light`: "painted", "absorbed" or "emitted", see `_light`.
    """

    radius: float
    axis: np.ndarray
    cell: np.ndarray
    chromatin: np.ndarray
    tone: np.ndarray
    stuff: np.ndarray
    x: np.ndarray
    y: np.ndarray
    light: str


def find_division(shown: Footage) -> Division:
    """The dividing cell of a clip. Raises `NotSeen` where there is none, or nothing moves."""
    from scipy.ndimage import distance_transform_edt, gaussian_filter

    count, height, width, _ = shown.frames.shape
    soft = max(height, width) / 110
    rgb = gaussian_filter(shown.frames, (0, soft, soft, 0))
    # Tints or darkness find cell and chromatin roughly; what they mark then shows which mixture of
    # brightness and colour tells them apart best, as compression may have blurred colours.
    light, foreign, dark = _light(rgb)
    warm = _filled(_unlike_ground(foreign, light))
    rough = _inside(warm, _radius(warm))
    cover = _cover(dark, rough)
    dense, bare = rough & (cover == 1), rough & (cover == 0)

    like = _told_apart(shown.frames, shown.frames[bare], _border(shown.frames))
    like = gaussian_filter(np.clip(like, -0.5, 1.5), (0, soft, soft))
    # Chromatin near the cell's edge makes a bay in the mask, not a hole that would be filled.
    bay = np.stack([distance_transform_edt(~d) <= 0.1 * _radius(warm) for d in dense])
    cell = _filled((like > 0.5) | bay)
    radius = _radius(cell)
    inner = _inside(cell, radius)
    tone = _told_apart(rgb, rgb[: count // 2][dense[: count // 2]], rgb[bare])
    tone = np.where(inner, tone, 0)
    chromatin = np.clip((tone - 0.3) / 0.4, 0, 1).astype(np.float32)
    area = np.maximum(cell.sum(axis=(1, 2)), 1)

    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    middle = np.stack([(cell * c).sum(axis=(1, 2)) / area for c in (columns, rows)], axis=1)
    dx = (columns[None] - middle[:, 0, None, None]) / radius
    dy = (rows[None] - middle[:, 1, None, None]) / radius
    _check(cell, chromatin, np.hypot(dx, dy))
    axis = _long_axis(dx, dy, chromatin, max(2, count // 4))
    return Division(
        radius=radius,
        axis=axis,
        cell=cell,
        chromatin=chromatin,
        tone=np.clip(tone, 0, None),
        stuff=_stuff(rgb, inner, tone, light),
        x=dx * axis[0] + dy * axis[1],
        y=dy * axis[0] - dx * axis[1],
        light=light,
    )


def _light(rgb: np.ndarray) -> tuple[str, np.ndarray, np.ndarray]:
    """The kind of picture, with rough maps (T, H, W) of how unlike the ground and how like
    chromatin every pixel is.

    "painted": the ground has a colour of its own; "absorbed": it is bright, and things are dark;
    "emitted": it is dark. Chromatin is the bluest of the cell, or the darkest where dyes absorb.
    """
    ground = np.median(_border(rgb), axis=0)
    painted = bool(ground.max() - ground.min() > 0.15)
    if not painted and ground.mean() > 0.4:
        density = np.log((ground.mean() + _DARK) / (rgb.mean(axis=3) + _DARK))
        return "absorbed", density, density
    red, green, blue = np.moveaxis(rgb, 3, 0)
    total = red + green + blue + _DARK
    blueness = blue - 0.5 * (red + green)
    if painted:
        return "painted", (red - blue) / total, blueness / total
    # In the dark a ratio of faint colours would be noise.
    return "emitted", (red - blue) / total, blueness


def _stuff(rgb: np.ndarray, inner: np.ndarray, tone: np.ndarray, light: str) -> np.ndarray:
    """What each pixel (T, H, W) holds of chromatin, such that overlap hides as little as may be:
    dyes add up in the light they send out or hold back, paint only shows where it is."""
    if light == "painted":
        return (tone > 0.08).astype(np.float32)
    depth = rgb[..., 2] if light == "emitted" else -np.log(rgb.mean(axis=3) + 0.05)
    return np.where(inner, np.clip(_scaled(depth, inner) - 0.1, 0, None), 0)


def _border(values: np.ndarray) -> np.ndarray:
    """The outermost rows of all frames, (N, ...)."""
    band = max(2, values.shape[1] // 20)
    ends = np.concatenate([values[:, :band], values[:, -band:]])
    return ends.reshape(-1, *values.shape[3:])


def _told_apart(frames: np.ndarray, some: np.ndarray, others: np.ndarray) -> np.ndarray:
    """The mixture of channels that tells two sets of colours (N, 3) apart best (Fisher 1936), of
    `frames` (..., 3): 0 at the mean of `others`, 1 at the mean of `some`."""
    if min(len(some), len(others)) < 8:
        raise NotSeen("no chromosomes found")
    middle, base = some.mean(axis=0), others.mean(axis=0)
    spread = np.cov(some.T) + np.cov(others.T) + 1e-4 * np.eye(3)
    weights = np.linalg.solve(spread, middle - base)
    return ((frames - base) @ weights / ((middle - base) @ weights)).astype(np.float32)


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


def _unlike_ground(foreign: np.ndarray, light: str) -> np.ndarray:
    """Pixels (T, H, W) that belong to a cell rather than to the ground around it."""
    above = np.clip(foreign - np.median(_border(foreign)), 0, None)
    # Chromatin is far denser than the cytoplasm, whose own density has to be told from none.
    top = float(np.percentile(above, 90 if light == "absorbed" else 99))
    if top < _LEAST_TINT:
        raise NotSeen("no cell found")
    above = np.minimum(above, top)
    return above > _otsu(above[:: max(1, len(above) // 8)])


def _filled(mask: np.ndarray) -> np.ndarray:
    """The large pieces of each frame's mask (T, H, W), without holes: the cell or the daughters."""
    from scipy.ndimage import binary_fill_holes, label

    filled = np.zeros_like(mask)
    for i, level in enumerate(mask):
        whole = binary_fill_holes(level)
        marks, _ = label(whole)
        sizes = np.bincount(marks.ravel())
        sizes[0] = 0
        filled[i] = np.isin(marks, np.flatnonzero(sizes > 0.3 * sizes.max()))
    return filled


def _first(count: int) -> slice:
    """The frames in which the mother is surely still whole and round."""
    return slice(max(2, count // 5))


def _radius(cell: np.ndarray) -> float:
    """Radius in px of the round mother."""
    area = np.median(cell[_first(len(cell))].sum(axis=(1, 2)))
    share = area / cell[0].size
    if not _CELL_SHARE[0] <= share <= _CELL_SHARE[1]:
        raise NotSeen("no cell found")
    return float(np.sqrt(area / np.pi))


def _inside(cell: np.ndarray, radius: float) -> np.ndarray:
    """The cell without its edge."""
    from scipy.ndimage import distance_transform_edt

    return np.stack([distance_transform_edt(m) > _EDGE * radius for m in cell])


def _scaled(values: np.ndarray, inner: np.ndarray) -> np.ndarray:
    """`values` (T, H, W) such that cytoplasm is 0 and condensed chromatin about 1.

    Most of a cell is cytoplasm. The condensed chromosomes of the first half fill a tenth of it.
    """
    half = len(inner) // 2
    early = values[:half][inner[:half]]
    if not early.size:
        raise NotSeen("no cell found")
    plain, full = np.median(values[inner]), np.percentile(early, 95)
    if full - plain < 2 * _LEAST_TINT:
        raise NotSeen("no chromatin found")
    return (values - plain) / (full - plain)


def _cover(cold: np.ndarray, inner: np.ndarray) -> np.ndarray:
    """How far chromatin covers each pixel, (T, H, W) in [0, 1], from how blue or dark it is."""
    return np.clip((_scaled(cold, inner) - 0.35) / 0.35, 0, 1)


def _check(cell: np.ndarray, chromatin: np.ndarray, away: np.ndarray) -> None:
    """Raises `NotSeen` unless a round cell holds chromatin that moves."""
    first = _first(len(cell))
    area = cell[first].sum(axis=(1, 2))
    reach = np.where(cell[first], away[first], 0).max(axis=(1, 2))
    if np.median(reach**2) * _ROUND > 1:
        raise NotSeen("no round cell found")
    amount = chromatin.sum(axis=(1, 2))
    share = float(np.median(amount[first] / area))
    if not _CHROMATIN_SHARE[0] <= share <= _CHROMATIN_SHARE[1]:
        raise NotSeen("no chromosomes found")
    moved = np.abs(chromatin - chromatin[0]).sum(axis=(1, 2)) / (amount + amount[0])
    if moved.max() < _MOVES:
        raise NotSeen("the chromosomes do not move")


def _long_axis(dx: np.ndarray, dy: np.ndarray, weight: np.ndarray, last: int) -> np.ndarray:
    """Unit vector along which the chromatin of the `last` frames is spread most."""
    dx, dy, weight = dx[-last:], dy[-last:], weight[-last:]
    moments = [[float((weight * a * b).sum()) for a in (dx, dy)] for b in (dx, dy)]
    vector = np.linalg.eigh(np.array(moments))[1][:, 1]
    return vector * (np.sign(vector[0]) or 1.0)
