"""Rows of figures as Markdown tables."""

from typing import Any

Rows = list[dict[str, Any]]


def markdown(title: str, rows: Rows) -> str:
    columns = list(dict.fromkeys(key for row in rows for key in row))
    cells = [[cell(row.get(column, "")) for column in columns] for row in rows]
    table = [columns, ["---"] * len(columns), *cells]
    return f"### {title}\n\n" + "\n".join(f"| {' | '.join(row)} |" for row in table) + "\n"


def cell(value: object) -> str:
    return (
        f"{value:.3f}"
        if isinstance(value, float) and abs(value) < 100
        else f"{value:.0f}"
        if isinstance(value, float)
        else str(value)
    )
