"""Which true/twin pairs a set of probes holds: a pure function of the request and the pair's index.

Phenomena take turns, within each its violations, and within each violation tasks and looks, so that
none is met with one look only. Size, length and the numbers that a task leaves open are drawn from
the pair's own stream. A draw in which the law cannot be broken is replaced by the next one.
"""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from dataset_scripts.simulator import STYLES, phenomena, simulate_state, twins
from dataset_scripts.simulator.core import Choice, NoTwin, Range, SimulatorError

from .build import BuildError

PAIRS_PER_PART = 4
"""Pairs that a worker makes between two writes: what a kill can cost."""
SURVEY = 24
"""Draws after which a law that none of them can break counts as unbreakable for a task."""
TRIES = 400
"""Draws for one pair. Where one in `SURVEY` will do, so many fail once in ten million pairs."""


@dataclass(frozen=True)
class Wanted:
    """A parameter that a task fixes: to `label` if it is not empty, else to [low, high]."""

    name: str
    label: str
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Task:
    """What a benchmark task wants of a simulated clip; `task_id` is "" where there is no task."""

    task_id: str
    phenomenon: str
    wanted: tuple[Wanted, ...] = ()

    @property
    def style(self) -> str:
        """The look that the task asks for, or ""."""
        return next((w.label for w in self.wanted if w.name == "style"), "")

    def draw(self, rng: np.random.Generator) -> dict[str, Any]:
        """Values for the parameters that the task fixes."""
        values: dict[str, Any] = {}
        for w in self.wanted:
            if w.name != "style":
                spec = _specs(self.phenomenon)[w.name]
                values[w.name] = w.label or _between(spec, w, rng)
        return values

    def check(self) -> None:
        """Raise `BuildError` unless the simulator has such parameters and values."""
        specs: Mapping[str, Any] = {
            **_specs(self.phenomenon),
            "style": Choice("style", STYLES, ""),
        }
        for w in self.wanted:
            try:
                if w.name not in specs:
                    raise SimulatorError(f"unknown parameter {w.name!r}")
                for value in [w.label] if w.label else [w.low, w.high]:
                    specs[w.name].check(value)
            except SimulatorError as error:
                raise BuildError(f"task {self.task_id}: {error}") from None


def _specs(phenomenon: str) -> dict[str, Range | Choice]:
    return {spec.name: spec for spec in phenomena.load(phenomenon).PARAMETERS}


def _between(spec: Any, wanted: Wanted, rng: np.random.Generator) -> float | int:
    value = replace(spec, low=wanted.low, high=wanted.high).draw(rng)
    # exp(log(x)) of a logarithmic range may lie a rounding error outside of it.
    return min(max(value, wanted.low), wanted.high)


@dataclass(frozen=True)
class Draw:
    """One try at a pair: everything that both of its clips share."""

    seed: int
    size: int
    frames: int
    parameters: dict[str, Any]


@dataclass(frozen=True)
class Pair:
    """A true clip and its twin, to be made."""

    pair_id: str
    task: Task
    violation: str
    law: str
    style: str
    index: int

    @property
    def clip_ids(self) -> tuple[str, str]:
        """Of the true clip and of the twin."""
        return f"{self.pair_id}-true", f"{self.pair_id}-twin"


@dataclass(frozen=True)
class PlannedClip:
    """One half of a pair."""

    clip_id: str


@dataclass(frozen=True)
class ProbePart:
    """Pairs that are written together, in this order."""

    number: int
    pairs: tuple[Pair, ...]

    @property
    def name(self) -> str:
        return f"test-{self.number:05d}.arrow"

    @property
    def clips(self) -> tuple[PlannedClip, ...]:
        """Each true clip, followed by its twin."""
        return tuple(PlannedClip(name) for pair in self.pairs for name in pair.clip_ids)


@dataclass(frozen=True)
class ProbeRequest:
    """The arguments that decide the content of a set of probes."""

    pairs: int
    sizes: tuple[int, ...]
    frames: tuple[int, ...]
    seed: int
    phenomena: tuple[str, ...]
    tasks: tuple[Task, ...] = ()

    def told(self) -> dict[str, Any]:
        """The arguments as plain values by the names of their options."""
        tasks = hashlib.sha256(repr(self.tasks).encode()).hexdigest()[:12]
        return {
            "pairs": self.pairs,
            "size": list(self.sizes),
            "frames": list(self.frames),
            "seed": self.seed,
            "phenomena": list(self.phenomena),
            "tasks": f"{len(self.tasks)} ({tasks})" if self.tasks else "none",
        }

    def draws(self, pair: Pair) -> Iterator[Draw]:
        """What to try for this pair, in this order."""
        for attempt in range(TRIES):
            # A key of its own kind: with plain entropy, zeros at the end would not count, and
            # pairs would share their seeds with the clips of `simulate`.
            source = np.random.SeedSequence(self.seed, spawn_key=(pair.index, attempt))
            rng = np.random.default_rng(source)
            yield Draw(
                seed=int(rng.integers(2**63)),
                size=int(rng.choice(self.sizes)),
                frames=int(rng.choice(self.frames)),
                parameters=pair.task.draw(rng),
            )

    @cached_property
    def breakable(self) -> dict[str, dict[str, list[Task]]]:
        """Phenomenon → violation → the tasks in which that law can be broken, in order."""
        tasks = self.tasks or tuple(Task("", name) for name in self.phenomena)
        found: dict[str, dict[str, list[Task]]] = {}
        for name in self.phenomena:
            mine = [(task, self._survey(task)) for task in tasks if task.phenomenon == name]
            found[name] = {
                violation: [task for task, seen in mine if violation in seen]
                for violation in _laws(name)
            }
        return found

    def _survey(self, task: Task) -> set[str]:
        """The violations that some of the first draws of `task` allow."""
        left = set(_laws(task.phenomenon))
        for seed in range(SURVEY):
            rng = np.random.default_rng(seed)
            values, clock, state = simulate_state(
                task.phenomenon,
                num_frames=self.frames[seed % len(self.frames)],
                seed=seed,
                parameters=task.draw(rng),
            )
            for name in sorted(left):
                try:
                    twins.load(task.phenomenon, name).violate(name, values, state, clock, rng)
                except NoTwin:
                    continue
                left.discard(name)
            if not left:
                break
        return set(_laws(task.phenomenon)) - left

    def left_out(self) -> list[str]:
        """What the probes do not hold because no draw allows it, a line each."""
        lines = []
        for phenomenon, laws in self.breakable.items():
            mine = [task.task_id for task in self.tasks if task.phenomenon == phenomenon]
            for violation, tasks in laws.items():
                having = {task.task_id for task in tasks}
                if not tasks:
                    lines.append(f"left out: {phenomenon}, {violation}: no draw allows it")
                elif set(mine) - having:
                    without = ", ".join(name for name in mine if name not in having)
                    lines.append(f"left out: {violation} in {without}: no draw allows it")
        return lines

    def parts(self) -> Iterator[ProbePart]:
        """All pairs in groups. Raises `BuildError` where there is no law to be broken."""
        for number, start in enumerate(range(0, self.pairs, PAIRS_PER_PART)):
            indices = range(start, min(start + PAIRS_PER_PART, self.pairs))
            yield ProbePart(number, tuple(self._pair(i) for i in indices))

    def _pair(self, index: int) -> Pair:
        turn, place = divmod(index, len(self.phenomena))
        phenomenon = self.phenomena[place]
        laws = {name: tasks for name, tasks in self.breakable[phenomenon].items() if tasks}
        if not laws:
            raise BuildError(f"{phenomenon}: no law can be broken in {self.frames} frames")
        round_, kind = divmod(turn, len(laws))
        violation = list(laws)[kind]
        tasks = laws[violation]
        task = tasks[(round_ + kind) % len(tasks)]
        # In as many rounds as there are tasks times looks, each task meets each look.
        look = STYLES[(round_ // len(tasks) + round_ % len(tasks) + 2 * kind) % len(STYLES)]
        return Pair(
            pair_id=f"{phenomenon}-{self.seed}-{index:05d}",
            task=task,
            violation=violation,
            law=_laws(phenomenon)[violation],
            style=task.style or look,
            index=index,
        )


def _laws(phenomenon: str) -> dict[str, str]:
    """Violation → the law that it breaks, as a sentence."""
    module: Any = importlib.import_module(f"{twins.__name__}.{phenomenon}")
    return {v.name: v.law for v in module.VIOLATIONS}
