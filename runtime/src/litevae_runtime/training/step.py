"""One optimizer step: the autoencoder's, and against it the discriminator's."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import torch
from accelerate import Accelerator
from torch import Tensor, nn

from ..data.noise import noise_for
from ..data.sets import Batch
from ..losses.adversarial import (
    adaptive_weight,
    as_logits,
    discriminator_loss,
    frozen,
    generator_loss,
    gradient_norms,
    mean_logit,
    weight_at,
)
from ..losses.reconstruction import OF_LATENT, ReconstructionLosses
from ..metrics.psnr import psnr
from ..nn.layers import without_power_iteration
from ..recipe.fields import Recipe
from .ema import decay_at, update_average
from .networks import Networks, Optimizers, posterior_of
from .schedule import At

Metrics = dict[str, Tensor | float]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class StepResult:
    # Means over processes and accumulated passes; filled where the step is logged.
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
        updated, fakes, metrics = self._train_autoencoder(batches, at, logged)
        if not updated.done:
            if self.optimizers.discriminator is not None:
                self.optimizers.discriminator.zero_grad()
        else:
            if self.networks.average is not None:
                decay = decay_at(at.step, self.recipe.ema)
                update_average(self.networks.average, self.networks.autoencoder, decay)
            if at.phase.discriminator:
                updated, found = self._train_discriminator([batch["image"] for batch in batches], fakes, at)
                metrics |= found
        return StepResult(self._means(metrics) if logged else {}, not updated.done, updated.scaling)

    def _train_autoencoder(
        self, batches: Sequence[Batch], at: At, logged: bool
    ) -> tuple["_Updated", list[Tensor], Metrics]:
        """The update, the reconstructions from before it without their graph, and metrics."""
        optimizer, module = self.optimizers.autoencoder, self.networks.reconstruction
        _set_learning_rate(optimizer, at.learning_rate)
        fakes, found = [], []
        for batch in self._passes(module, batches):
            loss, fake, metrics = self._autoencoder_loss(batch, at, logged)
            self.accelerator.backward(loss / len(batches))
            fakes.append(fake)
            found.append(metrics)
        merged = _averaged(found)
        updated = self._update(optimizer, module, merged["loss"])
        return updated, fakes, merged | {"gradient_norm": updated.norm}

    def _train_discriminator(
        self, reals: Sequence[Tensor], fakes: Sequence[Tensor], at: At
    ) -> tuple["_Updated", Metrics]:
        optimizer, module = self.optimizers.discriminator, self.networks.prepared_discriminator
        assert optimizer is not None and module is not None
        _set_learning_rate(optimizer, at.discriminator_learning_rate)
        found = []
        pairs = list(zip(reals, fakes, strict=True))
        for i, (real, fake) in enumerate(self._passes(module, pairs)):
            loss, metrics = self._discriminator_loss(module, real, fake, first=i == 0)
            self.accelerator.backward(loss / len(pairs))
            found.append(metrics)
        merged = _averaged(found)
        updated = self._update(optimizer, module, merged["discriminator"])
        return updated, merged | {"discriminator_gradient_norm": updated.norm}

    def _passes(self, module: nn.Module, items: Sequence[T]) -> Iterator[T]:
        """The accumulated passes; gradients are exchanged between processes in the last one only."""
        for item in items[:-1]:
            with self.accelerator.no_sync(module):
                yield item
        yield items[-1]

    def _autoencoder_loss(self, batch: Batch, at: At, logged: bool) -> tuple[Tensor, Tensor, Metrics]:
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
        metrics: Metrics = {name: value.detach() for name, value in terms.items()}

        share = weight_at(at.discriminator_step, self.recipe.adversarial) if at.phase.discriminator else 0.0
        if share > 0:
            rec = self.losses.total({name: value for name, value in terms.items() if name not in OF_LATENT})
            adversarial = self._judged(x_hat)
            ratio = self._adaptive(rec, adversarial) if self.recipe.adversarial.mode == "adaptive" else 1.0
            loss = loss + share * ratio * adversarial
            metrics |= {"adversarial": adversarial.detach(), "adversarial_weight": share * ratio}
        metrics["loss"] = loss.detach()
        if logged:
            metrics["psnr"] = psnr(x_hat.detach(), batch["image"]).mean()
            reaching = {
                name: self.losses.total({name: value})
                for name, value in terms.items()
                if name not in OF_LATENT
            }
            if share > 0:
                reaching["adversarial"] = share * ratio * adversarial
            norms = gradient_norms(reaching, networks.last_layer, **self._gradients())
            metrics |= {f"gradient_norm_{name}": norm for name, norm in norms.items()}
        return loss, x_hat.detach(), metrics

    def _average_output(self, image: Tensor, noise: Tensor) -> Tensor:
        """What the EMA weights make of the same images and noise."""
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
        self, discriminator: nn.Module, real: Tensor, fake: Tensor, first: bool
    ) -> tuple[Tensor, Metrics]:
        # Each on its own, since statistics over a batch should not mix them; one power iteration a step.
        with without_power_iteration(discriminator, held=not first):
            reals = as_logits(discriminator(real))
        with without_power_iteration(discriminator):
            fakes = as_logits(discriminator(fake))
        settings = self.recipe.adversarial
        loss = discriminator_loss(reals, fakes, settings.loss, settings.global_share)
        return loss, {
            "discriminator": loss.detach(),
            "real_logit": mean_logit(reals, settings.global_share).detach(),
            "fake_logit": mean_logit(fakes, settings.global_share).detach(),
        }

    def _update(self, optimizer: Any, module: nn.Module, loss: Tensor | float) -> "_Updated":
        """Clips and steps, or leaves everything as it is where a process has a loss or gradient that is not finite."""
        accelerator, clip = self.accelerator, self.recipe.optimizer.clip
        # Of this optimizer alone: the scaler forgets the others' scale when it is updated.
        accelerator.unscale_gradients(optimizer)
        parameters = [p for p in module.parameters() if p.grad is not None]
        norm = nn.utils.clip_grad_norm_(parameters, clip if clip > 0 else float("inf"))
        finite = torch.as_tensor(loss, device=accelerator.device).isfinite()
        # Whether the loss is finite, and with it the gradient, on every process: all must decide alike.
        flags = torch.stack([finite, finite & norm.isfinite()]).float()
        if accelerator.num_processes > 1:
            flags = accelerator.reduce(flags, reduction="sum") / accelerator.num_processes
        sound, done = (flag >= 1 for flag in flags.tolist())
        scaler = accelerator.scaler
        if done:
            optimizer.step()
        elif scaler is not None:
            # Which chooses its next scale by what it met.
            scaler.update()
        optimizer.zero_grad()
        scaling = not done and scaler is not None and sound and scaler.get_scale() >= 1
        return _Updated(done, norm.detach(), scaling)

    def _means(self, metrics: Metrics) -> dict[str, float]:
        """Means over the processes, in one exchange."""
        device = self.accelerator.device
        values = torch.stack(
            [torch.as_tensor(v, dtype=torch.float32, device=device) for v in metrics.values()]
        )
        if self.accelerator.num_processes > 1:
            values = self.accelerator.reduce(values, reduction="mean")
        return dict(zip(metrics, values.tolist(), strict=True))


@dataclass(frozen=True, slots=True)
class _Updated:
    done: bool
    norm: Tensor
    scaling: bool = False


def _averaged(found: Sequence[Metrics]) -> Metrics:
    """Means over the accumulated passes."""
    return {name: sum(metrics[name] for metrics in found) / len(found) for name in found[0]}


def _set_learning_rate(optimizer: Any, rate: float) -> None:
    for group in optimizer.param_groups:
        group["lr"] = rate
