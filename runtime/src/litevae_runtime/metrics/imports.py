"""torchmetrics, imported where it is used and also where torchvision cannot be.

torchmetrics and torch-fidelity import torchvision for networks that are not used here. A torchvision that was built for
another torch makes their imports fail, and torch-fidelity does not import without one.
"""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any


def import_torchmetrics(name: str) -> Any:
    """A module of torchmetrics, such as `image.fid`. ModuleNotFoundError where torchmetrics is not installed."""
    module = f"torchmetrics.{name}"
    # Asked for with every batch: a torchvision that fails would be tried every time.
    if module not in sys.modules:
        with _some_torchvision():
            import_module(module)
    return sys.modules[module]


@contextmanager
def _some_torchvision() -> Iterator[None]:
    """The real one where it works; else one whose names exist and do nothing, for as long as this lasts."""
    try:
        import_module("torchvision")
    # What a package raises that is not there, or was built for another torch.
    except (ImportError, OSError, RuntimeError, AttributeError):
        _forget_torchvision()
        finder = _StandIn()
        sys.meta_path.insert(0, finder)
        try:
            yield
        finally:
            sys.meta_path.remove(finder)
            _forget_torchvision()
    else:
        yield


def _forget_torchvision() -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
        del sys.modules[name]


class _Names(ModuleType):
    """Any name that is asked for is a class of that name."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {})


class _StandIn(MetaPathFinder, Loader):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        ours = fullname.split(".")[0] == "torchvision"
        return ModuleSpec(fullname, self, is_package=True) if ours else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _Names(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        pass
