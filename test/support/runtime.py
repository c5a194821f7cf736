"""The Python that goes into every training package, imported from where it is kept, also outside of pytest."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "runtime" / "src"))

from litevae_runtime.nn import layers

__all__ = ["layers"]
