"""What the recogniser of worlds knows of a clip: some sixty numbers from thumbnails.

Thumbnails of 32 px and nine moments spread over the clip make the numbers the same for any size
and length, and blind to compression, blur and noise. Left and right, up and down are not told
apart: a world may run either way.
"""

from __future__ import annotations

import numpy as np

from .footage import CELLS

MOMENTS = 9
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
_LAGS = (1, 2, 4, 8)
_TINY = 1e-4


def describe(small: np.ndarray) -> np.ndarray:
    """The numbers of a clip, given its thumbnails (T, 32, 32, 3) in [0, 1], T ≥ 2."""
    last = len(small) - 1
    at = np.linspace(0, last, MOMENTS).round().astype(int)
    before = np.minimum(at, last - 1)
    clip = small[at]
    pairs = np.stack([small[before], small[before + 1]], axis=1)
    mean = clip.mean(axis=0)
    swing = clip - mean
    parts = [
        _palette(clip, mean),
        _layout(mean @ _LUMA),
        _layout(np.sqrt(np.square(swing).sum(axis=3).mean(axis=0))),
        _grain(mean[None] @ _LUMA),
        _grain(swing @ _LUMA),
        _colours(swing.reshape(-1, 3)),
        _course(clip, swing),
        _motion(pairs @ _LUMA),
    ]
    return np.concatenate(parts).astype(np.float64)


def _palette(clip: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Colours of the mean picture, range of luma, strength of change: 17 numbers."""
    levels = np.percentile(clip @ _LUMA, [2, 25, 50, 75, 98])
    spread = mean.std(axis=(0, 1))
    swing = clip.std(axis=0)
    return np.concatenate(
        [
            mean.mean(axis=(0, 1)),
            np.log(spread + 0.01),
            levels,
            _colours((mean - mean.mean(axis=(0, 1))).reshape(-1, 3))[:3],
            [
                np.log(swing.mean() + 0.003),
                np.log(np.percentile(swing.max(axis=2), 95) + 0.003),
                (mean.max(axis=2) - mean.min(axis=2)).mean(),
            ],
        ]
    )


def _layout(picture: np.ndarray) -> np.ndarray:
    """Where in the field a picture (32, 32) is bright: 7 numbers."""
    flat = picture - picture.mean()
    power = float(np.square(flat).mean()) + _TINY**2
    ramp = np.linspace(-1, 1, CELLS, dtype=np.float32)
    radius = np.hypot(ramp[:, None], ramp[None])
    radius = (radius - radius.mean()) / radius.std()
    rows, columns = flat.mean(axis=1), flat.mean(axis=0)
    bright = flat > 0.5 * np.percentile(flat, 98)
    return np.array(
        [
            np.square(rows).mean() / power,
            np.square(columns).mean() / power,
            (flat * radius).mean() / np.sqrt(power),
            abs((rows * ramp).mean()) / np.sqrt(power),
            abs((columns * ramp).mean()) / np.sqrt(power),
            np.log(bright.mean() + 0.01),
            np.power(flat, 3).mean() / power**1.5,
        ]
    )


def _grain(pictures: np.ndarray) -> np.ndarray:
    """How unlike pixels of (T, 32, 32) are 1, 2, 4, 8 apart, across and down: 8 numbers."""
    power = pictures.var() + _TINY**2
    across = [np.square(pictures[..., k:] - pictures[..., :-k]).mean() for k in _LAGS]
    down = [np.square(pictures[:, k:] - pictures[:, :-k]).mean() for k in _LAGS]
    return np.log(np.array(across + down) / power + 0.01)


def _colours(deviations: np.ndarray) -> np.ndarray:
    """Correlations and shares of the three channels' deviations (N, 3): 5 numbers."""
    square = deviations.T @ deviations / len(deviations) + _TINY**2 * np.eye(3)
    size = np.sqrt(np.diag(square))
    return np.array(
        [
            square[0, 1] / (size[0] * size[1]),
            square[0, 2] / (size[0] * size[2]),
            square[1, 2] / (size[1] * size[2]),
            np.log(size[0] / size[1]),
            np.log(size[2] / size[1]),
        ]
    )


def _course(clip: np.ndarray, swing: np.ndarray) -> np.ndarray:
    """How the change is spread over the clip's duration: 13 numbers."""
    apart = [np.square(clip[k:] - clip[:-k]).mean() for k in _LAGS]
    steps = np.abs(np.diff(clip, axis=0)).mean(axis=(1, 2, 3)) + _TINY
    shares = np.log(steps / steps.mean())
    time = np.linspace(-1, 1, MOMENTS, dtype=np.float32)
    power = np.square(swing).mean() + _TINY**2
    trend = np.tensordot(time, swing, 1) / np.square(time).sum()
    level = swing.mean(axis=(1, 2))
    return np.concatenate(
        [
            np.log(np.array(apart) / power + 0.01)[:3],
            shares,
            [
                np.square(trend).mean() * np.square(time).mean() / power,
                np.square(level).mean() / power,
            ],
        ]
    )


def _motion(pairs: np.ndarray) -> np.ndarray:
    """How much of the change between neighbouring frames (N, 2, 32, 32) is a shift, of the whole
    field and of its 16 parts, across and down: 4 numbers."""
    there = pairs.mean(axis=1)
    step = pairs[:, 1] - pairs[:, 0]
    out = []
    for axis in (2, 1):
        slope = np.gradient(there, axis=axis)
        for cells in (1, 4):
            grid = (len(pairs), cells, CELLS // cells, cells, CELLS // cells)
            both, steep, moved = (
                part.reshape(grid).sum(axis=(0, 2, 4))
                for part in (slope * step, np.square(slope), np.square(step))
            )
            out.append(float((np.abs(both) / np.sqrt(steep * moved + _TINY**2)).mean()))
    return np.array(out)
