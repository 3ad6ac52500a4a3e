"""The pure parts of training: sampler, flow matching, schedules, attention bias."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from diffusers import UniPCMultistepScheduler
from hypothesis import given, settings
from hypothesis import strategies as st

from training import flow, sampler
from training.attention import padding_bias, rotate, use_training_attention
from training.config import TransformerConfig
from training.export import build_scheduler
from training.loop import lr_schedule
from training.transformer import build_transformer

seeds = st.integers(0, 2**31 - 1)


@given(seeds, st.integers(0, 500), st.integers(1, 16), st.integers(1, 60))
@settings(deadline=None)
def test_every_clip_is_seen_once_before_any_is_seen_twice(
    seed: int, start: int, batch: int, size: int
) -> None:
    epoch = start // size
    first = -(-epoch * size // batch)
    drawn = [sampler.clip_indices(seed, step, batch, size) for step in range(first, first + size)]
    flat = np.concatenate(drawn)
    offset = first * batch - epoch * size
    whole = flat[size - offset : 2 * size - offset] if offset else flat[:size]
    if len(whole) == size:
        assert sorted(whole) == list(range(size))


@given(seeds, st.integers(0, 10**6), st.integers(1, 8))
@settings(deadline=None)
def test_a_batch_depends_on_seed_and_number_only(seed: int, number: int, batch: int) -> None:
    once = sampler.clip_indices(seed, number, batch, 50)
    sampler.clip_indices(seed + 1, number + 3, batch, 31)
    torch.manual_seed(number)
    np.testing.assert_array_equal(once, sampler.clip_indices(seed, number, batch, 50))
    noise = sampler.step_noise(seed, sampler.NOISE, number, (2, 3))
    torch.rand(7)
    assert torch.equal(noise, sampler.step_noise(seed, sampler.NOISE, number, (2, 3)))
    assert not torch.equal(noise, sampler.step_noise(seed, sampler.NOISE, number + 1, (2, 3)))
    assert not torch.equal(noise, sampler.step_noise(seed, sampler.SIGMA, number, (2, 3)))


@given(st.integers(0, 50), st.integers(1, 4), st.integers(1, 4))
@settings(deadline=None)
def test_batch_numbers_never_repeat(step: int, accumulate: int, processes: int) -> None:
    def numbers(s: int) -> list[int]:
        return [
            sampler.batch_number(s, micro, accumulate, rank, processes)
            for micro in range(accumulate)
            for rank in range(processes)
        ]

    both = numbers(step) + numbers(step + 1)
    assert sorted(both) == list(range(min(both), min(both) + 2 * accumulate * processes))


@given(seeds, st.integers(1, 64))
@settings(deadline=None)
def test_noise_positions_cover_the_unit_interval(seed: int, count: int) -> None:
    u = np.sort(sampler.stratified_uniform(seed, sampler.SIGMA, 5, count).double().numpy())
    cells = np.arange(count) / count
    assert (u >= cells - 1e-6).all() and (u <= cells + 1 / count + 1e-6).all()


@given(seeds)
@settings(max_examples=20, deadline=None)
def test_texts_keep_the_asked_shares(seed: int) -> None:
    captions, prompts = ["long"] * 2000, [["a", "b"]] * 2000
    texts = sampler.choose_texts(seed, 1, captions, prompts, 0.4, 0.1)
    share = {text: texts.count(text) / 2000 for text in ("", "long", "a", "b")}
    for text, wanted in {"": 0.1, "long": 0.36, "a": 0.27, "b": 0.27}.items():
        assert abs(share[text] - wanted) < 0.06
    assert set(sampler.choose_texts(seed, 1, captions, [[]] * 2000, 0.0, 0.0)) == {"long"}


def test_lively_crops_hold_more_motion() -> None:
    clips = np.zeros((1, 5, 64, 64, 3), np.uint8)
    clips[0, ::2, 40:50, 10:20] = 255

    def live(share: float) -> float:
        crops = [
            sampler.choose_crops(0, s, clips, np.array([0, 0]), 16, 5, share) for s in range(60)
        ]
        assert crops[0].shape == (2, 5, 16, 16, 3)
        return float(np.mean([np.ptp(c, axis=1).max(axis=(1, 2, 3)) > 0 for c in crops]))

    assert live(1.0) > live(0.0) + 0.15


@given(st.floats(0, 1), st.floats(1, 12))
@settings(deadline=None)
def test_shift_maps_the_interval_onto_itself_and_upwards(u: float, shift: float) -> None:
    sigma = float(flow.shift_sigma(torch.tensor(u, dtype=torch.float64), shift))
    assert u - 1e-9 <= sigma <= 1 + 1e-9


@given(seeds)
@settings(max_examples=20, deadline=None)
def test_velocity_leads_from_any_noise_level_to_the_clip(seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    x0 = torch.randn(3, 2, 3, 4, 4, generator=generator)
    noise = torch.randn(x0.shape, generator=generator)
    sigma = torch.tensor([0.0, 0.4, 1.0])
    noisy = flow.add_noise(x0, noise, sigma)
    back = noisy - sigma.view(-1, 1, 1, 1, 1) * flow.velocity(x0, noise)
    torch.testing.assert_close(back, x0, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(noisy[2], noise[2])


@given(seeds, st.floats(0, 5))
@settings(max_examples=20, deadline=None)
def test_motion_weights_have_mean_one_and_favour_what_moves(seed: int, strength: float) -> None:
    x = torch.zeros(2, 3, 5, 8, 8)
    x[0, :, :, 2, 2] = torch.randn(5, generator=torch.Generator().manual_seed(seed))
    weights = flow.motion_weights(x, strength)
    torch.testing.assert_close(weights.mean(dim=(1, 2, 3, 4)), torch.ones(2))
    assert torch.equal(weights[1], torch.ones_like(weights[1]))
    assert weights[0, 0, :, 2, 2].mean() >= weights[0, 0, :, 5, 5].mean()


@pytest.mark.parametrize("kind", ["unipc", "euler"])
def test_scheduler_walks_the_noise_levels_of_training(kind: str) -> None:
    scheduler = build_scheduler(kind, 3.0)
    scheduler.set_timesteps(20)
    sigmas = scheduler.sigmas
    assert len(sigmas) == 21 and sigmas[0] > 0.99 and sigmas[-1] == 0
    middle = float(flow.shift_sigma(torch.tensor(0.5), 3.0))
    assert abs(float(sigmas[10]) - middle) < 0.03
    torch.testing.assert_close(scheduler.timesteps.float(), sigmas[:-1] * 1000, atol=1.5, rtol=0)


@pytest.mark.parametrize("kind", ["unipc", "euler"])
def test_scheduler_reaches_the_clip_with_the_true_velocity(kind: str) -> None:
    """With the exact velocity of one known clip, sampling must end at that clip."""
    scheduler = build_scheduler(kind, 3.0)
    scheduler.set_timesteps(10)
    generator = torch.Generator().manual_seed(1)
    x0 = torch.randn(1, 4, 3, 4, 4, generator=generator)
    x = noise = torch.randn(x0.shape, generator=generator)
    for t in scheduler.timesteps:
        x = scheduler.step(flow.velocity(x0, noise), t, x, return_dict=False)[0]
    torch.testing.assert_close(x, x0, atol=2e-3, rtol=1e-3)
    assert isinstance(scheduler, UniPCMultistepScheduler) == (kind == "unipc")


@given(
    st.sampled_from(["wsd", "cosine", "constant"]),
    st.integers(2, 400),
    st.integers(0, 50),
    st.floats(0, 1),
)
@settings(deadline=None)
def test_learning_rate_stays_in_bounds(kind: str, steps: int, warmup: int, decay: float) -> None:
    factors = [lr_schedule(kind, step, steps, warmup, decay) for step in range(steps)]
    assert all(0 <= f <= 1 for f in factors)
    if warmup + 40 < steps and kind == "cosine":
        assert factors[-1] < 0.1


def test_wsd_is_flat_then_falls() -> None:
    factors = [lr_schedule("wsd", step, 100, 10, 0.4) for step in range(100)]
    assert factors[0] == 0.1 and factors[9] == 1.0
    assert factors[30] == 1.0 and factors[60] == 1.0
    assert factors[80] == pytest.approx(0.5) and factors[99] == pytest.approx(0.025)


def test_few_padding_tokens_count_as_many() -> None:
    """Softmax over 3 real and 29 equal keys = softmax over 3 real and 2 biased ones."""
    generator = torch.Generator().manual_seed(0)
    scores, values = torch.randn(4, generator=generator), torch.randn(4, generator=generator)
    full = torch.cat([scores[:3], scores[3:].expand(29)]).softmax(0)
    wanted = (full * torch.cat([values[:3], values[3:].expand(29)])).sum()
    bias = padding_bias(torch.tensor([3]), present=5, total=32)[0, 0]
    few = (torch.cat([scores[:3], scores[3:].expand(2)]) + bias).softmax(0)
    got = (few * torch.cat([values[:3], values[3:].expand(2)])).sum()
    torch.testing.assert_close(got, wanted)
    assert torch.equal(padding_bias(torch.tensor([5]), 5, 5), torch.zeros(1, 1, 5))


def test_training_attention_is_the_pipelines_attention_with_all_padding() -> None:
    from diffusers import WanTransformer3DModel
    from diffusers.models.transformers.transformer_wan import WanAttnProcessor

    torch.manual_seed(0)
    model = WanTransformer3DModel(
        num_attention_heads=2,
        attention_head_dim=12,
        in_channels=4,
        out_channels=4,
        text_dim=8,
        freq_dim=16,
        ffn_dim=32,
        num_layers=2,
        rope_max_seq_len=16,
    ).eval()
    latents, times = torch.randn(2, 4, 3, 4, 4), torch.tensor([100.0, 900.0])
    lengths = torch.tensor([2, 5])
    text = torch.randn(2, 6, 8) * (torch.arange(6)[None] < lengths[:, None])[..., None]
    padded = torch.cat([text, torch.zeros(2, 506, 8)], dim=1)

    def run(embeddings: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            return model(latents, times, embeddings, return_dict=False)[0]

    wanted = run(padded)
    cross = use_training_attention(model)
    cross.bias = padding_bias(lengths, 6, 512)
    torch.testing.assert_close(run(text), wanted, atol=1e-5, rtol=1e-4)
    cross.bias = None
    torch.testing.assert_close(run(padded), wanted, atol=1e-5, rtol=1e-4)
    assert not torch.allclose(run(text), wanted, atol=1e-4), "padding must matter for this test"
    for block in model.blocks:
        block.attn1.processor = block.attn2.processor = WanAttnProcessor()
    assert torch.equal(run(padded), wanted)


def test_padding_is_hardly_heard_at_the_start() -> None:
    """Nearly 500 padding tokens beside 38 real ones get a few per cent of the attention."""
    torch.manual_seed(0)
    config = TransformerConfig(num_layers=2)
    model = build_transformer(config, 16, 256)
    text = torch.zeros(1, 512, 256)
    text[:, :38] = torch.randn(1, 38, 256)
    heard = []

    def listen(attention, args, kwargs) -> None:
        hidden, context = args[0], args[1] if len(args) > 1 else kwargs["encoder_hidden_states"]
        query = attention.norm_q(attention.to_q(hidden)).unflatten(-1, (attention.heads, -1))
        key = attention.norm_k(attention.to_k(context)).unflatten(-1, (attention.heads, -1))
        scores = query.transpose(1, 2) @ key.permute(0, 2, 3, 1) / query.shape[-1] ** 0.5
        heard.append(float(scores.softmax(-1)[..., 38:].sum(-1).mean()))

    for block in model.blocks:
        block.attn2.register_forward_pre_hook(listen, with_kwargs=True)
    with torch.no_grad():
        model(torch.randn(1, 16, 3, 8, 8), torch.tensor([900.0]), text, return_dict=False)
    assert len(heard) == 2 and max(heard) < 0.06


def test_rotation_keeps_length() -> None:
    x = torch.randn(1, 3, 2, 8)
    angle = torch.rand(1, 3, 1, 4).repeat_interleave(2, dim=-1)
    torch.testing.assert_close(rotate(x, angle.cos(), angle.sin()).norm(dim=-1), x.norm(dim=-1))


@given(st.integers(0, 2**31), st.floats(0, 0.9))
def test_dropped_tokens_leave_the_last_and_the_share(seed: int, dropout: float) -> None:
    mask = torch.ones(64, 40, dtype=torch.int64)
    mask[::2, 25:] = 0
    kept = sampler.drop_tokens(seed, 3, mask, dropout)
    assert kept.dtype == mask.dtype and bool((kept <= mask).all())
    assert kept[::2, 24].all() and kept[1::2, 39].all(), "a text's last token is never hidden"
    assert float(kept.sum() / mask.sum()) == pytest.approx(1 - dropout, abs=0.08)
    assert torch.equal(kept, sampler.drop_tokens(seed, 3, mask, dropout))
    assert torch.equal(mask, sampler.drop_tokens(seed, 3, mask, 0.0))
