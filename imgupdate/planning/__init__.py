"""What has to change in a tree, given what the policies chose. Pure: a tree and values in, a plan out.

A plan is made for any tree, the workspace or that of a commit, and relies on nothing that was found in another
(design, section 2).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from imgupdate.config.model import ActiveAutomation, Scope
from imgupdate.errors import ManifestError
from imgupdate.files import Files
from imgupdate.images import Digest
from imgupdate.planning.decisions import Decisions
from imgupdate.planning.fields import FieldId, identified
from imgupdate.planning.names import Standing
from imgupdate.planning.pins import present_digest, present_tag
from imgupdate.planning.tree import Look, Tree, refused
from imgupdate.results import (
    Change,
    DigestReflection,
    FileEdit,
    Marker,
    ObjectKey,
    Outcome,
    Plan,
    Problem,
    Selection,
)
from imgupdate.setters import MarkedFile

__all__ = ["FieldId", "difference", "identified", "plan", "present_digest", "present_tag", "survey"]

_NOTHING: Mapping[FieldId, str] = {}


def plan(
    files: Files,
    scopes: Sequence[Scope],
    automations: Sequence[ActiveAutomation],
    outcomes: Mapping[ObjectKey, Outcome],
    *,
    kept: Mapping[FieldId, str] = _NOTHING,
    only: Collection[ObjectKey] | None = None,
) -> Plan:
    """The edits that bring the marked fields of a tree to what the policies chose, and all that stands in the way.

    What is wrong with one file, policy or automation never stops the others. Edits, markers and problems are by path,
    then in document order. The plan knows only the automations that it is given: fields that others would serve get a
    notice. `kept` are values for fields that are served and whose policy has no selection. `only` names the automations
    whose fields are set, None for all; whether fields are in dispute is judged among all.
    """
    chosen = {key for key, outcome in outcomes.items() if isinstance(outcome, Selection)}
    tree = Tree(files, scopes, automations, chosen)
    decisions = Decisions(outcomes, _present_digests(tree, outcomes))
    edits: list[FileEdit] = []
    markers: list[Marker] = []
    problems: list[Problem] = list(tree.problems)
    for look in tree.looks():
        markers += (field.marker for field in look.fields)
        values, held = decisions.decide(look.fields)
        values |= _kept(look, outcomes, kept)
        if only is not None:
            others = {field.found.index for field in look.fields if field.named.automations.isdisjoint(only)}
            values = {index: value for index, value in values.items() if index not in others}
        found = [*look.problems, *held]
        if look.marked:
            made, refusals = _edits(look, look.marked, values)
            edits += made
            found += refusals
        problems += sorted(found, key=_line)
    problems += tree.uncovered()
    return Plan(edits=tuple(edits), markers=tuple(markers), problems=tuple(problems))


def difference(
    before: Files, after: Files, beside: Files, scopes: Sequence[Scope], automations: Sequence[ActiveAutomation]
) -> tuple[FileEdit, ...]:
    """The files in which served fields have other values after than before, and the changes, but for those that a third
    tree has too: as a merge into that tree would bring them there.

    A field that one of the first two trees lacks is left out: it was not set, it came or went.
    """
    old, new, there = (identified(survey(files, scopes, automations)) for files in (before, after, beside))
    changes: dict[str, list[Change]] = {}
    for identity, marker in old.items():
        now, known = new.get(identity), there.get(identity)
        if now is not None and now.value != marker.value and (known is None or known.value != now.value):
            changes.setdefault(marker.location.path, []).append(Change(marker=marker, new=now.value))
    return tuple(
        FileEdit(path=path, before=before.read(path), after=after.read(path), changes=tuple(found))
        for path, found in sorted(changes.items())
    )


def _kept(look: Look, outcomes: Mapping[ObjectKey, Outcome], kept: Mapping[FieldId, str]) -> dict[int, str]:
    served = [field for field in look.fields if field.named.standing is Standing.SERVED]
    identities = identified([field.marker for field in served]) if kept else {}
    return {
        field.found.index: kept[identity]
        for field, identity in zip(served, identities, strict=False)
        if identity in kept and not isinstance(outcomes.get(field.marker.policy), Selection)
    }


def survey(files: Files, scopes: Sequence[Scope], automations: Sequence[ActiveAutomation]) -> tuple[Marker, ...]:
    """The marked fields of a tree that the automations serve, with their present values, by path, in document order."""
    return _served(Tree(files, scopes, automations))


def _served(tree: Tree) -> tuple[Marker, ...]:
    return tuple(
        field.marker for look in tree.looks() for field in look.fields if field.named.standing is Standing.SERVED
    )


def _present_digests(tree: Tree, outcomes: Mapping[ObjectKey, Outcome]) -> dict[ObjectKey, Digest]:
    """The digests that stay where they are; only `IfNotPresent` needs the look at the whole tree that this takes."""
    keeping = {
        key: outcome
        for key, outcome in outcomes.items()
        if isinstance(outcome, Selection) and outcome.reflection is DigestReflection.IF_NOT_PRESENT
    }
    if not keeping:
        return {}
    markers: dict[ObjectKey, list[Marker]] = {key: [] for key in keeping}
    for marker in _served(tree):
        if marker.policy in keeping:
            markers[marker.policy].append(marker)
    return {key: digest for key, selection in keeping.items() if (digest := present_digest(selection, markers[key]))}


def _edits(
    look: Look, marked: MarkedFile, values: Mapping[int, str]
) -> tuple[tuple[FileEdit, ...], tuple[Problem, ...]]:
    """The one edit of a file, none if no value differs, or why it cannot be made."""
    changes = tuple(
        Change(marker=field.marker, new=new)
        for field in look.fields
        if (new := values.get(field.found.index)) is not None and new != field.marker.value
    )
    if not changes:
        return (), ()
    try:
        after = marked.rewrite(values)
    except ManifestError as error:
        return (), (refused(error, look.path),)
    return (FileEdit(path=look.path, before=look.data, after=after, changes=changes),), ()


def _line(problem: Problem) -> tuple[int, int]:
    return (problem.location.line, problem.location.column) if problem.location else (0, 0)
