"""One training run from a recipe to a pipeline folder, every part skipped when it is done.

Folder of a run: `cache/` decoded clips and latents; `autoencoder/`, `text/` (lessons of the text
encoder, if the recipe has them) and `transformer/` logs, checkpoints and sample sheets;
`pipeline/` the exported model.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import yaml

from training.config import TrainConfig, as_dict
from training.errors import MicroVerseError
from training.files import atomic_path, make_folder, read_json, remove, write_json

STAGES = ("autoencoder", "transformer", "all")


def set_threads(threads: int) -> None:
    """Fixes PyTorch's thread count for this process."""
    import torch

    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    torch.set_num_threads(threads)


def train(config: TrainConfig, out: Path, stage: str = "all", fresh: bool = False) -> Path:
    """Runs or continues a recipe; returns the folder of what was finished last.

    Raises `MicroVerseError` when `out` holds a run of another recipe, thread or process count.
    """
    import torch
    from accelerate import Accelerator

    make_folder(out)
    precisions = {config.autoencoder.mixed_precision, config.transformer.mixed_precision}
    if len(precisions) > 1:
        raise MicroVerseError("autoencoder and transformer need the same mixed_precision")
    # Without `cpu`, accelerate does not join the processes that torchrun started on a CPU machine.
    acc = Accelerator(mixed_precision=precisions.pop(), cpu=not torch.cuda.is_available())
    set_threads(config.threads)  # after accelerate, which sets a count of its own
    if fresh and acc.is_main_process:
        for name in ("autoencoder", "text", "transformer", "pipeline"):
            remove(out / name)
    acc.wait_for_everyone()
    if acc.is_main_process:
        with atomic_path(out / "recipe.yaml") as path:
            path.write_text(yaml.safe_dump(as_dict(config), sort_keys=False), "utf-8")
    return _Run(config, out, acc).run(stage)


class _Run:
    def __init__(self, config: TrainConfig, out: Path, acc: Any) -> None:
        from training.data import load_clips, simulate_if_missing

        self.config, self.out, self.acc = config, out, acc
        with acc.main_process_first():
            if acc.is_main_process:
                simulate_if_missing(config.data)
            cache = make_folder(out / "cache")
            self.train = load_clips(config.data, "train", cache)
            count = config.data.validation_clips
            self.held_out = load_clips(config.data, "validation", cache, limit=count)
        self.cache = cache

    def run(self, stage: str) -> Path:
        from training.autoencoder import cached_latents

        vae = self._autoencoder(stage)
        if stage == "autoencoder":
            return self.out / "autoencoder" / "vae"
        tokenizer = self._tokenizer()
        taught = self._taught(tokenizer)
        with self.acc.main_process_first():
            train = cached_latents(vae, self.train, self.cache, "train")
            held_out = cached_latents(vae, self.held_out, self.cache, "validation")
        return self._transformer(vae, tokenizer, taught, train, held_out)

    def _autoencoder(self, stage: str):
        """The finished autoencoder, trained now unless it was."""
        from diffusers import AutoencoderKLWan

        from training.autoencoder import (
            autoencoder_identity,
            cached_latents,
            measure_round_trip,
            set_latent_statistics,
            train_autoencoder,
        )
        from training.checkpoint import check_identity
        from training.loop import RUNTIME

        folder = self.out / "autoencoder"
        identity = autoencoder_identity(self.config, self.train, self.acc.num_processes)
        done = folder / "done.json"
        if done.exists():
            # A finished stage is only read: it may have been trained with other counts.
            old = {k: v for k, v in read_json(done)["identity"].items() if k not in RUNTIME}
            new = {k: v for k, v in identity.items() if k not in RUNTIME}
            check_identity(old, new, f"{folder}: already trained")
        elif stage == "transformer":
            raise MicroVerseError(f"{folder}: not trained yet (run --stage autoencoder first)")
        else:
            vae = train_autoencoder(self.config, self.train, self.held_out, folder, self.acc)
            if self.acc.is_main_process:
                set_latent_statistics(vae, cached_latents(vae, self.train, self.cache, "train"))
                figures = measure_round_trip(vae, self.held_out)
                with atomic_path(folder / "vae") as temporary:
                    vae.save_pretrained(str(temporary))
                write_json(done, {"identity": identity, "held_out": figures})
                print(
                    f"autoencoder: {figures['psnr']:.1f} dB on held-out clips, "
                    f"{figures['psnr_moving']:.1f} dB where they move",
                    flush=True,
                )
            self.acc.wait_for_everyone()
        vae = AutoencoderKLWan.from_pretrained(str(folder / "vae"))
        return vae.requires_grad_(False).eval()

    def _tokenizer(self):
        """The tokenizer of this run, trained on the training captions unless it was."""
        from training.text import count_truncated, load_tokenizer, train_tokenizer

        text = self.config.text
        folder = self.out / "transformer" / f"tokenizer-{self.train.digest}-{text.vocab_size}"
        with self.acc.main_process_first():
            if not folder.exists():
                texts = [*self.train.captions, *(p for ps in self.train.prompts for p in ps)]
                tokenizer = train_tokenizer(texts, text.vocab_size, text.max_length)
                with atomic_path(folder) as temporary:
                    tokenizer.save_pretrained(str(temporary))
                cut = count_truncated(tokenizer, texts, text.max_length)
                if cut:
                    print(
                        f"warning: text.max_length {text.max_length} cuts {cut} of {len(texts)} "
                        f"texts",
                        flush=True,
                    )
        return load_tokenizer(folder)

    def _taught(self, tokenizer: Any):
        """The text encoder after its lessons, None when the recipe has none."""
        from training.facts import teach_text_encoder

        if not self.config.text.facts_steps:
            return None
        if not any(self.train.facts):
            raise MicroVerseError(
                f"{self.config.data.path}: text.facts_steps needs the columns phenomenon, style "
                f"and parameters, which this data set lacks (set it to 0)"
            )
        return teach_text_encoder(
            self.config, tokenizer, self.train, self.held_out, self.out / "text", self.acc
        )

    def _transformer(
        self, vae: Any, tokenizer: Any, taught: Any, train: Any, held_out: Any
    ) -> Path:
        from training.export import assemble, export_pipeline, native_settings
        from training.transformer import train_transformer

        folder = self.out / "transformer"
        denoiser = train_transformer(
            self.config,
            vae,
            tokenizer,
            taught,
            (self.train, train),
            (self.held_out, held_out),
            folder,
            self.acc,
        )
        target = self.out / "pipeline"
        if self.acc.is_main_process:
            pipeline = assemble(
                tokenizer, denoiser.text_encoder, vae, denoiser.transformer, self.config
            )
            export_pipeline(pipeline, native_settings(self.config, self.train.fps), target)
        self.acc.wait_for_everyone()
        return target
