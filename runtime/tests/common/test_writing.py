"""Where results go: a file is replaced whole, and what is none stays what it is."""

import os
import threading
from pathlib import Path

import pytest

from litevae_runtime.common.files import write_text, written_whole


def test_a_link_stays_a_link_to_the_new_text(tmp_path: Path) -> None:
    file, link = tmp_path / "result.json", tmp_path / "link.json"
    file.write_text("old")
    link.symlink_to(file)
    write_text(link, "new")
    assert link.is_symlink() and file.read_text() == "new"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link.json", "result.json"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such pipes")
def test_a_pipe_is_written_to_and_stays_one(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    found: list[str] = []
    reader = threading.Thread(target=lambda: found.append(pipe.read_text()))
    reader.start()
    write_text(pipe, "through")
    reader.join(timeout=10)
    assert found == ["through"] and pipe.is_fifo()


def test_two_that_write_a_file_at_once_each_write_a_whole_one(tmp_path: Path) -> None:
    file = tmp_path / "weights.pth"
    with written_whole(file) as one, one.open("wb") as first:
        first.write(b"one")
        with written_whole(file) as other:
            other.write_bytes(b"a longer other")
        assert file.read_bytes() == b"a longer other"
    assert file.read_bytes() == b"one"
    assert list(tmp_path.iterdir()) == [file]
