"""The obedience probe: a small network that names what a clip shows.

It reads a clip and answers, each with its own head: which phenomenon, which look, and every
categorical parameter of every phenomenon (direction, occlusion, …). Trained on simulated clips,
whose labels are true by construction, it then reads generated ones. It stands apart from the
generator: pixels in, no latents, no shared weights.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from training.sampler import clip_indices, step_rng

Labels = dict[str, str]
"""Answers by question. Questions: `phenomenon`, `style`, and `<phenomenon>.<parameter>`."""


def row_labels(row: dict) -> Labels:
    """The true answers of one clip row: phenomenon, style and categorical parameters."""
    labels = {"phenomenon": row["phenomenon"], "style": row["style"]}
    for parameter in row["parameters"]:
        if parameter["label"]:
            labels[f"{row['phenomenon']}.{parameter['name']}"] = parameter["label"]
    return labels


@dataclass(frozen=True)
class Questions:
    """Every question with its possible answers, in a fixed order."""

    options: dict[str, tuple[str, ...]]

    @classmethod
    def of(cls, labels: Sequence[Labels]) -> Questions:
        """All questions that `labels` answer; options sorted by name."""
        found: dict[str, set[str]] = {}
        for row in labels:
            for question, answer in row.items():
                found.setdefault(question, set()).add(answer)
        return cls({q: tuple(sorted(found[q])) for q in sorted(found)})

    def encode(self, labels: Sequence[Labels]) -> dict[str, Tensor]:
        """Class indices (N,) per question, int64; -100 where a row does not answer it."""
        return {
            q: torch.tensor([o.index(row[q]) if q in row else -100 for row in labels])
            for q, o in self.options.items()
        }


class Probe(nn.Module):
    """3-D convolutions over frames and frame differences, one linear head per question.

    Input (B, T, H, W, 3) uint8, T ≥ 9 and H, W ≥ 32; output per question: logits (B, options).
    """

    def __init__(self, questions: Questions, width: int = 32) -> None:
        super().__init__()
        self.questions = questions
        sizes = [9, width, 2 * width, 3 * width, 4 * width]
        kernels = [(3, 7, 7), (3, 3, 3), (3, 3, 3), (3, 3, 3)]
        strides = [(1, 4, 4), (2, 1, 1), (1, 2, 2), (2, 2, 2)]
        self.blocks = nn.ModuleList(
            nn.Sequential(
                nn.Conv3d(a, b, k, s, (k[0] // 2, k[1] // 2, k[2] // 2)),
                nn.GroupNorm(8, b),
                nn.SiLU(),
            )
            for a, b, k, s in zip(sizes[:-1], sizes[1:], kernels, strides, strict=True)
        )
        features = 2 * sizes[-1]
        self.trunk = nn.Sequential(nn.Linear(features, 128), nn.SiLU())
        self.heads = nn.ModuleDict(
            {q.replace(".", "__"): nn.Linear(128, len(o)) for q, o in questions.options.items()}
        )

    def forward(self, clips: Tensor) -> dict[str, Tensor]:
        x = clips.permute(0, 4, 1, 2, 3).float() / 127.5 - 1
        step = torch.zeros_like(x)
        step[:, :, 1:] = 4 * (x[:, :, 1:] - x[:, :, :-1])
        late = 2 * (x - x[:, :, :1])
        x = torch.cat([x, step, late], dim=1)
        for block in self.blocks:
            x = block(x)
        x = self.trunk(torch.cat([x.mean(dim=(2, 3, 4)), x.amax(dim=(2, 3, 4))], dim=1))
        return {q: self.heads[q.replace(".", "__")](x) for q in self.questions.options}


def _degraded(clips: Tensor, rng: np.random.Generator) -> Tensor:
    """Clips as an autoencoder might return them: blurred, grainy, shifted in brightness.

    Generated clips never carry the simulator's exact grain, so the probe must not live on it.
    """
    x = clips.permute(0, 1, 4, 2, 3).float()
    b = len(x)
    if rng.random() < 0.6:
        soft = F.avg_pool2d(x.flatten(0, 1), 3, 1, 1, count_include_pad=False).view_as(x)
        x = x + float(rng.uniform(0.2, 0.9)) * (soft - x)
    gain = torch.from_numpy(rng.uniform(0.9, 1.1, (b, 1, 1, 1, 1)).astype(np.float32))
    grain = torch.randn(x.shape, generator=torch.Generator().manual_seed(int(rng.integers(2**62))))
    x = x * gain + float(rng.uniform(0, 6)) * grain
    return x.permute(0, 1, 3, 4, 2).clamp(0, 255).to(torch.uint8)


def train_probe(
    clips: np.ndarray,
    labels: Sequence[Labels],
    *,
    steps: int,
    batch: int = 32,
    lr: float = 2e-3,
    seed: int = 0,
    report: Callable[[int, float], None] | None = None,
) -> Probe:
    """Train on `clips` (N, T, H, W, 3) uint8; `report(step, loss)` is called after each step."""
    torch.manual_seed(seed)
    questions = Questions.of(labels)
    targets = questions.encode(labels)
    probe = Probe(questions)
    optimizer = torch.optim.AdamW(probe.parameters(), lr=lr, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, lr, total_steps=steps, pct_start=0.1)
    probe.train()
    for step in range(steps):
        index = clip_indices(seed, step, batch, len(clips))
        shown = _degraded(torch.from_numpy(clips[index]), step_rng(seed, 100, step))
        logits = probe(shown)
        losses = [
            F.cross_entropy(logits[q], targets[q][index], ignore_index=-100, label_smoothing=0.02)
            for q in questions.options
            if bool((targets[q][index] >= 0).any())
        ]
        loss = torch.stack(losses).sum()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(probe.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if report is not None:
            report(step, float(loss.detach()))
    return probe.eval()


@torch.no_grad()
def answer(probe: Probe, clips: np.ndarray, batch: int = 32) -> list[Labels]:
    """The probe's answers to every question for each clip (N, T, H, W, 3) uint8."""
    probe.eval()
    answers: list[Labels] = []
    for start in range(0, len(clips), batch):
        logits = probe(torch.from_numpy(clips[start : start + batch]))
        best = {q: values.argmax(dim=1).tolist() for q, values in logits.items()}
        size = len(next(iter(best.values())))
        answers += [
            {q: o[best[q][i]] for q, o in probe.questions.options.items()} for i in range(size)
        ]
    return answers


def score(answers: Sequence[Labels], truth: Sequence[Labels]) -> dict[str, tuple[int, int]]:
    """(right, asked) per question that the truth answers."""
    table: dict[str, tuple[int, int]] = {}
    for said, true in zip(answers, truth, strict=True):
        for question, value in true.items():
            right, asked = table.get(question, (0, 0))
            table[question] = (right + (said.get(question) == value), asked + 1)
    return dict(sorted(table.items()))
