"""What is stored: moments, labels, names and statistics, and what is refused."""

import errno
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from latents.encodings import SHARD, Project, contents, error_of, manifest
from safetensors.torch import load_file
from sets import colour, write_tar
from sets import encoded as file_of
from torch import Tensor


def everything(folder: Path) -> dict[str, Tensor]:
    """The tensors of all shards, joined."""
    shards = [load_file(folder / shard["file"]) for shard in manifest(folder)["shards"]]
    return {name: torch.cat([shard[name] for shard in shards]) for name in shards[0] if "name" not in name}


def images_of(project: Project) -> tuple[list[str], Tensor]:
    """Names and pixels of the set, read without the package."""
    from PIL import Image

    files = sorted(project.data.rglob("*.png"))
    # 24×16 pixels: the centre crop of 16×16.
    pixels = np.stack([np.array(Image.open(file))[:, 4:20] for file in files])
    names = [file.relative_to(project.data).as_posix() for file in files]
    return names, torch.from_numpy(pixels).permute(0, 3, 1, 2) / 127.5 - 1


def test_moments_are_those_of_the_model_with_and_without_a_mirror(project: Project, encoded: Path) -> None:
    model = project.module("model").Autoencoder.from_pretrained(project.folder)
    names, x = images_of(project)
    stored = everything(encoded)
    with torch.no_grad():
        for image, flip in ((x, ""), (x.flip(-1), "_flip")):
            posterior = model.encode(image).latent_dist
            torch.testing.assert_close(stored[f"mean{flip}"], posterior.mean, rtol=1e-4, atol=1e-5)
            torch.testing.assert_close(stored[f"logvar{flip}"], posterior.logvar, rtol=1e-4, atol=1e-5)
    assert not torch.allclose(stored["mean"], stored["mean_flip"].flip(-1), atol=1e-3)
    assert stored["position"].tolist() == [*range(23)]
    assert stored["label"].tolist() == [int(name[6]) for name in names]
    assert manifest(encoded)["classes"] == {"source": "folders", "names": ["class-0", "class-1", "class-2"]}
    dataset = project.latents(encoded)
    assert [dataset.name(index) for index in range(len(dataset))] == names
    assert [shard["images"] for shard in manifest(encoded)["shards"]] == [SHARD] * 4 + [3]


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
def test_statistics_are_numpys_over_all_that_is_stored(
    dtype: str, project: Project, encoded: Path, tmp_path: Path
) -> None:
    out = encoded
    if dtype != "float32":
        out = tmp_path / "latents"
        assert project.encode(out, "--flip", "--dtype", dtype) == 0
    stored = {
        name: value.double().numpy().swapaxes(0, 1).reshape(4, -1)
        for name, value in everything(out).items()
        if value.dim() == 4
    }
    assert str(everything(out)["mean"].dtype) == f"torch.{dtype}"
    mean, logvar = (np.concatenate([stored[name], stored[f"{name}_flip"]], 1) for name in ("mean", "logvar"))
    covariance = np.cov(mean, bias=True) + np.diag(np.exp(logvar).mean(1))
    found = manifest(out)["statistics"]
    np.testing.assert_allclose(found["latents_mean"], mean.mean(1), rtol=1e-12)
    np.testing.assert_allclose(found["covariance"], covariance, rtol=1e-11, atol=1e-15)
    np.testing.assert_allclose(found["latents_std"], np.sqrt(np.diag(covariance)), rtol=1e-12)
    assert (found["values"], found["latent_images"]) == (2 * 23 * 64, 23)
    shift = mean.mean()
    spread = (np.diag(covariance) + mean.mean(1) ** 2).mean() - shift**2
    assert found["shift_factor"] == pytest.approx(shift, rel=1e-12)
    assert found["scaling_factor"] == pytest.approx(1 / np.sqrt(spread), rel=1e-12)


def members(classes: list[str | None], folder: str = "") -> dict[str, bytes]:
    found = {f"{folder}{n}.png": file_of(colour(n), "PNG") for n in range(len(classes))}
    return found | {f"{folder}{n}.cls": each.encode() for n, each in enumerate(classes) if each is not None}


@pytest.mark.parametrize(
    ("shards", "labels", "names"),
    [
        # Numbers stay what they are.
        ([members(["7", "3\n"]), members(["12"])], [7, 3, 12], None),
        ([members(["cat", "dog"]), members(["ant"])], [1, 2, 0], ["ant", "cat", "dog"]),
        ([members(["cat", None])], [0, -1], ["cat"]),
        ([members([None], "b/"), members([None], "a/")], [1, 0], ["a", "b"]),
        ([members([None])], [-1], None),
    ],
)
def test_labels_of_shards_are_their_own_else_those_of_folders(
    shards: list[dict[str, bytes]],
    labels: list[int],
    names: list[str] | None,
    project: Project,
    tmp_path: Path,
) -> None:
    for number, content in enumerate(shards):
        write_tar(tmp_path / "set" / f"{number}.tar", content)
    # The second time the index is read from its cache.
    for _ in range(2):
        assert project.encode(tmp_path / "latents", data=tmp_path / "set") == 0
        assert everything(tmp_path / "latents")["label"].tolist() == labels
        assert manifest(tmp_path / "latents")["classes"]["names"] == names
        shutil.rmtree(tmp_path / "latents")
    assert (tmp_path / "latents.shards").is_dir()


def test_a_corrupt_image_is_left_out_and_named(
    project: Project, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "images"
    shutil.copytree(project.data, data)
    # The sixth by name, the first of the second file.
    sixth = sorted(data.rglob("*.png"))[5]
    sixth.write_bytes(sixth.read_bytes()[:100])
    assert project.encode(tmp_path / "latents", data=data) == 0
    found = manifest(tmp_path / "latents")
    name = sixth.relative_to(data).as_posix()
    assert [(each["position"], each["name"]) for each in found["corrupt"]] == [(5, name)]
    assert [shard["images"] for shard in found["shards"]] == [5, 4, 5, 5, 3]
    assert 5 not in everything(tmp_path / "latents")["position"].tolist()
    dataset = project.latents(tmp_path / "latents")
    assert (len(dataset), dataset.position(5)) == (22, 6)
    assert f"warning: 1 image could not be used and left out, the first {name}: " in capfd.readouterr().err


def other_size(project: Project, out: Path, data: Path) -> int:
    return project.encode(out, "--size", "24", data=data)


def other_weights(project: Project, out: Path, data: Path) -> int:
    weights = out.parent / "other.safetensors"
    model = project.module("model").Autoencoder()
    from safetensors.torch import save_file

    save_file(model.state_dict(), weights)
    return project.encode(out, "--weights", str(weights), data=data)


def added_image(project: Project, out: Path, data: Path) -> int:
    colour(99).save(data / "class-0" / "extra.png")
    return project.encode(out, data=data)


def changed_image(project: Project, out: Path, data: Path) -> int:
    colour(99).save(data / "class-0" / "000.png")
    return project.encode(out, data=data)


@pytest.mark.parametrize("finished", [True, False])
@pytest.mark.parametrize(
    ("again", "told"),
    [
        (other_size, r"holds latents of another encoding\n.*\n.*\n {12}size: 16 → 24\n"),
        (
            other_weights,
            r"holds latents of another encoding\n.*\n.*\n {12}weights_sha256: \w{12}… → \w{12}…\n",
        ),
        (
            added_image,
            r"holds latents of other images\n.*the 23 images .*\n.*23 images were there, now 24 are\n",
        ),
        (
            changed_image,
            r"holds latents of other images\n.*\n.*contents of images with the same names have changed\n",
        ),
    ],
)
def test_another_encoding_and_changed_images_are_refused(
    again: Callable[[Project, Path, Path], int],
    told: str,
    finished: bool,
    project: Project,
    encoded: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    data, out = tmp_path / "images", tmp_path / "latents"
    shutil.copytree(project.data, data)
    assert project.encode(out, data=data) == 0
    if not finished:
        (out / "parts").mkdir()
        (out / "manifest.json").rename(out / "parts" / "settings.json")
    before = contents(out)
    capfd.readouterr()
    assert again(project, out, data) == 1
    message = error_of(capfd)
    assert re.search(told, message), message
    assert "help:     give another --output, or remove that folder" in message
    assert contents(out) == before


def test_other_files_are_not_written_among(
    project: Project, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    assert project.encode(tmp_path) == 1
    assert error_of(capfd).startswith(f"error: {tmp_path} holds other files\n")
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
    assert project.encode(tmp_path / "notes.txt") == 1
    assert "  found:    a file of that name\n" in error_of(capfd)


def test_nothing_is_left_of_an_encoding_without_an_image(
    project: Project, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "latents"
    assert project.encode(out, "--range", "0,1") == 1
    assert "  help:     declare the range that they can have (--range)" in error_of(capfd)
    assert not out.exists()
    with pytest.MonkeyPatch.context() as patch:
        full = OSError(errno.ENOSPC, "No space left on device")
        patch.setattr(project.module("_runtime.latents.parts"), "save_weights", raising(full))
        assert project.encode(out) == 1
    said = capfd.readouterr().err
    assert "\nerror: " in said.replace("\r", "")
    assert "help:     make room on that disk: the same command then goes on" in said


def raising(error: Exception) -> Callable[..., None]:
    def fail(*_: object) -> None:
        raise error

    return fail


def test_another_decoder_leaves_the_key_what_it_is(project: Project, encoded: Path, tmp_path: Path) -> None:
    weights = load_file(project.folder / "model.safetensors")
    changed = {
        key: value + ("decoder" in key) for key, value in weights.items() if "discriminator" not in key
    }
    from safetensors.torch import save_file

    save_file(changed, tmp_path / "other.safetensors")
    assert project.encode(encoded, "--flip", "--weights", str(tmp_path / "other.safetensors")) == 0


def test_the_log_and_the_last_line_say_how_fast_it_went(
    project: Project, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert project.encode(tmp_path / "latents") == 0
    line = json.loads((tmp_path / "latents" / "encode.jsonl").read_text())
    assert line["images"] == 23
    assert 0 <= line["waited_seconds"] <= line["seconds"]
    assert line["images_per_second"] == pytest.approx(23 / line["seconds"])
    last = capfd.readouterr().out.splitlines()[-1]
    assert re.fullmatch(
        r"23 images in [\d.]+ s: [\d.]+ images/s on 1 × cpu, [\d.]+ s \([\d.]+%\) waiting for data", last
    )
