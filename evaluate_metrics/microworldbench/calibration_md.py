"""A calibration as Markdown tables, fit for the card of a data set or a metric."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

DASH = "–"


def markdown(c: Mapping[str, Any]) -> str:
    """The whole text, from the plain values of `calibrate.figures`."""
    probes = c["probes"]
    lines = [
        f"# How far the judge `{c['judge']}` can be believed",
        "",
        f"On {probes['pairs']} pairs of a true clip, which answers its task perfectly, and a twin "
        f"that breaks one law ({', '.join(f'`{w}`' for w in probes['worlds'])}). Simulated clips: "
        "nothing here says how the judge does on other pictures. Brackets: 95 % intervals, "
        "Student's over worlds for their mean, Wilson's over clips elsewhere.",
        "",
        "## Worlds",
        "",
        "Win rate: how often the true clip beats its twin on the scientific criteria alone, ties "
        "½. False alarms: true clips with any criterion against them.",
        "",
        *_worlds(c),
        "",
        "## False alarms by kind of clip",
        "",
        *_strata(c),
        "",
        "## What each violation is noticed by",
        "",
        "Share of twins against which a scientific criterion with that measure goes; in bold those "
        "of at least a half. Then the win rate within each task.",
        "",
        *_violations(c["violations"]),
        "## Clips that show nothing of what was asked",
        "",
        *_controls(c["controls"]),
        "",
        "## Criteria",
        "",
        "True clips: share that the judge treats as it should. The other rates of a scientific "
        "criterion rest on these and on the twins of the violation that it notices most often, "
        "chosen on other pairs: sensitivity is the share met where the statement is true, "
        "specificity that unmet where it is not. Met: share of all the task's clips that are said "
        "to meet it; corrected: the share that do, given the two rates (Rogan & Gladen 1978).",
        "",
        *_criteria(c["criteria"]),
        "",
    ]
    if c["unanswered"]:
        lines += [f"The judge failed to answer {c['unanswered']} times.", ""]
    return "\n".join(lines)


def _table(head: Sequence[str], body: Iterable[Sequence[str]]) -> list[str]:
    lines = [list(head), ["---"] * len(head), *(list(line) for line in body)]
    return ["| " + " | ".join(line) + " |" for line in lines]


def _number(value: float | None, digits: int = 2) -> str:
    return DASH if value is None or math.isnan(value) else f"{value:.{digits}f}"


def _percent(value: float | None) -> str:
    return DASH if value is None or math.isnan(value) else f"{100 * value:.1f} %"


def _with_interval(one: Mapping[str, Any]) -> str:
    if one["share"] is None:
        return DASH
    return f"{_percent(one['share'])} [{100 * one['low']:.1f}, {100 * one['high']:.1f}]"


def _worlds(c: Mapping[str, Any]) -> list[str]:
    wins, alarms = c["win_rate"], c["false_alarms"]
    body = [
        [
            f"`{world}`",
            str(got["n"]),
            f"{_number(got['share'], 3)} [{_number(got['low'])}, {_number(got['high'])}]",
            str(got["ties"]),
            _with_interval(alarms["worlds"][world]),
        ]
        for world, got in wins["worlds"].items()
    ]
    body.append(
        [
            "mean of worlds, all true clips",
            str(sum(got["n"] for got in wins["worlds"].values())),
            f"{_number(wins['mean'], 3)} [{_number(wins['low'])}, {_number(wins['high'])}]",
            str(sum(got["ties"] for got in wins["worlds"].values())),
            _with_interval(alarms["all"]),
        ]
    )
    return _table(["world", "pairs", "win rate", "ties", "false alarms"], body)


def _strata(c: Mapping[str, Any]) -> list[str]:
    alarms = c["false_alarms"]
    listed = [("as they are", alarms["all"])]
    listed += [item for labels in alarms["strata"].values() for item in labels.items()]
    for name, harmed in c["harmed"].items():
        listed.append((name, harmed["all"]))
        listed += [(f"{name}, from {at}", one) for at, one in harmed["strata"]["size"].items()]
    worst = max((one["share"] for _, one in listed if one["n"]), default=0.0)
    body = [
        [
            label.replace("_", " "),
            str(one["n"]),
            f"**{_with_interval(one)}**"
            if one["n"] and one["share"] == worst > 0
            else _with_interval(one),
        ]
        for label, one in listed
    ]
    return _table(["true clips", "n", "false alarms (worst in bold)"], body)


def _violations(found: Sequence[Mapping[str, Any]]) -> list[str]:
    lines: list[str] = []
    for world in dict.fromkeys(one["phenomenon"] for one in found):
        mine = [one for one in found if one["phenomenon"] == world]
        measures = sorted({name for one in mine for name in one["by_measure"]})
        tasks = sorted({name for one in mine for name in one["wins_by_task"]})
        short = [name.removeprefix(f"{world}.").removeprefix(f"{world}-") for name in measures]
        numbers = [f"task {name.removeprefix(f'{world}-')}" for name in tasks]
        body = []
        for one in mine:
            shares = [one["by_measure"].get(name, {}).get("share") for name in measures]
            wins = [one["wins_by_task"].get(name, {}).get("share") for name in tasks]
            body.append(
                [
                    f"`{one['violation']}`",
                    str(one["noticed"]["n"]),
                    *(_bold(value) for value in shares),
                    _number(one["noticed"]["share"]),
                    *(_number(value) for value in wins),
                ]
            )
        head = [f"`{world}`", "twins", *short, "any of them", *numbers]
        lines += [*_table(head, body), ""]
    return lines


def _bold(value: float | None) -> str:
    text = _number(value)
    return f"**{text}**" if value is not None and value >= 0.5 else text


def _controls(controls: Mapping[str, Mapping[str, Any]]) -> list[str]:
    body = [
        [
            kind,
            str(one["clips"]),
            _number(one["mean"], 1),
            _number(one["highest"], 1),
            _percent(one["at_most_10"]["share"]),
            _percent(one["clip_failures"]["share"]),
        ]
        for kind, one in controls.items()
    ]
    head = ["clip", "n", "mean score", "highest", "score ≤ 10", "counted as clip failures"]
    return _table(head, body) if body else ["None was graded."]


def _criteria(found: Sequence[Mapping[str, Any]]) -> list[str]:
    body = [
        [
            f"`{one['criterion_id']}`",
            f"`{one['measure']}`" if one["measure"] else DASH,
            "+" if one["sign"] > 0 else "\N{MINUS SIGN}",
            f"{_percent(one['true_clips']['share'])} of {one['true_clips']['n']}",
            f"`{one['about']}`" if one["about"] else DASH,
            f"{_number(one['sensitivity'])} of {one['positives']}",
            f"{_number(one['specificity'])} of {one['negatives']}",
            _number(one["met"]),
            _number(one["corrected"]),
        ]
        for one in found
    ]
    head = [
        "criterion", "measure", "sign", "true clips", "about", "sensitivity", "specificity",
        "met", "corrected",
    ]  # fmt: skip
    return _table(head, body)
