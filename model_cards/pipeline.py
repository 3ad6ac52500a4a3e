"""MicroVersePipeline: `WanPipeline` that knows the size its checkpoint was trained for.

`pipe(prompt)` needs no further argument: height, width, frames, steps and guidance come from the
entry `_native` in the checkpoint's `model_index.json`. A checkpoint without that entry (Wan2.1 1.3B
or 14B, say) keeps the defaults of `WanPipeline`. Load it with

    DiffusionPipeline.from_pretrained(MODEL, custom_pipeline=THIS_FILE, trust_remote_code=True)

This file is copied into every model repository as it stands, so it imports nothing of the project.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from diffusers import WanPipeline

_SETTINGS = {
    "height": int,
    "width": int,
    "num_frames": int,
    "num_inference_steps": int,
    "max_sequence_length": int,
    "guidance_scale": float,
}


class MicroVersePipeline(WanPipeline):
    """Text to microscale video. See `diffusers.WanPipeline` for every argument of a call.

    Args (beyond those of `WanPipeline`):
        native: the checkpoint's own call settings (height and width in pixels, num_frames,
            num_inference_steps, guidance_scale, max_sequence_length) and its frame rate `fps`;
            read from `model_index.json` by `from_pretrained`.

    Raises:
        ValueError: a native setting is not a positive number, or a prompt is empty.
    """

    def __init__(
        self,
        tokenizer: Any,
        text_encoder: Any,
        vae: Any,
        scheduler: Any,
        transformer: Any = None,
        transformer_2: Any = None,
        boundary_ratio: float | None = None,
        expand_timesteps: bool = False,
        native: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(
            tokenizer=tokenizer,
            text_encoder=text_encoder,
            vae=vae,
            scheduler=scheduler,
            transformer=transformer,
            transformer_2=transformer_2,
            boundary_ratio=boundary_ratio,
            expand_timesteps=expand_timesteps,
        )
        self._native = dict(native or {})
        for name, kind in _SETTINGS.items():
            value = self._native.get(name, 1)
            if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
                raise ValueError(
                    f"model_index.json: _native.{name}: expected a positive {kind.__name__}, "
                    f"got {value!r}"
                )

    @property
    def native(self) -> dict[str, Any]:
        """The checkpoint's own settings; empty where it states none."""
        return dict(self._native)

    @property
    def fps(self) -> int:
        """Frames per second at which a clip of this checkpoint is meant to be played."""
        return int(self._native.get("fps", 16))

    @classmethod
    def extract_init_dict(cls, config_dict: dict[str, Any], **kwargs: Any) -> Any:
        # diffusers drops keys with a leading underscore, which keeps them silent in a plain
        # WanPipeline; here they are wanted.
        native = config_dict.get("_native")
        init_dict, unused, hidden = super().extract_init_dict(config_dict, **kwargs)
        if native is not None:
            init_dict["native"] = native
        return init_dict, unused, hidden

    def __call__(self, prompt: str | list[str] | None = None, *args: Any, **kwargs: Any) -> Any:
        """Generate; what is not given comes from the checkpoint. Returns as `WanPipeline` does."""
        for text in [prompt] if isinstance(prompt, str) else prompt or []:
            if isinstance(text, str) and not text.strip():
                raise ValueError(
                    "prompt: expected a description of what should happen, got an empty text"
                )
        positional = (
            "negative_prompt",
            "height",
            "width",
            "num_frames",
            "num_inference_steps",
            "guidance_scale",
        )
        given = set(positional[: len(args)]) | set(kwargs)
        for name, kind in _SETTINGS.items():
            if name in self._native and name not in given:
                kwargs[name] = kind(self._native[name])
        return super().__call__(prompt, *args, **kwargs)

    def save_pretrained(self, save_directory: str | os.PathLike[str], **kwargs: Any) -> None:
        """Save as a plain `WanPipeline` repository, loadable without this file, plus `_native`."""
        plain = WanPipeline(
            **self.components,
            boundary_ratio=self.config.boundary_ratio,
            expand_timesteps=self.config.expand_timesteps,
        )
        plain.save_pretrained(save_directory, **kwargs)
        index = Path(save_directory) / "model_index.json"
        content = json.loads(index.read_text(encoding="utf-8"))
        if self._native:
            content["_native"] = self._native
        partial = index.with_suffix(".partial")
        partial.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n", encoding="utf-8")
        partial.replace(index)
