"""The one exception that the console command turns into a single line and exit code 2."""

from __future__ import annotations


class MicroVerseError(Exception):
    """Bad input or a bad state on disk; the message names the file or field and what is wrong."""
