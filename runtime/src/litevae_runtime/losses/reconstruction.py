"""Losses between reconstruction and image, and of the latent (arXiv:2405.14477 §4.3, §6, App. D).

Images are [N, C, H, W] in [-1, 1] with any number of channels. Every loss is a mean and so does not change with
resolution or batch, and it is computed in float32 whatever the precision of its inputs: small differences drown in
half precision. The losses on filtered images filter the difference x̂ − x, which is the same, as filters are linear.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..common.errors import InputError
from ..nn.layers import at_least_float32, haar_dwt
from ..nn.posterior import DiagonalGaussian, Posterior
from ..recipe.fields import Recipe
from .moments import moments_kl, moments_l1, moments_l2


def l1(x_hat: Tensor, x: Tensor) -> Tensor:
    """Mean absolute error."""
    return _difference(x_hat, x).abs().mean()


def kl(posterior: Posterior) -> Tensor:
    """Divergence of a Gaussian posterior from the standard Gaussian, mean per latent element."""
    if not isinstance(posterior, DiagonalGaussian):
        raise TypeError(f"the KL divergence is of a Gaussian posterior, not of {type(posterior).__name__}")
    moments = at_least_float32(torch.cat([posterior.mean, posterior.logvar], dim=1))
    return DiagonalGaussian(moments).kl().sum() / posterior.mean.numel()


def wavelet(x_hat: Tensor, x: Tensor, levels: int = 1, epsilon: float = 1e-3) -> Tensor:
    """Charbonnier distance sqrt(d² + ε²) − ε of the bands cH, cV and cD (Table 9); 0 for equal images.

    The bands are those of the orthonormal Haar transform. A level's elements are averaged, then the levels. H and W
    must be multiples of 2^levels.
    """
    approximation = _difference(x_hat, x)
    height, width = x.shape[2:]
    _check_halving((height, width), levels, f"{height} × {width}")
    means = []
    for _ in range(levels):
        bands = haar_dwt(approximation)
        channels = approximation.shape[1]
        approximation, details = bands[:, :channels], bands[:, channels:]
        means.append(_charbonnier(details, epsilon).mean())
    return torch.stack(means).mean()


def _charbonnier(d: Tensor, epsilon: float) -> Tensor:
    """The fraction is sqrt(d² + ε²) − ε without its cancellation."""
    square = d.square()
    return square / ((square + epsilon**2).sqrt() + epsilon)


def _check_halving(sides: tuple[int, ...], levels: int, found: str) -> None:
    if any(side % 2**levels for side in sides):
        raise InputError(
            f"the wavelet loss halves the sides of images {levels} times",
            expected=f"sides that are multiples of {2**levels}",
            found=found,
            remedy="choose another resolution, or fewer wavelet.levels",
        )


def gaussian(x_hat: Tensor, x: Tensor, taps: int = 5, sigma: float = 1.0) -> Tensor:
    """Mean ℓ1 between x − h(x) and x̂ − h(x̂), for a Gaussian filter h of `taps` × `taps` (Table 9).

    The borders are reflected.
    """
    difference = _difference(x_hat, x)
    _check_reflection(difference, taps, "the Gaussian loss")
    return (difference - _filtered(difference, gaussian_kernel(taps, sigma))).abs().mean()


def gaussian_kernel(taps: int, sigma: float) -> list[float]:
    """Samples of a Gaussian at whole distances from the middle, with sum 1."""
    samples = [math.exp(-0.5 * ((i - taps // 2) / sigma) ** 2) for i in range(taps)]
    return [sample / sum(samples) for sample in samples]


def _filtered(x: Tensor, kernel: list[float]) -> Tensor:
    """Filters columns and rows with reflected borders. Sums of shifted copies, as convolutions may round to TF32."""
    reach = len(kernel) // 2
    for axis, padding in ((2, (0, 0, reach, reach)), (3, (reach, reach, 0, 0))):
        size = x.shape[axis]
        padded = F.pad(x, padding, mode="reflect")
        x = sum((k * padded.narrow(axis, i, size) for i, k in enumerate(kernel)), x.new_zeros(()))
    return x


def _check_reflection(x: Tensor, window: int, what: str) -> None:
    height, width = x.shape[2:]
    if min(height, width) <= window // 2:
        raise InputError(
            f"{what} has a window of {window} pixels and reflects the borders",
            expected=f"sides above {window // 2}",
            found=f"{height} × {width}",
            remedy="choose larger resolutions",
        )


LDL_WINDOW = 7


def ldl(x_hat: Tensor, x: Tensor, ema_x_hat: Tensor) -> Tensor:
    """Locally discriminative loss (Liang, Zeng, Zhang 2022, arXiv:2203.09195 §3): mean of |residual| times artefact map.

    The map is detached. Images are moved to [0, 1], the paper's range.
    """
    residual = _difference(x_hat, x) / 2
    with torch.no_grad():
        artefacts = artefact_map(residual, _difference(ema_x_hat, x) / 2)
    return (artefacts * residual.abs()).mean()


def artefact_map(residual: Tensor, ema_residual: Tensor) -> Tensor:
    """Where the residual looks like an artefact: [N, C, H, W] twice -> [N, 1, H, W].

    The residual's variance in a window of 7 × 7, times its variance over the whole image to the power 1/5, and 0
    where the averaged model's residual is the larger: there the model departs from it to the better. Variances are
    of the population, borders are reflected. Choices of this project: the local variance and the size of a residual are
    means over the channels.
    """
    _check_reflection(residual, LDL_WINDOW, "the LDL loss")
    # Centred first: a difference of large squares would lose the variance.
    centred = residual - residual.mean(dim=(2, 3), keepdim=True)
    local = (_window_mean(centred.square()) - _window_mean(centred).square()).clamp_min(0)
    whole = residual.var(dim=(1, 2, 3), correction=0, keepdim=True)
    worse = residual.abs().mean(dim=1, keepdim=True) >= ema_residual.abs().mean(dim=1, keepdim=True)
    return whole.pow(1 / 5) * local.mean(dim=1, keepdim=True) * worse


def _window_mean(x: Tensor) -> Tensor:
    return F.avg_pool2d(F.pad(x, (LDL_WINDOW // 2,) * 4, mode="reflect"), LDL_WINDOW, stride=1)


def _difference(x_hat: Tensor, x: Tensor) -> Tensor:
    """x̂ − x in float32 or wider. Shapes must be equal: broadcasting would hide a lost channel."""
    if x_hat.shape != x.shape or x.dim() != 4:
        raise ValueError(
            f"reconstruction and image are both [N, C, H, W], not {list(x_hat.shape)} and {list(x.shape)}"
        )
    return at_least_float32(x_hat) - at_least_float32(x)


def _given(ema_x_hat: Tensor | None) -> Tensor:
    if ema_x_hat is None:
        raise InputError(
            "the LDL loss needs the averaged model's reconstruction",
            expected="ema_x_hat",
            found="None",
            remedy="give it, or set losses.ldl=0",
        )
    return ema_x_hat


@dataclass(frozen=True, slots=True)
class _Batch:
    """What a term may look at."""

    x_hat: Tensor | None
    x: Tensor
    posterior: Posterior | None
    ema_x_hat: Tensor | None
    # What layers of the model said of themselves: `loss_terms` of nn.layers.
    of_layers: Mapping[str, Tensor]
    # What a teacher says of the latents.
    taught: Posterior | None
    perceptual: nn.Module | None
    recipe: Recipe

    def images(self) -> tuple[Tensor, Tensor]:
        assert self.x_hat is not None, "terms of images are left out where there is no reconstruction"
        return self.x_hat, self.x

    def encoded(self) -> Posterior:
        assert self.posterior is not None, "terms of the latent are left out where the encoder is not run"
        return self.posterior

    def posteriors(self) -> tuple[Posterior, Posterior]:
        assert self.taught is not None, "held by the recipe's teacher"
        return self.encoded(), self.taught


def _perceptual(batch: _Batch) -> Tensor:
    assert batch.perceptual is not None, "held by ReconstructionLosses"
    x_hat, x = batch.images()
    distance: Tensor = batch.perceptual(at_least_float32(x_hat), at_least_float32(x))
    return distance.mean()


def _of_layers(name: str) -> Callable[[_Batch], Tensor]:
    """A term that layers of the model computed; KeyError where none of them did."""
    return lambda batch: at_least_float32(batch.of_layers[name])


# Terms that layers have: what they quantize, and how.
OF_LAYERS = ("commitment", "codebook", "entropy")

# Every term, unweighted, under its name in recipe.losses; a test holds the recipe's fields and the report's curves to it.
TERMS: Mapping[str, Callable[[_Batch], Tensor]] = {
    "l1": lambda batch: l1(*batch.images()),
    "perceptual": _perceptual,
    "kl": lambda batch: kl(batch.encoded()),
    "wavelet": lambda batch: wavelet(
        *batch.images(), batch.recipe.wavelet.levels, batch.recipe.wavelet.epsilon
    ),
    "gaussian": lambda batch: gaussian(
        *batch.images(), batch.recipe.gaussian.taps, batch.recipe.gaussian.sigma
    ),
    "ldl": lambda batch: ldl(*batch.images(), _given(batch.ema_x_hat)),
    **{name: _of_layers(name) for name in OF_LAYERS},
    "moments_l1": lambda batch: moments_l1(*batch.posteriors()),
    "moments_l2": lambda batch: moments_l2(*batch.posteriors()),
    "moments_kl": lambda batch: moments_kl(*batch.posteriors()),
}

# Those that compare an encoder with a teacher's.
OF_MOMENTS = ("moments_l1", "moments_l2", "moments_kl")

# Those that compare no images, and of which the decoder's last layer gets no gradient.
OF_LATENT = frozenset({"kl", *OF_LAYERS, *OF_MOMENTS})

# Those that compare reconstruction and image.
OF_IMAGES = tuple(name for name in TERMS if name not in OF_LATENT)


class ReconstructionLosses(nn.Module):
    """The terms of L_rec and the KL divergence, those whose weight in the recipe is above 0.

    `losses(x_hat, x, posterior, ema_x_hat, of_layers)` gives each term unweighted, a float32 scalar under its name in
    recipe.losses; `losses.total(terms)` is their weighted sum, L_rec + λ_reg·KL of eq. 1. Terms of images are left out where
    there is no reconstruction `x_hat`, those of the latent where there is no `posterior`; `taught` is the teacher's, with which
    moments are compared. `perceptual` is a module
    (x_hat, x) -> [N] or scalar; `ema_x_hat`, for ldl, is the averaged model's reconstruction of the same latent,
    `of_layers` what `loss_terms` of nn.layers found in the forward pass.
    A term that is asked for and cannot be computed is a InputError.
    """

    def __init__(self, recipe: Recipe, perceptual: nn.Module | None) -> None:
        super().__init__()
        self.weights = {name: weight for name, weight in asdict(recipe.losses).items() if weight > 0}
        self.perceptual = perceptual if "perceptual" in self.weights else None
        self.recipe = recipe
        self._check()

    def _check(self) -> None:
        recipe = self.recipe
        if "perceptual" in self.weights and self.perceptual is None:
            raise InputError(
                "the perceptual loss has a weight and no network",
                found=f"losses.perceptual = {recipe.losses.perceptual:g}",
                remedy="give the network of recipe.perceptual, or set losses.perceptual=0",
            )
        if "ldl" in self.weights and recipe.ema.decay == 0:
            raise InputError(
                "the LDL loss compares with the averaged model, and none is kept",
                found=f"losses.ldl = {recipe.losses.ldl:g} and ema.decay = 0",
                remedy="set ema.decay=0.9999, or losses.ldl=0",
            )
        if "wavelet" in self.weights:
            for i, phase in enumerate(recipe.phases):
                found = f"phases.{i}.resolution = {phase.resolution}"
                _check_halving((phase.resolution,), recipe.wavelet.levels, found)

    @property
    def needs_ema(self) -> bool:
        """Whether `ema_x_hat` must be given."""
        return "ldl" in self.weights

    def forward(
        self,
        x_hat: Tensor | None,
        x: Tensor,
        posterior: Posterior | None,
        ema_x_hat: Tensor | None = None,
        of_layers: Mapping[str, Tensor] = MappingProxyType({}),
        taught: Posterior | None = None,
    ) -> dict[str, Tensor]:
        batch = _Batch(x_hat, x, posterior, ema_x_hat, of_layers, taught, self.perceptual, self.recipe)
        without = {*(OF_IMAGES if x_hat is None else ()), *(OF_LATENT if posterior is None else ())}
        with torch.autocast(x.device.type, enabled=False):
            return {name: TERMS[name](batch) for name in self.weights if name not in without}

    def total(self, terms: Mapping[str, Tensor]) -> Tensor:
        """The weighted sum of what a call gave."""
        return torch.stack([self.weights[name] * term for name, term in terms.items()]).sum()
