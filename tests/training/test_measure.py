"""Measuring: which prompts are asked, what counts as moving, and the card."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training import measure
from training.errors import MicroVerseError


def rows(per_combination: int) -> list[dict[str, str]]:
    found = []
    for way in ("left", "right"):
        for count in ("few", "many"):
            row = {"phenomenon": "flow", "style": "s", "flow.way": way, "flow.count": count}
            found += [dict(row) for _ in range(per_combination)]
    return found + [{"phenomenon": "split", "style": "s"} for _ in range(4 * per_combination)]


@given(st.integers(1, 6), st.integers(0, 5))
@settings(max_examples=30, deadline=None)
def test_choice_is_even_and_without_repeats(per_combination, seed):
    labels = rows(per_combination)
    wanted = 2 * per_combination
    chosen = measure.choose_rows(labels, wanted, seed)
    assert len(set(chosen)) == len(chosen) == 2 * wanted
    flow = [labels[i] for i in chosen if labels[i]["phenomenon"] == "flow"]
    counts = Counter((row["flow.way"], row["flow.count"]) for row in flow)
    assert max(counts.values()) - min(counts.values(), default=0) <= 1
    assert chosen == measure.choose_rows(labels, wanted, seed)


def test_too_few_rows_name_the_phenomenon():
    with pytest.raises(MicroVerseError, match=r"flow has 8 clips, 9 are needed"):
        measure.choose_rows(rows(2), 9, 0)


def test_activity_ignores_camera_noise_and_sees_motion():
    rng = np.random.default_rng(0)
    still = rng.normal(120, 4, (1, 17, 64, 64, 3))
    moving = still.copy()
    for t in range(17):
        moving[0, t, 20:32, 2 + 3 * t : 14 + 3 * t] += 80
    pair = np.concatenate([still, moving]).clip(0, 255).astype(np.uint8)
    calm, lively = measure.activity(pair)
    assert calm < 1.2
    assert lively > 4 * calm


def test_frozen_clips_are_counted():
    rng = np.random.default_rng(1)
    simulated = np.zeros((6, 9, 16, 16, 3), np.uint8)
    for clip in simulated:
        start = rng.integers(0, 4)
        for t in range(9):
            clip[t, 4:8, start + t : start + t + 4] = 200
    labels = [{"phenomenon": "flow"}] * 6
    frozen = np.repeat(simulated[:1, :1], 9, axis=1)
    both = np.concatenate([simulated[:2], frozen])
    result = measure._moving(both, simulated, labels[:3], labels)
    assert result["frozen_clips"] == 1


def test_card_gets_the_figures_between_its_markers(tmp_path):
    card = tmp_path / "README.md"
    begin, end = measure.MARKERS
    card.write_text(f"# card\n\n{begin}\nold\n{end}\n\ntail\n")
    (tmp_path / "new.webp").write_bytes(b"picture")
    measure.update_card(tmp_path, "| new |\n", tmp_path / "new.webp")
    assert card.read_text() == f"# card\n\n{begin}\n| new |\n{end}\n\ntail\n"
    assert (tmp_path / "clips.webp").read_bytes() == b"picture"


@pytest.mark.parametrize("text", [None, "# no markers\n", "<!-- measured: begin -->\n"])
def test_a_card_without_markers_is_refused_and_left_alone(tmp_path, text):
    card = tmp_path / "README.md"
    if text is not None:
        card.write_text(text)
    (tmp_path / "new.webp").write_bytes(b"picture")
    with pytest.raises(MicroVerseError, match=r"README\.md"):
        measure.update_card(tmp_path, "new", tmp_path / "new.webp")
    assert text is None or card.read_text() == text
    assert not (tmp_path / "clips.webp").exists()


def test_a_folder_that_is_no_model_is_one_line(run_cli, tmp_path):
    done = run_cli(["microverse", "measure", str(tmp_path), "--out", str(tmp_path / "out")])
    assert done.returncode == 2
    assert done.stderr.startswith("microverse: error: ")
    assert done.stderr.count("\n") == 1
