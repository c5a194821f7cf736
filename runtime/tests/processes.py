"""Processes that tests start: a new one takes seconds."""

import os
import subprocess
import sys
from pathlib import Path


def start(*arguments: str, paths: tuple[Path, ...], folder: Path | None = None) -> subprocess.Popen[str]:
    """Python on one thread, which finds modules in `paths` too and sees no GPU."""
    alone = {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    return subprocess.Popen(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths)), **alone},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # A process group of its own, to be signalled as one.
        start_new_session=True,
    )


def launcher(processes: int) -> tuple[str, ...]:
    """What starts so many of what follows, on this machine."""
    return ("-m", "torch.distributed.run", f"--nproc_per_node={processes}", "--standalone")
