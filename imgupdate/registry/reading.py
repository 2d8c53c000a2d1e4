"""Reading what a registry has under one repository: its tags, manifests and blobs (spec/registry.md 3.4 and 6)."""

from __future__ import annotations

from collections.abc import Mapping

from imgupdate.registry.known import HUB_ENDPOINT
from imgupdate.registry.retry import LOG_IN_OR_WAIT, RateLimited
from imgupdate.registry.sender import Answer
from imgupdate.registry.session import Session

FEWEST_PULLS = 5
"""Of the pulls that a registry still allows from here, those that are left to others."""

_MIRROR = "x-jfrog-version"
_OFFICIAL = "library/"


def read(session: Session, below: str, *, limit: int, method: str = "GET", headers: Mapping[str, str]) -> Answer:
    """The answer for what is below the session's repository, such as `tags/list` or `manifests/1.0`.

    A mirror of Docker Hub that does not know an image with a name of one part is asked once for that image under
    `library/`, as Docker Hub's own images are called there; what it knows is remembered.

    Raises:
        RateLimited: it would be a pull, and few are left.
        ScanError: there is no answer, or one leads where we do not go.

    """
    name = session.visit.repository.path
    memory = session.memory
    if name in memory.official:
        name = _OFFICIAL + name
    if method == "GET" and below.startswith("manifests/"):
        _check_pulls(session)
    answer = session.get(f"/v2/{name}/{below}", limit=limit, method=method, headers=headers)
    if answer.status != 404 or "/" in name or _MIRROR not in answer.headers:
        return answer
    other = session.get(f"/v2/{_OFFICIAL}{name}/{below}", limit=limit, method=method, headers=headers)
    if other.status != 200:
        return answer
    memory.official.add(name)
    return other


def _check_pulls(session: Session) -> None:
    """To read a manifest is a pull for Docker Hub, and who runs images from here needs those that are left."""
    left = session.memory.pulls_left
    if session.visit.endpoint == HUB_ENDPOINT and left is not None and left < FEWEST_PULLS:
        plural = "image" if left == 1 else "images"
        raise RateLimited(
            f"{session.visit.endpoint} lets only {left} more {plural} be pulled from here; none is read for itself",
            remedy=LOG_IN_OR_WAIT,
        )
