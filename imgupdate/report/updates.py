"""What a plan does to images: one row for each step from an old version to a new one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from imgupdate.errors import InvalidReference
from imgupdate.images import Digest, Reference, Tag, is_digest, is_tag, parse_reference, parse_repository
from imgupdate.report.rows import DIGEST_UPDATE
from imgupdate.results import Change, Marker, ObjectKey, Outcome, Part, Plan
from imgupdate.versions import update_kind

Identifier = Tag | Digest
Step = tuple[str, str, str]
"""Image, old text and new text of an update."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """An image that goes from one version to another, in all the fields where it does.

    `old` and `new` are what tells the two apart: tags, digests where the tag stays, names or whole references where
    these change. `kind` is `major`, `minor`, `patch` or `digest`, empty where the tags are no versions. `before` and
    `after` name the two images in the registry, None where that cannot be said. `compare` is the address of what
    changed in the image's source, empty where it is not known.
    """

    image: str
    policies: tuple[ObjectKey, ...]
    old: str
    new: str
    kind: str
    changes: tuple[Change, ...]
    before: Identifier | None = None
    after: Identifier | None = None
    compare: str = ""

    @property
    def step(self) -> Step:
        """What makes it one update."""
        return self.image, self.old, self.new

    @property
    def markers(self) -> tuple[Marker, ...]:
        """The fields that change, by file and line."""
        return tuple(change.marker for change in self.changes)


def updates(plan: Plan, outcomes: Iterable[Outcome], compares: Mapping[Step, str] | None = None) -> tuple[Update, ...]:
    """A row for each image and step that a plan makes, by image; `compares` are the links of those that have one.

    A field that holds only a digest or a name goes with the nearest field of its policy that holds a tag.
    """
    images = {outcome.policy: outcome.image for outcome in outcomes}
    by_policy: dict[ObjectKey, list[Change]] = {}
    for change in plan.changes:
        by_policy.setdefault(change.marker.policy, []).append(change)
    found: dict[Step, _Draft] = {}
    for policy, changes in by_policy.items():
        for change, version in _versions(changes):
            image = images.get(policy) or version.image or str(policy)
            step = (image, version.old, version.new)
            draft = found.setdefault(step, _Draft(version))
            draft.policies[policy] = None
            draft.changes.append(change)
    links = compares or {}
    return tuple(_update(step, draft, links.get(step, "")) for step, draft in sorted(found.items(), key=_order))


def versions_hash(plan: Plan) -> str:
    """What tells one set of new versions from another: a hash of the policies that change fields, and of what to.

    Which files hold them does not matter, nor what they held before, nor which part of the reference a field holds.
    """
    versions = {
        (change.marker.policy.scope, str(change.marker.policy), text)
        for change in plan.changes
        for text in _identifiers(change.marker.part, change.new)
    }
    return hashlib.sha256(json.dumps(sorted(versions)).encode()).hexdigest()


def _identifiers(part: Part, value: str) -> tuple[str, ...]:
    """The tag and the digest in the value of a field; the value itself where it is a name or cannot be read."""
    reference = _parsed(value) if part is Part.REFERENCE else None
    if reference is None:
        return (value,)
    return tuple(text for text in (reference.tag, reference.digest) if text)


@dataclass(frozen=True, slots=True)
class _Version:
    """What one change says about the step that its image makes."""

    old: str
    new: str
    kind: str = ""
    image: str = ""
    before: Identifier | None = None
    after: Identifier | None = None


@dataclass(frozen=True, slots=True)
class _Draft:
    version: _Version
    policies: dict[ObjectKey, None] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)


def _order(item: tuple[Step, _Draft]) -> Step:
    return item[0]


def _update(step: Step, draft: _Draft, compare: str) -> Update:
    image, old, new = step
    return Update(
        image=image,
        policies=tuple(sorted(draft.policies)),
        old=old,
        new=new,
        kind=draft.version.kind,
        changes=tuple(sorted(draft.changes, key=lambda change: change.marker.location)),
        before=draft.version.before,
        after=draft.version.after,
        compare=compare,
    )


def _versions(changes: Sequence[Change]) -> Iterable[tuple[Change, _Version]]:
    """Each change of one policy with its step; digests and names by themselves take that of their neighbour."""
    told = {id(change): version for change in changes if (version := _version(change))}
    leaders = [change for change in changes if id(change) in told]
    for change in changes:
        if id(change) in told:
            yield change, told[id(change)]
        elif leaders:
            yield change, told[id(_nearest(change, leaders))]
        else:
            yield change, _lonely(change)


def _version(change: Change) -> _Version | None:
    """The step of a field that holds a tag."""
    part, old, new = change.marker.part, change.old, change.new
    if part is Part.TAG:
        return _Version(old, new, update_kind(old, new), "", _identifier(old), _identifier(new))
    return _reference(old, new) if part is Part.REFERENCE else None


def _reference(old: str, new: str) -> _Version:
    """The step of a field that holds a whole reference: as short as it can be told."""
    before, after = _parsed(old), _parsed(new)
    if after is None:
        return _Version(old, new)
    image = _name(new)
    if before is None:
        return _Version(old, after.identifier, "", image, None, _best(after))
    if (before.registry, before.repository) != (after.registry, after.repository):
        return _Version(old, new, update_kind(before.tag or "", after.tag or ""), image, None, _best(after))
    names = _best(before), _best(after)
    if before.tag == after.tag:
        return _Version(_pinned(before), _pinned(after), DIGEST_UPDATE, image, *names)
    old_text = before.tag or before.digest or old
    return _Version(old_text, after.identifier if after.tag is None else after.tag, _kind(before, after), image, *names)


def _kind(before: Reference, after: Reference) -> str:
    return update_kind(before.tag or "", after.tag or "")


def _lonely(change: Change) -> _Version:
    """The step of a digest or a name whose tag stays."""
    if change.marker.part is Part.DIGEST:
        return _Version(change.old, change.new, DIGEST_UPDATE, "", _identifier(change.old), _identifier(change.new))
    return _Version(change.old, change.new)


def _nearest(change: Change, leaders: Sequence[Change]) -> Change:
    """The leader in the same object if there is one, else in the same file, else the first; then by lines."""
    marker = change.marker

    def distance(leader: Change) -> tuple[bool, bool, int]:
        other = leader.marker
        return (
            other.location.path != marker.location.path,
            other.object != marker.object,
            abs(other.location.line - marker.location.line),
        )

    return min(leaders, key=distance)


def _parsed(value: str) -> Reference | None:
    try:
        return parse_reference(value)
    except InvalidReference:
        return None


def _name(value: str) -> str:
    """The image of a reference, as it is spelled."""
    base = value.partition("@")[0]
    head, colon, tag = base.rpartition(":")
    return head if colon and "/" not in tag else base


def _pinned(reference: Reference) -> str:
    return "@".join(part for part in (reference.tag, reference.digest) if part) or "latest"


def _best(reference: Reference) -> Identifier | None:
    return _identifier(reference.digest or reference.tag or "")


def _identifier(text: str) -> Identifier | None:
    if is_digest(text):
        return Digest(text)
    return Tag(text) if is_tag(text) else None


def image_names(rows: Iterable[Update]) -> tuple[str, ...]:
    """The images that change, each once however it is spelled."""
    names: dict[str, str] = {}
    for update in rows:
        names.setdefault(_canonical(update.image), update.image)
    return tuple(names.values())


def _canonical(image: str) -> str:
    try:
        return parse_repository(image).canonical
    except InvalidReference:
        return image
