"""A progress bar for judges at work."""

from __future__ import annotations

import sys

from .run import Progress


class Bar:
    """A progress bar with rate, spent tokens and time left."""

    def __init__(self, title: str) -> None:
        from tqdm import tqdm

        self.bar = tqdm(total=0, desc=title, unit="call", dynamic_ncols=True)

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, *exception: object) -> None:
        self.bar.close()

    def show(self, state: Progress) -> None:
        """What `run_judge` calls."""
        self.bar.total = max(state.total, state.done)
        if state.message:
            self.bar.write(f"clip failure: {state.message}", file=sys.stderr)
        tokens = state.tokens_in + state.tokens_out
        self.bar.set_postfix(tokens=tokens, ungraded=state.ungraded, refresh=False)
        self.bar.update(state.done - self.bar.n)
