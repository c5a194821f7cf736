"""What a checkpoint holds: weights as safetensors, what optimizers and random generators remember as .pt files that load
without executing anything, and `state.json`, which is written last and has the hashes of the others and of itself."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file
from torch import Tensor, nn

from ..common.errors import InputError, WeightsError
from ..common.files import file_hash
from ..common.run_folder import AVERAGE, OPTIMIZERS, RAW, STATE
from ..common.sealed import opened, sealed
from ..common.text import first_line
from ..nn.stored import write_config
from ..nn.weight_files import clean_keys, load_strict, save_weights
from ..nn.whose import stored_beside
from .networks import Networks, Optimizers

_DISCRIMINATOR = "discriminator.safetensors"


@dataclass(frozen=True, slots=True)
class State:
    """What a run knows besides its weights: where it is, and what was counted."""

    # Steps that are done.
    step: int
    model: str
    skipped: int = 0
    skipped_in_a_row: int = 0
    corrupt: int = 0
    # The SHA-256 of the teacher that the run learns from, empty where there is none.
    teacher: str = ""
    # The last step whose numbers were finite, counted from 0, or -1: the weights after so many steps are known to be good.
    last_good: int = -1
    # The SHA-256 of every other file of the checkpoint; empty where an older version wrote it.
    files: Mapping[str, str] = field(default_factory=dict)


class DamagedCheckpointError(InputError):
    """Files of a checkpoint are missing, or are not what was written."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(
            f"the checkpoint's {path.name} cannot be used: {why}",
            found=str(path),
            remedy="resume from another checkpoint with --resume FOLDER",
        )


def write_snapshot(
    folder: Path, accelerator: Accelerator, networks: Networks, optimizers: Optimizers
) -> None:
    """What is alike in all processes."""
    save_weights(networks.autoencoder.state_dict(), folder / RAW)
    if networks.average is not None:
        save_weights(networks.average.state_dict(), folder / AVERAGE)
    # What pixels mean, and what the run's weights came with: numbers of the latents, where the encoder stays as it is.
    write_config(folder, networks.autoencoder.own_layout())
    memory: dict[str, Any] = {"autoencoder": _remembered(optimizers.autoencoder, networks.autoencoder)}
    if networks.discriminator is not None and optimizers.discriminator is not None:
        save_weights(networks.discriminator.state_dict(), folder / _DISCRIMINATOR)
        memory["discriminator"] = _remembered(optimizers.discriminator, networks.discriminator)
    if accelerator.scaler is not None:
        memory["scaler"] = accelerator.scaler.state_dict()
    torch.save(memory, folder / OPTIMIZERS)


def write_random_state(folder: Path, process: int) -> None:
    torch.save(_random_state(), folder / f"random-{process}.pt")


def write_state(folder: Path, state: State) -> None:
    """Comes last: with it the checkpoint says what it consists of."""
    files = {path.name: file_hash(path) for path in sorted(folder.iterdir())}
    (folder / STATE).write_text(sealed(asdict(replace(state, files=files))), encoding="utf-8")


def read_state(folder: Path, model: str, steps: int, teacher: str) -> State:
    """Where a checkpoint is; InputError where it is of another model or teacher or longer than the run, DamagedCheckpointError
    where its files are not those that were written."""
    state = _parsed_state(folder)
    if state.model != model:
        raise InputError(
            "the checkpoint is of another model",
            expected=model,
            found=state.model,
            remedy="resume with the package that wrote it, or give another --output",
        )
    if state.teacher != teacher:
        raise InputError(
            "the checkpoint is of a run with another teacher",
            expected=f"a teacher of sha256 {state.teacher}" if state.teacher else "no teacher",
            found=f"sha256 {teacher}" if teacher else "teacher.folder: null",
            remedy="set teacher.folder to what the run began with, or begin another with train.start_from",
        )
    if state.step > steps:
        raise InputError(
            "the checkpoint lies behind the end of the recipe",
            expected=f"at most {steps} steps",
            found=f"step {state.step}",
            remedy="raise phases.N.steps, or give another --output",
        )
    for name, written in state.files.items():
        try:
            if file_hash(folder / name) != written:
                raise DamagedCheckpointError(folder / name, "its bytes are not those that were written")
        except OSError as error:
            raise DamagedCheckpointError(folder / name, error.strerror or str(error)) from error
    return state


def keys_in(folders: Iterable[Path]) -> frozenset[str]:
    """The keys of the weights in the first of these checkpoints whose file can be read; all of a run have the same."""
    for folder in folders:
        with suppress(OSError, SafetensorError), safe_open(folder / RAW, framework="pt") as weights:
            return frozenset(weights.keys())
    return frozenset()


def _parsed_state(folder: Path) -> State:
    path = folder / STATE
    try:
        fields = opened(path.read_text(encoding="utf-8"))
        state = State(**_missing(fields) | fields)
    except OSError as error:
        raise DamagedCheckpointError(path, error.strerror or str(error)) from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise DamagedCheckpointError(path, first_line(error)) from error
    numbers = (state.step, state.skipped, state.skipped_in_a_row, state.corrupt, state.last_good + 1)
    if not all(type(number) is int and number >= 0 for number in numbers) or not isinstance(
        state.files, dict
    ):
        raise DamagedCheckpointError(path, "its fields have other types than were written")
    return state


def _missing(fields: Any) -> dict[str, Any]:
    """What older versions did not write, as they would have."""
    return {"last_good": fields["step"] - fields.get("skipped_in_a_row", 0) - 1}


def read_snapshot(
    folder: Path, state: State, accelerator: Accelerator, networks: Networks, optimizers: Optimizers
) -> list[str]:
    """Loads everything into place; returns what a person should know of how the networks differ from those that were written.

    `state` is what `read_state` found there. InputError where weights are of another network.
    """
    notes = []
    _load_weights(networks.autoencoder, folder / RAW)
    for each in (networks.autoencoder, networks.average):
        if each is not None:
            each.stored = stored_beside(folder / RAW, each)
    if networks.average is not None:
        kept = (folder / AVERAGE).exists()
        _load_weights(networks.average, folder / (AVERAGE if kept else RAW))
        if not kept:
            notes.append(f"the checkpoint has no {AVERAGE}: the EMA begins with its weights")
    memory = _load_memory(folder / OPTIMIZERS)
    notes += _recall("autoencoder", optimizers.autoencoder, networks.autoencoder, memory, folder)
    if networks.discriminator is not None and optimizers.discriminator is not None:
        if "discriminator" in memory:
            _load_weights(networks.discriminator, folder / _DISCRIMINATOR)
            notes += _recall(
                "discriminator", optimizers.discriminator, networks.discriminator, memory, folder
            )
        elif state.step > 0:
            notes.append("the checkpoint has no discriminator: it begins anew")
    if accelerator.scaler is not None and "scaler" in memory:
        accelerator.scaler.load_state_dict(memory["scaler"])
    random = folder / f"random-{accelerator.process_index}.pt"
    if random.exists():
        _set_random_state(_load_memory(random))
    return notes


def _load_weights(module: nn.Module, path: Path) -> None:
    """Strictly; InputError where they are of another network."""
    try:
        state = clean_keys(load_file(path))
    except (OSError, SafetensorError) as error:
        raise DamagedCheckpointError(path, first_line(error)) from error
    try:
        load_strict(module, state)
    except WeightsError as error:
        raise InputError(
            f"the checkpoint's {path.name} cannot be used: {first_line(error)}",
            found=str(path),
            remedy="resume with the model and the recipe that wrote it, or give another --output",
        ) from error


def _load_memory(path: Path) -> dict[str, Any]:
    try:
        memory: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise DamagedCheckpointError(path, first_line(error)) from error
    return memory


def _trained(optimizer: Any, module: nn.Module) -> list[str]:
    """The names of an optimizer's parameters, in its order: of all that some phase trains."""
    names = {id(parameter): name for name, parameter in module.named_parameters()}
    return [names[id(parameter)] for group in optimizer.param_groups for parameter in group["params"]]


def _remembered(optimizer: Any, module: nn.Module) -> dict[str, Any]:
    return optimizer.state_dict() | {"names": _trained(optimizer, module)}


def _recall(
    role: str, optimizer: Any, module: nn.Module, memory: Mapping[str, Any], folder: Path
) -> list[str]:
    """Gives an optimizer its moments back, by the parameters' names: what is trained may have changed since.

    Its settings are those of the recipe, which may have changed too.
    """
    stored, names = memory[role], _trained(optimizer, module)
    # Older versions wrote no names: the parameters were those of the same networks then.
    known = stored.get("names", names)
    if len(known) != sum(len(group["params"]) for group in stored["param_groups"]):
        raise InputError(
            f"the checkpoint's optimizer is of other parameters than the {role}'s",
            expected=f"{len(names)} parameters",
            found=str(folder / OPTIMIZERS),
            remedy="resume with the train.parts that wrote it, or begin a run with train.start_from",
        )
    moments = {name: stored["state"][i] for i, name in enumerate(known) if i in stored["state"]}
    groups = optimizer.state_dict()["param_groups"]
    state = {i: moments[name] for i, name in enumerate(names) if name in moments}
    optimizer.load_state_dict({"state": state, "param_groups": groups})
    fresh, unused = set(names) - set(known), set(known) - set(names)
    return [
        f"{len(some)} parameters of the {role} {what}"
        for some, what in (
            (fresh, "were not trained before: their optimizer begins anew"),
            (unused, "were trained before and are frozen now"),
        )
        if some
    ]


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
