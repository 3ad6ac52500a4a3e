"""`microsim curate`: the pipeline, run by datatrove's local or Slurm executor."""

from __future__ import annotations

import shutil
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..build import BuildError
from .captions import Caption
from .pieces import Check, picture_checks
from .shots import find_videos
from .steps import FindPieces, Keep, Write, write_json
from .texts import burnt_in_letters

FOLDERS = ("shots", "decided", "clips", "broken", "logs")


@dataclass(frozen=True)
class Request:
    """The arguments that decide what is kept."""

    videos: str
    min_seconds: float
    max_seconds: float
    min_motion: float
    min_sharpness: float
    license: str
    caption: str | None = None
    base_url: str | None = None


def curate(request: Request, out: Path, executor: str, tasks: int, slurm: dict[str, Any]) -> str:
    """Make the data set folder `out` from a folder of videos; returns a line that sums up.

    Work goes on in `.NAME.partial` beside `out`, where a killed run left it. Raises `BuildError`.
    """
    folder = Path(request.videos)
    videos = find_videos(folder)
    if out.exists():
        raise BuildError(f"{out} exists already: choose another --out")
    work = out.absolute().parent / f".{out.name}.partial"
    for name in FOLDERS:
        (work / name).mkdir(parents=True, exist_ok=True)
    _check_same(work / "request.json", {**asdict(request), "found": videos})
    checks = (
        *picture_checks(request.min_motion, request.min_sharpness),
        Check("burnt-in text", burnt_in_letters, high=0),
    )
    look = [
        FindPieces(
            str(folder.absolute()),
            videos,
            str(work),
            request.min_seconds,
            request.max_seconds,
            quiet=executor == "local",
        ),
        *(Keep(check, str(work)) for check in checks),
        *([Caption(request.caption, request.base_url)] if request.caption else []),
        Write(str(work)),
    ]
    from .finish import Assemble

    stages = ["too short", *(check.name for check in checks)]
    finish = [Assemble(str(work), stages, request.license)]
    if executor == "slurm":
        return _submit(look, finish, work, tasks, slurm)
    with _bar(work):
        _run_here(look, finish, work, tasks)
    if not any((work / "shots").glob("[!.]*.json")):
        shutil.rmtree(work)
        raise BuildError(f"{folder}: none of its {len(videos)} videos can be read")
    (work / "assembled").rename(out)
    shutil.rmtree(work)
    return _summary(out)


def _check_same(path: Path, told: dict[str, Any]) -> None:
    """Refuse to go on with what was begun with other arguments."""
    import json

    if path.exists() and json.loads(path.read_text(encoding="utf-8")) != told:
        raise BuildError(
            f"{path.parent} holds a run with other videos or arguments: remove it, or choose "
            "another --out"
        )
    write_json(path, told)


def _run_here(look: list[Any], finish: list[Any], work: Path, tasks: int) -> None:
    from datatrove.executor.local import LocalPipelineExecutor
    from loguru import logger

    logger.disable("datatrove")  # it would talk over the progress bar
    # Which pieces are done is known from the work folder, so no task is ever skipped by its number.
    LocalPipelineExecutor(
        look, tasks=tasks, logging_dir=str(work / "logs" / "look"), skip_completed=False
    ).run()
    shutil.rmtree(work / "assembled", ignore_errors=True)
    LocalPipelineExecutor(
        finish, tasks=1, logging_dir=str(work / "logs" / "finish"), skip_completed=False
    ).run()


def _submit(
    look: list[Any], finish: list[Any], work: Path, tasks: int, slurm: dict[str, Any]
) -> str:
    from datatrove.executor.slurm import SlurmPipelineExecutor

    if shutil.which("sbatch") is None:
        raise BuildError("executor: slurm needs `sbatch`, which this machine has not")
    first = SlurmPipelineExecutor(
        look,
        tasks=tasks,
        job_name="microsim-look",
        logging_dir=str(work / "logs" / "look"),
        skip_completed=False,
        **slurm,
    )
    last = SlurmPipelineExecutor(
        finish,
        tasks=1,
        job_name="microsim-finish",
        logging_dir=str(work / "logs" / "finish"),
        depends=first,
        skip_completed=False,
        **slurm,
    )
    last.run()
    return f"submitted; when both jobs are done, the data set lies in {work / 'assembled'}"


@contextmanager
def _bar(work: Path) -> Iterator[None]:
    """A progress bar that counts the decisions in the work folder."""
    import json

    from tqdm import tqdm

    done = threading.Event()

    def watch() -> None:
        with tqdm(unit="piece", desc=work.name[1:-8], leave=False, file=sys.stderr) as bar:
            while not done.wait(0.5):
                found = list((work / "shots").glob("[!.]*.json"))
                bar.total = sum(len(json.loads(p.read_text(encoding="utf-8"))) for p in found)
                bar.n = len(list((work / "decided").glob("[!.]*.json")))
                bar.refresh()

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _summary(out: Path) -> str:
    import json

    told = json.loads((out / "funnel.json").read_text(encoding="utf-8"))
    steps = " → ".join(f"{row['left']} {row['stage']}" for row in told["funnel"])
    broken = f"; unreadable: {', '.join(told['broken'])}" if told["broken"] else ""
    return f"{out}: {steps}{broken}"
