"""What the package's commands share of their command lines."""

import argparse
import math
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any


def command_parser(package: str, command: str, description: str, exit_codes: str) -> argparse.ArgumentParser:
    """The parser of `python -m package.command`. An option with one value is refused where it is given twice."""
    parser = argparse.ArgumentParser(
        prog=f"python -m {package}.{command}",
        description=description,
        epilog=f"exit codes: {exit_codes}",
        # `--size 128` would be `--sizes 128`, until there is an option `--size`.
        allow_abbrev=False,
    )
    parser.register("action", None, _Once)
    return parser


class _Once(argparse.Action):
    """Stores a value, and takes no second one."""

    _given = False

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: object,
        option_string: str | None = None,
    ) -> None:
        if self._given:
            parser.error(f"{option_string} is given twice")
        self._given = True
        setattr(namespace, self.dest, values)


def whole_number(least: int) -> Callable[[str], int]:
    """Reads an option that is a whole number of at least `least`."""

    def read(text: str) -> int:
        digits = text.strip()
        if not (digits.isascii() and digits.isdigit() and int(digits) >= least):
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least {least}")
        return int(digits)

    return read


def whole_numbers(text: str) -> list[int]:
    """Reads `8,1,32`: whole numbers of at least 1, each once and in order."""
    return sorted({whole_number(1)(entry) for entry in text.split(",")})


def some_of(choices: Sequence[str]) -> Callable[[str], list[str]]:
    """Reads a list of choices, in the order in which they are offered."""

    def read(text: str) -> list[str]:
        names = [name.strip() for name in text.split(",")]
        for name in names:
            if name not in choices:
                raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(choices)}")
        return [name for name in choices if name in names]

    return read


def numbers(count: int) -> Callable[[str], Any]:
    """Reads an option of so many numbers, separated by commas; a number alone where it is one."""

    def read(text: str) -> Any:
        try:
            values = tuple(float(entry) for entry in text.split(","))
        except ValueError:
            values = ()
        if len(values) != count or not all(map(math.isfinite, values)):
            what = "a number" if count == 1 else f"{count} numbers, separated by commas"
            raise argparse.ArgumentTypeError(f"{text!r} is not {what}")
        return values[0] if count == 1 else values

    return read


def add_weights_option(options: argparse._ActionsContainer, default: str | None = None) -> None:
    """`--weights`, for a parser or a group of its options; `default` says what there is without it."""
    options.add_argument(
        "--weights",
        type=Path,
        metavar="RUN",
        help="a run's folder, a checkpoint, a compiled folder or a .safetensors file"
        + ("" if default is None else f" (default: {default})"),
    )


def add_precision_option(
    options: argparse._ActionsContainer, choices: Sequence[str] = ("fp32", "bf16", "fp16")
) -> None:
    """`--precision`, what the model computes in."""
    options.add_argument(
        "--precision",
        choices=choices,
        default="fp32",
        help="of the computation; bf16 and fp16 are autocast over float32 weights, as in training (default: fp32)",
    )


def add_batch_options(parser: argparse.ArgumentParser) -> None:
    """How a set goes through a model."""
    add = parser.add_argument
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
        default=min(4, os.cpu_count() or 1),
        metavar="N",
        help="loading processes (default: one a core, at most 4)",
    )
    add("--device", metavar="NAME", help="cpu, cuda:1, … (default: the first GPU, else the CPU)")


def add_pixel_options(parser: argparse.ArgumentParser) -> None:
    """What samples mean, where it is not what the weights were trained with: the fields of PixelRule."""
    add = parser.add_argument
    add("--profile", choices=("srgb", "raw"), help="colour profiles: converted, or pixels as stored")
    add("--range", type=numbers(2), metavar="LOW,HIGH", help="what samples can have, which becomes [-1, 1]")
    add("--nodata", type=numbers(1), metavar="N", help="value of samples that are missing, as NaN is")
    add(
        "--fill",
        type=numbers(1),
        metavar="N",
        help="value that missing samples get (these four: as the run was trained)",
    )
