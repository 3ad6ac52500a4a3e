"""The Makefile's own logic, run for real from a folder with spaces.

Tools that would take minutes or change the machine (python, df, ffmpeg) are small stand-ins on a
PATH of their own; the real install is what `make test` itself went through to get here.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

TOOLS = [
    "awk",
    "cat",
    "chmod",
    "cksum",
    "cp",
    "df",
    "echo",
    "find",
    "id",
    "mkdir",
    "rm",
    "touch",
    "tr",
]
PYTHON = """#!/bin/sh
# Stands in for a new enough Python: notes its arguments, makes a "venv" that holds itself.
case "$*" in
  *version_info*) exit "${TOO_OLD:-0}" ;;
  "-m venv"*) mkdir -p .venv/bin .venv/lib && cp "$0" .venv/bin/python ;;
  "-m pip"*) echo "pip" >> calls; exit "${PIP_FAILS:-0}" ;;
  *torchcodec*) exit "${NO_LIBRARIES:-0}" ;;
  demo.py) printf '<%s>' "$PROMPT" ;;
esac
"""


def executable(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)


class Checkout:
    """A copy of the Makefile and what it reads, with a PATH that holds only what is put there."""

    def __init__(self, root: Path, folder: Path) -> None:
        self.folder = folder / "a folder with spaces"
        self.bin = folder / "bin"
        self.folder.mkdir(parents=True)
        self.bin.mkdir()
        for name in ("Makefile", "pyproject.toml", "constraints.txt"):
            shutil.copy(root / name, self.folder)
        for tool in TOOLS:
            found = shutil.which(tool)
            assert found, tool
            (self.bin / tool).symlink_to(found)
        executable(self.bin / "ffmpeg", "#!/bin/sh\n")
        executable(self.bin / "python3.11", PYTHON)

    def make(self, *args: str, **env: str) -> subprocess.CompletedProcess[str]:
        make = shutil.which("make")
        assert make
        inherited = {k: v for k, v in os.environ.items() if k not in {"PYTHON", "PROMPT"}}
        inherited = {k: v for k, v in inherited.items() if not k.startswith(("MAKE", "MFLAGS"))}
        return subprocess.run(
            [make, *args],
            cwd=self.folder,
            env={**inherited, "PATH": str(self.bin), **env},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
        )

    def stamps(self) -> list[Path]:
        return list(self.folder.glob(".venv/.installed-*"))

    def installs(self) -> int:
        calls = self.folder / "calls"
        return len(calls.read_text().splitlines()) if calls.exists() else 0


@pytest.fixture
def checkout(repo_root: Path, tmp_path: Path) -> Checkout:
    return Checkout(repo_root, tmp_path)


def complaint(result: subprocess.CompletedProcess[str]) -> str:
    """The one line that a failed set-up prints besides make's own closing line."""
    assert result.returncode != 0
    lines = [x for x in result.stderr.splitlines() if not x.startswith("make: ***")]
    assert len(lines) == 1, result.stderr
    return lines[0]


def test_help_names_every_target(checkout: Checkout) -> None:
    shown = checkout.make()
    assert shown.returncode == 0
    phony = (checkout.folder / "Makefile").read_text().split(".PHONY:")[1].splitlines()[0]
    for target in set(phony.split()) - {"help", "ffmpeg"}:
        assert f"make {target}" in shown.stdout


def test_installs_once_and_again_only_when_a_requirement_changes(checkout: Checkout) -> None:
    assert checkout.make("setup").returncode == 0
    assert checkout.make("setup").returncode == 0
    assert checkout.installs() == 1
    (checkout.folder / "Makefile").touch()
    (checkout.folder / "pyproject.toml").touch()
    assert checkout.make("setup").returncode == 0
    assert checkout.installs() == 1
    with (checkout.folder / "constraints.txt").open("a") as file:
        file.write("# changed\n")
    assert checkout.make("setup").returncode == 0
    assert checkout.installs() == 2
    assert len(checkout.stamps()) == 1


def test_installs_again_where_the_folder_was_moved(checkout: Checkout) -> None:
    checkout.make("setup")
    checkout.folder = checkout.folder.rename(checkout.folder.with_name("moved here"))
    assert checkout.make("setup").returncode == 0
    assert checkout.installs() == 2


def test_a_failed_install_leaves_no_stamp(checkout: Checkout) -> None:
    assert "pip could not install" in complaint(checkout.make("setup", PIP_FAILS="1"))
    assert checkout.stamps() == []
    assert checkout.make("setup").returncode == 0
    assert len(checkout.stamps()) == 1


def test_python_too_old(checkout: Checkout) -> None:
    old = checkout.bin / "old python"
    executable(old, "#!/bin/sh\nexit 1\n")
    line = complaint(checkout.make("setup", f"PYTHON={old}"))
    assert "3.11" in line
    assert "old python" in line
    assert not (checkout.folder / ".venv").exists()


def test_no_python_at_all(checkout: Checkout) -> None:
    (checkout.bin / "python3.11").unlink()
    assert "no Python 3.11 or newer" in complaint(checkout.make("test"))


def test_no_ffmpeg_and_no_way_to_install_it(checkout: Checkout) -> None:
    (checkout.bin / "ffmpeg").unlink()
    assert "FFmpeg is missing" in complaint(checkout.make("demo"))
    assert checkout.installs() == 0


def test_ffmpeg_without_shared_libraries(checkout: Checkout) -> None:
    assert "cannot load the FFmpeg libraries" in complaint(checkout.make("test", NO_LIBRARIES="1"))
    assert checkout.stamps() == []


def test_ffmpeg_is_installed_where_apt_get_can(checkout: Checkout) -> None:
    (checkout.bin / "ffmpeg").unlink()
    executable(checkout.bin / "sudo", '#!/bin/sh\nshift\nexec "$@"\n')
    apt = f'#!/bin/sh\n[ "$1" = update ] || {{ touch "{checkout.bin}/ffmpeg"; '
    executable(checkout.bin / "apt-get", apt + f'chmod +x "{checkout.bin}/ffmpeg"; }}\n')
    (checkout.bin / "true").symlink_to(shutil.which("true") or "")
    assert checkout.make("ffmpeg").returncode == 0
    assert (checkout.bin / "ffmpeg").exists()


def test_no_room_on_the_disk(checkout: Checkout) -> None:
    (checkout.bin / "df").unlink()
    row = "/dev/disk 9000000 8000000 1000000 90% /"
    executable(checkout.bin / "df", f"#!/bin/sh\necho Filesystem\necho '{row}'\n")
    line = complaint(checkout.make("setup"))
    assert "0 GB free" in line
    assert not (checkout.folder / ".venv").exists()


@pytest.mark.parametrize(
    "prompt", ["two words", 'a "quoted" $HOME of $(shell id) `id`', "it's 5 µm; # $$ \\ |"]
)
def test_a_prompt_arrives_as_typed(checkout: Checkout, prompt: str) -> None:
    given = checkout.make("demo", f"PROMPT={prompt}")
    assert given.returncode == 0, given.stderr
    assert given.stdout.endswith(f"<{prompt}>"), given.stdout
    exported = checkout.make("demo", PROMPT=prompt)
    assert exported.stdout.endswith(f"<{prompt}>"), exported.stdout


def test_without_a_prompt_the_demo_chooses(checkout: Checkout) -> None:
    assert checkout.make("demo").stdout.endswith("<>")


def test_clean_leaves_the_sources(checkout: Checkout) -> None:
    checkout.make("setup")
    before = {"Makefile", "pyproject.toml", "constraints.txt", "calls"}
    (checkout.folder / "out").mkdir()
    (checkout.folder / "out" / "clip.mp4").touch()
    (checkout.folder / "pkg" / "__pycache__").mkdir(parents=True)
    assert checkout.make("clean").returncode == 0
    assert {p.name for p in checkout.folder.iterdir()} == before | {"pkg"}
    assert list((checkout.folder / "pkg").iterdir()) == []
