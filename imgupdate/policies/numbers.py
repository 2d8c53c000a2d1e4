"""Numbers as Go's `strconv.ParseFloat` reads them (spec/flux.md 3.4)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import isinf

_DIGITS = "[0-9]+(?:_[0-9]+)*"
_HEX_DIGITS = "[0-9a-fA-F]+(?:_[0-9a-fA-F]+)*"
_DECIMAL = re.compile(rf"[+-]?(?:{_DIGITS}(?:\.(?:{_DIGITS})?)?|\.{_DIGITS})(?:[eE][+-]?{_DIGITS})?")
_HEXADECIMAL = re.compile(rf"[+-]?0[xX](?:_?{_HEX_DIGITS}(?:\.(?:{_HEX_DIGITS})?)?|\.{_HEX_DIGITS})[pP][+-]?{_DIGITS}")
# So many digits are always exact, and always in range, as a float.
_EXACT_DIGITS = 15
_FINITE_DIGITS = 308
_SPECIAL = re.compile(r"[+-]?inf(?:inity)?|nan", re.ASCII | re.IGNORECASE)


def parse_number(text: str) -> float | None:
    """A number as Go's `strconv.ParseFloat` reads it, None where that fails, also out of range (spec/flux.md 3.4).

    >>> parse_number("0x1p4"), parse_number("1_000"), parse_number(" 1"), parse_number("1e400")
    (16.0, 1000.0, None, None)
    """
    if _DECIMAL.fullmatch(text):
        number = float(text)
    elif _HEXADECIMAL.fullmatch(text):
        try:
            number = float.fromhex(text.replace("_", ""))
        except OverflowError:
            return None
    elif _SPECIAL.fullmatch(text):
        return float(text)
    else:
        return None
    return None if isinf(number) else number


def plain_numbers(keys: Sequence[str]) -> list[float]:
    """The numbers of keys that are digits only, as in the common case; empty where that is not all that they are."""
    together = "".join(keys)
    if not (together.isascii() and together.isdigit() and all(keys)):
        return []
    longest = max(map(len, keys))
    if longest <= _EXACT_DIGITS:
        return list(map(int, keys))
    return list(map(float, keys)) if longest <= _FINITE_DIGITS else []
