"""What stays of a clip when it is re-encoded, resized, trimmed or mirrored. Pure functions.

A clip is looked at sixteen times a second. Every look leaves a 64-bit perceptual hash (`imagehash`:
signs of the lowest cosine coefficients, Zauner 2010) to search with and a thumbnail to make sure
with: hashes find the clips that look alike, and thumbnails, laid over each other at the best shift
in time, tell whether they are the same clip.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import imagehash
import numpy as np
from PIL import Image

LOOKS_PER_S = 16
SIDE = 32
"""Width and height of a thumbnail, px."""
NEAR_BITS = 14
"""Mean number of differing bits up to which two clips are compared by their thumbnails."""
SAME = ((0.88, 0.75, 2.9), (0.97, 0.90, 4.2))
"""Two clips are the same if one of these lines holds: correlations of thumbnails and of their
changes in time from which, and difference of their blurred means in grey levels up to which.
Compression of a finely textured clip costs correlation but hardly any tone, that of a contrasty one
the other way round; set on simulated clips of 64 px that went through H.264 at crf 28 to 32."""
LIVELY = 0.4
"""Grey levels: with less change in time there is no motion to be compared."""
FLIPS = ("", "left-right", "top-bottom", "both ways")


@dataclass(frozen=True)
class Fingerprint:
    """`hashes` uint64 (S,), `thumbnails` float32 (S, SIDE, SIDE, 3), 0 to 255, of S looks."""

    hashes: np.ndarray
    thumbnails: np.ndarray

    def flipped(self, kind: str) -> Fingerprint:
        """The fingerprint of the mirrored clip; `kind` is one of FLIPS."""
        rows = slice(None, None, -1) if kind in ("top-bottom", "both ways") else slice(None)
        columns = slice(None, None, -1) if kind in ("left-right", "both ways") else slice(None)
        return _of_thumbnails(np.ascontiguousarray(self.thumbnails[:, rows, columns]))


def fingerprint(frames: np.ndarray, fps: float) -> Fingerprint:
    """The fingerprint of `frames` (T, H, W, 3) uint8 RGB."""
    count = max(1, round((len(frames) - 1) / fps * LOOKS_PER_S) + 1)
    chosen = np.minimum(np.round(np.arange(count) * fps / LOOKS_PER_S), len(frames) - 1)
    small = [
        cv2.resize(frame.astype(np.float32), (SIDE, SIDE), interpolation=cv2.INTER_AREA)
        for frame in frames[chosen.astype(int)]
    ]
    return _of_thumbnails(np.stack(small))


def _of_thumbnails(thumbnails: np.ndarray) -> Fingerprint:
    bits = [
        imagehash.phash(Image.fromarray(t.astype(np.uint8)), hash_size=8, highfreq_factor=4).hash
        for t in thumbnails.mean(axis=3)
    ]
    packed = np.packbits(np.stack(bits).reshape(len(bits), 64), axis=1)
    return Fingerprint(packed.view(">u8")[:, 0].astype(np.uint64), thumbnails)


class Index:
    """Many fingerprints, to be searched for those that look like one."""

    def __init__(self, fingerprints: list[Fingerprint]) -> None:
        self.fingerprints = fingerprints
        lengths = [len(f.hashes) for f in fingerprints]
        self._starts = np.cumsum([0, *lengths])[:-1]
        self._lengths = np.array(lengths)
        self._hashes = np.concatenate([f.hashes for f in fingerprints] or [np.zeros(0, np.uint64)])

    def near(self, one: Fingerprint) -> list[int]:
        """Numbers of those whose looks differ from `one`'s by at most `NEAR_BITS` on average.

        The shorter of two clips may be a piece of the longer one, so it is its looks that each
        have to be found in the longer one.
        """
        if not len(self._hashes):
            return []
        apart = np.bitwise_count(one.hashes[:, None] ^ self._hashes[None, :])
        nearest_there = np.minimum.reduceat(apart, self._starts, axis=1).mean(axis=0)
        nearest_here = np.add.reduceat(apart.min(axis=0), self._starts, dtype=float) / self._lengths
        shorter = self._lengths < len(one.hashes)
        bits = np.where(shorter, nearest_here, nearest_there)
        return [int(i) for i in np.flatnonzero(bits <= NEAR_BITS)]


def alikeness(one: Fingerprint, other: Fingerprint) -> tuple[float, float, float]:
    """Correlation (−1 to 1) of the pictures and of their changes in time, and the difference of the
    pictures' tones (grey levels), at the shift in time at which the first two are highest."""
    a, b = one.thumbnails, other.thumbnails
    if len(a) > len(b):
        a, b = b, a
    gray_a, gray_b = a.mean(axis=3), b.mean(axis=3)
    shifts = range(len(b) - len(a) + 1)
    found = [(s, *_correlations(gray_a, gray_b[s : s + len(a)])) for s in shifts]
    shift, picture, motion = max(found, key=lambda row: row[1] + row[2])
    # What compression takes away is fine; what remains after a blur, colours and shades, is what
    # two clips of one kind never share to a few grey levels.
    apart = a.mean(axis=0) - b[shift : shift + len(a)].mean(axis=0)
    tone = float(np.sqrt((cv2.GaussianBlur(apart, (0, 0), 1.5) ** 2).mean()))
    return picture, motion, tone


def _correlations(a: np.ndarray, b: np.ndarray) -> tuple[float, float]:
    rest_a, rest_b = a.mean(axis=0), b.mean(axis=0)
    picture = _correlation(rest_a - rest_a.mean(), rest_b - rest_b.mean())
    move_a, move_b = a - rest_a, b - rest_b
    still = [float(np.abs(move).mean()) < LIVELY for move in (move_a, move_b)]
    # Two stills agree in their motion, a still and a film do not.
    motion = 1.0 if all(still) else 0.0 if any(still) else _correlation(move_a, move_b)
    return picture, motion


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    norm = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float((a * b).sum()) / norm if norm > 0 else 0.0


def same(one: Fingerprint, other: Fingerprint) -> bool:
    """Whether two clips of the same orientation are the same, or one a piece of the other."""
    picture, motion, tone = alikeness(one, other)
    return any(picture >= p and motion >= m and tone <= t for p, m, t in SAME)
