"""Go's layouts of times: the reference time `Mon Jan 2 15:04:05 MST 2006` taken apart, and times written by them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

MONTHS: Final = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
DAYS: Final = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
DAY: Final = 86_400

ZONES: Final = (
    "Z070000",
    "Z07:00:00",
    "Z0700",
    "Z07:00",
    "Z07",
    "-070000",
    "-07:00:00",
    "-0700",
    "-07:00",
    "-07",
)
_CHUNK: Final = re.compile(
    r"""
      January | Jan(?![a-z]) | Monday | Mon(?![a-z]) | MST
    | 0[1-6] | 002 | 15 | 1 | 2006 | 2 | (?<=_)2006 | _2(?!006) | __2 | 3 | 4 | 5 | PM | pm
    | -070000 | -07:00:00 | -0700 | -07:00 | -07
    | Z070000 | Z07:00:00 | Z0700 | Z07:00 | Z07
    | [.,](?:0+|9+)(?![0-9])
    """,
    re.VERBOSE,
)


class Moment(NamedTuple):
    """A point in time: seconds since 1970 in UTC, nanoseconds, and the zone that it is shown in."""

    seconds: int
    nanoseconds: int = 0
    zone: str = "UTC"
    offset: int = 0

    @property
    def local(self) -> int:
        """The seconds since 1970 that a clock in its zone shows."""
        return self.seconds + self.offset

    @property
    def date(self) -> tuple[int, int, int]:
        """Year, month and day."""
        return civil(self.local // DAY)

    @property
    def clock(self) -> tuple[int, int, int]:
        """Hour, minute and second."""
        second = self.local % DAY
        return second // 3600, second // 60 % 60, second % 60

    @property
    def weekday(self) -> int:
        """The day of the week, 0 for Sunday."""
        return (self.local // DAY + 4) % 7

    @property
    def day_of_year(self) -> int:
        """The day of the year from 1."""
        return self.local // DAY - days_until(self.date[0], 1, 1) + 1


def days_until(year: int, month: int, day: int) -> int:
    """The days from 1970-01-01 to a date, in the calendar of today for all time."""
    year -= month <= 2
    era, of_era = divmod(year, 400)
    of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    return era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719_468


def civil(days: int) -> tuple[int, int, int]:
    """The date so many days after 1970-01-01."""
    era, of_era = divmod(days + 719_468, 146_097)
    year = (of_era - of_era // 1460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    month = (5 * of_year + 2) // 153
    day = of_year - (153 * month + 2) // 5 + 1
    month += 3 if month < 10 else -9
    return year + era * 400 + (month <= 2), month, day


def chunks(layout: str) -> Iterator[tuple[str, str, str]]:
    """The layout as a text, the element behind it and the layout that remains; the last with an empty element."""
    position = 0
    for found in _CHUNK.finditer(layout):
        yield layout[position : found.start()], found[0], layout[found.end() :]
        position = found.end()
    yield layout[position:], "", ""


def written(moment: Moment, layout: str) -> str:
    """A time by a layout, Go's `Time.Format`."""
    return "".join(text + _element(moment, element) for text, element, _ in chunks(layout))


def _element(moment: Moment, element: str) -> str:
    if element[:1] in (".", ","):
        return _fraction(moment.nanoseconds, element)
    if element in ZONES:
        return _zone(moment.offset, element)
    if element == "MST":
        return moment.zone or _zone(moment.offset, "-0700")
    year, month, day = moment.date
    hour, minute, second = moment.clock
    named = {
        "January": MONTHS[month - 1],
        "Jan": MONTHS[month - 1][:3],
        "Monday": DAYS[moment.weekday],
        "Mon": DAYS[moment.weekday][:3],
        "PM": "PM" if hour >= 12 else "AM",
        "pm": "pm" if hour >= 12 else "am",
    }
    if element in named:
        return named[element]
    numbers = {
        "2006": (year, "0", 4),
        "06": (abs(year) % 100, "0", 2),
        "1": (month, "", 0),
        "01": (month, "0", 2),
        "2": (day, "", 0),
        "_2": (day, " ", 2),
        "02": (day, "0", 2),
        "__2": (moment.day_of_year, " ", 3),
        "002": (moment.day_of_year, "0", 3),
        "15": (hour, "0", 2),
        "3": (hour % 12 or 12, "", 0),
        "03": (hour % 12 or 12, "0", 2),
        "4": (minute, "", 0),
        "04": (minute, "0", 2),
        "5": (second, "", 0),
        "05": (second, "0", 2),
    }
    number, fill, width = numbers.get(element, (0, "", 0))
    return ("-" if number < 0 else "") + str(abs(number)).rjust(width, fill or " ") if element else ""


def _fraction(nanoseconds: int, element: str) -> str:
    shown = f"{nanoseconds:09d}"[: len(element) - 1].ljust(len(element) - 1, "0")
    if element[1] == "9":
        shown = shown.rstrip("0")
    return element[0] + shown if shown else ""


def _zone(offset: int, element: str) -> str:
    if element.startswith("Z") and offset == 0:
        return "Z"
    minutes = abs(offset) // 60
    colon = ":" if ":" in element else ""
    text = f"{'-' if offset <= -60 else '+'}{minutes // 60:02d}"
    digits = sum(character.isdigit() for character in element)
    if digits > 2:
        text += f"{colon}{minutes % 60:02d}"
    return text + (f"{colon}{abs(offset) % 60:02d}" if digits > 4 else "")
