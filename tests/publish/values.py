"""Automations, settings and configurations as short as tests want them."""

from __future__ import annotations

from imgupdate.config.model import (
    ActiveAutomation,
    CommitSpec,
    Config,
    GitRef,
    GitRepository,
    GitSpec,
    ImageUpdateAutomation,
    PushSpec,
    Scope,
    SigningKey,
)
from imgupdate.publish.settings import GroupBy, Mode, PublishSettings
from imgupdate.results import Location, ObjectKey

KEY = ObjectKey("", "flux-system", "auto")
SOURCE = ObjectKey("", "flux-system", "fleet")


def implicit() -> ActiveAutomation:
    return ActiveAutomation(key=ObjectKey("", "", "imgupdate"), path="", policies=frozenset())


def automation(
    *,
    name: str = "auto",
    checkout: GitRef | None = None,
    push: PushSpec | None = None,
    git: bool = True,
    author: str = "bot@example.org",
    template: str = "",
    signing_key: SigningKey | None = None,
    sign_github: bool = False,
    source: ObjectKey | None = SOURCE,
    path: str = "",
    policies: frozenset[ObjectKey] = frozenset(),
) -> ActiveAutomation:
    commit = CommitSpec(author_email=author, message_template=template, signing_key=signing_key)
    key = ObjectKey("", "flux-system", name)
    spec = ImageUpdateAutomation(
        key=key,
        location=Location("auto.yaml", 3),
        api_version="image.toolkit.fluxcd.io/v1",
        git=GitSpec(commit=commit, checkout=checkout, push=push or PushSpec()) if git else None,
        source=source,
        sign_github=sign_github,
    )
    return ActiveAutomation(key=key, path=path, policies=policies, automation=spec)


def config(ref: GitRef | None = None, *, source: bool = True, timeout: float | None = None) -> Config:
    repository = GitRepository(
        key=SOURCE, location=Location("source.yaml", 1), url="https://github.com/org/fleet", ref=ref, timeout=timeout
    )
    return Config(scopes=(Scope(git_repositories={SOURCE: repository} if source else {}),))


def settings(
    mode: Mode = Mode.AUTO,
    base: str = "main",
    *,
    branch: str = "",
    group_by: GroupBy = GroupBy.AUTOMATION,
    sign_github: bool = False,
) -> PublishSettings:
    return PublishSettings(mode=mode, base=base, branch=branch, group_by=group_by, sign_github=sign_github)
