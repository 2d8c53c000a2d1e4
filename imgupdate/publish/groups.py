"""A pull request for each part of the changes: each policy, image or directory."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from imgupdate.publish.settings import GroupBy
from imgupdate.publish.targets import BranchKind, Target
from imgupdate.results import Change, ObjectKey

SEPARATOR = "--"
"""What stands between a branch and the name of a group."""

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST = 60


def grouped(
    target: Target, by: GroupBy, changes: Iterable[Change], images: Mapping[ObjectKey, str]
) -> tuple[Target, ...]:
    """A target for each group that has changes, by name; `images` are those of the policies."""
    groups: dict[str, set[ObjectKey]] = {}
    for change in changes:
        policy = change.marker.policy
        if by is GroupBy.DIRECTORY:
            name = change.marker.location.path.rpartition("/")[0]
        else:
            name = str(policy) if by is GroupBy.POLICY else images.get(policy, str(policy))
        groups.setdefault(name, set()).add(policy)
    if by is GroupBy.IMAGE:
        for policy, image in images.items():
            if image in groups:
                groups[image].add(policy)
    return tuple(_part(target, by, name, frozenset(policies)) for name, policies in sorted(groups.items()))


def _part(target: Target, by: GroupBy, name: str, policies: frozenset[ObjectKey]) -> Target:
    is_directory = by is GroupBy.DIRECTORY
    return replace(
        target,
        branch=f"{target.branch}{SEPARATOR}{branch_part(name, dotted=by is GroupBy.POLICY)}",
        kind=BranchKind.OWN,
        group=name or "/",
        policies=None if is_directory else policies,
        directory=name if is_directory else None,
        refspecs=(),
    )


def branch_part(name: str, *, dotted: bool = False) -> str:
    """A name as a part of a branch's name: as it is where Git takes it, else near to it and told apart by a hash.

    The slash of a policy becomes a dot, which no namespace has (`dotted`).

    >>> branch_part("flux-system/podinfo", dotted=True)
    'flux-system.podinfo'
    """
    plain = name.replace("/", ".", 1) if dotted else name
    safe = _UNSAFE.sub("-", plain).strip("-.").replace("..", "-")[:_LONGEST]
    if safe == plain and safe and not safe.endswith(".lock"):
        return safe
    digest = hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:8]
    return f"{safe.removesuffix('.lock')}-{digest}" if safe else digest
