"""Shared set-up: one thread, no network, and caches that belong to this run alone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parents[1]

# These must stand before anything imports torch, datasets or huggingface_hub, which read them
# once. The cache is per process because `load_dataset` would hand out the rows of an earlier run
# for a folder of the same name; one thread because pytest-xdist already fills the cores and
# because another thread count changes the last bits of a sum.
_HF_HOME = tempfile.mkdtemp(prefix="microverse-hf-home-")
os.environ.update(
    HF_HOME=_HF_HOME,
    HF_HUB_OFFLINE="1",
    HF_DATASETS_OFFLINE="1",
    HF_HUB_DISABLE_TELEMETRY="1",
    HF_HUB_DISABLE_XET="1",
    OMP_NUM_THREADS="1",
    MKL_NUM_THREADS="1",
    OPENBLAS_NUM_THREADS="1",
    TOKENIZERS_PARALLELISM="false",
)
for _name in ("HF_DATASETS_CACHE", "HF_HUB_CACHE", "HF_MODULES_CACHE", "HF_ENDPOINT", "HF_TOKEN"):
    os.environ.pop(_name, None)

# How long an example takes says more about the machine than about the code.
settings.register_profile("house", deadline=None)
settings.load_profile("house")

# The module behind each console script.
COMMANDS = {
    "microsim": "dataset_scripts.microsim_10k.cli",
    "microworldbench-data": "dataset_scripts.microworldbench.cli",
    "microworldbench": "evaluate_metrics.microworldbench.cli",
    "microverse": "training.cli",
}

RunCli = Callable[..., "subprocess.CompletedProcess[str]"]


def pytest_unconfigure() -> None:
    shutil.rmtree(_HF_HOME, ignore_errors=True)


@pytest.fixture(scope="session")
def repo_root() -> Path:
    """The checkout's top folder."""
    return ROOT


@pytest.fixture
def hf_home(tmp_path: Path) -> dict[str, str]:
    """Environment entries that give a child process a Hugging Face cache of its own."""
    return {"HF_HOME": str(tmp_path / "hf-home")}


@pytest.fixture(scope="session")
def run_cli() -> RunCli:
    """`run_cli(["microsim", "simulate", ...], cwd=..., env=..., timeout=...)`.

    Runs the module behind a console script in a child process and returns its
    `CompletedProcess` with text output; it never raises on a non-zero exit code.
    """

    def run(
        args: Sequence[str | os.PathLike[str]],
        cwd: Path | None = None,
        env: dict[str, str] | None = None,
        timeout: float = 120,
    ) -> subprocess.CompletedProcess[str]:
        command, *rest = [os.fspath(a) for a in args]
        module = COMMANDS[command]
        call = f"import sys; from {module} import main; sys.argv[0] = {command!r}; sys.exit(main())"
        search_path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        return subprocess.run(
            [sys.executable, "-c", call, *rest],
            cwd=cwd or ROOT,
            env={**os.environ, "PYTHONPATH": search_path, **(env or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
        )

    return run
