"""A cell dies by apoptosis: alone, beside cells that live on, or out of an epithelium.

`models.caspase_switch` says when effector caspases switch on and which dose of them has acted;
`models.dying_cell` what that does to adhesion, volume, nucleus, blebs and bodies;
`models.epithelial_row` how neighbours squeeze a dying cell out of their row. Cells on a dish are
seen from above, the epithelium from its side, with the free surface upwards.

Nothing is lost on the way: the bodies hold the volume of the shrunken cell, the lumps of chromatin
the stain of its nucleus. Cells that have not switched on stay as they are but for a slow ruffling
of their outline.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..canvas import Material, Scene
from ..captions import number_word, plain
from ..core import Choice, Clock, HeldOut, Parameters, Range, Setting, State
from ..models import caspase_switch as switch
from ..models import dying_cell as cell
from ..models import dying_tissue as tissue
from ..models import epithelial_row as row_model
from ..models.dying_cell import Course, Plan

LEVEL = "cellular"
SETTING = Setting(
    view="projection from above of cells on a dish; section of an epithelium, one cell thick",
    field="closed",
    frame_of_reference="fixed to the dish, or to the basement membrane",
    temperature_c=37.0,
    medium="culture medium with a ligand of death receptors; chromatin stained",
    organism="human cell line",
    marks="the epithelium's free surface is up and bears microvilli, its base rests on a membrane",
)
_CHOSEN = "modelling choice: "
PARAMETERS: tuple[Range | Choice, ...] = (
    Choice("tissue", ("lone_cell", "four_cells", "epithelium"),
           _CHOSEN + "one dying cell, two dying beside two that live, one squeezed out of a row"),
    Choice("bodies", ("few", "many"), _CHOSEN + "3 or 4 against 7 or 8, told apart at a glance"),
    Range("death_time", "min", 16.0, 36.0,
          _CHOSEN + "shrinkage to bodies; the visible phase is brief against hours of waiting: "
          "Kerr, Wyllie & Currie 1972, Br J Cancer 26:239"),
    Range("signal", "1/min", 0.005, 0.012,
          _CHOSEN + "delays of 1 to 2 h, the early part of those in Albeck et al. 2008, "
          "PLoS Biol 6:e299", log=True),
    Range("delay", "min", 6.0, 11.0,
          _CHOSEN + "between the two deaths of four cells; sisters differ by more: Spencer et al. "
          "2009, Nature 459:428"),
    Range("cell_diameter", "µm", 28.0, 36.0, _CHOSEN + "of a flat cell; a common adherent line"),
    Range("cell_width", "µm", 11.5, 14.0, _CHOSEN + "of an epithelial cell"),
    Range("shrinkage", "fraction", 0.35, 0.55,
          _CHOSEN + "volume lost; a cell shrinks early, well before it breaks up: Maeno et al. "
          "2000, Proc Natl Acad Sci USA 97:9487"),
    Range("condensed", "fraction", 0.26, 0.40,
          _CHOSEN + "nuclear area that is left; stages of condensation: Toné et al. 2007, "
          "Exp Cell Res 313:3635"),
    Range("zoom", "1", 0.95, 1.05, _CHOSEN + "field over 60, 120 and 80 µm for the three scenes"),
)  # fmt: skip
HELD_OUT = HeldOut(
    interval=("death_time", 31.0, 33.5), combination={"bodies": "many", "shrinkage": (0.50, 0.55)}
)
MATERIALS = {
    "haze": Material("#4d3a68", opacity=0.55, edge=0.0, gloss=0.0, emission="#20382c", glow=0.05,
                     absorb="#f7f5f2", refraction=0.05),
    "fleck": Material("#5d4878", opacity=0.6, edge=0.4, gloss=0.0, emission="#24402c", glow=0.10,
                      absorb="#e6e2dc", refraction=0.1),
    "fibre": Material("#c98fa0", opacity=0.6, edge=0.6, gloss=0.0, emission="#58d66a", glow=0.14,
                      absorb="#d8cfc4", refraction=0.3),
    "cell": Material("#e8a488", opacity=0.95, edge=1.0, gloss=0.16, shadow=0.30, emission="#3fbf58",
                     glow=0.40, rim_glow=0.30, absorb="#ecdccb", refraction=1.0),
    "bleb": Material("#f2b99c", opacity=0.9, edge=1.0, gloss=0.35, emission="#5fd060",
                     glow=0.20, rim_glow=0.28, absorb="#efe0d0", refraction=0.9),
    "granule": Material("#b9655c", opacity=0.55, edge=0.5, gloss=0.1, emission="#8fe070", glow=0.12,
                        absorb="#d9c3b0", refraction=0.3),
    "nucleus": Material("#8b7fc4", opacity=0.6, edge=0.9, gloss=0.15, emission="#2f55ff", glow=0.10,
                        rim_glow=0.06, absorb="#dcd4e0", refraction=0.5),
    "chromatin": Material("#37e6ff", opacity=0.95, edge=0.95, gloss=0.4, emission="#5a8cff",
                          glow=1.05, absorb="#6a3fa0", refraction=0.5),
    "stroma": Material("#8a4f74", opacity=1.0, edge=0.8, gloss=0.05, emission="#203a5c", glow=0.05,
                       absorb="#ead6dc", refraction=0.3),
    "strand": Material("#c58ab0", opacity=0.6, edge=0.7, gloss=0.1, emission="#39608c", glow=0.08,
                       absorb="#d9b6c6", refraction=0.3),
    "membrane": Material("#f4d9a0", opacity=0.95, edge=0.9, gloss=0.2, emission="#ff5f7a", glow=0.5,
                         absorb="#c79aa8", refraction=0.6),
    "microvillus": Material("#ffd9b8", opacity=0.9, edge=0.7, gloss=0.1, emission="#6ff08a",
                            glow=0.22, absorb="#d6bfa8", refraction=0.3),
}  # fmt: skip
BACKGROUND = "#35264a"

_FIELD = {"lone_cell": 60.0, "four_cells": 120.0, "epithelium": 80.0}
_LENGTH = {"lone_cell": 1.9, "four_cells": 1.5, "epithelium": 1.75}  # of the death time
_ONSET = 0.06  # share of the clip at which the first cell's caspases are half on
_RUFFLE_MIN = 9.0


def _span(p: Parameters) -> float:
    """Minutes that a whole clip shows."""
    delay = p["delay"] if p["tissue"] == "four_cells" else 0.0
    return delay + _LENGTH[p["tissue"]] * p["death_time"]


def s_per_frame(p: Parameters, num_frames: int) -> float:
    """A clip spans the whole death, of which a frame covers at most three tenths."""
    return 60 * _span(p) * min(0.3, 1 / (num_frames - 1))


def simulate(p: Parameters, clock: Clock, rng: np.random.Generator) -> State:
    """Draw the cells, switch those on that are to die, and follow them (µm, s)."""
    field = _FIELD[p["tissue"]] * p["zoom"]
    minutes = clock.times_s / 60
    begin = _ONSET * _span(p)
    starts, signals = [begin], [p["signal"]]
    if p["tissue"] == "four_cells":
        # The second cell's signal is weaker, by so much that its pores open later by the delay.
        starts.append(begin + p["delay"])
        signals.append(switch.signal_for(switch.opening(p["signal"]) + p["delay"]))
    plans = (
        tissue.flat_cells(p, field, rng)
        if p["tissue"] != "epithelium"
        else [tissue.column(p, field, rng)]
    )
    dying = [int(i) for i in rng.permutation(len(plans))[: len(starts)]]
    active, q = np.zeros((2, len(plans), clock.num_frames))
    for k, start, signal in zip(dying, starts, signals, strict=True):
        active[k], q[k] = switch.dose(minutes - start, signal, p["death_time"])
    arrays: dict[str, Any] = {
        "plans": plans, "dying": dying, "active": active, "q": q, "starts": starts,
        "waver": 2 * np.pi * (minutes / _RUFFLE_MIN + rng.uniform(0, 1, (len(plans), 1))),
        "base": 0.80 * field, **_scenery(field, rng),
    }  # fmt: skip
    if p["tissue"] == "epithelium":
        arrays["row"] = tissue.row_of(p, plans[0], q[0])
        arrays["paths"] = [tissue.in_row(arrays, q[0])]
    else:
        arrays["paths"] = [cell.course(plan, dose) for plan, dose in zip(plans, q, strict=True)]
    return State(field, arrays, tissue.tell(p, clock, arrays))


def _scenery(field: float, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Details that only the drawing needs."""
    around, far = rng.uniform(0, 2 * np.pi, 26), np.sqrt(rng.uniform(0.2, 0.8, 26))
    return {
        "flecks": rng.uniform(0, 1, (70, 3)) * [field, field, 1.0],
        "granules": np.stack([around, far, rng.uniform(0, 3, 26)], 1),
        "strands": rng.uniform(0, 1, (26, 3)),
        "nuclei": rng.uniform(-1, 1, (9, 2)),
    }  # fmt: skip


def backdrop(p: Parameters, state: State, scene: Scene) -> None:
    """The dish with its flecks; under an epithelium its stroma and basement membrane."""
    field, base = state.field_um, state["base"]
    for x, y, size in state["flecks"][:9]:
        r = (0.08 + 0.10 * size) * field
        scene.ellipse(x, y, r, 0.7 * r, 6.0 * size, "haze", soft=0.06 * field, fade=0.7)
    for x, y, size in state["flecks"]:
        scene.disc(x, y, (0.25 + 0.5 * size) * field / 80, "fleck", soft=0.4)
    if p["tissue"] != "epithelium":
        return
    edge = np.array([[-5, base], [field + 5, base], [field + 5, field + 5], [-5, field + 5]])
    scene.polygon(edge, "stroma", bevel=6.0)
    for u, v, w in state["strands"]:
        x, y = u * (field + 16) - 8, base + 2.5 + v * (field - base - 1)
        scene.capsule(x - 4, y - w + 0.5, x + 4, y + w - 0.5, 0.35 + 0.35 * w, "strand")
    scene.capsule(-5, base + 0.5, field + 5, base + 0.5, 0.55, "membrane")


def draw(p: Parameters, state: State, frame: int, scene: Scene) -> None:
    """The cells, their blebs and bodies, and their chromatin on top."""
    if p["tissue"] == "epithelium":
        _draw_row(p, state, frame, scene)
        return
    for k, (plan, path) in enumerate(zip(state["plans"], state["paths"], strict=True)):
        hold = float(path.adhesion[frame])
        lines, strength = cell.fibres(plan, path, frame, state["waver"][k, 0])
        for (x0, y0), (x1, y1) in lines:
            scene.capsule(x0, y0, x1, y1, 0.22, "fibre", fade=0.8 * strength)
        _draw_bodies(path, frame, scene)
        shape = cell.outline(plan, path.rim[frame], hold, state["waver"][k, frame])
        if hold > 0.02:
            scene.polygon(shape + path.centre[frame], "cell", bevel=0.55 * path.rim[frame])
        else:
            x, y = path.centre[frame]
            scene.disc(x, y, path.rim[frame], "cell")
        for turn, far, lean in state["granules"][: 26 if len(state["plans"]) == 1 else 10]:
            i = round(turn / (2 * np.pi) * len(shape)) % len(shape)
            x, y = path.centre[frame] + far * 0.95 * shape[i]
            size = 0.55 * (0.5 + 0.5 * path.rim[frame] / plan.flat_um)
            scene.ellipse(x, y, 2.2 * size, size, lean, "granule")
        _draw_chromatin(plan, path, frame, scene)


def _draw_bodies(path: Course, frame: int, scene: Scene) -> None:
    """Buds and bodies, which come out from under the cell."""
    for (x, y), r in zip(path.place[frame, 1:], path.radius[frame, 1:], strict=True):
        if r > 0.1:
            scene.disc(x, y, r, "cell")


def _draw_chromatin(plan: Plan, path: Course, frame: int, scene: Scene) -> None:
    """Blebs, the nucleus while it is whole, and the lumps that come of it."""
    for (x, y), r in zip(path.bleb[frame], path.bleb_um[frame], strict=True):
        if r > 0.15:
            scene.disc(x, y, r, "bleb")
    whole, density = float(path.whole[frame]), float(path.density[frame])
    if whole > 0.01:
        r = plan.nucleus_um * math.sqrt(path.area[frame])
        # Oval while the cell is spread or stands in its row, round once it has let go.
        long = 1 + 0.17 * float(path.adhesion[frame])
        lean = plan.nucleus_lean
        x, y = path.nucleus[frame]
        scene.ellipse(x, y, r * long, r / long, lean, "nucleus", fade=whole)
        left = float(path.stain[frame] @ plan.lump_share)
        scene.ellipse(x, y, r * long, r / long, lean, "chromatin", fade=whole * density * left)
    for (x, y), r, left in zip(
        path.lump[frame], path.lump_um[frame], path.stain[frame], strict=True
    ):
        fade = (1 - whole) * left
        if fade > 0.01:
            if density < 0.8:
                scene.disc(x, y, r, "nucleus", fade=fade * (1 - density))
            scene.disc(x, y, r, "chromatin", fade=fade * density)


def _draw_row(p: Parameters, state: State, frame: int, scene: Scene) -> None:
    row, plan, path = state["row"], state["plans"][0], state["paths"][0]
    x0, base = plan.centre[0], state["base"]
    for k in range(row_model.SIDE + 1):
        for side in (-1, 1):
            if k < row_model.SIDE:
                shape = row_model.neighbour_outline(row, frame, k)
                middle, tall = row_model.middle_of(row, frame, k), row.height[frame, k]
            else:
                middle, tall = (k + 1) * p["cell_width"], tissue.HEIGHT_UM
                shape = row_model.resting_outline(p["cell_width"], tall, k)
            for u in np.linspace(shape[:, 0].min() + 1, shape[:, 0].max() - 1, 9):
                x = x0 + side * u
                if row.neck[frame] < u:
                    scene.capsule(x, base - tall, x, base - tall - 2.0, 0.28, "microvillus")
            scene.polygon(shape * [side, -1.0] + [x0, base], "cell", bevel=4.5)
            lean = state["nuclei"][2 * k + (side > 0)]
            x, y = x0 + side * middle, base - 0.46 * tall + 0.9 * lean[0]
            for part, fade in (("nucleus", 1.0), ("chromatin", plan.condensed)):
                scene.ellipse(x, y, 3.6, 4.9, 0.2 * lean[1], part, fade=fade)
    _draw_bodies(path, frame, scene)
    if row.free[frame]:
        x, y = path.centre[frame]
        scene.disc(x, y, path.rim[frame], "cell")
    else:
        shape = row_model.dying_outline(row, frame) * [1.0, -1.0] + [x0, base]
        top = base - row.height[frame, 0]
        for u in np.linspace(-0.8, 0.8, 7) * row.neck[frame]:
            left = max(0.0, 1 - 4 * float(state["q"][0, frame]))
            scene.capsule(x0 + u, top + 1, x0 + u, top - 2.4, 0.28, "microvillus", fade=left)
        scene.polygon(shape, "cell", bevel=4.5)
    _draw_chromatin(plan, path, frame, scene)


_BODIES = {
    "few": ("few large bodies", "a few big bodies", "only a few bodies"),
    "many": ("many small bodies", "lots of small bodies", "a great many bodies"),
}


def captions(p: Parameters, state: State) -> list[str]:
    """Sentences with the scene, how many bodies, and minutes; the last is held out."""
    b, d = _BODIES[p["bodies"]][0], f"{plain(p['death_time'])} min"
    if p["tissue"] == "four_cells":
        return [
            f"two of four cells die by apoptosis, each in {d}, leaving {b}",
            f"apoptosis of two among four cells: each falls into {b} within {d}",
            f"four cells, two of which die by apoptosis in {d}, leaving {b}",
            f"two cells of four bleb and part into {b}, apoptosis in {d}",
            f"two of four cells stay flat, two undergo apoptosis: {b} after {d}",
            f"in {d} each, two of four cells shrink by apoptosis into {b}",
            f"two of four cells undergo apoptosis, each in {d}, leaving {b}",
        ]
    if p["tissue"] == "epithelium":
        return [
            f"an epithelium squeezes out its apoptotic middle cell upwards in {d}, as {b}",
            f"apoptosis in an epithelium: one cell is extruded upwards in {d}, {b} result",
            f"one dying epithelial cell is squeezed out upwards by apoptosis: {b} after {d}",
            f"an epithelium expels one apoptotic cell upwards, which parts into {b} in {d}",
            f"in {d} one cell leaves an epithelium upwards by apoptosis, giving {b}",
            f"an epithelium loses one cell upwards by apoptosis, giving {b} within {d}",
            f"one dying cell leaves an epithelium upwards by apoptosis in {d}, as {b}",
        ]
    n = number_word(len(state["plans"][0].share))
    return [
        f"one flat cell dies by apoptosis in {d}, leaving {b}, {n} in all",
        f"apoptosis: one flat cell shrinks, breaking into {b}, {n} in all, within {d}",
        f"apoptosis in {d}: one flat cell blebs and falls into {b}, {n}",
        f"one flat apoptotic cell condenses and parts into {b}, {n}, in {d}",
        f"a flat cell undergoes apoptosis alone, shrinking into {b}, {n}, in {d}",
        f"alone in view, one flat cell dies by apoptosis: {b}, {n}, after {d}",
        f"one flat cell dies by apoptosis and parts into {b}, {n}, within {d}",
    ]


_SCENES = {
    "lone_cell": (
        "One flat cell lies alone on a dish, seen from above in a field of {f}.",
        "Seen from above, a single cell has spread out on its dish; the field is {f} wide.",
        "This is one cell in culture, flat and alone, in a picture {f} wide.",
        "A lone cell, spread flat and stained for chromatin, is watched from above over {f}.",
        "A single flat cell lies alone in culture, seen from above in a field {f} wide.",
    ),
    "four_cells": (
        "Four flat cells lie apart on a dish, seen from above in a field of {f}; two of them die, "
        "one {e} after the other, and two live on unchanged.",
        "Seen from above, four cells have spread out on their dish, {f} wide. Two switch on their "
        "death {e} apart, while the other two stay flat and whole.",
        "These are four cells in culture, in a picture {f} wide: two die at different moments, {e} "
        "apart, the other two survive.",
        "Of four cells, spread flat and stained for chromatin over {f}, two go through the same "
        "death with {e} between them. Two are left as they were.",
        "Four flat cells lie apart in culture, seen from above in a field {f} wide; two of them "
        "die, {e} apart, the other two stay as they were.",
    ),
    "epithelium": (
        "An epithelium one cell thick is seen from its side in a field of {f}; the middle cell "
        "dies, its neighbours push their feet under it and squeeze it out upwards.",
        "Side view of a closed row of epithelial cells, {f} wide, on its basement membrane. The "
        "dying cell in the middle rises out of the row while the gap beneath it is closed.",
        "This is an epithelium in profile, in a picture {f} wide: one cell in its middle dies and "
        "is squeezed out upwards, and both neighbours meet where it stood.",
        "Within a row of epithelial cells, seen from the side over {f}, the middle one is lost. "
        "Neighbours spread along the base, tighten around it, and it leaves through the top.",
        "An epithelium one cell thick is seen from its side, {f} wide; the middle cell dies, both "
        "neighbours meet beneath it, and it is squeezed out upwards.",
    ),
}


def descriptions(p: Parameters, state: State) -> list[str]:
    """Paragraphs with the same facts, the mechanism and what one sees; the last is held out."""
    d, b = f"{plain(p['death_time'])} min", _BODIES[p["bodies"]][0]
    f, e = f"{plain(state.field_um)} µm", f"{plain(p['delay'])} min"
    n = number_word(len(state["plans"][state["dying"][0]].share))
    first = "the cell that dies first" if p["tissue"] == "four_cells" else "the cell"
    scenes = [scene.format(f=f, e=e) for scene in _SCENES[p["tissue"]]]
    return [
        f"{scenes[0]} The death is apoptosis and takes about {d}. Caspases switch on abruptly, "
        f"there is no way back. The volume falls, the outline draws in, and the nucleus turns "
        f"smaller and denser before it breaks into lumps. Round blebs swell on the surface, some "
        f"draw back. In the end {b} lie there, {n} in all from {first}, some with "
        f"chromatin, others without. Nothing bursts and nothing spills: the bodies hold all that "
        f"was left of the cell.",
        f"{scenes[1]} Apoptosis runs its course within {d}, from the first shrinkage to the last "
        f"body. It leaves {b}, here {n} of them. Pores in the mitochondria open, caspases are set "
        f"free and cleave what holds the cell together. First it rounds up and becomes smaller, "
        f"then stained chromatin gathers to a bright compact mass and falls into lumps. The "
        f"surface seethes with blebs. Buds part one by one, each closed on its own, and they stay "
        f"apart.",
        f"{scenes[2]} What one sees is apoptosis, programmed death, in about {d}. The dying cell "
        f"gives up water and its hold, so that it shrinks at once. Its nucleus condenses, bright "
        f"and small, and comes apart afterwards, never before. Blebs bulge out and sink back. "
        f"Finally everything is shared out among {b}, {n} in number, which drift away from one "
        f"another with closed membranes. The amount of chromatin stays the same all the while, "
        f"and no content is spilled.",
        f"{scenes[3]} In {d} apoptosis turns {first} into {b}, {n} of them. "
        f"Order matters: an abrupt switch, shrinkage, a condensed nucleus, blebs, lumps of "
        f"chromatin, and bodies last. Each step follows from how much the caspases have cut so "
        f"far. Separate bodies never flow together again, and stained lumps stay in the body that "
        f"received them. The membrane remains closed throughout, which tells this death from one "
        f"by swelling and bursting.",
        f"{scenes[4]} The death is apoptosis and runs its course within {d}. Caspases switch on "
        f"abruptly and cleave what holds the cell together, and it shrinks. Its nucleus turns "
        f"small and bright, then it breaks into lumps. Round blebs swell on the surface and sink "
        f"back. Finally {b} lie there, {n} of them from {first}, which stay "
        f"apart, each closed on its own. Nothing bursts, and the amount of chromatin stays the "
        f"same.",
    ]


def prompts(p: Parameters, state: State) -> list[str]:
    """Short requests that name the scene and how many bodies; the last is held out."""
    b, big, only = _BODIES[p["bodies"]]
    if p["tissue"] == "four_cells":
        return [
            f"two of four cells die by apoptosis into {b}",
            f"four cells, two undergo apoptosis and leave {big}",
            f"apoptosis of two among four cells, {b}",
            f"two cells of four shrink and break into {only}",
            f"show four cells of which two die, leaving {big}",
            f"four cultured cells, two fall apart into {b}",
            f"programmed death of two cells in four, {b}",
            f"two in four cells bleb, leaving {only}",
            f"four flat cells: two survive, two become {big}",
            f"two of four cells undergo apoptosis and leave {b}",
        ]
    if p["tissue"] == "epithelium":
        return [
            f"an epithelium squeezes out a dying cell upwards, {b}",
            f"apoptotic cell extrusion from an epithelium, {big}",
            f"an epithelial cell dies by apoptosis, leaving {only}",
            f"epithelium side view, middle cell extruded into {b}",
            f"a dying cell leaves an epithelium as {big}",
            f"neighbours close under an epithelial cell that becomes {b}",
            f"show an apoptotic cell leave an epithelium, {only}",
            f"apoptosis in an epithelium, the cell leaves as {big}",
            f"one cell squeezed from an epithelium, leaving {b}",
            f"an epithelium squeezes out an apoptotic cell, leaving {b}",
        ]
    return [
        f"one flat cell dies by apoptosis and leaves {b}",
        f"apoptosis of a single cell into {big}",
        f"a lone cell shrinks, blebs and breaks into {b}",
        f"show one cell undergoing apoptosis, ending as {only}",
        f"single cell apoptosis with {b}",
        f"one cell falls apart into {big} in apoptosis",
        f"programmed death of one cell, {b}",
        f"a lone apoptotic cell condenses and leaves {only}",
        f"a single dying cell parts into {big}",
        f"a lone cell dies by apoptosis, ending as {b}",
    ]
