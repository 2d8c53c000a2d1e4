"""`python -m benchmarks.registry_server KIND SECONDS`: a registry on a free port of the loopback interface.

It prints its port, waits for so long before each answer, counts what it is asked (`GET /requests` tells and forgets),
and runs until its standard input ends. It does as little as a registry can, so that clients are measured and not it.
"""

from __future__ import annotations

import asyncio
import json
import sys
from enum import StrEnum
from urllib.parse import parse_qs

TAGS = 50
USER, PASSWORD = "alice", "secret-of-alice"
BASIC = "Basic YWxpY2U6c2VjcmV0LW9mLWFsaWNl"


class Kind(StrEnum):
    """What the registry wants to see; PER_REPOSITORY tokens are for one repository whatever is asked for."""

    OPEN = "open"
    BASIC = "Basic"
    PER_REPOSITORY = "Bearer, a token for each"
    SHARED = "Bearer, one token for many"


class Registry:
    """What is asked of the server, and what it answers."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.port = 0
        self.requests = 0
        self._tokens: list[frozenset[str]] = []
        self._list = json.dumps({"name": "any", "tags": [f"1.{number}.0" for number in range(TAGS)]}).encode()

    def answer(self, target: str, authorization: str) -> bytes:
        """The whole answer to a GET."""
        path, _, query = target.partition("?")
        if path == "/requests":
            count, self.requests = self.requests, 0
            return _response(200, json.dumps(count).encode())
        self.requests += 1
        if path == "/token":
            return self._token(query)
        name = path.removeprefix("/v2/").removesuffix("/tags/list")
        if self._admits(name, authorization):
            return _response(200, self._list)
        realm = f'Bearer realm="http://127.0.0.1:{self.port}/token",service="any",scope="repository:{name}:pull"'
        return _response(401, b"{}", f"WWW-Authenticate: {'Basic' if self.kind is Kind.BASIC else realm}\r\n")

    def _token(self, query: str) -> bytes:
        scopes = [scope.split(":")[1] for scope in parse_qs(query)["scope"]]
        self._tokens.append(frozenset(scopes if self.kind is Kind.SHARED else scopes[:1]))
        body = {"token": f"token-{len(self._tokens) - 1}", "expires_in": 300}
        return _response(200, json.dumps(body).encode())

    def _admits(self, name: str, authorization: str) -> bool:
        match self.kind:
            case Kind.OPEN:
                return True
            case Kind.BASIC:
                return authorization == BASIC
            case _:
                number = authorization.removeprefix("Bearer token-")
                return number.isdigit() and name in self._tokens[int(number)]


def _response(status: int, body: bytes, more: str = "") -> bytes:
    head = f"HTTP/1.1 {status} -\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n{more}\r\n"
    return head.encode() + body


class _Connection(asyncio.Protocol):
    """One connection: GETs without a body, one after the other. Who speaks TLS is shown the door."""

    def __init__(self, registry: Registry, seconds: float) -> None:
        self._registry = registry
        self._seconds = seconds
        self._received = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        assert self._transport is not None
        self._received += data
        if not b"GET ".startswith(self._received[:4]):
            self._transport.abort()
            return
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            head, self._received = self._received[:end].decode("latin-1"), self._received[end + 4 :]
            first, *fields = head.split("\r\n")
            values = {name.lower(): value.strip() for name, _, value in (field.partition(":") for field in fields)}
            answer = self._registry.answer(first.split(" ")[1], values.get("authorization", ""))
            if self._seconds:
                asyncio.get_running_loop().call_later(self._seconds, self._transport.write, answer)
            else:
                self._transport.write(answer)


async def serve(kind: Kind, seconds: float) -> None:
    """Serve until standard input ends."""
    registry = Registry(kind)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(registry, seconds), "127.0.0.1", 0, backlog=512)
    registry.port = server.sockets[0].getsockname()[1]
    print(registry.port, flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(serve(Kind(sys.argv[1]), float(sys.argv[2])))
