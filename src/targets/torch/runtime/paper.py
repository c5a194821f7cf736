"""What arXiv:2405.14477 published, for showing beside what was measured and never among it."""

import json
from functools import cache
from pathlib import Path
from typing import Any


@cache
def published() -> dict[str, Any]:
    """The package's paper.json: lists of rows under quality, throughput, mmd, …, each row with its table number."""
    return json.loads(Path(__file__).with_name("paper.json").read_text())
