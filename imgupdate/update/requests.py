"""Which policies a person or an event means."""

from __future__ import annotations

from collections.abc import Sequence

from imgupdate.config.model import Config
from imgupdate.errors import InvalidReference, UsageError, shown
from imgupdate.images import parse_repository
from imgupdate.results import ObjectKey, Problem, Severity

_LISTED = 20


def named_policies(config: Config, names: Sequence[str]) -> frozenset[ObjectKey]:
    """The policies that people mean by `namespace/name` or by a bare name, which may be several.

    Raises:
        UsageError: a name is that of no policy.

    """
    known = [key for scope in config.scopes for key in (*scope.policies, *scope.unusable)]
    found: set[ObjectKey] = set()
    for name in names:
        meant = {key for key in known if name in (str(key), key.name)}
        if not meant:
            listed = ", ".join(sorted({str(key) for key in known})[:_LISTED]) or "none"
            raise UsageError(f"there is no policy named {name!r}", remedy=f"name one of: {listed}")
        found |= meant
    return frozenset(found)


def images_asked_for(config: Config, images: Sequence[str]) -> tuple[frozenset[ObjectKey], tuple[Problem, ...]]:
    """The policies of the repositories that an event names, and a notice for each image that none of them scans.

    However it is spelled: `podinfo`, `docker.io/library/podinfo` and `index.docker.io/library/podinfo` are one.

    Raises:
        UsageError: a text is not the name of a repository.

    """
    policies: dict[str, set[ObjectKey]] = {}
    for scope in config.scopes:
        for policy in scope.policies.values():
            policies.setdefault(scope.repositories[policy.repository].image.canonical, set()).add(policy.key)
    meant: set[ObjectKey] = set()
    notes: list[Problem] = []
    for image in images:
        try:
            name = parse_repository(image).canonical
        except InvalidReference as error:
            remedy = "name an image without a tag, such as ghcr.io/org/app"
            raise UsageError(f"{shown(image)} is not an image: {error.message}", remedy=remedy) from error
        if name not in policies:
            message = f"no ImagePolicy follows {shown(image)}, so that there is nothing to do for it"
            notes.append(Problem(severity=Severity.NOTICE, message=message))
        meant |= policies.get(name, set())
    return frozenset(meant), tuple(notes)
