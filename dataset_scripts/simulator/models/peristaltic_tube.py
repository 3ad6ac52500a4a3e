"""A bolus that a wave of muscle tone drives along an elastic tube: lubrication flow, part filled.

Long waves at low Reynolds number (Shapiro, Jaffrin & Weinberg 1969, J. Fluid Mech. 37:799), in a
finite tube whose content need not fill it (Li & Brasseur 1993, J. Fluid Mech. 248:129). With the
section S(x, t) of the liquid and A(x, t) of the relaxed or contracted tube:

    ∂S/∂t + ∂Q/∂x = 0,    Q = -S² / (8 π μ) ∂p/∂x,    p = K max(0, S / A - 1)

Where the liquid does not fill the tube it is at rest, at the pressure of the room; the boundary of
the filled part moves freely. The muscle prescribes A: its wave is a ring of contraction and, ahead
of it, a stretch of inhibition, the law of the intestine (Bayliss & Starling 1899, J. Physiol.
24:99). The inhibited stretch is as long as the liquid ahead of the ring needs. Lengths in mm, time
in s, pressure in Pa, viscosity in Pa s.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numba import njit
from scipy.ndimage import gaussian_filter1d

STIFFNESS_PA = 250.0
"""K. Modelling choice: wall distends by a tenth to a third of its section, as if well inhibited."""
CELLS = 128
"""Cells of the grid, which reaches beyond the field of view on both sides."""
MARGIN = 0.3
"""How far the grid reaches beyond either end of the field, as a share of it."""
REFLEX_MM = 4.0
"""Way of the ring over which the inhibited stretch adapts to the liquid."""
_STRIDE = 0.3  # of a cell that the wave goes between two updates of A
_COURANT = 0.4  # D dt / dx²; stable below 0.5


@dataclass(frozen=True)
class Tube:
    """The tube and its muscle.

    `radius` is that of the resting bore, `opening` the bore at the ring's tightest point over it,
    `ring` the half length of the ring, `speed` (mm/s) that of the wave, `viscosity` of the liquid.
    """

    field: float
    radius: float
    opening: float
    ring: float
    speed: float
    viscosity: float

    def grid(self, cells: int = CELLS) -> np.ndarray:
        """Centres of the cells (n,), mm along the tube from the oral edge of the field."""
        width = (1 + 2 * MARGIN) * self.field / cells
        return -MARGIN * self.field + (np.arange(cells) + 0.5) * width

    def bulge(self, length: np.ndarray | float) -> np.ndarray:
        """How much the radius (mm) rises in an inhibited stretch of `length` mm."""
        return 0.36 * self.radius * np.sqrt(np.maximum(length, 0) / 20)

    def squeeze(self, x: np.ndarray, ring: float) -> np.ndarray:
        """Activation of the circular muscle, 0 to 1, at `x` when the ring's middle is at `ring`."""
        return np.clip(1 - ((x - ring) / self.ring) ** 2, 0, None) ** 2

    def yielding(self, x: np.ndarray, ring: float, length: np.ndarray | float) -> np.ndarray:
        """Rise of the radius (mm) at `x` in the inhibited stretch of `length` ahead of a ring."""
        half = 0.5 * length + 0.45 * self.ring
        middle = ring + 0.55 * self.ring + 0.5 * length
        return self.bulge(length) * np.clip(1 - ((x - middle) / half) ** 4, 0, None) ** 2

    def rest(self, x: np.ndarray, rings: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        """A: section (mm²) that the muscle allows without any pressure."""
        radius = np.full(len(x), float(self.radius))
        for ring, length in zip(rings, lengths, strict=True):
            radius += self.yielding(x, ring, length)
        for ring in rings:
            radius *= 1 - (1 - self.opening) * self.squeeze(x, ring)
        return math.pi * radius**2

    def stretch(self, volume: np.ndarray | float) -> np.ndarray:
        """Length (mm) of the inhibited stretch that, with the ring's flank, holds `volume` mm³."""
        lengths, held = _capacity(self)
        return np.interp(volume, held, lengths)


@lru_cache(maxsize=64)
def _capacity(tube: Tube) -> tuple[np.ndarray, np.ndarray]:
    """Lengths (n,) in mm of the inhibited stretch and what each holds, in mm³."""
    lengths = np.linspace(0, 2 * tube.field, 200)[:, None]
    end = 0.55 * tube.ring + lengths
    x = end * (np.arange(80) + 0.5) / 80
    radius = tube.radius + tube.yielding(x, 0.0, lengths)
    radius *= 1 - (1 - tube.opening) * tube.squeeze(x, 0.0)
    return lengths[:, 0], (math.pi * radius**2).mean(axis=1) * end[:, 0]


def fill(tube: Tube, x: np.ndarray, rings: np.ndarray, volume: float) -> np.ndarray:
    """S (n,) of liquid at rest: `volume` mm³ ahead of each ring, filling what the muscle allows."""
    width = x[1] - x[0]
    lengths = np.full(len(rings), float(tube.stretch(volume)))
    rest = tube.rest(x, rings, lengths)
    liquid = np.zeros_like(x)
    for ring in rings:
        ahead = np.where(x >= ring, rest * width, 0.0)
        before = np.cumsum(ahead) - ahead
        liquid += np.clip(volume - before, 0, ahead) / width
    return liquid


def held(tube: Tube, x: np.ndarray, liquid: np.ndarray, rest: np.ndarray, ring: float) -> float:
    """Volume (mm³) of the filled stretch that begins at `ring` and goes on without a break."""
    free = (x > ring + 0.6 * tube.ring) & (liquid < 0.6 * rest)
    end = x[int(np.argmax(free))] if free.any() else math.inf
    return float(liquid[(x >= ring) & (x < end)].sum() * (x[1] - x[0]))


def run(
    tube: Tube, x: np.ndarray, liquid: np.ndarray, rings: np.ndarray, times: np.ndarray,
    source: np.ndarray | None = None,
) -> dict[str, np.ndarray]:  # fmt: skip
    """The flow from time 0 on, at the increasing `times` (T,) in s.

    `liquid` (n,) is S at time 0, `rings` (k,) are the rings' places then. `source` (T,) is the rate
    in 1/s at which liquid would multiply up to each of the times: 0 by the law of mass. Returns
    `liquid` and `rest` (T, n) in mm², `rings` (T, k) and `lengths` (T, k) in mm.
    """
    width = x[1] - x[0]
    liquid = liquid.copy()
    volumes = [held(tube, x, liquid, tube.rest(x, rings, 0 * rings), ring) for ring in rings]
    lengths = np.asarray(tube.stretch(np.array(volumes)), float).reshape(len(rings))
    holds = np.linspace(0, 3 * max(volumes) + 1, 60)
    wanted = tube.stretch(holds)
    rest = tube.rest(x, rings, lengths)
    out = [np.empty((len(times), len(x))) for _ in range(2)]
    places, stretches = (np.empty((len(times), len(rings))) for _ in range(2))
    now = 0.0
    for i, t in enumerate(times):
        steps = math.ceil(tube.speed * (t - now) / (_STRIDE * width) - 1e-9)
        for step in range(steps):
            duration = (t - now) / (steps - step)
            now += duration
            place = rings + tube.speed * now
            volume = [held(tube, x, liquid, rest, ring) for ring in place]
            share = min(1.0, tube.speed * duration / REFLEX_MM)
            lengths = lengths + share * (np.interp(volume, holds, wanted) - lengths)
            after = tube.rest(x, place, lengths)
            rate = 0.0 if source is None else float(source[i])
            advance(liquid, rest, after, duration, width, STIFFNESS_PA, tube.viscosity, rate)
            rest = after
        out[0][i], out[1][i] = liquid, rest
        places[i], stretches[i] = rings + tube.speed * now, lengths
    return {"liquid": out[0], "rest": out[1], "rings": places, "lengths": stretches}


@njit(cache=True)
def advance(liquid, rest, after, duration, width, stiffness, viscosity, rate):  # type: ignore[no-untyped-def]
    """Carry S (n,) in place over `duration` s while A goes from `rest` to `after`; ends are shut.

    Explicit finite volumes: what leaves a cell enters its neighbour. The mobility is that of the
    cell with the higher pressure, so no cell can give more than it holds.
    """
    n = len(liquid)
    mobility = 1.0 / (8.0 * math.pi * viscosity)
    pressure = np.empty(n)
    done = 0.0
    while done < duration:
        share = done / duration
        fastest = 1e-12
        for i in range(n):
            section = rest[i] + share * (after[i] - rest[i])
            pressure[i] = stiffness * max(0.0, liquid[i] / section - 1.0)
            if pressure[i] > 0.0:
                fastest = max(fastest, liquid[i] * liquid[i] / section)
        dt = min(duration - done, _COURANT * width * width / (stiffness * mobility * fastest))
        if duration - done - dt < 1e-12:
            dt = duration - done
        entered = 0.0
        for i in range(n):
            leaves = 0.0
            if i < n - 1:
                # Neither cell is updated yet: cell i is when both its borders are known.
                drop = pressure[i] - pressure[i + 1]
                giver = liquid[i] if drop > 0.0 else liquid[i + 1]
                leaves = mobility * giver * giver * drop / width
            liquid[i] += (entered - leaves) * dt / width
            entered = leaves
        if rate != 0.0:
            for i in range(n):
                liquid[i] *= 1.0 + rate * dt
        done = duration if dt == duration - done else done + dt


def pressure(liquid: np.ndarray, rest: np.ndarray) -> np.ndarray:
    """p (Pa) above the room's."""
    return STIFFNESS_PA * np.maximum(0.0, liquid / rest - 1.0)


def flow(tube: Tube, x: np.ndarray, liquid: np.ndarray, rest: np.ndarray) -> np.ndarray:
    """Q (…, n-1) in mm³/s through the borders between the cells, positive in the aboral sense."""
    p = pressure(liquid, rest)
    drop = p[..., :-1] - p[..., 1:]
    section = np.where(drop > 0, liquid[..., :-1], liquid[..., 1:])
    return section**2 * drop / (8 * math.pi * tube.viscosity * (x[1] - x[0]))


def _sides(x: np.ndarray, rings: np.ndarray) -> np.ndarray:
    """How many of the rings (T, k) each place is ahead of: (T, n)."""
    return (x[None, None, :] >= rings[:, :, None]).sum(axis=1)


def portions(x: np.ndarray, rings: np.ndarray, liquid: np.ndarray) -> np.ndarray:
    """Volumes (T, k + 1) in mm³: behind the last ring, then ahead of each up to the next."""
    held = [np.where(_sides(x, rings) == i, liquid, 0.0).sum(1) for i in range(rings.shape[1] + 1)]
    return np.stack(held, axis=1) * (x[1] - x[0])


def centres(x: np.ndarray, rings: np.ndarray, liquid: np.ndarray) -> np.ndarray:
    """Centres (T, k) in mm of the liquid ahead of each ring up to the next; its own without any."""
    found = np.empty(rings.shape)
    for i in range(rings.shape[1]):
        weight = np.where(_sides(x, rings) == i + 1, liquid, 0.0)
        amount = weight.sum(axis=1)
        centre = (weight * x).sum(axis=1) / np.maximum(amount, 1e-9)
        found[:, i] = np.where(amount > 1e-6, centre, rings[:, i])
    return found


def drawn_radius(section: np.ndarray) -> np.ndarray:
    """Radius (n,) in mm of `section` (n,), smoothed by a kernel that keeps the volume."""
    return np.sqrt(gaussian_filter1d(section, 0.8) / np.pi)


def outline(
    x: np.ndarray, liquid: np.ndarray, rest: np.ndarray, points: int
) -> tuple[np.ndarray, np.ndarray]:
    """Places (points,) and radius of the bore there, in mm, dense where the wall is curved."""
    bore = drawn_radius(np.maximum(liquid, rest))
    slope = np.gradient(bore, x)
    weight = 0.05 + np.abs(slope) + 2 * np.abs(np.gradient(slope, x))
    field = (x[-1] - x[0] + x[1] - x[0]) / (1 + 2 * MARGIN)
    weight = gaussian_filter1d(weight, 2.0) * (np.abs(x - field / 2) < 0.58 * field)
    total = np.cumsum(weight)
    s = np.interp(np.linspace(total[0], total[-1], points), total, x)
    return s, np.interp(s, x, bore)


def stretches(
    x: np.ndarray, radius: np.ndarray, least: float, points: int
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Places and radius (points,) in mm of every stretch of liquid with a radius above `least`.

    The places are dense at both ends, where the meniscus is round.
    """
    seen = np.concatenate([[False], radius > least, [False]])
    turn = 0.5 * (1 - np.cos(np.linspace(0, np.pi, points)))
    found = []
    for first, last in zip(
        np.flatnonzero(seen[1:] & ~seen[:-1]), np.flatnonzero(~seen[1:] & seen[:-1]), strict=True
    ):
        if last - first > 1:
            ends = np.concatenate([[x[first] - 0.8], x[first:last], [x[last - 1] + 0.8]])
            tall = np.concatenate([[0.1], radius[first:last], [0.1]])
            s = ends[0] + (ends[-1] - ends[0]) * turn
            found.append((s, np.interp(s, ends, tall)))
    return found
