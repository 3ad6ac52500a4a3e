"""Measures of thrombosis: one stream through every section, and a clot that stays where it settled.

Three laws, none of which needs a scale or knows which kind of clot was asked for:

- One stream. In an unbranched vessel the blood's speed goes as the inverse square of the open
  width, so cells are faster beside a clot, and behind a clot that fills the bore nothing moves, nor
  before it.
- Attached. Nothing of the blood's colour lies between the clot and the wall that it grows from.
- Settled. A clot grows by what joins it, so what it had before looks the same when it is larger.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from .measures_thrombosis_scene import Scene, disc, look
from .reading import Measure, NotSeen

__all__ = ["MEASURES", "look"]

_SHUT = 0.85
"""Share of the bore from which on a clot counts as closing it: true open ones fill 0.35 to 0.5."""
_REST = 0.07
"""Speed after closure over that before it, up to which blood counts as resting."""
_FASTER = 1.0
"""Least exponent n of speed ~ open width^-n: continuity gives 2, cells that slow down below 0."""

_SMALL = 4.5
"""Radius of a red cell in px below which a platelet covers less than 3 x 3 of them."""
_SHARP_SMALL, _SHARP = 1.1, 0.8
"""Finer over coarser grain of the clot, below which it is blurred: in small pictures, in others.
An autoencoder leaves 0.7 to 1.05 in small ones, true clips have 1.1 to 2.3."""

_TOLD_APART = 0.1
"""Colour distance from which on lumen and tissue are different, RGB out of 1."""


def breach(s: Scene) -> float:
    """The worst breach of "one stream", over what is allowed: above 1 it is broken."""
    return max(moving_after_closure(s) / _REST, (2 - throat_exponent(s)) / (2 - _FASTER))


def moving_after_closure(s: Scene) -> float:
    """Speed of red cells once the clot has closed the vessel, on the side where they are faster,
    over that of the fast ones before; 0 for a vessel that stays open."""
    count = len(s.height)
    shut = s.height.max(axis=1) >= _SHUT
    closed = count - int(np.argmin(shut[::-1])) if not shut.all() else 0
    if count - closed < 4:
        return 0.0
    first = min(closed + max(2, count // 10), count - 4)
    before = [np.diff(track.x[track.span(0, max(3, closed // 2))]) for track in s.tracks]
    steps = np.abs(np.concatenate(before))
    fast = max(0.1, float(np.percentile(steps, 90)) if steps.size else 0.0)
    sides: tuple[list[float], list[float]] = ([], [])
    for track in s.tracks:
        x = track.x[track.span(first, count - 1)]
        if len(x) >= 3:
            sides[int(x.mean() > s.centre)].append(abs(x[-1] - x[0]) / (len(x) - 1))
    return max(float(np.median(side)) / fast if side else 0.0 for side in sides)


def throat_exponent(s: Scene) -> float:
    """How the speed of a red cell depends on the open width w where it is: n of w^-n.

    Each cell is compared with itself, since its speed depends on its distance from the axis too.
    2, as continuity has it, where the clot closes the vessel or no cell passes it.
    """
    count, width = s.height.shape
    if s.height[-max(2, count // 5) :].max(axis=1).mean() > 0.65:
        return 2.0
    filled = ndimage.gaussian_filter1d(s.height, 0.5 * s.radius, axis=1)
    usual = np.median(np.concatenate([np.abs(np.diff(track.x)) for track in s.tracks]))
    # Steps long enough for a place known to a tenth of a radius.
    lag = int(np.clip(np.ceil(0.4 * s.radius / max(float(usual), 0.1)), 1, 6))
    above = below = 0.0
    for track in s.tracks:
        begin, end = track.x[:-lag], track.x[lag:]
        margin = 1.2 * s.radius
        whole = np.minimum(begin, end) > margin
        whole &= np.maximum(begin, end) < width - 1 - margin
        if whole.sum() < 3:
            continue
        step = np.abs(end - begin)[whole]
        when = (track.start + lag // 2 + np.arange(len(begin)))[whole]
        where = np.rint(0.5 * (begin + end)[whole]).astype(int)
        narrow = -np.log(np.clip(1 - filled[when, where], 0.2, 1))
        narrow = narrow - narrow.mean()
        above += float(narrow @ np.log(np.maximum(step, 0.15 * lag)))
        below += float(narrow @ narrow)
    return above / below if below > 0.3 else 2.0


def gap(s: Scene) -> float:
    """Width of the blood between the clot's middle and its wall at the end, in radii of a cell."""
    count = max(2, len(s.clot) // 5)
    reach, middle, rows = max(1, round(0.8 * s.radius)), round(s.centre), slice(s.top, s.bottom + 1)
    part = slice(max(0, middle - reach), middle + reach + 1)
    clot = np.median(s.clot[-count:, rows, part], axis=0) > 0.5
    bare = _looks_like_blood(s, s.frames[-count:, rows, part].mean(axis=0))
    if not s.upper:
        clot, bare = clot[::-1], bare[::-1]
    there = clot.any(axis=0)
    if not there.any():
        raise NotSeen("the clot does not last")
    below = np.maximum.accumulate(clot, axis=0)
    return float(np.median((bare & ~below).sum(axis=0)[there])) / s.radius


def _looks_like_blood(s: Scene, picture: np.ndarray) -> np.ndarray:
    """Where a picture (H, W, 3) is more like the lumen than like the tissue beside the clot, if
    the two can be told apart: a wall that was sought too far out is no gap."""
    far = np.abs(np.arange(s.clot.shape[2]) - s.centre) > 0.25 * s.clot.shape[2]
    quarter, wall = (s.bottom - s.top) // 4, round(1.5 * s.radius)
    some = s.frames[:: max(1, len(s.frames) // 8)]
    lumen = np.median(some[:, s.top + quarter : s.bottom - quarter, far], axis=(0, 1, 2))
    beside = slice(max(0, s.top - wall), s.top) if s.upper else slice(s.bottom + 1, s.bottom + wall)
    if not some[:, beside].size:
        return np.ones(picture.shape[:2], bool)
    tissue = np.median(some[:, beside], axis=(0, 1, 2))
    apart = np.linalg.norm(tissue - lumen)
    nearer = np.linalg.norm(picture - lumen, axis=2) < np.linalg.norm(picture - tissue, axis=2)
    return nearer | (apart < _TOLD_APART)


def settled(s: Scene) -> float:
    """Correlation of the clot's grain with itself once it has become half as large again.

    Only the inside of the clot counts, without the surface on which new platelets settle. Of the
    readings over the clip the lower quartile: what moves does so at some time. 1, as in a clot that
    keeps its grain, where that is too blurred or the clot too thin to be followed.
    """
    radius = s.radius
    # The walls' own pattern shines through beside them.
    rim = max(1, round(0.3 * radius))
    lumen = slice(s.top + rim, s.bottom + 1 - rim)
    clot = s.clot[:, lumen]
    walls = ((0, 0), (8, 8), (0, 0))
    inner = ndimage.binary_erosion(np.pad(clot, walls, "edge"), disc(0.5 * radius))[:, 8:-8]
    area = np.maximum.accumulate(ndimage.median_filter(clot.sum(axis=(1, 2)), 3)).astype(float)
    end = s.frames[-1, lumen]
    if inner[-1].any():
        fine, coarse = (_grain(end, a * radius, b * radius) for a, b in ((0.1, 0.3), (0.3, 0.6)))
        blurred = _SHARP_SMALL if radius < _SMALL else _SHARP
        if fine[inner[-1]].std() < blurred * coarse[inner[-1]].std():
            return 1.0
    grain: dict[int, np.ndarray] = {}
    found = []
    for t in np.flatnonzero((area >= 0.2 * area[-1]) & (area <= area[-1] / 1.2)):
        later = int(np.argmax(area >= min(1.5 * area[t], 0.97 * area[-1])))
        both = inner[t] & inner[later]
        if area[later] < 1.15 * area[t] or both.sum() < 1.5 * radius**2:
            continue
        a, b = (
            grain.setdefault(i, _grain(s.frames[i, lumen], 0.12 * radius, 0.45 * radius))[both]
            for i in (int(t), later)
        )
        found.append(float((a * b).sum() / np.sqrt((a * a).sum() * (b * b).sum() + 1e-12)))
    return float(np.percentile(found, 25)) if found else 1.0


def _grain(frame: np.ndarray, fine: float, coarse: float) -> np.ndarray:
    """What of a frame (H, W, 3) is between two scales in size (σ in px)."""
    smooth = [ndimage.gaussian_filter(frame, (size, size, 0)) for size in (fine, coarse)]
    return smooth[0] - smooth[1]


def rightward(s: Scene) -> float:
    """Share of the red cells' motion that goes to the right, while they move."""
    steps = np.concatenate([np.diff(track.x) for track in s.tracks])
    return float(np.maximum(steps, 0).sum() / np.abs(steps).sum())


def filled(s: Scene) -> float:
    """Largest share of the bore that the clot fills in the last fifth of the clip."""
    return float(np.median(s.height[-max(2, len(s.height) // 5) :].max(axis=1)))


_BREACH = "the flow departs from one stream by {:.2f} of what is allowed"
_GAP = "blood {:.2f} red-cell radii wide lies between the clot and its wall"
_FILLED = "the clot fills {:.2f} of the bore at the end"
_RIGHT = "{:.2f} of the red cells' motion goes to the right"

MEASURES: dict[str, Measure] = {
    "one_stream": Measure(breach, _BREACH, high=1.0),
    "breaks_stream": Measure(breach, _BREACH, low=1.0),
    "clot_attached": Measure(gap, _GAP, high=0.35),
    "clot_floats": Measure(gap, _GAP, low=0.35),
    "clot_settled": Measure(
        settled, "older parts of the clot look the same after growth: correlation {:.2f}", low=0.61
    ),
    "occludes": Measure(filled, _FILLED, low=0.8),
    "half_free": Measure(filled, _FILLED, low=0.25, high=0.55),
    "left_to_right": Measure(rightward, _RIGHT, low=0.7),
    "right_to_left": Measure(rightward, _RIGHT, high=0.3),
}
