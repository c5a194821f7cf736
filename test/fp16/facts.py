"""What the tests of float16 graphs ask: `facts.py QUESTION ARGUMENT…` prints JSON.

onnx's ReferenceEvaluator computes in float16 what a graph says is float16. onnxruntime on a CPU computes it in float32, where
overflow does not show, and serves for the float32 graphs here.
"""

import json
import sys
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto
from onnx.reference import ReferenceEvaluator
from PIL import Image

Array = NDArray[np.float32]


def images(folder: str) -> list[Array]:
    opened = [Image.open(path).convert("RGB") for path in sorted(Path(folder).glob("*.png"))]
    return [(np.asarray(image, np.float32) / 127.5 - 1).transpose(2, 0, 1)[None].copy() for image in opened]


evaluator_of = cache(lambda path: ReferenceEvaluator(str(path)))
session_of = cache(lambda path: onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"]))


def reference(path: Path, values: Array) -> list[Array]:
    """The outputs with float16 arithmetic where the graph has float16."""
    evaluator = evaluator_of(path)
    with warnings.catch_warnings():
        # Overflow is what some of the tests are about.
        warnings.simplefilter("ignore", RuntimeWarning)
        outputs = evaluator.run(None, {evaluator.input_names[0]: values})
    return [np.asarray(output) for output in outputs]


def runtime(path: Path, values: Array) -> list[Array]:
    session = session_of(path)
    return [np.asarray(output) for output in session.run(None, {session.get_inputs()[0].name: values})]


def finite(path: str, folder: str) -> bool:
    """Whether all outputs for all images are finite in float16 arithmetic."""
    outputs = [output for values in images(folder) for output in reference(Path(path), values)]
    return all(bool(np.isfinite(output).all()) for output in outputs)


def error(found: Array, expected: Array) -> float:
    difference = np.abs(found.astype(np.float64) - expected).max()
    return float(difference / np.abs(expected).max())


def errors(half: str, full: str, folder: str) -> dict[str, dict[str, float]]:
    """The largest error of each graph against float32, by float16 arithmetic and in onnxruntime."""
    worst = {part: {"reference": 0.0, "onnxruntime": 0.0} for part in ("encoder", "decoder")}
    for image in images(folder):
        latent = runtime(Path(full) / "encoder.onnx", image)[0]
        for part, values in (("encoder", image), ("decoder", latent)):
            path = Path(half) / f"{part}.onnx"
            expected = runtime(Path(full) / f"{part}.onnx", values)
            for name, run in (("reference", reference), ("onnxruntime", runtime)):
                found = [error(one, other) for one, other in zip(run(path, values), expected, strict=True)]
                worst[part][name] = max(worst[part][name], *found)
    return worst


def element_type(value: onnx.ValueInfoProto) -> str:
    return TensorProto.DataType.Name(value.type.tensor_type.elem_type)


def graph(path: str) -> dict[str, Any]:
    """The types in a graph that passes onnx's full check and strict shape inference."""
    model = onnx.load(path)
    onnx.checker.check_model(path, full_check=True)
    inferred = onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)
    types = {value.name: element_type(value) for value in inferred.graph.value_info}
    operators: dict[str, set[str]] = {}
    for node in inferred.graph.node:
        for output in node.output:
            operators.setdefault(node.op_type, set()).add(types.get(output, "FLOAT"))
    elements: dict[str, int] = {}
    for tensor in model.graph.initializer:
        name = TensorProto.DataType.Name(tensor.data_type)
        elements[name] = elements.get(name, 0) + int(np.prod(tensor.dims))
    metadata = {prop.key: prop.value for prop in model.metadata_props}
    return {
        "inputs": [element_type(value) for value in model.graph.input],
        "outputs": [element_type(value) for value in model.graph.output],
        "operators": {name: sorted(found) for name, found in sorted(operators.items())},
        "elements": elements,
        "precision": metadata.get("precision"),
    }


QUESTIONS: dict[str, Callable[..., Any]] = {"finite": finite, "errors": errors, "graph": graph}

if __name__ == "__main__":
    json.dump(QUESTIONS[sys.argv[1]](*sys.argv[2:]), sys.stdout)
