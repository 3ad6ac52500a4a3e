"""One run of `microsim simulate` or `microsim probes`: from a job to a finished Hub folder.

Work goes on in a hidden folder beside the output, `.NAME.partial`, which holds the request, the
parts made so far and, at the end, the assembled folder. That is renamed into place as a whole, so
the output either is not there, or is the old one, or is complete.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

from .job import Job
from .parts import is_whole, make_parts


class BuildError(Exception):
    """The data set cannot be made; the message is one line for the user."""


def record_of(job: Job) -> str:
    """File of a finished folder that tells what it was made with."""
    return f"{job.command}.json"


def identity(job: Job) -> dict[str, Any]:
    """What decides the content: the request, and the code and libraries that fulfil it."""
    room = Path(__file__).parent
    sources = [*sorted((room.parent / "simulator").rglob("*.py")), *job.sources()]
    digest = hashlib.sha256()
    for path in sources:
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    libraries = {name: version(name) for name in ("av", "numba", "numpy", "scipy")}
    # Through JSON, so that it compares equal with what is read back.
    return json.loads(
        json.dumps({"request": job.told(), "code": digest.hexdigest(), "libraries": libraries})
    )


def work_folder(out: Path) -> Path:
    """Where an unfinished run of `out` is kept."""
    return out.parent / f".{out.name}.partial"


def check_output(out: Path, job: Job, overwrite: bool) -> bool:
    """Whether `out` is already, whole, what `job` asks for.

    Raises `BuildError` if something else lies there, unless it is a data set of this command and
    `overwrite` allows replacing it.
    """
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return False
    record = _read_json(out / record_of(job))
    if record is None or "identity" not in record:
        raise BuildError(
            f"{out} exists and was not made by microsim {job.command}: choose another --out"
        )
    reason = _difference(record["identity"], identity(job))
    if reason and not overwrite:
        raise BuildError(f"{out} was made {reason}: choose another --out, or add --overwrite")
    damaged = [name for name, size in record["files"].items() if _size(out / name) != size]
    if damaged and not overwrite:
        raise BuildError(
            f"{out / damaged[0]} is missing or damaged: add --overwrite to make {out} anew"
        )
    return not reason and not damaged


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else -1


def build(
    job: Job,
    out: Path,
    workers: int,
    overwrite: bool,
    progress: Callable[[int, int], None],
) -> None:
    """Make the data set that `job` describes at `out`, going on from an earlier run.

    `progress(done, new)` is called with the clips there are and those just made. Raises
    `BuildError`, `SimulatorError` or `OSError`; whatever happens, finished parts are kept.
    """
    work = work_folder(out)
    work.mkdir(parents=True, exist_ok=True)
    with _alone(work, job.command):
        try:
            _open_work(work, job, overwrite)
            _make_parts(job, work / "parts", workers, progress)
            _assemble(job, work)
            if out.exists():
                out.rename(work / "replaced")
            (work / "assembled").rename(out)
            _flush(out.parent)
            shutil.rmtree(work)
        except BaseException:
            if not any(work.glob("parts/*.arrow")):
                shutil.rmtree(work, ignore_errors=True)
            raise


def clear_finished_work(out: Path, job: Job) -> None:
    """Remove what a run that was killed in its last moment left beside the finished `out`."""
    work = work_folder(out)
    if _read_json(work / "identity.json") == identity(job):
        shutil.rmtree(work, ignore_errors=True)


def _open_work(work: Path, job: Job, overwrite: bool) -> None:
    """Make sure that what `work` holds belongs to `job`."""
    record = _read_json(work / "identity.json")
    reason = _difference(record, identity(job)) if record else ""
    if reason and not overwrite:
        raise BuildError(
            f"{work} holds an unfinished run made {reason}: finish that one with its own "
            "arguments, or add --overwrite to discard it"
        )
    for path in work.iterdir():
        keep = {"lock"} if reason or not record else {"lock", "identity.json", "parts"}
        if path.name not in keep:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    (work / "parts").mkdir(exist_ok=True)
    for path in (work / "parts").glob("*.tmp"):
        path.unlink(missing_ok=True)
    _write_json(work / "identity.json", identity(job))


def _make_parts(job: Job, folder: Path, workers: int, progress: Callable[[int, int], None]) -> None:
    wanted = list(job.parts())
    missing = [part for part in wanted if not is_whole(folder / part.name, part)]
    done = job.clips - sum(len(part.clips) for part in missing)
    progress(done, 0)
    workers = max(1, min(workers, len(missing)))
    for part in make_parts(missing, job, job.schema(), folder, workers):
        done += len(part.clips)
        progress(done, len(part.clips))


def _assemble(job: Job, work: Path) -> None:
    folder = work / "assembled"
    folder.mkdir()
    job.assemble(work / "parts", folder)
    files = {
        path.relative_to(folder).as_posix(): path.stat().st_size
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    _write_json(folder / record_of(job), {"identity": identity(job), "files": files})
    for path in [*folder.rglob("*"), folder]:
        _flush(path)


def _difference(made: dict[str, Any], asked: dict[str, Any]) -> str:
    """How two identities differ, in words that follow "made"; empty if they do not."""
    for name, value in asked["request"].items():
        if made["request"].get(name) != value:
            return f"with {name} {_plain(made['request'].get(name))}, not {_plain(value)}"
    if made["code"] != asked["code"]:
        return "by another version of the simulator"
    for name, number in asked["libraries"].items():
        if made["libraries"].get(name) != number:
            return f"with {name} {made['libraries'].get(name)}, not {number}"
    return ""


def _plain(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


@contextlib.contextmanager
def _alone(work: Path, command: str) -> Iterator[None]:
    """Hold the folder's lock; the system drops it when the process ends, however it ends."""
    with open(work / "lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BuildError(f"another microsim {command} is at work in {work}") from None
        yield


def _read_json(path: Path) -> dict[str, Any] | None:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _write_json(path: Path, value: dict[str, Any]) -> None:
    hidden = path.with_suffix(".tmp")
    hidden.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")
    _flush(hidden)
    hidden.rename(path)


def _flush(path: Path) -> None:
    """Force a file or a folder's entries to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
