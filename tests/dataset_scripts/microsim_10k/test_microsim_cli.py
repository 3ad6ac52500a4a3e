"""Bad input: one line that names it, exit code 2, nothing written."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from datasets import load_dataset
from PIL import Image

Microsim = Callable[..., tuple[int, str, str]]
TINY = "simulate --clips 3 --size 64 --frames 3 --phenomena capillary_flow --workers 1".split()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (["--phenomena", "osmosis"], ["phenomena", "'osmosis'", "capillary_flow"]),
        (["--phenomena", ""], ["phenomena", "''"]),
        (["--styles", "cartoon"], ["styles", "'cartoon'", "bright_field"]),
        (["--clips", "0"], ["clips", "3 or more", "got 0"]),
        (["--clips", "2"], ["clips", "3 or more", "got 2"]),
        (["--clips", "many"], ["--clips", "'many'"]),
        (["--frames", "0"], ["frames", "2 to 241", "got 0"]),
        (["--frames", "1"], ["frames", "got 1"]),
        (["--frames", "242"], ["frames", "got 242"]),
        (["--size", "7"], ["size", "64 to 512", "got 7"]),
        (["--size", "65"], ["size", "even", "got 65"]),
        (["--size", "514"], ["size", "got 514"]),
        (["--seed", "-1"], ["seed", "got -1"]),
        (["--workers", "0"], ["workers", "got 0"]),
        (["--colour", "red"], ["--colour"]),
        (["--out", "/"], ["out"]),
    ],
)
def test_bad_arguments(
    tmp_path: Path, microsim: Microsim, change: list[str], words: list[str]
) -> None:
    code, said, err = microsim(*TINY, "--out", tmp_path / "data", *change)
    assert code == 2 and said == ""
    assert err.startswith("microsim: error: ") and len(err.splitlines()) == 1
    assert all(word in err for word in words)
    assert list(tmp_path.iterdir()) == []


def test_places_that_cannot_be_written(tmp_path: Path, microsim: Microsim) -> None:
    file = tmp_path / "file"
    file.write_text("mine")
    for out in (file / "data", file, Path("/proc/data")):
        code, _, err = microsim(*TINY, "--out", out)
        assert code == 2 and err.startswith("microsim: error: ") and len(err.splitlines()) == 1
        assert str(out.parent if out.parent != tmp_path else out) in err
    assert [p.name for p in tmp_path.iterdir()] == ["file"] and file.read_text() == "mine"


def test_a_folder_of_someone_elses_is_never_touched(tmp_path: Path, microsim: Microsim) -> None:
    out = tmp_path / "thesis"
    out.mkdir()
    (out / "chapter.txt").write_text("mine")
    for more in ([], ["--overwrite"]):
        code, _, err = microsim(*TINY, "--out", out, *more)
        assert code == 2 and "was not made by microsim simulate" in err
    assert [p.name for p in tmp_path.iterdir()] == ["thesis"]
    assert [p.name for p in out.iterdir()] == ["chapter.txt"]


def test_an_empty_folder_and_missing_parents_are_fine(tmp_path: Path, microsim: Microsim) -> None:
    empty, deep = tmp_path / "empty", tmp_path / "a b" / "c"
    empty.mkdir()
    for out in (empty, deep):
        assert microsim(*TINY, "--out", out)[0] == 0
        assert {p.name for p in out.iterdir()} == {
            "README.md",
            "contact-sheet.png",
            "data",
            "simulate.json",
            "truth",
        }


def test_help_shows_examples_and_no_command_is_an_error(microsim: Microsim) -> None:
    for args in (["--help"], ["simulate", "--help"], ["show", "--help"]):
        code, said, err = microsim(*args)
        assert (code, err) == (0, "") and "microsim simulate --clips" in said
    code, _, err = microsim()
    assert code == 2 and err.startswith("microsim: error: ")


def test_a_missing_package_is_named(tmp_path: Path, microsim: Microsim) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "tqdm", None)
        code, _, err = microsim(*TINY, "--out", tmp_path / "data")
    assert code == 2 and err.startswith("microsim: error: ") and len(err.splitlines()) == 1
    assert "'tqdm'" in err and "microverse[data]" in err


def test_data_made_anew_under_the_same_name_are_not_stale(
    tmp_path: Path, microsim: Microsim, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    def seeds(config: str) -> list[str]:
        return load_dataset("again", config, split="train")["clip_id"][:]

    assert microsim(*TINY, "--out", "again", "--seed", 1)[0] == 0
    assert seeds("default") == seeds("truth") == ["capillary_flow-1-000000"]
    assert microsim(*TINY, "--out", "again", "--seed", 2, "--overwrite")[0] == 0
    assert seeds("default") == seeds("truth") == ["capillary_flow-2-000000"]


def test_the_hash_in_the_card_is_what_keeps_the_cache_fresh(
    tmp_path: Path, microsim: Microsim, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The same test with a card that never changes: `datasets` then returns the old rows. If this
    # fails one day, `datasets` looks at the files itself and the hash can go.
    monkeypatch.chdir(tmp_path)
    assert microsim(*TINY, "--out", "stale", "--seed", 1)[0] == 0
    card = Path("stale/README.md").read_text(encoding="utf-8")
    assert load_dataset("stale", split="train")["clip_id"][:] == ["capillary_flow-1-000000"]
    assert microsim(*TINY, "--out", "stale", "--seed", 2, "--overwrite")[0] == 0
    fresh = Path("stale/README.md").read_text(encoding="utf-8")
    assert fresh != card
    Path("stale/README.md").write_text(card, encoding="utf-8")
    assert load_dataset("stale", split="train")["clip_id"][:] == ["capillary_flow-1-000000"]
    Path("stale/README.md").write_text(fresh, encoding="utf-8")
    assert load_dataset("stale", split="train")["clip_id"][:] == ["capillary_flow-2-000000"]


def test_show_draws_frames_and_captions(
    small_set: Path, tmp_path: Path, microsim: Microsim
) -> None:
    out = tmp_path / "sheet.png"
    code, said, _ = microsim("show", small_set, "--clips", 3, "--frames", 4, "--out", out)
    assert code == 0 and "3 clips" in said
    with Image.open(out) as image:
        sheet = np.asarray(image)
    assert sheet.shape[1] == 4 * 132 - 4 and sheet.shape[0] > 3 * 128
    # The first tile is the first frame of a clip, each pixel doubled.
    tile = sheet[:128, :128]
    assert np.array_equal(tile[::2, ::2], tile[1::2, 1::2]) and tile.std() > 5
    # Dark letters on white below each strip.
    words = sheet[128:146]
    assert (words > 250).mean() > 0.5 and (words < 80).sum() > 100
    code, said, _ = microsim(
        "show", small_set, "--split", "test", "--phenomenon", "bacterial_motility", "--out", out
    )
    assert code == 0 and "1 clips" in said


def test_show_refuses_what_it_cannot_show(
    small_set: Path, tmp_path: Path, microsim: Microsim
) -> None:
    empty, text, foreign, broken = (tmp_path / n for n in ("empty", "text", "foreign", "broken"))
    for folder in (empty, text, foreign, broken):
        (folder / "data").mkdir(parents=True)
    name = "train-00000-of-00001.parquet"
    (text / "data" / name).write_text("not Parquet")
    table = pq.read_table(small_set / "data" / name)
    pq.write_table(table.select(["clip_id"]), foreign / "data" / name)
    rows = table.slice(0, 1).to_pylist()
    rows[0]["video"]["bytes"] = rows[0]["video"]["bytes"][:-600]
    pq.write_table(table.from_pylist(rows, schema=table.schema), broken / "data" / name)
    out = tmp_path / "sheet.png"
    for args, words in [
        ([tmp_path / "nowhere"], ["nowhere", "is not a microsim data set"]),
        ([empty], ["empty", "is not a microsim data set"]),
        ([text], [name, "not a readable Parquet file"]),
        ([foreign], [name, "not a shard of a microsim data set", "'phenomenon'"]),
        ([broken], [rows[0]["clip_id"], "cannot be decoded"]),
        ([small_set, "--split", "holdout"], ["'holdout'", "test, train, validation"]),
        ([small_set, "--phenomenon", "osmosis"], ["'osmosis'", "capillary_flow"]),
        ([small_set, "--clips", 0], ["at least 1 clip"]),
        ([small_set, "--out", tmp_path / "sheet.txt"], ["sheet.txt", ".png"]),
        ([small_set, "--out", tmp_path / "no" / "sheet.png"], ["No such file"]),
    ]:
        code, said, err = microsim("show", "--out", out, *args)
        assert code == 2 and said == "" and len(err.splitlines()) == 1
        assert all(word in err for word in words), err
    assert not list(tmp_path.glob("*.png")) and not list(tmp_path.glob(".*"))
