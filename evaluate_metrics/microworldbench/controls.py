"""Controls: judges that do not look and clips that do not show, beside every run.

Scores mean something only above those that anybody could have: a judge that calls everything met,
or unmet, or tosses a coin; a grey clip, the first frame for ever, the frames in disorder, and the
clip of another prompt.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from .clips import Clip
from .verdicts import MET, UNMET, Verdict

ALWAYS_MET, ALWAYS_UNMET, COIN = "always met", "always unmet", "coin"
JUDGE_CONTROLS = (ALWAYS_MET, ALWAYS_UNMET, COIN)
BLANK, LOOPED, SHUFFLED, WRONG = "blank clip", "first frame", "shuffled frames", "wrong prompt"
CLIP_CONTROLS = (BLANK, LOOPED, SHUFFLED, WRONG)
NOISE = "noise"
"""Each pixel of each frame at random: no control of a run, but of a judge's calibration."""

Row = Mapping[str, Any]


def judge_control(rows: Sequence[Row], kind: str, seed: int = 0) -> list[Verdict]:
    """Verdicts of the control judge `kind` on every criterion of `rows`.

    A coin falls the same way for the same criterion and seed, whatever else is graded.
    """
    verdicts = []
    for row in rows:
        for criterion in row["criteria"]:
            name = criterion["criterion_id"]
            if kind == COIN:
                digest = hashlib.sha256(f"{seed}:{name}".encode()).digest()
                verdict = MET if digest[0] % 2 else UNMET
            else:
                verdict = MET if kind == ALWAYS_MET else UNMET
            verdicts.append(Verdict(row["task_id"], "", name, kind, 0, verdict))
    return verdicts


class Altered(Clip):
    """A clip seen through `kind`, one of blank, first frame, shuffled frames and noise."""

    def __init__(self, clip: Clip, kind: str, seed: int = 0) -> None:
        super().__init__(clip.value, f"{clip.name} [{kind}]")
        self.kind, self.seed = kind, seed

    def sha256(self) -> str:
        inner = super().sha256()
        return hashlib.sha256(f"{self.kind} {self.seed} {inner}".encode()).hexdigest()

    def frames(self, positions: Callable, side: int | None = None) -> list[np.ndarray]:
        """As `Clip.frames`, with the frames replaced or out of order."""
        order: list[int] = []

        def taken(count: int) -> list[int]:
            wanted = list(positions(count))
            if self.kind == SHUFFLED:
                shuffle = np.random.default_rng(self.seed).permutation(count)
                order.extend(int(shuffle[i]) for i in wanted)
            else:
                order.extend(0 for _ in wanted)
            return sorted(set(order))

        found = super().frames(taken, side)
        place = {position: i for i, position in enumerate(sorted(set(order)))}
        shown = [found[place[position]] for position in order]
        if self.kind == BLANK:
            return [np.full_like(frame, 128) for frame in shown]
        if self.kind == NOISE:
            rng = np.random.default_rng(self.seed)
            return [rng.integers(0, 256, frame.shape, np.uint8) for frame in shown]
        return shown


def control_clips(
    rows: Sequence[Row], clips: Mapping[str, Sequence[Clip]], kind: str
) -> dict[str, list[Clip]]:
    """The clips of the control `kind`: one for each task that has clips, made of its first.

    `wrong prompt` takes the clip of the nearest later task of another phenomenon (of another task
    where rows have none); where there is no such clip the task is left out.
    """
    graded = [row for row in rows if clips.get(row["task_id"])]
    found: dict[str, list[Clip]] = {}
    for place, row in enumerate(graded):
        if kind != WRONG:
            found[row["task_id"]] = [Altered(clips[row["task_id"]][0], kind)]
            continue
        for other in graded[place + 1 :] + graded[:place]:
            if other.get("phenomenon", "") != row.get("phenomenon", "") or (
                not row.get("phenomenon") and other is not row
            ):
                found[row["task_id"]] = [clips[other["task_id"]][0]]
                break
    return found
