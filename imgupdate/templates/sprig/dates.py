"""Sprig's functions on times and durations that do not ask the clock. The time zone is UTC."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from imgupdate.templates.functions import Budget, BudgetExceeded, Function, FunctionFailed
from imgupdate.templates.sprig.casting import parse_int
from imgupdate.templates.sprig.date_parsing import parse_time
from imgupdate.templates.sprig.declare import Table, costly, named, plain
from imgupdate.templates.sprig.durations import (
    SECOND,
    parse_duration,
    rounded_text,
    seconds_text,
)
from imgupdate.templates.sprig.layouts import DAY, DAYS, MONTHS, Moment, days_until, written
from imgupdate.templates.values import ANY, INT, STRING, Int64, Struct, StructType

ZERO: Final = Moment(days_until(1, 1, 1) * DAY)
_TIME: Final = "time.Time"
_PRINTED: Final = "2006-01-02 15:04:05.999999999 -0700 MST"
_RFC_3339: Final = "2006-01-02T15:04:05.999999999Z07:00"
_COST: Final = 16
_NOW: Final = "the duration since a time depends on when it is asked for: a commit message has none"


def moment_of(value: Struct) -> Moment:
    """The point in time that a `time.Time` is."""
    return value.inner if isinstance(value.inner, Moment) else ZERO


def _time(moment: Moment) -> Struct:
    return Struct(TIME, (), moment)


def json_text(value: Struct) -> str:
    """A time as JSON writes it."""
    return written(moment_of(value), _RFC_3339)


def _named(type_name: str, text: str) -> Struct:
    """A month or day of the week, which prints as its name."""
    return Struct(StructType(name=type_name, string=lambda _: text))


def _on_day(value: Struct, years: int, months: int, days: int) -> Struct:
    """The time so many years, months and days later, as dates that do not exist run over into the next month."""
    moment = moment_of(value)
    year, month, day = moment.date
    more, month = divmod(month - 1 + months, 12)
    seconds = days_until(year + years + more, month + 1, 1) * DAY + (day - 1 + days) * DAY + moment.local % DAY
    return _time(moment._replace(seconds=seconds - moment.offset))


def _compare(value: Struct, other: Struct) -> int:
    left, right = moment_of(value)[:2], moment_of(other)[:2]
    return (left > right) - (left < right)


def _methods(*declared: Function) -> Mapping[str, Function]:
    return {function.name: function for function in declared}


_METHODS: Final = _methods(
    plain("Format", STRING, call=lambda value, layout: written(moment_of(value), layout)),
    plain("String", call=lambda value: written(moment_of(value), _PRINTED)),
    plain("Year", call=lambda value: moment_of(value).date[0]),
    plain("Month", call=lambda value: _named("time.Month", MONTHS[moment_of(value).date[1] - 1])),
    plain("Day", call=lambda value: moment_of(value).date[2]),
    plain("Hour", call=lambda value: moment_of(value).clock[0]),
    plain("Minute", call=lambda value: moment_of(value).clock[1]),
    plain("Second", call=lambda value: moment_of(value).clock[2]),
    plain("Nanosecond", call=lambda value: moment_of(value).nanoseconds),
    plain("Weekday", call=lambda value: _named("time.Weekday", DAYS[moment_of(value).weekday])),
    plain("YearDay", call=lambda value: moment_of(value).day_of_year),
    plain("Unix", call=lambda value: Int64(moment_of(value).seconds)),
    plain("UnixMilli", call=lambda value: Int64(_units(value, 1_000))),
    plain("UnixMicro", call=lambda value: Int64(_units(value, 1_000_000))),
    plain("UnixNano", call=lambda value: Int64(_units(value, SECOND))),
    *named(("UTC", "Local"), plain, call=lambda value: _time(Moment(*moment_of(value)[:2]))),
    plain("IsZero", call=lambda value: moment_of(value)[:2] == ZERO[:2]),
    plain("AddDate", INT, INT, INT, call=_on_day),
    plain("Compare", _TIME, call=_compare),
    plain("Before", _TIME, call=lambda value, other: _compare(value, other) < 0),
    plain("After", _TIME, call=lambda value, other: _compare(value, other) > 0),
    plain("Equal", _TIME, call=lambda value, other: _compare(value, other) == 0),
)


def _units(value: Struct, in_a_second: int) -> int:
    moment = moment_of(value)
    return moment.seconds * in_a_second + moment.nanoseconds * in_a_second // SECOND


TIME: Final = StructType(name=_TIME, methods=_METHODS, string=lambda value: written(moment_of(value), _PRINTED))


def _duration(seconds: object) -> str:
    """So many seconds, given as a text or an `int64`; anything else is none."""
    if isinstance(seconds, str):
        return seconds_text(parse_int(seconds, 10)[0])
    return seconds_text(int(seconds) if isinstance(seconds, Int64) else 0)


def _duration_round(budget: Budget, duration: object) -> str:
    """A duration in its largest unit, given as a text or as nanoseconds; anything else is none."""
    if isinstance(duration, Struct) and duration.type is TIME:
        raise FunctionFailed(_NOW)
    if isinstance(duration, str):
        budget.spend(_COST * len(duration))
        try:
            return rounded_text(parse_duration(duration))
        except FunctionFailed:
            return "0s"
    return rounded_text(int(duration) if isinstance(duration, Int64) else 0)


def _must_to_date(budget: Budget, layout: str, text: str) -> Struct:
    budget.spend(len(layout) * (8 + len(text) // 8))
    return _time(parse_time(layout, text))


def _to_date(budget: Budget, layout: str, text: str) -> Struct:
    try:
        return _must_to_date(budget, layout, text)
    except BudgetExceeded:
        raise
    except FunctionFailed:
        return _time(ZERO)


def _must_date_modify(budget: Budget, duration: str, time: Struct) -> Struct:
    budget.spend(_COST * len(duration))
    moment = moment_of(time)
    total = moment.nanoseconds + parse_duration(duration)
    return _time(moment._replace(seconds=moment.seconds + total // SECOND, nanoseconds=total % SECOND))


FUNCTIONS: Final[Table] = (
    plain("duration", ANY, call=_duration),
    costly("durationRound", ANY, call=_duration_round),
    costly("toDate", STRING, STRING, call=_to_date),
    costly("mustToDate", STRING, STRING, call=_must_to_date),
    *named(("mustDateModify", "must_date_modify"), costly, STRING, _TIME, call=_must_date_modify),
    plain("unixEpoch", _TIME, call=lambda time: str(moment_of(time).seconds)),
)
