"""Dynamic instability: a plus end that grows, collapses and is rescued at random, and its lattice.

The two-state model of Dogterom & Leibler (1993, Phys Rev Lett 70:1347): an end grows at speed v₊
or shrinks at v₋, and changes state with the constant rates f₊₋ (catastrophe) and f₋₊ (rescue), so
that phases last exponentially distributed times and length is a straight line in each of them. It
is sampled exactly, phase by phase, without a time step. After tubulin is washed out (Walker, Pryer
& Salmon 1991, J Cell Biol 114:73) an end waits for seconds, then shrinks to its seed.

Only the tip gains and loses subunits. Labelled subunits, the speckles, are laid down as the tip
passes, stay where they are, and go when the tip comes back (Waterman-Storer et al. 1998, Curr Biol
8:1227). Lengths in µm along the filament, times in s.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

GROWTH_UM_S, SHRINKAGE_UM_S = 7.2 / 60, 17.3 / 60
CATASTROPHE_PER_S, RESCUE_PER_S = 0.014, 0.044
"""In newt lung cells: Cassimeris, Pryer & Salmon 1988, J Cell Biol 107:2223."""
DIMERS_PER_UM = 13 / 0.008  # 13 protofilaments of dimers 8 nm long
ON_PER_UM_S, OFF_PER_S, COLLAPSE_PER_S = 8.9, 44.0, 733.0
"""Plus end of pure tubulin: Walker et al. 1988, J Cell Biol 107:1437."""
PHASES = 24
LAYERS = 10  # patterns of speckles in reserve: one for each time that an end begins to grow again


def pure_growth(tubulin: float) -> float:
    """Speed (µm/s) at which a plus end grows in pure `tubulin` (µM)."""
    return (ON_PER_UM_S * tubulin - OFF_PER_S) / DIMERS_PER_UM


@dataclass(frozen=True)
class Paths:
    """Tips of K microtubules as straight lines between turns: `t`, `s` (K, M) and the state of each
    phase (K, M - 1): 1 growing, 0 waiting, -1 shrinking."""

    t: np.ndarray
    s: np.ndarray
    phase: np.ndarray

    def take(self, k: np.ndarray) -> Paths:
        """The paths of the microtubules numbered `k`."""
        return Paths(self.t[k], self.s[k], self.phase[k])

    def at(self, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Tip and state of each microtubule at `times` (T,), both (T, K)."""
        tips = [np.interp(times, t, s) for t, s in zip(self.t, self.s, strict=True)]
        states = [
            phase[np.minimum(np.searchsorted(t[1:], times), len(phase) - 1)]
            for t, phase in zip(self.t, self.phase, strict=True)
        ]
        return np.stack(tips, axis=1), np.stack(states, axis=1)


def wander(
    start: np.ndarray, growing: np.ndarray, speeds: tuple[float, float],
    rates: tuple[float, float], duration: float, rng: np.random.Generator,
) -> Paths:  # fmt: skip
    """Free ends over `duration` from lengths `start` (K,), `growing` (K,) or shrinking at first.

    `speeds` are v₊, v₋ in µm/s, `rates` f₊₋, f₋₊ per s. No end knows of a limit: choose those that
    stay where they should.
    """
    up = np.asarray(growing)[:, None] ^ (np.arange(PHASES) % 2 == 1)
    lasts = rng.exponential(1.0, up.shape) / np.where(up, rates[0], rates[1])
    lasts[:, -1] = np.inf
    ends = np.minimum(np.cumsum(lasts, axis=1), duration)
    t = np.concatenate([np.zeros((len(up), 1)), ends], axis=1)
    moved = np.diff(t, axis=1) * np.where(up, speeds[0], -speeds[1])
    s = np.asarray(start)[:, None] + np.concatenate([0 * t[:, :1], moved.cumsum(axis=1)], axis=1)
    return Paths(t, s, np.where(up, 1, -1))


def collapses(paths: Paths, duration: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The first collapse of each path that begins in view: its start and end (s) and depth (µm).

    Where there is none, the start is infinite.
    """
    down = (paths.phase < 0) & (paths.t[:, :-1] > 0) & (paths.t[:, :-1] < duration)
    rows, first = np.arange(len(down)), down.argmax(axis=1)
    begin = np.where(down.any(axis=1), paths.t[rows, first], np.inf)
    return begin, paths.t[rows, first + 1], paths.s[rows, first] - paths.s[rows, first + 1]


def dilute(
    start: np.ndarray, washout: float, waits: np.ndarray, speeds: tuple[float, float],
    duration: float,
) -> Paths:  # fmt: skip
    """Ends that grow from `start` (K,) µm until `washout` (s), wait for `waits` (K,) s, then shrink
    to nothing and stay so."""
    top = start + speeds[0] * washout
    turn = washout + waits
    gone = turn + top / speeds[1]
    zero = np.zeros_like(top)
    t = np.stack([zero, zero + washout, turn, gone, np.maximum(gone, duration) + 1.0], axis=1)
    s = np.stack([start, top, top, zero, zero], axis=1)
    return Paths(t, s, np.tile([1, 0, -1, 0], (len(top), 1)))


@dataclass(frozen=True)
class Marks:
    """Speckles: whose (M,), where on the lattice `s` (µm), how bright (0 to 1), and the frames from
    `born` up to, not including, `lost`."""

    owner: np.ndarray
    s: np.ndarray
    bright: np.ndarray
    born: np.ndarray
    lost: np.ndarray


def speckle_pool(
    count: int, low: float, high: float, spacing: float, rng: np.random.Generator
) -> np.ndarray:
    """Irregular places from `low` to `high` µm, and brightness: (count, LAYERS, M, 2)."""
    number = int((high - low) / spacing)
    gaps = spacing * rng.uniform(0.55, 1.45, (count, LAYERS, number))
    return np.stack([low + gaps.cumsum(axis=2), rng.uniform(0.55, 1.0, gaps.shape)], axis=3)


def lay_marks(pool: np.ndarray, tip: np.ndarray) -> Marks:
    """Which speckles of `pool` the tips (T, N) lay down and take away.

    Every new growth draws on a pattern of its own, so that regrown lattice has new speckles. What
    happens up to a frame depends on the tips up to that frame alone.
    """
    frames = len(tip)
    rows: list[tuple[float, ...]] = []
    for k, path in enumerate(tip.T):
        layer, rising = 0, True
        here = [(s, b, 0) for s, b in pool[k, 0] if s <= path[0]]
        for i in range(1, frames):
            before, now = path[i - 1], path[i]
            if now < before:
                rows += [(k, s, b, born, i) for s, b, born in here if s > now]
                here = [mark for mark in here if mark[0] <= now]
                rising = False
            elif now > before:
                if not rising:
                    layer, rising = layer + 1, True
                fresh = pool[k, layer % LAYERS]
                new = fresh[(fresh[:, 0] > before) & (fresh[:, 0] <= now)]
                here += [(s, b, i) for s, b in new]
        rows += [(k, s, b, born, frames) for s, b, born in here]
    # Drawn in an order that does not tell which of them will be lost.
    table = np.array(sorted(rows, key=lambda row: (row[0], row[3], row[1]))).reshape(-1, 5)
    return Marks(table[:, 0].astype(int), table[:, 1], table[:, 2], table[:, 3], table[:, 4])


@dataclass(frozen=True)
class Line:
    """A gently bent line that a microtubule follows: points (K, 2) at arc lengths `s` (K,)."""

    s: np.ndarray
    points: np.ndarray

    def at(self, s: np.ndarray) -> np.ndarray:
        """Places (..., 2) at arc lengths `s`, straight on beyond the ends."""
        xy = [np.interp(s, self.s, column) for column in self.points.T]
        return np.stack(xy, axis=-1)

    def band(self, low: float, high: float, half: float, step: float) -> np.ndarray:
        """Outline (M, 2) of the stretch from `low` to `high`, `half` µm to either side."""
        s = np.linspace(low, high, max(2, int(np.ceil((high - low) / step)) + 1))
        middle = self.at(s)
        ahead = self.at(s + 0.05) - self.at(s - 0.05)
        ahead /= np.hypot(*ahead.T)[:, None]
        across = half * np.stack([-ahead[:, 1], ahead[:, 0]], axis=1)
        return np.concatenate([middle + across, (middle - across)[::-1]])


def bent_line(
    origin: tuple[float, float], heading: float, bend: float, wave: float, phase: float,
    low: float, high: float,
) -> Line:  # fmt: skip
    """A line through `origin` at s = 0 whose heading (rad) swings by `bend` over `wave` µm."""
    s = np.arange(low, high, 0.1)
    angle = heading + bend * np.sin(2 * np.pi * s / wave + phase)
    steps = 0.1 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    points = np.concatenate([[[0.0, 0.0]], steps[:-1].cumsum(axis=0)])
    points += np.array(origin) - [np.interp(0.0, s, column) for column in points.T]
    return Line(s, points)
