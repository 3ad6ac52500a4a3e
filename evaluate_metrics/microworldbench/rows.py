"""Benchmark rows: which versions of the data set this metric reads, and how they are loaded."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from .scores import DIMENSIONS, parse_weight
from .verdicts import MetricError

METRIC_VERSION = "1.0.0"
"""Version of this metric; the file VERSION says the same to the Hub."""

READS = ("1.0", "1.1")
"""Versions (major.minor) of the data set that this metric reads: its own and the previous one.

Before 1.1 rows had no `parameters`, which only `calibrate` needs, by way of its probes.
"""

EDITIONS = ("open", "iclr2026")
_ROW = ("task_id", "edition", "version", "level", "prompt", "requirement", "criteria")
_CRITERION = ("criterion_id", "dimension", "text", "sign", "weight", "needs", "measure")


def checked(rows: Iterable[Any]) -> list[dict[str, Any]]:
    """`rows` as plain dicts, if this metric can read them, each task once.

    Raises `MetricError` naming row and key, or the version that is needed.
    """
    found = readable(rows)
    tasks = [row["task_id"] for row in found]
    twice = {task for task in tasks if tasks.count(task) > 1}
    if twice:
        raise MetricError(f"references: {sorted(twice)[0]} is there twice")
    return found


def readable(rows: Iterable[Any]) -> list[dict[str, Any]]:
    """As `checked`, but a task may come several times, once for each of its clips."""
    found = []
    for place, row in enumerate(rows):
        if not isinstance(row, Mapping):
            raise MetricError(
                f"references[{place}]: expected a benchmark row, got {type(row).__name__}"
            )
        where = f"references[{place}] ({row.get('task_id', 'no task_id')})"
        _has(row, _ROW, where)
        version = str(row["version"])
        if ".".join(version.split(".")[:2]) not in READS:
            raise MetricError(
                f"{where}: version: this metric reads {', '.join(f'{v}.x' for v in READS)} of the "
                f"data set, these rows are {version}"
            )
        if not isinstance(row["criteria"], list | tuple) or not row["criteria"]:
            raise MetricError(f"{where}: criteria: expected a list of criteria")
        criteria = [_criterion(c, f"{where}: criteria[{i}]") for i, c in enumerate(row["criteria"])]
        found.append({**row, "criteria": criteria})
    return found


def load(data: str, edition: str) -> list[dict[str, Any]]:
    """The rows of `edition` from `data`, a folder or a Hub id. Raises `MetricError`."""
    from datasets import load_dataset

    if os.sep in data and not Path(data).is_dir():
        raise MetricError(f"{data}: expected the benchmark's folder")
    try:
        return checked(load_dataset(data, edition, split="test"))
    except MetricError:
        raise
    except Exception as error:  # whatever a missing folder, Hub or configuration raises
        reason = " ".join(str(error).split())[:200]
        raise MetricError(
            f"{data}, edition {edition}: cannot be loaded ({reason}); "
            "`microworldbench-data build` makes the folder"
        ) from None


def _criterion(data: Any, where: str) -> dict[str, Any]:
    if not isinstance(data, Mapping):
        raise MetricError(f"{where}: expected a criterion, got {type(data).__name__}")
    _has(data, _CRITERION, where)
    if data["dimension"] not in DIMENSIONS:
        raise MetricError(f"{where}: dimension: expected one of {', '.join(DIMENSIONS)}")
    if data["sign"] not in (1, -1):
        raise MetricError(f"{where}: sign: expected 1 or -1, got {data['sign']!r}")
    parse_weight(data["weight"], f"{where}: weight")
    return dict(data)


def _has(data: Mapping[str, Any], keys: tuple[str, ...], where: str) -> None:
    for key in keys:
        if key not in data:
            raise MetricError(f"{where}: missing key {key!r}")
