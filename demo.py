"""The whole story in the Hub's own calls: load clips, load the model, type a prompt, see the clip.

make demo
make demo PROMPT="many vesicles jitter in the cytoplasm"
python demo.py --prompt "a calcium wave spreads outward" --seed 3 --out out/demo
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from math import log
from pathlib import Path

PROMPT = "red blood cells squeeze through a capillary from left to right"
HERE = Path(__file__).resolve().parent
MODEL = HERE / "model_cards" / "microverse-nano"


class DemoError(Exception):
    """Something is missing; the message is one line for the user."""


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def words(text: str) -> list[str]:
    return re.findall(r"[a-z]+", text.lower())


def closest(prompt: str, texts: Sequence[str]) -> int:
    """Index of the text that shares most of the prompt's words, rare words counting more."""
    bags = [set(words(text)) for text in texts]
    seen = Counter(word for bag in bags for word in bag)
    asked = set(words(prompt))
    return max(
        range(len(bags)),
        key=lambda i: sum(log((len(bags) + 1) / seen[word]) for word in asked & bags[i]),
    )


def simulate_clips(folder: Path, clips: int) -> None:
    """Have the simulator write a small data set, unless a former run did just that."""
    microsim = Path(sys.executable).with_name("microsim")
    command = [str(microsim), "simulate", "--clips", str(clips), "--size", "64", "--frames", "17"]
    command += ["--seed", "7", "--out", str(folder), "--overwrite"]
    done = subprocess.run(command, check=False)
    if done.returncode:
        raise DemoError(f"the simulator stopped with exit code {done.returncode}")


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

    print("1/4  simulating 60 clips of micro-worlds with captions and ground truth")
    simulate_clips(out / "microsim-10k", 60)

    import datasets

    datasets.disable_progress_bars()
    print('2/4  load_dataset("microsim-10k")')
    clips = datasets.load_dataset(str(out / "microsim-10k"))
    train = clips["train"]
    texts = [" ".join([row["caption"], *row["prompts"]]) for row in train.remove_columns("video")]
    # A prompt that names no look gets an illustration, from the model as from the data.
    looks = ("illustration", "fluorescence", "bright field")
    named = any(look in prompt.lower() for look in looks)
    match = train[closest(prompt if named else f"{prompt} illustration", texts)]
    counts = ", ".join(f"{len(rows)} {split}" for split, rows in clips.items())
    print(f"     {counts}; the closest to the prompt: {match['caption']}")

    import numpy as np
    import torch
    from diffusers import DiffusionPipeline

    print(f'3/4  DiffusionPipeline.from_pretrained("{MODEL.relative_to(HERE)}")')
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
    print(f'4/4  pipe("{prompt}")')
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
    size = f"{frames.shape[2]} × {frames.shape[1]} px, {len(frames)} frames"
    total = time.perf_counter() - started
    print(f"\nGenerated a clip of {size} in {took:.1f} s (seed {seed}), all in {total:.0f} s.")
    print(f"  the clip                       {out / 'clip.mp4'}")
    print(f"  beside its simulated relative  {out / 'sheet.png'}")
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
