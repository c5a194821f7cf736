"""A network that is no autoencoder, beside the same one written by hand: its keys, its package and its graph."""

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from conftest import ROOT, package, session_of
from safetensors.torch import save_file
from support.small_package import compile_to
from torch import Tensor, nn


class Down(nn.Module):
    def __init__(self, channels: int, out: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, out, 3, stride=2, padding=1)
        self.norm = nn.GroupNorm(4, out)

    def forward(self, x: Tensor) -> Tensor:
        return F.silu(self.norm(self.conv(x)))


class Peer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem, self.down, self.deep = Down(3, 16), Down(17, 32), Down(32, 32)
        self.lateral = nn.Conv2d(32, 32, 1)
        self.fine, self.coarse = (nn.Conv2d(32, 4, 3, padding=1) for _ in range(2))
        self.classifier = nn.Linear(32, 10)

    def forward(self, image: Tensor, mask: Tensor) -> tuple[Tensor, ...]:
        near = self.down(torch.cat([self.stem(image), mask], dim=1))
        far = self.deep(near)
        merged = near + F.interpolate(self.lateral(far), scale_factor=2)
        return self.fine(merged), self.coarse(far), self.classifier(far.mean((2, 3)))


def test_the_package_and_the_graph_are_the_peer(tmp_path: Path) -> None:
    torch.manual_seed(2)
    peer = Peer().eval()
    for parameter in peer.parameters():
        nn.init.normal_(parameter, std=0.2)
    # The keys are the module's own, without a name of the network before them.
    save_file(peer.state_dict(), tmp_path / "peer.safetensors")
    out = compile_to(
        tmp_path / "out",
        ROOT / "examples" / "network.ts",
        *("--weights", tmp_path / "peer.safetensors", "--target", "onnx,torch"),
    )
    image, mask = torch.randn(2, 3, 40, 24), torch.randn(2, 1, 20, 12)
    with torch.no_grad():
        wanted = dict(zip(("fine", "coarse", "logits"), peer(image, mask), strict=True))
        with package(out) as module:
            network = module.build_network()
            network.load_state_dict(peer.state_dict())
            given = network(image, mask)
    assert list(given) == list(wanted)
    session = session_of(out / "network.onnx")
    found = session.run(list(wanted), {"image": image.numpy(), "mask": mask.numpy()})
    for name, graph in zip(wanted, found, strict=True):
        torch.testing.assert_close(given[name], wanted[name])
        np.testing.assert_allclose(graph, wanted[name].numpy(), atol=1e-5 * wanted[name].abs().max().item())
        assert graph.std() > 0.1
