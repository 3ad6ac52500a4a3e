"""`microverse measure`: does a model make what it is asked for?

Generates clips for held-out captions of a data set's test split, lets the probe name what they
show, and compares. Also measured: the autoencoder's round trip, whether clips move, and how long a
call takes. Everything is resumable: clips made once are kept under a name that holds the model's
hash and the settings, and the probe under the data's.

    microverse measure model_cards/microverse-nano --data microsim-10k
    microverse measure out/train/nano/pipeline --data microsim-10k --clips 5 --steps 20
"""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from training.errors import MicroVerseError
from training.files import atomic_path, make_folder, write_json

SETTINGS = (
    "height",
    "width",
    "num_frames",
    "num_inference_steps",
    "guidance_scale",
    "max_sequence_length",
)
MARKERS = ("<!-- measured: begin -->", "<!-- measured: end -->")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `microverse measure`."""
    parser.add_argument(
        "model", help="model folder or Hub id, for example model_cards/microverse-nano"
    )
    parser.add_argument(
        "--data", default="microsim-10k", help="data set of clips (default: %(default)s)"
    )
    parser.add_argument("--out", type=Path, default=Path("out/measure"), help="where results go")
    parser.add_argument(
        "--card", type=Path, help="model folder whose README.md and clips.webp to bring up to date"
    )
    parser.add_argument("--clips", type=int, default=20, help="clips per phenomenon (default: 20)")
    parser.add_argument("--steps", type=int, help="inference steps (default: the model's own)")
    parser.add_argument("--guidance", type=float, help="guidance scale (default: the model's own)")
    parser.add_argument(
        "--seed", type=int, default=0, help="of noise and of the choice of captions"
    )
    parser.add_argument("--probe-steps", type=int, default=1500, help="training steps of the probe")
    parser.add_argument("--batch", type=int, default=4, help="clips generated at a time")
    parser.add_argument("--threads", type=int, help="CPU threads (default: all)")


def run(args: argparse.Namespace) -> int:
    """Measure and write `report.json`, `report.md` and contact sheets into `--out`."""
    import torch

    if args.clips < 1 or args.batch < 1 or args.probe_steps < 1:
        raise MicroVerseError("--clips, --batch and --probe-steps: expected at least 1")
    if args.threads:
        torch.set_num_threads(args.threads)
    out = make_folder(args.out)
    model = Model.load(args.model, args.steps, args.guidance)
    test, labels, rows = _split(args.data, "test", out, model.native)
    probe, simulated = _probe(args, out, test, labels, model.native)
    chosen = choose_rows(labels, args.clips, args.seed)
    captions = [rows["caption"][i] for i in chosen]
    generated, seconds = _generate(model, captions, [rows["clip_id"][i] for i in chosen], args, out)
    report = {
        "model": str(args.model),
        "model_digest": model.digest,
        "data": str(args.data),
        "settings": model.native,
        "clips": len(chosen),
        "seed": args.seed,
        "probe_on_simulated": simulated,
        **_compare(probe, generated, [labels[i] for i in chosen], args.seed),
        "moving": _moving(generated, test, [labels[i] for i in chosen], labels),
        "autoencoder_psnr_db": _round_trip(model.pipe, test),
        "seconds_per_clip_in_batches": round(float(np.mean(seconds)), 2) if seconds else None,
        "seconds_per_single_call": _single_call(model, captions[0]),
        "threads": torch.get_num_threads(),
    }
    write_json(out / "report.json", report)
    text = as_markdown(report)
    with atomic_path(out / "report.md") as path:
        path.write_text(text, encoding="utf-8")
    asked = [labels[i] for i in chosen]
    _sheet(out / "sheet.png", generated, captions, asked)
    _moving_sheet(out / "clips.webp", generated, asked, model.native.get("fps", 16))
    if args.card is not None:
        update_card(args.card, text, out / "clips.webp")
    print(text)
    print(f"written: {out / 'report.json'}, {out / 'report.md'}, {out / 'sheet.png'}")
    return 0


@dataclasses.dataclass
class Model:
    """A pipeline with the settings it is called with and a hash of its weights."""

    pipe: Any
    native: dict[str, Any]
    digest: str

    @classmethod
    def load(cls, name: str, steps: int | None, guidance: float | None) -> Model:
        """Load a folder or Hub id as a plain `WanPipeline`; raises `MicroVerseError`."""
        from training.export import load_pipeline

        pipe, native = load_pipeline(name)
        pipe.set_progress_bar_config(disable=True)
        missing = [key for key in SETTINGS if key not in native]
        if missing:
            raise MicroVerseError(f"{name}: model_index.json: _native lacks {', '.join(missing)}")
        if steps is not None:
            native["num_inference_steps"] = steps
        if guidance is not None:
            native["guidance_scale"] = guidance
        sha = hashlib.sha256(json.dumps(native, sort_keys=True).encode())
        for part in ("text_encoder", "transformer", "vae"):
            for _, tensor in sorted(getattr(pipe, part).state_dict().items()):
                sha.update(tensor.detach().float().numpy().tobytes())
        return cls(pipe, native, sha.hexdigest()[:12])

    def generate(self, prompts: Sequence[str], seeds: Sequence[int]) -> np.ndarray:
        """Clips (N, T, H, W, 3) uint8, one per prompt, each from its own seed."""
        import torch

        result = self.pipe(
            prompt=list(prompts),
            generator=[torch.Generator().manual_seed(s) for s in seeds],
            output_type="np",
            **{key: self.native[key] for key in SETTINGS},
        )
        return (np.clip(np.asarray(result.frames), 0, 1) * 255 + 0.5).astype(np.uint8)


def choose_rows(labels: Sequence[dict[str, str]], per_phenomenon: int, seed: int) -> list[int]:
    """Indices of `per_phenomenon` rows of each phenomenon, even over its label combinations.

    Combinations are visited in turn, rows within one in a seeded order, so left and right, with
    and without, few and many are asked for equally often. Raises `MicroVerseError` if a
    phenomenon has too few rows.
    """
    rng = np.random.default_rng(seed)
    chosen: list[int] = []
    for phenomenon in sorted({row["phenomenon"] for row in labels}):
        groups: dict[tuple, list[int]] = {}
        for i, row in enumerate(labels):
            if row["phenomenon"] == phenomenon:
                key = tuple(sorted((k, v) for k, v in row.items() if "." in k))
                groups.setdefault(key, []).append(i)
        queues = [list(rng.permutation(groups[key])) for key in sorted(groups)]
        if sum(map(len, queues)) < per_phenomenon:
            raise MicroVerseError(
                f"test split: {phenomenon} has {sum(map(len, queues))} clips, "
                f"{per_phenomenon} are needed (make a larger data set or lower --clips)"
            )
        taken: list[int] = []
        while len(taken) < per_phenomenon:
            for queue in queues:
                if queue and len(taken) < per_phenomenon:
                    taken.append(int(queue.pop()))
        chosen += taken
    return chosen


def _split(
    data: str, split: str, out: Path, native: dict[str, Any]
) -> tuple[np.ndarray, list[dict[str, str]], dict[str, list]]:
    import datasets

    from training.config import DataConfig
    from training.data import load_clips
    from training.probe import row_labels

    config = DataConfig(
        path=data, height=native["height"], width=native["width"], frames=native["num_frames"]
    )
    clips = load_clips(config, split, make_folder(out / "cache"))
    rows = datasets.load_dataset(data, split=split)
    wanted = ["clip_id", "caption", "phenomenon", "style", "parameters"]
    table = rows.select_columns(wanted).to_dict()
    labels = [
        row_labels({key: table[key][i] for key in wanted}) for i in range(len(table["clip_id"]))
    ]
    return clips.pixels, labels, table


def _probe(
    args: argparse.Namespace,
    out: Path,
    test: np.ndarray,
    labels: list[dict[str, str]],
    native: dict[str, Any],
) -> tuple[Any, dict[str, Any]]:
    """The trained probe and its accuracy on unseen simulated clips."""
    from safetensors.torch import load_file, save_file
    from tqdm.auto import tqdm

    from training.probe import Probe, Questions, answer, score, train_probe

    train, train_labels, table = _split(args.data, "train", out, native)
    key = hashlib.sha256(
        json.dumps([table["clip_id"], table["caption"], args.probe_steps, train.shape]).encode()
    ).hexdigest()[:12]
    weights = out / f"probe-{key}.safetensors"
    if weights.exists():
        probe = Probe(Questions.of(train_labels))
        probe.load_state_dict(load_file(weights))
        probe.eval()
    else:
        bar = tqdm(total=args.probe_steps, desc="training the probe", unit="step")

        def show(step: int, loss: float) -> None:
            bar.update()
            bar.set_postfix(loss=f"{loss:.3f}")

        probe = train_probe(train, train_labels, steps=args.probe_steps, report=show)
        bar.close()
        with atomic_path(weights) as path:
            save_file(probe.state_dict(), path)
    right = score(answer(probe, test), labels)
    return probe, {q: _rate(*counts) for q, counts in right.items()}


def _generate(
    model: Model, captions: list[str], names: list[str], args: argparse.Namespace, out: Path
) -> tuple[np.ndarray, list[float]]:
    from tqdm.auto import tqdm

    folder = make_folder(out / f"clips-{model.digest}-{args.seed}")
    # Name and noise follow from the caption, so that a run with more clips keeps those of a
    # smaller one, and never takes a clip for that of another caption.
    keys = [
        hashlib.sha256(f"{args.seed}\0{name}\0{caption}".encode()).hexdigest()
        for name, caption in zip(names, captions, strict=True)
    ]
    paths = [folder / f"{key[:16]}.npy" for key in keys]
    missing = [i for i, path in enumerate(paths) if not path.exists()]
    seconds: list[float] = []
    with tqdm(total=len(captions), initial=len(captions) - len(missing), unit="clip") as bar:
        for start in range(0, len(missing), args.batch):
            part = missing[start : start + args.batch]
            begun = time.perf_counter()
            clips = model.generate(
                [captions[i] for i in part], [int(keys[i][:15], 16) for i in part]
            )
            seconds.append((time.perf_counter() - begun) / len(part))
            for i, clip in zip(part, clips, strict=True):
                with atomic_path(paths[i]) as path, path.open("wb") as file:
                    np.save(file, clip)
            bar.update(len(part))
    write_json(folder / "captions.json", dict(zip(names, captions, strict=True)))
    return np.stack([np.load(path) for path in paths]), seconds


def _rate(right: int, asked: int) -> dict[str, Any]:
    from scipy.stats import binomtest

    interval = binomtest(right, asked).proportion_ci(method="wilson")
    return {
        "right": right,
        "asked": asked,
        "rate": round(right / asked, 4),
        "low": round(interval.low, 4),
        "high": round(interval.high, 4),
    }


def _compare(
    probe: Any, generated: np.ndarray, labels: list[dict[str, str]], seed: int
) -> dict[str, Any]:
    from training.probe import answer, score

    said = answer(probe, generated)
    right = score(said, labels)
    attributes = [right[q] for q in right if "." in q]
    by_world: dict[str, tuple[int, int]] = {}
    for a, b in zip(said, labels, strict=True):
        hit, asked = by_world.get(b["phenomenon"], (0, 0))
        by_world[b["phenomenon"]] = (hit + (a["phenomenon"] == b["phenomenon"]), asked + 1)
    # Control: the same clips held against someone else's prompt must do no better than chance.
    order = np.random.default_rng(seed).permutation(len(labels))
    wrong = score(said, [labels[i] for i in order])
    return {
        "questions": {q: _rate(*counts) for q, counts in right.items()},
        "recognised_by_phenomenon": {q: _rate(*counts) for q, counts in by_world.items()},
        "attributes_obeyed": _rate(sum(r for r, _ in attributes), sum(n for _, n in attributes)),
        "control_shuffled_prompts": {"phenomenon": _rate(*wrong["phenomenon"])},
    }


def activity(clips: np.ndarray) -> np.ndarray:
    """How much each clip (N, T, H, W, 3) changes: mean over pixels of the standard deviation in
    time of its 4 × 4 averages, in grey levels (0 to 255). Averaging keeps camera noise out.
    """
    n, t, h, w, _ = clips.shape
    grey = clips[:, :, : h // 4 * 4, : w // 4 * 4].astype(np.float32).mean(axis=-1)
    blocks = grey.reshape(n, t, h // 4, 4, w // 4, 4).mean(axis=(3, 5))
    return blocks.std(axis=1).mean(axis=(1, 2))


def _moving(
    generated: np.ndarray,
    simulated: np.ndarray,
    asked: list[dict[str, str]],
    labels: list[dict[str, str]],
) -> dict[str, Any]:
    """Clips that change less than half as much as the calmest simulated one of their world."""
    still = 0
    ratios = []
    real, made = activity(simulated), activity(generated)
    for phenomenon in sorted({row["phenomenon"] for row in asked}):
        of_real = real[[row["phenomenon"] == phenomenon for row in labels]]
        of_made = made[[row["phenomenon"] == phenomenon for row in asked]]
        still += int(np.sum(of_made < 0.5 * of_real.min()))
        ratios.append(float(np.median(of_made) / np.median(of_real)))
    return {
        "frozen_clips": still,
        "median_activity_against_simulated": round(float(np.mean(ratios)), 3),
    }


def _round_trip(pipe: Any, clips: np.ndarray, limit: int = 60) -> dict[str, float]:
    """PSNR in dB of decode(encode(clip)) on held-out simulated clips: mean and worst clip."""
    import torch

    values = []
    for i in np.linspace(0, len(clips) - 1, min(limit, len(clips))).round().astype(int):
        x = torch.from_numpy(np.asarray(clips[i])).permute(3, 0, 1, 2)[None].float() / 127.5 - 1
        with torch.no_grad():
            latent = pipe.vae.encode(x.to(pipe.vae.dtype)).latent_dist.mode()
            back = pipe.vae.decode(latent).sample.float()
        error = ((back.clamp(-1, 1) - x) / 2).square().mean()
        values.append(float(-10 * torch.log10(error)))
    return {
        "mean": round(float(np.mean(values)), 2),
        "worst": round(float(np.min(values)), 2),
        "clips": len(values),
    }


def _single_call(model: Model, caption: str) -> float:
    begun = time.perf_counter()
    model.generate([caption], [0])
    return round(time.perf_counter() - begun, 2)


def as_markdown(report: dict[str, Any]) -> str:
    """The report as a table for a model card."""

    def line(name: str, r: dict[str, Any]) -> str:
        return (
            f"| {name} | {100 * r['rate']:.1f} % | {100 * r['low']:.1f}-{100 * r['high']:.1f} % "
            f"| {r['right']} of {r['asked']} |"
        )

    questions = report["questions"]
    settings = report["settings"]
    psnr = report["autoencoder_psnr_db"]
    lines = [
        f"{report['clips']} clips from held-out captions, {settings['num_inference_steps']} steps, "
        f"guidance {settings['guidance_scale']:g}, weights {report['model_digest']}:",
        "",
        "| measure | rate | 95 % interval (Wilson) | clips |",
        "|---|---|---|---|",
        line("recognised as the phenomenon asked for", questions["phenomenon"]),
        *(line(f"… {q}", r) for q, r in report["recognised_by_phenomenon"].items()),
        line("in the look asked for", questions["style"]),
        line("attributes obeyed, all", report["attributes_obeyed"]),
        *(line(f"… {q}", r) for q, r in questions.items() if "." in q),
        line("control: another clip's prompt", report["control_shuffled_prompts"]["phenomenon"]),
        line("the probe on unseen simulated clips", report["probe_on_simulated"]["phenomenon"]),
        "",
        f"Autoencoder round trip on {psnr['clips']} held-out clips: {psnr['mean']} dB PSNR "
        f"(worst {psnr['worst']}). Frozen clips: {report['moving']['frozen_clips']}. One call "
        f"takes {report['seconds_per_single_call']} s on {report['threads']} CPU threads.",
    ]
    return "\n".join(lines) + "\n"


def _sheet(
    path: Path, clips: np.ndarray, captions: list[str], labels: list[dict[str, str]]
) -> None:
    """Contact sheet: four clips of each phenomenon, six frames each, under their captions."""
    import textwrap

    from PIL import Image, ImageDraw

    up, columns, shown = 2, 6, []
    for phenomenon in sorted({row["phenomenon"] for row in labels}):
        shown += [i for i, row in enumerate(labels) if row["phenomenon"] == phenomenon][:4]
    height, width = clips.shape[2] * up, clips.shape[3] * up
    sheet = Image.new("RGB", (columns * (width + 4) + 4, len(shown) * (height + 34)), "white")
    draw = ImageDraw.Draw(sheet)
    for row, i in enumerate(shown):
        top = row * (height + 34)
        text = textwrap.fill(captions[i], columns * (width + 4) // 6, max_lines=2, placeholder=" …")
        draw.text((4, top + 2), text, fill="black")
        for column, t in enumerate(np.linspace(0, len(clips[i]) - 1, columns).astype(int)):
            frame = Image.fromarray(clips[i][t]).resize((width, height), Image.Resampling.LANCZOS)
            sheet.paste(frame, (4 + column * (width + 4), top + 30))
    with atomic_path(path) as temporary:
        sheet.save(temporary, format="PNG")


def _moving_sheet(path: Path, clips: np.ndarray, labels: list[dict[str, str]], fps: float) -> None:
    """Animated WebP: a column per phenomenon, its first three generated clips below one another.

    The first ones, not the best ones; each holds its last frame for a second.
    """
    from PIL import Image

    up, rows = 2, 3
    names = sorted({row["phenomenon"] for row in labels})
    chosen = [[i for i, row in enumerate(labels) if row["phenomenon"] == n][:rows] for n in names]
    height, width = clips.shape[2] * up + 2, clips.shape[3] * up + 2
    frames = []
    for t in range(clips.shape[1]):
        sheet = Image.new("RGB", (len(names) * width - 2, rows * height - 2), "white")
        for column, indices in enumerate(chosen):
            for row, i in enumerate(indices):
                size = (width - 2, height - 2)
                frame = Image.fromarray(clips[i][t]).resize(size, Image.Resampling.BICUBIC)
                sheet.paste(frame, (column * width, row * height))
        frames.append(sheet)
    durations = [round(1000 / fps)] * (len(frames) - 1) + [1000]
    with atomic_path(path) as temporary:
        frames[0].save(
            temporary, format="WEBP", save_all=True, append_images=frames[1:],
            duration=durations, loop=0, quality=80, method=6,
        )  # fmt: skip


def update_card(folder: Path, text: str, clips: Path) -> None:
    """Put the measured figures between the card's markers and the moving sheet beside it.

    Raises `MicroVerseError` if the card or its markers are missing; then nothing is changed.
    """
    card = folder / "README.md"
    try:
        old = card.read_text("utf-8")
    except OSError as error:
        raise MicroVerseError(f"{card}: cannot be read ({error.strerror})") from None
    head, begin, rest = old.partition(MARKERS[0])
    _, end, tail = rest.partition(MARKERS[1])
    if not begin or not end:
        raise MicroVerseError(f"{card}: expected the lines {MARKERS[0]} and {MARKERS[1]}")
    with atomic_path(card) as path:
        path.write_text(f"{head}{begin}\n{text}{end}{tail}", encoding="utf-8")
    with atomic_path(folder / "clips.webp") as path:
        path.write_bytes(clips.read_bytes())
