"""The beat of a cilium, the phases along a ciliated row, and the mucus sheet that it carries.

Beat. A cilium is an inextensible filament whose shape is prescribed, as Fulford & Blake 1986
(J. Theor. Biol. 121:381) prescribed that of tracheal cilia. In the effective stroke it swings
almost straight about its base. In the recovery stroke a bend starts at the base and runs to the
tip: what it has passed leans back already, what lies ahead of it points forward, low over the cell
(Blake & Sleigh 1974, Biol. Rev. 49:85). One phase, in beats, goes through both.

Row. Neighbours are phase oscillators, coupled through the liquid between them as in Niedermayer,
Eckhardt & Lenz 2008 (Chaos 18:037128): dφ_k/dt = f_k + K Σ sin 2π(φ_j − φ_k − (j − k) lag) / 2π
over both neighbours j. The locked state is a metachronal wave: each cilium is `lag` beats ahead of
its neighbour upstream. A wave with positive lag runs against the stroke (antiplectic), one with
negative lag the same way (symplectic).

Mucus. No inertia (Purcell 1977, Am. J. Phys. 45:3): at every moment the drag of the lengths of
cilia that reach into the sheet balances the load on it, Σ ∫ ζ (v − U) ds = Λ U, in which ∫ runs
over what is higher than the sheet's underside (the traction layer of Blake 1975, J. Biomech.
8:179). The shift ∫ U dt depends on the sequence of shapes only and not on its pace, so a
reciprocal stroke carries nothing (scallop theorem).

Lengths in µm, times in s, angles in rad. x points the way of the effective stroke, heights up from
the cell's surface.
"""

from __future__ import annotations

import numpy as np

POINTS = 15
"""Points along a cilium that are kept, its base included."""
BEND = (0.08, 0.20)
"""Half width of the travelling bend, in lengths of a cilium, at the base and at the tip."""
FORWARD = np.radians(92.0)
"""Direction of the part ahead of the bend, from upright: flat over the cell."""
CREEP = 1.8
"""Power of time with which the bend climbs: slowly near the base, so the cilium stays low."""
TRAIL = 0.16
"""How far (rad) drag bends the tip back in mid-stroke: "almost straight"."""
EDGE_UM = 0.3
"""Depth over which the sheet's underside takes hold of a cilium."""
UNDERSIDE = 0.86
"""Height of the sheet's underside in lengths of a cilium."""
_SAMPLES = 64


def _smooth(x: np.ndarray) -> np.ndarray:
    x = np.clip(x, 0.0, 1.0)
    return x * x * (3 - 2 * x)


def angles(phase: np.ndarray, share: float, sweep: float, s: np.ndarray) -> np.ndarray:
    """Direction from upright (…, S) at places `s` (S,) along a cilium, 0 at its base, 1 at its tip.

    `phase` (…,) is in beats; the effective stroke takes `share` of each and swings through `sweep`.
    """
    part = np.mod(phase, 1.0)[..., None]
    half = sweep / 2
    x = np.clip(part / share, 0, 1)
    swing = half * (2 * (x - 0.6 * np.sin(2 * np.pi * x) / (2 * np.pi)) - 1)
    straight = swing - TRAIL * s**2 * np.sin(np.pi * x) ** 2
    back = np.clip((part - share) / (1 - share), 0, 1)
    width = BEND[0] + (BEND[1] - BEND[0]) * back
    place = back**CREEP * (1 + BEND[0] + BEND[1]) - BEND[0]
    ahead = half + (FORWARD - half) * _smooth(back / 0.6)
    bent = -half + (ahead + half) * _smooth((s - place + width) / (2 * width))
    return np.where(part < share, straight, bent)


def shapes(
    phase: np.ndarray, amplitude: np.ndarray, rest: np.ndarray, share: float, sweep: float,
    length: float, facing: np.ndarray | None = None,
) -> np.ndarray:  # fmt: skip
    """Points (…, POINTS, 2) of cilia in µm from their bases: forward, and height.

    `amplitude` (…,) is 1 in the full beat and 0 at rest, where a cilium leans by `rest` (…,) rad.
    `facing` (…,) is -1 where a beat is mirrored, which no healthy one is.
    """
    n = POINTS - 1
    s = (np.arange(n) + 0.5) / n
    lean = amplitude[..., None]
    angle = angles(phase, share, sweep, s)
    if facing is not None:
        angle = angle * facing[..., None]
    angle = lean * angle + (1 - lean) * rest[..., None]
    step = np.stack([np.sin(angle), np.cos(angle)], -1) * (length / n)
    xy = np.zeros((*angle.shape[:-1], POINTS, 2))
    np.cumsum(step, axis=-2, out=xy[..., 1:, :])
    return xy


def locked_phases(
    start: np.ndarray, own_hz: np.ndarray, lag: float, coupling_hz: float, drive: np.ndarray,
    dt: float,
) -> np.ndarray:  # fmt: skip
    """Phases (K + 1, N) in beats from `start` (N,), by the midpoint rule in K steps of `dt` s.

    `own_hz` (N,) are the cilia's own frequencies, `coupling_hz` is K; `drive` (2 K + 1,) scales all
    rates at whole and half steps (1 in health, 0 when paralysed).
    """

    def rate(phase: np.ndarray) -> np.ndarray:
        pull = np.sin(2 * np.pi * (np.diff(phase) - lag)) * (coupling_hz / (2 * np.pi))
        total = own_hz.copy()
        total[:-1] += pull
        total[1:] -= pull
        return total

    steps = (len(drive) - 1) // 2
    phases = np.empty((steps + 1, len(start)))
    phases[0] = start
    for i in range(steps):
        now = phases[i]
        middle = now + 0.5 * dt * drive[2 * i] * rate(now)
        phases[i + 1] = now + dt * drive[2 * i + 1] * rate(middle)
    return phases


def traction(xy: np.ndarray, length: float) -> tuple[np.ndarray, np.ndarray]:
    """What K + 1 successive shapes (K + 1, N, POINTS, 2) do to the sheet in each of the K steps.

    First the way of the lengths that reach into it, Σ ∫ θ dx ds (µm²), then those lengths
    themselves, Σ ∫ θ ds (µm), both per cilium. Midpoints of every step make it exactly reversible.
    """
    middle = 0.5 * (xy[1:] + xy[:-1])
    held = np.clip((middle[..., 1] - UNDERSIDE * length) / EDGE_UM + 0.5, 0, 1)
    ds = length / (POINTS - 1)
    way = (held * (xy[1:, ..., 0] - xy[:-1, ..., 0])).sum(axis=-1) * ds
    return way.mean(axis=-1), held.sum(axis=-1).mean(axis=-1) * ds


def load(speed: float, hz: float, share: float, sweep: float, length: float) -> float:
    """Λ / ζ per cilium (µm) at which a long healthy row carries the sheet at `speed` µm/s."""
    phase = np.arange(_SAMPLES + 1)[:, None] / _SAMPLES
    xy = shapes(phase, np.ones_like(phase), np.zeros_like(phase), share, sweep, length)
    way, held = traction(xy, length)
    return float(way.sum() * hz / speed - held.mean())


def sheet_shift(xy: np.ndarray, length: float, loaded: float) -> np.ndarray:
    """How far (K + 1,) µm the sheet has come with the shapes (K + 1, N, POINTS, 2), from 0."""
    way, held = traction(xy, length)
    return np.concatenate([[0.0], np.cumsum(way / (held + loaded))])
