"""Measures of mitosis: the order of its steps, the furrow's turn, what becomes of the chromatin.

Lengths are in radii of the mother cell and times in shares of the clip, so that no stated scale is
trusted. A clip in which chromatin never parts, or no furrow forms, breaks none of these laws; that
the cell does not divide is for `two_cells` and the axis to say.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .footage import Footage
from .measures_mitosis_scene import Division, find_division
from .reading import Measure, NotSeen

_BELT = 0.1
"""Half width of the equator's belt."""
_PARTED = 0.8
"""Distance between the two halves of the chromatin beyond which they are separate sets."""
_NARROWED = 0.87
"""Waist over the greatest width at which a furrow is plain."""
_PLATE_WIDTH = 0.19
"""Standard deviation of the chromatin's distance from the equator, at most, in a plate."""
_PLATE_SHARE = 0.22
"""Share of a plate's chromatin that lies in the belt, at least."""

PLATE_LASTS = 0.16
"""Share of the clip for which the plate waits, at least: the checkpoint's delay."""
PARTING_LASTS = 0.03
"""Share of the clip in which the belt empties, at most, beside the one frame that any step takes.
"""
UNEQUAL = 0.075
"""How far a daughter's share of the chromatin may be from one half."""
KEPT = 0.90
"""Least chromatin at the end, of that at the start."""
_SHOWN = {"painted": 0.87, "absorbed": 0.78, "emitted": 1.0}
"""How much of its chromatin a new nucleus shows, where it is spread thin, of what condensed
chromosomes show."""


@dataclass(frozen=True)
class Story:
    """What happens in a clip, as series over its T frames.

    `belt`: share of the chromatin in the equator's belt; `apart`: distance between its two halves;
    `width`: standard deviation of its distance from the equator; `left`: share of it on the side
    of negative x; `waist`: the cell's width at the equator over its greatest; `amount`: chromatin;
    `axis` as in `Division`.
    """

    belt: np.ndarray
    apart: np.ndarray
    width: np.ndarray
    left: np.ndarray
    waist: np.ndarray
    amount: np.ndarray
    axis: np.ndarray

    @property
    def count(self) -> int:
        return len(self.belt)

    @property
    def last(self) -> slice:
        """The last sixth: the daughters' frames."""
        return slice(-max(2, self.count // 6), None)

    @property
    def divides(self) -> bool:
        """Whether the chromatin ends up as two sets."""
        return float(np.median(self.apart[self.last])) > _PARTED

    @cached_property
    def flat(self) -> np.ndarray:
        """Whether the chromatin is one narrow belt, (T,)."""
        return (self.width < _PLATE_WIDTH) & (self.belt > _PLATE_SHARE)

    @cached_property
    def full(self) -> float:
        """The belt's share of the chromatin in the plate."""
        plate = self.belt[self.flat] if self.flat.any() else self.belt
        return float(np.percentile(plate, 60))


def look(shown: Footage) -> Story:
    """Finds the cell and reads its story. Raises `NotSeen`."""
    found = find_division(shown)
    cover = found.chromatin
    total = np.maximum(cover.sum(axis=(1, 2)), 1e-6)

    def mean(values: np.ndarray) -> np.ndarray:
        return (cover * values).sum(axis=(1, 2)) / total

    stuff, tone = (np.maximum(v.sum(axis=(1, 2)), 1e-6) for v in (found.stuff, found.tone))
    return Story(
        belt=mean(np.abs(found.x) < _BELT),
        apart=2 * mean(np.abs(found.x)),
        width=np.sqrt(mean(found.x**2)),
        left=(found.tone * (found.x < 0)).sum(axis=(1, 2)) / tone,
        waist=_waist(found),
        amount=stuff / stuff[0] / _SHOWN[found.light],
        axis=found.axis,
    )


def _waist(found: Division) -> np.ndarray:
    """Width at the equator over the greatest width, 1 for the round mother, (T,)."""
    places = np.arange(-18, 19) / 10
    widths = np.stack(
        [(found.cell & (np.abs(found.x - x) < 0.08)).sum(axis=(1, 2)) for x in places], axis=1
    )
    waist = widths[:, len(places) // 2] / np.maximum(widths.max(axis=1), 1)
    # One ragged outline is no furrow.
    waist[1:-1] = np.median([waist[:-2], waist[1:-1], waist[2:]], axis=0)
    return waist / max(float(np.median(waist[: max(2, len(waist) // 8)])), 1e-6)


def _last_above(values: np.ndarray, level: float) -> float:
    """Time in frames, between two where need be, at which `values` are above `level` last."""
    above = np.flatnonzero(values > level)
    if not len(above):
        return 0.0
    i = int(above[-1])
    if i == len(values) - 1:
        return float(i)
    return i + float((values[i] - level) / (values[i] - values[i + 1]))


def plate_lasts(s: Story) -> float:
    """Longest stretch in which the chromatin is one narrow belt, as a share of the clip."""
    longest = run = 0
    for flat in s.flat:
        run = run + 1 if flat else 0
        longest = max(longest, run)
    return longest / (s.count - 1)


def parting_lasts(s: Story) -> float:
    """Frames from the belt's first loss of chromatin to its last."""
    return _last_above(s.belt, 0.3 * s.full) - _last_above(s.belt, 0.9 * s.full)


def order(s: Story) -> float:
    """How well the plate is kept and left, 1 where it just passes: the worse of how long it lasts
    and how much at once its sisters part."""
    if not s.divides:
        return 2.0
    allowed = 1 + PARTING_LASTS * (s.count - 1)
    return min(plate_lasts(s) / PLATE_LASTS, allowed / max(parting_lasts(s), 0.5), 2.0)


def furrow(s: Story) -> float:
    """Distance between the two halves of the chromatin when the waist has plainly narrowed."""
    narrow = np.flatnonzero(s.waist < _NARROWED)
    return float(s.apart[narrow[0]]) if len(narrow) else 2.0


def inequality(s: Story) -> float:
    """How far a daughter's share of the chromatin is from one half, 0 to 0.5."""
    if not s.divides:
        return 0.0
    parted = s.apart > _PARTED
    return float(max(abs(s.left[parted] - 0.5).mean(), abs(np.median(s.left[s.last]) - 0.5)))


def kept(s: Story) -> float:
    """Chromatin at the end, of that in the first frame."""
    return float(np.median(s.amount[s.last]))


def shares(s: Story) -> float:
    """How well the chromatin is kept and halved, 1 where it just passes: the worse of both."""
    return min(kept(s) / KEPT, UNEQUAL / max(inequality(s), UNEQUAL / 2))


def slant(s: Story) -> float:
    """Angle in degrees between the daughters' axis and a level line, 0 to 90."""
    if not s.divides:
        raise NotSeen("the chromatin does not part")
    return math.degrees(math.atan2(abs(s.axis[1]), abs(s.axis[0])))


def end_waist(s: Story) -> float:
    """Narrowest waist of the last eighth, 1 for a round cell."""
    return float(s.waist[-max(2, s.count // 8) :].min())


_BELOW = math.nextafter(1.0, 0.0)
_ORDER = "the plate and its joint parting reach {:.2f} of what the law asks"
_FURROW = "the waist narrows when the sets are {:.2f} radii apart"
_SHARES = "what is kept and halved of the chromatin reaches {:.2f} of what the law asks"
_SLANT = "the daughters' axis is {:.0f} degrees from level"

MEASURES: dict[str, Measure] = {
    "plate_first": Measure(order, _ORDER, low=1.0),
    "anaphase_early": Measure(order, _ORDER, high=_BELOW),
    "furrow_last": Measure(furrow, _FURROW, low=0.75),
    "furrow_early": Measure(furrow, _FURROW, high=math.nextafter(0.75, 0.0)),
    "chromatin_halved": Measure(shares, _SHARES, low=1.0),
    "chromatin_astray": Measure(shares, _SHARES, high=_BELOW),
    "horizontal": Measure(slant, _SLANT, high=22.5),
    "diagonal": Measure(slant, _SLANT, low=22.5, high=67.5),
    "vertical": Measure(slant, _SLANT, low=67.5),
    "two_cells": Measure(end_waist, "the waist ends at {:.2f} of its width", high=0.7),
}
