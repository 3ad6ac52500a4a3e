"""`microsim curate` on a film spliced from simulated clips with known cuts and known faults."""

from __future__ import annotations

import csv
import json
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from datasets import load_dataset
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont

from dataset_scripts.microsim_10k.curation import pieces
from dataset_scripts.microsim_10k.curation.pieces import cut_to_length
from dataset_scripts.simulator import STYLES, simulate_clip

Microsim = Callable[..., tuple[int, str, str]]
WORLDS = ("capillary_flow", "mitosis", "thrombosis", "calcium_wave", "chemotaxis")
FPS, FRAMES, SIZE = 16, 24, 160
KINDS = ("good", "bars", "words", "good", "still", "pillars", "good", "again", "good")


def faulty(kind: str, frames: np.ndarray) -> np.ndarray:
    """The clip with one fault."""
    frames = frames.copy()
    if kind == "bars":
        frames[:, :20], frames[:, -20:] = 0, 0
    elif kind == "pillars":
        frames[:, :, :14], frames[:, :, -14:] = 0, 0
    elif kind == "still":
        frames[:] = frames[4]
    elif kind == "words":
        for i, frame in enumerate(frames):
            picture = Image.fromarray(frame)
            ImageDraw.Draw(picture).text(
                (8, SIZE - 24), "Cells at work", fill="white", stroke_width=1, stroke_fill="black",
                font=ImageFont.load_default(14),
            )  # fmt: skip
            frames[i] = np.asarray(picture)
    return frames


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two films; film i holds the pieces of KINDS in this order."""
    folder = tmp_path_factory.mktemp("films")
    (folder / "more").mkdir()
    for film, path in enumerate((folder / "cells at work.mp4", folder / "more" / "b.mkv")):
        with av.open(str(path), "w") as container:
            stream = container.add_stream("libx264", rate=FPS, options={"crf": "23"})
            stream.width = stream.height = SIZE
            stream.pix_fmt = "yuv420p"
            first = None
            for number, kind in enumerate(KINDS):
                clip = simulate_clip(
                    WORLDS[(number + film) % 5], size=SIZE, num_frames=FRAMES,
                    seed=100 * film + number, style=STYLES[(number + 2 * film) % 3],
                )  # fmt: skip
                first = clip.frames if first is None else first
                shown = first[:, :, ::-1] if kind == "again" else faulty(kind, clip.frames)
                for frame in shown:
                    picture = av.VideoFrame.from_ndarray(
                        np.ascontiguousarray(frame), format="rgb24"
                    )
                    container.mux(stream.encode(picture))
            container.mux(stream.encode())
    (folder / "broken.mp4").write_bytes(b"no video")
    return folder


@pytest.fixture(scope="module")
def curated(films: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from dataset_scripts.microsim_10k.cli import main

    out = tmp_path_factory.mktemp("curated") / "clips"
    assert main(["curate", str(films), "--out", str(out), "--tasks", "1"]) == 0
    return out


def told(folder: Path) -> dict:
    return json.loads((folder / "funnel.json").read_text(encoding="utf-8"))


def test_cuts_are_found_and_faults_are_dropped(curated: Path) -> None:
    found = told(curated)["pieces"].values()
    for video in ("cells at work.mp4", "more/b.mkv"):
        mine = {t["piece"]["start"]: t["dropped"] for t in found if t["piece"]["video"] == video}
        for number, kind in enumerate(KINDS):
            near = [mine[start] for start in mine if abs(start - number * FRAMES) <= 1]
            assert near, f"the cut at frame {number * FRAMES} of {video} is missed"
            wanted = {
                "bars": "black border", "pillars": "black border", "words": "burnt-in text",
                "still": "still", "again": "near duplicate", "good": "",
            }[kind]  # fmt: skip
            assert near == [wanted], (video, number, kind)


def test_what_is_left_is_a_data_set_with_its_funnel_and_queue(curated: Path) -> None:
    rows = load_dataset(str(curated), split="train")
    kept = [name for name, t in told(curated)["pieces"].items() if not t["dropped"]]
    assert rows["clip_id"] == kept and len(kept) >= 2 * KINDS.count("good")
    assert set(rows["source"]) == {"curated"} and set(rows["review"]) == {"unreviewed"}
    assert set(rows["source_id"]) == {"cells at work.mp4", "more/b.mkv"}
    assert rows[0]["caption"] == "cells at work" and rows[0]["parameters"] == []
    video = rows[0]["video"][:]
    assert video.shape[1:] == (3, SIZE, SIZE) and len(video) == rows[0]["num_frames"]
    funnel = told(curated)["funnel"]
    left = [row["left"] for row in funnel]
    assert left == sorted(left, reverse=True) and left[-1] == len(kept)
    assert funnel[0]["unreadable_videos"] == 1 and told(curated)["broken"]
    page = (curated / "funnel.html").read_text(encoding="utf-8")
    assert "burnt-in text" in page and "near duplicate" in page
    with open(curated / "review.csv", encoding="utf-8", newline="") as file:
        queue = list(csv.DictReader(file))
    assert sorted(row["clip_id"] for row in queue) == sorted(kept)


def test_four_tasks_and_a_kill_give_the_same_rows(
    films: Path, curated: Path, tmp_path: Path
) -> None:
    out = tmp_path / "clips"
    command = [sys.executable, "-m", "dataset_scripts.microsim_10k.cli", "curate", str(films)]
    command += ["--out", str(out), "--tasks", "4"]
    decided = tmp_path / ".clips.partial" / "decided"
    root = Path(__file__).parents[3]
    with subprocess.Popen(command, cwd=root, start_new_session=True) as child:
        deadline = time.monotonic() + 240
        while len(list(decided.glob("[!.]*.json"))) < 5 and time.monotonic() < deadline:
            assert child.poll() is None, "finished before it could be killed"
            time.sleep(0.05)
        os.killpg(child.pid, signal.SIGKILL)
    before = {p.name: p.stat().st_mtime_ns for p in decided.glob("[!.]*.json")}
    assert before and not out.exists()
    assert subprocess.run(command, cwd=root, check=False).returncode == 0
    one, other = (load_dataset(str(folder), split="train") for folder in (curated, out))
    for a, b in zip(one.decode(False) if hasattr(one, "decode") else one, other, strict=True):
        assert a["clip_id"] == b["clip_id"]
    assert told(curated) == told(out)
    again = subprocess.run(command, cwd=root, check=False, capture_output=True, text=True)
    assert again.returncode == 2 and "exists already" in again.stderr


def test_slurm_gets_the_same_steps(films: Path, tmp_path: Path, microsim: Microsim) -> None:
    code, _, err = microsim("curate", films, "--out", tmp_path / "x", "--executor", "slurm")
    assert code == 2 and "sbatch" in err
    # A stand-in for the scheduler that notes what it is given.
    folder = tmp_path / "bin"
    folder.mkdir()
    fake = folder / "sbatch"
    fake.write_text(f'#!/bin/sh\ncat "$@" >> {tmp_path}/scripts\necho Submitted batch job 7\n')
    fake.chmod(fake.stat().st_mode | stat.S_IXUSR)
    done = subprocess.run(
        [sys.executable, "-m", "dataset_scripts.microsim_10k.cli", "curate", str(films), "--out",
         str(tmp_path / "y"), "--executor", "slurm", "--tasks", "3", "--partition", "cells"],
        cwd=Path(__file__).parents[3], check=False, capture_output=True, text=True,
        env={**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "submitted" in done.stdout
    scripts = (tmp_path / "scripts").read_text()
    assert "cells" in scripts and scripts.count("#!/bin/bash") == 2


def test_a_model_words_the_clips(
    films: Path, tmp_path: Path, microsim: Microsim, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[dict] = []

    class Server(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            answer = {"id": "1", "object": "chat.completion", "created": 0, "model": "eye"}
            said = {"role": "assistant", "content": f" Cells,\nclip {len(asked)}. "}
            answer["choices"] = [{"index": 0, "finish_reason": "stop", "message": said}]
            body = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    one = tmp_path / "one"
    (one / "more").mkdir(parents=True)
    (one / "b.mkv").write_bytes((films / "more" / "b.mkv").read_bytes())
    url = f"http://127.0.0.1:{server.server_port}/v1"
    command = ["curate", one, "--out", tmp_path / "x", "--tasks", 2, "--caption", "eye"]
    code, _, err = microsim(*command, "--base-url", url)
    server.shutdown()
    server.server_close()
    assert code == 0, err
    rows = load_dataset(str(tmp_path / "x"), split="train")
    assert all(caption.startswith("Cells, clip ") for caption in rows["caption"])
    question, *pictures = asked[0]["messages"][0]["content"]
    assert "'b'" in question["text"] and len(pictures) == 8
    # No server any more: one line, and what was done is kept.
    command[3] = tmp_path / "y"
    code, _, err = microsim(*command, "--base-url", url)
    assert code == 2 and "caption: eye" in err and "Traceback" not in err
    assert not (tmp_path / "y").exists() and (tmp_path / ".y.partial").exists()


def test_bad_folders_are_named(tmp_path: Path, microsim: Microsim) -> None:
    for folder, words in ((tmp_path / "none", "expected a folder"), (tmp_path, "no videos")):
        code, _, err = microsim("curate", folder, "--out", tmp_path / "out")
        assert code == 2 and words in err and "Traceback" not in err
        assert not (tmp_path / "out").exists()


def test_a_folder_without_a_readable_video_is_refused(tmp_path: Path, microsim: Microsim) -> None:
    (tmp_path / "a.mp4").write_bytes(b"nothing")
    code, _, err = microsim("curate", tmp_path, "--out", tmp_path / "out", "--tasks", 1)
    assert code == 2 and "none of its 1 videos can be read" in err
    assert not (tmp_path / "out").exists() and not (tmp_path / ".out.partial").exists()


def test_paths_with_the_same_plain_letters_keep_their_own_pieces() -> None:
    names = {pieces.Piece(v, "", 0, 9, 1).piece_id for v in ("a/b.mp4", "a_b.mp4", "a b.mp4")}
    assert len(names) == 3 and not any(set(name) & set("/ .") for name in names)


@given(st.integers(1, 2000), st.floats(1, 60), st.floats(0.5, 20))
def test_pieces_cover_a_shot_and_are_short_enough(length: int, fps: float, longest: float) -> None:
    found = cut_to_length("a.mp4", "a", [(7, 7 + length)], fps, longest)
    assert found[0].start == 7 and found[-1].end == 7 + length
    assert all(a.end == b.start for a, b in pairwise(found))
    assert all(p.seconds <= longest + 1 / fps for p in found)


def test_a_dark_ground_is_no_border() -> None:
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:96, :96]
    disc = (np.hypot(y - 48, x - 48) < 30)[..., None] * 200
    frames = np.repeat((disc + np.zeros((1, 96, 96, 3))).astype(np.uint8), 6, axis=0)
    assert pieces.black_border(frames) == 0
    noisy = np.clip(frames + rng.normal(20, 3, frames.shape), 0, 255).astype(np.uint8)
    noisy[:, :9] = 0
    assert pieces.black_border(noisy) == pytest.approx(9 / 96)
