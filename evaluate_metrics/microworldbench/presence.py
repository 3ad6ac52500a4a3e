"""Whether a clip shows anything, moves, and is of the micro-world it should be of."""

from __future__ import annotations

from .footage import Footage


def absent(footage: Footage, phenomenon: str) -> str:
    """Why this clip cannot show `phenomenon`, or "" if it may."""
    return ""
