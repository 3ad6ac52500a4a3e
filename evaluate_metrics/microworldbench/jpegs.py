"""A clip's frames as JPEG data URLs, and the steps by which they shrink for a server's limit."""

from __future__ import annotations

import base64
import io
import threading
from collections.abc import Callable
from typing import Any

from .clips import Clip

LONGEST_SIDE = 768
"""Frames keep the video's size up to this edge, in pixels: hosted models look at no more."""

QUALITIES = (90, 75, 60, 45, 30)
SMALLER_SIDES = (512, 384, 256)
"""After 413 (request too large) the JPEG quality goes down these steps, then the size."""


def ladder(quality: int) -> list[tuple[int, int]]:
    """(JPEG quality, longest side in pixels) from the given quality downwards."""
    qualities = [quality, *(q for q in QUALITIES if q < quality)]
    steps = [(q, LONGEST_SIDE) for q in qualities]
    return steps + [(qualities[-1], side) for side in SMALLER_SIDES]


def jpeg_url(frame: Any, quality: int) -> str:
    """A frame (H, W, 3) uint8 as a data URL."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(frame).save(buffer, format="JPEG", quality=quality)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()


class FrameUrls:
    """A clip's frames as data URLs, encoded once for all calls that show them."""

    def __init__(self, clip: Clip, steps: list[tuple[int, int]], step: Callable[[], int]) -> None:
        self._clip, self._steps, self._step = clip, steps, step
        self._made: tuple[int, list[str]] | None = None
        self._lock = threading.Lock()

    def load(self) -> tuple[int, list[str]]:
        """The step of quality in force, and the 8 URLs. A clip is decoded again only if the step
        has changed since: the frames themselves are not kept."""
        with self._lock:
            step = self._step()
            if self._made is None or self._made[0] != step:
                quality, side = self._steps[step]
                self._made = step, [jpeg_url(f, quality) for f in self._clip.sample(side)]
            return self._made


def url_size(url: str) -> tuple[int, int]:
    """Width and height in pixels of the picture in a data URL."""
    from PIL import Image

    with Image.open(io.BytesIO(base64.b64decode(url.split(",", 1)[1]))) as picture:
        return picture.size
