"""The metric as people load it: `evaluate.load` from its folder, with clips of every form."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import evaluate
import numpy as np
import pytest
from PIL import Image

from evaluate_metrics.microworldbench import folder
from evaluate_metrics.microworldbench.calls import Answer, Call, Judge, Once, Opinion
from evaluate_metrics.microworldbench.rows import METRIC_VERSION, READS

ROOM = Path(__file__).resolve().parents[3] / "evaluate_metrics" / "microworldbench"
DATA = ROOM.parents[1] / "dataset_scripts" / "microworldbench"


class Brightness(Judge):
    """Calls everything met in a bright clip, everything unmet in a dark one; counts its calls."""

    id = "brightness"
    settings: dict = {}  # noqa: RUF012

    def __init__(self):
        self.asked = 0

    def calls(self, row, clip):
        names = tuple(c["criterion_id"] for c in row["criteria"])
        evidence = Once(lambda: float(np.mean(clip.sample())))
        return [Call(row["task_id"], names, row["prompt"], "8 frames", evidence)]

    async def answer(self, call):
        self.asked += 1
        verdict = "met" if call.evidence.load() > 100 else "unmet"
        return Answer([Opinion(name, verdict) for name in call.criteria])


def row(task, phenomenon):
    criteria = [
        {
            "criterion_id": f"{task}.{d[0]}{i}", "dimension": d, "sign": 1 if i < 3 else -1,
            "weight": 1.0, "text": f"{task} {d} {i}.", "source": "", "needs": "order",
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


ROWS = [row("a-1", "a"), row("b-1", "b")]
BRIGHT, DARK = np.full((9, 8, 8, 3), 200, np.uint8), np.zeros((9, 8, 8, 3), np.uint8)


@pytest.fixture(scope="module")
def metric():
    return evaluate.load(str(ROOM))


def test_it_loads_by_its_bare_name_from_its_parent_folder(metric, monkeypatch):
    monkeypatch.chdir(ROOM.parent)
    assert "from 0 to 100" in evaluate.load("microworldbench").description
    assert (ROOM / "VERSION").read_text().strip() == METRIC_VERSION


def test_scores_intervals_and_a_run_folder(metric, tmp_path):
    judge = Brightness()
    result = metric.compute(
        predictions=[BRIGHT, DARK], references=ROWS, judge=judge, out=tmp_path / "run"
    )
    assert (result["overall"], result["scientific"], result["levels"]["organ"]["overall"]) == (
        25.0, 25.0, 25.0,
    )  # fmt: skip
    assert result["phenomena"]["a"]["overall"] == 50 and result["coverage"] == 1
    low, high = result["interval"]
    assert low < 25 < high
    run = folder.load(tmp_path / "run")
    assert len(run.verdicts) == 18 and Path(result["verdicts"]).parent == tmp_path / "run"
    again = metric.compute(
        predictions=[BRIGHT, DARK], references=ROWS, judge=judge, out=tmp_path / "run"
    )
    assert judge.asked == 2 and {**again, "verdicts": ""} == {**result, "verdicts": ""}


def test_several_clips_of_a_task_are_averaged_first(metric):
    result = metric.compute(
        predictions=[BRIGHT, DARK, DARK, BRIGHT],
        references=[ROWS[0], ROWS[0], ROWS[0], ROWS[1]],
        judge=Brightness(),
    )
    assert result["phenomena"]["a"]["overall"] == pytest.approx(50 / 3)
    assert result["overall"] == pytest.approx((50 / 3 + 50) / 2)
    assert result["counts"]["clips"] == 4


@pytest.mark.parametrize(
    "clip",
    [
        BRIGHT,
        BRIGHT.astype(np.float32) / 255,
        [Image.fromarray(f) for f in BRIGHT],
        list(BRIGHT),
    ],
    ids=["array", "floats", "pictures", "list"],
)
def test_frames_come_in_any_form(metric, clip):
    assert metric.compute(predictions=[clip], references=ROWS[:1], judge=Brightness())[
        "overall"
    ] == pytest.approx(50)


def test_batches_added_one_by_one_give_the_same(metric):
    metric.add(prediction=BRIGHT, reference=ROWS[0])
    metric.add_batch(predictions=[DARK], references=[ROWS[1]])
    assert metric.compute(judge=Brightness())["overall"] == 25
    with pytest.raises(ValueError, match="got none"):
        metric.compute(judge=Brightness())


def test_the_judge_is_the_measured_one_unless_another_is_named(metric, tmp_path):
    noise = np.random.default_rng(0).integers(0, 255, (9, 32, 32, 3), np.uint8)
    asked = {**ROWS[0], "criteria": [{**c, "measure": "jumps"} for c in ROWS[0]["criteria"]]}
    metric.compute(predictions=[noise], references=[asked], out=tmp_path / "run")
    run = folder.load(tmp_path / "run")
    assert run.info["judge"] == "measured" and "measures" in run.info["settings"]
    assert {v.kind for v in run.verdicts} == {"clip failure"}


@pytest.mark.parametrize("version", ["1.0.0", "1.1.3"])
def test_rows_of_this_and_the_previous_version_are_read(metric, version):
    old = {key: value for key, value in ROWS[0].items() if key != "parameters"}
    result = metric.compute(
        predictions=[BRIGHT], references=[{**old, "version": version}], judge=Brightness()
    )
    assert result["overall"] == 50
    current = (DATA / "VERSION").read_text().split(".")
    assert ".".join(current[:2]) in READS and len(READS) <= 2


def test_it_works_inside_a_running_loop(metric):
    async def notebook():
        return metric.compute(predictions=[BRIGHT], references=ROWS[:1], judge=Brightness())

    assert asyncio.run(notebook())["overall"] == 50


def test_a_broken_clip_scores_0_and_is_listed(metric, tmp_path):
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no video at all")
    result = metric.compute(predictions=[broken, BRIGHT], references=ROWS, judge=Brightness())
    assert result["phenomena"]["a"]["overall"] == 0 and result["coverage"] == 1
    assert [f["task_id"] for f in result["clip_failures"]] == ["a-1"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"predictions": [BRIGHT], "references": ROWS}, "1 predictions for 2 references"),
        ({"predictions": None, "references": ROWS}, "predictions: expected a list, got None"),
        ({"predictions": [None], "references": ROWS[:1]}, "#0"),
        ({"predictions": [BRIGHT], "references": [3]}, "references[0]: expected a benchmark row"),
        (
            {"predictions": [BRIGHT], "references": [{**ROWS[0], "version": "3.0.0"}]},
            "these rows are 3.0.0",
        ),
        ({"predictions": [BRIGHT], "references": ROWS[:1], "judge": "oracle"}, "judge: expected"),
        ({"predictions": [BRIGHT], "references": ROWS[:1], "jugde": "x"}, "argument 'jugde'"),
    ],
)
def test_bad_input_is_one_clear_line(metric, arguments, message):
    with pytest.raises(ValueError, match=re.escape(message)) as caught:
        metric.compute(**{"judge": Brightness(), **arguments})
    assert "\n" not in str(caught.value)
