"""One optimizer step: the autoencoder's, and against it the discriminator's."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor, nn

from .adversarial import (
    adaptive_weight,
    as_logits,
    discriminator_loss,
    generator_loss,
    gradient_norms,
    mean_logit,
    weight_at,
)
from .data import Batch
from .ema import decay_at, update_average
from .losses import ReconstructionLosses
from .metrics import psnr
from .networks import Networks, Optimizers, posterior_of
from .noise import noise_for
from .recipe_types import Recipe
from .schedule import At


@dataclass(frozen=True, slots=True)
class StepResult:
    # Means over the processes, of the step's last accumulated pass; filled where the step is logged.
    metrics: dict[str, float]
    # The loss or a gradient was not finite: nothing was changed.
    skipped: bool
    # A GradScaler that looks for its scale skips steps too: no sign of trouble.
    scaling: bool = False


class TrainingStep:
    """Both updates of a step (arXiv:2405.14477 eq. 1). The discriminator judges what the autoencoder gave before its update."""

    def __init__(
        self,
        accelerator: Accelerator,
        recipe: Recipe,
        networks: Networks,
        optimizers: Optimizers,
        losses: ReconstructionLosses,
    ) -> None:
        self.accelerator = accelerator
        self.recipe = recipe
        self.networks = networks
        self.optimizers = optimizers
        self.losses = losses

    def __call__(self, batches: Sequence[Batch], at: At, logged: bool) -> StepResult:
        """Trains on the accumulated passes of one step; `logged` asks for metrics, which cost a little."""
        networks, accelerator = self.networks, self.accelerator
        _set_learning_rate(self.optimizers.autoencoder, at.learning_rate)
        metrics: dict[str, Tensor | float] = {}
        finite = torch.ones((), dtype=torch.bool, device=accelerator.device)
        pairs: list[tuple[Tensor, Tensor]] = []
        for i, batch in enumerate(batches):
            with self._accumulating(networks.reconstruction, last=i == len(batches) - 1):
                loss, fake, found = self._autoencoder_loss(batch, at, logged and i == len(batches) - 1)
                accelerator.backward(loss / len(batches))
            finite &= loss.detach().isfinite()
            metrics = found
            pairs.append((batch["image"], fake))
        updated = self._update(self.optimizers.autoencoder, networks.reconstruction, finite)
        metrics["gradient_norm"] = updated.norm
        if not updated.done:
            self._forget(self.optimizers.discriminator)
            return StepResult(self._means(metrics, logged), skipped=True, scaling=updated.scaling)
        if networks.average is not None:
            update_average(networks.average, networks.autoencoder, decay_at(at.step, self.recipe.ema))
        if not at.phase.discriminator:
            return StepResult(self._means(metrics, logged), skipped=False)

        optimizer, discriminator = self.optimizers.discriminator, networks.prepared_discriminator
        assert optimizer is not None and discriminator is not None
        _set_learning_rate(optimizer, at.discriminator_learning_rate)
        for i, (real, fake) in enumerate(pairs):
            with self._accumulating(discriminator, last=i == len(pairs) - 1):
                judged, found = self._discriminator_loss(discriminator, real, fake)
                accelerator.backward(judged / len(pairs))
            finite &= judged.detach().isfinite()
            metrics |= found
        updated = self._update(optimizer, discriminator, finite)
        metrics["discriminator_gradient_norm"] = updated.norm
        return StepResult(self._means(metrics, logged), skipped=not updated.done, scaling=updated.scaling)

    def _autoencoder_loss(
        self, batch: Batch, at: At, logged: bool
    ) -> tuple[Tensor, Tensor, dict[str, Tensor | float]]:
        """The loss, the reconstruction without its graph, and metrics."""
        networks = self.networks
        model = networks.autoencoder
        height, width = batch["image"].shape[2:]
        shape = (model.latent_channels, height // model.stride, width // model.stride)
        noise = noise_for(batch["position"], shape, self.recipe.seed, batch["image"].device)
        output, moments = networks.reconstruction(batch["image"], noise)
        x_hat = output.float()
        average = self._average_output(batch["image"], noise) if self.losses.needs_ema else None
        terms = self.losses(x_hat, batch["image"], posterior_of(moments), average)
        loss = self.losses.total(terms)
        metrics: dict[str, Tensor | float] = {name: value.detach() for name, value in terms.items()}

        share = weight_at(at.discriminator_step, self.recipe.adversarial) if at.phase.discriminator else 0.0
        if share > 0:
            rec = self.losses.total({name: value for name, value in terms.items() if name != "kl"})
            adversarial = self._judged(x_hat)
            ratio = self._adaptive(rec, adversarial) if self.recipe.adversarial.mode == "adaptive" else 1.0
            loss = loss + share * ratio * adversarial
            metrics |= {"adversarial": adversarial.detach(), "adversarial_weight": share * ratio}
        metrics["loss"] = loss.detach()
        if logged:
            metrics["psnr"] = psnr(x_hat.detach(), batch["image"]).mean()
            reaching = {
                name: self.losses.total({name: value}) for name, value in terms.items() if name != "kl"
            }
            if share > 0:
                reaching["adversarial"] = share * ratio * adversarial
            norms = gradient_norms(reaching, networks.last_layer, **self._gradients())
            metrics |= {f"gradient_norm_{name}": norm for name, norm in norms.items()}
        return loss, x_hat.detach(), metrics

    def _average_output(self, image: Tensor, noise: Tensor) -> Tensor:
        """What the averaged weights make of the same pictures and noise."""
        average = self.networks.average
        assert average is not None
        with torch.no_grad(), self.accelerator.autocast():
            posterior = average.encode(image).latent_dist
            return average.decode(posterior.mean + posterior.std * noise).sample.float()

    def _judged(self, x_hat: Tensor) -> Tensor:
        """The adversarial term; the discriminator itself gets nothing from it, neither gradients nor statistics."""
        discriminator = self.networks.discriminator
        assert discriminator is not None
        with frozen(discriminator), self.accelerator.autocast():
            logits = as_logits(discriminator(x_hat))
        return generator_loss(logits, self.recipe.adversarial.loss, self.recipe.adversarial.global_share)

    def _adaptive(self, rec: Tensor, adversarial: Tensor) -> Tensor:
        settings = self.recipe.adversarial
        return adaptive_weight(
            rec,
            adversarial,
            self.networks.last_layer,
            settings.delta,
            settings.max_weight,
            **self._gradients(),
        )

    def _gradients(self) -> dict[str, Any]:
        """How gradients at the last layer are taken: scaled as the scaler would, and averaged over the processes."""
        scaler = self.accelerator.scaler
        reduce = partial(self.accelerator.reduce, reduction="mean")
        return {"scale": 1.0 if scaler is None else scaler.get_scale(), "reduce": reduce}

    def _discriminator_loss(
        self, discriminator: nn.Module, real: Tensor, fake: Tensor
    ) -> tuple[Tensor, dict[str, Tensor | float]]:
        # One forward for both: one power iteration, and one pass through DistributedDataParallel.
        logits = as_logits(discriminator(torch.cat([real, fake])))
        halves = {name: value.float().chunk(2) for name, value in logits.items()}
        reals = {name: value for name, (value, _) in halves.items()}
        fakes = {name: value for name, (_, value) in halves.items()}
        settings = self.recipe.adversarial
        loss = discriminator_loss(reals, fakes, settings.loss, settings.global_share)
        return loss, {
            "discriminator": loss.detach(),
            "real_logit": mean_logit(reals, settings.global_share).detach(),
            "fake_logit": mean_logit(fakes, settings.global_share).detach(),
        }

    @contextmanager
    def _accumulating(self, module: nn.Module, last: bool) -> Iterator[None]:
        """Gradients are exchanged between processes in the last pass only."""
        with ExitStack() as stack:
            if not last:
                stack.enter_context(self.accelerator.no_sync(module))
            yield

    @dataclass(frozen=True, slots=True)
    class _Updated:
        done: bool
        norm: Tensor
        scaling: bool = False

    def _update(self, optimizer: Any, module: nn.Module, finite: Tensor) -> _Updated:
        """Clips and steps, or leaves everything as it is where a process has a loss or gradient that is not finite."""
        accelerator, clip = self.accelerator, self.recipe.optimizer.clip
        # Of this optimizer alone: the scaler forgets the others' scale when it is updated.
        accelerator.unscale_gradients(optimizer)
        parameters = [p for p in module.parameters() if p.grad is not None]
        norm = nn.utils.clip_grad_norm_(parameters, clip if clip > 0 else float("inf"))
        good = finite & norm.isfinite()
        if accelerator.num_processes > 1:
            good = accelerator.reduce(good.float(), reduction="sum") >= accelerator.num_processes
        done = bool(good.item())
        scaler = accelerator.scaler
        if done or scaler is not None:
            # A scaler finds what is not finite itself, skips, and needs to see it to choose its next scale.
            optimizer.step()
        optimizer.zero_grad()
        scaling = not done and scaler is not None and bool(finite.item()) and scaler.get_scale() >= 1
        return self._Updated(done, norm.detach(), scaling)

    @staticmethod
    def _forget(optimizer: Any | None) -> None:
        if optimizer is not None:
            optimizer.zero_grad()

    def _means(self, metrics: Mapping[str, Tensor | float], logged: bool) -> dict[str, float]:
        """Means over the processes, in one exchange."""
        if not logged:
            return {}
        device = self.accelerator.device
        values = torch.stack(
            [torch.as_tensor(v, dtype=torch.float32, device=device) for v in metrics.values()]
        )
        if self.accelerator.num_processes > 1:
            values = self.accelerator.reduce(values, reduction="mean")
        return dict(zip(metrics, values.tolist(), strict=True))


@contextmanager
def frozen(module: nn.Module) -> Iterator[None]:
    """Forward passes that change nothing in `module`: no gradients, no power iterations, no running statistics."""
    training = module.training
    wanted = [parameter.requires_grad for parameter in module.parameters()]
    norms = [m for m in module.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
    tracked = [norm.track_running_stats for norm in norms]
    module.eval().requires_grad_(False)
    for norm in norms:
        # Judged by the batch's own statistics, as while the discriminator trains.
        norm.train()
        norm.track_running_stats = False
    try:
        yield
    finally:
        module.train(training)
        for parameter, want in zip(module.parameters(), wanted, strict=True):
            parameter.requires_grad_(want)
        for norm, tracks in zip(norms, tracked, strict=True):
            norm.track_running_stats = tracks


def _set_learning_rate(optimizer: Any, rate: float) -> None:
    for group in optimizer.param_groups:
        group["lr"] = rate
