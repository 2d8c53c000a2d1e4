"""Sprig's arithmetic: 64-bit integers that wrap around, and floats by way of decimals."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from math import ceil, copysign, floor, frexp, inf, isfinite, isnan, ldexp, modf, nan
from typing import Final

from imgupdate.templates.formatting import text_of
from imgupdate.templates.functions import Budget, FunctionFailed
from imgupdate.templates.sprig.casting import parse_int, to_float, to_int64
from imgupdate.templates.sprig.declare import Table, costly, named, plain, variadic
from imgupdate.templates.values import ANY, FLOAT64, INT, STRING, Int64, Slice, wrapped

DIVISION_BY_ZERO: Final = "runtime error: integer divide by zero"
_PRECISION: Final = 16
_SMALLEST_EXPONENT: Final = -400


def _add(_budget: Budget, *values: object) -> Int64:
    return Int64(sum(map(to_int64, values)))


def _subtract(left: object, right: object) -> Int64:
    return Int64(to_int64(left) - to_int64(right))


def _multiply(_budget: Budget, value: object, *others: object) -> Int64:
    product = to_int64(value)
    for other in others:
        product = wrapped(product * to_int64(other))
    return Int64(product)


def _divide(left: object, right: object) -> Int64:
    return Int64(_quotient(to_int64(left), to_int64(right)))


def _modulo(left: object, right: object) -> Int64:
    dividend, divisor = to_int64(left), to_int64(right)
    return Int64(dividend - _quotient(dividend, divisor) * divisor)


def _quotient(dividend: int, divisor: int) -> int:
    """Division towards zero."""
    if divisor == 0:
        raise FunctionFailed(DIVISION_BY_ZERO)
    quotient = abs(dividend) // abs(divisor)
    return quotient if (dividend < 0) == (divisor < 0) else -quotient


def _max(_budget: Budget, value: object, *others: object) -> Int64:
    return Int64(max(to_int64(value), *map(to_int64, others)) if others else to_int64(value))


def _min(_budget: Budget, value: object, *others: object) -> Int64:
    return Int64(min(to_int64(value), *map(to_int64, others)) if others else to_int64(value))


def _max_float(_budget: Budget, value: object, *others: object) -> float:
    return _extreme(max, to_float(value), *map(to_float, others))


def _min_float(_budget: Budget, value: object, *others: object) -> float:
    return _extreme(min, to_float(value), *map(to_float, others))


def _extreme(choose: Callable[[float, float], float], *numbers: float) -> float:
    """Go's `math.Max` or `math.Min` over all: infinity in its direction first, then not-a-number, then -0 below 0."""
    best = numbers[0]
    limit = inf if choose is max else -inf
    for number in numbers[1:]:
        if limit in (best, number):
            best = limit
        elif isnan(best) or isnan(number):
            best = nan
        elif best == number == 0:
            best = (
                choose(best, number) if copysign(1, best) == copysign(1, number) else (0.0 if choose is max else -0.0)
            )
        else:
            best = choose(best, number)
    return best


def _floor(value: object) -> float:
    number = to_float(value)
    return copysign(float(floor(number)), number) if isfinite(number) else number


def _ceil(value: object) -> float:
    number = to_float(value)
    return copysign(float(ceil(number)), number) if isfinite(number) else number


def _round(_budget: Budget, value: object, places: int, *round_on: float) -> float:
    """A number to so many places; up from the fraction `round_on` (one half), towards minus infinity below it."""
    power = power_of_ten(places)
    digit = power * to_float(value)
    fraction = modf(digit)[0] if isfinite(digit) else nan
    up = fraction >= (round_on[0] if round_on else 0.5)
    rounded = digit if not isfinite(digit) else float(ceil(digit) if up else floor(digit))
    if rounded == 0:
        rounded = copysign(0.0, digit)
    if power == 0:
        return nan if rounded == 0 or isnan(rounded) else copysign(inf, rounded)
    return nan if isnan(rounded) or abs(rounded) == power == inf else rounded / power


def power_of_ten(exponent: int) -> float:
    """Ten to a power as Go's `math.Pow` comes to it, by squaring, which differs in the last bit from C's."""
    if exponent in (0, 1):
        return 10.0 if exponent else 1.0
    result, shift = 1.0, 0
    square, square_shift = frexp(10.0)
    remaining = min(abs(exponent), 1 << 40)
    while remaining:
        if square_shift > 1 << 12:
            shift += square_shift
            break
        if remaining & 1:
            result *= square
            shift += square_shift
        square *= square
        square_shift *= 2
        if square < 0.5:
            square += square
            square_shift -= 1
        remaining >>= 1
    if exponent < 0:
        result, shift = 1 / result, -shift
    try:
        return ldexp(result, shift)
    except OverflowError:
        return inf


def _to_decimal(budget: Budget, value: object) -> Int64:
    """The number that octal digits, such as a file's mode, stand for."""
    number, failure = parse_int(text_of(value, budget), 8)
    return Int64(0 if failure else number)


def _until(budget: Budget, count: int) -> Slice:
    return _numbers(budget, range(0, count, -1 if count < 0 else 1))


def _until_step(budget: Budget, start: int, stop: int, step: int) -> Slice:
    return _numbers(budget, counted(start, stop, step))


def _numbers(budget: Budget, numbers: range) -> Slice:
    budget.items(length_of(numbers))
    return Slice.of(numbers, INT)


def counted(start: int, stop: int, step: int) -> range:
    """The numbers from start towards stop, which is left out; none where the step leads the other way."""
    leads = step < 0 if stop < start else step > 0
    return range(start, stop, step) if leads else range(0)


def length_of(numbers: range) -> int:
    """How many numbers there are, also where `len` gives up."""
    return 0 if not numbers else (numbers[-1] - numbers[0]) // numbers.step + 1


def _sequence(budget: Budget, *parameters: int) -> str:
    """As the program `seq`: `last`, or `first last`, or `first step last`; both ends are in it."""
    match parameters:
        case (last,):
            start, step = 1, -1 if last < 1 else 1
            stop = last + step
        case (start, last):
            step = -1 if last < start else 1
            stop = last + step
        case (start, step, last):
            if last < start and step > 0:
                return ""
            stop = last + (-1 if last < start else 1)
        case _:
            return ""
    numbers = counted(start, wrapped(stop), step)
    budget.items(length_of(numbers))
    return " ".join(map(str, numbers))


def _decimals(operate: Callable[[Budget, _Decimal, _Decimal], _Decimal]) -> Callable[..., float]:
    """A function that takes floats for the decimals that they print as, and computes with those."""

    def compute(budget: Budget, *values: object) -> float:
        result = _Decimal.of(to_float(values[0]))
        for value in values[1:]:
            result = operate(budget, result, _Decimal.of(to_float(value)))
            budget.spend(result.number.bit_length() // 8)
        return result.as_float()

    return compute


class _Decimal:
    """`number` times ten to the power of `exponent`, exactly."""

    __slots__ = ("exponent", "number")

    def __init__(self, number: int, exponent: int) -> None:
        self.number = number
        self.exponent = exponent

    @classmethod
    def of(cls, value: float) -> _Decimal:
        """The decimal with the fewest digits that is nearest to this float."""
        if not isfinite(value):
            shown = "NaN" if isnan(value) else "+Inf" if value > 0 else "-Inf"
            raise FunctionFailed(f"Cannot create a Decimal from {shown}")
        sign, digits, exponent = Decimal(repr(value)).as_tuple()
        number = int("".join(map(str, digits)))
        return cls(-number if sign else number, int(exponent))

    def at(self, budget: Budget, exponent: int) -> int:
        """The number that this decimal is with a lower exponent."""
        budget.spend((self.exponent - exponent) // 2)
        return int(self.number * 10 ** (self.exponent - exponent))

    def as_float(self) -> float:
        """The nearest float."""
        if not self.number:
            return 0.0
        magnitude = (
            len(str(abs(self.number))) if self.number.bit_length() < 4096 else self.number.bit_length() * 3 // 10
        )
        if magnitude + self.exponent > 400:
            return inf if self.number > 0 else -inf
        if magnitude + self.exponent < _SMALLEST_EXPONENT:
            return copysign(0.0, self.number)
        try:
            return float(self.number * 10**self.exponent) if self.exponent >= 0 else self.number / 10**-self.exponent
        except OverflowError:
            return inf if self.number > 0 else -inf


def _plus(budget: Budget, left: _Decimal, right: _Decimal) -> _Decimal:
    exponent = min(left.exponent, right.exponent)
    return _Decimal(left.at(budget, exponent) + right.at(budget, exponent), exponent)


def _minus(budget: Budget, left: _Decimal, right: _Decimal) -> _Decimal:
    return _plus(budget, left, _Decimal(-right.number, right.exponent))


def _times(_budget: Budget, left: _Decimal, right: _Decimal) -> _Decimal:
    return _Decimal(left.number * right.number, left.exponent + right.exponent)


def _over(budget: Budget, left: _Decimal, right: _Decimal) -> _Decimal:
    """The quotient to sixteen places, halves away from zero."""
    if not right.number:
        raise FunctionFailed("decimal division by 0")
    shift = left.exponent - right.exponent + _PRECISION
    budget.spend(abs(shift) // 2)
    dividend = abs(left.number) * 10 ** max(shift, 0)
    divisor = abs(right.number) * 10 ** max(-shift, 0)
    quotient, rest = divmod(dividend, divisor)
    quotient += 2 * rest >= divisor
    return _Decimal(quotient if (left.number < 0) == (right.number < 0) else -quotient, -_PRECISION)


FUNCTIONS: Final[Table] = (
    plain("atoi", STRING, call=lambda text: parse_int(text, 10)[0]),
    plain("int", ANY, call=to_int64),
    plain("int64", ANY, call=lambda value: Int64(to_int64(value))),
    plain("float64", ANY, call=to_float),
    costly("toDecimal", ANY, call=_to_decimal),
    variadic("add", ANY, call=_add),
    plain("add1", ANY, call=lambda value: Int64(to_int64(value) + 1)),
    plain("sub", ANY, ANY, call=_subtract),
    plain("div", ANY, ANY, call=_divide),
    plain("mod", ANY, ANY, call=_modulo),
    variadic("mul", ANY, ANY, call=_multiply),
    *named(("max", "biggest"), variadic, ANY, ANY, call=_max),
    variadic("min", ANY, ANY, call=_min),
    variadic("maxf", ANY, ANY, call=_max_float),
    variadic("minf", ANY, ANY, call=_min_float),
    plain("floor", ANY, call=_floor),
    plain("ceil", ANY, call=_ceil),
    variadic("round", ANY, INT, FLOAT64, call=_round),
    costly("until", INT, call=_until),
    costly("untilStep", INT, INT, INT, call=_until_step),
    variadic("seq", INT, call=_sequence),
    variadic("addf", ANY, call=lambda budget, *values: _decimals(_plus)(budget, 0.0, *values)),
    costly("add1f", ANY, call=lambda budget, value: _decimals(_plus)(budget, value, 1)),
    variadic("subf", ANY, ANY, call=_decimals(_minus)),
    variadic("mulf", ANY, ANY, call=_decimals(_times)),
    variadic("divf", ANY, ANY, call=_decimals(_over)),
)
