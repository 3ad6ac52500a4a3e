"""Console command `microverse`: train a model, generate with it, export and measure it."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from training import measure
from training.errors import MicroVerseError

EXAMPLES = """examples:
  microverse train training/configs/nano.yaml             # train, or go on where it stopped
  microverse train my.yaml --out out/my --stage autoencoder
  microverse generate model_cards/microverse-nano "a cell divides into two" --out clip.mp4
  microverse export training/configs/nano.yaml --to my-model
  microverse measure my-model --data microsim-10k         # obedience, on held-out captions
"""


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="microverse",
        description="Trains text-to-video models of micro-worlds and generates clips with them.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    train = commands.add_parser("train", help="train a recipe, or continue it")
    train.add_argument("config", type=Path, help="recipe (YAML)")
    train.add_argument("--out", type=Path, help="folder of the run (default: out/train/NAME)")
    train.add_argument("--stage", choices=("autoencoder", "transformer", "all"), default="all")
    train.add_argument("--threads", type=int, help="CPU threads (default: the recipe's)")
    train.add_argument("--fresh", action="store_true", help="forget what was trained before")
    train.set_defaults(run=_train)

    generate = commands.add_parser("generate", help="generate a clip for a prompt")
    generate.add_argument("model", help="model folder or Hub id")
    generate.add_argument("prompt")
    generate.add_argument("--out", type=Path, default=Path("clip.mp4"), help="MP4 to write")
    generate.add_argument("--sheet", type=Path, help="also write a contact sheet (PNG)")
    generate.add_argument("--seed", type=int, default=0)
    generate.add_argument("--steps", type=int, help="denoising steps (default: the model's)")
    generate.add_argument("--guidance", type=float, help="guidance scale (default: the model's)")
    generate.add_argument("--threads", type=int, help="CPU threads")
    generate.set_defaults(run=_generate)

    export = commands.add_parser("export", help="copy a finished run's model to a folder")
    export.add_argument("config", type=Path, help="the run's recipe (YAML)")
    export.add_argument("--out", type=Path, help="folder of the run (default: out/train/NAME)")
    export.add_argument("--to", type=Path, required=True, help="model folder to write")
    export.set_defaults(run=_export)

    measured = commands.add_parser(
        "measure",
        help="measure how well a model obeys prompts",
        description=measure.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    measure.add_arguments(measured)
    measured.set_defaults(run=measure.run)
    return parser


def run_folder(config: Path, out: Path | None) -> Path:
    """Where a recipe's run lies."""
    return out if out is not None else Path("out/train") / config.stem


def _train(args: argparse.Namespace) -> int:
    from training.config import load_config

    config = load_config(args.config)
    if args.threads is not None:
        config.threads = _at_least_one(args.threads, "--threads")
    out = run_folder(args.config, args.out)

    from training.run import train

    done = train(config, out, stage=args.stage, fresh=args.fresh)
    print(f"done: {done}")
    return 0


def _generate(args: argparse.Namespace) -> int:
    steps = None if args.steps is None else _at_least_one(args.steps, "--steps")
    if not args.prompt.strip():
        raise MicroVerseError("the prompt is empty")
    from training.generate import generate_clip

    generate_clip(
        args.model, args.prompt, args.out, args.sheet, args.seed, steps, args.guidance, args.threads
    )
    print(f"wrote {args.out}")
    return 0


def _export(args: argparse.Namespace) -> int:
    import shutil

    from training.config import load_config
    from training.files import atomic_path

    load_config(args.config)
    source = run_folder(args.config, args.out) / "pipeline"
    if not (source / "model_index.json").is_file():
        raise MicroVerseError(f"{source}: there is no finished model (run `microverse train`)")
    with atomic_path(args.to) as temporary:
        shutil.copytree(source, temporary)
    print(f"wrote {args.to}")
    return 0


def _at_least_one(value: int, name: str) -> int:
    if value < 1:
        raise MicroVerseError(f"{name}: must be at least 1, got {value}")
    return value


def main(argv: list[str] | None = None) -> int:
    """Runs the command line; exit code 0, or 2 with one line on standard error."""
    # Read by OpenMP when torch is first imported: waiting threads sleep instead of spinning, which
    # halves the time of a step when other programs want the cores too.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    arguments = sys.argv[1:] if argv is None else argv
    args = build_parser().parse_args(arguments)
    try:
        return int(args.run(args))
    except MicroVerseError as error:
        print(f"microverse: error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("microverse: stopped; run the same command again to go on", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
