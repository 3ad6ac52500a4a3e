"""The training loop of both stages: step, log, validate, checkpoint, resume."""

from __future__ import annotations

import copy
import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from diffusers.training_utils import EMAModel
from torch import Tensor, nn

from training.checkpoint import load_latest, save_checkpoint
from training.errors import MicroVerseError
from training.files import atomic_path, make_folder


@dataclass
class Stage:
    """What one stage hands to the loop.

    `loss(model, step, micro)` gives the scalar loss of one micro-batch; `validate(ema, step)`
    figures for the log; `sample(ema, step)` writes pictures. `ema` is a copy of the model with
    the averaged weights. `lr_factor(step)` multiplies every group's own learning rate.
    """

    name: str
    folder: Path
    steps: int
    accumulate: int
    clip_norm: float
    ema: float
    validate_every: int
    checkpoint_every: int
    keep_checkpoints: int
    identity: dict[str, Any]
    loss: Callable[[nn.Module, int, int], Tensor]
    lr_factor: Callable[[int], float]
    validate: Callable[[nn.Module, int], dict[str, float]]
    sample: Callable[[nn.Module, int], None] | None = None
    sample_every: int = 0
    log: Path = field(init=False)

    def __post_init__(self) -> None:
        self.log = self.folder / "log.jsonl"


def lr_schedule(
    kind: str, step: int, steps: int, warmup: int, decay_fraction: float = 0.3
) -> float:
    """Factor in [0, 1] on the learning rate at a step, a function of the step alone.

    `wsd`: linear warm-up, constant, then linear to zero over the last `decay_fraction`;
    `cosine`: warm-up, then half a cosine; `constant`: warm-up, then 1.
    """
    if step < warmup:
        return (step + 1) / warmup
    if kind == "cosine":
        done = (step - warmup) / max(1, steps - warmup)
        return 0.5 * (1.0 + math.cos(math.pi * min(1.0, done)))
    if kind == "wsd":
        left = (steps - step) / max(1.0, decay_fraction * steps)
        return min(1.0, left)
    return 1.0


# Conditions of a run that are not in its recipe.
RUNTIME = ("thread count", "process count", "torch version")


def run_identity(config_part: dict[str, Any], threads: int, processes: int) -> dict[str, Any]:
    """What must not change between a run and its resumption."""
    return {
        **config_part,
        "thread count": threads,
        "process count": processes,
        "torch version": str(torch.__version__),
    }


def run_stage(
    stage: Stage, model: nn.Module, optimizers: list[torch.optim.Optimizer], acc: Accelerator
) -> nn.Module:
    """Trains to `stage.steps`, resuming from the newest checkpoint. Returns the EMA copy."""
    checkpoints = stage.folder / "checkpoints"
    make_folder(stage.folder)
    ema_model = copy.deepcopy(model).requires_grad_(False).eval()
    ema = EMAModel(model.parameters(), decay=stage.ema, foreach=True)
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["initial_lr"] = group["lr"]
    step = 0
    state = load_latest(checkpoints, stage.identity)
    if state is not None:
        step = state["step"]
        model.load_state_dict(state["model"])
        ema.load_state_dict(state["ema"])
        for optimizer, saved in zip(optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)
        if acc.is_main_process:
            print(f"{stage.name}: resuming from step {step}", flush=True)
    if acc.is_main_process:
        trim_log(stage.log, step)
    prepared = acc.prepare(model)
    optimizers = [acc.prepare(optimizer) for optimizer in optimizers]

    def save() -> None:
        if acc.is_main_process:
            whole = {
                "model": model.state_dict(),
                "ema": ema.state_dict(),
                "optimizers": [optimizer.state_dict() for optimizer in optimizers],
                "identity": stage.identity,
            }
            save_checkpoint(checkpoints, step, whole, stage.keep_checkpoints)

    progress = _Progress(stage, step, acc)
    while step < stage.steps:
        factor = stage.lr_factor(step)
        loss = _one_step(stage, prepared, optimizers, acc, step, factor)
        ema.step(model.parameters())
        step += 1
        line: dict[str, Any] = {"step": step, "loss": loss, "lr": _lr(optimizers)}
        last = step == stage.steps
        if acc.is_main_process and (last or step % stage.validate_every == 0):
            ema.copy_to(ema_model.parameters())
            line |= stage.validate(ema_model, step)
        if acc.is_main_process and stage.sample and (last or step % stage.sample_every == 0):
            ema.copy_to(ema_model.parameters())
            stage.sample(ema_model, step)
        progress.write(line)
        if last or step % stage.checkpoint_every == 0:
            save()
    progress.close()
    ema.copy_to(ema_model.parameters())
    acc.wait_for_everyone()
    return ema_model


def _one_step(
    stage: Stage,
    model: nn.Module,
    optimizers: list[torch.optim.Optimizer],
    acc: Accelerator,
    step: int,
    factor: float,
) -> float:
    total = 0.0
    for micro in range(stage.accumulate):
        part = stage.loss(model, step, micro) / stage.accumulate
        # Gradients are averaged over processes in the last micro-batch only.
        if micro + 1 < stage.accumulate:
            with acc.no_sync(model):
                acc.backward(part)
        else:
            acc.backward(part)
        total += float(acc.reduce(part.detach(), "mean"))
    if not math.isfinite(total):
        raise MicroVerseError(f"{stage.name}: the loss is {total} at step {step + 1}; lower the lr")
    if stage.clip_norm > 0:
        acc.clip_grad_norm_(model.parameters(), stage.clip_norm)
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["lr"] = group["initial_lr"] * factor
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
    return total


def _lr(optimizers: list[torch.optim.Optimizer]) -> float:
    return float(optimizers[0].param_groups[0]["lr"])


def trim_log(path: Path, step: int) -> None:
    """Drops the log's lines after `step`: a killed run may have logged past its checkpoint."""
    if not path.exists():
        return
    kept = [line for line in read_log(path) if line["step"] <= step]
    with atomic_path(path) as temporary:
        temporary.write_text("".join(json.dumps(line) + "\n" for line in kept), "utf-8")


def read_log(path: Path) -> list[dict[str, Any]]:
    """Lines of a log; a last line cut short by a kill is left out."""
    lines = []
    for text in path.read_text("utf-8").splitlines():
        try:
            lines.append(json.loads(text))
        except ValueError:
            break
    return lines


class _Progress:
    """The JSON-lines log, flushed per line, and the bar with the time left."""

    def __init__(self, stage: Stage, step: int, acc: Accelerator) -> None:
        from tqdm.auto import tqdm

        self.main = acc.is_main_process
        self.start = time.monotonic()
        if self.main:
            self.file = stage.log.open("a", encoding="utf-8")
            self.bar = tqdm(
                total=stage.steps, initial=step, desc=stage.name, unit="step", mininterval=1.0
            )

    def write(self, line: dict[str, Any]) -> None:
        if not self.main:
            return
        line["seconds"] = round(time.monotonic() - self.start, 2)
        self.file.write(json.dumps(line) + "\n")
        self.file.flush()
        self.bar.update()
        shown = {k: f"{v:.4g}" for k, v in line.items() if k not in ("step", "lr", "seconds")}
        self.bar.set_postfix(shown, refresh=False)

    def close(self) -> None:
        if self.main:
            self.file.close()
            self.bar.close()


def plot_log(path: Path, target: Path, title: str) -> None:
    """Draws a log's losses and validation figures into a PNG."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    import numpy as np

    lines = read_log(path)
    steps = np.array([line["step"] for line in lines])
    loss = np.array([line["loss"] for line in lines])
    width = max(1, len(loss) // 100)
    smooth = np.convolve(loss, np.ones(width) / width, mode="valid")
    keys = sorted({key for line in lines for key in line} - {"step", "loss", "lr", "seconds"})
    figure, axes = plt.subplots(1, 1 + len(keys), figsize=(5 * (1 + len(keys)), 3.5))
    axes = np.atleast_1d(axes)
    axes[0].plot(steps, loss, alpha=0.3)
    axes[0].plot(steps[width - 1 :], smooth)
    axes[0].set(title=f"{title}: training loss", xlabel="step", yscale="log")
    for axis, key in zip(axes[1:], keys, strict=True):
        points = [(line["step"], line[key]) for line in lines if key in line]
        axis.plot(*zip(*points, strict=True), marker="o", ms=3)
        axis.set(title=f"{title}: {key}", xlabel="step")
    figure.tight_layout()
    figure.savefig(target, dpi=90, format="png")
    plt.close(figure)
