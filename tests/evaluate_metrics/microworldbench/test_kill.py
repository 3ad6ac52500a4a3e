"""kill -9 at random moments: what was logged is never asked again, and little else is."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from loopback import Loopback

from evaluate_metrics.microworldbench.log import read_log

KILLS = int(os.environ.get("MICROWORLDBENCH_KILLS", "3"))
SLOTS = 4
ROOT = Path(__file__).resolve().parents[3]
CHILD = Path(__file__).with_name("kill_child.py")


def test_kill_9_loses_nothing(tmp_path: Path, clip_path: Path) -> None:
    """MICROWORLDBENCH_KILLS sets how often; each kill falls after a random number of requests, at
    a random moment of the 50 ms that a call takes."""
    rng = random.Random(KILLS)
    folder, path = tmp_path / "clips", tmp_path / "run" / "calls.jsonl"
    folder.mkdir()
    tasks = [f"t{i:03d}" for i in range(SLOTS * (2 * KILLS + 2))]
    for task in tasks:
        shutil.copy(clip_path, folder / f"{task}.mp4")
    with Loopback(latency=0.05) as server:
        environment = os.environ | {
            "OPENAI_BASE_URL": server.url,
            "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
        }
        command = [sys.executable, str(CHILD), str(folder), str(path), str(SLOTS)]
        killed = 0
        for _ in range(KILLS):
            start = len(server.seen)
            wait_for = start + rng.randint(1, 2 * SLOTS)
            child = subprocess.Popen(command, env=environment)
            while len(server.seen) < wait_for and child.poll() is None:
                time.sleep(0.002)
            time.sleep(rng.uniform(0, 0.05))
            child.send_signal(signal.SIGKILL)
            killed += child.wait() == -signal.SIGKILL
            time.sleep(0.2)  # requests that are still on their way arrive
            logged = {e["task_id"] for e in read_log(path)} if path.exists() else set()
            earlier = server.tasks()
            # In flight at the kill: asked in this round and not logged.
            assert len(set(earlier[start:]) - logged) <= SLOTS
        assert killed >= 1
        assert subprocess.run(command, env=environment, timeout=600).returncode == 0
        after = server.tasks()
        # Nothing that was in the log at the last kill was asked after it.
        assert not logged.intersection(after[len(earlier) :])
        counted = Counter(after)
        assert set(counted) == set(tasks)
        assert sum(counted.values()) - len(tasks) <= SLOTS * KILLS
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        assert Counter(line["task_id"] for line in lines) == Counter(tasks)
        asked = len(after)
        assert subprocess.run(command, env=environment, timeout=600).returncode == 0
        assert len(server.tasks()) == asked
