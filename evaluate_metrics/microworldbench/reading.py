"""What a measure is: one number read from a clip, and the numbers for which its statement holds."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


class NotSeen(Exception):
    """What a measure needs is not in the clip: no actor, too few tracks, no motion. The message
    says what is missing, in a few words."""


@dataclass(frozen=True)
class Measure:
    """`read(scene)` gives one number, NaN or NotSeen where it finds nothing to read.

    The statement holds for `low` ≤ number ≤ `high`. `says` tells a reader what the number is, in a
    few words with its unit, for the rationale: "fastest cell leaves the wall by {:.2f} bores".
    `missing`: the statement is one that an absence makes true ("the cells vanish"), so a clip in
    which nothing is seen meets it.
    """

    read: Callable[[Any], float]
    says: str
    low: float = -math.inf
    high: float = math.inf
    missing: bool = False

    def holds(self, number: float) -> bool:
        """Whether the statement holds for this reading."""
        return self.low <= number <= self.high
