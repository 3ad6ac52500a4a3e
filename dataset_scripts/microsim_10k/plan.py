"""What each clip of the data set is: a pure function of the request and the clip's index.

Nothing here depends on how many clips, workers or runs there are, so clip 17 of a small data set
is clip 17 of a large one, and a run that was cut short can go on anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

SPLITS = ("train", "validation", "test")
REGIMES = {
    "train": ("train",),
    "validation": ("wording",),
    "test": ("wording", "interval", "combination"),
}
"""What each split draws from, in turn (`simulator.core.REGIMES`)."""
CLIPS_PER_PART = 8
"""Clips that a worker makes between two writes: what a kill can cost."""


@dataclass(frozen=True)
class Request:
    """What was asked for: the arguments that decide the data set's content."""

    clips: int
    size: int
    frames: int
    seed: int
    mix: str
    groups: tuple[tuple[str, ...], ...]
    """Phenomena by what takes turns: groups first, then the phenomena of a group."""
    styles: tuple[str, ...]

    @property
    def phenomena(self) -> tuple[str, ...]:
        """All names, group by group."""
        return tuple(name for group in self.groups for name in group)


@dataclass(frozen=True)
class ClipPlan:
    """One clip to be made; `seed` is 63 bits wide, `regime` is one of the simulator's REGIMES."""

    index: int
    clip_id: str
    split: str
    phenomenon: str
    style: str
    seed: int
    regime: str


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

    Within a split the groups take turns, within a group its phenomena, and with each visit to a
    phenomenon the look moves on by one: whatever the length of the split, the groups differ by at
    most one clip, and so do the phenomena of a group and the looks of a phenomenon. In the test
    split the three kinds of what is held out move on with every round of looks.
    """
    split = split_of(index)
    # The splits start at different places, so that the smallest data sets show several.
    turn, place = divmod(rank_in_split(index), len(request.groups))
    group = request.groups[(place + SPLITS.index(split)) % len(request.groups)]
    visit, member = divmod(turn, len(group))
    phenomenon = group[(member + SPLITS.index(split)) % len(group)]
    round_, look = divmod(visit, len(request.styles))
    number = request.phenomena.index(phenomenon)
    style = request.styles[(look + number) % len(request.styles)]
    kinds = REGIMES[split]
    words = np.random.SeedSequence([request.seed, index]).generate_state(1, np.uint64)
    return ClipPlan(
        index=index,
        clip_id=f"{phenomenon}-{request.seed}-{index:06d}",
        split=split,
        phenomenon=phenomenon,
        style=style,
        seed=int(words[0] >> np.uint64(1)),
        regime=kinds[(round_ + number) % len(kinds)],
    )


def parts(request: Request) -> Iterator[Part]:
    """All parts of the data set, split by split, in the order of the finished shards."""
    for split in SPLITS:
        indices = [i for i in range(request.clips) if split_of(i) == split]
        for number, start in enumerate(range(0, len(indices), CLIPS_PER_PART)):
            chosen = indices[start : start + CLIPS_PER_PART]
            yield Part(split, number, tuple(plan_clip(request, i) for i in chosen))
