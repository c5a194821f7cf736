"""Weights in a folder that a compile wrote: what its manifest says of them holds, and nothing else is written there."""

import json
from pathlib import Path

import pytest
from small import Autoencoder

from litevae_runtime.common.errors import InputError, WeightsError
from litevae_runtime.common.files import file_hash
from litevae_runtime.nn.pretrained import write_pretrained
from litevae_runtime.nn.statistics import LatentStatistics
from litevae_runtime.nn.trained import start_from, trained_autoencoder

MEASURED = LatentStatistics(1.1112345678901235, -0.1)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    write_pretrained(Autoencoder(), tmp_path / "run", "model.safetensors", {}, **MEASURED.config())
    return tmp_path / "run"


def manifest(folder: Path, **files: str) -> None:
    entries = {name: {"bytes": 1, "sha256": sha256} for name, sha256 in files.items()}
    (folder / "manifest.json").write_text(json.dumps({"litevae": "0.1.0", "files": entries}))


@pytest.mark.parametrize("changed", ["model.safetensors", "config.json"])
def test_a_file_that_is_not_what_a_manifest_says_is_refused_by_every_reader(changed: str, run: Path) -> None:
    whole = {name: file_hash(run / name) for name in ("model.safetensors", "config.json")}
    manifest(run, **whole)
    assert Autoencoder.from_pretrained(run).latent_statistics == MEASURED
    manifest(run, **whole | {changed: "0" * 64})
    with pytest.raises(WeightsError, match="is not the file that was compiled: sha256"):
        Autoencoder.from_pretrained(run)
    with pytest.raises(InputError, match="is not the file that was compiled"):
        trained_autoencoder(Autoencoder, run)
    with pytest.raises(InputError, match="is not the file that was compiled"):
        start_from(Autoencoder(), str(run), partial=True)
    (run / "manifest.json").unlink()
    assert trained_autoencoder(Autoencoder, run).latent_statistics == MEASURED


@pytest.mark.parametrize("text", ['{"litevae": "0.1.0", "fil', '{"litevae": "0.1.0", "file": {}}'])
def test_a_damaged_manifest_vouches_for_nothing(text: str, run: Path) -> None:
    (run / "manifest.json").write_text(text)
    with pytest.raises(WeightsError, match=r"manifest.json is damaged"):
        Autoencoder.from_pretrained(run)
    with pytest.raises(InputError, match=r"manifest.json is damaged"):
        trained_autoencoder(Autoencoder, run)
    with pytest.raises(ValueError, match="was compiled"):
        Autoencoder().save_pretrained(run)


def test_weights_whose_config_was_lost_are_refused(run: Path) -> None:
    """Their latents' numbers, and what their pixels meant, would be others without a word."""
    manifest(run, **{name: file_hash(run / name) for name in ("model.safetensors", "config.json")})
    (run / "config.json").unlink()
    with pytest.raises(InputError, match=r"config.json is missing, and manifest.json beside it lists it"):
        trained_autoencoder(Autoencoder, run)
    (run / "manifest.json").unlink()
    assert trained_autoencoder(Autoencoder, run).latent_statistics != MEASURED


@pytest.mark.parametrize("variant", [None, "fp16"])
def test_nothing_is_saved_into_a_compiled_folder(run: Path, variant: str | None) -> None:
    """Its graphs and its manifest would be of other weights."""
    manifest(run, **{"encoder.onnx": "0" * 64, "config.json": file_hash(run / "config.json")})
    before = {path.name: file_hash(path) for path in run.iterdir()}
    model = Autoencoder.from_pretrained(run)
    with pytest.raises(ValueError, match=r"was compiled, .* save into another folder"):
        model.save_pretrained(run, variant=variant, scaling_factor=2.0)
    assert {path.name: file_hash(path) for path in run.iterdir()} == before
    Autoencoder.from_pretrained(run)
    (run / "manifest.json").write_text('{"name": "a web app"}')
    model.save_pretrained(run)
