"""What one piece of video looks like, as numbers, and the checks that it has to pass. Pure.

`frames` is everywhere uint8 (T, H, W, 3) RGB: some frames of the piece, evenly spread.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np

BLACK = 3
"""Grey level up to which a pixel counts as part of a black bar."""


@dataclass(frozen=True)
class Piece:
    """Frames `start` to `end` (exclusive) of a video; `video` is its path below the folder."""

    video: str
    title: str
    start: int
    end: int
    fps: float

    @property
    def piece_id(self) -> str:
        """A name fit for a file: plain letters of the path, a hash of it (two paths may have the
        same plain letters), then the start."""
        plain = "".join(c if c.isalnum() or c in "-_" else "_" for c in self.video)
        path = hashlib.sha256(self.video.encode()).hexdigest()[:6]
        return f"{plain}-{path}-{self.start:07d}"

    @property
    def seconds(self) -> float:
        return (self.end - self.start) / self.fps


def cut_to_length(
    video: str, title: str, shots: list[tuple[int, int]], fps: float, longest_s: float
) -> list[Piece]:
    """Pieces of the `shots`, each at most `longest_s` seconds long, in equal parts of a shot."""
    pieces = []
    for start, end in shots:
        count = max(1, int(np.ceil((end - start) / fps / longest_s - 1e-9)))
        edges = np.linspace(start, end, count + 1).round().astype(int).tolist()
        pieces += [Piece(video, title, low, high, fps) for low, high in pairwise(edges)]
    return pieces


def black_border(frames: np.ndarray) -> float:
    """Width of the widest black bar along an edge, as a share of the picture's side.

    A bar stays black and ends in a straight line, where the picture begins at once; a
    dark ground out of which objects rise has no such line.
    """
    # The median in time: for a moment after a cut the bar still shows a ghost of the shot before.
    brightest = np.median(frames.max(axis=3), axis=0)
    widest = 0.0
    for lit in (brightest > BLACK, (brightest > BLACK).T):
        share = lit.mean(axis=1)
        for profile in (share, share[::-1]):
            lit_up = np.flatnonzero(profile > 0.5)
            if not len(lit_up) or profile[0] > 0.02:
                continue
            # Compression lets the line ring for some pixels into the bar.
            bar, first_light = int(lit_up[0]), int(np.flatnonzero(profile > 0.02)[0])
            steps = profile[first_light + 1 : bar + 2] - profile[first_light - 1 : bar]
            if bar - first_light <= 1 + 0.05 * len(profile) and steps.max(initial=0) > 0.4:
                widest = max(widest, bar / len(profile))
    return widest


def changes(frames: np.ndarray) -> np.ndarray:
    """Grey levels by which the liveliest half per cent of the pixels change at least, (T − 1,)."""
    gray = np.stack([cv2.GaussianBlur(_gray(f), (0, 0), 1) for f in frames])
    return np.quantile(np.abs(np.diff(gray, axis=0)), 0.995, axis=(1, 2))


def stillness(frames: np.ndarray) -> float:
    """Longest time without any change, as a share of the piece; 1 for a photograph."""
    moves = changes(frames) >= 3.0
    longest = run = 0
    for moved in moves:
        run = 0 if moved else run + 1
        longest = max(longest, run)
    return longest / max(1, len(moves))


def motion(frames: np.ndarray) -> float:
    """Mean change of a pixel between the frames, grey levels."""
    gray = np.stack([_gray(f) for f in frames])
    return float(np.abs(np.diff(gray, axis=0)).mean()) if len(gray) > 1 else 0.0


def sharpness(frames: np.ndarray) -> float:
    """Spread of the Laplacian in the middle frame, grey levels; a defocused picture has little."""
    return float(cv2.Laplacian(_gray(frames[len(frames) // 2]), cv2.CV_32F).std())


def _gray(frame: np.ndarray) -> np.ndarray:
    return frame.astype(np.float32).mean(axis=2)


@dataclass(frozen=True)
class Check:
    """One stage of the funnel: a piece stays where `low` ≤ `measure`(frames) ≤ `high`."""

    name: str
    measure: Callable[[np.ndarray], float]
    low: float = -np.inf
    high: float = np.inf

    def passes(self, value: float) -> bool:
        return self.low <= value <= self.high


def picture_checks(min_motion: float, min_sharpness: float) -> tuple[Check, ...]:
    """The checks that need nothing but the pixels, cheapest first."""
    return (
        Check("black border", black_border, high=0.02),
        Check("still", stillness, high=0.5),
        Check("motion", motion, low=min_motion),
        Check("sharpness", sharpness, low=min_sharpness),
    )
