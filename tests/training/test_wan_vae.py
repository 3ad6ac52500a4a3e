"""Whole-clip encode and decode against the chunk by chunk ones of diffusers."""

from __future__ import annotations

import math

import pytest
import torch

from training.autoencoder import build_autoencoder, psnr
from training.config import AutoencoderConfig
from training.wan_vae import decode_unclamped, encode_moments


@pytest.mark.parametrize(
    ("temporal", "mult", "patch", "residual"),
    [
        ([True], [1, 2], 2, False),
        ([True], [2, 2], 2, True),
        ([False, True], [1, 2, 2], 1, False),
        ([False, True], [1, 2, 2], 1, True),
    ],
)
@pytest.mark.parametrize("frames", [1, 9])
def test_same_numbers_as_diffusers(
    temporal: list[bool], mult: list[int], patch: int, residual: bool, frames: int
) -> None:
    torch.manual_seed(0)
    config = AutoencoderConfig(
        base_dim=4,
        dim_mult=mult,
        temporal_downsample=temporal,
        patch_size=patch,
        z_dim=4,
        is_residual=residual,
    )
    vae = build_autoencoder(config).eval()
    with torch.no_grad():
        for parameter in vae.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
        clips = torch.rand(2, 3, frames, 16, 16) * 2 - 1
        posterior = vae.encode(clips).latent_dist
        mean, logvar = encode_moments(vae, clips)
        torch.testing.assert_close(mean, posterior.mean, atol=1e-5, rtol=1e-4)
        torch.testing.assert_close(logvar, posterior.logvar, atol=1e-5, rtol=1e-4)
        decoded = decode_unclamped(vae, mean)
        torch.testing.assert_close(
            decoded.clamp(-1, 1), vae.decode(mean).sample, atol=1e-5, rtol=1e-4
        )
    factor = config.temporal_factor
    assert mean.shape == (2, 4, 1 + (frames - 1) // factor, 16 // config.spatial_factor, 4)
    assert decoded.shape == clips.shape


def test_psnr_of_a_known_error() -> None:
    clips = torch.zeros(1, 3, 4, 8, 8)
    clips[:, :, 2:, 4:] = 1.0
    decoded = clips + 0.02
    decoded[:, :, :, 4:] += 0.18
    whole, moving = psnr(clips, decoded)
    assert float(moving) == pytest.approx(20.0, abs=1e-3)
    assert float(whole) == pytest.approx(-10 * math.log10((0.1**2 + 0.01**2) / 2), abs=0.01)
