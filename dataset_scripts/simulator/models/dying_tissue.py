"""The cells of a scene in which some die by apoptosis, and the record of what befalls them.

Flat cells on a dish, or the column of an epithelium, are drawn with what will become of them
(`dying_cell.Plan`); `in_row` joins a dying cell to the row that squeezes it out. Lengths in µm.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core import Clock, Event, Parameters, Truth
from . import dying_cell as cell
from . import epithelial_row as row_model
from .dying_cell import Course, Plan

HEIGHT_UM = 17.0
"""Height of the epithelium; a modelling choice, columnar cells being 10 to 30 µm tall."""
THICK_UM = 4.5
"""Mean thickness of a spread cell, a modelling choice."""


def flat_cells(p: Parameters, field: float, rng: np.random.Generator) -> list[Plan]:
    """One cell in the middle of the field, or four in its quarters."""
    lone = p["tissue"] == "lone_cell"
    places = [(0.5, 0.5)] if lone else [(x, y) for y in (0.265, 0.735) for x in (0.265, 0.735)]
    plans = []
    for place in places:
        flat = 0.5 * p["cell_diameter"] * (1.0 if lone else rng.uniform(0.94, 1.0))
        volume = math.pi * flat**2 * THICK_UM
        plans.append(
            cell.draw_plan(
                rng, centre=np.array(place) * field + rng.uniform(-1.5, 1.5, 2), flat_um=flat,
                round_um=(0.75 * volume / math.pi) ** (1 / 3),
                nucleus_um=flat * rng.uniform(0.43, 0.48), lean=rng.uniform(0, np.pi),
                condensed=p["condensed"], shrinkage=p["shrinkage"],
                bodies=_body_count(p, rng), budding=(0.32, 0.88),
                arc=(0.0, 2 * np.pi), blebs=(0.06, 0.62), depth=(0.55, 1.02), bleb_um=(1.3, 2.5),
                reach_um=(0.45 if lone else 0.215) * field,
            )
        )  # fmt: skip
    return plans


def column(p: Parameters, field: float, rng: np.random.Generator) -> Plan:
    """The epithelial cell that is to die; its section is a column, and later a disc."""
    # A little more than the column between its borders: the free surface bulges.
    radius = math.sqrt(1.05 * p["cell_width"] * HEIGHT_UM / math.pi)
    half = (0.40 if p["bodies"] == "few" else 0.60) * np.pi
    return cell.draw_plan(
        rng, centre=np.array([0.5 * field, 0.0]), flat_um=radius, round_um=radius,
        nucleus_um=4.2, lean=0.5 * np.pi, condensed=p["condensed"], shrinkage=p["shrinkage"],
        bodies=_body_count(p, rng), budding=(0.80, 1.15),
        arc=(-0.5 * np.pi - half, -0.5 * np.pi + half), reach_um=0.30 * field,
        blebs=(0.50, 0.85), depth=(0.9, 1.02), bleb_um=(1.2, 2.0),
    )  # fmt: skip


def _body_count(p: Parameters, rng: np.random.Generator) -> int:
    most = 8 if p["tissue"] == "epithelium" else 9
    return int(rng.integers(3, 5) if p["bodies"] == "few" else rng.integers(7, most))


def row_of(
    p: Parameters, plan: Plan, q: np.ndarray, volume: np.ndarray | None = None
) -> row_model.Row:
    """The epithelium around a cell under the dose `q` (T,), of its own `volume` (T,) or not."""
    volume = cell.volume_left(plan, q) if volume is None else volume
    area = math.pi * plan.round_um**2 * volume ** (2 / 3)
    return row_model.squeeze(q, p["cell_width"], HEIGHT_UM, area)


def in_row(arrays: dict[str, Any], q: np.ndarray, **changed: Any) -> Course:
    """The course of the epithelium's dying cell, carried by `arrays["row"]`."""
    plan, row = arrays["plans"][0], arrays["row"]
    x, base = plan.centre[0], arrays["base"]
    across = np.full(len(q), x)
    centre = np.stack([across, base - row.middle], axis=1)
    hub = row.height[:, 0] - row.cap_um * np.cos(row.cap)
    cap = np.stack([across, base - hub], axis=1)
    cap = np.where(row.free[:, None], centre, cap)
    return cell.course(
        plan, q, centre=centre, cap=(cap, np.clip(row.cap_um, 0, 12)), room=3.4, **changed
    )


def tell(p: Parameters, clock: Clock, arrays: dict[str, Any]) -> Truth:
    """Tracks, events and series of the courses in `arrays`, numbered in the order of death."""
    truth = Truth()
    frames = np.arange(clock.num_frames)
    events: list[Event] = []

    def event(name: str, shown: np.ndarray, k: int, value: float | None = None, unit: str = ""):  # type: ignore[no-untyped-def]
        if shown.any() and not shown[0]:
            i = int(shown.argmax())
            events.append(Event(name, i, float(clock.times_s[i]), k, value, unit))

    order = arrays["dying"] + [k for k in range(len(arrays["plans"])) if k not in arrays["dying"]]
    total = np.zeros(clock.num_frames)
    for k, index in enumerate(order):
        plan, path = arrays["plans"][index], arrays["paths"][index]
        count = path.count
        whole = path.whole > 0.5
        for kind, number, when, xy in (
            ("cell", k, count == 1, path.centre),
            ("nucleus", 10 + k, whole, path.nucleus),
            *(("apoptotic_body", 100 * (k + 1) + b, path.parted[:, b] if b else count > 1,
               path.place[:, b]) for b in range(path.radius.shape[1])),
            *(("chromatin_lump", 1000 * (k + 1) + m, ~whole & (path.stain[:, m] > 0.05),
               path.lump[:, m]) for m in range(path.lump_um.shape[1])),
        ):  # fmt: skip
            truth.add_track(number, kind, frames[when].tolist(), xy[when])
        total += count
        if k >= len(arrays["dying"]):
            continue
        start = arrays["starts"][k]
        event("caspase_switch", clock.times_s / 60 >= start, k, start, "min")
        event("nucleus_condensed", path.area < plan.condensed + 0.2 * (1 - plan.condensed), k)
        event("nucleus_breaks_up", ~whole, k)
        for b in range(1, path.radius.shape[1]):
            event("body_parts", path.parted[:, b], k, float(plan.share[b]), "of the volume")
        mass = path.stain @ plan.lump_share
        held = (4 / 3 * math.pi) * (path.radius[:, 1:] ** 3).sum(axis=1)
        ball = 4 / 3 * math.pi * plan.round_um**3
        truth.series |= {
            f"caspase_{k + 1}": ("of all", arrays["active"][index]),
            f"area_{k + 1}": ("µm²", math.pi * path.rim**2),
            f"volume_{k + 1}": ("of the start", path.volume),
            f"budded_{k + 1}": ("of the start", held / ball),
            f"nucleus_area_{k + 1}": ("µm²", math.pi * plan.nucleus_um**2 * path.area),
            f"stain_density_{k + 1}": ("of the most", path.density),
            f"chromatin_{k + 1}": ("of the start", mass),
            f"bodies_{k + 1}": ("bodies", count.astype(float)),
        }
    if "row" in arrays:
        row = arrays["row"]
        event("feet_meet", row.base <= 1e-9, 0)
        event("extruded", row.free, 0)
        truth.series["base_width"] = ("µm", 2 * row.base)
        truth.series["height_of_middle"] = ("µm", row.middle)
    truth.series["cells_and_bodies"] = ("", total)
    truth.events = sorted(events, key=lambda e: e.t_s)
    return truth
