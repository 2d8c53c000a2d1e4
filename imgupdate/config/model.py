"""The configuration as frozen values: Flux's v1 kinds, whatever version or format they were written in.

Durations are seconds. Every object knows where it was written. What Flux has no field for comes from `imgupdate.dev/…`
annotations, or from plain fields of native configuration.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from imgupdate.images import Repository
from imgupdate.policies import Exclusions, TagPolicy
from imgupdate.results import DigestReflection, Location, ObjectKey, Problem


class Provider(StrEnum):
    """`ImageRepository.spec.provider`: whose login a registry wants."""

    GENERIC = "generic"
    AWS = "aws"
    AZURE = "azure"
    GCP = "gcp"


class Operator(StrEnum):
    """The operators of a label selector's `matchExpressions`."""

    IN = "In"
    NOT_IN = "NotIn"
    EXISTS = "Exists"
    DOES_NOT_EXIST = "DoesNotExist"


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """One expression of a label selector."""

    key: str
    operator: Operator
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelSelector:
    """Kubernetes' label selector: all labels and all expressions must hold; an empty one matches everything."""

    match_labels: Mapping[str, str] = field(default_factory=dict)
    match_expressions: tuple[Requirement, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRepository:
    """An image to scan. `access_from` None, where the manifest has none, lets only its own namespace refer to it."""

    key: ObjectKey
    location: Location
    image: Repository
    exclusions: Exclusions
    interval: float | None
    timeout: float | None
    suspend: bool = False
    insecure: bool = False
    provider: Provider = Provider.GENERIC
    secret: str = ""
    cert_secret: str = ""
    proxy_secret: str = ""
    service_account: str = ""
    access_from: tuple[LabelSelector, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagePolicy:
    """A rule that chooses a tag of a repository."""

    key: ObjectKey
    location: Location
    labels: Mapping[str, str]
    repository: ObjectKey
    tags: TagPolicy
    reflection: DigestReflection = DigestReflection.NEVER
    interval: float | None = None
    suspend: bool = False
    allow_downgrade: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GitRef:
    """A Git reference to check out; precedence commit > name > tag > semver > branch (spec/flux.md 6.2)."""

    branch: str = ""
    tag: str = ""
    semver: str = ""
    name: str = ""
    commit: str = ""


class SigningType(StrEnum):
    """`signingKey.type`."""

    GPG = "gpg"
    SSH = "ssh"


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """The Secret that holds the key which signs commits."""

    secret: str
    type: SigningType = SigningType.GPG


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitSpec:
    """How an automation's commits look; `author_email` is empty only in native configuration."""

    author_name: str = ""
    author_email: str = ""
    message_template: str = ""
    message_values: Mapping[str, str] = field(default_factory=dict)
    signing_key: SigningKey | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PushSpec:
    """Where an automation pushes; empty strings where the manifest is silent."""

    branch: str = ""
    refspec: str = ""
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class GitSpec:
    """`ImageUpdateAutomation.spec.git`; `checkout` is None where it is left to the GitRepository."""

    commit: CommitSpec
    checkout: GitRef | None = None
    push: PushSpec = PushSpec()


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageUpdateAutomation:
    """Which files to update with which policies, and how to publish that.

    `owned` is the annotation `imgupdate.dev/owner: action`: then `suspend` speaks to Flux's controllers, not to us.
    `sign_github` is `imgupdate.dev/sign: github`: the author is left out of the commits, so that GitHub signs them.
    `api_version` is the version as written (older message templates hold other data).
    """

    key: ObjectKey
    location: Location
    api_version: str
    git: GitSpec | None
    source: ObjectKey | None
    selector: LabelSelector | None = None
    path: str = ""
    interval: float | None = None
    suspend: bool = False
    owned: bool = False
    sign_github: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GitRepository:
    """The Flux source that an automation commits to. Its address may hold credentials."""

    key: ObjectKey
    location: Location
    url: str = field(repr=False)
    ref: GitRef | None = None
    secret: str = ""
    timeout: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """A Secret manifest, decoded. `encrypted` names what encrypts it (SOPS, SealedSecret); then there is no data."""

    key: ObjectKey
    location: Location
    type: str = "Opaque"
    data: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    encrypted: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The objects of one cluster.

    `unusable` holds the policies that are configured but wrong, with their first problem: their markers are known, and
    stay. They are not in `policies`, and their problems are in `Config.problems` too. The other `broken_…` hold what is
    there but cannot be used in the same way. `broken_automations` says that an automation object is wrong, so that its
    absence is not taken for the user's wish.
    """

    name: str = ""
    native: bool = False
    repositories: Mapping[ObjectKey, ImageRepository] = field(default_factory=dict)
    policies: Mapping[ObjectKey, ImagePolicy] = field(default_factory=dict)
    unusable: Mapping[ObjectKey, Problem] = field(default_factory=dict)
    automations: tuple[ImageUpdateAutomation, ...] = ()
    broken_automations: bool = False
    broken_repositories: Mapping[ObjectKey, Problem] = field(default_factory=dict)
    secrets: Mapping[ObjectKey, Secret] = field(default_factory=dict)
    broken_secrets: Mapping[ObjectKey, Problem] = field(default_factory=dict)
    git_repositories: Mapping[ObjectKey, GitRepository] = field(default_factory=dict)
    broken_git_repositories: Mapping[ObjectKey, Problem] = field(default_factory=dict)
    namespace_labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    controllers_installed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """What a repository asks for, and everything that is wrong with how it asks."""

    scopes: tuple[Scope, ...]
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ActiveAutomation:
    """An automation that runs: the path it edits and the policies it takes.

    `automation` is None for the implicit one of a scope that has no automation object.
    """

    key: ObjectKey
    path: str
    policies: frozenset[ObjectKey]
    automation: ImageUpdateAutomation | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientTLS:
    """PEM texts from a `certSecretRef`: a CA to trust besides the system's, a certificate and key to show."""

    ca: bytes = b""
    certificate: bytes = field(default=b"", repr=False)
    key: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """A proxy from a `proxySecretRef`; it takes the place of the environment's."""

    address: str
    username: str = field(default="", repr=False)
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryAccess:
    """How to reach the registry of one ImageRepository. Equal values may share connections and tokens.

    `docker_config` is the JSON of a `kubernetes.io/dockerconfigjson` Secret, empty for none; `source` says whose it is.
    `provider` names the cloud whose login takes the place of a Secret.
    `timeout` is the bound in seconds on one whole listing or look-up, at least 1; `interval` the seconds for which a
    listing serves, where intervals are respected, 0 for none.
    """

    timeout: float = 60.0
    interval: float = 0.0
    insecure: bool = False
    docker_config: bytes = field(default=b"", repr=False)
    source: str = ""
    provider: Provider = Provider.GENERIC
    tls: ClientTLS | None = None
    proxy: Proxy | None = None
