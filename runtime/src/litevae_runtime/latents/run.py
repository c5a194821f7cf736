"""An encoding from its options to its manifest."""

import inspect
import json
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import torch
from accelerate import PartialState
from accelerate.utils import gather_object

from ..common.device import hardware, needs_cpu
from ..common.errors import InputError, StoppedError
from ..common.json_lines import append_line
from ..common.manifest import MANIFEST as COMPILED
from ..common.run_folder import shards_of
from ..common.signals import StopSignals
from ..common.text import counted
from ..common.versions import versions_of
from ..data.as_trained import rule_as_trained
from ..data.images import Images, open_images
from ..data.pixels import PixelRule, Spread
from ..nn.image_autoencoder import ImageAutoencoder
from ..nn.posterior import DiagonalGaussian
from ..nn.sizes import check_sides
from ..nn.trained import trained_autoencoder, weights_file
from ..running.device import device_of, require_precision
from ..running.lock import alone, cannot_be_written
from ..running.same_images import require_same_images
from ..running.together import decided, together
from .classes import classes_of
from .encoder import Encoder, Timing
from .layout import GAUSSIAN, LOG, POINT
from .manifest import Beginning, begin, finish
from .parts import Part
from .reading import read_manifest
from .settings import Precision, Settings, settings_of
from .told import finished_text, timing_text

_PACKAGES = ("torch", "accelerate", "numpy", "pillow", "tifffile", "safetensors")


@dataclass(frozen=True)
class Options:
    """What `python -m PACKAGE.encode` was given."""

    data: str
    output: Path
    weights: Path | None
    size: int
    flip: bool
    dtype: Literal["float32", "float16", "bfloat16"]
    precision: Precision
    shard_images: int
    batch: int
    workers: int
    device: str | None
    profile: Literal["srgb", "raw"] | None = None
    range: tuple[float, float] | None = None
    nodata: float | None = None
    fill: float | None = None


def encode(model: type[ImageAutoencoder], options: Options, package: Path) -> None:
    """Encodes what is not encoded yet, each process its share of the shards; the main process writes the manifest.

    InputError says what is wrong.
    """
    process = PartialState(cpu=needs_cpu(options.device == "cpu"))

    def say(text: str | None) -> None:
        if text is not None and process.is_main_process:
            print(text, file=sys.stderr, flush=True)

    device = device_of(process, options.device)
    require_precision(options.precision, device)
    # The same numbers on every GPU, as nearly as they can be.
    torch.set_float32_matmul_precision("highest")
    torch.backends.cudnn.allow_tf32 = False
    autoencoder, settings, note = _with_settings(model, options, package)
    images = _opened(process, options, autoencoder.image_channels, PixelRule(**settings.pixels))
    with together(process):
        [fingerprint] = require_same_images(process, [images])
    classes = classes_of(images)
    say(
        f"{autoencoder.name}: {images}; {classes}; {process.num_processes} × {device.type}, {options.precision}"
    )
    say(note)
    say(_untrained(options.weights or package.parent))
    say(_beside(model))
    tensors = GAUSSIAN if issubclass(model.posterior_type, DiagonalGaussian) else POINT
    side = options.size // model.stride
    beginning = Beginning(
        settings.key(),
        settings.entry(),
        {**fingerprint, "labels_sha256": classes.hash()},
        {"source": classes.source, "names": classes.names},
        {
            "tensors": tensors,
            "channels": model.latent_channels,
            "height": side,
            "width": side,
            "dtype": options.dtype,
        },
        autoencoder.latent_statistics,
    )
    autoencoder = autoencoder.requires_grad_(False).to(device)
    encoder = Encoder(autoencoder, settings, images, classes, tensors, device, options.batch, options.workers)
    with alone(process, options.output, True, say) as require_held:
        _encode(process, encoder, beginning, options.output, require_held, say)
    if process.num_processes > 1:
        # Who leaves before the main process takes down what they share.
        process.wait_for_everyone()
        process.destroy_process_group()


def _with_settings(
    model: type[ImageAutoencoder], options: Options, package: Path
) -> tuple[ImageAutoencoder, Settings, str | None]:
    """The model with its weights, what decides the bytes, and what is to be said of how pixels are read."""
    check_sides(model, [options.size], "--size")
    if model.encoder_takes:
        raise InputError(
            f"the encoder of {model.name} takes {', '.join(name for name, *_ in model.encoder_takes)} besides images",
            expected="an encoder of images alone",
            remedy="encode with autoencoder.encode(…) in a script of yours",
        )
    weights = options.weights or package.parent
    place = weights.expanduser() if weights.expanduser().is_dir() else weights.expanduser().parent
    given = {name: getattr(options, name) for name in PixelRule.__dataclass_fields__}
    rule, note = rule_as_trained(given, place, package)
    autoencoder = trained_autoencoder(model, weights_file(weights))
    settings = settings_of(
        autoencoder,
        Path(inspect.getfile(model)),
        package,
        rule,
        size=options.size,
        flip=options.flip,
        precision=options.precision,
        dtype=options.dtype,
        shard_images=options.shard_images,
    )
    return autoencoder, settings, note


def _untrained(place: Path) -> str | None:
    """What a person is told of weights that nobody trained."""
    with suppress(OSError, ValueError, TypeError, KeyError):
        seed = json.loads((place / COMPILED).read_text(encoding="utf-8"))["weights"]["seed"]
        return f"warning: the weights in {place} are untrained (seed {seed}): give --weights RUN"
    return None


def _beside(model: type[ImageAutoencoder]) -> str | None:
    """What a person is told of models whose latents do not suffice to decode."""
    names = ", ".join(name for name, *_ in model.decoder_takes)
    return f"warning: decoding takes {names} besides latents, which is not stored" if names else None


def _opened(process: PartialState, options: Options, channels: int, rule: PixelRule) -> Images:
    """The images. Indices of shards lie beside the output: the main process makes them, and the others read them."""
    found: list[Images] = []
    for turn in (True, False):
        with together(process):
            if process.is_main_process == turn:
                found.append(open_images(options.data, channels, shards_of(options.output), rule))
    return found[0]


def _encode(
    process: PartialState,
    encoder: Encoder,
    beginning: Beginning,
    folder: Path,
    require_held: Callable[[], None],
    say: Callable[[str | None], None],
) -> None:
    def begun() -> bool:
        try:
            return begin(folder, beginning)
        except OSError as error:
            raise cannot_be_written(folder, error) from error

    if decided(process, begun):
        say(f"{folder} holds these latents already")
        if process.is_main_process:
            print(finished_text(folder, read_manifest(folder)))
        return
    share = slice(process.process_index, None, process.num_processes)
    numbers = range(encoder.shards())
    found = _gathered(
        [part for number in numbers[share] if (part := Part.read(folder, number, beginning.key))]
    )
    missing = sorted({*numbers} - {part.number for part in found})
    if found:
        say(f"{len(found):,} of {counted(len(numbers), 'file')} are there already")
    with StopSignals(interrupts=True) as signals:
        try:
            made, timing = encoder.encode(
                missing[share], folder, beginning.key, require_held, lambda: signals.received is not None
            )
        except OSError as error:
            raise cannot_be_written(folder, error) from error
        parts = sorted(found + _gathered(made), key=lambda part: part.number)
        _require_all(parts, len(numbers), gather_object([signals.received]), say)
    timings = gather_object([timing])
    machines = gather_object([hardware(encoder.device)])
    if process.is_main_process:
        _require_some(parts, encoder.images)
        manifest = finish(folder, beginning, parts, encoder.autoencoder.latent_channels)
        _log(folder, encoder, timings, machines)
        for note in _notes(manifest, timings):
            say(note)
        print(finished_text(folder, manifest))
        print(timing_text(timings, encoder.device.type))


def _require_all(
    parts: Sequence[Part], files: int, signals: Sequence[str | None], say: Callable[[str | None], None]
) -> None:
    """StoppedError, in all processes, where a signal came before all files were made."""
    received = next((name for name in signals if name is not None), None)
    if received is not None and len(parts) < files:
        say(
            f"stopped by {received}: {len(parts):,} of {counted(files, 'file')} are there; the same command goes on"
        )
        raise StoppedError


def _gathered(own: list[Part]) -> list[Part]:
    """Those of all processes."""
    # A list of lists: one that is empty would be lost in between.
    return [part for parts in gather_object([own]) for part in parts]


def _require_some(parts: Sequence[Part], images: Images) -> None:
    if any(part.images for part in parts):
        return
    corrupt = [each for part in parts for each in part.corrupt]
    raise InputError(
        f"none of the {counted(len(images), 'image')} of {images.place} can be used",
        found="; ".join(f"{each['name']}: {each['reason']}" for each in corrupt[:3]),
        remedy="check the path, and that the files are whole; then remove the folder of --output",
    )


def _notes(manifest: Mapping[str, Any], timings: Sequence[Timing]) -> list[str]:
    """What a person should know of the images."""
    spread = Spread()
    for timing in timings:
        spread.add(timing.spread.least, timing.spread.most)
    narrow = spread.warning("--range")
    found = [] if narrow is None else [f"warning: {narrow}"]
    corrupt, size = manifest["corrupt"], manifest["settings"]["size"]
    if corrupt:
        first = f"{corrupt[0]['name']}: {corrupt[0]['reason']}"
        found.append(
            f"warning: {counted(len(corrupt), 'image')} could not be used and left out, the first {first}"
        )
    if manifest["enlarged"]:
        found.append(f"note: {counted(manifest['enlarged'], 'image')} smaller than {size} were enlarged")
    return found


def _log(folder: Path, encoder: Encoder, timings: Sequence[Timing], machines: Sequence[str]) -> None:
    """Adds a line: when, by what command, on what, how fast. It is no part of the latents' bytes."""
    seconds = max(timing.seconds for timing in timings)
    images = sum(timing.images for timing in timings)
    with suppress(OSError):
        append_line(
            folder / LOG,
            {
                "time": datetime.now(UTC).isoformat(timespec="seconds"),
                "command": shlex.join(sys.orig_argv),
                "processes": machines,
                "batch": encoder.batch,
                "workers": encoder.workers,
                "versions": versions_of(_PACKAGES),
                "images": images,
                "seconds": seconds,
                "images_per_second": images / seconds if seconds else 0.0,
                "waited_seconds": sum(timing.waited for timing in timings) / len(timings),
            },
        )
