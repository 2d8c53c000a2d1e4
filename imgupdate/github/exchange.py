"""One call to GitHub and what comes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


class Dropped(Exception):
    """There is no whole answer. Whether the request had its effect is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One call. `path` is below the API's root, or empty for GraphQL."""

    verb: str
    path: str
    query: Mapping[str, str | int] = field(default_factory=dict)
    body: Mapping[str, object] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back: status, headers by name in lower case, and the JSON of the body (None where there is none)."""

    status: int
    headers: Mapping[str, str]
    data: Any = field(default=None, repr=False)
