"""Red cells that pass an alveolus in single file take up oxygen and turn from purple to red.

The model is in `models.blood_oxygen`: haemoglobin is advected along the capillary, Fick's law
lets oxygen through the wall where air lies behind it, Hill's curve turns pressure into saturation.
At rest blood is in equilibrium after a fifth of its way; in exercise it passes three times as fast
and comes with less oxygen, so that it is bright red only near the end of the air (Wagner & West
1972, J Appl Physiol 33:62). An alveolus full of fluid gives no oxygen to the blood that passes it.

Colour is a convention: dark purple is haemoglobin as it comes from the body, bright red is
haemoglobin in equilibrium with the air, and hue is linear in saturation between them. In tissue the
order would be reversed, which is why the air space is drawn. Distances along the capillary are to
scale, its bore and its
cells are drawn `ENLARGED` times as wide as life (outlines: `models.alveolar_wall`).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..canvas import Material, Scene
from ..captions import number_word, plain
from ..core import Choice, Clock, Event, HeldOut, Parameters, Range, Setting, State, Truth
from ..models import alveolar_wall as wall
from ..models import blood_oxygen as oxygen
from ..models.alveolar_wall import BORE_UM, ENLARGED, LUMEN_UM, REACH_UM, Stream

LEVEL = "organ"
SETTING = Setting(
    view="section along one capillary and across the alveolus above it, about 10 µm deep",
    field="open",
    frame_of_reference="alveolar wall at rest; breathing is slower than the clip",
    temperature_c=37.0,
    medium="blood with few red cells, so that each one shows; air or oedema fluid",
    organism="human",
    marks="the air space lies above its capillary; blood comes in dark purple, and bright red "
    "stands for blood in equilibrium with the air",
    schematic=True,
)
_CHOSEN = "modelling choice"
PARAMETERS: tuple[Range | Choice, ...] = (
    Choice("direction", ("left_to_right", "right_to_left"), "by symmetry"),
    Choice("layout", ("one_alveolus", "lower_flooded", "upper_flooded"),
           "one aerated alveolus, or an aerated and a flooded one: West & Luks 2016, West's "
           "Respiratory Physiology, 10th ed., ch. 5 (shunt)"),
    Choice("activity", ("rest", "exercise"),
           "both cases of Wagner & West 1972, J Appl Physiol 33:62"),
    Range("transit_time", "s", 0.72, 0.84,
          "across the view at rest; in the lung about 0.75 s: West & Luks 2016, ch. 3"),
    Range("speed_up", "1", 3.0, 3.3,
          "by exercise: transit falls to about a third, 0.25 s: West & Luks 2016, ch. 3"),
    Range("uptake_rate", "ml/(l s mmHg)", 8.6, 9.6,
          _CHOSEN + " between 21 ml/(min mmHg) at rest and 65 in exercise (Hall 2016, Guyton and "
          "Hall, 13th ed., ch. 40), each over 70 ml of capillary blood: 5 to 15"),
    Range("alveolar_po2", "mmHg", 98.0, 106.0, "about 104 mmHg: Hall 2016, ch. 41"),
    Range("spacing", "µm", 28.0, 37.0, _CHOSEN + ": between centres, so that each cell shows"),
    Range("field_of_view", "µm", 195.0, 255.0,
          "an alveolus is about 200 µm wide: Ochs et al. 2004, Am J Respir Crit Care Med 169:120"),
)  # fmt: skip
HELD_OUT = HeldOut(
    ("spacing", 32.0, 33.2),
    {"activity": "exercise", "layout": "upper_flooded", "direction": "right_to_left"},
)

MATERIALS = {
    "tissue": Material("#b9737f", opacity=1.0, emission="#3a4fb8", glow=0.30, absorb="#e2bcc0",
                       refraction=0.0),
    "fibre": Material("#e2b3a8", opacity=0.45, edge=0.5, gloss=0.05, emission="#3a6ed0", glow=0.10,
                      absorb="#d9aeb4", refraction=0.25),
    "nucleus": Material("#6f4a86", opacity=0.8, edge=0.9, gloss=0.1, emission="#4d7bff", glow=0.30,
                        absorb="#b79ac2", refraction=0.35),
    "lining": Material("#f4c3ad", edge=0.9, gloss=0.25, shadow=0.2, emission="#2fe0b0", glow=0.50,
                       rim_glow=0.15, absorb="#e6b9ae", refraction=0.7),
    "air": Material("#c6dfea", edge=0.9, gloss=0.0, emission="#14455a", glow=0.30,
                    absorb="#ffffff", refraction=-0.4),
    "far_wall": Material("#c98f9c", opacity=0.20, edge=0.20, gloss=0.0, emission="#2f8fa8",
                         glow=0.09, absorb="#f6e8ea", refraction=0.03),
    "fluid": Material("#d8b451", edge=0.9, gloss=0.0, emission="#c8d23c", glow=0.42,
                      absorb="#e3c169", refraction=0.1),
    "fleck": Material("#b98f35", opacity=0.55, edge=0.5, gloss=0.1, emission="#e2ec6a", glow=0.12,
                      absorb="#d6ab4c", refraction=0.15),
    "type_two": Material("#e59f98", edge=0.95, gloss=0.2, shadow=0.2, emission="#2fb89a", glow=0.22,
                         rim_glow=0.10, absorb="#dfa9a4", refraction=0.6),
    "macrophage": Material("#b7a6d8", edge=0.95, gloss=0.25, shadow=0.25, emission="#3f8fc0",
                           glow=0.22, rim_glow=0.10, absorb="#c5b2cf", refraction=0.7),
    "endothelium": Material("#e8867c", edge=1.0, gloss=0.2, emission="#2fa8e0", glow=0.40,
                            rim_glow=0.10, absorb="#dba5a2", refraction=0.6),
    "lumen": Material("#f7e3c8", edge=1.0, gloss=0.0, emission="#241a5a", glow=0.12,
                      absorb="#fbf0dc", refraction=-0.3),
    # A cell is painted thrice: its body, then the light of either haemoglobin by its share.
    "cell": Material("#4a2566", gloss=0.2, shadow=0.30, refraction=0.8),
    "deoxygenated": Material("#4a2566", opacity=0.0, edge=0.0, gloss=0.0, emission="#6a3cff",
                             glow=0.85, rim_glow=0.25, absorb="#7a548c", refraction=0.0),
    "oxygenated": Material("#e81f1c", gloss=0.3, emission="#ff4a1c", glow=1.15, rim_glow=0.20,
                           absorb="#e8502c", refraction=0.0),
}  # fmt: skip
BACKGROUND = "#b9737f"

VENOUS_PO2 = {"rest": 40.0, "exercise": 30.0}
"""Oxygen pressure of the blood that comes, mmHg: 40 at rest (Hall 2016, ch. 41); the muscles take
more in exercise (30 is a modelling choice)."""
CELL_UM = (0.5 * 7.82 * ENLARGED, 0.43 * 7.82 * ENLARGED)
"""Drawn half axes of a red cell, 7.82 µm across (Evans & Fung 1972, Microvasc Res 4:335) and a
little squeezed by the capillary."""
_STEP = 0.18  # of the spacing: the farthest that a cell goes from frame to frame
_TRAVEL = 0.55  # of the field: the farthest that a cell goes in a clip
RED = 0.9
"""From this redness on a cell counts as bright red."""


def flow_speed(p: Parameters) -> float:
    """Speed of the blood in µm/s."""
    faster = p["speed_up"] if p["activity"] == "exercise" else 1.0
    return float(p["field_of_view"] / p["transit_time"] * faster)


def s_per_frame(p: Parameters, num_frames: int) -> float:
    """Seconds between frames: half of the view in a clip, but no step beyond `_STEP`."""
    way = _TRAVEL * p["field_of_view"] / max(1, num_frames - 1)
    return min(way, _STEP * p["spacing"]) / flow_speed(p)


def simulate(p: Parameters, clock: Clock, rng: np.random.Generator) -> State:
    """Solve the uptake along each capillary, then let cells pass at steady speed.

    Arrays: `streams` from the top down and their `profiles`, `s` (T, N) how far each cell is along
    its line in µm, `stream` (N,) its line's number, `redness` (T, N), `x`, `y` (T, N) and `heading`
    in the picture, `rock` (N, 2) lean and phase of its body; the rest is decoration.
    """
    field, speed = p["field_of_view"], flow_speed(p)
    streams = wall.streams(p["layout"], field, rng)
    # Cells come with gaps of their own, but never closer than their drawn length.
    count = math.ceil((field + 2 * REACH_UM + speed * clock.times_s[-1]) / p["spacing"]) + 1
    gaps = p["spacing"] * rng.uniform(0.8, 1.2, (len(streams), count))
    gaps[:, 0] *= rng.uniform(0, 1, len(streams))
    start = (field + REACH_UM - np.cumsum(gaps, axis=1)).ravel()
    s = start + speed * clock.times_s[:, None]
    owner = np.repeat(np.arange(len(streams)), count)
    venous, rate = VENOUS_PO2[p["activity"]], p["uptake_rate"] / 1000
    profiles = [
        oxygen.reddening(stream.arc, stream.contact, venous,
                         p["alveolar_po2"] if stream.aerated else venous,
                         saturation_limits(p), rate, speed)
        for stream in streams
    ]  # fmt: skip
    redness = np.stack([np.interp(s, *profile) for profile in profiles])
    arrays: dict[str, Any] = {
        "streams": streams,
        "profiles": profiles,
        "s": s,
        "stream": owner,
        "mirrored": p["direction"] == "right_to_left",
        "rock": np.stack([rng.normal(0, 0.10, len(owner)), rng.uniform(0, 6.3, len(owner))], 1),
        "redness": np.take_along_axis(redness, owner[None, None], axis=0)[0],
    }
    arrays["x"], arrays["y"], arrays["heading"] = wall.positions(field, arrays)
    arrays.update(wall.decoration(field, streams, p["layout"] == "one_alveolus", rng))
    state = State(field, arrays, Truth())
    tell(p, clock, state)
    return state


def saturation_limits(p: Parameters) -> tuple[float, float]:
    """Saturation of the blood that comes and of blood in equilibrium with the air."""
    low, high = oxygen.saturation(np.array([VENOUS_PO2[p["activity"]], p["alveolar_po2"]]))
    return float(low), float(high)


def tell(p: Parameters, clock: Clock, state: State) -> None:
    """Write tracks, events and series of what is drawn into the state's truth."""
    truth, field, s, redness = state.truth, state.field_um, state["s"], state["redness"]
    low, high = saturation_limits(p)
    x, y = state["x"], state["y"]
    seen = (x >= 0) & (x <= field)
    for k in np.flatnonzero(seen.any(axis=0)):
        frames = np.flatnonzero(seen[:, k])
        xy = np.stack([x[frames, k], y[frames, k]], 1)
        truth.add_track(int(k), "red_cell", frames.tolist(), xy)
        stream = state["streams"][state["stream"][k]]
        for name, passed in (
            ("meets_alveolus", s[:, k] >= stream.contact[0]),
            ("turns_red", redness[:, k] >= RED),
            ("leaves_alveolus", s[:, k] >= stream.contact[1]),
        ):
            frame = int(np.argmax(passed))
            if frame > 0 and seen[frame, k]:
                value = float(low + (high - low) * redness[frame, k])
                t = frame * clock.s_per_frame
                truth.events.append(Event(name, frame, t, int(k), value, "saturation"))
    truth.events.sort(key=lambda event: event.frame)
    blood = math.pi / 4 * BORE_UM**2 * flow_speed(p) / 1000  # pl/s
    for number, stream in enumerate(state["streams"]):
        name = "aerated" if stream.aerated else "flooded"
        mine, (begin, end) = state["stream"] == number, stream.contact
        for place, at in (("entering", 0.4 * begin), ("halfway", 0.5 * (begin + end)),
                          ("leaving", end + 0.6 * begin)):  # fmt: skip
            # The cell that is nearest to the place stands for it.
            nearest = np.argmin(np.abs(s[:, mine] - at), axis=1)
            values = redness[:, mine][np.arange(len(s)), nearest]
            truth.series[f"{name}_{place}_saturation"] = ("1", low + (high - low) * values)
        came, left = (truth.series[f"{name}_{at}_saturation"][1] for at in ("entering", "leaving"))
        truth.series[f"{name}_uptake"] = ("pl O2/s", blood * oxygen.CAPACITY * (left - came))


def _placed(state: State, points: np.ndarray) -> np.ndarray:
    """Points (K, 2) of the flow's frame in the picture."""
    return points * [-1, 1] + [state.field_um, 0] if state["mirrored"] else points


def backdrop(p: Parameters, state: State, scene: Scene) -> None:
    """Tissue, the air or fluid with its lining, and the wall of each capillary."""
    field, mirrored = state.field_um, state["mirrored"]
    scene.field(state["tissue"][:, ::-1] if mirrored else state["tissue"], "tissue")
    for line in state["fibres"]:
        (x0, y0), (x1, y1) = _placed(state, line.reshape(2, 2))
        scene.capsule(x0, y0, x1, y1, 0.9, "fibre", soft=0.6)
    for x, y, size, lean in state["nuclei"]:
        _nucleus(state, (x, y), (size, 0.45 * size), lean, scene)
    for rim in state["neighbours"]:
        scene.polygon(_placed(state, wall.ring(rim, 2.6)), "lining", bevel=1.6)
        scene.polygon(_placed(state, rim), "air", bevel=8.0)
    half = 0.5 * LUMEN_UM
    for number, stream in enumerate(state["streams"]):
        _alveolus(state, number, stream, scene)
        scene.polygon(_placed(state, wall.band(stream.line, -half, half)), "lumen", bevel=1.5)
        for side, shifts in zip((-1.0, 1.0), state["wall_nuclei"][number], strict=True):
            lining = wall.band(stream.line, *sorted((side * half, side * (half + 2.4))))
            scene.polygon(_placed(state, lining), "endothelium", bevel=1.4)
            around = (np.arange(len(shifts)) + 0.5) * field / len(shifts) + shifts
            for x, y, lean in zip(*stream.at(around), strict=True):
                _nucleus(state, (x, y + side * (half + 1.3)), (5.2, 1.4), lean, scene)


def _nucleus(
    state: State, at: tuple[float, float], size: tuple[float, float], lean: float, scene: Scene
) -> None:
    x, y = _placed(state, np.array([at]))[0]
    scene.ellipse(x, y, *size, -lean if state["mirrored"] else lean, "nucleus")


def _alveolus(state: State, number: int, stream: Stream, scene: Scene) -> None:
    """The lining of thin flat cells, what fills the alveolus, and two cells on its roof."""
    rim, name = stream.outline, "air" if stream.aerated else "fluid"
    scene.polygon(_placed(state, wall.ring(rim, 2.6)), "lining", bevel=1.6)
    scene.polygon(_placed(state, rim), name, bevel=8.0)
    middle, size = rim.mean(axis=0), np.ptp(rim, axis=0)
    # The capillary net of the far wall shines through air, out of focus; fluid has flecks.
    for line in state["nets"][number] if stream.aerated else ():
        (x0, y0), (x1, y1) = _placed(state, line)
        scene.capsule(x0, y0, x1, y1, 1.5, "far_wall", soft=1.6)
    for u, w, r in state["flecks"][number] if not stream.aerated else ():
        way = 0.9 * math.sqrt(u) * np.array([math.cos(6.3 * w), math.sin(6.3 * w)])
        x, y = _placed(state, (middle + 0.45 * size * way)[None])[0]
        scene.disc(x, y, 1.2 + 2.4 * r, "fleck", soft=0.6)
    floor, roof = 52, len(rim) - 68
    for u in state["lining_nuclei"][number]:
        i = floor + int(u * roof)
        ahead = rim[i + 1] - rim[i - 1]
        _nucleus(state, tuple(rim[i]), (5.6, 1.7), math.atan2(ahead[1], ahead[0]), scene)
    for share, name, start in zip(state["guests"][number], ("type_two", "macrophage"), (0.04, 0.54),
                                  strict=True):  # fmt: skip
        at = rim[floor + int((start + 0.42 * share) * roof)]
        inward = (middle - at) / np.hypot(*(middle - at))
        x, y = _placed(state, (at + 4.6 * inward)[None])[0]
        scene.ellipse(x, y, 7.5, 6.2, 6.3 * share, name)
        _nucleus(state, tuple(at + 3.8 * inward), (3.6, 2.8), 9.0 * share, scene)


def draw(p: Parameters, state: State, frame: int, scene: Scene) -> None:
    """Red cells as biconcave discs, coloured by their saturation."""
    x, y, heading = (state[name][frame] for name in ("x", "y", "heading"))
    lean, phase = state["rock"].T
    tilt = heading + lean + 0.13 * np.sin(state["s"][frame] / 14.0 + phase)
    a, b = CELL_UM
    for k in np.flatnonzero((x > -a) & (x < state.field_um + a)):
        red = float(np.clip(state["redness"][frame, k], 0, 1))
        body = (x[k], y[k], a, b, tilt[k])
        scene.ellipse(*body, "cell", dimple=0.75)
        scene.ellipse(*body, "deoxygenated", fade=1 - red, dimple=0.75)
        scene.ellipse(*body, "oxygenated", fade=red, dimple=0.75)


_WAY = {
    "left_to_right": ("left to right", "rightwards", "to the right", "the left", "the right"),
    "right_to_left": ("right to left", "leftwards", "to the left", "the right", "the left"),
}
_STATE = {
    "rest": ("at rest", "resting lung", "early", "quiet breathing"),
    "exercise": ("in exercise", "exercising lung", "late", "hard exercise"),
}
_WHERE = {"lower_flooded": ("upper", "lower"), "upper_flooded": ("lower", "upper")}


def _count_and_speed(p: Parameters, state: State) -> tuple[str, str]:
    """Red cells whose centre is in the field on the first frame, and their speed, in words."""
    count = int(((state["x"][0] >= 0) & (state["x"][0] <= state.field_um)).sum())
    return number_word(count), f"{plain(flow_speed(p) / 1000)} mm/s"


def captions(p: Parameters, state: State) -> list[str]:
    """One sentence with process, actors, direction, count and speed; the last is held out."""
    way, wards, *_ = _WAY[p["direction"]]
    now, lung, soon, _ = _STATE[p["activity"]]
    n, v = _count_and_speed(p, state)
    if p["layout"] == "one_alveolus":
        return [
            f"{now}, {n} red cells move {wards} at {v} and redden {soon} under one alveolus",
            f"{n} red cells pass one alveolus {way} at {v}, reddening {soon} {now}",
            f"gas exchange {now}: {n} cells under one alveolus turn red {soon}, {wards} at {v}",
            f"{lung}: blood with {n} cells flows {wards} at {v} below one alveolus, "
            f"reddening {soon}",
            f"one alveolus {now}: {n} purple cells brighten {soon} to red, {wards} at {v}",
            f"oxygen reddens {n} red cells {soon} below one alveolus {now}, moving {wards} at {v}",
            f"{now}, {n} cells move {wards} at {v} below one alveolus and turn red {soon}",
        ]
    air, wet = _WHERE[p["layout"]]
    return [
        f"{now}, {n} cells move {wards} at {v}, reddening under {air} air, not {wet} fluid",
        f"{n} cells pass {wards} at {v} {now}, reddening below the {air} alveolus, {wet} flooded",
        f"{lung}: {n} cells moving {wards} at {v} redden under {air} air, not {wet} fluid",
        f"{n} purple cells redden under {air} air, not {wet} fluid, {wards} at {v} {now}",
        f"gas exchange {now}, {wet} alveolus flooded, {air} aerated, {n} cells {wards} at {v}",
        f"{n} cells, {wards} at {v} {now}: {wet} fluid keeps them dark, {air} air reddens",
        f"{now}, {n} purple cells move {wards} at {v}: {air} air reddens, {wet} fluid not",
    ]


def descriptions(p: Parameters, state: State) -> list[str]:
    """Several sentences with setting, mechanism and what one sees; the last is held out."""
    way, wards, to, start, end = _WAY[p["direction"]]
    now, _, _, deed = _STATE[p["activity"]]
    n, v = _count_and_speed(p, state)
    air, wet = _WHERE.get(p["layout"], ("", ""))
    if wet:
        scene = (
            f"two alveoli, each above its own capillary, the {air} one full of air, the {wet} one "
            "flooded with fluid"
        )
        which = f"the {air} alveolus"
        still = (
            f"Blood below the {wet} alveolus meets only fluid, takes up no oxygen and leaves as "
            "dark as it came.",
            f"Under the {wet} alveolus fluid keeps oxygen from the blood, which stays dark purple.",
            f"The {wet} stream passes fluid instead of air and leaves as purple as it came.",
        )
    else:
        scene, which = "one alveolus full of air above one capillary", "the air"
        still = (
            "The wall, the tissue and the air space stand still while only the blood moves.",
            "Nothing but the blood moves, all tissue rests.",
            "Only the blood moves, the wall and the air space stand still.",
        )
    fate = (
        f"they turn bright red within the first third of the way under {which} and stay so",
        f"each cell is bright red after a third of the stretch under {which}, with time to spare",
        f"the change is over early under {which}, and the rest of the file is evenly bright red",
    )
    if p["activity"] == "exercise":
        fate = (
            f"they have a middle hue halfway under {which} and are bright red only near its end",
            f"each cell is still half purple in the middle of {which} and bright red near the end",
            f"the change takes the whole way under {which}, and only the last cells are bright red",
        )
    return [
        f"This section of a human lung {now} shows {scene}. Red blood cells, {n} of them in view, "
        f"travel {way} in single file at {v}. They come in dark purple, which stands for blood "
        f"poor in oxygen. Oxygen diffuses through the thin wall and binds to haemoglobin, so that "
        f"{fate[0]}. {still[0]} Vessel and cells are drawn about twice their true width.",
        f"Gas exchange during {deed}: the picture holds {scene}. {still[1]} From {start} dark "
        f"purple red cells enter, about {n} are in view, and they move {wards} one behind the "
        f"other at {v}. Along the air oxygen passes the wall down its pressure gradient, and "
        f"{fate[1]}. The colour belongs to the place: its gradient rests while cells stream by.",
        f"A file of red cells, {n} in all, streams {to} with a speed of {v}: this is oxygen uptake "
        f"in the lung {now}, seen from the side, with {scene}. Bright red stands for haemoglobin "
        f"full of oxygen, dark purple for haemoglobin that lacks it. The cells arrive purple and "
        f"brighten by degrees as oxygen crosses into the blood; {fate[2]}. {still[2]}",
        f"Where a thin wall parts blood from air, it takes up oxygen. Here {scene} can be seen in "
        f"a human lung {now}, and {n} red cells follow each other {way} at {v} without touching. "
        f"Coming from {start} in dark purple, {fate[0]}, and they leave at {end}. {still[1]} "
        f"A macrophage, another rounded cell and flat nuclei mark the lining of the air space.",
        f"The picture shows {scene}, in a human lung {now}. About {n} red cells move {wards} at "
        f"{v} one behind the other. They come in dark purple, poor in oxygen, and as oxygen "
        f"diffuses from the air through the thin wall into the blood {fate[0]}. {still[2]} The "
        f"colour stands for oxygen that binds to haemoglobin, and vessel and cells are drawn about "
        f"twice their true width.",
    ]


def prompts(p: Parameters, state: State) -> list[str]:
    """Short requests with direction, layout and activity; the last is held out."""
    way, wards, to, *_ = _WAY[p["direction"]]
    now, lung, _, deed = _STATE[p["activity"]]
    if p["layout"] == "one_alveolus":
        return [
            f"red cells redden under one alveolus {now}, moving {way}",
            f"{lung}, blood flows {wards} under one alveolus and turns red",
            f"gas exchange in one alveolus {now}, blood moving {to}",
            f"one alveolus {now}, red cells pass from {way}",
            f"purple blood turns red below one alveolus, {wards}, {now}",
            f"oxygen uptake below one alveolus during {deed}, flow {way}",
            f"{lung}: cells flow {to} past one alveolus and redden",
            f"blood passes one alveolus {wards} during {deed}",
            f"show gas exchange in one alveolus {now}, flow {way}",
            f"blood flows {wards} under one alveolus {now} and turns red",
        ]
    air, wet = _WHERE[p["layout"]]
    return [
        f"{now}, cells moving {way}, {wet} alveolus flooded, {air} aerated",
        f"{lung}, {wet} alveolus flooded, blood flows {wards}, only {air} reddens",
        f"gas exchange {now}, {wet} alveolus flooded, blood moving {to}",
        f"two alveoli {now}, {air} air, {wet} fluid, flow {way}",
        f"blood {wards} {now} reddens under {air} air, not {wet} fluid",
        f"{deed}: cells moving {to} redden only below {air} alveolus",
        f"{lung}: {wet} alveolus full of fluid, {air} aerated, flow {wards}",
        f"{wet} alveolus flooded, {air} aerated, blood flows {wards} during {deed}",
        f"show two alveoli {now}, {wet} flooded, red cells going {wards}",
        f"red cells flow {wards} {now}, {air} alveolus aerated, {wet} flooded",
    ]
