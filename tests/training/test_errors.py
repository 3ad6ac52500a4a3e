"""Bad input: one line that names file and field, exit code 2, nothing half-written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from training_toy import tiny_recipe, write_recipe

from training.config import load_config, parse_config
from training.errors import MicroVerseError

CONFIGS = Path(__file__).resolve().parents[2] / "training" / "configs"


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.yaml")), ids=lambda p: p.name)
def test_shipped_recipes_are_valid(path: Path) -> None:
    assert load_config(path).data.path


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"stepps": 3}, "recipe.yaml: stepps: unknown field"),
        ({"data": {"path": "x", "frmes": 3}}, "recipe.yaml: data.frmes: unknown field"),
        ({"data": {}}, "recipe.yaml: data.path: missing"),
        ({"data": 3}, "recipe.yaml: data: expected a mapping"),
        ({"seed": "one"}, "recipe.yaml: seed: expected a whole number, got 'one'"),
        ({"seed": True}, "recipe.yaml: seed: expected a whole number, got True"),
        ({"threads": 0}, "recipe.yaml: threads: must be at least 1, got 0"),
        ({"text": {"dropout": 1.5}}, "recipe.yaml: text.dropout: must be at most 1.0"),
        ({"transformer": {"lr": "fast"}}, "recipe.yaml: transformer.lr: expected a number"),
        ({"transformer": {"lr": float("nan")}}, "recipe.yaml: transformer.lr: must be at least"),
        ({"transformer": {"optimizer": "sgd"}}, "must be one of adamw, muon, got 'sgd'"),
        ({"autoencoder": {"dim_mult": [1, 0]}}, "autoencoder.dim_mult[1]: must be at least 1"),
        ({"autoencoder": {"dim_mult": 2}}, "autoencoder.dim_mult: expected a list"),
        ({"autoencoder": {"dim_mult": [1, 2, 4]}}, "autoencoder.temporal_downsample: needs 2"),
        ({"autoencoder": {"is_residual": True}}, "autoencoder.dim_mult: with is_residual"),
        ({"autoencoder": {"crop": 30}}, "autoencoder.crop: must be a multiple of 4, got 30"),
        ({"autoencoder": {"crop_frames": 8}}, "autoencoder.crop_frames: must be 1 + a multiple"),
        ({"data": {"path": "x", "height": 60}}, "data.height: must be a multiple of 8, got 60"),
    ],
)
def test_recipe_errors_name_the_field(change: dict[str, Any], says: str) -> None:
    with pytest.raises(MicroVerseError) as caught:
        parse_config({"data": {"path": "x"}, **change}, "recipe.yaml")
    assert says in str(caught.value) and "\n" not in str(caught.value)


def test_numbers_in_scientific_notation_are_numbers() -> None:
    config = parse_config(yaml.safe_load("{data: {path: x}, transformer: {lr: 1e-3}}"), "a.yaml")
    assert config.transformer.lr == 1e-3


def one_line(done, says: str) -> None:
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("microverse: error:")]
    assert len(lines) == 1 and says in lines[0], done.stderr


def test_command_line_errors(tmp_path: Path, run_cli) -> None:
    one_line(run_cli(["microverse", "train", tmp_path / "no.yaml"]), "no.yaml: cannot be read")
    broken = tmp_path / "broken.yaml"
    broken.write_text("data: [")
    one_line(run_cli(["microverse", "train", broken]), "broken.yaml: is not YAML")
    model = tmp_path / "nothing"
    one_line(run_cli(["microverse", "generate", model, "a cell"]), "nothing: cannot be loaded")
    assert not (tmp_path / "out").exists()


def test_data_errors(tmp_path: Path, run_cli) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    recipe = write_recipe(tmp_path / "recipe.yaml", tiny_recipe(empty))
    done = run_cli(["microverse", "train", recipe, "--out", tmp_path / "run"])
    one_line(done, "empty: cannot be loaded as a data set")


def test_unwritable_run_folder(tmp_path: Path, toy_data: Path, run_cli) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    recipe = write_recipe(tmp_path / "recipe.yaml", tiny_recipe(toy_data))
    done = run_cli(["microverse", "train", recipe, "--out", blocked / "run"])
    one_line(done, "cannot be written to")


def test_truncated_and_short_videos_are_named(toy_data: Path) -> None:
    import numpy as np
    from training_toy import disc_clip, encode_mp4

    from training.data import decode_frames

    video = encode_mp4(disc_clip(np.random.default_rng(0), 16, 5)[0])
    assert decode_frames(video, 5, "clip").shape == (5, 16, 16, 3)
    with pytest.raises(MicroVerseError, match="clip 7: the video has 5 frames, 9 are needed"):
        decode_frames(video, 9, "clip 7")
    with pytest.raises(MicroVerseError, match="clip 7: the video cannot be decoded"):
        decode_frames(video[: len(video) // 2], 5, "clip 7")


def test_clips_of_another_size_are_refused(toy_data: Path, tmp_path: Path, run_cli) -> None:
    recipe = tiny_recipe(toy_data, data={"height": 24, "width": 24})
    path = write_recipe(tmp_path / "recipe.yaml", recipe)
    done = run_cli(["microverse", "train", path, "--out", tmp_path / "run"])
    one_line(done, "is 16×16 px, the recipe says 24×24")
    assert not list((tmp_path / "run" / "cache").glob("*.npy"))


def test_a_model_that_lacks_a_file_is_one_line_and_never_unpickled(repo_root, run_cli, tmp_path):
    import shutil

    broken = tmp_path / "model"
    shutil.copytree(repo_root / "model_cards" / "microverse-nano", broken)
    (broken / "vae" / "diffusion_pytorch_model.safetensors").unlink()
    clip = tmp_path / "clip.mp4"
    done = run_cli(["microverse", "generate", str(broken), "a cell divides", "--out", str(clip)])
    assert done.returncode == 2
    assert done.stderr.startswith("microverse: error: ")
    assert done.stderr.count("\n") == 1
    assert ".safetensors" in done.stderr
    assert not clip.exists()
