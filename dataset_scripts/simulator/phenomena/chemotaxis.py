"""Human neutrophils crawling up, or down, the gradient of a chemokine source at one side.

The model of the motion and of the gradient is in `models.crawling_cells`. In a crowd cells are a
little slower than `speed`, which is that of an unhindered cell.

Both signs occur with one chemokine: interleukin-8 attracts at low and repels at high absolute
concentration (fugetaxis; Tharp et al. 2006, J Leukoc Biol 79:539).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy.ndimage import gaussian_filter1d

from ..canvas import Material, Scene
from ..captions import number_word, plain
from ..core import Choice, Clock, Event, HeldOut, Parameters, Range, Setting, State, Truth
from ..models.crawling_cells import (
    concentration,
    concentration_of_heading,
    crawl,
    settle,
    uphill,
    with_images,
)

LEVEL = "cellular"
SETTING = Setting(
    view="projection through a chamber about 10 µm deep: one layer of cells seen from above",
    field="closed",
    frame_of_reference="substrate at rest",
    temperature_c=37.0,
    medium="buffered medium on a fibrous coat, interleukin-8 gradient at steady state",
    organism="human",
    marks="the glowing beads at one side are the source of the chemokine",
)
PARAMETERS = (
    Choice("bias", ("towards", "away"),
           "attraction and repulsion by one chemokine: Tharp et al. 2006 (J Leukoc Biol 79:539)"),
    Choice("source_side", ("left", "right"), "by symmetry"),
    Range("cell_count", "cells", 8, 10, "at least 8 for an ensemble index (modelling choice)",
          integer=True),
    Range("speed", "µm/min", 10.0, 17.0,
          "mean of unhindered cells; healthy human 17 ± 6 (Butler et al. 2010, PLoS One "
          "5:e11921), 1-20 over chemokines and gradients (Zhao et al. 2020, J Transl Med 18:168)"),
    Range("chemotactic_index", "1", 0.65, 0.85,
          "a strong response, the same for both signs (modelling choice)"),
    Range("persistence_time", "s", 25.0, 40.0,
          "short, so that a clip holds at least 4 (modelling choice)"),
    Range("cell_diameter", "µm", 11.5, 13.5,
          "of the rounded cell; neutrophils 10-14 µm in textbooks"),
    Range("field_of_view", "µm", 84.0, 100.0, "framing"),
)  # fmt: skip
HELD_OUT = HeldOut(
    interval=("speed", 14.5, 15.5), combination={"bias": "away", "persistence_time": (36.0, 40.0)}
)
BACKGROUND = "#234a5c"
MATERIALS = {
    "haze": Material("#ff9f2e", opacity=0.85, emission="#ff6a14", glow=0.30,
                     absorb="#e6b25e", refraction=0.0),
    "fibre": Material("#3c6c7c", opacity=0.55, edge=0.6, gloss=0.05, emission="#2a4a90", glow=0.05,
                      absorb="#f1efe9", refraction=0.12),
    "fleck": Material("#1b3c4c", opacity=0.5, edge=0.3, gloss=0.0, emission="#203050", glow=0.03,
                      absorb="#f1ede6", refraction=0.08),
    "bead": Material("#ffc62e", gloss=0.45, shadow=0.15, emission="#ff6a12", glow=1.0,
                     rim_glow=0.25, absorb="#c8852a", refraction=0.9),
    "core": Material("#fff4c0", opacity=0.85, edge=0.0, gloss=0.0, emission="#ffd27a", glow=0.55,
                     absorb="#f0cf8a", refraction=0.2),
    "lamella": Material("#c8eef5", opacity=0.90, edge=0.95, gloss=0.1, emission="#c8f03a",
                        glow=0.62, absorb="#dcdfe6", refraction=0.45),
    "body": Material("#f0dce6", gloss=0.3, shadow=0.35, emission="#18c860", glow=0.50,
                     rim_glow=0.10, absorb="#cdbccb", refraction=1.0),
    "granule": Material("#c98aa8", opacity=0.7, edge=0.4, gloss=0.0, emission="#7cf2a8", glow=0.30,
                        absorb="#c3a3b8", refraction=0.25),
    "nucleus": Material("#5b2a8c", gloss=0.28, emission="#3c50ff", glow=1.05,
                        absorb="#7d5aa2", refraction=0.6),
}  # fmt: skip

REACH = 1.18
"""Farthest point of a crawling cell's outline from its centre, in radii of the rounded cell."""
SPREAD = 0.12
"""Cells of one clip crawl at up to ± this share of the stated mean speed (modelling choice)."""
DECAY_UM = 45.0
"""Decay length of the gradient, sqrt(diffusion / loss): half the field (modelling choice)."""
_DRIFT = 0.41  # share of the field that the ensemble drifts in a clip
_PERSISTENCES = 4.3  # persistence times that a clip lasts at least
_STEP_UM = 4.5  # longest step per frame: 0.3 of the closest neighbours' usual distance
_SUBSTEP_S = 0.5


def s_per_frame(parameters: Parameters, num_frames: int) -> float:
    """Seconds between frames: from 17 frames on a clip always shows the whole migration.

    Shorter clips stop earlier, since a cell may not move farther than 4.5 µm between two frames.
    """
    p = parameters
    drift = p["chemotactic_index"] * p["speed"] / 60
    story = max(_DRIFT * p["field_of_view"] / drift, _PERSISTENCES * p["persistence_time"])
    return min(story / (num_frames - 1), _STEP_UM * 60 / p["speed"])


def _source(field_um: float, rng: np.random.Generator) -> np.ndarray:
    """Beads (B, 3) of the source along the left border: x, y and radius in µm."""
    count = int(rng.integers(9, 12))
    y = np.linspace(0.04, 0.96, count) + rng.uniform(-0.025, 0.025, count)
    radius = rng.uniform(3.8, 6.8, count)
    x = rng.uniform(-0.5, 4.0, count) + rng.uniform(0.5, 2.5) * np.sin(np.pi * y)
    return np.stack([x, y * field_um, radius], 1)


def _places(p: Parameters, beads: np.ndarray, reach: float, rng: np.random.Generator) -> np.ndarray:
    """Start positions (N, 2) in µm, apart from each other: far from the source, or near it."""
    field_um, n = p["field_of_view"], p["cell_count"]
    border = float(np.max(beads[:, 0] + beads[:, 2])) + reach + 0.5
    low, high = (0.47, 0.93) if p["bias"] == "towards" else (0.0, 0.57)
    low, high = max(low * field_um, border), min(high * field_um, field_um - reach - 0.5)
    lower, upper = np.array([low, reach + 1.0]), np.array([high, field_um - reach - 1.0])
    return settle(lower, upper, n, 2.0 * reach + 4.0, rng)


def _headings(velocity: np.ndarray, theta: np.ndarray, sigma: float, delay: int) -> np.ndarray:
    """Direction (K, N, 2) of a cell's outline: its smoothed course, `delay` steps late."""
    course = velocity + 0.3 * np.stack([np.cos(theta), np.sin(theta)], 2)
    smooth = gaussian_filter1d(course, sigma, axis=0, mode="nearest", truncate=3.0)
    late = np.maximum(np.arange(len(smooth)) - delay, 0)
    return smooth[late] / np.linalg.norm(smooth[late], axis=2, keepdims=True)


def poses(
    p: Parameters, xy: np.ndarray, theta: np.ndarray, dt: float, per_frame: int
) -> tuple[np.ndarray, np.ndarray]:
    """Front and tail directions, each (T, N, 2), of cells on the path `xy` with steps of `dt` s."""
    velocity = np.gradient(xy, dt, axis=0) / (p["speed"] / 60)
    sigma = 0.35 * p["persistence_time"] / dt
    front = _headings(velocity, theta, sigma, 0)[::per_frame]
    delay = round(0.5 * p["persistence_time"] / dt)
    return front, _headings(velocity, theta, sigma, delay)[::per_frame]


def simulate(parameters: Parameters, clock: Clock, rng: np.random.Generator) -> State:
    """Cells' positions (T, N, 2) in µm with front and tail directions, and the truth.

    Series: `distance_to_source` (mean gap between cells and beads), `speed` (mean along the path
    since the frame before), `chemotactic_index` (of the ensemble since the start, positive up the
    gradient) and `mean_x`. Event `reaches_source`: a cell touches a bead.
    """
    p = parameters
    field_um, n = float(p["field_of_view"]), int(p["cell_count"])
    radius = p["cell_diameter"] / 2
    reach = REACH * radius
    sign = 1.0 if p["bias"] == "towards" else -1.0
    kappa = concentration_of_heading(p["chemotactic_index"])
    beads = _source(field_um, rng)
    sources = with_images(beads, field_um)
    start = _places(p, beads, reach, rng)
    ways = np.array([uphill(x, y, sources, DECAY_UM) for x, y in start]) * sign
    heading = np.arctan2(ways[:, 1], ways[:, 0]) + rng.vonmises(0.0, kappa, n)
    factor = rng.uniform(1 - SPREAD, 1 + SPREAD, n)
    speed = np.minimum(p["speed"] * factor / factor.mean(), 20.0) / 60
    per_frame = max(1, math.ceil(clock.s_per_frame / _SUBSTEP_S))
    dt = clock.s_per_frame / per_frame
    kicks = rng.standard_normal(((clock.num_frames - 1) * per_frame, n))
    xy, theta, path, climb = crawl(
        start, heading, speed, kicks, dt, kappa, p["persistence_time"], sign,
        sources, DECAY_UM, reach, field_um,
    )  # fmt: skip
    front, tail = poses(p, xy, theta, dt, per_frame)
    arrays: dict[str, Any] = {
        "xy": xy[::per_frame].copy(), "front": front, "tail": tail, "beads": beads,
        "path": path[::per_frame], "climb": climb[::per_frame],
        # Every step of the walk, with its source at the left: what a twin needs to walk on.
        "walk": {"xy": xy, "theta": theta, "path": path, "climb": climb, "kicks": kicks,
                 "speed": speed, "kappa": kappa, "sign": sign, "sources": sources, "dt": dt,
                 "per_frame": per_frame},
    }  # fmt: skip
    if p["source_side"] == "right":
        for name in ("xy", "beads"):
            arrays[name][..., 0] = field_um - arrays[name][..., 0]
        for name in ("front", "tail"):
            arrays[name][..., 0] *= -1
    arrays.update(_dress(field_um, n, rng), times=clock.times_s, reach=reach)
    # A cell rounds up at rest and takes its long shape within a persistence time.
    arrays["polarity"] = 1.0 - 0.6 * np.exp(-clock.times_s / (0.7 * p["persistence_time"]))
    return State(field_um, arrays, measured(clock, arrays))


def _dress(field_um: float, n: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Drawn details: nuclear lobes, granules and ruffles of each cell, and the fibres below."""
    return {
        "lobes": rng.integers(2, 4, n),
        "lobe_phase": rng.uniform(0, 2 * np.pi, (n, 3)),
        "ruffle_phase": rng.uniform(0, 2 * np.pi, (n, 3)),
        "granules": rng.uniform((-0.80, -0.45), (0.60, 0.45), (n, 3, 2)),
        "fibres": np.stack(
            [rng.uniform(0, field_um, 9), rng.uniform(0, field_um, 9), rng.uniform(0, np.pi, 9),
             rng.uniform(-0.01, 0.01, 9), rng.uniform(0.25, 0.7, 9)], 1),
        "flecks": np.stack(
            [rng.uniform(0, field_um, 22), rng.uniform(0, field_um, 22), rng.uniform(0.8, 3.0, 22)],
            1),
    }  # fmt: skip


def measured(clock: Clock, arrays: dict[str, Any]) -> Truth:
    """Tracks, events and series of the cells that `arrays` hold; see `simulate`."""
    truth = Truth()
    xy, beads = arrays["xy"], arrays["beads"]
    gaps = np.hypot(*np.moveaxis(xy[:, :, None] - beads[None, None, :, :2], 3, 0)) - beads[:, 2]
    gap = gaps.min(axis=2) - arrays["reach"]
    for i in range(xy.shape[1]):
        truth.add_track(i, "neutrophil", range(clock.num_frames), xy[:, i])
        touching = np.flatnonzero(gap[:, i] < 0.5)
        if len(touching) and touching[0] > 0:
            frame = int(touching[0])
            truth.events.append(Event("reaches_source", frame, frame * clock.s_per_frame, i))
    path, climb = arrays["path"].mean(axis=1), arrays["climb"].mean(axis=1)
    speed = np.diff(path) / clock.s_per_frame * 60
    index = climb[1:] / np.maximum(path[1:], 1e-9)
    truth.series["distance_to_source"] = ("µm", gap.mean(axis=1))
    truth.series["speed"] = ("µm/min", np.concatenate([speed[:1], speed]))
    truth.series["chemotactic_index"] = ("1", np.concatenate([index[:1], index]))
    truth.series["mean_x"] = ("µm", xy[:, :, 0].mean(axis=1))
    return truth


def _haze(state: State, cells: int = 40) -> np.ndarray:
    """Chemokine concentration over the field (cells, cells), 0 to 1, flattened near the beads."""
    at = (np.arange(cells) + 0.5) / cells * state.field_um
    beads = with_images(state["beads"], state.field_um)
    total = concentration(beads, DECAY_UM, at)
    return np.minimum(1.0, total / np.quantile(total, 0.94)) ** 1.4


def backdrop(parameters: Parameters, state: State, scene: Scene) -> None:
    """Fibres of the coat, the chemokine's haze and the beads that release it."""
    for x, y, r in state["flecks"]:
        scene.disc(x, y, r, "fleck", soft=0.8)
    along = np.linspace(-0.8, 0.8, 8) * state.field_um
    for x, y, angle, bend, r in state["fibres"]:
        c, s, across = np.cos(angle), np.sin(angle), bend * along**2
        line = np.stack([x + c * along - s * across, y + s * along + c * across], 1)
        scene.polyline(line, r, "fibre")
    scene.field(_haze(state), "haze")
    for x, y, r in state["beads"]:
        scene.disc(x, y, r, "bead")
    for x, y, r in state["beads"]:
        scene.disc(x, y, 0.62 * r, "core", soft=1.2)


def _turned(cell: np.ndarray, front: np.ndarray, tail: np.ndarray) -> np.ndarray:
    """Points (K, 2) of a cell's own frame (x ahead, in radii) turned to `front`.

    The rear bends by up to one radian into the direction `tail`, where the cell came from.
    """
    bend = np.clip(np.arctan2(front[0] * tail[1] - front[1] * tail[0], front @ tail), -1, 1)
    angle = np.arctan2(front[1], front[0]) + bend * np.clip(-cell[:, 0], 0, 1)
    c, s = np.cos(angle), np.sin(angle)
    return np.stack([c * cell[:, 0] - s * cell[:, 1], s * cell[:, 0] + c * cell[:, 1]], 1)


def draw(parameters: Parameters, state: State, frame: int, scene: Scene) -> None:
    """Crawling cells: ruffled lamellipod ahead, lobed nucleus, uropod behind."""
    radius = parameters["cell_diameter"] / 2
    pole = float(state["polarity"][frame])
    turn = 2 * np.pi * state["times"][frame] / 110.0
    phi = np.linspace(0, 2 * np.pi, 30, endpoint=False)
    fan = np.linspace(-1.2, 1.2, 13)
    crescent = np.concatenate([fan, fan[::-1]])
    crescent = np.stack([np.cos(crescent), np.sin(crescent)], 1)
    for i in range(parameters["cell_count"]):
        xy, front, tail = state["xy"][frame, i], state["front"][frame, i], state["tail"][frame, i]
        ruffle, lobe_phase = state["ruffle_phase"][i], state["lobe_phase"][i]
        wave = 0.035 * np.sin(3 * phi + turn + ruffle[0])
        wave = wave + 0.025 * np.sin(5 * phi - turn + ruffle[1])
        edge = REACH - 0.05 + 0.05 * np.sin(7 * fan + turn + ruffle[2]) - 0.30 * (fan / 1.2) ** 4
        edge = edge - (1 - pole) * 0.12
        inner = np.minimum(edge - 0.05, 0.62)
        sheet = np.concatenate([edge, inner[::-1]])[:, None] * crescent
        scene.polygon(xy + radius * _turned(sheet, front, tail), "lamella", bevel=0.9)
        # Broad ahead, drawn out into a uropod behind.
        wide = 0.95 - 0.25 * pole + 0.22 * pole * np.cos(phi)
        long = np.where(np.cos(phi) > 0, 1.0 - 0.10 * pole, 1.0 + (REACH - 1.06) * pole)
        body = np.stack([(long + wave) * np.cos(phi), (wide + wave) * np.sin(phi)], 1)
        scene.polygon(xy + radius * _turned(body, front, tail), "body", bevel=0.75 * radius)
        for x, y in xy + radius * _turned(state["granules"][i], front, tail):
            scene.disc(x, y, 0.10 * radius, "granule")
        lobes = int(state["lobes"][i])
        sway = 0.06 * np.sin(turn + lobe_phase)
        arc = np.array([[-0.40, -0.22], [0.10, 0.22], [-0.68, 0.18]])[:lobes]
        lobe = arc + np.stack([sway, sway[::-1]], 1)[:lobes]
        centres = xy + radius * _turned(lobe, front, tail)
        scene.polyline(centres, 0.15 * radius, "nucleus")
        for k, (x, y) in enumerate(centres):
            size = radius * (0.36 if lobes == 2 else 0.32)
            scene.ellipse(x, y, size, 0.88 * size, lobe_phase[k], "nucleus")


_WAY = {"towards": "towards", "away": "away from"}
_TO = {"towards": "toward", "away": "away from"}
_PULL = {"towards": "attracted by", "away": "repelled by"}
_PULLS = {"towards": "attracts", "away": "repels"}
_RUN = {"towards": "chase", "away": "flee from"}


def _wards(parameters: Parameters) -> str:
    """The side to which the cells drift: leftwards or rightwards."""
    left = (parameters["source_side"] == "left") == (parameters["bias"] == "towards")
    return "leftwards" if left else "rightwards"


def _mean_speed(state: State) -> str:
    """Mean speed of the cells in the clip, µm/min, in figures."""
    return plain(float(np.mean(state.truth.series["speed"][1][1:])))


def captions(parameters: Parameters, state: State) -> list[str]:
    """Sentences that state process, actors, direction, counts and speed; the last is held out."""
    p = parameters
    n, side, wards = number_word(p["cell_count"]), p["source_side"], _wards(p)
    way, pull, pulls = _WAY[p["bias"]], _PULL[p["bias"]], _PULLS[p["bias"]]
    v = f"{_mean_speed(state)} µm/min"
    return [
        f"{n} human neutrophils crawl {way} a glowing source on the {side} at {v}",
        f"{n} neutrophils migrate {wards}, {way} the source on the {side}, at {v}",
        f"{pull} a chemokine source on the {side}, {n} neutrophils crawl {wards} at {v}",
        f"crawling at {v}, {n} white cells move {way} the source at the {side}",
        f"chemokine from the {side} {pulls} {n} neutrophils, crawling {wards} at {v}",
        f"{n} white blood cells migrate {way} a chemokine source at the {side} at {v}",
        f"{n} neutrophils move {wards} at {v}, {pull} the source at the {side}",
        f"{n} neutrophils crawl {wards} at {v}, {way} the glowing source on the {side}",
    ]


def descriptions(parameters: Parameters, state: State) -> list[str]:
    """Paragraphs with the same facts, the setting and what one sees; the last is held out."""
    p = parameters
    n, side, wards = number_word(p["cell_count"]), p["source_side"], _wards(p)
    way, pull, pulls = _WAY[p["bias"]], _PULL[p["bias"]], _PULLS[p["bias"]]
    v, index = f"{_mean_speed(state)} µm/min", plain(p["chemotactic_index"])
    turn, width = plain(p["persistence_time"]), f"{plain(p['field_of_view'])} µm"
    effect = "attraction" if p["bias"] == "towards" else "repulsion"
    return [
        f"A group of {n} human neutrophils crawls {way} a chemokine source, the glowing beads on "
        f"the {side} of a flat chamber {width} wide. Each cell pushes a broad thin front ahead of "
        f"it, pulls a narrow tail behind, and turns a little all the time; it keeps its heading "
        f"for about {turn} s. Single cells stray, but together they drift {wards} with a "
        f"chemotactic index of {index}: that share of their path lies along the gradient. They "
        f"crawl at {v}. Interleukin-8 spreads from the beads and fades with distance. Cells push "
        f"past but never through one another, and none enters or leaves the field.",
        f"Chemotaxis seen from above. On the {side} a row of beads gives off interleukin-8, which "
        f"{pulls} the {n} white blood cells in the field. Their walk is a biased, persistent "
        f"random one: for some {turn} s a cell goes on as before, then it has forgotten its "
        f"course, and turns {way} the source are a little more likely than others. On average the "
        f"cells advance {wards}, at {v} along their tracks, with an index of {index}. They are "
        f"neutrophils, with lobed nuclei and ruffled leading edges, on a fibrous coat. The picture "
        f"is {width} wide and shows one layer of cells, all of which stay in view.",
        f"White blood cells migrate {way} the source at the {side}: {n} neutrophils, a response to "
        f"one chemokine that is here one of {effect}. The source glows, and a faint haze shows how "
        f"its signal thins out over the {width} of the field. Every cell crawls at about {v}, "
        f"its flat front first. Paths are crooked; the heading lasts about {turn} s, and the "
        f"bias shows in the group, which moves {wards} with a chemotactic index of {index}. Where "
        f"two cells meet they give way to each other. The floor with its fibres does not move, "
        f"and the number of cells stays the same throughout.",
        f"{pull.capitalize()} interleukin-8 from glowing beads at the {side} side, {n} human "
        f"neutrophils crawl over a coated floor. The field is {width} wide. A cell moves at {v} on "
        f"average, spreading a front, rounding up, squeezing its lobed nucleus after it, and it "
        f"forgets its direction within {turn} s or so. No cell runs straight, yet the group as a "
        f"whole shifts {wards}, {way} the chemokine, with an index of {index}: one would be a "
        f"straight march and zero aimless wandering. It is {effect} by a gradient at steady state, "
        f"and each cell reads the gradient on its own.",
        f"In a flat chamber {width} wide, {n} human neutrophils crawl at {v}. Interleukin-8 "
        f"spreads from glowing beads on the {side} side and {pulls} the cells, so that the group "
        f"moves {wards}, {way} the source. It is {effect} by a gradient, with a chemotactic index "
        f"of {index}. Single cells stray, because each keeps its heading only for about {turn} s "
        f"and then turns. Every one has a lobed nucleus, a broad front ahead and a narrow tail "
        f"behind. The floor with its fibres does not move, and none of the cells enters or leaves "
        f"the picture.",
    ]


def prompts(parameters: Parameters, state: State) -> list[str]:
    """Short requests for this clip; the last is held out."""
    p = parameters
    side, wards = p["source_side"], _wards(p)
    way, pull = _WAY[p["bias"]], _PULL[p["bias"]]
    return [
        f"neutrophils crawl {way} a glowing source on the {side}",
        f"white blood cells crawl {way} the source on the {side} side",
        f"neutrophils migrate {way} a chemokine source at the {side}",
        f"neutrophils are {pull} a glowing source on the {side}",
        f"a source on the {side} {_PULLS[p['bias']]} crawling white blood cells",
        f"immune cells move {wards}, {way} the chemical source on the {side}",
        f"with the source at the {side}, neutrophils crawl {way} it",
        f"crawling neutrophils {_RUN[p['bias']]} the chemical at the {side} side",
        f"chemotaxis: immune cells crawl {wards}, {way} a source on the {side}",
        f"migration of white blood cells {way} a chemokine on the {side}",
        f"white blood cells crawl {_TO[p['bias']]} the chemical source at the {side}",
        f"neutrophils moving {way} the {side} side with the glowing source",
        f"white blood cells migrate {way} the glowing source at the {side}",
    ]
