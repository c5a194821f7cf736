"""One optimizer step: the autoencoder's, and against it the discriminator's."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

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
from ..losses.reconstruction import OF_LATENT, OF_LAYERS, ReconstructionLosses
from ..metrics.psnr import psnr
from ..nn.layers import without_power_iteration
from ..recipe.fields import Recipe
from .buffers import Buffers, repeatable
from .ema import decay_at, update_average
from .networks import Networks, Optimizers
from .schedule import At
from .teaching import Lesson
from .update import Updated, set_learning_rate, update

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
        # The phase whose parts are trained now.
        self._phase: int | None = None

    def __call__(self, batches: Sequence[Batch], at: At, logged: bool) -> StepResult:
        """Trains on the accumulated passes of one step; `logged` asks for metrics, which cost a little."""
        if at.phase_index != self._phase:
            self._begin_phase(at.phase_index)
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

    def _begin_phase(self, index: int) -> None:
        """Trains what the phase trains; what it freezes leaves nothing behind in the optimizer."""
        self._phase = index
        self.networks.parts.train(self.networks.parts.of_phases[index])
        optimizer = self.optimizers.autoencoder
        for group in optimizer.param_groups:
            for parameter in group["params"]:
                if not parameter.requires_grad:
                    optimizer.state.pop(parameter, None)

    def _train_autoencoder(
        self, batches: Sequence[Batch], at: At, logged: bool
    ) -> tuple[Updated, list[Tensor], Metrics]:
        """The update, the reconstructions from before it without their graph, and metrics."""
        optimizer, module = self.optimizers.autoencoder, self.networks.reconstruction
        set_learning_rate(optimizer, at.learning_rate)
        fakes, found = [], []
        weight = self._weight_of_passes(batches, at)
        for batch in self._passes(module, batches):
            loss, fake, metrics = self._autoencoder_loss(batch, at, logged, weight)
            self.accelerator.backward(loss / len(batches))
            if fake is not None:
                fakes.append(fake)
            found.append(metrics)
        merged = _averaged(found)
        updated = update(self.accelerator, optimizer, module, merged["loss"], self.recipe.optimizer.clip)
        return updated, fakes, merged | {"gradient_norm": updated.norm}

    def _train_discriminator(
        self, reals: Sequence[Tensor], fakes: Sequence[Tensor], at: At
    ) -> tuple[Updated, Metrics]:
        optimizer, module = self.optimizers.discriminator, self.networks.prepared_discriminator
        assert optimizer is not None and module is not None
        moved = Buffers(module)
        set_learning_rate(optimizer, at.discriminator_learning_rate)
        found = []
        pairs = list(zip(reals, fakes, strict=True))
        for i, (real, fake) in enumerate(self._passes(module, pairs)):
            loss, metrics = self._discriminator_loss(module, real, fake, first=i == 0)
            self.accelerator.backward(loss / len(pairs))
            found.append(metrics)
        merged = _averaged(found)
        updated = update(
            self.accelerator, optimizer, module, merged["discriminator"], self.recipe.optimizer.clip
        )
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
    ) -> tuple[Tensor, Tensor | None, Metrics]:
        """The loss, the reconstruction without its graph, and metrics; `weight` is the adaptive one where it is known already."""
        networks, parts = self.networks, self.networks.parts.of_phases[at.phase_index]
        x_hat, terms = self._reconstructed(batch, at)
        loss = self.losses.total(terms)
        metrics: Metrics = {name: value.detach() for name, value in terms.items()}

        settings = self.recipe.adversarial
        share = self._share(at)
        if share > 0:
            assert x_hat is not None, "a phase with a discriminator reconstructs"
            adversarial = self._judged(x_hat)
            if settings.mode == "constant":
                weighs: Tensor | float = settings.weight * share
            else:
                weighs = share * (
                    self._adaptive([self._gradients(terms, adversarial, at)]) if weight is None else weight
                )
            loss = loss + weighs * adversarial
            metrics |= {"adversarial": adversarial.detach(), "adversarial_weight": weighs}
        metrics["loss"] = loss.detach()
        if logged:
            if x_hat is not None:
                metrics["psnr"] = psnr(x_hat.detach(), batch["image"]).mean()
            # The encoder's last layer is reached by what is said of latents, too.
            passed_by = OF_LAYERS if parts == "encoder" else OF_LATENT
            reaching = {
                name: self.losses.total({name: value})
                for name, value in terms.items()
                if name not in passed_by
            }
            if share > 0:
                reaching["adversarial"] = weighs * adversarial
            last = networks.parts.last_layer(parts)
            norms = gradient_norms(reaching, last, self._scale(), self._mean)
            metrics |= {f"gradient_norm_{name}": norm for name, norm in norms.items()}
        return loss, None if x_hat is None else x_hat.detach(), metrics

    def _reconstructed(self, batch: Batch, at: At) -> tuple[Tensor | None, dict[str, Tensor]]:
        """The reconstruction, where the loss of the phase looks at it, and the terms of the loss."""
        model, teaching = self.networks.autoencoder, self.networks.teaching
        height, width = batch["image"].shape[2:]
        shape = (model.latent_channels, height // model.stride, width // model.stride)
        noise = noise_for(batch["position"], shape, self.recipe.seed, batch["image"].device)
        lesson = teaching.lesson(batch["image"], noise, at.phase)
        teacher = teaching.teacher if teaching.decodes(at.phase) else None
        output, moments, of_layers = self.networks.reconstruction(
            batch["image"], noise, lesson.latent, teacher is None
        )
        x_hat = output.float() if teacher is None else None
        if teacher is not None and teaching.needs_images(at.phase):
            x_hat = teacher.decode(output)
        posterior = None if moments is None else model.posterior_type(moments.float())
        average = self._average_output(batch["image"], noise, at, lesson) if self.losses.needs_ema else None
        return x_hat, self.losses(x_hat, lesson.target, posterior, average, of_layers, lesson.posterior)

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
                x_hat, terms = self._reconstructed(batch, at)
                assert x_hat is not None, "a phase with a discriminator reconstructs"
                gradients.append(self._gradients(terms, self._judged(x_hat), at))
        return self._adaptive(gradients)

    def _gradients(self, terms: Mapping[str, Tensor], adversarial: Tensor, at: At) -> tuple[Tensor, Tensor]:
        """At the last layer, of the reconstruction's loss and of the adversarial one, on this process."""
        rec = self.losses.total({name: value for name, value in terms.items() if name not in OF_LATENT})
        parts = self.networks.parts
        last, scale = parts.last_layer(parts.of_phases[at.phase_index]), self._scale()
        return gradient_at(last, rec, scale), gradient_at(last, adversarial, scale)

    def _adaptive(self, gradients: Sequence[tuple[Tensor, Tensor]]) -> Tensor:
        settings = self.recipe.adversarial
        rec, adv = (self._mean(torch.stack(those).mean(dim=0)) for those in zip(*gradients, strict=True))
        return adaptive_weight(rec, adv, settings.delta, settings.max_weight)

    def _average_output(self, image: Tensor, noise: Tensor, at: At, lesson: Lesson) -> Tensor:
        """What the EMA weights make of the same images and noise, or of the teacher's latents."""
        average = self.networks.average
        assert average is not None
        with torch.no_grad(), self.accelerator.autocast():
            if lesson.latent is not None:
                return average.decoded(lesson.latent).float()
            return self.networks.teaching.reconstructed(average, image, at.phase, noise)[0]

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

    def _means(self, metrics: Metrics) -> dict[str, float]:
        """Means over the processes, in one exchange."""
        device = self.accelerator.device
        values = torch.stack(
            [torch.as_tensor(v, dtype=torch.float32, device=device) for v in metrics.values()]
        )
        if self.accelerator.num_processes > 1:
            values = self.accelerator.reduce(values, reduction="mean")
        return dict(zip(metrics, values.tolist(), strict=True))


def _averaged(found: Sequence[Metrics]) -> Metrics:
    """Means over the accumulated passes."""
    return {name: sum(metrics[name] for metrics in found) / len(found) for name in found[0]}
