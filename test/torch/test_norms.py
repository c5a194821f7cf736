"""The norms of LiteVAE's encoder: graph and package agree, all of it learns, and only group norms carry what is far away."""

import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import litevae, package, session_of
from support.small_package import compile_to

NORMS = ("group", "smc", "rms", "none")
MODEL = """import { litevae } from "litevae";
const width = { channels: 8, multipliers: [1] };
export default litevae({
  variant: "S",
  latentChannels: 4,
  encoder: { norm: "NORM", widths: { extractor: width, aggregator: width } },
  decoder: { norm: "smc", base: 16, multipliers: [1, 1.5, 2, 2], blocks: 1 },
  discriminator: false,
});
"""


@pytest.fixture(scope="module", params=NORMS)
def compiled(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Path]]:
    norm: str = request.param
    folder = tmp_path_factory.mktemp(norm)
    file = folder / f"{norm}-norm.ts"
    file.write_text(MODEL.replace("NORM", norm))
    yield norm, compile_to(folder / "out", file, "--target", "onnx,torch")


def test_graph_and_package_agree(compiled: tuple[str, Path]) -> None:
    verified = litevae("verify", compiled[1])
    assert verified.returncode == 0, verified.stdout + verified.stderr


def test_only_group_norms_carry_what_is_far_away(compiled: tuple[str, Path]) -> None:
    """A strip whose left end changes, longer than all convolutions together reach."""
    norm, folder = compiled
    session = session_of(folder / "encoder.onnx")
    image = np.random.default_rng(0).uniform(-1, 1, (1, 3, 32, 1024)).astype(np.float32)
    other = image.copy()
    other[..., :32] = 0
    mean, changed = (session.run(["mean"], {"image": each})[0] for each in (image, other))
    assert not np.array_equal(mean[..., :4], changed[..., :4])
    assert np.array_equal(mean[..., -4:], changed[..., -4:]) is (norm != "group")


@torch.no_grad()
def test_without_group_norms_tiles_are_the_whole(compiled: tuple[str, Path]) -> None:
    norm, folder = compiled
    image = torch.rand(1, 3, 40, 712) * 2 - 1
    with package(folder) as module:
        model = module.Autoencoder.from_pretrained(folder)
        moments = model.encode(image).latent_dist.parameters
        decoded = model.decode(moments[:, :4]).sample
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            model.enable_tiling()
            tiled = model.encode(image).latent_dist.parameters
            torch.testing.assert_close(model.decode(moments[:, :4]).sample, decoded, atol=1e-5, rtol=0)
        difference = (tiled - moments).abs().max() / moments.abs().max()
    if norm != "group":
        assert not said and difference <= 1e-5
    else:
        assert "groupNorm, from encoder." in str(said[0].message) and difference > 1e-5


def test_all_of_it_learns(compiled: tuple[str, Path]) -> None:
    torch.manual_seed(0)
    with package(compiled[1]) as module:
        model = module.Autoencoder.from_pretrained(compiled[1]).train()
        before = {name: value.detach().clone() for name, value in model.named_parameters()}
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0)
        image = torch.rand(2, 3, 32, 32) * 2 - 1
        losses = []
        for _ in range(4):
            posterior = model.encode(image).latent_dist
            loss = (model.decode(posterior.mean).sample - image).abs().mean() + 1e-3 * posterior.kl().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        assert losses[-1] < losses[0]
        still = [name for name, value in model.named_parameters() if torch.equal(value, before[name])]
        assert still == []
