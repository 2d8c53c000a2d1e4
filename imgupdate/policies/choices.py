"""What an image policy asks for, as it is written."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from imgupdate.errors import InvalidPolicy, shown


class Order(StrEnum):
    """`order` of the alphabetical and the numerical policy: ascending chooses the last, descending the first."""

    ASC = "asc"
    DESC = "desc"

    @classmethod
    def parse(cls, text: str) -> Order:
        """An order in any case; an empty one is ascending, as in Flux.

        Raises:
            InvalidPolicy: it is another word.

        """
        try:
            return cls(text.lower() or cls.ASC)
        except ValueError:
            raise InvalidPolicy(f"the order {shown(text)} is unknown", remedy="write 'asc' or 'desc'") from None


@dataclass(frozen=True, slots=True)
class SemVer:
    """Choose the highest version in a range."""

    range: str


@dataclass(frozen=True, slots=True)
class Alphabetical:
    """Choose the last or first in the order of bytes."""

    order: Order = Order.ASC


@dataclass(frozen=True, slots=True)
class Numerical:
    """Choose the largest or smallest number."""

    order: Order = Order.ASC


Choice = SemVer | Alphabetical | Numerical


@dataclass(frozen=True, slots=True, kw_only=True)
class TagFilter:
    """`filterTags`: only tags that match are looked at.

    `extract` is the template of the key that they are compared by; where it is empty the tag itself is the key.
    """

    pattern: str = ""
    extract: str = ""
