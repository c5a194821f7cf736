"""Memory that does not suffice, told as what can be done about it."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from ..common.errors import InputError
from ..common.text import first_line

# What torch says of memory outside of CUDA, where it has no class of error for it.
_WORDS = ("can't allocate memory", "not enough memory", "out of memory")

# What systems say where loading processes cannot be started or reached: of memory, processes and open files.
_EXHAUSTED = {errno.ENOMEM, errno.EAGAIN, errno.EMFILE, errno.ENFILE}


@contextmanager
def memory_errors() -> Iterator[None]:
    """InputError for too little memory, of a GPU or of the machine, and for loading processes that the system ends or refuses."""
    try:
        yield
    except OSError as error:
        if error.errno not in _EXHAUSTED:
            raise
        raise InputError(
            "the system gives this run no more memory, processes or open files",
            found=error.strerror or str(error),
            remedy="a smaller --set data.workers, or higher limits (ulimit -n, ulimit -u)",
        ) from error
    except (RuntimeError, MemoryError) as error:
        text, found = str(error).strip(), first_line(error)
        if text.startswith("DataLoader worker"):
            raise InputError(
                "a loading process was ended by the system, most often for want of memory",
                found=found,
                remedy="a smaller --set data.workers, or more memory; in a container also more shared memory (--shm-size)",
            ) from error
        known = isinstance(error, (torch.OutOfMemoryError, MemoryError))
        if not known and not any(words in text.lower() for words in _WORDS):
            raise
        raise InputError(
            "there is not enough memory for this recipe",
            found=found,
            remedy="--set accumulation=2, train.gradient_checkpointing=true, a smaller phases.N.batch or phases.N.resolution; "
            "--dry-run says what a step takes, and --resume auto goes on from the newest checkpoint",
        ) from error
