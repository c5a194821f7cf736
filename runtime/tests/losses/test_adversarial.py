"""The adversarial losses and weights, against values by hand, and who learns from whose step."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from litevae_runtime.losses.adversarial import (
    Kind,
    as_logits,
    discriminator_loss,
    frozen,
    generator_loss,
    mean_logit,
)
from litevae_runtime.nn.layers import SpectralConv2d

KINDS: list[Kind] = ["hinge", "logistic"]


def pixels(*values: float) -> Tensor:
    return torch.tensor(values).view(1, 1, 1, -1)


REAL = {"pixel_logits": pixels(2.0, 0.5, -1.0, 1.0), "global_logit": torch.tensor([[3.0], [-0.5]])}
FAKE = {"pixel_logits": pixels(-2.0, 0.5, 0.0, -1.0), "global_logit": torch.tensor([[0.25], [-4.0]])}


def softplus(x: float) -> float:
    return math.log1p(math.exp(x))


# Values by hand.


def test_hinge_values() -> None:
    # relu(1 − real): 0, 0.5, 2, 0 and 0, 1.5. relu(1 + fake): 0, 1.5, 1, 0 and 1.25, 0.
    pixel, whole = 2.5 / 4 + 2.5 / 4, 1.5 / 2 + 1.25 / 2
    for share in (0.0, 0.25, 1.0):
        expected = (1 - share) * pixel + share * whole
        assert discriminator_loss(REAL, FAKE, "hinge", share).item() == pytest.approx(expected)
        # −mean(fake): 2.5/4 and 3.75/2.
        expected = (1 - share) * 2.5 / 4 + share * 3.75 / 2
        assert generator_loss(FAKE, "hinge", share).item() == pytest.approx(expected)
        assert mean_logit(FAKE, share).item() == pytest.approx(-expected)


def test_logistic_values() -> None:
    pixel = sum(map(softplus, (-2, -0.5, 1, -1))) / 4 + sum(map(softplus, (-2, 0.5, 0, -1))) / 4
    whole = sum(map(softplus, (-3, 0.5))) / 2 + sum(map(softplus, (0.25, -4))) / 2
    for share in (0.0, 0.25, 1.0):
        expected = (1 - share) * pixel + share * whole
        assert discriminator_loss(REAL, FAKE, "logistic", share).item() == pytest.approx(expected)
        expected = (1 - share) * sum(map(softplus, (2, -0.5, 0, 1))) / 4 + share * (
            sum(map(softplus, (-0.25, 4))) / 2
        )
        assert generator_loss(FAKE, "logistic", share).item() == pytest.approx(expected)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_without_a_global_logit_all_weight_lies_on_pixels(kind: Kind, share: float) -> None:
    real, fake = REAL["pixel_logits"], FAKE["pixel_logits"]
    alone = {"pixel_logits": real}, {"pixel_logits": fake}
    expected = discriminator_loss(REAL, FAKE, kind, 0.0)
    assert discriminator_loss(real, fake, kind, share) == expected
    assert discriminator_loss(*alone, kind, share) == expected
    assert generator_loss(fake, kind, share) == generator_loss(FAKE, kind, 0.0)


@pytest.mark.parametrize("kind", KINDS)
def test_losses_fall_as_the_one_or_the_other_gets_better(kind: Kind) -> None:
    low, high = pixels(-0.5), pixels(0.5)
    loss = [
        discriminator_loss(real, fake, kind, 0.5).item()
        for real, fake in ((high, low), (low, low), (low, high))
    ]
    assert loss == sorted(loss) and loss[0] < loss[2]
    assert generator_loss(high, kind, 0.5) < generator_loss(low, kind, 0.5)
    nothing = pixels(0.0)
    chance = {"hinge": 2.0, "logistic": 2 * math.log(2)}[kind]
    assert discriminator_loss(nothing, nothing, kind, 0.5).item() == pytest.approx(chance)


@pytest.mark.parametrize("kind", KINDS)
def test_means_do_not_change_with_the_number_of_logits(kind: Kind) -> None:
    def more(logits: dict[str, Tensor]) -> dict[str, Tensor]:
        return {name: torch.cat([value, value]) for name, value in logits.items()}

    loss = discriminator_loss(REAL, FAKE, kind, 0.3)
    torch.testing.assert_close(discriminator_loss(more(REAL), more(FAKE), kind, 0.3), loss)
    torch.testing.assert_close(generator_loss(more(FAKE), kind, 0.3), generator_loss(FAKE, kind, 0.3))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_logits_give_float32_losses(kind: Kind, dtype: torch.dtype) -> None:
    real = {name: value.to(dtype) for name, value in REAL.items()}
    fake = {name: value.to(dtype) for name, value in FAKE.items()}
    with torch.autocast("cpu", torch.bfloat16):
        losses = discriminator_loss(real, fake, kind, 0.3), generator_loss(fake, kind, 0.3)
    # The logits above are exact in half precision.
    torch.testing.assert_close(losses[0], discriminator_loss(REAL, FAKE, kind, 0.3))
    torch.testing.assert_close(losses[1], generator_loss(FAKE, kind, 0.3))


def test_outputs_by_name() -> None:
    tensor = pixels(1.0)
    assert as_logits(tensor) == {"pixel_logits": tensor}
    assert as_logits(REAL) is REAL
    with pytest.raises(ValueError, match="not global_logit"):
        as_logits({"global_logit": tensor})
    with pytest.raises(ValueError, match="not pixel_logits, logits"):
        as_logits({"pixel_logits": tensor, "logits": tensor})
    with pytest.raises(ValueError, match="same names"):
        discriminator_loss(REAL, FAKE["pixel_logits"], "hinge", 0.5)


# Who learns from whose step.


class Discriminator(nn.Module):
    """A small discriminator with both kinds of logits."""

    def __init__(self) -> None:
        super().__init__()
        self.features = SpectralConv2d(1, 8, 3, padding=1)
        self.to_pixel = nn.Conv2d(8, 1, 1)
        self.to_global = nn.Linear(8, 1)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        h = F.relu(self.features(x))
        return {"pixel_logits": self.to_pixel(h), "global_logit": self.to_global(h.mean(dim=(2, 3)))}


def adversaries() -> tuple[nn.Module, Discriminator, Tensor, Tensor]:
    """A generator, a discriminator, latents, and images: stripes that the generator does not make."""
    torch.manual_seed(0)
    generator, discriminator = nn.Conv2d(2, 1, 3, padding=1), Discriminator()
    stripes = torch.tensor([0.8, -0.8]).repeat(4).expand(4, 1, 8, 8)
    return generator, discriminator, torch.randn(4, 2, 8, 8), stripes


def train(discriminator: Discriminator, images: Tensor, fake: Tensor, kind: Kind) -> list[float]:
    """The discriminator's losses over 60 of its steps."""
    adam = torch.optim.Adam(discriminator.parameters(), lr=0.02, betas=(0.5, 0.9))
    losses = []
    for _ in range(60):
        loss = discriminator_loss(discriminator(images), discriminator(fake), kind, 0.5)
        adam.zero_grad()
        loss.backward()
        adam.step()
        losses.append(loss.item())
    return losses


@pytest.mark.parametrize("kind", KINDS)
def test_the_discriminator_learns_on_a_frozen_generator(kind: Kind) -> None:
    generator, discriminator, latents, images = adversaries()
    fake = generator(latents).detach()
    before = {name: value.clone() for name, value in discriminator.named_parameters()}
    losses = train(discriminator, images, fake, kind)
    assert losses[-1] < 0.5 * losses[0]
    # Measured by what a discriminator is for, not by its loss.
    for share in (0.0, 1.0):
        assert mean_logit(discriminator(images), share) > 0.5 > -0.5 > mean_logit(discriminator(fake), share)
    for name, value in discriminator.named_parameters():
        assert not torch.equal(before[name], value), name


@pytest.mark.parametrize("kind", KINDS)
def test_the_generator_learns_against_a_frozen_discriminator(kind: Kind) -> None:
    generator, discriminator, latents, images = adversaries()
    train(discriminator, images, generator(latents).detach(), kind)
    adam = torch.optim.Adam(generator.parameters(), lr=0.02)
    logits = []
    for _ in range(60):
        with frozen(discriminator):
            output = discriminator(generator(latents))
        adam.zero_grad()
        generator_loss(output, kind, 0.5).backward()
        adam.step()
        logits.append(mean_logit(output, 0.5).item())
    assert logits[0] < -0.5 and logits[-1] > logits[0] + 0.5


@pytest.mark.parametrize("kind", KINDS)
def test_each_step_gives_the_other_nothing(kind: Kind) -> None:
    generator, discriminator, latents, images = adversaries()
    discriminator.to_global.bias.requires_grad_(False)
    fake = generator(latents)
    discriminator_loss(discriminator(images), discriminator(fake.detach()), kind, 0.5).backward()
    assert all(parameter.grad is None for parameter in generator.parameters())
    assert all(
        (parameter.grad is not None) == parameter.requires_grad for parameter in discriminator.parameters()
    )

    discriminator.zero_grad()
    with frozen(discriminator):
        loss = generator_loss(discriminator(fake), kind, 0.5)
    loss.backward()
    assert all(
        parameter.grad is not None and parameter.grad.count_nonzero() for parameter in generator.parameters()
    )
    assert all(parameter.grad is None for parameter in discriminator.parameters())
    frozen_still = [name for name, value in discriminator.named_parameters() if not value.requires_grad]
    assert frozen_still == ["to_global.bias"]


def test_frozen_ends_with_an_error_too() -> None:
    discriminator = Discriminator()
    with pytest.raises(KeyError), frozen(discriminator):
        assert not any(parameter.requires_grad for parameter in discriminator.parameters())
        raise KeyError
    assert all(parameter.requires_grad for parameter in discriminator.parameters())


@pytest.mark.parametrize("training", [True, False])
def test_frozen_leaves_buffers_and_modes_alone(training: bool) -> None:
    """Power iterations and running statistics are the discriminator's own step's."""
    network = nn.Sequential(SpectralConv2d(3, 4, 3), nn.BatchNorm2d(4), SpectralConv2d(4, 1, 1)).train(
        training
    )
    before = {key: value.clone() for key, value in network.state_dict().items()}
    x = torch.randn(2, 3, 8, 8, requires_grad=True)
    with frozen(network):
        network(x).sum().backward()
    after = network.state_dict()
    assert all(torch.equal(before[key], after[key]) for key in before)
    assert x.grad is not None and x.grad.abs().sum() > 0
    assert all(module.training == training for module in network.modules())
    assert all(parameter.requires_grad and parameter.grad is None for parameter in network.parameters())
    network.train()(x)
    assert not torch.equal(before["0.u"], network.state_dict()["0.u"])
    assert not torch.equal(before["1.running_mean"], network.state_dict()["1.running_mean"])
