"""Which images validate: chosen by the seed and the images' names, so that the split stays as the set grows."""

from pathlib import Path

import numpy as np
import pytest
from sets import DATA, data, write_images

from litevae_runtime.data.images import Images, open_images
from litevae_runtime.data.sets import (
    Split,
    split,
)


@pytest.fixture
def images(tmp_path: Path) -> Images:
    return open_images(write_images(tmp_path / "set", 10), 3)


def names(split_: Split) -> set[str]:
    return {split_.images.name(int(index)) for index in split_.training}


def test_the_split_covers_the_set_and_depends_on_the_seed(tmp_path: Path) -> None:
    images = open_images(write_images(tmp_path, 80), 3)
    parts = split(images, DATA, 0)
    assert sorted([*parts.training, *parts.validation_indices]) == list(range(80))
    assert 10 <= len(parts.validation_indices) <= 30
    assert parts.note == (
        f"validation on {len(parts.validation_indices)} of {len(parts.validation_indices)} images held back, "
        f"{len(parts.training)} train"
    )
    assert np.array_equal(split(images, DATA, 0).training, parts.training)
    assert not np.array_equal(split(images, DATA, 1).training, parts.training)


def test_added_images_do_not_move_the_others(tmp_path: Path) -> None:
    before = split(open_images(write_images(tmp_path, 60), 3), DATA, 0)
    after = split(open_images(write_images(tmp_path, 90), 3), DATA, 0)
    assert names(before) < names(after)
    held = {before.validation.name(int(index)) for index in before.validation_indices}
    assert held.isdisjoint(names(after))


def test_fewer_images_validate_than_are_held_back_and_they_stay(tmp_path: Path) -> None:
    images = open_images(write_images(tmp_path, 80), 3)
    few, more = (split(images, data(validation_images=count), 0) for count in (3, 6))
    assert len(few.held_out[1]) == 3
    assert set(few.validation_indices) < set(more.validation_indices)
    assert np.array_equal(few.training, more.training)


@pytest.mark.parametrize("share", [1e-6, 0.999])
def test_both_sides_get_a_image(tmp_path: Path, share: float) -> None:
    parts = split(open_images(write_images(tmp_path, 5), 3), data(validation_share=share), 0)
    assert sorted([len(parts.training), len(parts.validation_indices)]) == [1, 4]


@pytest.mark.parametrize(
    ("count", "share", "why"), [(4, 0, "data.validation_share is 0"), (1, 0.5, "there is a single image")]
)
def test_training_images_validate_where_none_is_held_back(
    tmp_path: Path, count: int, share: float, why: str
) -> None:
    parts = split(open_images(write_images(tmp_path, count), 3), data(validation_share=share), 0)
    assert len(parts.training) == len(parts.validation_indices) == count
    assert parts.note == f"validation on {count} of the training images: {why}"


def test_a_folder_of_its_own_validates(tmp_path: Path) -> None:
    images = open_images(write_images(tmp_path / "train", 6), 3)
    folder = write_images(tmp_path / "validation", 4)
    parts = split(images, data(validation_folder=str(folder), validation_images=3), 0)
    assert len(parts.training) == 6
    assert parts.validation.place == str(folder)
    assert len(parts.validation_indices) == 3
    assert parts.note == f"validation on 3 of 4 images in {folder}"
