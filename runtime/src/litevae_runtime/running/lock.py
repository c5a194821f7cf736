"""One command at a time writes to a folder: a run's, or one of latents.

`.lock` in it is locked through the operating system, which frees it however its holder ends. `lock.json` says who that is.
Where a file system has no locks, or does not share them between machines, the holder's signs of life do: it touches that file.
A holder that showed none for so long that another one took over, as on a machine that was cut off, writes nothing any more.
"""

import errno
import json
import os
import shlex
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from filelock import FileLock, Timeout

from ..common.errors import InputError
from ..common.files import write_text
from .processes import Processes
from .together import decided, together

LOCK, HOLDER = ".lock", "lock.json"

# Seconds for which a resumed run waits for its predecessor to leave, and in which a holder on another machine shows its life.
PATIENCE = 30.0
# Seconds between two signs of life.
PULSE = 5.0
# Seconds in which what one process wrote has to be seen by the others.
VISIBLE = 10.0

# What file systems say that are full, or a person's part of them.
_FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}

# What file systems say that have no locks.
_WITHOUT_LOCKS = {errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOLCK}


@contextmanager
def alone(
    processes: Processes, folder: Path, wait: bool, say: Callable[[str], None]
) -> Iterator[Callable[[], None]]:
    """Holds the folder for all processes of this command; `wait` gives another one, which may be leaving, some time.

    What it gives raises InputError once another command has taken the folder over; it is to be called before anything is written.
    InputError where another command has it, or where the processes do not see the same folder.
    """
    lock = _Lock(folder)
    try:
        token = decided(processes, lambda: lock.take(wait, say))
        with together(processes):
            _require_shared(folder, token, processes.process_index)
        yield lock.require_held
    finally:
        lock.release()


class _Lock:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = folder / HOLDER
        self._lock: FileLock | None = None
        self._ended = threading.Event()
        self._own: dict[str, Any] = {}
        self._is_new = False

    def take(self, wait: bool, say: Callable[[str], None]) -> str:
        """Returns what tells this holder from all others."""
        try:
            self._is_new = not self._folder.exists()
            self._folder.mkdir(parents=True, exist_ok=True)
            self._lock = FileLock(self._folder / LOCK)
            self._acquire(self._lock, wait, say)
            self._outlive(say)
            self._own = _this_process()
            write_text(self._file, json.dumps(self._own, indent=2) + "\n")
            if self._lock is None:
                # Two that found nobody here: the later one has it.
                time.sleep(PULSE / 5)
                self.require_held()
        except OSError as error:
            raise cannot_be_written(self._folder, error) from error
        threading.Thread(target=self._live, daemon=True).start()
        return str(self._own["token"])

    def _acquire(self, lock: FileLock, wait: bool, say: Callable[[str], None]) -> None:
        try:
            lock.acquire(timeout=0)
        except Timeout:
            holder = _read(self._file)
            if not wait:
                raise _in_use(self._folder, holder) from None
            say(f"{self._folder} is in use by {_named(holder)}: waiting {PATIENCE:.0f} s for it to end")
            try:
                lock.acquire(timeout=PATIENCE, poll_interval=0.2)
            except Timeout:
                raise _in_use(self._folder, holder) from None
        except (OSError, NotImplementedError) as error:
            if isinstance(error, OSError) and error.errno not in _WITHOUT_LOCKS:
                raise
            self._lock = None

    def _outlive(self, say: Callable[[str], None]) -> None:
        """Waits for signs of life of a holder that no lock says anything of: on another machine, or where there are no locks."""
        holder = _read(self._file)
        if not holder or (self._lock is not None and holder.get("machine") == _machine()):
            return
        say(f"{self._folder} was left by {_named(holder)}: waiting {PATIENCE:.0f} s for a sign of life")
        before, end = _pulse(self._file), time.monotonic() + PATIENCE
        while time.monotonic() < end:
            time.sleep(PULSE / 5)
            now = _pulse(self._file)
            if now is None:
                return
            if now != before:
                raise _in_use(self._folder, holder)

    def _live(self) -> None:
        while not self._ended.wait(PULSE):
            with suppress(OSError):
                if self._is_held():
                    os.utime(self._file)

    def _is_held(self) -> bool:
        """Whether nobody else has the folder, as far as can be read."""
        return _read(self._file).get("token") in (None, self._own.get("token"))

    def require_held(self) -> None:
        if self._own and not self._is_held():
            raise InputError(
                f"{self._folder} was taken over by another command while this one showed no sign of life",
                found=_named(_read(self._file)),
                remedy="leave it to that one; once it has ended, go on from what it left (a run with --resume auto)",
            )

    def release(self) -> None:
        self._ended.set()
        if self._own and _read(self._file).get("token") == self._own["token"]:
            with suppress(OSError):
                self._file.unlink()
            self._leave_nothing()
        if self._lock is not None:
            self._lock.release()

    def _leave_nothing(self) -> None:
        """Of a folder that came to hold no more than the lock, as of a command that was refused."""
        with suppress(OSError):
            if [path.name for path in self._folder.iterdir()] == [LOCK]:
                (self._folder / LOCK).unlink()
            if self._is_new:
                self._folder.rmdir()


def cannot_be_written(folder: Path, error: OSError) -> InputError:
    return InputError(
        f"{folder} cannot be written to",
        found=error.strerror or str(error),
        remedy="make room on that disk: the same command then goes on"
        if error.errno in _FULL or "no space" in str(error).lower()
        else "give a folder of yours, on a disk with room, in --output",
    )


def _require_shared(folder: Path, token: str, process: int) -> None:
    """InputError where this process does not see what the main one wrote, as on a disk of another machine."""
    end = time.monotonic() + VISIBLE
    while _read(folder / HOLDER).get("token") != token:
        if time.monotonic() > end:
            raise InputError(
                f"the processes do not see the same {folder}",
                expected="one folder for all of them: all write there, and read what the others wrote",
                found=f"process {process} on {socket.gethostname()} does not see what the main process wrote there",
                remedy="give --output on a disk that all machines share",
            )
        time.sleep(0.1)


def _in_use(folder: Path, holder: Mapping[str, Any]) -> InputError:
    return InputError(
        f"{folder} is in use",
        expected="one command at a time",
        found=_named(holder),
        remedy="wait until it ends, or end it; or give another --output",
    )


def _named(holder: Mapping[str, Any]) -> str:
    if not holder:
        return "a process that has not said yet who it is"
    return f"process {holder.get('process')} on {holder.get('host')} since {holder.get('since')}"


def _this_process() -> dict[str, Any]:
    return {
        "host": socket.gethostname(),
        "process": os.getpid(),
        "since": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": shlex.join(sys.orig_argv),
        "machine": _machine(),
        "token": uuid4().hex,
    }


def _machine() -> str:
    """What locks are shared in: a start of a machine, whatever its containers are called; elsewhere its name."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return socket.gethostname()


def _read(file: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _pulse(file: Path) -> int | None:
    """When a file was last touched; opened first, since network file systems look again only then."""
    try:
        with file.open("rb") as opened:
            return os.fstat(opened.fileno()).st_mtime_ns
    except OSError:
        return None
