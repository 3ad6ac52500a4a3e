"""The part of the page that shows every task: its clips' frames, each criterion, each verdict."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from .figures import Strip
from .findings import Clips, Findings, by_task
from .markup import Safe, el
from .scores import OVERALL
from .verdicts import CLIP_FAILURE, JUDGE_FAILURE, UNGRADED
from .wording import MINUS, points, shortened, tally, verdict_words

Show = Callable[[int, str], "Strip | str"]
"""(place of the run, clip) → its frames, or why there are none."""


def tasks_section(f: Findings, show: Show) -> Safe:
    """All tasks, collapsed, below a search box that appears where scripts run."""
    verdicts = [by_task(run.verdicts) for run in f.runs]
    groups = dict.fromkeys(_group(row) for row in f.rows)
    states = (
        ("", "all verdicts"),
        ("clip", "with a clip failure"),
        ("judge", "with a judge failure"),
        ("ungraded", "with an ungraded criterion"),
        ("bad", "with a criterion missed or a flaw seen"),
    )
    tools = el(
        "div",
        el("label", "Search", el("input", type="search", id="search")),
        el("label", "Show", _select("state", states)),
        el("label", "Group", _select("group", [("", "all"), *((g, g) for g in groups)])),
        el("button", "open all", type="button", id="open"),
        el("button", "close all", type="button", id="close"),
        el("span", id="told", class_="soft", role="status"),
        id="tools", class_="tools", hidden=True, role="search", aria_label="Filter tasks",
    )  # fmt: skip
    return el(
        "section",
        el("h2", "Every criterion"),
        el(
            "p",
            "A plus marks a criterion that earns its weight when met, a minus a flaw that costs "
            "its weight when seen. A tick is good and a cross bad for the score, a ring is "
            "ungraded. Frames are those at the positions that the published judge sees. Printing "
            "shows the tasks that are open.",
        ),
        tools,
        [_task(f, row, [by.get(row["task_id"], {}) for by in verdicts], show) for row in f.rows],
        id="tasks",
    )


def _task(f: Findings, row: Mapping[str, Any], clips: Sequence[Clips], show: Show) -> Safe:
    task = row["task_id"]
    scores = [
        f"{name} {points(summary['tasks'][task][OVERALL]['published'])}"
        for name, summary in zip(f.names, f.summaries, strict=True)
    ]
    strips = [
        [
            el("h4", name),
            [_figure(place, n, clip, show) for n, clip in enumerate(mine, 1)]
            or el("p", "no verdicts"),
        ]
        for place, (name, mine) in enumerate(zip(f.names, clips, strict=True))
    ]
    heads = [el("th", label, scope="col", role="columnheader") for label in ("Criterion", *f.names)]
    table = el(
        "table",
        el("caption", f"Verdicts on {task}"),
        el("thead", el("tr", heads, role="row"), role="rowgroup"),
        el("tbody", [_criterion(f, c, clips) for c in row["criteria"]], role="rowgroup"),
        class_="criteria",
        role="table",
    )
    return el(
        "details",
        el(
            "summary",
            el("strong", task),
            el("span", f"{_group(row)} · {row['level']} · {'; '.join(scores)}", class_="soft"),
        ),
        el("p", el("strong", "Prompt: "), shortened(str(row["prompt"]))),
        el("p", el("strong", "Requirement: "), shortened(str(row["requirement"])), class_="soft"),
        strips,
        el("div", table, class_="scroll", tabindex=0, role="group", aria_label=f"Criteria {task}"),
        class_="task",
        data_group=_group(row),
        data_state=" ".join(_states(row, clips)),
    )


def _figure(place: int, number: int, clip: str, show: Show) -> Safe:
    name = f"clip {number}: {clip or 'no clip'}"
    shown = show(place, clip)
    if isinstance(shown, str):
        return el("p", f"{name}: {shown}", class_="soft")
    picture = el(
        "img",
        src=f"data:image/webp;base64,{shown.data}",
        width=shown.width,
        height=shown.height,
        alt=f"Eight frames of {name}, in order of time",
        class_="strip",
    )
    box = el("div", picture, class_="scroll", tabindex=0, role="group", aria_label=f"Frames {name}")
    return el("figure", box, el("figcaption", name))


def _criterion(f: Findings, criterion: Mapping[str, Any], clips: Sequence[Clips]) -> Safe:
    sign = "+" if criterion["sign"] > 0 else MINUS
    kind = "criterion" if criterion["sign"] > 0 else "penalty"
    more = [f"{kind}, {criterion['dimension']}", f"needs {criterion.get('needs') or 'not stated'}"]
    if criterion.get("measure"):
        more.append(f"measure {criterion['measure']}")
    if criterion.get("source"):
        more.append(f"source: {criterion['source']}")
    head = el(
        "th",
        el("span", f"{sign}{criterion['weight']} ", class_="sign"),
        shortened(str(criterion["text"])),
        el("div", f"{criterion['criterion_id']} · {' · '.join(more)}", class_="soft"),
        scope="row",
        role="rowheader",
    )
    cells = [
        el("td", _chips(criterion, mine), data_model=name, role="cell")
        for name, mine in zip(f.names, clips, strict=True)
    ]
    return el("tr", head, cells, role="row")


def _chips(criterion: Mapping[str, Any], clips: Clips) -> Safe:
    """A line per clip; repeats that agree share a chip."""
    lines = []
    for number, (clip, verdicts) in enumerate(clips.items(), 1):
        mine = [v for v in verdicts if v.criterion_id == criterion["criterion_id"]]
        parts: list[Any] = [el("span", f"clip {number} ", class_="soft", title=clip or "no clip")]
        for verdict, count, rationales in tally(mine):
            colour, shape, words = verdict_words(criterion["sign"], verdict)
            times = f" ({count} of {len(mine)})" if len(mine) > 1 else ""
            text = shortened(words)
            parts.append(el("span", f"{shape} {text}{times}", class_=f"chip {colour}"))
            parts += [el("div", shortened(r), class_="why") for r in rationales]
        if not mine:
            parts.append("no verdict")
        lines.append(el("li", parts))
    return el("ul", lines) if lines else el("span", "no verdicts: counted as 0")


def _states(row: Mapping[str, Any], clips: Sequence[Clips]) -> list[str]:
    signs = {c["criterion_id"]: c["sign"] for c in row["criteria"]}
    found = set()
    for v in (v for mine in clips for verdicts in mine.values() for v in verdicts):
        found |= {"clip"} if v.kind == CLIP_FAILURE else set()
        found |= {"judge"} if v.kind == JUDGE_FAILURE else set()
        found |= {"ungraded"} if v.verdict == UNGRADED else set()
        found |= {"bad"} if verdict_words(signs[v.criterion_id], v)[0] == "bad" else set()
    return sorted(found)


def _group(row: Mapping[str, Any]) -> str:
    return str(row.get("phenomenon") or row["level"])


def _select(name: str, options: Iterable[tuple[str, str]]) -> Safe:
    return el("select", [el("option", text, value=value) for value, text in options], id=name)
