"""The append-only log of calls: one JSON line per finished call, on disk before it counts.

A line holds `key` (see `call_key`), `task_id`, `clip`, `clip_sha`, `judge`, `settings`, `repeat`,
`verdicts` (a list of criterion_id, verdict, kind, reason, rationale), `usage`, `details`,
`seconds` and `time` (UTC). A key may come twice when failed calls were asked again: the last line
counts.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from .verdicts import MetricError, Verdict

Entry = dict[str, Any]


class CallLog:
    """A log opened for one run; use it as a context manager.

    Opening cuts off a torn last line, which is what a killed run leaves, and takes a lock that
    lasts until `close` or the end of the process. Raises MetricError if another run holds the
    log, or if a line within it is damaged. `entries` maps keys to lines.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        except OSError as error:
            raise MetricError(f"{self.path}: cannot be opened: {error.strerror}") from None
        try:
            _lock(self._file, self.path)
            data = self.path.read_bytes()
            self._end = data.rfind(b"\n") + 1
            self.entries = {e["key"]: e for e in _parsed(data[: self._end], self.path)}
            if self._end < len(data):
                os.ftruncate(self._file, self._end)
        except BaseException:
            os.close(self._file)
            raise

    def append(self, entry: Entry) -> None:
        """Returns once the whole line is on the disk. Not for several threads at once.

        Raises MetricError if it cannot be written; what was written of it is taken back.
        """
        line = (json.dumps(entry, ensure_ascii=False) + "\n").encode("utf-8", "replace")
        try:
            left = memoryview(line)
            while left:
                left = left[os.write(self._file, left) :]
            os.fsync(self._file)
        except OSError as error:
            os.ftruncate(self._file, self._end)
            raise MetricError(f"{self.path}: cannot be written: {error.strerror}") from None
        self._end += len(line)
        self.entries[entry["key"]] = entry

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)  # gives the lock back
        self._file = -1

    def __enter__(self) -> CallLog:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def read_log(path: str | Path) -> list[Entry]:
    """The lines of a log that may still be growing, the last one of each key, without locking it.

    Raises MetricError for a missing file and for a damaged line, whose number it names.
    """
    path = Path(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise MetricError(f"{path}: cannot be read: {error.strerror}") from None
    whole = data[: data.rfind(b"\n") + 1]
    return list({entry["key"]: entry for entry in _parsed(whole, path)}.values())


def verdicts_of(entry: Entry, clip: str | None = None) -> list[Verdict]:
    """The verdicts of a line, for the clip as named in it or, if the same bytes have another
    name now, for that one."""
    return [
        Verdict(
            task_id=entry["task_id"],
            clip=entry["clip"] if clip is None else clip,
            judge=entry["judge"],
            repeat=entry["repeat"],
            **verdict,
        )
        for verdict in entry["verdicts"]
    ]


def _parsed(data: bytes, path: Path) -> Iterable[Entry]:
    """The log's lines; anything that this module did not write is an error."""
    for number, line in enumerate(data.split(b"\n")[:-1], 1):
        try:
            entry = json.loads(line)
            if not isinstance(entry["key"], str):
                raise TypeError
            verdicts_of(entry)
        except (ValueError, KeyError, TypeError):
            raise MetricError(f"{path}:{number}: damaged line in the log") from None
        yield entry


def _lock(file: int, path: Path) -> None:
    try:
        import fcntl
    except ImportError:  # Windows has no such lock: there, one run per log is up to the user
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise MetricError(f"{path}: another run is writing to this log") from None
