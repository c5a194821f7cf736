"""Two processes do what one does with the joint batch."""

import sys
from pathlib import Path

import pytest
import torch
from processes import launcher
from training.runs import Project, metrics, weights


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Without dropout, whose noise differs between processes."""
    made = Project(tmp_path_factory.mktemp("processes"), "plain")
    sys.path.insert(0, str(made.folder))
    return made


@pytest.mark.parametrize(("accumulation", "mode"), [(1, "constant"), (2, "adaptive")])
def test_two_gloo_processes_give_the_gradients_of_one(
    plain: Project, accumulation: int, mode: str, tmp_path: Path
) -> None:
    # A large eps, since Adam's first steps would make full steps of gradients that are rounding noise; without LDL,
    # whose map jumps where two residuals are equal.
    settings = (
        *("--set", "optimizer.clip=0", "optimizer.eps=0.01", "losses.ldl=0"),
        *("phases.0.steps=3", "phases.1.steps=6", "phases.1.batch=4", f"adversarial.mode={mode}"),
    )
    passes = ("--set", f"accumulation={accumulation}")
    two = plain.start(tmp_path / "two", *settings, *passes, launcher=(*launcher(2), "-m", plain.main))
    assert plain.train(tmp_path / "one", *settings) == 0
    _, errors = two.communicate(timeout=300)
    assert two.returncode == 0, errors
    joint, shared = metrics(tmp_path / "one"), metrics(tmp_path / "two")
    assert [line["step"] for line in joint] == [line["step"] for line in shared]
    names = {name for line in joint for name in line if "gradient_norm" in name}
    assert "discriminator_gradient_norm" in names
    for line, other in zip(joint, shared, strict=True):
        assert line.keys() == other.keys()
        # The norms of single losses' gradients are means over the passes.
        compared = {name for name in line if accumulation == 1 or not name.startswith("gradient_norm_")}
        for name in compared - {"phase"}:
            near = pytest.approx(line[name], rel=1e-4, abs=1e-6)
            assert other[name] == near, (line["step"], name)
    found = weights(tmp_path / "two")
    for key, value in weights(tmp_path / "one").items():
        torch.testing.assert_close(found[key], value, rtol=1e-3, atol=1e-5)
