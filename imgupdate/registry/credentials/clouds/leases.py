"""Tokens that a cloud lends us: asked for once by all who wait, renewed in time (spec/registry.md 7.4 to 7.6)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

from imgupdate.errors import ScanError
from imgupdate.registry.clock import Clock

LONGEST_LIFE = 86_400.0
EARLY = 5.0
"""Seconds before its end at which a token is no longer used."""
PAUSE = 60.0
"""Seconds for which a refusal stands before anybody asks again."""

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease(Generic[Value]):
    """Something to use, and the seconds for which it can be used from now on."""

    value: Value = field(repr=False)
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held(Generic[Value]):
    value: Value = field(repr=False)
    renew: float
    ends: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Refused:
    message: str
    remedy: str
    until: float


class Leases(Generic[Value]):
    """What was lent under each key. Safe to use from many threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._under_way: dict[str, threading.Lock] = {}
        self._held: dict[str, _Held[Value]] = {}
        self._refused: dict[str, _Refused] = {}

    def get(self, key: str, obtain: Callable[[], Lease[Value]]) -> Value:
        """What is held under a key; obtained, by one thread at a time, where nothing is or half of its life is over.

        What cannot be renewed is used up to its end.

        Raises:
            ScanError: nothing can be obtained, or could not less than a minute ago.

        """
        with self._lock:
            held = self._held.get(key)
            if held is not None and self._clock.monotonic() < held.renew:
                return held.value
            alone = self._under_way.setdefault(key, threading.Lock())
        with alone:
            return self._renewed(key, obtain)

    def _renewed(self, key: str, obtain: Callable[[], Lease[Value]]) -> Value:
        now = self._clock.monotonic()
        held = self._held.get(key)
        if held is not None and now < held.renew:
            return held.value
        refused = self._refused.get(key)
        if refused is not None and now < refused.until:
            raise ScanError(refused.message, remedy=refused.remedy)
        try:
            lease = obtain()
        except ScanError as error:
            now = self._clock.monotonic()
            if held is not None and now < held.ends:
                with self._lock:
                    self._held[key] = replace(held, renew=min(now + PAUSE, held.ends))
                return held.value
            self._refused[key] = _Refused(message=error.message, remedy=error.remedy, until=now + PAUSE)
            raise
        now = self._clock.monotonic()
        seconds = min(max(lease.seconds, 0.0), LONGEST_LIFE)
        with self._lock:
            self._held[key] = _Held(value=lease.value, renew=now + seconds / 2, ends=now + seconds - EARLY)
        return lease.value
