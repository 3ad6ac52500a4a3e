"""Twins of mitosis: same first frame, one law broken, measured from tracks and series."""

from __future__ import annotations

import numpy as np
import pytest

from dataset_scripts.simulator import SimulatorError, simulate_clip, simulate_state
from dataset_scripts.simulator.core import NoTwin
from dataset_scripts.simulator.twins import mitosis as twins

NAMES = ("anaphase_early", "furrow_early", "unequal_split", "lost_chromatin", "one_by_one")


def pairs(violation: str, num_frames: int = 17, count: int = 5):
    """(parameters, clock, true state, twin's state) of some seeds."""
    found = 0
    for seed in range(30):
        p, clock, state = simulate_state("mitosis", num_frames=num_frames, seed=seed)
        try:
            twin = twins.violate(violation, p, state, clock, np.random.default_rng(seed))
        except NoTwin:
            continue
        yield p, clock, state, twin
        found += 1
        if found == count:
            return
    pytest.fail(f"{violation}: fewer than {count} twins of 30 draws")


def onset(state) -> int:
    (event,) = [e for e in state.truth.events if e.name == "violation"]
    assert event.value is not None and event.unit
    return event.frame


def series(state) -> dict[str, np.ndarray]:
    return {name: values for name, (_, values) in state.truth.series.items()}


def first_frames(state, kind: str) -> np.ndarray:
    """The frame on which each object of `kind` appears."""
    seen: dict[int, int] = {}
    for k, which, frame, *_ in state.truth.tracks:
        if which == kind:
            seen[k] = min(frame, seen.get(k, frame))
    return np.array(list(seen.values()))


def test_every_violation_is_known() -> None:
    assert tuple(v.name for v in twins.VIOLATIONS) == NAMES


@pytest.mark.parametrize("num_frames", [8, 33, 81])
@pytest.mark.parametrize("violation", NAMES)
def test_any_length_and_the_true_state_is_left_alone(violation: str, num_frames: int) -> None:
    made = 0
    for seed in range(8):
        p, clock, state = simulate_state("mitosis", num_frames=num_frames, seed=seed)
        before = {k: v.copy() for k, v in state.arrays.items() if isinstance(v, np.ndarray)}
        told = list(state.truth.tracks), list(state.truth.events), dict(state["phases"])
        try:
            twin = twins.violate(violation, p, state, clock, np.random.default_rng(seed))
        except NoTwin:
            continue
        made += 1
        first = onset(twin)
        assert 1 <= first <= (0.75 if violation == "unequal_split" else 0.4) * num_frames
        for name in ("chromosome", "chromatid", "body", "held", "split", "trail", "mass", "pull"):
            assert np.array_equal(twin[name][:first], state[name][:first]), name
        assert all(np.array_equal(before[k], state[k]) for k in before)
        assert told == (state.truth.tracks, state.truth.events, state["phases"])
        xy = np.array([row[3:] for row in twin.truth.tracks])
        assert (xy > 0).all() and (xy < twin.field_um).all()
    # With 8 frames all sisters may well part between two of them.
    assert made >= (0 if (num_frames, violation) == (8, "one_by_one") else 2)


def test_sisters_part_before_a_plate_forms() -> None:
    for _, clock, state, twin in pairs("anaphase_early"):
        for shown, law in ((state, True), (twin, False)):
            parted = int(first_frames(shown, "chromatid").min())
            width = series(shown)["plate_width"][parted - 1]
            assert width < 3 if law else width > 2.5
            minutes = {e.name: e.t_s / 60 for e in shown.truth.events}
            assert (minutes["anaphase"] > minutes["last_attachment"]) is law
        assert "metaphase" not in {e.name for e in twin.truth.events}
        assert series(twin)["sister_distance"][len(clock.times_s) // 2] > 3
        assert np.allclose(series(twin)["chromatin_total"], 1)


def test_waist_narrows_while_the_chromosomes_are_on_the_plate() -> None:
    for p, _, state, twin in pairs("furrow_early"):
        for shown, law in ((state, True), (twin, False)):
            plate = int(first_frames(shown, "chromatid").min()) - 1
            waist = series(shown)["waist_diameter"][plate] / p["cell_diameter"]
            assert waist > 0.99 if law else waist < 0.75
        values = series(twin)
        assert np.allclose(values["chromatin_total"], 1), "chromatin is squeezed out of the cell"
        assert np.allclose(values["cell_volume"], np.pi / 6 * p["cell_diameter"] ** 3, rtol=1e-4)


def test_one_daughter_gets_more() -> None:
    for _, _, state, twin in pairs("unequal_split"):
        for shown, law in ((state, True), (twin, False)):
            one, other = (series(shown)[f"chromatin_daughter_{i}"][-1] for i in (1, 2))
            ratio = max(one, other) / min(one, other)
            assert ratio == pytest.approx(1) if law else ratio >= 1.6
            assert one + other == pytest.approx(1)


def test_chromatin_is_lost_in_equal_halves() -> None:
    for _, _, state, twin in pairs("lost_chromatin"):
        assert np.allclose(series(state)["chromatin_total"], 1)
        total = series(twin)["chromatin_total"]
        assert total[0] == 1 and total[-1] <= 0.75 and (np.diff(total) <= 0).all()
        one, other = (series(twin)[f"chromatin_daughter_{i}"][-1] for i in (1, 2))
        assert one == pytest.approx(other)


def test_sisters_part_one_after_another() -> None:
    for _, _, state, twin in pairs("one_by_one"):
        assert np.ptp(first_frames(state, "chromatid")) == 0
        assert np.ptp(first_frames(twin, "chromatid")) >= 2
        assert np.allclose(series(twin)["chromatin_total"], 1)


def test_what_cannot_be_broken_is_no_twin() -> None:
    # Two frames show no order of events.
    for violation in ("anaphase_early", "one_by_one"):
        p, clock, state = simulate_state("mitosis", num_frames=2, seed=1)
        with pytest.raises(NoTwin, match=violation):
            twins.violate(violation, p, state, clock, np.random.default_rng(0))


def test_unknown_violation_is_an_error() -> None:
    with pytest.raises(SimulatorError, match="unknown violation"):
        simulate_clip("mitosis", size=64, num_frames=9, seed=1, violation="meiosis")
