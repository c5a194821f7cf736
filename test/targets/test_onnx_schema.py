"""src/ir/onnx-schema.ts is what onnx's own schema gives."""

import runpy
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def test_signatures_are_those_of_onnx() -> None:
    script = runpy.run_path(str(ROOT / "scripts" / "onnx_schema.py"))
    written = (ROOT / "src" / "ir" / "onnx-schema.ts").read_text(encoding="utf-8")
    assert written == script["generated"](), "run scripts/onnx_schema.py"
