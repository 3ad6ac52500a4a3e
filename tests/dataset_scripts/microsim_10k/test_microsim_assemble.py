"""Shards are cut by stored sizes, and every row lands in one of them."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasets import Features, Value, Video

from dataset_scripts.microsim_10k import assemble

FEATURES = Features({"clip_id": Value("string"), "video": Video()})


ROW = 20_000


def parts_of(folder: Path, lengths: list[int], size: int) -> list[Path]:
    paths, index = [], 0
    for number, length in enumerate(lengths):
        rows = [
            {"clip_id": str(index + i), "video": {"bytes": bytes([index + i]) * size, "path": None}}
            for i in range(length)
        ]
        index += length
        paths.append(folder / f"{number}.arrow")
        table = pa.Table.from_pylist(rows, schema=FEATURES.arrow_schema)
        with pa.OSFile(str(paths[-1]), "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
            writer.write_table(table)
    return paths


@pytest.mark.parametrize(
    ("shard_bytes", "group_rows", "lengths"),
    [(10**9, 100, [8, 8, 3]), (300_000, 4, [8, 8, 8, 8, 5]), (45_000, 100, [1, 1, 1]), (1, 1, [2])],
)
def test_shards_keep_rows_order_and_limits(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    shard_bytes: int,
    group_rows: int,
    lengths: list[int],
) -> None:
    monkeypatch.setattr(assemble, "SHARD_BYTES", shard_bytes)
    monkeypatch.setattr(assemble, "GROUP_ROWS", group_rows)
    made = assemble.write_shards(parts_of(tmp_path, lengths, ROW), FEATURES, tmp_path, "train")
    rows = [row for path in made.paths for row in pq.read_table(path).to_pylist()]
    assert [row["clip_id"] for row in rows] == [str(i) for i in range(sum(lengths))]
    assert all(row["video"]["bytes"] == bytes([i]) * ROW for i, row in enumerate(rows))
    assert made.rows == sum(lengths) and made.file_bytes == sum(
        p.stat().st_size for p in made.paths
    )
    for number, path in enumerate(made.paths):
        assert path.name == f"train-{number:05d}-of-{len(made.paths):05d}.parquet"
        meta = pq.ParquetFile(path).metadata
        groups = [meta.row_group(i).num_rows for i in range(meta.num_row_groups)]
        assert all(n <= group_rows for n in groups)
        # A shard holds a row at least; the rest is Parquet's own overhead.
        assert path.stat().st_size < max(ROW, shard_bytes) + 12_000
    assert len(made.paths) == min(made.rows, -(-made.arrow_bytes // shard_bytes))
