"""Trains the autoencoder: `python -m PACKAGE.train --data IMAGES --output RUN`, the same under torchrun and accelerate launch.

Exit codes: 0 the recipe is done; 1 an input is wrong; 2 usage; 3 too many steps in a row were not finite; 75 stopped by SIGTERM
or SIGINT after a checkpoint, to go on with `--resume auto`; 130 stopped by SIGINT before the first step.
"""

import argparse
import json
import sys
from pathlib import Path

from .training.arguments import command_parser
from .training.commands import EXIT_DONE, exit_code

EXIT_DIVERGED, EXIT_STOPPED = 3, 75


def _parser() -> argparse.ArgumentParser:
    parser = command_parser(
        "train",
        "Train the autoencoder by a recipe.",
        "0 done, 1 wrong input, 2 usage, 3 diverged, 75 stopped after a checkpoint, 130 before one",
    )
    parser.add_argument(
        "--data", required=True, metavar="PATH", help="folder of pictures, or WebDataset shards"
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


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    return exit_code(lambda: _run(options), "training", "train")


def _run(options: argparse.Namespace) -> int:
    # What the recipe and the pictures have wrong is told before torch and its friends take their seconds.
    from .training.checkpoint import choose_checkpoint, recipe_of
    from .training.recipe import load_recipe, recipe_dict

    checkpoint = choose_checkpoint(options.output, options.resume, options.dry_run)
    # A run goes on with its own recipe.
    file = options.recipe or (recipe_of(checkpoint) if checkpoint is not None else None)
    recipe = load_recipe(options.overrides, file)

    from .training.start import describe, make_accelerator, open_split

    accelerator = make_accelerator(recipe, options.output, options.cpu)
    split = open_split(options.data, recipe)

    from .training.trainer import Outcome, Trainer

    trainer = Trainer(accelerator, recipe, split, options.output, options.compile)
    if accelerator.is_main_process:
        print(json.dumps(recipe_dict(recipe), indent=2))
        print(describe(accelerator, recipe, trainer.networks, split), file=sys.stderr)
    if options.dry_run:
        from .training.dry_run import dry_run

        report = dry_run(trainer)
        if accelerator.is_main_process:
            print(report)
        return EXIT_DONE
    if checkpoint is not None:
        trainer.resume(checkpoint)
    outcome = trainer.train()
    if outcome is Outcome.DIVERGED and accelerator.is_main_process:
        print(
            f"error: {recipe.train.nonfinite_limit} steps in a row had a loss or gradient that is not finite\n"
            "  help:     the last good weights are in the newest checkpoint; go on with --resume auto and a smaller "
            "--set phases.N.learning_rate, or precision=fp32",
            file=sys.stderr,
        )
    return {
        Outcome.FINISHED: EXIT_DONE,
        Outcome.STOPPED: EXIT_STOPPED,
        Outcome.DIVERGED: EXIT_DIVERGED,
    }[outcome]


if __name__ == "__main__":
    sys.exit(main())
