"""The human judge: verdicts that experts wrote into a CSV or JSONL file.

One line per criterion with `criterion_id` and `verdict` (met, unmet or ungraded), and where they
are known `clip` (file name), `reviewer`, `rationale`. Lines of several reviewers count as repeats,
in the order in which the reviewers first appear.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from .verdicts import BY_DESIGN, STATES, UNGRADED, MetricError, Verdict

JUDGE = "human"
_COLUMNS = ("task_id", "criterion_id", "clip", "reviewer", "verdict", "rationale")


def read_verdicts(path: Path, rows: Sequence[Mapping[str, Any]]) -> list[Verdict]:
    """The verdicts in `path`, checked against the criteria of `rows`.

    Criteria that nobody filled in are ungraded by design for that reviewer and clip. Raises
    `MetricError` naming file, line and field.
    """
    owner = {c["criterion_id"]: row["task_id"] for row in rows for c in row["criteria"]}
    reviewers: dict[str, int] = {}
    given: dict[tuple[str, str, int], dict[str, Verdict]] = {}
    for where, line in _lines(path):
        criterion = str(line.get("criterion_id") or "").strip()
        if criterion not in owner:
            raise MetricError(f"{where}: criterion_id: {criterion!r} is not in this edition")
        task = str(line.get("task_id") or owner[criterion]).strip()
        if task != owner[criterion]:
            raise MetricError(f"{where}: task_id: {criterion} belongs to {owner[criterion]}")
        verdict = str(line.get("verdict") or "").strip().lower()
        if not verdict:
            continue  # a form that is not filled in yet
        if verdict not in STATES:
            raise MetricError(
                f"{where}: verdict: expected one of {', '.join(STATES)}, got {verdict!r}"
            )
        reviewer = str(line.get("reviewer") or "").strip()
        repeat = reviewers.setdefault(reviewer, len(reviewers))
        clip = str(line.get("clip") or "").strip()
        mine = given.setdefault((task, clip, repeat), {})
        if criterion in mine:
            raise MetricError(f"{where}: {criterion} was answered before for this clip")
        kind = BY_DESIGN if verdict == UNGRADED else ""
        rationale = str(line.get("rationale") or "")
        mine[criterion] = Verdict(
            task, clip, criterion, JUDGE, repeat, verdict, kind, "", rationale
        )
    if not given:
        raise MetricError(f"{path}: expected at least one verdict, found none")
    criteria = {row["task_id"]: [c["criterion_id"] for c in row["criteria"]] for row in rows}
    return [
        mine.get(c) or Verdict(task, clip, c, JUDGE, repeat, UNGRADED, BY_DESIGN, "not filled in")
        for (task, clip, repeat), mine in given.items()
        for c in criteria[task]
    ]


def write_form(
    path: Path, rows: Iterable[Mapping[str, Any]], clips: Mapping[str, Sequence]
) -> None:
    """A CSV for experts to fill in: one line per clip and criterion, with prompt and text."""
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow([*_COLUMNS, "prompt", "criterion"])
        for row in rows:
            for clip in clips.get(row["task_id"], ()):
                for c in row["criteria"]:
                    fixed = [row["task_id"], c["criterion_id"], str(clip), "", "", ""]
                    out.writerow([*fixed, _cell(row["prompt"]), _cell(c["text"])])


def _cell(text: str) -> str:
    """Text that a spreadsheet does not take for a formula."""
    return f"'{text}" if text[:1] in "=+-@\t\r" else text


def _lines(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Where a line stands, for messages, and what it says."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise MetricError(f"{path}: cannot be read as UTF-8 text ({error})") from None
    if path.suffix.lower() == ".csv":
        reader = csv.DictReader(text.splitlines(keepends=True))
        missing = {"criterion_id", "verdict"} - set(reader.fieldnames or ())
        if missing:
            raise MetricError(f"{path}: expected a column {sorted(missing)[0]!r}")
        for line in reader:
            yield f"{path}:{reader.line_num}", line
        return
    for number, raw in enumerate(text.splitlines(), 1):
        if not raw.strip():
            continue
        try:
            entry = json.loads(raw)
        except ValueError:
            entry = None
        if not isinstance(entry, dict):
            raise MetricError(f"{path}:{number}: expected a JSON object")
        yield f"{path}:{number}", entry
