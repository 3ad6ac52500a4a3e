"""Microtubules whose plus ends grow slowly, collapse fast and are rescued: dynamic instability.

The model is in `models.dynamic_ends` (Dogterom & Leibler 1993, Phys Rev Lett 70:1347). `assay`
chooses what is watched: an array that points at the edge of a living cell; a close-up of speckled
microtubules deep inside it, whose tips collapse once and are rescued; or microtubules on stable
seeds in pure tubulin that is washed out halfway, so that they shrink to their seeds.

The tip shows its state: a growing one carries a cap of subunits that still hold GTP (amber), at a
shrinking one the protofilaments curl outwards (Mandelkow, Mandelkow & Milligan 1991, J Cell Biol
114:977). Only the plus ends change; in cells the minus ends lie beyond the picture, on glass behind
the red seed. Tubes are 25 nm wide and drawn some forty times as wide; lengths are to scale.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.ndimage import gaussian_filter

from ..canvas import Material, Scene
from ..core import Choice, Clock, Event, HeldOut, Parameters, Range, Setting, State, Truth
from ..models import dynamic_ends as ends
from ..models import microtubule_words as words
from ..models.dynamic_ends import Line, Paths

LEVEL = "subcellular"
SETTING = Setting(
    view="projection of a flat cell margin or of a glass surface, about 1 µm deep",
    field="open",
    frame_of_reference="cell, or glass, at rest",
    temperature_c=23.0,  # newts are cold-blooded; the assay on glass is at 37 °C
    medium="cytoplasm; on glass a buffer at 37 °C with GTP and pure tubulin, then without tubulin",
    organism="newt lung cell in culture (cells) and mammalian brain tubulin (glass)",
    marks="plus ends point where the microtubules grow; a growing one has an amber cap of GTP "
    "tubulin, a shrinking one is frayed (coral curls); seeds are red",
    schematic=True,
)
_CHOSEN = "modelling choice"
PARAMETERS: tuple[Range | Choice, ...] = (
    Choice("assay", ("cell_edge", "speckled", "washout"),
           "Cassimeris, Pryer & Salmon 1988, J Cell Biol 107:2223; Waterman-Storer et al. 1998, "
           "Curr Biol 8:1227; Walker, Pryer & Salmon 1991, J Cell Biol 114:73"),
    Choice("direction", ("left_to_right", "right_to_left"), _CHOSEN + ": where plus ends point"),
    Choice("count", ("few", "many"), _CHOSEN + ": how many, by assay, see COUNTS"),
    Range("growth", "1", 0.85, 1.15,
          "over the mean, 7.2 µm/min in the newt lung cell (Cassimeris et al. 1988), on glass that "
          "of TUBULIN_UM; single ends vary more, the bounds are a modelling choice"),
    Range("shrinkage", "1", 0.88, 1.12,
          "over the mean, 17.3 µm/min in the cell (Cassimeris et al. 1988) and 733 dimers/s in "
          "pure tubulin (Walker et al. 1988, J Cell Biol 107:1437); bounds: a modelling choice"),
    Range("field_of_view", "µm", 28.0, 32.0, _CHOSEN + "; half of it for the speckled close-up"),
)  # fmt: skip
HELD_OUT = HeldOut(
    ("growth", 1.105, 1.15),
    {"assay": "speckled", "direction": "right_to_left", "count": "many"},
)

MATERIALS = {
    "cytoplasm": Material("#44507e", edge=1.0, gloss=0.0, emission="#16306a", glow=0.22,
                          absorb="#d3d2de", refraction=0.35),
    "glass": Material("#c3d6d8", gloss=0.0, emission="#08131a", glow=0.15, absorb="#f4f6f6",
                      refraction=0.0),
    "cloud": Material("#5c6a9c", opacity=0.45, emission="#2450a0", glow=0.10, absorb="#c4c4d6",
                      refraction=0.15),
    "ruffle": Material("#8f9fce", opacity=0.75, edge=0.9, gloss=0.15, emission="#3a66c0",
                       glow=0.22, absorb="#bdbfd4", refraction=0.5),
    "fibre": Material("#7484b6", opacity=0.5, edge=0.3, gloss=0.0, emission="#2c58b0", glow=0.10,
                      absorb="#c2c4da", refraction=0.15),
    "organelle": Material("#5d4a80", opacity=0.55, edge=0.5, gloss=0.05, emission="#40309a",
                          glow=0.12, absorb="#c0b4cc", refraction=0.2),
    "vesicle": Material("#b896cf", edge=1.0, gloss=0.35, shadow=0.15, emission="#8458ff",
                        glow=0.26, rim_glow=0.10, absorb="#b49cc4", refraction=0.7),
    "smudge": Material("#a9c1c6", opacity=0.6, edge=0.4, gloss=0.0, emission="#12333a", glow=0.20,
                       absorb="#e6ebec", refraction=0.1),
    "haze": Material("#8fcf9f", opacity=0.22, gloss=0.0, emission="#1a8a48", glow=0.05,
                     absorb="#e4f3e6", refraction=0.0),
    "tube": Material("#2fae5c", edge=1.0, gloss=0.35, shadow=0.28, emission="#1fe868", glow=0.68,
                     absorb="#6fae80", refraction=0.65),
    "speckle": Material("#dff7a0", opacity=0.95, edge=0.7, gloss=0.3, emission="#c8ff8a",
                        glow=0.95, absorb="#3f7f52", refraction=0.5),
    "cap": Material("#ffb628", edge=1.0, gloss=0.45, shadow=0.2, emission="#ffb020", glow=0.90,
                    absorb="#dc9a38", refraction=0.6),
    # As warm and as large as a cap, so that tips in either state weigh the same in a picture.
    "curl": Material("#ff9c66", edge=1.0, gloss=0.25, shadow=0.15, emission="#ff8a48", glow=0.75,
                     absorb="#dc8a5a", refraction=0.6),
    "seed": Material("#d8262f", edge=1.0, gloss=0.4, shadow=0.3, emission="#ff2a30", glow=0.85,
                     absorb="#cc5a58", refraction=0.7),
}  # fmt: skip
BACKGROUND = "#dbe5ea"

COUNTS = {"cell_edge": (3, 6), "speckled": (1, 3), "washout": (2, 4)}
"""Microtubules for `count` few and many: a single one in the close-up."""
STORY_S = {"cell_edge": 80.0, "speckled": 56.0, "washout": 76.0}
"""Time shown, s: long enough for a catastrophe in view (mean wait 71 s for one end)."""
HALF_WIDTH = {"cell_edge": 0.0175, "speckled": 0.014, "washout": 0.020}  # of the field of view
TUBULIN_UM = 14.1  # gives 3 µm/min
_LONGEST_STEP = 1 / 16  # of the story, between frames
_FLUSH_S = 2.0  # in which most of the tubulin leaves
_SPACING_UM = {"cell_edge": 1.7, "speckled": 1.4, "washout": 1.5}  # between speckles
_CAP = 2.6  # length of the drawn cap over the half width
_DRAWS = 3000  # histories of which those are kept that stay in view and tell the story


def width_um(p: Parameters) -> float:
    """Drawn half width of a microtubule in µm."""
    return float(p["field_of_view"] * HALF_WIDTH[p["assay"]])


def speeds(p: Parameters) -> tuple[float, float]:
    """Speeds of growth and shrinkage in µm/s."""
    up, down = ends.GROWTH_UM_S, ends.SHRINKAGE_UM_S
    if p["assay"] == "washout":
        up, down = ends.pure_growth(TUBULIN_UM), ends.COLLAPSE_PER_S / ends.DIMERS_PER_UM
    return p["growth"] * up, p["shrinkage"] * down


def s_per_frame(p: Parameters, num_frames: int) -> float:
    """Seconds between frames: the whole story in a clip, but no long steps in a very short one."""
    story = STORY_S[p["assay"]]
    return story * min(_LONGEST_STEP, 1 / max(1, num_frames - 1))


def simulate(p: Parameters, clock: Clock, rng: np.random.Generator) -> State:
    """Tips over time along their lines, in a picture whose plus ends point to the right.

    Arrays: `lines`, `tip` (T, N) and `phase` (T, N) (1 growing, 0 waiting or gone, -1 shrinking),
    `reach` (N, 2) the bounds of the tip in µm, `slide` (T, N) shift of the lattice, `gap` (T, N, 2)
    missing stretch, `pool` and `marks` of speckles, `seed` (N,) seed lengths, `tubulin` (T,) in µM;
    the rest is decoration.
    """
    assay, field = p["assay"], p["field_of_view"] * (0.5 if p["assay"] == "speckled" else 1.0)
    number = COUNTS[assay][p["count"] == "many"]
    lines, reach, seed = _lines(assay, number, field, rng)
    duration = clock.times_s[-1]
    washout = np.inf
    if assay == "washout":
        washout = duration * rng.uniform(0.46, 0.54)
        # Within seconds after dilution: Walker et al. 1991; the distribution is a modelling choice.
        waits = 1.0 + np.minimum(rng.exponential(2.5, number), 8.0)
        start = rng.uniform(0.16, 0.24, number) * field
        paths = ends.dilute(start, washout, waits, speeds(p), duration)
    else:
        paths = _histories(p, field, reach, duration, rng)
    tip, phase = paths.at(clock.times_s)
    pool = ends.speckle_pool(number, -field, 1.9 * field, _SPACING_UM[assay], rng)
    since = np.clip(clock.times_s - washout, 0, None)
    arrays: dict[str, Any] = {
        "lines": lines, "reach": reach, "seed": seed, "pool": pool,
        "tip": tip, "phase": phase, "slide": np.zeros_like(tip),
        "gap": np.full((*tip.shape, 2), np.nan), "marks": ends.lay_marks(pool, tip),
        "tubulin": TUBULIN_UM * np.exp(-since / _FLUSH_S), "washout_s": washout,
        "mirrored": p["direction"] == "right_to_left", **_decoration(clock, rng),
    }  # fmt: skip
    state = State(field, arrays, Truth())
    tell(p, clock, state)
    return state


def cell_edge_x(y: np.ndarray, field: float) -> np.ndarray:
    """Where the cell ends at heights `y`, µm."""
    v = y / field
    ripple = 0.006 * np.sin(19 * v + 1) + 0.004 * np.sin(37 * v)
    return np.asarray(field * (0.955 - 0.13 * (v - 0.5) ** 2 + ripple))


def _lines(
    assay: str, number: int, field: float, rng: np.random.Generator
) -> tuple[list[Line], np.ndarray, np.ndarray]:
    """Lines from the left to the right, the bounds (N, 2) of their tips, and seed lengths (N,)."""
    lane = (np.arange(number) + 0.5) / number - 0.5
    seed = rng.uniform(0.085, 0.105, number) * field * (assay == "washout")
    spread = {"cell_edge": 0.82, "speckled": 0.86, "washout": 0.92}[assay]
    y = field * (0.5 + spread * lane + rng.uniform(-0.05, 0.05, number) / number)
    x, reach, fan, bend = np.zeros(number), np.array([0.24, 0.93]), 0.0, 0.10
    if assay == "cell_edge":
        reach, fan = np.array([0.18, 0.9]), 0.16
    elif assay == "washout":
        x, reach, bend = rng.uniform(0.20, 0.48, number) * field, np.array([0.0, 0.45]), 0.06
    phase, wave = rng.uniform(0, 2 * np.pi), rng.uniform(0.9, 1.4) * field
    lines = []
    bounds = np.tile(reach * field, (number, 1))
    for k in range(number):
        heading = fan * lane[k] + rng.normal(0, 0.02)
        swing = bend * rng.uniform(0.5, 1.0)
        if assay == "washout":  # seeds land on the glass as they come
            heading, phase = rng.uniform(-0.14, 0.14), rng.uniform(0, 2 * np.pi)
        line = ends.bent_line((x[k], y[k]), heading, swing, wave, phase + rng.normal(0, 0.2),
                              -0.4 * field, 1.5 * field)  # fmt: skip
        if assay == "cell_edge":
            inside = line.points[:, 0] < cell_edge_x(line.points[:, 1], field)
            bounds[k, 1] = min(line.s[inside][-1], line.s[-1]) - 0.035 * field
        lines.append(line)
    return lines, bounds, seed


def _histories(
    p: Parameters, field: float, reach: np.ndarray, duration: float, rng: np.random.Generator
) -> Paths:
    """Chosen from free histories: every tip stays in view, and at least one collapses early on.

    Close up every tip grows, collapses by 2 to 7 µm, is rescued and grows on.
    """
    steady = ends.RESCUE_PER_S / (ends.RESCUE_PER_S + ends.CATASTROPHE_PER_S)
    start = rng.uniform(0.38, 0.74, _DRAWS) * field
    rates = (ends.CATASTROPHE_PER_S, ends.RESCUE_PER_S)
    paths = ends.wander(start, rng.random(_DRAWS) < steady, speeds(p), rates, duration, rng)
    begin, end, depth = ends.collapses(paths, duration)
    telling = (begin > 0.08 * duration) & (begin < 0.38 * duration) & (depth > 0.085 * field)
    if p["assay"] == "speckled":
        telling &= (paths.phase[:, 0] > 0) & (depth > 0.15 * field) & (depth < 0.47 * field)
        telling &= (end < 0.75 * duration) & (paths.t[:, 3] >= duration)
    low, high = paths.s.min(axis=1), paths.s.max(axis=1)
    chosen: list[int] = []
    leader = int(rng.integers(len(reach)))
    for k, bounds in enumerate(reach):
        stays = (low > bounds[0]) & (high < bounds[1])
        wanted = stays & telling if k == leader or p["assay"] == "speckled" else stays
        free = np.setdiff1d(np.flatnonzero(wanted), chosen)
        # A clip too short for the story shows a part of it.
        found = free if len(free) else np.setdiff1d(np.flatnonzero(stays), chosen)
        chosen.append(int(rng.choice(found)))
    return paths.take(np.array(chosen))


def _decoration(clock: Clock, rng: np.random.Generator) -> dict[str, Any]:
    """Vesicles that tremble in place, in fields (T, 11, 2), and the picture behind."""
    n = 11
    home = np.stack(
        [(np.arange(n) + rng.uniform(0.1, 0.9, n)) / n * 0.82, rng.permutation(n) / n], 1
    )
    home[:, 1] += rng.uniform(0.02, 0.07, n)
    # Caged Brownian motion (Ornstein-Uhlenbeck, sampled exactly), relaxing in 8 s.
    kept = np.exp(-clock.s_per_frame / 8.0)
    kicks = rng.normal(0, 0.015, (clock.num_frames, n, 2))
    away = kicks.copy()
    for i in range(1, clock.num_frames):
        away[i] = kept * away[i - 1] + np.sqrt(1 - kept**2) * kicks[i]
    rough = gaussian_filter(rng.normal(0, 1, (28, 28)), 1.8)
    return {
        "vesicles": home + away,
        "vesicle_size": rng.uniform(0.018, 0.030, n),
        "texture": np.clip(0.45 + 0.6 * rough / np.abs(rough).max(), 0, 1),
        "spots": rng.uniform(0, 1, (16, 4)),
    }


def places(state: State, k: int, s: np.ndarray) -> np.ndarray:
    """Places (..., 2) in the picture at arc lengths `s` of microtubule `k`."""
    return placed(state, state["lines"][k].at(s))


def placed(state: State, points: np.ndarray) -> np.ndarray:
    """Points (..., 2) of the frame in which plus ends point right, in the picture."""
    return points * [-1, 1] + [state.field_um, 0] if state["mirrored"] else points


def tell(p: Parameters, clock: Clock, state: State) -> None:
    """Write tracks, events and series of what is drawn into the state's truth."""
    truth, tip, phase = state.truth, state["tip"], state["phase"]
    frames = range(clock.num_frames)
    found: list[Event] = []

    def add(name: str, frame: int, k: int, value: float, unit: str) -> None:
        found.append(Event(name, frame, frame * clock.s_per_frame, k, value, unit))

    if np.isfinite(state["washout_s"]):
        frame = int(np.argmax(state["tubulin"] < TUBULIN_UM))
        if frame:
            add("washout", frame, -1, TUBULIN_UM, "µM tubulin before")
    for k in range(tip.shape[1]):
        truth.add_track(k, "plus_end", frames, places(state, k, tip[:, k]))
        if state["seed"][k]:
            middle = places(state, k, np.full(clock.num_frames, -0.5 * state["seed"][k]))
            truth.add_track(100 + k, "seed", frames, middle)
        for i in range(1, clock.num_frames):
            before, now = phase[i - 1, k], phase[i, k]
            if now < 0 <= before:
                add("catastrophe", i, k, tip[i, k], "µm from the left edge or the seed")
            elif now > 0 > before:
                add("rescue", i, k, tip[i, k], "µm from the left edge or the seed")
            elif tip[i, k] == 0 < tip[i - 1, k]:
                add("back_at_seed", i, k, 0.0, "µm from the seed")
        missing = np.nan_to_num(state["gap"][:, k, 1] - state["gap"][:, k, 0])
        truth.series[f"length_{k + 1}"] = ("µm", tip[:, k] - missing)
    truth.events.extend(sorted(found, key=lambda event: event.frame))
    truth.series["growing"] = ("microtubules", (phase > 0).sum(axis=1))
    truth.series["shrinking"] = ("microtubules", (phase < 0).sum(axis=1))
    if np.isfinite(state["washout_s"]):
        truth.series["tubulin"] = ("µM", state["tubulin"])


def backdrop(p: Parameters, state: State, scene: Scene) -> None:
    """The cell up to its edge, its depth, or the glass with its seeds."""
    field = state.field_um
    whole = np.array([(-1, -1), (2, -1), (2, 2), (-1, 2)]) * field
    if p["assay"] == "washout":
        scene.polygon(whole, "glass", bevel=0.1)
        for x, y, size, turn in state["spots"]:
            a = (0.012 + 0.02 * size) * field
            scene.ellipse(x * field, y * field, a, 0.7 * a, 3.1 * turn, "smudge", soft=0.02 * field)
        return
    cell = whole
    heights = np.linspace(-0.1, 1.1, 49) * field
    edge = np.stack([cell_edge_x(heights, field), heights], axis=1)
    if p["assay"] == "cell_edge":
        cell = np.concatenate([[(-field, -0.1 * field)], edge, [(-field, 1.1 * field)]])
    scene.polygon(placed(state, cell), "cytoplasm", bevel=0.06 * field)
    scene.field(state["texture"], "cloud", outline=placed(state, cell))
    for u, v, size, turn in state["spots"]:
        x, y = placed(state, np.array([(0.85 if cell is not whole else 1.0) * u, v]) * field)
        a = (0.03 + 0.04 * size) * field
        scene.ellipse(x, y, a, 0.35 * a, 3.1 * turn, "organelle", soft=0.02 * field)
    if p["assay"] == "cell_edge":
        inner = edge - [0.022 * field, 0]
        rim = np.concatenate([edge, inner[::-1]])
        scene.polygon(placed(state, rim), "ruffle", bevel=0.012 * field)
        for (x, height), (_, _, size, turn) in zip(edge[4::3], state["spots"], strict=False):
            back = [x - (0.05 + 0.06 * size) * field, height + 0.03 * (turn - 0.5) * field]
            (x0, y0), (x1, y1) = placed(state, np.array([[x, height], back]))
            scene.capsule(x0, y0, x1, y1, 0.006 * field, "fibre", soft=0.004 * field)


def _band(
    p: Parameters, state: State, scene: Scene, k: int, span: tuple[float, float], name: str,
    wide: float = 1.0,
) -> None:  # fmt: skip
    """A stretch of microtubule `k`, from arc length span[0] to span[1] in µm."""
    half = wide * width_um(p)
    if span[1] - span[0] > 0.02:
        outline = state["lines"][k].band(*span, half, 0.16 * state.field_um)
        scene.polygon(placed(state, outline), name, bevel=half)


def lattice(state: State, frame: int, k: int) -> list[tuple[float, float]]:
    """The stretches of microtubule `k` that exist in a frame, from the minus end on, µm."""
    tip, (low, high) = state["tip"][frame, k], state["gap"][frame, k]
    begin = 0.0 if state["seed"][k] else -0.15 * state.field_um
    if np.isnan(low):
        return [(begin, tip)]
    return [(begin, low), (high, tip)]


def draw(p: Parameters, state: State, frame: int, scene: Scene) -> None:
    """Vesicles or free tubulin, then every microtubule with its speckles and its tip."""
    field, marks = state.field_um, state["marks"]
    if p["assay"] == "washout":
        share = state["tubulin"][frame] / TUBULIN_UM
        scene.field(0.7 + 0.3 * state["texture"], "haze", fade=float(share))
    else:
        shown = placed(state, state["vesicles"][frame] * field)
        for (x, y), size in zip(shown, state["vesicle_size"], strict=True):
            scene.disc(x, y, size * field, "vesicle")
    half = width_um(p)
    alive = (marks.born <= frame) & (frame < marks.lost)
    for k in range(len(state["lines"])):
        stretches = lattice(state, frame, k)
        if state["phase"][frame, k] > 0:
            low, high = stretches[-1]
            stretches[-1] = (low, high - _CAP * half)
        for span in stretches:
            _band(p, state, scene, k, span, "tube")
        _band(p, state, scene, k, (-state["seed"][k], 0.0), "seed", 1.15)
        mine = alive & (marks.owner == k)
        at = marks.s[mine] + state["slide"][frame, k]
        for s, bright in zip(at, marks.bright[mine], strict=True):
            if any(low + 0.3 * half < s < high - 0.3 * half for low, high in stretches):
                x, y = places(state, k, s)
                scene.disc(x, y, (0.75 if p["assay"] != "speckled" else 0.95) * half, "speckle",
                           fade=bright if p["assay"] == "speckled" else 0.6 * bright)  # fmt: skip
        _tip(p, state, scene, k, frame)


def _tip(p: Parameters, state: State, scene: Scene, k: int, frame: int) -> None:
    """The amber cap of a growing end, the curled protofilaments where lattice is lost."""
    tip, phase, half = state["tip"][frame, k], state["phase"][frame, k], width_um(p)
    if phase > 0:
        (x0, y0), (x1, y1) = places(state, k, np.array([tip - _CAP * half, tip - half]))
        scene.capsule(x0, y0, x1, y1, 1.12 * half, "cap")
    if phase >= 0 or tip <= 0:
        return
    end = lattice(state, frame, k)[0][1]
    around = places(state, k, np.array([end - 0.05, end + 0.05]))
    ahead = (around[1] - around[0]) / np.hypot(*(around[1] - around[0]))
    across, origin = np.array([-ahead[1], ahead[0]]), around.mean(axis=0)
    turn = np.linspace(0, 3.6, 11)[:, None]
    for side in (-1.0, 1.0):
        rims = [
            origin + radius * half * np.sin(turn) * ahead
            + side * half * (1.6 - radius * np.cos(turn)) * across
            for radius in (0.7, 1.4)
        ]  # fmt: skip
        scene.polygon(np.concatenate([rims[0], rims[1][::-1]]), "curl", bevel=0.35 * half)


def captions(p: Parameters, state: State) -> list[str]:
    """One sentence with process, actors, direction, count and speed; the last is held out."""
    return words.captions(p, *_counted(p))


def descriptions(p: Parameters, state: State) -> list[str]:
    """Several sentences with setting, mechanism and what one sees; the last is held out."""
    return words.descriptions(p, *_counted(p))


def prompts(p: Parameters, state: State) -> list[str]:
    """Short requests with assay, direction and count; the last is held out."""
    return words.prompts(p, *_counted(p))


def _counted(p: Parameters) -> tuple[int, float, float]:
    up, down = speeds(p)
    return COUNTS[p["assay"]][p["count"] == "many"], 60 * up, 60 * down
