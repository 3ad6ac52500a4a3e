"""A ring of contraction drives a swallowed bolus down the oesophagus, or two boluses of chyme.

The flow is that of `models.peristaltic_tube`: lubrication flow in an elastic, partly filled tube.
With `closure` "leaky" the ring leaves a part of the bore open and liquid escapes back through it,
as in weak peristalsis (Kahrilas, Dodds & Hogan 1988, Gastroenterology 94:73). The wall keeps its
volume, so it is thick where the ring closes the bore and thin around a bolus.

What is drawn at rest is an open bore; a true one collapses. Liquid and bore are bodies of
revolution, cut along the axis: the volume is ∫ π r² dx. The axis lies across gravity.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..canvas import Material, Scene
from ..captions import number_word, plain
from ..core import Choice, Clock, Event, HeldOut, Parameters, Range, Setting, State, Truth
from ..models import gut_anatomy, peristaltic_tube
from ..models.peristaltic_tube import Tube

LEVEL = "organ"
SETTING = Setting(
    view="lengthwise section through the axis of the tube",
    field="open",
    frame_of_reference="tissue around the tube",
    temperature_c=37.0,
    medium="thick liquid in the oesophagus, chyme in the small intestine; else clear saliva or air",
    organism="human, lying, so that gravity acts across the tube",
    marks="oral end: lips (oesophagus) or stomach (intestine); aboral end: stomach or colon",
    schematic=True,
)
_CHOSEN = "modelling choice: "
PARAMETERS: tuple[Range | Choice, ...] = (
    Choice("organ", ("oesophagus", "intestine"),
           "one bolus in the oesophagus, two in the small intestine"),
    Choice("direction", ("left_to_right", "right_to_left", "downwards", "upwards"),
           "aboral direction in the picture"),
    Choice("closure", ("complete", "leaky"),
           "Kahrilas, Dodds & Hogan 1988, Gastroenterology 94:73: weak rings let liquid escape"),
    Range("oesophageal_speed", "mm/s", 20.0, 45.0,
          "2 to 5 cm/s in the human oesophagus: Hall 2016, Guyton and Hall Textbook of Medical "
          "Physiology, 13th ed., ch. 64"),
    Range("intestinal_speed", "mm/s", 6.0, 20.0,
          "0.5 to 2 cm/s in the small intestine: the same, ch. 63"),
    Range("volume", "ml", 7.0, 18.0,
          _CHOSEN + "all liquid in the tube; swallows of 5 and 10 ml are usual in manometry",
          log=True),
    Range("bore", "mm", 16.0, 19.0, _CHOSEN + "at rest; drawn open, while a true one collapses"),
    Range("ring_length", "mm", 20.0, 25.0, _CHOSEN + "of the contracted stretch, from end to end"),
    Range("opening", "fraction", 0.30, 0.40,
          _CHOSEN + "of the bore that a leaky ring leaves open; used with closure leaky"),
    Range("viscosity", "Pa s", 0.5, 1.5,
          "honey-thick liquids 0.35 to 1.75 Pa s: National Dysphagia Diet Task Force 2002"),
    Range("field_of_view", "mm", 98.0, 152.0, _CHOSEN + "three to six boluses long"),
)  # fmt: skip
HELD_OUT = HeldOut(
    interval=("volume", 10.6, 11.7), combination={"organ": "intestine", "direction": "upwards"}
)
MATERIALS = {
    "lobule": Material("#f0c97c", opacity=0.6, edge=0.75, gloss=0.08, emission="#3f3a7a", glow=0.13,
                       rim_glow=0.03, absorb="#f6ecd4", refraction=0.25),
    "bone": Material("#f6efdc", edge=0.95, gloss=0.2, shadow=0.25, emission="#7a86c8", glow=0.24,
                     rim_glow=0.06, absorb="#d9d2c4"),
    "disc": Material("#8fb0c0", emission="#4a6aa8", glow=0.2, absorb="#c8d2d8"),
    "airway": Material("#6f8fa8", edge=0.9, gloss=0.0, emission="#18204a", glow=0.06,
                       absorb="#f8f8f4", refraction=-0.4),
    "loop": Material("#d98d80", gloss=0.25, shadow=0.25, emission="#8a3a78", glow=0.26,
                     rim_glow=0.06, absorb="#ecc9c2"),
    "artery": Material("#c9303a", emission="#a03060", glow=0.3, absorb="#e0a49c"),
    "vein": Material("#5a62b4", emission="#4a4ab0", glow=0.3, absorb="#b4b0d4"),
    "lumen": Material("#6a2434", gloss=0.0, emission="#3a1440", glow=0.20, absorb="#fdf6ee",
                      refraction=-0.3),
    "fold": Material("#9c4452", opacity=0.75, edge=0.6, gloss=0.1, emission="#6a4cd0", glow=0.22,
                     absorb="#f0d8d4", refraction=0.2),
    "muscle": Material("#b8483e", gloss=0.15, emission="#d8307c", glow=0.34, rim_glow=0.12,
                       absorb="#e2a8a0"),
    "bundle": Material("#e07a64", opacity=0.9, edge=0.8, gloss=0.25, emission="#ff5a90", glow=0.12,
                       absorb="#dc9c94", refraction=0.3),
    "active": Material("#7c1620", opacity=0.9, edge=0.8, emission="#ffb060", glow=0.35,
                       absorb="#b85a5c"),
    "mucosa": Material("#f9c6b8", edge=0.9, gloss=0.25, emission="#5a7cff", glow=0.40,
                       absorb="#d0a4b4"),
    "swallow": Material("#27b3dd", gloss=0.45, emission="#4dff7a", glow=0.75, rim_glow=0.15,
                        absorb="#5fb4cc"),
    "chyme": Material("#a9b437", gloss=0.35, emission="#7dff4d", glow=0.75, rim_glow=0.15,
                      absorb="#a8ac54"),
    "bubble": Material("#c8f2fb", opacity=0.85, gloss=0.5, emission="#e0ffe8", glow=0.22,
                       absorb="#d4f0f6", refraction=-0.4),
    "crumb": Material("#6b6a1c", opacity=0.9, gloss=0.2, emission="#f4ffb0", glow=0.22,
                      absorb="#77702f"),
    "lips": Material("#d8324a", shadow=0.3, emission="#ff5070", glow=0.5, absorb="#d06070"),
    "stomach": Material("#c65a78", shadow=0.3, emission="#ff60c0", glow=0.4, absorb="#c87890"),
    "colon": Material("#8f6a4a", shadow=0.3, emission="#60b0ff", glow=0.4, absorb="#a08468"),
}  # fmt: skip
BACKGROUND = "#eab98a"

SHUT = 0.05
"""Share of the bore that a ring leaves open when it closes: folds of mucosa fill it."""
WALL_MM = 4.6
"""Thickness of the wall at rest."""
_THIN_MM = 1.5  # films of a smaller radius are not drawn
_LARGEST_STEP = 0.05  # of the field per frame
_RUN_IN = 0.07  # of the field that the wave has gone before the first frame
_THREAD = 1.4  # section of the thread behind a leaky ring, by that of its opening
_POINTS = 36  # corners of each side of an outline
_BITS = 26  # bubbles or crumbs in the liquid
_EVEN = np.append(np.arange(0, _POINTS, 2), _POINTS - 1)
_LAYER = 0.5  # share of the wall's section that lies inside the row of muscle bundles


def speed(p: Parameters) -> float:
    """Speed of the wave in mm/s."""
    return float(p["oesophageal_speed" if p["organ"] == "oesophagus" else "intestinal_speed"])


def boluses(p: Parameters) -> int:
    """How many boluses, and rings, there are."""
    return 1 if p["organ"] == "oesophagus" else 2


def tube(p: Parameters) -> Tube:
    """The tube of a draw (mm)."""
    opening = SHUT if p["closure"] == "complete" else p["opening"]
    return Tube(p["field_of_view"], 0.5 * p["bore"], opening, 0.5 * p["ring_length"], speed(p),
                p["viscosity"])  # fmt: skip


def plan(p: Parameters) -> tuple[np.ndarray, float]:
    """Places of the rings (k,) in the first frame and the way (mm) that they go in a clip."""
    field, body, each = p["field_of_view"], tube(p), 1000 * p["volume"] / boluses(p)
    free, least, most = (0.83, 0.40, 0.60) if boluses(p) == 1 else (0.48, 0.27, 0.36)
    share = np.clip(free - (body.stretch(each) + 0.28 * p["ring_length"]) / field, least, most)
    if p["closure"] == "leaky":
        # Not so far that nothing is left: the thread behind is a little wider than the opening.
        thread = _THREAD * math.pi * (body.opening * body.radius) ** 2
        share = min(share, 0.62 * each / (thread * field))
    return np.array([0.11] if boluses(p) == 1 else [0.05, 0.47]) * field, float(share) * field


def s_per_frame(p: Parameters, num_frames: int) -> float:
    """The rings go their whole way in the clip, but at most a twentieth of the field per frame."""
    _, way = plan(p)
    return min(way / (num_frames - 1), _LARGEST_STEP * p["field_of_view"]) / speed(p)


def flow(p: Parameters, times_s: np.ndarray, source: np.ndarray | None = None) -> dict[str, Any]:
    """What `peristaltic_tube.run` gives at `times_s` after the first frame, places and centres."""
    body, (places, _) = tube(p), plan(p)
    x = body.grid()
    start = places - _RUN_IN * p["field_of_view"]
    liquid = peristaltic_tube.fill(body, x, start, 1000 * p["volume"] / len(start))
    lead = _RUN_IN * p["field_of_view"] / body.speed
    found = peristaltic_tube.run(body, x, liquid, start, lead + times_s, source)
    middles = peristaltic_tube.centres(x, found["rings"], found["liquid"])
    return {**found, "middles": middles, "x": x}


def simulate(p: Parameters, clock: Clock, rng: np.random.Generator) -> State:
    """Run the wave; see the module's docstring for the model."""
    field = p["field_of_view"]
    crumbs = np.stack([
        (np.arange(_BITS) + rng.uniform(0, 1, _BITS)) / _BITS, rng.uniform(-0.82, 0.82, _BITS),
        rng.uniform(0.9, 1.7, _BITS), rng.uniform(0, np.pi, _BITS),
    ])  # fmt: skip
    arrays = {
        **flow(p, clock.times_s),
        "axis": np.array([0.5 + rng.uniform(-0.02, 0.02), rng.uniform(0.006, 0.014),
                          rng.uniform(0, 2 * np.pi)]),
        "crumbs": crumbs,
        "bundles": np.arange(-0.02 * field, 1.02 * field, 3.4) + rng.uniform(0, 3.4),
        "context": rng.uniform(0, 1, (60, 4)),
        "flip": float(rng.choice([-1.0, 1.0])),
    }  # fmt: skip
    state = State(1000 * field, arrays, Truth())
    tell(p, clock, state)
    return state


def place(p: Parameters, state: State, s: Any, v: Any) -> np.ndarray:
    """Image coordinates (…, 2) in µm of points `s` mm aboral, `v` mm beside the tube's axis."""
    field = p["field_of_view"]
    middle, bend, phase = state["axis"]
    s = np.asarray(s, float)
    v = v + field * (middle + bend * np.sin(2 * np.pi * s / field + phase))
    along = field - s if p["direction"] in ("right_to_left", "upwards") else s
    pair = (along, v) if p["direction"].endswith(("left", "right")) else (v, along)
    return 1000 * np.stack(np.broadcast_arrays(*pair), -1)


def tell(p: Parameters, clock: Clock, state: State) -> None:
    """Write tracks, events and series into the state's truth; series are the leading ring's."""
    truth, body, rings = state.truth, tube(p), state["rings"]
    field, x = p["field_of_view"], state["x"]
    for kind, first, paths in (("ring", 0, rings), ("bolus", 100, state["middles"])):
        for i in range(paths.shape[1]):
            frames = np.flatnonzero((paths[:, i] >= 0) & (paths[:, i] <= field))
            xy = place(p, state, paths[frames, i], 0.0)
            truth.add_track(first + i, kind, frames.tolist(), xy)
    parts = peristaltic_tube.portions(x, rings, state["liquid"]) / 1000
    radius = np.sqrt(np.maximum(state["rest"], state["liquid"]) / np.pi)
    tight = np.stack([np.interp(r, x, a) for r, a in zip(rings[:, -1], radius, strict=True)])
    q = peristaltic_tube.flow(body, x, state["liquid"], state["rest"])
    border = 0.5 * (x[1:] + x[:-1])
    leak = np.array([np.interp(r, border, row) for r, row in zip(rings[:, -1], q, strict=True)])
    top = peristaltic_tube.pressure(state["liquid"], state["rest"]).max(axis=1)
    truth.series.update(
        ring_mm=("mm", rings[:, -1].copy()),
        bolus_mm=("mm", state["middles"][:, -1].copy()),
        ahead_ml=("ml", parts[:, -1]),
        behind_ml=("ml", parts[:, :-1].sum(axis=1)),
        total_ml=("ml", parts.sum(axis=1)),
        opening=("fraction", tight / body.radius),
        flow_at_ring_ml_s=("ml/s", leak / 1000),
        peak_pressure_pa=("Pa", top),
    )
    truth.events.append(Event("wave_in_view", 0, 0.0, 0, body.speed, "mm/s"))
    for i in range(rings.shape[1]):
        passed = np.flatnonzero(rings[:, i] >= 0.5 * field)
        if len(passed) and passed[0] > 0:
            frame = int(passed[0])
            t_s = frame * clock.s_per_frame
            truth.events.append(Event("ring_passes_middle", frame, t_s, i, 0.5 * field, "mm"))
    truth.events.sort(key=lambda event: event.frame)


def backdrop(p: Parameters, state: State, scene: Scene) -> None:
    """Fat, the organs around the tube and the marks of its two ends."""
    field, noise = p["field_of_view"], state["context"]
    near = (0.5 * p["bore"] + WALL_MM + 3.5) / field

    def at(s: Any, v: Any) -> np.ndarray:
        return place(p, state, s * field, state["flip"] * v * field)

    side = np.where(noise[:, 3] < 0.5, 1.0, -1.0) * (near + 0.02 + 0.42 * noise[:, 1])
    for (x, y), (_, _, size, turn) in zip(at(1.1 * noise[:, 0] - 0.05, side), noise, strict=True):
        r = (0.045 + 0.035 * size) * state.field_um
        scene.ellipse(x, y, r, 0.8 * r, 6 * turn, "lobule")
    build = gut_anatomy.around_oesophagus if boluses(p) == 1 else gut_anatomy.around_intestine
    for material, shape in build(near, noise[:, 0]).shapes:
        if shape.ndim == 1:
            (x0, y0), (x1, y1) = at(shape[[0, 2]], shape[[1, 3]])
            scene.capsule(x0, y0, x1, y1, shape[4] * state.field_um, material)
        else:
            bevel = shape[-1, 0] * state.field_um
            scene.polygon(at(shape[:-1, 0], shape[:-1, 1]), material, bevel=bevel)


def _band(p: Parameters, state: State, s: np.ndarray, one: Any, other: Any) -> np.ndarray:
    """Outline (2N, 2) in µm of what lies between `one` and `other` mm from the axis."""
    return np.concatenate([place(p, state, s, one), place(p, state, s[::-1], other[::-1])])


def draw(p: Parameters, state: State, frame: int, scene: Scene) -> None:
    """The bore with its folds, the liquid, then the wall with its muscle and its lining."""
    x, liquid = state["x"], state["liquid"][frame]
    s, bore = peristaltic_tube.outline(x, liquid, state["rest"][frame], _POINTS)
    # The section of the wall is constant.
    rest = 0.5 * p["bore"]
    wall = (rest + WALL_MM) ** 2 - rest**2
    row, edge = np.sqrt(bore**2 + _LAYER * wall), np.sqrt(bore**2 + wall)
    scene.polygon(_band(p, state, s, bore, -bore), "lumen", bevel=400.0 * p["bore"])
    _folds(p, state, s, bore, scene)
    _liquid(p, state, liquid, scene)
    body, at = tube(p), state["bundles"]
    tone = np.zeros(len(at))
    for ring in state["rings"][frame]:
        tone = np.maximum(tone, body.squeeze(at, ring))
    inner, outer = np.interp(at, s, row), np.interp(at, s, edge)
    rise = np.interp(at, s, np.gradient(row, s))
    for side in (-1.0, 1.0):
        band = _band(p, state, s, side * bore, side * edge)
        scene.polygon(band, "muscle", bevel=450.0 * WALL_MM)
        scene.polyline(place(p, state, s, side * (bore + 0.35)), 750.0, "mucosa")
        middle = place(p, state, at, side * inner)
        ahead = place(p, state, at + 0.1, side * (inner + 0.1 * rise)) - middle
        for (x, y), (dx, dy), thick, on in zip(middle, ahead, outer - inner, tone, strict=True):
            size, angle = 1000 * min(0.62 * thick, 2.2), math.atan2(dy, dx)
            scene.ellipse(x, y, 1350.0, size, angle, "bundle")
            if on > 0.02:
                scene.ellipse(x, y, 1450.0, 1.1 * size, angle, "active", fade=on)


def _folds(p: Parameters, state: State, s: np.ndarray, bore: np.ndarray, scene: Scene) -> None:
    """Lengthwise folds in the oesophagus, circular ones in the intestine."""
    if boluses(p) == 1:
        for share in (-0.62, -0.2, 0.25, 0.66):
            scene.polyline(place(p, state, s[_EVEN], share * bore[_EVEN]), 500.0, "fold")
        return
    across = np.array([-0.92, -0.5, 0.0, 0.5, 0.92])
    for i, at in enumerate(state["bundles"][::2]):
        r = np.interp(at, s, bore)
        bow = 1.6 * (1 - across**2) * (1 if i % 2 else -1)
        scene.polyline(place(p, state, at + bow, across * r), 600.0, "fold")


def _liquid(p: Parameters, state: State, liquid: np.ndarray, scene: Scene) -> None:
    """Every stretch of liquid that is thick enough to be seen, with what floats in it."""
    x, radius = state["x"], peristaltic_tube.drawn_radius(liquid)
    name, bit = ("swallow", "bubble") if boluses(p) == 1 else ("chyme", "crumb")
    for s, r in peristaltic_tube.stretches(x, radius, _THIN_MM, _POINTS):
        scene.polygon(_band(p, state, s, r, -r), name, bevel=0.7e3 * max(1.0, float(r.max())))
    held = np.cumsum(liquid) - 0.5 * liquid
    share, off, size, turn = state["crumbs"]
    room = np.interp(at := np.interp(share * liquid.sum(), held, x), x, radius)
    for (cx, cy), a, r, angle in zip(place(p, state, at, off * room), size, room, turn,
                                     strict=True):  # fmt: skip
        if r > 1.8 * a:
            flat = 1.0 if bit == "bubble" else 0.65
            scene.ellipse(cx, cy, 1000 * a, 1000 * flat * a, angle, bit)


_WAY = {
    "left_to_right": ("rightwards", "to the right", "from left to right"),
    "right_to_left": ("leftwards", "to the left", "from right to left"),
    "downwards": ("downwards", "to the bottom", "from top to bottom"),
    "upwards": ("upwards", "to the top", "from bottom to top"),
}
_SIDES = {"left_to_right": ("left", "right"), "right_to_left": ("right", "left"),
          "downwards": ("top", "bottom"), "upwards": ("bottom", "top")}  # fmt: skip


def captions(p: Parameters, state: State) -> list[str]:
    """Sentences of at most 16 words: organ, count, volume, direction, speed and closure."""
    adverb, to, way = _WAY[p["direction"]]
    one, organ, v = boluses(p) == 1, p["organ"], f"{plain(speed(p))} mm/s"
    s, ring = ("s", "ring") if one else ("", "rings")
    shut = "closed" if p["closure"] == "complete" else "leaky"
    b = f"{number_word(boluses(p))} {plain(p['volume'] / boluses(p))} ml bolus{'' if one else 'es'}"
    rings, a_ring = f"{shut} {ring}", f"a {shut} ring" if one else f"{shut} rings"
    push = "pushes" if one else "push"
    gut = "oesophageal" if one else "intestinal"
    return [
        f"peristalsis drives {b} {adverb} along the {organ} at {v}, {rings}",
        f"{a_ring} {push} {b} {adverb} through the {organ} at {v}",
        f"{gut} peristalsis: {b} move{s} {to} at {v}, {rings} behind",
        f"peristaltic wave, {rings}: {b} move{s} {adverb} through the {organ} at {v}",
        f"{b} in the {organ}, pushed {adverb} at {v} by {a_ring}",
        f"{gut} peristalsis: {rings} drive{s} {b} {way} at {v}",
        f"peristalsis: {a_ring} {push} {b} {adverb} in the {organ} at {v}",
    ]


def descriptions(p: Parameters, state: State) -> list[str]:
    """Several sentences, 75 to 135 words, with the same facts; the last is held out."""
    adverb, to, way = _WAY[p["direction"]]
    mouth, end = _SIDES[p["direction"]]
    v, ml = f"{plain(speed(p))} mm/s", f"{plain(p['volume'] / boluses(p))} ml"
    wide = f"{plain(p['field_of_view'])} mm"
    kind = "closed" if p["closure"] == "complete" else "leaky"
    if boluses(p) == 1:
        gut, what, it, ring, s = "oesophagus", f"one bolus of {ml} of liquid", "it", "ring", "s"
        be = "is"
        a_ring, each = f"one {kind} ring of contraction", f"the {kind} ring"
        marks = f"Lips mark the mouth end at the {mouth}, a stomach the other end at the {end}."
        around = "Windpipe and spine stand still beside it."
    else:
        gut, what, it = "small intestine", f"two boluses of {ml} of chyme each", "them"
        ring, s, be = "rings", "", "are"
        a_ring, each = f"two {kind} rings of contraction", f"each {kind} ring"
        marks = f"A stomach marks the oral end at the {mouth}, a colon the other end at the {end}."
        around = "Mesentery and a neighbouring loop stand still beside it."
    if kind == "closed":
        shut = f"As {each} shuts the bore, no liquid escapes and none stays behind."
        fate = f"The {kind} {ring} let{s} nothing back, so the content keeps its volume."
    else:
        shut = f"As {each} leaves the bore open, liquid escapes and a thread stays behind."
        fate = f"The {kind} {ring} let{s} liquid back, so the content ahead dwindles."
    return [
        f"Peristalsis in the {gut}, cut open lengthwise, in a picture {wide} wide. Circular muscle "
        f"forms {a_ring}, which travel{s} {way} at {v} and drive{s} {what} {adverb}. {shut} Ahead "
        f"of the contraction the muscle is inhibited, so the wall yields and widens; behind, the "
        f"bore returns to its resting width. The wall keeps its own volume: it is thick where the "
        f"muscle contracts and thin around the liquid. {marks} {around}",
        f"A lengthwise section shows the {gut}, {wide} in view, with {what}. The content is moving "
        f"{adverb}, {to} of the picture, at {v}, because a wave of contraction follows on its oral "
        f"side. {fate} {marks} Dark bundles of active muscle crowd at the {ring}; pale ones rest "
        f"elsewhere. Where the liquid arrives the wall is stretched and thin, and once the wave "
        f"has gone by, the bore is as wide as before. {around}",
        f"Here {a_ring} can be watched at work in the {gut}: moving at {v} {way}, the peristaltic "
        f"wave pushes {what} and carries {it} {adverb}. {shut} Nothing in this picture, {wide} "
        f"wide, moves by gravity, as the tube lies across it; muscle alone does the work. The wall "
        f"relaxes ahead of the wave, as the law of the intestine says, and lets the liquid come. "
        f"{marks} Folds of the lining and bundles of muscle are seen in section.",
        f"The muscular wall of the {gut} carries {what} {way}. The speed of the peristaltic wave "
        f"is {v}, and the view is {wide} wide. {marks} On the oral side of the liquid the circular "
        f"muscle contracts, on its aboral side it is relaxed, and this pattern moves {adverb} as a "
        f"whole. {fate} The liquid is thick and flows so slowly that friction, not inertia, "
        f"decides where it goes. {around}",
        f"The {gut} is seen in a lengthwise section {wide} wide. At work {be} {a_ring}, and the "
        f"peristaltic wave is moving {adverb} at {v}. {marks} Circular muscle contracts on the "
        f"oral side of the liquid and is relaxed ahead, where the wall yields; so it carries "
        f"{what} {way}. {shut} Behind the wave the bore returns to its resting width, and the "
        f"wall is thick where the bundles of muscle are active. {around}",
    ]


def prompts(p: Parameters, state: State) -> list[str]:
    """Short requests with organ, direction and closure; the last is held out."""
    adverb, to, way = _WAY[p["direction"]]
    organ, shut = p["organ"], "closed" if p["closure"] == "complete" else "leaky"
    if boluses(p) == 1:
        b, move, push, ring, a_ring = "a bolus", "moves", "pushes", "ring", f"a {shut} ring"
    else:
        b, move, push, ring, a_ring = "two boluses", "move", "push", "rings", f"{shut} rings"
    return [
        f"peristalsis in the {organ} {way}, {shut} {ring}",
        f"{a_ring} {push} {b} {adverb} through the {organ}",
        f"{b} in the {organ} {move} {to}, {shut} {ring}",
        f"show {organ} peristalsis with {a_ring} moving {adverb}",
        f"{organ} with {a_ring} of contraction running {way}",
        f"a peristaltic wave drives {b} {adverb} in the {organ}, {shut} {ring}",
        f"{shut} {ring} of muscle, {b}, {organ}, {way}",
        f"{organ} carries {b} {to} by peristalsis, {shut} {ring}",
        f"contraction moves {adverb} along the {organ} with {a_ring}",
        f"peristalsis in the {organ}: {a_ring} {push} {b} {adverb}",
    ]
