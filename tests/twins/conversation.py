"""A registry that is a written conversation: it expects these requests in this order and no others.

    with ConversationTwin() as twin:
        twin.expect(exchanges)
        ...                      # let a client with `transport_of=twin.transport_of` ask
        assert twin.unexpected == () and twin.missing == ()

All hosts of the internet are this twin, over real connections of the loopback interface.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

import httpx

from tests.twins.http import Answer, HttpTwin, RecordedRequest

SCHEME = "x-twin-scheme"
UNEXPECTED = 418


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A request and its answer.

    Queries are compared with their order, but for parameters without a value. `authorization` is what is shown, empty
    for nothing; `headers` are those of the others that matter, in lower case. `form` is the body of a POST.
    """

    method: str
    url: httpx.URL
    authorization: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    form: str = ""
    answer: Answer

    @property
    def target(self) -> str:
        """Method and URL, its query as written."""
        return f"{self.method} {self.url}"


class ConversationTwin(HttpTwin):
    """Answers what it expects; everything else gets 418 and is written down."""

    def __init__(self) -> None:
        super().__init__()
        self._expected: list[Exchange] = []
        self._unexpected: list[str] = []

    def expect(self, exchanges: Iterable[Exchange]) -> None:
        """Go on with these."""
        with self._lock:
            self._expected.extend(exchanges)

    @property
    def unexpected(self) -> tuple[str, ...]:
        """How requests differed from what was expected."""
        with self._lock:
            return tuple(self._unexpected)

    @property
    def missing(self) -> tuple[str, ...]:
        """What was not asked yet."""
        with self._lock:
            return tuple(exchange.target for exchange in self._expected)

    def answer(self, request: RecordedRequest) -> Answer:
        """That of the next exchange, if the request is its."""
        with self._lock:
            if not self._expected:
                self._unexpected.append(f"{_asked(request)} after the end")
                return Answer(status=UNEXPECTED)
            exchange = self._expected.pop(0)
            wrong = _differences(exchange, request)
            if wrong:
                self._unexpected.append(wrong)
                return Answer(status=UNEXPECTED)
        return exchange.answer

    def transport_of(self, network: object, url: httpx.URL, public_only: bool) -> httpx.BaseTransport:
        """The way to any host, which ends here."""
        return _ToLoopback(self.url)


class _ToLoopback(httpx.BaseTransport):
    """Sends every request to the twin, with the host that it was for."""

    def __init__(self, target: str) -> None:
        self._target = httpx.URL(target)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = self._target.copy_with(raw_path=request.url.raw_path)
        headers = [*request.headers.raw, (SCHEME.encode(), request.url.scheme.encode()), (b"Connection", b"close")]
        sent = httpx.Request(request.method, url, headers=headers, stream=request.stream)
        transport = httpx.HTTPTransport(trust_env=False)
        response = transport.handle_request(sent)
        body = b"".join(response.iter_raw())
        transport.close()
        return httpx.Response(response.status_code, headers=response.headers.raw, stream=httpx.ByteStream(body))


def _asked(request: RecordedRequest) -> str:
    host = f"{request.headers.get(SCHEME, 'http')}://{request.headers.get('host', '')}"
    pairs = [f"{key}={value}" for key, values in request.query.items() for value in values]
    return f"{request.method} {host}{request.path}" + ("?" + "&".join(pairs) if pairs else "")


def _differences(exchange: Exchange, request: RecordedRequest) -> str:
    """What is other than expected, empty for nothing."""
    url = exchange.url
    pairs = [f"{key}={value}" for key, value in parse_qsl(url.query.decode("ascii"))]
    target = f"{exchange.method} {url.scheme}://{url.netloc.decode('ascii')}{url.path}"
    expected = {
        "request": target + ("?" + "&".join(pairs) if pairs else ""),
        "authorization": exchange.authorization,
        "body": exchange.form,
        **exchange.headers,
    }
    given = {
        "request": _asked(request),
        "authorization": request.headers.get("authorization", ""),
        "body": request.body.decode(),
        **{name: request.headers.get(name, "") for name in exchange.headers},
    }
    return "; ".join(
        f"{name}: {given[name]!r}, not {expected[name]!r}" for name in expected if given[name] != expected[name]
    )
