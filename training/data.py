"""Clips for training: a data set's videos decoded once into one array on disk."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from training.config import DataConfig, SimulateConfig
from training.errors import MicroVerseError
from training.files import atomic_path, read_json, write_json


@dataclass
class Clips:
    """One split: `pixels` (N, T, H, W, 3) uint8 (memory-mapped), texts in the same order."""

    pixels: np.ndarray
    captions: list[str]
    prompts: list[list[str]]
    fps: float
    facts: list[dict[str, str | float]]  # what the texts were written from, if the rows say so
    digest: str  # of everything above

    def __len__(self) -> int:
        return len(self.captions)


def simulate_if_missing(data: DataConfig) -> None:
    """Runs `microsim simulate` when the recipe asks for it and the folder is not there.

    The clips are made under a temporary name and renamed when complete, so an interrupted run
    is continued and half a data set is never trained on.
    """
    if data.simulate is None or Path(data.path).exists():
        return
    partial = Path(f"{data.path}.partial")
    command = [*_microsim(), "simulate", *_simulate_arguments(data.simulate), "--out", str(partial)]
    print("simulating the clips: " + " ".join(command), flush=True)
    code = subprocess.run(command, check=False).returncode
    if code != 0 or not partial.is_dir():
        raise MicroVerseError(f"data.simulate: `microsim simulate` ended with exit code {code}")
    partial.rename(data.path)


def _microsim() -> list[str]:
    beside = Path(sys.executable).with_name("microsim")
    found = str(beside) if beside.exists() else shutil.which("microsim")
    if found is None:
        raise MicroVerseError("data.simulate: the console command `microsim` is not installed")
    return [found]


def _simulate_arguments(simulate: SimulateConfig) -> list[str]:
    return [
        *("--clips", str(simulate.clips)),
        *("--size", str(simulate.size)),
        *("--frames", str(simulate.frames)),
        *("--seed", str(simulate.seed)),
        *(("--phenomena", ",".join(simulate.phenomena)) if simulate.phenomena else ()),
    ]


def decode_frames(video: bytes, frames: int, name: str) -> np.ndarray:
    """The first `frames` frames (T, H, W, 3) uint8 RGB of an encoded video."""
    import av

    out = []
    try:
        with av.open(io.BytesIO(video), "r") as container:
            for frame in container.decode(video=0):
                out.append(frame.to_ndarray(format="rgb24"))
                if len(out) == frames:
                    break
    except (av.FFmpegError, IndexError, ValueError) as error:
        raise MicroVerseError(f"{name}: the video cannot be decoded ({error})") from None
    if len(out) < frames:
        raise MicroVerseError(f"{name}: the video has {len(out)} frames, {frames} are needed")
    return np.stack(out)


def load_clips(data: DataConfig, split: str, cache: Path, limit: int | None = None) -> Clips:
    """One split of the data set, decoded. Reads through `datasets.load_dataset`.

    The decoded array lies in `cache`, named after a hash of the videos and texts themselves, so
    data made anew are decoded anew. `limit` takes that many clips, evenly spread over the split.
    """
    rows = _open_split(data, split)
    if limit is not None and limit < len(rows):
        rows = rows.select(np.linspace(0, len(rows) - 1, limit).round().astype(int).tolist())
    if len(rows) == 0:
        raise MicroVerseError(f"{data.path}: split {split!r} has no clips")
    digest = _digest(rows, data)
    pixels_path = cache / f"clips-{split}-{digest}.npy"
    texts_path = cache / f"clips-{split}-{digest}.json"
    if not (pixels_path.exists() and texts_path.exists()):
        _decode(rows, data, pixels_path, split)
        captions = list(rows["caption"])
        prompts = list(rows["prompts"]) if "prompts" in rows.column_names else [[]] * len(rows)
        fps = float(rows[0]["fps"]) if "fps" in rows.column_names else 16.0
        facts = [row_facts(row) for row in rows.remove_columns("video")]
        known = {"captions": captions, "prompts": prompts, "fps": fps, "facts": facts}
        write_json(texts_path, known)
    texts = read_json(texts_path)
    pixels = np.load(pixels_path, mmap_mode="r")
    return Clips(pixels, texts["captions"], texts["prompts"], texts["fps"], texts["facts"], digest)


def row_facts(row: dict[str, Any]) -> dict[str, str | float]:
    """What one row's texts were written from: labels and numbers by name.

    From the columns `phenomenon`, `style` and `parameters` of MicroSim-10K; empty for a data set
    without them. A label that several phenomena share under one name, as `direction`, is one fact;
    numbers of two phenomena have nothing in common but the name.
    """
    facts: dict[str, str | float] = {k: row[k] for k in ("phenomenon", "style") if row.get(k)}
    for parameter in row.get("parameters") or ():
        if parameter["label"]:
            facts[parameter["name"]] = parameter["label"]
        elif parameter["value"] is not None:
            facts[f"{row.get('phenomenon')}.{parameter['name']}"] = float(parameter["value"])
    return facts


def _open_split(data: DataConfig, split: str):
    import datasets

    datasets.disable_progress_bars()
    try:
        found = datasets.load_dataset(data.path, revision=data.revision)
    except Exception as error:
        # load_dataset raises a dozen unrelated types for "not a data set"; the reader needs one.
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise MicroVerseError(f"{data.path}: cannot be loaded as a data set ({reason})") from error
    if split not in found:
        raise MicroVerseError(f"{data.path}: has no split {split!r} (it has {', '.join(found)})")
    rows = found[split]
    for column in ("video", "caption"):
        if column not in rows.column_names:
            raise MicroVerseError(f"{data.path}: has no column {column!r}")
    return rows.cast_column("video", datasets.Video(decode=False))


def _video_bytes(video: dict, name: str) -> bytes:
    if video.get("bytes") is not None:
        return video["bytes"]
    try:
        return Path(video["path"]).read_bytes()
    except OSError as error:
        raise MicroVerseError(f"{name}: {video['path']}: {error.strerror}") from None


def _digest(rows, data: DataConfig) -> str:
    sha = hashlib.sha256(f"{data.frames} {data.height} {data.width}".encode())
    for i, row in enumerate(rows):
        sha.update(_video_bytes(row["video"], f"{data.path}, clip {i}"))
        text = [row["caption"], row.get("prompts"), row.get("fps"), row_facts(row)]
        sha.update(json.dumps(text, ensure_ascii=False).encode())
    return sha.hexdigest()[:16]


def _decode(rows, data: DataConfig, path: Path, split: str) -> None:
    from tqdm.auto import tqdm

    shape = (len(rows), data.frames, data.height, data.width, 3)
    with atomic_path(path) as temporary:
        array = np.lib.format.open_memmap(temporary, mode="w+", dtype=np.uint8, shape=shape)
        for i, row in enumerate(tqdm(rows, desc=f"decoding {split}", unit="clip")):
            name = f"{data.path}: {row.get('clip_id', f'clip {i}')}"
            frames = decode_frames(_video_bytes(row["video"], name), data.frames, name)
            if frames.shape != shape[1:]:
                got = f"{frames.shape[2]}×{frames.shape[1]}"
                raise MicroVerseError(
                    f"{name}: is {got} px, the recipe says {data.width}×{data.height}"
                )
            array[i] = frames
        array.flush()
        del array
