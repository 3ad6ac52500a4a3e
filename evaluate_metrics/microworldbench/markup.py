"""Markup that cannot be forgotten to escape: every piece of text is, unless it is `Safe`."""

from __future__ import annotations

import html
from collections.abc import Iterable
from typing import Any

_VOID = frozenset({"img", "input", "meta"})


class Safe(str):
    """Markup that was built here; anything else is text and will be escaped."""

    __slots__ = ()


def safe(child: Any) -> Safe:
    """`child` as markup: None is nothing, an iterable its parts, all but `Safe` is escaped."""
    if isinstance(child, Safe):
        return child
    if child is None:
        return Safe("")
    if isinstance(child, str) or not isinstance(child, Iterable):
        return Safe(html.escape(str(child)))
    return Safe("".join(safe(part) for part in child))


def el(tag: str, *children: Any, **attributes: Any) -> Safe:
    """An element. `class_` spells `class`, `aria_label` spells `aria-label`; True is a bare
    attribute, None and False leave it out."""
    written = [tag]
    for name, value in attributes.items():
        if value is None or value is False:
            continue
        name = name.rstrip("_").replace("_", "-")
        written.append(name if value is True else f'{name}="{html.escape(str(value))}"')
    start = f"<{' '.join(written)}>"
    return Safe(start if tag in _VOID else f"{start}{safe(children)}</{tag}>")
