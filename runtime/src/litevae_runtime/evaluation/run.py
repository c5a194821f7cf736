"""An evaluation from its options to its result."""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from accelerate import PartialState

from ..common.device import needs_cpu
from ..common.errors import InputError
from ..common.files import require_writable, write_text
from ..common.paper import published_figures
from ..common.run_folder import run_of
from ..data.as_trained import rule_as_trained
from ..data.grids import save_grid
from ..data.pixels import PixelRule
from ..metrics.imbalance import last_block
from ..metrics.mmd import mmd2_to_gaussian
from ..nn.builders import Builders
from ..nn.image_autoencoder import ImageAutoencoder
from ..nn.teacher import Teacher, load_teacher
from ..nn.used import decoding_example
from ..running.device import device_of, require_precision
from .beside_teacher import beside_text, costs
from .beside_teacher import size_entry as beside_entry
from .compiled import OnnxSubject
from .images import Data
from .instruments import Missing, choose_instruments
from .measure import Evaluation, Side
from .plan import earlier_result, given, planned, require_any, require_no_loss
from .result import FORMAT, imbalance_entry, mean, mmd_entry, notes, protocol, size_entry
from .subject import Precision, Subject, TorchSubject
from .tables import measured_text, published_text

# Where latents and feature maps are looked at if that is among the sizes, as most models of the paper are evaluated.
_USUAL_SIDE = 256


@dataclass(frozen=True)
class Options:
    """What `python -m PACKAGE.evaluate` was given."""

    data: str
    weights: Path | None
    onnx: Path | None
    sizes: Sequence[int]
    metrics: Sequence[str]
    limit: int | None
    batch: int
    workers: int
    precision: Precision
    device: str | None
    networks: Path | None
    output: Path | None
    profile: Literal["srgb", "raw"] | None = None
    range: tuple[float, float] | None = None
    nodata: float | None = None
    fill: float | None = None
    teacher: Path | None = None


def evaluate(model: type[ImageAutoencoder], networks: Builders, options: Options, package: Path) -> None:
    """Measures and writes; what is printed and written is the main process's alone. InputError says what is wrong.

    `networks` are what metrics look through; `package` is the folder with the published figures, beside which the package's
    version stands.
    """
    process = PartialState(cpu=needs_cpu(options.device == "cpu"))
    output = options.output or _default_output(options)
    if process.is_main_process:
        require_writable(output)
    device = device_of(process, options.device)
    # Numbers that go into papers are not rounded to ten bits on the way.
    torch.set_float32_matmul_precision("highest")
    torch.backends.cudnn.allow_tf32 = False
    subject = _subject(model, options, device)
    subject.require_sides(options.sizes, "--sizes")
    teacher = None if options.teacher is None else load_teacher(options.teacher, "--teacher").to(device)
    if teacher is not None:
        teacher.require_fit(model, "--teacher")
        teacher.require_sides(options.sizes, "--sizes")
    declared = {name: getattr(options, name) for name in PixelRule.__dataclass_fields__}
    rule, departure = rule_as_trained(declared, _place(options), package)
    data = Data(options.data, subject.image_channels, rule, options.limit, max(options.sizes))
    instruments = choose_instruments(
        options.metrics, networks, subject.image_channels, options.sizes, options.networks, device
    )
    special = _USUAL_SIDE if _USUAL_SIDE in options.sizes else max(options.sizes)
    block = _block(options, subject, instruments.missing)
    plan = planned(instruments, options.sizes, mmd="mmd" in options.metrics, imbalance=block is not None)
    require_any(plan, instruments.missing)
    if process.is_main_process:
        # A file that was named may be written over.
        if options.output is None:
            require_no_loss(output, plan, options.sizes, len(data))
        machine = f"{process.num_processes} × {device.type}, {options.precision}"
        for line in (f"{subject.name}: {data}; {machine}", departure, *instruments.missing):
            if line is not None:
                print(line, file=sys.stderr)
    evaluation = Evaluation(subject, data, instruments, device, options.batch, options.workers, teacher)
    sides = [
        evaluation.at(
            side,
            latents="mmd" in options.metrics and side == special,
            block=block if side == special else None,
        )
        for side in options.sizes
    ]
    if process.is_main_process:
        [at_special] = [side for side in sides if side.side == special]
        _report(options, evaluation, sides, at_special, block, output, package)
    if process.num_processes > 1:
        # The main process is still writing: who leaves before it takes down what they share.
        process.wait_for_everyone()
        process.destroy_process_group()


def _report(
    options: Options,
    evaluation: Evaluation,
    sides: Sequence[Side],
    special: Side,
    block: str | None,
    output: Path,
    package: Path,
) -> None:
    """Writes the result and prints it; `special` is the side where latents and feature maps were looked at."""
    subject, instruments = evaluation.subject, evaluation.instruments
    missing = list(instruments.missing)
    entries = [size_entry(side) for side in sides]
    if instruments.frechet is not None and entries[0]["rfid"] is None:
        missing.append(Missing("rfid", "it needs two images"))
    mmd = _mmd(special, evaluation.device, missing) if "mmd" in options.metrics else None
    image = output.with_name(f"{output.stem}-imbalance.png")
    balance = None if block is None else imbalance_entry(special, block, image.name)
    if block is not None and balance is None:
        missing.append(Missing("imbalance", "most positions of the feature maps are 0"))
    beside = None if evaluation.teacher is None else _beside(evaluation, evaluation.teacher, sides, special)
    remarks = notes(entries, sides)
    result = {
        "format": FORMAT,
        "model": subject.name,
        "source": subject.source(),
        "protocol": protocol(evaluation, sides, options.precision, options.metrics, package),
        "sizes": entries,
        "mmd": mmd,
        "imbalance": balance,
        **({} if beside is None else {"teacher": beside}),
        "missing": [each.entry() for each in missing],
        "notes": remarks,
    }
    require_any(given(result), missing)
    earlier = earlier_result(output)
    written = [output]
    if special.grid is not None:
        save_grid(special.grid, image)
        written.append(image)
    elif earlier is not None:
        # It shows what the result no longer mentions.
        image.unlink(missing_ok=True)
    write_text(output, json.dumps(result, indent=2, ensure_ascii=False, allow_nan=False) + "\n")
    # What was missing from the start was said then.
    for line in [*missing[len(instruments.missing) :], *(f"note: {remark}" for remark in remarks)]:
        print(line, file=sys.stderr)
    published = published_text(published_figures(package), subject.latent_channels)
    told = f"wrote {' and '.join(map(str, written))}"
    compared = [] if beside is None else [beside_text(beside)]
    print("\n\n".join([measured_text(result), *compared, published, told]))


def _beside(evaluation: Evaluation, teacher: Teacher, sides: Sequence[Side], special: Side) -> dict[str, Any]:
    """The result's `teacher`."""
    subject, device = evaluation.subject, evaluation.device
    return {
        "source": {"model": teacher.name, "path": str(teacher.folder), "sha256": teacher.sha256},
        "sizes": [
            beside_entry(side.side, side.errors, {name: mean(values) for name, values in side.values.items()})
            for side in sides
        ],
        "cost": costs(subject, teacher, special.side, device),
    }


def _default_output(options: Options) -> Path:
    """evaluation.json in the run's, the file's or the compiled folder; a checkpoint's, which may go, is in its run's."""
    return run_of(_place(options)) / "evaluation.json"


def _place(options: Options) -> Path:
    """The folder of what is evaluated."""
    place = (options.onnx or options.weights or Path()).expanduser()
    return place if place.is_dir() else place.parent


def _subject(model: type[ImageAutoencoder], options: Options, device: torch.device) -> Subject:
    if options.onnx is not None:
        if options.precision != "fp32":
            raise InputError(
                "compiled graphs have a precision of their own",
                expected="--precision fp32 with --onnx",
                found=f"--precision {options.precision}",
                remedy="leave it out; litevae compile --precision fp16 makes half-precision graphs",
            )
        return OnnxSubject(options.onnx, device)
    assert options.weights is not None
    require_precision(options.precision, device)
    return TorchSubject(model, options.weights, device, options.precision)


def _block(options: Options, subject: Subject, missing: list[Missing]) -> str | None:
    """The decoder's block whose feature maps are looked at."""
    if "imbalance" not in options.metrics:
        return None
    if subject.model is None:
        missing.append(Missing("imbalance", "compiled graphs do not show their feature maps: use --weights"))
        return None
    block = last_block(subject.model, *decoding_example(subject.model))
    if block is None:
        missing.append(Missing("imbalance", "the decoder has no block before its output convolution"))
    return block


def _mmd(side: Side, device: torch.device, missing: list[Missing]) -> dict[str, Any] | None:
    if side.latents is None or len(side.latents) < 2:
        missing.append(Missing("mmd", "it needs two images"))
        return None
    # Apple's GPUs have no float64.
    place = torch.device("cpu") if device.type == "mps" else device
    return mmd_entry(side, mmd2_to_gaussian(side.latents, place))
