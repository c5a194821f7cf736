"""Published files come whole and as they were published, or not at all; from a server of this machine."""

import hashlib
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path

import pytest

from litevae_runtime.common.errors import InputError
from litevae_runtime.fetching.command import main
from litevae_runtime.fetching.fetch import fetch
from litevae_runtime.nn import published
from litevae_runtime.nn.published import (
    LPIPS_ALEXNET_FILE,
    LPIPS_VGG_FILE,
    SOURCES,
    VGG16_FILE,
    Source,
    fetch_command,
    find_published,
)

HEADS = (LPIPS_VGG_FILE, LPIPS_ALEXNET_FILE)


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """Its URL, and the folder that it serves."""
    folder = tmp_path / "served"
    folder.mkdir()
    served = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=served.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{served.server_address[1]}", folder
    finally:
        served.shutdown()
        thread.join()
        served.server_close()


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is taken from torchmetrics."""
    monkeypatch.setattr(published, "_in_torchmetrics", lambda _name: None)


def lpips_heads() -> Path:
    """The published files, which torchmetrics brings as they are."""
    spec = find_spec("torchmetrics")
    assert spec is not None and spec.origin is not None
    return Path(spec.origin).parent / "functional" / "image" / "lpips_models"


def run(*arguments: str | Path) -> int:
    return main(Path("litevae_b"), [*map(str, arguments)])


def test_files_come_by_name_and_are_those_that_were_published(
    server: tuple[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url, served = server
    for name in HEADS:
        (served / name).write_bytes((lpips_heads() / name).read_bytes())
    place = tmp_path / "cache"
    assert run(*HEADS, "--folder", place, "--mirror", f"{url}/") == 0
    assert find_published(HEADS, place) == [place / name for name in HEADS]
    for name in HEADS:
        assert hashlib.sha256((place / name).read_bytes()).hexdigest() == SOURCES[name].sha256
    assert sorted(path.name for path in place.iterdir()) == sorted(HEADS)
    said = capsys.readouterr()
    assert f"fetching {url}/vgg.pth, 0.0 MiB" in said.err and f"vgg.pth: {place / 'vgg.pth'}" in said.out

    # What is there is not asked for again, and what is not as it was published is.
    for name in HEADS:
        (served / name).unlink()
    assert run(*HEADS, "--folder", place, "--mirror", url) == 0
    (place / LPIPS_VGG_FILE).write_bytes(b"damaged")
    assert run(*HEADS, "--folder", place, "--mirror", url) == 1
    assert "vgg.pth is not the file that was published: it is fetched again" in capsys.readouterr().err


def test_a_file_of_another_hash_leaves_nothing(
    server: tuple[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url, served = server
    content = bytearray((lpips_heads() / LPIPS_VGG_FILE).read_bytes())
    content[100] ^= 1
    (served / LPIPS_VGG_FILE).write_bytes(content)
    assert run(LPIPS_VGG_FILE, "--folder", tmp_path / "cache", "--mirror", url) == 1
    assert f"error: {url}/vgg.pth is not the file that was published" in capsys.readouterr().err
    assert list((tmp_path / "cache").iterdir()) == []


def test_of_a_hash_whose_beginning_alone_is_published_that_is_checked_and_said(
    server: tuple[str, Path], tmp_path: Path
) -> None:
    url, served = server
    (served / "some.pth").write_bytes(b"weights")
    whole = hashlib.sha256(b"weights").hexdigest()
    said: list[str] = []
    fetch("some.pth", Source("some", f"{url}/some.pth", whole[:8]), tmp_path, None, said.append)
    assert said[1:] == [f"some.pth: its publisher names no more than the first 8 digits of sha256 {whole}"]
    other = Source("some", f"{url}/some.pth", "0" * 8)
    with pytest.raises(InputError, match="is not the file that was published"):
        fetch("some.pth", other, tmp_path, None, said.append)


def test_a_server_without_it_is_told(
    server: tuple[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url, _ = server
    assert run(VGG16_FILE, "--folder", tmp_path, "--mirror", url) == 1
    said = capsys.readouterr().err
    assert f"error: {url}/{VGG16_FILE} cannot be fetched" in said and "File not found" in said
    assert run(VGG16_FILE, "--folder", tmp_path, "--mirror", "http://127.0.0.1:9") == 1
    assert "cannot be fetched" in capsys.readouterr().err
    for mirror in ("", "http://[", "somewhere"):
        assert run(VGG16_FILE, "--folder", tmp_path, "--mirror", mirror) == 1
        said = capsys.readouterr().err
        assert f"{VGG16_FILE} is no address" in said and "give --mirror as http://HOST/PATH" in said


def test_all_that_are_missing_are_fetched(
    server: tuple[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where a publisher gives the beginning of a hash alone."""
    url, served = server
    for name in list(SOURCES):
        (served / name).write_bytes(name.encode())
        sha256 = hashlib.sha256(name.encode()).hexdigest()[: 8 if name == VGG16_FILE else 64]
        monkeypatch.setitem(SOURCES, name, Source("a test", f"{url}/{name}", sha256))
    assert run("--folder", tmp_path / "cache") == 0
    assert {path.name for path in (tmp_path / "cache").iterdir()} == SOURCES.keys()


def test_other_names_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run("vgg.zip")
    assert ended.value.code == 2
    assert f"vgg.zip is none of {VGG16_FILE}" in capsys.readouterr().err


def test_a_missing_file_names_the_command(tmp_path: Path) -> None:
    assert fetch_command(VGG16_FILE) == f"python -m litevae_runtime.fetching {VGG16_FILE}"
    with pytest.raises(FileNotFoundError, match=f"with python -m litevae_runtime.fetching {VGG16_FILE}"):
        find_published([VGG16_FILE], tmp_path)


def test_hashes_go_with_the_names_that_carry_their_beginning() -> None:
    for name, source in SOURCES.items():
        stem = Path(name).stem.split("-")
        assert len(stem) == 1 or source.sha256.startswith(stem[-1])
        assert source.url.startswith("https://") and source.url.endswith(f"/{name}")
