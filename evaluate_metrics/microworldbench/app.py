"""The metric's Space: choose a task, upload a clip of it, read the verdict on every criterion.

The judge is the measured one, which needs no key. `MICROWORLDBENCH_DATA` names the benchmark, a
folder or a Hub id.
"""

from __future__ import annotations

import html
import json
import os
import tempfile
from pathlib import Path
from typing import Any

import evaluate
import gradio as gr
from datasets import load_dataset

HERE = Path(__file__).resolve().parent
DATA = os.environ.get("MICROWORLDBENCH_DATA", "microworldbench")
LARGEST = "64mb"
_INTRO = """\
# MicroWorldBench

Upload a clip that was made for one of the tasks. Programs read the pixels and decide the criteria
that name a measure; the others stay ungraded here. For a judge that reads all of them, or for many
clips, use the metric itself: `evaluate.load("microworldbench")`.
"""


def verdict_table(row: dict[str, Any], verdicts: dict[str, dict[str, Any]]) -> str:
    """HTML table of a task's criteria with their verdicts and grounds; all text is escaped."""
    lines = []
    for c in row["criteria"]:
        v = verdicts[c["criterion_id"]]
        sign = "+" if c["sign"] > 0 else "−"
        cells = [
            c["dimension"],
            f"{sign}{c['weight']:.1f}",
            v["verdict"],
            c["text"],
            v["rationale"] or v["reason"],
        ]
        lines.append("<tr>" + "".join(f"<td>{html.escape(str(x))}</td>" for x in cells) + "</tr>")
    head = "".join(f"<th>{x}</th>" for x in ("dimension", "weight", "verdict", "criterion", "why"))
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table>"


def grade(metric: Any, row: dict[str, Any], clip: str) -> tuple[str, str]:
    """A line on the score and the table of verdicts for the file `clip`."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            score = metric.compute(predictions=[clip], references=[row], out=folder)
        except ValueError as error:
            raise gr.Error(str(error)) from None
        written = Path(score["verdicts"]).read_text(encoding="utf-8").splitlines()
    verdicts = {v["criterion_id"]: v for v in map(json.loads, written)}
    for failure in score["clip_failures"]:
        gr.Warning(f"The clip failed: {html.escape(failure['reason'])}")
    points = "no score" if score["overall"] is None else f"**{score['overall']:.0f} of 100**"
    graded = f"{100 * score['coverage']:.0f} % of the rubric's weight was graded"
    return f"{points}; {graded}.", verdict_table(row, verdicts)


def build() -> gr.Blocks:
    """The page."""
    metric = evaluate.load(str(HERE / "microworldbench.py"))
    rows = {row["task_id"]: row for row in load_dataset(DATA, "open", split="test")}
    with gr.Blocks(title="MicroWorldBench") as page:
        gr.Markdown(_INTRO)
        task = gr.Dropdown(sorted(rows), label="Task", value=sorted(rows)[0])
        prompt = gr.Markdown()
        clip = gr.File(label="Clip", file_types=["video"], type="filepath")
        button = gr.Button("Grade", variant="primary")
        points, verdicts = gr.Markdown(), gr.HTML()

        def show(name: str) -> str:
            return str(rows[name]["prompt"])

        page.load(show, task, prompt, api_visibility="private")
        task.change(show, task, prompt, api_visibility="private")

        def on_grade(name: str, path: str | None) -> tuple[str, str]:
            if path is None:
                raise gr.Error("Upload a clip first.")
            return grade(metric, rows[name], path)

        button.click(on_grade, [task, clip], [points, verdicts], api_name="grade")
    return page


if __name__ == "__main__":
    build().queue(max_size=16).launch(max_file_size=LARGEST)
