"""The training recipe: a YAML file read into dataclasses, every field checked.

Each field's comment says what it does and in which unit; `configs/nano.yaml` shows a full recipe.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from training.errors import MicroVerseError


def _f(default: Any = dataclasses.MISSING, **limits: Any) -> Any:
    """A dataclass field with limits: `low`, `high` (inclusive) or `choices`."""
    if isinstance(default, list):
        values = list(default)
        return field(default_factory=lambda: list(values), metadata=limits)
    return field(default=default, metadata=limits)


@dataclass
class SimulateConfig:
    """Arguments of `microsim simulate`, run when the data folder is not there yet."""

    clips: int = _f(low=1)
    size: int = _f(64, low=16)  # px
    frames: int = _f(17, low=1)
    seed: int = _f(0, low=0)
    phenomena: list[str] | None = _f(None)  # only these micro-worlds; None is all


@dataclass
class DataConfig:
    path: str = _f()  # local folder or Hub id of a data set of clips
    revision: str | None = _f(None)  # Hub revision; None is the newest
    height: int = _f(64, low=8)  # px; every clip must have this size …
    width: int = _f(64, low=8)
    frames: int = _f(17, low=1)  # … and at least this many frames (the first ones are used)
    validation_clips: int = _f(48, low=1)  # how many held-out clips losses are measured on
    simulate: SimulateConfig | None = _f(None)


@dataclass
class TextConfig:
    vocab_size: int = _f(2000, low=64)  # upper limit of the tokenizer's vocabulary
    max_length: int = _f(512, low=8)  # tokens every prompt is padded to, as WanPipeline does
    caption_probability: float = _f(0.5, low=0.0, high=1.0)  # full caption, else a short prompt
    dropout: float = _f(0.1, low=0.0, high=1.0)  # empty text: what guidance subtracts
    num_layers: int = _f(2, low=1)
    d_model: int = _f(256, low=8)
    num_heads: int = _f(4, low=1)
    d_ff: int = _f(512, low=8)
    # Lessons in the facts behind the texts, after which the encoder is frozen; 0 trains it together
    # with the transformer instead (for a data set that has captions only).
    facts_steps: int = _f(0, low=0)
    facts_batch: int = _f(64, low=1)  # texts per step and process
    facts_lr: float = _f(1e-3, low=0.0)
    facts_dropout: float = _f(0.0, low=0.0, high=0.9)  # share of a text's tokens hidden in a lesson


@dataclass
class AutoencoderConfig:
    base_dim: int = _f(24, low=4)
    dim_mult: list[int] = _f([1, 2], low=1)
    temporal_downsample: list[bool] = _f([True])
    patch_size: int = _f(2, low=1)
    z_dim: int = _f(16, low=1)
    num_res_blocks: int = _f(1, low=1)
    is_residual: bool = _f(False)  # averaging shortcuts around each scale, as in Wan2.2

    steps: int = _f(4000, low=1)
    batch: int = _f(16, low=1)  # crops per step and process
    crop: int = _f(32, low=8)  # px
    crop_frames: int = _f(9, low=1)
    motion_crops: float = _f(0.5, low=0.0, high=1.0)  # share of crops drawn where things move
    lr: float = _f(2e-3, low=0.0)
    warmup: int = _f(100, low=0)  # steps
    weight_decay: float = _f(0.0, low=0.0)
    clip_norm: float = _f(1.0, low=0.0)
    motion_weight: float = _f(4.0, low=0.0)  # extra weight of pixels that move
    l1: float = _f(0.05, low=0.0)
    kl: float = _f(1e-6, low=0.0)
    ema: float = _f(0.998, low=0.0, high=1.0)
    mixed_precision: str = _f("bf16", choices=("bf16", "no"))
    validate_every: int = _f(500, low=1)
    checkpoint_every: int = _f(250, low=1)
    keep_checkpoints: int = _f(2, low=1)

    @property
    def spatial_factor(self) -> int:
        """Pixels per latent position."""
        return int(self.patch_size * 2 ** (len(self.dim_mult) - 1))

    @property
    def temporal_factor(self) -> int:
        """Frames per latent frame (after the first)."""
        return int(2 ** sum(self.temporal_downsample))


@dataclass
class TransformerConfig:
    num_layers: int = _f(6, low=1)
    num_attention_heads: int = _f(4, low=1)
    attention_head_dim: int = _f(64, low=8)
    ffn_dim: int = _f(1024, low=8)
    freq_dim: int = _f(256, low=8)
    patch_size: list[int] = _f([1, 2, 2], low=1)
    rope_max_seq_len: int = _f(128, low=8)

    steps: int = _f(5000, low=1)
    batch: int = _f(8, low=1)  # clips per micro-batch and process
    accumulate: int = _f(1, low=1)  # micro-batches per step
    optimizer: str = _f("adamw", choices=("adamw", "muon"))
    lr: float = _f(5e-4, low=0.0)
    weight_decay: float = _f(0.01, low=0.0)
    betas: list[float] = _f([0.9, 0.99], low=0.0, high=1.0)
    warmup: int = _f(100, low=0)  # steps
    schedule: str = _f("wsd", choices=("wsd", "cosine", "constant"))
    decay_fraction: float = _f(0.3, low=0.0, high=1.0)  # last share of the steps, for wsd
    clip_norm: float = _f(1.0, low=0.0)
    shift: float = _f(3.0, low=0.01)  # of the noise levels: sigma = s·u / (1 + (s-1)·u)
    motion_weight: float = _f(0.5, low=0.0)  # extra loss weight of latents that move
    ema: float = _f(0.999, low=0.0, high=1.0)
    mixed_precision: str = _f("bf16", choices=("bf16", "no"))
    validate_every: int = _f(250, low=1)
    sample_every: int = _f(500, low=1)
    sample_prompts: int = _f(6, low=1)
    checkpoint_every: int = _f(250, low=1)
    keep_checkpoints: int = _f(2, low=1)


@dataclass
class ExportConfig:
    scheduler: str = _f("unipc", choices=("unipc", "euler"))
    num_inference_steps: int = _f(30, low=1)
    guidance_scale: float = _f(3.0, low=0.0)


@dataclass
class TrainConfig:
    data: DataConfig
    seed: int = _f(0, low=0)
    threads: int = _f(2, low=1)  # CPU threads per process; part of what makes a run repeatable
    text: TextConfig = field(default_factory=TextConfig)
    autoencoder: AutoencoderConfig = field(default_factory=AutoencoderConfig)
    transformer: TransformerConfig = field(default_factory=TransformerConfig)
    export: ExportConfig = field(default_factory=ExportConfig)


def _type_name(kind: Any) -> str:
    names = {int: "a whole number", float: "a number", str: "text", bool: "true or false"}
    if typing.get_origin(kind) is list:
        return f"a list, each {_type_name(typing.get_args(kind)[0])}"
    return names.get(kind, str(kind))


def _convert(value: Any, kind: Any, limits: Any, where: str) -> Any:
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        inner = next(part for part in typing.get_args(kind) if part is not type(None))
        return None if value is None else _convert(value, inner, limits, where)
    if dataclasses.is_dataclass(kind):
        return _build(typing.cast(type, kind), value, where)
    if typing.get_origin(kind) is list:
        if not isinstance(value, list):
            raise MicroVerseError(f"{where}: expected {_type_name(kind)}, got {value!r}")
        inner = typing.get_args(kind)[0]
        return [_convert(item, inner, limits, f"{where}[{i}]") for i, item in enumerate(value)]
    if kind is float and isinstance(value, str):
        # YAML 1.1 reads 1e-6 (no dot) as text.
        try:
            value = float(value)
        except ValueError:
            raise MicroVerseError(f"{where}: expected a number, got {value!r}") from None
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise MicroVerseError(f"{where}: expected {_type_name(kind)}, got {value!r}")
    low, high, choices = limits.get("low"), limits.get("high"), limits.get("choices")
    if kind in (int, float):
        if value != value or (low is not None and value < low):
            raise MicroVerseError(f"{where}: must be at least {low}, got {value!r}")
        if high is not None and value > high:
            raise MicroVerseError(f"{where}: must be at most {high}, got {value!r}")
    if choices is not None and value not in choices:
        raise MicroVerseError(f"{where}: must be one of {', '.join(choices)}, got {value!r}")
    return value


def _build(kind: type, data: Any, where: str) -> Any:
    if not isinstance(data, dict):
        raise MicroVerseError(f"{where}: expected a mapping of fields, got {data!r}")
    separator = ": " if where.endswith((".yaml", ".yml")) else "."
    fields = {f.name: f for f in dataclasses.fields(kind)}
    for key in data:
        if key not in fields:
            known = ", ".join(fields)
            raise MicroVerseError(f"{where}{separator}{key}: unknown field (known: {known})")
    hints = typing.get_type_hints(kind)
    values = {}
    for name, f in fields.items():
        place = f"{where}{separator}{name}"
        if name in data:
            values[name] = _convert(data[name], hints[name], f.metadata, place)
        elif f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING:
            raise MicroVerseError(f"{place}: missing")
    return kind(**values)


def _check_shapes(config: TrainConfig, where: str) -> None:
    """Limits that involve more than one field."""
    data, ae, tr = config.data, config.autoencoder, config.transformer
    if len(ae.temporal_downsample) != len(ae.dim_mult) - 1:
        raise MicroVerseError(
            f"{where}: autoencoder.temporal_downsample: needs {len(ae.dim_mult) - 1} entries, "
            f"one less than dim_mult"
        )
    if ae.is_residual and len(ae.dim_mult) > 1 and ae.dim_mult[-2] % ae.dim_mult[-1]:
        raise MicroVerseError(
            f"{where}: autoencoder.dim_mult: with is_residual the last entry must divide the one "
            f"before it, got {ae.dim_mult}"
        )
    if len(tr.patch_size) != 3 or len(tr.betas) != 2:
        raise MicroVerseError(
            f"{where}: transformer: patch_size needs 3 entries (frames, height, width), betas 2"
        )
    block = ae.spatial_factor
    for name, value, unit in (
        ("data.height", data.height, block * tr.patch_size[1]),
        ("data.width", data.width, block * tr.patch_size[2]),
        ("autoencoder.crop", ae.crop, block),
    ):
        if value % unit:
            raise MicroVerseError(f"{where}: {name}: must be a multiple of {unit}, got {value}")
    if ae.crop > min(data.height, data.width):
        raise MicroVerseError(f"{where}: autoencoder.crop: larger than the clip")
    for name, value in (("data.frames", data.frames), ("autoencoder.crop_frames", ae.crop_frames)):
        # AutoencoderKLWan encodes one frame and then groups of four.
        if (value - 1) % max(4, ae.temporal_factor):
            raise MicroVerseError(f"{where}: {name}: must be 1 + a multiple of 4, got {value}")
    if ae.crop_frames > data.frames:
        raise MicroVerseError(f"{where}: autoencoder.crop_frames: longer than the clip")
    if config.text.d_model % config.text.num_heads:
        raise MicroVerseError(f"{where}: text.d_model: must be a multiple of text.num_heads")


def parse_config(data: Any, where: str) -> TrainConfig:
    """Checked configuration of parsed YAML; `where` names the file in error messages.

    Raises `MicroVerseError` naming file and field on an unknown key, a wrong type, a missing
    field or a value out of range.
    """
    config = _build(TrainConfig, data, where)
    _check_shapes(config, where)
    return config


def load_config(path: Path) -> TrainConfig:
    """Reads and checks one YAML file."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise MicroVerseError(f"{path}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise MicroVerseError(f"{path}: is not UTF-8 text") from None
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        line = " ".join(str(error).split())
        raise MicroVerseError(f"{path}: is not YAML ({line})") from None
    name = str(path) if path.suffix in (".yaml", ".yml") else f"{path}.yaml"
    return parse_config(data, name)


def as_dict(config: Any) -> dict[str, Any]:
    """Plain nested dictionary of a configuration, for logs and checkpoints."""
    return dataclasses.asdict(config)
