"""A call while it is served: what was asked, by whom, and the two ways in which it ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlencode

from tests.twins.github.accounts import Token
from tests.twins.github.contract import Json, Operation

if TYPE_CHECKING:
    from tests.twins.github.world import World

DOCUMENTATION = "https://docs.github.com/rest"
T = TypeVar("T")


class Refused(Exception):
    """GitHub's no: a status, a message, and for "Validation Failed" what was wrong."""

    def __init__(self, status: int, message: str, *errors: Json, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = errors
        self.headers = headers or {}

    @property
    def body(self) -> Json:
        """The body of the answer."""
        errors = {"errors": list(self.errors)} if self.errors else {}
        return {"message": self.message, **errors, "documentation_url": DOCUMENTATION, "status": str(self.status)}


def invalid(resource: str, field_name: str = "", *, code: str = "custom", message: str = "") -> Refused:
    """A 422 that names a field."""
    error = {"resource": resource, "code": code}
    if field_name:
        error["field"] = field_name
    if message:
        error["message"] = message
    return Refused(422, "Validation Failed", error)


def missing() -> Refused:
    """A 404."""
    return Refused(404, "Not Found")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a call answers; None is no body."""

    status: int = 200
    body: Json = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call that keeps to the contract."""

    world: World
    operation: Operation
    path: str
    parameters: Mapping[str, str]
    query: Mapping[str, Sequence[str]]
    body: Json
    token: Token

    def asked(self, name: str, default: str = "") -> str:
        """A query parameter."""
        return self.query.get(name, [default])[0]

    def number(self, name: str, default: int) -> int:
        """A numeric query parameter."""
        return int(self.asked(name) or default)

    def page(self, items: Sequence[T], *, most: int = 100, size: int = 30) -> tuple[Sequence[T], Mapping[str, str]]:
        """The page of a list that was asked for, and the header that names the others."""
        size = min(self.number("per_page", size), most)
        current = max(self.number("page", 1), 1)
        last = max(-(-len(items) // size), 1)
        pages = {"prev": current - 1, "next": current + 1, "last": last, "first": 1}
        links = [
            f'<{self.world.api}{self.path}?{self._query(page)}>; rel="{name}"'
            for name, page in pages.items()
            if 1 <= page <= last and (page < current if name in {"prev", "first"} else page > current)
        ]
        return items[(current - 1) * size : current * size], ({"Link": ", ".join(links)} if links else {})

    def _query(self, page: int) -> str:
        kept = {name: values[0] for name, values in self.query.items()}
        return urlencode({**kept, "page": str(page)})
