"""Turns part files into the Hub folder's Parquet shards.

Shards and row groups are cut by row counts and stored sizes alone, so the same clips always give
the same bytes, however and by whom their parts were made.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from datasets import Features
from datasets.arrow_writer import get_parquet_column_options
from datasets.config import DEFAULT_CDC_OPTIONS

SHARD_BYTES = 256 * 2**20
"""About the largest shard: a few files instead of thousands, each quick to fetch."""
GROUP_ROWS, GROUP_BYTES = 100, 32 * 2**20
"""Largest row group: what a streaming reader holds in memory to get at one row."""


@dataclass(frozen=True)
class Shards:
    """The shards of one split: their paths, number of rows and size in Arrow and on disk."""

    paths: list[Path]
    rows: int
    arrow_bytes: int
    file_bytes: int


def write_shards(parts: Sequence[Path], features: Features, folder: Path, split: str) -> Shards:
    """Write the columns `features` of all `parts` to `folder`/`split`-?????-of-?????.parquet."""
    names = list(features)
    rows, size = _measure(parts, names)
    count = min(rows, math.ceil(size / SHARD_BYTES))
    ends = [rows * (i + 1) // count for i in range(count)]
    group = max(1, min(GROUP_ROWS, GROUP_BYTES * rows // size))
    lengths = [_cut(end - start, group) for start, end in zip([0, *ends], ends, strict=False)]
    groups = _regroup(parts, names, [n for shard in lengths for n in shard])
    # What `push_to_hub` uses: video bytes uncompressed, chunks that the Hub can tell apart.
    options = {
        **get_parquet_column_options(features, features.arrow_schema),
        "use_content_defined_chunking": DEFAULT_CDC_OPTIONS,
        "write_page_index": True,
    }
    paths = []
    for number, shard in enumerate(lengths):
        path = folder / f"{split}-{number:05d}-of-{count:05d}.parquet"
        with pq.ParquetWriter(path, features.arrow_schema, **options) as writer:
            for _ in shard:
                writer.write_table(next(groups).cast(features.arrow_schema))
        paths.append(path)
    return Shards(paths, rows, size, sum(path.stat().st_size for path in paths))


def _read(path: Path, names: list[str]) -> pa.Table:
    with pa.memory_map(str(path)) as source:
        return pa.ipc.open_file(source).read_all().select(names)


def _measure(parts: Sequence[Path], names: list[str]) -> tuple[int, int]:
    rows = size = 0
    for path in parts:
        table = _read(path, names)
        rows, size = rows + table.num_rows, size + table.nbytes
    return rows, size


def _cut(rows: int, largest: int) -> list[int]:
    """`rows` as a sum of numbers up to `largest`."""
    return [min(largest, rows - start) for start in range(0, rows, largest)]


def _regroup(parts: Sequence[Path], names: list[str], lengths: Sequence[int]) -> Iterator[pa.Table]:
    """The rows of all parts, in tables of the given lengths, few parts in memory at a time."""
    waiting: list[pa.Table] = []
    unread = iter(parts)
    for length in lengths:
        while sum(table.num_rows for table in waiting) < length:
            waiting.append(_read(next(unread), names))
        table = pa.concat_tables(waiting)
        yield table.slice(0, length).combine_chunks()
        waiting = [table.slice(length)]
