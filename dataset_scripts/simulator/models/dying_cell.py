"""A cell that shrinks, condenses its chromatin, blebs and parts into bodies, as caspases cleave it.

Everything here is a function of the caspase dose q (`models.caspase_switch`), in which a death
takes about 1. First-order cleavage leaves exp(−k q) of a substrate, hence

    adhesion          a = exp(−7 q)            (focal adhesions let go, the cell rounds up)
    volume            V = 1 − s (1 − exp(−5 q))    (apoptotic volume decrease)
    area of nucleus   n = c + (1 − c) exp(−8 q)    (chromatin condenses at constant amount)

A cell on a dish covers π r² V^⅔, as a ball of its volume would, and while it adheres the rest of
its spread area times a. The nuclear envelope gives way at `SPLIT`; lumps of chromatin share the
nucleus's area and keep its stain. Each body begins as a bud at its own dose, fills to its share f
of the volume, and parts when it lies outside of the rest; volume is conserved throughout. Blebs
swell and draw back again (Charras et al. 2008, Biophys J 94:1836); they live for 3 to 10 min here,
longer than in living cells, so that few frames show them.

The order (shrinkage, condensation, blebs, bodies) is that of Kerr, Wyllie & Currie 1972 (Br J
Cancer 26:239); rates per dose are modelling choices that keep it. µm throughout, y downwards.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

ROUNDING, SHRINKING, CONDENSING = 7.0, 5.0, 8.0
SPLIT = 0.33
"""Dose at which the nucleus falls into lumps: it has condensed by then, 93 % of the way."""
BUDDING = 0.12
"""Dose in which a bud fills and comes to lie outside of the cell."""
_GAP_UM = 0.5  # least distance between two bodies that have parted


def smooth(x: np.ndarray | float) -> np.ndarray:
    """The smooth step from 0 (x ≤ 0) to 1 (x ≥ 1)."""
    x = np.clip(x, 0.0, 1.0)
    return x * x * (3 - 2 * x)


@dataclass(frozen=True)
class Plan:
    """What is drawn once for a cell, whether it will die or not.

    `round_um` is the radius of a ball of its volume, `flat_um` that of its spread area; `lobes`
    (3, 2) are sizes and phases of the outline's waves with 2, 3 and 5 crests. Body 0 is what
    remains of the cell; `share` (N,) of the volume, and for bodies 1 to N − 1 `angle`, `begin`
    (dose) and `away` (µm). Lumps of chromatin: `lump_share`, `lump_body` (M,) and `lump_site`
    (M, 2) in the unit disc. Blebs: `bleb` (B, 5), begin and length (dose), angle, radius (µm) and
    distance from the middle as a share of the cell's radius.
    """

    centre: np.ndarray
    flat_um: float
    round_um: float
    lobes: np.ndarray
    nucleus_um: float
    nucleus_lean: float
    nucleus_site: np.ndarray
    condensed: float
    shrinkage: float
    share: np.ndarray
    angle: np.ndarray
    begin: np.ndarray
    away: np.ndarray
    lump_share: np.ndarray
    lump_body: np.ndarray
    lump_site: np.ndarray
    bleb: np.ndarray


@dataclass(frozen=True)
class Course:
    """A cell frame by frame: T frames, N bodies, M lumps, B blebs; places in µm in the field.

    `rim` (T,) is the radius of body 0, `adhesion` (T,) how flat the cell is; `whole` (T,) the share
    of the chromatin that still lies in one nucleus of relative `area` and optical `density`;
    `stain` (T, M) what is left of each lump's chromatin (1 in a true clip), also while it is whole.
    """

    centre: np.ndarray
    rim: np.ndarray
    adhesion: np.ndarray
    volume: np.ndarray
    place: np.ndarray
    radius: np.ndarray
    parted: np.ndarray
    nucleus: np.ndarray
    area: np.ndarray
    density: np.ndarray
    whole: np.ndarray
    lump: np.ndarray
    lump_um: np.ndarray
    stain: np.ndarray
    bleb: np.ndarray
    bleb_um: np.ndarray

    @property
    def count(self) -> np.ndarray:
        """Number of separate bodies (T,): 1 while the cell is one."""
        return 1 + self.parted.sum(axis=1)


def covered(plan: Plan, volume: np.ndarray, adhesion: np.ndarray) -> np.ndarray:
    """Projected area (T,) in µm² of a cell of relative `volume` that adheres by `adhesion`."""
    ball = math.pi * plan.round_um**2
    return ball * np.maximum(volume, 0.0) ** (2 / 3) + adhesion * (math.pi * plan.flat_um**2 - ball)


def volume_left(plan: Plan, q: np.ndarray) -> np.ndarray:
    """Relative volume (T,) at the dose `q`."""
    return 1 - plan.shrinkage * (1 - np.exp(-SHRINKING * q))


def outline(plan: Plan, rim: float, adhesion: float, waver: float, count: int = 36) -> np.ndarray:
    """Points (count, 2) of a spread cell's outline around its centre, of area π rim²."""
    angle = np.linspace(0, 2 * np.pi, count, endpoint=False)
    crests = np.array([2, 3, 5])
    size = plan.lobes[:, 0] * min(1.0, 1.25 * adhesion)
    phase = plan.lobes[:, 1] + 0.3 * np.sin(waver + crests)
    wave = 1 + (size * np.cos(crests * angle[:, None] + phase)).sum(axis=1)
    radius = rim * wave / math.sqrt(1 + 0.5 * (size**2).sum())
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


def course(
    plan: Plan, q: np.ndarray, *, nucleus_q: np.ndarray | None = None,
    split_q: np.ndarray | None = None, volume: np.ndarray | None = None,
    adhesion: np.ndarray | None = None, body_q: np.ndarray | None = None,
    beyond: np.ndarray | float = 0.0, centre: np.ndarray | None = None,
    cap: tuple[np.ndarray, np.ndarray] | None = None, room: float = 0.0,
) -> Course:  # fmt: skip
    """The course (T frames) of a cell under the dose `q` (T,).

    Twins give a part of the cell a dose of its own (`nucleus_q`: condensation, `split_q`: lumps,
    `body_q`: buds, for each alike or (T, N − 1)), or its own `volume` and `adhesion`; `beyond` (T,)
    is how much further out (µm) bodies lie for that. In an epithelium `centre` (T, 2) is where the
    cell's middle lies, `cap` the circle of its free surface (centres (T, 2), radii (T,)), and
    `room` (µm) how far apart lumps can lie in the row.
    """
    nucleus_q, split_q, body_q = (q if x is None else x for x in (nucleus_q, split_q, body_q))
    volume = volume_left(plan, q) if volume is None else volume
    adhesion = np.exp(-ROUNDING * q) if adhesion is None else adhesion
    centre = np.tile(plan.centre, (len(q), 1)) if centre is None else centre
    body_q = body_q[:, None] if body_q.ndim == 1 else body_q
    grown = smooth((body_q - plan.begin) / BUDDING)
    part = plan.share[1:] * grown
    main = volume * (1 - part.sum(axis=1))
    rim = np.sqrt(covered(plan, main, adhesion) / math.pi)
    bud = plan.round_um * np.cbrt(part * volume[:, None])
    # From inside the cell a bud comes to lie outside of it, then it is drawn away for good.
    drawn = 1 - np.exp(-np.clip(body_q - plan.begin - BUDDING, 0, None) / 0.6)
    last = plan.round_um * np.cbrt(plan.share[1:] * (1 - plan.shrinkage))
    far = 0.8 * plan.round_um + last + plan.away
    reach = (1 - drawn) * (rim[:, None] + bud * (2 * grown - 1)) + drawn * (
        far + np.reshape(beyond, (-1, 1))
    )
    way = np.stack([np.cos(plan.angle), np.sin(plan.angle)], axis=1)
    place = centre[:, None] + reach[..., None] * way
    parted = reach > rim[:, None] + bud + 0.05
    parted &= grown >= 1

    area = plan.condensed + (1 - plan.condensed) * np.exp(-CONDENSING * nucleus_q)
    nucleus_um = plan.nucleus_um * np.sqrt(area)
    whole = 1 - smooth((split_q - SPLIT) / 0.08)
    site = plan.nucleus_site * (rim / plan.flat_um)[:, None]
    nucleus = centre + site
    spread = smooth((split_q - SPLIT) / 0.2)
    inner = room if room else 0.5 * rim
    wide = 0.45 * nucleus_um * (1 - spread) + np.maximum(inner, 0.6 * nucleus_um) * spread
    inside = centre + site * (1 - spread)[:, None]
    lump = inside[:, None] + plan.lump_site * wide[:, None, None]
    for i, body in enumerate(plan.lump_body):
        if body:
            u = grown[:, body - 1, None]
            lump[:, i] += u * (place[:, body - 1] - lump[:, i])
    lump_um = np.sqrt(area[:, None] * plan.lump_share) * plan.nucleus_um

    circle, radius = (centre, rim) if cap is None else cap
    x = (q[:, None] - plan.bleb[:, 0]) / plan.bleb[:, 1]
    swell = np.sqrt(np.clip(np.minimum(x / 0.35, (1 - x) / 0.65), 0, 1))
    turn = np.stack([np.cos(plan.bleb[:, 2]), np.sin(plan.bleb[:, 2])], axis=1)
    depth = plan.bleb[:, 4] * radius[:, None]
    return Course(
        centre=centre, rim=rim, adhesion=adhesion, volume=volume,
        place=np.concatenate([centre[:, None], place], axis=1),
        radius=np.concatenate([rim[:, None], bud], axis=1),
        parted=np.concatenate([np.zeros((len(q), 1), bool), parted], axis=1),
        nucleus=nucleus, area=area, density=plan.condensed / area, whole=whole,
        lump=lump, lump_um=lump_um, stain=np.ones(lump_um.shape),
        bleb=circle[:, None] + depth[..., None] * turn,
        bleb_um=np.minimum(plan.bleb[:, 3], 0.45 * radius[:, None]) * swell,
    )  # fmt: skip


def fibres(plan: Plan, path: Course, frame: int, waver: float) -> tuple[np.ndarray, float]:
    """Retraction fibres, from the cell's edge to where it held on while flat: (K, 2, 2), strength.

    They show once the edge draws in, and let go one by one as adhesion is lost.
    """
    hold, rim = float(path.adhesion[frame]), float(path.rim[frame])
    strength = min(1.0, 6 * (1 - hold)) * min(1.0, 0.25 + 2.5 * hold)
    first = outline(plan, plan.flat_um, 1.0, waver)[::3]
    away = np.hypot(*first.T)[:, None]
    ends = (0.97 - 0.25 * (np.arange(len(first)) % 2) * (1 - hold))[:, None] * first
    lines = np.stack([rim / away * first, ends], axis=1) + path.centre[frame]
    return lines[np.hypot(*ends.T) > rim], max(0.0, strength)


def apart(path: Course) -> float:
    """Least gap (µm) between any two bodies of which neither is part of the other any more."""
    out = path.parted.copy()
    out[:, 0] = True
    one, two = np.triu_indices(out.shape[1], 1)
    away = np.hypot(*np.moveaxis(path.place[:, one] - path.place[:, two], 2, 0))
    gap = away - path.radius[:, one] - path.radius[:, two]
    return float(np.min(gap, where=out[:, one] & out[:, two], initial=math.inf))


def draw_plan(
    rng: np.random.Generator, *, centre: np.ndarray, flat_um: float, round_um: float,
    nucleus_um: float, lean: float, condensed: float, shrinkage: float, bodies: int,
    budding: tuple[float, float], arc: tuple[float, float], blebs: tuple[float, float],
    depth: tuple[float, float], bleb_um: tuple[float, float], reach_um: float,
) -> Plan:  # fmt: skip
    """A cell that would part into `bodies`, drawn so that no two of them run into one another.

    `budding` and `blebs` are the doses between which they begin, `arc` the directions (rad) into
    which bodies go and `reach_um` how far; `depth` is where blebs sit, in radii of the cell.
    """
    n = bodies - 1
    lobes = np.stack([rng.uniform([0.09, 0.07, 0.03], [0.16, 0.13, 0.06]),
                      rng.uniform(0, 2 * np.pi, 3)], axis=1)  # fmt: skip
    count = max(4, round(0.7 * bodies) + 1)
    site = rng.uniform(0, 2 * np.pi) + 2 * np.pi * np.arange(count) / count
    spokes = np.stack([np.cos(site), np.sin(site)], axis=1) * rng.uniform(0.6, 1.0, (count, 1))
    # What remains keeps two lumps, some buds get one each, the others none.
    owners = np.concatenate([[0, 0], 1 + rng.permutation(n)])[:count]
    owners = np.concatenate([owners, np.zeros(count - len(owners), int)])
    pieces = rng.uniform(0.75, 1.25, count)
    seen = rng.poisson(26)
    starts = np.sqrt(rng.uniform(0, 1, seen)) * (blebs[1] - blebs[0]) + blebs[0]
    around = rng.uniform(*arc, seen)
    bleb = np.stack([starts, rng.uniform(0.2, 0.4, seen), around, rng.uniform(*bleb_um, seen),
                     rng.uniform(*depth, seen)], axis=1)  # fmt: skip
    whole_ring = arc[1] - arc[0] > 6.2
    for attempt in range(40):
        share = rng.uniform(0.6, 1.4, bodies)
        share[0] *= 1.4
        pitch = (arc[1] - arc[0]) / (n if whole_ring else max(1, n - 1))
        angle = arc[0] + pitch * (np.arange(n) + rng.uniform(-0.2, 0.2, n) * min(1, 1 / pitch))
        # Every other one goes further, so that many have room; out of a row those go first.
        odd = np.arange(n) % 2
        order = rng.permutation(n)
        order = order if whole_ring else order[np.argsort(-odd[order], kind="stable")]
        begin = np.empty(n)
        begin[order] = np.linspace(*budding, n)
        begin += rng.uniform(-0.02, 0.02, n)
        further = rng.uniform(1.5, 5, n) if whole_ring else rng.uniform(4, 9, n)
        away = rng.uniform(2.5, 4.5 + 0.2 * attempt, n) + odd * further
        largest = round_um * np.cbrt(share[1:] / share.sum() * (1 - shrinkage))
        away = np.minimum(away * round_um / 8, reach_um - 0.8 * round_um - 2 * largest)
        plan = Plan(
            centre, flat_um, round_um, lobes, nucleus_um, lean,
            rng.uniform(-0.18, 0.18, 2) * flat_um, condensed, shrinkage, share / share.sum(),
            angle + rng.uniform(0, 1) * whole_ring * 6.3, np.maximum(begin, budding[0]), away,
            pieces / pieces.sum(), owners, spokes, bleb,
        )  # fmt: skip
        path = course(plan, np.linspace(0, 1.6, 60))
        # At all times clear of one another, and well so in the end.
        if apart(path) > 0.0 and apart(_at_last(path)) > _GAP_UM:
            return plan
    # Too crowded for chance: every one goes as far as it may.
    return replace(plan, away=reach_um - 0.8 * round_um - 2 * largest)


def _at_last(path: Course) -> Course:
    return replace(path, **{k: getattr(path, k)[-1:] for k in ("place", "radius", "parted")})
