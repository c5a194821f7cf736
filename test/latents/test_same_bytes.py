"""One encoding has the same bytes, however many processes make it and however often they are killed."""

import json
import re
import shutil
import signal
import time
from pathlib import Path

import pytest
import torch
from latents.encodings import PACKAGE, Project, contents, manifest
from sets import write_images

FORKING = Path(__file__).with_name("forking.py")


def test_kills_and_any_number_of_processes_give_the_bytes_of_one(
    project: Project, encoded: Path, tmp_path: Path
) -> None:
    few, many = write_images(tmp_path / "few", 12), write_images(tmp_path / "many", 400)
    encodings = {
        str(tmp_path / "whole"): project.arguments(tmp_path / "whole", data=few),
        str(tmp_path / "two"): project.arguments(tmp_path / "two", "--flip"),
        str(tmp_path / "killed"): project.arguments(tmp_path / "killed", data=many),
        str(tmp_path / "here"): project.arguments(tmp_path / "here", data=few),
        str(tmp_path / "there"): project.arguments(tmp_path / "there", data=few),
    }
    forked = project.start(str(FORKING), PACKAGE, json.dumps(encodings))
    printed, errors = forked.communicate(timeout=300)
    assert forked.returncode == 0, errors[-2000:]
    # The lock, the settings, three shards and what is known of each, the manifest: killed before each has its name.
    assert [int(line) for line in printed.splitlines() if line.isdigit()] == [9]
    assert contents(tmp_path / "two") == contents(encoded)
    # Two processes that do not share a disk.
    assert f"error: the processes do not see the same {tmp_path / 'there'}\n" in errors
    assert "does not see what the main process wrote there\n" in errors
    assert not [*tmp_path.glob("*here/latents-*")]
    # Three processes go on where two were killed.
    out = tmp_path / "killed"
    assert not (out / "manifest.json").exists()
    three = project.launch(3, out, data=many)
    assert project.encode(tmp_path / "one", data=many) == 0
    _, errors = three.communicate(timeout=300)
    assert three.returncode == 0, errors
    assert re.search(r"\d+ of 80 files are there already", errors)
    assert contents(out) == contents(tmp_path / "one")
    assert len(manifest(out)["shards"]) == 80


@pytest.mark.parametrize(("processes", "code"), [(1, 75), (2, 1)])
def test_sigterm_ends_after_the_file_that_is_being_made(
    processes: int, code: int, project: Project, tmp_path: Path
) -> None:
    data, out = write_images(tmp_path / "images", 400), tmp_path / "latents"
    alone = ("-m", f"{PACKAGE}.encode", *project.arguments(out, data=data))
    encoding = project.start(*alone) if processes == 1 else project.launch(processes, out, data=data)
    while encoding.poll() is None and not [*out.glob("parts/0*.json")]:
        time.sleep(0.002)
    # torchrun hands it on, and ends with 1 itself.
    encoding.send_signal(signal.SIGTERM)
    _, errors = encoding.communicate(timeout=120)
    assert encoding.returncode == code, errors[-2000:]
    told = re.findall(
        r"stopped by SIGTERM: (\d+) of 80 files are there; the same command continues\n", errors
    )
    assert [int(count) for count in told] == [len([*out.glob("parts/0*.json")])]
    assert not [*out.rglob("*.partial"), *out.glob("lock.json")]
    assert project.encode(out, data=data) == 0
    assert len(manifest(out)["shards"]) == 80


def test_a_finished_encoding_is_left_as_it_is(
    project: Project, encoded: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    before = {path: path.stat().st_mtime_ns for path in encoded.iterdir() if path.suffix == ".safetensors"}
    assert project.encode(encoded, "--flip") == 0
    printed, said = capfd.readouterr()
    assert f"{encoded} holds these latents already" in said
    assert f"{encoded}: mean and logvar [4, 8, 8] of 23 images and of the mirrored ones" in printed
    assert before == {path: path.stat().st_mtime_ns for path in before}


@pytest.mark.parametrize("batch", ["3", "2"])
def test_what_a_finished_folder_lost_is_made_anew(
    batch: str, project: Project, encoded: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "latents"
    shutil.copytree(encoded, out)
    (out / "latents-00001.safetensors").unlink()
    damaged = out / "latents-00003.safetensors"
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"\1")
    arguments = ("--latents", str(out), "--layout", "repa", "--output", str(tmp_path / "exported"))
    assert project.export(*arguments) == 1
    assert f"error: {out / 'latents-00001.safetensors'} is not whole\n" in capfd.readouterr().err
    assert project.encode(out, "--flip", "--batch", batch) == 0
    said = capfd.readouterr().err
    assert f"2 of 5 files in {out} are missing or damaged, and made anew" in said
    # Sums of another batch may differ in their last bits: what the manifest says is true of either.
    project.latents(out, check=True)
    assert ("note: what was made anew has other bytes than before" in said) == (
        contents(out) != contents(encoded)
    )
    if batch == "3":
        assert contents(out) == contents(encoded)
    found, before = (manifest(each)["statistics"] for each in (out, encoded))
    assert found["latents_std"] == pytest.approx(before["latents_std"], rel=1e-5)


def test_statistics_of_files_that_came_out_otherwise_are_measured_anew(
    project: Project, encoded: Path, tmp_path: Path
) -> None:
    out, parts = tmp_path / "latents", project.module("_runtime.latents.parts")
    shutil.copytree(encoded, out)
    (out / "latents-00001.safetensors").unlink()
    stored = parts.Rows._stored
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parts.Rows, "_stored", lambda rows, tensor: stored(rows, tensor) + 1)
        assert project.encode(out, "--flip") == 0
    other = manifest(out)["statistics"]
    assert other["latents_mean"] != manifest(encoded)["statistics"]["latents_mean"]
    project.latents(out, check=True)
    # From all files: the file as it was brings the manifest back.
    (out / "latents-00001.safetensors").unlink()
    assert project.encode(out, "--flip") == 0
    assert contents(out) == contents(encoded)


def test_other_threads_than_those_of_the_files_there_are_told(
    project: Project, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out, run = tmp_path / "latents", project.module("_runtime.latents.run")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "finish", interrupted)
        assert project.encode(out) == 130
    assert "\nstopped: the same command continues\n" in capfd.readouterr().err
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch, "get_num_threads", lambda: 3)
        assert project.encode(out) == 0
    assert (
        "note: existing files were made with 1 thread, and new ones with 3 (OMP_NUM_THREADS): "
        "their last bits may differ from those of one encoding\n"
    ) in capfd.readouterr().err


def interrupted(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_shard_that_was_damaged_since_is_made_again(project: Project, tmp_path: Path) -> None:
    out = tmp_path / "latents"
    assert project.encode(out) == 0
    whole = contents(out)
    # As a kill before the manifest leaves it, with one file that is not what was written.
    parts = project.module("_runtime.latents.parts")
    run = project.module("_runtime.latents.run")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "finish", interrupted)
        (out / "manifest.json").unlink()
        for file in out.glob("latents-*.safetensors"):
            file.unlink()
        assert project.encode(out) == 130
    damaged = out / "latents-00002.safetensors"
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"\1")
    made: list[int] = []
    with pytest.MonkeyPatch.context() as patch:
        write = parts.Rows.write

        def noted(rows: object, folder: Path, number: int, *more: object) -> object:
            made.append(number)
            return write(rows, folder, number, *more)

        patch.setattr(parts.Rows, "write", noted)
        assert project.encode(out) == 0
    assert made == [2]
    assert contents(out) == whole
