"""Tag filters and the three policies: which of an image's tags is the one to deploy (spec/flux.md 3).

A policy is a value with one rule: filter the tags, make a key of each, choose the highest key. Equal keys are decided
by the tags themselves, so that the choice depends on nothing but the set of tags (spec/flux.md 3.5).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from math import isinf
from typing import Final, Protocol

from imgupdate.errors import InvalidPolicy, NoTagSelected, shown
from imgupdate.patterns import Pattern
from imgupdate.results import Explanation, TagOrder, Verdict
from imgupdate.versions import Range, parse_range, parse_version


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The tag that a policy chose, as published, and the key that it won by."""

    tag: str
    key: str
    explanation: Explanation | None = None


class _Rule(Protocol):
    """How a policy judges keys. None of its methods raises, `best` apart."""

    @property
    def choosing(self) -> str:
        """What the rule chooses, for people."""
        ...

    def best(self, keys: Sequence[str]) -> str | None:
        """The key to choose, None if none can be; keys come in ascending order of their tags."""
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

    def best(self, keys: Sequence[str]) -> str | None:
        return self.range.newest(reversed(keys))

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

    def best(self, keys: Sequence[str]) -> str | None:
        return max(keys, default=None) if self.order is Order.ASC else min(keys, default=None)

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

    def best(self, keys: Sequence[str]) -> str | None:
        numbers = _plain_numbers(keys)
        if numbers:
            return keys[numbers.index(max(numbers) if self.order is Order.ASC else min(numbers))]
        best: str | None = None
        leader = 0.0
        for key in reversed(keys):
            number = parse_number(key)
            if number is None:
                raise NoTagSelected(
                    f"the key {shown(key)} is not a number",
                    remedy="let filterTags pass only the tags to compare, and extract their number",
                )
            # A tie replaces, and so does anything compared with a NaN, as in Flux.
            if best is None or not (number < leader if self.order is Order.ASC else number > leader):
                best, leader = key, number
        return best

    def refusal(self, key: str) -> str:
        return "" if parse_number(key) is not None else "is not a number"

    def outranks(self, key: str, other: str) -> bool:
        number, rival = parse_number(key), parse_number(other)
        if number is None or rival is None:
            return False
        return number > rival if self.order is Order.ASC else number < rival


@dataclass(frozen=True, slots=True, kw_only=True)
class TagPolicy:
    """A policy and the filter before it, compiled. Made by `compile_policy`; equal if written alike."""

    choice: Choice
    filter: TagFilter | None
    _rule: _Rule = field(compare=False, repr=False)
    _pattern: Pattern | None = field(compare=False, repr=False)

    def choose(self, tags: Iterable[str], *, explain: bool = False) -> Chosen:
        """The tag to deploy; the same for any order of the tags.

        Raises:
            NoTagSelected: there are no tags, the filter passes none, none is in the range, or one is not a number.

        """
        ascending = sorted(tags)
        keys, tag_of = self._keys(ascending)
        key = self._best(keys, len(ascending))
        explanation = self.explain(ascending) if explain else None
        return Chosen(tag=tag_of.get(key, key), key=key, explanation=explanation)

    def explain(self, tags: Iterable[str]) -> Explanation:
        """A verdict for each tag, in descending order, also where nothing can be chosen. Never raises."""
        ascending = sorted(tags)
        keys, tag_of = self._keys(ascending)
        try:
            best = self._best(keys, len(ascending))
        except NoTagSelected as error:
            chosen, key, reason = "", "", str(error)
        else:
            chosen, key, reason = tag_of.get(best, best), best, self._rule.choosing
        verdicts = tuple(self._verdict(tag, tag_of, chosen, key) for tag in reversed(ascending))
        return Explanation(verdicts=verdicts, chosen=chosen, key=key, reason=reason)

    def admits(self, tag: str) -> bool:
        """Whether the policy could choose the tag if it were the only one."""
        key = self._key(tag)
        return key is not None and not self._rule.refusal(key)

    def outranks(self, tag: str, other: str) -> bool:
        """Whether the policy ranks the first of two admitted tags strictly above the second, by their keys."""
        key, rival = self._key(tag), self._key(other)
        return key is not None and rival is not None and self._rule.outranks(key, rival)

    def _key(self, tag: str) -> str | None:
        """What a tag is compared by, None if the filter drops it."""
        if self.filter is None or self._pattern is None:
            return tag
        if not self.filter.extract:
            return tag if self._pattern.search(tag) else None
        return self._pattern.expand(tag, self.filter.extract)

    def _keys(self, ascending: list[str]) -> tuple[list[str], Mapping[str, str]]:
        """The keys of the tags that the filter passes, in the order of the tags, and the tags of keys that are no tags.

        Of several tags with one key, the byte-wise smallest counts (spec/flux.md 3.3).
        """
        if self.filter is None or self._pattern is None:
            return ascending, {}
        if not self.filter.extract:
            return list(filter(self._pattern.search, ascending)), {}
        tag_of: dict[str, str] = {}
        expand = self._pattern.expander(self.filter.extract)
        for tag in ascending:
            key = expand(tag)
            if key is not None and key not in tag_of:
                tag_of[key] = tag
        return list(tag_of), tag_of

    def _best(self, keys: Sequence[str], total: int) -> str:
        """The key to choose among those that the filter left of so many tags."""
        key = self._rule.best(keys)
        if key is not None:
            return key
        if not total:
            raise NoTagSelected("there is no tag to choose from", remedy="publish one, or look at the exclusion list")
        if not keys:
            pattern = self.filter.pattern if self.filter else ""
            raise NoTagSelected(
                f"the filter {shown(pattern)} matches none of {total} tags", remedy="correct filterTags.pattern"
            )
        raise NoTagSelected(
            f"none of {len(keys)} tags is {self._rule.choosing.removeprefix('the highest ')}",
            remedy="widen the range, or name a pre-release in it (as in '>=1.0.0-0') to let pre-releases in",
        )

    def _verdict(self, tag: str, tag_of: Mapping[str, str], chosen: str, best: str) -> Verdict:
        key = self._key(tag)
        if key is None:
            return Verdict(tag, kept=False, key="", reason="the filter does not match")
        if (namesake := tag_of.get(key, tag)) != tag:
            return Verdict(tag, kept=False, key=key, reason=f"{shown(namesake)} has the same key and comes first")
        if refusal := self._rule.refusal(key):
            return Verdict(tag, kept=False, key=key, reason=refusal)
        if tag == chosen:
            reason = "chosen"
        elif not chosen:
            reason = "nothing is chosen"
        elif self._rule.outranks(best, key):
            reason = f"ranks below {shown(best)}"
        else:
            reason = f"ranks with {shown(best)}, and the tie is decided by the tags"
        return Verdict(tag, kept=True, key=key, reason=reason)


def compile_policy(choice: Choice | None, tag_filter: TagFilter | None) -> TagPolicy:
    """Check and compile a policy and its filter.

    Raises:
        InvalidPolicy: there is no choice.
        InvalidRange: the range does not parse.
        InvalidPattern: the filter's pattern does not compile.

    """
    rule: _Rule
    match choice:
        case SemVer():
            rule = _VersionRule(parse_range(choice.range))
        case Alphabetical():
            rule = _AlphabeticalRule(choice.order)
        case Numerical():
            rule = _NumericalRule(choice.order)
        case None:
            raise InvalidPolicy("the policy is empty", remedy="give it one of semver, alphabetical or numerical")
    pattern = Pattern(tag_filter.pattern) if tag_filter else None
    return TagPolicy(choice=choice, filter=tag_filter, _rule=rule, _pattern=pattern)


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


def _plain_numbers(keys: Sequence[str]) -> list[int] | list[float]:
    """The numbers of keys that are digits only, as in the common case; empty where that is not all that they are."""
    together = "".join(keys)
    if not (together.isascii() and together.isdigit() and all(keys)):
        return []
    longest = max(map(len, keys))
    if longest <= _EXACT_DIGITS:
        return list(map(int, keys))
    return list(map(float, keys)) if longest <= _FINITE_DIGITS else []


DEFAULT_EXCLUSION: Final = r"^.*\.sig$"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusions:
    """Patterns of tags that no policy sees. Made by `compile_exclusions`; equal if written alike."""

    patterns: tuple[str, ...]
    _signatures: bool = field(compare=False, repr=False)
    _others: tuple[Pattern, ...] = field(compare=False, repr=False)

    def excludes(self, tag: str) -> bool:
        """Whether any pattern matches anywhere in a tag."""
        if self._signatures and tag.endswith(".sig") and "\n" not in tag:
            return True
        return any(pattern.search(tag) for pattern in self._others)


def compile_exclusions(patterns: Sequence[str]) -> Exclusions:
    """Compile an exclusion list; an empty one stands for cosign's signatures, as in Flux (spec/flux.md 4.3).

    Raises:
        InvalidPattern: one of them does not compile.

    """
    texts = tuple(patterns) or (DEFAULT_EXCLUSION,)
    others = tuple(Pattern(text) for text in texts if text != DEFAULT_EXCLUSION)
    return Exclusions(patterns=texts, _signatures=DEFAULT_EXCLUSION in texts, _others=others)


def stored_order(tags: Iterable[str], exclusions: Exclusions) -> list[str]:
    """The tags that policies see: each once, without the excluded, in descending order of bytes (spec/flux.md 4.3)."""
    return sorted({tag for tag in tags if not exclusions.excludes(tag)}, reverse=True)


@dataclass(frozen=True, slots=True)
class ScanOrder(TagOrder):
    """How a policy judges tags of an image that excludes some of them before."""

    exclusions: Exclusions
    policy: TagPolicy

    def admits(self, tag: str) -> bool:
        """Whether the tag is not excluded, and the policy could choose it if it were the only one."""
        return not self.exclusions.excludes(tag) and self.policy.admits(tag)

    def outranks(self, tag: str, other: str) -> bool:
        """Whether the policy ranks the first of two admitted tags strictly above the second."""
        return self.policy.outranks(tag, other)
