"""`python -m benchmarks [--quick]`: measure, and print one table. Times are told, not judged: the exit code is 0."""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.rows import FULL, QUICK, Row, measure
from imgupdate import __version__


def machine() -> str:
    """Processor, cores and Python, since seconds mean nothing without them."""
    cpuinfo = Path("/proc/cpuinfo")
    names = [
        line.partition(":")[2].strip() for line in cpuinfo.read_text().splitlines() if line.startswith("model name")
    ]
    cores = len(os.sched_getaffinity(0))
    return f"{names[0] if names else platform.machine()}, {cores} cores, Python {platform.python_version()}"


def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the work: for a look, not for figures")
    sizes = QUICK if parser.parse_args().quick else FULL
    print(f"imgupdate {__version__} on {machine()}")
    print(f"Median of {sizes.repetitions} (fastest to slowest), ours and the reference in turn.")
    table = Table("work", "imgupdate", "reference", "its time", "ratio", "at most", box=box.MARKDOWN)
    with tempfile.TemporaryDirectory(prefix="imgupdate-bench-") as scratch:
        for row in measure(sizes, Path(scratch)):
            table.add_row(*cells(row))
    Console(width=200).print(table)
    if sizes.full:
        print("At most: times the reference; seconds are shares of what Flux took on another machine of 2 cores.")
    else:
        print("A short form: the goals are about the whole work.")


def cells(row: Row) -> tuple[str, ...]:
    """A row as text."""
    goals = []
    if row.goal is not None:
        goals.append(f"{row.goal:.1f} x: {'met' if row.ratio <= row.goal else 'missed'}")
    if row.seconds is not None:
        goals.append(f"{row.seconds:.3f} s: {'met' if row.ours.median <= row.seconds else 'missed'}")
    ratio = f"{row.ratio:.2f} x"
    return row.work, str(row.ours), row.reference_work, str(row.reference), ratio, ", ".join(goals)


if __name__ == "__main__":
    main()
