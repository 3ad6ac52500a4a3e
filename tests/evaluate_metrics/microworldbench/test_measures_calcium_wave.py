"""The measures of the calcium wave, on simulated clips that obey its laws or break one."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from dataset_scripts.simulator import simulate_clip
from evaluate_metrics.microworldbench.footage import Footage
from evaluate_metrics.microworldbench.measures_calcium_wave import MEASURES, Wave, look
from evaluate_metrics.microworldbench.reading import NotSeen

LAWS = ("constant_speed", "stays_dim", "unbroken")
OPPOSITES = {"constant_speed": "changes_speed", "unbroken": "jumps_gap"}
CLIPS = {
    "left_to_right": ("illustration", 64, 17, 71),
    "right_to_left": ("bright_field", 80, 25, 72),
    "outward": ("fluorescence", 64, 33, 73),
}
"""Direction → look, size, frames and seed."""
BROKEN = {
    "spreads_as_root": "constant_speed",
    "speeds_up": "constant_speed",
    "runs_back": "stays_dim",
    "refires": "stays_dim",
    "jumps_gap": "unbroken",
}
"""Violation → the law that must notice it."""


@cache
def frames(direction: str, violation: str = "") -> np.ndarray:
    style, size, count, seed = CLIPS[direction]
    clip = simulate_clip(
        "calcium_wave",
        size=size,
        num_frames=count,
        seed=seed,
        style=style,
        parameters={"direction": direction},
        violation=violation,
    )
    return clip.frames


def seen(pictures: np.ndarray) -> Wave:
    # A scale that is wrong: nothing may depend on it.
    return look(Footage(pictures.astype(np.float32) / 255, s_per_frame=9.0, um_per_px=0.01))


def held(wave: Wave) -> set[str]:
    return {name for name, m in MEASURES.items() if m.holds(m.read(wave))}


@pytest.mark.parametrize("direction", CLIPS)
def test_a_true_wave_keeps_its_laws_and_goes_its_way(direction: str) -> None:
    found = held(seen(frames(direction)))
    expected = {*LAWS, direction}
    if CLIPS[direction][0] == "fluorescence":
        expected.add("dark_at_rest")
    assert found == expected


@pytest.mark.parametrize(
    ("violation", "direction"),
    [
        *((v, "left_to_right") for v in BROKEN),
        ("refires", "right_to_left"),
        ("runs_back", "right_to_left"),
        ("spreads_as_root", "outward"),
        ("speeds_up", "outward"),
        ("jumps_gap", "outward"),
    ],
)
def test_a_broken_law_is_noticed(violation: str, direction: str) -> None:
    law = BROKEN[violation]
    found = held(seen(frames(direction, violation)))
    assert law not in found
    assert OPPOSITES.get(law, "fires_again") in found


def test_slower_and_faster_bend_to_different_sides() -> None:
    bow = MEASURES["constant_speed"].read
    assert bow(seen(frames("left_to_right", "spreads_as_root"))) < -0.05
    assert bow(seen(frames("left_to_right", "speeds_up"))) > 0.05


def test_a_glow_that_never_fades_is_no_refractory_wake() -> None:
    """Every place keeps the brightest colour it has had, and no second glow betrays it."""
    lasting = np.maximum.accumulate(frames("outward"), axis=0)
    assert "stays_dim" not in held(seen(lasting))


def test_mirrored_and_turned_back_the_wave_comes_from_the_other_end() -> None:
    rightwards = frames("left_to_right")
    mirrored = held(seen(rightwards[:, :, ::-1]))
    assert "right_to_left" in mirrored and "left_to_right" not in mirrored
    assert set(LAWS) <= mirrored


def test_the_readings_do_not_change_with_the_number_of_frames() -> None:
    wave, thinned = seen(frames("outward")), seen(frames("outward")[::2])
    for law in LAWS:
        read = MEASURES[law].read
        assert read(wave) == pytest.approx(read(thinned), abs=0.1)
    assert set(LAWS) <= held(thinned)


def noise() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (17, 64, 64, 3)).astype(np.uint8)


def camera_noise() -> np.ndarray:
    grain = np.random.default_rng(2).normal(0, 4, (17, 64, 64, 3))
    return np.clip(frames("outward")[0] + grain, 0, 255).astype(np.uint8)


def lamp() -> np.ndarray:
    """The whole picture brightens, all at once and more and more."""
    return np.broadcast_to(np.arange(17)[:, None, None, None] * 10, (17, 64, 64, 3))


def other_world() -> np.ndarray:
    return simulate_clip("capillary_flow", size=64, num_frames=17, seed=5).frames


@pytest.mark.parametrize(
    "pictures",
    [
        noise,
        camera_noise,
        lamp,
        other_world,
        lambda: np.full((17, 64, 64, 3), 128),
        lambda: np.repeat(frames("left_to_right")[8:9], 17, axis=0),
    ],
    ids=["noise", "camera noise", "lamp", "other world", "blank", "frozen"],
)
def test_what_is_no_wave_is_not_seen(pictures) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(NotSeen):
        seen(pictures())
