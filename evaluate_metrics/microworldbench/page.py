"""The report as one HTML page that asks nobody for anything and can be read without scripts."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from . import published
from .figures import MOST_CLUSTERS, forest, heat_map, interval_bar
from .findings import Findings, criteria_of, declined, judge_failures
from .markup import Safe, el
from .page_style import SCRIPT, STYLE
from .page_tasks import Show, tasks_section
from .scores import OVERALL, PARTS
from .wording import (
    DASH,
    DETECTABLE_NOTE,
    LEVELS_NOTE,
    NO_INTERVAL,
    NO_SCORE,
    NO_TEST,
    NOT_RANKED,
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
)


def page(f: Findings, show: Show) -> str:
    """The whole page; `show` gives the frames of a clip, or why there are none."""
    title = f"MicroWorldBench report: {', '.join(f.names)}"
    sections = [
        _leaderboard(f),
        _comparisons(f),
        _levels(f),
        _failures(f),
        _published(f),
        tasks_section(f, show),
    ]
    links = [
        ("scores", "Scores"),
        *([("differences", "Differences")] if f.pairs else []),
        ("levels", "Levels and phenomena"),
        ("failures", "Failures"),
        *([("published", "Published")] if _is_published(f) else []),
        ("tasks", "Every criterion"),
    ]
    policy = (
        f"default-src 'none'; img-src data:; style-src '{_hash(STYLE)}'; "
        f"script-src '{_hash(SCRIPT)}'; base-uri 'none'; form-action 'none'"
    )
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", http_equiv="Content-Security-Policy", content=policy),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", name="referrer", content="no-referrer"),
        el("title", title),
        el("style", Safe(STYLE)),
    )
    body = el(
        "body",
        el("a", "Skip to the scores", href="#scores", class_="skip"),
        el("header", el("h1", title), el("p", READING, class_="lead"), _facts(f)),
        el("nav", [el("a", text, href=f"#{to}") for to, text in links], aria_label="Sections"),
        el("main", sections),
        el("script", Safe(SCRIPT)),
    )
    return f"<!doctype html>\n{el('html', head, body, lang='en')}\n"


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _facts(f: Findings) -> Safe:
    listed = [[el("dt", label), el("dd", text)] for label, text in facts(f)]
    return el("div", el("dl", listed, class_="facts"), el("ul", [el("li", n) for n in notes(f)]))


def _leaderboard(f: Findings) -> Safe:
    headings = {OVERALL: "Leaderboard"}
    tables = [
        [el("h3" if part != OVERALL else "h2", headings.get(part, part.capitalize())),
         _board(f, part)]
        for part in PARTS
    ]  # fmt: skip
    return el("section", tables, el("p", DETECTABLE_NOTE, class_="soft"), id="scores")


def _board(f: Findings, part: str) -> Safe:
    heads = ["Rank", "Model", "Published score", "95 % interval", "0 to 100", "Unclamped",
             "95 % interval, unclamped", "Coverage"]  # fmt: skip
    if f.partial:
        heads.append("Unclamped, ungraded at worst and best")
    heads.append("Smallest detectable difference")
    rows = []
    shared = list(f.ranks[part].values())
    for name, summary in zip(f.names, f.summaries, strict=True):
        rank = f.ranks[part][name]
        if summary["scores"][part]["published"] is None:
            first = number(DASH, NO_SCORE)
        else:
            first = el("td", f"{rank}{'=' if shared.count(rank) > 1 else ''}", class_="n")
        rows.append(
            el("tr", first, el("th", name, scope="row"), _cells(f, summary["scores"][part]))
        )
    controls = [
        el(
            "tr",
            number(DASH, NOT_RANKED),
            el("th", f"control: {c.name}{_whose(f, c.models)} ({c.tasks} tasks)", scope="row"),
            _cells(f, c.scores[part]),
        )
        for c in f.controls
    ]
    if controls:
        told = "Controls: scores to be had without showing or without looking"
        controls.insert(0, el("tr", el("th", told, colspan=len(heads), scope="rowgroup")))
    caption = f"{part.capitalize()}, in percent, by overall score; = marks a shared rank"
    if not f.controls:
        caption += "; these runs have no controls"
    bodies = [el("tbody", rows), el("tbody", controls, class_="controls") if controls else None]
    return table(caption, heads, bodies, text=(1, 4), class_="board")


def _whose(f: Findings, models: Sequence[str]) -> str:
    return "" if len(models) == len(f.names) else f" of {', '.join(models)}"


def _cells(f: Findings, s: Mapping[str, Any]) -> list[Safe]:
    cells = [
        number(points(s["published"]), NO_SCORE, strong=True),
        number(interval(s["low"], s["high"]), NO_INTERVAL),
        el("td", interval_bar(s["published"], s["low"], s["high"])),
        number(points(s["unclamped"]), NO_SCORE),
        number(interval(s["unclamped_low"], s["unclamped_high"]), NO_INTERVAL),
        number(percent(s["coverage"]), NO_SCORE),
    ]
    if f.partial:
        cells.append(number(interval(s["lower"], s["upper"]), NO_SCORE))
    return [*cells, number(points(s["detectable"]), NO_INTERVAL)]


def _comparisons(f: Findings) -> Safe | None:
    if not f.pairs:
        return None
    heads = ["Difference", "On", "Points", "95 % interval", "p", "p, Holm", "Detectable",
             "Clusters", "Criteria graded for both"]  # fmt: skip
    totals = {part: len(criteria_of(f.rows, part)) for part in PARTS}
    rows = [
        el(
            "tr",
            el("th", name_of(c), scope="row"),
            el("td", part),
            number(points(c.difference.mean, signed=True), NO_TEST, c.difference.mean, strong=True),
            number(bounds(c.difference), NO_INTERVAL, c.difference.low),
            number(p_text(c.p), NO_TEST, c.p),
            number(p_text(c.p_adjusted), NO_TEST, c.p_adjusted),
            number(points(c.detectable), NO_INTERVAL, c.detectable),
            number(str(c.difference.clusters), ""),
            number(f"{pair.common[part]} of {totals[part]}", "", pair.common[part]),
        )
        for part in PARTS
        for pair in f.pairs
        for c in [pair.parts[part]]
    ]
    plots = []
    for place, pair in enumerate(f.pairs):
        c = pair.parts[OVERALL]
        plot = el(
            "div", forest(c, f.cluster), class_="scroll", tabindex=0, role="group",
            aria_label=f"Forest plot of {name_of(c)}",
        )  # fmt: skip
        found = len(c.by_cluster)
        more = f" {found} {f.cluster} are too many to draw." if found > MOST_CLUSTERS else ""
        said = (
            f"Overall, unclamped, in points by {f.cluster}; right of 0 {c.first} is ahead, left "
            f"of it {c.second}. Single {f.cluster} are shown without intervals and are not tested."
        )
        plots.append(
            el(
                "details",
                el("summary", name_of(c)),
                plot,
                el("p", said + more, class_="soft"),
                open=place == 0,
            )
        )
    return el(
        "section",
        el("h2", "Differences"),
        el("p", TESTS_NOTE),
        table("Paired differences", heads, [el("tbody", rows)], text=(0, 1), class_="sortable"),
        el("h3", f"Overall difference by {f.cluster}"),
        plots,
        id="differences",
    )


def _levels(f: Findings) -> Safe:
    maps = [
        el("figure", el("figcaption", f"{name}: published score by level and dimension"),
           heat_map(f"{name}, published score by level and dimension", s["levels"]))
        for name, s in zip(f.names, f.summaries, strict=True)
    ]  # fmt: skip
    rows = [
        el(
            "tr",
            el("th", group, scope="row"),
            el("td", kind),
            el("td", name),
            [number(points(scores[part]), NO_SCORE, scores[part]) for part in PARTS],
        )
        for kind, key in (("level", "levels"), ("phenomenon", "phenomena"))
        for group in f.summaries[0][key]
        for name, scores in ((n, s[key][group]) for n, s in zip(f.names, f.summaries, strict=True))
    ]
    heads = ["Of", "Kind", "Model", *(part.capitalize() for part in PARTS)]
    caption = "Published scores, means over tasks, in percent"
    return el(
        "section",
        el("h2", "Levels and phenomena"),
        el("p", LEVELS_NOTE),
        el("div", maps, class_="maps"),
        table(caption, heads, [el("tbody", rows)], text=(0, 1, 2), class_="sortable"),
        id="levels",
    )


def _failures(f: Findings) -> Safe:
    parts = []
    for name, run, summary in zip(f.names, f.runs, f.summaries, strict=True):
        clips = [
            el(
                "tr",
                el("td", x["task_id"]),
                el("td", x["clip"] or "no clip"),
                el("td", x["reason"]),
            )
            for x in summary["clip_failures"]
        ]
        judged = [
            el(
                "tr",
                el("td", task),
                el("td", clip or "no clip"),
                el("td", reason),
                number(str(n), ""),
            )
            for task, clip, reason, n in judge_failures(run)
        ]
        parts += [
            el("h3", name),
            table("Clip failures: every criterion asked of them counts as unmet",
                  ["Task", "Clip", "Reason"], [el("tbody", clips)], text=(0, 1, 2))
            if clips else el("p", "No clip failed."),
            table("Judge failures: these verdicts are ungraded and leave the score",
                  ["Task", "Clip", "Reason", "Verdicts"], [el("tbody", judged)], text=(0, 1, 2))
            if judged else el("p", "The judge answered everything that it was asked."),
            [el("p", f"Not asked, by design: {n} verdicts ({why}).") for why, n in declined(run)],
        ]  # fmt: skip
    return el("section", el("h2", "Failures"), parts, id="failures")


def _is_published(f: Findings) -> bool:
    return f.runs[0].info.get("edition") == "iclr2026"


def _published(f: Findings) -> Safe | None:
    if not _is_published(f):
        return None
    rows = [
        el("tr", el("th", model, scope="row"), [number(points(value), "") for value in values])
        for model, values in published.RESULTS.items()
    ]
    heads = ["Model", *(column.capitalize() for column in published.COLUMNS)]
    return el(
        "section",
        el("h2", "Published results, not part of this report's runs"),
        table(published.CAPTION, heads, [el("tbody", rows)], text=(0,)),
        el("p", "Source: ", el("a", published.SOURCE, href=published.LINK, rel="noreferrer")),
        id="published",
        class_="published",
    )


def number(text: str, why: str, value: float | None = None, strong: bool = False) -> Safe:
    """A cell with a number, sorted by `value`; where there is none, `why` is its title."""
    if text == DASH:
        return el("td", el("span", DASH, title=why, class_="none"), class_="n", data_v="")
    shown = el("strong", text) if strong else text
    return el("td", shown, class_="n", data_v=None if value is None else repr(float(value)))


def table(
    caption: str,
    heads: Sequence[str],
    bodies: Sequence[Safe | None],
    text: Sequence[int],
    class_: str | None = None,
) -> Safe:
    """A table that scrolls inside its own box; the columns `text` hold words, others numbers."""
    cells = [
        el("th", head, scope="col", class_=None if i in text else "n")
        for i, head in enumerate(heads)
    ]
    whole = el(
        "table", el("caption", caption), el("thead", el("tr", cells)), bodies,
        class_=class_,
    )  # fmt: skip
    return el("div", whole, class_="scroll", tabindex=0, role="group", aria_label=caption)
