"""Measures of capillary_flow: three laws, and what the prompts ask for.

1. Red cells stay inside the vessel (`stays_inside`, `leaves_vessel`).
2. Each goes on in its file: it is not lost, does not run through another, does not halt or turn
   back (`goes_on`, `is_lost`).
3. Volume is kept: a cell neither grows nor shrinks, and one flux passes every section, so cells
   are faster where the vessel has a waist (`keeps_volume`, `breaks_volume`). Without a waist, or
   at a fork, where the narrower branch is rightly the slower one, only the cells' size is judged.

All are ratios: neither the stated µm per pixel nor the stated seconds per frame enters.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from .measures_capillary_flow_cells import Cell
from .measures_capillary_flow_scene import Scene, Track, look
from .reading import Measure

__all__ = ["MEASURES", "look"]

_SPAN = 4
"""Frames over which the speed of a cell is taken, where a halt is looked for."""
_LATE = 0.4
"""What goes wrong may begin late: what counts as late begins at this share of a clip."""
_SWELLS = 0.5
"""Limit of the change of a cell's log volume over the length of the view."""
_FASTER = 0.95
"""Limit of the speed outside a waist over that inside it is 1 / 0.95: noise at equal speeds."""
_WAIST = 0.10
"""A vessel has a waist if cells are slimmer there by this share than on both sides of it."""
_FORK = 0.20
"""A vessel forks if this share of the view's length shows two lumens side by side."""


@dataclass(frozen=True)
class Moments:
    """Whole cells in motion, arrays (N,): which track, frame, place along the view (0 to 1),
    log of volume (any unit), width and speed in pixels."""

    track: np.ndarray
    frame: np.ndarray
    place: np.ndarray
    volume: np.ndarray
    width: np.ndarray
    speed: np.ndarray


def _proper(s: Scene, track: Track) -> bool:
    """Whether a track is that of a cell: followed, and of about a cell's size."""
    return len(track.cells) > 3 and np.median([c.mass for c in track.cells]) > 0.4 * s.cell_mass


def _moments(s: Scene) -> Moments:
    rows = []
    for k, track in enumerate(s.tracks):
        if not _proper(s, track):
            continue
        for i, cell in enumerate(track.cells):
            near = [j for j in (i - 1, i + 1) if 0 <= j < len(track.cells)]
            near = [j for j in near if not track.cells[j].cut]
            if cell.cut or not near:
                continue
            a, b = min(near[0], i), max(near[-1], i)
            rows.append((k, track.frames[i], cell.x / s.length, *_size(track, a, i, b)))
    return Moments(*np.array(rows, float).reshape(-1, 6).T)


def _size(track: Track, before: int, now: int, after: int) -> tuple[float, float, float]:
    """Log volume, width and speed of a cell, from its cover and its extent along its way.

    Seen from the side a cell covers about length x width, and its volume goes as length x width².
    """
    cell, a, b = track.cells[now], track.cells[before], track.cells[after]
    step = np.array([b.x - a.x, b.y - a.y]) / (track.frames[after] - track.frames[before])
    speed = float(np.hypot(*step))
    way = step / max(speed, 1e-6)
    # The pixels themselves and their blur widen a cell a little.
    length = 4 * np.sqrt(max(float(way @ cell.spread @ way) - 0.3, 0.3))
    return float(np.log(cell.mass**2 / length)), cell.mass / length, speed


def _lumen(s: Scene) -> np.ndarray:
    """How much each pixel (H, W) of the picture without cells is like the lumen: 1, or like the
    tissue: 0. The lumen is what the cells run in at first, the tissue what is far from them."""
    centres = np.ones(s.behind.shape[:2], bool)
    for cells in s.found:
        for cell in cells:
            centres[_pixel(cell, s.behind)] = False
    far = ndimage.distance_transform_edt(centres) > 1.3 * s.bore
    soft = ndimage.gaussian_filter(s.behind, (0.15 * s.bore, 0.15 * s.bore, 0))
    tissue = np.median(soft[far] if far.any() else soft.reshape(-1, 3), axis=0)
    first = s.found[: max(3, len(s.found) // 3)]
    under = [soft[_pixel(c, soft)] for cells in first for c in cells if not c.cut]
    if not under:
        under = [soft[_pixel(c, soft)] for cells in s.found for c in cells]
    apart = np.median(under, axis=0) - tissue
    return (soft - tissue) @ apart / max(float(apart @ apart), 1e-6)


def _pixel(cell: Cell, picture: np.ndarray) -> tuple[int, int]:
    height, width = picture.shape[:2]
    return min(max(round(cell.y), 0), height - 1), min(max(round(cell.x), 0), width - 1)


def insideness(s: Scene) -> float:
    """How like the lumen, 0 (tissue) to 1, the place is where a cell is for three frames: least."""
    lumen = _lumen(s)
    worst = 1.0
    for track in s.tracks:
        whole = [c for c in track.cells if c.mass > 0.5 * s.cell_mass]
        if len(whole) < 4:
            continue
        like = np.array([lumen[_pixel(c, lumen)] for c in whole])
        worst = min(worst, float(np.convolve(like, np.full(3, 1 / 3), "valid").min()))
    return worst


def loss(s: Scene) -> float:
    """What the worst-off cell loses, as a share: of its cover over two frames, or of its speed.

    1 for a cell that vanishes or halts, about 1 for one that is behind another, above 1 for one
    that turns back.
    """
    gone = 0.0
    for track in s.tracks + s.back:
        for frame, lack in track.missing.items():
            gone = max(gone, min(lack, track.missing.get(frame + 1, 0.0)))
    return max(gone, _slowing(s))


def _slowing(s: Scene) -> float:
    """Share of the usual speed that the slowest cell lacks over `_SPAN` frames."""
    speeds = []
    for track in s.tracks:
        if not _proper(s, track):
            continue
        whole = {f: c for f, c in zip(track.frames, track.cells, strict=True) if not c.cut}
        for frame, cell in whole.items():
            later = whole.get(frame + _SPAN)
            if later is not None:
                onward = (later.x - cell.x) * np.sign(s.flow[0])
                way = np.hypot(later.x - cell.x, later.y - cell.y)
                speeds.append(float(np.copysign(way, onward)))
    return 1 - min(speeds) / max(float(np.median(speeds)), 1e-6) if len(speeds) > 3 else 0.0


def volume(s: Scene) -> float:
    """How far volume is from being kept, the limit being 1: the worst of three readings.

    How much larger cells are farther along the view, over all cells late in the clip; how much
    each grows on its own way, over the whole clip; and, where the vessel has a waist, speed
    outside it over speed inside it.
    """
    seen = _moments(s)
    late = seen.frame >= _LATE * len(s.found)
    every = np.ones(len(late), bool)
    own = _growth(seen, every, seen.track)
    worst = max(abs(own), abs(_growth(seen, late, np.zeros(len(late))))) / _SWELLS
    waist = _waist(s, seen)
    if waist is None:
        return worst
    for chosen in (every, late):
        inner = chosen & (np.abs(seen.place - waist) < 0.09)
        outer = chosen & (np.abs(seen.place - waist) > 0.2)
        if inner.sum() > 1 and outer.sum() > 1:
            slow, fast = np.median(seen.speed[outer]), np.median(seen.speed[inner])
            worst = max(worst, float(_FASTER * slow / max(fast, 1e-6)))
    return worst


def _growth(seen: Moments, chosen: np.ndarray, group: np.ndarray) -> float:
    """Change of log volume per length of the view among the `chosen`, within each `group`."""
    x, y, which = seen.place[chosen].copy(), seen.volume[chosen].copy(), group[chosen]
    for k in np.unique(which):
        mine = which == k
        x[mine] -= x[mine].mean()
        y[mine] -= y[mine].mean()
    return float((x * y).sum() / ((x**2).sum() + 0.01))


def _waist(s: Scene, seen: Moments) -> float | None:
    """Place (0 to 1) of a waist of an unbranched vessel, None without one."""
    depth, place = _narrowest(seen)
    return place if depth > _WAIST and forking(s) < _FORK else None


def _narrowest(seen: Moments) -> tuple[float, float]:
    """How much slimmer (0 to 1) cells are somewhere than on both sides of it, and where."""
    if len(seen.place) < 8:
        return 0.0, 0.5
    edges = np.linspace(seen.place.min(), seen.place.max() + 1e-6, 11)
    part = np.digitize(seen.place, edges) - 1
    used = np.unique(part)
    width = np.array([np.median(seen.width[part == i]) for i in used])
    best = (0.0, 0.5)
    for i in range(1, len(used) - 1):
        depth = 1 - width[i] / min(width[:i].max(), width[i + 1 :].max())
        best = max(best, (float(depth), float(edges[used[i] : used[i] + 2].mean())))
    return best


def forking(s: Scene) -> float:
    """Share of the view's length (0 to 1) where two lumens lie side by side."""
    like = _lumen(s) > 0.5
    pieces, _ = ndimage.label(ndimage.binary_opening(like, iterations=max(1, round(s.bore / 6))))
    touched = [int(pieces[_pixel(c, like)]) for cells in s.found for c in cells]
    counts = np.bincount([t for t in touched if t], minlength=1)
    vessel = pieces == counts.argmax() if counts.any() else like
    two = 0
    for column in vessel.T:
        runs, _ = ndimage.label(column)
        two += int((np.bincount(runs)[1:] >= 0.45 * s.bore).sum() == 2)
    return two / vessel.shape[1]


def narrowing(s: Scene) -> float:
    """Depth (0 to 1) of the vessel's waist; 0 if it forks."""
    return _narrowest(_moments(s))[0] if forking(s) < _FORK else 0.0


def unevenness(s: Scene) -> float:
    """How near the vessel is to having a waist or a fork, 1 being the limit."""
    return max(forking(s) / _FORK, _narrowest(_moments(s))[0] / _WAIST)


def cells_in_view(s: Scene) -> float:
    """Mean number of red cells in view, those cut by the picture's edge counted in part."""
    covers = [sum(cell.mass for cell in cells) for cells in s.found]
    return float(np.mean(covers)) / s.cell_mass


def rightward(s: Scene) -> float:
    """-1 for cells that run to the left, 1 to the right, near 0 for up or down."""
    return 0.0 if s.swap else float(s.flow[0] / np.hypot(*s.flow))


_INSIDE = "where cells run is like the lumen to {:.2f} at least (tissue: 0)"
_LOSS = "the worst-off cell lacks {:.2f} of its cover or of the usual speed"
_VOLUME = "size and speed along the vessel are off by {:.2f} of the limit"
_COUNT = "{:.1f} red cells are in view"
_WAY = "the cells run to the right by {:.2f} (to the left: -1)"

MEASURES: dict[str, Measure] = {
    "stays_inside": Measure(insideness, _INSIDE, low=0.45),
    "leaves_vessel": Measure(insideness, _INSIDE, high=0.45),
    "goes_on": Measure(loss, _LOSS, high=0.5),
    "is_lost": Measure(loss, _LOSS, low=0.5, missing=True),
    "keeps_volume": Measure(volume, _VOLUME, high=1.0),
    "breaks_volume": Measure(volume, _VOLUME, low=1.0),
    "left_to_right": Measure(rightward, _WAY, low=0.5),
    "right_to_left": Measure(rightward, _WAY, high=-0.5),
    "few": Measure(cells_in_view, _COUNT, high=3.3),
    "many": Measure(cells_in_view, _COUNT, low=3.3),
    "straight": Measure(unevenness, "a waist or fork is there to {:.2f} of the limit", high=1.0),
    "narrowing": Measure(narrowing, "cells are slimmer in mid-vessel by {:.2f}", low=_WAIST),
    "fork": Measure(forking, "two lumens side by side over {:.2f} of the view", low=_FORK),
}
