"""The compiled folder as a project: installed, formatted, linted and typed, with one naming of weights and its switches."""

import copy
import importlib
import json
import pickle
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import onnx
import pytest
import torch
from conftest import ROOT, litevae, package
from safetensors.torch import load_file
from torch import Tensor, nn

SMALL = Path(__file__).parent / "models" / "small.ts"
EXAMPLES = [ROOT / "examples" / f"{name}.ts" for name in ("multipliers", "shared-extractor", "variants")]
PARTS = ("encoder", "decoder", "discriminator")


def compile_to(out: Path, model: str | Path, *flags: str) -> Path:
    result = litevae("compile", model, "-o", out, *flags)
    assert result.returncode == 0, result.stderr
    return out


def run(*command: str | Path, cwd: Path) -> str:
    finished = subprocess.run(
        [sys.executable, *map(str, command)], cwd=cwd, text=True, capture_output=True, check=False
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("small") / "out"
    return compile_to(out, SMALL, "--target", "onnx,torch", "--parts", ",".join(PARTS))


@pytest.fixture(scope="module")
def module(folder: Path) -> Iterator[ModuleType]:
    with package(folder) as imported:
        yield imported


@pytest.fixture
def model(module: ModuleType, folder: Path) -> Any:
    return module.Autoencoder.from_pretrained(folder)


@pytest.fixture(scope="module")
def image() -> Tensor:
    return torch.rand(2, 3, 32, 48, generator=torch.Generator().manual_seed(0)) * 2 - 1


def gradients(model: nn.Module, image: Tensor) -> dict[str, Tensor]:
    """Those of a scalar loss, dropout included: every call draws the same."""
    torch.manual_seed(5)
    model.zero_grad()
    found, posterior = model(image)
    (found.square().mean() + posterior.kl().mean()).backward()
    assert all(parameter.grad is not None for parameter in model.parameters())
    return {key: parameter.grad for key, parameter in model.named_parameters() if parameter.grad is not None}


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
        out = compile_to(tmp_path / "out", EXAMPLES[0], "--target", "torch")
        with package(out) as other:
            assert module.WeightsError is not other.WeightsError
            assert {module.Autoencoder.name, other.Autoencoder.name} == {"small", EXAMPLES[0].stem}
            for each in (module, other):
                command = importlib.import_module(f"{each.__name__}.train")
                with pytest.raises(SystemExit, match="0"):
                    command.main(["--help"])
                said = capsys.readouterr().out
                assert said.startswith(f"usage: python -m {each.__name__}.train ")

    def test_a_folder_with_an_environment_of_its_own_compiles_again(self, tmp_path: Path) -> None:
        out = compile_to(tmp_path / "out", EXAMPLES[0], "--target", "torch")
        (out / ".venv" / "bin").mkdir(parents=True)
        (out / ".venv" / "bin" / "activate").write_text("")
        compile_to(out, EXAMPLES[0])
        assert (out / ".venv" / "bin" / "activate").exists()

    def test_packages_are_formatted_linted_and_typed(self, tmp_path: Path) -> None:
        """Under the settings that each brings along."""
        models: list[str | Path] = ["b", "b-smc", "sd-vae", SMALL, *EXAMPLES]
        folders = [compile_to(tmp_path / Path(name).stem, name, "--target", "torch") for name in models]
        generated = [path for out in folders for path in out.glob("*/model.py")]
        assert len(generated) == len(models)
        # What is copied beside model.py is the same in all of them.
        sources = [generated[0].parent, *generated[1:]]
        run("-m", "ruff", "format", "--no-cache", "--diff", *sources, cwd=tmp_path)
        run("-m", "ruff", "check", "--no-cache", *sources, cwd=tmp_path)
        # torch.nn.functional is imported as F everywhere.
        rules = ("--select", "E,F,W,I,UP,B,N,C4,SIM", "--ignore", "N812")
        run("-m", "ruff", "check", "--no-cache", *rules, *generated, cwd=tmp_path)
        cache = ROOT / "node_modules" / ".cache" / "litevae-mypy"
        # accelerate brings no types.
        run(
            "-m",
            "mypy",
            "--cache-dir",
            cache,
            "--disable-error-code",
            "import-untyped",
            *sources,
            cwd=tmp_path,
        )

        for source in generated:
            imported = re.findall(r"^(?:from|import) (\S+)", source.read_text(), re.MULTILINE)
            assert {name.split(".")[0] for name in imported} <= {"", "collections", "torch"}
        for source in generated[0].parent.rglob("*.py"):
            assert (
                re.findall(r"^\s*(?:from|import) (?:litevae|src)\b", source.read_text(), re.MULTILINE) == []
            )
        assert len(generated[0].read_text().splitlines()) < 420


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


class TestAutoencoder:
    def test_returns_what_diffusers_returns(self, model: Any, image: Tensor) -> None:
        posterior = model.encode(image).latent_dist
        assert posterior.mean.shape == posterior.logvar.shape == (2, 4, 4, 6)
        assert torch.equal(posterior.mode(), posterior.mean)
        assert model.decode(posterior.mode()).sample.shape == image.shape

        draws = [posterior.sample(torch.Generator().manual_seed(seed)) for seed in (1, 1, 2)]
        assert torch.equal(draws[0], draws[1]) and not torch.equal(draws[0], draws[2])
        torch.manual_seed(3)
        noise = torch.cat([(posterior.sample() - posterior.mean) / posterior.std for _ in range(200)])
        assert abs(noise.mean()) < 0.02 and abs(noise.std() - 1) < 0.02

        normal = torch.distributions.Normal(posterior.mean, posterior.std)
        expected = torch.distributions.kl_divergence(normal, torch.distributions.Normal(0.0, 1.0))
        torch.testing.assert_close(posterior.kl(), expected.sum(dim=(1, 2, 3)))

    def test_the_divergence_of_half_precision_is_a_number(self, module: ModuleType) -> None:
        moments = torch.cat([torch.zeros(1, 4, 8, 8), torch.full((1, 4, 8, 8), 15.0)], dim=1).half()
        kl = module.DiagonalGaussian(moments).kl()
        torch.testing.assert_close(kl, module.DiagonalGaussian(moments.float()).kl())

    def test_forward_reconstructs_from_a_sample_or_the_mean(self, model: Any, image: Tensor) -> None:
        mean, _ = model(image, sample=False)
        torch.testing.assert_close(mean, model.decode(model.encode(image).latent_dist.mean).sample)
        first, second = (model(image, generator=torch.Generator().manual_seed(1))[0] for _ in range(2))
        assert torch.equal(first, second) and not torch.equal(first, mean)

    @pytest.mark.parametrize("call", ["encode", "decode"])
    def test_other_channels_are_refused(self, model: Any, call: str) -> None:
        with pytest.raises(ValueError, match=re.escape("height, width] here, not [1, 5, 32, 32]")):
            getattr(model, call)(torch.zeros(1, 5, 32, 32))

    def test_gradient_checkpointing_gives_the_same_gradients(self, model: Any, image: Tensor) -> None:
        runs = count_runs(model.encoder.aggregator.down[0])
        model.train()
        plain = gradients(model, image)
        assert runs() == 1
        model.enable_gradient_checkpointing()
        again = gradients(model, image)
        assert runs() == 2, "the block did not run again in backward"
        assert plain.keys() == again.keys()
        for key, gradient in plain.items():
            torch.testing.assert_close(again[key], gradient, rtol=1e-5, atol=1e-7, msg=key)
        model.enable_gradient_checkpointing(False)
        gradients(model, image)
        assert runs() == 1

    def test_gradient_checkpointing_goes_along_with_copies(self, model: Any, image: Tensor) -> None:
        """A copy averaged as EMA does computes with its own."""
        model.enable_gradient_checkpointing()
        before = model(image, sample=False)[0]
        for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
            with torch.no_grad():
                for parameter in other.parameters():
                    parameter.mul_(0.5)
            assert not torch.equal(other(image, sample=False)[0], before)
            assert torch.equal(model(image, sample=False)[0], before)

    def test_gradient_checkpointing_leaves_what_a_forward_changes(
        self, module: ModuleType, image: Tensor
    ) -> None:
        """A second run of a power iteration would be another iteration."""
        discriminator = module.build_discriminator()
        switch = module.Autoencoder.enable_gradient_checkpointing
        runs = count_runs(discriminator.down[0])
        switch(discriminator)
        discriminator(image)["pixel_logits"].mean().backward()
        assert runs() == 1

    def test_channels_last_gives_the_same(self, model: Any, image: Tensor) -> None:
        expected = model(image, sample=False)[0]
        model.enable_channels_last()
        weight = model.encoder.aggregator.down[0].conv1.weight
        assert weight.is_contiguous(memory_format=torch.channels_last) and not weight.is_contiguous()
        found = model(image.to(memory_format=torch.channels_last), sample=False)[0]
        assert found.is_contiguous(memory_format=torch.channels_last)
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)
        model.enable_channels_last(False)
        assert model.encoder.aggregator.down[0].conv1.weight.is_contiguous()

    def test_bfloat16_autocast_is_close_to_float32(self, model: Any, image: Tensor) -> None:
        model.train()
        exact = gradients(model, image)
        with torch.no_grad():
            wanted = model.eval()(image, sample=False)[0]
        with torch.autocast("cpu", torch.bfloat16):
            rough = gradients(model.train(), image)
            with torch.no_grad():
                found = model.eval()(image, sample=False)[0]
        assert found.dtype == torch.bfloat16
        torch.testing.assert_close(found.float(), wanted, rtol=0.02, atol=0.02 * wanted.abs().max().item())
        assert all(gradient.isfinite().all() for gradient in rough.values())
        flat, flat_rough = (torch.cat([each[key].flatten() for key in exact]) for each in (exact, rough))
        assert torch.cosine_similarity(flat_rough, flat, dim=0) > 0.98

    def test_a_checkpointed_block_compiles_as_one_graph(self, model: Any) -> None:
        block = model.enable_gradient_checkpointing().train().encoder.aggregator.mid[0]
        x = torch.rand(1, 32, 6, 4, requires_grad=True)
        compiled = torch.compile(block, backend="aot_eager", fullgraph=True)
        [found], [expected] = (
            torch.autograd.grad(run(x).square().sum(), x) for run in (seeded(compiled), seeded(block))
        )
        torch.testing.assert_close(found, expected)


def seeded(call: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    """Dropout draws the same in every call."""

    def run(x: Tensor) -> Tensor:
        torch.manual_seed(0)
        return call(x)

    return run


def count_runs(block: nn.Module) -> Any:
    """A function that tells how often the block's first layer has run since it was last asked."""
    count = 0

    def ran(*_: Any) -> None:
        nonlocal count
        count += 1

    next(block.children()).register_forward_hook(ran)

    def since() -> int:
        nonlocal count
        found, count = count, 0
        return found

    return since
