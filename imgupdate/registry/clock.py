"""Time as the client needs it, given from outside so that tests neither wait nor guess."""

from __future__ import annotations

import time
from typing import Protocol

from imgupdate.errors import ScanError


class Clock(Protocol):
    """Something that tells the time and can wait."""

    def monotonic(self) -> float:
        """Seconds from some fixed instant, never going back."""
        ...

    def now(self) -> float:
        """Seconds since 1970 in UTC."""
        ...

    def sleep(self, seconds: float) -> None:
        """Do nothing for that long."""
        ...


class SystemClock:
    """The clock of the machine."""

    def monotonic(self) -> float:
        """Seconds from some fixed instant, never going back."""
        return time.monotonic()

    def now(self) -> float:
        """Seconds since 1970 in UTC."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Do nothing for that long."""
        time.sleep(seconds)  # noqa: TID251 - this is the clock that others take


class OutOfTime(ScanError):
    """The bound on a whole listing or look-up has passed."""


class Deadline:
    """The instant at which a listing or a look-up has to be over."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self.clock = clock
        self.seconds = seconds
        self.instant = clock.monotonic() + seconds

    def remaining(self) -> float:
        """Seconds that are left, never below zero."""
        return max(0.0, self.instant - self.clock.monotonic())

    def check(self) -> None:
        """Go on only in time.

        Raises:
            OutOfTime: nothing is left.

        """
        if self.remaining() <= 0:
            raise self.passed()

    def passed(self) -> OutOfTime:
        """The error that says so."""
        return OutOfTime(
            f"the registry did not finish within {self.seconds:g} s",
            remedy="try again later, or raise `spec.timeout` of the ImageRepository",
        )
