"""Neutrophils of a chemotaxis clip: found as spots of another brightness, followed over time.

Brightness alone is looked at, because video compression spares it and blurs colours over a cell. A
cell is bright on a dark ground or dark on a bright one; which of the two does not matter. The
source's haze makes the ground change along x, so each column has its own; what else differs from it
are the beads of the source, which are told from cells by standing still.

Lengths are in widths of the picture: a cell is about `CELL` long in a field as wide as the tasks
ask for (84 to 100 µm).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .footage import Footage
from .reading import NotSeen

CELL = 0.136
"""Diameter of the usual cell."""
DARK, BRIGHT = 0.12, 0.5
"""Brightness of the ground up to which cells glow on black, and from which light shines through."""
_NUCLEUS = 0.4 * CELL
"""Width of a nucleus."""
_BLUR = 0.19 * CELL
"""Blur that melts a cell into one peak."""
_APART = 0.44 * CELL
"""Peaks closer than this belong to one cell."""
_STEP = 0.62 * CELL
"""Farthest that a cell may get between two frames."""
_HEIGHT = 0.4
"""Height of a spot over the ground, relative to the clip's highest percent of pixels."""
_FAINTEST = 0.12
"""Least height of that percent, out of 1: below it are shades of an empty picture."""
_FEWEST, _MOST = 3, 30
"""Spots in a picture that can be told from each other, and make a group."""
_LONG = 0.6
"""Least share of the clip for which a cell must be followed."""
_LOST = 3
"""Frames for which a cell may be out of sight."""
_MOVED = 0.25 * CELL
"""Least way that the usual cell covers in the clip."""
_STILL = 0.25
"""Spots that cover less than this share of the usual way are no cells but beads."""
_BORDER = 0.06
"""Width of the strip along a border in which the beads of a source lie."""
SOURCE = 0.15
"""Least difference in warmth between the borders that shows a source at one of them."""


@dataclass(frozen=True)
class Group:
    """Cells followed through a clip.

    `xy` (N, T, 2): their places, x to the right and y down; `grey` (T, H, W): brightness, 0 to 1;
    `filled`: the same with spots closed that are dark and as small as a nucleus; `ground`:
    brightness of the usual pixel; `source`: how much warmer (red less blue, 0 to 1) the left border
    is than the right one.
    """

    xy: np.ndarray
    grey: np.ndarray
    filled: np.ndarray
    ground: float
    source: float

    @cached_property
    def advance(self) -> float:
        """Way of the mean cell to the right, from the first frame to the last."""
        return float((self.xy[:, -1, 0] - self.xy[:, 0, 0]).mean())

    @cached_property
    def start(self) -> float:
        """Place of the mean cell in the first frame, from the left border."""
        return float(self.xy[:, 0, 0].mean())


def find_group(f: Footage) -> Group:
    """The cells of a clip; raises NotSeen where there are none, none that move, or no source: other
    small things move too, and without a gradient there is none to follow."""
    from scipy.ndimage import grey_closing

    ground = float(np.median(f.grey))
    side = max(3, round(_NUCLEUS * f.grey.shape[2]))
    filled = grey_closing(f.grey, size=(1, side, side))
    # A dark nucleus would shift the middle of a bright cell towards its front.
    spots = _spots(filled if ground < BRIGHT else f.grey)
    usual = float(np.median([len(s) for s in spots]))
    if not _FEWEST <= usual <= _MOST:
        raise NotSeen(f"no group of cells was found ({usual:.0f} spots in the usual frame)")
    xy = _follow(spots)
    if len(xy) < _FEWEST:
        raise NotSeen("the cells cannot be followed from frame to frame")
    way = np.linalg.norm(np.diff(xy, axis=1), axis=2).sum(axis=1)
    most = float(np.percentile(way, 75))
    if most < _MOVED:
        raise NotSeen("the cells do not move")
    xy = xy[way > _STILL * most]
    if len(xy) < _FEWEST:
        raise NotSeen("no group of cells moves")
    warmth = (f.background[..., 0] - f.background[..., 2]).mean(axis=0)
    strip = max(2, round(_BORDER * len(warmth)))
    source = float(warmth[:strip].mean() - warmth[-strip:].mean())
    if abs(source) < SOURCE:
        raise NotSeen("no source glows at the left or right border")
    return Group(xy, f.grey, filled, ground, source)


def _spots(grey: np.ndarray) -> list[np.ndarray]:
    """Centres (K, 2) of the spots in each frame of `grey` (T, H, W)."""
    from scipy.ndimage import gaussian_filter, maximum_filter

    width = grey.shape[2]
    unlike = np.abs(grey - np.median(grey, axis=(0, 1)))
    unlike = gaussian_filter(unlike, (0, _BLUR * width, _BLUR * width), mode="nearest")
    ground, top = np.percentile(unlike, [50, 99])
    if top - ground < _FAINTEST:
        raise NotSeen("no cells stand out from the ground")
    unlike = (unlike - ground) / (top - ground)
    reach = max(2, round(_APART * width))
    rows, columns = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    disc = np.hypot(rows, columns) <= _APART * width + 0.5
    highest = maximum_filter(unlike, footprint=disc[None], mode="nearest")
    peaks = (unlike == highest) & (unlike > _HEIGHT)
    padded = np.pad(unlike, ((0, 0), (reach, reach), (reach, reach)))
    spots = []
    for frame, tops in zip(padded, peaks, strict=True):
        centres = []
        for y, x in np.argwhere(tops):
            window = frame[y : y + 2 * reach + 1, x : x + 2 * reach + 1]
            weight = np.clip(window - 0.5 * window[reach, reach], 0, None) * disc
            right, down = (weight * columns).sum(), (weight * rows).sum()
            centres.append((x + 0.5 + right / weight.sum(), y + 0.5 + down / weight.sum()))
        spots.append(np.array(centres).reshape(-1, 2) / width)
    return spots


def _follow(spots: list[np.ndarray]) -> np.ndarray:
    """Tracks (N, T, 2) of what is seen in most frames; gaps are bridged, ends held."""
    from scipy.optimize import linear_sum_assignment

    count = len(spots)
    tracks = [{0: place} for place in spots[0]]
    for i in range(1, count):
        live = [track for track in tracks if i - max(track) <= _LOST]
        last = np.array([track[max(track)] for track in live]).reshape(-1, 2)
        away = np.linalg.norm(last[:, None] - spots[i][None], axis=2)
        allowed = _STEP * np.array([i - max(track) for track in live])
        taken = set()
        for a, b in zip(*linear_sum_assignment(np.minimum(away, 2 * _STEP)), strict=True):
            if away[a, b] <= allowed[a]:
                live[a][i] = spots[i][b]
                taken.add(b)
        tracks += [{i: place} for b, place in enumerate(spots[i]) if b not in taken]
    every = np.arange(count)
    kept = []
    for track in tracks:
        if len(track) >= _LONG * count:
            seen = sorted(track)
            places = np.array([track[i] for i in seen])
            kept.append(np.stack([np.interp(every, seen, places[:, k]) for k in (0, 1)], axis=1))
    return np.array(kept).reshape(-1, count, 2)
