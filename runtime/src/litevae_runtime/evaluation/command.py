"""The command line of evaluation: `python -m PACKAGE.evaluate --data IMAGES --weights RUN`.

Exit codes: 0 the result is written; 1 an input is wrong; 2 usage; 130 stopped by Ctrl-C.
"""

import argparse
from pathlib import Path
from typing import Any

from ..common.arguments import (
    add_batch_options,
    add_pixel_options,
    add_precision_option,
    add_weights_option,
    command_parser,
    some_of,
    whole_number,
    whole_numbers,
)
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
    add_weights_option(source)
    source.add_argument(
        "--onnx", type=Path, metavar="DIR", help="a compiled folder, whose graphs run in onnxruntime"
    )
    add(
        "--teacher",
        type=Path,
        metavar="FOLDER",
        help="an AutoencoderKL or a compiled package whose latents were learned: their error, both decoders, costs",
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
    add(
        "--limit",
        type=whole_number(1),
        metavar="N",
        help="use only this many images, drawn by name (default: all)",
    )
    add_precision_option(parser)
    add_batch_options(parser)
    add(
        "--networks",
        type=Path,
        metavar="DIR",
        help="the metrics' networks (default: $LITEVAE_WEIGHTS, else ~/.cache/litevae)",
    )
    add_pixel_options(parser)
    add("--output", type=Path, metavar="FILE", help="the result (default: evaluation.json in RUN or DIR)")
    return parser


def main(
    model: type[ImageAutoencoder], networks: Builders, package: Path, arguments: list[str] | None = None
) -> int:
    """Measures `model` as the command line says; `package` is the folder with the published figures. Returns the exit code."""
    options = vars(_parser(package.name).parse_args(arguments))
    return exit_code(lambda: _run(model, networks, package, options), "evaluation", "evaluate")


def _run(model: type[ImageAutoencoder], networks: Builders, package: Path, options: dict[str, Any]) -> int:
    from .run import Options, evaluate

    evaluate(model, networks, Options(**options), package)
    return EXIT_DONE
