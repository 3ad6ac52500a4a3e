"""Results of the authors' evaluator: as their scorer counts them, and repaired."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path
from typing import Any

import pytest

from evaluate_metrics.microworldbench.authors import (
    as_verdicts,
    by_index,
    published_scores,
    read_results,
)
from evaluate_metrics.microworldbench.report import write_authors_report
from evaluate_metrics.microworldbench.summary import summarise
from evaluate_metrics.microworldbench.verdicts import MetricError

ROOT = Path(__file__).resolve().parents[3]
UPSTREAM = Path(
    os.environ.get("MICROWORLDBENCH_UPSTREAM", ROOT / "../shared/data/microworldbench-iclr2026")
)
DIMENSIONS = ("scientific", "visual", "instruction")


def row(number: int, hidden: str = "") -> dict[str, Any]:
    """Three criteria per dimension: two positives (1.0 and 0.5) and a penalty (0.2)."""
    criteria = [
        {
            "criterion_id": f"iclr2026-{number:03d}.{dimension[0]}{i}",
            "dimension": dimension,
            "text": f"Point {i}.",
            "sign": sign,
            "weight": weight,
            "needs": "order",
            "measure": "",
            "hidden": dimension == hidden,
        }
        for dimension in DIMENSIONS
        for i, (sign, weight) in enumerate([(1, 1.0), (1, 0.5), (-1, 0.2)], 1)
    ]
    return {
        "task_id": f"iclr2026-{number:03d}",
        "edition": "iclr2026",
        "version": "1.0.0",
        "level": "organ" if number % 2 else "cellular",
        "phenomenon": "",
        "source_video": f"channel-{number}/x",
        "prompt": "p",
        "requirement": "r",
        "criteria": criteria,
    }


def item(index: int, *scores: Any) -> dict[str, Any]:
    """A result; a list of scores per dimension, or None where no answer could be parsed."""
    return {
        "index": index,
        **{
            f"{dimension}_eval": {
                "raw_response": "…",
                "parsed_result": None if given is None else {"scores": given, "reasoning": "so"},
            }
            for dimension, given in zip(DIMENSIONS, scores, strict=True)
        },
    }


def test_scored_as_published_by_hand() -> None:
    rows = by_index([row(1), row(2, hidden="visual")])
    items = [
        item(1, [1, 0, 1], [1, 1, 0], [0, 0, 1]),  # 0.8, 1.5 and -0.2 of 1.5 each
        item(2, [1, 1, 0], [1, 1, 1], [1]),  # 1.5/1.5, nothing to count, 1/1
        item(7, [1], [1], [1]),  # no such task
        item(1, [1, 1, 0], None, [1, 1, 0]),  # left out
    ]
    found = published_scores(items, rows)
    assert found["valid_tasks"] == 2
    assert found["scientific"] == pytest.approx((100 * 0.8 / 1.5 + 100) / 2, abs=1e-9)
    assert found["visual"] == pytest.approx(50, abs=1e-9)
    assert found["instruction"] == pytest.approx(50, abs=1e-9)
    assert found["levels"]["organ"] == pytest.approx(100 * 2.1 / 4.5, abs=1e-9)
    assert found["levels"]["cellular"] == pytest.approx(100, abs=1e-9)
    assert found["overall"] == pytest.approx((100 * 2.1 / 4.5 + 100) / 2, abs=1e-9)


def test_a_file_name_cannot_break_the_tables(tmp_path: Path) -> None:
    results = {"So|ra": [item(1, [1, 0, 1], [1, 1, 0], [1, 1, 0])]}
    lines = write_authors_report(results, [row(1)], tmp_path, repaired=False)
    model = next(line for line in lines[0].splitlines() if "ra" in line and "100.0" in line)
    assert model.replace("\\|", "").count("|") == 10  # nine columns
    assert not (tmp_path / "report.html").exists()


def test_verdicts_say_what_an_answer_is_worth() -> None:
    rows = by_index([row(1), row(2, hidden="visual"), row(3)])
    items = [
        item(1, [1, 0, 1], None, [1, 1]),
        item(2, [1, 1, "1"], [1, 1, 1], [0, 0, 0]),
    ]
    found = {v.criterion_id: v for v in as_verdicts(items, rows)}
    assert len(found) == 27

    def states(task: int, dimension: str) -> list[tuple[str, str]]:
        ids = [f"iclr2026-{task:03d}.{dimension}{i}" for i in (1, 2, 3)]
        return [(found[i].verdict, found[i].kind) for i in ids]

    assert states(1, "s") == [("met", ""), ("unmet", ""), ("met", "")]
    assert states(1, "v") == [("ungraded", "judge failure")] * 3
    assert states(1, "i") == [("ungraded", "judge failure")] * 3  # two scores for three criteria
    assert states(2, "s")[2] == ("ungraded", "judge failure")  # "1" is no score
    assert states(2, "v") == [("ungraded", "by design")] * 3
    assert states(3, "s") == [("unmet", "clip failure")] * 3
    assert found["iclr2026-001.s1"].rationale == "so"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{", "cannot be read as JSON"),
        ("{}", "expected a list of results"),
        ('[{"index": "3"}]', "entry 1: index: expected a whole number"),
        ('[{"index": 3, "visual_eval": {"parsed_result": [1]}}]', "entry 1: visual_eval"),
        ('[{"index": 3, "visual_eval": {"parsed_result": {"scores": 1}}}]', "scores: expected"),
    ],
)
def test_broken_results_are_named(content: str, says: str, tmp_path: Path) -> None:
    path = tmp_path / "Sora_result.json"
    path.write_text(content)
    with pytest.raises(MetricError, match=says) as caught:
        read_results(path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


def test_raw_weights_and_other_rows_are_refused() -> None:
    raw = row(1)
    raw["criteria"][0]["weight"] = 3.0
    with pytest.raises(MetricError, match="raw weights"):
        published_scores([item(1, [1], [1], [1])], by_index([raw]))
    with pytest.raises(MetricError, match="edition iclr2026"):
        by_index([{**row(1), "task_id": "mitosis-1"}])
    old = row(1)
    del old["criteria"][0]["hidden"]
    with pytest.raises(MetricError, match="import the edition again"):
        by_index([old])


def reference(items: list[dict], rubrics: dict[int, dict], levels: dict[int, str]) -> list[float]:
    """Overall, dimensions and levels by the published formula, from the authors' files alone."""
    parts: dict[str, list[float]] = {}
    for entry in items:
        answers = [(entry[f"{d}_eval"]["parsed_result"] or {}).get("scores") for d in DIMENSIONS]
        if entry["index"] not in rubrics or not all(answers):
            continue
        had = gained = 0.0
        for dimension, scores in zip(DIMENSIONS, answers, strict=True):
            block = rubrics[entry["index"]][f"rubrics_{dimension}"]
            met = {f"{n}": s == 1 for n, s in enumerate(scores, 1) if f"s{n}" in block}
            plus = sum(float(block[f"w{n}"]) for n in met if block[f"s{n}"] == "+1")
            got = sum(float(block[f"w{n}"]) * int(block[f"s{n}"]) for n in met if met[n])
            parts.setdefault(dimension, []).append(max(0.0, 100 * got / plus) if plus else 0.0)
            had, gained = had + plus, gained + got
        whole = max(0.0, 100 * gained / had) if had else 0.0
        parts.setdefault("overall", []).append(whole)
        parts.setdefault(levels[entry["index"]].split("-")[0].lower(), []).append(whole)
    names = ("overall", *DIMENSIONS, "organ", "cellular", "subcellular")
    return [sum(parts[name]) / len(parts[name]) for name in names]


@pytest.mark.skipif(not UPSTREAM.is_dir(), reason="the authors' files are not there")
def test_the_command_gives_the_published_numbers(tmp_path: Path, run_cli) -> None:
    """On the authors' files, with random answers of every kind that their evaluator leaves."""
    data = tmp_path / "microworldbench"
    done = run_cli(["microworldbench-data", "import", UPSTREAM, "--out", data], timeout=300)
    assert done.returncode == 0, done.stderr
    draw = random.Random(5)
    lengths = [5] * 8 + [4, 6]
    items = [
        item(i, *([draw.randint(0, 1) for _ in range(draw.choice(lengths))] if draw.random() < 0.97
                  else None for _ in DIMENSIONS))
        for i in range(1, 460)
    ]  # fmt: skip
    results = tmp_path / "Sora_result.json"
    results.write_text(json.dumps(items))
    out = tmp_path / "theirs"
    arguments = ["microworldbench", "report", results, "--data", data, "--out", out]
    done = run_cli([*arguments, "--compat", "published"], timeout=300)
    assert done.returncode == 0, done.stderr
    got = json.loads((out / "published.json").read_text())["Sora"]
    rubrics = {
        t["index"]: t for t in json.loads((UPSTREAM / "MWBenchRubrics_norm.json").read_text())
    }
    tasks = json.loads((UPSTREAM / "finaltasks.json").read_text())
    wanted = reference(items, rubrics, {t["index"]: t["final_label"] for t in tasks})
    listed = [got["overall"], *(got[d] for d in DIMENSIONS), *got["levels"].values()]
    assert listed == pytest.approx(wanted, abs=1e-9)
    assert not (out / "report.html").exists()

    done = run_cli(arguments, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "On the repaired rubric" in (out / "published.md").read_text()
    assert (out / "report.html").is_file()
    rows = [row(1)]
    assert summarise(rows, as_verdicts(items[:1], by_index(rows)))["counts"]["tasks"] == 1
