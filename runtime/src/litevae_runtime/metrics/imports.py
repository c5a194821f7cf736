"""torchmetrics, imported where it is used, and also where torchvision is not there or was built for another torch."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec, module_from_spec
from typing import Any


def import_torchmetrics(name: str) -> Any:
    """A module of torchmetrics, such as `image.fid`. ModuleNotFoundError where torchmetrics is not installed."""
    module = f"torchmetrics.{name}"
    # Asked for with every batch.
    if module not in sys.modules:
        with _without_init("torch_fidelity"):
            import_module(module)
    return sys.modules[module]


@contextmanager
def _without_init(package: str) -> Iterator[None]:
    """Lets modules of an installed package be imported without its __init__, for as long as this lasts.

    torchmetrics takes three modules of torch-fidelity, which need torch alone; torch-fidelity's __init__ imports torchvision
    for networks that are not used here. Neither library has a switch for that.
    """
    spec = None if package in sys.modules else find_spec(package)
    if spec is None:
        yield
        return
    sys.modules[package] = module_from_spec(spec)
    try:
        yield
    finally:
        # Whoever imports the package later gets it whole.
        del sys.modules[package]
