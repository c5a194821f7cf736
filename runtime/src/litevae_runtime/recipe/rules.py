"""What no field of a recipe says alone. The compiler has the same rules; a table of wrong recipes holds the two together."""

from ..common.errors import InputError
from .fields import Recipe


def check_rules(recipe: Recipe, source: str = "the recipe") -> None:
    """InputError where fields contradict each other; `source` is where they come from."""
    names = [phase.name for phase in recipe.phases]
    if len({*names}) < len(names):
        raise InputError(
            f"{source}: two phases have one name",
            expected="names that differ, since logs and checkpoints tell phases by them",
            found=", ".join(names),
            remedy="give the later one another name",
        )
    if recipe.checkpoints.best_by == "perceptual" and recipe.losses.perceptual == 0:
        raise InputError(
            "checkpoints are chosen by a perceptual distance that is not measured",
            expected="losses.perceptual above 0, or checkpoints.best_by: psnr or l1",
            found="checkpoints.best_by: perceptual, losses.perceptual: 0",
            remedy="add --set checkpoints.best_by=psnr",
        )
