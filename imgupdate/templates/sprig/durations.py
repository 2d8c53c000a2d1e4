"""Go's `time.Duration`: nanoseconds in 64 bits, read and written."""

from __future__ import annotations

import re
from typing import Final

from imgupdate.templates.functions import FunctionFailed
from imgupdate.templates.values import to_bytes, wrapped

NANOSECOND: Final = 1
SECOND: Final = 1_000_000_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

_UNITS: Final = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,
    "μs": 1_000,
    "ms": 1_000_000,
    "s": SECOND,
    "m": MINUTE,
    "h": HOUR,
}
_ROUNDED: Final = ((365 * DAY, "y"), (30 * DAY, "mo"), (DAY, "d"), (HOUR, "h"), (MINUTE, "m"), (SECOND, "s"))
_PART: Final = re.compile(r"([0-9]*)(\.?)([0-9]*)([^0-9.]*)", re.ASCII)
_LIMIT: Final = 2**63


def parse_duration(text: str) -> int:
    """The nanoseconds of a text such as `1h15m30.918s`; raises FunctionFailed with Go's error."""
    rest = text[1:] if text[:1] in ("+", "-") else text
    if rest == "0":
        return 0
    total = 0
    position = 0
    while position < len(rest) or not rest:
        found = _PART.match(rest, position)
        if found is None or not (found[1] or found[3]):
            raise _invalid("invalid duration", text)
        total += _nanoseconds(found, text)
        position = found.end()
        if total > _LIMIT:
            raise _invalid("invalid duration", text)
    if text.startswith("-"):
        return -total
    if total == _LIMIT:
        raise _invalid("invalid duration", text)
    return total


def _nanoseconds(found: re.Match[str], text: str) -> int:
    whole, _, fraction, unit = found.groups()
    number = int(whole[:40] or 0)
    if number > _LIMIT:
        raise _invalid("invalid duration", text)
    if not unit:
        raise _invalid("missing unit in duration", text)
    if unit not in _UNITS:
        raise FunctionFailed(f"time: unknown unit {shown(unit)} in duration {shown(text)}")
    if number > _LIMIT // _UNITS[unit]:
        raise _invalid("invalid duration", text)
    total = number * _UNITS[unit]
    kept = _leading_digits(fraction)
    if int(kept or 0):
        total += int(float(int(kept)) * (_UNITS[unit] / 10.0 ** len(kept)))
    return total


def _leading_digits(fraction: str) -> str:
    """As many digits of a fraction as fit into 63 bits."""
    kept = fraction[:18]
    if len(fraction) > 18 and int(kept) <= (_LIMIT - 1) // 10 and int(fraction[:19]) <= _LIMIT:
        return fraction[:19]
    return kept


def _invalid(problem: str, text: str) -> FunctionFailed:
    return FunctionFailed(f"time: {problem} {shown(text)}")


def shown(text: str) -> str:
    """A text in quotes as Go's `time` writes it into errors: control characters and non-ASCII as bytes."""
    written = []
    for byte in to_bytes(text):
        character = chr(byte)
        if byte >= 0x80 or byte < 0x20:
            written.append(f"\\x{byte:02x}")
        else:
            written.append(f"\\{character}" if character in '"\\' else character)
    return f'"{"".join(written)}"'


def duration_text(nanoseconds: int) -> str:
    """A duration as Go prints it, such as `1h15m30.918s`."""
    sign = "-" if nanoseconds < 0 else ""
    left = abs(nanoseconds)
    if left == 0:
        return "0s"
    if left < SECOND:
        unit, digits = ("ns", 0) if left < 1_000 else ("µs", 3) if left < 1_000_000 else ("ms", 6)
        return f"{sign}{_with_fraction(left, digits)}{unit}"
    minutes, rest = divmod(left, MINUTE)
    text = f"{_with_fraction(rest, 9)}s"
    if minutes:
        text = f"{minutes % 60}m{text}"
    if minutes >= 60:
        text = f"{minutes // 60}h{text}"
    return sign + text


def _with_fraction(number: int, digits: int) -> str:
    whole, fraction = divmod(number, 10**digits)
    tail = f"{fraction:0{digits}d}".rstrip("0") if fraction else ""
    return f"{whole}.{tail}" if tail else str(whole)


def seconds_text(seconds: int) -> str:
    """So many seconds as Go prints the duration; too many wrap around."""
    return duration_text(wrapped(seconds * SECOND))


def rounded_text(nanoseconds: int) -> str:
    """A duration in the largest unit that it holds more than one of."""
    left = abs(nanoseconds)
    for length, unit in _ROUNDED:
        if left > length:
            return f"{left // length}{unit}"
    return "0s"
