"""How sure a score is: intervals and tests whose unit is the cluster of tasks.

Tasks of one phenomenon share their difficulties, so in edition `open` the phenomenon is the
cluster: a task's clips are averaged, then the tasks, and all phenomena weigh the same. Resampling
tasks inside fixed phenomena would give intervals that hold far less often than they claim. Edition
`iclr2026` has no phenomena; there every task weighs the same, as published, and the channel that
its source video comes from is the cluster.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

CONFIDENCE = 0.95
POWER = 0.80
EXACT_CLUSTERS = 17
"""Up to here all 2ⁿ sign patterns are tried; above, `SIGN_DRAWS` random ones."""
SIGN_DRAWS = 100_000


@dataclass(frozen=True)
class Estimate:
    """A mean with its 95 % interval and standard error; NaN from fewer than two clusters."""

    mean: float
    low: float
    high: float
    error: float
    clusters: int


@dataclass(frozen=True)
class Cluster:
    """Mean of some tasks of one cluster, and the weight that it has in the mean over clusters."""

    mean: float
    weight: float


def clusters(rows: Sequence[Mapping[str, Any]], values: Mapping[str, float]) -> dict[str, Cluster]:
    """`values` (task id → number) by cluster, NaN left out; see the module for what a cluster is.

    A task with neither phenomenon nor source is a cluster of its own.
    """
    groups: dict[str, list[float]] = {}
    equal: set[str] = set()
    for row in rows:
        value = values.get(row["task_id"], math.nan)
        if not math.isnan(value):
            name = row.get("phenomenon") or ""
            equal |= {name} - {""}
            name = name or (row.get("source_video") or "").split("/")[0] or row["task_id"]
            groups.setdefault(name, []).append(value)
    return {
        name: Cluster(float(np.mean(found)), 1.0 if name in equal else float(len(found)))
        for name, found in groups.items()
    }


def estimate(found: Iterable[Cluster], confidence: float = CONFIDENCE) -> Estimate:
    """Weighted mean over clusters, with Student's interval on (clusters - 1) degrees of freedom.

    The error is the cluster-robust one; with equal weights it is the standard error of the mean.
    """
    from scipy import stats

    listed = list(found)
    n = len(listed)
    if not n:
        return Estimate(math.nan, math.nan, math.nan, math.nan, 0)
    x = np.array([c.mean for c in listed])
    w = np.array([c.weight for c in listed])
    w = w / w.sum()
    mean = float(w @ x)
    if n < 2:
        return Estimate(mean, math.nan, math.nan, math.nan, n)
    error = math.sqrt(n / (n - 1) * float(np.sum((w * (x - mean)) ** 2)))
    half = float(stats.t.ppf(0.5 + confidence / 2, n - 1)) * error
    return Estimate(mean, mean - half, mean + half, error, n)


def sign_flip_p(differences: Sequence[float], seed: int = 0) -> float:
    """Two-sided p of mean difference 0, from flipping the sign of each cluster's difference.

    Exact up to `EXACT_CLUSTERS` clusters; beyond, Monte Carlo with the observed pattern counted
    in, so p is never 0. NaN for no differences.
    """
    d = np.asarray(differences, float)
    n = len(d)
    if not n:
        return math.nan
    observed = abs(d.sum()) - 1e-9 * np.abs(d).sum()  # ties must count as such
    if n <= EXACT_CLUSTERS:
        # By symmetry the first sign may stay as it is.
        patterns = np.arange(2 ** (n - 1), dtype=np.int64)
        sums = np.full(len(patterns), d[0])
        for bit in range(n - 1):
            sums += np.where(patterns >> bit & 1, -d[bit + 1], d[bit + 1])
        return float(np.mean(np.abs(sums) >= observed))
    signs = np.random.default_rng(seed).choice([-1.0, 1.0], (SIGN_DRAWS, n))
    return float((1 + np.sum(np.abs(signs @ d) >= observed)) / (1 + SIGN_DRAWS))


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down adjusted p values (Holm 1979, Scand J Stat 6:65), in the given order."""
    p = np.asarray(p_values, float)
    adjusted = np.empty(len(p))
    running = 0.0
    for rank, i in enumerate(np.argsort(p, kind="stable")):
        running = max(running, (len(p) - rank) * p[i])
        adjusted[i] = min(1.0, running)
    return [float(v) for v in adjusted]


def detectable(difference: Estimate, power: float = POWER) -> float:
    """Smallest true mean difference that this many clusters with this scatter would show.

    With probability `power`, two-sided at 5 %: (t₀.₉₇₅ + t_power) standard errors. NaN from fewer
    than two clusters.
    """
    from scipy import stats

    if difference.clusters < 2:
        return math.nan
    df = difference.clusters - 1
    reach = stats.t.ppf(0.5 + CONFIDENCE / 2, df) + stats.t.ppf(power, df)
    return float(reach * difference.error)


@dataclass(frozen=True)
class Comparison:
    """Model `first` minus model `second`, on what both were graded for.

    `by_cluster` maps a cluster to its difference in points; `p` is the sign-flip test's,
    `detectable` the smallest difference that could have shown.
    """

    first: str
    second: str
    difference: Estimate
    by_cluster: dict[str, float]
    p: float
    detectable: float
    p_adjusted: float = math.nan


def compare(
    rows: Sequence[Mapping[str, Any]],
    first: tuple[str, Mapping[str, float]],
    second: tuple[str, Mapping[str, float]],
) -> Comparison:
    """Paired comparison of two models given (name, task id → unclamped score)."""
    gaps = {t: first[1][t] - second[1][t] for t in first[1] if t in second[1]}
    found = clusters(rows, gaps)
    difference = estimate(found.values())
    return Comparison(
        first[0],
        second[0],
        difference,
        {name: c.mean for name, c in found.items()},
        sign_flip_p([c.mean * c.weight for c in found.values()]),
        detectable(difference),
    )


def tie_groups(scores: Mapping[str, float], comparisons: Iterable[Comparison]) -> dict[str, int]:
    """Rank of each model on a leaderboard, where those that no test parts share a rank.

    Models come in falling order of score; one joins the group above unless it differs (adjusted
    p < 0.05) from that group's first member.
    """
    parted = {frozenset((c.first, c.second)) for c in comparisons if c.p_adjusted < 1 - CONFIDENCE}
    ranks: dict[str, int] = {}
    leader, rank = "", 0
    for place, name in enumerate(sorted(scores, key=lambda n: -scores[n]), 1):
        if not leader or frozenset((leader, name)) in parted:
            leader, rank = name, place
        ranks[name] = rank
    return ranks
