"""Compiled graphs and the generated package give the numbers, and the package the gradients, of the independent
reference in float64, every parameter random and under the same keys."""

from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from conftest import package, session_of
from safetensors.torch import load_file

from parity.cases import CASES, Case, inputs_of, outputs_of


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_compiled_part_gives_the_numbers_of_the_reference(case: Case, compiled: Callable[..., Any]) -> None:
    # M and L have the classes of S and B, and an operator set is ONNX's.
    has_package = case.model not in ("m", "l") and "--opset" not in case.flags
    targets = ("torch",) * has_package + ("onnx",) * (not case.torch_only)
    folder, reference = compiled(
        case.model, case.part, case.name, *case.flags, target=",".join(targets), **case.options
    )
    if "onnx" in targets:
        graph_agrees(case, folder / f"{case.part}.onnx", reference)
    if "torch" in targets:
        package_agrees(case, folder, reference)


def close(case: Case, found: dict[str, np.ndarray], wanted: dict[str, np.ndarray]) -> None:
    """Within 1e-4 of the largest value."""
    assert found.keys() == wanted.keys()
    for name, y in wanted.items():
        assert found[name].shape == y.shape
        error = np.abs(found[name] - y).max()
        assert error <= 1e-4 * np.abs(y).max(), f"{case} {name} of {y.shape}: {error} of {np.abs(y).max()}"


def graph_agrees(case: Case, path: Path, reference: torch.nn.Module) -> None:
    onnx.checker.check_model(onnx.load(path), full_check=True)
    onnx.shape_inference.infer_shapes(onnx.load(path), check_type=True, strict_mode=True, data_prop=True)
    session = session_of(path)
    names = [output.name for output in session.get_outputs()]
    for size in case.sizes:
        x = inputs_of(case, size)
        found = dict(zip(names, session.run(None, {session.get_inputs()[0].name: x}), strict=True))
        with torch.no_grad():
            wanted = outputs_of(case, reference(torch.from_numpy(x).double()))
        close(case, found, {name: y.numpy() for name, y in wanted.items()})


def package_agrees(case: Case, folder: Path, reference: Any) -> None:
    """At one size that is not square, with two images; graphs are tried at all sizes."""
    size = (2, 64, 128) if case.part in ("discriminator", "network") else (2, 16, 24)
    x = torch.from_numpy(inputs_of(case, size)).double()
    with package(folder) as module:
        built = generated(case, folder, module)
        found = forward(case, built, x)
    wanted = outputs_of(case, reference(x))
    close(case, *({name: y.detach().numpy() for name, y in each.items()} for each in (found, wanted)))

    for outputs in (found, wanted):
        scalar_loss(outputs.values()).backward()
    own = {key: parameter.grad for key, parameter in built.named_parameters()}
    wanted_gradients = {key: parameter.grad for key, parameter in reference.named_parameters()}
    largest = max(gradient.abs().max().item() for gradient in wanted_gradients.values())
    for key, gradient in wanted_gradients.items():
        # Attention's key bias has a gradient of zero, and rounding is all that is left of it.
        scale = max(gradient.abs().max().item(), 1e-9 * largest)
        assert (own[key] - gradient).abs().max().item() <= 1e-3 * scale, f"gradient of {key}"


def generated(case: Case, folder: Path, module: ModuleType) -> torch.nn.Module:
    """The part out of the package, with the compiled weights and under their keys."""
    weights = {
        key: value.double() if value.is_floating_point() else value
        for key, value in load_file(folder / "model.safetensors").items()
    }
    if case.part == "discriminator":
        built = torch.nn.Module()
        built.discriminator = module.build_discriminator()
    elif case.part == "network":
        built = module.build_network()
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
    return outputs_of(case, built(x) if case.part == "network" else built.discriminator(x))


def scalar_loss(outputs: Iterable[torch.Tensor]) -> torch.Tensor:
    """Weighs every output differently, so that no gradient cancels."""
    terms = [(y * torch.linspace(-1, 1, y.numel()).reshape(y.shape)).sum() for y in outputs]
    return torch.stack(terms).sum()
