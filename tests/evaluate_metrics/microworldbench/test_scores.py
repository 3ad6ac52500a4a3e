"""Rubric scores as published, and what ungraded criteria do to them."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluate_metrics.microworldbench.scores import (
    DIMENSIONS,
    OVERALL,
    clip_scores,
    flip_rate,
    parse_weight,
    score,
    task_scores,
)
from evaluate_metrics.microworldbench.verdicts import (
    CLIP_FAILURE,
    MET,
    STATES,
    UNGRADED,
    UNMET,
    MetricError,
    Verdict,
)

WEIGHTS = [0.0, 0.1, 0.2, 0.5, 1.0, "1.0", "1.", 1]


def criterion(number, sign=1, weight=1.0, dimension="visual"):
    return {
        "criterion_id": f"t.{dimension[0]}{number}",
        "dimension": dimension,
        "sign": sign,
        "weight": weight,
    }


@st.composite
def rubrics(draw):
    """A rubric and a verdict for each of its criteria."""
    size = draw(st.integers(1, 12))
    criteria = [
        criterion(
            i,
            draw(st.sampled_from([1, -1])),
            draw(st.sampled_from(WEIGHTS)),
            draw(st.sampled_from(DIMENSIONS)),
        )
        for i in range(size)
    ]
    return criteria, {c["criterion_id"]: draw(st.sampled_from(STATES)) for c in criteria}


def test_a_score_worked_by_hand():
    criteria = [criterion(1, 1, 1.0), criterion(2, 1, 0.5), criterion(3, -1, 1.0)]
    ids = [c["criterion_id"] for c in criteria]
    assert score(criteria, dict(zip(ids, [MET, UNMET, UNMET], strict=True))).published == (
        pytest.approx(100 / 1.5)
    )
    worst = score(criteria, dict(zip(ids, [UNMET, UNMET, MET], strict=True)))
    assert (worst.published, worst.unclamped) == (0.0, pytest.approx(-100 / 1.5))


def test_overall_pools_the_dimensions_and_is_not_their_mean():
    criteria = [
        criterion(1, 1, 1.0, "scientific"),
        criterion(1, 1, 0.2, "visual"),
        criterion(1, 1, 0.2, "instruction"),
    ]
    found = clip_scores(criteria, {"t.s1": MET, "t.v1": UNMET, "t.i1": UNMET})
    assert found[OVERALL].published == pytest.approx(100 / 1.4)
    assert [found[d].published for d in DIMENSIONS] == [100, 0, 0]


@given(rubrics())
def test_bounds_hold_whatever_the_ungraded_turn_out_to_be(case):
    criteria, verdicts = case
    first = score(criteria, verdicts)
    if not any(c["sign"] > 0 and Decimal(str(c["weight"])) for c in criteria):
        assert math.isnan(first.unclamped) and first.coverage == 0
        return
    assert 0 <= first.coverage <= 1
    for filler in (MET, UNMET):
        decided = {k: filler if v == UNGRADED else v for k, v in verdicts.items()}
        whole = score(criteria, decided)
        assert whole.coverage == 1
        assert first.lower - 1e-9 <= whole.unclamped <= first.upper + 1e-9
        assert whole.lower == whole.upper == whole.unclamped


@given(rubrics(), st.randoms(use_true_random=False))
def test_order_does_not_matter_to_the_last_bit(case, random):
    criteria, verdicts = case
    shuffled = list(criteria)
    random.shuffle(shuffled)
    assert repr(score(criteria, verdicts)) == repr(score(shuffled, verdicts))


@given(rubrics())
def test_meeting_one_more_positive_or_one_penalty_less_never_lowers_a_score(case):
    criteria, verdicts = case
    decided = {k: UNMET if v == UNGRADED else v for k, v in verdicts.items()}
    before = score(criteria, decided).unclamped
    for c in criteria:
        better = {**decided, c["criterion_id"]: MET if c["sign"] > 0 else UNMET}
        after = score(criteria, better).unclamped
        assert math.isnan(before) or after >= before


@pytest.mark.parametrize("text", ["", "one", "-1", "nan", "inf", None, True, [1]])
def test_a_weight_that_is_none_is_refused_by_name(text):
    with pytest.raises(MetricError, match=r"task 3: w2: expected a number"):
        parse_weight(text, "task 3: w2")


def test_weights_are_exact():
    assert parse_weight("1.") == parse_weight(1) == parse_weight(1.0) == parse_weight(" 1.0 ")
    assert parse_weight(0.1) + parse_weight(0.2) == parse_weight("0.3")


def row(task, criteria):
    return {"task_id": task, "criteria": criteria}


def said(task, clip, criterion_id, verdict, repeat=0, kind=""):
    return Verdict(task, clip, criterion_id, "judge", repeat, verdict, kind)


def test_clips_of_a_task_are_averaged_first_and_repeats_before_them():
    rows = [row("t", [criterion(1)]), row("u", [criterion(1)])]
    verdicts = [
        said("t", "a.mp4", "t.v1", MET, 0),
        said("t", "a.mp4", "t.v1", UNMET, 1),
        said("t", "b.mp4", "t.v1", MET, 0),
    ]
    found = task_scores(rows, verdicts)
    assert found["t"][OVERALL].published == 75
    assert (found["u"][OVERALL].published, found["u"][OVERALL].coverage) == (0, 0)
    assert flip_rate(verdicts) == 1.0


def test_a_judge_failure_leaves_the_score_and_a_clip_failure_does_not():
    rows = [row("t", [criterion(1), criterion(2)])]
    unjudged = [said("t", "a", "t.v1", MET), said("t", "a", "t.v2", UNGRADED)]
    broken = [said("t", "a", "t.v1", MET), said("t", "a", "t.v2", UNMET, 0, CLIP_FAILURE)]
    assert task_scores(rows, unjudged)["t"][OVERALL].published == 100
    assert task_scores(rows, unjudged)["t"][OVERALL].coverage == 0.5
    assert task_scores(rows, broken)["t"][OVERALL].published == 50


def test_flip_rate_needs_two_graded_answers():
    assert math.isnan(flip_rate([said("t", "a", "t.v1", MET)]))
    verdicts = [said("t", "a", "t.v1", MET, r) for r in range(3)]
    verdicts += [said("t", "a", "t.v2", v, r) for r, v in enumerate([MET, UNMET, UNGRADED])]
    assert flip_rate(verdicts) == 0.5
