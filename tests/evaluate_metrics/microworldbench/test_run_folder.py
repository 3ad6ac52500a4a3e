"""Run folders, the human judge and the check of benchmark rows."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from evaluate_metrics.microworldbench import folder
from evaluate_metrics.microworldbench.judge_human import read_verdicts, write_form
from evaluate_metrics.microworldbench.rows import checked
from evaluate_metrics.microworldbench.verdicts import (
    BY_DESIGN,
    MET,
    UNGRADED,
    UNMET,
    MetricError,
    Verdict,
)


def row(task, phenomenon="a"):
    criteria = [
        {
            "criterion_id": f"{task}.{d[0]}{i}", "dimension": d, "sign": 1 if i < 3 else -1,
            "weight": 1.0, "text": f"{task} shows {d} {i}.", "source": "", "needs": "order",
            "measure": "", "review": "unreviewed",
        }
        for d in ("scientific", "visual", "instruction")
        for i in (1, 2, 3)
    ]  # fmt: skip
    return {
        "task_id": task, "edition": "open", "version": "1.0.0", "level": "organ",
        "phenomenon": phenomenon, "prompt": "p", "requirement": "r", "field_of_view_um": 10.0,
        "playback": 1.0, "source_video": "", "criteria": criteria,
    }  # fmt: skip


ROWS = [row("a-1"), row("b-1", "b")]


def verdicts(answer=MET):
    return [
        Verdict(r["task_id"], f"{r['task_id']}.mp4", c["criterion_id"], "j", 0, answer)
        for r in ROWS
        for c in r["criteria"]
    ]


def saved(path: Path) -> folder.Run:
    info = {"edition": "open", "dataset_version": "1.0.0", "judge": "j", "model": "m"}
    run = folder.Run(path, info, ROWS, verdicts(), {"always unmet": verdicts(UNMET)})
    folder.save(run)
    return run


def test_a_run_folder_gives_back_what_was_saved(tmp_path: Path) -> None:
    run = saved(tmp_path / "run")
    again = folder.load(tmp_path / "run")
    assert (again.rows, again.verdicts, again.controls) == (run.rows, run.verdicts, run.controls)
    assert again.name == "m"
    scores = json.loads((tmp_path / "run" / "scores.json").read_text())
    assert scores == again.summary() == run.summary()
    assert scores["scores"]["overall"]["published"] == 50
    assert scores["controls"]["always unmet"]["overall"]["published"] == 0


@pytest.mark.parametrize(
    ("name", "damage", "message"),
    [
        ("run.json", lambda t: "{", "run.json: expected JSON"),
        ("run.json", lambda t: '{"format": 9}', "format: expected 1"),
        ("verdicts.jsonl", lambda t: t + "nonsense\n", "verdicts.jsonl:19: expected JSON"),
        ("verdicts.jsonl", lambda t: t.replace('"met"', '"maybe"', 1), "verdict: expected one of"),
        ("verdicts.jsonl", lambda t: t.replace("a-1.s1", "a-1.s7", 1), "not a criterion"),
        ("verdicts.jsonl", lambda t: t.replace('"repeat"', '"again"', 1), "missing key 'repeat'"),
        ("controls.jsonl", lambda t: t.replace('"control"', '"x"', 1), "control: expected a name"),
    ],
)
def test_a_damaged_run_folder_is_named(tmp_path: Path, name, damage, message) -> None:
    saved(tmp_path)
    path = tmp_path / name
    path.write_text(damage(path.read_text()))
    with pytest.raises(MetricError, match=re.escape(message)) as caught:
        folder.load(tmp_path)
    assert "\n" not in str(caught.value)


def test_an_unfinished_run_is_not_reported(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_text("")
    with pytest.raises(MetricError, match="expected a finished run"):
        folder.load(tmp_path)


def test_runs_of_two_judges_do_not_compare(tmp_path: Path) -> None:
    first = saved(tmp_path / "a")
    second = folder.Run(tmp_path, {**first.info, "judge": "k"}, ROWS, [], {})
    folder.check_comparable([first, first])
    with pytest.raises(MetricError, match=r"differ in judge \(j, k\)"):
        folder.check_comparable([first, second])


def fill(form: Path, answers: dict[str, str], reviewer: str = "r1") -> None:
    import csv

    with form.open(newline="", encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    for line in lines:
        line["verdict"] = answers.get(line["criterion_id"], "")
        line["reviewer"] = reviewer
    with form.open("w", newline="", encoding="utf-8") as file:
        out = csv.DictWriter(file, list(lines[0]))
        out.writeheader()
        out.writerows(lines)


def test_a_filled_in_form_becomes_verdicts(tmp_path: Path) -> None:
    form = tmp_path / "form.csv"
    write_form(form, ROWS, {"a-1": ["a-1.mp4"]})
    fill(form, {"a-1.s1": "Met", "a-1.s2": "unmet", "a-1.v1": "ungraded"})
    found = {v.criterion_id: v for v in read_verdicts(form, ROWS)}
    assert len(found) == 9 and {v.clip for v in found.values()} == {"a-1.mp4"}
    assert (found["a-1.s1"].verdict, found["a-1.s2"].verdict) == (MET, UNMET)
    for name in ("a-1.v1", "a-1.i3"):
        assert (found[name].verdict, found[name].kind) == (UNGRADED, BY_DESIGN)


def test_two_reviewers_are_two_repeats(tmp_path: Path) -> None:
    path = tmp_path / "v.jsonl"
    lines = [
        {"criterion_id": "a-1.s1", "verdict": v, "reviewer": who, "clip": "x"}
        for who, v in (("ann", "met"), ("bo", "unmet"))
    ]
    path.write_text("\n".join(map(json.dumps, lines)))
    found = [v for v in read_verdicts(path, ROWS) if v.verdict != UNGRADED]
    assert [(v.repeat, v.verdict) for v in found] == [(0, MET), (1, UNMET)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"criterion_id": "z", "verdict": "met"}', "v.jsonl:1: criterion_id: 'z'"),
        ('{"criterion_id": "a-1.s1", "verdict": "yes"}', "v.jsonl:1: verdict: expected one of"),
        ('{"criterion_id": "a-1.s1", "verdict": "met"}\n' * 2, "v.jsonl:2: a-1.s1 was answered"),
        ('{"criterion_id": "a-1.s1", "task_id": "b-1", "verdict": "met"}', "belongs to a-1"),
        ("[1]", "v.jsonl:1: expected a JSON object"),
        ("", "expected at least one verdict"),
    ],
)
def test_a_line_that_cannot_be_a_verdict_is_named(tmp_path: Path, text, message) -> None:
    path = tmp_path / "v.jsonl"
    path.write_text(text)
    with pytest.raises(MetricError, match=re.escape(message)):
        read_verdicts(path, ROWS)


def test_a_csv_without_the_column_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "v.csv"
    path.write_text("criterion_id,answer\na-1.s1,met\n")
    with pytest.raises(MetricError, match="expected a column 'verdict'"):
        read_verdicts(path, ROWS)


def test_a_form_starts_no_formula_in_a_spreadsheet(tmp_path: Path) -> None:
    form = tmp_path / "form.csv"
    write_form(form, [{**ROWS[0], "prompt": "=HYPERLINK(1)"}], {"a-1": ["a-1.mp4"]})
    assert ",=HYPERLINK" not in form.read_text() and "'=HYPERLINK(1)" in form.read_text()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda r: r.pop("prompt"), "references[0] (a-1): missing key 'prompt'"),
        (
            lambda r: r.update(version="2.1.0"),
            "reads 1.0.x, 1.1.x of the data set, these rows are 2.1.0",
        ),
        (lambda r: r.update(criteria=[]), "criteria: expected a list"),
        (lambda r: r["criteria"][2].update(weight="heavy"), "criteria[2]: weight: expected"),
        (lambda r: r["criteria"][2].update(sign=2), "criteria[2]: sign: expected 1 or -1"),
        (lambda r: r["criteria"][2].update(dimension="audio"), "criteria[2]: dimension"),
    ],
)
def test_rows_that_cannot_be_read_are_refused_by_name(change, message) -> None:
    bad = row("a-1")
    change(bad)
    with pytest.raises(MetricError, match=re.escape(message)):
        checked([bad])


def test_rows_of_this_version_pass_unchanged() -> None:
    assert checked(ROWS) == ROWS
    with pytest.raises(MetricError, match="a-1 is there twice"):
        checked([ROWS[0], ROWS[0]])
