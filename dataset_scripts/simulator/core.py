"""Plain data of a micro-world: parameters with units and sources, state over time, ground truth.

Units are micrometres and seconds throughout. Image coordinates: x to the right, y downwards, the
origin in the upper left corner of a square field of view.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

FPS = 16
"""Frames per second at which every clip is played."""

LEVELS = ("organ", "cellular", "subcellular")
STYLES = ("illustration", "fluorescence", "bright_field")

Parameters = dict[str, Any]
"""Drawn values by parameter name: float or int for a `Range`, str for a `Choice`."""


class SimulatorError(ValueError):
    """A request that the simulator cannot fulfil; its message is one line for the user."""


class NoTwin(SimulatorError):
    """This draw has no twin that breaks the law: take another seed."""


@dataclass(frozen=True)
class Violation:
    """A way to break one law of a phenomenon: `law` states, in a sentence, what no longer holds."""

    name: str
    law: str


@dataclass(frozen=True)
class Range:
    """A numeric parameter, drawn uniformly (or log-uniformly) from [low, high] in `unit`."""

    name: str
    unit: str
    low: float
    high: float
    source: str
    log: bool = False
    integer: bool = False

    def draw(self, rng: np.random.Generator) -> float | int:
        if self.integer:
            return int(rng.integers(int(self.low), int(self.high) + 1))
        if self.log:
            return float(np.exp(rng.uniform(np.log(self.low), np.log(self.high))))
        return float(rng.uniform(self.low, self.high))

    def check(self, value: Any) -> None:
        """Raise `SimulatorError` unless `value` is a number inside the range."""
        if not isinstance(value, int | float) or not self.low <= value <= self.high:
            raise SimulatorError(
                f"parameter {self.name}: expected {self.low:g} to {self.high:g} {self.unit}, "
                f"got {value!r}"
            )


@dataclass(frozen=True)
class Choice:
    """A categorical parameter, drawn with equal chances from `options`."""

    name: str
    options: tuple[str, ...]
    source: str

    def draw(self, rng: np.random.Generator) -> str:
        return self.options[int(rng.integers(len(self.options)))]

    def check(self, value: Any) -> None:
        """Raise `SimulatorError` unless `value` is one of the options."""
        if value not in self.options:
            raise SimulatorError(
                f"parameter {self.name}: expected one of {', '.join(self.options)}, got {value!r}"
            )


@dataclass(frozen=True)
class Clock:
    """When the frames are taken: `s_per_frame` seconds of the process for each video frame."""

    num_frames: int
    s_per_frame: float

    @property
    def times_s(self) -> np.ndarray:
        """Frame times in seconds, shape (num_frames,), starting at 0."""
        return np.arange(self.num_frames) * self.s_per_frame

    @property
    def playback(self) -> float:
        """Process seconds per video second: below 1 slowed down, above 1 sped up."""
        return FPS * self.s_per_frame


@dataclass(frozen=True)
class Event:
    """Something that happens once, at `t_s` seconds and on `frame` (the first that shows it)."""

    name: str
    frame: int
    t_s: float
    object_id: int = -1
    value: float | None = None
    unit: str = ""


@dataclass
class Truth:
    """Ground truth in physical units.

    `tracks` rows are (object_id, kind, frame, x_um, y_um); `series` maps a name to its unit and
    one value per frame.
    """

    tracks: list[tuple[int, str, int, float, float]] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    series: dict[str, tuple[str, np.ndarray]] = field(default_factory=dict)

    def add_track(self, object_id: int, kind: str, frames: Sequence[int], xy: np.ndarray) -> None:
        """Append one object's positions `xy` (len(frames), 2) in µm at the given frames."""
        for frame, (x, y) in zip(frames, xy, strict=True):
            self.tracks.append((int(object_id), kind, int(frame), float(x), float(y)))


@dataclass(frozen=True)
class State:
    """What `simulate` returns: the field's width, the arrays that `draw` needs, and the truth."""

    field_um: float
    arrays: Mapping[str, Any]
    truth: Truth

    def __getitem__(self, name: str) -> Any:
        return self.arrays[name]


@dataclass(frozen=True)
class Setting:
    """What a clip of this phenomenon must state besides its numbers (fixed for a phenomenon).

    `kinetics_scale` is the factor by which a slow process on the same screen is accelerated
    against the fast one (1 where all share a clock); `schematic` is true where drawn and true
    sizes differ; `view` names projection or section and its depth; `field` is open or closed.
    """

    view: str
    field: str
    frame_of_reference: str
    temperature_c: float
    medium: str
    organism: str
    marks: str = ""
    kinetics_scale: float = 1.0
    schematic: bool = False


def draw_parameters(
    specs: Sequence[Range | Choice],
    rng: np.random.Generator,
    fixed: Mapping[str, Any] | None = None,
) -> Parameters:
    """Draw every parameter in order; `fixed` values replace draws after a range check.

    Every parameter consumes the generator whether fixed or not, so fixing one leaves the others
    as they were. Raises `SimulatorError` for an unknown name or a value out of range.
    """
    fixed = dict(fixed or {})
    values: Parameters = {}
    for spec in specs:
        drawn = spec.draw(rng)
        if spec.name in fixed:
            spec.check(fixed[spec.name])
            drawn = fixed.pop(spec.name)
        values[spec.name] = drawn
    if fixed:
        known = ", ".join(s.name for s in specs)
        raise SimulatorError(f"unknown parameter {sorted(fixed)[0]!r}: expected one of {known}")
    return values
