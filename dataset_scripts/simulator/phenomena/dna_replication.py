"""DNA replication: one bacterial fork at work, two human bubbles that merge, a ring copied whole.

The model is in `models.replisome` and `models.dna_scenes`. `scene` chooses the scale: a fork of
E. coli over 2 µm of DNA, with one arm copied without a break and the other in Okazaki fragments; a
fibre of human DNA over 100 µm with two bubbles, whose fragments are too short to be seen; or the
ring of the E. coli chromosome, copied from its origin by two forks that meet on the far side.
Old strands are blue, new ones orange; every daughter has one of each (Meselson & Stahl 1958, PNAS
44:671). `direction` is the way of the fork, the order in which the two origins fired, or the way
from the origin of the ring to the far side.

Polarity: dark arrowheads on old strands point from 5' to 3', as do orange tips of growing strands;
a red primer marks the 5' end of a fragment. The spacing and width of strands and all proteins are
drawn far too large, as a schematic must: the looks are colourings of one.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from ..canvas import Material, Scene
from ..core import Choice, Clock, HeldOut, Parameters, Range, Setting, State, Truth
from ..models import dna_scenes as scenes
from ..models import replication_words as phrases
from ..models.dna_layout import CANVAS, RING_UM, Layout, ribbon

LEVEL = "subcellular"
SETTING = Setting(
    view="flat schematic of stretched or spread DNA, strand spacing enlarged",
    field="open",  # the ring alone is all in view
    frame_of_reference="DNA at rest along its length, forks move",
    temperature_c=37.0,
    medium="schematic on a plain ground; bacterial or nuclear sap is implied",
    organism="Escherichia coli (fork and ring), human cells (two bubbles)",
    marks="arrowheads point from 5' to 3'; a red primer marks the 5' end of a fragment",
    schematic=True,
)
_CHOSEN = "modelling choice"
PARAMETERS: tuple[Range | Choice, ...] = (
    Choice("scene", ("fork", "bubbles", "ring"), _CHOSEN + ": three scales"),
    Choice("direction", ("left_to_right", "right_to_left", "top_to_bottom"),
           _CHOSEN + ": of the fork, of the firing of origins, from the ring's origin across"),
    Range("bacterial_speed", "nt/s", 600.0, 1000.0,
          "replication fork of E. coli, 600 to 1000 nt/s: BNID 110932; fork and ring scene"),
    Range("human_speed", "µm/min", 0.35, 0.85,
          "human forks run at 0.2 to 0.9 µm/min; seen on combed fibres: Conti et al. 2007, Mol "
          "Biol Cell 18:3059; the bounds are a modelling choice; bubbles scene"),
    Range("fragment_length", "kb", 1.2, 1.8,
          "1 to 2 kb in bacteria: Alberts et al. 2014, Molecular Biology of the Cell, ch. 5"),
    Range("origin_spacing", "µm", 36.0, 40.0, _CHOSEN + ": of neighbouring human origins, about "
          "110 kb, so that two forks meet in the clip"),
    Range("framing", "fraction", 0.97, 1.05,
          _CHOSEN + ": field over 2 µm (fork), 100 µm (bubbles), 700 µm (ring)"),
)  # fmt: skip
HELD_OUT = HeldOut(
    interval=("bacterial_speed", 770.0, 820.0),
    combination={"scene": "ring", "direction": "right_to_left"},
)

MATERIALS = {
    "sap": Material("#dfead8", gloss=0.0, refraction=0.0),
    "nucleus": Material("#d6e6ea", gloss=0.0, refraction=0.0),
    "paper": Material("#efe6d2", gloss=0.0, refraction=0.0),
    "far": Material("#a9c2b4", opacity=0.45, edge=0.1, gloss=0.0, emission="#16384a", glow=0.10,
                    absorb="#e4ebe4", refraction=0.10),
    "far_thread": Material("#9fb6c9", opacity=0.5, edge=0.2, gloss=0.0, emission="#1b3a6a",
                           glow=0.10, absorb="#dfe6ee", refraction=0.10),
    "old": Material("#2457c9", edge=1.0, gloss=0.35, emission="#2f6bff", glow=0.85,
                    absorb="#5f80d0", refraction=0.55),
    "new": Material("#f5821f", edge=1.0, gloss=0.35, emission="#ff8a1c", glow=0.95,
                    absorb="#e58a3c", refraction=0.55),
    "pair": Material("#8fa3b8", opacity=0.9, edge=0.9, gloss=0.1, emission="#3d6a8c", glow=0.22,
                     absorb="#c0c8d2", refraction=0.2),
    "sense": Material("#0d2a70", edge=1.0, gloss=0.0, emission="#a9c4ff", glow=0.55,
                      absorb="#4a5c94", refraction=0.2),
    "primer": Material("#d81e3f", edge=1.0, gloss=0.35, shadow=0.2, emission="#ff2a4a", glow=1.0,
                       absorb="#cc4458", refraction=0.5),
    "helicase": Material("#7d3fb2", edge=1.0, gloss=0.45, shadow=0.3, emission="#c050ff", glow=0.8,
                         rim_glow=0.2, absorb="#9468b4", refraction=0.9),
    "hole": Material("#4d1f78", edge=1.0, gloss=0.1, emission="#5a1890", glow=0.2,
                     absorb="#8a62a8", refraction=0.2),
    "polymerase": Material("#2f9e58", opacity=0.94, edge=1.0, gloss=0.45, shadow=0.3,
                           emission="#28e070", glow=0.7, rim_glow=0.2, absorb="#74b48a",
                           refraction=0.8),
    "coat": Material("#d8c24a", opacity=0.95, edge=1.0, gloss=0.4, shadow=0.15,
                     emission="#c8b428", glow=0.42, absorb="#d8cc88", refraction=0.5),
}  # fmt: skip
BACKGROUND = "#dfe8de"

_GROUND = {"fork": "sap", "bubbles": "nucleus", "ring": "paper"}
_PAIRS = {"fork": 33, "bubbles": 33, "ring": 72}  # base pairs drawn over the field or the ring
_SENSE = {"fork": 6, "bubbles": 7, "ring": 12}  # arrowheads on each old strand


def s_per_frame(parameters: Parameters, num_frames: int) -> float:
    """Seconds between frames, so that any clip shows all of the story."""
    travel = scenes.travel_um(parameters, num_frames)
    return travel / scenes.speed_um_s(parameters) / (num_frames - 1)


def simulate(parameters: Parameters, clock: Clock, rng: np.random.Generator) -> State:
    """Forks (T, K) in µm along the DNA, and what lies behind them."""
    p, field = parameters, scenes.field_um(parameters)
    arrays = scenes.settle(p, scenes.forks(p, clock, rng))
    lag = scenes.LAG_UNITS["fork"] * field / CANVAS
    if p["scene"] == "fork":
        arrays["fronts"] = arrays["forks"] - [0.0, lag]
    middle = CANVAS * rng.uniform(0.45, 0.55)
    arrays["layout"] = scenes.layout(p, field, middle)
    arrays["specks"] = rng.uniform(0, 1, (16, 5))
    state = State(field, arrays, Truth())
    scenes.tell(p, clock, state)
    return state


def backdrop(parameters: Parameters, state: State, scene: Scene) -> None:
    """A plain ground with what lies out of focus."""
    scene.field_um = CANVAS
    low, high = -CANVAS, 2 * CANVAS
    corners = np.array([(low, low), (high, low), (high, high), (low, high)])
    scene.polygon(corners, _GROUND[parameters["scene"]], bevel=4.0)
    for x, y, size, turn, bend in state["specks"]:
        x, y, angle = CANVAS * x, CANVAS * y, 6.3 * turn
        if parameters["scene"] == "fork":
            scene.ellipse(x, y, 1.2 + 2 * size, 1.0 + 1.3 * size, angle, "far", soft=1.3)
        elif turn < 0.4:
            t = np.linspace(-1, 1, 7)
            along = (3 + 6 * size) * t
            side = 2.5 * (bend - 0.5) * np.sin(3 * t + 9 * size)
            c, s = np.cos(angle * 2.5), np.sin(angle * 2.5)
            line = np.stack([x + c * along - s * side, y + s * along + c * side], -1)
            for piece in ribbon(line, 0.4, 7):
                scene.polygon(piece, "far_thread", bevel=0.4, soft=0.4)
        else:
            scene.disc(x, y, 0.25 + 0.5 * size, "far", soft=0.4)


def _stretches(cuts: list[float], low: float, high: float) -> list[tuple[float, float]]:
    """[low, high] cut at `cuts`."""
    inner = sorted(c for c in cuts if low < c < high)
    edges = [low, *inner, high]
    return list(pairwise(edges))


class _Picture:
    """The DNA of one frame: its opening, and bands drawn along it."""

    def __init__(self, p: Parameters, state: State, frame: int, scene: Scene) -> None:
        self.p, self.state, self.frame, self.scene = p, state, frame, scene
        self.where: Layout = state["layout"]
        self.forks, self.past = state["forks"][frame], state["past"][frame]
        field, margin = state.field_um, 0.04 * state.field_um
        ring = p["scene"] == "ring"
        self.range = (-0.5 * RING_UM, 0.5 * RING_UM) if ring else (-margin, field + margin)

    def opening(self, s: np.ndarray) -> np.ndarray:
        return self.where.opening(s, self.forks, self.past)

    def grid(self, low: float, high: float) -> np.ndarray:
        """Places from `low` to `high`, dense enough to be smooth, denser behind the forks."""
        low, high = max(low, self.range[0] - RING_UM), min(high, self.range[1] + RING_UM)
        spacing = 1.1 / self.where.units if self.where.ring else 1.6 / self.where.units
        coarse = np.linspace(low, high, max(2, int((high - low) / spacing) + 2))
        if self.where.ring:
            return coarse
        bend = self.where.strands.ramp / self.where.units * np.linspace(-1, 1, 11)
        near = (self.forks[:, None] + bend).ravel()
        return np.unique(np.concatenate([coarse, near[(near > low) & (near < high)]]))

    def band(self, low: float, high: float, arm: int, inner: bool, material: str) -> None:
        if high - low <= 0:
            return
        s = self.grid(low, high)
        points = self.where.lines(s, self.opening(s), arm, inner)
        r = self.where.strands.r
        for piece in ribbon(points, r, 11 if self.where.ring else 14):
            self.scene.polygon(piece, material, bevel=r)


def draw(parameters: Parameters, state: State, frame: int, scene: Scene) -> None:
    """Base pairs, four kinds of strand, and the proteins that copy."""
    scene.field_um = CANVAS
    p, picture = parameters, _Picture(parameters, state, frame, scene)
    upper, lower = scenes.new_strands(p, state, frame)
    low, high = picture.range
    if p["scene"] != "ring":
        upper, lower = ([(max(a, low), min(b, high)) for a, b in side if b > low and a < high]
                        for side in (upper, lower))  # fmt: skip
    gone = scenes.stretches_since(state, frame, "missing_from")
    swapped = scenes.stretches_since(state, frame, "swapped_from")
    _base_pairs(picture, upper, lower, gone)
    whole = [picture.range]
    # New strands come last: where they lie on closed duplex they must show.
    for inner, above, below in ((False, whole, whole), (True, upper, lower)):
        for arm, pieces in ((1, above), (-1, below)):
            bare = gone if arm == state["missing_arm"] else []
            for a, b in pieces:
                for c, d in _stretches([x for cut in (*bare, *swapped) for x in cut], a, b):
                    mid = 0.5 * (c + d)
                    if any(x < mid < y for x, y in bare):
                        continue
                    other = any(x < mid < y for x, y in swapped)
                    # In a swapped stretch the upper arm is all new and the lower all old.
                    new_one = (arm > 0) if other else inner
                    picture.band(c, d, arm, inner, "new" if new_one else "old")
    _senses(picture, gone, swapped)
    if p["scene"] == "fork":
        _replisome(picture)
    else:
        for k, place in enumerate(picture.forks):
            pair = (k - 1) // 2 % len(picture.past)
            if picture.past[pair] == 0 or (len(picture.forks) == 4 and k in (0, 3)):
                _ring_protein(picture, place, 1.5 if p["scene"] == "bubbles" else 1.35)


def _ring_protein(picture: _Picture, place: float, r: float) -> None:
    x, y = picture.where.place(place, 0.0)
    picture.scene.disc(x, y, r, "helicase")
    picture.scene.disc(x, y, 0.36 * r, "hole")


def _base_pairs(
    picture: _Picture, upper: list[Any], lower: list[Any], gone: list[tuple[float, float]]
) -> None:
    """Rungs at rest along the DNA: across the parental duplex, across each daughter's duplex, and
    a stub on template that is bare."""
    where, k = picture.where, picture.where.strands
    low, high = picture.range
    s = np.linspace(low, high, _PAIRS[picture.p["scene"]], endpoint=False)
    opening = picture.opening(s)
    reach = np.maximum(k.half + (k.arm - k.half) * opening - 2 * k.half, 0.0)
    outer = {arm: where.lines(s, opening, arm, False) for arm in (1, -1)}
    inner = {arm: where.lines(s, opening, arm, True) for arm in (1, -1)}
    thin = 0.3 * k.r
    for i in range(len(s)):
        if reach[i] <= 0:
            picture.scene.polyline(np.stack([outer[1][i], outer[-1][i]]), thin, "pair")
            continue
        for arm, new in ((1, upper), (-1, lower)):
            if arm == picture.state["missing_arm"] and any(a < s[i] < b for a, b in gone):
                continue
            turn = RING_UM if where.ring else 0.0
            made = any(a < s[i] < b or a < s[i] + turn < b for a, b in new)
            end = inner[arm][i] if made else 0.6 * outer[arm][i] + 0.4 * inner[arm][i]
            picture.scene.polyline(np.stack([outer[arm][i], end]), thin, "pair")


def _arrow(picture: _Picture, tip: np.ndarray, way: np.ndarray, size: float, material: str) -> None:
    ahead = way / max(np.hypot(*way), 1e-9)
    side = np.array([-ahead[1], ahead[0]])
    tail = tip - 1.6 * size * ahead
    corners = np.stack([tip, tail + 0.9 * size * side, tail - 0.9 * size * side])
    picture.scene.polygon(corners, material, bevel=size)


def _senses(
    picture: _Picture, gone: list[tuple[float, float]], swapped: list[tuple[float, float]]
) -> None:
    """Arrowheads from 5' to 3' on the old strands: against the fork on the leading arm."""
    low, high = picture.range
    count = _SENSE[picture.p["scene"]]
    s = low + (np.arange(count) + 0.5) * (high - low) / count
    step = 0.01 * picture.state.field_um
    size = 0.8 * picture.where.strands.r
    for place in s:
        pair = np.array([place - step, place + step])
        opening = picture.opening(pair)
        for arm in (1, -1):
            if arm == picture.state["missing_arm"] and any(a < place < b for a, b in gone):
                continue
            old_inside = arm > 0 and any(a < place < b for a, b in swapped)
            if old_inside:
                continue
            points = picture.where.lines(pair, opening, arm, False)
            way = -arm * (points[1] - points[0])
            tip = points.mean(axis=0) + 0.8 * size * way / np.hypot(*way)
            _arrow(picture, tip, way, size, "sense")


def _replisome(picture: _Picture) -> None:
    """Coat on bare template, primers, both polymerases and the helicase of the close-up."""
    where, state, scene = picture.where, picture.state, picture.scene
    lag_arm, fork = scenes.arm(state, picture.frame), float(picture.forks[1])
    unit = 1 / where.units
    single = [(lag_arm.new[-1][1], fork - 1.2 * unit)]
    if len(lag_arm.new) > 1:
        single.append((lag_arm.new[0][1], lag_arm.tip))
    for place in np.arange(0.5, 44.0, 1.55) * unit:
        if any(a + 0.8 * unit < place < b - 0.8 * unit for a, b in single):
            x, y = picture.where.lines(
                np.array([place]), picture.opening(np.array([place])), -1, False
            )[0]
            scene.disc(x, y, 1.0, "coat")
    for place in lag_arm.primers:
        s = np.array([place - 1.5 * unit, place])
        ends = where.lines(s, picture.opening(s), -1, True)
        scene.polyline(ends, 0.95, "primer")
    tips = [(float(state["fronts"][picture.frame, 1]), 1, 1.0)]
    growing = 1.0 if len(lag_arm.new) == 1 else -1.0
    tips.append((fork - 2.2 * unit, -1, 0.0) if lag_arm.complete else (lag_arm.tip, -1, growing))
    for place, arm, sign in tips:
        s = np.array([place, place + 0.5 * unit])
        if sign:
            (x, y), ahead = where.lines(s, picture.opening(s), arm, True)
            scene.ellipse(x, y, 1.9, 1.7, 0.0, "polymerase")
            way = sign * (ahead - np.array([x, y]))
            tip = np.array([x, y]) + 1.3 * way / np.hypot(*way)
            _arrow(picture, tip, way, 1.15, "new")
        else:
            x, y = where.place(place, -3.4)
            scene.ellipse(x, y, 1.9, 1.7, 0.0, "polymerase")
    _ring_protein(picture, fork, 2.0)


def captions(parameters: Parameters, state: State) -> list[str]:
    """One sentence each, of at most 16 words; the last is held out of training."""
    return phrases.captions(parameters)


def descriptions(parameters: Parameters, state: State) -> list[str]:
    """Several sentences each, with setting and mechanism; the last is held out of training."""
    return phrases.descriptions(parameters)


def prompts(parameters: Parameters, state: State) -> list[str]:
    """Short requests that carry scene and direction; the last is held out of training."""
    return phrases.prompts(parameters)
