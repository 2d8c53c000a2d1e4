"""What a person gives in the place of a Secret that is encrypted, or not in the repository."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

from imgupdate.config.access import DOCKER_CONFIG, GIVEN
from imgupdate.config.model import Config, Provider, Scope, Secret
from imgupdate.errors import shown
from imgupdate.results import ObjectKey, Problem, Severity


def give_secrets(config: Config, given: Mapping[str, bytes]) -> Config:
    """The configuration with these docker configurations as the Secrets that its ImageRepositories name.

    What is given takes the place of a Secret in the tree. What no ImageRepository names is a warning.

    Args:
        config: As it was loaded.
        given: By `namespace/name`, which goes first, or by name: the JSON of a docker configuration, or of one entry
            of it, which is then for the registries of the ImageRepositories that name the Secret.

    """
    if not given:
        return config
    used: set[str] = set()
    scopes = tuple(_give(scope, given, used) for scope in config.scopes)
    unused = tuple(
        Problem(
            severity=Severity.WARNING,
            message=f"the Secret {shown(name)} is given, and no ImageRepository names it in secretRef",
            remedy="correct its name, or leave it out",
        )
        for name in sorted(set(given) - used)
    )
    return replace(config, scopes=scopes, problems=(*config.problems, *unused))


def _give(scope: Scope, given: Mapping[str, bytes], used: set[str]) -> Scope:
    registries: dict[ObjectKey, set[str]] = {}
    for repository in scope.repositories.values():
        if repository.secret and repository.provider is Provider.GENERIC:
            key = ObjectKey(repository.key.scope, repository.key.namespace, repository.secret)
            registries.setdefault(key, set()).add(repository.image.registry)
    secrets, broken = dict(scope.secrets), dict(scope.broken_secrets)
    for key, hosts in registries.items():
        name = next((name for name in (f"{key.namespace}/{key.name}", key.name) if name in given), None)
        if name is None:
            continue
        used.add(name)
        broken.pop(key, None)
        beside = secrets[key].data if key in secrets else {}
        kind, field = DOCKER_CONFIG
        data = {**beside, field: _config(given[name], hosts)}
        secrets[key] = Secret(key=key, location=GIVEN, type=kind, data=data)
    return replace(scope, secrets=secrets, broken_secrets=broken)


def _config(content: bytes, hosts: set[str]) -> bytes:
    parsed: object = json.loads(content)
    if isinstance(parsed, dict) and "auths" in parsed:
        return content
    return json.dumps({"auths": dict.fromkeys(sorted(hosts), parsed)}).encode()
