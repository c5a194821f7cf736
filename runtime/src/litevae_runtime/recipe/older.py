"""The recipe of a run that another version began: its fields are those of then."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

# What fields were called before.
_RENAMED = {"data.broken_share": "data.corrupt_share"}


def updated(recipe: Any, schema: Mapping[str, Any]) -> tuple[Any, list[str]]:
    """The recipe with the fields of this version, newer ones with their defaults; and what was changed, in words."""
    if not isinstance(recipe, dict):
        return recipe, []
    notes: list[str] = []
    current = json.loads(json.dumps(recipe))
    for old, new in _RENAMED.items():
        group, _, name = old.rpartition(".")
        fields = current.get(group)
        if isinstance(fields, dict) and name in fields:
            fields.setdefault(new.rpartition(".")[2], fields.pop(name))
            notes.append(f"{old} is {new} now")
    train = current.get("train")
    if isinstance(train, dict) and isinstance(train.get("encoder"), bool):
        train["parts"] = "both" if train.pop("encoder") else "decoder"
        notes.append(f"train.encoder is train.parts now: {train['parts']}")
    notes += _fitted(current, schema, "")
    return current, [f"the run's recipe is of another version: {note}" for note in notes]


def _fitted(fields: dict[str, Any], schema: Mapping[str, Any], prefix: str) -> Iterator[str]:
    """Changes the fields of a group in place, and those of the groups in it."""
    known: Mapping[str, Any] = schema.get("properties", {})
    for name in [name for name in fields if name not in known]:
        del fields[name]
        yield f"{prefix}{name} is a field of another version and is left out"
    for name, inner in known.items():
        if name not in fields:
            if "properties" in inner:
                fields[name] = {}
            elif "default" in inner:
                fields[name] = inner["default"]
                yield f"it has no {prefix}{name}: it is {json.dumps(inner['default'])}, the default"
        if isinstance(fields.get(name), dict):
            yield from _fitted(fields[name], inner, f"{prefix}{name}.")
        elif isinstance(fields.get(name), list) and "properties" in (inner.get("items") or {}):
            for i, item in enumerate(fields[name]):
                if isinstance(item, dict):
                    yield from _fitted(item, inner["items"], f"{prefix}{name}.{i}.")
