"""The recipe of a run: recipe.json of the package, or another file, and what `--set` overrides."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from difflib import get_close_matches
from math import isfinite
from pathlib import Path
from typing import Any, Literal, NoReturn, get_args, get_origin, get_type_hints

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from ..common.errors import InputError
from .fields import Recipe
from .older import updated
from .rules import check_rules


def load_recipe(
    overrides: Sequence[str] = (), file: Path | None = None, *, folder: Path, notes: list[str] | None = None
) -> Recipe:
    """The recipe in `file`, by default recipe.json of `folder`, with `overrides` such as `phases.0.steps=50`.

    An override's value is read as JSON and, where it is none, is the text itself. `folder` also holds the
    schema, recipe.schema.json. With `notes`, which gets what was changed, the file is a run's, and may be of another
    version. Raises InputError with the path of the field for what is unknown, missing or
    not what the schema wants.
    """
    compile_again = "compile the package again: litevae compile MODEL -o DIR --target torch --recipe NAME"
    correct = "correct it; the recipe.json of a run can be deleted: the run goes on with --recipe FILE, or the package's"
    schema = _read(folder / "recipe.schema.json", compile_again)
    path = folder / "recipe.json" if file is None else file
    recipe = _read(path, compile_again if file is None else correct)
    if isinstance(recipe, dict) and isinstance(recipe.get("$schema"), str):
        # What editors go by says nothing of the run.
        del recipe["$schema"]
    if notes is not None:
        recipe, changes = updated(recipe, schema)
        notes += changes
    _check(recipe, schema, str(path))
    for override in overrides:
        _assign(recipe, override)
        _check(recipe, schema, f"--set {override}")
    typed: Recipe = _typed(Recipe, recipe)
    check_rules(typed, ", ".join(f"--set {override}" for override in overrides) or str(path))
    return typed


def recipe_dict(recipe: Recipe) -> dict[str, Any]:
    """The recipe as recipe.json holds it: dictionaries, lists, texts and numbers."""
    plain: dict[str, Any] = json.loads(json.dumps(asdict(recipe)))
    return plain


def _read(path: Path, remedy: str) -> Any:
    """The JSON in a file."""
    try:
        return _json(path.read_text(encoding="utf-8"), str(path))
    except OSError as error:
        found = error.strerror or str(error)
        raise InputError(f"{path} cannot be read", found=found, remedy=remedy) from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is not JSON", found=str(error), remedy=remedy) from None


def _json(text: str, source: str) -> Any:
    """What JSON says, without the NaN and infinities that Python reads besides."""

    def refuse(number: str) -> NoReturn:
        raise InputError(
            f"{source}: this is not a finite number",
            expected="a finite number",
            found=number,
            remedy="write it out, for example 1e-4",
        )

    def finite(number: str) -> float:
        value = float(number)
        return value if isfinite(value) else refuse(number)

    return json.loads(text, parse_constant=refuse, parse_float=finite)


def _assign(recipe: Any, override: str) -> None:
    """Puts one `path=value` into the recipe. The path is checked here, the value by `_check`."""
    name, equals, text = override.partition("=")
    path = name.strip().split(".")
    if not equals or "" in path:
        raise InputError(
            f"--set {override} is no assignment",
            expected="path=value",
            found=override,
            remedy="write for example --set phases.0.steps=50",
        )
    place = recipe
    for depth, key in enumerate(path):
        index = _index(place, path[:depth], key, f"--set {override}")
        if depth + 1 < len(path):
            place = place[index]
        else:
            place[index] = _value(text.strip(), f"--set {override}")


def _value(text: str, source: str) -> Any:
    try:
        return _json(text, source)
    except ValueError:
        return text


def _index(place: Any, above: Sequence[str], key: str, source: str) -> str | int:
    """What `key` is called in `place`, which the path `above` leads to: the name of a field or a place in a list."""
    group = ".".join(above)
    if isinstance(place, dict):
        if key not in place:
            raise _unknown(source, above, key, place)
        return key
    if not isinstance(place, list):
        raise InputError(
            f"{source}: {group} has no fields",
            expected=f"{group}=value",
            found=".".join([*above, key]),
            remedy=f"set {group} itself",
        )
    # isdecimal takes the digits of every script, as int does.
    if not key.isdecimal() or int(key) >= len(place):
        raise InputError(
            f"{source}: the recipe has no {group}.{key}",
            expected=", ".join(f"{group}.{i}" for i in range(len(place))) or f"{group}=[…], which is empty",
            found=f"{group}.{key}",
            remedy=f"the places of a list count from 0; set {group} as a whole to give it another length",
        )
    return int(key)


def _unknown(source: str, above: Sequence[str], key: str, known: Iterable[str]) -> InputError:
    names = list(known)
    meant = get_close_matches(key, names, n=1)
    return InputError(
        f"{source}: the recipe has no field {'.'.join([*above, key])}",
        expected=", ".join(names),
        found=key,
        remedy=f"did you mean {'.'.join([*above, *meant])}?" if meant else "leave it out",
    )


def _check(recipe: Any, schema: Mapping[str, Any], source: str) -> None:
    """Raises the first thing that the schema finds wrong, in the order of the fields."""
    errors = list(Draft202012Validator(schema).iter_errors(recipe))
    if errors:
        first = source if len(errors) == 1 else f"{source} (the first of {len(errors)} problems)"
        raise _problem(errors[0], first)


def _problem(error: ValidationError, source: str) -> InputError:
    path = [str(key) for key in error.absolute_path]
    name = ".".join(path) or "the recipe"
    # A boolean schema has no keywords; the recipe's has none of these.
    schema: Mapping[str, Any] = error.schema if isinstance(error.schema, Mapping) else {}
    fields = {key: field for key, field in schema.get("properties", {}).items() if key != "$schema"}
    found: Any = error.instance
    if error.validator == "additionalProperties":
        key = next(key for key in found if key not in fields)
        return _unknown(source, path, key, fields)
    if error.validator == "required":
        key = next(key for key in fields if key not in found)
        return InputError(
            f"{source}: the recipe lacks {'.'.join([*path, key])}",
            expected=fields[key]["x-expected"],
            found="nothing",
            remedy=_default(fields[key]) or "add it",
        )
    return InputError(
        f"{source}: {name} cannot have this value",
        expected=schema.get("x-expected", ""),
        found=json.dumps(found, ensure_ascii=False),
        remedy=_meant(found, schema) or _default(schema) or "give it such a value",
    )


def _meant(found: Any, schema: Mapping[str, Any]) -> str:
    near = get_close_matches(str(found), map(str, schema.get("enum", ())), n=1)
    return f"did you mean {near[0]}?" if near else ""


def _default(schema: Mapping[str, Any]) -> str:
    return f"its default is {json.dumps(schema['default'])}" if "default" in schema else ""


def _typed(kind: Any, value: Any) -> Any:
    """A checked value of JSON as the type that recipe_types.py has for it."""
    if is_dataclass(kind) and isinstance(kind, type):
        hints = get_type_hints(kind)
        return kind(**{key: _typed(hints[key], field) for key, field in value.items()})
    if get_origin(kind) is tuple:
        kinds = get_args(kind)
        if kinds[-1] is Ellipsis:
            return tuple(_typed(kinds[0], item) for item in value)
        return tuple(_typed(each, item) for each, item in zip(kinds, value, strict=True))
    if get_origin(kind) is Literal:
        return next(choice for choice in get_args(kind) if choice == value)
    if kind is int or kind is float:
        # JSON has one kind of number: 1e3 is a whole one, 1 a float's value.
        return kind(value)
    if value is not None and float in get_args(kind):
        return float(value)
    return value
