"""The values that flow from one step of a run to the next.

scan -> Listing    select -> Selection | Unavailable    plan -> Marker, Change, FileEdit, Plan    and Problem everywhere
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Protocol

from imgupdate.errors import Error
from imgupdate.images import Digest, Tag


@dataclass(frozen=True, slots=True, order=True)
class ObjectKey:
    """The name of a policy, repository or automation: scope (cluster), namespace and name.

    The scope is empty where the repository holds one cluster; the namespace is empty in native configuration.
    """

    scope: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


@dataclass(frozen=True, slots=True, order=True)
class Location:
    """A place in a file of a tree. Line and column count from 1, 0 is unknown; `field` is like `spec.image`."""

    path: str
    line: int = 0
    column: int = 0
    field: str = ""

    def __str__(self) -> str:
        line = str(self.line) if self.line else ""
        return ":".join(part for part in (self.path, line, self.field) if part)


class Severity(StrEnum):
    """How much a problem matters: only an error counts in the exit code."""

    ERROR = "error"
    WARNING = "warning"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something that a person should know: what happened, where, and what to do.

    `exit_code` is that of the error class it stands for (`imgupdate.errors`), 0 for warnings and notices.
    """

    severity: Severity
    message: str
    remedy: str = ""
    location: Location | None = None
    policy: ObjectKey | None = None
    exit_code: int = 0

    @classmethod
    def of(cls, error: Error, *, location: Location | None = None, policy: ObjectKey | None = None) -> Problem:
        """The problem that an exception stands for, as an error."""
        message = f"{error.where}: {error.message}" if error.where and location is None else error.message
        return cls(
            severity=Severity.ERROR,
            message=message,
            remedy=error.remedy,
            location=location,
            policy=policy,
            exit_code=error.exit_code,
        )

    def __str__(self) -> str:
        where = f"{self.location}: " if self.location else ""
        remedy = f"; {self.remedy}" if self.remedy else ""
        return f"{where}{self.message}{remedy}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedImage:
    """What a list of tags says of the image of a tag; `created` is in seconds since 1970, None where it is silent."""

    digest: Digest
    created: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The tags of a repository as its registry lists them, cleaned but not sorted, and what was odd about them.

    `images` is what the registry said with them just now of some, by tag.
    """

    tags: tuple[str, ...]
    warnings: tuple[str, ...] = ()
    images: Mapping[str, ListedImage] = field(default_factory=dict, compare=False, repr=False)


class Facet(StrEnum):
    """Something that can be asked about an image besides its digest."""

    PLATFORMS = "platforms"
    CREATED = "created"
    LABELS = "labels"
    ANNOTATIONS = "annotations"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageMetadata:
    """What an image says of itself. All of it is text of strangers.

    `platforms` are like `linux/amd64` and `linux/arm/v7`, in the order of the image's index. `created` is in seconds
    since 1970, None where nothing usable is said. What was not asked for may be empty.
    """

    digest: Digest
    platforms: tuple[str, ...] = ()
    created: float | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)


class DigestReflection(StrEnum):
    """`ImagePolicy.spec.digestReflectionPolicy` (spec/flux.md 4.7)."""

    NEVER = "Never"
    IF_NOT_PRESENT = "IfNotPresent"
    ALWAYS = "Always"


class TagOrder(Protocol):
    """How a policy judges single tags, whether or not a registry lists them."""

    def admits(self, tag: str) -> bool:
        """Whether the policy could choose the tag if it were the only one."""
        ...

    def outranks(self, tag: str, other: str) -> bool:
        """Whether the policy ranks the first of two admitted tags strictly above the second."""
        ...


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a policy made of one tag: kept or dropped, the key it was compared by, and why."""

    tag: str
    kept: bool
    key: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why a policy chose what it chose: a verdict for each tag, in the order that the policy saw them."""

    verdicts: tuple[Verdict, ...]
    chosen: str
    key: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What a policy chose: image as its repository spells it, tag as published, digest if one is reflected."""

    policy: ObjectKey
    image: str
    tag: Tag
    order: TagOrder
    reflection: DigestReflection = DigestReflection.NEVER
    digest: Digest | None = None
    allow_downgrade: bool = False
    explanation: Explanation | None = None

    def with_digest(self, digest: Digest | None) -> Selection:
        """The same choice with another digest."""
        return replace(self, digest=digest)


class Cause(StrEnum):
    """Why a policy has no selection."""

    SUSPENDED = "suspended"
    INVALID = "invalid"
    SCAN_FAILED = "scan-failed"
    NO_TAG = "no-tag"
    NO_DIGEST = "no-digest"
    NO_AUTOMATION = "no-automation"
    NOT_REQUESTED = "not-requested"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unavailable:
    """A policy that is configured but chose nothing: its markers stay as they are."""

    policy: ObjectKey
    image: str
    cause: Cause
    reason: str
    explanation: Explanation | None = None


Outcome = Selection | Unavailable


class Part(StrEnum):
    """Which part of an image a marker sets; the value is the suffix in the marker."""

    REFERENCE = ""
    NAME = "name"
    TAG = "tag"
    DIGEST = "digest"


@dataclass(frozen=True, slots=True, order=True)
class ObjectIdentifier:
    """The Kubernetes object that a marked field belongs to; empty strings where the document does not say."""

    api_version: str = ""
    kind: str = ""
    namespace: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Marker:
    """A marked field of a tree that names a configured policy, and the value that it has now."""

    location: Location
    object: ObjectIdentifier
    setter: str
    policy: ObjectKey
    part: Part
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One field that a plan sets to a new value."""

    marker: Marker
    new: str

    @property
    def old(self) -> str:
        """The value that the field had."""
        return self.marker.value


@dataclass(frozen=True, slots=True, kw_only=True)
class FileEdit:
    """A file of a tree before and after, and the changes that make the difference, in document order."""

    path: str
    before: bytes
    after: bytes
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What has to change in a tree, every marker that was looked at, and what is wrong with the tree."""

    edits: tuple[FileEdit, ...] = ()
    markers: tuple[Marker, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def changes(self) -> tuple[Change, ...]:
        """All changes, by file and then in document order."""
        return tuple(change for edit in self.edits for change in edit.changes)


class PullRequestOperation(StrEnum):
    """What a run did to a pull request; the words are those of create-pull-request."""

    CREATED = "created"
    UPDATED = "updated"
    CLOSED = "closed"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedCommit:
    """A commit that a run made and pushed. `reason` is GitHub's word on its signature."""

    sha: str
    branch: str
    url: str
    message: str
    verified: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedPullRequest:
    """A pull request as a run left it. `group` is empty but where several divide the changes."""

    number: int
    url: str
    operation: PullRequestOperation
    branch: str
    base: str
    head_sha: str
    title: str
    group: str = ""
    verified: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """Everything that a run found and did, for the reports.

    `plan` is that for the workspace; `published` says whether commits were to be made at all. `compares` are addresses
    of what changed in the source of an image, by the image, its old and its new version.
    """

    outcomes: tuple[Outcome, ...]
    plan: Plan
    problems: tuple[Problem, ...]
    written: bool
    published: bool = False
    commits: tuple[PublishedCommit, ...] = ()
    pull_requests: tuple[PublishedPullRequest, ...] = ()
    compares: Mapping[tuple[str, str, str], str] = field(default_factory=dict)

    @property
    def exit_code(self) -> int:
        """The highest code of all problems, 0 when there is none (design, section 6)."""
        return max((problem.exit_code for problem in self.all_problems), default=0)

    @property
    def all_problems(self) -> Sequence[Problem]:
        """Those of the configuration and the scan, then those of the plan."""
        return (*self.problems, *self.plan.problems)
