"""JSON objects that hold the SHA-256 of the rest of them: a change of one is noticed, also where it still is JSON."""

import json
from collections.abc import Mapping
from typing import Any

from .files import text_hash

_SEAL = "sha256"


def sealed(fields: Mapping[str, Any]) -> str:
    """The text of these fields, which JSON keeps as they are, and of their hash."""
    if _SEAL in fields:
        raise ValueError(f"{_SEAL} is the name of the hash of all fields, and none of theirs")
    return json.dumps({**fields, _SEAL: _hash(fields)}, indent=2) + "\n"


def opened(text: str) -> dict[str, Any]:
    """The fields of a text that `sealed` made, or that an older version wrote without a hash.

    ValueError or TypeError where it is neither.
    """
    fields = json.loads(text)
    if not isinstance(fields, dict):
        raise TypeError("it is no object of JSON")
    found = fields.pop(_SEAL, None)
    if found is not None and found != _hash(fields):
        raise ValueError("its bytes are not those that were written")
    return fields


def _hash(fields: Mapping[str, Any]) -> str:
    return text_hash([json.dumps(fields, sort_keys=True)])
