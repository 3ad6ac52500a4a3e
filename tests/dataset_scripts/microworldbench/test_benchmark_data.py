"""The benchmark's data set: a rubric's rules, edition `open` as written, and the Hub folder."""

from __future__ import annotations

import copy
import re
from collections import Counter
from pathlib import Path

import pytest
import yaml
from datasets import load_dataset

from dataset_scripts.microworldbench.build import VERSION, open_edition, parquet_name
from dataset_scripts.microworldbench.cli import main
from dataset_scripts.microworldbench.rubric import (
    DIMENSIONS,
    RubricError,
    always_met,
    check_edition,
    rows_of_file,
)
from dataset_scripts.microworldbench.schema import TASK_FEATURES

OPEN = Path(__file__).resolve().parents[3] / "dataset_scripts" / "microworldbench" / "open"
WORLDS = {
    "organ": "capillary_flow thrombosis alveolar_gas_exchange peristalsis ciliary_clearance "
    "cardiac_wave",
    "cellular": "mitosis chemotaxis phagocytosis apoptosis bacterial_motility",
    "subcellular": "vesicle_diffusion membrane_transport kinesin_transport "
    "microtubule_instability calcium_wave dna_replication",
}


@pytest.fixture(scope="module")
def rows() -> list[dict]:
    return open_edition()


def test_the_open_edition_has_its_51_tasks_and_459_distinct_criteria(rows: list[dict]) -> None:
    by_level = {level: names.split() for level, names in WORLDS.items()}
    found = Counter((row["level"], row["phenomenon"]) for row in rows)
    assert found == {(level, name): 3 for level, names in by_level.items() for name in names}
    criteria = [c for row in rows for c in row["criteria"]]
    assert len({c["text"].casefold() for c in criteria}) == len(criteria) == 459
    assert Counter(c["dimension"] for c in criteria) == dict.fromkeys(DIMENSIONS, 153)
    assert len({c["criterion_id"] for c in criteria}) == 459
    assert len({row["prompt"] for row in rows}) == 51


def test_calling_everything_met_scores_at_most_fifty_everywhere(rows: list[dict]) -> None:
    for row in rows:
        for dimension in DIMENSIONS:
            criteria = [c for c in row["criteria"] if c["dimension"] == dimension]
            assert any(c["sign"] < 0 for c in criteria), row["task_id"]
            assert always_met(criteria) <= 50, row["task_id"]
            measured = [c for c in criteria if c["measure"]]
            assert not measured or not always_met(measured) > 50, row["task_id"]
        assert always_met(row["criteria"]) <= 50


def test_scientific_criteria_cite_and_nothing_claims_a_review(rows: list[dict]) -> None:
    for criterion in (c for row in rows for c in row["criteria"]):
        if criterion["dimension"] == "scientific":
            assert re.search(r"\b(1[89]|20)\d\d\b", criterion["source"]), criterion
        assert criterion["review"] == "unreviewed"


def test_simulated_worlds_have_five_measured_criteria_in_every_task(rows: list[dict]) -> None:
    simulated = "capillary_flow thrombosis mitosis chemotaxis vesicle_diffusion calcium_wave"
    for row in rows:
        measured = [c["measure"] for c in row["criteria"] if c["measure"]]
        own = [m for m in measured if "." in m]
        assert all(m.startswith(f"{row['phenomenon']}.") for m in own), row["task_id"]
        if row["phenomenon"] in simulated.split():
            assert len(measured) >= 5, row["task_id"]


@pytest.fixture
def one_file() -> dict:
    return yaml.safe_load((OPEN / "mitosis.yaml").read_text(encoding="utf-8"))


def task(data: dict) -> dict:
    return data["tasks"][1]


def criterion(data: dict) -> dict:
    return task(data)["criteria"]["visual"][2]


DAMAGE = {
    "no phenomenon": (lambda d: d.pop("phenomenon"), "missing key 'phenomenon'"),
    "another phenomenon": (lambda d: d.update(phenomenon="meiosis"), "phenomenon: expected"),
    "no such level": (lambda d: d.update(level="tissue"), "level: expected one of organ"),
    "two tasks": (lambda d: d["tasks"].pop(), "tasks: expected a list of 3"),
    "tasks swapped": (lambda d: d["tasks"].reverse(), "task_id: expected 'mitosis-1'"),
    "unknown key": (lambda d: task(d).update(promt="x"), "unknown key 'promt'"),
    "no prompt": (lambda d: task(d).update(prompt=" "), "prompt: expected text"),
    "no field": (lambda d: task(d).update(field_of_view_um=0), "field_of_view_um: expected"),
    "endless playback": (lambda d: task(d).update(playback=float("inf")), "playback: expected"),
    "fourth dimension": (lambda d: task(d)["criteria"].update(audio=[]), "unknown key 'audio'"),
    "eight criteria": (lambda d: task(d)["criteria"]["visual"].pop(), "visual: expected a list"),
    "no text": (lambda d: criterion(d).pop("text"), "missing key 'text'"),
    "no full stop": (lambda d: criterion(d).update(text="It moves to and fro"), "one sentence"),
    "two sentences": (
        lambda d: criterion(d).update(text="It moves to. And then it moves fro."),
        "one sentence",
    ),
    "sign 0": (lambda d: criterion(d).update(sign=0), "sign: expected one of 1, -1"),
    "sign true": (lambda d: criterion(d).update(sign=True), "sign: expected one of 1, -1"),
    "odd weight": (lambda d: criterion(d).update(weight=0.7), "weight: expected one of"),
    "needs eyes": (lambda d: criterion(d).update(needs="eyes"), "needs: expected one of still"),
    "odd measure": (lambda d: criterion(d).update(measure="os.system('x')"), "measure: expected"),
    "odd review": (lambda d: criterion(d).update(review="fine"), "review: expected one of"),
    "no penalty": (lambda d: criterion(d).update(sign=1), "would score above 50"),
    "light penalty": (lambda d: criterion(d).update(weight=0.2), "would score above 50"),
    "no source": (
        lambda d: task(d)["criteria"]["scientific"][0].pop("source"),
        "missing key 'source'",
    ),
    "a list": (lambda d: d.update(tasks="none"), "tasks: expected a list"),
    "parameters in a row": (lambda d: task(d).update(parameters=["axis"]), "parameters: expected"),
    "odd parameter": (lambda d: task(d).update(parameters={"a b": 1}), "a name like 'direction'"),
    "no label": (lambda d: task(d).update(parameters={"axis": " "}), "axis: expected a label"),
    "half a number": (lambda d: task(d).update(parameters={"n": 4.5}), "n: expected a label"),
    "true": (lambda d: task(d).update(parameters={"n": True}), "n: expected a label"),
    "three numbers": (lambda d: task(d).update(parameters={"n": [1, 2, 3]}), "n: expected a label"),
    "from high to low": (lambda d: task(d).update(parameters={"n": [2, 1]}), "n: expected a label"),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_broken_rubric_is_one_line_with_file_task_and_key(one_file: dict, name: str) -> None:
    break_it, message = DAMAGE[name]
    assert rows_of_file(copy.deepcopy(one_file), "open/mitosis.yaml")
    break_it(one_file)
    with pytest.raises(RubricError, match=re.escape(message)) as caught:
        rows_of_file(one_file, "open/mitosis.yaml")
    assert str(caught.value).startswith("open/mitosis.yaml: ")
    assert "\n" not in str(caught.value)


def test_parameters_are_labels_whole_numbers_or_ranges(one_file: dict) -> None:
    task(one_file)["parameters"] = {"tilt": [-2, 2.5], "axis": "vertical", "chromosomes": 5}
    one_file["tasks"][0].pop("parameters", None)
    first, second, _ = rows_of_file(one_file, "open/mitosis.yaml")
    assert first["parameters"] == []
    assert second["parameters"] == [
        {"name": "axis", "label": "vertical", "low": None, "high": None},
        {"name": "chromosomes", "label": "", "low": 5.0, "high": 5.0},
        {"name": "tilt", "label": "", "low": -2.0, "high": 2.5},
    ]


def test_a_folder_of_the_version_before_is_brought_up_to_date(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    out, upstream = tmp_path / "bench", tmp_path / "upstream"
    write_upstream(upstream)
    assert main(["import", str(upstream), "--out", str(out)]) == 0
    path = out / parquet_name("iclr2026")
    old = pq.read_table(path).drop_columns(["parameters", "source_video"])
    pq.write_table(old, path)
    assert main(["build", "--out", str(out)]) == 0
    fresh = pq.read_table(path)
    assert fresh["parameters"].to_pylist() == [[]] * old.num_rows
    assert set(fresh["version"].to_pylist()) == {VERSION}


@pytest.mark.parametrize("data", [None, [], "text", 3, {"tasks": {}}])
def test_a_file_that_is_no_rubric_at_all_is_refused(data: object) -> None:
    with pytest.raises(RubricError, match=r"open/mitosis\.yaml"):
        rows_of_file(data, "open/mitosis.yaml")


def test_the_same_sentence_twice_is_refused_whatever_its_case(rows: list[dict]) -> None:
    changed = copy.deepcopy(rows[:2])
    first, second = changed[0]["criteria"][0], changed[1]["criteria"][4]
    second["text"] = first["text"].upper().replace(".", " .")
    with pytest.raises(RubricError, match=re.escape(first["criterion_id"])):
        check_edition(changed)


def test_the_built_folder_loads_by_its_bare_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: list[dict]
) -> None:
    assert main(["build", "--out", str(tmp_path / "microworldbench")]) == 0
    monkeypatch.chdir(tmp_path)
    whole = load_dataset("microworldbench")
    test = load_dataset("microworldbench", "open", split="test")
    streamed = list(load_dataset("microworldbench", "open", split="test", streaming=True))
    assert list(whole) == ["test"] and whole["test"].features == TASK_FEATURES
    assert whole["test"].to_list() == test.to_list() == streamed
    for built, written in zip(test, rows, strict=True):
        assert built == {**written, "source_video": "", "version": VERSION}
    card = (tmp_path / "microworldbench" / "README.md").read_text(encoding="utf-8")
    head = card.split("---\n")[2].strip().splitlines()
    assert "459 *tasks*" in " ".join(head[2:7]) and "51 tasks" in " ".join(head[2:7])
    assert "Nobody has verified these criteria yet" in card
    assert not list(tmp_path.glob(".*.partial"))


def test_building_again_keeps_the_bytes_and_an_import(tmp_path: Path) -> None:
    out = tmp_path / "bench"
    upstream = tmp_path / "upstream"
    write_upstream(upstream)
    assert main(["import", str(upstream), "--out", str(out)]) == 0
    first = {p: p.read_bytes() for p in out.rglob("*") if p.is_file()}
    assert (out / parquet_name("iclr2026")) in first
    assert main(["build", "--out", str(out)]) == 0
    assert {p: p.read_bytes() for p in out.rglob("*") if p.is_file()} == first
    card = (out / "README.md").read_text(encoding="utf-8")
    assert "do not publish this folder" in card and "license: other" in card


def write_upstream(folder: Path) -> None:
    """Two tasks in the authors' format, with sentences of our own."""
    import json

    def blocks(weight):
        names = ("rubrics_scientific", "rubrics_visual", "rubrics_instruction")
        return {
            name: {
                key: value
                for i in range(1, 6)
                for key, value in (
                    (f"d{i}", f"{name} {i} of the test"),
                    (f"s{i}", "-1" if i == 5 else "+1"),
                    (f"w{i}", weight),
                )
            }
            for name in names
        }

    texts = [(i, f"Task {i}", f"What task {i} shows") for i in (1, 2)]
    files = {
        "MWBenchRubrics.json": [
            {"index": i, "task": t, "requirement": r, **blocks("2.0")} for i, t, r in texts
        ],
        "MWBenchRubrics_norm.json": [
            {"index": i, "任务": t, "具体要求": r, **blocks(1.0)} for i, t, r in texts
        ],
        "finaltasks.json": [
            {
                "index": i, "id": f"https://www.youtube.com/@lab_Title\n_https://www.youtube.com/watch?v=clip-{i:06d}",
                "任务": t,
                "具体要求": r, "类别": "细胞", "final_label": "Cellular-level",
            }
            for i, t, r in texts
        ],
    }  # fmt: skip
    folder.mkdir()
    for name, data in files.items():
        (folder / name).write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")


def test_a_refused_import_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    upstream = tmp_path / "upstream"
    write_upstream(upstream)
    (upstream / "finaltasks.json").write_text("[{}]", encoding="utf-8")
    assert main(["import", str(upstream), "--out", str(tmp_path / "bench")]) == 2
    error = capsys.readouterr().err
    assert error.startswith("microworldbench-data: error: ") and error.count("\n") == 1
    assert not (tmp_path / "bench").exists()


def test_a_folder_of_someone_else_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    assert main(["build", "--out", str(tmp_path)]) == 2
    assert "choose another --out" in capsys.readouterr().err
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_kill_between_the_last_two_renames_loses_nothing(tmp_path: Path) -> None:
    out, work = tmp_path / "bench", tmp_path / ".bench.partial"
    assert main(["build", "--out", str(out)]) == 0
    before = (out / "README.md").read_bytes()
    work.mkdir()
    out.rename(work / "old")
    assert main(["build", "--out", str(out)]) == 0
    assert (out / "README.md").read_bytes() == before and not work.exists()


@pytest.mark.parametrize("command", [[], ["build"], ["import"], ["check"]])
def test_help_shows_an_example(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main([*command, "--help"])
    assert stop.value.code == 0
    assert re.search(r"examples?:\n  microworldbench-data ", capsys.readouterr().out)


def test_check_names_the_file_it_dislikes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mitosis.yaml").write_text("tasks: [", encoding="utf-8")
    assert main(["check", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert "mitosis.yaml: expected YAML" in error and error.count("\n") == 1
