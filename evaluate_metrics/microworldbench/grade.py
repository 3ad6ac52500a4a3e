"""A whole run from a folder of clips to a run folder: judge, controls, progress and summary."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .agreement import alpha, cross_table, jackknife, majority
from .bar import Bar
from .calls import Judge
from .clips import Clip, find_clips
from .controls import CLIP_CONTROLS, JUDGE_CONTROLS, control_clips, judge_control
from .folder import Run, log_path, new_run, save
from .judge_human import read_verdicts
from .judges import make_judge
from .log import CallLog
from .plan import plan
from .run import run_judge_sync
from .scores import PARTS, flip_rate
from .verdicts import MetricError, Verdict

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Request:
    """What `microworldbench run` is asked for; see its options."""

    rows: Sequence[dict[str, Any]]
    videos: Path
    judge: str
    out: Path
    model: str
    protocol: str = "joint"
    repeats: int = 1
    limit: int | None = None
    controls: int = 1
    concurrency: int = 16
    temperature: float | None = 0.0
    seed: int = 0
    ask_failed_again: bool = False


def grade(request: Request, dry_run_prices: tuple[float, float] | None = None) -> None:
    """Grade and write the run folder, or only print what a run would ask and cost.

    Raises `MetricError` for anything that the user can mend.
    """
    found, strangers = find_clips(request.videos, request.rows)
    rows = list(request.rows)[: request.limit]
    clips = {
        task: [Clip(path, str(path.relative_to(request.videos))) for path in paths]
        for task, paths in found.items()
        if any(row["task_id"] == task for row in rows)
    }
    if request.judge.startswith("human:"):
        if dry_run_prices is not None:
            raise MetricError("--dry-run: a human judge sends nothing")
        verdicts = read_verdicts(Path(request.judge.removeprefix("human:")), rows)
        _say_left_out(strangers)
        _finish(request, rows, "human", {}, verdicts, {})
        return
    judge = make_judge(
        request.judge,
        protocol=request.protocol,
        temperature=request.temperature,
        seed=request.seed,
    )
    _say_left_out(strangers)
    control_rows = _first_of_each(rows, clips, request.controls)
    altered = {kind: control_clips(control_rows, clips, kind) for kind in CLIP_CONTROLS}
    if dry_run_prices is not None:
        _print_plan(request, rows, clips, altered, judge, dry_run_prices)
        return
    with CallLog(log_path(request.out)) as log:
        options: dict[str, Any] = {
            "repeats": request.repeats,
            "max_concurrency": request.concurrency,
            "ask_failed_again": request.ask_failed_again,
        }
        with Bar("grading") as bar:
            verdicts = run_judge_sync(rows, clips, judge, log, progress=bar.show, **options)
        controls: dict[str, list[Verdict]] = {}
        for kind, shown in altered.items():
            mine = [row for row in control_rows if row["task_id"] in shown]
            if mine:
                with Bar(f"control: {kind}") as bar:
                    controls[kind] = run_judge_sync(
                        mine, shown, judge, log, progress=bar.show, **options
                    )
    _finish(request, rows, judge.id, judge.settings, verdicts, controls)


def _first_of_each(rows: Sequence[Row], clips: Mapping[str, Any], count: int) -> list[Row]:
    """The first `count` tasks of each phenomenon that have clips."""
    taken: dict[str, int] = {}
    chosen = []
    for row in rows:
        name = row.get("phenomenon") or row["level"]
        if clips.get(row["task_id"]) and taken.get(name, 0) < count:
            taken[name] = taken.get(name, 0) + 1
            chosen.append(row)
    return chosen


def _finish(
    request: Request,
    rows: Sequence[dict[str, Any]],
    judge: str,
    settings: Mapping[str, Any],
    verdicts: list[Verdict],
    controls: dict[str, list[Verdict]],
) -> None:
    for kind in JUDGE_CONTROLS:
        controls[kind] = judge_control(rows, kind, request.seed)
    run = new_run(
        request.out,
        rows,
        verdicts,
        controls,
        model=request.model,
        judge=judge,
        settings=dict(settings),
        repeats=request.repeats,
        seed=request.seed,
        videos=str(request.videos),
    )
    for line in summary_lines(run, save(run)):
        print(line)


def summary_lines(run: Run, summary: Mapping[str, Any]) -> Iterable[str]:
    """The summary as a few lines for a terminal."""
    counts = summary["counts"]
    yield (
        f"{run.name}, judged by {run.info['judge']}: {counts['clips']} clips of "
        f"{counts['tasks_with_clips']} of {counts['tasks']} tasks"
    )
    for part in PARTS:
        s = summary["scores"][part]
        yield (
            f"  {part:<12} {_points(s['published'])}  95 % {_points(s['low'])} to "
            f"{_points(s['high'])}  coverage {100 * (s['coverage'] or 0):.0f} %"
        )
    for name, scores in summary["controls"].items():
        yield f"  control {name}: {_points(scores['overall']['published'])}"
    for failure in summary["clip_failures"]:
        yield f"  clip failure: {failure['task_id']} {failure['clip']}: {failure['reason']}"
    if counts["ungraded_by_judge_failure"]:
        yield f"  the judge failed on {counts['ungraded_by_judge_failure']} criteria"
    yield f"  run folder: {run.path}"


def agreement_lines(runs: Sequence[Run]) -> Iterable[str]:
    """How far the runs' judges agree, pair by pair and all together, by sign."""
    for key in ("edition", "dataset_version"):
        if len({str(run.info.get(key)) for run in runs}) > 1:
            raise MetricError(f"runs differ in {key}: their verdicts do not compare")
    rows = {row["task_id"]: row for run in runs for row in run.rows}
    clusters = {task: row.get("phenomenon") or task for task, row in rows.items()}
    signs = {c["criterion_id"]: c["sign"] for row in rows.values() for c in row["criteria"]}
    judged = [majority(run.verdicts) for run in runs]
    for (a, first), (b, second) in itertools.combinations(zip(runs, judged, strict=True), 2):
        yield f"{a.path.name} ({a.info['judge']}) and {b.path.name} ({b.info['judge']}):"
        for label, wanted in (("all criteria", 0), ("positive", 1), ("penalties", -1)):
            mine = {i: v for i, v in first.items() if not wanted or signs[i[2]] == wanted}
            table = cross_table(mine, second)
            kappa = jackknife(mine, second, clusters, "kappa")
            ac1 = jackknife(mine, second, clusters, "ac1")
            yield (
                f"  {label:<13} n {table.total:<5} both met {table.both}, only first "
                f"{table.first_only}, only second {table.second_only}, none {table.neither}"
            )
            yield (
                f"  {'':<13} kappa {_unit(kappa.mean)} ({_unit(kappa.low)} to "
                f"{_unit(kappa.high)})  AC1 {_unit(ac1.mean)} ({_unit(ac1.low)} to "
                f"{_unit(ac1.high)})"
            )
    yield f"Krippendorff's alpha of all: {_unit(alpha(judged))}"
    for run in runs:
        yield f"flip rate of {run.path.name}: {_unit(flip_rate(run.verdicts))}"


def _points(value: float | None) -> str:
    return "    –" if value is None else f"{value:5.1f}"


def _unit(value: float) -> str:
    return "–" if value != value else f"{value:.2f}"


def _print_plan(
    request: Request,
    rows: Sequence[Row],
    clips: Mapping[str, Sequence[Clip]],
    altered: Mapping[str, Mapping[str, Sequence[Clip]]],
    judge: Judge,
    prices: tuple[float, float],
) -> None:
    path = log_path(request.out)
    logged: Iterable[str] = ()
    if path.exists():
        with CallLog(path) as log:
            logged = set(log.entries)
    parts = {"run": (rows, clips)}
    for kind, shown in altered.items():
        parts[f"control {kind}"] = ([r for r in rows if r["task_id"] in shown], shown)
    total = 0.0
    for name, (mine, shown) in parts.items():
        if mine:
            found = plan(mine, shown, judge, set(logged), request.repeats, None, *prices)
            total += found.price
            print(f"{name}: {found}")
    print(f"total price: {total:.2f}; nothing was sent")


def _say_left_out(strangers: Sequence[Path]) -> None:
    if strangers:
        listed = ", ".join(path.name for path in strangers[:5])
        more = f" and {len(strangers) - 5} more" if len(strangers) > 5 else ""
        text = f"not named after any task, left out: {listed}{more}"
        print(f"microworldbench: {text}", file=sys.stderr)
