"""The adversarial losses of discriminator and autoencoder (arXiv:2405.14477 §4.3, eq. 2, Table 16).

A discriminator gives logits, high for images: one map [N, 1, h, w], or `pixel_logits` beside `global_logit` [N, 1].
Losses are means over logits, in float32 whatever their precision.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..nn.layers import at_least_float32
from ..recipe.fields import Adversarial

Logits = Mapping[str, Tensor]
Kind = Literal["hinge", "logistic"]

_BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm)


def as_logits(output: Tensor | Logits) -> Logits:
    """A discriminator's output by name; a tensor alone is `pixel_logits`."""
    if isinstance(output, Tensor):
        return {"pixel_logits": output}
    if "pixel_logits" not in output or output.keys() - {"pixel_logits", "global_logit"}:
        raise ValueError(
            f"a discriminator gives pixel_logits and perhaps global_logit, not {', '.join(output) or 'nothing'}"
        )
    return output


def _mean(
    output: Tensor | Logits, global_share: float, loss: Callable[[Tensor], Tensor] = lambda x: x
) -> Tensor:
    """`loss` averaged over pixel logits and over global ones, which weigh `global_share` where there are any."""
    logits = as_logits(output)
    pixel = loss(at_least_float32(logits["pixel_logits"])).mean()
    if "global_logit" not in logits:
        return pixel
    return torch.lerp(pixel, loss(at_least_float32(logits["global_logit"])).mean(), global_share)


def mean_logit(output: Tensor | Logits, global_share: float) -> Tensor:
    """What the discriminator thinks on average, for the log and `DiscriminatorHealth`."""
    return _mean(output, global_share)


def discriminator_loss(
    real: Tensor | Logits, fake: Tensor | Logits, kind: Kind, global_share: float
) -> Tensor:
    """What the discriminator minimises: logits above 0 for images, below 0 for reconstructions.

    hinge: relu(1 − real) + relu(1 + fake), 2 at chance. logistic: softplus(−real) + softplus(fake), 2·ln 2 at chance.
    Reconstructions must be detached before the discriminator sees them.
    """
    if as_logits(real).keys() != as_logits(fake).keys():
        raise ValueError("the logits of images and of reconstructions must have the same names")
    if kind == "hinge":
        return _mean(real, global_share, lambda x: F.relu(1 - x)) + _mean(
            fake, global_share, lambda x: F.relu(1 + x)
        )
    return _mean(real, global_share, lambda x: F.softplus(-x)) + _mean(fake, global_share, F.softplus)


def generator_loss(fake: Tensor | Logits, kind: Kind, global_share: float) -> Tensor:
    """What the autoencoder minimises: −fake beside a hinge loss, else the non-saturating softplus(−fake)."""
    if kind == "hinge":
        return -mean_logit(fake, global_share)
    return _mean(fake, global_share, lambda x: F.softplus(-x))


@contextmanager
def frozen(network: nn.Module) -> Iterator[None]:
    """What runs inside changes nothing in the network, while gradients flow through it to its input.

    No gradients of parameters, no power iterations, no running statistics: the autoencoder's step calls the discriminator
    in here.
    """
    training = [(module, module.training) for module in network.modules()]
    trained = [parameter for parameter in network.parameters() if parameter.requires_grad]
    norms = [module for module in network.modules() if isinstance(module, _BATCH_NORMS)]
    tracked = [norm.track_running_stats for norm in norms]
    network.eval().requires_grad_(False)
    for norm in norms:
        # Seen with the batch's own statistics, as while the discriminator trains.
        norm.train()
        norm.track_running_stats = False
    try:
        yield
    finally:
        for norm, tracks in zip(norms, tracked, strict=True):
            norm.track_running_stats = tracks
        for module, was in training:
            module.training = was
        for parameter in trained:
            parameter.requires_grad_(True)


def share_at(step: int, adversarial: Adversarial) -> float:
    """The share of the adversarial weight that counts after `step` steps of the discriminator.

    It is 0 for the first `warmup` steps, grows linearly over the next `ramp` and stays at 1 from the last of them.
    """
    if step < adversarial.warmup:
        return 0.0
    return min(1.0, (step - adversarial.warmup + 1) / max(1, adversarial.ramp))


def adaptive_weight(rec: Tensor, adv: Tensor, delta: float, max_weight: float) -> Tensor:
    """½·‖rec‖ / (‖adv‖ + δ) in [0, max_weight], a float32 scalar (eq. 2): the adversarial weight of Table 8.

    `rec` and `adv` are gradients at the last layer's weight over the whole batch, that is averaged over accumulated passes and
    processes before their norms are taken: then the weight is the same however the batch is shared out.
    """
    return (0.5 * rec.norm() / (adv.norm() + delta)).clamp(0, max_weight)


def _whole(gradient: Tensor) -> Tensor:
    return gradient


def gradient_norms(
    terms: Mapping[str, Tensor],
    last_layer: Tensor,
    scale: float = 1.0,
    reduce: Callable[[Tensor], Tensor] = _whole,
) -> dict[str, float]:
    """Norm of every term's gradient at the weight `last_layer`, 0 where it has none; for the log.

    `scale` is as in `gradient_at`. `reduce` averages a gradient over processes: pass Accelerate's, and then call this in every
    process.
    """
    return {name: reduce(gradient_at(last_layer, term, scale)).norm().item() for name, term in terms.items()}


def gradient_at(weight: Tensor, loss: Tensor, scale: float = 1.0) -> Tensor:
    """Gradient of `loss` at `weight`, float32 and detached; zeros where the loss does not depend on it. The graph stays.

    `scale`, under float16 the GradScaler's, keeps it from underflow and is divided out. Where that overflows a smaller one is
    taken, so that the gradient is the same for every scale.
    """
    gradient = None
    if loss.requires_grad:
        [gradient] = torch.autograd.grad(loss * scale, weight, retain_graph=True, allow_unused=True)
    if gradient is None:
        return at_least_float32(torch.zeros_like(weight))
    if scale > 1 and not gradient.isfinite().all():
        return gradient_at(weight, loss, max(1.0, scale / 256))
    return at_least_float32(gradient.detach()) / scale
