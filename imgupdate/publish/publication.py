"""One run of publishing: every branch and pull request brought up to date."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace

from imgupdate.errors import ConfigurationError, Error
from imgupdate.publish.branches import Workshop
from imgupdate.publish.groups import SEPARATOR, grouped
from imgupdate.publish.ownership import is_ours
from imgupdate.publish.ports import PullRequests, Remote
from imgupdate.publish.pulls import Keeper, Kept, is_left_at
from imgupdate.publish.settings import GroupBy, PublishSettings
from imgupdate.publish.sources import LabelSource, compare_links
from imgupdate.publish.steps import Planner, absent
from imgupdate.publish.targets import Target, own_branch, targets
from imgupdate.remote import PullRequest
from imgupdate.report.pull_request import Update, parse_state
from imgupdate.report.updates import Step
from imgupdate.results import Problem, PublishedCommit, PublishedPullRequest, PullRequestOperation
from imgupdate.update import Scan, Scanner

_UNKNOWN = "run again; if it stays so, report it with these words"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """The outside world of publishing.

    `git` gives a remote through the git program, with a bound in seconds on fetching and on pushing, None for the usual
    one. `labels` are the registries. `pause` waits before the n-th attempt.
    """

    api: Remote
    git: Callable[[float | None], Remote]
    pulls: PullRequests
    labels: LabelSource
    pause: Callable[[int], None]
    server_url: str
    repository: str


@dataclass(slots=True)
class Published:
    """What publishing did, and what went wrong."""

    commits: list[PublishedCommit] = field(default_factory=list)
    pull_requests: list[PublishedPullRequest] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    compares: dict[Step, str] = field(default_factory=dict)


def publish(found: Scan, scanner: Scanner, settings: PublishSettings, ports: Ports) -> Published:
    """Bring every branch and pull request of a run up to date. What fails for one does not stop the others."""
    return _Publication(found, scanner, settings, ports).run()


class _Publication:
    """One run of publishing."""

    def __init__(self, found: Scan, scanner: Scanner, settings: PublishSettings, ports: Ports) -> None:
        self._found = found
        self._settings = settings
        self._ports = ports
        self._planner = Planner(found, scanner)
        self._keeper = Keeper(
            pulls=ports.pulls,
            settings=settings,
            server_url=ports.server_url,
            repository=ports.repository,
            comparisons=self._compared,
        )
        self._published = Published()
        self._active: set[str] = set()
        self._failed = False

    def run(self) -> Published:
        """Publish all there is."""
        wanted, problems = targets(self._found.config, self._found.automations, self._settings)
        self._published.problems += problems
        self._failed = bool(problems)
        for target in wanted:
            try:
                self._serve(target)
            except Error as error:
                self._fail(target, error)
        if not self._failed:
            self._retire(wanted)
        return self._published

    def _compared(self, rows: Sequence[Update]) -> Sequence[Update]:
        """The updates with the addresses of what changed in their images' sources."""
        targets = {key: candidate.target for key, candidate in self._found.choices.candidates.items()}
        links = compare_links(rows, targets, self._ports.labels)
        self._published.compares |= links
        return tuple(replace(row, compare=links.get(row.step, "")) for row in rows)

    def _serve(self, target: Target) -> None:
        remote = self._remote(target)
        for part in self._parts(target, remote):
            try:
                self._bring_up_to_date(part, remote)
            except Error as error:
                self._fail(part, error)

    def _remote(self, target: Target) -> Remote:
        return self._ports.git(target.timeout) if target.through_git else self._ports.api

    def _parts(self, target: Target, remote: Remote) -> Iterator[Target]:
        """The target, or one for each group of its changes."""
        if not target.base or self._settings.group_by is GroupBy.AUTOMATION:
            yield target
            return
        tree = remote.tree(remote.resolve(target.checkout))
        steps = self._planner.steps(target, tree, {})
        changes = [change for edit in steps.edits for change in edit.changes]
        images = {outcome.policy: outcome.image for outcome in steps.outcomes}
        yield from grouped(target, self._settings.group_by, changes, images)

    def _workshop(self, remote: Remote) -> Workshop:
        return Workshop(
            remote=remote,
            planner=self._planner,
            settings=self._settings,
            pause=self._ports.pause,
            is_declined=self._keeper.is_declined,
            is_merged=self._keeper.is_merged,
            is_as_left=self._keeper.is_as_left,
        )

    def _bring_up_to_date(self, target: Target, remote: Remote) -> None:
        self._active.add(target.branch)
        state = self._workshop(remote).bring_up_to_date(target)
        self._published.problems += state.steps.problems
        self._published.commits += (
            PublishedCommit(
                sha=commit.id,
                branch=target.branch,
                url=f"{self._ports.server_url}/{self._ports.repository}/commit/{commit.id}",
                message=message,
                verified=commit.verified,
                reason=commit.reason,
            )
            for commit, message in state.made
        )
        if target.base:
            self._note(self._keeper.keep(state, remote))

    def _note(self, kept: Kept) -> None:
        self._published.problems += kept.problems
        if kept.pull_request:
            self._published.pull_requests.append(kept.pull_request)

    def _retire(self, wanted: Sequence[Target]) -> None:
        """Close pull requests of ours whose branch no target has any more: other groups, or nothing left to change."""
        whole = [target for target in wanted if target.base]
        for base in dict.fromkeys(target.base for target in whole):
            target = next(target for target in whole if target.base == base)
            everything = replace(target, automations=self._found.automations)
            stems = {target.branch for target in whole if target.base == base}
            usual = own_branch(base, self._settings)
            try:
                for found in self._keeper.open(base):
                    if found.branch in self._active or parse_state(found.body) is None:
                        continue
                    if _is_of(found, stems) or (_is_of(found, {usual}) and self._is_told(found, everything)):
                        self._retire_one(found, everything)
            except Error as error:
                self._fail(target, error)

    def _retire_one(self, found: PullRequest, target: Target) -> None:
        remote = self._ports.api
        start = remote.resolve(target.checkout)
        series = remote.series(start, found.head)
        if not is_ours(remote, series) and not is_left_at(found.head, found):
            return
        outcomes = self._planner.steps(target, remote.tree(start), {}).outcomes
        if self._workshop(remote).standing(start, found.head, series, absent(target, outcomes)):
            return
        successors = [
            published.number
            for published in self._published.pull_requests
            if published.base == found.base and published.operation is not PullRequestOperation.CLOSED
        ]
        self._note(self._keeper.retire(found, remote, successors))

    def _is_told(self, found: PullRequest, target: Target) -> bool:
        """Whether all files that a pull request changes hold fields of this run: it is not another workflow's."""
        remote = self._ports.api
        series = remote.series(remote.resolve(target.checkout), found.head)
        changed = [remote.changed(commit.id) for commit in series.commits]
        return all(
            blobs is not None and self._planner.serves(remote.tree(found.head), blobs.keys()) for blobs in changed
        )

    def _fail(self, target: Target, error: Error) -> None:
        self._failed = True
        automation = target.automations[0].automation
        location = automation.location if automation and isinstance(error, ConfigurationError) else None
        problem = Problem.of(error, location=location)
        told = f"{target.names}: {problem.message}" if location is None else problem.message
        self._published.problems.append(replace(problem, message=told, remedy=problem.remedy or _UNKNOWN))


def _is_of(found: PullRequest, stems: Collection[str]) -> bool:
    return found.branch in stems or any(found.branch.startswith(stem + SEPARATOR) for stem in stems)
