"""`microworldbench calibrate`: a judge before clips whose faults are known.

Every call goes through a log, as in a run: the same command goes on where it was interrupted.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .bar import Bar
from .calibration import (
    by_clip,
    criteria,
    false_alarms,
    hopeless_scores,
    noticed,
    unanswered,
    win_rate,
)
from .calibration_md import markdown
from .calls import Judge, Row
from .clips import Clip
from .degrade import Harm, Harmed
from .folder import log_path
from .log import CallLog
from .probes import HOPELESS, Probe, hopeless
from .rows import METRIC_VERSION
from .run import run_each_sync
from .verdicts import MetricError, Verdict

JSON, MARKDOWN = "calibration.json", "calibration.md"


def calibrate(
    probes: Sequence[Probe],
    judge: Judge,
    out: Path,
    controls: int = 2,
    harms: Sequence[Harm] = (),
    concurrency: int = 16,
) -> dict[str, Any]:
    """Grade `probes` and what is made of them; write and return the figures (see `figures`).

    `controls`: hopeless clips of each kind for each task. `harms`: what the true clips are graded
    through once more. Raises `MetricError` where the judge or the disk cannot go on.
    """
    if not any(not judge.declines(c) for probe in probes for c in probe.row["criteria"]):
        raise MetricError(f"{judge.id}: decides no criterion of these tasks")
    true = [probe for probe in probes if not probe.violation]
    todo = {"probes": [probe.shown(probe.clip) for probe in probes]}
    todo |= {f"control: {kind}": hopeless(probes, kind, controls) for kind in HOPELESS}
    todo |= {h.name: [p.shown(Harmed(p.clip, h)) for p in true] for h in harms}
    graded: dict[str, list[Verdict]] = {}
    with CallLog(log_path(out)) as log:
        for name, shown in todo.items():
            graded[name] = []
            if not shown:
                continue
            with Bar(name) as bar:
                graded[name] = run_each_sync(
                    shown, judge, log, progress=bar.show, max_concurrency=concurrency
                )
    found = _plain(figures(probes, judge, todo, graded, [h.name for h in harms]))
    _write(out / JSON, json.dumps(found, indent=1) + "\n")
    _write(out / MARKDOWN, markdown(found))
    return found


def figures(
    probes: Sequence[Probe],
    judge: Judge,
    todo: Mapping[str, Sequence[tuple[Row, Clip]]],
    graded: Mapping[str, Sequence[Verdict]],
    harms: Sequence[str],
) -> dict[str, Any]:
    """Everything that calibration.json holds.

    `win_rate`, `false_alarms`, `violations`, `controls` and `criteria` are what the functions of
    `calibration` return; `harmed` holds the false alarms of true clips after each harm.
    """
    found = by_clip(graded["probes"])
    own = {p.clip.name: p.clip.name for p in probes}
    return {
        "judge": judge.id,
        "settings": judge.settings,
        "metric_version": METRIC_VERSION,
        "dataset_version": str(probes[0].row["version"]),
        "probes": {
            "pairs": len(probes) // 2,
            "worlds": list(dict.fromkeys(p.phenomenon for p in probes)),
            "tasks": sorted({p.task_id for p in probes}),
        },
        "win_rate": win_rate(probes, found),
        "false_alarms": false_alarms(probes, found, own),
        "harmed": {
            name: false_alarms(
                probes, by_clip(graded[name]), {clip: f"{clip} [{name}]" for clip in own}
            )
            for name in harms
        },
        "violations": noticed(probes, found),
        "controls": {
            kind: hopeless_scores(
                [(row, clip.name) for row, clip in todo[f"control: {kind}"]],
                by_clip(graded[f"control: {kind}"]),
            )
            for kind in HOPELESS
            if todo[f"control: {kind}"]
        },
        "criteria": criteria(probes, found),
        "unanswered": sum(unanswered(verdicts) for verdicts in graded.values()),
    }


def headline(found: Mapping[str, Any]) -> list[str]:
    """The figures that matter most, as lines for a terminal."""
    wins, alarms = found["win_rate"], found["false_alarms"]

    def lowest(worlds: Mapping[str, Any]) -> str:
        known = {world: got["share"] for world, got in worlds.items() if got["n"]}
        return "".join(
            f", lowest {w} {known[w]:.3f}" for w in sorted(known, key=lambda w: known[w])[:1]
        )

    worst = alarms["worst"]
    lines = [
        f"{found['judge']} on {found['probes']['pairs']} pairs:",
        f"  win rate {_number(wins['mean'], 3)}{lowest(wins['worlds'])}",
        f"  true clips with a false alarm: {_percent(alarms['all'])} of {alarms['all']['n']}, "
        f"worst stratum {worst['stratum']} {_percent(worst)}",
    ]
    lines += [f"    after {name}: {_percent(h['all'])}" for name, h in found["harmed"].items()]
    for kind, one in found["controls"].items():
        lines.append(
            f"  {kind}: highest score {_number(one['highest'], 1)}, "
            f"{_percent(one['clip_failures'])} counted as clip failures"
        )
    if found["unanswered"]:
        lines.append(f"  the judge failed on {found['unanswered']} criteria")
    return lines


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def _percent(one: Mapping[str, Any]) -> str:
    return "–" if one["share"] is None else f"{100 * one['share']:.1f} %"


def _plain(value: Any) -> Any:
    """Ready for JSON: no NaN but None."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and math.isnan(value):
        return None
    return value


def _write(path: Path, text: str) -> None:
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)
