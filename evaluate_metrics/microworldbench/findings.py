"""What several runs come to side by side: order, ties, paired differences. Pure functions.

Two models are compared on the criteria that were graded for both, each task with one number: the
share of clips in which a criterion was met stands in for met in the unclamped score. With every
criterion graded on every clip that is the mean of the clips' unclamped scores; where a judge
failed on some clip it keeps the two rubrics the same.
"""

from __future__ import annotations

import itertools
import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .folder import Run, check_comparable
from .scores import OVERALL, PARTS
from .stats import Comparison, compare, holm, tie_groups
from .verdicts import BY_DESIGN, JUDGE_FAILURE, MET, UNGRADED, MetricError, Verdict

Row = Mapping[str, Any]
Shares = dict[tuple[str, str], float]
"""(task id, criterion id) → share of clips in which it was met, where graded."""
Clips = dict[str, list[Verdict]]
"""Clip → its verdicts on one task, in the run's order."""


@dataclass(frozen=True)
class Pair:
    """Two models, `first` above `second` on the leaderboard, on each of `PARTS`.

    `common` counts the criteria of each part that were graded for both.
    """

    first: str
    second: str
    common: dict[str, int]
    parts: dict[str, Comparison]


@dataclass(frozen=True)
class Control:
    """A control with the names of the runs in which it came out the same."""

    name: str
    models: tuple[str, ...]
    tasks: int
    scores: dict[str, Any]


@dataclass(frozen=True)
class Findings:
    """Runs in the order of the leaderboard; lists of the same length go together.

    `ranks` maps a part to model → rank, `pairs` holds every two models.
    """

    runs: list[Run]
    names: list[str]
    summaries: list[dict[str, Any]]
    ranks: dict[str, dict[str, int]]
    pairs: list[Pair]
    controls: list[Control]

    @property
    def rows(self) -> list[dict[str, Any]]:
        return self.runs[0].rows

    @property
    def cluster(self) -> str:
        """What a cluster is called in the plural."""
        named = any(row.get("phenomenon") for row in self.rows)
        return "phenomena" if named else "source channels"

    @property
    def partial(self) -> bool:
        """Whether some criterion of some run or control is ungraded."""
        scores = [s["scores"] for s in self.summaries] + [c.scores for c in self.controls]
        return any((s[OVERALL]["coverage"] or 0) < 1 for s in scores)


def find(runs: Sequence[Run]) -> Findings:
    """Everything that a report says of `runs`.

    Raises `MetricError` for no runs, for runs of another edition, version or judge, and for runs
    that graded other tasks.
    """
    if not runs:
        raise MetricError("report: expected at least one run")
    check_comparable(runs)
    for run in runs[1:]:
        if _rubric(run.rows) != _rubric(runs[0].rows):
            raise MetricError(
                f"{runs[0].path} and {run.path} graded other tasks or criteria "
                f"({len(runs[0].rows)} and {len(run.rows)} tasks): their scores do not compare"
            )
    listed = [
        (name, run, run.summary()) for name, run in zip(unique_names(runs), runs, strict=True)
    ]
    listed.sort(key=lambda entry: (-_number(_overall(entry[2]), -math.inf), entry[0]))
    names = [name for name, _, _ in listed]
    ordered = [run for _, run, _ in listed]
    summaries = [summary for _, _, summary in listed]
    pairs = _pairs(names, ordered)
    ranks = {}
    for part in PARTS:
        scores = {
            name: _number(s["scores"][part]["published"], -math.inf)
            for name, s in zip(names, summaries, strict=True)
        }
        ranks[part] = tie_groups(scores, [pair.parts[part] for pair in pairs])
    return Findings(ordered, names, summaries, ranks, pairs, _controls(names, summaries))


def unique_names(runs: Sequence[Run]) -> list[str]:
    """The runs' names; those that several runs share get the folder's name, then a number."""
    counts = Counter(run.name for run in runs)
    named = [f"{r.name} ({r.path.name})" if counts[r.name] > 1 else r.name for r in runs]
    taken: Counter[str] = Counter()
    found = []
    for name in named:
        taken[name] += 1
        found.append(f"{name} #{taken[name]}" if taken[name] > 1 else name)
    return found


def met_shares(rows: Sequence[Row], verdicts: Iterable[Verdict]) -> Shares:
    """Share of met for each criterion graded at least once: over repeats, then over clips.

    A task without any verdict has all its criteria unmet, as in the leaderboard's scores.
    """
    votes: dict[tuple[str, str], dict[str, list[bool]]] = {}
    seen = set()
    for v in verdicts:
        seen.add(v.task_id)
        if v.verdict != UNGRADED:
            clips = votes.setdefault((v.task_id, v.criterion_id), {})
            clips.setdefault(v.clip, []).append(v.verdict == MET)
    shares = {}
    for row in rows:
        for criterion in row["criteria"]:
            key = (row["task_id"], criterion["criterion_id"])
            if key in votes:
                each = [sum(found) / len(found) for found in votes[key].values()]
                shares[key] = sum(each) / len(each)
            elif row["task_id"] not in seen:
                shares[key] = 0.0
    return shares


def criteria_of(rows: Sequence[Row], part: str) -> set[tuple[str, str]]:
    """(task id, criterion id) of every criterion that counts in `part`."""
    return {
        (row["task_id"], c["criterion_id"])
        for row in rows
        for c in row["criteria"]
        if part in (OVERALL, c["dimension"])
    }


def common_scores(
    rows: Sequence[Row], first: Shares, second: Shares, part: str
) -> tuple[dict[str, float], dict[str, float]]:
    """Task id → unclamped score of each model on what both were graded for, in percent.

    NaN for a task of which no positive criterion was graded for both.
    """
    found: tuple[dict[str, float], dict[str, float]] = ({}, {})
    for row in rows:
        task = row["task_id"]
        shared = [
            ((task, c["criterion_id"]), int(c["sign"]), float(c["weight"]))
            for c in row["criteria"]
            if part in (OVERALL, c["dimension"])
            and (task, c["criterion_id"]) in first
            and (task, c["criterion_id"]) in second
        ]
        gain = sum(weight for _, sign, weight in shared if sign > 0)
        for shares, scores in zip((first, second), found, strict=True):
            got = sum(sign * weight * shares[key] for key, sign, weight in shared)
            scores[task] = 100 * got / gain if gain else math.nan
    return found


def by_task(verdicts: Iterable[Verdict]) -> dict[str, Clips]:
    """Task id → its verdicts by clip."""
    found: dict[str, Clips] = {}
    for v in verdicts:
        found.setdefault(v.task_id, {}).setdefault(v.clip, []).append(v)
    return found


def judge_failures(run: Run) -> list[tuple[str, str, str, int]]:
    """(task, clip, reason, verdicts lost) for each way in which the judge gave no answer."""
    counts = Counter((v.task_id, v.clip, v.reason) for v in run.verdicts if v.kind == JUDGE_FAILURE)
    return [(*key, number) for key, number in sorted(counts.items())]


def declined(run: Run) -> list[tuple[str, int]]:
    """(reason, verdicts) for what the judge was never asked, most frequent first."""
    counts = Counter(v.reason or "no reason given" for v in run.verdicts if v.kind == BY_DESIGN)
    return sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))


def _pairs(names: Sequence[str], runs: Sequence[Run]) -> list[Pair]:
    rows = runs[0].rows
    shares = [met_shares(rows, run.verdicts) for run in runs]
    pairs = []
    for i, j in itertools.combinations(range(len(runs)), 2):
        parts, common = {}, {}
        both = shares[i].keys() & shares[j].keys()
        for part in PARTS:
            common[part] = len(both & criteria_of(rows, part))
            first, second = common_scores(rows, shares[i], shares[j], part)
            parts[part] = compare(rows, (names[i], first), (names[j], second))
        pairs.append(Pair(names[i], names[j], common, parts))
    for part in PARTS:
        tested = [pair for pair in pairs if not math.isnan(pair.parts[part].p)]
        adjusted = holm([pair.parts[part].p for pair in tested])
        for pair, p in zip(tested, adjusted, strict=True):
            pair.parts[part] = replace(pair.parts[part], p_adjusted=p)
    return pairs


def _controls(names: Sequence[str], summaries: Sequence[Mapping[str, Any]]) -> list[Control]:
    """Controls in order of appearance, those with the same scores in several runs only once."""
    same: dict[str, tuple[str, list[str], dict[str, Any]]] = {}
    for model, summary in zip(names, summaries, strict=True):
        for name, scores in summary["controls"].items():
            key = json.dumps([name, scores], sort_keys=True)
            same.setdefault(key, (name, [], scores))[1].append(model)
    order = list(dict.fromkeys(name for name, _, _ in same.values()))
    found = [
        Control(name, tuple(models), scores["tasks"], scores)
        for name, models, scores in same.values()
    ]
    return sorted(found, key=lambda control: order.index(control.name))


def _rubric(rows: Sequence[Row]) -> dict[str, list[tuple[Any, ...]]]:
    keys = ("criterion_id", "dimension", "sign", "weight", "text")
    return {r["task_id"]: [tuple(c[k] for k in keys) for c in r["criteria"]] for r in rows}


def _overall(summary: Mapping[str, Any]) -> float | None:
    return summary["scores"][OVERALL]["published"]


def _number(value: float | None, missing: float) -> float:
    return missing if value is None or math.isnan(value) else value
