"""The nano model's language: a tokenizer trained on the captions and a small T5 encoder."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import torch
from diffusers.pipelines.wan.pipeline_wan import prompt_clean
from torch import Tensor
from transformers import PreTrainedTokenizerFast, UMT5Config, UMT5EncoderModel

from training.config import TextConfig

PAD, EOS, UNK = "<pad>", "</s>", "<unk>"


def train_tokenizer(
    texts: Iterable[str], vocab_size: int, max_length: int
) -> PreTrainedTokenizerFast:
    """Byte-level BPE on lower-cased words, digits one by one, closed by `</s>`.

    Byte level: any text a person types has tokens, so there is no unknown word, only a rarer
    spelling. Single digits: "12" and "13" share their first token, so numbers generalise.
    """
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

    tokenizer = Tokenizer(models.BPE(unk_token=UNK))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=True, use_regex=True),
        ]
    )
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=[PAD, EOS, UNK],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    # Sorted and unique: the order in which equally frequent pairs are merged is then fixed.
    tokenizer.train_from_iterator(sorted({prompt_clean(text) for text in texts}), trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"$A {EOS}", special_tokens=[(EOS, tokenizer.token_to_id(EOS))]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=PAD,
        eos_token=EOS,
        unk_token=UNK,
        model_max_length=max_length,
        clean_up_tokenization_spaces=False,
    )


def load_tokenizer(folder: Path) -> PreTrainedTokenizerFast:
    """Reads a tokenizer that `save_pretrained` wrote."""
    return PreTrainedTokenizerFast.from_pretrained(str(folder))


def build_text_encoder(config: TextConfig, tokenizer: PreTrainedTokenizerFast) -> UMT5EncoderModel:
    """A small UMT5 encoder with fresh weights for this vocabulary."""
    encoder = UMT5EncoderModel(
        UMT5Config(
            vocab_size=len(tokenizer),
            d_model=config.d_model,
            d_kv=config.d_model // config.num_heads,
            d_ff=config.d_ff,
            num_layers=config.num_layers,
            num_heads=config.num_heads,
            feed_forward_proj="gated-gelu",
            dropout_rate=0.0,
            pad_token_id=tokenizer.pad_token_id,
            eos_token_id=tokenizer.eos_token_id,
            decoder_start_token_id=tokenizer.pad_token_id,
            is_encoder_decoder=False,
            use_cache=False,
        )
    )
    return _look_at_neighbours(encoder)


@torch.no_grad()
def _look_at_neighbours(encoder: UMT5EncoderModel) -> UMT5EncoderModel:
    """Starts head 0 of every layer at the word before and head 1 at the word after.

    "Left to right" and "right to left" differ in their order only. T5's position biases start near
    zero and grow by one learning rate a step at most; in thousands of steps none of them grew far
    enough to tell the two apart.
    """
    for block in encoder.encoder.block:
        attention = block.layer[0].SelfAttention
        buckets = attention._relative_position_bucket(torch.tensor([-1, 1]))
        for head, bucket in enumerate(buckets.tolist()):
            attention.relative_attention_bias.weight[bucket, head % attention.n_heads] = 4.0
    return encoder


def tokenize(
    tokenizer: PreTrainedTokenizerFast, texts: list[str], max_length: int
) -> tuple[Tensor, Tensor]:
    """Token ids and mask (B, L) int64, cleaned as WanPipeline cleans prompts.

    L is one more than the longest text (so that at least one padding token is there), and at
    most `max_length`.
    """
    cleaned = [prompt_clean(text) for text in texts]
    found = tokenizer(cleaned, truncation=True, max_length=max_length, padding=False)
    longest = max(len(ids) for ids in found["input_ids"])
    padded = tokenizer.pad(
        {"input_ids": found["input_ids"], "attention_mask": found["attention_mask"]},
        padding="max_length",
        max_length=min(longest + 1, max_length),
        return_tensors="pt",
    )
    return padded["input_ids"], padded["attention_mask"]


def embed_prompts(text_encoder: UMT5EncoderModel, ids: Tensor, mask: Tensor) -> Tensor:
    """Text embeddings (B, L, d) with zeros after the last real token, as WanPipeline makes them."""
    hidden = text_encoder(input_ids=ids, attention_mask=mask).last_hidden_state
    return hidden * mask[..., None].to(hidden.dtype)


def count_truncated(
    tokenizer: PreTrainedTokenizerFast, texts: Iterable[str], max_length: int
) -> int:
    """How many texts are longer than `max_length` tokens and lose their end."""
    lengths = tokenizer([prompt_clean(text) for text in texts], padding=False)["input_ids"]
    return sum(len(ids) > max_length for ids in lengths)
