"""Stage one: a small `AutoencoderKLWan` trained on random crops.

Why crops: the network is convolutional, so what it learns on 32×32×9 holds on whole clips, and
many small steps teach small moving things that a few large steps never reach.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import torch
from accelerate import Accelerator
from diffusers import AutoencoderKLWan
from torch import Tensor, nn

from training import sampler
from training.checkpoint import flatten
from training.config import AutoencoderConfig, TrainConfig, as_dict
from training.data import Clips
from training.files import atomic_path
from training.flow import motion_weights
from training.loop import Stage, lr_schedule, plot_log, run_identity, run_stage
from training.video import contact_sheet, save_png
from training.wan_vae import decode_unclamped, encode_moments


def build_autoencoder(config: AutoencoderConfig) -> AutoencoderKLWan:
    """An `AutoencoderKLWan` with fresh weights and latents not yet normalised."""
    channels = 3 * config.patch_size**2
    vae = AutoencoderKLWan(
        base_dim=config.base_dim,
        z_dim=config.z_dim,
        dim_mult=config.dim_mult,
        num_res_blocks=config.num_res_blocks,
        is_residual=config.is_residual,
        temperal_downsample=config.temporal_downsample,
        latents_mean=[0.0] * config.z_dim,
        latents_std=[1.0] * config.z_dim,
        in_channels=channels,
        out_channels=channels,
        patch_size=config.patch_size,
        scale_factor_temporal=config.temporal_factor,
        scale_factor_spatial=config.spatial_factor,
    )
    # A posterior as wide as the prior (log-variance 0) drowns the latents in noise for the first
    # thousand steps; start it narrow instead and let the KL term widen it.
    with torch.no_grad():
        vae.quant_conv.weight[config.z_dim :].zero_()
        vae.quant_conv.bias[config.z_dim :].fill_(-6.0)
    return vae


class RoundTrip(nn.Module):
    """Encode, draw from the posterior, decode: the forward pass that stage one trains."""

    def __init__(self, vae: AutoencoderKLWan) -> None:
        super().__init__()
        self.vae = vae

    def forward(self, clips: Tensor, noise: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        mean, logvar = encode_moments(self.vae, clips)
        latents = mean + torch.exp(0.5 * logvar) * noise
        return decode_unclamped(self.vae, latents), mean, logvar


def to_float(pixels: np.ndarray) -> Tensor:
    """(B, T, H, W, 3) uint8 → (B, 3, T, H, W) float32 in [-1, 1]."""
    tensor = torch.from_numpy(np.array(pixels)).permute(0, 4, 1, 2, 3)
    return tensor.float().div_(127.5).sub_(1.0)


def reconstruction_loss(
    clips: Tensor, decoded: Tensor, mean: Tensor, logvar: Tensor, config: AutoencoderConfig
) -> Tensor:
    """Motion-weighted squared error + a little absolute error + a trace of KL."""
    error = decoded.float() - clips
    weights = motion_weights(clips, config.motion_weight)
    squared = (weights * error.square()).mean()
    kl = 0.5 * (mean.square() + logvar.exp() - 1.0 - logvar).float().mean()
    return squared + config.l1 * error.abs().mean() + config.kl * kl


def psnr(clips: Tensor, decoded: Tensor) -> tuple[Tensor, Tensor]:
    """Peak signal-to-noise ratio in dB of each clip: all pixels, and those that move.

    Both inputs (B, 3, T, H, W) in [-1, 1]. A pixel moves when it is more than 5 % of the range
    away from its mean over time; a clip without such pixels gives NaN.
    """
    squared = ((clips - decoded) / 2.0).square()
    moving = ((clips - clips.mean(dim=2, keepdim=True)).abs() / 2.0).amax(1, keepdim=True) > 0.05
    moving = moving.expand_as(squared)
    whole = squared.mean(dim=(1, 2, 3, 4))
    part = (squared * moving).sum(dim=(1, 2, 3, 4)) / moving.sum(dim=(1, 2, 3, 4))
    return -10.0 * whole.clamp_min(1e-10).log10(), -10.0 * part.clamp_min(1e-10).log10()


@torch.no_grad()
def round_trip(vae: AutoencoderKLWan, clips: Tensor) -> Tensor:
    """Clips after encoding (mode of the posterior) and decoding, clamped as in use."""
    mean, _ = encode_moments(vae, clips)
    return decode_unclamped(vae, mean).clamp(-1.0, 1.0)


def measure_round_trip(vae: AutoencoderKLWan, clips: Clips, batch: int = 8) -> dict[str, float]:
    """Mean over clips of the round trip's PSNR in dB, on all and on moving pixels."""
    every: list[float] = []
    moving: list[float] = []
    for start in range(0, len(clips), batch):
        pixels = to_float(clips.pixels[start : start + batch])
        whole, part = psnr(pixels, round_trip(vae, pixels))
        every += whole.tolist()
        moving += part.tolist()
    return {"psnr": float(np.mean(every)), "psnr_moving": float(np.nanmean(moving))}


def train_autoencoder(
    config: TrainConfig, train: Clips, held_out: Clips, folder: Path, acc: Accelerator
) -> AutoencoderKLWan:
    """Trains (or resumes) stage one; returns the EMA autoencoder, latents not yet normalised."""
    ae = config.autoencoder
    torch.manual_seed(config.seed)
    model = RoundTrip(build_autoencoder(ae))
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=ae.lr, betas=(0.9, 0.99), weight_decay=ae.weight_decay, fused=True
    )
    latent = (
        1 + (ae.crop_frames - 1) // ae.temporal_factor,
        ae.crop // ae.spatial_factor,
        ae.crop // ae.spatial_factor,
    )

    def loss(module: nn.Module, step: int, micro: int) -> Tensor:
        number = sampler.batch_number(step, micro, 1, acc.process_index, acc.num_processes)
        indices = sampler.clip_indices(config.seed, number, ae.batch, len(train))
        crops = sampler.choose_crops(
            config.seed, number, train.pixels, indices, ae.crop, ae.crop_frames, ae.motion_crops
        )
        clips = to_float(crops).to(acc.device)
        shape = (ae.batch, ae.z_dim, *latent)
        noise = sampler.step_noise(config.seed, sampler.POSTERIOR, number, shape).to(acc.device)
        decoded, mean, logvar = module(clips, noise)
        return reconstruction_loss(clips, decoded, mean, logvar, ae)

    def validate(ema: nn.Module, step: int) -> dict[str, float]:
        figures = measure_round_trip(ema.vae, held_out)  # type: ignore[arg-type]
        _sheet(ema.vae, held_out, folder / "samples" / f"step-{step:07d}.png")  # type: ignore[arg-type]
        return figures

    stage = Stage(
        name="autoencoder",
        folder=folder,
        steps=ae.steps,
        accumulate=1,
        clip_norm=ae.clip_norm,
        ema=ae.ema,
        validate_every=ae.validate_every,
        checkpoint_every=ae.checkpoint_every,
        keep_checkpoints=ae.keep_checkpoints,
        identity=autoencoder_identity(config, train, acc.num_processes),
        loss=loss,
        lr_factor=lambda step: lr_schedule("cosine", step, ae.steps, ae.warmup),
        validate=validate,
    )
    trained = run_stage(stage, model, [optimizer], acc)
    if acc.is_main_process:
        with atomic_path(folder / "losses.png") as path:
            plot_log(stage.log, path, "autoencoder")
    return trained.vae  # type: ignore[return-value]


def autoencoder_identity(config: TrainConfig, train: Clips, processes: int) -> dict[str, object]:
    """What the result of stage one depends on."""
    part = flatten(
        {"seed": config.seed, "autoencoder": as_dict(config.autoencoder), "data": train.digest}
    )
    return run_identity(part, config.threads, processes)


def _sheet(vae: AutoencoderKLWan, clips: Clips, path: Path, count: int = 4) -> None:
    """Rows: a held-out clip, its round trip, the next clip, …"""
    pixels = to_float(clips.pixels[:count])
    back = round_trip(vae, pixels)
    both = torch.stack([pixels, back], dim=1).flatten(0, 1)
    frames = both.permute(0, 2, 3, 4, 1).add(1).div(2).clamp(0, 1).numpy()
    save_png(contact_sheet(frames), path)


def weights_digest(module: nn.Module) -> str:
    """Short hash of a module's weights."""
    sha = hashlib.sha256()
    for name, tensor in sorted(module.state_dict().items()):
        sha.update(name.encode())
        sha.update(tensor.detach().cpu().float().numpy().tobytes())
    return sha.hexdigest()[:16]


@torch.no_grad()
def cached_latents(
    vae: AutoencoderKLWan, clips: Clips, cache: Path, split: str, batch: int = 8
) -> np.ndarray:
    """Latents (N, z, t, h, w) float16, not normalised, of a whole split, memory-mapped.

    Computed once per (weights, clips) and kept in `cache` under a name made of both hashes.
    """
    from tqdm.auto import tqdm

    path = cache / f"latents-{split}-{weights_digest(vae)}-{clips.digest}.npy"
    if not path.exists():
        with atomic_path(path) as temporary:
            array = None
            for start in tqdm(range(0, len(clips), batch), desc=f"encoding {split}", unit="batch"):
                mean, _ = encode_moments(vae, to_float(clips.pixels[start : start + batch]))
                block = mean.float().numpy().astype(np.float16)
                if array is None:
                    shape = (len(clips), *block.shape[1:])
                    array = np.lib.format.open_memmap(
                        temporary, mode="w+", dtype=np.float16, shape=shape
                    )
                array[start : start + batch] = block
            assert array is not None
            array.flush()
            del array
    return np.load(path, mmap_mode="r")


def set_latent_statistics(vae: AutoencoderKLWan, latents: np.ndarray) -> None:
    """Stores the per-channel mean and spread in the config, where WanPipeline looks for them."""
    total = np.zeros(latents.shape[1])
    square = np.zeros(latents.shape[1])
    for start in range(0, len(latents), 256):
        block = latents[start : start + 256].astype(np.float64)
        total += block.sum(axis=(0, 2, 3, 4))
        square += (block**2).sum(axis=(0, 2, 3, 4))
    count = latents.size / latents.shape[1]
    mean = total / count
    std = np.sqrt(np.maximum(square / count - mean**2, 1e-8))
    vae.register_to_config(
        latents_mean=[float(v) for v in mean], latents_std=[float(v) for v in std]
    )


def normalise(latents: Tensor, vae: AutoencoderKLWan) -> Tensor:
    """(x - mean) / std per channel, the inverse of what WanPipeline does before decoding."""
    mean = torch.tensor(vae.config.latents_mean).view(1, -1, 1, 1, 1)
    std = torch.tensor(vae.config.latents_std).view(1, -1, 1, 1, 1)
    return (latents.float() - mean) / std
