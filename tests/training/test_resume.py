"""A killed run, resumed, ends with the same losses and weights, bit for bit."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from training_toy import tiny_recipe, write_recipe

from training.checkpoint import list_checkpoints, save_checkpoint
from training.loop import read_log

ROOT = Path(__file__).resolve().parents[2]


def start(recipe: Path, out: Path) -> subprocess.Popen[bytes]:
    call = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from training.cli import main; "
    arguments = ["train", str(recipe), "--out", str(out)]
    return subprocess.Popen(
        [sys.executable, "-c", call + "sys.exit(main())", *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def kill_at(recipe: Path, out: Path, stage: str, step: int) -> None:
    """Runs until a stage has logged `step`, then kills the process without warning."""
    process = start(recipe, out)
    log = out / stage / "log.jsonl"
    deadline = time.monotonic() + 200
    while time.monotonic() < deadline and process.poll() is None:
        if log.exists() and any(line["step"] >= step for line in read_log(log)):
            os.killpg(process.pid, signal.SIGKILL)
            break
        time.sleep(0.002)
    process.wait(timeout=60)
    assert process.returncode == -signal.SIGKILL, process.stderr.read().decode()[-2000:]  # type: ignore[union-attr]


def losses(out: Path, stage: str) -> list[dict[str, float]]:
    lines = read_log(out / stage / "log.jsonl")
    return [{k: v for k, v in line.items() if k != "seconds"} for line in lines]


def weights(out: Path) -> dict[str, str]:
    files = sorted((out / "pipeline").rglob("*.safetensors"))
    assert len(files) == 3
    return {str(f.relative_to(out)): hashlib.sha256(f.read_bytes()).hexdigest() for f in files}


def test_killed_and_resumed_is_bit_for_bit(
    finished_run: Path, toy_data: Path, tmp_path: Path
) -> None:
    """Killed once in each stage, at steps that are no checkpoint (those lie at even steps)."""
    recipe = write_recipe(tmp_path / "recipe.yaml", tiny_recipe(toy_data))
    out = tmp_path / "out"
    kill_at(recipe, out, "autoencoder", 5)
    kill_at(recipe, out, "text", 3)
    kill_at(recipe, out, "transformer", 3)
    final = start(recipe, out)
    _, errors = final.communicate(timeout=200)
    assert final.returncode == 0, errors.decode()[-2000:]
    for stage, steps in (("autoencoder", 9), ("text", 10), ("transformer", 9)):
        resumed, whole = losses(out, stage), losses(finished_run, stage)
        assert [line["step"] for line in resumed] == list(range(1, steps + 1))
        assert resumed == whole
    assert weights(out) == weights(finished_run)


def test_resuming_a_finished_run_changes_nothing(
    finished_run: Path, toy_data: Path, tmp_path: Path, run_cli
) -> None:
    before = weights(finished_run)
    recipe = write_recipe(tmp_path / "recipe.yaml", tiny_recipe(toy_data))
    again = run_cli(["microverse", "train", recipe, "--out", finished_run], timeout=200)
    assert again.returncode == 0, again.stderr
    assert weights(finished_run) == before
    assert [line["step"] for line in losses(finished_run, "transformer")] == list(range(1, 10))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"threads": 2}, "thread count was 1 and is now 2"),
        ({"autoencoder": {"lr": 0.5}}, "autoencoder.lr was 0.002 and is now 0.5"),
    ],
)
def test_another_thread_count_or_recipe_is_refused(
    change: dict, says: str, finished_run: Path, toy_data: Path, tmp_path: Path, run_cli
) -> None:
    recipe = tiny_recipe(toy_data)
    for key, value in change.items():
        recipe[key] = {**recipe[key], **value} if isinstance(value, dict) else value
    path = write_recipe(tmp_path / "recipe.yaml", recipe)
    before = weights(finished_run)
    done = run_cli(["microverse", "train", path, "--out", finished_run], timeout=200)
    assert done.returncode == 2
    assert says in done.stderr and "Traceback" not in done.stderr
    assert weights(finished_run) == before


def test_unfinished_stage_refuses_another_process_count(tmp_path: Path) -> None:
    from training.checkpoint import load_latest
    from training.errors import MicroVerseError
    from training.loop import run_identity

    one = run_identity({"seed": 0}, threads=2, processes=1)
    save_checkpoint(tmp_path, 5, {"identity": one}, keep=2)
    assert load_latest(tmp_path, one) == {"step": 5, "identity": one}
    with pytest.raises(MicroVerseError, match="process count was 1 and is now 2"):
        load_latest(tmp_path, run_identity({"seed": 0}, threads=2, processes=2))


def test_checkpoints_are_ordered_by_number_and_pruned(tmp_path: Path) -> None:
    for step in (5000, 999999, 10_000_000, 20_000_000):
        save_checkpoint(tmp_path, step, {"identity": {}}, keep=2)
    (tmp_path / ".step-0000001.pt.7.tmp").write_bytes(b"half a checkpoint")
    assert [step for step, _ in list_checkpoints(tmp_path)] == [10_000_000, 20_000_000]


def test_damaged_checkpoint_is_named(tmp_path: Path) -> None:
    from training.checkpoint import load_latest
    from training.errors import MicroVerseError

    path = save_checkpoint(tmp_path, 3, {"identity": {}}, keep=2)
    path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(MicroVerseError, match=r"step-0000003\.pt: is damaged"):
        load_latest(tmp_path, {})


def test_log_cut_by_a_kill_is_read_up_to_the_cut(tmp_path: Path) -> None:
    from training.loop import trim_log

    path = tmp_path / "log.jsonl"
    lines = [json.dumps({"step": i, "loss": 1.0}) for i in (1, 2, 3)]
    path.write_text("\n".join(lines) + '\n{"step": 4, "lo')
    trim_log(path, 2)
    assert [line["step"] for line in read_log(path)] == [1, 2]
