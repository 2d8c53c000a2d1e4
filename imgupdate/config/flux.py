"""ImageRepository and ImagePolicy of every API version, and the same fields in native configuration.

Field tables: spec/flux.md 1.2 and 1.3; defaults and order of checks: 1.7.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from imgupdate.config.extras import Extras
from imgupdate.config.fields import DURATION, DURATION_WITHOUT_HOURS, GO_DURATION, ApiVersion, Fields, interval_pattern
from imgupdate.config.labels import read_selector
from imgupdate.config.model import ImagePolicy, ImageRepository, LabelSelector, Provider
from imgupdate.errors import ConfigurationError, shown
from imgupdate.images import Repository, parse_repository
from imgupdate.policies import (
    Alphabetical,
    Choice,
    Exclusions,
    Numerical,
    Order,
    SemVer,
    TagFilter,
    TagPolicy,
    compile_exclusions,
    compile_policy,
)
from imgupdate.results import DigestReflection, Location, ObjectKey

MAXIMUM_EXCLUSIONS = 25
MAXIMUM_ACCOUNT = 253

_EMPTY_UNION = "given ImagePolicyChoice object is invalid"  # Flux's words (spec/flux.md 3.6)
_CHOICES = ("semver", "alphabetical", "numerical")


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What surrounds a specification: whose it is, and what differs between Flux's kinds and native configuration."""

    key: ObjectKey
    place: Location
    extras: Extras
    native: bool = False


def read_repository(spec: Fields, frame: Frame, *, suspend: bool) -> ImageRepository | None:
    """An ImageRepository's specification; None, and errors, where it is not usable."""
    version = spec.version
    demanded = version >= ApiVersion.V1BETA1 and not frame.native
    if version == ApiVersion.V1ALPHA1 and not spec.has("interval"):
        interval = spec.duration("scanInterval", GO_DURATION)
        spec.expect("interval")
    else:
        interval = spec.duration("interval", interval_pattern(version), required=demanded)
    timeout = spec.duration("timeout", GO_DURATION if version < ApiVersion.V1BETA1 else DURATION_WITHOUT_HOURS)
    image = _read_image(spec)
    exclusions = _read_exclusions(spec)
    provider = spec.choice("provider", Provider.GENERIC, since=ApiVersion.V1BETA2)
    account = spec.string("serviceAccountName", since=ApiVersion.V1BETA1, longest=MAXIMUM_ACCOUNT)
    secrets = (spec.reference("secretRef"), spec.reference("certSecretRef"))
    proxy = spec.reference("proxySecretRef", since=ApiVersion.V1BETA2)
    insecure = spec.boolean("insecure", since=ApiVersion.V1BETA2)
    access = _read_access(spec)
    if image is None or exclusions is None or spec.findings.first_error:
        return None
    return ImageRepository(
        key=frame.key,
        location=frame.place,
        image=image,
        exclusions=exclusions,
        interval=interval,
        timeout=timeout,
        suspend=suspend and not frame.extras.owned,
        insecure=insecure,
        provider=provider,
        secret=secrets[0],
        cert_secret=secrets[1],
        proxy_secret=proxy,
        service_account=account,
        access_from=access,
    )


def read_policy(
    spec: Fields, frame: Frame, *, labels: Mapping[str, str], repository: ObjectKey, suspend: bool
) -> ImagePolicy | None:
    """An ImagePolicy's specification; None, and errors, where it is not usable."""
    interval_name = "digestInterval" if frame.native else "interval"
    reflection = spec.choice("digestReflectionPolicy", DigestReflection.NEVER, since=ApiVersion.V1BETA2)
    interval = spec.duration(interval_name, DURATION, since=ApiVersion.V1BETA2)
    if spec.version >= ApiVersion.V1BETA2:
        _check_interval(spec, interval_name, reflection)
    tags = _read_tags(spec)
    if tags is None or spec.findings.first_error:
        return None
    return ImagePolicy(
        key=frame.key,
        location=frame.place,
        labels=labels,
        repository=repository,
        tags=tags,
        reflection=reflection,
        interval=interval,
        suspend=suspend and not frame.extras.owned,
        allow_downgrade=frame.extras.allow_downgrade,
    )


def read_repository_reference(spec: Fields, namespace: str) -> ObjectKey | None:
    """The ImageRepository that a policy names, by default in the policy's own namespace."""
    fields = spec.child("imageRepositoryRef", required=True)
    if fields is None:
        return None
    name = fields.string("name", required=True)
    return ObjectKey("", fields.string("namespace", since=ApiVersion.V1BETA1) or namespace, name) if name else None


def _read_image(spec: Fields) -> Repository | None:
    text = spec.string("image", required=True)
    if not text:
        return None
    try:
        return parse_repository(text)
    except ConfigurationError as error:
        spec.findings.raised(error, spec.at("image"))
        return None


def _read_exclusions(spec: Fields) -> Exclusions | None:
    most = MAXIMUM_EXCLUSIONS if spec.version >= ApiVersion.V1BETA2 else None
    patterns = spec.strings("exclusionList", since=ApiVersion.V1BETA1, most=most)
    wrong = False
    for text, place in patterns:
        try:
            compile_exclusions([text])
        except ConfigurationError as error:
            spec.findings.raised(error, place)
            wrong = True
    return None if wrong else compile_exclusions([text for text, _ in patterns])


def _read_access(spec: Fields) -> tuple[LabelSelector, ...] | None:
    fields = spec.child("accessFrom", since=ApiVersion.V1BETA1)
    if fields is None:
        return None
    if not fields.has("namespaceSelectors"):
        message = "accessFrom has no namespaceSelectors"
        spec.findings.error(message, fields.at(), "add namespaceSelectors, or remove accessFrom")
    return tuple(read_selector(item, expressions=False) for item in fields.children("namespaceSelectors"))


def _check_interval(spec: Fields, name: str, reflection: DigestReflection) -> None:
    """The two rules of the API server; its own sentences are in spec/flux.md 1.3."""
    always = reflection is DigestReflection.ALWAYS
    if spec.has(name) and not always:
        message = f"{name} is only accepted when digestReflectionPolicy is 'Always'"
        spec.findings.error(message, spec.at(name), f"remove {name}, or set digestReflectionPolicy: Always")
    if always and not spec.has(name):
        message = f"{name} must be set when digestReflectionPolicy is 'Always'"
        spec.findings.error(message, spec.at("digestReflectionPolicy"), f"add {name}, like 10m")


def _read_tags(spec: Fields) -> TagPolicy | None:
    policy = spec.child("policy", required=True)
    filters = spec.child("filterTags")
    tag_filter = None
    if filters:
        tag_filter = TagFilter(pattern=filters.string("pattern"), extract=filters.string("extract"))
    if policy is None:
        return None
    choice, choice_place = _read_choice(policy)
    try:
        if choice or not any(map(policy.has, _CHOICES)):
            compile_policy(choice, None)
    except ConfigurationError as error:
        reason = "" if choice else f" (InvalidPolicy: {_EMPTY_UNION})"
        spec.findings.error(error.message + reason, choice_place, error.remedy)
        choice = None
    choice = choice or Alphabetical()  # so that the filter is looked at in any case
    try:
        tags = compile_policy(choice, tag_filter)
    except ConfigurationError as error:
        spec.findings.raised(error, (filters or policy).at("pattern"))
        return None
    if filters and (unknown := tags.unknown_groups):
        names = ", ".join(map(shown, unknown))
        message = f"extract refers to {names}, which is no group of the pattern and so always empty"
        remedy = (
            "name the group in the pattern, as in (?P<name>...); write ${1}x for group 1 before an x, $$ for a dollar"
        )
        spec.findings.warning(message, filters.at("extract"), remedy)
    return tags


def _read_choice(policy: Fields) -> tuple[Choice | None, Location]:
    """The choice of a policy; of several, Flux takes semver, else alphabetical, else numerical (spec/flux.md 1.3)."""
    semver = policy.child("semver")
    alphabetical = policy.child("alphabetical")
    numerical = policy.child("numerical")
    orders = [fields.choice("order", Order.ASC) if fields else Order.ASC for fields in (alphabetical, numerical)]
    if semver:
        text = semver.string("range", required=True)
        return SemVer(text) if text else None, semver.at("range")
    if alphabetical:
        return Alphabetical(orders[0]), alphabetical.at()
    if numerical:
        return Numerical(orders[1]), numerical.at()
    return None, policy.at()
