"""What arXiv:2405.14477 published, for showing beside what was measured and never among it."""

import json
from pathlib import Path
from typing import Any


def published_figures(package: Path) -> dict[str, Any]:
    """A package's paper.json: lists of rows under quality, throughput, mmd, …, each row with its table number."""
    figures: dict[str, Any] = json.loads((package / "paper.json").read_text(encoding="utf-8"))
    return figures
