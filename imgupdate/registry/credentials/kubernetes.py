"""Pull secrets as the kubelet and Flux match them with images (spec/registry.md 7.2)."""

from __future__ import annotations

from imgupdate.errors import ScanError
from imgupdate.registry.addresses import split_port
from imgupdate.registry.credentials.model import Credential, Malformed, read_entry, read_json
from imgupdate.registry.failures import clean
from imgupdate.registry.known import HUB_KEY, HUB_NAMES


class PullSecret:
    """The credentials of one Secret, of either of the two types; entries that cannot be read are in `warnings`.

    Raises:
        ScanError: the content is not JSON of that kind.

    """

    def __init__(self, data: bytes, source: str) -> None:
        self.warnings: list[str] = []
        self._entries: list[tuple[str, str, Credential]] = []
        try:
            parsed = read_json(data)
        except Malformed as error:
            raise ScanError(
                f"{source} holds no docker configuration",
                remedy="make it with `kubectl create secret docker-registry … --dry-run=client -o yaml`",
            ) from error
        auths = parsed.get("auths", parsed)
        entries = auths if isinstance(auths, dict) else {}
        for key in sorted(entries, reverse=True):
            try:
                credential = read_entry(entries[key], source)
            except Malformed as error:
                self.warnings.append(f"{source}: the entry {clean(key)!r} is passed over: {error}")
                continue
            if credential is not None:
                self._entries.append((*_split(key), credential))

    def misses_hub(self) -> bool:
        """Whether an entry is meant for Docker Hub under a name by which it is not found."""
        return any(host in HUB_NAMES - {HUB_KEY} for host, _, _ in self._entries)

    def find(self, host: str, path: str) -> Credential | None:
        """The first credential that matches a repository; longer keys come first.

        Args:
            host: The registry as in canonical names; Docker Hub is `index.docker.io` and nothing else.
            path: The repository's path.

        """
        for pattern, prefix, credential in self._entries:
            if _host_matches(pattern, host) and path.startswith(prefix):
                return credential
        return None


def _split(key: str) -> tuple[str, str]:
    bare = key.split("://", 1)[-1]
    host, _, path = bare.partition("/")
    for version in ("v1/", "v2/"):
        path = f"{path}/".removeprefix(version).removesuffix("/") if path in (version, version[:-1]) else path
        path = path.removeprefix(version)
    return host, path.removesuffix("/")


def _host_matches(pattern: str, host: str) -> bool:
    """Label by label, `*` within a label only; the port has to be equal."""
    pattern_name, pattern_port = split_port(pattern)
    name, port = split_port(host)
    wanted, labels = pattern_name.split("."), name.split(".")
    return (
        pattern_port == port
        and len(wanted) == len(labels)
        and all(_label_matches(w, label) for w, label in zip(wanted, labels, strict=True))
    )


def _label_matches(pattern: str, label: str) -> bool:
    """Whether a label is the parts between the `*` in their order, with anything between them; in one pass."""
    first, *others = pattern.split("*")
    if not others:
        return pattern == label
    last = others.pop()
    start, end = len(first), len(label) - len(last)
    if start > end or not (label.startswith(first) and label.endswith(last)):
        return False
    for part in others:
        found = label.find(part, start, end)
        if found < 0:
            return False
        start = found + len(part)
    return True
