"""The data set card: what the Hub needs to know as YAML, and prose with figures from the rows."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from string import Template
from typing import Any

import yaml

from .rubric import DIMENSIONS, LEVELS, Row, always_met
from .schema import EDITIONS, TASK_FEATURES

LICENSE = "apache-2.0"
"""Of edition `open`; the authors of `iclr2026` state none for their files."""


def write_card(folder: Path, editions: Mapping[str, Sequence[Row]], version: str) -> None:
    """Write `folder`/README.md for the editions that lie in it."""
    front = yaml.safe_dump(_front_matter(editions), sort_keys=False, allow_unicode=True, width=100)
    text = Template(Path(__file__).with_name("card.md").read_text(encoding="utf-8"))
    imported = _imported(editions["iclr2026"]) if "iclr2026" in editions else ""
    prose = text.substitute(
        _figures(editions.get("open", [])),
        version=version,
        imported=imported,
        calibration=_calibration(Path(__file__).with_name("calibration.md")),
    )
    (folder / "README.md").write_text(f"---\n{front}---\n\n{prose}", encoding="utf-8")


def _front_matter(editions: Mapping[str, Sequence[Row]]) -> dict[str, Any]:
    names = [name for name in EDITIONS if name in editions]
    features = TASK_FEATURES._to_yaml_list()
    return {
        "pretty_name": "MicroWorldBench",
        "license": "other" if "iclr2026" in editions else LICENSE,
        "language": ["en"],
        "task_categories": ["text-to-video"],
        "size_categories": ["n<1K"],
        "tags": ["benchmark", "rubric", "biology", "medical", "microscopy", "video"],
        "configs": [
            {
                "config_name": name,
                **({"default": True} if name == names[0] else {}),
                # `datasets` keys its cache on this YAML, not on the files: without a hash of the
                # content, a data set made anew would come back as the old rows.
                "description": f"sha256:{_digest(editions[name])}",
                "data_files": [{"split": "test", "path": f"{name}/test-*.parquet"}],
            }
            for name in names
        ],
        "dataset_info": [{"config_name": name, "features": features} for name in names],
    }


def _calibration(path: Path) -> str:
    """What `microworldbench calibrate` wrote, as sections of the card."""
    text = path.read_text(encoding="utf-8").strip()
    return "\n" + "\n".join(f"#{x}" if x.startswith("#") else x for x in text.splitlines()) + "\n"


def _digest(rows: Sequence[Row]) -> str:
    return hashlib.sha256(json.dumps(rows, sort_keys=True).encode()).hexdigest()


def _figures(rows: Sequence[Row]) -> dict[str, Any]:
    criteria = [c for row in rows for c in row["criteria"]]
    worst = max((always_met(_of(row, d)) for row in rows for d in DIMENSIONS), default=0.0)
    reviews = Counter(c["review"] for c in criteria)
    return {
        "tasks": len(rows),
        "phenomena": len({row["phenomenon"] for row in rows}),
        "criteria": len(criteria),
        "per_dimension": ", ".join(
            f"{sum(c['dimension'] == d for c in criteria)} {d}" for d in DIMENSIONS
        ),
        "penalties": sum(c["sign"] < 0 for c in criteria),
        "sourced": sum(bool(c["source"]) for c in criteria),
        "measured": sum(bool(c["measure"]) for c in criteria),
        "unreviewed": reviews["unreviewed"],
        "verified": reviews["verified"],
        "always_met": f"{worst:.0f}",
        "table": _table(rows),
    }


def _of(row: Row, dimension: str) -> list[dict[str, Any]]:
    return [c for c in row["criteria"] if c["dimension"] == dimension]


def _table(rows: Sequence[Row]) -> str:
    lines = ["| level | phenomenon | tasks | criteria | with a measure |", "|---|---|---|---|---|"]
    names = {(LEVELS.index(row["level"]), row["level"], row["phenomenon"]) for row in rows}
    for _, level, name in sorted(names):
        mine = [row for row in rows if row["phenomenon"] == name]
        criteria = [c for row in mine for c in row["criteria"]]
        measured = sum(bool(c["measure"]) for c in criteria)
        lines.append(f"| {level} | `{name}` | {len(mine)} | {len(criteria)} | {measured} |")
    return "\n".join(lines)


def _imported(rows: Sequence[Row]) -> str:
    criteria = [c for row in rows for c in row["criteria"]]
    levels = Counter(row["level"] for row in rows)
    zero = sum(c["weight"] == 0 for c in criteria)
    spread = ", ".join(f"{levels[level]} {level}" for level in LEVELS)
    return (
        "\n## Edition `iclr2026` in this folder\n\n"
        f"Imported from the authors' files: {len(rows)} tasks ({spread}) and {len(criteria):,} "
        f"criteria, {sum(c['sign'] < 0 for c in criteria)} of them penalties, {zero} of weight 0. "
        "The authors state no licence for these texts: do not publish this folder.\n"
    )
