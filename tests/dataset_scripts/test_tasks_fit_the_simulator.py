"""The benchmark's tasks, the simulator and the measures agree on each other's names.

The rooms do not import one another; this is where they meet.
"""

from __future__ import annotations

from collections import Counter

import pytest

from dataset_scripts.microsim_10k.probes_plan import ProbeRequest, Task, Wanted
from dataset_scripts.microworldbench.build import open_edition
from dataset_scripts.simulator import twins
from evaluate_metrics.microworldbench.measures import VISUAL, WORLDS, find_measure

ROWS = open_edition()


def as_task(row: dict) -> Task:
    wanted = (Wanted(w["name"], w["label"], w["low"], w["high"]) for w in row["parameters"])
    return Task(row["task_id"], row["phenomenon"], tuple(wanted))


SIMULATED = [as_task(row) for row in ROWS if row["phenomenon"] in twins.NAMES]


def test_only_simulated_tasks_name_parameters_and_each_of_them_does() -> None:
    named = Counter(row["phenomenon"] for row in ROWS if row["parameters"])
    assert named == dict.fromkeys(twins.NAMES, 3)


@pytest.mark.parametrize("task", SIMULATED, ids=lambda task: task.task_id)
def test_the_simulator_has_what_the_task_asks_for(task: Task) -> None:
    task.check()


@pytest.mark.parametrize("world", twins.NAMES)
def test_every_law_of_a_world_can_be_broken_in_one_of_its_tasks(world: str) -> None:
    tasks = tuple(task for task in SIMULATED if task.phenomenon == world)
    request = ProbeRequest(1, (64,), (33,), 0, (world,), tasks)
    assert [law for law, having in request.breakable[world].items() if not having] == []


def test_every_measure_that_a_criterion_names_exists() -> None:
    named = {c["measure"] for row in ROWS for c in row["criteria"] if c["measure"]}
    assert sorted(name for name in named if find_measure(name) is None) == []


def test_every_measure_is_named_by_a_criterion() -> None:
    named = {c["measure"] for row in ROWS for c in row["criteria"]}
    known = {f"{world}.{name}" for world, module in WORLDS.items() for name in module.MEASURES}
    assert sorted(known - named) == []
    assert sorted(set(VISUAL) - named) == []
    assert set(WORLDS) <= set(twins.NAMES)
