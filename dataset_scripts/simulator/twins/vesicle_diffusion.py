"""Vesicles whose motion is not free diffusion.

Every twin keeps each vesicle's starting point, the length of its step between two frames, on
average, and the depth z with its order of covering; so no frame and no pair of frames gives it away
by how much moves. What is broken is how steps add up, or whose steps they are:

- `drift`: a steady stream carries all vesicles alike along the membrane, as in cytoplasmic
  streaming, and as much of their own jitter is taken away. Free vesicles have none (Qian, Sheetz &
  Elson 1991, Biophys J 60:910, tell flow, which grows as t², from diffusion). Who leaves the view
  on one side is replaced by one who enters on the other, so the count in view stays.
- `persistent`: each step is largely the step before it, as of a swimmer or a cargo on a motor. At
  this scale inertia is forgotten at once (Berg 1993, Random Walks in Biology, ch. 1).
- `together`: all vesicles make the same irregular steps at the same moments, with a small jitter
  of their own. Thermal kicks of particles apart are independent (Perrin 1909, Ann Chim Phys 18:5).
- `caged`: each vesicle rattles about a fixed point, so that its mean squared displacement stops
  growing after a few frames instead of growing as 4 D t (Einstein 1905, Ann Phys 322:549;
  confinement: Saxton & Jacobson 1997, Annu Rev Biophys Biomol Struct 26:373).
- `one_axis`: every step lies along one line, as on a rail, while thermal kicks are isotropic.

A vesicle that turns back, or two paths that cross, is legal and no violation. All sizes are equal
in this world, so "larger ones move faster" cannot be shown.
"""

from __future__ import annotations

import numpy as np

from ..core import Clock, Event, NoTwin, Parameters, State, Violation
from ..phenomena import vesicle_diffusion as world

VIOLATIONS = (
    Violation("drift", "free vesicles have no common drift"),
    Violation("persistent", "a vesicle's next step owes nothing to the step before"),
    Violation("together", "the steps of two vesicles at one time are independent"),
    Violation("caged", "mean squared displacement grows in proportion to time"),
    Violation("one_axis", "steps are as long along one axis as along the other"),
)
MEMORY = 0.85
"""Correlation of successive steps in `persistent`: a heading lasts about six frames."""
SHARE = 0.9
"""Share of a step's mean square that all vesicles have in common in `together`."""
CAGE = 0.25
"""Correlation of successive places in `caged`: lost within two frames."""
ASIDE = 0.15
"""Rms step across the line, in rms steps along it, in `one_axis`."""
_WAY = 0.30  # share of the field that `drift` carries the vesicles, where the step allows
_DRIFT = 0.35, 0.65  # least and greatest drift per frame, in rms steps
_TRIES = 96
_OUT = -99.0  # far out of view, in µm


def violate(
    name: str, parameters: Parameters, state: State, clock: Clock, rng: np.random.Generator
) -> State:
    """The twin of `state` that breaks the law `name`; needs at least 8 frames.

    The event's value: `drift` per frame in rms steps, else a correlation, of successive steps
    (`persistent`), of two vesicles' steps (`together`), of places two frames apart (`caged`), or
    of the two axes' mean squares (`one_axis`: smaller by larger). Truth and nature are 0, for
    `caged` and `one_axis` 1.
    """
    if clock.num_frames < 8:
        raise NoTwin(f"vesicle_diffusion: {name} needs at least 8 frames, got {clock.num_frames}")
    onset = int(rng.integers(1, max(1, int(0.4 * clock.num_frames)) + 1))
    xy = state["xy"]
    spread = float(np.sqrt(2 * parameters["diffusion_coefficient"] * clock.s_per_frame))
    arrays = dict(state.arrays)
    if name == "drift":
        arrays.update(_stream(state, onset, spread, rng))
        steps = clock.num_frames - onset
        value = _drift_per_frame(steps, spread, state.field_um)
    elif name == "together":
        arrays["xy"], value = _in_step(state, onset, spread, rng), SHARE
    else:
        walks, value = {
            "persistent": (_remembering, MEMORY),
            "caged": (_rattling, CAGE),
            "one_axis": (_on_rails, ASIDE**2),
        }[name]
        shape = (clock.num_frames - onset, xy.shape[1], _TRIES, 2)
        arrays["xy"] = _settled(state, onset, walks(state, onset, spread, shape, rng))
    truth = world.measured(arrays["xy"], parameters["diffusion_coefficient"], clock, state.field_um)
    unit = "rms steps per frame" if name == "drift" else "1"
    truth.events.append(
        Event("violation", onset, onset * clock.s_per_frame, value=float(value), unit=unit)
    )
    return State(state.field_um, arrays, truth)


def _drift_per_frame(steps: int, spread: float, field_um: float) -> float:
    """Drift per frame in rms steps (`spread` is the rms step along one axis)."""
    return float(np.clip(_WAY * field_um / (steps * np.sqrt(2) * spread), *_DRIFT))


def _stream(
    state: State, onset: int, spread: float, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """`xy`, `z` and `cargo` of vesicles in a stream along the membrane, with those that enter."""
    xy, field = state["xy"], state.field_um
    steps = np.maximum(np.arange(len(xy)) - (onset - 1), 0)
    drift = _drift_per_frame(int(steps[-1]), spread, field)
    # The own jitter shrinks about the place at the onset, so it stays where the true path was.
    begin = xy[onset - 1]
    moved = xy.copy()
    moved[onset:] = begin + np.sqrt(1 - drift**2) * (xy[onset:] - begin)
    axis = 0 if state["side"] < 2 else 1
    speed = drift * np.sqrt(2) * spread
    ways = [moved[..., axis] + sense * speed * steps[:, None] for sense in (-1.0, 1.0)]
    radius = state["radius"]
    # Of the two senses take the one in which fewer vesicles are cut by the picture's edge.
    cut = [np.sum((w < radius) | (w > field - radius)) for w in ways]
    sense = int(rng.integers(2)) if cut[0] == cut[1] else int(cut[1] < cut[0])
    moved[..., axis] = ways[sense]
    image = moved.copy()
    image[..., axis] -= (2 * sense - 1) * field
    # The soft shadow reaches somewhat farther than the rim.
    reach = 1.06 * radius + 0.4
    seen = (image[..., axis] > -reach) & (image[..., axis] < field + reach)
    seen[:onset] = False
    enters = np.flatnonzero(seen.any(axis=0))
    image = np.where(seen[..., None], image, _OUT)[:, enters]
    return {
        "xy": np.concatenate([moved, image], axis=1),
        "z": np.concatenate([state["z"], state["z"][:, enters]], axis=1),
        "cargo": np.concatenate([state["cargo"], state["cargo"][enters]]),
    }


def _in_step(state: State, onset: int, spread: float, rng: np.random.Generator) -> np.ndarray:
    """Paths of vesicles with common steps: of many common paths the one that stays most in view."""
    xy = state["xy"]
    begin = xy[onset - 1]
    own = begin + np.sqrt(1 - SHARE) * (xy[onset:] - begin)
    common = np.cumsum(rng.normal(0, spread, (len(own), 4 * _TRIES, 2)), axis=0)
    common *= (_mean_step(xy[onset - 1 :]).mean() / _mean_first_step(common))[:, None]
    places = own[:, :, None] + np.sqrt(SHARE) * common[:, None]
    best = int(np.argmin(_outside(places, state).sum(axis=(0, 1))))
    return np.concatenate([xy[:onset], places[:, :, best]])


def _remembering(
    state: State, onset: int, spread: float, shape: tuple[int, ...], rng: np.random.Generator
) -> np.ndarray:
    """Displacements since the onset (S, N, C, 2) of a walk whose successive steps correlate."""
    steps = rng.normal(0.0, spread, shape)
    for i in range(1, len(steps)):
        steps[i] = MEMORY * steps[i - 1] + np.sqrt(1 - MEMORY**2) * steps[i]
    return np.cumsum(steps, axis=0)


def _rattling(
    state: State, onset: int, spread: float, shape: tuple[int, ...], rng: np.random.Generator
) -> np.ndarray:
    """Displacements since the onset (S, N, C, 2) of vesicles that rattle about fixed points."""
    # A step's variance is 2 (1 - CAGE) times that of the places.
    places = rng.normal(0.0, spread / np.sqrt(2 * (1 - CAGE)), (shape[0] + 1, *shape[1:]))
    for i in range(1, len(places)):
        places[i] = CAGE * places[i - 1] + np.sqrt(1 - CAGE**2) * places[i]
    return places[1:] - places[0]


def _on_rails(
    state: State, onset: int, spread: float, shape: tuple[int, ...], rng: np.random.Generator
) -> np.ndarray:
    """Displacements since the onset (S, N, C, 2) along one line, the same for all vesicles."""
    scale = np.full(2, ASIDE)
    scale[int(rng.integers(2))] = 1.0
    return np.cumsum(rng.normal(0.0, spread * scale, shape), axis=0)


def _mean_step(paths: np.ndarray) -> np.ndarray:
    """Mean length (…) of the steps of paths (T, …, 2)."""
    return np.asarray(np.linalg.norm(np.diff(paths, axis=0), axis=-1).mean(axis=0))


def _mean_first_step(walks: np.ndarray) -> np.ndarray:
    """The same of displacements (S, …, 2), with the step from where they began."""
    return _mean_step(np.concatenate([np.zeros_like(walks[:1]), walks]))


def _outside(places: np.ndarray, state: State) -> np.ndarray:
    """How far places (…, 2) lie outside the room that true centres keep to, in µm."""
    excess = np.maximum(state["low"] - places, 0) + np.maximum(places - state["high"], 0)
    return excess.sum(axis=-1)


def _settled(state: State, onset: int, walks: np.ndarray) -> np.ndarray:
    """Paths (T, N, 2) with the law broken from `onset` on, of candidate displacements `walks`.

    As in the true world each vesicle takes of its candidates the one that stays in view and
    spends the least time over another vesicle, or else the crowd would tell the twin. Each
    candidate's steps are as long on average as those of the true vesicle.
    """
    lengths = _mean_step(state["xy"][onset - 1 :])
    walks = walks * (lengths[:, None] / _mean_first_step(walks))[..., None]
    places = state["xy"][onset - 1][:, None] + walks
    costs = 20 * _outside(places, state).sum(axis=0) / state["radius"]
    number, apart = places.shape[1], 3.0 * state["radius"]
    paths = np.stack([places[:, k, int(np.argmin(costs[k]))] for k in range(number)], axis=1)
    for visit in range(2 * number):
        k = visit % number
        gap = places[:, k, :, None] - np.delete(paths, k, axis=1)[:, None]
        near = np.maximum(0.0, 1.0 - np.sum(gap**2, axis=-1) / apart**2).sum(axis=(0, 2))
        paths[:, k] = places[:, k, int(np.argmin(costs[k] + near))]
    # What still leaves the room, in long clips, turns back at its border.
    low, room = state["low"], np.maximum(state["high"] - state["low"], 1e-9)
    return np.concatenate([state["xy"][:onset], low + world.folded(paths - low, room)])
