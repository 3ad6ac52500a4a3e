"""Measures of chemotaxis on simulated clips, true ones and law-breaking twins."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from dataset_scripts.simulator import simulate_clip
from evaluate_metrics.microworldbench import measures_chemotaxis as measures
from evaluate_metrics.microworldbench.footage import Footage
from evaluate_metrics.microworldbench.measures_chemotaxis_scene import Group
from evaluate_metrics.microworldbench.reading import NotSeen

LAWS = {"drifts": "fans_out", "persistent": "jitters", "front_first": "tail_first"}
"""Law → the measure that must say the opposite."""
BROKEN = {
    "reversed_bias": "drifts",
    "no_bias": "drifts",
    "jitter": "persistent",
    "uropod_first": "front_first",
}
"""Violation → the law that must notice it."""
LOOKS = ("illustration", "fluorescence", "bright_field")
BIASES = ("towards", "away")


@cache
def clip(seed: int, violation: str = "") -> Any:
    """The seed chooses look, bias and side of the source."""
    return simulate_clip(
        "chemotaxis", size=64, num_frames=(17, 33)[seed % 2], seed=seed, style=LOOKS[seed % 3],
        parameters={"bias": BIASES[seed % 2], "source_side": ("left", "right")[seed // 2 % 2]},
        violation=violation,
    )  # fmt: skip


def group(frames: np.ndarray) -> Group:
    return measures.look(Footage(frames.astype(np.float32) / 255, 1.0, 1.0))


@cache
def seen(seed: int, violation: str = "") -> Group:
    return group(clip(seed, violation).frames)


def holds(name: str, scene: Group) -> bool:
    measure = measures.MEASURES[name]
    return measure.holds(measure.read(scene))


@pytest.mark.parametrize("seed", range(12))
def test_true_clips_keep_every_law(seed: int) -> None:
    scene = seen(seed)
    for law, opposite in LAWS.items():
        assert holds(law, scene), law
        assert not holds(opposite, scene), opposite


@pytest.mark.parametrize("violation", BROKEN)
@pytest.mark.parametrize("seed", range(3))
def test_each_violation_is_noticed(violation: str, seed: int) -> None:
    law = BROKEN[violation]
    scene = seen(seed, violation)
    assert not holds(law, scene)
    assert holds(LAWS[law], scene)


@pytest.mark.parametrize("seed", range(4))
def test_tracks_are_those_of_the_cells(seed: int) -> None:
    truth, scene = clip(seed), seen(seed)
    places = np.array([(x, y) for *_, x, y in truth.truth.tracks]) / truth.field_um
    places = places.reshape(truth.parameters["cell_count"], len(truth.frames), 2)
    assert len(scene.xy) == len(places)
    away = np.linalg.norm(places[:, None] - scene.xy[None], axis=3).mean(axis=2).min(axis=1)
    assert away.max() < 0.05  # a third of a cell


@pytest.mark.parametrize("seed", range(4))
def test_instructions_are_told_apart(seed: int) -> None:
    scene, asked = seen(seed), clip(seed).parameters
    for bias in BIASES:
        assert holds(bias, scene) == (asked["bias"] == bias)
    for side in ("left", "right"):
        assert holds(f"source_{side}", scene) == (asked["source_side"] == side)
    assert holds("many", scene)
    assert holds("dark_ground", scene) == (LOOKS[seed % 3] == "fluorescence")


def test_mirrored_and_turned_back_clips() -> None:
    frames = clip(0).frames
    true = seen(0)
    mirrored, backwards = group(frames[:, :, ::-1].copy()), group(frames[::-1].copy())
    assert measures.index(mirrored) == pytest.approx(measures.index(true), abs=0.05)
    assert mirrored.source == pytest.approx(-true.source, abs=0.02)
    # Played backwards, a group drifts too, but tail first, and the other way.
    assert holds("drifts", backwards) and not holds("front_first", backwards)
    assert measures.nearing(backwards) == pytest.approx(-measures.nearing(true), abs=0.05)


def test_what_shows_no_crawling_cells_is_not_seen() -> None:
    frames = clip(1).frames
    noise = np.random.default_rng(0).integers(0, 256, frames.shape, np.uint8)
    for shown in (noise, np.full_like(frames, 90), np.repeat(frames[:1], 17, axis=0)):
        with pytest.raises(NotSeen):
            group(shown)


def test_without_a_source_there_is_no_gradient_to_follow() -> None:
    grey = clip(1).frames.mean(axis=3, keepdims=True).repeat(3, axis=3).astype(np.uint8)
    with pytest.raises(NotSeen, match="source"):
        group(grey)


def test_another_world_is_not_seen() -> None:
    cells = simulate_clip("capillary_flow", size=64, num_frames=17, seed=1, style="fluorescence")
    with pytest.raises(NotSeen):
        group(cells.frames)
