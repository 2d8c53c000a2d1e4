"""A run with a bit of everything, as a summary and a pull request are looked at with."""

from __future__ import annotations

from dataclasses import replace

from imgupdate.report.links import Links
from imgupdate.report.updates import Step
from imgupdate.results import (
    Cause,
    Change,
    FileEdit,
    Location,
    Marker,
    ObjectIdentifier,
    Part,
    Plan,
    Problem,
    PublishedCommit,
    PublishedPullRequest,
    PullRequestOperation,
    Result,
    Severity,
)
from tests.report.results import key, selection, unavailable

COMMIT = "3f786850e387550fdab836ed7e6dc881de23001b"
LINKS = Links("https://github.com", "acme/fleet", COMMIT)
PODINFO = "ghcr.io/stefanprodan/podinfo"
CLIENT = "quay.io/minio/mc"
NGINX = "nginx"
API = "registry.acme.example:5000/team/api"
OLD_DIGEST = "sha256:" + "0a1b2c3d4e5f" * 5 + "0a1b"
NEW_DIGEST = "sha256:" + "f9e8d7c6b5a4" * 5 + "f9e8"

_DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
spec:
  template:
    spec:
      containers:
        - name: {name}
          image: {image} # {{"$imagepolicy": "flux-system:{policy}"}}
          ports:
            - containerPort: 9898
"""


def _deployment(path: str, policy: str, old: str, new: str) -> FileEdit:
    name = path.rpartition("/")[2].removesuffix(".yaml")
    before, after = (_DEPLOYMENT.format(name=name, image=image, policy=policy).encode() for image in (old, new))
    marker = Marker(
        location=Location(path, 10, 18),
        object=ObjectIdentifier("apps/v1", "Deployment", "apps", name),
        setter=f"flux-system:{policy}",
        policy=key(policy),
        part=Part.REFERENCE,
        value=old,
    )
    return FileEdit(path=path, before=before, after=after, changes=(Change(marker=marker, new=new),))


def _left(path: str, line: int, policy: str, value: str) -> Marker:
    return Marker(
        location=Location(path, line, 18),
        object=ObjectIdentifier("apps/v1", "StatefulSet", "apps", policy),
        setter=f"flux-system:{policy}",
        policy=key(policy),
        part=Part.REFERENCE,
        value=value,
    )


_HELD = _left("apps/staging/cache.yaml", 12, "redis", "redis:7.4.1")
_UNREAD = _left("apps/web/private.yaml", 21, "private", "ghcr.io/acme/private:1.4.0")


def _plan() -> Plan:
    edits = (
        _deployment("apps/production/podinfo.yaml", "podinfo", f"{PODINFO}:5.0.0", f"{PODINFO}:5.0.3"),
        _deployment(
            "apps/staging/backup.yaml",
            "mc",
            f"{CLIENT}:RELEASE.2020-11-17T00-39-14Z",
            f"{CLIENT}:RELEASE.2020-11-25T23-04-07Z",
        ),
        _deployment("apps/staging/podinfo.yaml", "podinfo", f"{PODINFO}:5.0.0", f"{PODINFO}:5.0.3"),
        _deployment("apps/web/api.yaml", "api", f"{API}:v1.9.2", f"{API}:v2.0.0"),
        _deployment("apps/web/nginx.yaml", "nginx", f"{NGINX}:1.27@{OLD_DIGEST}", f"{NGINX}:1.27@{NEW_DIGEST}"),
    )
    held = Problem(
        severity=Severity.WARNING,
        message="held at '7.4.1': the policy flux-system/redis still admits this tag and ranks it above its choice "
        "'7.2.6'",
        remedy="see whether the tag is gone from the registry; to step back, set imgupdate.dev/allow-downgrade: "
        '"true" on the ImagePolicy',
        location=_HELD.location,
        policy=key("redis"),
    )
    markers = tuple(change.marker for edit in edits for change in edit.changes)
    return Plan(edits=edits, markers=(*markers, _HELD, _UNREAD), problems=(held,))


def rich() -> Result:
    """A run that opened one pull request and committed once; one policy is held, one image cannot be scanned."""
    outcomes = (
        selection("v2.0.0", policy=key("api"), image=API),
        unavailable(
            Cause.SCAN_FAILED,
            "ghcr.io refuses access to the image without credentials: it answered 401 UNAUTHORIZED",
            key("private"),
            "ghcr.io/acme/private",
        ),
        selection("RELEASE.2020-11-25T23-04-07Z", policy=key("mc"), image=CLIENT),
        selection("1.27", policy=key("nginx"), image=NGINX, digest=NEW_DIGEST),
        unavailable(Cause.SUSPENDED, "the policy is suspended", key("paused"), "ghcr.io/acme/paused"),
        selection("5.0.3", policy=key("podinfo")),
        selection("7.2.6", policy=key("redis"), image="redis"),
    )
    refused = Problem(
        severity=Severity.ERROR,
        message="ghcr.io/acme/private could not be scanned: ghcr.io refuses access to the image without credentials: "
        "it answered 401 UNAUTHORIZED",
        remedy="log in with `docker login ghcr.io` (in a workflow: docker/login-action), or name a Secret in "
        "`secretRef`; GITHUB_TOKEN needs the permission `packages: read` and access to the package",
        location=Location("clusters/my-cluster/registries.yaml", 41, 3, "spec.image"),
        exit_code=4,
    )
    pull = "https://github.com/acme/fleet/pull/128"
    return Result(
        outcomes=outcomes,
        plan=_plan(),
        problems=(refused,),
        written=False,
        published=True,
        commits=(
            PublishedCommit(
                sha="9c1185a5c5e9fc54612808977ee8f548b2258d31",
                branch="imgupdate/main",
                url=f"{pull}/commits/9c1185a5c5e9fc54612808977ee8f548b2258d31",
                message="Update 4 images\n\nImgupdate-Plan: 0a1b2c3d\n",
                verified=True,
                reason="valid",
            ),
        ),
        pull_requests=(
            PublishedPullRequest(
                number=128,
                url=pull,
                operation=PullRequestOperation.CREATED,
                branch="imgupdate/main",
                base="main",
                head_sha="9c1185a5c5e9fc54612808977ee8f548b2258d31",
                title="Update 4 images",
                verified=True,
            ),
        ),
    )


def dry() -> Result:
    """The same run without leave to publish."""
    return replace(rich(), published=False, commits=(), pull_requests=())


COMPARES: dict[Step, str] = {
    (PODINFO, "5.0.0", "5.0.3"): "https://github.com/stefanprodan/podinfo/compare/5.0.0...5.0.3",
    (API, "v1.9.2", "v2.0.0"): "https://git.acme.example/team/api/compare/v1.9.2...v2.0.0",
}
