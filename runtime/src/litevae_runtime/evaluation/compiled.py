"""Compiled graphs in onnxruntime, seen as a model in PyTorch is."""

import json
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..common.errors import InputError, WeightsError
from ..common.files import file_hash
from ..common.manifest import check_manifest
from ..common.text import first_line
from ..nn.beside import Values
from ..nn.sizes import require_fitting
from ..nn.statistics import flat_config
from ..nn.stored import CONFIG

_PARTS = ("encoder", "decoder")

_REMEDY = "give a folder of litevae compile with the encoder and the decoder, made with --target onnx"


class OnnxSubject:
    """The graphs encoder.onnx and decoder.onnx of a compiled folder."""

    def __init__(self, folder: Path, device: torch.device) -> None:
        self.folder = folder.expanduser()
        self.model = None
        self.files = [self.folder / f"{part}.onnx" for part in _PARTS]
        config = self._config()
        self.name: str = config["model"]
        self.image_channels: int = config["image_channels"]
        self.latent_channels: int = config["latent_channels"]
        self._sizes: dict[str, dict[str, int]] = config["sizes"]
        # Weights beside a graph, as --external-data leaves them, belong to it.
        data = [file.with_name(f"{file.name}.data") for file in self.files]
        beside = [file for file in data if file.is_file()]
        try:
            for file in (*self.files, *data, self.folder / CONFIG):
                check_manifest(file)
        except WeightsError as error:
            raise InputError(f"{self.folder} is damaged", found=str(error), remedy=_REMEDY) from error
        files = [{"path": str(path), "sha256": file_hash(path)} for path in [*self.files, *beside]]
        self._source = {"kind": "onnx", "path": str(self.folder), "files": files}
        runtime = _onnxruntime()
        self._encoder, self._decoder = (_session(runtime, file, device) for file in self.files)
        self._require_any_size()
        self._sources: dict[str, dict[str, str]] = _sources(config)
        self._require_images_alone()
        self.runtime = {"onnxruntime": runtime.__version__, "provider": self._encoder.get_providers()[0]}

    def _require_any_size(self) -> None:
        """InputError where the graphs are for one batch and image size: an evaluation has others."""
        shape = self._encoder.get_inputs()[0].shape
        if all(isinstance(size, int) for size in shape):
            raise InputError(
                f"graphs of {self.folder} take one size alone",
                expected="graphs for any batch and image size that fits",
                found=f"images {shape}",
                remedy="compile them without --fixed",
            )

    def _require_images_alone(self) -> None:
        """InputError where the graphs take what neither images nor the other graph gives."""
        [_, *conditions], [_, *taken] = map(_inputs, (self._encoder, self._decoder))
        outside = [*conditions, *(name for name in taken if name not in self._sources)]
        if outside:
            raise InputError(
                f"graphs of {self.folder} take conditions that an evaluation has none of",
                expected="graphs that take images, and what these are encoded to",
                found=", ".join(outside),
                remedy="run them with onnxruntime on data of your own",
            )

    def require_sides(self, sides: Sequence[int], option: str) -> None:
        """See Subject."""
        rows, columns = (self._sizes[axis] for axis in ("height", "width"))
        fitting = ((rows["minimum"], rows["step"]), (columns["minimum"], columns["step"]))
        require_fitting(sides, [fitting], option, f"graphs of {self.folder}")

    def encode(self, images: Tensor) -> tuple[Tensor, Values]:
        """See Subject."""
        [image], [latent, *others] = _inputs(self._encoder), _inputs(self._decoder)
        outputs = [source["output"] for source in self._sources.values() if "output" in source]
        given = _run(self._encoder, {image: images}, outputs)
        # What is no output of the encoder is its image.
        values = {name: given.get(source.get("output", ""), images) for name, source in self._sources.items()}
        return values[latent], {name: values[name] for name in others}

    def decode(self, latents: Tensor, skips: Values) -> Tensor:
        """See Subject."""
        [latent, *_] = _inputs(self._decoder)
        [image] = _run(self._decoder, {latent: latents, **skips}, None).values()
        return image

    def source(self) -> dict[str, Any]:
        """See Subject."""
        return self._source

    def _config(self) -> dict[str, Any]:
        absent = [path.name for path in (*self.files, self.folder / CONFIG) if not path.is_file()]
        if absent:
            raise InputError(
                f"{self.folder} has no {' and no '.join(absent)}",
                expected="encoder.onnx, decoder.onnx and config.json",
                found=_found(self.folder),
                remedy=_REMEDY,
            )
        try:
            config = flat_config(json.loads((self.folder / CONFIG).read_text()))
            for key in ("model", "image_channels", "latent_channels", "sizes"):
                config[key]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError(
                f"{self.folder / CONFIG} is not what litevae compile writes",
                found=repr(error),
                remedy=_REMEDY,
            ) from error
        return config


def _found(folder: Path) -> str:
    if not folder.is_dir():
        return "no folder"
    return ", ".join(sorted(path.name for path in folder.iterdir())[:10]) or "an empty folder"


def _onnxruntime() -> Any:
    try:
        return import_module("onnxruntime")
    except ImportError as error:
        raise InputError(
            "--onnx needs onnxruntime, which cannot be imported",
            found=first_line(error),
            remedy="pip install onnxruntime, or onnxruntime-gpu",
        ) from error


def _session(runtime: Any, file: Path, device: torch.device) -> Any:
    options = runtime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    providers: list[Any] = ["CPUExecutionProvider"]
    if device.type == "cuda" and "CUDAExecutionProvider" in runtime.get_available_providers():
        providers.insert(0, ("CUDAExecutionProvider", {"device_id": device.index or 0}))
    try:
        return runtime.InferenceSession(str(file), options, providers=providers)
    # onnxruntime's errors have no common class of their own.
    except Exception as error:
        raise InputError(
            f"onnxruntime cannot open {file}", found=first_line(error), remedy=_REMEDY
        ) from error


def _sources(config: dict[str, Any]) -> dict[str, dict[str, str]]:
    """What each of the decoder's inputs is: an `output` of the encoder, or its `input`."""
    usual = {"latent": {"part": "encoder", "output": "mean"}}
    found: dict[str, dict[str, str]] = config.get("wiring", {}).get("sources", {}).get("decoder", usual)
    return found


def _inputs(session: Any) -> list[str]:
    return [entry.name for entry in session.get_inputs()]


def _run(session: Any, given: Values, outputs: list[str] | None) -> dict[str, Tensor]:
    """The outputs of these names, or all of them."""
    names = outputs or [entry.name for entry in session.get_outputs()]
    arrays = {name: np.ascontiguousarray(value.float().cpu().numpy()) for name, value in given.items()}
    device = next(iter(given.values())).device
    found = session.run(names, arrays)
    return {
        name: torch.from_numpy(each).to(device, torch.float32)
        for name, each in zip(names, found, strict=True)
    }
