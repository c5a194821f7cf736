"""The command without a package."""

import sys
from pathlib import Path

from .command import main

sys.exit(main(Path(__file__).parent))
