"""The gate before all measures: blank, noise, stills and clips of another world fail."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from dataset_scripts.simulator import STYLES, simulate_clip
from evaluate_metrics.microworldbench import presence_weights
from evaluate_metrics.microworldbench.degrade import harm
from evaluate_metrics.microworldbench.footage import Footage, thumbnails
from evaluate_metrics.microworldbench.measures import WORLDS
from evaluate_metrics.microworldbench.presence import absent
from evaluate_metrics.microworldbench.presence_features import describe

RNG = np.random.default_rng(0)
MEASURED = sorted(WORLDS)


@cache
def clip(phenomenon: str, style: str) -> np.ndarray:
    """(17, 64, 64, 3) uint8."""
    seed = 61 + STYLES.index(style)
    return simulate_clip(phenomenon, size=64, num_frames=17, seed=seed, style=style).frames


def shown(frames: np.ndarray) -> Footage:
    return Footage(frames.astype(np.float32) / 255, 1.0, 1.0)


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("phenomenon", MEASURED)
def test_a_clip_is_present_in_its_own_world_only(phenomenon: str, style: str) -> None:
    seen = shown(clip(phenomenon, style))
    assert absent(seen, phenomenon) == ""
    for other in MEASURED:
        if other != phenomenon:
            reason = absent(seen, other)
            assert reason == f"this looks like {phenomenon}, not like {other}".replace("_", " ")


@pytest.mark.parametrize("kind", ["resize", "recompress"])
def test_compression_and_scaling_do_not_hide_the_world(kind: str) -> None:
    for place, phenomenon in enumerate(MEASURED):
        frames = harm(kind).apply(clip(phenomenon, STYLES[place % 3]))
        assert absent(shown(frames), phenomenon) == ""
        assert "looks like" in absent(shown(frames), MEASURED[place - 1])


def test_a_world_that_the_recogniser_does_not_know_is_taken_on_trust() -> None:
    assert absent(shown(clip("mitosis", "illustration")), "phagocytosis") == ""


def test_an_unfamiliar_clip_gets_the_benefit_of_the_doubt() -> None:
    """Soft blots of many colours that drift: no noise, no still, and no world of ours."""
    still = gaussian_filter(RNG.random((90, 90, 3)), (4, 4, 0))
    still = (still - still.min()) / np.ptp(still)
    frames = np.stack([still[i : i + 64, 2 * (i // 2) : 2 * (i // 2) + 64] for i in range(20)])
    for phenomenon in MEASURED:
        assert absent(Footage(frames.astype(np.float32), 1.0, 1.0), phenomenon) == ""


def garbage() -> dict[str, np.ndarray]:
    """Kind and reason → frames that show nothing."""
    size = (17, 64, 64, 3)
    blots = np.kron(RNG.integers(0, 255, (17, 8, 8, 3)), np.ones((1, 8, 8, 1)))
    first = np.repeat(clip("chemotaxis", "fluorescence")[:1], 17, 0)
    return {
        "black: blank": np.zeros(size, np.uint8),
        "teal: blank": np.full(size, (20, 120, 130), np.uint8),
        "grainy grey: blank": RNG.normal(128, 3, size).clip(0, 255).astype(np.uint8),
        "flashing grey: blank": np.full(size, 128, np.uint8) + np.arange(17, dtype=np.uint8)
        .reshape(-1, 1, 1, 1) % 2 * 40,
        "noise: noise": RNG.integers(0, 255, size).astype(np.uint8),
        "one picture of noise: noise": np.repeat(RNG.integers(0, 255, size)[:1], 17, 0),
        "coarse noise: unrelated": blots.astype(np.uint8),
        "first frame: nothing moves": first,
        "grainy still: nothing moves": (first + RNG.normal(0, 4, size)).clip(0, 255),
    }  # fmt: skip


@pytest.mark.parametrize("name", garbage())
def test_garbage_is_named(name: str) -> None:
    frames = garbage()[name]
    assert name.partition(": ")[2] in absent(shown(frames), "chemotaxis")
    assert absent(shown(harm("recompress").apply(frames.astype(np.uint8))), "phagocytosis")


def test_disorder_is_left_to_the_measures() -> None:
    for phenomenon in MEASURED:
        frames = clip(phenomenon, "illustration")
        assert absent(shown(frames[RNG.permutation(len(frames))]), phenomenon) == ""


def test_the_numbers_are_blind_to_mirrors_and_size() -> None:
    frames = clip("thrombosis", "bright_field").astype(np.float32) / 255
    numbers = describe(thumbnails(frames))
    np.testing.assert_allclose(describe(thumbnails(frames[:, ::-1, ::-1])), numbers, atol=2e-3)
    large = frames.repeat(2, axis=1).repeat(2, axis=2)
    np.testing.assert_allclose(describe(thumbnails(large)), numbers, atol=1e-4)
    assert len(numbers) == presence_weights.NUMBERS


def test_every_simulated_world_is_known_in_every_look() -> None:
    """Otherwise run tests/benchmarks/fit_presence.py --write."""
    assert sorted(presence_weights.WORLDS) == sorted(MEASURED * len(STYLES))
