"""What holds for every phenomenon: determinism, sizes, words, errors, and the drawing itself."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dataset_scripts.simulator import (
    PHENOMENA,
    STYLES,
    Material,
    Scene,
    SimulatorError,
    simulate_clip,
    simulate_state,
)
from dataset_scripts.simulator import clip as clip_module
from dataset_scripts.simulator.captions import number_word, plain, playback_phrase
from dataset_scripts.simulator.core import REGIMES, Choice, Range, draw_parameters
from dataset_scripts.simulator.looks import Look
from dataset_scripts.simulator.phenomena import load

SIX = {
    "calcium_wave",
    "capillary_flow",
    "chemotaxis",
    "mitosis",
    "thrombosis",
    "vesicle_diffusion",
}


def test_the_six_worlds_are_there():
    assert set(PHENOMENA) >= SIX


@pytest.mark.parametrize("name", PHENOMENA)
def test_same_arguments_same_clip_other_seed_other_clip(name):
    one, two = (simulate_clip(name, size=64, num_frames=5, seed=8) for _ in range(2))
    other = simulate_clip(name, size=64, num_frames=5, seed=9)
    assert np.array_equal(one.frames, two.frames)
    assert (one.caption, one.prompts) == (two.caption, two.prompts)
    assert one.truth.tracks == two.truth.tracks
    assert not np.array_equal(one.frames, other.frames)


@pytest.mark.parametrize("name", PHENOMENA)
def test_any_size_shows_the_same_scene(name):
    small, large = (
        simulate_clip(name, size=size, num_frames=3, seed=2, style="illustration")
        for size in (64, 256)
    )
    assert large.frames.shape == (3, 256, 256, 3)
    assert small.truth.tracks == large.truth.tracks
    assert small.um_per_px == pytest.approx(4 * large.um_per_px)
    shrunk = large.frames.reshape(3, 64, 4, 64, 4, 3).mean(axis=(2, 4))
    correlation = np.corrcoef(shrunk.ravel(), small.frames.ravel())[0, 1]
    assert correlation > 0.9, "the picture must not depend on the resolution"


@pytest.mark.parametrize("name", PHENOMENA)
def test_the_clip_moves_in_every_look(name):
    for style in STYLES:
        frames = simulate_clip(name, size=64, num_frames=17, seed=4, style=style).frames
        blocks = frames.astype(float).reshape(17, 16, 4, 16, 4, 3).mean(axis=(2, 4, 5))
        # Averages over 4 × 4 px: camera noise is below one grey level there.
        assert blocks.std(axis=0).max() > 8, style


@pytest.mark.parametrize("name", PHENOMENA)
def test_words_state_look_and_playback(name):
    for style in STYLES:
        for regime, seed in (("train", 6), ("train", 7), ("any", 8), ("any", 9)):
            clip = simulate_clip(name, size=64, num_frames=4, seed=seed, style=style, regime=regime)
            assert style.split("_")[0] in clip.caption
            assert re.search(r"slowed down|sped up|in real time", clip.caption)
            assert clip.caption[0].isupper() or clip.caption[0].isdigit()
            assert clip.prompts
            if style != "illustration":
                assert all(style.split("_")[0] in prompt for prompt in clip.prompts), (
                    "a prompt without a look means an illustration"
                )


@pytest.mark.parametrize("name", PHENOMENA)
def test_training_never_sees_the_held_out_phrasings(name):
    held_out = {
        simulate_clip(name, size=64, num_frames=2, seed=s, regime="wording")
        .prompts[0]
        .split(",")[0]
        for s in range(8)
    }
    trained = {
        prompt.split(",")[0]
        for s in range(8)
        for prompt in simulate_clip(name, size=64, num_frames=2, seed=s, regime="train").prompts
    }
    assert not held_out & trained


@pytest.mark.parametrize("name", PHENOMENA)
def test_half_of_the_captions_are_short_and_half_are_rich(name):
    world = load(name)
    for seed in range(6):
        p, clock, state = simulate_state(name, num_frames=9, seed=seed)
        sentences, paragraphs = world.captions(p, state), world.descriptions(p, state)
        assert len(set(sentences)) >= 6 and len(set(paragraphs)) >= 5
        for regime in ("train", "any"):
            clips = [_words_of(world, p, state, clock, s, regime) for s in range(12)]
            lengths = [len(caption.split()) for caption in clips]
            assert all(n <= 25 or 80 <= n <= 150 for n in lengths), (lengths, clips)
            assert 0 < sum(n > 25 for n in lengths) < 12
        assert all(text.endswith(".") and text.count(".") >= 3 for text in paragraphs)
        assert not any(text.endswith(".") for text in sentences)


def _words_of(world, p, state, clock, seed, regime):
    rng = np.random.default_rng(seed)
    style = STYLES[seed % 3]
    return clip_module._word(world, p, state, clock, style, rng, regime != "train")[0]


@pytest.mark.parametrize("name", PHENOMENA)
def test_training_never_draws_what_is_held_out(name):
    world = load(name)
    names = {spec.name for spec in world.PARAMETERS}
    assert {world.HELD_OUT.interval[0], *world.HELD_OUT.combination} <= names
    assert len(world.HELD_OUT.combination) >= 2
    drawn = {}
    for regime in REGIMES:
        rng = np.random.default_rng(3)
        drawn[regime] = [
            draw_parameters(world.PARAMETERS, rng, None, world.HELD_OUT, regime) for _ in range(300)
        ]
    inside = {
        regime: [(world.HELD_OUT.in_interval(p), world.HELD_OUT.in_combination(p)) for p in found]
        for regime, found in drawn.items()
    }
    assert set(inside["train"]) == set(inside["wording"]) == {(False, False)}
    assert set(inside["interval"]) == {(True, False)}
    assert all(combined for _, combined in inside["combination"])
    for part in (0, 1):
        share = np.mean([found[part] for found in inside["any"]])
        assert 0.01 < share < 0.3, "held out is a part of what there is, not most of it"
    for spec in world.PARAMETERS:
        if isinstance(spec, Choice):
            assert {p[spec.name] for p in drawn["train"]} == set(spec.options)


def test_what_a_regime_does_not_allow_is_refused():
    fixed = {"cell_speed": 0.9}
    with pytest.raises(SimulatorError, match="regime"):
        simulate_clip(
            "capillary_flow", size=64, num_frames=2, seed=0, parameters=fixed, regime="train"
        )


@pytest.mark.parametrize("name", PHENOMENA)
def test_every_parameter_has_a_source_and_every_world_states_its_setting(name):
    world = load(name)
    assert all(spec.source.strip() for spec in world.PARAMETERS)
    assert world.SETTING.field in ("open", "closed")
    assert world.SETTING.view
    assert world.SETTING.organism


@pytest.mark.parametrize("name", PHENOMENA)
def test_a_clip_of_two_frames_and_one_of_many(name):
    for frames in (2, 40):
        clip = simulate_clip(name, size=64, num_frames=frames, seed=1)
        assert len(clip.frames) == frames
        for _, _, frame, x, y in clip.truth.tracks:
            assert 0 <= frame < frames
            assert np.isfinite([x, y]).all()
        for unit, values in clip.truth.series.values():
            assert isinstance(unit, str)
            assert len(values) == frames


def test_fixing_a_parameter_leaves_the_others():
    free, _, _ = simulate_state("capillary_flow", num_frames=5, seed=3)
    fixed, _, _ = simulate_state(
        "capillary_flow", num_frames=5, seed=3, parameters={"cell_speed": 0.5}
    )
    assert fixed["cell_speed"] == 0.5
    assert {k: v for k, v in fixed.items() if k != "cell_speed"} == {
        k: v for k, v in free.items() if k != "cell_speed"
    }


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"phenomenon": "mitosos"}, "unknown phenomenon 'mitosos'.*mitosis"),
        ({"size": 7}, "size: expected 64 to 512"),
        ({"num_frames": 0}, "frames: expected 2 to"),
        ({"style": "x-ray"}, "unknown style 'x-ray'"),
        ({"parameters": {"speed_of_light": 1}}, "unknown parameter 'speed_of_light'"),
        ({"parameters": {"chromosomes": 400}}, "chromosomes: expected"),
        ({"parameters": {"axis": "sideways"}}, "axis: expected one of"),
    ],
)
def test_bad_requests_name_what_was_expected(arguments, message):
    good = {"phenomenon": "mitosis", "size": 64, "num_frames": 3, "seed": 0}
    with pytest.raises(SimulatorError, match=message):
        simulate_clip(**{**good, **arguments})


@given(st.floats(1e-3, 1e3), st.floats(1.01, 100), st.booleans(), st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_draws_stay_in_range(low, factor, log, seed):
    spec = Range("x", "µm", low, low * factor, "test", log=log)
    value = spec.draw(np.random.default_rng(seed))
    spec.check(value)
    choice = Choice("c", ("a", "b"), "test")
    drawn = draw_parameters((spec, choice), np.random.default_rng(seed), {"c": "b"})
    assert drawn["c"] == "b"
    assert low * (1 - 1e-12) <= drawn["x"] <= low * factor * (1 + 1e-12)


@given(st.floats(1e-4, 1e5))
@settings(max_examples=200, deadline=None)
def test_plain_keeps_two_digits(value):
    assert float(plain(value)) == pytest.approx(value, rel=0.051)
    assert "e" not in plain(value)


def test_words_for_numbers_and_playback():
    assert [number_word(n) for n in (0, 1, 12, 20, 21)] == ["no", "one", "twelve", "twenty", "21"]
    assert playback_phrase(0.025) == "slowed down 40 times"
    assert playback_phrase(2700) == "sped up 2700 times"
    assert playback_phrase(1.0) == "in real time"


PAINT = {"dot": Material("#ffffff", gloss=0.0, emission="#ffffff", glow=1.0, absorb="#000000")}


def painted(scene: Scene, size: int, style: str = "illustration") -> np.ndarray:
    look = Look.draw(style, PAINT, "#000000", np.random.default_rng(0))
    color, phase = look.empty(size)
    color[:] = 1.0 if style == "bright_field" else 0.0
    look.paint(scene, color, phase)
    return color


@given(st.floats(3, 7), st.floats(3, 7), st.floats(1.0, 2.5), st.sampled_from([64, 97, 160]))
@settings(max_examples=25, deadline=None)
def test_a_disc_covers_its_area_at_any_resolution(x, y, r, size):
    scene = Scene(10.0, PAINT)
    scene.disc(x, y, r, "dot")
    covered = (painted(scene, size)[..., 0] > 0.12).sum() * (10 / size) ** 2
    assert covered == pytest.approx(np.pi * r**2, rel=0.15)
    rows, columns = np.nonzero(painted(scene, size)[..., 0] > 0.12)
    assert (columns.mean() + 0.5) * 10 / size == pytest.approx(x, abs=0.12)
    assert (rows.mean() + 0.5) * 10 / size == pytest.approx(y, abs=0.12)


def test_shapes_agree_where_they_describe_the_same_thing():
    """A disc, an ellipse, a capsule of no length and a 60-gon of one radius cover the same."""
    theta = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    ring = 5 + 2 * np.stack([np.cos(theta), np.sin(theta)], 1)
    pictures = []
    for shape in range(4):
        scene = Scene(10.0, PAINT)
        if shape == 0:
            scene.disc(5, 5, 2, "dot")
        elif shape == 1:
            scene.ellipse(5, 5, 2, 2, 0.7, "dot")
        elif shape == 2:
            scene.capsule(5, 5, 5, 5, 2, "dot")
        else:
            scene.polygon(ring, "dot", bevel=2.0)
        pictures.append(painted(scene, 80, "fluorescence"))
    for picture in pictures[1:]:
        assert abs(picture - pictures[0]).max() < 0.25
        assert picture.sum() == pytest.approx(pictures[0].sum(), rel=0.03)


def test_shapes_outside_the_field_change_nothing():
    scene = Scene(10.0, PAINT)
    scene.disc(40, -30, 2, "dot")
    scene.capsule(-9, -9, -5, -5, 1, "dot")
    assert painted(scene, 64).max() == 0
