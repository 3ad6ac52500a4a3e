"""Measures of any world: brightness, exposure, sharpness, stillness, cuts and jumps.

Each function takes `Footage` and returns one number; `bands` says for which numbers the criterion
that names the measure is met.
"""

from __future__ import annotations

import numpy as np

from .footage import Footage
from .reading import Measure

_QUIET = 2e-3
"""Mean change of blurred frames, out of 1, below which two frames show the same."""


def flicker(f: Footage) -> float:
    """How far overall brightness or a colour channel jumps off the line between its neighbours.

    The largest such jump but two, relative to the mean brightness: processes brighten and darken
    a picture smoothly, flicker goes back and forth.
    """
    level = f.frames.mean(axis=(1, 2))
    jump = np.abs(level[1:-1] - 0.5 * (level[:-2] + level[2:])).max(axis=1)
    return float(np.sort(jump)[max(0, len(jump) - 3)] / max(level.mean(), 0.02))


def still_share(f: Footage) -> float:
    """Longest stretch without any change, as a share of the clip's duration."""
    longest = run = 0
    for quiet in f.change < _QUIET:
        run = run + 1 if quiet else 0
        longest = max(longest, run)
    return longest / len(f.change)


def cut(f: Footage) -> float:
    """The largest change between two frames over the usual one (their median, at least noise)."""
    return float(f.change.max() / max(float(np.median(f.change)), _QUIET))


def jumpiness(f: Footage) -> float:
    """Change over one frame relative to change over a quarter of the clip: near 1 when pictures
    follow one another in no order, small when things move a little at a time."""
    far = max(2, len(f.frames) // 4)
    apart = np.abs(f.smooth[far:] - f.smooth[:-far]).mean()
    return float(f.change.mean() / max(float(apart), _QUIET))


def contrast(f: Footage) -> float:
    """Range of luma between the 1st and the 99.5th percentile, 0 to 1."""
    low, high = np.percentile(f.grey, [1, 99.5])
    return float(high - low)


def clipped(f: Footage) -> float:
    """Share of pixels that are white in all channels."""
    return float((f.frames.min(axis=3) > 0.985).mean())


def sharpness(f: Footage) -> float:
    """Steepest luma gradients (99th percentile of each frame, mean) over the contrast, per pixel
    of a picture 128 px wide."""
    gy, gx = np.gradient(f.grey, axis=(1, 2))
    steep = np.percentile(np.hypot(gx, gy), 99, axis=(1, 2)).mean()
    return float(steep * f.grey.shape[2] / 128 / max(contrast(f), 0.02))


def unsteadiness(f: Footage) -> float:
    """How far the part of the scene that should stand still has changed from the first third of
    the clip to the last, relative to the contrast: the median over the calmer half of the pixels.
    """
    third = max(1, len(f.frames) // 3)
    start, end = (np.median(part, axis=0) for part in (f.smooth[:third], f.smooth[-third:]))
    return float(
        np.median(np.sort(np.abs(end - start).max(axis=2).ravel())[: start[..., 0].size // 2])
    )


MEASURES: dict[str, Measure] = {}
