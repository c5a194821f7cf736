"""The compiled folder as a project: installed, formatted, linted and typed, with one naming of weights and its switches."""

import importlib
import json
import re
import shutil
from pathlib import Path
from types import ModuleType
from typing import Any

import onnx
import pytest
import torch
from conftest import ROOT, package
from safetensors.torch import load_file
from support.small_package import PARTS, SMALL, compile_to, folder, model, module, run

__all__ = ["folder", "model", "module"]
TINY = ROOT / "test" / "training" / "models" / "tiny.ts"
# What the compiler makes of these, which test/golden/golden.test.ts holds it to.
GOLDEN = [
    ROOT / "test" / "golden" / name / "model.py"
    for name in ("b", "multipliers", "shared-extractor", "variants", "network")
]


class TestProject:
    def test_installs_and_runs_outside_the_folder(self, folder: Path, tmp_path: Path) -> None:
        project, site = tmp_path / "project", tmp_path / "site"
        shutil.copytree(folder, project)
        options = ("--quiet", "--no-index", "--no-deps", "--no-build-isolation", "--target", site)
        run("-m", "pip", "install", "--disable-pip-version-check", *options, project, cwd=tmp_path)
        assert {path.name for path in (site / "litevae_small").iterdir()} >= {"model.py", "py.typed"}
        script = (
            f"import sys; sys.path.insert(0, {str(site)!r})\n"
            "import torch, litevae_small\n"
            f"model = litevae_small.Autoencoder.from_pretrained({str(project)!r})\n"
            "z = model.encode(torch.zeros(1, 3, 32, 32)).latent_dist.mode()\n"
            "logits = litevae_small.build_discriminator()(model.decode(z).sample)\n"
            "print(litevae_small.__file__, list(z.shape), sorted(logits))"
        )
        said = run("-c", script, cwd=tmp_path)
        assert said == f"{site}/litevae_small/__init__.py [1, 4, 4, 4] ['global_logit', 'pixel_logits']\n"
        # What building leaves in the folder does not keep it from being compiled again.
        assert (project / "build").is_dir()
        compile_to(project, SMALL, "--target", "torch")

    def test_two_live_in_one_process(
        self, module: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Each has a runtime of its own: classes and state of one are never those of the other."""
        out = compile_to(tmp_path / "out", TINY, "--target", "torch")
        with package(out) as other:
            assert module.WeightsError is not other.WeightsError
            assert {module.Autoencoder.name, other.Autoencoder.name} == {"small", "tiny"}
            for each in (module, other):
                command = importlib.import_module(f"{each.__name__}.train")
                with pytest.raises(SystemExit, match="0"):
                    command.main(["--help"])
                said = capsys.readouterr().out
                assert said.startswith(f"usage: python -m {each.__name__}.train ")

    def test_a_folder_with_an_environment_of_its_own_compiles_again(self, tmp_path: Path) -> None:
        out = compile_to(tmp_path / "out", TINY, "--target", "torch")
        (out / ".venv" / "bin").mkdir(parents=True)
        (out / ".venv" / "bin" / "activate").write_text("")
        compile_to(out, TINY)
        assert (out / ".venv" / "bin" / "activate").exists()

    def test_packages_are_formatted_linted_and_typed(self, tmp_path: Path) -> None:
        """Under the settings that each brings along."""
        models: list[str | Path] = ["b-smc", "sd-vae", SMALL, ROOT / "examples" / "deterministic.ts"]
        folders = [compile_to(tmp_path / Path(name).stem, name, "--target", "torch") for name in models]
        generated = [path for out in folders for path in out.glob("*/model.py")]
        assert len(generated) == len(models)
        # What stands beside model.py is the same in all of them, so that the tools read it once.
        together, *others = generated
        for other in others:
            for path in (other.parent / "_runtime").rglob("*.py"):
                assert path.read_bytes() == (together.parent / path.relative_to(other.parent)).read_bytes()
            shutil.copyfile(other, together.with_name(f"{other.parent.name}.py"))
        for golden in GOLDEN:
            beside = together.with_name(f"{golden.parent.name.replace('-', '_')}.py")
            generated.append(shutil.copyfile(golden, beside))
        sources = [together.parent]
        run("-m", "ruff", "format", "--no-cache", "--diff", *sources, cwd=tmp_path)
        run("-m", "ruff", "check", "--no-cache", *sources, cwd=tmp_path)
        # torch.nn.functional is imported as F everywhere.
        rules = ("--select", "E,F,W,I,UP,B,N,C4,SIM", "--ignore", "N812")
        run("-m", "ruff", "check", "--no-cache", *rules, *generated, cwd=tmp_path)
        # As strictly as the runtime, with what the stage "mypy" has read: torch alone takes it 20 seconds.
        strict = ("--config-file", ROOT / "runtime" / "pyproject.toml", "--cache-dir", ROOT / ".mypy_cache")
        run("-m", "mypy", *strict, *sources, cwd=tmp_path)

        for source in generated:
            imported = re.findall(r"^(?:from|import) (\S+)", source.read_text(), re.MULTILINE)
            assert {name.split(".")[0] for name in imported} <= {"", "collections", "torch"}
        for source in generated[0].parent.rglob("*.py"):
            assert (
                re.findall(r"^\s*(?:from|import) (?:litevae|src)\b", source.read_text(), re.MULTILINE) == []
            )
        assert len(generated[0].read_text().splitlines()) < 480


class TestOneNaming:
    def test_of_modules_weights_and_graphs(self, folder: Path, module: ModuleType, model: Any) -> None:
        state = dict(model.state_dict())
        state |= {f"discriminator.{key}": v for key, v in module.build_discriminator().state_dict().items()}
        stored = load_file(folder / "model.safetensors")
        assert {key: value.shape for key, value in stored.items()} == {k: v.shape for k, v in state.items()}

        manifest = json.loads((folder / "manifest.json").read_text())["parts"]
        buffers = {key for key in stored if key.endswith((".u", ".v"))}
        assert sum(part["params"] for part in manifest.values()) == sum(
            value.numel() for key, value in stored.items() if key not in buffers
        )

        initializers = {
            initializer.name
            for part in PARTS
            for initializer in onnx.load(folder / f"{part}.onnx").graph.initializer
        }
        # Haar's filters and the like are not the model's; a weight that is written in several pieces has them behind an @.
        named = {name.split("@")[0] for name in initializers if not name.startswith("constants/")}
        folded = {key for key in stored if key.endswith((".scale", ".gain", ".u", ".v"))}
        assert len(folded) > 20
        assert named == stored.keys() - folded

    def test_of_the_parts_alone(self, folder: Path, module: ModuleType, model: Any) -> None:
        """The encoder is followed by a convolution of its own name here: its keys are the file's, others have a prefix."""
        stored = load_file(folder / "model.safetensors")
        encoder = module.build_encoder()
        own = {key: stored[key] for key in encoder.state_dict()}
        assert {key.split(".")[0] for key in own} == {"encoder", "quant_conv"}
        encoder.load_state_dict(own)
        discriminator = module.build_discriminator()
        discriminator.load_state_dict(
            {key: stored[f"discriminator.{key}"] for key in discriminator.state_dict()}
        )
        x = torch.rand(1, 3, 32, 32)
        torch.testing.assert_close(encoder.eval()(x)[:, :4], model.encode(x).latent_dist.mean)
