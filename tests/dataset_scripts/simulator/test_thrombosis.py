"""Laws that a thrombosis clip must obey, checked on states, closed forms and drawn pixels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dataset_scripts.simulator.clip import simulate_clip, simulate_state
from dataset_scripts.simulator.models.venule_flow import BRIDGED_UM, GRID_UM, advect, relative_flow
from dataset_scripts.simulator.phenomena import thrombosis as world

SEEDS = range(20)
LENGTHS = (17, 33, 81)


def state_of(seed: int, occlusion: str, num_frames: int = 33, **fixed: object):
    return simulate_state(
        "thrombosis", num_frames=num_frames, seed=seed, parameters={"occlusion": occlusion, **fixed}
    )


def in_view(state, margin: float = 0.0) -> np.ndarray:
    s = state["tracers"].s
    return (s >= -margin) & (s <= state.field_um + margin)


def occlusion_frame(state) -> int:
    (event,) = [event for event in state.truth.events if event.name == "occlusion"]
    return event.frame


@pytest.mark.parametrize("num_frames", LENGTHS)
@pytest.mark.parametrize("seed", SEEDS)
def test_closed_vessel_is_at_rest_on_both_sides(seed: int, num_frames: int) -> None:
    _, _, state = state_of(seed, "yes", num_frames)
    frame = occlusion_frame(state)
    assert 0.15 * num_frames <= frame <= 0.6 * num_frames
    s, middle = state["tracers"].s, state["clot_s"].mean()
    assert np.ptp(s[:, frame:], axis=1).max() == 0
    shown = in_view(state)[:, frame]
    assert (s[shown, frame] < middle).any() and (s[shown, frame] > middle).any()
    assert (np.diff(s[:, : frame // 2 + 1], axis=1) > 0).all()
    for name in ("lumen_um", "flow_pl_s", "throat_speed_mm_s"):
        values = state.truth.series[name][1]
        assert (values[frame:] == 0).all() and (values[:frame] > 0).all()
    height = state["height"][-1]
    assert (state["vessel"].diameter - height < 0.5).sum() * GRID_UM > 4, "the plug is a thread"


@pytest.mark.parametrize("num_frames", LENGTHS)
@pytest.mark.parametrize("seed", SEEDS)
def test_partial_clot_lets_blood_through_and_speeds_the_throat(seed: int, num_frames: int) -> None:
    p, _, state = state_of(seed, "no", num_frames)
    series = {name: values for name, (_, values) in state.truth.series.items()}
    assert not [event for event in state.truth.events if event.name == "occlusion"]
    assert series["flow_pl_s"].min() > 0.6 * series["flow_pl_s"].max()
    end = series["lumen_um"][-1] / state["vessel"].diameter
    assert p["stable_lumen"] - 0.08 < end < p["stable_lumen"] + 0.06
    gain = series["throat_speed_mm_s"][-1] / series["centre_speed_mm_s"][-1]
    assert gain == pytest.approx(end**-2, rel=1e-6) and gain > 1.6
    moved = np.diff(state["tracers"].s, axis=1)
    assert moved.min() > 0


@pytest.mark.parametrize("num_frames", (2, 3, 5, 9, 241))
@pytest.mark.parametrize("occlusion", ("yes", "no"))
def test_any_length_of_clip(num_frames: int, occlusion: str) -> None:
    for seed in range(4):
        _, clock, state = state_of(seed, occlusion, num_frames)
        assert state["tracers"].s.shape[1] == clock.num_frames == num_frames
        assert (state.truth.series["flow_pl_s"][1][-1] == 0) == (occlusion == "yes")


@pytest.mark.parametrize("occlusion", ("yes", "no"))
@pytest.mark.parametrize("seed", SEEDS)
def test_tracers_keep_to_the_lumen_and_apart(seed: int, occlusion: str) -> None:
    _, _, state = state_of(seed, occlusion, (17, 33)[seed % 2])
    tracers, diameter = state["tracers"], state["vessel"].diameter
    turn = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    c, d = np.cos(tracers.tilt)[..., None], np.sin(tracers.tilt)[..., None]
    along = tracers.a[..., None] * np.cos(turn)
    across = tracers.b[..., None] * np.sin(turn)
    s = tracers.s[..., None] + c * along - d * across
    v = tracers.v[..., None] + d * along + c * across
    seen = in_view(state, 8.0)
    for frame in range(s.shape[1]):
        index = np.flatnonzero(seen[:, frame])
        floor = np.interp(s[index, frame], state["clot_s"], state["height"][frame])
        assert (v[index, frame] > floor).all(), "a tracer is inside the wall or the clot"
        assert (v[index, frame] < diameter).all(), "a tracer is inside the far wall"
        for i in index:
            ds, dv = s[index, frame] - tracers.s[i, frame], v[index, frame] - tracers.v[i, frame]
            ci, di = c[i, frame], d[i, frame]
            u = (ci * ds + di * dv) / tracers.a[i, frame]
            w = (-di * ds + ci * dv) / tracers.b[i, frame]
            inside = (u**2 + w**2 < 1).any(axis=1)
            assert not inside[index != i].any(), "two tracers overlap"


@pytest.mark.parametrize("occlusion", ("yes", "no"))
def test_no_step_is_long_enough_to_mistake_one_tracer_for_the_next(occlusion: str) -> None:
    for seed in SEEDS:
        _, _, state = state_of(seed, occlusion, 17)
        tracers = state["tracers"]
        step, seen = np.diff(tracers.s, axis=1), in_view(state)
        for frame in range(step.shape[1]):
            index = np.flatnonzero(seen[:, frame])
            ds = tracers.s[index, frame][None] - tracers.s[index, frame][:, None]
            dv = tracers.v[index, frame][None] - tracers.v[index, frame][:, None]
            ahead = np.where(ds > 0, np.hypot(ds, dv), np.inf).min(axis=1, initial=np.inf)
            assert (step[index, frame] <= 0.3001 * ahead).all()


@pytest.mark.parametrize("seed", range(8))
def test_tracks_enter_and_leave_only_at_the_ends_of_the_vessel(seed: int) -> None:
    p, clock, state = state_of(seed, "no")
    sign = 1 if p["direction"] == "left_to_right" else -1
    tracks: dict[int, list[tuple[int, float]]] = {}
    for object_id, kind, frame, x, _ in state.truth.tracks:
        assert kind in ("red_cell", "platelet") and 0 <= x <= state.field_um
        tracks.setdefault(object_id, []).append((frame, x))
    assert len(tracks) >= 8
    for track in tracks.values():
        frames, x = np.array([f for f, _ in track]), np.array([x for _, x in track])
        assert (np.diff(frames) == 1).all(), "a tracer was lost and found again"
        assert (sign * np.diff(x) > 0).all()
        reach = 12.0
        begin, end = (x[0], x[-1]) if sign > 0 else (state.field_um - x[0], state.field_um - x[-1])
        assert frames[0] == 0 or begin < reach
        assert frames[-1] == clock.num_frames - 1 or end > state.field_um - reach


def test_every_section_passes_the_same_flow() -> None:
    spread = []
    for seed in range(6):
        _, clock, state = state_of(seed, "no", 241)
        tracers, seen = state["tracers"], in_view(state)
        speed = (tracers.s[:, 2:] - tracers.s[:, :-2]) / (2 * clock.s_per_frame)
        for frame in range(1, clock.num_frames - 1, 12):
            index = np.flatnonzero(seen[:, frame])
            at = np.interp(tracers.s[index, frame], state["clot_s"], state["height"][frame])
            section = np.pi * (state["vessel"].diameter - at) ** 2 / 4
            flow = speed[index, frame - 1] / (1 - tracers.eta[index] ** 2) / 2 * section / 1000
            spread.extend(flow / state.truth.series["flow_pl_s"][1][frame] - 1)
    assert len(spread) > 500
    assert np.abs(np.mean(spread)) < 0.003 and np.quantile(np.abs(spread), 0.99) < 0.03


def test_pressure_balances_flow_times_resistance_in_every_frame() -> None:
    for seed in range(6):
        p, _, state = state_of(seed, "no")
        lumen = (state["vessel"].diameter - state["height"]) * 1e-6
        slice_m = GRID_UM * 1e-6
        rest = p["series_length"] * 1e-6 - lumen.shape[1] * slice_m
        poiseuille = 128 * world.VISCOSITY_PA_S / np.pi
        resistance = poiseuille * (
            rest / (state["vessel"].diameter * 1e-6) ** 4 + (slice_m / lumen**4).sum(axis=1)
        )
        flow = state.truth.series["flow_pl_s"][1] * 1e-15
        drop = state.truth.series["pressure_drop_pa"][1]
        np.testing.assert_allclose(flow * resistance, drop, rtol=1e-6)


@given(
    diameter=st.floats(20, 40), lumen=st.floats(0.15, 1.0), cells=st.integers(1, 60),
    length=st.floats(300, 2000),
)  # fmt: skip
def test_flow_past_a_uniform_clot_has_its_closed_form(
    diameter: float, lumen: float, cells: int, length: float
) -> None:
    height = np.full(cells, (1 - lumen) * diameter)
    expected = length / (length + cells * GRID_UM * (lumen**-4 - 1))
    assert relative_flow(height, diameter, length) == pytest.approx(expected, rel=1e-9)
    height[cells // 2] = diameter - 0.5 * BRIDGED_UM
    assert relative_flow(height, diameter, length) == 0


@settings(max_examples=40, deadline=None)
@given(eta=st.floats(-0.9, 0.9), speed=st.floats(100, 1000), lumen=st.floats(0.3, 1.0))
def test_tracer_in_a_uniform_lumen_moves_at_the_poiseuille_speed(
    eta: float, speed: float, lumen: float
) -> None:
    height = np.full((41, 400), (1 - lumen) * 30.0)
    arguments = (height, 0.0, 30.0, np.full(41, speed), 1e-3, 10)
    s = advect(np.array([1.0]), np.array([eta]), *arguments)
    expected = 1.0 + speed * (1 - eta**2) / lumen**2 * 1e-3 * np.array([0, 10, 20])
    inside = expected < 199
    np.testing.assert_allclose(s[0][inside], expected[inside], rtol=1e-9)


def test_advection_is_of_second_order() -> None:
    s = np.arange(0, 60, GRID_UM)
    hill = 14 * np.exp(-(((s - 30) / 7) ** 2))
    start, eta = np.array([2.0, 8.0, 15.0]), np.array([0.0, -0.4, 0.5])
    ends = []
    for steps in (25, 50, 100, 3200):
        height = np.tile(hill, (2 * steps + 1, 1))
        speed = np.full(2 * steps + 1, 600.0)
        out = advect(start, eta, height, 0.0, 30.0, speed, 0.04 / steps, steps)
        ends.append(out[:, -1])
    errors = [np.abs(end - ends[-1]).max() for end in ends[:-1]]
    assert errors[2] < 0.02
    assert errors[0] / errors[2] > 6, f"not of second order: {errors}"


@pytest.mark.parametrize("occlusion", ("yes", "no"))
def test_clot_grows_by_arrivals_alone(occlusion: str) -> None:
    for seed in SEEDS:
        _, clock, state = state_of(seed, occlusion)
        area = state.truth.series["clot_area_um2"][1]
        adhered = state.truth.series["platelets_adhered"][1]
        platelets = state["platelets"]
        brought = platelets["bump"].sum(axis=1) * GRID_UM
        before = clock.times_s < state["closed_s"]
        for frame in np.flatnonzero(before):
            landed = platelets["t"] <= clock.times_s[frame]
            spread = platelets["t"] <= clock.times_s[frame] - state["spread"]
            assert brought[spread].sum() - 1e-6 <= area[frame] <= brought[landed].sum() + 1e-6
        assert (np.diff(area) > -1e-6).all()
        events = [event for event in state.truth.events if event.name == "platelet_adhesion"]
        assert len(events) == adhered[-1] - adhered[0]
        assert all(1 <= event.frame < clock.num_frames for event in events)
        assert state["height"][:, [0, -1]].max() < 0.5, "the clot floats or reaches the grid's end"
        # At rest no blood brings platelets.
        if occlusion == "yes":
            quiet = clock.times_s > state["closed_s"] + 0.2 * clock.times_s[-1]
            assert np.ptp(area[quiet]) < 1e-6


def test_platelets_arrive_as_a_poisson_process_of_the_stated_rate() -> None:
    gaps = []
    for seed in range(60):
        p, _, state = state_of(seed, "yes", 17)
        t = state["platelets"]["t"]
        t = t[(t < state["closed_s"])]
        gaps.append(np.diff(t) * p["adhesion_rate"] * world.KINETICS_SCALE)
    waits = np.concatenate(gaps)
    tolerance = 4 / np.sqrt(len(waits))
    assert len(waits) > 3000
    assert np.mean(waits) == pytest.approx(1, abs=tolerance)
    assert np.var(waits) == pytest.approx(1, abs=4 * np.sqrt(8 / len(waits)))


@pytest.mark.parametrize("direction", ("left_to_right", "right_to_left"))
def test_pixels_show_the_tracked_cells_and_the_clot_area(direction: str) -> None:
    clip = simulate_clip(
        "thrombosis", size=192, num_frames=17, seed=7, style="illustration",
        parameters={"occlusion": "yes", "direction": direction},
    )  # fmt: skip
    frames = clip.frames.astype(float)
    red = (frames[..., 0] > 140) & (frames[..., 1] < 0.62 * frames[..., 0])
    hits, total = 0, 0
    for _, kind, frame, x, y in clip.truth.tracks:
        if kind != "red_cell" or not 5 < x < clip.field_um - 5:
            continue
        row, column = int(y / clip.um_per_px), int(x / clip.um_per_px)
        hits += red[frame, row - 4 : row + 5, column - 4 : column + 5].mean() > 0.6
        total += 1
    assert total > 50 and hits >= 0.97 * total
    yellow = (frames[..., 1] > 0.55 * frames[..., 0]) & (frames[..., 0] > 110)
    yellow &= frames[..., 2] < 0.85 * frames[..., 0]
    area = yellow.sum(axis=(1, 2)) * clip.um_per_px**2
    truth = clip.truth.series["clot_area_um2"][1]
    grown = area[-1] - area[0]
    assert grown == pytest.approx(truth[-1] - truth[0], rel=0.25)
    (closing,) = [event for event in clip.truth.events if event.name == "occlusion"]
    change = np.abs(np.diff(frames, axis=0)).mean(axis=(1, 2, 3))
    assert change[closing.frame + 4 :].max() == 0 and change[: closing.frame].min() > 1


def test_same_seed_same_clip_and_looks_leave_the_physics_alone() -> None:
    kinds = ("illustration", "fluorescence", "bright_field", "illustration")
    clips = [
        simulate_clip("thrombosis", size=64, num_frames=9, seed=5, style=style) for style in kinds
    ]
    np.testing.assert_array_equal(clips[0].frames, clips[3].frames)
    assert len({clip.frames.tobytes() for clip in clips}) == 3
    for clip in clips[1:]:
        assert clip.truth.tracks == clips[0].truth.tracks
        assert clip.truth.events == clips[0].truth.events


@pytest.mark.parametrize("occlusion", ("yes", "no"))
@pytest.mark.parametrize("direction", ("left_to_right", "right_to_left"))
def test_words_carry_direction_and_occlusion(direction: str, occlusion: str) -> None:
    p, _, state = state_of(1, occlusion, direction=direction)
    sentences, requests = world.captions(p, state), world.prompts(p, state)
    assert len(sentences) >= 6 and len(requests) >= 10
    ways = {"left_to_right": ("left to right", "rightwards", "from the left to the right")}
    ways["right_to_left"] = ("right to left", "leftwards", "from the right to the left")
    wrong = ways["left_to_right" if direction == "right_to_left" else "right_to_left"]
    stops = ("block", "plug", "close", "occluding", "with occlusion")
    goes = ("narrow", "partial", "open", "without occlusion", "stays small")
    for text in sentences + requests:
        assert any(way in text for way in ways[direction]), text
        assert not any(way in text for way in wrong), text
        assert any(word in text for word in (stops if occlusion == "yes" else goes)), text
        assert not any(word in text for word in (goes if occlusion == "yes" else stops)), text
    for text in sentences:
        assert "mm/s" in text and len(text.split()) <= 22, text
    for text in requests:
        assert 4 <= len(text.split()) <= 12 and not any(c.isdigit() for c in text), text
    for group in (sentences, requests):
        known = set(" ".join(group[:-1]).replace(",", " ").replace(":", " ").split())
        assert set(group[-1].replace(",", " ").split()) <= known
