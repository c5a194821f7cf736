"""The example in a package's README runs, whichever parts were compiled."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT, litevae


@pytest.mark.parametrize(
    ("model", "parts", "runs"),
    [
        ("nano", "encoder,decoder", "y = model.decode(z).sample"),
        ("nano", "encoder", "z = model.encode(x)"),
        ("nano", "decoder", "y = model"),
        ("nano", "discriminator", "logits = discriminator(x)"),
        ("nano", "encoder,discriminator", "z = model.encode(x)"),
        (ROOT / "examples" / "deterministic.ts", "encoder,decoder", "z = model.encode(x).latent\n"),
    ],
)
def test_the_example_in_the_readme_runs(model: str | Path, parts: str, runs: str, tmp_path: Path) -> None:
    result = litevae("compile", model, "-o", tmp_path, "--target", "torch", "--parts", parts)
    assert result.returncode == 0, result.stderr
    blocks: list[str] = re.findall(r"```python\n(.*?)```", (tmp_path / "README.md").read_text(), re.DOTALL)
    [example] = blocks
    assert runs in example
    finished = subprocess.run(
        [sys.executable, "-c", example], cwd=tmp_path, text=True, capture_output=True, check=False
    )
    assert finished.returncode == 0, finished.stderr
