"""Trains a compiled package and keeps its weights in half precision: PACKAGE_FOLDER IMAGES RUN WEIGHTS."""

import shutil
import sys
from importlib import import_module
from pathlib import Path

from safetensors.torch import load_file, save_file


def main(folder: str, images: str, run: str, weights: str) -> int:
    sys.path.insert(0, folder)
    # What an earlier demo left would be gone on with.
    shutil.rmtree(run, ignore_errors=True)
    code: int = import_module("litevae_nano.train").main(["--data", images, "--output", run, "--cpu"])
    if code != 0:
        return code
    trained = load_file(Path(run) / "model.safetensors")
    kept = {key: value.half() for key, value in trained.items() if not key.startswith("discriminator.")}
    save_file(kept, weights, metadata={"format": "pt"})
    print(f"{weights}: {Path(weights).stat().st_size / 1e6:.2f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
