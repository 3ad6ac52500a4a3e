"""Red blood cells in single file through a capillary: straight, narrowing, or forking in two.

Model. Steady flow at low Reynolds number: every section of an unbranched vessel passes the same
flux, so a cell moves at u(s) = Q / A(s) along the centre line. At a fork Kirchhoff's law divides
the flow in proportion to the daughters' Poiseuille conductance, r⁴ (equal lengths), their bores
obey Murray's law r₀³ = r₁³ + r₂³ (Murray 1926, PNAS 12:207), and cells choose a daughter by the
phase-separation law of Pries & Secomb 2005 (Am J Physiol Heart 289:H2657). Cells fill the bore but
for a lubricating sleeve and keep their volume: the narrower the vessel, the longer the cell
(an ellipsoid of 94 fL; its projected area is therefore not constant). Cells follow one another at
time intervals that leave a gap everywhere, so they never overlap; flow is open at both ends.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..canvas import Material, Scene
from ..captions import number_word, plain
from ..core import Choice, Clock, Event, HeldOut, Parameters, Range, Setting, State, Truth

LEVEL = "organ"
SETTING = Setting(
    view="optical section through the vessel's axis, about 2 µm deep",
    field="open",
    frame_of_reference="vessel wall at rest",
    temperature_c=37.0,
    medium="plasma",
    organism="mammal (rat and human values)",
    marks="flow direction as stated",
)
PARAMETERS = (
    Choice("direction", ("left_to_right", "right_to_left"), "by symmetry"),
    Choice("count", ("few", "many"), "linear density of the file, see spacing"),
    Choice("layout", ("straight", "narrowing", "fork"), "capillary-bed geometry"),
    Range("cell_speed", "mm/s", 0.2, 1.2,
          "rat cerebral capillaries 0.79 ± 0.03 (SEM), bores 2-5 µm: BNID 115133; "
          "the range spans slow and fast vessels (modelling choice)"),
    Range("bore", "µm", 6.4, 7.8, "capillary bores 5-10 µm: BNID 115133"),
    Range("hematocrit", "1", 0.25, 0.45,
          "tube haematocrit, enters phase separation (Pries & Secomb 2005)"),
    Range("field_of_view", "µm", 42.0, 54.0, "framing"),
)  # fmt: skip
HELD_OUT = HeldOut(
    interval=("cell_speed", 0.85, 1.0),
    combination={"layout": "narrowing", "hematocrit": (0.25, 0.32)},
)
BACKGROUND = "#e8b9a6"
MATERIALS = {
    "tissue": Material("#dfa493", opacity=0.40, edge=0.45, gloss=0.0, emission="#2244aa", glow=0.05,
                       absorb="#f2ece4", refraction=0.10),
    "wall": Material("#c9655f", gloss=0.15, shadow=0.25, emission="#27c46b", glow=0.16,
                     rim_glow=0.30, absorb="#e6d9cf", refraction=0.45),
    "nucleus": Material("#8d3f63", opacity=0.9, gloss=0.1, emission="#3a66ff", glow=0.5,
                        absorb="#cfc0c8", refraction=0.35),
    "lumen": Material("#f8e4cf", gloss=0.0, emission="#1a7a44", glow=0.05, absorb="#fbf7ee",
                      refraction=-0.20),
    "red_cell": Material("#cf1b22", gloss=0.35, shadow=0.25, emission="#ff4a2a", glow=0.85,
                         rim_glow=0.25, absorb="#c8533c", refraction=0.8),
}  # fmt: skip

VOLUME_FL = 94.0
"""Red-cell volume, Evans & Fung 1972 (Microvasc Res 4:335)."""
_SLEEVE = 0.86  # cell width as a share of the bore: the rest is the lubricating plasma sleeve
_WIDEST_UM = 6.6
_WALL_UM = 1.5
_MARGIN_UM = 16.0


def s_per_frame(parameters: Parameters, num_frames: int) -> float:
    """Seconds between frames: a cell moves at most a fifth of its spacing, 3-5 % of the field."""
    speed = 1000 * parameters["cell_speed"]
    share = 0.040 * (parameters["cell_speed"] / 0.5) ** 0.3
    step = min(share * parameters["field_of_view"], 0.2 * _spacing(parameters))
    return step / speed


def sleeve_width(bore: np.ndarray | float) -> np.ndarray | float:
    """Width in µm of a cell in a vessel of `bore` µm."""
    return np.minimum(_SLEEVE * np.asarray(bore), _WIDEST_UM)


def cell_length(width: np.ndarray | float) -> np.ndarray | float:
    """Length in µm of a cell of `width` µm: an ellipsoid of revolution of 94 µm³."""
    return 6 * VOLUME_FL / (np.pi * np.asarray(width) ** 2)


def phase_separation(
    flow: float, bore: float, side: float, other: float, hematocrit: float
) -> float:
    """Share of the cells that enter a daughter which takes `flow` (0 to 1) of the blood.

    Pries & Secomb 2005; bores in µm: `bore` of the parent, `side` of this daughter, `other`.
    """
    squared = (side / other) ** 2
    a = -13.29 * (squared - 1) / (squared + 1) * (1 - hematocrit) / bore
    b = 1 + 6.98 * (1 - hematocrit) / bore
    x0 = 0.964 * (1 - hematocrit) / bore
    if flow <= x0:
        return 0.0
    if flow >= 1 - x0:
        return 1.0
    x = (flow - x0) / (1 - 2 * x0)
    return float(1 / (1 + np.exp(-(a + b * np.log(x / (1 - x))))))


def _spacing(parameters: Parameters) -> float:
    """Mean distance between cells in the feeding vessel, µm."""
    few, many = {"straight": (23.0, 8.4), "narrowing": (20.0, 9.0), "fork": (26.0, 9.6)}[
        parameters["layout"]
    ]
    return many if parameters["count"] == "many" else few


def _routes(p: Parameters, rng: np.random.Generator) -> list[dict[str, np.ndarray]]:
    """One route per exit: centre line (K, 2), bore (K,) in µm, speed (K,) in µm/s, cells' share."""
    width = p["field_of_view"]
    x = np.linspace(-_MARGIN_UM, width + _MARGIN_UM, 240)
    middle = 0.5 * width + rng.uniform(-0.05, 0.05) * width
    y = middle + rng.uniform(-0.08, 0.08) * (x - width / 2)
    sway, length = rng.uniform(0.4, 2.2), rng.uniform(45, 75)
    y = y + sway * np.sin(2 * np.pi * x / length + rng.uniform(0, 6.3))
    bore = np.full_like(x, p["bore"])
    speed = np.full_like(x, 1000 * p["cell_speed"])
    if p["layout"] == "narrowing":
        at, depth = rng.uniform(0.42, 0.58) * width, rng.uniform(0.22, 0.30)
        reach = rng.uniform(6, 9)
        bore = (p["bore"] + 0.6) * (1 - depth * np.exp(-(((x - at) / reach) ** 2)))
    if p["layout"] != "fork":
        speed = speed * (bore[0] / bore) ** 2
        return [{"xy": np.stack([x, y], 1), "bore": bore, "speed": speed, "share": np.array(1.0)}]
    ratio = rng.uniform(0.86, 1.0)
    big = p["bore"] / (1 + ratio**3) ** (1 / 3)
    sides = np.array([big, ratio * big])[:: 1 if rng.random() < 0.5 else -1]
    flow = sides**4 / np.sum(sides**4)
    start, reach = rng.uniform(0.30, 0.38) * width, rng.uniform(16, 20)
    blend = np.clip((x - start) / reach, 0, 1)
    blend = blend * blend * (3 - 2 * blend)
    routes = []
    for i, sign in enumerate((-1, 1)):
        spread = rng.uniform(0.20, 0.25) * width
        away = np.clip((x - start) / 6.0, 0, 1)
        line = np.stack([x, y + sign * spread * blend], 1)
        bore_i = p["bore"] + (sides[i] - p["bore"]) * away
        ratio_i = flow[i] * (p["bore"] / sides[i]) ** 2
        share = phase_separation(flow[i], p["bore"], sides[i], sides[1 - i], p["hematocrit"])
        routes.append(
            {"xy": line, "bore": bore_i, "speed": speed * (1 + (ratio_i - 1) * away),
             "share": np.array(share)}
        )  # fmt: skip
    return routes


def simulate(parameters: Parameters, clock: Clock, rng: np.random.Generator) -> State:
    """Cell positions (µm), headings (rad) and widths (µm) per frame; see the module for the model.

    Arrays: `x`, `y`, `heading`, `width` and `age` of shape (T, N), `seen` (T, N) whether a cell's
    centre is in the field; `routes` for the walls, `taken` (N,) each cell's. Series: cells in view,
    the cumulative count of cells that crossed three sections (equal flux: the counts rise at one
    rate), the narrowest sleeve between a cell and the wall, and the closest gap between successive
    cells.
    """
    p = parameters
    field_um = float(p["field_of_view"])
    routes = _routes(p, rng)
    for route in routes:
        steps = np.linalg.norm(np.diff(route["xy"], axis=0), axis=1)
        mean_speed = 0.5 * (route["speed"][1:] + route["speed"][:-1])
        route["time"] = np.concatenate([[0.0], np.cumsum(steps / mean_speed)])
        tangent = np.gradient(route["xy"], axis=0)
        route["heading"] = np.arctan2(tangent[:, 1], tangent[:, 0])
    # A gap everywhere: the next cell may not come sooner than the slowest place allows.
    soonest = max(
        float(np.max(1.12 * cell_length(sleeve_width(r["bore"])) / r["speed"])) for r in routes
    )
    mean_gap = max(_spacing(p) / (1000 * p["cell_speed"]), 1.12 * soonest)
    longest = max(float(r["time"][-1]) for r in routes)
    total = longest + clock.num_frames * clock.s_per_frame
    gaps = soonest + (mean_gap - soonest) * rng.uniform(0.4, 1.6, int(total / mean_gap * 1.3) + 4)
    entry = clock.times_s[-1] - np.cumsum(gaps) + rng.uniform(0, 1) * mean_gap
    taken = (rng.random(len(entry)) >= float(routes[0]["share"])).astype(int)
    entry, taken = entry[::-1], taken[::-1]
    age = clock.times_s[:, None] - entry[None, :]
    arrays = place(routes, taken, age)
    tissue = np.stack(
        [rng.uniform(0, field_um, 26), rng.uniform(0, field_um, 26), rng.uniform(1.8, 5.0, 26),
         rng.uniform(0.5, 1.0, 26), rng.uniform(0, np.pi, 26)], 1,
    )  # fmt: skip
    share, side = rng.uniform(0.05, 0.95, 4), rng.choice([-1.0, 1.0], 4)
    nuclei = np.stack([share, side, rng.integers(0, 2, 4)], 1)
    mirrored = p["direction"] == "right_to_left"
    if mirrored:
        arrays["x"] = field_um - arrays["x"]
        arrays["heading"] = np.pi - arrays["heading"]
        tissue[:, 0] = field_um - tissue[:, 0]
        for route in routes:
            route["xy"] = np.stack([field_um - route["xy"][:, 0], route["xy"][:, 1]], 1)
    arrays.update(routes=routes, tissue=tissue, nuclei=nuclei, taken=taken, age=age)
    # Volume over that of a red cell and distance (µm) from the axis: they differ in twins only.
    arrays.update(volume=np.ones(age.shape), offset=np.zeros(age.shape))
    arrays["seen"] = arrays["present"] & (arrays["x"] >= 0) & (arrays["x"] <= field_um)
    return State(field_um, arrays, tell(p, clock, arrays, field_um))


def place(
    routes: list[dict[str, np.ndarray]], taken: np.ndarray, age: np.ndarray
) -> dict[str, Any]:
    """Cells on their routes, arrays (T, N) as in `simulate`, `age` (T, N) seconds after entry.

    `taken` (N,) is each cell's route.
    """
    arrays: dict[str, Any] = {k: np.zeros(age.shape) for k in ("x", "y", "heading", "bore")}
    present = np.zeros(age.shape, bool)
    for i, route in enumerate(routes):
        mine = taken == i
        t = age[:, mine]
        arrays["x"][:, mine] = np.interp(t, route["time"], route["xy"][:, 0])
        arrays["y"][:, mine] = np.interp(t, route["time"], route["xy"][:, 1])
        arrays["heading"][:, mine] = np.interp(t, route["time"], route["heading"])
        arrays["bore"][:, mine] = np.interp(t, route["time"], route["bore"])
        present[:, mine] = (t > 0) & (t < route["time"][-1])
    arrays["width"] = sleeve_width(arrays["bore"])
    arrays["present"] = present
    return arrays


def tell(p: Parameters, clock: Clock, arrays: dict[str, Any], field_um: float) -> Truth:
    """Tracks, events and series of the cells in `arrays`."""
    truth = Truth()
    seen = arrays["seen"]
    for k in np.flatnonzero(seen.any(axis=0)):
        frames = np.flatnonzero(seen[:, k])
        truth.add_track(int(k), "red_cell", frames.tolist(),
                        np.stack([arrays["x"][frames, k], arrays["y"][frames, k]], 1))  # fmt: skip
        if frames[0] > 0:
            t = frames[0] * clock.s_per_frame
            truth.events.append(Event("enters", int(frames[0]), t, int(k)))
        if frames[-1] < clock.num_frames - 1:
            t = (frames[-1] + 1) * clock.s_per_frame
            truth.events.append(Event("leaves", int(frames[-1]) + 1, t, int(k)))
    truth.series["cells_in_view"] = ("cells", seen.sum(axis=1).astype(float))
    along = field_um - arrays["x"] if p["direction"] == "right_to_left" else arrays["x"]
    for share in (0.15, 0.5, 0.85):
        # Cells that have left stay parked beyond the exit, so this never counts backwards.
        count = (along > share * field_um).sum(axis=1).astype(float)
        truth.series[f"passed_{int(100 * share)}_percent"] = ("cells", count - count[0])
    clearance = (arrays["bore"] - arrays["width"]) / 2 - arrays["offset"]
    clearance = np.where(seen, clearance, np.inf).min(axis=1)
    truth.series["wall_clearance"] = ("µm", np.where(np.isfinite(clearance), clearance, np.nan))
    truth.series["closest_gap"] = ("µm", closest_gap(arrays))
    return truth


def closest_gap(arrays: dict[str, Any]) -> np.ndarray:
    """Smallest distance (T,) in µm between the ends of successive cells; NaN where there are none.

    Cells are numbered in the order in which they entered, so a cell follows its neighbour or, at a
    fork, one that took the other branch and is even farther away than along the vessel.
    """
    x, y, seen = arrays["x"], arrays["y"], arrays["seen"]
    apart = np.hypot(np.diff(x, axis=1), np.diff(y, axis=1))
    half = np.asarray(cell_length(np.maximum(arrays["width"], 1.0))) * arrays["volume"] / 2
    both = seen[:, 1:] & seen[:, :-1]
    gap = np.where(both, apart - half[:, 1:] - half[:, :-1], np.inf).min(axis=1)
    return np.where(np.isfinite(gap), gap, np.nan)


def _edges(route: dict[str, np.ndarray], extra_um: float) -> tuple[np.ndarray, np.ndarray]:
    """The two sides (K, 2) of the vessel along a route, `extra_um` beyond its lumen."""
    xy, half = route["xy"][::4], route["bore"][::4] / 2 + extra_um
    tangent = np.gradient(xy, axis=0)
    normal = np.stack([-tangent[:, 1], tangent[:, 0]], 1)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    sides = xy - normal * half[:, None], xy + normal * half[:, None]
    return sides if sides[0][0, 1] < sides[1][0, 1] else sides[::-1]


def _vessel(routes: list[dict[str, np.ndarray]], extra_um: float) -> np.ndarray:
    """Outline of the whole vessel; at a fork the gap between the daughters is cut out."""
    upper, lower = _edges(routes[0], extra_um)
    if len(routes) == 1:
        return np.concatenate([upper, lower[::-1]])
    below, lowest = _edges(routes[1], extra_um)
    apex = int(np.argmax(below[:, 1] > lower[:, 1]))
    return np.concatenate([upper, lower[apex:][::-1], below[apex:], lowest[::-1]])


def backdrop(parameters: Parameters, state: State, scene: Scene) -> None:
    """Tissue, vessel walls with endothelial nuclei, and the plasma in the lumen."""
    for x, y, a, squash, angle in state["tissue"]:
        scene.ellipse(x, y, a, a * squash, angle, "tissue", soft=0.3)
    scene.polygon(_vessel(state["routes"], _WALL_UM), "wall", bevel=2.2)
    for share, side, which in state["nuclei"]:
        route = state["routes"][int(which) % len(state["routes"])]
        i = int(share * (len(route["xy"]) - 1))
        heading = route["heading"][i]
        if parameters["direction"] == "right_to_left":
            heading = np.pi - heading
        reach = side * (route["bore"][i] / 2 + 0.75)
        x, y = route["xy"][i] + reach * np.array([-np.sin(heading), np.cos(heading)])
        scene.ellipse(x, y, 3.0, 0.8, heading, "nucleus")
    scene.polygon(_vessel(state["routes"], 0.0), "lumen", bevel=1.2)


def draw(parameters: Parameters, state: State, frame: int, scene: Scene) -> None:
    """Red cells as parachutes, their rims swept back by the flow."""
    theta = np.linspace(0, 2 * np.pi, 20, endpoint=False)
    for k in np.flatnonzero(state["present"][frame]):
        width = state["width"][frame, k]
        length = float(cell_length(width)) * state["volume"][frame, k]
        across = 0.5 * width * np.sin(theta)
        along = 0.5 * length * np.cos(theta) + 0.18 * length * (0.5 - (2 * across / width) ** 2)
        c, s = np.cos(state["heading"][frame, k]), np.sin(state["heading"][frame, k])
        x = state["x"][frame, k] + c * along - s * across
        y = state["y"][frame, k] + s * along + c * across
        scene.polygon(np.stack([x, y], 1), "red_cell", bevel=0.42 * min(length, width))


_PLACE = {
    "straight": "a capillary",
    "narrowing": "a narrowing capillary",
    "fork": "a forking capillary",
}
_WAY = {"left_to_right": "left to right", "right_to_left": "right to left"}
_AMOUNT = {"few": "a few", "many": "many"}
_WARDS = {"left_to_right": "rightwards", "right_to_left": "leftwards"}


_NAMED_PLACE = {**_PLACE, "straight": "a straight capillary"}
_PATH = {
    "straight": "The vessel is equally wide from end to end.",
    "narrowing": "In the middle the vessel narrows, and there the cells stretch and speed up.",
    "fork": "The vessel forks, and every cell takes one of the two branches.",
}


def _seen(state: State) -> str:
    """How many cells are in view on average, in words."""
    return number_word(max(1, round(float(np.mean(state.truth.series["cells_in_view"][1])))))


def captions(parameters: Parameters, state: State) -> list[str]:
    """Sentences that state process, actors, direction, counts and speed; the last is held out."""
    p = parameters
    amount, place = _AMOUNT[p["count"]], _NAMED_PLACE[p["layout"]]
    n, way, wards = _seen(state), _WAY[p["direction"]], _WARDS[p["direction"]]
    speed = f"{plain(p['cell_speed'])} mm/s"
    return [
        f"{amount} red cells ({n}) squeeze {way} through {place} at {speed}",
        f"{amount} red cells, {n} in view, flow {wards} through {place} at {speed}",
        f"blood flows {way} in {place}: {amount} cells ({n}) at {speed}",
        f"{place} with {amount} red cells, {n} in view, passing {wards} at {speed}",
        f"moving {wards} at {speed}, {amount} red cells ({n}) squeeze through {place}",
        f"single file of {amount} red cells ({n}), {wards} through {place} at {speed}",
        f"{amount} red cells ({n}) flow {way} through {place} at {speed}",
    ]


def descriptions(parameters: Parameters, state: State) -> list[str]:
    """Paragraphs with the same facts, the setting and what one sees; the last is held out."""
    p = parameters
    amount, place = _AMOUNT[p["count"]], _NAMED_PLACE[p["layout"]]
    n, way, wards = _seen(state), _WAY[p["direction"]], _WARDS[p["direction"]]
    speed, bore = f"{plain(p['cell_speed'])} mm/s", f"{plain(p['bore'])} µm"
    width = f"{plain(p['field_of_view'])} µm"
    path = _PATH[p["layout"]]
    return [
        f"Blood flows from {way} through {place}, cut open along its axis in a picture {width} "
        f"wide. The bore measures {bore}, less than the width of a red blood cell at rest, so the "
        f"cells bend into slippers and bullets and pass one behind the other. With {amount} red "
        f"cells in the vessel, about {n} are seen at a time. They move {wards} at {speed} on "
        f"average. {path} Clear plasma fills the gaps between the cells, and the wall with its "
        f"flat lining cells stays where it is. No cell crosses the wall, overlaps its neighbour "
        f"or is lost on the way.",
        f"An optical section through {place} of the microcirculation. The vessel holds {amount} "
        f"red blood cells, on average {n} in view, and all of them travel {wards}. Their speed is "
        f"{speed}; the bore of {bore} forces each soft cell to squeeze itself long and thin, with "
        f"a blunt front and a hollow tail. {path} The same amount of blood passes every section "
        f"in the same time. Around the vessel lies pale tissue that does not move. The field is "
        f"{width} across, and blood enters at one edge and leaves at the other, from {way}.",
        f"Moving {wards} at {speed}, {amount} red cells squeeze through {place} in single file. "
        f"About {n} of them can be counted at any moment in the {width} of vessel that the picture "
        f"holds. Each cell deforms without growing or splitting: its membrane keeps its area and "
        f"its inside keeps its volume while the bore of {bore} presses it into shape. {path} "
        f"Plasma carries the file along, and neighbours keep their order from the moment they come "
        f"in until they go out. The wall around them is at rest. Flow runs from {way}, without a "
        f"pause and without turning back.",
        f"This is blood flow in one of the smallest vessels of the body, {place} with a bore of "
        f"{bore}. The traffic consists of {amount} red blood cells; {n} are in the field of "
        f"{width} on average. They come in at one edge and go {way} at {speed}, bent by the narrow "
        f"tube, their dark rims close to the lining of the wall. {path} Between two cells there is "
        f"nothing but plasma. Nothing leaks out: every cell that enters stays inside the vessel "
        f"until it leaves the picture, and none passes through another one on its way {wards}.",
        f"In {place}, {width} of which are in view, {amount} red blood cells travel from {way}, "
        f"about {n} at a time. The bore of {bore} is less than a cell is wide, so each cell "
        f"squeezes through in single file, bent by the tube, and keeps its volume. The speed "
        f"is {speed} on average. {path} Plasma fills the gaps between neighbours. The wall stays "
        f"at rest, and no cell crosses it, is lost on the way or passes through another one. Blood "
        f"enters at one edge and leaves at the other, {wards}.",
    ]


def prompts(parameters: Parameters, state: State) -> list[str]:
    """Short requests for this clip; the last is held out."""
    p = parameters
    way, wards, amount = _WAY[p["direction"]], _WARDS[p["direction"]], _AMOUNT[p["count"]]
    place = _PLACE[p["layout"]]
    return [
        f"red blood cells squeeze through {place} from {way}",
        f"{amount} red blood cells squeeze through {place} from {way}",
        f"{amount} red cells flow {wards} through {place}",
        f"blood flow in {place}, {amount} red blood cells moving from {way}",
        f"{place} with {amount} red blood cells passing from {way}",
        f"single file of {amount} red blood cells in {place}, flowing {wards}",
        f"{amount} erythrocytes move from {way} in {place}",
        f"blood flowing {wards} with {amount} cells in {place}",
        f"red cells moving {wards} in {place}, {amount} of them",
        f"{amount} red blood cells flow from {way} in {place}",
    ]
