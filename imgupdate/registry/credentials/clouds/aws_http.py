"""How the requests that botocore makes are sent: by our own sender, within its bounds."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import EndpointConnectionError

from imgupdate.errors import ScanError
from imgupdate.registry.clock import Deadline
from imgupdate.registry.sender import Call, Network, Sender

_LIMIT = 256 * 1024


class AwsHttp:
    """Sends what botocore has made and signed; fails as botocore's own would.

    Connections are not kept: there are few requests, and nobody closes a login.
    """

    def __init__(self, sender: Sender, seconds: float, *, attempts: int | None = None) -> None:
        self._sender = sender
        self._seconds = seconds
        self._attempts = attempts

    def before_send(self, request: AWSPreparedRequest, **_: object) -> AWSResponse:
        """The handler of botocore's event of that name; as there is an answer, botocore sends nothing itself."""
        return self.send(request)

    def send(self, request: AWSPreparedRequest) -> AWSResponse:
        """The answer to a request.

        Raises:
            EndpointConnectionError: there is none; our own error is its cause.

        """
        body = request.body or b""
        headers = {name: _as_text(value) for name, value in request.headers.items()}
        try:
            call = Call(
                url=httpx.URL(request.url),
                method=request.method,
                headers={**headers, "Connection": "close"},
                content=body.encode() if isinstance(body, str) else bytes(body),
                limit=_LIMIT,
                network=Network(),
                attempts=self._attempts,
            )
            answer = self._sender.send(call, Deadline(self._sender.clock, self._seconds))
        except (ScanError, httpx.InvalidURL) as error:
            raise EndpointConnectionError(endpoint_url=request.url, error=error) from error
        return AWSResponse(request.url, answer.status, answer.headers, _Raw(answer.body))


class _Raw:
    """A body in the shape in which botocore reads one."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self) -> Iterator[bytes]:
        yield self._body


def _as_text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value
