"""`microworldbench`: grades folders of clips, reports and compares runs."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

_EXAMPLES = """\
examples:
  microworldbench run --videos clips --out runs/mine
  microworldbench run --videos clips --judge openai:gpt-5 --out runs/mine --dry-run
  microworldbench run --videos clips --judge openai:gpt-5 --out runs/mine
  microworldbench report runs/mine runs/theirs --out report
  microworldbench agree runs/gpt runs/experts
  microworldbench form --videos clips --out form.csv
  microworldbench calibrate --probes microsim-10k-probes --benchmark microworldbench
"""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        print(f"microworldbench: error: {message}", file=sys.stderr)
        raise SystemExit(2)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code: 0 done, 2 bad input, 130 interrupted."""
    args = _parser().parse_args(argv)
    from .verdicts import MetricError

    try:
        args.run(args)
        return 0
    except MetricError as error:
        message = str(error)
    except ModuleNotFoundError as error:
        message = f"the package {error.name!r} is missing: pip install 'microverse[metric]'"
    except OSError as error:
        message = f"{error.filename or 'writing'}: {error.strerror or error}"
    except KeyboardInterrupt:
        print("microworldbench: interrupted; run the same command to go on", file=sys.stderr)
        return 130
    print(f"microworldbench: error: {message}", file=sys.stderr)
    return 2


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="microworldbench",
        description="Grade video of microscopic processes against a rubric.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def command(name: str, text: str, more: str, example: str) -> argparse.ArgumentParser:
        return commands.add_parser(
            name,
            help=text,
            description=f"{text[0].upper()}{text[1:]}. {more}",
            epilog=f"example:\n  microworldbench {example}\n",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )

    run = command(
        "run",
        "grade a folder of clips",
        "Clips are named by task (calcium_wave-1.mp4, calcium_wave-1_2.mp4, or a folder of that\n"
        "name), by the task's number, or in a metadata.jsonl with file_name and task_id. A run\n"
        "that was interrupted or killed goes on when the same command is given again; a second\n"
        "run asks only what is new.",
        "run --videos clips --judge openai:gpt-5 --out runs/mine",
    )
    _data_options(run)
    run.add_argument("--out", type=Path, required=True, help="run folder to write")
    run.add_argument("--judge", default="measured",
                     help="measured (programs, offline), openai:MODEL or human:FILE (CSV or "
                     "JSONL) (default: %(default)s)")  # fmt: skip
    run.add_argument("--model", help="name of the graded model (default: the folder's name)")
    run.add_argument("--protocol", choices=("joint", "paper"), default="joint",
                     help="one call for all dimensions, reason before verdict; or one call per "
                     "dimension as published (default: %(default)s)")  # fmt: skip
    run.add_argument("--repeats", type=_positive, default=1, help="ask everything so often")
    run.add_argument("--limit", type=_positive, help="only the first so many tasks")
    run.add_argument("--phenomena", metavar="A,B", help="only the tasks of these phenomena")
    run.add_argument("--controls", type=_natural, default=1, metavar="N",
                     help="tasks per phenomenon on which the control clips are graded too; 0 for "
                     "none (default: %(default)s)")  # fmt: skip
    run.add_argument("--concurrency", type=_positive, default=16, help="calls at a time, at most")
    run.add_argument("--temperature", type=_maybe_float, default=0.0,
                     help="number, or 'none' to leave it to the server")  # fmt: skip
    run.add_argument("--seed", type=int, default=0, help="of judge and controls")
    run.add_argument("--retry-failed", action="store_true", help="ask failed calls once more")
    run.add_argument("--dry-run", action="store_true", help="print calls and cost, send nothing")
    run.add_argument("--price-in", type=float, default=0.0, help="per million tokens in")
    run.add_argument("--price-out", type=float, default=0.0, help="per million tokens out")
    run.set_defaults(run=_run)

    report = command(
        "report",
        "write report.md and report.html on runs",
        "All runs must be of one edition, version and judge. Instead of run folders it also\n"
        "reads the authors' own MODEL_result.json: repaired, or with --compat published exactly\n"
        "as their scorer counts them; the difference is shown in published.md.",
        "report runs/mine runs/theirs --out report\n"
        "  microworldbench report eval_result/Sora_result.json --compat published --out theirs",
    )
    report.add_argument("runs", nargs="+", type=Path,
                        help="run folders, or the authors' result files")  # fmt: skip
    report.add_argument("--out", type=Path, required=True, help="folder to write")
    report.add_argument("--compat", choices=("published",),
                        help="score result files as the authors' scorer does")  # fmt: skip
    report.add_argument("--data", default="microworldbench", help="for result files: the "
                        "benchmark with edition iclr2026, folder or Hub id (default: "
                        "%(default)s)")  # fmt: skip
    report.set_defaults(run=_report)

    agree = command(
        "agree",
        "say how far judges agree on the same clips",
        "The runs must be of one edition and version.",
        "agree runs/gpt runs/experts",
    )
    agree.add_argument("runs", nargs="+", type=Path, help="two or more run folders")
    agree.set_defaults(run=_agree)

    form = command(
        "form",
        "write a CSV for experts to fill in",
        "Grade it with --judge human:FILE.",
        "form --videos clips --out form.csv",
    )
    _data_options(form)
    form.add_argument("--out", type=Path, required=True, help="CSV to write")
    form.set_defaults(run=_form)

    calibrate = command(
        "calibrate",
        "say how far a judge can be believed, on clips whose faults are known",
        "Probes are pairs of a true clip and a law-breaking twin, made by `microsim probes\n"
        "--tasks`. Writes calibration.json and calibration.md. A second run asks\n"
        "only what is new.",
        "calibrate --probes microsim-10k-probes --benchmark microworldbench --out calibration\\\n"
        "    --degrade resize --degrade recompress --degrade roundtrip:microverse-nano",
    )
    calibrate.add_argument("--judge", default="measured",
                           help="measured or openai:MODEL (default: %(default)s)")  # fmt: skip
    calibrate.add_argument("--probes", required=True, help="folder or Hub id of the probes")
    calibrate.add_argument("--benchmark", default="microworldbench", help="the benchmark: folder "
                           "or Hub id (default: %(default)s)")  # fmt: skip
    calibrate.add_argument("--out", type=Path, default=Path("calibration"),
                           help="folder to write (default: %(default)s)")  # fmt: skip
    calibrate.add_argument("--limit", type=_positive, help="only the first so many pairs")
    calibrate.add_argument("--controls", type=_natural, default=2, metavar="N",
                           help="noise, blank, frozen and wrong-world clips for each task; 0 for "
                           "none (default: %(default)s)")  # fmt: skip
    calibrate.add_argument("--degrade", action="append", default=[], metavar="KIND",
                           help="grade the true clips once more, after resize (to half), recompress"
                           " (H.264 at crf 30) or roundtrip:MODEL_DIR (through its autoencoder); "
                           "may be given several times")  # fmt: skip
    calibrate.add_argument("--concurrency", type=_positive, default=16,
                           help="calls at a time, at most")  # fmt: skip
    calibrate.set_defaults(run=_calibrate)
    return parser


def _data_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--videos", type=Path, required=True, help="folder of clips")
    parser.add_argument("--edition", choices=("open", "iclr2026"), default="open",
                        help="edition of the benchmark (default: %(default)s)")  # fmt: skip
    parser.add_argument("--data", default="microworldbench",
                        help="the benchmark: folder or Hub id (default: %(default)s)")  # fmt: skip


def _positive(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number of at least 1, got {text!r}")
    return int(text)


def _natural(text: str) -> int:
    return 0 if text == "0" else _positive(text)


def _maybe_float(text: str) -> float | None:
    return None if text == "none" else float(text)


def _run(args: argparse.Namespace) -> None:
    from .grade import Request, grade
    from .rows import load

    prices = (args.price_in, args.price_out)
    grade(
        Request(
            rows=_of(load(args.data, args.edition), args.phenomena),
            videos=args.videos,
            judge=args.judge,
            out=args.out,
            model=args.model or args.videos.resolve().name,
            protocol=args.protocol,
            repeats=args.repeats,
            limit=args.limit,
            controls=args.controls,
            concurrency=args.concurrency,
            temperature=args.temperature,
            seed=args.seed,
            ask_failed_again=args.retry_failed,
        ),
        prices if args.dry_run else None,
    )


def _of(rows: list[dict[str, Any]], phenomena: str | None) -> list[dict[str, Any]]:
    """The rows of the `phenomena` that are named, all if none is."""
    from .verdicts import MetricError

    if phenomena is None:
        return rows
    wanted = [name.strip() for name in phenomena.split(",")]
    known = dict.fromkeys(row["phenomenon"] for row in rows)
    for name in wanted:
        if name not in known:
            raise MetricError(f"--phenomena: {name!r} is none of {', '.join(filter(None, known))}")
    return [row for row in rows if row["phenomenon"] in wanted]


def _report(args: argparse.Namespace) -> None:
    from .folder import check_comparable, load
    from .report import write_report
    from .verdicts import MetricError

    files = [path for path in args.runs if path.is_file()]
    if files and len(files) < len(args.runs):
        raise MetricError("report: expected run folders or result files, not both")
    if files:
        _report_authors(args, files)
        return
    if args.compat:
        raise MetricError("--compat published: expected the authors' result files, got folders")
    runs = [load(path) for path in args.runs]
    check_comparable(runs)
    for path in write_report(runs, args.out):
        print(path)


def _report_authors(args: argparse.Namespace, files: Sequence[Path]) -> None:
    from .authors import model_name, read_results
    from .report import write_authors_report
    from .rows import load

    results = {model_name(path): read_results(path) for path in files}
    rows = load(args.data, "iclr2026")
    for line in write_authors_report(results, rows, args.out, repaired=not args.compat):
        print(line)


def _agree(args: argparse.Namespace) -> None:
    from .folder import load
    from .grade import agreement_lines
    from .verdicts import MetricError

    if len(args.runs) < 2:
        raise MetricError("agree: expected at least two run folders")
    for line in agreement_lines([load(path) for path in args.runs]):
        print(line)


def _form(args: argparse.Namespace) -> None:
    from .clips import find_clips
    from .judge_human import write_form
    from .rows import load

    rows = load(args.data, args.edition)
    clips, _ = find_clips(args.videos, rows)
    names = {
        task: [os.path.relpath(path, args.videos) for path in paths]
        for task, paths in clips.items()
    }
    write_form(args.out, rows, names)
    print(f"{args.out}: {sum(map(len, names.values()))} clips to grade")


def _calibrate(args: argparse.Namespace) -> None:
    from .calibrate import JSON, MARKDOWN, calibrate, headline
    from .degrade import harm
    from .judges import make_judge
    from .probes import load_probes
    from .rows import load

    judge = make_judge(args.judge)
    harms = [harm(text) for text in dict.fromkeys(args.degrade)]
    probes = load_probes(args.probes, load(args.benchmark, "open"), args.limit)
    found = calibrate(probes, judge, args.out, args.controls, harms, args.concurrency)
    for line in headline(found):
        print(line)
    print(f"  {args.out / JSON}, {args.out / MARKDOWN}")
