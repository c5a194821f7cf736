"""What Weights & Biases is told, by a stand-in for its module, which takes an account and a network."""

import shutil
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from sets import write_images
from small_runs import error_of, train
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator


class Wandb(ModuleType):
    """Records what is asked of it."""

    def __init__(self) -> None:
        super().__init__("wandb")
        self.__spec__ = ModuleSpec("wandb", None)
        self.started: list[dict[str, Any]] = []
        self.logged: list[dict[str, Any]] = []
        self.metrics: list[Any] = []
        self.finished = 0

    def init(self, **settings: Any) -> Any:
        self.started.append(settings)
        return self

    def Image(self, image: Any) -> Any:  # noqa: N802
        return image.shape

    def define_metric(self, *arguments: Any, **settings: Any) -> None:
        self.metrics.append((arguments, settings))

    def log(self, values: dict[str, Any]) -> None:
        self.logged.append(values)

    def finish(self) -> None:
        self.finished += 1


@pytest.fixture
def wandb(monkeypatch: pytest.MonkeyPatch) -> Wandb:
    module = Wandb()
    monkeypatch.setitem(sys.modules, "wandb", module)
    return module


@pytest.fixture
def images(tmp_path: Path) -> Path:
    return write_images(tmp_path / "images", 8)


TRACKED = ("--set", 'log.trackers=["wandb"]')


def test_a_resumed_run_is_the_same_run_and_its_files_lie_with_it(
    wandb: Wandb, images: Path, tmp_path: Path
) -> None:
    run = tmp_path / "mine"
    assert train(run, images, *TRACKED) == 0
    shutil.rmtree(run / "checkpoints" / "step-00000006")
    assert train(run, images, "--resume", "auto") == 0
    first, second = wandb.started
    assert first["id"] == second["id"] == (run / "wandb.id").read_text().strip()
    assert first["resume"] == second["resume"] == "allow"
    assert (first["project"], first["name"], first["dir"]) == ("small", "mine", str(run))
    assert first["config"]["losses.kl"] == 0.001
    assert wandb.finished == 2
    # By the run's own steps, since those after the checkpoint are told again.
    assert (("*",), {"step_metric": "step"}) in wandb.metrics
    assert [line["step"] for line in wandb.logged if "loss" in line] == [1, 2, 3, 4, 5, 6, 4, 5, 6]
    assert [line["step"] for line in wandb.logged if "samples" in line] == [3, 6, 6]


def test_another_run_is_another(wandb: Wandb, images: Path, tmp_path: Path) -> None:
    for name in ("one", "other"):
        assert train(tmp_path / name, images, *TRACKED) == 0
    assert len({start["id"] for start in wandb.started}) == 2


def test_what_keeps_it_from_starting_is_told(
    wandb: Wandb,
    images: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    def refuse(**_: Any) -> None:
        raise ValueError("api_key not configured (no-tty)")

    monkeypatch.setattr(wandb, "init", refuse)
    assert train(tmp_path / "run", images, *TRACKED) == 1
    said = error_of(capfd)
    assert said.startswith("error: wandb of log.trackers cannot be started") and "WANDB_MODE=offline" in said


@pytest.mark.parametrize("where", ["log", "Image", "finish"])
def test_one_that_fails_while_the_run_goes_on_costs_nothing_else(
    where: str,
    wandb: Wandb,
    images: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Its own process may be killed, its server go, its disk be full: the errors are of its own kinds."""

    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(wandb, where, fail)
    run = tmp_path / "run"
    assert train(run, images, "--set", 'log.trackers=["wandb","tensorboard"]') == 0
    warning = (
        "warning: wandb of log.trackers cannot be written to (RuntimeError): logs have holes from here on"
    )
    assert capfd.readouterr().err.count(warning) == 1
    assert (run / "metrics.jsonl").read_text().count('"loss"') == 6
    assert len(list((run / "samples").iterdir())) == 2
    events = EventAccumulator(str(run / "litevae"), size_guidance={"images": 0}).Reload()
    assert [event.step for event in events.Scalars("loss")] == [1, 2, 3, 4, 5, 6]
    assert len(events.Images("samples")) == 2


def test_one_that_cannot_be_started_is_told_whatever_it_is(
    wandb: Wandb,
    images: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = tmp_path / "run"
    run.mkdir()
    (run / "litevae").write_text("a file")
    assert train(run, images, "--set", 'log.trackers=["tensorboard"]') == 1
    assert error_of(capfd).startswith(
        "error: tensorboard of log.trackers cannot be started\n  found:    [Errno 17]"
    )

    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("its service has ended")

    monkeypatch.setattr(wandb, "define_metric", fail)
    (run / "wandb.id").write_bytes(b"\xff\n")
    assert train(run, images, *TRACKED) == 1
    said = error_of(capfd)
    assert (
        said.startswith("error: wandb of log.trackers cannot be started") and "its service has ended" in said
    )
