"""A platelet clot grows on an injured wall and narrows or closes an unbranched venule.

Flow. The pressure difference over the whole unbranched path is fixed, ΔP = Q ΣR, and every slice
of length ds adds a Poiseuille resistance dR = 128 μ ds / (π w⁴), w being the local lumen
(Sutera & Skalak 1993, Annu. Rev. Fluid Mech. 25:1). The path outside the field is a resistance in
series, so a partial clot lowers Q a little while the throat runs faster; a closed lumen has
infinite resistance, Q = 0, and the blood rests upstream and downstream alike.
Tracers keep their place η in the local lumen and move at u = 2 Q / (π w² / 4) (1 - η²), which is
continuity plus a Poiseuille profile in every section. They do not act on one another: of many
drawn tracers those are kept that never touch a wall, the clot or another one.

Clot. Platelets arrive as a Poisson process along the injury, each settles in the lowest place
nearby (surface relaxation, Family 1986, J. Phys. A 19:L441) and adds its own area. Injuries above
a threshold size close the vessel, below it the shear at the clot's surface ends the growth
(Belyaev, Panteleev & Ataullakhanov 2015, Biophys. J. 109:450): `occlusion` chooses the regime, and
in the second an arriving platelet holds with probability 1 - (γ / γ_c)², none above γ_c, where the
shear rate γ ∝ Q / w³ and γ_c is its value at the stable lumen. A gap narrower than a platelet is
bridged.

Two clocks. Blood moves in milliseconds and a clot grows in minutes, so the growth is accelerated
against the flow by `SETTING.kinetics_scale`; `adhesion_rate` is in true seconds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import ArrayLike

from ..canvas import Material, Scene
from ..captions import number_word, plain
from ..core import Choice, Clock, Event, Parameters, Range, Setting, State, Truth

LEVEL = "organ"

KINETICS_SCALE = 2000.0

SETTING = Setting(
    view="axial section of the vessel, about 8 µm deep",
    field="open",
    frame_of_reference="vessel wall",
    temperature_c=37.0,
    medium="blood with few red cells, so that each one shows",
    organism="human (cell sizes)",
    kinetics_scale=KINETICS_SCALE,
)

PARAMETERS = (
    Choice("direction", ("left_to_right", "right_to_left"), "both ways"),
    Choice(
        "occlusion", ("yes", "no"),
        "both regimes of Belyaev, Panteleev & Ataullakhanov 2015, Biophys. J. 109:450",
    ),
    Range("field_of_view", "µm", 54, 66, "modelling choice: two vessel diameters"),
    Range("vessel_diameter", "µm", 26, 32, "modelling choice: a small venule"),
    Range("centre_speed", "mm/s", 0.5, 1.0, "modelling choice: slow venular flow"),
    Range("series_length", "µm", 600, 1000, "modelling choice: unbranched path of the same bore"),
    Range("injury_length", "µm", 15, 20, "modelling choice: a laser injury of about two red cells"),
    Range("stable_lumen", "fraction", 0.55, 0.65, "modelling choice; used without occlusion"),
    Range(
        "adhesion_rate", "1/s", 0.9, 1.4,
        "modelling choice: closure in about a minute, the pace of laser injuries "
        "(Falati et al. 2002, Nat. Med. 8:1175)",
    ),
    Range("red_cells", "cells", 9, 13, "modelling choice: wanted in view", integer=True),
)  # fmt: skip

MATERIALS = {
    "media": Material(
        "#a85a55", edge=0.9, gloss=0.1, emission="#3a2f8c", glow=0.10, rim_glow=0.05,
        absorb="#e9d3cf", refraction=0.35,
    ),
    "fibre": Material(
        "#8d4546", opacity=0.55, edge=0.7, gloss=0.1, emission="#4d3fb5", glow=0.10,
        absorb="#dcc1bd", refraction=0.3,
    ),
    "lumen": Material(
        "#5e1522", edge=1.0, gloss=0.0, emission="#20060a", glow=0.22, absorb="#fbf3df",
        refraction=-0.6,
    ),
    "endothelium": Material(
        "#e59a92", edge=1.0, gloss=0.25, emission="#3f6bff", glow=0.28, rim_glow=0.25,
        absorb="#e4cfcf", refraction=0.8,
    ),
    "nucleus": Material(
        "#7b4a86", opacity=0.9, gloss=0.2, emission="#4b7dff", glow=0.4, absorb="#b9a3c4",
        refraction=0.4,
    ),
    "collagen": Material(
        "#f2e6d2", opacity=0.9, gloss=0.1, emission="#39b7c9", glow=0.35, absorb="#d9cdbb",
        refraction=0.7,
    ),
    "plasma_fleck": Material(
        "#8b3038", opacity=0.35, edge=0.2, gloss=0.0, emission="#401014", glow=0.10,
        absorb="#f6ecd6", refraction=0.1,
    ),
    "red_cell": Material(
        "#dd2b2b", gloss=0.35, shadow=0.30, emission="#ff3b22", glow=0.95, rim_glow=0.25,
        absorb="#d9705a", refraction=0.9,
    ),
    "clot": Material(
        "#e0b04c", edge=1.0, gloss=0.1, shadow=0.28, emission="#8a3fd0", glow=0.16,
        rim_glow=0.15, absorb="#cdb48a", refraction=0.6,
    ),
    "platelet": Material(
        "#f8dc7a", opacity=0.95, edge=0.8, gloss=0.25, emission="#52ff5e", glow=0.55,
        rim_glow=0.05, absorb="#dccb9c", refraction=0.5,
    ),
    "activated": Material(
        "#c79be8", opacity=0.95, edge=0.8, gloss=0.25, emission="#c46bff", glow=0.55,
        rim_glow=0.05, absorb="#c4b2c8", refraction=0.5,
    ),
    "fibrin": Material(
        "#fff6dc", opacity=0.75, edge=0.7, gloss=0.1, emission="#e070ff", glow=0.22,
        absorb="#c3b08c", refraction=0.3,
    ),
}  # fmt: skip
BACKGROUND = "#7c3f45"

VISCOSITY_PA_S = 3.0e-3
"""Apparent viscosity of blood in small vessels; sets ΔP, which the motion does not depend on."""
TRAVEL_UM, STEP_UM = 44.0, 2.75
"""How far a centre-line cell would go in a clip through an open vessel, and at most per frame."""
CELL_UM, PLATELET_UM = 3.91, 1.45
"""Radius of a red cell (7.82 µm across, Evans & Fung 1972, Microvasc. Res. 4:335) and of a
platelet (2 to 3 µm across, Frojmovic & Milton 1982, Physiol. Rev. 62:185, and spread in a clot)."""
BRIDGED_UM = 2.2
"""A gap narrower than this is closed by one platelet."""
NEIGHBOUR_RATIO = 0.3
"""Largest step of a tracer as a share of the distance to the next one ahead."""
GRID_UM = 0.5
NEAR_UM = 12.0
"""How far outside the field tracers still keep clear of each other."""
RIM_POINTS, ROOM_UM = 24, 0.5
"""Points on a tracer's outline that are tested, and how far they stay from clot and wall."""
FREE_PLATELETS = 3.5
"""Flowing platelets wanted in view."""


def s_per_frame(parameters: Parameters, num_frames: int) -> float:
    """Seconds between frames: a whole clip spans `TRAVEL_UM`, but no step exceeds `STEP_UM`."""
    step = min(STEP_UM, TRAVEL_UM / max(1, num_frames - 1))
    return step / (1000 * parameters["centre_speed"])


class Clot:
    """Heights of the clot above the injured wall, µm, over a grid of places along the vessel.

    `s` (S,) are the places in µm along the flow, `profile` (S,) the shape that the injury favours.
    """

    def __init__(self, middle: float, injury_um: float, diameter: float) -> None:
        half = injury_um / 2
        self.s = middle + np.arange(-3.2 * half, 3.2 * half + GRID_UM, GRID_UM)
        self.middle = middle
        self.diameter = diameter
        self.profile = 1 / (1 + (np.abs(self.s - middle) / half) ** 4)
        self.profile *= np.clip((3.0 * half - np.abs(self.s - middle)) / half, 0, 1)
        self.height = np.zeros_like(self.s)

    def settle(self, wanted: float, area: float, reach: float) -> tuple[float, np.ndarray]:
        """Add a platelet of `area` µm² that arrives at `wanted` and rolls at most `reach` µm.

        Returns its place and the height that it adds along the vessel, (S,).
        """
        near = np.abs(self.s - wanted) <= reach + 0.01
        load = np.where(near, self.height / np.maximum(self.profile, 0.02), np.inf)
        place = float(self.s[int(np.argmin(load))])
        bump = np.clip(1 - ((self.s - place) / 5.0) ** 2, 0, None) ** 2
        bump *= area / (bump.sum() * GRID_UM)
        bump = np.minimum(bump, self.diameter - self.height)
        self.height = self.height + bump
        return place, bump


def relative_flow(height: np.ndarray, diameter: float, length_um: float) -> np.ndarray:
    """Flow through the path over that without a clot, from clot heights (..., S) in µm.

    Solves ΔP = QΣR for a path of `length_um` µm whose slices of `GRID_UM` resist as lumen⁻⁴.
    """
    lumen = diameter - height
    extra = ((diameter / np.maximum(lumen, 1e-3)) ** 4 - 1).sum(axis=-1) * GRID_UM
    flow = length_um / (length_um + extra)
    return np.where(lumen.min(axis=-1) <= BRIDGED_UM, 0.0, flow)


def _grow(
    p: Parameters, clot: Clot, end_s: float, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Platelet arrivals until the clot is stable or the vessel closed and its core filled.

    Times are on the flow's clock, from the injury on. Returns arrays over platelets: `t`, `place`,
    `level` (height below each when it landed), `radius`, and `bump` (N, S).
    """
    diameter, rate = clot.diameter, p["adhesion_rate"] * KINETICS_SCALE
    stable = clot.profile * (1 - p["stable_lumen"]) * diameter
    critical = relative_flow(stable, diameter, p["series_length"]) / p["stable_lumen"] ** 3
    half = p["injury_length"] / 2
    t = 0.0
    rows = []
    while t < end_s or p["occlusion"] == "yes":
        t += rng.exponential(1 / rate)
        wanted = clot.middle + half * rng.triangular(-1.9, 0, 1.9)
        radius = PLATELET_UM * rng.uniform(0.88, 1.12)
        luck, reach = rng.random(), 3.5
        lumen = diameter - clot.height
        if p["occlusion"] == "no":
            shear = relative_flow(clot.height, diameter, p["series_length"])
            shear /= (lumen.min() / diameter) ** 3
            if luck > 1 - (shear / critical) ** 2:
                continue
        elif lumen.min() <= BRIDGED_UM:
            # What flow remains to bring are the platelets left in the gap itself.
            core = np.where(np.abs(clot.s - clot.middle) < 0.65 * half, lumen, 0.0)
            if core.max() < BRIDGED_UM:
                break
            wanted, reach = float(clot.s[int(np.argmax(core))]), 0.0
        place, bump = clot.settle(wanted, math.pi * radius**2 / 0.84, reach)
        level = float(np.interp(place, clot.s, clot.height - bump))
        rows.append((t, place, level, radius, bump))
    names = ("t", "place", "level", "radius", "bump")
    columns = zip(*rows, strict=True)
    return {name: np.array(column) for name, column in zip(names, columns, strict=True)}


def _heights(platelets: dict[str, np.ndarray], times: np.ndarray, spread_s: float) -> np.ndarray:
    """Clot heights (T, S) at `times`: each platelet spreads over `spread_s` after it lands."""
    ramp = np.clip((times[:, None] - platelets["t"][None, :]) / spread_s, 0, 1)
    return (ramp * ramp * (3 - 2 * ramp)) @ platelets["bump"]


@njit(cache=True)
def _level(height: np.ndarray, first_s: float, s: float) -> float:
    """Clot height at place `s` from `height` (S,) on the grid from `first_s` on; 0 outside."""
    u = (s - first_s) / GRID_UM
    i = math.floor(u)
    if i < 0 or i >= len(height) - 1:
        return 0.0
    return height[i] + (u - i) * (height[i + 1] - height[i])


@njit(cache=True)
def _advect(
    start: np.ndarray, eta: np.ndarray, height: np.ndarray, first_s: float, diameter: float,
    centre_speed: np.ndarray, substep_s: float, per_frame: int,
) -> np.ndarray:  # fmt: skip
    """Places (N, T) along the vessel of tracers that start at `start` (N,) with lumen place `eta`.

    `height` (2K+1, S) and the open vessel's centre speed `centre_speed` (2K+1,), µm/s, are sampled
    at half substeps; the midpoint rule is of second order.
    """
    steps = (len(height) - 1) // 2
    out = np.empty((len(start), steps // per_frame + 1))
    for n in range(len(start)):
        s = start[n]
        shape = 1 - eta[n] ** 2
        out[n, 0] = s
        for k in range(steps):
            middle = s
            for half in range(2):
                at = _level(height[2 * k + half], first_s, middle)
                squeeze = diameter / max(diameter - at, BRIDGED_UM)
                move = centre_speed[2 * k + half] * shape * squeeze**2 * substep_s
                middle = s + 0.5 * move
            s += move
            if (k + 1) % per_frame == 0:
                out[n, (k + 1) // per_frame] = s
    return out


@njit(cache=True)
def _bodies(
    s: np.ndarray, eta: np.ndarray, b0: np.ndarray, a0: float, soft: float, height: np.ndarray,
    first_s: float, diameter: float, field_um: float,
) -> np.ndarray:  # fmt: skip
    """Bodies (5, N, T) of tracers at `s` (N, T): v, half axes a and b, tilt, and room left (µm).

    `v` is measured from the injured wall, `tilt` is the angle of the stream line. `soft` is 1 for
    a cell that a narrowing stream draws out, 0 for one that keeps its shape. The room is the
    smallest distance across the vessel from the outline to clot or wall, where in or near view.
    """
    out = np.empty((5, *s.shape))
    for n in range(s.shape[0]):
        for t in range(s.shape[1]):
            x, row = s[n, t], height[t]
            at = _level(row, first_s, x)
            share = max(diameter - at, 0.1) / diameter
            v = at + 0.5 * (diameter - at) * (1 + eta[n])
            a = a0 * min(share ** (-0.3 * soft), 1.4)
            b = b0[n] * share ** (0.65 * soft)
            rise = (_level(row, first_s, x + 0.8) - _level(row, first_s, x - 0.8)) / 1.6
            tilt = math.atan(0.5 * rise * (1 - eta[n]))
            room = np.inf
            if -NEAR_UM < x < field_um + NEAR_UM:
                c, d = math.cos(tilt), math.sin(tilt)
                for k in range(RIM_POINTS):
                    along = a * math.cos(2 * math.pi * k / RIM_POINTS)
                    across = b * math.sin(2 * math.pi * k / RIM_POINTS)
                    rim = v + d * along + c * across
                    below = rim - _level(row, first_s, x + c * along - d * across)
                    room = min(room, below, diameter - rim)
            out[0, n, t], out[1, n, t], out[2, n, t] = v, a, b
            out[3, n, t], out[4, n, t] = tilt, room
    return out


@njit(cache=True)
def _touch(ds: float, dv: float, one: np.ndarray, other: np.ndarray) -> bool:
    """Whether a body (5,) touches a no smaller one `ds`, `dv` µm away, both grown by 10 %."""
    a, b = 1.1 * one[1], 1.1 * one[2]
    u, w = 1.1 * other[1], 1.1 * other[2]
    if math.hypot(ds, dv) > max(a, b) + max(u, w):
        return False
    c, d = math.cos(one[3]), math.sin(one[3])
    e, f = math.cos(other[3]), math.sin(other[3])
    for k in range(RIM_POINTS):
        along = a * math.cos(2 * math.pi * k / RIM_POINTS)
        across = b * math.sin(2 * math.pi * k / RIM_POINTS)
        x, y = c * along - d * across - ds, d * along + c * across - dv
        if ((e * x + f * y) / u) ** 2 + ((e * y - f * x) / w) ** 2 < 1:
            return True
    return False


@njit(cache=True)
def _select(
    s: np.ndarray, body: np.ndarray, kinds: np.ndarray, wanted: np.ndarray, field_um: float
) -> np.ndarray:
    """Which tracers (N,) to keep: each, in order, that keeps apart from those kept before it.

    Apart means that in every frame, in or near the view, the ellipses do not overlap and, against
    aliasing, the step of the rear one is at most `NEIGHBOUR_RATIO` of their distance. `wanted` (2,)
    is how many red cells (kind 0) and platelets (kind 1) to keep at most.
    """
    count, frames = s.shape
    kept = np.zeros(count, dtype=np.bool_)
    left = wanted.copy()
    for i in range(count):
        good = left[kinds[i]] > 0 and body[4, i].min() > ROOM_UM
        seen = False
        for t in range(frames):
            if not good:
                break
            if not -NEAR_UM < s[i, t] < field_um + NEAR_UM:
                continue
            seen = True
            f = min(t, frames - 2)
            for j in range(i):
                if not kept[j] or not -NEAR_UM < s[j, t] < field_um + NEAR_UM:
                    continue
                ds, dv = s[j, t] - s[i, t], body[0, j, t] - body[0, i, t]
                rear = i if ds > 0 else j
                step = s[rear, f + 1] - s[rear, f]
                if step > NEIGHBOUR_RATIO * math.hypot(ds, dv) or _touch(
                    ds, dv, body[:, i, t], body[:, j, t]
                ):
                    good = False
                    break
        if good and seen:
            kept[i] = True
            left[kinds[i]] -= 1
    return kept


@dataclass(frozen=True)
class Tracers:
    """Red cells (`kind` 0) and free platelets (1) over time in the vessel's own coordinates, µm.

    `s` runs along the flow, `v` from the injured wall across the vessel, both (N, T); `a` and `b`
    are half length and half height, `tilt` the angle of the stream line; `eta` (N,) is the place
    in the local lumen, -1 at the injured side to 1.
    """

    kind: np.ndarray
    eta: np.ndarray
    s: np.ndarray
    v: np.ndarray
    a: np.ndarray
    b: np.ndarray
    tilt: np.ndarray


def simulate(parameters: Parameters, clock: Clock, rng: np.random.Generator) -> State:
    """Grow the clot, solve the flow, then let tracers follow it (µm, s)."""
    p = parameters
    field_um, diameter = p["field_of_view"], p["vessel_diameter"]
    duration = clock.s_per_frame * (clock.num_frames - 1)
    clot = Clot(field_um * rng.uniform(0.46, 0.60), p["injury_length"], diameter)
    begin_share = rng.uniform(0.40, 0.48)
    # The history is grown first, then the clip's window is laid over its decisive moment.
    ample_s = 400 / (p["adhesion_rate"] * KINETICS_SCALE)
    platelets = _grow(p, clot, ample_s, rng)
    level = np.cumsum(platelets["bump"], axis=0).max(axis=1)
    final = diameter - BRIDGED_UM
    if p["occlusion"] == "no":
        final = 0.93 * (1 - p["stable_lumen"]) * diameter
    moment = platelets["t"][int(np.argmax(level >= final))]
    origin = max(0.0, moment - begin_share * duration)
    platelets["t"] = platelets["t"] - origin
    shown = platelets["t"] <= duration
    platelets = {name: values[shown] for name, values in platelets.items()}

    per_frame = max(1, math.ceil(p["centre_speed"] * 1000 * clock.s_per_frame / 0.4))
    substep = clock.s_per_frame / per_frame
    fine = np.arange(2 * per_frame * (clock.num_frames - 1) + 1) * (substep / 2)
    spread = max(0.04 * duration, 1e-9)
    height = _heights(platelets, fine, spread)
    flow = relative_flow(height, diameter, p["series_length"])
    closed = np.flatnonzero(flow == 0)
    closed_s = float(fine[closed[0]]) if len(closed) else math.inf
    if len(closed):
        height = _bridge(height, fine, closed_s, spread, diameter)
        flow[closed[0] :] = 0.0
    centre_speed = 1000 * p["centre_speed"] * flow
    frames = slice(0, None, 2 * per_frame)
    tracers = _tracers(p, clot, height, centre_speed, substep, per_frame, rng)

    lower = bool(rng.random() < 0.5)
    arrays = {
        "diameter": diameter,
        "flow_sign": 1.0 if p["direction"] == "left_to_right" else -1.0,
        "middle": field_um * rng.uniform(0.46, 0.54),
        "bend": rng.uniform(0.4, 1.6),
        "bend_phase": rng.uniform(0, 2 * np.pi),
        "lower": lower,
        "clot_s": clot.s,
        "height": height[frames],
        "closed_s": closed_s,
        "times": clock.times_s,
        "spread": spread,
        "platelets": platelets,
        "tracers": tracers,
        "flow": flow[frames],
        **_decoration(p, platelets, rng),
    }
    state = State(field_um, arrays, Truth())
    _tell(p, clock, state)
    return state


def _bridge(
    height: np.ndarray, times: np.ndarray, closed_s: float, spread: float, diameter: float
) -> np.ndarray:
    """Clot heights after closure: gaps narrower than a platelet are stretched over."""
    share = np.clip((times - closed_s) / spread + 0.5, 0, 1)[:, None] * (times >= closed_s)[:, None]
    narrow = np.clip((2 * BRIDGED_UM - (diameter - height)) / BRIDGED_UM, 0, 1)
    return height + share * narrow * (diameter - height)


def _tracers(
    p: Parameters, clot: Clot, height: np.ndarray, centre_speed: np.ndarray, substep: float,
    per_frame: int, rng: np.random.Generator,
) -> Tracers:  # fmt: skip
    """Red cells and free platelets that pass through the field during the clip."""
    field_um, diameter = p["field_of_view"], p["vessel_diameter"]
    travelled = float(centre_speed[:-1:2].sum() * substep)
    lo, hi = -travelled - 8.0, field_um + 8.0
    groups = []
    for kind, size, count in ((0, CELL_UM, 1000), (1, PLATELET_UM, 200)):
        b = size * (rng.uniform(0.72, 0.92, count) if kind == 0 else np.ones(count))
        edge = 1 - (b + 0.6) / (0.5 * diameter)
        eta = rng.uniform(-1, 1, count)
        if kind == 1:
            # Flowing platelets are pushed towards the wall (margination).
            eta = np.sign(eta) * (0.55 + 0.45 * np.abs(eta))
        eta *= edge
        start = rng.uniform(lo, hi, count)
        s = _advect(start, eta, height, clot.s[0], diameter, centre_speed, substep, per_frame)
        body = _bodies(
            s, eta, b, size, 1.0 - kind, height[:: 2 * per_frame], clot.s[0], diameter, field_um
        )
        groups.append((np.full(count, kind), eta, s, body))
    kinds, eta, s = (np.concatenate([group[k] for group in groups]) for k in range(3))
    body = np.concatenate([group[3] for group in groups], axis=1)
    share = (hi - lo) / field_um
    wanted = np.array([round(p["red_cells"] * share), round(FREE_PLATELETS * share)])
    kept = _select(s, body, kinds, wanted, field_um)
    return Tracers(kinds[kept], eta[kept], s[kept], *body[:4, kept])


def _decoration(
    p: Parameters, platelets: dict[str, np.ndarray], rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Details that only the drawing needs, drawn once so that every frame shows the same."""
    count, field_um = len(platelets["t"]), p["field_of_view"]
    s, v = platelets["place"], platelets["level"]
    anchors = np.full(count, -1)
    for i in np.flatnonzero(rng.random(count) < 0.4):
        apart = np.hypot(s[:i] - s[i], v[:i] - v[i])
        near = np.flatnonzero((apart > 2.5) & (apart < 7.5))
        if len(near):
            anchors[i] = rng.choice(near)
    return {
        "platelet_jitter": rng.uniform(-1.1, 1.1, (count, 2)) * [1.0, 0.7],
        "platelet_kind": rng.random(count) < 0.22,
        "strand_anchor": anchors,
        "wall_cells": np.arange(-6.0, field_um + 12, 11.0) + rng.uniform(-2, 2, 2)[:, None],
        "flecks": rng.uniform(0, 1, (26, 3)),
        "fibres": rng.uniform(0, 1, (22, 3)),
        "collagen": rng.uniform(-1, 1, (7, 2)),
    }


def place(state: State, s: ArrayLike, v: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Image coordinates in µm of vessel coordinates: `s` along the flow, `v` from the hurt wall."""
    s, v = np.asarray(s, float), np.asarray(v, float)
    x = s if state["flow_sign"] > 0 else state.field_um - s
    bend = state["bend"] * np.sin(2 * np.pi * s / (1.6 * state.field_um) + state["bend_phase"])
    half = 0.5 * state["diameter"]
    return x, state["middle"] + bend + (half - v if state["lower"] else v - half)


def _tell(p: Parameters, clock: Clock, state: State) -> None:
    """Write tracks, events and series into the state's truth."""
    truth, tracers, diameter = state.truth, state["tracers"], state["diameter"]
    x, y = place(state, tracers.s, tracers.v)
    names = ("red_cell", "platelet")
    for i, kind in enumerate(tracers.kind):
        frames = np.flatnonzero((x[i] >= 0) & (x[i] <= state.field_um))
        if len(frames):
            truth.add_track(i, names[kind], frames.tolist(), np.stack([x[i], y[i]], 1)[frames])
    for i, t in enumerate(state["platelets"]["t"]):
        frame = math.ceil(t / clock.s_per_frame - 1e-9)
        if 0 < frame < clock.num_frames:
            truth.events.append(Event("platelet_adhesion", frame, float(t), 1000 + i))
    if math.isfinite(state["closed_s"]):
        frame = math.ceil(state["closed_s"] / clock.s_per_frame - 1e-9)
        truth.events.append(Event("occlusion", frame, state["closed_s"], value=0.0, unit="pl/s"))
        truth.events.sort(key=lambda event: event.t_s)
    lumen = (diameter - state["height"]).min(axis=1)
    lumen[state["flow"] == 0] = 0.0
    centre = p["centre_speed"] * state["flow"]
    section = math.pi * diameter**2 / 4
    # 1 pl = 1000 µm³; the mean speed is half of that on the centre line.
    start = 0.5 * 1000 * p["centre_speed"] * section / 1000
    pressure = 32 * VISCOSITY_PA_S * 0.5e-3 * p["centre_speed"] * p["series_length"] * 1e-6
    landed = (state["platelets"]["t"][None, :] <= state["times"][:, None]).sum(axis=1)
    truth.series.update(
        lumen_um=("µm", lumen),
        flow_pl_s=("pl/s", start * state["flow"]),
        clot_area_um2=("µm²", state["height"].sum(axis=1) * GRID_UM),
        platelets_adhered=("platelets", landed.astype(float)),
        centre_speed_mm_s=("mm/s", centre),
        throat_speed_mm_s=("mm/s", centre * (diameter / np.maximum(lumen, BRIDGED_UM)) ** 2),
        pressure_drop_pa=("Pa", np.full(clock.num_frames, pressure / (diameter * 1e-6) ** 2)),
    )


def _band(state: State, lo: float, hi: float) -> np.ndarray:
    """Outline (40, 2) of the strip between heights `lo` and `hi` along the whole vessel."""
    s = np.linspace(-45, state.field_um + 45, 20)
    xs, ys = place(state, np.concatenate([s, s[::-1]]), np.repeat([lo, hi], 20))
    return np.stack([xs, ys], axis=1)


def backdrop(parameters: Parameters, state: State, scene: Scene) -> None:
    """The vessel wall with its muscle, lining and the bare collagen of the injury."""
    diameter, field_um = state["diameter"], state.field_um
    for u, w, side in state["fibres"]:
        s = u * (field_um + 20) - 10
        depth = 9.0 + 7.0 * w
        v = -depth if side < 0.5 else diameter + depth
        (x0, x1), (y0, y1) = place(state, [s - 7, s + 7], [v, v])
        scene.capsule(x0, y0, x1, y1, 0.8 + 0.6 * w, "fibre", soft=0.5)
    scene.polygon(_band(state, -6.0, diameter + 6.0), "media", bevel=5.0)
    scene.polygon(_band(state, 0.0, diameter), "lumen", bevel=0.5 * diameter)
    for u, w, r in state["flecks"]:
        x, y = place(state, u * field_um, (0.1 + 0.8 * w) * diameter)
        scene.disc(float(x), float(y), 0.6 + 1.3 * r, "plasma_fleck", soft=0.8)
    middle, half = float(state["clot_s"].mean()), 0.5 * parameters["injury_length"]
    for wall, (v, row) in enumerate(zip((-0.7, diameter + 0.7), state["wall_cells"], strict=True)):
        for s in row:
            if wall == 0 and abs(s - middle) < half + 3.5:
                continue
            (x0, x1), (y0, y1) = place(state, [s - 4.2, s + 4.2], [v, v])
            scene.capsule(x0, y0, x1, y1, 1.0, "endothelium")
            x, y = place(state, s, 1.25 * v if wall == 0 else v + 0.2)
            scene.ellipse(float(x), float(y), 2.2, 0.8, 0.0, "nucleus")
    for u, w in state["collagen"]:
        (x0, x1), (y0, y1) = place(
            state, [middle + half * u - 2.5, middle + half * u + 2.5], [-1.2 + w, -1.2 - w]
        )
        scene.capsule(x0, y0, x1, y1, 0.35, "collagen")


def draw(parameters: Parameters, state: State, frame: int, scene: Scene) -> None:
    """Red cells and free platelets of one frame, then the clot with its platelets and fibrin."""
    tracers = state["tracers"]
    s, v = tracers.s[:, frame], tracers.v[:, frame]
    x, y = place(state, s, v)
    ahead = place(state, s + 1, v + np.tan(tracers.tilt[:, frame]))
    angle = np.arctan2(ahead[1] - y, ahead[0] - x)
    for i in np.flatnonzero((s > -10) & (s < state.field_um + 10)):
        a, b = tracers.a[i, frame], tracers.b[i, frame]
        if tracers.kind[i] == 0:
            scene.ellipse(x[i], y[i], a, b, angle[i], "red_cell", dimple=0.75)
        else:
            scene.ellipse(x[i], y[i], a, b, angle[i], "platelet")
    _draw_clot(state, frame, scene)


def _draw_clot(state: State, frame: int, scene: Scene) -> None:
    height, diameter = state["height"][frame], state["diameter"]
    if height.max() < 0.3:
        return
    tall = np.flatnonzero(height > 0.15)
    index = np.unique(np.linspace(tall[0], tall[-1], 26).astype(int))
    s, top = state["clot_s"][index], height[index]
    top = np.where(top > diameter - 0.6, diameter + 0.6, top)
    bottom = np.full(len(s), -0.6)
    xs, ys = place(state, np.concatenate([s, s[::-1]]), np.concatenate([top, bottom]))
    scene.polygon(np.stack([xs, ys], axis=1), "clot", bevel=5.0)
    platelets, time = state["platelets"], state["times"][frame]
    age = (time - platelets["t"]) / state["spread"]
    s = platelets["place"] + state["platelet_jitter"][:, 0]
    v = platelets["level"] + 0.5 + state["platelet_jitter"][:, 1]
    roof = np.interp(s, state["clot_s"], height)
    v = np.clip(v, 0.8, np.maximum(0.8, roof - 1.1))
    x, y = place(state, s, v)
    for i in np.flatnonzero(age > 0):
        grown = min(1.0, 0.5 + 0.5 * age[i])
        name = "activated" if state["platelet_kind"][i] else "platelet"
        scene.disc(x[i], y[i], grown * platelets["radius"][i], name, fade=min(1.0, 0.3 + age[i]))
    for i in np.flatnonzero((age > 0.5) & (state["strand_anchor"] >= 0)):
        j = state["strand_anchor"][i]
        scene.capsule(x[j], y[j], x[i], y[i], 0.2, "fibrin", fade=min(1.0, age[i] - 0.5))


def _red_cells_seen(state: State) -> int:
    return sum(1 for _, kind, frame, *_ in state.truth.tracks if kind == "red_cell" and frame == 0)


def captions(parameters: Parameters, state: State) -> list[str]:
    """Sentences of at most 22 words; the last is held out of training."""
    ltr = parameters["direction"] == "left_to_right"
    way = "left to right" if ltr else "right to left"
    ward = "rightwards" if ltr else "leftwards"
    n = number_word(_red_cells_seen(state))
    flow = f"{way} at {plain(parameters['centre_speed'])} mm/s"
    flow_ward = f"{ward} at {plain(parameters['centre_speed'])} mm/s"
    if parameters["occlusion"] == "yes":
        return [
            f"{n} red blood cells flow {flow} until a growing platelet clot blocks the vessel",
            f"a platelet and fibrin clot closes a venule, {n} red cells moving {flow_ward} stop",
            f"thrombosis with occlusion: the clot grows and stops {n} red cells flowing {flow}",
            f"a pile of platelets plugs the vessel, so blood flowing {flow_ward} comes to rest",
            f"an occluding clot fills the vessel, {n} red blood cells moving {flow} stand still",
            f"blood flow {flow} stops as platelets and fibrin block the vessel, {n} red cells rest",
            f"a growing clot of platelets plugs the vessel, and {n} red cells flowing {flow} stop",
        ]
    return [
        f"{n} red blood cells flow {flow} past a platelet clot that only narrows the vessel",
        f"a platelet and fibrin clot narrows a venule, {n} red cells keep moving {flow_ward}",
        f"thrombosis without occlusion: the clot stays small, {n} red cells flow on {flow}",
        f"a pile of platelets grows, the vessel stays open, blood keeps flowing {flow_ward}",
        f"a partial clot narrows the vessel, {n} red cells moving {flow} speed up in the throat",
        f"blood flow {flow} goes on past a growing clot in an open vessel with {n} red cells",
        f"a growing clot of platelets narrows the vessel, and {n} red cells keep flowing {flow}",
    ]


def prompts(parameters: Parameters, state: State) -> list[str]:
    """Short requests that carry direction and occlusion; the last is held out of training."""
    ltr = parameters["direction"] == "left_to_right"
    way = "left to right" if ltr else "right to left"
    ward = "rightwards" if ltr else "leftwards"
    frm = "from the left to the right" if ltr else "from the right to the left"
    if parameters["occlusion"] == "yes":
        return [
            f"a blood clot blocks a vessel, flow from {way}",
            f"platelets plug a vessel and blood flowing {way} stops",
            f"thrombosis with occlusion, red cells moving {way}",
            f"an occluding clot stops red blood cells flowing {ward}",
            f"growing clot closes the vessel, flow {frm}",
            f"blood flows {ward} until a clot blocks the vessel",
            f"blood flows {frm} until platelets plug it",
            f"a clot grows with occlusion, blood flowing {ward} stops",
            f"clot fully blocks a blood vessel, flow {way}",
            f"thrombosis closes a vessel, red cells moving {ward} stop",
            f"a growing clot blocks red cells flowing {way}",
        ]
    return [
        f"a partial blood clot narrows a vessel, flow from {way}",
        f"platelets narrow a vessel and blood keeps flowing {way}",
        f"thrombosis without occlusion, red cells moving {way}",
        f"red blood cells flow {ward} past a partial clot",
        f"growing clot narrows the vessel, flow {frm}",
        f"blood keeps flowing {ward} past a clot, vessel open",
        f"blood flows {frm} past a partial clot",
        f"a clot grows without occlusion, blood flowing {ward} goes on",
        f"clot partly narrows a blood vessel, flow {way}",
        f"thrombosis narrows a vessel, red cells moving {ward} keep going",
        f"red cells keep flowing {way} past a growing partial clot",
    ]
