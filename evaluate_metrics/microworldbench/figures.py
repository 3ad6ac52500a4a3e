"""Pictures of the report: SVG written by hand, which takes the page's colours, and frame strips."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from .markup import Safe, el
from .stats import Comparison
from .wording import DASH, MINUS, interval, name_of, points

MOST_CLUSTERS = 40
"""A forest plot draws no more lines than that."""
_NAME_WIDTH, _PLOT_WIDTH, _NUMBER_WIDTH, _LINE = 190, 330, 140, 20
_GAP = 2
# Longest side of a frame in px and WebP quality, from the best down.
_STEPS = ((144, 60), (128, 35), (96, 20))
BEST_SIDE = _STEPS[0][0]
_SHOWN_SIDE = 128
"""Smaller frames are shown a whole number of times as large, to come near this."""


def heat_map(title: str, table: Mapping[str, Mapping[str, float | None]]) -> Safe:
    """Row name → column name → points in 0 ... 100: the fuller a cell, the higher its number."""
    columns = list(next(iter(table.values()), {}))
    left, top, width, height = 96, 26, 88, 34
    drawn = [
        _text(left + (i + 0.5) * width, 17, column, "middle", "soft")
        for i, column in enumerate(columns)
    ]
    told = []
    for j, (row, cells) in enumerate(table.items()):
        y = top + j * height
        drawn.append(_text(left - 8, y + height / 2 + 4, row, "end"))
        for i, column in enumerate(columns):
            value, x = cells[column], left + i * width
            share = 0.0 if value is None else min(max(value, 0), 100) / 100
            drawn.append(
                el(
                    "rect",
                    x=x + 1,
                    y=y + 1,
                    width=width - 2,
                    height=height - 2,
                    rx=3,
                    class_="cell" if value is not None else "cell empty",
                    fill_opacity=f"{0.06 + 0.5 * share:.3f}",
                )
            )
            number = points(value)
            drawn.append(_text(x + width / 2, y + height / 2 + 4, number, "middle"))
            told.append(f"{row} {column} {'no score' if number == DASH else number}")
    size = (left + len(columns) * width + 2, top + len(table) * height + 2)
    return _svg(size, f"{title}: {'; '.join(told)}", drawn, "heat")


def forest(comparison: Comparison, clusters: str) -> Safe:
    """Difference by cluster as dots, largest first, over the mean with its 95 % interval."""
    mean = comparison.difference
    listed = sorted(comparison.by_cluster.items(), key=lambda entry: (-entry[1], entry[0]))
    shown = listed if len(listed) <= MOST_CLUSTERS else []
    values = [*(v for _, v in shown), mean.mean, mean.low, mean.high]
    reach = max((abs(v) for v in values if not math.isnan(v)), default=0.0)
    reach = max(10.0, 10 * math.ceil(reach / 10))

    def at(value: float) -> float:
        return round(_NAME_WIDTH + _PLOT_WIDTH * (value + reach) / (2 * reach), 1)

    bottom = 8 + _LINE * (len(shown) + 2)
    drawn = [
        el("line", x1=at(v), x2=at(v), y1=4, y2=bottom, class_="axis" if v == 0 else "grid")
        for v in (-reach, -reach / 2, 0, reach / 2, reach)
    ]
    for v, sign in ((-reach, MINUS), (0, ""), (reach, "+")):
        drawn.append(_text(at(v), bottom + 16, f"{sign}{abs(v):.0f}", "middle", "soft"))
    for j, (name, value) in enumerate(shown):
        y = 8 + _LINE * (j + 0.5)
        drawn.append(_text(_NAME_WIDTH - 10, y + 4, _fit(name), "end"))
        drawn.append(el("line", x1=at(0), x2=at(value), y1=y, y2=y, class_="stem"))
        drawn.append(el("circle", cx=at(value), cy=y, r=4, class_="mark"))
        right = _NAME_WIDTH + _PLOT_WIDTH + _NUMBER_WIDTH
        drawn.append(_text(right, y + 4, points(value, signed=True), "end"))
    y = 8 + _LINE * (len(shown) + 1.25)
    drawn.append(_text(_NAME_WIDTH - 10, y + 4, "mean, 95 % interval", "end", "strong"))
    spread = interval(mean.low, mean.high, signed=True)
    if spread != DASH:
        drawn.append(el("line", x1=at(mean.low), x2=at(mean.high), y1=y, y2=y, class_="range"))
    if not math.isnan(mean.mean):
        x = at(mean.mean)
        corners = f"{x - 7},{y} {x},{y - 7} {x + 7},{y} {x},{y + 7}"
        drawn.append(el("polygon", points=corners, class_="mark"))
    right = _NAME_WIDTH + _PLOT_WIDTH + _NUMBER_WIDTH
    middle = points(mean.mean, signed=True)
    drawn.append(_text(right, y + 4, f"{middle} ({spread})", "end"))
    told = "; ".join(f"{name} {points(value, signed=True)}" for name, value in shown)
    if not shown:
        told = f"{len(listed)} {clusters}, not drawn one by one"
    label = (
        f"Forest plot of {name_of(comparison)} in points: mean "
        f"{middle}, 95 % interval {spread}; {told}"
    )
    return _svg((right + 2, bottom + 24), label, drawn, "forest")


def interval_bar(value: float | None, low: float | None, high: float | None) -> Safe:
    """A score on 0 ... 100 with its interval; the numbers stand beside it, so it is not told."""
    drawn = [el("line", x1=2, x2=102, y1=8, y2=8, class_="grid")]

    def at(v: float) -> float:
        return round(2 + min(max(v, 0), 100), 1)

    if low is not None and high is not None:
        drawn.append(el("line", x1=at(low), x2=at(high), y1=8, y2=8, class_="range"))
    if value is not None:
        drawn.append(el("circle", cx=at(value), cy=8, r=4, class_="mark"))
    return el("svg", drawn, viewBox="0 0 104 16", class_="bar", aria_hidden="true")


@dataclass(frozen=True)
class Strip:
    """Frames side by side as a WebP picture, base64, and the size in px at which to show it."""

    data: str
    width: int
    height: int


def strip(frames: Sequence[np.ndarray], limit: int) -> Strip:
    """`frames` (H, W, 3) uint8 side by side in at most `limit` characters of base64, as far as
    the smallest size and quality allow."""
    from PIL import Image

    pictures = [Image.fromarray(frame) for frame in frames]
    for side, quality in _STEPS:
        scale = min(1.0, side / max(max(p.size) for p in pictures))
        width, height = (max(1, round(edge * scale)) for edge in pictures[0].size)
        whole = Image.new("RGB", (len(pictures) * (width + _GAP) - _GAP, height), (128, 128, 128))
        for i, picture in enumerate(pictures):
            fitted = picture.resize((width, height), Image.Resampling.BOX)
            whole.paste(fitted, (i * (width + _GAP), 0))
        file = io.BytesIO()
        whole.save(file, "WEBP", quality=quality, method=2)
        data = base64.b64encode(file.getvalue()).decode()
        if len(data) <= limit:
            break
    times = max(1, round(_SHOWN_SIDE / max(width, height)))
    return Strip(data, times * whole.width, times * whole.height)


def _fit(name: str, most: int = 26) -> str:
    return name if len(name) <= most else f"{name[: most - 1]}…"


def _text(x: float, y: float, text: str, anchor: str, class_: str | None = None) -> Safe:
    return el("text", text, x=round(x, 1), y=round(y, 1), text_anchor=anchor, class_=class_)


def _svg(size: tuple[float, float], label: str, drawn: Sequence[Safe], class_: str) -> Safe:
    box = f"0 0 {size[0]:g} {size[1]:g}"
    return el("svg", drawn, viewBox=box, role="img", aria_label=label, class_=class_)
