"""What a part takes in memory while it runs, measured: in onnxruntime, and in PyTorch with and without gradients.

A measurement is a process of its own, `python bench/memory.py onnx GRAPH SIZE` or `torch FOLDER PART SIZE`, and
prints bytes as JSON. Input and output are counted, weights are not.
"""

import importlib
import json
import os
import re
import runpy
import subprocess
import sys
import weakref
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

# The test of ops measures with it, too.
saved_bytes: Callable[..., int] = runpy.run_path(
    str(Path(__file__).parents[1] / "src" / "op-test" / "saved_bytes.py")
)["saved_bytes"]

# Freed blocks go back to the system at once, so that resident memory is what is in use.
_ENVIRONMENT = {**os.environ, "MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536"}


def measure(*arguments: str | Path | int) -> dict[str, int]:
    """Runs this file with `arguments`; raises with its output where it fails."""
    command = [sys.executable, __file__, *map(str, arguments)]
    result = subprocess.run(command, env=_ENVIRONMENT, text=True, capture_output=True, check=False)
    if result.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: exit code {result.returncode}\n{result.stderr}")
    return json.loads(result.stdout)


def rows(litevae: Callable[..., list[str]], folder: Path, sizes: Sequence[int]) -> list[dict[str, Any]]:
    """Counted beside measured, in MiB, of every built-in encoder and decoder; equal ones once.

    PyTorch and the arena are measured at the first size. At 1024² the largest need some 6 GiB.
    """
    listed = subprocess.run(litevae("list"), text=True, capture_output=True, check=True).stdout
    models = [line.split()[0] for line in listed.split("\n\n")[0].splitlines()]
    found: dict[str, dict[str, Any]] = {}
    for model in models:
        counts = {size: _counted(litevae, model, size) for size in sizes}
        for part in ("encoder", "decoder"):
            # Graphs that cost the same to the last byte are one.
            key = json.dumps([counts[size][part] for size in sizes])
            if key in found:
                found[key]["models"].append(model)
                continue
            found[key] = {
                "models": [model],
                "part": part,
                "counts": {size: counts[size][part] for size in sizes},
            }
    result: list[dict[str, Any]] = []
    for entry in found.values():
        model, part = entry["models"][0], entry["part"]
        out = folder / f"memory-{model}"
        if not out.exists():
            command = litevae(
                "compile", model, "-o", str(out), "--target", "onnx,torch", "--parts", "encoder,decoder"
            )
            subprocess.run(command, check=True, capture_output=True)
        for size in sizes:
            print(f"memory of {model} {part} at {size}", file=sys.stderr, flush=True)
            row: dict[str, Any] = {"part": f"{part} of {', '.join(entry['models'])}", "size": size}
            counted = entry["counts"][size]
            graph = out / f"{part}.onnx"
            pairs = [("activation", "activationBytes", measure("onnx", graph, size)["peak"])]
            if size == sizes[0]:
                torch = measure("torch", out, part, size)
                pairs += [
                    ("torch", "torchActivationBytes", torch["peak"]),
                    ("saved", "savedBytes", torch["saved"]),
                ]
                row["with_arena"] = measure("onnx", graph, size, "arena")["peak"] / 2**20
            for name, key, measured in pairs:
                row |= {
                    name: counted[key] / 2**20,
                    f"{name}_measured": measured / 2**20,
                    f"{name}_ratio": counted[key] / measured,
                }
            result.append(row)
    return result


def _counted(litevae: Callable[..., list[str]], model: str, size: int) -> dict[str, Any]:
    command = litevae("summary", model, "--size", str(size), "--depth", "0", "--format", "json")
    parts = json.loads(subprocess.run(command, text=True, capture_output=True, check=True).stdout)["parts"]
    keys = ("params", "macs", "activationBytes", "torchActivationBytes", "savedBytes")
    return {name: {key: part[key] for key in keys} for name, part in parts.items() if part is not None}


def onnx(path: str, size: int, arena: bool = False) -> dict[str, int]:
    """Growth of the resident memory in a session's first run."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.enable_cpu_mem_arena = options.enable_mem_pattern = arena
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(0)
    given = {
        name: rng.standard_normal(shape, dtype=np.float32) for name, shape in _inputs(session, size).items()
    }
    before = _resident("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")
    session.run(None, given)
    return {"peak": sum(x.nbytes for x in given.values()) + _resident("VmHWM") - before}


def _inputs(session: Any, size: int, batch: int = 1) -> dict[str, list[int]]:
    """Shapes by name, of one image of `size` × `size`; sides are products of the image's or of the first input's own."""
    sides = {"N": batch, "H": size, "W": size}
    for text in filter(None, session.get_modelmeta().custom_metadata_map.get("sides", "").split(", ")):
        name, product = text.split(" = ")
        sides[name] = _side(product, sides)
    return {one.name: [_side(side, sides) for side in one.shape] for one in session.get_inputs()}


def _side(side: str | int, sides: dict[str, int]) -> int:
    return side if isinstance(side, int) else int(eval(side, {}, {k: Fraction(v) for k, v in sides.items()}))


def torch(folder: str, part: str, size: int) -> dict[str, int]:
    """The most that tensors take at a time without gradients, and what autograd keeps of each image."""
    import onnxruntime
    import torch

    sys.path.insert(0, folder)
    package = importlib.import_module(next(Path(folder).glob("litevae_*")).name)
    module = getattr(package, f"build_{part}")()
    sessions = {path.stem: onnxruntime.InferenceSession(path) for path in Path(folder).glob("*.onnx")}
    # Gradients go on to what another part gave.
    learning = {"latent"} | {one.name for session in sessions.values() for one in session.get_outputs()}

    def given(batch: int, learn: bool = False) -> list[torch.Tensor]:
        shapes = _inputs(sessions[part], size, batch)
        return [
            torch.randn(shape, requires_grad=learn and name in learning) for name, shape in shapes.items()
        ]

    live = _live_bytes(module, given)
    module.train()
    # What follows from weights alone is there once for a batch.
    one, two = (saved_bytes(module, *given(batch, learn=part != "encoder")) for batch in (1, 2))
    return {"peak": live, "saved": two - one}


def _live_bytes(module: Any, given: Any) -> int:
    import torch
    from torch.utils._python_dispatch import TorchDispatchMode
    from torch.utils._pytree import tree_leaves

    class Watch(TorchDispatchMode):
        def __init__(self) -> None:
            super().__init__()
            self.sizes: dict[int, int] = {}
            self.peak = 0

        def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            result = function(*args, **(kwargs or {}))
            for tensor in tree_leaves(result):
                if isinstance(tensor, torch.Tensor):
                    self.watch(tensor.untyped_storage())
            return result

        def watch(self, storage: Any) -> None:
            key = storage._cdata
            if key in self.sizes or key in weights:
                return
            self.sizes[key] = storage.nbytes()
            weakref.finalize(storage, self.sizes.pop, key)
            self.peak = max(self.peak, sum(self.sizes.values()))

    weights = {tensor.untyped_storage()._cdata for tensor in module.state_dict().values()}
    with torch.no_grad(), Watch() as watch:
        module.eval()(*given(1))
    return watch.peak


def _resident(which: str) -> int:
    found = re.search(rf"^{which}:\s*(\d+) kB$", Path("/proc/self/status").read_text(), re.MULTILINE)
    assert found is not None, "Linux tells a process its memory"
    return int(found[1]) * 1024


if __name__ == "__main__":
    kind, target, *rest = sys.argv[1:]
    if kind == "onnx":
        size, *flags = rest
        print(json.dumps(onnx(target, int(size), "arena" in flags)))
    else:
        print(json.dumps(torch(target, rest[0], int(rest[1]))))
