"""Writing files so that a killed run never leaves half of one behind."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from training.errors import MicroVerseError


@contextmanager
def atomic_path(target: Path) -> Iterator[Path]:
    """A temporary path beside `target` that becomes `target` when the block ends well.

    The block may write a file or make a folder there. A folder that is being replaced is moved
    aside first and removed last.
    """
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        remove(temporary)
        yield temporary
        if target.is_dir():
            old = target.with_name(f".{target.name}.{os.getpid()}.old")
            remove(old)
            target.rename(old)
            temporary.rename(target)
            remove(old)
        else:
            os.replace(temporary, target)
    except OSError as error:
        name = error.filename or target
        raise MicroVerseError(f"{name}: cannot be written ({error.strerror or error})") from error
    finally:
        remove(temporary)


def remove(path: Path) -> None:
    """Removes a file or folder that may not exist."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def write_json(path: Path, data: Any) -> None:
    """Writes indented JSON atomically."""
    with atomic_path(path) as temporary:
        temporary.write_text(json.dumps(data, indent=2, ensure_ascii=False) + "\n", "utf-8")


def read_json(path: Path) -> Any:
    """Reads JSON; `MicroVerseError` when the file is missing or damaged."""
    try:
        return json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise MicroVerseError(f"{path}: cannot be read ({error.strerror})") from None
    except ValueError:
        raise MicroVerseError(f"{path}: is damaged (not JSON)") from None


def make_folder(path: Path) -> Path:
    """Creates a folder; `MicroVerseError` when it cannot be written to."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        probe = path / f".write-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise MicroVerseError(f"{path}: cannot be written to ({error.strerror})") from None
    return path
