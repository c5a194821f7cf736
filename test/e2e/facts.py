"""What the tests of the command line ask about compiled folders: `facts.py QUESTION FOLDER…` prints JSON.

The answers come from onnx, onnxruntime and safetensors themselves, none of which the compiler uses to write.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import safetensors
from numpy.typing import NDArray
from onnx import TensorProto
from PIL import Image
from safetensors.numpy import load_file, save_file

Tensors = dict[str, NDArray[Any]]
INPUTS = {"encoder": (1, 3, 32, 64), "decoder": (1, 12, 4, 8), "discriminator": (1, 3, 64, 64)}


def weights(folder: str) -> Tensors:
    return load_file(Path(folder) / "model.safetensors")


def grey(path: str) -> list[int]:
    """The values of an image in Pillow's grey, row by row."""
    pixels: list[int] = np.asarray(Image.open(path).convert("L")).reshape(-1).tolist()
    return pixels


def metadata(model: onnx.ModelProto) -> dict[str, str]:
    return {prop.key: prop.value for prop in model.metadata_props}


def different_weights(one: str, two: str) -> list[list[str]]:
    """Names of the tensors that differ, and of those that do not: the constants with which norms start."""
    a, b = weights(one), weights(two)
    assert a.keys() == b.keys()
    same = [key for key in a if a[key].shape == b[key].shape and (a[key] == b[key]).all()]
    return [sorted(a.keys() - set(same)), same]


def different_graphs(one: str, two: str, *parts: str) -> list[dict[str, list[str]]]:
    """The metadata in which two graphs of each part differ; the rest, the weights aside, must be the same bytes."""
    return [different_graph(one, two, part) for part in parts]


def different_graph(one: str, two: str, part: str) -> dict[str, list[str]]:
    models = [onnx.load(Path(folder) / f"{part}.onnx") for folder in (one, two)]
    described = [metadata(model) for model in models]
    for model in models:
        del model.metadata_props[:]
        for tensor in model.graph.initializer:
            if not tensor.name.startswith("constants/"):
                tensor.ClearField("raw_data")
    assert models[0].SerializeToString() == models[1].SerializeToString()
    return {
        key: [facts[key] for facts in described]
        for key in described[0]
        if described[0][key] != described[1][key]
    }


def description(path: str) -> dict[str, Any]:
    """What a graph says about itself."""
    model = onnx.load(path)

    def shapes(values: Any) -> dict[str, list[str | int]]:
        return {
            value.name: [dim.dim_param or dim.dim_value for dim in value.type.tensor_type.shape.dim]
            for value in values
        }

    return {
        "producer": [model.producer_name, model.producer_version],
        "graph": model.graph.name,
        "inputs": shapes(model.graph.input),
        "outputs": shapes(model.graph.output),
        "metadata": metadata(model),
    }


def versions(*folders: str) -> list[list[int]]:
    """IR version and operator set of each folder's graphs, once onnx's checker took them and onnxruntime ran them alike."""
    found = []
    first: dict[str, list[NDArray[np.float32]]] = {}
    for folder in folders:
        for part, shape in INPUTS.items():
            path = Path(folder) / f"{part}.onnx"
            model = onnx.load(path)
            onnx.checker.check_model(model, full_check=True)
            session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
            values = np.random.default_rng(0).uniform(-1, 1, shape).astype(np.float32)
            outputs = session.run(None, {session.get_inputs()[0].name: values})
            for output, other in zip(outputs, first.setdefault(part, outputs), strict=True):
                assert np.isfinite(output).all(), path
                assert np.abs(output - other).max() <= 1e-5 * max(1, np.abs(other).max()), path
        found.append([model.ir_version, model.opset_import[0].version])
    return found


def whole_numbers(*paths: str) -> dict[str, list[str]]:
    """Which inputs of which nodes take whole numbers, by where these come from: sizes never, if nothing computes with them."""
    uses: dict[str, set[str]] = {"Shape": set(), "constant": set(), "another node": set()}
    for path in paths:
        model = onnx.load(path, load_external_data=False)  # Types are inferred without the weights.
        graph = onnx.shape_inference.infer_shapes(model).graph
        typed = {value.name: value.type.tensor_type.elem_type for value in [*graph.value_info, *graph.output]}
        origin = {
            tensor.name: "constant" for tensor in graph.initializer if tensor.data_type == TensorProto.INT64
        }
        for node in graph.node:
            for name in node.output:
                if typed[name] != TensorProto.FLOAT:
                    origin[name] = "Shape" if node.op_type == "Shape" else "another node"
        for node in graph.node:
            for i, name in enumerate(node.input):
                if name in origin:
                    uses[origin[name]].add(f"{node.op_type}[{i}]")
    return {key: sorted(value) for key, value in uses.items()}


def fixed_shapes(path: str) -> dict[str, Any]:
    """Values without a shape of numbers and nodes that ask for one, in a graph that onnx finds right."""
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    graph = onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True).graph
    onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])

    def sizes(value: Any) -> list[int]:
        return [dim.dim_value for dim in value.type.tensor_type.shape.dim]

    values = [*graph.input, *graph.value_info, *graph.output]
    return {
        "open": [value.name for value in values if not all(sizes(value))],
        "asked": sum(node.op_type == "Shape" for node in graph.node),
        "inputs": {value.name: sizes(value) for value in graph.input},
        "outputs": {value.name: sizes(value) for value in graph.output},
    }


def symbolic_shapes(*paths: str) -> dict[str, str]:
    """What onnxruntime's symbolic shape inference says of graphs, without taking unequal symbols for equal."""
    # SymPy takes its time to import, and no other question needs it.
    from onnxruntime.tools.symbolic_shape_infer import SymbolicShapeInference

    found = {}
    for path in paths:
        try:
            SymbolicShapeInference.infer_shapes(onnx.load(path, load_external_data=False))
            found[path] = "inferred"
        except Exception as error:
            found[path] = str(error)
    return found


def preprocessed(*paths: str) -> list[bool]:
    """Prepares graphs for quantising, as onnxruntime's documentation asks for."""
    from onnxruntime.quantization import quant_pre_process

    written = Path("preprocessed.onnx")

    def prepared(path: str) -> bool:
        written.unlink(missing_ok=True)
        quant_pre_process(path, str(written))
        return written.stat().st_size > 0

    return [prepared(path) for path in paths]


def located(path: str) -> list[Any]:
    """Dims and place of a graph's first weight."""
    tensor = onnx.load(path, load_external_data=False).graph.initializer[0]
    return [
        list(tensor.dims),
        tensor.data_location,
        {entry.key: entry.value for entry in tensor.external_data},
    ]


def bfloat16(value: NDArray[Any]) -> NDArray[np.uint16]:
    """The upper half of a float32, its lower half cut off."""
    return (value.view(np.uint32) >> 16).astype(np.uint16)


def save_as(folder: str, path: str, how: str) -> int:
    """Writes a folder's weights again, as another type or under the prefixes of wrapped modules; says how many."""
    tensors = weights(folder)
    if how == "prefixed":
        save_file(
            {
                ("module._orig_mod." if i % 2 else "_orig_mod.") + key: tensors[key]
                for i, key in enumerate(tensors)
            },
            path,
        )
    elif how == "bfloat16":
        half = {key: bfloat16(value) for key, value in tensors.items()}
        specs = {
            key: safetensors.TensorSpec(
                dtype="bfloat16", shape=value.shape, data_ptr=value.ctypes.data, data_len=value.nbytes
            )
            for key, value in half.items()
        }
        safetensors.serialize_file(specs, path)
    else:
        save_file({key: value.astype(how) for key, value in tensors.items()}, path)
    return len(tensors)


def rounded(one: str, two: str, how: str) -> int:
    """How many of the second folder's tensors are the first's in float32, once they were stored as `how`."""
    before, after = weights(one), weights(two)

    def stored(value: NDArray[Any]) -> NDArray[Any]:
        if how == "bfloat16":
            return (bfloat16(value).astype(np.uint32) << 16).view(np.float32)
        return value.astype(how).astype(np.float32)

    return sum(
        after[key].dtype == np.float32 and bool((after[key] == stored(before[key])).all()) for key in before
    )


def latent(path: str) -> dict[str, Any]:
    """The tensor that `run` writes."""
    (value,) = load_file(path).values()
    assert value.dtype == np.float32
    return {
        "shape": value.shape,
        "mean": float(value.mean()),
        "std": float(value.std()),
        "values": value.ravel().tolist(),
    }


questions: dict[str, Callable[..., Any]] = {
    question.__name__: question
    for question in (
        different_weights,
        different_graphs,
        description,
        versions,
        whole_numbers,
        fixed_shapes,
        symbolic_shapes,
        preprocessed,
        located,
        save_as,
        rounded,
        latent,
        grey,
    )
}

if __name__ == "__main__":
    print(json.dumps(questions[sys.argv[1]](*sys.argv[2:])))
