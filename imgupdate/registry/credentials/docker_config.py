"""Docker's `config.json`: whose credentials are for which image (spec/registry.md 7.1)."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field

from imgupdate.errors import ScanError
from imgupdate.registry.credentials.helpers import HUB_SERVER, Helpers
from imgupdate.registry.credentials.model import Credential, Malformed, read_entry, read_json
from imgupdate.registry.failures import clean
from imgupdate.registry.known import HUB_KEY, credential_host


@dataclass(frozen=True, slots=True, kw_only=True)
class DockerConfig:
    """Docker's configuration as the edge found it: the content of the file, and what messages call it.

    `override` is the value of DOCKER_AUTH_CONFIG, or of what takes its place, which is called `override_source`; its
    entries go first. `search_path` is where helper programs are.
    """

    data: bytes = field(default=b"", repr=False)
    source: str = "docker's config.json"
    override: bytes = field(default=b"", repr=False)
    override_source: str = "DOCKER_AUTH_CONFIG"
    search_path: str = ""


def docker_config_paths(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Where the configuration may be; the first file that exists is the only one that counts."""
    home = environment.get("HOME", "")
    paths = [posixpath.join(home, ".docker")] if home else []
    if environment.get("DOCKER_CONFIG"):
        paths = [environment["DOCKER_CONFIG"]]
    files = [posixpath.join(path, "config.json") for path in paths]
    files += [environment["REGISTRY_AUTH_FILE"]] if environment.get("REGISTRY_AUTH_FILE") else []
    config_home = environment.get("XDG_CONFIG_HOME") or (posixpath.join(home, ".config") if home else "")
    for base in (environment.get("XDG_RUNTIME_DIR"), config_home):
        files += [posixpath.join(base, "containers", "auth.json")] if base else []
    return tuple(files)


class DockerCredentials:
    """Answers from one configuration file; it is read at once, its helpers run when they are needed.

    Entries that cannot be read are passed over, and named in `warnings`.
    """

    def __init__(self, data: bytes, source: str, helpers: Helpers) -> None:
        self._source = source
        self._helpers = helpers
        self.warnings: list[str] = []
        self._unreadable = ""
        self._entries: dict[tuple[str, str], Credential | None] = {}
        self._per_host: dict[str, str] = {}
        self._store = ""
        if data.strip():
            self._read(data)

    def find(self, host: str, path: str) -> Credential | None:
        """The credential for a repository: of the host's helper, else the store's, else of the closest entry.

        Args:
            host: The registry as `known.credential_host` names it.
            path: The repository's path.

        Raises:
            ScanError: the file is not a docker configuration, or a helper failed.

        """
        if self._unreadable:
            raise ScanError(
                f"{self._source} is not a docker configuration ({self._unreadable})",
                remedy="run `docker login` anew, or correct the file",
            )
        server = HUB_SERVER if host == HUB_KEY else host
        helper = self._per_host.get(host) or self._store
        if helper:
            found = self._helpers.get(helper, server, self._source)
            if found is not None:
                return found
        parts = path.split("/")
        for length in range(len(parts), -1, -1):
            found = self._entries.get((host, "/".join(parts[:length])))
            if found is not None:
                return found
        return None

    def _read(self, data: bytes) -> None:
        try:
            parsed = read_json(data)
        except Malformed as error:
            self._unreadable = str(error)
            return
        for key, entry in _mapping(parsed.get("auths")).items():
            try:
                self._entries.setdefault(normalise_key(key), read_entry(entry, self._source))
            except Malformed as error:
                self.warnings.append(f"{self._source}: the entry {clean(key)!r} is passed over: {error}")
        for key, helper in _mapping(parsed.get("credHelpers")).items():
            if isinstance(helper, str):
                self._per_host[normalise_key(key)[0]] = helper
        store = parsed.get("credsStore")
        self._store = store if isinstance(store, str) else ""


def normalise_key(key: str) -> tuple[str, str]:
    """Host and path of a key under `auths`: no scheme, no `/v1/` or `/v2/`, lower case, one name for Docker Hub.

    >>> normalise_key("https://index.docker.io/v1/")
    ('index.docker.io', '')
    >>> normalise_key("Quay.io/org/app")
    ('quay.io', 'org/app')
    """
    bare = key.split("://", 1)[-1]
    host, _, path = bare.partition("/")
    path = path.strip("/")
    if path in ("v1", "v2"):
        path = ""
    return credential_host(host), path


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}
