"""What `build` needs to know of a data set: the parts it is made in, and how they become a folder.

`simulate` and `probes` are two such data sets; workers, locks, resuming and the last rename are
the same for both.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa


class Planned(Protocol):
    """A clip to be made."""

    @property
    def clip_id(self) -> str: ...


class Part(Protocol):
    """Clips that a worker makes between two writes; `name` is the file's."""

    @property
    def name(self) -> str: ...

    @property
    def clips(self) -> Sequence[Planned]: ...


class Job(Protocol):
    """A data set to be made. Workers get a copy of it.

    `command` is the subcommand of `microsim`, for messages and for the name of the folder's
    record; `clips` is how many there will be.
    """

    command: str

    @property
    def clips(self) -> int: ...

    def told(self) -> dict[str, Any]:
        """The arguments that decide the content, as plain values by name."""
        ...

    def sources(self) -> Sequence[Path]:
        """The files, beside the simulator's, whose code decides the content."""
        ...

    def parts(self) -> Iterator[Part]:
        """All parts, in the order of the finished shards."""
        ...

    def schema(self) -> pa.Schema:
        """The columns of a part file."""
        ...

    def rows(self, part: Any) -> list[dict[str, Any]]:
        """Simulate the clips of one part."""
        ...

    def assemble(self, parts: Path, folder: Path) -> None:
        """Write shards and card into `folder` from the part files in `parts`."""
        ...
