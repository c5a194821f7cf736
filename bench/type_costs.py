"""What TypeScript has to do for model files: instantiations of types, and the seconds of its checker."""

import json
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tables import Rows

ROOT = Path(__file__).resolve().parents[1]
EMPTY = 'import "litevae";\nimport "litevae/dsl";\nimport "litevae/blocks";\n'


def rows(tsc: Sequence[str]) -> Rows:
    """A row for every example, the first for a file that only imports the package: what each has above it is its own."""
    folder = ROOT / "out" / "type-costs"
    folder.mkdir(parents=True, exist_ok=True)
    empty = folder / "empty.ts"
    empty.write_text(EMPTY)
    files = [empty, *sorted((ROOT / "examples").glob("**/*.ts"))]
    return [{"file": _name(file)} | _checked(tsc, file) for file in files]


def _name(file: Path) -> str:
    return "imports alone" if file.name == "empty.ts" else str(file.relative_to(ROOT))


def _checked(tsc: Sequence[str], file: Path) -> dict[str, float]:
    project = ROOT / "out" / "type-costs" / "tsconfig.json"
    project.write_text(
        json.dumps({"extends": str(ROOT / "tsconfig.json"), "include": [], "files": [str(file)]})
    )
    command = [*tsc, "--noEmit", "--extendedDiagnostics", "-p", str(project)]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return {"instantiations": _figure(said, "Instantiations"), "check_seconds": _figure(said, "Check time")}


def _figure(text: str, name: str) -> float:
    found = re.search(rf"^{name}:\s+([\d.]+)", text, re.MULTILINE)
    if found is None:
        raise RuntimeError(f"tsc says nothing of {name}")
    return float(found[1])
