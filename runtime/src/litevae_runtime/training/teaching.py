"""What a teacher has in a run: whose encoder and whose decoder reconstruct in a phase, and what losses compare with."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from accelerate import Accelerator
from torch import Tensor

from ..common.errors import InputError
from ..losses.reconstruction import OF_IMAGES, OF_MOMENTS
from ..nn.beside import Values
from ..nn.image_autoencoder import ImageAutoencoder
from ..nn.posterior import DiagonalGaussian, Posterior
from ..nn.statistics import LatentStatistics
from ..nn.teacher import Teacher, load_teacher
from ..recipe.fields import Phase, Recipe
from ..recipe.parts import parts_of, trains_encoder


@dataclass(frozen=True, slots=True)
class Lesson:
    """What a batch is compared with."""

    # [N, C, H, W]: the images, or what the teacher makes of them.
    target: Tensor
    # What the teacher says of the latents, where that is needed.
    posterior: Posterior | None
    # The teacher's latents [N, nz, h, w], where the decoder learns from these.
    latent: Tensor | None


class Teaching:
    """The recipe's `teacher`, or that there is none."""

    def __init__(self, recipe: Recipe, teacher: Teacher | None) -> None:
        self.recipe = recipe
        self.teacher = teacher
        weights = asdict(recipe.losses)
        self.of_moments = [name for name in OF_MOMENTS if weights[name] > 0]
        self.of_images = [name for name in OF_IMAGES if weights[name] > 0]

    @property
    def sha256(self) -> str:
        """Of the teacher; empty where there is none."""
        return "" if self.teacher is None else self.teacher.sha256

    def encodes(self, phase: Phase) -> bool:
        """Whether the decoder learns from the teacher's latents."""
        alone = parts_of(phase, self.recipe) == "decoder"
        return self.teacher is not None and alone and self.recipe.teacher.encodes

    def decodes(self, phase: Phase) -> bool:
        """Whether the encoder's latents are seen through the teacher's decoder."""
        alone = parts_of(phase, self.recipe) == "encoder"
        return self.teacher is not None and alone and self.recipe.teacher.decodes

    def needs_images(self, phase: Phase) -> bool:
        """Whether the loss of a phase looks at reconstructions, and not at moments alone."""
        return bool(self.of_images) or phase.discriminator

    def lesson(self, image: Tensor, noise: Tensor, phase: Phase) -> Lesson:
        """Of images [N, C, H, W] and the noise of their latents [N, nz, h, w]."""
        teacher, encodes = self.teacher, self.encodes(phase)
        targets = self.recipe.teacher.target == "reconstruction" and bool(self.of_images)
        if teacher is None or not (encodes or targets or self.of_moments):
            return Lesson(image, None, None)
        with torch.no_grad():
            posterior = teacher.encode(image)
            latent = posterior.draw(noise) if encodes or targets else None
            target = teacher.decode(latent) if targets and latent is not None else image
        return Lesson(target, posterior, latent if encodes else None)

    def reconstructed(
        self, model: ImageAutoencoder, image: Tensor, phase: Phase, noise: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Images [N, C, H, W] as `phase` reconstructs them with `model`, and their latents; without noise from the means."""
        skips: Values = {}
        if self.teacher is not None and self.encodes(phase):
            posterior = self.teacher.encode(image)
        else:
            posterior, skips = model.encoding(image)
        latent = posterior.mode() if noise is None else posterior.draw(noise)
        if self.teacher is not None and self.decodes(phase):
            return self.teacher.decode(latent), latent
        return model.decoded(latent, skips).float(), latent

    def latents(self, phase: Phase) -> Callable[[Tensor], Tensor] | None:
        """Images [N, C, H, W] to the teacher's latents [N, nz, h, w], where the model's encoder learns these."""
        teacher = self.teacher
        if teacher is None or not self.of_moments or self.encodes(phase):
            return None
        return lambda image: teacher.encode(image).mode()

    def statistics(self, kept: LatentStatistics | None) -> LatentStatistics | None:
        """The numbers of the latents of this run's weights, None where they are to be measured.

        The teacher's, where the encoder learns its moments or the decoder its latents; those that the weights came with, `kept`,
        where the encoder stays as it is.
        """
        if self.teacher is not None and (self.of_moments or any(map(self.encodes, self.recipe.phases))):
            return self.teacher.statistics
        return None if trains_encoder(self.recipe) else kept


def teaching_of(accelerator: Accelerator, recipe: Recipe, model: type[ImageAutoencoder]) -> Teaching:
    """Loads the teacher onto the device. InputError where it cannot teach this model by this recipe."""
    if recipe.teacher.folder is None:
        teaching = Teaching(recipe, None)
        if teaching.of_moments:
            [name, *_] = teaching.of_moments
            raise InputError(
                f"losses.{name} compares with a teacher, and there is none",
                expected="teacher.folder, or no such loss",
                found=f"losses.{name}: {asdict(recipe.losses)[name]:g}, teacher.folder: null",
                remedy=f"add --set teacher.folder=FOLDER, or losses.{name}=0",
            )
    else:
        teacher = load_teacher(Path(recipe.teacher.folder), "teacher.folder")
        teacher.require_fit(model, "teacher.folder")
        if recipe.train.gradient_checkpointing:
            teacher.enable_gradient_checkpointing()
        teaching = Teaching(recipe, teacher.to(accelerator.device))
        _check_latents(teaching, teacher, model)
        for i, phase in enumerate(recipe.phases):
            teacher.require_sides([phase.resolution], f"phases.{i}.resolution")
    _check_losses(teaching)
    return teaching


def _check_latents(teaching: Teaching, teacher: Teacher, model: type[ImageAutoencoder]) -> None:
    """A divergence needs two Gaussians; a decoder that takes more than latents cannot learn from the teacher's."""
    of_model = issubclass(model.posterior_type, DiagonalGaussian)
    if "moments_kl" in teaching.of_moments and not (of_model and teacher.gaussian):
        without = teacher.name if of_model else model.name
        raise InputError(
            "losses.moments_kl is between Gaussians",
            expected="a teacher and a model whose encoders give a Gaussian",
            found=f"{without}, whose encoder gives the latent itself",
            remedy="add --set losses.moments_kl=0 losses.moments_l1=1",
        )
    crossing = [phase.name for phase in teaching.recipe.phases if teaching.encodes(phase)]
    if model.decoder_takes and crossing:
        raise InputError(
            f"the decoder of {model.name} takes more than latents, which a teacher does not give",
            expected="teacher.encodes: false",
            found=f"phase {crossing[0]}, which trains the decoder on the teacher's latents",
            remedy="add --set teacher.encodes=false",
        )


def _check_losses(teaching: Teaching) -> None:
    """Every phase has a loss that reaches what it trains; eq. 2 compares with one of images."""
    recipe = teaching.recipe
    for phase in recipe.phases:
        alone = parts_of(phase, recipe) == "encoder"
        adaptive = phase.discriminator and recipe.adversarial.mode == "adaptive"
        if teaching.of_images or (alone and teaching.of_moments and not adaptive):
            continue
        raise InputError(
            "no loss compares reconstruction and image",
            expected=f"one of losses.{', '.join(OF_IMAGES)} above 0"
            + ("" if recipe.teacher.folder is None else ", or phases that train the encoder alone"),
            found=f"0 in all of them, and phase {phase.name} needs one",
            remedy="set losses.l1=1",
        )
