"""Red cells in each frame of a clip, found by their colour against what lies behind them.

A red cell is redder than plasma, wall and tissue in every look, and it moves. So the least red
moments of a pixel show what lies behind the cells, and each pixel of each frame is then a mixture
of that and of the cells' colour: its share of cell (`cover`) is what everything here is read from.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from .reading import NotSeen

_REDDER = (0.05, 0.15)
"""How much redder, and then how much more of the cells' own hue and shade, out of 1, a passing cell
must be than what lies behind it. Compressed small pictures hardly keep the red."""
_RED = np.array([0.7, -0.7, 0.0], np.float32)
"""Direction in RGB from grey to red and away from green."""
_DIP = 0.05
"""Depth of the saddle in `cover` between two maxima that belong to two cells."""
_SIZES = (0.07, 0.25)
"""Width of a cell as a share of the picture's: the fields asked for are 48 to 54 µm wide."""
_CROWD = 60
"""More pieces than this are no file of cells."""


@dataclass(frozen=True)
class Cell:
    """A red cell in one frame: centre `x`, `y` and spreads in pixels, `mass` its cover in pixels.

    `spread` (2, 2) is the covariance of its pixels. `cut`: the picture's edge cuts it.
    """

    x: float
    y: float
    mass: float
    spread: np.ndarray
    cut: bool


def cover_of(frames: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Share of red cell in each pixel (T, H, W), about 0 to 1, and the picture behind (H, W, 3)."""
    axis = _RED
    for least in _REDDER:
        level = frames @ axis
        behind = _least(frames, level)
        excess = level - behind @ axis
        most = float(np.percentile(excess, 99.8))
        if most < least:
            raise NotSeen("no red cells pass")
        strong = excess > 0.6 * most
        # Compression spares brightness, not colour: look along what sets cells off in this clip.
        moved = (frames - behind)[strong].mean(axis=0)
        axis = moved / max(float(np.linalg.norm(moved)), 1e-6) + _RED
    colour = np.median(frames[strong], axis=0)
    toward = colour - behind
    size = (toward**2).sum(axis=2, keepdims=True)
    # A wall is nearly as dark or red as a cell: its noise must not count as cells.
    usual = float(np.median(np.broadcast_to(size[..., 0], strong.shape)[strong]))
    toward /= np.maximum(size, 0.3 * usual)
    cover = np.einsum("thwc,hwc->thw", frames - behind, toward)
    return np.clip(cover, -0.2, 1.0), behind


def _least(frames: np.ndarray, level: np.ndarray) -> np.ndarray:
    """Mean colour (H, W, 3) of each pixel while its `level` (T, H, W) is least."""
    least = max(2, len(frames) // 8)
    order = np.argsort(level, axis=0)[:least]
    return np.take_along_axis(frames, order[..., None], axis=0).mean(axis=0)


def usual_size(cover: np.ndarray) -> float:
    """Usual width of a cell in pixels: twice the greatest depth inside it."""
    widths = []
    for picture in cover:
        inside = picture > 0.5
        depth = ndimage.distance_transform_edt(inside)
        pieces, count = ndimage.label(inside)
        widths += list(ndimage.maximum(depth, pieces, range(1, count + 1)))
    wide = [2 * w - 1 for w in widths if w >= 1.5]
    if len(wide) < 4:
        raise NotSeen("no red cells pass")
    # A cell is wider than the largest disc in it, as it is shorter than wide.
    size = 1.4 * float(np.median(wide))
    if not _SIZES[0] < size / cover.shape[2] < _SIZES[1]:
        raise NotSeen("nothing of a red cell's size passes")
    return size


def cells_of(cover: np.ndarray, bore: float) -> tuple[list[list[Cell]], np.ndarray]:
    """The cells of each frame, and the number (from 1) of the cell at each pixel (T, H, W)."""
    labels = np.zeros(cover.shape, np.int32)
    found = []
    for picture, numbers in zip(cover, labels, strict=True):
        numbers[:] = _split(picture, bore)
        found.append(_measured(picture, numbers))
    return found, labels


def _split(picture: np.ndarray, bore: float) -> np.ndarray:
    """Numbers (from 1) of the cells that each pixel (H, W) belongs to, 0 elsewhere."""
    soft = ndimage.gaussian_filter(picture, max(0.7, 0.15 * bore))
    inside = soft > 0.3
    reach = 2 * max(1, round(0.25 * bore)) + 1
    peak = (soft == ndimage.maximum_filter(soft, reach)) & (soft > 0.5)
    seeds = np.argwhere(peak)
    if not len(seeds):
        return np.zeros(picture.shape, np.int32)
    if len(seeds) > _CROWD:
        raise NotSeen("what moves is all over the picture, not in a capillary")
    group = np.arange(len(seeds))
    steps = np.linspace(0, 1, 12)
    for i in range(len(seeds)):
        for j in range(i):
            if group[i] == group[j] or np.hypot(*(seeds[i] - seeds[j])) > 2.5 * bore:
                continue
            line = seeds[i][:, None] + (seeds[j] - seeds[i])[:, None] * steps
            along = ndimage.map_coordinates(soft, line, order=1)
            if along.min() > min(along[0], along[-1]) - _DIP:
                group[group == group[i]] = group[j]
    # Noise of compression along the walls holds no seed.
    pieces, _ = ndimage.label(inside)
    numbers = np.zeros(picture.shape, np.int32)
    used = 0
    for piece in np.unique(pieces[peak]):
        mine = pieces[tuple(seeds.T)] == piece
        centres = np.array(
            [seeds[mine & (group == g)].mean(axis=0) for g in np.unique(group[mine])]
        )
        where = np.argwhere(pieces == piece)
        numbers[tuple(where.T)] = used + 1 + _shares(where, centres)
        used += len(centres)
    return numbers


def _shares(where: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """To which of the cells around `centres` (K, 2) each pixel of `where` (N, 2) belongs."""
    nearest = np.zeros(len(where), np.int64)
    if len(centres) < 2:
        return nearest
    # Cells in file are much alike, so the border lies halfway between their centres.
    for _ in range(4):
        apart = ((where[:, None] - centres[None]) ** 2).sum(axis=2)
        nearest = apart.argmin(axis=1)
        centres = np.array(
            [where[nearest == k].mean(axis=0) if (nearest == k).any() else centres[k]
             for k in range(len(centres))]
        )  # fmt: skip
    return nearest


def _measured(picture: np.ndarray, numbers: np.ndarray) -> list[Cell]:
    """The cells that `numbers` (H, W) divides the cover `picture` into, in their order."""
    count = int(numbers.max())
    y, x = np.mgrid[: picture.shape[0], : picture.shape[1]].astype(np.float32)
    which = numbers.ravel()

    def total(values: np.ndarray) -> np.ndarray:
        return np.bincount(which, values.ravel(), count + 1)[1:]

    mass = np.maximum(total(picture), 1e-6)
    cx, cy = total(picture * x) / mass, total(picture * y) / mass
    xx = total(picture * x * x) / mass - cx**2
    yy = total(picture * y * y) / mass - cy**2
    xy = total(picture * x * y) / mass - cx * cy
    rim = np.concatenate([numbers[:2].ravel(), numbers[-2:].ravel()])
    rim = np.concatenate([rim, numbers[:, :2].ravel(), numbers[:, -2:].ravel()])
    return [
        Cell(
            float(cx[k]), float(cy[k]), float(mass[k]),
            np.array([[xx[k], xy[k]], [xy[k], yy[k]]]), bool((rim == k + 1).any()),
        )
        for k in range(count)
    ]  # fmt: skip
