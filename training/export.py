"""A trained model as a folder that `DiffusionPipeline.from_pretrained` loads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKLWan,
    FlowMatchEulerDiscreteScheduler,
    UniPCMultistepScheduler,
    WanPipeline,
    WanTransformer3DModel,
)
from transformers import PreTrainedTokenizerFast, UMT5EncoderModel

from training.config import TrainConfig
from training.errors import MicroVerseError
from training.files import atomic_path, read_json
from training.flow import NUM_TRAIN_TIMESTEPS

# Keys with a leading underscore are left alone by diffusers; MicroVersePipeline reads this one.
NATIVE_KEY = "_native"


def build_scheduler(
    kind: str, shift: float
) -> UniPCMultistepScheduler | FlowMatchEulerDiscreteScheduler:
    """A sampler whose noise levels follow the same `shift` as training's.

    `unipc` (Zhao 2023, NeurIPS) is what the published Wan checkpoints carry; `euler` is the
    plain first-order rule.
    """
    if kind == "unipc":
        return UniPCMultistepScheduler(
            num_train_timesteps=NUM_TRAIN_TIMESTEPS,
            prediction_type="flow_prediction",
            use_flow_sigmas=True,
            flow_shift=shift,
        )
    return FlowMatchEulerDiscreteScheduler(num_train_timesteps=NUM_TRAIN_TIMESTEPS, shift=shift)


def assemble(
    tokenizer: PreTrainedTokenizerFast,
    text_encoder: UMT5EncoderModel,
    vae: AutoencoderKLWan,
    transformer: WanTransformer3DModel,
    config: TrainConfig,
) -> WanPipeline:
    """A `WanPipeline` of the given parts (not copied)."""
    return WanPipeline(
        tokenizer=tokenizer,
        text_encoder=text_encoder,
        vae=vae,
        transformer=transformer,
        scheduler=build_scheduler(config.export.scheduler, config.transformer.shift),
    )


def native_settings(config: TrainConfig, fps: float) -> dict[str, Any]:
    """What `MicroVersePipeline` uses when the caller says nothing."""
    return {
        "height": config.data.height,
        "width": config.data.width,
        "num_frames": config.data.frames,
        "num_inference_steps": config.export.num_inference_steps,
        "guidance_scale": config.export.guidance_scale,
        "max_sequence_length": config.text.max_length,
        "fps": round(fps),
    }


def to_bfloat16(module: torch.nn.Module) -> None:
    """Converts in place, except the few small parts that loading keeps in float32 anyway."""
    kept = getattr(module, "_keep_in_fp32_modules", None) or []
    for name, parameter in module.named_parameters():
        if not any(part in name.split(".") for part in kept):
            parameter.data = parameter.data.to(torch.bfloat16)


def export_pipeline(pipeline: WanPipeline, native: dict[str, Any], target: Path) -> None:
    """Writes the pipeline in bfloat16 safetensors with its native settings, whole or not at all.

    The parts are converted in place: export last.
    """
    for name in ("text_encoder", "vae", "transformer"):
        to_bfloat16(getattr(pipeline, name))
    with atomic_path(target) as temporary:
        pipeline.save_pretrained(str(temporary), safe_serialization=True)
        index = temporary / "model_index.json"
        content = json.loads(index.read_text("utf-8"))
        # Saved as `TokenizersBackend`, a name that only transformers 5 knows; this one loads too.
        content["tokenizer"] = ["transformers", "PreTrainedTokenizerFast"]
        content[NATIVE_KEY] = native
        index.write_text(json.dumps(content, indent=2) + "\n", "utf-8")


def load_pipeline(model: str) -> tuple[WanPipeline, dict[str, Any]]:
    """A plain pipeline from a folder or Hub id, and its native settings ({} when it has none)."""
    from diffusers import DiffusionPipeline
    from diffusers.utils import logging
    from transformers.utils import logging as transformers_logging

    # The error below says it all; and never fall back to pickled weights. Both libraries draw
    # bars, and which component is loaded first, and so before a broken one, is up to chance.
    logging.disable_progress_bar()
    transformers_logging.disable_progress_bar()
    logging.set_verbosity(logging.CRITICAL)
    try:
        pipeline = DiffusionPipeline.from_pretrained(model, use_safetensors=True)
    except Exception as error:
        # from_pretrained has no common error type; the reader needs one line that names the model.
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise MicroVerseError(f"{model}: cannot be loaded as a model ({reason})") from error
    native: dict[str, Any] = {}
    index = Path(model) / "model_index.json"
    if index.is_file():
        native = read_json(index).get(NATIVE_KEY, {})
    return pipeline, native
