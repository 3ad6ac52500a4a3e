"""A finished folder, read the way people read it."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from datasets import Video, load_dataset

from dataset_scripts.microsim_10k.encode import decode_mp4
from dataset_scripts.microsim_10k.plan import Request, plan_clip
from dataset_scripts.microsim_10k.rows import clip_row, truth_row
from dataset_scripts.microsim_10k.schema import CLIP_FEATURES, TRUTH_FEATURES, part_schema
from dataset_scripts.simulator import PHENOMENA, STYLES, simulate_clip
from dataset_scripts.simulator.core import Choice, Range

REQUEST = Request(60, 64, 5, 7, "phenomena", tuple((n,) for n in PHENOMENA), tuple(STYLES))


def front_matter(folder: Path) -> dict:
    return yaml.safe_load((folder / "README.md").read_text(encoding="utf-8").split("---\n")[1])


@pytest.fixture
def parent(small_set: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(small_set.parent)
    return small_set.parent


def test_default_configuration_has_the_planned_rows_with_decoded_video(parent: Path) -> None:
    data = load_dataset("microsim-10k")
    assert {split: len(rows) for split, rows in data.items()} == {
        "train": 48,
        "validation": 6,
        "test": 6,
    }
    plans = {p.clip_id: p for p in (plan_clip(REQUEST, i) for i in range(60))}
    raw = data.cast_column("video", Video(decode=False))
    for split, rows in data.items():
        assert rows.features == CLIP_FEATURES
        for row, bare in zip(rows, raw[split], strict=True):
            plan = plans.pop(row["clip_id"])
            assert (split, row["phenomenon"], row["style"], row["seed"]) == (
                plan.split, plan.phenomenon, plan.style, plan.seed,
            )  # fmt: skip
            assert tuple(row["video"][:].shape) == (5, 3, 64, 64)
            # torchcodec and PyAV round the colour conversion differently, by a few grey levels.
            seen = row["video"][:].numpy().transpose(0, 2, 3, 1).astype(int)
            assert np.abs(seen - decode_mp4(bare["video"]["bytes"], 5)).mean() < 2
    assert not plans


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_rows_say_what_the_simulator_did(parent: Path, split: str) -> None:
    row = load_dataset("microsim-10k", split=split)[1]
    clip = simulate_clip(
        row["phenomenon"],
        size=64,
        num_frames=5,
        seed=row["seed"],
        style=row["style"],
        regime=row["held_out"] or "train",
    )
    assert row["caption"] == clip.caption and row["prompts"] == clip.prompts
    shown = row["video"][:].numpy().transpose(0, 2, 3, 1).astype(float)
    assert np.abs(shown - clip.frames).mean() < 8
    assert row["playback"] == pytest.approx(row["fps"] * row["s_per_frame"])
    assert row["um_per_px"] == pytest.approx(row["field_of_view_um"] / 64)
    for spec, entry in zip(clip.specs, row["parameters"], strict=True):
        assert entry["name"] == spec.name
        if isinstance(spec, Range):
            assert spec.low <= entry["value"] <= spec.high and entry["unit"] == spec.unit
            assert entry["label"] is None
        else:
            assert isinstance(spec, Choice) and entry["value"] is None
            assert entry["label"] in spec.options


def test_truth_configuration_joins_row_by_row(parent: Path) -> None:
    clips, truth = load_dataset("microsim-10k"), load_dataset("microsim-10k", "truth")
    assert list(truth) == list(clips)
    tracked = 0
    for split, rows in truth.items():
        assert rows.features == TRUTH_FEATURES
        assert rows["clip_id"][:] == clips[split]["clip_id"][:]
        for row in rows:
            assert len({len(column) for column in row["tracks"].values()}) == 1
            assert all(0 <= frame < 5 for frame in row["tracks"]["frame"])
            assert all(len(series["values"]) == 5 for series in row["series"])
            tracked += len(row["tracks"]["frame"])
    assert tracked > 60


@pytest.mark.parametrize("config", ["default", "truth"])
def test_streaming_gives_the_same_rows(parent: Path, config: str) -> None:
    local = load_dataset("microsim-10k", config)
    streamed = load_dataset("microsim-10k", config, streaming=True)
    for split, rows in streamed.items():
        assert rows.features == local[split].features
        assert [row["clip_id"] for row in rows] == local[split]["clip_id"][:]
    first = next(iter(streamed["train"]))
    if config == "default":
        assert tuple(first["video"][0].shape) == (3, 64, 64)


def test_the_card_tells_the_figures_of_the_data(small_set: Path) -> None:
    front = front_matter(small_set)
    assert front["license"] == "apache-2.0" and front["task_categories"] == ["text-to-video"]
    assert front["size_categories"] == ["n<1K"]
    for info in front["dataset_info"]:
        sizes = {split["name"]: split["num_examples"] for split in info["splits"]}
        assert sizes == {"train": 48, "validation": 6, "test": 6}
    text = (small_set / "README.md").read_text(encoding="utf-8")
    assert text.count("sha256:") == 2 and "$" not in text.replace("$\n", "")
    rows = [
        (split, row["phenomenon"], row["style"])
        for split in ("train", "validation", "test")
        for path in small_set.glob(f"data/{split}-*.parquet")
        for row in pq.read_table(path, columns=["phenomenon", "style"]).to_pylist()
    ]
    looks = Counter(row[1:] for row in rows)
    for name in PHENOMENA:
        counts = [looks[name, style] for style in STYLES]
        assert f"| `{name}` | {' | '.join(map(str, counts))} | {sum(counts)} |" in text


def test_every_config_carries_the_hash_of_its_own_shards(small_set: Path) -> None:
    for config, folder in zip(front_matter(small_set)["configs"], ("data", "truth"), strict=True):
        digest = hashlib.sha256()
        for split in ("train", "validation", "test"):
            for path in sorted((small_set / folder).glob(f"{split}-*")):
                content = hashlib.sha256(path.read_bytes()).hexdigest()
                digest.update(f"{content} {path.name}\n".encode())
        assert config["description"] == f"sha256:{digest.hexdigest()}"


def test_no_column_is_ever_null_typed() -> None:
    def types(kind: pa.DataType) -> list[pa.DataType]:
        inner = [kind.field(i).type for i in range(kind.num_fields)]
        return [kind, *(t for child in inner for t in types(child))]

    clip = simulate_clip("capillary_flow", size=64, num_frames=2, seed=1)
    clip.truth.tracks, clip.truth.events, clip.truth.series = [], [], {}
    row = {**clip_row(clip, "a", b"mp4"), **truth_row(clip, "a")}
    assert set(row) == {*CLIP_FEATURES, *TRUTH_FEATURES}
    table = pa.Table.from_pylist([row], schema=part_schema())
    assert not any(pa.types.is_null(t) for column in table.schema for t in types(column.type))
    assert table.to_pylist()[0]["tracks"]["frame"] == []


def test_row_groups_stay_small_and_video_is_stored_as_it_is(flow_set: Path) -> None:
    path = flow_set / "data" / "train-00000-of-00001.parquet"
    meta = pq.ParquetFile(path).metadata
    assert [meta.row_group(i).num_rows for i in range(meta.num_row_groups)] == [100, 92]
    columns = [meta.row_group(0).column(i) for i in range(meta.num_columns)]
    video = next(c for c in columns if c.path_in_schema == "video.bytes")
    assert video.compression == "UNCOMPRESSED"
    record = json.loads((flow_set / "simulate.json").read_text())
    assert record["files"]["data/train-00000-of-00001.parquet"] == path.stat().st_size
