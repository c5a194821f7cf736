"""How a command of the package ends, whatever happens in it."""

import sys
from collections.abc import Callable

from .errors import InputError
from .signals import end_workers

EXIT_DONE, EXIT_WRONG_INPUT, EXIT_STOPPED = 0, 1, 130


def exit_code(run: Callable[[], int], purpose: str, extra: str = "") -> int:
    """What `run` returns. Wrong input, a package that is not installed and Ctrl-C are said on stderr, without a trace.

    `purpose` needs the package, such as `training`; `extra` is the group of pyproject.toml that installs it.
    """
    try:
        return run()
    except InputError as error:
        return _told(error)
    except ModuleNotFoundError as error:
        target = f"'.[{extra}]'" if extra else "."
        remedy = f"in the folder of this package's pyproject.toml: pip install -e {target}"
        return _told(InputError(f"{purpose} needs {error.name}, which is not installed", remedy=remedy))
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return EXIT_STOPPED
    finally:
        end_workers()


def _told(error: InputError) -> int:
    print(f"error: {error}", file=sys.stderr)
    return EXIT_WRONG_INPUT
