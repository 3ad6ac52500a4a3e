"""Intervals, tests and agreement, each against a second way of getting the same number."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluate_metrics.microworldbench import agreement, stats
from evaluate_metrics.microworldbench.verdicts import MET, UNGRADED, UNMET, Verdict

NUMBERS = st.floats(-100, 100, allow_nan=False)


def rows_of(phenomena, tasks=3):
    return [
        {"task_id": f"p{p}-{t}", "phenomenon": f"p{p}"}
        for p in range(phenomena)
        for t in range(tasks)
    ]


def test_the_interval_holds_as_often_as_it_says():
    """Phenomena differ by 20 points, tasks inside one by 10, as scores do."""
    rng = np.random.default_rng(3)
    rows = rows_of(17)
    hits, runs = 0, 400
    for _ in range(runs):
        level = {f"p{p}": v for p, v in enumerate(50 + 20 * rng.standard_normal(17))}
        values = {r["task_id"]: level[r["phenomenon"]] + 10 * rng.standard_normal() for r in rows}
        found = stats.estimate(stats.clusters(rows, values).values())
        hits += found.low <= 50 <= found.high
    assert found.clusters == 17
    assert 0.92 <= hits / runs <= 0.98


def test_an_unbalanced_phenomenon_does_not_weigh_more():
    rows = [*rows_of(2), *({"task_id": f"x{i}", "phenomenon": "p0"} for i in range(50))]
    values = {r["task_id"]: 100.0 if r["phenomenon"] == "p0" else 0.0 for r in rows}
    assert stats.estimate(stats.clusters(rows, values).values()).mean == 50


def test_without_phenomena_every_task_weighs_the_same_and_channels_are_the_clusters():
    """400 tasks of one channel and 20 of each of 9: the mean is the published mean over tasks."""
    channels = ["big"] * 400 + [f"c{i}" for i in range(9) for _ in range(20)]
    rows = [
        {"task_id": str(i), "phenomenon": "", "source_video": f"{c}/v{i}"}
        for i, c in enumerate(channels)
    ]
    values = {r["task_id"]: float(i % 7) for i, r in enumerate(rows)}
    found = stats.estimate(stats.clusters(rows, values).values())
    assert found.mean == pytest.approx(np.mean(list(values.values())))
    assert found.clusters == 10


def test_one_cluster_has_a_mean_but_no_interval():
    found = stats.estimate([stats.Cluster(40.0, 1.0)])
    assert found.mean == 40 and math.isnan(found.low) and math.isnan(found.high)
    assert stats.estimate([]).clusters == 0


@given(st.lists(NUMBERS, min_size=1, max_size=8))
def test_sign_flip_agrees_with_plain_enumeration(d):
    reached = abs(sum(d)) - 1e-9 * sum(map(abs, d))
    signs = itertools.product([1, -1], repeat=len(d))
    sums = [abs(sum(s * x for s, x in zip(sign, d, strict=True))) for sign in signs]
    plain = np.mean([s >= reached for s in sums])
    assert stats.sign_flip_p(d) == pytest.approx(plain, abs=2 / 2 ** len(d))


def test_seventeen_phenomena_are_flipped_exactly_and_more_at_random():
    assert stats.sign_flip_p([1.0] * 17) == 2 / 2**17
    assert stats.sign_flip_p([1.0] * 40) == pytest.approx(1 / (1 + stats.SIGN_DRAWS))
    assert math.isnan(stats.sign_flip_p([]))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_is_monotone_and_between_plain_and_bonferroni(p):
    adjusted = stats.holm(p)
    for raw, new in zip(p, adjusted, strict=True):
        assert raw <= new <= min(1.0, len(p) * raw) + 1e-12
    order = np.argsort(p, kind="stable")
    assert list(np.array(adjusted)[order]) == sorted(adjusted)


def test_holm_on_a_worked_case():
    assert stats.holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])


def test_the_detectable_difference_is_found_at_its_stated_power():
    rng = np.random.default_rng(5)
    scatter, n = 20.0, 17

    def draw(mean: float) -> stats.Estimate:
        return stats.estimate(
            stats.Cluster(float(v), 1.0) for v in mean + scatter * rng.standard_normal(n)
        )

    gap = np.mean([stats.detectable(draw(0.0)) for _ in range(300)])
    found = 0
    for _ in range(300):
        e = draw(float(gap))
        found += not e.low <= 0 <= e.high
    assert 0.72 <= found / 300 <= 0.88


def test_a_comparison_is_paired_by_task_and_ignores_what_one_model_lacks():
    rows = rows_of(4)
    hard = {r["task_id"]: 10.0 * i for i, r in enumerate(rows)}
    easier = {t: v + 5 for t, v in hard.items()} | {"p0-0": math.nan}
    found = stats.compare(rows, ("a", easier), ("b", hard))
    assert found.difference.mean == pytest.approx(5)
    assert found.difference.low == pytest.approx(5) == found.difference.high
    assert found.by_cluster == pytest.approx({f"p{p}": 5.0 for p in range(4)})


def test_models_that_no_test_parts_share_a_rank():
    def pair(a, b, p):
        e = stats.Estimate(0, 0, 0, 0, 17)
        return stats.Comparison(a, b, e, {}, p, 1.0, p)

    ranks = stats.tie_groups(
        {"low": 10.0, "top": 60.0, "near": 58.0},
        [pair("top", "near", 0.6), pair("top", "low", 0.001), pair("near", "low", 0.01)],
    )
    assert ranks == {"top": 1, "near": 1, "low": 3}


def table_of(pairs):
    first = {("t", "c", str(i)): a for i, (a, _) in enumerate(pairs)}
    second = {("t", "c", str(i)): b for i, (_, b) in enumerate(pairs)}
    return agreement.cross_table(first, second)


def test_kappa_and_ac1_on_a_worked_case():
    """20 met by both, 5 by the first alone, 10 by the second alone, 15 by none."""
    found = agreement.Table(20, 5, 10, 15)
    assert found.observed == pytest.approx(0.7)
    assert found.kappa == pytest.approx((0.7 - 0.5) / (1 - 0.5))
    chance = 2 * 0.55 * 0.45
    assert found.ac1 == pytest.approx((0.7 - chance) / (1 - chance))


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=40))
def test_agreement_is_symmetric_and_at_most_one(pairs):
    one, other = table_of(pairs), table_of([(b, a) for a, b in pairs])
    for name in ("observed", "kappa", "ac1"):
        a, b = getattr(one, name), getattr(other, name)
        assert (math.isnan(a) and math.isnan(b)) or (a == pytest.approx(b) and a <= 1 + 1e-12)


def test_kappa_is_blind_where_everything_is_met_and_ac1_is_not():
    found = table_of([(True, True)] * 30)
    assert math.isnan(found.kappa) and found.ac1 == 1


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=4, max_size=30))
def test_alpha_follows_its_definition_for_two_judges(pairs):
    first = {("t", "c", str(i)): a for i, (a, _) in enumerate(pairs)}
    second = {("t", "c", str(i)): b for i, (_, b) in enumerate(pairs)}
    n = 2 * len(pairs)
    ones = sum(a + b for a, b in pairs)
    expected = 2 * ones * (n - ones) / (n * (n - 1))
    observed = np.mean([a != b for a, b in pairs])
    found = agreement.alpha([first, second])
    assert math.isnan(found) if expected == 0 else found == pytest.approx(1 - observed / expected)


def verdict(criterion, answer, repeat):
    return Verdict("t", "c", criterion, "j", repeat, answer)


def test_majority_drops_ties_and_unanswered_repeats():
    said = [verdict("a", v, r) for r, v in enumerate([MET, MET, UNMET])]
    said += [verdict("b", v, r) for r, v in enumerate([MET, UNMET])]
    said += [verdict("c", v, r) for r, v in enumerate([UNGRADED, UNMET])]
    assert agreement.majority(said) == {("t", "c", "a"): True, ("t", "c", "c"): False}


def test_leaving_out_a_cluster_widens_the_interval_when_clusters_differ():
    clusters = {f"p{p}-{t}": f"p{p}" for p in range(6) for t in range(10)}
    items = [(t, "c", "x") for t in clusters]
    rng = np.random.default_rng(0)
    first = {i: bool(v) for i, v in zip(items, rng.random(60) < 0.5, strict=True)}
    spread = {i: v if rng.random() < 0.8 else not v for i, v in first.items()}
    lumped = {i: v if clusters[i[0]] != "p0" else not v for i, v in first.items()}
    even = agreement.jackknife(first, spread, clusters, "kappa")
    lump = agreement.jackknife(first, lumped, clusters, "kappa")
    assert even.low < even.mean < even.high and even.clusters == 6
    assert lump.error > even.error


@given(st.floats(0, 1), st.floats(0.6, 1), st.floats(0.6, 1))
def test_rogan_gladen_undoes_what_a_faulty_judge_does(true, sensitivity, specificity):
    apparent = true * sensitivity + (1 - true) * (1 - specificity)
    assert agreement.corrected_rate(apparent, sensitivity, specificity) == pytest.approx(true)


def test_a_coin_cannot_be_corrected():
    assert math.isnan(agreement.corrected_rate(0.5, 0.5, 0.5))
    found = agreement.accuracy({("t", "c", "a"): True}, {("t", "c", "a"): True})
    assert found.sensitivity == 1 and math.isnan(found.specificity)
