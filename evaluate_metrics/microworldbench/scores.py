"""Rubric scores: a pure function of benchmark rows and verdicts.

As published (MicroVerse, arXiv:2603.00585): for one clip and one dimension, S = Σ sign·weight·met
over Σ positive weights, in percent, clamped at 0; the overall score of a clip pools sums and
weights over its three dimensions (it is not their mean). Beside each published score stands the
unclamped one, on which differences are tested. A criterion that is ungraded leaves both sums;
`lower` and `upper` are what the score would be if every ungraded criterion had gone the worst or
the best way.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

import numpy as np

from .verdicts import MET, UNGRADED, MetricError, Verdict

DIMENSIONS = ("scientific", "visual", "instruction")
OVERALL = "overall"
PARTS = (OVERALL, *DIMENSIONS)
"""What a clip is scored on: everything pooled, and each dimension."""
LEVELS = ("organ", "cellular", "subcellular")


@dataclass(frozen=True)
class Score:
    """A score in percent and how much of the rubric stands behind it.

    `published` is clamped at 0, `unclamped` is not; both are NaN if no positive criterion was
    graded. `coverage` in [0, 1] is the graded share of all weights, `lower` and `upper` bound the
    unclamped score over every way in which the ungraded criteria could have gone.
    """

    published: float
    unclamped: float
    coverage: float
    lower: float
    upper: float

    FIELDS = ("published", "unclamped", "coverage", "lower", "upper")


NO_SCORE = Score(math.nan, math.nan, 0.0, math.nan, math.nan)


def parse_weight(value: Any, where: str = "weight") -> Decimal:
    """A weight as published files spell it (1, 1.0, "1.0", "1."), exactly.

    Raises `MetricError` naming `where` for anything that is not a number of at least 0.
    """
    try:
        weight = Decimal(str(value).strip()) if not isinstance(value, bool) else Decimal("NaN")
    except InvalidOperation:
        weight = Decimal("NaN")
    if not weight.is_finite() or weight < 0:
        raise MetricError(f"{where}: expected a number of at least 0, got {value!r}")
    return weight


def score(criteria: Iterable[Mapping[str, Any]], verdicts: Mapping[str, str]) -> Score:
    """Score of one clip on `criteria`, given criterion id → met, unmet or ungraded.

    A criterion that is missing from `verdicts` is ungraded. Weights are summed as decimals, so
    0.1 + 0.2 is 0.3 and the order of the criteria does not matter.
    """
    zero = Decimal(0)
    gain = loss = graded_gain = total = worst = best = got = zero
    graded = zero
    for criterion in criteria:
        weight, sign = parse_weight(criterion["weight"]), int(criterion["sign"])
        verdict = verdicts.get(criterion["criterion_id"], UNGRADED)
        gain += weight if sign > 0 else zero
        loss += weight if sign < 0 else zero
        total += weight
        if verdict == UNGRADED:
            worst += -weight if sign < 0 else zero
            best += weight if sign > 0 else zero
            continue
        graded += weight
        graded_gain += weight if sign > 0 else zero
        if verdict == MET:
            got += sign * weight
    if not gain:
        return NO_SCORE
    lower, upper = (float(100 * (got + extra) / gain) for extra in (worst, best))
    coverage = float(graded / total)
    if not graded_gain:
        return Score(math.nan, math.nan, coverage, lower, upper)
    unclamped = float(100 * got / graded_gain)
    return Score(max(0.0, unclamped), unclamped, coverage, lower, upper)


def clip_scores(
    criteria: Sequence[Mapping[str, Any]], verdicts: Mapping[str, str]
) -> dict[str, Score]:
    """Score of one clip on each of `PARTS`."""
    parts = {d: [c for c in criteria if c["dimension"] == d] for d in DIMENSIONS}
    return {OVERALL: score(criteria, verdicts), **{d: score(parts[d], verdicts) for d in parts}}


def mean_score(scores: Sequence[Score]) -> Score:
    """Field by field, the mean over those that are numbers; NaN if none is."""
    if not scores:
        return NO_SCORE
    table = np.array([[getattr(s, name) for name in Score.FIELDS] for s in scores])
    known = ~np.isnan(table)
    sums = np.where(known, table, 0).sum(axis=0)
    counts = known.sum(axis=0)
    return Score(*(float(s / n) if n else math.nan for s, n in zip(sums, counts, strict=True)))


TaskScores = dict[str, dict[str, Score]]
"""task id → part → score, averaged over the task's clips and the judge's repeats."""


def task_scores(rows: Sequence[Mapping[str, Any]], verdicts: Iterable[Verdict]) -> TaskScores:
    """Scores of every task in `rows`.

    A task's clips are averaged first, repeats of one clip before that. A task without verdicts
    scores 0 with coverage 0: a model cannot win by leaving out what it does badly.
    """
    grouped: dict[str, dict[str, dict[int, dict[str, str]]]] = {}
    for v in verdicts:
        clips = grouped.setdefault(v.task_id, {})
        clips.setdefault(v.clip, {}).setdefault(v.repeat, {})[v.criterion_id] = v.verdict
    absent = Score(0.0, 0.0, 0.0, 0.0, 0.0)
    result: TaskScores = {}
    for row in rows:
        criteria = row["criteria"]
        parts: dict[str, list[Score]] = {part: [] for part in PARTS}
        for repeats in grouped.get(row["task_id"], {}).values():
            each = [clip_scores(criteria, answers) for answers in repeats.values()]
            for part in PARTS:
                parts[part].append(mean_score([scores[part] for scores in each]))
        result[row["task_id"]] = {
            part: mean_score(found or [absent]) for part, found in parts.items()
        }
    return result


def flip_rate(verdicts: Iterable[Verdict]) -> float:
    """Share of criteria, asked more than once, whose graded verdicts are not all the same.

    NaN if none was graded twice.
    """
    seen: dict[tuple[str, str, str], list[str]] = {}
    for v in verdicts:
        if v.verdict != UNGRADED:
            seen.setdefault((v.task_id, v.clip, v.criterion_id), []).append(v.verdict)
    repeated = [answers for answers in seen.values() if len(answers) > 1]
    return float(np.mean([len(set(a)) > 1 for a in repeated])) if repeated else math.nan
