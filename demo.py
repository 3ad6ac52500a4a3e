"""The whole story in the Hub's own calls: load clips, load the model, type a prompt, see the clip
and what the benchmark's measured judge says of it.

make demo
make demo PROMPT="many vesicles jitter in the cytoplasm"
python demo.py --prompt "a calcium wave spreads outward" --seed 3 --out out/demo
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import textwrap
import time
from collections import Counter
from collections.abc import Sequence
from math import log, sqrt
from pathlib import Path

PROMPT = "red blood cells squeeze through a capillary from left to right"
HERE = Path(__file__).resolve().parent
MODEL = HERE / "model_cards" / "microverse-nano"
METRIC = HERE / "evaluate_metrics" / "microworldbench"
# The micro-worlds that the model has learned; the simulator knows more.
LEARNED = "calcium_wave,capillary_flow,chemotaxis,mitosis,thrombosis,vesicle_diffusion"
# How near the nearest text must be to a prompt for its clip to be graded.
NEAR = 0.24
COMMON = frozenset(
    "a an and are as at be by clip field for from in into is it its of on one second show shows "
    "that the this to under video view which wide with um µm "
    "bright drawn fluorescence illustration image lapse microscope microscopy time".split()
)


class DemoError(Exception):
    """Something is missing; the message is one line for the user."""


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def words(text: str) -> set[str]:
    """The words that say what a text is about, plural and singular alike."""
    found = re.findall(r"[a-z]+", text.lower())
    return {w.removesuffix("s") if len(w) > 3 else w for w in found if w not in COMMON}


def closest(prompt: str, texts: Sequence[str]) -> tuple[int, float]:
    """The text nearest to the prompt, its index, and how near it is: the cosine between their bags
    of words, rare words counting more, 0 to 1."""
    bags = [words(text) for text in texts]
    seen = Counter(word for bag in bags for word in bag)
    asked = words(prompt)

    def weight(bag: set[str]) -> float:
        # A word that no text knows weighs as much as one that a single text knows.
        return sum(log((len(bags) + 1) / max(1, seen[word])) ** 2 for word in bag)

    near = [weight(asked & bag) / sqrt(max(1e-9, weight(asked) * weight(bag))) for bag in bags]
    best = max(range(len(bags)), key=near.__getitem__)
    return best, near[best]


def command(name: str, *arguments: object) -> None:
    """Run one of the project's commands; what it prints on the way is not part of the story."""
    call = [str(Path(sys.executable).with_name(name)), *map(str, arguments)]
    done = subprocess.run(call, stdout=subprocess.DEVNULL, check=False)
    if done.returncode:
        raise DemoError(f"{name} stopped with exit code {done.returncode}")


def simulate_clips(folder: Path, clips: int) -> None:
    """Have the simulator write a small data set, unless a former run did just that."""
    options = ("--size", 64, "--frames", 17, "--seed", 7, "--phenomena", LEARNED)
    command("microsim", "simulate", "--clips", clips, *options, "--out", folder, "--overwrite")


def nearest_task(prompt: str, tasks: Sequence[dict], clips: Sequence[dict]) -> dict | None:
    """The task nearest to the prompt, or None if none is near.

    People put a process in many words, tasks in few: whatever text of a task or a clip is nearest
    tells the phenomenon, and of its tasks the one that is nearest itself is taken.
    """
    known = [(f"{t['phenomenon'].replace('_', ' ')} {t['prompt']}", t) for t in tasks]
    known += [(text, clip) for clip in clips for text in clip["prompts"]]
    place, near = closest(prompt, [text for text, _ in known])
    if near < NEAR:
        return None
    mine = [task for task in tasks if task["phenomenon"] == known[place][1]["phenomenon"]]
    return mine[closest(prompt, [task["prompt"] for task in mine])[0]]


def grade(prompt: str, clip: Path, clips: Sequence[dict], out: Path) -> str:
    """Have the metric's measured judge grade the clip; what it found, as lines to print."""
    import datasets
    import evaluate

    for name in ("report.html", "report.md"):
        (out / name).unlink(missing_ok=True)  # of the clip before this one
    command("microworldbench-data", "build", "--out", out / "microworldbench")
    tasks = datasets.load_dataset(str(out / "microworldbench"), "open", split="test")
    task = nearest_task(prompt, list(tasks), clips)
    if task is None:
        return "Not graded: no task of MicroWorldBench is near this prompt."
    metric = evaluate.load(str(METRIC))
    run = out / "run"
    score = metric.compute(predictions=[str(clip)], references=[task], judge="measured", out=run)
    command("microworldbench", "report", run, "--out", out)
    written = Path(score["verdicts"]).read_text(encoding="utf-8").splitlines()
    verdicts = {v["criterion_id"]: v for v in map(json.loads, written)}
    lines = [
        f"The nearest task of MicroWorldBench is {task['task_id']}: {task['prompt']}",
        f"By the measured judge: {score['overall']:.0f} of 100; it graded "
        f"{100 * score['coverage']:.0f} % of the rubric's weight.",
    ]
    for criterion in task["criteria"]:
        verdict = verdicts[criterion["criterion_id"]]
        sign = "+" if criterion["sign"] > 0 else "-"
        said = textwrap.shorten(criterion["text"], 96, placeholder=" …")
        lines.append(f"  {verdict['verdict']:<9} {sign}{criterion['weight']:.1f}  {said}")
    return "\n".join(lines)


def frames_of(video: object) -> list:
    """Frames (T, H, W, 3) uint8 of a decoded `Video` cell."""
    return [video[i].permute(1, 2, 0).numpy() for i in range(len(video))]  # type: ignore[index,arg-type]


def save_video(path: Path, frames: object, fps: int) -> None:
    import torch
    from torchcodec.encoders import VideoEncoder

    partial = path.with_name(f".partial-{path.name}")
    VideoEncoder(torch.as_tensor(frames).permute(0, 3, 1, 2), frame_rate=fps).to_file(str(partial))
    partial.replace(path)


def save_sheet(path: Path, rows: Sequence[tuple[str, Sequence]]) -> None:
    """Contact sheet: each row is a title and frames, eight of them shown at 128 px."""
    from PIL import Image, ImageDraw, ImageFont

    side, columns, title = 128, 8, 26
    sheet = Image.new("RGB", (columns * (side + 4) + 4, len(rows) * (side + title + 8)), "white")
    pen = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(14)
    for row, (text, frames) in enumerate(rows):
        top = row * (side + title + 8)
        room = len(text)
        while pen.textlength(text, font=font) > sheet.width - 8:
            room -= 1
            text = text[:room].rstrip(" …") + " …"
        pen.text((4, top + 5), text, fill="black", font=font)
        for column in range(columns):
            frame = frames[round(column * (len(frames) - 1) / (columns - 1))]
            picture = Image.fromarray(frame).resize((side, side), Image.Resampling.BICUBIC)
            sheet.paste(picture, (4 + column * (side + 4), top + title))
    partial = path.with_name(f".partial-{path.name}")
    sheet.save(partial, format="PNG")
    partial.replace(path)


def run(prompt: str, seed: int, out: Path) -> None:
    if not prompt.strip():
        raise DemoError("PROMPT: expected a description of what should happen, got an empty text")
    if not (MODEL / "model_index.json").is_file():
        raise DemoError(f"{MODEL}: the model is missing (its weights are part of the repository)")
    try:
        out.mkdir(parents=True, exist_ok=True)
        (out / ".writable").touch()
        (out / ".writable").unlink()
    except OSError as error:
        raise DemoError(f"{out}: cannot be written to ({error.strerror})") from None
    started = time.perf_counter()

    print("1/5  simulating 60 clips of micro-worlds with captions and ground truth")
    simulate_clips(out / "microsim-10k", 60)

    import datasets

    datasets.disable_progress_bars()
    print('2/5  load_dataset("microsim-10k")')
    clips = datasets.load_dataset(str(out / "microsim-10k"))
    train = clips["train"]
    # A prompt that names no look gets an illustration, from the model as from the data.
    looks = ("fluorescence", "bright_field")
    asked = (look for look in looks if look.replace("_", " ") in prompt.lower())
    look = next(asked, "illustration")
    rows = [i for i, style in enumerate(train["style"]) if style == look]
    texts = [" ".join([train[i]["caption"], *train[i]["prompts"]]) for i in rows]
    place, _ = closest(prompt, texts)
    match = train[rows[place]]
    counts = ", ".join(f"{len(rows)} {split}" for split, rows in clips.items())
    print(f"     {counts}; the closest to the prompt: {match['caption']}")

    import numpy as np
    import torch
    from diffusers import DiffusionPipeline

    print(f'3/5  DiffusionPipeline.from_pretrained("{MODEL.relative_to(HERE)}")')
    try:
        pipe = DiffusionPipeline.from_pretrained(
            MODEL,
            custom_pipeline=str(HERE / "model_cards" / "pipeline.py"),
            trust_remote_code=True,
            use_safetensors=True,
        )
    except Exception as error:
        # Loading raises many unrelated types; the reader needs the model's name and one reason.
        raise DemoError(f"{MODEL}: cannot be loaded ({_first_line(error)})") from None
    print(f'4/5  pipe("{prompt}")')
    begun = time.perf_counter()
    made = pipe(prompt, generator=torch.Generator().manual_seed(seed)).frames[0]
    took = time.perf_counter() - begun
    frames = (np.clip(made, 0, 1) * 255 + 0.5).astype("uint8")
    save_video(out / "clip.mp4", frames, pipe.fps)
    save_sheet(
        out / "sheet.png",
        [
            (f"generated: {prompt}", frames),
            (f"simulated: {match['caption']}", frames_of(match["video"])),
        ],
    )
    print(f'5/5  evaluate.load("{METRIC.relative_to(HERE)}")')
    found = grade(prompt, out / "clip.mp4", list(train.remove_columns("video")), out)
    size = f"{frames.shape[2]} × {frames.shape[1]} px, {len(frames)} frames"
    total = time.perf_counter() - started
    print(f"\nGenerated a clip of {size} in {took:.1f} s (seed {seed}), all in {total:.0f} s.")
    print(found)
    print(f"\n  the clip                       {out / 'clip.mp4'}")
    print(f"  beside its simulated relative  {out / 'sheet.png'}")
    if (out / "report.html").is_file():
        print(f"  the report on its grades       {out / 'report.html'}")
    print(f"  the data set                   {out / 'microsim-10k'}")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--prompt", default=os.environ.get("PROMPT") or PROMPT, help="what should happen"
    )
    parser.add_argument(
        "--seed", type=int, default=0, help="of the noise that the clip starts from"
    )
    parser.add_argument("--out", type=Path, default=Path("out/demo"), help="folder for the results")
    args = parser.parse_args()
    # Nothing here needs a network: everything lies in the repository.
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    try:
        run(args.prompt, args.seed, args.out)
    except DemoError as error:
        print(f"demo: error: {error}", file=sys.stderr)
        return 2
    except (OSError, RuntimeError, ImportError) as error:
        print(f"demo: error: {_first_line(error)}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("demo: stopped", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
