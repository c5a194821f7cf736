"""Which versions of what is installed compute here."""

import tomllib
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


def versions_of(packages: Iterable[str]) -> dict[str, str]:
    """Those of the packages that are installed."""
    found = {}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def compiler_version(package: Path) -> str | None:
    """Of the compiler that wrote a package, which is the package's own; None where nothing says it."""
    if installed := versions_of([package.name]):
        return installed[package.name]
    try:
        project: str = tomllib.loads((package.parent / "pyproject.toml").read_text())["project"]["version"]
    except (OSError, ValueError, KeyError):
        return None
    return project
