"""Time as talking to GitHub needs it, given from outside so that tests neither wait nor guess."""

from __future__ import annotations

import time
from typing import Protocol


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
