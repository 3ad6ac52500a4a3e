"""Footage: a clip as arrays with a scale, small enough to measure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from .clips import Clip
from .decode import ClipError

SIDE = 128
"""Longest edge in pixels: measures ask for nothing finer, and see the same at any size above."""
MOST_FRAMES = 161
"""Longer clips are thinned evenly: 10 s at 16 frames a second."""
FEWEST_FRAMES = 8
"""Fewer do not show how something moves."""
CELLS = 32
"""Cells of a thumbnail along each edge: fewer pixels than any clip has."""


def thumbnails(frames: np.ndarray) -> np.ndarray:
    """(T, H, W, 3) → means over the cells of a grid, (T, 32, 32, 3)."""
    for axis in (1, 2):
        edges = np.linspace(0, frames.shape[axis], CELLS + 1).astype(int)
        shape = [1] * 4
        shape[axis] = CELLS
        width = np.maximum(np.diff(edges), 1).astype(np.float32).reshape(shape)
        frames = np.add.reduceat(frames, edges[:-1], axis=axis) / width
    return frames


@dataclass(frozen=True)
class Footage:
    """`frames` (T, H, W, 3) float32 RGB in [0, 1]; `s_per_frame`: seconds of the process between
    two of them; `um_per_px`: width of a pixel in µm. Both scales are what the task states, which
    a generated clip need not obey."""

    frames: np.ndarray
    s_per_frame: float
    um_per_px: float

    @cached_property
    def grey(self) -> np.ndarray:
        """Luma (T, H, W) in [0, 1], weights of ITU-R BT.601."""
        return self.frames @ np.array([0.299, 0.587, 0.114], np.float32)

    @cached_property
    def smooth(self) -> np.ndarray:
        """`frames` blurred over space (σ = 1 px): sensor noise is not motion."""
        from scipy.ndimage import gaussian_filter

        return gaussian_filter(self.frames, (0, 1, 1, 0))

    @cached_property
    def small(self) -> np.ndarray:
        """Thumbnails (T, 32, 32, 3): alike whatever the size, compression and noise."""
        return thumbnails(self.frames)

    @cached_property
    def change(self) -> np.ndarray:
        """Mean absolute change of `smooth` from each frame to the next, (T - 1,)."""
        return np.abs(np.diff(self.smooth, axis=0)).mean(axis=(1, 2, 3))

    @cached_property
    def background(self) -> np.ndarray:
        """Median over time, (H, W, 3)."""
        return np.median(self.frames, axis=0)


def footage(clip: Clip, row: Mapping[str, Any]) -> Footage:
    """Decodes `clip` at the scales that its task states. Raises `ClipError`."""
    stride = 1

    def positions(count: int) -> list[int]:
        nonlocal stride
        stride = -(-count // MOST_FRAMES)
        return list(range(0, count, stride))

    frames = np.stack(clip.frames(positions, SIDE)).astype(np.float32) / 255
    if len(frames) < FEWEST_FRAMES:
        raise ClipError(f"{len(frames)} frames: at least {FEWEST_FRAMES} are needed")
    seconds = (row.get("playback") or 1.0) * stride / clip.rate()
    width = row.get("field_of_view_um") or float(frames.shape[2])
    return Footage(frames, seconds, width / frames.shape[2])
