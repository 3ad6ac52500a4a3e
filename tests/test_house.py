"""The rules of the house (CONTRIBUTING.md), read off the files themselves."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import version
from itertools import chain
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
SHARED_LIBRARY = "dataset_scripts.simulator"
TOP_LEVEL = {
    "dataset_scripts",
    "demo",
    "evaluate_metrics",
    "hub",
    "model_cards",
    "spaces",
    "tests",
    "training",
}
MAX_LINES = 500
MAX_BYTES = 40_000_000


def repository_files() -> list[Path]:
    """Files that git tracks, or would track, relative to the checkout."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    names = sorted(set(listed.stdout.decode().split("\0")) - {""})
    return [Path(name) for name in names if (ROOT / name).is_file()]


def text_of(path: Path) -> str | None:
    """The file's text, or None for a binary file."""
    try:
        return (ROOT / path).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None


def modules() -> dict[Path, str]:
    """Every Python file outside tests/, with its source."""
    paths = [p for p in repository_files() if p.suffix == ".py" and p.parts[0] != "tests"]
    return {p: (ROOT / p).read_text(encoding="utf-8") for p in paths}


def room(dotted: str) -> str:
    """The room of a dotted name: its first part, or the first two inside `dataset_scripts`."""
    parts = dotted.split(".")
    return ".".join(parts[: 2 if parts[0] == "dataset_scripts" else 1])


def imported(path: Path, source: str) -> Iterator[str]:
    """Dotted names that a module imports; relative ones resolved against its own package."""
    package = list(path.with_suffix("").parts[:-1])
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            base += [node.module] if node.module else []
            yield from (".".join([*base, alias.name]) for alias in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            yield from (a.value for a in node.args[:1] if isinstance(a, ast.Constant))


def arrows(files: dict[Path, str]) -> list[str]:
    """Imports that cross from one room to another where the house does not allow it."""
    found = []
    for path, source in files.items():
        here = room(".".join(path.with_suffix("").parts))
        for name in imported(path, source):
            there = room(name)
            builder_to_simulator = here.startswith("dataset_scripts.") and there == SHARED_LIBRARY
            if name.split(".")[0] in TOP_LEVEL and there != here and not builder_to_simulator:
                found.append(f"{path} imports {name}")
    return found


def unsafe_calls(path: Path, source: str) -> list[str]:
    """Ways of turning a file or a string into running code."""
    found = [
        f"{path} imports {name}"
        for name in imported(path, source)
        if name.split(".")[0] in {"pickle", "dill", "cloudpickle", "joblib", "marshal", "shelve"}
    ]
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        function = ast.unparse(node.func)
        given = {k.arg: ast.unparse(k.value) for k in node.keywords}
        if (
            function in {"eval", "exec", "yaml.load", "yaml.unsafe_load", "os.system"}
            or (function == "torch.load" and given.get("weights_only") != "True")
            or given.get("shell") == "True"
            or given.get("allow_pickle") == "True"
        ):
            found.append(f"{path}:{node.lineno} calls {ast.unparse(node)[:60]}")
    return found


def test_no_import_arrow_between_rooms() -> None:
    assert arrows(modules()) == []


@pytest.mark.parametrize(
    ("path", "source", "allowed"),
    [
        ("training/data.py", "from dataset_scripts.simulator import core", False),
        ("training/data.py", "def f():\n    import dataset_scripts.microsim_10k.cli", False),
        ("training/data.py", "import_module('dataset_scripts.simulator')", False),
        ("training/data.py", "from . import latents", True),
        ("training/loops/a.py", "from ..data import clips", True),
        ("demo.py", "from training.cli import main", False),
        ("model_cards/pipeline.py", "import training", False),
        ("dataset_scripts/microsim_10k/build.py", "from ..simulator import clip", True),
        ("dataset_scripts/microsim_10k/build.py", "from dataset_scripts import simulator", True),
        ("dataset_scripts/microsim_10k/build.py", "from ..microworldbench import rows", False),
        ("dataset_scripts/simulator/core.py", "from ..microsim_10k import schema", False),
        ("dataset_scripts/simulator/core.py", "import numpy", True),
    ],
)
def test_the_arrow_rule_itself(path: str, source: str, allowed: bool) -> None:
    assert (arrows({Path(path): source}) == []) is allowed


def test_nothing_turns_files_or_strings_into_code() -> None:
    assert [hit for path, source in modules().items() for hit in unsafe_calls(path, source)] == []


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from dill import loads",
        "eval(text)",
        "import yaml\nyaml.load(stream, Loader=yaml.Loader)",
        "torch.load(path)",
        "torch.load(path, weights_only=False)",
        "subprocess.run(line, shell=True)",
        "np.load(path, allow_pickle=True)",
    ],
)
def test_the_unsafe_rule_itself(source: str) -> None:
    assert unsafe_calls(Path("training/x.py"), source)
    safe = "model.eval(); yaml.safe_load(s); torch.load(p, weights_only=True); np.load(p)"
    assert not unsafe_calls(Path("training/x.py"), safe)


def test_weights_are_safetensors_of_bounded_size() -> None:
    other = {".bin", ".ckpt", ".h5", ".joblib", ".msgpack", ".npz", ".onnx", ".pkl", ".pt", ".pth"}
    files = repository_files()
    assert [str(p) for p in files if p.suffix in other] == []
    assert [str(p) for p in files if (ROOT / p).stat().st_size > MAX_BYTES] == []


def test_spaces_is_not_a_package() -> None:
    # gradio imports a package named `spaces`; ours must never be found in its place.
    assert list((ROOT / "spaces").rglob("__init__.py")) == []


def test_files_can_be_read_in_one_sitting() -> None:
    long = {
        str(p): lines
        for p in repository_files()
        if p.suffix in {".py", ".md", ".sh", ".toml", ".yaml", ".yml"}
        and (lines := len((text_of(p) or "").splitlines())) > MAX_LINES
    }
    assert long == {}


def test_no_file_names_a_machine() -> None:
    place = re.compile(
        r"(?<![\w.~}-])/(?:home|Users|root|w[o]rk|mnt)/\w|(?:^|\s)--(?:extra-)?index-url\b"
    )
    hits = [
        f"{p}:{number}: {line.strip()[:80]}"
        for p in repository_files()
        if p != Path("tests/test_house.py") and (text := text_of(p)) is not None
        for number, line in enumerate(text.splitlines(), 1)
        if place.search(line)
    ]
    assert hits == []


def readme_tree() -> list[str]:
    """Paths in the README's tree: one per line, two or four spaces deeper inside a folder."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    block = re.search(r"```\n(dataset_scripts/.*?)```", text, re.DOTALL)
    assert block, "README.md has no tree that starts at dataset_scripts/"
    parents: list[tuple[int, str]] = []
    paths = []
    for line in block[1].splitlines():
        name = line.split()[0]
        indent = len(line) - len(line.lstrip())
        parents = [p for p in parents if p[0] < indent]
        path = "".join(p[1] for p in parents) + name
        paths.append(path)
        if name.endswith("/"):
            parents.append((indent, name))
    return paths


def test_the_readme_tree_is_the_tree() -> None:
    told = readme_tree()
    assert [p for p in told if not (ROOT / p).exists()] == []
    folders = {p.parts[0] + "/" for p in repository_files() if len(p.parts) > 1}
    assert {f for f in folders if not f.startswith(".")} <= set(told)


def test_every_requirement_is_pinned_by_the_constraints() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = {}
    for line in lines:
        if line and not line.startswith("#"):
            name, _, pinned = line.partition("==")
            assert re.fullmatch(r"[\w.]+", pinned), f"constraints.txt: not a plain pin: {line}"
            pins[canonicalize_name(name)] = pinned
    extras = chain.from_iterable(project["optional-dependencies"].values())
    for requirement in map(Requirement, [*project["dependencies"], *extras]):
        if requirement.name != project["name"]:
            pinned = pins[canonicalize_name(requirement.name)]
            assert requirement.specifier.contains(pinned), f"{requirement} but {pinned} is pinned"


def test_the_installed_torch_is_the_pinned_one() -> None:
    assert "torch==" + version("torch").split("+")[0] in (ROOT / "constraints.txt").read_text()


def test_citation_agrees_with_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == project["version"]
    assert citation["license"] == project["license"]
    assert citation["references"][0]["identifiers"][0]["value"] == "arXiv:2603.00585"


@pytest.mark.parametrize("command", ["microsim", "microverse"])
def test_console_commands_start_from_any_folder(command: str, tmp_path: Path) -> None:
    script = Path(sys.executable).parent / command
    shown = subprocess.run([script, "--help"], cwd=tmp_path, capture_output=True, text=True)
    assert shown.returncode == 0, shown.stderr
    assert command in shown.stdout
