"""Who asks: accounts, and the tokens that speak for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from tests.twins.github.contract import Operation

READ, WRITE = "read", "write"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A user, a bot or an organization."""

    login: str
    id: int
    type: Literal["User", "Bot", "Organization"] = "User"
    name: str = ""

    @property
    def git_name(self) -> str:
        """The name that commits carry."""
        return self.name or self.login

    @property
    def git_email(self) -> str:
        """The address that commits carry, at GitHub's host for such addresses."""
        return f"{self.id}+{self.login}@users.noreply.github.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A credential: of a workflow, of a GitHub App's installation, or of a person.

    `permissions` are those of a workflow's `permissions:` with an underscore for the dash, each `read` or `write`;
    what is missing is not granted. A token without access to the repository has `access=False`.
    """

    value: str = field(repr=False)
    account: Account
    kind: Literal["workflow", "app", "person"]
    permissions: Mapping[str, str]
    access: bool = True
    limit: int = 5000

    def may(self, permission: str, level: str) -> bool:
        """Whether it grants a permission."""
        return self.permissions.get(permission) in ({WRITE} if level == WRITE else {READ, WRITE})

    @property
    def denial(self) -> str:
        """What GitHub says to a token that lacks a permission."""
        if self.kind == "person":
            return "Resource not accessible by personal access token"
        return "Resource not accessible by integration"


ACTIONS_BOT = Account(login="github-actions[bot]", id=41898282, type="Bot")
APP_BOT = Account(login="image-updates[bot]", id=187654321, type="Bot")
PERSON = Account(login="alice", id=583231, name="Alice Example")

_ALL = {
    "contents": WRITE,
    "pull_requests": WRITE,
    "issues": WRITE,
    "statuses": WRITE,
    "checks": READ,
    "actions": WRITE,
    "metadata": READ,
}


def _granted(granted: Mapping[str, str], changed: Mapping[str, str]) -> Mapping[str, str]:
    return {name: level for name, level in {**granted, **changed}.items() if level}


def workflow_token(value: str = "ghs_workflow00000000000000000000000000001", **permissions: str) -> Token:
    """The `GITHUB_TOKEN` of a job; a permission of "" is taken away."""
    return Token(value=value, account=ACTIONS_BOT, kind="workflow", permissions=_granted(_ALL, permissions), limit=1000)


def app_token(value: str = "ghs_application0000000000000000000000000001", **permissions: str) -> Token:
    """The token of an App's installation, which may also change workflows and see an organization's teams."""
    granted = {**_ALL, "workflows": WRITE, "members": READ}
    return Token(value=value, account=APP_BOT, kind="app", permissions=_granted(granted, permissions))


def person_token(
    value: str = "github_pat_alice00000000000000000000000001", account: Account = PERSON, **permissions: str
) -> Token:
    """A person's access token."""
    granted = {**_ALL, "workflows": WRITE, "members": READ, "administration": WRITE}
    return Token(value=value, account=account, kind="person", permissions=_granted(granted, permissions))


_WRITING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_GROUPS = {
    "git": ("contents",),
    "pulls": ("pull_requests",),
    "issues": ("issues", "pull_requests"),
    "checks": ("checks",),
    "actions": ("actions",),
}
_SPECIAL = {
    "pulls/merge": ("contents",),
    "repos/get": ("metadata",),
    "repos/create-commit-status": ("statuses",),
    "repos/list-commit-statuses-for-ref": ("statuses",),
}


def allowed(token: Token, operation: Operation) -> bool:
    """Whether a token may make a call at all: one of the permissions that admit it is granted."""
    needed = _SPECIAL.get(operation.id) or _GROUPS.get(operation.id.partition("/")[0])
    if needed is None:
        needed = ("contents",) if operation.template.startswith("/repos/") else ()
    level = WRITE if operation.method in _WRITING else READ
    return not needed or any(token.may(permission, level) for permission in needed)
