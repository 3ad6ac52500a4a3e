"""The data set card: what the Hub needs to know as YAML, and prose with figures from the data."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path
from string import Template
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import yaml
from datasets import DatasetInfo, Features, SplitDict, SplitInfo

from dataset_scripts.simulator.core import LEVELS, STYLES
from dataset_scripts.simulator.phenomena import load

from .assemble import Shards
from .encode import CRF
from .plan import SPLITS, Request
from .rows import LICENSE
from .schema import CONFIGS

SHEET = "contact-sheet.png"
"""The picture that the card shows, beside it."""

_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (10**6, "100K<n<1M"))


def write_card(folder: Path, shards: dict[str, dict[str, Shards]], request: Request) -> None:
    """Write `folder`/README.md for `shards`, config name → split → shards."""
    table = _facts(shards["default"])
    front = front_matter("MicroSim-10K (simulated)", shards, CONFIGS)
    write_prose(folder, front, "card.md", _figures(table, shards, request))


def write_prose(folder: Path, front: dict[str, Any], name: str, figures: dict[str, Any]) -> None:
    """Write `folder`/README.md: `front` as YAML, and the template `name` with its `figures`."""
    head = yaml.safe_dump(front, sort_keys=False, allow_unicode=True, width=100)
    text = Template(Path(__file__).with_name(name).read_text(encoding="utf-8"))
    prose = text.substitute(figures)
    (folder / "README.md").write_text(f"---\n{head}---\n\n{prose}", encoding="utf-8")


def _facts(shards: dict[str, Shards]) -> pa.Table:
    columns = ["level", "phenomenon", "style", "num_frames", "fps"]
    tables = []
    for split, found in shards.items():
        for path in found.paths:
            table = pq.read_table(path, columns=columns)
            tables.append(table.append_column("split", pa.array([split] * len(table), pa.string())))
    return pa.concat_tables(tables)


def front_matter(
    title: str, shards: dict[str, dict[str, Shards]], configs: dict[str, tuple[str, Features]]
) -> dict[str, Any]:
    """What the Hub reads; the first of `configs` is the default one.

    `shards` maps config name → split → shards.
    """
    default = next(iter(shards))
    clips = sum(found.rows for found in shards[default].values())
    return {
        "pretty_name": title,
        "license": LICENSE,
        "language": ["en"],
        "task_categories": ["text-to-video"],
        "size_categories": [next((name for n, name in _SIZES if clips < n), "n>1M")],
        "tags": ["biology", "medical", "microscopy", "simulation", "synthetic", "video"],
        "configs": [
            {
                "config_name": config,
                **({"default": True} if config == default else {}),
                # `datasets` keys its cache on this YAML, not on the files: without a hash of the
                # content, data made anew under the same name would come back as the old rows.
                "description": f"sha256:{_digest(splits)}",
                "data_files": [
                    {"split": split, "path": f"{configs[config][0]}/{split}-*.parquet"}
                    for split in splits
                ],
            }
            for config, splits in shards.items()
        ],
        "dataset_info": [
            {"config_name": config, **_info(configs[config][1], splits)}
            for config, splits in shards.items()
        ],
    }


def _digest(splits: dict[str, Shards]) -> str:
    digest = hashlib.sha256()
    for found in splits.values():
        for path in found.paths:
            with open(path, "rb") as file:
                content = hashlib.file_digest(file, "sha256").hexdigest()
            digest.update(f"{content} {path.name}\n".encode())
    return digest.hexdigest()


def _info(features: Features, splits: dict[str, Shards]) -> dict[str, Any]:
    entries = SplitDict()
    for split, found in splits.items():
        entries.add(SplitInfo(split, num_bytes=found.arrow_bytes, num_examples=found.rows))
    info = DatasetInfo(
        features=features,
        splits=entries,
        download_size=sum(found.file_bytes for found in splits.values()),
        dataset_size=sum(found.arrow_bytes for found in splits.values()),
    )
    return info._to_yaml_dict()


def _figures(
    table: pa.Table, shards: dict[str, dict[str, Shards]], request: Request
) -> dict[str, Any]:
    rows = table.to_pylist()
    seconds = sum(row["num_frames"] / row["fps"] for row in rows)
    size = sum(found.file_bytes for splits in shards.values() for found in splits.values())
    return {
        "clips": f"{len(rows):,}",
        "size": request.size,
        "frames": request.frames,
        "fps": rows[0]["fps"],
        "crf": CRF,
        "license": LICENSE,
        "sheet": SHEET,
        "duration": f"{seconds / 3600:.1f} h" if seconds >= 7200 else f"{seconds / 60:.1f} min",
        "megabytes": f"{size / 1e6:.1f}",
        "tables": f"{_phenomenon_table(rows)}\n\n{_split_table(rows)}",
        "held_out": _held_out_table(request.phenomena),
        "command": command(request),
    }


def _phenomenon_table(rows: list[dict[str, Any]]) -> str:
    """Clips by phenomenon and look."""
    cells = Counter((row["phenomenon"], row["style"]) for row in rows)
    worlds = sorted({(LEVELS.index(row["level"]), row["level"], row["phenomenon"]) for row in rows})
    lines = [["level", "phenomenon", *STYLES, "all"]]
    for _, level, name in worlds:
        counts = [cells[name, style] for style in STYLES]
        lines.append([level, f"`{name}`", *map(str, counts), str(sum(counts))])
    return markdown(lines)


def _held_out_table(phenomena: tuple[str, ...]) -> str:
    """What training never sees of each phenomenon."""
    lines = [["phenomenon", "interval", "combination"]]
    for name in phenomena:
        world = load(name)
        units = {spec.name: getattr(spec, "unit", "") for spec in world.PARAMETERS}
        parts = {world.HELD_OUT.interval[0]: world.HELD_OUT.interval[1:]}
        cells = [
            " and ".join(f"{key} {_span(part, units[key])}" for key, part in found.items())
            for found in (parts, world.HELD_OUT.combination)
        ]
        lines.append([f"`{name}`", *cells])
    return markdown(lines)


def _span(part: Any, unit: str) -> str:
    if isinstance(part, str):
        return part.replace("_", " ")
    return f"{part[0]:g} to {part[1]:g} {unit if unit != '1' else ''}".strip()


def _split_table(rows: list[dict[str, Any]]) -> str:
    """Clips by split and level."""
    cells = Counter((row["split"], row["level"]) for row in rows)
    lines = [["split", *LEVELS, "all"]]
    for split in SPLITS:
        counts = [cells[split, level] for level in LEVELS]
        lines.append([split, *map(str, counts), str(sum(counts))])
    return markdown(lines)


def markdown(lines: list[list[str]]) -> str:
    """A table; the first line is its head."""
    head, *body = lines
    return "\n".join("| " + " | ".join(line) + " |" for line in [head, ["---"] * len(head), *body])


def command(request: Request) -> str:
    """The command line that makes the data set of `request`."""
    return (
        f"microsim simulate --clips {request.clips} --size {request.size} "
        f"--frames {request.frames} --seed {request.seed} "
        f"--phenomena {','.join(request.phenomena)} --styles {','.join(request.styles)} "
        f"--mix {request.mix}"
    )
