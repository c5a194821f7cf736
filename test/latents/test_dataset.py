"""LatentDataset: draws from moments, normalised, by position; and the layouts of other trainers, read as they read them."""

import json
import random
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from conftest import ROOT
from latents.encodings import PACKAGE, Project, error_of, manifest
from safetensors import safe_open
from torch import Tensor
from torch.utils.data import DataLoader


def drawn(dataset: Any, workers: int, order: list[int]) -> dict[int, Tensor]:
    """Latents by index, loaded in this order."""
    loader: DataLoader[Any] = DataLoader(dataset, batch_size=4, sampler=order, num_workers=workers)
    latents = torch.cat([batch for batch, _ in loader])
    return dict(zip(order, latents, strict=True))


def test_a_draw_depends_on_seed_epoch_and_position_alone(project: Project, encoded: Path) -> None:
    dataset = project.latents(encoded, seed=3)
    order = [*range(len(dataset))]
    first = drawn(dataset, 0, order)
    random.Random(0).shuffle(order)
    torch.manual_seed(1)
    again = drawn(dataset, 2, order)
    assert all(torch.equal(first[index], again[index]) for index in order)
    dataset.set_epoch(1)
    assert not any(torch.equal(first[index], dataset[index][0]) for index in order)
    dataset.set_epoch(0)
    assert torch.equal(first[7], dataset[7][0])
    assert not torch.equal(first[7], project.latents(encoded, seed=4)[7][0])


def test_workers_that_stay_see_the_next_epoch(project: Project, encoded: Path) -> None:
    dataset = project.latents(encoded)
    loader = DataLoader(dataset, batch_size=23, num_workers=1, persistent_workers=True)
    for epoch in (0, 1):
        dataset.set_epoch(epoch)
        [(latents, labels)] = [*loader]
        assert torch.equal(latents, torch.stack([dataset[index][0] for index in range(23)]))
        assert labels.tolist() == [dataset.label(index) for index in range(23)]


def test_draws_have_the_moments_that_are_stored(project: Project, encoded: Path) -> None:
    dataset = project.latents(encoded, normalize="none", flip=False)
    draws = []
    for epoch in range(400):
        dataset.set_epoch(epoch)
        draws.append(dataset[2][0])
    found = torch.stack(draws)
    mean, logvar = dataset.moments(2).chunk(2)
    std = (0.5 * logvar).exp()
    # Five standard errors of 400 draws.
    assert ((found.mean(0) - mean) / std).abs().max() < 5 / 20
    assert (found.std(0) / std - 1).abs().max() < 5 / 800**0.5
    point = project.latents(encoded, normalize="none", flip=False, sample=False)
    assert torch.equal(point[2][0], mean)


def test_normalised_draws_have_mean_0_and_deviation_1_by_channel(project: Project, encoded: Path) -> None:
    dataset = project.latents(encoded)
    latents = []
    for epoch in range(8):
        dataset.set_epoch(epoch)
        latents += [dataset[index][0] for index in range(len(dataset))]
    found = torch.stack(latents)
    assert found.mean(dim=(0, 2, 3)).abs().max() < 0.05
    assert (found.std(dim=(0, 2, 3)) - 1).abs().max() < 0.05
    dataset.set_epoch(0)
    plain = project.latents(encoded, normalize="none")
    torch.testing.assert_close(dataset.denormalize(dataset[5][0][None])[0], plain[5][0])
    # As the weights' own folder says: nothing was measured there.
    assert torch.equal(project.latents(encoded, normalize="model")[5][0], plain[5][0])


def test_the_guides_lines_run(project: Project, encoded: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (ROOT / "docs" / "latents.md").read_text(encoding="utf-8")
    [code] = re.findall(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    monkeypatch.chdir(encoded.parent)
    Path("LATENTS").symlink_to(encoded)
    names: dict[str, Any] = {
        "epochs": 1,
        "loader": DataLoader(project.latents(encoded), batch_size=4),
        "model": project.module("model").Autoencoder().eval(),
        "sampled": torch.zeros(1, *project.latents(encoded)[0][0].shape),
    }
    exec(code.replace("litevae_b", PACKAGE), names)
    assert torch.equal(names["latent"], project.latents(encoded)[0][0])
    assert names["images"].ndim == 4 and names["images"].shape[:2] == (1, 3)


def test_half_of_the_draws_are_of_the_mirrored_image(project: Project, encoded: Path) -> None:
    dataset = project.latents(encoded, sample=False, normalize="none")
    chosen = []
    for epoch in range(20):
        dataset.set_epoch(epoch)
        for index in range(len(dataset)):
            latent = dataset[index][0]
            [flip] = [
                flip
                for flip in (False, True)
                if torch.equal(latent, dataset.moments(index, flipped=flip)[:4])
            ]
            chosen.append(flip)
    # 460 fair coins: five deviations are 54.
    assert abs(sum(chosen) - 230) < 54


def test_files_that_are_missing_or_unfinished_are_told(
    project: Project, encoded: Path, tmp_path: Path
) -> None:
    error = project.module("_runtime.common.errors").InputError
    with pytest.raises(error, match=f"{tmp_path} holds no latents"):
        project.latents(tmp_path)
    with pytest.raises(error, match=r"holds no latents\n.*\n.*\n  .*give the folder that encode wrote"):
        project.latents(project.folder)
    (tmp_path / "parts").mkdir()
    with pytest.raises(error, match=f"the latents in {tmp_path} are not finished"):
        project.latents(tmp_path)
    (tmp_path / "manifest.json").write_bytes((encoded / "manifest.json").read_bytes())
    with pytest.raises(error, match=r"latents-00000\.safetensors is not whole\n.*\n  found:    no such file"):
        project.latents(tmp_path)
    (tmp_path / "manifest.json").write_text((encoded / "manifest.json").read_text().replace("fp32", "bf16"))
    with pytest.raises(error, match=r"manifest\.json is damaged"):
        project.latents(tmp_path)


def test_damaged_files_are_told(project: Project, encoded: Path, tmp_path: Path) -> None:
    error, out = project.module("_runtime.common.errors").InputError, tmp_path / "latents"
    shutil.copytree(encoded, out)
    damaged = out / "latents-00002.safetensors"
    whole = damaged.read_bytes()
    damaged.write_bytes(whole[:-1] + b"\1")
    project.latents(out)
    with pytest.raises(error, match=r"latents-00002\.safetensors is damaged\n  expected: SHA-256 \w{64}, as"):
        project.latents(out, check=True)
    damaged.write_bytes(b"\xff" * len(whole))
    with pytest.raises(error, match=r"latents-00002\.safetensors is damaged\n  found: "):
        project.latents(out)


def test_seeds_and_places_are_whole_numbers(project: Project, encoded: Path) -> None:
    for seed in (1.5, -1):
        with pytest.raises(ValueError, match=f"seed is a whole number from 0, not {seed}"):
            project.latents(encoded, seed=seed)
    dataset = project.latents(encoded)
    with pytest.raises(TypeError, match=r"one image at a time, by a whole number, not slice\(0, 2, None\)"):
        dataset[0:2]
    assert torch.equal(dataset[np.int64(3)][0], dataset[3][0])
    with pytest.raises(IndexError, match="image 23 of 23"):
        dataset[23]


class AsLightningDiT:
    """Reads a folder as LightningDiT's data set does: sorted safetensors files, rows counted by their labels."""

    def __init__(self, folder: Path) -> None:
        self.rows = []
        for file in sorted(str(path) for path in folder.glob("*.safetensors")):
            with safe_open(file, framework="pt", device="cpu") as shard:
                count = shard.get_slice("labels").get_shape()[0]
            self.rows += [(file, row) for row in range(count)]
        stats = torch.load(folder / "latents_stats.pt")
        self.mean, self.std = stats["mean"], stats["std"]

    def item(self, index: int, key: str) -> tuple[Tensor, Tensor]:
        file, row = self.rows[index]
        with safe_open(file, framework="pt", device="cpu") as shard:
            feature = shard.get_slice(key)[row : row + 1]
            label = shard.get_slice("labels")[row : row + 1]
        return ((feature - self.mean) / self.std).squeeze(0), label.squeeze(0)


def test_lightningdit_reads_the_export(
    project: Project, encoded: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "export"
    assert project.export("--latents", str(encoded), "--layout", "lightningdit", "--output", str(out)) == 0
    assert "latent_norm: true" in capfd.readouterr().out
    read, own = AsLightningDiT(out), project.latents(encoded, flip=False)
    assert len(read.rows) == 23
    for index in range(23):
        latent, label = read.item(index, "latents")
        torch.testing.assert_close(latent, own[index][0])
        assert (label.dtype, int(label)) == (torch.int64, own.label(index))
        flipped, _ = read.item(index, "latents_flip")
        drawn = own.statistics.normalize(own.draw(index, flipped=True)[None])[0]
        torch.testing.assert_close(flipped, drawn)
    assert project.export("--latents", str(encoded), "--layout", "lightningdit", "--output", str(out)) == 1
    assert error_of(capfd).startswith(f"error: {out} is there already")


def test_lightningdit_needs_the_mirrored_images(
    project: Project, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert project.encode(tmp_path / "latents") == 0
    arguments = ("--latents", str(tmp_path / "latents"), "--output", str(tmp_path / "export"))
    assert project.export(*arguments, "--layout", "lightningdit") == 1
    assert "expected: latents that were encoded with --flip" in error_of(capfd)
    assert not (tmp_path / "export").exists()


def test_repa_reads_the_export(
    project: Project, encoded: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "export"
    assert project.export("--latents", str(encoded), "--layout", "repa", "--output", str(out)) == 0
    features = out / "vae-sd"
    names = sorted(path.relative_to(features).as_posix() for path in features.rglob("*.npy"))
    labels = dict(json.loads((features / "dataset.json").read_text())["labels"])
    own = project.latents(encoded, normalize="none", sample=False, flip=False)
    assert len(names) == len(labels) == 23
    for index, name in enumerate(names):
        moments = torch.from_numpy(np.load(features / name))
        mean, std = moments[None].chunk(2, dim=1)
        stored_mean, logvar = own.moments(index)[None].chunk(2, dim=1)
        assert torch.equal(mean, stored_mean) and torch.equal(std, torch.exp(0.5 * logvar))
        assert labels[name] == own.label(index)
    printed = capfd.readouterr().out
    scale = [float(each) for each in printed.split("latents_scale = [")[1].split("]")[0].split(", ")]
    np.testing.assert_allclose(scale, 1 / np.array(manifest(encoded)["statistics"]["latents_std"]), rtol=1e-5)
