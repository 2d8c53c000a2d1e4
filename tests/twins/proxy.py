"""An HTTP proxy on a free port of the loopback interface that writes down what goes through it."""

from __future__ import annotations

import base64
import http.client
import selectors
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit


class ProxyTwin:
    """Forwards plain requests and opens tunnels while the `with` block runs; `used` lists `METHOD target`.

    With a `username` it demands that user and password. Names lead to `anywhere`, if given, so that a test can have
    hosts of any name.
    """

    def __init__(self, *, username: str = "", password: str = "", anywhere: str = "") -> None:
        self.used: list[str] = []
        self.anywhere = anywhere
        self.expected = "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode() if username else ""

    def __enter__(self) -> Self:
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), name="proxy-twin")
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.closing.set()
        self._server.hang_up()
        self._server.server_close()
        self._thread.join()

    @property
    def host(self) -> str:
        """Address and port."""
        return f"127.0.0.1:{self._server.server_address[1]}"

    @property
    def url(self) -> str:
        """The address as a proxy setting has it."""
        return f"http://{self.host}"


class _Server(ThreadingHTTPServer):
    daemon_threads = False

    def __init__(self, twin: ProxyTwin) -> None:
        self.twin = twin
        self.closing = threading.Event()
        self.connections: set[socket.socket] = set()
        super().__init__(("127.0.0.1", 0), _Handler)

    def finish_request(self, request: Any, client_address: Any) -> None:
        self.connections.add(request)
        try:
            super().finish_request(request, client_address)
        finally:
            self.connections.discard(request)

    def hang_up(self) -> None:
        for connection in list(self.connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no news."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Use is recorded, not printed."""

    def _admitted(self) -> bool:
        twin = self.server.twin
        twin.used.append(f"{self.command} {self.path}")
        if twin.expected and self.headers.get("Proxy-Authorization") != twin.expected:
            self._answer(407, {"Proxy-Authenticate": "Basic"}, b"")
            return False
        return True

    def do_CONNECT(self) -> None:
        if not self._admitted():
            return
        host, _, port = (self.server.twin.anywhere or self.path).rpartition(":")
        with socket.create_connection((host, int(port)), timeout=10) as far:
            self._answer(200, {}, None)
            self.wfile.flush()
            self._relay(far)
        self.close_connection = True

    def _relay(self, far: socket.socket) -> None:
        near = self.connection
        with selectors.DefaultSelector() as selector:
            selector.register(near, selectors.EVENT_READ, far)
            selector.register(far, selectors.EVENT_READ, near)
            while not self.server.closing.is_set():
                for key, _ in selector.select(timeout=0.05):
                    source, sink = key.fileobj, key.data
                    assert isinstance(source, socket.socket)
                    data = source.recv(65536)
                    if not data:
                        return
                    sink.sendall(data)

    def do_GET(self) -> None:
        if not self._admitted():
            return
        parts = urlsplit(self.path)
        connection = http.client.HTTPConnection(self.server.twin.anywhere or parts.netloc, timeout=10)
        headers = {key: value for key, value in self.headers.items() if not key.lower().startswith("proxy-")}
        try:
            connection.request(self.command, f"{parts.path}?{parts.query}".rstrip("?"), headers=headers)
            answer = connection.getresponse()
            body = answer.read()
            kept = {k: v for k, v in answer.getheaders() if k.lower() not in ("connection", "content-length")}
        finally:
            connection.close()
        self._answer(answer.status, kept, body)

    do_HEAD = do_GET  # noqa: N815

    def _answer(self, status: int, headers: dict[str, str], body: bytes | None) -> None:
        lines = [f"HTTP/1.1 {status} Status", *(f"{name}: {value}" for name, value in headers.items())]
        if body is not None:
            lines.append(f"Content-Length: {len(body)}")
        self.wfile.write("\r\n".join([*lines, "", ""]).encode("latin-1") + (body or b""))
