"""The data set of `microsim probes`: true clips and law-breaking twins, for testing judges."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from dataset_scripts.simulator import Clip, simulate_clip
from dataset_scripts.simulator.core import NoTwin

from . import encode, plan, probes_plan, rows
from .build import BuildError
from .probes_plan import Draw, Pair, ProbePart, ProbeRequest


@dataclass(frozen=True)
class Probes:
    """What `request` asks for, as a `job.Job`."""

    request: ProbeRequest
    command = "probes"

    @property
    def clips(self) -> int:
        return 2 * self.request.pairs

    def told(self) -> dict[str, Any]:
        return self.request.told()

    def sources(self) -> Sequence[Path]:
        modules = (encode, plan, probes_plan, rows)
        return [*(Path(str(module.__file__)) for module in modules), Path(__file__)]

    def parts(self) -> Iterator[ProbePart]:
        return self.request.parts()

    def schema(self) -> pa.Schema:
        from .schema import PROBE_FEATURES

        return PROBE_FEATURES.arrow_schema

    def rows(self, part: ProbePart) -> list[dict[str, Any]]:
        return [row for pair in part.pairs for row in self._pair(pair)]

    def _pair(self, pair: Pair) -> tuple[dict[str, Any], dict[str, Any]]:
        for draw in self.request.draws(pair):
            try:
                twin = _simulate(pair, draw, pair.violation)
            except NoTwin:
                continue
            (event,) = (e for e in twin.truth.events if e.name == "violation")
            true = _simulate(pair, draw, "")
            broken = {
                "violation": pair.violation,
                "onset_frame": int(event.frame),
                "effect": None if event.value is None else float(event.value),
                "effect_unit": event.unit,
            }
            kept = {"violation": "", "onset_frame": None, "effect": None, "effect_unit": ""}
            first, second = pair.clip_ids
            return _row(true, first, pair, kept), _row(twin, second, pair, broken)
        raise BuildError(
            f"{pair.pair_id}: {probes_plan.TRIES} draws in a row cannot break the law "
            f"({pair.violation}): choose another --seed"
        )

    def assemble(self, parts: Path, folder: Path) -> None:
        from .assemble import write_shards
        from .probes_card import write_card
        from .schema import PROBE_CONFIGS

        ((name, (place, features)),) = PROBE_CONFIGS.items()
        (folder / place).mkdir()
        paths = [parts / part.name for part in self.parts()]
        shards = write_shards(paths, features, folder / place, "test")
        write_card(folder, {name: {"test": shards}}, self.request)


def _simulate(pair: Pair, draw: Draw, violation: str) -> Clip:
    return simulate_clip(
        pair.task.phenomenon,
        size=draw.size,
        num_frames=draw.frames,
        seed=draw.seed,
        style=pair.style,
        parameters=draw.parameters,
        violation=violation,
    )


def _row(clip: Clip, clip_id: str, pair: Pair, more: dict[str, Any]) -> dict[str, Any]:
    mp4 = encode.encode_mp4(clip.frames, clip.fps)
    known = {"pair_id": pair.pair_id, "task_id": pair.task.task_id, "law": pair.law}
    return {**rows.clip_row(clip, clip_id, mp4), **known, **more}
