"""`python -m PACKAGE.evaluate`: what it gives, and what it says is missing."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from conftest import ROOT
from evaluation.runs import FEW_FEATURES, PACKAGE, Compiled, compiled, few_features, networks, result
from PIL import Image
from processes import launcher, start
from sets import colour, write_images
from training.runs import forget_accelerate

__all__ = ["compiled", "few_features", "networks"]


@pytest.fixture(scope="module")
def plain(compiled: Compiled, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A result without any network's weights."""
    folder = tmp_path_factory.mktemp("plain")
    assert compiled.evaluate(folder / "found.json", "--sizes", "16,32", "--networks", str(folder)) == 0
    return result(folder / "found.json")


def test_every_metric_is_given_where_its_weights_are_there(
    compiled: Compiled, networks: Path, few_features: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "new" / "found.json"
    assert compiled.evaluate(file, "--networks", str(networks), "--sizes", "32,16") == 0
    found = result(file)
    assert [entry["size"] for entry in found["sizes"]] == [16, 32]
    for entry in found["sizes"]:
        numbers = {name: value for name, value in entry.items() if name not in ("size", "images")}
        if entry["size"] == 16:
            assert numbers.pop("lpips_alex") is None
        assert entry["images"] == 5 and numbers.pop("psnr_infinite") == 0
        assert all(value > 0 for value in numbers.values()), numbers
    assert [(each["metric"], each["sizes"]) for each in found["missing"]] == [("lpips_alex", [16])]
    files = {name: [file["file"] for file in those] for name, those in found["protocol"]["networks"].items()}
    assert files == {
        "inception": ["weights-inception-2015-12-05-6726825d.pth"],
        "vgg16": ["vgg16-397923af.pth", "vgg.pth"],
        "alexnet": ["alexnet-owt-7be5be79.pth", "alex.pth"],
    }
    shown = capsys.readouterr()
    assert f"plain: 5 images in {compiled.data}; 1 × cpu, fp32" in shown.err
    assert "no lpips_alex at 16: it needs sides of at least 31 pixels" in shown.err
    assert "note: rFID of 5 images says little" in shown.err
    assert re.search(r"^32×32 +5( +[\d.]+){5}$", shown.out, re.MULTILINE)
    # The paper's figures stand below, and nowhere in the result.
    measured, published = shown.out.split(
        "published in arXiv:2405.14477, by other training and evaluation than yours:"
    )
    assert "LiteVAE" not in measured and "2b     LiteVAE-B" in published
    assert "LiteVAE" not in file.read_text()
    assert f"wrote {file} and {tmp_path}/new/found-imbalance.png" in shown.out


def test_the_result_carries_its_protocol(plain: dict[str, Any], compiled: Compiled) -> None:
    assert plain["format"] == "litevae-evaluation-1" and plain["model"] == "plain"
    assert list(plain) == [
        *("format", "model", "source", "protocol", "sizes", "mmd", "imbalance", "missing", "notes"),
    ]
    assert plain["source"]["path"] == str(compiled.folder / "model.safetensors")
    manifest = json.loads((compiled.folder / "manifest.json").read_text())
    assert plain["source"]["sha256"] == manifest["files"]["model.safetensors"]["sha256"]
    protocol = plain["protocol"]
    assert protocol["data"] | {"files_sha256": ""} == {
        "path": str(compiled.data),
        "chosen": "all",
        "files_sha256": "",
        "pixels": {"profile": "srgb", "range": None, "nodata": None, "fill": None},
        "images": 5,
        "skipped": 0,
        "formats": {"PNG": 5},
        "enlarged": {"16": 0, "32": 5},
    }
    assert len(protocol["data"]["files_sha256"]) == 64
    assert protocol["versions"]["torch"] == torch.__version__ and protocol["versions"]["litevae"] == "0.1.0"
    assert (
        protocol["device"].startswith("cpu: ")
        and protocol["precision"] == "fp32"
        and protocol["processes"] == 1
    )
    assert {"resize", "crop", "range", "reconstruction", "rfid", "lpips", "psnr", "ssim"} <= protocol.keys()
    assert plain["mmd"]["size"] == 32 and plain["mmd"]["samples"] == 5
    assert [value["sigma"] for value in plain["mmd"]["values"]] == [25, 50, 100, 250, 500]
    assert plain["imbalance"]["module"] == "decoder.blocks.1" and plain["imbalance"]["value"] > 1


def test_without_weights_it_says_what_to_fetch_and_gives_the_rest(plain: dict[str, Any]) -> None:
    fetched = {each["metric"]: each for each in plain["missing"] if each["file"]}
    assert {metric: each["file"] for metric, each in fetched.items()} == {
        "rfid": "weights-inception-2015-12-05-6726825d.pth",
        "lpips_vgg": "vgg16-397923af.pth",
        "lpips_alex": "alexnet-owt-7be5be79.pth",
    }
    for each in fetched.values():
        assert "https://" in each["from"] and each["to"]
        assert each["reason"] == (
            f"{each['file']} is not in {each['to']}: python -m {PACKAGE}.fetch {each['file']} fetches it there "
            f"from {each['from']}; "
            "--networks or $LITEVAE_WEIGHTS name another folder"
        )
    for entry in plain["sizes"]:
        assert entry["rfid"] is None and entry["lpips_vgg"] is None and entry["lpips_alex"] is None
        assert 0 < entry["psnr"] < 40 and 0 < entry["ssim"] < 1


def test_the_image_is_written(compiled: Compiled, tmp_path: Path) -> None:
    assert compiled.evaluate(tmp_path / "found.json", "--metrics", "imbalance") == 0
    with Image.open(tmp_path / "found-imbalance.png") as image:
        assert image.size == (3 * 32 + 8, 4 * 32 + 12)
    assert result(tmp_path / "found.json")["missing"] == []


def test_a_run_is_evaluated_where_it_lies(compiled: Compiled, tmp_path: Path) -> None:
    run = tmp_path / "run"
    forget_accelerate()
    steps = ("phases.0.steps=2", "phases.1.steps=1", "checkpoints.every=2", "checkpoints.validate_every=2")
    trained = ("--data", str(compiled.data), "--output", str(run), "--cpu", "--set", *steps)
    assert compiled.module("train").main([*trained]) == 0
    weights = [*run.rglob("*.safetensors")]
    assert {path.stat().st_mode for path in weights} == {(run / "config.json").stat().st_mode}
    found = {}
    # Done; then as if it had been stopped.
    newest = run / "checkpoints" / "step-00000003"
    for state, source in (("done", run), ("stopped", run), ("a checkpoint", newest)):
        forget_accelerate()
        arguments = [
            "--data",
            str(compiled.data),
            "--weights",
            str(source),
            "--sizes",
            "16",
            "--device",
            "cpu",
        ]
        assert compiled.module("evaluate").main([*arguments, "--workers", "1", "--metrics", "psnr"]) == 0
        found[state] = result(run / "evaluation.json")
        (run / "model.safetensors").unlink(missing_ok=True)
    assert found["done"]["source"]["path"] == str(run / "model.safetensors")
    best = json.loads((run / "checkpoints" / "best.json").read_text())["step"]
    wanted = run / "checkpoints" / f"step-{best:08d}" / "average.safetensors"
    assert found["stopped"]["source"]["path"] == str(wanted)
    assert found["a checkpoint"]["source"]["path"] == str(newest / "average.safetensors")


def test_compiled_graphs_measure_as_the_package(
    plain: dict[str, Any], compiled: Compiled, tmp_path: Path
) -> None:
    file = tmp_path / "found.json"
    assert compiled.evaluate(file, "--sizes", "16,32", source=("--onnx", str(compiled.folder))) == 0
    found = result(file)
    assert found["source"]["kind"] == "onnx"
    manifest = json.loads((compiled.folder / "manifest.json").read_text())
    for each in found["source"]["files"]:
        assert each["sha256"] == manifest["files"][Path(each["path"]).name]["sha256"]
    assert found["protocol"]["versions"]["provider"] == "CPUExecutionProvider"
    for mine, theirs in zip(found["sizes"], plain["sizes"], strict=True):
        assert mine["psnr"] == pytest.approx(theirs["psnr"], abs=1e-4)
        assert mine["ssim"] == pytest.approx(theirs["ssim"], abs=1e-5)
    for mine, theirs in zip(found["mmd"]["values"], plain["mmd"]["values"], strict=True):
        assert mine["mmd2"] == pytest.approx(theirs["mmd2"], abs=1e-7)
    assert found["imbalance"] is None
    reasons = {each["metric"]: each["reason"] for each in found["missing"]}
    assert reasons["imbalance"] == "compiled graphs do not show their feature maps: use --weights"


def test_bfloat16_comes_near(plain: dict[str, Any], compiled: Compiled, tmp_path: Path) -> None:
    file = tmp_path / "found.json"
    assert compiled.evaluate(file, "--precision", "bf16", "--metrics", "psnr,imbalance") == 0
    found = result(file)
    assert found["protocol"]["precision"] == "bf16" and found["sizes"][0]["ssim"] is None
    exact = plain["sizes"][1]["psnr"]
    assert found["sizes"][0]["psnr"] != exact and found["sizes"][0]["psnr"] == pytest.approx(exact, abs=0.05)
    assert found["imbalance"]["value"] == pytest.approx(plain["imbalance"]["value"], rel=0.05)


def test_the_guide_has_every_option(compiled: Compiled, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        compiled.module("evaluate").main(["--help"])
    options = {*re.findall(r"--[a-z]+", capsys.readouterr().out)} - {"--help"}
    guide = (ROOT / "docs" / "evaluation.md").read_text(encoding="utf-8")
    others = {"--target", "--nproc", "--no", "--mirror"}
    assert {*re.findall(r"(?<![\w|-])--[a-z]+", guide)} - others == options


# Inception ends where tests need it to, also in processes of their own.
_FEW = f"""
from {PACKAGE}._runtime.metrics import frechet
frechet.FEATURES = {FEW_FEATURES}
from {PACKAGE}._runtime.common.commands import end
from {PACKAGE}.evaluate import main
end(main())
"""


def test_two_processes_give_the_numbers_of_one(
    compiled: Compiled, networks: Path, few_features: None, tmp_path: Path
) -> None:
    """Five images, beside a corrupt one, in batches of two: the shares are uneven."""
    data = write_images(tmp_path / "images", 6)
    (data / "class-0" / "003.png").write_bytes(b"no image")
    colour(2, (40, 40)).save(data / "class-2" / "002.png", "JPEG")
    program = tmp_path / "few.py"
    program.write_text(_FEW)
    more = ("--networks", str(networks))
    assert compiled.evaluate(tmp_path / "one.json", *more, data=data) == 0
    # Where there is no GPU, processes share the CPU without being told to.
    arguments = compiled.arguments(tmp_path / "two.json", *more, data=data)
    device = arguments.index("--device")
    del arguments[device : device + 2]
    shared = start(*launcher(2), str(program), *arguments, paths=(compiled.folder,), folder=compiled.folder)
    printed, errors = shared.communicate(timeout=300)
    assert shared.returncode == 0, errors
    one, two = result(tmp_path / "one.json"), result(tmp_path / "two.json")
    assert one["protocol"].pop("processes") == 1 and two["protocol"].pop("processes") == 2
    assert (
        one["protocol"] == two["protocol"]
        and one["missing"] == two["missing"]
        and one["notes"] == two["notes"]
    )
    assert one["protocol"]["data"]["formats"] == {"JPEG": 1, "PNG": 4}
    assert one["protocol"]["data"]["enlarged"] == {"32": 4}
    assert one["sizes"][0]["images"] == 5
    assert two["sizes"][0] == pytest.approx(one["sizes"][0], rel=1e-5)
    for mine, theirs in zip(two["mmd"]["values"], one["mmd"]["values"], strict=True):
        assert mine == pytest.approx(theirs, rel=1e-6)
    assert two["imbalance"]["value"] == pytest.approx(one["imbalance"]["value"])
    images = [Image.open(tmp_path / f"{name}-imbalance.png") for name in ("one", "two")]
    assert np.abs(np.array(images[0]).astype(int) - np.array(images[1])).max() <= 1
    # The main process alone prints.
    assert printed.count("wrote ") == 1
