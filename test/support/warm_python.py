"""A Python that has imported torch and forks for each program that a launcher hands to it: `warm_python.py SOCKET`.

A program runs as `python [-B] FILE ARGUMENTS…` or `python [-B] -c CODE ARGUMENTS…` would, with the launcher's folder, environment
and standard streams. The server ends with its own stdin.
"""

import json
import os
import runpy
import select
import socket
import sys
import traceback
from pathlib import Path
from types import CodeType

# What programs import that run a compiled package.
import safetensors.torch  # noqa: F401
import torch  # noqa: F401


def received(connection: socket.socket) -> tuple[list[str], str, dict[str, str], list[int]]:
    size, streams, _, _ = socket.recv_fds(connection, 4, 3)
    left, pieces = int.from_bytes(size, "big"), []
    while left > 0 and (piece := connection.recv(left)):
        pieces.append(piece)
        left -= len(piece)
    arguments, folder, environment = json.loads(b"".join(pieces))
    return arguments, folder, environment, streams


def run(arguments: list[str]) -> None:
    if arguments[0] == "-B":
        sys.dont_write_bytecode = True
        arguments = arguments[1:]
    if arguments[0] == "-c":
        sys.argv, sys.path[0] = ["-c", *arguments[2:]], ""
        code: CodeType = compile(arguments[1], "<string>", "exec")
        exec(code, {"__name__": "__main__"})
    else:
        sys.argv, sys.path[0] = arguments, str(Path(arguments[0]).resolve().parent)
        runpy.run_path(arguments[0], run_name="__main__")


def code_of(arguments: list[str]) -> int:
    try:
        run(arguments)
    except SystemExit as ending:
        if isinstance(ending.code, str):
            print(ending.code, file=sys.stderr)
        return ending.code if isinstance(ending.code, int) else int(ending.code is not None)
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def answer(connection: socket.socket) -> None:
    """In a process of its own: the program, then its exit code."""
    arguments, folder, environment, streams = received(connection)
    for i, stream in enumerate(streams):
        os.dup2(stream, i)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    code = code_of(arguments)
    sys.stdout.flush()
    sys.stderr.flush()
    connection.sendall(bytes([code]))
    os._exit(code)


def main() -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(sys.argv[1])
        listener.listen()
        print("ready", flush=True)
        running: set[int] = set()
        while True:
            readable, _, _ = select.select([listener, sys.stdin], [], [])
            if sys.stdin in readable:
                break
            connection, _ = listener.accept()
            child = os.fork()
            if child == 0:
                listener.close()
                answer(connection)
            connection.close()
            running.add(child)
            running -= {each for each in running if os.waitpid(each, os.WNOHANG)[0] == each}
        for each in running:
            os.waitpid(each, 0)


if __name__ == "__main__":
    main()
