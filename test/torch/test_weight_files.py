"""Weight files that fit under the names that wrappers give, and those that do not: one clear error, and nothing is changed.

What `compile` says of each kind of broken file is in test/e2e/weights-errors.test.ts; here files come from torch and safetensors.
"""

import hashlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from conftest import ROOT, litevae, package
from safetensors.torch import load_file, save_file
from torch import Tensor

MODEL = ROOT / "examples" / "variants.ts"
State = dict[str, Tensor]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("variants") / "out"
    result = litevae("compile", MODEL, "-o", out, "--target", "onnx,torch")
    assert result.returncode == 0, result.stderr
    return out


@pytest.fixture(scope="module")
def module(folder: Path) -> Iterator[ModuleType]:
    with package(folder) as imported:
        yield imported


@pytest.fixture
def state(folder: Path) -> State:
    return load_file(folder / "model.safetensors")


def hashes(folder: Path) -> dict[str, str]:
    files = [path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def wrapped(kind: str, model: Any) -> State:
    """The state_dict of a model in training, as wrappers name it."""
    if kind == "compiled":
        model = torch.compile(model)
    elif kind == "parallel":
        model = torch.nn.DataParallel(model)
    elif kind == "parallel and compiled":
        inner: Any = torch.compile(model)
        model = torch.compile(torch.nn.DataParallel(inner))
    elif kind == "compiled block":
        model.encoder.wide = torch.compile(model.encoder.wide)
    elif kind == "compiled in place":
        model.compile()
    elif kind == "parallel encoder":
        model.encoder = torch.nn.DataParallel(model.encoder)
    return dict(model.state_dict())


WRAPPERS = {
    "compiled": "_orig_mod.encoder.stem.weight",
    "parallel": "module.encoder.stem.weight",
    "parallel and compiled": "_orig_mod.module._orig_mod.encoder.stem.weight",
    "compiled block": "encoder.wide._orig_mod.conv.weight",
    "compiled in place": "encoder.stem.weight",
    "parallel encoder": "encoder.module.stem.weight",
}


@pytest.mark.parametrize(("kind", "key"), WRAPPERS.items(), ids=WRAPPERS)
def test_the_names_of_wrappers_are_stripped(
    kind: str, key: str, folder: Path, module: ModuleType, tmp_path: Path
) -> None:
    torch.manual_seed(1)
    model = module.Autoencoder()
    plain = {name: value.clone() for name, value in model.state_dict().items()}
    named = wrapped(kind, model)
    assert key in named
    save_file(named, tmp_path / "run.safetensors")
    result = litevae("compile", MODEL, "-o", tmp_path / "out", "--weights", tmp_path / "run.safetensors")
    assert result.returncode == 0, result.stderr

    # A folder for the package whose weights are called like this.
    (tmp_path / "config.json").write_bytes((folder / "config.json").read_bytes())
    (tmp_path / "run.safetensors").rename(tmp_path / "model.safetensors")
    loaded = module.Autoencoder.from_pretrained(tmp_path)
    model.save_pretrained(tmp_path / "saved")
    for found in (
        load_file(tmp_path / "out" / "model.safetensors"),
        load_file(tmp_path / "saved" / "model.safetensors"),
        loaded.state_dict(),
    ):
        assert found.keys() == plain.keys()
        assert all(torch.equal(found[name], value) for name, value in plain.items())


def missing(state: State) -> State:
    return {
        key: value
        for key, value in state.items()
        if key not in ("encoder.stem.bias", "decoder.wide.conv.gain")
    }


def unexpected(state: State) -> State:
    return {**state, "encoder.stem.scale": torch.ones(48), "decoder_head.weight": torch.ones(1)}


def reshaped(state: State) -> State:
    return {**state, "decoder.head.weight": state["decoder.head.weight"][:3].contiguous()}


def twice(state: State) -> State:
    return {**state, "module.encoder.stem.bias": state["encoder.stem.bias"].clone()}


WRONG_KEYS = {
    "missing": (missing, ["2 missing", "encoder.stem.bias", "decoder.wide.conv.gain"]),
    "unexpected": (unexpected, ["2 unexpected", "encoder.stem.scale", "decoder_head.weight"]),
    "reshaped": (
        reshaped,
        ["1 of another shape", "decoder.head.weight", "[3, 32, 3, 3] instead of [48, 32, 3, 3]"],
    ),
    "all at once": (
        lambda state: missing(unexpected(reshaped(state))),
        ["2 missing", "2 unexpected", "1 of another shape"],
    ),
    "twice": (twice, ["twice"]),
}


@pytest.mark.parametrize(("change", "said"), WRONG_KEYS.values(), ids=WRONG_KEYS)
def test_keys_that_do_not_fit_are_listed(
    change: Any, said: list[str], folder: Path, module: ModuleType, state: State, tmp_path: Path
) -> None:
    save_file(change(state), tmp_path / "model.safetensors")
    refused(folder, module, tmp_path, said)


def corrupted(content: bytes) -> bytes:
    return content[:8] + b"x" + content[9:]


WRONG_BYTES = {
    "cut off in the tensors": lambda content: content[:-100],
    "cut off in the header": lambda content: content[:50],
    "with a header that is none": corrupted,
    "empty": lambda content: b"",
    "of another kind": lambda content: b"these are not the weights that you are looking for",
}


@pytest.mark.parametrize("change", WRONG_BYTES.values(), ids=WRONG_BYTES)
def test_files_that_are_not_whole_are_told(
    change: Any, folder: Path, module: ModuleType, tmp_path: Path
) -> None:
    (tmp_path / "model.safetensors").write_bytes(change((folder / "model.safetensors").read_bytes()))
    refused(folder, module, tmp_path, ["model.safetensors is not a whole safetensors file"])


def refused(folder: Path, module: ModuleType, place: Path, said: list[str]) -> None:
    """By the compiler, which leaves the folder of an earlier compile as it was, and by the package."""
    refused_by(["compile", MODEL, "-o", folder], folder, place, said)
    (place / "config.json").write_bytes((folder / "config.json").read_bytes())
    with pytest.raises(module.WeightsError) as caught:
        module.Autoencoder.from_pretrained(place)
    assert [text for text in said if text not in str(caught.value)] == []


def refused_by(command: list[str | Path], folder: Path, place: Path, said: list[str]) -> None:
    before = hashes(folder)
    result = litevae(*command, "--weights", place / "model.safetensors")
    assert result.returncode == 1 and result.stderr.count("error: ") == 1, result.stderr
    assert [text for text in said if text not in result.stderr] == []
    assert hashes(folder) == before


def test_verify_refuses_them_too(
    folder: Path, state: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LITEVAE_PYTHON", sys.executable)
    change, said = WRONG_KEYS["all at once"]
    save_file(change(state), tmp_path / "model.safetensors")
    refused_by(["verify", folder], folder, tmp_path, said)
    whole = (folder / "model.safetensors").read_bytes()
    (tmp_path / "model.safetensors").write_bytes(whole[:-100])
    refused_by(["verify", folder], folder, tmp_path, ["is not a whole safetensors file"])


def test_weights_are_saved_with_the_mode_of_a_new_file(
    folder: Path, module: ModuleType, tmp_path: Path
) -> None:
    model = module.Autoencoder.from_pretrained(folder)
    before = os.umask(0o027)
    try:
        # What an interrupted process left does not decide.
        (tmp_path / "model.safetensors.partial").touch(0o600)
        model.save_pretrained(tmp_path)
    finally:
        os.umask(before)
    written = [path for path in tmp_path.iterdir() if path.suffix != ".partial"]
    modes = {path.name: oct(path.stat().st_mode & 0o777) for path in written}
    assert modes == {"model.safetensors": "0o640", "config.json": "0o640"}


def test_a_folder_of_another_model_is_told(folder: Path, module: ModuleType, tmp_path: Path) -> None:
    config = (folder / "config.json").read_text().replace('"latent_channels": 4', '"latent_channels": 8')
    (tmp_path / "config.json").write_text(config)
    with pytest.raises(FileNotFoundError, match="has no model"):
        module.Autoencoder.from_pretrained(tmp_path)
    (tmp_path / "model.safetensors").write_bytes((folder / "model.safetensors").read_bytes())
    with pytest.raises(module.WeightsError, match="'latent_channels': 8"):
        module.Autoencoder.from_pretrained(tmp_path)
