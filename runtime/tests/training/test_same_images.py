"""Processes with images of their own, as on disks of several machines, have the same ones or are refused."""

import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sets import colour, data, write_images

from litevae_runtime.common.errors import InputError
from litevae_runtime.data.fingerprint import fingerprint
from litevae_runtime.data.images import open_images
from litevae_runtime.data.sets import Split, split
from litevae_runtime.running import same_images


def require(parts: Split) -> None:
    processes: Any = SimpleNamespace(num_processes=2)
    same_images.require_same_images(processes, [parts.images, parts.validation])


def opened(place: Path) -> Split:
    return split(open_images(place, 3), data(validation_folder=f"{place}-held"), 0)


@pytest.mark.parametrize("which", ["", "-held"])
@pytest.mark.parametrize(
    ("change", "found"),
    [
        (
            lambda place: (place / "class-0" / "000.png").unlink(),
            "4 images at process 0 on here, 3 at process 1 on there",
        ),
        (
            lambda place: colour(99).save(place / "class-0" / "000.png"),
            "4 images at process 0 on here, 4 at process 1 on there, of other names, sizes or contents",
        ),
        (None, None),
    ],
)
def test_every_process_has_the_same_images(
    which: str,
    change: Callable[[Path], Any] | None,
    found: str | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here, there = tmp_path / "here" / "set", tmp_path / "there" / "set"
    for name in ("set", "set-held"):
        shutil.copytree(write_images(here.with_name(name), 4), there.with_name(name))
    if change is not None:
        change(there.with_name(f"set{which}"))

    def gathered(own: list[Any]) -> list[Any]:
        parts = opened(there)
        [(_, mine)] = own
        return [("here", mine), ("there", [fingerprint(parts.images), fingerprint(parts.validation)])]

    monkeypatch.setattr(same_images, "gather_object", gathered)
    if found is None:
        require(opened(here))
        return
    with pytest.raises(
        InputError, match=f"the processes do not have the same images in {here}{which}"
    ) as error:
        require(opened(here))
    assert f"found:    {found}\n" in str(error.value)


def test_a_split_whose_images_validate_themselves_is_looked_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = split(open_images(write_images(tmp_path / "set", 4), 3), data(), 0)
    seen: list[int] = []

    def gathered(own: list[Any]) -> list[Any]:
        seen.append(len(own[0][1]))
        return own

    monkeypatch.setattr(same_images, "gather_object", gathered)
    require(parts)
    assert seen == [1]
