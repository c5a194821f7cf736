"""The Python that goes into every training package, imported from where it is kept."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from src.targets.torch.runtime import layers

__all__ = ["layers"]
