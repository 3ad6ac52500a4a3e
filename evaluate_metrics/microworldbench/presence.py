"""Whether a clip shows anything, moves, and is of the micro-world it should be of.

A clip fails here if it is blank, noise or a still, and, for a world that the recogniser knows, if
it is plainly a clip of another one. The recogniser is a linear discriminant over the numbers of
`presence_features`, fitted on simulated clips by `tests/benchmarks/fit_presence.py`: every world
has one centre for each of its looks, and a clip is taken for the world whose centre is nearest.

Its limits: it knows the simulator's looks and those of a model trained on them. An unfamiliar clip
(a recording, another drawing style, another shape than square) lies far from most centres and then
gets the benefit of the doubt, so a wrong world is not caught there. A world that it was not fitted
on, drawn in the same looks, may still be taken for a kindred one (blood in a vessel for blood in a
vessel). It does not tell a clip that obeys the laws of its world from one that breaks them, nor
frames in disorder from frames in order.
"""

from __future__ import annotations

import base64
from functools import cache

import numpy as np

from . import presence_weights
from .footage import Footage
from .presence_features import describe

_BLANK = 0.04
"""Range of brightness across a frame, in its liveliest channel, below which it shows nothing.
True clips have at least 0.15."""
_STILL = 0.15
"""Range over time of the cells that change most, below which nothing moves: compression lets a
still breathe by up to 0.09, true clips have at least 0.3."""
_SPECKLE = 0.25
"""Correlation of neighbouring pixels below which a picture is noise; true clips: 0.5."""
_UNRELATED = 0.25
"""Correlation of a frame with the next below which frames have nothing to do with one another;
true clips: 0.6."""
FAMILIAR = 200.0
"""Squared distance to a centre, in standard deviations of its clips, within which a clip is taken
for one of that world. True clips lie within 90, those of a model trained on them within 150."""
MARGIN = 50.0
"""By how much its own world's centres must be farther (squared) than another's; for true clips
they are nearer by 180 or more."""


def absent(footage: Footage, phenomenon: str) -> str:
    """Why this clip cannot show `phenomenon`, or "" if it may."""
    return _nothing(footage) or _elsewhere(footage, phenomenon)


def _nothing(f: Footage) -> str:
    low, high = np.percentile(f.small, [1, 99], axis=(1, 2))
    if np.median(high - low, axis=0).max() < _BLANK:
        return "the picture is blank"
    if _correlation(f.grey[:, :, 1:], f.grey[:, :, :-1]) < _SPECKLE:
        return "the picture is noise: neighbouring pixels have nothing in common"
    if _correlation(f.small[1:], f.small[:-1]) < _UNRELATED:
        return "the frames are unrelated to each other"
    if np.percentile(np.ptp(f.small, axis=0).max(axis=2), 99) < _STILL:
        return "nothing moves: all frames show the same"
    return ""


def _correlation(one: np.ndarray, two: np.ndarray) -> float:
    """Median over frames of the correlation of two series of pictures (T, H, W, ...)."""
    one, two = (
        (p - p.mean(axis=(1, 2), keepdims=True)).reshape(len(p), -1).astype(np.float32)
        for p in (one, two)
    )
    size = np.sqrt(np.square(one).sum(axis=1) * np.square(two).sum(axis=1))
    return float(np.median((one * two).sum(axis=1) / (size + 1e-9)))


def _elsewhere(f: Footage, phenomenon: str) -> str:
    """Which other world a clip is of, where that is plain."""
    if phenomenon not in presence_weights.WORLDS:
        return ""
    own, other, nearest = compare(distances(f.small), phenomenon)
    if other > FAMILIAR or own < other + MARGIN:
        return ""
    return f"this looks like {nearest}, not like {phenomenon}".replace("_", " ")


def distances(small: np.ndarray) -> np.ndarray:
    """Squared distances of a clip, given as thumbnails, to the centres of all worlds and looks."""
    mean, axes, centres = _recogniser()
    return np.square(centres - axes @ (describe(small) - mean)).sum(axis=1)


def compare(squared: np.ndarray, phenomenon: str) -> tuple[float, float, str]:
    """Of `distances`, the least to `phenomenon`, the least to another world, and which that is."""
    worlds = np.array(presence_weights.WORLDS)
    elsewhere = np.where(worlds == phenomenon, np.inf, squared)
    nearest = int(np.argmin(elsewhere))
    return float(squared[worlds == phenomenon].min()), float(elsewhere[nearest]), worlds[nearest]


@cache
def _recogniser() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The mean of the numbers (N,), the discriminant axes (K, N) and the centres (C, K)."""
    count, axes = presence_weights.NUMBERS, presence_weights.AXES
    packed = np.frombuffer(base64.b85decode("".join(presence_weights.PACKED)), "<f4")
    mean, rest = packed[:count], packed[count:].astype(np.float64)
    cut = axes * count
    return mean.astype(np.float64), rest[:cut].reshape(axes, count), rest[cut:].reshape(-1, axes)
