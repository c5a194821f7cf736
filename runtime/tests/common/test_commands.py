"""How commands end."""

import os
import subprocess
import sys

import pytest


@pytest.mark.parametrize("world", ["1", "2"])
def test_the_code_the_output_and_what_was_registered_outlive_the_end(world: str) -> None:
    code = (
        "import atexit\n"
        "from litevae_runtime.common.commands import end\n"
        "atexit.register(print, 'registered', end='')\n"
        "print('done', end=', ')\n"
        "end(3)\n"
    )
    environment = {**os.environ, "WORLD_SIZE": world, "PYTHONPATH": os.pathsep.join(sys.path)}
    ended = subprocess.run(
        [sys.executable, "-c", code], env=environment, text=True, capture_output=True, check=False
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (3, "done, registered", "")
