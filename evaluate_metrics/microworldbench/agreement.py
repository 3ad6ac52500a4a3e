"""How far judges agree, and how far one judge can be believed. Pure functions of verdicts."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from .stats import Estimate
from .verdicts import MET, UNGRADED, Verdict


@dataclass(frozen=True)
class Table:
    """Two judges on the same criteria: how often both, one or none of them said met."""

    both: int
    first_only: int
    second_only: int
    neither: int

    @property
    def total(self) -> int:
        return self.both + self.first_only + self.second_only + self.neither

    @property
    def observed(self) -> float:
        """Share of equal verdicts."""
        return (self.both + self.neither) / self.total if self.total else math.nan

    @property
    def kappa(self) -> float:
        """Cohen's κ (Cohen 1960, Educ Psychol Meas 20:37); NaN where chance explains all."""
        n = self.total
        if not n:
            return math.nan
        a, b = (self.both + self.first_only) / n, (self.both + self.second_only) / n
        chance = a * b + (1 - a) * (1 - b)
        return (self.observed - chance) / (1 - chance) if chance < 1 else math.nan

    @property
    def ac1(self) -> float:
        """Gwet's AC1 (Gwet 2008, Br J Math Stat Psychol 61:29), steady where κ is not."""
        n = self.total
        if not n:
            return math.nan
        share = (2 * self.both + self.first_only + self.second_only) / (2 * n)
        chance = 2 * share * (1 - share)
        return (self.observed - chance) / (1 - chance)


Item = tuple[str, str, str]
"""What two judges may both have graded: task id, clip, criterion id."""


def majority(verdicts: Iterable[Verdict]) -> dict[Item, bool]:
    """Item → whether most repeats say met; ungraded repeats do not vote, ties are left out."""
    votes: dict[Item, list[bool]] = defaultdict(list)
    for v in verdicts:
        if v.verdict != UNGRADED:
            votes[v.task_id, v.clip, v.criterion_id].append(v.verdict == MET)
    shares = {item: float(np.mean(found)) for item, found in votes.items()}
    return {item: share > 0.5 for item, share in shares.items() if share != 0.5}


def cross_table(first: Mapping[Item, bool], second: Mapping[Item, bool]) -> Table:
    """The two by two table over the items that both judges graded."""
    pairs = [(first[item], second[item]) for item in first if item in second]
    return Table(
        both=sum(a and b for a, b in pairs),
        first_only=sum(a and not b for a, b in pairs),
        second_only=sum(b and not a for a, b in pairs),
        neither=sum(not a and not b for a, b in pairs),
    )


def jackknife(
    first: Mapping[Item, bool],
    second: Mapping[Item, bool],
    clusters: Mapping[str, str],
    statistic: str,
) -> Estimate:
    """`statistic` of `Table` with a 95 % interval from leaving out one cluster at a time.

    `clusters` maps a task id to its cluster.
    """
    from scipy import stats

    def value(without: str | None) -> float:
        kept = {i: v for i, v in first.items() if clusters[i[0]] != without}
        return float(getattr(cross_table(kept, second), statistic))

    whole = value(None)
    names = sorted({clusters[i[0]] for i in first if i in second})
    parts = np.array([value(name) for name in names])
    parts = parts[~np.isnan(parts)]
    n = len(parts)
    if n < 2 or math.isnan(whole):
        return Estimate(whole, math.nan, math.nan, math.nan, n)
    error = math.sqrt((n - 1) / n * float(np.sum((parts - parts.mean()) ** 2)))
    half = float(stats.t.ppf(0.975, n - 1)) * error
    return Estimate(whole, whole - half, whole + half, error, n)


def alpha(judges: Sequence[Mapping[Item, bool]]) -> float:
    """Krippendorff's α over any number of judges, gaps allowed; NaN where it has no meaning."""
    import krippendorff

    items = sorted(set().union(*judges)) if judges else []
    table = [[float(j[i]) if i in j else math.nan for i in items] for j in judges]
    values = {v for row in table for v in row if not math.isnan(v)}
    paired = any(sum(i in j for j in judges) > 1 for i in items)
    if len(values) < 2 or not paired:
        return math.nan
    return float(
        krippendorff.alpha(reliability_data=np.array(table), level_of_measurement="nominal")
    )


@dataclass(frozen=True)
class Accuracy:
    """A judge against known answers: how often it is right where the truth is met, and unmet."""

    sensitivity: float
    specificity: float
    positives: int
    negatives: int


def accuracy(judged: Mapping[Item, bool], known: Mapping[Item, bool]) -> Accuracy:
    """Sensitivity and specificity on the items that were graded and are known."""
    met = [judged[i] for i, truth in known.items() if truth and i in judged]
    unmet = [not judged[i] for i, truth in known.items() if not truth and i in judged]

    def rate(found: list[bool]) -> float:
        return float(np.mean(found)) if found else math.nan

    return Accuracy(rate(met), rate(unmet), len(met), len(unmet))


def corrected_rate(apparent: float, sensitivity: float, specificity: float) -> float:
    """True share of met criteria behind a judge's `apparent` one, clipped to [0, 1].

    Rogan & Gladen 1978, Am J Epidemiol 107:71. NaN for a judge no better than a coin
    (sensitivity + specificity <= 1).
    """
    skill = sensitivity + specificity - 1
    if not skill > 0:
        return math.nan
    return float(min(1.0, max(0.0, (apparent + specificity - 1) / skill)))
