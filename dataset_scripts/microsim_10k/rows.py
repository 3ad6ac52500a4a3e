"""From a simulated clip to the row that the data set keeps. Pure: plain data in, plain data out."""

from __future__ import annotations

from typing import Any

from dataset_scripts.simulator import Clip
from dataset_scripts.simulator.core import Range

LICENSE = "apache-2.0"


def clip_row(clip: Clip, clip_id: str, mp4: bytes) -> dict[str, Any]:
    """The row of configuration `default`; `mp4` is the encoded video."""
    setting = clip.setting
    return {
        "clip_id": clip_id,
        "video": {"bytes": mp4, "path": f"{clip_id}.mp4"},
        "caption": clip.caption,
        "prompts": list(clip.prompts),
        "level": clip.level,
        "phenomenon": clip.phenomenon,
        "style": clip.style,
        "held_out": {"train": "", "any": "wording"}.get(clip.regime, clip.regime),
        "parameters": [_parameter(spec, clip.parameters[spec.name]) for spec in clip.specs],
        "field_of_view_um": clip.field_um,
        "um_per_px": clip.um_per_px,
        "s_per_frame": clip.clock.s_per_frame,
        "fps": clip.fps,
        "num_frames": len(clip.frames),
        "playback": clip.clock.playback,
        "kinetics_scale": setting.kinetics_scale,
        "schematic": setting.schematic,
        "view": setting.view,
        "field": setting.field,
        "frame_of_reference": setting.frame_of_reference,
        "temperature_c": setting.temperature_c,
        "medium": setting.medium,
        "organism": setting.organism,
        "marks": setting.marks,
        "seed": clip.seed,
        "source": "simulated",
        "source_id": f"{clip.phenomenon}:{clip.seed}",
        "review": "unreviewed",
        "license": LICENSE,
    }


def _parameter(spec: Any, value: Any) -> dict[str, Any]:
    if isinstance(spec, Range):
        return {"name": spec.name, "value": float(value), "label": None, "unit": spec.unit}
    return {"name": spec.name, "value": None, "label": str(value), "unit": ""}


def truth_row(clip: Clip, clip_id: str) -> dict[str, Any]:
    """The row of configuration `truth`."""
    columns = list(zip(*clip.truth.tracks, strict=True)) or [()] * 5
    names = ("object_id", "kind", "frame", "x_um", "y_um")
    return {
        "clip_id": clip_id,
        "tracks": dict(zip(names, map(list, columns), strict=True)),
        "events": [
            {
                "name": e.name,
                "frame": int(e.frame),
                "t_s": float(e.t_s),
                "object_id": int(e.object_id),
                "value": None if e.value is None else float(e.value),
                "unit": e.unit,
            }
            for e in clip.truth.events
        ],
        "series": [
            {"name": name, "unit": unit, "values": [float(v) for v in values]}
            for name, (unit, values) in clip.truth.series.items()
        ],
    }
