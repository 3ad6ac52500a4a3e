"""The demo: the closest clip, clear errors, and the whole story once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import av
import pytest
from PIL import Image

import demo

TEXTS = [
    "a calcium wave crosses a cell from left to right",
    "one cell divides into two cells",
    "red blood cells flow through a capillary from right to left",
    "red blood cells flow through a capillary from left to right",
]


@pytest.mark.parametrize(
    ("prompt", "index"),
    [
        ("red blood cells squeeze through a capillary from left to right", 3),
        ("RED blood, a capillary: leftwards, right to left", 2),
        ("a cell divides", 1),
        ("calcium", 0),
    ],
)
def test_closest_prefers_rare_shared_words(prompt, index):
    # "left" and "right" stand in both directions' texts, so the first of equals is taken there.
    found, near = demo.closest(prompt, TEXTS)
    assert found in ({2, 3} if index in (2, 3) else {index})
    assert near > demo.NEAR


TASKS = [
    {"task_id": "mitosis-1", "phenomenon": "mitosis", "prompt": "A cell divides horizontally."},
    {"task_id": "mitosis-2", "phenomenon": "mitosis", "prompt": "A cell divides vertically."},
    {"task_id": "calcium_wave-1", "phenomenon": "calcium_wave", "prompt": "A wave of calcium."},
]
CLIPS = [{"phenomenon": "mitosis", "prompts": ["chromosomes part, top and bottom"]}]


@pytest.mark.parametrize(
    ("prompt", "task"),
    [
        ("calcium waves", "calcium_wave-1"),
        ("a cell that divides vertically", "mitosis-2"),
        ("chromosomes part", "mitosis-1"),  # said so by a clip, and no task of it is nearer
        ("a dog runs along the beach", None),
        ("", None),
    ],
)
def test_the_nearest_task_is_named_if_one_is_near(prompt, task):
    found = demo.nearest_task(prompt, TASKS, CLIPS)
    assert (found and found["task_id"]) == task


def run_demo(root: Path, *args: str, env: dict[str, str] | None = None):
    import os

    return subprocess.run(
        [sys.executable, str(root / "demo.py"), *args],
        capture_output=True,
        text=True,
        cwd=root,
        env={**os.environ, **(env or {})},
        timeout=300,
    )


def test_empty_prompt_is_one_clear_line(repo_root, tmp_path):
    done = run_demo(repo_root, "--prompt", "  ", "--out", str(tmp_path / "out"))
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "PROMPT" in done.stderr
    assert not (tmp_path / "out").exists()


def test_unwritable_folder_is_one_clear_line(repo_root, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    done = run_demo(repo_root, "--out", str(blocked / "out"))
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "cannot be written to" in done.stderr


def test_from_a_prompt_to_a_clip(repo_root, tmp_path):
    done = run_demo(
        repo_root, "--out", str(tmp_path), env={"PROMPT": "one cell divides into two cells"}
    )
    assert done.returncode == 0, done.stderr
    assert "one cell divides into two cells" in done.stdout
    with av.open(str(tmp_path / "clip.mp4")) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert len(frames) >= 17
    assert frames[0].shape == (64, 64, 3)
    assert max(abs(frames[0].astype(int) - frames[-1]).max(), 0) > 20, "the clip does not move"
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.width > 800
