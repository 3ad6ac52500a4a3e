"""`microworldbench-data`: builds the benchmark's data set and imports the published edition."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

_EXAMPLES = """\
examples:
  microworldbench-data build --out microworldbench
  microworldbench-data import MicroVerse/eval --out microworldbench
  microworldbench-data check dataset_scripts/microworldbench/open
"""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        print(f"microworldbench-data: error: {message}", file=sys.stderr)
        raise SystemExit(2)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code: 0 done, 2 bad input, 130 interrupted."""
    args = _parser().parse_args(argv)
    # Imported after the arguments are known to be sound: `datasets` takes a second or two.
    from .rubric import RubricError

    try:
        args.run(args)
        return 0
    except RubricError as error:
        message = str(error)
    except ModuleNotFoundError as error:
        message = f"the package {error.name!r} is missing: pip install 'microverse[data]'"
    except OSError as error:
        message = f"{error.filename or 'writing'}: {error.strerror or error}"
    except KeyboardInterrupt:
        return 130
    print(f"microworldbench-data: error: {message}", file=sys.stderr)
    return 2


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="microworldbench-data",
        description="Build MicroWorldBench, a rubric benchmark of microscale video.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def command(name: str, text: str, example: str) -> argparse.ArgumentParser:
        return commands.add_parser(
            name,
            help=text,
            description=f"{text[0].upper()}{text[1:]}.",
            epilog=f"example:\n  microworldbench-data {example}\n",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )

    out_help = "folder to write; its name is the data set's (default: %(default)s)"
    build = command(
        "build", "write the Hub folder with edition open", "build --out microworldbench"
    )
    build.add_argument("--out", type=Path, default=Path("microworldbench"), help=out_help)
    build.set_defaults(run=_build)

    imported = command(
        "import",
        "add edition iclr2026 from the authors' files, repaired",
        "import MicroVerse/eval --out microworldbench --weights published",
    )
    imported.add_argument("folder", type=Path, help="folder with the authors' three JSON files")
    imported.add_argument("--out", type=Path, default=Path("microworldbench"), help=out_help)
    imported.add_argument(
        "--weights",
        choices=("published", "raw"),
        default="published",
        help="published: what the authors' scorer uses; raw: as first given (default: %(default)s)",
    )
    imported.set_defaults(run=_import)

    check = command("check", "check rubric files and print what they hold", "check my-rubrics")
    check.add_argument("folder", type=Path, help="folder of YAML files, one per phenomenon")
    check.set_defaults(run=_check)
    return parser


def _build(args: argparse.Namespace) -> None:
    from .build import existing_editions, open_edition, write_folder

    rows = open_edition()
    write_folder(args.out, {**existing_editions(args.out), "open": rows})
    print(f"{args.out}: {_count(rows)}")
    print(f'from {args.out.absolute().parent}: load_dataset("{args.out.name}")')


def _import(args: argparse.Namespace) -> None:
    from .build import existing_editions, open_edition, write_folder
    from .upstream import read_upstream

    rows, report = read_upstream(args.folder, args.weights)
    editions = {"open": open_edition(), **existing_editions(args.out), "iclr2026": rows}
    write_folder(args.out, editions)
    for line in report.lines():
        print(line)
    print(f'from {args.out.absolute().parent}: load_dataset("{args.out.name}", "iclr2026")')


def _check(args: argparse.Namespace) -> None:
    from .build import open_edition

    rows = open_edition(args.folder)
    for row in rows:
        measured = sum(bool(c["measure"]) for c in row["criteria"])
        print(f"{row['task_id']}: {len(row['criteria'])} criteria, {measured} with a measure")
    print(_count(rows))


def _count(rows: Sequence[dict]) -> str:
    criteria = sum(len(row["criteria"]) for row in rows)
    return f"edition open: {len(rows)} tasks, {criteria} criteria"
