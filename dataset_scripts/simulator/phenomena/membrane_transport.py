"""Transport across a membrane: ion channels, glucose carriers, or sodium-potassium pumps.

The model is in `models.membrane_crossing`. `protein` chooses the scene. An open pore lets
potassium ions run down their gradient one after another; a glucose carrier of the GLUT kind opens
to one side at a time and takes one glucose across per turn, on balance downhill; a pump takes three
sodium ions out of the cell and two potassium ions in, both uphill, at the cost of ATP. `direction`
is that of net transport (of sodium, for pumps).

No microscope shows this; the looks are colourings of a schematic. Molecules are drawn several times
too large, and their free wandering far slower than it is; proteins and bilayer are to scale.
"""

from __future__ import annotations

import numpy as np

from ..canvas import Material, Scene
from ..core import Choice, Clock, Event, HeldOut, Parameters, Range, Setting, State, Truth
from ..models import membrane_crossing as crossing
from ..models import membrane_geometry as geometry
from ..models import membrane_words as words
from ..models.membrane_cast import CASTS, GLUCOSE, KINDS, crew
from ..models.membrane_crossing import Load
from ..models.membrane_geometry import Membrane

LEVEL = "subcellular"
SETTING = Setting(
    view="section across a membrane, as deep as one protein",
    field="closed",
    frame_of_reference="membrane at rest",
    temperature_c=37.0,
    medium="salt solution on both sides of channels; else plasma on one side, cytosol on the other",
    organism="human (carriers and pumps of the red cell's kind); bilayer with potassium channels",
    marks="outside of a cell carries sugar chains, its inside is tinted like sand; beside "
    "channels the solution first filled with K+ is tinted lilac; K+ purple, Na+ orange, glucose "
    "green",
    schematic=True,
)
_CHOSEN = "modelling choice"
PARAMETERS: tuple[Range | Choice, ...] = (
    Choice("protein", ("channel", "carrier", "pump"),
           "the three ways across: Alberts et al. 2014, Molecular Biology of the Cell, 6th ed., "
           "ch. 11"),
    Choice("direction", ("downwards", "upwards"),
           "which way up the picture is, " + _CHOSEN + "; of sodium, for pumps"),
    Choice("count", ("few", "many"),
           _CHOSEN + ": two open channels or four with one shut, two or three carriers, one or two "
           "pumps"),
    Range("permeation", "million/s", 60.0, 100.0,
          "ions per open pore; tens of millions, at most about 1e8 per second: Gadsby 2009, Nat "
          "Rev Mol Cell Biol 10:344; the bounds are a modelling choice"),
    Range("carrier_turnover", "1/s", 900.0, 1200.0,
          _CHOSEN + ", about a thousand cycles per second and carrier"),
    Range("pump_turnover", "1/s", 80.0, 120.0,
          "about a hundred cycles per second: Alberts et al. 2014, ch. 11; the bounds are a "
          "modelling choice"),
    Range("particles", "1", 14, 20, _CHOSEN + ": molecules on the rich side", integer=True),
    Range("start_across", "1", 0, 4, _CHOSEN + ": molecules on the poor side", integer=True),
    Range("framing", "1", 0.96, 1.04, _CHOSEN + ": width over 60, 40 and 30 nm"),
)  # fmt: skip
HELD_OUT = HeldOut(
    interval=("particles", 17, 17),
    combination={"protein": "carrier", "direction": "upwards", "count": "few"},
)

HALF_NM = 2.25  # half the bilayer: 4 to 5 nm thick (Alberts et al. 2014, ch. 10)
_RADIUS = {"channel": 0.029, "carrier": 0.030, "pump": 0.029}  # of the field
_WANDER = 0.070  # rms step along one axis in a whole clip, share of the field
_TURNS = {"channel": (3.2, 5.0), "carrier": (2.5, 4.0), "pump": (2.5, 2.5)}
"""Cycles, or ions per pore, shown by a clip of 17 frames or fewer and by one of 81 or more."""
DRAWN_UM = 30.0
"""Width of the painter's field, in its µm: its rims and blur are those of a microscope."""


def turnover(p: Parameters) -> float:
    """Cycles of a protein, or ions through an open pore, per second."""
    return float(
        {"channel": 1e6 * p["permeation"], "carrier": p["carrier_turnover"],
         "pump": p["pump_turnover"]}[p["protein"]]
    )  # fmt: skip


def turns(p: Parameters, num_frames: int) -> float:
    """Cycles that a clip shows."""
    return float(np.interp(num_frames, (17, 81), _TURNS[p["protein"]]))


def s_per_frame(parameters: Parameters, num_frames: int) -> float:
    """Seconds between frames: a clip shows two cycles or more, whatever its length."""
    return turns(parameters, num_frames) / turnover(parameters) / max(1, num_frames - 1)


def substeps(num_frames: int) -> int:
    """Brownian steps from one frame to the next."""
    return max(2, round(96 / max(1, num_frames - 1)))


def spread(p: Parameters, membrane: Membrane, num_frames: int) -> float:
    """Rms step of a free molecule along one axis in one cycle, nm; no more per frame than in a clip
    of 17 frames."""
    whole = _WANDER * membrane.field * min(1.0, np.sqrt(max(1, num_frames - 1) / 16))
    return float(whole / np.sqrt(turns(p, num_frames)))


def simulate(parameters: Parameters, clock: Clock, rng: np.random.Generator) -> State:
    """Molecules and gates over time; arrays in µm, but `membrane`, `loads` and `starts` as in
    `models.membrane_crossing`."""
    p = parameters
    cast = CASTS[p["protein"]]
    field = cast.field_nm * p["framing"]
    number = cast.number[p["count"]]
    axes = field * (np.arange(number) + 0.5) / number + rng.uniform(-0.6, 0.6, number)
    radius = _RADIUS[p["protein"]] * field
    membrane = Membrane(field, radius, HALF_NM, cast.width, cast.height, axes)
    shut = -1
    if p["protein"] == "channel" and p["count"] == "many":
        shut = int(rng.integers(number))
    duration = turns(p, clock.num_frames)
    if p["protein"] == "channel":
        starts = np.zeros((number, 0))
        pores = [i for i in range(number) if i != shut]
        loads = crossing.pore_loads(pores, duration, rng)
    else:
        starts = crossing.cycle_starts(number, duration, rng)
        loads = crossing.carried_loads(
            starts, cast.kinds, cast.load, p["protein"] == "pump", rng
        )  # fmt: skip
    kinds, sides = crew(p, number)
    order = rng.permutation(len(kinds))
    kinds, sides = kinds[order], sides[order]
    arrays = {
        "membrane": membrane, "shut": shut, "starts": starts, "loads": loads,
        "kinds": kinds, "sides": sides, "first": geometry.scatter(membrane, sides, rng),
        "seed": int(rng.integers(2**62)), "haze": rng.uniform(0, 1, (16, 4)),
        "chains": rng.uniform(0, 1, (14, 3)),
    }  # fmt: skip
    return run(p, clock, State(field / 1000, arrays, Truth()))


def run(
    p: Parameters, clock: Clock, state: State, loads: list[Load] | None = None, shift: float = 0.0,
    since: np.ndarray | None = None,
) -> State:  # fmt: skip
    """`state` with paths, gates and truth; `loads`, `shift` and `since` may break a law."""
    membrane, starts = state["membrane"], state["starts"]
    loads = state["loads"] if loads is None else loads
    n = clock.num_frames
    times = np.linspace(0, turns(p, n), n)
    paths = crossing.follow(
        membrane, state["first"], state["sides"], state["kinds"], loads, times, substeps(n),
        spread(p, membrane, n), state["seed"],
    )  # fmt: skip
    if starts.size:
        gates = crossing.gates(starts, paths.halts, times, shift, since)
    else:
        gates = np.ones((n, len(membrane.axes), 2))
        if state["shut"] >= 0:
            gates[:, state["shut"]] = 0.0
    xy = paths.xy / 1000
    if p["direction"] == "upwards":
        xy[..., 1] = state.field_um - xy[..., 1]
        gates = gates[..., ::-1]
    arrays = {**state.arrays, "xy": xy, "gates": gates, "halts": paths.halts}
    arrays.setdefault("shown", np.ones((n, len(state["kinds"]))))
    done = State(state.field_um, arrays, Truth())
    tell(p, clock, done)
    return done


def sides_seen(p: Parameters, state: State) -> np.ndarray:
    """Side (T, N) of each molecule, 0 where transport comes from; within the membrane that from
    which it entered."""
    xy, membrane = state["xy"], state["membrane"]
    sign = 1.0 if p["direction"] == "downwards" else -1.0
    depth = 1000 * sign * (xy[..., 1] - 0.5 * state.field_um)
    sides = np.empty(depth.shape, int)
    sides[0] = state["sides"]
    for t in range(1, len(depth)):
        beyond = np.abs(depth[t]) > membrane.half + 0.5 * membrane.radius
        sides[t] = np.where(beyond, depth[t] > 0, sides[t - 1])
    return sides


def tell(p: Parameters, clock: Clock, state: State) -> None:
    """Write the truth of `state`: tracks, crossings and counts."""
    truth, xy, kinds = state.truth, state["xy"], state["kinds"]
    sides, shown = sides_seen(p, state), state["shown"] > 0.5
    down = p["direction"] == "downwards"
    for i, kind in enumerate(kinds):
        frames = np.flatnonzero(shown[:, i])
        truth.add_track(i, KINDS[kind], frames.tolist(), xy[frames, i])
    steps = np.diff(sides, axis=0)
    for t, i in zip(*np.nonzero(steps), strict=True):
        forward = steps[t, i] > 0
        way = "down" if forward == down else "up"
        frame = int(t) + 1
        truth.events.append(
            Event(f"{KINDS[kinds[i]]}_crosses_{way}", frame, frame * clock.s_per_frame, int(i))
        )
    for kind in np.unique(kinds):
        for side in (0, 1):
            here = ((sides == side) & shown & (kinds == kind)).sum(axis=1)
            place = "above" if (side == 0) == down else "below"
            truth.series[f"{KINDS[kind]}_{place}"] = ("1", here.astype(float))
    for machine in range(len(state["membrane"].axes)):
        for gate, place in enumerate(("above", "below")):
            values = state["gates"][:, machine, gate].astype(float)
            truth.series[f"gate_{machine}_{place}"] = ("open", values)


MATERIALS = {
    "outside": Material("#c9e4e2", gloss=0.0, edge=1.0, emission="#0b2a38", glow=0.10,
                        absorb="#f4fbfa", refraction=0.0),
    "inside": Material("#f0dcbb", gloss=0.0, edge=1.0, emission="#2c1d0a", glow=0.26,
                       absorb="#f0e2c8", refraction=0.0),
    "filled": Material("#d6d3ee", gloss=0.0, edge=1.0, emission="#22124a", glow=0.22,
                       absorb="#e4e0f2", refraction=0.0),
    "haze": Material("#8fbfc0", opacity=0.28, edge=0.1, gloss=0.0, emission="#1c4c58", glow=0.06,
                     absorb="#e3eeec", refraction=0.05),
    "crowd": Material("#d0ae7e", opacity=0.38, edge=0.1, gloss=0.0, emission="#5c4420", glow=0.08,
                      absorb="#e6d6bb", refraction=0.05),
    "wall": Material("#54666e", gloss=0.1, edge=1.0, emission="#2a3a44", glow=0.35,
                     absorb="#9fa9ad", refraction=0.2),
    "core": Material("#f6e7b4", gloss=0.0, edge=1.0, emission="#123a3c", glow=0.25,
                     absorb="#efe4c2", refraction=0.1),
    "tail": Material("#dcb968", opacity=0.9, edge=0.7, gloss=0.1, emission="#1d6a62", glow=0.20,
                     absorb="#e0cf9c", refraction=0.2),
    "head": Material("#2f8f8a", edge=1.0, gloss=0.45, shadow=0.15, emission="#1fc0b0", glow=0.42,
                     absorb="#7fb4ae", refraction=0.6),
    "chain": Material("#6aa889", opacity=0.9, edge=0.9, gloss=0.2, emission="#2f9f6a", glow=0.20,
                      absorb="#abccba", refraction=0.4),
    "water": Material("#e9f4f3", gloss=0.0, edge=1.0, emission="#0a1c22", glow=0.08,
                      absorb="#fbfdfd", refraction=-0.1),
    "channel": Material("#d2603f", edge=1.0, gloss=0.35, shadow=0.25, emission="#ff5a30", glow=0.52,
                        rim_glow=0.12, absorb="#d79a86", refraction=0.7),
    "carrier": Material("#c9578f", edge=1.0, gloss=0.35, shadow=0.25, emission="#ff4aa8", glow=0.55,
                        rim_glow=0.12, absorb="#d094b2", refraction=0.7),
    "pump": Material("#4c74c4", edge=1.0, gloss=0.35, shadow=0.25, emission="#4a78ff", glow=0.62,
                     rim_glow=0.12, absorb="#94a8d4", refraction=0.7),
    "domain": Material("#6f93da", edge=1.0, gloss=0.35, shadow=0.20, emission="#5a86ff", glow=0.45,
                       rim_glow=0.10, absorb="#a9b9de", refraction=0.6),
    "plug": Material("#3b2a2a", edge=1.0, gloss=0.40, shadow=0.30, emission="#ff2020", glow=0.75,
                     absorb="#5c4242", refraction=0.9),
    "potassium": Material("#7a3fc8", edge=1.0, gloss=0.60, shadow=0.35, emission="#b060ff",
                          glow=1.05, rim_glow=0.10, absorb="#8d5ccc", refraction=0.9),
    "sodium": Material("#f58a14", edge=1.0, gloss=0.60, shadow=0.35, emission="#ffa21c", glow=0.95,
                       rim_glow=0.10, absorb="#e8963a", refraction=0.9),
    "glucose": Material("#2ea043", edge=1.0, gloss=0.50, shadow=0.35, emission="#4dff6a", glow=0.90,
                        rim_glow=0.10, absorb="#58a868", refraction=0.9),
}  # fmt: skip
BACKGROUND = "#c9e4e2"


def _outside_above(p: Parameters) -> bool:
    """Glucose goes into the cell, sodium out of it."""
    return (p["direction"] == "downwards") == (p["protein"] != "pump")


def backdrop(parameters: Parameters, state: State, scene: Scene) -> None:
    """Both solutions, the bilayer with its lipids, sugar chains outside, the walls of the box."""
    p, membrane = parameters, state["membrane"]
    scene.field_um = DRAWN_UM
    mm = DRAWN_UM / membrane.field
    middle = 0.5 * membrane.field
    cell = p["protein"] != "channel"
    above = _outside_above(p)
    if cell:
        solutions = ("outside", "inside") if above else ("inside", "outside")
    else:
        solutions = (
            ("filled", "outside") if p["direction"] == "downwards" else ("outside", "filled")
        )
    _band(scene, -2.0, 0.5, solutions[0])
    _band(scene, 0.5, 3.0, solutions[1])
    for x, y, size, turn in state["haze"]:
        name = "crowd" if cell and (y < 0.5) != above else "haze"
        a = (0.03 + 0.04 * size) * DRAWN_UM
        scene.ellipse(x * DRAWN_UM, y * DRAWN_UM, a, 0.7 * a, 3.1 * turn, name, soft=0.6)
    _bilayer(membrane, scene, mm)
    if cell:
        _chains(state, scene, mm, -1.0 if above else 1.0)
    for axis in membrane.axes:
        y = np.linspace(-1, 1, 9)
        outline = np.concatenate(
            [geometry.outer_edge(y, membrane), (geometry.outer_edge(y, membrane) * [-1, 1])[::-1]]
        )
        scene.polygon(mm * (0.985 * outline + [axis, middle]), "water", bevel=mm)
    edge = 0.008 * DRAWN_UM
    for a, b in (((0, 0), (1, 0)), ((1, 0), (1, 1)), ((1, 1), (0, 1)), ((0, 1), (0, 0))):
        ends = DRAWN_UM * np.array([a, b], float)
        scene.polyline(ends, edge, "wall")


def _band(scene: Scene, top: float, bottom: float, material: str) -> None:
    """A solution across the whole picture, between two heights as shares of it."""
    x, y = np.array([-2.0, 3.0, 3.0, -2.0]), np.array([top, top, bottom, bottom])
    scene.polygon(DRAWN_UM * np.stack([x, y], axis=1), material, bevel=0.3)


def _bilayer(membrane: Membrane, scene: Scene, mm: float) -> None:
    """Two leaflets of lipids, heads outwards, where no protein stands."""
    middle, inset = 0.5 * membrane.field, 0.93 * membrane.width
    edges = np.sort(np.r_[-2.0, membrane.axes - inset, membrane.axes + inset, membrane.field + 2.0])
    box = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)])
    for left, right in edges.reshape(-1, 2):
        corners = box * [0.5 * (right - left), HALF_NM - 0.3] + [0.5 * (left + right), middle]
        scene.polygon(mm * corners, "core", bevel=mm * HALF_NM)
    pitch = 0.031 * membrane.field
    r = 0.47 * pitch
    places = [(i + 0.12 * np.sin(2.4 * i)) * pitch for i in range(int(membrane.field / pitch) + 2)]
    bare = [x for x in places if np.abs(x - membrane.axes).min() > membrane.width]
    for i, x in enumerate(bare):
        for sign in (-1, 1):
            for side in (-0.28, 0.28):
                foot = x + (side + 0.1 * np.sin(5 * i + sign)) * pitch
                scene.capsule(
                    mm * (x + side * pitch), mm * (middle + sign * (HALF_NM - r)),
                    mm * foot, mm * (middle + sign * 0.25), mm * 0.14 * pitch, "tail",
                )  # fmt: skip
    for x in bare:
        for sign in (-1, 1):
            scene.disc(mm * x, mm * (middle + sign * (HALF_NM - 0.6 * r)), mm * r, "head")


def _chains(state: State, scene: Scene, mm: float, sign: float) -> None:
    """Branched sugar chains on the outer face of a cell, between its proteins."""
    membrane = state["membrane"]
    middle, bead = 0.5 * membrane.field, 0.0115 * membrane.field
    for u, lean, length in state["chains"]:
        x = u * membrane.field
        if np.abs(x - membrane.axes).min() < membrane.width + 3 * bead:
            continue
        y = middle + sign * HALF_NM
        for _ in range(3 + int(2 * length)):
            y += sign * 1.7 * bead
            x += (lean - 0.5) * bead
            scene.disc(mm * x, mm * y, mm * bead, "chain")
        for side in (-1, 1):
            scene.disc(mm * (x + side * 1.5 * bead), mm * (y + sign * 1.2 * bead), mm * bead,
                       "chain")  # fmt: skip


def draw(parameters: Parameters, state: State, frame: int, scene: Scene) -> None:
    """The proteins as they stand in this frame, and the molecules."""
    p, membrane = parameters, state["membrane"]
    scene.field_um = DRAWN_UM
    mm, middle, r = DRAWN_UM / membrane.field, 0.5 * membrane.field, membrane.radius
    name = p["protein"]
    neck = {"channel": 1.12 * r, "carrier": 1.45 * r, "pump": 2.15 * r}[name]
    cavity = {"channel": 0.0, "carrier": 1.15 * r, "pump": 2.15 * r}[name]
    for i, axis in enumerate(membrane.axes):
        gap = state["gates"][frame, i]
        if name == "pump":
            _domains(p, membrane, axis, gap, scene, mm)
        for half in geometry.halves(membrane, gap, neck, cavity):
            scene.polygon(mm * (half + np.array([axis, middle])), name, bevel=mm * 1.6)
        if i == state["shut"]:
            scene.disc(mm * axis, mm * middle, mm * 1.5 * r, "plug")
    for i in np.argsort(state["xy"][frame, :, 0], kind="stable"):
        fade = float(state["shown"][frame, i])
        if fade > 0:
            _molecule(scene, 1000 * mm * state["xy"][frame, i], mm * r, state["kinds"][i], i, fade)


def _domains(
    p: Parameters, membrane: Membrane, axis: float, gap: np.ndarray, scene: Scene, mm: float
) -> None:
    """The pump's domains in the cytosol, which part when its gate there opens."""
    sign = 1.0 if _outside_above(p) else -1.0
    open_ = gap[1] if sign > 0 else gap[0]
    for side in (-1, 1):
        x = axis + side * (0.56 + 0.16 * open_) * membrane.width
        y = 0.5 * membrane.field + sign * 1.0 * membrane.height
        scene.ellipse(mm * x, mm * y, mm * 0.40 * membrane.width, mm * 0.36 * membrane.width,
                      side * 0.5, "domain")  # fmt: skip


def _molecule(scene: Scene, at: np.ndarray, r: float, kind: int, number: int, fade: float) -> None:
    x, y = at
    if kind == GLUCOSE:
        turn = 0.9 * number + np.pi / 3 * np.arange(6)
        ring = np.stack([x + 1.08 * r * np.cos(turn), y + 1.08 * r * np.sin(turn)], axis=1)
        scene.polygon(ring, "glucose", bevel=0.8 * r, fade=fade)
    else:
        scene.disc(x, y, r, KINDS[kind], fade=fade)


def _said(p: Parameters, state: State) -> dict[str, str]:
    return words.terms(
        p["protein"], p["direction"], len(state["membrane"].axes), turnover(p), p["particles"]
    )


def captions(parameters: Parameters, state: State) -> list[str]:
    """One sentence each, of at most 16 words; the last is held out of training."""
    said = _said(parameters, state)
    return [text.format(**said) for text in words.CAPTIONS[parameters["protein"]]]


def descriptions(parameters: Parameters, state: State) -> list[str]:
    """Several sentences with setting, mechanism and what one sees; the last is held out."""
    said = _said(parameters, state)
    return [text.format(**said) for text in words.DESCRIPTIONS[parameters["protein"]]]


def prompts(parameters: Parameters, state: State) -> list[str]:
    """Short requests that carry protein, number and direction; the last is held out."""
    said = _said(parameters, state)
    return [text.format(**said) for text in words.PROMPTS[parameters["protein"]]]
