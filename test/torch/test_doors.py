"""What a run measures of its latents goes through every door, and comes back as it was: RUN, compile, graphs, client, package."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import onnx
import pytest
import torch
from conftest import litevae, package
from safetensors.torch import load_file

MODEL = Path(__file__).parent / "models" / "small.ts"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("doors") / "out"
    result = litevae("compile", MODEL, "-o", out, "--target", "onnx,torch")
    assert result.returncode == 0, result.stderr
    return out


@pytest.fixture(scope="module")
def module(folder: Path) -> Iterator[ModuleType]:
    with package(folder) as imported:
        yield imported


def config_of(folder: Path) -> dict[str, Any]:
    config: dict[str, Any] = json.loads((folder / "config.json").read_text())
    return config


def test_numbers_go_through_every_door(module: ModuleType, folder: Path, tmp_path: Path) -> None:
    channels = module.Autoencoder.latent_channels
    values = torch.linspace(0.1, 3.3, channels, dtype=torch.float64)
    measured = {
        "scaling_factor": 1.1112345678901235,
        "shift_factor": -0.1,
        "latents_mean": (values / 7).tolist(),
        "latents_std": values.tolist(),
        "latent_images": 64,
    }
    run = tmp_path / "run"
    module.Autoencoder.from_pretrained(folder).save_pretrained(run, **measured)
    out = tmp_path / "out"
    result = litevae(
        "compile", MODEL, "-o", out, "--target", "onnx,torch", "--weights", run / "model.safetensors"
    )
    assert result.returncode == 0 and "warning" not in result.stderr, result.stderr
    for graph in ("encoder.onnx", "decoder.onnx"):
        found = {each.key: each.value for each in onnx.load(out / graph).metadata_props}
        assert {key: json.loads(found[key]) for key in measured} == measured
    client = (out / "client.js").read_text()
    for key in measured:
        [text] = re.findall(rf"^    {key}: (.*),$", client, re.MULTILINE)
        assert json.loads(text) == measured[key]
    model = module.Autoencoder.from_pretrained(out)
    model.save_pretrained(tmp_path / "saved")
    for place in (run, out, tmp_path / "saved"):
        config = config_of(place)
        assert {key: config[key] for key in measured} == measured
    # Pipelines apply the two factors, and would apply the channels' numbers on top.
    assert model.config.scaling_factor == measured["scaling_factor"] and "latents_std" not in model.config
    z = torch.randn(2, channels, 4, 4)
    normal = (z + 0.1) * 1.1112345678901235
    torch.testing.assert_close(model.normalize(z), normal)
    torch.testing.assert_close(model.denormalize(normal), z)


def test_damaged_files_are_refused_by_package_and_evaluation(
    module: ModuleType, folder: Path, tmp_path: Path
) -> None:
    """A byte flipped where the tensors are leaves a file that opens."""
    out = tmp_path / "out"
    assert litevae("compile", MODEL, "-o", out).returncode == 0
    whole = {name: (out / name).read_bytes() for name in ("model.safetensors", "decoder.onnx")}
    for name, content in whole.items():
        damaged = bytearray(content)
        damaged[-3] ^= 1
        (out / name).write_bytes(damaged)
    assert load_file(out / "model.safetensors")
    with pytest.raises(module.WeightsError, match="is not the file that was compiled"):
        module.Autoencoder.from_pretrained(out)
    subject = __import__(f"{module.__name__}._runtime.evaluation.subject", fromlist=["TorchSubject"])
    compiled = __import__(f"{module.__name__}._runtime.evaluation.compiled", fromlist=["OnnxSubject"])
    with pytest.raises(Exception, match="is not the file that was compiled"):
        subject.TorchSubject(module.Autoencoder, out, torch.device("cpu"), "fp32")
    (out / "model.safetensors").write_bytes(whole["model.safetensors"])
    config = (out / "config.json").read_text()
    (out / "config.json").write_text(config.replace('"scaling_factor": 1', '"scaling_factor": 0.5'))
    with pytest.raises(module.WeightsError, match=r"config\.json is not the file that was compiled"):
        module.Autoencoder.from_pretrained(out)
    with pytest.raises(Exception, match=r"config\.json is not the file that was compiled"):
        subject.TorchSubject(module.Autoencoder, out, torch.device("cpu"), "fp32")
    (out / "config.json").write_text(config)
    with pytest.raises(Exception, match=r"is damaged[\s\S]*decoder\.onnx is not the file that was compiled"):
        compiled.OnnxSubject(out, torch.device("cpu"))
