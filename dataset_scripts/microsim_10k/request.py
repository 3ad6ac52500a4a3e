"""Checks what a user asks for before anything is made or written."""

from __future__ import annotations

from collections.abc import Iterable

from dataset_scripts.simulator import PHENOMENA, STYLES
from dataset_scripts.simulator.clip import MAX_FRAMES, MAX_SIZE, MIN_FRAMES, MIN_SIZE

from .build import BuildError
from .plan import SPLITS, Request


def check_request(
    clips: int, size: int, frames: int, seed: int, phenomena: str | None, styles: str | None
) -> Request:
    """The request for these arguments; `phenomena` and `styles` are comma-separated, None is all.

    Raises `BuildError` naming the first argument that is out of range. The order in which names
    are given does not matter.
    """
    if clips < len(SPLITS):
        raise BuildError(f"clips: expected {len(SPLITS)} or more, one for each split, got {clips}")
    if not MIN_SIZE <= size <= MAX_SIZE or size % 2:
        raise BuildError(f"size: expected an even number from {MIN_SIZE} to {MAX_SIZE}, got {size}")
    if not MIN_FRAMES <= frames <= MAX_FRAMES:
        raise BuildError(f"frames: expected {MIN_FRAMES} to {MAX_FRAMES}, got {frames}")
    if not 0 <= seed < 2**63:
        raise BuildError(f"seed: expected 0 to 2^63 - 1, got {seed}")
    return Request(
        clips=clips,
        size=size,
        frames=frames,
        seed=seed,
        phenomena=_names("phenomena", phenomena, PHENOMENA),
        styles=_names("styles", styles, STYLES),
    )


def _names(argument: str, given: str | None, known: Iterable[str]) -> tuple[str, ...]:
    known = tuple(known)
    names = known if given is None else {name.strip() for name in given.split(",")}
    for name in sorted(names):
        if name not in known:
            raise BuildError(f"{argument}: unknown {name!r}, expected some of {', '.join(known)}")
    return tuple(name for name in known if name in names)
