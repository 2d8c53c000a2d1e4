"""Changes and automations for commit messages, made by hand."""

from __future__ import annotations

from collections.abc import Mapping

from imgupdate.config.model import CommitSpec, GitSpec, ImageUpdateAutomation
from imgupdate.results import Change, Location, Marker, ObjectIdentifier, ObjectKey, Part

KEY = ObjectKey("", "ns", "auto")
V1 = "image.toolkit.fluxcd.io/v1"


def change(
    file: str,
    old: str,
    new: str,
    setter: str = "ns:p",
    *,
    api_version: str = "apps/v1",
    kind: str = "Deployment",
    namespace: str = "ns",
    name: str = "app",
) -> Change:
    """A change of a field of an object, as a plan has it."""
    policy_namespace, policy, *part = setter.split(":")
    return Change(
        marker=Marker(
            location=Location(file),
            object=ObjectIdentifier(api_version, kind, namespace, name),
            setter=setter,
            policy=ObjectKey("", policy_namespace, policy),
            part=Part(part[0] if part else ""),
            value=old,
        ),
        new=new,
    )


def automation(
    template: str, *, api_version: str = V1, values: Mapping[str, str] | None = None, key: ObjectKey = KEY
) -> ImageUpdateAutomation:
    """An automation whose commits have messages from a template."""
    commit = CommitSpec(author_email="flux@example.com", message_template=template, message_values=values or {})
    return ImageUpdateAutomation(
        key=key, location=Location("a.yaml"), api_version=api_version, git=GitSpec(commit=commit), source=None
    )
