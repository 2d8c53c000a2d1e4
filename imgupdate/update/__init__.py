"""The main job: scan, let the policies choose, and plan what a tree has to become. Nothing is written here."""

from __future__ import annotations

from dataclasses import dataclass

from imgupdate.config import active_automations
from imgupdate.config.model import ActiveAutomation, Config
from imgupdate.files import Files
from imgupdate.planning import plan, survey
from imgupdate.results import Result
from imgupdate.update.digests import needs_markers, reflect_digests
from imgupdate.update.parallel import Progress, Silent
from imgupdate.update.selection import Choices, named_policies, select
from imgupdate.update.sources import RegistrySource, Scanner, Target

__all__ = [
    "Choices",
    "Progress",
    "RegistrySource",
    "Request",
    "Scanner",
    "Silent",
    "Target",
    "named_policies",
    "reflect_digests",
    "select",
    "update",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a run is asked for.

    `repository_urls` are the addresses of the repository that is worked on. `policies` names those to look at
    (`namespace/name` or a bare name), none for all. `explain` has every selection say why.
    """

    repository_urls: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()
    explain: bool = False


def update(config: Config, files: Files, scanner: Scanner, request: Request) -> Result:
    """Everything that one run finds out about a tree, and the plan for it.

    Raises:
        UsageError: a policy that is asked for does not exist.

    """
    wanted = named_policies(config, request.policies) if request.policies else None
    automations: list[ActiveAutomation] = []
    problems = list(config.problems)
    for scope in config.scopes:
        active, found = active_automations(scope, request.repository_urls)
        automations += active
        problems += found
    choices = select(config, automations, scanner, wanted=wanted, explain=request.explain)
    markers = survey(files, config.scopes, automations) if needs_markers(choices) else ()
    outcomes, missing = reflect_digests(choices, markers, scanner)
    planned = plan(files, config.scopes, automations, {outcome.policy: outcome for outcome in outcomes})
    return Result(outcomes=outcomes, plan=planned, problems=(*problems, *choices.problems, *missing), written=False)
