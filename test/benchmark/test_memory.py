"""Memory that reports count is the memory that runtimes take: onnxruntime in a process of its own, torch by its tensors."""

import json
import runpy
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, litevae

# Mostly scores: at 512² they are 64 MiB, every map at most 32.
ATTENTION = """import { litevae } from "litevae";
export default litevae({ name: "scores", variant: "S", latentChannels: 4, decoder: { base: 32, multipliers: [1, 1, 1, 1] } });
"""
# Copies into blocks of 16 channels and out of them, more of which are padding than not; columns of a transposed convolution;
# activations that become more nodes or fewer; a softmax over channels; products with what does not learn.
LAYOUTS = """import {
  block, convTranspose2d, conv2d, gelu, layers, mish, mul, network, softmax, sub, type Feature,
} from "litevae/dsl";
const Maps = block("Maps", () => {
  const { stem, gate, out, between } = layers({
    stem: conv2d({ in: 3, out: 32, stride: STRIDE }), gate: conv2d({ in: 32, out: 3 }), out: conv2d({ in: 3, out: 1 }),
    between: BETWEEN,
  });
  return (image: Feature<3, 1>): Feature<1, 1> => out(mul(softmax(gate(BODY)), sub(1, image)));
});
export default network({ name: "NAME", inputs: [{ name: "image", channels: 3 }], block: Maps() });
"""
PLAIN = "conv2d({ in: 32, out: 32 })"
BODIES = {
    "padded": ("1", PLAIN, "gelu(between(stem(image)))"),
    "columns": (
        "2",
        "convTranspose2d({ in: 32, out: 32, kernel: 4, stride: 2, padding: 1 })",
        "between(stem(image))",
    ),
    "unfolded": ("1", PLAIN, "mish(between(stem(image)))"),
    "across": ("1", PLAIN, "softmax(between(stem(image)))"),
}
CASES = [
    ("nano", "encoder", 256),
    ("nano", "decoder", 256),
    ("scores", "decoder", 512),
]
LAYOUT_CASES = [(name, "network", 512) for name in BODIES]

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux tells and resets a process's peak"
)
measure: Callable[..., dict[str, int]] = runpy.run_path(str(ROOT / "bench" / "memory.py"))["measure"]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    place = tmp_path_factory.mktemp("memory")
    (place / "scores.ts").write_text(ATTENTION)
    folders = {}
    for name, (stride, between, body) in BODIES.items():
        text = LAYOUTS.replace("STRIDE", stride).replace("BETWEEN", between)
        (place / f"{name}.ts").write_text(text.replace("BODY", body).replace("NAME", name))
    for name, model in (
        ("nano", "nano"),
        *((name, str(place / f"{name}.ts")) for name in ("scores", *BODIES)),
    ):
        folders[name] = place / name
        result = litevae(
            "compile",
            model,
            "-o",
            place / name,
            "--target",
            "onnx,torch",
            *([] if name in BODIES else ["--parts", "encoder,decoder"]),
        )
        assert result.returncode == 0, result.stderr
    return folders


def counts(folders: dict[str, Path], name: str, part: str, size: int) -> dict[str, Any]:
    model = name if name == "nano" else str(folders[name].with_suffix(".ts"))
    result = litevae("summary", model, "--size", str(size), "--depth", "0", "--format", "json")
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)["parts"][part]


@pytest.mark.parametrize(("name", "part", "size"), CASES + LAYOUT_CASES)
def test_activation_is_what_onnxruntime_takes(
    folders: dict[str, Path], name: str, part: str, size: int
) -> None:
    counted = counts(folders, name, part, size)["activationBytes"]
    graph = folders[name] / f"{part}.onnx"
    # Resident memory has stacks, buffers of kernels and code that is loaded late besides.
    assert counted == pytest.approx(measure("onnx", graph, size)["peak"], rel=0.2, abs=5 * 2**20)


@pytest.mark.parametrize(("name", "part", "size"), CASES)
def test_torch_activation_is_a_close_lower_bound_and_saved_values_are_torchs(
    folders: dict[str, Path], name: str, part: str, size: int
) -> None:
    counted = counts(folders, name, part, size)
    measured = measure("torch", folders[name], part, size)
    assert 0.75 * measured["peak"] < counted["torchActivationBytes"] <= measured["peak"]
    # A part's posterior keeps its own small maps, which torch has outside of the module.
    assert counted["savedBytes"] == pytest.approx(measured["saved"], rel=0.01)


def test_saved_values_of_products_with_what_does_not_learn_are_torchs(folders: dict[str, Path]) -> None:
    counted = counts(folders, "padded", "network", 64)["savedBytes"]
    assert counted == measure("torch", folders["padded"], "network", 64)["saved"]
