"""Warnings about a discriminator that has stopped teaching."""

import math
from collections.abc import Iterable

import pytest

from litevae_runtime.losses.adversarial import Kind
from litevae_runtime.training.discriminator_health import DiscriminatorHealth

Step = tuple[float, float, float]

HEALTHY: Step = (0.6, -0.5, 0.9)
SATURATED: Step = (4.0, -5.0, 0.001)
COLLAPSED: dict[Kind, Step] = {"hinge": (0.02, 0.01, 1.99), "logistic": (0.02, 0.01, 1.38)}
KINDS: list[Kind] = ["hinge", "logistic"]


def warnings(health: DiscriminatorHealth, steps: Iterable[Step]) -> list[str]:
    return [message for step in steps if (message := health.update(*step)) is not None]


def test_says_nothing_about_a_healthy_game() -> None:
    steps = [(0.6 + 0.5 * math.sin(i), -0.5 + 0.5 * math.cos(i), 0.9) for i in range(200)]
    for kind in KINDS:
        assert warnings(DiscriminatorHealth(kind), steps) == []


@pytest.mark.parametrize("kind", KINDS)
def test_warns_once_of_saturation_after_patience(kind: Kind) -> None:
    health = DiscriminatorHealth(kind, patience=5)
    assert warnings(health, [SATURATED] * 4) == []
    chance = {"hinge": "2.000", "logistic": "1.386"}[kind]
    assert warnings(health, [SATURATED] * 50) == [
        "the discriminator is certain of every image for 5 logged steps (mean logit +4.00 for images, -5.00 for "
        f"reconstructions; loss 0.001, at chance {chance}). It learns nothing more and the autoencoder cannot follow it: lower "
        "adversarial.learning_rate, or shorten adversarial.warmup"
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_warns_once_of_a_collapse_after_patience(kind: Kind) -> None:
    health = DiscriminatorHealth(kind, patience=5)
    assert warnings(health, [COLLAPSED[kind]] * 4) == []
    loss, chance = {"hinge": ("1.990", "2.000"), "logistic": ("1.380", "1.386")}[kind]
    assert warnings(health, [COLLAPSED[kind]] * 50) == [
        "the discriminator tells nothing apart for 5 logged steps (mean logit +0.02 for images, +0.01 for reconstructions; "
        f"loss {loss}, at chance {chance}). What it teaches the autoencoder is noise: raise adversarial.learning_rate or "
        "adversarial.warmup, or lower adversarial.weight"
    ]


def test_warns_again_of_a_new_episode() -> None:
    health = DiscriminatorHealth("hinge", patience=5)
    episodes = [SATURATED] * 30 + [HEALTHY] * 60 + [SATURATED] * 90 + [COLLAPSED["hinge"]] * 200
    said = [
        message.split(" for ")[0].removeprefix("the discriminator ") for message in warnings(health, episodes)
    ]
    assert said == ["is certain of every image", "is certain of every image", "tells nothing apart"]


def test_one_good_step_is_no_end_and_one_bad_step_no_start() -> None:
    health = DiscriminatorHealth("hinge", patience=5)
    assert warnings(health, [HEALTHY] * 20 + [SATURATED] + [HEALTHY] * 20) == []
    steps = [SATURATED] * 20 + [(1.5, -1.5, 0.05)] + [SATURATED] * 20
    assert len(warnings(health, [SATURATED] * 100 + steps)) == 1


def test_logits_apart_or_a_loss_off_chance_are_no_collapse() -> None:
    for step in [(0.3, -0.3, 2.0), (0.0, 0.0, 1.5), (3.0, 3.0, 4.0)]:
        assert warnings(DiscriminatorHealth("hinge", patience=5), [step] * 50) == []


def test_running_means_start_as_plain_ones_and_then_forget() -> None:
    health = DiscriminatorHealth("hinge", momentum=0.9)
    for real in (1.0, 2.0, 6.0):
        health.update(real, -real, 2 * real)
    assert (health.real, health.fake, health.loss) == pytest.approx((3.0, -3.0, 6.0))
    for _ in range(200):
        health.update(0.5, -0.25, 1.0)
    assert (health.real, health.fake, health.loss) == pytest.approx((0.5, -0.25, 1.0))


def test_values_that_are_not_finite_leave_no_trace() -> None:
    health = DiscriminatorHealth("hinge", patience=5)
    assert warnings(health, [SATURATED, (math.nan, 0, 0), (0, math.inf, 0), (0, 0, -math.inf)] * 4) == []
    assert (health.real, health.fake) == (4.0, -5.0)
    assert len(warnings(health, [SATURATED])) == 1
