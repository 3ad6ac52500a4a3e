"""Waves in heart muscle that break a law of excitable tissue.

Where a law is about the order of time, the model of `models.cardiac_sheet` is run again and shown
at other times, so that every frame of the twin could be one of a true clip. Elsewhere muscle is
lit at the times that the broken law gives, with the course of the model's front.

- `surges`: the front, or the spiral, nearly halts and then rushes, or the other way round, and ends
  where it should. In uniform muscle a regenerative wave keeps its speed, and a settled spiral its
  period (Kleber & Rudy 2004, Physiol Rev 84:431; Davidenko et al. 1992, Nature 355:349).
- `turns_back`: the spiral turns round and runs backwards, so that its gradual side leads and its
  abrupt one trails. Muscle fires fast and recovers slowly, hence a wave has a steep front and a
  sloping tail (Aliev & Panfilov 1996, Chaos Solitons Fractals 7:293).
- `crosses`: where two fronts collide, one of them runs on through muscle that the other has just
  excited. Refractory muscle cannot fire, so they annihilate each other (Wiener & Rosenblueth 1946,
  Arch Inst Cardiol Mex 16:205). If both ran on, too much would move.
- `fades`: the farther a front comes the fainter is the muscle that it lights. Excitation is all or
  none, every cell adds its full current (Kleber & Rudy 2004, as above).
- `wrong_axis`: an ellipse that spreads faster across the fibres than along them. Current passes
  more easily along them (Roberts, Hersh & Scher 1979, Circ Res 44:701).

A second wave in the wake and an echo from the border are left out: they would add motion.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.ndimage import distance_transform_edt

from ..core import Clock, Event, NoTwin, Parameters, State, Violation
from ..models import cardiac_front
from ..models.cardiac_sheet import NOTCH_MS
from ..phenomena import cardiac_wave as world

VIOLATIONS = (
    Violation("surges", "in uniform muscle a wave keeps its speed, and a spiral its period"),
    Violation("turns_back", "the steep side of a wave leads and its sloping side trails"),
    Violation("crosses", "a wave cannot run through muscle that another has just excited"),
    Violation("fades", "the front keeps its brightness however far it has come"),
    Violation("wrong_axis", "excitation spreads faster along the fibres than across them"),
)
NEEDED = {
    "surges": ("left_to_right", "right_to_left", "outward", *world.SPIRALS),
    "turns_back": world.SPIRALS,
    "crosses": ("inward",),
    "fades": ("left_to_right", "right_to_left", "outward"),
    "wrong_axis": ("outward",),
}
"""Directions in which each law can be broken."""
SWING = 0.85
"""Of `surges`: the speed swings between 1 ± this, in units of the true one."""
BRIGHTEST, FAINTEST = 1.15, 0.60
"""Height of the first and of the last muscle that a fading front lights; a true front's is 1."""
_SLOWER = 0.93  # speed of an ellipse across its proper axis: its outline is rounder, it fills more

_Result = tuple[dict[str, np.ndarray], np.ndarray | None, float, str]
"""Changed arrays of the state, times of the wave shown (T,) in s, effect and its unit."""


def violate(
    name: str, parameters: Parameters, state: State, clock: Clock, rng: np.random.Generator
) -> State:
    """The twin of `state` that breaks the law `name`; needs at least 8 frames.

    The event's value: highest over lowest speed (`surges`; the law: 1), turns run backwards
    (`turns_back`; 0), µm run beyond the meeting line (`crosses`; 0), height of the last muscle lit
    by that of the first (`fades`; 1), speed along over speed across the fibres (`wrong_axis`; the
    drawn ratio, above 1). Raises `NoTwin` for a direction in which the law cannot be broken.
    """
    way = parameters["direction"]
    if clock.num_frames < 8:
        raise NoTwin(f"cardiac_wave: {name} needs at least 8 frames, got {clock.num_frames}")
    if way not in NEEDED[name]:
        raise NoTwin(f"cardiac_wave: {name} needs direction {' or '.join(NEEDED[name])}, not {way}")
    last = max(1, int(0.4 * clock.num_frames))
    breaks = {"surges": _surge, "turns_back": _turn_back, "crosses": _cross, "fades": _fade,
              "wrong_axis": _swap}[name]  # fmt: skip
    onset = _onset(name, state, clock, last, rng)
    changed, times, value, unit = breaks(parameters, state, clock, onset, rng)
    arrays = dict(state.arrays)
    for key, maps in changed.items():
        if key == "arrival_s":
            arrays[key] = maps
        else:
            arrays[key] = np.concatenate([state[key][:onset], maps[onset:].astype(np.float32)])
    truth = cardiac_front.measured(
        way, state.field_um, clock, state["wave"], arrays["potential"], arrays["gate"],
        arrays["arrival_s"], times,
    )  # fmt: skip
    if name == "wrong_axis":
        truth.series["excited_fraction"] = ("1", (arrays["excited"] >= 0.5).mean(axis=(1, 2)))
    if name == "turns_back":
        turns = truth.series["turns"][1]
        value = float(turns[onset - 1] - turns[-1])
    truth.events.append(Event("violation", onset, onset * clock.s_per_frame, -1, value, unit))
    return State(state.field_um, arrays, truth)


def _onset(name: str, state: State, clock: Clock, last: int, rng: np.random.Generator) -> int:
    if name == "crosses":
        onset = math.floor(_meeting(state) / clock.s_per_frame) + 1
        if onset > last:
            raise NoTwin("cardiac_wave: crosses needs fronts that meet early in the clip")
        return onset
    if name == "turns_back":
        # Late, as the model has run only so far before the first frame.
        return int(rng.integers(max(1, last - 1), last + 1))
    if name == "wrong_axis":
        return int(rng.integers(1, max(1, last // 2) + 1))
    return int(rng.integers(1, last + 1))


def _meeting(state: State) -> float:
    """Time (s) at which the last muscle between two fronts is lit."""
    return float(np.median(state["arrival_s"].max(axis=1)))


def _surge(
    p: Parameters, state: State, clock: Clock, onset: int, rng: np.random.Generator
) -> _Result:
    """One swing of the speed over the rest of the clip, which sets out and ends as it should."""
    frames = np.arange(clock.num_frames, dtype=float)
    begin, rest = onset - 1, clock.num_frames - onset
    since = np.clip((frames - begin) / rest, 0, 1)
    swing = SWING * rng.choice([-1.0, 1.0])
    at = frames - swing * rest / (2 * np.pi) * np.sin(2 * np.pi * since)
    return *_at(state, clock, at), (1 + SWING) / (1 - SWING), "1"


def _turn_back(
    p: Parameters, state: State, clock: Clock, onset: int, rng: np.random.Generator
) -> _Result:
    """The spiral as it was, backwards from the last true frame on."""
    frames = np.arange(clock.num_frames, dtype=float)
    return *_at(state, clock, onset - 1 - np.abs(frames - onset + 1)), 0.0, "turns"


def _at(state: State, clock: Clock, frames: np.ndarray) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """What the model shows at `frames` (T,) that need not be whole nor in order."""
    wave = state["wave"]
    steps = wave["before"] + np.round(frames * wave["every"]).astype(int)
    in_order, index = np.unique(np.maximum(steps, 0), return_inverse=True)
    potential, gate, _ = world.play(wave, in_order)
    potential, gate = potential[index], gate[index]
    maps = {"potential": potential, "gate": gate, **world.shown(potential, gate)}
    return maps, frames * clock.s_per_frame


def _lit(p: Parameters, clock: Clock, arrival: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """`excited` and `spike` (T, …) of muscle that fires at `arrival` (…) s, by the model's course.

    The front is Nagumo's, the spike decays with the gate, and the plateau outlasts the clip.
    """
    rise_ms = world.width_mm(p) / world.ALONG / world.along_speed(p)
    age = 1000 * (clock.times_s.reshape(-1, *[1] * arrival.ndim) - arrival)
    u = 1 / (1 + np.exp(-np.clip(age / rise_ms, -30, 30)))
    return world.light(u, u * np.exp(-np.maximum(age, 0) / NOTCH_MS))


def _cross(
    p: Parameters, state: State, clock: Clock, onset: int, rng: np.random.Generator
) -> _Result:
    """One front goes on as a bright spike through excited muscle, at its speed."""
    met, speed = _meeting(state), 1e6 * world.front_speed(p)  # µm/s
    x = ((np.arange(world.MAP) + 0.5) / world.MAP - 0.5) * state.field_um
    x = x * rng.choice([-1.0, 1.0])
    _, second = _lit(p, clock, np.where(x >= 0, met + x / speed, 1e3))
    spike = np.maximum(state["spike"], second[:, None, :])
    beyond = min(0.5 * state.field_um, speed * (clock.times_s[-1] - met))
    return {"spike": spike}, None, beyond, "µm"


def _fade(
    p: Parameters, state: State, clock: Clock, onset: int, rng: np.random.Generator
) -> _Result:
    """The height of muscle falls with the share of the sheet that was lit before it.

    The first is a little brighter than it should be, so that the clip is not darker.
    """
    begin = (onset - 1) * clock.s_per_frame
    arrival = world.resampled(np.minimum(state["arrival_s"], clock.times_s[-1])[None])[0]
    never = arrival > 0.999 * clock.times_s[-1]
    late = (arrival > begin) & ~never
    share = never.astype(float)
    share[late] = np.argsort(np.argsort(arrival[late], kind="stable")) / max(1, late.sum() - 1)
    height = np.where(arrival > begin, BRIGHTEST + (FAINTEST - BRIGHTEST) * share, 1.0)
    maps = {key: height * state[key] for key in ("excited", "spike")}
    return maps, None, FAINTEST / BRIGHTEST, "1"


def _swap(
    p: Parameters, state: State, clock: Clock, onset: int, rng: np.random.Generator
) -> _Result:
    """From the ellipse of the last true frame on, Huygens' construction with speeds swapped."""
    begin = (onset - 1) * clock.s_per_frame
    arrival = world.resampled(np.minimum(state["arrival_s"], 2 * clock.times_s[-1])[None])[0]
    cell = state.field_um / world.MAP
    slow, fast = 1e6 * _SLOWER * world.along_speed(p) / np.array([p["anisotropy"], 1.0])
    rows, columns = (fast, slow) if p["fibres"] == "horizontal" else (slow, fast)
    lit = arrival <= begin
    later = begin + distance_transform_edt(~lit, sampling=(cell / rows, cell / columns))
    # The transform counts from the centre of the last lit cell, half a cell within the front.
    arrival = np.where(lit, arrival, later - 0.5 * cell / fast)
    excited, spike = _lit(p, clock, arrival)
    maps = {"excited": excited, "spike": spike, "arrival_s": arrival}
    return maps, None, 1 / p["anisotropy"], "1"
