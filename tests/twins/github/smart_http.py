"""The repository for the git program, over HTTP: `git http-backend` behind a check of the token."""

from __future__ import annotations

import re
import subprocess

from tests.twins.github.accounts import WRITE, Token
from tests.twins.github.objects import environment
from tests.twins.github.world import World
from tests.twins.http import Answer, RecordedRequest

PATH = re.compile(r"/([^/]+)/([^/]+?)(?:\.git)?/(info/refs|git-upload-pack|git-receive-pack)")


def is_git(path: str) -> bool:
    """Whether a path is one that the git program asks for."""
    return PATH.fullmatch(path) is not None


def serve_git(world: World, request: RecordedRequest, token: Token | None) -> Answer:
    """The answer of `git http-backend`, or a refusal."""
    match = PATH.fullmatch(request.path)
    assert match is not None
    if request.headers.get("authorization", "").count("basic ") > 1:
        return _refused(400, 'Duplicate header: "Authorization"')
    if token is None:
        return _refused(401, "Invalid username or token. Password authentication is not supported for Git operations.")
    if f"{match[1]}/{match[2]}".lower() != world.full_name.lower() or not token.access:
        return _refused(404, "Repository not found.")
    service = request.query.get("service", (match[3],))[0]
    if service == "git-receive-pack" and not token.may("contents", WRITE):
        return _refused(403, f"Permission to {world.full_name}.git denied to {token.account.login}.")
    if not token.may("contents", "read"):
        return _refused(403, "Write access to repository not granted.")
    return _backend(world, request, token, match[3])


def _refused(status: int, text: str) -> Answer:
    headers = {"Content-Type": "text/plain"}
    if status == 401:
        headers["WWW-Authenticate"] = 'Basic realm="GitHub"'
    return Answer(status=status, headers=headers, body=text.encode())


def _backend(world: World, request: RecordedRequest, token: Token, action: str) -> Answer:
    query = "&".join(f"{name}={value}" for name, values in request.query.items() for value in values)
    variables = environment(
        GIT_PROJECT_ROOT=str(world.repository.directory),
        GIT_HTTP_EXPORT_ALL="1",
        PATH_INFO=f"/{action}",
        REQUEST_METHOD=request.method,
        QUERY_STRING=query,
        CONTENT_TYPE=request.headers.get("content-type", ""),
        CONTENT_LENGTH=str(len(request.body)),
        REMOTE_USER=token.account.login,
        GIT_CONFIG_COUNT="1",
        GIT_CONFIG_KEY_0="http.receivepack",
        GIT_CONFIG_VALUE_0="true",
    )
    for header, variable in (("content-encoding", "HTTP_CONTENT_ENCODING"), ("git-protocol", "GIT_PROTOCOL")):
        if header in request.headers:
            variables[variable] = request.headers[header]
    done = subprocess.run(["git", "http-backend"], input=request.body, capture_output=True, env=variables, check=False)
    head, _, body = done.stdout.partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode("latin-1").split("\r\n") if ": " in line)
    status = int(headers.pop("Status", "200 OK").split()[0])
    with world.lock:
        world.synchronize()
    return Answer(status=status, headers=headers, body=body)
