"""Words for captions: numbers, playback and looks. Pure functions of plain values."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

_SMALL = (
    "no one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen twenty"
).split()

LOOKS = {
    "illustration": (
        "drawn as a shaded illustration",
        "as an illustration with depth",
        "in a medical illustration",
    ),
    "fluorescence": (
        "in fluorescence microscopy",
        "under a fluorescence microscope",
        "as a fluorescence image",
    ),
    "bright_field": (
        "in bright field microscopy",
        "under a bright field microscope",
        "as a bright field image",
    ),
}
"""Ways to name each look; the first ones are used for training, the last is held out."""


def number_word(n: int) -> str:
    """`n` in words up to twenty, in digits above."""
    return _SMALL[n] if 0 <= n < len(_SMALL) else str(n)


def plain(value: float) -> str:
    """`value` with two significant digits and no exponent: 0.082, 1.4, 37, 4200."""
    if value == 0:
        return "0"
    digits = max(0, 1 - int(np.floor(np.log10(abs(value)))))
    rounded = round(value, 1 - int(np.floor(np.log10(abs(value)))))
    text = f"{rounded:.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def playback_phrase(playback: float) -> str:
    """`playback` (process seconds per video second) in words, for the end of a sentence."""
    if 0.9 <= playback <= 1.1:
        return "in real time"
    if playback < 1:
        return f"slowed down {plain(1 / playback)} times"
    return f"sped up {plain(playback)} times"


def pick(templates: Sequence[str], rng: np.random.Generator, held_out: bool) -> str:
    """One of `templates`: the last one if `held_out`, else any but the last."""
    if held_out:
        return templates[-1]
    return templates[int(rng.integers(len(templates) - 1))]
