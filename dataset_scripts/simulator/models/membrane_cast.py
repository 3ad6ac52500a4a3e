"""Who takes part in each scene of membrane transport: proteins, their loads, and the molecules."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..core import Parameters

POTASSIUM, SODIUM, GLUCOSE = range(3)
KINDS = ("potassium", "sodium", "glucose")


@dataclass(frozen=True)
class Cast:
    """A scene: its width, half width and half height of a protein (nm), how many, and who moves.

    `load` is how many go forward and back in a cycle, `kinds` of what kind.
    """

    field_nm: float
    width: float
    height: float
    number: dict[str, int]
    kinds: tuple[int, int]
    load: tuple[int, int]


CASTS = {
    "channel": Cast(60.0, 4.7, 4.9, {"few": 2, "many": 4}, (POTASSIUM, POTASSIUM), (1, 1)),
    "carrier": Cast(40.0, 4.3, 4.5, {"few": 2, "many": 3}, (GLUCOSE, GLUCOSE), (1, 1)),
    "pump": Cast(30.0, 4.2, 5.0, {"few": 1, "many": 2}, (SODIUM, POTASSIUM), (3, 2)),
}
"""Channels and carriers are 8 to 10 nm tall with their loops, pumps are drawn without the top of
their cytosolic domains: modelling choice after the schemes of Alberts et al. 2014, ch. 11."""


def crew(p: Parameters, number: int) -> tuple[np.ndarray, np.ndarray]:
    """Kinds and sides (N,) of all molecules at the start."""
    n, across = int(p["particles"]), int(p["start_across"])
    if p["protein"] != "pump":
        kind = CASTS[p["protein"]].kinds[0]
        return np.full(n + across, kind), np.repeat([0, 1], [n, across])
    # Inside (side 0) much potassium and little sodium, outside the other way round; but what two
    # cycles of each pump need is there.
    inside, outside = 1 + 6 * number, 1 + 4 * number
    groups = ((SODIUM, 0, inside), (SODIUM, 1, max(n - 5, inside + 1)),
              (POTASSIUM, 0, max(n - 8, outside + 1)), (POTASSIUM, 1, outside))  # fmt: skip
    counts = [count for _, _, count in groups]
    return (np.repeat([kind for kind, _, _ in groups], counts),
            np.repeat([side for _, side, _ in groups], counts))  # fmt: skip
