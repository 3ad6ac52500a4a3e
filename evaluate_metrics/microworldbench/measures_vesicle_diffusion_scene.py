"""Vesicles found and tracked: equal round things, each about an eighth of the field across.

No look and no colour is taken for granted. Round spots are sought in the colours in which they may
stand out; those of the colour that gives the most alike ones are averaged to a picture of a vesicle
of this very clip, and that picture is matched against every frame.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .footage import Footage
from .reading import NotSeen

DIAMETER = 0.125
"""A vesicle's diameter, as a share of the field's width; 0.1 to 0.15 are found."""
_WORK = 64  # the least width in pixels to which pictures are brought, by whole factors
_SAMPLES = 8  # frames from which the picture of a vesicle is taken
_SPOTS_ALIKE = 0.7  # least median correlation of the spots with their mean
_CHANGED = 0.2  # least change of a spot's surroundings, as a share of their contrast, squared
_ALIKE = 0.5  # least correlation of a place with the picture
_STRONG = 0.45, 2.2  # least and largest contrast of a place, in contrasts of the picture
_REACH = 1.1  # the farthest that a vesicle is followed from one frame to the next, in diameters
_GAP = 3  # a vesicle hidden for as many frames is another one
_STILL = 0.05  # rms step in diameters below which nothing moves
# In which vesicles may stand out: warmth, brightness, darkness.
_COLOURS = np.array([[1.0, 0.0, -1.0], [0.299, 0.587, 0.114], [-0.299, -0.587, -0.114]])


@dataclass(frozen=True)
class Vesicles:
    """`places` (T, N, 2): x and y of N tracked vesicles in diameters, NaN where one is not seen;
    `counts` (T,): vesicles in view."""

    places: np.ndarray
    counts: np.ndarray


def find(shown: Footage) -> Vesicles:
    """Every vesicle that can be followed. Raises NotSeen if there are fewer than two that move."""
    frames = _binned(shown.frames)
    diameter = DIAMETER * frames.shape[2]
    picture, mask = _picture(frames, diameter)
    spots = _spots(frames, picture, mask, diameter)
    tracks = _link([xy / diameter for xy in spots])
    fewest = max(5, len(frames) // 4)
    tracks = tracks[:, np.isfinite(tracks[..., 0]).sum(axis=0) >= fewest]
    if tracks.shape[1] < 2:
        raise NotSeen("no vesicles that can be followed were found")
    squares = np.sum(np.diff(tracks, axis=0) ** 2, axis=2)
    known = np.isfinite(squares)
    if not known.any() or np.sqrt(squares[known].mean()) < _STILL:
        raise NotSeen("the vesicles do not move")
    return Vesicles(tracks, _in_view(tracks))


def _binned(frames: np.ndarray) -> np.ndarray:
    """Frames (T, H, W, 3) with blocks of pixels averaged, at least `_WORK` px wide if they were."""
    by = max(1, frames.shape[2] // _WORK)
    t, h, w = frames.shape[0], frames.shape[1] // by, frames.shape[2] // by
    blocks = frames[:, : h * by, : w * by].reshape(t, h, by, w, by, 3)
    return np.asarray(blocks.mean(axis=(2, 4)), np.float32)


def _picture(frames: np.ndarray, diameter: float) -> tuple[np.ndarray, np.ndarray]:
    """What a vesicle of this clip looks like: (P, P, 3) of mean 0 within a disc; the disc (P, P).

    The disc reaches half a radius beyond the rim. Raises NotSeen if no spots are alike and move.
    """
    sample = frames[np.linspace(0, len(frames) - 1, _SAMPLES).round().astype(int)]
    half = round(0.75 * diameter)
    grid = np.arange(-half, half + 1)
    mask = (grid[:, None] ** 2 + grid**2 <= (0.75 * diameter) ** 2).astype(np.float32)
    padded = np.pad(sample, ((0, 0), (half, half), (half, half), (0, 0)), mode="edge")
    best, most, moving = None, _SPOTS_ALIKE, False
    for colour in _COLOURS:
        t, y, x = _round_spots(sample @ colour.astype(np.float32), diameter).T
        patches = _cut(padded, t, y, x, mask)
        later = _cut(padded, (t + _SAMPLES // 2) % _SAMPLES, y, x, mask)
        # What looks the same half a clip later is scenery.
        power = np.sum(patches**2, axis=(1, 2, 3))
        moved = np.sum((patches - later) ** 2, axis=(1, 2, 3)) > _CHANGED * power
        moving = moving or bool(moved.any())
        if moved.sum() < _SAMPLES:
            continue
        patches, power = patches[moved], power[moved]
        mean = patches.mean(axis=0)
        match = np.sum(patches * mean, axis=(1, 2, 3))
        alike = float(np.median(match / np.sqrt(np.maximum(power * np.sum(mean**2), 1e-9))))
        if alike > most:
            best, most = mean, alike
    if best is None:
        raise NotSeen("no vesicles were found" if moving else "no vesicle moves")
    return best, mask


def _cut(
    padded: np.ndarray, t: np.ndarray, y: np.ndarray, x: np.ndarray, mask: np.ndarray
) -> np.ndarray:
    """Patches (K, P, P, 3) of padded pictures (S, h, w, 3), of mean 0 within the disc `mask`."""
    grid = np.arange(len(mask))
    rows, columns = y[:, None, None] + grid[:, None], x[:, None, None] + grid
    patches = padded[t[:, None, None], rows, columns]
    mean = np.einsum("kyxc,yx->kc", patches, mask)[:, None, None] / mask.sum()
    return np.asarray(mask[..., None] * (patches - mean))


def _round_spots(grey: np.ndarray, diameter: float) -> np.ndarray:
    """Frame, y and x (K, 3) of bright spots of about this diameter in pictures (S, h, w)."""
    from scipy.ndimage import gaussian_filter, maximum_filter

    # A disc of radius r excites a difference of Gaussians most at σ = r / √2.
    inner = gaussian_filter(grey, (0, 0.35 * diameter, 0.35 * diameter), truncate=3)
    outer = gaussian_filter(grey, (0, 0.56 * diameter, 0.56 * diameter), truncate=3)
    excess = inner - outer
    around = 2 * round(0.5 * diameter) + 1
    least = 0.55 * float(np.median(excess.max(axis=(1, 2))))
    tops = (excess == maximum_filter(excess, (1, around, around))) & (excess > max(least, 1e-4))
    return np.argwhere(tops)


def _spots(
    frames: np.ndarray, picture: np.ndarray, mask: np.ndarray, diameter: float
) -> list[np.ndarray]:
    """Places (K, 2) in each frame, x and y in pixels, that look like the picture of a vesicle."""
    from scipy.fft import irfft2, rfft2
    from scipy.ndimage import maximum_filter

    count, height, width = frames.shape[:3]
    half = len(mask) // 2
    shape = (height + 2 * half, width + 2 * half)
    padded = np.pad(frames, ((0, 0), (half, half), (half, half), (0, 0)), mode="edge")
    planes = np.moveaxis(np.concatenate([padded, (padded**2).sum(-1, keepdims=True)], -1), -1, 1)
    spectra = rfft2(planes)
    disc = np.conj(rfft2(mask, shape))
    kernel = np.conj(rfft2(np.moveaxis(picture, -1, 0), shape))
    match = irfft2((spectra[:, :3] * kernel).sum(axis=1), shape)[:, :height, :width]
    sums = irfft2(spectra * disc, shape)[..., :height, :width]
    power = np.maximum(sums[:, 3] - (sums[:, :3] ** 2).sum(axis=1) / mask.sum(), 1e-6)
    size = float(np.sum(picture**2))
    around = 2 * round(0.35 * diameter) + 1
    tops = match == maximum_filter(match, (1, around, around))
    tops &= match > _ALIKE * np.sqrt(power * size)
    tops &= (match > _STRONG[0] * size) & (match < _STRONG[1] * size)
    tops[:, [0, -1]] = tops[:, :, [0, -1]] = False
    found = np.argwhere(tops)
    t, y, x = found.T
    middle = match[t, y, x]
    places = []
    for at, before, after in (
        (x, match[t, y, x - 1], match[t, y, x + 1]),
        (y, match[t, y - 1, x], match[t, y + 1, x]),
    ):
        # The top of a parabola through three neighbours.
        places.append(at + 0.5 * (after - before) / np.maximum(2 * middle - before - after, 1e-9))
    xy = np.stack(places, axis=1)
    return [xy[t == frame] for frame in range(count)]


def _link(spots: list[np.ndarray]) -> np.ndarray:
    """Tracks (T, N, 2) of spots (K, 2) per frame: the nearest pairs are joined first."""
    last = np.zeros((0, 2))
    seen = np.zeros(0, int)
    rows: list[list[tuple[int, np.ndarray]]] = []
    for frame, here in enumerate(spots):
        taken = np.zeros(len(here), bool)
        if len(here) and len(last):
            waited = frame - seen
            apart = np.linalg.norm(last[:, None] - here, axis=2) / np.sqrt(waited)[:, None]
            apart[waited > _GAP] = np.inf
            for flat in np.argsort(apart, axis=None):
                k, j = divmod(int(flat), len(here))
                if apart[k, j] > _REACH:
                    break
                if seen[k] < frame and not taken[j]:
                    taken[j] = True
                    last[k], seen[k] = here[j], frame
                    rows[k].append((frame, here[j]))
        rows += [[(frame, xy)] for xy in here[~taken]]
        last = np.concatenate([last, here[~taken]])
        seen = np.concatenate([seen, np.full((~taken).sum(), frame)])
    tracks = np.full((len(spots), len(rows), 2), np.nan)
    for k, row in enumerate(rows):
        for frame, xy in row:
            tracks[frame, k] = xy
    return tracks


def _in_view(tracks: np.ndarray) -> np.ndarray:
    """Tracks (T, N, 2) in view in each frame, (T,): from first to last sight."""
    seen = np.isfinite(tracks[..., 0])
    begun = np.maximum.accumulate(seen, axis=0)
    ahead = np.maximum.accumulate(seen[::-1], axis=0)[::-1]
    return (begun & ahead).sum(axis=1)
