"""Words that are part of the picture: subtitles, titles, labels, watermarks."""

from __future__ import annotations

import logging
from functools import lru_cache
from typing import Any

import numpy as np

SURE = 0.85
"""Confidence from which a line of letters counts as read."""
LETTERS = 4
"""Fewer letters than this are noise: cells in a row are read as zeros."""


@lru_cache(maxsize=1)
def _reader() -> Any:
    from rapidocr import RapidOCR

    logging.getLogger("RapidOCR").setLevel(logging.ERROR)
    return RapidOCR(
        params={"Global.log_level": "error", "EngineConfig.onnxruntime.intra_op_num_threads": 1}
    )


def burnt_in_letters(frames: np.ndarray) -> float:
    """Letters that can be read in two frames, at a third and two thirds of the piece: the most.

    `frames` is uint8 (T, H, W, 3) RGB. Read by RapidOCR, whose models come with the package.
    """
    most = 0
    for place in {len(frames) // 3, 2 * len(frames) // 3}:
        found = _reader()(np.ascontiguousarray(frames[place][..., ::-1]), use_cls=False)
        lines = zip(found.txts or (), found.scores or (), strict=True)
        read = [_letters(text) for text, score in lines if score >= SURE]
        most = max([most, *read])
    return float(most)


def _letters(text: str) -> int:
    """Letters in a line of text, 0 if it looks like noise rather than like words."""
    letters = [c for c in text.lower() if c.isalpha()]
    return len(letters) if len(set(letters)) >= LETTERS - 1 and len(letters) >= LETTERS else 0
