"""Which marked fields get which values, and which stay as they are (design, section 5)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from imgupdate.errors import InvalidReference, ManifestError, ScanError, shown
from imgupdate.images import Digest, parse_reference
from imgupdate.planning.names import Standing
from imgupdate.planning.pins import present_tag, written_tag
from imgupdate.planning.tree import Field
from imgupdate.results import (
    DigestReflection,
    Marker,
    ObjectIdentifier,
    ObjectKey,
    Outcome,
    Part,
    Problem,
    Selection,
    Severity,
)

_REFLECT = "to pin digests, set digestReflectionPolicy on the policy"


@dataclass(frozen=True, slots=True)
class _Target:
    """What the fields of a policy are to hold; no digest where the policy reflects none."""

    selection: Selection
    values: Mapping[Part, str]


class Decisions:
    """Decides file by file. `present` are the digests that the tree has and that may stay (`pins.present_digest`).

    The fields of one policy in one object stand or fall together: half of an image is worse than none.
    """

    def __init__(self, outcomes: Mapping[ObjectKey, Outcome], present: Mapping[ObjectKey, Digest]) -> None:
        self._outcomes = outcomes
        self._present = present
        self._targets: dict[ObjectKey, _Target | None] = {}
        self._ahead: dict[tuple[ObjectKey, str], bool] = {}

    def decide(self, fields: Iterable[Field]) -> tuple[dict[int, str], list[Problem]]:
        """The values of the fields of a file that are served and not held, by marker, and what is held and why.

        Values that are right already are among them: `MarkedFile.rewrite` may have to quote them.
        """
        values: dict[int, str] = {}
        problems: list[Problem] = []
        groups: dict[tuple[ObjectKey, ObjectIdentifier], list[Field]] = {}
        for field in fields:
            if field.named.standing is Standing.SERVED:
                groups.setdefault((field.marker.policy, field.marker.object), []).append(field)
        for (policy, _), group in groups.items():
            target = self._target(policy, group[0], problems)
            if target is None:
                continue
            rival = self._rival(target, group, problems)
            if obstacle := rival or self._step_back(target, group):
                problems.append(obstacle)
                continue
            for field in group:
                if (new := target.values.get(field.marker.part)) is not None:
                    values[field.found.index] = new
                problems += _notices(field.marker, new)
        return values, problems

    def _rival(self, target: _Target, group: Sequence[Field], problems: list[Problem]) -> Problem | None:
        """Why a group stays, if a policy of the same name in another scope would set a field to something else."""
        for field in group:
            marker = field.marker
            for policy in field.named.policies[1:]:
                other = self._target(policy, field, problems)
                new, rival = (aim.values.get(marker.part) if aim else None for aim in (target, other))
                if other and rival != new:
                    message = f"two scopes have a policy {policy}; they set the field to {shown(new or '')} and "
                    remedy = "let only the automations of one scope cover this file"
                    error = ManifestError(f"{message}{shown(rival or '')}", remedy=remedy)
                    return Problem.of(error, location=marker.location, policy=marker.policy)
        return None

    def _target(self, policy: ObjectKey, field: Field, problems: list[Problem]) -> _Target | None:
        """What a policy's fields are to hold, None where it chose nothing usable; said once, at its first field."""
        if policy not in self._targets:
            self._targets[policy] = None
            selection = self._outcomes.get(policy)
            if isinstance(selection, Selection):
                try:
                    self._targets[policy] = self._aim(selection)
                except (InvalidReference, ScanError) as error:
                    problems.append(Problem.of(error, location=field.marker.location, policy=policy))
        return self._targets[policy]

    def _aim(self, selection: Selection) -> _Target:
        """The values for each part (spec/flux.md 5.1).

        Raises:
            InvalidReference: image, tag and digest make no reference.
            ScanError: a digest is wanted and neither chosen nor present; a pin is never dropped.

        """
        values = {Part.NAME: selection.image, Part.TAG: str(selection.tag)}
        reference = f"{selection.image}:{selection.tag}"
        if selection.reflection is not DigestReflection.NEVER:
            digest = self._present.get(selection.policy) or selection.digest
            if digest is None:
                raise ScanError(
                    f"the digest of {reference} is wanted and not known, so that no field of its policy changes",
                    remedy="run again when the registry answers, or set digestReflectionPolicy: Never",
                )
            values[Part.DIGEST] = digest
            reference = f"{reference}@{digest}"
        parse_reference(reference)
        return _Target(selection, {**values, Part.REFERENCE: reference})

    def _step_back(self, target: _Target, group: Sequence[Field]) -> Problem | None:
        """Why a group is held, if the policy still admits a tag that one of its fields has and ranks it higher."""
        selection = target.selection
        if selection.allow_downgrade:
            return None
        for field in group:
            part, value = field.marker.part, field.marker.value
            tag = written_tag(part, value)
            if self._outranks(selection, tag) and present_tag(part, value) == tag:
                allow = 'imgupdate.dev/allow-downgrade: "true" on the ImagePolicy'
                if not selection.policy.namespace:
                    allow = "allowDowngrade: true on the image"
                return Problem(
                    severity=Severity.WARNING,
                    message=f"held at {shown(tag)}: the policy {selection.policy} still admits this tag "
                    f"and ranks it above its choice {shown(selection.tag)}",
                    remedy=f"see whether the tag is gone from the registry; to step back, set {allow}",
                    location=field.marker.location,
                    policy=selection.policy,
                )
        return None

    def _outranks(self, selection: Selection, tag: str) -> bool:
        if not tag or tag == selection.tag:
            return False
        key = selection.policy, tag
        if key not in self._ahead:
            order = selection.order
            self._ahead[key] = order.admits(tag) and order.outranks(tag, selection.tag)
        return self._ahead[key]


def _notices(marker: Marker, new: str | None) -> Iterator[Problem]:
    """What a person should know of a digest where the policy reflects none: Flux would blank its field."""
    severity, message = Severity.NOTICE, ""
    if new is None and marker.value:
        severity = Severity.ERROR
        message = f"the field pins a digest, but the policy {marker.policy} reflects none; the pin stays as it is"
    elif new is None:
        message = "the field is for a digest, but its policy reflects none; it stays empty"
    elif marker.part is Part.REFERENCE and "@" in marker.value and "@" not in new:
        message = "the digest goes, since the policy reflects none"
    if message:
        yield Problem(
            severity=severity,
            message=message,
            remedy=_REFLECT,
            location=marker.location,
            policy=marker.policy,
            exit_code=ManifestError.exit_code if severity is Severity.ERROR else 0,
        )
