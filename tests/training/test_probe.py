"""The probe learns what a clip shows, direction included, and says nothing it was not asked."""

from __future__ import annotations

import numpy as np
import torch

from training.probe import Questions, answer, row_labels, score, train_probe


def toy(count: int, seed: int) -> tuple[np.ndarray, list[dict[str, str]]]:
    """Bright discs that drift left or right, or rings that grow: (N, 9, 32, 32, 3) uint8."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:32, :32]
    clips = np.zeros((count, 9, 32, 32, 3), np.uint8)
    labels = []
    for n in range(count):
        drifts = n % 2 == 0
        right = bool(rng.integers(2))
        cx, cy = rng.uniform(12, 20, 2)
        for t in range(9):
            if drifts:
                shift = (t - 4) * (1.5 if right else -1.5)
                picture = np.hypot(x - cx - shift, y - cy) < 4
            else:
                picture = abs(np.hypot(x - cx, y - cy) - 2 - t) < 1.2
            clips[n, t] = (40 + 180 * picture + rng.normal(0, 6, (32, 32)))[..., None].clip(0, 255)
        row = {"phenomenon": "drift" if drifts else "ring", "style": "plain"}
        if drifts:
            row["drift.direction"] = "right" if right else "left"
        labels.append(row)
    return clips, labels


def test_row_labels_keep_only_categories():
    row = {
        "phenomenon": "flow",
        "style": "illustration",
        "parameters": [
            {"name": "direction", "value": None, "label": "right", "unit": ""},
            {"name": "speed", "value": 0.4, "label": None, "unit": "mm/s"},
        ],
    }
    assert row_labels(row) == {
        "phenomenon": "flow",
        "style": "illustration",
        "flow.direction": "right",
    }


def test_questions_leave_out_what_a_row_does_not_answer():
    questions = Questions.of([{"a": "x"}, {"a": "y", "b": "p"}])
    assert questions.options == {"a": ("x", "y"), "b": ("p",)}
    codes = questions.encode([{"a": "y"}, {"b": "p", "a": "x"}])
    assert codes["a"].tolist() == [1, 0]
    assert codes["b"].tolist() == [-100, 0]


def test_probe_learns_process_and_direction():
    torch.set_num_threads(1)
    clips, labels = toy(256, seed=0)
    losses: list[float] = []
    probe = train_probe(
        clips, labels, steps=120, batch=32, report=lambda step, loss: losses.append(loss)
    )
    unseen, truth = toy(100, seed=1)
    right = score(answer(probe, unseen), truth)
    assert len(losses) == 120
    assert right["phenomenon"] == (100, 100)
    hits, asked = right["drift.direction"]
    assert asked == 50, "rings have no direction to be right about"
    assert hits >= 46
    # Played backwards, right is left: the probe reads the motion, not a single frame.
    backwards = [
        {**row, "drift.direction": {"left": "right", "right": "left"}[row["drift.direction"]]}
        for row in truth
        if row["phenomenon"] == "drift"
    ]
    reversed_clips = np.ascontiguousarray(unseen[::2, ::-1])
    assert score(answer(probe, reversed_clips), backwards)["drift.direction"][0] >= 46


def test_training_is_repeatable():
    clips, labels = toy(32, seed=2)
    one, two = (train_probe(clips, labels, steps=3, batch=8, seed=5) for _ in range(2))
    for a, b in zip(one.state_dict().values(), two.state_dict().values(), strict=True):
        assert torch.equal(a, b)
