"""Makes the clips: worker processes that simulate, encode and write part files.

A part file holds a handful of clips as Arrow IPC. It is written under another name, flushed to the
disk and then renamed, so whatever carries a part's name is whole, and a run that was killed at any
moment goes on from there.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

import pyarrow as pa

from .job import Job, Part

# One thread for each worker: the workers already fill the cores.
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


def make_part(part: Part, job: Job, schema: pa.Schema, folder: Path) -> Path:
    """Simulate the clips of `part` and write them to `folder`; returns the file's path."""
    rows = job.rows(part)
    path = folder / part.name
    hidden = folder / f"{part.name}.{os.getpid()}.tmp"
    with open(hidden, "wb") as file:
        with pa.ipc.new_file(file, schema) as writer:
            writer.write_table(pa.Table.from_pylist(rows, schema=schema))
        file.flush()
        os.fsync(file.fileno())
    hidden.rename(path)
    return path


def is_whole(path: Path, part: Part) -> bool:
    """Whether the file at `path` can be read and holds the clips of `part`."""
    try:
        with pa.memory_map(str(path)) as source:
            found = pa.ipc.open_file(source).read_all().column("clip_id").to_pylist()
    except (OSError, pa.ArrowException, KeyError):
        return False
    return found == [plan.clip_id for plan in part.clips]


def make_parts(
    parts: Sequence[Part], job: Job, schema: pa.Schema, folder: Path, workers: int
) -> Iterator[Part]:
    """Make `parts` in `workers` processes; yields each as soon as its file is there."""
    if workers == 1:
        for part in parts:
            make_part(part, job, schema, folder)
            yield part
        return
    os.environ.update(dict.fromkeys(_ONE_THREAD, "1"))
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(
        workers, mp_context=context, initializer=_start_worker, initargs=(job, schema, folder)
    )
    try:
        futures = {pool.submit(_work, part): part for part in parts}
        for future in as_completed(futures):
            future.result()
            yield futures[future]
    except BaseException:
        # Whoever interrupts does not want to wait for the clips under way.
        for process in multiprocessing.active_children():
            process.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


_job: tuple[Any, ...] = ()


def _start_worker(*job: Any) -> None:
    global _job
    _job = job
    # Ctrl-C reaches the whole process group; the parent answers it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_die_with_parent, daemon=True).start()


def _die_with_parent() -> None:
    # A worker whose parent was killed would otherwise wait for its next part for ever.
    parent = multiprocessing.parent_process()
    if parent is not None:
        with contextlib.suppress(OSError):
            parent.join()
        os._exit(1)


def _work(part: Part) -> None:
    make_part(part, *_job)
