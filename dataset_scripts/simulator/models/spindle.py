"""Chromosomes on the spindle: search and capture, congression to the plate, anaphase.

Frame of the spindle: x along it, y along the metaphase plate, in µm from its middle; minutes.

- Search and capture (Kirschner & Mitchison 1986): once the nuclear envelope is gone, microtubules
  from each pole find the kinetochore that faces it as a Poisson process. A searching microtubule
  reaches distance s with chance exp(-s / l) (Hill 1985), so the rate is
  k exp(-(s - s0) / l), k at the distance s0 of the plate. Draws in which a kinetochore would still
  be unattached after a set limit are repeated, so capture times follow the law under that
  condition.
- Congression: an overdamped pull with capped speed, towards the only pole that holds the
  chromosome, towards the equator once both do, with thermal jitter. The fast oscillations of
  single chromosomes (Skibbens 1993) are averaged out.
- Anaphase A: each chromatid's fibre shortens at constant speed along the line to its pole; B: the
  poles part at constant speed.

Kirschner & Mitchison 1986, Cell 45:329; Hill 1985, PNAS 82:4404; Skibbens et al. 1993, J Cell Biol
122:859.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

DT_MIN = 1.0 / 30.0
_REACH_UM = 10.0  # mean length of a searching microtubule
_CONGRESSION_UM_PER_MIN = 1.2
_RELAX_MIN = 1.2
_JITTER_UM2_PER_MIN = 0.012


@njit(cache=True)
def capture(start, slots, pole, rate, reach, speed, relax, dt, luck, noise):  # type: ignore[no-untyped-def]
    """Search, capture and congression of n chromosomes from envelope breakdown on.

    `start` (n, 3) is x, y (µm) and orientation (rad, 0 with sisters facing their poles), `slots`
    (n,) the y of each on the plate, `pole` the poles' distance from the equator (µm), `rate` per
    min. `luck` (steps, n, 2) are uniform and `noise` (steps, n, 2) normal draws. Returns the paths
    (steps + 1, n, 3) and the capture times (n, 2) in min by the poles at -x and +x (inf if none).
    """
    steps, n = luck.shape[0], start.shape[0]
    path = np.empty((steps + 1, n, 3))
    path[0] = start
    times = np.full((n, 2), np.inf)
    for i in range(steps):
        for j in range(n):
            x, y, turn = path[i, j, 0], path[i, j, 1], path[i, j, 2]
            held = 0
            for side in range(2):
                if times[j, side] == np.inf:
                    away = math.sqrt((x - (2 * side - 1) * pole) ** 2 + y * y)
                    hazard = rate * math.exp(-(away - pole) / reach)
                    wait = -math.log(1.0 - luck[i, j, side]) / hazard
                    if wait < dt:
                        times[j, side] = i * dt + wait
                else:
                    held += 1
            aim = 0.0
            if held == 1:
                aim = 0.55 * pole if times[j, 1] < times[j, 0] else -0.55 * pole
            pull = min(speed, max(-speed, (aim - x) / relax)) if held else 0.0
            lift = min(speed, max(-speed, (slots[j] - y) / relax)) * 0.5 * held
            shake = math.sqrt(2.0 * _JITTER_UM2_PER_MIN * dt)
            path[i + 1, j, 0] = x + pull * dt + shake * noise[i, j, 0]
            path[i + 1, j, 1] = y + lift * dt + shake * noise[i, j, 1]
            path[i + 1, j, 2] = turn * (1.0 - 0.5 * held * dt / relax)
    return path, times


def scatter(n: int, radius: float, slots: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Chromosomes in the nucleus of a cell of `radius` µm, in the order of their `slots` (n,).

    Returns x, y (µm) and orientation (rad), shape (n, 3).
    """
    nucleus = 0.35 * radius
    y = slots * nucleus / (0.60 * radius) + rng.normal(0, 0.03 * radius, n)
    span = np.sqrt(np.clip(nucleus**2 - y**2, (0.15 * radius) ** 2, None))
    # Alternate sides so that neighbours do not lie on one another.
    side = np.where(np.arange(n) % 2 == 0, 1.0, -1.0) * rng.choice([-1.0, 1.0])
    x = side * span * rng.uniform(0.35, 1.0, n)
    return np.stack([x, y, rng.uniform(-1.4, 1.4, n)], axis=1)


def attach(
    start: np.ndarray, slots: np.ndarray, pole: float, rate: float, limit: float, minutes: float,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """`capture` over `minutes` in steps of `DT_MIN`, drawn until all are held within `limit` min.

    Returns the paths (K, n, 3) and the capture times (n, 2), as `capture` does.
    """
    steps = int(minutes / DT_MIN) + 2
    shape = (steps, len(start), 2)
    while True:
        path, caught = capture(
            start, slots, pole, rate, _REACH_UM, _CONGRESSION_UM_PER_MIN, _RELAX_MIN, DT_MIN,
            rng.random(shape), rng.standard_normal(shape),
        )  # fmt: skip
        if caught.max() <= limit:
            return path, caught


def chromatids(
    chromosome: np.ndarray, pole: float, poles: np.ndarray, shortening: np.ndarray,
    apart: float, shortest: float,
) -> np.ndarray:  # fmt: skip
    """Kinetochores (T, 2, n, 2) of the sisters that face the poles at -x and +x, in µm.

    `chromosome` (T, n, 3) are x, y and orientation, `pole` the poles' distance from the equator
    before anaphase and `poles` (T,) now, `shortening` (T,) how much the fibres have shortened.
    Sisters lie `apart` to either side of the centre, fibres stop at the length `shortest`.
    """
    x, y, turn = np.moveaxis(chromosome, 2, 0)
    places = np.empty((len(x), 2, x.shape[1], 2))
    for s, side in enumerate((-1.0, 1.0)):
        from_pole = np.stack([x - side * pole, y], axis=2)
        from_pole += side * apart * np.stack([np.cos(turn), np.sin(turn)], axis=2)
        fibre = np.hypot(from_pole[..., 0], from_pole[..., 1])
        short = np.maximum(fibre - shortening[:, None], np.minimum(fibre, shortest))
        places[:, s] = from_pole * (short / fibre)[..., None]
        places[:, s, :, 0] += side * poles[:, None]
    return places
