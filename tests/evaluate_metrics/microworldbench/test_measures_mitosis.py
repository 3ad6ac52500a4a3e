"""Measures of mitosis on simulated clips, true ones and law-breaking twins."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from dataset_scripts.simulator import simulate_clip
from evaluate_metrics.microworldbench import measures_mitosis as measures
from evaluate_metrics.microworldbench.footage import Footage
from evaluate_metrics.microworldbench.measures_mitosis_scene import Division, find_division
from evaluate_metrics.microworldbench.reading import NotSeen

LAWS = {
    "plate_first": "anaphase_early",
    "furrow_last": "furrow_early",
    "chromatin_halved": "chromatin_astray",
}
BROKEN = {
    "anaphase_early": "plate_first",
    "one_by_one": "plate_first",
    "furrow_early": "furrow_last",
    "unequal_split": "chromatin_halved",
    "lost_chromatin": "chromatin_halved",
}
AXES = ("horizontal", "vertical", "diagonal")
LIGHT = {"illustration": "painted", "fluorescence": "emitted", "bright_field": "absorbed"}
STYLES = tuple(LIGHT)


@cache
def clip(seed: int, violation: str = "", style: str = "", size: int = 64) -> Any:
    """The seed chooses axis and, unless given, style."""
    return simulate_clip(
        "mitosis", size=size, num_frames=25, seed=seed, style=style or STYLES[seed % 3],
        parameters={"axis": AXES[seed % 3]}, violation=violation,
    )  # fmt: skip


def shown(frames: np.ndarray) -> Footage:
    # Neither scale is right: nothing may depend on them.
    return Footage(frames.astype(np.float32) / 255, 123.0, 45.0)


def story(frames: np.ndarray) -> measures.Story:
    return measures.look(shown(frames))


def holds(told: measures.Story, name: str) -> bool:
    measure = measures.MEASURES[name]
    return measure.holds(measure.read(told))


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("seed", [5001, 5002, 5003])
def test_true_clips_hold_every_law(seed: int, style: str) -> None:
    told = story(clip(seed, style=style).frames)
    for law, breach in LAWS.items():
        assert holds(told, law), law
        assert not holds(told, breach), breach
    assert [axis for axis in AXES if holds(told, axis)] == [AXES[seed % 3]]
    assert holds(told, "two_cells")


@pytest.mark.parametrize("violation", BROKEN)
@pytest.mark.parametrize("seed", [5001, 5002, 5003])
def test_every_violation_is_noticed(seed: int, violation: str) -> None:
    told = story(clip(seed, violation).frames)
    law = BROKEN[violation]
    assert not holds(told, law)
    assert holds(told, LAWS[law])


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("size", [64, 96])
def test_cell_and_chromatin_are_where_the_simulator_put_them(style: str, size: int) -> None:
    made = clip(5002, style=style, size=size)
    found = find_division(shown(made.frames))
    assert found.radius == pytest.approx(
        made.parameters["cell_diameter"] / 2 / made.um_per_px, rel=0.09
    )
    apart = measures.look(shown(made.frames)).apart * found.radius * made.um_per_px
    unit, sisters = made.truth.series["sister_distance"]
    assert unit == "um"
    parted = np.flatnonzero(sisters > 8)
    # Arms trail behind the kinetochores, nuclei unravel around them.
    assert np.abs(apart[parted] / sisters[parted] - 1).max() < 0.2
    assert found.light == LIGHT[style]


def test_a_cell_that_stops_in_its_plate_breaks_no_law_but_does_not_divide() -> None:
    made = clip(5003)
    until = next(e.frame for e in made.truth.events if e.name == "anaphase")
    frames = made.frames.copy()
    frames[until:] = frames[until - 1]
    told = story(frames)
    assert holds(told, "plate_first")
    assert holds(told, "furrow_last")
    assert not holds(told, "two_cells")
    with pytest.raises(NotSeen):
        holds(told, "horizontal")


@pytest.mark.parametrize("kind", ["noise", "blank", "frozen", "noisy frozen", "black"])
def test_without_a_moving_cell_nothing_is_seen(kind: str) -> None:
    rng = np.random.default_rng(0)
    frames = np.repeat(clip(5003).frames[:1], 25, axis=0).astype(float)
    if kind == "noise":
        frames = rng.uniform(0, 255, frames.shape)
    elif kind == "blank":
        frames[:] = 128
    elif kind == "noisy frozen":
        frames = (frames + rng.normal(0, 4, frames.shape)).clip(0, 255)
    elif kind == "black":
        frames = np.abs(rng.normal(0, 2, frames.shape))
    with pytest.raises(NotSeen):
        story(frames)


@pytest.mark.parametrize("world", ["capillary_flow", "chemotaxis", "vesicle_diffusion"])
def test_another_world_is_not_taken_for_mitosis(world: str) -> None:
    frames = simulate_clip(world, size=64, num_frames=17, seed=5000).frames
    with pytest.raises(NotSeen):
        story(frames)


def made_up(**changed: Any) -> measures.Story:
    """A division in 41 frames: scatter, plate, joint parting at frame 24, furrow at 28."""
    t = np.arange(41)
    parted = np.clip(t - 24, 0, 10) / 10
    series: dict[str, Any] = {
        "belt": np.where(t < 10, 0.2, np.where(t < 24, 0.4, 0.0)),
        "apart": np.where(t < 10, 0.45, 0.25) + 1.4 * parted,
        "width": np.where(t < 10, 0.28, 0.13) + 0.7 * parted,
        "left": np.full(41, 0.5),
        "waist": 1 - 0.9 * np.clip(t - 28, 0, 10) / 10,
        "amount": np.ones(41),
        "axis": np.array([1.0, 0.0]),
    }
    return measures.Story(**{**series, **changed})


def test_readings_of_made_up_stories() -> None:
    t = np.arange(41)
    told = made_up()
    assert measures.plate_lasts(told) == pytest.approx(14 / 40)
    assert measures.parting_lasts(told) == pytest.approx(0.6)
    assert measures.furrow(told) > 0.8
    assert measures.inequality(told) == pytest.approx(0.0)
    assert measures.kept(told) == pytest.approx(1.0)
    assert measures.slant(told) == pytest.approx(0.0)
    assert measures.end_waist(told) == pytest.approx(0.1)

    slow = made_up(belt=np.clip(0.4 - 0.05 * (t - 16), 0, 0.4))
    assert measures.parting_lasts(slow) == pytest.approx(4.8)
    assert measures.order(slow) < 1
    assert measures.order(made_up(width=np.full(41, 0.25))) == 0
    assert measures.furrow(made_up(waist=1 - 0.3 * (t > 14))) == pytest.approx(0.25)
    assert measures.inequality(made_up(left=np.where(t > 24, 0.6, 0.5))) == pytest.approx(0.1)
    assert measures.shares(made_up(left=np.where(t > 24, 0.6, 0.5))) < 1
    assert measures.shares(made_up(amount=1 - 0.25 * (t > 20))) < 1


def test_division_is_told_in_its_own_frame() -> None:
    found: Division = find_division(shown(clip(5002).frames))
    late = found.chromatin[-1] > 0.5
    assert abs(found.axis[1]) > 0.9, "this cell divides vertically"
    assert {*np.sign(found.x[-1][late])} == {-1.0, 1.0}
    assert np.abs(found.y[-1][late]).max() < 0.8
