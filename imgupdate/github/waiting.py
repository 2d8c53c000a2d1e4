"""How long to wait before asking GitHub again, and at what pace to write (spec/github-actions.md 2.6)."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping

from imgupdate.github import failures
from imgupdate.github.access import Limits
from imgupdate.github.clock import Clock
from imgupdate.github.exchange import Answer

FAILING = frozenset({408, 500, 502, 503, 504})
LAGS = 2
_SECONDARY = 60.0
_FIRST = 1.0
_LONGEST = 30.0
_LAGGING = re.compile(r"could not resolve to an? .*node|(object|tree sha|parent sha).* does not exist", re.IGNORECASE)


class Patience:
    """What is left of the time that a run may wait in, and the pace of its writes. Threads share it."""

    def __init__(self, clock: Clock, limits: Limits, jitter: Callable[[], float]) -> None:
        self._clock = clock
        self._limits = limits
        self._jitter = jitter
        self._lock = threading.Lock()
        self._left = limits.wait
        self._tokens = float(limits.burst)
        self._filled = clock.monotonic()

    def pace(self) -> None:
        """Wait for the turn of the next write: so many at once, then so many a second."""
        with self._lock:
            now = self._clock.monotonic()
            gained = (now - self._filled) * self._limits.writes_a_second
            self._tokens = min(float(self._limits.burst), self._tokens + gained) - 1
            self._filled = now
            pause = -self._tokens / self._limits.writes_a_second
        if pause > 0:
            self._clock.sleep(pause)

    def back_off(self, attempt: int) -> bool:
        """Wait after the nth failure; False where too much has been waited already."""
        bound = min(_LONGEST, _FIRST * 2.0 ** (attempt - 1))
        return self._wait(bound * (0.5 + 0.5 * self._jitter()))

    def let_settle(self, lags: int) -> None:
        """Wait the nth time for what GitHub made a moment ago to be everywhere."""
        self._clock.sleep(_FIRST * 2.0 ** (lags - 1))

    def obey(self, answer: Answer, refusals: int, what: str) -> None:
        """Wait as long as a rate limit asks for; `refusals` counts those of this call, this one included.

        Raises:
            PublishError: that is longer than we may.

        """
        now = self._clock.now()
        primary = is_primary(answer.headers)
        asked = _seconds(answer.headers.get("retry-after", ""))
        if asked is None and primary:
            asked = max(0.0, float(answer.headers["x-ratelimit-reset"]) - now) + 1.0
        elif asked is None:
            asked = _SECONDARY * 2.0 ** (refusals - 1)
        if not self._wait(asked):
            raise failures.limited(what, now + asked, primary=primary)

    def _wait(self, seconds: float) -> bool:
        with self._lock:
            if seconds > self._left:
                return False
            self._left -= seconds
        self._clock.sleep(seconds)
        return True


def is_limited(answer: Answer) -> bool:
    """Whether an answer says that there were too many requests; it then had no effect."""
    if answer.status == 200:
        errors = answer.data.get("errors") if isinstance(answer.data, dict) else None
        return isinstance(errors, list) and any(
            isinstance(error, dict) and error.get("type") == "RATE_LIMITED" for error in errors
        )
    if answer.status not in {403, 429}:
        return False
    message = answer.data.get("message") if isinstance(answer.data, dict) else None
    words = message.lower() if isinstance(message, str) else ""
    return (
        answer.status == 429
        or "retry-after" in answer.headers
        or is_primary(answer.headers)
        or "secondary rate limit" in words
        or "abuse detection" in words
        or "rate limit exceeded" in words
    )


def is_lagging(answer: Answer) -> bool:
    """Whether GitHub does not know of something that it may have made a moment ago (spec/github-actions.md 2.3)."""
    messages = list(failures.messages(answer.data)) if answer.status in {200, 422} else []
    return any(_LAGGING.search(message) for message in messages)


def is_primary(headers: Mapping[str, str]) -> bool:
    """Whether the limit by the hour is used up, and we know until when."""
    return headers.get("x-ratelimit-remaining") == "0" and bool(headers.get("x-ratelimit-reset"))


def _seconds(text: str) -> float | None:
    text = text.strip()
    return float(text[:9]) if text.isascii() and text.isdigit() else None
