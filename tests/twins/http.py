"""An HTTP server on a free port of the loopback interface that writes requests down and misbehaves on demand."""

from __future__ import annotations

import _thread
import socket
import ssl
import threading
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedRequest:
    """A request as it came in.

    Header names are in lower case and repeated headers joined by commas; a query key has all its values.
    """

    method: str
    path: str
    query: Mapping[str, tuple[str, ...]]
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def target(self) -> str:
        """Method and path, for counting."""
        return f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """An answer that takes the place of the right one for the next `times` requests whose path holds `path`.

    `status` 0 keeps the right answer and spoils only how it is sent. `hang_up` closes the connection without an answer;
    `cut` sends that many bytes of the body and closes; `drip` waits that many seconds before each byte of the body, and
    with `drip_headers` of the head as well. `delay` waits once, before everything. `method` restricts to one method.
    """

    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    times: int = 1
    path: str = "/"
    method: str = ""
    hang_up: bool = False
    cut: int | None = None
    drip: float = 0.0
    drip_headers: bool = False
    delay: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A status, headers and a body; `Content-Length` is added where it is missing.

    Status 0 closes the connection without a word: the request has had its effect, and its client does not hear of it.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


class HttpTwin(ABC):
    """A server that runs while the `with` block does; subclasses say what to answer."""

    def __init__(self, *, tls: ssl.SSLContext | None = None, latency: float = 0.0) -> None:
        self.latency = latency
        self._tls = tls
        self._lock = threading.Lock()
        self.asked = threading.Event()
        self._requests: list[RecordedRequest] = []
        self._connections = 0
        self._faults: list[Fault] = []
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    @abstractmethod
    def answer(self, request: RecordedRequest) -> Answer:
        """The right answer to a request."""

    def __enter__(self) -> Self:
        self._server = _Server(self, self._tls)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), name=type(self).__name__)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        assert self._server is not None
        assert self._thread is not None
        self._server.shutdown()
        self._server.hang_up()
        self._server.server_close()
        self._thread.join()

    @property
    def port(self) -> int:
        """The port that it listens on."""
        assert self._server is not None, "a twin serves only inside its with block"
        return int(self._server.server_address[1])

    @property
    def host(self) -> str:
        """Address and port, such as `127.0.0.1:40123`: what stands before the first slash of an image."""
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """The root, without a final slash."""
        return f"{'https' if self._tls else 'http'}://{self.host}"

    @property
    def requests(self) -> tuple[RecordedRequest, ...]:
        """Every request so far, in the order of arrival."""
        with self._lock:
            return tuple(self._requests)

    @property
    def connections(self) -> int:
        """How many connections were opened to it, TLS or not; one that was probed and given up counts."""
        with self._lock:
            return self._connections

    def connected(self) -> None:
        """Count a connection."""
        with self._lock:
            self._connections += 1

    def forget_requests(self) -> None:
        """Start counting anew."""
        with self._lock:
            self._requests.clear()

    def inject(self, *faults: Fault) -> None:
        """Misbehave: each request meets the first fault that still applies to it."""
        with self._lock:
            self._faults.extend(faults)

    def record(self, request: RecordedRequest) -> Fault | None:
        """Write a request down, and take the fault that it meets."""
        with self._lock:
            self._requests.append(request)
            self.asked.set()
            for index, fault in enumerate(self._faults):
                if fault.path in request.path and fault.method in ("", request.method):
                    if fault.times > 1:
                        self._faults[index] = replace(fault, times=fault.times - 1)
                    else:
                        del self._faults[index]
                    return fault
        return None


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 256

    def __init__(self, twin: HttpTwin, tls: ssl.SSLContext | None) -> None:
        self.twin = twin
        self.tls = tls
        self.connections: set[socket.socket] = set()
        self.closing = threading.Event()
        self.serving = 0
        self.idle = threading.Condition()
        super().__init__(("127.0.0.1", 0), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve a connection in a thread that is not traced: beginning to trace in many threads at once can fail."""
        with self.idle:
            self.serving += 1
        _thread.start_new_thread(self._serve, (request, client_address))

    def _serve(self, request: Any, client_address: Any) -> None:
        try:
            self.process_request_thread(request, client_address)
        finally:
            with self.idle:
                self.serving -= 1
                self.idle.notify_all()

    def server_close(self) -> None:
        """End when every connection has been served."""
        super().server_close()
        with self.idle:
            self.idle.wait_for(lambda: self.serving == 0)

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Serve one connection, in its own thread; the TLS handshake happens here, so that it holds up nobody else."""
        self.twin.connected()
        if self.tls is not None:
            request = self.tls.wrap_socket(request, server_side=True)
        self.connections.add(request)
        try:
            if not self.closing.is_set():
                super().finish_request(request, client_address)
        finally:
            self.connections.discard(request)
            request.close()

    def hang_up(self) -> None:
        """End the connections that clients keep open."""
        self.closing.set()
        for connection in list(self.connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away, or that speaks the other protocol, is no news."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    error_message_format = ""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Requests are recorded, not printed."""

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        body = self._read_body()
        request = RecordedRequest(
            method=self.command,
            path=parts.path,
            query={key: tuple(values) for key, values in parse_qs(parts.query).items()},
            headers={key.lower(): ", ".join(self.headers.get_all(key, ())) for key in self.headers},
            body=body,
        )
        twin = self.server.twin
        fault = twin.record(request)
        pause = twin.latency + (fault.delay if fault else 0.0)
        if pause:
            self.server.closing.wait(pause)
        if fault is not None and fault.hang_up:
            self.close_connection = True
            return
        if fault is not None and fault.status:
            answer = Answer(status=fault.status, headers=fault.headers, body=fault.body)
        else:
            answer = twin.answer(request)
        if answer.status == 0:
            self.close_connection = True
            return
        self._send(answer, fault)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815

    def _read_body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        chunks: list[bytes] = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline() not in {b"\r\n", b"\n", b""}:
            continue
        return b"".join(chunks)

    def _send(self, answer: Answer, fault: Fault | None) -> None:
        names = {name.lower() for name in answer.headers}
        lines = [f"HTTP/1.1 {answer.status} {self.responses.get(answer.status, ('Status',))[0]}"]
        lines += [f"{name}: {value}" for name, value in answer.headers.items()]
        if not names & {"content-length", "transfer-encoding"}:
            lines.append(f"Content-Length: {len(answer.body)}")
        head = "\r\n".join([*lines, "", ""]).encode("latin-1")
        body = b"" if self.command == "HEAD" else answer.body
        if fault is None or not (fault.drip or fault.cut is not None):
            self.wfile.write(head + body)
            return
        if fault.cut is not None:
            body = body[: fault.cut]
            self.close_connection = True
        if fault.drip_headers:
            head, body = b"", head + body
        self.wfile.write(head)
        for byte in body if fault.drip else ():
            self.wfile.write(bytes([byte]))
            self.wfile.flush()
            if self.server.closing.wait(fault.drip):
                return
        self.wfile.write(b"" if fault.drip else body)
