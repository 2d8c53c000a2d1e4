"""From a tree of files to the configuration that they hold (design, section 4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from imgupdate.config.access import NAMESPACE_LABEL, resolve_repository
from imgupdate.config.findings import Findings, UnreadableConfiguration, in_order
from imgupdate.config.model import Config, ImagePolicy, ImageRepository, ImageUpdateAutomation, Provider, Scope
from imgupdate.config.native import NATIVE_PATH, NativeConfiguration, is_native, read_native
from imgupdate.config.objects import Objects, read_objects
from imgupdate.config.related import TOKENS as RELATED_TOKENS
from imgupdate.config.related import Seeker
from imgupdate.config.sources import GROUP, Manifest, holds_image_kinds, parse_manifests
from imgupdate.documents import nodes
from imgupdate.errors import ConfigurationError, UnparsableYaml, UnreadableFile
from imgupdate.files import Files, is_manifest, is_under, normal_path
from imgupdate.results import Location, ObjectKey, Problem

_TOKEN = GROUP.encode()
_MISNAMED = ".github/imgupdate.yml"

TOKENS = (_TOKEN, *RELATED_TOKENS)


@dataclass(slots=True, kw_only=True)
class _Sources:
    """What the files hold that configuration is read from; `under` is where related manifests are looked for."""

    manifests: list[Manifest]
    native_path: str = ""
    native: bytes = b""
    under: str = ""


def load(files: Files, *, config_path: str = "", namespace: str = "flux-system") -> Config:
    """Read Flux manifests or native configuration below a path of a tree, or in one file of it.

    What is wrong with one object is among the problems, and leaves the others usable. `namespace` is that of manifests
    which name none.

    Raises:
        UnreadableConfiguration: nothing can be done: the path is not there, a file that holds image kinds is not YAML,
            native configuration cannot be read as a whole, or stands beside Flux manifests.

    """
    findings = Findings()
    sources = _find(files, normal_path(config_path, where="config"), findings)
    if sources.native_path and sources.manifests:
        message = f"native configuration and Flux manifests cannot be mixed: {sources.manifests[0].place} is one"
        remedy = f"keep one of the two, or name one with `config`, like {sources.native_path}"
        findings.error(message, Location(sources.native_path), remedy)
    if sources.native_path:
        native = read_native(sources.native, sources.native_path)
        if native.fatal or findings.first_error:
            raise UnreadableConfiguration(in_order((*findings.problems, *native.problems)))
        return _from_native(files, sources, native, namespace)
    objects = read_objects(sources.manifests, namespace)
    if findings.first_error:
        raise UnreadableConfiguration(in_order((*findings.problems, *objects.problems)))
    if not (objects.policies.usable or objects.policies.broken):
        objects.problems.append(_nothing(files))
    return _from_objects(files, sources, objects, namespace)


def _find(files: Files, path: str, findings: Findings) -> _Sources:
    try:
        listed = files.list(path, _TOKEN)
    except UnreadableFile as error:
        findings.error(
            f"the configuration {error.message}",
            Location(path),
            "name a file or a folder with `config`, relative to the root of the repository",
        )
        return _Sources(manifests=[])
    if path and (data := _read(files, path)) is not None:
        return _sort_file(data, path, findings)
    sources = _Sources(manifests=[], under=path)
    for name in listed:
        try:
            data = files.read(name)
        except UnreadableFile as error:
            findings.error(error.message, Location(name), error.remedy)
            continue
        if holds_image_kinds(data):
            found = parse_manifests(data, name, findings)
            sources.manifests += [manifest for manifest in found if manifest.api_version.startswith(GROUP)]
    if is_under(NATIVE_PATH, path) and _exists(files, NATIVE_PATH):
        sources.native_path = NATIVE_PATH
        sources.under = ""
        try:
            sources.native = _follow(files, NATIVE_PATH)
        except UnreadableFile as error:
            findings.error(error.message, Location(NATIVE_PATH), error.remedy)
    return sources


def _sort_file(data: bytes, path: str, findings: Findings) -> _Sources:
    """Tell what a single file is: native configuration has `images:` at its top and no `apiVersion`."""
    if path == NATIVE_PATH:
        return _Sources(manifests=[], native_path=path, native=data)
    try:
        documents = nodes.load(data, path)
    except UnparsableYaml as error:
        findings.error(error.message, Location(path, error.line), error.remedy)
        return _Sources(manifests=[])
    if documents and is_native(documents[0]):
        return _Sources(manifests=[], native_path=path, native=data)
    found = [item for item in parse_manifests(data, path, findings) if item.api_version.startswith(GROUP)]
    if not found:
        message = "the file holds neither Flux's image kinds nor native configuration (`images:`)"
        findings.error(message, Location(path), "name another with `config`")
    return _Sources(manifests=found, under=path.rpartition("/")[0])


def _from_native(files: Files, sources: _Sources, native: NativeConfiguration, namespace: str) -> Config:
    seeker = Seeker(files, sources.under, namespace, any_namespace=True)
    automations = (native.automation,) if native.automation else ()
    seeker.seek_secrets(_wanted_secrets(native.repositories, automations))
    scope = Scope(
        native=True,
        repositories=native.repositories,
        policies=native.policies,
        unusable=native.unusable,
        automations=automations,
        broken_automations=native.broken_automation,
        secrets=seeker.related.secrets,
        broken_secrets=seeker.related.broken_secrets,
    )
    return Config(scopes=(scope,), problems=in_order((*native.problems, *seeker.related.problems)))


def _from_objects(files: Files, sources: _Sources, objects: Objects, namespace: str) -> Config:
    repositories, policies = objects.repositories.usable, objects.policies.usable
    automations = tuple(objects.automations.usable[key] for key in sorted(objects.automations.usable))
    running = [automation for automation in automations if automation.owned or not automation.suspend]
    seeker = Seeker(files, sources.under, namespace)
    seeker.seek_secrets(_wanted_secrets(repositories, running))
    seeker.seek_git_repositories({automation.source for automation in running if automation.source})
    seeker.seek_namespaces(_wanted_namespaces(policies, repositories))
    related = seeker.related
    scope = Scope(
        repositories=repositories,
        policies=policies,
        unusable=objects.policies.broken,
        automations=automations,
        broken_automations=bool(objects.automations.broken) or objects.automations.nameless,
        broken_repositories=objects.repositories.broken,
        secrets=related.secrets,
        broken_secrets=related.broken_secrets,
        git_repositories=related.git_repositories,
        broken_git_repositories=related.broken_git_repositories,
        namespace_labels=related.namespace_labels,
        controllers_installed=any(not automation.owned for automation in running) and seeker.controllers_installed(),
    )
    resolved, problems = _resolve(scope, objects.references)
    return Config(scopes=(resolved,), problems=in_order((*objects.problems, *related.problems, *problems)))


def _resolve(scope: Scope, references: Mapping[ObjectKey, Location]) -> tuple[Scope, list[Problem]]:
    """Take out the policies whose repository is not there, wrong, or closed to them."""
    refused: dict[ObjectKey, Problem] = {}
    for key, policy in scope.policies.items():
        try:
            resolve_repository(scope, policy)
        except ConfigurationError as error:
            refused[key] = Problem.of(error, location=references[key], policy=key)
    policies = {key: policy for key, policy in scope.policies.items() if key not in refused}
    return replace(scope, policies=policies, unusable={**scope.unusable, **refused}), list(refused.values())


def _wanted_secrets(
    repositories: Mapping[ObjectKey, ImageRepository], automations: Sequence[ImageUpdateAutomation]
) -> set[ObjectKey]:
    wanted: set[ObjectKey] = set()
    for automation in automations:
        signing_key = automation.git.commit.signing_key if automation.git else None
        if signing_key is not None and not automation.sign_github:
            wanted.add(ObjectKey("", automation.key.namespace, signing_key.secret))
    for key, repository in repositories.items():
        names = [repository.cert_secret, repository.proxy_secret]
        if repository.provider is Provider.GENERIC:
            names.append(repository.secret)
        wanted |= {ObjectKey("", key.namespace, name) for name in names if name}
    return wanted


def _wanted_namespaces(
    policies: Mapping[ObjectKey, ImagePolicy], repositories: Mapping[ObjectKey, ImageRepository]
) -> set[str]:
    """The namespaces whose labels decide about access: more than the label that each has by its name."""
    wanted: set[str] = set()
    for key, policy in policies.items():
        repository = repositories.get(policy.repository)
        if repository is None or key.namespace == policy.repository.namespace:
            continue
        if any(set(selector.match_labels) - {NAMESPACE_LABEL} for selector in repository.access_from or ()):
            wanted.add(key.namespace)
    return wanted


def _nothing(files: Files) -> Problem:
    findings = Findings()
    if _exists(files, _MISNAMED):
        findings.warning("native configuration has another name", Location(_MISNAMED), f"rename it to {NATIVE_PATH}")
    else:
        findings.warning(f"there is no ImagePolicy, and no {NATIVE_PATH}", None, "add one of them")
    return findings.problems[0]


def _exists(files: Files, path: str) -> bool:
    try:
        files.list(path, _TOKEN)
    except UnreadableFile:
        return False
    return True


def _read(files: Files, path: str) -> bytes | None:
    """The content of a file; None for a folder."""
    try:
        return _follow(files, path)
    except UnreadableFile:
        return None


def _follow(files: Files, path: str) -> bytes:
    """The content of a file that people named, which may be a link: then its target is what a tree lists for it.

    Raises:
        UnreadableFile: it is neither.

    """
    try:
        return files.read(path)
    except UnreadableFile:
        targets = files.list(path, b"") if is_manifest(path.rpartition("/")[2]) else ()
        if len(targets) != 1 or targets[0] == path:
            raise
        return files.read(targets[0])
