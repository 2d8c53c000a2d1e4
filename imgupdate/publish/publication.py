"""One run of publishing: every branch and pull request brought up to date."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from imgupdate.errors import ConfigurationError, Error, PublishError
from imgupdate.publish.branches import Workshop, is_ours
from imgupdate.publish.groups import SEPARATOR, grouped
from imgupdate.publish.ports import PullRequests, Remote
from imgupdate.publish.pulls import Keeper
from imgupdate.publish.settings import GroupBy, PublishSettings
from imgupdate.publish.sources import LabelSource, compare_links
from imgupdate.publish.steps import Planner, absent
from imgupdate.publish.targets import Target, own_branch, targets
from imgupdate.remote import PullRequest
from imgupdate.report.pull_request import Update, parse_state
from imgupdate.report.updates import Step
from imgupdate.results import Problem, PublishedCommit, PublishedPullRequest, PullRequestOperation, Severity
from imgupdate.update import Scan, Scanner


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

    def run(self) -> Published:
        """Publish all there is."""
        wanted, problems = targets(self._found.config, self._found.automations, self._settings)
        self._published.problems += problems
        for target in wanted:
            try:
                self._serve(target)
            except (PublishError, ConfigurationError) as error:
                self._fail(target, error)
        if not any(problem.severity is Severity.ERROR for problem in self._published.problems):
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
            except (PublishError, ConfigurationError) as error:
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

    def _bring_up_to_date(self, target: Target, remote: Remote) -> None:
        self._active.add(target.branch)
        workshop = Workshop(
            remote=remote,
            planner=self._planner,
            settings=self._settings,
            pause=self._ports.pause,
            is_declined=self._keeper.is_declined,
            is_merged=self._keeper.is_merged,
        )
        state = workshop.bring_up_to_date(target)
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
            kept = self._keeper.keep(state, remote)
            self._published.problems += kept.problems
            if kept.pull_request:
                self._published.pull_requests.append(kept.pull_request)

    def _retire(self, wanted: Sequence[Target]) -> None:
        """Close pull requests of ours whose branch no target has any more: other groups, or nothing left to change."""
        whole = [target for target in wanted if target.base]
        for base in dict.fromkeys(target.base for target in whole):
            stems = {own_branch(base, self._settings), *(target.branch for target in whole if target.base == base)}
            everything = replace(
                next(target for target in whole if target.base == base), automations=self._found.automations
            )
            for found in self._keeper.open(base):
                if found.branch not in self._active and _is_of(found, stems):
                    self._retire_one(found, everything)

    def _retire_one(self, found: PullRequest, target: Target) -> None:
        remote = self._ports.api
        start = remote.resolve(target.checkout)
        if not is_ours(remote, remote.series(start, found.head)):
            return
        tree, branch = remote.tree(start), remote.tree(found.head)
        outcomes = self._planner.steps(target, tree, {}).outcomes
        if self._planner.standing(tree, branch, absent(target, outcomes)):
            return
        successors = [
            published.number
            for published in self._published.pull_requests
            if published.base == found.base and published.operation is not PullRequestOperation.CLOSED
        ]
        try:
            self._published.pull_requests.append(self._keeper.retire(found, remote, successors))
        except PublishError as error:
            self._published.problems.append(Problem.of(error))

    def _fail(self, target: Target, error: Error) -> None:
        automation = target.automations[0].automation
        location = automation.location if automation and isinstance(error, ConfigurationError) else None
        problem = Problem.of(error, location=location)
        told = f"{target.names}: {problem.message}" if location is None else problem.message
        self._published.problems.append(replace(problem, message=told))


def _is_of(found: PullRequest, stems: set[str]) -> bool:
    mine = found.branch in stems or any(found.branch.startswith(stem + SEPARATOR) for stem in stems)
    return mine and parse_state(found.body) is not None
