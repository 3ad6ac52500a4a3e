"""Checks what a user asks for before anything is made or written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dataset_scripts.simulator import PHENOMENA, STYLES, twins
from dataset_scripts.simulator.clip import MAX_FRAMES, MAX_SIZE, MIN_FRAMES, MIN_SIZE
from dataset_scripts.simulator.core import LEVELS
from dataset_scripts.simulator.phenomena import load

from .build import BuildError
from .plan import SPLITS, Request
from .probes_plan import ProbeRequest
from .probes_tasks import load_tasks

MIXES = ("phenomena", "levels")
"""What a data set holds in equal numbers; within a level the phenomena are even, too."""
SHORTEST_PROBE = 8
"""Frames below which there is no room for an onset and for what follows it."""


def check_request(
    clips: int,
    size: int,
    frames: int,
    seed: int,
    phenomena: str | None,
    styles: str | None,
    mix: str = MIXES[0],
) -> Request:
    """The request for these arguments; `phenomena` and `styles` are comma-separated, None is all.
    `mix` is one of MIXES.

    Raises `BuildError` naming the first argument that is out of range. The order in which names
    are given does not matter.
    """
    if clips < len(SPLITS):
        raise BuildError(f"clips: expected {len(SPLITS)} or more, one for each split, got {clips}")
    _check_video([size], [frames], MIN_FRAMES)
    _check_seed(seed)
    return Request(
        clips=clips,
        size=size,
        frames=frames,
        seed=seed,
        mix=mix,
        groups=_groups(_names("phenomena", phenomena, PHENOMENA), mix),
        styles=_names("styles", styles, STYLES),
    )


def check_probes(
    pairs: int,
    sizes: Sequence[int],
    frames: Sequence[int],
    seed: int,
    phenomena: str | None,
    tasks: str | None,
) -> ProbeRequest:
    """The request for these arguments; `tasks` is the benchmark's folder or Hub id, or None.

    Raises `BuildError` naming the first argument that is out of range.
    """
    if pairs < 1:
        raise BuildError(f"pairs: expected 1 or more, got {pairs}")
    _check_video(sizes, frames, SHORTEST_PROBE)
    _check_seed(seed)
    names = _names("phenomena", phenomena, twins.NAMES)
    return ProbeRequest(
        pairs=pairs,
        sizes=tuple(sorted(set(sizes))),
        frames=tuple(sorted(set(frames))),
        seed=seed,
        phenomena=names,
        tasks=load_tasks(tasks, names) if tasks else (),
    )


def _groups(names: tuple[str, ...], mix: str) -> tuple[tuple[str, ...], ...]:
    """What takes turns: every phenomenon by itself, or those of a level together."""
    if mix == "phenomena":
        return tuple((name,) for name in names)
    levels = {name: load(name).LEVEL for name in names}
    groups = (tuple(name for name in names if levels[name] == level) for level in LEVELS)
    return tuple(group for group in groups if group)


def _check_video(sizes: Sequence[int], frames: Sequence[int], fewest: int) -> None:
    for size in sizes:
        if not MIN_SIZE <= size <= MAX_SIZE or size % 2:
            raise BuildError(
                f"size: expected an even number from {MIN_SIZE} to {MAX_SIZE}, got {size}"
            )
    for count in frames:
        if not fewest <= count <= MAX_FRAMES:
            raise BuildError(f"frames: expected {fewest} to {MAX_FRAMES}, got {count}")


def _check_seed(seed: int) -> None:
    if not 0 <= seed < 2**63:
        raise BuildError(f"seed: expected 0 to 2^63 - 1, got {seed}")


def _names(argument: str, given: str | None, known: Iterable[str]) -> tuple[str, ...]:
    known = tuple(known)
    names = known if given is None else {name.strip() for name in given.split(",")}
    for name in sorted(names):
        if name not in known:
            raise BuildError(f"{argument}: unknown {name!r}, expected some of {', '.join(known)}")
    return tuple(name for name in known if name in names)
