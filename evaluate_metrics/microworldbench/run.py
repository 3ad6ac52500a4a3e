"""The run: every task's clips before a judge, through a log, with bounded memory and time.

Clips are decoded and encoded by a few worker threads a little ahead of the calls, so that neither
the server nor the decoder waits for the other. A call whose key is in the log is not made.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from .calls import Answer, Call, Judge, JudgeStop, Row, call_key, clip_failure
from .clips import Clip
from .decode import ClipError
from .log import CallLog, verdicts_of
from .slots import Slots
from .verdicts import BY_DESIGN, CLIP_FAILURE, JUDGE_FAILURE, UNGRADED, UNMET, MetricError, Verdict

WORKERS = 2
"""Threads that decode; each holds one clip's decoder and one frame at full size."""

OUTAGE = 8
"""So many calls in a row without any answer end the run."""

Clips = Mapping[str, Sequence[Any]]


@dataclass
class Progress:
    """How far a run is. `listed` of its `clips` have told how many `calls` they need; `done`
    counts finished calls and includes the `logged` ones; `ungraded` counts criteria."""

    clips: int
    listed: int = 0
    calls: int = 0
    done: int = 0
    logged: int = 0
    ungraded: int = 0
    broken: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    seconds: float = 0.0
    message: str = ""

    @property
    def rate(self) -> float:
        """Calls answered per second."""
        return (self.done - self.logged) / self.seconds if self.seconds else 0.0

    @property
    def total(self) -> int:
        """Calls of the whole run, as far as the clips read so far tell."""
        return round(self.calls * self.clips / self.listed) if self.listed else 0

    @property
    def seconds_left(self) -> float | None:
        """At the present rate; None before the first answer."""
        return (self.total - self.done) / self.rate if self.rate else None


@dataclass(frozen=True)
class Todo:
    """A call with its key and what else its line in the log says."""

    call: Call
    key: str
    clip: str
    sha: str


def tasks_with_clips(
    rows: Sequence[Row], clips: Clips, limit: int | None = None
) -> list[tuple[Row, list[Clip]]]:
    """The first `limit` rows, each with its clips as `Clip`s; [] where there is none."""
    if limit is not None and limit < 1:
        raise MetricError(f"limit: expected at least 1, got {limit}")
    pairs = []
    for row in rows[:limit]:
        values = clips.get(row["task_id"], ())
        named = [v if isinstance(v, Clip) else Clip(v, _name(v, i)) for i, v in enumerate(values)]
        pairs.append((row, named))
    return pairs


def _name(value: Any, place: int) -> str | None:
    """A path names itself; frames in memory go by their place."""
    return str(value) if hasattr(value, "__fspath__") or isinstance(value, str) else f"#{place}"


def list_calls(row: Row, clip: Clip, judge: Judge, repeats: int) -> list[Todo]:
    """Every call about a clip, logged or not. Blocks: it reads the file to hash it."""
    try:
        sha = clip.sha256()
    except ClipError as error:  # frames in memory that are no frames have no bytes either
        sha = f"unreadable: {error}"
    once = judge.calls(row, clip)
    calls = [replace(call, repeat=r) for r in range(repeats) for call in once]
    return [Todo(call, call_key(call, sha, judge), clip.name, sha) for call in calls]


async def run_judge(
    rows: Sequence[Row],
    clips: Clips,
    judge: Judge,
    log: CallLog,
    repeats: int = 1,
    limit: int | None = None,
    progress: Callable[[Progress], None] | None = None,
    max_concurrency: int = 16,
    ask_failed_again: bool = False,
) -> list[Verdict]:
    """Verdicts on every criterion of the first `limit` rows, for each clip and repeat.

    `clips` maps task ids to clips in any form `Clip` takes. Ordered by row, clip, repeat and
    criterion. A criterion that the judge declines is ungraded by design; a task without a clip
    fails as a broken one does, but leaves nothing in the log, because a clip may still come.
    `ask_failed_again` asks logged calls once more in which the judge failed. `progress` is called
    in the loop's thread after each call. Raises JudgeStop if the judge cannot go on and
    MetricError if a file cannot be read or the log not written.
    """
    if repeats < 1 or max_concurrency < 1:
        raise MetricError("repeats and max_concurrency: expected at least 1")
    run = _Run(judge, log, repeats, progress, max_concurrency, ask_failed_again)
    return await run.all(tasks_with_clips(rows, clips, limit))


async def run_each(
    pairs: Sequence[tuple[Row, Clip]],
    judge: Judge,
    log: CallLog,
    progress: Callable[[Progress], None] | None = None,
    max_concurrency: int = 16,
) -> list[Verdict]:
    """As `run_judge`, for clips that each bring a row of their own: the same task may come often,
    at another scale each time."""
    run = _Run(judge, log, 1, progress, max_concurrency, False)
    return await run.all([(row, [clip]) for row, clip in pairs])


def run_judge_sync(*args: Any, **kwargs: Any) -> list[Verdict]:
    """`run_judge` for callers outside of asyncio; inside a running loop (a notebook) it works in
    a thread of its own."""
    return _wait_for(lambda: run_judge(*args, **kwargs))


def run_each_sync(*args: Any, **kwargs: Any) -> list[Verdict]:
    """`run_each`, called as `run_judge_sync` is."""
    return _wait_for(lambda: run_each(*args, **kwargs))


def _wait_for(start: Callable[[], Coroutine[Any, Any, list[Verdict]]]) -> list[Verdict]:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(start())
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(start())).result()


class _Run:
    def __init__(
        self,
        judge: Judge,
        log: CallLog,
        repeats: int,
        progress: Callable[[Progress], None] | None,
        max_concurrency: int,
        ask_failed_again: bool,
    ) -> None:
        self.judge, self.log, self.repeats = judge, log, repeats
        self.slots = Slots(max_concurrency)
        self.again = ask_failed_again
        self.state, self.tell = Progress(0), progress
        self.started = time.monotonic()
        self.workers = ThreadPoolExecutor(WORKERS, "clips")
        self.writer = ThreadPoolExecutor(1, "log")
        # Clips that are prepared or being judged: enough to fill the slots while the workers
        # prepare the next ones, and the bound of the memory that prepared frames take.
        self.ahead = asyncio.Semaphore(max_concurrency + 2 * WORKERS)
        self.finished: dict[str, dict[str, Any]] = {}
        self.under_way: set[str] = set()
        self.held: list[dict[str, Any]] = []

    async def all(self, tasks: list[tuple[Row, list[Clip]]]) -> list[Verdict]:
        """Runs to the end; what it keeps of a clip are its keys, not its frames."""
        self.state.clips = sum(len(clips) for _, clips in tasks)
        reading: list[list[asyncio.Task[list[str]]]] = []
        try:
            await self.judge.open(self.slots.cut)
            async with asyncio.TaskGroup() as group:
                for row, clips in tasks:
                    reading.append([])
                    for clip in clips:
                        await self.ahead.acquire()
                        reading[-1].append(group.create_task(self._clip(row, clip)))
            await self._write(self.held)
        except BaseExceptionGroup as errors:
            raise _first(errors) from None
        finally:
            self.workers.shutdown(wait=False, cancel_futures=True)
            self.writer.shutdown(wait=True)
            await self.judge.close()
        verdicts: list[Verdict] = []
        for (row, clips), read in zip(tasks, reading, strict=True):
            if not clips:
                verdicts += self._collect(row, "", {}, "no clip")
            for clip, task in zip(clips, read, strict=True):
                answered = {
                    (v.repeat, v.criterion_id): v
                    for key in task.result()
                    for v in verdicts_of(self.finished[key], clip.name)
                }
                verdicts += self._collect(row, clip.name, answered, "")
        return verdicts

    async def _clip(self, row: Row, clip: Clip) -> list[str]:
        """Makes the calls of one clip that are not in the log; the keys of all of them."""
        loop = asyncio.get_running_loop()
        try:
            every = await loop.run_in_executor(
                self.workers, list_calls, row, clip, self.judge, self.repeats
            )
            self.state.listed += 1
            self.state.calls += len(every)
            todo = [t for t in every if not self._is_answered(t.key)]
            evidence = {id(t.call.evidence): t.call.evidence for t in todo}
            try:
                for needed in evidence.values():
                    await loop.run_in_executor(self.workers, needed.load)
            except ClipError as error:
                self.state.broken += 1
                self.state.message = f"{clip.name}: {error}"
                for t in todo:
                    await self._finish(t, Answer(clip_failure(t.call, str(error))), 0.0)
            else:
                async with asyncio.TaskGroup() as group:
                    for t in todo:
                        group.create_task(self._ask(t))
            return [t.key for t in every]
        finally:
            self.ahead.release()

    def _is_answered(self, key: str) -> bool:
        """Whether a call needs no asking; if it does, it is this clip's to ask from now on."""
        if key in self.under_way:  # the same bytes twice: one answer serves both
            self._step(logged=True)
            return True
        entry = self.log.entries.get(key)
        if entry is not None:
            failed = any(v["kind"] == JUDGE_FAILURE for v in entry["verdicts"])
            if not (self.again and failed):
                self.finished[key] = entry
                self._step(logged=True)
                return True
        self.under_way.add(key)
        return False

    async def _ask(self, todo: Todo) -> None:
        async with self.slots:
            start = time.monotonic()
            answer = await self.judge.answer(todo.call)
            seconds = time.monotonic() - start
        await self._finish(todo, answer, seconds)

    async def _finish(self, todo: Todo, answer: Answer, seconds: float) -> None:
        entry = {
            "key": todo.key,
            "task_id": todo.call.task_id,
            "clip": todo.clip,
            "clip_sha": todo.sha,
            "judge": self.judge.id,
            "settings": self.judge.settings,
            "repeat": todo.call.repeat,
            "verdicts": [vars(opinion) for opinion in answer.opinions],
            "usage": answer.usage,
            "details": answer.details,
            "seconds": round(seconds, 3),
            "time": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        if answer.outage:
            # Failures in a row may be the server's end: they count only once another call shows
            # that it lives, or the run is over. Otherwise the next run asks them again.
            self.held.append(entry)
            if len(self.held) >= OUTAGE:
                reason = answer.opinions[0].reason
                raise JudgeStop(f"{self.judge.id}: {OUTAGE} calls in a row failed: {reason}")
        else:
            held, self.held = self.held, []
            await self._write([*held, entry])
        self.finished[todo.key] = entry
        self.state.ungraded += sum(o.verdict == UNGRADED for o in answer.opinions)
        self.state.tokens_in += answer.usage.get("prompt_tokens", 0)
        self.state.tokens_out += answer.usage.get("completion_tokens", 0)
        self._step()

    async def _write(self, entries: list[dict[str, Any]]) -> None:
        """On disk when it returns; in a thread, because a disk may take its time to sync."""
        loop = asyncio.get_running_loop()
        for entry in entries:
            await loop.run_in_executor(self.writer, self.log.append, entry)

    def _step(self, logged: bool = False) -> None:
        self.state.done += 1
        self.state.logged += logged
        self.state.seconds = time.monotonic() - self.started
        if self.tell:
            self.tell(self.state)
        self.state.message = ""

    def _collect(
        self, row: Row, clip: str, answered: Mapping[tuple[int, str], Verdict], missing: str
    ) -> list[Verdict]:
        """A verdict per repeat and criterion, with those that no call was made for."""
        verdicts = []
        for repeat in range(self.repeats):
            for criterion in row["criteria"]:
                name = criterion["criterion_id"]
                verdict = answered.get((repeat, name))
                if verdict is None:
                    declined = self.judge.declines(criterion)
                    state, kind = (UNGRADED, BY_DESIGN) if declined else (UNMET, CLIP_FAILURE)
                    if not declined and not missing:
                        raise RuntimeError(f"{self.judge.id} left {name} unanswered")
                    reason = declined or missing
                    verdict = Verdict(
                        row["task_id"], clip, name, self.judge.id, repeat, state, kind, reason
                    )
                verdicts.append(verdict)
        return verdicts


def _first(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    """The error that ended the run: the judge's or the user's own before any other."""
    leaves: list[BaseException] = []
    stack: list[BaseException] = [errors]
    while stack:
        error = stack.pop()
        if isinstance(error, BaseExceptionGroup):
            stack.extend(error.exceptions)
        else:
            leaves.append(error)
    return min(leaves, key=lambda e: (not isinstance(e, JudgeStop), not isinstance(e, MetricError)))
