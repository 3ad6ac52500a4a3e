"""A wave of calcium release in a closed patch of cytosol.

Cytosolic calcium u (0 rest, 1 peak) obeys a bistable reaction–diffusion equation whose channels
fire once for a set time, as in fire–diffuse–fire models (Keizer, Smith, Ponce-Dawson & Pearson
1998, Biophys. J. 75:595), but everywhere in the cytosol instead of at separate sites:

    du/dt = D ∇²u + k [ h (1 + a) u² − u³ − a u ],      no flux through the membrane.

The square is calcium-induced release, the rest removal. The release factor h is 1 until a site
has fired (u rises through ½); from a quarter of the release time on it falls to zero, and the site
then stays refractory, longer than any clip lasts. While h = 1 the bracket is Nagumo's cubic
u (1 − u)(u − a), whose plane front is known exactly: c0 = √(D k / 2) (1 − 2a) (e.g. Murray 2002,
Mathematical Biology I, ch. 13). So k follows from the wanted speed; nothing is tuned by eye. A ring
of radius R is slower, c = c0 − D/R (Tyson & Keener 1988, Physica D 32:327). u is integrated by
explicit Euler on a square grid with at most one front width per cell; this lattice slows the plane
front by up to 4 per cent, as the cell's square, and k is raised to make up for it
(`lattice_slowing`, measured; the tests compare it with finer grids and with c0).

The bound share b of a slower indicator follows: db/dt = k_on u² (1 − b) − k_off b.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

THRESHOLD = 0.1
"""a: the share of the peak at which release outruns removal."""


def travel_time(
    distance_um: float, speed: float, diffusion: float, ring_um: float | None = None
) -> float:
    """Seconds that a front needs for `distance_um`, outward from a ring of radius `ring_um` if set.

    `speed` is c0 in µm/s, `diffusion` D in µm²/s: the integral of dR / (c0 − D/R) for a ring,
    distance / c0 for a plane front.
    """
    if ring_um is None:
        return distance_um / speed
    length, end = diffusion / speed, ring_um + distance_um
    return (distance_um + length * math.log((end - length) / (ring_um - length))) / speed


def rate_constant(speed: float, diffusion: float) -> float:
    """k in 1/s of a plane front of `speed` µm/s: c0 = √(D k / 2) (1 − 2a) solved for k."""
    return 2 * (speed / (1 - 2 * THRESHOLD)) ** 2 / diffusion


def lattice_slowing(cell: float, step: float) -> float:
    """Share of the speed lost on a lattice of `cell` front widths √(2D/k), for a = 0.1.

    Both errors grow as the square of the cell: the five-point Laplacian's and, at a fixed `step`
    D dt / h², Euler's. The two factors were measured on plane fronts, as the tests do again.
    """
    return cell * cell * (0.0145 + 0.156 * step)


@njit(cache=True, fastmath=True)
def integrate(  # type: ignore[no-untyped-def]
    inside, u, arrival, diffuse, react, a, dt, release, bind, unbind, every, num_frames, extra
):
    """March u; return u and b at frame times (num_frames, n, n) and fill `arrival` (s).

    `diffuse` is D dt / h², `react` k dt, `release` the release time in s; `every` steps make a
    frame; `extra` steps after the last frame complete the arrival times just ahead of the front.
    """
    n = u.shape[0]
    calcium = np.zeros((num_frames, n, n), np.float32)
    bound = np.zeros((num_frames, n, n), np.float32)
    new = u.copy()
    b = (u * np.float32(0.9)).astype(np.float32)
    for step in range((num_frames - 1) * every + extra + 1):
        if step % every == 0 and step // every < num_frames:
            calcium[step // every] = u
            bound[step // every] = b
        now = np.float32(step * dt)
        for i in range(1, n - 1):
            for j in range(1, n - 1):
                v = u[i, j]
                flux = (
                    (u[i - 1, j] - v) * inside[i - 1, j]
                    + (u[i + 1, j] - v) * inside[i + 1, j]
                    + (u[i, j - 1] - v) * inside[i, j - 1]
                    + (u[i, j + 1] - v) * inside[i, j + 1]
                )
                since = (now - arrival[i, j]) / release
                h = min(np.float32(1.0), max(np.float32(0.0), (1.75 - since) / np.float32(1.5)))
                rate = h * (1 + a) * v * v - v * v * v - a * v
                w = (v + diffuse * flux + react * rate) * inside[i, j]
                new[i, j] = w
                b[i, j] += bind * v * v * (1 - b[i, j]) - unbind * b[i, j]
        for i in range(1, n - 1):
            for j in range(1, n - 1):
                if new[i, j] >= 0.5 and arrival[i, j] > 1e8:
                    part = (np.float32(0.5) - u[i, j]) / (new[i, j] - u[i, j])
                    arrival[i, j] = now + part * dt
        u, new = new, u
    return calcium, bound
