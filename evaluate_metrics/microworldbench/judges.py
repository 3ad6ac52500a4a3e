"""Judges by name."""

from __future__ import annotations

from typing import Any

from .calls import Judge
from .judge_openai import OpenAIJudge
from .verdicts import MetricError

NAMES = "openai:MODEL or human:FILE"


def make_judge(name: str, **settings: Any) -> Judge:
    """The judge called `name`, with `settings` for its class. Raises `MetricError`.

    `human:FILE` is no judge that can be asked: see `judge_human`.
    """
    kind, _, rest = name.partition(":")
    if kind == "openai" and rest:
        return OpenAIJudge(rest, **settings)
    raise MetricError(f"judge: expected {NAMES}, got {name!r}")
