"""How a command of the package ends, whatever happens in it."""

import atexit
import os
import sys
from collections.abc import Callable
from typing import NoReturn

from .errors import InputError, StoppedError
from .signals import end_workers

EXIT_DONE, EXIT_WRONG_INPUT, EXIT_INTERRUPTED = 0, 1, 130
# EX_TEMPFAIL of sysexits.h.
EXIT_STOPPED = 75


def exit_code(run: Callable[[], int], purpose: str, extra: str = "", *, goes_on: bool = False) -> int:
    """What `run` returns. Wrong input, a package that is not installed and Ctrl-C are said on stderr, without a trace.

    `purpose` needs the package, such as `training`; `extra` is the group of pyproject.toml that installs it. `goes_on` is whether
    the same command continues what Ctrl-C ended.
    """
    try:
        return run()
    except InputError as error:
        return _told(error)
    except ModuleNotFoundError as error:
        target = f"'.[{extra}]'" if extra else "."
        remedy = f"in the folder of this package's pyproject.toml: pip install -e {target}"
        package = (error.name or "").partition(".")[0]
        return _told(InputError(f"{purpose} needs {package}, which is not installed", remedy=remedy))
    except StoppedError:
        return EXIT_STOPPED
    except KeyboardInterrupt:
        print("stopped: the same command continues" if goes_on else "stopped", file=sys.stderr)
        return EXIT_INTERRUPTED
    finally:
        end_workers()


def end(code: int) -> NoReturn:
    """Ends the process with what a command returned.

    One of several under torchrun ends without taking the interpreter apart: DistributedDataParallel leaves its process group
    behind (torch 2.13), and a thread of gloo's that lets go of a tensor meanwhile aborts the process, after all work is done
    (pytorch/pytorch#179291).
    """
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def _told(error: InputError) -> int:
    print(f"error: {error}", file=sys.stderr)
    return EXIT_WRONG_INPUT
