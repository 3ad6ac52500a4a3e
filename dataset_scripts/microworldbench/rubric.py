"""What a benchmark task is, and the rules that its rubric keeps. Pure: from plain data to rows.

A task's score in a dimension is Σ sign · weight · met over the positive weights, so a judge that
answers "met" to everything scores (W⁺ - W⁻) / W⁺. The rules keep that at one half or less
(W⁻ >= ½ W⁺), in every dimension, and again on the part of it that has measures.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

LEVELS = ("organ", "cellular", "subcellular")
DIMENSIONS = ("scientific", "visual", "instruction")
WEIGHTS = (1.0, 0.5, 0.2)
"""Core, key secondary, auxiliary."""
NEEDS = ("still", "order", "dense")
"""What decides a criterion: one frame, eight frames in order, or every frame."""
REVIEWS = ("unreviewed", "verified", "rejected")
PER_DIMENSION = 3
TASKS_PER_PHENOMENON = 3

_FILE_KEYS = {"phenomenon", "level", "tasks"}
_TASK_KEYS = {
    "task_id", "prompt", "requirement", "field_of_view_um", "playback", "criteria", "parameters",
}  # fmt: skip
_CRITERION_KEYS = {"text", "sign", "weight", "source", "needs", "measure", "review"}
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_MEASURE = re.compile(rf"{_NAME.pattern}(\.{_NAME.pattern})?")

Row = dict[str, Any]
"""One task as a benchmark row; see `schema.TASK_FEATURES`."""


class RubricError(ValueError):
    """A rubric breaks a rule; the message is one line naming file, task and key."""


def rows_of_file(data: Any, name: str) -> list[Row]:
    """The benchmark rows of one phenomenon's YAML file, parsed to `data`.

    `name` is the file's, for messages; its stem must be the phenomenon. Raises `RubricError` at
    the first broken rule.
    """
    _keys(data, _FILE_KEYS, _FILE_KEYS, name)
    phenomenon = data["phenomenon"]
    if not isinstance(phenomenon, str) or f"{phenomenon}.yaml" != name.rsplit("/", 1)[-1]:
        raise RubricError(f"{name}: phenomenon: expected the file's own name, got {phenomenon!r}")
    _one_of(data["level"], LEVELS, f"{name}: level")
    tasks = data["tasks"]
    if not isinstance(tasks, list) or len(tasks) != TASKS_PER_PHENOMENON:
        raise RubricError(f"{name}: tasks: expected a list of {TASKS_PER_PHENOMENON} tasks")
    return [_row(task, number, data, name) for number, task in enumerate(tasks, 1)]


def check_edition(rows: Iterable[Row]) -> None:
    """Raise `RubricError` if two criteria of an edition, or two prompts, read the same."""
    seen: dict[str, str] = {}
    for row in rows:
        texts = [(row["prompt"], row["task_id"])]
        texts += [(c["text"], c["criterion_id"]) for c in row["criteria"]]
        for text, owner in texts:
            plain = re.sub(r"\W+", " ", text).strip().casefold()
            if plain in seen:
                raise RubricError(f"{owner}: the same words as {seen[plain]}: {text!r}")
            seen[plain] = owner


def always_met(criteria: Iterable[Mapping[str, Any]]) -> float:
    """Unclamped score, in percent, of a judge that calls every criterion met.

    NaN where no weight is positive: nothing can be scored there.
    """
    listed = list(criteria)
    gain = sum(c["weight"] for c in listed if c["sign"] > 0)
    loss = sum(c["weight"] for c in listed if c["sign"] < 0)
    return 100 * (gain - loss) / gain if gain else float("nan")


def _row(task: Any, number: int, data: Row, name: str) -> Row:
    expected = f"{data['phenomenon']}-{number}"
    where = f"{name}: {expected}"
    _keys(task, _TASK_KEYS - {"parameters"}, _TASK_KEYS, where)
    if task["task_id"] != expected:
        raise RubricError(f"{where}: task_id: expected {expected!r}, got {task['task_id']!r}")
    prompt = _text(task["prompt"], f"{where}: prompt", words=(4, 60))
    requirement = _text(task["requirement"], f"{where}: requirement", words=(35, 160))
    groups = task["criteria"]
    _keys(groups, set(DIMENSIONS), set(DIMENSIONS), f"{where}: criteria")
    criteria: list[Row] = []
    for dimension in DIMENSIONS:
        here = f"{where}: {dimension}"
        listed = groups[dimension]
        if not isinstance(listed, list) or len(listed) != PER_DIMENSION:
            raise RubricError(f"{here}: expected a list of {PER_DIMENSION} criteria")
        found = [
            _criterion(c, f"{expected}.{dimension[0]}{i}", dimension, f"{here}[{i}]")
            for i, c in enumerate(listed, 1)
        ]
        _balance(found, here)
        _balance([c for c in found if c["measure"]], f"{here}, criteria with a measure")
        criteria += found
    return {
        "task_id": expected,
        "edition": "open",
        "level": data["level"],
        "phenomenon": data["phenomenon"],
        "prompt": prompt,
        "requirement": requirement,
        "field_of_view_um": _positive(task["field_of_view_um"], f"{where}: field_of_view_um"),
        "playback": _positive(task["playback"], f"{where}: playback"),
        "parameters": _parameters(task.get("parameters"), f"{where}: parameters"),
        "criteria": criteria,
    }


def _parameters(data: Any, where: str) -> list[Row]:
    """What a simulated clip must have been drawn with to be a perfect answer, by name.

    A value is a label, a whole number, or a list of two numbers [low, high].
    """
    if data is None:
        return []
    if not isinstance(data, dict):
        raise RubricError(f"{where}: expected a mapping, got {type(data).__name__}")
    return [_parameter(name, data[name], where) for name in sorted(data, key=str)]


def _parameter(name: Any, value: Any, where: str) -> Row:
    if not (isinstance(name, str) and _NAME.fullmatch(name)):
        raise RubricError(f"{where}: expected a name like 'direction', got {name!r}")
    if isinstance(value, str) and value.strip():
        return {"name": name, "label": value, "low": None, "high": None}
    if isinstance(value, int) and not isinstance(value, bool):
        value = [value, value]
    numbers = isinstance(value, list) and all(type(bound) in (int, float) for bound in value)
    if not numbers or len(value) != 2 or not -math.inf < value[0] <= value[1] < math.inf:
        raise RubricError(
            f"{where}: {name}: expected a label, a whole number or [low, high], got {value!r}"
        )
    return {"name": name, "label": "", "low": float(value[0]), "high": float(value[1])}


def _criterion(data: Any, criterion_id: str, dimension: str, where: str) -> Row:
    optional = {"measure", "review"} | (set() if dimension == "scientific" else {"source"})
    _keys(data, _CRITERION_KEYS - optional, _CRITERION_KEYS, where)
    text = _text(data["text"], f"{where}: text", words=(5, 45))
    if not text.endswith(".") or re.search(r"[.!?] [A-Z]", text):
        raise RubricError(f"{where}: text: expected one sentence with a full stop, got {text!r}")
    _one_of(data["sign"], (1, -1), f"{where}: sign")
    _one_of(data["weight"], WEIGHTS, f"{where}: weight")
    _one_of(data["needs"], NEEDS, f"{where}: needs")
    measure = data.get("measure") or ""
    if measure and not (isinstance(measure, str) and _MEASURE.fullmatch(measure)):
        raise RubricError(f"{where}: measure: expected a name like 'freezes', got {measure!r}")
    review = data.get("review", "unreviewed")
    _one_of(review, REVIEWS, f"{where}: review")
    source = data.get("source") or ""
    if source or dimension == "scientific":
        source = _text(source, f"{where}: source", words=(3, 60))
    return {
        "criterion_id": criterion_id,
        "dimension": dimension,
        "text": text,
        "sign": int(data["sign"]),
        "weight": float(data["weight"]),
        "source": source,
        "needs": data["needs"],
        "measure": measure,
        "review": review,
        "hidden": False,
    }


def _balance(criteria: list[Row], where: str) -> None:
    gain = sum(c["weight"] for c in criteria if c["sign"] > 0)
    loss = sum(c["weight"] for c in criteria if c["sign"] < 0)
    if loss < gain / 2:
        raise RubricError(
            f"{where}: weight of the penalties {loss:g} is less than half of {gain:g}, "
            "so calling everything met would score above 50"
        )


def _keys(data: Any, required: set[str], known: set[str], where: str) -> None:
    if not isinstance(data, dict):
        raise RubricError(f"{where}: expected a mapping, got {type(data).__name__}")
    for key in data:
        if key not in known:
            raise RubricError(f"{where}: unknown key {key!r} (known: {', '.join(sorted(known))})")
    missing = sorted(required - set(data))
    if missing:
        raise RubricError(f"{where}: missing key {missing[0]!r}")


def _one_of(value: Any, allowed: tuple, where: str) -> None:
    if isinstance(value, bool) or value not in allowed:
        raise RubricError(f"{where}: expected one of {', '.join(map(str, allowed))}, got {value!r}")


def _positive(value: Any, where: str) -> float:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not 0 < value < float("inf"):
        raise RubricError(f"{where}: expected a number above 0, got {value!r}")
    return float(value)


def _text(value: Any, where: str, words: tuple[int, int]) -> str:
    if not isinstance(value, str) or not value.strip():
        raise RubricError(f"{where}: expected text, got {value!r}")
    text = " ".join(value.split())
    low, high = words
    if not low <= len(text.split()) <= high:
        raise RubricError(f"{where}: expected {low} to {high} words, got {len(text.split())}")
    return text
