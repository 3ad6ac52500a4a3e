"""The measures of thrombosis on simulated clips: true ones hold every law, twins break theirs."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from dataset_scripts.simulator import simulate_clip
from evaluate_metrics.microworldbench.footage import Footage
from evaluate_metrics.microworldbench.measures_thrombosis import MEASURES, look, throat_exponent
from evaluate_metrics.microworldbench.reading import NotSeen

LAWS = ("one_stream", "clot_attached", "clot_settled")
BROKEN = {"one_stream": "breaks_stream", "clot_attached": "clot_floats"}
CLOSING, OPEN = 2, 1
STYLES = ("illustration", "fluorescence", "bright_field")


@cache
def frames(seed: int, occlusion: str, style: str, violation: str = "") -> np.ndarray:
    clip = simulate_clip(
        "thrombosis", size=96, num_frames=25, seed=seed, style=style, violation=violation,
        parameters={"occlusion": occlusion, "direction": "left_to_right"},
    )  # fmt: skip
    return clip.frames


def footage(pictures: np.ndarray) -> Footage:
    return Footage(pictures.astype(np.float32) / 255, 1.0, 1.0)


def verdicts(pictures: np.ndarray) -> dict[str, bool]:
    scene = look(footage(pictures))
    return {name: measure.holds(measure.read(scene)) for name, measure in MEASURES.items()}


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("seed, occlusion", [(CLOSING, "yes"), (OPEN, "no")])
def test_a_true_clip_holds_every_law_in_every_look(seed: int, occlusion: str, style: str) -> None:
    found = verdicts(frames(seed, occlusion, style))
    assert all(found[law] for law in LAWS)
    assert not any(found[opposite] for opposite in BROKEN.values())


@pytest.mark.parametrize(
    "violation, law",
    [
        ("flows_after_closure", "one_stream"),
        ("one_sided_stop", "one_stream"),
        ("slower_in_throat", "one_stream"),
        ("floats", "clot_attached"),
        ("grows_without_arrivals", "clot_settled"),
    ],
)
def test_a_twin_breaks_the_law_that_it_is_named_for(violation: str, law: str) -> None:
    closes = violation in ("flows_after_closure", "one_sided_stop")
    seed, occlusion = (CLOSING, "yes") if closes else (OPEN, "no")
    found = verdicts(frames(seed, occlusion, STYLES[0], violation))
    assert not found[law]
    if law in BROKEN:
        assert found[BROKEN[law]]


def test_continuity_is_read_as_the_inverse_square_of_the_open_width() -> None:
    scene = look(footage(frames(OPEN, "no", STYLES[0])))
    assert throat_exponent(scene) == pytest.approx(2.0, abs=0.4)


def test_what_was_asked_for_is_told_from_its_opposite() -> None:
    closed = verdicts(frames(CLOSING, "yes", STYLES[0]))
    assert closed["occludes"] and not closed["half_free"]
    partial = verdicts(frames(OPEN, "no", STYLES[0]))
    assert partial["half_free"] and not partial["occludes"]
    assert partial["left_to_right"] and not partial["right_to_left"]
    mirrored = verdicts(frames(OPEN, "no", STYLES[0])[:, :, ::-1])
    assert mirrored["right_to_left"] and not mirrored["left_to_right"]


def test_a_vessel_upside_down_is_read_alike() -> None:
    found = verdicts(frames(CLOSING, "yes", STYLES[0])[:, ::-1])
    assert all(found[law] for law in LAWS)


def test_noise_a_blank_clip_a_still_and_another_world_show_no_thrombosis() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (17, 64, 64, 3), np.uint8)
    other = simulate_clip("vesicle_diffusion", size=64, num_frames=17, seed=1).frames
    still = np.repeat(frames(OPEN, "no", STYLES[0])[-1:], 17, axis=0)
    for pictures in (noise, np.full_like(noise, 128), other, still):
        with pytest.raises(NotSeen):
            look(footage(pictures))
