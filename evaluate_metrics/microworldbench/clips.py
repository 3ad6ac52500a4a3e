"""Clips: which file belongs to which task, a name for the bytes, and single frames of any form."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .decode import ClipError, Video, as_rgb, frame_rate, shrink
from .verdicts import MetricError

VIDEO_SUFFIXES = frozenset({".avi", ".gif", ".m4v", ".mkv", ".mov", ".mp4", ".webm"})
METADATA = "metadata.jsonl"
PAPER_FRAMES = 8
FPS = 16.0


def paper_positions(count: int) -> list[int]:
    """The 8 frames that the published judge sees: int(i*step + step/2) with step = count/8.

    A clip of fewer than 8 frames shows some of them more than once, as published.
    """
    step = count / PAPER_FRAMES
    return [int(i * step + step / 2) for i in range(PAPER_FRAMES)]


class Clip:
    """A clip in any form: a path, the bytes of a video file, a `datasets` Video value (decoded or
    `{"path", "bytes"}`), an array (T, H, W, 3) of uint8 or floats in [0, 1], or a list of pictures.

    `name` is what reports call it. Nothing is read before it is asked for.
    """

    def __init__(self, value: Any, name: str | None = None) -> None:
        value = getattr(value, "_hf_encoded", value)  # a decoded Video value keeps its source
        if isinstance(value, Mapping):
            value = value.get("bytes") or value.get("path")
        if isinstance(value, str | os.PathLike):
            value = Path(value)
        elif isinstance(value, bytearray | memoryview):
            value = bytes(value)
        if value is None or isinstance(value, int | float):
            raise MetricError(f"clip {name or ''}: expected a path, bytes or frames, got {value!r}")
        self.value = value
        self.name = name or (str(value) if isinstance(value, Path) else "#0")
        self._sha: str | None = None

    def sha256(self) -> str:
        """Hex digest of the file's bytes, or of shape, dtype and content of frames in memory.

        Raises MetricError if a file cannot be read.
        """
        if self._sha is None:
            digest = hashlib.sha256()
            if isinstance(self.value, Path):
                try:
                    with self.value.open("rb") as file:
                        while chunk := file.read(1 << 20):
                            digest.update(chunk)
                except OSError as error:
                    raise MetricError(f"{self.name}: cannot be read: {error.strerror}") from None
            elif isinstance(self.value, bytes):
                digest.update(self.value)
            else:
                frames = self._pictures()
                digest.update(f"frames {len(frames)}".encode())
                for i in range(len(frames)):
                    frame = np.ascontiguousarray(_array(frames[i]))
                    digest.update(f"{frame.shape} {frame.dtype.str}".encode())
                    digest.update(frame.tobytes())
            self._sha = digest.hexdigest()
        return self._sha

    def sample(self, side: int | None = None) -> list[np.ndarray]:
        """The 8 frames at `paper_positions`, each (H, W, 3) uint8 RGB.

        `side`: pictures are scaled down until neither edge is longer. At most one frame is held
        at its full size. Raises ClipError if the clip is broken, empty or a single frame.
        """
        return self.frames(paper_positions, side)

    def frames(self, positions: Any, side: int | None = None) -> list[np.ndarray]:
        """Frames at `positions(count)`, an ascending list; otherwise as `sample`."""
        if isinstance(self.value, Path | bytes):
            return Video(self.value).frames(positions, side)
        pictures = self._pictures()
        count = len(pictures)
        if count < 2:
            raise ClipError(f"{count} frames: a clip has at least 2")
        try:
            return [shrink(as_rgb(_array(pictures[i])), side) for i in positions(count)]
        except (ValueError, TypeError) as error:
            raise ClipError(str(error)) from None

    def rate(self) -> float:
        """Frames per second of a video file; 16, as everywhere here, for frames in memory or where
        the file does not say."""
        if isinstance(self.value, Path | bytes):
            return frame_rate(self.value) or FPS
        return FPS

    def _pictures(self) -> Any:
        """Frames in memory, with a length and an index."""
        value = self.value
        if hasattr(value, "detach"):
            value = value.detach().cpu().numpy()
        if isinstance(value, np.ndarray) and value.ndim != 4:
            raise ClipError(f"expected an array (T, H, W, 3), got shape {value.shape}")
        if not (hasattr(value, "__len__") and hasattr(value, "__getitem__")):
            raise ClipError(f"expected frames, got {type(value).__name__}")
        return value


def _array(frame: Any) -> np.ndarray:
    """A picture as an array (H, W, 3); torchcodec's decoder gives (3, H, W) tensors."""
    if hasattr(frame, "detach"):
        frame = frame.detach().cpu().numpy()
        if frame.ndim == 3 and frame.shape[0] == 3 and frame.shape[-1] != 3:
            frame = frame.transpose(1, 2, 0)
    elif hasattr(frame, "convert"):
        frame = frame.convert("RGB")
    return np.asarray(frame)


def find_clips(
    folder: str | Path, rows: Sequence[Mapping[str, Any]]
) -> tuple[dict[str, list[Path]], list[Path]]:
    """Clips of each task (tasks without one are left out), and files that belong to none.

    `<task>.<ext>`, `<task>_<k>.<ext>` or `<task>/<anything>.<ext>`, where `<task>` is a task's id
    or its place among `rows`, from 1; or whatever a `metadata.jsonl` says, one object per line
    with `file_name` and `task_id`. Raises MetricError (one line) for an ambiguous name, an entry
    that names no task or file, a path that leaves the folder, and a folder without any clip.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise MetricError(f"{folder}: expected a folder of clips")
    files = sorted(
        path
        for path in [*folder.iterdir(), *folder.glob("*/*")]
        if path.suffix.lower() in VIDEO_SUFFIXES and path.is_file() and path.name[0] != "."
    )
    if (folder / METADATA).is_file():
        found = _from_metadata(folder, {str(row["task_id"]) for row in rows})
    else:
        found = _from_names(folder, files, [str(row["task_id"]) for row in rows])
    if not found:
        raise MetricError(
            f"{folder}: no clip is named after a task (expected {rows[0]['task_id']}.mp4 or 1.mp4)"
            if rows
            else f"{folder}: there are no tasks to grade"
        )
    taken = {path.resolve() for paths in found.values() for path in paths}
    return found, [path for path in files if path.resolve() not in taken]


def _from_names(folder: Path, files: list[Path], tasks: list[str]) -> dict[str, list[Path]]:
    by_id = dict.fromkeys(tasks, "id")
    by_index = {str(i): task for i, task in enumerate(tasks, 1)}
    found: dict[str, list[Path]] = {}
    spelled: dict[str, str] = {}
    for path in files:
        in_folder = path.parent != folder
        name = path.parent.name if in_folder else path.stem
        numbered = None if in_folder else re.fullmatch(r"(.+)_[0-9]+", name)
        claims: dict[str, str] = {}
        for token in [name, *(numbered.groups() if numbered else ())]:
            if token in by_id:
                claims[token] = "id"
            if re.fullmatch("0*[1-9][0-9]*", token) and token.lstrip("0") in by_index:
                claims.setdefault(by_index[token.lstrip("0")], "index")
        if len(claims) > 1:
            raise MetricError(f"{path}: could belong to {' or '.join(sorted(claims))}")
        for task, how in claims.items():
            if spelled.setdefault(task, how) != how:
                raise MetricError(f"{path}: {task} has clips named by its id and by its index")
            found.setdefault(task, []).append(path)
    for paths in found.values():
        paths.sort(key=_natural)
    return found


def _natural(path: Path) -> list[tuple[int, int, str]]:
    """Sorts x_2 before x_10."""
    pieces = re.split("([0-9]+)", str(path))
    return [(1, int(p), "") if p.isdigit() else (0, 0, p) for p in pieces]


def _from_metadata(folder: Path, tasks: set[str]) -> dict[str, list[Path]]:
    root = folder.resolve()
    found: dict[str, list[Path]] = {}
    seen: set[Path] = set()
    text = (folder / METADATA).read_text(encoding="utf-8", errors="replace")
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        where = f"{folder / METADATA}:{number}"
        try:
            entry = json.loads(line)
            name, task = entry["file_name"], str(entry["task_id"])
            path = folder / name
            real = path.resolve()
        except (ValueError, KeyError, TypeError):
            raise MetricError(f"{where}: expected an object with file_name and task_id") from None
        if not real.is_relative_to(root):
            raise MetricError(f"{where}: file_name: {name!r} lies outside the folder")
        if task not in tasks:
            raise MetricError(f"{where}: task_id: {task!r} is not a task of this edition")
        if not real.is_file():
            raise MetricError(f"{where}: file_name: there is no file {name!r}")
        if real in seen:
            raise MetricError(f"{where}: file_name: {name!r} is listed twice")
        seen.add(real)
        found.setdefault(task, []).append(path)
    return found
