"""`microsim probes`: pairs of a true clip and its twin, evenly spread, as a Hub folder."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from datasets import Video, load_dataset

from dataset_scripts.microsim_10k import probes_card
from dataset_scripts.microsim_10k.build import work_folder
from dataset_scripts.microsim_10k.encode import decode_mp4
from dataset_scripts.microsim_10k.plan import Request, plan_clip
from dataset_scripts.microsim_10k.probes_plan import ProbeRequest, Task, Wanted
from dataset_scripts.microsim_10k.schema import CLIP_FEATURES, PROBE_FEATURES
from dataset_scripts.microworldbench.build import open_edition, write_folder
from dataset_scripts.simulator import STYLES, simulate_clip

Microsim = Callable[..., tuple[int, str, str]]
TINY = "probes --pairs 6 --size 64 --frames 9 --phenomena capillary_flow,calcium_wave".split()


def files_of(folder: Path) -> dict[str, bytes]:
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def parameter(name: str, label: str = "", low: float | None = None, high: float | None = None):
    return {"name": name, "label": label, "low": low, "high": high}


WANTED = {
    "capillary_flow-1": [
        parameter("direction", "left_to_right"),
        parameter("layout", "straight"),
        parameter("style", "fluorescence"),
    ],
    "capillary_flow-2": [parameter("layout", "narrowing"), parameter("bore", low=7.0, high=7.5)],
    "thrombosis-1": [parameter("red_cells", low=10, high=10)],
}


@pytest.fixture(scope="module")
def benchmark(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The benchmark, with parameters in three tasks alone."""
    out = tmp_path_factory.mktemp("bench") / "microworldbench"
    rows = [{**row, "parameters": WANTED.get(row["task_id"], [])} for row in open_edition()]
    write_folder(out, {"open": rows})
    return out


@pytest.fixture
def tiny(tmp_path: Path, microsim: Microsim) -> Path:
    """tmp_path/tiny: six pairs of two micro-worlds."""
    code, said, err = microsim(*TINY, "--workers", 1, "--out", tmp_path / "tiny")
    assert code == 0 and 'load_dataset("tiny")' in said, err
    return tmp_path / "tiny"


def test_pairs_load_by_their_bare_name_and_differ_in_the_law_alone(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tiny.parent)
    assert load_dataset("tiny")["test"].features == PROBE_FEATURES
    rows = load_dataset("tiny", "probes", split="test").cast_column("video", Video(decode=False))
    assert len(rows) == 12
    for true, twin in zip(rows.select(range(0, 12, 2)), rows.select(range(1, 12, 2)), strict=True):
        assert true["pair_id"] == twin["pair_id"]
        assert true["law"] == twin["law"] != ""
        assert true["violation"] == "" != twin["violation"]
        assert (true["onset_frame"], true["effect"], true["effect_unit"]) == (None, None, "")
        same = set(CLIP_FEATURES) - {"clip_id", "video"}
        assert {key: true[key] for key in same} == {key: twin[key] for key in same}
        shown = simulate_clip(
            twin["phenomenon"], size=64, num_frames=9, seed=twin["seed"], style=twin["style"],
            violation=twin["violation"],
        )  # fmt: skip
        (event,) = [e for e in shown.truth.events if e.name == "violation"]
        assert (twin["onset_frame"], twin["effect_unit"]) == (event.frame, event.unit)
        assert twin["effect"] == pytest.approx(event.value)
        assert twin["caption"] == shown.caption
        frames = [decode_mp4(row["video"]["bytes"], 9).astype(float) for row in (true, twin)]
        assert np.abs(frames[1] - shown.frames).mean() < 6
        apart = np.abs(frames[0] - frames[1]).mean(axis=(1, 2, 3))
        assert apart[: event.frame].max() < apart[event.frame :].max()
    card = (tiny / "README.md").read_text(encoding="utf-8")
    assert all(f"`{row['violation']}`" in card for row in rows if row["violation"])
    assert "microsim probes --pairs 6 --size 64 --frames 9 --seed 0" in card


def test_worlds_violations_tasks_and_looks_take_turns() -> None:
    few, many = ((Wanted("count", label, None, None),) for label in ("few", "many"))
    tasks = (
        Task("vesicle_diffusion-1", "vesicle_diffusion", few),
        Task("vesicle_diffusion-2", "vesicle_diffusion", many),
        Task("capillary_flow-1", "capillary_flow"),
    )
    names = ("capillary_flow", "vesicle_diffusion")
    request = ProbeRequest(2 * 5 * 12, (64,), (17,), 3, names, tasks)
    pairs = [pair for part in request.parts() for pair in part.pairs]
    assert len({pair.pair_id for pair in pairs}) == len(pairs) == 120
    counts = Counter((pair.task.phenomenon, pair.violation) for pair in pairs)
    assert len(counts) == 10 and set(counts.values()) == {12}
    met = Counter((p.task.task_id, p.violation, p.style) for p in pairs if p.task in tasks[:2])
    assert len(met) == 2 * 5 * len(STYLES) and set(met.values()) == {2}
    first = {pair.task.task_id: next(request.draws(pair)) for pair in reversed(pairs)}
    assert first["vesicle_diffusion-2"].parameters == {"count": "many"}
    # What comes first does not depend on how much there is.
    longer = ProbeRequest(500, (64,), (17,), 3, names, tasks)
    assert [p for part in longer.parts() for p in part.pairs][:120] == pairs


def test_no_pair_shares_its_seed_with_a_clip_of_the_data_set() -> None:
    request = ProbeRequest(40, (64,), (17,), 3, ("vesicle_diffusion",))
    pairs = [pair for part in request.parts() for pair in part.pairs]
    drawn = {next(request.draws(pair)).seed for pair in pairs}
    clips = Request(40, 64, 17, 3, "phenomena", (("vesicle_diffusion",),), tuple(STYLES))
    assert len(drawn) == 40 and not drawn & {plan_clip(clips, i).seed for i in range(40)}


def test_pairs_answer_tasks_and_what_no_draw_allows_is_said(
    tmp_path: Path, benchmark: Path, microsim: Microsim
) -> None:
    code, said, err = microsim(
        *"probes --pairs 8 --size 64,96 --frames 9,12 --workers 1".split(),
        *("--phenomena", "capillary_flow,thrombosis", "--tasks", benchmark),
        *("--out", tmp_path / "answers"),
    )
    assert code == 0, err
    assert "left out: faster_in_wide in capillary_flow-1: no draw allows it" in said
    rows = load_dataset(str(tmp_path / "answers"), split="test").remove_columns("video")
    assert {row["task_id"] for row in rows} == set(WANTED)
    for row in rows:
        given = {p["name"]: p["label"] or p["value"] for p in row["parameters"]}
        given["style"] = row["style"]
        for wanted in WANTED[row["task_id"]]:
            value = given[wanted["name"]]
            if wanted["label"]:
                assert value == wanted["label"]
            else:
                assert wanted["low"] <= value <= wanted["high"]
        assert (row["violation"], row["task_id"]) != ("faster_in_wide", "capillary_flow-1")
    sizes = {round(row["field_of_view_um"] / row["um_per_px"]) for row in rows}
    assert sizes == {64, 96} and {row["num_frames"] for row in rows} == {9, 12}
    record = json.loads((tmp_path / "answers" / "probes.json").read_text())
    assert record["identity"]["request"]["tasks"].startswith("3 (")


def test_any_number_of_workers_and_a_second_go_give_the_same_bytes(
    tiny: Path, tmp_path: Path, microsim: Microsim
) -> None:
    again = tmp_path / "again" / "tiny"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(probes_card, "write_card", fail)
        assert microsim(*TINY, "--workers", 2, "--out", again)[0] == 2
    assert not again.exists() and list(work_folder(again).glob("parts/*.arrow"))
    code, said, _ = microsim(*TINY, "--workers", 1, "--out", again)
    assert code == 0 and "made 0 in" in said
    assert files_of(again) == files_of(tiny)
    code, said, _ = microsim(*TINY, "--out", again)
    assert code == 0 and "complete already: 12 clips" in said
    code, _, err = microsim(*TINY, "--seed", 1, "--out", again)
    assert code == 2 and "made with seed 0, not 1" in err and "--overwrite" in err


def fail(*_: object, **__: object) -> None:
    raise OSError(28, "No space left on device")


def test_probes_do_not_replace_a_data_set_nor_the_other_way_round(
    tiny: Path, microsim: Microsim
) -> None:
    code, _, err = microsim("simulate", "--clips", 3, "--out", tiny, "--overwrite")
    assert code == 2 and "was not made by microsim simulate" in err


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (["--pairs", "0"], ["pairs", "1 or more", "got 0"]),
        (["--size", "64,65"], ["size", "even", "got 65"]),
        (["--size", "big"], ["--size", "'big'"]),
        (["--frames", "7"], ["frames", "8 to 241", "got 7"]),
        (["--frames", "9,"], ["--frames", "'9,'"]),
        (["--seed", "-1"], ["seed", "got -1"]),
        (["--phenomena", "osmosis"], ["phenomena", "'osmosis'"]),
        (["--tasks", "./nowhere"], ["./nowhere", "expected the benchmark's folder"]),
        (["--workers", "0"], ["workers", "got 0"]),
    ],
)
def test_bad_arguments_are_one_line(
    tmp_path: Path, microsim: Microsim, change: list[str], words: list[str]
) -> None:
    code, said, err = microsim(*TINY, "--out", tmp_path / "data", *change)
    assert code == 2 and said == "" and len(err.splitlines()) == 1
    assert err.startswith("microsim: error: ") and all(word in err for word in words)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ([], "no task of capillary_flow names simulator parameters"),
        ([parameter("colour", "red")], "capillary_flow-1: unknown parameter 'colour'"),
        ([parameter("style", "cartoon")], "capillary_flow-1: parameter style: expected one of"),
        ([parameter("direction", "up")], "capillary_flow-1: parameter direction: expected one of"),
        ([parameter("bore", low=1, high=7)], "capillary_flow-1: parameter bore: expected 6.4"),
    ],
)
def test_tasks_that_the_simulator_cannot_answer_are_named(
    tmp_path: Path, microsim: Microsim, wanted: list[dict], words: str
) -> None:
    mine = {"capillary_flow-1": wanted}
    rows = [{**row, "parameters": mine.get(row["task_id"], [])} for row in open_edition()]
    write_folder(tmp_path / "bench", {"open": rows})
    more = ["--phenomena", "capillary_flow", "--tasks", tmp_path / "bench"]
    code, _, err = microsim(*TINY, *more, "--out", tmp_path / "data")
    assert code == 2 and words in err.splitlines()[-1] and not (tmp_path / "data").exists()


def test_help_shows_an_example(microsim: Microsim) -> None:
    code, said, _ = microsim("probes", "--help")
    assert code == 0 and "examples:\n  microsim probes --pairs" in said
