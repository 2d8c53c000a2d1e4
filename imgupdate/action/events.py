"""What a workflow runs on, and what follows from it: which images are looked at, and whether anything is published.

Payloads are hints of strangers: of all that they say, only names of images are used, and the registries are asked again
(github-actions.md section 4).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from imgupdate.errors import InvalidReference, UsageError, shown
from imgupdate.images import is_tag, parse_reference, parse_repository
from imgupdate.report.text import clean
from imgupdate.results import Problem, Severity

LONGEST_PAYLOAD = 8 << 20
MOST_IMAGES = 100
SCHEMA = '`{"image": "ghcr.io/org/app"}` or `{"images": ["ghcr.io/org/app", …]}`'

_PULL_REQUESTS = frozenset({"pull_request", "pull_request_review", "pull_request_review_comment", "merge_group"})
_PACKAGES = {"registry_package": "registry_package", "package": "package"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """What follows from an event.

    `images` are the repositories to look at, canonical, None for all. `publishes` is false where the event allows no
    more than a report, `trusted` is false where strangers may have written what is checked out while secrets are at
    hand. `nothing` says why there is nothing to do at all, empty where there is something. `hints` are what the sender
    said beside, for the log.
    """

    event: str
    images: tuple[str, ...] | None = None
    publishes: bool = True
    trusted: bool = True
    nothing: str = ""
    hints: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


def read_trigger(environment: Mapping[str, str]) -> Trigger:
    """What follows from the event that the environment tells of; without one, everything is looked at.

    Raises:
        UsageError: a dispatch names something that is no image, or the payload cannot be read.

    """
    event = environment.get("GITHUB_EVENT_NAME", "")
    if event == "repository_dispatch":
        return _dispatch(_payload(environment))
    if event in _PACKAGES:
        return _package(event, _payload(environment).get(_PACKAGES[event]))
    if event == "pull_request_target":
        told = _report_only(
            event,
            Severity.WARNING,
            "pull_request_target hands secrets to the manifests of strangers: nothing is published on it, "
            "and no credentials are used",
            "run on pull_request to check, and on schedule or dispatch to publish",
        )
        return replace(told, trusted=False)
    if event in _PULL_REQUESTS or environment.get("GITHUB_REF", "").startswith("refs/pull/"):
        return _report_only(
            event,
            Severity.NOTICE,
            f"on {clean(event, 60) or 'a pull request'} nothing is published, only reported",
            "run on schedule or dispatch to publish",
        )
    return Trigger(event=event)


def _report_only(event: str, severity: Severity, message: str, remedy: str) -> Trigger:
    return Trigger(event=event, publishes=False, problems=(Problem(severity=severity, message=message, remedy=remedy),))


def _payload(environment: Mapping[str, str]) -> Mapping[str, object]:
    """The payload of the event; an empty one where the runner names no file."""
    path = environment.get("GITHUB_EVENT_PATH", "")
    if not path:
        return {}
    try:
        with Path(path).open("rb") as file:
            data = file.read(LONGEST_PAYLOAD + 1)
    except OSError as error:
        raise UsageError(f"the payload of the event cannot be read: {error.strerror}", remedy="run it anew") from error
    if len(data) > LONGEST_PAYLOAD:
        raise UsageError("the payload of the event is larger than one can be", remedy="send only the name of the image")
    try:
        parsed = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise UsageError("the payload of the event is not JSON", remedy="correct what is given as the event") from error
    return _mapping(parsed)


def _dispatch(payload: Mapping[str, object]) -> Trigger:
    sent = _mapping(payload.get("client_payload"))
    several = sent.get("images")
    if several is not None and not isinstance(several, list):
        raise UsageError("`images` of the client_payload is not a list", remedy=f"send {SCHEMA}")
    entries = [*(several or ()), *([sent] if sent.get("image") is not None else [])]
    if not entries:
        notice = Problem(
            severity=Severity.NOTICE,
            message="the client_payload of the dispatch names no image: all are looked at",
            remedy=f"send {SCHEMA} to have only that looked at",
        )
        return Trigger(event="repository_dispatch", problems=(notice,))
    if len(entries) > MOST_IMAGES:
        raise UsageError(f"the client_payload names more than {MOST_IMAGES} images", remedy="send none, for all images")
    images, hints = [], []
    for entry in entries:
        fields = entry if isinstance(entry, dict) else {"image": entry}
        images.append(_image(fields.get("image"), "the client_payload"))
        hints.append(_hint(fields))
    return Trigger(
        event="repository_dispatch",
        images=tuple(dict.fromkeys(images)),
        hints=tuple(dict.fromkeys(hint for hint in hints if hint)),
    )


def _package(event: str, sent: object) -> Trigger:
    package = _mapping(sent)
    version = _mapping(package.get("package_version"))
    container = version.get("container_metadata")
    if not isinstance(container, dict):
        return Trigger(event=event, nothing="the package is not a container image")
    tag = _mapping(container.get("tag")).get("name")
    if not isinstance(tag, str) or not tag:
        return Trigger(
            event=event,
            nothing="the manifest has no tag: it is one platform of an image, whose tag has an event of its own",
        )
    address = version.get("package_url")
    try:
        image = _image(address, f"the payload of {event}")
    except UsageError as error:
        warning = Problem(
            severity=Severity.WARNING,
            message=f"{error.message}: all images are looked at",
            remedy="look at the event in the log of the workflow, and report it if it is GitHub's own",
        )
        return Trigger(event=event, problems=(warning,))
    return Trigger(event=event, images=(image,), hints=(_hint({"image": address, "tag": tag}),))


def _image(text: object, where: str) -> str:
    """The repository that a reference names, with or without a tag, as a registry knows it.

    Case does not count: GitHub spells owners as they like to be spelled, registries in lower case only.
    """
    if not isinstance(text, str):
        raise UsageError(f"an image in {where} is not a text", remedy=f"send {SCHEMA}")
    try:
        reference = parse_reference(text.strip().lower().removesuffix(":"))
        return parse_repository(f"{reference.registry}/{reference.repository}").canonical
    except InvalidReference as error:
        raise UsageError(f"{where} names {clean(shown(text))}, which is no image", remedy=f"send {SCHEMA}") from error


def _hint(fields: Mapping[str, object]) -> str:
    """What the sender says that was pushed; nobody believes it."""
    image, tag = fields.get("image"), fields.get("tag")
    if not (isinstance(image, str) and isinstance(tag, str) and is_tag(tag)):
        return ""
    return clean(f"{image.strip().removesuffix(f':{tag}')}:{tag}", 200)


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}
