"""Files that are recipes, and files that are none."""

import json
from pathlib import Path

import pytest
from litevae_runtime.recipe.load import load_recipe
from recipe.recipe_folder import folder, message, preset

__all__ = ["folder"]


def test_a_recipe_of_another_version_is_refused_by_field(folder: Path) -> None:
    recipe = preset("smoke")
    del recipe["latent"]
    (folder / "recipe.json").write_text(json.dumps(recipe))
    assert message(folder) == (
        "<dir>/recipe.json: the recipe lacks latent\n"
        "  expected: a group of fields\n"
        "  found:    nothing\n"
        "  help:     add it"
    )


def test_another_file_is_read(folder: Path) -> None:
    (folder / "mine.json").write_text(json.dumps({**preset("smoke"), "seed": 9}))
    assert load_recipe(file=folder / "mine.json", folder=folder).seed == 9
    assert load_recipe(folder=folder).seed == 0


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("{", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
        ("", "Expecting value: line 1 column 1 (char 0)"),
    ],
)
def test_a_file_that_is_not_json_is_told(content: str, found: str, folder: Path) -> None:
    (folder / "mine.json").write_text(content)
    assert message(folder, file=folder / "mine.json") == (
        f"<dir>/mine.json is not JSON\n  found:    {found}\n"
        "  help:     correct it; the recipe.json of a run can be deleted: the run goes on with --recipe FILE, or the package's"
    )
    (folder / "recipe.json").write_text(content)
    assert message(folder).endswith(
        "compile the package again: litevae compile MODEL -o DIR --target torch --recipe NAME"
    )


def test_a_file_with_nan_is_told(folder: Path) -> None:
    (folder / "mine.json").write_text('{"seed": NaN}')
    assert "<dir>/mine.json: this is not a finite number" in message(folder, file=folder / "mine.json")


def test_a_file_of_something_else_is_told(folder: Path) -> None:
    (folder / "mine.json").write_text("[]")
    assert message(folder, file=folder / "mine.json") == (
        "<dir>/mine.json: the recipe cannot have this value\n"
        "  expected: a group of fields\n"
        "  found:    []\n"
        "  help:     give it such a value"
    )


def test_a_file_that_is_missing_is_told(folder: Path) -> None:
    assert message(folder, file=folder / "none.json").startswith(
        "<dir>/none.json cannot be read\n  found:    No such file or directory\n"
    )
