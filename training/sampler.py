"""What each training step sees, as pure functions of (seed, batch number).

Batches are numbered through all steps, micro-batches and processes (`batch_number`). Nothing
here has a state: a resumed run asks for batch 1001 and gets what an uninterrupted one would have
got, on any number of restarts.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

# One number per use of randomness, so that no two draws share a stream.
ORDER, CROPS, TEXTS, NOISE, SIGMA, POSTERIOR, VALIDATION, WORDS = range(8)


def batch_number(step: int, micro: int, accumulate: int, rank: int, processes: int) -> int:
    """Number of one process's micro-batch: all batches of all processes get different ones."""
    return (step * accumulate + micro) * processes + rank


@lru_cache(maxsize=4)
def _permutation(seed: int, epoch: int, size: int) -> np.ndarray:
    return np.random.default_rng([seed, ORDER, epoch]).permutation(size)


def clip_indices(seed: int, step: int, batch: int, size: int) -> np.ndarray:
    """Indices (batch,) of the clips of one step, int64 in [0, size).

    Position `step * batch + j` of an endless sequence of shuffled passes over all clips: every
    clip is seen once before any is seen twice.
    """
    positions = np.arange(step * batch, (step + 1) * batch)
    return np.array([_permutation(seed, int(p // size), size)[p % size] for p in positions])


def step_rng(seed: int, purpose: int, step: int) -> np.random.Generator:
    """NumPy generator of one use of randomness in one batch."""
    return np.random.default_rng([seed, purpose, step])


def step_noise(seed: int, purpose: int, step: int, shape: tuple[int, ...]) -> Tensor:
    """Standard normal float32 tensor of one batch."""
    word = int(step_rng(seed, purpose, step).integers(2**63 - 1))
    return torch.randn(shape, generator=torch.Generator().manual_seed(word))


def stratified_uniform(seed: int, purpose: int, step: int, count: int) -> Tensor:
    """`count` uniform numbers in [0, 1), one in each of `count` equal intervals, shuffled.

    Every batch then covers all noise levels, which makes the loss of a step less noisy.
    """
    rng = step_rng(seed, purpose, step)
    u = (rng.permutation(count) + rng.random(count)) / count
    return torch.from_numpy(u.astype(np.float32))


def choose_texts(
    seed: int,
    step: int,
    captions: list[str],
    prompts: list[list[str]],
    caption_probability: float,
    dropout: float,
) -> list[str]:
    """The text each clip of a step is shown with: its caption, one of its prompts, or none."""
    rng = step_rng(seed, TEXTS, step)
    texts = []
    for caption, short in zip(captions, prompts, strict=True):
        drop, long, which = rng.random(3)
        if drop < dropout:
            texts.append("")
        elif not short or long < caption_probability:
            texts.append(caption)
        else:
            texts.append(short[int(which * len(short))])
    return texts


def drop_tokens(seed: int, step: int, mask: Tensor, dropout: float) -> Tensor:
    """`mask` (B, L) int64 with a share `dropout` of each text's tokens hidden, never its last."""
    rng = step_rng(seed, WORDS, step)
    kept = torch.from_numpy(rng.random(tuple(mask.shape)) >= dropout)
    kept[torch.arange(len(mask)), mask.sum(dim=1) - 1] = True
    return mask * kept


def choose_crops(
    seed: int,
    step: int,
    clips: np.ndarray,
    indices: np.ndarray,
    crop: int,
    frames: int,
    motion_crops: float,
    candidates: int = 4,
) -> np.ndarray:
    """Random crops (batch, frames, crop, crop, 3) uint8 of `clips` (N, T, H, W, 3) uint8.

    A share `motion_crops` of them is the liveliest of `candidates` random places: small things
    that move are rare in pixels, and an autoencoder trained on all places alike loses them.
    """
    rng = step_rng(seed, CROPS, step)
    _, length, height, width, _ = clips.shape
    chosen = []
    for index in indices:
        start = int(rng.integers(length - frames + 1))
        places = [
            (int(rng.integers(height - crop + 1)), int(rng.integers(width - crop + 1)))
            for _ in range(candidates)
        ]
        lively = rng.random() < motion_crops
        window = clips[index, start : start + frames]
        cut = [window[:, y : y + crop, x : x + crop] for y, x in (places if lively else places[:1])]
        if lively:
            spread = [np.ptp(c[:, ::2, ::2].astype(np.int16), axis=0).mean() for c in cut]
            chosen.append(cut[int(np.argmax(spread))])
        else:
            chosen.append(cut[0])
    return np.stack(chosen)
