"""The run loop: what is asked, what is logged, what comes back."""

from __future__ import annotations

import asyncio
import random
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from loopback import Loopback, make_row, truth

from evaluate_metrics.microworldbench.calls import Answer, Call, Judge, JudgeStop, Once, Opinion
from evaluate_metrics.microworldbench.clips import Clip
from evaluate_metrics.microworldbench.judge_openai import OpenAIJudge
from evaluate_metrics.microworldbench.log import CallLog, read_log
from evaluate_metrics.microworldbench.plan import plan
from evaluate_metrics.microworldbench.run import OUTAGE, Progress, run_judge, run_judge_sync
from evaluate_metrics.microworldbench.slots import Slots
from evaluate_metrics.microworldbench.verdicts import (
    BY_DESIGN,
    CLIP_FAILURE,
    JUDGE_FAILURE,
    MET,
    UNGRADED,
    UNMET,
    MetricError,
    Verdict,
)


class Brightness(Judge):
    """Met where the clip is brighter than `limit`: a judge without a server, for these tests."""

    def __init__(self, limit: float = 50.0) -> None:
        self.id, self.settings = "brightness", {"limit": limit}
        self.limit, self.asked, self.failing = limit, [], False
        self.loaded = self.loaded_most = 0
        self.lock = threading.Lock()

    def declines(self, criterion: Any) -> str:
        return "needs dense frames" if criterion["needs"] == "dense" else ""

    def calls(self, row: Any, clip: Clip) -> list[Call]:
        ids = [c["criterion_id"] for c in row["criteria"] if not self.declines(c)]

        def load() -> float:
            with self.lock:
                self.loaded += 1
                self.loaded_most = max(self.loaded_most, self.loaded)
            return float(np.mean(clip.sample()))

        once = Once(load)
        texts = [c["text"] for c in row["criteria"]]
        return [Call(row["task_id"], tuple(ids), " ".join(texts), "8", once)]

    async def answer(self, call: Call) -> Answer:
        self.asked.append((call.task_id, call.repeat))
        await asyncio.sleep(0)
        with self.lock:
            self.loaded -= 1
        state = MET if call.evidence.load() > self.limit else UNMET
        if self.failing:
            failed = [Opinion(c, UNGRADED, JUDGE_FAILURE, "no") for c in call.criteria]
            return Answer(failed, outage=True)
        return Answer([Opinion(c, state) for c in call.criteria], {"prompt_tokens": 5})


def array(level: int) -> np.ndarray:
    return np.full((9, 4, 4, 3), level, np.uint8)


ROWS = [make_row(name, dense=1) for name in ("a", "b", "c", "d")]
CLIPS = {"a": [array(10), array(90)], "b": [array(91)], "d": [np.zeros((9, 4), np.uint8)]}


def by_task(verdicts: list[Verdict]) -> dict[tuple[str, str, int], set[tuple[str, str]]]:
    table: dict[tuple[str, str, int], set[tuple[str, str]]] = {}
    for v in verdicts:
        if not v.criterion_id.endswith("1"):
            table.setdefault((v.task_id, v.clip, v.repeat), set()).add((v.verdict, v.kind))
    return table


def test_every_criterion_of_every_clip_gets_its_verdict(tmp_path: Path) -> None:
    judge, shown = Brightness(), []
    with CallLog(tmp_path / "log.jsonl") as log:
        verdicts = run_judge_sync(
            ROWS, CLIPS, judge, log, repeats=2, progress=lambda p: shown.append(vars(p).copy())
        )
    assert len(verdicts) == 2 * 9 * 5
    declined = [v for v in verdicts if v.criterion_id.endswith("1")]
    assert {(v.verdict, v.kind, v.reason) for v in declined} == {
        (UNGRADED, BY_DESIGN, "needs dense frames")
    }
    assert by_task(verdicts) == {
        (task, clip, r): {state}
        for r in (0, 1)
        for task, clip, state in [
            ("a", "#0", (UNMET, "")),
            ("a", "#1", (MET, "")),
            ("b", "#0", (MET, "")),
            ("c", "", (UNMET, CLIP_FAILURE)),
            ("d", "#0", (UNMET, CLIP_FAILURE)),
        ]
    }
    assert {v.reason for v in verdicts if v.task_id == "c" and v.kind == CLIP_FAILURE} == {
        "no clip"
    }
    assert sorted(judge.asked) == [("a", 0)] * 2 + [("a", 1)] * 2 + [("b", 0), ("b", 1)]
    assert (shown[-1]["done"], shown[-1]["broken"], shown[-1]["tokens_in"]) == (8, 1, 30)
    (message,) = {s["message"] for s in shown} - {""}
    assert "#0" in message and "shape" in message
    # A broken clip is in the log, a missing one is not: it may still come.
    assert [e["task_id"] for e in read_log(tmp_path / "log.jsonl")].count("d") == 2
    assert "c" not in {e["task_id"] for e in read_log(tmp_path / "log.jsonl")}


def run(tmp_path: Path, judge: Judge, rows: Any, clips: Any = CLIPS, **more: Any) -> list[Verdict]:
    with CallLog(tmp_path / "log.jsonl") as log:
        return run_judge_sync(rows, clips, judge, log, **more)


def test_only_what_is_new_is_asked(tmp_path: Path) -> None:
    first = run(tmp_path, Brightness(), ROWS)
    again = Brightness()
    assert run(tmp_path, again, ROWS) == first and again.asked == []
    more = Brightness()
    run(tmp_path, more, ROWS, repeats=2)
    assert {r for _, r in more.asked} == {1} and len(more.asked) == 3
    changed = [make_row("a", dense=1), *ROWS[1:]]
    changed[0]["criteria"][2]["text"] = "Another statement."
    edited = Brightness()
    run(tmp_path, edited, changed)
    assert edited.asked == [("a", 0)] * 2
    brighter = Brightness(limit=95.0)
    run(tmp_path, brighter, ROWS)
    assert len(brighter.asked) == 3
    moved = Brightness()
    assert run(tmp_path, moved, ROWS[:1], {"a": [array(90), array(90)]})[-1].verdict == MET
    assert moved.asked == []
    some = Brightness()
    assert len(run(tmp_path, some, ROWS, limit=1)) == 18


def test_the_same_bytes_twice_are_asked_once(tmp_path: Path) -> None:
    judge = Brightness()
    verdicts = run(tmp_path, judge, ROWS[:1], {"a": [array(90)] * 3})
    assert judge.asked == [("a", 0)]
    assert {v.clip for v in verdicts} == {"#0", "#1", "#2"} and len(verdicts) == 27


def test_prepared_clips_are_bounded(tmp_path: Path) -> None:
    rows = [make_row(f"t{i}", per_dimension=1) for i in range(60)]
    clips = {row["task_id"]: [array(i)] for i, row in enumerate(rows)}

    class Slow(Brightness):
        async def answer(self, call: Call) -> Answer:
            await asyncio.sleep(0.01)
            return await super().answer(call)

    judge = Slow()
    run(tmp_path, judge, rows, clips, max_concurrency=2)
    assert len(judge.asked) == 60 and judge.loaded_most <= 6


def test_an_outage_ends_the_run_and_records_nothing(tmp_path: Path) -> None:
    rows = [make_row(f"t{i}", per_dimension=1) for i in range(OUTAGE + 3)]
    clips = {row["task_id"]: [array(i)] for i, row in enumerate(rows)}
    dead = Brightness()
    dead.failing = True
    with pytest.raises(JudgeStop, match=f"{OUTAGE} calls in a row failed: no"):
        run(tmp_path, dead, rows, clips, max_concurrency=2)
    assert read_log(tmp_path / "log.jsonl") == []
    # Fewer than that in a row are the clips' own trouble: ungraded, with the reason.
    few = run(tmp_path, dead, rows[:3], clips)
    assert {(v.verdict, v.kind, v.reason) for v in few} == {(UNGRADED, JUDGE_FAILURE, "no")}
    alive = Brightness()
    run(tmp_path, alive, rows[:3], clips)
    assert alive.asked == []
    run(tmp_path, alive, rows[:3], clips, ask_failed_again=True)
    assert len(alive.asked) == 3
    assert {v["verdict"] for e in read_log(tmp_path / "log.jsonl") for v in e["verdicts"]} == {
        UNMET
    }


@pytest.mark.parametrize("wrong", [{"repeats": 0}, {"limit": 0}, {"max_concurrency": 0}])
def test_wrong_numbers_are_refused(tmp_path: Path, wrong: dict[str, int]) -> None:
    with pytest.raises(MetricError):
        run(tmp_path, Brightness(), ROWS, **wrong)


def test_it_works_inside_a_running_loop(tmp_path: Path) -> None:
    async def notebook() -> list[Verdict]:
        return run(tmp_path, Brightness(), ROWS)

    assert len(asyncio.run(notebook())) == 45


def test_time_left_reckons_with_unread_clips() -> None:
    state = Progress(clips=10, listed=5, calls=15, done=6, logged=0, seconds=3.0)
    assert state.total == 30 and state.seconds_left == pytest.approx(12.0)
    assert Progress(clips=10).seconds_left is None


def test_slots_halve_once_per_round_and_grow_back() -> None:
    async def work() -> None:
        slots = Slots(16)
        sent = time.monotonic()
        slots.cut(sent)
        slots.cut(sent)
        assert slots.size == 8
        slots.cut(time.monotonic() + 1)
        assert slots.size == 4
        at_once, most = 0, 0

        async def call() -> None:
            nonlocal at_once, most
            async with slots:
                at_once += 1
                most = max(most, at_once)
                await asyncio.sleep(0)
                at_once -= 1

        await asyncio.gather(*(call() for _ in range(4)))
        assert most == 4
        await asyncio.gather(*(call() for _ in range(200)))
        assert slots.size == 16 and most == 16

    asyncio.run(work())


FAULTS = ("429", "500", "drop", "malformed", "short", "empty")


@pytest.mark.parametrize("protocol", ["joint", "paper"])
def test_nothing_is_lost_to_a_server_with_faults(
    tmp_path: Path, clip_path: Path, monkeypatch: pytest.MonkeyPatch, protocol: str
) -> None:
    """15 % of requests go wrong in one of six ways."""
    rng = random.Random(3)
    plan_of_faults = [rng.choice(FAULTS) if rng.random() < 0.15 else "" for _ in range(500)]
    plan_of_faults[:12:2] = FAULTS  # each of them at least once
    rows = [make_row(f"t{i}") for i in range(24 if protocol == "joint" else 8)]
    clips = {row["task_id"]: [clip_path] for row in rows}
    with Loopback(lambda number, _: plan_of_faults[number]) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        verdicts = run(tmp_path, OpenAIJudge("m", protocol), rows, clips)
        sent = len(server.seen)
        told = {c["criterion_id"]: truth(c["text"]) for row in rows for c in row["criteria"]}
        assert {v.criterion_id for v in verdicts} == set(told)
        for v in verdicts:
            if v.verdict == UNGRADED:
                assert v.kind == JUDGE_FAILURE and v.reason
            else:
                assert (v.verdict == MET) == told[v.criterion_id]
        lines = (tmp_path / "log.jsonl").read_text().splitlines()
        assert len(lines) == len(read_log(tmp_path / "log.jsonl")) == 24
        assert sum(v.verdict == UNGRADED for v in verdicts) <= 0.02 * len(verdicts)
        assert run(tmp_path, OpenAIJudge("m", protocol), rows, clips) == verdicts
        assert len(server.seen) == sent


def test_a_refused_key_records_nothing(
    tmp_path: Path, clip_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [make_row(f"t{i}") for i in range(5)]
    with Loopback(lambda *_: "401") as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        with pytest.raises(JudgeStop, match="refuses the key"):
            run(tmp_path, OpenAIJudge("m"), rows, {r["task_id"]: [clip_path] for r in rows})
    assert read_log(tmp_path / "log.jsonl") == []


def test_a_plan_counts_what_the_run_then_asks(tmp_path: Path, clip_path: Path) -> None:
    rows = [make_row(f"t{i}") for i in range(7)]
    clips = {row["task_id"]: [clip_path] for row in rows[:6]}
    judge = OpenAIJudge("m", protocol="paper")
    whole = plan(rows, clips, judge, repeats=2, price_in=2.0, price_out=8.0)
    assert (whole.clips, whole.missing, whole.calls, whole.images) == (6, 1, 36, 36 * 8)
    assert whole.price == pytest.approx((2 * whole.tokens_in + 8 * whole.tokens_out) / 1e6)
    one = plan(rows, clips, judge, limit=1)
    assert one.calls == 3 and whole.bytes == pytest.approx(12 * one.bytes, rel=0.01)
    with CallLog(tmp_path / "log.jsonl") as log:
        run_judge_sync(ROWS, CLIPS, Brightness(), log)
        left = plan(ROWS, CLIPS, Brightness(), log.entries)
    assert (left.calls, left.logged) == (0, 4)
    assert "36 calls to make" in str(whole)
    assert asyncio.iscoroutinefunction(run_judge)
