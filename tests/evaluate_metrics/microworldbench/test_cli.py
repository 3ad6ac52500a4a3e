"""`microworldbench` from a folder of clips to a run folder, against a judge on the loopback."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from loopback import Loopback, truth, write_clip

from dataset_scripts.microworldbench.build import open_edition, write_folder
from evaluate_metrics.microworldbench import folder
from evaluate_metrics.microworldbench.cli import main

TASKS = ("alveolar_gas_exchange-1", "alveolar_gas_exchange-2", "apoptosis-1")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the benchmark in it, and clips of three tasks, one with two."""
    root = tmp_path_factory.mktemp("bench")
    write_folder(root / "microworldbench", {"open": open_edition()})
    clips = root / "clips"
    clips.mkdir()
    for number, task in enumerate(TASKS):
        write_clip(clips / f"{task}.mp4", seed=number)
    write_clip(clips / f"{TASKS[0]}_2.mp4", seed=9)
    (clips / "broken.mp4").write_bytes(b"nothing")
    return root


@pytest.fixture
def here(place: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(place)
    return place


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch):
    with Loopback() as running:
        monkeypatch.setenv("OPENAI_BASE_URL", running.url)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-not-a-key-of-anyone")
        yield running


def run(out: Path, *more: str) -> int:
    arguments = ["run", "--videos", "clips", "--judge", "openai:loop", "--out", str(out)]
    return main([*arguments, "--limit", "6", *more])


def test_a_run_grades_clips_and_controls_and_a_second_one_asks_nothing(
    here: Path, server: Loopback, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path / "run") == 0
    shown = capsys.readouterr()
    assert "left out: broken.mp4" in shown.err
    assert "4 clips of 3 of 6 tasks" in shown.out
    found = folder.load(tmp_path / "run")
    texts = {c["criterion_id"]: c["text"] for row in found.rows for c in row["criteria"]}
    answered = [v for v in found.verdicts if v.clip and v.verdict != "ungraded"]
    assert answered and all((v.verdict == "met") == truth(texts[v.criterion_id]) for v in answered)
    absent = [v for v in found.verdicts if not v.clip and v.kind == "clip failure"]
    assert {v.task_id for v in absent} == {r["task_id"] for r in found.rows} - set(TASKS)
    assert set(found.controls) == {
        "always met", "always unmet", "coin", "blank clip", "first frame", "shuffled frames",
        "wrong prompt",
    }  # fmt: skip
    asked = len(server.seen)
    assert run(tmp_path / "run") == 0
    assert len(server.seen) == asked
    log = (tmp_path / "run" / "log.jsonl").read_text()
    assert "sk-not-a-key-of-anyone" not in log + shown.out + shown.err


def test_a_dry_run_sends_nothing_and_names_calls_images_and_price(
    here: Path, server: Loopback, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path / "run", "--dry-run", "--price-in", "2", "--controls", "0") == 0
    shown = capsys.readouterr().out
    assert re.search(r"4 clips \(3 tasks without one\), 4 calls .*, 32 images", shown)
    assert "nothing was sent" in shown and not server.seen
    assert not (tmp_path / "run").exists()


def test_experts_fill_in_a_form_and_agree_with_themselves(
    here: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    form = tmp_path / "form.csv"
    assert main(["form", "--videos", "clips", "--out", str(form)]) == 0
    filled = form.read_text().replace(",,,,", ",ann,met,,").splitlines()
    filled = [filled[0]] + [
        re.sub(r"^([^,]*,[^,]*,[^,]*),,,,", r"\1,ann,met,,", x) for x in filled[1:]
    ]
    form.write_text("\n".join(filled))
    for name in ("one", "two"):
        arguments = ["run", "--videos", "clips", "--judge", f"human:{form}"]
        assert main([*arguments, "--out", str(tmp_path / name)]) == 0
    capsys.readouterr()
    assert main(["agree", str(tmp_path / "one"), str(tmp_path / "two")]) == 0
    shown = capsys.readouterr().out
    assert "AC1 1.00" in shown and "Krippendorff's alpha" in shown


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "--videos", "nowhere", "--judge", "openai:x", "--out", "o"], "nowhere: expected"),
        (["run", "--videos", "clips", "--judge", "oracle", "--out", "o"], "judge: expected"),
        (["run", "--videos", "clips", "--judge", "openai:x", "--out", "o", "--repeats", "0"],
         "at least 1"),
        (["run", "--videos", "clips", "--judge", "openai:x", "--out", "o", "--data", "./none"],
         "./none: expected the benchmark's folder"),
        (["run", "--videos", "clips", "--judge", "human:no.csv", "--out", "o"], "no.csv"),
        (["report", "nowhere", "--out", "o"], "nowhere: expected a finished run"),
        (["agree", "nowhere"], "at least two"),
    ],
)  # fmt: skip
def test_bad_input_is_one_line_and_exit_code_2(
    here: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    try:
        code = main(arguments)
    except SystemExit as stop:
        code = stop.code
    error = capsys.readouterr().err
    assert code == 2 and message in error and error.strip().count("\n") == 0
    assert not (here / "o").exists()


def test_without_a_key_nothing_is_asked_and_nothing_is_logged(
    here: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    assert run(tmp_path / "run") == 2
    assert "OPENAI_API_KEY is not set" in capsys.readouterr().err
    assert not (tmp_path / "run" / "run.json").exists()


@pytest.mark.parametrize("command", [[], ["run"], ["report"], ["agree"], ["form"]])
def test_help_shows_an_example(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main([*command, "--help"])
    assert stop.value.code == 0
    assert re.search(r"examples?:\n  microworldbench ", capsys.readouterr().out)


def test_scores_json_is_what_the_terminal_says(
    here: Path, server: Loopback, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path / "run", "--controls", "0", "--model", "my model") == 0
    shown = capsys.readouterr().out
    scores = json.loads((tmp_path / "run" / "scores.json").read_text())
    overall = scores["scores"]["overall"]["published"]
    assert re.search(rf"overall +{overall:.1f} ", shown) and shown.startswith("my model, judged by")


def test_only_the_phenomena_that_are_named_are_graded_offline_by_default(
    here: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["run", "--videos", "clips", "--out", str(tmp_path / "run"), "--controls", "0"]
    assert main([*arguments, "--phenomena", "apoptosis"]) == 0
    assert "judged by measured: 1 clips of 1 of 3 tasks" in capsys.readouterr().out
    assert main([*arguments, "--phenomena", "apoptosis,poptosis"]) == 2
    shown = capsys.readouterr().err
    assert "--phenomena: 'poptosis' is none of" in shown and shown.count("\n") == 1
