"""The card of a folder of probes: YAML for the Hub, prose, and a table of what was broken."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from .assemble import Shards
from .card import front_matter, markdown, write_prose
from .encode import CRF
from .probes_plan import ProbeRequest
from .rows import LICENSE
from .schema import PROBE_CONFIGS


def write_card(folder: Path, shards: dict[str, dict[str, Shards]], request: ProbeRequest) -> None:
    """Write `folder`/README.md for `shards`, config name → split → shards."""
    front = front_matter("MicroSim-10K: true clips and twins (simulated)", shards, PROBE_CONFIGS)
    ((config, splits),) = shards.items()
    columns = ["phenomenon", "violation", "law", "task_id"]
    rows = [
        row
        for path in splits["test"].paths
        for row in pq.read_table(path, columns=columns).to_pylist()
    ]
    front["tags"] = [*front["tags"], "evaluation"]
    write_prose(folder, front, "probes_card.md", _figures(rows, request, config))


def _figures(rows: list[dict[str, Any]], request: ProbeRequest, config: str) -> dict[str, Any]:
    twins = [row for row in rows if row["violation"]]
    counts = Counter((row["phenomenon"], row["violation"], row["law"]) for row in twins)
    table = [["phenomenon", "violation", "what no longer holds", "pairs"]]
    table += [[f"`{a}`", f"`{b}`", law, str(n)] for (a, b, law), n in sorted(counts.items())]
    tasks = sorted({row["task_id"] for row in rows} - {""})
    return {
        "pairs": f"{len(twins):,}",
        "config": config,
        "crf": CRF,
        "license": LICENSE,
        "sizes": ", ".join(map(str, request.sizes)),
        "frames": ", ".join(map(str, request.frames)),
        "tasks": (
            f"Every pair answers one of {len(tasks)} tasks of MicroWorldBench (`task_id`)."
            if tasks
            else "No pair was made for a task of MicroWorldBench (`task_id` is empty)."
        ),
        "table": markdown(table),
        "command": command(request),
    }


def command(request: ProbeRequest) -> str:
    """The command line that makes the probes of `request`."""
    return (
        f"microsim probes --pairs {request.pairs} "
        f"--size {','.join(map(str, request.sizes))} "
        f"--frames {','.join(map(str, request.frames))} --seed {request.seed} "
        f"--phenomena {','.join(request.phenomena)}"
        + (" --tasks microworldbench" if request.tasks else "")
    )
