"""Control judges and control clips."""

from __future__ import annotations

import numpy as np
import pytest

from evaluate_metrics.microworldbench.clips import Clip, paper_positions
from evaluate_metrics.microworldbench.controls import (
    ALWAYS_MET,
    ALWAYS_UNMET,
    BLANK,
    COIN,
    LOOPED,
    SHUFFLED,
    WRONG,
    Altered,
    control_clips,
    judge_control,
)
from evaluate_metrics.microworldbench.scores import OVERALL, task_scores


def row(task, phenomenon, criteria=3):
    return {
        "task_id": task,
        "phenomenon": phenomenon,
        "level": "organ",
        "criteria": [
            {
                "criterion_id": f"{task}.v{i}",
                "dimension": "visual",
                "sign": -1 if i == criteria - 1 else 1,
                "weight": 1.0,
            }
            for i in range(criteria)
        ],
    }


ROWS = [row("a-1", "a"), row("a-2", "a"), row("b-1", "b")]


def frames(count=12):
    """Frame i is all i."""
    return np.stack([np.full((4, 6, 3), i, np.uint8) for i in range(count)])


def test_always_met_gains_the_balance_of_signs_and_always_unmet_nothing():
    met = task_scores(ROWS, judge_control(ROWS, ALWAYS_MET))
    unmet = task_scores(ROWS, judge_control(ROWS, ALWAYS_UNMET))
    assert {t: s[OVERALL].published for t, s in met.items()} == dict.fromkeys(met, 50.0)
    assert {s[OVERALL].published for s in unmet.values()} == {0.0}
    assert {s[OVERALL].coverage for s in met.values()} == {1.0}


def test_the_coin_is_fair_and_falls_the_same_way_again():
    many = [row(f"t{i}", "p", 10) for i in range(80)]
    first = judge_control(many, COIN, seed=1)
    heads = np.mean([v.verdict == "met" for v in first])
    assert 0.42 < heads < 0.58
    assert first[:10] == judge_control(many[:1], COIN, seed=1)
    assert first != judge_control(many, COIN, seed=2)


@pytest.mark.parametrize("positions", [paper_positions, lambda n: list(range(n))])
def test_what_a_judge_sees_of_an_altered_clip(positions):
    clip = Clip(frames(), "x")
    asked = positions(12)
    first = Altered(clip, LOOPED).frames(positions)
    assert [f[0, 0, 0] for f in first] == [0] * len(asked)
    blank = Altered(clip, BLANK).frames(positions)
    assert {int(f.min()) for f in blank} == {int(f.max()) for f in blank} == {128}
    assert blank[0].shape == (4, 6, 3)
    mixed = [int(f[0, 0, 0]) for f in Altered(clip, SHUFFLED).frames(positions)]
    assert len(set(mixed)) == len(set(asked)) and mixed != asked


def test_shuffling_keeps_every_frame():
    everything = Altered(Clip(frames()), SHUFFLED).frames(lambda n: list(range(n)))
    assert sorted(int(f[0, 0, 0]) for f in everything) == list(range(12))


def test_an_altered_clip_is_another_clip_to_the_log():
    clip = Clip(frames())
    hashes = {Altered(clip, kind).sha256() for kind in (BLANK, LOOPED, SHUFFLED)}
    assert len(hashes | {clip.sha256()}) == 4
    assert Altered(clip, BLANK).sha256() == Altered(Clip(frames()), BLANK).sha256()


def test_the_wrong_prompt_comes_from_another_phenomenon():
    clips = {r["task_id"]: [Clip(frames(), r["task_id"])] for r in ROWS}
    found = control_clips(ROWS, clips, WRONG)
    assert {task: shown[0].name for task, shown in found.items()} == {
        "a-1": "b-1",
        "a-2": "b-1",
        "b-1": "a-1",
    }
    assert control_clips(ROWS[:2], clips, WRONG) == {}


def test_without_phenomena_any_other_task_is_the_wrong_prompt():
    rows = [{**r, "phenomenon": ""} for r in ROWS]
    clips = {r["task_id"]: [Clip(frames(), r["task_id"])] for r in rows}
    found = control_clips(rows, clips, WRONG)
    assert all(shown[0].name != task for task, shown in found.items()) and len(found) == 3
