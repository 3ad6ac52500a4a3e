"""Cells that crawl up or down the gradient of a chemokine, and the gradient itself.

Each cell crawls at its own constant speed v; its heading obeys the Langevin equation of Schienbein
& Gruler 1993 (Bull Math Biol 55:585), stated there for granulocytes,

    dθ = -(κ/P) sin(θ - g) dt + sqrt(2/P) dW,

with persistence time P and g the local direction of the gradient (turned round for repulsion). Free
headings settle into a von Mises law, so the ensemble's chemotactic index, the mean cosine of the
angle to g, is I₁(κ)/I₀(κ) and the drift is index × speed. Without bias (κ = 0) the mean squared
displacement is Fürth's 2v²P(t - P(1 - exp(-t/P))) (Fürth 1920, Z Phys 2:244). The chemokine spreads
from beads by diffusion with first-order loss: at steady state a sum of exp(-r/λ)/r over the beads
and their mirror images in the upper and lower border, which it cannot cross. Cells push nobody:
what a step would run into another cell, the source or the chamber's border is cut away and the rest
slides along the obstacle, so cells never overlap, never leave and never exceed their speed.
"""

from __future__ import annotations

import math
from itertools import count

import numpy as np
from numba import njit
from scipy.optimize import brentq
from scipy.special import ive


def concentration_of_heading(index: float) -> float:
    """κ of the von Mises law whose mean cosine I₁(κ)/I₀(κ) is `index` (0 to 0.99)."""
    return float(brentq(lambda k: ive(1, k) / ive(0, k) - index, 0.0, 100.0, xtol=1e-10))


@njit(cache=True)
def uphill(x, y, beads, decay):  # type: ignore[no-untyped-def]
    """Unit vector up the gradient of the chemokine at (x, y); zero where there is none."""
    gx = gy = 0.0
    for k in range(beads.shape[0]):
        dx, dy = beads[k, 0] - x, beads[k, 1] - y
        r = math.sqrt(dx * dx + dy * dy)
        pull = math.exp(-r / decay) * (1.0 / r + 1.0 / decay) / (r * r)
        gx += pull * dx
        gy += pull * dy
    norm = math.sqrt(gx * gx + gy * gy)
    if norm == 0.0:
        return 0.0, 0.0
    return gx / norm, gy / norm


@njit(cache=True)
def _blocked(x, y, i, cells, beads, reach, width):  # type: ignore[no-untyped-def]
    """Whether cell `i` centred at (x, y) would touch a cell, a bead or the border."""
    if min(x, y) < reach or max(x, y) > width - reach:
        return True
    for j in range(cells.shape[0]):
        if j != i and (x - cells[j, 0]) ** 2 + (y - cells[j, 1]) ** 2 < 4.0 * reach * reach:
            return True
    for k in range(beads.shape[0]):
        if (x - beads[k, 0]) ** 2 + (y - beads[k, 1]) ** 2 < (reach + beads[k, 2]) ** 2:
            return True
    return False


@njit(cache=True)
def crawl(  # type: ignore[no-untyped-def]
    start, heading, speed, kicks, dt, kappa, persistence, sign, beads, decay, reach, width
):
    """Paths of the cells, by Euler–Maruyama steps of `dt` s.

    `start` (N, 2) µm, `heading` (N,) rad, `speed` (N,) µm/s, `kicks` (K, N) standard normal,
    `sign` +1 up or -1 down the gradient, `beads` (B, 3) x, y, radius in µm, `reach` the cells'
    radius and `width` the chamber's in µm. Returns positions (K+1, N, 2), headings (K+1, N) and the
    cumulative path length and advance up the gradient, each (K+1, N) in µm.
    """
    steps, n = kicks.shape
    xy = np.empty((steps + 1, n, 2))
    theta = np.empty((steps + 1, n))
    path = np.zeros((steps + 1, n))
    climb = np.zeros((steps + 1, n))
    now = start.copy()
    turn = heading.copy()
    xy[0], theta[0] = now, turn
    for s in range(steps):
        for i in range(n):
            x, y = now[i, 0], now[i, 1]
            ux, uy = uphill(x, y, beads, decay)
            dx, dy = math.cos(turn[i]) * speed[i] * dt, math.sin(turn[i]) * speed[i] * dt
            for j in range(n):
                rx, ry = x - now[j, 0], y - now[j, 1]
                if j != i and (rx + dx) ** 2 + (ry + dy) ** 2 < 4.0 * reach * reach:
                    into = min(0.0, (rx * dx + ry * dy) / (rx * rx + ry * ry))
                    dx, dy = dx - into * rx, dy - into * ry
            for k in range(beads.shape[0]):
                rx, ry = x - beads[k, 0], y - beads[k, 1]
                if (rx + dx) ** 2 + (ry + dy) ** 2 < (reach + beads[k, 2]) ** 2:
                    into = min(0.0, (rx * dx + ry * dy) / (rx * rx + ry * ry))
                    dx, dy = dx - into * rx, dy - into * ry
            dx = min(max(x + dx, reach), width - reach) - x
            dy = min(max(y + dy, reach), width - reach) - y
            if _blocked(x + dx, y + dy, i, now, beads, reach, width):
                dx = dy = 0.0
            now[i, 0], now[i, 1] = x + dx, y + dy
            path[s + 1, i] = path[s, i] + math.sqrt(dx * dx + dy * dy)
            climb[s + 1, i] = climb[s, i] + dx * ux + dy * uy
            # sin(θ - g) as a cross product of the heading with the preferred direction
            off = sign * (math.sin(turn[i]) * ux - math.cos(turn[i]) * uy)
            turn[i] += -kappa / persistence * off * dt
            turn[i] += math.sqrt(2.0 * dt / persistence) * kicks[s, i]
        xy[s + 1], theta[s + 1] = now, turn
    return xy, theta, path, climb


def with_images(beads: np.ndarray, field_um: float) -> np.ndarray:
    """The beads (B, 3) with their mirror images in the upper and lower border, (3B, 3)."""
    above, below = beads * (1, -1, 1), beads * (1, -1, 1) + (0, 2 * field_um, 0)
    return np.concatenate([beads, above, below])


def concentration(sources: np.ndarray, decay: float, at: np.ndarray) -> np.ndarray:
    """Chemokine at the grid `at` × `at` (K,), rows first, flattened nearer than 6 µm to a source.

    `sources` (B, 3) hold x, y in their first columns; all in µm, the unit is arbitrary.
    """
    r = np.hypot(at[None, :, None] - sources[:, 0], at[:, None, None] - sources[:, 1])
    return np.sum(np.exp(-r / decay) / np.maximum(r, 6.0), axis=2)


def settle(
    lower: np.ndarray, upper: np.ndarray, n: int, apart: float, rng: np.random.Generator
) -> np.ndarray:
    """Random places (n, 2) in the box from `lower` to `upper` (2,), `apart` µm (less ½) apart.

    Closer in a box too small for that, which one in some thousand draws is: from the 200th attempt
    on, each asks for 1 % less.
    """
    for attempt in count():
        apart *= 1.0 if attempt < 200 else 0.99
        spots = rng.uniform(lower, upper, (n, 2))
        for _ in range(60):  # push too close pairs apart until all fit; else start anew
            away = spots[:, None] - spots[None]
            gap = np.hypot(away[..., 0], away[..., 1]) + 1e9 * np.eye(n)
            if gap.min() > apart - 0.5:
                return spots
            with np.errstate(divide="ignore", invalid="ignore"):  # two pushed into one corner
                push = np.maximum(apart - gap, 0.0) / gap
                spots = spots + 0.5 * np.sum(push[..., None] * away, axis=1)
            spots = np.clip(spots, lower, upper)
    raise AssertionError("unreachable")
