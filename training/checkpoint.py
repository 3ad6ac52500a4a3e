"""Checkpoints of one training stage: complete, atomic, and resumed exactly or not at all.

A checkpoint holds weights, optimizer state, EMA and the number of steps done. It holds no
position in the data and no random state, because what a step sees is a pure function of
(seed, step). Floating-point sums depend on how many threads and processes share them and on the
kernels, so these are stored too and another count is refused.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import torch

from training.errors import MicroVerseError
from training.files import atomic_path, remove

_NAME = re.compile(r"step-(\d+)\.pt")


def list_checkpoints(folder: Path) -> list[tuple[int, Path]]:
    """(step, file) of every complete checkpoint, in the order of the steps."""
    if not folder.is_dir():
        return []
    found = [(int(m.group(1)), p) for p in folder.iterdir() if (m := _NAME.fullmatch(p.name))]
    return sorted(found)


def save_checkpoint(folder: Path, step: int, state: dict[str, Any], keep: int) -> Path:
    """Writes `step-NNN.pt` whole or not at all, then removes all but the last `keep`."""
    path = folder / f"step-{step:07d}.pt"
    with atomic_path(path) as temporary:
        torch.save({"step": step, **state}, temporary)
    for _, old in list_checkpoints(folder)[:-keep]:
        remove(old)
    return path


def load_latest(folder: Path, identity: dict[str, Any]) -> dict[str, Any] | None:
    """The newest checkpoint, or None when there is none.

    `identity` is what must be the same for the run to go on exactly: configuration, data,
    threads, processes. Raises `MicroVerseError` naming the first thing that differs.
    """
    found = list_checkpoints(folder)
    if not found:
        return None
    step, path = found[-1]
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise MicroVerseError(f"{path}: is damaged ({type(error).__name__}); delete it") from None
    check_identity(state["identity"], identity, f"{path}: cannot resume from step {step}")
    return state


def check_identity(old: dict[str, Any], new: dict[str, Any], what: str) -> None:
    """Raises `MicroVerseError` when a flat dictionary of conditions is not the same."""
    for key in sorted(old.keys() | new.keys()):
        if old.get(key) != new.get(key):
            raise MicroVerseError(
                f"{what}: {key} was {old.get(key)!r} and is now {new.get(key)!r}, so the result "
                f"would not be that of an uninterrupted run (restore it, or start over: --fresh)"
            )


# Fields that change what is written, not what is computed.
_HARMLESS = ("sample_every", "sample_prompts", "checkpoint_every", "keep_checkpoints")


def flatten(data: Any, prefix: str = "") -> dict[str, Any]:
    """`{"a": {"b": 1}}` → `{"a.b": 1}`, without the fields that do not influence the result."""
    flat: dict[str, Any] = {}
    for key, value in data.items():
        if isinstance(value, dict):
            flat.update(flatten(value, f"{prefix}{key}."))
        elif key not in _HARMLESS:
            flat[f"{prefix}{key}"] = value
    return flat
