"""How Sprig takes any value for a number: Go's number syntax, and zero for what is none."""

from __future__ import annotations

import re
from typing import Final, Literal

from imgupdate.templates.values import wrapped

LARGEST: Final = 2**63 - 1
SMALLEST: Final = -(2**63)

Failure = Literal["invalid syntax", "value out of range"]

_INTEGER: Final = re.compile(r"([+-]?)(0[bB](?=.)|0[oO](?=.)|0[xX](?=.)|0(?=.))?([0-9A-Za-z_]+)", re.ASCII | re.DOTALL)
_BASES: Final = {"": 10, "0": 8, "0b": 2, "0o": 8, "0x": 16}
_DECIMAL: Final = re.compile(r"[+-]?(?=[_.]*[0-9])[0-9_]*(?:\.[0-9_]*)?(?:[eE][+-]?[0-9][0-9_]*)?", re.ASCII)
_HEXADECIMAL: Final = re.compile(
    r"[+-]?0[xX](?=[_.]*[0-9a-fA-F])[0-9a-fA-F_]*(?:\.[0-9a-fA-F_]*)?[pP][+-]?[0-9][0-9_]*", re.ASCII
)
_SPECIAL: Final = re.compile(r"[+-]?inf(?:inity)?|nan", re.IGNORECASE | re.ASCII)
_ZERO_DECIMAL: Final = re.compile(r"\.0+\.*\Z")
_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
_LONGEST: Final = 4000


def to_int64(value: object) -> int:
    """The value as a 64-bit number: a float without its fraction, a text as Go source would write it, else zero."""
    match value:
        case bool() | int():
            return wrapped(int(value))
        case float():
            return truncated(value)
        case str():
            number, failure = parse_int(_without_zero_decimal(value), 0)
            return 0 if failure else number
    return 0


def to_int(value: object) -> int:
    """The value as Go's `int`, which is as large as `int64` here."""
    return to_int64(value)


def to_float(value: object) -> float:
    """The value as a floating point number, zero for what is none."""
    match value:
        case bool() | int() | float():
            return float(value)
        case str():
            number = parse_float(value)
            return 0.0 if number is None else number
    return 0.0


def truncated(value: float) -> int:
    """Go's conversion of a float to a 64-bit integer, as its processors do it: the smallest for what does not fit."""
    return int(value) if -(2.0**63) <= value < 2.0**63 else SMALLEST


def parse_int(text: str, base: int) -> tuple[int, Failure | None]:
    """Go's `strconv.ParseInt` for 64 bits; base 0 reads the prefixes and underscores of Go's literals.

    A number out of range gives the nearest one with the failure.
    """
    found = _INTEGER.fullmatch(text)
    if found is None:
        return 0, "invalid syntax"
    sign, prefix, digits = found[1], found[2] or "", found[3]
    if base:
        digits = prefix + digits
    else:
        base = _BASES[prefix.lower()]
        if "_" in digits:
            if not _underscores_are_well(text):
                return 0, "invalid syntax"
            digits = digits.replace("_", "")
    if not set(digits.lower()).issubset(_DIGITS[:base]):
        return 0, "invalid syntax"
    number = int(digits[:_LONGEST], base)
    number = -number if sign == "-" else number
    if SMALLEST <= number <= LARGEST:
        return number, None
    return (LARGEST if number > 0 else SMALLEST), "value out of range"


def parse_float(text: str) -> float | None:
    """Go's `strconv.ParseFloat` for 64 bits; None for what is no number or too large for one."""
    if _SPECIAL.fullmatch(text):
        return float(text)
    hexadecimal = _HEXADECIMAL.fullmatch(text) is not None
    if not hexadecimal and not _DECIMAL.fullmatch(text):
        return None
    if "_" in text and not _underscores_are_well(text):
        return None
    digits = text.replace("_", "")
    try:
        number = float.fromhex(digits) if hexadecimal else float(digits)
    except OverflowError:
        return None
    return None if abs(number) == float("inf") else number


def _underscores_are_well(text: str) -> bool:
    """Whether each underscore stands between two digits, or between the prefix of a base and a digit."""
    body = text.lstrip("+-")
    prefixed = body[:2].lower() in ("0b", "0o", "0x")
    digits = "0123456789abcdefABCDEF" if body[:2].lower() == "0x" else "0123456789"
    before = "0" if prefixed else ""
    for character in body[2 if prefixed else 0 :]:
        if character == "_" and (not before or before not in digits):
            return False
        if before == "_" and character not in digits:
            return False
        before = character
    return before != "_"


def _without_zero_decimal(text: str) -> str:
    """A number without a fraction of zeros only."""
    return _ZERO_DECIMAL.sub("", text)
