"""Pictures and clips of arrays: contact sheets (PNG) and MP4."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from training.files import atomic_path


def to_uint8(frames: np.ndarray) -> np.ndarray:
    """Float frames in [0, 1] → uint8; uint8 stays."""
    if frames.dtype == np.uint8:
        return frames
    return (np.clip(frames, 0.0, 1.0) * 255.0 + 0.5).astype(np.uint8)


def contact_sheet(clips: np.ndarray, columns: int = 9, gap: int = 2) -> np.ndarray:
    """One picture (H', W', 3) uint8 of clips (N, T, H, W, 3): a row per clip, time to the right."""
    clips = to_uint8(np.asarray(clips))
    count, length, height, width, _ = clips.shape
    shown = np.linspace(0, length - 1, min(columns, length)).round().astype(int)
    rows, cols = count * (height + gap) - gap, len(shown) * (width + gap) - gap
    sheet = np.full((rows, cols, 3), 255, np.uint8)
    for r in range(count):
        for c, t in enumerate(shown):
            y, x = r * (height + gap), c * (width + gap)
            sheet[y : y + height, x : x + width] = clips[r, t]
    return sheet


def save_png(picture: np.ndarray, path: Path) -> None:
    """Writes an RGB picture (H, W, 3) uint8."""
    from PIL import Image

    with atomic_path(path) as temporary:
        Image.fromarray(picture).save(temporary, format="PNG")


def save_mp4(frames: np.ndarray, path: Path, fps: float) -> None:
    """Writes frames (T, H, W, 3), uint8 or float in [0, 1], as H.264."""
    import av

    frames = to_uint8(np.asarray(frames))
    with atomic_path(path) as temporary, av.open(str(temporary), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=round(fps))
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = "yuv420p"
        stream.options = {"crf": "16", "threads": "1"}
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())
