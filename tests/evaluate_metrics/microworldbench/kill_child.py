"""One run of the openai judge over a folder, for tests that kill it: FOLDER LOG SLOTS."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from loopback import make_row

from evaluate_metrics.microworldbench.clips import find_clips
from evaluate_metrics.microworldbench.judge_openai import OpenAIJudge
from evaluate_metrics.microworldbench.log import CallLog
from evaluate_metrics.microworldbench.run import run_judge_sync

if __name__ == "__main__":
    folder, path, slots = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    rows = [make_row(clip.stem) for clip in sorted(folder.iterdir())]
    with CallLog(path) as log:
        run_judge_sync(
            rows, find_clips(folder, rows)[0], OpenAIJudge("m"), log, max_concurrency=slots
        )
