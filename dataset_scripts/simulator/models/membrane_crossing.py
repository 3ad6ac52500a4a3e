"""Molecules that wander on both sides of a membrane and are taken across it by proteins.

Time is counted in cycles of a protein (in mean waits between two ions of a channel), lengths in nm.
Side 0 is the side from which the proteins take what they carry forward, and lies above; `phenomena`
turns the picture over where transport goes up.

- Kinetics. A carrier or pump is a cycle of states that is open to one side, shut, open to the other
  side and shut again (alternating access: Jardetzky 1966, Nature 211:969). Cycles last gamma
  distributed times, as of `STAGES` equal exponential stages in series. An empty carrier binds what
  it carries with the chance n / (n + HALF) on either side, n being the number there, so that at
  equal numbers there is no net transport. A pump waits for all the ions of its load (three Na+
  out, two K+ in: Post & Jolly 1957, Biochim Biophys Acta 25:118). An open pore passes ions at
  random times no less than `DEAD` apart, from either side in proportion to the numbers there, so
  that on average the difference of the numbers decays as exp(-2 m t / N) with m pores and N ions.
- Paths. A free molecule makes Brownian steps, reflected by the walls, the membrane and the
  proteins, and keeps its distance from others. Between the moment when its turn is settled and the
  moment when it reaches the protein's mouth it makes a Brownian bridge: free diffusion on the
  condition of arriving then (Doob's transform: Karatzas & Shreve 1991, Brownian Motion and
  Stochastic Calculus, ch. 5.6). Inside the protein it goes from mouth to site to mouth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .membrane_geometry import Membrane, parted, reflected, slots_of

STAGES = 40  # modelling choice: cycles of uneven length, but none so short that it cannot be seen
HALF = 6.0  # molecules on a side that fill half of the carriers: modelling choice
DEAD = 0.6  # modelling choice: a pore holds one ion at a time
PASSAGE = 0.55  # of a pore, in mean waits; shorter than DEAD
# Cycles from the choice of a molecule, forward or back, to its arrival at the mouth (modelling
# choice: longer where molecules are few).
LEAD = (0.5, 0.7)
REACH = 0.35  # of the box: from farther away nobody reaches a mouth in time (but a pump waits)
ALWAYS, NEVER = -1.0, 2.0  # chances that are met, or not, whatever the numbers

# Shares of a cycle: a gate opens, stays open and shuts; the first gate faces side 0.
OPENING, OPEN = 0.06, 0.28
FACING = (0.0, 0.5)
# Within a cycle: from mouth to site and from site to mouth, of the loads forward and back.
BIND = ((0.10, 0.22), (0.62, 0.74))
RELEASE = ((0.50, 0.62), (1.00, 1.12))


@dataclass(frozen=True)
class Load:
    """`count` molecules of `kind` that `machine` takes across from `side` (None: as numbers say).

    `start` is when they are chosen; `enter` and `leave` span the ways from mouth to site and from
    site to mouth. Bound if `chance` (drawn in advance) is met; a pump (`waits`) stands still where
    molecules are lacking. `lane` is a place in bare lipid to cross instead of the protein.
    """

    machine: int
    cycle: int
    side: int | None
    kind: int
    count: int
    chance: float
    start: float
    enter: tuple[float, float]
    leave: tuple[float, float]
    waits: bool = False
    lane: float | None = None


@dataclass(frozen=True)
class Paths:
    """`xy` (T, N, 2) nm; `halts` (M,): when a machine came to a halt (inf: never)."""

    xy: np.ndarray
    halts: np.ndarray


def cycle_starts(machines: int, duration: float, rng: np.random.Generator) -> np.ndarray:
    """Starts (M, C) of the cycles, from the first one on, out of step with each other."""
    first = 0.42 + 0.40 * (rng.permutation(machines) + rng.uniform(0, 0.9, machines)) / machines
    lengths = rng.gamma(STAGES, 1 / STAGES, (machines, int(2 * duration) + 8))
    return np.asarray(np.cumsum(np.concatenate([first[:, None], lengths], axis=1), axis=1))


def carried_loads(
    starts: np.ndarray, kinds: tuple[int, int], counts: tuple[int, int], waits: bool,
    rng: np.random.Generator,
) -> list[Load]:  # fmt: skip
    """What carriers or pumps take forward and back in each of their cycles `starts` (M, C)."""
    loads = []
    chances = rng.uniform(0, 1, (*starts.shape, 2))
    for machine, row in enumerate(starts):
        for cycle in range(len(row) - 2):
            begin, length = row[cycle], row[cycle + 1] - row[cycle]

            def at(share: float, begin: float = begin, length: float = length) -> float:
                return float(begin + share * length)

            for way in (0, 1):
                loads.append(
                    Load(
                        machine, cycle, way, kinds[way], counts[way],
                        ALWAYS if waits else float(chances[machine, cycle, way]),
                        at(BIND[way][0]) - LEAD[way],
                        (at(BIND[way][0]), at(BIND[way][1])),
                        (at(RELEASE[way][0]), at(RELEASE[way][1])),
                        waits,
                    )
                )  # fmt: skip
    return loads


def pore_loads(pores: Sequence[int], duration: float, rng: np.random.Generator) -> list[Load]:
    """Ions that the open `pores` let through, one after another."""
    loads = []
    for pore in pores:
        waits = DEAD + rng.exponential(1 - DEAD, int(3 * duration) + 12)
        times = LEAD[0] + rng.uniform(0, 0.45) + np.cumsum(waits) - waits[0]
        for number, t in enumerate(times):
            middle = t + 0.5 * PASSAGE
            chance = float(rng.uniform())
            loads.append(
                Load(
                    pore,
                    number,
                    None,
                    0,
                    1,
                    chance,
                    t - LEAD[0],
                    (t, middle),
                    (middle, t + PASSAGE),
                )
            )
    return loads


def gates(
    starts: np.ndarray, halts: np.ndarray, times: np.ndarray, shift: float = 0.0,
    since: np.ndarray | None = None,
) -> np.ndarray:  # fmt: skip
    """How far (T, M, 2) each gate is open, 0 to 1, towards side 0 and side 1.

    From cycle `since` (M,) on the second gate runs earlier by `shift` of a cycle.
    """
    out = np.empty((len(times), len(starts), 2))
    for machine, row in enumerate(starts):
        # Before its first cycle a machine comes from an empty one of mean length.
        row = np.concatenate([[row[0] - 1.0], row])
        phase = np.interp(np.minimum(times, halts[machine]), row, np.arange(-1, len(row) - 1))
        late = phase >= (np.inf if since is None else since[machine])
        for gate in (0, 1):
            facing = FACING[gate] - np.where(late, shift, 0.0) * (gate == 1)
            # Distance in phase from the middle of the time in which the gate is open.
            away = np.abs((phase - facing - 0.5 * OPEN + 0.5) % 1.0 - 0.5)
            u = np.clip(1 - (away - 0.5 * OPEN) / OPENING, 0, 1)
            out[:, machine, gate] = u * u * (3 - 2 * u)
    return out


def follow(
    membrane: Membrane, start: np.ndarray, sides: np.ndarray, kinds: np.ndarray,
    loads: Sequence[Load], times: np.ndarray, substeps: int, spread: float, seed: int,
) -> Paths:  # fmt: skip
    """Molecules from `start` (N, 2) on, at frame `times` (T,), with `substeps` between frames.

    `spread` is the rms step of a free molecule along one axis in one unit of time, nm.
    """
    rng = np.random.default_rng(seed)
    n = len(start)
    dt = float(times[1] - times[0]) / substeps
    xy, sides = start.copy(), sides.copy()
    arrival, target = np.full(n, np.inf), np.zeros((n, 2))
    routes: dict[int, tuple[np.ndarray, np.ndarray]] = {}
    machines = len(membrane.axes)
    halts = np.full(machines, np.inf)
    waiting = sorted(loads, key=lambda load: load.start)[::-1]
    out = np.empty((len(times), n, 2))
    out[0] = xy
    for step in range(1, (len(times) - 1) * substeps + 1):
        t = step * dt
        while waiting and waiting[-1].start <= t:
            load = waiting.pop()
            # Whoever would have to be at the mouth already comes too late.
            if t < load.enter[0] < halts[load.machine]:
                _engage(membrane, load, xy, sides, kinds, arrival, target, routes, halts)
        inside = np.array([i in routes and arrival[i] <= t for i in range(n)], dtype=bool)
        noise = rng.standard_normal((n, 2))
        share = np.clip(dt / np.maximum(arrival - (t - dt), dt), 0, 1)[:, None]
        step_xy = share * np.where(np.isfinite(arrival)[:, None], target - xy, 0.0)
        step_xy += spread * np.sqrt(dt * (1 - share)) * noise
        step_xy += parted(membrane, xy, inside | np.isfinite(arrival))
        moved = reflected(membrane, xy + step_xy, sides)
        xy = np.where(inside[:, None], xy, moved)
        for i in list(routes):
            when, where = routes[i]
            if t < when[0]:
                continue
            xy[i] = [np.interp(t, when, where[:, 0]), np.interp(t, when, where[:, 1])]
            if t >= when[-1]:
                sides[i] = 1 - sides[i]
                arrival[i] = np.inf
                del routes[i]
        if step % substeps == 0:
            out[step // substeps] = xy
    return Paths(out, halts)


def _engage(
    membrane: Membrane, load: Load, xy: np.ndarray, sides: np.ndarray, kinds: np.ndarray,
    arrival: np.ndarray, target: np.ndarray, routes: dict, halts: np.ndarray,
) -> None:  # fmt: skip
    """Choose the molecules of `load`, the nearest free ones, and lay out their ways."""
    # Who is on the way across counts for the side where it is going.
    bound_for = np.where(np.isfinite(arrival), 1 - sides, sides)
    numbers = [int(((bound_for == side) & (kinds == load.kind)).sum()) for side in (0, 1)]
    side = load.side
    if side is None:
        side = int(load.chance >= numbers[0] / sum(numbers))
    elif load.chance >= numbers[side] / (numbers[side] + HALF) and not load.waits:
        return
    free = (sides == side) & (kinds == load.kind) & np.isinf(arrival)
    if free.sum() < load.count:
        if load.waits:
            halts[load.machine] = load.enter[0]
        return
    middle, r = 0.5 * membrane.field, membrane.radius
    out = 1.0 if side else -1.0
    bare = load.lane is not None
    axis = float(load.lane) if load.lane is not None else float(membrane.axes[load.machine])
    height = (membrane.half if bare else membrane.height) + r
    slots = slots_of(membrane, load.count)
    slots[:, 1] *= -out
    for i, slot in enumerate(slots):
        # Several go abreast, as far as the mouth is wide.
        lane = axis + (2.2 if bare else 1.0) * r * (i - 0.5 * (load.count - 1))
        mouth = np.array([lane, middle + out * height])
        if bare:
            slot = np.array([0.0, 0.0])
        far = np.linalg.norm(xy - mouth, axis=1)
        far[~free] = np.inf
        k = int(np.argmin(far))
        if not load.waits and far[k] > REACH * membrane.field:
            return
        free[k] = False
        late = 0.3 * i / max(1, load.count - 1)
        when = [
            window[0] + (late + along) * (window[1] - window[0]) if load.count > 1 else window[j]
            for window in (load.enter, load.leave)
            for j, along in enumerate((0.0, 0.7))
        ]
        beyond = np.array([lane + 2.6 * r * (i - 0.5 * (load.count - 1)),
                           middle - out * (height + 2.2 * r)])  # fmt: skip
        opposite = np.array([lane, middle - out * height])
        site = np.array([lane if bare else axis, middle]) + slot
        times = np.array([*when, when[-1] + 0.6 * (when[-1] - when[-2])])
        routes[k] = (times, np.stack([mouth, site, site, opposite, beyond]))
        arrival[k], target[k] = when[0], mouth
