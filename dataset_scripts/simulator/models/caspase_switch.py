"""The snap-action switch of extrinsic apoptosis, and the caspase dose that it delivers.

Reduced from Albeck et al. 2008 (PLoS Biol 6:e299). The receptor's signal turns Bid into tBid, T,
slowly; above a threshold T opens mitochondrial pores, and open ones help to open the rest, m; what
they release (Smac) removes the inhibitor XIAP, X, of the effector caspases, C:

    T = 1 − exp(−k_T t),   H = Tⁿ / (Kⁿ + Tⁿ)
    dm/dt = H (k₀ + k_f m) (1 − m)
    dX/dt = −k_S m X
    dC/dt = k_C m (1 − C) − k_X X C

All shares run from 0 to 1, times are minutes. m follows from s = ∫H dt in closed form, X from
∫m dt, and C, being linear, from an integrating factor, each by the trapezoidal rule on one grid.

How long a cell waits depends on the strength of its signal; how fast it then switches hardly does
(Albeck et al. 2008; Spencer et al. 2009, Nature 459:428). Substrates are cleaved in proportion to
C, so that what is left of one is exp(−k q) with the dose q = ∫C dt / D, D being the time that a
death takes: everything that the cell does is a function of q.
"""

from __future__ import annotations

import numpy as np
from scipy.integrate import cumulative_trapezoid

HILL, THRESHOLD = 8, 0.5
SEED, FEEDBACK = 0.002, 1.5
"""k₀ and k_f, 1/min: once it begins, release is complete in about 5 min, however late it begins
(Goldstein et al. 2000, Nat Cell Biol 2:156)."""
SMAC, ACTIVATION, INHIBITION = 1.0, 0.9, 2.0
"""k_S, k_C and k_X, 1/min: effector caspases switch on within some minutes (Tyas et al. 2000, EMBO
Rep 1:266; Rehm et al. 2002, J Biol Chem 277:24506)."""
STEP_MIN = 0.02
_BEFORE_MIN = 25.0  # on the grid before the pores open


def pores(time: np.ndarray, signal: float) -> np.ndarray:
    """Share m of open pores at `time` (S,) min, ascending from 0, under a signal k_T (1/min)."""
    level = (1 - np.exp(-signal * time)) ** HILL
    effective = cumulative_trapezoid(level / (THRESHOLD**HILL + level), time, initial=0)
    both = SEED + FEEDBACK
    odds = SEED / both * np.expm1(np.minimum(both * effective, 600.0))
    return odds / (1 + odds)


def opening(signal: float) -> float:
    """Minutes from the signal's start until half of the pores are open."""
    time = np.arange(0.0, 1.6 / signal + 20, STEP_MIN)
    return float(np.interp(0.5, pores(time, signal), time))


def signal_for(wait: float, low: float = 1e-3, high: float = 0.1) -> float:
    """The signal k_T (1/min) at which the pores open after `wait` min."""
    for _ in range(40):
        middle = (low * high) ** 0.5
        low, high = (middle, high) if opening(middle) > wait else (low, middle)
    return (low * high) ** 0.5


def effector(signal: float, after: float, step: float = STEP_MIN) -> tuple[np.ndarray, np.ndarray]:
    """Times (S,) min from the moment at which C is ½, up to `after`, and C (S,) there."""
    start = max(0.0, opening(signal) - _BEFORE_MIN)
    time = np.arange(0.0, start + 2 * _BEFORE_MIN + after, step)
    kept = time >= start
    opened = pores(time, signal)[kept]
    time = time[kept]
    inhibitor = np.exp(-SMAC * cumulative_trapezoid(opened, time, initial=0))
    made = ACTIVATION * opened
    decay = cumulative_trapezoid(made + INHIBITION * inhibitor, time, initial=0)
    gain = cumulative_trapezoid(made * np.exp(decay), time, initial=0)
    active = gain * np.exp(-decay)
    return time - np.interp(0.5, active, time), active


def dose(minutes: np.ndarray, signal: float, death_min: float) -> tuple[np.ndarray, np.ndarray]:
    """Caspase activity C and dose q (each (T,)) at `minutes` from the moment at which C is ½."""
    time, active = effector(signal, max(1.0, float(minutes.max()) + 1.0))
    total = cumulative_trapezoid(active, time, initial=0) / death_min
    # Before the grid begins nothing is active.
    return np.interp(minutes, time, active, left=0.0), np.interp(minutes, time, total, left=0.0)
