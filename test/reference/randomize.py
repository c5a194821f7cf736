"""Random but well-behaved parameters and buffers, for parity tests in which no default hides a fault."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .discriminators import EqualConv2d, EqualLinear
from .smc import SMConv2d
from .spectral import SpectralConv2d, SpectralLinear, power_iteration


def even_spectrum(matrix: Tensor) -> Tensor:
    """[out, in] with its singular values drawn together and rows of length 1 on average.

    Divided by its largest singular value a Gaussian matrix shrinks most inputs, and a stack of twenty hides
    the image from the logits. Two Newton-Schulz steps towards the nearest orthogonal matrix prevent that.
    """
    u, v = power_iteration(matrix, F.normalize(torch.ones_like(matrix[:, 0]), dim=0), steps=15)
    matrix = matrix / torch.dot(u, matrix.mv(v))
    for _ in range(2):
        wide = matrix.shape[0] <= matrix.shape[1]
        cube = (matrix @ matrix.T) @ matrix if wide else matrix @ (matrix.T @ matrix)
        matrix = 1.5 * matrix - 0.5 * cube
    return matrix * (len(matrix) / matrix.square().sum()).sqrt()


def randomize(module: nn.Module, seed: int) -> None:
    """Overwrites every parameter and buffer, in float32 precision whatever the module's own type is.

    Weights keep the scale of their fan-in, γ, running variances and SMC's scale and gain lie around 1, biases
    and running means around 0; spectral `u`, `v` are unit vectors after 15 power iterations.
    Unseen by any output in eval: the bias of attention's `to_k` (softmax removes it), `num_batches_tracked`,
    and a convolution's bias before a norm whose groups have one channel (a base of 32 under 32 groups).
    """
    generator = torch.Generator().manual_seed(seed)

    def normal(like: Tensor, mean: float, deviation: float) -> Tensor:
        return torch.randn(like.shape, generator=generator) * deviation + mean

    def uniform(like: Tensor, low: float, high: float) -> Tensor:
        return torch.rand(like.shape, generator=generator) * (high - low) + low

    def values(owner: nn.Module) -> dict[str, Tensor]:
        if isinstance(owner, nn.GroupNorm | nn.BatchNorm2d):
            new = {"weight": normal(owner.weight, 1, 0.2), "bias": normal(owner.weight, 0, 0.2)}
            if isinstance(owner, nn.BatchNorm2d):
                new["running_mean"] = normal(owner.weight, 0, 0.2)
                new["running_var"] = uniform(owner.weight, 0.5, 1.5)
                new["num_batches_tracked"] = torch.randint(1, 1000, (), generator=generator)
            return new
        if not isinstance(owner, nn.Conv2d | nn.Linear):
            return {}
        if isinstance(owner, SpectralConv2d | SpectralLinear):
            matrix = even_spectrum(normal(owner.weight, 0, 1).flatten(1).double())
            start = F.normalize(normal(matrix[:, 0], 0, 1).double(), dim=0)
            u, v = power_iteration(matrix, start, steps=15)
            # Small biases: nothing here restores the scale of the signal, which they would drown.
            bias = normal(matrix[:, 0], 0, 0.05)
            new = {"weight": matrix.view(owner.weight.shape), "bias": bias, "u": u, "v": v}
            return {key: value.float() for key, value in new.items()}
        equalised = isinstance(owner, EqualConv2d | EqualLinear)
        new = {"weight": normal(owner.weight, 0, 1 if equalised else owner.weight[0].numel() ** -0.5)}
        if owner.bias is not None:
            new["bias"] = normal(owner.bias, 0, 0.2)
        if isinstance(owner, SMConv2d):
            new["scale"] = uniform(owner.scale, 0.5, 1.5)
            new["gain"] = uniform(owner.gain, 0.8, 1.4)
        return new

    written: set[str] = set()
    state = module.state_dict(keep_vars=True)
    with torch.no_grad():
        for path, owner in module.named_modules():
            for key, value in values(owner).items():
                name = f"{path}.{key}".lstrip(".")
                state[name].copy_(value)
                written.add(name)
    missed = state.keys() - written
    assert not missed, f"randomize does not know {sorted(missed)}"
