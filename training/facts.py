"""What a text says, taught before what it looks like: the text encoder's first lessons.

A caption of MicroSim-10K comes with the facts it was written from: phenomenon, look and every
parameter. The encoder learns to state them, from each of its output tokens alone, before the
transformer sees it; then it is frozen. Two things come of this. "Left to right" and "right to
left" hold the same words, and an encoder that hears of their order only through the loss of a
video hardly ever learns it (`tests/benchmarks/bench_text.py`). And an encoder that passes on facts
and little else cannot help the transformer to know single clips by their captions.

Some words are hidden in every lesson (`text.facts_dropout`), so that each fact is read from all the
words that tell it and not from the one that told it most often.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from accelerate import Accelerator
from torch import Tensor, nn
from transformers import PreTrainedTokenizerFast, UMT5EncoderModel

from training import sampler
from training.checkpoint import flatten
from training.config import TrainConfig, as_dict
from training.data import Clips
from training.loop import Stage, lr_schedule, run_identity, run_stage
from training.text import build_text_encoder, embed_prompts, tokenize

Facts = dict[str, str | float]
"""Answers by question: a label, or a number in the parameter's own unit (`data.row_facts`)."""


@dataclass(frozen=True)
class Questions:
    """Every question of a training split: labels with their options, numbers with their values."""

    options: dict[str, list[str]]
    values: dict[str, np.ndarray]  # sorted

    @classmethod
    def of(cls, facts: list[Facts]) -> Questions:
        """All questions that `facts` answer, sorted by name."""
        labels: dict[str, set[str]] = {}
        numbers: dict[str, list[float]] = {}
        for row in facts:
            for key, value in row.items():
                if isinstance(value, str):
                    labels.setdefault(key, set()).add(value)
                else:
                    numbers.setdefault(key, []).append(value)
        return cls(
            {k: sorted(labels[k]) for k in sorted(labels)},
            {k: np.sort(numbers[k]) for k in sorted(numbers)},
        )

    def targets(self, facts: list[Facts]) -> tuple[Tensor, Tensor]:
        """Option indices (N, labels) int64, -100 where unanswered or never seen; and ranks
        (N, numbers) float32 in [-1, 1] among the training values, NaN where unanswered."""
        indices = torch.full((len(facts), len(self.options)), -100)
        ranks = torch.full((len(facts), len(self.values)), float("nan"))
        for i, row in enumerate(facts):
            for j, (key, options) in enumerate(self.options.items()):
                if row.get(key) in options:
                    indices[i, j] = options.index(str(row[key]))
            for j, (key, values) in enumerate(self.values.items()):
                if key in row:
                    position = np.searchsorted(values, row[key]) / max(1, len(values) - 1)
                    ranks[i, j] = 2.0 * min(1.0, float(position)) - 1.0
        return indices, ranks


class FactReader(nn.Module):
    """A text encoder with one linear head for all questions, read at every token."""

    def __init__(self, text_encoder: UMT5EncoderModel, questions: Questions) -> None:
        super().__init__()
        self.text_encoder = text_encoder
        self.sizes = [len(options) for options in questions.options.values()]
        self.numbers = len(questions.values)
        width = text_encoder.config.d_model
        self.head = nn.Linear(width, sum(self.sizes) + self.numbers)

    def forward(self, ids: Tensor, mask: Tensor) -> tuple[list[Tensor], Tensor]:
        """Logits (B, L, options) of each label question and ranks (B, L, numbers)."""
        found = self.head(embed_prompts(self.text_encoder, ids, mask)).float()
        *labels, numbers = found.split([*self.sizes, self.numbers], dim=-1)
        return labels, numbers


def fact_loss(
    labels: list[Tensor], numbers: Tensor, mask: Tensor, indices: Tensor, ranks: Tensor
) -> Tensor:
    """Mean loss over the real tokens, summed over questions: cross-entropy for labels, half the
    squared error of the rank for numbers (many of which no text states)."""
    real = mask.bool()
    total = numbers.new_zeros(())
    for j, logits in enumerate(labels):
        asked = (indices[:, j : j + 1] >= 0) & real
        if bool(asked.any()):
            target = indices[:, j : j + 1].expand_as(mask)[asked]
            total = total + F.cross_entropy(logits[asked], target)
    asked = ~ranks.isnan()[:, None, :] & real[..., None]
    if bool(asked.any()):
        gap = numbers - ranks.nan_to_num()[:, None, :]
        total = total + 0.5 * gap[asked].square().mean()
    return total


@torch.no_grad()
def fact_accuracy(
    model: FactReader, tokenizer: PreTrainedTokenizerFast, texts: list[str], indices: Tensor
) -> float:
    """Share of the label questions about `texts` answered rightly, by the mean over the tokens."""
    right = asked = 0
    for start in range(0, len(texts), 64):
        max_length = tokenizer.model_max_length
        ids, mask = tokenize(tokenizer, texts[start : start + 64], max_length)
        labels, _ = model(ids, mask)
        truth = indices[start : start + 64]
        for j, logits in enumerate(labels):
            known = truth[:, j] >= 0
            said = (logits * mask[..., None]).sum(dim=1).argmax(dim=-1)
            right += int((said == truth[:, j])[known].sum())
            asked += int(known.sum())
    return right / max(1, asked)


def teach_text_encoder(
    config: TrainConfig,
    tokenizer: PreTrainedTokenizerFast,
    train: Clips,
    held_out: Clips,
    folder: Path,
    acc: Accelerator,
) -> UMT5EncoderModel:
    """Trains (or resumes) the text encoder on the facts of the training clips.

    Logs `val_accuracy`: the share of label questions answered rightly about held-out captions,
    whose wording training never saw.
    """
    text = config.text
    questions = Questions.of(train.facts)
    indices, ranks = questions.targets(train.facts)
    held_out_indices, _ = questions.targets(held_out.facts)
    torch.manual_seed(config.seed + 2)
    model = FactReader(build_text_encoder(text, tokenizer), questions)

    def loss(module: nn.Module, step: int, micro: int) -> Tensor:
        number = sampler.batch_number(step, micro, 1, acc.process_index, acc.num_processes)
        chosen = sampler.clip_indices(config.seed, number, text.facts_batch, len(train))
        texts = sampler.choose_texts(
            config.seed,
            number,
            [train.captions[i] for i in chosen],
            [train.prompts[i] for i in chosen],
            text.caption_probability,
            dropout=0.0,
        )
        ids, mask = tokenize(tokenizer, texts, text.max_length)
        mask = sampler.drop_tokens(config.seed, number, mask, text.facts_dropout)
        device = next(module.parameters()).device
        ids, mask = ids.to(device), mask.to(device)
        labels, numbers = module(ids, mask)
        return fact_loss(
            labels, numbers, mask, indices[chosen].to(device), ranks[chosen].to(device)
        )

    def validate(ema: nn.Module, step: int) -> dict[str, float]:
        assert isinstance(ema, FactReader)
        accuracy = fact_accuracy(ema, tokenizer, held_out.captions, held_out_indices)
        return {"val_accuracy": accuracy}

    part = flatten({"seed": config.seed, "text": as_dict(text), "data": train.digest})
    stage = Stage(
        name="text",
        folder=folder,
        steps=text.facts_steps,
        accumulate=1,
        clip_norm=1.0,
        ema=0.99,
        validate_every=max(1, text.facts_steps // 5),
        checkpoint_every=max(1, text.facts_steps // 5),
        keep_checkpoints=2,
        identity=run_identity(part, config.threads, acc.num_processes),
        loss=loss,
        lr_factor=lambda step: lr_schedule("cosine", step, text.facts_steps, 50),
        validate=validate,
    )
    optimizer = torch.optim.AdamW(model.parameters(), lr=text.facts_lr, weight_decay=0.05)
    trained = run_stage(stage, model, [optimizer], acc)
    assert isinstance(trained, FactReader)
    return trained.text_encoder
