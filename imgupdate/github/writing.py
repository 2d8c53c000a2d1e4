"""Trees and commits made through the API, without a working tree."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence

from imgupdate.errors import PublishError
from imgupdate.github.api import Api, member, object_id
from imgupdate.github.failures import Refused
from imgupdate.github.objects import Entry, Kind, Listing, blob_id
from imgupdate.github.trees import Trees
from imgupdate.remote import CommitDraft, CommitId, MadeCommit, TreeId
from imgupdate.report.text import clean
from imgupdate.results import FileEdit

MOST_ENTRIES = 100
MOST_CHARACTERS = 4_000_000
LARGEST_INLINE = 1_000_000
WORKFLOWS = ".github/workflows/"
_NOT_ALLOWED = frozenset({403, 404})


class Writing:
    """Makes the trees and commits of one repository."""

    def __init__(self, api: Api, trees: Trees) -> None:
        self._api = api
        self._trees = trees

    def tree(self, base: TreeId, edits: Sequence[FileEdit]) -> TreeId:
        """A tree that is `base` but for the content of the edited files.

        Nothing is sent where GitHub is known to have that tree; the tree that it makes is held against the hash that
        the tree must have.
        """
        contents = {edit.path: edit.after for edit in edits if edit.after != edit.before}
        if not contents:
            return base
        before = self._trees.of_tree(base)
        for edit in edits:
            _check(before.entries.get(edit.path), edit)
        entries, expected = before.edited(contents)
        if expected is None or not self._trees.exists(expected):
            made = base
            for chunk in self._chunks(entries, contents):
                made = self._make(made, chunk)
            if expected not in {None, made}:
                raise PublishError(
                    "GitHub stored other bytes than it was sent; nothing has been committed",
                    remedy="run again; if it stays so, report it with the names of the files that change",
                )
            expected = made
        for content in contents.values():
            self._trees.contents.keep(content)
        self._trees.keep(Listing(entries, expected))
        return expected

    def _make(self, base: TreeId, chunk: Sequence[Mapping[str, str]]) -> TreeId:
        given = {"base_tree": base, "tree": chunk}
        try:
            data = self._api.send("POST", "git/trees", "write the changed files", given)
        except Refused as refused:
            # GitHub's words are the same as for a token that may not write at all.
            if refused.status not in _NOT_ALLOWED or not any(e["path"].startswith(WORKFLOWS) for e in chunk):
                raise
            raise Refused(
                refused.message,
                remedy=f"the change touches {WORKFLOWS}, which takes a token with the permission Workflows: that of a "
                f"GitHub App; for the other files, {refused.remedy}",
                status=refused.status,
                words=refused.words,
                kind=refused.kind,
            ) from refused
        return TreeId(object_id(data, "sha"))

    def _chunks(self, entries: Mapping[str, Entry], contents: Mapping[str, bytes]) -> Iterator[list[dict[str, str]]]:
        chunk: list[dict[str, str]] = []
        characters = 0
        for path, content in sorted(contents.items()):
            entry = self._entry(path, entries[path].mode, content)
            size = len(entry.get("content", ""))
            if chunk and (len(chunk) == MOST_ENTRIES or characters + size > MOST_CHARACTERS):
                yield chunk
                chunk, characters = [], 0
            chunk.append(entry)
            characters += size
        yield chunk

    def _entry(self, path: str, mode: str, content: bytes) -> dict[str, str]:
        entry = {"path": path, "mode": mode, "type": "blob"}
        inline = _as_text(content)
        if inline is not None:
            return {**entry, "content": inline}
        given = {"content": base64.b64encode(content).decode(), "encoding": "base64"}
        return {**entry, "sha": object_id(self._api.send("POST", "git/blobs", "write a changed file", given), "sha")}

    def commit(self, draft: CommitDraft) -> MadeCommit:
        """Make a commit that no branch has yet."""
        if draft.signing is not None:
            raise PublishError(
                "a commit cannot be signed with a key through the API",
                remedy="commits of an automation with a signingKey go through the git program",
            )
        if not draft.message.strip():
            raise PublishError(
                "the message of a commit is empty, which GitHub does not take",
                remedy="have the `messageTemplate` of the automation say something",
            )
        given: dict[str, object] = {"message": draft.message, "tree": draft.tree, "parents": [draft.parent]}
        if draft.author is not None:
            # GitHub has no commits by nobody, as Flux may make them: the address stands in for the name.
            person = {"name": draft.author.name.strip() or draft.author.email, "email": draft.author.email}
            given |= {"author": person, "committer": person}
        data = self._api.send("POST", "git/commits", "make a commit", given)
        made = MadeCommit(
            id=CommitId(object_id(data, "sha")),
            tree=TreeId(object_id(data, "tree", "sha")),
            verified=member(data, "verification", "verified") is True,
            reason=clean(str(member(data, "verification", "reason") or ""), 100),
        )
        self._trees.learn(made.id, made.tree)
        return made


def _as_text(content: bytes) -> str | None:
    """A content that may travel as text within a tree; None for what is no text, is large, or has NULs."""
    if len(content) > LARGEST_INLINE or b"\0" in content:
        return None
    try:
        return content.decode()
    except UnicodeDecodeError:
        return None


def _check(entry: Entry | None, edit: FileEdit) -> None:
    where = clean(edit.path, 300)
    if any(part.lower() == ".git" for part in edit.path.split("/")):
        raise PublishError("is Git's own and is never written", where=where)
    if entry is None or entry.kind is not Kind.FILE:
        raise PublishError("is no file of the tree that is to be changed", where=where, remedy="run again")
    if entry.id != blob_id(edit.before):
        raise PublishError("is not as it was when the change was planned", where=where, remedy="run again")
