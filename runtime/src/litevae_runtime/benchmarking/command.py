"""The command line of benchmarks: `python -m PACKAGE.benchmark`, speed and memory of the encoder and the decoder.

Exit codes: 0 measured; 1 an input is wrong, or no row could be measured; 2 usage; 130 stopped by Ctrl-C.
"""

import argparse
from itertools import product
from pathlib import Path

from ..common.arguments import (
    add_precision_option,
    add_weights_option,
    command_parser,
    some_of,
    whole_number,
    whole_numbers,
)
from ..common.commands import EXIT_DONE, EXIT_WRONG_INPUT, exit_code
from ..common.files import require_writable
from ..common.run_folder import run_of
from ..nn.image_autoencoder import ImageAutoencoder

PARTS = ("encoder", "decoder")
MODES = ("eager", "compiled")
PRECISIONS = ("fp32", "tf32", "bf16", "fp16")
RESULT = "benchmark.json"


def _parser(package: str) -> argparse.ArgumentParser:
    parser = command_parser(
        package,
        "benchmark",
        "Images per second and peak memory of the encoder and the decoder, each row in a process of its own.",
        "0 measured, 1 wrong input or no row could be measured, 2 usage, 130 stopped by Ctrl-C",
    )
    parser.add_argument(
        "--parts", type=some_of(PARTS), default=[*PARTS], metavar="LIST", help="encoder,decoder"
    )
    parser.add_argument(
        "--batches", type=whole_numbers, default=[1, 8, 32], metavar="LIST", help="images at a time: 1,8,32"
    )
    parser.add_argument(
        "--size", type=whole_number(1), default=256, metavar="PIXELS", help="side of the images: 256"
    )
    parser.add_argument(
        "--modes",
        type=some_of(MODES),
        default=["eager"],
        metavar="LIST",
        help="eager,compiled (torch.compile); eager",
    )
    add_precision_option(parser, PRECISIONS)
    parser.add_argument(
        "--channels-last", action="store_true", help="the memory format that tensor cores prefer"
    )
    add_weights_option(parser, default="seeded, which is as fast")
    parser.add_argument(
        "--device", metavar="NAME", help="cpu, cuda, cuda:1, …; the first GPU where there is one"
    )
    parser.add_argument(
        "--repeats", type=whole_number(1), default=6, metavar="N", help="passes of a row at least: 6"
    )
    parser.add_argument(
        "--seconds", type=_seconds, default=2.0, metavar="S", help="how long a row is repeated at least: 2"
    )
    parser.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        help=f"JSON; {RESULT} in RUN where --weights names a run's folder",
    )
    return parser


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 3600:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds from 0 to 3600")
    return value


def main(model: type[ImageAutoencoder], package: Path, arguments: list[str] | None = None) -> int:
    """Measures `model` as the command line says; `package` is the folder with the published figures. Returns the exit code."""
    options = _parser(package.name).parse_args(arguments)
    return exit_code(lambda: _run(model, package, options), "the benchmark")


def _run(model: type[ImageAutoencoder], package: Path, options: argparse.Namespace) -> int:
    output = options.output or _in_run(options.weights)
    if output is not None:
        require_writable(output)

    from ..common.paper import published_figures
    from .rows import Case, Settings
    from .run import benchmark

    cases = [Case(*which) for which in product(options.parts, options.modes, options.batches)]
    settings = Settings(
        device=options.device,
        size=options.size,
        precision=options.precision,
        channels_last=options.channels_last,
        weights=options.weights,
        repeats=options.repeats,
        seconds=options.seconds,
    )
    rows = benchmark(model, cases, settings, output, published_figures(package))
    return EXIT_DONE if any(row.measured for row in rows) else EXIT_WRONG_INPUT


def _in_run(weights: Path | None) -> Path | None:
    """The result's place in the run's folder; none in a compiled one, which holds what its compile wrote."""
    folder = None if weights is None else weights.expanduser()
    if folder is None or not folder.is_dir() or (folder / "manifest.json").is_file():
        return None
    return run_of(folder) / RESULT
