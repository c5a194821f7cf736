"""rFID: the Fréchet distance between Inception features of reconstructions and of the images they are of (torchmetrics)."""

import io
from pathlib import Path

import torch
from accelerate import PartialState
from accelerate.utils import reduce
from torch import Tensor

from ..common.errors import InputError, WeightsError
from ..common.text import first_line
from ..nn.published import read_published
from .imports import import_torchmetrics

# Features of Inception's last pooling. Fewer images than that leave the covariances without full rank.
FEATURES = 2048


class Frechet:
    """Collects features of both sides, a side length after the other."""

    def __init__(self, weights: Path, device: torch.device) -> None:
        fid = import_torchmetrics("image.fid")
        try:
            state = read_published(weights)
            # The file is read safely here and handed on as bytes: torch-fidelity would execute what a file contains.
            file = io.BytesIO()
            torch.save(state, file)
            file.seek(0)
            self._metric = fid.FrechetInceptionDistance(
                feature=FEATURES, feature_extractor_weights_path=file, antialias=False, sync_on_compute=False
            )
        except (WeightsError, RuntimeError) as error:
            raise InputError(
                f"{weights} are not Inception's weights as torch-fidelity publishes them",
                found=first_line(error),
                remedy="fetch the file again",
            ) from error
        self._metric.to(device)

    def update(self, x_hat: Tensor, x: Tensor) -> None:
        """Adds reconstructions and images [N, 3, H, W] in [-1, 1]."""
        for images, real in ((x_hat, False), (x, True)):
            eight_bits = ((images.float().clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)
            self._metric.update(eight_bits, real=real)

    def result(self) -> float | None:
        """The distance over all processes' images, on the main process; None for fewer than two images. Begins anew."""
        metric = self._metric
        for name, value in metric.metric_state.items():
            setattr(metric, name, reduce(value, reduction="sum"))
        count = int(metric.real_features_num_samples)
        found = None
        if PartialState().is_main_process and count >= 2:
            # What compute rounds to: without this, float32.
            metric.orig_dtype = torch.float64
            found = float(metric.compute())
        metric.reset()
        return found
