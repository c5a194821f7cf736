"""What samples mean is declared once; images that use little of their range are warned of."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from sets import DATA, data

from litevae_runtime.common.errors import InputError
from litevae_runtime.data.corrupt import probe
from litevae_runtime.data.images import open_images
from litevae_runtime.data.pixels import PixelRule, declared
from litevae_runtime.evaluation.run import _rule


def twelve_bits(folder: Path, dtype: str) -> Path:
    ramp = np.linspace(0, 4095, 64 * 64).reshape(64, 64).astype(dtype)
    np.save(folder / "a.npy", ramp)
    return folder


@pytest.mark.parametrize(("dtype", "used"), [("uint16", "[-1, -0.875]"), ("int16", "[1.53e-05, 0.125]")])
def test_a_sensor_of_twelve_bits_in_sixteen_is_warned_of_until_its_range_is_declared(
    tmp_path: Path, dtype: str, used: str
) -> None:
    folder = twelve_bits(tmp_path, dtype)
    told = probe(open_images(folder, 1), 0, 32).warning("data.range")
    assert told == (
        f"the images use {used} of [-1, 1], less than a quarter: "
        "if their samples have fewer bits than their type, declare their range with data.range"
    )
    images = open_images(folder, 1, rule=data(range=(0, 4095)))
    assert probe(images, 0, 32).warning("data.range") is None
    whole = images.open(0).resized((0, 0, 64, 64), (64, 64))
    assert (whole.min().item(), whole.max().item()) == (-1, 1)


def options(folder: Path, **given: Any) -> Any:
    fields = {"profile": None, "range": None, "nodata": None, "fill": None, "onnx": None, "weights": folder}
    return SimpleNamespace(**(fields | given))


def test_an_evaluation_reads_as_the_run_was_trained_unless_it_is_told_otherwise(tmp_path: Path) -> None:
    run, package = tmp_path / "run", tmp_path / "package"
    for folder, low in ((run, 0), (package, -1000)):
        folder.mkdir()
        (folder / "recipe.json").write_text(f'{{"data": {{"profile": "raw", "range": [{low}, 4095]}}}}')
    assert _rule(options(run), package) == PixelRule("raw", (0, 4095))
    assert _rule(options(run, range=(0, 255), profile="srgb"), package) == PixelRule("srgb", (0, 255))
    assert _rule(options(tmp_path), package) == PixelRule("raw", (-1000, 4095))
    assert _rule(options(tmp_path), tmp_path) == PixelRule()
    (run / "recipe.json").write_text("{")
    with pytest.raises(InputError, match="cannot be read"):
        _rule(options(run), package)


def test_the_recipe_declares_what_an_evaluation_does_without_one() -> None:
    assert declared({}, {name: getattr(DATA, name) for name in PixelRule.__dataclass_fields__}) == PixelRule()
    with pytest.raises(InputError, match="a fill inside of the range 0, 1"):
        declared({"fill": 2}, {"range": [0, 1]})
