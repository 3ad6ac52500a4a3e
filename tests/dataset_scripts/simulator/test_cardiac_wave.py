"""Cardiac wave: the stated speeds and axes, one firing per site, steady spirals, pixels, words."""

from __future__ import annotations

import re
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp
from scipy.ndimage import gaussian_filter, zoom

from dataset_scripts.simulator.clip import simulate_clip, simulate_state
from dataset_scripts.simulator.core import SimulatorError
from dataset_scripts.simulator.models import cardiac_sheet as model
from dataset_scripts.simulator.models.cardiac_sheet import ALONG, Sheet, plateau_units
from dataset_scripts.simulator.models.excitable_medium import THRESHOLD
from dataset_scripts.simulator.phenomena import cardiac_wave as world

NAME = "cardiac_wave"
DIRECTIONS = ("left_to_right", "right_to_left", "outward", "inward", "clockwise",
              "counterclockwise")  # fmt: skip
SWEEPS, SPIRALS = DIRECTIONS[:4], DIRECTIONS[4:]


@cache
def sample(way: str):
    """Random clips of one direction: 17, or 100 over all, in 17 frames and one in 33."""
    return [
        simulate_state(NAME, num_frames=t, seed=s, parameters={"direction": way})
        for t, s in [(17, s) for s in range(17)] + [(33, 17)]
    ]


def plane_speed(finer: int, step: float, across: bool) -> float:
    """Speed over the wanted one of a plane front along or across the fibres."""
    c, ratio, field = 0.5, 2.0, 20.0
    sheet = Sheet.of(field, c, ratio, 200.0, 1.0, step, finer)
    cells = sheet.across if across else ALONG * finer
    x = (np.arange(cells) + 0.5) * field / cells
    start = np.zeros((3, 3, cells), np.float32)
    start[0] = sheet.front((x - 0.15 * field) * (ratio if across else 1.0))
    if across:
        start = start.transpose(0, 2, 1)
    speed = c / ratio if across else c
    _, _, arrival = sheet.march(start, np.array([int(0.8 * field / speed / sheet.dt)]))
    t = arrival[:, 1] if across else arrival[1]
    use = (x > 0.3 * field) & (x < 0.8 * field)
    return float(1 / np.polyfit(x[use], t[use], 1)[0] / speed)


@pytest.mark.parametrize("across", [False, True])
def test_plane_fronts_converge_to_the_analytic_speed(across):
    drawn, middle, fine = (plane_speed(k, model.STEP, across) for k in (1, 2, 4))
    assert drawn == pytest.approx(1, abs=0.015)
    assert middle == pytest.approx(1, abs=0.006)
    assert fine == pytest.approx(1, abs=0.006)
    assert plane_speed(2, model.STEP / 4, across) == pytest.approx(1, abs=0.01)


def test_action_potential_tends_to_its_closed_form():
    """The thinner the front, the closer is the time on the excited branch to `plateau_units`."""
    t = np.arange(0.0, 320.0, 0.25)
    off = []
    for speed in (0.1, 0.4, 2.0):
        sheet = Sheet.of(20.0, speed, 2.0, 200.0, 1.0)
        u = sheet.pulse(t)[0]
        off.append(t[np.argmax((u < (1 + THRESHOLD) / 2) & (t > 20))] / 200.0 - 1)
    assert abs(off[2]) < abs(off[1]) < abs(off[0])
    assert abs(off[1]) < 0.12 and abs(off[2]) < 0.04
    assert 20 < plateau_units() < 30


def test_a_single_site_agrees_with_an_independent_integrator():
    sheet = Sheet.of(20.0, 0.5, 2.0, 200.0, 1.0)

    def kinetics(_, y):
        u, v, gate = y
        slow = model.EPSILON + model.MU1 * v / (u + model.MU2)
        return [
            sheet.rate * (-u * (u - THRESHOLD) * (u - 1) - u * v / model.K),
            slow * (-v - model.K * u * (u - THRESHOLD - 1)) / sheet.tau,
            (u - gate) / model.NOTCH_MS,
        ]

    t = np.arange(0, 400, 4.0)
    exact = solve_ivp(kinetics, (0, 400), [0.5, 0, 0], t_eval=t, method="LSODA", rtol=1e-8).y
    u, q, gate = sheet.pulse(t)
    calm = np.abs(np.gradient(exact[0])) < 0.05  # not on the steep flanks
    assert np.abs(u - exact[0])[calm].max() < 0.02
    assert np.abs(model.K * q - exact[1]).max() < 0.06
    assert np.abs(gate - exact[2])[calm].max() < 0.03


@pytest.mark.parametrize("way", DIRECTIONS)
def test_potentials_stay_in_bounds_and_truth_is_complete(way):
    for p, clock, state in sample(way):
        for key in ("potential", "gate"):
            assert np.isfinite(state[key]).all()
            assert state[key].min() > -0.02 and state[key].max() < 1.02
        for key in ("excited", "spike", "pattern"):
            assert state[key].min() >= 0 and state[key].max() <= 1.2
        for _, values in state.truth.series.values():
            assert len(values) == clock.num_frames and np.isfinite(values).all()
        frames = [e.frame for e in state.truth.events]
        assert frames == sorted(frames) and state.truth.events[0].name == "start"
        xy = np.array([row[3:] for row in state.truth.tracks])
        assert (xy >= 0).all() and (xy <= state.field_um).all()
        assert state.field_um == 1000 * world.width_mm(p)


@pytest.mark.parametrize("way", SWEEPS)
def test_muscle_that_a_front_has_passed_stays_excited(way):
    for p, clock, state in sample(way):
        u, arrival = state["potential"], state["arrival_s"]
        since = clock.times_s[:, None, None] - arrival
        assert u[since > 0.004].min() > 0.75
        assert u[(since < -0.004) & (arrival < 1e8)].max() < 0.1
        assert (np.diff(state.truth.series["excited_fraction"][1]) >= 0).all()
        if way == "inward":
            # They leave nothing behind that could fire again: all is lit, and stays so.
            assert state.truth.series["excited_fraction"][1][-1] == 1
            met = next(e for e in state.truth.events if e.name == "collision")
            assert 0.30 < met.frame / (clock.num_frames - 1) <= 0.41
            assert met.value == pytest.approx(0.5 * state.field_um, rel=0.03)
        # The spike at the front gives way to the plateau.
        late = since > 0.030
        if late.any():
            assert (u - state["gate"])[late].max() < 0.05
        assert p["action_potential"] > 1000 * clock.times_s[-1] * 0.9


@pytest.mark.parametrize("way", SWEEPS)
def test_fronts_go_at_the_stated_speed_in_the_stated_direction(way):
    for p, clock, state in sample(way):
        path = state.truth.series["front_distance"][1]
        ended = [e.frame for e in state.truth.events[1:]]
        stop = (ended[0] if ended else clock.num_frames) - 1
        start = int(np.argmax(path > 0.2 * state.field_um)) if way == "outward" else 1
        c = np.polyfit(clock.times_s[start:stop], path[start:stop], 1)[0] / 1e6
        # A convex front is a little slower.
        low = 0.85 if way == "outward" else 0.96
        assert low < c / world.front_speed(p) < 1.04
        assert np.diff(path[: stop + 1]).max() < 0.12 * state.field_um
        moved = {}
        for number, _, _, x, y in state.truth.tracks:
            first = moved.setdefault(number, [x, y, x, y])
            first[2:] = x, y
        for x0, y0, x1, y1 in moved.values():
            if way == "outward":
                a, b = (
                    np.array([x0, y0]) - 1000 * state["wave"]["site"],
                    np.array([x1 - x0, y1 - y0]),
                )
                assert a @ b > 0
            else:
                right = way == "left_to_right" or (way == "inward" and x0 < 0.5 * state.field_um)
                assert (x1 - x0 > 0) == right and abs(y1 - y0) < 1


def test_an_ellipse_lies_along_the_fibres():
    for p, _, state in sample("outward"):
        along, across = (state.truth.series[f"{n}_distance"][1] for n in ("front", "across"))
        i = int(np.argmax(along > 0.3 * state.field_um))
        assert along[i] / across[i] == pytest.approx(p["anisotropy"], rel=0.08)
        lit = np.argwhere(state["excited"][i] > 0.5)
        height, width = np.ptp(lit, axis=0)
        assert (width > 1.5 * height) == (p["fibres"] == "horizontal")


@pytest.mark.parametrize("way", SPIRALS)
def test_spirals_turn_steadily_about_their_scar(way):
    for p, clock, state in sample(way):
        turned = state.truth.series["turns"][1]
        assert turned[-1] > 2.0
        assert np.diff(turned).min() > 0 and np.diff(turned).max() < 0.22
        period = 1000 * np.diff(clock.times_s[[0, -1]])[0] / turned[-1]
        assert period == pytest.approx(world.period_ms(p), rel=0.05)
        assert 115 < period < 250
        tip = np.array([row[3:] for row in state.truth.tracks])
        assert len(tip) == clock.num_frames
        assert (np.abs(tip / state.field_um - 0.5) < 1 / 6).all()
        # On the screen, whose y axis points down, clockwise means that the angle grows.
        away = tip - 0.5 * state.field_um
        sense = np.sign(away[:-1, 0] * away[1:, 1] - away[:-1, 1] * away[1:, 0])
        assert (sense == (1 if way == "clockwise" else -1)).mean() > 0.85
        assert state["potential"][:, *np.array(state["potential"].shape[1:]) // 2].max() < 0.2
        # One arm: part of the sheet is lit, part at rest, always.
        lit = state.truth.series["excited_fraction"][1]
        assert lit.min() > 0.2 and lit.max() < 0.6


def test_spirals_have_a_steep_front_and_a_sloping_tail_and_let_muscle_recover():
    for p, clock, state in sample("clockwise")[-1:] + sample("counterclockwise")[-1:]:
        u = state["potential"][:, ::9, ::9].reshape(clock.num_frames, -1)
        swept = (u.max(axis=0) > 0.8) & (u.min(axis=0) < 0.1)
        assert swept.mean() > 0.85
        step = np.diff(u[:, swept], axis=0)
        assert (step > 0.5).any(axis=0).mean() > 0.9
        lasting = ((u[:, swept] > 0.1) & (u[:, swept] < 0.75)).mean(axis=0)
        rising = (step > 0.2).mean(axis=0)
        assert lasting.mean() > 1.2 * rising.mean()
        assert world.period_ms(p) > 100


def test_period_does_not_depend_on_the_grid():
    """Half the step of time, and the drawn one, give the same turns."""
    p, clock, state = simulate_state(
        NAME, num_frames=17, seed=3, parameters={"direction": "clockwise", "fibres": "horizontal"}
    )
    wave = state["wave"]
    sheet = Sheet.of(
        wave["sheet"].field, wave["sheet"].speed, wave["sheet"].ratio,
        wave["sheet"].tau * plateau_units(), 1000 * clock.s_per_frame, model.STEP / 2,
    )  # fmt: skip
    every = round(1000 * clock.s_per_frame / sheet.dt)
    before = round(wave["before"] * wave["sheet"].dt / sheet.dt)
    u, _, _ = sheet.march(wave["start"], before + every * np.arange(0, 17, 4), wave["dead"])
    assert ((u > 0.5) == (state["potential"][::4] > 0.5)).mean() > 0.95
    assert p["direction"] == "clockwise"


@pytest.mark.parametrize("num_frames", [2, 3, 241])
@pytest.mark.parametrize("way", ["right_to_left", "outward", "inward", "counterclockwise"])
def test_any_length_works(num_frames, way):
    _, clock, state = simulate_state(
        NAME, num_frames=num_frames, seed=1, parameters={"direction": way}
    )
    name = "turns" if way in SPIRALS else "front_distance"
    path = state.truth.series[name][1]
    assert len(path) == num_frames and path[-1] > path[0]
    assert clock.s_per_frame > 0


@settings(max_examples=6, deadline=None)
@given(
    way=st.sampled_from(SWEEPS), fibres=st.sampled_from(["horizontal", "vertical"]),
    speed=st.floats(0.42, 0.68), anisotropy=st.floats(1.8, 2.4),
    action_potential=st.floats(170, 220), field_of_view=st.floats(18, 22),
)  # fmt: skip
def test_the_whole_ranges_give_sound_sweeps(**fixed):
    fixed["direction"] = fixed.pop("way")
    p, clock, state = simulate_state(NAME, num_frames=17, seed=0, parameters=fixed)
    assert np.isfinite(state["potential"]).all() and state["potential"].max() < 1.02
    path = state.truth.series["front_distance"][1] / state.field_um
    assert path[-1] > (0.9 if "to" in p["direction"] else 0.44)
    assert clock.s_per_frame < 0.01


@pytest.mark.parametrize("fixed", [
    {"speed": 0.42, "anisotropy": 2.4, "spiral_field": 42.0, "direction": "clockwise"},
    {"speed": 0.68, "anisotropy": 1.8, "spiral_field": 38.0, "direction": "counterclockwise"},
])  # fmt: skip
def test_extreme_spirals_are_similar(fixed):
    p, clock, state = simulate_state(NAME, num_frames=17, seed=2, parameters=fixed)
    period = 1000 * clock.times_s[-1] / state.truth.series["turns"][1][-1]
    assert period == pytest.approx(world.period_ms(p), rel=0.05)


@pytest.mark.parametrize("style", ["illustration", "fluorescence", "bright_field"])
@pytest.mark.parametrize("way", ["left_to_right", "outward", "inward", "clockwise"])
def test_pixels_are_bright_where_muscle_is_excited(way, style):
    ask = {"num_frames": 17, "seed": 5, "parameters": {"direction": way}}
    clip = simulate_clip(NAME, size=72, style=style, **ask)
    _, _, state = simulate_state(NAME, **ask)
    gray = clip.frames.astype(float).mean(axis=3)
    lit = zoom(state["excited"], (1, 0.5, 0.5), order=1)
    clear = zoom(state["pattern"], 0.5, order=1) > 0.6  # not below a vessel
    for i in (2, 4, 5):
        picture = gaussian_filter(gray[i], 0.7)[clear]
        assert np.corrcoef(picture, lit[i][clear])[0, 1] > 0.75
        on, off = lit[i][clear] > 0.9, lit[i][clear] < 0.05
        if off.sum() > 50:
            cut = 0.5 * (np.median(picture[on]) + np.median(picture[off]))
            assert np.median(picture[on]) > np.median(picture[off]) + 20
            assert ((picture > cut)[on].mean() + (picture < cut)[off].mean()) / 2 > 0.93


def test_clip_is_deterministic_and_physics_does_not_know_the_look():
    looks = [simulate_clip(NAME, size=64, num_frames=4, seed=9, style=s)
             for s in ("illustration", "fluorescence", "bright_field", "illustration")]  # fmt: skip
    assert looks[0].truth.tracks == looks[1].truth.tracks == looks[2].truth.tracks
    assert np.array_equal(looks[0].frames, looks[3].frames)
    assert not np.array_equal(looks[0].frames, looks[1].frames)


SAID = {
    "left_to_right": r"left to right|rightwards|to the right",
    "right_to_left": r"right to left|leftwards|to the left",
    "outward": r"outwards?\b",
    "inward": r"inwards?\b|both sides|left and right|two opposed|collide|meeting in the middle",
    "clockwise": r"(?<!counter)(?<!counter-)\bclockwise",
    "counterclockwise": r"counter-?clockwise",
}
LIE = {"horizontal": r"horizontal|side to side", "vertical": r"vertical|up and down"}


@pytest.mark.parametrize("fibres", ["horizontal", "vertical"])
@pytest.mark.parametrize("way", DIRECTIONS)
def test_words_carry_the_labels_and_the_held_out_ones_are_not_new(way, fibres):
    p, _, state = simulate_state(
        NAME, num_frames=2, seed=2, parameters={"direction": way, "fibres": fibres}
    )
    texts = {"captions": (7, 1, 16), "prompts": (10, 1, 12), "descriptions": (5, 75, 135)}
    for kind, (fewest, least, most) in texts.items():
        written = getattr(world, kind)(p, state)
        assert len(set(written)) == len(written) >= fewest
        for text in written:
            assert least <= len(text.split()) <= most, text
            assert re.search(SAID[way], text), text
            assert re.search(LIE[fibres], text), text
            others = [o for o in LIE if o != fibres]
            assert not re.search(LIE[others[0]], text), text
            number = r"\d+ ms\b" if way in SPIRALS else r"0\.\d+ m/s"
            assert bool(re.search(number, text)) == (kind != "prompts"), text
            if kind == "prompts":
                assert not re.search(r"\d", text)
        known = set(re.findall(r"[\w.-]+", " ".join(written[:-1]).lower().replace(". ", " ")))
        held_out = set(re.findall(r"[\w.-]+", written[-1].lower().replace(". ", " ").rstrip(".")))
        assert held_out <= known | {"as"}, held_out - known


def test_what_is_held_out_leaves_every_label_in_training():
    allowed = {"direction": set(), "fibres": set()}
    rng = np.random.default_rng(0)
    shares = []
    for _ in range(400):
        values = {spec.name: spec.draw(rng) for spec in world.PARAMETERS}
        held = world.HELD_OUT
        shares.append((held.in_interval(values), held.in_combination(values)))
        if held.allows("train", values):
            for name, labels in allowed.items():
                labels.add(values[name])
    assert allowed == {"direction": set(DIRECTIONS), "fibres": {"horizontal", "vertical"}}
    interval, combination = np.mean(shares, axis=0)
    assert 0.08 < interval < 0.25 and 0.04 < combination < 0.15


def test_parameters_out_of_range_are_refused():
    with pytest.raises(SimulatorError, match="speed"):
        simulate_state(NAME, num_frames=5, seed=0, parameters={"speed": 5.0})
    with pytest.raises(SimulatorError, match="direction"):
        simulate_state(NAME, num_frames=5, seed=0, parameters={"direction": "up"})
