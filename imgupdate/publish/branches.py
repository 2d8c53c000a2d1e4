"""Branches brought up to date: commits added to a branch, or a branch of ours rebuilt from its base.

A branch that somebody else moves meanwhile is met by looking again and planning anew, up to a bound; nothing that is
not ours is ever overwritten (design, section 6; spec/flux.md 6.3).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from imgupdate.config.model import Scope
from imgupdate.errors import BranchMoved, PublishError
from imgupdate.planning import FieldId
from imgupdate.publish.messages import author_of, message_of, signing_of
from imgupdate.publish.ownership import fork, ground, is_ours
from imgupdate.publish.ports import CommitTree, Remote
from imgupdate.publish.settings import PublishSettings
from imgupdate.publish.steps import Planner, Step, Steps, absent
from imgupdate.publish.targets import BranchKind, Target
from imgupdate.publish.trailers import blobs_of, is_sealed, sealed
from imgupdate.publish.trees import Overlay
from imgupdate.remote import BranchCommit, CommitDraft, CommitId, MadeCommit, Push, Series, TreeId
from imgupdate.report.pull_request import updates
from imgupdate.results import ObjectKey, Plan, Selection

ATTEMPTS = 10
"""How often a branch is looked at anew after somebody else moved it."""

_NOTHING_KEPT: Mapping[FieldId, str] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchState:
    """A branch as a run left it.

    `head` is None where there is no branch, since nothing is to change or it was deleted. `plan` is what it changes
    against the branch that it goes into. `foreign` says that it holds commits of others and was left alone, `shared`
    that it holds such beside ours although no update is left. `made` are the commits that this run made and pushed,
    with their messages. `stale` is where a branch of ours points that has nothing left to change.
    """

    target: Target
    head: CommitId | None
    plan: Plan
    steps: Steps
    foreign: bool = False
    shared: bool = False
    stale: CommitId | None = None
    made: tuple[tuple[MadeCommit, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """What branches are worked on with.

    `pause` waits before another attempt, longer each time; its argument counts from 1. `is_declined` says that a person
    has closed a pull request for the same versions, `is_merged` that a pull request with that head was merged,
    `is_as_left` that the text of a pull request of ours says that a branch of ours was left at that head.
    """

    remote: Remote
    planner: Planner
    settings: PublishSettings
    pause: Callable[[int], None]
    is_declined: Callable[[Target, Plan], bool]
    is_merged: Callable[[Target, CommitId], bool]
    is_as_left: Callable[[Target, CommitId], bool]

    def bring_up_to_date(self, target: Target) -> BranchState:
        """Make the commits that a target lacks.

        Raises:
            PublishError: the remote refuses, or others move the branch faster than we can follow.
            ConfigurationError: a message or a signing key of its automations cannot be used.

        """
        attempt = 1
        while True:
            try:
                return self._rebuild(target) if target.kind is BranchKind.OWN else self._append(target)
            except BranchMoved as error:
                if attempt == ATTEMPTS:
                    raise PublishError(
                        f"others moved the branch {target.branch} {ATTEMPTS} times while commits for it were made",
                        remedy="run again; a `concurrency` group in the workflow has its runs follow each other",
                    ) from error
            self.pause(attempt)
            attempt += 1

    def _append(self, target: Target) -> BranchState:
        """Commits on the tip of a branch, or on its checkout where there is no such branch yet."""
        head = self.remote.head(target.branch)
        if head is None and target.kind is BranchKind.CHECKOUT:
            raise PublishError(
                f"there is no branch {target.branch} to commit to",
                remedy="correct the branch that the automation checks out, or make it",
            )
        if head and target.base and self.is_merged(target, head):
            rebuilt = self._rebuild(target)
            if not rebuilt.foreign:
                return rebuilt
        start = head or self.remote.resolve(target.checkout)
        tree = self.remote.tree(start)
        steps = self.planner.steps(target, tree, _NOTHING_KEPT)
        if not steps.steps:
            return self._appended(target, head, tree, steps)
        made = self._commits(target, start, self._trees(tree, steps), steps)
        self._push(target, made[-1][0].id, head, force=False)
        return self._appended(target, made[-1][0].id, Overlay(tree, _contents(steps)), steps, made)

    def _appended(
        self,
        target: Target,
        head: CommitId | None,
        tree: CommitTree | Overlay,
        steps: Steps,
        made: tuple[tuple[MadeCommit, str], ...] = (),
    ) -> BranchState:
        """A branch as it is now, with what it brings to the one that it goes into, whoever committed that."""
        state = BranchState(
            target=target, head=head, plan=Plan(edits=steps.edits, problems=steps.problems), steps=steps, made=made
        )
        base = self.remote.head(target.base) if target.base and head else None
        if base is None or head is None:
            return state
        series = self.remote.series(base, head)
        if series.complete and not series.commits:
            return replace(state, plan=Plan(problems=steps.problems))
        into = self.remote.tree(base)
        start = fork(series)
        plan = self.planner.difference(self.remote.tree(start) if start else into, into, tree, steps.problems)
        return replace(state, plan=plan, shared=not plan.edits and not is_ours(self.remote, series))

    def _rebuild(self, target: Target) -> BranchState:
        """The branch as if it had just been made from its base."""
        start = self.remote.resolve(target.checkout)
        head = self.remote.head(target.branch)
        existing = self.remote.series(start, head) if head and head != start else Series(commits=())
        commits = existing.commits
        owned = cache(lambda: head is None or self._is_ours(target, head, existing))
        tree = self.remote.tree(start)
        steps = self.planner.steps(target, tree, _NOTHING_KEPT)
        missing = absent(target, steps.outcomes)
        if head and missing and commits and owned():
            standing = self.standing(start, head, existing, missing)
            steps = self.planner.steps(target, tree, standing) if standing else steps
        plan = Plan(edits=steps.edits, problems=steps.problems)
        state = BranchState(target=target, head=head, plan=plan, steps=steps)
        if not all(is_sealed(commit.message) for commit in commits) and not owned():
            return replace(state, foreign=True)
        trees = self._trees(tree, steps)
        if head and commits and _is_as(commits, start, trees):
            return state
        if not owned():
            return replace(state, foreign=True)
        if not trees:
            is_spent = head is not None and (bool(commits) or self._was_merged(target, head))
            return replace(state, head=None, stale=head if is_spent else None)
        if self.is_declined(target, plan):
            return state
        made = self._commits(target, start, trees, steps)
        self._push(target, made[-1][0].id, head, force=bool(commits))
        return replace(state, head=made[-1][0].id, made=made)

    def _is_ours(self, target: Target, head: CommitId, series: Series) -> bool:
        """Whether a branch holds nothing but what we put there; commits may be of a base that was reset since."""
        if is_ours(self.remote, series):
            return True
        return target.kind is BranchKind.OWN and bool(target.base) and self.is_as_left(target, head)

    def _was_merged(self, target: Target, head: CommitId) -> bool:
        """Whether a branch without commits of its own is one of ours: not one that somebody made there."""
        return bool(target.base) and self.is_merged(target, head)

    def standing(
        self, start: CommitId, head: CommitId, series: Series, policies: Collection[ObjectKey]
    ) -> dict[FieldId, str]:
        """What a branch of ours says of policies that this run does not know of, as far as its base has not moved."""
        stood_on, into, branch = (self.remote.tree(commit) for commit in (ground(series) or start, start, head))
        return self.planner.standing(stood_on, into, branch, policies)

    def _trees(self, tree: CommitTree, steps: Steps) -> tuple[TreeId, ...]:
        """The tree that each step makes, upon that of the step before."""
        made: list[TreeId] = []
        for step in steps.steps:
            made.append(self.remote.write_tree(made[-1] if made else tree.id, step.edits))
        return tuple(made)

    def _commits(
        self, target: Target, start: CommitId, trees: Sequence[TreeId], steps: Steps
    ) -> tuple[tuple[MadeCommit, str], ...]:
        made: list[tuple[MadeCommit, str]] = []
        parent = start
        for tree, step in zip(trees, steps.steps, strict=True):
            message = self._message(target, step, steps, like=start)
            commit = self.remote.commit(
                CommitDraft(
                    tree=tree,
                    parent=parent,
                    message=message,
                    author=author_of(step.automation, self.settings),
                    signing=signing_of(step.automation, self._scope(step), self.settings),
                )
            )
            made.append((commit, message))
            parent = commit.id
        return tuple(made)

    def _message(self, target: Target, step: Step, steps: Steps, *, like: str) -> str:
        changes = [change for edit in step.edits for change in edit.changes]
        rows = updates(Plan(edits=step.edits), steps.outcomes)
        images = {
            outcome.policy: f"{outcome.image}:{outcome.tag}"
            for outcome in steps.outcomes
            if isinstance(outcome, Selection)
        }
        message = message_of(step.automation, changes, rows, self.settings, images=images)
        on_pull_request = target.kind is BranchKind.OWN or bool(target.base)
        return sealed(message, blobs_of(step.edits, like=like)) if on_pull_request else message

    def _scope(self, step: Step) -> Scope:
        name = step.automation.key.scope
        return next(scope for scope in self.planner.scan.config.scopes if scope.name == name)

    def _push(self, target: Target, commit: CommitId, expected: CommitId | None, *, force: bool) -> None:
        first, *others = target.refspecs or ("",)
        self.remote.push(
            Push(
                branch=target.branch,
                commit=commit,
                expected=expected,
                force=force,
                refspec=first,
                options=target.options,
            )
        )
        for refspec in others:
            self.remote.push(
                Push(branch=target.branch, commit=commit, expected=commit, refspec=refspec, options=target.options)
            )


def _contents(steps: Steps) -> dict[str, bytes]:
    return {edit.path: edit.after for edit in steps.edits}


def _is_as(commits: Sequence[BranchCommit], start: CommitId, trees: Sequence[TreeId]) -> bool:
    """Whether a branch has just the commits that it would get: upon that start, with these trees."""
    parents = (start, *(commit.id for commit in commits))
    return [commit.tree for commit in commits] == list(trees) and all(
        commit.parents == (parent,) and is_sealed(commit.message)
        for commit, parent in zip(commits, parents, strict=False)
    )
