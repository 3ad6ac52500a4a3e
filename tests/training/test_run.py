"""A finished tiny run: what it leaves, that it learns, and that its model loads plainly."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from training_toy import tiny_recipe, write_recipe

from training.export import NATIVE_KEY
from training.loop import read_log
from training.text import count_truncated, load_tokenizer, tokenize, train_tokenizer


@pytest.fixture(scope="module")
def pipeline(finished_run: Path):
    from diffusers import DiffusionPipeline

    return DiffusionPipeline.from_pretrained(str(finished_run / "pipeline"))


def test_loads_as_a_plain_wan_pipeline_and_generates(pipeline) -> None:
    from diffusers import WanPipeline

    assert type(pipeline) is WanPipeline
    pipeline.set_progress_bar_config(disable=True)
    result = pipeline(
        ["a disc goes left"],
        height=16,
        width=16,
        num_frames=5,
        num_inference_steps=2,
        guidance_scale=2.0,
        generator=torch.Generator().manual_seed(0),
        output_type="np",
    )
    assert result.frames.shape == (1, 5, 16, 16, 3)
    assert np.isfinite(result.frames).all()


def test_native_settings_and_precision(finished_run: Path, pipeline) -> None:
    from safetensors.torch import load_file

    index = json.loads((finished_run / "pipeline" / "model_index.json").read_text())
    assert index["_class_name"] == "WanPipeline"
    assert index[NATIVE_KEY] == {
        "height": 16,
        "width": 16,
        "num_frames": 5,
        "num_inference_steps": 3,
        "guidance_scale": 3.0,
        "max_sequence_length": 64,
        "fps": 16,
    }
    stored = load_file(
        finished_run / "pipeline" / "transformer" / "diffusion_pytorch_model.safetensors"
    )
    assert stored["blocks.0.attn1.to_q.weight"].dtype == torch.bfloat16
    assert stored["blocks.0.scale_shift_table"].dtype == torch.float32
    assert pipeline.vae.config.latents_std != [1.0] * 4


def test_latents_are_normalised(finished_run: Path, pipeline) -> None:
    path = next((finished_run / "cache").glob("latents-train-*.npy"))
    latents = np.load(path).astype(np.float64)
    assert latents.shape == (24, 4, 3, 4, 4)
    config = pipeline.vae.config
    np.testing.assert_allclose(latents.mean(axis=(0, 2, 3, 4)), config.latents_mean, atol=1e-3)
    np.testing.assert_allclose(latents.std(axis=(0, 2, 3, 4)), config.latents_std, rtol=1e-2)


def test_tokenizer_reloads_with_the_same_ids(finished_run: Path, pipeline) -> None:
    folder = next((finished_run / "transformer").glob("tokenizer-*"))
    texts = ["A red disc moves to the left at 24 µm/s.", "naïve Ω 😀", ""]
    before = load_tokenizer(folder)(texts)["input_ids"]
    assert pipeline.tokenizer(texts)["input_ids"] == before
    assert before[2] == [pipeline.tokenizer.eos_token_id]
    assert pipeline.tokenizer.unk_token_id not in before[1]


def test_embeddings_are_those_of_the_pipeline(pipeline) -> None:
    """Training's short padding, continued with zeros, is what WanPipeline computes."""
    from training.text import embed_prompts

    pipeline.text_encoder.float()
    texts = ["a disc goes left", "disc"]
    wanted = pipeline._get_t5_prompt_embeds(texts, max_sequence_length=40)
    ids, mask = tokenize(pipeline.tokenizer, texts, 40)
    assert ids.shape[1] == int(mask.sum(dim=1).max()) + 1
    with torch.no_grad():
        got = embed_prompts(pipeline.text_encoder, ids, mask)
    torch.testing.assert_close(got, wanted[:, : ids.shape[1]], atol=1e-5, rtol=1e-4)
    assert not wanted[:, ids.shape[1] :].any()


def test_tokenizer_splits_digits_and_ignores_case() -> None:
    texts = ["Cells move at 12 µm/min", "cells move at 345 µm/min"] * 5
    tokenizer = train_tokenizer(texts, 300, 64)
    pieces = tokenizer.convert_ids_to_tokens(tokenizer("12 345")["input_ids"])
    digits = ["".join(filter(str.isdigit, piece)) for piece in pieces[:-1]]
    assert [d for d in digits if d] == ["1", "2", "3", "4", "5"]
    assert tokenizer("CELLS")["input_ids"] == tokenizer("cells")["input_ids"]
    assert count_truncated(tokenizer, texts, 3) == len(texts)
    assert train_tokenizer(texts[::-1], 300, 64).get_vocab() == tokenizer.get_vocab()


def test_run_leaves_logs_sheets_and_plots(finished_run: Path) -> None:
    for stage, key in (("autoencoder", "psnr"), ("transformer", "val_loss")):
        lines = read_log(finished_run / stage / "log.jsonl")
        assert [line["step"] for line in lines] == list(range(1, 10))
        assert [line["step"] for line in lines if key in line] == [4, 8, 9]
        assert all(np.isfinite(line["loss"]) for line in lines)
        assert (finished_run / stage / "losses.png").stat().st_size > 1000
        assert list((finished_run / stage / "samples").glob("*.png"))
    prompts = (finished_run / "transformer" / "samples" / "prompts.txt").read_text()
    assert len(prompts.splitlines()) == 2
    assert not [p for p in finished_run.rglob("*") if p.name.endswith((".tmp", ".old"))]


def test_both_losses_fall(toy_data: Path, tmp_path: Path, run_cli) -> None:
    recipe = tiny_recipe(
        toy_data,
        autoencoder={"steps": 150, "base_dim": 8, "validate_every": 150, "checkpoint_every": 150},
        transformer={
            "steps": 80,
            "lr": 2e-3,
            "accumulate": 1,
            "validate_every": 79,
            "sample_every": 1000,
            "checkpoint_every": 80,
        },
    )
    path = write_recipe(tmp_path / "recipe.yaml", recipe)
    done = run_cli(["microverse", "train", path, "--out", tmp_path / "run"], timeout=300)
    assert done.returncode == 0, done.stderr
    for stage in ("autoencoder", "transformer"):
        lines = [line["loss"] for line in read_log(tmp_path / "run" / stage / "log.jsonl")]
        assert np.mean(lines[-10:]) < 0.7 * np.mean(lines[:5]), stage


def test_new_videos_are_decoded_anew(toy_data: Path, tmp_path: Path) -> None:
    """Same folder name, other clips: neither the data set's nor our cache may answer."""
    import shutil

    from training_toy import write_toy

    from training.config import DataConfig
    from training.data import load_clips

    folder = tmp_path / "discs"
    shutil.copytree(toy_data, folder)
    config = DataConfig(path=str(folder), height=16, width=16, frames=5)
    first = load_clips(config, "validation", tmp_path)
    again = load_clips(config, "validation", tmp_path)
    assert first.digest == again.digest and len(first) == 6
    assert len(load_clips(config, "validation", tmp_path, limit=3)) == 3
    shutil.rmtree(folder)
    write_toy(folder, clips=2)
    shorter = load_clips(config, "train", tmp_path)
    assert len(shorter) == 2 and shorter.pixels.shape == (2, 5, 16, 16, 3)


def test_generate_writes_a_clip(finished_run: Path, tmp_path: Path, run_cli) -> None:
    import av

    clip, sheet = tmp_path / "clip.mp4", tmp_path / "sheet.png"
    model = finished_run / "pipeline"
    command = ["microverse", "generate", model, "a disc", "--out", clip, "--sheet", sheet]
    done = run_cli([*command, "--steps", "2"])
    assert done.returncode == 0, done.stderr
    with av.open(str(clip)) as container:
        frames = list(container.decode(video=0))
    assert len(frames) == 5 and (frames[0].height, frames[0].width) == (16, 16)
    assert sheet.read_bytes().startswith(b"\x89PNG")


def test_export_copies_the_model(
    finished_run: Path, toy_data: Path, tmp_path: Path, run_cli
) -> None:
    recipe = finished_run.parent / "recipe.yaml"
    command = ["microverse", "export", recipe, "--out", finished_run, "--to", tmp_path / "model"]
    done = run_cli(command)
    assert done.returncode == 0, done.stderr
    source = sorted(p.name for p in (finished_run / "pipeline").iterdir())
    assert sorted(p.name for p in (tmp_path / "model").iterdir()) == source
