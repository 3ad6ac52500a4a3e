"""Twins of apoptosis: each breaks its own law, keeps the others, and ends as the truth does."""

from __future__ import annotations

import numpy as np
import pytest

from dataset_scripts.simulator.clip import simulate_clip, simulate_state
from dataset_scripts.simulator.core import NoTwin, SimulatorError, State
from dataset_scripts.simulator.twins import apoptosis as twins

NAME = "apoptosis"
NAMES = [v.name for v in twins.VIOLATIONS]
WHERE = {
    "bodies_fuse": ("lone_cell", "four_cells"), "revives": ("four_cells",),
}  # fmt: skip


def nucleus_as_it_breaks(state: State) -> float:
    area = state.truth.series["nucleus_area_1"][1]
    broken = next(e.frame for e in state.truth.events if e.name == "nucleus_breaks_up")
    return float(area[broken] / area[0])


def area_as_it_parts(state: State) -> float:
    area, count = (state.truth.series[f"{name}_1"][1] for name in ("area", "bodies"))
    return float(area[int((count > 1).argmax()) - 1] / area[0])


def flowed_back(state: State) -> float:
    return float(sum((np.diff(path.parted.astype(int), axis=0) < 0).sum()
                     for path in state["paths"]))  # fmt: skip


def chromatin_left(state: State) -> float:
    return float(min(v.min() for name, (_, v) in state.truth.series.items() if "chromatin" in name))


def revived(state: State) -> float:
    """How far the cells that end whole had shrunk."""
    rims = [path.rim for path in state["paths"] if path.count[-1] == 1]
    return float(max([0.0, *(1 - (rim.min() / rim[0]) ** 2 for rim in rims)]))


# What each law is read from, and the bounds (true low, high), (twin low, high).
LAWS = {
    "fragments_first": (nucleus_as_it_breaks, (0.0, 0.6), (0.65, 1.0)),
    "swells_first": (area_as_it_parts, (0.0, 0.8), (1.0, 1.4)),
    "bodies_fuse": (flowed_back, (0, 0), (1, 4)),
    "chromatin_lost": (chromatin_left, (0.999, 1.001), (0.0, 0.78)),
    "revives": (revived, (0.0, 0.01), (0.2, 0.9)),
}


def pairs(name: str, frames: int):
    for where in WHERE.get(name, ("lone_cell", "four_cells", "epithelium")):
        for seed in range(6):
            values, clock, state = simulate_state(
                NAME, num_frames=frames, seed=seed, parameters={"tissue": where}
            )
            try:
                twin = twins.violate(name, values, state, clock, np.random.default_rng(seed))
            except NoTwin:
                continue
            yield where, clock, state, twin


@pytest.mark.parametrize("frames", [17, 33])
@pytest.mark.parametrize("name", NAMES)
def test_each_twin_breaks_its_law_and_no_other(name: str, frames: int) -> None:
    seen = []
    for where, clock, state, twin in pairs(name, frames):
        (event,) = [e for e in twin.truth.events if e.name == "violation"]
        assert 1 <= event.frame <= 0.4 * frames
        assert event.t_s == pytest.approx(event.frame * clock.s_per_frame)
        assert event.value is not None and event.unit
        for law, (read, (low, high), (least, most)) in LAWS.items():
            assert low <= read(state) <= high, (law, where)
            if law == name:
                assert least <= read(twin) <= most, (law, where)
            elif (name, law) != ("swells_first", "fragments_first"):
                # A body that parts early may do so while the nucleus is about to break.
                assert low <= read(twin) <= high, (law, where)
        seen.append(where)
    wanted = WHERE.get(name, ("lone_cell", "four_cells", "epithelium"))
    assert all(seen.count(where) >= 3 for where in wanted)


@pytest.mark.parametrize("name", NAMES)
def test_twins_keep_their_bodies_and_leave_the_truth_alone(name: str) -> None:
    for _, _, state, twin in pairs(name, 17):
        before = [path.place.copy() for path in state["paths"]]
        assert all(np.array_equal(a, b.place) for a, b in zip(before, state["paths"], strict=True))
        assert all(e.name != "violation" for e in state.truth.events)
        ends = [sorted(len(path.parted[-1]) for path in s["paths"] if path.count[-1] > 1)
                for s in (state, twin)]  # fmt: skip
        assert len(ends[0]) == len(ends[1]), "as many cells die"
        if name != "revives":
            assert ends[0] == ends[1]
            for a, b in zip(state["paths"], twin["paths"], strict=True):
                assert a.count[-1] == b.count[-1]
                assert b.place[-1] == pytest.approx(a.place[-1], abs=2.0)
                assert b.radius[-1] == pytest.approx(a.radius[-1], abs=0.2)
        for _, values in twin.truth.series.values():
            assert np.isfinite(values).all()


def test_the_first_cell_lives_and_another_dies_instead() -> None:
    for _, _, state, twin in pairs("revives", 33):
        first, second = state["dying"]
        assert twin["dying"][1] == second and twin["dying"][0] not in (first, second)
        assert (twin["paths"][first].count == 1).all()
        flat = state["plans"][first].flat_um
        assert twin["paths"][first].rim[-1] == pytest.approx(flat, rel=0.05)
        assert twin["paths"][twin["dying"][0]].count[-1] >= 3


def test_refusals() -> None:
    with pytest.raises(SimulatorError, match="unknown violation 'explodes'"):
        simulate_clip(NAME, size=64, num_frames=8, seed=0, violation="explodes")
    with pytest.raises(NoTwin, match="at least 8 frames"):
        simulate_clip(NAME, size=64, num_frames=4, seed=0, violation="swells_first")
    for name, where in (("revives", "lone_cell"), ("bodies_fuse", "epithelium")):
        with pytest.raises(NoTwin, match=name):
            simulate_clip(
                NAME, size=64, num_frames=17, seed=0, violation=name, parameters={"tissue": where}
            )
