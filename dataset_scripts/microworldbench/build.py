"""Writes the Hub folder of the benchmark: one Parquet file per edition, and the card.

The folder is made whole beside the output, in `.NAME.partial`, and renamed into place, so the
output is either the old one or the complete new one.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from .card import write_card
from .rubric import Row, RubricError, check_edition, rows_of_file
from .schema import EDITIONS, TASK_FEATURES

ROOM = Path(__file__).parent
VERSION = (ROOM / "VERSION").read_text(encoding="utf-8").strip()
"""Version of the data set; every row carries it."""


def parquet_name(edition: str) -> str:
    """Where an edition lies inside the Hub folder."""
    return f"{edition}/test-00000-of-00001.parquet"


def open_edition(folder: Path = ROOM / "open") -> list[Row]:
    """The rows of edition `open`, read from `folder`'s YAML files and checked.

    Raises `RubricError` naming file, task and key of the first broken rule.
    """
    rows: list[Row] = []
    for path in sorted(folder.glob("*.yaml")):
        try:
            data = yaml.safe_load(path.read_text(encoding="utf-8"))
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            reason = " ".join(str(error).split())
            raise RubricError(f"{path}: expected YAML: {reason}") from None
        rows += rows_of_file(data, str(path))
    if not rows:
        raise RubricError(f"{folder}: expected one YAML file per phenomenon, found none")
    check_edition(rows)
    return rows


def existing_editions(out: Path) -> dict[str, list[Row]]:
    """The editions in a folder that this command wrote; empty if there is no folder.

    Raises `RubricError` if something else lies at `out`.
    """
    saved = _work(out) / "old"
    if saved.exists() and not out.exists():
        saved.rename(out)  # a run was killed between its two last renames
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return {}
    found = {name: out / parquet_name(name) for name in EDITIONS}
    found = {name: path for name, path in found.items() if path.is_file()}
    if not out.is_dir() or not found or not (out / "README.md").is_file():
        raise RubricError(f"{out} exists and was not made by this command: choose another --out")
    try:
        return {name: pq.read_table(path).to_pylist() for name, path in found.items()}
    except (OSError, pa.ArrowException) as error:
        reason = str(error).splitlines()[0]
        raise RubricError(f"{out} is damaged ({reason}): remove it and run again") from None


def write_folder(out: Path, editions: Mapping[str, Sequence[Row]]) -> None:
    """Write the Hub folder with these editions at `out`, replacing what this command wrote there.

    Raises `OSError` if the disk does not take it; then `out` is as it was.
    """
    work = _work(out)
    shutil.rmtree(work, ignore_errors=True)
    fresh = work / "new"
    tables = {name: as_table(editions[name]) for name in EDITIONS if name in editions}
    try:
        for name, table in tables.items():
            path = fresh / parquet_name(name)
            path.parent.mkdir(parents=True)
            pq.write_table(table, path)
        write_card(fresh, {name: table.to_pylist() for name, table in tables.items()}, VERSION)
        if out.exists():
            out.rename(work / "old")
        fresh.rename(out)
    finally:
        if (work / "old").exists() and not out.exists():
            (work / "old").rename(out)
        shutil.rmtree(work, ignore_errors=True)


def _work(out: Path) -> Path:
    return out.parent / f".{out.name}.partial"


def as_table(rows: Sequence[Row]) -> pa.Table:
    """Rows as an Arrow table of `TASK_FEATURES`, stamped with the version."""
    blank: dict[str, Any] = {**dict.fromkeys(TASK_FEATURES), "source_video": "", "parameters": []}
    listed = [{**blank, **row, "version": VERSION} for row in rows]
    schema = TASK_FEATURES.arrow_schema.with_metadata(
        {"huggingface": json.dumps({"info": {"features": TASK_FEATURES.to_dict()}})}
    )
    return pa.Table.from_pylist(listed, schema=schema)
