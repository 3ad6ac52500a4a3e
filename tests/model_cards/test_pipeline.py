"""MicroVersePipeline: native settings from the checkpoint, and a plain WanPipeline without it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import (
    AutoencoderKLWan,
    DiffusionPipeline,
    UniPCMultistepScheduler,
    WanPipeline,
    WanTransformer3DModel,
)
from safetensors import safe_open
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast, UMT5Config, UMT5EncoderModel

NATIVE = {
    "height": 16,
    "width": 32,
    "num_frames": 5,
    "num_inference_steps": 2,
    "guidance_scale": 2.0,
    "max_sequence_length": 12,
    "fps": 16,
}


def tiny_model(folder: Path, native: dict | None) -> Path:
    """A real pipeline folder with random weights of a few kilobytes."""
    torch.manual_seed(0)
    words = {"<pad>": 0, "</s>": 1, "<unk>": 2, "cells": 3, "divide": 4}
    backend = Tokenizer(models.WordLevel(words, unk_token="<unk>"))
    backend.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=backend, pad_token="<pad>", eos_token="</s>", unk_token="<unk>"
    )
    text_encoder = UMT5EncoderModel(
        UMT5Config(vocab_size=5, d_model=16, d_kv=8, d_ff=16, num_layers=1, num_heads=2)
    )
    vae = AutoencoderKLWan(
        base_dim=4,
        z_dim=4,
        dim_mult=[1, 2],
        num_res_blocks=1,
        temperal_downsample=[True],
        latents_mean=[0.0] * 4,
        latents_std=[1.0] * 4,
        in_channels=12,
        out_channels=12,
        patch_size=2,
        scale_factor_temporal=2,
        scale_factor_spatial=4,
    )
    transformer = WanTransformer3DModel(
        patch_size=(1, 2, 2),
        num_attention_heads=2,
        attention_head_dim=12,
        in_channels=4,
        out_channels=4,
        text_dim=16,
        freq_dim=16,
        ffn_dim=16,
        num_layers=1,
        rope_max_seq_len=32,
    )
    scheduler = UniPCMultistepScheduler(
        prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=3.0
    )
    WanPipeline(
        tokenizer=tokenizer,
        text_encoder=text_encoder,
        vae=vae,
        transformer=transformer,
        scheduler=scheduler,
    ).save_pretrained(folder)
    if native is not None:
        index = folder / "model_index.json"
        index.write_text(json.dumps({**json.loads(index.read_text()), "_native": native}))
    return folder


@pytest.fixture(scope="module")
def native_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model(tmp_path_factory.mktemp("native") / "model", NATIVE)


@pytest.fixture(scope="module")
def load(repo_root: Path):
    def load_custom(folder: Path):
        pipe = DiffusionPipeline.from_pretrained(
            folder,
            custom_pipeline=str(repo_root / "model_cards" / "pipeline.py"),
            trust_remote_code=True,
        )
        pipe.set_progress_bar_config(disable=True)
        return pipe

    return load_custom


def frames(pipe, *args, **kwargs) -> np.ndarray:
    generator = torch.Generator().manual_seed(3)
    return pipe(*args, generator=generator, **kwargs).frames


def test_a_prompt_is_enough(native_model, load):
    pipe = load(native_model)
    assert type(pipe).__name__ == "MicroVersePipeline"
    assert pipe.native == NATIVE
    assert pipe.fps == 16
    assert frames(pipe, "cells divide").shape == (1, 5, 16, 32, 3)


def test_it_makes_what_a_plain_pipeline_with_the_same_settings_makes(native_model, load):
    plain = DiffusionPipeline.from_pretrained(native_model)
    assert type(plain) is WanPipeline
    settings = {key: value for key, value in NATIVE.items() if key != "fps"}
    expected = frames(plain, "cells divide", **settings)
    assert np.array_equal(frames(load(native_model), "cells divide"), expected)


def test_what_the_caller_says_wins(native_model, load):
    pipe = load(native_model)
    assert frames(pipe, "cells", height=32, num_frames=9).shape == (1, 9, 32, 32, 3)
    # height and width may also be given by position, as in WanPipeline.
    assert frames(pipe, "cells", None, 32, 16).shape == (1, 5, 32, 16, 3)


def test_several_prompts_at_once(native_model, load):
    assert frames(load(native_model), ["cells", "divide"]).shape[0] == 2


def test_without_native_settings_the_defaults_of_wan_stand(tmp_path, load, monkeypatch):
    pipe = load(tiny_model(tmp_path / "model", None))
    seen = {}
    monkeypatch.setattr(WanPipeline, "__call__", lambda self, *a, **k: seen.update(k))
    pipe("cells")
    assert seen == {}, "nothing may be imposed on a checkpoint that states nothing"


def test_saving_keeps_it_plain_and_keeps_the_settings(native_model, load, tmp_path):
    pipe = load(native_model)
    pipe.save_pretrained(tmp_path / "copy")
    assert type(DiffusionPipeline.from_pretrained(tmp_path / "copy")) is WanPipeline
    again = load(tmp_path / "copy")
    assert again.native == NATIVE
    assert np.array_equal(frames(again, "cells"), frames(pipe, "cells"))


@pytest.mark.parametrize("prompt", ["", "   ", ["cells", " "]])
def test_an_empty_prompt_is_refused(native_model, load, prompt):
    with pytest.raises(ValueError, match="empty text"):
        load(native_model)(prompt)


@pytest.mark.parametrize("value", [0, -3, "64", None, True])
def test_a_bad_native_setting_is_named(tmp_path, load, value):
    folder = tiny_model(tmp_path / "model", {**NATIVE, "height": value})
    with pytest.raises(ValueError, match=r"_native\.height"):
        load(folder)


class TestShippedModel:
    """The nano model in this repository."""

    @pytest.fixture(scope="class")
    def folder(self, repo_root: Path) -> Path:
        return repo_root / "model_cards" / "microverse-nano"

    def test_weights_are_small_safetensors_in_bfloat16(self, folder):
        weights = sorted(folder.rglob("*.safetensors"))
        assert {path.parent.name for path in weights} == {"text_encoder", "transformer", "vae"}
        assert sum(path.stat().st_size for path in weights) < 40e6
        kinds = {"BF16": 0, "F32": 0}
        for path in weights:
            with safe_open(path, "pt") as file:
                for key in file.keys():  # noqa: SIM118
                    part = file.get_slice(key)
                    kinds[part.get_dtype()] += int(np.prod(part.get_shape()))
        # diffusers keeps norms, modulation tables and the time embedding in float32.
        assert kinds["BF16"] > 0.8 * sum(kinds.values())
        others = {".json", ".md", ".webp", ".safetensors", ".jinja"}
        assert {path.suffix for path in folder.rglob("*") if path.is_file()} <= others

    def test_it_loads_plainly_and_as_a_microverse_pipeline(self, folder, load):
        assert type(DiffusionPipeline.from_pretrained(folder)) is WanPipeline
        pipe = load(folder)
        clip = pipe(
            "red blood cells squeeze through a capillary from left to right",
            num_inference_steps=2,
            generator=torch.Generator().manual_seed(0),
        ).frames[0]
        assert clip.shape == (pipe.native["num_frames"], 64, 64, 3)
        assert pipe.native["num_frames"] >= 17
