"""What autoencoders derive from: once diffusers is imported, its ModelMixin and ConfigMixin, so that pipelines take them.

Importing it takes seconds, which training and evaluation do without: nothing here imports it.
"""

import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from torch import nn

_MODULE = "diffusers.models.modeling_utils"
_BASE = "ModelMixin"


class PipelineModule(nn.Module):
    """A module that becomes one of diffusers' when there is diffusers."""

    def __init_subclass__(cls, **arguments: Any) -> None:
        super().__init_subclass__(**arguments)
        if _MODULE in sys.modules:
            _make_findable(cls, sys.modules[_MODULE])


def _join(modeling: ModuleType) -> None:
    """Puts diffusers' classes below PipelineModule, and so below every class and object that derives from it."""
    configuration = sys.modules["diffusers.configuration_utils"]
    PipelineModule.__bases__ = (getattr(modeling, _BASE), configuration.ConfigMixin)
    derived = [PipelineModule]
    for each in derived:
        _make_findable(each, modeling)
        derived += each.__subclasses__()


def _make_findable(model: type[nn.Module], modeling: ModuleType) -> None:
    """Pipelines that load a model's class by name look for its base in the module that holds the class."""
    setattr(sys.modules[model.__module__], _BASE, getattr(modeling, _BASE))


class _Joining(Loader):
    """Loads diffusers' module as it is loaded anyway, and then joins."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._loader.exec_module(module)
        _join(module)


class _Finder(MetaPathFinder):
    """Waits for the import of diffusers' module; everything else is the other finders'."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != _MODULE:
            return None
        # Another package's may be one of them, which joins its own classes.
        others = sys.meta_path[sys.meta_path.index(self) + 1 :]
        specs = (finder.find_spec(fullname, path, target) for finder in others)
        spec = next((spec for spec in specs if spec is not None), None)
        if spec is not None and spec.loader is not None:
            spec.loader = _Joining(spec.loader)
        return spec


if _MODULE in sys.modules:
    _join(sys.modules[_MODULE])
else:
    sys.meta_path.insert(0, _Finder())


class FrozenConfig(dict[str, Any]):
    """Settings that are read by key or as attributes, and not changed in place."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"the configuration has no {name}") from None

    def __setattr__(self, name: str, value: Any) -> None:
        raise TypeError(f"the configuration is not changed in place: register_to_config({name}=…) does it")

    def __setitem__(self, key: str, value: Any) -> None:
        self.__setattr__(key, value)

    def __delitem__(self, key: str) -> None:
        self.__setattr__(key, None)
