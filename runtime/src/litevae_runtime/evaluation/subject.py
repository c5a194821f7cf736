"""What is evaluated: the package's model with weights in PyTorch, or compiled graphs in onnxruntime."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, Protocol

import torch
from torch import Tensor

from ..common.files import file_hash
from ..nn.beside import Values
from ..nn.image_autoencoder import ImageAutoencoder
from ..nn.sizes import check_sides
from ..nn.trained import trained_autoencoder, weights_file

Precision = Literal["fp32", "bf16", "fp16"]

_TYPES = {"bf16": torch.bfloat16, "fp16": torch.float16}


class Subject(Protocol):
    """Encodes and decodes without noise, on the device that its inputs come from."""

    name: str
    image_channels: int
    latent_channels: int
    # What runs it, with its version.
    runtime: dict[str, str]

    @property
    def model(self) -> ImageAutoencoder | None:
        """Where it is made of modules, whose feature maps can be looked at."""
        ...

    def require_sides(self, sides: Sequence[int], option: str) -> None:
        """InputError where square images of one of these sides do not fit; `option` is what gave them."""
        ...

    def encode(self, images: Tensor) -> tuple[Tensor, Values]:
        """[N, C, H, W] in [-1, 1] to latents [N, nz, h, w], float32, and what decoding takes besides."""
        ...

    def decode(self, latents: Tensor, skips: Values) -> Tensor:
        """[N, nz, h, w] and what `encode` gave beside it to reconstructions [N, C, H, W], float32, not clamped."""
        ...

    def source(self) -> dict[str, Any]:
        """The files of the weights and their hashes, as the result has them."""
        ...


class TorchSubject:
    """The package's model with the weights of a run, a compiled folder or a safetensors file."""

    def __init__(
        self, model: type[ImageAutoencoder], weights: Path, device: torch.device, precision: Precision
    ) -> None:
        self.file = weights_file(weights)
        self.model: ImageAutoencoder = trained_autoencoder(model, self.file).requires_grad_(False).to(device)
        # Now: a run that goes on may have replaced the file, or removed it, when the evaluation is done.
        self._source = {"kind": "torch", "path": str(self.file), "sha256": file_hash(self.file)}
        self.name = self.model.name
        self.image_channels = self.model.image_channels
        self.latent_channels = self.model.latent_channels
        self.runtime: dict[str, str] = {}
        self._type = _TYPES.get(precision)

    def require_sides(self, sides: Sequence[int], option: str) -> None:
        """See Subject."""
        check_sides(type(self.model), sides, option)

    def encode(self, images: Tensor) -> tuple[Tensor, Values]:
        """See Subject."""
        with self._autocast(images):
            posterior, skips = self.model.encoding(images)
            return posterior.mode().float(), skips

    def decode(self, latents: Tensor, skips: Values) -> Tensor:
        """See Subject."""
        with self._autocast(latents):
            return self.model.decoded(latents, skips).float()

    def source(self) -> dict[str, Any]:
        """See Subject."""
        return self._source

    def _autocast(self, x: Tensor) -> torch.autocast:
        return torch.autocast(x.device.type, dtype=self._type, enabled=self._type is not None)
