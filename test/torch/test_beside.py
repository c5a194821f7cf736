"""Skips, conditions and shared weights: the example's package and graphs beside the same model written by hand."""

import json
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
import torch.nn.functional as F
from conftest import ROOT, litevae, package
from litevae_runtime.common.errors import InputError
from litevae_runtime.nn.teacher import load_teacher
from safetensors.torch import load_file, save_file
from sets import write_images
from support.small_package import compile_to
from torch import Tensor, nn
from training.runs import forget_accelerate

MODEL = ROOT / "examples" / "inpainting.ts"
SKIPPING = ROOT / "test" / "torch" / "models" / "skipping.ts"


class Residual(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm, self.conv = nn.GroupNorm(4, channels), nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x + self.conv(F.silu(self.norm(x)))
        return out


class Peer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.encoder, self.decoder = nn.Module(), nn.Module()
        self.encoder.conv_in = nn.Conv2d(4, 16, 3, padding=1)
        self.encoder.down, self.encoder.deep = nn.Conv2d(16, 16, 2, 2), nn.Conv2d(16, 32, 2, 2)
        self.decoder.up, self.decoder.fine = nn.Conv2d(32, 16, 3, padding=1), nn.Conv2d(32, 16, 3, padding=1)
        self.decoder.conv_out = nn.Conv2d(20, 3, 3, padding=1)
        self.middle = Residual(32)
        self.quant_conv, self.post_quant_conv = nn.Conv2d(32, 8, 1), nn.Conv2d(4, 32, 1)

    def encode(self, image: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        encoder: Any = self.encoder
        x = F.silu(encoder.conv_in(torch.cat([image * (1 - mask), mask], 1)))
        skip = F.silu(encoder.down(x))
        return self.quant_conv(self.middle(encoder.deep(skip))), skip

    def decode(self, z: Tensor, skip: Tensor, original: Tensor, mask: Tensor) -> Tensor:
        decoder: Any = self.decoder
        up = F.interpolate(decoder.up(self.middle(self.post_quant_conv(z))), scale_factor=2)
        half = F.silu(decoder.fine(torch.cat([up, skip], 1)))
        known = torch.cat([original * (1 - mask), mask], 1)
        out: Tensor = decoder.conv_out(torch.cat([F.interpolate(half, scale_factor=2), known], 1))
        return out


@pytest.fixture(scope="module")
def peer() -> Peer:
    torch.manual_seed(3)
    peer = Peer().eval()
    for parameter in peer.parameters():
        nn.init.normal_(parameter, std=0.2)
    return peer


@pytest.fixture(scope="module")
def folder(peer: Peer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("inpainting")
    # Shared weights have one key.
    save_file(peer.state_dict(), place / "weights.safetensors")
    flags = ("--weights", place / "weights.safetensors", "--target", "onnx,torch")
    result = litevae("compile", MODEL, "-o", place / "out", *flags)
    assert result.returncode == 0, result.stderr
    (place / "told.txt").write_text(result.stderr)
    return place / "out"


@pytest.fixture(scope="module")
def module(folder: Path) -> Iterator[ModuleType]:
    with package(folder) as imported:
        yield imported


@pytest.fixture(scope="module")
def model(folder: Path, module: ModuleType) -> Any:
    return module.Autoencoder.from_pretrained(folder)


@pytest.fixture(scope="module")
def given() -> dict[str, Tensor]:
    torch.manual_seed(4)
    return {"image": torch.rand(2, 3, 20, 12) * 2 - 1, "mask": (torch.rand(2, 1, 20, 12) > 0.5).float()}


def test_the_class_is_the_peer(peer: Peer, model: Any, given: dict[str, Tensor]) -> None:
    image, mask = given.values()
    with torch.no_grad():
        moments, skip = peer.encode(image, mask)
        z = moments[:, :4]
        encoded = model.encode(image, mask=mask)
        assert list(encoded.skips) == ["skip", "original", "mask"]
        torch.testing.assert_close(encoded.latent_dist.mean, z)
        torch.testing.assert_close(encoded.latent_dist.logvar, moments[:, 4:])
        torch.testing.assert_close(encoded.skips["skip"], skip)
        wanted = peer.decode(z, skip, image, mask)
        torch.testing.assert_close(model.decode(z, **encoded.skips).sample, wanted)
        torch.testing.assert_close(model(image, sample=False, mask=mask).sample, wanted)
        [plain] = model.decode(z, return_dict=False, **encoded.skips)
        torch.testing.assert_close(plain, wanted)
        # What is skipped is looked at.
        others = {**encoded.skips, "original": -image}
        assert not torch.allclose(model.decode(z, **others).sample, wanted, atol=1e-3)


def test_the_graphs_are_the_peer(peer: Peer, folder: Path, given: dict[str, Tensor]) -> None:
    image, mask = given.values()
    with torch.no_grad():
        moments, skip = peer.encode(image, mask)
        mean = moments[:, :4]
        wanted = peer.decode(mean, skip, image, mask)
    encoder, decoder = (
        onnxruntime.InferenceSession(folder / f"{part}.onnx") for part in ("encoder", "decoder")
    )
    found = encoder.run(["mean", "skip"], {name: value.numpy() for name, value in given.items()})
    np.testing.assert_allclose(found[0], mean.numpy(), atol=1e-4)
    np.testing.assert_allclose(found[1], skip.numpy(), atol=1e-4)
    values = {"latent": mean, "skip": skip, "original": image, "mask": mask}
    [out] = decoder.run(["image"], {name: value.numpy() for name, value in values.items()})
    np.testing.assert_allclose(out, wanted.numpy(), atol=1e-4 * wanted.abs().max().item())


def test_shared_weights_are_one_module(model: Any, peer: Peer, folder: Path) -> None:
    assert list(load_file(folder / "model.safetensors")) == list(model.state_dict())
    assert set(model.state_dict()) == set(peer.state_dict())
    assert sum(value.numel() for value in model.parameters()) == sum(
        value.numel() for value in peer.parameters()
    )


def test_parts_alone_have_their_keys(module: ModuleType, peer: Peer, given: dict[str, Tensor]) -> None:
    image, mask = given.values()
    state = peer.state_dict()
    encoder, decoder = module.build_encoder(), module.build_decoder()
    for part in (encoder, decoder):
        part.load_state_dict({key: state[key] for key in part.state_dict()})
    with torch.no_grad():
        moments, skip = peer.encode(image, mask)
        found = encoder(image, mask)
        torch.testing.assert_close(found["moments"], moments)
        torch.testing.assert_close(found["skip"], skip)
        wanted = peer.decode(moments[:, :4], skip, image, mask)
        torch.testing.assert_close(decoder(moments[:, :4], skip, image, mask), wanted)


def test_the_example_in_the_readme_runs(
    folder: Path, module: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    [example] = re.findall(r"```python\n(.*?)```", (folder / "README.md").read_text(), re.DOTALL)
    assert "model.encode(x, mask=torch.rand(1, 1, 128, 128))" in example
    monkeypatch.chdir(folder)
    ran: dict[str, Any] = {"__name__": "__main__"}
    exec(example, ran)
    assert ran["y"].shape == (1, 3, 128, 128)


def test_it_is_no_teacher(folder: Path) -> None:
    with pytest.raises(InputError, match="inpainting takes mask, skip, original besides image and latent"):
        load_teacher(folder, "teacher.folder")


def test_slices_are_the_whole(model: Any, given: dict[str, Tensor]) -> None:
    image, mask = given.values()
    with torch.no_grad():
        whole = model(image, sample=False, mask=mask).sample
        model.enable_slicing()
        try:
            sliced = model(image, sample=False, mask=mask).sample
            torch.testing.assert_close(sliced, whole, atol=1e-5 * whole.abs().max().item(), rtol=0)
        finally:
            model.disable_slicing()


def test_tiles_cut_what_it_takes_besides(folder: Path, module: ModuleType, given: dict[str, Tensor]) -> None:
    image, mask = (value.repeat(1, 1, 4, 4) for value in given.values())
    model = module.Autoencoder.from_pretrained(folder)
    with torch.no_grad():
        whole = model.encode(image, mask=mask).skips["skip"]
        model.tile_sample_min_size = 32
        with pytest.warns(UserWarning, match="groupNorm"):
            model.enable_tiling()
            tiled = model.encode(image, mask=mask)
            assert model.decode(tiled.latent_dist.mean, **tiled.skips).sample.shape == image.shape
    # The skip comes before what sees all of the image: what no neighbour covers is the whole's.
    torch.testing.assert_close(tiled.skips["skip"][..., :8, :8], whole[..., :8, :8])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda model, x, m: model.encode(x),
            TypeError,
            "encoding of inpainting takes mask besides, and is not given mask",
        ),
        (lambda model, x, m: model.encode(x, mask=m, text=m), TypeError, "takes mask besides, and no text"),
        (
            lambda model, x, m: model.encode(x, mask=m[:, :, :4]),
            ValueError,
            r"takes mask \[2, 1, 20, 12\] here, not \[2, 1, 4, 12\]",
        ),
        (lambda model, x, m: model.encode(x, mask=m[:1]), ValueError, r"not \[1, 1, 20, 12\]"),
        (
            lambda model, x, m: model.decode(torch.zeros(2, 4, 5, 3), mask=m),
            TypeError,
            "decoding of inpainting takes skip, original, mask besides, and is not given skip, original",
        ),
    ],
)
def test_what_is_missing_or_wrong_is_said(
    model: Any, given: dict[str, Tensor], call: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        call(model, given["image"], given["mask"])


def test_conditions_leave_the_trainer_out(folder: Path, tmp_path: Path) -> None:
    told = (folder.parent / "told.txt").read_text()
    assert "inpainting takes mask from outside, which images do not bring" in told
    assert not (folder / "litevae_inpainting" / "train.py").exists()
    refused = litevae("compile", MODEL, "-o", tmp_path / "other", "--target", "torch", "--recipe", "smoke")
    assert refused.returncode == 1
    assert "inpainting cannot be trained by the recipe smoke: recipes train on images alone" in refused.stderr
    shown = litevae("run", folder, ROOT / "examples" / "photos" / "chelsea.png", "-o", tmp_path / "run")
    assert shown.returncode == 1
    assert "takes more than an image: mask" in shown.stderr


RECIPE = """import { recipe } from "litevae";
export default recipe({
  name: "two-steps",
  phases: [{ name: "one", resolution: 16, steps: 2, batch: 2, discriminator: false }],
  losses: { perceptual: 0, ldl: 0.1 },
  ema: { decay: 0.9 },
  data: { workers: 0, validation_share: 0.3 },
  checkpoints: { validate_every: 1 },
  log: { every: 1, samples_every: 2, samples: 2, trackers: [] },
});
"""


def test_skips_of_images_train_evaluate_and_run(tmp_path: Path) -> None:
    (tmp_path / "recipe.ts").write_text(RECIPE)
    flags = ("--target", "onnx,torch", "--recipe", tmp_path / "recipe.ts")
    out = compile_to(tmp_path / "out", SKIPPING, *flags)
    data = ["--data", str(write_images(tmp_path / "images", 8))]
    run, trained = tmp_path / "run", tmp_path / "trained"
    with package(out) as module:
        assert command(module.__name__, "train", [*data, "--output", str(run), "--cpu"]) == 0
        compile_to(trained, SKIPPING, "--weights", run / "model.safetensors")
        found = []
        for weights, metrics in (
            (["--weights", str(run)], "psnr,imbalance"),
            (["--onnx", str(trained)], "psnr"),
        ):
            result = tmp_path / f"{metrics}.json"
            options = ["--output", str(result), "--sizes", "16", "--device", "cpu", "--workers", "0"]
            assert (
                command(module.__name__, "evaluate", [*data, *weights, *options, "--metrics", metrics]) == 0
            )
            found.append(json.loads(result.read_text()))
        torched, compiled = found
        assert torched["sizes"][0]["psnr"] == pytest.approx(compiled["sizes"][0]["psnr"], rel=1e-4)
        assert torched["imbalance"]["module"] == "decoder.second" and torched["imbalance"]["value"] > 1
        benchmarking = f"{module.__name__}._runtime.benchmarking"
        rows, measure = (
            import_module(f"{benchmarking}.rows"),
            import_module(f"{benchmarking}.measure").measure,
        )
        settings = rows.Settings("cpu", 16, "fp32", True, run, 1, 0.0)
        for part in ("encoder", "decoder"):
            assert measure(module.Autoencoder, rows.Case(part, "eager", 2), settings).median > 0
    shown = litevae("run", trained, ROOT / "examples" / "photos" / "chelsea.png", "-o", tmp_path / "shown")
    assert shown.returncode == 0, shown.stderr
    assert "PSNR" in shown.stdout


def command(package_name: str, name: str, arguments: list[str]) -> int:
    forget_accelerate()
    code: int = import_module(f"{package_name}.{name}").main(arguments)
    return code
