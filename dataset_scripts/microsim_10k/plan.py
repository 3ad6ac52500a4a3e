"""What each clip of the data set is: a pure function of the request and the clip's index.

Nothing here depends on how many clips, workers or runs there are, so clip 17 of a small data set
is clip 17 of a large one, and a run that was cut short can go on anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

SPLITS = ("train", "validation", "test")
CLIPS_PER_PART = 8
"""Clips that a worker makes between two writes: what a kill can cost."""


@dataclass(frozen=True)
class Request:
    """What was asked for: the arguments that decide the data set's content."""

    clips: int
    size: int
    frames: int
    seed: int
    phenomena: tuple[str, ...]
    styles: tuple[str, ...]


@dataclass(frozen=True)
class ClipPlan:
    """One clip to be made; `seed` is 63 bits wide. Validation and test are worded `held_out`."""

    index: int
    clip_id: str
    split: str
    phenomenon: str
    style: str
    seed: int

    @property
    def held_out(self) -> bool:
        return self.split != "train"


@dataclass(frozen=True)
class Part:
    """Clips of one split that are written together, in this order."""

    split: str
    number: int
    clips: tuple[ClipPlan, ...]

    @property
    def name(self) -> str:
        return f"{self.split}-{self.number:05d}.arrow"


def split_of(index: int) -> str:
    """One clip in ten is for validation, one for test, the rest for training."""
    return {1: "validation", 2: "test"}.get(index % 10, "train")


def rank_in_split(index: int) -> int:
    """How many clips of the same split come before clip `index`."""
    ten, place = divmod(index, 10)
    return 8 * ten + max(0, place - 2) if split_of(index) == "train" else ten


def plan_clip(request: Request, index: int) -> ClipPlan:
    """The clip at `index`.

    Within a split the phenomena take turns, and in each round the looks move on by one: whatever
    the length of the split, the phenomena differ by at most one clip, and every phenomenon meets
    every look equally often (to within one).
    """
    split = split_of(index)
    # The splits start at different phenomena, so that the smallest data sets show several.
    turn, place = divmod(rank_in_split(index), len(request.phenomena))
    phenomenon = request.phenomena[(place + SPLITS.index(split)) % len(request.phenomena)]
    style = request.styles[(turn + place) % len(request.styles)]
    words = np.random.SeedSequence([request.seed, index]).generate_state(1, np.uint64)
    return ClipPlan(
        index=index,
        clip_id=f"{phenomenon}-{request.seed}-{index:06d}",
        split=split,
        phenomenon=phenomenon,
        style=style,
        seed=int(words[0] >> np.uint64(1)),
    )


def parts(request: Request) -> Iterator[Part]:
    """All parts of the data set, split by split, in the order of the finished shards."""
    for split in SPLITS:
        indices = [i for i in range(request.clips) if split_of(i) == split]
        for number, start in enumerate(range(0, len(indices), CLIPS_PER_PART)):
            chosen = indices[start : start + CLIPS_PER_PART]
            yield Part(split, number, tuple(plan_clip(request, i) for i in chosen))
