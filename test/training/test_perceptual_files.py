"""Weights of perceptual losses: how published files are found, checked and read; and random ones."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from litevae_runtime.common.errors import WeightsError
from litevae_runtime.losses.perceptual import Lpips
from litevae_runtime.nn.published import (
    ALEXNET_FILE,
    LPIPS_ALEXNET_FILE,
    LPIPS_VGG_FILE,
    PUBLISHED,
    VGG16_FILE,
    VGG19_FILE,
    find_published,
    load_published,
    weights_folder,
)
from safetensors.torch import save_file
from training.perceptual_networks import Pair, alexnet, images, lpips, networks, new_lpips, new_vgg, published

__all__ = ["alexnet", "images", "lpips", "published"]


class TestFiles:
    def test_the_classifier_alone_is_left_over(self, published: Path) -> None:
        for file, build in (
            (VGG16_FILE, networks.build_vgg16),
            (VGG19_FILE, networks.build_vgg19),
            (ALEXNET_FILE, networks.build_alexnet),
        ):
            state = torch.load(published / file, weights_only=True)
            kept = [key for key in state if not key.startswith("classifier.")]
            assert list(build().state_dict()) == kept
            assert len(state) == len(kept) + 6

    def test_safetensors_do_as_well(
        self, published: Path, tmp_path: Path, lpips: Lpips, images: Pair
    ) -> None:
        for name in (VGG16_FILE, LPIPS_VGG_FILE):
            state = torch.load(published / name, weights_only=True)
            save_file(state, (tmp_path / name).with_suffix(".safetensors"))
        assert torch.equal(new_lpips().load(tmp_path)(*images), lpips(*images))

    def test_torchmetrics_brings_the_published_heads(self, tmp_path: Path) -> None:
        for file, build in (
            (LPIPS_VGG_FILE, networks.build_lpips_heads),
            (LPIPS_ALEXNET_FILE, networks.build_lpips_alexnet_heads),
        ):
            [path] = find_published([file], tmp_path)
            heads = build()
            load_published(heads, [path])
            assert path.is_relative_to(Path(torch.__file__).parents[1])
            assert all((weight >= 0).all() and weight.any() for weight in heads.parameters())

    def test_the_folder_is_the_recipes_or_the_environments(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.delenv("LITEVAE_WEIGHTS", raising=False)
        assert weights_folder() == Path.home() / ".cache" / "litevae"
        monkeypatch.setenv("LITEVAE_WEIGHTS", str(tmp_path))
        assert weights_folder() == tmp_path
        assert weights_folder("~/elsewhere") == Path.home() / "elsewhere"

    def test_a_missing_file_is_named_with_where_to_get_it_and_put_it(self, tmp_path: Path) -> None:
        message = (
            f"{tmp_path} has no vgg16-397923af.pth. Fetch what is missing into that folder with "
            "python -m litevae_runtime.fetching vgg16-397923af.pth (vgg16-397923af.pth: "
            "torchvision's VGG16_Weights.IMAGENET1K_V1, https://download.pytorch.org/models/vgg16-397923af.pth), "
            "or name another folder in perceptual.folder or $LITEVAE_WEIGHTS. "
            'perceptual.weights="random" does without, for smoke tests alone.'
        )
        with pytest.raises(FileNotFoundError, match=f"^{re.escape(message)}$"):
            new_lpips().load(tmp_path)
        with pytest.raises(FileNotFoundError, match=re.escape(f"has no {VGG19_FILE}")):
            new_vgg().load(tmp_path)

    def test_all_missing_files_are_named_at_once(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setattr("litevae_runtime.nn.published.find_spec", lambda _: None)
        with pytest.raises(FileNotFoundError) as raised:
            new_lpips().load(tmp_path)
        assert f"has no {VGG16_FILE} and no {LPIPS_VGG_FILE}." in str(raised.value)
        assert all(PUBLISHED[name] in str(raised.value) for name in (VGG16_FILE, LPIPS_VGG_FILE))

    def test_keys_that_are_missing_unexpected_or_of_another_shape_are_named(
        self, published: Path, tmp_path: Path
    ) -> None:
        state = torch.load(published / LPIPS_VGG_FILE, weights_only=True)
        state["lin5.model.1.weight"] = state.pop("lin0.model.1.weight")
        state["lin1.model.1.weight"] = torch.zeros(1, 64, 1, 1)
        file = tmp_path / LPIPS_VGG_FILE
        torch.save(state, file)
        message = (
            f"{file}: the weights are not those of this model; 1 missing: lin0.model.1.weight; "
            "1 unexpected: lin5.model.1.weight; "
            "1 of another shape: lin1.model.1.weight [1, 64, 1, 1] instead of [1, 128, 1, 1]"
        )
        with pytest.raises(WeightsError, match=f"^{re.escape(message)}$"):
            load_published(networks.build_lpips_heads(), [file])

    @pytest.mark.parametrize("name", ["vgg.pth", "vgg.safetensors"])
    @pytest.mark.parametrize("content", [b"", b"<html>not found</html>", b"\x80\x02}q\x00."], ids=len)
    def test_a_damaged_file_is_named(self, name: str, content: bytes, tmp_path: Path) -> None:
        file = tmp_path / name
        file.write_bytes(content)
        message = rf"^{re.escape(str(file))} cannot be read as weights \(.+\): fetch it again$"
        with pytest.raises(WeightsError, match=message):
            load_published(networks.build_lpips_heads(), [file])

    def test_a_file_of_something_else_is_named(self, tmp_path: Path) -> None:
        file = tmp_path / LPIPS_VGG_FILE
        torch.save({"state_dict": {"lin0.model.1.weight": torch.zeros(1)}}, file)
        message = f"{file} holds no plain state dict: fetch the file as it is published"
        with pytest.raises(WeightsError, match=f"^{re.escape(message)}$"):
            load_published(networks.build_lpips_heads(), [file])

    def test_nothing_in_a_file_is_executed(self, tmp_path: Path) -> None:
        class Harmful:
            def __reduce__(self) -> tuple[Callable[..., object], tuple[str, str]]:
                return open, (str(tmp_path / "harm"), "w")

        file = tmp_path / LPIPS_VGG_FILE
        torch.save({"lin0.model.1.weight": Harmful()}, file)
        with pytest.raises(WeightsError, match="cannot be read as weights"):
            load_published(networks.build_lpips_heads(), [file])
        assert not (tmp_path / "harm").exists()


def random_lpips(seed: int) -> Lpips:
    message = rf"^Lpips has random weights \(seed {seed}\), which are for smoke tests alone: "
    with pytest.warns(UserWarning, match=message):
        return new_lpips().load("/nowhere", weights="random", seed=seed)


def test_random_weights_need_no_files_and_are_those_of_their_seed(images: Pair) -> None:
    distance, again, other = (random_lpips(seed)(*images) for seed in (5, 5, 6))
    assert torch.equal(distance, again)
    assert not torch.equal(distance, other)


def test_random_weights_give_a_distance(images: Pair) -> None:
    loss = random_lpips(5)
    x, y = images
    assert (loss(x, y) > 1e-3).all()
    assert torch.equal(loss(x, x), torch.zeros(2))
    assert (loss(x, x + 0.1 * (y - x)) < loss(x, y)).all()
