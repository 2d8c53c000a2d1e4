"""Answers in GitHub's shapes: what the twin knows, and neutral values for what no client of ours reads."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import quote

from tests.twins.github.accounts import Account, Token
from tests.twins.github.contract import Json
from tests.twins.github.objects import EMPTY_TREE, Commit, Entry, Person
from tests.twins.github.repository import FileChange
from tests.twins.github.world import SIGNATURE_MARK, World


def time(moment: datetime) -> str:
    """A moment as GitHub writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class GitShapes:
    """The shapes of the repository and of its objects."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._complete = world.contract.complete

    @property
    def api(self) -> str:
        """The address of the repository in the API."""
        return f"{self._world.api}/repos/{self._world.full_name}"

    @property
    def web(self) -> str:
        """The address of the repository for people."""
        return f"{self._world.web}/{self._world.full_name}"

    # -- accounts and the repository ------------------------------------------------------------------------------

    def user(self, account: Account) -> Json:
        """A simple user."""
        api = f"{self._world.api}/users/{quote(account.login)}"
        return self._complete(
            "simple-user",
            {
                "login": account.login,
                "id": account.id,
                "node_id": f"U_{account.id}",
                "type": account.type,
                "url": api,
                "html_url": f"{self._world.web}/{quote(account.login)}",
            },
        )

    def _any_repository(self, schema: str, fork: Account | None = None) -> Json:
        settings = self._world.settings
        owner = fork or self._world.owner
        number = self._world.repository_id if fork is None else 9_000_000 + fork.id
        web = f"{self._world.web}/{owner.login}/{self._world.name}"
        api = f"{self._world.api}/repos/{owner.login}/{self._world.name}"
        known: dict[str, Json] = {
            "id": number,
            "node_id": f"R_{number}",
            "name": self._world.name,
            "full_name": f"{owner.login}/{self._world.name}",
            "owner": self.user(owner),
            "fork": fork is not None,
            "private": settings.private,
            "visibility": "private" if settings.private else "public",
            "archived": settings.archived,
            "html_url": web,
            "url": api,
            "clone_url": f"{web}.git",
            "default_branch": settings.default_branch,
            "allow_auto_merge": settings.allow_auto_merge,
            "allow_merge_commit": settings.allow_merge_commit,
            "allow_squash_merge": settings.allow_squash_merge,
            "allow_rebase_merge": settings.allow_rebase_merge,
            "delete_branch_on_merge": settings.delete_branch_on_merge,
        }
        for name in ("pulls", "issues", "labels", "milestones"):
            known[f"{name}_url"] = f"{api}/{name}{{/number}}"
        return self._complete(schema, known)

    def repository(self, token: Token) -> Json:
        """The repository, for who asks."""
        writes = token.may("contents", "write")
        admin = token.may("administration", "write")
        permissions = {"admin": admin, "maintain": admin, "push": writes, "triage": writes, "pull": True}
        return {**self._any_repository("full-repository"), "permissions": permissions}

    # -- objects --------------------------------------------------------------------------------------------------

    def ref(self, name: str, sha: str) -> Json:
        """A ref."""
        kind = self._world.objects.kind(sha) or "commit"
        return {
            "ref": name,
            "node_id": f"REF_{name}",
            "url": f"{self.api}/git/{name}",
            "object": {"type": kind, "sha": sha, "url": f"{self.api}/git/{kind}s/{sha}"},
        }

    def verification(self, commit: Commit) -> Json:
        """What GitHub makes of a commit's signature."""
        signed = bool(commit.signature)
        verified = SIGNATURE_MARK in commit.signature
        return {
            "verified": verified,
            "reason": "valid" if verified else "unknown_key" if signed else "unsigned",
            "signature": commit.signature if signed else None,
            "payload": commit.payload.decode("utf-8", "replace") if signed else None,
            "verified_at": time(commit.committer.when) if verified else None,
        }

    @staticmethod
    def person(person: Person) -> Json:
        """Who made a commit."""
        return {"name": person.name, "email": person.email, "date": time(person.when)}

    def git_commit(self, sha: str) -> Json:
        """A commit as the git database has it."""
        commit = self._world.objects.commit(sha)
        return {
            "sha": sha,
            "node_id": f"C_{sha}",
            "url": f"{self.api}/git/commits/{sha}",
            "html_url": f"{self.web}/commit/{sha}",
            "author": self.person(commit.author),
            "committer": self.person(commit.committer),
            "message": commit.message,
            "tree": {"sha": commit.tree, "url": f"{self.api}/git/trees/{commit.tree}"},
            "parents": [
                {"sha": parent, "url": f"{self.api}/git/commits/{parent}", "html_url": f"{self.web}/commit/{parent}"}
                for parent in commit.parents
            ],
            "verification": self.verification(commit),
        }

    def commit(self, sha: str) -> Json:
        """A commit as the repository lists it, without its files."""
        commit = self._world.objects.commit(sha)
        return {
            "sha": sha,
            "node_id": f"C_{sha}",
            "url": f"{self.api}/commits/{sha}",
            "html_url": f"{self.web}/commit/{sha}",
            "comments_url": f"{self.api}/commits/{sha}/comments",
            "commit": {
                "url": f"{self.api}/git/commits/{sha}",
                "author": self.person(commit.author),
                "committer": self.person(commit.committer),
                "message": commit.message,
                "tree": {"sha": commit.tree, "url": f"{self.api}/git/trees/{commit.tree}"},
                "comment_count": 0,
                "verification": self.verification(commit),
            },
            "author": self._account_of(commit.author),
            "committer": self._account_of(commit.committer),
            "parents": [
                {"sha": parent, "url": f"{self.api}/commits/{parent}", "html_url": f"{self.web}/commit/{parent}"}
                for parent in commit.parents
            ],
        }

    def _account_of(self, person: Person) -> Json:
        for account in self._world.accounts.values():
            if account.git_email == person.email:
                return self.user(account)
        return None

    def changes_of(self, sha: str) -> Sequence[FileChange]:
        """What a commit changed against its first parent."""
        parents = self._world.objects.commit(sha).parents
        return self._world.repository.changes(parents[0] if parents else EMPTY_TREE, sha)

    def file(self, change: FileChange, commit: str) -> Json:
        """A changed file."""
        path = quote(change.path)
        return {
            "sha": change.sha,
            "filename": change.path,
            "status": change.status,
            "additions": change.additions,
            "deletions": change.deletions,
            "changes": change.additions + change.deletions,
            "blob_url": f"{self.web}/blob/{commit}/{path}",
            "raw_url": f"{self.web}/raw/{commit}/{path}",
            "contents_url": f"{self.api}/contents/{path}?ref={commit}",
            **({"patch": change.patch} if change.patch else {}),
            **({"previous_filename": change.previous} if change.previous else {}),
        }

    def tree(self, sha: str, *, recursive: bool, limit: int) -> Json:
        """A tree, cut where it is longer than the limit."""
        objects = self._world.objects
        entries = list(objects.walk(sha)) if recursive else list(objects.tree(sha).items())
        return {
            "sha": sha,
            "url": f"{self.api}/git/trees/{sha}",
            "tree": [self._entry(path, entry) for path, entry in entries[:limit]],
            "truncated": len(entries) > limit,
        }

    def _entry(self, path: str, entry: Entry) -> Json:
        shape: dict[str, Json] = {"path": path, "mode": entry.mode, "type": entry.kind, "sha": entry.sha}
        if entry.kind == "blob":
            shape["size"] = len(self._world.objects.blob(entry.sha))
        if entry.kind != "commit":
            shape["url"] = f"{self.api}/git/{entry.kind}s/{entry.sha}"
        return shape

    def blob(self, sha: str) -> Json:
        """A blob, always in base64, in lines of 60 characters as GitHub breaks it."""
        data = self._world.objects.blob(sha)
        return {
            "sha": sha,
            "node_id": f"B_{sha}",
            "size": len(data),
            "url": f"{self.api}/git/blobs/{sha}",
            "content": lines_of_base64(data),
            "encoding": "base64",
        }


def lines_of_base64(data: bytes) -> str:
    """Base64 in lines of 60 characters, each ended."""
    encoded = base64.b64encode(data).decode()
    return "".join(f"{encoded[place : place + 60]}\n" for place in range(0, len(encoded), 60))
