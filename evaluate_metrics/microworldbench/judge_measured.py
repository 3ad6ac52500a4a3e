"""The measured judge: programs decide criteria from the pixels, offline, with no key.

It grades what names a `measure` and declines the rest by design. A clip in which the task's actors
cannot be found, or nothing moves, or that shows another micro-world, has *failed*: what the
criteria promise is unmet, so that garbage which defeats tracking does not leave the denominator.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from .calls import Answer, Call, Judge, Once, Opinion, Row
from .clips import Clip
from .footage import MOST_FRAMES, SIDE, Footage, footage
from .measures import VISUAL, WORLDS, find_measure
from .presence import absent
from .reading import Measure, NotSeen
from .verdicts import CLIP_FAILURE, MET, UNMET

NAME = "measured"

Reading = float | str
"""A number, or why there is none."""


@cache
def code_digest() -> str:
    """Hash of everything that decides a reading: another version of it is another judge."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        if path.stem.startswith(("measures", "footage", "presence", "reading", "judge_measured")):
            digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def read(shown: Footage, phenomenon: str, names: list[str]) -> dict[str, Reading]:
    """What each named measure reads from a clip that should show `phenomenon`."""
    readings: dict[str, Reading] = {}
    try:
        reason = absent(shown, phenomenon)
        if reason:
            raise NotSeen(reason)
        world = WORLDS.get(phenomenon)
        scene = world.look(shown) if world else None
    except NotSeen as missing:
        return dict.fromkeys(names, str(missing))
    for name in names:
        try:
            number = float(_known(name).read(shown if name in VISUAL else scene))
            readings[name] = number if math.isfinite(number) else "nothing to measure was found"
        except NotSeen as missing:
            readings[name] = str(missing)
    return readings


def _known(name: str) -> Measure:
    """A measure that was not declined, so there is one."""
    measure = find_measure(name)
    if measure is None:
        raise KeyError(name)
    return measure


def opinion(criterion_id: str, sign: int, measure: Measure, reading: Reading) -> Opinion:
    """The verdict that a reading means."""
    if isinstance(reading, str):
        found = MET if measure.missing and sign < 0 else UNMET
        return Opinion(criterion_id, found, CLIP_FAILURE, reading)
    verdict = MET if measure.holds(reading) else UNMET
    return Opinion(criterion_id, verdict, rationale=_rationale(measure, reading))


def _rationale(measure: Measure, number: float) -> str:
    low, high = measure.low, measure.high
    if math.isinf(low):
        band = f"at most {high:.3g}"
    elif math.isinf(high):
        band = f"at least {low:.3g}"
    else:
        band = f"{low:.3g} to {high:.3g}"
    return f"{measure.says.format(number)} (the statement holds for {band})"


class MeasuredJudge(Judge):
    """Decides every criterion whose `measure` it knows."""

    def __init__(self) -> None:
        self.id = NAME
        self.settings: dict[str, Any] = {"measures": code_digest()}

    def declines(self, criterion: Mapping[str, Any]) -> str:
        """Criteria that name no measure, or one of another version of the metric."""
        name = criterion["measure"]
        if not name:
            return "no measure decides this criterion"
        return "" if find_measure(name) else f"this version has no measure {name}"

    def calls(self, row: Row, clip: Clip) -> list[Call]:
        """One call for all criteria of the clip: they share what is found and tracked in it."""
        asked = [c for c in row["criteria"] if not self.declines(c)]
        if not asked:
            return []
        phenomenon = row["phenomenon"]
        measures = [(c["criterion_id"], int(c["sign"]), c["measure"]) for c in asked]
        names = sorted({name for *_, name in measures})
        prompt = json.dumps([phenomenon, row["field_of_view_um"], row["playback"], measures])
        evidence = Once(lambda: read(footage(clip, row), phenomenon, names))
        frames = f"all, at most {MOST_FRAMES}, {SIDE} px"
        ids = tuple(c["criterion_id"] for c in asked)
        return [Call(row["task_id"], ids, prompt, frames, evidence)]

    async def answer(self, call: Call) -> Answer:
        """Verdicts from the readings, which the evidence made in a worker thread."""
        readings: dict[str, Reading] = call.evidence.load()
        *_, measures = json.loads(call.prompt)
        opinions = [
            opinion(criterion_id, sign, _known(name), readings[name])
            for criterion_id, sign, name in measures
        ]
        return Answer(opinions, details={"readings": readings})
