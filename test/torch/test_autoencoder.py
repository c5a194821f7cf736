"""The generated autoencoder: what it computes, how it is saved and opened again."""

import copy
import pickle
import re
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
import torch
from support.small_package import folder, model, module
from torch import Tensor, nn

__all__ = ["folder", "model", "module"]


@pytest.fixture(scope="module")
def image() -> Tensor:
    return torch.rand(2, 3, 32, 48, generator=torch.Generator().manual_seed(0)) * 2 - 1


def gradients(model: nn.Module, image: Tensor) -> dict[str, Tensor]:
    """Those of a scalar loss, dropout included: every call draws the same."""
    torch.manual_seed(5)
    model.zero_grad()
    found, posterior = model(image)
    (found.square().mean() + posterior.kl().mean()).backward()
    assert all(parameter.grad is not None for parameter in model.parameters())
    return {key: parameter.grad for key, parameter in model.named_parameters() if parameter.grad is not None}


class TestAutoencoder:
    def test_returns_what_diffusers_returns(self, model: Any, image: Tensor) -> None:
        posterior = model.encode(image).latent_dist
        assert posterior.mean.shape == posterior.logvar.shape == (2, 4, 4, 6)
        assert torch.equal(posterior.mode(), posterior.mean)
        assert model.decode(posterior.mode()).sample.shape == image.shape

        draws = [posterior.sample(torch.Generator().manual_seed(seed)) for seed in (1, 1, 2)]
        assert torch.equal(draws[0], draws[1]) and not torch.equal(draws[0], draws[2])
        torch.manual_seed(3)
        noise = torch.cat([(posterior.sample() - posterior.mean) / posterior.std for _ in range(200)])
        assert abs(noise.mean()) < 0.02 and abs(noise.std() - 1) < 0.02

        normal = torch.distributions.Normal(posterior.mean, posterior.std)
        expected = torch.distributions.kl_divergence(normal, torch.distributions.Normal(0.0, 1.0))
        torch.testing.assert_close(posterior.kl(), expected.sum(dim=(1, 2, 3)))

    def test_the_divergence_of_half_precision_is_a_number(self, module: ModuleType) -> None:
        moments = torch.cat([torch.zeros(1, 4, 8, 8), torch.full((1, 4, 8, 8), 15.0)], dim=1).half()
        kl = module.DiagonalGaussian(moments).kl()
        torch.testing.assert_close(kl, module.DiagonalGaussian(moments.float()).kl())

    def test_forward_reconstructs_from_a_sample_or_the_mean(self, model: Any, image: Tensor) -> None:
        mean, _ = model(image, sample=False)
        torch.testing.assert_close(mean, model.decode(model.encode(image).latent_dist.mean).sample)
        first, second = (model(image, generator=torch.Generator().manual_seed(1))[0] for _ in range(2))
        assert torch.equal(first, second) and not torch.equal(first, mean)

    @pytest.mark.parametrize("call", ["encode", "decode"])
    def test_other_channels_are_refused(self, model: Any, call: str) -> None:
        with pytest.raises(ValueError, match=re.escape("height, width] here, not [1, 5, 32, 32]")):
            getattr(model, call)(torch.zeros(1, 5, 32, 32))

    def test_sides_that_do_not_fit_are_refused_with_those_that_do(self, model: Any) -> None:
        for call in (model, model.encode):
            with pytest.raises(ValueError, match=r"^images of width 27 do not fit [^ ]+: 24 or 32 does$"):
                call(torch.zeros(1, 3, 32, 27))
        with pytest.raises(ValueError, match=r"^images of height 3 do not fit [^ ]+: 8 does$"):
            model.encode(torch.zeros(1, 3, 3, 32))

    def test_gradient_checkpointing_gives_the_same_gradients(self, model: Any, image: Tensor) -> None:
        runs = count_runs(model.encoder.aggregator.down[0])
        model.train()
        plain = gradients(model, image)
        assert runs() == 1
        model.enable_gradient_checkpointing()
        again = gradients(model, image)
        assert runs() == 2, "the block did not run again in backward"
        assert plain.keys() == again.keys()
        for key, gradient in plain.items():
            torch.testing.assert_close(again[key], gradient, rtol=1e-5, atol=1e-7, msg=key)
        model.enable_gradient_checkpointing(False)
        gradients(model, image)
        assert runs() == 1

    def test_gradient_checkpointing_goes_along_with_copies(self, model: Any, image: Tensor) -> None:
        """A copy averaged as EMA does computes with its own."""
        model.enable_gradient_checkpointing()
        before = model(image, sample=False)[0]
        for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
            with torch.no_grad():
                for parameter in other.parameters():
                    parameter.mul_(0.5)
            assert not torch.equal(other(image, sample=False)[0], before)
            assert torch.equal(model(image, sample=False)[0], before)

    def test_gradient_checkpointing_leaves_what_a_forward_changes(
        self, module: ModuleType, image: Tensor
    ) -> None:
        """A second run of a power iteration would be another iteration."""
        discriminator = module.build_discriminator()
        switch = module.Autoencoder.enable_gradient_checkpointing
        runs = count_runs(discriminator.down[0])
        switch(discriminator)
        discriminator(image)["pixel_logits"].mean().backward()
        assert runs() == 1

    def test_channels_last_gives_the_same(self, model: Any, image: Tensor) -> None:
        expected = model(image, sample=False)[0]
        model.enable_channels_last()
        weight = model.encoder.aggregator.down[0].conv1.weight
        assert weight.is_contiguous(memory_format=torch.channels_last) and not weight.is_contiguous()
        found = model(image.to(memory_format=torch.channels_last), sample=False)[0]
        assert found.is_contiguous(memory_format=torch.channels_last)
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)
        model.enable_channels_last(False)
        assert model.encoder.aggregator.down[0].conv1.weight.is_contiguous()

    def test_bfloat16_autocast_is_close_to_float32(self, model: Any, image: Tensor) -> None:
        model.train()
        exact = gradients(model, image)
        with torch.no_grad():
            wanted = model.eval()(image, sample=False)[0]
        with torch.autocast("cpu", torch.bfloat16):
            rough = gradients(model.train(), image)
            with torch.no_grad():
                found = model.eval()(image, sample=False)[0]
        assert found.dtype == torch.bfloat16
        torch.testing.assert_close(found.float(), wanted, rtol=0.02, atol=0.02 * wanted.abs().max().item())
        assert all(gradient.isfinite().all() for gradient in rough.values())
        flat, flat_rough = (torch.cat([each[key].flatten() for key in exact]) for each in (exact, rough))
        assert torch.cosine_similarity(flat_rough, flat, dim=0) > 0.98

    def test_a_checkpointed_block_compiles_as_one_graph(self, model: Any) -> None:
        block = model.enable_gradient_checkpointing().train().encoder.aggregator.mid[0]
        x = torch.rand(1, 32, 6, 4, requires_grad=True)
        compiled = torch.compile(block, backend="aot_eager", fullgraph=True)
        [found], [expected] = (
            torch.autograd.grad(run(x).square().sum(), x) for run in (seeded(compiled), seeded(block))
        )
        torch.testing.assert_close(found, expected)


def seeded(call: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    """Dropout draws the same in every call."""

    def run(x: Tensor) -> Tensor:
        torch.manual_seed(0)
        return call(x)

    return run


def count_runs(block: nn.Module) -> Any:
    """A function that tells how often the block's first layer has run since it was last asked."""
    count = 0

    def ran(*_: Any) -> None:
        nonlocal count
        count += 1

    next(block.children()).register_forward_hook(ran)

    def since() -> int:
        nonlocal count
        found, count = count, 0
        return found

    return since
