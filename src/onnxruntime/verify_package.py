"""Runs the PyTorch package of a compiled folder on given inputs, for `litevae verify`.

verify_package.py FOLDER PACKAGE WEIGHTS INPUTS OUTPUTS: WEIGHTS is a safetensors file, or "" for the folder's own; INPUTS holds
`encoder.image`, `decoder.latent` and `discriminator.image` as needed; OUTPUTS gets `encoder.mean` and the like, in float64.
"""

import importlib
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

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
    importlib.import_module(f"{module.__name__}._runtime.nn.autoencoder").load_strict(target, state)
    # In float64 the package's own rounding is nothing beside that of the graphs.
    target.double().eval()


def outputs(module: ModuleType, weights: dict[str, Tensor], inputs: dict[str, Tensor]) -> dict[str, Tensor]:
    found: dict[str, Tensor] = {}
    if "encoder.image" in inputs or "decoder.latent" in inputs:
        model = autoencoder(module, weights, "encoder.image" in inputs and "decoder.latent" in inputs)
        if "encoder.image" in inputs:
            posterior = model.encode(inputs["encoder.image"]).latent_dist
            found |= {"encoder.mean": posterior.mean, "encoder.logvar": posterior.logvar}
        if "decoder.latent" in inputs:
            found["decoder.image"] = model.decode(inputs["decoder.latent"]).sample
    if "discriminator.image" in inputs:
        y = discriminator(module, weights)(inputs["discriminator.image"])
        named = y if isinstance(y, dict) else {"pixel_logits": y}
        found |= {f"discriminator.{name}": value for name, value in named.items()}
    return {name: value.contiguous() for name, value in found.items()}


def main() -> None:
    folder, package, weights_file, inputs_file, outputs_file = sys.argv[1:]
    sys.path.insert(0, folder)
    module = importlib.import_module(package)
    runtime = importlib.import_module(f"{package}._runtime.nn.autoencoder")
    inputs = {name: value.double() for name, value in load_file(inputs_file).items()}
    try:
        weights = runtime.read_weights(weights_file or Path(folder) / runtime.WEIGHTS)
        with torch.no_grad():
            save_file(outputs(module, weights, inputs), outputs_file)
    except module.WeightsError as error:
        print(error, file=sys.stderr)
        sys.exit(WRONG_WEIGHTS)


if __name__ == "__main__":
    main()
