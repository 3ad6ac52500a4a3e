"""The measured judge from clip to verdict: met, unmet, by design, clip failure."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dataset_scripts.simulator import simulate_clip
from evaluate_metrics.microworldbench import judge_measured, measures
from evaluate_metrics.microworldbench.judge_measured import MeasuredJudge, opinion
from evaluate_metrics.microworldbench.log import CallLog
from evaluate_metrics.microworldbench.reading import Measure, NotSeen
from evaluate_metrics.microworldbench.run import run_judge_sync
from evaluate_metrics.microworldbench.scores import task_scores
from evaluate_metrics.microworldbench.verdicts import (
    BY_DESIGN,
    CLIP_FAILURE,
    MET,
    UNGRADED,
    UNMET,
    Verdict,
)

CRITERIA = {
    "steady": (1, "steady_background"),
    "sharp": (1, "sharp"),
    "flickers": (-1, "flickers"),
    "said": (1, ""),
    "unheard of": (1, "no_such_measure"),
}
"""Name → sign and measure."""


def row(phenomenon: str, criteria: dict[str, tuple[int, str]] = CRITERIA) -> dict[str, Any]:
    return {
        "task_id": "t",
        "phenomenon": phenomenon,
        "field_of_view_um": 40.0,
        "playback": 1.0,
        "criteria": [
            {"criterion_id": name, "dimension": "visual", "sign": sign, "weight": 1.0,
             "measure": measure}
            for name, (sign, measure) in criteria.items()
        ],
    }  # fmt: skip


@cache
def clip(phenomenon: str, seed: int = 12) -> np.ndarray:
    """(17, 64, 64, 3) uint8."""
    style = "illustration"
    return simulate_clip(phenomenon, size=64, num_frames=17, seed=seed, style=style).frames


def verdicts(frames: np.ndarray, task: dict[str, Any], tmp_path: Path) -> dict[str, Verdict]:
    with CallLog(tmp_path / "log.jsonl") as log:
        found = run_judge_sync([task], {"t": [frames]}, MeasuredJudge(), log)
    return {verdict.criterion_id: verdict for verdict in found}


@pytest.fixture(autouse=True)
def no_worlds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Worlds' own measures have tests of their own."""
    monkeypatch.setattr(judge_measured, "WORLDS", {})


def test_a_true_clip_is_graded_with_its_grounds(tmp_path: Path) -> None:
    found = verdicts(clip("mitosis"), row("mitosis"), tmp_path)
    assert [found[name].verdict for name in CRITERIA] == [MET, MET, UNMET, UNGRADED, UNGRADED]
    assert {v.kind for name, v in found.items() if name in ("steady", "sharp", "flickers")} == {""}
    grounds = found["steady"].rationale
    assert "\n" not in grounds and "wander by 0." in grounds and "at most 0.3" in grounds


def test_what_no_measure_decides_is_ungraded_by_design(tmp_path: Path) -> None:
    found = verdicts(clip("mitosis"), row("mitosis"), tmp_path)
    assert found["said"].kind == found["unheard of"].kind == BY_DESIGN
    assert "no measure decides" in found["said"].reason
    assert "no_such_measure" in found["unheard of"].reason


def test_a_flickering_clip_is_told_so(tmp_path: Path) -> None:
    gain = np.where(np.arange(17) % 2, 1.08, 0.92)[:, None, None, None]
    flickering = (clip("mitosis") * gain).clip(0, 255).astype(np.uint8)
    assert verdicts(flickering, row("mitosis"), tmp_path)["flickers"].verdict == MET


FAILURES = {
    "blank": lambda: np.full((17, 64, 64, 3), 90, np.uint8),
    "noise": lambda: np.random.default_rng(0).integers(0, 255, (17, 64, 64, 3)).astype(np.uint8),
    "nothing moves": lambda: np.repeat(clip("mitosis")[:1], 17, 0),
    "looks like chemotaxis": lambda: clip("chemotaxis"),
    "at least 8": lambda: clip("mitosis")[:5],
}


@pytest.mark.parametrize("reason", FAILURES)
def test_a_clip_that_shows_nothing_fails_and_stays_in_the_score(
    reason: str, tmp_path: Path
) -> None:
    task = row("mitosis")
    found = verdicts(FAILURES[reason](), task, tmp_path)
    for name in ("steady", "sharp", "flickers"):
        assert (found[name].verdict, found[name].kind) == (UNMET, CLIP_FAILURE)
        assert reason in found[name].reason
    assert task_scores([task], found.values())["t"]["overall"].published == 0


def test_absence_proves_what_it_makes_true() -> None:
    vanish = Measure(float, "{:.0f} cells vanish", low=1, missing=True)
    grows = Measure(float, "grows by {:.1f}", low=1)
    assert opinion("c", -1, vanish, "no cells found").verdict == MET
    assert opinion("c", 1, vanish, "no cells found").verdict == UNMET
    assert opinion("c", -1, grows, "no cells found").verdict == UNMET
    assert opinion("c", -1, grows, "no cells found").kind == CLIP_FAILURE


class World:
    """Measures of a made-up world: one reads, one finds nothing, one has no number."""

    def __init__(self) -> None:
        self.looks = 0
        self.MEASURES = {
            "brightness": Measure(lambda scene: scene, "{:.2f} bright", low=0.1),
            "lost": Measure(self._lost, "{:.2f}"),
            "none": Measure(lambda scene: float("nan"), "{:.2f}"),
        }

    def look(self, footage: Any, /) -> float:
        self.looks += 1
        return float(footage.grey.mean())

    def _lost(self, scene: float) -> float:
        raise NotSeen("the tracks break off")


def test_a_world_is_looked_at_once_and_never_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World()
    monkeypatch.setattr(judge_measured, "WORLDS", {"w": world})
    monkeypatch.setattr(measures, "WORLDS", {"w": world})
    task = row("w", {name: (1, f"w.{name}") for name in world.MEASURES} | CRITERIA)
    for _ in range(2):
        found = verdicts(clip("mitosis"), task, tmp_path)
        assert world.looks == 1
        assert found["brightness"].verdict == found["steady"].verdict == MET
        assert (found["lost"].kind, found["lost"].reason) == (CLIP_FAILURE, "the tracks break off")
        assert (found["none"].verdict, found["none"].kind) == (UNMET, CLIP_FAILURE)
    assert verdicts(clip("mitosis", 13), task, tmp_path) and world.looks == 2


def test_another_version_of_the_measures_is_another_judge() -> None:
    assert MeasuredJudge().settings == {"measures": judge_measured.code_digest()}
    assert MeasuredJudge().id == "measured"
