"""Law-breaking twins, which a measure or a judge must tell from the truth; a module per world.

A twin has the true clip's parameters, looks, words and first frame, nearly its brightness, counts
and motion energy, and breaks one law. Every module has the same form:

- ``VIOLATIONS``: a tuple of `core.Violation`;
- ``violate(name, parameters, state, clock, rng)``: the state of the twin of a true `state`. Its
  truth holds what is drawn, and an event `violation` with the frame of the onset and the size of
  the effect. Raises `core.NoTwin` where this draw would still obey the law.

Imports run from here to `phenomena`, never back.
"""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType

from ..core import SimulatorError

NAMES: tuple[str, ...] = tuple(sorted(m.name for m in pkgutil.iter_modules(__path__)))
"""Names of the phenomena that have twins."""


def load(phenomenon: str, violation: str) -> ModuleType:
    """The twins of `phenomenon`; raises `SimulatorError` if `violation` is none of theirs."""
    module = importlib.import_module(f"{__name__}.{phenomenon}") if phenomenon in NAMES else None
    known = [v.name for v in module.VIOLATIONS] if module else []
    if module is None or violation not in known:
        raise SimulatorError(
            f"unknown violation {violation!r} of {phenomenon}: expected one of "
            f"{', '.join(known) or 'none'}"
        )
    return module
