"""Normal mitosis of one cultured animal cell: from condensed chromosomes to two daughter cells.

The motion of the chromosomes is modelled in `models.spindle` and the shape of the cell in
`models.dividing_cell`. Three rules join them into the story:

- Clips in which a kinetochore would still be unattached after 4 / `capture_rate` are not shown.
- Spindle checkpoint: anaphase a fixed delay after the last attachment (Rieder et al. 1994, J Cell
  Biol 127:1301).
- The daughters stay joined by the thin midbody, which is cut only an hour or more later, after the
  clip.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..canvas import Material, Scene
from ..captions import number_word, plain
from ..core import Choice, Clock, Event, HeldOut, Parameters, Range, Setting, State, Truth
from ..models import dividing_cell as cell
from ..models import spindle
from ..models.dividing_cell import Pose

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
HELD_OUT = HeldOut(
    interval=("cell_diameter", 21.5, 22.0),
    combination={"axis": "diagonal", "checkpoint_delay": (14.5, 16.0)},
)
MATERIALS = {
    "haze": Material("#3f7f92", opacity=0.5, edge=0.3, gloss=0.0, refraction=0.12),
    "cell": Material("#f7d6b4", opacity=0.96, edge=1.0, gloss=0.10, emission="#d8452e", glow=0.13,
                     rim_glow=0.62, absorb="#d6cabf", refraction=1.3),
    "shadow": Material("#000000", opacity=0.0, edge=0.0, gloss=0.0, shadow=0.45, refraction=0.0),
    "granule": Material("#dd9470", opacity=0.8, edge=0.7, gloss=0.3, shadow=0.1, emission="#d8452e",
                        glow=0.10, absorb="#cbb9a6", refraction=0.25),
    "ring": Material("#c8402f", opacity=0.8, edge=0.8, gloss=0.2, emission="#ff5a3c", glow=0.55,
                     absorb="#c9a08f", refraction=0.3),
    "envelope": Material("#b99bd8", opacity=0.42, edge=0.95, gloss=0.25, refraction=0.45,
                         absorb="#d3cde2", emission="#3f7fff", glow=0.05),
    "chromatin": Material("#6d5fd0", opacity=0.75, edge=0.6, gloss=0.2, emission="#2468ff",
                          glow=0.80, absorb="#8a84c2", refraction=0.35),
    "nucleolus": Material("#7a5ab4", opacity=0.8, edge=0.8, gloss=0.2, absorb="#a79fc4"),
    "fibre": Material("#2f9a5b", opacity=0.9, edge=0.9, gloss=0.0, emission="#35e06a", glow=0.62,
                      absorb="#b9cdb9", refraction=0.12),
    "aster": Material("#53ab74", opacity=0.55, edge=0.55, gloss=0.0, emission="#35e06a", glow=0.34,
                      absorb="#d3ddd0", refraction=0.08),
    "spindle": Material("#9fd8a6", opacity=0.22, edge=0.22, gloss=0.0, emission="#35e06a",
                        glow=0.17, absorb="#dfe6dc", refraction=0.05),
    "centrosome": Material("#1f7f46", gloss=0.6, shadow=0.2, emission="#7dffa0", glow=0.7,
                           absorb="#7f9a84", refraction=0.5),
    "blue": Material("#2b3fd6", gloss=0.3, shadow=0.30, emission="#2468ff", glow=0.80,
                     absorb="#4c4a96", refraction=0.7),
    "violet": Material("#6a25c9", gloss=0.3, shadow=0.30, emission="#2468ff", glow=0.80,
                       absorb="#564090", refraction=0.7),
    "kinetochore": Material("#ffb347", gloss=0.4, emission="#ff5ac8", glow=0.30, refraction=0.1),
}  # fmt: skip
BACKGROUND = "#5fa3b3"

_PROPHASE_MIN = 4.0  # shown before the nuclear envelope breaks down
_FURROW_LAG_MIN = 4.0  # from anaphase onset to the first furrow
_TAIL_MIN = 4.5  # shown after the furrow has closed, at least
_CAPTURE_LIMIT = 4.0  # in units of 1 / capture_rate
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


def _ramp(t: np.ndarray, start: float, length: float) -> np.ndarray:
    """0 before `start`, 1 after `start + length`, smooth between."""
    u = np.clip((t - start) / length, 0, 1)
    return u * u * (3 - 2 * u)


def simulate(p: Parameters, clock: Clock, rng: np.random.Generator) -> State:
    """Run the division; positions in µm, events from prophase to cytokinesis in order."""
    n, radius = int(p["chromosomes"]), p["cell_diameter"] / 2
    field = radius * rng.uniform(3.55, 3.95)
    centre = field / 2 + rng.uniform(-0.06, 0.06, 2) * radius
    sign = rng.choice([-1.0, 1.0]) if p["axis"] == "diagonal" else 1.0
    angle = math.radians(sign * _ANGLE[p["axis"]] + p["tilt"])
    slots = (np.arange(n) - (n - 1) / 2) * 1.24 * radius / n
    pole = 0.62 * radius
    start = spindle.scatter(n, radius, slots, rng)
    limit, delay = _CAPTURE_LIMIT / p["capture_rate"], p["checkpoint_delay"]
    path, caught = spindle.attach(start, slots, pole, p["capture_rate"], limit, limit + delay, rng)
    last = float(caught.max())
    breakdown = _PROPHASE_MIN
    anaphase = breakdown + last + delay
    off = np.abs(path[:, :, 0]).max(axis=1) > _PLATE_UM
    steps = int((anaphase - breakdown) / spindle.DT_MIN)
    aligned = 1 + int(np.flatnonzero(off[:steps]).max(initial=0))
    furrow = anaphase + _FURROW_LAG_MIN
    phases = {
        "prophase": 0.0, "prometaphase": breakdown, "last_attachment": breakdown + last,
        "metaphase": breakdown + max(last, aligned * spindle.DT_MIN), "anaphase": anaphase,
        "furrow": furrow, "telophase": furrow + 0.6 * p["furrow_time"],
        "cytokinesis": furrow + p["furrow_time"],
    }  # fmt: skip

    t = clock.times_s / 60
    since = np.clip(t, breakdown, anaphase) - breakdown
    grid = np.arange(len(path)) * spindle.DT_MIN
    chromosome = np.empty((len(t), n, 3))
    for j in range(n):
        for k in range(3):
            chromosome[:, j, k] = np.interp(since, grid, path[:, j, k])

    daughter = radius / 2 ** (1 / 3)
    divided = t >= phases["cytokinesis"]
    gap = 0.12 * radius * _ramp(t, phases["cytokinesis"], 3.0)
    after = np.clip(t - anaphase, 0, None)
    # Poles part until each set of chromatids will lie at the centre of its cell.
    goal = daughter + 0.30 * radius
    poles = np.minimum(pole + 0.5 * p["spindle_elongation"] * after, goal)
    stretch = (poles - pole) / (goal - pole)
    half = daughter * stretch * stretch * (3 - 2 * stretch)
    poles = poles + gap / 2
    waist = np.clip(1 - (t - furrow) / p["furrow_time"] * (1 - _CLOSED), _CLOSED, 1)
    thick = min(0.072 * radius, 0.75 * radius / n)
    shortening = p["chromatid_speed"] * after
    arrays = {
        "pose": Pose(centre, angle), "radius": radius, "thick": thick,
        "arm": min(0.19 * radius, 0.75 * 1.24 * radius / n), "chromosome": chromosome,
        "chromatid": spindle.chromatids(chromosome, pole, poles, shortening, thick, 0.35 * radius),
        "poles": poles, "body": cell.shapes(half, waist, gap, divided, radius), "divided": divided,
        "held": (caught.T + breakdown)[None] <= t[:, None, None],
        "split": np.repeat((t > anaphase)[:, None], n, axis=1),
        "condensed": _ramp(t, -2.0, _PROPHASE_MIN + 2.0),
        "envelope": 1 - _ramp(t, breakdown - 0.7, 1.8),
        "spindle": _ramp(t, breakdown - 0.5, 3.0),
        "gather": _ramp(t, 0.0, breakdown),
        "trail": trailing(t, np.full(n, anaphase), phases["telophase"]),
        "reform": _ramp(t, phases["telophase"], 5.0),
        "granules": cell.granules(radius, rng),
        "haze": rng.uniform(0, 1, (5, 4)),
        # The side of the pole that each chromatid belongs to, and its mass: twins change them.
        "pull": np.tile(np.array([-1.0, 1.0])[None, :, None], (len(t), 1, n)),
        "mass": np.ones((len(t), 2, n)),
        "caught": caught + breakdown, "phases": phases,
    }  # fmt: skip
    return State(field, arrays, tell(t, arrays))


def trailing(t: np.ndarray, parting: np.ndarray, telophase: float) -> np.ndarray:
    """How far the arms trail behind (T, n), 0 to 1, of sisters that part at `parting` (n,) min."""
    after = np.stack([_ramp(t, start, 2.5) for start in parting], axis=1)
    return after * (1 - 0.7 * _ramp(t, telophase, 5.0))[:, None]


def tell(t: np.ndarray, arrays: dict[str, Any]) -> Truth:
    """Tracks, events and series at the frame times `t` (T,); all times in minutes."""
    truth = Truth()
    chromosome, chromatid, poles = arrays["chromosome"], arrays["chromatid"], arrays["poles"]
    body, split, divided = arrays["body"], arrays["split"], arrays["divided"]
    caught, phases = arrays["caught"], arrays["phases"]
    n = chromosome.shape[1]
    frames = np.arange(len(t))

    def track(object_id: int, kind: str, when: np.ndarray, xy: np.ndarray) -> None:
        truth.add_track(object_id, kind, frames[when], arrays["pose"].points(xy[when]))

    for j in range(n):
        there = arrays["mass"][:, :, j] > 0.05
        track(j, "chromosome", ~split[:, j] & there.any(1), chromosome[:, j, :2])
        for s in range(2):
            track(n + 2 * j + s, "chromatid", split[:, j] & there[:, s], chromatid[:, s, j])
    zero = np.zeros(len(t))
    track(3 * n + 2, "cell", ~divided, np.stack([zero, zero], 1))
    for s, side in enumerate((-1.0, 1.0)):
        track(3 * n + s, "spindle_pole", frames >= 0, np.stack([side * poles, zero], 1))
        track(3 * n + 3 + s, "daughter_cell", divided, np.stack([side * body[:, 0], zero], 1))

    def event(name: str, minutes: float, object_id: int = -1) -> None:
        if not math.isfinite(minutes):
            return
        frame = min(len(t) - 1, int(np.searchsorted(t, minutes - 1e-9)))
        truth.events.append(Event(name, frame, 60 * minutes, object_id))

    for name, minutes in phases.items():
        event(name, minutes)
    for j in range(n):
        for s in range(2):
            event("attachment", float(caught[j, s]), j)

    # Chromatin counts where it lies inside a cell; each chromatid holds an equal share of it.
    x, y = np.moveaxis(chromatid.reshape(len(t), 2 * n, 2), 2, 0)
    held = cell.inside(body, divided, x, y) * arrays["mass"].reshape(len(t), 2 * n)
    parted = np.concatenate([split, split], axis=1)
    mass = [(held * ((x * side > 0) & parted)).sum(1) / (2 * n) for side in (-1, 1)]
    area, volume = cell.area_volume(body, divided)
    sisters = np.abs(chromatid[:, 1, :, 0] - chromatid[:, 0, :, 0]).mean(1)
    # The phase that began last: in a twin they may come in another order, or not at all.
    begun = [max((v, i) for i, v in enumerate(phases.values()) if v <= now + 1e-9) for now in t]
    truth.series = {
        "phase": ("index", np.array([float(i) for _, i in begun])),
        "cells": ("", np.where(divided, 2.0, 1.0)),
        "attached_kinetochores": ("", (caught[None] <= t[:, None, None]).sum((1, 2)).astype(float)),
        "plate_width": ("um", 2 * np.abs(chromosome[:, :, 0]).max(1)),
        "sister_distance": ("um", sisters),
        "pole_distance": ("um", 2 * poles),
        "waist_diameter": ("um", 2 * body[:, 1] * body[:, 2]),
        "cell_area": ("um2", area),
        "cell_volume": ("um3", volume),
        "chromatin_total": ("fraction", held.sum(1) / (2 * n)),
        "chromatin_daughter_1": ("fraction", mass[0]),
        "chromatin_daughter_2": ("fraction", mass[1]),
    }
    return truth


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
    divided = state["divided"][frame]
    pose: Pose = state["pose"]
    ends = [pose.at(side * half, 0) for side in (-1, 1)]
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
        scene.polygon(pose.points(cell.outline(half, r, waist)), "cell", bevel=r)
    granules = state["granules"]
    places = cell.carry(granules[:, :2], state["radius"], state["body"][frame], divided)
    for (x, y), (_, _, size, turn) in zip(places, granules, strict=True):
        scene.ellipse(*pose.at(x, y), 1.7 * size, size, turn, "granule")
    _draw_nuclei(state, frame, scene)
    _draw_spindle(state, frame, scene)
    _draw_chromatids(state, frame, scene)
    if not divided and waist < 0.97:
        # The contractile ring, seen from its edge.
        w = r * waist
        scene.capsule(*pose.at(0, -w), *pose.at(0, w), 0.30, "ring", fade=0.45)
        for side in (-1, 1):
            scene.disc(*pose.at(0, side * w), 0.55, "ring", fade=min(1.0, 6 * (1 - waist)))


def _draw_nuclei(state: State, frame: int, scene: Scene) -> None:
    radius = state["radius"]
    pose: Pose = state["pose"]
    before, after = float(state["envelope"][frame]), float(state["reform"][frame])
    if before > 0.01:
        scene.disc(*pose.at(0, 0), 0.60 * radius, "envelope", fade=before)
        fade = before * (1 - state["condensed"][frame])
        if fade > 0.01:
            place = pose.at(0.06 * radius, -0.04 * radius)
            scene.disc(*place, 0.13 * radius, "nucleolus", fade=fade)
    if after > 0.01:
        a, b = 0.36 * radius, 0.46 * radius
        # The chromatin that the chromatids lose as they unravel, spread over the nucleus: the
        # light of all chromatin together stays the same (mean dome: rod 0.86, disc 0.78).
        n, thick = state["chromatid"].shape[2], state["thick"]
        rods = 2 * n * (2 * state["arm"] * thick + np.pi * thick**2) * 0.86
        spread = _UNRAVEL * after * min(1.0, rods / (np.pi * a * b * 0.78))
        for side in (-1, 1):
            x, y = pose.at(side * state["body"][frame][0], 0)
            # A nucleus is as large as its share of the chromatin.
            share = state["mass"][frame] * (state["pull"][frame] == side)
            size = math.sqrt(share.sum() / n)
            scene.ellipse(x, y, size * a, size * b, pose.angle, "envelope", fade=after)
            scene.ellipse(x, y, size * a, size * b, pose.angle, "chromatin", fade=spread)


def _draw_spindle(state: State, frame: int, scene: Scene) -> None:
    radius, pole = state["radius"], state["poles"][frame]
    pose: Pose = state["pose"]
    (half, r, waist), divided = state["body"][frame], state["divided"][frame]
    gone = float(state["reform"][frame])
    # In prophase the two centrosomes still travel round the nucleus to opposite sides.
    swing = 0.9 * (1 - float(state["gather"][frame]))
    ends = [(side * pole * math.cos(swing), -pole * math.sin(swing)) for side in (-1, 1)]
    strength = float(state["spindle"][frame]) * (1 - gone)
    if strength > 0.02 and not divided:
        wide = min(0.55 * radius, 0.7 * r * waist)
        scene.ellipse(*pose.at(0, 0), pole, wide, pose.angle, "spindle", fade=strength, soft=0.8)
        u = -np.cos(np.linspace(0, np.pi, 9))
        room = 0.7 * cell.waist_profile(half, r, waist, pole * u)
        for share in (-0.62, -0.32, 0.0, 0.32, 0.62):
            y = np.clip(share * radius * np.sqrt(1 - u**2), -room, room)
            scene.polyline(np.stack(pose.at(pole * u, y), axis=1), 0.12, "aster", fade=strength)
    for side, (x, y) in zip((-1, 1), ends, strict=True):
        for ray in (-1.15, -0.6, 0.0, 0.6, 1.15):
            tip = x + side * 0.22 * radius * math.cos(ray), y + 0.22 * radius * math.sin(ray)
            scene.capsule(*pose.at(x, y), *pose.at(*tip), 0.11, "aster", fade=1 - 0.7 * gone)
    if gone < 0.98:
        for side, end in zip((-1, 1), ends, strict=True):
            mine = state["held"][frame] & (state["pull"][frame] == side)
            for kinetochore in state["chromatid"][frame][mine]:
                scene.capsule(*pose.at(*end), *pose.at(*kinetochore), 0.19, "fibre", fade=1 - gone)
    if waist < 0.5:
        # The last overlap of the spindle, squeezed by the ring: the midbody.
        reach = half - r + 0.10 * radius if divided else 0.22 * radius
        scene.capsule(*pose.at(-reach, 0), *pose.at(reach, 0), 0.20, "fibre")
    for end in ends:
        scene.disc(*pose.at(*end), 0.06 * radius, "centrosome")


def _draw_chromatids(state: State, frame: int, scene: Scene) -> None:
    tight = float(state["condensed"][frame])
    pose: Pose = state["pose"]
    fade = 1 - _UNRAVEL * float(state["reform"][frame])
    # Condensing shortens and thickens the threads, at one drawn area.
    thick = state["thick"] / (1.3 - 0.3 * tight)
    area = 2 * state["arm"] * state["thick"] + math.pi * state["thick"] ** 2
    arm = (area - math.pi * thick**2) / (2 * thick)
    n = state["chromatid"].shape[2]
    mass = state["mass"][frame]
    for j in range(n):
        # Sister arms spread to an X; behind a pulled centromere they trail in a V.
        trail = float(state["trail"][frame, j])
        bend = 0.55 * (1 - trail) - 0.75 * trail
        turn = 0.0 if state["split"][frame, j] else state["chromosome"][frame, j, 2]
        c, sn = math.cos(turn), math.sin(turn)
        for s in range(2):
            side = state["pull"][frame, s, j]
            x, y = state["chromatid"][frame, s, j]
            for arm_side in (-1, 1):
                dx, dy = side * math.sin(bend) * arm, arm_side * math.cos(bend) * arm
                tip = pose.at(x + c * dx - sn * dy, y + sn * dx + c * dy)
                material = ("blue", "violet")[j % 2]
                scene.capsule(*pose.at(x, y), *tip, thick, material, fade=fade * mass[s, j])
    for (x, y), left in zip(state["chromatid"][frame].reshape(2 * n, 2), mass.ravel(), strict=True):
        fade_dot = 0.6 * tight * fade * left
        scene.disc(*pose.at(x, y), 0.35 * state["thick"], "kinetochore", fade=fade_dot)


_ALONG = {
    "horizontal": ("horizontally", "along a horizontal axis", "side by side"),
    "vertical": ("vertically", "along a vertical axis", "one above the other"),
    "diagonal": ("diagonally", "along a diagonal axis", "at a slant"),
}


def captions(p: Parameters, state: State) -> list[str]:
    """Sentences with actors, axis, count and anaphase speed; the last is held out."""
    n, v = number_word(int(p["chromosomes"])), f"{plain(p['chromatid_speed'])} µm/min"
    way, axis, beside = _ALONG[p["axis"]]
    return [
        f"a normal cell with {n} chromosomes divides {way}, chromatids parting at {v}",
        f"mitosis {axis}: {n} chromosomes line up and part at {v}",
        f"one cell becomes two {beside}: {n} chromosomes split at {v}",
        f"normal mitosis: a spindle pulls {n} chromosomes apart {way} at {v}",
        f"a cell divides {axis}: {n} chromosomes form a plate, part at {v}",
        f"{n} chromosomes line up, part {way} at {v}, and one cell becomes two",
        f"a cell divides {axis}: {n} chromosomes line up and split at {v}",
    ]


def descriptions(p: Parameters, state: State) -> list[str]:
    """Paragraphs with the same facts, the order of phases and what one sees; the last held out."""
    n, v = number_word(int(p["chromosomes"])), f"{plain(p['chromatid_speed'])} µm/min"
    way, axis, beside = _ALONG[p["axis"]]
    size = f"{plain(p['cell_diameter'])} µm"
    return [
        f"A normal cultured cell, {size} across, goes through mitosis and divides {way}. Its {n} "
        f"chromosomes first lie scattered while microtubules grow from two poles, search and catch "
        f"them. One after the other they are drawn to the middle, until all stand in a plate "
        f"between the poles. Only when the last is attached does the checkpoint give way; then "
        f"sister chromatids separate at the same moment and move to opposite poles at {v}, while "
        f"the spindle grows longer. A furrow then closes like a ring around the waist, and two "
        f"daughter cells lie {beside}, each with one full set of chromosomes.",
        f"Cell division {axis}, from the first caught chromosome to two daughter cells. The cell "
        f"is round and {size} wide; {n} chromosomes, each a pair of sisters, are shown in it. "
        f"Fibres of the spindle reach out from both poles and align the chromosomes in a plate. "
        f"After a pause the sisters part all at once, at {v}, one set to either pole, and the "
        f"poles themselves move apart. When both sets are well away from each other, the waist "
        f"of the cell narrows and cuts it in two. Chromatin is neither lost nor made: the two "
        f"cells, {beside}, have equal shares. The split runs {way}.",
        f"One cell becomes two cells, {beside}. At the start {n} condensed chromosomes lie in a "
        f"rounded cell of {size}. Microtubules from two poles capture them, pull and push them to "
        f"the middle and hold them there as a plate. Mitosis waits for the slowest; then every "
        f"chromosome splits, and its two chromatids are pulled apart {way} at {v}. The spindle "
        f"stretches, a contractile ring tightens around the equator, and the furrow separates the "
        f"daughters. The order never changes: plate first, then separation, and the furrow last. "
        f"The axis of the division is named in the picture's own frame: the cell divides {axis}.",
        f"Normal mitosis of a mammalian cell, projected onto the plane of its spindle. The spindle "
        f"has two poles {axis}, between which {n} chromosomes are caught, moved and lined up. The "
        f"cell, {size} in diameter, stays round until then. With the last attachment the sisters "
        f"let go of one another and travel towards the poles at {v}. Shortly after, the cell "
        f"lengthens and a furrow forms at its equator, deepens and closes, so that the cell "
        f"splits {way} into two daughter cells of equal size that lie {beside}. Microtubules, "
        f"poles and chromosomes are drawn larger than they are so that they can be told apart.",
        f"A round cell of {size} divides {way} in normal mitosis. The spindle has two poles, and "
        f"its microtubules capture {n} chromosomes and hold them in the middle as a plate. When "
        f"the last is attached, sister chromatids separate all at once and move to the poles at "
        f"{v}, while the spindle grows longer. Then a furrow closes around the waist of the cell. "
        f"Two daughter cells lie {beside}, each with an equal share of the chromosomes, and none "
        f"is lost. The order never changes: the plate first, then the separation {axis}, and the "
        f"furrow last.",
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
