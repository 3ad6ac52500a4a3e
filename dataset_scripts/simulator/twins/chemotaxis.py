"""Crawling neutrophils that break a law of chemotaxis.

The walk of the true clip is stored step by step, so a twin walks on from its last true frame with
the model's own equation, speeds and random kicks, and one wrong term:

- `reversed_bias`: the torque that turns headings up the gradient turns them down it instead (or up,
  where the clip's cells are repelled). The group goes the wrong way; a single cell that does so is
  legal (Zigmond 1977, J Cell Biol 75:606).
- `no_bias`: the torque is gone; headings keep their persistence, and the tracks fan out to all
  sides (Tranquillo, Lauffenburger & Zigmond 1988, J Cell Biol 106:303).
- `jitter`: from frame to frame each cell moves as far as in the true clip, but to and fro about one
  spot. A crawling cell holds its course for tens of seconds (Schienbein & Gruler 1993, Bull Math
  Biol 55:585).
- `uropod_first`: the cells take their true paths, but turn round on them until the uropod leads
  and the lamellipod trails. Actin pushes at the front, so a neutrophil crawls with its lamellipod
  ahead (Xu et al. 2003, Cell 114:201).

"Blind to a moved source" cannot be shown: the source of this world stands still.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core import Clock, Event, NoTwin, Parameters, State, Violation
from ..models.crawling_cells import crawl, uphill, with_images
from ..phenomena import chemotaxis as world

VIOLATIONS = (
    Violation("reversed_bias", "attracted cells climb the gradient, repelled ones descend it"),
    Violation("no_bias", "in a gradient the cells' courses are biased along it"),
    Violation("jitter", "a crawling cell holds its course for several frames"),
    Violation("uropod_first", "a cell crawls with its lamellipod ahead and its uropod behind"),
)
UNBIASED = 0.25
"""Largest index, either way, that a walk without bias may show; others are walked anew."""
_WALKS = 8
_FASTEST = 1.25  # at most this much faster, to make up for cells that run into a border
_LIMIT = 20 / 60  # µm/s, the fastest a cell of this world may crawl


def violate(
    name: str, parameters: Parameters, state: State, clock: Clock, rng: np.random.Generator
) -> State:
    """The twin of `state` that breaks the law `name`; needs at least 8 frames.

    The event's value is what the frames from the onset on show: the ensemble's chemotactic index
    along the clip's own direction (`reversed_bias` and `no_bias`; the law: 0.65 to 0.85), the mean
    cosine of successive steps (`jitter`; above 0) or of front and step (`uropod_first`; near 1).
    """
    frames = clock.num_frames
    if frames < 8:
        raise NoTwin(f"chemotaxis: {name} needs at least 8 frames, got {frames}")
    # Cells need time to turn round: at least three quarters of the clip are broken.
    onset = int(rng.integers(1, max(1, int(0.25 * frames)) + 1))
    sign = state["walk"]["sign"]
    if name == "jitter":
        arrays = _shaken(state, onset, rng)
    elif name == "uropod_first":
        arrays = _turned_round(state, onset, rng)
    else:
        arrays = _walked(name, parameters, state, onset, rng)
    truth = world.measured(clock, arrays)
    ahead = front_cosine(arrays["xy"], arrays["front"])
    truth.series["front_cosine"] = ("1", ahead)
    if name == "jitter":
        value = turning_cosine(arrays["xy"][onset - 1 :])
    elif name == "uropod_first":
        value = float(ahead[onset + _turn_frames(frames) :].mean())
    else:
        value = sign * _index(arrays, onset)
    truth.events.append(Event("violation", onset, onset * clock.s_per_frame, value=value, unit="1"))
    return State(state.field_um, arrays, truth)


def turning_cosine(xy: np.ndarray) -> float:
    """Mean cosine of the angle between a cell's successive steps, of paths (T, N, 2)."""
    step = np.diff(xy, axis=0)
    step /= np.maximum(np.linalg.norm(step, axis=2, keepdims=True), 1e-9)
    return float(np.sum(step[1:] * step[:-1], axis=2).mean())


def front_cosine(xy: np.ndarray, front: np.ndarray) -> np.ndarray:
    """Mean cosine (T,) of the angle between the cells' steps and fronts; the first is repeated."""
    step = np.diff(xy, axis=0)
    step /= np.maximum(np.linalg.norm(step, axis=2, keepdims=True), 1e-9)
    both = np.sum(step * 0.5 * (front[1:] + front[:-1]), axis=2).mean(axis=1)
    return np.concatenate([both[:1], both])


def _index(arrays: dict[str, Any], onset: int) -> float:
    """Chemotactic index of the ensemble, up the gradient, from the last true frame on."""
    path, climb = arrays["path"].mean(axis=1), arrays["climb"].mean(axis=1)
    return float((climb[-1] - climb[onset - 1]) / max(path[-1] - path[onset - 1], 1e-9))


def _walked(
    name: str, p: Parameters, state: State, onset: int, rng: np.random.Generator
) -> dict[str, Any]:
    """Cells that walk on from the last true frame with the bias turned round, or without any."""
    walk = state["walk"]
    kicks = walk["kicks"]
    since = (onset - 1) * walk["per_frame"]
    kappa, sign = (walk["kappa"], -walk["sign"]) if name == "reversed_bias" else (0.0, walk["sign"])
    for _ in range(_WALKS):
        arrays = _rerun(p, state, onset, kappa, sign, kicks, 1.0)
        # Who runs into a border is slowed there; the others hurry for as much.
        lengths = [a["path"][-1].sum() - a["path"][onset - 1].sum() for a in (state, arrays)]
        pace = float(np.clip(lengths[0] / max(lengths[1], 1e-9), 1.0, _FASTEST))
        arrays = _rerun(p, state, onset, kappa, sign, kicks, pace)
        index = walk["sign"] * _index(arrays, onset)
        if (index < -UNBIASED) if name == "reversed_bias" else (abs(index) < UNBIASED):
            return arrays
        kicks = np.concatenate([kicks[:since], rng.standard_normal(kicks[since:].shape)])
    raise NoTwin(f"chemotaxis: {name} has no room here, the cells still move by index {index:.2f}")


def _rerun(
    p: Parameters, state: State, onset: int, kappa: float, sign: float, kicks: np.ndarray,
    pace: float,
) -> dict[str, Any]:  # fmt: skip
    """Arrays of the cells walking on from frame `onset` - 1 with another bias and `pace`."""
    walk, field_um = state["walk"], state.field_um
    per_frame, dt = walk["per_frame"], walk["dt"]
    s = (onset - 1) * per_frame
    speed = np.minimum(pace * walk["speed"], _LIMIT)
    xy, theta, path, climb = crawl(
        walk["xy"][s], walk["theta"][s], speed, kicks[s:], dt, kappa, p["persistence_time"], sign,
        walk["sources"], world.DECAY_UM, state["reach"], field_um,
    )  # fmt: skip
    xy = np.concatenate([walk["xy"][:s], xy])
    theta = np.concatenate([walk["theta"][:s], theta])
    path = np.concatenate([walk["path"][:s], walk["path"][s] + path])
    climb = np.concatenate([walk["climb"][:s], walk["climb"][s] + climb])
    front, tail = world.poses(p, xy, theta, dt, per_frame)
    places = xy[::per_frame].copy()
    if p["source_side"] == "right":
        places[..., 0] = field_um - places[..., 0]
        front[..., 0] *= -1
        tail[..., 0] *= -1
    arrays = dict(state.arrays)
    new = {"xy": places, "front": front, "tail": tail,
           "path": path[::per_frame], "climb": climb[::per_frame]}  # fmt: skip
    for name, values in new.items():
        arrays[name] = np.concatenate([state[name][:onset], values[onset:]])
    return arrays


def _free(at: np.ndarray, others: np.ndarray, state: State) -> bool:
    """Whether a cell at `at` (2,) touches neither another cell, a bead nor the border."""
    reach, beads = state["reach"], state["beads"]
    inside = at.min() >= reach and at.max() <= state.field_um - reach
    apart = np.linalg.norm(others - at, axis=1).min() >= 2 * reach
    return bool(
        inside and apart
        and np.all(np.linalg.norm(beads[:, :2] - at, axis=1) >= reach + beads[:, 2])
    )  # fmt: skip


def _shaken(state: State, onset: int, rng: np.random.Generator) -> dict[str, Any]:
    """Cells that go to and fro about their last true place, as far in each frame as in truth."""
    xy = state["xy"].copy()
    path, climb = state["path"].copy(), state["climb"].copy()
    lengths = np.linalg.norm(np.diff(state["xy"], axis=0), axis=2)
    sources = with_images(state["beads"], state.field_um)
    home = xy[onset - 1].copy()
    for i in range(onset, len(xy)):
        xy[i] = xy[i - 1]
        for k in range(xy.shape[1]):
            # Across the spot to its other side, a little differently each time.
            back = home[k] - xy[i - 1, k]
            toward = np.arctan2(back[1], back[0]) if i > onset else rng.uniform(0, 2 * np.pi)
            others = np.delete(xy[i], k, axis=0)
            for attempt in range(24):
                angle = toward + rng.normal(0, 0.3 + 0.12 * attempt)
                step = lengths[i - 1, k] * np.array([np.cos(angle), np.sin(angle)])
                if _free(xy[i - 1, k] + step, others, state):
                    xy[i, k] += step
                    break
        moved = xy[i] - xy[i - 1]
        way = np.array([uphill(x, y, sources, world.DECAY_UM) for x, y in xy[i - 1]])
        path[i] = path[i - 1] + np.linalg.norm(moved, axis=1)
        climb[i] = climb[i - 1] + np.sum(moved * way, axis=1)
        # The spot itself lies half a step away from where the cell was met.
        if i == onset:
            home += 0.5 * moved
    arrays = dict(state.arrays)
    arrays.update(xy=xy, path=path, climb=climb)
    return arrays


def _turn_frames(frames: int) -> int:
    """Frames in which a cell turns round on its path."""
    return max(3, round(0.3 * frames))


def _turned_round(state: State, onset: int, rng: np.random.Generator) -> dict[str, Any]:
    """Cells on their true paths that turn until their tails lead, each one to its own side."""
    since = np.arange(len(state["xy"])) - (onset - 1)
    share = np.clip(since / _turn_frames(len(since)), 0, 1)
    side = rng.choice([-1.0, 1.0], state["xy"].shape[1])
    angle = np.pi * share[:, None] * side
    c, s = np.cos(angle), np.sin(angle)
    arrays = dict(state.arrays)
    for name in ("front", "tail"):
        x, y = state[name][..., 0], state[name][..., 1]
        turned = np.stack([c * x - s * y, s * x + c * y], axis=2)
        arrays[name] = np.concatenate([state[name][:onset], turned[onset:]])
    return arrays
