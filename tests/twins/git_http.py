"""A Git server over HTTP: real `git http-backend` behind a check of the Authorization header."""

from __future__ import annotations

import os
import ssl
import subprocess
from pathlib import Path

from tests.twins.http import Answer, HttpTwin, RecordedRequest

CHALLENGE = {"WWW-Authenticate": 'Basic realm="git"'}


class GitHttpTwin(HttpTwin):
    """Serves the bare repositories of a folder, to those who send exactly this header; to everybody if it is empty."""

    def __init__(
        self,
        root: Path,
        *,
        authorization: str = "",
        tls: ssl.SSLContext | None = None,
        newest_protocol: bool = True,
    ) -> None:
        super().__init__(tls=tls)
        self._newest_protocol = newest_protocol
        self._root = root
        self._authorization = authorization

    def answer(self, request: RecordedRequest) -> Answer:
        """What git says, or a challenge."""
        if self._authorization and request.headers.get("authorization") != self._authorization:
            return Answer(status=401, headers=CHALLENGE)
        query = "&".join(f"{name}={value}" for name, values in request.query.items() for value in values)
        environment = {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": str(self._root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": request.path,
            "REQUEST_METHOD": request.method,
            "QUERY_STRING": query,
            "CONTENT_TYPE": request.headers.get("content-type", ""),
            "CONTENT_LENGTH": str(len(request.body)),
            "HTTP_CONTENT_ENCODING": request.headers.get("content-encoding", ""),
            "GIT_PROTOCOL": request.headers.get("git-protocol", "") if self._newest_protocol else "",
            "REMOTE_USER": "somebody",
        }
        done = subprocess.run(
            ["git", "http-backend"], input=request.body, env=environment, capture_output=True, check=False
        )
        head, _, body = done.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode("latin-1").split("\r\n") if line)
        status = int(headers.pop("Status", "200").split()[0])
        return Answer(status=status, headers=headers, body=body)
