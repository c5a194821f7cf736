"""Hashes of the files in FOLDER that hold graphs or weights, as JSON on stdout."""

import hashlib
import json
import sys
from pathlib import Path

import onnx
from safetensors import safe_open


def graph_hash(path: Path) -> str:
    """Of a graph without what is said about it: metadata holds a hash of the printed IR, whose wording may change alone."""
    model = onnx.load(path, load_external_data=False)
    del model.metadata_props[:]
    model.ClearField("producer_version")
    return hashlib.sha256(model.SerializeToString(deterministic=True)).hexdigest()


def tensors_hash(path: Path) -> str:
    """Of names, types, shapes and values, whatever their order and the file's metadata."""
    found = hashlib.sha256()
    with safe_open(path, framework="numpy") as file:
        for name in sorted(file.keys()):
            tensor = file.get_tensor(name)
            found.update(f"{name} {tensor.dtype} {tensor.shape}\n".encode())
            found.update(tensor.tobytes())
    return found.hexdigest()


CONTENT = {".onnx": graph_hash, ".safetensors": tensors_hash}


def main(folder: str) -> None:
    hashes: dict[str, dict[str, str]] = {}
    for path in sorted(Path(folder).iterdir()):
        if path.suffix in (".onnx", ".safetensors", ".data"):
            with path.open("rb") as file:
                hashes[path.name] = {"sha256": hashlib.file_digest(file, "sha256").hexdigest()}
            if path.suffix in CONTENT:
                hashes[path.name]["content"] = CONTENT[path.suffix](path)
    json.dump(hashes, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
