"""Attention of the Wan transformer as trained here: same maths, cheaper on a CPU.

Two differences from `WanAttnProcessor`, neither of which changes what the network computes:

* On short sequences on a CPU, two plain matrix products and a softmax in bfloat16 take about
  half the time of PyTorch's flash attention, forward and backward together.
* `WanPipeline` pads every prompt with zero vectors to 512 tokens and attends to all of them.
  In cross-attention the padding tokens have no position, so they are all one and the same key
  and value, and n of them weigh as much as one whose score is raised by log n. Training keeps a
  few and adds that logarithm, instead of carrying hundreds of equal rows through every layer.
"""

from __future__ import annotations

import math

import torch
from diffusers import WanTransformer3DModel
from torch import Tensor

# Above this many scores per head the score matrix no longer pays (or fits).
MATMUL_LIMIT = 2048 * 2048


def padding_bias(lengths: Tensor, present: int, total: int) -> Tensor:
    """Bias (B, 1, `present`) on the attention scores that makes few padding tokens count as many.

    `lengths` (B,): real tokens of each prompt; tokens from there to `present` are padding that
    stands for all the padding up to `total`. Needs `lengths < present <= total` unless
    `present == total`.
    """
    position = torch.arange(present)[None]
    is_pad = position >= lengths[:, None]
    stand_in = (total - lengths).clamp_min(1).float() / (present - lengths).clamp_min(1).float()
    bias = torch.where(is_pad, stand_in.log()[:, None], torch.zeros(()))
    return bias[:, None, :]


class TrainingAttention:
    """Attention processor for `WanAttention`; `bias` (B, 1, keys) is added to the scores."""

    def __init__(self) -> None:
        self.bias: Tensor | None = None

    def __call__(
        self,
        attn,
        hidden_states: Tensor,
        encoder_hidden_states: Tensor | None = None,
        attention_mask: Tensor | None = None,
        rotary_emb: tuple[Tensor, Tensor] | None = None,
    ) -> Tensor:
        context = hidden_states if encoder_hidden_states is None else encoder_hidden_states
        query = _rms_norm(attn.norm_q, attn.to_q(hidden_states)).unflatten(2, (attn.heads, -1))
        key = _rms_norm(attn.norm_k, attn.to_k(context)).unflatten(2, (attn.heads, -1))
        value = attn.to_v(context).unflatten(2, (attn.heads, -1))
        if rotary_emb is not None:
            query, key = rotate(query, *rotary_emb), rotate(key, *rotary_emb)
        out = self._attend(query.transpose(1, 2), key.transpose(1, 2), value.transpose(1, 2))
        out = out.transpose(1, 2).flatten(2).type_as(query)
        return attn.to_out[1](attn.to_out[0](out))

    def _attend(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """Shapes (B, heads, tokens, head width)."""
        batch, heads, rows, width = query.shape
        columns = key.shape[2]
        if query.device.type != "cpu" or rows * columns > MATMUL_LIMIT:
            mask = None if self.bias is None else self.bias[:, None].to(query)
            return torch.nn.functional.scaled_dot_product_attention(query, key, value, mask)
        flat = query.reshape(batch * heads, rows, width) * (1.0 / math.sqrt(width))
        scores = torch.bmm(flat, key.reshape(batch * heads, columns, width).transpose(1, 2))
        if self.bias is not None:
            scores = scores.view(batch, heads, rows, columns) + self.bias[:, None].to(scores)
            scores = scores.view(batch * heads, rows, columns)
        out = torch.bmm(scores.softmax(-1), value.reshape(batch * heads, columns, width))
        return out.view(batch, heads, rows, width)


def _rms_norm(norm: torch.nn.RMSNorm, x: Tensor) -> Tensor:
    """`norm(x)` with the weight in x's type: PyTorch fuses the normalisation only then."""
    return torch.nn.functional.rms_norm(x, norm.normalized_shape, norm.weight.to(x.dtype), norm.eps)


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotary position embedding as in `WanAttnProcessor`; `x` (B, tokens, heads, width)."""
    first, second = x.float().unflatten(-1, (-1, 2)).unbind(-1)
    cos, sin = cos[..., 0::2], sin[..., 1::2]
    out = torch.stack((first * cos - second * sin, first * sin + second * cos), dim=-1)
    return out.flatten(-2).type_as(x)


def use_training_attention(transformer: WanTransformer3DModel) -> TrainingAttention:
    """Installs the processors; returns the one shared by all cross-attentions (set its `bias`)."""
    cross = TrainingAttention()
    plain = TrainingAttention()
    for block in transformer.blocks:
        block.attn1.processor = plain
        block.attn2.processor = cross
    return cross
