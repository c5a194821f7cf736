"""The adaptive weight of a run is Table 8's formula over the step's whole batch (arXiv:2405.14477)."""

import json
from pathlib import Path
from typing import Any

import pytest
from sets import write_images
from small_runs import train

# One loss at the last layer beside the adversarial one, so that the log has both norms; batches that divide by four.
ADAPTIVE = (
    "--set",
    *("adversarial.mode=adaptive", "adversarial.warmup=0", "adversarial.ramp=2", "optimizer.eps=0.01"),
    *("losses.wavelet=0", "losses.gaussian=0", "losses.ldl=0", "losses.kl=0", "train.channels_last=false"),
    *("phases.0.batch=4", "phases.1.batch=4"),
)


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_images(tmp_path_factory.mktemp("set") / "images", 12)


def lines(run: Path, images: Path, *settings: str) -> list[dict[str, Any]]:
    """What was logged of the steps that have a discriminator."""
    assert train(run, images, *ADAPTIVE, *settings) == 0
    logged = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [line for line in logged if "adversarial_weight" in line]


def test_the_weight_is_the_formula(images: Path, tmp_path: Path) -> None:
    found = lines(tmp_path / "run", images, "adversarial.delta=0.01")
    assert len(found) == 3
    for line, share in zip(found, (0.5, 1, 1), strict=True):
        weight = line["adversarial_weight"]
        norm = line["gradient_norm_adversarial"] / weight
        assert weight == pytest.approx(share * 0.5 * line["gradient_norm_l1"] / (norm + 0.01), rel=1e-4)


def test_the_constant_weight_is_no_factor_of_it(images: Path, tmp_path: Path) -> None:
    one, other = (lines(tmp_path / weight, images, f"adversarial.weight={weight}") for weight in ("0.1", "1"))
    assert [line["adversarial_weight"] for line in one] == [line["adversarial_weight"] for line in other]


@pytest.mark.parametrize("passes", [2, 4])
def test_the_weight_is_the_same_for_every_accumulation(passes: int, images: Path, tmp_path: Path) -> None:
    whole = lines(tmp_path / "whole", images)
    shared = lines(tmp_path / "shared", images, f"accumulation={passes}")
    for line, other in zip(whole, shared, strict=True):
        for name in ("adversarial_weight", "loss", "gradient_norm", "discriminator"):
            assert other[name] == pytest.approx(line[name], rel=1e-4), (line["step"], name)
