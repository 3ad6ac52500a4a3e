"""How many calls are under way at once: as many as the server takes."""

from __future__ import annotations

import asyncio
import time


class Slots:
    """An asynchronous semaphore whose size follows the server, as TCP follows a network.

    It starts at `most`, because an idle server should not be made to wait. `cut` halves it (but
    not below 1), and each call that ends adds 1/size, one more slot per round of calls.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.size = float(most)
        self.busy = 0
        self._last_cut = float("-inf")
        self._changed = asyncio.Condition()

    def cut(self, sent: float) -> None:
        """The server pushed back on a request sent at `time.monotonic()` `sent`.

        Requests sent before the last cut say nothing about the size since: without this, one
        refused round of 16 calls would cut it to 1.
        """
        if sent > self._last_cut:
            self.size = max(1.0, self.size / 2)
            self._last_cut = time.monotonic()

    async def __aenter__(self) -> None:
        async with self._changed:
            await self._changed.wait_for(lambda: self.busy < int(self.size))
            self.busy += 1

    async def __aexit__(self, *_: object) -> None:
        # No lock: in one event loop nothing comes between these lines.
        self.busy -= 1
        self.size = min(float(self.most), self.size + 1 / self.size)
        async with self._changed:
            self._changed.notify_all()
