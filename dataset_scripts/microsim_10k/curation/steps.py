"""The datatrove steps of `microsim curate`: what reads, checks, words and keeps pieces of video.

Every decision about a piece is one small JSON file in the work folder, written whole, and what is
decided is never decided again: a run that was killed goes on at the piece where it was, with any
number of tasks and with either executor.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from datatrove.data import Document, DocumentsPipeline
from datatrove.pipeline.base import PipelineStep
from loguru import logger

from ..build import BuildError
from ..encode import encode_mp4
from .pieces import Check, Piece, cut_to_length
from .shots import find_shots, read_frames

SAMPLED = 16
"""Frames of a piece that are looked at, evenly spread."""
FRAMES = "frames"
"""Key under which a document carries the frames of its piece, never written."""


def write_whole(path: Path, content: bytes) -> None:
    """Write a file under a hidden name, then rename it."""
    hidden = path.with_name(f".{path.name}.{os.getpid()}")
    hidden.write_bytes(content)
    hidden.rename(path)


def write_json(path: Path, value: Any) -> None:
    """As `write_whole`, for plain values."""
    write_whole(path, json.dumps(value, ensure_ascii=False).encode())


class FindPieces(PipelineStep):
    """Yields the undecided pieces of this task's videos, in order, each with its frames."""

    name = "find pieces"
    type = "READER"

    def __init__(
        self,
        folder: str,
        videos: list[str],
        work: str,
        shortest_s: float,
        longest_s: float,
        quiet: bool,
    ) -> None:
        """`quiet` keeps datatrove's log, tracebacks and all, out of a terminal."""
        super().__init__()
        self.quiet = quiet
        self.folder, self.videos, self.work = folder, videos, work
        self.shortest_s, self.longest_s = shortest_s, longest_s

    def run(
        self, data: DocumentsPipeline = None, rank: int = 0, world_size: int = 1
    ) -> DocumentsPipeline:
        """One document for each undecided piece; videos are dealt to the tasks in turn."""
        if self.quiet:
            logger.disable("datatrove")
        for video in self.videos[rank::world_size]:
            try:
                yield from self._pieces(video)
            except BuildError as error:
                name = Piece(video, "", 0, 0, 1).piece_id
                write_json(Path(self.work) / "broken" / f"{name}.json", str(error))

    def _pieces(self, video: str) -> Iterator[Document]:
        work, path = Path(self.work), Path(self.folder) / video
        pieces = self._cut(work, path, video)
        left = []
        for piece in pieces:
            if piece.seconds < self.shortest_s:
                decide(self.work, asdict(piece), "too short", {"seconds": piece.seconds})
            elif not (work / "decided" / f"{piece.piece_id}.json").exists():
                left.append(piece)
        frames = enumerate(read_frames(path))
        for piece in left:
            shown = []
            for number, frame in frames:
                if number >= piece.start:
                    shown.append(frame)
                if number == piece.end - 1:
                    break
            if shown:
                metadata = {"piece": asdict(piece), "scores": {}, FRAMES: np.stack(shown)}
                yield Document(text="", id=piece.piece_id, metadata=metadata)

    def _cut(self, work: Path, path: Path, video: str) -> list[Piece]:
        """Pieces of a video, found once."""
        title = path.stem.replace("_", " ").replace("-", " ").strip()
        known = work / "shots" / f"{Piece(video, '', 0, 0, 1).piece_id}.json"
        if not known.exists():
            shots, fps = find_shots(path)
            write_json(
                known, [asdict(p) for p in cut_to_length(video, title, shots, fps, self.longest_s)]
            )
        return [Piece(**row) for row in json.loads(known.read_text(encoding="utf-8"))]


class Keep(PipelineStep):
    """Lets through the pieces that pass one check, and writes down why the others go."""

    type = "FILTER"

    def __init__(self, check: Check, work: str) -> None:
        super().__init__()
        self.name = check.name
        self.check, self.work = check, work

    def run(self, data: DocumentsPipeline, rank: int = 0, world_size: int = 1) -> DocumentsPipeline:
        """Each document that passes, with its score."""
        for document in data:
            found = document.metadata
            frames = found[FRAMES]
            chosen = np.linspace(0, len(frames) - 1, min(SAMPLED, len(frames))).round().astype(int)
            value = self.check.measure(frames[chosen])
            found["scores"][self.check.name] = value
            if self.check.passes(value):
                self.stat_update("kept")
                yield document
            else:
                self.stat_update("dropped")
                decide(self.work, found["piece"], self.check.name, found["scores"])


class Write(PipelineStep):
    """Encodes what is left and notes it as kept."""

    name = "write"
    type = "WRITER"

    def __init__(self, work: str) -> None:
        super().__init__()
        self.work = work

    def run(self, data: DocumentsPipeline, rank: int = 0, world_size: int = 1) -> DocumentsPipeline:
        """Yields every document after its clip is on disk."""
        for document in data:
            found = document.metadata
            mp4 = encode_mp4(found[FRAMES], round(found["piece"]["fps"]))
            write_whole(Path(self.work) / "clips" / f"{document.id}.mp4", mp4)
            decide(self.work, found["piece"], "", found["scores"], document.text)
            yield document


def decide(
    work: str, piece: dict[str, Any], dropped: str, scores: dict[str, float], caption: str = ""
) -> None:
    """Write down what became of a piece: `dropped` names the stage at which it went, "" if kept."""
    told = {"piece": piece, "dropped": dropped, "scores": scores, "caption": caption}
    name = f"{Piece(**piece).piece_id}.json"
    path = Path(work) / "decided" / name
    if not path.exists():
        write_json(path, told)
