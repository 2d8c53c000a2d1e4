"""When to ask again, and how much to ask of a host at once (spec/registry.md 6)."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from imgupdate.errors import ScanError
from imgupdate.registry.clock import Clock, Deadline
from imgupdate.registry.known import known_registry
from imgupdate.registry.limits import Limits

RETRIED = frozenset({408, 425, 429, 499, 500, 502, 503, 504, 522})
LOG_IN_OR_WAIT = "log in to the registry for a higher limit (the action: `registry-auth`; or secretRef), or run later"


class RateLimited(ScanError):
    """A registry wants us to wait for longer than we can."""


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """The seconds that `Retry-After` asks for, as a number or a date; None where it says nothing that makes sense."""
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        date = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    aware = date if date.tzinfo else date.replace(tzinfo=UTC)
    return max(0.0, aware.timestamp() - now)


def backoff(attempt: int, limits: Limits, jitter: float) -> float:
    """How long to wait after the nth attempt failed: anything up to a bound that doubles, so that crowds spread out."""
    bound: float = min(limits.longest_delay, limits.first_delay * 2.0 ** (attempt - 1))
    return bound * jitter


def rate_limited(host: str, seconds: float, now: float) -> RateLimited:
    """The error that names the time from which the host answers again."""
    until = datetime.fromtimestamp(min(now + seconds, 253_000_000_000), tz=UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    return RateLimited(
        f"{host} has had too many requests from here, and asks to wait until {until}", remedy=LOG_IN_OR_WAIT
    )


class Gate:
    """The way to one host: so many requests at once, none while the host asked us to wait, and fewer after that."""

    def __init__(self, host: str, clock: Clock, limits: Limits) -> None:
        self._host = host
        self._clock = clock
        self._room = min(limits.per_host, known_registry(host).at_once or limits.per_host)
        self._limited = limits.per_host_limited
        self._closed_until = clock.monotonic()
        self._inside = 0
        self._changed = threading.Condition()

    @contextmanager
    def passage(self, deadline: Deadline) -> Iterator[None]:
        """Wait for a place, and have it.

        Raises:
            RateLimited: the host wants us to wait for longer than until the deadline.
            OutOfTime: no place was free in time.

        """
        while not self._entered(deadline):
            self._clock.sleep(self._closed_for(deadline))
        try:
            yield
        finally:
            with self._changed:
                self._inside -= 1
                self._changed.notify()

    def hold(self, seconds: float) -> None:
        """Let nobody in for so long: the host said so."""
        with self._changed:
            self._closed_until = max(self._closed_until, self._clock.monotonic() + seconds)
            self._room = min(self._room, self._limited)

    def _entered(self, deadline: Deadline) -> bool:
        with self._changed:
            if not self._changed.wait_for(lambda: self._inside < self._room, timeout=deadline.remaining()):
                raise deadline.passed()
            if self._closed_until > self._clock.monotonic():
                self._changed.notify()
                return False
            self._inside += 1
            return True

    def _closed_for(self, deadline: Deadline) -> float:
        seconds = max(0.0, self._closed_until - self._clock.monotonic())
        if seconds > deadline.remaining():
            raise rate_limited(self._host, seconds, self._clock.now())
        return seconds
