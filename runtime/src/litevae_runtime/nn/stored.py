"""Folders of weights and config.json: how they are read and written, in our layout and in diffusers'."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from ..common.errors import WeightsError
from ..common.files import write_text
from ..common.manifest import check_manifest
from .statistics import LatentStatistics, flat_config

WEIGHTS = "model.safetensors"
DIFFUSERS_WEIGHTS = "diffusion_pytorch_model.safetensors"
CONFIG = "config.json"

# Settings of diffusers' that belong to the weights and not to the architecture.
CARRIED = ("force_upcast", "sample_size")

# What every class says of itself, and what LatentStatistics says.
_FACTS = ("model", "image_channels", "latent_channels", "stride")
_STATISTICS = tuple(each.name for each in fields(LatentStatistics))

# What the folder of any weights may say of them.
SETTINGS = (*_STATISTICS, *CARRIED, "pixels")


@dataclass(frozen=True)
class Stored:
    """What config.json holds besides the architecture."""

    latents: LatentStatistics | None = None
    # Diffusers' settings, and others.
    diffusers: dict[str, Any] = field(default_factory=dict)
    own: dict[str, Any] = field(default_factory=dict)


def read_stored(config: Mapping[str, Any], channels: int) -> Stored:
    """Sorts the settings of a config.json, of ours or of diffusers'. WeightsError where the latents' numbers are none."""
    settings = {
        key: value for key, value in flat_config(config).items() if key not in (*_FACTS, *_STATISTICS)
    }
    theirs = {
        key
        for key in settings
        if key in CARRIED or ("_class_name" in config and key in config and not key.startswith("_"))
    }
    return Stored(
        LatentStatistics.from_config(config, channels),
        {key: settings[key] for key in settings if key in theirs},
        {key: settings[key] for key in settings if key not in theirs and not key.startswith("_")},
    )


def read_config(file: Path) -> dict[str, Any]:
    """config.json; WeightsError where it is no object of JSON, or not what a manifest beside it says."""
    check_manifest(file)
    try:
        config = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise WeightsError(f"{file} is not JSON ({error}): copy or save it again") from error
    if not isinstance(config, dict):
        raise WeightsError(f"{file} is not a configuration: copy or save it again")
    return config


def config_beside(weights: Path) -> dict[str, Any] | None:
    """config.json beside a file of weights, if there is one; WeightsError where it is damaged or lost."""
    file = weights.parent / CONFIG
    check_manifest(file)
    return read_config(file) if file.is_file() else None


def config_text(entries: Mapping[str, Any]) -> str:
    """What stands in config.json."""
    return json.dumps(entries, indent=2) + "\n"


def write_config(folder: Path, entries: Mapping[str, Any]) -> None:
    """config.json, whole or not at all."""
    write_text(folder / CONFIG, config_text(entries))


def weights_in(folder: Path, variant: str | None = None) -> Path | None:
    """The file of weights in a folder, of ours or of diffusers'; of `variant`, such as "fp16".

    Ours come before diffusers'. Without a variant one is taken where the folder has nothing else.
    """
    names = [WEIGHTS, DIFFUSERS_WEIGHTS]
    found = [folder / (name if variant is None else with_variant(name, variant)) for name in names]
    if variant is None:
        found += [path for name in names for path in sorted(folder.glob(with_variant(name, "*")))]
    return next((path for path in found if path.is_file()), None)


def with_variant(name: str, variant: str | None) -> str:
    """model.safetensors of a variant, as diffusers calls it: model.fp16.safetensors."""
    stem, ending = name.rsplit(".", 1)
    return name if variant is None else f"{stem}.{variant}.{ending}"


def says_the_same(found: Any, wanted: Any) -> bool:
    """Whether two settings of diffusers' config.json are equal; one text for all levels is a list of it."""
    if isinstance(found, str) and isinstance(wanted, list):
        return all(item == found for item in wanted)
    return bool(found == wanted)
