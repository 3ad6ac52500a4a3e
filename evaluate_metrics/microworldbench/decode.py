"""Single frames of a video file: decord where it works, PyAV elsewhere, one full frame at a time.

A 4K clip of ten minutes is 450 GB of pixels; what is wanted of it are a few frames, each scaled
down as soon as it is decoded.
"""

from __future__ import annotations

import io
import threading
from bisect import bisect_right
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

_DECODERS = threading.BoundedSemaphore(2)
"""Decoders open at once, whatever the number of threads: each holds frames at full size."""

Positions = Callable[[int], list[int]]


class ClipError(ValueError):
    """A clip that cannot be looked at; the message is one line."""


def as_rgb(frame: np.ndarray) -> np.ndarray:
    """(H, W, 3) of uint8, or of floats in [0, 1] → uint8. Raises ClipError for anything else."""
    if frame.ndim != 3 or frame.shape[2] != 3 or not frame.size:
        raise ClipError(f"expected frames (H, W, 3), got shape {frame.shape}")
    if frame.dtype == np.uint8:
        return frame
    if not np.issubdtype(frame.dtype, np.floating):
        raise ClipError(f"expected frames of uint8 or float, got {frame.dtype}")
    if not np.isfinite(frame).all():
        raise ClipError("a frame holds values that are not numbers")
    return (np.clip(frame.astype(np.float32), 0, 1) * 255 + 0.5).astype(np.uint8)


def shrink(frame: np.ndarray, side: int | None) -> np.ndarray:
    """The frame scaled down (area-weighted) until neither edge exceeds `side`; never scaled up."""
    height, width = frame.shape[:2]
    if side is None or max(height, width) <= side:
        return frame
    from PIL import Image

    scale = side / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(Image.fromarray(frame).resize(size, Image.Resampling.BOX))


class Video:
    """A video file, as its path or its bytes."""

    def __init__(self, source: Path | bytes) -> None:
        self.source = source

    def frames(self, positions: Positions, side: int | None) -> list[np.ndarray]:
        """Frames at `positions(count)`, ascending; (H, W, 3) uint8 RGB, no edge beyond `side`.

        Raises ClipError if the file is broken, empty or holds a single frame.
        """
        size = len(self.source) if isinstance(self.source, bytes) else self.source.stat().st_size
        if not size:
            raise ClipError("the file is empty")
        with _DECODERS:
            try:
                return self._with_decord(positions, side)
            except ClipError:
                raise
            # decord has wheels for x86-64 Linux and Windows only, and refuses some files that
            # FFmpeg reads, as an error of its own or as a failed assertion.
            except Exception:
                return self._with_av(positions, side)

    def _with_decord(self, positions: Positions, side: int | None) -> list[np.ndarray]:
        import decord

        decord.logging.set_level(decord.logging.QUIET)
        source = io.BytesIO(self.source) if isinstance(self.source, bytes) else str(self.source)
        # One thread: several clips are read side by side, and each decoding thread of a 4K clip
        # holds frames. decord repeats its last frame where it cannot decode; the limit turns that
        # into an error, so that PyAV decides.
        video = decord.VideoReader(source, num_threads=1, fault_tol=0.001)
        wanted = _checked(positions, len(video))
        kept: dict[int, np.ndarray] = {}
        for i in wanted:
            if i not in kept:
                frame = video[i].asnumpy()
                if frame.shape[2] != 3:  # decord 0.6.0 at widths of 16 and 48, for example
                    raise ValueError(f"decord: expected 3 channels, got {frame.shape[2]}")
                kept[i] = shrink(frame, side)
        return [kept[i] for i in wanted]

    def _with_av(self, positions: Positions, side: int | None) -> list[np.ndarray]:
        try:
            import av
        except ImportError:
            raise ClipError("cannot be decoded (neither decord nor PyAV reads it)") from None
        try:
            with self._opened(av) as container:
                stamps, keys = _index(container)
            wanted = _checked(positions, len(stamps))
            with self._opened(av) as container:
                kept = _decode(container, sorted(set(wanted)), stamps, keys, side)
        except (av.error.FFmpegError, OSError, ValueError, IndexError) as error:
            if isinstance(error, ClipError):
                raise
            why = getattr(error, "strerror", None) or "no video stream"
            raise ClipError(f"cannot be decoded: {why}") from None
        if len(kept) < len(set(wanted)):
            raise ClipError(f"breaks off: {len(stamps)} frames announced, but not all decode")
        return [kept[i] for i in wanted]

    def _opened(self, av: Any) -> Any:
        source = self.source
        return av.open(io.BytesIO(source) if isinstance(source, bytes) else str(source), "r")


def frame_rate(source: Path | bytes) -> float | None:
    """Frames per second that a video file states, None if it cannot be read or does not."""
    try:
        import av

        opened = av.open(io.BytesIO(source) if isinstance(source, bytes) else str(source), "r")
        with opened as container:
            rate = container.streams.video[0].average_rate
    except (ImportError, OSError, ValueError, IndexError):
        return None
    return float(rate) if rate else None


def _checked(positions: Positions, count: int) -> list[int]:
    if count < 2:
        raise ClipError(f"{count} frames: a clip has at least 2")
    return positions(count)


def _index(container: Any) -> tuple[list[int | None], list[int]]:
    """Time stamps of all frames in showing order, and those at which decoding can start."""
    stamps: list[int | None] = []
    keys: list[int] = []
    for packet in container.demux(container.streams.video[0]):
        if packet.size:
            stamps.append(packet.pts)
            if packet.is_keyframe and packet.pts is not None:
                keys.append(packet.pts)
    if None in stamps:  # raw streams: count frames as they come
        return stamps, []
    return sorted(stamps), sorted(keys)  # type: ignore[type-var]


def _decode(
    container: Any, wanted: list[int], stamps: list[Any], keys: list[int], side: int | None
) -> dict[int, np.ndarray]:
    """The wanted frames by position; skips to the last key frame before one where that helps."""
    stream = container.streams.video[0]
    place = {stamp: i for i, stamp in enumerate(stamps)} if keys else {}
    kept: dict[int, np.ndarray] = {}
    frames: Iterator[tuple[int, Any]] = iter(())
    at = -1
    for target in wanted:
        start = keys[bisect_right(keys, stamps[target]) - 1] if keys else None
        if at < 0 or (start is not None and place[start] > at):
            if start is not None and place[start] > 0:
                container.seek(start, stream=stream, backward=True)
            decoded = enumerate(container.decode(stream))
            frames = ((place.get(f.pts, i) if keys else i, f) for i, f in decoded)
        for at, frame in frames:
            if at >= target:
                if at == target:
                    kept[target] = shrink(frame.to_ndarray(format="rgb24"), side)
                break
    return kept
