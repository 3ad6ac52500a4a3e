"""Measures of chemotaxis: does the group follow the gradient, on steady courses, front ahead?

Interleukin-8 attracts neutrophils at low and repels them at high concentration, so neither way
along the gradient breaks a law. What does is a group that ends where it began, or presses against
the side on which it started; `towards` and `away` say which way was asked for.
"""

from __future__ import annotations

import numpy as np

from .measures_chemotaxis_scene import BRIGHT, CELL, DARK, SOURCE, Group, find_group
from .reading import Measure

look = find_group

_COARSE = 9
"""Places along each track between which its length is taken: steps far longer than the tracking
error, short against a persistence time."""
_RING = np.array([0.375, 0.475, 0.575]) * CELL
"""Distances from a cell's middle at which its outline lies."""
_SIDES = np.deg2rad([-60, -45, -30, 30, 45, 60])
"""Angles from a cell's course: beside its axis, where the lamellipod is and the tail is not."""
_EQUAL = 3.0
"""Makes readings from the nucleus as large as those from the lamellipod."""


def index(g: Group) -> float:
    """Chemotactic index of the group: its advance along x over the length of its tracks, positive
    out of the half in which it starts."""
    nodes = np.linspace(0, g.xy.shape[1] - 1, _COARSE).round().astype(int)
    path = np.linalg.norm(np.diff(g.xy[:, nodes], axis=1), axis=2).sum(axis=1).mean()
    return (g.advance if g.start < 0.5 else -g.advance) / max(float(path), 1e-6)


def straightness(g: Group) -> float:
    """Net way over path length in all windows of a quarter of the clip."""
    from scipy.ndimage import uniform_filter1d

    xy = g.xy
    if xy.shape[1] > 24:  # steps so short that the tracking error would lengthen the path
        xy = uniform_filter1d(xy, 3, axis=1)[:, 1:-1]
    span = max(4, xy.shape[1] // 4)
    net = np.linalg.norm(xy[:, span:] - xy[:, :-span], axis=2).sum()
    path = np.pad(np.linalg.norm(np.diff(xy, axis=1), axis=2).cumsum(axis=1), ((0, 0), (1, 0)))
    return float(net / max((path[:, span:] - path[:, :-span]).sum(), 1e-6))


def front(g: Group) -> float:
    """How far the cells' fronts are ahead of their rears on their course, negative if they trail;
    once cells have taken their long shape, in the last 45 % of the clip.

    Two things tell front from rear. The broad lamellipod shows as an arc to both sides of the
    course, except on a ground of middle brightness, where rear and nucleus hardly show at all. The
    nucleus shows as a dark spot towards the tail, except where cells glow on black. The mean of
    what can be seen of them counts.
    """
    view = _Moving(g)
    seen = []
    if g.ground < DARK or g.ground > BRIGHT:
        seen.append(_arc_ahead(view))
    if g.ground >= DARK:
        seen.append(_EQUAL * _nucleus_behind(view))
    return float(np.mean(seen))


class _Moving:
    """The end of a clip, seen from its cells: x ahead on their course, y to the right."""

    def __init__(self, g: Group) -> None:
        count = g.xy.shape[1]
        self.late = np.arange(round(0.55 * count), count)
        lag = max(1, count // 12)
        move = g.xy[:, np.minimum(self.late + lag, count - 1)] - g.xy[:, self.late - lag]
        self.speed = np.linalg.norm(move, axis=2)
        self.course = np.arctan2(move[..., 1], move[..., 0])
        self.middle = g.xy[:, self.late]
        self.grey, self.filled = g.grey[self.late], g.filled[self.late]
        self.empty = np.median(g.grey, axis=0)
        """Brightness (H, W) where no cell lies."""
        lit = self._relative(np.abs(self.grey - self.empty), 99.5)
        ahead, beside = self.centre(np.clip(lit - 0.2, 0, None), 0.66)
        c, s = np.cos(self.course), np.sin(self.course)
        self.middle += np.stack([c * ahead - s * beside, s * ahead + c * beside], axis=2)
        self.lit = lit

    @staticmethod
    def _relative(picture: np.ndarray, percent: float) -> np.ndarray:
        return np.minimum(picture / max(float(np.percentile(picture, percent)), 1e-6), 1)

    def sample(self, picture: np.ndarray, ahead: np.ndarray, beside: np.ndarray) -> np.ndarray:
        """`picture` (late, H, W) at offsets (K,) from the cells' middles: (N, late, K)."""
        from scipy.ndimage import map_coordinates

        c, s = np.cos(self.course)[..., None], np.sin(self.course)[..., None]
        x = self.middle[..., :1] + c * ahead - s * beside
        y = self.middle[..., 1:] + s * ahead + c * beside
        t = np.broadcast_to(np.arange(len(picture))[:, None], x.shape)
        at = [t, y * picture.shape[2] - 0.5, x * picture.shape[2] - 0.5]
        return map_coordinates(picture, at, order=1, mode="nearest")

    def centre(self, weight: np.ndarray, within: float) -> tuple[np.ndarray, np.ndarray]:
        """Centre of `weight` within a distance of the cells' middles, in cells: (N, late) each."""
        grid = np.linspace(-within, within, 17) * CELL
        ahead, beside = (axis.ravel() for axis in np.meshgrid(grid, grid))
        near = np.hypot(ahead, beside) <= within * CELL
        found = self.sample(weight, ahead[near], beside[near])
        found = found / np.maximum(found.sum(axis=2, keepdims=True), 1e-6)
        return found @ ahead[near], found @ beside[near]


def _arc_ahead(v: _Moving) -> float:
    """How much more of the cells' outlines is ahead of their middles than behind, over both."""
    angles, far = (axis.ravel() for axis in np.meshgrid(_SIDES, _RING))
    ahead, behind = (
        (v.speed * v.sample(v.lit, way * far * np.cos(angles), far * np.sin(angles)).mean(2)).sum()
        for way in (1, -1)
    )
    return float((ahead - behind) / max(ahead + behind, 1e-6))


def _nucleus_behind(v: _Moving) -> float:
    """How far the nuclei lie behind the middles of the cells around them, in cells."""
    body = np.abs(v.filled - v.empty)
    body = np.minimum(body, 0.5 * np.percentile(body, 99))  # its shape, not its shading
    nucleus, rest = v.centre(v.filled - v.grey, 0.37)[0], v.centre(body, 0.51)[0]
    return float((v.speed * (rest - nucleus)).sum() / max(v.speed.sum(), 1e-6) / CELL)


def nearing(g: Group) -> float:
    """Way of the mean cell towards the border with the source."""
    return -g.advance if g.source > 0 else g.advance


_INDEX = "chemotactic index of the group {:.2f}"
_STRAIGHT = "net way of the cells {:.2f} of their path in a quarter of the clip"
_FRONT = "the cells' fronts lie ahead by {:+.2f}"
_SOURCE = "the left border is warmer than the right one by {:+.2f}"
_NEARING = "the mean cell nears the source by {:+.2f} widths"

MEASURES: dict[str, Measure] = {
    "drifts": Measure(index, _INDEX, low=0.51),
    "fans_out": Measure(index, _INDEX, high=0.51),
    "persistent": Measure(straightness, _STRAIGHT, low=0.62),
    "jitters": Measure(straightness, _STRAIGHT, high=0.62),
    "front_first": Measure(front, _FRONT, low=0.03),
    "tail_first": Measure(front, _FRONT, high=0.03),
    "source_left": Measure(lambda g: g.source, _SOURCE, low=SOURCE),
    "source_right": Measure(lambda g: g.source, _SOURCE, high=-SOURCE),
    "towards": Measure(nearing, _NEARING, low=0.15),
    "away": Measure(nearing, _NEARING, high=-0.15),
    "many": Measure(lambda g: float(len(g.xy)), "{:.0f} cells", low=7, high=11),
    "dark_ground": Measure(lambda g: g.ground, "brightness of the ground {:.2f}", high=DARK),
}
