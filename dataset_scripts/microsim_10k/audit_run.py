"""`microsim audit`: reads two sets of clips, compares them and writes what was found."""

from __future__ import annotations

import base64
import io
import json
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from tqdm import tqdm

from .audit import Item, Match, find_matches
from .audit_page import page
from .build import BuildError
from .encode import VideoError, decode_mp4
from .fingerprint import fingerprint

PICTURES = 100
"""Pairs that the report shows side by side; the list has all of them."""
FPS = 16.0
"""Assumed where a set does not say."""
_NAMES = ("clip_id", "task_id", "id")
_TEXTS = ("caption", "prompt", "text")


@dataclass(frozen=True)
class Row:
    """One row of a set: `read` gives the bytes of its video, or None if it has none."""

    name: str
    split: str
    number: int
    source_id: str
    text: str
    fps: float


class ClipSet:
    """A set of clips: a data set's folder or Hub id, or a JSON list of `{id, video, prompt}`."""

    def __init__(self, spec: str) -> None:
        self.spec = spec
        self._folder = Path(spec).parent
        self._splits = _json_rows(Path(spec)) if spec.endswith(".json") else _load(spec)
        self.rows = list(self._read())
        if not self.rows:
            raise BuildError(f"{spec}: no rows")

    def _read(self) -> Iterator[Row]:
        for split, rows in self._splits.items():
            bare = rows if isinstance(rows, list) else rows.remove_columns(_videos(rows))
            for number, row in enumerate(bare):
                name = next((str(row[key]) for key in _NAMES if row.get(key) is not None), "")
                text = next((str(row[key]) for key in _TEXTS if row.get(key)), "")
                source = str(row.get("source_id") or "")
                yield Row(
                    name or f"{split}-{number}", split, number, source, text,
                    float(row.get("fps") or FPS),
                )  # fmt: skip

    def video(self, row: Row) -> bytes | None:
        """The bytes of a row's video, None if the set has none."""
        found = self._splits[row.split][row.number].get("video")
        if isinstance(found, str):
            path = self._folder / found
            if not path.is_file():
                raise BuildError(f"{self.spec}: {row.name}: no video at {path}")
            return path.read_bytes()
        if not found:
            return None
        if found.get("bytes"):
            return bytes(found["bytes"])
        return Path(found["path"]).read_bytes()

    def video_name(self, row: Row) -> str:
        """Name of the file that a row's video comes from, without its ending; "" if unknown."""
        found = self._splits[row.split][row.number].get("video")
        path = found if isinstance(found, str) else (found or {}).get("path") or ""
        return Path(path).stem

    def without(self, names: set[str], out: Path) -> dict[str, int]:
        """Write the rows whose names are not in `names` as Parquet; rows left by split."""
        left = {}
        (out / "data").mkdir(parents=True)
        for split, rows in self._splits.items():
            keep = [r.number for r in self.rows if r.split == split and r.name not in names]
            left[split] = len(keep)
            if isinstance(rows, list):
                text = json.dumps([rows[i] for i in keep], indent=1, ensure_ascii=False)
                (out / "data" / f"{split}.json").write_text(text, encoding="utf-8")
            elif keep:
                rows.select(keep).to_parquet(str(out / "data" / f"{split}-00000-of-00001.parquet"))
        return left


def _videos(rows: Any) -> list[str]:
    return [name for name in rows.column_names if name == "video"]


def _load(spec: str) -> dict[str, Any]:
    from datasets import Video, load_dataset

    if os.sep in spec and not Path(spec).is_dir():
        raise BuildError(f"{spec}: expected a folder of a data set, a Hub id or a JSON file")
    try:
        found = load_dataset(spec)
    except Exception as error:  # whatever a missing folder, Hub or configuration raises
        raise BuildError(
            f"{spec}: cannot be loaded ({' '.join(str(error).split())[:200]})"
        ) from None
    return {
        split: rows.cast_column("video", Video(decode=False)) if _videos(rows) else rows
        for split, rows in found.items()
    }


def _json_rows(path: Path) -> dict[str, Any]:
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, UnicodeDecodeError) as error:
        raise BuildError(f"{path}: not a JSON file ({error})") from None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise BuildError(f"{path}: expected a list of {{id, video, prompt}}")
    return {"train": rows}


def audit(train_spec: str, bench_spec: str, out: Path, clean: Path | None, workers: int) -> str:
    """Compare two sets and write `out` (HTML), the list beside it (JSON) and, if asked, to `clean`
    the training set without what is in the benchmark; returns a line that sums up.

    Raises `BuildError` where a set cannot be read.
    """
    if out.suffix.lower() not in (".html", ".htm"):
        raise BuildError(f"out: expected a name ending in .html, got {out}")
    if clean is not None and clean.exists() and any(clean.iterdir()):
        raise BuildError(f"clean: {clean} exists already")
    train, bench = ClipSet(train_spec), ClipSet(bench_spec)
    train_items, bench_items = _items(train, workers), _items(bench, workers)
    with tqdm(total=len(bench_items), unit="clip", desc="compare", leave=False) as bar:
        matches = find_matches(train_items, bench_items, lambda: bar.update() and None)
    gone = {match.train for match in matches if match.duplicate}
    kept = [row.name for row in train.rows if row.name not in gone]
    pictures = _pictures(train, bench, matches)
    found = {
        "train": {"set": train_spec, "clips": len(train.rows)},
        "benchmark": {"set": bench_spec, "clips": len(bench.rows)},
        "duplicates": sorted(gone),
        "clean": kept,
        "matches": [_told(match) for match in matches],
    }
    _write(out.with_suffix(".json"), json.dumps(found, indent=1, ensure_ascii=False))
    _write(out, page(train_spec, len(train.rows), bench_spec, len(bench.rows), matches, pictures))
    if clean is not None:
        hidden = clean.with_name(f".{clean.name}.partial")
        train.without(gone, hidden)
        hidden.rename(clean)
    return f"{out}: {len(gone)} of {len(train.rows)} training clips are in {bench_spec}"


def _told(match: Match) -> dict[str, Any]:
    return {
        "train": match.train,
        "benchmark": match.bench,
        "duplicate": match.duplicate,
        "source": match.source,
        "frames": match.frames,
        "mirrored": match.flip,
        "words": round(match.words, 3),
        "alike": None if match.alike is None else [round(value, 3) for value in match.alike],
    }


def _write(path: Path, text: str) -> None:
    hidden = path.with_name(f".{path.name}.tmp")
    hidden.write_text(text, encoding="utf-8")
    hidden.rename(path)


def _items(clips: ClipSet, workers: int) -> list[Item]:
    """Fingerprints of all rows, in their order, made by `workers` processes."""
    jobs = ((row, clips.video(row)) for row in clips.rows)
    name = Path(clips.spec).name
    with tqdm(total=len(clips.rows), unit="clip", desc=name, leave=False) as bar:
        items = []
        for item in _mapped(partial(_item, clips.spec), jobs, workers):
            items.append(item)
            bar.update()
    return items


def _mapped(call: Callable[[Any], Item], jobs: Iterator[Any], workers: int) -> Iterator[Item]:
    if workers == 1:
        yield from map(call, jobs)
        return
    with ProcessPoolExecutor(workers) as pool:
        # In batches, so that the videos of a large set are never all in memory.
        while batch := list(islice(jobs, 16 * workers)):
            yield from pool.map(call, batch, chunksize=4)


def _item(spec: str, job: tuple[Row, bytes | None]) -> Item:
    row, video = job
    found = None
    if video is not None:
        try:
            found = fingerprint(decode_mp4(video), row.fps)
        except VideoError as error:
            raise BuildError(f"{spec}: video of {row.name} {error}") from None
    return Item(row.name, row.source_id, row.text, found)


def _pictures(train: ClipSet, bench: ClipSet, matches: list[Match]) -> dict[int, tuple[str, str]]:
    """Strips of frames of both clips (data URIs) for the first matches in pictures, by number."""
    rows = [{row.name: row for row in reversed(clips.rows)} for clips in (train, bench)]
    pictures: dict[int, tuple[str, str]] = {}
    for number, match in enumerate(matches):
        if len(pictures) == PICTURES:
            break
        if match.duplicate:
            one = _strip(train.video(rows[0][match.train]))
            other = _strip(bench.video(rows[1][match.bench]))
            if one and other:
                pictures[number] = (one, other)
    return pictures


def _strip(video: bytes | None, columns: int = 5, height: int = 96) -> str:
    if video is None:
        return ""
    frames = decode_mp4(video)
    chosen = np.linspace(0, len(frames) - 1, columns).round().astype(int)
    tiles = [Image.fromarray(frames[i]) for i in chosen]
    width = round(height * tiles[0].width / tiles[0].height)
    strip = Image.new("RGB", (columns * (width + 2) - 2, height), "white")
    for place, tile in enumerate(tiles):
        strip.paste(tile.resize((width, height)), (place * (width + 2), 0))
    buffer = io.BytesIO()
    strip.save(buffer, "JPEG", quality=80)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()
