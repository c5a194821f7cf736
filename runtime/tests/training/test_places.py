"""However a run and its checkpoints are named, by relative paths or through links, they are found; and no run is written over."""

import os
import shutil
from pathlib import Path

import pytest
from safetensors.torch import load_file
from sets import write_images, write_tar
from small_runs import checkpoints, error_of, train

from litevae_runtime.common.run_folder import run_of


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_images(tmp_path_factory.mktemp("set") / "images", 8)


@pytest.fixture(scope="module")
def finished(images: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """By another recipe than the package's."""
    run = tmp_path_factory.mktemp("finished") / "run"
    assert train(run, images, "--set", "losses.kl=0.002") == 0
    return run


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "run"
    shutil.copytree(finished, copy)
    return copy


@pytest.mark.parametrize("output", [".", "..", "inner/.."])
def test_a_run_may_lie_in_the_folder_of_the_command(
    output: str, images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "run" / "inner").mkdir(parents=True)
    write_tar(
        tmp_path / "set" / "0.tar",
        {path.name: path.read_bytes() for path in images.rglob("*.png")},
    )
    monkeypatch.chdir(tmp_path / "run" / ("inner" if output == ".." else ""))
    assert train(Path(output), tmp_path / "set") == 0
    assert checkpoints(tmp_path / "run") == [3, 6]
    # Indices of shards lie beside the run, whatever it is called.
    assert {path.name for path in tmp_path.iterdir()} == {"run", "run.shards", "set"}


@pytest.mark.parametrize("named", ["relative", "link to it", "link to all of them", "what that leads to"])
def test_a_checkpoint_is_gone_on_from_by_its_own_recipe_however_it_is_named(
    named: str,
    run: Path,
    images: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    checkpoint = run / "checkpoints" / "step-00000003"
    if named == "relative":
        monkeypatch.chdir(checkpoint.parent)
        given = Path(checkpoint.name)
    elif named == "link to it":
        given = tmp_path / "latest"
        given.symlink_to(checkpoint)
    else:
        scratch = tmp_path / "scratch"
        checkpoint.parent.rename(scratch)
        (run / "checkpoints").symlink_to(scratch)
        given = checkpoint if named == "link to all of them" else scratch / checkpoint.name
    if named != "what that leads to":
        assert run_of(given).resolve() == run
    assert train(run, images, "--resume", str(given)) == 0
    said = capfd.readouterr().err
    # Nothing in that last folder says of which run it is; the run that it goes on in does.
    assert "has no recipe.json" not in said and "the recipe changes" not in said
    assert sorted(path.name for path in (run / "checkpoints").iterdir() if path.is_dir()) == [
        "abandoned-step-00000006",
        "step-00000003",
        "step-00000006",
    ]


@pytest.mark.parametrize("left", ["model.safetensors", "metrics.jsonl", "samples"])
def test_a_checkpoint_of_another_run_does_not_go_on_over_what_is_left_of_one(
    left: str, run: Path, finished: Path, images: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for path in run.iterdir():
        if path.name != left:
            (shutil.rmtree if path.is_dir() else os.unlink)(path)
    before = [path.name for path in run.rglob("*")]
    other = finished / "checkpoints" / "step-00000003"
    assert train(run, images, "--resume", str(other)) == 1
    assert error_of(capfd).startswith(f"error: {run} holds another run than the checkpoint's\n")
    assert [path.name for path in run.rglob("*")] == before


def test_going_back_twice_keeps_both_ways_that_were_abandoned(run: Path, images: Path) -> None:
    folder = run / "checkpoints"
    ways = [load_file(folder / "step-00000006" / "autoencoder.safetensors")]
    for rate in ("0.01", "0.02"):
        back = ("--resume", str(folder / "step-00000003"), "--set", f"phases.1.learning_rate={rate}")
        assert train(run, images, *back) == 0
        ways.append(load_file(folder / "step-00000006" / "autoencoder.safetensors"))
    kept = [folder / name for name in ("abandoned-step-00000006", "abandoned-2-step-00000006")]
    for way, place in zip(ways, [*kept, folder / "step-00000006"], strict=True):
        found = load_file(place / "autoencoder.safetensors")
        assert all(found[key].equal(value) for key, value in way.items())
    assert run_of(kept[1]) == run
    # It is gone on from as any other.
    assert train(run, images, "--resume", str(kept[1])) == 0


def test_what_was_logged_before_a_second_new_beginning_is_kept_too(run: Path, images: Path) -> None:
    logged = (run / "metrics.jsonl").read_bytes()
    for _ in range(2):
        shutil.rmtree(run / "checkpoints")
        (run / "model.safetensors").unlink()
        assert train(run, images, "--resume", "auto") == 0
    assert (run / "abandoned-metrics.jsonl").read_bytes().count(b"\n") == 2 * logged.count(b"\n")
