"""How a phagocyte takes up its targets: the rim of each cup, and the way of each target.

Receptors of the flat membrane around the contact, of density ρ(r, t), diffuse to the cup's rim at
the arc length a(t) from the first contact and are bound there by the target's ligands (Richards &
Endres 2014, Biophys J 107:1542; the Stefan problem of Gao, Shi & Freund 2005, PNAS 102:9469). With
u = (ρ - ρ₊) / (ρ_L - ρ₊), ρ_L on the target, ρ₊ at the rim, and e = ρ₊ / (ρ_L - ρ₊),

    ∂u/∂t = D (∂²u/∂r² + ∂u/∂r / r) + v (∂u/∂r + (u + e) / r)    for r > a,
    u(a) = 0,   u(∞) = q,   da/dt = D ∂u/∂r(a) + v e.

In the first, passive stage v = 0 and a = 2 β √(D t) with β² exp(β²) E₁(β²) = q. In the second, from
half engulfment on, signalling drives receptors towards the rim at the speed v, and the rim hurries.
Lengths in µm, times in s.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numba import njit
from scipy.optimize import brentq
from scipy.special import exp1

from ..core import Parameters
from .phagocytic_cup import Body, Target

EDGE = 0.1
"""e, the density at the rim over its jump there (modelling choice)."""
HALF = 0.5
"""Covered share of a target at which its uptake turns active (Richards & Endres 2014)."""
_NODES, _STEPS = 90, 260
_FAR = 7.0  # the membrane ends so many diffusion lengths from the rim

ROD_RADIUS_UM = 0.52
GAP_UM = 0.9
"""How far from the cell the second bacterium rests, until a pseudopod reaches it."""
PRESS_UM = 0.15
"""By how much a resting bead dents the margin."""
STORY = {
    "one_bead": (0.05, 0.62, 2.0),
    "coated_and_bare": (0.05, 0.62, 2.0),
    "two_bacteria": (0.03, 0.33, 0.46),
}
"""Start of the first cup, length of an uptake and start of the second cup, as shares of a clip."""
_PULL = 0.8  # share of the target's length that a cup, if full all the time, would pull it in
_REACHING = 0.06  # share of a clip that a pseudopod needs
_WOBBLE_UM, _WOBBLE_S = 0.16, 12.0


def passive_supply(beta: float) -> float:
    """q, the relative receptor density far away for which a = 2 β √(D t)."""
    return float(beta**2 * np.exp(beta**2) * exp1(beta**2))


@njit(cache=True)
def _zip(q, d, v, edge, a_half, a_full, t_half, shape, x, steps):  # type: ignore[no-untyped-def]
    """Times and arcs (K,) of the rim until `a_full`, or until far later than it may take.

    `shape` holds the similarity solution u at the nodes `x` when a is a tenth of `a_half`; steps
    are implicit, with the rim's speed found by iteration.
    """
    n = len(x)
    u = shape.copy()
    a = 0.1 * a_half
    t = 0.01 * t_half
    times = np.zeros(8 * steps)
    arcs = np.zeros(8 * steps)
    times[0], arcs[0] = t, a
    count = 1
    h1, h2 = x[1], x[2]
    growth = 100.0 ** (1.0 / steps)
    c_star = np.empty(n)
    d_star = np.empty(n)
    speed = d * (u[1] * h2 * h2 - u[2] * h1 * h1) / (h1 * h2 * (h2 - h1))
    while a < a_full and count < 8 * steps:
        drift = v if a >= a_half else 0.0
        dt = t * (growth - 1.0) if a < a_half else t_half / steps
        if a < a_half:
            dt = min(dt, max((a_half - a) / speed, 1e-6 * t_half))
        new = u.copy()
        for _ in range(3):
            b = a + speed * dt
            c_star[0], d_star[0] = 0.0, 0.0
            for j in range(1, n - 1):
                lo, hi = x[j] - x[j - 1], x[j + 1] - x[j]
                r = b + x[j]
                wind = d / r + drift + speed
                under = 2 * d / (lo * (lo + hi)) - wind * hi / (lo * (lo + hi))
                over = 2 * d / (hi * (lo + hi)) + wind * lo / (hi * (lo + hi))
                mid = -2 * d / (lo * hi) + wind * (hi - lo) / (lo * hi) + drift / r
                right = u[j] + dt * drift * edge / r
                m = 1.0 - dt * mid + dt * under * c_star[j - 1]
                c_star[j] = -dt * over / m
                d_star[j] = (right + dt * under * d_star[j - 1]) / m
            new[n - 1] = q
            for j in range(n - 2, 0, -1):
                new[j] = d_star[j] - c_star[j] * new[j + 1]
            new[0] = 0.0
            slope = (new[1] * h2 * h2 - new[2] * h1 * h1) / (h1 * h2 * (h2 - h1))
            speed = d * slope + drift * edge
        u = new
        a += speed * dt
        t += dt
        times[count], arcs[count] = t, a
        count += 1
    return times[:count], arcs[:count]


@dataclass(frozen=True)
class Rim:
    """The rim's course: arcs `a` (K,) µm at times `t` (K,) s, with the model's constants."""

    t: np.ndarray
    a: np.ndarray
    supply: float
    drift: float

    def at(self, since: np.ndarray) -> np.ndarray:
        """Covered arc at times `since` the cup began; 0 before and the whole arc after."""
        return np.interp(since, self.t, self.a, left=0.0)


def zip_up(arc: float, uptake: float, slow_share: float, diffusion: float, refine: int = 1) -> Rim:
    """The rim that covers `arc` µm (half of a target's girth) in `uptake` s.

    The passive stage takes `slow_share` of it; receptor supply q and drift v follow from that.
    """
    half, t_half = HALF * arc, slow_share * uptake
    beta = half / (2 * np.sqrt(diffusion * t_half))
    q = passive_supply(beta)
    reach = _FAR * 2 * np.sqrt(diffusion * uptake)
    nodes = np.linspace(0, 1, _NODES * refine + 1)
    x = reach * np.expm1(6 * nodes) / np.expm1(6)
    start = 0.1 * half
    tail = exp1(((start + x) / start * beta) ** 2) / exp1(beta**2)
    shape = q * (1 - tail)

    def course(v: float) -> tuple[np.ndarray, np.ndarray]:
        steps = _STEPS * refine
        return _zip(q, diffusion, v, EDGE, half, arc, t_half, shape, x, steps)  # type: ignore[no-any-return]

    def late(v: float) -> float:
        t, a = course(v)
        return (float(np.interp(arc, a, t)) if a[-1] >= arc else float(t[-1])) - uptake

    drift = float(brentq(late, 0.0, 4.0, xtol=1e-4, rtol=1e-4))
    t, a = course(drift)
    # The similarity solution for what came before, the very end cut to the full arc.
    early = np.linspace(0, t[0], 12)[:-1]
    t = np.concatenate([early, t]) * (uptake / np.interp(arc, a, t))
    return Rim(t, np.minimum(np.concatenate([2 * beta * np.sqrt(diffusion * early), a]), arc),
               q, drift)  # fmt: skip


def story_s(p: Parameters) -> float:
    """Seconds that the whole story takes."""
    return float(p["uptake_time"] / STORY[p["targets"]][1])


def timetable(p: Parameters) -> list[tuple[float, float]]:
    """Seconds at which each cup starts and closes, in order."""
    begin, _, second = STORY[p["targets"]]
    starts = [begin * story_s(p)] + ([second * story_s(p)] if second < 1 else [])
    return [(start, start + p["uptake_time"]) for start in starts]


def goal(p: Parameters, radius: float) -> float:
    """How far from the middle of a cell of `radius` µm a vacuole comes to rest."""
    rods = p["targets"] == "two_bacteria"
    if p["phagocyte"] == "neutrophil":
        return (0.56 if rods else 0.48) * radius
    return (0.64 if rods else 0.58) * radius


def course(
    p: Parameters, times: np.ndarray, body: Body, radius: float, angles: np.ndarray
) -> list[Target]:
    """The targets that are taken up, in order, with their cups."""
    rods = p["targets"] == "two_bacteria"
    size = ROD_RADIUS_UM if rods else 0.5 * p["bead_diameter"]
    length = p["rod_length"] - 2 * ROD_RADIUS_UM if rods else 0.0
    still = np.zeros(len(times))
    kind = "bacterium" if rods else "coated"
    opaque = np.ones(len(times))
    blank = Target(kind, size, length, 0.0, np.zeros((1, 2)), opaque, *[still] * 6)
    rim = zip_up(blank.arc, p["uptake_time"], p["slow_share"], p["receptor_diffusion"])
    fine = np.linspace(0, times[-1], 16 * (len(times) - 1) + 1)
    dt = fine[1] - fine[0]
    found = []
    for number, (start, end) in enumerate(timetable(p)):
        share = rim.at(fine - start) / blank.arc
        away = np.empty(len(fine))
        away[0] = radius + blank.half + (GAP_UM if number else -PRESS_UM)
        pull = _PULL * 2 * blank.half / p["uptake_time"]
        for i in range(len(fine) - 1):
            speed = pull * share[i]
            if fine[i] >= end:
                near = (away[i] - goal(p, radius)) / 0.8
                speed = p["vacuole_speed"] / 60 * min(max(near, 0.0), 1.0)
            away[i + 1] = away[i] - dt * speed
        away = away[::16]
        axis = np.array([math.cos(angles[number]), math.sin(angles[number])])
        covered = rim.at(times - start)
        pseudopod = still
        if number:
            since = (times - start) / (_REACHING * story_s(p)) + 1
            pseudopod = np.where(since > 0, radius + GAP_UM * np.clip(since, 0, 1), 0.0)
            # A swallowed rod leaves no pseudopod behind.
            pseudopod = np.where(covered > 0, np.minimum(pseudopod, away - 0.5), pseudopod)
        found.append(replace(
            blank, angle=float(angles[number]), centre=body.centre + away[:, None] * axis,
            covered=covered, thick=thickness(rods, covered, times - end),
            pseudopod=pseudopod,
        ))  # fmt: skip
    return found


def thickness(rods: bool, covered: np.ndarray, since_closed: np.ndarray) -> np.ndarray:
    """Thickness (µm) of a cup that covers the arc `covered`; a closed one thins to a vacuole."""
    full = 1.0 if rods else 1.4
    shut = np.exp(-np.maximum(since_closed, 0) / 25.0)
    return full * np.clip(0.25 + 0.5 * covered, 0, 1) * (0.42 + 0.58 * shut)


def wobble(times: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """An Ornstein-Uhlenbeck course (T,) in µm, exact at the frame times."""
    kicks = rng.standard_normal(len(times))
    keep = math.exp(-(times[1] - times[0]) / _WOBBLE_S)
    drawn = np.empty(len(times))
    drawn[0] = kicks[0]
    for i in range(1, len(times)):
        drawn[i] = keep * drawn[i - 1] + math.sqrt(1 - keep**2) * kicks[i]
    return _WOBBLE_UM * drawn


def resting(
    diameter: float, body: Body, radius: np.ndarray, angle: float, shaking: np.ndarray
) -> Target:
    """The bare bead, which rides on the margin and wobbles along it."""
    size = 0.5 * diameter
    away = radius + size - PRESS_UM
    side = angle + shaking / away
    centre = body.centre + away[:, None] * np.stack([np.cos(side), np.sin(side)], axis=1)
    still = np.zeros(len(radius))
    return Target("bare", size, 0.0, angle, centre, np.ones(len(radius)), *[still] * 6)
