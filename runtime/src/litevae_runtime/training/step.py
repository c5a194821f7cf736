"""One optimizer step: the autoencoder's, and against it the discriminator's."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
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
    gradient_at,
    gradient_norms,
    mean_logit,
    share_at,
)
from ..losses.reconstruction import OF_LATENT, ReconstructionLosses
from ..metrics.psnr import psnr
from ..nn.layers import without_power_iteration
from ..recipe.fields import Recipe
from .buffers import Buffers, repeatable
from .ema import decay_at, update_average
from .networks import Networks, Optimizers
from .schedule import At

Metrics = dict[str, Tensor | float]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class StepResult:
    # Means over processes and accumulated passes; filled where the step is logged.
    metrics: dict[str, float]
    # The loss or a gradient was not finite, and nothing was changed; where it was the discriminator's, of that alone.
    skipped: bool
    # A GradScaler that looks for its scale skips steps too: no sign of trouble.
    scaling: bool = False


class TrainingStep:
    """Both updates of a step (arXiv:2405.14477 eq. 1). The discriminator sees what the autoencoder gave before its update."""

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
        moved = Buffers(self.networks.autoencoder)
        updated, fakes, metrics = self._train_autoencoder(batches, at, logged)
        if not updated.done:
            moved.restore()
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
        weight = self._weight_of_passes(batches, at)
        for batch in self._passes(module, batches):
            loss, fake, metrics = self._autoencoder_loss(batch, at, logged, weight)
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
        moved = Buffers(module)
        _set_learning_rate(optimizer, at.discriminator_learning_rate)
        found = []
        pairs = list(zip(reals, fakes, strict=True))
        for i, (real, fake) in enumerate(self._passes(module, pairs)):
            loss, metrics = self._discriminator_loss(module, real, fake, first=i == 0)
            self.accelerator.backward(loss / len(pairs))
            found.append(metrics)
        merged = _averaged(found)
        updated = self._update(optimizer, module, merged["discriminator"])
        if not updated.done:
            moved.restore()
        return updated, merged | {"discriminator_gradient_norm": updated.norm}

    def _passes(self, module: nn.Module, items: Sequence[T]) -> Iterator[T]:
        """The accumulated passes; gradients are exchanged between processes in the last one only."""
        for item in items[:-1]:
            with self.accelerator.no_sync(module):
                yield item
        yield items[-1]

    def _autoencoder_loss(
        self, batch: Batch, at: At, logged: bool, weight: Tensor | None
    ) -> tuple[Tensor, Tensor, Metrics]:
        """The loss, the reconstruction without its graph, and metrics; `weight` is the adaptive one where it is known already."""
        networks = self.networks
        x_hat, terms = self._reconstructed(batch)
        loss = self.losses.total(terms)
        metrics: Metrics = {name: value.detach() for name, value in terms.items()}

        settings = self.recipe.adversarial
        share = self._share(at)
        if share > 0:
            adversarial = self._judged(x_hat)
            if settings.mode == "constant":
                weighs: Tensor | float = settings.weight * share
            else:
                weighs = share * (
                    self._adaptive([self._gradients(terms, adversarial)]) if weight is None else weight
                )
            loss = loss + weighs * adversarial
            metrics |= {"adversarial": adversarial.detach(), "adversarial_weight": weighs}
        metrics["loss"] = loss.detach()
        if logged:
            metrics["psnr"] = psnr(x_hat.detach(), batch["image"]).mean()
            reaching = {
                name: self.losses.total({name: value})
                for name, value in terms.items()
                if name not in OF_LATENT
            }
            if share > 0:
                reaching["adversarial"] = weighs * adversarial
            norms = gradient_norms(reaching, networks.last_layer, self._scale(), self._mean)
            metrics |= {f"gradient_norm_{name}": norm for name, norm in norms.items()}
        return loss, x_hat.detach(), metrics

    def _reconstructed(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """The reconstruction and the terms of its loss."""
        model = self.networks.autoencoder
        height, width = batch["image"].shape[2:]
        shape = (model.latent_channels, height // model.stride, width // model.stride)
        noise = noise_for(batch["position"], shape, self.recipe.seed, batch["image"].device)
        output, moments, of_layers = self.networks.reconstruction(batch["image"], noise)
        x_hat = output.float()
        average = self._average_output(batch["image"], noise) if self.losses.needs_ema else None
        posterior = model.posterior_type(moments.float())
        return x_hat, self.losses(x_hat, batch["image"], posterior, average, of_layers)

    def _share(self, at: At) -> float:
        return share_at(at.discriminator_step, self.recipe.adversarial) if at.phase.discriminator else 0.0

    def _weight_of_passes(self, batches: Sequence[Batch], at: At) -> Tensor | None:
        """The adaptive weight of several accumulated passes, which all have to be seen before the first is trained on.

        None where there is no such weight, or a single pass, whose own forward pass will do.
        """
        if len(batches) == 1 or self.recipe.adversarial.mode == "constant" or self._share(at) == 0:
            return None
        module = self.networks.reconstruction
        gradients = []
        with self.accelerator.no_sync(module), repeatable(module, self.accelerator.device):
            for batch in batches:
                x_hat, terms = self._reconstructed(batch)
                gradients.append(self._gradients(terms, self._judged(x_hat)))
        return self._adaptive(gradients)

    def _gradients(self, terms: Mapping[str, Tensor], adversarial: Tensor) -> tuple[Tensor, Tensor]:
        """At the last layer, of the reconstruction's loss and of the adversarial one, on this process."""
        rec = self.losses.total({name: value for name, value in terms.items() if name not in OF_LATENT})
        last, scale = self.networks.last_layer, self._scale()
        return gradient_at(last, rec, scale), gradient_at(last, adversarial, scale)

    def _adaptive(self, gradients: Sequence[tuple[Tensor, Tensor]]) -> Tensor:
        settings = self.recipe.adversarial
        rec, adv = (self._mean(torch.stack(those).mean(dim=0)) for those in zip(*gradients, strict=True))
        return adaptive_weight(rec, adv, settings.delta, settings.max_weight)

    def _average_output(self, image: Tensor, noise: Tensor) -> Tensor:
        """What the EMA weights make of the same images and noise."""
        average = self.networks.average
        assert average is not None
        with torch.no_grad(), self.accelerator.autocast():
            posterior, skips = average.encoding(image)
            return average.decoded(posterior.draw(noise), skips).float()

    def _judged(self, x_hat: Tensor) -> Tensor:
        """The adversarial term; the discriminator itself gets nothing from it, neither gradients nor statistics."""
        discriminator = self.networks.discriminator
        assert discriminator is not None
        with frozen(discriminator), self.accelerator.autocast():
            logits = as_logits(discriminator(x_hat))
        return generator_loss(logits, self.recipe.adversarial.loss, self.recipe.adversarial.global_share)

    def _scale(self) -> float:
        """What keeps float16 gradients from underflow."""
        scaler = self.accelerator.scaler
        return 1.0 if scaler is None else scaler.get_scale()

    def _mean(self, gradient: Tensor) -> Tensor:
        return self.accelerator.reduce(gradient, reduction="mean")

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
