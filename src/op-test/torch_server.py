"""Evaluates layers and functions in PyTorch for the test of ops: JSON requests on stdin, a line each.

A request holds `module` (the call of its constructor), `expression` over x0, x1, … or `source`, a generated model.py, with its
`part`; beside it `inputs`, `files` of the ops' own and `state`, the module's state_dict. Floating point is float64, the
module is in eval mode.
A tensor is a shape, a dtype and bytes in base64. The answer is a line on stdout.
"""

import base64
import copy
import json
import math
import runpy
import sys
import traceback
from collections.abc import Callable, Iterable
from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

Json = dict[str, Any]


HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "runtime" / "src"))
from litevae_runtime.nn import layers  # noqa: E402

saved_bytes: Callable[..., int] = runpy.run_path(str(HERE / "saved_bytes.py"))["saved_bytes"]

SCOPE: dict[str, Any] = {"nn": nn, "F": F, "torch": torch, "math": math}
SCOPE |= {name: getattr(layers, name) for name in layers.__all__}


def scope_of(request: Json) -> dict[str, Any]:
    """What an expression may name; `ops` has the modules of `files`, paths by their names."""
    return SCOPE | {"ops": SimpleNamespace(**{name: load(path) for name, path in request["files"].items()})}


@cache
def load(path: str) -> ModuleType:
    spec = spec_from_file_location(f"ops_{Path(path).stem}", path)
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[module.__name__] = module
    spec.loader.exec_module(module)
    return module


def decode(tensor: Json) -> Tensor:
    """Integers stay integers, everything else becomes float64."""
    array = np.frombuffer(base64.b64decode(tensor["data"]), tensor["dtype"]).reshape(tensor["shape"])
    return torch.tensor(array, dtype=torch.int64 if tensor["dtype"] == "int64" else torch.float64)


def encode(tensor: Tensor) -> Json:
    array = tensor.detach().to(torch.float64).contiguous().numpy()
    return {
        "shape": list(tensor.shape),
        "dtype": "float64",
        "data": base64.b64encode(array.tobytes()).decode(),
    }


def describe(tensors: Iterable[tuple[str, Tensor]]) -> list[Json]:
    kinds = {torch.int64: "int64"}
    return [
        {"role": name, "shape": list(t.shape), "dtype": kinds.get(t.dtype, "float32")} for name, t in tensors
    ]


class Read(nn.Module):
    """A parameter that stands in a model under its own name."""

    def __init__(self, value: nn.Parameter) -> None:
        super().__init__()
        self.value = value

    def forward(self) -> Tensor:
        return self.value


def parameters_of(module: nn.Module | None) -> list[Json]:
    """By role, which is empty of a parameter that is read."""
    if module is None:
        return []
    return describe([("", module.value)] if isinstance(module, Read) else module.named_parameters())


def build(request: Json) -> nn.Module:
    """The module of a request; `state` must name exactly its parameters and buffers."""
    made = eval(request["module"], scope_of(request))
    module: nn.Module = Read(made) if isinstance(made, nn.Parameter) else made
    state = {role: decode(tensor) for role, tensor in request["state"].items()}
    if isinstance(module, Read):
        state = {"value": state[""]}
    module.double().load_state_dict(state, strict=True)
    return module.eval()


def generated(request: Json) -> tuple[nn.Module, Callable[..., Any]]:
    """A part out of a model.py: the module that holds it, and what gives the outputs of its graph."""
    package, runtime = ModuleType("generated"), ModuleType("generated._runtime")
    package.__path__ = []
    runtime.__path__ = [str(Path(layers.__file__).parents[2])]
    sys.modules |= {"generated": package, "generated._runtime": runtime}
    scope: Json = {"__name__": "generated.model", "__package__": "generated"}
    exec(compile(request["source"], "model.py", "exec"), scope)
    if request["part"] == "discriminator":
        holder = nn.Module()
        holder.add_module("discriminator", scope["build_discriminator"]())
        calls: dict[str, Callable[..., Any]] = {"discriminator": holder.get_submodule("discriminator")}
    else:
        holder = scope["Autoencoder"]()

        def encode_image(x: Tensor) -> tuple[Tensor, Tensor]:
            posterior = holder.encode(x).latent_dist
            return posterior.mean, posterior.logvar

        calls = {"encoder": encode_image, "decoder": lambda z: holder.decode(z).sample}
    state = {role: decode(tensor) for role, tensor in request["state"].items()}
    holder.double().load_state_dict(state, strict=True)
    holder.eval()
    return holder, calls[request["part"]]


def evaluate(request: Json) -> Json:
    inputs = [decode(tensor) for tensor in request["inputs"]]
    module: nn.Module | None = None
    if "source" in request:
        module, call = generated(request)
    elif "module" in request:
        module = call = build(request)
    scope = scope_of(request) | {f"x{i}": x for i, x in enumerate(inputs)}
    # The counter does not know the fused attention of a CPU.
    with torch.no_grad(), sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        result = call(*inputs) if module is not None else eval(request["expression"], scope)
    if isinstance(result, dict):
        result = list(result.values())
    if isinstance(result, (int, float)):
        result = torch.tensor(float(result))
    return {
        "outputs": [encode(y) for y in ([result] if isinstance(result, Tensor) else result)],
        "flops": counter.get_total_flops(),
        "saved": saved(request, module, inputs) if request.get("saves") else 0,
        "parameters": parameters_of(module),
        "buffers": describe(module.named_buffers()) if module is not None else [],
    }


def saved(request: Json, module: nn.Module | None, inputs: list[Tensor]) -> float:
    """Bytes that autograd keeps of a call in training, in float32, without what a larger batch does not add to."""

    def call(*xs: Tensor) -> Any:
        return eval(request["expression"], scope_of(request) | {f"x{i}": x for i, x in enumerate(xs)})

    function = copy.deepcopy(module).float().train() if module is not None else call

    def of_batches(count: int) -> int:
        # What has fewer axes than the images is repeated over them, and has no batch, unless it is a sequence of several tokens.
        axes = max((x.dim() for x in inputs), default=0)
        batched = [x.dim() == axes or (x.dim() == 3 and x.shape[2] > 1) for x in inputs]
        times = [
            torch.cat([x.float()] * count) if has_batch else x.float()
            for x, has_batch in zip(inputs, batched, strict=True)
        ]
        return saved_bytes(function, *(x.requires_grad_() for x in times))

    return (of_batches(8) - of_batches(4)) / 4 if inputs else 0


def main() -> None:
    torch.set_num_threads(1)
    for line in sys.stdin:
        try:
            answer = evaluate(json.loads(line))
        except Exception:
            answer = {"error": traceback.format_exc()}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
