"""A position decides its image and crop, whoever loads it."""

import math
import pickle
import random
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from accelerate import Accelerator
from accelerate.data_loader import BatchSamplerShard
from sets import PHOTOS, colour, data, encoded, write_images, write_tar
from torch.utils.data import DataLoader

from litevae_runtime.data.decode import open_image
from litevae_runtime.data.images import Images, open_images
from litevae_runtime.data.order import keyed_random, random_crop, shuffled
from litevae_runtime.data.sets import (
    Batch,
    PositionBatches,
    TrainingStream,
    ValidationSet,
    collate,
)


@pytest.fixture
def images(tmp_path: Path) -> Images:
    return open_images(write_images(tmp_path / "set", 10), 3)


def stream(images: Images, seed: int = 0, resolution: int = 8, **changes: object) -> TrainingStream:
    return TrainingStream(images, np.arange(len(images)), data(**changes), resolution, seed)


def loaded(
    stream: TrainingStream, batches: object, workers: int = 0, context: str | None = None
) -> list[Batch]:
    loader = DataLoader(
        stream,
        batch_sampler=batches,  # type: ignore[arg-type]
        num_workers=workers,
        collate_fn=collate,
        multiprocessing_context=context,
    )
    return list(loader)


def assert_same(first: list[Batch], second: list[Batch]) -> None:
    assert len(first) == len(second)
    for one, other in zip(first, second, strict=True):
        assert torch.equal(one["position"], other["position"])
        assert torch.equal(one["image"], other["image"])


def order(images: Images, seed: int, start: int, stop: int) -> list[int]:
    """Which image stands at each position, told by its pixels."""
    whole = {"min_scale": 1.0, "max_aspect": 1.0, "flip": 0.0}
    crops = [stream(images, seed, 16, **whole)[position]["image"] for position in range(start, stop)]
    full = [
        open_image(encoded(colour(number), "PNG"), 3).resized((0, 0, 24, 16), (24, 16))
        for number in range(len(images))
    ]
    return [next(n for n, one in enumerate(full) if _contains(one, crop)) for crop in crops]


def _contains(full: torch.Tensor, piece: torch.Tensor) -> bool:
    side = piece.shape[-1]
    return any(torch.equal(full[..., left : left + side], piece) for left in range(full.shape[-1] - side + 1))


# The order


@pytest.mark.parametrize("length", [1, 2, 3, 5, 16, 17, 1000])
def test_an_epoch_is_a_permutation(length: int) -> None:
    assert sorted(shuffled(place, length, 0, 0) for place in range(length)) == list(range(length))


def test_the_order_stays_over_versions() -> None:
    # A run that was begun with one version of Python or torch is resumed with another.
    assert [shuffled(place, 10, 7, 1) for place in range(10)] == [3, 8, 1, 2, 7, 6, 5, 9, 0, 4]
    assert random_crop(640, 427, 0.5, 4 / 3, keyed_random(b"crop", 7, 3)) == (112, 9, 443, 427)


def test_every_image_comes_first_equally_often() -> None:
    counts = Counter(shuffled(0, 10, 0, epoch) for epoch in range(4000))
    # Binomial with mean 400 and standard deviation 19.
    assert min(counts.values()) > 400 - 5 * 19
    assert max(counts.values()) < 400 + 5 * 19


def test_neighbours_are_independent() -> None:
    length = 2000
    places = np.array([shuffled(place, length, 0, 0) for place in range(length)])
    for other in (
        np.arange(length),
        np.roll(places, 1),
        np.array([shuffled(p, length, 0, 1) for p in range(length)]),
    ):
        assert abs(np.corrcoef(places, other)[0, 1]) < 5 / math.sqrt(length)


def test_ten_million_images_need_no_list() -> None:
    assert len({shuffled(place, 10_000_000, 0, 0) for place in range(1000)}) == 1000


def test_an_epoch_shows_every_image_once_and_the_next_in_another_order(images: Images) -> None:
    first, second = order(images, 0, 0, 10), order(images, 0, 10, 20)
    assert sorted(first) == sorted(second) == list(range(10))
    assert first != second
    assert order(images, 1, 0, 10) != first


# The crop


def test_crops_lie_inside_and_keep_their_bounds() -> None:
    chance = random.Random(0)
    shares, aspects = [], []
    for _ in range(2000):
        left, top, right, bottom = random_crop(1000, 800, 0.3, 1.5, chance)
        assert 0 <= left < right <= 1000
        assert 0 <= top < bottom <= 800
        shares.append((right - left) * (bottom - top) / 800_000)
        aspects.append((right - left) / (bottom - top))
    assert 0.298 < min(shares) < 0.31
    assert 0.9 < max(shares) <= 1
    assert 1 / 1.51 < min(aspects) < 0.7
    assert 1.45 < max(aspects) < 1.51


def test_crops_reach_every_side() -> None:
    chance = random.Random(0)
    boxes = {random_crop(6, 4, 1, 1, chance) for _ in range(200)}
    assert boxes == {(left, 0, left + 4, 4) for left in range(3)}


def test_a_panorama_is_cropped_as_wide_as_the_aspect_allows() -> None:
    boxes = {random_crop(3000, 500, 0.9, 1, random.Random(seed)) for seed in range(50)}
    assert {(right - left, bottom - top) for left, top, right, bottom in boxes} == {(500, 500)}
    assert min(box[0] for box in boxes) < 300
    assert max(box[2] for box in boxes) > 2700


def test_the_whole_square_without_augmentation_is_the_image_itself() -> None:
    photos = open_images(PHOTOS, 3)
    assert photos.name(0) == "astronaut.png"
    fixed = TrainingStream(photos, np.array([0]), data(min_scale=1, max_aspect=1, flip=0), 512, 0)
    whole = photos.open(0).resized((0, 0, 512, 512), (512, 512))
    assert torch.equal(fixed[5]["image"], whole)


def test_the_recipe_decides_how_much_is_mirrored(images: Images) -> None:
    def mirrored(flip: float) -> list[bool]:
        plain, flipped = stream(images, flip=0), stream(images, flip=flip)
        return [
            not torch.equal(plain[position]["image"], flipped[position]["image"]) for position in range(60)
        ]

    assert sum(mirrored(0)) == 0
    assert sum(mirrored(1)) == 60
    assert 15 < sum(mirrored(0.5)) < 45
    turned = stream(images, flip=1)[3]["image"].flip(-1)
    assert torch.equal(turned, stream(images, flip=0)[3]["image"])


def test_the_seed_moves_the_crops(tmp_path: Path) -> None:
    colour(0).save(tmp_path / "a.png")
    one = open_images(tmp_path, 3)
    assert not torch.equal(stream(one, seed=0)[0]["image"], stream(one, seed=1)[0]["image"])


def test_large_jpegs_are_reduced_for_training_but_not_for_validation(tmp_path: Path) -> None:
    colour(0, (256, 256)).save(tmp_path / "a.jpg")
    large = open_images(tmp_path, 3)
    box, size = (0, 0, 256, 256), (32, 32)
    exact, draft = (large.open(0).resized(box, size, draft=draft) for draft in (False, True))
    assert torch.equal(stream(large, resolution=32, min_scale=1, max_aspect=1, flip=0)[0]["image"], draft)
    assert torch.equal(ValidationSet(large, np.array([0]), 32)[0]["image"], exact)
    assert not torch.equal(exact, draft)


def test_a_position_keeps_its_crop_at_every_resolution() -> None:
    photos = open_images(PHOTOS, 3)
    small, large = (stream(photos, resolution=resolution)[4]["image"] for resolution in (32, 128))
    reduced = torch.nn.functional.interpolate(large[None], size=32, mode="area")[0]
    assert (small - reduced).abs().mean() < 0.05


# Who loads


def test_workers_change_nothing(tmp_path: Path) -> None:
    members = {f"{number}.png": encoded(colour(number), "PNG") for number in range(10)}
    write_tar(tmp_path / "a.tar", members)
    stream_ = stream(open_images(tmp_path / "a.tar", 3))
    expected = loaded(stream_, PositionBatches(0, 36, 4))
    assert_same(loaded(stream_, PositionBatches(0, 36, 4), workers=2, context="fork"), expected)
    assert_same(loaded(stream_, PositionBatches(0, 36, 4), workers=1, context="spawn"), expected)
    # The open file of the shard stays behind.
    sent = pickle.loads(pickle.dumps(stream_))
    assert_same(loaded(sent, PositionBatches(0, 36, 4)), expected)


def test_generators_of_the_process_are_neither_used_nor_moved(images: Images) -> None:
    states = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].tolist()  # type: ignore[index]
    first = stream(images)[13]["image"]
    assert torch.equal(torch.get_rng_state(), states[0])
    assert random.getstate() == states[1]
    assert np.random.get_state()[1].tolist() == states[2]  # type: ignore[index]
    torch.manual_seed(5)
    random.seed(5)
    assert torch.equal(stream(images)[13]["image"], first)


def test_a_resumed_run_goes_on_where_it_stopped(images: Images) -> None:
    whole = loaded(stream(images), PositionBatches(0, 40, 4))
    assert_same(loaded(stream(images), PositionBatches(16, 40, 4)), whole[4:])


@pytest.mark.parametrize("processes", [2, 3])
def test_processes_share_the_stream_without_overlap(images: Images, processes: int) -> None:
    batches = PositionBatches(6, 42, 2)
    shards = [BatchSamplerShard(batches, processes, process) for process in range(processes)]
    assert [len(shard) for shard in shards] == [18 // processes] * processes
    steps = zip(*shards, strict=True)
    for number, step in enumerate(steps):
        start = 6 + number * 2 * processes
        assert [position for batch in step for position in batch] == list(range(start, start + 2 * processes))


def test_two_processes_see_the_images_of_one(images: Images) -> None:
    [one] = loaded(stream(images), PositionBatches(8, 16, 8))
    shares = [
        loaded(stream(images), BatchSamplerShard(PositionBatches(8, 16, 4), 2, process))[0]
        for process in range(2)
    ]
    assert torch.equal(torch.cat([share["image"] for share in shares]), one["image"])


def test_accelerate_prepares_the_loader(images: Images, tmp_path: Path) -> None:
    (tmp_path / "set" / "class-0" / "000.png").write_bytes(b"")
    loader = DataLoader(stream(images), batch_sampler=PositionBatches(0, 40, 4), collate_fn=collate)
    prepared = Accelerator(cpu=True).prepare(loader)
    assert len(prepared) == 10
    batches = list(prepared)
    assert torch.cat([batch["position"] for batch in batches]).tolist() == list(range(40))
    assert {one.name for batch in batches for one in batch["corrupt"]} == {"class-0/000.png"}


def test_positions_come_in_whole_batches() -> None:
    assert list(PositionBatches(4, 10, 3)) == [[4, 5, 6], [7, 8, 9]]
    assert len(PositionBatches(4, 4, 3)) == 0
    with pytest.raises(ValueError, match="positions 0 to 10 are no whole number of batches of 4"):
        PositionBatches(0, 10, 4)


# Validation


@pytest.mark.parametrize(
    ("size", "resolution"), [((96, 64), 32), ((64, 96), 32), ((24, 16), 16), ((50, 33), 40)]
)
def test_validation_resizes_the_shorter_side_and_takes_the_centre(
    tmp_path: Path, size: tuple[int, int], resolution: int
) -> None:
    image = colour(1, size)
    image.save(tmp_path / "a.png")
    [item] = [ValidationSet(open_images(tmp_path, 3), np.array([0]), resolution)[0]]
    scale = resolution / min(size)
    resized = image.resize((round(size[0] * scale), round(size[1] * scale)), resample=3)
    left, top = (resized.width - resolution) // 2, (resized.height - resolution) // 2
    expected = np.asarray(resized.crop((left, top, left + resolution, top + resolution)))
    assert torch.equal(item["image"], torch.from_numpy(expected.copy()).permute(2, 0, 1) / 127.5 - 1)
    assert item["position"] == 0


def test_validation_images_are_those_of_the_indices_and_end(images: Images) -> None:
    indices = np.array([7, 2])
    held = ValidationSet(images, indices, 16)
    assert len(held) == 2
    for position, index in enumerate(indices):
        expected = images.open(index).resized((0, 0, 24, 16), (24, 16))[..., 4:20]
        assert torch.equal(held[position]["image"], expected)
    with pytest.raises(IndexError):
        held[2]
