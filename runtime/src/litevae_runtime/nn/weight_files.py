"""Files of weights: read, written, and loaded into modules under the modules' own keys."""

import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from stat import S_IMODE

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from ..common.errors import WeightsError
from ..common.manifest import check_manifest


def save_weights(state: Mapping[str, Tensor], file: Path) -> None:
    """Writes a safetensors file with the mode of any new file; the library's own is for the owner alone."""
    file.unlink(missing_ok=True)
    file.touch()
    mode = file.stat().st_mode
    tensors = {key: value.detach().contiguous().cpu() for key, value in state.items()}
    save_file(tensors, file, metadata={"format": "pt"})
    file.chmod(S_IMODE(mode))


def read_weights(file: str | Path) -> dict[str, Tensor]:
    """The tensors of a safetensors file under clean keys.

    WeightsError where it is cut off, none, or not what a manifest beside it says.
    """
    check_manifest(Path(file))
    # To open a pipe would be to wait for who writes into it.
    if Path(file).exists() and not Path(file).is_file():
        raise WeightsError(f"{file} is no file, but a folder, a pipe or a device: give a safetensors file")
    try:
        return clean_keys(load_file(file))
    except SafetensorError as error:
        raise WeightsError(
            f"{file} is not a whole safetensors file ({error}): copy or save it again"
        ) from error


def clean_keys(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Removes what DDP and torch.compile put before the keys of what they wrap; no layer has these names."""
    cleaned = {re.sub(r"(?<![^.])(?:module|_orig_mod)\.", "", key): value for key, value in state.items()}
    if len(cleaned) < len(state):
        raise WeightsError("the weights hold tensors twice, with and without module. or _orig_mod.")
    return cleaned


def renamed(key: str, renames: Mapping[str, str]) -> str:
    """A published file's key in this model's words; `*` stands for one word between dots."""
    for before, now in renames.items():
        pattern = re.escape(before).replace(r"\*", r"([^.]+)")
        key = re.sub(rf"(?<![^.]){pattern}(?![^.])", partial(_filled, now), key, count=1)
    return key


def _filled(name: str, match: re.Match[str]) -> str:
    """The name with what the pattern's stars stand for in the place of its own."""
    first, *rest = name.split("*")
    return first + "".join(word + text for word, text in zip(match.groups(), rest, strict=False))


def without_ones(tensor: Tensor) -> list[int]:
    """The shape without ones at its end."""
    sizes = list(tensor.shape)
    while sizes and sizes[-1] == 1:
        sizes.pop()
    return sizes


def load_strict(module: nn.Module, state: Mapping[str, Tensor]) -> None:
    """Loads weights that match the module's keys and shapes exactly; WeightsError lists what does not."""
    own = module.state_dict()
    problems = {
        "missing": [key for key in own if key not in state],
        "unexpected": [key for key in state if key not in own],
        "of another shape": [
            f"{key} {list(state[key].shape)} instead of {list(own[key].shape)}"
            for key in own
            if key in state and state[key].shape != own[key].shape
        ],
    }
    lines = [
        f"{len(keys)} {what}: {', '.join(keys[:3])}{f' … and {len(keys) - 3} more' if len(keys) > 3 else ''}"
        for what, keys in problems.items()
        if keys
    ]
    if lines:
        raise WeightsError("the weights are not those of this model; " + "; ".join(lines), lines)
    module.load_state_dict(state)
