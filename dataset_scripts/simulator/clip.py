"""From a seed to a clip: parameters, physics, drawing and words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import captions, phenomena, twins
from .canvas import Scene
from .core import (
    FPS,
    STYLES,
    Clock,
    Parameters,
    Setting,
    SimulatorError,
    State,
    Truth,
    draw_parameters,
)
from .looks import Look

MIN_SIZE, MAX_SIZE = 64, 512
MIN_FRAMES, MAX_FRAMES = 2, 241
RICH = 0.5
"""Share of the captions that are a description in several sentences instead of one."""


@dataclass(frozen=True)
class Clip:
    """A simulated clip with everything that is known about it.

    `frames` is uint8 (T, size, size, 3), RGB. `parameters` holds drawn values, `specs` their
    definitions. Lengths in µm, times in s.
    """

    phenomenon: str
    level: str
    style: str
    frames: np.ndarray
    caption: str
    prompts: list[str]
    parameters: Parameters
    specs: tuple[Any, ...]
    setting: Setting
    clock: Clock
    field_um: float
    seed: int
    truth: Truth
    violation: str = ""
    regime: str = "any"

    @property
    def um_per_px(self) -> float:
        return self.field_um / self.frames.shape[1]

    @property
    def fps(self) -> int:
        return FPS


def _check(size: int, num_frames: int, style: str | None) -> None:
    if not MIN_SIZE <= size <= MAX_SIZE:
        raise SimulatorError(f"size: expected {MIN_SIZE} to {MAX_SIZE} pixels, got {size}")
    if not MIN_FRAMES <= num_frames <= MAX_FRAMES:
        raise SimulatorError(f"frames: expected {MIN_FRAMES} to {MAX_FRAMES}, got {num_frames}")
    if style is not None and style not in STYLES:
        raise SimulatorError(f"unknown style {style!r}: expected one of {', '.join(STYLES)}")


def simulate_clip(
    phenomenon: str,
    *,
    size: int,
    num_frames: int,
    seed: int,
    style: str | None = None,
    parameters: Mapping[str, Any] | None = None,
    regime: str = "any",
    violation: str = "",
) -> Clip:
    """Simulate and draw one clip, a pure function of its arguments.

    `seed` is spawned into separate streams for parameters, physics, looks and words, so a clip
    keeps its physics when `style` changes. `parameters` fixes some of the values (see the
    phenomenon's PARAMETERS), the rest is drawn as `regime` allows (`core.REGIMES`), which also
    decides whether the phrasings are those that training never sees.

    `violation` names one of the VIOLATIONS in the phenomenon's `twins` module: the clip is then
    the matched twin of the clip without it (same parameters, looks, words and first frame), with
    that law broken from the event `violation` of its truth on. Raises `core.NoTwin` where this
    draw cannot break it, and `SimulatorError` for anything out of range.
    """
    _check(size, num_frames, style)
    world = phenomena.load(phenomenon)
    values, state, clock, streams = _run(world, num_frames, seed, parameters, regime)
    looks, words, twin_stream = streams
    truthful = state
    if violation:
        state = twins.load(phenomenon, violation).violate(
            violation, values, truthful, clock, twin_stream
        )
    drawn_style = STYLES[int(looks.integers(len(STYLES)))]
    style = style or drawn_style
    look = Look.draw(style, world.MATERIALS, world.BACKGROUND, looks)
    held_out = regime != "train"
    caption, prompts = _word(world, values, truthful, clock, style, words, held_out)
    return Clip(
        phenomenon=phenomenon,
        level=world.LEVEL,
        style=style,
        frames=_draw(world, values, state, look, size, num_frames),
        caption=caption,
        prompts=prompts,
        parameters=values,
        specs=world.PARAMETERS,
        setting=world.SETTING,
        clock=clock,
        field_um=state.field_um,
        seed=seed,
        truth=state.truth,
        violation=violation,
        regime=regime,
    )


def simulate_state(
    phenomenon: str,
    *,
    num_frames: int,
    seed: int,
    parameters: Mapping[str, Any] | None = None,
) -> tuple[Parameters, Clock, State]:
    """The physics of `simulate_clip` alone, with the same numbers for the same seed."""
    _check(MIN_SIZE, num_frames, None)
    values, state, clock, _ = _run(phenomena.load(phenomenon), num_frames, seed, parameters, "any")
    return values, clock, state


def _run(
    world: Any, num_frames: int, seed: int, fixed: Mapping[str, Any] | None, regime: str
) -> tuple[Parameters, State, Clock, list[np.random.Generator]]:
    parts = [np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(5)]
    values = draw_parameters(world.PARAMETERS, parts[0], fixed, world.HELD_OUT, regime)
    clock = Clock(num_frames, world.s_per_frame(values, num_frames))
    return values, world.simulate(values, clock, parts[1]), clock, parts[2:]


def _draw(
    world: Any, values: Parameters, state: State, look: Look, size: int, num_frames: int
) -> np.ndarray:
    color, phase = look.empty(size)
    scene = Scene(state.field_um, world.MATERIALS)
    world.backdrop(values, state, scene)
    look.paint(scene, color, phase)
    frames = np.empty((num_frames, size, size, 3), np.uint8)
    for i in range(num_frames):
        scene = Scene(state.field_um, world.MATERIALS)
        world.draw(values, state, i, scene)
        frame_color, frame_phase = color.copy(), phase.copy()
        look.paint(scene, frame_color, frame_phase)
        frames[i] = look.develop(frame_color, frame_phase, scene.field_um / size)
    return frames


def _word(
    world: Any, values: Parameters, state: State, clock: Clock, style: str,
    rng: np.random.Generator, held_out: bool,
) -> tuple[str, list[str]]:  # fmt: skip
    rich = rng.random() < RICH
    templates = world.descriptions(values, state) if rich else world.captions(values, state)
    sentence = captions.pick(templates, rng, held_out)
    looks = captions.LOOKS[style]
    look = captions.pick(looks, rng, held_out)
    pace = captions.playback_phrase(clock.playback)
    caption = f"{sentence} Shown {pace}, {look}." if rich else f"{sentence}, {pace}, {look}."
    short = list(world.prompts(values, state))
    chosen = [short[-1]] if held_out else [short[i] for i in rng.permutation(len(short) - 1)[:4]]
    named = [f"{prompt}, {captions.pick(looks, rng, held_out)}" for prompt in chosen]
    # A request that names no look means the default one, an illustration.
    prompts = chosen[:2] + named[2:] if style == "illustration" else named
    return caption[0].upper() + caption[1:], prompts
