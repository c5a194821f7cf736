"""Losses between the latents of a student and of its teacher."""

import pytest
import torch
from torch.distributions import Normal, kl_divergence

from litevae_runtime.losses.moments import moments_kl, moments_l1, moments_l2
from litevae_runtime.nn.posterior import DiagonalGaussian, PointPosterior


def gaussian(seed: int) -> DiagonalGaussian:
    return DiagonalGaussian(torch.randn(2, 6, 4, 4, generator=torch.Generator().manual_seed(seed)))


def test_they_are_means_over_means_and_log_variances() -> None:
    student, teacher = gaussian(0), gaussian(1)
    difference = student.parameters - teacher.parameters
    torch.testing.assert_close(moments_l1(student, teacher), difference.abs().mean())
    torch.testing.assert_close(moments_l2(student, teacher), difference.square().mean())
    assert moments_l1(student, student) == moments_l2(student, student) == 0


def test_the_divergence_is_that_of_the_teacher_from_the_student() -> None:
    student, teacher = gaussian(0), gaussian(1)
    expected = kl_divergence(Normal(teacher.mean, teacher.std), Normal(student.mean, student.std)).mean()
    torch.testing.assert_close(moments_kl(student, teacher), expected)
    assert moments_kl(student, student).abs() < 1e-6


def test_without_a_variance_the_means_are_compared_and_no_divergence() -> None:
    student, teacher = gaussian(0), PointPosterior(gaussian(1).mean)
    torch.testing.assert_close(moments_l1(student, teacher), (student.mean - teacher.latent).abs().mean())
    with pytest.raises(TypeError, match="of a Gaussian posterior, not of PointPosterior"):
        moments_kl(student, teacher)


def test_latents_of_other_shapes_are_refused() -> None:
    other = DiagonalGaussian(torch.zeros(1, 6, 4, 4))
    with pytest.raises(ValueError, match="latents of one shape"):
        moments_l1(gaussian(0), other)
