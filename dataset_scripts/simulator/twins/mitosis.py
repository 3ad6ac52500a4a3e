"""Law-breaking twins of a normal mitosis.

- `anaphase_early`: sisters part while the chromosomes still lie scattered, minutes after the
  nuclear envelope has gone, and wait at the poles; a plate never forms. The checkpoint withholds
  anaphase until every kinetochore is held (Rieder et al. 1994, J Cell Biol 127:1301).
- `furrow_early`: the waist narrows by more than a third while the chromosomes are still on the
  plate. The furrow follows the parting of the sisters (Fededa & Gerlich 2012, Nat Cell Biol
  14:440).
- `unequal_split`: of a quarter of the chromosomes both sisters go to one pole, and its nucleus gets
  that much larger. Each daughter receives one sister of each (Nasmyth 2002, Science 297:559). Being
  a law about anaphase it cannot be broken before: the onset is there, at about 0.6 of the clip.
- `lost_chromatin`: a quarter of the chromosomes fades away. Chromatin is neither made nor lost in
  mitosis (Alberts et al. 2014, Molecular Biology of the Cell, 6th ed., ch. 17). This law is about
  count: the cell ends with fewer chromosomes, which go in a fifth of the clip, not at once.
- `one_by_one`: the sisters of one chromosome after another part, over many minutes, in place of all
  at once: separase, once switched on, cuts all cohesin within about a minute (Nasmyth 2002).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core import Clock, Event, NoTwin, Parameters, State, Violation
from ..models import dividing_cell as cell
from ..models import spindle
from ..phenomena import mitosis as world

VIOLATIONS = (
    Violation("anaphase_early", "Sisters part only after all chromosomes have formed a plate."),
    Violation("furrow_early", "The furrow begins only after the sisters have parted."),
    Violation("unequal_split", "Each daughter receives one sister of every chromosome."),
    Violation("lost_chromatin", "The chromatin of both daughters is that of the mother's plate."),
    Violation("one_by_one", "All sisters part at the same moment."),
)

_LATEST = 0.4  # onset, as a share of the clip, so that most of it shows the broken law
_TREMBLE_UM = 0.22


def violate(
    name: str, parameters: Parameters, state: State, clock: Clock, rng: np.random.Generator
) -> State:
    """The twin of `state` that breaks the law `name`; see the package for the contract."""
    breaks = {
        "anaphase_early": _anaphase_early,
        "furrow_early": _furrow_early,
        "unequal_split": _unequal_split,
        "lost_chromatin": _lost_chromatin,
        "one_by_one": _one_by_one,
    }
    return breaks[name](parameters, state, clock, rng)


def _finish(
    state: State, clock: Clock, changed: dict[str, Any], first: int, value: float, unit: str
) -> State:
    arrays = {**state.arrays, **changed}
    truth = world.tell(clock.times_s / 60, arrays)
    t = first * clock.s_per_frame
    truth.events.append(Event("violation", first, t, value=float(value), unit=unit))
    return State(state.field_um, arrays, truth)


def _parted(
    p: Parameters, state: State, t: np.ndarray, chromosome: np.ndarray, parting: np.ndarray
) -> dict[str, Any]:
    """The arrays of sisters that part at `parting` (n,) min from `chromosome` (T, n, 3)."""
    chromatid = np.empty_like(state["chromatid"])
    for j, start in enumerate(parting):
        shortening = p["chromatid_speed"] * np.clip(t - start, 0, None)
        chromatid[:, :, j : j + 1] = spindle.chromatids(
            chromosome[:, j : j + 1], state["poles"][0], state["poles"], shortening,
            state["thick"], 0.35 * state["radius"],
        )  # fmt: skip
    return {
        "chromosome": chromosome,
        "chromatid": chromatid,
        "split": t[:, None] > parting[None, :],
        "trail": world.trailing(t, parting, state["phases"]["telophase"]),
    }


def _anaphase_early(p: Parameters, state: State, clock: Clock, rng: np.random.Generator) -> State:
    t, phases = clock.times_s / 60, state["phases"]
    start = phases["prometaphase"] + rng.uniform(0.3, 2.5)
    first = int(np.searchsorted(t, start, side="right"))
    if first > _LATEST * clock.num_frames or t[first] >= phases["anaphase"]:
        raise NoTwin("anaphase_early: the frames are too far apart to show it")
    # From the places of the moment the sisters move straight to their poles.
    now = first - 1
    chromosome = state["chromosome"].copy()
    chromosome[first:] = chromosome[now]
    scatter = 2 * np.abs(chromosome[now, :, 0]).max()
    if scatter < 2.5:
        raise NoTwin("anaphase_early: the chromosomes already lie in a plate")
    changed = _parted(p, state, t, chromosome, np.full(chromosome.shape[1], start))
    # A plate trembles while it waits: so do the two sets, or the twin would be the stiller one.
    wait = ((t > start) & (t <= phases["anaphase"]))[:, None, None, None]
    tremble = rng.normal(0, _TREMBLE_UM, changed["chromatid"].shape)
    changed["chromatid"] += wait * tremble
    changed["phases"] = {**phases, "anaphase": start, "metaphase": math.inf}
    return _finish(state, clock, changed, first, scatter, "µm between the outermost as they part")


def _furrow_early(p: Parameters, state: State, clock: Clock, rng: np.random.Generator) -> State:
    t, phases, radius = clock.times_s / 60, state["phases"], state["radius"]
    frames = np.arange(max(1, math.ceil(0.15 * len(t))), int(_LATEST * len(t)) + 1)
    first = int(rng.choice(frames))
    narrow, volume = rng.uniform(0.68, 0.74), 4 / 3 * math.pi * radius**3
    begun = np.clip((np.arange(len(t)) - first + 1) * (t[1] - t[0]) / 7.0, 0, 1)
    body = state["body"].copy()
    for i in np.flatnonzero((begun > 0) & ~state["divided"]):
        half = max(body[i, 0], 0.6 * begun[i] * radius / 2 ** (1 / 3))
        waist = min(body[i, 2], 1 - (1 - narrow) * begun[i])
        body[i] = half, cell.cap_radius(half, waist, volume), waist
    # The waist presses the chromosomes together that lie in it.
    chromosome, chromatid = state["chromosome"].copy(), state["chromatid"].copy()
    for i in np.flatnonzero((body != state["body"]).any(axis=1)):
        for points in (chromosome[i, :, :2], chromatid[i].reshape(-1, 2)):
            half, cap, waist = body[i]
            room = cell.waist_profile(half, cap, waist, points[:, 0]) / (0.85 * radius)
            points[:, 1] *= np.minimum(room, 1)
    anaphase = int(np.searchsorted(t, phases["anaphase"]))
    if anaphase - first < 2:
        raise NoTwin("furrow_early: the sisters part before a furrow could be seen")
    changed = {
        "body": body, "chromosome": chromosome, "chromatid": chromatid,
        "phases": {**phases, "furrow": float(t[first])},
    }  # fmt: skip
    waist = body[anaphase - 1]
    value = 1 - waist[1] * waist[2] / radius
    return _finish(state, clock, changed, first, value, "of the width pinched off in metaphase")


def _some(p: Parameters, rng: np.random.Generator) -> np.ndarray:
    """A quarter of the chromosomes, rounded up, in random order."""
    n = int(p["chromosomes"])
    return rng.permutation(n)[: math.ceil(n / 4)]


def _unequal_split(p: Parameters, state: State, clock: Clock, rng: np.random.Generator) -> State:
    t, n, radius = clock.times_s / 60, int(p["chromosomes"]), state["radius"]
    wrong = int(rng.integers(2))  # the sister that ought to go to the other pole
    split = state["split"][:, 0]
    first = int(split.argmax())
    onset = state["phases"]["anaphase"]
    chromatid, pull = state["chromatid"].copy(), state["pull"].copy()
    moved = _some(p, rng)
    for j in moved:
        # She follows her sister, half a place beside her.
        way = np.clip((t - onset) / 2.5, 0, 1)[split, None]
        aside = 0.4 * radius / n * (1.0 if j < n / 2 else -1.0)
        beside = state["chromatid"][split, 1 - wrong, j] + [0.0, aside]
        still = state["chromatid"][first - 1, wrong, j]
        chromatid[split, wrong, j] = still + way * (beside - still)
        pull[split, wrong, j] *= -1
    changed = {"chromatid": chromatid, "pull": pull}
    ratio = (n + len(moved)) / (n - len(moved))
    return _finish(state, clock, changed, first, ratio, "chromatin of one daughter / of the other")


def _lost_chromatin(p: Parameters, state: State, clock: Clock, rng: np.random.Generator) -> State:
    frames = np.arange(clock.num_frames)
    first = int(rng.integers(1, int(_LATEST * clock.num_frames) + 1))
    lost = _some(p, rng)
    left = np.clip(1 - (frames - first + 1) / max(2.0, 0.2 * clock.num_frames), 0, 1)
    mass, held, caught = state["mass"].copy(), state["held"].copy(), state["caught"].copy()
    mass[:, :, lost] = left[:, None, None]
    # What is gone is neither caught nor pulled.
    held[:, :, lost] &= (left > 0.5)[:, None, None]
    gone = clock.times_s[int((left <= 0.5).argmax())] / 60
    caught[lost] = np.where(caught[lost] > gone, math.inf, caught[lost])
    changed = {"mass": mass, "held": held, "caught": caught}
    share = len(lost) / p["chromosomes"]
    return _finish(state, clock, changed, first, share, "of the chromatin lost")


def _one_by_one(p: Parameters, state: State, clock: Clock, rng: np.random.Generator) -> State:
    t, phases, n = clock.times_s / 60, state["phases"], int(p["chromosomes"])
    latest = t[int(_LATEST * len(t))] - 0.01
    if phases["metaphase"] > latest:
        raise NoTwin("one_by_one: the plate forms too late for a long anaphase")
    start = rng.uniform(phases["metaphase"], latest)
    spread = phases["anaphase"] - start
    if spread < 2.5 * (t[1] - t[0]):
        raise NoTwin("one_by_one: the frames are too far apart to show one parting after another")
    parting = rng.permutation(np.linspace(start, phases["anaphase"], n))
    changed = _parted(p, state, t, state["chromosome"], parting)
    changed["phases"] = {**phases, "anaphase": start}
    first = int(np.searchsorted(t, start, side="right"))
    return _finish(state, clock, changed, first, spread, "min from the first to the last parting")
