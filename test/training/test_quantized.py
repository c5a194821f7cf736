"""Models whose latents are quantized, the whole way: their terms in recipes, runs and resumed runs, and their graphs."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import ROOT, litevae, package, session_of
from safetensors.torch import load_file
from torch import Tensor
from training.runs import Project
from training.test_fields import OF_CODES

MODELS = ROOT / "test" / "training" / "models"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    made = Project(tmp_path_factory.mktemp("quantized"), "quantized")
    with package(made.folder):
        yield made


def weights(run: Path) -> dict[str, Tensor]:
    return load_file(run / "model.safetensors")


def test_recipes_weigh_what_a_model_has_and_say_so(project: Project, tmp_path: Path) -> None:
    recipe = json.loads((project.folder / "litevae_quantized" / "recipe.json").read_text())
    assert {name: recipe["losses"][name] for name in ("kl", "commitment", "codebook", "entropy")} == {
        "kl": 0,
        "commitment": 0.25,
        "codebook": 1,
        "entropy": 0.1,
    }
    result = litevae(
        "compile", ROOT / "examples/vq.ts", "-o", tmp_path / "vq", "--target", "torch", "--recipe", "smoke"
    )
    assert result.returncode == 0
    told = [line for line in result.stderr.splitlines() if line.startswith("note: vq's latents")]
    assert told == [
        "note: vq's latents have no distribution and are quantized: the recipe smoke is written with "
        "losses.kl 0, not 0.001, losses.commitment 0.25, not 0"
    ]


def test_a_run_moves_what_learns_and_goes_on_bit_for_bit(project: Project, tmp_path: Path) -> None:
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    assert project.train(whole) == 0
    lines = [json.loads(line) for line in (whole / "metrics.jsonl").read_text().splitlines()]
    logged = [line for line in lines if "loss" in line]
    assert all(line[name] > 0 for line in logged for name in ("commitment", "codebook"))
    assert all(-np.log(2) <= line["entropy"] <= np.log(2) for line in logged)
    # Of quantization no gradient reaches the decoder.
    assert not any(key.startswith("gradient_norm_co") or key == "gradient_norm_entropy" for key in logged[0])

    first, *_ = sorted((whole / "checkpoints").glob("step-*"))
    assert project.train(cut, "--resume", str(first)) == 0
    ended = weights(whole)
    assert all(torch.equal(value, weights(cut)[key]) for key, value in ended.items())
    began = load_file(first / "autoencoder.safetensors")
    after = load_file(sorted((whole / "checkpoints").glob("step-*"))[-1] / "autoencoder.safetensors")
    for key in (
        "encoder.learned.codebook.weight",
        "encoder.averaged.codebook.weight",
        "encoder.averaged.codebook.counts",
    ):
        assert not torch.equal(began[key], after[key])
    assert litevae("report", whole, "-o", tmp_path / "report.html").returncode == 0
    assert "Commitment" in (tmp_path / "report.html").read_text()


def test_accumulated_and_recomputed_passes_give_the_terms_of_one(project: Project, tmp_path: Path) -> None:
    def first_loss(name: str, *more: str) -> dict[str, float]:
        assert project.train(tmp_path / name, "--set", "precision=fp32", *more) == 0
        lines = (tmp_path / name / "metrics.jsonl").read_text().splitlines()
        return next(line for line in map(json.loads, lines) if "loss" in line)

    plain = first_loss("plain")
    again = first_loss("again", "--set", "train.gradient_checkpointing=true")
    for term in ("loss", "commitment", "codebook", "entropy"):
        assert again[term] == pytest.approx(plain[term], rel=1e-5)


@pytest.mark.parametrize("term", sorted(OF_CODES))
def test_every_weight_matters(project: Project, tmp_path: Path, term: str) -> None:
    short = ("--set", "phases.0.steps=2", "phases.1.steps=1")
    one, other = tmp_path / "one", tmp_path / "other"
    assert project.train(one, *short) == 0
    assert project.train(other, *short, f"{term}=2") == 0
    after = weights(other)
    assert any(not torch.equal(value, after[key]) for key, value in weights(one).items())


def test_a_frozen_encoder_stays_as_it_is(project: Project, tmp_path: Path) -> None:
    whole, tuned = tmp_path / "whole", tmp_path / "tuned"
    assert project.train(whole) == 0
    frozen = ("--set", f"train.start_from={whole}", "--set", "train.parts=decoder")
    assert project.train(tuned, *frozen) == 0
    before, after = weights(whole), weights(tuned)
    assert all(torch.equal(after[key], value) for key, value in before.items() if key.startswith("encoder."))
    assert any(
        not torch.equal(after[key], value) for key, value in before.items() if key.startswith("decoder.")
    )


def test_terms_that_the_latents_do_not_have_are_refused(
    project: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert project.train(tmp_path / "run", "--set", "losses.kl=0.5") == 1
    said = capsys.readouterr().err
    assert "a KL divergence, and the latents of quantized have none" in said and "--set losses.kl=0" in said
    assert project.train(tmp_path / "still", "--set", "losses.codebook=0") == 0
    assert "losses.codebook is 0: the entries of the codebook stay as they are" in capsys.readouterr().err


def test_graphs_give_the_entries_that_the_package_gives(project: Project, tmp_path: Path) -> None:
    run, graphs = tmp_path / "run", tmp_path / "graphs"
    assert project.train(run) == 0
    result = litevae("compile", MODELS / "quantized.ts", "-o", graphs, "--weights", run / "model.safetensors")
    assert result.returncode == 0, result.stderr
    image = torch.rand((2, 3, 20, 28), generator=torch.Generator().manual_seed(1)) * 2 - 1
    model = project.module("model").Autoencoder.from_pretrained(run)
    with torch.no_grad():
        latent = model.encode(image).latent
    [found] = session_of(graphs / "encoder.onnx").run(None, {"image": image.numpy()})
    np.testing.assert_allclose(found, latent.numpy(), atol=1e-6)
    entries = weights(run)["encoder.learned.codebook.weight"]
    codes = latent[:, :4].movedim(1, -1).flatten(0, 2)
    assert (codes[:, None] == entries).all(-1).any(1).all()
    assert litevae("verify", graphs).returncode == 0


FOLLOWS = """
import sys
import torch
import torch.distributed as dist
from litevae_quantized._runtime.nn.layers import VectorQuantizer
rank, store, file = int(sys.argv[1]), *sys.argv[2:]
dist.init_process_group("gloo", init_method=f"file://{store}", rank=rank, world_size=2)
torch.manual_seed(0)
layer = VectorQuantizer(3, 6, decay=0.5).train()
layer(torch.randn(4, 3, 5, 5)[2 * rank : 2 * rank + 2])
torch.save(layer.state_dict(), file + str(rank))
# Threads of gloo's that outlive the group can abort a process that ends.
dist.destroy_process_group()
"""


def test_processes_follow_with_one_codebook_what_all_of_them_see(project: Project, tmp_path: Path) -> None:
    arguments = (str(tmp_path / "store"), str(tmp_path / "state"))
    started = [
        subprocess.Popen([sys.executable, "-c", FOLLOWS, str(rank), *arguments], cwd=project.folder)
        for rank in (0, 1)
    ]
    assert [process.wait(timeout=120) for process in started] == [0, 0]
    torch.manual_seed(0)
    layer = project.module("_runtime.nn.layers").VectorQuantizer(3, 6, decay=0.5).train()
    layer(torch.randn(4, 3, 5, 5))
    for rank in (0, 1):
        torch.testing.assert_close(torch.load(tmp_path / f"state{rank}"), layer.state_dict())
