"""The columns of the data set's two configurations and of the probes, spelled out.

An explicit schema, because a column that happens to hold only nulls in one shard would otherwise
become type `null` there and the splits would disagree.
"""

from __future__ import annotations

import pyarrow as pa
from datasets import Features, List, Value, Video

_TEXT, _REAL, _WHOLE = Value("string"), Value("float64"), Value("int32")

CLIP_FEATURES = Features(
    {
        "clip_id": _TEXT,
        "video": Video(),
        "caption": _TEXT,
        "prompts": List(_TEXT),
        "level": _TEXT,
        "phenomenon": _TEXT,
        "style": _TEXT,
        "held_out": _TEXT,
        "parameters": List({"name": _TEXT, "value": _REAL, "label": _TEXT, "unit": _TEXT}),
        "field_of_view_um": _REAL,
        "um_per_px": _REAL,
        "s_per_frame": _REAL,
        "fps": _WHOLE,
        "num_frames": _WHOLE,
        "playback": _REAL,
        "kinetics_scale": _REAL,
        "schematic": Value("bool"),
        "view": _TEXT,
        "field": _TEXT,
        "frame_of_reference": _TEXT,
        "temperature_c": _REAL,
        "medium": _TEXT,
        "organism": _TEXT,
        "marks": _TEXT,
        "seed": Value("int64"),
        "source": _TEXT,
        "source_id": _TEXT,
        "review": _TEXT,
        "license": _TEXT,
    }
)
"""Configuration `default`: one clip per row."""

TRUTH_FEATURES = Features(
    {
        "clip_id": _TEXT,
        "tracks": {
            "object_id": List(_WHOLE),
            "kind": List(_TEXT),
            "frame": List(_WHOLE),
            "x_um": List(Value("float32")),
            "y_um": List(Value("float32")),
        },
        "events": List(
            {
                "name": _TEXT,
                "frame": _WHOLE,
                "t_s": _REAL,
                "object_id": _WHOLE,
                "value": _REAL,
                "unit": _TEXT,
            }
        ),
        "series": List({"name": _TEXT, "unit": _TEXT, "values": List(_REAL)}),
    }
)
"""Configuration `truth`: what really happened in the clip, in µm and s, one clip per row."""

CONFIGS = {"default": ("data", CLIP_FEATURES), "truth": ("truth", TRUTH_FEATURES)}
"""Configuration name → (folder of its shards, features)."""

PROBE_FEATURES = Features(
    {
        **CLIP_FEATURES,
        "pair_id": _TEXT,
        "violation": _TEXT,
        "law": _TEXT,
        "onset_frame": _WHOLE,
        "effect": _REAL,
        "effect_unit": _TEXT,
        "task_id": _TEXT,
    }
)
"""Configuration `probes`: a true clip (`violation` empty) or its twin per row."""

PROBE_CONFIGS = {"probes": ("data", PROBE_FEATURES)}
"""As `CONFIGS`, for a folder of probes."""


def part_schema() -> pa.Schema:
    """The columns of both configurations side by side, as a worker writes them."""
    more = [f for f in TRUTH_FEATURES.arrow_schema if f.name not in CLIP_FEATURES]
    return pa.schema([*CLIP_FEATURES.arrow_schema, *more])
