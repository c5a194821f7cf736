"""The adversarial losses and weights, against values by hand, and who learns from whose step."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from litevae_runtime.losses.adversarial import (
    Kind,
    adaptive_weight,
    as_logits,
    discriminator_loss,
    frozen,
    generator_loss,
    gradient_at,
    gradient_norms,
    mean_logit,
    share_at,
)
from litevae_runtime.nn.layers import SpectralConv2d
from litevae_runtime.recipe.fields import Adversarial

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


def game() -> tuple[nn.Module, Discriminator, Tensor, Tensor]:
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
    generator, discriminator, latents, images = game()
    fake = generator(latents).detach()
    before = {name: value.clone() for name, value in discriminator.named_parameters()}
    losses = train(discriminator, images, fake, kind)
    assert losses[-1] < 0.5 * losses[0]
    # Judged by what a discriminator is for, not by its loss.
    for share in (0.0, 1.0):
        assert mean_logit(discriminator(images), share) > 0.5 > -0.5 > mean_logit(discriminator(fake), share)
    for name, value in discriminator.named_parameters():
        assert not torch.equal(before[name], value), name


@pytest.mark.parametrize("kind", KINDS)
def test_the_generator_learns_against_a_frozen_discriminator(kind: Kind) -> None:
    generator, discriminator, latents, images = game()
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
    generator, discriminator, latents, images = game()
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


# Weights.


def toy() -> tuple[Tensor, Tensor, Tensor]:
    """A last layer of two weights, a reconstruction loss with a gradient of norm 5 there, an adversarial one of norm 13."""
    weight = torch.zeros(2, requires_grad=True)
    return (weight * torch.tensor([3.0, 4.0])).sum(), (weight * torch.tensor([5.0, -12.0])).sum(), weight


def weight_of(
    rec: Tensor, adv: Tensor, weight: Tensor, delta: float, max_weight: float, scale: float = 1.0
) -> Tensor:
    """The adaptive weight of two losses over one pass."""
    return adaptive_weight(
        gradient_at(weight, rec, scale), gradient_at(weight, adv, scale), delta, max_weight
    )


def test_adaptive_weight_by_hand() -> None:
    rec, adv, weight = toy()
    found = weight_of(rec, adv, weight, delta=2.0, max_weight=1e4)
    assert found.item() == pytest.approx(0.5 * 5 / (13 + 2))
    assert not found.requires_grad and found.dtype == torch.float32
    assert weight_of(rec, adv, weight, delta=2.0, max_weight=0.125).item() == 0.125
    # Both graphs are still there, and nothing was added to the gradients.
    assert weight.grad is None
    (rec + found * adv).backward()
    torch.testing.assert_close(weight.grad, torch.tensor([3 + 5 / 6, 4 - 12 / 6]))


def test_adaptive_weight_of_one_sided_gradients() -> None:
    rec, adv, weight = toy()
    assert weight_of(rec, 0 * adv, weight, delta=1e-4, max_weight=1e4).item() == 1e4
    assert weight_of(rec, torch.tensor(1.0), weight, delta=1e-4, max_weight=1e9).item() == pytest.approx(
        2.5e4
    )
    assert weight_of(0 * rec, adv, weight, delta=1e-4, max_weight=1e4).item() == 0


def test_scale_keeps_float16_gradients_from_underflow() -> None:
    weight = torch.ones(2, dtype=torch.float16, requires_grad=True)
    rec, adv = weight.float().sum() * 3e-9, weight.float().sum() * 2e-9
    assert weight_of(rec, adv, weight, delta=0, max_weight=1e4).isnan()
    found = weight_of(rec, adv, weight, delta=0, max_weight=1e4, scale=2.0**20)
    assert found.item() == pytest.approx(0.75, rel=2e-2)


@pytest.mark.parametrize("scale", [2.0**4, 2.0**10, 2.0**16, 2.0**24])
def test_a_scale_that_overflows_changes_nothing(scale: float) -> None:
    weight = torch.ones(2, dtype=torch.float16, requires_grad=True)
    rec, adv = (weight * torch.tensor([3.0, 4.0]).half()).sum().float(), 2 * weight.sum().float()
    found = weight_of(rec, adv, weight, 2.0, 1e4, scale)
    assert found.item() == pytest.approx(0.5 * 5 / (8**0.5 + 2), rel=1e-3)


def test_gradients_are_reduced_before_their_norms() -> None:
    rec, adv, weight = toy()
    other = {5.0: torch.tensor([-3.0, 4.0]), 13.0: torch.tensor([5.0, 12.0])}

    def mean_of_two_processes(gradient: Tensor) -> Tensor:
        return (gradient + other[gradient.norm().item()]) / 2

    norms = gradient_norms({"l1": rec, "adversarial": adv}, weight, reduce=mean_of_two_processes)
    assert norms == pytest.approx({"l1": 4.0, "adversarial": 5.0})


def test_gradient_norms_by_hand() -> None:
    rec, adv, weight = toy()
    elsewhere = torch.ones(1, requires_grad=True)
    terms = {"l1": rec, "adversarial": adv, "kl": elsewhere.sum(), "constant": torch.tensor(1.0)}
    assert gradient_norms(terms, weight) == {"l1": 5.0, "adversarial": 13.0, "kl": 0.0, "constant": 0.0}
    assert weight.grad is None and elsewhere.grad is None
    (rec + adv).backward()


def adversarial(warmup: int, ramp: int) -> Adversarial:
    return Adversarial(
        weight=0.2,
        mode="constant",
        delta=1e-4,
        max_weight=1e4,
        loss="hinge",
        global_share=0.5,
        warmup=warmup,
        ramp=ramp,
        learning_rate=None,
    )


def test_the_weight_waits_grows_and_stays() -> None:
    schedule = adversarial(warmup=3, ramp=4)
    found = [share_at(step, schedule) for step in range(10)]
    assert found == pytest.approx([0, 0, 0, 0.25, 0.5, 0.75, 1, 1, 1, 1])


@pytest.mark.parametrize("ramp", [0, 1])
def test_the_weight_without_a_ramp(ramp: int) -> None:
    assert [share_at(step, adversarial(2, ramp)) for step in range(4)] == [0, 0, 1, 1]
    assert share_at(0, adversarial(0, ramp)) == 1


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
