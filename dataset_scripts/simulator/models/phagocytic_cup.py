"""The outline of a phagocyte with its cups: sleeves of cytoplasm around what it swallows.

The cell is round, of constant tension, with small ripples on its margin. On the covered part of a
target lies a sleeve, joined to the cell by a smooth transition; a pseudopod may reach for a target.
The radius of the round part is such that the cytoplasm keeps its area, so the cell swells by what
it has eaten. Lengths in µm, times in s, angles in rad; x to the right, y downwards.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

BLEND_UM, ARM_BLEND_UM = 1.1, 1.6
"""Widths of the smooth transitions from the cell to a sleeve and to a pseudopod."""
_ARM_UM = 0.8  # radius of a pseudopod
_BESIDE, _TRACES = 0.8, 32  # rays are traced so many rad around a target, in so many steps


@dataclass(frozen=True)
class Target:
    """What a phagocyte meets, at T frames: a ball, or a rod with its tip towards the cell.

    `radius` and `length` of its straight part in µm (0 for a ball), `angle` of its axis, outward
    from the cell; `centre` (T, 2) and `opacity` (T,). Its cup: `covered` arc (T,) from the contact
    on, `thick` (T,) µm, at `offset` (T,) µm from the target. `pseudopod` (T,) is how far from the
    cell's centre one reaches for it, 0 without. Only in law-breaking twins `sunk` (T,) is the arc
    that lies inside of a surface that does not fold, and `plate` (T,) half the length of the actin
    in that surface.
    """

    kind: str
    radius: float
    length: float
    angle: float
    centre: np.ndarray
    opacity: np.ndarray
    covered: np.ndarray
    thick: np.ndarray
    offset: np.ndarray
    pseudopod: np.ndarray
    sunk: np.ndarray
    plate: np.ndarray

    @property
    def arc(self) -> float:
        """Half of its girth: the arc from the contact to the far end."""
        return np.pi * self.radius + self.length

    @property
    def half(self) -> float:
        """From its centre to its end."""
        return 0.5 * self.length + self.radius

    @property
    def area(self) -> float:
        return np.pi * self.radius**2 + 2 * self.radius * self.length

    def side_view(self, at: np.ndarray, arc: float, out: float = 0.0) -> np.ndarray:
        """The part of the target at `at` (2,), seen from the side, from the contact to `arc` µm.

        A polygon (K, 2) through the points `out` µm off its outline, closed by a chord.
        """
        return turned(rim_point(self, np.linspace(-arc, arc, 27), out), self.angle) + at

    def band(self, at: np.ndarray, arc: float, offset: float, thick: float) -> np.ndarray:
        """A polygon (K, 2) of `thick` µm along the outline up to `arc` on both sides, round-ended.

        A band that covers the whole outline is closed.
        """
        s = np.linspace(-arc, arc, 27)
        outer, inner = rim_point(self, s, offset + thick), rim_point(self, s, offset)
        first = last = outer[:0]
        if arc < self.arc - 1e-6:
            ends = np.linspace(0, np.pi, 7)[1:-1, None]
            middle, across = 0.5 * (outer + inner)[[0, -1]], 0.5 * (outer - inner)[[0, -1]]
            ahead = np.stack([across[:, 1], -across[:, 0]], 1) * [[1], [-1]]
            first, last = (
                middle[i] + np.cos(ends) * across[i] + np.sin(ends) * ahead[i] for i in (0, 1)
            )
        return turned(np.concatenate([outer, last, inner[::-1], first[::-1]]), self.angle) + at


def rim_point(target: Target, s: np.ndarray, out: np.ndarray | float) -> np.ndarray:
    """Points (..., 2) `out` µm off the target's outline at the arc `s`, seen from its centre.

    In the target's own frame: x outward from the cell, y to the side of positive `s`.
    """
    r, quarter = target.radius, 0.5 * np.pi * target.radius
    way = np.abs(s)
    near = np.minimum(way, quarter) / r
    far = np.maximum(way - quarter - target.length, 0.0) / r
    angle = np.pi - near - far
    along = np.clip(way - quarter, 0, target.length) - 0.5 * target.length
    x = along + (r + out) * np.cos(angle)
    return np.stack([x, np.sign(s) * (r + out) * np.sin(angle)], axis=-1)


def turned(points: np.ndarray, angle: float) -> np.ndarray:
    """Points (..., 2) of a frame whose x axis lies at `angle`."""
    c, s = np.cos(angle), np.sin(angle)
    return np.stack(
        [c * points[..., 0] - s * points[..., 1], s * points[..., 0] + c * points[..., 1]], axis=-1
    )


def _sleeve(target: Target, xy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Signed distances of the points `xy` (T, N, 2) to the sleeve and to the target itself."""
    local = turned(xy - target.centre[:, None], -target.angle)
    x, y = local[..., 0], np.abs(local[..., 1])
    half = 0.5 * target.length
    over = x - np.clip(x, -half, half)
    off = np.hypot(over, y) - target.radius
    quarter, r = 0.5 * np.pi * target.radius, target.radius
    angle = np.arctan2(y, -over)  # 0 towards the cell
    s = np.where(over < 0, r * angle, np.where(over > 0, target.length + r * angle,
                 quarter + x + half))  # fmt: skip
    covered, thick = target.covered[:, None], target.thick[:, None]
    offset = target.offset[:, None]
    inside = np.abs(off - offset - 0.5 * thick) - 0.5 * thick
    tip = rim_point(target, covered, offset + 0.5 * thick)
    to_tip = np.hypot(x - tip[..., 0], y - tip[..., 1]) - 0.5 * thick
    sleeve = np.where(s <= covered, inside, to_tip)
    return np.where(covered > 0, sleeve, 1e3), off


def _blend(a: np.ndarray, b: np.ndarray, width: float) -> np.ndarray:
    """The smaller of two signed distances, with a smooth transition of `width` µm."""
    near = np.maximum(width - np.abs(a - b), 0.0)
    return np.minimum(a, b) - 0.25 * near * near / width


@dataclass(frozen=True)
class Body:
    """The cell without its cups: `centre` (2,) and the ripples of its margin.

    `ripples` (M, 4) are wave number, share of the radius, phase and turning rate (rad/s);
    `still` are the directions of the targets, near which the margin does not ripple.
    """

    centre: np.ndarray
    ripples: np.ndarray
    still: np.ndarray

    def ripple(self, phi: np.ndarray, times: np.ndarray) -> np.ndarray:
        """The margin's excess over the radius, as a share, at directions `phi` (T, N)."""
        k, size, phase, rate = self.ripples.T[:, :, None, None]
        waves = np.sum(size * np.cos(k * phi + phase + rate * times[:, None]), axis=0)
        apart = np.angle(np.exp(1j * (phi[..., None] - self.still)))
        calm = np.exp(-((apart / 0.45) ** 2)).max(axis=-1)
        return waves * (1 - calm)


def _protrusions(
    body: Body, xy: np.ndarray, targets: list[Target]
) -> list[tuple[np.ndarray, float]]:
    """Signed distances of `xy` (T, N, 2) to sleeves and pseudopods, with each one's blend."""
    found = []
    for target in targets:
        found.append((_sleeve(target, xy)[0], BLEND_UM))
        if target.pseudopod.any():
            along = turned(xy - body.centre, -target.angle)
            reach = target.pseudopod[:, None]
            x = along[..., 0] - np.clip(along[..., 0], 0.5 * reach, np.maximum(reach - _ARM_UM, 0))
            arm = np.where(reach > 0, np.hypot(x, along[..., 1]) - _ARM_UM, 1e3)
            found.append((arm, ARM_BLEND_UM))
    return found


def distance(
    body: Body, xy: np.ndarray, radius: np.ndarray, times: np.ndarray, targets: list[Target]
) -> np.ndarray:
    """Signed distance (about) of points `xy` (T, N, 2) to the cell of `radius` (T,) µm."""
    rel = xy - body.centre
    margin = radius[:, None] * (1 + body.ripple(np.arctan2(rel[..., 1], rel[..., 0]), times))
    total = np.hypot(rel[..., 0], rel[..., 1]) - margin
    for other, width in _protrusions(body, xy, targets):
        total = _blend(total, other, width)
    return total


def radii(
    body: Body, cytoplasm: float, times: np.ndarray, targets: list[Target], grid: float = 0.35
) -> np.ndarray:
    """Radius (T,) of the cell whose cytoplasm, targets excluded, has the area `cytoplasm` µm²."""
    phi = np.tile(np.linspace(-np.pi, np.pi, 96, endpoint=False), (len(times), 1))
    wavy = np.mean((1 + body.ripple(phi, times)) ** 2, axis=1)
    boxes = []
    for target in targets:
        far = np.hypot(*(target.centre - body.centre).T)
        side = np.arange(-target.radius - 3.0, target.radius + 3.0, grid)
        along = np.arange(-target.half - 3.0, target.half + 3.0, grid)
        local = np.stack(np.meshgrid(along, side), axis=-1).reshape(1, -1, 2)
        # The box goes with the target.
        way = np.array([np.cos(target.angle), np.sin(target.angle)])
        xy = body.centre + turned(local, target.angle) + (far[:, None] * way)[:, None]
        rel = xy - body.centre
        ripple = 1 + body.ripple(np.arctan2(rel[..., 1], rel[..., 0]), times)
        free = np.clip(0.5 + (_sleeve(target, xy)[1] - target.offset[:, None]) / grid, 0, 1)
        boxes.append((np.hypot(rel[..., 0], rel[..., 1]), ripple, free,
                      _protrusions(body, xy, [target])))  # fmt: skip
    radius = np.full(len(times), np.sqrt(cytoplasm / np.pi))
    for _ in range(3):
        area = np.pi * radius**2 * wavy
        for away, ripple, free, others in boxes:
            alone = total = away - radius[:, None] * ripple
            for other, width in others:
                total = _blend(total, other, width)
            change = np.clip(0.5 - total / grid, 0, 1) * free - np.clip(0.5 - alone / grid, 0, 1)
            area = area + np.sum(change, axis=1) * grid**2
        radius = radius + (cytoplasm - area) / (2 * np.pi * radius)
    return radius


def outline(
    body: Body, radius: np.ndarray, times: np.ndarray, targets: list[Target], phi: np.ndarray
) -> np.ndarray:
    """The cell's outermost outline (T, N, 2) at the directions `phi` (N,), by tracing rays."""
    ray = np.stack([np.cos(phi), np.sin(phi)], axis=-1)
    margin = radius[:, None] * (1 + body.ripple(np.tile(phi, (len(times), 1)), times))
    r = margin.copy()
    apart = [np.abs(np.angle(np.exp(1j * (phi - target.angle)))) for target in targets]
    near = np.flatnonzero(np.min(apart, axis=0) < _BESIDE)
    far = [np.hypot(*(t.centre - body.centre).T).max() + t.half + 2.5 for t in targets]
    traced = np.full((len(times), len(near)), max([*far, 1.1 * radius.max()]))
    for _ in range(_TRACES):
        xy = body.centre + traced[..., None] * ray[near]
        total = traced - margin[:, near]
        for other, width in _protrusions(body, xy, targets):
            total = _blend(total, other, width)
        traced = traced - total
    r[:, near] = traced
    return body.centre + r[..., None] * ray
