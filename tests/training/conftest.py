"""One toy data set and one finished tiny run, shared by the tests of this room."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from training_toy import tiny_recipe, write_recipe, write_toy


@pytest.fixture(scope="session")
def toy_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a toy data set, 24 training and 6 validation clips."""
    return write_toy(tmp_path_factory.mktemp("toy") / "discs")


@pytest.fixture(scope="session")
def finished_run(toy_data: Path, tmp_path_factory: pytest.TempPathFactory, run_cli) -> Path:
    """Folder of an uninterrupted run of the tiny recipe (beside it: recipe.yaml)."""
    folder = tmp_path_factory.mktemp("run")
    recipe = write_recipe(folder / "recipe.yaml", tiny_recipe(toy_data))
    out = folder / "out"
    done = run_cli(["microverse", "train", recipe, "--out", out], timeout=300)
    assert done.returncode == 0, done.stderr
    return out
