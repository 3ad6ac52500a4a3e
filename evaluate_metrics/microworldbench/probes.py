"""Probes: clips whose faults are known, and the harmless or hopeless clips made from them.

A folder of `microsim probes` holds pairs of a true clip, which answers its task perfectly, and a
twin that breaks one law. This metric reads it as data and knows nothing of how it was made.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .clips import Clip
from .controls import BLANK, LOOPED, NOISE, Altered
from .verdicts import MetricError

WRONG_WORLD = "wrong world"
HOPELESS = (NOISE, BLANK, LOOPED, WRONG_WORLD)
"""Clips that show nothing of what was asked: each must fail."""

_COLUMNS = (
    "clip_id", "video", "pair_id", "violation", "law", "task_id", "phenomenon", "style",
    "field_of_view_um", "um_per_px", "num_frames", "playback",
)  # fmt: skip


@dataclass(frozen=True)
class Probe:
    """A clip with its task's row, which states the clip's own scale, and what is known of it.

    `violation` is empty for a true clip; `strata` says of which kind it is (style, size, frames).
    """

    clip: Clip
    row: dict[str, Any]
    pair_id: str
    violation: str
    law: str
    phenomenon: str
    strata: Mapping[str, str]

    @property
    def task_id(self) -> str:
        return str(self.row["task_id"])

    def shown(self, clip: Clip, scale: Mapping[str, Any] | None = None) -> tuple[dict, Clip]:
        """`clip` in the place of this probe's, at the scale of another row if one is given."""
        own = scale or self.row
        return {**self.row, **{key: own[key] for key in ("field_of_view_um", "playback")}}, clip


def load_probes(
    data: str, rows: Iterable[Mapping[str, Any]], limit: int | None = None
) -> list[Probe]:
    """The first `limit` pairs of `data`, a folder or a Hub id, that answer tasks among `rows`.

    Each true clip is followed by its twin. Raises `MetricError` for what is no such folder.
    """
    tasks = {str(row["task_id"]): row for row in rows}
    pairs: dict[str, list[Probe]] = {}
    for line in _lines(data):
        if not line["task_id"]:
            continue
        row = tasks.get(line["task_id"])
        if row is None:
            raise MetricError(
                f"{data}: {line['clip_id']}: the benchmark has no task {line['task_id']}"
            )
        if limit is not None and len(pairs) == limit and line["pair_id"] not in pairs:
            break
        pairs.setdefault(line["pair_id"], []).append(_probe(line, row))
    if not pairs:
        raise MetricError(
            f"{data}: no clip was made for a task: `microsim probes --tasks` makes such"
        )
    for name, pair in pairs.items():
        pair.sort(key=lambda probe: probe.violation)
        if len(pair) != 2 or pair[0].violation or not pair[1].violation:
            raise MetricError(f"{data}: {name}: expected a true clip and its twin")
    return [probe for pair in pairs.values() for probe in pair]


def _lines(data: str) -> Iterable[dict[str, Any]]:
    from datasets import Video, load_dataset

    if os.sep in data and not Path(data).is_dir():
        raise MetricError(f"{data}: expected a folder of probes")
    try:
        found = load_dataset(data, split="test")
    except Exception as error:  # whatever a missing folder, Hub or configuration raises
        reason = " ".join(str(error).split())[:200]
        raise MetricError(
            f"{data}: cannot be loaded ({reason}); `microsim probes` makes the folder"
        ) from None
    missing = [name for name in _COLUMNS if name not in found.column_names]
    if missing:
        raise MetricError(f"{data}: expected probes, found no column {missing[0]!r}")
    return found.select_columns(list(_COLUMNS)).cast_column("video", Video(decode=False))


def _probe(line: Mapping[str, Any], row: Mapping[str, Any]) -> Probe:
    own = {key: line[key] for key in ("field_of_view_um", "playback")}
    return Probe(
        clip=Clip(line["video"], line["clip_id"]),
        row={**row, **own},
        pair_id=line["pair_id"],
        violation=line["violation"],
        law=line["law"],
        phenomenon=line["phenomenon"],
        strata={
            "style": line["style"],
            "size": f"{round(line['field_of_view_um'] / line['um_per_px'])} px",
            "frames": f"{line['num_frames']} frames",
        },
    )


def hopeless(probes: Sequence[Probe], kind: str, per_task: int) -> list[tuple[dict, Clip]]:
    """Clips of the `kind` of `HOPELESS`, made of the first `per_task` true clips of each task.

    In the wrong world, the clips of all other phenomena take turns.
    """
    true = [probe for probe in probes if not probe.violation]
    worlds = list(dict.fromkeys(probe.phenomenon for probe in true))
    taken: dict[str, int] = {}
    found = []
    for probe in true:
        count = taken[probe.task_id] = taken.get(probe.task_id, 0) + 1
        if count > per_task:
            continue
        if kind != WRONG_WORLD:
            found.append(probe.shown(Altered(probe.clip, kind)))
        elif len(worlds) > 1:
            place = worlds.index(probe.phenomenon) + 1 + len(found) % (len(worlds) - 1)
            others = [p for p in true if p.phenomenon == worlds[place % len(worlds)]]
            other = others[len(found) % len(others)]
            # Its own name, beside the probe's: both are graded in several places.
            clip = Clip(other.clip.value, f"{probe.clip.name} [{kind}: {other.clip.name}]")
            found.append(probe.shown(clip, other.row))
    return found
