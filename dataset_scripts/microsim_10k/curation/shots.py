"""Where one shot ends and the next begins, and the frames of a video in order."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from scenedetect import AdaptiveDetector, HashDetector, SceneManager, open_video

from ..build import BuildError

SIDE = 512
"""Larger pictures are shrunk to this on their longer side, px."""
ENDINGS = (".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4v")


def find_videos(folder: Path) -> list[str]:
    """Paths of all videos below `folder`, sorted; raises `BuildError` if there are none."""
    if not folder.is_dir():
        raise BuildError(f"{folder}: expected a folder of videos")
    found = [p for p in folder.rglob("*") if p.suffix.lower() in ENDINGS and p.is_file()]
    if not found:
        raise BuildError(f"{folder}: no videos ({', '.join(ENDINGS)})")
    return sorted(p.relative_to(folder).as_posix() for p in found)


def find_shots(path: Path) -> tuple[list[tuple[int, int]], float]:
    """Shots of a video as (first frame, frame after the last), and its frames per second.

    Two detectors of PySceneDetect: one notices a jump in colour that stands out from its
    neighbourhood, the other a change of layout, which dark pictures show better. Raises
    `BuildError` where the file is no video.
    """
    try:
        video = open_video(str(path), backend="pyav")
        manager = SceneManager()
        manager.add_detector(AdaptiveDetector(adaptive_threshold=3.0, min_content_val=6.0))
        manager.add_detector(HashDetector(threshold=0.35))
        manager.detect_scenes(video)
    except Exception as error:  # libraries and codecs raise what they like
        raise BuildError(f"{path}: not a readable video ({_first_line(error)})") from None
    scenes = manager.get_scene_list(start_in_scene=True)
    return [(a.frame_num, b.frame_num) for a, b in scenes], float(video.frame_rate)


def read_frames(path: Path) -> Iterator[np.ndarray]:
    """All frames of a video in order, RGB uint8 (H, W, 3), at most `SIDE` px, sides even.

    Raises `BuildError` where the file turns out to be damaged.
    """
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        for picture in _decoded(container, stream, path):
            height, width = picture.shape[:2]
            scale = min(1.0, SIDE / max(height, width))
            size = (int(width * scale) // 2 * 2, int(height * scale) // 2 * 2)
            if size != (width, height):
                yield cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
            else:
                yield picture


def _decoded(container: Any, stream: Any, path: Path) -> Iterator[np.ndarray]:
    try:
        for frame in container.decode(stream):
            yield frame.to_ndarray(format="rgb24")
    except av.error.FFmpegError as error:
        raise BuildError(f"{path}: damaged ({_first_line(error)})") from None


def _first_line(error: Exception) -> str:
    return " ".join(str(error).split())[:120] or type(error).__name__
