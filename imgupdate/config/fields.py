"""Reads the fields of a mapping one by one. What is wrong is noted with its place, and the reading goes on."""

from __future__ import annotations

import re
from enum import IntEnum, StrEnum
from typing import TypeVar

from imgupdate.config.findings import Findings, field_name, suggestion
from imgupdate.documents.nodes import Entry, Mapping, Node, Scalar, Sequence
from imgupdate.errors import shown
from imgupdate.results import Location, Severity

Choice = TypeVar("Choice", bound=StrEnum)


class ApiVersion(IntEnum):
    """The versions of Flux's image kinds, the oldest first."""

    V1ALPHA1 = 1
    V1ALPHA2 = 2
    V1BETA1 = 3
    V1BETA2 = 4
    V1 = 5


# spec/flux.md 1.1: what the API server accepts, and what Go reads where the schema of a version says nothing.
DURATION = re.compile(r"([0-9]+(\.[0-9]+)?(ms|s|m|h))+")
DURATION_WITHOUT_HOURS = re.compile(r"([0-9]+(\.[0-9]+)?(ms|s|m))+")
GO_DURATION = re.compile(r"[-+]?(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|\u00b5s|\u03bcs|ms|s|m|h))+|[-+]?0")
_PIECE = re.compile(r"([0-9]*\.?[0-9]*)(ns|us|\u00b5s|\u03bcs|ms|s|m|h)")
_SECONDS = {"ns": 1e-9, "us": 1e-6, "\u00b5s": 1e-6, "\u03bcs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_LONGEST_DURATION = 2**63 / 1e9


def interval_pattern(version: ApiVersion) -> re.Pattern[str]:
    """How a version writes intervals: the alpha versions leave that to Go."""
    return GO_DURATION if version < ApiVersion.V1BETA1 else DURATION


class Fields:
    """A mapping of an object. `unknown` says how much a field matters that nothing asked for; None: not at all."""

    def __init__(
        self,
        node: Mapping,
        findings: Findings,
        place: Location,
        *,
        version: ApiVersion = ApiVersion.V1,
        unknown: Severity | None = Severity.WARNING,
    ) -> None:
        self.node = node
        self.findings = findings
        self.version = version
        self._place = place
        self._unknown = unknown
        self._known: list[str] = []
        self._children: list[Fields] = []

    def at(self, name: str = "") -> Location:
        """The place of a field, that of the mapping where the field is missing."""
        entry = self.node.entry(name)
        line, column = (entry.line, entry.column) if entry else (self.node.line, self.node.column)
        return self._located(line, column, f".{field_name(name)}" if name else "")

    def has(self, name: str) -> bool:
        """Whether a field is there and not null."""
        entry = self.node.entry(name)
        return entry is not None and not _is_null(entry.value)

    def string(
        self,
        name: str,
        *,
        required: bool = False,
        since: ApiVersion = ApiVersion.V1ALPHA1,
        longest: int | None = None,
    ) -> str:
        """A text, empty where the field is missing; a required one must not be empty."""
        text = self._text_of(name, required=required, since=since)
        if text is not None and longest is not None and len(text) > longest:
            self.findings.error(f"{name} is longer than {longest} characters", self.at(name), "shorten it")
        return text or ""

    def boolean(self, name: str, *, since: ApiVersion = ApiVersion.V1ALPHA1) -> bool:
        """True or false; false where the field is missing."""
        entry = self._take(name, since=since)
        if entry is None:
            return False
        if isinstance(entry.value, Scalar) and isinstance(entry.value.value, bool):
            return entry.value.value
        self._wrong_type(entry.value, "true or false", self.at(name), "write true or false, without quotes")
        return False

    def choice(self, name: str, default: Choice, *, since: ApiVersion = ApiVersion.V1ALPHA1) -> Choice:
        """One word of an enumeration."""
        text = self._text_of(name, since=since)
        kind = type(default)
        if text is None:
            return default
        if text not in {member.value for member in kind}:
            words = " or ".join(repr(member.value) for member in kind)
            self.findings.error(f"{name} cannot be {shown(text)}", self.at(name), f"write {words}")
            return default
        return kind(text)

    def duration(
        self,
        name: str,
        pattern: re.Pattern[str] = DURATION,
        *,
        required: bool = False,
        since: ApiVersion = ApiVersion.V1ALPHA1,
    ) -> float | None:
        """A duration in seconds, None where the field is missing."""
        text = self._text_of(name, required=required, since=since, remedy="write something like 30s, 5m or 1m30s")
        if text is None:
            return None
        if not pattern.fullmatch(text):
            hours = pattern is DURATION_WITHOUT_HOURS and DURATION.fullmatch(text)
            remedy = "write minutes instead of hours, like 60m" if hours else "write something like 30s, 5m or 1m30s"
            self.findings.error(f"{name} is not a duration: {shown(text)}", self.at(name), remedy)
            return None
        seconds = sum(float(amount) * _SECONDS[unit] for amount, unit in _PIECE.findall(text))
        if seconds >= _LONGEST_DURATION:
            self.findings.error(f"{name} is longer than any duration can be", self.at(name), "shorten it")
            return None
        return -seconds if text.startswith("-") else seconds

    def strings(
        self, name: str, *, since: ApiVersion = ApiVersion.V1ALPHA1, most: int | None = None
    ) -> tuple[tuple[str, Location], ...]:
        """A list of texts, each with its place."""
        items = self._items(name, since)
        if most is not None and len(items) > most:
            self.findings.error(f"{name} has {len(items)} items", self.at(name), f"keep at most {most}")
        texts = ((self._text(item, place), place) for item, place in items)
        return tuple((text, place) for text, place in texts if text is not None)

    def string_map(self, name: str, *, since: ApiVersion = ApiVersion.V1ALPHA1) -> dict[str, str]:
        """A mapping from texts to texts."""
        entry = self._take(name, since=since)
        if entry is None:
            return {}
        if not isinstance(entry.value, Mapping):
            self._wrong_type(entry.value, "a mapping", self.at(name))
            return {}
        texts: dict[str, str] = {}
        for item in entry.value.entries:
            text = self._text(item.value, self._located(item.line, item.column, f".{name}.{field_name(item.key)}"))
            if text is not None:
                texts[item.key] = text
        return texts

    def child(self, name: str, *, required: bool = False, since: ApiVersion = ApiVersion.V1ALPHA1) -> Fields | None:
        """A mapping below this one."""
        entry = self._take(name, since=since, required=required)
        if entry is None:
            return None
        return self._nested(entry.value, self.at(name))

    def children(self, name: str, *, since: ApiVersion = ApiVersion.V1ALPHA1) -> list[Fields]:
        """The mappings of a list."""
        nested = [self._nested(item, place) for item, place in self._items(name, since)]
        return [fields for fields in nested if fields is not None]

    def reference(self, name: str, *, required: bool = False, since: ApiVersion = ApiVersion.V1ALPHA1) -> str:
        """The name in a reference like `secretRef: {name: x}`; empty where there is no reference."""
        fields = self.child(name, required=required, since=since)
        return fields.string("name", required=True) if fields else ""

    def expect(self, *names: str) -> None:
        """Know fields that are not read here."""
        self._known.extend(names)

    def finish(self) -> None:
        """Note the fields that nothing asked for, here and below."""
        for child in self._children:
            child.finish()
        if self._unknown is None:
            return
        for entry in self.node.entries:
            if entry.key in self._known:
                continue
            place = self._located(entry.line, entry.column, f".{field_name(entry.key)}")
            remedy = suggestion(entry.key, [name for name in self._known if self.node.entry(name) is None])
            message = f"there is no field {shown(entry.key)} here"
            if self._unknown is Severity.ERROR:
                self.findings.error(message, place, remedy or "remove it")
            else:
                self.findings.warning(f"{message}, Flux drops it", place, remedy or "remove it")

    def _take(self, name: str, *, since: ApiVersion = ApiVersion.V1ALPHA1, required: bool = False) -> Entry | None:
        self._known.append(name)
        entry = self.node.entry(name)
        if entry is not None and _is_null(entry.value) and self._unknown is Severity.ERROR:
            self.findings.error(f"{name} has no value", self.at(name), "give it one, or remove it")
            return None
        if entry is None or _is_null(entry.value):
            if required:
                self.findings.error(f"{name} is missing", self.at(name), f"add {name}")
            return None
        if self.version < since:
            message = f"{name} does not exist in {self.version.name.lower()}, Flux drops it"
            self.findings.warning(message, self.at(name), "write apiVersion: image.toolkit.fluxcd.io/v1")
            return None
        return entry

    def _items(self, name: str, since: ApiVersion) -> list[tuple[Node, Location]]:
        entry = self._take(name, since=since)
        if entry is None:
            return []
        if not isinstance(entry.value, Sequence):
            self._wrong_type(entry.value, "a list", self.at(name))
            return []
        return [
            (item, self._located(item.line, item.column, f".{name}[{index}]"))
            for index, item in enumerate(entry.value.items)
        ]

    def _nested(self, node: Node, place: Location) -> Fields | None:
        if not isinstance(node, Mapping):
            self._wrong_type(node, "a mapping", place)
            return None
        child = Fields(node, self.findings, place, version=self.version, unknown=self._unknown)
        self._children.append(child)
        return child

    def _text_of(
        self,
        name: str,
        *,
        required: bool = False,
        since: ApiVersion = ApiVersion.V1ALPHA1,
        remedy: str = "",
    ) -> str | None:
        """The text of a field, None where it is missing or noted as wrong."""
        entry = self._take(name, since=since, required=required)
        text = self._text(entry.value, self.at(name), remedy) if entry else None
        if text == "" and required:
            self.findings.error(f"{name} is empty", self.at(name), "give it a value")
            return None
        return text

    def _text(self, node: Node, place: Location, remedy: str = "") -> str | None:
        if isinstance(node, Scalar) and isinstance(node.value, str):
            return node.value
        if not remedy and isinstance(node, Scalar) and node.value is not None and len(node.text) <= 40:
            remedy = f'quote it: "{node.text}"'
        self._wrong_type(node, "a text", place, remedy)
        return None

    def _wrong_type(self, node: Node, wanted: str, place: Location, remedy: str = "") -> None:
        name = place.field.removeprefix(self._place.field).removeprefix(".")
        self.findings.error(f"{name} is {_type_of(node)}, it must be {wanted}", place, remedy or f"write {wanted}")

    def _located(self, line: int, column: int, suffix: str) -> Location:
        return Location(self._place.path, line, column, (self._place.field + suffix).removeprefix("."))


def _is_null(node: Node) -> bool:
    return isinstance(node, Scalar) and node.value is None


def _type_of(node: Node) -> str:
    if isinstance(node, Mapping):
        return "a mapping"
    if isinstance(node, Sequence):
        return "a list"
    if node.value is None:
        return "null"
    if isinstance(node.value, bool):
        return "a boolean"
    return "a number" if isinstance(node.value, int | float) else "a text"
