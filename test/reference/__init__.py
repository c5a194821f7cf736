"""Reference of every built-in architecture in plain PyTorch: the oracle for generated graphs and packages.

Written from the paper (arXiv:2405.14477) and shares nothing with the compiler but the `state_dict` keys.
Images are [N, C, H, W] in [-1, 1]. Put `test/` on `sys.path` and `import reference`: a package called `test`
would be the one of the standard library.
"""

from .build import NAMES, build
from .randomize import randomize

__all__ = ["NAMES", "build", "randomize"]
