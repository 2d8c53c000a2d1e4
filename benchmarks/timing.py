"""Medians, and how far the single runs lie apart."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timing:
    """The seconds that each repetition took."""

    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        """The middle one."""
        return statistics.median(self.seconds)

    def __str__(self) -> str:
        return f"{self.median:.3f} s ({min(self.seconds):.3f} to {max(self.seconds):.3f})"


Job = Callable[[], object]


def side_by_side(
    ours: Callable[[int], Job], reference: Callable[[int], Job], repetitions: int
) -> tuple[Timing, Timing]:
    """Time two jobs in turn, so that a slow moment of the machine meets both.

    Each repetition gets jobs of its own, made untimed from its number. The first round warms caches and does not count.
    """
    rounds = [(_time(ours(number)), _time(reference(number))) for number in range(repetitions + 1)]
    mine, theirs = zip(*rounds[1:], strict=True)
    return Timing(mine), Timing(theirs)


def _time(job: Job) -> float:
    start = time.perf_counter()
    job()
    return time.perf_counter() - start
