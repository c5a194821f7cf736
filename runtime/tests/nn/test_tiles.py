"""Tiles with all around them that is looked at give what the whole image gives."""

import warnings

import pytest
import torch
from small import Autoencoder
from torch import Tensor

from litevae_runtime.nn.pieces import Reach


class Reaching(Autoencoder):
    """One pixel before each pair, and three latents around each: two convolutions, and half of what one behind them reaches."""

    image_sides = ((2, 2), (2, 2))
    encoder_reach: Reach | None = ((1, 0), (1, 0), ())
    decoder_reach: Reach | None = ((6, 6), (6, 6), ())


@pytest.fixture
def model() -> Reaching:
    torch.manual_seed(0)
    return Reaching().eval()


@pytest.mark.parametrize(
    ("tile", "height", "width"), [(14, 16, 40), (16, 60, 22), (26, 26, 94), (30, 100, 100)]
)
@torch.no_grad()
def test_exact_tiles_are_the_whole_without_a_word(
    tile: int, height: int, width: int, model: Reaching
) -> None:
    image = torch.randn(2, 3, height, width)
    latent = model.encode(image).latent_dist.parameters
    whole = model.decode(latent[:, :2]).sample
    model.tile_sample_min_size = tile
    seen: list[int] = []
    model.get_submodule("decoder").register_forward_pre_hook(
        lambda _, inputs: seen.append(max(inputs[0].shape[-2:]))
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", message=".* times the work of the whole image")
        model.enable_tiling()
        torch.testing.assert_close(model.encode(image).latent_dist.parameters, latent, atol=1e-6, rtol=0)
        torch.testing.assert_close(model.decode(latent[:, :2]).sample, whole, atol=1e-6, rtol=0)
    assert max(seen) <= tile // 2 and len(seen) > 1


@torch.no_grad()
def test_a_pixel_less_around_them_is_not_the_whole(model: Reaching) -> None:
    model.decoder_reach = ((4, 4), (4, 4), ())
    model.tile_sample_min_size = 14
    latent = torch.randn(1, 2, 20, 20)
    whole = model.decode(latent).sample
    model.enable_tiling()
    assert (model.decode(latent).sample - whole).abs().max() > 1e-4


class Beside(Reaching):
    """With a mask of the image's size, a tone of any, and a skip of half."""

    encoder_takes = (("mask", 1, 1, 1), ("tone", 4))
    decoder_takes = (("skip", 2, 2, 2), ("mask", 1, 1, 1))
    encoder_gives = ("skip",)

    def _moments(self, x: Tensor, mask: Tensor, tone: Tensor) -> dict[str, Tensor]:  # type: ignore[override]
        moments = self.encoder(x * mask) + tone[:, :, None, None]
        return {"moments": moments, "skip": moments[:, 2:].tanh()}

    def _image(self, x: Tensor, skip: Tensor, mask: Tensor) -> Tensor:  # type: ignore[override]
        return self.decoder(x + skip) * mask


def given() -> tuple[Tensor, dict[str, Tensor]]:
    torch.manual_seed(1)
    return torch.randn(2, 3, 40, 60), {"mask": torch.rand(2, 1, 40, 60), "tone": torch.randn(2, 4)}


@torch.no_grad()
def test_skips_and_conditions_are_cut_along() -> None:
    model, (image, conditions) = Beside().eval(), given()
    posterior, skips = model.encoding(image, conditions)
    whole = model.decoded(posterior.mode(), skips)
    model.tile_sample_min_size = 16
    model.enable_tiling()
    tiled, others = model.encoding(image, conditions)
    assert others.keys() == skips.keys()
    torch.testing.assert_close(tiled.mode(), posterior.mode(), atol=1e-6, rtol=0)
    torch.testing.assert_close(others["skip"], skips["skip"], atol=1e-6, rtol=0)
    torch.testing.assert_close(model.decoded(tiled.mode(), others), whole, atol=1e-6, rtol=0)


@torch.no_grad()
def test_blended_tiles_are_cut_along_too() -> None:
    """Nothing here looks beyond: all tiles are the whole, however they overlap."""
    model, (image, conditions) = Beside().eval(), given()
    whole, skips = model.encoding(image, conditions)
    model.encoder_reach = ((1, 0), (1, 0), ("1 groupNorm in encoder",))
    model.tile_sample_min_size = 32
    with pytest.warns(UserWarning, match="groupNorm"):
        model.enable_tiling()
    with pytest.warns(UserWarning, match="encoding in blended tiles: those of 16 pixels change"):
        tiled, others = model.encoding(image, conditions)
    # A convolution's border aside, of which neighbours have less the farther it is.
    difference = (tiled.mode() - whole.mode()).abs()
    assert difference.mean() < 0.02 * whole.mode().std()
    assert (others["skip"] - skips["skip"]).abs().mean() < 0.02 * skips["skip"].std()


@torch.no_grad()
def test_tiles_that_are_no_whole_positions_of_what_is_cut_along_are_refused() -> None:
    model = Beside().eval()
    model.encoder_takes = (("mask", 1, 8, 8), ("tone", 4))
    model.encoder_reach = None
    model.tile_sample_min_size = 20
    with pytest.warns(UserWarning, match="not known"):
        model.enable_tiling()
    mask, tone = torch.rand(1, 1, 5, 5), torch.randn(1, 4)
    with pytest.raises(ValueError, match="of what is cut along: give tiles other sides or overlaps"):
        model.encoding(torch.randn(1, 3, 40, 40), {"mask": mask, "tone": tone})


def test_tiles_that_keep_nothing_are_refused(model: Reaching) -> None:
    model.tile_sample_min_size = 13
    with pytest.raises(
        ValueError, match=r"tile_sample_min_size is 13: decoding with small is exact in tiles of at least 14"
    ):
        model.enable_tiling()


@torch.no_grad()
def test_sides_of_tiles_are_whole_numbers_in_their_own_setting(model: Reaching) -> None:
    with pytest.raises(
        TypeError, match="enable_tiling takes True or False, not 64: the side of a tile is tile_sample"
    ):
        model.enable_tiling(64)  # type: ignore[arg-type]
    model.tile_sample_min_size = 64.5  # type: ignore[assignment]
    with pytest.raises(
        TypeError, match=r"tile_sample_min_size is 64\.5: a whole number of pixels is expected"
    ):
        model.enable_tiling()


def test_tiles_that_do_the_work_many_times_are_told_once(model: Reaching) -> None:
    model.tile_sample_min_size = 14
    model.enable_tiling()
    latent = torch.randn(1, 2, 20, 20)
    with pytest.warns(
        UserWarning,
        match=r"decoding: tiles of 14 pixels take \d+ times the work of the whole image; those of 28",
    ):
        model.decode(latent)
    model.tile_sample_min_size = 28
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.decode(latent)
        model.enable_tiling()
        model.decode(latent)


def test_what_cannot_be_exact_is_named_and_measured(model: Reaching) -> None:
    model.encoder_reach = ((1, 0), (1, 0), ("2 groupNorm, from encoder.a to encoder.b",))
    model.tile_sample_min_size = 16
    with pytest.warns(UserWarning) as said:
        model.enable_tiling()
    assert [str(each.message) for each in said] == [
        "small goes through large images in blended tiles of 16 pixels: the result differs from that of the whole image "
        "(encoding: 2 groupNorm, from encoder.a to encoder.b)"
    ]
    image = torch.randn(1, 3, 40, 40)
    with pytest.warns(
        UserWarning, match=r"encoding in blended tiles: those of 8 pixels change what encoding gives"
    ) as said:
        model(image)
    assert len([each for each in said if "blended" in str(each.message)]) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model(image)
