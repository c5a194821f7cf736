"""What a person can put right."""


class TrainingError(Exception):
    """One message: what is wrong, what was expected and found, and what to do about it.

    `what` is one sentence in lower case without a full stop, as in the compiler's own messages.
    """

    def __init__(self, what: str, *, expected: str = "", found: str = "", remedy: str = "") -> None:
        facts = {"expected": expected, "found": found, "help": remedy}
        lines = [what, *(f"  {f'{name}:':<10}{text}" for name, text in facts.items() if text)]
        super().__init__("\n".join(lines))
        self.what = what
