"""*Escherichia coli* swims: runs and tumbles in open liquid, and the way along a wall.

The equations are in `models.swimming_rods`, the places from which cells start in
`models.swimmers_in_view`. `direction` and `wall` choose one of four scenes: a group that swims
every way, or a close-up of one cell that comes from one side; wild-type cells in open liquid, which
run and tumble, or smooth swimmers beside a wall.

In the wide scenes cells are drawn larger than they are, up to twice; places and speeds are true.
The helix of the bundle turns some hundred times a second: drawn is one turn in twelve frames.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..canvas import Material, Scene
from ..captions import number_word, plain
from ..core import Choice, Clock, Event, HeldOut, Parameters, Range, Setting, State, Truth
from ..models.swimmers_in_view import (
    crossing,
    filaments,
    surroundings,
    swimmers,
    turned,
    wall_swimmers,
)
from ..models.swimming_rods import Rod, Walk, motion

LEVEL = "cellular"
SETTING = Setting(
    view="projection through a film of liquid about 5 µm deep, seen from above",
    field="open",
    frame_of_reference="chamber and liquid at rest",
    temperature_c=32.0,
    medium="motility medium, like water",
    organism="Escherichia coli, wild type, or a smooth-swimming mutant beside a wall",
    marks="the flagellar bundle trails behind the body",
    schematic=True,
)
PARAMETERS = (
    Choice("direction", ("left_to_right", "right_to_left", "every_way"),
           "one cell from either side, or a group without a common heading (modelling choice)"),
    Choice("wall", ("no", "yes"), "both occur: Berke et al. 2008, Phys Rev Lett 101:038102"),
    Range("cell_count", "cells", 5, 16, "of a group, in view at first (modelling choice)",
          integer=True),
    Range("speed", "µm/s", 14.0, 30.0, "in a run: 14.2 ± 3.4 (Berg & Brown 1972, Nature 239:500) "
          "to 29 ± 6 (Darnton et al. 2007, J Bacteriol 189:1756)"),
    Range("run_time", "s", 0.7, 1.0, "mean run; 0.86 ± 1.18 (Berg & Brown 1972)"),
    Range("tumble_time", "s", 0.12, 0.18, "mean tumble; 0.14 ± 0.19 (Berg & Brown 1972)"),
    Range("body_length", "µm", 2.1, 3.0, "2.5 ± 0.6 (Darnton et al. 2007)"),
    Range("body_width", "µm", 0.79, 0.95, "0.88 ± 0.09 (Darnton et al. 2007)"),
    Range("rotational_diffusion", "rad²/s", 0.04, 0.08,
          "in a run, about 0.06 (Berg 1993, Random Walks in Biology)"),
    Range("framing", "1", 0.8, 1.0, "field's width by the widest of its scene (modelling choice)"),
)  # fmt: skip
HELD_OUT = HeldOut(
    interval=("speed", 24.0, 26.0), combination={"wall": "yes", "speed": (27.0, 30.0)}
)
BACKGROUND = "#ead9a4"
MATERIALS = {
    "murk": Material("#d9c182", opacity=0.30, edge=0.30, gloss=0.0, emission="#4a2f80", glow=0.20,
                     absorb="#f1ece2", refraction=0.03),
    "speck": Material("#a98a4c", opacity=0.75, edge=0.8, gloss=0.2, shadow=0.10,
                      emission="#8a6ae0", glow=0.36, absorb="#cfc8ba", refraction=0.5),
    "wall": Material("#b3bcc4", gloss=0.10, shadow=0.15, emission="#2a3f9c", glow=0.14,
                     absorb="#d6d9da", refraction=0.2),
    "wall_face": Material("#8ea4b8", gloss=0.2, emission="#4a66d8", glow=0.34, absorb="#b4babd",
                          refraction=0.9),
    "pit": Material("#8d99a6", opacity=0.7, edge=0.7, gloss=0.0, emission="#4560c0", glow=0.16,
                    absorb="#c4c8cb", refraction=0.3),
    "filament": Material("#c2417e", opacity=0.85, edge=0.85, gloss=0.1, emission="#ff5a3c",
                         glow=0.80, absorb="#9a9ca2", refraction=0.35),
    "envelope": Material("#1f7a4d", gloss=0.35, shadow=0.40, emission="#38ff6a", glow=0.75,
                         rim_glow=0.55, absorb="#5a605c", refraction=1.5),
    "cytoplasm": Material("#5fc27f", opacity=0.9, edge=0.35, gloss=0.25, emission="#38ff6a",
                          glow=0.12, absorb="#8f9894", refraction=0.5),
    "nucleoid": Material("#d9f2a0", opacity=0.85, edge=0.6, gloss=0.1, emission="#b8ff8a",
                         glow=0.30, absorb="#b4bab0", refraction=0.2),
}  # fmt: skip

WIDTHS = {"open": 80.0, "open_close": 24.0, "wall": 60.0, "wall_close": 25.0}
"""Widest field in µm of each scene."""
FLOORS = {"wall": 0.82, "wall_close": 0.74}
"""Height of the liquid above the wall, as a share of the field."""
BESIDE_UM = 3.0
"""A cell whose body is nearer to the wall than this swims beside it."""
FILM_UM = 0.8
"""Liquid that stays between body and wall; cells swim within 1-3 µm of it (modelling choice)."""
_PATH_UM = 22.0  # what a cell of a group swims in a clip
_SUBSTEP_S = 0.008


def scene_of(p: Parameters) -> str:
    """Which of the four scenes `direction` and `wall` choose."""
    kind = "wall" if p["wall"] == "yes" else "open"
    return kind if p["direction"] == "every_way" else f"{kind}_close"


def count_of(p: Parameters) -> int:
    """Cells in view at the start."""
    return int(p["cell_count"]) if p["direction"] == "every_way" else 1


def magnification(p: Parameters) -> float:
    """By how much bodies are drawn larger than they are: so that they never get tiny."""
    return max(1.0, field_of(p) / 38.0)


def field_of(p: Parameters) -> float:
    """Width of the field in µm."""
    return float(p["framing"] * WIDTHS[scene_of(p)])


def rod_of(p: Parameters) -> Rod:
    """The drawn body as a hard rod beside the wall."""
    half, end = (0.5 * magnification(p) * p[name] for name in ("body_length", "body_width"))
    return Rod(half, end + FILM_UM, end)


def s_per_frame(p: Parameters, num_frames: int) -> float:
    """Seconds between frames: one cell crosses its field; clips below 17 frames stop earlier."""
    scene, field = scene_of(p), field_of(p)
    way = {"open_close": 0.88 * field, "wall_close": 0.78 * field}.get(scene, _PATH_UM)
    story = way / p["speed"] + (p["tumble_time"] if scene == "open_close" else 0.0)
    return story / max(16, num_frames - 1)


def simulate(p: Parameters, clock: Clock, rng: np.random.Generator) -> State:
    """Swimmers' places and poses in each frame, and the truth; see `shown` and `measured`."""
    scene, field, n = scene_of(p), field_of(p), count_of(p)
    per_frame = max(1, math.ceil(clock.s_per_frame / _SUBSTEP_S))
    # Clips of fewer than 17 frames are the beginning of a longer one.
    frames = max(17, clock.num_frames)
    times = np.arange((frames - 1) * per_frame + 1) * clock.s_per_frame / per_frame
    apart, noise = 2.0 * magnification(p) * p["body_length"], p["rotational_diffusion"]
    if scene == "open_close":
        walk = crossing(field, p["speed"], p["tumble_time"], noise, times, rng)
    elif scene == "open":
        pauses = p["run_time"], p["tumble_time"]
        walk = swimmers(field, n, apart, p["speed"], pauses, noise, times, rng)
    else:
        floor = FLOORS[scene] * field
        walk = wall_swimmers(field, floor, n, apart, p["speed"], rod_of(p), noise, times, rng)
    arrays = {
        "walk": walk,
        "per_frame": per_frame,
    }
    arrays.update(surroundings(field, FLOORS.get(scene, 1.0), rng))
    arrays["filament_phase"] = rng.uniform(0, 2 * np.pi, len(walk.speed))
    arrays.update(shown(p, clock, walk, per_frame))
    return State(field, arrays, measured(p, clock, arrays))


def shown(p: Parameters, clock: Clock, walk: Walk, per_frame: int) -> dict[str, Any]:
    """What frames show of a walk: `xy` (T, N, 2) in µm, `axis` (T, N) towards the head end in rad,
    `splay` (T, N), 1 where the bundle has come apart, and `touched` (T, N) by the wall so far."""
    pick = np.arange(clock.num_frames) * per_frame
    xy, axis = walk.xy[pick], walk.heading[pick]
    if p["direction"] == "right_to_left":
        xy, axis = xy * (-1, 1) + (field_of(p), 0), np.pi - axis
    since = np.maximum.accumulate(walk.touches, axis=0)[pick]
    return {"xy": xy, "axis": axis, "splay": walk.splay()[pick], "touched": since}


def measured(p: Parameters, clock: Clock, arrays: dict[str, Any]) -> Truth:
    """Tracks of the cells in view, events and series.

    Events: `tumble` (value: by how many degrees the heading turned) and `reaches_wall`. Series:
    `in_view`, `tumbling` and `beside_wall` (cells), `speed` (mean path since the frame before) and
    `side_slip` (mean angle between a cell's axis and its way since then, but for tumbling ones).
    """
    truth, field, spf = Truth(), field_of(p), clock.s_per_frame
    xy = arrays["xy"]
    seen = np.all((xy >= 0) & (xy <= field), axis=2)
    events = []
    for i in map(int, np.flatnonzero(seen.any(axis=0))):
        frames = [int(f) for f in np.flatnonzero(seen[:, i])]
        truth.add_track(i, "bacterium", frames, xy[frames, i])
        frame = int(np.argmax(arrays["touched"][:, i]))
        if frame and seen[frame, i]:
            events.append(Event("reaches_wall", frame, frame * spf, i))
    for cell, begin, turn in arrays["walk"].tumbling_cells():
        frame = math.ceil(begin / spf - 1e-9)
        if frame < clock.num_frames and seen[frame, cell]:
            events.append(Event("tumble", frame, begin, cell, turn, "°"))
    truth.events = sorted(events, key=lambda event: event.t_s)
    speed, slip = motion(xy, arrays["axis"], seen, arrays["splay"], spf)
    height = FLOORS.get(scene_of(p), 1e3) * field - xy[..., 1] - rod_of(p).round_end
    counts = {"in_view": seen, "tumbling": seen & (arrays["splay"] > 0),
              "beside_wall": seen & (height < BESIDE_UM)}  # fmt: skip
    for name, which in counts.items():
        truth.series[name] = ("cells", which.sum(axis=1).astype(float))
    truth.series["speed"], truth.series["side_slip"] = ("µm/s", speed), ("°", slip)
    return truth


def backdrop(p: Parameters, state: State, scene: Scene) -> None:
    """Specks of the medium and, in its scenes, the wall."""
    for x, y, r in state["murk"]:
        scene.disc(x, y, r, "murk", soft=0.9 * r)
    for x, y, r in state["specks"]:
        scene.disc(x, y, r, "speck")
    if p["wall"] == "no":
        return
    field = state.field_um
    top = FLOORS[scene_of(p)] * field
    ends, corners = np.array([-5, field + 5]), np.array([[0, 0], [1, 0], [1, 1], [0, 1]])
    for name, deep, bevel in (("wall", 0.4, 0.08), ("wall_face", 0.018, 0.009)):
        outline = np.stack([ends[corners[:, 0]], top + deep * field * corners[:, 1]], 1)
        scene.polygon(outline, name, bevel=bevel * field)
    for x, y, r in state["pits"]:
        scene.disc(x, y, r, "pit")


def draw(p: Parameters, state: State, frame: int, scene: Scene) -> None:
    """The bodies and, trailing behind them, their bundles of flagella."""
    scale = magnification(p)
    length, width = scale * p["body_length"], scale * p["body_width"]
    reach, floor = 3 * length, FLOORS.get(scene_of(p), 1e3) * state.field_um
    xy = state["xy"][frame]
    for i in np.flatnonzero(np.all((xy > -reach) & (xy < state.field_um + reach), axis=1)):
        phase = state["filament_phase"][i] + 2 * np.pi * frame / 12
        splay, angle = float(state["splay"][frame, i]), float(state["axis"][frame, i])
        thick = (0.17 if splay == 0 else 0.11) * width
        for line in filaments(length, width, splay, phase):
            place = xy[i] + turned(line, angle + np.pi)
            place[:, 1] = np.minimum(place[:, 1], floor - thick)  # they bend away from the wall
            scene.polyline(place, thick, "filament")
    for i in np.flatnonzero(np.all((xy > -length) & (xy < state.field_um + length), axis=1)):
        ahead = np.array([np.cos(state["axis"][frame, i]), np.sin(state["axis"][frame, i])])
        for share, half, name in (
            (1.0, 0.5 * (length - width), "envelope"), (0.68, 0.5 * (length - width), "cytoplasm"),
            (0.36, 0.27 * length, "nucleoid"),
        ):  # fmt: skip
            (x0, y0), (x1, y1) = xy[i] - half * ahead, xy[i] + half * ahead
            scene.capsule(x0, y0, x1, y1, 0.5 * share * width, name)


_WAY = {
    "left_to_right": ("from left to right", "rightwards", "to the right", "left"),
    "right_to_left": ("from right to left", "leftwards", "to the left", "right"),
    "every_way": ("every way", "in all directions", "in every direction", ""),
}


def captions(p: Parameters, state: State) -> list[str]:
    """Sentences of at most 16 words on process, actors, count, direction, wall and speed."""
    n, v = number_word(count_of(p)), f"at {plain(p['speed'])} µm/s"
    way, ward, _, side = _WAY[p["direction"]]
    return {
        "open": [
            f"{n} E. coli run and tumble every way in open liquid {v}",
            f"in open liquid {n} bacteria swim in all directions {v}, running and tumbling",
            f"{n} flagellated bacteria in open liquid run {v} and tumble, heading every way",
            f"swimming {v}, {n} E. coli tumble and run in all directions of open liquid",
            f"runs {v} and tumbles take {n} bacteria every way through open liquid",
            f"{n} rod-shaped cells swim in every direction {v} and tumble in open liquid",
            f"{n} bacteria run {v} and tumble in all directions in open liquid",
        ],
        "wall": [
            f"{n} smooth-swimming E. coli swim every way {v} and turn along a wall",
            f"at a wall {n} bacteria heading every way {v} turn and swim beside it",
            f"{n} smooth swimmers move in all directions {v} and follow the wall they reach",
            f"swimming {v} in all directions, {n} E. coli swing round at the wall below",
            f"without tumbling {n} bacteria swim every way {v}, some of them along a wall",
            f"a wall turns {n} smooth-swimming cells that head in every direction {v}",
            f"{n} smooth-swimming bacteria swim in all directions {v} and turn along the wall",
        ],
        "open_close": [
            f"one E. coli swims {ward} {v} in open liquid, tumbles once and leaves upwards",
            f"a bacterium from the {side} swims {v} in open liquid, tumbles once, runs upwards",
            f"a single cell runs {ward} through open liquid {v}, tumbles and heads up",
            f"after a tumble in open liquid one bacterium that swam {ward} {v} runs up",
            f"running {ward} {v} in open liquid, a single E. coli tumbles and turns upwards",
            f"open liquid: a bacterium swims {ward} {v}, tumbles once, turns to the top",
            f"a single bacterium runs {ward} {v} in open liquid, tumbles and turns upwards",
        ],
        "wall_close": [
            f"one smooth-swimming E. coli heads {way} {v} and follows a wall",
            f"a bacterium comes from the {side} {v}, turns at the wall, swims along it",
            f"a single cell heading {ward} {v} reaches the wall and swims on beside it",
            f"swimming {ward} {v}, one bacterium swings round at a wall and follows it",
            f"at the wall below, a single E. coli swimming {ward} {v} turns along it",
            f"without tumbling one cell swims {way} {v} along a wall",
            f"a single bacterium swims {ward} {v}, turns at the wall and follows it",
        ],
    }[scene_of(p)]


_STORY = {
    "open": ("They share no heading, and each of them runs and tumbles on its own",
             "Each one runs and tumbles independently, so the group scatters to all sides"),
    "wall": ("Several come to the wall at the bottom, turn there and swim on beside it",
             "Those that reach the wall, at the bottom of the picture, swing round and follow it"),
    "open_close": ("It tumbles once in the middle and then runs off to the top",
                   "After one tumble in the middle of the picture it heads upwards to the top"),
    "wall_close": ("It comes to the wall at the bottom, turns there and swims on beside it",
                   "Where it meets the wall, at the bottom of the picture, it turns along it"),
}  # fmt: skip
_ACT = {
    "no": (
        "A run is nearly straight, because the flagella turn together in one bundle and push. In a "
        "tumble the bundle comes apart, the body halts and swings round on the spot, and a new run "
        "begins at another angle.",
        "As soon as the flagella splay, a straight run is over and the cell stops dead; it swivels "
        "for a moment, then its bundle forms again and it is off on another course.",
        "Nothing but a tumble changes the heading abruptly: filaments fan out, the rod pivots "
        "where it is, and the next straight run starts.",
        "When the filaments separate, a rod pauses and turns about its middle; when they join into "
        "a bundle it runs straight on. Runs last most of a second, tumbles about a seventh.",
        "Straight runs end in short tumbles: the bundle comes apart, the body swings round on the "
        "spot, and a new run begins at another angle.",
    ),
    "yes": (
        "Without tumbles the paths are nearly straight. Where a head meets the wall, contact and "
        "the flow that the cell makes turn the body parallel, and it swims on close by.",
        "Nearly straight paths without tumbles lead to a soft swing at the wall, whose force lifts "
        "the front end until the rod lies along the surface; it does not rebound.",
        "Smooth swimmers never tumble, and the wall does not reflect them like a ball: the rod is "
        "turned until it lies parallel, and is held there by its own flow.",
        "When a front end touches, the rod, which never tumbles, rotates within a fraction of a "
        "second and glides along the surface. It neither bounces off nor sticks.",
        "Paths without tumbles are nearly straight until a front end meets the wall; the body is "
        "turned parallel to the surface and the rod glides along close by.",
    ),
}


def descriptions(p: Parameters, state: State) -> list[str]:
    """Texts of 75 to 135 words: what the captions state, and what one sees of its mechanism."""
    n, v = number_word(count_of(p)), f"{plain(p['speed'])} µm/s"
    way, ward, to, _ = _WAY[p["direction"]]
    where = "in open liquid" if p["wall"] == "no" else "above a straight wall"
    field, length = plain(state.field_um), plain(p["body_length"])
    cells, s, goes = ("cells", "", "go") if count_of(p) > 1 else ("cell", "s", "goes")
    first, second = _STORY[scene_of(p)]
    leads = (
        f"Seen from above, {n} Escherichia coli {cells} swim{s} {way} {where} at {v}. {first}.",
        f"In this thin film {n} flagellated {cells} of E. coli move{s} {ward} at about {v}, "
        f"{where}. {second}.",
        f"At {v} and {to}, {n} {cells} swim{s} {where}, in a view {field} µm wide. {first}.",
        f"The view shows how {n} E. coli {cells} {goes} {way} {where}, swimming at {v}. {second}.",
        f"In a thin film {n} E. coli {cells} swim{s} {ward} {where} at about {v}. {first}.",
    )
    shared = (
        f"Bodies are rods {length} µm long with round ends. Water is so viscous at this size that "
        "nothing coasts, and the long axis always lies along the path. Specks in the film rest.",
        f"The camera and the specks of the medium stand still. A body is a rod of {length} µm, its "
        "helical flagella trail behind, and it moves along its own long axis, never sideways.",
        f"Each rod, {length} µm long with rounded ends, swims head first and pulls a wavy bundle "
        "behind. Inertia plays no part, and the background with its small specks keeps its place.",
        f"Liquid and camera are at rest, so all motion is swimming. The rods measure {length} µm, "
        "lie along their paths, and drive themselves by the turning helix at their rear ends.",
        f"Bodies are rods of {length} µm with round ends, and a bundle of helical flagella behind "
        "them turns and pushes. They move along their long axis; nothing coasts. The camera and "
        "the specks of the medium are at rest.",
    )
    orders = ((0, 1, 2), (2, 0, 1), (0, 2, 1), (1, 0, 2), (2, 0, 1))
    return [
        " ".join((leads[k], _ACT[p["wall"]][k], shared[k])[part] for part in order)
        for k, order in enumerate(orders)
    ]


def prompts(p: Parameters, state: State) -> list[str]:
    """Short requests that carry direction and wall; the last is held out."""
    way, ward, to, side = _WAY[p["direction"]]
    return {
        "open": [
            "bacteria run and tumble in every direction in open liquid",
            "E. coli swimming all ways in open liquid",
            "a group of bacteria swims in all directions without a wall",
            "run and tumble of bacteria every way, open liquid, no wall",
            "flagellated bacteria swim freely every way through open liquid",
            "swimming bacteria tumble and run in all directions, no wall",
            "show many-way swimming of E. coli in open liquid",
            "bacteria in open liquid running in every direction and tumbling",
            "E. coli without a wall run and tumble in all directions",
            "E. coli run and tumble in every direction in open liquid",
        ],
        "wall": [
            "bacteria swim every way above a wall and turn along it",
            "smooth-swimming E. coli in all directions, some follow a wall",
            "a group of bacteria swims in every direction beside a wall",
            "bacteria heading all ways swing round at a wall",
            "smooth swimmers go every way and swim along the wall",
            "E. coli reach a wall from every direction and follow it",
            "bacteria in all directions turn when they reach the wall",
            "show bacteria swimming every way and along a wall below",
            "swimming bacteria, all directions, meet a wall and swim beside it",
            "E. coli swim in every direction and turn along the wall",
        ],
        "open_close": [
            f"a bacterium swims {way} in open liquid, tumbles upwards",
            f"a single E. coli runs {ward} and tumbles, no wall",
            f"close-up of a bacterium swimming {to} in open liquid, tumbling",
            f"one bacterium from the {side} tumbles in open liquid, runs upwards",
            f"run and tumble: one E. coli going {ward}, open liquid",
            f"a bacterium heading {ward} in open liquid tumbles towards the top",
            f"single bacterium in open liquid swims {to}, tumbles up",
            f"no wall: one cell swims {way} and tumbles once",
            f"show a lone E. coli running {ward} in open liquid, tumbling",
            f"a single bacterium runs {ward} in open liquid and tumbles upwards",
        ],
        "wall_close": [
            f"one bacterium swims {way} and turns along a wall",
            f"a single E. coli heading {ward} meets a wall and follows it",
            f"close-up of a bacterium swimming {to} along a wall",
            f"one bacterium comes from the {side} and swims along the wall",
            f"a smooth swimmer goes {way} beside the wall",
            f"a bacterium moving {ward} swings round at the wall below",
            f"single bacterium swims {to} and then along a wall",
            f"at a wall one cell turns and swims {way}",
            f"show a lone E. coli swimming {ward} to a wall and along",
            f"a single bacterium swims {way} and follows the wall",
        ],
    }[scene_of(p)]
