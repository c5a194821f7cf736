"""Images that go while a run reads them: waited for, replaced, or the end of the run with a checkpoint."""

import json
import os
import shutil
import signal
import threading
import time
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

    def wait(seconds: float, ends: object) -> None:
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
    monkeypatch.setattr(storage, "sleep", lambda seconds, ends: waited.append(seconds))
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


@pytest.mark.parametrize("workers", [0, 2])
def test_a_signal_ends_the_wait_with_a_checkpoint_and_no_step_is_lost(
    workers: int,
    images: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    options = ("--set", f"data.workers={workers}")
    assert train(tmp_path / "whole", images, *options) == 0
    run, away = tmp_path / "run", images.with_name("away")
    monkeypatch.setattr(storage, "WAITS", (300,))
    asked: list[float] = []

    def ask() -> None:
        while "trying again in 300 s" not in capfd.readouterr().err:
            time.sleep(0.1)
        asked.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGTERM)

    def go() -> None:
        images.rename(away)
        threading.Thread(target=ask).start()

    with monkeypatch.context() as patched:
        after(patched, 2, go)
        assert train(run, images, *options) == 75
    assert time.monotonic() - asked[0] < 30
    assert not (run / "corrupt.jsonl").exists()
    away.rename(images)
    assert train(run, images, "--resume", "auto") == 0
    assert (run / "model.safetensors").read_bytes() == (tmp_path / "whole/model.safetensors").read_bytes()


def test_too_many_images_that_vanish_end_the_run_with_a_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    images = write_images(tmp_path / "images", 12)
    waited: list[float] = []
    monkeypatch.setattr(storage, "sleep", lambda seconds, ends: waited.append(seconds))
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
    monkeypatch.setattr(storage, "sleep", lambda *given: pytest.fail("there is nothing to wait for"))
    opened = open_images(images, 3)
    stream: Any = TrainingStream(opened, split(opened, data(), 0).training, data(), 16, 0)
    gone = opened.name(0)
    (images / gone).unlink()
    met = [corrupt.name for position in range(8) for corrupt in stream[position]["corrupt"]]
    assert set(met) == {gone}
