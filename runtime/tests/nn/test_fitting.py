"""Sides that do not fit are refused by name, before torch complains of shapes or cuts them off in silence."""

import pytest
import torch
from small import Autoencoder
from torch import Tensor

from litevae_runtime.nn.used import last_weight, used_in_decoding, used_in_encoding


class Fitting(Autoencoder):
    """It says that its encoder takes heights 8, 12, … and widths 6, 8, …, its decoder latents of even widths from 10 on."""

    name = "fitting"
    image_sides = ((8, 4), (6, 2))
    latent_sides = ((1, 1), (10, 2))


@pytest.fixture
def model() -> Fitting:
    return Fitting().eval()


def image(height: int, width: int) -> Tensor:
    return torch.zeros(1, 3, height, width)


@pytest.mark.parametrize(
    ("sides", "said"),
    [
        ((18, 24), "height 18 do not fit fitting: 16 or 20 does"),
        ((16, 27), "width 27 do not fit fitting: 26 or 28 does"),
        ((4, 24), "height 4 do not fit fitting: 8 does"),
        ((8, 2), "width 2 do not fit fitting: 6 does"),
    ],
)
def test_encode_names_what_the_encoder_takes(model: Fitting, sides: tuple[int, int], said: str) -> None:
    with pytest.raises(ValueError, match=f"^images of {said}$"):
        model.encode(image(*sides))


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int64, torch.bool, torch.complex64])
def test_bytes_are_not_taken_for_numbers_between_minus_1_and_1(model: Fitting, dtype: torch.dtype) -> None:
    for way in (model.encode, model):
        with pytest.raises(ValueError, match=f"^images are floating-point numbers here, not {dtype}$"):
            way(image(8, 24).to(dtype))
    with pytest.raises(ValueError, match=f"^latents are floating-point numbers here, not {dtype}$"):
        model.decode(torch.zeros(1, 2, 3, 12, dtype=dtype))


def test_each_way_asks_what_it_needs(model: Fitting) -> None:
    z = model.encode(image(8, 22)).latent_dist.mode()
    with pytest.raises(ValueError, match=r"^latents of width 11 do not fit fitting: 10 or 12 does$"):
        model.decode(z)
    # There and back takes what both take.
    with pytest.raises(ValueError, match=r"^images of width 22 do not fit fitting: 20 or 24 does$"):
        model(image(8, 22))
    assert model(image(8, 24), sample=False).sample.shape == (1, 3, 8, 24)
    # Decoding asks nothing that encoding alone needs.
    assert model.decode(torch.zeros(1, 2, 3, 12)).sample.shape == (1, 3, 6, 24)


def test_a_hand_written_model_that_says_nothing_is_asked_nothing() -> None:
    assert Autoencoder().eval().encode(image(7, 9)).latent_dist.mean.shape == (1, 2, 4, 5)


def test_tiles_fit_too(model: Fitting) -> None:
    with pytest.warns(UserWarning, match="tiles"):
        model.enable_tiling()
    model.tile_sample_min_size = 18
    with pytest.raises(ValueError, match=r"^tiles of height 18 do not fit fitting: 16 or 20 does$"):
        model.encode(image(40, 40))
    model.tile_sample_min_size = 16
    assert model.encode(image(40, 40)).latent_dist.mean.shape == (1, 2, 20, 20)


def test_what_runs_the_model_to_look_at_it_gives_it_what_fits(model: Fitting) -> None:
    model.image_sides = ((8, 48), (6, 20))
    assert used_in_encoding(model) == [model.encoder]
    assert last_weight(used_in_decoding(model), "decoder") is model.decoder.conv_out.weight
