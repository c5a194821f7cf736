"""What compiled graphs give beside what an autoencoder of diffusers gives."""

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch
from conftest import session_of


def close(found: Any, wanted: torch.Tensor) -> None:
    error = np.abs(np.asarray(found) - wanted.numpy()).max()
    assert error <= 1e-4 * max(1.0, wanted.abs().max().item()), error


def graph(folder: Path, part: str) -> onnxruntime.InferenceSession:
    return session_of(folder / f"{part}.onnx")


def kl_graphs_agree(folder: Path, original: Any, x: torch.Tensor) -> tuple[Any, torch.Tensor]:
    """Encodes `x` and decodes its mean, both ways; returns diffusers' posterior and image."""
    with torch.no_grad():
        posterior = original.encode(x).latent_dist
        image = original.decode(posterior.mean).sample
    mean, logvar = graph(folder, "encoder").run(["mean", "logvar"], {"image": x.numpy()})
    [decoded] = graph(folder, "decoder").run(None, {"latent": posterior.mean.numpy()})
    close(mean, posterior.mean)
    close(logvar, posterior.logvar)
    close(decoded, image)
    return posterior, image


def noise(*shape: int) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(0).standard_normal(shape).astype(np.float32))
