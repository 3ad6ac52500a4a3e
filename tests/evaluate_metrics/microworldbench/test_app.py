"""The metric's page, asked over its named endpoint as `gradio_client` asks it."""

from __future__ import annotations

import runpy
from collections.abc import Iterator
from pathlib import Path

import pytest
from loopback import write_clip

from dataset_scripts.microworldbench.build import open_edition, write_folder

ROOM = Path(__file__).resolve().parents[3] / "evaluate_metrics" / "microworldbench"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator:
    data = tmp_path_factory.mktemp("data") / "microworldbench"
    write_folder(data, {"open": open_edition()})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MICROWORLDBENCH_DATA", str(data))
        patch.setenv("GRADIO_ANALYTICS_ENABLED", "False")
        for name in ("http_proxy", "https_proxy", "all_proxy"):
            patch.delenv(name, raising=False)
            patch.delenv(name.upper(), raising=False)
        from gradio_client import Client

        page = runpy.run_path(str(ROOM / "app.py"))["build"]()
        _, url, _ = page.launch(prevent_thread_lock=True, quiet=True, server_name="127.0.0.1")
        yield Client(url, verbose=False)
        page.close()


def test_a_clip_is_graded(client, tmp_path: Path) -> None:
    from gradio_client import handle_file

    clip = handle_file(str(write_clip(tmp_path / "clip.mp4")))
    points, table = client.predict("mitosis-1", clip, api_name="/grade")
    assert points.startswith("**0 of 100**")  # it only grows brighter: there is no cell in it
    assert table.count("<tr>") == 10 and "unmet" in table and "ungraded" in table


def test_a_file_that_is_no_clip_fails(client, tmp_path: Path) -> None:
    from gradio_client import handle_file

    broken = tmp_path / "clip.mp4"
    broken.write_bytes(b"not a video")
    points, table = client.predict("mitosis-1", handle_file(str(broken)), api_name="/grade")
    assert points.startswith("**0 of 100**") and "cannot be decoded" in table
