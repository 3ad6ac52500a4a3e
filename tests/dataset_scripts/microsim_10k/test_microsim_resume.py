"""Whatever happens to a run, the same command ends with the same bytes."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pyarrow.parquet as pq
import pytest

from dataset_scripts.microsim_10k import card, parts
from dataset_scripts.microsim_10k.build import work_folder

Microsim = Callable[..., tuple[int, str, str]]
SLOW = ("--size", "192")  # long enough that a signal on a busy machine comes before the end
FLOW = "simulate --clips 240 --size 64 --frames 17 --seed 3 --phenomena capillary_flow"


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def start(repo_root: Path, out: Path, workers: int, *more: str) -> subprocess.Popen[str]:
    call = [sys.executable, "-m", "dataset_scripts.microsim_10k.cli", *FLOW.split(), *more]
    return subprocess.Popen(
        [*call, "--out", str(out), "--workers", str(workers)],
        cwd=repo_root,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # A test run in the background of a script inherits an ignored Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def parts_made(out: Path) -> int:
    return len(list((work_folder(out) / "parts").glob("*.arrow")))


def wait_for(process: subprocess.Popen[str], out: Path, count: int) -> None:
    """Wait until `count` parts are there."""
    deadline = time.monotonic() + 120
    while parts_made(out) < count:
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.005)


def test_killed_at_random_moments_and_rerun_the_bytes_are_those_of_one_go(
    repo_root: Path, flow_set: Path, tmp_path: Path
) -> None:
    # Two workers and kills on one side, one process in one go on the other.
    out = tmp_path / "flow"
    chance = random.Random(5)
    done = 0
    for _ in range(3):
        process = start(repo_root, out, 2)
        wait_for(process, out, done + chance.randint(1, 4))
        time.sleep(chance.random() * 0.1)
        workers = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        process.wait()
        assert not out.exists()
        _, alive = psutil.wait_procs(workers, timeout=30)
        assert not alive, "workers must not outlive their parent"
        assert parts_made(out) > done
        done = parts_made(out)
    final = start(repo_root, out, 2)
    said, errors = final.communicate(timeout=120)
    assert final.returncode == 0, errors
    kept = 240 - int(said.split("made ")[1].split()[0])
    assert 0 < kept < 240, "the finished clips were kept, the others made"
    assert files_of(out) == files_of(flow_set)
    ids = [
        name
        for path in out.glob("data/*.parquet")
        for name in pq.read_table(path, columns=["clip_id"]).column(0).to_pylist()
    ]
    assert len(ids) == len(set(ids)) == 240
    assert not work_folder(out).exists()


def test_interrupt_is_one_line_and_130(repo_root: Path, tmp_path: Path) -> None:
    out = tmp_path / "flow"
    process = start(repo_root, out, 2, *SLOW)
    wait_for(process, out, 1)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors.splitlines()[-1].endswith("microsim: interrupted; run the same command to go on")
    assert "Traceback" not in errors and not out.exists() and parts_made(out) >= 1


def test_a_worker_that_dies_is_told_in_one_line(repo_root: Path, tmp_path: Path) -> None:
    out = tmp_path / "flow"
    process = start(repo_root, out, 2, *SLOW)
    wait_for(process, out, 1)
    workers = [
        child
        for child in psutil.Process(process.pid).children()
        if "spawn_main" in " ".join(child.cmdline())
    ]
    assert len(workers) == 2
    workers[0].kill()
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 2 and "Traceback" not in errors
    assert "microsim: error: a worker process died" in errors.splitlines()[-1]
    assert not out.exists() and parts_made(out) >= 1


def test_a_second_run_on_the_same_folder_is_refused(
    repo_root: Path, tmp_path: Path, microsim: Microsim
) -> None:
    out = tmp_path / "flow"
    process = start(repo_root, out, 1)
    try:
        wait_for(process, out, 1)
        code, _, err = microsim(*FLOW.split(), "--out", out, "--workers", 1)
        assert code == 2 and "another microsim simulate is at work" in err
        assert process.poll() is None
    finally:
        process.kill()
        process.communicate()


def test_a_full_disk_stops_the_run_and_loses_nothing(
    repo_root: Path, flow_set: Path, tmp_path: Path, microsim: Microsim
) -> None:
    # A limit on the size of files is the nearest a test can come to a full disk; the parts are
    # below it, the shards are not.
    out = tmp_path / "flow"
    script = f'ulimit -f 200; exec "$0" -m dataset_scripts.microsim_10k.cli {FLOW} --workers 1 "$@"'
    run = subprocess.run(
        ["bash", "-c", script, sys.executable, "--out", str(out)],
        cwd=repo_root,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert run.returncode == 2 and "Traceback" not in run.stderr, run.stderr
    assert "make room and run the same command" in run.stderr.splitlines()[-1]
    assert not out.exists() and parts_made(out) == 30
    code, said, _ = microsim(*FLOW.split(), "--out", out, "--workers", 1)
    assert code == 0 and "made 0 in" in said
    assert files_of(out) == files_of(flow_set)


TINY = "simulate --clips 12 --size 64 --frames 3 --phenomena capillary_flow --workers 1"


def test_damaged_parts_are_made_again(tmp_path: Path, microsim: Microsim) -> None:
    whole, out = tmp_path / "whole", tmp_path / "tiny"
    assert microsim(*TINY.split(), "--out", whole)[0] == 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(card, "write_card", fail)
        assert microsim(*TINY.split(), "--out", out)[0] == 2
    found = sorted((work_folder(out) / "parts").glob("*.arrow"))
    found[0].write_bytes(found[0].read_bytes()[:-100])
    found[1].write_bytes(found[2].read_bytes())
    code, said, _ = microsim(*TINY.split(), "--out", out)
    assert code == 0 and "made 0 in" not in said
    assert files_of(out) == files_of(whole)


def fail(*_: object, **__: object) -> None:
    raise OSError(28, "No space left on device")


def test_overwriting_keeps_the_old_folder_until_the_new_one_is_whole(
    tmp_path: Path, microsim: Microsim
) -> None:
    out = tmp_path / "tiny"
    assert microsim(*TINY.split(), "--out", out)[0] == 0
    old = files_of(out)
    again = [*TINY.split(), "--seed", "1", "--out", out, "--overwrite"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(card, "write_card", fail)
        assert microsim(*again)[0] == 2
    assert files_of(out) == old
    assert microsim(*again)[0] == 0
    new = files_of(out)
    assert new.keys() == old.keys() and new["README.md"] != old["README.md"]
    assert not work_folder(out).exists()


def test_what_is_finished_is_left_alone(tmp_path: Path, microsim: Microsim) -> None:
    out = tmp_path / "tiny"
    assert microsim(*TINY.split(), "--out", out)[0] == 0
    times = {path: path.stat().st_mtime_ns for path in out.rglob("*")}
    # A run killed between its last two steps leaves its work folder behind.
    work_folder(out).mkdir()
    code, said, err = microsim(*TINY.split(), "--out", out)
    assert (code, err) == (0, "") and "complete already" in said
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*")} == times

    for change, reason in [
        (["--seed", "1"], "with seed 0, not 1"),
        (["--size", "66"], "with size 64, not 66"),
        (["--styles", "fluorescence"], "not fluorescence"),
    ]:
        code, _, err = microsim(*TINY.split(), "--out", out, *change)
        assert code == 2 and reason in err and "--overwrite" in err
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*")} == times

    shard = next(out.glob("data/test-*"))
    shard.write_bytes(shard.read_bytes()[:-1])
    code, _, err = microsim(*TINY.split(), "--out", out)
    assert code == 2 and str(shard) in err and "damaged" in err


def test_an_unfinished_run_with_other_arguments_is_refused_or_discarded(
    tmp_path: Path, microsim: Microsim
) -> None:
    out = tmp_path / "tiny"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(card, "write_card", fail)
        assert microsim(*TINY.split(), "--out", out)[0] == 2
    other = [*TINY.split(), "--frames", "4", "--out", out]
    code, _, err = microsim(*other)
    assert code == 2 and "unfinished run made with frames 3, not 4" in err
    assert parts_made(out) > 0 and not out.exists()
    code, said, _ = microsim(*other, "--overwrite")
    assert code == 0 and "made 12 in" in said


def test_a_run_that_fails_at_once_leaves_nothing(tmp_path: Path, microsim: Microsim) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parts, "make_part", fail)
        code, _, err = microsim(*TINY.split(), "--out", tmp_path / "tiny")
    assert code == 2 and "No space left on device" in err
    assert list(tmp_path.iterdir()) == []
