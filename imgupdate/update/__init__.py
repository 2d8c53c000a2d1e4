"""The main job: scan, let the policies choose, and plan what a tree has to become. Nothing is written here."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from imgupdate.config import active_automations
from imgupdate.config.model import ActiveAutomation, Config
from imgupdate.files import Files
from imgupdate.planning import FieldId, plan, survey
from imgupdate.results import ObjectKey, Outcome, Plan, Problem, Result
from imgupdate.update.digests import needs_markers, reflect_digests
from imgupdate.update.parallel import Progress, Silent
from imgupdate.update.requests import images_asked_for, named_policies
from imgupdate.update.selection import Choices, select
from imgupdate.update.sources import RegistrySource, Scanner, Target

__all__ = [
    "Choices",
    "Progress",
    "RegistrySource",
    "Request",
    "Scan",
    "Scanner",
    "Silent",
    "Target",
    "TreePlan",
    "named_policies",
    "plan_tree",
    "reflect_digests",
    "result_of",
    "scan",
    "select",
    "update",
]

_NOTHING: Mapping[FieldId, str] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a run is asked for.

    `repository_urls` are the addresses of the repository that is worked on. `policies` names those to look at
    (`namespace/name` or a bare name), none for all. `images` are the repositories to look at, None for all.
    `explain` has every selection say why.
    """

    repository_urls: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()
    images: tuple[str, ...] | None = None
    explain: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """What the registries and the policies said: enough to plan for any tree."""

    config: Config
    automations: tuple[ActiveAutomation, ...]
    choices: Choices
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TreePlan:
    """The plan for one tree. `problems` are about the digests that it would need."""

    outcomes: tuple[Outcome, ...]
    plan: Plan
    problems: tuple[Problem, ...]


def scan(config: Config, scanner: Scanner, request: Request) -> Scan:
    """Find the automations that run, scan the images that they need, and let every policy choose.

    Raises:
        UsageError: a policy that is asked for does not exist, or an image that is asked for is no image.

    """
    automations: list[ActiveAutomation] = []
    problems = list(config.problems)
    wanted = named_policies(config, request.policies) if request.policies else None
    if request.images is not None:
        meant, notes = images_asked_for(config, request.images)
        problems += notes
        wanted = meant if wanted is None else wanted & meant
    for scope in config.scopes:
        active, found = active_automations(scope, request.repository_urls)
        automations += active
        problems += found
    choices = select(config, automations, scanner, wanted=wanted, explain=request.explain)
    return Scan(config=config, automations=tuple(automations), choices=choices, problems=(*problems, *choices.problems))


def plan_tree(
    found: Scan,
    files: Files,
    scanner: Scanner,
    *,
    only: Collection[ObjectKey] | None = None,
    policies: Collection[ObjectKey] | None = None,
    kept: Mapping[FieldId, str] = _NOTHING,
) -> TreePlan:
    """The plan for a tree, for the automations named by `only` and for some policies, None for all.

    `kept` are values that fields get whose policy has no outcome to set them to.
    """
    scopes, active = found.config.scopes, found.automations
    markers = survey(files, scopes, active) if needs_markers(found.choices) else ()
    outcomes, missing = reflect_digests(found.choices, markers, scanner)
    used = {outcome.policy: outcome for outcome in outcomes if policies is None or outcome.policy in policies}
    return TreePlan(outcomes=outcomes, plan=plan(files, scopes, active, used, kept=kept, only=only), problems=missing)


def update(config: Config, files: Files, scanner: Scanner, request: Request) -> Result:
    """Everything that one run finds out about a tree, and the plan for it.

    Raises:
        UsageError: as `scan`.

    """
    found = scan(config, scanner, request)
    return result_of(found, plan_tree(found, files, scanner))


def result_of(found: Scan, planned: TreePlan) -> Result:
    """What a run found out, before anything is written or published."""
    return Result(
        outcomes=planned.outcomes, plan=planned.plan, problems=(*found.problems, *planned.problems), written=False
    )
