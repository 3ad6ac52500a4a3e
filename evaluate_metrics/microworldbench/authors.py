"""Results of the authors' own evaluator, `<model>_result.json`, scored as they do or repaired.

A result file is a list of `{"index", "scientific_eval", "visual_eval", "instruction_eval"}`, each
evaluation with a `parsed_result` of `{"scores": [1, 0, …], "reasoning": …}` (MicroVerse, `eval/`).
Their scorer leaves out a clip as soon as one of its three answers is missing, passes over the
criteria that their evaluator never showed (`hidden`), and takes a list of any length. As verdicts,
the same answers say what they are worth: what was never shown or never answered is ungraded.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .scores import DIMENSIONS, LEVELS, OVERALL
from .verdicts import (
    BY_DESIGN,
    CLIP_FAILURE,
    JUDGE_FAILURE,
    MET,
    UNGRADED,
    UNMET,
    MetricError,
    Verdict,
)

SUFFIX = "_result.json"
JUDGE = "the authors' evaluator"
Row = Mapping[str, Any]
Item = Mapping[str, Any]


def read_results(path: Path) -> list[dict[str, Any]]:
    """The entries of a result file. Raises `MetricError` naming file, entry and key."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise MetricError(f"{path}: cannot be read as JSON ({error})") from None
    if not isinstance(data, list) or not data:
        raise MetricError(f"{path}: expected a list of results")
    for place, item in enumerate(data, 1):
        where = f"{path}: entry {place}"
        if not isinstance(item, dict) or type(item.get("index")) is not int:
            raise MetricError(f"{where}: index: expected a whole number")
        for dimension in DIMENSIONS:
            given = item.get(f"{dimension}_eval")
            parsed = given.get("parsed_result") if isinstance(given, dict) else given
            if parsed and not isinstance(parsed, dict):
                raise MetricError(f"{where}: {dimension}_eval: expected a parsed_result mapping")
            if parsed and not isinstance(parsed.get("scores", []), list):
                raise MetricError(f"{where}: {dimension}_eval: scores: expected a list")
    return data


def by_index(rows: Sequence[Row]) -> dict[int, Row]:
    """Rows of edition `iclr2026` by the authors' index. Raises `MetricError` for other rows."""
    found: dict[int, Row] = {}
    for row in rows:
        edition, _, number = str(row["task_id"]).partition("-")
        if edition != "iclr2026" or not number.isdigit():
            raise MetricError(f"{row['task_id']}: expected the rows of edition iclr2026")
        if any(c.get("hidden") is None for c in row["criteria"]):
            raise MetricError(
                f"{row['task_id']}: criteria: missing key 'hidden': import the edition again"
            )
        found[int(number)] = row
    return found


def model_name(path: Path) -> str:
    """`Wan2.1_result.json` → `Wan2.1`."""
    return path.name.removesuffix(SUFFIX).removesuffix(".json")


def published_scores(items: Sequence[Item], rows: Mapping[int, Row]) -> dict[str, Any]:
    """What the authors' scorer makes of a result file, defects included.

    `valid_tasks`; `overall` and each dimension, means over the valid results; `levels`. Raises
    `MetricError` if the rows do not hold the weights that their scorer uses.
    """
    if any(float(c["weight"]) > 1 for row in rows.values() for c in row["criteria"]):
        raise MetricError(
            "--compat published: this edition holds the raw weights; import it with "
            "--weights published"
        )
    totals: dict[str, list[float]] = {part: [] for part in (OVERALL, *DIMENSIONS, *LEVELS)}
    for item in items:
        row = rows.get(item["index"])
        answers = [_scores(item, dimension) for dimension in DIMENSIONS]
        if row is None or not all(answers):
            continue
        sums = [_sums(row, d, a) for d, a in zip(DIMENSIONS, answers, strict=True)]
        for dimension, pair in zip(DIMENSIONS, sums, strict=True):
            totals[dimension].append(_percent(*pair))
        task = _percent(sum(got for got, _ in sums), sum(most for _, most in sums))
        totals[OVERALL].append(task)
        totals[row["level"]].append(task)
    means = {part: sum(v) / len(v) if v else 0.0 for part, v in totals.items()}
    return {
        "valid_tasks": len(totals[OVERALL]),
        **{part: means[part] for part in (OVERALL, *DIMENSIONS)},
        "levels": {level: means[level] for level in LEVELS},
    }


def _scores(item: Item, dimension: str) -> list[Any]:
    given = item.get(f"{dimension}_eval") or {}
    return list((given.get("parsed_result") or {}).get("scores", []))


def _sums(row: Row, dimension: str, answers: Sequence[Any]) -> tuple[float, float]:
    """Points got, and points to be had from the criteria that the list reaches."""
    got = most = 0.0
    for criterion, answer in zip(_shown(row, dimension), answers, strict=False):
        got += criterion["sign"] * criterion["weight"] if answer == 1 else 0.0
        most += criterion["weight"] if criterion["sign"] > 0 else 0.0
    return got, most


def _shown(row: Row, dimension: str) -> list[Mapping[str, Any]]:
    mine = [c for c in row["criteria"] if c["dimension"] == dimension]
    return [c for c in mine if not c["hidden"]]


def _percent(got: float, most: float) -> float:
    return max(0.0, got / most * 100) if most > 0 else 0.0


def as_verdicts(items: Sequence[Item], rows: Mapping[int, Row]) -> list[Verdict]:
    """The same answers as verdicts on every criterion of `rows`; the last result of a task counts.

    No result: the clip failed. No answer for a dimension, or a list of another length than the
    criteria that were shown, so that nobody knows which score belongs to which: the judge failed.
    """
    last = {item["index"]: item for item in items}
    return [
        verdict
        for index, row in rows.items()
        for dimension in DIMENSIONS
        for verdict in _verdicts(row, dimension, last.get(index))
    ]


def _verdicts(row: Row, dimension: str, item: Item | None) -> list[Verdict]:
    task = str(row["task_id"])
    clip = "" if item is None else f"{item['index']}.mp4"
    shown = _shown(row, dimension)
    answers = [] if item is None else _scores(item, dimension)
    given = {} if item is None else (item.get(f"{dimension}_eval") or {}).get("parsed_result") or {}
    rationale = str(given.get("reasoning") or "")
    place = {c["criterion_id"]: i for i, c in enumerate(shown)}
    found = []
    for c in (c for c in row["criteria"] if c["dimension"] == dimension):
        kind = reason = ""
        if item is None:
            state, kind, reason = UNMET, CLIP_FAILURE, "no result"
        elif c["hidden"]:
            state, kind, reason = UNGRADED, BY_DESIGN, "never shown to the judge"
        elif not answers:
            state, kind, reason = UNGRADED, JUDGE_FAILURE, "no answer"
        elif len(answers) != len(shown):
            state, kind = UNGRADED, JUDGE_FAILURE
            reason = f"{len(answers)} scores for {len(shown)} criteria"
        elif answers[place[c["criterion_id"]]] in (0, 1):
            state = MET if answers[place[c["criterion_id"]]] == 1 else UNMET
        else:
            state, kind, reason = UNGRADED, JUDGE_FAILURE, "a score that is neither 0 nor 1"
        said = rationale if not kind else ""
        found.append(Verdict(task, clip, c["criterion_id"], JUDGE, 0, state, kind, reason, said))
    return found
