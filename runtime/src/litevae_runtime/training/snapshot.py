"""What a checkpoint holds: weights as safetensors, what optimizers and random generators remember as .pt files that load
without executing anything, the recipe, and `state.json`."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from ..common.errors import InputError, WeightsError
from ..common.run_folder import AVERAGE, RAW
from ..nn.autoencoder import clean_keys, load_strict, save_weights
from .networks import Networks, Optimizers


@dataclass(frozen=True, slots=True)
class State:
    """What a run knows besides its weights: where it is, and what was counted."""

    # Steps that are done.
    step: int
    model: str
    skipped: int = 0
    skipped_in_a_row: int = 0
    corrupt: int = 0


def write_snapshot(
    folder: Path, accelerator: Accelerator, networks: Networks, optimizers: Optimizers, state: State
) -> None:
    """Everything but the random generators, which each process writes for itself."""
    save_weights(networks.autoencoder.state_dict(), folder / RAW)
    if networks.average is not None:
        save_weights(networks.average.state_dict(), folder / AVERAGE)
    memory: dict[str, Any] = {"autoencoder": optimizers.autoencoder.state_dict()}
    if networks.discriminator is not None and optimizers.discriminator is not None:
        save_weights(networks.discriminator.state_dict(), folder / "discriminator.safetensors")
        memory["discriminator"] = optimizers.discriminator.state_dict()
    if accelerator.scaler is not None:
        memory["scaler"] = accelerator.scaler.state_dict()
    torch.save(memory, folder / "optimizers.pt")
    (folder / "state.json").write_text(json.dumps(asdict(state), indent=2) + "\n")


def write_random_state(folder: Path, process: int) -> None:
    torch.save(_random_state(), folder / f"random-{process}.pt")


def read_snapshot(
    folder: Path, accelerator: Accelerator, networks: Networks, optimizers: Optimizers, steps: int
) -> State:
    """Loads everything into place. InputError where the checkpoint is damaged, of another model or longer than the run."""
    state = _read_state(folder, networks.autoencoder.name, steps)
    _load_weights(networks.autoencoder, folder / RAW)
    if networks.average is not None:
        kept = folder / AVERAGE
        _load_weights(networks.average, kept if kept.exists() else folder / RAW)
    memory = _load_memory(folder / "optimizers.pt")
    optimizers.autoencoder.load_state_dict(memory["autoencoder"])
    stored = folder / "discriminator.safetensors"
    # A recipe that got a phase with a discriminator since then begins it anew.
    if networks.discriminator is not None and optimizers.discriminator is not None and stored.exists():
        _load_weights(networks.discriminator, stored)
        optimizers.discriminator.load_state_dict(memory["discriminator"])
    if accelerator.scaler is not None and "scaler" in memory:
        accelerator.scaler.load_state_dict(memory["scaler"])
    random = folder / f"random-{accelerator.process_index}.pt"
    if random.exists():
        _set_random_state(_load_memory(random))
    return state


def _read_state(folder: Path, model: str, steps: int) -> State:
    try:
        state = State(**json.loads((folder / "state.json").read_text()))
    except (OSError, ValueError, TypeError) as error:
        raise InputError(
            f"{folder} is not a checkpoint",
            expected="a folder RUN/checkpoints/step-… with a state.json",
            found=str(error).splitlines()[0],
            remedy="give such a folder, or --resume auto",
        ) from error
    if state.model != model:
        raise InputError(
            "the checkpoint is of another model",
            expected=model,
            found=state.model,
            remedy="resume with the package that wrote it, or give another --output",
        )
    if state.step > steps:
        raise InputError(
            "the checkpoint lies behind the end of the recipe",
            expected=f"at most {steps} steps",
            found=f"step {state.step}",
            remedy="raise phases.N.steps, or give another --output",
        )
    return state


def _load_weights(module: nn.Module, path: Path) -> None:
    """Strictly; InputError where the file is damaged or of another model."""
    try:
        load_strict(module, clean_keys(load_file(path)))
    except (OSError, SafetensorError, WeightsError) as error:
        raise InputError(
            f"the checkpoint's {path.name} cannot be used: {str(error).splitlines()[0]}",
            found=str(path),
            remedy="resume from another checkpoint with --resume FOLDER, or of the model and recipe that wrote this one",
        ) from error


def _load_memory(path: Path) -> dict[str, Any]:
    try:
        memory: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise InputError(
            f"the checkpoint's {path.name} cannot be read: {str(error).splitlines()[0]}",
            found=str(path),
            remedy="resume from another checkpoint with --resume FOLDER",
        ) from error
    return memory


def _random_state() -> dict[str, Tensor]:
    """The states of torch's generators, which dropout draws from; everything else is drawn by position in the stream."""
    state = {"cpu": torch.get_rng_state()}
    if torch.cuda.is_available():
        state["cuda"] = torch.cuda.get_rng_state()
    return state


def _set_random_state(state: Mapping[str, Tensor]) -> None:
    torch.set_rng_state(state["cpu"])
    if "cuda" in state and torch.cuda.is_available():
        torch.cuda.set_rng_state(state["cuda"])
