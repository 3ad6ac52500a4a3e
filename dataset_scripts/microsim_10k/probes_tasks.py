"""The benchmark's tasks that the simulator can answer, read from MicroWorldBench as people read it.

Its room is another one: nothing of it is imported here, only its data set is loaded.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from .build import BuildError
from .probes_plan import Task, Wanted


def load_tasks(benchmark: str, names: Iterable[str]) -> tuple[Task, ...]:
    """The tasks of edition `open` that name simulator parameters, for the phenomena `names`.

    `benchmark` is a folder or a Hub id. Raises `BuildError` where it cannot be read, holds no such
    task, or asks for what the simulator does not have.
    """
    tasks = tuple(
        task for task in map(_task, _rows(benchmark)) if task.wanted and task.phenomenon in names
    )
    for name in names:
        if not any(task.phenomenon == name for task in tasks):
            raise BuildError(
                f"{benchmark}: no task of {name} names simulator parameters "
                "(MicroWorldBench has them since version 1.1)"
            )
    for task in tasks:
        task.check()
    return tasks


def _rows(benchmark: str) -> list[dict[str, Any]]:
    from datasets import load_dataset

    if os.sep in benchmark and not Path(benchmark).is_dir():
        raise BuildError(f"{benchmark}: expected the benchmark's folder")
    try:
        return load_dataset(benchmark, "open", split="test").to_list()
    except Exception as error:  # whatever a missing folder, Hub or configuration raises
        reason = " ".join(str(error).split())[:200]
        raise BuildError(
            f"{benchmark}: cannot be loaded ({reason}); "
            "`microworldbench-data build` makes the folder"
        ) from None


def _task(row: Mapping[str, Any]) -> Task:
    wanted = row.get("parameters") or []
    return Task(
        task_id=str(row.get("task_id")),
        phenomenon=str(row.get("phenomenon")),
        wanted=tuple(Wanted(w["name"], w["label"] or "", w["low"], w["high"]) for w in wanted),
    )
