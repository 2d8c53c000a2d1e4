"""Requests on the wire: one host, nothing of the environment, each step and the whole bounded in time and in size."""

from __future__ import annotations

import http.client
import io
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from imgupdate.errors import PublishError, shown
from imgupdate.github.access import Access, Limits
from imgupdate.github.clock import Clock
from imgupdate.github.exchange import Dropped

if TYPE_CHECKING:
    from typing_extensions import Buffer

REDIRECTS = 3
_CHUNK = 1 << 16
_MOVED = frozenset({301, 302, 307, 308})
_MOVED_WITH_BODY = frozenset({307, 308})
_PORTS = {"http": 80, "https": 443}


# A connection that cannot be made is a kind of time-out to urllib3; what kept it from being made says more.
_REASONS: tuple[tuple[tuple[type[BaseException], ...], str], ...] = (
    ((urllib3.exceptions.ProxyError,), "the proxy does not let us through"),
    ((socket.gaierror,), "its name has no address"),
    ((ConnectionRefusedError,), "it refuses the connection"),
    ((TimeoutError, urllib3.exceptions.TimeoutError), "it does not answer in time"),
)


class _Deadline:
    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._instant = clock.monotonic() + seconds

    def remaining(self) -> float:
        """Seconds that are left.

        Raises:
            TimeoutError: none are.

        """
        left = self._instant - self._clock.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        return left


_deadline: ContextVar[_Deadline] = ContextVar("imgupdate_github_deadline")


class _TimedReader(io.RawIOBase):
    """What arrives at a socket, as long as the request that waits for it has time left."""

    def __init__(self, raw: io.RawIOBase, connection: socket.socket) -> None:
        self._raw = raw
        self._connection = connection
        self._step = connection.gettimeout()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer, /) -> int | None:
        left = _deadline.get().remaining()
        self._connection.settimeout(left if self._step is None else min(left, self._step))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _TimedResponse(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, debuglevel: int = 0, method: str | None = None) -> None:
        super().__init__(sock, debuglevel, method)
        self.fp = io.BufferedReader(_TimedReader(self.fp.detach(), sock))


class _TimedConnection(HTTPConnection):
    response_class = _TimedResponse


class _TimedTlsConnection(HTTPSConnection):
    response_class = _TimedResponse


class _Pool(HTTPConnectionPool):
    ConnectionCls = _TimedConnection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TimedTlsConnection


_POOLS: dict[str, type[HTTPConnectionPool]] = {"http": _Pool, "https": _TlsPool}


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *arguments: Any, **named: Any) -> None:  # noqa: ANN401 - as in requests
        super().init_poolmanager(*arguments, **named)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **named: Any) -> Any:  # noqa: ANN401 - as in requests
        manager = super().proxy_manager_for(proxy, **named)
        manager.pool_classes_by_scheme = _POOLS
        return manager


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> str | None:  # noqa: ARG002 - its shape is given
        """None: `Wire` follows redirects, and requests would read their bodies without a bound."""
        return None


class Wire:
    """The way to GitHub's host and to no other."""

    def __init__(self, access: Access, clock: Clock, limits: Limits) -> None:
        self._origin = _origin(access.api)
        self._clock = clock
        self._limits = limits
        self._session = _Session()
        self._session.trust_env = False
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        if access.authorities and not Path(access.authorities).exists():
            raise PublishError(
                "the file of trusted certificates does not exist",
                where=shown(access.authorities),
                remedy="correct SSL_CERT_FILE, or leave it out",
            )
        self._session.verify = access.authorities or True
        if access.proxy:
            self._session.proxies = {"http": access.proxy, "https": access.proxy}
        adapter = _Adapter(max_retries=0, pool_maxsize=limits.at_once)
        for scheme in _PORTS:
            self._session.mount(f"{scheme}://", adapter)

    def exchange(
        self, verb: str, url: str, headers: Mapping[str, str], body: str | None
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Ask and be answered: status, headers in lower case, body. Redirects within the host are followed.

        Raises:
            Dropped: there is no whole answer.
            PublishError: there never will be: another host, no trust, too large.

        """
        token = _deadline.set(_Deadline(self._clock, self._limits.whole))
        try:
            for _ in range(REDIRECTS):
                status, answered, content = self._once(verb, url, headers, body)
                followed = _MOVED if verb == "GET" else _MOVED_WITH_BODY
                if status not in followed or "location" not in answered:
                    return status, answered, content
                url = self._within(url, answered["location"])
            raise PublishError(f"GitHub redirects a request more than {REDIRECTS} times", remedy="try again later")
        finally:
            _deadline.reset(token)

    def _once(
        self, verb: str, url: str, headers: Mapping[str, str], body: str | None
    ) -> tuple[int, Mapping[str, str], bytes]:
        limits = self._limits
        with (
            _translated(self._origin[1]),
            self._session.request(
                verb,
                url,
                headers=dict(headers),
                data=body,
                timeout=(limits.connect, limits.read),
                allow_redirects=False,
                stream=True,
            ) as response,
        ):
            content = bytearray()
            for chunk in response.iter_content(_CHUNK):
                content += chunk
                if len(content) > limits.answer_bytes:
                    raise PublishError(
                        f"an answer of GitHub has more than {limits.answer_bytes} bytes, which is more than we take",
                        remedy="tell us which repository this is; it is larger than we have seen",
                    )
            named = {name.lower(): value for name, value in response.headers.items()}
            return response.status_code, named, bytes(content)

    def _within(self, asked: str, target: str) -> str:
        with suppress(ValueError):
            url = urljoin(asked, target)
            if _origin(url) == self._origin:
                return url
        raise PublishError(
            "GitHub redirects a request to another host, which we do not give the token to",
            remedy="check GITHUB_API_URL; of an Enterprise Server it is https://<host>/api/v3",
        )


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or _PORTS.get(parts.scheme)


@contextmanager
def _translated(host: str | None) -> Iterator[None]:
    try:
        yield
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
        if isinstance(error, requests.RequestException) and isinstance(error, ValueError):
            # Its text is not shown: it may hold the proxy's password.
            raise PublishError(
                f"{host} cannot be asked: its address or that of the proxy is wrong, or of an unknown kind",
                remedy="check GITHUB_API_URL and HTTPS_PROXY; the proxy is to be an HTTP proxy, http://host:port",
            ) from None
        for cause in _causes(error):
            if isinstance(cause, ssl.SSLCertVerificationError):
                raise PublishError(
                    f"the certificate of {host} is not trusted ({cause.verify_message})",
                    remedy="give the authority that signed it in SSL_CERT_FILE",
                ) from error
        raise Dropped(_reason(error)) from error


def _reason(error: BaseException) -> str:
    causes = [cause for cause in _causes(error) if not isinstance(cause, urllib3.exceptions.NewConnectionError)]
    for kinds, reason in _REASONS:
        if any(isinstance(cause, kinds) for cause in causes):
            return reason
    return "it broke off the connection"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An exception and all that it came from; requests and urllib3 keep some of it only as an argument."""
    seen: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting:
        current = waiting.pop(0)
        if isinstance(current, BaseException) and current not in seen:
            seen.append(current)
            waiting += [current.__cause__, current.__context__, getattr(current, "reason", None), *current.args]
    yield from seen
