"""Every line of the guides that runs a package gives its command, and torchrun, what they take."""

import argparse
import re
import shlex
from collections.abc import Callable
from importlib import import_module

import pytest
from conftest import ROOT
from torch.distributed.run import get_args_parser

# Where the parser of each command is, by the name of its file in a package.
ROOMS = {
    "benchmark": "benchmarking.command",
    "encode": "latents.command",
    "evaluate": "evaluation.command",
    "export": "latents.export.command",
    "train": "training.command",
}
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
LINES = sorted(
    {
        line
        for page in PAGES
        for line in re.findall(
            r"^(?:\$ )?((?:python|torchrun) .*?-m litevae_\w+\.\w+.*)$", page.read_text("utf-8"), re.MULTILINE
        )
    }
)


def test_lines_are_there() -> None:
    assert len(LINES) > 10


@pytest.mark.parametrize("line", LINES)
def test_the_command_takes_what_it_is_given(line: str) -> None:
    program, *words = shlex.split(line, comments=True)
    module = words.index("-m")
    package, command = words[module + 1].split(".")
    if program == "torchrun":
        launched = get_args_parser().parse_args(words)
        assert launched.module and launched.training_script == f"{package}.{command}"
    else:
        assert module == 0
    parser: Callable[[str], argparse.ArgumentParser] = import_module(
        f"litevae_runtime.{ROOMS[command]}"
    )._parser
    # An option that is not there ends the process.
    options = parser(package).parse_args(words[module + 2 :])
    assert vars(options)
