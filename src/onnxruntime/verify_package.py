"""Runs the PyTorch package of a compiled folder on given inputs, for `litevae verify`.

verify_package.py FOLDER PACKAGE WEIGHTS PARTS INPUTS OUTPUTS: WEIGHTS is a safetensors file, or "" for the folder's own. PARTS is
JSON: the `roles` of an autoencoder's parts, the names of what INPUTS holds, such as `encoder.image`, in the order in which parts
take them, and the names of what OUTPUTS gets, such as `encoder.mean`, in float64.
"""

import importlib
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any, TypedDict

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

# What litevae shows as it is; any other failure comes with the end of its traceback.
WRONG_WEIGHTS = 3


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
    # In float64 the package's own rounding is nothing beside that of the graphs.
    target.double().eval()


def network(module: ModuleType, part: str, weights: dict[str, Tensor]) -> nn.Module:
    """A part of a package without the class Autoencoder: its keys are the file's."""
    built: nn.Module = getattr(module, f"build_{part}")()
    tops = {key.split(".")[0] for key in built.state_dict()}
    load(module, built, {key: value for key, value in weights.items() if key.split(".")[0] in tops})
    return built


class Parts(TypedDict):
    # What the autoencoder's parts are called; None where the model is none.
    roles: dict[str, Any] | None
    inputs: list[str]
    outputs: list[str]


def autoencoder_outputs(
    module: ModuleType, weights: dict[str, Tensor], roles: dict[str, Any], inputs: dict[str, list[Tensor]]
) -> dict[str, Any]:
    """What the class Autoencoder gives for each part: one tensor, or several by name."""
    found: dict[str, Any] = {}
    encoder, decoder, beside = roles["encoder"], roles["decoder"], roles.get("discriminator")
    if encoder in inputs or decoder in inputs:
        model = autoencoder(module, weights, encoder in inputs and decoder in inputs)
        if encoder in inputs:
            posterior = model.encode(*inputs[encoder]).latent_dist
            found[encoder] = {name: getattr(posterior, moment) for moment, name in roles["posterior"].items()}
        if decoder in inputs:
            found[decoder] = model.decode(*inputs[decoder]).sample
    if beside in inputs:
        found[beside] = discriminator(module, weights)(*inputs[beside])
    return found


def outputs(
    module: ModuleType, weights: dict[str, Tensor], parts: Parts, inputs: dict[str, list[Tensor]]
) -> dict[str, Tensor]:
    roles = parts["roles"]
    if roles is not None and hasattr(module, "Autoencoder"):
        found = autoencoder_outputs(module, weights, roles, inputs)
    else:
        found = {part: network(module, part, weights)(*values) for part, values in inputs.items()}
    named: dict[str, Tensor] = {}
    for name in parts["outputs"]:
        part, output = name.split(".")
        given = found[part]
        named[name] = (given[output] if isinstance(given, dict) else given).contiguous()
    return named


def by_part(tensors: dict[str, Tensor], names: list[str]) -> dict[str, list[Tensor]]:
    """What every part takes, in its order."""
    parts: dict[str, list[Tensor]] = {}
    for name in names:
        parts.setdefault(name.split(".")[0], []).append(tensors[name].double())
    return parts


def main() -> None:
    folder, package, weights_file, names, inputs_file, outputs_file = sys.argv[1:]
    sys.path.insert(0, folder)
    module = importlib.import_module(package)
    files = importlib.import_module(f"{package}._runtime.nn.weight_files")
    parts: Parts = json.loads(names)
    inputs = by_part(load_file(inputs_file), parts["inputs"])
    try:
        weights = files.read_weights(weights_file or Path(folder) / "model.safetensors")
        with torch.no_grad():
            save_file(outputs(module, weights, parts, inputs), outputs_file)
    except module.WeightsError as error:
        print(error, file=sys.stderr)
        sys.exit(WRONG_WEIGHTS)


if __name__ == "__main__":
    main()
