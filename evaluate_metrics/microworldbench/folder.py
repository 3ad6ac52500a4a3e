"""A run folder: everything that a report, a leaderboard or a second judge needs of one run.

    run.json          edition, versions, judge and settings, where the clips were, when
    tasks.jsonl       the benchmark rows as graded
    log.jsonl         one line per call to the judge, appended as it was answered
    verdicts.jsonl    the verdicts, one per clip, repeat and criterion
    controls.jsonl    the same for the controls, with the control's name
    scores.json       the summary

All but the log are rewritten as a whole at the end of a run.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .rows import METRIC_VERSION
from .summary import summarise
from .verdicts import MetricError, Verdict

FORMAT = 1
_FIELDS = [f.name for f in fields(Verdict)]


@dataclass
class Run:
    """One run in memory. `controls` maps a control's name to its verdicts."""

    path: Path
    info: dict[str, Any]
    rows: list[dict[str, Any]]
    verdicts: list[Verdict]
    controls: dict[str, list[Verdict]]

    @property
    def name(self) -> str:
        """What leaderboards call the model."""
        return str(self.info.get("model") or self.path.name)

    def summary(self) -> dict[str, Any]:
        """Scores of the run and of its controls, from the verdicts."""
        found = summarise(self.rows, self.verdicts)
        names = {v.task_id for v in self.verdicts}
        graded = [row for row in self.rows if row["task_id"] in names]
        controls = {}
        for name, verdicts in self.controls.items():
            mine = {v.task_id for v in verdicts}
            scores = summarise([r for r in graded if r["task_id"] in mine], verdicts)
            controls[name] = {**scores["scores"], "tasks": len(mine)}
        return {**found, "controls": controls}


def log_path(path: Path) -> Path:
    """The log inside a run folder."""
    return path / "log.jsonl"


def new_run(
    path: Path,
    rows: Sequence[dict[str, Any]],
    verdicts: list[Verdict],
    controls: dict[str, list[Verdict]],
    **info: Any,
) -> Run:
    """A run that has just been graded; `info` goes into run.json beside edition and versions."""
    known = {
        "edition": rows[0]["edition"],
        "dataset_version": rows[0]["version"],
        "metric_version": METRIC_VERSION,
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    return Run(path, {**known, **info}, list(rows), verdicts, controls)


def save(run: Run) -> dict[str, Any]:
    """Write the run folder's files but the log; returns the summary."""
    run.path.mkdir(parents=True, exist_ok=True)
    summary = run.summary()
    _write(run.path / "tasks.jsonl", map(json.dumps, run.rows))
    _write(run.path / "verdicts.jsonl", (json.dumps(v.as_dict()) for v in run.verdicts))
    lines = ({"control": name, **v.as_dict()} for name, vs in run.controls.items() for v in vs)
    _write(run.path / "controls.jsonl", map(json.dumps, lines))
    _write(run.path / "scores.json", [json.dumps(summary, indent=1)])
    # Last: a folder with run.json is a finished one.
    _write(run.path / "run.json", [json.dumps({"format": FORMAT, **run.info}, indent=1)])
    return summary


def load(path: Path) -> Run:
    """Read a finished run folder; raises `MetricError` naming the file that is damaged."""
    if not (path / "run.json").is_file():
        raise MetricError(f"{path}: expected a finished run (a folder with run.json)")
    info = _json(path / "run.json", (path / "run.json").read_text(encoding="utf-8"))
    if not isinstance(info, dict) or info.get("format") != FORMAT:
        raise MetricError(f"{path / 'run.json'}: format: expected {FORMAT}")
    rows = [row for _, row in _lines(path / "tasks.jsonl")]
    known = {
        str(row.get("task_id")): {c["criterion_id"] for c in row.get("criteria", [])}
        for row in rows
    }
    verdicts = [_verdict(where, line, known) for where, line in _lines(path / "verdicts.jsonl")]
    controls: dict[str, list[Verdict]] = {}
    for where, line in _lines(path / "controls.jsonl"):
        name = line.pop("control", None)
        if not isinstance(name, str):
            raise MetricError(f"{where}: control: expected a name")
        controls.setdefault(name, []).append(_verdict(where, line, known))
    return Run(path, info, rows, verdicts, controls)


def _verdict(where: str, line: Mapping[str, Any], known: Mapping[str, set[str]]) -> Verdict:
    missing = [name for name in _FIELDS if name not in line]
    if missing:
        raise MetricError(f"{where}: missing key {missing[0]!r}")
    try:
        verdict = Verdict(**{name: line[name] for name in _FIELDS})
    except ValueError as error:
        raise MetricError(f"{where}: {error}") from None
    if verdict.criterion_id not in known.get(verdict.task_id, ()):
        raise MetricError(f"{where}: {verdict.criterion_id!r} is not a criterion of tasks.jsonl")
    return verdict


def _lines(path: Path) -> Iterable[tuple[str, dict[str, Any]]]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise MetricError(f"{path}: cannot be read ({error})") from None
    for number, raw in enumerate(text.splitlines(), 1):
        line = _json(f"{path}:{number}", raw)
        if not isinstance(line, dict):
            raise MetricError(f"{path}:{number}: expected a JSON object")
        yield f"{path}:{number}", line


def _json(where: object, text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        raise MetricError(f"{where}: expected JSON") from None


def _write(path: Path, lines: Iterable[str]) -> None:
    partial = path.with_name(f".{path.name}.partial")
    with partial.open("w", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in lines)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def check_comparable(runs: Sequence[Run]) -> None:
    """Raise `MetricError` unless all runs are of one edition, version and judge."""
    for key in ("edition", "dataset_version", "judge"):
        values = {str(run.info.get(key)) for run in runs}
        if len(values) > 1:
            raise MetricError(
                f"runs differ in {key} ({', '.join(sorted(values))}): their scores do not compare"
            )
