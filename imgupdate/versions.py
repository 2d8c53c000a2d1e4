"""Loose semantic versions and Masterminds' ranges, as Flux uses them (spec/flux.md 2).

A version is compared by its key, a tuple. A range is, for each of its `||` groups, one interval of keys with holes in
it, because every operator but `!=` admits an interval and the terms of a group all have to hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from math import inf
from typing import Final

import semver

from imgupdate.errors import InvalidRange, shown

LONGEST_VERSION: Final = 256
LONGEST_RANGE: Final = 512
MOST_GROUPS: Final = 32

Prerelease = tuple[tuple[int, int | str], ...]
Key = tuple[int, int, int, Prerelease]
# An end of an interval of keys: the beginning of a key, or a whole key, or a key and one item more.
Bound = tuple[object, ...]

# Sorts above every pre-release: an identifier is (0, number) or (1, text), and fewer of them sort lower.
RELEASE: Final[Prerelease] = ((2, 0),)
_ZERO: Final[Key] = (0, 0, 0, RELEASE)

_LARGEST: Final = 2**64 - 1
_IDENTIFIERS = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*"
_NUMBERS = re.compile(r"v?([0-9]{1,18})\.([0-9]{1,18})\.([0-9]{1,18})(?![0-9])").match
_LOOSE = re.compile(rf"v?([0-9]+)(?:\.([0-9]+))?(?:\.([0-9]+))?(?:-({_IDENTIFIERS}))?(?:\+{_IDENTIFIERS})?").fullmatch

_SPACE = r"[\t\n\f\r ]"
# Masterminds' class holds the bar too: `1|2` is a part by its grammar, and then not a number.
_PART = r"[0-9|xX*]+"
_RANGE_VERSION = rf"v?{_PART}(?:\.{_PART})?(?:\.{_PART})?(?:-{_IDENTIFIERS})?(?:\+{_IDENTIFIERS})?"
_HYPHEN = re.compile(rf"{_SPACE}*({_RANGE_VERSION}){_SPACE}+-{_SPACE}+({_RANGE_VERSION}){_SPACE}*")
_TERM = re.compile(
    rf"{_SPACE}*(=>|=<|>=|<=|!=|~>|=|>|<|~|\^|){_SPACE}*"
    rf"(v?({_PART})(?:\.({_PART}))?(?:\.({_PART}))?(-{_IDENTIFIERS})?(?:\+{_IDENTIFIERS})?)"
)
_SEPARATOR = re.compile(rf"{_SPACE}*,|{_SPACE}+")
_BLANK = re.compile(rf"{_SPACE}*")


@dataclass(frozen=True, slots=True, order=True)
class Version:
    """A version, ordered as semantic versions are; build metadata and spelling do not count. `text` is as written."""

    key: Key
    text: str = field(compare=False)

    @property
    def is_prerelease(self) -> bool:
        """Whether it has a pre-release part."""
        return self.key[3] != RELEASE


def parse_version(tag: str) -> Version | None:
    """A tag as Flux reads it: a loose version with at least two dots anywhere (spec/flux.md 2.1); None for others.

    >>> parse_version("1.2") is None, parse_version("1.2-beta.1").key[:3]
    (True, (1, 2, 0))
    """
    return parse_loose(tag) if tag.count(".") >= 2 else None


def parse_loose(text: str) -> Version | None:
    """A version of one to three numbers, leading zeros and a `v` allowed; None for anything else."""
    found = _LOOSE(text) if len(text) <= LONGEST_VERSION else None
    if found is None:
        return None
    major, minor, patch, identifiers = found.groups()
    numbers = (int(major), int(minor or 0), int(patch or 0))
    if max(numbers) > _LARGEST:
        return None
    prerelease = RELEASE
    if identifiers is not None:
        parts = identifiers.split(".")
        if any(part[0] == "0" and len(part) > 1 and part.isdecimal() for part in parts):
            return None
        prerelease = tuple(map(_identifier, parts))
    return Version((*numbers, prerelease), text)


def update_kind(old: str, new: str) -> str:
    """`major`, `minor` or `patch`: the highest part in which two versions differ.

    Empty where they are equal or one is no version. A tag needs a dot to count as one, so that build numbers do not.
    """
    versions = [parse_loose(tag) if "." in tag else None for tag in (old, new)]
    before, after = (
        semver.Version(*version.key[:3], _identifiers(version)) if version else None for version in versions
    )
    if before is None or after is None or before == after:
        return ""
    if before.major != after.major:
        return "major"
    return "minor" if before.minor != after.minor else "patch"


@dataclass(frozen=True, slots=True)
class _Interval:
    """Keys from `low`, included, to `high`, excluded; of one pre-release only if one is given."""

    low: Bound
    high: Bound
    prerelease: Prerelease | None = None

    def holds(self, key: Key) -> bool:
        return self.low <= key < self.high and (self.prerelease is None or key[3] == self.prerelease)


@dataclass(frozen=True, slots=True)
class _Group:
    """Terms that all have to hold."""

    interval: _Interval
    holes: tuple[_Interval, ...]
    prereleases: bool

    def admits(self, key: Key) -> bool:
        return self.covers(key) and (self.prereleases or key[3] == RELEASE)

    def covers(self, key: Key) -> bool:
        """Whether the group admits a version, the rule about pre-releases left aside."""
        return self.interval.holds(key) and not any(hole.holds(key) for hole in self.holes)


@dataclass(frozen=True, slots=True)
class Range:
    """A range of versions. Two are equal if they are written alike."""

    text: str
    _groups: tuple[_Group, ...] = field(compare=False, repr=False)

    def admits(self, version: Version) -> bool:
        """Whether a version is in the range."""
        return self._admits(version.key)

    def misses_only_for_prerelease(self, version: Version) -> bool:
        """Whether a version would be in the range if a term of it had a pre-release (spec/flux.md 2.5)."""
        return not self.admits(version) and any(group.covers(version.key) for group in self._groups)

    def newest(self, tags: Iterable[str]) -> str | None:
        """The first of the highest versions in the range among tags, in the order given; None if there is none."""
        floor = min(group.interval.low for group in self._groups)
        ceiling = max(group.interval.high for group in self._groups)
        is_interval = len(self._groups) == 1 and not self._groups[0].holes
        prereleases = any(group.prereleases for group in self._groups)
        newest, lowest = None, 0
        key = _ZERO
        for tag in tags:
            found = _NUMBERS(tag)
            if found:
                # The release of these numbers, which ranks above whatever else the tag may be of them.
                major, minor, patch = found.groups()
                if int(major) < lowest:
                    continue
                key = (int(major), int(minor), int(patch), RELEASE)
                if key < floor:
                    continue
            if not found or found.end() != len(tag):
                if found and not prereleases and tag.startswith("-", found.end()):
                    continue
                version = parse_version(tag)
                if version is None:
                    continue
                key = version.key
            if floor <= key < ceiling and ((is_interval and key[3] == RELEASE) or self._admits(key)):
                newest, lowest, floor = tag, key[0], _above(key)
        return newest

    def _admits(self, key: Key) -> bool:
        return any(group.admits(key) for group in self._groups)


def parse_range(text: str) -> Range:
    """Read a range in Masterminds' grammar (spec/flux.md 2.3).

    Raises:
        InvalidRange: it does not parse.

    """
    if len(text.encode("utf-8", "surrogatepass")) > LONGEST_RANGE:
        raise InvalidRange(f"the version range {shown(text)} is longer than {LONGEST_RANGE} bytes")
    groups = _without_hyphens(text).split("||")
    if len(groups) > MOST_GROUPS:
        raise InvalidRange(f"the version range {shown(text)} has more than {MOST_GROUPS} groups joined by '||'")
    return Range(text, tuple(_parse_group(group, text) for group in groups))


def _without_hyphens(text: str) -> str:
    """Write every `A - B` as two terms, wherever it occurs."""
    rewritten = text
    for found in _HYPHEN.finditer(text):
        rewritten = rewritten.replace(found[0], f">= {found[1]}, <= {found[2]} ", 1)
    return rewritten


@dataclass(frozen=True, slots=True)
class _Term:
    """One comparison. `known` is how many leading numbers are given, 0 to 3; the version is filled up with zeros."""

    operator: str
    key: Key
    known: int


def _parse_group(group: str, text: str) -> _Group:
    terms = []
    position = 0
    while True:
        found = _TERM.match(group, position)
        if found is None:
            raise _improper(group, text)
        terms.append(_parse_term(found, text))
        position = found.end()
        if _BLANK.fullmatch(group, position):
            return _combine(terms)
        separator = _SEPARATOR.match(group, position)
        if separator is None:
            raise _improper(group, text)
        position = separator.end()


def _parse_term(found: re.Match[str], text: str) -> _Term:
    operator, written, *parts, prerelease = found.groups()
    known = next((index for index, part in enumerate(parts) if part in (None, "x", "X", "*")), 3)
    filled = written if known == 3 else ".".join((*parts[:known], *("0",) * (3 - known))) + (prerelease or "")
    version = parse_loose(filled)
    if version is None:
        raise InvalidRange(
            f"the version range {shown(text)} holds {shown(written)}, which is not a version",
            remedy="write up to three numbers, 'x' or '*' for any, and a pre-release without leading zeros",
        )
    return _Term(operator, version.key, known)


def _combine(terms: list[_Term]) -> _Group:
    intervals = [_interval(term) for term in terms if term.operator != "!="]
    return _Group(
        interval=_Interval(
            low=max((interval.low for interval in intervals), default=()),
            high=min((interval.high for interval in intervals), default=(inf,)),
        ),
        holes=tuple(_hole(term) for term in terms if term.operator == "!="),
        prereleases=any(term.key[3] != RELEASE for term in terms),
    )


def _interval(term: _Term) -> _Interval:
    """The keys that a term admits, `!=` apart (spec/flux.md 2.6)."""
    key, known = term.key, term.known
    low: Bound = key
    high: Bound = (inf,)
    match term.operator:
        case "" | "=" if known == 3:
            high = _above(key)
        case "" | "=" | "~" | "~>":
            high = _above_tilde(key, known)
        case "^":
            high = _above_caret(key, known)
        case ">":
            low = _next(key, known) if known in (1, 2) else _above(key)
        case "<":
            low, high = (), key
        case "<=" | "=<":
            low, high = (), _above(key) if known == 3 else _next(key, known or 2)
    return _Interval(low, high)


def _hole(term: _Term) -> _Interval:
    """The keys that a `!=` term takes out."""
    key, known = term.key, term.known
    match known:
        case 1:
            return _Interval(key[:1], _next(key, 1))
        case 2:
            return _Interval(key[:2], _next(key, 2), key[3])
        case _:
            return _Interval(key, _above(key))


def _above(key: Key) -> Bound:
    """The least bound above a key itself."""
    return (*key, 0)


def _next(key: Key, known: int) -> Bound:
    """The least bound above all keys that share the first numbers."""
    return (*key[: known - 1], key[:3][known - 1] + 1)


def _above_tilde(key: Key, known: int) -> Bound:
    """The end of `~`: the next minor version, or major if no minor is given; `~*` and `~0.0.0` have none."""
    if known == 0 or (known == 3 and key[:3] == (0, 0, 0)):
        return (inf,)
    return _next(key, 1 if known == 1 else 2)


def _above_caret(key: Key, known: int) -> Bound:
    """The end of `^`: the next version in the first number that is not zero."""
    if key[0] > 0 or known == 1:
        return _next(key, 1)
    return _next(key, 2 if key[1] > 0 or known == 2 else 3)


def _identifier(part: str) -> tuple[int, int | str]:
    """What a pre-release identifier is compared by; digits beyond 64 bits count as text."""
    return (0, number) if part.isdecimal() and (number := int(part)) <= _LARGEST else (1, part)


def _identifiers(version: Version) -> str | None:
    return ".".join(str(part) for _, part in version.key[3]) if version.is_prerelease else None


def _improper(group: str, text: str) -> InvalidRange:
    part = f" in {shown(group)}" if group != text else ""
    return InvalidRange(
        f"the version range {shown(text)} does not parse{part}",
        remedy="write comparisons such as '>=1.2 <2', '^1.2', '1.x' or '1.0 - 2.0', with '||' between alternatives",
    )
