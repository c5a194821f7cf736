"""A checkpoint is taken as it was written or not at all, by whoever reads it."""

import json
import shutil
from pathlib import Path

import pytest
from sets import write_images
from small import Autoencoder
from small_runs import checkpoints, error_of, train

from litevae_runtime.common.errors import InputError, WeightsError
from litevae_runtime.common.run_folder import RunFolder
from litevae_runtime.nn.trained import start_from, trained_autoencoder


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_images(tmp_path_factory.mktemp("set") / "images", 8)


@pytest.fixture(scope="module")
def finished(images: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("finished") / "run"
    assert train(run, images) == 0
    return run


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> Path:
    """A run that has not come to its end: its weights are those of its newest checkpoint."""
    copy = tmp_path / "run"
    shutil.copytree(finished, copy)
    for name in ("model.safetensors", "config.json", "hashes.json", "checkpoints/best.json"):
        (copy / name).unlink()
    return copy


@pytest.mark.parametrize(
    ("written", "now"),
    [
        ('"step": 6', '"step": 4'),
        ('"skipped": 0', '"skipped": 1'),
        ('"last_good": 5', '"last_good": 1'),
        ('"optimizers.pt"', '"optimizerr.pt"'),
        ('"corrupt": 0', '"corrups": 0'),
    ],
)
def test_a_state_that_still_is_json_after_a_byte_has_flipped_is_not_taken(
    written: str, now: str, run: Path, images: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    state = run / "checkpoints" / "step-00000006" / "state.json"
    text = state.read_text()
    assert written in text
    state.write_text(text.replace(written, now))
    assert train(run, images, "--resume", str(state.parent)) == 1
    assert error_of(capfd).startswith("error: the checkpoint's state.json cannot be used: ")
    assert train(run, images, "--resume", "auto") == 0
    assert "put aside as damaged-step-00000006, step-00000003 is taken" in capfd.readouterr().err
    assert checkpoints(run) == [3, 6]


def flip(file: Path) -> None:
    """The last digit of JSON, or the last byte of the tensors, becomes another."""
    content = bytearray(file.read_bytes())
    digits = [place for place, byte in enumerate(content) if chr(byte).isdigit()]
    content[digits[-1] if file.suffix == ".json" else -1] ^= 1
    file.write_bytes(content)


@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "hashes.json"])
def test_a_damaged_file_that_a_run_left_is_refused_by_every_reader_of_weights(
    name: str, finished: Path, tmp_path: Path
) -> None:
    run = tmp_path / "finished"
    shutil.copytree(finished, run)
    if name == "config.json":
        config = json.loads((run / name).read_text())
        (run / name).write_text(json.dumps(config | {"scaling_factor": 0.5}))
    else:
        flip(run / name)
    said = (
        r"hashes\.json is damaged" if name == "hashes.json" else rf"{name} is not the file that was written"
    )
    for place in (run, run / "model.safetensors"):
        with pytest.raises(InputError, match=said):
            trained_autoencoder(Autoencoder, place)
        with pytest.raises(WeightsError, match=said):
            Autoencoder.from_pretrained(run)
    # Other weights in its place are no run's.
    Autoencoder().save_pretrained(run)
    assert not trained_autoencoder(Autoencoder, run).training


@pytest.mark.parametrize("name", ["average.safetensors", "config.json", "state.json"])
def test_a_damaged_file_of_a_checkpoint_is_refused_by_every_reader_of_weights(
    name: str, run: Path, images: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    checkpoint = run / "checkpoints" / "step-00000006"
    for place in (run, checkpoint, checkpoint / "average.safetensors"):
        assert not trained_autoencoder(Autoencoder, place).training
    if name == "config.json":
        # This recipe's says nothing with a digit, which a byte could change.
        state = json.loads((checkpoint / "state.json").read_text())
        assert name in state["files"]
        (checkpoint / name).write_text("{}")
    else:
        flip(checkpoint / name)
    said = (
        r"state\.json is damaged"
        if name == "state.json"
        else rf"{name} is not the file that was written: sha256"
    )
    for place in (run, checkpoint, checkpoint / "average.safetensors"):
        with pytest.raises(InputError, match=said):
            trained_autoencoder(Autoencoder, place)
        for partial in (True, False):
            with pytest.raises(InputError, match=said):
                start_from(Autoencoder(), str(place), partial)
    assert train(tmp_path / "other", images, "--set", f"train.start_from={checkpoint}") == 1
    assert "take another checkpoint" in error_of(capfd)


def test_a_file_that_a_checkpoint_has_lost_is_missed(run: Path) -> None:
    checkpoint = run / "checkpoints" / "step-00000006"
    (checkpoint / "config.json").unlink()
    with pytest.raises(InputError, match=r"config\.json is missing, and state\.json beside it lists it"):
        trained_autoencoder(Autoencoder, run)


@pytest.mark.parametrize(
    "written",
    [
        '{"step": 3, "phase": 1, "metric": "psnr", "value": NaN}',
        '{"step": 3, "phase": 1, "metric": "psnr", "value": 1e999}',
        # Of a checkpoint that is gone, and with a digit that was another when it was written.
        '{"step": 5, "phase": 1, "metric": "psnr", "value": 1000}',
        '{"step": 3, "phase": 1, "metric": "psnr", "value": 1000, "sha256": "0"}',
    ],
)
def test_what_is_known_as_the_best_without_being_it_keeps_nothing_from_becoming_it(
    written: str, run: Path, images: Path
) -> None:
    shutil.rmtree(run / "checkpoints" / "step-00000006")
    (run / "checkpoints" / "best.json").write_text(written)
    assert train(run, images, "--resume", "auto") == 0
    best = RunFolder(run).best()
    assert best is not None and best.step == 6
