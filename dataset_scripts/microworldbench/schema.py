"""The columns of the benchmark's configurations, spelled out.

An explicit schema, because `iclr2026` leaves whole columns empty (it states no field and no
playback): they would become type `null` and the two editions would disagree.
"""

from __future__ import annotations

from datasets import Features, List, Value

_TEXT, _REAL = Value("string"), Value("float64")

TASK_FEATURES = Features(
    {
        "task_id": _TEXT,
        "edition": _TEXT,
        "version": _TEXT,
        "level": _TEXT,
        "phenomenon": _TEXT,
        "prompt": _TEXT,
        "requirement": _TEXT,
        "field_of_view_um": _REAL,
        "playback": _REAL,
        "source_video": _TEXT,
        "parameters": List({"name": _TEXT, "label": _TEXT, "low": _REAL, "high": _REAL}),
        "criteria": List(
            {
                "criterion_id": _TEXT,
                "dimension": _TEXT,
                "text": _TEXT,
                "sign": Value("int32"),
                "weight": _REAL,
                "source": _TEXT,
                "needs": _TEXT,
                "measure": _TEXT,
                "review": _TEXT,
                "hidden": Value("bool"),
            }
        ),
    }
)
"""One task per row; a criterion's fields are those that `rubric` describes.

`hidden`: a criterion of the authors' files that their evaluator shows to no judge and never counts
(its keys are misspelt); without that mark their own scores could not be told from repaired ones.
"""

EDITIONS = ("open", "iclr2026")
"""Each edition is a configuration with the one split `test`."""
