"""`microworldbench calibrate`: what it says of judges whose faults are known, on real probes."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest

from dataset_scripts.microsim_10k.cli import main as microsim
from dataset_scripts.microworldbench.build import open_edition, write_folder
from evaluate_metrics.microworldbench.agreement import corrected_rate
from evaluate_metrics.microworldbench.calibrate import calibrate, headline
from evaluate_metrics.microworldbench.calls import (
    Answer,
    Call,
    Judge,
    Once,
    Opinion,
    clip_failure,
    judge_failure,
)
from evaluate_metrics.microworldbench.cli import main
from evaluate_metrics.microworldbench.clips import Clip
from evaluate_metrics.microworldbench.degrade import Harmed, harm
from evaluate_metrics.microworldbench.probes import HOPELESS, load_probes
from evaluate_metrics.microworldbench.verdicts import MetricError

TASKS = {"capillary_flow-1": "straight", "capillary_flow-2": "narrowing", "vesicle_diffusion-1": ""}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the benchmark and ten pairs that answer three of its tasks."""
    root = tmp_path_factory.mktemp("calibrate")
    rows = open_edition()
    for row in rows:
        name, label = ("layout", TASKS.get(row["task_id"])) if "flow" in row["task_id"] else (
            "count", "few" if row["task_id"] in TASKS else None,
        )  # fmt: skip
        fixed = [{"name": name, "label": label, "low": None, "high": None}]
        row["parameters"] = fixed if label else []
    write_folder(root / "microworldbench", {"open": rows})
    command = "probes --pairs 12 --size 64 --frames 9 --workers 1 --phenomena"
    tasks = ["capillary_flow,vesicle_diffusion", "--tasks", str(root / "microworldbench")]
    assert microsim([*command.split(), *tasks, "--out", str(root / "probes")]) == 0
    return root


@pytest.fixture(scope="module")
def probes(place: Path):
    from evaluate_metrics.microworldbench.rows import load

    return load_probes(str(place / "probes"), load(str(place / "microworldbench"), "open"))


class Oracle(Judge):
    """Right about every clip, by its name: a twin breaks the first scientific criterion."""

    id = "oracle"
    settings: dict = {}  # noqa: RUF012

    def __init__(self) -> None:
        self.seen: list[tuple[str, float]] = []

    def calls(self, row, clip):
        signs = {c["criterion_id"]: c["sign"] for c in row["criteria"]}
        evidence = Once(lambda: (clip.name, signs, clip.frames(lambda count: [0, count - 1])))
        prompt = json.dumps([clip.name, row["field_of_view_um"]])
        return [Call(row["task_id"], tuple(signs), prompt, "2 frames", evidence)]

    async def answer(self, call):
        name, signs, _ = call.evidence.load()
        self.seen.append((name, json.loads(call.prompt)[1]))
        if "[" in name and not self.harmed(name):
            return Answer(clip_failure(call, "nothing to see"))
        good = dict.fromkeys(signs, True)
        for fault in self.faults(name, call.task_id):
            good[fault] = False
        return Answer([Opinion(c, "met" if (signs[c] > 0) == good[c] else "unmet") for c in signs])

    @staticmethod
    def harmed(name: str) -> bool:
        return name.endswith(("[resize]", "[recompress]", "[roundtrip]"))

    def faults(self, name: str, task: str) -> list[str]:
        return [f"{task}.s1"] if name.endswith("-twin") else []


class Yes(Oracle):
    """Sees nothing: everything is met."""

    id = "yes"

    async def answer(self, call):
        return Answer([Opinion(c, "met") for c in call.criteria])


class Nervous(Oracle):
    """Notices every other twin, and calls each harmed or fluorescent clip flawed."""

    id = "nervous"

    def __init__(self, fluorescent: set[str]) -> None:
        super().__init__()
        self.fluorescent = fluorescent

    def faults(self, name: str, task: str) -> list[str]:
        if name.endswith("-twin"):
            return [f"{task}.s3"] if int(name.split("-")[2]) % 4 < 2 else []
        return [f"{task}.v2"] if name in self.fluorescent or self.harmed(name) else []


def test_probes_bring_their_own_scale_and_what_is_known_of_them(place: Path, probes) -> None:
    assert len(probes) == 24 and {p.task_id for p in probes} <= set(TASKS)
    for true, twin in zip(probes[::2], probes[1::2], strict=True):
        assert true.pair_id == twin.pair_id and not true.violation and twin.violation
        assert true.row["field_of_view_um"] == twin.row["field_of_view_um"] != 50
        assert true.strata["size"] == "64 px" and true.strata["frames"] == "9 frames"
    tasks = [p.row for p in probes]
    assert len(load_probes(str(place / "probes"), tasks, limit=3)) == 6


def test_a_perfect_judge_is_said_to_be_one(probes, tmp_path: Path) -> None:
    judge = Oracle()
    harms = [harm("resize"), harm("recompress")]
    found = calibrate(probes, judge, tmp_path / "out", controls=1, harms=harms)
    assert found["win_rate"]["mean"] == 1 and found["win_rate"]["unscored_pairs"] == 0
    assert {w["share"] for w in found["win_rate"]["worlds"].values()} == {1.0}
    assert found["false_alarms"]["all"]["share"] == 0 == found["unanswered"]
    assert [h["all"] for h in found["harmed"].values()] == [found["false_alarms"]["all"]] * 2
    assert all(v["noticed"]["share"] == 1 for v in found["violations"])
    assert len(found["violations"]) == len({p.violation for p in probes}) - 1
    assert set(found["controls"]) == set(HOPELESS)
    for control in found["controls"].values():
        assert control["highest"] == 0 and control["clip_failures"]["share"] == 1
        assert control["clips"] == len({p.task_id for p in probes})
    by_name = {c["criterion_id"]: c for c in found["criteria"]}
    assert all(c["true_clips"]["share"] == 1 for c in by_name.values())
    first = by_name["vesicle_diffusion-1.s1"]
    assert first["sensitivity"] == 1 and first["met"] == 0.5 and first["positives"] == 6
    # Every clip at its own scale, not at the one that the task states.
    scales = {p.clip.name: p.row["field_of_view_um"] for p in probes}
    own = [(name, scale) for name, scale in judge.seen if name in scales]
    assert len(own) == len(probes) and all(scales[name] == scale for name, scale in own)


def test_a_second_run_asks_only_what_is_new(probes, tmp_path: Path) -> None:
    judge = Oracle()
    first = calibrate(probes, judge, tmp_path / "out", controls=0)
    assert len(judge.seen) == len(probes) and first["controls"] == {}
    again = calibrate(probes, judge, tmp_path / "out", controls=0, harms=[harm("resize")])
    assert len(judge.seen) == len(probes) * 3 // 2
    assert {**again, "harmed": {}} == first
    written = json.loads((tmp_path / "out" / "calibration.json").read_text())
    assert written == again


def test_a_judge_that_sees_nothing_ties_every_pair(probes, tmp_path: Path) -> None:
    found = calibrate(probes, Yes(), tmp_path / "out", controls=1)
    assert found["win_rate"]["mean"] == 0.5
    assert sum(w["ties"] for w in found["win_rate"]["worlds"].values()) == len(probes) // 2
    assert found["false_alarms"]["all"]["share"] == 1, "a penalty is called met in each"
    assert found["controls"]["noise"]["highest"] > 10
    assert found["controls"]["noise"]["at_most_10"]["share"] == 0
    for criterion in found["criteria"]:
        assert criterion["corrected"] is None, "no better than a coin"


class Silent(Oracle):
    """Never answers."""

    id = "silent"

    async def answer(self, call):
        return Answer(judge_failure(call, "no answer"))


def test_a_judge_that_never_answers_has_no_figures(probes, tmp_path: Path) -> None:
    found = calibrate(probes, Silent(), tmp_path / "out", controls=1)
    assert found["win_rate"]["mean"] is None is found["false_alarms"]["all"]["share"]
    assert found["win_rate"]["unscored_pairs"] == len(probes) // 2
    assert found["unanswered"] >= 9 * len(probes) and found["criteria"] == []
    assert any("the judge failed on" in line for line in headline(found))
    assert "None" not in (tmp_path / "out" / "calibration.md").read_text(encoding="utf-8")


def test_faults_are_found_where_they_are(probes, tmp_path: Path) -> None:
    bad = {p.clip.name for p in probes if not p.violation and p.strata["style"] == "fluorescence"}
    found = calibrate(probes, Nervous(bad), tmp_path / "out", controls=0, harms=[harm("resize")])
    alarms = found["false_alarms"]
    assert alarms["all"]["share"] == pytest.approx(len(bad) / (len(probes) // 2))
    assert alarms["worst"]["stratum"] == "fluorescence" and alarms["worst"]["share"] == 1
    assert alarms["strata"]["style"]["illustration"]["share"] == 0
    assert found["harmed"]["resize"]["all"]["share"] == 1
    assert found["win_rate"]["mean"] == pytest.approx(0.75)
    seen = [v["by_measure"] for v in found["violations"] if v["phenomenon"] == "vesicle_diffusion"]
    third = next(p.row["criteria"][2] for p in probes if p.task_id == "vesicle_diffusion-1")
    counts = [s[third["measure"]]["share"] for s in seen]
    assert 0 < np.mean(counts) < 1
    for criterion in found["criteria"]:
        one, two = criterion["sensitivity"], criterion["specificity"]
        if None not in (one, two, criterion["corrected"]):
            wanted = corrected_rate(criterion["met"], one, two)
            assert criterion["corrected"] == pytest.approx(wanted)
    text = (tmp_path / "out" / "calibration.md").read_text(encoding="utf-8")
    assert "| fluorescence |" in text and "**100.0 %" in text and "nan" not in text.casefold()
    columns = {line.count("|") for line in text.split("## Criteria")[1].splitlines() if "|" in line}
    assert len(columns) == 1
    assert any("worst stratum fluorescence" in line for line in headline(found))


def test_harm_keeps_the_number_of_frames_and_the_picture(probes) -> None:
    clip = probes[0].clip
    whole = np.stack(clip.frames(lambda count: list(range(count))))
    half = np.stack(Harmed(clip, harm("resize")).frames(lambda count: list(range(count))))
    assert half.shape == (9, 32, 32, 3)
    mean = whole.reshape(9, 32, 2, 32, 2, 3).mean(axis=(2, 4))
    assert np.abs(mean - half).max() <= 1
    again = Harmed(clip, harm("recompress"))
    harmed = np.stack(again.frames(lambda count: [0, count - 1]))
    assert harmed.shape == (2, 64, 64, 3)
    assert 0.5 < np.abs(harmed.astype(float) - whole[[0, 8]]).mean() < 20
    hashes = {clip.sha256(), again.sha256(), Harmed(clip, harm("resize")).sha256()}
    assert len(hashes) == 3 and again.rate() == 16


def test_a_round_trip_goes_through_an_autoencoder_whatever_its_sizes(tmp_path: Path) -> None:
    from diffusers import AutoencoderKLWan

    sizes = {"base_dim": 4, "z_dim": 4, "dim_mult": [1, 1], "num_res_blocks": 1}
    vae = AutoencoderKLWan(
        **sizes, temperal_downsample=[True], latents_mean=[0.0] * 4, latents_std=[1.0] * 4
    )
    vae.save_pretrained(tmp_path / "model" / "vae")
    frames = np.random.default_rng(0).integers(0, 256, (7, 36, 30, 3), np.uint8)
    through = harm(f"roundtrip:{tmp_path / 'model'}")
    back = through.apply(frames)
    assert back.shape == frames.shape and back.dtype == np.uint8
    assert np.abs(back.astype(int) - frames).mean() > 1
    assert harm(f"roundtrip:{tmp_path / 'model' / 'vae'}").key == through.key
    with pytest.raises(MetricError, match="expected a model's folder"):
        harm(f"roundtrip:{tmp_path}")


@pytest.mark.parametrize("text", ["blur", "roundtrip", "roundtrip:", "resize:2"])
def test_unknown_harm_is_one_line(text: str) -> None:
    with pytest.raises(MetricError, match="expected resize, recompress or roundtrip"):
        harm(text)


def test_without_torch_a_round_trip_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MetricError, match=r"needs the package 'torch'.*pip install") as caught:
        harm("roundtrip:nano")
    assert "\n" not in str(caught.value)


def test_the_command_calibrates_the_measured_judge(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    monkeypatch.chdir(place)
    arguments = ["calibrate", "--probes", "probes", "--benchmark", "microworldbench"]
    assert main([*arguments, "--limit", "4", "--controls", "1", "--out", str(tmp_path)]) == 0
    shown = capsys.readouterr().out
    assert "measured on 4 pairs" in shown and "win rate" in shown
    found = json.loads((tmp_path / "calibration.json").read_text())
    assert found["judge"] == "measured" and found["unanswered"] == 0
    assert found["controls"]["blank clip"]["clip_failures"]["share"] == 1
    assert found["controls"]["blank clip"]["highest"] <= 10


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--judge", "oracle", "--probes", "probes"], "judge: expected measured"),
        (["--judge", "human:form.csv", "--probes", "probes"], "judge: expected measured"),
        (["--probes", "./nowhere"], "./nowhere: expected a folder of probes"),
        (["--probes", "microworldbench"], "expected probes, found no column 'clip_id'"),
        (["--probes", "probes", "--benchmark", "./none"], "./none: expected the benchmark's"),
        (["--probes", "probes", "--degrade", "blur"], "degrade: expected resize"),
        (["--probes", "probes", "--limit", "0"], "at least 1"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys, arguments: list[str], message: str
) -> None:
    monkeypatch.chdir(place)
    try:
        code = main(["calibrate", *arguments, "--out", "out"])
    except SystemExit as stop:
        code = int(stop.code or 0)
    error = capsys.readouterr().err
    assert code == 2 and message in error.strip().splitlines()[-1]
    assert not (place / "out").exists()


def test_probes_for_no_task_are_refused(probes, place: Path, tmp_path: Path) -> None:
    command = "probes --pairs 1 --size 64 --frames 9 --workers 1 --phenomena vesicle_diffusion"
    assert microsim([*command.split(), "--out", str(tmp_path / "plain")]) == 0
    with pytest.raises(MetricError, match="no clip was made for a task"):
        load_probes(str(tmp_path / "plain"), [probes[0].row])
    with pytest.raises(MetricError, match="the benchmark has no task"):
        load_probes(str(place / "probes"), [])


def test_help_shows_an_example(capsys) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["calibrate", "--help"])
    assert stop.value.code == 0
    assert re.search(r"example:\n  microworldbench calibrate ", capsys.readouterr().out)


def test_hopeless_clips_are_of_another_world_or_of_none(probes) -> None:
    from evaluate_metrics.microworldbench.probes import hopeless

    for row, clip in hopeless(probes, "wrong world", 2):
        shown = clip.name.split("wrong world: ")[1]
        assert row["phenomenon"] not in shown and clip.name.startswith(row["phenomenon"])
        assert isinstance(clip, Clip) and len(clip.sample()) == 8
    ((_, noise), *_) = hopeless(probes, "noise", 1)
    frames = np.stack(noise.frames(lambda count: list(range(count)))).astype(float)
    assert abs(np.corrcoef(frames[0].ravel(), frames[1].ravel())[0, 1]) < 0.05
    assert frames.std() == pytest.approx(73.9, abs=2)
