"""The peer: torch.onnx.export of the reference. A process of its own, since its time is what is measured.

python bench/export.py NAME PART FILE legacy|dynamo
"""

import logging
import sys
import warnings
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "test"))
from reference.build import build, default_latent_channels


def main(name: str, part: str, file: str, exporter: str) -> None:
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    torch.manual_seed(0)
    module = build(name, part).eval()  # type: ignore[arg-type]
    decoder = part == "decoder"
    example = (
        torch.randn(1, default_latent_channels(name), 32, 32) if decoder else torch.randn(1, 3, 256, 256)
    )
    inputs, outputs = (["latent"], ["image"]) if decoder else (["image"], ["mean", "logvar"])
    axes = {0: "N", 2: "H", 3: "W"}
    if exporter == "legacy":
        dynamic = dict.fromkeys([*inputs, *outputs], axes)
        torch.onnx.export(
            module,
            (example,),
            file,
            opset_version=18,
            input_names=inputs,
            output_names=outputs,
            dynamic_axes=dynamic,
            dynamo=False,
        )
        return
    factor = 1 if decoder else 8
    dim = torch.export.Dim
    shapes = {
        0: dim("batch", max=64),
        2: factor * dim("h", min=2, max=512),
        3: factor * dim("w", min=2, max=512),
    }
    torch.onnx.export(
        module,
        (example,),
        file,
        opset_version=18,
        input_names=inputs,
        output_names=outputs,
        dynamic_shapes=(shapes,),
        dynamo=True,
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
