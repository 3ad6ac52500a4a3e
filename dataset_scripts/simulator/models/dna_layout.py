"""Where DNA is drawn: from places along the duplex to points in the picture.

Places are `s` µm along the duplex and `h`, the side of it. The picture is `CANVAS` units wide
whatever the field, as widths of edges and blur belong to the picture; the spacing of strands is
drawn far too large, as a schematic must, the places along the duplex are true.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

CANVAS = 40.0
RING_UM = 1560.0
"""Contour of the E. coli chromosome: 4.6 million base pairs at 0.34 nm."""


@dataclass(frozen=True)
class Strands:
    """Drawn sizes in units: half the spacing and the radius of strands, how far the arms' outer
    strands are from the axis, and over which length of duplex they get there."""

    half: float
    r: float
    arm: float
    ramp: float


@dataclass(frozen=True)
class Layout:
    """One scene's geometry: `units` for each µm, `direction` of copying, `ring` radius in units
    (0 for a straight duplex), its place across the field (`middle`, units) and its strands."""

    units: float
    direction: str
    strands: Strands
    middle: float = CANVAS / 2
    ring: float = 0.0

    def place(self, s: ArrayLike, h: ArrayLike) -> np.ndarray:
        """Points (..., 2), in units, at `s` µm along the duplex and `h` units to its side.

        Positive `h` is up, or to the right where copying goes downwards, or out of the ring.
        """
        s, h = np.broadcast_arrays(np.asarray(s, float), np.asarray(h, float))
        if self.ring:
            begin = {"left_to_right": np.pi, "right_to_left": 0.0, "top_to_bottom": -np.pi / 2}
            angle = begin[self.direction] + s * self.units / self.ring
            out = self.ring + h
            return CANVAS / 2 + np.stack([out * np.cos(angle), out * np.sin(angle)], -1)
        along, across = s * self.units, self.middle - h
        if self.direction == "top_to_bottom":
            return np.stack([CANVAS - across, along], -1)
        return np.stack(
            [along if self.direction == "left_to_right" else CANVAS - along, across], -1
        )

    def opening(self, s: np.ndarray, forks: np.ndarray, past: np.ndarray) -> np.ndarray:
        """How far open (0 closed, 1 arms apart) the duplex is at `s`, with forks (K,) of bubbles
        (left, right, left, right...) and what they have overshot (M,) since they met."""
        s = np.asarray(s, float)
        inside = np.zeros(s.shape)
        closed = list(zip(forks[::2], forks[1::2], strict=True))
        turn = RING_UM if self.ring else None
        for left, right in closed:
            for shift in (-RING_UM, 0.0, RING_UM) if turn else (0.0,):
                inside = np.maximum(inside, np.minimum(s - left - shift, right + shift - s))
        pairs = list(zip(forks[1::2], forks[2::2], strict=False))
        if turn:
            pairs.append((forks[-1], forks[0] + RING_UM))
        for (one, _), over in zip(pairs, past, strict=True):
            if over > 0:
                # Where two forks met the arms come apart as they do behind a fork.
                away = np.abs(s - one)
                if turn:
                    away = np.minimum(away % turn, turn - away % turn)
                near = away < self.strands.ramp / self.units
                inside = np.where(near, away + over, inside)
        x = np.clip(inside * self.units / self.strands.ramp, 0, 1)
        return np.asarray(x * (2 - x))

    def lines(self, s: np.ndarray, opening: np.ndarray, arm: int, inner: bool) -> np.ndarray:
        """Points of the outer (old) or inner (new) strand of an arm, +1 or -1."""
        k = self.strands
        h = k.half + (k.arm - k.half) * opening
        if inner:
            h = np.maximum(h - 2 * k.half, 0.0)
        return self.place(s, arm * h)


def ribbon(points: np.ndarray, r: float, length: int) -> list[np.ndarray]:
    """Outlines of a band of half-width `r` along `points` (N, 2), in pieces that meet.

    Short pieces have small boxes, which the painter fills fast.
    """
    if len(points) < 2:
        return []
    ahead = np.gradient(points, axis=0)
    ahead /= np.maximum(np.hypot(*ahead.T), 1e-9)[:, None]
    side = r * np.stack([-ahead[:, 1], ahead[:, 0]], -1)
    pieces = []
    for i in range(0, len(points) - 1, length):
        j = min(i + length, len(points) - 1)
        part, wide = points[i : j + 1].copy(), side[i : j + 1]
        # A little overlap hides the seam.
        if i > 0:
            part[0] -= 0.1 * ahead[i]
        if j < len(points) - 1:
            part[-1] += 0.1 * ahead[j]
        pieces.append(np.concatenate([part + wide, (part - wide)[::-1]]))
    return pieces
