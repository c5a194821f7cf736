"""What reads the graphs: runs compiled folders in everything that takes ONNX from the registries, and prints a Markdown table.

`.venv/bin/python scripts/consumers.py FOLDER… > FILE.md` compares every graph of every folder with
onnxruntime, on noise of the size that images of 64² have. Each consumer gets a virtual environment of its own below
--environments, which sees what .venv has beside it, so that torch is not fetched again; each graph runs in a process of
its own, so that what crashes or hangs there ends there. Not part of `npm test`: it needs the network.
"""

import argparse
import json
import subprocess
import sys
import sysconfig
import tempfile
import venv
from collections.abc import Callable, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnx
import onnxruntime as ort

Arrays = list[np.ndarray]
Inputs = Mapping[str, np.ndarray]
SIDE = 64


def in_onnxruntime(model: str | bytes, x: Inputs, *, optimized: bool = True) -> Arrays:
    options = ort.SessionOptions()
    if not optimized:
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    return ort.InferenceSession(model, options, providers=["CPUExecutionProvider"]).run(None, dict(x))


def openvino(path: str, x: Inputs) -> Arrays:
    import openvino as ov

    compiled = ov.Core().compile_model(path, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    result = compiled(dict(x))
    return [result[output] for output in compiled.outputs]


def onnxsim(path: str, x: Inputs) -> Arrays:
    import onnxsim

    simplified, _ = onnxsim.simplify(onnx.load(path))
    return in_onnxruntime(simplified.SerializeToString(), x)


def onnxslim(path: str, x: Inputs) -> Arrays:
    import onnxslim

    return in_onnxruntime(onnxslim.slim(onnx.load(path)).SerializeToString(), x)


def onnx2torch(path: str, x: Inputs) -> Arrays:
    import onnx2torch
    import torch

    with torch.no_grad():
        return arrays(onnx2torch.convert(onnx.load(path)).eval()(*map(torch.from_numpy, x.values())))


def tract(path: str, x: Inputs) -> Arrays:
    import tract

    runnable = tract.onnx().load(path).into_model().into_runnable()
    return [each.to_numpy() for each in runnable.run(list(x.values()))]


def mnn(path: str, x: Inputs) -> Arrays:
    import MNN

    target = f"{tempfile.mkdtemp()}/model.mnn"
    run(tool("mnnconvert"), "-f", "ONNX", "--modelFile", path, "--MNNModel", target, "--bizCode", "x")
    names = [value.name for value in onnx.load(path).graph.output]
    given = [MNN.expr.const(value, list(value.shape), MNN.expr.NCHW) for value in x.values()]
    results = MNN.nn.load_module_from_file(target, list(x), names).forward(given)
    return [np.array(MNN.expr.convert(each, MNN.expr.NCHW).read()) for each in results]


def ncnn(path: str, x: Inputs) -> Arrays:
    import ncnn

    folder = Path(tempfile.mkdtemp())
    (folder / "model.onnx").write_bytes(Path(path).read_bytes())
    shapes = ",".join(str(list(value.shape)).replace(" ", "") for value in x.values())
    run(tool("pnnx"), "model.onnx", f"inputshape={shapes}", "fp16=0", cwd=folder)
    net = ncnn.Net()
    net.opt.use_fp16_storage = net.opt.use_fp16_arithmetic = net.opt.use_fp16_packed = False
    loaded = net.load_param(str(folder / "model.ncnn.param")), net.load_model(str(folder / "model.ncnn.bin"))
    if any(loaded):
        raise RuntimeError("ncnn does not load what pnnx wrote")
    extractor = net.create_extractor()
    for i, value in enumerate(x.values()):
        extractor.input(f"in{i}", ncnn.Mat(value[0]).clone())
    count = len(onnx.load(path).graph.output)
    return [np.array(extractor.extract(f"out{i}")[1])[None] for i in range(count)]


def tvm(path: str, x: Inputs) -> Arrays:
    import tvm
    from tvm import relax
    from tvm.relax.frontend.onnx import from_onnx

    module = relax.transform.DecomposeOpsForInference()(from_onnx(onnx.load(path)))
    machine = relax.VirtualMachine(tvm.compile(relax.transform.LegalizeOps()(module), "llvm"), tvm.cpu())
    return arrays(machine["main"](*map(tvm.runtime.tensor, x.values())))


def iree(path: str, x: Inputs) -> Arrays:
    import iree.compiler
    import iree.runtime

    folder = tempfile.mkdtemp()
    run(tool("iree-import-onnx"), path, "-o", f"{folder}/model.mlir")
    compiled = iree.compiler.compile_file(
        f"{folder}/model.mlir",
        target_backends=["llvm-cpu"],
        input_type="onnx",
        extra_args=["--iree-llvmcpu-target-cpu=host"],
    )
    module = iree.runtime.load_vm_flatbuffer(compiled, driver="local-task")
    return arrays(module[onnx.load(path).graph.name](*x.values()))


def arrays(result: Any) -> Arrays:
    """One output or several of a runtime, in arrays of numpy."""
    several = result if isinstance(result, (tuple, list)) or not hasattr(result, "shape") else [result]
    return [each.numpy() if hasattr(each, "numpy") else np.asarray(each) for each in several]


def tool(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


def run(*command: str, cwd: Path | None = None) -> None:
    subprocess.run(command, check=True, capture_output=True, cwd=cwd)


class Consumer(NamedTuple):
    """What pip is asked for, with its arguments; the first is the package whose version stands in the table."""

    packages: Sequence[str]
    outputs: Callable[[str, Inputs], Arrays]


CONSUMERS = {
    "onnxruntime, optimized": Consumer(["onnxruntime"], in_onnxruntime),
    "onnxruntime, not optimized": Consumer(
        ["onnxruntime"], lambda path, x: in_onnxruntime(path, x, optimized=False)
    ),
    "OpenVINO": Consumer(["openvino"], openvino),
    "tract": Consumer(["tract"], tract),
    # pnnx asks for torch and runs without.
    "ncnn, by pnnx": Consumer(["ncnn", "pnnx", "portalocker", "requests", "tqdm", "--no-deps"], ncnn),
    "TVM": Consumer(["apache-tvm"], tvm),
    "IREE": Consumer(["iree-base-compiler", "iree-base-runtime"], iree),
    "MNN": Consumer(["MNN"], mnn),
    # torchvision would bring another torch.
    "onnx2torch": Consumer(["onnx2torch", "--no-deps"], onnx2torch),
    "onnxsim, then onnxruntime": Consumer(["onnxsim"], onnxsim),
    "onnxslim, then onnxruntime": Consumer(["onnxslim"], onnxslim),
}


def inputs_of(path: str) -> dict[str, np.ndarray]:
    """Noise of the sizes that images of SIDE have there, by what the graph says of its sides."""
    model = onnx.load(path)
    sides = {"N": 1, "H": SIDE, "W": SIDE}
    meanings = {entry.key: entry.value for entry in model.metadata_props}.get("sides", "")
    for name, size in (meaning.split(" = ") for meaning in meanings.split(", ") if meaning):
        sides[name] = whole(size, sides)
    random = np.random.default_rng(0)

    def noise(value: onnx.ValueInfoProto) -> np.ndarray:
        dims = value.type.tensor_type.shape.dim
        shape = [dim.dim_value or whole(dim.dim_param, sides) for dim in dims]
        return random.standard_normal(shape).clip(-1, 1).astype(np.float32)

    return {value.name: noise(value) for value in model.graph.input}


def whole(formula: str, sides: Mapping[str, int]) -> int:
    """What a formula of sizes gives, such as 2*h or (H - 1)/2."""
    return int(eval(formula, {"__builtins__": {}}, dict(sides)))


def answer(consumer: str, path: str) -> dict[str, str]:
    """A cell of the table, and the version: the largest difference from onnxruntime of any output, relative to its max|y|."""
    packages, outputs = CONSUMERS[consumer]
    version, x = metadata.version(packages[0]), inputs_of(path)
    expected = in_onnxruntime(path, x)
    try:
        found = outputs(path, x)
        if [y.shape for y in found] != [y.shape for y in expected]:
            raise ValueError(f"shapes {[y.shape for y in found]}")
        difference = max(
            float(np.abs(y - wanted).max() / np.abs(wanted).max())
            for y, wanted in zip(found, expected, strict=True)
        )
        return {"version": version, "cell": f"{difference:.0e}"}
    except Exception as error:  # Whatever it says is what the table is for.
        said = str(getattr(error, "stderr", None) or error).strip().split("\n")[0]
        return {"version": version, "cell": f"{type(error).__name__}: {said[:100].replace('|', '/')}"}


def environment(consumer: str, root: Path) -> Path:
    """The Python of a virtual environment in which the consumer is installed. CalledProcessError where pip refuses."""
    packages = CONSUMERS[consumer].packages
    folder = root / packages[0]
    if not folder.exists():
        venv.create(folder, with_pip=True)
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        ours = folder / "lib" / version / "site-packages" / "beside.pth"
        ours.write_text(f"{sysconfig.get_path('purelib')}\n", encoding="utf-8")
    python = folder / "bin" / "python"
    run(str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages)
    return python


def asked(python: Path, consumer: str, path: str, timeout: float) -> dict[str, str]:
    command = [str(python), __file__, "--one", consumer, path]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)
    except subprocess.TimeoutExpired:
        return {"cell": f"no answer in {timeout:.0f} s"}
    if done.returncode == 0:
        return json.loads(done.stdout.splitlines()[-1])
    return {"cell": f"ends with {done.returncode}: {(done.stderr.strip() or '-').splitlines()[-1][:100]}"}


def main(given: argparse.Namespace) -> None:
    graphs = [graph for folder in given.folders for graph in sorted(folder.glob("*.onnx"), reverse=True)]
    row("consumer", "version", *(f"{graph.parent.name} {graph.stem}" for graph in graphs))
    row(*["---"] * (2 + len(graphs)))
    for name in given.only or CONSUMERS:
        try:
            python = environment(name, given.environments)
        except subprocess.CalledProcessError as error:
            row(name, "not installed", f"{error.stderr.decode().strip().splitlines()[-1][:100]}")
            continue
        found = [asked(python, name, str(graph), given.timeout) for graph in graphs]
        versions = {answer["version"] for answer in found if "version" in answer}
        row(name, *versions or {"?"}, *(answer["cell"] for answer in found))


def row(*cells: str) -> None:
    print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(answer(*sys.argv[2:4])))
        sys.exit()
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folders", nargs="+", type=Path, help="folders of litevae compile")
    parser.add_argument("--only", action="append", choices=list(CONSUMERS), help="this consumer alone")
    parser.add_argument("--environments", type=Path, default=Path(tempfile.gettempdir(), "consumers"))
    parser.add_argument("--timeout", type=float, default=120, help="seconds that a graph may take")
    main(parser.parse_args())
