"""What a run comes to: scores with intervals, coverage and failures, as plain JSON values."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from .scores import LEVELS, OVERALL, PARTS, TaskScores, flip_rate, task_scores
from .stats import clusters, detectable, estimate
from .verdicts import BY_DESIGN, CLIP_FAILURE, JUDGE_FAILURE, UNGRADED, Verdict

Row = Mapping[str, Any]


def summarise(rows: Sequence[Row], verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """The scores of one model on `rows`, in percent, ready for JSON (no NaN: None instead).

    `scores` maps overall and each dimension to `published` (clamped at 0) and `unclamped`, with
    `low` and `high` of their 95 % intervals, `coverage` and the bounds `lower` and `upper`;
    `levels` and `phenomena` hold published means, `tasks` every task's scores.
    """
    by_task = task_scores(rows, verdicts)
    clips = {(v.task_id, v.clip) for v in verdicts if v.clip}
    failed = {(v.task_id, v.clip, v.reason) for v in verdicts if v.kind == CLIP_FAILURE}
    kinds = Counter(v.kind for v in verdicts if v.verdict == UNGRADED)
    result = {
        "scores": {part: _part(rows, by_task, part) for part in PARTS},
        "levels": {
            level: _means([r for r in rows if r["level"] == level], by_task)
            for level in LEVELS
            if any(r["level"] == level for r in rows)
        },
        "phenomena": {
            name: _means([r for r in rows if r["phenomenon"] == name], by_task)
            for name in dict.fromkeys(r["phenomenon"] for r in rows)
            if name
        },
        "tasks": {
            task: {part: vars(score) for part, score in parts.items()}
            for task, parts in by_task.items()
        },
        "counts": {
            "tasks": len(rows),
            "tasks_with_clips": len({task for task, _ in clips}),
            "tasks_graded": sum(not math.isnan(by_task[r["task_id"]][OVERALL].unclamped)
                                for r in rows),
            "clips": len(clips),
            "criteria": sum(len(row["criteria"]) for row in rows),
            "ungraded_by_design": kinds[BY_DESIGN],
            "ungraded_by_judge_failure": kinds[JUDGE_FAILURE],
        },
        "clip_failures": [
            {"task_id": task, "clip": clip, "reason": reason}
            for task, clip, reason in sorted(failed)
        ],
        "flip_rate": flip_rate(verdicts),
    }  # fmt: skip
    return _json(result)


def unclamped(by_task: TaskScores, part: str = OVERALL) -> dict[str, float]:
    """Task id → unclamped score: what differences are tested on."""
    return {task: parts[part].unclamped for task, parts in by_task.items()}


def _part(rows: Sequence[Row], by_task: TaskScores, part: str) -> dict[str, Any]:
    def of(field: str) -> Any:
        values = {task: getattr(parts[part], field) for task, parts in by_task.items()}
        return estimate(clusters(rows, values).values())

    published, plain = of("published"), of("unclamped")
    return {
        "published": published.mean,
        "low": published.low,
        "high": published.high,
        "unclamped": plain.mean,
        "unclamped_low": plain.low,
        "unclamped_high": plain.high,
        "detectable": detectable(plain),
        "clusters": plain.clusters,
        "coverage": of("coverage").mean,
        "lower": of("lower").mean,
        "upper": of("upper").mean,
    }


def _means(rows: Sequence[Row], by_task: TaskScores) -> dict[str, float]:
    found = {}
    for part in PARTS:
        values = {r["task_id"]: by_task[r["task_id"]][part].published for r in rows}
        found[part] = estimate(clusters(rows, values).values()).mean
    return found


def _json(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_json(item) for item in value]
    if isinstance(value, float) and math.isnan(value):
        return None
    return value
