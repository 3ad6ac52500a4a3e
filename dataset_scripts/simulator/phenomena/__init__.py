"""The micro-worlds: one module each, found by name. Adding a file here adds a phenomenon.

Every module has the same form:

- ``LEVEL``, ``SETTING`` (`core.Setting`), ``PARAMETERS`` (`core.Range` and `core.Choice`),
  ``MATERIALS`` (name → `canvas.Material`) and ``BACKGROUND`` (hex colour of the illustration);
- ``s_per_frame(parameters, num_frames)``: seconds of the process between two frames;
- ``simulate(parameters, clock, rng)``: the physics, a `core.State` in µm and s;
- ``backdrop(parameters, state, scene)``: what stands still; ``draw(parameters, state, frame,
  scene)``: what moves in one frame;
- ``HELD_OUT`` (`core.HeldOut`): the interval and the combination that training never sees;
- ``captions(parameters, state)``: one sentence of at most 16 words, without its full stop, and
  ``descriptions(parameters, state)``: several sentences of 75 to 135 words, which state process,
  actors, direction, counts and speed; ``prompts(parameters, state)``: short requests for the same
  clip. None names the look or the playback, which `clip` adds, and the last of each is held out of
  training.

Equations and geometry that need no drawing and no words, and are long, live in `..models`, with
their sources; imports run from here to `models` and `core`, never back.
"""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType

from ..core import SimulatorError

NAMES: tuple[str, ...] = tuple(sorted(m.name for m in pkgutil.iter_modules(__path__)))
"""Names of all phenomena."""


def load(name: str) -> ModuleType:
    """The module of phenomenon `name`; raises `SimulatorError` naming the known ones."""
    if name not in NAMES:
        raise SimulatorError(f"unknown phenomenon {name!r}: expected one of {', '.join(NAMES)}")
    return importlib.import_module(f"{__name__}.{name}")
