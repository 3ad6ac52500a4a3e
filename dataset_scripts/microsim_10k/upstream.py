"""`microsim import`: a list of `{id, video, prompt}`, as the published data set has it, as clips.

The videos go into the shards as they are; scale, process and look of footage are not known, so
those columns stay empty. `source` is `upstream` and `source_id` the name of the video, by which the
audit finds the same footage elsewhere.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import yaml
from tqdm import tqdm

from .audit_run import ClipSet
from .build import BuildError
from .footage import footage_row, write_rows


def import_clips(spec: str, out: Path, license_: str, skip_missing: bool) -> str:
    """Write the rows of a JSON file, folder or Hub id as a data set folder; returns a summary.

    Videos of a JSON file are paths relative to it. Raises `BuildError` naming the first row without
    a readable video, unless `skip_missing`.
    """
    if out.exists():
        raise BuildError(f"{out} exists already: choose another --out")
    clips = ClipSet(spec)
    rows: list[dict[str, Any]] = []
    missing = 0
    names: set[str] = set()
    for row in tqdm(clips.rows, unit="clip", desc=out.name, leave=False):
        if not row.text:
            raise BuildError(f"{spec}: {row.name}: no prompt (or caption, or text)")
        if row.name in names:
            raise BuildError(f"{spec}: the id {row.name} occurs twice")
        names.add(row.name)
        try:
            video = clips.video(row)
            if video is None:
                raise BuildError(f"{spec}: {row.name}: no video")
            source = row.source_id or clips.video_name(row) or row.name
            made = footage_row(row.name, video, row.text, "upstream", source, license_)
        except BuildError:
            if not skip_missing:
                raise
            missing += 1
            continue
        rows.append(made)
    if not rows:
        raise BuildError(f"{spec}: none of its {len(clips.rows)} rows has a video")
    hidden = out.with_name(f".{out.name}.partial")
    shutil.rmtree(hidden, ignore_errors=True)
    (hidden / "data").mkdir(parents=True)
    write_rows(hidden, rows)
    (hidden / "README.md").write_text(_card(spec, len(rows), license_), encoding="utf-8")
    hidden.rename(out)
    skipped = f", {missing} without a video left out" if missing else ""
    return f"{out}: {len(rows)} clips{skipped}"


def _card(spec: str, clips: int, license_: str) -> str:
    front = {
        "license": license_,
        "task_categories": ["text-to-video"],
        "configs": [
            {
                "config_name": "default",
                "default": True,
                "data_files": [{"split": "train", "path": "data/train-*.parquet"}],
            }
        ],
    }
    return f"""---
{yaml.safe_dump(front, sort_keys=False)}---

# Imported clips

{clips} clips of `{Path(spec).name}`, brought into the columns of microsim-10k by `microsim import`.
Nothing is known of their scale, process and look: those columns are empty.
"""
