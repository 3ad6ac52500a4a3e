"""Capillary flow: cells inside the wall, apart, never lost; equal flux; the fork's laws."""

from __future__ import annotations

import numpy as np
import pytest

from dataset_scripts.simulator import simulate_clip, simulate_state
from dataset_scripts.simulator.phenomena import capillary_flow as world

SEEDS = range(120)


def states(**parameters):
    for seed in SEEDS:
        yield simulate_state("capillary_flow", num_frames=17, seed=seed, parameters=parameters)


def test_cells_stay_inside_the_wall():
    for p, _, state in states():
        for route in state["routes"]:
            route["x"] = route["xy"][:, 0]
        seen = np.argwhere(state["seen"])
        for frame, k in seen[:: max(1, len(seen) // 30)]:
            x, y = state["x"][frame, k], state["y"][frame, k]
            gaps = []
            for route in state["routes"]:
                distance = np.hypot(route["xy"][:, 0] - x, route["xy"][:, 1] - y)
                i = int(np.argmin(distance))
                gaps.append(route["bore"][i] / 2 - distance[i] - state["width"][frame, k] / 2)
            assert max(gaps) > 0, (p["layout"], gaps)


def test_cells_never_overlap():
    for p, _, state in states():
        for frame in range(0, 17, 4):
            there = np.flatnonzero(state["present"][frame])
            xy = np.stack([state["x"][frame, there], state["y"][frame, there]], 1)
            for i in range(len(there)):
                for j in range(i + 1, len(there)):
                    apart = float(np.linalg.norm(xy[i] - xy[j]))
                    # Two cells in one file need room for their half lengths; widths are smaller.
                    widths = state["width"][frame, there[[i, j]]]
                    room = float(np.sum(np.minimum(world.cell_length(widths), widths) / 2))
                    assert apart > 0.9 * room, (p["layout"], apart, room)


def test_truth_states_clearance_and_gap():
    for p, _, state in states():
        clearance, gap = (state.truth.series[k][1] for k in ("wall_clearance", "closest_gap"))
        assert np.nanmin(clearance) > 0.3, "a cell touches the wall"
        # Across a fork, cells in different branches lie side by side and not end to end.
        if p["layout"] != "fork" and not np.isnan(gap).all():
            assert np.nanmin(gap) > 0, "two cells overlap"


def test_every_cell_that_enters_leaves_at_the_far_end():
    for p, clock, state in states():
        events = {(e.object_id, e.name): e for e in state.truth.events}
        for k in {row[0] for row in state.truth.tracks}:
            rows = [row for row in state.truth.tracks if row[0] == k]
            frames = [row[2] for row in rows]
            assert frames == list(range(frames[0], frames[-1] + 1)), "a cell blinked"
            sign = 1 if p["direction"] == "left_to_right" else -1
            assert np.all(sign * np.diff([row[3] for row in rows]) > 0), "a cell moved backwards"
            if frames[-1] < clock.num_frames - 1:
                assert (k, "leaves") in events
                edge = state.field_um if sign > 0 else 0.0
                assert abs(rows[-1][3] - edge) < 0.2 * state.field_um, "lost inside the field"


@pytest.mark.parametrize("layout", ["straight", "narrowing", "fork"])
def test_flux_is_equal_through_every_section(layout):
    totals = np.zeros(3)
    for p, _, state in states(layout=layout, count="many"):
        counts = [state.truth.series[f"passed_{s}_percent"][1] for s in (15, 50, 85)]
        totals += [c[-1] for c in counts]
        # What passes the first section and not the last is stored between them: nothing is lost.
        along = state["x"] if p["direction"] == "left_to_right" else state.field_um - state["x"]
        between = ((along > 0.15 * state.field_um) & (along <= 0.85 * state.field_um)).sum(axis=1)
        assert np.array_equal(counts[0] - counts[2], between - between[0])
    assert totals.max() / totals.min() < 1.05, totals


def test_cells_are_faster_where_the_vessel_is_narrow():
    for _, _, state in states(layout="narrowing"):
        route = state["routes"][0]
        assert np.allclose(
            route["speed"] * route["bore"] ** 2, route["speed"][0] * route["bore"][0] ** 2
        )
        assert route["speed"].max() > 1.4 * route["speed"][0]


def test_cells_move_at_the_stated_speed():
    for p, clock, state in states(layout="straight"):
        track = [r for r in state.truth.tracks if r[0] == state.truth.tracks[0][0]]
        if len(track) > 3:
            path = np.sum(np.linalg.norm(np.diff([r[3:] for r in track], axis=0), axis=1))
            speed = path / ((len(track) - 1) * clock.s_per_frame) / 1000
            assert speed == pytest.approx(p["cell_speed"], rel=0.03)


def test_fork_divides_flow_by_kirchhoff_and_cells_by_phase_separation():
    for p, _, state in states(layout="fork"):
        inflow = 1000 * p["cell_speed"] * p["bore"] ** 2
        outflow = sum(r["speed"][-1] * r["bore"][-1] ** 2 for r in state["routes"])
        assert outflow == pytest.approx(inflow, rel=1e-6)
        bores = [r["bore"][-1] for r in state["routes"]]
        assert bores[0] ** 3 + bores[1] ** 3 == pytest.approx(p["bore"] ** 3, rel=1e-6)
        assert sum(float(r["share"]) for r in state["routes"]) == pytest.approx(1, abs=0.01)


def test_phase_separation_limits():
    even = world.phase_separation(0.5, 7.0, 5.5, 5.5, 0.3)
    assert even == pytest.approx(0.5)
    assert world.phase_separation(0.05, 7.0, 5.5, 5.5, 0.3) == 0.0
    assert world.phase_separation(0.95, 7.0, 5.5, 5.5, 0.3) == 1.0
    assert world.phase_separation(0.65, 7.0, 5.5, 5.5, 0.3) > 0.65, "the faster branch is enriched"


def test_cells_keep_their_volume():
    widths = np.linspace(4, 6.6, 9)
    volumes = np.pi / 6 * widths**2 * world.cell_length(widths)
    assert np.allclose(volumes, world.VOLUME_FL)


def test_few_and_many_are_apart():
    few = [np.mean(s.truth.series["cells_in_view"][1]) for _, _, s in states(count="few")]
    many = [np.mean(s.truth.series["cells_in_view"][1]) for _, _, s in states(count="many")]
    assert np.percentile(few, 98) < np.percentile(many, 2)


@pytest.mark.parametrize("num_frames", [2, 17, 33, 81])
def test_step_stays_below_a_third_of_the_spacing(num_frames):
    for seed in SEEDS:
        p, clock, _ = simulate_state("capillary_flow", num_frames=num_frames, seed=seed)
        step = 1000 * p["cell_speed"] * clock.s_per_frame
        assert step <= 0.3 * world._spacing(p)


def test_red_pixels_are_where_the_truth_says():
    clip = simulate_clip("capillary_flow", size=128, num_frames=17, seed=3, style="illustration")
    redness = clip.frames[..., 0].astype(int) - clip.frames[..., 1]
    found = 0
    for _, kind, frame, x, y in clip.truth.tracks:
        column, row = int(x / clip.um_per_px), int(y / clip.um_per_px)
        if kind == "red_cell" and 2 < column < 126:
            found += 1
            assert redness[frame, row, column] > 60
    assert found > 10


def test_same_physics_in_every_look():
    clips = [
        simulate_clip("capillary_flow", size=64, num_frames=9, seed=5, style=style)
        for style in ("illustration", "fluorescence", "bright_field")
    ]
    assert clips[0].truth.tracks == clips[1].truth.tracks == clips[2].truth.tracks
    assert not np.array_equal(clips[0].frames, clips[1].frames)
