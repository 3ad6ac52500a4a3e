"""Excitation of a thin sheet of heart muscle: one sweep, an ellipse, a collision, or a spiral.

The model is in `models.cardiac_sheet`: speed, anisotropy and the action potential's length set all
its constants. What is drawn is the potential as a voltage-sensitive dye shows it, brightest in the
spike at the front. An action potential lasts far longer than a single sweep takes, so muscle that a
front has passed stays bright; only a spiral's tail is seen. A spiral turns about a scar that
cannot be excited, as spirals in slices of ventricle anchor at small arteries and connective tissue
(Davidenko, Pertsov, Salomonsz, Baxter & Jalife 1992, Nature 355:349).

Dyes that absorb exist as well (Kamino, Hirota & Fujii 1981, Nature 290:595): the bright field look
shows one that bleaches when muscle is excited. Contraction is suppressed, as is usual in optical
mapping, so that the sheet does not move.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy.ndimage import distance_transform_edt, gaussian_filter

from ..canvas import Material, Scene
from ..captions import plain
from ..core import Choice, Clock, HeldOut, Parameters, Range, Setting, State
from ..models import cardiac_front, cardiac_words
from ..models.cardiac_sheet import ALONG, Sheet
from ..models.excitable_medium import THRESHOLD, travel_time

LEVEL = "organ"
SETTING = Setting(
    view="face-on view of a sheet about 0.5 mm thick, treated as two-dimensional",
    field="closed",
    frame_of_reference="fixed to the sheet, whose contraction is suppressed",
    temperature_c=37.0,
    medium="oxygenated saline; voltage-sensitive dye in the membranes",
    organism="mammalian ventricle, thin slice of its outer layer",
    marks="the ridges run along the fibres; a pale scar marks a spiral's core",
)
_CHOSEN = "modelling choice"
PARAMETERS: tuple[Range | Choice, ...] = (
    Choice("direction",
           ("left_to_right", "right_to_left", "outward", "inward", "clockwise",
            "counterclockwise"),
           _CHOSEN + ": a plane front, one stimulus in the middle, two opposed fronts, a spiral"),
    Choice("fibres", ("horizontal", "vertical"), _CHOSEN + ": both ways"),
    Range("speed", "m/s", 0.42, 0.68,
          "along ventricular fibres 0.3 to 0.5: Hall 2016, Guyton and Hall Textbook of Medical "
          "Physiology, 13th ed., ch. 10; about 0.6: Kleber & Rudy 2004, Physiol Rev 84:431"),
    Range("anisotropy", "ratio of speeds", 1.8, 2.4,
          "along by across fibres about 2 to 3: Roberts, Hersh & Scher 1979, Circ Res 44:701"),
    Range("action_potential", "ms", 170.0, 220.0,
          "plateau of ventricular muscle about 200: Hall 2016, ch. 9"),
    Range("field_of_view", "mm", 18.0, 22.0, _CHOSEN + ": used with single fronts"),
    Range("spiral_field", "mm", 38.0, 42.0, _CHOSEN + ": used with spirals"),
)  # fmt: skip
HELD_OUT = HeldOut(
    interval=("speed", 0.55, 0.59), combination={"direction": "outward", "fibres": "vertical"}
)
MATERIALS = {
    "muscle": Material("#4c1020", gloss=0.05, emission="#a02a4e", glow=0.11, absorb="#efd6cc",
                       refraction=0.3),
    "strand": Material("#6a1c2a", opacity=0.80, edge=0.35, gloss=0.10, emission="#b0305a",
                       glow=0.11, absorb="#f3dfd6", refraction=0.30),
    "pale_strand": Material("#7e2932", opacity=0.80, edge=0.35, gloss=0.16, emission="#c83a66",
                            glow=0.16, absorb="#f6e8e0", refraction=0.30),
    "scar": Material("#b79a8b", opacity=0.88, edge=0.6, gloss=0.02, emission="#4a5a9c", glow=0.20,
                     rim_glow=0.05, absorb="#c4b3a2", refraction=0.5),
    "artery": Material("#b3131e", gloss=0.40, shadow=0.30, emission="#3a6cff", glow=0.30,
                       rim_glow=0.05, absorb="#c2473c", refraction=0.5),
    "vein": Material("#4b4590", gloss=0.30, shadow=0.25, emission="#2f52d8", glow=0.22,
                     rim_glow=0.05, absorb="#86608e", refraction=0.4),
    "dye": Material("#000000", opacity=0.0, glow=0.0, absorb="#684a94", refraction=0.0),
    "excited": Material("#ff981a", opacity=0.86, emission="#ff5a3c", glow=0.80, refraction=0.0),
    "spike": Material("#ffee9a", opacity=0.72, emission="#ffc070", glow=0.32, absorb="#ffffff",
                      refraction=0.0),
}  # fmt: skip
BACKGROUND = "#4c1220"

MAP = 144
"""Cells across the drawn maps."""
BAND, SEED = 0.05, 0.055
"""Extent of the first excited muscle in field widths: a band at the edge, or a spot's radius."""
MEETING = 0.37
"""Share of a clip after which opposed fronts meet."""
ROTOR = 0.70
"""Speed of plane fronts in a slice with a spiral, by the drawn one: slower at a fast rate."""
PITCH, CORE, SHORT = 1.5, 0.12, 0.55
"""Of a spiral: speed × nominal period and the core's half length in field widths, and the action
potential by the nominal period, as it shortens at a fast rate. All spirals are thus similar."""
PERIOD = 1.06
"""True over nominal period, found by integrating the model; the tests find it again."""
TURNS, SETTLING = 2.1, 1.4
"""Turns of a spiral that a clip of 17 frames or more shows, and those before its first frame."""
SPIRALS = ("clockwise", "counterclockwise")


def width_mm(p: Parameters) -> float:
    """The field's width."""
    return float(p["spiral_field"] if p["direction"] in SPIRALS else p["field_of_view"])


def along_speed(p: Parameters) -> float:
    """Speed of a plane front along the fibres, in m/s (mm/ms)."""
    return float(p["speed"] * (ROTOR if p["direction"] in SPIRALS else 1.0))


def front_speed(p: Parameters) -> float:
    """Speed in m/s of the plane front that is drawn; along the fibres for an ellipse."""
    across = p["fibres"] == "vertical" and p["direction"] != "outward"
    return along_speed(p) / (p["anisotropy"] if across else 1.0)


def period_ms(p: Parameters) -> float:
    """Expected time of one turn of a spiral."""
    return PERIOD * PITCH * width_mm(p) / along_speed(p)


def s_per_frame(p: Parameters, num_frames: int) -> float:
    """The clip holds the whole sweep, or two turns; no frame has more than 0.3 of the way."""
    way = p["direction"]
    if way in SPIRALS:
        return TURNS * period_ms(p) / max(16, num_frames - 1) / 1000
    field, c = width_mm(p), front_speed(p)
    if way == "outward":
        diffusion = c * field / ALONG / (1 - 2 * THRESHOLD)
        total = travel_time((0.5 - SEED) * field, c, diffusion, SEED * field)
    elif way == "inward":
        total = (0.5 - BAND) * field / c / MEETING
    else:
        total = 0.93 * field / c
    return total * min(0.3, 1 / (num_frames - 1)) / 1000


def simulate(p: Parameters, clock: Clock, rng: np.random.Generator) -> State:
    """Integrate one excitation of the sheet; see the module's docstring for the model."""
    field, way, horizontal = width_mm(p), p["direction"], p["fibres"] == "horizontal"
    nominal = PITCH * field / along_speed(p)
    plateau = SHORT * nominal if way in SPIRALS else p["action_potential"]
    frame = 1000 * clock.s_per_frame
    sheet = Sheet.of(field, along_speed(p), p["anisotropy"], plateau, frame)
    every = round(frame / sheet.dt)
    along = (np.arange(ALONG) + 0.5) * field / ALONG
    across = (np.arange(sheet.across) + 0.5) * field / sheet.across
    a, b = np.meshgrid(along, across)
    x, y = (a, b) if horizontal else (b, a)
    site = np.full(2, 0.5 * field)
    site += rng.uniform(-0.03, 0.03, 2) * field * (way == "outward")
    phase = rng.uniform(0, 1)
    sense = -1.0 if way in ("right_to_left", "counterclockwise") else 1.0
    dead, before = None, 0

    # Distances in which fronts are equally fast in all directions.
    sx, sy = (1.0, p["anisotropy"]) if horizontal else (p["anisotropy"], 1.0)
    dx, dy = sx * (x - site[0]), sy * (y - site[1])
    start = sheet.rest()
    if way in SPIRALS:
        radius = np.hypot(dx, dy)
        dead = radius < CORE * field
        lag = np.maximum(radius - CORE * field, 0) / (0.85 * along_speed(p) * PERIOD * nominal)
        turn = phase - sense * np.arctan2(dy, dx) / (2 * np.pi) - lag
        start = sheet.pulse(np.mod(turn, 1) * PERIOD * nominal) * ~dead
        before = math.ceil(SETTLING * PERIOD * nominal / sheet.dt)
    elif way == "outward":
        start[0] = sheet.front(np.hypot(dx, dy) - SEED * field)
    else:
        edge = {"left_to_right": x, "right_to_left": field - x}.get(way, np.minimum(x, field - x))
        start[0] = sheet.front((edge - BAND * field) * sx)
    wave = {"sheet": sheet, "start": start, "dead": dead, "before": before, "every": every,
            "horizontal": horizontal, "site": site, "sense": sense,
            "stretch": (sx, sy)}  # fmt: skip
    potential, gate, arrival = play(wave, before + every * np.arange(clock.num_frames))
    truth = cardiac_front.measured(way, 1000 * field, clock, wave, potential, gate, arrival)
    arrays = {
        "potential": potential,
        "gate": gate,
        "arrival_s": arrival,
        "wave": wave,
        **shown(potential, gate),
        **_anatomy(way, horizontal, p["anisotropy"], rng),
    }
    return State(field_um=1000 * field, arrays=arrays, truth=truth)


def play(
    wave: dict[str, Any], steps: np.ndarray, start: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Potential and gate (len(steps), rows, columns) at integration steps, and first arrivals in s.

    Arrivals are counted from the clip's first frame, and unknown ones are 1e9.
    """
    sheet: Sheet = wave["sheet"]
    start = wave["start"] if start is None else start
    # A little longer than shown, so that the arrivals just ahead of the last front are known.
    ahead = math.ceil(3 * sheet.width / (sheet.speed * sheet.dt))
    potential, gate, arrival = sheet.march(start, np.append(steps, steps[-1] + ahead), wave["dead"])
    potential, gate = potential[:-1], gate[:-1]
    since = np.where(arrival < 1e8, (arrival - wave["before"] * sheet.dt) / 1000, arrival)
    if wave["horizontal"]:
        return potential, gate, since
    return potential.transpose(0, 2, 1), gate.transpose(0, 2, 1), since.T


def resampled(maps: np.ndarray) -> np.ndarray:
    """Maps (T, rows, columns) of cells' values at the centres of MAP × MAP cells, bilinearly."""

    def weights(n: int) -> np.ndarray:
        at = np.clip((np.arange(MAP) + 0.5) * n / MAP - 0.5, 0, n - 1)
        return np.maximum(0, 1 - np.abs(at[:, None] - np.arange(n))).astype(np.float32)

    out: np.ndarray = weights(maps.shape[1]) @ maps @ weights(maps.shape[2]).T
    return out


def light(potential: np.ndarray, spike: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What the dye shows of excited muscle and of the spike at its front, 0 to 1."""
    rise = np.clip((potential - 0.12) / 0.78, 0, 1)
    return rise * rise * (3 - 2 * rise), spike * np.minimum(1, 1.5 * rise)


def shown(potential: np.ndarray, gate: np.ndarray) -> dict[str, np.ndarray]:
    """The drawn maps `excited` and `spike`, each (T, MAP, MAP)."""
    spike = resampled(np.maximum(potential - gate, 0))
    return dict(zip(("excited", "spike"), light(resampled(potential), spike), strict=True))


def _anatomy(
    way: str, horizontal: bool, ratio: float, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Muscle strands, vessels and their pattern in the dye's light, in field widths."""
    pitch = rng.uniform(0.058, 0.070)
    rows = np.arange(-1, math.ceil(1 / pitch) + 1)
    strands = []
    for row in rows:
        at = -rng.uniform(0.0, 0.4)
        while at < 1.05:
            end = at + rng.uniform(0.35, 0.80)
            v = (row + 0.5) * pitch + rng.uniform(-0.008, 0.008, 2)
            lean = math.atan2(v[1] - v[0], end - at)
            strands.append([(at + end) / 2, v.mean(), 0.56 * (end - at), 0.60 * pitch, lean])
            at = end - 0.06
    # Light from between the strands is weaker; the dye loads unevenly along them.
    grid = (np.arange(MAP) + 0.5) / MAP
    u, v = np.meshgrid(grid, grid)
    wave = 0.012 * np.sin(2 * np.pi * (u * rng.uniform(0.6, 1.3) + rng.uniform()))
    groove = np.cos(np.pi * (v + wave) / pitch) ** 2
    grain = gaussian_filter(rng.standard_normal((MAP, MAP)), (0.012 * MAP, 0.10 * MAP), mode="wrap")
    pattern = 1 - 0.30 * (1 - groove) ** 3 + 0.07 * grain / grain.std()

    # A coronary artery with a branch and the vein beside it, away from the middle.
    side = rng.choice([-1.0, 1.0])
    t = np.linspace(-0.05, 1.05, 30)
    trunk = 0.5 + side * (0.30 + 0.07 * np.sin(2.2 * np.pi * t + rng.uniform(0, 6)))
    fork, lean = int(rng.integers(9, 20)), rng.choice([-1.0, 1.0])
    arc = np.linspace(0, 1, 8)
    away = side * (0.24 * arc + 0.10 * arc**2)
    vessels = [
        np.stack([t, trunk], -1),
        np.stack([t[fork] + lean * 0.28 * arc, trunk[fork] + away], -1),
        np.stack([t, trunk + side * rng.uniform(0.045, 0.055) + 0.006 * np.sin(9 * t)], -1),
    ]
    radii = [0.012, 0.009, 0.014]
    fine = np.linspace(0, 1, 400)
    for points, r in zip(vessels, radii, strict=True):
        part = np.linspace(0, 1, len(points))
        way_xy = np.stack([np.interp(fine, part, points[:, k]) for k in (0, 1)], -1)
        column, row = (way_xy[((way_xy >= 0) & (way_xy < 1)).all(axis=1)] * MAP).astype(int).T
        free = np.ones((MAP, MAP), bool)
        free[row, column] = False
        # Blood above the dye absorbs its light.
        pattern = np.minimum(pattern, 0.10 + np.clip(distance_transform_edt(free) - r * MAP, 0, 2))
    strand_rows = np.array(strands)
    angle = np.linspace(0, 2 * np.pi, 36, endpoint=False)
    ragged = 0.95 + 0.05 * np.sin(5 * angle + rng.uniform(0, 6)) * np.cos(3 * angle)
    scar = np.stack([CORE * np.cos(angle), CORE / ratio * np.sin(angle)], -1) * ragged[:, None]
    scar = scar[: len(angle) * (way in SPIRALS)] + 0.5
    if not horizontal:
        # A mirror in the diagonal.
        strand_rows = strand_rows[:, [1, 0, 2, 3, 4]] * [1, 1, 1, 1, -1] + [0, 0, 0, 0, np.pi / 2]
        vessels = [points[:, ::-1] for points in vessels]
        pattern, scar = pattern.T, scar[:, ::-1]
    return {
        "strands": strand_rows,
        "pale": rng.uniform(size=len(strand_rows)) < 0.4,
        "vessels": [_ribbon(*vessel) for vessel in zip(vessels, radii, strict=True)],
        "scar": scar,
        "pattern": np.clip(pattern, 0, 1.15).astype(np.float32),
    }  # fmt: skip


def _ribbon(points: np.ndarray, radius: float) -> np.ndarray:
    """Outline (2K, 2) of a vessel along `points` (K, 2)."""
    along = np.gradient(points, axis=0)
    normal = np.stack([-along[:, 1], along[:, 0]], -1) / np.hypot(*along.T)[:, None]
    return np.concatenate([points + radius * normal, (points - radius * normal)[::-1]])


def backdrop(p: Parameters, state: State, scene: Scene) -> None:
    """The muscle with its strands, the vessels that cross it, and a spiral's scar."""
    w = state.field_um
    corners = np.array([[-0.1, -0.1], [1.1, -0.1], [1.1, 1.1], [-0.1, 1.1]])
    scene.polygon(corners * w, "muscle", bevel=0.2 * w)
    for (x, y, a, b, angle), pale in zip(state["strands"], state["pale"], strict=True):
        scene.ellipse(x * w, y * w, a * w, b * w, angle, "pale_strand" if pale else "strand")
    trunk, branch, vein = state["vessels"]
    for points, name in ((vein, "vein"), (branch, "artery"), (trunk, "artery")):
        scene.polygon(points * w, name, bevel=0.012 * w)
    if len(state["scar"]):
        scene.polygon(state["scar"] * w, "scar", bevel=0.02 * w)


def draw(p: Parameters, state: State, frame: int, scene: Scene) -> None:
    """The light of excited muscle and of the spike at its front; resting dye absorbs."""
    pattern, excited, spike = state["pattern"], state["excited"][frame], state["spike"][frame]
    scene.field(pattern * np.maximum(1 - 0.78 * excited - 0.22 * spike, 0), "dye")
    scene.field(pattern * excited, "excited")
    scene.field(pattern * spike, "spike")


def _speed(p: Parameters, state: State) -> str:
    """What the words state in numbers: the front's speed, or the time of one turn."""
    if p["direction"] in SPIRALS:
        return f"{plain(period_ms(p))} ms"
    return f"{plain(front_speed(p))} m/s"


def captions(p: Parameters, state: State) -> list[str]:
    """Sentences of at most 16 words; the last is held out of training."""
    return cardiac_words.captions(p["direction"], p["fibres"], _speed(p, state))


def descriptions(p: Parameters, state: State) -> list[str]:
    """Rich texts of 75 to 135 words; the last is held out of training."""
    return cardiac_words.descriptions(
        p["direction"], p["fibres"], _speed(p, state), plain(width_mm(p)), plain(p["anisotropy"])
    )


def prompts(p: Parameters, state: State) -> list[str]:
    """Short requests that name direction and fibres; the last is held out of training."""
    return cardiac_words.prompts(p["direction"], p["fibres"])
