"""The command line of training: `python -m PACKAGE.train --data IMAGES --output RUN`.

Exit codes: 0 the recipe is done; 1 an input is wrong; 2 usage; 3 too many steps in a row were not finite; 75 stopped by a
signal after a checkpoint, to go on with `--resume auto`; 74 stopped by one, and no checkpoint could be written; 130 stopped by
SIGINT before the first step.
"""

import argparse
from pathlib import Path

from ..common.arguments import command_parser
from ..common.commands import exit_code
from ..nn.builders import Builders
from ..nn.image_autoencoder import ImageAutoencoder


def _parser(package: str) -> argparse.ArgumentParser:
    parser = command_parser(
        package,
        "train",
        "Train the autoencoder by a recipe.",
        "0 done, 1 wrong input, 2 usage, 3 diverged, 75 stopped after a checkpoint, 74 without one, 130 before the first step",
    )
    parser.add_argument(
        "--data", required=True, metavar="PATH", help="folder of images, or WebDataset shards"
    )
    parser.add_argument("--output", required=True, type=Path, metavar="RUN", help="folder of the run")
    parser.add_argument(
        "--set",
        dest="overrides",
        nargs="+",
        action="extend",
        default=[],
        metavar="path=value",
        help="change fields of the recipe, such as phases.0.steps=50",
    )
    parser.add_argument("--recipe", type=Path, metavar="FILE", help="another recipe.json than the package's")
    parser.add_argument(
        "--resume",
        metavar="auto|FOLDER",
        help="go on from RUN's newest checkpoint, or begin where there is none; or from a checkpoint's folder",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="a step of every phase: memory, pace, time to the end"
    )
    parser.add_argument("--compile", action="store_true", help="compile the networks with torch.compile")
    parser.add_argument("--cpu", action="store_true", help="do not use a GPU")
    return parser


def main(
    model: type[ImageAutoencoder], networks: Builders, package: Path, arguments: list[str] | None = None
) -> int:
    """Trains `model` as the command line says; `package` is the folder that holds its recipe.json. Returns the exit code."""
    options = _parser(package.name).parse_args(arguments)
    return exit_code(lambda: _run(model, networks, package, options), "training", "train")


def _run(
    model: type[ImageAutoencoder], networks: Builders, package: Path, options: argparse.Namespace
) -> int:
    # What the recipe and the images have wrong is told before accelerate and its friends take their seconds.
    from ..common.run_folder import RECIPE, recipe_of
    from ..recipe.load import load_recipe
    from .checkpoint import choose_checkpoint

    checkpoint = choose_checkpoint(options.output, options.resume, options.dry_run)
    # A run goes on with its own recipe, also where it was killed before its first checkpoint.
    before = options.output / RECIPE if options.resume is not None else None
    found = (None if checkpoint is None else recipe_of(checkpoint)) or before
    own = found if options.recipe is None and found is not None and found.is_file() else None
    notes: list[str] = []
    if checkpoint is not None and own is None and options.recipe is None:
        notes.append(f"warning: the run of {checkpoint} has no {RECIPE}: it goes on by the package's")
    recipe = load_recipe(
        options.overrides, own or options.recipe, folder=package, notes=None if own is None else notes
    )

    from .run import train

    return train(
        model,
        networks,
        recipe,
        data=options.data,
        output=options.output,
        resume=options.resume,
        dry_run=options.dry_run,
        notes=notes,
        compiled=options.compile,
        cpu=options.cpu,
    )
