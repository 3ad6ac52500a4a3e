"""What lies around a length of gut, and the marks of its two ends: rods and outlines to be drawn.

Oesophagus: windpipe with its cartilages in front, spine behind, lips at the mouth end and a stomach
at the other. Small intestine: mesentery with arcades of vessels on one side, a neighbouring loop on
the other, a stomach at the oral end and a colon at the aboral one. Sizes are schematic. Coordinates
are shares of the field: `s` along the tube in the aboral sense, `v` beside its axis.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np


@dataclass
class Surroundings:
    """Shapes in painter's order: rods (s0, v0, s1, v1, radius), and outlines (K, 2) with a bevel.

    Each is a pair of a material's name and numbers; an outline's last row is (bevel, nan).
    """

    shapes: list[tuple[str, np.ndarray]] = field(default_factory=list)

    def rod(self, s0: float, v0: float, s1: float, v1: float, r: float, material: str) -> None:
        """A rod with round ends."""
        self.shapes.append((material, np.array([s0, v0, s1, v1, r])))

    def outline(self, s: np.ndarray, v: np.ndarray, bevel: float, material: str) -> None:
        """A closed outline."""
        corners = np.stack([np.append(s, bevel), np.append(v, np.nan)], axis=1)
        self.shapes.append((material, corners))


def around_oesophagus(near: float, noise: np.ndarray) -> Surroundings:
    """Windpipe and spine beside a tube of half width `near`; `noise` (≥ 2,) shifts them, 0 to 1."""
    found = Surroundings()
    rod = found.rod
    rod(-0.1, near + 0.115, 1.1, near + 0.115, 0.068, "disc")
    rod(-0.1, near + 0.115, 1.1, near + 0.115, 0.052, "airway")
    for i in range(9):
        s = 0.125 * i + 0.04 * noise[0] - 0.02
        for v in (near + 0.058, near + 0.172):
            rod(s - 0.022, v, s + 0.022, v, 0.017, "bone")
    turn = np.linspace(0, 2 * np.pi, 28, endpoint=False)
    across, up = (np.sign(f) * np.abs(f) ** 0.45 for f in (np.cos(turn), np.sin(turn)))
    for i in range(6):
        s, v = 0.235 * i + 0.12 * noise[1] - 0.15, -near - 0.15
        rod(s - 0.1175, v + 0.06, s - 0.1175, v - 0.1, 0.026, "disc")
        # Vertebral bodies are waisted blocks.
        found.outline(s + 0.098 * across, v + 0.105 * up * (0.9 + 0.1 * across**2), 0.06, "bone")
    marked = near + 0.06
    for dv in (-0.019, 0.019):
        rod(0.075, -marked + dv - 0.015, 0.11, -marked + dv - 0.015, 0.021, "lips")
    _stomach(found, 0.90, -marked)
    return found


def around_intestine(near: float, noise: np.ndarray) -> Surroundings:
    """Mesentery and another loop beside a tube of half width `near`; `noise` (≥ 1,) as above."""
    found = Surroundings()
    rod = found.rod
    for shift, material in ((0.0, "artery"), (0.022, "vein")):
        for i in range(-1, 6):
            turn = np.linspace(0, np.pi, 9)
            s = 0.2 * i + shift + 0.1 * (1 - np.cos(turn))
            v = near + 0.155 - 0.05 * np.sin(turn)
            for k in range(8):
                rod(s[k], v[k], s[k + 1], v[k + 1], 0.008, material)
            for k in (2, 4, 6):
                rod(s[k], v[k], s[k], near + 0.004, 0.0055, material)
            rod(s[0], v[0], 0.5 + 0.75 * (s[0] - 0.5), near + 0.36, 0.011, material)
    s = np.linspace(-0.15, 1.15, 45)
    angle = 2 * np.pi * s / 0.52 + 6 * noise[0]
    v, slope = -near - 0.205 + 0.085 * np.sin(angle), 1.03 * np.cos(angle)
    ds, dv = 0.078 * np.stack([-slope, np.ones(45)]) / np.hypot(1, slope)
    found.outline(
        np.append(s + ds, (s - ds)[::-1]), np.append(v + dv, (v - dv)[::-1]), 0.075, "loop"
    )
    marked = near + 0.06
    _stomach(found, 0.10, -marked)
    for ds, dv in ((-0.05, 0.03), (-0.045, -0.02), (0.0, -0.045), (0.045, -0.02), (0.05, 0.03)):
        rod(0.90 + ds, -marked + dv, 0.901 + ds, -marked + dv, 0.026, "colon")
    return found


def _stomach(found: Surroundings, s: float, v: float) -> None:
    for ds, dv, r in ((-0.03, -0.032, 0.042), (0.0, -0.015, 0.040), (0.03, 0.01, 0.026)):
        found.rod(s + ds, v + dv, s + ds + 0.01, v + dv, r, "stomach")
