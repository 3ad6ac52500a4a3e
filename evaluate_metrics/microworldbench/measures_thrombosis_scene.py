"""What is in a clip of a clotting venule: its walls, the red cells' tracks, and the clot.

Nothing here knows the look, the scale or the direction of flow. Red cells are the reddest things in
the picture, the walls are the long edges beside the stretch that they sweep, and the clot is what
stands inside the walls and has neither the blood's colour nor the cells'. Lengths are in pixels of
a picture straightened along the vessel, times in frames.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from scipy.optimize import linear_sum_assignment

from .footage import Footage
from .reading import NotSeen

_LEAST_RED = 0.04
"""Red minus green of cells over that of everything else, out of 1."""
_AROUND = np.ones((1, 3, 3), bool)
_FEWEST_CELLS = 3.0
"""Mean number of cells in view."""
_LEAST_STEP = 0.03
"""Step of a fast red cell from frame to frame, in its radii."""
_LEAST_STREAM = 0.4
"""Net motion along the vessel over all motion along it; true clips have 0.7 to 1."""
_LEAST_GROWTH = 1.15
"""Clot area at the end over that at the start; true clips have 1.4 and more."""
_LEAST_AWAY = 0.05
"""Colour distance between clot and blood, RGB out of 1."""


@dataclass(frozen=True)
class Track:
    """One red cell: `start` is its first frame, `x` and `y` (N,) its places in px."""

    start: int
    x: np.ndarray
    y: np.ndarray

    def span(self, first: int, last: int) -> slice:
        """The part of the track that lies in frames `first` to `last`, both included."""
        return slice(max(0, first - self.start), max(0, last + 1 - self.start))


@dataclass(frozen=True)
class Scene:
    """`frames` (T, H, W, 3): straightened, RGB in [0, 1]. `top` and `bottom` are the first and last
    row of the lumen, `radius` is that of a red cell. `clot` (T, H, W) is True on the clot, `height`
    (T, W) the share of the bore that it fills in each column, `centre` its middle column at the
    end, `upper` tells whether it grows from the upper wall."""

    frames: np.ndarray
    top: int
    bottom: int
    radius: float
    tracks: list[Track]
    clot: np.ndarray
    height: np.ndarray
    centre: float
    upper: bool


def look(footage: Footage) -> Scene:
    """Finds vessel, cells and clot. Raises `NotSeen` where one of them is missing."""
    red = _red_cells(footage.smooth)
    radius = _radius(red)
    # Streaks along the walls are not cells.
    red = ndimage.binary_opening(red, disc(0.4 * radius))
    rows, top, bottom = _straighten(footage.background, red, radius)
    columns = np.arange(rows.shape[1])
    frames, red = footage.smooth[:, rows, columns], red[:, rows, columns]
    tracks = _track([_centres(mask, radius) for mask in red], radius)
    steps = np.concatenate([np.diff(track.x) for track in tracks] or [np.zeros(1)])
    if np.percentile(np.abs(steps), 95) < _LEAST_STEP * radius:
        raise NotSeen("the red cells do not move")
    if abs(steps.sum()) < _LEAST_STREAM * np.abs(steps).sum():
        raise NotSeen("the red cells do not stream one way")
    lumen = slice(top, bottom + 1)
    lumen = slice(top, bottom + 1)
    clot = np.zeros(red.shape, bool)
    clot[:, lumen] = _clot(red[:, lumen], frames[:, lumen], radius)
    area = clot.sum(axis=(1, 2))
    if np.median(area[-3:]) < 2 * radius**2:
        raise NotSeen("no clot found")
    if np.median(area[-3:]) < _LEAST_GROWTH * np.median(area[:3]):
        raise NotSeen("no clot grows")
    height = clot[:, lumen].mean(axis=1)
    late = height[-max(2, len(height) // 5) :].mean(axis=0)
    centre = float((late * columns).sum() / late.sum())
    by_row = clot[:, lumen].sum(axis=(0, 2))
    half = len(by_row) // 2
    upper = bool(by_row[:half].sum() > by_row[-half:].sum())
    # What is measured of the clot's grain is to be as sharp as the clip is.
    sharp = footage.frames[:, rows, columns]
    return Scene(sharp, top, bottom, radius, tracks, clot, height, centre, upper)


def _red_cells(frames: np.ndarray) -> np.ndarray:
    """Where red cells are, (T, H, W).

    The reddest spots, against all and against what is around them, show what colour tells cells
    best from what surrounds them and from everything else; compression takes much of the red.
    """
    some = slice(None, None, max(1, len(frames) // 8))
    redness = frames[..., 0] - frames[..., 1]
    wide = 0.1 * frames.shape[2]
    seed = np.ones(redness.shape, bool)
    for map_ in (redness, redness - ndimage.gaussian_filter(redness, (0, wide, wide))):
        rest, most = np.percentile(map_[some], [50, 99])
        if most - rest < _LEAST_RED:
            raise NotSeen("no red cells found")
        seed &= map_ > 0.5 * (rest + most)
    core = ndimage.binary_erosion(seed, _AROUND)
    near = ndimage.binary_dilation(seed, _AROUND)
    ring = ndimage.binary_dilation(near, _AROUND, iterations=2) & ~near
    cells, beside, others = (frames[some][m[some]] for m in (core, ring, ~near))
    if min(len(cells), len(beside), len(others)) < 20:
        raise NotSeen("no red cells found")
    spread = np.cov(cells.T) + np.cov(beside.T) + 2 * np.cov(others.T) + 5e-4 * np.eye(3)
    colour = np.linalg.solve(spread, np.median(cells, axis=0) - np.median(beside, axis=0))
    middle = 0.5 * (np.median(cells @ colour) + np.median(beside @ colour))
    return frames @ colour.astype(np.float32) > middle


def _radius(red: np.ndarray) -> float:
    """Radius in px of a disc with the area of a red cell, of those that lie apart."""
    areas = []
    for mask in red[:: max(1, len(red) // 8)]:
        labels, count = ndimage.label(ndimage.binary_fill_holes(mask))
        border = np.unique(np.concatenate([labels[:, 0], labels[:, -1]]))
        sizes = np.bincount(labels.ravel())[1:]
        whole = ~np.isin(np.arange(1, count + 1), border)
        areas += sizes[whole & (sizes > 6)].tolist()
    if len(areas) < _FEWEST_CELLS:
        raise NotSeen("no separate red cells found")
    # Larger halves count: specks are many, cells are big.
    return float(
        np.sqrt(np.median([a for a in areas if a >= 0.25 * np.percentile(areas, 90)]) / np.pi)
    )


def _straighten(
    background: np.ndarray, red: np.ndarray, radius: float
) -> tuple[np.ndarray, int, int]:
    """Rows (H, W) that make the vessel straight, and the first and last row of its lumen."""
    height, width = background.shape[:2]
    slope = np.sqrt((np.gradient(background, axis=0) ** 2).sum(axis=2))
    u = np.linspace(-1, 1, width)
    swept = red.mean(axis=0)
    base = np.arange(height)[:, None]
    reach = max(3, round(1.8 * radius))
    best = (-1.0, base + np.zeros(width, int), 0, height - 1)
    for tilt in np.linspace(-0.6, 0.6, 9) * radius:
        for bow in np.linspace(-0.6, 0.6, 9) * radius:
            rows = np.clip(
                base + np.rint(tilt * u + bow * (u * u - 1 / 3)).astype(int), 0, height - 1
            )
            edge = np.median(slope[rows, np.arange(width)], axis=1)
            there = np.flatnonzero(swept[rows, np.arange(width)].mean(axis=1) > 0.01)
            if len(there) < 3 * radius:
                continue
            low, high = there[0], there[-1]
            a, b = max(0, low - reach), min(height, high + reach + 1)
            inner = max(2, reach // 4)
            top = a + int(np.argmax(edge[a : low + inner]))
            bottom = high - inner + int(np.argmax(edge[high - inner : b]))
            score = edge[top] + edge[bottom]
            if score > best[0]:
                best = (float(score), rows, top, bottom)
    _, rows, top, bottom = best
    if not 5 * radius < bottom - top < 0.9 * height:
        raise NotSeen("no vessel found")
    return rows, top + 1, bottom - 1


def _centres(mask: np.ndarray, radius: float) -> np.ndarray:
    """Centres (N, 2) of the red cells of one frame as x, y: touching ones are told apart."""
    soft = ndimage.gaussian_filter(ndimage.binary_fill_holes(mask).astype(np.float32), 0.5 * radius)
    size = 2 * max(1, round(0.6 * radius)) + 1
    peaks = (soft == ndimage.maximum_filter(soft, size)) & (soft > 0.35)
    labels, count = ndimage.label(peaks, np.ones((3, 3)))
    if not count:
        return np.empty((0, 2))
    # Every red pixel belongs to the nearest peak; a cell lies where its pixels do.
    _, (ys, xs) = ndimage.distance_transform_edt(labels == 0, return_indices=True)
    owner = np.where(mask, labels[ys, xs], 0)
    places = np.array(ndimage.center_of_mass(mask, owner, np.arange(1, count + 1)))
    return places[np.isfinite(places).all(axis=1)][:, ::-1]


def _track(cells: list[np.ndarray], radius: float) -> list[Track]:
    """Joins the cells of successive frames: each goes on about as it went."""
    if np.mean([len(c) for c in cells]) < _FEWEST_CELLS:
        raise NotSeen("too few red cells found")
    open_tracks: list[list] = [[0, [p]] for p in cells[0]]
    done: list[list] = []
    usual = np.zeros(2)
    for t in range(1, len(cells)):
        here = cells[t]
        ends = np.array([path[-1] for _, path in open_tracks]).reshape(-1, 2)
        steps = np.array(
            [path[-1] - path[-2] if len(path) > 1 else usual for _, path in open_tracks]
        ).reshape(-1, 2)
        gap = here[None] - (ends + steps)[:, None]
        cost = np.hypot(gap[..., 0], 2 * gap[..., 1])
        pairs = linear_sum_assignment(np.minimum(cost, 10 * radius))
        kept = [(i, j) for i, j in zip(*pairs, strict=True) if cost[i, j] < 1.3 * radius]
        taken = {j for _, j in kept}
        moved = [here[j] - ends[i] for i, j in kept]
        usual = np.median(moved, axis=0) if moved else usual
        goes_on = dict(kept)
        following = []
        for i, track in enumerate(open_tracks):
            if i in goes_on:
                track[1].append(here[goes_on[i]])
                following.append(track)
            else:
                done.append(track)
        following += [[t, [p]] for j, p in enumerate(here) if j not in taken]
        open_tracks = following
    tracks = []
    for start, path in done + open_tracks:
        if len(path) >= 3:
            places = np.array(path)
            tracks.append(Track(start, places[:, 0], places[:, 1]))
    return tracks


def _clot(red: np.ndarray, frames: np.ndarray, radius: float) -> np.ndarray:
    """Where the clot is, (T, H, W), in a lumen (T, H, W, 3) with red cells at `red` (T, H, W).

    It is what has neither the colour of the blood beside it nor that of red cells, without what
    is as small as a free platelet.
    """
    width, some = frames.shape[2], slice(None, None, max(1, len(frames) // 8))
    wide = ndimage.binary_dilation(red, np.ones((1, 3, 3)))
    plain = np.where(wide[some, ..., None], np.nan, frames[some])
    middle = slice(frames.shape[1] // 4, -(frames.shape[1] // 4))
    # First the clot's place, against the colour of most of the lumen, then its extent, against
    # the blood of each row (light falls off towards the walls) as it is far from that place.
    away = _distance(frames[:, middle], np.nanmedian(plain[:, middle], axis=(0, 1, 2)))
    away[wide[:, middle]] = 0
    late = away[-max(1, len(frames) // 3) :].mean(axis=(0, 1))
    centre = int(np.argmax(ndimage.gaussian_filter1d(late, 1.5 * radius, mode="constant")))
    far = np.abs(np.arange(width) - np.clip(centre, 0.4 * width, 0.6 * width)) > 0.33 * width
    blood = np.nanmedian(plain[:, :, far], axis=(0, 2))
    # Rows that no cell reaches may show the walls: they take the next one's colour.
    swept = np.flatnonzero(red.mean(axis=(0, 2)) > 0.01)
    if not len(swept) or not far.any():
        raise NotSeen("no red cells found in a vessel")
    rim = round(radius)
    first = int(np.clip(swept[0] + 1, rim, 2 * rim))
    last = int(np.clip(len(blood) - swept[-1], rim, 2 * rim))
    blood[:first], blood[-last:] = blood[first], blood[-last - 1]
    away = _distance(frames, blood[:, None])
    away[wide] = 0
    near = np.abs(np.arange(width) - centre) < 3 * radius
    bright = np.percentile(away[-max(1, len(frames) // 3) :, :, near], 90)
    mask = away > max(_LEAST_AWAY, 0.2 * bright)
    grain = disc(0.3 * radius)
    mask = ndimage.binary_closing(np.pad(mask, ((0, 0), (4, 4), (0, 0)), "edge"), grain)[:, 4:-4]
    mask = ndimage.binary_opening(np.pad(mask, ((0, 0), (4, 4), (0, 0)), "edge"), grain)[:, 4:-4]
    # A clot stays: what is there for a moment only is a free platelet.
    mask = ndimage.median_filter(mask, (5, 1, 1), mode="nearest")
    # Backwards: the largest piece that is there in the end, and what overlaps with it earlier.
    body = np.zeros_like(mask)
    core = np.zeros_like(mask[0])
    for t in range(len(mask) - 1, -1, -1):
        labels, count = ndimage.label(mask[t])
        sizes = np.bincount(labels.ravel(), minlength=count + 1)
        if core.any():
            shared = np.bincount(labels[core], minlength=count + 1)
            kept = (shared > 0.5 * sizes) & (sizes > 0.5 * radius**2)
        else:
            close = np.isin(np.arange(count + 1), labels[:, near])
            kept = np.where(close, sizes, 0) == sizes[1:][close[1:]].max(initial=1)
        kept[0] = False
        body[t] = kept[labels]
        if body[t].sum() > core.sum():
            core = body[t]
    return body


def _distance(frames: np.ndarray, colour: np.ndarray) -> np.ndarray:
    return np.sqrt(((frames - colour) ** 2).sum(axis=-1))


def disc(radius: float) -> np.ndarray:
    """A flat disc (1, N, N) for the morphology of single frames."""
    reach = max(1, round(radius))
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    return (x * x + y * y <= (reach + 0.3) ** 2)[None]
