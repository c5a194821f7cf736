"""The recipe on its way to the trainer: from TypeScript through JSON, past `--set`, into typed Python."""

import json
from dataclasses import FrozenInstanceError, fields
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from litevae_runtime.recipe.fields import Recipe
from litevae_runtime.recipe.load import load_recipe, recipe_dict
from recipe.recipe_folder import GOLDEN, SCHEMA, folder, message, preset

__all__ = ["folder"]
# Settings beside the recipe `smoke`, right and wrong ones.
RULES = json.loads((Path(__file__).parent / "rules.json").read_text())
PRESETS = sorted(path.stem for path in GOLDEN.glob("*.json"))


def test_presets_are_found() -> None:
    assert {"paper-imagenet-128", "paper-256-two-phase", "smoke"} <= {*PRESETS}


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_survives_the_way_from_typescript_and_back_to_json(name: str, folder: Path) -> None:
    recipe = load_recipe(file=GOLDEN / f"{name}.json", folder=folder)
    assert recipe_dict(recipe) == preset(name)
    assert json.loads(json.dumps(recipe_dict(recipe))) == preset(name)


def test_a_recipe_may_name_its_schema(folder: Path) -> None:
    file = folder / "mine.json"
    file.write_text(json.dumps({"$schema": "./recipe.schema.json"} | preset("smoke")))
    assert load_recipe(file=file, folder=folder) == load_recipe(folder=folder)
    # An editor that goes by the schema takes that field too, and a misspelt one is not told of it.
    Draft202012Validator(json.loads(SCHEMA.read_text())).validate(json.loads(file.read_text()))
    file.write_text(json.dumps({"seeds": 1} | preset("smoke")))
    assert "$schema" not in message(folder, file=file)


def test_values_have_the_types_that_the_fields_say(folder: Path) -> None:
    recipe = load_recipe(["losses.l1=2", "phases.0.steps=1e3", "gaussian.taps=7.0"], folder=folder)
    assert isinstance(recipe, Recipe)
    assert (recipe.losses.l1, type(recipe.losses.l1)) == (2.0, float)
    assert (recipe.phases[0].steps, type(recipe.phases[0].steps)) == (1000, int)
    assert (recipe.gaussian.taps, type(recipe.gaussian.taps)) == (7, int)
    assert recipe.optimizer.betas == (0.5, 0.9)
    assert type(recipe.phases) is tuple
    assert recipe.adversarial.learning_rate is None


def test_a_recipe_cannot_be_changed(folder: Path) -> None:
    recipe = load_recipe(folder=folder)
    with pytest.raises(FrozenInstanceError):
        recipe.losses.kl = 0.5  # type: ignore[misc]


@pytest.mark.parametrize(
    ("override", "path", "value"),
    [
        ("phases.0.steps=50", ["phases", 0, "steps"], 50),
        ("losses.kl=1e-6", ["losses", "kl"], 1e-6),
        ("perceptual.folder=/data/weights=new", ["perceptual", "folder"], "/data/weights=new"),
        ("perceptual.folder=null", ["perceptual", "folder"], None),
        ("log.trackers=[]", ["log", "trackers"], []),
        ('log.trackers=["wandb","tensorboard"]', ["log", "trackers"], ["wandb", "tensorboard"]),
        ("optimizer.betas.1=0.99", ["optimizer", "betas", 1], 0.99),
        ("train.parts=decoder", ["train", "parts"], "decoder"),
        ("precision=fp16", ["precision"], "fp16"),
        ("adversarial.learning_rate=3e-5", ["adversarial", "learning_rate"], 3e-5),
        (" seed = 7 ", ["seed"], 7),
    ],
)
def test_set_changes_one_field(override: str, path: list[str | int], value: object, folder: Path) -> None:
    changed = recipe_dict(load_recipe([override], folder=folder))
    expected: Any = preset("smoke")
    place = expected
    for key in path[:-1]:
        place = place[key]
    assert place[path[-1]] != value or value is None
    place[path[-1]] = value
    assert changed == expected


def test_the_last_of_several_settings_counts(folder: Path) -> None:
    assert load_recipe(["seed=1", "seed=2"], folder=folder).seed == 2


def test_phases_may_be_given_as_a_whole(folder: Path) -> None:
    phase = {**preset("smoke")["phases"][0], "name": "only"}
    recipe = load_recipe([f"phases={json.dumps([phase])}"], folder=folder)
    assert [each.name for each in recipe.phases] == ["only"]


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        (
            "losses.kll=1",
            "--set losses.kll=1: the recipe has no field losses.kll\n"
            "  expected: l1, perceptual, kl, wavelet, gaussian, ldl, commitment, codebook, entropy, "
            "moments_l1, moments_l2, moments_kl\n"
            "  found:    kll\n"
            "  help:     did you mean losses.kl?",
        ),
        (
            "lossess.kl=1",
            "--set lossess.kl=1: the recipe has no field lossess\n"
            f"  expected: {', '.join(field.name for field in fields(Recipe))}\n"
            "  found:    lossess\n"
            "  help:     did you mean losses?",
        ),
        (
            "phases.0.zzz=1",
            "--set phases.0.zzz=1: the recipe has no field phases.0.zzz\n"
            "  expected: name, resolution, steps, batch, learning_rate, schedule, warmup, discriminator, parts\n"
            "  found:    zzz\n"
            "  help:     leave it out",
        ),
        (
            "phases.3.steps=1",
            "--set phases.3.steps=1: the recipe has no phases.3\n"
            "  expected: phases.0, phases.1\n"
            "  found:    phases.3\n"
            "  help:     the places of a list count from 0; set phases as a whole to give it another length",
        ),
        (
            "phases.-1.steps=1",
            "--set phases.-1.steps=1: the recipe has no phases.-1\n"
            "  expected: phases.0, phases.1\n"
            "  found:    phases.-1\n"
            "  help:     the places of a list count from 0; set phases as a whole to give it another length",
        ),
        (
            "seed.value=1",
            "--set seed.value=1: seed has no fields\n"
            "  expected: seed=value\n"
            "  found:    seed.value\n"
            "  help:     set seed itself",
        ),
        (
            "seed",
            "--set seed is no assignment\n"
            "  expected: path=value\n"
            "  found:    seed\n"
            "  help:     write for example --set phases.0.steps=50",
        ),
        (
            "losses..kl=1",
            "--set losses..kl=1 is no assignment\n"
            "  expected: path=value\n"
            "  found:    losses..kl=1\n"
            "  help:     write for example --set phases.0.steps=50",
        ),
        (
            "phases.0.learning_rate=NaN",
            "--set phases.0.learning_rate=NaN: this is not a finite number\n"
            "  expected: a finite number\n"
            "  found:    NaN\n"
            "  help:     write it out, for example 1e-4",
        ),
        (
            "optimizer.betas=[0.5,-Infinity]",
            "--set optimizer.betas=[0.5,-Infinity]: this is not a finite number\n"
            "  expected: a finite number\n"
            "  found:    -Infinity\n"
            "  help:     write it out, for example 1e-4",
        ),
        (
            "losses.kl=1e999",
            "--set losses.kl=1e999: this is not a finite number\n"
            "  expected: a finite number\n"
            "  found:    1e999\n"
            "  help:     write it out, for example 1e-4",
        ),
        (
            "losses.kl=inf",
            "--set losses.kl=inf: losses.kl cannot have this value\n"
            "  expected: a number of at least 0\n"
            '  found:    "inf"\n'
            "  help:     its default is 0.001",
        ),
        (
            "phases.0.learning_rate=-1",
            "--set phases.0.learning_rate=-1: phases.0.learning_rate cannot have this value\n"
            "  expected: a number above 0\n"
            "  found:    -1\n"
            "  help:     its default is 0.0001",
        ),
        (
            "phases.1.steps=2.5",
            "--set phases.1.steps=2.5: phases.1.steps cannot have this value\n"
            "  expected: a whole number above 0\n"
            "  found:    2.5\n"
            "  help:     give it such a value",
        ),
        (
            "adversarial.loss=hinges",
            "--set adversarial.loss=hinges: adversarial.loss cannot have this value\n"
            "  expected: one of hinge, logistic\n"
            '  found:    "hinges"\n'
            "  help:     did you mean hinge?",
        ),
        (
            "ema.warmup=1",
            "--set ema.warmup=1: ema.warmup cannot have this value\n"
            "  expected: true or false\n"
            "  found:    1\n"
            "  help:     its default is true",
        ),
        (
            "adversarial.learning_rate=fast",
            "--set adversarial.learning_rate=fast: adversarial.learning_rate cannot have this value\n"
            "  expected: a number above 0 or null\n"
            '  found:    "fast"\n'
            "  help:     its default is null",
        ),
        (
            "optimizer.betas=[0.5]",
            "--set optimizer.betas=[0.5]: optimizer.betas cannot have this value\n"
            "  expected: a list of 2: a number of at least 0, below 1, a number of at least 0, below 1\n"
            "  found:    [0.5]\n"
            "  help:     its default is [0.5, 0.9]",
        ),
        (
            "phases=[]",
            "--set phases=[]: phases cannot have this value\n"
            "  expected: a list of at least 1, each a group of fields\n"
            "  found:    []\n"
            "  help:     give it such a value",
        ),
        (
            'losses={"l1": 1}',
            '--set losses={"l1": 1} (the first of 11 problems): the recipe lacks losses.perceptual\n'
            "  expected: a number of at least 0\n"
            "  found:    nothing\n"
            "  help:     its default is 1",
        ),
        (
            "phases.1.name=reconstruction",
            "--set phases.1.name=reconstruction: two phases have one name\n"
            "  expected: names that differ, since logs and checkpoints tell phases by them\n"
            "  found:    reconstruction, reconstruction\n"
            "  help:     give the later one another name",
        ),
    ],
)
def test_a_wrong_setting_is_refused(override: str, expected: str, folder: Path) -> None:
    assert message(folder, override) == expected


@pytest.mark.parametrize("case", RULES, ids=str)
def test_fields_that_contradict_each_other_are_refused_as_the_compiler_does(
    case: dict[str, Any], folder: Path
) -> None:
    overrides = [f"{path}={json.dumps(value)}" for path, value in case["settings"].items()]
    if "refused" in case:
        assert case["refused"] in message(folder, *overrides)
    else:
        load_recipe(overrides, folder=folder)


def test_settings_are_judged_together(folder: Path) -> None:
    load_recipe(["phases.0.name=adversarial", "phases.1.name=reconstruction"], folder=folder)
