"""Words and tables for terminals."""

from collections.abc import Collection, Sequence


def text_table(rows: Sequence[Sequence[str]], right: Collection[int] = ()) -> str:
    """Rows with their columns padded to the widest cell, those in `right` on the left side, without a last line feed."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "  ".join(
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    return "\n".join(lines)


def counted(count: int, noun: str) -> str:
    """`1 image`, `1,000 images`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
