"""Losses between what two encoders say of the latents of the same images: those of a student and of its teacher."""

import torch
from torch import Tensor

from ..nn.layers import at_least_float32
from ..nn.posterior import DiagonalGaussian, Posterior


def moments_l1(student: Posterior, teacher: Posterior) -> Tensor:
    """Mean absolute difference of means and log-variances; of means alone where one of them gives no variance."""
    return _differences(student, teacher).abs().mean()


def moments_l2(student: Posterior, teacher: Posterior) -> Tensor:
    """Mean squared difference of the same."""
    return _differences(student, teacher).square().mean()


def moments_kl(student: Posterior, teacher: Posterior) -> Tensor:
    """KL(teacher ‖ student), mean per latent element.

    In this direction differences are divided by the student's variance, which is learned: that of published teachers is around
    1e-7, and would make of small differences huge ones.
    """
    gaussians = []
    for posterior in (teacher, student):
        if not isinstance(posterior, DiagonalGaussian):
            raise TypeError(
                f"the KL divergence is of a Gaussian posterior, not of {type(posterior).__name__}"
            )
        moments = at_least_float32(torch.cat(posterior.tensors(), dim=1))
        gaussians.append(DiagonalGaussian(moments))
    of, by = gaussians
    return of.kl(by).sum() / of.mean.numel()


def _differences(student: Posterior, teacher: Posterior) -> Tensor:
    """Student less teacher, [N, nz or 2·nz, h, w]. ValueError where the latents have other shapes: broadcasting would hide it."""
    pairs = [*zip(student.tensors(), teacher.tensors(), strict=False)]
    if any(own.shape != other.shape for own, other in pairs):
        raise ValueError(
            f"latents of one shape, not {list(student.mode().shape)} and {list(teacher.mode().shape)}"
        )
    return torch.cat([at_least_float32(own) - at_least_float32(other) for own, other in pairs], dim=1)
