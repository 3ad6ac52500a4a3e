"""Numbers and sentences that the report's two forms, Markdown and HTML, have in common."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from .findings import Findings
from .scores import OVERALL
from .stats import CONFIDENCE, Comparison, Estimate
from .verdicts import CLIP_FAILURE, MET, UNGRADED, Verdict

DASH = "–"
MINUS = "\N{MINUS SIGN}"
LONGEST = 2000
"""Characters of one outside text that are shown."""

NO_INTERVAL = "an interval needs at least two clusters"
NO_SCORE = "no positive criterion was graded"
NO_TEST = "nothing was graded for both models"
NOT_RANKED = "controls are not ranked"


def points(value: float | None, signed: bool = False) -> str:
    """One decimal, a true minus sign, an en dash for no number."""
    if value is None or math.isnan(value):
        return DASH
    text = f"{abs(value):.1f}"
    if text == "0.0":
        return text
    return MINUS + text if value < 0 else f"+{text}" if signed else text


def interval(low: float | None, high: float | None, signed: bool = False) -> str:
    """`a to b`, or an en dash."""
    if points(low) == DASH or points(high) == DASH:
        return DASH
    return f"{points(low, signed)} to {points(high, signed)}"


def p_text(p: float) -> str:
    """Two significant digits, never an exponent; an en dash for no number."""
    return DASH if math.isnan(p) else format(Decimal(f"{p:.1e}"), "f")


def percent(share: float | None) -> str:
    """A share in percent; 100 and 0 only where they are exact to the digit shown."""
    if share is None or math.isnan(share):
        return DASH
    if 0 < share < 1:
        share = min(max(share, 0.001), 0.999)
    return f"{100 * share:.1f} %"


def shortened(text: str) -> str:
    """Outside text, cut at `LONGEST` characters."""
    return text if len(text) <= LONGEST else text[:LONGEST] + " … (cut)"


def facts(f: Findings) -> list[tuple[str, str]]:
    """What was graded, as (label, text)."""
    info = f.runs[0].info
    found = [
        ("Edition", f"{_of(info, 'edition')}, data set {_of(info, 'dataset_version')}"),
        ("Metric", f"version {_each(f, lambda i: _of(i, 'metric_version'))}"),
        ("Judge", _of(info, "judge")),
        ("Settings", _each(f, settings)),
        ("Finished", _each(f, lambda i: _of(i, "finished"))),
        ("Rubric", f"{len(f.rows)} tasks with {sum(len(r['criteria']) for r in f.rows)} criteria"),
    ]
    for name, summary in zip(f.names, f.summaries, strict=True):
        counts, whole = summary["counts"], summary["scores"][OVERALL]
        found.append(
            (
                name,
                f"{counts['clips']} clips of {counts['tasks_with_clips']} of {counts['tasks']} "
                f"tasks; coverage {percent(whole['coverage'])} of the rubric's weight; ungraded "
                f"{counts['ungraded_by_design']} by design, "
                f"{counts['ungraded_by_judge_failure']} by judge failure; "
                f"clip failures: {len(summary['clip_failures'])}",
            )
        )
    return found


def settings(info: Mapping[str, Any]) -> str:
    """Judge settings, repeats and seed in one line."""
    known = {**(info.get("settings") or {})}
    known |= {key: info[key] for key in ("repeats", "seed") if key in info and key not in known}
    return ", ".join(f"{key} {known[key]}" for key in sorted(known)) or "none"


READING = (
    "A score is the weight of the criteria that were met less the weight of the flaws that were "
    "seen, in percent of the weight to be gained; the published score stops at 0, the unclamped "
    "one beside it, on which all tests are made, does not. Models that share a rank are those "
    "that this run could not tell apart, which does not show them to be equal, and a score says "
    "something only as far as it differs from those of the controls."
)


def notes(f: Findings) -> list[str]:
    """What a reader must know before believing a number."""
    clusters = f.summaries[0]["scores"][OVERALL]["clusters"]
    found = [
        f"Intervals are {100 * CONFIDENCE:.0f} % (Student's t over {clusters} {f.cluster}, the "
        "clusters of tasks); they hold for tasks like these, graded by this judge."
    ]
    criteria = [c for row in f.rows for c in row["criteria"]]
    unreviewed = sum(c.get("review") == "unreviewed" for c in criteria)
    if unreviewed:
        found.append(f"{unreviewed} of {len(criteria)} criteria were not reviewed by an expert.")
    if f.partial:
        found.append(
            "Part of the rubric is ungraded: the bounds say what the unclamped score would be if "
            "all of that had gone the worst or the best way. They are no interval. Controls that "
            "do not look at clips answer every criterion, also those that the judge left ungraded."
        )
    if len({settings(run.info) for run in f.runs}) > 1:
        found.append("The runs' judge settings differ: part of a difference may come from that.")
    if len(f.runs) > 1:
        found += _about_tests(f, clusters)
    for name, run, summary in zip(f.names, f.runs, f.summaries, strict=True):
        if len({v.repeat for v in run.verdicts}) > 1:
            found.append(
                f"{name}: asked again, the judge changed its verdict on "
                f"{percent(summary['flip_rate'])} of the criteria (flip rate); repeats measure "
                "the judge's noise, not whether it is right."
            )
    return found


LEVELS_NOTE = "Levels and phenomena are described, not tested: they hold too few tasks for that."

TESTS_NOTE = (
    "Differences are of unclamped scores on the criteria that were graded for both models, paired "
    "by task; p from flipping the signs of the clusters' differences, two-sided, adjusted by Holm "
    "within overall and within each dimension. Detectable: the true difference that this many "
    "clusters with this scatter would show at 5 % in 80 % of runs."
)
DETECTABLE_NOTE = (
    "Smallest detectable difference: from a fixed reference value, at 5 % with 80 % power, on the "
    "unclamped score; for two models see their comparison."
)


def name_of(comparison: Comparison) -> str:
    """Which difference it is."""
    return f"{comparison.first} {MINUS} {comparison.second}"


def bounds(estimate: Estimate) -> str:
    return interval(estimate.low, estimate.high, signed=True)


def verdict_words(sign: int, verdict: Verdict) -> tuple[str, str, str]:
    """(kind, shape, words) of a verdict: good, bad or none; the words say it without either.

    Met is bad on a penalty: it means that the flaw is there.
    """
    if verdict.verdict == UNGRADED:
        why = verdict.kind or "no kind given"
        return "none", "○", f"ungraded, {why}" + (f": {verdict.reason}" if verdict.reason else "")
    if verdict.kind == CLIP_FAILURE:
        reason = f": {verdict.reason}" if verdict.reason else ""
        return "bad", "✗", f"unmet, clip failure{reason}"
    met = verdict.verdict == MET
    if sign > 0:
        return ("good", "✓", "met") if met else ("bad", "✗", "unmet")
    return ("bad", "✗", "met: the flaw is seen") if met else ("good", "✓", "unmet: flaw not seen")


def tally(verdicts: Iterable[Verdict]) -> list[tuple[Verdict, int, list[str]]]:
    """One clip's verdicts on one criterion: the different ones, how many repeats gave each, and
    the rationales that they gave."""
    found: dict[tuple[str, str, str], tuple[Verdict, int, list[str]]] = {}
    for v in verdicts:
        first, count, grounds = found.get((v.verdict, v.kind, v.reason), (v, 0, []))
        if v.rationale and v.rationale not in grounds:
            grounds = [*grounds, v.rationale]
        found[v.verdict, v.kind, v.reason] = (first, count + 1, grounds)
    return list(found.values())


def _about_tests(f: Findings, clusters: int) -> list[str]:
    family = len(f.pairs)
    smallest = min(1.0, family * 2.0 ** (1 - clusters)) if clusters else 1.0
    found = [
        "A rank is shared unless a Holm-adjusted paired sign-flip test parts a model from the "
        "first of its group (p < 0.05)."
    ]
    if smallest >= 1 - CONFIDENCE:
        found.append(
            f"With {clusters} {f.cluster} and {family} comparisons the smallest adjusted p that "
            f"this test can give is {p_text(smallest)}: no difference, however large, can part "
            "models here."
        )
    return found


def _of(info: Mapping[str, Any], key: str) -> str:
    return str(info.get(key) or "not stated")


def _each(f: Findings, text: Any) -> str:
    """One text if all runs agree, else each with its run's name."""
    texts = [text(run.info) for run in f.runs]
    if len(set(texts)) == 1:
        return str(texts[0])
    return "; ".join(f"{name}: {t}" for name, t in zip(f.names, texts, strict=True))
