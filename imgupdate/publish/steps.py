"""What a target would commit upon a tree: one step for each automation that has something to change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from imgupdate.config.model import ActiveAutomation
from imgupdate.files import Files
from imgupdate.planning import FieldId, difference, identified, survey
from imgupdate.publish.targets import Target
from imgupdate.publish.trees import Folder, Overlay, joined
from imgupdate.results import Cause, FileEdit, ObjectKey, Outcome, Plan, Problem, Severity, Unavailable
from imgupdate.update import Scan, Scanner, plan_tree

_ABSENT = (Cause.NOT_REQUESTED, Cause.SCAN_FAILED, Cause.NO_DIGEST)
"""Why a policy may have no selection although it would have one at another time: what it set before may stand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The edits of one automation, upon the tree that the steps before it leave."""

    automation: ActiveAutomation
    edits: tuple[FileEdit, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """All steps upon a tree, in the order of the automations; `problems` are errors and warnings only."""

    steps: tuple[Step, ...]
    outcomes: tuple[Outcome, ...]
    problems: tuple[Problem, ...]

    @property
    def edits(self) -> tuple[FileEdit, ...]:
        """What the steps do together, one edit a file."""
        return joined([step.edits for step in self.steps])


@dataclass(frozen=True, slots=True)
class Planner:
    """Plans for the trees that a run meets, from one scan."""

    scan: Scan
    scanner: Scanner

    def steps(self, target: Target, files: Files, kept: Mapping[FieldId, str]) -> Steps:
        """What a target commits upon a tree; `kept` are values for fields whose policies are absent from this run."""
        seen: Files = files if target.directory is None else Folder(files, target.directory)
        steps: list[Step] = []
        outcomes: tuple[Outcome, ...] = ()
        problems: list[Problem] = []
        contents: dict[str, bytes] = {}
        for automation in target.automations:
            planned = plan_tree(
                self.scan,
                Overlay(seen, contents),
                self.scanner,
                only={automation.key},
                policies=target.policies,
                kept=kept,
            )
            outcomes = planned.outcomes
            problems += (*planned.problems, *planned.plan.problems)
            if planned.plan.edits:
                steps.append(Step(automation=automation, edits=planned.plan.edits))
                contents = contents | {edit.path: edit.after for edit in planned.plan.edits}
        notable = tuple(dict.fromkeys(problem for problem in problems if problem.severity is not Severity.NOTICE))
        return Steps(steps=tuple(steps), outcomes=outcomes, problems=notable)

    def standing(self, base: Files, branch: Files, policies: Iterable[ObjectKey]) -> dict[FieldId, str]:
        """The values that a branch has given to the fields of some policies, where the base has others."""
        wanted = frozenset(policies)
        if not wanted:
            return {}
        scopes, automations = self.scan.config.scopes, self.scan.automations
        old = identified(survey(base, scopes, automations))
        return {
            identity: marker.value
            for identity, marker in identified(survey(branch, scopes, automations)).items()
            if marker.policy in wanted and identity in old and old[identity].value != marker.value
        }

    def difference(self, before: Files, after: Files, problems: tuple[Problem, ...] = ()) -> Plan:
        """What fields have other values in one tree than in another, as a plan from the one to the other."""
        edits = difference(before, after, self.scan.config.scopes, self.scan.automations)
        return Plan(edits=edits, problems=problems)


def absent(target: Target, outcomes: Iterable[Outcome]) -> frozenset[ObjectKey]:
    """The policies of a target that this run knows nothing of: not asked for, or not to be had just now."""
    taken = {key for automation in target.automations for key in automation.policies}
    if target.policies is not None:
        taken &= target.policies
    return frozenset(
        outcome.policy
        for outcome in outcomes
        if isinstance(outcome, Unavailable) and outcome.cause in _ABSENT and outcome.policy in taken
    )
