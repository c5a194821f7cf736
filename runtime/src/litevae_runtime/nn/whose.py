"""Whose weights lie beside a config.json: what it says of its model, against the model that is to take them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from ..common.errors import WeightsError
from .statistics import flat_config
from .stored import CONFIG, SETTINGS, Stored, config_beside, read_stored, says_the_same

# Where diffusers has an optional 1x1 convolution: its setting, and channels for each of the latent's.
POINTWISE = {"quant_conv": ("use_quant_conv", 2), "post_quant_conv": ("use_post_quant_conv", 1)}


class _Model(Protocol):
    name: str
    latent_channels: int
    image_channels: int
    stride: int
    diffusers_config: Mapping[str, Any]


def require_model(file: Path, config: Mapping[str, Any], model: _Model) -> None:
    """WeightsError where a folder's config.json says another model, or leaves out what it has to say of it."""
    other = flat_config(config).get("model")
    if other not in (None, model.name):
        raise WeightsError(
            f"{file} is of {other}, not of {model.name}: open it with the package of {other}, or give a folder of {model.name}"
        )
    _require_facts(file, config, model, whole=not model.diffusers_config or "_class_name" not in config)


def stored_beside(weights: Path, model: _Model) -> Stored:
    """What config.json beside a file of weights says of them, if there is one.

    WeightsError where it is damaged or lost, or of another model by more than its name: the tensors say the rest.
    """
    config = config_beside(weights) or {}
    _require_facts(weights.parent / CONFIG, config, model, whole=False)
    return read_stored(config, model.latent_channels)


def _require_facts(file: Path, config: Mapping[str, Any], model: _Model, whole: bool) -> None:
    """WeightsError where config.json contradicts the model, or where `whole` leaves out a fact.

    Diffusers' says its architecture in its own words. What it leaves out has diffusers' default, and shows in the weights.
    """
    settings = flat_config(config)
    facts = {key: getattr(model, key) for key in ("latent_channels", "image_channels", "stride")}
    said = [(key, settings.get(key), value) for key, value in facts.items() if whole or key in settings]
    if "_class_name" in config:
        said += [
            (key, config[key], value)
            for key, value in model.diffusers_config.items()
            if key in config and key not in SETTINGS and not _can_be_added(key, value)
        ]
    wrong = [each for each in said if not says_the_same(each[1], each[2])]
    if wrong:
        found, wanted = ({key: each[i] for key, *each in wrong} for i in (0, 1))
        raise WeightsError(f"{file} is of another model: {found} instead of {wanted}")


def _can_be_added(setting: str, value: Any) -> bool:
    """Whether `adapt_to` brings what the architecture leaves out."""
    return value is False and setting in [flag for flag, _ in POINTWISE.values()]
