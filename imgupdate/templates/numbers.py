"""Go's number literals: one text is, as far as its value allows, an integer, an unsigned integer and a float."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import isinf

from imgupdate.templates.quoting import character_code, quoted

DIGITS = {16: "0123456789abcdef", 10: "0123456789", 8: "01234567", 2: "01"}
PREFIXES = {"0x": 16, "0o": 8, "0b": 2}
DECIMAL = re.compile(r"[+-]?(?:[0-9][0-9_]*\.?[0-9_]*|\.[0-9][0-9_]*)(?:[eE][+-]?[0-9][0-9_]*)?")
HEXADECIMAL = re.compile(
    r"([+-]?)0[xX](_?[0-9a-fA-F][0-9a-fA-F_]*\.?[0-9a-fA-F_]*|\.[0-9a-fA-F][0-9a-fA-F_]*)[pP]([+-]?[0-9][0-9_]*)"
)


class InvalidNumber(ValueError):
    """A text is not a number of Go's; the message is Go's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """The values of a number literal, None where it has none of that kind."""

    integer: int | None = None
    unsigned: int | None = None
    real: float | None = None
    complex: complex | None = None


def character(text: str) -> Value:
    """The value of a character literal with its quotes; raises quoting.InvalidLiteral."""
    code = character_code(text)
    return Value(integer=code, unsigned=code, real=float(code))


def number(text: str) -> Value:
    """The value of a number literal; raises InvalidNumber."""
    if text.endswith("i") and (imaginary := parse_float(text[:-1])) is not None:
        return _simplified(complex(0, imaginary))
    signed = parse_integer(text)
    integer = signed if signed is not None and -(1 << 63) <= signed < 1 << 63 else None
    unsigned = signed if signed is not None and text[0] not in "+-" and signed < 1 << 64 else None
    if integer == 0:
        unsigned = 0
    if signed is not None and (integer, unsigned) != (None, None):
        return Value(integer=integer, unsigned=unsigned, real=float(signed))
    real = parse_float(text)
    if real is None:
        raise InvalidNumber(f"illegal number syntax: {quoted(text)}")
    if not set(text) & set(".eEpP"):
        raise InvalidNumber(f"integer overflow: {quoted(text)}")
    return Value(integer=_exact(real, -(1 << 63), 1 << 63), unsigned=_exact(real, 0, 1 << 64), real=real)


def complex_number(text: str) -> Value:
    """The value of a literal like `1+2i`; raises InvalidNumber."""
    signs = [place for place in range(1, len(text)) if text[place] in "+-" and text[place - 1] not in "eEpP"]
    seam = max(signs, default=0)
    real, imaginary = parse_float(text[:seam]), parse_float(text[seam:-1])
    if real is None or imaginary is None:
        raise InvalidNumber(f"illegal number syntax: {quoted(text)}")
    return _simplified(complex(real, imaginary))


def _simplified(value: complex) -> Value:
    if value.imag:
        return Value(complex=value)
    real = value.real
    return Value(complex=value, real=real, integer=_exact(real, -(1 << 63), 1 << 63), unsigned=_exact(real, 0, 1 << 64))


def _exact(value: float, low: int, high: int) -> int | None:
    return int(value) if low <= value < high and value == int(value) else None


def _underscores_fit(text: str) -> bool:
    """Whether every underscore stands between digits, or between the prefix of a base and a digit."""
    body = text.lstrip("+-").lower()
    digits, after = DIGITS[10], "!"
    if body[:2] in PREFIXES:
        digits, after, body = DIGITS[16 if body[1] == "x" else 10], "0", body[2:]
    for mark in body:
        if (mark == "_" and after != "0") or (mark != "_" and mark not in digits and after == "_"):
            return False
        after = "0" if mark in digits else mark
    return after != "_"


def parse_integer(text: str) -> int | None:
    """The value of an integer literal of any base (`strconv.ParseInt` with base 0) and any size; None: it is none."""
    sign, digits = (text[0], text[1:]) if text[:1] in {"+", "-"} else ("", text)
    digits = digits.lower()
    if not _underscores_fit(text):
        return None
    base = PREFIXES.get(digits[:2], 8 if digits.startswith("0") and len(digits) > 1 else 10)
    if digits[:2] in PREFIXES:
        digits = digits[2:]
    digits = digits.replace("_", "")
    if not digits or any(digit not in DIGITS[base] for digit in digits) or len(digits) > 400:
        return None
    value = int(digits, base)
    return -value if sign == "-" else value


def parse_float(text: str) -> float | None:
    """The value of a float literal (`strconv.ParseFloat`); None: it is none, or too large."""
    if not _underscores_fit(text):
        return None
    if (found := HEXADECIMAL.fullmatch(text)) is not None:
        sign, mantissa, exponent = (part.replace("_", "") for part in found.groups())
        value = _hexadecimal(mantissa, exponent)
        return value if value is None or sign != "-" else -value
    if DECIMAL.fullmatch(text) is None:
        return None
    value = float(text.replace("_", ""))
    return None if isinf(value) else value


def _hexadecimal(mantissa: str, exponent: str) -> float | None:
    try:
        return float.fromhex(f"0x{mantissa}p{exponent}")
    except OverflowError:
        return None
