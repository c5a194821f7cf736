"""`python -m PACKAGE.benchmark`: rows, their contract, and what is told where there are none."""

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from benchmark.package import benchmark, folder, here, package
from conftest import ROOT
from torch import nn

__all__ = ["folder", "here"]


def test_rows_measured_in_processes_of_their_own(
    folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    result = tmp_path / "result.json"
    assert benchmark("--parts", "encoder", "--batches", "4", "--output", result) == 0
    printed, progress = capfd.readouterr()
    found = json.loads(result.read_text())
    [row] = found.pop("rows")
    threads = torch.get_num_threads()
    assert found == {
        "format": "litevae-benchmark-1",
        "model": "tiny",
        "runtime": f"torch {torch.__version__}",
        "hardware": found["hardware"],
        "size": 8,
        "precision": "fp32",
        "channels_last": False,
        "memory": found["memory"],
    }
    assert re.fullmatch(rf".+, {threads} threads?", found["hardware"])
    assert {key: row[key] for key in ("part", "mode", "batch", "repeats", "error")} == {
        "part": "encoder",
        "mode": "eager",
        "batch": 4,
        "repeats": 2,
        "error": None,
    }
    assert 0 < row["seconds_low"] <= row["seconds_median"] <= row["seconds_high"]
    assert row["images_per_second"] == pytest.approx(4 / row["seconds_median"])
    if sys.platform == "linux":
        assert 100_000 < row["peak_memory_bytes"] < 500_000_000
    assert printed.startswith(f"hardware  {found['hardware']}\n")
    assert re.search(r"^encoder  eager +4 .* … .* \(range\) +2 ", printed, re.MULTILINE)
    assert progress == f"[1/1] encoder, eager, batch 4\nwritten to {result}\n"
    page = (ROOT / "docs" / "measuring.md").read_text(encoding="utf-8")
    [sketch] = re.findall(r"^```json\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    shown = json.loads(re.sub(r": …", ": null", sketch))
    assert shown["rows"][0].keys() == row.keys()
    assert shown.keys() - {"rows"} <= found.keys()


def test_every_combination_has_a_row_and_the_paper_a_heading_of_its_own(
    here: Any, tmp_path: Path, capsys: Any
) -> None:
    run = tmp_path / "run"
    model = here("model").Autoencoder()
    model.save_pretrained(run)
    assert benchmark("--batches", "2,1", "--precision", "bf16", "--channels-last", "--weights", run) == 0
    rows = json.loads((run / "benchmark.json").read_text())["rows"]
    assert [(row["part"], row["batch"]) for row in rows] == [
        ("encoder", 1),
        ("encoder", 2),
        ("decoder", 1),
        ("decoder", 2),
    ]
    measured, published = capsys.readouterr().out.split("Published, not measured here: ")
    assert len(measured.split("peak, MiB\n")[1].strip().splitlines()) == 4
    assert published.startswith("arXiv:2405.14477 Table 3, encoders, batch 32")
    assert re.search(r"LiteVAE-S +1\.03 +1,324 +384$", published, re.MULTILINE)


def test_a_checkpoint_has_its_result_in_its_run(here: Any, tmp_path: Path) -> None:
    checkpoint = tmp_path / "checkpoints" / "step-00000010"
    here("model").Autoencoder().save_pretrained(checkpoint)
    assert benchmark("--parts", "decoder", "--batches", "1", "--weights", checkpoint) == 0
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["benchmark.json"]


def test_a_compiled_folder_gets_no_file_of_its_own_accord(here: Any, folder: Path) -> None:
    before = sorted(path.name for path in folder.iterdir())
    assert benchmark("--parts", "decoder", "--batches", "1", "--weights", folder) == 0
    assert sorted(path.name for path in folder.iterdir()) == before


def test_what_fails_has_a_row_that_says_so_and_the_others_go_on(
    here: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    measure = here("_runtime.benchmarking.measure")

    class Greedy(nn.Module):
        def __init__(self, autoencoder: Any) -> None:
            super().__init__()
            self.autoencoder = autoencoder

        def forward(self, image: torch.Tensor) -> Any:
            if image.shape[0] > 2:
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
            return self.autoencoder.encode(image).latent_dist.mode()

    def refuse(self: nn.Module) -> None:
        raise type("BackendFailed", (RuntimeError,), {"__module__": "torch._dynamo.exc"})(
            "backend='inductor' raised:\nInvalidCxxCompiler: No working C++ compiler found\n\nSet TORCHDYNAMO_VERBOSE=1"
        )

    monkeypatch.setitem(measure.PARTS, "encoder", Greedy)
    monkeypatch.setattr(nn.Module, "compile", refuse)
    result = tmp_path / "result.json"
    assert (
        benchmark("--parts", "encoder", "--modes", "eager,compiled", "--batches", "1,4", "--output", result)
        == 0
    )
    compiler = "torch.compile: InvalidCxxCompiler: No working C++ compiler found"
    rows = json.loads(result.read_text())["rows"]
    assert [row["error"] for row in rows] == [None, "out of memory", compiler, compiler]
    assert {**rows[1], "error": None} == {
        "part": "encoder",
        "mode": "eager",
        "batch": 4,
        "images_per_second": None,
        "seconds_median": None,
        "seconds_low": None,
        "seconds_high": None,
        "repeats": 0,
        "peak_memory_bytes": None,
        "error": None,
    }
    assert re.search(r"encoder  eager +4 +– .* out of memory$", capsys.readouterr().out, re.MULTILINE)
    # Without a single number the command has failed.
    assert benchmark("--parts", "encoder", "--batches", "4") == 1


def test_a_process_that_is_ended_is_a_row_too(folder: Path) -> None:
    processes, rows = package("_runtime.benchmarking.processes"), package("_runtime.benchmarking.rows")
    assert processes.ended(-9) == "out of memory: the system ended its process"
    assert processes.ended(-11) == "ended by SIGSEGV"
    assert processes.ended(3) == "its process ended with exit code 3"
    # A device that is not there is found in the child: it answers, and nothing hangs.
    case = rows.Case("encoder", "eager", 1)
    settings = rows.Settings("cuda:77", 8, "fp32", False, None, 1, 0.0)
    row = processes.measured_row(package("model").Autoencoder, case, settings)
    assert row.measured is None
    assert row.error


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("--size", "9"),
            "error: images of 9×9 do not fit the autoencoder\n"
            "  expected: --size 8 or 10\n"
            "  found:    --size 9\n"
            "  help:     choose a size that fits\n",
        ),
        (
            ("--precision", "fp16"),
            "error: precision fp16 needs a GPU\n"
            "  expected: fp32 or bf16 on a CPU\n"
            "  found:    --precision fp16, --device cpu\n"
            "  help:     give --precision bf16\n",
        ),
        (
            ("--device", "meta"),
            "error: device meta cannot be used\n"
            "  expected: cpu, or one that torch can use here, such as cuda or cuda:1\n"
            "  found:    its kind, meta, is not one of cpu, cuda, mps, xpu\n"
            "  help:     give --device cpu, or install a torch for this GPU and its driver\n",
        ),
        (
            ("--weights", "nowhere.safetensors"),
            "error: nowhere.safetensors cannot be read as weights\n"
            "  found:    No such file or directory: nowhere.safetensors\n"
            "  help:     give --weights a run's folder, or a safetensors file of this model\n",
        ),
        (
            ("--output", "."),
            "error: . cannot be written\n"
            "  found:    a folder of this name\n"
            "  help:     give --output FILE in a folder of yours\n",
        ),
        (
            # Root has every right there, and no file can be made.
            ("--output", "/proc/result.json"),
            "error: /proc/result.json cannot be written\n"
            "  found:    No such file or directory\n"
            "  help:     give --output FILE in a folder of yours\n",
        ),
    ],
)
def test_wrong_inputs(here: Any, arguments: tuple[str, ...], message: str, capsys: Any) -> None:
    assert benchmark(*arguments) == 1
    assert capsys.readouterr().err == message


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--parts", "encodr", "argument --parts: 'encodr' is none of encoder, decoder"),
        ("--modes", "jit", "argument --modes: 'jit' is none of eager, compiled"),
        ("--batches", "1,0", "argument --batches: '0' is not a whole number of at least 1"),
        ("--seconds", "inf", "argument --seconds: 'inf' is not a number of seconds from 0 to 3600"),
    ],
)
def test_usage(folder: Path, option: str, value: str, message: str, capsys: Any) -> None:
    with pytest.raises(SystemExit) as stopped:
        benchmark(option, value)
    assert stopped.value.code == 2
    assert capsys.readouterr().err.endswith(f"{message}\n")
