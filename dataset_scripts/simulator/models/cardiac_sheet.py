"""A thin sheet of heart muscle: the anisotropic model of Aliev & Panfilov.

Potential u (0 rest, 1 peak) and recovery v obey (Aliev & Panfilov 1996, Chaos Solitons Fractals
7:293), in time units of τ, with excitation faster by a factor that makes the front thin:

    ∂u/∂t = ∇·(D ∇u) − K [ u (u − a)(u − 1) + u q ],            q = v / k,
    ∂q/∂t = (ε₀ + μ₁ v / (u + μ₂)) (u (1 + a − u) − q),         no flux through the sheet's border.

D is a tensor: along the fibres it is larger than across them by the square of the ratio of speeds.
Ahead of a wave q = 0, and the bracket is Nagumo's cubic, whose plane front is known exactly:
c = √(D K / 2) (1 − 2a), with a profile 1 / (1 + exp(x / w)), w = √(2 D / K) (e.g. Murray 2002,
Mathematical Biology I, ch. 13). So D and K follow from a wanted speed and front width. On the
excited branch, u (u − a)(u − 1) = −u q, the bracket of the second equation equals a; the time that
q needs to reach the branch's end at u = (1 + a) / 2 is the length of the action potential in the
limit of a fast front (`plateau_units`), and τ follows from the wanted one.

A third variable is the gate of the transient outward current, which follows u with a delay of
`NOTCH_MS`: u less the gate is the spike that precedes the plateau in the ventricle's outer layers
(Litovsky & Antzelevitch 1988, Circ Res 62:116). It does not act back.

u is integrated by explicit Euler on a grid with one front width per cell in each direction, which
slows a plane front by some per cent; K is raised to make up for it (`lattice_slowing`, measured
for the same cubic in `excitable_medium`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import njit

from .excitable_medium import THRESHOLD, lattice_slowing

K, EPSILON, MU1, MU2 = 8.0, 0.03, 0.1, 0.3
"""k, ε₀, μ₁ and μ₂ of the model; a larger ε₀ than the authors' 0.002 rounds off the plateau."""
ALONG = 72
"""Grid cells, and so front widths, in the sheet's width along the fibres."""
STEP = 0.18
"""D Δt / h² in each direction; explicit Euler is stable while both together are below 0.5."""
NOTCH_MS = 6.0
NEVER = 1e9
"""Arrival time of a front that has not come."""


def plateau_units() -> float:
    """Length of the action potential in units of τ, in the limit of a fast front."""
    u = np.linspace((1 + THRESHOLD) / 2, 1.0, 2001)
    rise = EPSILON + MU1 * K * (1 - u) * (u - THRESHOLD) / (u + MU2)
    return float(np.trapezoid((2 * u - 1 - THRESHOLD) / (THRESHOLD * rise), u))


@dataclass(frozen=True)
class Sheet:
    """Grid and coefficients of a square sheet; lengths in mm, times in ms.

    `across` × `ALONG` cells, the fibres along the second axis. `width` is w along the fibres,
    `diffusion` D along them, `dt` the step.
    """

    field: float
    speed: float
    ratio: float
    across: int
    width: float
    diffusion: float
    rate: float
    tau: float
    dt: float

    @classmethod
    def of(
        cls, field: float, speed: float, ratio: float, plateau: float, frame: float,
        step: float = STEP, finer: int = 1,
    ) -> Sheet:  # fmt: skip
        """A sheet `field` mm wide with plane fronts of `speed` mm/ms along its fibres, slower by
        `ratio` across them, and action potentials of `plateau` ms; `frame` ms are a multiple of dt.
        """
        width = field / ALONG
        diffusion = speed * width / (1 - 2 * THRESHOLD)
        largest = step * (width / finer) ** 2 / diffusion
        dt = frame / math.ceil(frame / largest)
        slowing = lattice_slowing(1 / finer, diffusion * dt / (width / finer) ** 2)
        rate = 2 * diffusion / width**2 * (1 + slowing) ** 2
        across = math.ceil(ALONG * ratio) * finer
        tau = plateau / plateau_units()
        return cls(field, speed, ratio, across, width, diffusion, rate, tau, dt)

    def rest(self, finer: int = 1) -> np.ndarray:
        """u, q and gate at rest, shape (3, across, along)."""
        return np.zeros((3, self.across, ALONG * finer), np.float32)

    def front(self, ahead: np.ndarray) -> np.ndarray:
        """u of a plane front, `ahead` mm of it as counted along the fibres: Nagumo's profile."""
        return 1 / (1 + np.exp(np.clip(ahead / self.width, -30, 30)))

    def march(
        self, start: np.ndarray, stops: np.ndarray, dead: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """u and gate (len(stops), across, along) at the steps `stops`, and first arrivals in ms.

        `start` (3, across, along) is u, q and gate at step 0; `stops` never decrease. Sites of
        `dead` (across, along) cannot be excited.
        """
        f = np.float32
        u, q, gate = (np.pad(m, 1, mode="edge").astype(f) for m in start)
        hx, hy = self.field / start.shape[2], self.field / start.shape[1]
        raised = np.zeros_like(u) if dead is None else np.pad(1.2 * dead, 1).astype(f)
        arrival = np.where(start[0] >= 0.5, 0.0, NEVER).astype(f)
        shown = np.zeros((2, len(stops), *start.shape[1:]), f)
        _integrate(
            u, q, gate, raised, f(self.diffusion * self.dt / hx**2),
            f(self.diffusion / self.ratio**2 * self.dt / hy**2), f(self.rate * self.dt),
            f(self.dt / self.tau), f(self.dt / NOTCH_MS), f(self.dt),
            np.asarray(stops, np.int64), arrival, shown,
        )  # fmt: skip
        return shown[0], shown[1], arrival

    def pulse(self, age: np.ndarray) -> np.ndarray:
        """u, q and gate (3, …) of a site `age` ms after it was excited: the model without D."""
        last = max(4 * self.tau * plateau_units(), float(np.max(age)))
        dt = 0.5 / self.rate
        t = np.arange(0.0, last + dt, dt)
        course = _point(len(t), self.rate * dt, dt / self.tau, dt / NOTCH_MS)
        return np.stack([np.interp(age, t, values) for values in course]).astype(np.float32)


@njit(cache=True, fastmath=True)
def _point(steps, react, slow, gate):  # type: ignore[no-untyped-def]
    """u, q and gate (3, steps) of one site that starts at u = 0.5."""
    course = np.zeros((3, steps))
    u, q, n = 0.5, 0.0, 0.0
    for i in range(steps):
        course[0, i], course[1, i], course[2, i] = u, q, n
        recover = (EPSILON + MU1 * K * q / (u + MU2)) * (u * (1 + THRESHOLD - u) - q)
        n += gate * (u - n)
        u += react * u * ((1 - u) * (u - THRESHOLD) - q)
        q += slow * recover
    return course


@njit(cache=True, fastmath=True)
def _integrate(  # type: ignore[no-untyped-def]
    u, q, gate, raised, rx, ry, react, slow, follow, dt, stops, arrival, shown
):
    """March u, q and gate, padded by one cell, to the last stop; fill `arrival` and `shown`."""
    one, two = np.float32(1.0), np.float32(2.0)
    half, tiny = np.float32(0.5), np.float32(1e-12)  # tiny keeps resting sites off slow denormals
    a, eps = np.float32(THRESHOLD), np.float32(EPSILON)
    mu, mu2 = np.float32(MU1 * K), np.float32(MU2)
    ny, nx = u.shape[0] - 2, u.shape[1] - 2
    new = u.copy()
    done = 0
    for step in range(stops[-1] + 1):
        while done < len(stops) and stops[done] == step:
            shown[0, done] = u[1:-1, 1:-1]
            shown[1, done] = gate[1:-1, 1:-1]
            done += 1
        u[0, :] = u[1, :]
        u[-1, :] = u[-2, :]
        u[:, 0] = u[:, 1]
        u[:, -1] = u[:, -2]
        for i in range(1, ny + 1):
            for j in range(1, nx + 1):
                c, p = u[i, j], q[i, j]
                flux = rx * (u[i, j - 1] + u[i, j + 1] - two * c)
                flux += ry * (u[i - 1, j] + u[i + 1, j] - two * c)
                new[i, j] = c + flux + react * c * ((one - c) * (c - a - raised[i, j]) - p) + tiny
                q[i, j] = p + slow * (eps + mu * p / (c + mu2)) * (c * (one + a - c) - p)
                gate[i, j] += follow * (c - gate[i, j])
        now = np.float32(step * dt)
        for i in range(1, ny + 1):
            for j in range(1, nx + 1):
                if new[i, j] >= half and arrival[i - 1, j - 1] > 1e8:
                    part = (half - u[i, j]) / (new[i, j] - u[i, j])
                    arrival[i - 1, j - 1] = now + part * dt
        u, new = new, u


def tips(u: np.ndarray, gate: np.ndarray) -> list[np.ndarray]:
    """Free ends of wave fronts in each frame of (T, across, along): (K, 2) of (row, column).

    Around a free end the phase of (u, gate) turns by 2π (Winfree's phase singularity; e.g. Gray,
    Pertsov & Jalife 1998, Nature 392:75).
    """
    phase = np.arctan2(gate - 0.5, u - 0.5)

    def turn(step: np.ndarray) -> np.ndarray:
        return (step + np.pi) % (2 * np.pi) - np.pi

    down, right = turn(np.diff(phase, axis=1)), turn(np.diff(phase, axis=2))
    charge = right[:, :-1] + down[:, :, 1:] - right[:, 1:] - down[:, :, :-1]
    return [np.argwhere(np.abs(c) > 5) + 0.5 for c in charge]
