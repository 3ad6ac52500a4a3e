"""Measures of vesicle_diffusion: free Brownian motion, told from motion that only looks random.

Three laws, read from the steps of tracked vesicles between frames: they share no motion, their
steps add up as those of free particles, and no axis is preferred. Each is read over the whole clip
and over its last three fifths, since a law may be broken late, and the worse reading counts. All
numbers are ratios: no scale in µm or s is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from .footage import Footage
from .measures_vesicle_diffusion_scene import Vesicles, find
from .reading import Measure, NotSeen

_LATE = 0.4  # share of the clip after which its later part begins
_FEWEST = 20  # steps from which law can be told from chance
_PARTS = 5  # places from which a vesicle tells something in a part of the clip

# Limits of what chance gives, for 3 vesicles in 17 frames or more (few steps: chance is widest).
_DRIFT = 3.5
_SHARED = 0.5
_HEADING = 0.45
_HELD = 0.6


def look(footage: Footage) -> Vesicles:
    """The clip's vesicles, tracked. Raises NotSeen without at least two that move."""
    return find(footage)


Worst = Callable[[Iterable[float]], float]


def _worst(vesicles: Vesicles, read: Callable[[np.ndarray], float], worst: Worst = max) -> float:
    """`read` the places (T, N, 2) in the whole clip and in its later part: the worse reading."""
    places = vesicles.places
    readings = []
    for part in (places, places[max(0, int(_LATE * len(places)) - 1) :]):
        known = part[:, np.isfinite(part[..., 0]).sum(axis=0) >= _PARTS]
        if len(_steps(known)) < _FEWEST:
            raise NotSeen("too few steps of vesicles can be followed")
        readings.append(read(known))
    return worst(readings)


def _steps(places: np.ndarray) -> np.ndarray:
    """Steps (K, 2) of all vesicles between successive frames."""
    steps = np.diff(places, axis=0)
    return np.asarray(steps[np.isfinite(steps[..., 0])])


def drift(places: np.ndarray) -> float:
    """Length of the mean step, in standard errors along one axis: by chance 1.2, seldom 3."""
    steps = _steps(places)
    mean = steps.mean(axis=0)
    spread = np.sqrt(np.mean((steps - mean) ** 2))
    return float(np.hypot(*mean) * np.sqrt(len(steps)) / max(spread, 1e-9))


def shared(places: np.ndarray) -> float:
    """Correlation of two vesicles' steps at one time: 0 if independent, 1 if all are the same."""
    steps = np.diff(places, axis=0)
    others = np.maximum(np.isfinite(steps[..., 0]).sum(axis=1) - 1, 0)
    own = np.nansum(steps**2, axis=(1, 2))
    pairs = np.sum(np.nansum(steps, axis=1) ** 2, axis=1) - own
    return float(pairs.sum() / max(float(np.sum(others * own)), 1e-9))


def heading(places: np.ndarray) -> float:
    """Correlation of a vesicle's successive steps: 0 by chance, near 1 for a swimmer."""
    steps = np.diff(places, axis=0)
    before, after = steps[:-1], steps[1:]
    both = np.isfinite(before * after)
    size = 0.5 * np.sum((before**2 + after**2)[both])
    return float(np.sum((before * after)[both]) / max(float(size), 1e-9))


def held(places: np.ndarray) -> float:
    """Share of the way to its mean place that a vesicle's next step takes it back.

    Near 1 when it rattles about a fixed point, and the smaller the longer it wanders freely.
    """
    steps = np.diff(places, axis=0)
    away = (places - np.nanmean(places, axis=0))[:-1]
    both = np.isfinite(steps)
    return float(-np.sum((away * steps)[both]) / max(float(np.sum(away[both] ** 2)), 1e-9))


def evenness(places: np.ndarray) -> float:
    """Mean square of the steps along the axis where it is least, over that along the other."""
    steps = _steps(places)
    least, most = np.linalg.eigvalsh(steps.T @ steps)
    return float(least / max(most, 1e-9))


def common_motion(vesicles: Vesicles) -> float:
    """Drift of the group or steps in common, whichever is stronger, in limits of chance."""
    return max(_worst(vesicles, drift) / _DRIFT, _worst(vesicles, shared) / _SHARED)


def departure(vesicles: Vesicles) -> float:
    """How far the steps of one vesicle are from free diffusion, in limits of chance: kept
    headings (squared displacement outgrows time) or pulls back (it stops growing)."""
    return max(_worst(vesicles, heading) / _HEADING, _worst(vesicles, held) / _HELD)


def least_evenness(vesicles: Vesicles) -> float:
    """`evenness` of the part of the clip where it is less."""
    return _worst(vesicles, evenness, min)


def kept_heading(vesicles: Vesicles) -> float:
    """`heading` of the part of the clip where it is stronger."""
    return _worst(vesicles, heading)


def count(vesicles: Vesicles) -> float:
    """Vesicles in view in the usual frame."""
    return float(np.median(vesicles.counts))


_EVEN = 0.17
_COMMON = "common motion of the vesicles is {:.2f} of the most that chance explains"
_APART = "kept headings or pulls back are {:.2f} of the most that chance explains"
_AXES = "mean square step along one axis is {:.2f} of that along the other"
_COUNT = "{:.0f} vesicles in view"

MEASURES: dict[str, Measure] = {
    "independent": Measure(common_motion, _COMMON, high=1.0),
    "moves_together": Measure(common_motion, _COMMON, low=1.0),
    "diffuses": Measure(departure, _APART, high=1.0),
    "not_diffusing": Measure(departure, _APART, low=1.0),
    "isotropic": Measure(least_evenness, _AXES, low=_EVEN),
    "one_line": Measure(least_evenness, _AXES, high=_EVEN),
    "persists": Measure(
        kept_heading, "successive steps of a vesicle correlate by {:.2f}", low=_HEADING
    ),
    "few": Measure(count, _COUNT, low=2, high=7),
    "many": Measure(count, _COUNT, low=9, high=17),
}
