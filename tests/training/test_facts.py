"""The lessons of the text encoder: what a text says, in whatever words."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from accelerate import Accelerator
from training_toy import tiny_recipe, write_recipe

from training.config import load_config
from training.data import Clips, row_facts
from training.facts import Questions, fact_loss, teach_text_encoder
from training.loop import read_log
from training.text import train_tokenizer


def test_facts_of_a_row() -> None:
    row = {
        "phenomenon": "flow",
        "style": "fluorescence",
        "parameters": [
            {"name": "direction", "value": None, "label": "left_to_right"},
            {"name": "speed", "value": 0.5, "label": None},
        ],
    }
    found = row_facts(row)
    assert found["direction"] == "left_to_right" and found["flow.speed"] == 0.5
    assert row_facts({"caption": "a clip without facts"}) == {}


def test_targets_are_options_and_ranks() -> None:
    facts = [{"way": "up", "v": 1.0}, {"way": "down", "v": 100.0}, {"v": 7.0}]
    questions = Questions.of(facts)  # type: ignore[arg-type]
    indices, ranks = questions.targets([*facts, {"way": "sideways", "v": 1e9}, {}])  # type: ignore[list-item]
    assert indices[:, 0].tolist() == [1, 0, -100, -100, -100]
    assert ranks[:4, 0].tolist() == [-1.0, 1.0, 0.0, 1.0]
    assert ranks[4, 0].isnan()


def test_loss_wants_the_right_answer_at_every_real_token() -> None:
    mask = torch.tensor([[1, 1, 0]])
    indices, ranks = torch.tensor([[1]]), torch.tensor([[0.5]])
    right = torch.tensor([[[0.0, 9.0], [0.0, 9.0], [9.0, 0.0]]])  # wrong in the padding only
    half = torch.tensor([[[0.0, 9.0], [9.0, 0.0], [0.0, 9.0]]])
    numbers = torch.tensor([[[0.5], [0.5], [-1.0]]])
    assert fact_loss([right], numbers, mask, indices, ranks) < 1e-3
    assert fact_loss([half], numbers, mask, indices, ranks) > 4
    assert fact_loss([right], numbers + 1, mask, indices, ranks) == pytest.approx(0.5, abs=1e-3)


def test_word_order_is_learnt_and_holds_for_other_sentences(tmp_path: Path) -> None:
    """The same words in two orders, in sentences of which training saw none."""
    rng = np.random.default_rng(0)
    taught = ["cells flow from {} at {} mm/s", "from {}, at {} mm/s, cells move", "{}: {} cells go"]
    new = ["at {1} mm/s the red cells run {0}"]

    def clips(templates: list[str], count: int) -> Clips:
        ways = rng.choice(["left to right", "right to left"], count)
        texts = [
            str(rng.choice(templates)).format(way, rng.integers(1, 99)) for way in ways.tolist()
        ]
        facts: list[dict[str, str | float]] = [{"direction": way} for way in ways.tolist()]
        return Clips(np.empty(0), texts, [[]] * count, 16.0, facts, "toy")

    train, held_out = clips(taught, 300), clips(new, 60)
    config = load_config(write_recipe(tmp_path / "r.yaml", tiny_recipe(tmp_path)))
    config.text = dataclasses.replace(
        config.text, d_model=64, num_layers=2, d_ff=128, facts_steps=150, facts_batch=32
    )
    tokenizer = train_tokenizer(train.captions, 300, 64)
    acc = Accelerator(mixed_precision="bf16", cpu=True)
    teach_text_encoder(config, tokenizer, train, held_out, tmp_path / "text", acc)
    assert read_log(tmp_path / "text" / "log.jsonl")[-1]["val_accuracy"] >= 0.95


def test_lessons_without_facts_are_refused(toy_data: Path, tmp_path: Path, run_cli) -> None:
    import datasets

    bare = tmp_path / "bare" / "data"
    bare.mkdir(parents=True)
    for split in ("train", "validation"):
        rows = datasets.load_dataset(str(toy_data), split=split)
        rows = rows.remove_columns(["phenomenon", "style", "parameters"])
        rows.to_parquet(str(bare / f"{split}-00000-of-00001.parquet"))
    recipe = write_recipe(tmp_path / "recipe.yaml", tiny_recipe(bare.parent))
    done = run_cli(["microverse", "train", recipe, "--out", tmp_path / "out"], timeout=200)
    assert done.returncode == 2
    assert "text.facts_steps needs the columns" in done.stderr and "Traceback" not in done.stderr
