"""A command line of this checkout beside another checkout's, turn by turn: `python bench/pair.py OTHER TURNS compile b`.

Both are built. `OUT` among the arguments stands for a folder that is new each time. Prints a row of docs/benchmarks.md:
medians of wall clock and CPU seconds, other, this, and their ratio.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent


def measured(checkout: Path, arguments: list[str]) -> tuple[float, float]:
    with tempfile.TemporaryDirectory() as folder:
        given = [f"{folder}/out" if each == "OUT" else each for each in arguments]
        command = ["node", str(checkout / "dist" / "bin" / "litevae.js"), *given]
        before, start = os.times(), time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        wall, after = time.perf_counter() - start, os.times()
    cpu = after.children_user - before.children_user + after.children_system - before.children_system
    return wall, cpu


def main() -> None:
    other, turns, *arguments = sys.argv[1:]
    rows: dict[Path, list[tuple[float, float]]] = {Path(other): [], ROOT: []}
    for _ in range(int(turns)):
        for checkout, found in rows.items():
            found.append(measured(checkout, arguments))
    cells: list[str] = []
    for kind in (0, 1):
        then, now = (statistics.median(each[kind] for each in found) for found in rows.values())
        cells += [f"{then:.2f}", f"{now:.2f}", f"{now / then:.2f}"]
    print(f"| {' '.join(each for each in arguments if each not in ('-o', 'OUT'))} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
