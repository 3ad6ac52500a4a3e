"""Normal mitosis of one cultured animal cell: from condensed chromosomes to two daughter cells.

Model, in the frame of the spindle (x along it, y along the metaphase plate, minutes inside):

- Search and capture (Kirschner & Mitchison 1986): once the nuclear envelope is gone, microtubules
  from each pole find the kinetochore that faces it as a Poisson process. A searching microtubule
  reaches distance s with chance exp(-s / l) (Hill 1985), so the rate is
  k exp(-(s - s0) / l), k at the distance s0 of the plate. Clips in which a kinetochore would
  still be unattached after 4 / k are not shown: the draw is repeated, so capture times follow the
  law under that condition.
- Congression: an overdamped pull with capped speed, towards the only pole that holds the
  chromosome, towards the equator once both do, with thermal jitter. The fast oscillations of
  single chromosomes (Skibbens 1993) are averaged out.
- Spindle checkpoint: anaphase a fixed delay after the last attachment (Rieder 1994).
- Anaphase A: each chromatid's fibre shortens at constant speed along the line to its pole; B: the
  poles part at constant speed.
- Cytokinesis: the contractile ring's radius shrinks linearly (Carvalho 2009). The cell is a body
  of revolution, two caps of radius r joined by a waist, whose volume stays that of the mother; two
  equal spheres remain, with 2 (1/2)^(2/3) = 1.26 times her projected area. They stay joined by the
  thin midbody, which is cut only an hour or more later, after the clip.

Kirschner & Mitchison 1986, Cell 45:329; Hill 1985, PNAS 82:4404; Skibbens et al. 1993, J Cell Biol
122:859; Rieder et al. 1994, J Cell Biol 127:1301; Carvalho et al. 2009, Cell 137:926.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from ..canvas import Material, Scene
from ..captions import number_word, plain
from ..core import Choice, Clock, Event, Parameters, Range, Setting, State, Truth

LEVEL = "cellular"
SETTING = Setting(
    view="projection of the whole cell onto a plane that holds the spindle",
    field="closed",
    frame_of_reference="dish",
    temperature_c=37.0,
    medium="culture medium",
    organism="cultured mammalian cell, timing of PtK1 (rat kangaroo kidney)",
    marks="spindle poles at both ends of the division axis",
    schematic=True,
)
PARAMETERS = (
    Choice("axis", ("horizontal", "vertical", "diagonal"), "modelling choice"),
    Range("tilt", "deg", -8, 8, "modelling choice: deviation from the named axis"),
    Range("chromosomes", "", 4, 7, "schematic; PtK1 cells have 11 to 13", integer=True),
    Range("cell_diameter", "um", 18, 22, "modelling choice: rounded cultured cells, about 20 um"),
    Range("capture_rate", "1/min", 0.30, 0.45, "modelling choice: last attachment after 5-13 min"),
    Range("checkpoint_delay", "min", 11, 16, "within 9-48 min, mean 23, PtK1 (Rieder 1994)"),
    Range("chromatid_speed", "um/min", 0.8, 1.2, "modelling choice around 1 um/min"),
    Range("spindle_elongation", "um/min", 1.1, 1.7, "modelling choice around 1 um/min"),
    Range("furrow_time", "min", 6.5, 9, "modelling choice; linear closure (Carvalho 2009)"),
)
MATERIALS = {
    "haze": Material("#3f7f92", opacity=0.5, edge=0.3, gloss=0.0, refraction=0.12),
    "cell": Material(
        "#f7d6b4", opacity=0.96, edge=1.0, gloss=0.10,
        emission="#d8452e", glow=0.13, rim_glow=0.62, absorb="#d6cabf", refraction=1.3,
    ),
    "shadow": Material("#000000", opacity=0.0, edge=0.0, gloss=0.0, shadow=0.45, refraction=0.0),
    "granule": Material(
        "#dd9470", opacity=0.8, edge=0.7, gloss=0.3, shadow=0.1,
        emission="#d8452e", glow=0.10, absorb="#cbb9a6", refraction=0.25,
    ),
    "ring": Material(
        "#c8402f", opacity=0.8, edge=0.8, gloss=0.2, emission="#ff5a3c", glow=0.55,
        absorb="#c9a08f", refraction=0.3,
    ),
    "envelope": Material(
        "#b99bd8", opacity=0.42, edge=0.95, gloss=0.25, refraction=0.45, absorb="#d3cde2",
        emission="#3f7fff", glow=0.05,
    ),
    "chromatin": Material(
        "#6d5fd0", opacity=0.75, edge=0.6, gloss=0.2, emission="#2468ff", glow=0.80,
        absorb="#8a84c2", refraction=0.35,
    ),
    "nucleolus": Material("#7a5ab4", opacity=0.8, edge=0.8, gloss=0.2, absorb="#a79fc4"),
    "fibre": Material(
        "#2f9a5b", opacity=0.9, edge=0.9, gloss=0.0, emission="#35e06a", glow=0.62,
        absorb="#b9cdb9", refraction=0.12,
    ),
    "aster": Material(
        "#53ab74", opacity=0.55, edge=0.55, gloss=0.0, emission="#35e06a", glow=0.34,
        absorb="#d3ddd0", refraction=0.08,
    ),
    "spindle": Material(
        "#9fd8a6", opacity=0.22, edge=0.22, gloss=0.0, emission="#35e06a", glow=0.17,
        absorb="#dfe6dc", refraction=0.05,
    ),
    "centrosome": Material(
        "#1f7f46", gloss=0.6, shadow=0.2, emission="#7dffa0", glow=0.7, absorb="#7f9a84",
        refraction=0.5,
    ),
    "blue": Material(
        "#2b3fd6", gloss=0.3, shadow=0.30, emission="#2468ff", glow=0.80, absorb="#4c4a96",
        refraction=0.7,
    ),
    "violet": Material(
        "#6a25c9", gloss=0.3, shadow=0.30, emission="#2468ff", glow=0.80, absorb="#564090",
        refraction=0.7,
    ),
    "kinetochore": Material("#ffb347", gloss=0.4, emission="#ff5ac8", glow=0.30, refraction=0.1),
}  # fmt: skip
BACKGROUND = "#5fa3b3"

_PROPHASE_MIN = 4.0  # shown before the nuclear envelope breaks down
_FURROW_LAG_MIN = 4.0  # from anaphase onset to the first furrow
_TAIL_MIN = 4.5  # shown after the furrow has closed, at least
_CAPTURE_LIMIT = 4.0  # in units of 1 / capture_rate
_REACH_UM = 10.0  # mean length of a searching microtubule
_CONGRESSION_UM_PER_MIN = 1.2
_RELAX_MIN = 1.2
_JITTER_UM2_PER_MIN = 0.012
_DT_MIN = 1.0 / 30.0
_PLATE_UM = 1.0  # all centromeres closer than this to the equator: metaphase
_CLOSED = 0.05  # waist, as a fraction of the cap radius, at which only the midbody is left
_UNRAVEL = 0.65  # share of the chromatin that a new nucleus spreads evenly
_ANGLE = {"horizontal": 0.0, "vertical": 90.0, "diagonal": 45.0}


def s_per_frame(p: Parameters, num_frames: int) -> float:
    """The whole story whatever the number of frames.

    Nothing in it is periodic, and the chromosomes keep their order along the plate, so that a
    short clip loses detail but cannot show a motion that is not there.
    """
    limit = _CAPTURE_LIMIT / p["capture_rate"]
    before = _PROPHASE_MIN + limit + p["checkpoint_delay"]
    return 60.0 * (before + _FURROW_LAG_MIN + p["furrow_time"] + _TAIL_MIN) / (num_frames - 1)


@njit(cache=True)
def capture(start, slots, pole, rate, reach, speed, relax, dt, luck, noise):  # type: ignore[no-untyped-def]
    """Search, capture and congression of n chromosomes from envelope breakdown on.

    `start` (n, 3) is x, y (µm) and orientation (rad, 0 with sisters facing their poles), `slots`
    (n,) the y of each on the plate, `pole` the poles' distance from the equator (µm), `rate` per
    min. `luck` (steps, n, 2) are uniform and `noise` (steps, n, 2) normal draws. Returns the paths
    (steps + 1, n, 3) and the capture times (n, 2) in min by the poles at -x and +x (inf if none).
    """
    steps, n = luck.shape[0], start.shape[0]
    path = np.empty((steps + 1, n, 3))
    path[0] = start
    times = np.full((n, 2), np.inf)
    for i in range(steps):
        for j in range(n):
            x, y, turn = path[i, j, 0], path[i, j, 1], path[i, j, 2]
            held = 0
            for side in range(2):
                if times[j, side] == np.inf:
                    away = math.sqrt((x - (2 * side - 1) * pole) ** 2 + y * y)
                    hazard = rate * math.exp(-(away - pole) / reach)
                    wait = -math.log(1.0 - luck[i, j, side]) / hazard
                    if wait < dt:
                        times[j, side] = i * dt + wait
                else:
                    held += 1
            aim = 0.0
            if held == 1:
                aim = 0.55 * pole if times[j, 1] < times[j, 0] else -0.55 * pole
            pull = min(speed, max(-speed, (aim - x) / relax)) if held else 0.0
            lift = min(speed, max(-speed, (slots[j] - y) / relax)) * 0.5 * held
            shake = math.sqrt(2.0 * _JITTER_UM2_PER_MIN * dt)
            path[i + 1, j, 0] = x + pull * dt + shake * noise[i, j, 0]
            path[i + 1, j, 1] = y + lift * dt + shake * noise[i, j, 1]
            path[i + 1, j, 2] = turn * (1.0 - 0.5 * held * dt / relax)
    return path, times


def waist_profile(half: float, radius: float, waist: float, x: np.ndarray) -> np.ndarray:
    """Radius (µm) of the dividing body at axial positions `x` (µm from the equator).

    Caps of `radius` are centred at ±`half`; between them the section shrinks smoothly to
    `waist` × radius at the equator. With half = radius and waist = 0 these are two touching
    spheres, with half = 0 one sphere.
    """
    x = np.abs(x)
    square = np.clip(radius**2 - np.maximum(x - half, 0.0) ** 2, 0.0, None)
    if half > 0:
        square = square - radius**2 * (1 - waist**2) * _cleft(half, waist, np.minimum(x, half))
    return np.sqrt(np.clip(square, 0.0, None))


def _cleft(half: float, waist: float, x: np.ndarray) -> np.ndarray:
    """1 at the equator, 0 at ±half with zero slope; the narrower the waist, the sharper."""
    blunt = half * (0.01 + 0.5 * waist)
    rise = np.sqrt(x**2 + blunt**2) - blunt
    return (1 - rise / (math.sqrt(half**2 + blunt**2) - blunt)) ** 2


def cap_radius(half: float, waist: float, volume: float) -> float:
    """Cap radius (µm) at which the body of `waist_profile` has `volume` (µm³)."""
    mean_cleft = 0.0
    if half > 0:
        nodes, weights = np.polynomial.legendre.leggauss(48)
        mean_cleft = float(_cleft(half, waist, half * (nodes + 1) / 2) @ weights / 2)
    middle = half * (1 - (1 - waist**2) * mean_cleft)
    r = (volume / (4 / 3 * math.pi)) ** (1 / 3)
    for _ in range(30):
        excess = 2 * math.pi * r * r * (middle + 2 / 3 * r) - volume
        r -= excess / (2 * math.pi * r * (2 * middle + 2 * r))
    return r


def _ramp(t: np.ndarray, start: float, length: float) -> np.ndarray:
    """0 before `start`, 1 after `start + length`, smooth between."""
    u = np.clip((t - start) / length, 0, 1)
    return u * u * (3 - 2 * u)


def _start(n: int, radius: float, slots: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Chromosomes scattered in a nucleus, in the order of their slots: x, y, orientation (n, 3)."""
    nucleus = 0.35 * radius
    y = slots * nucleus / (0.60 * radius) + rng.normal(0, 0.03 * radius, n)
    span = np.sqrt(np.clip(nucleus**2 - y**2, (0.15 * radius) ** 2, None))
    # Alternate sides so that neighbours do not lie on one another.
    side = np.where(np.arange(n) % 2 == 0, 1.0, -1.0) * rng.choice([-1.0, 1.0])
    x = side * span * rng.uniform(0.35, 1.0, n)
    return np.stack([x, y, rng.uniform(-1.4, 1.4, n)], axis=1)


def simulate(p: Parameters, clock: Clock, rng: np.random.Generator) -> State:
    """Run the division; positions in µm, events from prophase to cytokinesis in order."""
    n, radius = int(p["chromosomes"]), p["cell_diameter"] / 2
    field = radius * rng.uniform(3.55, 3.95)
    centre = field / 2 + rng.uniform(-0.06, 0.06, 2) * radius
    sign = rng.choice([-1.0, 1.0]) if p["axis"] == "diagonal" else 1.0
    angle = math.radians(sign * _ANGLE[p["axis"]] + p["tilt"])
    slots = (np.arange(n) - (n - 1) / 2) * 1.24 * radius / n
    pole = 0.62 * radius
    start = _start(n, radius, slots, rng)
    limit = _CAPTURE_LIMIT / p["capture_rate"]
    steps = int((limit + p["checkpoint_delay"]) / _DT_MIN) + 2
    while True:
        path, caught = capture(
            start, slots, pole, p["capture_rate"], _REACH_UM, _CONGRESSION_UM_PER_MIN,
            _RELAX_MIN, _DT_MIN, rng.random((steps, n, 2)), rng.standard_normal((steps, n, 2)),
        )  # fmt: skip
        last = float(caught.max())
        if last <= limit:
            break
    breakdown = _PROPHASE_MIN
    anaphase = breakdown + last + p["checkpoint_delay"]
    off = np.abs(path[:, :, 0]).max(axis=1) > _PLATE_UM
    aligned = 1 + int(np.flatnonzero(off[: int((anaphase - breakdown) / _DT_MIN)]).max(initial=0))
    metaphase = breakdown + max(last, aligned * _DT_MIN)
    furrow = anaphase + _FURROW_LAG_MIN
    cytokinesis = furrow + p["furrow_time"]
    telophase = furrow + 0.6 * p["furrow_time"]

    t = clock.times_s / 60
    since = np.clip(t, breakdown, anaphase) - breakdown
    grid = np.arange(len(path)) * _DT_MIN
    chromosome = np.empty((len(t), n, 3))
    for j in range(n):
        for k in range(3):
            chromosome[:, j, k] = np.interp(since, grid, path[:, j, k])

    daughter = radius / 2 ** (1 / 3)
    gap = 0.12 * radius * _ramp(t, cytokinesis, 3.0)
    after = np.clip(t - anaphase, 0, None)
    # Poles part until each set of chromatids will lie at the centre of its cell.
    goal = daughter + 0.30 * radius
    poles = np.minimum(pole + 0.5 * p["spindle_elongation"] * after, goal)
    stretch = (poles - pole) / (goal - pole)
    half = daughter * stretch * stretch * (3 - 2 * stretch)
    poles = poles + gap / 2
    waist = np.clip(1 - (t - furrow) / p["furrow_time"] * (1 - _CLOSED), _CLOSED, 1)
    cells = np.where(t >= cytokinesis, 2, 1)
    body = np.zeros((len(t), 3))
    for i in range(len(t)):
        if cells[i] == 2:
            body[i] = daughter + gap[i] / 2, daughter, 0.0
        else:
            body[i] = half[i], cap_radius(half[i], waist[i], 4 / 3 * math.pi * radius**3), waist[i]

    thick = min(0.072 * radius, 0.75 * radius / n)
    chromatid = np.empty((len(t), 2, n, 2))
    for s, side in enumerate((-1.0, 1.0)):
        x, y, turn = np.moveaxis(chromosome, 2, 0)
        from_pole = np.stack([x - side * pole, y], axis=2)
        from_pole += side * thick * np.stack([np.cos(turn), np.sin(turn)], axis=2)
        fibre = np.hypot(from_pole[..., 0], from_pole[..., 1])
        end = np.minimum(fibre, 0.35 * radius)
        short = np.maximum(fibre - p["chromatid_speed"] * after[:, None], end)
        chromatid[:, s] = from_pole * (short / fibre)[..., None]
        chromatid[:, s, :, 0] += side * poles[:, None]

    truth = _truth(
        p, clock, chromosome, chromatid, poles, body, cells, caught + breakdown, centre, angle,
        {
            "prophase": 0.0, "prometaphase": breakdown, "last_attachment": breakdown + last,
            "metaphase": metaphase, "anaphase": anaphase, "furrow": furrow,
            "telophase": telophase, "cytokinesis": cytokinesis,
        },
    )  # fmt: skip
    arrays = {
        "centre": centre, "angle": angle, "radius": radius, "slots": slots, "thick": thick,
        "arm": min(0.19 * radius, 0.75 * 1.24 * radius / n), "chromosome": chromosome,
        "chromatid": chromatid, "poles": poles, "body": body, "cells": cells,
        "held": (caught.T + breakdown)[None] <= t[:, None, None],
        "split": t > anaphase,
        "condensed": _ramp(t, -2.0, _PROPHASE_MIN + 2.0),
        "envelope": 1 - _ramp(t, breakdown - 0.7, 1.8),
        "spindle": _ramp(t, breakdown - 0.5, 3.0),
        "gather": _ramp(t, 0.0, breakdown),
        "trail": _ramp(t, anaphase, 2.5) * (1 - 0.7 * _ramp(t, telophase, 5.0)),
        "reform": _ramp(t, telophase, 5.0),
        "granules": _granules(radius, rng),
        "haze": rng.uniform(0, 1, (5, 4)),
    }  # fmt: skip
    return State(field, arrays, truth)


def _granules(radius: float, rng: np.random.Generator) -> np.ndarray:
    """Organelles outside the spindle of the round cell: x, y, length, angle (12, 4) in µm, rad."""
    around = np.linspace(0, 2 * np.pi, 12, endpoint=False) + rng.uniform(-0.2, 0.2, 12)
    far = rng.uniform(0.74, 0.88, 12) * radius
    size = rng.uniform(0.36, 0.60, 12)
    turn = rng.uniform(0, np.pi, 12)
    return np.stack([far * np.cos(around), far * np.sin(around), size, turn], axis=1)


def _to_field(xy: np.ndarray, centre: np.ndarray, angle: float) -> np.ndarray:
    """Spindle coordinates (..., 2) to the field's, in µm."""
    c, s = math.cos(angle), math.sin(angle)
    x, y = xy[..., 0], xy[..., 1]
    return np.stack([centre[0] + c * x - s * y, centre[1] + s * x + c * y], axis=-1)


def _truth(
    p: Parameters, clock: Clock, chromosome: np.ndarray, chromatid: np.ndarray, poles: np.ndarray,
    body: np.ndarray, cells: np.ndarray, caught: np.ndarray, centre: np.ndarray, angle: float,
    phases: dict[str, float],
) -> Truth:  # fmt: skip
    truth = Truth()
    t, n = clock.times_s / 60, chromosome.shape[1]
    split = t > phases["anaphase"]
    frames = np.arange(len(t))

    def track(object_id: int, kind: str, when: np.ndarray, xy: np.ndarray) -> None:
        truth.add_track(object_id, kind, frames[when], _to_field(xy[when], centre, angle))

    for j in range(n):
        track(j, "chromosome", ~split, chromosome[:, j, :2])
        for s in range(2):
            track(n + 2 * j + s, "chromatid", split, chromatid[:, s, j])
    one = cells == 1
    zero = np.zeros(len(t))
    track(3 * n + 2, "cell", one, np.stack([zero, zero], 1))
    for s, side in enumerate((-1.0, 1.0)):
        track(3 * n + s, "spindle_pole", frames >= 0, np.stack([side * poles, zero], 1))
        track(3 * n + 3 + s, "daughter_cell", ~one, np.stack([side * body[:, 0], zero], 1))

    def event(name: str, minutes: float, object_id: int = -1) -> None:
        frame = min(len(t) - 1, int(np.searchsorted(t, minutes - 1e-9)))
        truth.events.append(Event(name, frame, 60 * minutes, object_id))

    for name, minutes in phases.items():
        event(name, minutes)
    for j in range(n):
        for s in range(2):
            event("attachment", float(caught[j, s]), j)

    # Chromatin counts where it lies inside a cell; each chromatid holds an equal share of it.
    x, y = np.moveaxis(chromatid.reshape(len(t), 2 * n, 2), 2, 0)
    inside = np.empty((len(t), 2 * n), bool)
    for i, (half, r, waist) in enumerate(body):
        if one[i]:
            inside[i] = np.abs(y[i]) < waist_profile(half, r, waist, x[i])
        else:
            inside[i] = np.hypot(np.abs(x[i]) - half, y[i]) < r
    mass = [(inside & (x * side > 0) & split[:, None]).sum(1) / (2 * n) for side in (-1, 1)]
    area, volume = _area_volume(body, cells)
    sisters = np.abs(chromatid[:, 1, :, 0] - chromatid[:, 0, :, 0]).mean(1)
    order = list(phases.values())
    truth.series = {
        "phase": ("index", np.searchsorted(np.array(order), t + 1e-9, side="right") - 1.0),
        "cells": ("", cells.astype(float)),
        "attached_kinetochores": ("", (caught[None] <= t[:, None, None]).sum((1, 2)).astype(float)),
        "plate_width": ("um", 2 * np.abs(chromosome[:, :, 0]).max(1)),
        "sister_distance": ("um", sisters),
        "pole_distance": ("um", 2 * poles),
        "waist_diameter": ("um", 2 * body[:, 1] * np.where(one, body[:, 2], 0.0)),
        "cell_area": ("um2", area),
        "cell_volume": ("um3", volume),
        "chromatin_total": ("fraction", inside.sum(1) / (2 * n)),
        "chromatin_daughter_1": ("fraction", mass[0]),
        "chromatin_daughter_2": ("fraction", mass[1]),
    }
    return truth


def _area_volume(body: np.ndarray, cells: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Projected area (µm²) and volume (µm³) of all cells together in each frame."""
    area, volume = np.empty(len(body)), np.empty(len(body))
    for i, (half, r, waist) in enumerate(body):
        if cells[i] == 2:
            area[i], volume[i] = 2 * math.pi * r**2, 8 / 3 * math.pi * r**3
            continue
        # Caps in closed form, the waist on a fine grid.
        x = np.linspace(0, half, 801)
        rho = waist_profile(half, r, waist, x)
        area[i] = math.pi * r**2 + 4 * np.trapezoid(rho, x)
        volume[i] = 4 / 3 * math.pi * r**3 + 2 * math.pi * np.trapezoid(rho**2, x)
    return area, volume


def _outline(half: float, r: float, waist: float) -> np.ndarray:
    """Outline (60, 2) of the undivided body in spindle coordinates."""
    cap = np.linspace(0, np.pi / 2, 9)
    inward = half * np.array([0.83, 0.66, 0.50, 0.34, 0.20, 0.08, 0.0])
    x = np.concatenate([half + r * np.cos(cap), inward])
    rho = np.concatenate([r * np.sin(cap), waist_profile(half, r, waist, inward)])
    quarter = np.stack([x, rho], axis=1)
    top = np.concatenate([quarter, quarter[-2::-1] * [-1, 1]])
    return np.concatenate([top, top[-2:0:-1] * [1, -1]])


def _carry(points: np.ndarray, radius: float, body: np.ndarray, divided: bool) -> np.ndarray:
    """Move material `points` (K, 2) of the round cell with the volume-preserving deformation."""
    half, r, waist = body
    x = np.linspace(0, half + r, 200)
    rho = waist_profile(half, r, waist, x)
    if divided:
        rho = np.sqrt(np.clip(r**2 - (x - half) ** 2, 0, None))
    held = np.concatenate([[0.0], np.cumsum(rho[1:] ** 2 + rho[:-1] ** 2)])
    u = np.abs(points[:, 0]) / radius
    place = np.interp((3 * u - u**3) / 2, held / held[-1], x)
    rise = points[:, 1] / (radius * np.sqrt(1 - u**2))
    room = np.clip(np.interp(place, x, rho) - 0.4, 0, None)
    return np.stack([np.sign(points[:, 0]) * place, rise * room], axis=1)


def backdrop(p: Parameters, state: State, scene: Scene) -> None:
    """Blurred neighbours out of focus under the dividing cell."""
    for i, (u, v, size, turn) in enumerate(state["haze"]):
        around = 2 * np.pi * (i + 0.6 * u) / 5
        x = state.field_um * (0.5 + (0.52 + 0.10 * v) * np.cos(around))
        y = state.field_um * (0.5 + (0.52 + 0.10 * v) * np.sin(around))
        r = state.field_um * (0.13 + 0.10 * size)
        scene.ellipse(x, y, r, 0.7 * r, np.pi * turn, "haze", soft=2.0, fade=0.8)


def draw(p: Parameters, state: State, frame: int, scene: Scene) -> None:
    """The cell or its daughters, spindle, chromosomes, from the state of `frame`."""
    half, r, waist = state["body"][frame]
    divided = state["cells"][frame] == 2
    ends = [_at(state, side * half, 0) for side in (-1, 1)]
    # The shadow passes from a rod's to two balls' as the waist closes.
    if not divided:
        scene.capsule(*ends[0], *ends[1], r, "shadow", fade=waist**2)
    for end in ends:
        scene.disc(*end, r, "shadow", fade=1 - waist**2)
    if divided:
        for end in ends:
            scene.disc(*end, r, "cell")
    elif waist == 1:
        scene.capsule(*ends[0], *ends[1], r, "cell")
    else:
        outline = _to_field(_outline(half, r, waist), state["centre"], state["angle"])
        scene.polygon(outline, "cell", bevel=r)
    granules = state["granules"]
    places = _carry(granules[:, :2], state["radius"], state["body"][frame], divided)
    for (x, y), (_, _, size, turn) in zip(places, granules, strict=True):
        scene.ellipse(*_at(state, x, y), 1.7 * size, size, turn, "granule")
    _draw_nuclei(state, frame, scene)
    _draw_spindle(state, frame, scene, divided)
    _draw_chromatids(state, frame, scene)
    if not divided and waist < 0.97:
        # The contractile ring, seen from its edge.
        w = r * waist
        scene.capsule(*_at(state, 0, -w), *_at(state, 0, w), 0.30, "ring", fade=0.45)
        for side in (-1, 1):
            scene.disc(*_at(state, 0, side * w), 0.55, "ring", fade=min(1.0, 6 * (1 - waist)))


def _at(state: State, x: float, y: float) -> tuple[float, float]:
    """A point of the spindle's frame in the field, in µm."""
    c, s = math.cos(state["angle"]), math.sin(state["angle"])
    return state["centre"][0] + c * x - s * y, state["centre"][1] + s * x + c * y


def _draw_nuclei(state: State, frame: int, scene: Scene) -> None:
    radius = state["radius"]
    before, after = float(state["envelope"][frame]), float(state["reform"][frame])
    if before > 0.01:
        scene.disc(*_at(state, 0, 0), 0.60 * radius, "envelope", fade=before)
        fade = before * (1 - state["condensed"][frame])
        if fade > 0.01:
            place = _at(state, 0.06 * radius, -0.04 * radius)
            scene.disc(*place, 0.13 * radius, "nucleolus", fade=fade)
    if after > 0.01:
        a, b = 0.36 * radius, 0.46 * radius
        # The chromatin that the chromatids lose as they unravel, spread over the nucleus: the
        # light of all chromatin together stays the same (mean dome: rod 0.86, disc 0.78).
        n, thick = state["chromatid"].shape[2], state["thick"]
        rods = 2 * n * (2 * state["arm"] * thick + np.pi * thick**2) * 0.86
        spread = _UNRAVEL * after * min(1.0, rods / (np.pi * a * b * 0.78))
        for side in (-1, 1):
            x, y = _at(state, side * state["body"][frame][0], 0)
            scene.ellipse(x, y, a, b, state["angle"], "envelope", fade=after)
            scene.ellipse(x, y, a, b, state["angle"], "chromatin", fade=spread)


def _draw_spindle(state: State, frame: int, scene: Scene, divided: bool) -> None:
    radius, pole = state["radius"], state["poles"][frame]
    half, r, waist = state["body"][frame]
    gone = float(state["reform"][frame])
    # In prophase the two centrosomes still travel round the nucleus to opposite sides.
    swing = 0.9 * (1 - float(state["gather"][frame]))
    ends = [(side * pole * math.cos(swing), -pole * math.sin(swing)) for side in (-1, 1)]
    strength = float(state["spindle"][frame]) * (1 - gone)
    if strength > 0.02 and not divided:
        wide = min(0.55 * radius, 0.7 * r * waist)
        scene.ellipse(
            *_at(state, 0, 0), pole, wide, state["angle"], "spindle", fade=strength, soft=0.8
        )
        u = -np.cos(np.linspace(0, np.pi, 9))
        room = 0.7 * waist_profile(half, r, waist, pole * u)
        for share in (-0.62, -0.32, 0.0, 0.32, 0.62):
            y = np.clip(share * radius * np.sqrt(1 - u**2), -room, room)
            arc = _to_field(np.stack([pole * u, y], axis=1), state["centre"], state["angle"])
            scene.polyline(arc, 0.12, "aster", fade=strength)
    for side, (x, y) in zip((-1, 1), ends, strict=True):
        for ray in (-1.15, -0.6, 0.0, 0.6, 1.15):
            tip = x + side * 0.22 * radius * math.cos(ray), y + 0.22 * radius * math.sin(ray)
            scene.capsule(*_at(state, x, y), *_at(state, *tip), 0.11, "aster", fade=1 - 0.7 * gone)
    for s, end in enumerate(ends):
        for kinetochore, held in zip(
            state["chromatid"][frame, s], state["held"][frame, s], strict=True
        ):
            if held and gone < 0.98:
                scene.capsule(
                    *_at(state, *end), *_at(state, *kinetochore), 0.19, "fibre", fade=1 - gone
                )
    if waist < 0.5 or divided:
        # The last overlap of the spindle, squeezed by the ring: the midbody.
        reach = half - r + 0.10 * radius if divided else 0.22 * radius
        scene.capsule(*_at(state, -reach, 0), *_at(state, reach, 0), 0.20, "fibre")
    for end in ends:
        scene.disc(*_at(state, *end), 0.06 * radius, "centrosome")


def _draw_chromatids(state: State, frame: int, scene: Scene) -> None:
    tight = float(state["condensed"][frame])
    trail, fade = float(state["trail"][frame]), 1 - _UNRAVEL * float(state["reform"][frame])
    # Condensing shortens and thickens the threads, at one drawn area.
    thick = state["thick"] / (1.3 - 0.3 * tight)
    area = 2 * state["arm"] * state["thick"] + math.pi * state["thick"] ** 2
    arm = (area - math.pi * thick**2) / (2 * thick)
    # Sister arms spread to an X; behind a pulled centromere they trail in a V.
    bend = 0.55 * (1 - trail) - 0.75 * trail
    n = state["chromatid"].shape[2]
    for j in range(n):
        turn = 0.0 if state["split"][frame] else state["chromosome"][frame, j, 2]
        c, sn = math.cos(turn), math.sin(turn)
        for s, side in enumerate((-1, 1)):
            x, y = state["chromatid"][frame, s, j]
            for arm_side in (-1, 1):
                dx, dy = side * math.sin(bend) * arm, arm_side * math.cos(bend) * arm
                tip = _at(state, x + c * dx - sn * dy, y + sn * dx + c * dy)
                material = ("blue", "violet")[j % 2]
                scene.capsule(*_at(state, x, y), *tip, thick, material, fade=fade)
    for x, y in state["chromatid"][frame].reshape(2 * n, 2):
        scene.disc(*_at(state, x, y), 0.35 * state["thick"], "kinetochore", fade=0.6 * tight * fade)


_ALONG = {
    "horizontal": ("horizontally", "along a horizontal axis", "side by side"),
    "vertical": ("vertically", "along a vertical axis", "one above the other"),
    "diagonal": ("diagonally", "along a diagonal axis", "at a slant"),
}


def captions(p: Parameters, state: State) -> list[str]:
    """Sentences with actors, order of phases, axis, count and anaphase speed."""
    n, v = number_word(int(p["chromosomes"])), plain(p["chromatid_speed"])
    way, axis, beside = _ALONG[p["axis"]]
    return [
        f"a normal cell with {n} chromosomes divides {way} in mitosis; "
        f"chromatids part at {v} µm/min and two daughter cells form",
        f"mitosis {axis}: {n} chromosomes line up, chromatids move to the poles at {v} µm/min, "
        "one normal cell becomes two",
        f"one normal cell becomes two {beside}: {n} chromosomes align, "
        f"split at {v} µm/min, and a furrow cuts the cell",
        f"normal mitosis: the spindle aligns {n} chromosomes and pulls chromatids apart {way} "
        f"at {v} µm/min; two cells form",
        f"a normal cell divides {axis}: {n} chromosomes form a plate, chromatids move apart "
        f"at {v} µm/min, two cells form",
        f"a normal cell divides {axis}: {n} chromosomes line up, chromatids move apart "
        f"at {v} µm/min, two daughter cells form",
    ]


def prompts(p: Parameters, state: State) -> list[str]:
    """Short requests; most name the division's axis."""
    way, axis, beside = _ALONG[p["axis"]]
    return [
        f"a cell divides {way} into two daughter cells",
        "mitosis of a normal cell",
        f"one cell becomes two cells {beside}",
        f"cell division {axis}",
        f"chromosomes line up and the cell splits {way} in two",
        "a cell goes through mitosis and becomes two daughter cells",
        f"mitosis {axis}, the chromosomes part and two cells form",
        f"a round cell with chromosomes divides into two, {beside}",
        f"the spindle pulls the chromosomes apart {way} and the cell divides",
        f"show a dividing cell that splits {axis}",
        f"normal mitosis: a cell splits {way} into two daughter cells",
    ]
