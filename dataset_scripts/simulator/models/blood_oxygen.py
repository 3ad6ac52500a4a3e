"""Oxygen in blood that runs along an alveolus.

Mass balance of a parcel of blood that moves at speed v past a wall with air on its other side
(Wagner & West 1972, J Appl Physiol 33:62, without their delay of the chemical reaction):

    v dC/du = K a(u) (P_air − P),    C(P) = 1.34 Hb S(P) + α P,    S(P) = Pⁿ / (P50ⁿ + Pⁿ)

The right-hand side is Fick's law for the wall: flux proportional to the difference of partial
pressure. K is the lung's diffusing capacity over the volume of its capillaries, D_L / V_c, and
a(u) the share of the wall that has air behind it. S is Hill's curve. An alveolus full of fluid is
not ventilated: what it holds is in equilibrium with the blood that comes, P_air = P_in, so nothing
crosses its wall (West & Luks 2016, ch. 5, shunt). Lengths in µm, times in s, pressures in mmHg,
contents in ml O₂ per ml blood.
"""

from __future__ import annotations

import numpy as np

P50, HILL_N = 27.0, 2.7
"""Half-saturation pressure in mmHg and Hill's exponent of human blood at 37 °C and pH 7.4 (West &
Luks 2016, West's Respiratory Physiology, 10th ed., ch. 6: P50 about 27 mmHg)."""
CAPACITY = 1.34 * 0.15
"""Oxygen bound at full saturation, ml/ml: 1.34 ml per g of haemoglobin (Hall 2016, ch. 41), which
is 15 g in 100 ml of blood."""
SOLUBILITY = 3.0e-5
"""Dissolved oxygen, ml/(ml mmHg): 0.003 ml per 100 ml and mmHg (Hall 2016, ch. 41)."""
STEPS = 240
"""Steps of the integration along a capillary, about 1.3 µm each."""
EDGE_UM = 6.0
"""Over this length the wall thins at the rim of an alveolus, and a(u) goes from 0 to 1."""


def saturation(pressure: np.ndarray | float) -> np.ndarray:
    """Share of haemoglobin that is oxygenated at `pressure` mmHg, 0 to 1 (Hill 1910)."""
    x = (np.asarray(pressure, float) / P50) ** HILL_N
    return x / (1 + x)


def content(pressure: np.ndarray | float) -> np.ndarray:
    """Oxygen in blood at `pressure` mmHg, ml/ml, bound and dissolved."""
    return CAPACITY * saturation(pressure) + SOLUBILITY * np.asarray(pressure, float)


def capacitance(pressure: float) -> float:
    """dC/dP in ml/(ml mmHg): how much oxygen raises the pressure by 1 mmHg."""
    x = (pressure / P50) ** HILL_N
    return CAPACITY * HILL_N * x / (pressure * (1 + x) ** 2) + SOLUBILITY


def coverage(u: np.ndarray, contact: tuple[float, float]) -> np.ndarray:
    """Share a(u) of the wall with air behind it, for a stretch `contact` = (begin, end) µm."""

    def ramp(x: np.ndarray) -> np.ndarray:
        x = np.clip(x / EDGE_UM + 0.5, 0, 1)
        return x * x * (3 - 2 * x)

    return ramp(u - contact[0]) * ramp(contact[1] - u)


def load(
    u: np.ndarray, covered: np.ndarray, p_in: float, p_air: float, rate: float, speed: float
) -> np.ndarray:
    """Oxygen pressure (mmHg) at places `u` (K,), evenly spaced µm, of blood at `speed` µm/s.

    `covered` (2 K − 1,) is a(u) at the places and half-way between them, `rate` is D_L / V_c in
    ml/(ml s mmHg). Fourth-order Runge–Kutta, one step from place to place.
    """
    step = float(u[1] - u[0])
    share = (rate / speed * covered).tolist()

    def slope(p: float, a: float) -> float:
        return a * (p_air - p) / capacitance(p)

    out = np.empty(len(u))
    out[0] = p = float(p_in)
    for i in range(len(u) - 1):
        a0, a1, a2 = share[2 * i : 2 * i + 3]
        k1 = slope(p, a0)
        k2 = slope(p + 0.5 * step * k1, a1)
        k3 = slope(p + 0.5 * step * k2, a1)
        k4 = slope(p + step * k3, a2)
        p += step * (k1 + 2 * k2 + 2 * k3 + k4) / 6
        out[i + 1] = p
    return out


def reddening(
    arc: np.ndarray, contact: tuple[float, float], p_in: float, p_air: float,
    limits: tuple[float, float], rate: float, speed: float,
) -> np.ndarray:  # fmt: skip
    """Places along a capillary of lengths `arc` (µm), and the redness of a cell there, (2, K).

    Redness says how far its saturation has gone from the lower (0) to the upper (1) of `limits`;
    the other arguments are as in `coverage` and `load`.
    """
    fine = np.linspace(arc[0], arc[-1], 2 * STEPS + 1)
    pressure = load(fine[::2], coverage(fine, contact), p_in, p_air, rate, speed)
    low, high = limits
    return np.stack([fine[::2], (saturation(pressure) - low) / (high - low)])
