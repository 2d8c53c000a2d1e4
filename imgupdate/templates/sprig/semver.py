"""Sprig's `semver` and `semverCompare`, and the version that a template gets."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from imgupdate.errors import InvalidRange
from imgupdate.templates.functions import Function, FunctionFailed
from imgupdate.templates.quoting import quoted
from imgupdate.templates.sprig.declare import Table, plain
from imgupdate.templates.values import STRING, Struct, StructType, Uint64
from imgupdate.versions import LONGEST_VERSION, RELEASE, Version, parse_loose, parse_range

_IDENTIFIERS: Final = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*"
_PATTERN: Final = re.compile(
    rf"(v?)([0-9]+)(?:\.([0-9]+))?(?:\.([0-9]+))?(?:-({_IDENTIFIERS}))?(?:\+({_IDENTIFIERS}))?"
)
_PRERELEASE: Final = re.compile(_IDENTIFIERS)
_MODULUS: Final = 2**64
_POINTER: Final = "*semver.Version"


class Parts(NamedTuple):
    """What a version is made of; `written` is as it was given."""

    major: int = 0
    minor: int = 0
    patch: int = 0
    prerelease: str = ""
    metadata: str = ""
    written: str = ""

    def __str__(self) -> str:
        text = f"{self.major}.{self.minor}.{self.patch}"
        text += f"-{self.prerelease}" if self.prerelease else ""
        return text + (f"+{self.metadata}" if self.metadata else "")

    def following(self, changed: Parts) -> Struct:
        """Another version as a value, written anew with the `v` that this one had."""
        written = ("v" if self.written.startswith("v") else "") + str(changed)
        return Struct(_VALUE, (), changed._replace(written=written))


def parse_parts(text: str) -> Parts:
    """The parts of a loose version; raises FunctionFailed with the library's text."""
    if len(text) > LONGEST_VERSION:
        raise FunctionFailed(f"version string is too long (max {LONGEST_VERSION} bytes)")
    found = _PATTERN.fullmatch(text)
    if found is None:
        raise FunctionFailed("invalid semantic version")
    numbers = [found[group] or "0" for group in (2, 3, 4)]
    for number in numbers:
        if int(number) >= _MODULUS:
            raise FunctionFailed(
                f"error parsing version segment: strconv.ParseUint: parsing {quoted(number)}: value out of range"
            )
    major, minor, patch = map(int, numbers)
    parts = Parts(major, minor, patch, found[5] or "", found[6] or "", text)
    _check_prerelease(parts.prerelease)
    return parts


def _check_prerelease(text: str) -> None:
    if any(part.isdecimal() and part[0] == "0" and len(part) > 1 for part in text.split(".")):
        raise FunctionFailed("version segment starts with 0")


def _parts(version: Struct) -> Parts:
    return version.inner if isinstance(version.inner, Parts) else Parts()


def _key(version: Struct) -> Version:
    parts = _parts(version)
    prerelease = parse_loose(f"0-{parts.prerelease}") if parts.prerelease else None
    return Version((parts.major, parts.minor, parts.patch, prerelease.key[3] if prerelease else RELEASE), parts.written)


def _compare(version: Struct, other: Struct) -> int:
    left, right = _key(version), _key(other)
    return (left > right) - (left < right)


def _next(number: int, name: str) -> int:
    if number + 1 == _MODULUS:
        raise FunctionFailed(f"{name} version increment would overflow uint64")
    return number + 1


def _increment_major(version: Struct) -> Struct:
    parts = _parts(version)
    return parts.following(Parts(_next(parts.major, "major")))


def _increment_minor(version: Struct) -> Struct:
    parts = _parts(version)
    return parts.following(Parts(parts.major, _next(parts.minor, "minor")))


def _increment_patch(version: Struct) -> Struct:
    parts = _parts(version)
    number = parts.patch if parts.prerelease else _next(parts.patch, "patch")
    return parts.following(Parts(parts.major, parts.minor, number))


def _with_prerelease(version: Struct, prerelease: str) -> Struct:
    if prerelease and not _PRERELEASE.fullmatch(prerelease):
        raise FunctionFailed("invalid prerelease string")
    _check_prerelease(prerelease)
    parts = _parts(version)
    return parts.following(parts._replace(prerelease=prerelease))


def _with_metadata(version: Struct, metadata: str) -> Struct:
    if metadata and not _PRERELEASE.fullmatch(metadata):
        raise FunctionFailed("invalid metadata string")
    parts = _parts(version)
    return parts.following(parts._replace(metadata=metadata))


def _methods(*declared: Function) -> Mapping[str, Function]:
    return {function.name: function for function in declared}


def _comparison(name: str, holds: Callable[[int], bool]) -> Function:
    return plain(name, _POINTER, call=lambda version, other: holds(_compare(version, other)))


_OF_VALUE: Final = _methods(
    plain("String", call=lambda version: str(_parts(version))),
    plain("Major", call=lambda version: Uint64(_parts(version).major)),
    plain("Minor", call=lambda version: Uint64(_parts(version).minor)),
    plain("Patch", call=lambda version: Uint64(_parts(version).patch)),
    plain("Prerelease", call=lambda version: _parts(version).prerelease),
    plain("Metadata", call=lambda version: _parts(version).metadata),
    plain("IncMajor", call=_increment_major),
    plain("IncMinor", call=_increment_minor),
    plain("IncPatch", call=_increment_patch),
    plain("SetPrerelease", STRING, call=_with_prerelease),
    plain("SetMetadata", STRING, call=_with_metadata),
    plain("Value", call=lambda version: str(_parts(version))),
)
_OF_POINTER: Final = _methods(
    plain("Original", call=lambda version: _parts(version).written),
    plain("Compare", _POINTER, call=_compare),
    _comparison("LessThan", lambda order: order < 0),
    _comparison("LessThanEqual", lambda order: order <= 0),
    _comparison("GreaterThan", lambda order: order > 0),
    _comparison("GreaterThanEqual", lambda order: order >= 0),
    _comparison("Equal", lambda order: order == 0),
)


def _shown(version: Struct) -> str:
    return str(_parts(version))


VERSION: Final = StructType(name="semver.Version", methods={**_OF_VALUE, **_OF_POINTER}, string=_shown, pointer=True)
_VALUE: Final = StructType(name="semver.Version", methods=_OF_VALUE, string=_shown)
VERSION_TYPES: Final = (VERSION, _VALUE)
ZERO_VERSION: Final = Struct(VERSION, (), Parts())


def semver(text: str) -> Struct:
    """A version of one to three numbers, as a value with methods."""
    return Struct(VERSION, (), parse_parts(text))


def semver_compare(constraint: str, text: str) -> bool:
    """Whether a version is in a range."""
    try:
        admitted = parse_range(constraint)
    except InvalidRange as error:
        raise FunctionFailed(f"improper constraint: {quoted(constraint)}") from error
    return admitted.admits(_key(semver(text)))


FUNCTIONS: Final[Table] = (
    plain("semver", STRING, call=semver),
    plain("semverCompare", STRING, STRING, call=semver_compare),
)
