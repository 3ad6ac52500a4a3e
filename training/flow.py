"""Flow matching as Wan uses it: straight lines between clip and noise. Pure functions.

Convention (Lipman 2023, ICLR; Esser 2024, ICML; the one of diffusers' flow schedulers):
`x_sigma = (1 - sigma) x0 + sigma noise`, the network predicts `noise - x0`, and the timestep it
is told is `1000 sigma`.
"""

from __future__ import annotations

import torch
from torch import Tensor

NUM_TRAIN_TIMESTEPS = 1000


def shift_sigma(u: Tensor, shift: float) -> Tensor:
    """Noise level of a uniform number `u` in [0, 1]: more mass at high noise for `shift` > 1."""
    return shift * u / (1.0 + (shift - 1.0) * u)


def add_noise(x0: Tensor, noise: Tensor, sigma: Tensor) -> Tensor:
    """Noisy latents; `x0`, `noise` (B, C, T, H, W), `sigma` (B,) in [0, 1]."""
    s = sigma.view(-1, *([1] * (x0.ndim - 1)))
    return (1.0 - s) * x0 + s * noise


def velocity(x0: Tensor, noise: Tensor) -> Tensor:
    """What the network is to predict: d x_sigma / d sigma."""
    return noise - x0


def timestep(sigma: Tensor) -> Tensor:
    """Timestep as WanPipeline hands it to the transformer, in [0, 1000]."""
    return sigma * NUM_TRAIN_TIMESTEPS


def motion_weights(x: Tensor, strength: float) -> Tensor:
    """Loss weights (B, 1, T, H, W), mean 1 in every clip, larger where the clip moves.

    Motion is the deviation from the clip's own mean over time, averaged over channels and
    relative to the clip's mean deviation, cut off at 4 so that one bright speck cannot
    dominate. `strength` 0 gives ones; so does a clip that does not move.
    """
    moved = (x - x.mean(dim=2, keepdim=True)).abs().mean(dim=1, keepdim=True)
    typical = moved.mean(dim=(1, 2, 3, 4), keepdim=True)
    relative = torch.where(typical > 1e-4, moved / typical.clamp_min(1e-4), torch.zeros(()))
    weights = 1.0 + strength * relative.clamp_max(4.0)
    return weights / weights.mean(dim=(1, 2, 3, 4), keepdim=True)


def flow_loss(prediction: Tensor, target: Tensor, weights: Tensor) -> Tensor:
    """Weighted mean squared error, one scalar. Shapes (B, C, T, H, W) and (B, 1, T, H, W)."""
    return (weights * (prediction.float() - target.float()).square()).mean()
