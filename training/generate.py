"""One clip for one prompt, with the model's own size, length and steps."""

from __future__ import annotations

from pathlib import Path

import torch

from training.errors import MicroVerseError
from training.export import load_pipeline
from training.video import contact_sheet, save_mp4, save_png


def generate_clip(
    model: str,
    prompt: str,
    out: Path,
    sheet: Path | None = None,
    seed: int = 0,
    steps: int | None = None,
    guidance: float | None = None,
    threads: int | None = None,
) -> None:
    """Writes an MP4 (and a contact sheet); arguments left None come from the checkpoint."""
    if out.suffix.lower() != ".mp4":
        raise MicroVerseError(f"{out}: the clip is written as MP4, the name must end in .mp4")
    if threads is not None:
        torch.set_num_threads(threads)
    pipeline, native = load_pipeline(model)
    call = {key: value for key, value in native.items() if key != "fps"}
    if steps is not None:
        call["num_inference_steps"] = steps
    if guidance is not None:
        call["guidance_scale"] = guidance
    generator = torch.Generator().manual_seed(seed)
    frames = pipeline(prompt, generator=generator, output_type="np", **call).frames[0]
    save_mp4(frames, out, native.get("fps", 16))
    if sheet is not None:
        save_png(contact_sheet(frames[None]), sheet)
