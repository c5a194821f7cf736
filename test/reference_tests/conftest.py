"""Puts `test/` on `sys.path`, so that `reference` imports."""

import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

# The tensors are tiny: where other work shares the cores, a second thread took five times as long.
torch.set_num_threads(1)
