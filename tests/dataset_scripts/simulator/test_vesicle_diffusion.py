"""Vesicle diffusion: the stated D, free and independent motion, and pixels that tell the truth."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage, stats

from dataset_scripts.simulator.clip import simulate_clip, simulate_state
from dataset_scripts.simulator.core import SimulatorError, State, Truth
from dataset_scripts.simulator.phenomena import vesicle_diffusion as world

NAME = "vesicle_diffusion"


def track_array(truth: Truth, num_frames: int) -> np.ndarray:
    """Tracks as (T, N, 2) µm, read from the published rows; NaN where a vesicle is not seen."""
    number = 1 + max(row[0] for row in truth.tracks)
    xy = np.full((num_frames, number, 2), np.nan)
    for object_id, kind, frame, x, y in truth.tracks:
        assert kind == "vesicle"
        xy[frame, object_id] = x, y
    return xy


@cache
def sample() -> list[tuple[dict, float, np.ndarray, State]]:
    """600 random clips of 17 to 41 frames: parameters, s_per_frame, tracks and state."""
    clips = []
    for seed in range(600):
        frames = 17 + 8 * (seed % 4)
        values, clock, state = simulate_state(NAME, num_frames=frames, seed=seed)
        clips.append((values, clock.s_per_frame, track_array(state.truth, frames), state))
    return clips


def displacements(lag: int) -> np.ndarray:
    """All displacements over `lag` frames, in units of their stated spread √(2 D t), (M, 2)."""
    moves = []
    for values, dt, xy, _ in sample():
        spread = np.sqrt(2 * values["diffusion_coefficient"] * lag * dt)
        moves.append(((xy[lag:] - xy[:-lag]) / spread).reshape(-1, 2))
    return np.concatenate(moves)


def test_mean_squared_displacement_is_4_d_t():
    """An affine fit over lags, pooled over clips in units of 4 D, has slope 1 and no offset."""
    lags = np.arange(1, 17)
    msd = np.array(
        [np.mean(np.sum(displacements(int(lag)) ** 2, axis=1)) / 2 * lag for lag in lags]
    )
    slope, offset = np.polyfit(lags, msd, 1)
    assert slope == pytest.approx(1.0, abs=0.02)
    assert offset == pytest.approx(0.0, abs=0.05)
    assert msd[0] == pytest.approx(1.0, abs=0.01)
    assert np.all(np.abs(msd / lags - 1) < 0.04)


def test_affine_fit_of_one_label_recovers_its_d():
    """Few and many give the same law: crowding and the choice of starts do not slow them."""
    for label in ("few", "many"):
        ratios, weights = [], []
        for values, dt, xy, _ in sample():
            if values["count"] == label:
                lags = np.arange(1, 5)
                msd = [np.mean(np.sum((xy[k:] - xy[:-k]) ** 2, axis=2)) for k in lags]
                slope = np.polyfit(lags * dt, msd, 1)[0]
                ratios.append(slope / (4 * values["diffusion_coefficient"]))
                weights.append(xy.shape[1])
        assert len(ratios) > 200
        assert np.average(ratios, weights=weights) == pytest.approx(1.0, abs=0.05)


def test_increments_are_normal_isotropic_and_without_drift():
    moves = displacements(1)
    assert np.abs(moves.mean(axis=0)).max() < 4 / np.sqrt(len(moves))
    assert moves.var(axis=0) == pytest.approx([1.0, 1.0], abs=0.02)
    assert abs(np.corrcoef(moves.T)[0, 1]) < 4 / np.sqrt(len(moves))
    assert stats.kstest(moves[::7].ravel(), "norm").pvalue > 1e-3


def test_motion_has_no_memory_and_no_common_part():
    """Successive steps of a vesicle, and steps of two vesicles at a time, are uncorrelated."""
    memory, common = [], []
    for values, dt, xy, _ in sample():
        step = np.diff(xy, axis=0) / np.sqrt(2 * values["diffusion_coefficient"] * dt)
        memory.append((step[1:] * step[:-1]).ravel())
        common.append((step[:, 1:] * step[:, :-1]).ravel())
    for products in (np.concatenate(memory), np.concatenate(common)):
        assert abs(products.mean()) < 4 / np.sqrt(len(products))


def test_vesicles_stay_in_view_and_inside_the_cell():
    for values, _, xy, state in sample():
        fewest, most = world.NUMBERS[values["count"]]
        assert fewest <= xy.shape[1] <= most
        assert state["number"] == xy.shape[1]
        assert np.isfinite(xy).all()
        assert np.all(state.truth.series["vesicles_in_view"][1] == xy.shape[1])
        radius = state["radius"]
        assert xy.min() >= radius and xy.max() <= state.field_um - radius
        axis = 1 if state["side"] < 2 else 0
        line, depth = state["membrane"], xy[..., axis]
        reach = np.interp(xy[..., 1 - axis], line[:, 1 - axis], line[:, axis])
        inside = reach - depth if state["side"] % 2 else depth - reach
        assert inside.min() >= radius
        assert radius <= state["z"].min() and state["z"].max() <= world.DEPTH_UM - radius


def test_steps_are_visible_and_not_aliased():
    for _, _, xy, state in sample():
        step = np.sqrt(np.mean(np.sum(np.diff(xy, axis=0) ** 2, axis=2)))
        assert 0.015 * state.field_um < step < 0.05 * state.field_um
        gap = np.linalg.norm(xy[:, :, None] - xy[:, None], axis=-1)
        gap[:, np.arange(xy.shape[1]), np.arange(xy.shape[1])] = np.inf
        assert step < 0.3 * gap.min(axis=2).mean()
        assert 2 * state["radius"] >= 6 / 64 * state.field_um


def test_published_series_agree_with_the_tracks():
    for values, dt, xy, state in sample()[:40]:
        unit, moved = state.truth.series["mean_squared_displacement"]
        assert unit == "µm²"
        assert moved == pytest.approx(np.mean(np.sum((xy - xy[0]) ** 2, axis=2), axis=1))
        expected = state.truth.series["expected_squared_displacement"][1]
        assert expected[-1] == pytest.approx(
            4 * values["diffusion_coefficient"] * (len(xy) - 1) * dt
        )


@pytest.mark.parametrize("steps", [1, 8, 64])
def test_any_time_step_gives_the_closed_form(steps):
    """After one second r² is exponential with mean 4 D t, however finely the second is cut."""
    rng = np.random.default_rng(steps)
    paths = world.brownian_paths(0.02, 1 / steps, (steps + 1, 20_000, 2), rng)
    assert np.all(paths[0] == 0)
    squared = np.sum(paths[-1] ** 2, axis=1)
    assert stats.kstest(squared, "expon", args=(0, 4 * 0.02)).pvalue > 1e-3


@pytest.mark.parametrize("num_frames", [2, 3, 17, 33, 81, 241])
def test_any_length_keeps_the_vesicles_in_view(num_frames):
    for seed in range(5):
        values, clock, state = simulate_state(NAME, num_frames=num_frames, seed=seed)
        xy = track_array(state.truth, num_frames)
        assert np.isfinite(xy).all()
        total = 4 * values["diffusion_coefficient"] * clock.times_s[-1]
        assert np.sqrt(total) <= 0.16 * state.field_um


def test_smoldyn_spreads_vesicles_alike():
    """An independent particle simulator, from the same point for the same time and D."""
    smoldyn = pytest.importorskip("smoldyn")
    other = smoldyn.Simulation(low=[-50, -50], high=[50, 50])
    other.seed = 7
    other.addSpecies("vesicle", difc=0.02).addToSolution(4000, pos=[0.0, 0.0])
    other.addOutputData("ends")
    other.addCommand(cmd="listmols ends", cmd_type="A")
    # A step that is exact in binary: with 0.1 s smoldyn takes eleven of them to reach one second.
    other.run(stop=1.0, dt=0.125, display=False, quit_at_end=False)
    theirs = np.array(other.getOutputData("ends"))[:, 2:4]
    ours = world.brownian_paths(0.02, 0.125, (9, 4000, 2), np.random.default_rng(7))[-1]
    squared = np.sum(theirs**2, axis=1), np.sum(ours**2, axis=1)
    assert stats.ks_2samp(*squared).pvalue > 1e-3
    assert squared[0].mean() == pytest.approx(squared[1].mean(), rel=0.08)


@given(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3), st.floats(0.1, 10))
def test_folding_keeps_depths_in_the_slab_and_never_stretches(a, b, depth):
    folded = world.folded(np.array([a, b]), depth)
    assert np.all((folded >= -1e-9) & (folded <= depth + 1e-9))
    assert abs(folded[1] - folded[0]) <= abs(b - a) + 1e-6
    assert world.folded(np.array([depth / 3]), depth)[0] == pytest.approx(depth / 3)


@pytest.mark.parametrize("seed", [3, 8, 11])
def test_pixels_show_the_vesicles_where_the_truth_has_them(seed):
    """Orange blobs of the illustration: as many as vesicles, at their places to within a pixel."""
    clip = simulate_clip(
        NAME, size=128, num_frames=9, seed=seed, style="illustration", parameters={"count": "few"}
    )
    xy = track_array(clip.truth, 9)
    compared = 0
    for frame in range(9):
        gap = np.linalg.norm(xy[frame][:, None] - xy[frame][None], axis=-1)
        if gap[gap > 0].min() < 1.3 * clip.parameters["vesicle_diameter"]:
            continue
        # A ratio, because the side away from the lamp is darker but of the same hue.
        red, blue = (clip.frames[frame, :, :, c].astype(float) for c in (0, 2))
        labels, found = ndimage.label(ndimage.binary_opening(red > 1.2 * blue, iterations=2))
        assert found == xy.shape[1]
        centres = np.array(ndimage.center_of_mass(labels > 0, labels, range(1, found + 1)))
        centres = (centres[:, ::-1] + 0.5) * clip.um_per_px
        away = np.linalg.norm(centres[:, None] - xy[frame][None], axis=-1)
        assert away.min(axis=0).max() < clip.um_per_px
        assert sorted(away.argmin(axis=0)) == list(range(found))
        compared += 1
    assert compared > 0


@pytest.mark.parametrize("style", ["illustration", "fluorescence", "bright_field"])
def test_vesicles_stand_out_in_every_look(style):
    """Vesicle centres differ clearly from the cytoplasm around them."""
    clip = simulate_clip(NAME, size=64, num_frames=3, seed=5, style=style)
    xy = track_array(clip.truth, 3)[0]
    image = clip.frames[0].astype(float)
    column, row = (xy / clip.um_per_px).astype(int).T
    y, x = (np.mgrid[:64, :64] + 0.5) * clip.um_per_px
    far = np.min(np.hypot(x[..., None] - xy[:, 0], y[..., None] - xy[:, 1]), axis=-1)
    ground = np.median(image[far > 1.2 * clip.parameters["vesicle_diameter"]], axis=0)
    assert np.abs(image[row, column] - ground).max(axis=1).min() > 40


def test_one_seed_one_clip_and_the_look_leaves_the_physics_alone():
    first = simulate_clip(NAME, size=64, num_frames=5, seed=9, style="illustration")
    again = simulate_clip(NAME, size=64, num_frames=5, seed=9, style="illustration")
    other = simulate_clip(NAME, size=96, num_frames=5, seed=9, style="fluorescence")
    assert np.array_equal(first.frames, again.frames)
    assert first.truth.tracks == again.truth.tracks == other.truth.tracks
    assert first.parameters == other.parameters
    different = simulate_clip(NAME, size=64, num_frames=5, seed=10, style="illustration")
    assert different.truth.tracks != first.truth.tracks


@pytest.mark.parametrize(("label", "words"), [("few", "a few"), ("many", "many")])
def test_words_carry_the_label_the_number_and_d(label, words):
    fixed = {"count": label, "diffusion_coefficient": 0.0123}
    values, _, state = simulate_state(NAME, num_frames=5, seed=2, parameters=fixed)
    captions, prompts = world.captions(values, state), world.prompts(values, state)
    assert len(captions) >= 5 and len(prompts) >= 9
    unwanted = "many" if label == "few" else "few"
    for text in captions:
        assert len(text.split()) <= 22
        assert "0.012 µm²/s" in text
    for text in prompts:
        assert 4 <= len(text.split()) <= 12
        assert not any(character.isdigit() for character in text)
    for text in captions + prompts:
        assert words in text and unwanted not in text.split()
    for texts in (captions, prompts):
        known = {word.strip(",()") for text in texts[:-1] for word in text.split()}
        assert {word.strip(",()") for word in texts[-1].split()} <= known


def test_parameters_out_of_range_are_refused():
    with pytest.raises(SimulatorError, match="diffusion_coefficient"):
        simulate_state(NAME, num_frames=5, seed=0, parameters={"diffusion_coefficient": 5.0})
