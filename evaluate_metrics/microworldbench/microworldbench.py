"""MicroWorldBench: how well video shows a microscopic process, criterion by criterion."""

# `evaluate` copies the files that are imported here, line by line, and no others.
from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import datasets
import evaluate

from .calls import Judge
from .clips import Clip
from .decode import ClipError
from .folder import Run, log_path, new_run, save
from .footage import Footage
from .jpegs import LONGEST_SIDE
from .judge_human import read_verdicts
from .judge_measured import MeasuredJudge
from .judge_openai import OpenAIJudge
from .judges import DEFAULT, make_judge
from .log import CallLog
from .measures import find_measure
from .measures_calcium_wave import MEASURES as CALCIUM_WAVE
from .measures_capillary_flow import MEASURES as CAPILLARY_FLOW
from .measures_capillary_flow_cells import Cell
from .measures_capillary_flow_scene import Scene as Capillary
from .measures_chemotaxis import MEASURES as CHEMOTAXIS
from .measures_chemotaxis_scene import Group
from .measures_mitosis import MEASURES as MITOSIS
from .measures_mitosis_scene import Division
from .measures_thrombosis import MEASURES as THROMBOSIS
from .measures_thrombosis_scene import Scene as Venule
from .measures_vesicle_diffusion import MEASURES as VESICLE_DIFFUSION
from .measures_vesicle_diffusion_scene import Vesicles
from .measures_visual import MEASURES
from .presence import absent
from .presence_features import describe
from .presence_weights import PACKED
from .prompts import PROTOCOLS
from .reading import Measure
from .rows import readable
from .run import run_judge_sync
from .scores import PARTS
from .slots import Slots
from .stats import Estimate
from .summary import summarise
from .verdicts import MetricError

_DESCRIPTION = """\
Rubric scores of video of microscopic processes, from 0 to 100: overall, by level (organ, cellular,
subcellular) and by dimension (scientific fidelity, visual quality, instruction following), with
intervals over phenomena and the verdict on every criterion.
"""
_CITATION = """\
The benchmark that this one follows: MicroVerse: A Preliminary Exploration Toward a Micro-World
Simulation, ICLR 2026, arXiv:2603.00585.
"""
_INPUTS = """\
Args:
    predictions: clips, in the order of `references`: paths, `datasets` Video values, or frames as a
        pipeline returns them (arrays (T, H, W, 3) of uint8 or of floats in [0, 1], or pictures).
    references: rows of the data set microworldbench; repeat a row for several clips of its task.
    judge: "measured" (the default: programs, offline), "openai:MODEL", "human:FILE", or any object
        with the interface of `calls.Judge`.
    out: run folder, which `microworldbench report` reads; a second call with the same folder asks
        only what is new. Default: a new temporary folder.
    repeats: how often everything is asked.
    max_concurrency: calls at a time, at most.
Returns:
    a dict: `overall`, `scientific`, `visual`, `instruction` (published scores, clamped at 0) and
    `unclamped`; `interval` (95 %, low and high, of the overall score; None from one phenomenon);
    `coverage` in [0, 1]; `lower` and `upper` bounds; `levels`, `phenomena`; `counts`;
    `clip_failures`; `flip_rate`; `verdicts`, the path of the verdicts.
"""


class MicroWorldBench(evaluate.Metric):
    """The metric; see `compute`."""

    def _info(self) -> evaluate.MetricInfo:
        features = datasets.Features(
            {"predictions": datasets.Json(), "references": datasets.Json()}
        )
        return evaluate.MetricInfo(
            description=_DESCRIPTION,
            citation=_CITATION,
            inputs_description=_INPUTS,
            features=features,
            license="apache-2.0",
        )

    def add(self, *, prediction: Any = None, reference: Any = None, **_: Any) -> None:
        """Keep one clip and its row for `compute()`."""
        self.add_batch(predictions=[prediction], references=[reference])

    def add_batch(
        self, *, predictions: Iterable[Any] = (), references: Iterable[Any] = (), **_: Any
    ) -> None:
        """Keep clips and their rows for `compute()`."""
        self._kept = [*getattr(self, "_kept", []), *_pairs(predictions, references)]

    def compute(
        self,
        *,
        predictions: Iterable[Any] | None = None,
        references: Iterable[Any] | None = None,
        judge: str | Judge = DEFAULT,
        out: str | Path | None = None,
        repeats: int = 1,
        max_concurrency: int = 16,
        **unknown: Any,
    ) -> dict[str, Any]:
        """Grade `predictions` against `references`; arguments and result as in the description.

        Raises `MetricError` (a ValueError) for anything that cannot be graded at all; a broken
        clip is no error but a clip failure, which scores 0.
        """
        if unknown:
            raise MetricError(f"compute: unknown argument {sorted(unknown)[0]!r}")
        pairs, self._kept = getattr(self, "_kept", []), []
        if predictions is not None or references is not None:
            pairs = pairs + _pairs(predictions, references)
        if not pairs:
            raise MetricError("compute: expected predictions and references, got none")
        rows = readable(row for _, row in pairs)
        tasks = {row["task_id"]: row for row in rows}
        folder = Path(out) if out is not None else Path(tempfile.mkdtemp(prefix="microworldbench-"))
        folder.mkdir(parents=True, exist_ok=True)
        clips: dict[str, list[Clip]] = {}
        for place, ((clip, _), row) in enumerate(zip(pairs, rows, strict=True)):
            clips.setdefault(row["task_id"], []).append(_clip(clip, place))
        graded = list(tasks.values())
        return _result(_judged(graded, clips, judge, folder, repeats, max_concurrency))


def _pairs(predictions: Any, references: Any) -> list[tuple[Any, Any]]:
    if predictions is None or references is None:
        lacking = "predictions" if predictions is None else "references"
        raise MetricError(f"compute: {lacking}: expected a list, got None")
    clips, rows = list(predictions), list(references)
    if len(clips) != len(rows):
        raise MetricError(f"compute: {len(clips)} predictions for {len(rows)} references")
    return list(zip(clips, rows, strict=True))


def _clip(value: Any, place: int) -> Clip:
    return value if isinstance(value, Clip) else Clip(value, _name(value, place))


def _name(value: Any, place: int) -> str:
    return str(value) if isinstance(value, str | Path) else f"#{place}"


def _judged(
    rows: Sequence[dict[str, Any]],
    clips: dict[str, list[Clip]],
    judge: str | Judge,
    folder: Path,
    repeats: int,
    max_concurrency: int,
) -> Run:
    if isinstance(judge, str) and judge.startswith("human:"):
        verdicts = read_verdicts(Path(judge.removeprefix("human:")), rows)
        return new_run(folder, rows, verdicts, {}, judge="human")
    asked = make_judge(judge) if isinstance(judge, str) else judge
    with CallLog(log_path(folder)) as log:
        verdicts = run_judge_sync(
            rows, clips, asked, log, repeats=repeats, max_concurrency=max_concurrency
        )
    more = {"settings": asked.settings, "repeats": repeats}
    return new_run(folder, rows, verdicts, {}, judge=asked.id, **more)


def _result(run: Run) -> dict[str, Any]:
    summary = save(run)
    overall = summary["scores"]["overall"]
    return {
        **{part: summary["scores"][part]["published"] for part in PARTS},
        "unclamped": overall["unclamped"],
        "interval": None if overall["low"] is None else [overall["low"], overall["high"]],
        **{key: overall[key] for key in ("coverage", "lower", "upper")},
        **{key: summary[key] for key in ("levels", "phenomena", "counts", "clip_failures")},
        "flip_rate": summary["flip_rate"],
        "verdicts": str(run.path / "verdicts.jsonl"),
    }
