"""The audit: planted duplicates are found, other clips of the same worlds are not."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from datasets import load_dataset
from hypothesis import given
from hypothesis import strategies as st

from dataset_scripts.microsim_10k.audit import Item, find_matches, shingles
from dataset_scripts.microsim_10k.encode import decode_mp4, encode_mp4
from dataset_scripts.microsim_10k.fingerprint import FLIPS, alikeness, fingerprint, same

Microsim = Callable[..., tuple[int, str, str]]


def recoded(frames: np.ndarray, crf: int) -> np.ndarray:
    """Frames after one more pass through H.264."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as container:
        options = {"crf": str(crf), "x264-params": "mbtree=0"}  # the same bytes each time
        stream = container.add_stream("libx264", rate=16, options=options)
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = "yuv420p"
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())
    return decode_mp4(buffer.getvalue())


def resized(frames: np.ndarray, size: int) -> np.ndarray:
    return np.stack([cv2.resize(f, (size, size), interpolation=cv2.INTER_AREA) for f in frames])


SIX = "calcium_wave,capillary_flow,chemotaxis,mitosis,thrombosis,vesicle_diffusion"
SMOOTH = "calcium_wave,mitosis"
"""The worlds whose clips are most like each other."""
PLANTS = {
    "re-encoded": lambda f: recoded(f, 30),
    "enlarged": lambda f: resized(f, 160),
    "shrunk": lambda f: resized(f, 48),
    "trimmed": lambda f: f[3:11],
    "mirrored": lambda f: np.ascontiguousarray(f[:, :, ::-1]),
    "upside down": lambda f: np.ascontiguousarray(f[:, ::-1]),
    "all at once": lambda f: recoded(resized(np.ascontiguousarray(f[2:12, :, ::-1]), 96), 28),
}


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, set[tuple[str, str]]]:
    """A training set of 102 clips, a benchmark with some of them in disguise, and the truth."""
    from dataset_scripts.microsim_10k.cli import main

    parent = tmp_path_factory.mktemp("audit")
    train = parent / "train-set"
    order = f"simulate --clips 102 --size 64 --frames 14 --seed 3 --phenomena {SIX} --out {train}"
    assert main(order.split()) == 0
    rows = [
        row
        for split in ("train", "validation", "test")
        for row in load_dataset(str(train), split=split, streaming=True).decode(False)
    ]
    other = parent / "other"
    assert (
        main(
            f"simulate --clips 40 --size 64 --frames 14 --seed 4 --phenomena {SMOOTH} "
            f"--out {other}".split()
        )
        == 0
    )
    fresh = list(load_dataset(str(other), split="train", streaming=True).decode(False))
    bench, pairs = [], set()
    kinds = list(PLANTS)
    for number, row in enumerate(rows[::3]):
        kind = kinds[number % len(kinds)]
        frames = PLANTS[kind](decode_mp4(row["video"]["bytes"]))
        name = f"plant-{number}.mp4"
        (parent / name).write_bytes(encode_mp4(frames, 16))
        bench.append({"id": f"plant-{number}", "video": name, "prompt": f"clip {number} <b>anew"})
        pairs.add((row["clip_id"], f"plant-{number}"))
    for row in fresh:
        name = f"{row['clip_id']}.mp4"
        (parent / name).write_bytes(row["video"]["bytes"])
        bench.append({"id": row["clip_id"], "video": name, "prompt": row["caption"]})
    (parent / "bench.json").write_text(json.dumps(bench))
    return train, parent / "bench.json", pairs


def test_planted_duplicates_are_found_and_nothing_else(
    planted: tuple[Path, Path, set[tuple[str, str]]], tmp_path: Path, microsim: Microsim
) -> None:
    train, bench, pairs = planted
    out, clean = tmp_path / "report.html", tmp_path / "clean"
    code, said, err = microsim("audit", train, bench, "--out", out, "--clean", clean)
    assert code == 0, err
    told = json.loads(out.with_suffix(".json").read_text())
    found = {(m["train"], m["benchmark"]) for m in told["matches"] if m["duplicate"]}
    assert found == pairs
    assert f"{len(pairs)} of 102 training clips" in said
    mirrored = {m["benchmark"]: m["mirrored"] for m in told["matches"] if m["frames"]}
    for _, name in pairs:
        kind = list(PLANTS)[int(name.split("-")[1]) % len(PLANTS)]
        assert (mirrored[name] != "") == (kind in ("mirrored", "upside down", "all at once"))
    page = out.read_text(encoding="utf-8")
    assert page.count("<figure>") == len(pairs) and "data:image/jpeg" in page
    left = load_dataset(str(clean))
    names = [name for split in left.values() for name in split["clip_id"]]
    assert set(names) == set(told["clean"]) and len(names) == 102 - len(pairs)
    assert not set(names) & {name for name, _ in pairs}


def test_sources_and_words_decide_where_they_should() -> None:
    frames = np.random.default_rng(0).integers(0, 255, (8, 64, 64, 3), dtype=np.uint8)
    seen = fingerprint(frames, 16)
    other = fingerprint(np.ascontiguousarray(frames[:, ::-1, :, ::-1][:, :, :32]), 16)
    text = "a cell divides along a vertical axis and two daughter cells form one above the other"
    train = [Item("a", "film-1", "x", seen), Item("b", "", text, other), Item("c", "", text, None)]
    found = {
        (m.train, m.bench): m
        for m in find_matches(
            train,
            [
                Item("1", "film-1", "y", None),
                Item("2", "", text.replace("A cell", "one cell").upper(), None),
                Item("3", "", text, seen),
            ],
        )
    }
    assert found["a", "1"].duplicate and found["a", "1"].source
    assert found["b", "2"].duplicate and found["c", "2"].duplicate
    assert found["a", "3"].duplicate and found["a", "3"].frames
    assert not found["b", "3"].duplicate, "same words, other frames"
    assert found["c", "3"].duplicate, "same words, and no frames to tell them apart"


@given(st.text(max_size=80), st.text(max_size=80))
def test_shingles_are_runs_of_words(one: str, other: str) -> None:
    assert shingles(one) == shingles(f"  {one.upper().lower()}!? ") or one != one.upper().lower()
    assert shingles("") == set()
    assert shingles("a b c d") == {"a b c", "b c d"} and shingles("A, b") == {"a b"}


def test_a_clip_is_like_itself_in_every_orientation() -> None:
    rng = np.random.default_rng(1)
    frames = np.cumsum(rng.normal(0, 30, (9, 16, 16, 3)), axis=0) + 128
    frames = resized(np.clip(frames, 0, 255).astype(np.uint8), 64)
    found = fingerprint(frames, 16)
    assert alikeness(found, found) == pytest.approx((1, 1, 0), abs=1e-4)
    for flip in FLIPS[1:]:
        assert not same(found.flipped(flip), found)
        assert same(found.flipped(flip).flipped(flip), found)


@pytest.mark.parametrize(
    ("train", "wrong"),
    [("missing/folder", "missing/folder"), ("broken.json", "not a JSON"), ("x.json", "no video")],
)
def test_what_cannot_be_read_is_named(
    train: str, wrong: str, tmp_path: Path, microsim: Microsim, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("broken.json").write_text("{")
    Path("x.json").write_text(json.dumps([{"id": "1", "video": "gone.mp4", "prompt": "p"}]))
    Path("ok.json").write_text(json.dumps([{"id": "2", "prompt": "p"}]))
    code, _, err = microsim("audit", train, "ok.json", "--out", "r.html")
    assert code == 2 and wrong in err and "Traceback" not in err
    assert not Path("r.html").exists()
