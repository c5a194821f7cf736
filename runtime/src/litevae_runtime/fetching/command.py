"""The command line of `python -m PACKAGE.fetch`: weights of networks that losses and metrics look through.

Exit codes: 0 all are there; 1 one could not be had; 2 usage; 130 stopped by Ctrl-C.
"""

import argparse
import sys
from pathlib import Path

from ..common.arguments import command_parser
from ..common.commands import EXIT_DONE, exit_code
from ..common.files import file_hash
from ..nn.published import SOURCES, published_file, weights_folder
from .fetch import fetch


def _parser(package: str) -> argparse.ArgumentParser:
    parser = command_parser(
        package,
        "fetch",
        "Fetch the published weights of networks that perceptual losses and metrics look through, "
        "and check them by their SHA-256.",
        "0 all are there, 1 one could not be had, 2 usage, 130 stopped by Ctrl-C",
    )
    parser.add_argument(
        "files",
        nargs="*",
        metavar="FILE",
        help=f"of {', '.join(SOURCES)}; all that are not there yet",
    )
    parser.add_argument(
        "--folder", type=Path, help="where they go: $LITEVAE_WEIGHTS, or ~/.cache/litevae without it"
    )
    parser.add_argument(
        "--mirror", metavar="URL", help="a server that has the files by their names below URL"
    )
    return parser


def main(package: Path, arguments: list[str] | None = None) -> int:
    """Fetches what the command line says; `package` is the folder that the command is of. Returns the exit code."""
    parser = _parser(package.name)
    options = parser.parse_args(arguments)
    for name in options.files:
        if name not in SOURCES:
            parser.error(f"{name} is none of {', '.join(SOURCES)}")
    return exit_code(lambda: _run(options), "fetching")


def _run(options: argparse.Namespace) -> int:
    folder = weights_folder(options.folder)
    for name in options.files or SOURCES:
        source, there = SOURCES[name], published_file(name, folder)
        # What somebody converted has a hash of its own.
        if there is not None and (
            there.suffix == ".safetensors" or file_hash(there).startswith(source.sha256)
        ):
            print(f"{name}: {there}")
            continue
        if there is not None:
            print(f"{there} is not the file that was published: it is fetched again", file=sys.stderr)
        file = fetch(name, source, folder, options.mirror, lambda text: print(text, file=sys.stderr))
        print(f"{name}: {file}")
    return EXIT_DONE
