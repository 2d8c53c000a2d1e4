"""Which branches get commits, from what they start, and which have a pull request (spec/flux.md 6.2, 6.3; design 6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum, auto

from imgupdate.config.model import ActiveAutomation, Config, GitRef, GitRepository, PushSpec, Scope
from imgupdate.errors import ConfigurationError
from imgupdate.publish.settings import Mode, PublishSettings
from imgupdate.results import ObjectKey, Problem

PREFIX = "imgupdate/"
"""What the names of branches begin with that are ours to rebuild."""

FLUX_DEFAULT = "master"
"""What Flux checks out where nothing names a branch (spec/flux.md 6.2)."""


class BranchKind(Enum):
    """What a branch is to us.

    CHECKOUT: what the automation checks out; commits are added to it. NAMED: the push branch of an automation; commits
    are added to it, and it is made where it is missing. OWN: rebuilt from its base.
    """

    CHECKOUT = auto()
    NAMED = auto()
    OWN = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A branch that a run brings up to date, for one automation or for several that share it.

    `checkout` is what it starts from where it has to start; `base` is the branch that its pull request goes into, empty
    where it has none. `group` names the part of the changes that it is for, empty for all; `policies` and `directory`
    confine it to that part. `through_git` says why the API cannot serve it, empty where it can. `refspecs` are pushed
    besides the branch, where that is the one that the automation pushes to.
    """

    branch: str
    checkout: GitRef
    base: str
    kind: BranchKind
    automations: tuple[ActiveAutomation, ...]
    group: str = ""
    policies: frozenset[ObjectKey] | None = None
    directory: str | None = None
    through_git: str = ""
    timeout: float | None = None
    refspecs: tuple[str, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)

    @property
    def names(self) -> str:
        """The automations, for messages."""
        return ", ".join(str(automation.key) for automation in self.automations)


def targets(
    config: Config, automations: Sequence[ActiveAutomation], settings: PublishSettings
) -> tuple[tuple[Target, ...], tuple[Problem, ...]]:
    """The branches of a run, each once, in the order of the automations; an automation that names none is a problem."""
    scopes = {scope.name: scope for scope in config.scopes}
    found: dict[str, Target] = {}
    problems: list[Problem] = []
    for automation in automations:
        try:
            target = _target(automation, scopes[automation.key.scope], settings)
            known = found.get(target.branch)
            found[target.branch] = _joined(known, target) if known else target
        except ConfigurationError as error:
            location = automation.automation.location if automation.automation else None
            problems.append(Problem.of(error, location=location))
    return tuple(found.values()), tuple(problems)


def own_branch(base: str, settings: PublishSettings) -> str:
    """The branch for pull requests into a base, where no automation names one."""
    return settings.branch or PREFIX + base


def _target(automation: ActiveAutomation, scope: Scope, settings: PublishSettings) -> Target:
    git = automation.automation.git if automation.automation else None
    push = git.push if git else PushSpec()
    source = _source(automation, scope)
    ref = _checkout(automation, source, settings)
    checked_out = ref.branch or (FLUX_DEFAULT if ref == GitRef() else "")
    branch = push.branch or ref.branch
    if not branch:
        raise ConfigurationError(
            "push spec not provided, and cannot be inferred from .spec.git.checkout.ref or GitRepository .spec.ref",
            remedy="name the branch to push to in spec.git.push.branch",
        )
    switched = bool(push.branch) and push.branch != checked_out
    base = _branch_of(ref)
    kind = BranchKind.NAMED if switched else BranchKind.CHECKOUT
    refspecs = (push.refspec,) if push.refspec else ()
    if not switched and (settings.mode is Mode.PULL_REQUEST or (settings.mode is Mode.AUTO and _implicit(automation))):
        branch, kind, refspecs = own_branch(base, settings), BranchKind.OWN, ()
    elif switched and branch.startswith(PREFIX):
        kind = BranchKind.OWN
    return _checked(
        Target(
            branch=branch,
            checkout=GitRef(branch=FLUX_DEFAULT) if ref == GitRef() else ref,
            base=base if settings.mode is not Mode.COMMIT and kind is not BranchKind.CHECKOUT else "",
            kind=kind,
            automations=(automation,),
            through_git="git.push.refspec" if refspecs else _git_need(automation, base, settings),
            timeout=source.timeout if source else None,
            refspecs=refspecs,
            options=push.options,
        )
    )


def _checked(target: Target) -> Target:
    if target.branch == target.base and target.kind is BranchKind.NAMED:
        return replace(target, base="")
    if target.branch == target.base:
        raise ConfigurationError(
            f"the pull request would go from the branch {target.branch} into itself",
            remedy="name another branch with the input `branch` or in spec.git.push.branch",
        )
    if target.kind is BranchKind.OWN and not (target.base or target.checkout.branch):
        return replace(target, kind=BranchKind.NAMED)
    return target


def _implicit(automation: ActiveAutomation) -> bool:
    """Whether nobody said how to publish: there is no automation object, or a native one without `git`."""
    return automation.automation is None or automation.automation.git is None


def _source(automation: ActiveAutomation, scope: Scope) -> GitRepository | None:
    key = automation.automation.source if automation.automation else None
    return scope.git_repositories.get(key) if key else None


def _checkout(automation: ActiveAutomation, source: GitRepository | None, settings: PublishSettings) -> GitRef:
    """The reference as written; where no manifest can say, the branch that the run stands for."""
    git = automation.automation.git if automation.automation else None
    if git and git.checkout:
        return git.checkout
    if source:
        return source.ref or GitRef()
    return GitRef(branch=settings.base)


def _branch_of(ref: GitRef) -> str:
    """The branch that a checkout stands on, empty where it is a tag or a commit."""
    if ref == GitRef():
        return FLUX_DEFAULT
    if ref.commit or (not ref.name and (ref.tag or ref.semver)):
        return ""
    if ref.name:
        return ref.name.removeprefix("refs/heads/") if ref.name.startswith("refs/heads/") else ""
    return ref.branch


def _git_need(automation: ActiveAutomation, base: str, settings: PublishSettings) -> str:
    """Why the API cannot serve an automation that pushes no refspec; empty where it can."""
    git = automation.automation.git if automation.automation else None
    if git and git.push.options:
        return "git.push.options"
    if automation.automation and git and git.commit.signing_key and not signs_on_github(automation, settings):
        return "git.commit.signingKey"
    return "" if base == settings.base else "the checkout of another reference"


def signs_on_github(automation: ActiveAutomation, settings: PublishSettings) -> bool:
    """Whether the author is left out of the commits of an automation, so that GitHub signs them."""
    return settings.sign_github or bool(automation.automation and automation.automation.sign_github)


def _joined(first: Target, second: Target) -> Target:
    """One target for two automations that share a push branch.

    Raises:
        ConfigurationError: they start from different branches, or want pull requests into different ones.

    """
    if (first.base, first.checkout, first.kind) != (second.base, second.checkout, second.kind):
        raise ConfigurationError(
            f"the automations {first.names} and {second.names} share the branch {first.branch}, "
            "but not the branch that they check out",
            remedy="give each a push branch of its own",
        )
    return replace(
        first,
        automations=(*first.automations, *second.automations),
        through_git=first.through_git or second.through_git,
        refspecs=tuple(dict.fromkeys((*first.refspecs, *second.refspecs))),
        options={**first.options, **second.options},
        timeout=max(filter(None, (first.timeout, second.timeout)), default=None),
    )
