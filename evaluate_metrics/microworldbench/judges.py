"""Judges by name."""

from __future__ import annotations

from typing import Any

from .calls import Judge
from .judge_measured import NAME, MeasuredJudge
from .judge_openai import OpenAIJudge
from .verdicts import MetricError

DEFAULT = NAME
"""The judge that needs neither a key nor a network."""

NAMES = f"{NAME}, openai:MODEL or human:FILE"


def make_judge(name: str, **settings: Any) -> Judge:
    """The judge called `name`; `settings` are for judges that are asked. Raises `MetricError`.

    `human:FILE` is no judge that can be asked: see `judge_human`.
    """
    if name == NAME:
        return MeasuredJudge()
    kind, _, rest = name.partition(":")
    if kind == "openai" and rest:
        return OpenAIJudge(rest, **settings)
    raise MetricError(f"judge: expected {NAMES}, got {name!r}")
