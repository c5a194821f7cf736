"""The metrics of an evaluation and of a run's validation, each once: command line, result, tables, the choice of the best
checkpoint and, held by tests, the HTML report and the recipe's schema follow it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Figure:
    """A number that a metric gives: at every size of an evaluation, or of the validation images."""

    # in the result's `sizes`, or behind validation_ in metrics.jsonl
    key: str
    heading: str
    digits: int
    better: Literal["lower", "higher"]

    def improves(self, value: float, on: float) -> bool:
        return value > on if self.better == "higher" else value < on


PSNR = Figure("psnr", "PSNR", 2, "higher")

# What validation measures, by what `checkpoints.best_by` calls it; perceptual where the recipe has that loss.
VALIDATION = {
    figure.key: figure
    for figure in (PSNR, Figure("l1", "ℓ1", 4, "lower"), Figure("perceptual", "perceptual", 4, "lower"))
}


@dataclass(frozen=True, slots=True)
class QualityMetric:
    """What compares reconstructions with their images."""

    # in --metrics
    name: str
    figures: Sequence[Figure]
    # measured of each image and then averaged, not of all of them together
    per_image: bool
    # what the number is, for the result's protocol
    definition: str


QUALITY = (
    QualityMetric(
        "rfid",
        [Figure("rfid", "rFID", 3, "lower")],
        per_image=False,
        definition="torchmetrics' FrechetInceptionDistance over torch-fidelity's Inception, pool3 features; images rounded to "
        "8 bits and resized to 299×299 as in TensorFlow 1 (bilinear, not antialiased)",
    ),
    QualityMetric(
        "lpips",
        [Figure("lpips_vgg", "LPIPS VGG", 4, "lower"), Figure("lpips_alex", "LPIPS Alex", 4, "lower")],
        per_image=True,
        definition="v0.1, lpips_vgg with VGG16, lpips_alex with AlexNet; at the size itself; per image, then averaged",
    ),
    QualityMetric(
        "psnr",
        [PSNR],
        per_image=True,
        definition="per image, then averaged over those that are finite",
    ),
    QualityMetric(
        "ssim",
        [Figure("ssim", "SSIM", 4, "higher")],
        per_image=True,
        definition="on all channels, Gaussian window of 11 taps, σ = 1.5, data range 1, K = 0.01 and 0.03, population "
        "covariances, the mean over positions whose window lies inside the image (torchmetrics, float64); per image, "
        "then averaged",
    ),
)

# Metrics that are measured at one size: of latents, and of a decoder's feature maps.
AT_ONE_SIZE = ("mmd", "imbalance")

NAMES = (*(metric.name for metric in QUALITY), *AT_ONE_SIZE)

# Keys of the result's `sizes`.
FIGURES = tuple(figure.key for metric in QUALITY for figure in metric.figures)
PER_IMAGE = tuple(figure.key for metric in QUALITY if metric.per_image for figure in metric.figures)
