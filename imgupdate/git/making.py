"""Commit objects, to the byte as Flux makes them."""

from __future__ import annotations

import re

from imgupdate.errors import PublishError
from imgupdate.remote import CommitDraft, Person

BOT = Person(name="github-actions[bot]", email="41898282+github-actions[bot]@users.noreply.github.com")
"""Who commits where nobody is named: the account that a workflow's own token acts for."""

_CRUD = re.compile(r"[\x00-\x1f\x7f<>]")


def commit_payload(draft: CommitDraft, *, now: int) -> bytes:
    """A commit without signature. Author and committer are one, at seconds since 1970, in UTC; the name may be empty.

    Raises:
        PublishError: the message holds a NUL, which no commit can.

    """
    if "\0" in draft.message:
        raise PublishError("the commit message holds a NUL", remedy="correct its template")
    author = draft.author or BOT
    who = f"{_CRUD.sub('', author.name)} <{_CRUD.sub('', author.email)}> {now} +0000"
    lines = [f"tree {draft.tree}", f"parent {draft.parent}", f"author {who}", f"committer {who}"]
    text = "\n".join([*lines, "", draft.message])
    return text.encode(errors="surrogateescape")


def signed(payload: bytes, signature: bytes) -> bytes:
    """A commit with a signature in its head; a repository with longer hashes has another name for it."""
    head, _, message = payload.partition(b"\n\n")
    name = b"gpgsig" if len(head.partition(b"\n")[0]) == len("tree ") + 40 else b"gpgsig-sha256"
    lines = signature.replace(b"\r\n", b"\n").rstrip(b"\n").split(b"\n")
    return head + b"\n" + name + b" " + b"\n ".join(lines) + b"\n\n" + message
