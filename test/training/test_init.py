"""The variance-preserving init does what it is called for, on the decoder it is made for."""

import pytest
import torch
from training.runs import Project, project

__all__ = ["project"]


def test_activations_keep_their_size_through_a_self_modulated_decoder(project: Project) -> None:
    sizes: dict[str, list[float]] = {}
    for init in ("torch", "variance-preserving"):
        torch.manual_seed(0)
        model = project.module("model").Autoencoder()
        before = {key: value.clone() for key, value in model.encoder.state_dict().items()}
        project.module("_runtime.nn.init").initialize(model, init)
        assert all(torch.equal(before[key], value) for key, value in model.encoder.state_dict().items())
        found: list[float] = []
        for block in model.decoder.blocks:
            block.register_forward_hook(
                lambda _module, _inputs, out, found=found: found.append(out.std().item())
            )
        with torch.no_grad():
            model.decode(torch.randn(8, 4, 16, 16))
        sizes[init] = found
    assert all(0.7 < size < 2 for size in sizes["variance-preserving"])
    assert sizes["torch"][-1] < 0.75 * sizes["variance-preserving"][-1]


@pytest.mark.parametrize("init", ["torch", "variance-preserving"])
def test_a_decoder_with_norms_is_left_as_it_is(project: Project, init: str) -> None:
    torch.manual_seed(0)
    model = project.module("model").Autoencoder()
    for block in model.decoder.blocks:
        block.conv1 = block.conv2 = torch.nn.Conv2d(16, 16, 3, padding=1)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    project.module("_runtime.nn.init").initialize(model, init)
    assert all(torch.equal(before[key], value) for key, value in model.state_dict().items())
