"""`microworldbench report`: runs side by side, as Markdown and as one self-contained HTML page."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from .authors import JUDGE, as_verdicts, by_index, published_scores
from .clips import Clip
from .decode import ClipError
from .figures import BEST_SIDE, Strip, strip
from .findings import Findings, find
from .folder import Run, new_run
from .page import page
from .report_md import markdown, plain, table
from .scores import DIMENSIONS, LEVELS, OVERALL
from .verdicts import MetricError

PICTURES = 9_000_000
"""Characters of base64 that all frames of a page may take: with the text it stays below 15 MB."""
MOST_STRIPS = 900
"""With more clips than that only the first ones of each task are shown."""


def write_report(
    runs: Sequence[Run], out: Path, videos: Mapping[str, Path] | None = None
) -> list[Path]:
    """Write `report.md` and `report.html` into the folder `out`; returns their paths.

    `videos` maps a model's name to the folder of its clips, where that is no longer the one that
    the run names. The same runs and clips give the same bytes. Raises `MetricError` for runs that
    do not compare, before anything is written.
    """
    found = find(runs)
    texts = {"report.md": markdown(found), "report.html": page(found, strips(found, videos or {}))}
    out.mkdir(parents=True, exist_ok=True)
    written = []
    for name, text in texts.items():
        partial = out / f".{name}.partial"
        # Names and rationales may hold what UTF-8 cannot: half a surrogate pair.
        partial.write_bytes(text.encode("utf-8", "replace"))
        os.replace(partial, out / name)
        written.append(out / name)
    return written


def write_authors_report(
    results: Mapping[str, Sequence[Mapping[str, Any]]],
    rows: Sequence[dict[str, Any]],
    out: Path,
    repaired: bool,
) -> list[str]:
    """Write `published.md` and `published.json`, the `results` of the authors' evaluator by model
    as their own scorer counts them; `repaired` adds `report.md` and `report.html` on the repaired
    rubric and the difference. Returns lines for the terminal.
    """
    indexed = by_index(rows)
    try:
        published = {name: published_scores(items, indexed) for name, items in results.items()}
    except MetricError:
        if not repaired:
            raise
        published = {}  # raw weights: there is nothing published to compare with
    text = f"# As the authors' scorer counts\n\n{_published(published)}\n"
    written: list[Path] = []
    if repaired:
        graded = [
            new_run(out / name, rows, as_verdicts(items, indexed), {}, model=name, judge=JUDGE)
            for name, items in results.items()
        ]
        text += f"\n# On the repaired rubric\n\n{_differences(published, graded)}\n"
        written = write_report(graded, out)
    out.mkdir(parents=True, exist_ok=True)
    for name, content in (
        ("published.md", text),
        ("published.json", json.dumps(published, indent=1) + "\n"),
    ):
        partial = out / f".{name}.partial"
        partial.write_text(content, encoding="utf-8")
        os.replace(partial, out / name)
        written.append(out / name)
    return [text, *map(str, written)]


def _published(scores: Mapping[str, Mapping[str, Any]]) -> str:
    """Markdown: models and their scores as the authors' scorer counts them, best first."""
    rows = [
        [
            plain(name),
            str(s["valid_tasks"]),
            *(f"{s['levels'][level]:.1f}" for level in LEVELS),
            *(f"{s[part]:.1f}" for part in (*DIMENSIONS, OVERALL)),
        ]
        for name, s in sorted(scores.items(), key=lambda pair: -pair[1][OVERALL])
    ]
    return "\n".join(table(["model", "valid tasks", *LEVELS, *DIMENSIONS, OVERALL], rows))


def _differences(published: Mapping[str, Mapping[str, Any]], runs: Sequence[Run]) -> str:
    """Markdown: each model's overall score as published and repaired."""
    rows = []
    for run in runs:
        summary = run.summary()
        score = summary["scores"][OVERALL]
        repaired, theirs = score["published"], published.get(run.name, {}).get(OVERALL)
        known = theirs is not None and repaired is not None
        rows.append(
            [
                plain(run.name),
                "–" if theirs is None else f"{theirs:.1f}",
                "–" if repaired is None else f"{repaired:.1f}",
                f"{repaired - theirs:+.1f}" if known else "–",
                str(len({f["task_id"] for f in summary["clip_failures"]})),
                f"{100 * (score['coverage'] or 0):.0f} %",
            ]
        )
    heads = ["model", "as published", "repaired", "difference", "tasks without a result"]
    return "\n".join(table([*heads, "coverage"], rows))


def strips(f: Findings, videos: Mapping[str, Path]) -> Callable[[int, str], Strip | str]:
    """The frames of a run's clip, small enough for all clips to share the page, or a note."""
    folders = [
        videos.get(name, videos.get(run.name, run.info.get("videos")))
        for name, run in zip(f.names, f.runs, strict=True)
    ]
    clips = [_first_clips(run) for run in f.runs]
    total = sum(len(mine) for run in clips for mine in run.values())
    tasks = sum(map(len, clips))
    each = None if total <= MOST_STRIPS else max(1, MOST_STRIPS // max(1, tasks))
    shown = [{clip for mine in run.values() for clip in mine[:each]} for run in clips]
    limit = PICTURES // max(1, sum(map(len, shown)))

    def show(place: int, clip: str) -> Strip | str:
        if clip not in shown[place]:
            return "frames left out to keep this page small" if clip else "nothing to show"
        folder = folders[place]
        path = _inside(Path(folder), clip) if folder else None
        if path is None:
            return "no frames, the clip's file was not found"
        try:
            return strip(Clip(path).sample(BEST_SIDE), limit)
        except (ClipError, MetricError, OSError) as error:
            return f"no frames, {error}"

    return show


def _first_clips(run: Run) -> dict[str, list[str]]:
    """Task id → its clips that have a file, in order."""
    found: dict[str, list[str]] = {}
    for v in run.verdicts:
        if v.clip and v.clip not in found.setdefault(v.task_id, []):
            found[v.task_id].append(v.clip)
    return found


def _inside(folder: Path, clip: str) -> Path | None:
    """The clip's file, by its name in `folder` or as it was found, if it lies in `folder`.

    By name, so that a folder of links works; no name of a run folder, which may come from
    anybody, leads out of it.
    """
    root = os.path.abspath(folder)
    for name in (os.path.join(root, clip), clip):
        path = Path(os.path.abspath(name))
        try:
            if path.is_relative_to(root) and path.is_file():
                return path
        except (OSError, ValueError):
            return None
    return None
