"""From the configuration and the tags that registries list to one outcome for every policy."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from imgupdate.config import registry_access, resolve_repository
from imgupdate.config.model import ActiveAutomation, Config, ImagePolicy, ImageRepository, Scope
from imgupdate.errors import ConfigurationError, Error, NoTagSelected, shown
from imgupdate.images import Tag, is_tag
from imgupdate.policies import ScanOrder, stored_order
from imgupdate.report.problems import ranked
from imgupdate.report.text import clean, counted
from imgupdate.results import (
    Cause,
    Explanation,
    Listing,
    ObjectKey,
    Outcome,
    Problem,
    Selection,
    Severity,
    Unavailable,
    Verdict,
)
from imgupdate.update.sources import Scanner, Target, told


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A policy whose repository is scanned, and how."""

    policy: ImagePolicy
    repository: ImageRepository
    target: Target

    def unavailable(self, cause: Cause, reason: str) -> Unavailable:
        """The outcome of this policy where it chooses nothing."""
        return Unavailable(policy=self.policy.key, image=self.repository.image.text, cause=cause, reason=reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """An outcome for every policy, in the order of their keys; `candidates` are those that were scanned for."""

    outcomes: tuple[Outcome, ...]
    problems: tuple[Problem, ...]
    candidates: Mapping[ObjectKey, Candidate]

    @property
    def selections(self) -> Iterator[Selection]:
        """The outcomes that are a choice."""
        return (outcome for outcome in self.outcomes if isinstance(outcome, Selection))


def select(
    config: Config,
    automations: Sequence[ActiveAutomation],
    scanner: Scanner,
    *,
    wanted: Collection[ObjectKey] | None = None,
    explain: bool = False,
) -> Choices:
    """Scan what the automations need, each image once, and let every policy choose.

    A policy that no automation takes, or that is not `wanted` (None: all are), is not looked at. One image that cannot
    be scanned does not stop the others. The result does not depend on the order in which registries answer.
    """
    taken = frozenset(key for automation in automations for key in automation.policies)
    sorting = _Sorting(wanted, taken)
    for scope in config.scopes:
        sorting.sort(scope)
    waiting: dict[Hashable, list[Candidate]] = {}
    for candidate in sorting.candidates:
        waiting.setdefault(candidate.target.key, []).append(candidate)
    outcomes, problems = sorting.outcomes, sorting.problems
    for key, listing in scanner.listings(candidate.target for candidate in sorting.candidates):
        chosen, wrong = _choose_all(waiting[key], listing, explain=explain)
        outcomes += chosen
        problems += wrong
    return Choices(
        outcomes=tuple(sorted(outcomes, key=lambda outcome: outcome.policy)),
        problems=ranked(problems),
        candidates={candidate.policy.key: candidate for candidate in sorting.candidates},
    )


class _Sorting:
    """Tells the policies that need a scan from those whose outcome is known without one."""

    def __init__(self, wanted: Collection[ObjectKey] | None, taken: frozenset[ObjectKey]) -> None:
        self._wanted = wanted
        self._taken = taken
        self._targets: dict[ObjectKey, Target | ConfigurationError] = {}
        self.candidates: list[Candidate] = []
        self.outcomes: list[Outcome] = []
        self.problems: list[Problem] = []

    def sort(self, scope: Scope) -> None:
        """Take the policies of a scope in the order of their keys."""
        for key, problem in scope.unusable.items():
            self._pass_over(key, "", Cause.INVALID, problem.message)
        for key in sorted(scope.policies):
            self._sort(scope, scope.policies[key])

    def _sort(self, scope: Scope, policy: ImagePolicy) -> None:
        try:
            repository = resolve_repository(scope, policy)
        except ConfigurationError as error:
            self._pass_over(policy.key, "", Cause.INVALID, error.message)
            self.problems.append(Problem.of(error, location=policy.location, policy=policy.key))
            return
        image = repository.image.text
        if self._wanted is not None and policy.key not in self._wanted:
            self._pass_over(policy.key, image, Cause.NOT_REQUESTED, "it is not among the policies asked for")
        elif policy.key not in self._taken:
            self._pass_over(policy.key, image, Cause.NO_AUTOMATION, "no automation that runs takes it")
        elif policy.suspend:
            self._pass_over(policy.key, image, Cause.SUSPENDED, "the policy is suspended")
        elif repository.suspend:
            self._pass_over(policy.key, image, Cause.SUSPENDED, f"its image repository {repository.key} is suspended")
        elif isinstance(target := self._target(scope, repository), ConfigurationError):
            self._pass_over(policy.key, image, Cause.INVALID, target.message)
        else:
            self.candidates.append(Candidate(policy=policy, repository=repository, target=target))

    def _target(self, scope: Scope, repository: ImageRepository) -> Target | ConfigurationError:
        """How to reach a repository, found out once however many policies ask."""
        if repository.key not in self._targets:
            try:
                access, problems = registry_access(scope, repository)
            except ConfigurationError as error:
                self._targets[repository.key] = error
                self.problems.append(Problem.of(error, location=repository.location))
            else:
                self._targets[repository.key] = Target(repository=repository.image, access=access)
                self.problems += problems
        return self._targets[repository.key]

    def _pass_over(self, policy: ObjectKey, image: str, cause: Cause, reason: str) -> None:
        self.outcomes.append(Unavailable(policy=policy, image=image, cause=cause, reason=reason))


def _choose_all(
    candidates: Sequence[Candidate], listing: Listing | Error, *, explain: bool
) -> tuple[list[Outcome], list[Problem]]:
    """The outcomes of all policies that one answer of a registry serves."""
    repositories = {candidate.repository.key: candidate.repository for candidate in candidates}
    if isinstance(listing, Error):
        failed: list[Outcome] = [_not_scanned(candidate, listing) for candidate in candidates]
        return failed, [_scan_failed(repository, listing) for repository in repositories.values()]
    problems = [_oddity(repository, text) for repository in repositories.values() for text in listing.warnings]
    tags = {key: stored_order(listing.tags, repository.exclusions) for key, repository in repositories.items()}
    outcomes: list[Outcome] = []
    for candidate in candidates:
        seen = tags[candidate.repository.key]
        explanation = _explain(candidate, listing, seen) if explain else None
        try:
            outcomes.append(replace(_choose(candidate, listing, seen), explanation=explanation))
        except NoTagSelected as error:
            outcomes.append(replace(candidate.unavailable(Cause.NO_TAG, error.message), explanation=explanation))
            problems.append(_no_tag(candidate, error))
    return outcomes, problems


def _choose(candidate: Candidate, listing: Listing, tags: Sequence[str]) -> Selection:
    """What a policy chooses among the tags that its repository does not exclude.

    Raises:
        NoTagSelected: there are no tags, the policy takes none, or what it takes is not a tag (design, section 5).

    """
    policy, repository = candidate.policy, candidate.repository
    if not listing.tags:
        raise NoTagSelected("the registry lists no tags", remedy="push one, or correct the image")
    if not tags:
        raise NoTagSelected(
            f"the exclusion list leaves none of {counted(len(listing.tags), 'tag')}",
            remedy=f"correct spec.exclusionList of {repository.location}",
        )
    tag = policy.tags.choose(tags).tag
    if not is_tag(tag):
        raise NoTagSelected(
            f"its choice {shown(tag)} is not a valid tag",
            remedy="leave such tags out with filterTags or exclusionList",
        )
    return Selection(
        policy=policy.key,
        image=repository.image.text,
        tag=Tag(tag),
        order=ScanOrder(repository.exclusions, policy.tags),
        reflection=policy.reflection,
        allow_downgrade=policy.allow_downgrade,
    )


def _explain(candidate: Candidate, listing: Listing, tags: Sequence[str]) -> Explanation:
    """What the policy made of each tag that it saw, and then the tags that were excluded before."""
    explanation = candidate.policy.tags.explain(tags)
    excluded = sorted(set(listing.tags).difference(tags), reverse=True)
    unseen = tuple(Verdict(tag, kept=False, key="", reason="excluded by the exclusion list") for tag in excluded)
    return replace(explanation, verdicts=(*explanation.verdicts, *unseen))


def _no_tag(candidate: Candidate, error: NoTagSelected) -> Problem:
    policy, image = candidate.policy, candidate.repository.image.text
    message = f"{policy.key} chooses no tag of {image}: {error.message}"
    return replace(Problem.of(error, location=policy.location, policy=policy.key), message=message)


def _not_scanned(candidate: Candidate, error: Error) -> Unavailable:
    cause = Cause.INVALID if isinstance(error, ConfigurationError) else Cause.SCAN_FAILED
    return candidate.unavailable(cause, told(error, candidate.repository.image.text))


def _scan_failed(repository: ImageRepository, error: Error) -> Problem:
    image = repository.image.text
    message = f"{image} could not be scanned: {told(error, image)}"
    return replace(Problem.of(error, location=repository.location), message=message)


def _oddity(repository: ImageRepository, text: str) -> Problem:
    return Problem(
        severity=Severity.WARNING, message=f"{repository.image.text}: {clean(text)}", location=repository.location
    )
