"""What an evaluation refuses: one message each, exit code 1 or 2, nothing lost and nothing half-written."""

import os
import re
import shutil
import sys
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import torch
from evaluation.runs import Compiled, compiled, networks, result
from safetensors.torch import load_file, save_file
from training.runs import forget_accelerate

__all__ = ["compiled", "networks"]


class TestAnEarlierResult:
    @pytest.fixture
    def run(self, compiled: Compiled, tmp_path: Path) -> Path:
        """A folder with the weights and a result of two sizes and three metrics."""
        run = tmp_path / "run"
        run.mkdir()
        shutil.copy(compiled.folder / "model.safetensors", run)
        assert self._evaluate(compiled, run, "--sizes", "16,32", "--metrics", "psnr,mmd,imbalance") == 0
        return run

    @staticmethod
    def _evaluate(compiled: Compiled, run: Path, *more: str) -> int:
        arguments = compiled.arguments(Path("unnamed"), *more, source=("--weights", str(run)))
        output = arguments.index("--output")
        del arguments[output : output + 2]
        forget_accelerate()
        code: int = compiled.module("evaluate").main(arguments)
        return code

    def test_is_not_lost_to_one_that_holds_less(
        self, compiled: Compiled, run: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        before = (run / "evaluation.json").read_bytes()
        capsys.readouterr()
        less = ("--sizes", "16,8", "--metrics", "psnr,mmd", "--limit", "3")
        assert self._evaluate(compiled, run, *less) == 1
        assert (run / "evaluation.json").read_bytes() == before
        assert capsys.readouterr().err.replace(str(run), "RUN") == (
            "error: RUN/evaluation.json holds a result that this one would not replace in full\n"
            "  expected: a result with all that is there, or --output\n"
            "  found:    sizes 32; metrics imbalance; 5 images instead of 3\n"
            "  help:     keep both with --output RUN/evaluation-2.json, "
            "or write over it with --output RUN/evaluation.json\n"
        )

    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no such pipes")
    def test_is_not_looked_for_in_a_pipe(self, compiled: Compiled, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe")
        find = compiled.module("_runtime.evaluation.plan").earlier_result
        reading = Thread(target=find, args=(tmp_path / "pipe",), daemon=True)
        reading.start()
        reading.join(10)
        assert not reading.is_alive()

    def test_makes_way_for_one_that_holds_as_much_and_for_a_file_that_is_named(
        self, compiled: Compiled, run: Path
    ) -> None:
        more = ("--sizes", "16,32,64", "--metrics", "psnr,ssim,mmd,imbalance")
        assert self._evaluate(compiled, run, *more) == 0
        assert len(result(run / "evaluation.json")["sizes"]) == 3
        assert (run / "evaluation-imbalance.png").exists()
        assert (
            self._evaluate(compiled, run, "--metrics", "psnr", "--output", str(run / "evaluation.json")) == 0
        )
        assert len(result(run / "evaluation.json")["sizes"]) == 1
        # The image belonged to the result that is gone.
        assert not (run / "evaluation-imbalance.png").exists()


class TestRefusals:
    def _error(
        self, compiled: Compiled, tmp_path: Path, capsys: pytest.CaptureFixture[str], *more: str, **how: Any
    ) -> str:
        assert compiled.evaluate(tmp_path / "found.json", *more, **how) == 1
        assert not (tmp_path / "found.json").exists()
        return capsys.readouterr().err.replace(str(tmp_path), "TMP").replace(str(compiled.folder), "OUT")

    @pytest.mark.parametrize("kind", ["--weights", "--onnx"])
    def test_sizes_that_do_not_fit(
        self, compiled: Compiled, tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str
    ) -> None:
        source = (kind, str(compiled.folder))
        told = self._error(compiled, tmp_path, capsys, "--sizes", "32,33", source=source)
        what = "autoencoder" if kind == "--weights" else "graphs of OUT"
        assert told == (
            f"error: images of 33×33 do not fit the {what}\n"
            "  expected: --sizes 32 or 34\n"
            "  found:    --sizes 33\n"
            "  help:     choose a size that fits\n"
        )
        assert self._error(compiled, tmp_path, capsys, "--sizes", "35,32,33", source=source) == (
            f"error: images of 33×33 and 35×35 do not fit the {what}\n"
            "  expected: --sizes 32 or 34 for 33, 34 or 36 for 35\n"
            "  found:    --sizes 33,35\n"
            "  help:     choose sizes that fit\n"
        )

    @pytest.mark.parametrize("arguments", [("--metrics", "lpips"), ("--metrics", "ssim", "--sizes", "8")])
    def test_metrics_of_which_none_can_be_measured(
        self,
        compiled: Compiled,
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
        arguments: tuple[str, ...],
    ) -> None:
        told = self._error(compiled, tmp_path, capsys, *arguments, "--networks", str(tmp_path))
        assert told.startswith("error: none of --metrics can be measured here\n  found:    no ")
        assert ("no lpips_alex: alexnet" in told) == ("lpips" in arguments)
        assert ("no ssim at 8: it needs sides of at least 11 pixels" in told) == ("ssim" in arguments)

    def test_a_metric_that_one_image_does_not_give(
        self, compiled: Compiled, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        told = self._error(compiled, tmp_path, capsys, "--limit", "1", "--metrics", "mmd")
        assert "  found:    no mmd: it needs two images\n" in told

    def test_weights_of_another_model(
        self, compiled: Compiled, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        state = {f"body.{number}.weight": torch.zeros(1) for number in range(5)}
        save_file(state, tmp_path / "model.safetensors")
        (tmp_path / "config.json").write_text('{"model": "other"}')
        told = self._error(compiled, tmp_path, capsys, source=("--weights", str(tmp_path)))
        count = len(load_file(compiled.folder / "model.safetensors"))
        assert re.sub(r"(missing: ).+( … and \d+ more)", r"\1A, B, C\2", told) == (
            "error: the weights in TMP/model.safetensors are not those of plain\n"
            f"  expected: the {count} tensors of plain\n"
            "  found:    weights of other\n"
            f"            {count} missing: A, B, C … and {count - 3} more\n"
            "            5 unexpected: body.0.weight, body.1.weight, body.2.weight … and 2 more\n"
            "  help:     give --weights a run's folder, or a safetensors file of this model\n"
        )

    def test_folders_without_weights_or_graphs(
        self, compiled: Compiled, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        told = self._error(compiled, tmp_path, capsys, source=("--weights", str(tmp_path)))
        assert told.startswith("error: TMP/model.safetensors cannot be read as weights\n")
        assert "help:     give --weights a run's folder, or a safetensors file of this model" in told
        told = self._error(compiled, tmp_path, capsys, source=("--onnx", str(tmp_path / "none")))
        assert told == (
            "error: TMP/none has no encoder.onnx and no decoder.onnx and no config.json\n"
            "  expected: encoder.onnx, decoder.onnx and config.json\n"
            "  found:    no folder\n"
            "  help:     give a folder of litevae compile with the encoder and the decoder, made with --target onnx\n"
        )

    def test_graphs_that_are_none(
        self, compiled: Compiled, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        for name in ("encoder.onnx", "decoder.onnx", "config.json"):
            shutil.copy(compiled.folder / name, tmp_path)
        (tmp_path / "encoder.onnx").write_bytes(b"no graph")
        told = self._error(compiled, tmp_path, capsys, source=("--onnx", str(tmp_path)))
        assert told.startswith("error: onnxruntime cannot open TMP/encoder.onnx\n")
        (tmp_path / "config.json").write_text("{}")
        told = self._error(compiled, tmp_path, capsys, source=("--onnx", str(tmp_path)))
        assert told.startswith("error: TMP/config.json is not what litevae compile writes\n")

    def test_without_onnxruntime(
        self,
        compiled: Compiled,
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setitem(sys.modules, "onnxruntime", None)
        told = self._error(compiled, tmp_path, capsys, source=("--onnx", str(compiled.folder)))
        assert told.startswith("error: --onnx needs onnxruntime, which cannot be imported\n")
        assert "pip install onnxruntime" in told

    def test_precisions_that_cannot_be(
        self, compiled: Compiled, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        told = self._error(compiled, tmp_path, capsys, "--precision", "fp16")
        assert told.startswith("error: precision fp16 needs a GPU\n")
        source = ("--onnx", str(compiled.folder))
        told = self._error(compiled, tmp_path, capsys, "--precision", "bf16", source=source)
        assert told.startswith("error: compiled graphs have a precision of their own\n")

    def test_images_that_are_none(
        self, compiled: Compiled, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        data = tmp_path / "images"
        data.mkdir()
        told = self._error(compiled, tmp_path, capsys, data=data)
        assert told.startswith("error: there are no images in TMP/images\n")
        (data / "a.png").write_bytes(b"no image")
        told = self._error(compiled, tmp_path, capsys, data=data)
        assert (
            "error: none of the 1 image of TMP/images can be used\n  found:    a.png: none of the formats"
            in told
        )

    def test_a_place_that_cannot_be_written(
        self, compiled: Compiled, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (tmp_path / "file").touch()
        assert compiled.evaluate(tmp_path / "file" / "found.json") == 1
        assert "found.json cannot be written\n" in capsys.readouterr().err
        (tmp_path / "folder").mkdir()
        assert compiled.evaluate(tmp_path / "folder") == 1
        assert "found:    a folder of this name\n" in capsys.readouterr().err

    def test_damaged_networks(
        self, compiled: Compiled, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (tmp_path / "alexnet-owt-7be5be79.pth").write_bytes(b"<html>")
        told = self._error(compiled, tmp_path, capsys, "--networks", str(tmp_path), "--metrics", "lpips")
        assert re.search(r"error: lpips_alex has no weights: TMP/alexnet\S+ cannot be read as weights", told)

    @pytest.mark.parametrize(
        ("arguments", "told"),
        [
            (("--sizes", "32,x"), "argument --sizes: 'x' is not a whole number of at least 1"),
            (("--sizes", "0"), "argument --sizes: '0' is not a whole number of at least 1"),
            (
                ("--metrics", "psnr,fid"),
                "argument --metrics: 'fid' is none of rfid, lpips, psnr, ssim, mmd, imbalance",
            ),
            (("--limit", "0"), "argument --limit: '0' is not a whole number of at least 1"),
            (("--onnx", "out"), "argument --onnx: not allowed with argument --weights"),
        ],
    )
    def test_usage(
        self,
        compiled: Compiled,
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
        arguments: tuple[str, ...],
        told: str,
    ) -> None:
        with pytest.raises(SystemExit) as left:
            compiled.evaluate(tmp_path / "found.json", *arguments)
        assert left.value.code == 2
        assert told in capsys.readouterr().err
