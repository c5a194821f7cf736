"""The generated package gives the numbers and the gradients of the independent reference, with the same keys."""

from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from conftest import package
from safetensors.torch import load_file

from parity.cases import CASES, Case, inputs_of, outputs_of

# The whole table is run through onnxruntime at all sizes; here one that is not square, of two images, is enough. M and
# L have the classes of S and B, and an operator set is ONNX's.
TORCH_CASES = [case for case in CASES if case.model not in ("m", "l") and "--opset" not in case.flags]


def generated(case: Case, folder: Path, module: ModuleType) -> torch.nn.Module:
    """The part out of the package, with the compiled weights and under their keys."""
    weights = {
        key: value.double() if value.is_floating_point() else value
        for key, value in load_file(folder / "model.safetensors").items()
    }
    if case.part == "discriminator":
        built = torch.nn.Module()
        built.discriminator = module.build_discriminator()
    else:
        built = module.Autoencoder()
    own = built.state_dict().keys() & weights.keys()
    assert own == weights.keys(), f"keys that the package lacks: {sorted(weights.keys() - own)[:5]}"
    built.double().load_state_dict(weights, strict=False)
    return built.eval()


def forward(case: Case, built: Any, x: torch.Tensor) -> dict[str, torch.Tensor]:
    if case.part == "encoder":
        posterior = built.encode(x).latent_dist
        return {"mean": posterior.mean, "logvar": posterior.logvar}
    if case.part == "decoder":
        return {"image": built.decode(x).sample}
    y = built.discriminator(x)
    return y if isinstance(y, dict) else {"pixel_logits": y}


def scalar_loss(outputs: Iterable[torch.Tensor]) -> torch.Tensor:
    """Weighs every output differently, so that no gradient cancels."""
    terms = [(y * torch.linspace(-1, 1, y.numel()).reshape(y.shape)).sum() for y in outputs]
    return torch.stack(terms).sum()


@pytest.mark.parametrize("case", TORCH_CASES, ids=str)
def test_the_package_gives_the_numbers_and_gradients_of_the_reference(
    case: Case, compiled: Callable[..., Any]
) -> None:
    target = "torch" if case.torch_only else "onnx,torch"
    folder, reference = compiled(case.model, case.part, case.name, *case.flags, target=target, **case.options)
    size = (2, 64, 128) if case.part == "discriminator" else (2, 24, 40)
    x = inputs_of(case, size)
    with package(folder) as module:
        built = generated(case, folder, module)
        found = forward(case, built, torch.from_numpy(x).double())
    wanted = outputs_of(case, reference, x)
    assert found.keys() == wanted.keys()
    for name, y in wanted.items():
        error = np.abs(found[name].detach().numpy() - y).max()
        assert error <= 1e-4 * np.abs(y).max(), f"{case} {name}: {error}"

    scalar_loss(found.values()).backward()
    y = reference(torch.from_numpy(x).double())
    scalar_loss(y.values() if isinstance(y, dict) else y if isinstance(y, tuple) else [y]).backward()
    own = {key: parameter.grad for key, parameter in built.named_parameters()}
    wanted_gradients = {key: parameter.grad for key, parameter in reference.named_parameters()}
    largest = max(gradient.abs().max().item() for gradient in wanted_gradients.values())
    for key, gradient in wanted_gradients.items():
        # Attention's key bias has a gradient of zero, and rounding is all that is left of it.
        scale = max(gradient.abs().max().item(), 1e-9 * largest)
        assert (own[key] - gradient).abs().max().item() <= 1e-3 * scale, f"gradient of {key}"
