"""Airway cilia, in side view: a row that carries a mucus sheet with dust, or three in saline.

The model of beat, metachronal row and mucus is in `models.ciliary_beat`. The load on the sheet
follows from the drawn speed. With `paralysis` the strokes become smaller and slower and cease near
the middle of the clip; the sheet has no inertia and stops with them.

Schematic: cilia are drawn 0.6 µm thick and 3 µm apart instead of 0.25 and 0.3 to 0.4 µm, so that
each one shows, and the recovery stroke, which leans sideways in the airways, lies in the plane.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..canvas import Material, Scene
from ..captions import number_word, plain
from ..core import Choice, Clock, HeldOut, Parameters, Range, Setting, State, Truth
from ..models import airway_epithelium as epithelium
from ..models import ciliary_beat as beat
from ..models import ciliary_row as row

LEVEL = "organ"
SETTING = Setting(
    view="side view of the ciliated surface, one row deep; a fainter row stands behind it",
    field="open",
    frame_of_reference="fixed to the cells",
    temperature_c=37.0,
    medium="watery periciliary liquid under a mucus sheet, or saline without mucus",
    organism="human airway (trachea and bronchi)",
    marks="the feet of the basal bodies point the way of the effective stroke",
    schematic=True,
)
_CHOSEN = "modelling choice"
PARAMETERS: tuple[Range | Choice, ...] = (
    Choice("direction", ("left_to_right", "right_to_left"), "of the effective stroke; both ways"),
    Choice("mucus", ("yes", "no"), "a row under mucus, or a close-up of three cilia in saline"),
    Choice("paralysis", ("yes", "no"), _CHOSEN + ": cilia that stop in mid-clip, or beat on"),
    Range("frequency", "Hz", 10.0, 15.0,
          "human airways 10 to 15 Hz: Rutland, Griffin & Cole 1982, Am Rev Respir Dis 125:100"),
    Range("mucus_speed", "µm/s", 45.0, 95.0,
          "main bronchi 2.4, trachea 5.5 mm/min (40 and 92 µm/s): Foster, Langenback & Bergofsky "
          "1980, J Appl Physiol 48:965"),
    Range("cilium_length", "µm", 6.0, 7.0,
          "6 to 7 µm: Sleigh, Blake & Liron 1988, Am Rev Respir Dis 137:726"),
    Range("effective_share", "1", 0.28, 0.36,
          _CHOSEN + ": a recovery about twice as long; that it is slower: Satir & Sleigh 1990, "
          "Annu Rev Physiol 52:137"),
    Range("sweep", "degrees", 76.0, 96.0, _CHOSEN + ": angle of the effective stroke"),
    Range("wavelength", "µm", 28.0, 40.0,
          _CHOSEN + ": metachronal wave, long enough for the cilia that are drawn to follow it"),
    Range("specks", "specks", 6, 9, _CHOSEN + ": dust in view at first", integer=True),
    Range("field_of_view", "µm", 38.0, 42.0, _CHOSEN + ": with mucus"),
    Range("close_up", "µm", 14.5, 15.5, _CHOSEN + ": width of the field without mucus"),
)  # fmt: skip
HELD_OUT = HeldOut(
    interval=("sweep", 86.0, 89.0),
    combination={"mucus": "no", "paralysis": "yes", "direction": "left_to_right"},
)
MATERIALS = {
    "liquid": Material("#a9dbe6", opacity=0.85, edge=0.85, gloss=0.0, emission="#1b5f8a", glow=0.06,
                       absorb="#eef7f8", refraction=0.05),
    "cell": Material("#e3a0ae", gloss=0.10, emission="#8a45c4", glow=0.18, rim_glow=0.30,
                     absorb="#ead9dc", refraction=0.55),
    "nucleus": Material("#6d4fa3", opacity=0.85, edge=0.95, gloss=0.2, emission="#3c63ff",
                        glow=0.50, rim_glow=0.05, absorb="#c3b2cb", refraction=0.5),
    "nucleolus": Material("#44307a", opacity=0.7, edge=0.8, gloss=0.2, emission="#86a0ff",
                          glow=0.12, absorb="#ab98b8", refraction=0.3),
    "mitochondrion": Material("#c4668a", opacity=0.6, edge=0.75, gloss=0.25, emission="#a04ac0",
                              glow=0.05, absorb="#d9bcc6", refraction=0.3),
    "goblet": Material("#d6cf86", opacity=0.95, edge=1.0, gloss=0.15, emission="#d8473a", glow=0.14,
                       rim_glow=0.10, absorb="#e2dfc0", refraction=0.4),
    "granule": Material("#efe9b0", opacity=0.9, edge=0.9, gloss=0.3, emission="#ff5a48", glow=0.22,
                        absorb="#d9d5ae", refraction=0.4),
    "microvillus": Material("#d88a9c", opacity=0.9, gloss=0.1, emission="#9a55d0", glow=0.16,
                            absorb="#e0ccd2", refraction=0.2),
    "basal_body": Material("#7d1f4c", opacity=0.95, gloss=0.3, emission="#ffd24a", glow=0.55,
                           absorb="#8f6c80", refraction=0.5),
    "rootlet": Material("#a8466f", opacity=0.75, edge=0.75, gloss=0.1, emission="#d8943a",
                        glow=0.22, absorb="#b79aa8", refraction=0.3),
    "far_cilium": Material("#c48aa8", opacity=0.75, edge=0.75, gloss=0.0, emission="#2fae62",
                           glow=0.20, absorb="#d6c6cd", refraction=0.2),
    "cilium": Material("#8e1f58", gloss=0.35, edge=1.0, emission="#5cff86", glow=0.85,
                       rim_glow=0.15, absorb="#8a7682", refraction=0.9),
    "mucus": Material("#b9c45a", opacity=0.66, edge=0.95, gloss=0.25, emission="#d8402e", glow=0.30,
                      rim_glow=0.22, absorb="#dfe2bf", refraction=0.35),
    "strand": Material("#e3ea9c", opacity=0.5, edge=0.5, gloss=0.2, emission="#ff5a40", glow=0.12,
                       absorb="#cfd3aa", refraction=0.25),
    "bubble": Material("#f4f9d8", opacity=0.28, edge=0.85, gloss=0.6, emission="#ff7a60",
                       rim_glow=0.16, absorb="#f2f3e2", refraction=-0.5),
    "dust": Material("#33261f", gloss=0.35, shadow=0.25, emission="#ffe9b0", glow=0.85,
                     absorb="#4a423c", refraction=0.8),
}  # fmt: skip
BACKGROUND = "#e6eef0"

RADIUS_UM = 0.30
"""Half the thickness of a drawn cilium."""
SPACING_UM = 2.9
"""Drawn distance between neighbours of the row."""
SHEET = 0.22
"""Thickness of the mucus sheet in widths of the field."""
COUPLING = 0.15
"""Coupling of neighbours by the cilia's frequency."""
_FINE = 96  # steps per beat, at least
_REACH_UM = 9.0  # how far out of the field cilia are simulated, as they still carry the sheet


def s_per_frame(p: Parameters, num_frames: int) -> float:
    """Seconds between frames: 8 to 16 a beat, so that short clips show two beats."""
    beats, most = (3, 12.0) if p["paralysis"] == "yes" else (2, 16.0)
    return 1 / (p["frequency"] * float(np.clip((num_frames - 1) / beats, 8.0, most)))


def simulate(p: Parameters, clock: Clock, rng: np.random.Generator) -> State:
    """Let the row beat, then let it carry the sheet; see `models.ciliary_beat`."""
    sheet = p["mucus"] == "yes"
    field_um = p["field_of_view"] if sheet else p["close_up"]
    surface = field_um * (0.62 if sheet else 0.70)
    cells = epithelium.tissue(field_um, surface, 8.6 if sheet else 12.6, rng)
    if sheet:
        # A row in front, and one behind it in between.
        places = np.arange(-_REACH_UM, field_um + _REACH_UM, SPACING_UM / 2)
        places = places + rng.uniform(0, SPACING_UM)
    else:
        # A little upstream, for the bent strokes reach out downstream.
        places = field_um / 2 - 0.2 + 0.185 * field_um * np.array([-1.0, 0.0, 1.0])
    count = len(places)
    # The wave runs against the stroke or with it.
    lag = float(places[1] - places[0]) / p["wavelength"] * rng.choice([-1.0, 1.0])

    per_frame = int(np.ceil(_FINE * p["frequency"] * clock.s_per_frame))
    steps = per_frame * (clock.num_frames - 1)
    begin, stop = rng.uniform(0.36, 0.42), rng.uniform(0.53, 0.62)
    drive = np.ones(2 * steps + 1)
    if p["paralysis"] == "yes":
        x = np.clip((np.linspace(0, 1, len(drive)) - begin) / (stop - begin), 0, 1)
        drive = 1 - x * x * (3 - 2 * x)
    start = rng.uniform(0, 1) + lag * np.arange(count) + rng.normal(0, 0.012, count)
    own = p["frequency"] * (1 + rng.normal(0, 0.01, count))
    phase = beat.locked_phases(
        start, own, lag, COUPLING * p["frequency"], drive, clock.s_per_frame / per_frame
    )
    rest = rng.normal(0.06, 0.07, count)
    amplitude = np.repeat(drive[::2, None], count, axis=1)
    form = row.form(p)
    shift = np.zeros(steps + 1)
    if sheet:
        loaded = beat.load(p["mucus_speed"], p["frequency"], *form)
        shift = beat.sheet_shift(
            beat.shapes(phase, amplitude, rest, *form), p["cilium_length"], loaded
        )
    places_shown = places if p["direction"] == "left_to_right" else field_um - places
    arrays: dict[str, Any] = {
        "phase": phase[::per_frame],
        "amplitude": amplitude[::per_frame],
        "facing": np.ones((clock.num_frames, count)),
        "rest": rest,
        "shift": shift[::per_frame],
        "places": places,
        "bases": np.stack(
            [places_shown, epithelium.face(places_shown, cells["joints"], surface)], axis=1
        ),
        "front": np.arange(count) % 2 == 0 if sheet else np.ones(count, bool),
        "surface": surface,
        "lag": lag,
        **cells,
        "villi": epithelium.microvilli(field_um, cells["joints"], surface, rng),
        **_layer(p, field_um, surface, cells["joints"], float(shift[-1]), rng),
    }
    return row.posed(p, clock, State(field_um, arrays, Truth()), {})


def _layer(
    p: Parameters, field_um: float, surface: float, joints: np.ndarray, way: float,
    rng: np.random.Generator,
) -> dict[str, Any]:  # fmt: skip
    """The mucus sheet, what it carries, and the goblet cells that make mucus; empty in saline."""
    if p["mucus"] == "no":
        none = np.zeros((0, 4))
        return {"specks": none, "strands": none, "bubbles": none, "granules": none, "cups": []}
    under = surface - beat.UNDERSIDE * p["cilium_length"]
    band = (under - SHEET * field_um, under)
    return {
        "band": band,
        "crests": np.stack([rng.uniform(0, 2 * np.pi, 3), rng.uniform(0.5, 1.0, 3)], 1),
        **epithelium.sheet(field_um, band, way, p["specks"], rng),
        **epithelium.goblets(field_um, joints, surface, rng),
    }


def backdrop(p: Parameters, state: State, scene: Scene) -> None:
    """The watery layer, the cells with their nuclei, goblet cells, basal bodies and feet."""
    field_um = state.field_um
    roof = state["band"][1] - 1.0 if p["mucus"] == "yes" else -5.0
    corners = [[-9, roof], [field_um + 9, roof], [field_um + 9, field_um], [-9, field_um]]
    scene.polygon(np.array(corners), "liquid", bevel=0.5)
    for x, y, high in state["villi"]:
        scene.capsule(x, y + 0.2, x, y - high, 0.13, "microvillus")
    for cell in state["cells"]:
        scene.polygon(cell, "cell", bevel=3.4)
    for (x0, y0), (x1, y1) in state["mitochondria"]:
        scene.capsule(x0, y0, x1, y1, 0.34, "mitochondrion")
    for x, y, a, b, angle in state["nuclei"]:
        scene.ellipse(x, y, a, b, angle, "nucleus")
        scene.disc(x + 0.3 * a, y - 0.25 * b, 0.7, "nucleolus")
    for cup in state["cups"]:
        scene.polygon(cup, "goblet", bevel=1.2)
    for x, y, r in state["granules"]:
        scene.disc(x, y, r, "granule")
    scale = 1.0 if p["mucus"] == "yes" else 1.25
    for k in np.flatnonzero(state["front"]):
        x, y = state["bases"][k]
        scene.capsule(x, y + 0.15, x, y + 0.95 * scale, 0.36 * scale, "basal_body")
        foot = x + state["sense"] * 0.95 * scale
        scene.capsule(x, y + 0.55 * scale, foot, y + 0.75 * scale, 0.17 * scale, "basal_body")
        # The rootlet, which anchors a cilium in its cell.
        root = x - state["sense"] * 0.5 * scale
        scene.capsule(x, y + scale, root, y + 3.2 * scale, 0.12 * scale, "rootlet")


def draw(p: Parameters, state: State, frame: int, scene: Scene) -> None:
    """Far cilia, the row, and over their tips the sheet with what it carries."""
    cilia, near = state["cilia"][frame], state["front"]
    x = state["bases"][:, 0]
    seen = (x > -_REACH_UM) & (x < state.field_um + _REACH_UM)
    for points in cilia[seen & ~near]:
        scene.polygon(_ribbon(points[::2], 0.8), "far_cilium", bevel=RADIUS_UM, soft=0.2)
    for points in cilia[seen & near]:
        scene.polygon(_ribbon(points), "cilium", bevel=RADIUS_UM)
    if p["mucus"] == "yes":
        _draw_sheet(state, frame, scene)


def _ribbon(points: np.ndarray, thickness: float = 1.0) -> np.ndarray:
    """Outline of a filament of even `thickness` through `points` (K, 2), round at its tip."""
    radius = thickness * RADIUS_UM
    along = np.gradient(points, axis=0)
    along /= np.hypot(along[:, 0], along[:, 1])[:, None]
    side = np.stack([-along[:, 1], along[:, 0]], -1) * radius
    turn = np.array([[0.75, 0.66], [0.0, 1.0], [-0.75, 0.66]])
    tip = points[-1] + turn[:, :1] * side[-1] + radius * turn[:, 1:] * along[-1]
    return np.vstack([points + side, tip, (points - side)[::-1]])


def _draw_sheet(state: State, frame: int, scene: Scene) -> None:
    top, under = state["band"]
    field_um, shift, sense = state.field_um, state["shift"][frame], state["sense"]
    x = np.linspace(-3, field_um + 3, 66)
    own = (x if sense > 0 else field_um - x) - shift
    crest = np.zeros_like(x)
    for length, (turn, weight) in zip((23.0, 11.0, 6.1), state["crests"], strict=True):
        crest += 0.022 * length * weight * np.sin(2 * np.pi * own / length + turn)
    upper = np.stack([x, top + crest], -1)
    lower = np.array([[field_um + 3, under], [-3, under]])
    scene.polygon(np.vstack([upper, lower]), "mucus", bevel=2.2)
    for (x0, y), (_, _, half, slope) in zip(
        row.speck_places(state, frame, "strands"), state["strands"], strict=True
    ):
        rise = sense * half * slope
        scene.capsule(x0 - half, y - rise, x0 + half, y + rise, 0.16, "strand", soft=0.1)
    for (x0, y), r in zip(
        row.speck_places(state, frame, "bubbles"), state["bubbles"][:, 2], strict=True
    ):
        scene.disc(x0, y, r, "bubble")
    for (x0, y), (_, _, r, angle) in zip(
        row.speck_places(state, frame), state["specks"], strict=True
    ):
        scene.ellipse(x0, y, 1.07 * r, 0.93 * r, sense * angle, "dust")


_WAYS = {
    "left_to_right": {"way": "from left to right", "ward": "rightwards", "to": "to the right"},
    "right_to_left": {"way": "from right to left", "ward": "leftwards", "to": "to the left"},
}
# Texts by (mucus, paralysis); the last of each is held out.
_CAPTIONS = {
    ("yes", "no"): (
        "{n} airway cilia beat steadily and carry dusty mucus {to} at {v}",
        "dust in mucus drifts {ward} at {v} over {n} airway cilia that keep beating",
        "mucociliary clearance: {n} steadily beating cilia sweep dusty mucus {way} at {v}",
        "a row of {n} cilia beats without pause and moves dusty mucus {ward} at {v}",
        "dust rides {to} at {v} on mucus swept by {n} steadily beating cilia",
        "{n} cilia of the trachea keep beating, their mucus with dust flowing {ward} at {v}",
        "{n} steadily beating airway cilia sweep mucus with dust {way} at {v}",
    ),
    ("yes", "yes"): (
        "{n} airway cilia carry dusty mucus {to} at {v} until paralysis halts both",
        "dust in mucus drifts {ward} at {v} until its {n} cilia are paralysed",
        "dusty mucus moving {way} at {v} halts as {n} cilia are paralysed",
        "paralysis: {n} cilia sweeping dusty mucus {way} at {v} come to rest",
        "a row of {n} cilia moves dusty mucus {ward} at {v}, then stands still",
        "mucociliary clearance fails: {n} paralysed cilia stop, dusty mucus moving {ward} at {v} "
        "halts",
        "{n} airway cilia sweeping dusty mucus {way} at {v} are paralysed",
    ),
    ("no", "no"): (
        "three airway cilia beat steadily in saline at {hz}, their power stroke {to}",
        "close-up of three cilia without mucus that keep beating {ward} at {hz}",
        "without mucus, three cilia sweep {ward} straight and return bent, steadily at {hz}",
        "three cilia beat without pause in saline at {hz}, sweeping {way}",
        "no mucus: three cilia on a cell beat steadily, {hz}, straight strokes {to}",
        "in clear saline three cilia keep beating at {hz} with power strokes {ward}",
        "three cilia keep beating in clear saline at {hz}, power strokes {to}",
    ),
    ("no", "yes"): (
        "three airway cilia beat in saline at {hz}, power stroke {to}, until paralysis",
        "close-up of three cilia without mucus, beating {ward} at {hz}, then paralysed",
        "without mucus, three cilia sweep {ward} straight, return bent at {hz}, then stop",
        "three cilia in saline beat at {hz}, sweeping {way}, then stand still",
        "no mucus: three cilia with straight strokes {to} at {hz} come to rest",
        "in clear saline three cilia beating at {hz} with power strokes {ward} are paralysed",
        "three cilia in clear saline beat at {hz}, power strokes {to}, then stop",
    ),
}
_PROMPTS = {
    ("yes", "no"): (
        "airway cilia beat steadily and carry dusty mucus {to}",
        "mucus with dust moving {ward} on steadily beating cilia",
        "cilia of the trachea keep sweeping mucus {way}",
        "mucociliary clearance {way}, the cilia never stop",
        "show cilia steadily beating under mucus that drifts {ward}",
        "mucus flows {to} over cilia that beat without pause",
        "a row of cilia keeps beating, dusty mucus goes {ward}",
        "healthy airway cilia sweeping a mucus layer {to} without stopping",
        "dust rides {ward} on mucus above steadily beating cilia",
        "steadily beating airway cilia carry mucus {way}",
    ),
    ("yes", "yes"): (
        "cilia carry dusty mucus {to} until they are paralysed",
        "mucus with dust moving {ward} stops as the cilia stop",
        "cilia of the trachea sweep mucus {way}, then stop",
        "mucociliary clearance {way} fails when the cilia are paralysed",
        "show cilia moving mucus {ward} until paralysis",
        "mucus flows {to} over cilia that stand still halfway",
        "a row of cilia is paralysed, dusty mucus going {ward} halts",
        "airway cilia sweeping a mucus layer {to} come to rest",
        "dust rides {ward} on mucus until the cilia stop beating",
        "airway cilia carry mucus {way} until they stop",
    ),
    ("no", "no"): (
        "three cilia beat steadily in saline, power stroke {to}",
        "close-up of cilia without mucus that keep beating {ward}",
        "three cilia keep sweeping {way}, no mucus",
        "cilia in clear saline beating {way} without pause",
        "show three steadily beating cilia without mucus, stroke {ward}",
        "three airway cilia keep beating, straight stroke {to}, no mucus",
        "cilia without mucus sweep {ward} straight, return bent, never stop",
        "three cilia on a cell in saline, steadily sweeping {ward}",
        "no mucus, three cilia beat {to} without stopping",
        "three cilia in clear saline keep beating {way}",
    ),
    ("no", "yes"): (
        "three cilia in saline, power stroke {to}, are paralysed",
        "close-up of cilia without mucus beating {ward} until they stop",
        "three cilia sweeping {way} come to rest, no mucus",
        "cilia in clear saline beat {way}, then stop",
        "show three cilia without mucus, stroke {ward}, then paralysis",
        "three airway cilia stop beating, straight stroke {to}, no mucus",
        "cilia without mucus sweep {ward} straight, return bent, then stand still",
        "three cilia on a cell in saline, sweeping {ward} until paralysed",
        "no mucus, three cilia beat {to} until they halt",
        "three cilia in clear saline beating {way} are paralysed",
    ),
}
# By mucus: (text, how it ends with and without paralysis).
_DESCRIPTIONS = {
    "yes": (
        ("Mucociliary clearance in a human airway, seen from the side. A row of {n} cilia stands "
         "on columnar cells, and a sheet of mucus dotted with dust lies on their tips. In the "
         "effective stroke each cilium swings {ward} as an almost straight rod whose tip reaches "
         "into the mucus; in the slower recovery stroke a bend travels from base to tip and brings "
         "it back low over the cell. Neighbours follow with a short delay, so that waves run along "
         "the row. At {hz} the cilia carry the sheet {way} at {v}. {end}",
         "Near the middle of the clip they are paralysed: the strokes fade, and the mucus comes "
         "to rest with them.",
         "They beat on steadily to the end of the clip."),
        ("Specks of dust ride {to} at {v} on a layer of mucus in the trachea. Below, in a thin "
         "watery liquid, {n} cilia beat at {hz}, each rooted in a ciliated cell by a basal body "
         "whose foot points {to}. A cilium sweeps {ward} nearly straight, pushing the mucus with "
         "its tip, then bends near its base and creeps back close to the cell. As the way out and "
         "the way back differ, every beat moves the mucus on, although nothing coasts at this "
         "scale. {end} Goblet cells full of granules sit between the ciliated ones.",
         "Halfway through, paralysis makes the strokes smaller and slower until cilia and dust "
         "stand still.",
         "The beating goes on without pause."),
        ("This profile of the airway lining shows, from bottom to top, cells with their nuclei, "
         "{n} cilia, a blanket of mucus with embedded grains of dust, and air. All straight power "
         "strokes go {way}; the bent returns go the other way and stay below the mucus. Each "
         "cilium beats slightly later than one of its neighbours: a metachronal wave, {wave}. "
         "With {hz} as their beat frequency, the tips drag the blanket {ward} at {v}. {end}",
         "Before the middle of the clip everything moves; then the cilia weaken, are paralysed "
         "and stay upright, and the grains halt in the same moment and remain in place.",
         "The cilia never stop, and grains leave the picture at one side while others enter at "
         "the other."),
        ("Cilia keep the lung clean by moving mucus. Here {n} of them, six to seven micrometres "
         "long, stand on their cells and beat at {hz}. Fast, stretched strokes {to} alternate with "
         "slow, curled ones in the opposite direction. Only the fast stroke reaches the mucus "
         "above, so the sheet and the dust in it advance {way} at {v}. {end} The row does not beat "
         "in unison: groups of bent cilia seem to travel along it {wave}. Cell "
         "borders, nuclei and basal bodies keep their place.",
         "Then the cilia are paralysed, the strokes die away in the middle of the clip, and "
         "without them the mucus stops at once.",
         "Clearance goes on steadily, beat after beat."),
        ("A sheet of mucus with specks of dust is carried {way} at {v} by {n} airway cilia. They "
         "beat at {hz} in the watery liquid between cells and mucus. Each one sweeps {ward} as a "
         "straight rod that reaches the mucus with its tip, and comes back bent, slower and low "
         "over the cell. Neighbours follow with a delay, so that a wave runs along the row. {end} "
         "Nuclei, goblet cells and basal bodies keep their place below.",
         "In the middle of the clip the cilia are paralysed, their strokes become smaller and "
         "slower, and cilia and dust come to rest.",
         "The cilia beat steadily to the end of the clip, and every beat moves the dust on."),
    ),
    "no": (
        ("A close-up of one airway cell in clear saline, without mucus. Three cilia, six to seven "
         "micrometres long, stand side by side on its upper face and beat at {hz}. In the power "
         "stroke a cilium swings {ward} as an almost straight rod about its base. In the recovery "
         "stroke, which takes about twice as long, a bend starts near the base, runs to the tip "
         "and brings it back low over the cell. The three are slightly out of step, each passing "
         "upright a little after another. {end}",
         "Near the middle of the clip they are paralysed; the strokes become smaller, cease, and "
         "leave three upright cilia.",
         "They beat on steadily to the end of the clip."),
        ("Three slender cilia wave on the surface of a ciliated cell, among short microvilli. "
         "There is no mucus above them, only saline. Seen from the side, each goes {way} fast and "
         "stretched out, then curls up and returns slowly by a lower path. This difference between "
         "the two strokes lets a cilium drive liquid in a world without inertia. The feet of the "
         "basal bodies inside the cell point {to}, the way of the fast stroke. The beat frequency "
         "is {hz}. {end}",
         "Halfway through the clip the cilia are paralysed and come to rest.",
         "The beating goes on without pause through the whole clip."),
        ("How do cilia of the trachea beat? Three of them are seen in profile in saline, with "
         "no mucus in the way. Straight and quick, one after the other sweeps {to}; then a bend "
         "runs up from the base and the cilium slides back, curved and close to the cell. Each "
         "stays rooted at its own basal body, from which a rootlet descends past the nucleus. At "
         "{hz} the strokes go {ward} in turn, not all at once. {end}",
         "Then paralysis sets in: strokes become slower and smaller until, from the middle of the "
         "clip on, all three stand still.",
         "Beat follows beat, steadily, as long as the clip lasts."),
        ("The upper face of a single airway cell, cut in side view, bears three cilia that beat at "
         "{hz} in saline. No mucus lies on them. The effective stroke {way} is fast, with the "
         "cilium stretched out like a rod; the recovery stroke back is slow, with the cilium "
         "folded low over the microvilli. Since out and back are different shapes, the beat is not "
         "reciprocal and can push liquid {ward}. {end} The cell with its nucleus and mitochondria "
         "does not move.",
         "In the middle of the clip the cilia are paralysed and remain upright.",
         "The three cilia keep beating steadily up to the last frame."),
        ("Three cilia of one airway cell beat at {hz} in clear saline, without mucus. Seen from "
         "the side, each sweeps {way} as a straight rod about its base, and then returns bent, "
         "slower and low over the cell, as a bend runs from the base to the tip. The strokes {to} "
         "are slightly out of step. Below, the basal bodies with their feet and the nucleus of the "
         "cell keep their place among the microvilli. {end}",
         "Near the middle of the clip the cilia are paralysed, their strokes become smaller and "
         "slower, and all three stand still.",
         "The cilia keep beating steadily to the end of the clip."),
    ),
}  # fmt: skip


def _facts(p: Parameters, state: State) -> dict[str, str]:
    return {
        "n": number_word(len(row.in_view(state))),
        "v": f"{plain(p['mucus_speed'])} µm/s",
        "hz": f"{plain(p['frequency'])} Hz",
        "wave": "against the transport" if state["lag"] > 0 else "with the transport",
        **_WAYS[p["direction"]],
    }


def captions(p: Parameters, state: State) -> list[str]:
    """Sentences with direction, what lies above the cilia, whether they stop, count and speed."""
    facts = _facts(p, state)
    return [text.format(**facts) for text in _CAPTIONS[p["mucus"], p["paralysis"]]]


def descriptions(p: Parameters, state: State) -> list[str]:
    """Several sentences with the same facts, the setting, the mechanism and what one sees."""
    facts = _facts(p, state)
    return [
        text.format(end=stops if p["paralysis"] == "yes" else goes_on, **facts)
        for text, stops, goes_on in _DESCRIPTIONS[p["mucus"]]
    ]


def prompts(p: Parameters, state: State) -> list[str]:
    """Short requests that carry direction, mucus and paralysis; the last is held out."""
    ways = _WAYS[p["direction"]]
    return [text.format(**ways) for text in _PROMPTS[p["mucus"], p["paralysis"]]]
