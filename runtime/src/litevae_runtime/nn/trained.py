"""Weights of a run, a checkpoint or a file, found and loaded into a model."""

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from torch import Tensor

from ..common.errors import InputError, WeightsError
from ..common.run_folder import AVERAGE, BEST, RAW, STATE, RunFolder
from ..common.text import first_line
from .image_autoencoder import ImageAutoencoder
from .statistics import flat_config
from .stored import CONFIG, WEIGHTS, weights_in
from .used import keys_of_encoding
from .weight_files import load_strict, read_weights
from .whose import stored_beside


def weights_file(path: Path) -> Path:
    """The safetensors file that `path` is, or that the folder `path` has: a run, a checkpoint,
    what save_pretrained or diffusers wrote.

    If a run is unfinished, it is that of its best checkpoint, or else of its newest.
    """
    path = path.expanduser()
    if not path.is_dir():
        return path
    checkpoints = RunFolder(path)
    best = checkpoints.best()
    folders = [
        path,
        *([checkpoints.path_of(best.step)] if best is not None else []),
        *checkpoints.paths()[::-1],
    ]
    candidates = [file for folder in folders for file in (weights_in(folder), folder / AVERAGE, folder / RAW)]
    return next((file for file in candidates if file is not None and file.is_file()), path / WEIGHTS)


def _state_in(file: Path, autoencoder: ImageAutoencoder, remedy: str) -> dict[str, Tensor]:
    """The tensors of a file under the model's keys."""
    if file.suffix == ".json" and file.is_file():
        _refuse_json(file, remedy)
    try:
        tensors = read_weights(file)
        autoencoder.adapt_to(tensors)
        return autoencoder.own_state(tensors)
    except (OSError, WeightsError) as error:
        raise InputError(
            f"{file} cannot be read as weights", found=first_line(error), remedy=remedy
        ) from error


def _refuse_json(file: Path, remedy: str) -> None:
    """InputError for a file of those that lie beside weights, which names the weights it is about."""
    run = RunFolder(file.parent.parent)
    best = run.best() if file.name == BEST else None
    weights = weights_file(file.parent if best is None else run.path_of(best.step))
    raise InputError(
        f"{file} is no file of weights",
        expected="a safetensors file, or a folder with one",
        found="JSON" if best is None else f"JSON, which says that step {best.step} is the best so far",
        remedy=f"give {weights}" if weights.is_file() else remedy,
    )


def _take_settings(autoencoder: ImageAutoencoder, file: Path, remedy: str) -> None:
    """What config.json beside the weights says of their latents becomes the model's; InputError where it is another's."""
    try:
        autoencoder.stored = stored_beside(file, autoencoder)
    except WeightsError as error:
        raise InputError(
            f"{file.parent / CONFIG} beside the weights cannot be used", found=str(error), remedy=remedy
        ) from error


def _load(autoencoder: ImageAutoencoder, state: Mapping[str, Tensor], file: Path, remedy: str) -> None:
    try:
        load_strict(autoencoder, state)
    except WeightsError as error:
        other = _model_of(file)
        named = [f"weights of {other}"] if other not in (None, autoencoder.name) else []
        raise InputError(
            f"the weights in {file} are not those of {autoencoder.name}",
            expected=f"the {len(autoencoder.state_dict())} tensors of {autoencoder.name}",
            found=f"\n{' ' * 12}".join([*named, *error.problems]),
            remedy=remedy,
        ) from error


def _model_of(file: Path) -> str | None:
    """The model of a file of weights, by what a compile, a run or a checkpoint left beside it."""
    for beside in (CONFIG, STATE):
        with suppress(OSError, ValueError, KeyError, TypeError):
            return str(flat_config(json.loads((file.parent / beside).read_text(encoding="utf-8")))["model"])
    return None


def trained_autoencoder(model: type[ImageAutoencoder], path: Path) -> ImageAutoencoder:
    """The model in eval mode with the weights of `--weights`, a safetensors file or a folder such as a run's."""
    autoencoder = model()
    file = weights_file(path)
    remedy = "give --weights a run's folder, or a safetensors file of this model"
    state = _state_in(file, autoencoder, remedy)
    _load(autoencoder, state, file, remedy)
    _take_settings(autoencoder, file, remedy)
    return autoencoder.eval()


def start_from(autoencoder: ImageAutoencoder, path: str, partial: bool) -> str:
    """Loads weights into a model; returns a report of what was taken. `path` is a safetensors file or a folder with one."""
    file = weights_file(Path(path))
    state = _state_in(file, autoencoder, "give a safetensors file in train.start_from, or null")
    own = autoencoder.state_dict()
    if not partial:
        _load(autoencoder, state, file, "train.partial=true takes what fits")
        _take_settings(autoencoder, file, "save the weights again, or move it away")
        return f"{file}: all {len(own)} tensors"
    fitting = {key: value for key, value in state.items() if key in own and own[key].shape == value.shape}
    if not fitting:
        raise InputError(
            f"{file} has no tensor that fits this model",
            expected=f"keys such as {', '.join(list(own)[:3])}",
            found=f"keys such as {', '.join(list(state)[:3])}" if state else "none of its keys",
            remedy="give weights of a related model in train.start_from, or null",
        )
    autoencoder.load_state_dict(fitting, strict=False)
    fresh = [key for key in own if key not in fitting]
    # Of another encoder the numbers are not those of these latents.
    if not keys_of_encoding(autoencoder).intersection(fresh):
        _take_settings(autoencoder, file, "save the weights again, or move it away")
    unused = [key for key in state if key not in fitting]
    lines = [f"{file}: {len(fitting)} of {len(own)} tensors taken"]
    lines += [
        f"  {what}: {', '.join(keys[:10])}{', …' if len(keys) > 10 else ''}"
        for what, keys in (("new", fresh), ("not used", unused))
        if keys
    ]
    return "\n".join(lines)
