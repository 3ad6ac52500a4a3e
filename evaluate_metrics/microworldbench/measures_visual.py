"""Measures of any world: brightness, exposure, sharpness, stillness, cuts and jumps.

Each function takes `Footage` and returns one number; `MEASURES` says for which numbers the
criterion that names the measure is met. Two criteria may share a reading with opposite bands
(`keeps_moving` and `freezes`).

What must not disturb a reading: cells that move over much of the view, a wave that lights up the
picture, a vessel in which everything comes to rest, a black ground in which all light is in the
actors, sensor noise, H.264. Hence robust statistics over the cells of thumbnails throughout.
"""

from __future__ import annotations

import numpy as np

from .footage import Footage
from .reading import Measure

_FLOOR = 0.02
"""Brightness of a dark ground: changes below it are not seen as ratios."""


def _agreed(values: np.ndarray, weights: np.ndarray, share: float) -> np.ndarray:
    """What at least `share` of the weight agrees on, for each row of (T, N): the value nearest to
    zero in the middle part of the values, 0 where that part has both signs."""
    order = np.argsort(values, axis=1)
    ranked = np.take_along_axis(values, order, axis=1)
    total = np.cumsum(np.take_along_axis(weights, order, axis=1) + 1e-6, axis=1)
    total /= total[:, -1:]
    low, high = (
        np.take_along_axis(ranked, np.argmax(total >= part, axis=1)[:, None], axis=1)[:, 0]
        for part in (1 - share, share)
    )
    return np.where(low > 0, low, np.where(high < 0, -high, 0.0))


def flicker(f: Footage) -> float:
    """How far the light of a frame jumps off the mean of its neighbours, as a share of it.

    Counted is what two thirds of the light agree on, in the colour channel that jumps most
    (weighed by its part in the picture); the third largest such jump of the clip.
    """
    s = f.small
    between = 0.5 * (s[:-2] + s[2:])
    jumps = []
    share = s.mean(axis=(0, 1, 2)) + 1e-6
    for channel in range(3):
        weight = (between[..., channel] + s[1:-1, ..., channel]).reshape(len(between), -1)
        off = (s[1:-1] - between)[..., channel].reshape(len(between), -1)
        off = 2 * off / (weight + 2 * _FLOOR)
        jumps.append(_agreed(off, weight, 2 / 3) * share[channel] / share.max())
    return float(np.sort(np.max(jumps, axis=0))[-3])


def fading(f: Footage) -> float:
    """Largest lasting change of the light since the first frames, as the logarithm of a ratio.

    Counted is what three quarters of the light agree on, in the channel that changes most."""
    parts = np.array_split(f.small, min(8, len(f.small) // 2))
    level = np.stack([np.median(part, axis=0) for part in parts]).reshape(len(parts), -1, 3)
    share = level.mean(axis=(0, 1)) + 1e-6
    changes = [
        _agreed(
            np.log((level[1:, :, c] + _FLOOR) / (level[:1, :, c] + _FLOOR)),
            level[1:, :, c] + level[:1, :, c],
            0.75,
        )
        * (share[c] / share.max())
        for c in range(3)
    ]
    return float(np.max(changes))


def brightness_unrest(f: Footage) -> float:
    """The worse of flicker (over 3 %) and fading (over 0.05)."""
    return max(flicker(f) / 0.03, fading(f) / 0.05)


def still_share(f: Footage) -> float:
    """Longest stretch without any change, as a share of the clip's duration.

    The change is that of the twentieth of the cells that changes most from frame to frame: still
    is less than a sixteenth of what it is in the liveliest frames."""
    step = np.abs(np.diff(f.small, axis=0)).max(axis=3).reshape(len(f.small) - 1, -1)
    lively = np.sort(step, axis=1)[:, -step.shape[1] // 20 :].mean(axis=1)
    quiet_below = max(0.06 * float(np.percentile(lively, 90)), 1e-3)
    longest = run = 0
    for quiet in lively < quiet_below:
        run = run + 1 if quiet else 0
        longest = max(longest, run)
    return longest / len(lively)


def _excess(steps: np.ndarray) -> np.ndarray:
    """How far each step exceeds 1.5 times the largest of the two before and the two after it."""
    padded = np.pad(steps, 2)
    around = np.max([padded[:-4], padded[1:-3], padded[3:-1], padded[4:]], axis=0)
    return steps - 1.5 * around


def lost_pattern(f: Footage) -> float:
    """How much of the picture's pattern is lost at once, between two frames, beyond what is usual
    around that moment: 0 nothing, 1 all of it (one minus their correlation)."""
    flat = f.small.reshape(len(f.small), -1, 3)
    flat = (flat - flat.mean(axis=1, keepdims=True)).reshape(len(flat), -1)
    size = np.sqrt(np.square(flat).sum(axis=1)) + 1e-3
    return float(_excess(1 - (flat[1:] * flat[:-1]).sum(axis=1) / (size[1:] * size[:-1])).max())


def leap(f: Footage) -> float:
    """How far the largest change between two frames exceeds those around it, relative to the
    change of the lively frames."""
    step = np.abs(np.diff(f.small, axis=0)).mean(axis=(1, 2, 3))
    return float(_excess(step).max() / max(float(np.percentile(step, 80)), 1e-4))


def cut(f: Footage) -> float:
    """The larger of the lost pattern (over 0.3) and of the leap (over 1)."""
    return max(lost_pattern(f) / 0.3, leap(f))


def disorder(f: Footage) -> float:
    """Change over one frame relative to change over longer times: near 1 when pictures follow one
    another in no order, small when things move a little at a time.

    The longer times are two and three frames, before fast cells are where others were, and all up
    to half of the clip, in which slow things have moved far: the mean of both ratios.
    """
    one, two, three, *longer = (
        float(np.abs(f.small[lag:] - f.small[:-lag]).mean())
        for lag in range(1, max(3, len(f.small) // 2) + 1)
    )
    soon, later = 0.5 * (two + three), float(np.mean([two, three, *longer]))
    return 0.5 * one * (1 / max(soon, 1e-4) + 1 / max(later, 1e-4))


def jumpiness(f: Footage) -> float:
    """The larger of disorder (over 0.88) and the leap (over 0.5)."""
    return max(disorder(f) / 0.88, leap(f) / 0.5)


def contrast(f: Footage) -> float:
    """Range of luma between the 1st and the 99.5th percentile, 0 to 1."""
    low, high = np.percentile(f.grey, [1, 99.5])
    return float(high - low)


def exposure(f: Footage) -> float:
    """The worst of contrast (over 0.3) and of the room left below an eighth of burnt-out and nine
    tenths of black pixels, at most 1."""
    white = float((np.sort(f.frames, axis=3)[..., 1] > 0.985).mean())
    black = float((f.frames.max(axis=3) < 0.02).mean())
    return min(contrast(f) / 0.3, 0.125 / max(white, 0.125), 0.9 / max(black, 0.9))


def sharpness(f: Footage) -> float:
    """Strength of detail finer than about 1/85 of the picture's width, relative to detail between
    that and 1/43; of pictures less than 64 px wide, detail finer than 3/4 of a pixel.

    A picture that is soft by optics, such as vesicles of 1 µm in fluorescence, reads as a blurred
    one does.
    """
    from scipy.ndimage import gaussian_filter

    some = f.grey[:: max(1, len(f.grey) // 8)]
    pixel = max(some.shape[2], 64) / 128
    finer, coarser = (gaussian_filter(some, (0, s * pixel, s * pixel)) for s in (1.5, 3.0))
    return float((some - finer).std() / max(float((finer - coarser).std()), 1e-4))


def wandering(f: Footage) -> float:
    """How far the stillest structures of the picture wander, in hundredths of its width.

    The picture is cut into 256 patches; the wandering of a patch is its change over time relative
    to its slopes. Counted is the 10th percentile of the patches that show structure, in the
    calmest of three stretches of half the clip: somewhere there is a wall, a membrane or a ground
    that stands still, or a time at which the only cell in view does.
    """
    from scipy.ndimage import gaussian_filter

    grey = gaussian_filter(f.grey, (0, 1, 1))
    count, height, width = grey.shape
    rows, columns = min(16, height // 2), min(16, width // 2)
    grey = grey[:, : height // rows * rows, : width // columns * columns]
    span = max(5, count // 2)
    best = np.inf
    for start in range(0, count - span + 1, max(1, span // 2)):
        part = grey[start : start + span]
        down, across = np.gradient(part.mean(axis=0))
        slope, swing = (
            power.reshape(rows, height // rows, columns, width // columns).sum(axis=(1, 3))
            for power in (down**2 + across**2, part.var(axis=0))
        )
        shown = slope >= 0.03 * np.percentile(slope, 95)
        shifts = np.sqrt(swing[shown] / np.maximum(slope[shown], 1e-9))
        best = min(best, float(np.percentile(shifts, 10)))
    return 100 * best / width


_UNREST = "light flickers or fades by {:.2f} of what is allowed"
_STILL = "picture stands still for {:.2f} of the clip"
MEASURES: dict[str, Measure] = {
    "steady_brightness": Measure(brightness_unrest, _UNREST, high=1.0),
    "flickers": Measure(flicker, "light jumps by {:.3f} of itself between frames", low=0.03),
    "steady_background": Measure(
        wandering, "stillest structures wander by {:.2f} % of the width", high=0.3
    ),
    "well_exposed": Measure(exposure, "exposure has {:.2f} of what it needs", low=1.0),
    "sharp": Measure(sharpness, "finest detail has {:.2f} of the strength of the next", low=0.57),
    "keeps_moving": Measure(still_share, _STILL, high=0.15),
    "freezes": Measure(still_share, _STILL, low=0.2),
    "cuts": Measure(cut, "largest break is {:.2f} of what counts as a cut", low=1.0),
    "jumps": Measure(jumpiness, "frames jump by {:.2f} of what counts as jumping", low=1.0),
}
