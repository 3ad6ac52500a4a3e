"""The end of `microsim curate`: doubles go, and what is left becomes a data set with its funnel."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import Any

import yaml
from datatrove.data import DocumentsPipeline
from datatrove.pipeline.base import PipelineStep

from ..encode import decode_mp4
from ..fingerprint import FLIPS, Fingerprint, Index, fingerprint, same
from ..footage import footage_row, write_rows
from .pieces import Piece
from .steps import write_json, write_whole

DOUBLE = "near duplicate"


class Assemble(PipelineStep):
    """Finds near duplicates among the kept pieces and writes the data set folder."""

    name = "assemble"
    type = "WRITER"

    def __init__(self, work: str, stages: list[str], license_: str) -> None:
        super().__init__()
        self.work, self.stages, self.license = work, stages, license_

    def run(
        self, data: DocumentsPipeline = None, rank: int = 0, world_size: int = 1
    ) -> DocumentsPipeline:
        """Yields nothing: everything ends here."""
        work = Path(self.work)
        decided = read_decisions(work)
        doubles = find_doubles(work, decided)
        for name, of in doubles.items():
            told = decided[name]
            decided[name] = {**told, "dropped": DOUBLE, "double_of": of}
        out = work / "assembled"
        (out / "data").mkdir(parents=True, exist_ok=True)
        kept = {name: told for name, told in decided.items() if not told["dropped"]}
        rows = [self._row(work, name, told) for name, told in kept.items()]
        write_rows(out, rows)
        broken = [path.stem for path in sorted((work / "broken").glob("*.json"))]
        funnel = count_funnel(decided, [*self.stages, DOUBLE], len(broken))
        write_json(out / "funnel.json", {"funnel": funnel, "pieces": decided, "broken": broken})
        write_whole(out / "funnel.html", funnel_page(funnel, decided).encode())
        write_whole(out / "review.csv", review_queue(kept).encode())
        write_whole(out / "README.md", card(len(rows), funnel, self.license).encode())
        yield from ()

    def _row(self, work: Path, name: str, told: dict[str, Any]) -> dict[str, Any]:
        piece = Piece(**told["piece"])
        mp4 = (work / "clips" / f"{name}.mp4").read_bytes()
        caption = told["caption"] or piece.title
        return footage_row(
            name, mp4, caption, "curated", Path(piece.video).as_posix(), self.license
        )


def read_decisions(work: Path) -> dict[str, dict[str, Any]]:
    """What became of every piece, in the order of videos and time."""
    paths = (work / "decided").glob("*.json")
    told = [json.loads(path.read_text(encoding="utf-8")) for path in paths]
    told.sort(key=lambda t: (t["piece"]["video"], t["piece"]["start"]))
    return {Piece(**t["piece"]).piece_id: t for t in told}


def find_doubles(work: Path, decided: dict[str, dict[str, Any]]) -> dict[str, str]:
    """Pieces that show what an earlier one shows, mirrored or not, and which that is."""
    doubles: dict[str, str] = {}
    names: list[str] = []
    prints: list[Fingerprint] = []
    for name, told in decided.items():
        if told["dropped"]:
            continue
        frames = decode_mp4((work / "clips" / f"{name}.mp4").read_bytes())
        found = fingerprint(frames, told["piece"]["fps"])
        index = Index(prints)
        for flip in FLIPS:
            turned = found.flipped(flip) if flip else found
            hit = next((n for n in index.near(turned) if same(turned, prints[n])), None)
            if hit is not None:
                doubles[name] = names[hit]
                break
        else:
            names.append(name)
            prints.append(found)
    return doubles


def count_funnel(
    decided: dict[str, dict[str, Any]], stages: Iterable[str], broken: int
) -> list[dict[str, Any]]:
    """How many pieces each stage dropped and how many it left."""
    dropped = Counter(told["dropped"] for told in decided.values())
    left = len(decided)
    rows = [{"stage": "found", "dropped": 0, "left": left, "unreadable_videos": broken}]
    for stage in stages:
        left -= dropped[stage]
        rows.append({"stage": stage, "dropped": dropped[stage], "left": left})
    return rows


def review_queue(kept: dict[str, dict[str, Any]]) -> str:
    """CSV of the clips that a person has to look at: the least certain first."""
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(["clip_id", "video", "start_s", "end_s", "caption", "scores", "verdict", "note"])
    order = sorted(kept, key=lambda name: (kept[name]["scores"].get("sharpness", 0.0), name))
    for name in order:
        told = kept[name]
        piece = Piece(**told["piece"])
        scores = " ".join(f"{key}={value:.3g}" for key, value in told["scores"].items())
        times = [f"{piece.start / piece.fps:.2f}", f"{piece.end / piece.fps:.2f}"]
        table.writerow([name, piece.video, *times, told["caption"] or piece.title, scores, "", ""])
    return text.getvalue()


def funnel_page(funnel: list[dict[str, Any]], decided: dict[str, dict[str, Any]]) -> str:
    """The funnel as a page: bars, and why each piece was dropped."""
    most = max(1, funnel[0]["left"])
    bars = "\n".join(
        f"<tr><td>{escape(row['stage'])}</td><td class=n>{row['dropped'] or ''}</td>"
        f"<td class=n>{row['left']}</td>"
        f'<td><div class=bar style="width:{100 * row["left"] / most:.1f}%"></div></td></tr>'
        for row in funnel
    )
    reasons = "\n".join(
        f"<tr><td><code>{escape(name)}</code></td><td>{escape(told['dropped'])}"
        f"{' of <code>' + escape(told['double_of']) + '</code>' if told.get('double_of') else ''}"
        f"</td><td>{escape(', '.join(f'{k} {v:.3g}' for k, v in told['scores'].items()))}</td></tr>"
        for name, told in decided.items()
        if told["dropped"]
    )
    return f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Curation funnel</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto;
       padding: 0 1rem; }}
table {{ border-collapse: collapse; width: 100%; font-size: .9rem; }}
td, th {{ padding: .3rem .6rem; border-bottom: 1px solid #8884; text-align: left; }}
.n {{ text-align: right; font-variant-numeric: tabular-nums; }}
.funnel td:last-child {{ width: 55%; }}
.bar {{ background: #3a86c8; height: 1rem; border-radius: .2rem; }}
</style>
<h1>Curation funnel</h1>
<table class=funnel><tr><th>stage</th><th class=n>dropped</th><th class=n>left</th><th></th></tr>
{bars}</table>
<h2>Dropped pieces</h2>
<table><tr><th>piece</th><th>why</th><th>scores</th></tr>
{reasons}</table>
</html>
"""


def card(clips: int, funnel: list[dict[str, Any]], license_: str) -> str:
    """The data set's README."""
    front = {
        "pretty_name": "MicroSim-10K (curated footage)",
        "license": license_,
        "task_categories": ["text-to-video"],
        "configs": [
            {
                "config_name": "default",
                "data_files": [{"split": "train", "path": "data/train-*.parquet"}],
            }
        ],
    }
    rows = "\n".join(f"| {row['stage']} | {row['dropped']} | {row['left']} |" for row in funnel)
    return f"""---
{yaml.safe_dump(front, sort_keys=False)}---

# Curated footage

{clips} clips cut from videos by `microsim curate`, in the columns of microsim-10k. Scale, process
and look of footage are not known: those columns are empty. No expert has looked at the clips yet
(`review` is `unreviewed`); `review.csv` is the queue.

| stage | dropped | left |
|---|---|---|
{rows}
"""
