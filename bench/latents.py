"""Encoding a set of JPEGs end to end, by `python -m PACKAGE.encode` and `litevae encode`, beside PyTorch alone, at 256².

`python bench/latents.py FOLDER IMAGES` measures the encoder alone: images, decoded before, to moments on the CPU.
"""

import importlib
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tables import Rows

ROOT = Path(__file__).resolve().parents[1]
SIZE, BATCH = 256, 8
TITLE = f"Encoding JPEGs, {SIZE}², batch {BATCH}"
MODELS = ("s", "b", "sd-vae")
# JPEGs as large as those of most sets, of the repository's photographs.
WIDTH, HEIGHT, QUALITY = 512, 384, 92


def rows(litevae: Callable[..., list[str]], folder: Path, quick: bool) -> Rows:
    """A row for every model: all in turn, and medians; `quick` of fewer images and turns."""
    images, turns = (32, 1) if quick else (64, 3)
    data = write_jpegs(folder / "jpegs", images)
    return [_row(litevae, folder, model, data, turns) for model in MODELS]


def write_jpegs(folder: Path, count: int) -> Path:
    """Pieces of the photographs, in two folders of classes."""
    from PIL import Image

    photos = [
        *sorted((ROOT / "examples" / "photos").glob("*.png")),
        *(ROOT / "examples" / "photos").glob("*.jpg"),
    ]
    opened = [Image.open(photo).convert("RGB") for photo in photos]
    for number in range(count):
        photo = opened[number % len(opened)]
        side = (min(photo.width, WIDTH), min(photo.height, HEIGHT))
        left, top = (7 * number % (whole - part + 1) for whole, part in zip(photo.size, side, strict=True))
        piece = photo.crop((left, top, left + side[0], top + side[1])).resize((WIDTH, HEIGHT))
        file = folder / f"class-{number % 2}" / f"{number:05d}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        piece.save(file, quality=QUALITY)
    return folder


def _row(
    litevae: Callable[..., list[str]], folder: Path, model: str, data: Path, turns: int
) -> dict[str, str | float]:
    out = folder / f"latents-{model}"
    _run(litevae("compile", model, "-o", str(out), "--target", "onnx,torch"), ROOT)
    [package] = [path.parent.name for path in out.glob("*/encode.py")]
    whole, alone, graphs = [], [], []
    for turn in range(turns):
        print(f"encoding with {model}, turn {turn + 1}", file=sys.stderr, flush=True)
        options = ("--size", str(SIZE), "--batch", str(BATCH))
        latents = folder / f"latents-{model}-{turn}"
        given = ("--data", str(data), "--output", str(latents), "--device", "cpu")
        _run([sys.executable, "-m", f"{package}.encode", *given, *options], out)
        whole.append(_logged(latents))
        alone.append(float(_run([sys.executable, __file__, str(out), str(data)], out)))
        latents = folder / f"latents-{model}-{turn}-graphs"
        _run(litevae("encode", str(out), str(data), "-o", str(latents), *options), ROOT)
        graphs.append(_logged(latents))
    paces, waited = zip(*whole, strict=True)
    graphs_paces, graphs_waited = zip(*graphs, strict=True)
    return {
        "encoder": model,
        "end to end, images/s": statistics.median(paces),
        "encoder alone, images/s": statistics.median(alone),
        "ratio": statistics.median(a / b for a, b in zip(paces, alone, strict=True)),
        "waiting for data": f"{statistics.median(waited):.1%}",
        "litevae encode, images/s": statistics.median(graphs_paces),
        "waiting for data there": f"{statistics.median(graphs_waited):.1%}",
    }


def _logged(latents: Path) -> tuple[float, float]:
    """Images per second, and the share of the time in which the encoder waited for images."""
    line = json.loads((latents / "encode.jsonl").read_text())
    return line["images_per_second"], line["waited_seconds"] / line["seconds"]


def _run(command: list[str], folder: Path) -> str:
    result = subprocess.run(command, cwd=folder, text=True, capture_output=True, check=False)
    if result.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}:\n{result.stderr}")
    return result.stdout


def _alone(folder: Path, data: Path) -> float:
    """Images per second of the encoder of a compiled package."""
    import numpy as np
    import torch

    [package] = [path.parent.name for path in folder.glob("*/encode.py")]
    sys.path.insert(0, str(folder))
    model = importlib.import_module(f"{package}.model").Autoencoder.from_pretrained(folder)
    runtime = f"{package}._runtime.data"
    images = importlib.import_module(f"{runtime}.images").open_images(data, 3)
    items = importlib.import_module(f"{runtime}.centred").CentredSet(
        images, np.arange(len(images)), SIZE, SIZE
    )
    batches = torch.stack([items[position]["image"] for position in range(len(images))]).split(BATCH)
    with torch.inference_mode():
        model.posterior(batches[0])
        begin = time.perf_counter()
        for batch in batches:
            model.posterior(batch).tensors()
        return len(images) / (time.perf_counter() - begin)


if __name__ == "__main__":
    print(_alone(Path(sys.argv[1]), Path(sys.argv[2])))
