"""What a person does to the repository in a test, and what a test looks at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.twins.github.accounts import PERSON, Account
from tests.twins.github.objects import ZERO, Commit, Entry, now
from tests.twins.github.repository import RefMove, RefRefused
from tests.twins.github.smart_http import push_options
from tests.twins.github.world import SIGNATURE_MARK, Comment, MergeMethod, Milestone, Pull, Rules, World

ATTEMPTS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """A commit as a test looks at it."""

    sha: str
    author: str
    email: str
    message: str
    parents: tuple[str, ...]
    signature: str
    verified: bool


class People:
    """Actions and looks that go past the API, as a person's pushes and clicks do."""

    world: World

    @property
    def directory(self) -> Path:
        """The bare repository, for the git program."""
        return self.world.repository.directory

    def push(
        self,
        branch: str,
        files: Mapping[str, bytes | str | None],
        *,
        message: str = "Change files",
        author: Account = PERSON,
        modes: Mapping[str, str] | None = None,
        start: str | None = None,
        force: bool = False,
    ) -> str:
        """Commit files to a branch; its new head.

        A branch that is not there starts at `start` (a branch or a commit; none: the default branch, where there is
        one), and with `force` every branch does. None deletes a file; modes are `100644` unless said otherwise or
        there already.
        """
        repository = self.world.repository
        for _ in range(ATTEMPTS):
            old = repository.branch(branch)
            parent = old if old is not None and not force else self._start(start)
            made = self._commit(parent, self._entries(parent, files, modes or {}), author, message)
            try:
                repository.move(RefMove(name=f"refs/heads/{branch}", old=old or ZERO, new=made))
            except RefRefused:
                continue
            self._settle()
            return made
        raise AssertionError(f"{branch} moved {ATTEMPTS} times in a row")

    def _commit(self, parent: str | None, entries: Mapping[str, Entry | None], author: Account, message: str) -> str:
        person = self.world.person(author)
        tree = self.world.repository.write_files(parent, entries)
        parents = (parent,) if parent else ()
        commit = Commit(tree=tree, parents=parents, author=person, committer=person, message=message)
        return self.world.objects.write_commit(commit)

    def _start(self, start: str | None) -> str | None:
        name = start or self.world.settings.default_branch
        return self.world.repository.branch(name) or start

    def _entries(
        self, parent: str | None, files: Mapping[str, bytes | str | None], modes: Mapping[str, str]
    ) -> dict[str, Entry | None]:
        objects = self.world.objects
        entries: dict[str, Entry | None] = {}
        for path, content in files.items():
            if content is None:
                entries[path] = None
                continue
            there = objects.find(self.world.repository.tree_of(parent), path) if parent else None
            mode = modes.get(path) or (there.mode if there else "100644")
            data = content.encode() if isinstance(content, str) else content
            entries[path] = Entry(mode=mode, sha=data.decode() if mode == "160000" else objects.write("blob", data))
        return entries

    def _settle(self) -> None:
        with self.world.lock:
            self.world.synchronize()

    def reset_branch(self, branch: str, sha: str) -> None:
        """Let a branch point elsewhere, whatever it held; a branch that is not there is made."""
        old = self.world.repository.branch(branch) or ZERO
        self.world.repository.move(RefMove(name=f"refs/heads/{branch}", old=old, new=sha))
        self._settle()

    def delete_branch(self, branch: str) -> None:
        """Delete a branch; the pull requests from it close."""
        self.reset_branch(branch, ZERO)

    def tag(self, name: str, sha: str) -> None:
        """Make a tag."""
        self.world.repository.move(RefMove(name=f"refs/tags/{name}", old=ZERO, new=sha))

    def propose(
        self,
        branch: str,
        files: Mapping[str, bytes | str | None],
        *,
        fork: Account,
        base: str = "main",
        title: str = "A contribution",
    ) -> int:
        """Open a pull request from a branch of somebody's fork; its number."""
        repository = self.world.repository
        with self.world.lock:
            parent = repository.branch(base)
            assert parent is not None, base
            self.world.accounts.setdefault(fork.login, fork)
            made = self._commit(parent, self._entries(parent, files, {}), fork, title)
            pull = Pull(
                id=next(self.world.ids),
                number=next(self.world.numbers),
                title=title,
                body=None,
                user=fork,
                fork=fork,
                head=branch,
                base=base,
                head_sha=made,
                base_sha=parent,
                created=now(),
                updated=now(),
            )
            self.world.pulls[pull.number] = pull
            repository.move(RefMove(name=pull.head_ref, old=ZERO, new=made))
        return pull.number

    def close_pull(self, number: int) -> None:
        """Close a pull request without merging it."""
        with self.world.lock:
            self.world.synchronize()
            self.world.close(self.world.pulls[number])

    def merge_pull(self, number: int, method: MergeMethod = "merge") -> str:
        """Merge a pull request; the new head of its base."""
        with self.world.lock:
            self.world.synchronize()
            return self.world.merge(self.world.pulls[number], method, PERSON)

    def approve(self, number: int) -> None:
        """Approve a pull request; one that waits for nothing else and is to merge by itself does."""
        with self.world.lock:
            self.world.pulls[number].approvals += 1
            self.world.synchronize()

    def review(self, number: int, account: Account) -> None:
        """Review a pull request without approving it; who has done so is no longer asked to."""
        with self.world.lock:
            pull = self.world.pulls[number]
            pull.reviewed_by.append(account)
            pull.reviewers = [each for each in pull.reviewers if each.login != account.login]

    def comment(self, number: int, body: str, *, author: Account = PERSON) -> None:
        """Comment on a pull request."""
        with self.world.lock:
            comment = Comment(
                id=next(self.world.ids), pull=number, user=author, body=body, created=now(), updated=now()
            )
            self.world.comments[comment.id] = comment

    def edit_pull(self, number: int, *, title: str | None = None, body: str | None = None) -> None:
        """Write another title or body."""
        with self.world.lock:
            pull = self.world.pulls[number]
            pull.title = pull.title if title is None else title
            pull.body = pull.body if body is None else body
            pull.updated = now()

    def add_collaborator(self, account: Account) -> None:
        """Give an account access: it can be assigned, and asked for reviews."""
        self.world.accounts[account.login] = account
        self.world.collaborators.add(account.login)

    def add_team(self, slug: str) -> None:
        """Give a team access."""
        self.world.teams.add(slug)

    def add_milestone(self, title: str) -> int:
        """Make a milestone; its number."""
        number = len(self.world.milestones) + 1
        self.world.milestones.append(Milestone(id=next(self.world.ids), number=number, title=title, created=now()))
        return number

    def protect(self, branch: str, rules: Rules) -> None:
        """Protect a branch, from the API and from pushes over HTTP."""
        self.world.rules[branch] = rules

    # -- looks ----------------------------------------------------------------------------------------------------

    def branches(self) -> dict[str, str]:
        """The branches with their heads."""
        refs = self.world.repository.refs().items()
        return {name.removeprefix("refs/heads/"): sha for name, sha in refs if name.startswith("refs/heads/")}

    def head(self, branch: str) -> str | None:
        """The head of a branch."""
        return self.world.repository.branch(branch)

    def _files(self, branch: str) -> dict[str, Entry]:
        sha = self.world.repository.branch(branch) or branch
        return self.world.objects.files(self.world.repository.tree_of(sha))

    def tree(self, branch: str) -> dict[str, bytes]:
        """The files of a branch or a commit."""
        files = self._files(branch).items()
        return {path: self.world.objects.blob(entry.sha) for path, entry in files if entry.kind == "blob"}

    def modes(self, branch: str) -> dict[str, str]:
        """The modes of a branch's or a commit's files."""
        return {path: entry.mode for path, entry in self._files(branch).items()}

    def log(self, branch: str, *, since: str | None = None) -> list[Logged]:
        """The commits of a branch, the newest first; `since` leaves out what another one has."""
        repository = self.world.repository
        head = repository.branch(branch) or branch
        if since is None:
            shas: Sequence[str] = repository.history(head)
        else:
            shas = repository.between(repository.branch(since) or since, head)[::-1]
        return [self._logged(sha) for sha in shas]

    def _logged(self, sha: str) -> Logged:
        commit = self.world.objects.commit(sha)
        return Logged(
            sha=sha,
            author=commit.author.name,
            email=commit.author.email,
            message=commit.message,
            parents=tuple(commit.parents),
            signature=commit.signature,
            verified=SIGNATURE_MARK in commit.signature,
        )

    def pulls(self, *, state: str = "all") -> list[Pull]:
        """The pull requests, the oldest first."""
        self._settle()
        return [pull for pull in self.world.pulls.values() if state in {"all", pull.state}]

    def push_options(self) -> list[str]:
        """The options of the git program's pushes, in order."""
        return push_options(self.directory)

    def comments(self, number: int) -> list[str]:
        """The texts of a pull request's comments, the oldest first."""
        return [comment.body for comment in self.world.comments.values() if comment.pull == number]
