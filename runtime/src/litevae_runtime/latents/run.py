"""An encoding from its options to its manifest."""

import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

import torch
from accelerate import PartialState
from accelerate.utils import gather_object

from ..common.device import hardware, needs_cpu
from ..common.errors import InputError, StoppedError
from ..common.run_folder import shards_of
from ..common.signals import StopSignals
from ..common.text import counted
from ..data.as_trained import rule_as_trained
from ..data.corrupt import CHECK, remedy_of
from ..data.images import Images, open_images
from ..data.pixels import PixelRule
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
from .layout import GAUSSIAN, POINT, shard_number
from .manifest import Beginning, begin, finish, forsake, require_fits, restore
from .parts import Part, has_hash
from .settings import Precision, Settings, settings_of
from .told import (
    OTHER_BITS,
    beside,
    finished_text,
    log,
    notes,
    other_threads,
    timing_text,
    untrained,
)

T = TypeVar("T")


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
    say(untrained(options.weights or package.parent))
    say(beside(model))
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
    # Before the lock, which would leave a file in a folder of others.
    decided(process, lambda: require_fits(options.output, beginning))
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
    def begun() -> dict[str, Any] | None:
        try:
            return begin(folder, beginning)
        except OSError as error:
            raise cannot_be_written(folder, error) from error

    share = slice(process.process_index, None, process.num_processes)
    before = decided(process, begun)
    if before is None:
        numbers = range(encoder.shards())
        found = _gathered(
            [part for number in numbers[share] if (part := Part.read(folder, number, beginning.key))]
        )
        missing = sorted({*numbers} - {part.number for part in found})
        if found:
            say(f"{len(found):,} of {counted(len(numbers), 'file')} are there already")
            say(other_threads(found, encoder.threads))
    else:
        found, shards = [], before["shards"]
        missing = sorted(_gathered(_damaged(folder, shards[share])))
        if missing:
            say(
                f"{len(missing):,} of {counted(len(shards), 'file')} in {folder} "
                f"{'is' if len(missing) == 1 else 'are'} missing or damaged, and made anew"
            )
        else:
            say(f"{folder} holds these latents already")
    with StopSignals(interrupts=True) as signals:
        try:
            made, timing = encoder.encode(
                missing[share], folder, beginning.key, require_held, lambda: signals.received is not None
            )
        except OSError as error:
            raise cannot_be_written(folder, error) from error
        except InputError:
            # Other processes may be in the middle of a file.
            if process.num_processes == 1:
                forsake(folder)
            raise
        parts = sorted(found + _gathered(made), key=lambda part: part.number)
        _require_all(parts, len(found) + len(missing), gather_object([signals.received]), say)
    timings = gather_object([timing])
    machines = gather_object([hardware(encoder.device)])
    if process.is_main_process:
        try:
            if before is None:
                # Only this process still writes: nothing is left of an encoding without an image.
                if not any(part.images for part in parts):
                    forsake(folder)
                _require_some(parts, encoder.images, timings)
                manifest = finish(folder, beginning, parts, encoder.autoencoder.latent_channels)
            else:
                manifest = restore(folder, before, parts)
                if manifest is not before:
                    say(f"note: what was made anew has other bytes than before: {OTHER_BITS}")
        except OSError as error:
            raise cannot_be_written(folder, error) from error
        if missing or before is None:
            log(folder, encoder, timings, machines)
            for note in notes(manifest, timings):
                say(note)
        print(finished_text(folder, manifest))
        if missing or before is None:
            print(timing_text(timings, encoder.device.type))


def _damaged(folder: Path, shards: Sequence[Mapping[str, Any]]) -> list[int]:
    """The numbers of those that are missing, or are not what the manifest says."""
    return [
        shard_number(shard["file"])
        for shard in shards
        if not has_hash(folder / shard["file"], shard["sha256"])
    ]


def _require_all(
    parts: Sequence[Part], files: int, signals: Sequence[str | None], say: Callable[[str | None], None]
) -> None:
    """StoppedError, in all processes, where a signal came before all files were made."""
    received = next((name for name in signals if name is not None), None)
    if received is not None and len(parts) < files:
        say(
            f"stopped by {received}: {len(parts):,} of {counted(files, 'file')} are there; the same command continues"
        )
        raise StoppedError


def _gathered(own: list[T]) -> list[T]:
    """Those of all processes."""
    # A list of lists: one that is empty would be lost in between.
    return [each for all_of_one in gather_object([own]) for each in all_of_one]


def _require_some(parts: Sequence[Part], images: Images, timings: Sequence[Timing]) -> None:
    if any(part.images for part in parts):
        return
    corrupt = [each for part in parts for each in part.corrupt]
    raise InputError(
        f"none of the {counted(len(images), 'image')} of {images.place} can be used",
        found="; ".join(f"{each['name']}: {each['reason']}" for each in corrupt[:3]),
        remedy=remedy_of([each for timing in timings for each in timing.corrupt], CHECK, options=True),
    )
