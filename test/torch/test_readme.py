"""The example in a package's README runs, whichever parts were compiled."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import litevae


@pytest.mark.parametrize(
    ("parts", "runs"),
    [
        ("encoder,decoder", "y = model.decode(z).sample"),
        ("encoder", "z = model.encode(x)"),
        ("decoder", "y = model"),
        ("discriminator", "logits = discriminator(x)"),
        ("encoder,discriminator", "z = model.encode(x)"),
    ],
)
def test_the_example_in_the_readme_runs(parts: str, runs: str, tmp_path: Path) -> None:
    result = litevae("compile", "nano", "-o", tmp_path, "--target", "torch", "--parts", parts)
    assert result.returncode == 0, result.stderr
    blocks: list[str] = re.findall(r"```python\n(.*?)```", (tmp_path / "README.md").read_text(), re.DOTALL)
    [example] = blocks
    assert runs in example
    finished = subprocess.run(
        [sys.executable, "-c", example], cwd=tmp_path, text=True, capture_output=True, check=False
    )
    assert finished.returncode == 0, finished.stderr
