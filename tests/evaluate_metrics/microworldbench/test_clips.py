"""Clips: names that belong to tasks, frames of every form of a clip, and broken files."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from loopback import make_row, write_clip

from evaluate_metrics.microworldbench.clips import Clip, find_clips, paper_positions
from evaluate_metrics.microworldbench.decode import ClipError
from evaluate_metrics.microworldbench.verdicts import MetricError

ROWS = [make_row(name) for name in ("mitosis-1", "mitosis-2", "7", "x", "x_1")]


def lay(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"not read here")
    return folder


def found(folder: Path, rows: list[dict[str, Any]] = ROWS) -> dict[str, list[str]]:
    clips, _ = find_clips(folder, rows)
    return {t: [str(p.relative_to(folder)) for p in paths] for t, paths in clips.items()}


def test_clips_are_found_by_id_number_and_folder(tmp_path: Path) -> None:
    lay(tmp_path, "mitosis-1.mp4", "mitosis-1_2.MP4", "mitosis-1_10.webm", "mitosis-1/any.mp4")
    lay(tmp_path, "2_1.mp4", "002_2.mp4", "7.mp4", "notes.txt", ".hidden.mp4")
    assert found(tmp_path) == {
        "mitosis-1": ["mitosis-1.mp4", "mitosis-1/any.mp4", "mitosis-1_2.MP4", "mitosis-1_10.webm"],
        "mitosis-2": ["2_1.mp4", "002_2.mp4"],
        "7": ["7.mp4"],
    }


def test_files_of_no_task_are_listed(tmp_path: Path) -> None:
    lay(tmp_path, "mitosis-1.mp4", "mitosis-9.mp4", "99.mp4", "0.mp4")
    _, strangers = find_clips(tmp_path, ROWS)
    assert [p.name for p in strangers] == ["0.mp4", "99.mp4", "mitosis-9.mp4"]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["x_1.mp4"], "could belong to x or x_1"),
        (["mitosis-1.mp4", "1_2.mp4"], "by its id and by its index"),
        (["readme.txt"], "no clip is named after a task"),
        ([], "no clip is named after a task"),
    ],
)
def test_doubtful_folders_are_one_line(tmp_path: Path, names: list[str], message: str) -> None:
    with pytest.raises(MetricError, match=message) as error:
        find_clips(lay(tmp_path, *names), ROWS)
    assert "\n" not in str(error.value)


def test_metadata_decides_alone(tmp_path: Path) -> None:
    lay(tmp_path, "a.mp4", "deep/er/b.mp4", "mitosis-1.mp4")
    entries = [("a.mp4", "mitosis-2"), ("deep/er/b.mp4", "mitosis-2")]
    lines = [json.dumps({"file_name": f, "task_id": t}) for f, t in entries]
    (tmp_path / "metadata.jsonl").write_text("\n".join(lines) + "\n\n")
    assert found(tmp_path) == {"mitosis-2": ["a.mp4", "deep/er/b.mp4"]}
    assert [p.name for p in find_clips(tmp_path, ROWS)[1]] == ["mitosis-1.mp4"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"file_name": "../out.mp4", "task_id": "7"}', "outside the folder"),
        ('{"file_name": "link.mp4", "task_id": "7"}', "outside the folder"),
        ('{"file_name": "/etc/hostname", "task_id": "7"}', "outside the folder"),
        ('{"file_name": "a.mp4", "task_id": "nope"}', "not a task"),
        ('{"file_name": "b.mp4", "task_id": "7"}', "no file"),
        ('{"file_name": "a.mp4"}', "expected an object"),
        ('{"file_name": 3, "task_id": "7"}', "expected an object"),
        ("[1]", "expected an object"),
        ("{", "expected an object"),
    ],
)
def test_bad_metadata_is_one_line_with_its_number(tmp_path: Path, line: str, message: str) -> None:
    folder = lay(tmp_path / "clips", "a.mp4")
    lay(tmp_path, "out.mp4")
    (folder / "link.mp4").symlink_to(tmp_path / "out.mp4")
    (folder / "metadata.jsonl").write_text('{"file_name": "a.mp4", "task_id": "7"}\n' + line)
    with pytest.raises(MetricError, match=f"metadata.jsonl:2: .*{message}"):
        find_clips(folder, ROWS)


@given(st.integers(2, 100_000))
def test_positions_are_the_published_ones(count: int) -> None:
    places = paper_positions(count)
    step = count / 8
    assert places == [int(i * step + step / 2) for i in range(8)]
    assert places == sorted(places) and places[0] >= 0 and places[-1] < count


def greys(frames: list[np.ndarray]) -> np.ndarray:
    return np.array([frame.mean() for frame in frames])


EXPECTED = 23.5 + 12 * np.array(paper_positions(12))


@pytest.mark.parametrize("reader", ["decord", "av"])
def test_the_right_frames_come_of_paths_and_bytes(
    clip_path: Path, reader: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if reader == "av":
        monkeypatch.setitem(sys.modules, "decord", None)
    else:
        pytest.importorskip("decord")
        monkeypatch.setitem(sys.modules, "av", None)
    data = clip_path.read_bytes()
    values = [clip_path, str(clip_path), data, {"bytes": data, "path": None}]
    values.append({"bytes": None, "path": str(clip_path)})
    clips = [Clip(value) for value in values]
    assert len({clip.sha256() for clip in clips}) == 1
    for clip in clips:
        frames = clip.sample()
        assert all(f.shape == (64, 64, 3) and f.dtype == np.uint8 for f in frames)
        assert np.abs(greys(frames) - EXPECTED).max() < 3


def test_a_long_clip_is_entered_at_key_frames(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PyAV decodes few frames of a long clip, and they are the ones that decord finds."""
    path = write_clip(tmp_path / "long.mp4", frames=19, size=(32, 64))
    want = [0, 3, 4, 11, 18]
    both = []
    for absent in ("av", "decord"):
        with monkeypatch.context() as patch:
            patch.setitem(sys.modules, absent, None)
            both.append(greys(Clip(path).frames(lambda _: want)))
    assert np.abs(both[0] - both[1]).max() < 1.5
    assert np.abs(both[1] - (23.5 + 12 * np.array(want))).max() < 3


def test_frames_in_memory(clip_path: Path) -> None:
    from PIL import Image

    array = np.stack([np.full((6, 8, 3), 10 * t, np.uint8) for t in range(12)])
    pictures = [Image.fromarray(frame) for frame in array]
    for value in (array, list(array), pictures, array.astype(np.float32) / 255):
        shown = greys(Clip(value).sample())
        assert np.abs(shown - 10 * np.array(paper_positions(12))).max() <= 1
    assert Clip(pictures).sha256() == Clip(list(array)).sha256()
    assert Clip(array).sha256() != Clip(array[::-1]).sha256()
    assert Clip(array).sha256() != Clip(array.astype(np.float32)).sha256()
    assert Clip(array).sha256() != Clip(array.reshape(12, 8, 6, 3)).sha256()


def test_a_decoded_video_value(clip_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    pytest.importorskip("torchcodec")
    value = datasets.Video().decode_example({"bytes": clip_path.read_bytes(), "path": None})
    assert Clip(value).sha256() == Clip(clip_path).sha256()
    del value._hf_encoded
    assert np.abs(greys(Clip(value).sample()) - EXPECTED).max() < 3


def test_widths_that_decord_gets_wrong(tmp_path: Path) -> None:
    """It gives 48 pixels four channels; PyAV then reads the clip."""
    shown = Clip(write_clip(tmp_path / "narrow.mp4", size=(32, 48))).sample()
    assert shown[0].shape == (32, 48, 3)
    assert np.abs(greys(shown) - EXPECTED).max() < 3


def test_frames_are_scaled_down_but_never_up(clip_path: Path, tmp_path: Path) -> None:
    wide = write_clip(tmp_path / "wide.mp4", size=(32, 96))
    assert Clip(wide).sample(side=48)[0].shape == (16, 48, 3)
    assert Clip(clip_path).sample(side=200)[0].shape == (64, 64, 3)


@pytest.mark.parametrize("reader", ["decord", "av"])
@pytest.mark.parametrize("damage", ["empty", "noise", "head", "middle", "one frame", "text"])
def test_broken_files_are_one_line(
    clip_path: Path, tmp_path: Path, damage: str, reader: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if reader == "av":
        monkeypatch.setitem(sys.modules, "decord", None)
    data = clip_path.read_bytes()
    broken = {
        "empty": b"",
        "noise": np.random.default_rng(0).bytes(5000),
        "head": data[:300],
        "middle": data[: len(data) // 2],
        "one frame": write_clip(tmp_path / "one.mp4", frames=1).read_bytes(),
        "text": b"<html>not found</html>",
    }[damage]
    path = tmp_path / "broken.mp4"
    path.write_bytes(broken)
    for value in (path, broken):
        with pytest.raises(ClipError) as error:
            Clip(value).sample()
        assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "value",
    [
        np.zeros((1, 4, 4, 3), np.uint8),
        np.zeros((0, 4, 4, 3), np.uint8),
        np.zeros((9, 4, 4), np.uint8),
        np.zeros((9, 4, 4, 3), np.int64),
        np.full((9, 4, 4, 3), np.nan),
        [],
    ],
)
def test_bad_frames_in_memory_are_one_line(value: Any) -> None:
    with pytest.raises(ClipError):
        Clip(value).sample()


@pytest.mark.parametrize("value", [None, 3, {"bytes": None, "path": None}])
def test_what_is_no_clip_is_refused(value: Any) -> None:
    with pytest.raises(MetricError, match="expected a path"):
        Clip(value)


def test_a_missing_file_stops_the_run(tmp_path: Path) -> None:
    with pytest.raises(MetricError, match="cannot be read"):
        Clip(tmp_path / "gone.mp4").sha256()
