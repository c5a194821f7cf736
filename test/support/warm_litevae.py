"""The command line without a new process for each command."""

import atexit
import json
import os
import subprocess
import threading
from functools import cache
from pathlib import Path

SERVER = Path(__file__).with_suffix(".mjs")


class WarmLitevae:
    """A process, which starts with the first command and ends with this one. Commands wait for each other."""

    def __init__(self, command: Path) -> None:
        self._command = command
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def run(self, arguments: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
        with self._lock:
            if self._process is None or self._process.poll() is not None:
                self._start()
            assert self._process is not None and self._process.stdin is not None
            request = json.dumps([arguments, str(folder), dict(os.environ)])
            self._process.stdin.write(f"{request}\n".encode())
            self._process.stdin.flush()
            answer = self._answers.readline()
        assert answer, f"litevae {' '.join(arguments)} ended the process that runs commands"
        code, out, err = json.loads(answer)
        return subprocess.CompletedProcess(["litevae", *arguments], code, out, err)

    def _start(self) -> None:
        reading, writing = os.pipe()
        # The answers have a descriptor of their own, so that nothing that is printed is taken for one.
        start = ("node", str(SERVER), str(self._command), str(writing))
        self._process = subprocess.Popen(start, stdin=subprocess.PIPE, pass_fds=[writing])
        os.close(writing)
        self._answers = os.fdopen(reading)
        atexit.register(self._end)

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()


@cache
def warm_litevae(command: Path) -> WarmLitevae:
    """The one of this process."""
    return WarmLitevae(command)
