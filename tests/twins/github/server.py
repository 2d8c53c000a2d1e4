"""The server: takes calls in, holds them against the contract, counts them, lets them fail, and answers."""

from __future__ import annotations

import base64
import json
import ssl
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from email.utils import formatdate
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.twins.github import database, faults, graphql, issues, pulls, repos
from tests.twins.github.accounts import Token, allowed, app_token, person_token, workflow_token
from tests.twins.github.calls import Call, Refused, Reply
from tests.twins.github.contract import Json, Operation, github_contract
from tests.twins.github.faults import Failure
from tests.twins.github.people import People
from tests.twins.github.repository import BareRepository
from tests.twins.github.smart_http import install_hooks, is_git, serve_git
from tests.twins.github.world import World
from tests.twins.http import Answer, HttpTwin, RecordedRequest

HANDLERS: Mapping[str, Callable[[Call], Reply]] = {
    **database.HANDLERS,
    **pulls.HANDLERS,
    **issues.HANDLERS,
    **repos.HANDLERS,
}
NOBODY = "nobody"


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenCall:
    """A call to the API: its number, counted from 1, and what came of it (`status` 0 while it runs, or where dropped).

    `operation` is GitHub's name of the call, such as `git/update-ref`, or `graphql/updateRefs`.
    """

    number: int
    method: str
    path: str
    operation: str
    body: Json
    login: str
    status: int = 0


@dataclass(slots=True, kw_only=True)
class _Planned:
    failure: Failure
    on: str
    at: int | None
    times: int
    after: bool

    def meets(self, seen: SeenCall) -> bool:
        if self.at is not None and seen.number != self.at:
            return False
        return self.on in {"", seen.operation} or (" " in self.on and self.on in f"{seen.method} {seen.path}")


class GitHubTwin(People, HttpTwin):
    """GitHub over one bare repository; see the package for how to use it."""

    def __init__(
        self,
        directory: Path,
        *,
        owner: str = "octo-org",
        name: str = "fleet",
        enterprise: bool = False,
        default_branch: str = "main",
        tls: ssl.SSLContext | None = None,
        latency: float = 0.0,
    ) -> None:
        super().__init__(tls=tls, latency=latency)
        self.prefix = "/api/v3" if enterprise else ""
        self._graphql_path = "/api/graphql" if enterprise else "/graphql"
        repository = BareRepository(directory, default_branch=default_branch)
        install_hooks(directory)
        self.world = World(repository, github_contract(), owner=owner, name=name)
        self.world.settings.default_branch = default_branch
        self.workflow = self.admit(workflow_token())
        self.app = self.admit(app_token())
        self.person = self.admit(person_token())
        self.breaches: list[str] = []
        self.before: Callable[[SeenCall], Failure | None] = lambda _: None
        self.after: Callable[[SeenCall], None] = lambda _: None
        self._calls: list[SeenCall] = []
        self._planned: list[_Planned] = []
        self._used: dict[str, int] = {}

    # -- life -----------------------------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        super().__enter__()
        self.world.api, self.world.web = self.api_url, self.url
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        self.world.objects.close()
        if kind is None:
            self.verify()

    def verify(self) -> None:
        """Fail the test where a request or an answer broke the contract."""
        assert not self.breaches, "GitHub's description was not kept:\n" + "\n".join(self.breaches)

    @property
    def api_url(self) -> str:
        """What a runner has in `GITHUB_API_URL`."""
        return self.url + self.prefix

    @property
    def graphql_url(self) -> str:
        """What a runner has in `GITHUB_GRAPHQL_URL`."""
        return self.url + self._graphql_path

    @property
    def clone_url(self) -> str:
        """The repository for the git program, over HTTP; over the file system it is `directory`."""
        return f"{self.url}/{self.world.full_name}.git"

    # -- what tests set -------------------------------------------------------------------------------------------

    def admit(self, token: Token) -> Token:
        """Let a token in, or change what it may: one of the same value is replaced."""
        self.world.tokens[token.value] = token
        self.world.accounts.setdefault(token.account.login, token.account)
        return token

    def fail(
        self, failure: Failure, *, on: str = "", at: int | None = None, times: int = 1, after: bool = False
    ) -> None:
        """Let calls fail.

        Args:
            failure: how (`faults`).
            on: only this operation (`git/update-ref`), or a method and the beginning of a path (`POST /repos/`).
            at: only the call of this number.
            times: how often.
            after: let the call have its effect first.

        """
        with self._lock:
            self._planned.append(_Planned(failure=failure, on=on, at=at, times=times, after=after))

    @property
    def calls(self) -> tuple[SeenCall, ...]:
        """The calls so far, in the order of their numbers."""
        with self._lock:
            return tuple(self._calls)

    def forget_calls(self) -> None:
        """Start counting anew."""
        with self._lock:
            self._calls.clear()

    # -- answering ------------------------------------------------------------------------------------------------

    def answer(self, request: RecordedRequest) -> Answer:
        """The answer to a request: of the API, or of the repository to the git program."""
        try:
            return self._answer(request)
        except Exception:  # noqa: BLE001 - the server would swallow it; a test must not
            self._breach(f"{request.method} {request.path}: the twin failed\n{traceback.format_exc()}")
            return self._said(Reply(status=500, body={"message": "Server Error"}), None)

    def _answer(self, request: RecordedRequest) -> Answer:
        if is_git(request.path):
            return serve_git(self.world, request, self._token_of(request))
        if request.path == self._graphql_path:
            return self._serve(request, request.path, None, {})
        path = request.path.removeprefix(self.prefix)
        found = self.world.contract.find(request.method, path) if request.path.startswith(self.prefix) else None
        if found is None:
            self._breach(f"{request.method} {request.path}: GitHub's description has no such call")
            return self._said(Reply(status=404, body=Refused(404, "Not Found").body), None)
        return self._serve(request, path, *found)

    def _serve(
        self, request: RecordedRequest, path: str, operation: Operation | None, parameters: Mapping[str, str]
    ) -> Answer:
        token = self._token_of(request)
        seen = self._count(request, path, operation, token)
        failure = self.before(seen) or self._used_up(token) or self._failure(seen, after=False)
        if failure is None:
            reply = self._effect(request, path, operation, parameters, token)
            failure = self._failure(seen, after=True)
        else:
            reply = Reply()
        if failure is not None:
            reply = Reply(status=failure.status, body=failure.body, headers=failure.headers)
        with self._lock:
            seen = replace(seen, status=reply.status)
            if len(self._calls) >= seen.number:
                self._calls[seen.number - 1] = seen
        self.after(seen)
        return self._said(reply, token, reset_in=failure.reset_in if failure else None)

    def _effect(
        self,
        request: RecordedRequest,
        path: str,
        operation: Operation | None,
        parameters: Mapping[str, str],
        token: Token | None,
    ) -> Reply:
        try:
            body = json.loads(request.body) if request.body else None
        except ValueError:
            body = None
        if operation is None:
            with self.world.lock:
                self.world.synchronize()
                reply = graphql.serve(self.world, token, body, self._breach)
                self.world.synchronize()
            return reply
        where = f"{request.method} {path}"
        wrong = operation.breaches_of_request(request.query, request.body)
        if "user-agent" not in request.headers:
            wrong.append("there is no User-Agent")
        for breach in wrong:
            self._breach(f"{where}: {breach}")
        if wrong:
            return _refusal(Refused(422, "Invalid request.\n\n" + "\n".join(wrong)))
        reply = self._handled(path, operation, parameters, request, body, token)
        for breach in operation.breaches_of_answer(reply.status, reply.body):
            self._breach(f"{where}: {breach}")
        return reply

    def _handled(
        self,
        path: str,
        operation: Operation,
        parameters: Mapping[str, str],
        request: RecordedRequest,
        body: Json,
        token: Token | None,
    ) -> Reply:
        if operation.id == "rate-limit/get" and token is not None:
            return Reply(body=self._limits(token))
        handler = HANDLERS.get(operation.id)
        if handler is None:
            self._breach(f"{request.method} {path}: the twin does not serve {operation.id}")
            return _refusal(Refused(404, "Not Found"))
        with self.world.lock:
            try:
                self._admit(operation, parameters, token, request)
                assert token is not None
                self.world.synchronize()
                reply = handler(
                    Call(
                        world=self.world,
                        operation=operation,
                        path=path,
                        parameters=parameters,
                        query=request.query,
                        body=body,
                        token=token,
                    )
                )
                if request.method != "GET":
                    self.world.synchronize()
            except Refused as refused:
                return _refusal(refused)
        return reply

    def _admit(
        self, operation: Operation, parameters: Mapping[str, str], token: Token | None, request: RecordedRequest
    ) -> None:
        if token is None:
            given = "authorization" in request.headers
            raise Refused(401, "Bad credentials") if given else Refused(401, "Requires authentication")
        asked = f"{parameters.get('owner')}/{parameters.get('repo')}".lower()
        if "owner" in parameters and (asked != self.world.full_name.lower() or not token.access):
            raise Refused(404, "Not Found")
        if not allowed(token, operation):
            raise Refused(403, token.denial)
        if self.world.settings.archived and request.method != "GET":
            raise Refused(403, "Repository was archived so is read-only.")

    # -- tokens, counts, failures ---------------------------------------------------------------------------------

    def _token_of(self, request: RecordedRequest) -> Token | None:
        kind, _, value = request.headers.get("authorization", "").partition(" ")
        if kind.lower() == "basic":
            try:
                value = base64.b64decode(value).decode().partition(":")[2]
            except ValueError:
                return None
        return self.world.tokens.get(value.strip())

    def _count(self, request: RecordedRequest, path: str, operation: Operation | None, token: Token | None) -> SeenCall:
        try:
            body = json.loads(request.body) if request.body else None
        except ValueError:
            body = None
        name = operation.id if operation else f"graphql/{graphql.name_of(body)}"
        login = token.account.login if token else NOBODY
        with self._lock:
            number = len(self._calls) + 1
            seen = SeenCall(number=number, method=request.method, path=path, operation=name, body=body, login=login)
            self._calls.append(seen)
            self._used[login] = self._used.get(login, 0) + 1
        return seen

    def _failure(self, seen: SeenCall, *, after: bool) -> Failure | None:
        with self._lock:
            for planned in self._planned:
                if planned.after == after and planned.meets(seen):
                    planned.times -= 1
                    if planned.times == 0:
                        self._planned.remove(planned)
                    return planned.failure
        return None

    def _used_up(self, token: Token | None) -> Failure | None:
        if token is not None and self._used[token.account.login] > token.limit:
            return faults.primary_limit(reset_in=_next_hour() - int(time.time()))
        return None

    def _breach(self, text: str) -> None:
        with self._lock:
            self.breaches.append(text)

    def _limits(self, token: Token) -> Json:
        used = self._used.get(token.account.login, 0)
        core = {
            "limit": token.limit,
            "remaining": max(token.limit - used, 0),
            "reset": _next_hour(),
            "used": used,
        }
        return {"resources": {"core": core, "search": core, "graphql": core}, "rate": core}

    def _said(self, reply: Reply, token: Token | None, *, reset_in: int | None = None) -> Answer:
        limit = token.limit if token else 60
        used = min(self._used.get(token.account.login if token else NOBODY, 0), limit)
        if reset_in is not None:
            used = limit
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Date": formatdate(usegmt=True),
            "X-GitHub-Request-Id": f"TWIN:{len(self._calls):06d}",
            "X-RateLimit-Limit": str(limit),
            "X-RateLimit-Remaining": str(limit - used),
            "X-RateLimit-Used": str(used),
            "X-RateLimit-Resource": "core",
            "X-RateLimit-Reset": str(_next_hour() if reset_in is None else int(time.time()) + reset_in),
            **({"X-GitHub-Enterprise-Version": "3.17.0"} if self.prefix else {}),
            **reply.headers,
        }
        if isinstance(reply.body, str):
            return Answer(status=reply.status, headers=headers, body=reply.body.encode())
        body = b"" if reply.body is None else json.dumps(reply.body).encode()
        return Answer(status=reply.status, headers=headers, body=body)


def _next_hour() -> int:
    return (int(time.time()) // 3600 + 1) * 3600


def _refusal(refused: Refused) -> Reply:
    return Reply(status=refused.status, body=refused.body, headers=refused.headers)
