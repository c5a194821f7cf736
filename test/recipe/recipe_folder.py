"""A package's folder with recipes, and what is said of them."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT
from litevae_runtime.common.errors import InputError
from litevae_runtime.recipe.load import load_recipe

GOLDEN = Path(__file__).parent / "golden"
SCHEMA = ROOT / "runtime" / "tests" / "package" / "recipe.schema.json"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What a compiled package holds of the recipe `smoke`."""
    shutil.copy(SCHEMA, tmp_path)
    shutil.copy(GOLDEN / "smoke.json", tmp_path / "recipe.json")
    return tmp_path


def preset(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((GOLDEN / f"{name}.json").read_text())
    return loaded


def message(folder: Path, *overrides: str, file: Path | None = None) -> str:
    """What is told, with the folder's path as <dir>."""
    with pytest.raises(InputError) as caught:
        load_recipe(overrides, file, folder=folder)
    return str(caught.value).replace(str(folder), "<dir>")
