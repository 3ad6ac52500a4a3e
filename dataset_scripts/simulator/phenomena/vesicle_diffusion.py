"""Vesicles in the cytoplasm under the plasma membrane, jittering by Brownian motion.

Model. Overdamped Langevin motion of free spheres, all of one size and one D: each coordinate moves
by independent normal increments of variance 2 D Δt (Einstein 1905, Ann Phys 322:549; inertia is
forgotten within nanoseconds), so in projection the mean squared displacement is 4 D t. By the
Stokes–Einstein relation D = kT / 3πηd the range of D stands for about 5-500 mPa·s around a
vesicle of 0.9 µm.

Nothing may bend that law, so no wall and no collision acts on x and y. The increments come first,
as pure noise; then each vesicle's starting point is chosen such that its path stays in view, on
the cytoplasm's side of the membrane, and far from the paths of the others. A path that happened to
wander is never redrawn, and no increment knows of the starting point. (So pooled displacements are
exactly Brownian; displacements sorted by *position* are not: who is in view was chosen.) Depth z is
free Brownian motion as well, folded back at the two faces of a flat lamella; it sets who passes in
front of whom. Vesicles do not collide (a dilute suspension): their paths may cross in projection.
"""

from __future__ import annotations

import numpy as np

from ..canvas import Material, Scene
from ..captions import number_word, plain
from ..core import Choice, Clock, HeldOut, Parameters, Range, Setting, State, Truth

LEVEL = "subcellular"
SETTING = Setting(
    view="projection, 3 µm deep; membrane and filaments drawn thicker than they are",
    field="open",
    frame_of_reference="cell at rest",
    temperature_c=37.0,
    medium="cytoplasm",
    organism="mammalian cell in culture",
    marks="plasma membrane at one edge",
    schematic=True,
)
PARAMETERS = (
    Choice("count", ("few", "many"), "few 3-5, many 11-14 in view (modelling choice)"),
    Range("diffusion_coefficient", "µm²/s", 1e-3, 1e-1,
          "order of magnitude of vesicles in cytoplasm, cf. secretory vesicles tracked by Huet et "
          "al. 2006, Biophys J 91:3542; the bounds are a modelling choice", log=True),
    Range("vesicle_diameter", "µm", 0.8, 0.95,
          "large late endosomes; late endosomes measure 0.25-1 µm (Huotari & Helenius 2011, EMBO J "
          "30:3481)"),
    Range("field_of_view", "µm", 6.4, 7.6, "framing"),
)  # fmt: skip
HELD_OUT = HeldOut(
    interval=("diffusion_coefficient", 0.008, 0.0095),
    combination={"count": "few", "vesicle_diameter": (0.92, 0.95)},
)
NUMBERS = {"few": (3, 5), "many": (11, 14)}
"""Fewest and most vesicles in view, by label."""
DEPTH_UM = 3.0
"""Height of the lamella; a vesicle's z is folded back where it touches either face."""

BACKGROUND = "#2f8f95"
MATERIALS = {
    "outside": Material("#10304c", gloss=0.0, refraction=0.0),
    "cytoplasm": Material("#3da3a4", opacity=0.0, edge=0.0, gloss=0.0, emission="#12506a",
                          glow=0.12, absorb="#eef1e8", refraction=0.15),
    "membrane": Material("#f0a5cf", gloss=0.3, emission="#38d6ff", glow=1.3,
                         absorb="#8f8a90", refraction=0.6),
    "reticulum": Material("#8ad6c6", opacity=0.50, edge=0.12, gloss=0.0, emission="#2d54c8",
                          glow=0.20, absorb="#eae9de", refraction=0.10),
    "filament": Material("#c9ecd8", opacity=0.30, edge=0.30, gloss=0.0, emission="#3f62ff",
                         glow=0.30, absorb="#eef0ea", refraction=0.06),
    "granule": Material("#1f7077", opacity=0.45, edge=0.3, gloss=0.0,
                        absorb="#ece9df", refraction=0.12),
    "shade": Material("#06303c", opacity=0.34, edge=0.10, gloss=0.0, refraction=0.0),
    "rim": Material("#ffedb0", gloss=0.4, emission="#ffa628", glow=0.55, rim_glow=1.1,
                    absorb="#a8824a", refraction=1.3),
    "content": Material("#ff9124", gloss=0.35, emission="#ff7a1c", glow=0.25,
                        absorb="#fff4e0", refraction=-0.7),
    "cargo": Material("#d4541a", opacity=0.75, edge=0.3, gloss=0.1, emission="#ffd24a", glow=0.25,
                      absorb="#c08a50", refraction=0.15),
}  # fmt: skip

_STEP = 0.036  # rms step per frame, as a share of the field: 2.3 pixels of 64
_SPREAD = 0.15  # largest rms displacement over the whole clip, as a share of the field
_CANDIDATES = 64
_BAND = 0.06  # the membrane's least distance from its edge of the field, as a share of the field
_MEMBRANE_UM = 0.10  # half the drawn thickness; a true bilayer is about 5 nm


def s_per_frame(parameters: Parameters, num_frames: int) -> float:
    """Seconds between frames: a clear jitter, but no vesicle wanders out of view in a long clip."""
    share = min(_STEP, _SPREAD / np.sqrt(num_frames - 1))
    step = share * parameters["field_of_view"]
    return float(step**2 / (4 * parameters["diffusion_coefficient"]))


def brownian_paths(
    diffusion: float, s_per_frame: float, shape: tuple[int, ...], rng: np.random.Generator
) -> np.ndarray:
    """Free paths from the origin, shape (T, ...), µm: increments of variance 2 D Δt per coordinate.

    The increments are exact for any time step, so there is no discretisation error.
    """
    paths = rng.normal(0.0, np.sqrt(2 * diffusion * s_per_frame), shape)
    paths[0] = 0.0
    return np.cumsum(paths, axis=0)


def _place(
    paths: np.ndarray, low: np.ndarray, high: np.ndarray, apart_um: float, rng: np.random.Generator
) -> np.ndarray:
    """Starting points (N, 2) that keep `paths` (T, N, 2) in the box [low, high] and apart.

    Each path in turn takes the best of some random starts, the one that spends the least time
    nearer than `apart_um` to any other path; later rounds settle them anew. A path too wide for
    the box is centred in it.
    """
    first, last = low - paths.min(axis=0), high - paths.max(axis=0)
    middle = 0.5 * (first + last)
    first, last = np.minimum(first, middle), np.maximum(last, middle)
    starts = rng.uniform(first, last)
    few = paths[:: max(1, len(paths) // 16)]
    for visit in range(4 * paths.shape[1]):
        k = visit % paths.shape[1]
        others = np.delete(few + starts, k, axis=1)
        tries = rng.uniform(first[k], last[k], (_CANDIDATES, 2))
        gap = (few[:, k] + tries[:, None])[:, :, None] - others
        squared = gap[..., 0] ** 2 + gap[..., 1] ** 2
        overlap = np.maximum(0.0, 1.0 - squared / apart_um**2).sum(axis=(1, 2))
        starts[k] = tries[np.argmin(overlap)]
    return starts


def _turned(along: np.ndarray, depth: np.ndarray, side: int, field_um: float) -> np.ndarray:
    """Points (K, 2) at `depth` µm from one side of the field: 0 top, 1 bottom, 2 left, 3 right."""
    depth = field_um - depth if side % 2 else depth
    return np.stack([along, depth] if side < 2 else [depth, along], axis=1)


def folded(z: np.ndarray, depth: float) -> np.ndarray:
    """Free coordinates folded into [0, depth], as mirrors at both ends would."""
    return depth - np.abs(np.mod(z, 2 * depth) - depth)


def simulate(parameters: Parameters, clock: Clock, rng: np.random.Generator) -> State:
    """Vesicle centres `xy` (T, N, 2) and heights `z` (T, N), µm; see the module for the model.

    `low` and `high` (2,) bound the room that the centres keep to.
    Other arrays are what stands still: the membrane's line, endoplasmic reticulum, filaments and
    granules, and the cargo inside each vesicle. Series: vesicles in view, and the clip's own mean
    squared displacement from the first frame beside the expected 4 D t.
    """
    p = parameters
    field_um, diffusion = float(p["field_of_view"]), float(p["diffusion_coefficient"])
    radius = 0.5 * float(p["vesicle_diameter"])
    fewest, most = NUMBERS[p["count"]]
    number = int(rng.integers(fewest, most + 1))
    paths = brownian_paths(diffusion, clock.s_per_frame, (clock.num_frames, number, 3), rng)

    side = int(rng.integers(4))
    along = np.linspace(-0.1, 1.1, 25) * field_um
    band = field_um * (
        _BAND + rng.uniform(0.02, 0.10) * (2 * along / field_um - 1) ** 2
        + rng.uniform(0.0, 0.008) * np.sin(along * rng.uniform(1.5, 3.0) + rng.uniform(0, 6.3))
    )  # fmt: skip
    margin = np.full(4, 1.05 * radius)
    margin[side] += float(band[(along >= 0) & (along <= field_um)].max()) + _MEMBRANE_UM
    low = np.array([margin[2], margin[0]])
    high = field_um - np.array([margin[3], margin[1]])
    xy = paths[..., :2] + _place(paths[..., :2], low, high, 3.0 * radius, rng)
    room = DEPTH_UM - 2 * radius
    z = radius + folded(paths[..., 2] + rng.uniform(0, room, number), room)
    arrays = {
        "xy": xy, "z": z, "radius": radius, "number": number, "side": side,
        "low": low, "high": high,
        "membrane": _turned(along, band, side, field_um),
        "cargo": rng.normal(0.0, 0.30, (number, 2, 2)).clip(-0.42, 0.42) * radius,
        **_scenery(field_um, rng),
    }  # fmt: skip
    return State(field_um, arrays, measured(xy, diffusion, clock, field_um))


def _scenery(field_um: float, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Still structure: reticulum (4, 20, 2), filaments (6, 9, 2), granules (50, 3), all in µm."""
    t = np.linspace(0, 1, 20)
    reticulum, filaments = [], []
    for _ in range(4):
        angle, offset = rng.uniform(0, np.pi), rng.uniform(-0.45, 0.45)
        wiggle = np.sin(rng.uniform(9, 16) * t + rng.uniform(0, 6.3))
        wave = offset + rng.uniform(0.02, 0.05) * wiggle
        c, s = np.cos(angle), np.sin(angle)
        u = (t - 0.5) * rng.uniform(0.5, 0.9)
        reticulum.append(np.stack([0.5 + c * u - s * wave, 0.5 + s * u + c * wave], 1))
    t = np.linspace(-0.75, 0.75, 9)
    for _ in range(6):
        angle, offset, bend = rng.uniform(0, np.pi), rng.uniform(-0.5, 0.5), rng.uniform(-0.2, 0.2)
        c, s, v = np.cos(angle), np.sin(angle), offset + bend * t**2
        filaments.append(np.stack([0.5 + c * t - s * v, 0.5 + s * t + c * v], 1))
    grains = rng.uniform((0.0, 0.0, 0.004), (1.0, 1.0, 0.009), (50, 3))
    return {
        "reticulum": field_um * np.array(reticulum),
        "filaments": field_um * np.array(filaments),
        "granules": field_um * grains,
    }


def measured(xy: np.ndarray, diffusion: float, clock: Clock, field_um: float) -> Truth:
    """Tracks and series of the vesicles at `xy` (T, N, 2) µm; see `simulate`."""
    truth = Truth()
    seen = np.all((xy >= 0) & (xy <= field_um), axis=2)
    for k in range(xy.shape[1]):
        frames = np.flatnonzero(seen[:, k])
        truth.add_track(k, "vesicle", frames.tolist(), xy[frames, k])
    moved = np.sum((xy - xy[0]) ** 2, axis=2).mean(axis=1)
    truth.series["vesicles_in_view"] = ("vesicles", seen.sum(axis=1).astype(float))
    truth.series["mean_squared_displacement"] = ("µm²", moved)
    truth.series["expected_squared_displacement"] = ("µm²", 4 * diffusion * clock.times_s)
    return truth


def _ribbon(line: np.ndarray, half_um: float | np.ndarray) -> np.ndarray:
    """Outline (2K, 2) of a band reaching `half_um` µm to either side of a smooth line (K, 2)."""
    tangent = np.gradient(line, axis=0)
    across = np.stack([-tangent[:, 1], tangent[:, 0]], 1)
    across *= (half_um / np.linalg.norm(across, axis=1))[:, None]
    return np.concatenate([line + across, (line - across)[::-1]])


def backdrop(parameters: Parameters, state: State, scene: Scene) -> None:
    """Cytoplasm with reticulum, filaments and granules, and the plasma membrane at one edge."""
    side, line, field_um = state["side"], state["membrane"], state.field_um
    inner = _turned(np.array([1.1, -0.1]) * field_um, np.full(2, 1.1 * field_um), side, field_um)
    outer = _turned(np.array([1.1, -0.1]) * field_um, np.full(2, -0.1 * field_um), side, field_um)
    scene.polygon(np.concatenate([line, inner]), "cytoplasm", bevel=0.6)
    for x, y, r in state["granules"]:
        scene.disc(x, y, r, "granule")
    for strand in state["reticulum"]:
        width = 0.15 * np.sin(np.linspace(0.15, np.pi - 0.15, len(strand)))
        scene.polygon(_ribbon(strand, width), "reticulum", bevel=0.12, soft=0.04)
    for strand in state["filaments"]:
        scene.polygon(_ribbon(strand, 0.04), "filament", bevel=0.04, soft=0.05)
    scene.polygon(np.concatenate([line, outer]), "outside", bevel=0.4)
    scene.polygon(_ribbon(line, _MEMBRANE_UM), "membrane", bevel=_MEMBRANE_UM)


def draw(parameters: Parameters, state: State, frame: int, scene: Scene) -> None:
    """Vesicles as membrane-bound balls, the deep ones first, slightly softer and fainter."""
    radius = state["radius"]
    for k in np.argsort(state["z"][frame]):
        x, y = state["xy"][frame, k]
        deep = 1.0 - state["z"][frame, k] / DEPTH_UM
        look = {"fade": 1.0 - 0.22 * deep, "soft": 0.05 * deep}
        scene.disc(x + 0.10, y + 0.16, 1.06 * radius, "shade", fade=1 - 0.5 * deep, soft=0.08)
        scene.disc(x, y, radius, "rim", **look)
        scene.disc(x, y, 0.74 * radius, "content", **look)
        for dx, dy in state["cargo"][k]:
            scene.disc(x + dx, y + dy, 0.17 * radius, "cargo", **look)


_AMOUNT = {"few": "a few", "many": "many"}


def captions(parameters: Parameters, state: State) -> list[str]:
    """Sentences that state process, actors, counts and D; the last is held out."""
    amount, number = _AMOUNT[parameters["count"]], number_word(state["number"])
    d = f"D = {plain(parameters['diffusion_coefficient'])} µm²/s"
    return [
        f"{amount} vesicles, {number} in view, jitter by Brownian motion, {d}",
        f"Brownian motion of {amount} round vesicles ({number}) near the membrane, {d}",
        f"{number} vesicles diffuse in the cytoplasm with {d}, {amount} in view",
        f"{amount} vesicles ({number}) wander at random near the membrane with {d}",
        f"in the cytoplasm {amount} vesicles, {number} in all, diffuse freely, {d}",
        f"random diffusion of {number} round vesicles, {amount} in view, {d}",
        f"{amount} round vesicles ({number}) diffuse at random near the membrane, {d}",
    ]


def descriptions(parameters: Parameters, state: State) -> list[str]:
    """Paragraphs with the same facts, the setting and what one sees; the last is held out."""
    p = parameters
    amount, number = _AMOUNT[p["count"]], number_word(state["number"])
    d, size = (
        f"{plain(p['diffusion_coefficient'])} µm²/s",
        f"{plain(p['vesicle_diameter'])} µm",
    )
    width = f"{plain(p['field_of_view'])} µm"
    return [
        f"Inside a living cell {amount} vesicles, {number} in view, diffuse in the cytoplasm close "
        f"to the plasma membrane. Each is a round bag of membrane about {size} across, struck from "
        f"all sides by molecules too small to be seen, and so it jitters: every step is as likely "
        f"in one direction as in another and knows nothing of the step before. The squared "
        f"distance from the start grows in proportion to time, with D = {d}. No vesicle follows "
        f"another or is drawn along. Filaments and the membrane at the edge stay where they are. "
        f"The field is {width} wide, and the layer shown is thin.",
        f"Brownian motion in the cytoplasm. The picture, {width} wide, holds {amount} round "
        f"vesicles ({number} in all) with bright rims, near the plasma membrane of a cell in "
        f"culture. They tremble and wander at random, slowly enough for their size of {size}: the "
        f"diffusion coefficient is {d}, so the mean squared displacement in the plane is four "
        f"times that in every second. Directions change from one frame to the next without any "
        f"pattern. Neighbours move independently, none speeds up on its way, and nothing pulls "
        f"them to one side. The cytoskeleton behind them does not move.",
        f"Random diffusion of {amount} vesicles: {number} round bodies of about {size}, bounded by "
        f"a membrane, wander through the cytoplasm of a cell. With D = {d} each needs patience "
        f"to get far, because most of its steps undo one another. Watch one of them and it "
        f"jitters about its place; watch them all and the cloud of their steps spreads evenly to "
        f"every side. There is no flow, no motor and no track. The frame is {width} wide, the "
        f"plasma membrane runs along one edge, thin filaments cross the background, and both are "
        f"still.",
        f"A thin slice of cytoplasm, {width} across, beside the plasma membrane of a cell. In it "
        f"{amount} vesicles can be counted, {number} of them. Heat alone moves them: small "
        f"irregular steps, forth and back, with a diffusion coefficient of {d}. Each vesicle is a "
        f"sphere about {size} in diameter with a bright rim, and it keeps its size, its colour and "
        f"its independence from the others. They may come close but they do not stick or merge. "
        f"Played backwards the clip would look just as natural, for diffusion at rest has no "
        f"direction.",
        f"In the cytoplasm of a cell {amount} round vesicles, {number} in all, diffuse at random "
        f"near the plasma membrane. Each is a sphere of about {size} with a bright rim. Heat alone "
        f"moves them, with D = {d}: small steps to every side, each of which knows nothing of the "
        f"step before. Neighbours move independently, and there is no flow and no motor that draws "
        f"them to one side. Each vesicle keeps its size and its colour. The picture is {width} "
        f"wide, and the filaments behind the vesicles do not move.",
    ]


def prompts(parameters: Parameters, state: State) -> list[str]:
    """Short requests for this clip; the last is held out."""
    amount = _AMOUNT[parameters["count"]]
    return [
        f"{amount} vesicles diffuse in the cytoplasm",
        f"{amount} vesicles jitter in a cell by Brownian motion",
        f"Brownian motion of {amount} vesicles in the cytoplasm",
        f"{amount} vesicles moving at random in the cytoplasm of a cell",
        f"random diffusion of {amount} vesicles in a cell",
        f"{amount} round vesicles jitter near the plasma membrane",
        f"vesicle diffusion in the cytoplasm, {amount} vesicles",
        f"a cell's cytoplasm with {amount} diffusing vesicles",
        f"inside a cell {amount} vesicles wander at random",
        f"{amount} round vesicles diffuse at random in a cell",
    ]
