"""Whole-clip encode and decode of `AutoencoderKLWan`, for training.

`AutoencoderKLWan.encode` and `.decode` walk through a clip in chunks of four frames (one latent
frame when decoding) and carry the last frames of every causal convolution along. That saves
memory on long videos and costs time on short ones. The functions here run the same modules on
all frames at once and give the same numbers (`tests/training/test_wan_vae.py` compares them):

* a causal convolution over the whole clip pads zeros before frame 0, exactly what the empty
  cache of the first chunk amounts to;
* the temporal down-sampling leaves frame 0 alone and convolves frames (0,1,2), (2,3,4), … with
  stride 2;
* the temporal up-sampling leaves frame 0 alone and never shows it to the later frames.

Decoding does not clamp to [-1, 1]: a clamped value has no gradient, so training would be blind
to pixels that overshoot on the wrong side.
"""

from __future__ import annotations

from typing import Any

import torch
from diffusers import AutoencoderKLWan
from diffusers.models.autoencoders.autoencoder_kl_wan import (
    WanResample,
    WanResidualDownBlock,
    WanResidualUpBlock,
    patchify,
    unpatchify,
)
from torch import Tensor, nn


def _spatial(layer: WanResample, x: Tensor) -> Tensor:
    batch, channels, frames, height, width = x.shape
    flat = x.permute(0, 2, 1, 3, 4).reshape(batch * frames, channels, height, width)
    flat = layer.resample(flat)
    return flat.view(batch, frames, *flat.shape[1:]).permute(0, 2, 1, 3, 4)


def _resample(layer: WanResample, x: Tensor) -> Tensor:
    if layer.mode == "upsample3d" and x.shape[2] > 1:
        later = layer.time_conv(x[:, :, 1:])
        batch, _, frames, height, width = later.shape
        later = later.view(batch, 2, -1, frames, height, width).permute(0, 2, 3, 1, 4, 5)
        later = later.reshape(batch, -1, 2 * frames, height, width)
        x = torch.cat([x[:, :, :1], later], dim=2)
    x = _spatial(layer, x)
    if layer.mode == "downsample3d" and x.shape[2] > 1:
        x = torch.cat([x[:, :, :1], layer.time_conv(x)], dim=2)
    return x


def _down(layer: nn.Module, x: Tensor) -> Tensor:
    if isinstance(layer, WanResample):
        return _resample(layer, x)
    if not isinstance(layer, WanResidualDownBlock):
        return layer(x)
    short = layer.avg_shortcut(x)
    for resnet in layer.resnets:
        x = resnet(x)
    return short + (x if layer.downsampler is None else _resample(layer.downsampler, x))


def _up(block: Any, x: Tensor) -> Tensor:
    residual = isinstance(block, WanResidualUpBlock)
    short = block.avg_shortcut(x, first_chunk=True) if residual and block.avg_shortcut else None
    for resnet in block.resnets:
        x = resnet(x)
    if residual:
        x = x if block.upsampler is None else _resample(block.upsampler, x)
    elif block.upsamplers is not None:
        x = _resample(block.upsamplers[0], x)
    return x if short is None else x + short


def encode_moments(vae: AutoencoderKLWan, clips: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and log-variance of the latents of whole clips.

    `clips`: (B, 3, T, H, W) in [-1, 1], T = 1 + 4k. Returns two tensors (B, z, t, h, w).
    Same result as `vae.encode(clips).latent_dist` (`.mean`, `.logvar`).
    """
    x = patchify(clips, vae.config.patch_size) if vae.config.patch_size is not None else clips
    encoder = vae.encoder
    x = encoder.conv_in(x)
    for layer in encoder.down_blocks:
        x = _down(layer, x)
    x = encoder.mid_block(x)
    x = encoder.conv_out(encoder.nonlinearity(encoder.norm_out(x)))
    mean, logvar = vae.quant_conv(x).chunk(2, dim=1)
    return mean, logvar.clamp(-30.0, 20.0)


def decode_unclamped(vae: AutoencoderKLWan, latents: Tensor) -> Tensor:
    """Clips (B, 3, T, H, W) of latents (B, z, t, h, w); nominally in [-1, 1], not clamped."""
    decoder = vae.decoder
    x = decoder.conv_in(vae.post_quant_conv(latents))
    x = decoder.mid_block(x)
    for block in decoder.up_blocks:
        x = _up(block, x)
    x = decoder.conv_out(decoder.nonlinearity(decoder.norm_out(x)))
    return unpatchify(x, vae.config.patch_size) if vae.config.patch_size is not None else x
