"""The example in a package's README runs, whichever parts were compiled."""

import re
from pathlib import Path

import pytest
from conftest import ROOT, litevae, package

TINY = ROOT / "test" / "training" / "models" / "tiny.ts"


@pytest.mark.parametrize(
    ("model", "parts", "runs"),
    [
        (TINY, "encoder,decoder", "y = model.decode(z).sample"),
        (TINY, "encoder", "z = model.encode(x)"),
        (TINY, "decoder", "y = model"),
        (TINY, "discriminator", "logits = discriminator(x)"),
        (TINY, "encoder,discriminator", "z = model.encode(x)"),
        (ROOT / "examples" / "deterministic.ts", "encoder,decoder", "z = model.encode(x).latent\n"),
    ],
)
def test_the_example_in_the_readme_runs(
    model: Path, parts: str, runs: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = litevae("compile", model, "-o", tmp_path, "--target", "torch", "--parts", parts)
    assert result.returncode == 0, result.stderr
    blocks: list[str] = re.findall(r"```python\n(.*?)```", (tmp_path / "README.md").read_text(), re.DOTALL)
    [example] = blocks
    assert runs in example
    monkeypatch.chdir(tmp_path)
    with package(tmp_path):
        exec(example, {"__name__": "__main__"})
