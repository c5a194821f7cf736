"""The compiled graphs give the numbers of the independent reference: largest error at most 1e-4·max|y|
against float64, every parameter random."""

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest

from parity.cases import CASES, Case, inputs_of, outputs_of


@pytest.mark.parametrize("case", [case for case in CASES if not case.torch_only], ids=str)
def test_onnx_gives_the_numbers_of_the_reference(case: Case, compiled: Callable[..., Any]) -> None:
    folder, module = compiled(case.model, case.part, case.name, *case.flags, **case.options)
    path = folder / f"{case.part}.onnx"
    onnx.checker.check_model(onnx.load(path), full_check=True)
    onnx.shape_inference.infer_shapes(onnx.load(path), check_type=True, strict_mode=True, data_prop=True)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    for size in case.sizes:
        x = inputs_of(case, size)
        wanted = outputs_of(case, module, x)
        names = [output.name for output in session.get_outputs()]
        found = dict(zip(names, session.run(None, {session.get_inputs()[0].name: x}), strict=True))
        assert found.keys() == wanted.keys()
        for name, y in wanted.items():
            assert found[name].shape == y.shape
            error = np.abs(found[name] - y).max()
            assert error <= 1e-4 * np.abs(y).max(), f"{case} {name} at {size}: {error} of {np.abs(y).max()}"
