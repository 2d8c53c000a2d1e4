"""ImageUpdateAutomation of every API version, and `automation:` of native configuration.

Field table: spec/flux.md 1.4; the form of v1alpha1 and of the prototypes before it: 1.6.
"""

from __future__ import annotations

from imgupdate.config.fields import GO_DURATION, ApiVersion, Fields, interval_pattern
from imgupdate.config.flux import Frame
from imgupdate.config.labels import read_selector
from imgupdate.config.model import (
    CommitSpec,
    GitRef,
    GitSpec,
    ImageUpdateAutomation,
    PushSpec,
    SigningKey,
    SigningType,
)
from imgupdate.errors import ConfigurationError, TemplateParseError, shown
from imgupdate.files import normal_path
from imgupdate.results import ObjectKey

SOURCE_KIND = "GitRepository"
STRATEGY = "Setters"


def read_automation(spec: Fields, frame: Frame, *, api_version: str) -> ImageUpdateAutomation | None:
    """An ImageUpdateAutomation's specification; None, and errors, where it is not usable."""
    old = spec.version == ApiVersion.V1ALPHA1
    if old and not spec.has("interval") and spec.has("minimumRunInterval"):
        interval = spec.duration("minimumRunInterval", GO_DURATION)
        spec.expect("interval")
    else:
        interval = spec.duration("interval", interval_pattern(spec.version), required=not frame.native)
    suspend = spec.boolean("suspend")
    source, git = _read_flat(spec, frame) if old else (_read_source(spec, frame), _read_git(spec, native=frame.native))
    selector_fields = spec.child("policySelector", since=ApiVersion.V1BETA2)
    selector = read_selector(selector_fields) if selector_fields else None
    path = _read_path(spec)
    if spec.findings.first_error:
        return None
    return ImageUpdateAutomation(
        key=frame.key,
        location=frame.place,
        api_version=api_version,
        git=git,
        source=source,
        selector=selector,
        path=path,
        interval=interval,
        suspend=suspend,
        owned=frame.extras.owned,
        sign_github=frame.extras.sign_github,
    )


def read_git_ref(fields: Fields) -> GitRef:
    """A `ref` of a checkout or of a GitRepository."""
    return GitRef(
        branch=fields.string("branch"),
        tag=fields.string("tag"),
        semver=fields.string("semver"),
        name=fields.string("name", since=ApiVersion.V1BETA1),
        commit=fields.string("commit"),
    )


def _read_source(spec: Fields, frame: Frame) -> ObjectKey | None:
    fields = spec.child("sourceRef", required=not frame.native)
    if fields is None:
        return None
    fields.string("apiVersion")
    kind = fields.string("kind")
    if fields.has("kind") and kind != SOURCE_KIND:
        message = f"source kind {shown(kind)} is not supported (InvalidSourceConfiguration)"
        spec.findings.error(message, fields.at("kind"), f"write {SOURCE_KIND}")
    name = fields.string("name", required=True)
    namespace = fields.string("namespace", since=ApiVersion.V1BETA1) or frame.key.namespace
    if frame.native:
        message = "sourceRef has no effect in native configuration: it speaks of the repository that it lies in"
        spec.findings.warning(message, spec.at("sourceRef"), "remove it")
        return None
    return ObjectKey("", namespace, name)


def _read_git(spec: Fields, *, native: bool) -> GitSpec | None:
    fields = spec.child("git")
    if fields is None:
        if not native:
            message = "source kind 'GitRepository' necessitates field .spec.git (InvalidSourceConfiguration)"
            spec.findings.error(message, spec.at(), "add git, with the author of the commits in git.commit.author")
        return None
    checkout = fields.child("checkout")
    ref = checkout.child("ref", required=True) if checkout else None
    commit_fields = fields.child("commit", required=not native)
    commit = _read_commit(commit_fields, native=native) if commit_fields else CommitSpec()
    push = fields.child("push")
    return GitSpec(
        commit=commit,
        checkout=read_git_ref(ref) if ref else None,
        push=_read_push(push) if push else PushSpec(),
    )


def _read_commit(fields: Fields, *, native: bool) -> CommitSpec:
    author = fields.child("author", required=not native)
    return CommitSpec(
        author_name=author.string("name") if author else "",
        author_email=author.string("email", required=True) if author else "",
        message_template=_read_template(fields),
        message_values=fields.string_map("messageTemplateValues", since=ApiVersion.V1BETA2),
        signing_key=_read_signing_key(fields),
    )


def _read_template(commit: Fields) -> str:
    """A commit message's template, which must parse (spec/flux.md 5.9)."""
    text = commit.string("messageTemplate")
    if not text:
        return ""
    from imgupdate.templates import check_message_template  # noqa: PLC0415 - it is large, and most runs have no template

    try:
        check_message_template(text)
    except TemplateParseError as error:
        commit.findings.raised(error, commit.at("messageTemplate"))
    return text


def _read_signing_key(commit: Fields) -> SigningKey | None:
    fields = commit.child("signingKey")
    if fields is None:
        return None
    secret = fields.reference("secretRef", required=True)
    return SigningKey(secret=secret, type=fields.choice("type", SigningType.GPG, since=ApiVersion.V1))


def _read_push(fields: Fields) -> PushSpec:
    return PushSpec(
        branch=fields.string("branch", required=fields.version < ApiVersion.V1BETA1),
        refspec=fields.string("refspec", since=ApiVersion.V1BETA1),
        options=fields.string_map("options", since=ApiVersion.V1BETA1),
    )


def _read_flat(spec: Fields, frame: Frame) -> tuple[ObjectKey | None, GitSpec]:
    """What v1alpha1 wrote into the specification itself: where from, and how."""
    checkout = spec.child("checkout", required=True)
    commit = spec.child("commit", required=True)
    push = spec.child("push")
    source = (
        ObjectKey("", frame.key.namespace, checkout.reference("gitRepositoryRef", required=True)) if checkout else None
    )
    branch = checkout.string("branch", required=True) if checkout else ""
    return source, GitSpec(
        commit=_read_old_commit(commit) if commit else CommitSpec(),
        checkout=GitRef(branch=branch),
        push=_read_push(push) if push else PushSpec(),
    )


def _read_old_commit(fields: Fields) -> CommitSpec:
    return CommitSpec(
        author_name=fields.string("authorName", required=True),
        author_email=fields.string("authorEmail", required=True),
        message_template=_read_template(fields),
        signing_key=_read_signing_key(fields),
    )


def _read_path(spec: Fields) -> str:
    update = spec.child("update")
    if update is None:
        return ""
    strategy = update.string("strategy")
    if update.has("strategy") and strategy != STRATEGY:
        message = f"unsupported update strategy {shown(strategy)} (InvalidUpdateStrategy)"
        spec.findings.error(message, update.at("strategy"), f"write {STRATEGY}")
    place, path = update.at("path"), update.string("path")
    setters = update.child("setters") if spec.version == ApiVersion.V1ALPHA1 else None
    paths = setters.strings("paths") if setters else ()
    if len(paths) > 1:
        spec.findings.error("an automation has one path", paths[1][1], "make an automation of each path")
    if paths and not path:
        path, place = paths[0]
    try:
        return normal_path(path)
    except ConfigurationError as error:
        spec.findings.raised(error, place)
        return ""
