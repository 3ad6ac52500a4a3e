"""How far a judge can be believed: figures from its verdicts on clips whose faults are known.

A true clip answers its task perfectly: it meets what earns points and none of what costs them. A
verdict to the contrary is *adverse*. On a true clip it is a false alarm; on a twin it may be just.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from .agreement import accuracy, corrected_rate
from .probes import Probe
from .scores import OVERALL, clip_scores, score
from .stats import Cluster, estimate
from .verdicts import BY_DESIGN, CLIP_FAILURE, MET, UNGRADED, UNMET, Verdict

HOPELESS_SCORE = 10.0
"""Above it a hopeless clip has got away with something."""

Graded = Mapping[str, Mapping[str, Verdict]]
"""Clip name → criterion id → verdict."""


def by_clip(verdicts: Iterable[Verdict]) -> dict[str, dict[str, Verdict]]:
    """The verdicts of one judge, asked once."""
    found: dict[str, dict[str, Verdict]] = defaultdict(dict)
    for v in verdicts:
        found[v.clip][v.criterion_id] = v
    return dict(found)


def adverse(sign: int, verdict: Verdict) -> bool | None:
    """Whether the verdict costs the clip points; None if it is none."""
    if verdict.verdict == UNGRADED:
        return None
    return verdict.verdict == (UNMET if sign > 0 else MET)


def share(found: Sequence[float]) -> dict[str, Any]:
    """Mean of values in [0, 1] with Wilson's 95 % interval (Wilson 1927, J Am Stat Assoc 22:209),
    which holds near 0 and 1 too; no numbers from nothing."""
    n = len(found)
    if not n:
        return {"share": None, "low": None, "high": None, "n": 0}
    p, z2 = float(np.mean(found)), 1.959964**2
    middle = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = math.sqrt(z2 * p * (1 - p) / n + z2**2 / (4 * n * n)) / (1 + z2 / n)
    return {"share": p, "low": max(0.0, middle - half), "high": min(1.0, middle + half), "n": n}


def fails(row: Mapping[str, Any], answers: Mapping[str, Verdict]) -> float:
    """1 if any criterion went against the clip, 0 if none did, NaN if none was graded."""
    found = [
        adverse(c["sign"], v) or v.kind == CLIP_FAILURE
        for c in row["criteria"]
        if (v := answers[c["criterion_id"]]).verdict != UNGRADED
    ]
    return float(any(found)) if found else math.nan


def false_alarms(probes: Sequence[Probe], graded: Graded, names: Mapping[str, str]) -> dict:
    """Share of true clips with any adverse verdict: of all, by world and by stratum.

    `names` maps a probe's clip to the name under which it was graded. `worst` is the stratum with
    the highest share.
    """
    true = [p for p in probes if not p.violation]
    found = {p.clip.name: fails(p.row, graded[names[p.clip.name]]) for p in true}

    def of(mine: Iterable[Probe]) -> dict[str, Any]:
        return share([x for p in mine if not math.isnan(x := found[p.clip.name])])

    strata = {
        kind: {
            label: of(p for p in true if p.strata[kind] == label)
            for label in sorted({p.strata[kind] for p in true}, key=_in_order)
        }
        for kind in ("style", "size", "frames")
    }
    listed = [(label, got) for labels in strata.values() for label, got in labels.items()]
    label, got = max(listed, key=lambda one: one[1]["share"] or 0.0)
    return {
        "all": of(true),
        "worlds": {w: of(p for p in true if p.phenomenon == w) for w in _worlds(true)},
        "strata": strata,
        "worst": {"stratum": label, **got},
    }


def _in_order(label: str) -> tuple[int, str]:
    number = label.split()[0]
    return (int(number) if number.isdigit() else 0), label


def _worlds(probes: Iterable[Probe]) -> list[str]:
    return list(dict.fromkeys(p.phenomenon for p in probes))


def scientific(probe: Probe, answers: Mapping[str, Verdict]) -> float:
    """Unclamped score on the scientific criteria alone; NaN if none that earns was graded."""
    criteria = [c for c in probe.row["criteria"] if c["dimension"] == "scientific"]
    return score(criteria, {name: v.verdict for name, v in answers.items()}).unclamped


def pairs_of(probes: Sequence[Probe]) -> list[tuple[Probe, Probe]]:
    """(true clip, twin) of each pair."""
    return list(zip(probes[::2], probes[1::2], strict=True))


def win(pair: tuple[Probe, Probe], graded: Graded) -> float:
    """1 if the judge puts the true clip above its twin, ½ if level, 0 if below; NaN unscored."""
    true, twin = (scientific(probe, graded[probe.clip.name]) for probe in pair)
    if math.isnan(true) or math.isnan(twin):
        return math.nan
    return 0.5 if true == twin else float(true > twin)


def win_rate(probes: Sequence[Probe], graded: Graded) -> dict[str, Any]:
    """Within-pair win rate by world, and their mean with Student's interval over worlds."""
    wins: dict[str, list[float]] = {world: [] for world in _worlds(probes)}
    unscored = 0
    for pair in pairs_of(probes):
        won = win(pair, graded)
        if math.isnan(won):
            unscored += 1
        else:
            wins[pair[0].phenomenon].append(won)
    worlds = {
        world: {**share(found), "ties": sum(w == 0.5 for w in found)}
        for world, found in wins.items()
    }
    means = [Cluster(got["share"], 1.0) for got in worlds.values() if got["n"]]
    mean = estimate(means)
    return {
        "mean": mean.mean,
        "low": float(np.maximum(0.0, mean.low)),
        "high": float(np.minimum(1.0, mean.high)),
        "worlds": worlds,
        "unscored_pairs": unscored,
    }


def noticed(probes: Sequence[Probe], graded: Graded) -> list[dict[str, Any]]:
    """For each violation: the share of twins on which each measure (or criterion without one) is
    adverse, and the win rate within each task."""
    found = []
    pairs = pairs_of(probes)
    for world, violation in dict.fromkeys((t.phenomenon, t.violation) for _, t in pairs):
        mine = [p for p in pairs if (p[1].phenomenon, p[1].violation) == (world, violation)]
        by_measure: dict[str, list[float]] = defaultdict(list)
        anything: list[float] = []
        by_task: dict[str, list[float]] = defaultdict(list)
        for true, twin in mine:
            seen = _adverse_measures(twin, graded[twin.clip.name])
            for name, hit in seen.items():
                by_measure[name].append(float(hit))
            if seen:
                anything.append(float(any(seen.values())))
            won = win((true, twin), graded)
            if not math.isnan(won):
                by_task[twin.task_id].append(won)
        found.append(
            {
                "phenomenon": world,
                "violation": violation,
                "law": mine[0][1].law,
                "noticed": share(anything),
                "by_measure": {name: share(hits) for name, hits in sorted(by_measure.items())},
                "wins_by_task": {name: share(wins) for name, wins in sorted(by_task.items())},
            }
        )
    return found


def _adverse_measures(probe: Probe, answers: Mapping[str, Verdict]) -> dict[str, bool]:
    """Measure → whether a scientific criterion that names it is adverse."""
    seen: dict[str, bool] = {}
    for c in probe.row["criteria"]:
        hit = adverse(c["sign"], answers[c["criterion_id"]])
        if c["dimension"] == "scientific" and hit is not None:
            name = c["measure"] or c["criterion_id"]
            seen[name] = seen.get(name, False) or hit
    return seen


def criteria(probes: Sequence[Probe], graded: Graded) -> list[dict[str, Any]]:
    """What each graded criterion is worth: see `_criterion`."""
    rows = {p.task_id: p.row for p in probes}
    found = []
    for task, row in rows.items():
        mine = [pair for pair in pairs_of(probes) if pair[0].task_id == task]
        found += [_criterion(c, mine, graded) for c in row["criteria"]]
    return [one for one in found if one["true_clips"]["n"]]


def _criterion(
    c: Mapping[str, Any], pairs: Sequence[tuple[Probe, Probe]], graded: Graded
) -> dict[str, Any]:
    """A criterion of one task on its pairs.

    A scientific one is `about` the violation that it notices most often in every other pair. The
    twins of the remaining pairs, for which it was not chosen, and all true clips give sensitivity
    (met where it is true) and specificity. `met` is the share of all clips of the task that are
    said to meet it, `corrected` the share that do, given these two.
    """
    name, sign = c["criterion_id"], c["sign"]

    def hits(which: Iterable[Probe]) -> list[bool]:
        found = (adverse(sign, graded[p.clip.name][name]) for p in which)
        return [hit for hit in found if hit is not None]

    twins: dict[str, list[Probe]] = defaultdict(list)
    for _, twin in pairs:
        if c["dimension"] == "scientific":
            twins[twin.violation].append(twin)
    chosen = {v: float(np.mean(hits(mine[::2]) or [False])) for v, mine in twins.items()}
    about = max(chosen, key=lambda v: chosen[v], default="")
    known = {_item(p, name): sign > 0 for p, _ in pairs}
    known |= {_item(p, name): sign < 0 for p in twins[about][1::2]}
    judged = {
        _item(p, name): graded[p.clip.name][name].verdict == MET
        for pair in pairs
        for p in pair
        if graded[p.clip.name][name].verdict != UNGRADED
    }
    rates = accuracy(judged, known)
    met = float(np.mean(list(judged.values()))) if judged else math.nan
    return {
        "criterion_id": name,
        "dimension": c["dimension"],
        "measure": c["measure"],
        "sign": sign,
        "true_clips": share([float(not hit) for hit in hits(p for p, _ in pairs)]),
        "about": about,
        "sensitivity": rates.sensitivity,
        "specificity": rates.specificity,
        "positives": rates.positives,
        "negatives": rates.negatives,
        "met": met,
        "corrected": corrected_rate(met, rates.sensitivity, rates.specificity),
    }


def _item(probe: Probe, criterion: str) -> tuple[str, str, str]:
    return probe.task_id, probe.clip.name, criterion


def hopeless_scores(shown: Sequence[tuple[Mapping[str, Any], str]], graded: Graded) -> dict:
    """How clips that show nothing of what was asked have scored: (row, clip name) of each.

    `low`: share with an overall score of at most `HOPELESS_SCORE`; `clip_failures`: share of which
    every graded criterion counts the clip as failed.
    """
    scores, failed = [], []
    for row, name in shown:
        answers = graded[name]
        found = clip_scores(row["criteria"], {c: v.verdict for c, v in answers.items()})
        scores.append(found[OVERALL].published)
        kinds = {v.kind for v in answers.values() if v.verdict != UNGRADED}
        failed.append(float(kinds == {CLIP_FAILURE}))
    known = [s for s in scores if not math.isnan(s)]
    return {
        "clips": len(shown),
        "highest": max(known, default=math.nan),
        "mean": float(np.mean(known)) if known else math.nan,
        "at_most_10": share([float(s <= HOPELESS_SCORE) for s in known]),
        "clip_failures": share(failed),
    }


def unanswered(verdicts: Iterable[Verdict]) -> int:
    """Criteria that the judge was asked and gave no verdict on."""
    return sum(v.verdict == UNGRADED and v.kind != BY_DESIGN for v in verdicts)
