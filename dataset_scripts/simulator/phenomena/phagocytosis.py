"""A neutrophil or a macrophage swallows what antibodies mark: beads or rod-shaped bacteria.

The course of the cup is in `models.phagocytic_uptake`, the outline in `models.phagocytic_cup`. A
target that touches the cell is covered along a zipper (Griffin et al. 1975, J Exp Med 142:1263):
first by receptors that diffuse to the cup's rim, so ever more slowly, then, from half engulfment
on, by an active stage in a fraction of the time (Richards & Endres 2014, Biophys J 107:1542). The
closing cup pulls its target in, in proportion to the covered share, and once it is shut the vacuole
travels towards the middle of the cell along microtubules (Blocker et al. 1997, J Cell Biol
137:113). A bare bead bears no ligand: it only rests and wobbles on the cell (Flannagan, Jaumouillé
& Grinstein 2012, Annu Rev Pathol 7:61).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..canvas import Material, Scene
from ..captions import plain
from ..core import Choice, Clock, Event, HeldOut, Parameters, Range, Setting, State, Truth
from ..models.phagocytic_cup import Body, Target, outline, radii, turned
from ..models.phagocytic_uptake import course, resting, story_s, wobble

LEVEL = "cellular"
SETTING = Setting(
    view="optical section through the middle of the cell and its targets, about 2 µm deep",
    field="closed",
    frame_of_reference="substrate at rest",
    temperature_c=37.0,
    medium="buffered medium with serum on a fibrous coat",
    organism="human cells; targets coated with immunoglobulin G unless bare",
    marks="the cup and young vacuoles are orange; bare beads are grey, without antibodies",
)
PARAMETERS = (
    Choice("phagocyte", ("neutrophil", "macrophage"), "the two professional phagocytes"),
    Choice(
        "targets", ("one_bead", "two_bacteria", "coated_and_bare"),
        "beads: Herant, Heinrich & Dembo 2006, J Cell Sci 119:1903; bare ones stay outside: "
        "Griffin et al. 1975, J Exp Med 142:1263",
    ),
    Choice(
        "contact_side", ("left", "right", "top", "bottom"),
        "where the first (or the coated) target touches; a second one lies opposite",
    ),
    Range("cell_size", "1", 0.95, 1.05,
          "of the mean diameter: neutrophil 12 µm, macrophage 20 µm in textbooks"),
    Range("bead_diameter", "µm", 3.9, 4.7, "inside the 3 to 11 µm of Herant et al. 2006"),
    Range("rod_length", "µm", 2.4, 3.0, "modelling choice: a bacillus 1 µm wide"),
    Range("uptake_time", "s", 100.0, 170.0,
          "modelling choice, one to three minutes: the order seen for beads of this size "
          "(Richards & Endres 2014)"),
    Range("slow_share", "1", 0.60, 0.70,
          "modelling choice: share of the uptake taken by the passive stage"),
    Range("receptor_diffusion", "µm²/s", 0.1, 0.3,
          "modelling choice: a membrane receptor, upper range"),
    Range("vacuole_speed", "µm/min", 3.0, 4.5,
          "modelling choice: net inward, slower than its single runs (Blocker et al. 1997)"),
    Range("room", "µm", 8.8, 10.2, "framing: between cell and border"),
)  # fmt: skip
HELD_OUT = HeldOut(
    interval=("uptake_time", 146.0, 156.0),
    combination={"targets": "two_bacteria", "contact_side": "top"},
)
BACKGROUND = "#4a3657"
MATERIALS = {
    "fibre": Material("#6b5479", opacity=0.5, edge=0.6, gloss=0.05, emission="#3a2a70", glow=0.06,
                      absorb="#efe9ee", refraction=0.14),
    "fleck": Material("#38273f", opacity=0.5, edge=0.3, gloss=0.0, emission="#201838", glow=0.04,
                      absorb="#f0eaee", refraction=0.06),
    "neutrophil": Material("#f0bfb0", gloss=0.12, emission="#1f9fd4", glow=0.5, rim_glow=0.16,
                           absorb="#dcc3c6", refraction=0.7),
    "macrophage": Material("#e3b35a", gloss=0.12, emission="#8a5fe0", glow=0.5, rim_glow=0.16,
                           absorb="#dccf9e", refraction=0.7),
    "granule": Material("#c9807f", opacity=0.75, edge=0.5, gloss=0.1, emission="#4fc0e8",
                        glow=0.22, absorb="#c9a6a8", refraction=0.3),
    "vesicle": Material("#f7df9f", opacity=0.75, edge=0.6, gloss=0.3, emission="#a07fe8",
                        glow=0.16, absorb="#f4ecd2", refraction=-0.4),
    "nucleus": Material("#53409a", gloss=0.25, emission="#3f5cff", glow=0.85, absorb="#8a76b4",
                        refraction=0.5),
    "coated": Material("#35c24e", gloss=0.35, shadow=0.2, emission="#2dff4a", glow=0.85,
                       rim_glow=0.15, absorb="#6fbf72", refraction=1.1),
    "bare": Material("#989ca3", gloss=0.25, shadow=0.2, emission="#c2c6cc", glow=0.42,
                     rim_glow=0.15, absorb="#a3a6aa", refraction=1.1),
    "bacterium": Material("#ff3d78", gloss=0.4, shadow=0.15, emission="#ff3a4e", glow=1.0,
                          rim_glow=0.15, absorb="#b0356a", refraction=0.8),
    "antibody": Material("#d8f5a0", gloss=0.2, emission="#b8ff7a", glow=0.35, absorb="#8fb487",
                         refraction=0.3),
    "fluid": Material(BACKGROUND, edge=1.0, gloss=0.0, absorb="#f6f4f6", refraction=-0.5),
    "cup": Material("#f2793a", gloss=0.2, emission="#ffb020", glow=0.75, absorb="#e09a72",
                    refraction=0.6),
    "veil": Material("#f2a868", opacity=0.22, edge=0.8, gloss=0.0, emission="#ffb020", glow=0.10,
                     rim_glow=0.25, absorb="#e6c09a", refraction=0.2),
}  # fmt: skip

DIAMETER_UM = {"neutrophil": 12.0, "macrophage": 20.0}
_SIDE = {"right": 0.0, "bottom": 0.5 * math.pi, "left": math.pi, "top": -0.5 * math.pi}
_FEWEST = 8  # frames of a whole story; shorter clips stop earlier
_TOUCHING = 0.05  # µm from which on fluid is seen between a target and its cup
_ACTIN = 0.5  # inner share of a cup's thickness that actin fills


def s_per_frame(parameters: Parameters, num_frames: int) -> float:
    """Seconds between frames: from 8 frames on a clip always shows the whole story."""
    return story_s(parameters) / (max(num_frames, _FEWEST) - 1)


def simulate(parameters: Parameters, clock: Clock, rng: np.random.Generator) -> State:
    """Cups, targets and the cell's outline at every frame (µm, s)."""
    p, times = parameters, clock.times_s
    diameter = DIAMETER_UM[p["phagocyte"]] * p["cell_size"]
    field_um = float(diameter + 2 * p["room"])
    first = _SIDE[p["contact_side"]] + rng.uniform(-0.14, 0.14)
    angles = np.array([first, first + math.pi + rng.uniform(-0.14, 0.14)])
    if p["targets"] == "one_bead":
        angles = angles[:1]
    waves = rng.uniform(0.6, 1.0, 4) * (0.011 if p["phagocyte"] == "neutrophil" else 0.014)
    phases = rng.uniform(0, 2 * np.pi, 4)
    rates = rng.choice([-1, 1], 4) * 2 * np.pi / rng.uniform(90, 150, 4)
    ripples = np.stack([np.arange(3, 7), waves, phases, rates], 1)
    centre = field_um * 0.5 + rng.uniform(-0.4, 0.4, 2)
    body = Body(centre, ripples, angles)
    cytoplasm = math.pi * diameter**2 / 4
    targets = course(p, times, body, diameter / 2, angles)
    shaking = wobble(times, rng)
    radius = radii(body, cytoplasm, times, targets)
    if p["targets"] == "coated_and_bare":
        targets.append(resting(p["bead_diameter"], body, radius, angles[1], shaking))
    dense = [angle + np.linspace(-0.62, 0.62, 25) for angle in angles]
    around = np.concatenate([np.linspace(0, 2 * np.pi, 53)[1:], *dense])
    phi = np.sort(np.angle(np.exp(1j * around)))
    arrays = {
        "body": body, "phi": phi, "cytoplasm": cytoplasm, "times": times, "wobble": shaking,
        **_dress(p, body, diameter / 2, field_um, rng),
    }  # fmt: skip
    return assemble(p, clock, field_um, arrays, targets, radius)


def assemble(
    p: Parameters, clock: Clock, field_um: float, arrays: dict[str, Any], targets: list[Target],
    radius: np.ndarray,
) -> State:  # fmt: skip
    """The state of a cell of `radius` (T,) µm with these targets: its outline and the truth."""
    body, times = arrays["body"], clock.times_s
    shaping = [t for t in targets if t.covered.any()]
    line = outline(body, radius, times, shaping, arrays["phi"])
    state = State(field_um, {**arrays, "targets": targets, "radius": radius, "outline": line},
                  Truth())  # fmt: skip
    _tell(p, clock, state)
    return state


def _tell(p: Parameters, clock: Clock, state: State) -> None:
    """Write tracks, events and series into the state's truth."""
    truth, body, frames = state.truth, state["body"], range(clock.num_frames)
    truth.add_track(0, p["phagocyte"], frames, np.tile(body.centre, (clock.num_frames, 1)))
    truth.series["cell_radius"] = ("µm", state["radius"])
    inside = np.zeros(clock.num_frames)
    names = {"coated": "coated_bead", "bare": "bare_bead", "bacterium": "bacterium"}
    for number, target in enumerate(state["targets"], start=1):
        truth.add_track(number, names[target.kind], frames, target.centre)
        share = target.covered / target.arc
        away = np.hypot(*(target.centre - body.centre).T)
        truth.series[f"engulfed_share_{number}"] = ("1", share)
        truth.series[f"rim_arc_{number}"] = ("µm", target.covered)
        truth.series[f"distance_{number}"] = ("µm", away)
        inside += share >= 1
        for name, level in (("cup_starts", 1e-9), ("half_engulfed", 0.5), ("closure", 1.0)):
            seen = np.flatnonzero(share >= level)
            if len(seen):
                frame = int(seen[0])
                value, unit = float(share[frame]), "engulfed share"
                truth.events.append(
                    Event(name, frame, frame * clock.s_per_frame, number, value, unit)
                )
    truth.events.sort(key=lambda event: (event.frame, event.object_id))
    truth.series["targets_inside"] = ("targets", inside)


def _dress(
    p: Parameters, body: Body, radius: float, field_um: float, rng: np.random.Generator
) -> dict[str, Any]:
    """Nucleus, granules, vesicles, antibodies and the fibres below, drawn once."""
    axis = float(body.still[0])
    aside = -0.40 if p["targets"] == "one_bead" else 0.0
    middle = body.centre + aside * radius * np.array([math.cos(axis), math.sin(axis)])
    lobes = int(rng.integers(3, 5))
    spread = np.linspace(-1, 1, lobes)
    bow = 0.16 * radius * np.cos(1.5 * spread) - 0.10 * radius
    nuclei = np.stack([bow, 0.50 * radius * spread], 1) + rng.normal(0, 0.02 * radius, (lobes, 2))
    many = 60
    r, phi = radius * 0.86 * np.sqrt(rng.uniform(0.02, 1, many)), rng.uniform(0, 2 * np.pi, many)
    grains = np.stack([r * np.cos(phi), r * np.sin(phi)], 1)
    return {
        "nucleus": (middle, axis, turned(nuclei, axis), rng.uniform(0.17, 0.20, lobes)),
        "bean": rng.uniform(-0.03, 0.03, 24),
        "grains": np.column_stack([grains, rng.uniform(0.7, 1.3, many), rng.uniform(0, 6.3, many)]),
        "antibodies": rng.uniform(0, 2 * np.pi) + np.linspace(0, 2 * np.pi, 14)[:-1],
        "fibres": np.column_stack([rng.uniform(0, field_um, (9, 2)), rng.uniform(0, np.pi, 9),
                                   rng.uniform(-0.02, 0.02, 9), rng.uniform(0.12, 0.32, 9)]),
        "flecks": np.column_stack([rng.uniform(0, field_um, (26, 2)), rng.uniform(0.3, 1.3, 26)]),
    }  # fmt: skip


def backdrop(parameters: Parameters, state: State, scene: Scene) -> None:
    """Fibres and flecks of the coat on which the cell lies."""
    for x, y, r in state["flecks"]:
        scene.disc(x, y, r, "fleck", soft=0.4)
    along = np.linspace(-0.8, 0.8, 8) * state.field_um
    for x, y, angle, bend, r in state["fibres"]:
        line = np.array([x, y]) + turned(np.stack([along, bend * along**2], 1), angle)
        scene.polyline(line, r, "fibre", soft=0.15)


def draw(parameters: Parameters, state: State, frame: int, scene: Scene) -> None:
    """The cell with its nucleus and granules, then each target with its cup."""
    kind, radius = parameters["phagocyte"], state["radius"][frame]
    scene.polygon(state["outline"][frame], kind, bevel=0.3 * radius)
    _draw_inside(parameters, state, frame, scene)
    for target in state["targets"]:
        _draw_target(state, target, frame, scene)


def _draw_inside(p: Parameters, state: State, frame: int, scene: Scene) -> None:
    centre = state["body"].centre
    radius = 0.5 * DIAMETER_UM[p["phagocyte"]] * p["cell_size"]
    time = state["times"][frame]
    middle, axis, lobes, sizes = state["nucleus"]
    neutrophil = p["phagocyte"] == "neutrophil"
    number = 44 if neutrophil else 26
    for x, y, size, phase in state["grains"][:number]:
        turn = phase + 2 * np.pi * time / 100.0
        x, y = centre + np.array([x + 0.12 * np.cos(turn), y + 0.12 * np.sin(turn)])
        if neutrophil:
            scene.disc(x, y, 0.26 * size, "granule")
        else:
            scene.disc(x, y, (0.75 if phase < 2 else 0.42) * size, "vesicle")
    if neutrophil:
        places = middle + lobes
        scene.polyline(places, 0.07 * radius, "nucleus")
        for (x, y), size in zip(places, sizes, strict=True):
            scene.ellipse(x, y, size * radius, 1.12 * size * radius, axis, "nucleus")
    else:
        phi = np.linspace(0, 2 * np.pi, 24, endpoint=False)
        r = 0.36 * radius * (1 - 0.30 * np.exp(-((np.angle(np.exp(1j * phi)) / 0.6) ** 2)))
        r = r * (1 + state["bean"])
        bean = np.stack([0.72 * r * np.cos(phi), r * np.sin(phi)], 1)
        scene.polygon(middle + turned(bean, axis), "nucleus", bevel=0.22 * radius)


def _draw_target(state: State, target: Target, frame: int, scene: Scene) -> None:
    at, angle = target.centre[frame], target.angle
    covered, offset = float(target.covered[frame]), float(target.offset[frame])
    fade, thick = float(target.opacity[frame]), _ACTIN * float(target.thick[frame])
    if offset > _TOUCHING:
        scene.polygon(target.side_view(at, covered, offset), "fluid", bevel=0.6)
    if fade > 0:
        if target.kind == "coated":
            for phi in state["antibodies"]:
                x, y = at + (target.radius + 0.06) * np.array([math.cos(phi), math.sin(phi)])
                scene.disc(x, y, 0.2, "antibody", fade=fade)
        x, y = turned(np.array([0.5 * target.length, 0.0]), angle)
        ends = at[0] - x, at[1] - y, at[0] + x, at[1] + y
        scene.capsule(*ends, target.radius, target.kind, fade=fade)
    # Only the covered side of the target lies under the cell.
    hugged = offset <= _TOUCHING or covered >= target.arc
    under = max(covered if hugged else 0.0, float(target.sunk[frame]))
    if under > 0 and fade > 0:
        scene.polygon(target.side_view(at, under), "veil", bevel=0.6, fade=fade)
    if covered > 0:
        band = target.band(at, covered, offset, thick)
        scene.polygon(band, "cup", bevel=max(0.5 * thick, 0.15))
    plate, radius = float(target.plate[frame]), float(state["radius"][frame])
    if plate > 0:
        phi = np.linspace(-plate, plate, 21) / radius
        arc = np.stack([np.cos(phi), np.sin(phi)], 1)
        band = np.concatenate([arc * radius, arc[::-1] * (radius - max(thick, 0.3))])
        scene.polygon(turned(band, angle) + state["body"].centre, "cup", bevel=0.3)


_OPPOSITE = {"left": "right", "right": "left", "top": "bottom", "bottom": "top"}


def captions(p: Parameters, state: State) -> list[str]:
    """Sentences that state cell, targets, side, order and the time of an uptake."""
    who, side, other = p["phagocyte"], p["contact_side"], _OPPOSITE[p["contact_side"]]
    t = f"{plain(p['uptake_time'])} s"
    if p["targets"] == "one_bead":
        return [
            f"a {who} swallows one antibody-coated bead at its {side} side in {t}",
            f"phagocytosis: one coated bead at the {side} is engulfed by a {who} within {t}",
            f"the cup of one {who} closes around a single bead at the {side} in {t}",
            f"a {who} takes up one bead that touches its {side} side, within {t}",
            f"one bead at the {side} of a {who} is covered and swallowed within {t}",
            f"a single bead is engulfed at the {side} side of one {who} in {t}",
            f"one antibody-coated bead at the {side} is swallowed by a single {who} in {t}",
        ]
    if p["targets"] == "two_bacteria":
        return [
            f"a {who} engulfs two bacteria, first at the {side}, then at the {other}, {t} each",
            f"phagocytosis: two bacteria are engulfed by a {who}, {side} then {other}, {t} each",
            f"a {who} swallows two bacteria in turn, {side} first, {other} second, each in {t}",
            f"cups of a {who} close around two bacteria, {side} first, then {other}, {t} each",
            f"one {who} eats two bacteria, the {side} one before the {other} one, {t} each",
            f"two bacteria are swallowed by a {who}, first {side}, then {other}, in {t} each",
            f"two bacteria are engulfed by one {who}, first at the {side}, then {other}, {t} each",
        ]
    return [
        f"a {who} swallows the coated bead at the {side} in {t}, not the bare one",
        f"a {who} engulfs a coated bead at the {side}, not a bare one, in {t}",
        f"a {who} takes the coated bead at the {side} in {t}, the bare bead stays",
        f"the coated bead at the {side} enters a {who} in {t}, the bare one stays",
        f"selective phagocytosis: a {who} eats the coated {side} bead, not the bare one, in {t}",
        f"a {who}'s cup closes on the coated {side} bead, not the bare one, in {t}",
        f"a {who} engulfs the coated bead at the {side}, the bare one stays, in {t}",
    ]


def descriptions(p: Parameters, state: State) -> list[str]:
    """Paragraphs with the same facts, the setting and what one sees; the last is held out."""
    who, side, other = p["phagocyte"], p["contact_side"], _OPPOSITE[p["contact_side"]]
    t, width = f"{plain(p['uptake_time'])} s", f"{plain(state.field_um)} µm"
    across = f"{plain(DIAMETER_UM[who] * p['cell_size'])} µm"
    nucleus = "lobed" if who == "neutrophil" else "kidney-shaped"
    bead = f"{plain(p['bead_diameter'])} µm"
    if p["targets"] == "one_bead":
        meets = f"one antibody-coated bead of {bead} at its {side} side"
        end = "the bead lies whole inside the cell in a tight vacuole"
        order = f"The single bead touches the {side} side of the cell from the start."
    elif p["targets"] == "two_bacteria":
        meets = f"two rod-shaped bacteria, first the one at the {side}, then the one at the {other}"
        end = "two vacuoles with one rod each lie inside the cell"
        order = f"The {side} rod is shut in before a pseudopod reaches the {other} one."
    else:
        meets = f"a green antibody-coated bead of {bead} at the {side} but not a bare one"
        end = "the green bead lies inside the cell and the grey one outside"
        order = f"The bare grey bead at the {other} only rests and wobbles on the cell."
    each = "each uptake" if p["targets"] == "two_bacteria" else "the uptake"
    return [
        f"A {who} about {across} across swallows {meets}. {order} Where antibodies meet receptors "
        f"the surface climbs up from both sides like a zipper and forms a cup lined with actin. "
        f"Its rim starts fast and slows down up to the half, since receptors must diffuse to it; "
        f"then it hurries over the far half, and {each} is done in {t}. The flanks meet, the "
        f"vacuole thins and travels towards the middle of the cell. At the end {end}. The cell "
        f"with its {nucleus} nucleus stays in place in a field {width} wide.",
        f"This is phagocytosis, seen in a field {width} wide. A {who} of {across} takes up "
        f"{meets}. A cup of cytoplasm rises around what it touches, held to it by antibodies all "
        f"the way. What it covers grows with the root of time at first and much faster after the "
        f"equator, so {each} takes {t} from contact to closure. {order} When the rims have fused "
        f"the orange ring fades to a thin membrane and is drawn inwards, past granules and beside "
        f"the {nucleus} nucleus, until {end}.",
        f"In the middle of a field {width} wide lies a {who}, {across} across, with a {nucleus} "
        f"nucleus. It engulfs {meets}. {order} Two flanks of the surface grow along the target "
        f"from the point of contact and meet behind it after {t}. The first half of that way is "
        f"slow and ever slower, fed by receptors that wander in; the second half is driven "
        f"actively and quick. The target keeps its shape throughout, and the cytoplasm keeps its "
        f"volume, so the cell swells by what it has eaten. At last {end}.",
        f"Receptors of a {who} recognise antibodies and lead it to engulf {meets}. The cell "
        f"measures {across} and hardly moves; the field is {width} wide. An orange rim shows the "
        f"growing cup, which hugs the target, pulls it in and closes over it, with {each} lasting "
        f"{t}, slow in its passive stage and fast in its active one. {order} A closed vacuole "
        f"leaves the margin and comes nearer to the {nucleus} nucleus. When the clip ends, {end}, "
        f"and nothing has been lost or gained on the way.",
        f"In this field {width} wide a {who} with a {nucleus} nucleus, {across} across, engulfs "
        f"{meets}. The surface climbs along the target from the point of contact, lined with "
        f"actin, and hugs it all the way. Receptors must wander to the rim at first, so it slows "
        f"down up to the equator; then it is driven actively over the far half, fast, and {each} "
        f"takes {t}. {order} The closed vacuole thins and is drawn towards the middle of the "
        f"cell. At the end {end}, and the target keeps its shape throughout.",
    ]


def prompts(p: Parameters, state: State) -> list[str]:
    """Short requests that carry cell, targets and side; the last is held out of training."""
    who, side, other = p["phagocyte"], p["contact_side"], _OPPOSITE[p["contact_side"]]
    if p["targets"] == "one_bead":
        return [
            f"a {who} swallows one bead on its {side} side",
            f"phagocytosis of one bead by a {who}, {side} side",
            f"show a {who} engulfing a single bead at the {side}",
            f"one bead at the {side} is taken up by a {who}",
            f"a {who} eats one bead that touches its {side} side",
            f"a {who} closes its cup around one bead at the {side}",
            f"{who} with one coated bead on the {side}, phagocytosis",
            f"one bead enters a {who} from the {side}",
            f"single bead on the {side}, swallowed by a {who}",
            f"one coated bead on the {side} is swallowed by a {who}",
        ]
    if p["targets"] == "two_bacteria":
        return [
            f"a {who} swallows two bacteria, first {side}, then {other}",
            f"phagocytosis of two bacteria by a {who}, the {side} one first",
            f"show a {who} engulfing two bacteria, the {side} one first",
            f"two bacteria are taken up by a {who}, {side} then {other}",
            f"a {who} eats the {side} bacterium, then the {other} one",
            f"two rod-shaped bacteria and a {who}, the {side} one goes first",
            f"a {who} takes two bacteria in turn, {side} before {other}",
            f"two bacteria enter a {who}, from the {side}, then the {other}",
            f"{who} closing its cup around two bacteria, {side} then {other}",
            f"a {who} engulfing two bacteria in turn, first {side}, then {other}",
        ]
    return [
        f"a {who} swallows the coated {side} bead, not the bare one",
        f"{who} with coated bead at the {side} and a bare bead, phagocytosis",
        f"show a {who} engulfing only the coated {side} bead, not the bare",
        f"the coated bead at the {side} enters a {who}, the bare stays",
        f"a {who} eats a coated bead at the {side}, ignores the bare",
        f"coated {side} bead taken up by a {who}, bare bead stays outside",
        f"a {who} takes the coated {side} bead, the bare one stays outside",
        f"phagocytosis: a {who} chooses the coated {side} bead over the bare one",
        f"bare bead ignored, coated bead at the {side} swallowed by a {who}",
        f"a {who} engulfing the coated {side} bead, the bare one stays outside",
    ]
