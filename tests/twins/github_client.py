"""The plainest client of GitHub's API, for the tests of the twin."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.twins.github import GitHubTwin, Token

REPO = "/repos/octo-org/fleet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Got:
    """An answer."""

    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def message(self) -> str:
        """What GitHub said: the message, and those of the errors."""
        errors = [error.get("message", "") for error in self.body.get("errors", [])]
        return "; ".join([self.body["message"], *errors])


class Client:
    """Calls the API with a token, one connection a call; paths begin below the repository."""

    def __init__(self, twin: GitHubTwin, token: Token | None) -> None:
        self._twin = twin
        self._headers = {"User-Agent": "tests", "Accept": "application/vnd.github+json"}
        if token is not None:
            self._headers["Authorization"] = f"Bearer {token.value}"

    def call(self, method: str, path: str, body: object = None, *, root: str = REPO) -> Got:
        """Make a call."""
        connection = http.client.HTTPConnection("127.0.0.1", self._twin.port, timeout=20)
        try:
            given = None if body is None else json.dumps(body)
            connection.request(method, self._twin.prefix + root + path, given, self._headers)
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        headers = {name.lower(): value for name, value in answer.getheaders()}
        parsed = json.loads(text) if text and "json" in headers["content-type"] else text.decode()
        return Got(status=answer.status, body=parsed, headers=headers)

    def get(self, path: str) -> Any:
        """The body of a GET that must work."""
        got = self.call("GET", path)
        assert got.status == 200, got
        return got.body

    def post(self, path: str, body: object) -> Any:
        """The body of a POST that must work."""
        got = self.call("POST", path, body)
        assert got.status in {200, 201}, got
        return got.body

    def graphql(self, query: str, **variables: object) -> Any:
        """The whole answer to a GraphQL request."""
        got = self.call("POST", "/graphql", {"query": query, "variables": variables}, root="")
        assert got.status == 200, got
        return got.body

    def mutate(self, name: str, given: Mapping[str, object], wanted: str = "clientMutationId") -> Any:
        """The whole answer to a mutation."""
        kind = name[0].upper() + name[1:] + "Input!"
        return self.graphql(f"mutation($input: {kind}) {{ {name}(input: $input) {{ {wanted} }} }}", input=given)

    def propose(self, branch: str = "imgupdate/main", tag: str = "1.0.1", *, base: str = "main") -> Any:
        """A commit on a new branch, and a pull request from it."""
        self.branch(branch, tag, base=base)
        return self.post("/pulls", {"title": f"Tag {tag}", "body": "", "head": branch, "base": base})

    def branch(self, branch: str, tag: str = "1.0.1", *, base: str = "main") -> str:
        """A commit on a new branch."""
        sha = self.commit(tag, base=base)
        self.post("/git/refs", {"ref": f"refs/heads/{branch}", "sha": sha})
        return sha

    def commit(self, tag: str = "1.0.1", *, base: str = "main", path: str = "apps/podinfo.yaml") -> str:
        """A commit on top of a branch, which no branch has."""
        head = self.get(f"/git/ref/heads/{base}")["object"]["sha"]
        tree = self.get(f"/git/commits/{head}")["tree"]["sha"]
        entry = {"path": path, "mode": "100644", "type": "blob", "content": f"tag: {tag}\n"}
        made = self.post("/git/trees", {"base_tree": tree, "tree": [entry]})
        return str(self.post("/git/commits", {"message": f"Tag {tag}", "tree": made["sha"], "parents": [head]})["sha"])
