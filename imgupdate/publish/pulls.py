"""Pull requests kept as their branches are: made, brought up to date, closed, and left alone where a person says so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from imgupdate.errors import BranchMoved, ConfigurationError, PublishError, PullRequestExists
from imgupdate.publish.branches import BranchState
from imgupdate.publish.ports import PullRequests, Remote
from imgupdate.publish.settings import PublishSettings
from imgupdate.publish.targets import BranchKind, Target
from imgupdate.remote import CommitId, PullRequest, PullRequestDraft, PullRequestState
from imgupdate.report.links import Links
from imgupdate.report.message import render_title
from imgupdate.report.pull_request import (
    State,
    Update,
    body,
    closed_body,
    parse_state,
    title,
    updates,
    versions_hash,
)
from imgupdate.results import (
    Plan,
    Problem,
    PublishedPullRequest,
    PullRequestOperation,
    Severity,
)

ATTEMPTS = 3
LONGEST_GIVEN_TITLE = 256
FOREIGN = "<!-- imgupdate: foreign commits -->"
SUPERSEDED = "<!-- imgupdate: superseded -->"

_FOREIGN_COMMENT = f"""\
This branch holds commits that imgupdate did not make, or that were changed since, so it is left as it is. \
To have it updated again, remove those commits; or close this pull request and delete the branch, so that newer \
versions get another one.

{FOREIGN}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What became of a target's pull request, None where it has none, and what a person should know."""

    pull_request: PublishedPullRequest | None = None
    problems: tuple[Problem, ...] = ()


@dataclass(slots=True, kw_only=True)
class Keeper:
    """Looks after the pull requests of a run. The open ones of a base are listed once, until they prove to be others.

    `comparisons` gives updates the addresses of what changed in their images' sources.
    """

    pulls: PullRequests
    settings: PublishSettings
    server_url: str
    repository: str
    comparisons: Callable[[Sequence[Update]], Sequence[Update]]
    _listed: dict[str, Sequence[PullRequest]] = field(default_factory=dict)
    _past: dict[tuple[str, str], Sequence[PullRequest]] = field(default_factory=dict)

    def is_declined(self, target: Target, plan: Plan) -> bool:
        """Whether a person closed a pull request of the same branch for the same versions, and none is open now."""
        if not target.base or self._open(target):
            return False
        versions = versions_hash(plan)
        return any(
            known is not None and known.versions == versions and not known.closed
            for pull_request in self._closed(target)
            if pull_request.state is PullRequestState.CLOSED
            for known in (parse_state(pull_request.body),)
        )

    def is_merged(self, target: Target, head: CommitId) -> bool:
        """Whether the branch, as it is, was merged by a pull request and left behind."""
        return not self._open(target) and any(
            pull_request.state is PullRequestState.MERGED and pull_request.head == head
            for pull_request in self._closed(target)
        )

    def is_as_left(self, target: Target, head: CommitId) -> bool:
        """Whether a pull request of the branch says that we left it at that commit, with none but ours."""
        found = self._open(target)
        return any(is_left_at(head, pull_request) for pull_request in ((found,) if found else self._closed(target)))

    def keep(self, state: BranchState, remote: Remote) -> Kept:
        """Make, update or close the pull request of a branch.

        Raises:
            PublishError: GitHub refuses.

        """
        if state.foreign:
            return self._leave(state)
        if not state.plan.edits:
            return self._close(state, remote)
        for _ in range(ATTEMPTS):
            pull_request = self._open(state.target)
            if pull_request is None and self.is_declined(state.target, state.plan):
                return Kept(problems=(_declined(state.target),))
            try:
                kept = self._update(state, pull_request) if pull_request else self._create(state)
            except PullRequestExists:
                kept = None
            if kept is not None:
                return kept
            self._listed.clear()
            self._past.clear()
        raise PublishError(
            f"a pull request from {state.target.branch} into {state.target.base} exists and cannot be found",
            remedy="look for it, closed ones and those of forks included, and run again",
        )

    def retire(self, pull_request: PullRequest, remote: Remote, successors: Sequence[int]) -> Kept:
        """Close a pull request whose changes others have now, say which, and delete its branch."""
        if successors:
            listed = ", ".join(f"#{number}" for number in successors)
            text = f"Superseded by {listed}.\n\n{SUPERSEDED}\n"
            self.pulls.comment_once(pull_request.number, text, marker=SUPERSEDED)
        return self._shut(pull_request, remote, delete=pull_request.head)

    def _leave(self, state: BranchState) -> Kept:
        target = state.target
        found = self._open(target)
        message = f"the branch {target.branch} holds commits of others, so that it is left as it is"
        remedy = "remove those commits, or close its pull request and delete it"
        if found is None or not state.plan.edits:
            severity = Severity.WARNING if state.plan.edits else Severity.NOTICE
            return Kept(problems=(Problem(severity=severity, message=message, remedy=remedy),))
        self.pulls.comment_once(found.number, _FOREIGN_COMMENT, marker=FOREIGN)
        warning = Problem(severity=Severity.WARNING, message=f"{message} (#{found.number})", remedy=remedy)
        return Kept(pull_request=self._published(found, PullRequestOperation.NONE), problems=(warning,))

    def _close(self, state: BranchState, remote: Remote) -> Kept:
        target, found = state.target, self._open(state.target)
        delete = state.stale if target.kind is BranchKind.OWN else None
        if found is None:
            if delete and not self.open(target.branch):
                _delete(remote, target.branch, delete)
            return Kept()
        if delete is None and parse_state(found.body) is None:
            return Kept()
        if state.shared:
            return Kept(pull_request=self._published(found, PullRequestOperation.NONE))
        return self._shut(found, remote, delete=delete)

    def _shut(self, pull_request: PullRequest, remote: Remote, *, delete: CommitId | None) -> Kept:
        """Close a pull request; by deleting its branch, if that still points to the commit that is named.

        The body goes first and the branch last, so that a run which dies in between is made good by the next. A branch
        that others want to merge into stays.
        """
        text = closed_body(pull_request.body)
        closed = self._published(pull_request, PullRequestOperation.CLOSED)
        if delete is None or self.open(pull_request.branch):
            self.pulls.close(pull_request.number, body=text)
            return Kept(pull_request=closed)
        if text != pull_request.body:
            self.pulls.update(pull_request.number, title=pull_request.title, body=text)
        if _delete(remote, pull_request.branch, delete):
            return Kept(pull_request=closed)
        if text != pull_request.body:
            self.pulls.update(pull_request.number, title=pull_request.title, body=pull_request.body)
        return Kept(pull_request=self._published(pull_request, PullRequestOperation.NONE))

    def _create(self, state: BranchState) -> Kept:
        text, heading, problems = self._texts(state)
        target = state.target
        made = self.pulls.create(
            PullRequestDraft(
                branch=target.branch, base=target.base, title=heading, body=text, draft=self.settings.draft
            )
        )
        return self._adorned(state, made, PullRequestOperation.CREATED, problems)

    def _update(self, state: BranchState, found: PullRequest) -> Kept | None:
        """Bring title and body up to date; None where it proves to be closed, and what is closed keeps its text."""
        known = parse_state(found.body)
        if known is None or known == self._state(state):
            pushed = PullRequestOperation.UPDATED if state.made else PullRequestOperation.NONE
            kept = self._adorned(state, found, pushed)
            return kept if known else replace(kept, problems=(*kept.problems, _texts_of_others(found)))
        text, heading, problems = self._texts(state)
        updated = self.pulls.update(found.number, title=heading, body=text)
        if updated.state is not PullRequestState.OPEN:
            self.pulls.update(found.number, title=found.title, body=found.body)
            is_merged = updated.state is PullRequestState.MERGED
            return Kept(pull_request=self._published(updated, PullRequestOperation.NONE)) if is_merged else None
        return self._adorned(state, updated, PullRequestOperation.UPDATED, problems)

    def _adorned(
        self, state: BranchState, found: PullRequest, operation: PullRequestOperation, known: Sequence[Problem] = ()
    ) -> Kept:
        problems = list(known)
        if self.settings.decoration.is_wanted:
            problems += self.pulls.decorate(found.number, self.settings.decoration)
        head = state.head or found.head
        if self.settings.auto_merge is not None:
            problems += self.pulls.enable_auto_merge(found.number, self.settings.auto_merge, head=head)
        published = replace(
            self._published(found, operation),
            head_sha=head,
            group=state.target.group,
            verified=bool(state.made) and all(commit.verified for commit, _ in state.made),
        )
        return Kept(pull_request=published, problems=tuple(problems))

    def _texts(self, state: BranchState) -> tuple[str, str, Sequence[Problem]]:
        """Body and title, and what is wrong with the title that people gave."""
        rows = self.comparisons(updates(state.plan, state.steps.outcomes))
        links = Links(self.server_url, self.repository, state.head or "")
        text = body(rows, plan=state.plan, state=self._state(state), outcomes=state.steps.outcomes, links=links)
        usual = title(rows, place=state.target.directory or "")
        try:
            return text, self._given_title(state) or usual, ()
        except ConfigurationError as error:
            problem = Problem.of(error)
            return text, usual, (replace(problem, message=f"the input `title` fails: {problem.message}"),)

    def _given_title(self, state: BranchState) -> str:
        """The title that people gave, a template perhaps.

        Raises:
            ConfigurationError: the template does not run.

        """
        given = self.settings.title
        automation = state.target.automations[0]
        if "{{" in given:
            given = render_title(
                given, automation.automation, automation.key, state.plan.changes, under=automation.path
            )
        return given[:LONGEST_GIVEN_TITLE]

    def _state(self, state: BranchState) -> State:
        own = state.target.kind is BranchKind.OWN
        return State(versions=versions_hash(state.plan), head=state.head or "", own=own)

    def open(self, base: str) -> Sequence[PullRequest]:
        """The open pull requests into a branch, as this run first saw them."""
        if base not in self._listed:
            self._listed[base] = self.pulls.open(base)
        return self._listed[base]

    def _open(self, target: Target) -> PullRequest | None:
        return next((found for found in self.open(target.base) if found.branch == target.branch), None)

    def _closed(self, target: Target) -> Sequence[PullRequest]:
        key = target.branch, target.base
        if key not in self._past:
            self._past[key] = self.pulls.closed(*key)
        return self._past[key]

    def _published(self, found: PullRequest, operation: PullRequestOperation) -> PublishedPullRequest:
        return PublishedPullRequest(
            number=found.number,
            url=found.url,
            operation=operation,
            branch=found.branch,
            base=found.base,
            head_sha=found.head,
            title=found.title,
        )


def is_left_at(head: CommitId, pull_request: PullRequest) -> bool:
    """Whether the text of a pull request says that we left its branch at a commit, with none but ours below it."""
    known = parse_state(pull_request.body)
    return known is not None and known.own and known.head == head


def _declined(target: Target) -> Problem:
    return Problem(
        severity=Severity.NOTICE,
        message=f"a pull request from {target.branch} for the same versions was closed, and is not opened again",
        remedy="reopen it if you want it after all; newer versions get a new one",
    )


def _texts_of_others(found: PullRequest) -> Problem:
    return Problem(
        severity=Severity.NOTICE,
        message=f"title and text of the pull request #{found.number} are not imgupdate's, and stay as they are",
        remedy="close it to get one that says what changes",
    )


def _delete(remote: Remote, branch: str, expected: CommitId) -> bool:
    """Delete a branch of ours, unless somebody has pushed to it meanwhile: then it is theirs."""
    try:
        remote.delete(branch, expected)
    except BranchMoved:
        return False
    return True
