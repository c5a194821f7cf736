"""What samples mean is declared once; images that use little of their range are warned of."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sets import DATA, data

from litevae_runtime.common.errors import InputError
from litevae_runtime.data.as_trained import rule_as_trained
from litevae_runtime.data.corrupt import probe
from litevae_runtime.data.images import open_images
from litevae_runtime.data.pixels import PixelRule, declared, settings_of


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


def test_an_evaluation_reads_as_the_run_was_trained_unless_it_is_told_otherwise(tmp_path: Path) -> None:
    run, package = tmp_path / "run", tmp_path / "package"
    for folder, low in ((run, 0), (package, -1000)):
        folder.mkdir()
        (folder / "recipe.json").write_text(f'{{"data": {{"profile": "raw", "range": [{low}, 4095]}}}}')
    assert rule_as_trained({}, run, package) == (PixelRule("raw", (0, 4095)), None)
    assert rule_as_trained({"range": (0.0, 4095.0)}, run, package)[1] is None
    rule, said = rule_as_trained({"range": (0, 255), "profile": "srgb"}, run, package)
    assert rule == PixelRule("srgb", (0, 255))
    assert said == (
        f"note: pixels are read otherwise than {run / 'recipe.json'} says: "
        "profile raw → srgb, range [0, 4095] → [0, 255]"
    )
    assert rule_as_trained({}, tmp_path, package)[0] == PixelRule("raw", (-1000, 4095))
    assert rule_as_trained({}, tmp_path, tmp_path) == (PixelRule(), None)
    (run / "recipe.json").write_text("{")
    with pytest.raises(InputError, match="cannot be read"):
        rule_as_trained({}, run, package)


@pytest.mark.parametrize("layout", ["ours", "diffusers"])
def test_weights_away_from_their_run_say_it_themselves(tmp_path: Path, layout: str) -> None:
    saved, package = tmp_path / "saved", tmp_path / "package"
    for folder in (saved, package):
        folder.mkdir()
    (package / "recipe.json").write_text('{"data": {"range": [0, 9]}}')
    own = {"model": "small", "pixels": settings_of(PixelRule(range=(0, 4095), fill=1.5))}
    config = saved / "config.json"
    config.write_text(
        json.dumps(own if layout == "ours" else {"_class_name": "AutoencoderKL", "_litevae": own})
    )
    assert rule_as_trained({}, saved, package) == (PixelRule(range=(0, 4095), fill=1.5), None)
    rule, said = rule_as_trained({"range": (0, 255)}, saved, package)
    assert rule == PixelRule(range=(0, 255), fill=1.5)
    assert said is not None and f"{config} says: range [0, 4095] → [0, 255]" in said
    # Older weights say nothing.
    config.write_text("{}")
    assert rule_as_trained({}, saved, package)[0] == PixelRule(range=(0, 9))


@pytest.mark.parametrize(
    "pixels",
    [
        5,
        {"profile": "cmyk"},
        {"range": 3},
        {"range": [0, 1, 2]},
        {"range": ["0", "1"]},
        {"range": [1, 0]},
        {"fill": "white"},
    ],
)
def test_a_damaged_declaration_is_refused(tmp_path: Path, pixels: Any) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"pixels": pixels}))
    with pytest.raises(InputError, match=r"config\.json cannot be read"):
        rule_as_trained({}, tmp_path, tmp_path / "package")


def test_the_recipe_declares_what_an_evaluation_does_without_one() -> None:
    assert declared({}, {name: getattr(DATA, name) for name in PixelRule.__dataclass_fields__}) == PixelRule()
    with pytest.raises(InputError, match="a fill inside of the range 0, 1"):
        declared({"fill": 2}, {"range": [0, 1]})
