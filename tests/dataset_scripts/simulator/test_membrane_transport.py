"""Membrane transport: laws of the crossing, rates and paths against closed forms, pixels, words."""

from __future__ import annotations

import re
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dataset_scripts.simulator.clip import simulate_clip, simulate_state
from dataset_scripts.simulator.core import SimulatorError
from dataset_scripts.simulator.models import membrane_cast as cast
from dataset_scripts.simulator.models import membrane_crossing as crossing
from dataset_scripts.simulator.models.membrane_crossing import Load
from dataset_scripts.simulator.models.membrane_geometry import Membrane, scatter
from dataset_scripts.simulator.phenomena import membrane_transport as world
from dataset_scripts.simulator.twins.membrane_transport import bare_crossings

NAME = "membrane_transport"
PROTEINS = ("channel", "carrier", "pump")
STYLES = ("illustration", "fluorescence", "bright_field")


@cache
def sample(protein: str):
    """40 random clips of 17 frames, 8 of 33 and 4 of 81."""
    return [
        simulate_state(NAME, num_frames=t, seed=s, parameters={"protein": protein})
        for s, t in enumerate([17] * 40 + [33] * 8 + [81] * 4)
    ]


def check_laws(p, clock, state) -> None:
    """What holds in any clip: who is where, through which door, and how many."""
    xy, membrane, kinds = 1000 * state["xy"], state["membrane"], state["kinds"]
    assert np.isfinite(xy).all()
    assert xy.min() > membrane.radius and xy.max() < membrane.field - membrane.radius
    depth = np.abs(xy[..., 1] - 0.5 * membrane.field)
    aside = np.abs(xy[..., 0, None] - membrane.axes)
    within = depth < membrane.half + 0.9 * membrane.radius
    # Within the bilayer a molecule is on the axis of a protein, or in its cavity.
    assert (aside.min(axis=-1)[within] < 1.1 * membrane.radius).all()
    assert bare_crossings(p, state) == 0
    for kind in np.unique(kinds):
        name = cast.KINDS[kind]
        total = sum(state.truth.series[f"{name}_{side}"][1] for side in ("above", "below"))
        assert (total == (kinds == kind).sum()).all()
    gates = state["gates"]
    assert gates.min() >= 0 and gates.max() <= 1
    if p["protein"] == "channel":
        assert (gates.max(axis=0) == gates.min(axis=0)).all()
        if state["shut"] >= 0:
            assert (aside[..., state["shut"]][within] > membrane.width).all()
    else:
        assert (gates.min(axis=-1) == 0).all()
    frames = [e.frame for e in state.truth.events]
    assert frames == sorted(frames)
    assert all(0 < f < clock.num_frames for f in frames)


@pytest.mark.parametrize("protein", PROTEINS)
def test_everyone_goes_through_a_protein_and_nobody_is_lost(protein):
    for p, clock, state in sample(protein):
        check_laws(p, clock, state)


@pytest.mark.parametrize("protein", ("channel", "carrier"))
def test_channels_and_carriers_run_downhill(protein):
    gains = []
    for p, _, state in sample(protein):
        poor = (world.sides_seen(p, state) == 1).sum(axis=1)
        gains.append(poor[-1] - poor[0])
    assert np.mean(np.array(gains) > 0) > 0.95
    assert np.mean(gains) > 2.5


def test_pumps_take_three_sodium_out_for_two_potassium_in_and_uphill():
    out, back = [], []
    for p, _, state in sample("pump"):
        names = [e.name for e in state.truth.events]
        ways = ("down", "up") if p["direction"] == "downwards" else ("up", "down")
        pumps = len(state["membrane"].axes)
        out.append(names.count(f"sodium_crosses_{ways[0]}"))
        back.append(names.count(f"potassium_crosses_{ways[1]}"))
        assert len(names) == out[-1] + back[-1]
        # No more than one load is on its way in each pump.
        assert abs(out[-1] / 3 - back[-1] / 2) <= 1.01 * pumps
        sides, sodium = world.sides_seen(p, state), state["kinds"] == cast.SODIUM
        assert (sides[0, sodium] == 1).sum() > (sides[0, sodium] == 0).sum()
        assert (sides[0, ~sodium] == 0).sum() > (sides[0, ~sodium] == 1).sum()
        assert out[-1] >= 3 * pumps
    assert sum(out) / 3 > sum(back) / 2 > 0.6 * sum(out) / 3


def test_sodium_has_left_a_pump_before_potassium_enters_it():
    for _, _, state in sample("pump")[40:]:
        membrane = state["membrane"]
        depth = np.abs(1000 * state["xy"][..., 1] - 0.5 * membrane.field)
        near = np.abs(1000 * state["xy"][..., 0, None] - membrane.axes) < membrane.width
        inside = (depth < 0.4 * membrane.height)[..., None] & near
        for machine in range(len(membrane.axes)):
            held = [inside[:, state["kinds"] == k, machine].sum(axis=1) for k in (0, 1)]
            assert not (np.minimum(*held) > 0).any()
            assert held[cast.SODIUM].max() == 3 and held[cast.POTASSIUM].max() == 2


def open_box(radius: float = 0.2, field: float = 400.0) -> Membrane:
    return Membrane(field, radius, 1.0, 2.0, 2.0, np.array([0.5 * field]))


@pytest.mark.parametrize("substeps", [1, 4])
def test_free_molecules_diffuse_whatever_the_time_step(substeps):
    rng = np.random.default_rng(1)
    start = np.stack([rng.uniform(100, 300, 240), rng.uniform(60, 140, 240)], axis=1)
    sides, kinds = np.zeros(240, int), np.zeros(240, int)
    times = np.linspace(0, 2.0, 9)
    paths = crossing.follow(open_box(), start, sides, kinds, [], times, substeps, 3.0, 7)
    square = ((paths.xy - start) ** 2).mean(axis=(1, 2))
    assert square[1:] == pytest.approx(9.0 * times[1:], rel=0.2)


@pytest.mark.parametrize("substeps", [2, 8])
def test_the_way_to_a_mouth_is_a_brownian_bridge(substeps):
    box = open_box()
    begin = np.array([[200.0, 140.0]])
    load = Load(0, 0, 0, 0, 1, crossing.ALWAYS, 0.0, (1.001, 1.1), (1.2, 1.3))
    times = np.linspace(0, 1.0, 9)
    ways = np.array([
        crossing.follow(box, begin, np.zeros(1, int), np.zeros(1, int), [load], times, substeps,
                        2.0, seed).xy[:, 0]
        for seed in range(150)
    ])  # fmt: skip
    mouth = np.array([200.0, 200.0 - 2.2])
    expected = begin + times[:, None] / 1.001 * (mouth - begin)
    assert np.abs(ways.mean(axis=0) - expected).max() < 0.55
    spread = ways.var(axis=0).mean(axis=1)
    # Variance of a bridge: t (1 - t); the time that the choice takes is one step.
    assert spread[4] == pytest.approx(4.0 * 0.25, rel=0.35)
    assert spread[-1] < 0.1


def many_runs(make_loads, numbers: tuple[int, int], axes: int, times: np.ndarray, runs: int):
    """Numbers on side 1 (runs, T) when molecules of one kind start with `numbers` on the sides."""
    field = 60.0
    membrane = Membrane(field, 1.0, 2.2, 4.0, 4.5, field * (np.arange(axes) + 0.5) / axes)
    sides = np.repeat([0, 1], numbers)
    found = []
    for seed in range(runs):
        rng = np.random.default_rng(seed)
        start = scatter(membrane, sides, rng)
        paths = crossing.follow(
            membrane, start, sides, np.zeros(len(sides), int), make_loads(rng), times, 4, 3.0, seed
        )
        found.append((paths.xy[..., 1] > 0.5 * field).sum(axis=1))
    return np.array(found)


def test_numbers_on_both_sides_of_channels_even_out_as_exponentials_do():
    times = np.linspace(0, 6, 13)
    below = many_runs(lambda rng: crossing.pore_loads(range(3), 6.0, rng), (20, 0), 3, times, 40)
    gap = 20 - 2 * below.mean(axis=0)
    # One ion per pore and unit of time in all, in proportion to the numbers.
    late = times >= 1.5
    rate = -np.polyfit(times[late], np.log(gap[late]), 1)[0]
    assert rate == pytest.approx(2 * 3 / 20, rel=0.2)


def test_carriers_do_not_move_anything_on_balance_between_equal_numbers():
    def loads(rng):
        starts = crossing.cycle_starts(3, 4.0, rng)
        return crossing.carried_loads(starts, (0, 0), (1, 1), False, rng)

    times = np.linspace(0, 4, 17)
    below = many_runs(loads, (10, 10), 3, times, 30)
    gained = below[:, -1] - 10
    # Carriers begin with a load from above: less than half a load each is on its way there.
    assert abs(gained.mean()) < 1.6
    downhill = many_runs(loads, (20, 0), 3, times, 30)[:, -1]
    assert downhill.mean() > gained.mean() + 4


def test_a_pump_without_ions_stands_still():
    rng = np.random.default_rng(0)
    starts = crossing.cycle_starts(1, 3.0, rng)
    loads = crossing.carried_loads(starts, (1, 0), (3, 2), True, rng)
    membrane = Membrane(30.0, 0.9, 2.2, 4.2, 5.0, np.array([15.0]))
    sides, kinds = np.array([0, 0, 1, 1, 1]), np.array([1, 1, 0, 0, 0])
    times = np.linspace(0, 3, 31)
    start = scatter(membrane, sides, rng)
    paths = crossing.follow(membrane, start, sides, kinds, loads, times, 4, 1.0, 5)
    assert ((paths.xy[..., 1] > 15) == sides).all()
    gates = crossing.gates(starts, paths.halts, times)
    assert np.isfinite(paths.halts).all()
    assert (gates[times > paths.halts[0], 0] == [1, 0]).all()


def test_cycles_last_one_unit_on_average_and_gates_are_open_as_long_on_both_sides():
    rng = np.random.default_rng(0)
    starts = crossing.cycle_starts(4, 200.0, rng)
    lengths = np.diff(starts, axis=1)
    assert lengths.mean() == pytest.approx(1.0, rel=0.02)
    assert lengths.var() == pytest.approx(1 / crossing.STAGES, rel=0.15)
    gates = crossing.gates(starts, np.full(4, np.inf), np.linspace(1, 190, 20_000))
    share = crossing.OPEN + crossing.OPENING
    assert gates.mean(axis=(0, 1)) == pytest.approx([share, share], rel=0.01)
    assert gates.min(axis=-1).max() == 0
    # Both are shut for a while on each change of sides.
    assert (gates.max(axis=-1) == 0).mean() > 0.15


@pytest.mark.parametrize("protein", PROTEINS)
@pytest.mark.parametrize("num_frames", [2, 3, 5, 16, 241])
def test_any_length_works_at_the_corners_of_the_ranges(protein, num_frames):
    for count, particles, across in (("few", 14, 0), ("many", 20, 4)):
        fixed = {"protein": protein, "count": count, "particles": particles,
                 "start_across": across}  # fmt: skip
        p, clock, state = simulate_state(NAME, num_frames=num_frames, seed=1, parameters=fixed)
        assert clock.s_per_frame > 0
        check_laws(p, clock, state)


@given(
    protein=st.sampled_from(PROTEINS), direction=st.sampled_from(["downwards", "upwards"]),
    count=st.sampled_from(["few", "many"]), particles=st.integers(14, 20),
    across=st.integers(0, 4), framing=st.floats(0.96, 1.04), seed=st.integers(0, 2**32),
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_the_laws_hold_for_any_parameters(
    protein, direction, count, particles, across, framing, seed
):  # fmt: skip
    fixed = {"protein": protein, "direction": direction, "count": count, "particles": particles,
             "start_across": across, "framing": framing}  # fmt: skip
    check_laws(*simulate_state(NAME, num_frames=17, seed=seed, parameters=fixed))


@pytest.mark.parametrize("protein", PROTEINS)
def test_no_step_is_too_long_to_be_followed(protein):
    for p, clock, state in sample(protein)[:40]:
        membrane, n = state["membrane"], len(state["kinds"])
        steps = 1000 * np.linalg.norm(np.diff(state["xy"], axis=0), axis=-1)
        spacing = membrane.field / np.sqrt(n)
        assert np.median(steps) < 0.3 * spacing
        # The few who pass a protein go farther, but not across it at once.
        assert np.quantile(steps, 0.9) < 0.8 * spacing
        assert steps.max() < 1.9 * (membrane.height + membrane.radius)
        assert 1 / (world.turnover(p) * clock.s_per_frame) >= (4.9 if protein == "channel" else 6)


def redness(frame: np.ndarray, kind: int) -> np.ndarray:
    """How much of a molecule's hue (H, W) there is: purple, orange or green."""
    r, g, b = frame.astype(float).transpose(2, 0, 1)
    return (np.minimum(r, b) - g, r - b - np.abs(g - 0.5 * (r + b)), g - np.maximum(r, b))[kind]


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("protein", PROTEINS)
def test_pixels_show_the_molecules_where_truth_says(protein, style):
    clip = simulate_clip(NAME, size=128, num_frames=9, seed=5, style=style,
                         parameters={"protein": protein})  # fmt: skip
    axis = (np.arange(128) + 0.5) * clip.um_per_px
    hits = []
    for _, name, frame, x, y in clip.truth.tracks:
        kind = cast.KINDS.index(name)
        hue = redness(clip.frames[frame], kind)
        # The ball covers several pixels; some background is at least three radii away.
        near = (axis[None] - x) ** 2 + (axis[:, None] - y) ** 2 < (0.024 * clip.field_um) ** 2
        hits.append(hue[near].mean() > np.median(hue) + 8)
    assert np.mean(hits) > 0.9


@pytest.mark.parametrize("style", STYLES)
def test_pixels_show_to_which_side_a_carrier_is_open(style):
    clip = simulate_clip(NAME, size=128, num_frames=33, seed=2, style=style,
                         parameters={"protein": "carrier", "count": "few"})  # fmt: skip
    _, _, state = simulate_state(NAME, num_frames=33, seed=2,
                                 parameters={"protein": "carrier", "count": "few"})  # fmt: skip
    membrane, scores = state["membrane"], []
    # Pink protein where a gate is shut; water, or green glucose, where it is open.
    pink = clip.frames[..., 0].astype(float) - clip.frames[..., 1]
    for machine, x in enumerate(membrane.axes / membrane.field):
        for side, sign in ((0, -1), (1, 1)):
            row = int(128 * (0.5 + sign * 0.78 * membrane.height / membrane.field))
            column = int(128 * x)
            seen = pink[:, row - 1 : row + 2, column - 1 : column + 2].mean(axis=(1, 2))
            scores.append(abs(np.corrcoef(seen, state["gates"][:, machine, side])[0, 1]))
    assert np.median(scores) > 0.6


def test_same_seed_same_physics_in_every_look():
    clips = [simulate_clip(NAME, size=64, num_frames=5, seed=3, style=s) for s in STYLES]
    assert clips[0].truth.tracks == clips[1].truth.tracks == clips[2].truth.tracks


def words(text: str) -> set[str]:
    return set(re.findall(r"[a-zµ/-]+", text.lower()))


@pytest.mark.parametrize("direction", ["downwards", "upwards"])
@pytest.mark.parametrize("count", ["few", "many"])
@pytest.mark.parametrize("protein", PROTEINS)
def test_words_carry_the_labels_and_the_held_out_ones_are_no_surprise(protein, count, direction):
    fixed = {"protein": protein, "direction": direction, "count": count}
    p, _, state = simulate_state(NAME, num_frames=5, seed=2, parameters=fixed)
    number = {"channel": "two|both", "carrier": "two", "pump": "one"}
    if count == "many":
        number = {"channel": "four", "carrier": "three", "pump": "two"}
    what = {"channel": "channel", "carrier": "carrier|glut", "pump": "sodium-potassium pump"}
    captions, prompts = world.captions(p, state), world.prompts(p, state)
    descriptions = world.descriptions(p, state)
    assert len(captions) >= 7 and len(prompts) >= 10 and len(descriptions) >= 5
    assert max(len(t.split()) for t in captions) <= 16
    assert max(len(t.split()) for t in prompts) <= 12
    assert all(75 <= len(t.split()) <= 135 for t in descriptions), [
        len(t.split()) for t in descriptions
    ]
    for text in [*captions, *prompts, *descriptions]:
        assert direction in text, text
        assert re.search(what[protein], text.lower()), text
        assert re.search(rf"\b({number[protein]})\b", text.lower()), text
        assert "{" not in text
    assert all(re.search(r"\d (ions|cycles)/", text) for text in [*captions, *descriptions])
    assert not any(re.search(r"\d", text) for text in prompts)
    assert all(t[0].islower() and t[-1] != "." for t in [*captions, *prompts])
    for texts in (captions, prompts, descriptions):
        known = set().union(*(words(t) for t in [*captions[:-1], *texts[:-1]]))
        assert words(texts[-1]) <= known, words(texts[-1]) - known


def test_parameters_out_of_range_are_refused():
    with pytest.raises(SimulatorError, match="permeation"):
        simulate_state(NAME, num_frames=5, seed=0, parameters={"permeation": 800.0})
    with pytest.raises(SimulatorError, match="protein"):
        simulate_state(NAME, num_frames=5, seed=0, parameters={"protein": "vesicle"})
