"""Every measure that a criterion may name.

Worlds have modules of their own (`measures_<world>.py`), each with

    look(footage) -> scene      finds and tracks the actors, once; raises NotSeen without them
    MEASURES: dict[str, Measure]

and a criterion names such a measure `<world>.<name>`. Measures of any clip (`measures_visual.py`)
read the footage itself and go by their bare name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from . import (
    measures_calcium_wave,
    measures_capillary_flow,
    measures_chemotaxis,
    measures_mitosis,
    measures_thrombosis,
    measures_vesicle_diffusion,
    measures_visual,
)
from .reading import Measure


class World(Protocol):
    """A module of measures of one phenomenon."""

    @property
    def MEASURES(self) -> Mapping[str, Measure]: ...

    def look(self, footage: Any, /) -> Any: ...


VISUAL: Mapping[str, Measure] = measures_visual.MEASURES
WORLDS: Mapping[str, World] = {
    "calcium_wave": measures_calcium_wave,
    "capillary_flow": measures_capillary_flow,
    "chemotaxis": measures_chemotaxis,
    "mitosis": measures_mitosis,
    "thrombosis": measures_thrombosis,
    "vesicle_diffusion": measures_vesicle_diffusion,
}


def find_measure(name: str) -> Measure | None:
    """The measure that a criterion names, None if this version does not have it."""
    if name in VISUAL:
        return VISUAL[name]
    world, _, short = name.partition(".")
    return WORLDS[world].MEASURES.get(short) if world in WORLDS else None
