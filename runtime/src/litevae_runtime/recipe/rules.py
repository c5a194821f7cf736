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
    check_samples(recipe.data.range, recipe.data.fill)
    if recipe.checkpoints.best_by == "perceptual" and recipe.losses.perceptual == 0:
        raise InputError(
            "checkpoints are chosen by a perceptual distance that is not measured",
            expected="losses.perceptual above 0, or checkpoints.best_by: psnr or l1",
            found="checkpoints.best_by: perceptual, losses.perceptual: 0",
            remedy="add --set checkpoints.best_by=psnr",
        )


def check_samples(declared: tuple[float, float] | None, fill: float | None) -> None:
    """InputError where the range of samples and the value of missing ones are no range, or contradict each other."""
    if declared is None:
        return
    low, high = declared
    if low >= high:
        expected, found = "a range whose lowest value stands first", f"range: {low:g}, {high:g}"
    elif fill is not None and not low <= fill <= high:
        expected, found = f"a fill inside of the range {low:g}, {high:g}", f"fill: {fill:g}"
    else:
        return
    raise InputError(
        "what samples mean is contradictory", expected=expected, found=found, remedy="change range or fill"
    )
