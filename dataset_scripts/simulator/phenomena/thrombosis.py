"""A platelet clot grows on an injured wall and narrows or closes an unbranched venule.

The model is in `models.venule_flow` (pressure, resistance and the cells that the blood carries) and
`models.platelet_clot` (arrival, settling and the end of growth). `occlusion` chooses between the
two regimes of Belyaev, Panteleev & Ataullakhanov 2015 (Biophys. J. 109:450): the clot closes the
vessel, or shear ends its growth at `stable_lumen`.

Two clocks. Blood moves in milliseconds and a clot grows in minutes, so the growth is accelerated
against the flow by `SETTING.kinetics_scale`; `adhesion_rate` is in true seconds.
"""

from __future__ import annotations

import math

import numpy as np

from ..canvas import Material, Scene
from ..captions import number_word, plain
from ..core import Choice, Clock, Event, HeldOut, Parameters, Range, Setting, State, Truth
from ..models import platelet_clot, venule_flow
from ..models.platelet_clot import PLATELET_UM, Clot
from ..models.venule_flow import BRIDGED_UM, GRID_UM, Tracers, Venule

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
HELD_OUT = HeldOut(
    interval=("centre_speed", 0.85, 0.92),
    combination={"occlusion": "yes", "injury_length": (18.75, 20.0)},
)

MATERIALS = {
    "media": Material("#a85a55", edge=0.9, gloss=0.1, emission="#3a2f8c", glow=0.10, rim_glow=0.05,
                      absorb="#e9d3cf", refraction=0.35),
    "fibre": Material("#8d4546", opacity=0.55, edge=0.7, gloss=0.1, emission="#4d3fb5", glow=0.10,
                      absorb="#dcc1bd", refraction=0.3),
    "lumen": Material("#5e1522", edge=1.0, gloss=0.0, emission="#20060a", glow=0.22,
                      absorb="#fbf3df", refraction=-0.6),
    "endothelium": Material("#e59a92", edge=1.0, gloss=0.25, emission="#3f6bff", glow=0.28,
                            rim_glow=0.25, absorb="#e4cfcf", refraction=0.8),
    "nucleus": Material("#7b4a86", opacity=0.9, gloss=0.2, emission="#4b7dff", glow=0.4,
                        absorb="#b9a3c4", refraction=0.4),
    "collagen": Material("#f2e6d2", opacity=0.9, gloss=0.1, emission="#39b7c9", glow=0.35,
                         absorb="#d9cdbb", refraction=0.7),
    "plasma_fleck": Material("#8b3038", opacity=0.35, edge=0.2, gloss=0.0, emission="#401014",
                             glow=0.10, absorb="#f6ecd6", refraction=0.1),
    "red_cell": Material("#dd2b2b", gloss=0.35, shadow=0.30, emission="#ff3b22", glow=0.95,
                         rim_glow=0.25, absorb="#d9705a", refraction=0.9),
    "clot": Material("#e0b04c", edge=1.0, gloss=0.1, shadow=0.28, emission="#8a3fd0", glow=0.16,
                     rim_glow=0.15, absorb="#cdb48a", refraction=0.6),
    "platelet": Material("#f8dc7a", opacity=0.95, edge=0.8, gloss=0.25, emission="#52ff5e",
                         glow=0.55, rim_glow=0.05, absorb="#dccb9c", refraction=0.5),
    "activated": Material("#c79be8", opacity=0.95, edge=0.8, gloss=0.25, emission="#c46bff",
                          glow=0.55, rim_glow=0.05, absorb="#c4b2c8", refraction=0.5),
    "fibrin": Material("#fff6dc", opacity=0.75, edge=0.7, gloss=0.1, emission="#e070ff", glow=0.22,
                       absorb="#c3b08c", refraction=0.3),
}  # fmt: skip
BACKGROUND = "#7c3f45"

VISCOSITY_PA_S = 3.0e-3
"""Apparent viscosity of blood in small vessels; sets ΔP, which the motion does not depend on."""
TRAVEL_UM, STEP_UM = 44.0, 2.75
"""How far a centre-line cell would go in a clip through an open vessel, and at most per frame."""
CELL_UM = 3.91
"""Radius of a red cell (7.82 µm across, Evans & Fung 1972, Microvasc. Res. 4:335)."""
FREE_PLATELETS = 3.5
"""Flowing platelets wanted in view."""


def s_per_frame(parameters: Parameters, num_frames: int) -> float:
    """Seconds between frames: a whole clip spans `TRAVEL_UM`, but no step exceeds `STEP_UM`."""
    step = min(STEP_UM, TRAVEL_UM / max(1, num_frames - 1))
    return step / (1000 * parameters["centre_speed"])


def simulate(parameters: Parameters, clock: Clock, rng: np.random.Generator) -> State:
    """Grow the clot, solve the flow, then let tracers follow it (µm, s)."""
    p = parameters
    field_um, diameter = p["field_of_view"], p["vessel_diameter"]
    duration = clock.s_per_frame * (clock.num_frames - 1)
    clot = Clot(field_um * rng.uniform(0.46, 0.60), p["injury_length"], diameter)
    begin_share = rng.uniform(0.40, 0.48)
    # The history is grown first, then the clip's window is laid over its decisive moment.
    stable = p["stable_lumen"] if p["occlusion"] == "no" else None
    rate = p["adhesion_rate"] * KINETICS_SCALE
    platelets = platelet_clot.grow(clot, rate, p["series_length"], stable, 400 / rate, rng)
    level = np.cumsum(platelets["bump"], axis=0).max(axis=1)
    final = diameter - BRIDGED_UM if stable is None else 0.93 * (1 - stable) * diameter
    moment = platelets["t"][int(np.argmax(level >= final))]
    origin = max(0.0, moment - begin_share * duration)
    platelets["t"] = platelets["t"] - origin
    shown = platelets["t"] <= duration
    platelets = {name: values[shown] for name, values in platelets.items()}

    per_frame = max(1, math.ceil(p["centre_speed"] * 1000 * clock.s_per_frame / 0.4))
    substep = clock.s_per_frame / per_frame
    fine = np.arange(2 * per_frame * (clock.num_frames - 1) + 1) * (substep / 2)
    spread = max(0.04 * duration, 1e-9)
    height = platelet_clot.heights(platelets, fine, spread)
    flow = venule_flow.relative_flow(height, diameter, p["series_length"])
    closed = np.flatnonzero(flow == 0)
    closed_s = float(fine[closed[0]]) if len(closed) else math.inf
    if len(closed):
        height = platelet_clot.bridge(height, fine, closed_s, spread, diameter)
        flow[closed[0] :] = 0.0
    centre_speed = 1000 * p["centre_speed"] * flow
    frames = slice(0, None, 2 * per_frame)
    tracers = _tracers(p, clot, height, centre_speed, substep, per_frame, rng)

    vessel = Venule(
        field_um,
        diameter,
        flow_sign=1.0 if p["direction"] == "left_to_right" else -1.0,
        lower=bool(rng.random() < 0.5),
        middle=field_um * rng.uniform(0.46, 0.54),
        bend=rng.uniform(0.4, 1.6),
        bend_phase=rng.uniform(0, 2 * np.pi),
    )
    arrays = {
        "vessel": vessel,
        "clot_s": clot.s,
        "height": height[frames],
        "closed_s": closed_s,
        "times": clock.times_s,
        "spread": spread,
        "platelets": platelets,
        "tracers": tracers,
        "flow": flow[frames],
        # Each platelet's place, height and radius (T, N), the clot's foot (T,): twins move them.
        "places": np.tile(platelets["place"], (clock.num_frames, 1)),
        "levels": np.tile(platelets["level"], (clock.num_frames, 1)),
        "radii": np.tile(platelets["radius"], (clock.num_frames, 1)),
        "lift": np.zeros(clock.num_frames),
        **_decoration(p, platelets, rng),
    }
    state = State(field_um, arrays, Truth())
    tell(p, clock, state)
    return state


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
        s = venule_flow.advect(
            start, eta, height, clot.s[0], diameter, centre_speed, substep, per_frame
        )
        body = venule_flow.bodies(
            s, eta, b, size, 1.0 - kind, height[:: 2 * per_frame], clot.s[0], diameter, field_um
        )
        groups.append((np.full(count, kind), eta, s, body))
    kinds, eta, s = (np.concatenate([group[k] for group in groups]) for k in range(3))
    body = np.concatenate([group[3] for group in groups], axis=1)
    share = (hi - lo) / field_um
    wanted = np.array([round(p["red_cells"] * share), round(FREE_PLATELETS * share)])
    kept = venule_flow.select(s, body, kinds, wanted, field_um)
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


def tell(p: Parameters, clock: Clock, state: State) -> None:
    """Write tracks, events and series into the state's truth."""
    truth, tracers, diameter = state.truth, state["tracers"], state["vessel"].diameter
    x, y = state["vessel"].place(tracers.s, tracers.v)
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


def backdrop(parameters: Parameters, state: State, scene: Scene) -> None:
    """The vessel wall with its muscle, lining and the bare collagen of the injury."""
    vessel, field_um = state["vessel"], state.field_um
    diameter = vessel.diameter
    for u, w, side in state["fibres"]:
        s = u * (field_um + 20) - 10
        depth = 9.0 + 7.0 * w
        v = -depth if side < 0.5 else diameter + depth
        (x0, x1), (y0, y1) = vessel.place([s - 7, s + 7], [v, v])
        scene.capsule(x0, y0, x1, y1, 0.8 + 0.6 * w, "fibre", soft=0.5)
    scene.polygon(vessel.strip(-6.0, diameter + 6.0), "media", bevel=5.0)
    scene.polygon(vessel.strip(0.0, diameter), "lumen", bevel=0.5 * diameter)
    for u, w, r in state["flecks"]:
        x, y = vessel.place(u * field_um, (0.1 + 0.8 * w) * diameter)
        scene.disc(float(x), float(y), 0.6 + 1.3 * r, "plasma_fleck", soft=0.8)
    middle, half = float(state["clot_s"].mean()), 0.5 * parameters["injury_length"]
    for wall, (v, row) in enumerate(zip((-0.7, diameter + 0.7), state["wall_cells"], strict=True)):
        for s in row:
            if wall == 0 and abs(s - middle) < half + 3.5:
                continue
            (x0, x1), (y0, y1) = vessel.place([s - 4.2, s + 4.2], [v, v])
            scene.capsule(x0, y0, x1, y1, 1.0, "endothelium")
            x, y = vessel.place(s, 1.25 * v if wall == 0 else v + 0.2)
            scene.ellipse(float(x), float(y), 2.2, 0.8, 0.0, "nucleus")
    for u, w in state["collagen"]:
        s = middle + half * u
        (x0, x1), (y0, y1) = vessel.place([s - 2.5, s + 2.5], [-1.2 + w, -1.2 - w])
        scene.capsule(x0, y0, x1, y1, 0.35, "collagen")


def draw(parameters: Parameters, state: State, frame: int, scene: Scene) -> None:
    """Red cells and free platelets of one frame, then the clot with its platelets and fibrin."""
    tracers, vessel = state["tracers"], state["vessel"]
    s, v = tracers.s[:, frame], tracers.v[:, frame]
    x, y = vessel.place(s, v)
    ahead = vessel.place(s + 1, v + np.tan(tracers.tilt[:, frame]))
    angle = np.arctan2(ahead[1] - y, ahead[0] - x)
    for i in np.flatnonzero((s > -10) & (s < state.field_um + 10)):
        a, b = tracers.a[i, frame], tracers.b[i, frame]
        if tracers.kind[i] == 0:
            scene.ellipse(x[i], y[i], a, b, angle[i], "red_cell", dimple=0.75)
        else:
            scene.ellipse(x[i], y[i], a, b, angle[i], "platelet")
    _draw_clot(state, frame, scene)


def _draw_clot(state: State, frame: int, scene: Scene) -> None:
    height, vessel = state["height"][frame], state["vessel"]
    if height.max() < 0.3:
        return
    tall = np.flatnonzero(height > 0.15)
    index = np.unique(np.linspace(tall[0], tall[-1], 26).astype(int))
    s, top = state["clot_s"][index], height[index]
    top = np.where(top > vessel.diameter - 0.6, vessel.diameter + 0.6, top)
    lift = state["lift"][frame]
    bottom = np.full(len(s), -0.6 + lift)
    xs, ys = vessel.place(np.concatenate([s, s[::-1]]), np.concatenate([top + lift, bottom]))
    scene.polygon(np.stack([xs, ys], axis=1), "clot", bevel=5.0)
    platelets, time = state["platelets"], state["times"][frame]
    age = (time - platelets["t"]) / state["spread"]
    s = state["places"][frame] + state["platelet_jitter"][:, 0]
    v = state["levels"][frame] + 0.5 + state["platelet_jitter"][:, 1]
    roof = np.interp(s, state["clot_s"], height)
    v = np.clip(v, 0.8, np.maximum(0.8, roof - 1.1)) + lift
    x, y = vessel.place(s, v)
    for i in np.flatnonzero(age > 0):
        grown = min(1.0, 0.5 + 0.5 * age[i])
        name = "activated" if state["platelet_kind"][i] else "platelet"
        scene.disc(x[i], y[i], grown * state["radii"][frame, i], name, fade=min(1.0, 0.3 + age[i]))
    for i in np.flatnonzero((age > 0.5) & (state["strand_anchor"] >= 0)):
        j = state["strand_anchor"][i]
        scene.capsule(x[j], y[j], x[i], y[i], 0.2, "fibrin", fade=min(1.0, age[i] - 0.5))


def _red_cells_seen(state: State) -> int:
    return sum(1 for _, kind, frame, *_ in state.truth.tracks if kind == "red_cell" and frame == 0)


def captions(parameters: Parameters, state: State) -> list[str]:
    """Sentences of at most 16 words; the last is held out of training."""
    ltr = parameters["direction"] == "left_to_right"
    way = "left to right" if ltr else "right to left"
    ward = "rightwards" if ltr else "leftwards"
    n, v = number_word(_red_cells_seen(state)), f"{plain(parameters['centre_speed'])} mm/s"
    if parameters["occlusion"] == "yes":
        return [
            f"{n} red cells flow {way} at {v} until a clot blocks the vessel",
            f"a platelet clot closes a venule; {n} red cells moving {ward} at {v} stop",
            f"thrombosis with occlusion: {n} red cells flowing {way} at {v} come to rest",
            f"platelets plug the vessel and {n} red cells flowing {ward} at {v} stop",
            f"a clot plugs the vessel: {n} red cells flowing {way} at {v} stop",
            f"flow {way} at {v} ends: a growing clot blocks {n} red cells",
            f"a growing clot plugs the vessel, {n} red cells flowing {ward} at {v} stop",
        ]
    return [
        f"{n} red cells flow {way} at {v} past a clot narrowing the vessel",
        f"a platelet clot narrows a venule; {n} red cells move on {ward} at {v}",
        f"thrombosis without occlusion: {n} red cells flow on {way} at {v}",
        f"platelets grow, the vessel stays open, {n} red cells flow {ward} at {v}",
        f"a partial clot narrows the vessel; {n} red cells keep flowing {ward} at {v}",
        f"flow {way} at {v} goes on past a growing partial clot",
        f"a growing clot narrows the vessel, {n} red cells keep flowing {ward} at {v}",
    ]


def descriptions(parameters: Parameters, state: State) -> list[str]:
    """Paragraphs with the same facts, the setting and what one sees; the last is held out."""
    p, ltr = parameters, parameters["direction"] == "left_to_right"
    way = "left to right" if ltr else "right to left"
    ward = "rightwards" if ltr else "leftwards"
    n, v = number_word(_red_cells_seen(state)), f"{plain(p['centre_speed'])} mm/s"
    bore, width = f"{plain(p['vessel_diameter'])} µm", f"{plain(p['field_of_view'])} µm"
    if p["occlusion"] == "yes":
        fate, end = (
            "closes the vessel",
            "When it bridges the bore the stream stops, upstream and downstream alike, and every "
            "red cell comes to rest.",
        )
        short = "thrombosis with occlusion"
    else:
        fate, end = (
            "narrows the vessel without closing it",
            "Shear ends its growth while the vessel is still open, and red cells keep flowing, "
            "faster in the throat than elsewhere.",
        )
        short = "thrombosis without occlusion"
    return [
        f"Axial section of a small venule, {bore} wide, in a field of {width}. Blood flows from "
        f"{way}, at first with {v} on the centre line, and carries {n} red cells and a few "
        f"platelets in view. The wall is injured at one spot, where collagen lies bare. Platelets "
        f"from the blood stick there, become active and pile up, strands of fibrin hold them "
        f"together, and the clot {fate}. {end} The clot grows far faster here than in life, "
        f"so that flow and growth are seen together. The vessel has no branches.",
        f"A clot grows on an injured vessel wall: {short}. About {n} red blood cells are seen at "
        f"the start, moving {ward} at {v} in the middle of the stream and more slowly beside the "
        f"wall. Platelets arrive one by one, settle on bare collagen and on each other, and the "
        f"pile {fate}. {end} The venule is {bore} across and unbranched, the picture is {width} "
        f"wide. Muscle and lining cells of the wall stay in place. Growth is shown accelerated "
        f"against the flow, because platelets take minutes for what the blood passes in "
        f"milliseconds.",
        f"In an unbranched venule of {bore} bore blood runs {ward}, with {n} red cells in the "
        f"{width} that are in view and a centre-line speed of {v}. At an injury of the wall "
        f"platelets adhere, change colour as they become active, and build a clot laced with "
        f"fibrin which {fate}. {end} One sees parabolic flow before: cells in the middle overtake "
        f"those at the side. Blood comes from one side only, {way}, and growth "
        f"is shown accelerated against the flow.",
        f"{short.capitalize()}, seen in a section along a venule. The lumen measures {bore}, the "
        f"field {width}. {n.capitalize()} red cells and some platelets drift {way} with the "
        f"stream, whose fastest thread moves at {v}. Where the lining is torn, platelets from the "
        f"blood attach and stay; others join them, fibrin ties them up, and this clot {fate}. "
        f"{end} Nothing but arriving platelets makes the clot larger, and it keeps its place on "
        f"the wall. The blood that goes {ward} has no other way. Minutes of growth are squeezed "
        f"into the time that the flow takes.",
        f"Blood flows {ward} in a venule of {bore} bore, with {v} on the centre line. In the field "
        f"of {width} there are {n} red cells at the start. The wall is injured at one spot, and "
        f"platelets from the blood stick to the bare collagen and to each other, fibrin holds "
        f"them together, and the clot {fate}. {end} The vessel has no branches, so all blood that "
        f"comes from one side has to pass the clot, {way}. Growth takes minutes in life and is "
        f"shown accelerated against the flow: {short}.",
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
