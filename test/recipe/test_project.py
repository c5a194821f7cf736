"""What a package says that training and evaluation need is what their files import."""

import ast
import subprocess
import sys
import tomllib
from importlib.metadata import requires
from pathlib import Path

import pytest
from conftest import ROOT, litevae
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

# Distributions that are called otherwise than the modules that they bring.
DISTRIBUTIONS = {"PIL": "pillow"}

# Not imported here: accelerate's tracker does so, and a file of LPIPS' heads is taken from torchmetrics.
UNIMPORTED = {"tensorboard", "torchmetrics"}

# Imported by name.
BY_NAME = {"torchmetrics"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("project")
    result = litevae("compile", "nano", "-o", out, "--target", "torch", "--recipe", "smoke")
    assert result.returncode == 0, result.stderr
    return out


def imports(file: Path) -> set[str]:
    """The packages that a file imports, its own aside."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module is not None:
            found.add(node.module.split(".")[0])
    return {DISTRIBUTIONS.get(name, name) for name in found - sys.stdlib_module_names}


def brings(requirement: str, seen: set[str]) -> set[str]:
    """What pip installs for a requirement, with everything that it needs: `seen` is added to."""
    parsed = Requirement(requirement)
    name = canonicalize_name(parsed.name)
    if (parsed.marker is None or parsed.marker.evaluate({"extra": ""})) and name not in seen:
        seen.add(name)
        for further in requires(name) or []:
            if name != "torch":
                brings(further, seen)
    return seen


def test_no_extra_changes_torch(folder: Path) -> None:
    """Torchvision wants one torch, by which pip would replace the one that is there; others take any from 2.6 on."""
    assert "torchvision" in (requires("torch-fidelity") or [])
    own = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    runtime = tomllib.loads((ROOT / "runtime" / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for project, names in ((own, ("train", "evaluate", "encode")), (runtime, ("all",))):
        extras = [each for name in names for each in project["optional-dependencies"][name]]
        for requirement in [*project["dependencies"], *extras]:
            brought = brings(requirement, set())
            assert "torchvision" not in brought, requirement
            for name in brought - {"torch"}:
                wanted = [Requirement(each) for each in requires(name) or []]
                limits = [
                    str(each.specifier) for each in wanted if each.name == "torch" and each.marker is None
                ]
                assert all(SpecifierSet(limit).contains("2.6.0") and "==" not in limit for limit in limits), (
                    name
                )


def test_the_requirements_are_what_is_imported(folder: Path) -> None:
    project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    base, train, evaluate, encode = (
        {requirement.split(">=")[0] for requirement in listed}
        for listed in (project["dependencies"], *(extras[name] for name in ("train", "evaluate", "encode")))
    )
    package = folder / "litevae_nano"
    runtime = package / "_runtime"
    # Data, losses and metrics serve both; recipe/load.py reads the trainer's.
    shared = {file for room in ("data", "losses") for file in (runtime / room).rglob("*.py")}
    training = {
        *(runtime / "training").rglob("*.py"),
        *(runtime / "running").rglob("*.py"),
        *(runtime / "recipe").rglob("*.py"),
        runtime / "metrics" / "psnr.py",
    } | shared
    evaluation = {
        *(runtime / "evaluation").rglob("*.py"),
        *(runtime / "metrics").rglob("*.py"),
        # Of what long work shares, its device alone.
        runtime / "running" / "device.py",
    } | shared
    # Latents are read with what a model needs.
    reading = {runtime / "latents" / f"{name}.py" for name in ("__init__", "dataset", "layout", "reading")}
    data = {*(runtime / "data").rglob("*.py")}
    encoding = {*(runtime / "latents").rglob("*.py")} - reading
    others = {*package.rglob("*.py")} - training - evaluation - encoding
    assert set().union(*map(imports, evaluation)) <= base | evaluate
    assert evaluate - BY_NAME <= train
    assert set().union(*map(imports, others)) <= base
    assert (
        set().union(*map(imports, encoding | data | {*(runtime / "running").rglob("*.py")})) - base == encode
    )
    assert set().union(*map(imports, training)) - base | UNIMPORTED == train


def test_every_folder_with_python_is_a_package_of_the_project(folder: Path) -> None:
    setuptools = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    folders = {
        ".".join(path.parent.relative_to(folder).parts)
        for path in (folder / "litevae_nano").rglob("__init__.py")
    }
    assert {*setuptools["packages"]} == folders


def test_evaluation_does_without_what_it_does_not_list(folder: Path) -> None:
    code = (
        "import sys; sys.modules.update(jsonschema=None, tensorboard=None, torchmetrics=None, torch_fidelity=None); "
        "import litevae_nano._runtime.evaluation.run"
    )
    subprocess.run([sys.executable, "-c", code], cwd=folder, check=True)


def test_latents_are_read_with_what_a_model_needs(folder: Path) -> None:
    code = (
        "import sys; sys.modules.update(accelerate=None, numpy=None, PIL=None, tqdm=None); "
        "import litevae_nano._runtime.latents.dataset"
    )
    subprocess.run([sys.executable, "-c", code], cwd=folder, check=True)


@pytest.mark.parametrize(
    ("command", "what", "missing"),
    [
        ("train", "training", "jsonschema"),
        ("train", "training", "accelerate"),
        ("evaluate", "evaluation", "tqdm"),
        ("encode", "encoding", "filelock"),
    ],
)
def test_what_is_not_installed_is_told(command: str, what: str, missing: str, folder: Path) -> None:
    place = "--weights" if command == "evaluate" else "--output"
    code = (
        f"import sys; sys.modules[{missing!r}] = None; from litevae_nano.{command} import main; "
        f"sys.exit(main(['--data', 'none', {place!r}, 'run']))"
    )
    finished = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, text=True, capture_output=True, check=False
    )
    assert (finished.returncode, finished.stdout) == (1, "")
    assert finished.stderr == (
        f"error: {what} needs {missing}, which is not installed\n"
        f"  help:     in the folder of this package's pyproject.toml: pip install -e '.[{command}]'\n"
    )
