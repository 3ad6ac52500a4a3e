"""Measures of the calcium wave: where and when each place of the cell lights up, and dims.

Nothing but the calcium signal changes in such a clip, in whatever colours it is drawn. So the
colour in which the clip changes most is the signal's; its sign is that of the change from the
first frame, in which most of the cell still rests; and the cell is where it changes. From the
signal follows a map of arrival times, and three laws are read from the two:

- *pace*: the front covers equal ways in equal times. It neither slows like a spreading dye nor
  races away; a ring may quicken a little while it is small (c = c0 - D / R).
- *refractory wake*: a place that has been passed dims and does not light up again.
- *no leap*: what lights up touches what has been lit.

Lengths are in halves of the cell's length and times in frames: no scale has to be trusted.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .footage import Footage
from .reading import Measure, NotSeen

_LEAST_CHANGE = 0.06  # out of 1: what the signal must add to the picture at its peak
_LIT = 0.35  # of a strong signal: a place that never reaches it is not of the cell
_PLAIN = 0.6  # of the usual peak: a place that never reaches it tells no time
_LEAST_CELL = 0.15  # share of the picture that lights up
_LEAST_WHOLE = 0.7  # share of what lights up that is one piece
_LEAST_SOLID = 0.6  # share of its bounding box that this piece fills
_LEAST_ORDER = 0.4  # correlation of the time of arrival with the way from where the wave began
_MOST_RAGGED = 0.06  # scatter of neighbours' arrival, by that of all
_MIDDLE = 0.45  # half lengths: a wave that begins nearer to the cell's middle is a ring
_A_SPOT, _NEARLY_ALL = 0.04, 0.95  # share of the cell lit: the front's pace is told in between
_ISLAND = 0.006  # share of the cell from which on a lit patch counts as one

# On true clips (three looks, 64 to 192 px, 17 to 49 frames, with H.264 and without) the first
# stays within 0.051, the others within 0.064 and 0.45 and at 0; broken laws read at least 0.061,
# 0.25 and 0.08.
_MOST_BOW, _MOST_RELIT, _MOST_AFTERGLOW, _MOST_LEAP = 0.053, 0.15, 0.65, 0.05


@dataclass(frozen=True)
class Wave:
    """A wave as maps over the picture (H, W) and its T frames.

    `signal` (T, H, W): what calcium adds, at least 0 and 1 where it is strong. `cell` (H, W)
    bool: where it comes, without holes. `arrival` (H, W): the frame, with decimals, in which it
    first rises through half of its peak; 0 if the clip begins with it. `seen` (H, W) bool: where it
    does so plainly; `late`: where the clip ends before. `rest` (H, W): luma of the first frame.
    """

    signal: np.ndarray
    cell: np.ndarray
    arrival: np.ndarray
    seen: np.ndarray
    late: np.ndarray
    rest: np.ndarray

    @cached_property
    def peak(self) -> np.ndarray:
        """The signal's highest (H, W), at least a half, so that it can be divided by."""
        return np.maximum(self.signal.max(axis=0), 0.5)

    @cached_property
    def half(self) -> float:
        """Half the cell's length in pixels, of its longer side along x or y."""
        y, x = np.nonzero(self.cell)
        return 0.5 * (1 + max(np.ptp(x), np.ptp(y)))

    @cached_property
    def points(self) -> np.ndarray:
        """The cell's pixels (N, 2), x and y from its centre in half lengths."""
        y, x = np.nonzero(self.cell)
        return np.stack([x - x.mean(), y - y.mean()], axis=1) / self.half

    @cached_property
    def times(self) -> np.ndarray:
        """Arrival (N,) at `points`, in frames."""
        return self.arrival[self.cell]

    @cached_property
    def first(self) -> np.ndarray:
        """Which of `points` (N,) light up first, or are lit when the clip begins."""
        return self.times <= np.quantile(self.times, 0.06)

    @cached_property
    def origin(self) -> np.ndarray:
        """Where the wave begins, x and y from the cell's centre in half lengths."""
        return np.median(self.points[self.first], axis=0)

    @cached_property
    def course(self) -> tuple[np.ndarray, np.ndarray]:
        """How far `points` lie along the front's way, in half lengths, and which tell its pace.

        Both (N,). A ring's way is the radius, a plane front's the direction in which it arrives
        later and later; near the membrane it bends, so only the middle of it counts. So does
        only the way that all of the front has come in the clip.
        """
        told = self.seen[self.cell]
        if np.hypot(*self.origin) < _MIDDLE:
            way = np.hypot(*(self.points - self.origin).T)
        else:
            later = self.times > 0
            basis = np.column_stack([self.points[later], np.ones(int(later.sum()))])
            slope = np.linalg.lstsq(basis, self.times[later], rcond=None)[0][:2]
            ahead = slope / max(float(np.hypot(*slope)), 1e-9)
            way = self.points @ ahead
            told = told & (np.abs(self.points @ np.array([-ahead[1], ahead[0]])) < 0.5)
        if self.late.sum() > 10:
            told = told & (way < np.quantile(way[self.late[self.cell]], 0.1))
        return way, told


def look(footage: Footage) -> Wave:
    """Finds the wave. Raises NotSeen where nothing lights up, or not as a travelling front."""
    from scipy import ndimage

    signal = _signal(footage.smooth)
    strong = float(np.quantile(signal.max(axis=0), 0.98))
    if strong < _LEAST_CHANGE:
        raise NotSeen("no calcium signal lights up")
    signal /= strong
    labels, count = ndimage.label(signal.max(axis=0) > _LIT)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)[1:]
    cell = ndimage.binary_fill_holes(labels == 1 + int(np.argmax(sizes)))
    y, x = np.nonzero(cell)
    solid = len(x) / ((1 + np.ptp(x)) * (1 + np.ptp(y)))
    whole = sizes.max() / sizes.sum()
    if cell.mean() < _LEAST_CELL or whole < _LEAST_WHOLE or solid < _LEAST_SOLID:
        raise NotSeen("no cell that a calcium signal fills")
    wave = Wave(signal, cell, *_arrival(signal, cell), footage.grey[0])
    if not _travels(wave):
        raise NotSeen("what lights up does not spread as a front")
    return wave


def _signal(frames: np.ndarray) -> np.ndarray:
    """(T, H, W): frames (T, H, W, 3) along the colour in which they change most, above each
    pixel's least."""
    change = (frames - frames[0]).reshape(-1, 3)
    spread = change - change.mean(axis=0)
    colour = np.linalg.eigh(spread.T @ spread)[1][:, -1]
    if change.mean(axis=0) @ colour < 0:
        colour = -colour
    level = frames @ colour.astype(np.float32)
    return level - level.min(axis=0)


def _arrival(signal: np.ndarray, cell: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Frame (H, W) in which each pixel's `signal` (T, H, W) first rises through half its peak;
    whether (H, W) it does so plainly, and whether it is still on the way when the clip ends."""
    from scipy import ndimage

    peak = signal.max(axis=0)
    # The last frame cuts rises short: what still rises there is taken to rise as far as others.
    cut = cell & (signal.argmax(axis=0) == len(signal) - 1)
    usual = float(np.median(peak[cell & ~cut])) if (cell & ~cut).any() else 1.0
    half = 0.5 * np.maximum(np.where(cut, np.maximum(peak, usual), peak), _LIT)
    lit = signal >= half
    late = cut & ~lit.any(axis=0)
    # The nucleus covers most of the signal; what shines through is blurred over from beside it.
    seen = cell & lit.any(axis=0) & (peak > _PLAIN * usual)
    frame = np.argmax(lit, axis=0)
    before = np.maximum(frame - 1, 0)
    y, x = np.indices(frame.shape)
    low, high = signal[before, y, x], signal[frame, y, x]
    part = np.clip((half - low) / np.maximum(high - low, 1e-6), 0, 1)
    time = np.where(frame > 0, before + part, 0.0)
    # Other places, and those outside of the cell, take the time of what is next to them.
    near = ndimage.distance_transform_edt(~seen, return_distances=False, return_indices=True)
    time = ndimage.median_filter(time[near[0], near[1]], 3)
    # A wave that has come all around a place has come to it.
    for i in range(len(signal)):
        passed = ndimage.binary_fill_holes(cell & (time <= i))
        time[passed] = np.minimum(time[passed], i)
    return time, seen, late


def _travels(wave: Wave) -> bool:
    """Whether places light up one after the other, the farther the later."""
    from scipy import ndimage

    scatter = float(wave.times.std())
    if scatter < 0.5 or (wave.times > 0).sum() < 50:
        return False
    calm = ndimage.median_filter(wave.arrival, 7)
    ragged = np.abs(wave.arrival - calm)[wave.cell].mean() / scatter
    way, _ = wave.course
    order = np.corrcoef(way, wave.times)[0, 1]
    return bool(ragged < _MOST_RAGGED and order > _LEAST_ORDER)


def _bow(wave: Wave) -> float:
    """How far the front's times bend away from those of an even pace, as a share of the time.

    0 where equal ways take equal times; above it for a front that has quickened (it was later
    half-way than an even one), below it for one that has slowed. The front's place is read at
    whole frames, as the way within which there is as much of the cell as is lit: between frames
    a steep front is nowhere to be seen.
    """
    way, told = wave.course
    way, times = way[told], wave.times[told]
    if len(way) < 50:
        return float("nan")
    frames = np.arange(1, len(wave.signal))
    lit = (times[:, None] <= frames).mean(axis=0)
    on_its_way = (lit > _A_SPOT) & (lit < _NEARLY_ALL)
    frames, lit = frames[on_its_way], lit[on_its_way]
    if len(frames) < 4:
        return float("nan")
    come = np.quantile(way, lit)
    done = (come - come[0]) / max(float(come[-1] - come[0]), 1e-9)
    bend = (frames - frames[0]) / (frames[-1] - frames[0]) - done
    return float(bend[np.argmax(np.abs(bend))])


def _relit(wave: Wave) -> float:
    """How deep a place dims between two glows, as a share of its peak: of a tenth of the cell,
    the places where it dims most, the least."""
    signal = wave.signal
    earlier = np.maximum.accumulate(signal, axis=0)
    later = np.maximum.accumulate(signal[::-1], axis=0)[::-1]
    valley = (np.minimum(earlier, later) - signal).max(axis=0) / wave.peak
    return float(np.quantile(valley[wave.cell], 0.90))


def _afterglow(wave: Wave) -> float:
    """What the clip's end still shows of the glow where the front came early, by its peak there.

    Not where it began: a place that is lit all the time has no resting level to compare with.
    """
    early = (wave.times > 0) & (wave.times <= np.quantile(wave.times, 0.15))
    left = wave.signal[-1] / wave.peak
    return float(np.median(left[wave.cell][early])) if early.any() else float("nan")


def _wake(wave: Wave) -> float:
    """The worse of the two ways not to stay dark: 1 is the most that is allowed."""
    return max(_relit(wave) / _MOST_RELIT, _afterglow(wave) / _MOST_AFTERGLOW)


def _leap(wave: Wave) -> float:
    """The widest unlit way between what is lit where the wave began and another lit patch, in
    lengths of the cell; 0 where what is lit is one piece throughout."""
    from scipy import ndimage

    started = np.zeros_like(wave.cell)
    started[wave.cell] = wave.first
    widest = 0.0
    for frame in range(len(wave.signal)):
        labels, count = ndimage.label(wave.cell & (wave.arrival <= frame))
        sizes = np.bincount(labels.ravel(), minlength=count + 1)
        patches = [i for i in range(1, count + 1) if sizes[i] >= _ISLAND * wave.cell.sum()]
        if len(patches) < 2:
            continue
        main = max(patches, key=lambda i: int(started[labels == i].sum()))
        apart = ndimage.distance_transform_edt(labels != main)
        widest = max(widest, *(float(apart[labels == i].min()) for i in patches if i != main))
    return widest / (2 * wave.half)


def _rightwards(wave: Wave) -> float:
    """Correlation of the time of arrival with x: 1 left to right, -1 right to left, 0 a ring."""
    return float(np.corrcoef(wave.points[:, 0], wave.times)[0, 1])


def _off_middle(wave: Wave) -> float:
    """How far from the cell's centre the wave begins, in half lengths."""
    return float(np.hypot(*wave.origin))


def _resting(wave: Wave) -> float:
    """Luma of the resting cell, 0 to 1: what the wave has not reached in the first frame."""
    ahead = wave.cell & (wave.arrival > 1)
    return float(np.median(wave.rest[ahead])) if ahead.any() else float("nan")


MEASURES: dict[str, Measure] = {
    "constant_speed": Measure(
        _bow,
        "half-way the front is {:+.3f} of its time off an even pace",
        low=-_MOST_BOW,
        high=_MOST_BOW,
    ),
    "changes_speed": Measure(
        lambda wave: abs(_bow(wave)),
        "the front strays by {:.3f} of its time from an even pace",
        low=_MOST_BOW,
    ),
    "stays_dim": Measure(
        _wake,
        "where the front has passed, the glow is {:.2f} of what a refractory wake may show",
        high=1.0,
    ),
    "fires_again": Measure(
        _relit,
        "between two glows, places dim by {:.2f} of their peak",
        low=_MOST_RELIT,
    ),
    "unbroken": Measure(
        _leap,
        "the signal leaps over {:.2f} cell lengths of resting cytosol",
        high=_MOST_LEAP,
    ),
    "jumps_gap": Measure(
        _leap,
        "lit places are up to {:.2f} cell lengths of resting cytosol apart",
        low=_MOST_LEAP,
    ),
    "left_to_right": Measure(
        _rightwards, "later arrival goes with places farther right, r = {:+.2f}", low=0.6
    ),
    "right_to_left": Measure(
        _rightwards,
        "later arrival goes with places farther left if negative, r = {:+.2f}",
        high=-0.6,
    ),
    "outward": Measure(
        _off_middle, "the wave begins {:.2f} half lengths from the cell's middle", high=0.3
    ),
    "dark_at_rest": Measure(_resting, "the resting cell's brightness is {:.2f} of 1", high=0.2),
}
