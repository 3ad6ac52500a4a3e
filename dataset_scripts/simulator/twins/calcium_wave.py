"""Calcium waves that break a law of regenerative release.

The model of `models.excitable_medium` is run again, in finer steps of time, with the true clip's
first frame; the indicator follows its calcium.

- `spreads_as_root`: the front goes with the square root of time and pales as it goes, as calcium
  would that only diffuses. A regenerative front has a constant speed and height, as every site
  releases anew (Jaffe 2010, Cell Calcium 48:102; Murray 2002, Mathematical Biology I, ch. 13).
- `speeds_up`: the front quickens fourfold. A ring may quicken a little while it is small, by D/R.
- `runs_back`: the wave turns and runs back through the cytosol it has just lit, to where it began,
  and out again. Released stores are refractory, so a wave cannot enter its own wake (Parker &
  Ivorra 1990, Proc Natl Acad Sci USA 87:260).
- `refires`: along the cell's axis stores are ready again as soon as calcium has dimmed, and a
  second front runs there right behind the first (same source).
- `jumps_gap`: the signal turns up beyond a stretch of resting cytosol, which is then lit from both
  its sides. Calcium reaches a site only through its neighbours (Dawson, Keizer & Pearson
  1999, Proc Natl Acad Sci USA 96:6060).

Two fronts that pass through each other are left out: a second wave would double what moves.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.ndimage import map_coordinates

from ..core import Clock, Event, NoTwin, Parameters, State, Violation
from ..models.excitable_medium import THRESHOLD, integrate
from ..phenomena import calcium_wave as world

VIOLATIONS = (
    Violation("spreads_as_root", "the front keeps its speed and its height"),
    Violation("speeds_up", "the front keeps its speed"),
    Violation("runs_back", "a wave cannot enter its own refractory wake"),
    Violation("refires", "a site that has fired is refractory for longer than the clip"),
    Violation("jumps_gap", "calcium reaches a site only through its neighbours"),
)
RATIO = 4.0
"""Fastest to slowest speed of the front in `spreads_as_root` and `speeds_up`."""
_FADE = 0.30  # share of the height that is lost in `spreads_as_root`
_GAP = 0.22  # share of the field that `jumps_gap` leaps over, where the cell has room
_LEAST_GAP = 1 / 8  # of the field: what the frame of the onset must show unlit
_PACE = 0.9  # speed of the two waves of `jumps_gap`, by that of one: else more would move
_LANE = 0.14  # half width of the lane that fires twice, as a share of the field
_OLD, _AGED = 0.45, 0.70  # in the lane, at this age (in release times) channels age by so much
_READY, _DIM = 1.6, 0.22  # age and share of the peak at which the lane's stores are ready again
_PATCH_UM = 9.0  # length of the lane's first part, which fires together
_RETURN = 1.25  # speed of the wave that runs back, by that of the true one
_NEVER = 1e9  # arrival time of a front that has not come


_Result = tuple[np.ndarray, np.ndarray, np.ndarray, int, float]
"""Calcium and indicator (T, n, n), first arrivals (n, n) in s, onset and size of the effect."""


def violate(
    name: str, parameters: Parameters, state: State, clock: Clock, rng: np.random.Generator
) -> State:
    """The twin of `state` that breaks the law `name`; needs at least 8 frames.

    The event's value: the front's last speed over its first (`spreads_as_root`, `speeds_up`; the
    law: 1), µm run back (`runs_back`), share of the cell that fires twice (`refires`), µm of
    resting cytosol leapt over (`jumps_gap`; the law: 0). Raises `NoTwin` for a ring that is too
    small at the onset (`runs_back`, `jumps_gap`) and where no site has dimmed by then (`refires`).
    """
    if clock.num_frames < 8:
        raise NoTwin(f"calcium_wave: {name} needs at least 8 frames, got {clock.num_frames}")
    last = max(1, int(0.4 * clock.num_frames))
    if name == "jumps_gap":
        calcium, bound, first, onset, value = _leap(parameters, state, clock, last, rng)
        shown, unit = None, "µm"
    elif name == "refires":
        calcium, bound, first, onset, value = _again(parameters, state, clock, last, rng)
        shown, unit = None, "1"
    else:
        onset, shown, height, value = _wrong_clock(name, parameters, state, clock, last, rng)
        calcium, bound = _at(parameters, state, clock, shown)
        first, unit = state["arrival_s"], "µm" if name == "runs_back" else "1"
        calcium, bound = calcium * height[:, None, None], bound * height[:, None, None]
    inside = state["inside"]
    arrays = dict(state.arrays)
    for key, maps in (("calcium", calcium), ("bound", bound)):
        broken = world.continued(maps[onset:].astype(np.float32), inside)
        arrays[key] = np.concatenate([state[key][:onset], broken])
    arrays["arrival_s"] = first
    truth = world.measured(
        parameters, clock, state["wave"], first, inside, arrays["calcium"], shown
    )
    active = arrays["calcium"][:, inside] >= 0.5
    rises = np.cumsum(np.concatenate([active[:1], active[1:] & ~active[:-1]]), axis=0)
    truth.series["fired_twice"] = ("1", (rises > 1).mean(axis=1))
    if name == "refires":
        value = float(truth.series["fired_twice"][1][-1])
    truth.events.append(
        Event("violation", onset, onset * clock.s_per_frame, value=float(value), unit=unit)
    )
    return State(state.field_um, arrays, truth)


def _wrong_clock(
    name: str, p: Parameters, state: State, clock: Clock, last: int, rng: np.random.Generator
) -> tuple[int, np.ndarray, np.ndarray, float]:
    """Onset, the wave's time (T,) in each frame, the front's height (T,) and the effect's size."""
    frames = np.arange(clock.num_frames, dtype=float)
    height = np.ones(clock.num_frames)
    if name == "runs_back":
        if p["direction"] == "outward":
            raise NoTwin("calcium_wave: runs_back needs a plane front, a ring shrinks to nothing")
        # Late, so that there is a wake to run back into; then it turns again where it began. Near
        # the cell's end a wave has no tail yet that moves, so it runs a little faster.
        onset = int(rng.integers(max(2, last - 1), last + 1))
        turn = onset - 1
        shown = np.where(frames > turn, np.abs(turn - _RETURN * (frames - turn)), frames)
        place = state.truth.series["front_distance"][1]
        value = float(place[turn] - place[0])
    else:
        onset = int(rng.integers(1, last + 1))
        begin, whole = onset - 1, clock.num_frames - onset
        since = np.clip((frames - begin) / whole, 0, 1)
        if name == "spreads_as_root":
            way = (np.sqrt(1 + (RATIO**2 - 1) * since) - 1) / (RATIO - 1)
            height, value = 1 - _FADE * way, 1 / RATIO
        else:
            bend = (RATIO - 1) / (RATIO + 1)
            way, value = (1 - bend) * since + bend * since**2, RATIO
        # Both end where the true wave ends, so that as much of the cell is swept.
        shown = np.where(frames > begin, begin + whole * way, frames)
    return onset, shown * clock.s_per_frame, height, value


def _fine(clock: Clock) -> int:
    """Steps per frame in which the wave is stored: a front moves less than its width in one."""
    return max(2, math.ceil(128 / (clock.num_frames - 1)))


def _march(
    p: Parameters, state: State, clock: Clock, u: np.ndarray, arrival: np.ndarray, now_s: float,
    steps: int, pace: float = 1.0,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Calcium (steps + 1, n, n) in fine steps from `now_s` on, and arrival times (n, n) in s.

    A plane front goes at `pace` times the drawn speed.
    """
    wave, fine = state["wave"], _fine(clock)
    every = math.ceil(wave["every"] / fine)
    dt = clock.s_per_frame / (fine * every)
    f = np.float32
    shifted = np.where(arrival < 1e8, arrival - now_s, _NEVER).astype(f)
    calcium, _ = integrate(
        state["inside"].astype(f), u.astype(f), shifted, f(p["diffusion"] * dt / wave["h"] ** 2),
        f(pace**2 * wave["k"] * dt), f(THRESHOLD), f(dt), f(p["pulse"] / p["speed"]), f(0), f(0),
        every, steps + 1, 0,
    )  # fmt: skip
    return calcium, np.where(shifted < 1e8, shifted + now_s, _NEVER)


def _indicator(p: Parameters, clock: Clock, calcium: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Bound share (K, n, n) of the indicator at fine steps of `calcium`, from the map `first`."""
    dt, off = clock.s_per_frame / _fine(clock), math.log(2) / p["indicator_half_time"]
    bound = np.empty_like(calcium)
    bound[0] = first
    for i in range(1, len(calcium)):
        on = world.BINDING * 0.5 * (calcium[i - 1] ** 2 + calcium[i] ** 2)
        level = on / (on + off)
        bound[i] = level + (bound[i - 1] - level) * np.exp(-(on + off) * dt)
    return bound


def _at(
    p: Parameters, state: State, clock: Clock, shown_s: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Calcium and bound indicator (T, n, n) of the true wave at the times `shown_s` (T,)."""
    fine, inside = _fine(clock), state["inside"]
    u = state["calcium"][0] * inside
    arrival = np.where(u >= 0.5, 0.0, _NEVER)
    calcium, _ = _march(p, state, clock, u, arrival, 0.0, (clock.num_frames - 1) * fine)
    bound = _indicator(p, clock, calcium, state["bound"][0] * inside)
    at = np.clip(shown_s / clock.s_per_frame * fine, 0, len(calcium) - 1)
    low = np.minimum(at.astype(int), len(calcium) - 2)
    part = (at - low)[:, None, None]
    return tuple((1 - part) * m[low] + part * m[low + 1] for m in (calcium, bound))


def _frames(
    p: Parameters, state: State, clock: Clock, onset: int, fine_calcium: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Calcium and indicator (T, n, n), of fine steps from frame `onset` - 1 on, that one before."""
    begin = onset - 1
    bound = _indicator(p, clock, fine_calcium, state["bound"][begin] * state["inside"])
    calcium, bound = (
        np.concatenate([np.repeat(m[:1], begin, axis=0), m[:: _fine(clock)]])
        for m in (fine_calcium, bound)
    )
    return calcium, bound


def _start(state: State, clock: Clock, onset: int) -> tuple[np.ndarray, np.ndarray, float]:
    """Calcium and arrival times (n, n) at the last true frame, and that frame's time."""
    now = (onset - 1) * clock.s_per_frame
    arrival = np.where(state["arrival_s"] <= now, state["arrival_s"], _NEVER)
    return state["calcium"][onset - 1] * state["inside"], arrival, now


def _leap(
    p: Parameters, state: State, clock: Clock, last: int, rng: np.random.Generator
) -> _Result:
    """A second focus on the cell's axis, beyond a gap ahead of the front."""
    wave, field, inside = state["wave"], state.field_um, state["inside"]
    half, front = wave["shape"][0], state.truth.series["front_distance"][1]
    ring = p["direction"] == "outward"
    spot = 3.5 + p["diffusion"] / p["speed"]  # well above the critical radius D / speed
    end = half if ring else 1.8 * half
    sense = rng.choice([-1.0, 1.0]) if ring else wave["sign"]
    # In half a frame the gap closes from both its sides.
    closing = p["speed"] * clock.s_per_frame
    room = end - 2 * spot - front
    fits = np.flatnonzero(room[:last] > _LEAST_GAP * field + closing + 1.0) + 1
    if not len(fits):
        raise NoTwin("calcium_wave: jumps_gap has no room ahead of the front")
    onset = int(rng.choice(fits))
    middle = front[onset - 1] + min(room[onset - 1], _GAP * field) + spot
    axis = (np.arange(len(inside)) + 0.5) * wave["h"]
    xy = np.stack(np.meshgrid(axis, axis), -1)
    origin = wave["site"] if ring else np.array([-half * sense, 0.0])

    def place(along: np.ndarray | float) -> np.ndarray:
        """Points at distances `along` the axis from where the wave began."""
        steps = np.asarray(along)[..., None] * np.array([sense, 0.0])
        return wave["centre"] + world.rotate(origin + steps, wave["tilt"])

    away = np.hypot(*np.moveaxis(xy - place(middle), 2, 0)) - spot
    lit = inside / (1 + np.exp(np.clip(away / wave["width"], -30, 30)))
    # Lit half a frame early, so that no frame shows the focus before its front has formed.
    u, arrival, now = _start(state, clock, onset)
    wait = _fine(clock) // 2
    calcium, arrival = _march(p, state, clock, u, arrival, now, wait)
    now += wait * clock.s_per_frame / _fine(clock)
    u = np.maximum(calcium[-1], lit)
    arrival = np.where((u >= 0.5) & (arrival > 1e8), now, arrival)
    left = (clock.num_frames - onset) * _fine(clock) - wait
    later, first = _march(p, state, clock, u, arrival, now, left, _PACE)
    calcium, bound = _frames(p, state, clock, onset, np.concatenate([calcium[:-1], later]))
    # What the frame of the onset shows: the unlit way between two lit places on the axis.
    along = np.arange(0.0, 2 * half, 0.25)
    index = (place(along) / wave["h"] - 0.5).T[::-1]
    seen = along[map_coordinates(calcium[onset], index, order=1) >= 0.5]
    gap = float(np.diff(seen).max(initial=0.0))
    if gap < _LEAST_GAP * field:
        raise NoTwin("calcium_wave: jumps_gap has no room ahead of the front")
    return calcium, bound, first.astype(np.float32), onset, gap


def _again(
    p: Parameters, state: State, clock: Clock, last: int, rng: np.random.Generator
) -> _Result:
    """A lane along the axis in which a second front follows as soon as the first part has dimmed.

    Channels there close a little early, to make room for it.
    """
    wave, inside, release = state["wave"], state["inside"], p["pulse"] / p["speed"]
    axis = (np.arange(len(inside)) + 0.5) * wave["h"]
    xy = np.stack(np.meshgrid(axis, axis), -1)
    own = world.rotate(xy - wave["centre"], -wave["tilt"])
    lane = inside & (np.abs(own[..., 1]) < _LANE * state.field_um)
    patch = lane & (wave["sign"] * own[..., 0] + wave["shape"][0] < _PATCH_UM)
    old = lane & (clock.times_s[last - 1] - state["arrival_s"] > _OLD * release)
    if p["direction"] == "outward" or not old.any():
        raise NoTwin("calcium_wave: refires needs a plane front with a wake early in the clip")
    onset = int(rng.integers(max(1, last - 1), last + 1))
    u, arrival, now = _start(state, clock, onset)
    first, aged, ready = arrival, np.zeros_like(inside), np.zeros_like(inside)
    fired, pieces, dt = False, [], clock.s_per_frame / _fine(clock)
    for _ in range((clock.num_frames - onset) * _fine(clock)):
        closing = lane & ~aged & (now - arrival > _OLD * release)
        aged |= closing
        arrival = np.where(closing, arrival - _AGED * release, arrival)
        age = (now - arrival) / release
        # A site that its neighbours keep from dimming is ready later all the same.
        again = aged & ~ready & (age > np.where(u < _DIM, _READY, _READY + 0.4))
        ready |= again
        arrival = np.where(again, _NEVER, arrival)
        if not fired and ready[patch].mean() > 0.8:
            u, fired = np.where(patch, 0.95, u), True
            arrival = np.where(patch, now, arrival)
        calcium, arrival = _march(p, state, clock, u, arrival, now, 1)
        first = np.where(aged, first, arrival)
        pieces.append(calcium[0])
        u, now = calcium[1], now + dt
    calcium, bound = _frames(p, state, clock, onset, np.stack([*pieces, u]))
    return calcium, bound, first.astype(np.float32), onset, 0.0
