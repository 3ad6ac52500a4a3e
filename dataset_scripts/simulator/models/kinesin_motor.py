"""Kinesin-1 as a stepper, as the driver of vesicles and as single molecules that come and go.

Stepper. A sequential cycle of four states takes the motor from one tubulin dimer to the next
(Fisher & Kolomeisky 2001, Proc Natl Acad Sci USA 98:7748): hydrolysis of ATP in the rear head;
release of the rear head; binding of ATP by the front head, k_on [ATP]; and binding of the free head
in front of it. The dwell of each state is exponential. With rates u_i the mean speed is
v = d / Σ 1/u_i and the randomness Σ u_i⁻² / (Σ u_i⁻¹)², about a third when ATP is plentiful
(Schnitzer & Block 1997, Nature 388:386). The three rates that do not depend on ATP are taken to be
equal and follow from the speed. Back steps, one in hundreds without load (Carter & Cross 2005,
Nature 435:308), are left out.

Geometry. The heads take turns: each one passes the other and lands two dimers on (Yildiz et al.
2004, Science 303:676), by way of a state in which it is free above the bound one (Isojima et al.
2016, Nat Chem Biol 12:290). A free head relaxes within microseconds; here it takes `SWING` of the
mean step, so that it can be followed.

Long runs. A vesicle or a molecule makes many steps between two frames; such a renewal process has
increments of mean v Δt and variance r v d Δt, drawn from a gamma law, so that none is negative.
Lengths are in nm for the stepper and in µm for the long runs; times in s.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

DIMER_NM = 8.2
"""Repeat of tubulin along a protofilament, and step of the motor."""
ATP_BINDING = 1.8
"""k_on, 1/(µM s): Fisher & Kolomeisky 2001."""
RANDOMNESS = 1 / 3
"""Of the long runs: Schnitzer & Block 1997 at plentiful ATP."""
SWING = 0.07
"""Relaxation time of a free head over the mean time of a step; modelling choice, see above."""
LIFT_NM = 7.0
"""How far a free head rises; modelling choice, less than the reach of its neck linker."""
BEHIND, AHEAD = -0.35, 0.55
"""Where a free head waits before and after ATP binds, in dimers from the bound one."""
_PACE = 0.10  # by which the speeds of molecules differ; modelling choice
BLUR_UM = 0.75
"""Two spots nearer than this cannot be told apart in a small picture; modelling choice."""

Waypoints = list[tuple[float, float, float]]
"""Time (s), place along the lattice (dimers) and height above it (nm) that a head is drawn to."""


@dataclass(frozen=True)
class Track:
    """A straight microtubule from its minus end at `x0`, `y0` (µm) to the plus end, `length` on.

    `sign` is +1 where the plus end is on the right; it leans by `slope` (rad, small).
    """

    x0: float
    y0: float
    length: float
    sign: float
    slope: float

    def place(self, s: Any, h: Any = 0.0) -> np.ndarray:
        """Points (..., 2) at `s` µm from the minus end and `h` µm above the axis."""
        s, h = np.broadcast_arrays(np.asarray(s, dtype=float), np.asarray(h, dtype=float))
        c, n = np.cos(self.slope), np.sin(self.slope)
        x = self.x0 + self.sign * c * s + n * h
        return np.stack([x, self.y0 + self.sign * n * s - c * h], axis=-1)


@dataclass(frozen=True)
class Walk:
    """Times (K,) of the steps in view and around it: head off, ATP bound, head on.

    Step k takes the rear head from dimer k - 1 to k + 1; the head with `lead` = 0 makes the even
    steps. `origin` is the dimer (not whole) on which the stalk stands when the clip begins.
    """

    off: np.ndarray
    atp: np.ndarray
    on: np.ndarray
    tau: float
    origin: float


def stage_rates(speed: float, atp_mm: float) -> np.ndarray:
    """Rates (4,) in 1/s of hydrolysis, release, ATP binding and head binding at µm/s and mM."""
    binding = ATP_BINDING * 1000 * atp_mm
    rest = 3 / (DIMER_NM / (1000 * speed) - 1 / binding)
    return np.array([rest, rest, binding, rest])


def step_times(rates: np.ndarray, steps: int, rng: np.random.Generator) -> np.ndarray:
    """Times (steps, 3), from 0, at which the head lets go, ATP binds, and the head binds."""
    dwell = rng.exponential(1 / rates, (steps, 4))
    ends = np.cumsum(dwell).reshape(steps, 4)
    return ends[:, 1:]


def walk(speed: float, atp_mm: float, duration: float, rng: np.random.Generator) -> Walk:
    """Steps over `duration`, as many as the speed lets expect (one more or less).

    The chain is run for longer, and the clip's window is laid over a stretch of it.
    """
    rates = stage_rates(speed, atp_mm)
    mean = float((1 / rates).sum())
    expected = duration / mean
    for _ in range(200):
        times = step_times(rates, 8 + 3 * int(np.ceil(expected)), rng)
        begin = rng.uniform(3 * mean, 5 * mean)
        on = times[:, 2] - begin
        inside = int(((on > 0) & (on <= duration)).sum())
        if abs(inside - expected) <= 0.75 and on[-2] > duration:
            break
    done = int((on <= 0).sum())
    off, atp, on = (times - begin).T
    return Walk(off, atp, on, SWING * mean, done - 0.5)


def true_waypoints(walk: Walk, step: int) -> Waypoints:
    """Where the rear head is drawn to in the course of one step."""
    return [
        (walk.off[step], step + BEHIND, LIFT_NM),
        (walk.atp[step], step + AHEAD, LIFT_NM),
        (walk.on[step], step + 1.0, 0.0),
    ]


def heads(
    walk: Walk, times: np.ndarray, paths: Sequence[Waypoints] | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Places (2, T) along the lattice and heights (2, T) of both heads, in nm, at `times`.

    Heads relax exponentially to the waypoints in `paths` (by default the true ones).
    """
    paths = true_paths(walk) if paths is None else paths
    along, lift = np.empty((2, len(times))), np.empty((2, len(times)))
    for head, points in enumerate(paths):
        begin = np.array([p[0] for p in points])
        goal = np.array([p[1:] for p in points])
        reached = np.empty_like(goal)  # where the head is when it is drawn to each waypoint
        reached[0] = goal[0]
        for i in range(1, len(points)):
            left = np.exp(-(begin[i] - begin[i - 1]) / walk.tau)
            reached[i] = goal[i - 1] + (reached[i - 1] - goal[i - 1]) * left
        last = np.searchsorted(begin, times, side="right") - 1
        left = np.exp(-(times - begin[last]) / walk.tau)[:, None]
        place = goal[last] + (reached[last] - goal[last]) * left
        along[head], lift[head] = DIMER_NM * (place[:, 0] - walk.origin), place[:, 1]
    return along, lift


def true_paths(walk: Walk, before: int | None = None) -> list[Waypoints]:
    """All waypoints of both heads, of the steps below `before`."""
    steps = len(walk.off) if before is None else before
    # Step 0 moves head 0 from dimer -1, step 1 moves head 1 from dimer 0.
    return [
        [(-np.inf, head - 1.0, 0.0)]
        + [point for step in range(head, steps, 2) for point in true_waypoints(walk, step)]
        for head in range(2)
    ]


def bound(walk: Walk, times: np.ndarray) -> np.ndarray:
    """How many heads (T,) hold on at `times`, in the true walk: two, or one during a step."""
    begun = np.searchsorted(walk.off, times, side="right")
    return 2 - (begun > np.searchsorted(walk.on, times, side="right")).astype(int)


def increments(speed: np.ndarray, dt: float, frames: int, rng: np.random.Generator) -> np.ndarray:
    """Distances (frames, N) in µm that runners with speeds (N,) cover between frames."""
    mean = speed * dt
    scale = RANDOMNESS * DIMER_NM / 1000
    return rng.gamma(np.broadcast_to(mean / scale, (frames, len(speed))), scale)


def rides(
    speed: float, dt: float, frames: int, starts: np.ndarray, gap: float, pause_rate: float,
    pause_s: float, rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Places (T, N) in µm of vesicles on one track, first the foremost, and when they pause (T, N).

    Teams differ in speed by 6 %; a vesicle queues behind the one in front at `gap`.
    """
    number = len(starts)
    steps = increments(speed * (1 + 0.06 * rng.standard_normal(number)), dt, frames - 1, rng)
    paused = np.zeros((frames, number), dtype=bool)
    for i in range(number):
        t = rng.exponential(1 / pause_rate)
        while t < frames * dt:
            length = rng.exponential(pause_s)
            paused[int(np.ceil(t / dt)) : int(np.ceil((t + length) / dt)), i] = True
            t += length + rng.exponential(1 / pause_rate)
    places = starts + np.concatenate([np.zeros((1, number)),
                                      np.cumsum(steps * ~paused[1:], axis=0)])  # fmt: skip
    for i in range(1, number):
        places[:, i] = np.minimum(places[:, i], places[:, i - 1] - gap)
    return places, paused


def runs(
    speed: float, run_um: float, length: float, present: float, dt: float, frames: int,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Places (N, T) in µm from the minus end of single motors, NaN where not bound; run lengths.

    Motors land evenly over a lattice of `length`, about `present` at a time, and let go after
    exponential runs of mean `run_um` (Block, Goldstein & Schnapp 1990, Nature 348:348), or at the
    plus end. None lands where another would blur into it, which costs some landings. The clip's
    window is laid over a stretch in which three runs begin and end, where there is one.
    """
    warm = int(np.ceil(5 * run_um / speed / dt))
    total = warm + (frames if frames < 17 else 6 * frames)
    # The plus end cuts some of the runs short.
    rate = 1.4 * present * speed / run_um
    begins: list[int] = []
    rows: list[np.ndarray] = []
    spans: list[float] = []
    for t in np.sort(rng.uniform(0, (total - 1) * dt, rng.poisson(rate * (total - 1) * dt))):
        begin, site = int(np.ceil(t / dt)), rng.uniform(0.02, 0.93) * length
        span = min(rng.exponential(run_um), length - site)
        own = speed * np.clip(1 + _PACE * rng.standard_normal(), 0.7, 1.3)
        others = [row[begin - b] for b, row in zip(begins, rows, strict=True)
                  if begin < b + len(row)]  # fmt: skip
        if any(abs(other - site) < BLUR_UM for other in others):
            continue
        gone, path = 0.0, [0.0]
        while gone <= span and begin + len(path) < total:
            ahead = increments(np.array([own]), dt, 16, rng)[:, 0]
            path += list(gone + np.cumsum(ahead))
            gone = path[-1]
        steps = np.array(path[: total - begin])
        begins.append(begin)
        rows.append(site + steps[steps <= span])
        spans.append(span)
    places = np.full((len(rows), total), np.nan)
    for place, begin, row in zip(places, begins, rows, strict=True):
        place[begin : begin + len(row)] = row
    return _window(places, np.array(spans), warm, frames)


def _window(
    places: np.ndarray, spans: np.ndarray, warm: int, frames: int
) -> tuple[np.ndarray, np.ndarray]:
    """The first stretch with three whole runs and never less than three molecules, or the best."""
    here = np.isfinite(places)
    best, begin = -1, warm
    for start in range(warm, here.shape[1] - frames + 1, max(1, frames // 6)):
        part = here[:, start : start + frames]
        whole = int((part.any(axis=1) & ~part[:, 0] & ~part[:, -1]).sum())
        worth = min(3, whole) + min(3, int(part.sum(axis=0).min()))
        if worth > best:
            best, begin = worth, start
        if best == 6:
            break
    seen = here[:, begin : begin + frames].any(axis=1)
    return places[seen, begin : begin + frames], spans[seen]
