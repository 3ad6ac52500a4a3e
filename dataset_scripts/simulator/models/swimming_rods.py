"""Rods that swim at low Reynolds number: runs, tumbles, and the way along a wall.

A swimmer of flagellated *Escherichia coli* is overdamped: when its motors stop it coasts for about
0.1 Å (Purcell 1977, Am J Phys 45:3), so its velocity at any time is its propulsion along its long
axis, and nothing is left of it in a tumble:

    dx/dt = v s(t) e(θ),    dθ = sqrt(2 Dr) dW in a run (s = 1),    s = 0 in a tumble.

Runs and tumbles last exponentially distributed times; a tumble turns the heading by an angle of
mean 68° (Berg & Brown 1972, Nature 239:500), here with the density (1 + cos θ) sin θ / 2, whose
mean is 3π/8 = 67.5° (modelling choice: the simplest density on a sphere with that mean).

Beside a wall a pusher is drawn to the wall and turned parallel to it by the image of its force
dipole (Berke, Turner, Berg & Lauga 2008, Phys Rev Lett 101:038102):

    dh/dt = v sin φ - A / h² (1 - 3 sin²φ),
    dφ/dt = -A / h³ sin φ cos φ (1 + Γ/2 (1 + sin²φ)),    A = 3 p / (64 π η),

with height h, elevation φ of the heading, dipole p and Γ near 1 for a slender rod. The rod itself
is hard: an end that would enter the wall is pushed back by a normal force, which lifts and turns
the overdamped rod in the ratio of its mobilities, 1 to 3/ℓ² for a rod of half length ℓ. Without
noise and dipole that is dφ/dt = -3 a v sin φ cos φ / (ℓ² + 3 a² cos²φ) while an end touches, `a`
being half the length between the centres of the rod's round ends.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

DIPOLE = 0.8
"""Force dipole of a swimming cell in pN µm: 0.42 pN × 1.9 µm (Drescher et al. 2011, Proc Natl Acad
Sci USA 108:10940)."""
VISCOSITY = 0.9e-3
"""Of water near 25 °C, in pN s/µm² (= Pa s)."""
SLENDER = 0.8
"""Γ = (γ² - 1) / (γ² + 1) of a body three times as long as wide."""
NEAR_UM = 1.0
"""Below this height the far field of the dipole no longer holds and is kept at its value here."""
SHORTEST = 0.4
"""Shortest tumble by the mean one; briefer ones were not scored as tumbles (modelling choice)."""
_BEFORE_S = 2.0  # the alternation of runs and tumbles starts so long before the clip
_EVENTS = 18


def tumble_angle(share: np.ndarray, low: float = 0.0, high: float = np.pi) -> np.ndarray:
    """Turning angles (rad) at the quantiles `share` (0 to 1) of the law restricted to [low, high].

    The distribution function is 3/4 - c/2 - c²/4 with c = cos θ.
    """
    ends = [0.75 - 0.5 * np.cos(x) - 0.25 * np.cos(x) ** 2 for x in (low, high)]
    at = ends[0] + share * (ends[1] - ends[0])
    return np.arccos(np.clip(2 * np.sqrt(1 - at) - 1, -1, 1))


@dataclass(frozen=True)
class Tumbles:
    """When cells tumble: `start_s`, `length_s` and signed `turn` (rad), each (E, N)."""

    start_s: np.ndarray
    length_s: np.ndarray
    turn: np.ndarray

    def take(self, cells: np.ndarray) -> Tumbles:
        """The tumbles of some of the cells."""
        return Tumbles(self.start_s[:, cells], self.length_s[:, cells], self.turn[:, cells])


def random_tumbles(n: int, run_s: float, tumble_s: float, rng: np.random.Generator) -> Tumbles:
    """Tumbles of `n` independent cells, in a steady state at time 0, for some 8 s at the least."""
    runs = rng.exponential(run_s, (_EVENTS, n))
    lengths = tumble_s * (SHORTEST + (1 - SHORTEST) * rng.exponential(1.0, (_EVENTS, n)))
    starts = np.cumsum(runs, axis=0) + np.cumsum(lengths, axis=0) - lengths - _BEFORE_S
    turns = tumble_angle(rng.uniform(0, 1, (_EVENTS, n))) * rng.choice([-1.0, 1.0], (_EVENTS, n))
    return Tumbles(starts, lengths, turns)


def running(tumbles: Tumbles, times_s: np.ndarray) -> np.ndarray:
    """Share (K, N) of each of the K steps between `times_s` (K + 1,) that a cell runs."""
    dt = float(times_s[1] - times_s[0])
    over = np.zeros((len(times_s), tumbles.start_s.shape[1]))
    for start, length in zip(tumbles.start_s, tumbles.length_s, strict=True):
        over += np.clip(times_s[:, None] - start, 0.0, length)
    return np.clip(1.0 - np.diff(over, axis=0) / dt, 0.0, 1.0)


def swivel(tumbles: Tumbles, times_s: np.ndarray) -> np.ndarray:
    """Heading (K, N) at `times_s` (K,) due to the tumbles alone, 0 at time 0.

    A body swings about in a tumble, once beyond its course and back, on its way to the new heading.
    """
    total = np.zeros((len(times_s), tumbles.start_s.shape[1]))
    for start, length, turn in zip(tumbles.start_s, tumbles.length_s, tumbles.turn, strict=True):
        s = np.clip((times_s[:, None] - start) / length, 0.0, 1.0)
        total += turn * (s * s * (3 - 2 * s)) - 0.3 * np.sin(2 * np.pi * s) * (turn != 0)
    return total - total[0]


def swim(
    start: np.ndarray, theta: np.ndarray, speed: np.ndarray, run: np.ndarray, dt: float
) -> np.ndarray:
    """Positions (K + 1, N, 2) of cells with headings `theta` (K + 1, N) that run for the share
    `run` (K, N) of each step of `dt` s at `speed` (N,), or (K, N), µm/s."""
    middle = 0.5 * (theta[1:] + theta[:-1])
    step = (speed * run * dt)[..., None] * np.stack([np.cos(middle), np.sin(middle)], axis=2)
    return start + np.concatenate([np.zeros((1, *start.shape)), np.cumsum(step, axis=0)])


@dataclass(frozen=True)
class Rod:
    """A hard rod beside a wall, in µm: `half` its half length, `radius` that of its round ends
    together with the film of liquid that stays between it and the wall."""

    half: float
    radius: float
    round_end: float

    @property
    def lever(self) -> float:
        """From the centre to the middle of a round end."""
        return self.half - self.round_end

    def lowest(self, phi: np.ndarray) -> np.ndarray:
        """Least height of its centre above the wall at the elevations `phi`."""
        return self.radius + self.lever * np.abs(np.sin(phi))


def swim_by_wall(
    start: np.ndarray, phi: np.ndarray, speed: np.ndarray, kicks: np.ndarray, dt: float, rod: Rod,
    noise: float, dipole: float = DIPOLE,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """Smooth swimmers above a wall: places (K + 1, N, 2), elevations (K + 1, N), contacts (K + 1,
    N).

    `start` (N, 2) is x and the height above the wall in µm, `phi` (N,) the heading (0 to the right,
    π/2 away from the wall), `kicks` (K, N) standard normal, `noise` Dr in rad²/s.
    """
    steps, n = kicks.shape
    places, turns = np.empty((steps + 1, n, 2)), np.empty((steps + 1, n))
    touches = np.zeros((steps + 1, n), bool)
    x, h, angle = start[:, 0].copy(), start[:, 1].copy(), phi.copy()
    h = np.maximum(h, rod.lowest(angle))
    strength = 3 * dipole / (64 * np.pi * VISCOSITY)
    kicks = np.sqrt(2 * noise * dt) * kicks
    for k in range(steps + 1):
        places[k, :, 0], places[k, :, 1], turns[k] = x, h, angle
        if k == steps:
            break
        s, c = np.sin(angle), np.cos(angle)
        far = np.maximum(h, NEAR_UM)
        pull = strength / far**2
        x = x + speed * c * dt
        h = h + (speed * s - pull * (1 - 3 * s * s)) * dt
        angle = angle - pull / far * s * c * (1 + 0.5 * SLENDER * (1 + s * s)) * dt + kicks[k]
        s, c = np.sin(angle), np.cos(angle)
        depth = rod.lowest(angle) - h
        touches[k + 1] = depth > 0
        if touches[k + 1].any():
            depth = np.maximum(depth, 0.0)
            stiff = rod.half**2 + 3 * (rod.lever * c) ** 2
            angle = angle - np.sign(s * c) * depth * 3 * rod.lever * np.abs(c) / stiff
            h = np.maximum(h + depth * rod.half**2 / stiff, rod.lowest(angle))
    return places, turns, touches


@dataclass(frozen=True)
class Walk:
    """Swimmers at all steps of `dt` s, in image coordinates (y downwards), µm, rad and s.

    `xy` (K + 1, N, 2) centres, `heading` (K + 1, N) of the head end, `speed` (N,) while running,
    `tumbles` or None for smooth swimmers, `touches` (K + 1, N) contacts with the wall.
    """

    dt: float
    xy: np.ndarray
    heading: np.ndarray
    speed: np.ndarray
    tumbles: Tumbles | None
    touches: np.ndarray

    @property
    def times_s(self) -> np.ndarray:
        return np.arange(len(self.xy)) * self.dt

    def run(self) -> np.ndarray:
        """Share (K, N) of each step that a cell runs."""
        if self.tumbles is None:
            return np.ones((len(self.xy) - 1, len(self.speed)))
        return running(self.tumbles, self.times_s)

    def splay(self) -> np.ndarray:
        """How far (K + 1, N), up to 1, the bundle has come apart in a tumble."""
        if self.tumbles is None:
            return np.zeros(self.heading.shape)
        splay = np.zeros(self.heading.shape)
        for start, length in zip(self.tumbles.start_s, self.tumbles.length_s, strict=True):
            over = (self.times_s[:, None] - start) / length
            splay = np.maximum(splay, np.clip(5 * np.minimum(over, 1 - over), 0, 1))
        return splay

    def tumbling_cells(self) -> list[tuple[int, float, float]]:
        """Cell, start in s and size in degrees of every tumble that starts in time."""
        if self.tumbles is None:
            return []
        t = self.tumbles
        inside = (t.start_s >= 0) & (t.start_s <= self.times_s[-1])
        return [
            (int(i), float(t.start_s[e, i]), float(np.degrees(abs(t.turn[e, i]))))
            for e, i in np.argwhere(inside)
        ]


def motion(
    xy: np.ndarray, axis: np.ndarray, seen: np.ndarray, splay: np.ndarray, dt: float
) -> tuple[np.ndarray, np.ndarray]:
    """Mean speed (µm/s) since the frame before of the cells `seen` (T, N), and mean angle (degrees)
    between the axis and the way of those that do not tumble, each (T,)."""
    step = np.diff(xy, axis=0)
    both = seen[1:] & seen[:-1]
    path = np.where(both, np.linalg.norm(step, axis=2), 0).sum(axis=1)
    speed = path / np.maximum(both.sum(axis=1), 1) / dt
    middle = 0.5 * (axis[1:] + axis[:-1])
    off = np.abs(np.cos(middle - np.arctan2(step[..., 1], step[..., 0])))
    swims = both & (splay[1:] + splay[:-1] == 0)
    angle = np.where(swims, np.degrees(np.arccos(np.clip(off, 0, 1))), 0).sum(axis=1)
    slip = angle / np.maximum(swims.sum(axis=1), 1)
    return np.concatenate([speed[:1], speed]), np.concatenate([slip[:1], slip])
