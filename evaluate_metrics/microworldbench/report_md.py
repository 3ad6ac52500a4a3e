"""The report as Markdown: the same numbers as the page, without frames."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from . import published
from .findings import Clips, Findings, by_task, criteria_of, declined, judge_failures
from .scores import OVERALL, PARTS
from .wording import (
    DETECTABLE_NOTE,
    LEVELS_NOTE,
    MINUS,
    READING,
    TESTS_NOTE,
    bounds,
    facts,
    interval,
    name_of,
    notes,
    p_text,
    percent,
    points,
    shortened,
    tally,
    verdict_words,
)

_SPECIAL = re.compile(r"([\\`*_\[\]|~$<>&])")


def plain(text: Any) -> str:
    """Outside text on one line, with nothing in it that Markdown or HTML would act on."""
    line = _SPECIAL.sub(r"\\\1", " ".join(shortened(str(text)).split()))
    line = line.replace("\\&", "&amp;").replace("\\<", "&lt;").replace("\\>", "&gt;")
    # Bare addresses and mentions become links on many sites.
    return re.sub(r"(?i)(https?|ftp)://|www\.|@", lambda m: m[0][:-1] + f"&#{ord(m[0][-1])};", line)


def markdown(f: Findings) -> str:
    """The whole document."""
    lines = [f"# MicroWorldBench report: {', '.join(map(plain, f.names))}", "", READING, ""]
    lines += [f"- **{plain(label)}**: {plain(text)}" for label, text in facts(f)]
    lines += ["", *(f"- {plain(note)}" for note in notes(f)), ""]
    lines += ["## Leaderboard", ""]
    for part in PARTS:
        lines += [f"### {part.capitalize()}", "", *_board(f, part), ""]
    lines += [DETECTABLE_NOTE, ""]
    if f.pairs:
        lines += ["## Differences", "", TESTS_NOTE, "", *_differences(f), ""]
    lines += ["## Levels and phenomena", "", LEVELS_NOTE, "", *_groups(f), ""]
    lines += ["## Failures", "", *_failures(f)]
    if f.runs[0].info.get("edition") == "iclr2026":
        lines += ["## Published results, not part of this report's runs", ""]
        lines += [f"{published.CAPTION} (<{published.LINK}>).", ""]
        heads = ["model", *published.COLUMNS]
        rows = [[m, *map(points, values)] for m, values in published.RESULTS.items()]
        lines += [*table(heads, rows), ""]
    lines += ["## Every criterion", "", "With frames in report.html.", ""]
    verdicts = [by_task(run.verdicts) for run in f.runs]
    for row in f.rows:
        lines += _task(f, row, [by.get(row["task_id"], {}) for by in verdicts])
    return "\n".join(lines).rstrip() + "\n"


def _board(f: Findings, part: str) -> Iterable[str]:
    heads = ["rank", "model", "published", "95 % interval", "unclamped", "95 % interval",
             "coverage"]  # fmt: skip
    heads += ["ungraded at worst and best"] if f.partial else []
    heads.append("smallest detectable difference")

    def cells(s: Mapping[str, Any]) -> list[str]:
        found = [
            points(s["published"]),
            interval(s["low"], s["high"]),
            points(s["unclamped"]),
            interval(s["unclamped_low"], s["unclamped_high"]),
            percent(s["coverage"]),
        ]
        found += [interval(s["lower"], s["upper"])] if f.partial else []
        return [*found, points(s["detectable"])]

    shared = list(f.ranks[part].values())
    rows = []
    for name, summary in zip(f.names, f.summaries, strict=True):
        rank, s = f.ranks[part][name], summary["scores"][part]
        told = "–" if s["published"] is None else f"{rank}{'=' * (shared.count(rank) > 1)}"
        rows.append([told, f"**{plain(name)}**", *cells(s)])
    for c in f.controls:
        whose = "" if len(c.models) == len(f.names) else f" of {', '.join(map(plain, c.models))}"
        told = f"*control: {plain(c.name)}*{whose} ({c.tasks} tasks)"
        rows.append(["–", told, *cells(c.scores[part])])
    return table(heads, rows)


def _differences(f: Findings) -> Iterable[str]:
    totals = {part: len(criteria_of(f.rows, part)) for part in PARTS}
    rows = [
        [plain(name_of(c)), part, points(c.difference.mean, True), bounds(c.difference),
         p_text(c.p), p_text(c.p_adjusted), points(c.detectable), str(c.difference.clusters),
         f"{pair.common[part]} of {totals[part]}"]
        for part in PARTS
        for pair in f.pairs
        for c in [pair.parts[part]]
    ]  # fmt: skip
    heads = ["difference", "on", "points", "95 % interval", "p", "p, Holm", "detectable",
             "clusters", "criteria graded for both"]  # fmt: skip
    return table(heads, rows)


def _groups(f: Findings) -> Iterable[str]:
    rows = [
        [plain(group), kind, plain(name), *(points(s[key][group][part]) for part in PARTS)]
        for kind, key in (("level", "levels"), ("phenomenon", "phenomena"))
        for group in f.summaries[0][key]
        for name, s in zip(f.names, f.summaries, strict=True)
    ]
    return table(["of", "kind", "model", *PARTS], rows)


def _failures(f: Findings) -> Iterable[str]:
    for name, run, summary in zip(f.names, f.runs, f.summaries, strict=True):
        yield from (f"### {plain(name)}", "")
        listed = [
            f"- clip failure: {plain(x['task_id'])}, {plain(x['clip'] or 'no clip')}: "
            f"{plain(x['reason'])}"
            for x in summary["clip_failures"]
        ]
        listed += [
            f"- judge failure: {plain(task)}, {plain(clip or 'no clip')}: {plain(reason)} "
            f"({number} verdicts)"
            for task, clip, reason, number in judge_failures(run)
        ]
        listed += [
            f"- not asked, by design: {number} verdicts ({plain(why)})"
            for why, number in declined(run)
        ]
        yield from (listed or ["None."])
        yield ""


def _task(f: Findings, row: Mapping[str, Any], clips: Sequence[Clips]) -> Iterable[str]:
    task = row["task_id"]
    yield from (f"### {plain(task)}", "", f"Prompt: {plain(row['prompt'])}", "")
    scores = [
        f"{plain(name)} {points(s['tasks'][task][OVERALL]['published'])}"
        for name, s in zip(f.names, f.summaries, strict=True)
    ]
    yield from (f"Overall: {', '.join(scores)}", "")
    rows = []
    for c in row["criteria"]:
        sign = "+" if c["sign"] > 0 else MINUS
        source = f" (source: {plain(c['source'])})" if c.get("source") else ""
        weight = f"{sign}{plain(c['weight'])}"
        said = [_said(c, mine) for mine in clips]
        rows.append([weight, plain(c["dimension"]), plain(c["text"]) + source, *said])
    yield from table(["weight", "dimension", "criterion", *map(plain, f.names)], rows)
    yield ""


def _said(criterion: Mapping[str, Any], clips: Clips) -> str:
    parts = []
    for clip, verdicts in clips.items():
        mine = [v for v in verdicts if v.criterion_id == criterion["criterion_id"]]
        words = []
        for verdict, count, rationales in tally(mine):
            _, shape, text = verdict_words(criterion["sign"], verdict)
            times = f" ({count} of {len(mine)})" if len(mine) > 1 else ""
            grounds = "".join(f" “{plain(r)}”" for r in rationales)
            words.append(f"{shape} {plain(text)}{times}{grounds}")
        parts.append(f"{plain(clip or 'no clip')}: {'; '.join(words) or 'no verdict'}")
    return "<br>".join(parts) or "no verdicts: counted as 0"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterable[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"
