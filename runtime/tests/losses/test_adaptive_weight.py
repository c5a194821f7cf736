"""The weight by which the discriminator's gradient is as large as the other losses', and how it grows."""

import pytest
import torch
from torch import Tensor

from litevae_runtime.losses.adversarial import (
    adaptive_weight,
    gradient_at,
    gradient_norms,
    share_at,
)
from litevae_runtime.recipe.fields import Adversarial

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
