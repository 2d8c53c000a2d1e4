"""GitHub's API as the rest of the package asks it: with patience, and never twice what may happen only once."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from imgupdate.errors import PublishError
from imgupdate.github import failures
from imgupdate.github.access import Access, Limits
from imgupdate.github.clock import Clock
from imgupdate.github.exchange import Answer, Dropped, Request
from imgupdate.github.objects import is_hash
from imgupdate.github.waiting import FAILING, LAGS, Patience, is_lagging, is_limited

if TYPE_CHECKING:
    from imgupdate.github.sender import Sender

Effect = Callable[[], object]
"""Looks whether a write that may have happened did: None where it did not, else what it would have answered."""

_PAGE = 100
_STATUS_OF_ERROR = {"NOT_FOUND": 404, "FORBIDDEN": 403, "INSUFFICIENT_SCOPES": 403}


class Api:
    """Calls to one repository's API.

    `what` of a call completes "GitHub does not let us …" in the errors. Every call raises `PublishError`, and
    `failures.Refused` where GitHub says no. PyGithub is imported with the first call, not before: it is heavy.
    """

    def __init__(
        self,
        access: Access,
        *,
        clock: Clock,
        limits: Limits,
        user_agent: str,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.access = access
        self.limits = limits
        self._clock = clock
        self._user_agent = user_agent
        self._patience = Patience(clock, limits, jitter)
        self._starting = threading.Lock()
        self._sender: Sender | None = None

    def get(self, path: str, what: str, **query: str | int) -> Any:  # noqa: ANN401 - JSON
        """Read what is below the repository's address."""
        return self._data(what, "GET", path, query=query)

    def pages(self, path: str, what: str, **query: str | int) -> Iterator[list[Any]]:
        """Read a list page by page, up to our bound on pages.

        Raises:
            PublishError: it has more pages than that.

        """
        for page in range(1, self.limits.pages + 1):
            found = items(self.get(path, what, **query, per_page=_PAGE, page=page))
            yield found
            if len(found) < _PAGE:
                return
        raise PublishError(
            f"GitHub lists more than {self.limits.pages * _PAGE} entries where we {what}",
            remedy="close or delete what is no longer needed",
        )

    def send(self, verb: str, path: str, what: str, body: Mapping[str, object], *, effect: Effect | None = None) -> Any:  # noqa: ANN401 - JSON
        """Write below the repository's address.

        Without `effect` the write may be repeated whatever became of it. With it, it is repeated after an unknown
        outcome only where `effect` finds nothing.
        """
        return self._data(what, verb, path, body=body, effect=effect)

    def mutate(
        self, name: str, given: Mapping[str, object], what: str, *, returning: str, effect: Effect | None = None
    ) -> Any:  # noqa: ANN401 - JSON
        """Make a change through GraphQL, where REST has none."""
        kind = f"{name[0].upper()}{name[1:]}Input!"
        query = f"mutation($input: {kind}) {{ {name}(input: $input) {{ {returning} }} }}"
        body = {"query": query, "variables": {"input": given}}
        data = self._data(what, "POST", None, body=body, effect=effect)
        return data.get("data") if isinstance(data, dict) else None

    def ask(self, query: str, variables: Mapping[str, object], what: str) -> Any:  # noqa: ANN401 - JSON
        """Read through GraphQL, where REST would take many requests."""
        data = self._data(what, "POST", None, body={"query": query, "variables": variables}, reading=True)
        return data.get("data") if isinstance(data, dict) else None

    def _data(
        self,
        what: str,
        verb: str,
        path: str | None,
        *,
        query: Mapping[str, str | int] | None = None,
        body: Mapping[str, object] | None = None,
        effect: Effect | None = None,
        reading: bool = False,
    ) -> Any:  # noqa: ANN401 - JSON
        root = f"/repos/{self.access.repository}"
        full = "" if path is None else f"{root}/{path}" if path else root
        request = Request(verb=verb, path=full, query=query or {}, body=body)
        return self._perform(request, what, effect, writing=verb != "GET" and not reading)

    def _perform(self, request: Request, what: str, effect: Effect | None, *, writing: bool) -> Any:  # noqa: ANN401
        sender, patience = self._tools(), self._patience
        failed = refusals = lags = 0
        while True:
            if writing:
                patience.pace()
            try:
                answer = sender.exchange(request)
            except Dropped as dropped:
                failure: PublishError = failures.unreachable(what, str(dropped), self.access)
                failure.__cause__ = dropped
            else:
                if is_limited(answer):
                    refusals += 1
                    patience.obey(answer, refusals, what)
                    continue
                if lags < LAGS and is_lagging(answer):
                    lags += 1
                    patience.let_settle(lags)
                    continue
                if answer.status not in FAILING:
                    return self._accepted(answer, what)
                failure = failures.failing(what, answer.status, answer.data, self.access)
            failed += 1
            last = failed >= self.limits.attempts or not patience.back_off(failed)
            if effect is not None and (found := effect()) is not None:
                return found
            if last:
                raise failure

    def _accepted(self, answer: Answer, what: str) -> Any:  # noqa: ANN401 - JSON
        if not 200 <= answer.status < 300:
            raise failures.refused(what, answer.status, answer.data, self.access)
        errors = answer.data.get("errors") if isinstance(answer.data, dict) else None
        if isinstance(errors, list) and errors:
            first = errors[0].get("type") if isinstance(errors[0], dict) else ""
            raise failures.refused(what, _STATUS_OF_ERROR.get(str(first), 422), answer.data, self.access)
        return answer.data

    def _tools(self) -> Sender:
        with self._starting:
            if self._sender is None:
                from imgupdate.github.sender import Sender  # noqa: PLC0415 - it brings PyGithub

                self._sender = Sender(self.access, self._clock, self.limits, self._user_agent)
            return self._sender


def escaped(name: str) -> str:
    """A name as a part of a path; its slashes stay."""
    return quote(name, safe="/")


def items(data: object) -> list[Any]:
    """A list of GitHub's.

    Raises:
        PublishError: it is none.

    """
    if isinstance(data, list):
        return data
    raise _malformed("a list")


def member(data: object, *names: str) -> object:
    """What an answer holds under a path of names, None where it holds nothing there."""
    for name in names:
        data = data.get(name) if isinstance(data, dict) else None
    return data


def text(data: object, *names: str) -> str:
    """A text in an answer.

    Raises:
        PublishError: there is none.

    """
    found = member(data, *names)
    if isinstance(found, str):
        return found
    raise _malformed(".".join(names))


def number(data: object, *names: str) -> int:
    """A number in an answer.

    Raises:
        PublishError: there is none.

    """
    found = member(data, *names)
    if isinstance(found, int):
        return found
    raise _malformed(".".join(names))


def object_id(data: object, *names: str) -> str:
    """The hash of an object in an answer.

    Raises:
        PublishError: there is none.

    """
    found = text(data, *names)
    if is_hash(found):
        return found
    raise _malformed(".".join(names))


def _malformed(missing: str) -> PublishError:
    return PublishError(
        f"an answer of GitHub lacks {missing}",
        remedy="check that GITHUB_API_URL leads to GitHub; if so, this is an error of imgupdate: report it",
    )
