"""A toy data set: discs that drift left or right, as a local Parquet folder with MP4 inside."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import yaml

SIZE, FRAMES = 16, 5


def disc_clip(rng: np.random.Generator, size: int, frames: int) -> tuple[np.ndarray, str]:
    """One clip (T, H, W, 3) uint8 and where its disc goes."""
    way = int(rng.integers(2))
    y, x = np.mgrid[:size, :size]
    row, start = rng.uniform(4, size - 4), rng.uniform(0, size)
    out = np.empty((frames, size, size, 3), np.uint8)
    for t in range(frames):
        centre = start + (1 if way else -1) * 1.5 * t
        distance = np.hypot((x - centre + size / 2) % size - size / 2, y - row)
        cover = np.clip(3.5 - distance, 0, 1)[..., None]
        out[t] = 30 * (1 - cover) + np.array([220, 60, 60]) * cover
    return out, "right" if way else "left"


def encode_mp4(frames: np.ndarray) -> bytes:
    """MP4 bytes of frames (T, H, W, 3) uint8."""
    import av

    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=16)
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = "yuv420p"
        stream.options = {"crf": "10", "threads": "1"}
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())
    return buffer.getvalue()


def write_toy(folder: Path, clips: int = 24, size: int = SIZE, frames: int = FRAMES) -> Path:
    """Writes the folder: splits train and validation, columns of a clip row that training reads."""
    import datasets

    features = datasets.Features(
        {
            "clip_id": datasets.Value("string"),
            "video": datasets.Video(),
            "caption": datasets.Value("string"),
            "prompts": datasets.List(datasets.Value("string")),
            "fps": datasets.Value("float64"),
            "phenomenon": datasets.Value("string"),
            "style": datasets.Value("string"),
            "parameters": [
                {
                    "name": datasets.Value("string"),
                    "value": datasets.Value("float64"),
                    "label": datasets.Value("string"),
                }
            ],
        }
    )
    (folder / "data").mkdir(parents=True)
    for number, (split, count) in enumerate((("train", clips), ("validation", 6))):
        rng = np.random.default_rng(number)
        rows = []
        for i in range(count):
            pixels, way = disc_clip(rng, size, frames)
            rows.append(
                {
                    "clip_id": f"{split}-{i}",
                    "video": {"bytes": encode_mp4(pixels), "path": None},
                    "caption": f"A red disc moves to the {way} at 24 µm/s.",
                    "prompts": [f"a disc goes {way}", f"disc, {way}wards"],
                    "fps": 16.0,
                    "phenomenon": "drift",
                    "style": "plain",
                    "parameters": [
                        {"name": "direction", "value": None, "label": way},
                        {"name": "speed", "value": 24.0, "label": None},
                    ],
                }
            )
        made = datasets.Dataset.from_list(rows, features=features)
        made.to_parquet(str(folder / "data" / f"{split}-00000-of-00001.parquet"))
    return folder


def tiny_recipe(folder: Path, **changes: dict[str, Any]) -> dict[str, Any]:
    """A recipe that trains all stages in seconds; `changes` update its sections."""
    recipe: dict[str, Any] = {
        "seed": 3,
        "threads": 1,
        "data": {
            "path": str(folder),
            "height": SIZE,
            "width": SIZE,
            "frames": FRAMES,
            "validation_clips": 4,
        },
        "text": {
            "vocab_size": 300,
            "max_length": 64,
            "num_layers": 1,
            "d_model": 16,
            "num_heads": 2,
            "d_ff": 32,
            "facts_steps": 10,
            "facts_batch": 4,
        },
        "autoencoder": {
            "base_dim": 4,
            "z_dim": 4,
            "crop": 8,
            "crop_frames": 5,
            "batch": 4,
            "steps": 9,
            "warmup": 2,
            "validate_every": 4,
            "checkpoint_every": 2,
        },
        "transformer": {
            "num_layers": 1,
            "num_attention_heads": 2,
            "attention_head_dim": 12,
            "ffn_dim": 48,
            "freq_dim": 32,
            "batch": 4,
            "accumulate": 2,
            "steps": 9,
            "warmup": 2,
            "optimizer": "muon",
            "validate_every": 4,
            "sample_every": 9,
            "sample_prompts": 2,
            "checkpoint_every": 2,
        },
        "export": {"num_inference_steps": 3},
    }
    for section, fields in changes.items():
        recipe[section] = {**recipe[section], **fields}
    return recipe


def write_recipe(path: Path, recipe: dict[str, Any]) -> Path:
    """The recipe as a YAML file."""
    path.write_text(yaml.safe_dump(recipe), "utf-8")
    return path
