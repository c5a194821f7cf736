"""The command line of exporting latents: `python -m PACKAGE.export --latents LATENTS --layout lightningdit --output DIR`.

Exit codes: 0 the layout is written; 1 an input is wrong; 2 usage; 130 stopped by Ctrl-C.
"""

import argparse
from pathlib import Path

from ...common.arguments import command_parser, whole_number
from ...common.commands import EXIT_DONE, exit_code

NAMES = ("lightningdit", "repa")


def _parser(package: str) -> argparse.ArgumentParser:
    parser = command_parser(
        package,
        "export",
        "Write encoded latents in the layout that other trainers read.",
        "0 done, 1 wrong input, 2 usage, 130 stopped by Ctrl-C",
    )
    add = parser.add_argument
    add("--latents", required=True, type=Path, metavar="LATENTS", help="folder that encode wrote")
    add(
        "--layout",
        required=True,
        choices=NAMES,
        help="lightningdit: safetensors of draws; repa: .npy of means and deviations, as SiT with REPA reads",
    )
    add("--output", required=True, type=Path, metavar="DIR", help="a new folder")
    add("--seed", type=whole_number(0), default=0, metavar="N", help="of the draws (default: 0)")
    return parser


def main(package: Path, arguments: list[str] | None = None) -> int:
    """Exports as the command line says; `package` is the folder of the package. Returns the exit code."""
    options = _parser(package.name).parse_args(arguments)
    return exit_code(lambda: _run(options), "exporting", "encode")


def _run(options: argparse.Namespace) -> int:
    from .layouts import export

    print(export(options.latents, options.layout, options.output, options.seed))
    return EXIT_DONE
