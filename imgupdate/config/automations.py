"""Which automations run, and which policies each takes (design, section 4)."""

from __future__ import annotations

from collections.abc import Sequence

from imgupdate.config.extras import OWNED, OWNER
from imgupdate.config.findings import in_order
from imgupdate.config.git_urls import same_repository
from imgupdate.config.labels import selects
from imgupdate.config.model import ActiveAutomation, ImageUpdateAutomation, Scope
from imgupdate.config.native import AUTOMATION_NAME
from imgupdate.results import Location, ObjectKey, Problem, Severity


def active_automations(
    scope: Scope, repository_urls: Sequence[str]
) -> tuple[tuple[ActiveAutomation, ...], tuple[Problem, ...]]:
    """The automations of a scope that run in the repository with these addresses, and what is odd about the choice.

    One that is suspended, or that updates another repository, does not run. Where the scope has no automation object
    at all, not even a wrong one, an implicit one takes all policies. Policies that are unusable are taken by none.
    """
    if not scope.automations and not scope.broken_automations:
        key = ObjectKey(scope.name, "", AUTOMATION_NAME)
        return (ActiveAutomation(key=key, path="", policies=frozenset(scope.policies)),), ()
    active: list[ActiveAutomation] = []
    problems: list[Problem] = []
    taken: set[ObjectKey] = set()
    for automation in scope.automations:
        policies = _policies(scope, automation)
        taken |= policies
        runs, notes = _runs(scope, automation, repository_urls)
        problems += notes
        if runs:
            active.append(_activate(automation, policies))
    if not scope.broken_automations:
        problems += _untaken(scope, taken)
    return tuple(active), in_order(problems)


def _activate(automation: ImageUpdateAutomation, policies: frozenset[ObjectKey]) -> ActiveAutomation:
    return ActiveAutomation(key=automation.key, path=automation.path, policies=policies, automation=automation)


def _policies(scope: Scope, automation: ImageUpdateAutomation) -> frozenset[ObjectKey]:
    """Those of its own namespace that its selector takes (spec/flux.md 5.1)."""
    return frozenset(
        key
        for key, policy in scope.policies.items()
        if key.namespace == automation.key.namespace
        and (automation.selector is None or selects(automation.selector, policy.labels))
    )


def _runs(scope: Scope, automation: ImageUpdateAutomation, urls: Sequence[str]) -> tuple[bool, list[Problem]]:
    if automation.suspend and not automation.owned:
        remedy = f"to run it here and not in the cluster, annotate it with {OWNER}: {OWNED}"
        return False, [_note(Severity.NOTICE, f"{automation.key} is suspended and does not run", automation, remedy)]
    runs, problems = _is_ours(scope, automation, urls)
    if runs and scope.controllers_installed and not automation.suspend and not automation.owned:
        message = f"{automation.key} runs here, and the repository installs Flux's controllers: both would push"
        remedy = f"set spec.suspend: true and annotate it with {OWNER}: {OWNED}"
        problems.append(_note(Severity.WARNING, message, automation, remedy))
    return runs, problems


def _is_ours(scope: Scope, automation: ImageUpdateAutomation, urls: Sequence[str]) -> tuple[bool, list[Problem]]:
    """Whether an automation updates the repository that we are in."""
    if automation.source is None:
        return True, []
    if automation.source in scope.broken_git_repositories:
        message = f"{automation.key} does not run: its GitRepository {automation.source} is wrong"
        return False, [_note(Severity.ERROR, message, automation, "correct the GitRepository")]
    source = scope.git_repositories.get(automation.source)
    if source is None:
        message = f"there is no GitRepository {automation.source}: {automation.key} is taken to update this repository"
        return True, [_note(Severity.WARNING, message, automation, "add the manifest of the GitRepository")]
    if not urls:
        message = f"this repository's address is unknown: {automation.key} is taken to update it"
        return True, [_note(Severity.WARNING, message, automation, "add a Git remote")]
    if any(same_repository(source.url, url) for url in urls):
        return True, []
    message = f"{automation.key} updates another repository, that of GitRepository {source.key}, and does not run"
    remedy = "if it is this one, let its url be an address of this repository's remotes, or remove the GitRepository"
    return False, [_note(Severity.NOTICE, message, automation, remedy)]


def _untaken(scope: Scope, taken: set[ObjectKey]) -> list[Problem]:
    return [
        Problem(
            severity=Severity.NOTICE,
            message=f"no automation takes the policy {key}",
            remedy="an automation takes the policies of its own namespace that its policySelector selects",
            location=policy.location,
            policy=key,
        )
        for key, policy in scope.policies.items()
        if key not in taken
    ]


def _note(severity: Severity, message: str, automation: ImageUpdateAutomation, remedy: str = "") -> Problem:
    place: Location = automation.location
    code = 3 if severity is Severity.ERROR else 0
    return Problem(severity=severity, message=message, remedy=remedy, location=place, exit_code=code)
