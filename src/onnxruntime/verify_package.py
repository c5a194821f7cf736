"""Compares the PyTorch package of a compiled folder with what its graphs gave, for `litevae verify`.

verify_package.py FOLDER PACKAGE WEIGHTS PARTS TENSORS RESULTS: WEIGHTS is a safetensors file, or "" for the folder's own. PARTS
is JSON: the `roles` of an autoencoder's parts, the `scenes`, and by part the names of its `inputs`, in its order, and of its
`outputs`. TENSORS holds them by scene, part and name, such as `noise/encoder.image`. RESULTS gets `Measured` for every output.
"""

import importlib
import json
import math
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, TypedDict

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

# What litevae shows as it is; any other failure comes with the end of its traceback.
WRONG_WEIGHTS = 3


class Measured(TypedDict):
    """Of one output: largest magnitudes over all of its values; None where a value is not finite or the shape another."""

    # Of the package in float64.
    largest: float | None
    # Of the graph's difference from that.
    difference: float | None
    # Of the package's own difference in float32 from that: what rounding does to this function on this input.
    rounding: float | None
    # Of the graph's difference from a package with random parameters, which is what a graph of other weights is off by; on the
    # first scene alone, 0 on the others.
    others: float | None


class Part(TypedDict):
    inputs: list[str]
    outputs: list[str]


class Request(TypedDict):
    # What the autoencoder's parts are called; None where the model is none.
    roles: dict[str, Any] | None
    scenes: list[str]
    parts: dict[str, Part]


class Runner:
    """A network, and what it gives for a part: its outputs by name, or one tensor."""

    def __init__(self, network: nn.Module, run: Callable[..., Any]) -> None:
        self.network = network
        self.run = run


def autoencoder(module: ModuleType, weights: dict[str, Tensor], whole: bool) -> Any:
    """The model with these weights. Of a folder with some of the parts the others stay as they are: they are not run."""
    model = module.Autoencoder()
    state = model.own_state(weights)
    if not whole:
        state = {**{key: value for key, value in model.state_dict().items() if key not in state}, **state}
    load(module, model, state)
    return model


def discriminator(module: ModuleType, weights: dict[str, Tensor]) -> nn.Module:
    built: nn.Module = module.build_discriminator()
    modules: tuple[str, ...] = module.Autoencoder.discriminator_modules
    prefix = f"{modules[0]}." if len(modules) == 1 else ""
    own = {key: value for key, value in weights.items() if key.split(".")[0] in modules}
    load(module, built, {key.removeprefix(prefix): value for key, value in own.items()})
    return built


def load(module: ModuleType, target: nn.Module, state: dict[str, Tensor]) -> None:
    importlib.import_module(f"{module.__name__}._runtime.nn.weight_files").load_strict(target, state)
    target.eval()


def network(module: ModuleType, part: str, weights: dict[str, Tensor]) -> nn.Module:
    """A part of a package without the class Autoencoder: its keys are the file's."""
    built: nn.Module = getattr(module, f"build_{part}")()
    tops = {key.split(".")[0] for key in built.state_dict()}
    load(module, built, {key: value for key, value in weights.items() if key.split(".")[0] in tops})
    return built


def runners(module: ModuleType, weights: dict[str, Tensor], request: Request) -> dict[str, Runner]:
    roles, parts = request["roles"], request["parts"]
    if roles is None or not hasattr(module, "Autoencoder"):
        networks = {part: network(module, part, weights) for part in parts}
        return {part: Runner(built, built) for part, built in networks.items()}
    found: dict[str, Runner] = {}
    encoder, decoder, beside = roles["encoder"], roles["decoder"], roles.get("discriminator")
    if encoder in parts or decoder in parts:
        model = autoencoder(module, weights, encoder in parts and decoder in parts)

        def encode(image: Tensor, *conditions: Tensor) -> Any:
            posterior, skips = model.encoding(
                image, dict(zip(parts[encoder]["inputs"][1:], conditions, strict=True))
            )
            moments: dict[str, str] | None = roles.get("posterior")
            # Without a distribution it is the latent, whatever that output is called.
            if moments is None:
                latent = next(name for name in parts[encoder]["outputs"] if name not in skips)
                return {**skips, latent: posterior.mode()}
            return {**skips, **{name: getattr(posterior, moment) for moment, name in moments.items()}}

        found[encoder] = Runner(model, encode)

        def decode(latent: Tensor, *others: Tensor) -> Any:
            return model.decoded(latent, dict(zip(parts[decoder]["inputs"][1:], others, strict=True)))

        found[decoder] = Runner(model, decode)
    if beside in parts:
        built = discriminator(module, weights)
        found[beside] = Runner(built, built)
    return {part: found[part] for part in parts}


def outputs(
    runner: Runner, part: str, request: Request, scenes: list[str], tensors: dict[str, Tensor]
) -> Iterator[tuple[str, Tensor]]:
    """What a part gives in its network's precision, by scene, part and name, in float64."""
    inputs, names = request["parts"][part]["inputs"], request["parts"][part]["outputs"]
    dtype = next((each.dtype for each in runner.network.parameters()), torch.float64)
    for scene in scenes:
        given = runner.run(*(tensors[f"{scene}/{part}.{name}"].to(dtype) for name in inputs))
        for name in names:
            yield f"{scene}/{part}.{name}", (given[name] if isinstance(given, dict) else given).double()


def randomize(network: nn.Module, seed: int) -> None:
    """Other parameters of the same scale: whatever stays as it was under them does not depend on them."""
    generator = torch.Generator().manual_seed(seed)
    for parameter in network.parameters():
        scale = parameter.square().mean().sqrt()
        noise = torch.randn(parameter.shape, generator=generator).to(parameter)
        parameter.copy_(parameter + noise * (scale if scale > 0 else 0.1))


def largest(values: Tensor) -> float | None:
    found = values.abs().max().item() if values.numel() > 0 else 0.0
    return found if math.isfinite(found) else None


def compared(runner: Runner, part: str, request: Request, tensors: dict[str, Tensor]) -> dict[str, Measured]:
    runner.network.double()
    scenes = request["scenes"]
    exact = dict(outputs(runner, part, request, scenes, tensors))
    # The weights were read in float32: they come back as they were.
    runner.network.float()
    rounded = dict(outputs(runner, part, request, scenes, tensors))
    kept = {key: value.clone() for key, value in runner.network.state_dict().items()}
    randomize(runner.network, seed=0)
    others = dict(outputs(runner, part, request, scenes[:1], tensors))
    runner.network.load_state_dict(kept)
    found: dict[str, Measured] = {}
    for name, y in exact.items():
        graph = tensors[name].double()
        fits = graph.shape == y.shape
        found[name] = {
            "largest": largest(y),
            "difference": largest(graph - y) if fits else None,
            "rounding": largest(rounded[name] - y),
            "others": largest(others.get(name, graph) - graph) if fits else None,
        }
    return found


def main() -> None:
    folder, package, weights_file, request_text, tensors_file, results_file = sys.argv[1:]
    sys.path.insert(0, folder)
    module = importlib.import_module(package)
    files = importlib.import_module(f"{package}._runtime.nn.weight_files")
    request: Request = json.loads(request_text)
    tensors = load_file(tensors_file)
    results: dict[str, Measured] = {}
    try:
        weights = files.read_weights(weights_file or Path(folder) / "model.safetensors")
        with torch.no_grad():
            for part, runner in runners(module, weights, request).items():
                results |= compared(runner, part, request, tensors)
    except module.WeightsError as error:
        print(error, file=sys.stderr)
        sys.exit(WRONG_WEIGHTS)
    Path(results_file).write_text(json.dumps(results), encoding="utf-8")


if __name__ == "__main__":
    main()
