"""What is refused, as the whole text that a person reads."""

from collections.abc import Callable

import pytest
from sets import colour, encoded

from litevae_runtime.common.errors import InputError

PNG = encoded(colour(0), "PNG")


def message(what: str, expected: str = "", found: str = "", remedy: str = "") -> str:
    facts = (("  expected: ", expected), ("  found:    ", found), ("  help:     ", remedy))
    return "\n".join([what, *(name + text for name, text in facts if text)])


def refusal(action: Callable[[], object]) -> str:
    with pytest.raises(InputError) as caught:
        action()
    return str(caught.value)
