"""Real H.264: what goes in comes out, the bytes are stable, damage is named."""

from __future__ import annotations

import io
import os

import av
import numpy as np
import pytest

from dataset_scripts.microsim_10k.encode import VideoError, decode_mp4, encode_mp4
from dataset_scripts.simulator import STYLES, simulate_clip


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    return float(10 * np.log10(255**2 / np.mean((a.astype(float) - b) ** 2)))


@pytest.mark.parametrize("style", STYLES)
def test_round_trip_keeps_the_picture_and_the_small_moving_things(style: str) -> None:
    frames = simulate_clip("capillary_flow", size=64, num_frames=17, seed=4, style=style).frames
    again = decode_mp4(encode_mp4(frames, 16), 17)
    assert again.shape == frames.shape and again.dtype == np.uint8
    assert psnr(again, frames) > 30
    # Where something moves, the error must stay far below the motion itself.
    moved = np.abs(frames[1:].astype(float) - frames[:-1]).max(axis=3) > 40
    motion = np.mean((frames[1:].astype(float) - frames[:-1])[moved] ** 2)
    error = np.mean((frames[1:].astype(float) - again[1:])[moved] ** 2)
    assert moved.mean() > 0.005 and error < 0.1 * motion


def test_rate_length_and_layout_of_the_file() -> None:
    frames = np.random.default_rng(0).integers(0, 255, (241, 64, 96, 3), dtype=np.uint8)
    data = encode_mp4(frames, 16)
    # The index precedes the pictures even for the longest clip.
    assert 0 < data.index(b"moov") < data.index(b"mdat")
    with av.open(io.BytesIO(data), "r") as container:
        video = container.streams.video[0]
        assert video.codec_context.name == "h264" and video.codec_context.pix_fmt == "yuv420p"
        assert (video.width, video.height, video.frames) == (96, 64, 241)
        assert (
            float(video.average_rate) == 16 and float(video.duration * video.time_base) == 241 / 16
        )


@pytest.mark.parametrize("size", [64, 66, 100, 128])
def test_bytes_depend_on_nothing_but_the_frames(size: int) -> None:
    # x264's macroblock tree read memory that nobody set: dirty some between the runs.
    rng = np.random.default_rng(1)
    for style in STYLES:
        frames = simulate_clip(
            "capillary_flow", size=size, num_frames=17, seed=4, style=style
        ).frames
        first = encode_mp4(frames, 16)
        for _ in range(6):
            rng.bytes(int(rng.integers(1, 300_000)))
            assert encode_mp4(frames.copy(), 16) == first
    # x264 writes its settings into the stream.
    assert b" threads=1 " in first and b" mbtree=0 " in first


def test_damage_is_refused() -> None:
    frames = np.random.default_rng(2).integers(0, 255, (9, 64, 64, 3), dtype=np.uint8)
    data = encode_mp4(frames, 16)
    for bad in (b"", os.urandom(3000), data[: len(data) // 10], data[: len(data) // 2]):
        with pytest.raises(VideoError):
            decode_mp4(bad, 9)
    with pytest.raises(VideoError, match="9 of 10 frames"):
        decode_mp4(data, 10)
