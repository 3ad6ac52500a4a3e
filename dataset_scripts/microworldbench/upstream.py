"""Edition `iclr2026`: reads the files that MicroWorldBench's authors published, mends and counts.

The files are FreedomIntelligence/MicroVerse, `eval/` (arXiv:2603.00585). No licence is stated for
them, so no sentence of theirs is kept here: whoever has the files imports them.

What cannot be mended without guessing is refused; what can is mended and counted in a `Report`.
The three files repeat each other's texts, and that is what ties a level to its task: they must
agree, whichever weights are asked for.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from reprlib import repr as short
from typing import Any

from .rubric import DIMENSIONS, LEVELS, Row, RubricError

RAW = "MWBenchRubrics.json"
PUBLISHED = "MWBenchRubrics_norm.json"
TASKS = "finaltasks.json"
WEIGHT_FILES = {"published": PUBLISHED, "raw": RAW}
"""Where each kind of weight lies; the published scorer uses the normalised ones."""

_USUAL = 5
_PROSE = {"prompt": ("task", "任务"), "requirement": ("requirement", "具体要求")}
_BLOCKS = {f"rubrics_{dimension}": dimension for dimension in DIMENSIONS}
_KNOWN = {"index", *_BLOCKS, *(name for names in _PROSE.values() for name in names)}
# A criterion's other fields: the files state none, and the published judge sees frames in order.
_UNSTATED = {"source": "", "needs": "order", "measure": "", "review": "unreviewed"}
_LEVELS = {f"{level.capitalize()}-level": level for level in LEVELS}
# An earlier label of the files tells organs ("器官") from all that is smaller ("细胞或分子").
_COARSE = {"器官": LEVELS[:1], "细胞或分子": LEVELS[1:]}
# Words that the files' translation into English left behind, with what they say.
_LEFT_BEHIND = {
    "操作": "operation",
    "合理": "plausible",
    "明显": "obvious",
    "规范": "standards",
    "呈现": "show",
    "表现": "rendering",
    "表现真实": "rendered true to life",
    "规律": "principles",
    "关键": "key",
}
_CHINESE = re.compile(r" ?([\u3400-\u9fff]+)( ?[.,;:!?)]| ?)")
_BLOCK_KEY = re.compile(r"[dsw][1-9][0-9]*")
_NUMBER = re.compile(r"[0-9]+\.?[0-9]*|\.[0-9]+")
_SIGNS = {"+1": 1, "1": 1, "-1": -1}
_SOURCE = re.compile(r"https://www\.youtube\.com/@([\w.-]+?)_(?s:.*)/watch\?v=([\w-]{11})")


@dataclass(frozen=True)
class Report:
    """What an import held and what was mended in it; weights are counted as they were chosen."""

    weights: str
    tasks: int
    levels: Mapping[str, int]
    positive: int
    penalties: int
    recovered: Mapping[str, int]
    """Blocks by dimension whose keys were `d11, s11, w11 ...`, which the published code skips."""
    recovered_criteria: int
    unusual: Mapping[str, int]
    """Criteria in each block that has more or fewer than five."""
    text_weights: int
    zero_weights: int
    zero_penalties: int
    chinese_keys: Mapping[str, int]
    """Tasks by file that name their prompt or requirement in Chinese."""
    translated: int
    untranslated: int
    tidied: int
    contradicted: int
    """Tasks whose earlier, coarser label contradicts the level."""
    sources: int
    channels: int

    def lines(self) -> list[str]:
        """The report for people, one finding a line."""
        return [
            f"edition iclr2026 with the {self.weights} weights",
            f"{self.tasks} tasks: {_list(self.levels)}",
            f"{self.positive + self.penalties:,} criteria: {self.positive:,} positive, "
            f"{self.penalties:,} penalties",
            f"{sum(self.recovered.values())} blocks keyed d11, d22 ... recovered, "
            f"{self.recovered_criteria} criteria: {_list(self.recovered)}",
            f"blocks without exactly {_USUAL} criteria: {_list(self.unusual)}",
            f"{self.text_weights:,} weights were written as text",
            f"{self.zero_weights} zero weights kept, {self.zero_penalties} of them penalties",
            f"tasks keyed in Chinese: {_list(self.chinese_keys)}",
            f"stray Chinese: {self.translated} texts put into English, {self.untranslated} kept",
            f"{self.tidied} texts rid of odd white space or invisible characters",
            f"{self.contradicted} tasks whose earlier label contradicts final_label, which is used",
            f"{self.sources} distinct source videos from {self.channels} channels",
        ]


def read_upstream(folder: Path, weights: str) -> tuple[list[Row], Report]:
    """The published tasks as benchmark rows, in order of their index, and what was mended.

    `folder` holds the authors' three files. `weights` is "published" (0.0 to 1.0, those that their
    scorer uses) or "raw" (0.5 to 3.0, from before they were normalised). See `import_edition`.

    Raises `RubricError`, one line naming file, task and key, if a file is missing or broken.
    """
    raw, published, tasks = (_load(folder / name) for name in (RAW, PUBLISHED, TASKS))
    return import_edition(raw, published, tasks, weights)


def import_edition(raw: Any, published: Any, tasks: Any, weights: str) -> tuple[list[Row], Report]:
    """Rows and report from the three files, parsed. Pure.

    A row has the form of `rubric.rows_of_file`, without field and playback (None), which the
    authors do not state, and with `source_video`, "CHANNEL/VIDEO" on YouTube. A criterion needs
    "order": the published judge sees eight frames. Raises `RubricError` as `read_upstream`.
    """
    if weights not in WEIGHT_FILES:
        raise RubricError(f"weights: expected one of {', '.join(WEIGHT_FILES)}, got {weights!r}")
    mends: dict[str, Counter[str]] = {name: Counter() for name in (RAW, PUBLISHED, TASKS)}
    rubrics = {
        name: {i: _rubric(e, i, name, mends[name]) for i, e in _entries(data, name).items()}
        for name, data in ((RAW, raw), (PUBLISHED, published))
    }
    listed = {i: _task(e, i, mends[TASKS]) for i, e in _entries(tasks, TASKS).items()}
    for name, other in ((PUBLISHED, rubrics[PUBLISHED]), (TASKS, listed)):
        for index in sorted(rubrics[RAW].keys() ^ other.keys()):
            lacking, having = (name, RAW) if index in rubrics[RAW] else (RAW, name)
            raise RubricError(f"{lacking}: task {index}: index: missing here, but in {having}")
        for index, rubric in rubrics[RAW].items():
            _agree(rubric, other[index], f"{name}: task {index}")
    rows = [
        {
            "task_id": f"iclr2026-{index:03d}",
            "edition": "iclr2026",
            "level": listed[index]["level"],
            "phenomenon": "",
            "prompt": rubric["prompt"],
            "requirement": rubric["requirement"],
            "field_of_view_um": None,
            "playback": None,
            "criteria": rubric["criteria"],
            "source_video": listed[index]["source_video"],
        }
        for index, rubric in sorted(rubrics[WEIGHT_FILES[weights]].items())
    ]
    return rows, _report(rows, weights, mends)


def _report(rows: list[Row], weights: str, mends: Mapping[str, Counter[str]]) -> Report:
    found = mends[WEIGHT_FILES[weights]]
    criteria = [c for row in rows for c in row["criteria"]]
    zeros = [c["sign"] for c in criteria if c["weight"] == 0]
    blocks = Counter((row["task_id"], c["dimension"]) for row in rows for c in row["criteria"])
    sources = {row["source_video"] for row in rows}
    return Report(
        weights=weights,
        tasks=len(rows),
        levels={level: sum(row["level"] == level for row in rows) for level in LEVELS},
        positive=sum(c["sign"] > 0 for c in criteria),
        penalties=sum(c["sign"] < 0 for c in criteria),
        recovered={dimension: found[f"recovered {dimension}"] for dimension in DIMENSIONS},
        recovered_criteria=found["recovered criteria"],
        unusual={" ".join(block): n for block, n in blocks.items() if n != _USUAL},
        text_weights=found["text weights"],
        zero_weights=len(zeros),
        zero_penalties=zeros.count(-1),
        chinese_keys={name: m["Chinese keys"] for name, m in mends.items() if m["Chinese keys"]},
        translated=found["translated"],
        untranslated=found["untranslated"],
        tidied=found["tidied"],
        contradicted=mends[TASKS]["contradicted"],
        sources=len(sources),
        channels=len({source.split("/")[0] for source in sources}),
    )


def _load(path: Path) -> Any:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        # The parser would keep the last of two values and lose the first without a word.
        for key, n in Counter(key for key, _ in pairs).items():
            if n > 1:
                raise ValueError(f"key {short(key)} stands {n} times in one mapping")
        return dict(pairs)

    try:
        return json.loads(path.read_bytes(), object_pairs_hook=unique)
    except OSError as error:
        raise RubricError(f"{path}: cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise RubricError(f"{path}: expected JSON: {error}") from None


def _entries(data: Any, name: str) -> dict[int, Row]:
    """The tasks of a file by index."""
    if not isinstance(data, list) or not data:
        raise _wrong(name, "a list of tasks", data)
    found: dict[int, Row] = {}
    for position, entry in enumerate(data, 1):
        where = f"{name}: entry {position}"
        if not isinstance(entry, dict):
            raise _wrong(where, "a mapping", entry)
        index = _value(entry, "index", where)
        if type(index) is not int or index < 1:
            raise _wrong(f"{where}: index", "a whole number from 1", index)
        if index in found:
            raise RubricError(f"{name}: task {index}: index: stands twice")
        found[index] = entry
    return found


def _rubric(entry: Row, index: int, name: str, mends: Counter[str]) -> Row:
    """Prompt, requirement and criteria."""
    where = f"{name}: task {index}"
    for key in entry:
        # Strict, because the published code loses 275 criteria by passing over unknown keys.
        if key not in _KNOWN:
            raise RubricError(f"{where}: unknown key {short(key)}")
    criteria: list[Row] = []
    for key, dimension in _BLOCKS.items():
        block, here = _value(entry, key, where), f"{where}: {key}"
        criteria += [
            {
                "criterion_id": f"iclr2026-{index:03d}.{dimension[0]}{position}",
                "dimension": dimension,
                "text": _text(_value(block, f"d{number}", here), f"{here}: d{number}", mends),
                "sign": _sign(_value(block, f"s{number}", here), f"{here}: s{number}"),
                "weight": _weight(_value(block, f"w{number}", here), f"{here}: w{number}", mends),
                **_UNSTATED,
                "hidden": number != str(position),
            }
            for position, number in enumerate(_numbers(block, dimension, here, mends), 1)
        ]
    return {**_prose(entry, where, mends), "criteria": criteria}


def _numbers(block: Any, dimension: str, where: str, mends: Counter[str]) -> list[str]:
    """What a block's keys end in, in order: 1, 2, 3 ... or the published slip 11, 22, 33 ..."""
    if not isinstance(block, dict) or not block:
        raise _wrong(where, "a mapping of criteria", block)
    for key in block:
        if not _BLOCK_KEY.fullmatch(key):
            raise RubricError(f"{where}: unknown key {short(key)} (known: d1, s1, w1, d2 ...)")
    held = {key[1:] for key in block}
    plain = [str(i) for i in range(1, len(held) + 1)]
    doubled = [number * 2 for number in plain]
    if held == set(doubled):
        mends[f"recovered {dimension}"] += 1
        mends["recovered criteria"] += len(doubled)
        return doubled
    if held != set(plain):
        odd = next(key for key in block if key[1:] not in plain)
        raise RubricError(f"{where}: {odd}: expected criteria numbered 1 to {len(plain)}, no gap")
    return plain


def _task(entry: Row, index: int, mends: Counter[str]) -> Row:
    """Prompt, requirement, level and source; the other keys tell how the authors made clips."""
    where = f"{TASKS}: task {index}"
    label = _value(entry, "final_label", where)
    if not isinstance(label, str) or label not in _LEVELS:
        raise _wrong(f"{where}: final_label", f"one of {', '.join(_LEVELS)}", label)
    level = _LEVELS[label]
    coarse = entry.get("类别")
    if isinstance(coarse, str) and level not in _COARSE.get(coarse, LEVELS):
        mends["contradicted"] += 1
    source = _value(entry, "id", where)
    parts = _SOURCE.fullmatch(source) if isinstance(source, str) else None
    if not parts:
        raise _wrong(f"{where}: id", "https://www.youtube.com/@CHANNEL_TITLE_VIDEO", source)
    origin = {"level": level, "source_video": f"{parts[1]}/{parts[2]}"}
    return {**_prose(entry, where, mends), **origin}


def _agree(rubric: Row, other: Row, where: str) -> None:
    """Raise `RubricError` unless the `other` file says what the raw one says, weights apart."""
    expected, found = _said(rubric), _said({**rubric, **other})
    for key in [*expected, *found]:
        if expected.get(key) != found.get(key):
            raise _wrong(f"{where}: {key}", f"what {RAW} says", found.get(key))


def _said(entry: Row) -> Row:
    criteria = {c["criterion_id"]: (c["sign"], c["text"]) for c in entry["criteria"]}
    return {**{key: entry[key] for key in _PROSE}, **criteria}


def _prose(entry: Row, where: str, mends: Counter[str]) -> Row:
    found = {}
    for column, names in _PROSE.items():
        given = [name for name in names if name in entry]
        if len(given) != 1:
            raise RubricError(f"{where}: {column}: expected one key of {names}, got {len(given)}")
        found[column] = _text(entry[given[0]], f"{where}: {given[0]}", mends)
    mends["Chinese keys"] += any(chinese in entry for _, chinese in _PROSE.values())
    return found


def _text(value: Any, where: str, mends: Counter[str]) -> str:
    visible = [c for c in value if c.isprintable() or c.isspace()] if isinstance(value, str) else []
    tidy = " ".join("".join(visible).split())
    if not tidy:
        raise _wrong(where, "text", value)
    mends["tidied"] += tidy != value
    strays = {word for word, _ in _CHINESE.findall(tidy)}
    if strays:
        mends["translated" if strays <= _LEFT_BEHIND.keys() else "untranslated"] += 1
    return _CHINESE.sub(_english, tidy).strip()


def _english(found: re.Match[str]) -> str:
    word = _LEFT_BEHIND.get(found[1])
    return found[0] if word is None else f" {word}{found[2].strip() or ' '}"


def _sign(value: Any, where: str) -> int:
    if type(value) not in (int, str) or str(value).strip() not in _SIGNS:
        raise _wrong(where, "+1 or -1", value)
    return _SIGNS[str(value).strip()]


def _weight(value: Any, where: str, mends: Counter[str]) -> float:
    number = value
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        number = float(value)
        mends["text weights"] += 1
    if type(number) not in (int, float) or not 0 <= number <= sys.float_info.max:
        raise _wrong(where, "a finite weight from 0", value)
    return float(number)


def _value(entry: Row, key: str, where: str) -> Any:
    if key not in entry:
        raise RubricError(f"{where}: missing key {key!r}")
    return entry[key]


def _wrong(where: str, expected: str, value: Any) -> RubricError:
    return RubricError(f"{where}: expected {expected}, got {short(value)}")


def _list(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} ({n})" for name, n in counts.items()) or "none"
