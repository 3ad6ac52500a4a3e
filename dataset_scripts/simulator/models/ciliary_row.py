"""A ciliated row in the picture: shapes in place, what the sheet carries, and the truth of a clip.

The state of such a clip holds, for T frames and N cilia, `phase` (T, N) in beats, `amplitude` and
`facing` (T, N), `rest` (N,), `bases` (N, 2) in the picture and `shift` (T,), how far the mucus
sheet has come the way of the effective stroke. Everything else that moves follows from these, in a
true clip and in a twin alike. Lengths in µm, times in s.
"""

from __future__ import annotations

import numpy as np

from ..core import Clock, Event, Parameters, State, Truth
from . import ciliary_beat


def form(p: Parameters) -> tuple[float, float, float]:
    """Share of the effective stroke, its sweep in rad, and the cilia's length in µm."""
    return p["effective_share"], float(np.radians(p["sweep"])), p["cilium_length"]


def posed(p: Parameters, clock: Clock, state: State, changed: dict[str, np.ndarray]) -> State:
    """The state with `changed` phases (T, N) or shifts (T,), its cilia and truth made from them."""
    arrays = {**state.arrays, **changed}
    xy = ciliary_beat.shapes(
        arrays["phase"], arrays["amplitude"], arrays["rest"], *form(p), arrays["facing"]
    )
    sense = 1.0 if p["direction"] == "left_to_right" else -1.0
    arrays["cilia"] = arrays["bases"][None, :, None, :] + xy * [sense, -1.0]
    arrays["sense"] = sense
    told = State(state.field_um, arrays, Truth())
    _tell(p, clock, told)
    return told


def speck_places(state: State, frame: int, names: str = "specks") -> np.ndarray:
    """Picture positions (M, 2) of what the sheet carries, in one frame."""
    carried = state[names][:, :2] + [state["shift"][frame], 0.0]
    if state["sense"] < 0:
        carried[:, 0] = state.field_um - carried[:, 0]
    return carried


def _tell(p: Parameters, clock: Clock, state: State) -> None:
    """Tracks of specks and of the front row's tips, strokes as events, speeds as series."""
    truth, field_um, share = state.truth, state.field_um, p["effective_share"]
    spots = np.stack([speck_places(state, i) for i in range(clock.num_frames)], axis=1)
    for i, xy in enumerate(spots):
        seen = np.flatnonzero((xy[:, 0] >= 0) & (xy[:, 0] <= field_um))
        if len(seen):
            truth.add_track(i, "speck", seen.tolist(), xy[seen])
    shown = in_view(state)
    tips = state["cilia"][:, :, -1]
    straight = np.mod(state["phase"], 1.0) < share
    events = []
    for k in shown:
        truth.add_track(1000 + k, "cilium_tip", range(clock.num_frames), tips[:, k])
        turned = np.flatnonzero(straight[1:, k] != straight[:-1, k]) + 1
        for frame in turned:
            name = "effective_stroke" if straight[frame, k] else "recovery_stroke"
            events.append(Event(name, int(frame), frame * clock.s_per_frame, 1000 + int(k)))
    still = np.flatnonzero(state["amplitude"][:, 0] <= 0)
    if len(still):
        slow = int(np.argmax(state["amplitude"][:, 0] < 1))
        events.append(Event("paralysis", slow, slow * clock.s_per_frame))
        events.append(Event("standstill", int(still[0]), still[0] * clock.s_per_frame))
    truth.events.extend(sorted(events, key=lambda event: event.frame))
    way = np.gradient(tips[:, shown, 0], clock.s_per_frame, axis=0)
    upright = straight[:, shown]
    truth.series.update(
        mucus_shift=("µm", state["sense"] * state["shift"]),
        stroke_speed=("µm/s", (way * upright).sum(axis=1) / np.maximum(upright.sum(axis=1), 1)),
        beating=("1", state["amplitude"][:, 0].copy()),
        straight_share=("1", upright.mean(axis=1)),
    )


def in_view(state: State) -> np.ndarray:
    """Indices of the front row's cilia whose base lies in the field."""
    x = state["bases"][:, 0]
    return np.flatnonzero(state["front"] & (x > 0) & (x < state.field_um))
