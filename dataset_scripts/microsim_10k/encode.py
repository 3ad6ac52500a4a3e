"""Frames to H.264 bytes and back."""

from __future__ import annotations

import io

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace

CRF = 19
"""Constant rate factor: at 19 the small moving things survive (23, the default, smears them)."""


class VideoError(ValueError):
    """Bytes that are not a whole, readable video; its message is one line."""


def encode_mp4(frames: np.ndarray, fps: int) -> bytes:
    """Encode RGB `frames`, uint8 (T, H, W, 3) with even H and W, as MP4 (H.264, yuv420p).

    The bytes depend on nothing but the frames: one thread, because x264 slices a picture by its
    thread count, and no macroblock tree, because at widths such as 64 or 100 its vector code reads
    memory that nobody set, and the same frames give other bytes each time. The index (`moov`)
    comes first, so a player can start before it has everything.
    """
    count, height, width, _ = frames.shape
    buffer = io.BytesIO()
    # Room reserved for the index; about 20 bytes per frame are used.
    options = {"moov_size": str(1024 + 24 * count), "fflags": "+bitexact"}
    with av.open(buffer, "w", format="mp4", options=options) as container:
        stream = container.add_stream(
            "libx264",
            rate=fps,
            options={"preset": "veryfast", "crf": str(CRF), "x264-params": "mbtree=0"},
        )
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        codec = stream.codec_context
        codec.thread_count = 1
        # Say which colour matrix and range were used (BT.601, studio range), lest a player guess.
        codec.colorspace, codec.color_range = Colorspace.SMPTE170M, ColorRange.MPEG
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())
    return buffer.getvalue()


def decode_mp4(data: bytes, num_frames: int | None = None) -> np.ndarray:
    """Decode a video to RGB frames, uint8 (T, H, W, 3).

    Raises `VideoError` if the bytes are damaged or hold fewer frames than `num_frames`.
    """
    try:
        with av.open(io.BytesIO(data), "r") as container:
            frames = [f.to_ndarray(format="rgb24") for f in container.decode(video=0)]
    except (av.error.FFmpegError, IndexError) as error:
        raise VideoError(f"cannot be decoded ({error})") from error
    if not frames or (num_frames is not None and len(frames) < num_frames):
        raise VideoError(f"is cut short: {len(frames)} of {num_frames} frames can be decoded")
    return np.stack(frames)
