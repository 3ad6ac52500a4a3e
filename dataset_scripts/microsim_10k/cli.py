"""`microsim`: makes the data set, and shows what is in it."""

from __future__ import annotations

import argparse
import contextlib
import errno
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from .job import Job

_EXAMPLES = """\
examples:
  microsim simulate --clips 600 --size 128 --frames 33 --out microsim-10k
  microsim simulate --clips 60 --size 256 --frames 49 --phenomena mitosis --out mitosis
  microsim probes --pairs 480 --tasks microworldbench --out microsim-10k-probes
  microsim audit microsim-10k microworldbench --out audit.html
  microsim show microsim-10k --clips 6 --out sheet.png
"""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        print(f"microsim: error: {message}", file=sys.stderr)
        raise SystemExit(2)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code: 0 done, 2 bad input, 130 interrupted."""
    args = _parser().parse_args(argv)
    try:
        message = _run(args)
    except ModuleNotFoundError as error:
        extra = "curate" if getattr(args, "needs_curate", False) else "data"
        message = f"the package {error.name!r} is missing: pip install 'microverse[{extra}]'"
    except OSError as error:
        message = _os_error(error)
    except KeyboardInterrupt:
        print("microsim: interrupted; run the same command to go on", file=sys.stderr)
        return 130
    if message:
        print(f"microsim: error: {message}", file=sys.stderr)
        return 2
    return 0


def _run(args: argparse.Namespace) -> str:
    """Do what `args` ask; returns what is wrong with them, if anything."""
    # Imported after the arguments are known to be sound: these take a second or two.
    from concurrent.futures.process import BrokenProcessPool

    from dataset_scripts.simulator import SimulatorError

    from .build import BuildError
    from .show import ShowError

    try:
        args.run(args)
    except (BuildError, ShowError, SimulatorError) as error:
        return str(error)
    except BrokenProcessPool:
        return "a worker process died (out of memory?); run the same command to go on"
    return ""


def _os_error(error: OSError) -> str:
    where = f"{error.filename}: " if error.filename else ""
    text = f"{where}{error.strerror or error}"
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        text += "; finished clips are kept: make room and run the same command to go on"
    return text


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="microsim",
        description="Make and show microsim-10k, a data set of simulated microscopic processes.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    make = commands.add_parser(
        "simulate",
        help="make a data set folder for the Hub",
        description="Make a data set folder: Parquet shards with the clips inside, their ground "
        "truth, and a card. Load it from its parent folder with load_dataset(NAME) and "
        'load_dataset(NAME, "truth"). A run that was interrupted or killed goes on when the same '
        "command is given again; until it is done, its work is kept in .NAME.partial beside the "
        "output. The same arguments always give the same clips.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    make.add_argument("--clips", type=int, default=10_000, help="3 or more (default: %(default)s)")
    make.add_argument(
        "--size",
        type=int,
        default=128,
        help="pixels, 64 to 512, even because H.264 stores colour for pairs of pixels "
        "(default: %(default)s)",
    )
    make.add_argument("--frames", type=int, default=33, help="2 to 241 (default: %(default)s)")
    make.add_argument("--seed", type=int, default=0, help="0 or more (default: %(default)s)")
    make.add_argument(
        "--out", type=Path, default=Path("microsim-10k"), help="(default: %(default)s)"
    )
    make.add_argument("--styles", metavar="A,B", help="only these looks (default: all)")
    make.add_argument(
        "--mix",
        choices=("phenomena", "levels"),
        default="phenomena",
        help="what the data set holds in equal numbers: every phenomenon, or the levels organ, "
        "cellular and subcellular (default: %(default)s)",
    )
    _making_options(make)
    make.set_defaults(run=_simulate)

    probes = commands.add_parser(
        "probes",
        help="make true clips and their law-breaking twins, to test a judge with",
        description="Make a data set folder of pairs: a true clip, and a twin that breaks one law "
        "from some frame on. Load it from its parent folder with load_dataset(NAME). With --tasks "
        "every pair answers a task of MicroWorldBench. Runs go on and repeat as those of simulate "
        "do.",
        epilog="examples:\n"
        "  microsim probes --pairs 480 --tasks microworldbench --out microsim-10k-probes\n"
        "  microsim probes --pairs 60 --size 64,128,256 --frames 17,33,49 --phenomena mitosis\n",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    probes.add_argument("--pairs", type=int, default=480, help="1 or more (default: %(default)s)")
    probes.add_argument(
        "--size", type=_wholes, default="128", metavar="S[,S]",
        help="pixels, 64 to 512, even; of several, each pair draws one (default: %(default)s)",
    )  # fmt: skip
    probes.add_argument(
        "--frames", type=_wholes, default="33", metavar="T[,T]",
        help="8 to 241; of several, each pair draws one (default: %(default)s)",
    )  # fmt: skip
    probes.add_argument("--seed", type=int, default=0, help="0 or more (default: %(default)s)")
    probes.add_argument(
        "--tasks",
        metavar="BENCHMARK",
        help="folder or Hub id of MicroWorldBench: pairs are drawn to answer its simulated tasks",
    )
    probes.add_argument(
        "--out", type=Path, default=Path("microsim-10k-probes"), help="(default: %(default)s)"
    )
    _making_options(probes)
    probes.set_defaults(run=_probes)

    _curate_parser(commands)
    _import_parser(commands)
    _audit_parser(commands)

    look = commands.add_parser(
        "show",
        help="draw some clips of a data set folder as one picture",
        description="Draw a contact sheet: a row for each clip, its frames from left to right, its "
        "caption below.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    look.add_argument("folder", type=Path, help="made by microsim simulate")
    look.add_argument("--split", default="train", help="(default: %(default)s)")
    look.add_argument("--phenomenon", help="only clips of this micro-world")
    look.add_argument(
        "--gallery", action="store_true", help="a row for each micro-world, its looks side by side"
    )
    look.add_argument("--clips", type=int, default=6, help="rows (default: %(default)s)")
    look.add_argument("--frames", type=int, default=6, help="columns (default: %(default)s)")
    look.add_argument(
        "--out", type=Path, default=Path("contact-sheet.png"), help="(default: %(default)s)"
    )
    look.set_defaults(run=_show)
    return parser


def _curate_parser(commands: Any) -> None:
    cut = commands.add_parser(
        "curate",
        help="turn a folder of long videos into clips",
        description="Cut videos into shots and keep the pieces without black borders, stills, "
        "burnt-in text or doubles, in the columns of microsim-10k, with a funnel report and a "
        "queue for review. A run that was killed goes on when the same command is given again; "
        "until it is done, its work is kept in .NAME.partial beside the output.",
        epilog="examples:\n"
        "  microsim curate lectures --out clips\n"
        "  microsim curate lectures --out clips --caption MODEL --base-url http://localhost:8000/v1\n"
        "  microsim curate /data/films --out clips --tasks 64 --executor slurm --partition cpu\n",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    cut.add_argument("videos", type=Path, help="folder, searched with all below it")
    cut.add_argument("--out", type=Path, required=True, help="data set folder to be made")
    cut.add_argument("--min-seconds", type=float, default=1.0, help="(default: %(default)s)")
    cut.add_argument("--max-seconds", type=float, default=6.0, help="(default: %(default)s)")
    cut.add_argument(
        "--min-motion", type=float, default=0.2, help="grey levels per frame (default: %(default)s)"
    )
    cut.add_argument(
        "--min-sharpness", type=float, default=1.0, help="grey levels (default: %(default)s)"
    )
    cut.add_argument("--license", default="other", help="of the videos (default: %(default)s)")
    cut.add_argument(
        "--caption", metavar="MODEL", help="have a model word each clip from 8 frames and the title"
    )
    cut.add_argument("--base-url", help="of its OpenAI-compatible server; key: OPENAI_API_KEY")
    cut.add_argument("--tasks", type=int, help="parts to work on at once (default: one per core)")
    cut.add_argument("--executor", choices=("local", "slurm"), default="local")
    cut.add_argument("--partition", default="cpu", help="of Slurm (default: %(default)s)")
    cut.add_argument("--time", default="12:00:00", help="of a Slurm job (default: %(default)s)")
    cut.set_defaults(run=_curate, needs_curate=True)


def _import_parser(commands: Any) -> None:
    take = commands.add_parser(
        "import",
        help="bring a list of {id, video, prompt} into the columns of microsim-10k",
        description="Make a data set folder of clips that others made: a JSON list as the "
        "published MicroSim-10K has it, with videos beside it, or a data set's folder or Hub id.",
        epilog="examples:\n"
        "  microsim import clips.json --out upstream --license apache-2.0\n"
        "  microsim import NAMESPACE/clips --out upstream\n",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    take.add_argument("list", help="JSON file, data set folder or Hub id")
    take.add_argument("--out", type=Path, required=True, help="data set folder to be made")
    take.add_argument("--license", default="other", help="of the clips (default: %(default)s)")
    take.add_argument(
        "--skip-missing", action="store_true", help="leave out rows without a readable video"
    )
    take.set_defaults(run=_import)


def _audit_parser(commands: Any) -> None:
    check = commands.add_parser(
        "audit",
        help="find the clips of a training set that are in a benchmark, too",
        description="Compare any two sets of clips by source, words and frames (also where they "
        "were re-encoded, resized, trimmed or mirrored). Writes a report with pictures, and beside "
        "it the list of duplicates and of the clips that are left as JSON.",
        epilog="examples:\n"
        "  microsim audit microsim-10k microworldbench --out audit.html\n"
        "  microsim audit clips.json NAMESPACE/benchmark --out audit.html --clean clips-clean\n",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    check.add_argument("train", help="folder or Hub id of a data set, or JSON of {id,video,prompt}")
    check.add_argument("bench", help="what must not be in it, likewise")
    check.add_argument(
        "--out", type=Path, default=Path("audit.html"), help="(default: %(default)s)"
    )
    check.add_argument("--clean", type=Path, help="write the training set without duplicates here")
    check.add_argument("--workers", type=int, help="processes (default: one for each core)")
    check.set_defaults(run=_audit)


def _making_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--phenomena", metavar="A,B", help="only these micro-worlds (default: all)")
    parser.add_argument("--workers", type=int, help="processes (default: one for each core)")
    parser.add_argument(
        "--overwrite", action="store_true", help="replace an older data set or unfinished run"
    )


def _wholes(text: str) -> list[int]:
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"expected whole numbers separated by commas, got {text!r}"
        ) from None


def _simulate(args: argparse.Namespace) -> None:
    from .request import check_request
    from .simulation import Simulation

    request = check_request(
        args.clips, args.size, args.frames, args.seed, args.phenomena, args.styles, args.mix
    )
    if _make(Simulation(request), args):
        name = args.out.absolute().name
        print(
            f"from {args.out.absolute().parent}: "
            f'load_dataset("{name}"), load_dataset("{name}", "truth")'
        )


def _probes(args: argparse.Namespace) -> None:
    from .probes import Probes
    from .request import check_probes

    request = check_probes(
        args.pairs, args.size, args.frames, args.seed, args.phenomena, args.tasks
    )
    if _make(Probes(request), args):
        for line in request.left_out():
            print(line)
        print(f'from {args.out.absolute().parent}: load_dataset("{args.out.absolute().name}")')


def _make(job: Job, args: argparse.Namespace) -> bool:
    """Make the folder of `job` at `args.out`, with a bar; False if it is there already."""
    from tqdm import tqdm

    from .build import BuildError, build, check_output, clear_finished_work

    workers = _workers(args)
    out = args.out.absolute()
    if not out.name:
        raise BuildError(f"out: expected a folder's name, got {args.out}")
    if check_output(out, job, args.overwrite):
        clear_finished_work(out, job)
        print(f"{args.out} is complete already: {job.clips} clips")
        return False
    start = time.monotonic()
    bars: list[tqdm] = []
    with contextlib.ExitStack() as stack:

        def progress(done: int, new: int) -> None:
            # The bar appears when work begins, so that a refusal is the only line.
            if not bars:
                bar = tqdm(total=job.clips, initial=done, unit="clip", desc=out.name, leave=False)
                bars.append(stack.enter_context(bar))
            bars[0].update(new)

        build(job, out, workers, args.overwrite, progress)
    seconds = time.monotonic() - start
    made = job.clips - bars[0].initial
    size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    print(
        f"{args.out}: {job.clips} clips, {size / 1e6:.1f} MB; "
        f"made {made} in {seconds:.1f} s ({made / seconds:.1f} clips/s)"
    )
    return True


def _curate(args: argparse.Namespace) -> None:
    from .build import BuildError
    from .curation.run import Request, curate

    if not 0 < args.min_seconds <= args.max_seconds:
        raise BuildError("min-seconds: expected more than 0 and at most --max-seconds")
    tasks = _cores() if args.tasks is None else args.tasks
    if tasks < 1:
        raise BuildError(f"tasks: expected 1 or more, got {tasks}")
    request = Request(
        videos=str(args.videos),
        min_seconds=args.min_seconds,
        max_seconds=args.max_seconds,
        min_motion=args.min_motion,
        min_sharpness=args.min_sharpness,
        license=args.license,
        caption=args.caption,
        base_url=args.base_url,
    )
    slurm = {"partition": args.partition, "time": args.time}
    print(curate(request, args.out, args.executor, tasks, slurm))


def _import(args: argparse.Namespace) -> None:
    from .upstream import import_clips

    print(import_clips(args.list, args.out, args.license, args.skip_missing))


def _audit(args: argparse.Namespace) -> None:
    from .audit_run import audit

    print(audit(args.train, args.bench, args.out, args.clean, _workers(args)))


def _workers(args: argparse.Namespace) -> int:
    from .build import BuildError

    workers = _cores() if args.workers is None else args.workers
    if workers < 1:
        raise BuildError(f"workers: expected 1 or more, got {workers}")
    return workers


def _show(args: argparse.Namespace) -> None:
    from .show import gallery, show

    if args.gallery:
        drawn = gallery(args.folder, args.out, args.split, args.frames)
    else:
        drawn = show(args.folder, args.out, args.split, args.phenomenon, args.clips, args.frames)
    print(f"{args.out}: {drawn} clips of {args.folder}")


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


if __name__ == "__main__":
    sys.exit(main())
