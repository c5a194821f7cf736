"""The folder of a run as training opens it: its recipe, and what a resumed run finds and changes there."""

import json
from pathlib import Path

from ..common.files import write_text
from ..common.run_folder import RECIPE
from ..recipe.fields import Recipe
from ..recipe.load import recipe_dict
from ..running.lock import cannot_be_written
from .checkpoint import Checkpoints
from .monitor import cut_metrics, flat


def open_folder(run: Path, checkpoints: Checkpoints, recipe: Recipe, step: int) -> list[str]:
    """Makes the folder fit a run that goes on after `step`; returns what is to be said of it.

    Raises:
        InputError: it cannot be written to.
    """
    try:
        run.mkdir(parents=True, exist_ok=True)
        checkpoints.clean()
        notes = _what_changes(run, checkpoints, recipe, step)
        write_text(run / RECIPE, json.dumps(recipe_dict(recipe), indent=2) + "\n")
        return notes + cut_metrics(run, step)
    except OSError as error:
        raise cannot_be_written(run, error) from error


def _what_changes(run: Path, checkpoints: Checkpoints, recipe: Recipe, step: int) -> list[str]:
    """How a resumed run departs from what the folder holds: later checkpoints, another recipe."""
    notes = []
    later = checkpoints.put_aside_after(step)
    if later:
        notes.append(f"put aside as abandoned-…, since the run goes on before them: {', '.join(later)}")
    before = run / RECIPE
    if not before.is_file():
        return notes
    try:
        old = flat(json.loads(before.read_text(encoding="utf-8")))
    except (ValueError, RecursionError):
        return [*notes, f"{before} is not JSON and is written anew"]
    new = flat(recipe_dict(recipe))
    changed = [name for name in old.keys() | new.keys() if old.get(name) != new.get(name)]
    return notes + [
        f"the recipe changes: {name}: {old.get(name)} → {new.get(name)}" for name in sorted(changed)
    ]
