"""One row for each policy: what it has now, what it chose, and what kind of step that is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from imgupdate.planning import present_tag
from imgupdate.results import Cause, Marker, ObjectKey, Outcome, Result, Selection, Unavailable
from imgupdate.versions import update_kind

DIGEST_UPDATE = "digest"
"""The kind of an update that keeps the tag and moves the digest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A policy in a report.

    `current` are the tags that its markers have now, sorted, each once; `fields` is how many of them change. `kind` is
    `major`, `minor`, `patch` or `digest`, empty where nothing changes or the tags are no versions.
    """

    outcome: Outcome
    current: tuple[str, ...]
    markers: int
    fields: int
    kind: str

    @property
    def policy(self) -> ObjectKey:
        """The key of the policy."""
        return self.outcome.policy

    @property
    def chosen(self) -> str:
        """The tag that the policy chose, empty where it chose none."""
        return self.outcome.tag if isinstance(self.outcome, Selection) else ""

    @property
    def cause(self) -> Cause | None:
        """Why there is no choice, None where there is one."""
        return self.outcome.cause if isinstance(self.outcome, Unavailable) else None


def rows(result: Result) -> tuple[Row, ...]:
    """A row for each policy, in the order of the outcomes."""
    markers = _by_policy(result.plan.markers)
    changed = _by_policy(change.marker for change in result.plan.changes)
    return tuple(
        _row(outcome, markers.get(outcome.policy, ()), changed.get(outcome.policy, ())) for outcome in result.outcomes
    )


def _tag(marker: Marker) -> str:
    return present_tag(marker.part, marker.value)


def _by_policy(markers: Iterable[Marker]) -> Mapping[ObjectKey, Sequence[Marker]]:
    found: dict[ObjectKey, list[Marker]] = {}
    for marker in markers:
        found.setdefault(marker.policy, []).append(marker)
    return found


def _row(outcome: Outcome, markers: Sequence[Marker], changed: Sequence[Marker]) -> Row:
    return Row(
        outcome=outcome,
        current=tuple(sorted({tag for marker in markers if (tag := _tag(marker))})),
        markers=len(markers),
        fields=len(changed),
        kind=_kind(outcome, changed) if isinstance(outcome, Selection) else "",
    )


def _kind(selection: Selection, changed: Sequence[Marker]) -> str:
    """The greatest step that a changed field makes."""
    if not changed:
        return ""
    old = {tag for marker in changed if (tag := _tag(marker))} - {selection.tag}
    if not old:
        return DIGEST_UPDATE if selection.digest else ""
    kinds = {update_kind(tag, selection.tag) for tag in old}
    return next((kind for kind in ("major", "minor", "patch") if kind in kinds), "")
