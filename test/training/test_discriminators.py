"""Every kind of discriminator, as it is generated, learns to tell images from what a frozen generator makes."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from conftest import litevae, package
from litevae_runtime.losses.adversarial import Kind, as_logits, discriminator_loss, frozen, generator_loss
from torch import Tensor, nn

DISCRIMINATORS = {
    "unet": 'UNetDiscriminator({ imageChannels: 3, channels: 8, multipliers: [1, 2, 4], reduction: "sum" })',
    "patchgan": "PatchGan({ imageChannels: 3, channels: 8 })",
    "stylegan": "StyleGanDiscriminator({ imageChannels: 3, resolution: 32, channels: 8, maxChannels: 16 })",
}
# An autoencoder of two convolutions, whose package is written in a fifth of the time of LiteVAE's.
MODEL = """import { PatchGan, StyleGanDiscriminator, UNetDiscriminator } from "litevae/blocks";
import { block, conv2d, layers, model, upsample, type Feature } from "litevae/dsl";

const Encoder = block("Encoder", () => {
  const { conv } = layers({ conv: conv2d({ in: 3, out: 8, stride: 2 }) });
  return (image: Feature<3, 1>): Feature<8, 2> => conv(image);
});
const Decoder = block("Decoder", () => {
  const { conv } = layers({ conv: conv2d({ in: 4, out: 3 }) });
  return (latent: Feature<4, 2>): Feature<3, 1> => upsample(conv(latent), { factor: 2 });
});
export default model({
  latentChannels: 4, encoder: Encoder(), decoder: Decoder(), discriminator: DISCRIMINATOR,
});
"""
BATCH = 8


@pytest.fixture(scope="module", params=DISCRIMINATORS)
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The training package of a model with a small discriminator."""
    kind: str = request.param
    into = tmp_path_factory.mktemp(kind)
    (into / f"{kind}.ts").write_text(MODEL.replace("DISCRIMINATOR", DISCRIMINATORS[kind]))
    result = litevae("compile", into / f"{kind}.ts", "-o", into / "out", "--target", "torch")
    assert result.returncode == 0, result.stderr
    return into / "out"


@pytest.fixture
def discriminator(folder: Path) -> Iterator[nn.Module]:
    torch.manual_seed(0)
    with package(folder) as module:
        yield module.build_discriminator()


def images(generator: torch.Generator) -> Tensor:
    """Smooth colours, as in photographs."""
    return F.interpolate(torch.rand(BATCH, 3, 4, 4, generator=generator) * 2 - 1, 32, mode="bilinear")


class Generator(nn.Module):
    """What a bad decoder makes of images: a pattern of blocks over them."""

    def __init__(self) -> None:
        super().__init__()
        self.strength = nn.Parameter(torch.tensor(0.5))
        blocks = torch.randn(1, 3, 8, 8, generator=torch.Generator().manual_seed(1))
        self.register_buffer("pattern", F.interpolate(blocks, 32))

    def forward(self, x: Tensor) -> Tensor:
        return (x + self.strength * self.get_buffer("pattern")).clamp(-1, 1)


@pytest.mark.parametrize("kind", ["hinge", "logistic"])
def test_it_learns_on_a_frozen_generator(discriminator: nn.Module, kind: Kind) -> None:
    generator = Generator().requires_grad_(False)
    source = torch.Generator().manual_seed(2)
    optimizer = torch.optim.Adam(discriminator.parameters(), lr=2e-3, betas=(0.5, 0.9))
    before = {name: value.detach().clone() for name, value in discriminator.named_parameters()}
    reached: set[str] = set()
    losses: list[float] = []
    for _ in range(40):
        real = images(source)
        loss = discriminator_loss(
            discriminator(real), discriminator(generator(images(source))), kind, global_share=0.5
        )
        optimizer.zero_grad()
        loss.backward()
        reached |= {
            name
            for name, value in discriminator.named_parameters()
            if value.grad is not None and value.grad.isfinite().all() and value.grad.any()
        }
        optimizer.step()
        losses.append(loss.item())
    assert sum(losses[-5:]) < 0.7 * sum(losses[:5]), losses
    names = [name for name, _ in discriminator.named_parameters()]
    assert [name for name in names if name not in reached] == []
    assert [
        name for name, value in discriminator.named_parameters() if torch.equal(value, before[name])
    ] == []


def test_it_teaches_the_generator_and_gets_nothing_from_that(discriminator: nn.Module) -> None:
    generator = Generator()
    fake = generator(images(torch.Generator().manual_seed(3)))
    with frozen(discriminator):
        generator_loss(discriminator(fake), "hinge", global_share=0.5).backward()
    assert generator.strength.grad is not None and generator.strength.grad.item() != 0
    assert all(value.grad is None for value in discriminator.parameters())


def test_it_runs_in_half_precision_and_in_channels_last(discriminator: nn.Module) -> None:
    x = images(torch.Generator().manual_seed(4))
    discriminator.eval()
    wanted = as_logits(discriminator(x))
    with torch.autocast("cpu", torch.bfloat16):
        half = as_logits(discriminator(x))
    last = as_logits(discriminator(x.to(memory_format=torch.channels_last)))
    for name, value in wanted.items():
        scale = value.abs().max().item()
        torch.testing.assert_close(last[name], value, rtol=0, atol=1e-4 * scale)
        torch.testing.assert_close(half[name].float(), value, rtol=0, atol=0.1 * scale)
