"""`microsim import`: the published list's form becomes a data set in our columns."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from datasets import load_dataset

from dataset_scripts.microsim_10k.encode import encode_mp4
from dataset_scripts.microsim_10k.schema import CLIP_FEATURES
from dataset_scripts.simulator import simulate_clip

Microsim = Callable[..., tuple[int, str, str]]


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    """A JSON list with two videos beside it, and the name of one that is not there."""
    (tmp_path / "videos").mkdir()
    rows = []
    for number, world in enumerate(("mitosis", "thrombosis")):
        frames = simulate_clip(world, size=64, num_frames=6, seed=number).frames
        (tmp_path / "videos" / f"yt-{number}.mp4").write_bytes(encode_mp4(frames, 16))
        rows.append({"id": number, "video": f"videos/yt-{number}.mp4", "prompt": f"a {world}"})
    (tmp_path / "good.json").write_text(json.dumps(rows))
    rows.append({"id": 2, "video": "videos/gone.mp4", "prompt": "lost"})
    (tmp_path / "gone.json").write_text(json.dumps(rows))
    return tmp_path


def test_a_list_becomes_a_data_set(listed: Path, microsim: Microsim) -> None:
    out = listed / "upstream"
    code, said, err = microsim(
        "import", listed / "good.json", "--out", out, "--license", "apache-2.0"
    )
    assert code == 0 and "2 clips" in said, err
    rows = load_dataset(str(out), split="train")
    assert rows.features == CLIP_FEATURES
    assert rows["caption"][:] == ["a mitosis", "a thrombosis"]
    assert rows["source"][:] == ["upstream"] * 2 and rows["source_id"][:] == ["yt-0", "yt-1"]
    assert rows["license"][0] == "apache-2.0" and rows["um_per_px"][0] is None
    assert rows[1]["num_frames"] == 6 and rows[1]["video"][:].shape == (6, 3, 64, 64)
    # What was imported can be audited against its own list, by source as by frames.
    code, said, _ = microsim(
        "audit", out, listed / "good.json", "--out", listed / "r.html", "--workers", 1
    )
    assert code == 0 and "2 of 2 training clips" in said
    code, _, err = microsim("import", listed / "good.json", "--out", out)
    assert code == 2 and "exists already" in err


def test_missing_videos_are_named_or_skipped(listed: Path, microsim: Microsim) -> None:
    out = listed / "x"
    code, _, err = microsim("import", listed / "gone.json", "--out", out)
    assert code == 2 and "gone.mp4" in err and "Traceback" not in err and not out.exists()
    code, said, _ = microsim("import", listed / "gone.json", "--out", out, "--skip-missing")
    assert code == 0 and "2 clips, 1 without a video" in said
    (listed / "videos" / "yt-0.mp4").write_bytes(b"cut")
    code, _, err = microsim("import", listed / "good.json", "--out", listed / "y")
    assert code == 2 and "cannot be read" in err and "Traceback" not in err


def test_rows_without_prompts_or_with_one_id_are_refused(listed: Path, microsim: Microsim) -> None:
    rows = json.loads((listed / "good.json").read_text())
    for change, words in (({"id": 0}, "occurs twice"), ({"prompt": ""}, "no prompt")):
        (listed / "bad.json").write_text(json.dumps([rows[0], {**rows[1], **change}]))
        code, _, err = microsim("import", listed / "bad.json", "--out", listed / "z")
        assert code == 2 and words in err and not (listed / "z").exists()
