"""Codebooks and codes: diffusers' VectorQuantizer is the peer, the rest is counted by hand."""

import math
from typing import Any

import pytest
import torch
from diffusers.models.autoencoders.vae import VectorQuantizer as Peer
from torch import Tensor, nn

from litevae_runtime.nn.layers import VectorQuantizer, add_loss_terms, lfq, loss_terms


def drawn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def test_values_terms_and_gradients_are_those_of_diffusers() -> None:
    layer = VectorQuantizer(5, 16)
    layer.weight.data = drawn(16, 5, seed=1)
    peer: Any = Peer(16, 5, beta=0.25, legacy=False)
    peer.embedding.weight.data = layer.weight.data.clone()
    x, same = (drawn(2, 5, 4, 6).requires_grad_() for _ in range(2))

    expected, distance, (_, _, indices) = peer(same)
    with loss_terms() as terms:
        found = layer(x)
    torch.testing.assert_close(found, expected)
    assert torch.equal(layer.indices(x).flatten(), indices)
    assert torch.equal(layer.entries(layer.indices(x)), found)
    loss = 0.25 * terms["commitment"] + terms["codebook"]
    torch.testing.assert_close(loss, distance)
    (found.square().sum() + loss).backward()
    (expected.square().sum() + distance).backward()
    torch.testing.assert_close(x.grad, same.grad)
    torch.testing.assert_close(layer.weight.grad, peer.embedding.weight.grad)


@pytest.mark.parametrize("shape", [(7, 3), (2, 3, 5), (2, 3, 4, 5)])
def test_the_nearest_of_vectors_sequences_and_maps(shape: tuple[int, ...]) -> None:
    layer = VectorQuantizer(3, 9)
    layer.weight.data = drawn(9, 3, seed=2)
    x = drawn(*shape)
    nearest = torch.cdist(x.movedim(1, -1).double(), layer.weight.double()).argmin(-1)
    assert torch.equal(layer.indices(x), nearest)
    assert layer(x).shape == shape
    assert layer(x.bfloat16()).dtype == torch.bfloat16


def test_averages_follow_what_is_nearest_as_the_paper_says() -> None:
    layer = VectorQuantizer(2, 4, decay=0.75).train()
    layer.weight.copy_(torch.tensor([[0.0, 0], [4, 0], [0, 4], [50, 50]]))
    layer.sums.copy_(layer.weight)
    x = torch.tensor([[0.5, 0], [-0.5, 1], [4, 1]])
    layer(x)
    counts = [0.75 + 0.25 * 2, 0.75 + 0.25, 0.75, 0.75]
    sums = [[0, 0.25], [0.75 * 4 + 0.25 * 4, 0.25], [0, 3], [37.5, 37.5]]
    torch.testing.assert_close(layer.counts, torch.tensor(counts))
    torch.testing.assert_close(layer.weight, torch.tensor(sums) / torch.tensor(counts)[:, None])
    # What nothing is near stays where it was.
    torch.testing.assert_close(layer.weight[3], torch.tensor([50.0, 50]))
    for _ in range(2000):
        layer(x)
    assert layer.weight[3].tolist() == pytest.approx([50, 50], rel=1e-3)

    before = {key: value.clone() for key, value in layer.state_dict().items()}
    layer(torch.tensor([[float("nan"), 0], [1, 1]]))
    layer.eval()(x)
    assert all(torch.equal(value, before[key]) for key, value in layer.state_dict().items())
    assert not list(layer.parameters())


def test_codes_without_a_codebook() -> None:
    x = torch.tensor([[0.0, -0.0, 1e-30], [-3, 2, -1e-30]]).requires_grad_()
    with loss_terms() as terms:
        y = lfq(x)
    assert y.tolist() == [[-1, -1, 1], [-1, 1, -1]]
    y.backward(torch.full((2, 3), 2.0))
    assert x.grad is not None and x.grad.unique().tolist() == [2]

    def entropy(p: float) -> float:
        return -sum(q * math.log(q) for q in (p, 1 - p) if q > 0)

    def surely(value: float) -> float:
        far, near = math.exp(-((value + 1) ** 2)), math.exp(-((value - 1) ** 2))
        return near / (near + far)

    values = x.tolist()
    each = sum(entropy(surely(v)) for row in values for v in row) / 6
    together = sum(entropy(sum(surely(row[c]) for row in values) / 2) for c in range(3)) / 3
    assert terms["entropy"].item() == pytest.approx(each - together, rel=1e-5)
    assert terms["commitment"].item() == pytest.approx((x - y).square().mean().item())


def test_terms_are_summed_and_stay_within() -> None:
    one = torch.ones(())
    with loss_terms() as outer:
        add_loss_terms(codebook=one)
        with loss_terms() as inner:
            add_loss_terms(codebook=3 * one, entropy=one)
        add_loss_terms(codebook=one)
    add_loss_terms(codebook=one)
    assert outer == {"codebook": 2} and inner == {"codebook": 3, "entropy": 1}


def test_compiled_it_gives_the_same() -> None:
    class Step(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = VectorQuantizer(3, 9)

        def forward(self, x: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
            with loss_terms() as terms:
                y = lfq(self.layer(x))
            return y, terms

    step, x = Step(), drawn(2, 3, 4, 4)
    expected, terms = step(x)
    found, compiled = torch.compile(step, backend="aot_eager")(x)
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(compiled, terms)
