"""Results of runs, made by hand."""

from __future__ import annotations

from imgupdate.images import Digest, Tag
from imgupdate.results import (
    Cause,
    Change,
    Explanation,
    FileEdit,
    Location,
    Marker,
    ObjectIdentifier,
    ObjectKey,
    Outcome,
    Part,
    Plan,
    Problem,
    Result,
    Selection,
    Severity,
    Unavailable,
)


class AnyTag:
    """An order that admits every tag and ranks none."""

    def admits(self, tag: str) -> bool:
        return True

    def outranks(self, tag: str, other: str) -> bool:
        return False


def key(name: str = "podinfo", namespace: str = "flux-system", scope: str = "") -> ObjectKey:
    return ObjectKey(scope, namespace, name)


def selection(
    tag: str,
    *,
    policy: ObjectKey | None = None,
    image: str = "ghcr.io/stefanprodan/podinfo",
    digest: str | None = None,
    explanation: Explanation | None = None,
) -> Selection:
    return Selection(
        policy=policy or key(),
        image=image,
        tag=Tag(tag),
        order=AnyTag(),
        digest=Digest(digest) if digest else None,
        explanation=explanation,
    )


def unavailable(
    cause: Cause = Cause.SCAN_FAILED, reason: str = "no answer", policy: ObjectKey | None = None, image: str = "a/b"
) -> Unavailable:
    return Unavailable(policy=policy or key(), image=image, cause=cause, reason=reason)


def marker(
    value: str,
    part: Part = Part.TAG,
    *,
    policy: ObjectKey | None = None,
    path: str = "apps/podinfo.yaml",
    line: int = 3,
) -> Marker:
    policy = policy or key()
    suffix = f":{part.value}" if part.value else ""
    return Marker(
        location=Location(path, line, 8),
        object=ObjectIdentifier("apps/v1", "Deployment", "default", "podinfo"),
        setter=f"{policy.namespace}:{policy.name}{suffix}",
        policy=policy,
        part=part,
        value=value,
    )


def edit(before: bytes, after: bytes, *changes: Change, path: str = "apps/podinfo.yaml") -> FileEdit:
    return FileEdit(path=path, before=before, after=after, changes=changes)


def problem(
    message: str = "a marker is wrong",
    severity: Severity = Severity.ERROR,
    *,
    path: str | None = "apps/podinfo.yaml",
    line: int = 3,
    remedy: str = "correct it",
) -> Problem:
    return Problem(
        severity=severity,
        message=message,
        remedy=remedy,
        location=Location(path, line) if path is not None else None,
        exit_code=5 if severity is Severity.ERROR else 0,
    )


def result(
    *outcomes: Outcome,
    edits: tuple[FileEdit, ...] = (),
    markers: tuple[Marker, ...] = (),
    problems: tuple[Problem, ...] = (),
    written: bool = False,
) -> Result:
    return Result(outcomes=outcomes, plan=Plan(edits=edits, markers=markers), problems=problems, written=written)


def updated(old: str = "5.0.0", new: str = "5.0.3", *, written: bool = False, **more: Explanation) -> Result:
    """A run that moves one field from one tag to another."""
    field = marker(old)
    before, after = (f"kind: Deployment\nspec:\n  tag: {tag} # marker\n".encode() for tag in (old, new))
    return result(
        selection(new, explanation=more.get("explanation")),
        edits=(edit(before, after, Change(marker=field, new=new)),),
        markers=(field,),
        written=written,
    )
