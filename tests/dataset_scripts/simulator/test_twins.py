"""What holds for the twins of every world: until its onset a twin is the true clip to the bit, and
afterwards neither brightness nor motion nor words tell them apart."""

from __future__ import annotations

import importlib

import numpy as np
import pytest

from dataset_scripts.simulator import simulate_clip, twins
from dataset_scripts.simulator.core import NoTwin

NEEDS = {
    "faster_in_wide": {"layout": "narrowing", "count": "few"},
    "overtakes": {"count": "many"},
    "swells": {"layout": "straight"},
    "flows_after_closure": {"occlusion": "yes"},
    "one_sided_stop": {"occlusion": "yes"},
    "slower_in_throat": {"occlusion": "no"},
    "floats": {"occlusion": "no"},
    "keeps_colour": {"activity": "rest"},
    "wrong_alveolus": {"layout": "lower_flooded"},
    "takes_bare": {"targets": "coated_and_bare"},
    "revives": {"tissue": "four_cells"},
    "bodies_fuse": {"tissue": "lone_cell"},
    "runs_on": {"mucus": "yes", "paralysis": "yes"},
    "both_heads_off": {"scene": "close_up"},
    "inchworm": {"scene": "close_up"},
    "long_step": {"scene": "close_up"},
    "unbound_travel": {"scene": "two_tracks"},
    "turns_back": {"direction": "counterclockwise"},
    "crosses": {"direction": "inward"},
    "wrong_axis": {"direction": "outward"},
    "fades": {"direction": "left_to_right"},
    "ring_ahead": {"closure": "complete"},
    "against_wave": {"closure": "complete", "organ": "oesophagus"},
    "grows_to_fork": {"scene": "fork"},
    "swapped_ratio": {"protein": "pump"},
    "uphill": {"protein": "channel"},
    "missing_daughter": {"scene": "ring"},
    "side_slip": {"wall": "no"},
    "coasts": {"wall": "no"},
    "no_tumbles": {"wall": "no"},
    "mirror_bounce": {"wall": "yes"},
}
"""What a draw needs so that the law can be broken in it."""

ALIKE = {"chemotaxis": (0.03, 0.12), "vesicle_diffusion": (0.03, 0.12), "calcium_wave": (0.1, 0.15)}
"""How far mean brightness and motion energy of the twins may be off, as a share."""

LATEST = {"unequal_split": 0.75}
"""Share of the clip by which a law must be broken; who gets what is decided late in a division."""

CASES = [
    (world, violation.name)
    for world in twins.NAMES
    for violation in importlib.import_module(f"{twins.__name__}.{world}").VIOLATIONS
]


def pairs(world: str, name: str, size: int, frames: int, seeds: range, count: int):
    """The first `count` pairs (true clip, twin) of `seeds` that can break the law."""
    found = []
    for seed in seeds:
        request = {
            "size": size, "num_frames": frames, "seed": seed, "parameters": NEEDS.get(name),
        }  # fmt: skip
        try:
            twin = simulate_clip(world, violation=name, **request)
        except NoTwin:
            continue
        found.append((simulate_clip(world, **request), twin))
        if len(found) == count:
            break
    return found


def check_onset(name: str, true, twin) -> None:
    (event,) = [e for e in twin.truth.events if e.name == "violation"]
    assert event.value is not None and event.unit
    assert 1 <= event.frame <= LATEST.get(name, 0.4) * len(twin.frames)
    assert np.array_equal(true.frames[: event.frame], twin.frames[: event.frame])
    assert not np.array_equal(true.frames[event.frame :], twin.frames[event.frame :])
    assert (twin.caption, twin.prompts) == (true.caption, true.prompts)


@pytest.mark.parametrize(("world", "name"), CASES)
def test_nothing_but_the_law_tells_a_twin(world: str, name: str) -> None:
    bright, moving = [], []
    for true, twin in pairs(world, name, 64, 17, range(30), 6):
        check_onset(name, true, twin)
        a, b = true.frames.astype(float), twin.frames.astype(float)
        bright.append(b.mean() / a.mean())
        moving.append(np.abs(np.diff(b, axis=0)).mean() / np.abs(np.diff(a, axis=0)).mean())
    assert len(bright) == 6
    brightness, motion = ALIKE.get(world, (0.05, 0.15))
    assert np.mean(bright) == pytest.approx(1, abs=brightness)
    assert np.mean(moving) == pytest.approx(1, abs=motion)


@pytest.mark.parametrize(("size", "frames"), [(80, 8), (64, 40)])
@pytest.mark.parametrize("world", twins.NAMES)
def test_other_sizes_and_lengths(world: str, size: int, frames: int) -> None:
    checked = 0
    for name in (name for other, name in CASES if other == world):
        for true, twin in pairs(world, name, size, frames, range(7, 10), 1):
            check_onset(name, true, twin)
            checked += 1
    assert checked >= 2
