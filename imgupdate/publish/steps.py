"""What a target would commit upon a tree: one step for each automation that has something to change."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from imgupdate.config.model import ActiveAutomation
from imgupdate.files import Files
from imgupdate.planning import FieldId, difference, identified, survey
from imgupdate.publish.targets import Target
from imgupdate.publish.trees import Folder, Overlay, joined
from imgupdate.results import (
    Cause,
    FileEdit,
    Marker,
    ObjectIdentifier,
    ObjectKey,
    Outcome,
    Plan,
    Problem,
    Severity,
    Unavailable,
)
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

    def standing(
        self, ground: Files, base: Files, branch: Files, policies: Collection[ObjectKey]
    ) -> dict[FieldId, str]:
        """What a branch has made of the fields of some policies upon its ground, as far as the base is as that was.

        The fields of a policy in one object stand or fall together: where somebody has changed one of them in the base
        since, that is newer than what the branch has.
        """
        if not policies:
            return {}
        scopes, automations = self.scan.config.scopes, self.scan.automations
        old, now, new = (identified(survey(files, scopes, automations)) for files in (ground, base, branch))
        moved = {
            _image_of(now[identity])
            for identity in now
            if identity not in old or old[identity].value != now[identity].value
        }
        return {
            identity: marker.value
            for identity, marker in new.items()
            if marker.policy in policies
            and identity in now
            and now[identity].value != marker.value
            and _image_of(now[identity]) not in moved
        }

    def serves(self, files: Files, paths: Iterable[str]) -> bool:
        """Whether each of some files holds a field that this run's automations serve."""
        served = survey(files, self.scan.config.scopes, self.scan.automations)
        return {marker.location.path for marker in served}.issuperset(paths)

    def difference(self, ground: Files, base: Files, branch: Files, problems: tuple[Problem, ...] = ()) -> Plan:
        """What a branch brings to its base: what it changed upon its ground and the base has not yet."""
        edits = difference(ground, branch, base, self.scan.config.scopes, self.scan.automations)
        return Plan(edits=edits, problems=problems)


def _image_of(marker: Marker) -> tuple[str, ObjectIdentifier, ObjectKey]:
    return marker.location.path, marker.object, marker.policy


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
