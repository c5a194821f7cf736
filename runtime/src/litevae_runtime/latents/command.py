"""The command line of encoding: `python -m PACKAGE.encode --data IMAGES --output LATENTS`.

Exit codes: 0 the latents are written; 1 an input is wrong; 2 usage; 75 stopped by another signal, after a file; 130 stopped by
Ctrl-C.
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
    whole_number,
)
from ..common.commands import EXIT_DONE, exit_code
from ..nn.image_autoencoder import ImageAutoencoder


def _parser(package: str) -> argparse.ArgumentParser:
    parser = command_parser(
        package,
        "encode",
        "Encode a set of images: moments of the latents, labels and statistics, for training on latents.",
        "0 done, 1 wrong input, 2 usage, 75 stopped by a signal after a file, 130 stopped by Ctrl-C",
    )
    add = parser.add_argument
    add("--data", required=True, metavar="PATH", help="folder of images, or WebDataset shards")
    add(
        "--output",
        required=True,
        type=Path,
        metavar="LATENTS",
        help="folder of the latents; an unfinished one is continued",
    )
    add_weights_option(parser, default="the folder of this package")
    add(
        "--size",
        type=whole_number(1),
        default=256,
        metavar="N",
        help="side of the images in pixels (default: 256)",
    )
    add("--flip", action="store_true", help="encode the mirrored images too")
    add(
        "--dtype",
        choices=("float32", "float16", "bfloat16"),
        default="float32",
        help="of the stored moments (default: float32)",
    )
    add_precision_option(parser)
    add(
        "--shard-images",
        type=whole_number(1),
        default=1024,
        metavar="N",
        help="images in a file; a kill costs the files that are being made (default: 1024)",
    )
    add_batch_options(parser)
    add_pixel_options(parser)
    return parser


def main(model: type[ImageAutoencoder], package: Path, arguments: list[str] | None = None) -> int:
    """Encodes with `model` as the command line says; `package` is the folder of its module. Returns the exit code."""
    options = vars(_parser(package.name).parse_args(arguments))
    return exit_code(lambda: _run(model, package, options), "encoding", "encode", goes_on=True)


def _run(model: type[ImageAutoencoder], package: Path, options: dict[str, Any]) -> int:
    from .run import Options, encode

    encode(model, Options(**options), package)
    return EXIT_DONE
