"""Go's `time.Parse`: a text read by a layout, in UTC where it names no zone, with Go's errors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from imgupdate.templates.functions import FunctionFailed
from imgupdate.templates.sprig.durations import shown
from imgupdate.templates.sprig.layouts import DAYS, MONTHS, ZONES, Moment, chunks, days_until
from imgupdate.templates.values import from_bytes, to_bytes

_LENGTHS: Final = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


class _Bad(Exception):
    """The text does not hold what the layout's element asks for."""


class _OutOfRange(Exception):
    """The text holds a number that the layout's element cannot have."""


def parse_time(layout: str, value: str) -> Moment:
    """The time that a text tells by a layout; raises FunctionFailed with Go's error."""
    return _Parser(layout, value).time()


class _Parser:
    """What has been read, and what is left of the text, a character a byte as in Go."""

    def __init__(self, layout: str, value: str) -> None:
        self.layout = _as_characters(layout)
        self.whole = self.rest = _as_characters(value)
        self.year = self.hour = self.minute = self.second = self.nanoseconds = 0
        self.month = self.day = self.year_day = -1
        self.afternoon: bool | None = None
        self.is_utc = False
        self.offset: int | None = None
        self.zone = ""
        self.readers = self._readers()

    def time(self) -> Moment:
        for text, element, following in chunks(self.layout):
            self._skip(text)
            if element:
                self._take_element(element, following)
        if self.rest:
            raise self._failed(f": extra text: {_shown(self.rest)}")
        return self._moment()

    def _take_element(self, element: str, following: str) -> None:
        held = self.rest
        try:
            self._read(element, following)
        except _OutOfRange as error:
            raise self._failed(f": {error} out of range") from None
        except _Bad:
            raise self._cannot(held, element) from None

    def _failed(self, message: str) -> FunctionFailed:
        return FunctionFailed(f"parsing time {_shown(self.whole)}{message}")

    def _cannot(self, value: str, element: str) -> FunctionFailed:
        return self._failed(f" as {_shown(self.layout)}: cannot parse {_shown(value)} as {_shown(element)}")

    def _skip(self, text: str) -> None:
        """Pass over the text between two elements; a run of spaces stands for any other, or the end."""
        position = 0
        while position < len(text):
            if text[position] == " ":
                if self.rest and self.rest[0] != " ":
                    raise self._cannot(self.rest, text)
                position = len(text) - len(text[position:].lstrip(" "))
                self.rest = self.rest.lstrip(" ")
                continue
            if self.rest[:1] != text[position]:
                raise self._cannot(self.rest, text)
            position += 1
            self.rest = self.rest[1:]

    def _readers(self) -> dict[str, Callable[[], None]]:
        return {
            "06": self._short_year,
            "2006": self._long_year,
            "Jan": lambda: self._set("month", self._name([month[:3] for month in MONTHS]) + 1),
            "January": lambda: self._set("month", self._name(MONTHS) + 1),
            "1": lambda: self._number("month", 1, 12),
            "01": lambda: self._number("month", 1, 12, fixed=True),
            "Mon": lambda: self._set("", self._name([day[:3] for day in DAYS])),
            "Monday": lambda: self._set("", self._name(DAYS)),
            "2": lambda: self._set("day", self._digits()),
            "_2": lambda: self._set("day", self._digits(spaces=1)),
            "02": lambda: self._set("day", self._digits(fixed=True)),
            "__2": lambda: self._set("year_day", self._three_digits(fixed=False)),
            "002": lambda: self._set("year_day", self._three_digits(fixed=True)),
            "15": lambda: self._number("hour", 0, 23),
            "3": lambda: self._number("hour", 0, 12),
            "03": lambda: self._number("hour", 0, 12, fixed=True),
            "4": lambda: self._number("minute", 0, 59),
            "04": lambda: self._number("minute", 0, 59, fixed=True),
            "5": lambda: self._number("second", 0, 59),
            "05": lambda: self._number("second", 0, 59, fixed=True),
            "PM": lambda: self._half("AM", "PM"),
            "pm": lambda: self._half("am", "pm"),
            "MST": self._zone_name,
        }

    def _read(self, element: str, following: str) -> None:
        if element in ZONES:
            self._zone(element)
        elif element[0] in ".,":
            self._fraction(element)
        else:
            self.readers[element]()
        if element in ("5", "05") and not _fraction_is_next(following):
            self._unasked_fraction()

    def _set(self, name: str, value: int) -> None:
        if name:
            setattr(self, name, value)

    def _take(self, count: int) -> str:
        if len(self.rest) < count:
            raise _Bad
        taken, self.rest = self.rest[:count], self.rest[count:]
        return taken

    def _short_year(self) -> None:
        year = _integer(self._take(2))
        self.year = year + (1900 if year >= 69 else 2000)

    def _long_year(self) -> None:
        if not _is_digit(self.rest[:1]):
            raise _Bad
        self.year = _integer(self._take(4))

    def _name(self, names: tuple[str, ...] | list[str]) -> int:
        for index, name in enumerate(names):
            if self.rest[: len(name)].lower() == name.lower():
                self.rest = self.rest[len(name) :]
                return index
        raise _Bad

    def _digits(self, *, fixed: bool = False, spaces: int = 0) -> int:
        """One or two digits, or exactly two."""
        for _ in range(spaces):
            self.rest = self.rest.removeprefix(" ")
        if not _is_digit(self.rest[:1]):
            raise _Bad
        if _is_digit(self.rest[1:2]):
            return int(self._take(2))
        if fixed:
            raise _Bad
        return int(self._take(1))

    def _three_digits(self, *, fixed: bool) -> int:
        if not fixed:
            self.rest = self.rest.removeprefix(" ").removeprefix(" ")
        count = next((index for index in range(3) if not _is_digit(self.rest[index : index + 1])), 3)
        if count == 0 or (fixed and count != 3):
            raise _Bad
        return int(self._take(count))

    def _number(self, name: str, least: int, most: int, *, fixed: bool = False) -> None:
        number = self._digits(fixed=fixed)
        if not least <= number <= most:
            raise _OutOfRange(name)
        setattr(self, name, number)

    def _half(self, before_noon: str, after_noon: str) -> None:
        half = self._take(2)
        if half not in (before_noon, after_noon):
            raise _Bad
        if half == after_noon:
            self.afternoon = True
        elif self.afternoon is None:
            self.afternoon = False

    def _fraction(self, element: str) -> None:
        if element[1] == "0":
            self.nanoseconds = _nanoseconds(self._take(len(element)))
        elif self.rest[:1] in (".", ",") and _is_digit(self.rest[1:2]):
            self._unasked_fraction()

    def _unasked_fraction(self) -> None:
        """Read a fraction behind the seconds."""
        if not (self.rest[:1] in (".", ",") and _is_digit(self.rest[1:2])):
            return
        end = 2
        while _is_digit(self.rest[end : end + 1]):
            end += 1
        self.nanoseconds = _nanoseconds(self._take(end))

    def _zone(self, element: str) -> None:
        if element.startswith("Z") and self.rest.startswith("Z"):
            self.rest = self.rest[1:]
            self.is_utc = True
            return
        text = self._take(len(element))
        if any(text[index] != ":" for index, character in enumerate(element) if character == ":"):
            raise _Bad
        numbers = text[1:].replace(":", "") if ":" in element else text[1:]
        parts = list(_pairs(numbers))
        found = zip(parts, (24, 60, 60), ("hour", "minute", "second"), strict=False)
        wrong = [name for number, most, name in found if number > most]
        if wrong:
            raise _OutOfRange(f"time zone offset {wrong[-1]}")
        if text[0] not in "+-" or len(parts) * 2 < len(numbers):
            raise _Bad
        hours, minutes, seconds = (*parts, 0, 0)[:3]
        self.offset = ((hours * 60 + minutes) * 60 + seconds) * (-1 if text[0] == "-" else 1)

    def _zone_name(self) -> None:
        if self.rest.startswith("UTC"):
            self.rest = self.rest[3:]
            self.is_utc = True
            return
        length = _zone_length(self.rest)
        if not length:
            raise _Bad
        self.zone = self._take(length)

    def _moment(self) -> Moment:
        if self.afternoon and self.hour < 12:
            self.hour += 12
        elif self.afternoon is False and self.hour == 12:
            self.hour = 0
        self._settle_date()
        if not 1 <= self.day <= _days_in(self.month, self.year):
            raise self._failed(": day out of range")
        days = days_until(self.year, self.month, self.day)
        seconds = ((days * 24 + self.hour) * 60 + self.minute) * 60 + self.second
        if self.is_utc or (self.offset is None and not self.zone):
            return Moment(seconds, self.nanoseconds)
        zone = from_bytes(self.zone.encode("latin-1"))
        if self.offset is not None:
            if self.offset == 0 and zone in ("", "UTC"):
                return Moment(seconds, self.nanoseconds)
            return Moment(seconds - self.offset, self.nanoseconds, zone, self.offset)
        offset = int(zone[3:]) * 3600 if zone.startswith("GMT") and len(zone) > 3 else 0
        return Moment(seconds, self.nanoseconds, zone, offset)

    def _settle_date(self) -> None:
        """Month and day from the day of the year where that was given; the first where nothing was."""
        if self.year_day < 0:
            self.month = max(self.month, 1)
            self.day = 1 if self.day < 0 else self.day
            return
        length = 365 + _is_leap(self.year)
        left = self.year_day
        if not 1 <= left <= length:
            raise self._failed(": day-of-year out of range")
        month = 1
        while left > _days_in(month, self.year):
            left -= _days_in(month, self.year)
            month += 1
        if self.month not in (-1, month):
            raise self._failed(": day-of-year does not match month")
        if self.day not in (-1, left):
            raise self._failed(": day-of-year does not match day")
        self.month, self.day = month, left


def _as_characters(text: str) -> str:
    """A Go string as one character for each byte."""
    return to_bytes(text).decode("latin-1")


def _shown(characters: str) -> str:
    return shown(from_bytes(characters.encode("latin-1")))


def _is_digit(character: str) -> bool:
    return "0" <= character <= "9"


def _integer(text: str) -> int:
    """A number with an optional sign, of any digits."""
    digits = text[1:] if text[:1] in ("+", "-") else text
    if not digits or not all(map(_is_digit, digits)):
        raise _Bad
    return int(text)


def _pairs(text: str) -> Iterator[int]:
    """The numbers of two digits each that a text begins with."""
    for index in range(0, len(text), 2):
        if not all(map(_is_digit, text[index : index + 2])):
            return
        yield int(text[index : index + 2])


def _nanoseconds(text: str) -> int:
    """The nanoseconds of a fraction with its point; digits behind the ninth do not count."""
    if text[0] not in ".,":
        raise _Bad
    number = _integer(text[1:10])
    if number < 0:
        raise _OutOfRange("fractional second")
    return int(text[1:10].ljust(9, "0"))


def _fraction_is_next(layout: str) -> bool:
    return next(chunks(layout))[1][:1] in (".", ",")


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _days_in(month: int, year: int) -> int:
    return 29 if month == 2 and _is_leap(year) else _LENGTHS[month - 1]


def _zone_length(text: str) -> int:
    """How many characters at the start are the name of a zone, 0 for none."""
    if text[:4] in ("ChST", "MeST"):
        return 4
    if text.startswith("GMT"):
        return 3 + _offset_length(text[3:])
    if text[:1] in ("+", "-") and len(text) >= 3:
        return _offset_length(text)
    letters = next((index for index, character in enumerate(text[:6]) if not "A" <= character <= "Z"), len(text[:6]))
    if letters == 3 or (letters == 5 and text[4] == "T"):
        return letters
    return 4 if letters == 4 and (text[3] == "T" or text[:4] == "WITA") else 0


def _offset_length(text: str) -> int:
    """The length of a sign and hours at the start, 0 for none."""
    if text[:1] not in ("+", "-") or not text:
        return 0
    end = 1
    while _is_digit(text[end : end + 1]):
        end += 1
    return end if end > 1 and int(text[1:end][:20]) <= 23 else 0
