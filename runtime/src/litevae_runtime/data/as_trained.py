"""What samples mean to weights: as they were trained, unless a command is told otherwise."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..common.run_folder import run_of
from ..nn.statistics import flat_config
from ..nn.stored import CONFIG
from .pixels import PIXELS, PixelRule, declared, departure, reading, settings_of


def rule_as_trained(given: Mapping[str, Any], place: Path, package: Path) -> tuple[PixelRule, str | None]:
    """What samples mean: as `given` says, else as the weights in the folder `place` were trained, by their run's recipe or
    config.json beside them, else by the package's recipe. The text says where it differs from how they were trained."""
    found: list[tuple[Path, str]] = [
        (file, key)
        for file, key in (
            (run_of(place) / "recipe.json", "data"),
            (place / CONFIG, PIXELS),
            (package / "recipe.json", "data"),
        )
        if file.is_file()
    ]
    for file, key in found:
        with reading(file, key):
            settings = flat_config(json.loads(file.read_text(encoding="utf-8")))
            # Weights of older versions say nothing of pixels.
            if key == PIXELS and key not in settings:
                continue
            trained = declared({}, settings[key])
        rule = declared(given, settings_of(trained))
        return rule, departure(rule, trained, file)
    return declared(given, {}), None
