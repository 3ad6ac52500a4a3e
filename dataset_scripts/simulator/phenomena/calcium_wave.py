"""A calcium wave that crosses a cell, or spreads from its middle, once.

The model of the wave is in `models.excitable_medium`; its rate follows from the drawn speed.

What is drawn is calcium and the bound share of a slower indicator, whose decay is the fading
wake. Calcium itself is invisible in transmitted light: the bright field look shows a cell filled
with an absorbing indicator of the arsenazo III kind, rosy at rest and blue where calcium is bound.
The nucleus does not change the kinetics. The whole cell lies in the field.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy.ndimage import distance_transform_edt, gaussian_filter, map_coordinates

from ..canvas import Material, Scene
from ..captions import plain
from ..core import Choice, Clock, Event, HeldOut, Parameters, Range, Setting, State, Truth
from ..models.excitable_medium import (
    THRESHOLD,
    integrate,
    lattice_slowing,
    rate_constant,
    travel_time,
)

LEVEL = "subcellular"
SETTING = Setting(
    view="projection of a cell spread flat, about 5 µm deep, treated as two-dimensional",
    field="closed",
    frame_of_reference="fixed to the dish",
    temperature_c=22.0,
    medium="physiological saline; calcium indicator in the cytosol; no calcium passes the membrane",
    organism="generic animal cell with a fast calcium wave",
    marks="the wave starts at the named end of the cell or in its middle",
)
_CHOSEN = "modelling choice"
PARAMETERS: tuple[Range | Choice, ...] = (
    Choice("direction", ("left_to_right", "right_to_left", "outward"), _CHOSEN),
    Range("speed", "µm/s", 11.0, 25.0,
          "fast calcium waves are those of 3 to 30 µm/s, most 12 to 24: Jaffe 2010, Cell Calcium "
          "48:102"),
    Range("diffusion", "µm²/s", 22.0, 32.0,
          "buffered calcium 13 to 65 µm²/s: Allbritton, Meyer & Stryer 1992, Science 258:1812"),
    Range("pulse", "µm", 10.5, 15.0, _CHOSEN + ": length of the band in which channels release"),
    Range("indicator_half_time", "s", 0.14, 0.30,
          "GCaMP6 decay half times 0.14 to 0.55 s: Chen et al. 2013, Nature 499:295"),
    Range("peak_calcium", "µM", 0.6, 1.2,
          "about 0.1 µM at rest, about 1 µM active: Berridge, Lipp & Bootman 2000, "
          "Nat. Rev. Mol. Cell Biol. 1:11"),
    Range("field_of_view", "µm", 62.0, 86.0, _CHOSEN + ": the cell is 0.88 of it long"),
)  # fmt: skip
HELD_OUT = HeldOut(
    interval=("speed", 19.0, 20.5), combination={"direction": "outward", "pulse": (13.5, 15.0)}
)
MATERIALS = {
    "neighbour": Material("#123a4c", opacity=0.9, gloss=0.05, emission="#2f7d4a", glow=0.05,
                          rim_glow=0.03, absorb="#f0e4ea", refraction=0.5),
    "cell": Material("#1d7f95", gloss=0.10, shadow=0.45, emission="#3fc46a", glow=0.13,
                     rim_glow=0.10, absorb="#ecbfd3", refraction=1.1),
    "reticulum": Material("#3fb6c2", opacity=0.38, edge=0.45, gloss=0.1, emission="#3fc46a",
                          glow=0.03, absorb="#e9cfe0", refraction=0.15),
    "mitochondrion": Material("#14687a", opacity=0.62, edge=0.75, gloss=0.3, emission="#2a9c50",
                              glow=0.02, absorb="#dcbccf", refraction=0.35),
    "wake": Material("#ff7416", opacity=0.84, emission="#35e06a", glow=0.62, absorb="#6a7ad8",
                     refraction=0.0),
    "calcium": Material("#ffe84a", opacity=0.88, emission="#b8ff9a", glow=0.50, absorb="#6a78cc",
                        refraction=0.0),
    "nucleus": Material("#2b4f9e", opacity=0.62, edge=0.95, shadow=0.30, emission="#3a63ff",
                        glow=0.38, rim_glow=0.06, absorb="#d0b4d4", refraction=0.7),
    "nucleolus": Material("#182f6b", opacity=0.75, edge=0.9, gloss=0.25, emission="#6a8cff",
                          glow=0.12, absorb="#b79cc4", refraction=0.4),
    "membrane": Material("#b4fff4", opacity=0.0, gloss=0.0, refraction=0.0),
}  # fmt: skip
BACKGROUND = "#0a1d33"

_CELL = 0.44  # the cell's half length in field widths
STEP = 0.15  # D dt / h²; explicit Euler is stable below 0.25
BINDING = 25.0  # k_on, 1/s
_REST = 0.1  # µM
_RAYS = 24


def _plan(p: Parameters) -> tuple[float, float, float]:
    """Half length of the cell, extent of the first excited region and length of path, all in µm."""
    half = _CELL * p["field_of_view"]
    if p["direction"] == "outward":
        # A smaller disc than the critical radius D/c0 would go out.
        seed = 3.5 + 1.2 * p["diffusion"] / p["speed"]
        return half, seed, 0.92 * half - seed
    # The deeper the first band, the longer its flat front, which lags at the ends.
    band = 5.0 + 1.6 * p["diffusion"] / p["speed"]
    return half, band, 1.80 * half - band


def s_per_frame(p: Parameters, num_frames: int) -> float:
    """The wave covers nine tenths of its way in the clip, but at most 0.3 of it in one frame."""
    _, start, path = _plan(p)
    ring = start if p["direction"] == "outward" else None
    return travel_time(path, p["speed"], p["diffusion"], ring) * min(0.3, 1 / (num_frames - 1))


def _radius(angle: np.ndarray, shape: np.ndarray) -> np.ndarray:
    """Distance from the centre to the membrane (µm) in the cell's own frame.

    `shape` is (half length, half width, superellipse power, then strength and phase of two
    Fourier terms).
    """
    c, s = np.abs(np.cos(angle)), np.abs(np.sin(angle))
    base = ((c / shape[0]) ** shape[2] + (s / shape[1]) ** shape[2]) ** (-1 / shape[2])
    wobble = shape[3] * np.cos(3 * angle + shape[4]) + shape[5] * np.cos(5 * angle + shape[6])
    return base * (1 + wobble)


def rotate(xy: np.ndarray, angle: float) -> np.ndarray:
    """Points (…, 2) turned by `angle` radians about the origin."""
    c, s = math.cos(angle), math.sin(angle)
    return np.stack([c * xy[..., 0] - s * xy[..., 1], s * xy[..., 0] + c * xy[..., 1]], -1)


def simulate(p: Parameters, clock: Clock, rng: np.random.Generator) -> State:
    """Integrate the wave in a random cell outline; see the module's docstring for the model."""
    field, c0, diffusion = p["field_of_view"], p["speed"], p["diffusion"]
    half, start, _ = _plan(p)
    shape = np.array([
        half, half * rng.uniform(0.83, 0.94), rng.uniform(2.3, 3.0),
        rng.uniform(0, 0.022), rng.uniform(0, 2 * np.pi),
        rng.uniform(0, 0.015), rng.uniform(0, 2 * np.pi),
    ])  # fmt: skip
    tilt = rng.uniform(-0.17, 0.17)
    centre = field / 2 + rng.uniform(-0.008, 0.008, 2) * field
    site = rng.uniform(-0.025, 0.025, 2) * field * (p["direction"] == "outward")

    # One front width per cell, as derived from c0 = √(Dk/2)(1 − 2a) and width = √(2D/k).
    width = diffusion * (1 - 2 * THRESHOLD) / c0
    n = max(56, math.ceil(field / width))
    h = field / n
    every = math.ceil(clock.s_per_frame * diffusion / (STEP * h * h))
    dt = clock.s_per_frame / every
    step = diffusion * dt / h**2
    k = rate_constant(c0 * (1 + lattice_slowing(h / width, step)), diffusion)

    axis = (np.arange(n) + 0.5) * h
    xy = np.stack(np.meshgrid(axis, axis), -1)
    own = rotate(xy - centre, -tilt)  # the cell's frame: x along its long axis
    outside = np.hypot(own[..., 0], own[..., 1]) - _radius(
        np.arctan2(own[..., 1], own[..., 0]), shape
    )
    inside = outside < 0
    inside[[0, -1], :] = inside[:, [0, -1]] = False
    sign = -1.0 if p["direction"] == "right_to_left" else 1.0
    if p["direction"] == "outward":
        ahead = np.hypot(own[..., 0] - site[0], own[..., 1] - site[1]) - start
    else:
        ahead = sign * own[..., 0] + half - start
    # The exact profile of a Nagumo front, so that the wave needs no time to settle.
    u = (inside / (1 + np.exp(np.clip(ahead / width, -30, 30)))).astype(np.float32)
    arrival = np.where(inside & (u >= 0.5), 0.0, 1e9).astype(np.float32)
    f = np.float32
    calcium, bound = integrate(
        inside.astype(f), u, arrival, f(step), f(k * dt), f(THRESHOLD), f(dt),
        f(p["pulse"] / c0), f(BINDING * dt), f(math.log(2) / p["indicator_half_time"] * dt),
        every, clock.num_frames, math.ceil(3 * h / (c0 * dt)),
    )  # fmt: skip

    wave = {"shape": shape, "centre": centre, "tilt": tilt, "site": site, "sign": sign,
            "start": start, "h": h, "width": width, "every": every, "k": k}  # fmt: skip
    truth = measured(p, clock, wave, arrival, inside, calcium)

    # For drawing, continue the maps beyond the membrane, then cut them with a soft edge; the cell
    # is thinner there, so less light comes from its rim.
    thickness = 0.80 + 0.20 * np.sqrt(1 - np.clip(1 + outside / (0.22 * half), 0, 1) ** 2)
    grain = gaussian_filter(rng.standard_normal((n, n)), 1.3 / h, mode="wrap")
    cut = np.clip(0.1 - outside / (2 * h), 0, 1) * thickness * (1 + 0.05 * grain / grain.std())
    arrays = {
        "calcium": continued(calcium, inside),
        "bound": continued(bound, inside),
        "arrival_s": arrival,
        "inside": inside,
        "cut": cut.astype(f),
        "wave": wave,
        **_anatomy(shape, centre, tilt, field, rng),
    }
    return State(field_um=field, arrays=arrays, truth=truth)


def continued(maps: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Maps (T, n, n) with the cell's values carried on beyond its membrane."""
    nearest = distance_transform_edt(~inside, return_distances=False, return_indices=True)
    return maps[:, nearest[0], nearest[1]]


def measured(
    p: Parameters, clock: Clock, wave: dict[str, Any], arrival: np.ndarray, inside: np.ndarray,
    calcium: np.ndarray, shown_s: np.ndarray | None = None,
) -> Truth:  # fmt: skip
    """Front positions along rays, parallel ones for a plane front, a star for a ring, and means.

    The front is where u rises through ½. Series `front_distance`: mean over the rays that have not
    yet met the membrane, µm from the end of the cell's axis or from the site in its middle. Tracks
    "front": every third ray's point. `shown_s` (T,) are the times of the wave that the frames
    show, if not their own. Series `mean_calcium` and `active_fraction` are those of the cytosol.
    """
    shape, centre, tilt, site = wave["shape"], wave["centre"], wave["tilt"], wave["site"]
    sign, start, h = wave["sign"], wave["start"], wave["h"]
    if p["direction"] == "outward":
        angles = 2 * np.pi * np.arange(_RAYS) / _RAYS
        heading = np.stack([np.cos(angles), np.sin(angles)], -1)
        origin = np.repeat(site[None], _RAYS, 0)
    else:
        offsets = np.linspace(-0.3, 0.3, _RAYS) * shape[1]
        heading = np.repeat([[sign, 0.0]], _RAYS, 0)
        origin = np.stack([np.full(_RAYS, -sign * shape[0]), offsets], -1)
    times = clock.times_s if shown_s is None else shown_s
    spacing = 0.5 * h
    distance = np.arange(start, 2.2 * shape[0], spacing)
    where = origin[:, None] + distance[None, :, None] * heading[:, None]
    world = centre + rotate(where, tilt)
    index = (world / h - 0.5).transpose(2, 0, 1)[::-1]
    free = map_coordinates(inside.astype(float), index, order=1, mode="constant") > 0.999
    # Times ahead of the front are unknown (1e9); one such neighbour spoils the interpolation.
    known = map_coordinates(arrival.astype(float), index, order=1, mode="nearest")
    front = np.full((_RAYS, clock.num_frames), np.nan)
    for ray in range(_RAYS):
        good = free[ray] & (known[ray] < 1e4)
        stop = len(good) if good.all() else int(np.argmin(good))
        if stop < 2:
            continue
        t = np.maximum.accumulate(known[ray, :stop])
        seen = times <= t[-1]
        front[ray, seen] = np.interp(times[seen], t, distance[:stop])
    truth = Truth()
    away = heading[:, None] * np.nan_to_num(front)[..., None]
    points = centre + rotate(origin[:, None] + away, tilt)
    for number, ray in enumerate(range(0, _RAYS, 3)):
        frames = np.flatnonzero(np.isfinite(front[ray]))
        truth.add_track(number, "front", [int(i) for i in frames], points[ray, frames])
    running = np.isfinite(front)
    mean = np.where(running, front, 0).sum(0) / np.maximum(running.sum(0), 1)
    # After the last ray has met the membrane the front is gone; the series keeps its last place.
    for i in range(1, clock.num_frames):
        if not running[:, i].any():
            mean[i] = mean[i - 1]
    truth.series["front_distance"] = ("µm", mean)
    truth.events.append(Event("initiation", 0, 0.0, 0, float(start), "µm"))
    hits = np.flatnonzero(~running.all(0))
    if len(hits):
        i = int(hits[0])
        truth.events.append(
            Event("front_meets_membrane", i, float(clock.times_s[i]), 0, float(mean[i]), "µm")
        )
    in_cell = calcium[:, inside]
    truth.series["mean_calcium"] = ("µM", _REST + (p["peak_calcium"] - _REST) * in_cell.mean(1))
    truth.series["active_fraction"] = ("1", (in_cell >= 0.5).mean(1))
    return truth


def _anatomy(
    shape: np.ndarray, centre: np.ndarray, tilt: float, field: float, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Outline, nucleus, organelles and neighbouring cells; they are drawn but do not act."""
    half, wide = shape[0], shape[1]
    angle = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    around = np.linspace(0, 2 * np.pi, 100, endpoint=False)
    ring = np.stack([np.cos(angle), np.sin(angle)], -1)

    def place(own: np.ndarray) -> np.ndarray:
        return centre + rotate(np.asarray(own), tilt)

    turn = rng.uniform(0, 2 * np.pi)
    nucleus = np.array([0.34 * half * np.cos(turn), 0.28 * wide * np.sin(turn)])
    size = np.array([rng.uniform(7.6, 9.2), rng.uniform(6.2, 7.4)])
    nucleus_angle = rng.uniform(0, np.pi)
    nucleoli = place(nucleus + rng.uniform(-2.4, 2.4, (2, 2)))

    # The reticulum: wavy sheets around the nucleus; they end before the membrane.
    strands = []
    for shell in np.linspace(1.35, 3.0, 5):
        for first in rng.uniform(0, 2 * np.pi, 3):
            phi = first + np.linspace(0, rng.uniform(0.7, 1.6), 15)
            r = shell * size.mean() * (1 + 0.04 * np.sin(8 * phi + rng.uniform(0, 6)))
            spoke = np.stack([np.cos(phi), np.sin(phi)], -1)
            if _depth(nucleus + r[:, None] * spoke, shape).max() < 0.92:
                # A ribbon that tapers to its ends.
                bulge = 0.2 + 0.45 * np.sin(np.linspace(0, np.pi, len(phi)))
                outer, inner = (r + bulge)[:, None] * spoke, (r - bulge)[:, None] * spoke
                strands.append(place(nucleus + np.vstack([outer, inner[::-1]])))
    bodies: list[np.ndarray] = []
    for _ in range(300):
        own = rng.uniform(-1, 1, 2) * [half, wide]
        lean = rng.uniform(0, np.pi)
        tips = own + np.outer([-1, 1], [np.cos(lean), np.sin(lean)]) * rng.uniform(0.7, 1.7)
        clear = np.hypot(*((own - nucleus) / (size + 2.5))) > 1
        spread = all(np.hypot(*(own - other.mean(0))) > 5.0 for other in bodies)
        if clear and spread and _depth(tips, shape).max() < 0.88:
            bodies.append(tips)
        if len(bodies) == 30:
            break

    neighbours = []
    for corner in ((-0.06, -0.06), (1.06, -0.06), (-0.06, 1.06), (1.06, 1.06)):
        middle = (np.array(corner) + rng.uniform(-0.03, 0.03, 2)) * field
        lobes = 1 + 0.06 * np.cos(3 * angle + rng.uniform(0, 6)) + 0.04 * np.cos(2 * angle)
        neighbours.append(middle + rng.uniform(0.15, 0.19) * field * ring * lobes[:, None])
    return {
        "outline": place(
            _radius(around, shape)[:, None] * np.stack([np.cos(around), np.sin(around)], -1)
        ),
        "nucleus": np.array([*place(nucleus), *size, nucleus_angle]),
        "nucleoli": nucleoli,
        "strands": np.array(strands).reshape(-1, 30, 2),
        "bodies": np.array([place(b) for b in bodies]).reshape(-1, 2, 2),
        "neighbours": np.array(neighbours),
    }


def _depth(own: np.ndarray, shape: np.ndarray) -> np.ndarray:
    """Distance from the centre as a share of the membrane's; points (…, 2) in the cell's frame."""
    return np.hypot(own[..., 0], own[..., 1]) / _radius(np.arctan2(own[..., 1], own[..., 0]), shape)


def backdrop(p: Parameters, state: State, scene: Scene) -> None:
    """The neighbours, the resting cell, its reticulum, mitochondria and membrane."""
    for points in state["neighbours"]:
        scene.polygon(points, "neighbour", bevel=7.0)
    scene.polygon(state["outline"], "cell", bevel=0.22 * _CELL * p["field_of_view"])
    for line in state["strands"]:
        scene.polygon(line, "reticulum", bevel=0.6)
    for (x0, y0), (x1, y1) in state["bodies"]:
        scene.capsule(x0, y0, x1, y1, 0.7, "mitochondrion")
    scene.polygon(state["outline"], "membrane", bevel=6.0)


def draw(p: Parameters, state: State, frame: int, scene: Scene) -> None:
    """The indicator's light, calcium itself, and the nucleus on top."""
    scene.field(state["bound"][frame] * state["cut"], "wake")
    scene.field(np.maximum(state["calcium"][frame], 0) ** 1.6 * state["cut"], "calcium")
    x, y, a, b, angle = state["nucleus"]
    scene.ellipse(x, y, a, b, angle, "nucleus")
    for cx, cy in state["nucleoli"]:
        scene.disc(cx, cy, 1.6, "nucleolus")


_WAY = {
    "left_to_right": ("from left to right", "rightwards", "from the left to the right",
                      "from left end to right end"),
    "right_to_left": ("from right to left", "leftwards", "from the right to the left",
                      "from right end to left end"),
}  # fmt: skip


def captions(p: Parameters, state: State) -> list[str]:
    """Sentences that state process, actors, direction and the plane front's speed."""
    v = f"{plain(p['speed'])} µm/s"
    if p["direction"] == "outward":
        return [
            f"a ring of calcium spreads outward from the middle of one cell at {v}",
            f"a calcium wave in one cell expands outwards from the middle at {v}",
            f"one calcium wave grows outward from a cell's middle as a ring, {v}",
            f"a glowing calcium ring runs outward in one cell at {v}",
            f"a circular calcium wave travels outwards in a single cell at {v}",
            f"a circular calcium wave spreads outward in a single cell at {v}",
        ]
    way, adverb, other, ends = _WAY[p["direction"]]
    return [
        f"a calcium wave crosses one cell {way} at {v}",
        f"a glowing calcium front travels {adverb} through a single cell at {v}",
        f"calcium released at one end of a cell runs {way} at {v}",
        f"one calcium wave crosses the cell {ends} at {v}",
        f"inside one cell a calcium wave sweeps {other} at {v}",
        f"a glowing calcium wave sweeps {adverb} through one cell at {v}",
    ]


def descriptions(p: Parameters, state: State) -> list[str]:
    """Paragraphs with the same facts, the setting and what one sees; the last is held out."""
    v, width = f"{plain(p['speed'])} µm/s", f"{plain(p['field_of_view'])} µm"
    peak, band = f"{plain(p['peak_calcium'])} µM", f"{plain(p['pulse'])} µm"
    if p["direction"] == "outward":
        start, course, goal = (
            "in the middle of the cell",
            "outward as a growing ring",
            ("the ring reaches the membrane on every side"),
        )
        line = "Its front is curved and a little slower while the ring is small"
    else:
        way, adverb, _, ends = _WAY[p["direction"]]
        side = "left" if p["direction"] == "left_to_right" else "right"
        start, course, goal = (
            f"at the {side} end of the cell",
            f"{adverb}, {way}",
            (f"the whole cell has been crossed, {ends}"),
        )
        line = "Its front is nearly straight"
    return [
        f"A calcium wave starts {start} and runs {course}. Calcium that is set free opens the "
        f"channels next to it, which set free more, so the front keeps its height and its speed of "
        f"{v} all the way. {line}. Behind it a band about {band} long is bright, with calcium near "
        f"{peak} against a tenth of a micromolar at rest; then pumps clear the calcium and the "
        f"indicator fades into a dim wake that does not fire again. The cell lies flat in a field "
        f"{width} wide with its nucleus, reticulum and mitochondria, and the wave goes on until "
        f"{goal}.",
        f"One cell, spread on glass in a picture {width} wide, is crossed by a single wave of "
        f"calcium. Release begins {start}; from there the signal travels {course}, at {v}, "
        f"without growing weak. {line}. Every place fires once: calcium rises within a moment "
        f"to about {peak}, stays high over a band of {band}, and falls, leaving a fading wake "
        f"in which nothing can be set off for the time being. The wave is no spreading stain, for "
        f"it covers equal distances in equal times until {goal}. Nucleus and organelles keep their "
        f"places, and no calcium leaves through the membrane.",
        f"Inside one cell a glowing front of calcium is on its way. It came up {start} and moves "
        f"{course} at a steady {v}. {line}. Channels of the reticulum open where calcium arrives "
        f"and pass the signal to their neighbours, like a row of dominoes; a band {band} deep "
        f"is active at any time, with a peak of {peak}. Behind the band calcium is pumped back and "
        f"the indicator's light dies away slowly. The picture is {width} wide and shows the whole "
        f"cell with its nucleus in the midst of the reticulum. The clip ends when {goal}.",
        f"The clip shows a fast intracellular calcium wave. It is set off {start} and spreads "
        f"{course}; the front advances {v}, and calcium in its crest comes to {peak}. {line}. What "
        f"is seen is the light of an indicator in the cytosol: dark at rest, bright in a band of "
        f"about {band} and dim again in the wake. A place that has just fired stays silent, so the "
        f"wave cannot turn back. The cell fills most of the {width} of the field and does not "
        f"change its shape while the wave runs, until {goal}.",
        f"A single calcium wave runs through one cell. It starts {start} and moves {course}, and "
        f"the front covers equal distances in equal times, at {v}, until {goal}. {line}. Calcium "
        f"that arrives opens channels of the reticulum, which set free more. A band of about "
        f"{band} is bright at any time, with calcium near {peak}; behind it calcium is pumped "
        f"back, the light of the indicator fades, and a place that has fired stays silent in the "
        f"wake. The whole cell with its nucleus lies in a field {width} wide.",
    ]


def prompts(p: Parameters, state: State) -> list[str]:
    """Short requests that always name the direction; the last is held out."""
    if p["direction"] == "outward":
        return [
            "a calcium wave spreads outward from the middle of a cell",
            "calcium ring expanding outwards in a cell",
            "a ring of calcium grows from the middle of a cell outward",
            "a calcium wave starts in the middle and spreads outwards",
            "a circular calcium wave spreading outwards through one cell",
            "show a calcium wave running outward from the middle of a cell",
            "expanding ring of calcium inside a cell, outward from the middle",
            "a glowing calcium front travels from the middle outward to the membrane",
            "a calcium signal spreads outward through the cell as a ring",
            "a glowing calcium ring spreads outward from the middle of the cell",
        ]
    way, adverb, other, ends = _WAY[p["direction"]]
    return [
        f"a calcium wave crosses a cell {way}",
        f"calcium wave moving {adverb} through a cell",
        f"calcium wave sweeps {other} in a cell",
        f"a glowing calcium front travels {way} inside a cell",
        f"a calcium signal spreads {adverb} through one cell",
        f"show a calcium wave running {way} in a cell",
        f"intracellular calcium wave, {way}",
        f"calcium crosses the cell {ends}",
        f"a band of calcium sweeping {adverb} across a single cell",
        f"a glowing calcium wave sweeps {way} through a cell",
    ]
