"""The examples of docs/deploying.md run as they stand there, beside a photograph and the compiled demo."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from conftest import ROOT, litevae, package
from PIL import Image

GUIDE = (ROOT / "docs" / "deploying.md").read_text(encoding="utf-8")
# At a side that takes no time.
EXAMPLES = {
    name: code.replace("256", "96")
    for name, code in re.findall(r"^```\w+ file=(\S+)\n(.*?)^```$", GUIDE, re.DOTALL | re.MULTILINE)
}
# Of noise it would be some 10; the demo has learned the photographs at about this size.
LIKENESS = 16


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    here = tmp_path_factory.mktemp("deploying")
    with Image.open(ROOT / "examples" / "photos" / "astronaut.png") as image:
        image.convert("RGB").resize((96, 96)).save(here / "photo.png")
    demo = ROOT / "examples" / "demo" / "nano.safetensors"
    result = litevae("compile", "nano", "--weights", demo, "-o", here / "out/demo", "--target", "onnx,torch")
    assert result.returncode == 0, result.stderr
    return here


@pytest.fixture(autouse=True)
def nano(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.chdir(folder)
    with package(folder / "out/demo") as module:
        yield module


def run(name: str) -> dict[str, Any]:
    found: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(EXAMPLES[name], name, "exec"), found)
    return found


def pixels(name: str) -> np.ndarray:
    with Image.open(name) as image:
        return np.asarray(image.convert("RGB"), dtype=np.float64)


def psnr(one: np.ndarray, other: np.ndarray) -> float:
    return float(10 * np.log10(255**2 / np.mean((one - other) ** 2)))


def test_onnxruntime_and_node_give_the_photograph_back() -> None:
    run("reconstruct.py")
    Path("node_modules").symlink_to(ROOT / "node_modules")
    Path("reconstruct.mjs").write_text(EXAMPLES["reconstruct.mjs"])
    subprocess.run(["node", "reconstruct.mjs"], check=True, timeout=120)
    by_python, by_node = pixels("reconstruction.png"), pixels("from-node.png")
    assert psnr(by_python, pixels("photo.png")) > LIKENESS
    assert np.abs(by_python - by_node).max() <= 1
    Path("any_sides.mjs").write_text(EXAMPLES["any_sides.mjs"])
    asked = ["node", "any_sides.mjs"]
    told = subprocess.run(asked, check=True, timeout=120, capture_output=True, text=True).stdout
    assert re.fullmatch(r"\d+\.\d\d dB\nInfinity\n", told)
    assert pixels("latent.png").shape == (9, 13, 3)


def test_the_package_does_what_autoencoders_of_diffusers_do() -> None:
    found = run("in_torch.py")
    assert found["latent"].shape == (1, 12, 12, 12) and found["back"].shape == (1, 3, 96, 96)


def test_nodes_of_comfyui_encode_and_decode() -> None:
    found = run("comfyui_nodes.py")
    image = torch.from_numpy(pixels("photo.png") / 255).float()[None]
    nodes = {name: node() for name, node in found["NODE_CLASS_MAPPINGS"].items()}
    assert nodes.keys() == found["NODE_DISPLAY_NAME_MAPPINGS"].keys()
    taken = {name: set(node.INPUT_TYPES()["required"]) for name, node in nodes.items()}
    assert taken == {"LitevaeEncode": {"image", "folder"}, "LitevaeDecode": {"samples", "folder"}}
    (latent,) = getattr(nodes["LitevaeEncode"], nodes["LitevaeEncode"].FUNCTION)(image, "out/demo")
    (back,) = getattr(nodes["LitevaeDecode"], nodes["LitevaeDecode"].FUNCTION)(latent, "out/demo")
    assert back.shape == image.shape and back.min() >= 0 and back.max() <= 1
    assert psnr(back[0].numpy() * 255, pixels("photo.png")) > LIKENESS


@pytest.mark.parametrize(
    ("name", "needs"), [("with_openvino.py", "openvino"), ("to_coreml.py", "coremltools")]
)
def test_other_runtimes_take_it(name: str, needs: str) -> None:
    pytest.importorskip(needs)
    run(name)


def test_a_wheel_works_where_nothing_else_of_it_is(folder: Path, tmp_path: Path) -> None:
    """Beside what it depends on, which the environment has."""
    built = ["-m", "build", "--wheel", "--no-isolation", "out/demo", "-o", str(tmp_path)]
    result = subprocess.run([sys.executable, *built], capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stdout + result.stderr
    [wheel] = tmp_path.glob("*.whl")
    site = tmp_path / "site"
    install = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        "--target",
        str(site),
        str(wheel),
    ]
    subprocess.run([sys.executable, *install], check=True, timeout=120)
    program = (
        "import sys, torch, litevae_nano as package; from litevae_nano import encode; "
        "model = package.Autoencoder.from_pretrained(sys.argv[1]); "
        "print(package.__file__, *model.decode(torch.zeros(1, 12, 4, 4)).sample.shape); "
        "sys.exit(encode.main(['--data', sys.argv[2], '--output', 'latents']))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program, str(folder / "out/demo"), str(ROOT / "examples" / "photos")],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(site)},
    )
    assert ran.stdout.split() == [str(site / "litevae_nano" / "__init__.py"), "1", "3", "32", "32"], (
        ran.stderr
    )
    # The wheel has no weights: those of its own folder, which encode takes without --weights, are not there.
    assert ran.returncode == 1 and "help:     give --weights a run's folder" in ran.stderr
