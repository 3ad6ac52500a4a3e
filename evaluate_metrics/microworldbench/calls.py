"""What a judge is to the run loop: it lists calls for a clip and answers them one by one."""

from __future__ import annotations

import hashlib
import json
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from .clips import Clip
from .verdicts import CLIP_FAILURE, JUDGE_FAILURE, UNGRADED, UNMET, MetricError

Row = Mapping[str, Any]
T = TypeVar("T")


class JudgeStop(MetricError):
    """The judge cannot go on at all (bad key, unknown model, no server): nothing is recorded."""


class Evidence(Protocol):
    """What a call needs of its clip. `load` blocks, so the run calls it in a worker thread."""

    def load(self) -> Any: ...


class Once(Generic[T]):
    """Evidence made by one function, run once, whichever thread asks first."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._made: list[T] = []
        self._lock = threading.Lock()

    def load(self) -> T:
        """What the function returned; raises what it raised (ClipError for a broken clip)."""
        with self._lock:
            if not self._made:
                self._made.append(self._make())
            return self._made[0]


@dataclass(frozen=True)
class Call:
    """One question to a judge about one clip.

    `frames` says which frames are shown and how they are encoded, `prompt` is the rendered text
    that the judge gets: with the clip's bytes they tell whether an answer is still good.
    """

    task_id: str
    criteria: tuple[str, ...]
    prompt: str
    frames: str
    evidence: Evidence
    repeat: int = 0


@dataclass(frozen=True)
class Opinion:
    """A judge's word on one criterion; fields as in `Verdict`."""

    criterion_id: str
    verdict: str
    kind: str = ""
    reason: str = ""
    rationale: str = ""


@dataclass(frozen=True)
class Answer:
    """What came of a call: an opinion on each of its criteria, in order.

    `usage` counts tokens (`prompt_tokens`, `completion_tokens`), `details` holds what was used to
    answer (seed, model as the server names it, JPEG quality ...). `outage` marks a call to which
    the server gave no answer at all: several in a row end the run.
    """

    opinions: list[Opinion]
    usage: dict[str, int] = field(default_factory=dict)
    details: dict[str, Any] = field(default_factory=dict)
    outage: bool = False


def judge_failure(call: Call, reason: str) -> list[Opinion]:
    """Every criterion of the call, ungraded because the judge gave no usable answer."""
    return [Opinion(c, UNGRADED, JUDGE_FAILURE, reason) for c in call.criteria]


def clip_failure(call: Call, reason: str) -> list[Opinion]:
    """Every criterion of the call, unmet because there is nothing to look at."""
    return [Opinion(c, UNMET, CLIP_FAILURE, reason) for c in call.criteria]


@dataclass(frozen=True)
class Cost:
    """What a call sends and is expected to cost; every number but `images` is an estimate."""

    images: int = 0
    bytes: int = 0
    tokens_in: int = 0
    tokens_out: int = 0


class Judge(ABC):
    """Base of all judges. `id` names it (`openai:gpt-5`), `settings` are plain JSON values.

    Both are part of a call's key: whatever changes a judge's answers belongs into them.
    """

    id: str
    settings: dict[str, Any]

    def declines(self, criterion: Mapping[str, Any]) -> str:
        """Why this judge is never asked this criterion (ungraded by design), or ""."""
        return ""

    @abstractmethod
    def calls(self, row: Row, clip: Clip) -> list[Call]:
        """The calls that cover each criterion it does not decline, once.

        Cheap: it must not decode the clip, whose answers may all be logged already.
        """

    @abstractmethod
    async def answer(self, call: Call) -> Answer:
        """Answers one call, whose evidence is loaded. Raises JudgeStop if the run cannot go on."""

    def cost(self, call: Call) -> Cost:
        """For a dry run; may load the evidence."""
        return Cost()

    async def open(self, overloaded: Callable[[float], None]) -> None:  # noqa: B027
        """Before the first call. `overloaded(t)`: the server pushed back on a request that was
        sent at `time.monotonic()` t. Most judges need neither this nor `close`."""

    async def close(self) -> None:  # noqa: B027
        """After the last call."""


def call_key(call: Call, clip_sha: str, judge: Judge) -> str:
    """SHA-256 of everything that an answer depends on, as hex."""
    parts = [
        clip_sha,
        call.task_id,
        list(call.criteria),
        call.frames,
        call.prompt,
        judge.id,
        judge.settings,
        call.repeat,
    ]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
