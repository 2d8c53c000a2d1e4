"""What GitHub knows of one repository beside its objects: pull requests, labels, comments, settings and rules."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from tests.twins.github.accounts import ACTIONS_BOT, APP_BOT, PERSON, Account, Token
from tests.twins.github.contract import Contract, Json
from tests.twins.github.objects import Commit, Person, now
from tests.twins.github.repository import BareRepository, MergeConflict, RefMove, RefRefused

MergeMethod = Literal["merge", "squash", "rebase"]
GITHUB = ("GitHub", "noreply@github.com")
SIGNATURE_MARK = "the twin signed this"


@dataclass(slots=True, kw_only=True)
class Label:
    """A label of the repository."""

    id: int
    name: str
    color: str = "ededed"
    description: str = ""


@dataclass(slots=True, kw_only=True)
class Milestone:
    """A milestone of the repository."""

    id: int
    number: int
    title: str
    state: Literal["open", "closed"] = "open"
    created: datetime


@dataclass(slots=True, kw_only=True)
class Comment:
    """A comment of a pull request."""

    id: int
    pull: int
    user: Account
    body: str
    created: datetime
    updated: datetime


@dataclass(slots=True, kw_only=True)
class AutoMerge:
    """A pull request's wish to be merged once it can be."""

    method: MergeMethod
    by: Account
    title: str = ""
    message: str = ""


@dataclass(slots=True, kw_only=True)
class Pull:
    """A pull request into a branch of the repository, from another one or from a branch of somebody's `fork`."""

    id: int
    number: int
    title: str
    body: str | None
    user: Account
    head: str
    base: str
    head_sha: str
    base_sha: str
    created: datetime
    updated: datetime
    fork: Account | None = None
    draft: bool = False
    state: Literal["open", "closed"] = "open"
    closed_at: datetime | None = None
    merged_at: datetime | None = None
    merged_by: Account | None = None
    merge_commit: str | None = None
    auto_merge: AutoMerge | None = None
    maintainer_can_modify: bool = False
    approvals: int = 0
    labels: list[Label] = field(default_factory=list)
    assignees: list[Account] = field(default_factory=list)
    reviewers: list[Account] = field(default_factory=list)
    reviewed_by: list[Account] = field(default_factory=list)
    teams: list[str] = field(default_factory=list)
    milestone: Milestone | None = None

    @property
    def node_id(self) -> str:
        """Its name in GraphQL."""
        return f"PR_{self.id}"

    @property
    def head_ref(self) -> str:
        """The ref that it follows; what comes from a fork is kept beside the branches."""
        return f"refs/heads/{self.head}" if self.fork is None else f"refs/pull/{self.number}/head"

    @property
    def merged(self) -> bool:
        """Whether it was merged."""
        return self.merged_at is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What a protected branch demands: of who moves it, and of a pull request (`approvals`, `checks`)."""

    pull_request: bool = False
    approvals: int = 0
    signatures: bool = False
    checks: Sequence[str] = ()
    no_force: bool = True


@dataclass(slots=True, kw_only=True)
class Settings:
    """The repository's settings that our calls meet."""

    default_branch: str = "main"
    private: bool = True
    archived: bool = False
    allow_auto_merge: bool = False
    allow_merge_commit: bool = True
    allow_squash_merge: bool = True
    allow_rebase_merge: bool = True
    delete_branch_on_merge: bool = False
    drafts: bool = True
    actions_may_create_pull_requests: bool = True
    tree_limit: int = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """A commit status."""

    id: int
    sha: str
    state: str
    context: str
    description: str | None
    target_url: str | None
    creator: Account
    created: datetime


class World:
    """One repository as GitHub keeps it. Everything here is done under `lock`."""

    def __init__(self, repository: BareRepository, contract: Contract, *, owner: str, name: str) -> None:
        self.repository = repository
        self.objects = repository.objects
        self.contract = contract
        self.owner = Account(login=owner, id=9919, type="Organization")
        self.name = name
        self.settings = Settings()
        self.lock = threading.RLock()
        self.api = ""
        self.web = ""
        self.tokens: dict[str, Token] = {}
        self.accounts = {account.login: account for account in (self.owner, ACTIONS_BOT, APP_BOT, PERSON)}
        self.collaborators = {PERSON.login}
        self.teams: set[str] = set()
        self.pulls: dict[int, Pull] = {}
        self.comments: dict[int, Comment] = {}
        self.labels: list[Label] = []
        self.milestones: list[Milestone] = []
        self.statuses: list[Status] = []
        self.rules: dict[str, Rules] = {}
        self.dispatches: list[Json] = []
        self.releases: list[Json] = []
        self.numbers = itertools.count(1)
        self.ids = itertools.count(1_000_001)

    @property
    def full_name(self) -> str:
        """Owner and name."""
        return f"{self.owner.login}/{self.name}"

    @property
    def repository_id(self) -> int:
        """The repository's id."""
        return 1_296_269

    @property
    def node_id(self) -> str:
        """The repository's name in GraphQL."""
        return f"R_{self.repository_id}"

    # -- labels and milestones ------------------------------------------------------------------------------------

    def label(self, name: str) -> Label | None:
        """A label; the case of its name does not matter."""
        return next((label for label in self.labels if label.name.lower() == name.lower()), None)

    def label_or_new(self, name: str) -> Label:
        """A label, made where it is not there."""
        label = self.label(name)
        if label is None:
            label = Label(id=next(self.ids), name=name)
            self.labels.append(label)
        return label

    # -- commits --------------------------------------------------------------------------------------------------

    def person(self, account: Account) -> Person:
        """An account as the author of a commit, now."""
        return Person(name=account.git_name, email=account.git_email, when=now())

    def commit_by_github(self, account: Account, tree: str, parents: Sequence[str], message: str) -> str:
        """A commit that GitHub makes for an account, and signs."""
        return self.objects.write_commit(
            Commit(
                tree=tree,
                parents=tuple(parents),
                author=self.person(account),
                committer=Person(name=GITHUB[0], email=GITHUB[1], when=now()),
                message=message,
                signature=f"-----BEGIN PGP SIGNATURE-----\n\n{SIGNATURE_MARK}\n-----END PGP SIGNATURE-----",
            )
        )

    # -- pull requests --------------------------------------------------------------------------------------------

    def open_pulls(self) -> list[Pull]:
        """Those that are open."""
        return [pull for pull in self.pulls.values() if pull.state == "open"]

    def synchronize(self) -> None:
        """Let the pull requests follow what has happened to the branches since, whoever did it."""
        for pull in self.open_pulls():
            head, base = self.repository.ref(pull.head_ref), self.repository.branch(pull.base)
            if base is not None and base != pull.base_sha and self.repository.contains(base, pull.head_sha):
                self.close(pull, merge_commit=base, by=None, merged=True)
            elif head is None or base is None or (head != pull.head_sha and self.repository.contains(base, head)):
                self.close(pull)
            elif head != pull.head_sha:
                pull.head_sha, pull.updated = head, now()
            if base is not None and pull.state == "open":
                pull.base_sha = base
        for pull in self.open_pulls():
            if pull.auto_merge is not None and self.mergeable_state(pull) == "clean":
                wish = pull.auto_merge
                with suppress(MergeConflict, RefRefused):
                    self.merge(pull, wish.method, wish.by, title=wish.title, message=wish.message)

    def close(
        self, pull: Pull, *, merged: bool = False, merge_commit: str | None = None, by: Account | None = None
    ) -> None:
        """Close a pull request, as merged or not."""
        pull.state = "closed"
        pull.closed_at = pull.updated = now()
        pull.auto_merge = None
        if merged:
            pull.merged_at, pull.merge_commit, pull.merged_by = pull.closed_at, merge_commit, by or PERSON

    def mergeable(self, pull: Pull) -> bool:
        """Whether git can merge it."""
        try:
            self.repository.merged_tree(pull.base_sha, pull.head_sha)
        except MergeConflict:
            return False
        return True

    def mergeable_state(self, pull: Pull) -> str:
        """GitHub's word for what stands between a pull request and its merge."""
        if pull.draft:
            return "draft"
        if not self.mergeable(pull):
            return "dirty"
        if self.unmet(pull):
            return "blocked"
        return "clean" if all(state == "success" for state in self.states(pull.head_sha).values()) else "unstable"

    def states(self, sha: str) -> Mapping[str, str]:
        """The newest status of a commit in each context."""
        return {status.context: status.state for status in self.statuses if status.sha == sha}

    def unmet(self, pull: Pull) -> list[str]:
        """What the rules of its base still demand of a pull request, in GitHub's words."""
        rules, states = self.rules.get(pull.base, Rules()), self.states(pull.head_sha)
        found = [
            f'Required status check "{name}" is expected.' for name in rules.checks if states.get(name) != "success"
        ]
        if pull.approvals < rules.approvals:
            found.append("At least 1 approving review is required by reviewers with write access.")
        return found

    def merge(self, pull: Pull, method: MergeMethod, by: Account, *, title: str = "", message: str = "") -> str:
        """Merge a pull request; the commit that its base then points to.

        Raises:
            MergeConflict: git cannot.

        """
        base, head = pull.base_sha, pull.head_sha
        if method == "rebase":
            made = base
            for sha in self.repository.between(base, head):
                made = self.repository.replayed(sha, made, self.person(by))
        else:
            tree = self.repository.merged_tree(base, head)
            parents = (base, head) if method == "merge" else (base,)
            default = f"Merge pull request #{pull.number} from {(pull.fork or self.owner).login}/{pull.head}"
            headline = title or (default if method == "merge" else f"{pull.title} (#{pull.number})")
            text = message or (pull.title if method == "merge" else "")
            made = self.commit_by_github(by, tree, parents, f"{headline}\n\n{text}".rstrip() if text else headline)
        self.repository.move(RefMove(name=f"refs/heads/{pull.base}", old=base, new=made))
        self.close(pull, merged=True, merge_commit=made, by=by)
        if self.settings.delete_branch_on_merge and pull.fork is None:
            with suppress(RefRefused):
                self.repository.move(RefMove(name=f"refs/heads/{pull.head}", old=head, new="0" * 40))
        self.synchronize()
        return made

    def decorations(self, pull: Pull) -> Mapping[str, Sequence[str]]:
        """What was added to a pull request, by name."""
        return {
            "labels": [label.name for label in pull.labels],
            "assignees": [account.login for account in pull.assignees],
            "reviewers": [account.login for account in pull.reviewers],
            "teams": list(pull.teams),
        }
