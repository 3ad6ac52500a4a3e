"""Verdicts: what a judge says of one criterion of one clip, and what a call to a judge leaves.

Three reasons for a verdict that no judge gave stay apart, because they mean different things for a
score: *by design* (the judge cannot decide this kind of criterion), *judge failure* (it was asked
and gave no usable answer) and *clip failure* (the clip is missing, broken or shows nothing). The
first two leave the criterion ungraded, out of the score; the last one never does.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

MET = "met"
UNMET = "unmet"
UNGRADED = "ungraded"
STATES = (MET, UNMET, UNGRADED)

BY_DESIGN = "by design"
JUDGE_FAILURE = "judge failure"
CLIP_FAILURE = "clip failure"
KINDS = ("", BY_DESIGN, JUDGE_FAILURE, CLIP_FAILURE)


@dataclass(frozen=True)
class Verdict:
    """One judge's word on one criterion of one clip.

    `clip` names the clip (its path as found, or "#0", "#1" ... for frames in memory), `kind` is
    empty for an ordinary answer or one of the three kinds above, `reason` says more about it in a
    few words, and `rationale` is what the judge gave as its grounds. `repeat` counts from 0.
    """

    task_id: str
    clip: str
    criterion_id: str
    judge: str
    repeat: int
    verdict: str
    kind: str = ""
    reason: str = ""
    rationale: str = ""

    def __post_init__(self) -> None:
        if self.verdict not in STATES:
            raise ValueError(f"verdict: expected one of {', '.join(STATES)}, got {self.verdict!r}")
        if self.kind not in KINDS:
            raise ValueError(f"kind: expected one of {KINDS}, got {self.kind!r}")

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


class MetricError(ValueError):
    """A request that cannot be fulfilled; its message is one line for the user."""
