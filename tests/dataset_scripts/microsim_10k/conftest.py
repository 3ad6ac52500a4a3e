"""Finished data sets that several tests read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dataset_scripts.microsim_10k.cli import main

Microsim = Callable[..., tuple[int, str, str]]


@pytest.fixture
def microsim(capsys: pytest.CaptureFixture[str]) -> Microsim:
    """`microsim("simulate", ...)` in this process: exit code, stdout, stderr without the bar."""

    def run(*args: object) -> tuple[int, str, str]:
        capsys.readouterr()
        try:
            code = main([str(arg) for arg in args])
        except SystemExit as stop:
            code = int(stop.code or 0)
        out, err = capsys.readouterr()
        lines = [line.split("\r")[-1].strip() for line in err.splitlines()]
        return code, out, "\n".join(line for line in lines if line)

    return run


@pytest.fixture(scope="session")
def small_set(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """microsim-10k with all micro-worlds: 60 clips of 64 px and 5 frames. Read only."""
    out = tmp_path_factory.mktemp("small") / "microsim-10k"
    assert (
        main(f"simulate --clips 60 --size 64 --frames 5 --seed 7 --workers 1 --out {out}".split())
        == 0
    )
    return out


@pytest.fixture(scope="session")
def flow_set(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """flow: 240 clips of one micro-world, made in one go in one process. Read only."""
    out = tmp_path_factory.mktemp("flow") / "flow"
    command = "simulate --clips 240 --size 64 --frames 17 --seed 3 --phenomena capillary_flow"
    assert main([*command.split(), "--workers", "1", "--out", str(out)]) == 0
    return out
