"""Files of Google's credentials: read within bounds, and believed only where they lead to Google (spec 7.5).

A file of the kind `external_account` says itself where to send what; one of unknown origin could have us run programs
and carry tokens to others. We run nothing, and ask nobody but Google for tokens.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from google.auth.credentials import Credentials

from imgupdate.errors import ScanError
from imgupdate.registry.credentials.clouds.files import read_file
from imgupdate.registry.credentials.clouds.gcp_tokens import (
    UNIVERSE,
    Federation,
    federated_credentials,
    is_googles,
    not_googles,
    service_account_credentials,
    user_account_credentials,
)
from imgupdate.registry.credentials.clouds.github import PERMISSION
from imgupdate.registry.credentials.clouds.web import CloudWeb
from imgupdate.registry.credentials.model import Malformed, is_text, read_json
from imgupdate.registry.failures import clean, describe

UNIVERSES = (UNIVERSE, "s3nsapis.fr")
_METADATA_OF_OTHERS = "http://169.254.169.254/"
_REMEDY = "let GOOGLE_APPLICATION_CREDENTIALS name a file that gcloud or google-github-actions/auth has written"
_KINDS = "service_account, authorized_user and external_account"


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialsFile:
    """What a file makes possible: whose tokens, and how to have them."""

    universe: str
    make: Callable[[], Credentials]


def read_credentials(path: str, web: CloudWeb) -> CredentialsFile:
    """The credentials in a file. Nothing is sent yet.

    Raises:
        ScanError: the file cannot be read, is malformed, or leads elsewhere than to Google.

    """
    try:
        info = read_json(read_file(path, _REMEDY))
    except Malformed as error:
        raise ScanError(f"{clean(path)} holds no credentials of Google: {error}", remedy=_REMEDY) from error
    universe = info.get("universe_domain", UNIVERSE)
    if universe not in UNIVERSES or not isinstance(universe, str):
        raise not_googles("universe_domain")
    match info.get("type"):
        case "service_account":
            if not is_googles(_text(info, "token_uri"), universe):
                raise not_googles("token_uri")
            return CredentialsFile(universe=universe, make=lambda: service_account_credentials(info))
        case "authorized_user":
            return CredentialsFile(universe=UNIVERSE, make=lambda: user_account_credentials(info))
        case "external_account":
            federation = _federation(info, universe, web)
            return CredentialsFile(universe=universe, make=lambda: federated_credentials(federation))
    raise ScanError(f"{clean(path)} holds none of the kinds that are known here: {_KINDS}", remedy=_REMEDY)


def _text(info: Mapping[str, object], key: str) -> str:
    value = info.get(key) or ""
    if not is_text(value):
        raise ScanError(f"the credentials for Google are malformed: their {key} is not a text", remedy=_REMEDY)
    return value


def _mapping(info: Mapping[str, object], key: str) -> Mapping[str, object]:
    value = info.get(key) or {}
    if not isinstance(value, dict):
        raise ScanError(f"the credentials for Google are malformed: their {key} is not a mapping", remedy=_REMEDY)
    return value


def _federation(info: Mapping[str, object], universe: str, web: CloudWeb) -> Federation:
    token_url = _text(info, "token_url") or f"https://sts.{universe}/v1/token"
    impersonation_url = _text(info, "service_account_impersonation_url")
    for name, url in (("token_url", token_url), ("service_account_impersonation_url", impersonation_url)):
        if url and not is_googles(url, universe):
            raise not_googles(name)
    seconds = _mapping(info, "service_account_impersonation").get("token_lifetime_seconds")
    return Federation(
        audience=_text(info, "audience"),
        statement=_statement(_mapping(info, "credential_source"), web),
        token_type=_text(info, "subject_token_type"),
        token_url=token_url,
        impersonation_url=impersonation_url,
        seconds=seconds if isinstance(seconds, int) and 0 < seconds <= 43_200 else 0,
        universe=universe,
        client_id=_text(info, "client_id"),
        client_secret=_text(info, "client_secret"),
        user_project=_text(info, "workforce_pool_user_project"),
    )


def _statement(source: Mapping[str, object], web: CloudWeb) -> Callable[[], str]:
    """How to have the word of somebody else for who we are: from a file, or from a URL."""
    for kind in ("executable", "environment_id", "certificate"):
        if kind in source:
            raise ScanError(
                f"the credentials for Google have their subject from a source that is not used here: {kind}",
                remedy="use one of a file or a URL, such as google-github-actions/auth writes",
            )
    path, url = _text(source, "file"), _text(source, "url")
    form = _mapping(source, "format")
    key = _text(form, "subject_token_field_name") if form.get("type") == "json" else ""
    if path and not url:
        return lambda: _subject(read_file(path, _REMEDY), key, "the file of the subject token")
    if not url or path:
        raise ScanError("the credentials for Google name no one source of their subject", remedy=_REMEDY)
    headers = _mapping(source, "headers")
    sent = {name: _text(headers, name) for name in headers}
    return lambda: _fetched(url, sent, key, web)


def _fetched(url: str, headers: Mapping[str, str], key: str, web: CloudWeb) -> str:
    if url.startswith(_METADATA_OF_OTHERS):
        answer = web.ask_machine(url, headers=headers)
    else:
        answer = web.ask("GET", url, headers=headers)
    if answer.status != 200:
        said = describe(answer.status, answer.body, secrets=[value.split(" ")[-1] for value in headers.values()])
        raise ScanError(
            f"no subject token for Google: its source answered {said}",
            remedy=f"in GitHub Actions, {PERMISSION}, and log in to Google in the same job",
        )
    return _subject(answer.body, key, "the source of the subject token")


def _subject(data: bytes, key: str, what: str) -> str:
    text: object = data.decode(errors="replace").strip()
    if key:
        try:
            parsed = json.loads(data)
        except (ValueError, RecursionError):
            parsed = None
        text = parsed.get(key) if isinstance(parsed, dict) else None
    if not is_text(text) or not text:
        raise ScanError(f"no subject token for Google: {what} holds none", remedy=_REMEDY)
    return text
