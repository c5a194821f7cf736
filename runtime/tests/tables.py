"""Tables that the compiler's tests walk too: what both say is the same."""

import json
from pathlib import Path
from typing import Any


def table(name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads((Path(__file__).parent / "tables" / f"{name}.json").read_text())
    assert rows
    return rows
