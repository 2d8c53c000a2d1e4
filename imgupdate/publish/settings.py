"""What people say about how to publish, as values."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from imgupdate.remote import Decoration, MergeMethod, SigningIdentity


class Mode(StrEnum):
    """What becomes of the changes (design, section 6)."""

    AUTO = "auto"
    PULL_REQUEST = "pull-request"
    COMMIT = "commit"
    NONE = "none"


class GroupBy(StrEnum):
    """What has a pull request of its own."""

    AUTOMATION = "automation"
    POLICY = "policy"
    IMAGE = "image"
    DIRECTORY = "directory"


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishSettings:
    """How to publish, where the automations do not say.

    `base` is the branch that the workspace stands for: what an automation without a `GitRepository` checks out, and
    where pull requests go. `branch` takes the place of `imgupdate/<base>`; `title` may be a template, as the commit
    message (spec/flux.md 5.9). `sign_github` leaves authors out, so that GitHub signs. `signing` is the key for
    automations with a `signingKey` whose Secret is not in the repository in plain.
    """

    mode: Mode
    base: str
    branch: str = ""
    title: str = ""
    group_by: GroupBy = GroupBy.AUTOMATION
    decoration: Decoration = field(default_factory=Decoration)
    draft: bool = False
    auto_merge: MergeMethod | None = None
    sign_github: bool = False
    signing: SigningIdentity | None = None
