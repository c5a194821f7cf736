"""What the runtime raises on purpose. Anything else that reaches a person is a bug."""

from collections.abc import Sequence


class LitevaeError(Exception):
    """The base of all of them."""


class InputError(LitevaeError):
    """What a person can put right, in one message: what is wrong, expected, found, and what to do about it.

    `what` is one sentence in lower case without a full stop, as in the compiler's own messages.
    """

    def __init__(self, what: str, *, expected: str = "", found: str = "", remedy: str = "") -> None:
        facts = {"expected": expected, "found": found, "help": remedy}
        lines = [what, *(f"  {f'{name}:':<10}{text}" for name, text in facts.items() if text)]
        super().__init__("\n".join(lines))
        self.what = what


class WeightsError(LitevaeError, ValueError):
    """Weights that are not those of the model; message and `problems` name the first keys of each kind."""

    def __init__(self, message: str, problems: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.problems = problems


class StoppedError(LitevaeError):
    """A signal asked for the end, which has been said; the same command continues."""


# What can be done about an image of which nothing more is known.
REPAIR = "repair or remove them"


class CorruptImageError(LitevaeError):
    """One image cannot be used; the message is the reason, without the image's name.

    `remedy` is what can be done about images of that kind.
    """

    def __init__(self, reason: str, remedy: str = REPAIR) -> None:
        super().__init__(reason)
        self.remedy = remedy


class UnreadableImageError(CorruptImageError):
    """The bytes of an image cannot be read: it has gone, or the storage has."""
