"""PyGithub, asked for one exchange at a time: its authentication and its addresses, our wire beneath it.

Its objects are not used: they fetch what they miss by requests of their own, and the number of requests is part of what
this package promises. Its retries, pauses and redirects are switched off (spec/github-actions.md 2.6).
"""

from __future__ import annotations

import json
import re
from collections.abc import ItemsView, Mapping

import github
from github.Requester import HTTPRequestsConnectionClass, Requester, RequestsResponse

from imgupdate.github.access import Access, Limits
from imgupdate.github.clock import Clock
from imgupdate.github.exchange import Answer, Dropped, Request
from imgupdate.github.wire import Wire

API_VERSION = "2022-11-28"
_ACCEPT = "application/vnd.github+json"
_NOT_READY = 202
_NUMBER = re.compile("[0-9]{1,15}")


class Sender:
    """Exchanges with GitHub as one identity; several threads may use it at once."""

    def __init__(self, access: Access, clock: Clock, limits: Limits, user_agent: str) -> None:
        wire = Wire(access, clock, limits)
        root = access.api.removesuffix(_path_of(access.api))

        class Connection(_Connection):
            def getresponse(self) -> RequestsResponse:
                status, headers, content = wire.exchange(self.verb, root + self.url, self.headers, self.input)
                if status == _NOT_READY and self.verb == "GET":
                    raise Dropped("it is still preparing the answer")
                return _Response(status, headers, content)

        # On a class of our own, since PyGithub keeps the choice of connections on the class.
        class OurRequester(Requester):
            pass

        OurRequester.injectConnectionClasses(Connection, Connection)  # type: ignore[arg-type]
        self._graphql = access.graphql
        self._requester = OurRequester(
            auth=github.Auth.Token(access.token),
            base_url=access.api,
            timeout=int(limits.read),
            user_agent=user_agent,
            per_page=100,
            verify=True,
            retry=None,
            pool_size=None,
            seconds_between_requests=None,
            seconds_between_writes=None,
            api_version=API_VERSION,
        )

    def exchange(self, request: Request) -> Answer:
        """Ask once.

        Raises:
            Dropped: there is no whole answer, or none that is JSON.
            PublishError: there never will be.

        """
        status, headers, text = self._requester.requestJson(
            request.verb,
            request.path or self._graphql,
            parameters=dict(request.query),
            headers={"Accept": _ACCEPT},
            input=request.body,
        )
        try:
            data = json.loads(text) if text else None
        except (ValueError, RecursionError) as error:
            if status < 300:
                raise Dropped("its answer is not JSON") from error
            data = None
        return Answer(status=status, headers=headers, data=data)


class _Connection(HTTPRequestsConnectionClass):
    """What PyGithub takes for a connection; it holds one request, the wire below holds the real ones."""

    def __init__(self, host: str, *_: object, **__: object) -> None:
        self.host = host

    def close(self) -> None:
        """Nothing: the wire's connections live on."""


class _Response(RequestsResponse):
    """An answer as PyGithub reads it, without what it would act on or stumble over."""

    def __init__(self, status: int, headers: Mapping[str, str], content: bytes) -> None:
        self.status = status
        self._headers = {
            name: value
            for name, value in headers.items()
            if name != "location" and (not name.startswith("x-ratelimit-") or _NUMBER.fullmatch(value))
        }
        self._content = content

    def getheaders(self) -> ItemsView[str, str]:
        return self._headers.items()

    def read(self) -> str:
        return self._content.decode("utf-8", "replace")


def _path_of(url: str) -> str:
    """The path of a URL that has neither query nor fragment.

    >>> _path_of("https://ghe.example.com/api/v3"), _path_of("https://api.github.com")
    ('/api/v3', '')
    """
    return "".join(url.partition("://")[2].partition("/")[1:])
