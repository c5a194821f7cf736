"""Autoencoders as folders: weights and config.json, in our layout and in diffusers'."""

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Self

import torch
from torch import Tensor, nn

from ..common.errors import WeightsError
from ..common.files import write_text, written_whole
from ..common.manifest import refuse_compiled
from ..common.run_folder import HASHES
from .diffusers_base import FrozenConfig, PipelineModule
from .loading_options import SAVING_WITHOUT_EFFECT, dtype_of, refuse_other, refuse_unknown, stored_dtype
from .statistics import OWN_SETTINGS, LatentStatistics
from .stored import (
    CONFIG,
    DIFFUSERS_WEIGHTS,
    SETTINGS,
    WEIGHTS,
    Stored,
    config_text,
    read_config,
    read_stored,
    weights_in,
    with_variant,
    write_config,
)
from .weight_files import clean_keys, load_strict, read_weights, renamed, save_weights, without_ones
from .whose import POINTWISE, require_model


class Pretrained(PipelineModule):
    """A model that folders hold, and what there is to know of it besides its weights."""

    name: str
    latent_channels: int
    image_channels: int
    stride: int
    # Top-level modules of the discriminator: a file of weights may hold them too.
    discriminator_modules: tuple[str, ...] = ("discriminator",)
    # What parts of keys in published files are called here; `*` is any one word between dots.
    key_renames: Mapping[str, str] = {}

    # Set where diffusers has a class with the same keys: save_pretrained then writes what that class opens.
    diffusers_config: Mapping[str, Any] = {}

    # What config.json said besides the architecture.
    stored: Stored = Stored()

    # Diffusers' name for the file.
    config_name = CONFIG

    def __init__(self) -> None:
        super().__init__()
        # Modules of `adapt_to`.
        self._added: list[str] = []

    @property
    def device(self) -> torch.device:
        return next(self.parameters()).device

    @property
    def dtype(self) -> torch.dtype:
        return next(self.parameters()).dtype

    @property
    def latent_statistics(self) -> LatentStatistics:
        """How latents are spread: as the weights' folder said, else by the usual factor of diffusers' class, else 1 and 0."""
        usual = LatentStatistics(scaling_factor=self.diffusers_config.get("scaling_factor", 1.0))
        return self.stored.latents or usual

    def normalize(self, z: Tensor) -> Tensor:
        """Latents [N, nz, h, w] as a diffusion model is trained on them: mean 0, deviation 1."""
        return self.latent_statistics.normalize(z)

    def denormalize(self, z: Tensor) -> Tensor:
        """What a diffusion model gives [N, nz, h, w], as `decode` takes it: undoes `normalize`."""
        return self.latent_statistics.denormalize(z)

    @property
    def config(self) -> FrozenConfig:
        """What diffusers' pipelines read of an autoencoder, and the model's own facts."""
        halvings = math.log2(self.stride)
        # Pipelines take the stride from the length of this list.
        levels = {"block_out_channels": [self.latent_channels] * (int(halvings) + 1)}
        return FrozenConfig(
            {
                **self.facts(),
                "in_channels": self.image_channels,
                "out_channels": self.image_channels,
                "force_upcast": bool(self.diffusers_config),
                **(levels if halvings.is_integer() else {}),
                **self.architecture(),
                **self.stored.own,
                **self.stored.diffusers,
                **self.latent_statistics.pipeline_config(),
            }
        )

    @property
    def _internal_dict(self) -> FrozenConfig:
        """Diffusers' name for it."""
        return self.config

    def register_to_config(self, **settings: Any) -> None:
        """Changes settings of `config`."""
        self.stored = self.stored_with(settings)

    def stored_with(self, settings: Mapping[str, Any]) -> Stored:
        """What config.json said, with other settings. WeightsError where numbers of latents are none."""
        changed = read_stored({**self.latent_statistics.config(), **settings}, self.latent_channels)
        return Stored(
            changed.latents, self.stored.diffusers | changed.diffusers, self.stored.own | changed.own
        )

    def to_json_string(self) -> str:
        """What `save_pretrained` writes into config.json."""
        return config_text(self.diffusers_layout(self.stored) if self.diffusers_config else self.own_layout())

    def to_json_file(self, json_file_path: str | Path) -> None:
        """Writes it into a file of any name."""
        write_text(Path(json_file_path), self.to_json_string())

    def save_config(self, save_directory: str | Path, push_to_hub: bool = False) -> None:
        """Writes config.json alone. ValueError where a hub is meant, or a folder that was compiled."""
        if push_to_hub:
            raise ValueError("config.json is written into a folder of this machine")
        folder = Path(save_directory)
        refuse_compiled(folder)
        folder.mkdir(parents=True, exist_ok=True)
        self.to_json_file(folder / CONFIG)

    def own_layout(self, stored: Stored | None = None) -> dict[str, Any]:
        """config.json as `compile` and runs write it, of what is stored, or of something else."""
        stored = stored or self.stored
        latents = stored.latents or self.latent_statistics
        return {**self.facts(), **stored.own, **stored.diffusers, **latents.config()}

    def diffusers_layout(self, stored: Stored) -> dict[str, Any]:
        """What diffusers' own class opens without a warning, with the rest under a key that it passes over."""
        latents = stored.latents or self.latent_statistics
        own = {**self.facts(), **stored.own, **latents.record_config()}
        of_latents = latents.pipeline_config()
        # Not every class knows a shift, and none is what 0 is.
        if of_latents["shift_factor"] == 0 and "shift_factor" not in self.diffusers_config:
            del of_latents["shift_factor"]
        return {**self.architecture(), **stored.diffusers, **of_latents, OWN_SETTINGS: own}

    def facts(self) -> dict[str, Any]:
        """What a folder of any layout says of its model."""
        return {
            "model": self.name,
            "image_channels": self.image_channels,
            "latent_channels": self.latent_channels,
            "stride": self.stride,
        }

    @classmethod
    def from_pretrained(
        cls,
        folder: str | Path,
        *,
        torch_dtype: torch.dtype | str | None = None,
        subfolder: str | None = None,
        variant: str | None = None,
        **loading: Any,
    ) -> Self:
        """The model with the weights that compile, a run or save_pretrained left in `folder`, in eval mode.

        `torch_dtype` is a type, its name such as "float16", or "auto": the type that most of the weights are stored in.
        A folder that diffusers wrote is read where the model is one of diffusers', also with its old keys. Other
        options of diffusers' from_pretrained are taken where they change nothing.

        Raises:
            FileNotFoundError: the folder lacks config.json or weights.
            NotADirectoryError: it is a file.
            WeightsError: they are damaged, or another model's.
            ValueError: `torch_dtype` or an option is none that is taken.
        """
        refuse_other(loading, "from_pretrained")
        dtype = dtype_of(torch_dtype)
        place = Path(folder).expanduser() / (subfolder or "")
        if place.is_file():
            raise NotADirectoryError(f"{place} is a file: give its folder, {place.parent}")
        weights = weights_in(place, variant)
        wanted = with_variant(DIFFUSERS_WEIGHTS if cls.diffusers_config else WEIGHTS, variant)
        for name, missing in ((CONFIG, not (place / CONFIG).is_file()), (wanted, weights is None)):
            if missing:
                raise FileNotFoundError(
                    f"{place} has no {name}: give a folder that compile or save_pretrained wrote"
                )
        assert weights is not None
        config = read_config(place / CONFIG)
        model = cls()
        require_model(place / CONFIG, config, model)
        model.stored = read_stored(config, cls.latent_channels)
        tensors = read_weights(weights)
        model.adapt_to(tensors)
        load_strict(model, model.own_state(tensors))
        dtype = stored_dtype(tensors.values()) if dtype == "auto" else dtype
        return model.to(dtype).eval() if dtype is not None else model.eval()

    @classmethod
    def from_config(cls, config: Mapping[str, Any] | str | Path, **settings: Any) -> Self:
        """A model with a configuration's numbers and new weights; `config` is one, or a folder or file that holds it."""
        if isinstance(config, (str, Path)):
            file = Path(config).expanduser()
            config = read_config(file / CONFIG if file.is_dir() else file)
        model = cls()
        require_model(Path(CONFIG), config, model)
        model.stored = read_stored({**config, **settings}, cls.latent_channels)
        return model

    def adapt_to(self, keys: Iterable[str]) -> None:
        """Adds diffusers' 1x1 convolutions where weights under these keys have them and the class leaves them out."""
        prefixes = {key.split(".")[0] for key in keys}
        for name, (setting, each) in POINTWISE.items():
            if self.diffusers_config.get(setting) is False and name in prefixes and name not in self._added:
                channels = each * self.latent_channels
                self.add_module(name, nn.Conv2d(channels, channels, 1).to(self.device, self.dtype))
                self._added.append(name)

    def architecture(self) -> dict[str, Any]:
        """Diffusers' configuration of this very model, where it has a class with the same keys."""
        return dict(self.diffusers_config) | {POINTWISE[name][0]: True for name in self._added}

    def own_state(self, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """What `read_weights` gave under this model's keys, without the discriminator's.

        The old names and shapes of published files are translated (key_renames).
        """
        named = {renamed(key, self.key_renames): value for key, value in weights.items()}
        if len(named) < len(weights):
            raise WeightsError("the weights hold tensors twice, under an old and a new name")
        state = {
            key: value for key, value in named.items() if key.split(".")[0] not in self.discriminator_modules
        }
        if self.key_renames:
            # Old files hold the weights of linear layers as those of 1x1 convolutions.
            for key, own in self.state_dict().items():
                if key in state and without_ones(state[key]) == without_ones(own):
                    state[key] = state[key].reshape(own.shape)
        return state

    def save_pretrained(
        self,
        folder: str | Path,
        *,
        is_main_process: bool = True,
        safe_serialization: bool = True,
        variant: str | None = None,
        max_shard_size: int | str | None = None,
        push_to_hub: bool = False,
        **config: Any,
    ) -> None:
        """Writes weights and config.json; in diffusers' layout if it has one.

        `config` changes settings that every folder may have, such as `scaling_factor`, or that this model's has;
        `register_to_config` adds others. The other arguments are diffusers': only the main process writes; weights are
        one safetensors file, of a `variant` such as "fp16" if one is named.

        Raises:
            TypeError: there is no such setting.
            ValueError: weights are wanted in another form, on a hub, or in a folder that was compiled.
            WeightsError: numbers of latents are none.
        """
        if not safe_serialization or push_to_hub:
            raise ValueError("weights are written as safetensors, into a folder of this machine")
        settings = {name: value for name, value in config.items() if name not in SAVING_WITHOUT_EFFECT}
        refuse_unknown(settings, (*SETTINGS, *self.stored.diffusers, *self.stored.own), "save_pretrained")
        refuse_compiled(Path(folder))
        if is_main_process:
            name = DIFFUSERS_WEIGHTS if self.diffusers_config else WEIGHTS
            write_pretrained(self, Path(folder), with_variant(name, variant), {}, **settings)


def write_pretrained(
    model: Pretrained, folder: Path, name: str, beside: Mapping[str, Tensor], **config: Any
) -> None:
    """Writes the weights and those `beside` them into `name`, then config.json with `config`, each whole or not at all.

    The layout is diffusers' where `name` is that of its weights.
    """
    folder.mkdir(parents=True, exist_ok=True)
    # What lies there was of other weights.
    (folder / HASHES).unlink(missing_ok=True)
    with written_whole(folder / name) as partial:
        save_weights(clean_keys(model.state_dict()) | dict(beside), partial)
    given = model.stored_with(config)
    in_diffusers = name.startswith(DIFFUSERS_WEIGHTS.split(".")[0])
    write_config(folder, model.diffusers_layout(given) if in_diffusers else model.own_layout(given))
