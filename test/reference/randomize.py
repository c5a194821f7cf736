"""Random but well-behaved parameters and buffers, for parity tests in which no default hides a fault."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .smc import SMConv2d
from .spectral import SpectralConv2d, SpectralLinear, power_iteration


def randomize(module: nn.Module, seed: int) -> None:
    """Overwrites every parameter and buffer, in float32 precision whatever the module's own type is.

    Weights keep the scale of their fan-in, γ, running variances and SMC's scale and gain lie around 1, biases
    and running means around 0; spectral `u`, `v` are unit vectors after 15 power iterations.
    """
    generator = torch.Generator().manual_seed(seed)

    def normal(like: Tensor, mean: float, deviation: float) -> Tensor:
        return torch.randn(like.shape, generator=generator) * deviation + mean

    def uniform(like: Tensor, low: float, high: float) -> Tensor:
        return torch.rand(like.shape, generator=generator) * (high - low) + low

    def values(owner: nn.Module) -> dict[str, Tensor]:
        if isinstance(owner, nn.GroupNorm | nn.BatchNorm2d):
            new = {"weight": normal(owner.weight, 1, 0.2), "bias": normal(owner.bias, 0, 0.2)}
            if isinstance(owner, nn.BatchNorm2d):
                new["running_mean"] = normal(owner.weight, 0, 0.2)
                new["running_var"] = uniform(owner.weight, 0.5, 1.5)
                new["num_batches_tracked"] = torch.randint(1, 1000, (), generator=generator)
            return new
        if not isinstance(owner, nn.Conv2d | nn.Linear):
            return {}
        new = {"weight": normal(owner.weight, 0, owner.weight[0].numel() ** -0.5)}
        if owner.bias is not None:
            new["bias"] = normal(owner.bias, 0, 0.2)
        if isinstance(owner, SMConv2d):
            new["scale"] = uniform(owner.scale, 0.5, 1.5)
            new["gain"] = uniform(owner.gain, 0.8, 1.4)
        if isinstance(owner, SpectralConv2d | SpectralLinear):
            start = F.normalize(normal(owner.get_buffer("u"), 0, 1).double(), dim=0)
            new["u"], new["v"] = power_iteration(new["weight"].flatten(1).double(), start, steps=15)
            new = {key: value.float() for key, value in new.items()}
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
