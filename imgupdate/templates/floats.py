"""Go's texts for floating point numbers (`strconv.FormatFloat`)."""

from __future__ import annotations

from math import copysign, frexp, isinf, isnan


def format_float(value: float, verb: str = "g", precision: int = -1) -> str:
    """The text of a number for one of the verbs `b e E f g G x X`; precision -1: as many digits as tell it apart."""
    if isnan(value):
        return "NaN"
    if isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    sign = "-" if copysign(1, value) < 0 else ""
    value = abs(value)
    match verb:
        case "b":
            return sign + _binary(value)
        case "x" | "X":
            text = _hexadecimal(value, precision)
        case "e" | "E":
            text = _scientific(*_digits(value, precision + 1 if precision >= 0 else -1), precision)
        case "f":
            text = f"{value:.{precision}f}" if precision >= 0 else _fixed(*_digits(value, -1))
        case _:
            text = _general(value, precision)
    return sign + (text.upper() if verb in "EGX" else text)


def _digits(value: float, count: int) -> tuple[str, int]:
    """The significant digits of a number, rounded to so many (-1: the fewest that tell it apart), and its exponent."""
    text = f"{value:.{count - 1}e}" if count > 0 else _shortest(value)
    mantissa, _, exponent = text.partition("e")
    return mantissa.replace(".", ""), int(exponent)


def _shortest(value: float) -> str:
    """The shortest text in scientific notation that reads back as the number."""
    mantissa, _, exponent = repr(value).partition("e")
    whole, _, fraction = mantissa.partition(".")
    fraction = "" if fraction == "0" else fraction
    digits = (whole + fraction).lstrip("0")
    power = int(exponent or 0) + len(whole) - 1
    if whole == "0":
        power -= len(whole + fraction) - len(digits)
    digits = digits.rstrip("0") or "0"
    return f"{digits}e{power if value else 0}"


def _scientific(digits: str, exponent: int, precision: int) -> str:
    fraction = digits[1:] if precision < 0 else digits[1 : precision + 1].ljust(precision, "0")
    point = "." if fraction else ""
    return f"{digits[0]}{point}{fraction}e{'-' if exponent < 0 else '+'}{abs(exponent):02d}"


def _fixed(digits: str, exponent: int) -> str:
    if exponent < 0:
        return "0." + "0" * (-exponent - 1) + digits
    whole = digits[: exponent + 1].ljust(exponent + 1, "0")
    return whole + (f".{digits[exponent + 1 :]}" if len(digits) > exponent + 1 else "")


def _general(value: float, precision: int) -> str:
    """Scientific notation for an exponent below -4 or beyond the precision, else fixed; no zeros at the end."""
    digits, exponent = _digits(value, max(precision, 1) if precision >= 0 else -1)
    digits = digits.rstrip("0") or "0"
    limit = 6 if precision < 0 else max(precision, 1)
    if precision >= 0 and limit > len(digits) and len(digits) >= exponent + 1:
        limit = len(digits)
    if exponent < -4 or exponent >= limit:
        return _scientific(digits, exponent, -1)
    return _fixed(digits, exponent)


def _binary(value: float) -> str:
    mantissa, exponent = _integral(value)
    return f"{mantissa}p{exponent:+d}"


def _integral(value: float) -> tuple[int, int]:
    """The 53 bits of the mantissa as an integer, and the exponent that goes with it."""
    if value == 0:
        return 0, -1074
    fraction, exponent = frexp(value)
    exponent = max(exponent - 53, -1074)
    return int(fraction * 2.0 ** (frexp(value)[1] - exponent)), exponent


def _hexadecimal(value: float, precision: int) -> str:
    if value == 0:
        return "0x0" + ("." + "0" * precision if precision > 0 else "") + "p+00"
    fraction, exponent = frexp(value)
    mantissa, exponent = int(fraction * (1 << 53)), exponent - 1
    digits = 13
    if 0 <= precision < 13:
        shift = 52 - 4 * precision
        half, rest = 1 << (shift - 1), mantissa & ((1 << shift) - 1)
        mantissa >>= shift
        mantissa += rest > half or (rest == half and mantissa & 1)
        digits = precision
        if mantissa >> (4 * digits + 1):
            mantissa, exponent = mantissa >> 1, exponent + 1
    lead, fraction_bits = mantissa >> (4 * digits), mantissa & ((1 << (4 * digits)) - 1)
    text = f"{fraction_bits:0{digits}x}" if digits else ""
    text = text.rstrip("0") if precision < 0 else text.ljust(precision, "0")
    sign = "-" if exponent < 0 else "+"
    return f"0x{lead}{'.' + text if text else ''}p{sign}{abs(exponent):02d}"
