"""A contact sheet: some clips of a data set folder as one picture, for people who rather look."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image, ImageDraw, ImageFont

from dataset_scripts.simulator.core import STYLES

from .encode import VideoError, decode_mp4

_TILE = 128
"""Smallest width of a drawn frame; smaller clips are enlarged by whole pixels."""
_GAP, _FONT_PX, _LINE_PX = 4, 14, 18
# The font that comes with Pillow, the same everywhere, has no sign for these.
_PLAIN = str.maketrans({"µ": "u", "μ": "u", "²": "2", "³": "3", "×": "x", "–": "-", "−": "-"})
_COLUMNS = ["clip_id", "phenomenon", "style", "caption", "num_frames", "video"]


class ShowError(Exception):
    """The folder cannot be shown; the message is one line for the user."""


def show(
    folder: Path, out: Path, split: str, phenomenon: str | None, clips: int, frames: int
) -> int:
    """Draw up to `clips` clips of `split`, phenomena in turn, with `frames` frames each, to `out`.

    Returns the number of clips drawn. Raises `ShowError` if the folder holds no such data, and
    `OSError` if `out` cannot be written.
    """
    if clips < 1 or frames < 1:
        raise ShowError(f"expected at least 1 clip and 1 frame, got {clips} and {frames}")
    if out.suffix.lower() not in (".png", ".jpg", ".jpeg", ".webp"):
        raise ShowError(f"out: expected a name ending in .png, .jpg or .webp, got {out}")
    rows = _pick(folder, split, phenomenon, clips)
    sheet = contact_sheet([(_frames(row), row["caption"]) for row in rows], frames)
    _save(sheet, out)
    return len(rows)


def _save(sheet: Image.Image, out: Path) -> None:
    hidden = out.with_name(f".{out.name}.tmp{out.suffix}")
    try:
        sheet.save(hidden)
        hidden.rename(out)
    finally:
        hidden.unlink(missing_ok=True)


def gallery(folder: Path, out: Path, split: str, frames: int) -> int:
    """Draw one clip of each phenomenon in each look, a row for each phenomenon, to `out`.

    Returns the number of clips drawn; errors as in `show`.
    """
    found: dict[tuple[str, str], tuple[Path, int]] = {}
    for path in _shards(folder, split):
        names = zip(_column(path), _column(path, "style"), strict=True)
        for row, key in enumerate(names):
            found.setdefault(key, (path, row))
    looks = [style for style in STYLES if any(key[1] == style for key in found)]
    strips, words = [], []
    for name in sorted({key[0] for key in found}):
        clips = [_row(*found[name, look]) for look in looks if (name, look) in found]
        tiles = [_strip(_frames(clip), frames, 96) for clip in clips]
        gap = np.full((tiles[0].shape[0], 3 * _GAP, 3), 255, np.uint8)
        strips.append(np.concatenate([part for tile in tiles for part in (tile, gap)], axis=1))
        words.append(f"{name}: " + ", ".join(clip["style"].replace("_", " ") for clip in clips))
    _save(_sheet(strips, words), out)
    return len(found)


def contact_sheet(clips: list[tuple[np.ndarray, str]], columns: int) -> Image.Image:
    """One row for each (frames (T, H, W, 3) uint8, caption): `columns` frames evenly spread."""
    columns = min(columns, max(len(frames) for frames, _ in clips))
    return _sheet([_strip(f, columns, _TILE) for f, _ in clips], [words for _, words in clips])


def _sheet(strips: list[np.ndarray], texts: list[str]) -> Image.Image:
    """Strips of frames (H, W, 3) uint8 one below the other, each with its text."""
    font = ImageFont.load_default(_FONT_PX)
    width = max(strip.shape[1] for strip in strips)
    letters = int(width / (_FONT_PX * 0.53))
    words = [textwrap.wrap(text.translate(_PLAIN), letters) for text in texts]
    heights = [
        s.shape[0] + _LINE_PX * len(w) + 2 * _GAP for s, w in zip(strips, words, strict=True)
    ]
    sheet = Image.new("RGB", (width, sum(heights)), "white")
    pen = ImageDraw.Draw(sheet)
    top = 0
    for strip, lines, height in zip(strips, words, heights, strict=True):
        sheet.paste(Image.fromarray(strip), (0, top))
        for i, line in enumerate(lines):
            y = top + strip.shape[0] + _GAP // 2 + i * _LINE_PX
            pen.text((_GAP, y), line, fill="black", font=font)
        top += height
    return sheet


def _strip(frames: np.ndarray, columns: int, tile: int) -> np.ndarray:
    """`columns` of the frames side by side, each at least `tile` px wide."""
    chosen = np.linspace(0, len(frames) - 1, columns).round().astype(int)
    scale = max(1, -(-tile // frames.shape[2]))
    tiles = frames[chosen].repeat(scale, axis=1).repeat(scale, axis=2)
    tiles = np.pad(tiles, ((0, 0), (0, 0), (0, _GAP), (0, 0)), constant_values=255)
    return np.concatenate(list(tiles), axis=1)[:, :-_GAP]


def _pick(folder: Path, split: str, phenomenon: str | None, count: int) -> list[dict[str, Any]]:
    """Rows of the first clips of each phenomenon in turn, with their videos."""
    by_name: dict[str, list[tuple[Path, int]]] = {}
    for path in _shards(folder, split):
        for row, name in enumerate(_column(path)):
            by_name.setdefault(name, []).append((path, row))
    if phenomenon is not None:
        if phenomenon not in by_name:
            raise ShowError(
                f"{split} of {folder} has no clip of {phenomenon!r}: "
                f"expected one of {', '.join(sorted(by_name))}"
            )
        by_name = {phenomenon: by_name[phenomenon]}
    turns = [
        found[turn]
        for turn in range(max(map(len, by_name.values()), default=0))
        for _, found in sorted(by_name.items())
        if turn < len(found)
    ]
    return [_row(path, row) for path, row in turns[:count]]


def _shards(folder: Path, split: str) -> list[Path]:
    """The shards of one split in order."""
    shards = sorted((folder / "data").glob("*.parquet"))
    if not shards:
        raise ShowError(f"{folder} is not a microsim data set: no Parquet shards in {folder}/data")
    splits = sorted({path.name.split("-")[0] for path in shards})
    if split not in splits:
        raise ShowError(f"{folder} has no split {split!r}: expected one of {', '.join(splits)}")
    return [path for path in shards if path.name.startswith(f"{split}-")]


def _column(path: Path, name: str = "phenomenon") -> list[str]:
    try:
        file = pq.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        raise ShowError(f"{path} is not a readable Parquet file") from error
    missing = [known for known in _COLUMNS if known not in file.schema_arrow.names]
    if missing:
        raise ShowError(f"{path} is not a shard of a microsim data set: no column {missing[0]!r}")
    return file.read(columns=[name]).column(0).to_pylist()


def _row(path: Path, row: int) -> dict[str, Any]:
    file = pq.ParquetFile(path)
    for group in range(file.num_row_groups):
        rows = file.metadata.row_group(group).num_rows
        if row < rows:
            try:
                table = file.read_row_group(group, columns=_COLUMNS)
            except (pa.ArrowException, OSError) as error:
                raise ShowError(f"{path} is damaged: row group {group} cannot be read") from error
            return table.slice(row, 1).to_pylist()[0]
        row -= rows
    raise IndexError(row)


def _frames(row: dict[str, Any]) -> np.ndarray:
    try:
        return decode_mp4(row["video"]["bytes"], row["num_frames"])
    except VideoError as error:
        raise ShowError(f"video of clip {row['clip_id']} {error}") from error
