"""What a model's text encoder knows: can a line through its outputs tell left from right?

A ridge classifier is fitted to the encoder's outputs (mean and last token) for the training
captions of a data set, one for each named parameter, and asked on the test captions, whose wording
training never saw. What it cannot tell, the video model was never told either.

    python tests/benchmarks/bench_text.py model_cards/microverse-nano --data out/microsim-10k
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from datasets import load_dataset
from transformers import UMT5EncoderModel

from training.probe import row_labels
from training.text import embed_prompts, load_tokenizer, tokenize

COLUMNS = ["clip_id", "caption", "phenomenon", "style", "parameters"]


def features(model: Path, captions: list[str]) -> np.ndarray:
    """Mean and last token of the encoder's outputs, (N, 2 d)."""
    tokenizer = load_tokenizer(model / "tokenizer")
    encoder = UMT5EncoderModel.from_pretrained(model / "text_encoder").float().eval()
    found = []
    for start in range(0, len(captions), 64):
        ids, mask = tokenize(tokenizer, captions[start : start + 64], 512)
        with torch.no_grad():
            hidden = embed_prompts(encoder, ids, mask)
        length = mask.sum(1)
        last = hidden[torch.arange(len(hidden)), length - 1]
        found.append(torch.cat([hidden.sum(1) / length[:, None], last], 1))
    return torch.cat(found).numpy()


def accuracy(train: tuple, test: tuple, ridge: float = 30.0) -> tuple[float, float]:
    """Accuracy on the training captions and on the test captions, each (features, labels)."""
    (x, y), (a, b) = train, test
    names = sorted(set(y))
    mean, scale = x.mean(0), x.std(0) + 1e-6
    x, a = (np.c_[(v - mean) / scale, np.ones(len(v))] for v in (x, a))
    target = np.eye(len(names))[[names.index(v) for v in y]]
    weights = np.linalg.solve(x.T @ x + ridge * np.eye(x.shape[1]), x.T @ target)
    said = [[names[i] for i in (v @ weights).argmax(1)] for v in (x, a)]
    return float(np.mean(np.array(said[0]) == y)), float(np.mean(np.array(said[1]) == b))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path, help="model folder")
    parser.add_argument("--data", default="microsim-10k", help="data set of clips")
    args = parser.parse_args()
    splits = {}
    for name in ("train", "test"):
        rows = list(load_dataset(args.data, split=name).select_columns(COLUMNS))
        splits[name] = (
            features(args.model, [row["caption"] for row in rows]),
            [row_labels(row) for row in rows],
        )
    print(f"{'parameter':<30} training  held-out wording")
    for key in sorted({k for labels in splits["train"][1] for k in labels if "." in k}):
        pair = []
        for x, labels in splits.values():
            mine = [i for i, known in enumerate(labels) if key in known]
            pair.append((x[mine], np.array([labels[i][key] for i in mine])))
        train, held_out = accuracy(*pair)
        print(f"{key:<30} {train:8.2f}  {held_out:8.2f}")


if __name__ == "__main__":
    main()
