"""Kinesin-1 on microtubules: a close-up of its steps, vesicle traffic, and single molecules.

The model is in `models.kinesin_motor`. `scene` chooses the scale: one motor that walks hand over
hand, tens of nanometres from one step to the next; vesicles hauled along two microtubules of
opposite polarity, where the motors are too small to be seen; or single molecules that land on a
microtubule, run for about a micrometre and let go. Every runner goes to the plus end of its track,
which is marked red (bright in the single-molecule scene).

No light microscope shows a motor's heads. The close-up is drawn `ZOOM` times larger than life, as
widths of edges and blur are those of a microscope; its looks are colourings of a schematic.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..canvas import Material, Scene
from ..captions import plain
from ..core import Choice, Clock, HeldOut, Parameters, Range, Setting, State, Truth
from ..models import kinesin_motor as motor
from ..models import kinesin_scenes as scenes
from ..models.kinesin_motor import DIMER_NM
from ..models.kinesin_scenes import RADIUS_NM

LEVEL = "subcellular"
SETTING = Setting(
    view="side view of a microtubule 25 nm thick in the close-up, else projection about 1 µm deep",
    field="open",  # single molecules land and let go; the other scenes keep what they show
    frame_of_reference="microtubules at rest",
    temperature_c=25.0,
    medium="motility buffer with ATP; extract with vesicles in the vesicle scene",
    organism="kinesin-1 of animals on brain tubulin, in vitro",
    marks="plus end of each microtubule coloured red, brighter in the single-molecule scene",
    schematic=True,
)
_CHOSEN = "modelling choice"
PARAMETERS: tuple[Range | Choice, ...] = (
    Choice("scene", ("close_up", "two_tracks", "single_molecules"), _CHOSEN + ": three scales"),
    Choice("direction", ("left_to_right", "right_to_left"),
           _CHOSEN + ": towards the plus end, of the upper microtubule where there are two"),
    Range("speed", "µm/s", 0.6, 1.1,
          "about 0.8 µm/s at plentiful ATP: Visscher, Schnitzer & Block 1999, Nature 400:184; "
          "the bounds are a modelling choice"),
    Range("atp", "mM", 1.0, 3.0, _CHOSEN + ": plentiful, as in cells"),
    Range("run_length", "µm", 0.8, 1.2,
          "about 1 µm, a hundred steps or more: Howard 2001, Mechanics of Motor Proteins and the "
          "Cytoskeleton; the bounds are a modelling choice"),
    Range("vesicle_diameter", "µm", 0.85, 1.0, _CHOSEN + ": large, so that each one shows"),
    Range("framing", "fraction", 0.85, 1.15,
          _CHOSEN + ": field over 0.12 µm (close-up), 17.4 µm (tracks), 8.7 µm (molecules)"),
)  # fmt: skip
HELD_OUT = HeldOut(
    interval=("speed", 0.78, 0.84),
    combination={"scene": "close_up", "direction": "right_to_left", "speed": (0.84, 1.1)},
)

MATERIALS = {
    "mist": Material("#dfe3f1", gloss=0.0, edge=1.0, refraction=0.0),
    "cytosol": Material("#ecdcb8", gloss=0.0, refraction=0.0),
    "glass": Material("#111d33", gloss=0.0, refraction=0.0),
    "far": Material("#b9c0de", opacity=0.7, edge=0.3, gloss=0.0, emission="#2b3f9c", glow=0.08,
                    absorb="#dfe2ec", refraction=0.1),
    "organelle": Material("#d9bd8a", opacity=0.55, edge=0.5, gloss=0.0, emission="#28407c",
                          glow=0.09, absorb="#ece3d2", refraction=0.15),
    "lumen": Material("#525fa8", gloss=0.0, emission="#1c2a78", glow=0.30, absorb="#a4abc8",
                      refraction=0.5),
    "alpha": Material("#6f82d0", edge=1.0, gloss=0.25, emission="#3353d8", glow=0.34,
                      absorb="#8f9cc8", refraction=0.35),
    "beta": Material("#a9b8f0", edge=1.0, gloss=0.3, emission="#5f86ff", glow=0.30,
                     absorb="#b6c0e0", refraction=0.35),
    "plus_end": Material("#e5263a", edge=1.0, gloss=0.3, emission="#ff2a3c", glow=0.75,
                         absorb="#e0474f", refraction=0.5),
    "head_a": Material("#ff8c1a", edge=1.0, gloss=0.45, shadow=0.30, emission="#ff9a20", glow=0.9,
                       rim_glow=0.15, absorb="#d98a2c", refraction=0.8),
    "head_b": Material("#17a768", edge=1.0, gloss=0.45, shadow=0.30, emission="#2cff7a", glow=0.8,
                       rim_glow=0.15, absorb="#3f9f6c", refraction=0.8),
    "linker": Material("#7a4a9e", edge=1.0, gloss=0.2, emission="#c878ff", glow=0.55,
                       absorb="#9a7ab4", refraction=0.5),
    "stalk": Material("#8f5cc0", edge=1.0, gloss=0.3, shadow=0.15, emission="#b868ff", glow=0.5,
                      absorb="#a086c0", refraction=0.6),
    "tail": Material("#c39be6", edge=1.0, gloss=0.35, shadow=0.2, emission="#d69aff", glow=0.6,
                     absorb="#bba2d6", refraction=0.7),
    "track": Material("#44569e", edge=1.0, gloss=0.2, shadow=0.1, emission="#4a66ff", glow=0.42,
                      absorb="#8d98c0", refraction=0.5),
    "vesicle": Material("#1f9b93", edge=1.0, gloss=0.5, shadow=0.35, emission="#2cf0d2", glow=0.30,
                        rim_glow=0.75, absorb="#6fb8b0", refraction=1.1),
    "cargo": Material("#bff1e0", opacity=0.8, edge=0.4, gloss=0.3, emission="#b8fff0", glow=0.35,
                      absorb="#7fa8a0", refraction=0.3),
    "filament": Material("#8c3a44", edge=1.0, gloss=0.1, emission="#c22626", glow=0.50,
                         absorb="#d3a8a8", refraction=0.35),
    "tip": Material("#ff6a5c", edge=1.0, gloss=0.2, emission="#ff5a4a", glow=1.1,
                    absorb="#cf5a56", refraction=0.5),
    "halo": Material("#2fbf62", opacity=0.75, edge=0.5, gloss=0.0, emission="#1cff50", glow=0.55,
                     absorb="#a6d8ac", refraction=0.1),
    "spot": Material("#a8ff8c", edge=0.8, gloss=0.2, emission="#5cff6a", glow=1.0,
                     absorb="#2f8a44", refraction=0.6),
    "speck": Material("#24395c", opacity=0.6, edge=0.2, gloss=0.0, emission="#14301c", glow=0.25,
                      absorb="#eef0ec", refraction=0.05),
}  # fmt: skip
BACKGROUND = "#d3d8ec"

ZOOM = 250.0
"""Drawn over true size of the close-up: 1 nm is 0.25 of the painter's µm."""
_NM = ZOOM / 1000
PLUS_NM = 13.0  # length of the red end in the close-up
FIELD_UM = {"close_up": 0.12, "two_tracks": 17.4, "single_molecules": 8.7}


def s_per_frame(parameters: Parameters, num_frames: int) -> float:
    """Seconds between frames: a clip shows four steps or more, or a run, whatever its length."""
    return scenes.travel_um(parameters, num_frames) / (num_frames - 1) / float(parameters["speed"])


def simulate(parameters: Parameters, clock: Clock, rng: np.random.Generator) -> State:
    """Motors on their tracks (µm, s); the arrays depend on the scene."""
    p = parameters
    field = FIELD_UM[p["scene"]] * p["framing"]
    sign = 1.0 if p["direction"] == "left_to_right" else -1.0
    make = {
        "close_up": scenes.close_up,
        "two_tracks": scenes.two_tracks,
        "single_molecules": scenes.molecules,
    }
    arrays = {"specks": rng.uniform(0, 1, (26, 4)), **make[p["scene"]](p, clock, field, sign, rng)}
    state = State(field, arrays, Truth())
    scenes.tell(p, clock, state)
    return state


def _cover(scene: Scene, width: float, material: str) -> None:
    low, high = -width, 2 * width
    corners = np.array([(low, low), (high, low), (high, high), (low, high)])
    scene.polygon(corners, material, bevel=0.1 * width)


def backdrop(parameters: Parameters, state: State, scene: Scene) -> None:
    """Cytosol or glass with what floats in it out of focus, and the microtubules at rest."""
    if parameters["scene"] == "close_up":
        scene.field_um = state.field_um * ZOOM
        _cover(scene, scene.field_um, "mist")
        _lattice(state, scene)
        return
    field = state.field_um
    glass = parameters["scene"] == "single_molecules"
    _cover(scene, field, "glass" if glass else "cytosol")
    for x, y, size, turn in state["specks"]:
        if glass:
            scene.disc(x * field, y * field, 0.15 + 0.2 * size, "speck", soft=0.2)
        else:
            a = 0.4 + 0.9 * size
            scene.ellipse(
                x * field, y * field, a, 0.6 * a, 3.1 * turn, "organelle", soft=0.3
            )  # fmt: skip
    for track in state["tracks"]:
        body, end, r, cap = (
            ("filament", "tip", 0.11, 0.45) if glass else ("track", "plus_end", 0.15, 1.1)
        )
        ends = track.place([0.0, track.length - cap, track.length])
        scene.polyline(ends[:2], r, body)
        scene.polyline(ends[1:], 1.7 * r, end)


def _lattice(state: State, scene: Scene) -> None:
    """Far filaments, then the near half of a microtubule: rows of alternating subunits, in nm."""
    track, field = state["tracks"][0], state.field_um
    for x, y, size, turn in state["specks"][:4]:
        way = 0.5 * field * np.array([np.cos(3.1 * turn), 0.4 * np.sin(3.1 * turn)])
        middle = np.array([x, 0.55 * y]) * field
        ends = ZOOM * np.stack([middle - way, middle + way])
        scene.polyline(ends, (3 + 3 * size) * _NM, "far", soft=4 * _NM)
    radius = 0.93 * RADIUS_NM / 1000
    far = track.length
    corners = track.place([0.0, far, far, 0.0], [radius, radius, -radius, -radius])
    scene.polygon(ZOOM * corners, "lumen", bevel=ZOOM * radius)
    x, y = ZOOM * track.place(track.length)
    scene.ellipse(x, y, 3.5 * _NM, ZOOM * radius, track.sign * track.slope, "lumen")
    half = DIMER_NM / 2
    count = int(1000 * track.length / half)
    # Rows at the rim are painted first, so that the near ones lie over them.
    for row in (-3, 3, -2, 2, -1, 1, 0):
        height = RADIUS_NM * np.sin(row * 2 * np.pi / 13) * 0.92
        for i in range(count):
            s = (i + 0.5) * half + 0.92 * (row + 3)
            name = "alpha" if i % 2 else "beta"
            if s > 1000 * track.length - PLUS_NM:
                name = "plus_end"
            x, y = ZOOM * track.place(s / 1000, height / 1000)
            flat = max(0.35, np.cos(row * 2 * np.pi / 13))
            scene.ellipse(
                x, y, 2.3 * _NM, (0.9 + 1.9 * flat) * _NM, track.sign * track.slope, name
            )  # fmt: skip


def draw(parameters: Parameters, state: State, frame: int, scene: Scene) -> None:
    """What moves: the walking motor, the vesicles, or the spots."""
    if parameters["scene"] == "close_up":
        scene.field_um = state.field_um * ZOOM
        _motor(state, frame, scene)
    elif parameters["scene"] == "two_tracks":
        xy = np.concatenate([scenes.vesicles(state)[frame], state["loose"][frame]])
        r = 0.5 * parameters["vesicle_diameter"]
        for (x, y), (u, v) in zip(xy, state["inside"], strict=True):
            scene.disc(x, y, r, "vesicle")
            scene.disc(x + 0.3 * r * u, y + 0.3 * r * v, 0.4 * r, "cargo")
    else:
        for s, gain in zip(state["runs"][:, frame], state["gain"], strict=True):
            if np.isfinite(s):
                x, y = state["tracks"][0].place(s)
                scene.disc(x, y, 0.32, "halo", fade=gain, soft=0.08)
                scene.disc(x, y, 0.19, "spot", fade=min(1.0, gain))


def _motor(state: State, frame: int, scene: Scene) -> None:
    """Two heads, their neck linkers, the coiled stalk and the bare tail, in nm."""
    track, start = state["tracks"][0], state["start"]

    def at(s_nm: Any, h_nm: Any) -> np.ndarray:
        points = track.place(start + np.asarray(s_nm) / 1000, (RADIUS_NM + h_nm) / 1000)
        return np.asarray(ZOOM * points)

    along, lift = state["along"][:, frame], state["lift"][:, frame]
    neck, tail = state["neck"][frame], state["tail"][frame]
    knee = np.array([neck, 15.0 + 0.4 * lift.mean()])
    t = np.linspace(0, 1, 13)
    middle = neck + (tail - neck) * t**1.3
    height = knee[1] + (50.0 - knee[1]) * t
    # The head that is off passes in front.
    for head in np.argsort(lift, kind="stable"):
        scene.polyline(at([along[head], knee[0]], np.array([5 + lift[head], knee[1]])),
                       1.5 * _NM, "linker")  # fmt: skip
        x, y = at(along[head], 4.4 + lift[head])
        lean = -track.sign * (0.35 - 0.6 * min(1.0, lift[head] / motor.LIFT_NM)) + track.slope
        scene.ellipse(x, y, 5.3 * _NM, 4.3 * _NM, lean, ("head_a", "head_b")[head])
    for phase in (0.0, np.pi):
        twist = 1.3 * np.sin(5 * np.pi * t + phase)
        scene.polyline(at(middle + twist, height), 1.2 * _NM, "stalk")
    for side in (-1, 1):
        x, y = at(tail + 4.6 * side, 53.0)
        scene.ellipse(x, y, 4.6 * _NM, 3.0 * _NM, -side * 0.9, "tail")


def _words(p: Parameters) -> dict[str, str]:
    """The speed, and the ways of saying the direction and, on the lower track, its opposite."""
    right = p["direction"] == "left_to_right"
    side, other = ("right", "left") if right else ("left", "right")
    return {
        "v": f"{plain(p['speed'])} µm/s", "way": f"from {other} to {side}", "side": side,
        "other": other, "ward": f"{side}wards", "back": f"{other}wards",
        "run": f"{plain(p['run_length'])} µm",
    }  # fmt: skip


def captions(parameters: Parameters, state: State) -> list[str]:
    """One sentence each, of at most 16 words; the last is held out of training."""
    words = _words(parameters)
    return [text.format(**words) for text in _CAPTIONS[parameters["scene"]]]


def prompts(parameters: Parameters, state: State) -> list[str]:
    """Short requests that carry scene and direction; the last is held out of training."""
    words = _words(parameters)
    return [text.format(**words) for text in _PROMPTS[parameters["scene"]]]


def descriptions(parameters: Parameters, state: State) -> list[str]:
    """Several sentences each: two on the scene, two on the motor; the last is held out."""
    words = _words(parameters)
    pairs = zip(_DESCRIPTIONS[parameters["scene"]], _MOTOR, strict=True)
    return [text.replace("{motor}", shared).format(**words) for text, shared in pairs]


_CAPTIONS = {
    "close_up": (
        "one kinesin walks hand over hand {ward} on a microtubule to its plus end, {v}",
        "two heads of one kinesin step {ward} in turn along a microtubule at {v}",
        "a single kinesin without cargo strides {way} along its microtubule at {v}",
        "close-up of one kinesin stepping {way} on a microtubule at {v}",
        "hand over hand, one motor protein walks a microtubule {way} at {v}",
        "one kinesin takes steps of eight nanometres {ward} along a microtubule at {v}",
        "one kinesin steps hand over hand {way} along a microtubule at {v}",
    ),
    "two_tracks": (
        "three vesicles ride {ward} on the upper microtubule, three {back} on the lower, {v}",
        "kinesin hauls three vesicles along each of two microtubules, the upper to the {side}, {v}",
        "on two microtubules six vesicles pass each other, the upper three moving {ward}, {v}",
        "traffic on two microtubules: three vesicles go {ward} above, three {back} below, {v}",
        "the upper microtubule carries three vesicles {way}, the lower three back, {v}",
        "six vesicles travel on two microtubules at {v}, the upper three {way}",
        "kinesin hauls three vesicles {ward} on the upper microtubule, three {back} below, {v}",
    ),
    "single_molecules": (
        "single kinesin molecules land on a microtubule and glide {ward} to its plus end, {v}",
        "kinesin spots appear, glide {way} along one microtubule at {v}, then vanish",
        "single kinesins run {ward} along a microtubule at {v}, then let go and vanish",
        "a microtubule on glass, with single kinesins landing and moving {ward} at {v}",
        "glowing kinesin molecules run {way} on a microtubule at {v} and detach",
        "short runs of single kinesins {ward} along one microtubule, {v}, about {run} each",
        "single kinesins land, glide {way} along a microtubule at {v} and vanish",
    ),
}
_PROMPTS = {
    "close_up": (
        "one kinesin walks hand over hand {ward} along a microtubule",
        "close-up of a kinesin stepping {way} on a microtubule",
        "two heads of a kinesin step {ward} along a microtubule",
        "kinesin striding {way} on its two heads",
        "show one motor protein stepping {ward} on a microtubule, close up",
        "a kinesin without cargo walks to the {side}, hand over hand",
        "hand over hand walk of one kinesin {way}",
        "molecular close-up: a kinesin walks {ward} towards the red plus end",
        "a walking kinesin, {way}, on one microtubule",
        "a kinesin walks hand over hand {way}, close up",
    ),
    "two_tracks": (
        "vesicles on two microtubules, the upper ones moving {ward}",
        "kinesin hauls vesicles along two microtubules, upper traffic {way}",
        "two microtubules with opposite traffic, the upper to the {side}",
        "vesicles travel {ward} above and {back} below on two microtubules",
        "two tracks of vesicles, the upper running {way}",
        "three vesicles go {ward} on the upper microtubule, three {back} below",
        "show vesicle transport on two microtubules, the upper {ward}",
        "two microtubules: cargo moves to the {side} above, {back} below",
        "opposite vesicle traffic on two microtubules, upper one {way}",
        "vesicles travel on two microtubules, the upper ones {way}",
    ),
    "single_molecules": (
        "single kinesin molecules glide {ward} along a microtubule",
        "single kinesins land, run {way} and vanish",
        "spots of single kinesins moving {ward} on one microtubule",
        "single molecules of kinesin glide {way} and let go",
        "glowing kinesin spots run to the {side}, then vanish",
        "single-molecule movie of kinesin gliding to the {side}",
        "kinesin spots appear and glide {way} on a microtubule",
        "show single kinesins landing and running {ward}",
        "kinesin molecules run {ward} towards the bright tip of a microtubule",
        "single kinesins glide {way} on a microtubule and vanish",
    ),
}
_MOTOR = (
    "Kinesin-1 is a motor protein that splits one ATP for each step of eight nanometres. It reads "
    "the polarity of the tubulin lattice and goes to the plus end, which is marked in red.",
    "The work is done by kinesin-1, fuelled by ATP at room temperature. Red marks the plus end, "
    "the only goal that this motor knows, and the tubulin lattice itself never shifts.",
    "Microtubules are polar: their subunits all face the same way, and kinesin-1 follows them to "
    "the end coloured red. Every step of eight nanometres costs one molecule of ATP.",
    "Behind this stands kinesin-1, which turns the energy of ATP into steps of eight nanometres "
    "and never heads for the minus end. The red end is the plus end.",
    "Kinesin-1 is a motor protein fuelled by ATP, with one molecule of ATP for every step of eight "
    "nanometres. It goes to the plus end of the tubulin lattice, marked in red.",
)
_DESCRIPTIONS = {
    "close_up": (
        "A molecular close-up shows one kinesin without cargo that walks {way} along a single "
        "microtubule at {v}. {motor} The two heads, one orange and one green, take turns: the rear "
        "head lets go, swings past the one that holds on, and lands in front of it. The coiled "
        "stalk above them moves on by half of that.",
        "Hand over hand, one kinesin makes its way {ward} at {v}. Seen from the side, the "
        "microtubule is a tube of tubulin subunits, drawn large enough to count its rows. {motor} "
        "While one head is free, the other stays bound, so the motor never falls off. No vesicle "
        "hangs from its bare tail.",
        "Two heads, a twisted stalk and a bare tail: this single kinesin strides to the {side} on "
        "the upper face of its microtubule, {v} on average. {motor} A free head hovers above its "
        "partner until ATP binds, then it is thrown forward. Which head leads changes with every "
        "step, and pauses between steps are of uneven length.",
        "Seen at the scale of single proteins, a walker on two legs moves {ward}. It is one "
        "kinesin on one microtubule, and its speed is {v}. {motor} First the orange head trails, "
        "then it passes the green one and leads, and so on in turn. Other filaments lie out of "
        "focus in the distance, and the track stays at rest.",
        "One kinesin without cargo walks hand over hand {way} on a single microtubule at {v}. "
        "{motor} The two heads take turns: the rear head lets go, passes the one that stays bound "
        "and lands in front of it. First the orange head leads, then the green one, while the "
        "stalk moves on above them and the track stays at rest.",
    ),
    "two_tracks": (
        "Two straight microtubules lie one above the other, and three vesicles ride on each. On "
        "the upper track they go {ward}, on the lower one {back}, at {v}. {motor} Since the two "
        "tracks are turned opposite ways, so is their traffic. Two loose vesicles between them "
        "belong to no track and only jitter.",
        "Vesicle transport in both directions: the upper microtubule carries three vesicles {way}, "
        "the lower one as many the other way, all at about {v}. {motor} At this scale the motors "
        "are too small to be seen, only their round cargo shows. A vesicle may pause for a moment, "
        "but it does not turn back.",
        "Kinesin hauls six round vesicles along two microtubules, three on each. Those "
        "above travel to the {side} and those below to the {other}, with a speed of {v}. {motor} "
        "Each keeps its size and hugs its track like a train its rail. Two more, which have come "
        "loose, drift about in the cytosol without a goal.",
        "Traffic runs past traffic here: on the upper microtubule three vesicles move {ward}, on "
        "the lower three move {back}. The speed is {v}. {motor} In a queue no vesicle passes the "
        "one in front, and all stay close to their filament. Organelles out of focus fill the "
        "cytosol behind, while two free vesicles tremble on the spot.",
        "Kinesin hauls three vesicles along each of two microtubules that lie one above the other. "
        "On the upper one they travel {way}, on the lower one they move {back}, at {v}. {motor} "
        "The motors are too small to be seen, and only their round cargo shows. Two loose vesicles "
        "jitter between the tracks.",
    ),
    "single_molecules": (
        "On dark glass lies one microtubule, and single kinesin molecules land on it as green "
        "spots. They glide {way} at {v} for about {run}, then let go and vanish. {motor} Landings "
        "come at random places and times, so that there are several runs at once. The spots are "
        "blurred by the microscope, and no legs can be seen.",
        "This is a motility assay with single molecules. Green points, each one kinesin, appear on "
        "a microtubule and move {ward} at {v}; after a run of {run} on average each is gone. "
        "{motor} How long a run lasts is a matter of chance: short ones are common, long ones "
        "rare. The filament is fixed to the glass and stays at rest.",
        "Single kinesins come and go on one red microtubule. Each of the small glowing spots runs "
        "to the {side} with a speed of {v}, covers some {run} and detaches. {motor} None turns "
        "round, none leaves the line of the filament, and none goes beyond the bright tip. Several "
        "are on their way at the same time.",
        "Spots of green light travel {ward} along a straight line: kinesin molecules on a "
        "microtubule, watched one by one. Speed {v}, mean run {run}. {motor} A spot turns up when "
        "a molecule binds from solution, and is lost when it lets go. The tip of the filament, "
        "where all of them are headed, is brighter than the rest.",
        "Single kinesin molecules land on one microtubule and glide {way} as green spots at {v}. "
        "{motor} After a run of about {run} each molecule lets go and is gone. Landings come "
        "at random places and times. The filament is fixed to the dark glass, and several runs can "
        "be seen at the same time.",
    ),
}
