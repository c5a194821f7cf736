"""Every field of the recipe, changed, changes what a run does."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from profiles import display_p3
from sets import write_images
from training.runs import Project, metrics, project

__all__ = ["project"]

SHORT = (
    "phases.0.steps=2",
    "phases.0.warmup=0",
    "phases.1.steps=4",
    "phases.1.resolution=16",
    "phases.1.schedule=constant",
    "adversarial.warmup=1",
    "adversarial.ramp=2",
    "checkpoints.validate_every=3",
    "checkpoints.every=2",
    "log.samples_every=3",
)
TEACHER = ("teacher.folder={teacher}",)
PERCEPTUAL = ("losses.perceptual=1", "perceptual.weights=random")


@dataclass(frozen=True)
class Change:
    """A value for a field, and what else must be set for it to matter. `{set}`, `{weights}` … are made by the test."""

    value: str
    beside: tuple[str, ...] = field(default=())


# Of models that quantize: test_quantized.py.
OF_CODES = {"losses.commitment", "losses.codebook", "losses.entropy"}

CHANGES = {
    "name": Change("other"),
    "seed": Change("1"),
    "precision": Change("bf16"),
    "accumulation": Change("2"),
    "phases.0.name": Change("first"),
    "phases.0.resolution": Change("24"),
    "phases.0.steps": Change("3"),
    "phases.0.batch": Change("2"),
    "phases.0.learning_rate": Change("1e-4"),
    "phases.0.schedule": Change("cosine"),
    "phases.0.warmup": Change("2"),
    "phases.0.discriminator": Change("true"),
    "phases.0.parts": Change("encoder"),
    "optimizer.betas": Change("[0.9,0.99]"),
    "optimizer.eps": Change("0.1"),
    "optimizer.weight_decay": Change("0.5"),
    "optimizer.clip": Change("1e-9"),
    "optimizer.fused": Change("false"),
    "losses.l1": Change("2"),
    "losses.perceptual": Change("2", PERCEPTUAL),
    "losses.kl": Change("1"),
    "losses.wavelet": Change("0"),
    "losses.gaussian": Change("0"),
    "losses.ldl": Change("0"),
    "losses.moments_l1": Change("1", TEACHER),
    "losses.moments_l2": Change("1", TEACHER),
    "losses.moments_kl": Change("1", TEACHER),
    "perceptual.network": Change("vgg19-before-activation", PERCEPTUAL),
    "perceptual.weights": Change("published", PERCEPTUAL),
    "perceptual.folder": Change("{empty}", ("losses.perceptual=1",)),
    "wavelet.levels": Change("2"),
    "wavelet.epsilon": Change("0.5"),
    "gaussian.taps": Change("3"),
    "gaussian.sigma": Change("3"),
    "adversarial.weight": Change("1"),
    "adversarial.mode": Change("adaptive"),
    "adversarial.delta": Change("1", ("adversarial.mode=adaptive",)),
    "adversarial.max_weight": Change("1e-6", ("adversarial.mode=adaptive",)),
    "adversarial.loss": Change("logistic"),
    "adversarial.global_share": Change("0"),
    "adversarial.warmup": Change("3"),
    "adversarial.ramp": Change("4"),
    "adversarial.learning_rate": Change("1e-5"),
    "discriminator": Change("patchgan", ("phases.0.resolution=32", "phases.1.resolution=32")),
    "train.parts": Change("decoder"),
    "train.init": Change("torch"),
    "train.start_from": Change("{weights}"),
    "train.partial": Change("true", ("train.start_from={part}",)),
    "train.channels_last": Change("false"),
    "train.gradient_checkpointing": Change("true"),
    "train.tf32": Change("false"),
    "train.nonfinite_limit": Change("1", ("phases.0.learning_rate=1e30",)),
    "teacher.folder": Change("{teacher}", ("train.parts=decoder",)),
    "teacher.encodes": Change("false", (*TEACHER, "train.parts=decoder")),
    "teacher.decodes": Change("false", (*TEACHER, "train.parts=encoder")),
    "teacher.target": Change("reconstruction", TEACHER),
    "ema.decay": Change("0.5", ("ema.warmup=false",)),
    "ema.warmup": Change("false"),
    "data.profile": Change("raw", ("{profiled}",)),
    "data.range": Change("[0,300]"),
    "data.nodata": Change("11"),
    "data.fill": Change("0", ("data.nodata=11",)),
    "data.min_scale": Change("1"),
    "data.max_aspect": Change("1"),
    "data.flip": Change("0"),
    "data.workers": Change("1"),
    "data.corrupt_share": Change("0.5", ("{corrupt}",)),
    "data.validation_share": Change("0.6"),
    "data.validation_folder": Change("{other}"),
    "data.validation_images": Change("1", ("data.validation_share=0.6",)),
    "checkpoints.every": Change("5"),
    "checkpoints.keep": Change("1"),
    "checkpoints.best_by": Change("l1"),
    "checkpoints.validate_every": Change("1"),
    "log.every": Change("2"),
    "log.samples_every": Change("1"),
    "log.samples": Change("1", ("data.validation_share=0.6",)),
    "log.trackers": Change('["tensorboard"]'),
    "latent.images": Change("2"),
}


def leaves(schema: dict[str, Any], path: tuple[str, ...] = ()) -> Iterator[str]:
    """Paths of the fields that are no groups, those of the first phase for all phases."""
    if "properties" in schema:
        for name, inner in schema["properties"].items():
            if name == "$schema":
                continue
            yield from leaves(inner, (*path, name))
    elif isinstance(schema.get("items"), dict) and "properties" in schema["items"]:
        yield from leaves(schema["items"], (*path, "0"))
    else:
        yield ".".join(path)


def test_the_table_has_every_field(project: Project) -> None:
    schema = json.loads((project.folder / project.package / "recipe.schema.json").read_text())
    assert [name for name in leaves(schema) if name not in OF_CODES] == list(CHANGES)


@dataclass
class Bench:
    """Runs with overrides and what was seen of each."""

    project: Project
    folder: Path
    places: dict[str, str]
    seen: dict[tuple[str, ...], dict[str, Any]] = field(default_factory=dict)

    def run(self, overrides: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
        if overrides not in self.seen:
            self.seen[overrides] = self._observe(overrides, monkeypatch)
        return self.seen[overrides]

    def _observe(self, overrides: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
        run = self.folder / f"run-{len(self.seen)}"
        filled = [text.format_map(self.places) for text in overrides]
        settings = [text for text in filled if "=" in text]
        data = next((text for text in filled if "=" not in text), str(self.project.data))
        spied = spy(self.project, monkeypatch)
        code = self.project.train(run, "--set", *SHORT, *settings, data=data)
        files = sorted(str(path.relative_to(run)) for path in run.rglob("*") if "events.out" not in path.name)
        recipe = run / "recipe.json"
        return {
            "code": code,
            # A tracker's folders carry the time.
            "files": [name for name in files if not name.startswith("litevae/")],
            "trackers": (run / "litevae").is_dir(),
            "metrics": metrics(run) if (run / "metrics.jsonl").is_file() else None,
            "name": json.loads(recipe.read_text())["name"] if recipe.is_file() else None,
            "contents": {
                name: sha256((run / name).read_bytes()).hexdigest()
                for name in files
                if name in ("model.safetensors", "config.json", "checkpoints/best.json")
                or (name.startswith("samples/") and name.endswith(".png"))
            },
            **spied,
        }


def spy(project: Project, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What shows in no file: how layers compute and how images are loaded."""
    seen: dict[str, Any] = {}
    build, loading = project.module("_runtime.training.build"), project.module("_runtime.training.loading")
    autoencoder = project.module("_runtime.nn.image_autoencoder")
    adam, loader, checkpoint = torch.optim.AdamW, loading.DataLoader, autoencoder.checkpoint

    def watched_adam(parameters: Any, **settings: Any) -> Any:
        seen["fused"] = settings["fused"]
        seen["channels last"] = any(
            p.dim() == 4 and p.is_contiguous(memory_format=torch.channels_last) and not p.is_contiguous()
            for p in parameters
        )
        return adam(parameters, **settings)

    def watched_loader(*things: Any, **settings: Any) -> Any:
        seen["workers"] = settings["num_workers"]
        seen["tf32"] = torch.get_float32_matmul_precision()
        return loader(*things, **settings)

    def watched_checkpoint(*things: Any, **settings: Any) -> Any:
        seen["checkpointed"] = True
        return checkpoint(*things, **settings)

    monkeypatch.setattr(build.torch.optim, "AdamW", watched_adam)
    monkeypatch.setattr(loading, "DataLoader", watched_loader)
    monkeypatch.setattr(autoencoder, "checkpoint", watched_checkpoint)
    torch.set_float32_matmul_precision("highest")
    return seen


def teacher_of(project: Project, folder: Path) -> Path:
    """The package itself, with other weights."""
    torch.manual_seed(1)
    shutil.copytree(project.folder / project.package, folder / project.package)
    project.module("model").Autoencoder().save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def bench(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Bench:
    from safetensors.torch import load_file, save_file

    folder = tmp_path_factory.mktemp("fields")
    (folder / "empty").mkdir()
    corrupt = write_images(folder / "corrupt", 10)
    (corrupt / "class-0" / "000.png").write_bytes(b"no image")
    profiled = write_images(folder / "profiled", 3)
    for file in profiled.rglob("*.png"):
        with Image.open(file) as image:
            image.save(file, icc_profile=display_p3())
    assert project.train(folder / "trained", "--set", *SHORT) == 0
    state = load_file(folder / "trained" / "model.safetensors")
    save_file({key: value for key, value in state.items() if "head" not in key}, folder / "part.safetensors")
    places = {
        "empty": folder / "empty",
        "other": write_images(folder / "other", 3),
        "corrupt": corrupt,
        "profiled": profiled,
        "weights": folder / "trained",
        "teacher": teacher_of(project, folder / "teacher"),
        "part": folder / "part.safetensors",
    }
    return Bench(project, folder, {name: str(path) for name, path in places.items()})


@pytest.mark.parametrize("path", CHANGES)
def test_a_changed_field_changes_the_run(
    path: str, bench: Bench, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    change = CHANGES[path]
    before = bench.run(change.beside, monkeypatch)
    capfd.readouterr()
    after = bench.run((*change.beside, f"{path}={change.value}"), monkeypatch)
    if path == "perceptual.folder":
        # Neither run has the published files; the message names the folder where they should lie.
        assert bench.places["empty"] in capfd.readouterr().err
    else:
        assert before != after
    assert after["code"] == (1 if path in ("perceptual.folder", "perceptual.weights") else after["code"])
