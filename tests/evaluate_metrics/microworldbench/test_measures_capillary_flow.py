"""Measures of capillary_flow: true clips keep its laws, each broken law and wrong wish is seen."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from dataset_scripts.simulator import simulate_clip
from evaluate_metrics.microworldbench.footage import Footage
from evaluate_metrics.microworldbench.measures_capillary_flow import MEASURES, look
from evaluate_metrics.microworldbench.measures_capillary_flow_scene import Scene
from evaluate_metrics.microworldbench.reading import NotSeen

LAWS = ("stays_inside", "goes_on", "keeps_volume")
PENALTIES = {
    "stays_inside": "leaves_vessel",
    "goes_on": "is_lost",
    "keeps_volume": "breaks_volume",
}
WAYS = {"left_to_right": 1, "right_to_left": -1}


def footage(frames: np.ndarray) -> Footage:
    """Frames (T, H, W, 3) uint8 at a scale that no measure may rely on."""
    return Footage(frames.astype(np.float32) / 255, 1.0, 1.0)


@cache
def frames(
    seed: int, style: str, layout: str, direction: str, count: str, violation: str = ""
) -> np.ndarray:
    """(21, 72, 72, 3) uint8."""
    fixed = {"layout": layout, "direction": direction, "count": count}
    clip = simulate_clip(
        "capillary_flow", size=72, num_frames=21, seed=seed, style=style, parameters=fixed,
        violation=violation,
    )  # fmt: skip
    return clip.frames


@cache
def scene(
    seed: int, style: str, layout: str, direction: str, count: str, violation: str = ""
) -> Scene:
    return look(footage(frames(seed, style, layout, direction, count, violation)))


def holds(name: str, seen: Scene) -> bool:
    return MEASURES[name].holds(MEASURES[name].read(seen))


TRUE = [
    (1, "illustration", "straight", "left_to_right", "many"),
    (2, "fluorescence", "narrowing", "right_to_left", "few"),
    (3, "bright_field", "fork", "left_to_right", "many"),
    (4, "bright_field", "narrowing", "left_to_right", "many"),
    (5, "illustration", "fork", "right_to_left", "few"),
]


@pytest.mark.parametrize("drawn", TRUE)
def test_true_clips_keep_every_law_and_show_what_they_were_drawn_with(
    drawn: tuple[int, str, str, str, str],
) -> None:
    seen = scene(*drawn)
    for law in LAWS:
        assert holds(law, seen), law
        assert not holds(PENALTIES[law], seen), law
    _, _, layout, direction, count = drawn
    for options, meant in (
        (("straight", "narrowing", "fork"), layout),
        (tuple(WAYS), direction),
        (("few", "many"), count),
    ):
        assert [name for name in options if holds(name, seen)] == [meant]


BROKEN = [
    ("through_wall", "stays_inside", (7, "bright_field", "straight", "left_to_right", "many")),
    ("through_wall", "stays_inside", (5, "illustration", "fork", "right_to_left", "few")),
    ("lost_cells", "goes_on", (1, "illustration", "straight", "left_to_right", "many")),
    ("lost_cells", "goes_on", (3, "bright_field", "fork", "left_to_right", "many")),
    ("overtakes", "goes_on", (8, "fluorescence", "straight", "right_to_left", "many")),
    ("faster_in_wide", "keeps_volume", (2, "fluorescence", "narrowing", "right_to_left", "few")),
    ("swells", "keeps_volume", (4, "bright_field", "narrowing", "left_to_right", "many")),
    ("swells", "keeps_volume", (3, "bright_field", "fork", "left_to_right", "many")),
]


@pytest.mark.parametrize(("violation", "law", "drawn"), BROKEN)
def test_each_broken_law_is_noticed(
    violation: str, law: str, drawn: tuple[int, str, str, str, str]
) -> None:
    assert holds(law, scene(*drawn))
    twin = scene(*drawn, violation)
    assert not holds(law, twin)
    assert holds(PENALTIES[law], twin)


def test_turning_a_clip_changes_no_law_and_no_layout() -> None:
    upright = frames(*TRUE[1])
    turned = look(footage(upright.swapaxes(1, 2)))
    for name in ("narrowing", "few", *LAWS):
        assert holds(name, turned), name
    assert not holds("left_to_right", turned)
    assert not holds("right_to_left", turned)
    assert holds("left_to_right", look(footage(upright[:, :, ::-1])))


def test_a_cell_that_turns_back_is_noticed() -> None:
    there = frames(*TRUE[0])
    assert not holds("goes_on", look(footage(np.concatenate([there[:14], there[12:6:-1]]))))


def test_what_is_no_capillary_is_not_seen() -> None:
    true = frames(*TRUE[0])
    random = np.random.default_rng(0)
    cells = simulate_clip("chemotaxis", size=72, num_frames=21, seed=1, style="illustration").frames
    for shown in (
        np.full_like(true, 128),
        np.repeat(true[:1], len(true), axis=0),
        random.integers(0, 256, true.shape, dtype=np.uint8),
        cells,
    ):
        with pytest.raises(NotSeen):
            look(footage(shown))
