"""What of a run is seen, measured and written once its images or its numbers are not what they were."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from sets import write_images
from small import Autoencoder, Decoder
from small_runs import checkpoints, error_of, train
from torch import Tensor, nn
from training.test_losing_nothing import after

from litevae_runtime.data import storage
from litevae_runtime.training import result, saving, snapshot
from litevae_runtime.training.step import TrainingStep
from litevae_runtime.training.validation import Validation


@pytest.fixture
def images(tmp_path: Path) -> Path:
    return write_images(tmp_path / "images", 8)


@pytest.fixture
def gone(images: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Takes the images away; nobody waits for them."""
    monkeypatch.setattr(storage, "sleep", lambda seconds, ends: None)

    def go() -> None:
        images.rename(images.with_name("away"))

    return go


def validations(run: Path) -> list[int]:
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    found = [line for line in lines if "validation_psnr" in line]
    assert all(line["validation_psnr"] is not None for line in found)
    return [line["step"] for line in found]


def test_a_validation_whose_images_have_gone_is_left_out_and_said(
    gone: Callable[[], None],
    images: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    original = Validation.__call__

    def looked(self: Any, *given: Any) -> Any:
        best = original(self, *given)
        if not images.exists():
            images.with_name("away").rename(images)
        return best

    monkeypatch.setattr(Validation, "__call__", looked)
    after(monkeypatch, 3, gone)
    run = tmp_path / "run"
    assert train(run, images, "--set", "log.samples_every=3") == 0
    said = capfd.readouterr().err
    for what in ("the image grid", "the validation"):
        assert f"warning: {what} of step 3 is left out, since its images cannot be used (class-" in said
    assert validations(run) == [6] and checkpoints(run) == [3, 6]
    assert [path.name for path in (run / "samples").iterdir()] == ["step-00000006.png"]
    # What is away is not corrupt.
    assert not (run / "corrupt.jsonl").exists()


def test_a_held_back_image_that_is_damaged_meanwhile_is_named(
    images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = {path: path.read_bytes() for path in images.rglob("*.png")}
    original = Validation.__call__

    def looked(self: Any, monitor: Any, log: Any, at: Any, due: Any) -> Any:
        held_out = self._loading.split
        name = images / held_out.images.name(int(held_out.validation_indices[0]))
        name.write_bytes(whole[name][:200])
        return original(self, monitor, log, at, due)

    monkeypatch.setattr(Validation, "__call__", looked)
    run = tmp_path / "run"
    assert train(run, images, "--set", "data.corrupt_share=1", "data.validation_share=0.4") == 0
    [line] = (run / "corrupt.jsonl").read_text().splitlines()
    assert json.loads(line)["position"] == 0
    assert validations(run) == [3, 6]


def test_latents_are_not_measured_of_images_that_have_gone(
    gone: Callable[[], None],
    images: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    run = tmp_path / "run"
    with monkeypatch.context() as patched:
        after(patched, 6, gone)
        assert train(run, images) == 1
    said = error_of(capfd)
    assert said.startswith(f"error: the images of {images} can no longer be used") and "--resume auto" in said
    assert checkpoints(run) == [3, 6] and not (run / "model.safetensors").exists()
    images.with_name("away").rename(images)
    assert train(run, images, "--resume", "auto") == 0


@pytest.mark.parametrize(("kept", "said"), [
    ([3, 6], "the last checkpoint has everything"),
    ([3], "the last checkpoint is of step 3 of 6"),
    ([], "no checkpoint could be written either, so all 6 steps are done again"),
])  # fmt: skip
def test_a_result_that_cannot_be_written_says_what_the_checkpoints_have(
    kept: list[int],
    said: str,
    images: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    original = snapshot.write_state

    def full(folder: Path, state: Any) -> None:
        if state.step not in kept:
            raise OSError(28, "No space left on device")
        original(folder, state)

    def fail(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(saving, "write_state", full)
    monkeypatch.setattr(result, "write_pretrained", fail)
    assert train(tmp_path / "run", images) == 1
    assert said in error_of(capfd)


class Normed(Autoencoder):
    """With statistics of batches in the decoder, which no loss sees the running means of."""

    def __init__(self) -> None:
        super().__init__()
        self.decoder = nn.Sequential(nn.BatchNorm2d(2), Decoder())  # type: ignore[assignment]


@pytest.mark.parametrize("passes", ["1", "2"])
def test_a_step_that_is_skipped_leaves_no_trace_in_running_statistics(
    passes: str, images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[int, dict[str, Tensor]] = {}
    original = TrainingStep._train_autoencoder

    def spoiled(self: Any, batches: Any, at: Any, logged: bool) -> Any:
        seen[at.step] = {name: value.clone() for name, value in self.networks.autoencoder.named_buffers()}
        if at.step == 1:
            batches[0]["image"][0, 0, 0, 0] = torch.nan
        return original(self, batches, at, logged)

    monkeypatch.setattr(TrainingStep, "_train_autoencoder", spoiled)
    run = tmp_path / "run"
    assert train(run, images, "--set", f"accumulation={passes}", model=Normed) == 0
    assert all(torch.equal(seen[1][name], value) for name, value in seen[2].items())
    assert not torch.equal(seen[2]["decoder.0.running_mean"], seen[3]["decoder.0.running_mean"])
    assert all(value.isfinite().all() for value in load_file(run / "model.safetensors").values())
    assert validations(run) == [3, 6]


def test_numbers_that_are_not_finite_are_said_and_no_result(
    images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Where training alone gives finite ones: its statistics are those of the batch."""

    def spoil() -> None:
        [norm] = norms
        norm.running_var.fill_(torch.nan)

    norms: list[Any] = []

    class InEncoder(Autoencoder):
        def __init__(self) -> None:
            super().__init__()
            norm = nn.BatchNorm2d(4)
            self.encoder = nn.Sequential(self.encoder, norm)  # type: ignore[assignment]
            if norm.weight.device.type == "cpu":
                norms[:] = [norm]

    after(monkeypatch, 2, spoil)
    run = tmp_path / "run"
    assert train(run, images, model=InEncoder) == 1
    said = capfd.readouterr().err
    assert "warning: step 3: the validation gives numbers that are not finite" in said
    assert "error: the trained weights give latents that are not finite" in said
    assert not (run / "model.safetensors").exists()
