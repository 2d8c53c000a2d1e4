"""What every git process is given: an environment made from nothing, and settings that leave no choice to others.

Credentials reach git through its environment alone: never on a command line, in an address, or in a file, but for an
SSH key, which is a file that only its owner may read.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

from imgupdate.config.model import Proxy
from imgupdate.errors import PublishError
from imgupdate.git.access import Address, Connection, GitCredentials, SshIdentity
from imgupdate.git.keys import (
    askpass_environment,
    bare_environment,
    private_key,
    public_key,
    unusable_key,
    write_private,
)
from imgupdate.git.programs import find_program

REMOTE = "origin"

# Where distributions have the authorities that they trust; curl knows one of them.
_AUTHORITIES = (Path("/etc/ssl/certs/ca-certificates.crt"), Path("/etc/pki/tls/certs/ca-bundle.crt"))
NOWHERE = os.devnull

# Who only reads commits and trees can take old ones that were made by careless programs, as every server holds some.
_FORGIVEN = (
    *("badFilemode", "badTimezone", "missingEmail", "missingNameBeforeEmail", "missingSpaceBeforeDate"),
    *("missingSpaceBeforeEmail", "missingTaggerEntry", "zeroPaddedDate", "zeroPaddedFilemode"),
)

_SSH_CONFIG = """\
Host *
  User git
  IdentityFile {identity}
  IdentitiesOnly yes
  IdentityAgent none
  UserKnownHostsFile {known_hosts}
  GlobalKnownHostsFile /dev/null
  StrictHostKeyChecking yes
  UpdateHostKeys no
  PreferredAuthentications publickey
  NumberOfPasswordPrompts 1
  BatchMode {batch}
  ForwardAgent no
  ForwardX11 no
  ClearAllForwardings yes
  PermitLocalCommand no
  ControlMaster no
  ControlPath none
  LogLevel ERROR
"""


class Environments:
    """The environments of local git commands, and of those that talk to the remote repository."""

    def __init__(
        self, address: Address, credentials: GitCredentials, connection: Connection, *, folder: Path, search_path: str
    ) -> None:
        self._address = address
        self._credentials = credentials
        self._connection = connection
        self._folder = folder
        self._search_path = search_path
        self._written: dict[str, str] | None = None

    def local(self, repository: Path) -> dict[str, str]:
        """For commands that stay on this machine: no credentials, and no way out."""
        return self._common(repository) | _settings(self._plain(repository)) | {"GIT_ALLOW_PROTOCOL": ""}

    def remote(self, repository: Path) -> dict[str, str]:
        """For commands that talk to the remote repository, over the protocol of its address and no other."""
        if self._written is None:
            self._written = dict(self._ssh() if self._address.scheme == "ssh" else self._http())
        settings = [*self._plain(repository), *self._talking()]
        return (
            self._common(repository)
            | _settings(settings)
            | {"GIT_ALLOW_PROTOCOL": self._address.scheme}
            | {name: value for name, value in self._written.items() if not name.startswith("http.")}
        )

    def _common(self, repository: Path) -> dict[str, str]:
        return bare_environment(self._search_path, self._folder) | {
            "GIT_DIR": str(repository),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": NOWHERE,
            "GIT_ATTR_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_NO_REPLACE_OBJECTS": "1",
            "GIT_NO_LAZY_FETCH": "1",
            "GIT_OPTIONAL_LOCKS": "0",
        }

    def _plain(self, repository: Path) -> Iterator[tuple[str, str]]:
        yield from (
            ("safe.directory", str(repository)),
            ("core.hooksPath", NOWHERE),
            ("core.attributesFile", NOWHERE),
            ("core.excludesFile", NOWHERE),
            ("core.fsmonitor", "false"),
            ("core.fsync", "none"),
            ("core.askPass", ""),
            ("credential.helper", ""),
            ("gc.auto", "0"),
            ("maintenance.auto", "false"),
            ("submodule.recurse", "false"),
            ("fetch.recurseSubmodules", "false"),
            ("push.recurseSubmodules", "no"),
            ("push.gpgSign", "false"),
            ("protocol.version", "2"),
            ("transfer.fsckObjects", "true"),
        )
        yield from ((f"fetch.fsck.{name}", "ignore") for name in _FORGIVEN)

    def _talking(self) -> Iterator[tuple[str, str]]:
        yield f"remote.{REMOTE}.url", self._address.url
        yield "http.followRedirects", "false"
        if self._address.origin and self._credentials.authorization:
            yield f"http.{self._address.origin}.extraHeader", f"Authorization: {self._credentials.authorization}"
        if self._connection.proxy is not None:
            yield "http.proxy", _proxy_url(self._connection.proxy)
        yield from ((name, value) for name, value in (self._written or {}).items() if name.startswith("http."))

    def _http(self) -> Iterator[tuple[str, str]]:
        """Settings that name files, and the variables that curl reads."""
        tls = self._credentials.tls
        trusted = self._connection.ca_file
        if tls is not None and tls.ca:
            import ssl  # noqa: PLC0415 - few need it, and it is slow to load

            files = [trusted] if trusted else [Path(ssl.get_default_verify_paths().openssl_cafile), *_AUTHORITIES]
            known = next((file.read_bytes() for file in files if file.is_file()), b"")
            trusted = write_private(self._folder / "authorities.pem", known.rstrip() + b"\n" + tls.ca)
        if trusted is not None:
            yield "http.sslCAInfo", str(trusted)
        if tls is not None and tls.certificate:
            yield "http.sslCert", str(write_private(self._folder / "client.pem", tls.certificate))
            yield "http.sslKey", str(write_private(self._folder / "client.key", tls.key))
        if self._connection.proxy is None:
            names = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
            yield from ((name, self._connection.proxies[name]) for name in names if name in self._connection.proxies)

    def _ssh(self) -> Mapping[str, str]:
        """How ssh is called. The one word that a shell splits is ours: the path of a file that we made."""
        identity = self._credentials.ssh
        if identity is None:
            raise PublishError(
                "the Git repository is reached over SSH, and no SSH key is known",
                remedy="give the GitRepository a Secret with `identity` and `known_hosts`, or use an https:// address",
            )
        program = find_program("ssh", self._search_path)
        key = write_private(self._folder / "identity", private_key(identity.key))
        asking = askpass_environment(self._folder, identity.passphrase)
        read = public_key(key, bare_environment(self._search_path, self._folder) | asking, self._search_path)
        if read.status:
            raise unusable_key("SSH key of the Git repository", "password", read, identity.passphrase)
        config = self._ssh_config(identity, key)
        return {"GIT_SSH_COMMAND": shlex.join([program, "-F", str(config)]), "GIT_SSH_VARIANT": "ssh"} | asking

    def _ssh_config(self, identity: SshIdentity, key: Path) -> Path:
        known_hosts = write_private(self._folder / "known_hosts", identity.known_hosts.rstrip() + b"\n")
        text = _SSH_CONFIG.format(
            identity=f'"{key}"', known_hosts=f'"{known_hosts}"', batch="no" if identity.passphrase else "yes"
        )
        return write_private(self._folder / "ssh_config", text.encode())


def _settings(settings: Iterator[tuple[str, str]] | list[tuple[str, str]]) -> dict[str, str]:
    """Git's settings as variables, in order."""
    pairs = list(settings)
    variables = {"GIT_CONFIG_COUNT": str(len(pairs))}
    for number, (name, value) in enumerate(pairs):
        variables |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": value}
    return variables


def _proxy_url(proxy: Proxy) -> str:
    if not proxy.username:
        return proxy.address
    parts = urlsplit(proxy.address)
    user = f"{quote(proxy.username, safe='')}:{quote(proxy.password, safe='')}@"
    return urlunsplit(parts._replace(netloc=user + parts.netloc.rpartition("@")[2]))
