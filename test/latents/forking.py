"""Encodings in forked processes, since a new one takes seconds to start: `python forking.py PACKAGE JSON`.

JSON has the arguments of encodings by their folders: `whole` is killed at every moment, `two` is made by two processes,
`killed` is given up by two of them in the middle, and `here` and `there` are where two processes believe the folder to be.
"""

import json
import os
import shutil
import signal
import socket
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any

import torch

rename = Path.replace


def forked(
    encode: Any, arguments: list[str], moment: int | None = None, environment: dict[str, str] | None = None
) -> int:
    """Starts an encoding that kills itself when its file number `moment` is about to get its name; the process's number."""
    child = os.fork()
    if child != 0:
        return child
    seen = 0

    def replace(path: Path, target: Path) -> Path:
        nonlocal seen
        seen += 1
        if seen == moment:
            os.kill(os.getpid(), signal.SIGKILL)
        return rename(path, target)

    Path.replace = replace  # type: ignore[method-assign, assignment]
    os.environ.update(environment or {})
    os._exit(encode.main(arguments))


def ended(*children: int) -> list[int]:
    """Exit codes, negative for signals."""
    return [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]


def two(encode: Any, *arguments: list[str]) -> list[int]:
    """Two processes with the same arguments, or each with its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    shared = {"WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    return [
        forked(
            encode,
            arguments[rank % len(arguments)],
            None,
            {**shared, "RANK": f"{rank}", "LOCAL_RANK": f"{rank}"},
        )
        for rank in range(2)
    ]


def bytes_of(folder: Path) -> dict[str, bytes]:
    """Without the lock and the log of how long it took."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in (".lock", "encode.jsonl")
    }


def kill_at_every_moment(encode: Any, folder: Path, arguments: list[str]) -> int:
    """How many moments there were; an encoding that was killed at any goes on to the bytes of one that was not."""
    assert ended(forked(encode, arguments)) == [0]
    whole, moment = bytes_of(folder), 0
    while True:
        moment += 1
        shutil.rmtree(folder)
        code = ended(forked(encode, arguments, moment))
        if code == [0]:
            return moment - 1
        assert code == [-signal.SIGKILL]
        assert not (folder / "manifest.json").exists()
        assert ended(forked(encode, arguments)) == [0]
        assert bytes_of(folder) == whole, moment


def main(package: str, encodings: dict[str, list[str]]) -> None:
    torch.set_num_threads(1)
    encode = import_module(f"{package}.encode")
    # What is imported when it runs.
    import_module(f"{package}._runtime.latents.run")
    by_name = {Path(folder).name: (Path(folder), arguments) for folder, arguments in encodings.items()}
    vars(import_module(f"{package}._runtime.running.lock"))["VISIBLE"] = 0.5
    print(kill_at_every_moment(encode, *by_name["whole"]), flush=True)
    _, arguments = by_name["two"]
    assert ended(*two(encode, arguments)) == [0, 0]
    apart = two(encode, by_name["here"][1], by_name["there"][1])
    assert ended(*apart) == [1, 1]
    folder, arguments = by_name["killed"]
    children = two(encode, arguments)
    while len([*(folder / "parts").glob("0*.json")]) < 3:
        time.sleep(0.002)
    for child in children:
        os.kill(child, signal.SIGKILL)
    assert ended(*children) == [-signal.SIGKILL, -signal.SIGKILL]


if __name__ == "__main__":
    main(sys.argv[1], json.loads(sys.argv[2]))
