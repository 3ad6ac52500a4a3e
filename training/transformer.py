"""Stage two: a text encoder and a `WanTransformer3DModel`, trained together on cached latents."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from accelerate import Accelerator
from diffusers import AutoencoderKLWan, WanTransformer3DModel
from torch import Tensor, nn
from transformers import PreTrainedTokenizerFast, UMT5EncoderModel

from training import sampler
from training.attention import padding_bias, use_training_attention
from training.autoencoder import normalise, weights_digest
from training.checkpoint import flatten
from training.config import TrainConfig, TransformerConfig, as_dict
from training.data import Clips
from training.export import assemble
from training.files import atomic_path
from training.flow import add_noise, flow_loss, motion_weights, shift_sigma, timestep, velocity
from training.loop import Stage, lr_schedule, plot_log, run_identity, run_stage
from training.text import build_text_encoder, embed_prompts, tokenize
from training.video import contact_sheet, save_png

# Sizes at the start of a training: of the projected text (so that its keys outweigh their bias),
# and of the biases of queries and keys in cross-attention. Measured: padding 2 % of the attention.
TEXT_GAIN, QUERY_BIAS, KEY_BIAS = 4.0, 0.9, 0.05


def build_transformer(
    config: TransformerConfig, z_dim: int, text_dim: int
) -> WanTransformer3DModel:
    """A `WanTransformer3DModel` with fresh weights, deaf to padding (see `_hush_padding`)."""
    transformer = WanTransformer3DModel(
        patch_size=tuple(config.patch_size),
        num_attention_heads=config.num_attention_heads,
        attention_head_dim=config.attention_head_dim,
        in_channels=z_dim,
        out_channels=z_dim,
        text_dim=text_dim,
        freq_dim=config.freq_dim,
        ffn_dim=config.ffn_dim,
        num_layers=config.num_layers,
        cross_attn_norm=True,
        qk_norm="rms_norm_across_heads",
        rope_max_seq_len=config.rope_max_seq_len,
    )
    return _hush_padding(transformer)


@torch.no_grad()
def _hush_padding(transformer: WanTransformer3DModel) -> WanTransformer3DModel:
    """Starts every cross-attention so that the padding weighs a few per cent and not nine tenths.

    A prompt of 35 words comes padded to 512 tokens, all attended to. With ordinary fresh weights
    93 % of what a block then hears is padding, and after 7,800 steps it was still 80 %: the text
    was heard through a wall. Here the text projection has no bias, so padding stays zero and its
    key is the key's bias alone, normalised; the query's bias points the other way.
    """
    text = transformer.condition_embedder.text_embedder
    text.linear_1.bias.zero_()
    text.linear_2.bias.zero_()
    text.linear_2.weight.mul_(TEXT_GAIN)
    for block in transformer.blocks:
        attention = block.attn2
        direction = torch.sign(torch.randn(attention.to_q.bias.shape))
        attention.to_q.bias.copy_(QUERY_BIAS * direction)
        attention.to_k.bias.copy_(-KEY_BIAS * direction)
    return transformer


class Denoiser(nn.Module):
    """Text encoder and transformer as one module: noisy latents and tokens in, velocity out."""

    def __init__(
        self, text_encoder: UMT5EncoderModel, transformer: WanTransformer3DModel, max_length: int
    ) -> None:
        super().__init__()
        self.text_encoder = text_encoder
        self.transformer = transformer
        self.max_length = max_length
        use_training_attention(transformer)

    def forward(self, noisy: Tensor, timesteps: Tensor, ids: Tensor, mask: Tensor) -> Tensor:
        """`noisy` (B, z, t, h, w), `timesteps` (B,) in [0, 1000], `ids` and `mask` (B, L).

        Same result as with the prompts padded to `max_length` tokens (see `attention.py`).
        """
        text = embed_prompts(self.text_encoder, ids, mask)
        bias = padding_bias(mask.sum(dim=1).cpu(), ids.shape[1], self.max_length)
        processor = self.transformer.blocks[0].attn2.processor
        processor.bias = bias.to(noisy.device)
        try:
            return self.transformer(
                hidden_states=noisy,
                timestep=timesteps,
                encoder_hidden_states=text,
                return_dict=False,
            )[0]
        finally:
            processor.bias = None


def build_optimizers(model: Denoiser, config: TransformerConfig) -> list[torch.optim.Optimizer]:
    """AdamW for everything, or Muon for the matrices inside the blocks and AdamW for the rest."""
    matrices, decayed, plain = [], [], []
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        in_block = ".blocks." in name or ".block." in name
        is_bias_table = "relative_attention_bias" in name
        if parameter.ndim < 2 or "scale_shift_table" in name:
            plain.append(parameter)
        elif in_block and parameter.ndim == 2 and not is_bias_table and config.optimizer == "muon":
            matrices.append(parameter)
        else:
            decayed.append(parameter)
    groups = [
        {"params": decayed, "weight_decay": config.weight_decay},
        {"params": plain, "weight_decay": 0.0},
    ]
    betas = (config.betas[0], config.betas[1])
    found: list[torch.optim.Optimizer] = [
        torch.optim.AdamW(groups, lr=config.lr, betas=betas, fused=True)
    ]
    if matrices:
        found.append(
            torch.optim.Muon(
                matrices,
                lr=config.lr,
                weight_decay=config.weight_decay,
                # Updates of AdamW's size, so that one learning rate serves both.
                adjust_lr_fn="match_rms_adamw",
            )
        )
    return found


class LatentBatches:
    """Noisy latents and tokens of any training or validation batch, by its number."""

    def __init__(
        self,
        config: TrainConfig,
        vae: AutoencoderKLWan,
        tokenizer: PreTrainedTokenizerFast,
        clips: Clips,
        latents: np.ndarray,
    ) -> None:
        self.config, self.vae, self.tokenizer = config, vae, tokenizer
        self.clips, self.latents = clips, latents

    def clean(self, indices: np.ndarray) -> Tensor:
        """Normalised latents (B, z, t, h, w) float32."""
        return normalise(torch.from_numpy(np.stack([self.latents[i] for i in indices])), self.vae)

    def loss(self, model: nn.Module, x0: Tensor, texts: list[str], noise: Tensor, u: Tensor):
        """Flow-matching loss of latents `x0` at noise positions `u` (B,) in [0, 1)."""
        config = self.config.transformer
        device = next(model.parameters()).device
        sigma = shift_sigma(u, config.shift)
        ids, mask = tokenize(self.tokenizer, texts, self.config.text.max_length)
        noisy = add_noise(x0, noise, sigma).to(device)
        prediction = model(noisy, timestep(sigma).to(device), ids.to(device), mask.to(device))
        weights = motion_weights(x0, config.motion_weight).to(device)
        return flow_loss(prediction, velocity(x0, noise).to(device), weights)

    def training_loss(self, model: nn.Module, number: int) -> Tensor:
        """Loss of training batch `number`, drawn from the seed alone."""
        seed, config, text = self.config.seed, self.config.transformer, self.config.text
        indices = sampler.clip_indices(seed, number, config.batch, len(self.clips))
        texts = sampler.choose_texts(
            seed,
            number,
            [self.clips.captions[i] for i in indices],
            [self.clips.prompts[i] for i in indices],
            text.caption_probability,
            text.dropout,
        )
        x0 = self.clean(indices)
        noise = sampler.step_noise(seed, sampler.NOISE, number, tuple(x0.shape))
        u = sampler.stratified_uniform(seed, sampler.SIGMA, number, config.batch)
        return self.loss(model, x0, texts, noise, u)

    @torch.no_grad()
    def validation_loss(self, model: nn.Module) -> float:
        """Mean loss over all clips with their captions, at fixed noise and noise levels.

        The noise positions are spread evenly over the clips in a fixed shuffled order, and
        nothing depends on the training step, so two values differ only by the weights.
        """
        size, batch = len(self.clips), self.config.transformer.batch
        levels = sampler.stratified_uniform(0, sampler.VALIDATION, 0, size)
        total = 0.0
        for number, start in enumerate(range(0, size, batch)):
            indices = np.arange(start, min(start + batch, size))
            x0 = self.clean(indices)
            noise = sampler.step_noise(0, sampler.VALIDATION, 1 + number, tuple(x0.shape))
            texts = [self.clips.captions[i] for i in indices]
            u = levels[start : start + len(indices)]
            total += float(self.loss(model, x0, texts, noise, u)) * len(indices)
        return total / size


def transformer_identity(
    config: TrainConfig,
    vae: AutoencoderKLWan,
    taught: UMT5EncoderModel | None,
    train: Clips,
    processes: int,
) -> dict[str, object]:
    """What the result of stage two depends on."""
    part = flatten(
        {
            "seed": config.seed,
            "text": as_dict(config.text),
            "transformer": as_dict(config.transformer),
            "data": train.digest,
            "autoencoder weights": weights_digest(vae),
            "text encoder weights": None if taught is None else weights_digest(taught),
        }
    )
    return run_identity(part, config.threads, processes)


def train_transformer(
    config: TrainConfig,
    vae: AutoencoderKLWan,
    tokenizer: PreTrainedTokenizerFast,
    taught: UMT5EncoderModel | None,
    train: tuple[Clips, np.ndarray],
    held_out: tuple[Clips, np.ndarray],
    folder: Path,
    acc: Accelerator,
) -> Denoiser:
    """Trains (or resumes) stage two; returns the EMA text encoder and transformer.

    `taught` is a text encoder that stays as it is; None trains one together with the transformer.
    `train` and `held_out` are clips with their latents, not normalised.
    """
    tr = config.transformer
    torch.manual_seed(config.seed + 1)
    if taught is None:
        text_encoder = build_text_encoder(config.text, tokenizer)
    else:
        text_encoder = taught.requires_grad_(False)
    transformer = build_transformer(tr, config.autoencoder.z_dim, config.text.d_model)
    model = Denoiser(text_encoder, transformer, config.text.max_length)
    batches = LatentBatches(config, vae, tokenizer, *train)
    validation = LatentBatches(config, vae, tokenizer, *held_out)

    def loss(module: nn.Module, step: int, micro: int) -> Tensor:
        number = sampler.batch_number(
            step, micro, tr.accumulate, acc.process_index, acc.num_processes
        )
        return batches.training_loss(module, number)

    def validate(ema: nn.Module, step: int) -> dict[str, float]:
        with acc.autocast():
            return {"val_loss": validation.validation_loss(ema)}

    stage = Stage(
        name="transformer",
        folder=folder,
        steps=tr.steps,
        accumulate=tr.accumulate,
        clip_norm=tr.clip_norm,
        ema=tr.ema,
        validate_every=tr.validate_every,
        checkpoint_every=tr.checkpoint_every,
        keep_checkpoints=tr.keep_checkpoints,
        identity=transformer_identity(config, vae, taught, train[0], acc.num_processes),
        loss=loss,
        lr_factor=lambda step: lr_schedule(
            tr.schedule, step, tr.steps, tr.warmup, tr.decay_fraction
        ),
        validate=validate,
        sample=_sheet_writer(config, vae, tokenizer, held_out[0], folder / "samples"),
        sample_every=tr.sample_every,
    )
    trained = run_stage(stage, model, build_optimizers(model, tr), acc)
    if acc.is_main_process:
        with atomic_path(folder / "losses.png") as path:
            plot_log(stage.log, path, "transformer")
    assert isinstance(trained, Denoiser)
    return trained


def sheet_prompts(clips: Clips, count: int) -> list[str]:
    """`count` texts for the sample sheets, short prompts where there are any.

    Drawn at random but always the same: every n-th clip of a split can be of one phenomenon.
    """
    chosen = np.random.default_rng(0).permutation(len(clips))[:count]
    return [clips.prompts[i][0] if clips.prompts[i] else clips.captions[i] for i in chosen]


def _sheet_writer(
    config: TrainConfig,
    vae: AutoencoderKLWan,
    tokenizer: PreTrainedTokenizerFast,
    clips: Clips,
    folder: Path,
) -> Callable[[nn.Module, int], None]:
    prompts = sheet_prompts(clips, config.transformer.sample_prompts)

    def write(ema: nn.Module, step: int) -> None:
        pipeline = assemble(tokenizer, ema.text_encoder, vae, ema.transformer, config)  # type: ignore[arg-type]
        pipeline.set_progress_bar_config(disable=True)
        frames = pipeline(
            prompts,
            height=config.data.height,
            width=config.data.width,
            num_frames=config.data.frames,
            num_inference_steps=config.export.num_inference_steps,
            guidance_scale=config.export.guidance_scale,
            max_sequence_length=config.text.max_length,
            generator=torch.Generator().manual_seed(0),
            output_type="np",
        ).frames
        save_png(contact_sheet(frames), folder / f"step-{step:07d}.png")
        with atomic_path(folder / "prompts.txt") as path:
            path.write_text("".join(f"{prompt}\n" for prompt in prompts), "utf-8")

    return write
