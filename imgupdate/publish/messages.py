"""Who makes a commit, what it says, and what it is signed with (spec/flux.md 5.9, 6.4, 6.5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from imgupdate.config.model import ActiveAutomation, CommitSpec, Scope, SigningKey, SigningType
from imgupdate.errors import ConfigurationError
from imgupdate.publish.settings import PublishSettings
from imgupdate.publish.targets import signs_on_github
from imgupdate.publish.trailers import CO_AUTHOR, with_trailers
from imgupdate.remote import Person, SigningIdentity
from imgupdate.report.markdown import plain
from imgupdate.report.message import commit_message
from imgupdate.report.pull_request import Update, title
from imgupdate.results import Change, ObjectKey

_FIELDS = {SigningType.GPG: ("git.asc", "passphrase"), SigningType.SSH: ("identity", "password")}


def message_of(
    automation: ActiveAutomation,
    changes: Sequence[Change],
    rows: Sequence[Update],
    settings: PublishSettings,
    *,
    images: Mapping[ObjectKey, str],
) -> str:
    """The message of an automation's commit, as Flux would write it; for an implicit automation, what is updated.

    `images` are the references that the policies chose, which older templates look at (spec/flux.md, appendix C).

    Raises:
        ConfigurationError: its template does not run.

    """
    if automation.automation is None:
        lines = "".join(f"- {plain(row.image)}: {plain(row.old)} -> {plain(row.new)}\n" for row in rows)
        return f"{title(rows)}\n\n{lines}"
    message = commit_message(automation.automation, automation.key, changes, under=automation.path, images=images)
    person = _person(automation)
    if person and signs_on_github(automation, settings):
        return with_trailers(message, [(CO_AUTHOR, f"{person.name or person.email} <{person.email}>")])
    return message


def author_of(automation: ActiveAutomation, settings: PublishSettings) -> Person | None:
    """Who an automation says makes its commits; None where GitHub is to sign them, or nobody is named."""
    return None if signs_on_github(automation, settings) else _person(automation)


def signing_of(automation: ActiveAutomation, scope: Scope, settings: PublishSettings) -> SigningIdentity | None:
    """The key that an automation signs with: from its Secret, if the repository holds it in plain, else from the input.

    Raises:
        ConfigurationError: there is none, or the Secret lacks a field.

    """
    commit = _commit(automation)
    if commit is None or commit.signing_key is None or signs_on_github(automation, settings):
        return None
    wanted = commit.signing_key
    secret = next(
        (
            secret
            for key, secret in scope.secrets.items()
            if key.name == wanted.secret and key.namespace in {automation.key.namespace, ""}
        ),
        None,
    )
    if secret is None or secret.encrypted:
        return _given(wanted, settings, "is encrypted" if secret else "is not in the repository")
    key_field, passphrase_field = _FIELDS[wanted.type]
    key = secret.data.get(key_field)
    if not key:
        raise ConfigurationError(
            f"signing key secret '{wanted.secret}' does not contain a '{key_field}' key",
            where=str(secret.location),
            remedy="add it, or give the key with the input `signing-key`",
        )
    return SigningIdentity(type=wanted.type, key=key, passphrase=secret.data.get(passphrase_field, b""))


def _given(wanted: SigningKey, settings: PublishSettings, why: str) -> SigningIdentity:
    if settings.signing is None:
        raise ConfigurationError(
            f"could not find signing key secret '{wanted.secret}': it {why}",
            remedy="give the key with the input `signing-key`, from a secret of the workflow",
        )
    return SigningIdentity(type=wanted.type, key=settings.signing.key, passphrase=settings.signing.passphrase)


def _commit(automation: ActiveAutomation) -> CommitSpec | None:
    return automation.automation.git.commit if automation.automation and automation.automation.git else None


def _person(automation: ActiveAutomation) -> Person | None:
    commit = _commit(automation)
    return Person(name=commit.author_name, email=commit.author_email) if commit and commit.author_email else None
