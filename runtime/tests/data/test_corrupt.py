"""Single corrupt images are replaced and logged; too many of them refuse a set or end a run."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from data.refusals import PNG, message, refusal
from PIL import Image
from sets import DATA, colour, data, write_images
from torch.utils.data import DataLoader

from litevae_runtime.common.errors import InputError
from litevae_runtime.data.corrupt import GIVE_UP, CorruptImage, CorruptLog, probe
from litevae_runtime.data.images import Images, open_images
from litevae_runtime.data.sets import PositionBatches, TrainingStream, ValidationSet, collate


def test_images_of_one_pixel(tmp_path: Path) -> None:
    Image.new("RGB", (1, 1)).save(tmp_path / "a.png")
    assert refusal(lambda: probe(open_images(tmp_path, 3), 0.01, 128)) == message(
        f"none of 1 image in {tmp_path} can be used",
        found="a.png: 1×1 pixels; at resolution 128 the shorter side needs 32",
        remedy="give larger images, or a smaller resolution",
    )


def test_arrays_of_another_number_of_channels(tmp_path: Path) -> None:
    for number in range(3):
        np.save(tmp_path / f"{number}.npy", np.zeros((32, 32, 5), np.uint8))
    probe(open_images(tmp_path, 5), 0, 32)
    assert "0.npy: an array [32, 32, 5], not [H, W, 4] or [4, H, W]" in refusal(
        lambda: probe(open_images(tmp_path, 4), 0.01, 32)
    )


def test_images_of_other_channels_need_no_repair(tmp_path: Path) -> None:
    Image.new("RGB", (64, 64)).save(tmp_path / "a.png")
    assert refusal(lambda: probe(open_images(tmp_path, 13), 0, 32)) == message(
        f"none of 1 image in {tmp_path} can be used",
        found="a.png: 3 channels (RGB), not 13",
        remedy="give images of 13 channels, or compile a model whose imageChannels are those of the images",
    )


def test_samples_outside_of_their_range_need_no_repair(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.full((64, 64), 4095.0))
    assert refusal(lambda: probe(open_images(tmp_path, 1), 0, 32)) == message(
        f"none of 1 image in {tmp_path} can be used",
        found="a.npy: values from 4095 to 4095, outside of [0, 1]",
        remedy="declare the range that they can have (range)",
    )


def corrupt_set(folder: Path, count: int, corrupt: set[int]) -> Images:
    folder.mkdir()
    for number in range(count):
        (folder / f"{number:04d}.png").write_bytes(b"" if number in corrupt else PNG)
    return open_images(folder, 3)


def test_some_corrupt_images_are_borne_up_to_the_share(tmp_path: Path) -> None:
    images = corrupt_set(tmp_path / "set", 20, {3, 8})
    probe(images, 0.1, 16)
    assert refusal(lambda: probe(images, 0.09, 16)) == message(
        f"2 of 20 images in {tmp_path}/set cannot be used",
        "at most 0.09 of them (data.corrupt_share)",
        f"0003.png: the file is empty\n{' ' * 12}0008.png: the file is empty",
        "repair or remove them, or raise data.corrupt_share",
    )


def test_one_corrupt_image_among_the_first_64_does_not_refuse_a_large_set(tmp_path: Path) -> None:
    probe(corrupt_set(tmp_path / "few", 640, {10}), 0.01, 16)
    every_tenth = corrupt_set(tmp_path / "many", 640, set(range(0, 640, 10)))
    assert refusal(lambda: probe(every_tenth, 0.01, 16)).startswith("64 of 640 images in ")


# Corrupt images during a run


def stream(images: Images, resolution: int = 8) -> TrainingStream:
    return TrainingStream(images, np.arange(len(images)), DATA, resolution, 0)


@pytest.mark.parametrize("workers", [0, 2])
def test_another_image_stands_in_and_the_log_names_the_corrupt_one(tmp_path: Path, workers: int) -> None:
    images = corrupt_set(tmp_path / "set", 10, {2, 3})
    loader = DataLoader(
        stream(images), batch_sampler=PositionBatches(0, 40, 4), collate_fn=collate, num_workers=workers
    )
    log = CorruptLog(tmp_path, share=0.5, epoch=10)
    for batch in loader:
        assert torch.isfinite(batch["image"]).all()
        log.add(batch["corrupt"], seen=len(batch["image"]))
    entries = [json.loads(line) for line in (tmp_path / "corrupt.jsonl").read_text().splitlines()]
    assert {entry["name"] for entry in entries} == {"0002.png", "0003.png"}
    assert len(entries) == log.count == 2
    assert {entry["reason"] for entry in entries} == {"the file is empty"}
    for entry in entries:
        item = stream(images)[entry["position"]]
        assert entry["name"] in [one.name for one in item["corrupt"]]


def test_neighbours_of_corrupt_images_do_not_stand_in_for_all_of_them(tmp_path: Path) -> None:
    corrupt = set(range(5, 15))
    images = corrupt_set(tmp_path / "set", 20, corrupt)
    for index in set(range(20)) - corrupt:
        colour(index).save(tmp_path / "set" / f"{index:04d}.png")
    items = [TrainingStream(images, np.arange(20), data(min_scale=1, flip=0), 16, 0)[p] for p in range(20)]
    replaced = [item["image"].flatten()[:8] for item in items if item["corrupt"]]
    assert len(replaced) == 10
    assert len(torch.unique(torch.stack(replaced), dim=0)) >= 4


def test_a_image_that_vanishes_is_corrupt(tmp_path: Path) -> None:
    images = corrupt_set(tmp_path / "set", 3, set())
    (tmp_path / "set" / "0001.png").unlink()
    corrupt = [one for position in range(3) for one in stream(images)[position]["corrupt"]]
    assert {(one.name, one.reason) for one in corrupt} == {("0001.png", "No such file or directory")}


def test_a_image_too_small_for_the_phase_is_corrupt(tmp_path: Path) -> None:
    write_images(tmp_path, 3)
    assert stream(open_images(tmp_path, 3), 64)[0]["corrupt"] == []
    assert stream(open_images(tmp_path, 3), 65)[0]["corrupt"][0].reason == (
        "16×24 pixels; at resolution 65 the shorter side needs 17"
    )


@pytest.mark.parametrize("workers", [0, 1])
def test_storage_that_went_away_ends_the_run(tmp_path: Path, workers: int) -> None:
    images = corrupt_set(tmp_path / "set", 200, set(range(200)))
    loader = DataLoader(
        stream(images), batch_sampler=PositionBatches(0, 2, 2), collate_fn=collate, num_workers=workers
    )
    [batch] = loader
    assert torch.isnan(batch["image"]).all()
    assert len(batch["corrupt"]) == 2 * GIVE_UP
    log = CorruptLog(tmp_path, share=1)
    last = batch["corrupt"][-1].name
    assert refusal(lambda: log.add(batch["corrupt"], seen=2)) == message(
        "100 images in a row cannot be used",
        found=f"{last}: the file is empty",
        remedy=f"check that the storage is still there; {tmp_path}/corrupt.jsonl lists the images",
    )
    assert log.count > 50


def test_a_corrupt_validation_image_is_replaced_by_the_next(tmp_path: Path) -> None:
    images = corrupt_set(tmp_path / "set", 3, {1})
    held = ValidationSet(images, np.arange(3), 16)
    assert torch.equal(held[1]["image"], held[2]["image"])
    assert held[1]["corrupt"] == [CorruptImage(1, "0001.png", "the file is empty")]


def add(log: CorruptLog, seen: int, corrupt: int) -> None:
    log.add([CorruptImage(number, f"{number}.png", "cut off") for number in range(corrupt)], seen)


def test_a_run_is_refused_above_the_share(tmp_path: Path) -> None:
    log = CorruptLog(tmp_path, share=0.01)
    add(log, seen=90, corrupt=5)
    assert refusal(lambda: add(log, seen=8, corrupt=2)) == message(
        "7 of 105 images cannot be used",
        "at most 0.01 of them (data.corrupt_share)",
        "1.png: cut off",
        f"repair or remove them, or raise data.corrupt_share; {tmp_path}/corrupt.jsonl lists them",
    )


def test_an_accident_of_the_order_does_not_refuse_a_run_but_an_epoch_does(tmp_path: Path) -> None:
    # 4 of 104 where 1 % is borne: chance, until the whole set is known.
    log = CorruptLog(tmp_path, share=0.01, epoch=1000)
    add(log, seen=100, corrupt=4)
    add(log, seen=800, corrupt=0)
    with pytest.raises(InputError, match="11 of 1,011 images cannot be used"):
        add(log, seen=100, corrupt=7)
    small = CorruptLog(tmp_path, share=0.25, epoch=4)
    add(small, seen=3, corrupt=1)
    with pytest.raises(InputError, match="3 of 6 images cannot be used"):
        add(small, seen=0, corrupt=2)


def test_a_share_of_zero_bears_none(tmp_path: Path) -> None:
    log = CorruptLog(tmp_path, share=0)
    with pytest.raises(InputError, match="1 of 101 images cannot be used"):
        add(log, seen=100, corrupt=1)


def test_a_resumed_run_logs_each_image_once(tmp_path: Path) -> None:
    add(CorruptLog(tmp_path, share=1), seen=4, corrupt=2)
    with (tmp_path / "corrupt.jsonl").open("a") as file:
        file.write('{"position": 7, "na')
    log = CorruptLog(tmp_path, share=1)
    assert log.count == 2
    add(log, seen=4, corrupt=3)
    assert log.count == 3
    lines = (tmp_path / "corrupt.jsonl").read_text().splitlines()
    assert lines[2] == '{"position": 7, "na'
    assert [json.loads(line)["name"] for line in [*lines[:2], *lines[3:]]] == ["0.png", "1.png", "2.png"]


def test_every_process_has_its_own_log(tmp_path: Path) -> None:
    add(CorruptLog(tmp_path, share=1, process=1), seen=4, corrupt=1)
    assert [file.name for file in tmp_path.iterdir()] == ["corrupt.process-1.jsonl"]
