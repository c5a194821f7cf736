"""What decides which bytes an encoding has: its settings, and the key that is their hash."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

import torch

from ..common.files import file_hash, text_hash
from ..common.versions import compiler_version
from ..data.pixels import PixelRule
from ..nn.image_autoencoder import ImageAutoencoder
from ..nn.used import keys_of_encoding

# The types in which moments are stored.
DTYPES = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}

Precision = Literal["fp32", "bf16", "fp16"]


@dataclass(frozen=True)
class Settings:
    """What the stored latents depend on besides the images, and in which form they are stored."""

    model: str
    # Of all parameters and buffers that encoding uses.
    weights_sha256: str
    # The compiler's version, and the hash of the files that define the architecture.
    version: str | None
    architecture_sha256: str
    # Of the images in pixels.
    size: int
    resize: str
    crop: str
    pixels: Mapping[str, Any]
    flip: bool
    precision: Precision
    dtype: str
    shard_images: int

    def entry(self) -> dict[str, Any]:
        """As JSON has it."""
        return json.loads(json.dumps(asdict(self)))

    def key(self) -> str:
        """The SHA-256 of the settings as JSON with sorted names and no spaces, and a line feed."""
        return text_hash([json.dumps(self.entry(), sort_keys=True, separators=(",", ":"))])


def settings_of(
    autoencoder: ImageAutoencoder,
    architecture: Path,
    package: Path,
    rule: PixelRule,
    *,
    size: int,
    flip: bool,
    precision: Precision,
    dtype: str,
    shard_images: int,
) -> Settings:
    """The settings of encoding with `autoencoder`; `architecture` is the module that defines its class."""
    return Settings(
        model=autoencoder.name,
        weights_sha256=_weights_hash(autoencoder),
        version=compiler_version(package),
        architecture_sha256=_architecture_hash(architecture),
        size=size,
        resize="bicubic, antialiased, shorter side (Pillow)",
        crop="centre",
        pixels=asdict(rule),
        flip=flip,
        precision=precision,
        dtype=dtype,
        shard_images=shard_images,
    )


def _weights_hash(autoencoder: ImageAutoencoder) -> str:
    """Of what encoding uses, by key: another decoder leaves latents what they are.

    Each tensor adds `key dtype shape`, such as `encoder.conv.weight float32 16,3,3,3`, a line feed, and its bytes.
    """
    state = autoencoder.state_dict()
    digest = sha256()
    for key in sorted(keys_of_encoding(autoencoder) & state.keys()):
        value = state[key].detach().cpu().contiguous()
        shape = ",".join(map(str, value.shape))
        digest.update(f"{key} {str(value.dtype).removeprefix('torch.')} {shape}\n".encode())
        digest.update(value.view(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def _architecture_hash(module: Path) -> str:
    """Of the file that defines the model, and of the ops that its author brought."""
    files = [module, *sorted((module.parent / "ops").glob("*.py"))]
    return text_hash(f"{file.name} {file_hash(file)}" for file in files)


def changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """How settings differ, in words."""
    return [
        f"{name}: {_short(before.get(name))} → {_short(now.get(name))}"
        for name in sorted({*before, *now})
        if before.get(name) != now.get(name)
    ]


def _short(value: object) -> str:
    """Hashes by their beginning; "none" of a setting that the other one does not have."""
    if value is None:
        return "none"
    text = value if isinstance(value, str) else json.dumps(value)
    return f"{text[:12]}…" if isinstance(value, str) and len(value) == 64 else text
