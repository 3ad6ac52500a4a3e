"""What a run would ask and cost, before anything is sent."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from .calls import Judge, Row
from .decode import ClipError
from .run import Clips, list_calls, tasks_with_clips

SAMPLED_CLIPS = 4
"""Clips that are really decoded and encoded; the others are taken to be like them on average."""


@dataclass(frozen=True)
class Plan:
    """A run's extent: `clips` and `missing` tasks, `calls` to make and `logged` ones, and, for the
    calls to make, `images` and estimates of the rest. `price` is in the currency of the prices."""

    clips: int
    missing: int
    calls: int
    logged: int
    images: int
    bytes: int
    tokens_in: int
    tokens_out: int
    price: float

    def __str__(self) -> str:
        return (
            f"{self.clips} clips ({self.missing} tasks without one), {self.calls} calls to make "
            f"({self.logged} logged), {self.images} images, about {self.bytes / 1e6:.1f} MB, "
            f"{self.tokens_in} tokens in, {self.tokens_out} tokens out, price {self.price:.2f}"
        )


def plan(
    rows: Sequence[Row],
    clips: Clips,
    judge: Judge,
    logged: Collection[str] = (),
    repeats: int = 1,
    limit: int | None = None,
    price_in: float = 0.0,
    price_out: float = 0.0,
) -> Plan:
    """Counts the calls of `run_judge` with these arguments, and estimates what they send.

    `logged` holds the keys of a log (`CallLog.entries`); prices are per million tokens. Hashes
    every clip, decodes at most `SAMPLED_CLIPS`. Retries are not foreseen, and a clip that turns
    out to be broken is counted as if it were asked. Raises MetricError for a clip that cannot be
    read.
    """
    tasks = tasks_with_clips(rows, clips, limit)
    pairs = [(row, clip) for row, named in tasks for clip in named]
    stride = max(1, len(pairs) // SAMPLED_CLIPS)
    spent = {"images": 0, "bytes": 0, "tokens_in": 0, "tokens_out": 0}
    sampled = calls = known = 0
    seen: set[str] = set()
    for place, (row, clip) in enumerate(pairs):
        todo = list_calls(row, clip, judge, repeats)
        keys = {t.key for t in todo}
        known += len(keys.intersection(logged))
        calls += len(keys.difference(logged, seen))
        seen |= keys
        if place % stride or place // stride >= SAMPLED_CLIPS:
            continue
        try:
            costs = [vars(judge.cost(t.call)) for t in todo]
        except ClipError:
            continue
        sampled += len(costs)
        spent = {name: value + sum(c[name] for c in costs) for name, value in spent.items()}
    each = calls / sampled if sampled else 0.0
    total = {name: round(value * each) for name, value in spent.items()}
    price = (total["tokens_in"] * price_in + total["tokens_out"] * price_out) / 1e6
    missing = sum(not named for _, named in tasks)
    return Plan(len(pairs), missing, calls, known, **total, price=price)
