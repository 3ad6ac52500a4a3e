"""The judge behind an OpenAI-compatible server: the real client against a loopback server."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from loopback import Loopback, make_row, truth

from evaluate_metrics.microworldbench.calls import Answer, Call, JudgeStop
from evaluate_metrics.microworldbench.clips import Clip
from evaluate_metrics.microworldbench.judge_openai import OpenAIJudge
from evaluate_metrics.microworldbench.verdicts import JUDGE_FAILURE, UNGRADED, MetricError

KEY = "sk-test-0123456789"


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


def judge_at(server: Loopback, monkeypatch: pytest.MonkeyPatch, **settings: Any) -> OpenAIJudge:
    monkeypatch.setenv("OPENAI_BASE_URL", server.url)
    return OpenAIJudge("m", **settings)


def ask(judge: OpenAIJudge, *calls: Call, cuts: list[float] | None = None) -> list[Answer]:
    async def work() -> list[Answer]:
        await judge.open((cuts if cuts is not None else []).append)
        try:
            return [await judge.answer(call) for call in calls]
        finally:
            await judge.close()

    return asyncio.run(work())


def states(answer: Answer) -> dict[str, str]:
    return {opinion.criterion_id: opinion.verdict for opinion in answer.opinions}


def expected(row: dict[str, Any]) -> dict[str, str]:
    return {c["criterion_id"]: "met" if truth(c["text"]) else "unmet" for c in row["criteria"]}


def test_joint_sends_the_frames_once(clip_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    row = make_row("t")
    with Loopback() as server:
        judge = judge_at(server, monkeypatch, seed=7)
        (call,) = judge.calls(row, Clip(clip_path))
        (answer,) = ask(judge, call)
        assert states(answer) == expected(row)
        assert answer.opinions[0].rationale == "Frame 1 shows c1."
        assert answer.usage == {"prompt_tokens": 100, "completion_tokens": 10}
        assert (answer.details["model"], answer.details["seed"]) == ("loopback-1", 7)
        (seen,) = server.seen
        assert len(seen["images"]) == 8 and (seen["seed"], seen["temperature"]) == (7, 0.0)
        once = seen["image_bytes"]
        judge = judge_at(server, monkeypatch, protocol="paper")
        calls = judge.calls(row, Clip(clip_path))
        answers = ask(judge, *calls)
        assert {k: v for a in answers for k, v in states(a).items()} == expected(row)
        thrice = sum(seen["image_bytes"] for seen in server.seen[1:])
        assert len(calls) == 3 and once <= 0.36 * thrice


def test_dense_criteria_are_declined(clip_path: Path) -> None:
    row = make_row("t", dense=1)
    for protocol in ("paper", "joint"):
        judge = OpenAIJudge("m", protocol=protocol)
        asked = {c for call in judge.calls(row, Clip(clip_path)) for c in call.criteria}
        declined = {c["criterion_id"] for c in row["criteria"] if judge.declines(c)}
        assert declined == {"t.s1", "t.v1", "t.i1"}
        assert asked | declined == set(expected(row)) and not asked & declined
        assert judge.calls(make_row("t", dense=3), Clip(clip_path)) == []


@pytest.mark.parametrize("fault", ["429", "500", "503", "drop", "malformed", "prose", "empty"])
def test_one_fault_costs_no_verdict(
    clip_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    row, cuts = make_row("t"), []
    with Loopback(lambda number, _: fault if number == 0 else "") as server:
        judge = judge_at(server, monkeypatch)
        (answer,) = ask(judge, *judge.calls(row, Clip(clip_path)), cuts=cuts)
        assert states(answer) == expected(row) and len(server.seen) == 2
        assert bool(cuts) == (fault in ("429", "503"))
        asked_anew = fault in ("malformed", "prose", "empty")
        # The client repeats its own request; an unusable answer is asked for in another way.
        assert (server.seen[0]["texts"] != server.seen[1]["texts"]) == asked_anew
        assert (server.seen[0]["seed"] != server.seen[1]["seed"]) == asked_anew
        assert server.seen[1]["plain"] == (fault in ("empty", "malformed"))


def test_what_was_answered_well_is_kept(clip_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    row = make_row("t")
    with Loopback(lambda *_: "short") as server:
        judge = judge_at(server, monkeypatch, attempts=3)
        (answer,) = ask(judge, *judge.calls(row, Clip(clip_path)))
        assert len(server.seen) == 3
        assert [seen["plain"] for seen in server.seen] == [False, False, True]
    last = answer.opinions[-1]
    assert (last.verdict, last.kind) == (UNGRADED, JUDGE_FAILURE)
    assert last.reason == "no usable answer for c9" and not answer.outage
    assert states(answer) | {"t.i3": ""} == expected(row) | {"t.i3": ""}
    assert answer.usage["prompt_tokens"] == 300


@pytest.mark.parametrize("fault", ["500", "drop", "413"])
def test_a_server_without_answers_is_an_outage(
    clip_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    with Loopback(lambda *_: fault) as server:
        judge = judge_at(server, monkeypatch, max_retries=1)
        (answer,) = ask(judge, *judge.calls(make_row("t"), Clip(clip_path)))
    assert answer.outage and {o.kind for o in answer.opinions} == {JUDGE_FAILURE}
    reason = answer.opinions[0].reason
    assert reason and KEY not in reason and "\n" not in reason


@pytest.mark.parametrize("fault", ["401", "403", "404", "402", "temperature"])
def test_what_no_retry_can_mend_stops_the_run(
    clip_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    with Loopback(lambda *_: fault) as server:
        judge = judge_at(server, monkeypatch)
        with pytest.raises(JudgeStop) as error:
            ask(judge, *judge.calls(make_row("t"), Clip(clip_path)))
        assert len(server.seen) == 1
        assert server.seen[0]["key"] == f"Bearer {KEY}"
    line = str(error.value)
    assert "\n" not in line and KEY not in line
    assert {"401": "OPENAI_API_KEY", "404": "'m'", "temperature": "temperature=0.0"}.get(
        fault, fault
    ) in line


def test_a_server_without_schemas_is_asked_plainly_from_then_on(
    clip_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = make_row("t")
    with Loopback(no_schema=True) as server:
        judge = judge_at(server, monkeypatch)
        (call,) = judge.calls(row, Clip(clip_path))
        answers = ask(judge, call, call)
        assert [seen["plain"] for seen in server.seen] == [False, True, True]
    assert [states(a) for a in answers] == [expected(row)] * 2
    assert answers[1].details["plain_json"]


def test_a_refused_request_does_not_end_schemas(
    clip_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two 400s mean that this clip is refused, not the schema."""
    with Loopback(lambda number, _: "400" if number < 2 else "") as server:
        judge = judge_at(server, monkeypatch)
        (call,) = judge.calls(make_row("t"), Clip(clip_path))
        first, second = ask(judge, call, call)
        assert [seen["plain"] for seen in server.seen] == [False, True, False]
    assert first.outage and not second.outage


def test_413_lowers_the_quality_for_the_rest_of_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    row = make_row("t")
    noise = np.random.default_rng(0).integers(0, 256, (8, 128, 128, 3), np.uint8)
    with Loopback() as server:
        judge = judge_at(server, monkeypatch)
        ask(judge, *judge.calls(row, Clip(noise)))
        full = server.seen[0]["image_bytes"]
    with Loopback(max_bytes=full // 2) as server:
        judge = judge_at(server, monkeypatch)
        calls = judge.calls(row, Clip(noise))
        spec = calls[0].frames
        answers = ask(judge, *calls, *calls)
        sizes = [seen["image_bytes"] for seen in server.seen]
        assert sizes == sorted(sizes, reverse=True) and sizes[0] == full
        assert len(sizes) > 2 and sizes[-1] == sizes[-2]
        assert judge.calls(row, Clip(noise))[0].frames == spec  # keys stay what they were
    assert [states(a) for a in answers] == [expected(row)] * 2
    assert answers[-1].details["jpeg_quality"] < 90


def test_keys_and_addresses(clip_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    with Loopback() as server:
        judge = judge_at(server, monkeypatch)
        ask(judge, *judge.calls(make_row("t"), Clip(clip_path)))
        assert KEY not in server.seen[0]["key"]
    monkeypatch.delenv("OPENAI_BASE_URL")
    judge = OpenAIJudge("m")
    assert judge.settings["server"] == "https://api.openai.com/v1"
    with pytest.raises(JudgeStop, match="OPENAI_API_KEY is not set"):
        ask(judge)
    monkeypatch.setenv("OPENAI_BASE_URL", "http://me:secret@host:8000/v1/?token=secret")
    assert OpenAIJudge("m").settings["server"] == "http://host:8000/v1"


def test_settings_are_checked() -> None:
    for wrong in ({"protocol": "both"}, {"quality": 0}, {"attempts": 0}):
        with pytest.raises(MetricError):
            OpenAIJudge("m", **wrong)


def test_cost_counts_what_is_sent(clip_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Loopback() as server:
        judge = judge_at(server, monkeypatch)
        (call,) = judge.calls(make_row("t"), Clip(clip_path))
        cost = judge.cost(call)
        ask(judge, call)
        seen = server.seen[0]
    assert cost.images == 8
    assert cost.bytes == seen["image_bytes"] + len(call.prompt.encode())
    assert cost.tokens_in > 8 * 255 and cost.tokens_out == 9 * 50
