"""Images that go while a run reads them: waited for, replaced, or the end of the run with a checkpoint."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from sets import data, write_images
from small_runs import checkpoints, error_of, train
from training.test_losing_nothing import after

from litevae_runtime.data import storage
from litevae_runtime.data.images import open_images
from litevae_runtime.data.sets import TrainingStream, split


@pytest.fixture
def images(tmp_path: Path) -> Path:
    return write_images(tmp_path / "images", 8)


def test_storage_that_comes_back_is_waited_for(
    images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    assert train(tmp_path / "whole", images) == 0
    away = images.with_name("away")
    waited: list[float] = []

    def wait(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 3:
            away.rename(images)

    monkeypatch.setattr(storage, "sleep", wait)
    after(monkeypatch, 2, lambda: images.rename(away))
    assert train(tmp_path / "run", images) == 0
    assert waited == [1, 2, 4]
    assert capfd.readouterr().err.count(f"warning: no image of {images} can be read: trying again in") == 3
    # Not one image was taken for another.
    for name in ("model.safetensors", "corrupt.jsonl"):
        found, whole = ((tmp_path / run / name) for run in ("run", "whole"))
        assert found.exists() == whole.exists()
        assert not whole.exists() or found.read_bytes() == whole.read_bytes()


def test_storage_that_stays_away_ends_the_run_with_a_checkpoint(
    images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    waited: list[float] = []
    monkeypatch.setattr(storage, "sleep", waited.append)
    run = tmp_path / "run"
    with monkeypatch.context() as patched:
        after(patched, 2, lambda: images.rename(images.with_name("away")))
        assert train(run, images) == 1
    assert "images in a row cannot be used" in error_of(capfd)
    assert waited == list(storage.WAITS)
    # The images of step 3 were loaded before they went.
    assert checkpoints(run)[-1] == 4
    images.with_name("away").rename(images)
    assert train(run, images, "--resume", "auto") == 0


def test_too_many_images_that_vanish_end_the_run_with_a_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    images = write_images(tmp_path / "images", 12)
    waited: list[float] = []
    monkeypatch.setattr(storage, "sleep", waited.append)
    after(monkeypatch, 2, lambda: shutil.rmtree(images / "class-1"))
    run = tmp_path / "run"
    assert (
        train(
            run,
            images,
            "--set",
            "phases.0.steps=30",
            "checkpoints.every=100",
            "checkpoints.validate_every=100",
        )
        == 1
    )
    said = error_of(capfd)
    assert "images cannot be used" in said and "No such file or directory" in said
    assert waited == []
    [step] = checkpoints(run)
    state = json.loads((run / "checkpoints" / f"step-{step:08d}" / "state.json").read_text())
    assert state["corrupt"] > 0
    assert json.loads((run / "starts.jsonl").read_text().splitlines()[-1])["outcome"].startswith(
        "InputError: "
    )


def test_one_image_that_has_gone_is_replaced_at_once(images: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "sleep", lambda seconds: pytest.fail("there is nothing to wait for"))
    opened = open_images(images, 3)
    stream: Any = TrainingStream(opened, split(opened, data(), 0).training, data(), 16, 0)
    gone = opened.name(0)
    (images / gone).unlink()
    met = [corrupt.name for position in range(8) for corrupt in stream[position]["corrupt"]]
    assert set(met) == {gone}
