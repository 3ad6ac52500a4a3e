"""Geometry of membrane transport: bilayer and proteins in a closed box, and what stays outside.

Lengths in nm; side 0 lies above the membrane, side 1 below it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Membrane:
    """Geometry in nm: a closed box of width and height `field`, the bilayer across its middle.

    `half` is half the bilayer's thickness; proteins stand at `axes` (M,), `width` to either side
    and `height` up and down; `radius` is that of the drawn molecules.
    """

    field: float
    radius: float
    half: float
    width: float
    height: float
    axes: np.ndarray

    def surface(self, x: np.ndarray) -> np.ndarray:
        """How far from the middle plane the centre of a molecule must stay at `x`."""
        u = np.abs(np.asarray(x)[..., None] - self.axes) / (self.width + self.radius)
        bump = np.clip(1 - u**4, 0, None).max(axis=-1)
        return np.asarray(self.half + (self.height - self.half) * bump + self.radius)

    def gap(self, machine: int) -> float:
        """Place of bare lipid beside a protein, midway to the next one if there is one."""
        aside = min(0.5 * self.field / len(self.axes), 0.3 * self.field)
        edges = self.axes[machine] + np.array([-aside, aside])
        inside = edges[np.abs(edges - 0.5 * self.field) < 0.5 * self.field - 4 * self.radius]
        return float(inside[machine % len(inside)])


def scatter(membrane: Membrane, sides: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Places (N, 2) of molecules on their `sides`, each well apart from the others."""
    placed = np.empty((len(sides), 2))
    middle, r = 0.5 * membrane.field, membrane.radius
    for i, side in enumerate(sides):
        x = rng.uniform(2 * r, membrane.field - 2 * r, 24)
        low = membrane.surface(x) + 0.5 * r
        depth = low + (middle - 2 * r - low) * rng.uniform(0, 1, 24)
        tries = np.stack([x, middle + np.where(side, depth, -depth)], axis=1)
        if i:
            # The best of some darts: even, but not a lattice.
            apart = np.linalg.norm(tries[:, None] - placed[:i], axis=-1).min(axis=1)
            placed[i] = tries[np.argmax(np.minimum(apart, 3.2 * r))]
        else:
            placed[i] = tries[0]
    return placed


def slots_of(membrane: Membrane, count: int) -> np.ndarray:
    """Places (count, 2) of a load in the cavity, from its centre."""
    r = membrane.radius
    if count == 1:
        return np.zeros((1, 2))
    if count == 2:
        return r * np.array([[-1.05, 0.0], [1.05, 0.0]])
    return r * np.array([[-1.05, 0.6], [1.05, 0.6], [0.0, -1.2]])


def parted(membrane: Membrane, xy: np.ndarray, bound: np.ndarray) -> np.ndarray:
    """Steps (N, 2) by which molecules too near to each other move apart."""
    way = xy[:, None] - xy
    far = np.sqrt((way**2).sum(axis=-1)) + 1e-9
    np.fill_diagonal(far, np.inf)
    push = np.clip(2.15 * membrane.radius - far, 0, None) / far
    steps = 0.25 * (push[..., None] * way).sum(axis=1)
    return np.asarray(np.where(bound[:, None], 0.0, np.clip(steps, -0.4, 0.4) * membrane.radius))


def reflected(membrane: Membrane, xy: np.ndarray, sides: np.ndarray) -> np.ndarray:
    """Places (N, 2) folded back into each molecule's side of the box."""
    low, high = 1.2 * membrane.radius, membrane.field - 1.2 * membrane.radius
    middle = 0.5 * membrane.field
    x = np.clip(high - np.abs(high - (low + np.abs(xy[:, 0] - low))), low, high)
    sign = np.where(sides, 1.0, -1.0)
    near, depth = membrane.surface(x), sign * (xy[:, 1] - middle)
    depth = near + np.abs(depth - near)
    top = high - middle
    depth = np.clip(top - np.abs(top - depth), near, top)
    return np.stack([x, middle + sign * depth], axis=1)


def outer_edge(u: np.ndarray, membrane: Membrane) -> np.ndarray:
    """Outline (K, 2) nm of a protein's right side at heights `u` from -1 to 1, from its centre."""
    width = membrane.width * (1 - 0.14 * (1 - np.abs(u)) * (1 - u**2)) * (1 - 0.22 * np.abs(u) ** 6)
    return np.stack([width, u * membrane.height], axis=1)


def halves(
    membrane: Membrane, gap: np.ndarray, neck: float, cavity: float
) -> tuple[np.ndarray, np.ndarray]:
    """Outlines of a protein's two halves; `gap` (2,) opens their cleft above and below."""
    u = np.linspace(-1, 1, 11)
    wide = np.interp(u, [-1, -0.45, 0.45, 1], [gap[0], gap[0], gap[1], gap[1]])
    mouth = neck * wide + 0.05
    bulge = cavity * np.exp(-((u / 0.42) ** 2))
    inner = np.stack([np.maximum(mouth, bulge), u * membrane.height], axis=1)
    outer = outer_edge(u, membrane)
    # Open ends lean apart, so that a shut gate is seen from the outline as well.
    outer[:, 0] += 0.10 * membrane.width * (wide - 0.5) * np.abs(u)
    right = np.concatenate([outer, inner[::-1]])
    return right, right * [-1, 1]
