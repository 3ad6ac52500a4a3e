"""The data set of `microsim simulate`: clips and, in a second configuration, their ground truth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from . import encode, plan, rows
from .plan import SPLITS, Part, Request


@dataclass(frozen=True)
class Simulation:
    """What `request` asks for, as a `job.Job`."""

    request: Request
    command = "simulate"

    @property
    def clips(self) -> int:
        return self.request.clips

    def told(self) -> dict[str, Any]:
        return asdict(self.request)

    def sources(self) -> Sequence[Path]:
        return [Path(str(module.__file__)) for module in (encode, plan, rows)]

    def parts(self) -> Iterator[Part]:
        return plan.parts(self.request)

    # Imported late from here on: the simulator and `datasets` take seconds, and a folder that is
    # finished needs neither.
    def schema(self) -> pa.Schema:
        from .schema import part_schema

        return part_schema()

    def rows(self, part: Part) -> list[dict[str, Any]]:
        from dataset_scripts.simulator import simulate_clip

        made = []
        for planned in part.clips:
            clip = simulate_clip(
                planned.phenomenon,
                size=self.request.size,
                num_frames=self.request.frames,
                seed=planned.seed,
                style=planned.style,
                regime=planned.regime,
            )
            mp4 = encode.encode_mp4(clip.frames, clip.fps)
            clip_row = rows.clip_row(clip, planned.clip_id, mp4)
            made.append({**clip_row, **rows.truth_row(clip, planned.clip_id)})
        return made

    def assemble(self, parts: Path, folder: Path) -> None:
        from .assemble import write_shards
        from .card import SHEET, write_card
        from .schema import CONFIGS
        from .show import gallery

        paths: dict[str, list[Path]] = {split: [] for split in SPLITS}
        for part in self.parts():
            paths[part.split].append(parts / part.name)
        shards = {}
        for config, (name, features) in CONFIGS.items():
            (folder / name).mkdir(parents=True)
            shards[config] = {
                split: write_shards(paths[split], features, folder / name, split)
                for split in SPLITS
            }
        gallery(folder, folder / SHEET, "train", frames=4)
        write_card(folder, shards, self.request)
