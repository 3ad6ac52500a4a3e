"""Law-breaking twins of an apoptosis.

All keep the cells, the number of bodies and their sizes, and, but for `chromatin_lost`, end as the
true clip does: what they break is the order of events or that there is no way back.

- `fragments_first`: the nucleus falls into lumps while it is still large and pale, and they
  condense afterwards. Condensation comes first (Kerr, Wyllie & Currie 1972, Br J Cancer 26:239;
  Toné et al. 2007, Exp Cell Res 313:3635).
- `swells_first`: the cell grows until its first body parts, and collapses only then. An apoptotic
  cell shrinks early; swelling belongs to necrosis (Maeno et al. 2000, Proc Natl Acad Sci USA
  97:9487; Majno & Joris 1995, Am J Pathol 146:3).
- `bodies_fuse`: bodies that have parted flow back into what remains of the cell, and part anew.
  Apoptotic bodies are closed by membranes and stay apart (Wyllie, Kerr & Currie 1980, Int Rev Cytol
  68:251). A bleb, which has not parted, may draw back.
- `chromatin_lost`: lumps of chromatin vanish inside their cell, two, or in an epithelium all. DNA
  breaks down to fragments only late and is not lost (Collins et al. 1997, J Histochem Cytochem
  45:923).
- `revives`: of four cells the first to shrink spreads out again, and one that was to live dies in
  its place. Once caspases have switched on, death runs through (Albeck et al. 2008, PLoS Biol
  6:e299).
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np

from ..core import Clock, Event, NoTwin, Parameters, State, Violation
from ..models import dying_cell as cell
from ..models import dying_tissue as tissue
from ..models.dying_cell import Course, Plan

VIOLATIONS = (
    Violation("fragments_first", "Chromatin condenses before the nucleus breaks up."),
    Violation("swells_first", "A cell in apoptosis shrinks before its first body parts."),
    Violation("bodies_fuse", "Bodies that have parted do not flow together again."),
    Violation("chromatin_lost", "The stain of a dying cell's chromatin is not lost."),
    Violation("revives", "A cell that has begun to die runs through to its end."),
)

_LATEST = 0.4  # onset, as a share of the clip
_LEAST_FRAMES = 8
_CAUGHT_UP = 0.45  # dose at which `fragments_first` begins to condense
_WIDER, _FULLER = 0.05, 0.34  # gain of spread area and of volume in `swells_first`
_AWAY = 0.30  # dose for which bodies of `bodies_fuse` are on their way back, and out again


def violate(
    name: str, parameters: Parameters, state: State, clock: Clock, rng: np.random.Generator
) -> State:
    """The twin of `state` that breaks the law `name`; needs at least 8 frames.

    The event's value: area of the nucleus as it breaks up, over that at first (`fragments_first`,
    the law: about `condensed`), area of the cell as its first body parts, over that at first
    (`swells_first`, the law: below 1), bodies that flow back (`bodies_fuse`), share of the
    chromatin lost (`chromatin_lost`), least area of the revived cell over that at first
    (`revives`, the law: it dies). Raises `NoTwin` where there is no time for it, or no cell.
    """
    if clock.num_frames < _LEAST_FRAMES:
        raise NoTwin(f"apoptosis: {name} needs at least 8 frames, got {clock.num_frames}")
    breaks = {
        "fragments_first": _fragments_first,
        "swells_first": _swells_first,
        "bodies_fuse": _bodies_fuse,
        "chromatin_lost": _chromatin_lost,
        "revives": _revives,
    }
    return breaks[name](parameters, state, clock, rng)


def _last(clock: Clock) -> int:
    return int(_LATEST * clock.num_frames)


def _first_frame(clock: Clock, wanted: np.ndarray, name: str) -> int:
    """First frame for which `wanted` (T,) holds, if it is early enough and not the first of all."""
    first = max(1, int(wanted.argmax())) if wanted.any() else clock.num_frames
    if first > _last(clock):
        raise NoTwin(f"apoptosis: {name} would begin too late in this clip")
    return first


def _spliced(true: Course, other: Course, first: int) -> Course:
    """`true` until frame `first`, then `other`."""
    parts = {f.name: (getattr(true, f.name), getattr(other, f.name)) for f in fields(Course)}
    return Course(**{k: np.concatenate([a[:first], b[first:]]) for k, (a, b) in parts.items()})


def _finish(
    p: Parameters, state: State, clock: Clock, changed: dict[str, Any], first: int, value: float,
    unit: str,
) -> State:  # fmt: skip
    arrays = {**state.arrays, **changed}
    truth = tissue.tell(p, clock, arrays)
    t = first * clock.s_per_frame
    truth.events.append(Event("violation", first, t, value=float(value), unit=unit))
    return State(state.field_um, arrays, truth)


def _with_path(state: State, k: int, path: Course) -> list[Course]:
    return [path if i == k else other for i, other in enumerate(state["paths"])]


def _course(state: State, plan: Plan, q: np.ndarray, **changed: Any) -> Course:
    if "row" in state.arrays:
        return tissue.in_row({**state.arrays, "plans": [plan]}, q, **changed)
    return cell.course(plan, q, **changed)


def _calmer(plan: Plan) -> Plan:
    """`plan` with half of its blebs, which makes up for what else moves in a twin."""
    bleb = plan.bleb.copy()
    bleb[::2, 3] = 0.0
    return replace(plan, bleb=bleb)


def _fragments_first(p: Parameters, state: State, clock: Clock, rng: np.random.Generator) -> State:
    k = state["dying"][0]
    plan, q, true = state["plans"][k], state["q"][k], state["paths"][k]
    first = _first_frame(clock, q > rng.uniform(0.03, 0.07), "fragments_first")
    if q[first - 1] > 0.6 * cell.SPLIT:
        raise NoTwin("apoptosis: fragments_first: the nucleus has condensed by the first frames")
    begun = q - q[first - 1]
    late = q[first - 1] + 1.4 * np.clip(q - _CAUGHT_UP, 0, None)
    path = _course(state, plan, q, split_q=cell.SPLIT + begun, nucleus_q=np.minimum(q, late))
    path = _spliced(true, path, first)
    broken = int((path.whole <= 0.5).argmax())
    changed = {"paths": _with_path(state, k, path)}
    unit = "area of the nucleus as it breaks up, over that at first"
    return _finish(p, state, clock, changed, first, path.area[broken], unit)


def _swells_first(p: Parameters, state: State, clock: Clock, rng: np.random.Generator) -> State:
    k = state["dying"][0]
    plan, q, true = state["plans"][k], state["q"][k], state["paths"][k]
    first = _first_frame(clock, q > rng.uniform(0.02, 0.06), "swells_first")
    # The first body parts alone and a little early, so that the cell is not large for long; the
    # others wait until it has collapsed.
    soonest = plan.begin.min()
    parting = soonest - 0.08 + cell.BUDDING
    begin = np.where(
        plan.begin > soonest, np.maximum(plan.begin, parting + 0.15), parting - cell.BUDDING
    )
    later = replace(_calmer(plan), begin=begin)
    grown = cell.smooth((q - q[first - 1]) / (0.8 * parting))
    fallen = cell.smooth((q - parting - 0.09) / 0.22)
    size, hold = true.volume[first - 1], true.adhesion[first - 1]
    size = size + (1 + _FULLER - size) * grown
    hold = hold + (1 + _WIDER - hold) * grown
    volume = size + fallen * (true.volume - size)
    adhesion = hold + fallen * (true.adhesion - hold)
    changed: dict[str, Any] = {}
    if "row" in state.arrays:
        row = tissue.row_of(p, plan, q, volume)
        old = state["row"]
        row = type(row)(**{
            f.name: np.concatenate([getattr(old, f.name)[:first], getattr(row, f.name)[first:]])
            for f in fields(row)
        })  # fmt: skip
        changed["row"] = row
    arrays = State(state.field_um, {**state.arrays, **changed}, state.truth)
    wide, true_wide = (
        np.sqrt(cell.covered(plan, *shape) / np.pi)
        for shape in ((volume, adhesion), (true.volume, true.adhesion))
    )
    beyond = wide - true_wide + 3.0 * (1 - fallen)
    path = _course(arrays, later, q, volume=volume, adhesion=adhesion, beyond=beyond)
    path = _spliced(true, path, first)
    changed["paths"] = _with_path(state, k, path)
    changed["plans"] = [later if i == k else other for i, other in enumerate(state["plans"])]
    parted = int((path.count > 1).argmax())
    ratio = (path.rim[max(parted - 1, 0)] / path.rim[0]) ** 2
    unit = "area as the first body parts, over that at first"
    return _finish(p, state, clock, changed, first, ratio, unit)


def _bodies_fuse(p: Parameters, state: State, clock: Clock, rng: np.random.Generator) -> State:
    k = state["dying"][0]
    plan, q, true = state["plans"][k], state["q"][k], state["paths"][k]
    several = 1 if p["bodies"] == "few" else 2
    early = np.argsort(plan.begin)[:several]
    first = _first_frame(clock, true.parted[:, 1 + early[0]], "bodies_fuse")
    fine = np.linspace(0, q[-1], 400)
    parts = cell.course(plan, fine).parted[:, 1:]
    body_q = np.tile(q[:, None], (1, len(plan.begin)))
    for body in early:
        # Once it has parted, back to before it budded, then the same way out again.
        free = float(fine[int(parts[:, body].argmax())])
        turn = max(q[first], free + 0.03)
        least = 0.5 * (min(turn, q[first]) + free) if turn == q[first] else turn
        steps = [-1.0, q[first - 1], turn, turn + _AWAY, turn + 2 * _AWAY, max(q[-1], turn + 1)]
        doses = [-1.0, q[first - 1], least, plan.begin[body], least, max(q[-1], turn + 1)]
        body_q[:, body] = np.interp(q, steps, doses)
    path = _spliced(true, _course(state, _calmer(plan), q, body_q=body_q), first)
    if path.parted[-1].sum() < true.parted[-1].sum():
        raise NoTwin("apoptosis: bodies_fuse: no time to part again")
    changed = {"paths": _with_path(state, k, path)}
    return _finish(p, state, clock, changed, first, several, "bodies that flow back")


def _chromatin_lost(p: Parameters, state: State, clock: Clock, rng: np.random.Generator) -> State:
    k = state["dying"][0]
    plan, q, true = state["plans"][k], state["q"][k], state["paths"][k]
    first = _first_frame(clock, q > cell.SPLIT + rng.uniform(-0.03, 0.03), "chromatin_lost")
    count = len(plan.lump_share)
    order = rng.permutation(count)
    lost = order if "row" in state.arrays else order[: max(2, count // 3)]
    stain = true.stain.copy()
    # One after another, in the epithelium all before the cell has left it.
    spread = 0.20 if "row" in state.arrays else 0.30
    for i, lump in enumerate(lost):
        start = q[first - 1] + spread * i / len(lost)
        stain[first:, lump] = 1 - cell.smooth((q[first:] - start) / 0.15)
    changed = {"paths": _with_path(state, k, replace(true, stain=stain))}
    share = plan.lump_share[lost].sum()
    return _finish(p, state, clock, changed, first, share, "of the chromatin lost")


def _revives(p: Parameters, state: State, clock: Clock, rng: np.random.Generator) -> State:
    if p["tissue"] != "four_cells":
        raise NoTwin("apoptosis: revives needs cells that live, of which one dies instead")
    k, other = state["dying"]
    q = state["q"].copy()
    first = _first_frame(clock, q[k] > rng.uniform(0.10, 0.18), "revives") + 1
    if first > _last(clock) or q[k, first - 1] > 0.30:
        raise NoTwin("apoptosis: revives: the first cell is past reviving in these frames")
    instead = int(rng.choice([i for i in range(len(state["plans"])) if i not in (k, other)]))
    after = np.clip(np.arange(clock.num_frames) - first + 1, 0, None)
    left = clock.num_frames - first
    q[instead] = q[k, -1] * after / left
    q[k, first:] = q[k, first - 1] * np.exp(-after[first:] / (0.12 * clock.num_frames))
    active = state["active"].copy()
    active[instead] = np.minimum(1.0, after / 2)
    active[k, first:] = 0.0
    paths = list(state["paths"])
    for i in (k, instead):
        paths[i] = _spliced(state["paths"][i], cell.course(state["plans"][i], q[i]), first)
    start = (first - 1) * clock.s_per_frame / 60
    changed = {
        "q": q, "active": active, "paths": paths, "dying": [instead, other],
        "starts": [start, state["starts"][1]],
    }  # fmt: skip
    least = (paths[k].rim.min() / paths[k].rim[0]) ** 2
    return _finish(p, state, clock, changed, first, least, "least area, over that at first")
