"""Law-breaking twins of dynamic instability.

Background, speckles' pattern, number of microtubules and the speeds that occur are those of the
true clip; what differs is when a tip moves which way, or where the lattice changes. Caps and curls
follow the motion of the tip, as they do in true clips.

- `grows_faster`: the tip grows as fast as it should shrink and shrinks as slowly as it should grow.
  Shrinkage is the faster one: 17.3 against 7.2 µm/min (Cassimeris, Pryer & Salmon 1988, J Cell Biol
  107:2223). The steps of the true tip, negated and begun anywhere in their sequence. Half of the
  microtubules do so, or caps would be too rare in any one frame.
- `sinusoidal`: length swells and ebbs like a smooth wave of equal path. Turns are abrupt and
  random, speeds between them steady (Mitchison & Kirschner 1984, Nature 312:237).
- `sliding_lattice`: the tip moves as it did, but the speckles travel with it half of the way, as if
  so many subunits came and went at the other end. They stay where they were laid down
  (Waterman-Storer et al. 1998, Curr Biol 8:1227).
- `mid_lattice`: a gap opens in the lattice, and what should be lost from the tip is lost there.
  It frays where it is lost, and the polymer in all is that of the true clip. Half of the
  microtubules, those that lose most, are torn: more ends than that would show in any one frame.
  Subunits leave at the ends alone (Alberts et al. 2014, Molecular Biology of the Cell, 6th ed.,
  ch. 16).

The first two need ends that both grow and shrink at random, not a washout.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core import Clock, Event, NoTwin, Parameters, State, Truth, Violation
from ..models.dynamic_ends import lay_marks
from ..phenomena import microtubule_instability as world

VIOLATIONS = (
    Violation("grows_faster", "A microtubule shrinks faster than it grows."),
    Violation("sinusoidal", "Length changes at steady speeds with abrupt turns, at random."),
    Violation("sliding_lattice", "The lattice behind the tip stays where it is."),
    Violation("mid_lattice", "Subunits are lost at the end, never from the middle."),
)

_LATEST = 0.3  # onset, as a share of the clip, so that most of it shows the broken law
_LEAST_FRAMES = 8
_LEAST_UM = 0.07  # of the field: the least way of what breaks the law
_GAP = 0.04  # of the field: the gap that opens by itself
_SLIDE = 0.5  # way of the lattice over that of its tip
_TRIES = 60


def violate(
    name: str, parameters: Parameters, state: State, clock: Clock, rng: np.random.Generator
) -> State:
    """The twin of `state` that breaks the law `name`; see the package for the contract."""
    if clock.num_frames < _LEAST_FRAMES:
        raise NoTwin(f"{name}: at least {_LEAST_FRAMES} frames are needed to show it")
    breaks = {
        "grows_faster": _grows_faster,
        "sinusoidal": _sinusoidal,
        "sliding_lattice": _sliding_lattice,
        "mid_lattice": _mid_lattice,
    }
    return breaks[name](parameters, state, clock, rng)


def _onsets(clock: Clock, rng: np.random.Generator) -> np.ndarray:
    """Allowed first frames of a violation, in random order."""
    return rng.permutation(np.arange(1, max(1, int(_LATEST * clock.num_frames)) + 1))


def _finish(
    p: Parameters, state: State, clock: Clock, changed: dict[str, Any], first: int, value: float,
    unit: str,
) -> State:  # fmt: skip
    arrays = {**state.arrays, **changed}
    # Speckles belong to the lattice, which may itself have moved.
    arrays["marks"] = lay_marks(arrays["pool"], arrays["tip"] - arrays["slide"])
    twin = State(state.field_um, arrays, Truth())
    world.tell(p, clock, twin)
    t = first * clock.s_per_frame
    twin.truth.events.append(Event("violation", int(first), t, -1, float(value), unit))
    twin.truth.events.sort(key=lambda event: event.frame)
    return twin


def _headed(state: State, tip: np.ndarray, first: int) -> np.ndarray:
    """State (T, N) of tips that move as `tip` does from frame `first` on."""
    ahead = np.diff(tip, axis=0, append=2 * tip[-1:] - tip[-2:-1])
    return np.where(np.arange(len(tip))[:, None] < first, state["phase"], np.sign(ahead))


def _free(name: str, state: State) -> None:
    if np.isfinite(state["washout_s"]):
        raise NoTwin(f"{name}: after a washout there is one turn alone")


def _grows_faster(p: Parameters, state: State, clock: Clock, rng: np.random.Generator) -> State:
    _free("grows_faster", state)
    tip, reach = state["tip"], state["reach"]
    least = _LEAST_UM * state.field_um
    for first in _onsets(clock, rng):
        steps = -np.diff(tip[first - 1 :], axis=0)
        grown = steps.clip(0).sum(axis=0)
        wrong, left = tip.copy(), (tip.shape[1] + 1) // 2
        for k in np.argsort(-grown):
            path = _fitting(tip[first - 1, k], steps[:, k], tip[first:, k].mean(), reach[k], rng)
            if left and path is not None and grown[k] > least:
                wrong[first:, k] = path
                left -= 1
        if not left:
            up, down = world.speeds(p)
            changed = {"tip": wrong, "phase": _headed(state, wrong, first)}
            ratio = down / up
            return _finish(p, state, clock, changed, first, ratio, "speed of growth over shrinkage")
    raise NoTwin("grows_faster: too few tips shrink enough, or they would leave the picture")


def _fitting(
    start: float, steps: np.ndarray, middle: float, reach: np.ndarray, rng: np.random.Generator
) -> np.ndarray | None:
    """The path from `start` by `steps`, begun anywhere in their order, that stays within `reach`
    and whose mean is nearest to `middle`."""
    best, found = np.inf, None
    for turn in rng.permutation(len(steps)):
        for order in (steps, steps[::-1]):
            path = start + np.roll(order, turn).cumsum()
            off = abs(path.mean() - middle)
            if path.min() > reach[0] and path.max() < reach[1] and off < best:
                best, found = off, path
    return found


def _sinusoidal(p: Parameters, state: State, clock: Clock, rng: np.random.Generator) -> State:
    _free("sinusoidal", state)
    tip, reach = state["tip"], state["reach"]
    least = _LEAST_UM * state.field_um
    for first in _onsets(clock, rng):
        later = np.arange(1, clock.num_frames - first + 1)
        wrong, sizes = tip.copy(), []
        for k in range(tip.shape[1]):
            way = np.abs(np.diff(tip[first - 1 :, k])).sum()
            best, found = np.inf, None
            for _ in range(_TRIES):
                period = rng.uniform(0.55, 0.8) * len(later)
                phase = rng.uniform(0, 2 * np.pi)
                wave = np.sin(2 * np.pi * later / period + phase) - np.sin(phase)
                size = way / np.abs(np.diff(wave, prepend=0.0)).sum()
                path = tip[first - 1, k] + size * wave
                off = abs(path.mean() - tip[first:, k].mean())
                if path.min() > reach[k, 0] and path.max() < reach[k, 1] and off < best:
                    best, found = off, (path, size)
            if found is None:
                break
            wrong[first:, k] = found[0]
            sizes.append(2 * found[1])
        else:
            if np.mean(sizes) > least:
                changed = {"tip": wrong, "phase": _headed(state, wrong, first)}
                return _finish(p, state, clock, changed, first, float(np.mean(sizes)),
                               "µm from crest to trough")  # fmt: skip
    raise NoTwin("sinusoidal: the waves would leave the picture or be too small")


def _sliding_lattice(p: Parameters, state: State, clock: Clock, rng: np.random.Generator) -> State:
    tip, number = state["tip"], state["tip"].shape[1]
    some = np.ones(number)
    if p["assay"] == "cell_edge":  # those that move most: all would show as motion
        some[np.argsort(-np.abs(np.diff(tip, axis=0)).sum(axis=0))[number // 2 :]] = 0
    for first in _onsets(clock, rng):
        moved = _SLIDE * some * (tip - tip[first - 1])
        slide = np.where(np.arange(len(tip))[:, None] < first, 0.0, moved)
        way = float(np.abs(slide).max())
        if way > _LEAST_UM * state.field_um:
            return _finish(p, state, clock, {"slide": slide}, first, way, "µm of sliding")
    raise NoTwin("sliding_lattice: no tip moves far enough")


def _mid_lattice(p: Parameters, state: State, clock: Clock, rng: np.random.Generator) -> State:
    tip, reach, field = state["tip"], state["reach"], state.field_um
    frames = np.arange(clock.num_frames)
    wait = max(2.0, 0.15 * clock.num_frames)
    for first in _onsets(clock, rng):
        losses = np.diff(tip, axis=0, prepend=tip[:1]).clip(max=0)
        lost = -np.where(frames[:, None] < first, 0.0, losses).cumsum(axis=0)
        opened = _GAP * field * np.clip((frames - first + 1) / wait, 0, 1)[:, None]
        # The tip keeps what the true one loses, and the gap takes as much: equal lengths in all.
        wrong = np.minimum(tip + lost + opened, np.maximum(reach[:, 1], tip))
        torn = np.argsort(-lost[-1])[: max(1, tip.shape[1] // 2)]
        whole = np.setdiff1d(np.arange(tip.shape[1]), torn)
        wrong[:, whole] = tip[:, whole]
        width = wrong - tip
        middle = 0.5 * tip[first - 1]
        low = np.clip(middle - 0.5 * width, 0.0, wrong - width)
        gap = np.where((frames >= first)[:, None, None], np.stack([low, low + width], 2), np.nan)
        gap[:, whole] = np.nan
        if not np.isfinite(state["washout_s"]):
            margin = 0.05 * field
            if np.nanmin(gap[..., 0]) < margin or np.nanmin(wrong - gap[..., 1]) < margin:
                continue
        widest = float(np.nanmax(gap[..., 1] - gap[..., 0]))
        if widest > _LEAST_UM * field:
            changed = {"tip": wrong, "gap": gap}
            return _finish(p, state, clock, changed, first, widest, "µm missing in mid-lattice")
    raise NoTwin("mid_lattice: the gap would be too small or leave the picture")
