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


REGIMES = ("any", "train", "wording", "interval", "combination")
"""From where a clip's parameters come: anywhere; outside of all that is held out (`train`, and
`wording`, whose phrasings alone are new); from the held-out interval; from the held-out
combination. All but `train` are worded as training never is."""


@dataclass(frozen=True)
class HeldOut:
    """What training never sees of a phenomenon: one interval of a number, and one combination.

    `interval` is (name of a `Range`, low, high). `combination` maps two or more parameters to a
    label, or to (low, high) of a number; each part alone is seen in training, together they are
    not.
    """

    interval: tuple[str, float, float]
    combination: Mapping[str, str | tuple[float, float]]

    def in_interval(self, values: Mapping[str, Any]) -> bool:
        """Whether drawn `values` lie in the held-out interval."""
        name, low, high = self.interval
        return bool(low <= values[name] <= high)

    def in_combination(self, values: Mapping[str, Any]) -> bool:
        """Whether drawn `values` show the held-out combination."""
        return all(
            values[name] == part if isinstance(part, str) else part[0] <= values[name] <= part[1]
            for name, part in self.combination.items()
        )

    def allows(self, regime: str, values: Mapping[str, Any]) -> bool:
        """Whether `values` may be drawn in `regime`."""
        if regime == "any":
            return True
        inside = (self.in_interval(values), self.in_combination(values))
        if regime == "interval":
            return inside == (True, False)
        return inside[1] if regime == "combination" else not any(inside)


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
    held_out: HeldOut | None = None,
    regime: str = "any",
) -> Parameters:
    """Draw every parameter in order; `fixed` values replace draws after a range check.

    What `held_out` does not allow in `regime` is drawn anew. Raises `SimulatorError` for an unknown
    name, a value out of range, or fixed values that the regime does not allow.
    """
    for _ in range(_DRAWS):
        values = _draw_once(specs, rng, fixed)
        if held_out is None or held_out.allows(regime, values):
            return values
    raise SimulatorError(f"parameters: none of {_DRAWS} draws fits the regime {regime!r}")


_DRAWS = 2000


def _draw_once(
    specs: Sequence[Range | Choice], rng: np.random.Generator, fixed: Mapping[str, Any] | None
) -> Parameters:
    """Every parameter in order.

    Every parameter consumes the generator whether fixed or not, so fixing one leaves the others
    as they were.
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
