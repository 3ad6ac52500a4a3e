"""Harm that clips meet on their way: scaled to half, compressed again, through an autoencoder.

A judge should give a true clip the same verdicts after any of it.
"""

from __future__ import annotations

import hashlib
import io
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .clips import Clip
from .decode import ClipError, Video, shrink
from .verdicts import MetricError

KINDS = "resize, recompress or roundtrip:MODEL_DIR"
CRF = 30
"""Of the second compression: strong, as on video sites; 23 is what H.264 encoders choose."""
CHUNK = 4
"""Frames that `AutoencoderKLWan` takes at a time, after the first one; it leaves out the rest."""


@dataclass(frozen=True)
class Harm:
    """`apply` maps all frames of a clip, (T, H, W, 3) uint8, to as many harmed ones.

    `key` tells it from other harm: it holds a hash of an autoencoder's weights.
    """

    name: str
    key: str
    apply: Callable[[np.ndarray], np.ndarray]


def harm(text: str) -> Harm:
    """The harm called `text`, one of `KINDS`. Raises `MetricError`."""
    kind, _, rest = text.partition(":")
    if text == "resize":
        return Harm(text, text, _halved)
    if text == "recompress":
        return Harm(text, f"{text} {CRF}", _recompressed)
    if kind == "roundtrip" and rest:
        return _round_trip(Path(rest))
    raise MetricError(f"degrade: expected {KINDS}, got {text!r}")


class Harmed(Clip):
    """A clip seen through `harm`."""

    def __init__(self, clip: Clip, harm: Harm) -> None:
        super().__init__(clip.value, f"{clip.name} [{harm.name}]")
        self.harm = harm

    def sha256(self) -> str:
        inner = super().sha256()
        return hashlib.sha256(f"{self.harm.key} {inner}".encode()).hexdigest()

    def frames(self, positions: Any, side: int | None = None) -> list[np.ndarray]:
        """As `Clip.frames`; holds the whole clip at its full size for a moment."""
        whole = self.harm.apply(np.stack(super().frames(lambda count: list(range(count)))))
        return [shrink(whole[i], side) for i in positions(len(whole))]


def _halved(frames: np.ndarray) -> np.ndarray:
    return np.stack([shrink(frame, max(frame.shape[:2]) // 2) for frame in frames])


def _recompressed(frames: np.ndarray) -> np.ndarray:
    """Through H.264 at `CRF`; an odd row or column is left out, as its colours come in pairs."""
    import av

    height, width = (edge - edge % 2 for edge in frames.shape[1:3])
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as container:
        # The macroblock tree reads unset memory at small widths: other bytes at every run.
        options = {"crf": str(CRF), "x264-params": "mbtree=0"}
        stream = container.add_stream("libx264", rate=16, options=options)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.thread_count = 1
        for frame in frames:
            even = np.ascontiguousarray(frame[:height, :width])
            container.mux(stream.encode(av.VideoFrame.from_ndarray(even, format="rgb24")))
        container.mux(stream.encode())
    decoded = Video(buffer.getvalue()).frames(lambda count: list(range(count)), None)
    if len(decoded) != len(frames):
        raise ClipError(f"recompress: {len(decoded)} of {len(frames)} frames came back")
    return np.stack(decoded)


def _round_trip(folder: Path) -> Harm:
    """Through the autoencoder in a diffusers pipeline's `folder`, or the one that lies there."""
    try:
        import torch
        from diffusers import AutoencoderKLWan
    except ModuleNotFoundError as error:
        raise MetricError(
            f"degrade: roundtrip needs the package {error.name!r}: pip install torch diffusers"
        ) from None
    place = folder / "vae" if (folder / "vae").is_dir() else folder
    if not (place / "config.json").is_file():
        raise MetricError(f"degrade: {folder}: expected a model's folder with an autoencoder")
    try:
        vae = AutoencoderKLWan.from_pretrained(place, local_files_only=True).eval().float()
    except (OSError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        raise MetricError(f"degrade: {place}: cannot be loaded ({reason})") from None
    digest = hashlib.sha256()
    for path in sorted(place.iterdir()):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    space = vae.config.scale_factor_spatial
    # The autoencoder keeps what it carries from chunk to chunk in itself: one clip at a time.
    alone = threading.Lock()

    def apply(frames: np.ndarray) -> np.ndarray:
        count, height, width, _ = frames.shape
        # To the sizes that the network takes: edges are repeated, and cut off again.
        spare = ((0, -(count - 1) % CHUNK), (0, -height % space), (0, -width % space), (0, 0))
        padded = np.pad(frames, spare, mode="edge")
        video = torch.from_numpy(padded).permute(3, 0, 1, 2)[None].float() / 127.5 - 1
        with alone, torch.no_grad():
            back = vae.decode(vae.encode(video).latent_dist.mode()).sample
        pixels = (back[0].clamp(-1, 1) + 1) * 127.5
        whole = pixels.round().to(torch.uint8).permute(1, 2, 3, 0).numpy()
        return whole[:count, :height, :width]

    return Harm("roundtrip", f"roundtrip {digest.hexdigest()}", apply)
