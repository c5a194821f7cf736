"""The command line of evaluation: `python -m PACKAGE.evaluate --data IMAGES --weights RUN`.

Exit codes: 0 the result is written; 1 an input is wrong; 2 usage; 130 stopped by Ctrl-C.
"""

import argparse
import os
from pathlib import Path
from typing import Any

from ..common.arguments import command_parser, numbers, some_of, whole_number, whole_numbers
from ..common.commands import EXIT_DONE, exit_code
from ..metrics.registry import NAMES
from ..nn.builders import Builders
from ..nn.image_autoencoder import ImageAutoencoder


def _parser(package: str) -> argparse.ArgumentParser:
    parser = command_parser(
        package,
        "evaluate",
        "Measure how well images come back, and what the latents are like.",
        "0 done, 1 wrong input, 2 usage, 130 stopped by Ctrl-C",
    )
    add = parser.add_argument
    add("--data", required=True, metavar="PATH", help="folder of images, or WebDataset shards")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument(
        "--weights",
        type=Path,
        metavar="RUN",
        help="a run's folder, a checkpoint, a compiled folder or a .safetensors file",
    )
    source.add_argument(
        "--onnx", type=Path, metavar="DIR", help="a compiled folder, whose graphs run in onnxruntime"
    )
    add(
        "--sizes",
        type=whole_numbers,
        default=(256,),
        metavar="32,64,…",
        help="sides of the images in pixels (default: 256)",
    )
    add(
        "--metrics",
        type=some_of(NAMES),
        default=NAMES,
        metavar="NAME,…",
        help=f"some of {', '.join(NAMES)} (default: all)",
    )
    add("--limit", type=whole_number(1), metavar="N", help="so many images, drawn by name (default: all)")
    add(
        "--batch",
        type=whole_number(1),
        default=16,
        metavar="N",
        help="images at once on each process (default: 16)",
    )
    add(
        "--workers",
        type=whole_number(0),
        default=None,
        metavar="N",
        help="loading processes (default: one a core, at most 4)",
    )
    add("--precision", choices=("fp32", "bf16", "fp16"), default="fp32", help="of the model (default: fp32)")
    add("--device", metavar="NAME", help="cpu, cuda:1, … (default: the first GPU, else the CPU)")
    add(
        "--networks",
        type=Path,
        metavar="DIR",
        help="the metrics' networks (default: $LITEVAE_WEIGHTS, else ~/.cache/litevae)",
    )
    add("--profile", choices=("srgb", "raw"), help="colour profiles: converted, or pixels as stored")
    add("--range", type=numbers(2), metavar="LOW,HIGH", help="what samples can have, which becomes [-1, 1]")
    add("--nodata", type=numbers(1), metavar="N", help="value of samples that are missing, as NaN is")
    add(
        "--fill",
        type=numbers(1),
        metavar="N",
        help="value that missing samples get (these four: as the run was trained)",
    )
    add("--output", type=Path, metavar="FILE", help="the result (default: evaluation.json in RUN or DIR)")
    return parser


def main(
    model: type[ImageAutoencoder], networks: Builders, package: Path, arguments: list[str] | None = None
) -> int:
    """Measures `model` as the command line says; `package` is the folder with the published figures. Returns the exit code."""
    options = vars(_parser(package.name).parse_args(arguments))
    if options["workers"] is None:
        options["workers"] = min(4, os.cpu_count() or 1)
    return exit_code(lambda: _run(model, networks, package, options), "evaluation", "evaluate")


def _run(model: type[ImageAutoencoder], networks: Builders, package: Path, options: dict[str, Any]) -> int:
    from .run import Options, evaluate

    evaluate(model, networks, Options(**options), package)
    return EXIT_DONE
