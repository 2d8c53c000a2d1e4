"""How each policy judges the keys of tags: which one it chooses, which it refuses, which it ranks higher."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan
from typing import Protocol

from imgupdate.errors import NoTagSelected, shown
from imgupdate.policies.choices import Alphabetical, Choice, Order, SemVer
from imgupdate.policies.numbers import parse_number, plain_numbers
from imgupdate.versions import Range, parse_range, parse_version


class Rule(Protocol):
    """How a policy judges keys. None of its methods raises, `best` apart."""

    @property
    def choosing(self) -> str:
        """What the rule chooses, for people."""
        ...

    def best(self, keys: Sequence[str]) -> str:
        """The key to choose; keys, of which there is at least one, come in ascending order of their tags.

        Raises:
            NoTagSelected: none of them can be chosen, or one of them is such that the policy refuses to choose.

        """
        ...

    def refusal(self, key: str) -> str:
        """Why a key can not be chosen, empty if it can."""
        ...

    def outranks(self, key: str, other: str) -> bool:
        """Whether the first of two keys that can be chosen is strictly better."""
        ...


@dataclass(frozen=True, slots=True)
class _VersionRule:
    range: Range

    @property
    def choosing(self) -> str:
        return f"the highest version in the range {shown(self.range.text)}"

    def best(self, keys: Sequence[str]) -> str:
        newest = self.range.newest(reversed(keys))
        if newest is None:
            raise NoTagSelected(
                f"none of {len(keys)} tags is a version in the range {shown(self.range.text)}",
                remedy="widen the range, or name a pre-release in it (as in '>=1.0.0-0') to let pre-releases in",
            )
        return newest

    def refusal(self, key: str) -> str:
        version = parse_version(key)
        if version is None:
            return "is not a version"
        if self.range.admits(version):
            return ""
        if self.range.misses_only_for_prerelease(version):
            return "is a pre-release, and the range asks for none"
        return "is not in the range"

    def outranks(self, key: str, other: str) -> bool:
        version, rival = parse_version(key), parse_version(other)
        return version is not None and rival is not None and version > rival


@dataclass(frozen=True, slots=True)
class _AlphabeticalRule:
    order: Order

    @property
    def choosing(self) -> str:
        return f"the {'last' if self.order is Order.ASC else 'first'} in alphabetical order"

    def best(self, keys: Sequence[str]) -> str:
        return max(keys) if self.order is Order.ASC else min(keys)

    def refusal(self, key: str) -> str:  # noqa: ARG002 -- every key can be chosen
        return ""

    def outranks(self, key: str, other: str) -> bool:
        return key > other if self.order is Order.ASC else key < other


@dataclass(frozen=True, slots=True)
class _NumericalRule:
    order: Order

    @property
    def choosing(self) -> str:
        return f"the {'largest' if self.order is Order.ASC else 'smallest'} number"

    def best(self, keys: Sequence[str]) -> str:
        numbers = plain_numbers(keys)
        if numbers:
            return keys[numbers.index(max(numbers) if self.order is Order.ASC else min(numbers))]
        best, leader = "", nan
        for key in reversed(keys):
            number = parse_number(key)
            if number is None:
                raise NoTagSelected(
                    f"the key {shown(key)} is not a number",
                    remedy="let filterTags pass only the tags to compare, and extract their number",
                )
            # A tie replaces, and so does whatever is compared with a NaN, as in Flux.
            if not (number < leader if self.order is Order.ASC else number > leader):
                best, leader = key, number
        return best

    def refusal(self, key: str) -> str:
        return "" if parse_number(key) is not None else "is not a number"

    def outranks(self, key: str, other: str) -> bool:
        number, rival = parse_number(key), parse_number(other)
        if number is None or rival is None:
            return False
        return number > rival if self.order is Order.ASC else number < rival


def compile_rule(choice: Choice) -> Rule:
    """The rule of a policy.

    Raises:
        InvalidRange: the range does not parse.

    """
    match choice:
        case SemVer():
            return _VersionRule(parse_range(choice.range))
        case Alphabetical():
            return _AlphabeticalRule(choice.order)
        case _:
            return _NumericalRule(choice.order)
