"""Rules of nn/ that the compiler has too."""

from typing import Any

import pytest
from tables import table

from litevae_runtime.nn.fitting import nearest_fitting
from litevae_runtime.nn.tiling import cuts, least_tile
from litevae_runtime.nn.weight_files import renamed


@pytest.mark.parametrize("row", table("renames"))
def test_published_keys_are_renamed_as_in_the_compiler(row: dict[str, Any]) -> None:
    assert renamed(row["key"], row["renames"]) == row["renamed"]


@pytest.mark.parametrize("row", table("nearest-sizes"))
def test_the_nearest_sizes_that_fit_are_the_compilers(row: dict[str, Any]) -> None:
    minimum, step = row["minimum"], row["step"]
    found = nearest_fitting(
        row["side"], lambda side: side >= minimum and (side - minimum) % step == 0, 1, 256
    )
    assert found == row["nearest"]


@pytest.mark.parametrize("row", table("cuts"))
def test_tiles_are_cut_as_the_compiler_cuts_them(row: dict[str, Any]) -> None:
    sides, margin = (row["minimum"], row["step"]), (row["before"], row["after"])
    assert row["tile"] >= least_tile(sides, margin)
    found = [[list(read), list(keep)] for read, keep in cuts(row["side"], row["tile"], sides, margin)]
    assert found == row["cuts"]
