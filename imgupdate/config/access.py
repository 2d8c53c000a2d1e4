"""How the registry of an ImageRepository is reached, and who may refer to one."""

from __future__ import annotations

import json
from typing import NoReturn
from urllib.parse import unquote, urlsplit, urlunsplit

from imgupdate.config.findings import suggestion
from imgupdate.config.labels import selects
from imgupdate.config.model import (
    ClientTLS,
    ImagePolicy,
    ImageRepository,
    Provider,
    Proxy,
    RegistryAccess,
    Scope,
    Secret,
)
from imgupdate.errors import ConfigurationError, shown
from imgupdate.results import Location, ObjectKey, Problem, Severity

DEFAULT_TIMEOUT = 60.0
SHORTEST_TIMEOUT = 1.0
NAMESPACE_LABEL = "kubernetes.io/metadata.name"

DOCKER_CONFIG = ("kubernetes.io/dockerconfigjson", ".dockerconfigjson")
GIVEN = Location("registry-auth")
"""The place of a Secret that is given instead of one in the tree."""

_OLD_DOCKER_CONFIG = ("kubernetes.io/dockercfg", ".dockercfg")
_INSTEAD = "the credentials of the machine are used instead"
_PROXY_SCHEMES = ("http", "https", "socks5")
_LONGEST_ADDRESS = 2048


def resolve_repository(scope: Scope, policy: ImagePolicy) -> ImageRepository:
    """The ImageRepository that a policy refers to, if it is there and lets the policy's namespace in.

    Access: spec/flux.md 4.6. Off the cluster a namespace's labels are those of its manifest, and its name.

    Raises:
        ConfigurationError: it does not exist, is wrong itself, or denies access.

    """
    key = policy.repository
    repository = scope.repositories.get(key)
    if repository is None:
        if problem := scope.broken_repositories.get(key):
            raise ConfigurationError(f"its ImageRepository {key} is wrong", remedy=f"see {problem.location}")
        raise ConfigurationError(f"the ImageRepository {key} does not exist", remedy=_missing(scope, key))
    namespace = policy.key.namespace
    if namespace == key.namespace:
        return repository
    if repository.access_from is None:
        raise ConfigurationError(
            f"access denied: '{key}' can't be accessed due to missing ACL labels on 'accessFrom'",
            remedy=f"let the namespace {namespace} in with accessFrom.namespaceSelectors of {repository.location}",
        )
    labels = {**scope.namespace_labels.get(namespace, {}), NAMESPACE_LABEL: namespace}
    if not any(selects(selector, labels) for selector in repository.access_from):
        raise ConfigurationError(
            f"access denied: '{key}' can't be accessed due to ACL labels mismatch on namespace '{namespace}'",
            remedy=f"add a selector that its labels match to {repository.location}; the labels are those of the "
            "Namespace manifest and kubernetes.io/metadata.name",
        )
    return repository


def registry_access(scope: Scope, repository: ImageRepository) -> tuple[RegistryAccess, tuple[Problem, ...]]:
    """What the manifests say about reaching a registry, and notes about what they say in vain.

    A `secretRef` that cannot be read gives way to the credentials of the machine, with a warning. A certificate or a
    proxy that cannot be read does not: without it the connection would be another one. Where a provider is named, no
    `secretRef` is looked into.

    Raises:
        ConfigurationError: a Secret of a certificate or a proxy is not there, encrypted or malformed; or a
            `secretRef` is there and malformed.

    """
    seconds = repository.timeout if repository.timeout is not None else repository.interval
    timeout = max(DEFAULT_TIMEOUT if seconds is None else seconds, SHORTEST_TIMEOUT)
    docker_config, source, notes = _credentials(scope, repository)
    access = RegistryAccess(
        timeout=timeout,
        interval=repository.interval or 0.0,
        insecure=repository.insecure,
        docker_config=docker_config,
        source=source,
        provider=repository.provider,
        tls=_client_tls(scope, repository, notes),
        proxy=_proxy(scope, repository),
    )
    return access, tuple(notes)


def _missing(scope: Scope, key: ObjectKey) -> str:
    elsewhere = [other for other in scope.repositories if other.name == key.name]
    if elsewhere:
        return f"it is in the namespace {elsewhere[0].namespace}: set imageRepositoryRef.namespace"
    near = suggestion(key.name, [other.name for other in scope.repositories if other.namespace == key.namespace])
    return near or "add it, or correct imageRepositoryRef"


def _credentials(scope: Scope, repository: ImageRepository) -> tuple[bytes, str, list[Problem]]:
    if repository.provider is not Provider.GENERIC:
        return b"", "", []
    if not repository.secret:
        if not repository.service_account:
            return b"", "", []
        message = f"serviceAccountName is not looked into, {_INSTEAD}"
        remedy = "give the credentials to registry-auth, or name a Secret in secretRef"
        return b"", "", [_note(Severity.WARNING, message, repository, "serviceAccountName", remedy)]
    try:
        secret = _secret(scope, repository, repository.secret)
    except _Unavailable as error:
        note = _note(Severity.WARNING, f"{error.message}, {_INSTEAD}", repository, "secretRef", _mapping(repository))
        return b"", "", [note]
    config = _docker_config(secret)
    if config is None:
        message = f"the Secret {secret.key} of type {shown(secret.type)} holds no docker config, {_INSTEAD}"
        remedy = f"make it one of type {DOCKER_CONFIG[0]}"
        return b"", "", [_note(Severity.WARNING, message, repository, "secretRef", remedy)]
    given = f" as given in {GIVEN}" if secret.location == GIVEN else ""
    return config, f"Secret {secret.key}{given}", []


def _mapping(repository: ImageRepository) -> str:
    """How to give what a Secret holds to the run."""
    key = ObjectKey(repository.key.scope, repository.key.namespace, repository.secret)
    return f"give what it holds to registry-auth, as `secret:{key}: user:password` or a docker config"


class _Unavailable(ConfigurationError):
    """A Secret is not in the tree, or there and encrypted."""


def _secret(scope: Scope, repository: ImageRepository, name: str) -> Secret:
    key = ObjectKey(repository.key.scope, repository.key.namespace, name)
    if problem := scope.broken_secrets.get(key):
        raise ConfigurationError(f"the Secret {key} is wrong", remedy=f"see {problem.location}")
    secret = scope.secrets.get(key)
    if secret is None:
        raise _Unavailable(f"the Secret {key} is not in the repository", remedy="add it")
    if secret.encrypted:
        raise _Unavailable(f"the Secret {key} is encrypted ({secret.encrypted})", remedy="name one that is in plain")
    return secret


def _docker_config(secret: Secret) -> bytes | None:
    """The content of a config.json, None where the Secret is of another type. The old shape becomes the new one."""
    old = secret.type == _OLD_DOCKER_CONFIG[0]
    kind, name = _OLD_DOCKER_CONFIG if old else DOCKER_CONFIG
    data = secret.data.get(name)
    if secret.type != kind or not data:
        return None
    try:
        content: object = json.loads(data)
    except (ValueError, RecursionError):
        _refuse(secret, "its docker config is not JSON")
    auths = content if old else content.get("auths") if isinstance(content, dict) else None
    if not isinstance(auths, dict) or not all(isinstance(entry, dict) for entry in auths.values()):
        _refuse(secret, "its docker config has no mapping of registries to credentials")
    return json.dumps({"auths": auths}).encode() if old else data


def _client_tls(scope: Scope, repository: ImageRepository, notes: list[Problem]) -> ClientTLS | None:
    """CA, certificate and key; the names before v1beta2 still serve, with a warning (spec/registry.md 8)."""
    if not repository.cert_secret:
        return None
    secret = _secret(scope, repository, repository.cert_secret)
    found: dict[str, bytes] = {}
    for name, old in (("ca.crt", "caFile"), ("tls.crt", "certFile"), ("tls.key", "keyFile")):
        found[name] = secret.data.get(name) or secret.data.get(old) or b""
        if found[name] and not secret.data.get(name):
            message = f"the Secret {secret.key} holds {old}, which is deprecated"
            notes.append(_note(Severity.WARNING, message, repository, "certSecretRef", f"name it {name}"))
    if bool(found["tls.crt"]) != bool(found["tls.key"]):
        _refuse(secret, "it holds one of tls.crt and tls.key, and they only serve together")
    if not any(found.values()):
        _refuse(secret, "it holds neither ca.crt nor tls.crt and tls.key")
    for name, content in found.items():
        if content and b"-----BEGIN " not in content:
            _refuse(secret, f"its {name} is not PEM")
    return ClientTLS(ca=found["ca.crt"], certificate=found["tls.crt"], key=found["tls.key"])


def _proxy(scope: Scope, repository: ImageRepository) -> Proxy | None:
    """The proxy of a `proxySecretRef`. User-info in the address moves out of it, so that the address can be shown."""
    if not repository.proxy_secret:
        return None
    secret = _secret(scope, repository, repository.proxy_secret)
    texts = {name: _utf8(secret, name) for name in ("address", "username", "password")}
    address = texts["address"].strip()
    if not address:
        _refuse(secret, "it holds no address")
    if len(address) > _LONGEST_ADDRESS:
        _refuse(secret, f"its address is longer than {_LONGEST_ADDRESS} characters")
    try:
        parts = urlsplit(address)
        valid = parts.scheme in _PROXY_SCHEMES and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        valid = False
        parts = urlsplit("")
    if not valid or not address.isprintable() or " " in address:
        _refuse(secret, f"its address is not a URL that begins with one of {', '.join(_PROXY_SCHEMES)}")
    username = texts["username"] or unquote(parts.username or "")
    password = texts["password"] or unquote(parts.password or "")
    if password and not username:
        _refuse(secret, "it holds a password without a username")
    host = parts.netloc.rpartition("@")[2]
    plain = urlunsplit((parts.scheme, host, parts.path, parts.query, ""))
    return Proxy(address=plain, username=username, password=password)


def _utf8(secret: Secret, name: str) -> str:
    try:
        return secret.data.get(name, b"").decode()
    except UnicodeDecodeError:
        _refuse(secret, f"its {name} is not UTF-8")


def _refuse(secret: Secret, reason: str) -> NoReturn:
    """Say what is wrong with a Secret, and nothing of what is in it."""
    message = f"the Secret {secret.key} cannot be used: {reason}"
    raise ConfigurationError(message, remedy=f"correct {secret.location}") from None


def _note(severity: Severity, message: str, repository: ImageRepository, field: str, remedy: str = "") -> Problem:
    place = repository.location
    name = f"{place.field}.{field}" if place.field else f"spec.{field}"
    where = Location(place.path, place.line, place.column, name)
    return Problem(severity=severity, message=message, remedy=remedy, location=where)
