"""Which room may import which, in one direction; and nothing but relative imports, since every package has a copy of its own."""

import ast
from collections.abc import Iterator
from pathlib import Path

import litevae_runtime

ROOT = Path(litevae_runtime.__file__).parent

# What the modules of a room may import besides each other, in processing order.
MAY_IMPORT: dict[str, set[str]] = {
    "common": set(),
    "recipe": {"common"},
    "nn": {"common"},
    "data": {"common", "recipe", "nn"},
    "running": {"common", "data"},
    "losses": {"common", "recipe", "nn"},
    "metrics": {"common", "nn", "data"},
    "training": {"common", "recipe", "nn", "data", "running", "losses", "metrics"},
    "evaluation": {"common", "nn", "data", "running", "losses", "metrics"},
    "latents": {"common", "nn", "data", "running"},
    "benchmarking": {"common", "nn"},
    "fetching": {"common", "nn"},
}
# What a package needs to run its model, without the extras of training and evaluation.
BASE = {"torch", "safetensors"}


def modules() -> dict[str, Path]:
    """Every module by its dotted path in the runtime."""
    found = {file.relative_to(ROOT).with_suffix(""): file for file in ROOT.rglob("*.py")}
    return {".".join(path.parts).removesuffix(".__init__"): file for path, file in found.items()}


MODULES = modules()


def imports(name: str) -> Iterator[tuple[int, str]]:
    """How many levels up each import begins, and what it names; of `from . import a` that is a."""
    for node in ast.walk(ast.parse(MODULES[name].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((0, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                below = f"{node.module or ''}.{alias.name}".strip(".")
                yield node.level, below if node.level else node.module or ""


def own_imports(name: str) -> Iterator[str]:
    """The modules of the runtime that one imports."""
    is_package = MODULES[name].name == "__init__.py"
    package = name.split(".") if is_package else name.split(".")[:-1]
    for level, below in imports(name):
        if level == 0:
            continue
        path = [*package[: len(package) - level + 1], *below.split(".")]
        target = next(
            (".".join(path[:end]) for end in (len(path), len(path) - 1) if ".".join(path[:end]) in MODULES),
            None,
        )
        assert target is not None, f"{name} imports {'.'.join(path)}, which is not there"
        yield target


EDGES = [(name, target) for name in MODULES for target in own_imports(name)]


def test_the_modules_are_all_read() -> None:
    assert len(MODULES) > 60 and len(EDGES) > 150


def test_every_room_has_its_place_in_the_order() -> None:
    assert {name.split(".")[0] for name in MODULES if "." in name} == MAY_IMPORT.keys()
    # The order of the table is the order of the rooms: none may import what comes after it.
    order = list(MAY_IMPORT)
    assert all(
        order.index(below) < order.index(room) for room, rooms in MAY_IMPORT.items() for below in rooms
    )


def test_the_readme_has_the_same_table() -> None:
    readme = (ROOT.parents[1] / "README.md").read_text(encoding="utf-8")
    said: dict[str, set[str]] = {}
    for row in (line.split("|") for line in readme.splitlines() if line.startswith("| `")):
        rooms = row[3].strip()
        said[row[1].strip(" `")] = {*said} if rooms == "all above" else {*filter(None, rooms.split(", "))}
    assert said == MAY_IMPORT


def test_imports_go_down_the_order() -> None:
    def room(name: str) -> str:
        return name.split(".")[0]

    wrong = [
        f"{name} -> {target}"
        for name, target in EDGES
        if room(name) != room(target) and room(target) not in MAY_IMPORT[room(name)]
    ]
    assert wrong == []


def test_nothing_imports_itself_over_others() -> None:
    below = {name: {target for source, target in EDGES if source == name} for name in MODULES}
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, f"a cycle: {' -> '.join([*path[path.index(name) :], name])}"
        if name not in done:
            for target in sorted(below[name]):
                visit(target, (*path, name))
            done.add(name)

    for name in MODULES:
        visit(name, ())


def test_its_own_modules_are_imported_relatively() -> None:
    named = [
        name for name in MODULES for level, target in imports(name) if level == 0 and "litevae" in target
    ]
    assert named == []


def test_a_model_runs_on_torch_and_safetensors_alone() -> None:
    import sys

    found = {
        target.split(".")[0]
        for name in MODULES
        if name.split(".")[0] in ("common", "nn")
        for level, target in imports(name)
        if level == 0
    }
    assert found - sys.stdlib_module_names <= BASE
