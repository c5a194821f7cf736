"""Bars where nobody watches: lines of a log."""

from types import SimpleNamespace
from typing import cast

import pytest

from litevae_runtime.running.bar import bar_of
from litevae_runtime.running.processes import Processes

MAIN = cast(Processes, SimpleNamespace(is_main_process=True))


def test_each_refresh_is_a_line_and_the_last_stands_once(capsys: pytest.CaptureFixture[str]) -> None:
    with bar_of(MAIN, 4, "image", heading="64×64") as bar:
        for _ in range(4):
            bar.update()
            bar.refresh()
    said = capsys.readouterr().err
    assert "\r" not in said and said.endswith("\n")
    lines = said.splitlines()
    assert [line.split(" images")[0] for line in lines] == [
        f"64×64: {25 * done} %, {done} of 4" for done in range(5)
    ]


def test_others_than_the_main_process_say_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with bar_of(cast(Processes, SimpleNamespace(is_main_process=False)), 4, "image") as bar:
        bar.update(4)
    assert capsys.readouterr().err == ""
