"""Rows of microsim-10k for footage: recorded or drawn by others, of unknown scale and process."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import av
import pyarrow as pa
import pyarrow.parquet as pq

from .build import BuildError
from .schema import CLIP_FEATURES

ROWS_PER_GROUP = 64
_EMPTY: dict[str, Any] = {
    field.name: ""
    if pa.types.is_string(field.type)
    else []
    if pa.types.is_list(field.type)
    else None
    for field in CLIP_FEATURES.arrow_schema
}


def footage_row(
    clip_id: str, video: bytes, caption: str, source: str, source_id: str, license_: str
) -> dict[str, Any]:
    """A row with what is known of the clip; raises `BuildError` if `video` cannot be read."""
    try:
        with av.open(io.BytesIO(video), "r") as container:
            stream = container.streams.video[0]
            fps = round(float(stream.average_rate or 0))
            count = sum(1 for _ in container.decode(stream))
    except (av.error.FFmpegError, IndexError) as error:
        raise BuildError(f"{clip_id}: its video cannot be read ({error})") from None
    return {
        **_EMPTY,
        "clip_id": clip_id,
        "video": {"bytes": video, "path": f"{clip_id}.mp4"},
        "caption": caption,
        "fps": fps,
        "num_frames": count,
        "source": source,
        "source_id": source_id,
        "review": "unreviewed",
        "license": license_,
    }


def write_rows(out: Path, rows: list[dict[str, Any]]) -> None:
    """Write the rows as one training split below `out`/data."""
    table = pa.Table.from_pylist(rows, schema=CLIP_FEATURES.arrow_schema)
    path = out / "data" / "train-00000-of-00001.parquet"
    pq.write_table(table, path, row_group_size=ROWS_PER_GROUP)
