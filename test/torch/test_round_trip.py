"""Weights travel: trained in the package, saved, compiled, they give in ONNX what the package gives in eval mode."""

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from conftest import ROOT, litevae, package, session_of
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

SMALL = Path(__file__).parent / "models" / "small.ts"


class Trained:
    """A model after three steps of training, and the folder that was compiled from its weights."""

    def __init__(self, model: Path, folder: Path) -> None:
        self.model = model
        self.parts = "encoder,decoder,discriminator" if model == SMALL else "encoder,decoder"
        self.before, self.after = folder / "before", folder / "after"
        self.compile(self.before)
        self.initial = load_file(self.before / "model.safetensors")
        with package(self.before) as module:
            self.autoencoder = module.Autoencoder.from_pretrained(self.before)
            self.discriminator = self.build_discriminator(module)
        self.train()
        save_file(self.state(), folder / "run.safetensors")
        self.compile(self.after, "--weights", folder / "run.safetensors")

    def compile(self, out: Path, *flags: str | Path) -> None:
        result = litevae(
            "compile", self.model, "-o", out, "--target", "onnx,torch", "--parts", self.parts, *flags
        )
        assert result.returncode == 0, result.stderr

    def build_discriminator(self, module: ModuleType) -> nn.Module | None:
        if "discriminator" not in self.parts:
            return None
        built: nn.Module = module.build_discriminator()
        prefix = "discriminator."
        own = {key.removeprefix(prefix): v for key, v in self.initial.items() if key.startswith(prefix)}
        built.load_state_dict(own)
        return built

    def train(self) -> None:
        """Three steps of both players at a rate that moves every weight visibly."""
        torch.manual_seed(0)
        modules = [self.autoencoder, *([self.discriminator] if self.discriminator else [])]
        optimizers = [torch.optim.Adam(module.parameters(), lr=1e-2) for module in modules]
        for module in modules:
            module.train()
        for _ in range(3):
            image = torch.rand(2, 3, 32, 32) * 2 - 1
            found, posterior = self.autoencoder(image)
            loss = (found - image).abs().mean() + 1e-3 * posterior.kl().mean()
            if self.discriminator:
                loss = loss - hinge(self.discriminator, found, 1)
            step(loss, optimizers[0])
            if self.discriminator:
                optimizers[1].zero_grad()
                real_and_found = hinge(self.discriminator, image, 1) + hinge(
                    self.discriminator, found.detach(), -1
                )
                step(real_and_found, optimizers[1])
        for module in modules:
            module.eval()

    def state(self) -> dict[str, Tensor]:
        state = dict(self.autoencoder.state_dict())
        if self.discriminator:
            state |= {f"discriminator.{key}": v for key, v in self.discriminator.state_dict().items()}
        return {key: value.contiguous() for key, value in state.items()}


def hinge(discriminator: nn.Module, image: Tensor, sign: int) -> Tensor:
    logits = discriminator(image)
    return (
        torch.relu(1 - sign * logits["pixel_logits"]).mean()
        + torch.relu(1 - sign * logits["global_logit"]).mean()
    )


def step(loss: Tensor, optimizer: torch.optim.Optimizer) -> None:
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


@pytest.fixture(scope="module", params=[SMALL, ROOT / "examples" / "variants.ts"], ids=lambda path: path.stem)
def trained(request: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trained]:
    yield Trained(request.param, tmp_path_factory.mktemp("trained"))


def test_training_moves_every_weight(trained: Trained) -> None:
    """Otherwise the comparison below would not see what stayed at its start."""
    still = [key for key, value in trained.state().items() if torch.equal(value, trained.initial[key])]
    # The singular vector of a layer with one output is ±1.
    assert [key for key in still if not (key.endswith(".u") and trained.initial[key].numel() == 1)] == []
    kinds = {key.rsplit(".", 1)[1] for key in trained.state()}
    assert kinds >= ({"scale", "gain", "u", "v"} if trained.model == SMALL else {"weight", "bias"})


@pytest.mark.parametrize("size", [(1, 32, 32), (2, 48, 80)], ids=str)
def test_onnx_equals_eval_mode_torch(trained: Trained, size: tuple[int, int, int]) -> None:
    n, height, width = size
    torch.manual_seed(1)
    image = torch.rand(n, 3, height, width) * 2 - 1
    with torch.no_grad():
        posterior = trained.autoencoder.encode(image).latent_dist
        decoded = trained.autoencoder.decode(posterior.mode()).sample
    close(run(trained.after / "encoder.onnx", image), {"mean": posterior.mean, "logvar": posterior.logvar})
    close(run(trained.after / "decoder.onnx", posterior.mode()), {"image": decoded})
    if trained.discriminator:
        with torch.no_grad():
            logits = trained.discriminator(image)
        close(run(trained.after / "discriminator.onnx", image), logits)
    with pytest.raises(AssertionError):  # the untrained graph is another
        close(run(trained.before / "decoder.onnx", posterior.mode()), {"image": decoded})


def test_the_weights_come_back_as_they_were(trained: Trained, tmp_path: Path) -> None:
    """Out of the compiled folder, and out of what save_pretrained writes, which compiles again to the same graphs."""
    compiled = load_file(trained.after / "model.safetensors")
    state = trained.state()
    assert compiled.keys() == state.keys()
    assert all(torch.equal(compiled[key], state[key]) for key in state)
    trained.autoencoder.register_to_config(note="three steps")
    trained.autoencoder.save_pretrained(tmp_path / "saved")
    with package(trained.after) as module:
        again = module.Autoencoder.from_pretrained(tmp_path / "saved").state_dict()
        assert not module.Autoencoder.from_pretrained(trained.after).training
    assert all(torch.equal(again[key], value) for key, value in trained.autoencoder.state_dict().items())
    weights = tmp_path / "saved" / "model.safetensors"
    result = litevae("compile", trained.model, "-o", tmp_path / "out", "--weights", weights)
    assert result.returncode == 0, result.stderr
    for part in ("encoder", "decoder"):
        # The hash of the weight file is in the graph, so the values are compared.
        x = torch.rand(1, 3 if part == "encoder" else trained.autoencoder.latent_channels, 16, 16)
        expected = run(trained.after / f"{part}.onnx", x)
        for name, value in run(tmp_path / "out" / f"{part}.onnx", x).items():
            assert np.array_equal(value, expected[name])


def run(path: Path, x: Tensor) -> dict[str, np.ndarray]:
    session = session_of(path)
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(None, {session.get_inputs()[0].name: x.numpy()}), strict=True))


def close(found: dict[str, np.ndarray], wanted: dict[str, Tensor]) -> None:
    assert found.keys() == wanted.keys()
    for name, y in wanted.items():
        error = np.abs(found[name] - y.numpy()).max()
        assert error <= 1e-4 * max(1.0, y.abs().max().item()), f"{name}: {error}"
