"""The log of calls: what was appended is there, whatever happens to the process."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evaluate_metrics.microworldbench.log import CallLog, read_log, verdicts_of
from evaluate_metrics.microworldbench.verdicts import MetricError


def entry(key: str, verdict: str = "met", rationale: str = "µm ·\u2028 seen") -> dict[str, Any]:
    opinion = {
        "criterion_id": "t.s1",
        "verdict": verdict,
        "kind": "",
        "reason": "",
        "rationale": rationale,
    }
    return {
        "key": key,
        "task_id": "t",
        "clip": "t.mp4",
        "judge": "openai:m",
        "repeat": 0,
        "verdicts": [opinion],
    }


def test_a_second_opening_finds_what_the_first_appended(tmp_path: Path) -> None:
    path = tmp_path / "run" / "calls.jsonl"
    with CallLog(path) as log:
        log.append(entry("a"))
        log.append(entry("b"))
        assert len(path.read_bytes().split(b"\n")) == 3  # on disk before the log is closed
    with CallLog(path) as log:
        assert list(log.entries) == ["a", "b"]
        verdict = verdicts_of(log.entries["a"], "other.mp4")[0]
    assert (verdict.clip, verdict.verdict, verdict.rationale) == (
        "other.mp4",
        "met",
        "µm ·\u2028 seen",
    )


def test_the_last_line_of_a_key_counts(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    with CallLog(path) as log:
        log.append(entry("a", "unmet"))
        log.append(entry("a", "met"))
    assert [e["verdicts"][0]["verdict"] for e in read_log(path)] == ["met"]


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(cut=st.integers(0, 10_000))
def test_a_torn_tail_costs_only_the_torn_line(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "calls.jsonl"
    lines = [(json.dumps(entry(k), ensure_ascii=False) + "\n").encode() for k in "abc"]
    data = b"".join(lines)[: cut % (sum(map(len, lines)) + 1)]
    path.write_bytes(data)
    whole = data.count(b"\n")
    assert [e["key"] for e in read_log(path)] == list("abc")[:whole]
    with CallLog(path) as log:
        assert list(log.entries) == list("abc")[:whole]
        log.append(entry("z"))
    assert [e["key"] for e in read_log(path)] == [*list("abc")[:whole], "z"]


@pytest.mark.parametrize(
    "damage",
    ["", "{}", "[]", "{broken", '{"key": 1}', json.dumps({**entry("x"), "verdicts": [{}]})],
)
def test_a_damaged_line_is_one_error_with_its_number(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "calls.jsonl"
    good = json.dumps(entry("a"))
    path.write_text(f"{good}\n{damage}\n{good}\n")
    before = path.read_bytes()
    for read in (CallLog, read_log):
        with pytest.raises(MetricError, match=r"calls\.jsonl:2: damaged") as error:
            read(path)
        assert "\n" not in str(error.value)
    assert path.read_bytes() == before


def test_two_runs_cannot_share_a_log(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    with CallLog(path) as log:
        log.append(entry("a"))
        with pytest.raises(MetricError, match="another run"):
            CallLog(path)
        assert len(read_log(path)) == 1  # a report may read meanwhile
        log.append(entry("b"))
    with CallLog(path) as log:
        assert len(log.entries) == 2


def test_a_full_disk_is_one_line_and_leaves_no_half_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "calls.jsonl"
    with CallLog(path) as log:
        log.append(entry("a"))
        before = path.read_bytes()
        with monkeypatch.context() as patch:

            def fail(_: int) -> None:
                raise OSError(28, "No space left on device")

            patch.setattr("os.fsync", fail)
            with pytest.raises(MetricError, match="No space left"):
                log.append(entry("b"))
        assert path.read_bytes() == before
        log.append(entry("c"))
    assert [e["key"] for e in read_log(path)] == ["a", "c"]
