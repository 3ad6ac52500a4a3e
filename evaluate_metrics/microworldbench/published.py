"""The results that the paper prints for its own benchmark (MicroVerse, arXiv:2603.00585).

Another run with another judge and a scorer with known defects: good for
orientation beside edition `iclr2026`, never for ranks or tests.
"""

from __future__ import annotations

SOURCE = "arXiv:2603.00585"
LINK = "https://arxiv.org/abs/2603.00585"
COLUMNS = ("overall", "organ", "cellular", "subcellular", "scientific", "visual", "instruction")
RESULTS: dict[str, tuple[float, ...]] = {
    "HunyuanVideo": (23.2, 23.1, 23.8, 19.4, 15.6, 48.2, 23.4),
    "CogVideoX-5B": (43.5, 39.9, 47.0, 38.6, 37.4, 64.1, 38.6),
    "Wan2.1-T2V-1.3B": (49.4, 45.9, 51.7, 52.4, 40.3, 71.8, 50.1),
    "Wan2.2-TI2V-5B": (51.6, 46.6, 53.9, 49.5, 40.7, 82.7, 47.0),
    "Wan2.1-T2V-14B": (54.8, 55.7, 54.4, 52.8, 42.7, 86.0, 53.8),
    "Wan2.2-T2V-A14B": (53.8, 56.3, 52.0, 53.3, 37.8, 92.8, 55.4),
    "MicroVerse-1.3B": (50.2, 47.6, 51.7, 53.3, 43.0, 68.5, 49.3),
    "Sora": (50.7, 55.9, 46.1, 55.0, 35.3, 96.4, 37.9),
    "Veo3": (77.2, 77.5, 76.9, 78.2, 65.7, 97.0, 77.0),
}
"""Model → points in the order of `COLUMNS`, as printed."""

CAPTION = (
    f"Published in {SOURCE}, from another judge's run on other clips: no intervals were given, "
    "and these numbers are not comparable statistically with those of this report"
)
