"""A platelet clot that grows on an injured vessel wall until the vessel closes or shear stops it.

Platelets arrive as a Poisson process along the injury, each settles in the lowest place nearby
(surface relaxation, Family 1986, J. Phys. A 19:L441) and adds its own area. Injuries above a
threshold size close the vessel, below it the shear at the clot's surface ends the growth (Belyaev,
Panteleev & Ataullakhanov 2015, Biophys. J. 109:450). Where the clot is to stay partial, an arriving
platelet holds with probability 1 - (γ / γ_c)², none above γ_c, where the shear rate γ ∝ Q / w³ and
γ_c is its value at the stable lumen. A gap narrower than a platelet is bridged.
"""

from __future__ import annotations

import math

import numpy as np

from .venule_flow import BRIDGED_UM, GRID_UM, relative_flow

PLATELET_UM = 1.45
"""Radius of a platelet: 2 to 3 µm across (Frojmovic & Milton 1982, Physiol. Rev. 62:185), and
spread in a clot."""


class Clot:
    """Heights of the clot above the injured wall, µm, over a grid of places along the vessel.

    `s` (S,) are the places in µm along the flow, `profile` (S,) the shape that the injury favours,
    `half` the injury's half length.
    """

    def __init__(self, middle: float, injury_um: float, diameter: float) -> None:
        half = injury_um / 2
        self.s = middle + np.arange(-3.2 * half, 3.2 * half + GRID_UM, GRID_UM)
        self.middle, self.half, self.diameter = middle, half, diameter
        self.profile = 1 / (1 + (np.abs(self.s - middle) / half) ** 4)
        self.profile *= np.clip((3.0 * half - np.abs(self.s - middle)) / half, 0, 1)
        self.height = np.zeros_like(self.s)

    def settle(self, wanted: float, area: float, reach: float) -> tuple[float, np.ndarray]:
        """Add a platelet of `area` µm² that arrives at `wanted` and rolls at most `reach` µm.

        Returns its place and the height that it adds along the vessel, (S,).
        """
        near = np.abs(self.s - wanted) <= reach + 0.01
        load = np.where(near, self.height / np.maximum(self.profile, 0.02), np.inf)
        place = float(self.s[int(np.argmin(load))])
        bump = np.clip(1 - ((self.s - place) / 5.0) ** 2, 0, None) ** 2
        bump *= area / (bump.sum() * GRID_UM)
        bump = np.minimum(bump, self.diameter - self.height)
        self.height = self.height + bump
        return place, bump


def grow(
    clot: Clot, rate: float, series_um: float, stable_lumen: float | None, end_s: float,
    rng: np.random.Generator,
) -> dict[str, np.ndarray]:  # fmt: skip
    """Platelet arrivals until the clot is stable or the vessel closed and its core filled.

    `rate` is in arrivals per second, `series_um` the length of the unbranched path. With a
    `stable_lumen` (share of the diameter) the history ends after `end_s`, with None when the vessel
    has closed. Returns arrays over platelets: `t` (s from the injury on), `place`, `level` (height
    below each when it landed), `radius`, and `bump` (N, S), in µm.
    """
    diameter, critical = clot.diameter, 0.0
    if stable_lumen is not None:
        stable = clot.profile * (1 - stable_lumen) * diameter
        critical = float(relative_flow(stable, diameter, series_um)) / stable_lumen**3
    t = 0.0
    rows = []
    while t < end_s or stable_lumen is None:
        t += rng.exponential(1 / rate)
        wanted = clot.middle + clot.half * rng.triangular(-1.9, 0, 1.9)
        radius = PLATELET_UM * rng.uniform(0.88, 1.12)
        luck, reach = rng.random(), 3.5
        lumen = diameter - clot.height
        if stable_lumen is not None:
            shear = relative_flow(clot.height, diameter, series_um)
            shear /= (lumen.min() / diameter) ** 3
            if luck > 1 - (shear / critical) ** 2:
                continue
        elif lumen.min() <= BRIDGED_UM:
            # What flow remains to bring are the platelets left in the gap itself.
            core = np.where(np.abs(clot.s - clot.middle) < 0.65 * clot.half, lumen, 0.0)
            if core.max() < BRIDGED_UM:
                break
            wanted, reach = float(clot.s[int(np.argmax(core))]), 0.0
        place, bump = clot.settle(wanted, math.pi * radius**2 / 0.84, reach)
        level = float(np.interp(place, clot.s, clot.height - bump))
        rows.append((t, place, level, radius, bump))
    names = ("t", "place", "level", "radius", "bump")
    columns = zip(*rows, strict=True)
    return {name: np.array(column) for name, column in zip(names, columns, strict=True)}


def heights(platelets: dict[str, np.ndarray], times: np.ndarray, spread_s: float) -> np.ndarray:
    """Clot heights (T, S) at `times`: each platelet spreads over `spread_s` after it lands."""
    ramp = np.clip((times[:, None] - platelets["t"][None, :]) / spread_s, 0, 1)
    return (ramp * ramp * (3 - 2 * ramp)) @ platelets["bump"]


def bridge(
    height: np.ndarray, times: np.ndarray, closed_s: float, spread: float, diameter: float
) -> np.ndarray:
    """Clot heights after closure: gaps narrower than a platelet are stretched over."""
    share = np.clip((times - closed_s) / spread + 0.5, 0, 1)[:, None] * (times >= closed_s)[:, None]
    narrow = np.clip((2 * BRIDGED_UM - (diameter - height)) / BRIDGED_UM, 0, 1)
    return height + share * narrow * (diameter - height)
