"""Red cells in a capillary followed through a clip, and what is missing where one should be.

Cells in single file may touch in a blurred picture; what matters then is how many cells' worth of
cover there is, not into how many pieces it falls.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from .footage import Footage
from .measures_capillary_flow_cells import Cell, cells_of, cover_of, usual_size
from .reading import NotSeen

_LANES = 2.7
"""Cells pass over at most so many lanes as wide as they are: two branches and one astray."""
_ONWARD = 0.6
"""Share of the way of all cells that must lead along the flow."""
_COAST = 6
"""Frames for which a cell that is not found is still expected."""


@dataclass
class Track:
    """A cell over time: `frames`, the `cells` found there, and what its place lacks elsewhere.

    `missing` maps frames in which it should be in view and was not found to the share of a cell's
    cover (0 to 1) that is not there.
    """

    frames: list[int]
    cells: list[Cell]
    drift: np.ndarray
    missing: dict[int, float] = field(default_factory=dict)

    def at(self, frame: int) -> np.ndarray:
        """Where it should be in `frame` if it goes on as it last did, (x, y)."""
        last = np.array([self.cells[-1].x, self.cells[-1].y])
        return last + (frame - self.frames[-1]) * self.drift


@dataclass(frozen=True)
class Scene:
    """What is seen of a capillary, turned so that the blood flows along x.

    `tracks` are the cells followed forwards, `back` those followed from the last frame to the
    first. `behind` (H, W, 3) is the picture without cells, `bore` the usual width of a cell in
    pixels, `flow` the usual step of a cell per frame (x, y), `found` the cells of each frame,
    `swap` whether the picture was turned, `cell_mass` the usual cover of a whole cell in pixels.
    """

    tracks: list[Track]
    back: list[Track]
    behind: np.ndarray
    bore: float
    flow: np.ndarray
    found: list[list[Cell]]
    cell_mass: float
    swap: bool

    @property
    def length(self) -> int:
        """Pixels from where the blood comes in to where it leaves the view."""
        return self.behind.shape[1]


def look(footage: Footage) -> Scene:
    """Finds and follows the red cells. Raises NotSeen where nothing red passes."""
    cover, behind = cover_of(footage.frames)
    bore = usual_size(cover)
    found, labels = cells_of(cover, bore)
    flow = _flow(found, bore)
    swap = bool(abs(flow[1]) > abs(flow[0]))
    if swap:
        behind = behind.swapaxes(0, 1)
        labels = labels.swapaxes(1, 2)
        found = [[_turned(cell) for cell in cells] for cells in found]
        flow = flow[::-1]
    whole = [c.mass for cells in found for c in cells if not c.cut]
    if not whole:
        raise NotSeen("no whole red cell in view")
    mass = float(np.median(whole))
    # Specks keep their numbers, but are no cells.
    noted = [[c if c.cut or c.mass > 0.3 * mass else None for c in cells] for cells in found]
    found = [[c for c in cells if c] for cells in noted]
    _check_file(labels > 0, bore)
    tracks = follow(noted, labels, flow, bore, mass)
    back = follow(noted[::-1], labels[::-1], -flow, bore, mass)
    _check_way(tracks, flow)
    return Scene(tracks, back, behind, bore, flow, found, mass, swap)


def _check_file(passed: np.ndarray, bore: float) -> None:
    """Raises NotSeen unless the pixels that cells pass over, (T, H, W), are few lanes."""
    if passed.any(axis=0).sum() > _LANES * bore * passed.shape[2]:
        raise NotSeen("what moves is all over the picture, not in a capillary")


def _check_way(tracks: list[Track], flow: np.ndarray) -> None:
    """Raises NotSeen unless most of what moves goes the same way."""
    onward = walked = 0.0
    for track in tracks:
        if len(track.cells) > 3:
            steps = np.diff(_places(track.cells), axis=0)
            onward += float(steps[:, 0].sum() * np.sign(flow[0]))
            walked += float(np.hypot(*steps.T).sum())
    if not walked:
        raise NotSeen("no red cell can be followed")
    if onward < _ONWARD * walked:
        raise NotSeen("nothing flows one way")


def _turned(cell: Cell) -> Cell:
    return Cell(cell.y, cell.x, cell.mass, cell.spread[::-1, ::-1], cell.cut)


def _places(cells: Sequence[Cell | None]) -> np.ndarray:
    """Centres (N, 2) as (x, y), infinite for specks."""
    return np.array([[c.x, c.y] if c else [np.inf, np.inf] for c in cells]).reshape(-1, 2)


def _flow(found: list[list[Cell]], bore: float) -> np.ndarray:
    """Usual step of a cell from one frame to the next (x, y): between mutual neighbours."""
    steps = []
    for before, after in pairwise(found):
        a, b = _places(before), _places(after)
        if not len(a) or not len(b):
            continue
        apart = np.hypot(*(b[None] - a[:, None]).transpose(2, 0, 1))
        best = apart.argmin(axis=1)
        for i, j in enumerate(best):
            whole = not before[i].cut and not after[j].cut
            if whole and apart[:, j].argmin() == i and apart[i, j] < 1.2 * bore:
                steps.append(b[j] - a[i])
    if len(steps) < 4:
        raise NotSeen("no red cell can be followed")
    step = np.median(steps, axis=0)
    if np.hypot(*step) < 0.02 * bore:
        raise NotSeen("the red cells do not move")
    return np.asarray(step)


def follow(
    found: Sequence[Sequence[Cell | None]],
    labels: np.ndarray,
    flow: np.ndarray,
    bore: float,
    usual: float,
) -> list[Track]:
    """Tracks of the cells `found` in each frame; `labels` (T, H, W) number them from 1.

    `flow` is the usual step (x, y), `bore` the usual width of a cell in pixels, `usual` its cover.
    """
    tracks: list[Track] = []
    active: list[Track] = []
    for frame, cells in enumerate(found):
        places = _places(cells)
        taken: dict[int, Track] = {}
        if active and cells:
            where = np.array([track.at(frame) for track in active])
            apart = np.hypot(*(places[None] - where[:, None]).transpose(2, 0, 1))
            # One that was not found for some frames may be a little farther off.
            unsure = np.array([frame - track.frames[-1] for track in active])
            reach = 0.45 * bore + 0.3 * np.hypot(*flow) * unsure
            matched: set[int] = set()
            nearest = np.unravel_index(np.argsort(apart, axis=None), apart.shape)
            for i, j in zip(*nearest, strict=True):
                if apart[i, j] > reach[i] or i in matched or j in taken:
                    continue
                matched.add(i)
                taken[int(j)] = active[i]
        held = {id(track) for track in taken.values()}
        for track in active:
            if id(track) not in held:
                lack = _lack(track, frame, cells, taken, labels[frame], bore, usual)
                if lack is not None:
                    track.missing[frame] = lack
        for j, cell in enumerate(cells):
            if cell is None:
                continue
            if j in taken:
                _extend(taken[j], frame, cell)
            else:
                track = Track([frame], [cell], _nearby_drift(active, cell, flow, bore))
                tracks.append(track)
                active.append(track)
        active = [t for t in active if frame - t.frames[-1] < _COAST]
    return tracks


def _nearby_drift(active: list[Track], cell: Cell, flow: np.ndarray, bore: float) -> np.ndarray:
    """What a new cell may be expected to do: the same as one beside it, or the usual."""
    near = [t for t in active if len(t.frames) > 2]
    near = [t for t in near if np.hypot(t.cells[-1].x - cell.x, t.cells[-1].y - cell.y) < 2 * bore]
    return np.median([t.drift for t in near], axis=0) if near else flow


def _extend(track: Track, frame: int, cell: Cell) -> None:
    track.frames.append(frame)
    track.cells.append(cell)
    back = min(3, len(track.frames) - 1)
    first = track.cells[-1 - back]
    moved = np.array([cell.x - first.x, cell.y - first.y])
    # The centre of a cell that the picture's edge cuts is not where the whole cell's would be.
    if not first.cut and not cell.cut:
        track.drift = moved / (frame - track.frames[-1 - back])


def _lack(
    track: Track,
    frame: int,
    cells: Sequence[Cell | None],
    taken: dict[int, Track],
    numbers: np.ndarray,
    bore: float,
    usual: float,
) -> float | None:
    """Share of a cell's cover missing where `track` should be in `frame`; None near the edge."""
    x, y = track.at(frame)
    height, width = numbers.shape
    whole = [cell for cell in track.cells if not cell.cut]
    if not whole or not (bore < x < width - bore and 0.5 * bore < y < height - 0.5 * bore):
        return None
    mass = float(np.median([cell.mass for cell in whole[-5:]]))
    if mass < 0.6 * usual:
        return None
    # Where one goes that was seen once only is less sure.
    unsure = 0.3 * (frame - track.frames[-1]) if len(track.frames) < 3 else 0.0
    reach = max(1, round(0.2 * bore + unsure * np.hypot(*track.drift)))
    row, column = round(y), round(x)
    top, left = max(0, row - reach), max(0, column - reach)
    around = numbers[top : row + reach + 1, left : column + reach + 1]
    here = around[around > 0]
    if not len(here):
        return 1.0
    j = int(np.bincount(here).argmax()) - 1
    there = cells[j]
    if there is None:
        return 1.0
    if there.cut:
        return None
    # What is there may belong to another cell: only what it has more than its due is ours.
    other = taken.get(j)
    due = 0.0
    if other is not None:
        due = float(np.median([c.mass for c in other.cells if not c.cut][-5:] or [mass]))
    return float(np.clip(1 - (there.mass - due) / mass, 0, 1))
